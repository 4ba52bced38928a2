//! `kubectl exec` and `attach`: a terminal in a container (kubectl: `cmd/exec/exec.go`).

use kube::rest::{Method, StreamEvent};
use os::process::Disposition;
use os::remote::{RemoteEvent, RemoteInput};
use os::{Fd, Signal};
use serde_json::{Value, json};

use super::{container, pod_of};
use crate::cli::{Boxed, Call, Cli, Failure, Stream};
use crate::json::{flag, items, name, namespace, text};
use crate::profile::ExecWithoutDash;
use crate::table::Outcome;

/// What a process in a container wrote, for those who want to have it.
pub(crate) struct Ran {
    /// Its exit status.
    pub(crate) status: i32,
    /// What it wrote to standard output.
    pub(crate) output: Vec<u8>,
}

/// The request that starts something in a container.
pub(crate) fn starting(
    what: &str,
    pod: &Value,
    container: &str,
    command: &[String],
    flags: &[(&str, bool)],
) -> Call {
    let path = format!("/api/v1/namespaces/{}/pods/{}/{what}", namespace(pod), name(pod));
    let mut call = Call::new(Method::Post, path).with("container", container);
    for word in command {
        // Also an empty word is one.
        call = call.with_any("command", word);
    }
    for (flag, is_set) in flags.iter().filter(|(_, is_set)| *is_set) {
        call = call.with(flag, is_set.to_string());
    }
    call
}

/// The pod and the command of the arguments, as the release reads them.
fn parted(cli: &Cli) -> Result<(Option<&str>, &[String]), Failure> {
    let args = cli.args();
    match cli.matches.dash {
        Some(0) => Ok((None, args)),
        Some(dash) => Ok((args.first().map(String::as_str), &args[dash..])),
        None if args.len() < 2 => Ok((args.first().map(String::as_str), &[])),
        None => match cli.profile.exec {
            ExecWithoutDash::Refused => cli.usage(
                "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead",
            ),
            ExecWithoutDash::Warns => {
                cli.err(
                    "kubectl exec [POD] [COMMAND] is DEPRECATED and will be removed in a future version. Use kubectl exec \
                     [POD] -- [COMMAND] instead.\n",
                );
                Ok((Some(&args[0]), &args[1..]))
            }
            ExecWithoutDash::Works => Ok((Some(&args[0]), &args[1..])),
        },
    }
}

/// `kubectl exec`.
pub(crate) fn exec(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let (pod, command) = parted(cli)?;
        let Some(pod) = pod else {
            return Err(Failure::text("pod, type/name or --filename must be specified"));
        };
        if command.is_empty() {
            return Err(Failure::text("you must specify at least one command for the container"));
        }
        let pod = pod_of(cli, pod).await?;
        let phase = text(&pod, "status/phase");
        if matches!(phase, "Succeeded" | "Failed") {
            return Err(Failure::text(format!(
                "cannot exec into a container in a completed pod; current phase is {phase}"
            )));
        }
        let container = container(cli, &pod, cli.flag("container"))?;
        let call = streaming(cli, "exec", &pod, &container, command, cli.is_set("tty")).await;
        let ran = match cli.open(call).await {
            Ok(stream) => follow(cli, &stream, None, cli.is_set("tty")).await?,
            Err(failure) => not_started(cli, failure)?,
        };
        if ran.status != 0 {
            cli.err(format!("command terminated with exit code {}\n", ran.status));
        }
        Ok(ran.status)
    })
}

/// A request with what is typed, or with what there is to read already.
async fn streaming(
    cli: &Cli,
    what: &str,
    pod: &Value,
    container: &str,
    command: &[String],
    wants_tty: bool,
) -> Call {
    let wants_input = cli.is_set("stdin");
    let mut tty = wants_tty && wants_input;
    if tty && !cli.proc.is_terminal(Fd::STDIN) {
        tty = false;
        if !cli.is_set("quiet") {
            cli.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
        }
    }
    if what == "attach" && !cli.is_set("quiet") {
        cli.err("If you don't see a command prompt, try pressing enter.\n");
    }
    let flags = [("stdin", wants_input), ("stdout", true), ("stderr", !tty), ("tty", tty)];
    let mut call = starting(what, pod, container, command, &flags);
    if wants_input && !tty {
        cli.flush().await;
        let input = cli.proc.read_to_end(Fd::STDIN).await.unwrap_or_default();
        call = call.body(seal::base64::encode(&input).into());
    }
    if tty {
        cli.proc.on_signal(Signal::Interrupt, Disposition::Catch);
    }
    call
}

/// `kubectl attach`.
pub(crate) fn attach(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let word = match cli.args() {
            [] => return Err(Failure::text("at least 1 argument is required for attach")),
            [one] => one.clone(),
            [kind, name] => format!("{kind}/{name}"),
            more => {
                return Err(Failure::text(format!(
                    "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {}: [{}]",
                    more.len(),
                    more.join(" ")
                )));
            }
        };
        let pod = pod_of(cli, &word).await?;
        let phase = text(&pod, "status/phase");
        if matches!(phase, "Succeeded" | "Failed") {
            return Err(Failure::text(format!(
                "cannot attach a container in a completed pod; current phase is {phase}"
            )));
        }
        match attach_to(cli, &pod).await {
            Err(failure) => not_started(cli, failure).map(|ran| ran.status),
            Ok(()) => Ok(0),
        }
    })
}

/// Attaches to a pod's container.
pub(crate) async fn attach_to(cli: &Cli, pod: &Value) -> Result<(), Failure> {
    let wanted = container(cli, pod, cli.flag("container"))?;
    let mut all = items(pod, "spec/containers").iter();
    let has_tty = all.any(|one| text(one, "name") == wanted && flag(one, "tty"));
    if cli.is_set("tty") && !has_tty && !cli.is_set("quiet") {
        cli.err(format!("error: Unable to use a TTY - container {wanted} did not allocate one\n"));
    }
    let call = streaming(cli, "attach", pod, &wanted, &[], has_tty).await;
    let is_raw = has_tty && cli.is_set("stdin") && cli.proc.is_terminal(Fd::STDIN);
    follow(cli, &cli.open(call).await?, None, is_raw).await?;
    if is_raw && !cli.is_set("quiet") && text(pod, "spec/restartPolicy") == "Always" {
        cli.out(format!(
            "Session ended, resume using 'kubectl attach {} -c {wanted} -i -t' command when the pod is running\n",
            name(pod)
        ));
    }
    Ok(())
}

/// The log of a pod's first container, for one that has ended before anybody was attached.
pub(crate) async fn show_log(cli: &Cli, pod: &Value) -> Result<(), Failure> {
    let path = format!("/api/v1/namespaces/{}/pods/{}/log", namespace(pod), name(pod));
    let call = Call::get(path).with("container", container(cli, pod, "")?);
    cli.out(cli.call(call).await?.as_str().unwrap_or_default());
    Ok(())
}

/// What a node says where nothing was started. A program that the runtime could not start is told at the terminal, as the
/// stream is open by then.
fn not_started(cli: &Cli, failure: Failure) -> Result<Ran, Failure> {
    let Failure::Status(status) = &failure else { return Err(failure) };
    let message = text(status, "message");
    if text(status, "reason") != "InternalError" {
        return Err(failure);
    }
    if message.starts_with("OCI runtime exec failed") {
        cli.out(format!("{message}\r\n"));
        return Ok(Ran { status: 126, output: Vec::new() });
    }
    let newer = if cli.profile.minor > 29 { "Internal error occurred: " } else { "" };
    Err(Failure::text(format!("{newer}unable to upgrade connection: {message}")))
}

/// The exit status in what the server says at the end.
fn ended(status: &Value) -> Result<i32, Failure> {
    let mut causes = items(status, "details/causes").iter();
    let code = causes.find(|cause| text(cause, "reason") == "ExitCode");
    match code.and_then(|cause| text(cause, "message").parse().ok()) {
        Some(code) => Ok(code),
        None if status.is_null() || text(status, "status") == "Success" => Ok(0),
        None => Err(Failure::text(text(status, "message"))),
    }
}

/// Shows what happens in the container and sends what is typed, until the end. Standard output is kept instead of shown
/// if somebody wants it.
pub(crate) async fn follow(
    cli: &Cli,
    stream: &Stream<'_>,
    mut kept: Option<Vec<u8>>,
    types: bool,
) -> Result<Ran, Failure> {
    let mut closed = None;
    loop {
        let Some(events) = stream.next().await? else {
            while cli.proc.take_signal().is_some() {}
            stream.send(RemoteInput::Interrupt).await;
            continue;
        };
        for event in events {
            match event {
                StreamEvent::Terminal(RemoteEvent::Closed(status)) => closed = Some(status),
                StreamEvent::Terminal(RemoteEvent::Broken) => {
                    return Err(Failure::text("unexpected EOF"));
                }
                StreamEvent::Terminal(RemoteEvent::Shown(bytes)) if kept.is_some() => {
                    kept.get_or_insert_default().extend(bytes);
                }
                // All that there was to read is there already.
                StreamEvent::Terminal(RemoteEvent::Awaits(..)) if !types => {}
                StreamEvent::Terminal(event) => {
                    if let Some(input) = cli.proc.follow_remote(event).await {
                        stream.send(input).await;
                    }
                }
                StreamEvent::Log(bytes) => cli.out(bytes),
                StreamEvent::Change(_) => {}
                StreamEvent::Ended(status) => {
                    let status = match closed {
                        Some(closed) if status.is_null() => closed,
                        _ => ended(&status)?,
                    };
                    return Ok(Ran { status, output: kept.unwrap_or_default() });
                }
            }
        }
        if let Some(status) = closed {
            return Ok(Ran { status, output: kept.unwrap_or_default() });
        }
    }
}

/// Runs a command in a container with bytes to read; what it writes.
pub(crate) async fn ran(
    cli: &Cli,
    pod: &Value,
    container: &str,
    command: &[&str],
    input: Option<&[u8]>,
) -> Result<Ran, Failure> {
    let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    let flags = [("stdin", input.is_some()), ("stdout", true), ("stderr", true)];
    let body = input.map_or(Value::Null, |bytes| json!(seal::base64::encode(bytes)));
    let stream = cli.open(starting("exec", pod, container, &command, &flags).body(body)).await?;
    follow(cli, &stream, Some(Vec::new()), false).await
}
