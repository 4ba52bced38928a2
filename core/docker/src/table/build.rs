//! The table of `docker build` under all its names: what there is to type, since when, and what runs
//! it.

use crate::commands::build;
use crate::profile::V20_10;
use crate::table::{Command, Count, Flag, Kind, command, flag};

const USAGE: &str = "[OPTIONS] PATH | URL | -";

const FLAGS: &[Flag] = &[
    flag("--add-host", Kind::List, "Add a custom host-to-IP mapping (format: \"host:ip\")")
        .since(17, 6)
        .was(V20_10, "Add a custom host-to-IP mapping (host:ip)")
        .unsimulated("hosts of a build"),
    flag("--build-arg", Kind::List, "Set build-time variables"),
    flag("--cache-from", Kind::Strings, "Images to consider as cache sources")
        .unsimulated("caches of other builders"),
    flag("--cgroup-parent", Kind::String, "Set the parent cgroup for the \"RUN\" instructions during build")
        .was(V20_10, "Optional parent cgroup for the container")
        .unsimulated("kernel settings"),
    flag("--compress", Kind::Bool, "Compress the build context using gzip").until(20, 10),
    flag("--cpu-period", Kind::Int, "Limit the CPU CFS (Completely Fair Scheduler) period")
        .until(20, 10)
        .unsimulated("kernel settings"),
    flag("--cpu-quota", Kind::Int, "Limit the CPU CFS (Completely Fair Scheduler) quota")
        .until(20, 10)
        .unsimulated("kernel settings"),
    flag("-c, --cpu-shares", Kind::Int, "CPU shares (relative weight)")
        .until(20, 10)
        .unsimulated("kernel settings"),
    flag("--cpuset-cpus", Kind::String, "CPUs in which to allow execution (0-3, 0,1)")
        .until(20, 10)
        .unsimulated("kernel settings"),
    flag("--cpuset-mems", Kind::String, "MEMs in which to allow execution (0-3, 0,1)")
        .until(20, 10)
        .unsimulated("kernel settings"),
    flag("--disable-content-trust", Kind::Bool, "Skip image verification")
        .until(20, 10)
        .default("true"),
    flag("-f, --file", Kind::String, "Name of the Dockerfile (default: \"PATH/Dockerfile\")")
        .was(V20_10, "Name of the Dockerfile (Default is 'PATH/Dockerfile')"),
    flag("--force-rm", Kind::Bool, "Always remove intermediate containers").until(20, 10),
    flag("--iidfile", Kind::String, "Write the image ID to a file")
        .since(17, 6)
        .was(V20_10, "Write the image ID to the file"),
    flag("--isolation", Kind::String, "Container isolation technology")
        .until(20, 10)
        .unsimulated("Windows containers"),
    flag("--label", Kind::List, "Set metadata for an image"),
    flag("--load", Kind::Bool, "Shorthand for \"--output=type=docker\"").since(23, 0),
    flag("-m, --memory", Kind::Bytes, "Memory limit")
        .until(20, 10)
        .unsimulated("kernel settings"),
    flag("--memory-swap", Kind::Bytes, "Swap limit equal to memory plus swap: '-1' to enable unlimited swap")
        .until(20, 10)
        .unsimulated("kernel settings"),
    flag("--network", Kind::String, "Set the networking mode for the \"RUN\" instructions during build")
        .default("default")
        .api("1.25")
        .was(V20_10, "Set the networking mode for the RUN instructions during build")
        .unsimulated("networks of a build"),
    flag("--no-cache", Kind::Bool, "Do not use cache when building the image"),
    flag("-o, --output", Kind::Strings, "Output destination (format: \"type=local,dest=path\")")
        .since(19, 3)
        .api("1.40")
        .unsimulated("other outputs than an image"),
    flag("--platform", Kind::String, "Set target platform for build")
        .since(17, 12)
        .api("1.38")
        .was(V20_10, "Set platform if server is multi-platform capable")
        .unsimulated("other platforms"),
    flag("--progress", Kind::String, "Set type of progress output (\"auto\", \"none\",  \"plain\", \"quiet\", \"rawjson\", \"tty\"). Use plain to show container output")
        .since(19, 3)
        .default("auto")
        .was(V20_10, "Set type of progress output (auto, plain, tty). Use plain to show container output"),
    flag("--pull", Kind::Bool, "Always attempt to pull all referenced images")
        .was(V20_10, "Always attempt to pull a newer version of the image"),
    flag("--push", Kind::Bool, "Shorthand for \"--output=type=registry,unpack=false\"")
        .since(23, 0)
        .unsimulated("pushing by a build"),
    flag("-q, --quiet", Kind::Bool, "Suppress the build output and print image ID on success"),
    flag("--rm", Kind::Bool, "Remove intermediate containers after a successful build")
        .until(20, 10)
        .default("true"),
    flag("--secret", Kind::List, "Secret to expose to the build (format: \"id=mysecret[,src=/local/secret]\")")
        .since(19, 3)
        .api("1.39")
        .was(V20_10, "Secret file to expose to the build (only if BuildKit enabled): id=mysecret,src=/local/secret"),
    flag("--security-opt", Kind::Strings, "Security options")
        .until(20, 10)
        .unsimulated("kernel settings"),
    flag("--shm-size", Kind::Bytes, "Shared memory size for build containers")
        .was(V20_10, "Size of /dev/shm")
        .unsimulated("kernel settings"),
    flag("--ssh", Kind::List, "SSH agent socket or keys to expose to the build (format: \"default|<id>[=<socket>|<key>[,<key>]]\")")
        .since(19, 3)
        .api("1.39")
        .unsimulated("ssh agents"),
    flag("-t, --tag", Kind::List, "Image identifier (format: \"[registry/]repository[:tag]\")")
        .was(V20_10, "Name and optionally a tag in the 'name:tag' format"),
    flag("--target", Kind::String, "Set the target build stage to build")
        .since(17, 5)
        .was(V20_10, "Set the target build stage to build."),
    flag("--ulimit", Kind::Other("ulimit"), "Ulimit options").unsimulated("kernel settings"),
];

/// A build under one of its names.
const fn of(path: &'static str, short: &'static str) -> Command {
    command(path, USAGE, short)
        .args(Count::Exact(1))
        .flags(FLAGS)
        .run(|cli| Box::pin(build::build(cli)))
}

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    of("image build", "Build an image from a Dockerfile").top("build"),
    of("builder build", "Build an image from a Dockerfile").since(18, 9),
    of("buildx build", "Start a build").since(20, 10).aliases(&["b"]),
];
