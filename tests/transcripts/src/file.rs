//! The file: events, what was printed after each, and notes about it.
//!
//! ```text
//! @ bash
//! # A remark.
//! $ printf 'no newline'; false
//! no newline¶
//! [1]
//! +5s
//! ```
//!
//! `@ NAME` begins anew, `+5s` lets time pass, `# ` is a remark. The other events are a mark with a text behind it (`$`, `$t`,
//! `$c`, `>`, `<`, `!`) or a key (`^C`, `^D`), and the [`Scene`] says what they mean. A printed line that reads like an
//! event has a backslash in front, and so has one that begins with a backslash. `UPDATE=1` writes what is printed
//! now into the file.

use std::fmt::Write as _;
use std::path::Path;

use sim::Duration;

const MARKS: [&str; 8] = ["@", "#", "$", "$t", "$c", ">", "<", "!"];

/// One line of a file that is not output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// `$`, `!`, ...; `+` for time that passes, or the key.
    pub mark: &'a str,
    /// What stands behind it.
    pub text: &'a str,
}

/// What an event shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// What was printed, to the byte.
    pub printed: String,
    /// Lines about it, such as an exit status in brackets.
    pub notes: Vec<String>,
}

/// What the events of a file happen to.
pub trait Scene: Sized {
    /// A fresh one, as `@ NAME` asks for, and what it shows by itself.
    fn begin(name: &str) -> (Self, Shown);

    /// Time passes.
    fn pass(&mut self, span: Duration) -> Shown;

    /// What `event` shows; `next` is the one after it.
    fn play(&mut self, event: Event<'_>, next: Option<Event<'_>>) -> Shown;
}

impl<'a> Event<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        if line == "^C" || line == "^D" {
            return Some(Self { mark: line, text: "" });
        }
        if let Some(seconds) = line.strip_prefix('+').and_then(|rest| rest.strip_suffix('s')) {
            return seconds.parse::<u32>().is_ok().then_some(Self { mark: "+", text: seconds });
        }
        let (mark, text) = line.split_once(' ')?;
        MARKS.contains(&mark).then_some(Self { mark, text })
    }
}

/// Splits a typed command into its words, without their single and double quotes, and the standard input that follows
/// ` <<< ` in double quotes.
pub fn command(line: &str) -> (Vec<String>, String) {
    let (line, input) = line.split_once(" <<< ").unwrap_or((line, ""));
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for char in line.chars() {
        match (quote, char) {
            (Some(open), char) if open == char => quote = None,
            (None, '"' | '\'') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, char) => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    (words, input.trim_matches('"').replace("\\n", "\n"))
}

/// Output that would read as an event gets a backslash in front; a last line without its end is marked.
fn write(file: &mut String, shown: &Shown) {
    for line in shown.printed.split_inclusive('\n') {
        let body = line.trim_end_matches('\n');
        let mistaken = Event::parse(body).is_some() || body.starts_with('\\');
        let _ = write!(file, "{}{line}", if mistaken { "\\" } else { "" });
    }
    if !shown.printed.is_empty() && !shown.printed.ends_with('\n') {
        file.push_str("\u{b6}\n");
    }
    for note in &shown.notes {
        let _ = writeln!(file, "{note}");
    }
}

fn replay<S: Scene>(text: &str) -> String {
    let mut file = String::new();
    let mut scene: Option<S> = None;
    let events = text.lines().filter_map(|line| Some((line, Event::parse(line)?)));
    let events: Vec<(&str, Event<'_>)> = events.collect();
    for (index, (line, event)) in events.iter().enumerate() {
        let _ = writeln!(file, "{line}");
        let shown = match (event.mark, &mut scene) {
            ("#", _) => continue,
            ("@", _) => {
                let (begun, shown) = S::begin(event.text);
                scene = Some(begun);
                shown
            }
            (_, None) => Shown { notes: vec!["nothing has begun".to_owned()], ..Shown::default() },
            ("+", Some(scene)) => {
                scene.pass(Duration::from_secs(event.text.parse().unwrap_or_default()))
            }
            (_, Some(scene)) => {
                let next = events[index + 1..].iter().map(|(_, event)| *event);
                scene.play(*event, next.clone().find(|event| event.mark != "#"))
            }
        };
        write(&mut file, &shown);
    }
    file
}

/// Plays all files of `tests/transcripts` in a crate's folder.
///
/// # Panics
/// With the first difference of every file that does not read as recorded.
pub fn check<S: Scene>(crate_folder: &str) {
    let folder = Path::new(crate_folder).join("tests/transcripts");
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no transcripts in {}", folder.display());
    let is_update = std::env::var_os("UPDATE").is_some();
    let mut wrong = String::new();
    for path in paths {
        let name = path.display();
        let expected =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = replay::<S>(&expected);
        if found == expected {
            continue;
        }
        if is_update {
            std::fs::write(&path, found).unwrap_or_else(|error| panic!("{name}: {error}"));
            continue;
        }
        let line = found.lines().zip(expected.lines()).position(|(a, b)| a != b);
        let line = line.unwrap_or(found.lines().count().min(expected.lines().count()));
        let part = |text: &str| {
            text.lines().skip(line.saturating_sub(3)).take(9).collect::<Vec<_>>().join("\n")
        };
        let at = line + 1;
        let (expected, found) = (part(&expected), part(&found));
        let _ = write!(wrong, "{name}:{at}\n--- expected\n{expected}\n--- found\n{found}\n\n");
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says what it is told, without a newline at the end.
    struct Echo;

    impl Scene for Echo {
        fn begin(name: &str) -> (Self, Shown) {
            (Self, Shown { notes: vec![format!("(begun: {name})")], ..Shown::default() })
        }

        fn pass(&mut self, span: Duration) -> Shown {
            Shown { printed: format!("{}\n", span.as_millis()), ..Shown::default() }
        }

        fn play(&mut self, event: Event<'_>, next: Option<Event<'_>>) -> Shown {
            let notes = next.map(|next| format!("(next: {})", next.mark)).into_iter().collect();
            Shown { printed: event.text.replace('|', "\n"), notes }
        }
    }

    #[test]
    fn output_that_reads_like_an_event_is_no_event() {
        let file = "@ a\n(begun: a)\n# remark\n$ x||$ y|\\z|^C|+5s|+s|end|\nx\n\n\\$ y\n\\\\z\n\\^C\n\\+5s\n\
                    +s\nend\n(next: +)\n+2s\n2000\n";
        assert_eq!(replay::<Echo>(file), file);
        assert_eq!(replay::<Echo>("$ x\n"), "$ x\nnothing has begun\n");
        assert_eq!(replay::<Echo>("@ a\n$ x\n"), "@ a\n(begun: a)\n$ x\nx\u{b6}\n");
    }

    #[test]
    fn a_command_is_its_words_and_its_input() {
        let (words, input) = command("docker run 'a b' \"\" c\"d\" <<< \"x\\ny\"");
        assert_eq!(words, ["docker", "run", "a b", "", "cd"]);
        assert_eq!(input, "x\ny");
    }
}
