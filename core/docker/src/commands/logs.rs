//! `docker logs` and `docker service logs`.

use sorted::SortedMap;

use daemon::api::{Error, LogChunk, LogLine, LogOptions, Request, Response};
use daemon::client::unexpected;
use sim::{Duration, Time};
use swarm::control::{ControlRequest, ControlResponse};
use swarm::objects::{Id, ServiceMode, Task};

use crate::cli::{Cli, Failure};
use crate::output::text::short_id;
use crate::output::time::rfc3339_fixed;
use crate::table::Outcome;
use crate::value;

/// Between two questions while following.
const POLL: Duration = Duration::from_millis(100);

fn options(cli: &Cli) -> Result<LogOptions, Failure> {
    let tail = match cli.flag("tail") {
        None | Some("all" | "") => None,
        Some(text) => text.parse().ok(),
    };
    let since = cli.flag("since").map(|text| moment(cli, text)).transpose()?;
    let until = cli.flag("until").map(|text| moment(cli, text)).transpose()?;
    Ok(LogOptions { stdout: true, stderr: true, tail, since, until, cursor: None })
}

/// A time: seconds since 1970, a date, or how long ago.
pub(super) fn moment(cli: &Cli, text: &str) -> Result<Time, Failure> {
    if let Some(span) = value::duration(text) {
        return Ok(cli.proc.wall() - span);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if let Ok(seconds) = whole.parse::<u64>() {
        let nanos: u64 = format!("{fraction:0<9}").get(..9).unwrap_or("0").parse().unwrap_or(0);
        return Ok(Time::from_unix_nanos(seconds.saturating_mul(1_000_000_000) + nanos));
    }
    Time::parse_rfc3339(text).ok_or_else(|| {
        let quoted = value::quote(text);
        Failure::text(format!(
            "invalid value for \"since\": failed to parse value as time or duration: {quoted}"
        ))
    })
}

/// Asks for a log piece by piece and shows it.
async fn show(
    cli: &Cli,
    request: impl Fn(LogOptions) -> Request,
    mut shown: impl AsyncFnMut(&LogLine) -> Vec<u8>,
) -> Result<(), Error> {
    let mut options = match options(cli) {
        Ok(options) => options,
        Err(failure) => return Err(Error::invalid(failure.message(cli.profile))),
    };
    loop {
        let LogChunk { lines, cursor, ended, .. } =
            match cli.client.ask(request(options.clone())).await? {
                Response::Log(chunk) => chunk,
                other => return Err(unexpected(&other)),
            };
        for line in lines {
            let mut bytes = Vec::new();
            if cli.is_set("timestamps") {
                bytes.extend(format!("{} ", rfc3339_fixed(line.time)).into_bytes());
            }
            bytes.extend(shown(&line).await);
            if line.stderr {
                cli.err(bytes).await;
            } else {
                cli.out(bytes).await;
            }
        }
        if !cli.is_set("follow") || ended {
            return Ok(());
        }
        options.cursor = Some(cursor);
        options.tail = None;
        if cli.proc.sleep(POLL).await.is_err() {
            return Err(Error::Interrupted);
        }
    }
}

/// `docker logs`.
pub(crate) async fn container(cli: &Cli) -> Outcome {
    let name = cli.arg(0);
    if let Some(failure) = options(cli).err() {
        return Err(failure);
    }
    let request = |options| Request::ContainerLogs { container: name.to_owned(), options };
    match show(cli, request, async |line: &LogLine| line.bytes.clone()).await {
        Ok(()) => Ok(0),
        Err(error) => Err(cli.not_found("container", name, error)),
    }
}

/// `docker service logs`.
pub(crate) async fn service(cli: &Cli) -> Outcome {
    let target = cli.arg(0);
    if let Some(failure) = options(cli).err() {
        return Err(failure);
    }
    let known = ControlRequest::GetService { id: Id::from(target) };
    if let Ok(ControlResponse::Service(known)) = cli.client.control(known).await
        && known.spec.task.container.tty
        && !cli.is_set("raw")
    {
        return Err(Failure::text("tty service logs only supported with --raw"));
    }
    let request = |options| Request::ServiceLogs { target: target.to_owned(), options };
    let mut names: SortedMap<(String, String), String> = SortedMap::new();
    let result = show(cli, request, async |line: &LogLine| {
        if cli.is_set("raw") {
            return line.bytes.clone();
        }
        let key = (line.task.clone().unwrap_or_default(), line.node.clone().unwrap_or_default());
        if !names.contains_key(&key) {
            let name = source(cli, &key.0, &key.1).await;
            names.insert(key.clone(), name);
        }
        let name = names.get(&key).cloned().unwrap_or_default();
        let mut bytes = format!("{name}    | ").into_bytes();
        bytes.extend(&line.bytes);
        bytes
    })
    .await;
    match result {
        Ok(()) => Ok(0),
        Err(error) if error.is_not_found() => {
            Err(Failure::text(format!("no such task or service: {target}")))
        }
        Err(error) => Err(Failure::Api(error)),
    }
}

/// `redis.1.siftice35gla@node1`.
async fn source(cli: &Cli, task: &str, node: &str) -> String {
    let found = cli.client.control(ControlRequest::GetTask { id: Id::from(task) }).await;
    let (name, padding) = match found {
        Ok(ControlResponse::Task(found)) => {
            let name = if cli.is_set("no-resolve") {
                format!("{}.{}", found.service_id, found.slot)
            } else {
                found.short_name()
            };
            (name, padding(cli, &found).await)
        }
        _ => (String::new(), 0),
    };
    let task = if cli.is_set("no-trunc") { task.to_owned() } else { short_id(task) };
    let name = if cli.is_set("no-task-ids") { name } else { format!("{name}.{task}") };
    let found = cli.client.control(ControlRequest::GetNode { id: Id::from(node) }).await;
    let host = match found {
        Ok(ControlResponse::Node(found)) if !cli.is_set("no-resolve") => {
            found.description.hostname.clone()
        }
        _ => node.to_owned(),
    };
    format!("{name}@{host}{}", " ".repeat(padding))
}

/// How many digits the task's slot has less than the highest of its service.
async fn padding(cli: &Cli, task: &Task) -> usize {
    let request = ControlRequest::GetService { id: task.service_id.clone() };
    let highest = match cli.client.control(request).await {
        Ok(ControlResponse::Service(service)) => match &service.spec.mode {
            ServiceMode::Replicated { replicas } => *replicas,
            _ => 0,
        },
        _ => 0,
    };
    let digits = |number: u64| number.to_string().len();
    digits(highest).saturating_sub(digits(task.slot))
}
