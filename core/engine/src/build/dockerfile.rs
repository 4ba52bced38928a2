//! Dockerfiles: lines to instructions, instructions to stages (buildkit: `frontend/dockerfile/parser`
//! and `instructions`).

use super::words::split;

/// A text that was written in place: `COPY <<EOF /file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heredoc {
    /// The word that ends it.
    pub(crate) name: String,
    pub(crate) content: String,
    /// Variables in it are replaced: its word was not quoted.
    pub(crate) expands: bool,
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// In upper case.
    pub(crate) keyword: String,
    /// `--name=value`, in order; the value of one without `=` is empty.
    pub(crate) flags: Vec<(String, String)>,
    /// What follows, on one line.
    pub(crate) rest: String,
    pub(crate) heredocs: Vec<Heredoc>,
    /// First line, from 1.
    pub(crate) line: usize,
    /// Last line.
    pub(crate) last: usize,
}

impl Instruction {
    /// The whole instruction on one line.
    pub(crate) fn text(&self) -> String {
        let mut text = self.keyword.clone();
        for (name, value) in &self.flags {
            text += &format!(" --{name}");
            if !value.is_empty() {
                text += &format!("={value}");
            }
        }
        format!("{text} {}", self.rest).trim_end().to_owned()
    }

    /// The words of the exec form, `["a", "b"]`.
    pub(crate) fn json(&self) -> Option<Vec<String>> {
        serde_json::from_str(&self.rest).ok()
    }

    pub(crate) fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// From one `FROM` to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stage {
    /// `AS name`, in lower case; empty for none.
    pub(crate) name: String,
    /// What was written after `FROM`.
    pub(crate) base: String,
    /// `FROM` itself, then the others.
    pub(crate) instructions: Vec<Instruction>,
}

/// Why a Dockerfile cannot be understood: the line, 0 for the whole, and a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) line: usize,
    pub(crate) last: usize,
    pub(crate) message: String,
}

/// A Dockerfile, read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dockerfile {
    /// Its lines as they stand there.
    pub(crate) source: Vec<String>,
    pub(crate) escape: char,
    /// `ARG`s before the first `FROM`.
    pub(crate) arguments: Vec<Instruction>,
    pub(crate) stages: Vec<Stage>,
}

/// Every instruction, with the flags that it takes.
const INSTRUCTIONS: &[(&str, &[&str])] = &[
    ("ADD", &["chown", "chmod", "link", "checksum", "keep-git-dir", "exclude", "unpack"]),
    ("ARG", &[]),
    ("CMD", &[]),
    ("COPY", &["from", "chown", "chmod", "link", "parents", "exclude"]),
    ("ENTRYPOINT", &[]),
    ("ENV", &[]),
    ("EXPOSE", &[]),
    ("FROM", &["platform"]),
    ("HEALTHCHECK", &["interval", "timeout", "start-period", "start-interval", "retries"]),
    ("LABEL", &[]),
    ("MAINTAINER", &[]),
    ("ONBUILD", &[]),
    ("RUN", &["mount", "network", "security"]),
    ("SHELL", &[]),
    ("STOPSIGNAL", &[]),
    ("USER", &[]),
    ("VOLUME", &[]),
    ("WORKDIR", &[]),
];

/// A text's lines; one that ends in a newline has an empty last line.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect()
}

/// Reads a Dockerfile. `modern`: as BuildKit does, with texts in place.
pub(crate) fn parse(text: &str, modern: bool) -> Result<Dockerfile, SyntaxError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = lines(text);
    let escape = escape_of(&source);
    let mut file = Dockerfile { source, escape, arguments: Vec::new(), stages: Vec::new() };
    let mut at = 0;
    while let Some(instruction) = next(&file.source, &mut at, escape, modern)? {
        file.add(instruction)?;
    }
    let is_empty = file.stages.is_empty() && file.arguments.is_empty();
    if is_empty {
        let message = "file with no instructions".to_owned();
        return Err(SyntaxError { line: 0, last: 0, message });
    }
    if file.stages.is_empty() {
        let message = "No build stage in current context".to_owned();
        return Err(SyntaxError { line: 0, last: 0, message });
    }
    Ok(file)
}

/// `# escape=x` among the directives at the top.
fn escape_of(lines: &[String]) -> char {
    for line in lines {
        let Some(comment) = line.trim().strip_prefix('#') else { break };
        let Some((name, value)) = comment.split_once('=') else { break };
        if name.trim().eq_ignore_ascii_case("escape") && value.trim() == "`" {
            return '`';
        }
    }
    '\\'
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// The next instruction from line `at` (from 0) on.
fn next(
    lines: &[String],
    at: &mut usize,
    escape: char,
    modern: bool,
) -> Result<Option<Instruction>, SyntaxError> {
    while lines.get(*at).is_some_and(|line| line.trim().is_empty() || is_comment(line)) {
        *at += 1;
    }
    let first = *at;
    let mut text = String::new();
    while let Some(line) = lines.get(*at) {
        *at += 1;
        if *at > first + 1 && (is_comment(line) || line.trim().is_empty()) {
            continue;
        }
        let line = if *at == first + 1 { line.trim_start() } else { line.as_str() };
        match line.trim_end_matches([' ', '\t']).strip_suffix(escape) {
            Some(part) => text += part,
            None => {
                text += line;
                break;
            }
        }
    }
    if text.trim().is_empty() {
        return Ok(None);
    }
    let mut instruction = instruction(&text, first + 1, *at)?;
    if modern && matches!(instruction.keyword.as_str(), "RUN" | "COPY" | "ADD") {
        take_heredocs(&mut instruction, lines, at)?;
    }
    Ok(Some(instruction))
}

fn instruction(text: &str, line: usize, last: usize) -> Result<Instruction, SyntaxError> {
    let text = text.trim();
    let (word, mut rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let error = |message: String| SyntaxError { line, last, message };
    let keyword = word.to_ascii_uppercase();
    let Some((_, known)) = INSTRUCTIONS.iter().find(|(name, _)| *name == keyword) else {
        return Err(error(format!("unknown instruction: {keyword}")));
    };
    let mut flags = Vec::new();
    loop {
        rest = rest.trim_start();
        if !rest.starts_with("--") {
            break;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (flag, after) = rest.split_at(end);
        let (name, value) = flag[2..].split_once('=').unwrap_or((&flag[2..], ""));
        if name.is_empty() {
            rest = after;
            break;
        }
        if !known.contains(&name) {
            return Err(error(format!("unknown flag: {name}")));
        }
        flags.push((name.to_owned(), value.to_owned()));
        rest = after;
    }
    if rest.trim().is_empty() && !matches!(keyword.as_str(), "CMD" | "ENTRYPOINT") {
        return Err(error(missing_arguments(&keyword)));
    }
    let (rest, heredocs) = (rest.trim().to_owned(), Vec::new());
    Ok(Instruction { keyword, flags, rest, heredocs, line, last })
}

fn missing_arguments(keyword: &str) -> String {
    let count = match keyword {
        "FROM" => "either one or three arguments",
        "COPY" | "ADD" => {
            return format!(
                "{keyword} requires at least two arguments, but only one was provided. Destination \
                 could not be determined."
            );
        }
        "WORKDIR" | "USER" | "STOPSIGNAL" | "MAINTAINER" => "exactly one argument",
        _ => "at least one argument",
    };
    format!("{keyword} requires {count}")
}

fn take_heredocs(
    instruction: &mut Instruction,
    lines: &[String],
    at: &mut usize,
) -> Result<(), SyntaxError> {
    for word in split(&instruction.rest, '\\') {
        let Some(name) = word.strip_prefix("<<") else { continue };
        let (name, strips_tabs) = match name.strip_prefix('-') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let bare = name.trim_matches(['"', '\'']);
        let is_name = !bare.is_empty() && bare.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !is_name {
            continue;
        }
        let mut content = String::new();
        loop {
            let Some(line) = lines.get(*at) else {
                let message = "unterminated heredoc".to_owned();
                return Err(SyntaxError { line: instruction.line, last: *at, message });
            };
            *at += 1;
            let line = if strips_tabs { line.trim_start_matches('\t') } else { line };
            if line == bare {
                break;
            }
            content += line;
            content.push('\n');
        }
        instruction.last = *at;
        let (name, expands) = (bare.to_owned(), bare == name);
        instruction.heredocs.push(Heredoc { name, content, expands });
    }
    Ok(())
}

impl Dockerfile {
    fn add(&mut self, instruction: Instruction) -> Result<(), SyntaxError> {
        let error = |message: &str| SyntaxError {
            line: instruction.line,
            last: instruction.last,
            message: message.to_owned(),
        };
        if instruction.keyword == "FROM" {
            let words = split(&instruction.rest, self.escape);
            let (base, name) = match words.as_slice() {
                [base] => (base.clone(), String::new()),
                [base, word, name] if word.eq_ignore_ascii_case("as") => {
                    (base.clone(), name.to_lowercase())
                }
                _ => return Err(error("FROM requires either one or three arguments")),
            };
            self.stages.push(Stage { name, base, instructions: vec![instruction] });
            return Ok(());
        }
        match self.stages.last_mut() {
            Some(stage) => stage.instructions.push(instruction),
            None if instruction.keyword == "ARG" => self.arguments.push(instruction),
            None => return Err(error("no build stage in current context")),
        }
        Ok(())
    }

    /// The number of the stage that a name or a number means, among those before `before`.
    pub(crate) fn stage(&self, text: &str, before: usize) -> Option<usize> {
        let stages = self.stages.get(..before)?;
        let by_name = stages.iter().rposition(|stage| stage.name == text.to_lowercase());
        by_name.filter(|_| !text.is_empty()).or_else(|| {
            let index: usize = text.parse().ok()?;
            (index < before).then_some(index)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let file = parse(text, true).unwrap();
        let all = file.stages.iter().flat_map(|stage| &stage.instructions);
        file.arguments.iter().chain(all).map(Instruction::text).collect()
    }

    #[test]
    fn lines_become_instructions() {
        assert_eq!(
            texts(
                "# syntax=docker/dockerfile:1\n\narg V=1\nFROM alpine:$V as base\nrun echo a && \\\n  \
                 # a remark\n\n    echo b\nCOPY --from=base --chown=1:2 /a /b\n"
            ),
            [
                "ARG V=1",
                "FROM alpine:$V as base",
                "RUN echo a &&     echo b",
                "COPY --from=base --chown=1:2 /a /b",
            ]
        );
        assert_eq!(texts("# escape=`\nFROM a\nRUN x `\n y"), ["FROM a", "RUN x  y"]);
    }

    #[test]
    fn a_text_may_stand_in_place() {
        let file = parse("FROM a\nRUN <<-'EOF'\n\techo $x\nEOF\nCMD sh", true).unwrap();
        let run = &file.stages[0].instructions[1];
        assert_eq!((run.line, run.last), (2, 4));
        assert_eq!(run.heredocs[0].content, "echo $x\n");
        assert!(!run.heredocs[0].expands);
        assert_eq!(file.stages[0].instructions.len(), 3);
    }

    #[test]
    fn mistakes_have_a_line() {
        for (text, line, message) in [
            ("FROM a\n\nFOO b", 3, "unknown instruction: FOO"),
            ("FROM a\nCOPY --x=1 a b", 2, "unknown flag: x"),
            ("FROM a b", 1, "FROM requires either one or three arguments"),
            ("RUN x", 1, "no build stage in current context"),
            ("FROM a\nRUN", 2, "RUN requires at least one argument"),
            ("FROM a\nRUN <<EOF\nx", 2, "unterminated heredoc"),
            ("# nothing", 0, "file with no instructions"),
            ("ARG A", 0, "No build stage in current context"),
        ] {
            let error = parse(text, true).unwrap_err();
            assert_eq!((error.line, error.message.as_str()), (line, message), "{text}");
        }
    }

    #[test]
    fn stages_have_names_and_numbers() {
        let file = parse("FROM a AS One\nFROM b\nFROM one", false).unwrap();
        assert_eq!(file.stage("one", 2), Some(0));
        assert_eq!(file.stage("1", 2), Some(1));
        assert_eq!((file.stage("2", 2), file.stage("x", 2), file.stage("", 2)), (None, None, None));
    }
}
