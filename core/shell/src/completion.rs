//! Tab: names of commands and of files.

use os::Proc;

/// What a word could become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where the word starts, in bytes.
    pub start: usize,
    /// The words it could be, in order. Folders end in `/`.
    pub candidates: Vec<String>,
}

/// Completes the word before `cursor` (in bytes): the first word of a command from PATH and the
/// builtins, others from the files.
pub fn complete(proc: &Proc, line: &str, cursor: usize) -> Completion {
    let mut cursor = cursor.min(line.len());
    while !line.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = &line[..cursor];
    let start = before
        .rfind(|char: char| char.is_whitespace() || ";|&()<>=".contains(char))
        .map_or(0, |index| index + 1);
    let word = &before[start..];
    let ahead = before[..start].trim_end();
    let is_command = ahead.is_empty() || ahead.ends_with([';', '|', '&', '(']);
    let candidates =
        if is_command && !word.contains('/') { commands(proc, word) } else { files(proc, word) };
    Completion { start, candidates }
}

fn commands(proc: &Proc, word: &str) -> Vec<String> {
    if word.is_empty() {
        return Vec::new();
    }
    let mut names: Vec<String> =
        crate::builtins::names(crate::Flavour::Bash).into_iter().map(str::to_owned).collect();
    let path = proc.env("PATH").unwrap_or_else(|| "/usr/bin:/bin:/usr/sbin:/sbin".to_owned());
    for folder in path.split(':') {
        let Ok(entries) = proc.list(folder) else { continue };
        names.extend(entries.into_iter().map(|(name, _)| name));
    }
    names.retain(|name| name.starts_with(word));
    names.sort();
    names.dedup();
    names
}

fn files(proc: &Proc, word: &str) -> Vec<String> {
    let (folder, prefix) = match word.rfind('/') {
        Some(index) => (&word[..=index], &word[index + 1..]),
        None => ("", word),
    };
    let real = match folder.strip_prefix("~/") {
        Some(rest) => format!("{}/{rest}", proc.env("HOME").unwrap_or_default()),
        None if folder.is_empty() => ".".to_owned(),
        None => folder.to_owned(),
    };
    let Ok(entries) = proc.list(&real) else { return Vec::new() };
    let fitting = entries.into_iter().filter(|(name, _)| {
        name.starts_with(prefix) && (prefix.starts_with('.') || !name.starts_with('.'))
    });
    fitting
        .map(|(name, _)| {
            let is_folder =
                proc.stat(&format!("{real}/{name}")).is_ok_and(|inode| inode.is_directory());
            let quoted: String = name
                .chars()
                .flat_map(|char| {
                    let plain = char.is_alphanumeric() || "_-.,:+@%=/".contains(char);
                    (!plain).then_some('\\').into_iter().chain([char])
                })
                .collect();
            format!("{folder}{quoted}{}", if is_folder { "/" } else { "" })
        })
        .collect()
}
