//! `docker login`, `docker logout`, `docker push`: what has to do with registries and accounts there.

use daemon::api::{Error, Login, Request, Response};
use daemon::client::unexpected;
use os::Fd;
use seal::base64;
use serde_json::{Value as Json, json};

use super::pull::{follow_transfer, full_name, with_tag};
use super::{created, go_error};
use crate::cli::{Cli, Failure};
use crate::configuration;
use crate::profile::LoginTexts;
use crate::table::Outcome;

/// The public registry, as `config.json` calls it.
const HUB: &str = "https://index.docker.io/v1/";

fn key(server: &str) -> String {
    match server {
        "" | "docker.io" | "index.docker.io" => HUB.to_owned(),
        server => server.to_owned(),
    }
}

/// The login that is stored for a registry.
pub(super) fn stored(cli: &Cli, server: &str) -> Option<Login> {
    let configuration = configuration::read(&cli.proc);
    let text = configuration.get("auths")?.get(key(server))?.get("auth")?.as_str()?;
    let pair = String::from_utf8(base64::decode(text)?).ok()?;
    let (user, password) = pair.split_once(':')?;
    Some(Login { user: user.to_owned(), password: password.to_owned() })
}

async fn typed(cli: &Cli, prompt: &str, shows: bool) -> Result<String, Failure> {
    cli.out(prompt).await;
    cli.proc.set_echo(shows);
    let line = cli.proc.read(Fd::STDIN, 4_096).await;
    cli.proc.set_echo(true);
    let line = line.map_err(|errno| Failure::text(go_error(errno)))?;
    Ok(String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned())
}

/// `docker login`.
pub(crate) async fn login(cli: &Cli) -> Outcome {
    let texts = cli.profile.login;
    let server = cli.arg(0);
    let mut user = cli.flag("username").unwrap_or_default().to_owned();
    let mut password = cli.flag("password").unwrap_or_default().to_owned();
    if !password.is_empty() && texts != LoginTexts::Plain {
        cli.err("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n").await;
    }
    if cli.is_set("password-stdin") {
        if !password.is_empty() {
            return Err(Failure::text("--password and --password-stdin are mutually exclusive"));
        }
        if user.is_empty() {
            return Err(Failure::text("Must provide --username with --password-stdin"));
        }
        let bytes = cli.proc.read_to_end(Fd::STDIN).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        password = text.trim_end_matches(['\n', '\r']).to_owned();
    }
    let known = stored(cli, server).filter(|_| user.is_empty() && password.is_empty());
    let is_known = known.is_some();
    if let Some(known) = known {
        if texts != LoginTexts::Plain {
            cli.out("Authenticating with existing credentials...\n").await;
        }
        (user, password) = (known.user, known.password);
    }
    if user.is_empty() || password.is_empty() {
        if !cli.proc.is_terminal(Fd::STDIN) {
            return Err(Failure::text(
                "Error: Cannot perform an interactive login from a non TTY device",
            ));
        }
        if user.is_empty() {
            if texts == LoginTexts::Linked {
                return Err(Failure::text(
                    "not simulated: docker login with a browser; give a name with --username",
                ));
            }
            cli.out(
                "Login with your Docker ID to push and pull images from Docker Hub. If you don't \
                 have a Docker ID, head over to https://hub.docker.com to create one.\n",
            )
            .await;
            user = typed(cli, "Username: ", true).await?.trim().to_owned();
            if user.is_empty() {
                return Err(Failure::text("Error: Non-null Username Required"));
            }
        } else if texts == LoginTexts::Linked {
            cli.out(
                "\ni Info → A Personal Access Token (PAT) can be used instead.\n         To create \
                 a PAT, visit https://app.docker.com/settings\n\n\n",
            )
            .await;
        }
        password = typed(cli, "Password: ", false).await?;
        if password.is_empty() {
            return Err(Failure::text("Error: Password Required"));
        }
    }
    let login = Login { user: user.clone(), password: password.clone() };
    cli.client.done(Request::Login { server: server.to_owned(), login }).await?;
    let mut configuration = configuration::read(&cli.proc);
    let auth = base64::encode(format!("{user}:{password}").as_bytes());
    configuration["auths"][key(server)] = json!({ "auth": auth });
    if matches!(texts, LoginTexts::Warned) && cli.profile.user_agent_header {
        let agent = format!("Docker-Client/{} (linux)", cli.profile.engine);
        configuration["HttpHeaders"] = json!({ "User-Agent": agent });
    }
    configuration::save(&cli.proc, &configuration)?;
    let path = format!("{}/config.json", configuration::folder(&cli.proc));
    match texts {
        LoginTexts::Warned if !is_known => {
            cli.err(format!(
                "WARNING! Your password will be stored unencrypted in {path}.\nConfigure a \
                 credential helper to remove this warning. See\n\
                 https://docs.docker.com/engine/reference/commandline/login/#credentials-store\n\n"
            ))
            .await;
        }
        LoginTexts::Linked if !is_known => {
            cli.err(format!(
                "\nWARNING! Your credentials are stored unencrypted in '{path}'.\nConfigure a \
                 credential helper to remove this warning. See\n\
                 https://docs.docker.com/go/credential-store/\n\n"
            ))
            .await;
        }
        _ => {}
    }
    cli.out("Login Succeeded\n").await;
    Ok(0)
}

/// `docker logout`.
pub(crate) async fn logout(cli: &Cli) -> Outcome {
    let key = key(cli.arg(0));
    let mut configuration = configuration::read(&cli.proc);
    let auths = configuration.get_mut("auths").and_then(Json::as_object_mut);
    let was_there = auths.is_some_and(|auths| auths.remove(&key).is_some());
    if !was_there && cli.profile.login != LoginTexts::Linked {
        cli.out(format!("Not logged in to {key}\n")).await;
        return Ok(0);
    }
    cli.out(format!("Removing login credentials for {key}\n")).await;
    configuration::save(&cli.proc, &configuration)?;
    Ok(0)
}

/// `docker push`.
pub(crate) async fn push(cli: &Cli) -> Outcome {
    let name = cli.arg(0);
    let last = name.rsplit('/').next().unwrap_or(name);
    let full = with_tag(name);
    let mut references = vec![full.clone()];
    let has_tag = last.contains(':');
    if has_tag && cli.is_set("all-tags") {
        return Err(Failure::text("tag can't be used with --all-tags/-a"));
    }
    let quiet = cli.is_set("quiet");
    let pushes_all = !has_tag && (cli.is_set("all-tags") || !cli.profile.pushes_latest);
    if pushes_all {
        references = tags(cli, name).await?;
    } else if !has_tag && !quiet {
        cli.out("Using default tag: latest\n").await;
    }
    let repository = full_name(&full);
    let repository = repository.rsplit_once(':').map_or(repository.as_str(), |(name, _)| name);
    if !quiet {
        let article = if cli.profile.version_components { "" } else { "a " };
        cli.out(format!("The push refers to {article}repository [{repository}]\n")).await;
    }
    let (server, _) = repository.split_once('/').unwrap_or(("", repository));
    let login = stored(cli, server);
    if references.is_empty() {
        let text = format!("An image does not exist locally with the tag: {name}");
        return Err(Failure::text(text));
    }
    for reference in references {
        let request = Request::PushImage { reference: reference.clone(), login: login.clone() };
        let transfer = created(cli, request).await?;
        let pushed = follow_transfer(cli, &transfer, Fd::STDOUT, quiet).await;
        // The answer had begun: the error is part of the stream.
        pushed.map_err(|error| match error {
            Error::Api { code: None, message, .. } => Failure::Text(message),
            error => Failure::Api(error),
        })?;
        if quiet {
            cli.out(format!("{}\n", full_name(&reference))).await;
        }
    }
    Ok(0)
}

/// All names with a tag that a repository has on the host.
async fn tags(cli: &Cli, repository: &str) -> Result<Vec<String>, Failure> {
    let mut filters = daemon::api::Filters::default();
    filters.add("reference", repository);
    match cli.client.ask(Request::ListImages { all: false, filters }).await? {
        Response::Images(images) => {
            let mut names: Vec<String> = images.into_iter().flat_map(|image| image.tags).collect();
            names.sort();
            Ok(names)
        }
        other => Err(Failure::Api(unexpected(&other))),
    }
}
