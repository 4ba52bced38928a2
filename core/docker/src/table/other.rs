//! The table of commands that are known and not simulated:
//! what there is to type, since when, and what runs it.

use crate::cli::Cli;
use crate::commands::{context, prune};
use crate::output::list::List;
use crate::profile::V20_10;
use crate::table::{Command, Count, Outcome, command};

/// `docker plugin ls`: there are none.
async fn list_plugins(cli: &Cli) -> Outcome {
    let columns = vec![
        ("ID", "ID"),
        ("Name", "NAME"),
        ("Description", "DESCRIPTION"),
        ("Enabled", "ENABLED"),
    ];
    let cells = cli.profile.cells;
    List { columns, more_titles: &[], quiet: "ID", rows: Vec::new(), cells }.show(cli).await
}

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command(
        "plugin create",
        "[OPTIONS] PLUGIN PLUGIN-DATA-DIR",
        "Create a plugin from a rootfs and configuration. Plugin data \
directory must contain config.json and rootfs directory.",
    )
    .unsimulated("plugins"),
    command("plugin disable", "[OPTIONS] PLUGIN", "Disable a plugin").unsimulated("plugins"),
    command("plugin enable", "[OPTIONS] PLUGIN", "Enable a plugin").unsimulated("plugins"),
    command(
        "plugin inspect",
        "[OPTIONS] PLUGIN [PLUGIN...]",
        "Display detailed information on one or more plugins",
    )
    .unsimulated("plugins"),
    command("plugin install", "[OPTIONS] PLUGIN [KEY=VALUE...]", "Install a plugin")
        .unsimulated("plugins"),
    command("plugin ls", "[OPTIONS]", "List plugins")
        .aliases(&["list"])
        .flags(
            "
            -f, --filter | filter | since 17.12 | Provide filter values (e.g. \"enabled=true\")
                until 20.10 | Provide filter values (e.g. 'enabled=true')
            --format | string | since 17.12 | @list
                until 20.10 | Pretty-print plugins using a Go template
            --no-trunc | bool | | Don't truncate output
            -q, --quiet | bool | since 17.12 | Only display plugin IDs
        ",
        )
        .run(|cli| Box::pin(list_plugins(cli))),
    command("plugin push", "[OPTIONS] PLUGIN[:TAG]", "Push a plugin to a registry")
        .unsimulated("plugins"),
    command("plugin rm", "[OPTIONS] PLUGIN [PLUGIN...]", "Remove one or more plugins")
        .aliases(&["remove"])
        .unsimulated("plugins"),
    command("plugin set", "PLUGIN KEY=VALUE [KEY=VALUE...]", "Change settings for a plugin")
        .unsimulated("plugins"),
    command("plugin upgrade", "[OPTIONS] PLUGIN [REMOTE]", "Upgrade an existing plugin")
        .unsimulated("plugins"),
    command("search", "[OPTIONS] TERM", "Search Docker Hub for images")
        .short_was(V20_10, "Search the Docker Hub for images")
        .unsimulated("stars and descriptions of Docker Hub"),
    command(
        "checkpoint create",
        "[OPTIONS] CONTAINER CHECKPOINT",
        "Create a checkpoint from a running container",
    )
    .unsimulated("checkpoints"),
    command("checkpoint ls", "[OPTIONS] CONTAINER", "List checkpoints for a container")
        .aliases(&["list"])
        .unsimulated("checkpoints"),
    command("checkpoint rm", "[OPTIONS] CONTAINER CHECKPOINT", "Remove a checkpoint")
        .aliases(&["remove"])
        .unsimulated("checkpoints"),
    command("deploy", "[OPTIONS] STACK", "Deploy a new stack or update an existing stack")
        .until(19, 3)
        .experimental_until(19, 3)
        .unsimulated("bundles"),
    command("bake", "[OPTIONS] [TARGET...]", "Build from a file")
        .since(28, 0)
        .unsimulated("bake files"),
    command("buildx bake", "[OPTIONS] [TARGET...]", "Build from a file")
        .since(20, 10)
        .unsimulated("bake files"),
    command("buildx create", "[OPTIONS] [CONTEXT|ENDPOINT]", "Create a new builder instance")
        .since(20, 10)
        .unsimulated("other builders than the daemon's own"),
    command("buildx du", "", "Disk usage")
        .since(20, 10)
        .unsimulated("single records of the build cache"),
    command("buildx inspect", "[NAME]", "Inspect current builder instance")
        .since(20, 10)
        .unsimulated("other builders than the daemon's own"),
    command("buildx ls", "", "List builder instances")
        .since(20, 10)
        .unsimulated("other builders than the daemon's own"),
    command("buildx prune", "", "Remove build cache")
        .since(20, 10)
        .unsimulated("use docker builder prune"),
    command("buildx use", "[OPTIONS] NAME", "Set the current builder instance")
        .since(20, 10)
        .unsimulated("other builders than the daemon's own"),
    command("buildx version", "", "Show buildx version information")
        .since(20, 10)
        .unsimulated("a version of its own"),
    command(
        "trust inspect",
        "IMAGE[:TAG] [IMAGE[:TAG]...]",
        "Return low-level information about keys and signatures",
    )
    .since(19, 3)
    .unsimulated("content trust"),
    command("trust revoke", "[OPTIONS] IMAGE[:TAG]", "Remove trust for an image")
        .since(19, 3)
        .unsimulated("content trust"),
    command("trust sign", "IMAGE:TAG", "Sign an image").since(19, 3).unsimulated("content trust"),
    command("context create", "[OPTIONS] CONTEXT", "Create a context")
        .since(19, 3)
        .args(Count::Exact(1))
        .flags(
            "
            --description | string | | Description of the context
            --docker | strings | | set the docker endpoint
            --from | string | | create context from a named context
        ",
        )
        .run(|cli| Box::pin(context::create(cli))),
    command(
        "context export",
        "[OPTIONS] CONTEXT [FILE|-]",
        "Export a context to a tar archive FILE or a tar stream on STDOUT.",
    )
    .short_was(V20_10, "Export a context to a tar or kubeconfig file")
    .since(19, 3)
    .unsimulated("contexts"),
    command("context import", "CONTEXT FILE|-", "Import a context from a tar or zip file")
        .since(19, 3)
        .unsimulated("contexts"),
    command(
        "context inspect",
        "[OPTIONS] [CONTEXT] [CONTEXT...]",
        "Display detailed information on one or more contexts",
    )
    .since(19, 3)
    .args(Count::Min(0))
    .flags(
        "
        -f, --format | string | | @inspect
            until 20.10 | Format the output using the given Go template
    ",
    )
    .run(|cli| Box::pin(context::inspect(cli))),
    command("context ls", "[OPTIONS]", "List contexts")
        .since(19, 3)
        .aliases(&["list"])
        .flags(
            "
            --format | string | | @list
                until 20.10 | Pretty-print contexts using a Go template
            -q, --quiet | bool | | Only show context names
        ",
        )
        .run(|cli| Box::pin(context::list(cli))),
    command("context rm", "CONTEXT [CONTEXT...]", "Remove one or more contexts")
        .since(19, 3)
        .aliases(&["remove"])
        .args(Count::Min(1))
        .flags(
            "
            -f, --force | bool | | Force the removal of a context in use
        ",
        )
        .run(|cli| Box::pin(context::remove(cli))),
    command("context show", "", "Print the name of the current context")
        .since(23, 0)
        .run(|cli| Box::pin(context::show(cli))),
    command("context update", "[OPTIONS] CONTEXT", "Update a context")
        .since(19, 3)
        .unsimulated("contexts"),
    command("context use", "CONTEXT", "Set the current docker context")
        .since(19, 3)
        .args(Count::Exact(1))
        .run(|cli| Box::pin(context::choose(cli))),
    command("builder prune", "[OPTIONS]", "Remove build cache")
        .since(18, 9)
        .flags(
            "
            -a, --all | bool | | Remove all unused build cache, not just dangling ones
            -f, --force | bool | | Do not prompt for confirmation
        ",
        )
        .run(|cli| Box::pin(prune::builds(cli))),
    command(
        "manifest annotate",
        "[OPTIONS] MANIFEST_LIST MANIFEST",
        "Add additional information to a local image manifest",
    )
    .since(19, 3)
    .unsimulated("manifests"),
    command(
        "manifest create",
        "MANIFEST_LIST MANIFEST [MANIFEST...]",
        "Create a local manifest list for annotating and pushing to a \
registry",
    )
    .since(19, 3)
    .unsimulated("manifests"),
    command(
        "manifest inspect",
        "[OPTIONS] [MANIFEST_LIST] MANIFEST",
        "Display an image manifest, or manifest list",
    )
    .since(19, 3)
    .unsimulated("manifests"),
    command("manifest push", "[OPTIONS] MANIFEST_LIST", "Push a manifest list to a repository")
        .since(19, 3)
        .unsimulated("manifests"),
    command(
        "manifest rm",
        "MANIFEST_LIST [MANIFEST_LIST...]",
        "Delete one or more manifest lists from local storage",
    )
    .since(19, 3)
    .unsimulated("manifests"),
];
