//! The table of `docker image` and its short forms:
//! what there is to type, since when, and what runs it.

use crate::commands::{copy, image, prune, registry};
use crate::profile::V20_10;
use crate::table::{Command, Count, command};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("image history", "[OPTIONS] IMAGE", "Show the history of an image")
        .top("history")
        .args(Count::Exact(1))
        .flags("
            --format | string | since 17.06 | @list
                until 20.10 | Pretty-print images using a Go template
            -H, --human | bool | default true | Print sizes and dates in human readable format
            --no-trunc | bool | | Don't truncate output
            --platform | string | since 28.0, not simulated: other platforms | Show history for the given platform. Formatted as \"os[/arch[/variant]]\" (e.g., \"linux/amd64\")
            -q, --quiet | bool | | Only show image IDs
                until 17.06 | Only show numeric IDs
        ")
        .run(|cli| Box::pin(image::history(cli))),
    command(
        "image import",
        "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
        "Import the contents from a tarball to create a filesystem image",
    )
    .top("import")
    .args(Count::Range(1, 2))
    .flags("
        -c, --change | list | | Apply Dockerfile instruction to the created image
        -m, --message | string | | Set commit message for imported image
        --platform | string | since 17.12, api 1.32, not simulated: other platforms | Set platform if server is multi-platform capable
    ")
    .run(|cli| Box::pin(copy::import(cli))),
    command(
        "image inspect",
        "[OPTIONS] IMAGE [IMAGE...]",
        "Display detailed information on one or more images",
    )
    .args(Count::Min(1))
    .flags("
        -f, --format | string | | @inspect
            until 20.10 | Format the output using the given Go template
    ")
    .run(|cli| Box::pin(image::inspect(cli))),
    command("image ls", "[OPTIONS] [REPOSITORY[:TAG]]", "List images")
        .aliases(&["list"])
        .top("images")
        .args(Count::Max(1))
        .flags("
            -a, --all | bool | | Show all images (default hides intermediate images)
            --digests | bool | | Show digests
            -f, --filter | filter | | Filter output based on conditions provided
            --format | string | | @list
                until 20.10 | Pretty-print images using a Go template
            --no-trunc | bool | | Don't truncate output
            -q, --quiet | bool | | Only show image IDs
                until 17.06 | Only show numeric IDs
            --tree | bool | since 27.3, api 1.47, not simulated: multi-platform images | List multi-platform images as a tree (EXPERIMENTAL)
        ")
        .run(|cli| Box::pin(image::list(cli))),
    command("image load", "[OPTIONS]", "Load an image from a tar archive or STDIN")
        .top("load")
        .flags("
            -i, --input | string | | Read from tar archive file, instead of STDIN
            --platform | string | since 28.0, not simulated: other platforms | Load only the given platform variant. Formatted as \"os[/arch[/variant]]\" (e.g., \"linux/amd64\")
            -q, --quiet | bool | | Suppress the load output
        ")
        .run(|cli| Box::pin(copy::load(cli))),
    command("image prune", "[OPTIONS]", "Remove unused images")
        .flags("
            -a, --all | bool | | Remove all unused images, not just dangling ones
            --filter | filter | since 17.06 | Provide filter values (e.g. \"until=<timestamp>\")
                until 20.10 | Provide filter values (e.g. 'until=<timestamp>')
            -f, --force | bool | | Do not prompt for confirmation
        ")
        .run(|cli| Box::pin(prune::images(cli))),
    command("image pull", "[OPTIONS] NAME[:TAG|@DIGEST]", "Download an image from a registry")
        .short_was(V20_10, "Pull an image or a repository from a registry")
        .top("pull")
        .args(Count::Exact(1))
        .flags("
            -a, --all-tags | bool | not simulated: pulling every tag | Download all tagged images in the repository
            --platform | string | since 17.12, api 1.32, not simulated: other platforms | Set platform if server is multi-platform capable
            -q, --quiet | bool | since 19.03 | Suppress verbose output
        ")
        .run(|cli| Box::pin(image::pull(cli))),
    command("image push", "[OPTIONS] NAME[:TAG]", "Upload an image to a registry")
        .short_was(V20_10, "Push an image or a repository to a registry")
        .top("push")
        .args(Count::Exact(1))
        .flags("
            -a, --all-tags | bool | since 20.10 | Push all tags of an image to the repository
            --disable-content-trust | bool | default true | Skip image signing
            --platform | string | since 27.0, api 1.46, not simulated: other platforms | Push a platform-specific manifest as a single-platform image to the registry.
            -q, --quiet | bool | since 20.10 | Suppress verbose output
        ")
        .run(|cli| Box::pin(registry::push(cli))),
    command("image rm", "[OPTIONS] IMAGE [IMAGE...]", "Remove one or more images")
        .aliases(&["remove"])
        .top("rmi")
        .args(Count::Min(1))
        .flags("
            -f, --force | bool | | Force removal of the image
            --no-prune | bool | | Do not delete untagged parents
            --platform | strings | since 28.3, api 1.50, not simulated: other platforms | Remove only the given platform variant. Formatted as \"os[/arch[/variant]]\" (e.g., \"linux/amd64\")
        ")
        .run(|cli| Box::pin(image::remove(cli))),
    command(
        "image save",
        "[OPTIONS] IMAGE [IMAGE...]",
        "Save one or more images to a tar archive (streamed to STDOUT by \
default)",
    )
    .top("save")
    .args(Count::Min(1))
    .flags("
        -o, --output | string | | Write to a file, instead of STDOUT
        --platform | string | since 28.0, not simulated: other platforms | Save only the given platform variant. Formatted as \"os[/arch[/variant]]\" (e.g., \"linux/amd64\")
    ")
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
