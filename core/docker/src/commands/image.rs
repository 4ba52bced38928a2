//! `docker image` and its short forms.

use daemon::api::{Removed, Request, Response};
use daemon::client::unexpected;

pub(crate) use super::pull::pull;

use super::{filters, inspect as inspection};
use crate::cli::{Cli, Failure};
use crate::output::list::List;
use crate::output::text::{cut, short_id};
use crate::output::time::go_seconds;
use crate::output::units::{human_duration, human_size};
use crate::table::Outcome;

/// `docker images`.
pub(crate) async fn list(cli: &Cli) -> Outcome {
    let mut filters = filters(cli);
    if !cli.arg(0).is_empty() {
        filters.add("reference", cli.arg(0));
    }
    let request = Request::ListImages { all: cli.is_set("all"), filters };
    let images = match cli.client.ask(request).await? {
        Response::Images(images) => images,
        other => return Err(Failure::Api(unexpected(&other))),
    };
    let whole = cli.is_set("no-trunc");
    let now = cli.proc.wall();
    // Whoever does not ask for digests gets none, in JSON as well.
    let has_digests =
        cli.is_set("digests") || cli.flag("format").is_some_and(|text| text.contains(".Digest"));
    let mut rows = Vec::new();
    for image in &images {
        let created = human_duration(cli.profile, now.since(image.created));
        let none = "<none>".to_owned();
        let mut names: Vec<(String, String)> = image
            .tags
            .iter()
            .filter_map(|name| name.rsplit_once(':'))
            .map(|(repository, tag)| (repository.to_owned(), tag.to_owned()))
            .collect();
        if names.is_empty() {
            let repository = image.digests.first().and_then(|name| name.split_once('@'));
            let repository = repository.map_or(none.clone(), |(name, _)| name.to_owned());
            names.push((repository, none.clone()));
        }
        for (repository, tag) in names {
            let digest = image
                .digests
                .iter()
                .filter_map(|name| name.split_once('@'))
                .find(|(name, _)| has_digests && *name == repository)
                .map_or(none.clone(), |(_, digest)| digest.to_owned());
            rows.push(vec![
                ("Repository", repository),
                ("Tag", tag),
                ("Digest", digest),
                ("ID", if whole { image.id.clone() } else { short_id(&image.id) }),
                ("CreatedSince", format!("{created} ago")),
                ("CreatedAt", go_seconds(image.created)),
                ("Size", human_size(image.size, 3, cli.profile.size_gap)),
                ("VirtualSize", human_size(image.size, 3, cli.profile.size_gap)),
                ("Containers", "N/A".to_owned()),
                ("SharedSize", "N/A".to_owned()),
                ("UniqueSize", "N/A".to_owned()),
            ]);
        }
    }
    let mut columns = vec![("Repository", "REPOSITORY"), ("Tag", "TAG")];
    if cli.is_set("digests") {
        columns.push(("Digest", "DIGEST"));
    }
    columns.extend([("ID", "IMAGE ID"), ("CreatedSince", "CREATED"), ("Size", "SIZE")]);
    let more_titles = &[("Digest", "DIGEST"), ("CreatedAt", "CREATED AT")];
    List { columns, more_titles, quiet: "ID", rows, cells: cli.profile.cells }.show(cli).await
}

/// `docker rmi`.
pub(crate) async fn remove(cli: &Cli) -> Outcome {
    let (force, no_prune) = (cli.is_set("force"), cli.is_set("no-prune"));
    cli.for_each_arg(async |name: &str| {
        let request = Request::RemoveImage { image: name.to_owned(), force, no_prune };
        let removed = match cli.client.ask(request).await {
            Ok(Response::Removed(removed)) => removed,
            Ok(other) => return Err(Failure::Api(unexpected(&other))),
            Err(error) if cli.words_inspect_only() => return Err(Failure::Api(error)),
            Err(error) => return Err(cli.not_found("image", name, error)),
        };
        for one in removed {
            match one {
                Removed::Untagged(name) => cli.out(format!("Untagged: {name}\n")).await,
                Removed::Deleted(id) => cli.out(format!("Deleted: {id}\n")).await,
            }
        }
        Ok(())
    })
    .await
}

/// `docker history`.
pub(crate) async fn history(cli: &Cli) -> Outcome {
    let name = cli.arg(0);
    let lines = match cli.client.ask(Request::ImageHistory { image: name.to_owned() }).await? {
        Response::History(lines) => lines,
        other => return Err(Failure::Api(unexpected(&other))),
    };
    let (whole, human) = (cli.is_set("no-trunc"), cli.flag("human") != Some("false"));
    let now = cli.proc.now();
    let rows = lines.iter().map(|line| {
        let id = line.id.clone().unwrap_or_else(|| "<missing>".to_owned());
        let by = line.created_by.replace('\t', " ");
        let size = if human {
            human_size(line.size, 3, cli.profile.size_gap)
        } else {
            line.size.to_string()
        };
        let since = if human {
            format!("{} ago", human_duration(cli.profile, now.since(line.created)))
        } else {
            line.created.rfc3339()
        };
        vec![
            ("ID", if whole || line.id.is_none() { id } else { short_id(&id) }),
            ("CreatedSince", since),
            ("CreatedAt", line.created.rfc3339()),
            ("CreatedBy", if whole { by } else { cut(&by, 45, cli.profile.ellipsis) }),
            ("Size", size),
            ("Comment", line.comment.clone()),
            ("Tags", line.tags.join(",")),
        ]
    });
    let rows = rows.collect();
    let columns = vec![
        ("ID", "IMAGE"),
        ("CreatedSince", "CREATED"),
        ("CreatedBy", "CREATED BY"),
        ("Size", "SIZE"),
        ("Comment", "COMMENT"),
    ];
    let more_titles = &[("CreatedAt", "CREATED AT"), ("Tags", "TAGS")];
    List { columns, more_titles, quiet: "ID", rows, cells: cli.profile.cells }.show(cli).await
}

/// `docker tag`.
pub(crate) async fn tag(cli: &Cli) -> Outcome {
    let request =
        Request::TagImage { image: cli.arg(0).to_owned(), reference: cli.arg(1).to_owned() };
    cli.client.done(request).await?;
    Ok(0)
}

/// `docker image inspect`.
pub(crate) async fn inspect(cli: &Cli) -> Outcome {
    inspection::each(cli, cli.args(), async |name: &str| {
        let found = inspection::image(cli, name).await;
        found.map_err(|error| cli.not_found("image", name, error))
    })
    .await
}
