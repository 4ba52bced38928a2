//! `glasshive sweep`: many seeds, or one recorded history.

use std::fs;
use std::io::{self, Write};
use std::ops::Range;

use serde_json::json;
use sim::Duration;
use sweep::{Cluster, FaultSet, History, Mode, Options, fleet, shrink};
use world::World;

use crate::args::{Args, Usage};
use crate::{BAD, Done, FAILED, OK};

/// Seeds unless told otherwise: about a minute on two cores.
const SEEDS: Range<u64> = 0..200;
/// Replays that shrinking one history may take.
const SHRINK_BUDGET: u32 = 400;
/// Nor may it take much longer than this.
const SHRINK_PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
/// More failures than this tell nothing new.
const FAILURES_MAX: usize = 5;

/// Runs the command.
pub(crate) fn sweep(args: &[String], out: &mut dyn Write, err: &mut dyn Write) -> Done {
    let names = ["seeds", "hours", "mode", "faults", "shard", "threads", "replay"];
    let mut args = Args::read(args, &names, &["json", "trace", "kube"])?;
    args.end()?;
    let (json, trace) = (args.flag("json"), args.flag("trace"));
    match args.text("replay") {
        Some(path) => return Ok(replay(&path, json, trace, out, err)),
        None if trace => return Err(Usage("--trace goes with --replay FILE".to_owned())),
        None => {}
    }
    let options = options(&mut args)?;
    Ok(run(&options, json, out, err))
}

fn options(args: &mut Args) -> Result<Options, Usage> {
    let hours = args.number("hours")?;
    let mode = match args.text("mode").as_deref() {
        None | Some("safety") => Mode::Safety,
        Some("liveness") => Mode::Liveness,
        Some(other) => {
            return Err(Usage(format!("--mode takes safety or liveness, not `{other}`")));
        }
    };
    let faults = match args.text("faults") {
        None => FaultSet::default(),
        Some(text) => FaultSet::parse(&text).map_err(Usage)?,
    };
    let threads = args.number("threads")?.map(|count| usize::try_from(count).unwrap_or(1));
    Ok(Options {
        // With a limit of time the seeds go on until then.
        seeds: match args.text("seeds") {
            Some(text) => range(&text)?,
            None if hours.is_some() => 0..u64::MAX,
            None => SEEDS,
        },
        simulated_max: hours.map(|hours| Duration::from_secs(hours.saturating_mul(3_600))),
        cluster: if args.flag("kube") { Cluster::Kubernetes } else { Cluster::Swarm },
        faults,
        shard: shard(args.text("shard").as_deref())?,
        mode,
        threads,
        failures_max: FAILURES_MAX,
    })
}

fn range(text: &str) -> Result<Range<u64>, Usage> {
    let numbers = match text.split_once("..") {
        Some((first, end)) => first.parse().ok().zip(end.parse().ok()),
        None => text.parse().ok().and_then(|seed: u64| Some((seed, seed.checked_add(1)?))),
    };
    match numbers {
        Some((first, end)) if first < end => Ok(first..end),
        _ => Err(Usage(format!("--seeds takes a seed or a range such as 0..100, not `{text}`"))),
    }
}

fn shard(text: Option<&str>) -> Result<(u64, u64), Usage> {
    let Some(text) = text else { return Ok((0, 1)) };
    let numbers = text.split_once('/').and_then(|(one, of)| one.parse().ok().zip(of.parse().ok()));
    match numbers {
        Some((one, of)) if one < of => Ok((one, of)),
        _ => Err(Usage(format!("--shard takes a part such as 0/4 or 3/4, not `{text}`"))),
    }
}

fn run(options: &Options, json: bool, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let report = fleet::sweep(options, err)?;
    for (seed, history) in &report.failures {
        let before = history.inputs.len();
        write!(err, "seed {seed}: shrinking {before} inputs ... ")?;
        err.flush()?;
        let shortest = shrink::shrink(history, SHRINK_BUDGET, SHRINK_PATIENCE);
        writeln!(err, "{} are left", shortest.inputs.len())?;
        tell(*seed, &shortest, json, out)?;
    }
    if json {
        writeln!(out, "{}", report.json())?;
    } else {
        writeln!(out, "{}", report.line())?;
    }
    Ok(if report.failures.is_empty() { OK } else { FAILED })
}

/// Writes the history to a file and says how to play it.
fn tell(seed: u64, history: &History, json: bool, out: &mut dyn Write) -> io::Result<()> {
    let path = format!("sweep-{seed}.json");
    fs::write(&path, serde_json::to_string_pretty(history)?)?;
    let failure = history.failure.as_ref();
    if json {
        let failure = failure.map(|failure| (&failure.name, &failure.what));
        let count = history.inputs.len();
        return writeln!(
            out,
            "{}",
            json!({ "seed": seed, "failure": failure, "inputs": count, "file": path })
        );
    }
    let what = failure.map_or("", |failure| failure.what.as_str());
    let kube = history.spec.kube.as_ref();
    let kube = kube.map_or_else(String::new, |kube| format!(", Kubernetes {}", kube.version));
    writeln!(out, "seed {seed}: {what}\n  docker {}{kube}, inputs:", history.spec.docker)?;
    for recorded in &history.inputs {
        let at = recorded.at_ns / 1_000_000;
        writeln!(out, "  {at:>9} ms {}", serde_json::to_string(&recorded.input)?)?;
    }
    writeln!(out, "  again: glasshive sweep --replay {path}\n")
}

fn replay(
    path: &str,
    json: bool,
    trace: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let history: History = match fs::read_to_string(path).map(|text| serde_json::from_str(&text)) {
        Ok(Ok(history)) => history,
        Ok(Err(error)) => {
            return writeln!(err, "{path}:{}:{}: {error}", error.line(), error.column())
                .map(|()| BAD);
        }
        Err(error) => return writeln!(err, "glasshive: {path}: {error}").map(|()| BAD),
    };
    let mut told = Ok(());
    let outcome = history.replay_and(|world| {
        if trace {
            told = tell_trace(world, out);
        }
    });
    told?;
    if json {
        let failure = outcome.failure.as_ref().map(|failure| (&failure.name, &failure.what));
        let (events, digest) = (outcome.event_count, &outcome.digest);
        writeln!(out, "{}", json!({ "failure": failure, "events": events, "digest": digest }))?;
    } else {
        match &outcome.failure {
            Some(failure) => writeln!(out, "{failure}")?,
            None => writeln!(out, "all holds: {} events, {}", outcome.event_count, outcome.digest)?,
        }
    }
    Ok(if outcome.failure.is_none() { OK } else { FAILED })
}

/// What happened and where, line by line.
fn tell_trace(world: &World, out: &mut dyn Write) -> io::Result<()> {
    let nodes = &world.spec().nodes;
    for entry in world.trace().entries() {
        let at = entry.at.since(world.started()).as_millis();
        let host = entry.host.and_then(|host| nodes.get(usize::from(host.0)));
        let host = host.map_or("-", String::as_str);
        writeln!(out, "{at:>9} ms {host:<4} {:<20} {}", entry.kind, entry.detail)?;
    }
    Ok(())
}
