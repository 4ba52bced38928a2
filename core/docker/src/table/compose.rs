//! The table of `docker compose` and `docker-compose`: what there is to type, and what runs it. The texts are
//! those of the second one; the first, in Python, had the same flags.

use crate::commands::compose;
use crate::table::{Command, Count, FORMAT_LIST, Flag, Kind, command, flag};

/// The flags before the command.
pub(super) const GROUP_FLAGS: &[Flag] = &[
    flag("--ansi", Kind::String, "Control when to print ANSI control characters").default("auto"),
    flag("--env-file", Kind::String, "Specify an alternate environment file"),
    flag("-f, --file", Kind::List, "Compose configuration files"),
    flag("--profile", Kind::List, "Specify a profile to enable"),
    flag("--progress", Kind::String, "Set type of progress output").unsimulated("other output"),
    flag("--project-directory", Kind::String, "Specify an alternate working directory"),
    flag("-p, --project-name", Kind::String, "Project name"),
    flag("-v, --version", Kind::Bool, "Show the Docker Compose version information"),
    flag("--verbose", Kind::Bool, "Show more output"),
];

const SERVICES: &str = "[OPTIONS] [SERVICE...]";
const TIMEOUT: Flag = flag("-t, --timeout", Kind::Int, "Specify a shutdown timeout in seconds");
const NO_DEPS: Flag = flag("--no-deps", Kind::Bool, "Don't start linked services");
const DETACH: Flag =
    flag("-d, --detach", Kind::Bool, "Detached mode: Run containers in the background");

/// Flags of `up` and `create`.
const MAKING: &[Flag] = &[
    flag("--build", Kind::Bool, "Build images before starting containers"),
    flag("--force-recreate", Kind::Bool, "Recreate containers even if nothing has changed"),
    flag("--no-build", Kind::Bool, "Don't build an image, even if it's policy"),
    flag("--no-recreate", Kind::Bool, "If containers already exist, don't recreate them"),
    flag("--pull", Kind::String, "Pull image before running"),
    flag("--quiet-pull", Kind::Bool, "Pull without printing progress information"),
    flag(
        "--remove-orphans",
        Kind::Bool,
        "Remove containers for services not defined in the Compose file",
    ),
    flag("--scale", Kind::List, "Scale SERVICE to NUM instances"),
];

/// Flags of `exec` and `run`.
const RUNNING: &[Flag] = &[
    DETACH,
    flag("-e, --env", Kind::List, "Set environment variables"),
    flag("-T, --no-TTY", Kind::Bool, "Disable pseudo-TTY allocation"),
    flag("-i, --interactive", Kind::Bool, "Keep STDIN open even if not attached").default("true"),
    flag("-t, --tty", Kind::Bool, "Allocate a pseudo-TTY").default("true"),
    flag("-u, --user", Kind::String, "Run the command as this user"),
    flag("-w, --workdir", Kind::String, "Path to workdir directory for this command"),
];

/// The commands, by name.
pub(super) const COMMANDS: &[Command] = &[
    command("compose attach", "[OPTIONS] SERVICE", "Attach local standard input, output, and error streams to a service's running container")
        .since(23, 0)
        .unsimulated("use docker attach"),
    command("compose build", SERVICES, "Build or rebuild services")
        .args(Count::Min(0))
        .flags(&[
            flag("--no-cache", Kind::Bool, "Do not use cache when building the image"),
            flag("--pull", Kind::Bool, "Always attempt to pull a newer version of the image"),
        ])
        .run(|cli| Box::pin(compose::build(cli))),
    command("compose commit", "[OPTIONS] SERVICE [REPOSITORY[:TAG]]", "Create a new image from a service container's changes")
        .since(23, 0)
        .unsimulated("use docker commit"),
    command("compose config", SERVICES, "Parse, resolve and render compose file in canonical format")
        .aliases(&["convert"])
        .args(Count::Min(0))
        .flags(&[
            flag("-q, --quiet", Kind::Bool, "Only validate the configuration, don't print anything"),
            flag("--services", Kind::Bool, "Print the service names, one per line"),
        ])
        .run(|cli| Box::pin(compose::config(cli))),
    command("compose cp", "[OPTIONS] SERVICE:SRC_PATH DEST_PATH|-", "Copy files/folders between a service container and the local filesystem")
        .args(Count::Exact(2))
        .flags(&[
            flag("-a, --archive", Kind::Bool, "Archive mode (copy all uid/gid information)"),
            flag("-L, --follow-link", Kind::Bool, "Always follow symbol link in SRC_PATH"),
            flag("--index", Kind::Int, "Index of the container if service has multiple replicas"),
        ])
        .run(|cli| Box::pin(compose::copy(cli))),
    command("compose create", SERVICES, "Creates containers for a service")
        .args(Count::Min(0))
        .flags(MAKING)
        .run(|cli| Box::pin(compose::create(cli))),
    command("compose down", "[OPTIONS] [SERVICES]", "Stop and remove containers, networks")
        .args(Count::Min(0))
        .flags(&[
            flag("--remove-orphans", Kind::Bool, "Remove containers for services not defined in the Compose file"),
            flag("--rmi", Kind::String, "Remove images used by services. \"local\" remove only images that don't have a custom tag"),
            TIMEOUT,
            flag("-v, --volumes", Kind::Bool, "Remove named volumes declared in the \"volumes\" section of the Compose file and anonymous volumes attached to containers"),
        ])
        .run(|cli| Box::pin(compose::down(cli))),
    command("compose events", SERVICES, "Receive real time events from containers").unsimulated("use docker events"),
    command("compose exec", "[OPTIONS] SERVICE COMMAND [ARGS...]", "Execute a command in a running container")
        .args(Count::Min(2))
        .not_interspersed()
        .flags(RUNNING)
        .more_flags(&[
            flag("--index", Kind::Int, "Index of the container if service has multiple replicas"),
            flag("--privileged", Kind::Bool, "Give extended privileges to the process").unsimulated("capabilities"),
        ])
        .run(|cli| Box::pin(compose::execute(cli))),
    command("compose export", "[OPTIONS] SERVICE", "Export a service container's filesystem as a tar archive")
        .since(23, 0)
        .unsimulated("use docker export"),
    command("compose images", SERVICES, "List images used by the created containers")
        .args(Count::Min(0))
        .flags(&[flag("-q, --quiet", Kind::Bool, "Only display IDs")])
        .run(|cli| Box::pin(compose::images(cli))),
    command("compose kill", SERVICES, "Force stop service containers")
        .args(Count::Min(0))
        .flags(&[flag("-s, --signal", Kind::String, "SIGNAL to send to the container").default("SIGKILL")])
        .run(|cli| Box::pin(compose::change(cli))),
    command("compose logs", SERVICES, "View output from containers")
        .args(Count::Min(0))
        .flags(&[
            flag("-f, --follow", Kind::Bool, "Follow log output"),
            flag("--no-color", Kind::Bool, "Produce monochrome output"),
            flag("--no-log-prefix", Kind::Bool, "Don't print prefix in logs"),
            flag("-n, --tail", Kind::String, "Number of lines to show from the end of the logs for each container").default("all"),
            flag("-t, --timestamps", Kind::Bool, "Show timestamps").unsimulated("times in the logs of a project"),
        ])
        .run(|cli| Box::pin(compose::logs(cli))),
    command("compose ls", "[OPTIONS]", "List running compose projects")
        .flags(&[
            flag("-a, --all", Kind::Bool, "Show all stopped Compose projects"),
            flag("--format", Kind::String, FORMAT_LIST),
            flag("-q, --quiet", Kind::Bool, "Only display project names"),
        ])
        .run(|cli| Box::pin(compose::list(cli))),
    command("compose pause", "[SERVICE...]", "Pause services")
        .args(Count::Min(0))
        .run(|cli| Box::pin(compose::change(cli))),
    command("compose port", "[OPTIONS] SERVICE PRIVATE_PORT", "Print the public port for a port binding")
        .args(Count::Exact(2))
        .run(|cli| Box::pin(compose::port(cli))),
    command("compose ps", SERVICES, "List containers")
        .args(Count::Min(0))
        .flags(&[
            flag("-a, --all", Kind::Bool, "Show all stopped containers (including those created by the run command)"),
            flag("--format", Kind::String, FORMAT_LIST),
            flag("--no-trunc", Kind::Bool, "Don't truncate output"),
            flag("-q, --quiet", Kind::Bool, "Only display IDs"),
            flag("--services", Kind::Bool, "Display services"),
        ])
        .run(|cli| Box::pin(compose::ps(cli))),
    command("compose pull", SERVICES, "Pull service images")
        .args(Count::Min(0))
        .flags(&[flag("-q, --quiet", Kind::Bool, "Pull without printing progress information")])
        .run(|cli| Box::pin(compose::pull(cli))),
    command("compose push", SERVICES, "Push service images")
        .args(Count::Min(0))
        .run(|cli| Box::pin(compose::push(cli))),
    command("compose restart", SERVICES, "Restart service containers")
        .args(Count::Min(0))
        .flags(&[NO_DEPS, TIMEOUT])
        .run(|cli| Box::pin(compose::change(cli))),
    command("compose rm", SERVICES, "Removes stopped service containers")
        .args(Count::Min(0))
        .flags(&[
            flag("-f, --force", Kind::Bool, "Don't ask to confirm removal"),
            flag("-s, --stop", Kind::Bool, "Stop the containers, if required, before removing"),
            flag("-v, --volumes", Kind::Bool, "Remove any anonymous volumes attached to containers"),
        ])
        .run(|cli| Box::pin(compose::remove(cli))),
    command("compose run", "[OPTIONS] SERVICE [COMMAND] [ARGS...]", "Run a one-off command on a service")
        .args(Count::Min(1))
        .not_interspersed()
        .flags(RUNNING)
        .more_flags(&[
            flag("--entrypoint", Kind::String, "Override the entrypoint of the image"),
            NO_DEPS,
            flag("-p, --publish", Kind::List, "Publish a container's port(s) to the host"),
            flag("--rm", Kind::Bool, "Automatically remove the container when it exits"),
            flag("--service-ports", Kind::Bool, "Run command with all service's ports enabled and mapped to the host"),
            flag("-v, --volume", Kind::List, "Bind mount a volume"),
        ])
        .run(|cli| Box::pin(compose::run(cli))),
    command("compose scale", "[SERVICE=REPLICAS...]", "Scale services")
        .args(Count::Min(1))
        .flags(&[NO_DEPS, TIMEOUT])
        .run(|cli| Box::pin(compose::scale(cli))),
    command("compose start", "[SERVICE...]", "Start services")
        .args(Count::Min(0))
        .run(|cli| Box::pin(compose::start(cli))),
    command("compose stats", "[OPTIONS] [SERVICE]", "Display a live stream of container(s) resource usage statistics").unsimulated("use docker stats"),
    command("compose stop", SERVICES, "Stop services")
        .args(Count::Min(0))
        .flags(&[TIMEOUT])
        .run(|cli| Box::pin(compose::change(cli))),
    command("compose top", "[SERVICES...]", "Display the running processes")
        .args(Count::Min(0))
        .run(|cli| Box::pin(compose::top(cli))),
    command("compose unpause", "[SERVICE...]", "Unpause services")
        .args(Count::Min(0))
        .run(|cli| Box::pin(compose::change(cli))),
    command("compose up", SERVICES, "Create and start containers")
        .args(Count::Min(0))
        .flags(MAKING)
        .more_flags(&[
            DETACH,
            flag("--no-color", Kind::Bool, "Produce monochrome output"),
            NO_DEPS,
            flag("--no-start", Kind::Bool, "Don't start the services after creating them"),
            flag("--abort-on-container-exit", Kind::Bool, "Stops all containers if any container was stopped").unsimulated("an end with the first container's"),
            flag("--exit-code-from", Kind::String, "Return the exit code of the selected service container").unsimulated("an end with the first container's"),
            flag("-V, --renew-anon-volumes", Kind::Bool, "Recreate anonymous volumes instead of retrieving data from the previous containers"),
            TIMEOUT,
            flag("--wait", Kind::Bool, "Wait for services to be running|healthy. Implies detached mode."),
            flag("--watch", Kind::Bool, "Watch source code and rebuild/refresh containers when files are updated.").unsimulated("watching files"),
        ])
        .run(|cli| Box::pin(compose::up(cli))),
    command("compose wait", "SERVICE [SERVICE...]", "Block until containers of all (or specified) services stop.")
        .since(23, 0)
        .unsimulated("use docker wait"),
    command("compose watch", SERVICES, "Watch build context for service and rebuild/refresh containers when files are updated")
        .since(23, 0)
        .unsimulated("watching files"),
    command("compose version", "[OPTIONS]", "Show the Docker Compose version information")
        .flags(&[flag("--short", Kind::Bool, "Shows only Compose's version number")])
        .run(|cli| Box::pin(compose::version(cli))),
];
