//! The table of `docker build` under all its names: what there is to type, since when, and what runs
//! it.

use crate::commands::build;
use crate::table::{Command, Count, command};

const USAGE: &str = "[OPTIONS] PATH | URL | -";

const FLAGS: &str = "
    --add-host | list | since 17.06, not simulated: hosts of a build | Add a custom host-to-IP mapping (format: \"host:ip\")
        until 20.10 | Add a custom host-to-IP mapping (host:ip)
    --build-arg | list | | Set build-time variables
    --cache-from | strings | not simulated: caches of other builders | Images to consider as cache sources
    --cgroup-parent | string | not simulated: kernel settings | Set the parent cgroup for the \"RUN\" instructions during build
        until 20.10 | Optional parent cgroup for the container
    --compress | bool | until 20.10 | Compress the build context using gzip
    --cpu-period | int | until 20.10, not simulated: kernel settings | Limit the CPU CFS (Completely Fair Scheduler) period
    --cpu-quota | int | until 20.10, not simulated: kernel settings | Limit the CPU CFS (Completely Fair Scheduler) quota
    -c, --cpu-shares | int | until 20.10, not simulated: kernel settings | CPU shares (relative weight)
    --cpuset-cpus | string | until 20.10, not simulated: kernel settings | CPUs in which to allow execution (0-3, 0,1)
    --cpuset-mems | string | until 20.10, not simulated: kernel settings | MEMs in which to allow execution (0-3, 0,1)
    --disable-content-trust | bool | until 20.10, default true | Skip image verification
    -f, --file | string | | Name of the Dockerfile (default: \"PATH/Dockerfile\")
        until 20.10 | Name of the Dockerfile (Default is 'PATH/Dockerfile')
    --force-rm | bool | until 20.10 | Always remove intermediate containers
    --iidfile | string | since 17.06 | Write the image ID to a file
        until 20.10 | Write the image ID to the file
    --isolation | string | until 20.10, not simulated: Windows containers | Container isolation technology
    --label | list | | Set metadata for an image
    --load | bool | since 23.0 | Shorthand for \"--output=type=docker\"
    -m, --memory | bytes | until 20.10, not simulated: kernel settings | Memory limit
    --memory-swap | bytes | until 20.10, not simulated: kernel settings | Swap limit equal to memory plus swap: '-1' to enable unlimited swap
    --network | string | api 1.25, default default, not simulated: networks of a build | Set the networking mode for the \"RUN\" instructions during build
        until 20.10 | Set the networking mode for the RUN instructions during build
    --no-cache | bool | | Do not use cache when building the image
    -o, --output | strings | since 19.03, api 1.40, not simulated: other outputs than an image | Output destination (format: \"type=local,dest=path\")
    --platform | string | since 17.12, api 1.38, not simulated: other platforms | Set target platform for build
        until 20.10 | Set platform if server is multi-platform capable
    --progress | string | since 19.03, default auto | Set type of progress output (\"auto\", \"none\",  \"plain\", \"quiet\", \"rawjson\", \"tty\"). Use plain to show container output
        until 20.10 | Set type of progress output (auto, plain, tty). Use plain to show container output
    --pull | bool | | Always attempt to pull all referenced images
        until 20.10 | Always attempt to pull a newer version of the image
    --push | bool | since 23.0, not simulated: pushing by a build | Shorthand for \"--output=type=registry,unpack=false\"
    -q, --quiet | bool | | Suppress the build output and print image ID on success
    --rm | bool | until 20.10, default true | Remove intermediate containers after a successful build
    --secret | list | since 19.03, api 1.39 | Secret to expose to the build (format: \"id=mysecret[,src=/local/secret]\")
        until 20.10 | Secret file to expose to the build (only if BuildKit enabled): id=mysecret,src=/local/secret
    --security-opt | strings | until 20.10, not simulated: kernel settings | Security options
    --shm-size | bytes | not simulated: kernel settings | Shared memory size for build containers
        until 20.10 | Size of /dev/shm
    --ssh | list | since 19.03, api 1.39, not simulated: ssh agents | SSH agent socket or keys to expose to the build (format: \"default|<id>[=<socket>|<key>[,<key>]]\")
    -t, --tag | list | | Image identifier (format: \"[registry/]repository[:tag]\")
        until 20.10 | Name and optionally a tag in the 'name:tag' format
    --target | string | since 17.05 | Set the target build stage to build
        until 20.10 | Set the target build stage to build.
    --ulimit | ulimit | not simulated: kernel settings | Ulimit options
";

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
