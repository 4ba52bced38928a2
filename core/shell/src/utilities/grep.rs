//! `grep`.

use super::regex::Regex;
use super::{Arguments, Spec, Utility, lines_of};

/// What decides whether a line is chosen.
struct Search {
    patterns: Vec<Regex>,
    inverted: bool,
    whole_words: bool,
    whole_lines: bool,
}

impl Search {
    /// The places in a line that match, in order and without overlap.
    fn places(&self, line: &[char]) -> Vec<(usize, usize)> {
        let mut places = Vec::new();
        let mut from = 0;
        while from <= line.len() {
            let found = self.patterns.iter().filter_map(|regex| self.place(regex, line, from));
            let Some((start, end)) = found.min_by_key(|(start, end)| (*start, usize::MAX - end))
            else {
                break;
            };
            places.push((start, end));
            from = if end > start { end } else { end + 1 };
        }
        places
    }

    fn place(&self, regex: &Regex, line: &[char], from: usize) -> Option<(usize, usize)> {
        let mut from = from;
        loop {
            let (start, end) = regex.find(line, from)?.first().copied().flatten()?;
            let is_word = |index: Option<usize>| {
                index
                    .and_then(|index| line.get(index))
                    .is_some_and(|char| char.is_alphanumeric() || *char == '_')
            };
            let fits = match () {
                () if self.whole_lines => start == 0 && end == line.len(),
                () if self.whole_words => {
                    !is_word(start.checked_sub(1)) && !is_word(Some(end)) && end > start
                }
                () => true,
            };
            if fits {
                return Some((start, end));
            }
            if start >= line.len() {
                return None;
            }
            from = start + 1;
        }
    }
}

pub(crate) const GREP: Spec = Spec {
    flags: "EFGivncqrRhHoswxlLe:f:m:A:B:C:a",
    long: &[
        ("extended-regexp", 'E'),
        ("fixed-strings", 'F'),
        ("basic-regexp", 'G'),
        ("ignore-case", 'i'),
        ("invert-match", 'v'),
        ("line-number", 'n'),
        ("count", 'c'),
        ("quiet", 'q'),
        ("silent", 'q'),
        ("recursive", 'r'),
        ("no-filename", 'h'),
        ("with-filename", 'H'),
        ("only-matching", 'o'),
        ("no-messages", 's'),
        ("word-regexp", 'w'),
        ("line-regexp", 'x'),
        ("files-with-matches", 'l'),
        ("files-without-match", 'L'),
        ("regexp", 'e'),
        ("file", 'f'),
        ("max-count", 'm'),
        ("after-context", 'A'),
        ("before-context", 'B'),
        ("context", 'C'),
        ("text", 'a'),
        ("color", '0'),
        ("colour", '0'),
        ("include", '\0'),
        ("exclude", '\0'),
        ("exclude-dir", '\0'),
        ("perl-regexp", 'P'),
        ("null", '\0'),
        ("line-buffered", '0'),
    ],
    lacking: "PbdDIITuUVzZy",
    usage: "grep [-HhnlLoqvsriwFE] [-m N] [-A/B/C N] PATTERN/-e PATTERN.../-f FILE [FILE]...",
    failure: 2,
    ..Spec::NONE
};

/// `grep`, `egrep` and `fgrep`.
pub(crate) async fn grep(utility: Utility, mut parsed: Arguments) -> i32 {
    let implied = match utility.name {
        "egrep" => Some('E'),
        "fgrep" => Some('F'),
        _ => None,
    };
    parsed.options.extend(implied.map(|letter| (letter, String::new())));
    let mut sources: Vec<String> = parsed
        .options
        .iter()
        .filter(|(letter, _)| *letter == 'e')
        .map(|(_, value)| value.clone())
        .collect();
    if let Some(path) = parsed.value('f').map(str::to_owned) {
        let Some(bytes) = utility.read_or_tell(&path).await else { return 2 };
        sources.extend(String::from_utf8_lossy(&bytes).lines().map(str::to_owned));
    } else if sources.is_empty() {
        if parsed.operands.is_empty() {
            let text = if utility.gnu {
                format!(
                    "Usage: {0} [OPTION]... PATTERN [FILE]...\nTry '{0} --help' for more information.\n",
                    utility.name
                )
            } else {
                return utility.misuse("").await;
            };
            utility.proc.eprint(text).await;
            return 2;
        }
        sources.push(parsed.operands.remove(0));
    }
    let mut patterns = Vec::new();
    for source in sources.iter().flat_map(|source| source.split('\n')) {
        let source = if parsed.has('F') { fixed(source) } else { source.to_owned() };
        let extended = parsed.has('E') || parsed.has('F');
        match Regex::new(&source, extended, parsed.has('i')) {
            Ok(regex) => patterns.push(regex),
            Err(message) => {
                utility.error(message).await;
                return 2;
            }
        }
    }
    let search = Search {
        patterns,
        inverted: parsed.has('v'),
        whole_words: parsed.has('w'),
        whole_lines: parsed.has('x'),
    };
    let recursive = parsed.has('r') || parsed.has('R');
    let operands = match (parsed.operands.is_empty(), recursive) {
        (true, true) => vec![".".to_owned()],
        (true, false) => vec!["-".to_owned()],
        (false, _) => parsed.operands.clone(),
    };
    let mut status = 1;
    let mut failed = false;
    let (paths, many) = expand(&utility, &operands, recursive);
    let named = (many || recursive || parsed.has('H')) && !parsed.has('h');
    for path in paths {
        match utility.read(&path).await {
            Ok(bytes) => {
                if search_file(&utility, &parsed, &search, &path, &bytes, named).await {
                    status = 0;
                    if parsed.has('q') {
                        return 0;
                    }
                }
            }
            Err(errno) => {
                failed = true;
                if !parsed.has('s') {
                    utility.error(format!("{path}: {errno}")).await;
                }
            }
        }
    }
    if failed { 2 } else { status }
}

/// An extended expression for literal text.
fn fixed(text: &str) -> String {
    text.chars()
        .flat_map(|char| {
            let special = "\\.[]{}()*+?^$|".contains(char);
            special.then_some('\\').into_iter().chain([char])
        })
        .collect()
}

fn expand(utility: &Utility, operands: &[String], recursive: bool) -> (Vec<String>, bool) {
    let mut left: Vec<String> = operands.iter().rev().cloned().collect();
    let mut paths = Vec::new();
    while let Some(path) = left.pop() {
        let is_folder =
            path != "-" && utility.proc.stat(&path).is_ok_and(|inode| inode.is_directory());
        if recursive && is_folder {
            let entries = utility.proc.list(&path).unwrap_or_default();
            let below = entries.into_iter().rev().filter(|(_, inode)| {
                // Links below are not followed.
                matches!(inode.kind, os::fs::Kind::File(_) | os::fs::Kind::Directory)
            });
            let base = path.trim_end_matches('/');
            left.extend(below.map(|(name, _)| format!("{base}/{name}")));
        } else {
            paths.push(path);
        }
    }
    (paths, operands.len() > 1)
}

fn number(parsed: &Arguments, letter: char) -> Option<usize> {
    parsed.value(letter).and_then(|text| text.parse().ok())
}

async fn search_file(
    utility: &Utility,
    parsed: &Arguments,
    search: &Search,
    path: &str,
    bytes: &[u8],
    named: bool,
) -> bool {
    let shown_path = if path == "-" { "(standard input)" } else { path };
    let lines = lines_of(bytes);
    let limit = number(parsed, 'm').unwrap_or(usize::MAX);
    let mut chosen: Vec<(usize, Vec<(usize, usize)>)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if chosen.len() >= limit {
            break;
        }
        let chars: Vec<char> = line.trim_end_matches('\n').chars().collect();
        let places = search.places(&chars);
        if places.is_empty() == search.inverted {
            chosen.push((index, places));
        }
        if index % 64 == 0 {
            utility.work(64 * chars.len()).await;
        }
    }
    let found = !chosen.is_empty();
    if parsed.has('q') {
        return found;
    }
    let mut text = String::new();
    let name = |mark: char| if named { format!("{shown_path}{mark}") } else { String::new() };
    if parsed.has('l') || parsed.has('L') {
        if found == parsed.has('l') {
            text = format!("{shown_path}\n");
        }
        utility.print(text).await;
        return found == parsed.has('l');
    }
    if parsed.has('c') {
        utility.print(format!("{}{}\n", name(':'), chosen.len())).await;
        return found;
    }
    if bytes.contains(&0) && !parsed.has('a') && found && utility.gnu {
        utility.print(format!("Binary file {shown_path} matches\n")).await;
        return true;
    }
    let around = number(parsed, 'C');
    let before = number(parsed, 'B').or(around).unwrap_or(0);
    let after = number(parsed, 'A').or(around).unwrap_or(0);
    let mut next = 0;
    for (position, (index, places)) in chosen.iter().enumerate() {
        if parsed.has('o') {
            let chars: Vec<char> = lines[*index].chars().collect();
            for (from, to) in places.iter().filter(|(from, to)| from < to) {
                let part: String = chars[*from..*to].iter().collect();
                let number =
                    if parsed.has('n') { format!("{}:", index + 1) } else { String::new() };
                text.push_str(&format!("{}{number}{part}\n", name(':')));
            }
            continue;
        }
        let start = index.saturating_sub(before).max(next);
        if (before > 0 || after > 0) && position > 0 && start > next {
            text.push_str("--\n");
        }
        let until = chosen.get(position + 1).map_or(lines.len(), |(next, _)| *next);
        let end = (index + 1 + after).min(until).max(index + 1);
        for (number, line) in lines.iter().enumerate().take(end).skip(start) {
            let mark = if number == *index { ':' } else { '-' };
            let prefix =
                if parsed.has('n') { format!("{}{mark}", number + 1) } else { String::new() };
            let line = line.trim_end_matches('\n');
            text.push_str(&format!("{}{prefix}{line}\n", name(mark)));
        }
        next = end;
    }
    utility.print(text).await;
    found
}
