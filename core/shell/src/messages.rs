//! What the shells say, flavour by flavour: bash 5.0, dash 0.5.10, BusyBox 1.25's ash.

use os::{Errno, Signal};

use crate::Flavour;
use crate::syntax::SyntaxError;

/// A syntax error without the shell's name.
pub(crate) fn syntax_error(error: &SyntaxError, flavour: Flavour) -> String {
    match (error, flavour) {
        (SyntaxError::NotSimulated { what, .. }, _) => format!("not simulated: {what}"),
        (SyntaxError::Variable { .. }, Flavour::Dash) => {
            "Syntax error: Bad for loop variable".to_owned()
        }
        (SyntaxError::Variable { .. }, _) => "syntax error: bad for loop variable".to_owned(),
        (SyntaxError::TooDeep { .. }, _) => {
            "not simulated: commands nested more than 40 deep".to_owned()
        }
        (SyntaxError::Unexpected { token, .. }, Flavour::Bash) => {
            format!("syntax error near unexpected token `{token}'")
        }
        (SyntaxError::Unexpected { token, .. }, Flavour::Ash) => {
            if token == "newline" {
                "syntax error: unexpected newline".to_owned()
            } else {
                format!("syntax error: unexpected \"{token}\"")
            }
        }
        (SyntaxError::Unexpected { token, .. }, Flavour::Dash) => {
            if token == "newline" {
                "Syntax error: newline unexpected".to_owned()
            } else {
                format!("Syntax error: \"{token}\" unexpected")
            }
        }
        (SyntaxError::Unterminated { wanted, .. }, Flavour::Bash) => {
            format!("unexpected EOF while looking for matching `{wanted}'")
        }
        (SyntaxError::Unterminated { wanted: '"' | '\'', .. }, Flavour::Ash) => {
            "syntax error: unterminated quoted string".to_owned()
        }
        (SyntaxError::Unterminated { wanted: '"' | '\'', .. }, Flavour::Dash) => {
            "Syntax error: Unterminated quoted string".to_owned()
        }
        (SyntaxError::Unterminated { wanted: '`', .. }, Flavour::Ash) => {
            "syntax error: EOF in backquote substitution".to_owned()
        }
        (SyntaxError::Unterminated { wanted: '`', .. }, Flavour::Dash) => {
            "Syntax error: EOF in backquote substitution".to_owned()
        }
        (SyntaxError::Unterminated { wanted: '}', .. }, Flavour::Ash) => {
            "syntax error: missing '}'".to_owned()
        }
        (SyntaxError::Unterminated { wanted: '}', .. }, Flavour::Dash) => {
            "Syntax error: Missing '}'".to_owned()
        }
        (SyntaxError::Unterminated { wanted, .. }, Flavour::Ash) => {
            format!("syntax error: unexpected end of file (expecting \"{wanted}\")")
        }
        (SyntaxError::Unterminated { wanted, .. }, Flavour::Dash) => {
            format!("Syntax error: end of file unexpected (expecting \"{wanted}\")")
        }
        (SyntaxError::End { .. } | SyntaxError::HereDocument { .. }, Flavour::Bash) => {
            "syntax error: unexpected end of file".to_owned()
        }
        (SyntaxError::End { expecting: Some(word), .. }, Flavour::Ash) => {
            format!("syntax error: unexpected end of file (expecting \"{word}\")")
        }
        (SyntaxError::End { expecting: Some(word), .. }, Flavour::Dash) => {
            format!("Syntax error: end of file unexpected (expecting \"{word}\")")
        }
        (SyntaxError::End { .. } | SyntaxError::HereDocument { .. }, Flavour::Ash) => {
            "syntax error: unexpected end of file".to_owned()
        }
        (SyntaxError::End { .. } | SyntaxError::HereDocument { .. }, Flavour::Dash) => {
            "Syntax error: end of file unexpected".to_owned()
        }
    }
}

/// Why a script could not be read, with the shell's exit code.
pub(crate) fn cannot_open(path: &str, errno: Errno, flavour: Flavour) -> (String, i32) {
    let code = if errno == Errno::NotFound { 127 } else { 126 };
    match flavour {
        Flavour::Bash => (format!("{path}: {errno}"), code),
        Flavour::Ash => (format!("can't open '{path}': {errno}"), 2),
        Flavour::Dash => {
            let reason = match errno {
                Errno::NotFound => "No such file".to_owned(),
                errno => errno.to_string(),
            };
            (format!("cannot open {path}: {reason}"), if code == 127 { 2 } else { code })
        }
    }
}

/// What an interactive shell says of a command that a signal ended.
pub(crate) const fn signal(signal: Signal) -> Option<&'static str> {
    match signal {
        Signal::Hangup => Some("Hangup"),
        Signal::Quit => Some("Quit"),
        Signal::Kill => Some("Killed"),
        Signal::User1 => Some("User defined signal 1"),
        Signal::User2 => Some("User defined signal 2"),
        Signal::Terminate => Some("Terminated"),
        Signal::Interrupt | Signal::Pipe => None,
    }
}
