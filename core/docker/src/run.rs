//! From arguments to a command: finding it in the table, parsing, help, complaints.

use daemon::client::Client;
use os::Proc;

use crate::cli::{Cli, Failure};
use crate::endpoint;
use crate::help;
use crate::parse::{Matches, Problem, parse};
use crate::profile::{Complaint, Profile, V17_06};
use crate::table::{self, Command, Count, Group, Outcome};
use crate::value::{below_zero, quote};
use swarm::control::ApiError;

/// The exit status of wrong flags and of `run`'s own failures.
const USAGE_STATUS: i32 = 125;

/// Runs the command line of a release: what `/usr/bin/docker` is.
pub(crate) async fn main(proc: Proc, profile: &'static Profile) -> i32 {
    let args = proc.args();
    ended(&proc, profile, run(&proc, profile, args.get(1..).unwrap_or_default()).await).await
}

/// Runs what `/usr/local/bin/docker-compose` is.
pub(crate) async fn compose_main(proc: Proc, profile: &'static Profile) -> i32 {
    let args = proc.args();
    let args = args.get(1..).unwrap_or_default();
    ended(
        &proc,
        profile,
        run_in_group(&proc, profile, &Matches::default(), &table::COMPOSE, "docker-compose", args)
            .await,
    )
    .await
}

async fn ended(proc: &Proc, profile: &Profile, outcome: Outcome) -> i32 {
    match outcome {
        Ok(status) => status,
        Err(failure) => {
            let message = failure.message(profile);
            if !message.is_empty() {
                proc.eprint(format!("{message}\n")).await;
            }
            failure.status()
        }
    }
}

async fn run(proc: &Proc, profile: &'static Profile, args: &[String]) -> Outcome {
    let root_flags: Vec<_> = table::root_flags(profile).collect();
    let root = match parse(profile, &root_flags, false, args) {
        Ok(root) => root,
        Err(Problem::Help(_)) => {
            proc.print(help::root_help(profile)).await;
            return Ok(0);
        }
        Err(Problem::Text(text)) => {
            let usage = help::root_help(profile);
            let hint = match profile.complaint {
                Complaint::Prefixed => {
                    flag_complaint(profile, "docker", "[OPTIONS] COMMAND [ARG...]", &text)
                }
                _ => format!("{text}\nSee 'docker --help'.\n{usage}"),
            };
            return Err(Failure::Status(hint, USAGE_STATUS));
        }
    };
    refuse_unsimulated(profile, "docker", &root_flags, &root)?;
    if root.is_set("version") {
        let text = format!("Docker version {}, build {}\n", profile.engine, profile.commit);
        proc.print(text).await;
        return Ok(0);
    }
    let Some((word, rest)) = root.args.split_first() else {
        proc.eprint(help::root_help(profile)).await;
        return Ok(0);
    };
    if word == "help" {
        return help_command(proc, profile, rest).await;
    }
    if let Some(group) = table::groups(profile).find(|group| group.name == *word) {
        let typed = format!("docker {}", group.name);
        return run_in_group(proc, profile, &root, &group, &typed, rest).await;
    }
    match table::at_top(profile, word) {
        Some(command) => {
            let typed = format!("docker {word}");
            let group = Matches::default();
            run_command(proc, profile, (&root, group), command, typed, rest).await
        }
        None => Err(unknown_command(profile, word)),
    }
}

fn unknown_command(profile: &Profile, word: &str) -> Failure {
    Failure::text(match profile.complaint {
        Complaint::Prefixed => format!(
            "docker: unknown command: docker {word}\n\nRun 'docker --help' for more information"
        ),
        Complaint::Parenthesis | Complaint::Plural => {
            format!("docker: '{word}' is not a docker command.\nSee 'docker --help'")
        }
    })
}

async fn run_in_group(
    proc: &Proc,
    profile: &'static Profile,
    root: &Matches,
    group: &Group,
    typed: &str,
    args: &[String],
) -> Outcome {
    if let Some(whose) = group.experiment(profile) {
        let command = args.first().and_then(|word| table::in_group(profile, group.name, word));
        // Until 17.03 only the command itself was looked at, not its group.
        if command.is_none() || V17_06 <= profile.version {
            let typed = command.map_or(typed.to_owned(), |it| format!("{typed} {}", it.name()));
            let answer = table::experimental_answer(profile, &typed, whose);
            return answer_for_all(proc, args, answer).await;
        }
    }
    if let Some(what) = group.unsimulated {
        return Err(Failure::text(format!("not simulated: {typed} ({what})")));
    }
    let flags = group.flags();
    let matches = match parse(profile, &flags, false, args) {
        Ok(matches) => matches,
        Err(Problem::Help(_)) => {
            proc.print(help::group_help(profile, group, proc.columns())).await;
            return Ok(0);
        }
        Err(Problem::Text(text)) => {
            let usage = help::group_help(profile, group, proc.columns());
            let text = match profile.complaint {
                Complaint::Prefixed => flag_complaint(profile, typed, "COMMAND", &text),
                _ => format!("{text}\nSee '{typed} --help'.\n{usage}"),
            };
            return Err(Failure::Status(text, USAGE_STATUS));
        }
    };
    refuse_unsimulated(profile, typed, &flags, &matches)?;
    let version = ["version".to_owned()];
    let words = if matches.is_set("version") { &version[..] } else { &matches.args };
    let Some((word, rest)) = words.split_first() else {
        proc.eprint(help::group_help(profile, group, proc.columns())).await;
        return Ok(0);
    };
    if word == "help" && !flags.is_empty() {
        proc.print(help::group_help(profile, group, proc.columns())).await;
        return Ok(0);
    }
    match table::in_group(profile, group.name, word) {
        Some(command) => {
            let (typed, rest) = (format!("{typed} {}", command.name()), rest.to_vec());
            run_command(proc, profile, (root, matches), command, typed, &rest).await
        }
        None => Err(Failure::text(match profile.complaint {
            Complaint::Prefixed => format!(
                "docker: unknown command: docker {name} {word}\n\nUsage:  docker {name} \
                 COMMAND\n\nRun 'docker {name} --help' for more information",
                name = group.name
            ),
            _ => {
                format!("\n{}", help::group_help(profile, group, proc.columns()).trim_matches('\n'))
            }
        })),
    }
}

/// Whatever is asked of a command that is switched off comes to this; help does not fail for it.
async fn answer_for_all(proc: &Proc, args: &[String], answer: String) -> Outcome {
    if args.iter().any(|arg| arg == "--help") {
        proc.print(answer + "\n").await;
        return Ok(0);
    }
    Err(Failure::text(answer))
}

async fn help_command(proc: &Proc, profile: &'static Profile, words: &[String]) -> Outcome {
    let columns = proc.columns();
    let text = match words {
        [] => Some(help::root_help(profile)),
        [word] => match table::groups(profile).find(|group| group.name == *word) {
            Some(group) => Some(help::group_help(profile, &group, columns)),
            None => table::at_top(profile, word).map(|command| {
                help::command_help(profile, &format!("docker {word}"), command, columns)
            }),
        },
        [group, word] => table::in_group(profile, group, word).map(|command| {
            let typed = format!("docker {group} {}", command.name());
            let group = table::groups(profile).find(|known| known.name == *group);
            let whose = group.filter(|_| V17_06 <= profile.version);
            match whose.and_then(|group| group.experiment(profile)) {
                Some(whose) => table::experimental_answer(profile, &typed, whose) + "\n",
                None => help::command_help(profile, &typed, command, columns),
            }
        }),
        _ => None,
    };
    match text {
        Some(text) => {
            proc.print(text).await;
            Ok(0)
        }
        None => Err(Failure::text(format!("unknown help topic: {}", words.join(" ")))),
    }
}

async fn run_command(
    proc: &Proc,
    profile: &'static Profile,
    (root, group): (&Matches, Matches),
    command: &'static Command,
    typed: String,
    args: &[String],
) -> Outcome {
    let flags: Vec<_> = command.flags_of(profile).collect();
    if command.is_experimental(profile) {
        let answer = table::experimental_answer(profile, &typed, table::EXPERIMENTAL_DAEMON);
        return answer_for_all(proc, args, answer).await;
    }
    let asks_for_help = args.iter().any(|arg| arg == "--help");
    if let Some(what) = command.unsimulated
        && !asks_for_help
    {
        return Err(Failure::text(format!("not simulated: {typed} ({what})")));
    }
    let matches = match parse(profile, &flags, command.interspersed, args) {
        Ok(matches) => matches,
        Err(Problem::Help(_)) => {
            let text = help::command_help(profile, &typed, command, proc.columns());
            proc.print(text).await;
            return Ok(0);
        }
        Err(Problem::Text(text)) => {
            let usage = command.usage(profile);
            let text = flag_complaint(profile, &typed, usage, &text);
            return Err(Failure::Status(text, USAGE_STATUS));
        }
    };
    check_count(profile, &typed, command, matches.args.len())?;
    refuse_unsimulated(profile, &typed, &flags, &matches)?;
    refuse_below_zero(profile, &typed, command, &matches)?;
    let Some(run) = command.run else {
        return Err(Failure::text(format!("not simulated: {typed}")));
    };
    // Contexts can be managed whatever they are.
    let client = match command.group() {
        "context" => Client::new(proc),
        _ => endpoint::client(proc, profile, root)?,
    };
    let (proc, root) = (proc.clone(), root.clone());
    let cli = Cli { proc, client, profile, command, typed, matches, group, root };
    run(&cli).await
}

fn refuse_unsimulated(
    _profile: &Profile,
    typed: &str,
    flags: &[table::Flag],
    matches: &Matches,
) -> Result<(), Failure> {
    let given = flags.iter().filter(|flag| matches.changed(flag.name()));
    match given.filter_map(|flag| Some((flag, flag.unsimulated?))).next() {
        Some((flag, what)) => {
            Err(Failure::text(format!("not simulated: {typed} --{} ({what})", flag.name())))
        }
        None => Ok(()),
    }
}

/// Durations below zero, which flags take and nobody behind them (docker/cli: `PositiveDurationOpt`;
/// swarmkit: `manager/controlapi/service.go`).
fn refuse_below_zero(
    profile: &Profile,
    typed: &str,
    command: &Command,
    matches: &Matches,
) -> Result<(), Failure> {
    for name in matches.names() {
        let text = matches.get(name).unwrap_or_default();
        match below_zero(name, text) {
            None => {}
            Some("") if typed.contains("service") => {
                let text = format!(
                    "invalid argument {} for \"--{name}\" flag: duration cannot be negative",
                    quote(text)
                );
                let text = flag_complaint(profile, typed, command.usage(profile), &text);
                return Err(Failure::Status(text, USAGE_STATUS));
            }
            Some("") => {
                let text = format!("docker: --{name} cannot be negative\n{}", profile.run_hint);
                return Err(Failure::Status(text, USAGE_STATUS));
            }
            Some(words) => {
                let text = format!("TaskSpec: {words} cannot be negative");
                return Err(Failure::Api(ApiError::invalid(text).into()));
            }
        }
    }
    Ok(())
}

fn flag_complaint(profile: &Profile, typed: &str, usage: &str, text: &str) -> String {
    match profile.complaint {
        Complaint::Prefixed => format!(
            "{text}\n\nUsage:  {typed} {usage}\n\nRun '{typed} --help' for more information"
        ),
        Complaint::Parenthesis | Complaint::Plural => format!("{text}\nSee '{typed} --help'."),
    }
}

fn check_count(
    profile: &Profile,
    typed: &str,
    command: &Command,
    given: usize,
) -> Result<(), Failure> {
    let plural = |count: usize| match profile.complaint {
        Complaint::Parenthesis => "argument(s)",
        _ if count == 1 => "argument",
        _ => "arguments",
    };
    let prefixed = profile.complaint == Complaint::Prefixed;
    let count = command.count(profile);
    let text = match count {
        Count::None if given > 0 => format!("accepts no {}", plural(0)),
        Count::Exact(exact) if given != exact => {
            let word = if prefixed { "" } else { "exactly " };
            format!("requires {word}{exact} {}", plural(exact))
        }
        Count::Min(min) if given < min => format!("requires at least {min} {}", plural(min)),
        Count::Max(max) if given > max => format!("requires at most {max} {}", plural(max)),
        Count::Range(min, max) if given < min || given > max => {
            format!("requires at least {min} and at most {max} {}", plural(max))
        }
        _ => return Ok(()),
    };
    let usage = help::use_line(profile, typed, command);
    Err(Failure::text(if prefixed {
        let hint = if matches!(count, Count::Min(_)) { "See" } else { "Run" };
        format!(
            "docker: '{typed}' {text}\n\nUsage:  {usage}\n\n{hint} '{typed} --help' for more \
             information"
        )
    } else {
        let short = command.short(profile);
        format!("\"{typed}\" {text}.\nSee '{typed} --help'.\n\nUsage:  {usage}\n\n{short}")
    }))
}
