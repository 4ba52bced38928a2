//! POSIX regular expressions, basic and extended, in time proportional to the text.
//!
//! A list of instructions is run for all places in the pattern at once (Thompson's and Pike's
//! construction), so that no pattern takes exponential time. Back-references cannot be had that way
//! and are refused.

use crate::pattern::in_class;

/// Counted repetitions are copied out; no program may be longer.
const SIZE_MAX: usize = 5_000;

/// Groups may be nested no deeper.
const DEPTH_MAX: u32 = 50;

#[derive(Clone, Debug)]
enum Instruction {
    Char(char),
    Any,
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
        classes: Vec<String>,
    },
    /// Goes on at both places; the first is preferred.
    Split(usize, usize),
    Jump(usize),
    Save(usize),
    Start,
    End,
    /// `\b` (true), `\B` (false).
    WordEdge(bool),
    WordStart,
    WordEnd,
    Match,
}

#[derive(Clone, Debug)]
enum Node {
    Empty,
    One(Instruction),
    Sequence(Vec<Node>),
    Either(Vec<Node>),
    Repeat(Box<Node>, usize, Option<usize>),
    Group(usize, Box<Node>),
}

/// Where each group matched.
pub(crate) type Groups = Vec<Option<(usize, usize)>>;

/// A compiled expression.
#[derive(Clone, Debug)]
pub(crate) struct Regex {
    program: Vec<Instruction>,
    group_count: usize,
    ignore_case: bool,
}

struct Reader {
    chars: Vec<char>,
    position: usize,
    extended: bool,
    group_count: usize,
    depth: u32,
}

impl Regex {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong with it, as `grep` says it.
    pub(crate) fn new(source: &str, extended: bool, ignore_case: bool) -> Result<Self, String> {
        let chars: Vec<char> = source.chars().collect();
        let mut reader = Reader { chars, position: 0, extended, group_count: 0, depth: 0 };
        let node = reader.alternatives()?;
        if reader.position < reader.chars.len() {
            return Err("Unmatched ) or \\)".to_owned());
        }
        let mut program = vec![Instruction::Save(0)];
        emit(&node, &mut program)?;
        program.extend([Instruction::Save(1), Instruction::Match]);
        Ok(Self { program, group_count: reader.group_count + 1, ignore_case })
    }

    /// The first match from `from` on.
    pub(crate) fn find(&self, text: &[char], from: usize) -> Option<Groups> {
        let slots = self.group_count * 2;
        let mut current: Vec<(usize, Vec<Option<usize>>)> = Vec::new();
        let mut found: Option<Vec<Option<usize>>> = None;
        let mut seen = vec![usize::MAX; self.program.len()];
        for at in from..=text.len() {
            if found.is_none() {
                self.follow(0, at, text, vec![None; slots], &mut current, &mut seen);
            }
            let mut next = Vec::new();
            let mut seen_next = vec![usize::MAX; self.program.len()];
            for (place, saved) in std::mem::take(&mut current) {
                match &self.program[place] {
                    Instruction::Match => {
                        // The longest of the leftmost matches, as POSIX wants it.
                        let is_longer = found.as_ref().is_none_or(|best| {
                            best[0] == saved[0] && best[1] < saved[1] || saved[0] < best[0]
                        });
                        if is_longer {
                            found = Some(saved);
                        }
                    }
                    instruction => {
                        let takes = text
                            .get(at)
                            .is_some_and(|char| takes(instruction, *char, self.ignore_case));
                        let is_later = found.as_ref().is_some_and(|best| best[0] < saved[0]);
                        if takes && !is_later {
                            self.follow(place + 1, at + 1, text, saved, &mut next, &mut seen_next);
                        }
                    }
                }
            }
            current = next;
            seen = seen_next;
            if current.is_empty() && found.is_some() {
                break;
            }
        }
        let found = found?;
        Some(found.chunks(2).map(|pair| Some((pair[0]?, pair[1]?))).collect())
    }

    /// True if the expression matches anywhere.
    pub(crate) fn is_match(&self, text: &[char]) -> bool {
        self.find(text, 0).is_some()
    }

    fn follow(
        &self,
        place: usize,
        at: usize,
        text: &[char],
        saved: Vec<Option<usize>>,
        threads: &mut Vec<(usize, Vec<Option<usize>>)>,
        seen: &mut [usize],
    ) {
        let mut stack = vec![(place, saved)];
        let is_word = |index: Option<usize>| {
            let char = index.and_then(|index| text.get(index));
            char.is_some_and(|char| char.is_alphanumeric() || *char == '_')
        };
        while let Some((place, mut saved)) = stack.pop() {
            if seen[place] == at {
                continue;
            }
            seen[place] = at;
            let (before, after) = (is_word(at.checked_sub(1)), is_word(Some(at)));
            let holds = match &self.program[place] {
                Instruction::Jump(target) => {
                    stack.push((*target, saved));
                    continue;
                }
                Instruction::Split(first, second) => {
                    stack.push((*second, saved.clone()));
                    stack.push((*first, saved));
                    continue;
                }
                Instruction::Save(slot) => {
                    saved[*slot] = Some(at);
                    true
                }
                Instruction::Start => at == 0,
                Instruction::End => at == text.len(),
                Instruction::WordEdge(wanted) => (before != after) == *wanted,
                Instruction::WordStart => !before && after,
                Instruction::WordEnd => before && !after,
                _ => {
                    threads.push((place, saved));
                    continue;
                }
            };
            if holds {
                stack.push((place + 1, saved));
            }
        }
    }
}

fn takes(instruction: &Instruction, char: char, ignore_case: bool) -> bool {
    let one = |char: char| match instruction {
        Instruction::Char(own) => *own == char,
        Instruction::Any => true,
        Instruction::Set { negated, ranges, classes } => {
            let found = ranges.iter().any(|(from, to)| (*from..=*to).contains(&char))
                || classes.iter().any(|class| in_class(class, char));
            found != *negated
        }
        _ => false,
    };
    if !ignore_case {
        return one(char);
    }
    let lower = char.to_lowercase().next().unwrap_or(char);
    let upper = char.to_uppercase().next().unwrap_or(char);
    match instruction {
        Instruction::Set { negated: true, .. } => one(lower) && one(upper),
        _ => one(lower) || one(upper) || one(char),
    }
}

fn emit(node: &Node, program: &mut Vec<Instruction>) -> Result<(), String> {
    if program.len() > SIZE_MAX {
        return Err("Regular expression too big".to_owned());
    }
    match node {
        Node::Empty => {}
        Node::One(instruction) => program.push(instruction.clone()),
        Node::Sequence(nodes) => {
            for node in nodes {
                emit(node, program)?;
            }
        }
        Node::Either(nodes) => {
            let mut jumps = Vec::new();
            for (index, node) in nodes.iter().enumerate() {
                if index + 1 == nodes.len() {
                    emit(node, program)?;
                    break;
                }
                let split = program.len();
                program.push(Instruction::Split(split + 1, 0));
                emit(node, program)?;
                jumps.push(program.len());
                program.push(Instruction::Jump(0));
                program[split] = Instruction::Split(split + 1, program.len());
            }
            let end = program.len();
            for jump in jumps {
                program[jump] = Instruction::Jump(end);
            }
        }
        Node::Repeat(node, least, most) => {
            for _ in 0..*least {
                emit(node, program)?;
            }
            match most {
                None => {
                    let split = program.len();
                    program.push(Instruction::Split(split + 1, 0));
                    emit(node, program)?;
                    program.push(Instruction::Jump(split));
                    program[split] = Instruction::Split(split + 1, program.len());
                }
                Some(most) => {
                    let mut splits = Vec::new();
                    for _ in *least..*most {
                        splits.push(program.len());
                        program.push(Instruction::Split(0, 0));
                        emit(node, program)?;
                    }
                    let end = program.len();
                    for split in splits {
                        program[split] = Instruction::Split(split + 1, end);
                    }
                }
            }
        }
        Node::Group(number, node) => {
            program.push(Instruction::Save(number * 2));
            emit(node, program)?;
            program.push(Instruction::Save(number * 2 + 1));
        }
    }
    Ok(())
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.position).copied()
    }

    /// True if an operator stands here: bare in extended expressions, behind a backslash in basic.
    fn operator(&self, char: char) -> bool {
        if self.extended {
            self.peek() == Some(char)
        } else {
            self.peek() == Some('\\') && self.chars.get(self.position + 1) == Some(&char)
        }
    }

    fn skip_operator(&mut self) {
        self.position += if self.extended { 1 } else { 2 };
    }

    fn alternatives(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("Regular expression too big".to_owned());
        }
        let mut nodes = vec![self.sequence()?];
        while self.operator('|') {
            self.skip_operator();
            nodes.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Either(nodes) })
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut nodes: Vec<Node> = Vec::new();
        while self.peek().is_some() && !self.operator('|') {
            if self.operator(')') && (self.depth > 1 || !self.extended) {
                break;
            }
            let atom = self.atom(nodes.is_empty())?;
            nodes.push(self.repeated(atom)?);
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.remove(0),
            _ => Node::Sequence(nodes),
        })
    }

    fn repeated(&mut self, mut atom: Node) -> Result<Node, String> {
        loop {
            let (least, most) = if self.peek() == Some('*') {
                self.position += 1;
                (0, None)
            } else if self.operator('+') {
                self.skip_operator();
                (1, None)
            } else if self.operator('?') {
                self.skip_operator();
                (0, Some(1))
            } else if self.operator('{') {
                match self.interval()? {
                    Some(interval) => interval,
                    None => return Ok(atom),
                }
            } else {
                return Ok(atom);
            };
            atom = Node::Repeat(Box::new(atom), least, most);
        }
    }

    fn interval(&mut self) -> Result<Option<(usize, Option<usize>)>, String> {
        let start = self.position;
        self.skip_operator();
        let mut text = String::new();
        while let Some(char) = self.peek().filter(|char| char.is_ascii_digit() || *char == ',') {
            text.push(char);
            self.position += 1;
        }
        if !self.operator('}') {
            if self.extended {
                // A lone brace stands for itself.
                self.position = start;
                return Ok(None);
            }
            return Err("Unmatched { or \\{".to_owned());
        }
        self.skip_operator();
        let (least, most) = match text.split_once(',') {
            None => (text.as_str(), Some(text.as_str())),
            Some((least, "")) => (least, None),
            Some((least, most)) => (least, Some(most)),
        };
        let number = |text: &str| {
            if text.is_empty() { Ok(0) } else { text.parse::<usize>() }
                .ok()
                .filter(|number| *number <= 1_000)
                .ok_or_else(|| "Invalid content of \\{\\}".to_owned())
        };
        let least = number(least)?;
        let most = most.map(number).transpose()?;
        if most.is_some_and(|most| most < least) {
            return Err("Invalid content of \\{\\}".to_owned());
        }
        Ok(Some((least, most)))
    }

    fn atom(&mut self, first: bool) -> Result<Node, String> {
        if self.operator('(') {
            self.skip_operator();
            self.group_count += 1;
            let number = self.group_count;
            let inner = self.alternatives()?;
            if !self.operator(')') {
                return Err("Unmatched ( or \\(".to_owned());
            }
            self.skip_operator();
            return Ok(Node::Group(number, Box::new(inner)));
        }
        let char = self.peek().unwrap_or('\0');
        self.position += 1;
        let instruction = match char {
            '.' => Instruction::Any,
            '^' if self.extended || first => Instruction::Start,
            '$' if self.extended
                || self.peek().is_none()
                || self.operator(')')
                || self.operator('|') =>
            {
                Instruction::End
            }
            '[' => self.set()?,
            '{' if self.extended => Instruction::Char('{'),
            '\\' => {
                let escaped = self.peek().ok_or_else(|| "Trailing backslash".to_owned())?;
                self.position += 1;
                self.escape(escaped)?
            }
            char => Instruction::Char(char),
        };
        Ok(Node::One(instruction))
    }

    fn escape(&mut self, char: char) -> Result<Instruction, String> {
        let class = |negated: bool, names: &[&str], extra: &[(char, char)]| Instruction::Set {
            negated,
            ranges: extra.to_vec(),
            classes: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        Ok(match char {
            'w' => class(false, &["alnum"], &[('_', '_')]),
            'W' => class(true, &["alnum"], &[('_', '_')]),
            's' => class(false, &["space"], &[]),
            'S' => class(true, &["space"], &[]),
            'b' => Instruction::WordEdge(true),
            'B' => Instruction::WordEdge(false),
            '<' => Instruction::WordStart,
            '>' => Instruction::WordEnd,
            'n' => Instruction::Char('\n'),
            't' => Instruction::Char('\t'),
            '1'..='9' => return Err("not simulated: back-references".to_owned()),
            char => Instruction::Char(char),
        })
    }

    fn set(&mut self) -> Result<Instruction, String> {
        let unmatched = || "Unmatched [, [^, [:, [., or [=".to_owned();
        let negated = self.peek() == Some('^');
        self.position += usize::from(negated);
        let (mut ranges, mut classes) = (Vec::new(), Vec::new());
        let first = self.position;
        loop {
            let char = self.peek().ok_or_else(unmatched)?;
            if char == ']' && self.position > first {
                self.position += 1;
                return Ok(Instruction::Set { negated, ranges, classes });
            }
            if char == '[' && self.chars.get(self.position + 1) == Some(&':') {
                let rest = &self.chars[self.position + 2..];
                let size = rest.iter().position(|char| *char == ':').ok_or_else(unmatched)?;
                let name: String = rest[..size].iter().collect();
                if rest.get(size + 1) == Some(&']') {
                    let known = [
                        "alpha", "digit", "alnum", "upper", "lower", "space", "blank", "punct",
                        "xdigit", "cntrl", "print", "graph",
                    ];
                    if !known.contains(&name.as_str()) {
                        return Err("Invalid character class name".to_owned());
                    }
                    classes.push(name);
                    self.position += size + 4;
                    continue;
                }
            }
            self.position += 1;
            let ends_range = self.chars.get(self.position + 1).filter(|char| **char != ']');
            match ends_range {
                Some(end) if self.peek() == Some('-') => {
                    if *end < char {
                        return Err("Invalid range end".to_owned());
                    }
                    ranges.push((char, *end));
                    self.position += 2;
                }
                _ => ranges.push((char, char)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, extended: bool, text: &str, expected: Option<&str>) {
        let regex = Regex::new(source, extended, false).unwrap();
        let chars: Vec<char> = text.chars().collect();
        let found = regex.find(&chars, 0).and_then(|groups| groups[0]);
        let found = found.map(|(from, to)| chars[from..to].iter().collect::<String>());
        assert_eq!(found.as_deref(), expected, "{source} in {text}");
    }

    #[test]
    fn the_leftmost_longest_match_is_found() {
        check("a|ab", true, "xabc", Some("ab"));
        check("a*", true, "baaa", Some(""));
        check("[0-9]+", true, "id 4711 x", Some("4711"));
        check("[0-9]+", false, "id 4711+ x", Some("1+"));
        check("^a.c$", false, "abc", Some("abc"));
        check("\\(ab\\)\\{2\\}", false, "ababab", Some("abab"));
        check("(ab){2,}", true, "ababab", Some("ababab"));
        check("\\bfoo\\b", true, "a foo b", Some("foo"));
        check("[[:space:]]x", true, "a x", Some(" x"));
        check("a{,2}b", true, "aaab", Some("aab"));
        check("x*", true, "", Some(""));
        check("(a*)*b", true, &"a".repeat(2_000), None);
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(Regex::new("(a", true, false).unwrap_err(), "Unmatched ( or \\(");
        assert_eq!(Regex::new("[a", true, false).unwrap_err(), "Unmatched [, [^, [:, [., or [=");
        assert!(Regex::new("(a{1000}){1000}", true, false).is_err());
    }
}
