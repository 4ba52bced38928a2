//! Arguments by the rules of Go's pflag: `--name=value`, `--name value`, `-n value`, `-nvalue`,
//! `-n=value`, `-abc`, `--`, and flags after arguments where a command allows them.

use std::collections::BTreeMap;

use crate::text;

/// What was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    values: BTreeMap<&'static str, Vec<String>>,
    /// What is not a flag.
    pub args: Vec<String>,
    /// How many of the arguments stand before `--`; nothing without it.
    pub dash: Option<usize>,
    /// `-h`, which asks for help and is deprecated in docker.
    pub short_help: bool,
}

/// Why arguments cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Help was asked for; by `-h` if true.
    Help(bool),
    /// A text of pflag's.
    Text(String),
}

/// A flag, as far as reading it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// The name without dashes.
    pub name: &'static str,
    /// The letter after a single dash.
    pub shorthand: Option<char>,
    /// What it is without `=value`, as `true` for a boolean flag; nothing if a value has to follow (pflag: `NoOptDefVal`).
    pub bare: Option<&'static str>,
    /// An older name of another flag: what is given counts for that one.
    pub means: Option<&'static str>,
}

/// Looks at a value: the flag's place in the list, the value, and the argument as it was typed; the whole complaint.
pub type Check<'a> = &'a dyn Fn(usize, &str, &str) -> Result<(), String>;

impl Matches {
    /// The last value given, if any.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(|values| values.last()).map(String::as_str)
    }

    /// All values given.
    pub fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// True for a boolean flag that was given and is not false.
    pub fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(|text| text::boolean(text) == Some(true))
    }

    /// It was given, whatever its value.
    pub fn changed(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The names of the flags that were given.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.values.keys().copied()
    }
}

/// Reads `args` by `flags`. `--help` needs no entry among them.
///
/// # Errors
/// [`Problem`], with pflag's texts.
pub fn parse(
    flags: &[Spelling],
    check: Check<'_>,
    interspersed: bool,
    args: &[String],
) -> Result<Matches, Problem> {
    let mut parser = Parser { flags, check, matches: Matches::default() };
    let mut rest = args;
    while let Some((arg, after)) = rest.split_first() {
        rest = after;
        if arg == "--" {
            parser.matches.dash = Some(parser.matches.args.len());
            parser.matches.args.extend_from_slice(rest);
            break;
        }
        if let Some(body) = arg.strip_prefix("--") {
            rest = parser.long(arg, body, rest)?;
        } else if arg.len() > 1 && arg.starts_with('-') {
            rest = parser.short(arg, rest)?;
        } else {
            parser.matches.args.push(arg.clone());
            if !interspersed {
                parser.matches.args.extend_from_slice(rest);
                break;
            }
        }
    }
    Ok(parser.matches)
}

struct Parser<'a> {
    flags: &'a [Spelling],
    check: Check<'a>,
    matches: Matches,
}

impl Parser<'_> {
    fn long<'a>(
        &mut self,
        arg: &str,
        body: &str,
        rest: &'a [String],
    ) -> Result<&'a [String], Problem> {
        if body.starts_with(['-', '=']) || body.is_empty() {
            return Err(Problem::Text(format!("bad flag syntax: {arg}")));
        }
        let (name, value) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (body, None),
        };
        let Some(index) = self.flags.iter().position(|flag| flag.name == name) else {
            if name == "help" {
                return Err(Problem::Help(false));
            }
            return Err(Problem::Text(format!("unknown flag: --{name}")));
        };
        match (value, self.flags[index].bare) {
            (Some(value), _) => self.set(index, value, arg).map(|()| rest),
            (None, Some(bare)) => self.set(index, bare.to_owned(), arg).map(|()| rest),
            (None, None) => match rest.split_first() {
                Some((value, after)) => self.set(index, value.clone(), arg).map(|()| after),
                None => Err(Problem::Text(format!("flag needs an argument: {arg}"))),
            },
        }
    }

    fn short<'a>(&mut self, arg: &str, rest: &'a [String]) -> Result<&'a [String], Problem> {
        let letters = &arg[1..];
        let mut chars = letters.chars();
        while let Some(letter) = chars.next() {
            let after = chars.as_str();
            let from = &letters[letters.len() - after.len() - letter.len_utf8()..];
            let found = self.flags.iter().position(|flag| flag.shorthand == Some(letter));
            let Some(index) = found else {
                if letter == 'h' {
                    self.matches.short_help = true;
                    return Err(Problem::Help(true));
                }
                let text = format!("unknown shorthand flag: {} in -{from}", quoted_char(letter));
                return Err(Problem::Text(text));
            };
            if let Some(value) = after.strip_prefix('=')
                && !after.is_empty()
            {
                return self.set(index, value.to_owned(), arg).map(|()| rest);
            }
            if let Some(bare) = self.flags[index].bare {
                self.set(index, bare.to_owned(), arg)?;
                continue;
            }
            if !after.is_empty() {
                return self.set(index, after.to_owned(), arg).map(|()| rest);
            }
            return match rest.split_first() {
                Some((value, after)) => self.set(index, value.clone(), arg).map(|()| after),
                None => Err(Problem::Text(format!(
                    "flag needs an argument: {} in -{from}",
                    quoted_char(letter)
                ))),
            };
        }
        Ok(rest)
    }

    fn set(&mut self, index: usize, value: String, arg: &str) -> Result<(), Problem> {
        (self.check)(index, &value, arg).map_err(Problem::Text)?;
        let flag = self.flags[index];
        self.matches.values.entry(flag.means.unwrap_or(flag.name)).or_default().push(value);
        Ok(())
    }
}

/// As Go's `%q` shows a character.
fn quoted_char(char: char) -> String {
    match char {
        '\'' => "'\\''".to_owned(),
        '\\' => "'\\\\'".to_owned(),
        char => format!("'{char}'"),
    }
}
