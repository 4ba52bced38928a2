//! How fast the simulation is: `cargo run --release -p glasshive-tests --bin bench`.
//!
//! With the argument `idle` it measures the idle cluster alone. It prints a table and decides nothing: time depends on the machine, so no test looks at it. Every
//! figure is the median of some runs, with the fastest and the slowest beside it.
#![allow(clippy::print_stdout, reason = "a program whose output is a table")]
#![allow(clippy::float_arithmetic, reason = "wall-clock time, for people to read")]

use std::rc::Rc;
use std::time::Instant;

use invariants::Watch;
use labs::{Goal, Lab, Runner, WorldRunner};
use world::{Duration, Spec, World};

const SECRETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../labs/secrets/secrets.lab.md");

/// Runs of one measurement.
const RUN_COUNT: usize = 11;
/// Seeds of the idle cluster.
const IDLE_RUN_COUNT: u64 = 5;
/// Commands that are named.
const WORST_COUNT: usize = 10;
/// How long the idle cluster is left alone, in hours.
const IDLE_HOURS: u64 = 10;

fn main() -> Result<(), String> {
    println!("{:<44} {:>12} {:>12} {:>12}", "", "min", "median", "max");
    let is_all = std::env::args().nth(1).as_deref() != Some("idle");
    if is_all {
        short_runs()?;
    }
    long_runs()?;
    if is_all { commands() } else { Ok(()) }
}

fn large() -> Spec {
    Spec::new(["m1", "m2", "m3", "w1", "w2"]).with_managers(["m1", "m2", "m3"])
}

/// Boots and a lab.
fn short_runs() -> Result<(), String> {
    let source = std::fs::read_to_string(SECRETS).map_err(|error| format!("{SECRETS}: {error}"))?;
    let lab = Rc::new(labs::author::read(&source).map_err(|problems| format!("{problems:?}"))?);
    let small = Spec::new(["node1", "node2", "node3"]).with_managers(["node1"]);
    let boot = measure(RUN_COUNT, || millis(|| World::new(small.clone()).map(drop)))?;
    row("boot of 1 manager and 2 workers, ms", &boot, 1);
    let boot = measure(RUN_COUNT, || millis(|| World::new(large()).map(drop)))?;
    row("boot of 3 managers and 2 workers, ms", &boot, 1);

    let (mut plain, mut audited) = (Vec::new(), Vec::new());
    for _ in 0..RUN_COUNT {
        // Turn by turn, so that what else the machine does meets both.
        plain.push(millis(|| replay(&lab, false))?);
        audited.push(millis(|| replay(&lab, true))?);
    }
    row("replay of the Secrets lab, ms", &plain, 1);
    row("the same with the leak audit, ms", &audited, 1);
    println!("{:<44} {:>12.0}", "the audit's part of the best time, %", part(&plain, &audited));
    Ok(())
}

/// The commands of all transcripts that take the most work: wall time of a line from its Enter key to the
/// prompt, the cluster's own life in the virtual time meanwhile included.
fn commands() -> Result<(), String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/transcripts");
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{folder}: {error}"))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut lines = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let watched = glasshive_tests::transcript::watch(&path, &mut |_, text, play| {
            let start = Instant::now();
            let passed = play();
            let work = start.elapsed().as_secs_f64() * 1000.0;
            lines.push((work, passed, format!("{name}: {text}")));
        });
        watched.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    lines.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("\nThe most work for a command, of {}; virtual time; line", lines.len());
    for (work, passed, line) in lines.iter().take(WORST_COUNT) {
        let line: String = line.chars().take(90).collect();
        println!("{work:>10.1} ms {:>9} ms  {line}", passed.as_millis());
    }
    Ok(())
}

/// An idle cluster, for hours.
fn long_runs() -> Result<(), String> {
    let (mut plain, mut watched, mut audited) = (Vec::new(), Vec::new(), Vec::new());
    let mut rates = Vec::new();
    for seed in 0..IDLE_RUN_COUNT {
        let spec = large().with_seed(seed);
        let (speed, rate) = idle(&spec, Onlooker::Nobody)?;
        plain.push(speed);
        rates.push(rate);
        watched.push(idle(&spec, Onlooker::Invariants)?.0);
        audited.push(idle(&spec, Onlooker::Audit)?.0);
    }
    row(&format!("idle 3+2, {IDLE_HOURS} h: simulated s per real s"), &plain, 0);
    row("the same: events per real s", &rates, 0);
    row("the same with the invariants, simulated s", &watched, 0);
    row("the same with the leak audit, simulated s", &audited, 0);
    let time = |speeds: &[f64]| speeds.iter().map(|speed| 1.0 / speed).collect::<Vec<f64>>();
    let part = |more| part(&time(&plain), &time(more));
    println!("{:<44} {:>12.0}", "the invariants' part of the best time, %", part(&watched));
    println!("{:<44} {:>12.0}", "the audit's part of the best time, %", part(&audited));
    Ok(())
}

/// Who looks at a world after every event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Onlooker {
    Nobody,
    /// All that must hold, as a sweep has it: each looks only when something of its own has changed.
    Invariants,
    Audit,
}

/// An idle cluster with a secret in use: simulated seconds and events per real second.
fn idle(spec: &Spec, onlooker: Onlooker) -> Result<(f64, f64), String> {
    let mut world = World::new(spec.clone()).map_err(|error| error.to_string())?;
    if onlooker == Onlooker::Audit {
        world.start_audit();
    }
    let setup = "printf 'a secret to look for' | docker secret create pw - && \
                 docker service create --name web --replicas 2 --secret pw nginx";
    world.run_line("m1", setup, world::LINE_LIMIT).map_err(|error| error.to_string())?;
    world.advance(Duration::from_secs(60));
    let mut watch = Watch::new(&world).map_err(|violation| violation.to_string())?;
    let events = world.event_count();
    let start = Stopwatch::start();
    let end = world.now() + Duration::from_secs(IDLE_HOURS * 3600);
    if onlooker == Onlooker::Invariants {
        while world.step(end) {
            watch.after(&world).map_err(|violation| violation.to_string())?;
        }
    } else {
        world.advance_until(end);
    }
    let seconds = start.seconds();
    let rate = (world.event_count() - events) as f64 / seconds;
    Ok(((IDLE_HOURS * 3600) as f64 / seconds, rate))
}

/// By how much the least of `more` is more than the least of `less`, in per cent of it: the least,
/// because what else a machine does only ever adds.
fn part(less: &[f64], more: &[f64]) -> f64 {
    let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    (1.0 - least(less) / least(more)) * 100.0
}

/// The lab from boot to its end; an error if anything in it does not hold.
fn replay(lab: &Rc<Lab>, audited: bool) -> Result<(), String> {
    let mut world = World::new(lab.spec(None)).map_err(|error| error.to_string())?;
    if audited {
        world.start_audit();
    }
    let mut runner: WorldRunner = Runner::new(Rc::clone(lab), world.started(), world.now());
    let end = world.now() + Duration::from_secs(24 * 3600);
    runner.play(Goal::All);
    while !runner.is_finished() {
        if runner.drive(&mut world, end).is_empty() {
            return Err("the lab does not come to an end".to_owned());
        }
    }
    if runner.holds() { Ok(()) } else { Err("the lab does not hold".to_owned()) }
}

fn millis<E: ToString>(act: impl FnOnce() -> Result<(), E>) -> Result<f64, String> {
    let start = Stopwatch::start();
    act().map_err(|error| error.to_string())?;
    Ok(start.seconds() * 1000.0)
}

/// Measures the time that this thread has had a processor, where the system tells it: what else the
/// machine does counts less then. Elsewhere the time on the wall.
struct Stopwatch {
    started: Instant,
    used: Option<f64>,
}

impl Stopwatch {
    fn start() -> Self {
        Self { started: Instant::now(), used: Self::used() }
    }

    fn seconds(&self) -> f64 {
        match (self.used, Self::used()) {
            (Some(before), Some(now)) => now - before,
            _ => self.started.elapsed().as_secs_f64(),
        }
    }

    /// Linux: `schedstat`, nanoseconds on a processor.
    fn used() -> Option<f64> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
        Some(nanoseconds / 1e9)
    }
}

fn measure(
    count: usize,
    mut once: impl FnMut() -> Result<f64, String>,
) -> Result<Vec<f64>, String> {
    (0..count).map(|_| once()).collect()
}

fn row(name: &str, values: &[f64], digits: usize) {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let (min, median, max) = (values[0], values[values.len() / 2], values[values.len() - 1]);
    println!("{name:<44} {min:>12.digits$} {median:>12.digits$} {max:>12.digits$}");
}
