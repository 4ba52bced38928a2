//! Arguments by the rules of Go's pflag ([`commandline::pflag`]) and the table of flags.

use commandline::pflag::{self, Spelling};
pub use commandline::pflag::{Matches, Problem};

use crate::profile::Profile;
use crate::table::{Flag, Kind};
use crate::value;

/// Older names, which help does not show, and the flags they mean.
const OLDER: [(&str, &str); 2] = [("net", "network"), ("net-alias", "network-alias")];

/// Reads `args` by `flags`. `--help` needs no entry among them.
///
/// # Errors
/// [`Problem`], with pflag's texts.
pub fn parse(
    profile: &Profile,
    flags: &[Flag],
    interspersed: bool,
    args: &[String],
) -> Result<Matches, Problem> {
    let spelling = |flag: &Flag| Spelling {
        name: flag.name(),
        shorthand: flag.shorthand(),
        bare: (flag.kind == Kind::Bool).then_some("true"),
        means: None,
    };
    let mut spellings: Vec<Spelling> = flags.iter().map(spelling).collect();
    let mut known = flags.to_vec();
    for (older, name) in OLDER {
        if let Some(flag) = flags.iter().find(|flag| flag.name() == name) {
            spellings.push(Spelling {
                name: older,
                shorthand: None,
                bare: None,
                means: Some(name),
            });
            known.push(*flag);
        }
    }
    let check = |index: usize, text: &str, arg: &str| checked(profile, &known[index], text, arg);
    pflag::parse(&spellings, &check, interspersed, args)
}

fn checked(profile: &Profile, flag: &Flag, text: &str, arg: &str) -> Result<(), String> {
    let Err(reason) = value::check(profile, flag, text) else { return Ok(()) };
    let shown = value::quote(text);
    if !profile.invalid_names_flag {
        return Err(format!("invalid argument {shown} for {arg}: {reason}"));
    }
    let name = match flag.shorthand() {
        Some(letter) => format!("-{letter}, --{}", flag.name()),
        None => format!("--{}", flag.name()),
    };
    Err(format!("invalid argument {shown} for \"{name}\" flag: {reason}"))
}
