//! `docker build`: the context is read here, the daemon builds, what it tells is shown here.

mod context;
mod ignore;
mod progress;

use sorted::SortedMap;

use daemon::api::{BuildFailure, BuildProgress, BuildRequest, Error, Request, Response};
use daemon::client::unexpected;
use engine::SecretFile;
use os::process::Disposition;
use os::{Fd, Signal};
use sim::Duration;

use self::context::Context;
use self::progress::Progress;
use super::pull::line;
use super::{created, go_error};
use crate::cli::{Cli, Failure};
use crate::output::progress::Display;
use crate::output::units::human_size;
use crate::table::Outcome;

/// Between two questions how far it is.
const POLL: Duration = Duration::from_millis(100);

/// True if BuildKit builds: as the release does, unless `DOCKER_BUILDKIT` says otherwise.
fn is_buildkit(cli: &Cli) -> bool {
    let wanted = cli.proc.env("DOCKER_BUILDKIT").unwrap_or_default();
    match wanted.as_str() {
        _ if cli.command.group() == "buildx" => true,
        "0" | "false" => false,
        "1" | "true" => cli.profile.buildkit_exists,
        _ => cli.profile.buildkit,
    }
}

/// `docker build`, `docker image build`, `docker buildx build`.
pub(crate) async fn build(cli: &Cli) -> Outcome {
    let buildkit = is_buildkit(cli);
    if cli.profile.buildkit && !buildkit {
        cli.err(
            "DEPRECATED: The legacy builder is deprecated and will be removed in a future \
             release.\n            BuildKit is currently disabled; enable it by removing the \
             DOCKER_BUILDKIT=0\n            environment-variable.\n\n",
        )
        .await;
    }
    match run(cli, buildkit).await {
        Err(Failure::Text(text)) if buildkit && !text.starts_with("not simulated") => {
            Err(Failure::Text(if cli.profile.buildkit { format!("ERROR: {text}") } else { text }))
        }
        other => other,
    }
}

async fn run(cli: &Cli, buildkit: bool) -> Outcome {
    let quiet = cli.is_set("quiet");
    let Context { dockerfile, name, tree, size } = context::read(cli, buildkit).await?;
    if !quiet && !buildkit {
        let sent = human_size(size, 4, cli.profile.size_gap);
        cli.out(format!("Sending build context to Docker daemon {sent:>8}\r\r\n")).await;
    }
    let request = BuildRequest {
        dockerfile,
        dockerfile_name: name.clone(),
        context: tree,
        tags: Vec::new(),
        target: cli.flag("target").unwrap_or_default().to_owned(),
        args: arguments(cli),
        labels: crate::value::map(cli.matches.all("label")),
        secrets: secrets(cli, buildkit)?,
        no_cache: cli.is_set("no-cache"),
        pull: cli.is_set("pull"),
        keep_containers: cli.flag("rm") == Some("false"),
        force_remove: cli.is_set("force-rm"),
        buildkit,
    };
    let request =
        Request::BuildImage { tags: cli.matches.all("tag").to_vec(), request: Box::new(request) };
    cli.proc.on_signal(Signal::Interrupt, Disposition::Catch);
    let build = created(cli, request).await?;
    let ended = if buildkit {
        follow_vertices(cli, &build, &name, quiet).await
    } else {
        follow_text(cli, &build, quiet).await
    };
    let result = match ended {
        Ok(result) => result,
        Err(error) => {
            let _ = cli.client.done(Request::CancelBuild { build }).await;
            return Err(match error {
                Error::Interrupted => Failure::Status(
                    if buildkit {
                        "ERROR: failed to build: failed to solve: Canceled: context canceled"
                    } else {
                        ""
                    }
                    .to_owned(),
                    if buildkit { 1 } else { 130 },
                ),
                error => Failure::Api(error),
            });
        }
    };
    match result {
        Ok(id) => {
            if quiet {
                cli.out(format!("{id}\n")).await;
            }
            if let Some(path) = cli.flag("iidfile") {
                let written = cli.proc.write_file(path, id.as_bytes());
                written.map_err(|e| Failure::text(format!("open {path}: {}", go_error(e))))?;
            }
            Ok(0)
        }
        Err(failure) if buildkit => Err(Failure::Status(
            format!("{}{}", failure.excerpt(&name), solve_error(cli, &failure)),
            1,
        )),
        Err(failure) => Err(Failure::Status(failure.message, failure.code)),
    }
}

/// How BuildKit's client begins an error.
fn solve_error(cli: &Cli, failure: &BuildFailure) -> String {
    let message = &failure.message;
    if cli.profile.buildkit {
        format!("ERROR: failed to build: failed to solve: {message}")
    } else if failure.is_refusal {
        format!(
            "failed to solve with frontend dockerfile.v0: failed to create LLB definition: {message}"
        )
    } else {
        message.clone()
    }
}

async fn ask(cli: &Cli, build: &str) -> Result<BuildProgress, Error> {
    match cli.client.ask(Request::BuildProgress { build: build.to_owned() }).await? {
        Response::Building(progress) => Ok(*progress),
        other => Err(unexpected(&other)),
    }
}

type Ended = Result<Result<String, BuildFailure>, Error>;

/// The classic builder's lines.
async fn follow_text(cli: &Cli, build: &str, quiet: bool) -> Ended {
    let is_terminal = cli.proc.is_terminal(Fd::STDOUT);
    let mut display = Display::new(is_terminal, cli.proc.columns(), cli.profile.size_gap);
    loop {
        let told = ask(cli, build).await?;
        let mut text: String = told.pulled.iter().map(|one| line(&mut display, one)).collect();
        for message in &told.messages {
            if let daemon::api::build::Message::Text(part) = message {
                text += part;
            }
        }
        text.extend(told.pulling.iter().map(|one| line(&mut display, one)));
        if !quiet && !text.is_empty() {
            cli.out(text).await;
        }
        if let Some(result) = told.result {
            return Ok(result);
        }
        if cli.proc.sleep(POLL).await.is_err() {
            return Err(Error::Interrupted);
        }
    }
}

/// BuildKit's pieces of work.
async fn follow_vertices(cli: &Cli, build: &str, name: &str, quiet: bool) -> Ended {
    let _ = name;
    let is_plain = match cli.flag("progress") {
        Some("plain") => true,
        Some("tty") => false,
        _ => !cli.proc.is_terminal(Fd::STDERR),
    };
    let quiet = quiet || cli.flag("progress") == Some("quiet");
    let mut progress = Progress::new(cli.proc.now(), is_plain, cli.proc.columns(), cli.profile);
    loop {
        let told = ask(cli, build).await?;
        let text = progress.tell(cli.proc.now(), told.messages, told.result.as_ref());
        if !quiet && !text.is_empty() {
            cli.err(text).await;
        }
        if let Some(result) = told.result {
            return Ok(result);
        }
        if cli.proc.sleep(POLL).await.is_err() {
            return Err(Error::Interrupted);
        }
    }
}

/// `--build-arg`: without a value the caller's, if there is one.
fn arguments(cli: &Cli) -> SortedMap<String, String> {
    let split = cli.matches.all("build-arg").iter().filter_map(|text| match text.split_once('=') {
        Some((name, value)) => Some((name.to_owned(), value.to_owned())),
        None => Some((text.clone(), cli.proc.env(text)?)),
    });
    split.collect()
}

/// `--secret id=x,src=path`, `--secret id=x,env=NAME`.
fn secrets(cli: &Cli, buildkit: bool) -> Result<Vec<SecretFile>, Failure> {
    let mut secrets = Vec::new();
    if !buildkit {
        return Ok(secrets);
    }
    for text in cli.matches.all("secret") {
        let fields = crate::value::csv(text).map_err(Failure::Text)?;
        let (mut id, mut source, mut env) = (String::new(), String::new(), String::new());
        for field in &fields {
            let Some((key, value)) = field.split_once('=') else {
                return Err(Failure::text(format!(
                    "invalid field '{field}' must be a key=value pair"
                )));
            };
            match key.to_lowercase().as_str() {
                "id" => value.clone_into(&mut id),
                "src" | "source" => value.clone_into(&mut source),
                "env" => value.clone_into(&mut env),
                "type" if matches!(value, "file" | "env") => {}
                "type" => {
                    return Err(Failure::text(format!("unsupported secret type \"{value}\"")));
                }
                _ => {
                    return Err(Failure::text(format!("unexpected key '{key}' in '{field}'")));
                }
            }
        }
        let variable = if env.is_empty() && source.is_empty() { &id } else { &env };
        let bytes = match cli.proc.env(variable).filter(|_| source.is_empty()) {
            Some(value) => value.into_bytes(),
            None => {
                let path = if source.is_empty() { &id } else { &source };
                cli.proc.read_file(path).map_err(|errno| {
                    let cause = go_error(errno);
                    Failure::text(format!("failed to stat {path}: stat {path}: {cause}"))
                })?
            }
        };
        secrets.push(SecretFile {
            id,
            target: String::new(),
            bytes: Some(bytes.into()),
            uid: 0,
            gid: 0,
            mode: 0o400,
        });
    }
    Ok(secrets)
}
