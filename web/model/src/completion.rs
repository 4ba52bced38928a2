//! Tab: what a half-typed line becomes.

use world::Completion;

/// What Tab made of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completed {
    /// The line.
    pub text: String,
    /// What could come next; empty if that is settled.
    pub candidates: Vec<String>,
}

/// Puts what all candidates have in common into a line whose cursor is at a byte.
pub fn complete(line: &str, cursor: usize, completion: &Completion) -> Completed {
    let as_it_is = || Completed { text: line.to_owned(), candidates: Vec::new() };
    let start = completion.start;
    let (Some(before), Some(word), Some(after)) =
        (line.get(..start), line.get(start..cursor), line.get(cursor..))
    else {
        return as_it_is();
    };
    let common = match completion.candidates.as_slice() {
        [] => return as_it_is(),
        // A folder or an option with a value goes on.
        [only] if only.ends_with(['/', '=']) => only.clone(),
        [only] => format!("{only} "),
        [first, others @ ..] => others.iter().fold(first.clone(), |common, other| {
            let shared = common.chars().zip(other.chars()).take_while(|(a, b)| a == b);
            shared.map(|(char, _)| char).collect()
        }),
    };
    let settled = completion.candidates.len() == 1;
    let grown = if common.len() > word.len() { common.as_str() } else { word };
    let text = format!("{before}{grown}{after}");
    let candidates = if settled { Vec::new() } else { completion.candidates.clone() };
    Completed { text, candidates }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, start: usize, candidates: &[&str], text: &str, count: usize) {
        let candidates = candidates.iter().map(|text| (*text).to_owned()).collect();
        let completed = complete(line, line.len(), &Completion { start, candidates });
        assert_eq!((completed.text.as_str(), completed.candidates.len()), (text, count));
    }

    #[test]
    fn what_is_common_is_filled_in() {
        check("docker sec", 7, &["secret"], "docker secret ", 0);
        check("docker se", 7, &["secret", "service"], "docker se", 2);
        check("docker s", 7, &["secret", "service"], "docker se", 2);
        check("ls /ru", 3, &["/run/"], "ls /run/", 0);
        check("echo x", 5, &[], "echo x", 0);
    }
}
