//! `systemctl` and `service`, for the services of a host that are simulated: `docker`, and `kubelet` on the nodes of a
//! Kubernetes.

use os::{Errno, Proc, Spawn};
use sim::Time;

/// The port of [`Proc::request`] that whoever drives the machine answers as systemd would: the body is a
/// [`Unit`] and an [`Ask`], the reply a [`UnitState`], or nothing if the host has no such service.
pub const PORT: &str = "systemd";

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The Docker daemon.
    Docker,
    /// The kubelet.
    Kubelet,
}

impl Unit {
    /// Its name, and what it is.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Docker => {
                ("docker", "Docker Application Container Engine", "https://docs.docker.com")
            }
            Self::Kubelet => (
                "kubelet",
                "kubelet: The Kubernetes Node Agent",
                "https://kubernetes.io/docs/home/",
            ),
        }
    }
}

/// What is wanted of a service.
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
    /// Nothing yet, but its files are read again.
    Reload,
}

/// How a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitState {
    /// It runs.
    pub active: bool,
    /// Since when it is so.
    pub since: Time,
    /// What it said when it ended by itself.
    pub failure: Option<String>,
    /// Its files say something else than when systemd read them.
    pub is_stale: bool,
}

impl UnitState {
    /// One without anything to complain of.
    pub const fn new(active: bool, since: Time) -> Self {
        Self { active, since, failure: None, is_stale: false }
    }
}

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// A daemon that ended at once had some number; nothing else shows it.
const DAEMON_PID: u32 = 1204;
/// systemd's exit statuses: not active, no such unit, no permission.
const NOT_ACTIVE: i32 = 3;
const NOT_FOUND: i32 = 5;

fn describe(unit: Unit, state: &UnitState, proc: &Proc) -> String {
    let now = proc.now();
    let day = WEEKDAYS[usize::try_from(state.since.unix_secs() / 86_400 % 7).unwrap_or(0)];
    let date = state.since.rfc3339();
    // 2017-03-21T18:40:00Z
    let (date, clock) = (&date[..10], &date[11..19]);
    let word = match (&state.failure, state.active) {
        (Some(_), _) => "failed (Result: exit-code)",
        (None, true) => "active (running)",
        (None, false) => "inactive (dead)",
    };
    // What it wrote last, as journald has it.
    let said = state.failure.as_ref().map(|why| {
        let host = proc.hostname();
        let month = MONTHS[usize::from(date[5..7].parse::<u8>().unwrap_or(1) - 1) % 12];
        format!("\n{month} {} {clock} {host} dockerd[{DAEMON_PID}]: {why}\n", &date[8..10])
    });
    let (name, what, docs) = unit.words();
    let folder = format!("/etc/systemd/system/{name}.service.d");
    let mut names: Vec<String> =
        proc.list(&folder).unwrap_or_default().into_iter().map(|(name, _)| name).collect();
    names.retain(|name| name.ends_with(".conf"));
    let drop_ins = match names.is_empty() {
        true => String::new(),
        false => {
            format!("  Drop-In: {folder}\n           \u{2514}\u{2500}{}\n", names.join(", "))
        }
    };
    format!(
        "\u{25cf} {name}.service - {what}\n   Loaded: loaded \
         (/lib/systemd/system/{name}.service; enabled; vendor preset: enabled)\n{drop_ins}   Active: {word} \
         since {day} {date} {clock} UTC; {} ago\n     Docs: {docs}\n{}",
        age(now.since(state.since).as_secs()),
        said.unwrap_or_default()
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

async fn missing(proc: &Proc, verb: &str, name: &str, ask: Ask) -> i32 {
    let text = match ask {
        Ask::Status => format!("Unit {name}.service could not be found.\n"),
        _ => format!("Failed to {verb} {name}.service: Unit {name}.service not found.\n"),
    };
    proc.eprint(text).await;
    if ask == Ask::Status { 4 } else { NOT_FOUND }
}

/// Shows the files that a unit is made of, or opens the one that changes it.
async fn files(proc: &Proc, verb: &str, name: &str) -> i32 {
    let unit = format!("/lib/systemd/system/{name}.service");
    if !proc.exists(&unit) {
        proc.eprint(format!("No files found for {name}.service.\n")).await;
        return 1;
    }
    let folder = format!("/etc/systemd/system/{name}.service.d");
    if verb == "cat" {
        let drop_ins = proc.list(&folder).unwrap_or_default();
        let drop_ins = drop_ins.iter().filter(|(name, _)| name.ends_with(".conf"));
        let drop_ins = drop_ins.map(|(name, _)| format!("{folder}/{name}"));
        for (number, path) in [unit].into_iter().chain(drop_ins).enumerate() {
            let gap = if number == 0 { "" } else { "\n" };
            proc.print(format!("{gap}# {path}\n")).await;
            proc.print(proc.read_file(&path).unwrap_or_default()).await;
        }
        return 0;
    }
    let path = format!("{folder}/override.conf");
    let args = vec!["nano".to_owned(), path];
    let (editor, env) = ("/usr/bin/nano".to_owned(), proc.environment());
    let spawn = Spawn { path: editor, args, env, foreground: true, ..Spawn::default() };
    let made = proc.exists(&folder) || proc.make_directory(&folder, 0o755).is_ok();
    let edited = match proc.spawn(spawn).ok().filter(|_| made) {
        Some(child) => proc.wait(child).await,
        None => Err(Errno::Access),
    };
    if edited.is_err() {
        proc.eprint(format!("Failed to edit {name}.service: Permission denied\n")).await;
        return 1;
    }
    // systemd has read it when the editor is left.
    let ask = (Unit::Docker, Ask::Reload);
    proc.request(PORT, Box::new(ask)).await.map_or(1, |_| 0)
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
    if let "cat" | "edit" = verb {
        return files(&proc, verb, unit.trim_end_matches(".service")).await;
    }
    let quiet = args.iter().any(|arg| arg == "-q" || arg == "--quiet");
    let ask = match verb {
        "start" => Ask::Start,
        "stop" => Ask::Stop,
        "restart" | "reload-or-restart" | "try-restart" => Ask::Restart,
        "status" | "is-active" | "show" => Ask::Status,
        "daemon-reload" => Ask::Reload,
        _ => {
            proc.eprint(format!("systemctl: not simulated: {verb}\n")).await;
            return 1;
        }
    };
    let name = unit.trim_end_matches(".service");
    let unit = match name {
        "docker" | "dockerd" => Unit::Docker,
        // All units are read again; one alone has files that matter.
        _ if ask == Ask::Reload => Unit::Docker,
        "kubelet" => Unit::Kubelet,
        _ => return missing(&proc, verb, name, ask).await,
    };
    if ask != Ask::Status && proc.user().uid != 0 {
        let text =
            format!("Failed to {verb} {name}.service: Interactive authentication required.\n");
        proc.eprint(text).await;
        return 1;
    }
    let state = match proc.request(PORT, Box::new((unit, ask))).await.map(|body| body.downcast()) {
        Ok(Ok(state)) => *state,
        Err(Errno::Interrupted) => return 130,
        _ => return 1,
    };
    let state: Option<UnitState> = state;
    let Some(state) = state else { return missing(&proc, verb, name, ask).await };
    let status = if state.active || ask != Ask::Status { 0 } else { NOT_ACTIVE };
    if state.is_stale && ask != Ask::Reload && !matches!(verb, "is-active" | "show") {
        let text = format!(
            "Warning: The unit file, source configuration file or drop-ins of {name}.service changed on disk. \
             Run 'systemctl daemon-reload' to reload units.\n"
        );
        proc.eprint(text).await;
    }
    if state.failure.is_some() && matches!(ask, Ask::Start | Ask::Restart) {
        let journal = if proc.distribution().number < "22.04" { "-xe" } else { "-xeu " };
        let unit = if journal == "-xe" { String::new() } else { format!("{name}.service") };
        let text = format!(
            "Job for {name}.service failed because the control process exited with error code.\nSee \
             \"systemctl status {name}.service\" and \"journalctl {journal}{unit}\" for details.\n"
        );
        proc.eprint(text).await;
        return 1;
    }
    let text = match verb {
        "status" => describe(unit, &state, &proc),
        "is-active" if !quiet => {
            let resting = if state.failure.is_some() { "failed\n" } else { "inactive\n" };
            (if state.active { "active\n" } else { resting }).to_owned()
        }
        "show" => format!("ActiveState={}\n", if state.active { "active" } else { "inactive" }),
        _ => String::new(),
    };
    proc.print(text).await;
    status
}
