//! Glasshive without a browser: play, check and test labs, talk to a cluster in JSON lines, and look for
//! faults of our own in thousands of random histories.
//!
//! This crate decides nothing: it reads arguments, drives the runner or a world, and prints. Its exit
//! statuses are the same everywhere: 0 all as it should be, 1 something is not, 2 a usage that is none
//! or a file that cannot be read.

mod args;
mod audit;
mod files;
mod play;
mod session;
mod sweeping;

use std::io::{self, BufRead, Write};

use args::{Args, Usage};

/// All is as it should be.
pub const OK: u8 = 0;
/// Something in a lab does not hold.
pub const FAILED: u8 = 1;
/// No such usage, or a file that is no lab.
pub const BAD: u8 = 2;

/// As wide are the terminals of a session: as those that most documents show, which have room for bars.
const COLUMNS: u64 = 120;

const HELP: &str = "\
Glasshive: a whole Docker Swarm as a deterministic simulation

Usage:
  glasshive run PATH [--seed N] [--json]      play a lab and say whether all holds
  glasshive test PATH [--seed N] [--seeds N]  play it as its author: checks fail before and hold after
  glasshive lint PATH                         read it and list every mistake
  glasshive audit PATH [--seed N] [--allow PLACE,...] [--json]
                                              play it and tell where clear text was found, and why
  glasshive session --nodes A,B,C [--managers A,B] [--docker 17.03] [--seed N]
                    [--kube A,B [--kubectl 1.25] [--control-planes 1]]
                    [--user ubuntu] [--prompt PS1] [--columns 120] [--pre-vote]
                                              a cluster to talk to, JSON lines in and out
  glasshive differences                       where the simulation is not what it simulates
  glasshive sweep [--kube] [--seeds A..B] [--hours H] [--mode safety|liveness] [--faults SET]
                  [--shard I/N] [--threads N] [--json]
                                              random work on a Docker Swarm, or a Kubernetes, under random
                                              faults, with every invariant on
  glasshive sweep --replay FILE [--json] [--trace]
                                              play a history that a sweep has written; --trace: all that
                                              happened
  glasshive --help | --version

PATH is a lab file (NAME.lab.md) or a folder of them; for `audit` also a recorded run (NAME.json).
SET is all, none, or kinds of faults such as crash,cut. I/N is a part of the seeds, from 0/N to N-1/N; H is
virtual time, of all seeds together.
Exit status: 0 all holds, 1 something does not, 2 wrong usage or a file that is no lab.
";

/// Runs the program with its arguments, without its name; the exit status.
pub fn main(
    args: &[String],
    input: &mut dyn BufRead,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let done = command(args, input, out, err).and_then(|status| out.flush().map(|()| status));
    // Nobody reads what is printed any more, so nobody can be told.
    done.unwrap_or(FAILED)
}

fn command(
    args: &[String],
    input: &mut dyn BufRead,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let Some((name, rest)) = args.split_first() else {
        write!(err, "{HELP}")?;
        return Ok(BAD);
    };
    if rest.iter().any(|arg| arg == "--help" || arg == "-h") {
        return write!(out, "{HELP}").map(|()| OK);
    }
    let done = match name.as_str() {
        "run" => run(rest, out, err),
        "test" => test(rest, out, err),
        "lint" => lint(rest, out, err),
        "audit" => audit(rest, out, err),
        "session" => start_session(rest, input, out, err),
        "differences" => differences(rest, out),
        "sweep" => sweeping::sweep(rest, out, err),
        "-h" | "--help" | "help" => return write!(out, "{HELP}").map(|()| OK),
        "-V" | "--version" => {
            return writeln!(out, "glasshive {}", env!("CARGO_PKG_VERSION")).map(|()| OK);
        }
        other => Err(Usage(format!(
            "unknown command `{other}`: expected run, test, lint, audit, session, sweep or \
             differences"
        ))),
    };
    match done {
        Ok(done) => done,
        Err(Usage(message)) => {
            writeln!(err, "glasshive: {message}\nSee `glasshive --help`.")?;
            Ok(BAD)
        }
    }
}

type Done = Result<io::Result<u8>, Usage>;

/// Where the simulation is not what it simulates, one item a line behind a `- `.
pub const DIFFERENCES: &str = include_str!("../../../docs/differences.md");

fn differences(args: &[String], out: &mut dyn Write) -> Done {
    Args::read(args, &[], &[])?.end()?;
    Ok(write!(out, "{DIFFERENCES}").map(|()| OK))
}

fn run(args: &[String], out: &mut dyn Write, err: &mut dyn Write) -> Done {
    let mut args = Args::read(args, &["seed"], &["json"])?;
    let (path, seed, json) = (args.path()?, args.number("seed")?, args.flag("json"));
    Ok((|| {
        let Some(labs) = files::read(&path, err)? else { return Ok(BAD) };
        let mut status = OK;
        for (_, lab) in labs {
            status = status.max(play::run(lab, seed, json, out, err)?);
        }
        Ok(status)
    })())
}

fn test(args: &[String], out: &mut dyn Write, err: &mut dyn Write) -> Done {
    let mut args = Args::read(args, &["seed", "seeds"], &[])?;
    let path = args.path()?;
    let (seed, seeds) = (args.number("seed")?, args.number("seeds")?.unwrap_or(1));
    if !(1..=1_000).contains(&seeds) {
        return Err(Usage("--seeds takes a number from 1 to 1000".to_owned()));
    }
    Ok((|| {
        let Some(labs) = files::read(&path, err)? else { return Ok(BAD) };
        let mut status = OK;
        for (name, lab) in labs {
            status = status.max(play::test(&name, lab, seed, seeds, out, err)?);
        }
        Ok(status)
    })())
}

fn lint(args: &[String], out: &mut dyn Write, err: &mut dyn Write) -> Done {
    let path = Args::read(args, &[], &[])?.path()?;
    Ok((|| {
        let Some(labs) = files::read(&path, err)? else { return Ok(BAD) };
        for (name, lab) in labs {
            let (steps, commands) = (lab.steps.len(), lab.command_count());
            writeln!(out, "{name}: {steps} steps, {commands} commands, no mistakes")?;
        }
        Ok(OK)
    })())
}

fn audit(args: &[String], out: &mut dyn Write, err: &mut dyn Write) -> Done {
    let mut args = Args::read(args, &["seed", "allow"], &["json"])?;
    let (path, seed, json) = (args.path()?, args.number("seed")?, args.flag("json"));
    let allow = args.list("allow")?.unwrap_or_default();
    let allow = allow.iter().map(|rule| world::PlaceRule::parse(rule)).collect::<Result<_, _>>();
    let allow: Vec<world::PlaceRule> = allow.map_err(|error| Usage(format!("--allow: {error}")))?;
    Ok((|| {
        let audited = if path.ends_with(".json") {
            let rules = world::AuditRules { allow, ..world::AuditRules::default() };
            let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
            vec![text.and_then(|text| audit::recording(&path, &text, &rules))]
        } else {
            let Some(labs) = files::read(&path, err)? else { return Ok(BAD) };
            labs.into_iter().map(|(_, lab)| audit::lab(lab, seed, &allow)).collect()
        };
        let mut status = OK;
        for (index, audited) in audited.into_iter().enumerate() {
            match audited {
                Err(error) => {
                    writeln!(err, "glasshive: {path}: {error}")?;
                    status = BAD;
                }
                Ok(audited) => {
                    if index > 0 && !json {
                        writeln!(out)?;
                    }
                    if json {
                        audited.print_json(out)?
                    } else {
                        audited.print(out)?
                    }
                    status = status.max(if audited.is_clean() { OK } else { FAILED });
                }
            }
        }
        Ok(status)
    })())
}

fn start_session(
    args: &[String],
    input: &mut dyn BufRead,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Done {
    const OPTIONS: [&str; 10] = [
        "nodes",
        "managers",
        "docker",
        "kube",
        "kubectl",
        "control-planes",
        "seed",
        "user",
        "prompt",
        "columns",
    ];
    let mut args = Args::read(args, &OPTIONS, &["pre-vote"])?;
    args.end()?;
    let Some(nodes) = args.list("nodes")? else {
        return Err(Usage("a session needs hosts: expected --nodes node1,node2,...".to_owned()));
    };
    let mut spec = world::Spec::new(nodes);
    if let Some(managers) = args.list("managers")? {
        spec = spec.with_managers(managers);
    }
    if let Some(version) = args.text("docker") {
        spec = spec.with_docker(&version);
    }
    if let Some(hosts) = args.list("kube")? {
        let version = args.text("kubectl").unwrap_or_else(|| "1.25".to_owned());
        let mut kube = world::KubeSpec::new(hosts, &version);
        if let Some(count) = args.number("control-planes")? {
            kube.control_planes = usize::try_from(count).unwrap_or(usize::MAX);
        }
        spec = spec.with_kube(kube);
    }
    if let Some(seed) = args.number("seed")? {
        spec = spec.with_seed(seed);
    }
    spec.user = args.text("user");
    spec.prompt = args.text("prompt");
    let columns = args.number("columns")?.unwrap_or(COLUMNS);
    spec.columns = Some(u16::try_from(columns).unwrap_or(u16::MAX).max(20));
    spec.pre_vote = args.flag("pre-vote");
    match world::World::new(spec) {
        Ok(mut world) => {
            // From the beginning, so that it knows who put what where.
            world.start_audit();
            Ok(session::talk(world, input, out))
        }
        Err(error) => Ok(writeln!(err, "glasshive: {error}").map(|()| BAD)),
    }
}
