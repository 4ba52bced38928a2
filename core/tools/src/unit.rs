//! `systemctl` and `service`, for the one service of a host that is simulated: `docker`.

use os::{Errno, Proc};
use sim::Time;

/// The port of [`Proc::request`] that whoever drives the machine answers as systemd would: the body is an
/// [`Ask`], the reply a [`UnitState`].
pub const PORT: &str = "systemd";

/// What is wanted of the Docker daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Run.
    Start,
    /// End.
    Stop,
    /// End and run again.
    Restart,
    /// Nothing: how is it?
    Status,
}

/// How the Docker daemon is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitState {
    /// It runs.
    pub active: bool,
    /// Since when it is so.
    pub since: Time,
}

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
/// systemd's exit statuses: not active, no such unit, no permission.
const NOT_ACTIVE: i32 = 3;
const NOT_FOUND: i32 = 5;

fn describe(state: UnitState, now: Time) -> String {
    let day = WEEKDAYS[usize::try_from(state.since.unix_secs() / 86_400 % 7).unwrap_or(0)];
    let date = state.since.rfc3339();
    // 2017-03-21T18:40:00Z
    let (date, clock) = (&date[..10], &date[11..19]);
    let word = if state.active { "active (running)" } else { "inactive (dead)" };
    format!(
        "\u{25cf} docker.service - Docker Application Container Engine\n   Loaded: loaded \
         (/lib/systemd/system/docker.service; enabled; vendor preset: enabled)\n   Active: {word} \
         since {day} {date} {clock} UTC; {} ago\n     Docs: https://docs.docker.com\n",
        age(now.since(state.since).as_secs())
    )
}

/// `2h 5min`, as systemd shortens a span to its two largest parts.
fn age(seconds: u64) -> String {
    let parts = [(86_400, "day"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut shown = Vec::new();
    for (size, name) in parts {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            let gap = if name == "day" { " " } else { "" };
            let plural = if name == "day" && count > 1 { "s" } else { "" };
            shown.push(format!("{count}{gap}{name}{plural}"));
        }
    }
    shown.truncate(2);
    if shown.is_empty() { "0s".to_owned() } else { shown.join(" ") }
}

/// `systemctl VERB UNIT`, or `service UNIT VERB`.
pub(crate) async fn main(proc: Proc, is_service: bool) -> i32 {
    let args: Vec<String> = proc.args().into_iter().skip(1).collect();
    let words: Vec<&str> =
        args.iter().map(String::as_str).filter(|arg| !arg.starts_with('-')).collect();
    let (verb, unit) = match (&words[..], is_service) {
        ([unit, verb, ..], true) | ([verb, unit, ..], false) => (*verb, *unit),
        ([verb], false) => (*verb, ""),
        _ => {
            let name = if is_service { "service" } else { "systemctl" };
            proc.eprint(format!("{name}: not simulated without a service\n")).await;
            return 1;
        }
    };
    let quiet = args.iter().any(|arg| arg == "-q" || arg == "--quiet");
    let ask = match verb {
        "start" => Ask::Start,
        "stop" => Ask::Stop,
        "restart" | "reload-or-restart" | "try-restart" => Ask::Restart,
        "status" | "is-active" | "show" => Ask::Status,
        "daemon-reload" => return 0,
        _ => {
            proc.eprint(format!("systemctl: not simulated: {verb}\n")).await;
            return 1;
        }
    };
    let name = unit.trim_end_matches(".service");
    if !matches!(name, "docker" | "dockerd") {
        let text = match ask {
            Ask::Status => format!("Unit {name}.service could not be found.\n"),
            _ => format!("Failed to {verb} {name}.service: Unit {name}.service not found.\n"),
        };
        proc.eprint(text).await;
        return if ask == Ask::Status { 4 } else { NOT_FOUND };
    }
    if ask != Ask::Status && proc.user().uid != 0 {
        let text =
            format!("Failed to {verb} docker.service: Interactive authentication required.\n");
        proc.eprint(text).await;
        return 1;
    }
    let state = match proc.request(PORT, Box::new(ask)).await.map(|body| body.downcast()) {
        Ok(Ok(state)) => *state,
        Err(Errno::Interrupted) => return 130,
        _ => return 1,
    };
    let state: UnitState = state;
    let status = if state.active || ask != Ask::Status { 0 } else { NOT_ACTIVE };
    let text = match verb {
        "status" => describe(state, proc.now()),
        "is-active" if !quiet => (if state.active { "active\n" } else { "inactive\n" }).to_owned(),
        "show" => format!("ActiveState={}\n", if state.active { "active" } else { "inactive" }),
        _ => String::new(),
    };
    proc.print(text).await;
    status
}
