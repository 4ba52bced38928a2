//! From arguments to a command: finding it in the table, parsing, help, complaints.

use std::cell::RefCell;

use commandline::pflag::{self, Matches, Problem, Spelling};
use commandline::text::{boolean, quote};
use os::Proc;

use crate::cli::{Cli, Failure};
use crate::help;
use crate::kubeconfig::Config;
use crate::profile::Profile;
use crate::table::{self, Command, Flag, GLOBAL, Kind, Outcome};

/// Runs the command line of a release: what `/usr/bin/kubectl` is.
pub(crate) async fn main(proc: Proc, profile: &'static Profile) -> i32 {
    let args = proc.args();
    let (before, cli) = prepare(&proc, profile, args.get(1..).unwrap_or_default());
    let (outcome, typed) = match cli {
        Ok(cli) => {
            let outcome = match cli.command.run {
                Some(run) => run(&cli).await,
                None => group(&cli),
            };
            cli.flush().await;
            (outcome, cli.typed)
        }
        Err(failure) => {
            proc.print(before).await;
            (Err(failure), "kubectl".to_owned())
        }
    };
    match outcome {
        Ok(status) => status,
        Err(failure) => {
            proc.eprint(failure.shown(&typed)).await;
            failure.status()
        }
    }
}

/// Everything that needs nobody else: the command with its arguments, or what there is to say and why it ends here.
fn prepare(
    proc: &Proc,
    profile: &'static Profile,
    args: &[String],
) -> (String, Result<Cli, Failure>) {
    let places = words(args);
    let all: Vec<&str> = places.iter().map(|place| args[*place].as_str()).collect();
    if all.first() == Some(&"help") {
        return (asked(profile, &all[1..]), Err(Failure::Exit(0)));
    }
    let Some((command, count)) = table::find(profile, &all) else {
        return without_command(profile, args, &all);
    };
    let mut rest = args.to_vec();
    for place in places[..count].iter().rev() {
        rest.remove(*place);
    }
    let typed = format!("kubectl {}", command.path);
    if !command.lacks.is_empty() {
        let text = format!("{typed} is not simulated: {}", command.lacks);
        return (String::new(), Err(Failure::Text(text)));
    }
    let matches = match read(profile, command, &rest) {
        Ok(matches) => matches,
        Err(Problem::Help(_)) => {
            return (help::command_help(profile, command), Err(Failure::Exit(0)));
        }
        Err(Problem::Text(text)) => {
            let text = format!("error: {text}\nSee '{typed} --help' for usage.");
            return (String::new(), Err(Failure::Plain(text)));
        }
    };
    if let Some(failure) = lacks(profile, command, &matches) {
        return (String::new(), Err(failure));
    }
    let config = match Config::load(proc, command, &matches) {
        Ok(config) => config,
        Err(failure) => return (String::new(), Err(failure)),
    };
    let (proc, printed) = (proc.clone(), RefCell::default());
    (String::new(), Ok(Cli { proc, profile, command, typed, matches, config, printed }))
}

/// The places of the words that are no flags and no flags' values, up to `--`. Flags in front of the command are global.
fn words(args: &[String]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut index = 0;
    while index < args.len() && args[index] != "--" {
        let arg = args[index].as_str();
        if let Some(name) = arg.strip_prefix("--") {
            let takes = |flag: &Flag| flag.name == name && flag.kind != Kind::Bool;
            index += usize::from(GLOBAL.iter().any(takes));
        } else if let Some(letter) = arg.strip_prefix('-').filter(|letters| letters.len() == 1) {
            let takes =
                |flag: &Flag| flag.letter == letter.chars().next() && flag.kind != Kind::Bool;
            index += usize::from(GLOBAL.iter().any(takes));
        } else if !arg.starts_with('-') {
            places.push(index);
        }
        index += 1;
    }
    places
}

/// What `kubectl` says where no command was found.
fn without_command(
    profile: &Profile,
    args: &[String],
    words: &[&str],
) -> (String, Result<Cli, Failure>) {
    let Some(word) = words.first() else {
        let known = ["-h", "--help"];
        let unknown =
            args.iter().find(|arg| arg.starts_with('-') && !known.contains(&arg.as_str()));
        let unknown = unknown.and_then(|_| read_flags(&global(), args).err());
        return match unknown {
            Some(Problem::Text(text)) => {
                let text = format!("error: {text}\nSee 'kubectl --help' for usage.");
                (String::new(), Err(Failure::Plain(text)))
            }
            _ => (help::root_help(profile), Err(Failure::Exit(0))),
        };
    };
    let mut text = format!("unknown command {} for \"kubectl\"\n", quote(word));
    let near = help::suggestions(profile, word);
    if !near.is_empty() {
        text += "\nDid you mean this?\n";
        near.iter().for_each(|name| text += &format!("\t{name}\n"));
    }
    let text = if profile.complains_twice {
        format!("Error: {text}\nRun 'kubectl --help' for usage.\n{text}")
    } else {
        format!("error: {text}")
    };
    (String::new(), Err(Failure::Plain(text)))
}

/// `kubectl help ...`.
fn asked(profile: &Profile, words: &[&str]) -> String {
    match table::find(profile, words) {
        Some((command, _)) => help::command_help(profile, command),
        None if words.is_empty() => help::root_help(profile),
        None => {
            let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
            format!("Unknown help topic [{}]\n{}", words.join(" "), help::root_help(profile))
        }
    }
}

/// Words that only have others below them.
fn group(cli: &Cli) -> Outcome {
    if cli.args().is_empty() {
        cli.out(help::command_help(cli.profile, cli.command));
        return Err(Failure::Exit(i32::from(cli.profile.minor > 17)));
    }
    cli.usage(format!("unknown command {}", quote(&cli.args().join(" "))))
}

fn global() -> Vec<&'static Flag> {
    GLOBAL.iter().collect()
}

fn read(profile: &Profile, command: &Command, args: &[String]) -> Result<Matches, Problem> {
    let mut flags: Vec<&'static Flag> = command.flags_of(profile).collect();
    for flag in GLOBAL {
        if !flags.iter().any(|known| known.name == flag.name) {
            flags.push(flag);
        }
    }
    read_flags(&flags, args)
}

fn read_flags(flags: &[&'static Flag], args: &[String]) -> Result<Matches, Problem> {
    let spellings: Vec<Spelling> = flags
        .iter()
        .map(|flag| Spelling {
            name: flag.name,
            shorthand: flag.letter,
            bare: match flag.kind {
                Kind::Bool => Some("true"),
                Kind::Bare(value) => Some(value),
                _ => None,
            },
            means: None,
        })
        .collect();
    let check = |index: usize, text: &str, _: &str| checked(flags[index], text);
    pflag::parse(&spellings, &check, true, args)
}

fn checked(flag: &Flag, text: &str) -> Result<(), String> {
    let shown = quote(text);
    let reason = match flag.kind {
        Kind::Bool if boolean(text).is_none() => {
            format!("strconv.ParseBool: parsing {shown}: invalid syntax")
        }
        Kind::Int if text.parse::<i64>().is_err() => {
            format!("strconv.ParseInt: parsing {shown}: invalid syntax")
        }
        Kind::Duration if sim::Duration::parse(text).is_none() => {
            format!("time: invalid duration {shown}")
        }
        _ => return Ok(()),
    };
    let name = match flag.letter {
        Some(letter) => format!("-{letter}, --{}", flag.name),
        None => format!("--{}", flag.name),
    };
    Err(format!("invalid argument {shown} for \"{name}\" flag: {reason}"))
}

/// What of a command is not simulated, said before anything is done.
fn lacks(profile: &Profile, command: &Command, matches: &Matches) -> Option<Failure> {
    let typed = format!("kubectl {}", command.path);
    let flags = command.flags_of(profile).chain(GLOBAL);
    let mut lacking = flags.filter(|flag| !flag.lacks.is_empty() && matches.changed(flag.name));
    let is_off = |flag: &&Flag| flag.kind == Kind::Bool && !matches.is_set(flag.name);
    let flag = lacking.find(|flag| !is_off(flag))?;
    Some(Failure::text(format!("{typed} --{} is not simulated: {}", flag.name, flag.lacks)))
}
