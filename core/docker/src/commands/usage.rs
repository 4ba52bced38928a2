//! `docker system df`: how much there is of each kind, or of each object (docker/cli:
//! `cli/command/formatter/disk_usage.go`).

use daemon::api::{ContainerSummary, DiskUsage, Filters, ImageSummary, Request, Response};
use daemon::client::unexpected;

use super::container;
use crate::cli::{Cli, Failure};
use crate::output::list::{List, Row};
use crate::output::text::short_id;
use crate::output::units::{human_duration, human_size};
use crate::table::Outcome;

/// `docker system df`.
pub(crate) async fn disk_usage(cli: &Cli) -> Outcome {
    if cli.is_set("verbose") {
        return single(cli).await;
    }
    let usage: DiskUsage = match cli.client.ask(Request::DiskUsage).await? {
        Response::DiskUsage(usage) => *usage,
        other => return Err(Failure::Api(unexpected(&other))),
    };
    let mut kinds = vec![
        ("Images", usage.images),
        ("Containers", usage.containers),
        ("Local Volumes", usage.volumes),
    ];
    if cli.profile.version_components {
        kinds.push(("Build Cache", usage.builds));
    }
    let size = |bytes| human_size(bytes, 4, cli.profile.size_gap);
    let rows = kinds.into_iter().map(|(kind, (count, active, bytes, free))| {
        let share = (free * 100).checked_div(bytes);
        let share = share.map(|percent| format!(" ({percent}%)")).unwrap_or_default();
        vec![
            ("Type", kind.to_owned()),
            ("TotalCount", count.to_string()),
            ("Active", active.to_string()),
            ("Size", size(bytes)),
            ("Reclaimable", format!("{}{share}", size(free))),
        ]
    });
    let rows = rows.collect();
    let columns = vec![
        ("Type", "TYPE"),
        ("TotalCount", "TOTAL"),
        ("Active", "ACTIVE"),
        ("Size", "SIZE"),
        ("Reclaimable", "RECLAIMABLE"),
    ];
    List { columns, more_titles: &[], quiet: "Type", rows, cells: cli.profile.cells }
        .show(cli)
        .await
}

type Columns = &'static [(&'static str, &'static str)];

const IMAGES: Columns = &[
    ("Repository", "REPOSITORY"),
    ("Tag", "TAG"),
    ("ID", "IMAGE ID"),
    ("CreatedSince", "CREATED"),
    ("Size", "SIZE"),
    ("SharedSize", "SHARED SIZE"),
    ("UniqueSize", "UNIQUE SIZE"),
    ("Containers", "CONTAINERS"),
];
const CONTAINERS: Columns = &[
    ("ID", "CONTAINER ID"),
    ("Image", "IMAGE"),
    ("Command", "COMMAND"),
    ("LocalVolumes", "LOCAL VOLUMES"),
    ("Size", "SIZE"),
    ("RunningFor", "CREATED"),
    ("Status", "STATUS"),
    ("Names", "NAMES"),
];
const VOLUMES: Columns = &[("Name", "VOLUME NAME"), ("Links", "LINKS"), ("Size", "SIZE")];
const BUILDS: Columns = &[
    ("ID", "CACHE ID"),
    ("CacheType", "CACHE TYPE"),
    ("Size", "SIZE"),
    ("CreatedSince", "CREATED"),
    ("LastUsedSince", "LAST USED"),
    ("UsageCount", "USAGE"),
    ("Shared", "SHARED"),
];

/// `docker system df -v`.
async fn single(cli: &Cli) -> Outcome {
    if cli.flag("format").is_some_and(|format| !matches!(format, "" | "table")) {
        return Err(Failure::text("not simulated: docker system df --verbose with --format"));
    }
    let all =
        Request::ListContainers { all: true, limit: None, size: true, filters: Filters::default() };
    let (containers, images) = match (
        cli.client.ask(all).await?,
        cli.client.ask(Request::ListImages { all: false, filters: Filters::default() }).await?,
    ) {
        (Response::Containers(containers), Response::Images(images)) => (containers, images),
        (other, _) => return Err(Failure::Api(unexpected(&other))),
    };
    let (volumes, usage) = match (
        cli.client.ask(Request::ListVolumes { filters: Filters::default() }).await?,
        cli.client.ask(Request::DiskUsage).await?,
    ) {
        (Response::Volumes(volumes), Response::DiskUsage(usage)) => (volumes, usage),
        (other, _) => return Err(Failure::Api(unexpected(&other))),
    };
    let size = |bytes| human_size(bytes, 3, cli.profile.size_gap);
    let now = cli.proc.wall();
    let image = |image: &ImageSummary| -> Row {
        let name = image.tags.first().and_then(|name| name.rsplit_once(':'));
        let (repository, tag) = name.unwrap_or(("<none>", "<none>"));
        let users = containers.iter().filter(|one| one.image_id == image.id).count();
        vec![
            ("Repository", repository.to_owned()),
            ("Tag", tag.to_owned()),
            ("ID", short_id(&image.id)),
            (
                "CreatedSince",
                format!("{} ago", human_duration(cli.profile, now.since(image.created))),
            ),
            ("Size", size(image.size)),
            ("SharedSize", size(image.shared)),
            ("UniqueSize", size(image.size.saturating_sub(image.shared))),
            ("Containers", users.to_string()),
        ]
    };
    let one = |one: &ContainerSummary| {
        let own = ContainerSummary { size: one.size.map(|(own, _)| (own, 0)), ..one.clone() };
        container::row(cli.profile, &own, false, now)
    };
    let table = |title: &str, columns: Columns, rows: Vec<Row>| {
        let columns = columns.to_vec();
        let list = List { columns, more_titles: &[], quiet: "", rows, cells: cli.profile.cells };
        format!("{title}:\n\n{}\n", list.table())
    };
    let volumes = volumes.iter().map(|volume| {
        vec![
            ("Name", volume.name.clone()),
            ("Links", volume.user_count.to_string()),
            ("Size", size(volume.size)),
        ]
    });
    let mut text = table("Images space usage", IMAGES, images.iter().map(image).collect());
    text += &table("Containers space usage", CONTAINERS, containers.iter().map(one).collect());
    text += &table("Local Volumes space usage", VOLUMES, volumes.collect());
    if cli.profile.version_components {
        let bytes = human_size(usage.builds.2, 4, cli.profile.size_gap);
        text += &table(&format!("Build cache usage: {bytes}"), BUILDS, Vec::new())
            .replacen(":\n\n", "\n\n", 1);
    }
    cli.out(text.trim_end_matches('\n').to_owned() + "\n").await;
    Ok(0)
}
