//! `set`: options and positional parameters.

use super::fail;
use crate::Flavour;
use crate::escapes::{quoted_if_needed, single_quoted};
use crate::shell::{Flow, Options, Shell};

impl Options {
    fn by_letter(&mut self, letter: char) -> Option<&mut bool> {
        Some(match letter {
            'e' => &mut self.errexit,
            'u' => &mut self.nounset,
            'x' => &mut self.xtrace,
            'f' => &mut self.noglob,
            'C' => &mut self.noclobber,
            'a' => &mut self.allexport,
            'v' => &mut self.verbose,
            'n' => &mut self.noexec,
            _ => return None,
        })
    }

    const NAMES: [(&'static str, char); 8] = [
        ("allexport", 'a'),
        ("errexit", 'e'),
        ("noclobber", 'C'),
        ("noexec", 'n'),
        ("noglob", 'f'),
        ("nounset", 'u'),
        ("verbose", 'v'),
        ("xtrace", 'x'),
    ];
}

impl Shell {
    /// Switches an option; false if there is none of that letter.
    pub(crate) fn set_option(&mut self, letter: char, on: bool) -> bool {
        if matches!(letter, 'h' | 'm' | 'b' | 'B' | 'H') {
            return true;
        }
        match self.options.by_letter(letter) {
            Some(option) => {
                *option = on;
                true
            }
            None => false,
        }
    }

    /// Switches an option by its long name.
    pub(crate) fn set_option_by_name(&mut self, name: &str, on: bool) -> bool {
        if name == "pipefail" && self.flavour != Flavour::Dash {
            self.options.pipefail = on;
            return true;
        }
        if matches!(name, "posix" | "monitor" | "emacs" | "vi" | "histexpand" | "notify") {
            return true;
        }
        let letter = Options::NAMES.iter().find(|(long, _)| *long == name);
        letter.is_some_and(|(_, letter)| self.set_option(*letter, on))
    }

    /// `$-`.
    pub(crate) fn option_letters(&self) -> String {
        let mut options = self.options;
        let on = Options::NAMES
            .iter()
            .filter(|(_, letter)| options.by_letter(*letter).is_some_and(|option| *option));
        let letters: String = on.map(|(_, letter)| *letter).collect();
        format!("{letters}{}", if self.interactive { "i" } else { "" })
    }
}

pub(super) async fn set(shell: &mut Shell, args: &[String]) -> Result<i32, Flow> {
    if args.is_empty() {
        let text: String = shell
            .variables
            .iter()
            .filter_map(|(name, variable)| {
                let text = variable.value.as_ref()?.text()?;
                Some(match shell.flavour {
                    Flavour::Bash => format!("{name}={}\n", quoted_if_needed(text)),
                    _ => format!("{name}={}\n", single_quoted(text)),
                })
            })
            .collect();
        shell.proc.print(text).await;
        return Ok(0);
    }
    let mut rest = args.iter().peekable();
    while let Some(arg) = rest.peek() {
        let on = match arg.chars().next() {
            Some('-') => true,
            Some('+') => false,
            _ => break,
        };
        let letters = arg[1..].to_owned();
        rest.next();
        if letters == "-" || letters.is_empty() && on {
            shell.parameters = rest.cloned().collect();
            return Ok(0);
        }
        for letter in letters.chars() {
            if letter == 'o' {
                let Some(name) = rest.next() else {
                    let mut text = String::new();
                    let mut options = shell.options;
                    for (name, letter) in Options::NAMES {
                        let on = options.by_letter(letter).is_some_and(|option| *option);
                        text.push_str(&format!("{name:<15}\t{}\n", if on { "on" } else { "off" }));
                    }
                    shell.proc.print(text).await;
                    return Ok(0);
                };
                if !shell.set_option_by_name(name, on) {
                    let message = match shell.flavour {
                        Flavour::Bash => format!("set: {name}: invalid option name"),
                        Flavour::Ash => format!("set: illegal option -o {name}"),
                        Flavour::Dash => format!("set: Illegal option -o {name}"),
                    };
                    return Ok(fail(shell, message, 2).await);
                }
            } else if !shell.set_option(letter, on) {
                let sign = if on { '-' } else { '+' };
                let message = match shell.flavour {
                    Flavour::Bash => format!("set: {sign}{letter}: invalid option"),
                    Flavour::Ash => format!("set: illegal option {sign}{letter}"),
                    Flavour::Dash => format!("set: Illegal option {sign}{letter}"),
                };
                return Ok(fail(shell, message, 2).await);
            }
        }
    }
    if rest.peek().is_some() {
        shell.parameters = rest.cloned().collect();
    }
    Ok(0)
}
