//! The table of `docker compose` and `docker-compose`: what there is to type, and what runs it. The texts are
//! those of the second one; the first, in Python, had the same flags.

use crate::commands::compose;
use crate::table::{Command, Count, command};

/// The flags before the command.
pub(super) const GROUP_FLAGS: &str = "
    --ansi | string | default auto | Control when to print ANSI control characters
    --env-file | string | | Specify an alternate environment file
    -f, --file | list | | Compose configuration files
    --profile | list | | Specify a profile to enable
    --progress | string | not simulated: other output | Set type of progress output
    --project-directory | string | | Specify an alternate working directory
    -p, --project-name | string | | Project name
    -v, --version | bool | | Show the Docker Compose version information
    --verbose | bool | | Show more output
";

const SERVICES: &str = "[OPTIONS] [SERVICE...]";

/// Flags of `up` and `create`.
const MAKING: &str = "
    --build | bool | | Build images before starting containers
    --force-recreate | bool | | Recreate containers even if nothing has changed
    --no-build | bool | | Don't build an image, even if it's policy
    --no-recreate | bool | | If containers already exist, don't recreate them
    --pull | string | | Pull image before running
    --quiet-pull | bool | | Pull without printing progress information
    --remove-orphans | bool | | Remove containers for services not defined in the Compose file
    --scale | list | | Scale SERVICE to NUM instances
";

/// Flags of `exec` and `run`.
const RUNNING: &str = "
    -d, --detach | bool | | Detached mode: Run containers in the background
    -e, --env | list | | Set environment variables
    -T, --no-TTY | bool | | Disable pseudo-TTY allocation
    -i, --interactive | bool | default true | Keep STDIN open even if not attached
    -t, --tty | bool | default true | Allocate a pseudo-TTY
    -u, --user | string | | Run the command as this user
    -w, --workdir | string | | Path to workdir directory for this command
";

/// The commands, by name.
pub(super) const COMMANDS: &[Command] = &[
    command("compose attach", "[OPTIONS] SERVICE", "Attach local standard input, output, and error streams to a service's running container")
        .since(23, 0)
        .unsimulated("use docker attach"),
    command("compose build", SERVICES, "Build or rebuild services")
        .args(Count::Min(0))
        .flags("
            --no-cache | bool | | Do not use cache when building the image
            --pull | bool | | Always attempt to pull a newer version of the image
        ")
        .run(|cli| Box::pin(compose::build(cli))),
    command("compose commit", "[OPTIONS] SERVICE [REPOSITORY[:TAG]]", "Create a new image from a service container's changes")
        .since(23, 0)
        .unsimulated("use docker commit"),
    command("compose config", SERVICES, "Parse, resolve and render compose file in canonical format")
        .aliases(&["convert"])
        .args(Count::Min(0))
        .flags("
            -q, --quiet | bool | | Only validate the configuration, don't print anything
            --services | bool | | Print the service names, one per line
        ")
        .run(|cli| Box::pin(compose::config(cli))),
    command("compose cp", "[OPTIONS] SERVICE:SRC_PATH DEST_PATH|-", "Copy files/folders between a service container and the local filesystem")
        .args(Count::Exact(2))
        .flags("
            -a, --archive | bool | | Archive mode (copy all uid/gid information)
            -L, --follow-link | bool | | Always follow symbol link in SRC_PATH
            --index | int | | Index of the container if service has multiple replicas
        ")
        .run(|cli| Box::pin(compose::copy(cli))),
    command("compose create", SERVICES, "Creates containers for a service")
        .args(Count::Min(0))
        .flags(MAKING)
        .run(|cli| Box::pin(compose::create(cli))),
    command("compose down", "[OPTIONS] [SERVICES]", "Stop and remove containers, networks")
        .args(Count::Min(0))
        .flags("
            --remove-orphans | bool | | Remove containers for services not defined in the Compose file
            --rmi | string | | Remove images used by services. \"local\" remove only images that don't have a custom tag
            -t, --timeout | int | | Specify a shutdown timeout in seconds
            -v, --volumes | bool | | Remove named volumes declared in the \"volumes\" section of the Compose file and anonymous volumes attached to containers
        ")
        .run(|cli| Box::pin(compose::down(cli))),
    command("compose events", SERVICES, "Receive real time events from containers").unsimulated("use docker events"),
    command("compose exec", "[OPTIONS] SERVICE COMMAND [ARGS...]", "Execute a command in a running container")
        .args(Count::Min(2))
        .not_interspersed()
        .flags(RUNNING)
        .more_flags("
            --index | int | | Index of the container if service has multiple replicas
            --privileged | bool | not simulated: capabilities | Give extended privileges to the process
        ")
        .run(|cli| Box::pin(compose::execute(cli))),
    command("compose export", "[OPTIONS] SERVICE", "Export a service container's filesystem as a tar archive")
        .since(23, 0)
        .unsimulated("use docker export"),
    command("compose images", SERVICES, "List images used by the created containers")
        .args(Count::Min(0))
        .flags("
            -q, --quiet | bool | | Only display IDs
        ")
        .run(|cli| Box::pin(compose::images(cli))),
    command("compose kill", SERVICES, "Force stop service containers")
        .args(Count::Min(0))
        .flags("
            -s, --signal | string | default SIGKILL | SIGNAL to send to the container
        ")
        .run(|cli| Box::pin(compose::change(cli))),
    command("compose logs", SERVICES, "View output from containers")
        .args(Count::Min(0))
        .flags("
            -f, --follow | bool | | Follow log output
            --no-color | bool | | Produce monochrome output
            --no-log-prefix | bool | | Don't print prefix in logs
            -n, --tail | string | default all | Number of lines to show from the end of the logs for each container
            -t, --timestamps | bool | not simulated: times in the logs of a project | Show timestamps
        ")
        .run(|cli| Box::pin(compose::logs(cli))),
    command("compose ls", "[OPTIONS]", "List running compose projects")
        .flags("
            -a, --all | bool | | Show all stopped Compose projects
            --format | string | | @list
            -q, --quiet | bool | | Only display project names
        ")
        .run(|cli| Box::pin(compose::list(cli))),
    command("compose pause", "[SERVICE...]", "Pause services")
        .args(Count::Min(0))
        .run(|cli| Box::pin(compose::change(cli))),
    command("compose port", "[OPTIONS] SERVICE PRIVATE_PORT", "Print the public port for a port binding")
        .args(Count::Exact(2))
        .run(|cli| Box::pin(compose::port(cli))),
    command("compose ps", SERVICES, "List containers")
        .args(Count::Min(0))
        .flags("
            -a, --all | bool | | Show all stopped containers (including those created by the run command)
            --format | string | | @list
            --no-trunc | bool | | Don't truncate output
            -q, --quiet | bool | | Only display IDs
            --services | bool | | Display services
        ")
        .run(|cli| Box::pin(compose::ps(cli))),
    command("compose pull", SERVICES, "Pull service images")
        .args(Count::Min(0))
        .flags("
            -q, --quiet | bool | | Pull without printing progress information
        ")
        .run(|cli| Box::pin(compose::pull(cli))),
    command("compose push", SERVICES, "Push service images")
        .args(Count::Min(0))
        .run(|cli| Box::pin(compose::push(cli))),
    command("compose restart", SERVICES, "Restart service containers")
        .args(Count::Min(0))
        .flags("
            --no-deps | bool | | Don't start linked services
            -t, --timeout | int | | Specify a shutdown timeout in seconds
        ")
        .run(|cli| Box::pin(compose::change(cli))),
    command("compose rm", SERVICES, "Removes stopped service containers")
        .args(Count::Min(0))
        .flags("
            -f, --force | bool | | Don't ask to confirm removal
            -s, --stop | bool | | Stop the containers, if required, before removing
            -v, --volumes | bool | | Remove any anonymous volumes attached to containers
        ")
        .run(|cli| Box::pin(compose::remove(cli))),
    command("compose run", "[OPTIONS] SERVICE [COMMAND] [ARGS...]", "Run a one-off command on a service")
        .args(Count::Min(1))
        .not_interspersed()
        .flags(RUNNING)
        .more_flags("
            --entrypoint | string | | Override the entrypoint of the image
            --no-deps | bool | | Don't start linked services
            -p, --publish | list | | Publish a container's port(s) to the host
            --rm | bool | | Automatically remove the container when it exits
            --service-ports | bool | | Run command with all service's ports enabled and mapped to the host
            -v, --volume | list | | Bind mount a volume
        ")
        .run(|cli| Box::pin(compose::run(cli))),
    command("compose scale", "[SERVICE=REPLICAS...]", "Scale services")
        .args(Count::Min(1))
        .flags("
            --no-deps | bool | | Don't start linked services
            -t, --timeout | int | | Specify a shutdown timeout in seconds
        ")
        .run(|cli| Box::pin(compose::scale(cli))),
    command("compose start", "[SERVICE...]", "Start services")
        .args(Count::Min(0))
        .run(|cli| Box::pin(compose::start(cli))),
    command("compose stats", "[OPTIONS] [SERVICE]", "Display a live stream of container(s) resource usage statistics").unsimulated("use docker stats"),
    command("compose stop", SERVICES, "Stop services")
        .args(Count::Min(0))
        .flags("
            -t, --timeout | int | | Specify a shutdown timeout in seconds
        ")
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
        .more_flags("
            -d, --detach | bool | | Detached mode: Run containers in the background
            --no-color | bool | | Produce monochrome output
            --no-deps | bool | | Don't start linked services
            --no-start | bool | | Don't start the services after creating them
            --abort-on-container-exit | bool | not simulated: an end with the first container's | Stops all containers if any container was stopped
            --exit-code-from | string | not simulated: an end with the first container's | Return the exit code of the selected service container
            -V, --renew-anon-volumes | bool | | Recreate anonymous volumes instead of retrieving data from the previous containers
            -t, --timeout | int | | Specify a shutdown timeout in seconds
            --wait | bool | | Wait for services to be running|healthy. Implies detached mode.
            --watch | bool | not simulated: watching files | Watch source code and rebuild/refresh containers when files are updated.
        ")
        .run(|cli| Box::pin(compose::up(cli))),
    command("compose wait", "SERVICE [SERVICE...]", "Block until containers of all (or specified) services stop.")
        .since(23, 0)
        .unsimulated("use docker wait"),
    command("compose watch", SERVICES, "Watch build context for service and rebuild/refresh containers when files are updated")
        .since(23, 0)
        .unsimulated("watching files"),
    command("compose version", "[OPTIONS]", "Show the Docker Compose version information")
        .flags("
            --short | bool | | Shows only Compose's version number
        ")
        .run(|cli| Box::pin(compose::version(cli))),
];
