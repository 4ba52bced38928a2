//! `docker pull`, and the pull that `docker run` does.

use daemon::api::{Error, PullMessage, Request, Response};
use daemon::client::unexpected;
use os::Fd;
use sim::Duration;

use super::created;
use crate::cli::{Cli, Failure};
use crate::output::progress::{Bar, Display};
use crate::table::Outcome;

/// Between two questions how far it is.
const POLL: Duration = Duration::from_millis(100);

/// A reference without a tag gets `latest`.
pub(super) fn with_tag(reference: &str) -> String {
    let last = reference.rsplit('/').next().unwrap_or(reference);
    if last.contains(':') || reference.contains('@') {
        reference.to_owned()
    } else {
        format!("{reference}:latest")
    }
}

/// An image's name with its registry.
pub(super) fn full_name(reference: &str) -> String {
    let (first, rest) = reference.split_once('/').unwrap_or(("", reference));
    let is_host = first.contains(['.', ':']) || first == "localhost";
    match (first, is_host) {
        (_, true) => reference.to_owned(),
        ("", false) => format!("docker.io/library/{rest}"),
        (_, false) => format!("docker.io/{reference}"),
    }
}

/// A word on what can be pulled here, for an image that is not to be had.
pub(super) fn hint(reference: &str, error: &Error) -> &'static str {
    let says = |words: &str| error.message().contains(words);
    match full_name(reference).starts_with("docker.io/") {
        true if says("does not exist") || says("not found") => {
            "\n(not simulated: Docker Hub beyond a fixed set of images and what was pushed to it)"
        }
        false if says("no such host") => "\n(not simulated: registries outside of this cluster)",
        _ => "",
    }
}

/// `docker pull`.
pub(crate) async fn pull(cli: &Cli) -> Outcome {
    let reference = cli.arg(0);
    let full = with_tag(reference);
    let quiet = cli.is_set("quiet");
    if full != reference && !quiet {
        cli.out("Using default tag: latest\n").await;
    }
    let pulled = follow(cli, &full, Fd::STDOUT, quiet).await;
    pulled.map_err(|error| match hint(&full, &error) {
        "" => Failure::Api(error),
        hint => Failure::text(Failure::Api(error).message(cli.profile) + hint),
    })?;
    if cli.profile.pull_names_image {
        cli.out(format!("{}\n", full_name(&full))).await;
    }
    Ok(0)
}

/// Pulls what a project needs.
pub(super) async fn pull_for_compose(cli: &Cli, reference: &str, quiet: bool) -> Result<(), Error> {
    follow(cli, &with_tag(reference), Fd::STDERR, quiet).await
}

/// Pulls what `run` needs; its progress goes to standard error.
pub(super) async fn pull_for_run(cli: &Cli, reference: &str) -> Result<(), Error> {
    follow(cli, &with_tag(reference), Fd::STDERR, cli.is_set("quiet")).await
}

async fn follow(cli: &Cli, reference: &str, fd: Fd, quiet: bool) -> Result<(), Error> {
    let request = Request::PullImage { reference: reference.to_owned(), all_tags: false };
    let pull = created(cli, request).await?;
    follow_transfer(cli, &pull, fd, quiet).await
}

/// Shows how a pull or a push goes on until it is over.
pub(super) async fn follow_transfer(
    cli: &Cli,
    transfer: &str,
    fd: Fd,
    quiet: bool,
) -> Result<(), Error> {
    let is_terminal = cli.proc.is_terminal(fd);
    let mut display = Display::new(is_terminal, cli.proc.columns(), cli.profile.size_gap);
    loop {
        match cli.client.ask(Request::PullProgress { pull: transfer.to_owned() }).await? {
            Response::Pulling { messages, done } => {
                let text: String = messages.iter().map(|one| line(&mut display, one)).collect();
                if !quiet && !text.is_empty() && cli.proc.write(fd, text.as_bytes()).await.is_err()
                {
                    return Ok(());
                }
                if done {
                    return Ok(());
                }
            }
            other => return Err(unexpected(&other)),
        }
        if cli.proc.sleep(POLL).await.is_err() {
            return Err(Error::Interrupted);
        }
    }
}

pub(super) fn line(display: &mut Display, message: &PullMessage) -> String {
    let PullMessage { id, status, progress } = message;
    if id.is_empty() {
        return display.message(status);
    }
    // The line that names the repository is not redrawn.
    if status.starts_with("Pulling from") {
        return display.message(&format!("{id}: {status}"));
    }
    let bar = match progress {
        Some((current, total)) => {
            Bar { current: *current, total: *total, bytes: true, ..Bar::default() }
        }
        None => Bar::default(),
    };
    display.line(id, status, bar)
}
