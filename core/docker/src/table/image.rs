//! The table of `docker image` and its short forms:
//! what there is to type, since when, and what runs it.

use crate::commands::{copy, image, prune, registry};
use crate::profile::{V17_06, V20_10};
use crate::table::{Command, Count, FORMAT_INSPECT, FORMAT_LIST, Kind, command, flag};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("image history", "[OPTIONS] IMAGE", "Show the history of an image")
        .top("history")
        .args(Count::Exact(1))
        .flags(&[
            flag("--format", Kind::String, FORMAT_LIST)
                .since(17, 6)
                .was(V20_10, "Pretty-print images using a Go template"),
            flag("-H, --human", Kind::Bool, "Print sizes and dates in human readable format")
                .default("true"),
            flag("--no-trunc", Kind::Bool, "Don't truncate output"),
            flag("--platform", Kind::String, "Show history for the given platform. Formatted as \"os[/arch[/variant]]\" (e.g., \"linux/amd64\")")
                .since(28, 0)
                .unsimulated("other platforms"),
            flag("-q, --quiet", Kind::Bool, "Only show image IDs")
                .was(V17_06, "Only show numeric IDs"),
        ])
        .run(|cli| Box::pin(image::history(cli))),
    command(
        "image import",
        "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
        "Import the contents from a tarball to create a filesystem image",
    )
    .top("import")
    .args(Count::Range(1, 2))
    .flags(&[
        flag("-c, --change", Kind::List, "Apply Dockerfile instruction to the created image"),
        flag("-m, --message", Kind::String, "Set commit message for imported image"),
        flag("--platform", Kind::String, "Set platform if server is multi-platform capable")
            .since(17, 12)
            .api("1.32")
            .unsimulated("other platforms"),
    ])
    .run(|cli| Box::pin(copy::import(cli))),
    command(
        "image inspect",
        "[OPTIONS] IMAGE [IMAGE...]",
        "Display detailed information on one or more images",
    )
    .args(Count::Min(1))
    .flags(&[flag("-f, --format", Kind::String, FORMAT_INSPECT)
        .was(V20_10, "Format the output using the given Go template")])
    .run(|cli| Box::pin(image::inspect(cli))),
    command("image ls", "[OPTIONS] [REPOSITORY[:TAG]]", "List images")
        .aliases(&["list"])
        .top("images")
        .args(Count::Max(1))
        .flags(&[
            flag("-a, --all", Kind::Bool, "Show all images (default hides intermediate images)"),
            flag("--digests", Kind::Bool, "Show digests"),
            flag("-f, --filter", Kind::Filter, "Filter output based on conditions provided"),
            flag("--format", Kind::String, FORMAT_LIST)
                .was(V20_10, "Pretty-print images using a Go template"),
            flag("--no-trunc", Kind::Bool, "Don't truncate output"),
            flag("-q, --quiet", Kind::Bool, "Only show image IDs")
                .was(V17_06, "Only show numeric IDs"),
            flag("--tree", Kind::Bool, "List multi-platform images as a tree (EXPERIMENTAL)")
                .since(27, 3)
                .api("1.47")
                .unsimulated("multi-platform images"),
        ])
        .run(|cli| Box::pin(image::list(cli))),
    command("image load", "[OPTIONS]", "Load an image from a tar archive or STDIN")
        .top("load")
        .flags(&[
            flag("-i, --input", Kind::String, "Read from tar archive file, instead of STDIN"),
            flag("--platform", Kind::String, "Load only the given platform variant. Formatted as \"os[/arch[/variant]]\" (e.g., \"linux/amd64\")")
                .since(28, 0)
                .unsimulated("other platforms"),
            flag("-q, --quiet", Kind::Bool, "Suppress the load output"),
        ])
        .run(|cli| Box::pin(copy::load(cli))),
    command("image prune", "[OPTIONS]", "Remove unused images")
        .flags(&[
            flag("-a, --all", Kind::Bool, "Remove all unused images, not just dangling ones"),
            flag("--filter", Kind::Filter, "Provide filter values (e.g. \"until=<timestamp>\")")
                .since(17, 6)
                .was(V20_10, "Provide filter values (e.g. 'until=<timestamp>')"),
            flag("-f, --force", Kind::Bool, "Do not prompt for confirmation"),
        ])
        .run(|cli| Box::pin(prune::images(cli))),
    command("image pull", "[OPTIONS] NAME[:TAG|@DIGEST]", "Download an image from a registry")
        .short_was(V20_10, "Pull an image or a repository from a registry")
        .top("pull")
        .args(Count::Exact(1))
        .flags(&[
            flag("-a, --all-tags", Kind::Bool, "Download all tagged images in the repository")
                .unsimulated("pulling every tag"),
            flag("--platform", Kind::String, "Set platform if server is multi-platform capable")
                .since(17, 12)
                .api("1.32")
                .unsimulated("other platforms"),
            flag("-q, --quiet", Kind::Bool, "Suppress verbose output").since(19, 3),
        ])
        .run(|cli| Box::pin(image::pull(cli))),
    command("image push", "[OPTIONS] NAME[:TAG]", "Upload an image to a registry")
        .short_was(V20_10, "Push an image or a repository to a registry")
        .top("push")
        .args(Count::Exact(1))
        .flags(&[
            flag("-a, --all-tags", Kind::Bool, "Push all tags of an image to the repository")
                .since(20, 10),
            flag("--disable-content-trust", Kind::Bool, "Skip image signing").default("true"),
            flag(
                "--platform",
                Kind::String,
                "Push a platform-specific manifest as a single-platform image to the registry.",
            )
            .since(27, 0)
            .api("1.46")
            .unsimulated("other platforms"),
            flag("-q, --quiet", Kind::Bool, "Suppress verbose output").since(20, 10),
        ])
        .run(|cli| Box::pin(registry::push(cli))),
    command("image rm", "[OPTIONS] IMAGE [IMAGE...]", "Remove one or more images")
        .aliases(&["remove"])
        .top("rmi")
        .args(Count::Min(1))
        .flags(&[
            flag("-f, --force", Kind::Bool, "Force removal of the image"),
            flag("--no-prune", Kind::Bool, "Do not delete untagged parents"),
            flag(
                "--platform",
                Kind::Strings,
                "Remove only the given platform variant. Formatted as \
\"os[/arch[/variant]]\" (e.g., \"linux/amd64\")",
            )
            .since(28, 3)
            .api("1.50")
            .unsimulated("other platforms"),
        ])
        .run(|cli| Box::pin(image::remove(cli))),
    command(
        "image save",
        "[OPTIONS] IMAGE [IMAGE...]",
        "Save one or more images to a tar archive (streamed to STDOUT by \
default)",
    )
    .top("save")
    .args(Count::Min(1))
    .flags(&[
        flag("-o, --output", Kind::String, "Write to a file, instead of STDOUT"),
        flag("--platform", Kind::String, "Save only the given platform variant. Formatted as \"os[/arch[/variant]]\" (e.g., \"linux/amd64\")")
            .since(28, 0)
            .unsimulated("other platforms"),
    ])
    .run(|cli| Box::pin(copy::save(cli))),
    command(
        "image tag",
        "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
        "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
    )
    .top("tag")
    .args(Count::Exact(2))
    .run(|cli| Box::pin(image::tag(cli))),
];
