//! `sed`: addresses, `s`, `d`, `p`, `q`, `a`, `i`, `c`, `y`, `=`, `n`, groups. No hold space, no jumps.

use super::regex::Regex;
use super::sed_script::{Action, Address, Command, Piece, parse};
use super::{Arguments, Spec, Utility, lines_of};

/// One line on its way through the script.
struct Cycle<'a> {
    lines: &'a [String],
    index: usize,
    line: Vec<char>,
    deleted: bool,
    quit: bool,
    output: String,
    after: String,
    quiet: bool,
}

impl Cycle<'_> {
    fn matches(&self, address: &Address) -> bool {
        match address {
            Address::Line(number) => self.index + 1 == *number,
            Address::Last => self.index + 1 == self.lines.len(),
            Address::Match(regex) => regex.is_match(&self.line),
            Address::Step(first, 0) => self.index + 1 == *first,
            Address::Step(first, step) => {
                self.index + 1 >= *first && (self.index + 1 - first).is_multiple_of(*step)
            }
            Address::Plus(_) => false,
        }
    }

    fn chosen(&self, command: &mut Command) -> bool {
        let number = self.index + 1;
        let found = match command.addresses.as_slice() {
            [] => true,
            [one] => self.matches(one),
            [first, second, ..] => {
                if command.is_open {
                    let ends = match (second, command.open) {
                        (_, Some(end)) => number >= end,
                        (second, None) => self.matches(second),
                    };
                    command.is_open = !ends;
                    // A range that ends by number before this line was one line long.
                    command.open.is_none_or(|end| number <= end)
                } else if self.matches(first) {
                    command.open = match second {
                        Address::Line(end) => Some(*end),
                        Address::Plus(count) => Some(number + count),
                        _ => None,
                    };
                    command.is_open = command.open.is_none_or(|end| end > number)
                        && !matches!(second, Address::Last if number == self.lines.len());
                    true
                } else {
                    false
                }
            }
        };
        found != command.negated
    }

    fn text(&self) -> String {
        self.line.iter().collect::<String>() + "\n"
    }

    fn run(&mut self, commands: &mut [Command]) {
        for command in commands {
            if self.deleted || self.quit {
                return;
            }
            if !self.chosen(command) {
                continue;
            }
            let is_range = command.addresses.len() > 1 && command.is_open;
            match &mut command.action {
                Action::Group(inner) => self.run(inner),
                Action::Delete => self.deleted = true,
                Action::Print => self.output.push_str(&self.text()),
                Action::Number => self.output.push_str(&format!("{}\n", self.index + 1)),
                Action::Quit => self.quit = true,
                Action::Next => {
                    if self.index + 1 >= self.lines.len() {
                        self.quit = true;
                        return;
                    }
                    if !self.quiet {
                        self.output.push_str(&self.text());
                    }
                    self.index += 1;
                    self.line = self.lines[self.index].trim_end_matches('\n').chars().collect();
                }
                Action::Append(text) => self.after.push_str(text),
                Action::Insert(text) => self.output.push_str(text),
                Action::Change(text) => {
                    if !is_range {
                        self.output.push_str(text);
                    }
                    self.deleted = true;
                }
                Action::Translate(pairs) => {
                    for char in &mut self.line {
                        if let Some((_, to)) = pairs.iter().find(|(from, _)| from == char) {
                            *char = *to;
                        }
                    }
                }
                Action::Substitute { regex, replacement, all, nth, print } => {
                    if let Some(line) = substitute(&self.line, regex, replacement, *all, *nth) {
                        self.line = line;
                        if *print {
                            self.output.push_str(&self.text());
                        }
                    }
                }
            }
        }
    }
}

fn substitute(
    line: &[char],
    regex: &Regex,
    replacement: &[Piece],
    all: bool,
    nth: usize,
) -> Option<Vec<char>> {
    let (mut result, mut from, mut count, mut changed) = (Vec::new(), 0, 0, false);
    while from <= line.len() {
        let Some(groups) = regex.find(line, from) else { break };
        let Some((start, end)) = groups[0] else { break };
        count += 1;
        result.extend(&line[from..start]);
        if count >= nth {
            changed = true;
            for piece in replacement {
                match piece {
                    Piece::Text(text) => result.extend(text.chars()),
                    Piece::Group(number) => {
                        if let Some((start, end)) = groups.get(*number).copied().flatten() {
                            result.extend(&line[start..end]);
                        }
                    }
                }
            }
        } else {
            result.extend(&line[start..end]);
        }
        from = end;
        if start == end {
            result.extend(line.get(end));
            from += 1;
        }
        if changed && !all || result.len() > 1 << 20 {
            break;
        }
    }
    result.extend(line.get(from..).unwrap_or_default());
    changed.then_some(result)
}

/// The script: of `-e` and `-f`, or the first operand, which is taken.
async fn script(utility: &Utility, parsed: &mut Arguments) -> Result<Vec<String>, i32> {
    let mut script = Vec::new();
    for (letter, value) in &parsed.options {
        match letter {
            'e' => script.push(value.clone()),
            'f' => match utility.read_or_tell(value).await {
                Some(bytes) => script.push(String::from_utf8_lossy(&bytes).into_owned()),
                None => return Err(1),
            },
            _ => {}
        }
    }
    if script.is_empty() {
        if parsed.operands.is_empty() {
            if utility.gnu {
                let text =
                    "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n";
                utility.proc.eprint(text).await;
                return Err(1);
            }
            return Err(utility.misuse("").await);
        }
        script.push(parsed.operands.remove(0));
    }
    Ok(script)
}

pub(crate) const SED: Spec = Spec {
    flags: "nEre:f:is",
    long: &[
        ("quiet", 'n'),
        ("silent", 'n'),
        ("regexp-extended", 'E'),
        ("expression", 'e'),
        ("file", 'f'),
        ("in-place", 'i'),
        ("separate", 's'),
        ("posix", '\0'),
        ("null-data", '\0'),
        ("follow-symlinks", '\0'),
        ("debug", '\0'),
    ],
    lacking: "lzubp",
    usage: "sed [-inrE] [-f FILE]... [-e CMD]... [FILE]...\nor: sed [-inrE] CMD [FILE]...",
    old: Some(|args| {
        // `-i.bak` keeps a copy; the letters behind `-i` are no options.
        let kept = |arg: String| match arg.strip_prefix("-i") {
            Some(suffix) if !suffix.is_empty() && suffix != "e" => format!("--in-place={suffix}"),
            _ => arg,
        };
        args.into_iter().map(kept).collect()
    }),
    ..Spec::NONE
};

pub(crate) async fn sed(utility: Utility, mut parsed: Arguments) -> i32 {
    let backup = parsed.value('i').unwrap_or_default().to_owned();
    let script = match script(&utility, &mut parsed).await {
        Ok(script) => script,
        Err(code) => return code,
    };
    let extended = parsed.has('E') || parsed.has('r');
    let mut commands = match parse(&script.join("\n"), extended) {
        Ok(commands) => commands,
        Err(message) if utility.gnu => return utility.error(message).await,
        Err(message) => {
            let short = message.split(": ").last().unwrap_or_default().to_owned();
            return utility.error(if message.starts_with("not") { message } else { short }).await;
        }
    };
    let quiet = parsed.has('n');
    let in_place = parsed.has('i');
    let mut status = 0;
    let mut all: Vec<String> = Vec::new();
    for path in Utility::inputs(&parsed.operands) {
        let bytes = match utility.read(&path).await {
            Ok(bytes) => bytes,
            Err(errno) => {
                let message = match (utility.gnu, errno) {
                    (true, os::Errno::IsDirectory) => {
                        format!("couldn't edit {path}: not a regular file")
                    }
                    (true, errno) => format!("can't read {path}: {errno}"),
                    (false, errno) => format!("{path}: {errno}"),
                };
                utility.error(message).await;
                status = if utility.gnu { 2 } else { 1 };
                continue;
            }
        };
        if !in_place {
            if let Some(last) = all.last_mut().filter(|last| !last.ends_with('\n')) {
                last.push('\n');
            }
            all.extend(lines_of(&bytes));
            continue;
        }
        let text = apply(&utility, &mut commands, &lines_of(&bytes), quiet).await;
        status = status.max(replace_file(&utility, &path, &backup, &bytes, &text).await);
    }
    if !in_place {
        let text = apply(&utility, &mut commands, &all, quiet).await;
        utility.print(text).await;
    }
    status
}

/// Writes an edited file, and with a `backup` suffix what it held before.
async fn replace_file(utility: &Utility, path: &str, backup: &str, old: &[u8], new: &str) -> i32 {
    let mut result = Ok(());
    if !backup.is_empty() {
        let copy = if backup.contains('*') {
            backup.replace('*', path)
        } else {
            format!("{path}{backup}")
        };
        result = utility.proc.write_file(&copy, old);
    }
    match result.and_then(|()| utility.proc.write_file(path, new.as_bytes())) {
        Ok(()) => 0,
        // A real sed writes a new file beside it and names that one.
        Err(errno) => {
            let folder = super::folder_name(path);
            let message = format!("couldn't open temporary file {folder}/sedXXXXXX: {errno}");
            utility.error(message).await
        }
    }
}

async fn apply(
    utility: &Utility,
    commands: &mut [Command],
    lines: &[String],
    quiet: bool,
) -> String {
    let mut output = String::new();
    let mut index = 0;
    while index < lines.len() {
        let mut cycle = Cycle {
            lines,
            index,
            line: lines[index].trim_end_matches('\n').chars().collect(),
            deleted: false,
            quit: false,
            output: String::new(),
            after: String::new(),
            quiet,
        };
        cycle.run(commands);
        if !quiet && !cycle.deleted {
            let text = cycle.text();
            cycle.output.push_str(&text);
        }
        let (is_last, quit) = (cycle.index + 1 >= lines.len(), cycle.quit);
        index = cycle.index + 1;
        output.push_str(&cycle.output);
        output.push_str(&cycle.after);
        // What had no newline at its end gets none.
        if is_last
            && !lines[lines.len() - 1].ends_with('\n')
            && cycle.after.is_empty()
            && output.ends_with('\n')
        {
            output.pop();
        }
        if index % 64 == 0 {
            utility.work(1_000).await;
        }
        if quit {
            break;
        }
    }
    output
}
