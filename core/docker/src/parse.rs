//! Arguments by the rules of Go's pflag: `--name=value`, `--name value`, `-n value`, `-nvalue`,
//! `-n=value`, `-abc`, `--`, and flags after arguments where a command allows them.

use std::collections::BTreeMap;

use crate::profile::Profile;
use crate::table::{Flag, Kind};
use crate::value;

/// What was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    values: BTreeMap<&'static str, Vec<String>>,
    /// What is not a flag.
    pub args: Vec<String>,
    /// `-h`, which asks for help and is deprecated.
    pub short_help: bool,
}

/// Why arguments cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Help was asked for.
    Help,
    /// A text of pflag's.
    Text(String),
}

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
        self.get(name).is_some_and(|text| value::boolean(text) == Some(true))
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
    profile: &Profile,
    flags: &[&'static Flag],
    interspersed: bool,
    args: &[String],
) -> Result<Matches, Problem> {
    let mut parser = Parser { profile, flags, matches: Matches::default() };
    let mut rest = args;
    while let Some((arg, after)) = rest.split_first() {
        rest = after;
        if arg == "--" {
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
    profile: &'a Profile,
    flags: &'a [&'static Flag],
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
        let known = |name: &str| self.flags.iter().find(|flag| flag.name() == name);
        // Older names, which help does not show.
        let older = match name {
            "net" => known("network"),
            "net-alias" => known("network-alias"),
            _ => None,
        };
        let Some(flag) = known(name).or(older) else {
            if name == "help" {
                return Err(Problem::Help);
            }
            return Err(Problem::Text(format!("unknown flag: --{name}")));
        };
        match value {
            Some(value) => self.set(flag, value, arg).map(|()| rest),
            None if flag.kind == Kind::Bool => {
                self.set(flag, "true".to_owned(), arg).map(|()| rest)
            }
            None => match rest.split_first() {
                Some((value, after)) => self.set(flag, value.clone(), arg).map(|()| after),
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
            let found = self.flags.iter().find(|flag| flag.shorthand() == Some(letter));
            let Some(flag) = found else {
                if letter == 'h' {
                    self.matches.short_help = true;
                    return Err(Problem::Help);
                }
                let text = format!("unknown shorthand flag: {} in -{from}", quoted_char(letter));
                return Err(Problem::Text(text));
            };
            if let Some(value) = after.strip_prefix('=')
                && !after.is_empty()
            {
                return self.set(flag, value.to_owned(), arg).map(|()| rest);
            }
            if flag.kind == Kind::Bool {
                self.set(flag, "true".to_owned(), arg)?;
                continue;
            }
            if !after.is_empty() {
                return self.set(flag, after.to_owned(), arg).map(|()| rest);
            }
            return match rest.split_first() {
                Some((value, after)) => self.set(flag, value.clone(), arg).map(|()| after),
                None => Err(Problem::Text(format!(
                    "flag needs an argument: {} in -{from}",
                    quoted_char(letter)
                ))),
            };
        }
        Ok(rest)
    }

    fn set(&mut self, flag: &Flag, value: String, arg: &str) -> Result<(), Problem> {
        if let Err(reason) = value::check(self.profile, flag, &value) {
            let shown = value::quote(&value);
            let text = if self.profile.invalid_names_flag {
                let name = match flag.shorthand() {
                    Some(letter) => format!("-{letter}, --{}", flag.name()),
                    None => format!("--{}", flag.name()),
                };
                format!("invalid argument {shown} for \"{name}\" flag: {reason}")
            } else {
                format!("invalid argument {shown} for {arg}: {reason}")
            };
            return Err(Problem::Text(text));
        }
        self.matches.values.entry(flag.name()).or_default().push(value);
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
