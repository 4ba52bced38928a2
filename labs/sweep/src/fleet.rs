//! All cores, progress, the report.

use std::io::{self, Write};
use std::ops::Range;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};
use sim::{Duration, planted};

use crate::case::{Case, History, Mode, Outcome};
use crate::faults::FaultSet;
use crate::shape::Cluster;

/// What to sweep.
#[derive(Clone, Debug)]
pub struct Options {
    /// The seeds.
    pub seeds: Range<u64>,
    /// What their hosts are.
    pub cluster: Cluster,
    /// Stop when so much virtual time has passed in all runs together; nothing: when all seeds are
    /// done.
    pub simulated_max: Option<Duration>,
    /// What may break.
    pub faults: FaultSet,
    /// Which part of the seeds: this one of so many.
    pub shard: (u64, u64),
    /// What runs must show.
    pub mode: Mode,
    /// Threads; nothing for one per core.
    pub threads: Option<usize>,
    /// Stop after so many failures.
    pub failures_max: usize,
}

impl Options {
    /// The command that plays one of the seeds.
    fn again(&self, seed: u64) -> String {
        let kube = if self.cluster == Cluster::Kubernetes { " --kube" } else { "" };
        let mode = if self.mode == Mode::Liveness { " --mode liveness" } else { "" };
        format!("glasshive sweep{kube} --seeds {seed}{mode} --faults {}", self.faults)
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Seeds that were run.
    pub seed_count: u64,
    /// Virtual time.
    pub simulated: Duration,
    /// Events.
    pub event_count: u64,
    /// Commands whose effect was remembered that ended well, and others.
    pub commands: (u64, u64),
    /// Wall-clock time in milliseconds.
    pub wall_ms: u64,
    /// What did not hold, by seed.
    pub failures: Vec<(u64, History)>,
}

impl Report {
    fn take(&mut self, outcome: &Outcome) {
        self.seed_count += 1;
        self.simulated = self.simulated + outcome.simulated;
        self.event_count += outcome.event_count;
        self.commands.0 += outcome.commands.0;
        self.commands.1 += outcome.commands.1;
    }

    /// Events per second of wall-clock time.
    pub const fn event_rate(&self) -> u64 {
        self.event_count * 1_000 / if self.wall_ms == 0 { 1 } else { self.wall_ms }
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let minutes = self.simulated.as_secs() / 60;
        format!(
            "{} seeds, {}.{:02} h simulated, {} events, {}.{} s, {} events/s, {} failures",
            self.seed_count,
            minutes / 60,
            minutes % 60 * 100 / 60,
            self.event_count,
            self.wall_ms / 1_000,
            self.wall_ms % 1_000 / 100,
            self.event_rate(),
            self.failures.len()
        )
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        json!({
            "seeds": self.seed_count,
            "simulated_ms": self.simulated.as_millis(),
            "events": self.event_count,
            "commands_acknowledged": self.commands.0,
            "commands_in_doubt": self.commands.1,
            "wall_ms": self.wall_ms,
            "events_per_second": self.event_rate(),
            "failures": self.failures.len(),
        })
    }
}

/// Panics are failures that name their seed; the default message would only disturb the progress line.
fn quiet() {
    panic::set_hook(Box::new(|_| {}));
}

/// Runs the seeds on all cores. `progress` gets a line now and then.
///
/// # Errors
/// If the progress cannot be written.
pub fn sweep(options: &Options, progress: &mut dyn Write) -> io::Result<Report> {
    quiet();
    let start = Instant::now();
    let (next, stop) = (AtomicU64::new(options.seeds.start), AtomicBool::new(false));
    let threads = options.threads.or_else(|| thread::available_parallelism().ok().map(Into::into));
    let mut report = Report::default();
    let bug = planted::chosen();
    let result = thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..threads.unwrap_or(1).max(1) {
            let (sender, next, stop) = (sender.clone(), &next, &stop);
            scope.spawn(move || {
                planted::choose(bug);
                work(options, next, stop, &sender);
            });
        }
        drop(sender);
        let mut told = 0;
        for (seed, outcome, history) in receiver {
            report.take(&outcome);
            if let Some(history) = history {
                // Whoever does not wait for the end can play the seed again.
                let again = options.again(seed);
                writeln!(progress, "\rseed {seed}: {}\n  again: {again}", what_of(&history))?;
                report.failures.push((seed, history));
            }
            report.wall_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            let is_enough = options.simulated_max.is_some_and(|max| max <= report.simulated);
            if is_enough || options.failures_max <= report.failures.len() {
                stop.store(true, Ordering::Relaxed);
            }
            if told + 1_000 <= report.wall_ms {
                told = report.wall_ms;
                write!(progress, "\r{} ", report.line())?;
                progress.flush()?;
            }
        }
        io::Result::Ok(())
    });
    report.wall_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    report.failures.sort_by_key(|(seed, _)| *seed);
    // What it came to is told by whoever asked.
    write!(progress, "\r{:1$}\r", "", report.line().len() + 1)?;
    result.map(|()| report)
}

fn what_of(history: &History) -> &str {
    let what = history.failure.as_ref().map_or("", |failure| failure.what.as_str());
    what.lines().next().unwrap_or_default()
}

type Result = (u64, Outcome, Option<History>);

fn work(options: &Options, next: &AtomicU64, stop: &AtomicBool, sender: &mpsc::Sender<Result>) {
    let (shard, of) = options.shard;
    while !stop.load(Ordering::Relaxed) {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if options.seeds.end <= seed {
            return;
        }
        if seed % of.max(1) != shard {
            continue;
        }
        let Options { cluster, mode, ref faults, .. } = *options;
        let case = Case { seed, cluster, mode, faults: faults.clone() };
        let (outcome, history) = case.run();
        let history = outcome.failure.is_some().then_some(history);
        if sender.send((seed, outcome, history)).is_err() {
            return;
        }
    }
}
