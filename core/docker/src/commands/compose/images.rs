//! The images of services: built here, or pulled.

use compose::Node;
use daemon::api::Request;

use super::project::{self, Project};
use super::report::Report;
use super::up::warn;
use super::{as_command, convert, is_first};
use crate::cli::{Cli, Failure};
use crate::commands::{build as builder, pull as puller};
use crate::table::Outcome;

/// The image of a service is there, or is built or pulled.
pub(super) async fn provide_image(
    cli: &Cli,
    project: &Project,
    name: &str,
    service: &Node,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let image = convert::image(cli, project, name, service);
    let request = Request::InspectImage { image: image.clone() };
    let is_there = cli.client.ask(request).await.is_ok();
    let is_built = service.get("build").is_some();
    if is_built && (!is_there || cli.is_set("build")) {
        build_one(cli, project, name, service).await?;
        if is_first(cli) && !cli.is_set("build") {
            cli.err(format!(
                "WARNING: Image for service {name} was built because it did not already exist. To \
                 rebuild this image you must use `docker-compose build` or `docker-compose up --build`.\n"
            ))
            .await;
        }
        return Ok(());
    }
    let policy = service.text_of("pull_policy");
    if is_built || (is_there && policy != "always" && cli.flag("pull") != Some("always")) {
        return Ok(());
    }
    report.begin();
    // Only the first of the two command lines shows the layers in the way that `docker pull` does.
    pull_one(cli, name, &image, is_first(cli)).await?;
    report.done(format!("{name} Pulled"), "");
    Ok(())
}

/// Pulls the image of a service.
pub(super) async fn pull_one(
    cli: &Cli,
    name: &str,
    image: &str,
    shows: bool,
) -> Result<(), Failure> {
    if shows {
        cli.err(format!("Pulling {name} ({})...\n", puller::with_tag(image))).await;
    }
    let pulled = puller::pull_for_compose(cli, image, !shows).await;
    pulled.map_err(|error| {
        let hint = puller::hint(image, &error);
        Failure::text(Failure::Api(error).message(cli.profile) + hint)
    })
}

/// Builds the image of a service as `docker build` does.
async fn build_one(
    cli: &Cli,
    project: &Project,
    name: &str,
    service: &Node,
) -> Result<(), Failure> {
    let Some(build) = service.get("build") else { return Ok(()) };
    let context = build.text().unwrap_or_else(|| build.text_of("context"));
    let context = match context.as_str() {
        "" | "." => project.folder.clone(),
        path if path.starts_with('/') => path.to_owned(),
        path => format!("{}/{}", project.folder, path.trim_start_matches("./")),
    };
    let mut args = vec![format!("--tag={}", convert::image(cli, project, name, service))];
    let file = build.text_of("dockerfile");
    if !file.is_empty() {
        let path = if file.starts_with('/') { file } else { format!("{context}/{file}") };
        args.push(format!("--file={path}"));
    }
    let target = build.text_of("target");
    if !target.is_empty() {
        args.push(format!("--target={target}"));
    }
    if let Some(all) = build.get("args") {
        let listed = all.items().iter().filter_map(Node::text);
        let mapped = all.entries().iter().map(|(key, value)| {
            value.text().map_or_else(|| key.clone(), |value| format!("{key}={value}"))
        });
        args.extend(listed.chain(mapped).map(|one| format!("--build-arg={one}")));
    }
    if cli.is_set("no-cache") {
        args.push("--no-cache".to_owned());
    }
    args.push(context);
    if is_first(cli) {
        cli.err(format!("Building {name}\n")).await;
    }
    let command = as_command(cli, "build", &args)?;
    builder::build(&command).await.map(drop)
}

/// `docker compose build`.
pub(crate) async fn build(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    warn(cli, &project).await;
    if let Some(unknown) = cli.args().iter().find(|name| project.service(name).is_none()) {
        return Err(Failure::text(format!("no such service: {unknown}")));
    }
    for (name, service) in project.services() {
        let is_asked = cli.args().is_empty() || cli.args().iter().any(|one| one == name);
        if !is_asked {
            continue;
        }
        match service.get("build") {
            Some(_) => build_one(cli, &project, name, service).await?,
            None if is_first(cli) => {
                cli.err(format!("{name} uses an image, skipping\n")).await;
            }
            None => {}
        }
    }
    Ok(0)
}
