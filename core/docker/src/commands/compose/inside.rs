//! `top`, `images`, `cp`: what is in the containers of a project.

use daemon::api::{ContainerSummary, Request, Response};
use daemon::client::unexpected;

use super::report::Report;
use super::{
    SERVICE, containers, delegate, down, first, is_first, is_one_off, label, number, project,
};
use crate::cli::{Cli, Failure};
use crate::commands::container;
use crate::output::text::short_id;
use crate::output::units::{human_duration, human_size};
use crate::profile::Cells;
use crate::table::Outcome;

/// `docker compose top`.
pub(crate) async fn top(cli: &Cli) -> Outcome {
    let mut all = down::asked(cli).await?;
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let mut text = String::new();
    for one in all.iter().filter(|one| super::runs(one)) {
        let (titles, rows) = container::processes(cli, &one.id).await?;
        if is_first(cli) {
            let gap = if text.is_empty() { "" } else { "\n" };
            text += &format!("{gap}{}\n{}", one.name, first::table(cli, &titles, &rows));
            continue;
        }
        if text.is_empty() {
            text = format!("SERVICE\t#\t{}\n", titles.join("\t"));
        }
        for row in rows {
            text += &format!("{}\t{}\t{}\n", label(one, SERVICE), number(one), row.join("\t"));
        }
    }
    if !is_first(cli) {
        text = commandline::tab::align(&text, Cells { min: 4, padding: 2 });
    }
    cli.out(text).await;
    Ok(0)
}

/// `docker compose images`.
pub(crate) async fn shown(cli: &Cli) -> Outcome {
    let mut all = down::asked(cli).await?;
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let mut rows = Vec::new();
    for one in &all {
        let request = Request::InspectImage { image: one.image_id.clone() };
        let image = match cli.client.ask(request).await? {
            Response::Image(image) => image,
            other => return Err(Failure::Api(unexpected(&other))),
        };
        let tag = image.tags.iter().find(|tag| **tag == one.image).or(image.tags.first());
        let (repository, tag) =
            tag.and_then(|tag| tag.rsplit_once(':')).unwrap_or(("<none>", "<none>"));
        let id = short_id(&image.id);
        if cli.is_set("quiet") {
            let id = image.id.trim_start_matches("sha256:");
            rows.push(vec![id.to_owned()]);
            continue;
        }
        let mut row = vec![one.name.clone(), repository.to_owned(), tag.to_owned()];
        if is_first(cli) {
            row.extend([id, human_size(image.size, 4, " ")]);
        } else {
            let age = cli.proc.wall().since(image.created);
            row.push(format!("{}/{}", image.os, image.architecture));
            row.extend([id, human_size(image.size, 3, "")]);
            row.push(format!("{} ago", human_duration(cli.profile, age)));
        }
        rows.push(row);
    }
    if cli.is_set("quiet") {
        rows.sort();
        rows.dedup();
        cli.out(rows.concat().iter().map(|id| format!("{id}\n")).collect::<String>()).await;
    } else if is_first(cli) {
        let titles = ["Container", "Repository", "Tag", "Image Id", "Size"];
        cli.out(first::table(cli, &titles, &rows)).await;
    } else {
        let titles = "CONTAINER\tREPOSITORY\tTAG\tPLATFORM\tIMAGE ID\tSIZE\tCREATED\n".to_owned();
        let lines = rows.iter().map(|row| row.join("\t") + "\n").collect::<String>();
        cli.out(commandline::tab::align(&(titles + &lines), cli.profile.cells)).await;
    }
    Ok(0)
}

/// `docker compose cp`.
pub(crate) async fn copy(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    let all = containers(cli, &project.name).await?;
    let index = cli.flag("index").and_then(|text| text.parse().ok());
    let mut report = Report::new(cli);
    let mut args = vec!["--quiet".to_owned()];
    let mut object = String::new();
    for arg in cli.args() {
        let service = arg.split_once(':').filter(|_| !arg.starts_with(['/', '.']));
        let Some((service, path)) = service else {
            object += &format!("{} {arg}", if object.is_empty() { "copy" } else { " to" });
            args.push(arg.clone());
            continue;
        };
        project.wanted(cli, &[service.to_owned()])?;
        let is_it = |one: &&ContainerSummary| {
            label(one, SERVICE) == service
                && !is_one_off(one)
                && index.is_none_or(|index: u64| number(one) == index)
        };
        let one = all
            .iter()
            .find(is_it)
            .ok_or_else(|| Failure::text(format!("no container found for service {service:?}")))?;
        let place = format!("{}:{path}", one.name);
        object = match object.as_str() {
            "" => format!("{} copy {place}", one.name),
            first => format!("{} {first} to {place}", one.name),
        };
        args.push(place);
    }
    report.begin();
    let status = delegate(cli, "cp", &args).await?;
    report.done(object, "Copied");
    report.show("Copying").await;
    Ok(status)
}
