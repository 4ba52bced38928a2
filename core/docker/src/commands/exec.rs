//! `docker exec`.

use daemon::api::{Error, ExecConfig, Request, Response, Stdio};
use daemon::client::unexpected;
use os::process::Disposition;
use os::{Fd, Signal};

use super::{created, environment};
use crate::cli::{Cli, Failure};
use crate::table::Outcome;

/// `docker exec`.
pub(crate) async fn exec(cli: &Cli) -> Outcome {
    let container = cli.arg(0).to_owned();
    let tty = cli.is_set("tty");
    let is_detached = cli.is_set("detach");
    let stdio = if is_detached { None } else { Some(stdio(cli, tty, cli.is_set("interactive"))) };
    // Newer releases look for the container before they look at the terminal.
    if !cli.words_inspect_only() {
        let request = Request::InspectContainer { container: container.clone() };
        let found = cli.client.ask(request).await;
        found.map_err(|error| cli.not_found("container", &container, error))?;
    }
    if !is_detached {
        check_tty(cli, cli.is_set("interactive"), tty)?;
    }
    let config = ExecConfig {
        cmd: cli.args().get(1..).unwrap_or_default().to_vec(),
        env: environment(cli, "env")?,
        user: cli.flag("user").unwrap_or_default().to_owned(),
        working_dir: cli.flag("workdir").unwrap_or_default().to_owned(),
        tty,
        privileged: false,
    };
    let exec = created(cli, Request::CreateExec { container, config }).await?;
    if let Err(error) = cli.client.done(Request::StartExec { exec: exec.clone(), stdio }).await {
        return Err(not_started(cli, &error));
    }
    if is_detached {
        return Ok(0);
    }
    if tty {
        cli.proc.on_signal(Signal::Interrupt, Disposition::Catch);
    }
    loop {
        match cli.client.ask(Request::WaitExec { exec: exec.clone() }).await {
            Ok(Response::Exited { code }) => return Ok(code),
            Ok(other) => return Err(Failure::Api(unexpected(&other))),
            // A terminal's Ctrl-C is for the process in the container.
            Err(Error::Interrupted) => {
                while let Some(signal) = cli.proc.take_signal() {
                    cli.client.done(Request::KillExec { exec: exec.clone(), signal }).await?;
                }
            }
            Err(error) => return Err(Failure::Api(error)),
        }
    }
}

/// What the runtime says, and the exit status a shell would have.
fn not_started(cli: &Cli, error: &Error) -> Failure {
    let text = error.message();
    let status = start_status(text);
    let is_runtime = text.contains("OCI runtime") || text.contains("oci runtime");
    if is_runtime {
        return Failure::Status(text.to_owned(), if status == 125 { 126 } else { status });
    }
    Failure::Status(Failure::Api(error.clone()).message(cli.profile), 1)
}

/// The exit status of a program that could not be started.
pub(super) fn start_status(text: &str) -> i32 {
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["executable file not found", "no such file or directory"]) {
        127
    } else if says(&["permission denied", "is a directory"]) {
        126
    } else {
        125
    }
}

/// The caller's open files for a process in a container.
pub(super) fn stdio(cli: &Cli, tty: bool, interactive: bool) -> Stdio {
    let handle = |fd| {
        let handle = cli.proc.handle(fd).ok()?;
        Some(if tty { handle } else { handle.without_terminal() })
    };
    Stdio {
        stdin: handle(Fd::STDIN).filter(|_| interactive),
        stdout: handle(Fd::STDOUT),
        stderr: handle(if tty { Fd::STDOUT } else { Fd::STDERR }),
        tty,
    }
}

/// Fails where a terminal is asked for and standard input is none.
pub(super) fn check_tty(cli: &Cli, interactive: bool, tty: bool) -> Result<(), Failure> {
    if interactive && tty && !cli.proc.is_terminal(Fd::STDIN) {
        return Err(Failure::text("the input device is not a TTY"));
    }
    Ok(())
}
