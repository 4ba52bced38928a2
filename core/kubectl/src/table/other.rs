//! Commands about containers, roll-outs, nodes, rights, the client itself.

use super::flags::{ALL, DRY_RUN, FILES, NOTES, OUTPUT, SELECT};
use super::{Command, Flag, Kind, command, flag, group};
use crate::commands::{
    annotate, auth, config, copy, discovery, events, exec, explain, logs, node, rollout, set,
};

const TOP: &[Flag] = &[
    flag(None, "containers", Kind::Bool, "false", "Each container of a pod."),
    flag(None, "no-headers", Kind::Bool, "false", "No titles."),
    flag(None, "sort-by", Kind::String, "", "cpu or memory."),
];
const CONTAINER: &[Flag] =
    &[flag(Some('c'), "container", Kind::String, "", "The container; the first if none is named.")];
const EXEC: &[Flag] = &[flag(Some('f'), "filename", Kind::Slice, "", "File that names the pod.")
    .lacks("a pod by file for exec")];
/// What a container's terminal needs.
const STREAMS: &[Flag] = &[
    flag(
        None,
        "pod-running-timeout",
        Kind::Duration,
        "1m0s",
        "How long to wait for a pod that runs.",
    ),
    flag(Some('q'), "quiet", Kind::Bool, "false", "Only what the container prints.").since(23),
    flag(Some('i'), "stdin", Kind::Bool, "false", "Pass standard input."),
    flag(Some('t'), "tty", Kind::Bool, "false", "Standard input is a terminal."),
];
const CONTAINERS: &[Flag] =
    &[flag(Some('c'), "containers", Kind::String, "*", "The container; all if none is named.")];
const SET_ENV: &[Flag] = &[
    flag(Some('e'), "env", Kind::List, "", "NAME=VALUE."),
    flag(None, "from", Kind::String, "", "A secret or config map whose keys become variables."),
    flag(None, "keys", Kind::Slice, "", "Only these keys of --from."),
    flag(None, "list", Kind::Bool, "false", "Only show the variables."),
    flag(None, "overwrite", Kind::Bool, "true", "Change what is there."),
    flag(None, "prefix", Kind::String, "", "Put before every variable's name."),
    flag(None, "resolve", Kind::Bool, "false", "Show values for references.")
        .lacks("looking references up; use kubectl get"),
];
const SET_RESOURCES: &[Flag] = &[
    flag(None, "limits", Kind::String, "", "At most: cpu=100m,memory=256Mi."),
    flag(None, "requests", Kind::String, "", "At least: cpu=100m,memory=256Mi."),
];
const LOGS: &[Flag] = &[
    flag(None, "all-containers", Kind::Bool, "false", "Of all containers of the pod."),
    flag(Some('f'), "follow", Kind::Bool, "false", "Go on with what comes."),
    flag(None, "ignore-errors", Kind::Bool, "false", "Go on after errors."),
    flag(None, "limit-bytes", Kind::Int, "0", "At most so many bytes."),
    flag(None, "max-log-requests", Kind::Int, "5", "So many logs at once."),
    flag(
        None,
        "pod-running-timeout",
        Kind::Duration,
        "20s",
        "How long to wait for a pod that runs.",
    ),
    flag(None, "prefix", Kind::Bool, "false", "Begin each line with its source."),
    flag(Some('p'), "previous", Kind::Bool, "false", "Of the container before this one."),
    flag(Some('l'), "selector", Kind::String, "", "Labels of the pods."),
    flag(None, "since", Kind::Duration, "0s", "Only what is not older."),
    flag(None, "since-time", Kind::String, "", "Only what came later."),
    flag(None, "tail", Kind::Int, "-1", "Only so many lines from the end."),
    flag(None, "timestamps", Kind::Bool, "false", "Begin each line with its time."),
];
const COPY: &[Flag] = &[
    flag(None, "no-preserve", Kind::Bool, "false", "Owner and mode stay those of the target."),
    flag(None, "retries", Kind::Int, "0", "How often to try again.").since(23),
];
const CAN_I: &[Flag] = &[
    flag(Some('A'), "all-namespaces", Kind::Bool, "false", "In all namespaces."),
    flag(None, "list", Kind::Bool, "false", "Show all that may be done."),
    flag(None, "no-headers", Kind::Bool, "false", "No titles."),
    flag(Some('q'), "quiet", Kind::Bool, "false", "Only the exit status."),
    flag(None, "subresource", Kind::String, "", "A subresource, as pods/log."),
];
const VIEW: &[Flag] = &[
    flag(None, "flatten", Kind::Bool, "false", "With the content of files."),
    flag(None, "merge", Kind::Bool, "true", "Merge several files."),
    flag(None, "minify", Kind::Bool, "false", "Only what the context uses."),
    flag(None, "raw", Kind::Bool, "false", "With keys and certificates."),
];
const CONTEXTS: &[Flag] = &[
    flag(None, "no-headers", Kind::Bool, "false", "No titles."),
    flag(Some('o'), "output", Kind::String, "", "name for names only."),
];
const SET_CONTEXT: &[Flag] = &[flag(None, "current", Kind::Bool, "false", "The current context.")];
const CREDENTIALS: &[Flag] =
    &[flag(None, "embed-certs", Kind::Bool, "false", "Copy the files into the kubeconfig.")];
const VERSION: &[Flag] = &[
    flag(None, "client", Kind::Bool, "false", "Only the client's."),
    flag(Some('o'), "output", Kind::String, "", "yaml or json."),
    flag(None, "short", Kind::Bool, "false", "Only the numbers.").until(27),
];
const RESOURCES: &[Flag] = &[
    flag(None, "api-group", Kind::String, "", "Only of this group."),
    flag(None, "cached", Kind::Bool, "false", "Do not ask again."),
    flag(None, "namespaced", Kind::Bool, "true", "Only those in namespaces, or the others."),
    flag(None, "no-headers", Kind::Bool, "false", "No titles."),
    flag(Some('o'), "output", Kind::String, "", "wide or name."),
    flag(None, "sort-by", Kind::String, "", "name or kind.").lacks("sorted resources"),
    flag(None, "verbs", Kind::Slice, "", "Only those with these verbs."),
];
const EXPLAIN: &[Flag] = &[
    flag(None, "api-version", Kind::String, "", "The version of the API."),
    flag(None, "recursive", Kind::Bool, "false", "All fields below."),
    flag(None, "output", Kind::String, "plaintext", "plaintext or plaintext-openapiv2.").since(27),
];
const STATUS: &[Flag] = &[
    flag(None, "revision", Kind::Int, "0", "Only this revision."),
    flag(None, "timeout", Kind::Duration, "0s", "How long; 0 for ever."),
    flag(Some('w'), "watch", Kind::Bool, "true", "Until it is done."),
];
const HISTORY: &[Flag] = &[flag(None, "revision", Kind::Int, "0", "This revision in full.")];
const UNDO: &[Flag] =
    &[flag(None, "to-revision", Kind::Int, "0", "The revision; 0 for the last one.")];
const EVENTS: &[Flag] = &[
    flag(Some('A'), "all-namespaces", Kind::Bool, "false", "Of all namespaces."),
    flag(None, "for", Kind::String, "", "Of this object: kind/name."),
    flag(None, "no-headers", Kind::Bool, "false", "No titles."),
    flag(None, "types", Kind::Slice, "", "Normal, Warning."),
    flag(Some('w'), "watch", Kind::Bool, "false", "Go on with what comes.")
        .lacks("watching with events: use kubectl get events -w"),
];
const DRAIN: &[Flag] = &[
    flag(None, "delete-emptydir-data", Kind::Bool, "false", "Also pods with emptyDir volumes.")
        .since(20),
    flag(None, "delete-local-data", Kind::Bool, "false", "Also pods with emptyDir volumes.")
        .until(24),
    flag(None, "disable-eviction", Kind::Bool, "false", "Delete instead of evict."),
    flag(None, "force", Kind::Bool, "false", "Also pods that nobody makes again."),
    flag(None, "grace-period", Kind::Int, "-1", "Seconds for a graceful end."),
    flag(None, "ignore-daemonsets", Kind::Bool, "false", "Leave pods of daemon sets."),
    flag(None, "timeout", Kind::Duration, "0s", "How long."),
    flag(Some('l'), "selector", Kind::String, "", "Nodes with these labels."),
];
const OVERWRITE: &[Flag] = &[flag(None, "overwrite", Kind::Bool, "false", "Change what is there.")];

const TYPED: &str = "(TYPE NAME | TYPE/NAME) [flags]";

pub(super) const COMMANDS: &[Command] = &[
    command("explain", "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]", "Get documentation for a resource", &[EXPLAIN], explain::explain),
    command("logs", "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]", "Print the logs for a container in a pod", &[CONTAINER, LOGS], logs::logs).aliases(&["log"]),
    command("exec", "POD [-c CONTAINER] -- COMMAND [args...]", "Execute a command in a container", &[CONTAINER, EXEC, STREAMS], exec::exec),
    command("cp", "<file-spec-src> <file-spec-dest>", "Copy files and directories to and from containers", &[CONTAINER, COPY], copy::copy),
    group("auth", "Inspect authorization"),
    command("auth can-i", "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]", "Check whether an action is allowed", &[CAN_I], auth::can_i),
    group("config", "Modify kubeconfig files"),
    command("config view", "", "Display merged kubeconfig settings or a specified kubeconfig file", &[VIEW, OUTPUT], config::view),
    command("config current-context", "", "Display the current-context", &[], config::current),
    command("config get-contexts", "[(-o|--output=)name)]", "Describe one or many contexts", &[CONTEXTS], config::list),
    command("config get-clusters", "", "Display clusters defined in the kubeconfig", &[], config::list),
    command("config get-users", "", "Display users defined in the kubeconfig", &[], config::list),
    command("config use-context", "CONTEXT_NAME", "Set the current-context in a kubeconfig file", &[], config::use_context).aliases(&["use"]),
    command("config set-context", "[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]", "Set a context entry in kubeconfig", &[SET_CONTEXT], config::set_context),
    command("config set-credentials", "NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token]", "Set a user entry in kubeconfig", &[CREDENTIALS], config::set_credentials),
    command("config set-cluster", "NAME [--server=server]", "Set a cluster entry in kubeconfig", &[], config::set_cluster),
    command("config delete-context", "NAME", "Delete the specified context from the kubeconfig", &[], config::delete),
    command("config delete-cluster", "NAME", "Delete the specified cluster from the kubeconfig", &[], config::delete),
    command("config delete-user", "NAME", "Delete the specified user from the kubeconfig", &[], config::delete),
    command("version", "", "Print the client and server version information", &[VERSION], discovery::version),
    command("api-resources", "", "Print the supported API resources on the server", &[RESOURCES], discovery::api_resources),
    group("top", "Display resource (CPU/memory) usage"),
    command("top node", "[NAME | -l label]", "Display resource (CPU/memory) usage of nodes", &[TOP, SELECT], discovery::top).aliases(&["nodes", "no"]),
    command("top pod", "[NAME | -l label]", "Display resource (CPU/memory) usage of pods", &[TOP, SELECT], discovery::top).aliases(&["pods", "po"]),
    command("api-versions", "", "Print the supported API versions on the server, in the form of \"group/version\"", &[], discovery::api_versions),
    command("cluster-info", "", "Display cluster information", &[], discovery::cluster_info),
    command("options", "", "Print the list of flags inherited by all commands", &[], discovery::options),
    group("rollout", "Manage the rollout of a resource"),
    command("rollout status", TYPED, "Show the status of the rollout", &[STATUS, FILES], rollout::status),
    command("rollout history", TYPED, "View rollout history", &[HISTORY, FILES], rollout::history),
    command("rollout undo", TYPED, "Undo a previous rollout", &[UNDO, FILES, OUTPUT, DRY_RUN], rollout::undo),
    command("rollout restart", "RESOURCE TYPE", "Restart a resource", &[FILES, SELECT, OUTPUT, DRY_RUN, NOTES], rollout::change),
    command("rollout pause", "RESOURCE TYPE", "Mark the provided resource as paused", &[FILES, OUTPUT, DRY_RUN, NOTES], rollout::change),
    command("rollout resume", "RESOURCE TYPE", "Resume a paused resource", &[FILES, OUTPUT, DRY_RUN, NOTES], rollout::change),
    group("set", "Set specific features on objects"),
    command("set image", "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N", "Update the image of a pod template", &[FILES, SELECT, ALL, OUTPUT, DRY_RUN, NOTES], set::set),
    command("set env", "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N (TYPE NAME)", "Update environment variables on a pod template", &[CONTAINERS, SET_ENV, FILES, SELECT, ALL, OUTPUT, DRY_RUN, NOTES], set::set),
    command("set resources", "(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS]", "Update resource requests/limits on objects with pod templates", &[CONTAINERS, SET_RESOURCES, FILES, SELECT, ALL, OUTPUT, DRY_RUN, NOTES], set::set),
    command("set serviceaccount", "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT", "Update the service account of a resource", &[FILES, ALL, OUTPUT, DRY_RUN, NOTES], set::set).aliases(&["sa"]),
    command("attach", "(POD | TYPE/NAME) -c CONTAINER", "Attach to a running container", &[CONTAINER, STREAMS], exec::attach),
    command("events", "[(-o|--output=)json|yaml|name|go-template|jsonpath] [--for TYPE/NAME] [--types=Normal,Warning]", "List events", &[EVENTS, OUTPUT], events::events).since(25),
    command("cordon", "NODE", "Mark node as unschedulable", &[DRAIN, DRY_RUN], node::node),
    command("uncordon", "NODE", "Mark node as schedulable", &[DRAIN, DRY_RUN], node::node),
    command("drain", "NODE", "Drain node in preparation for maintenance", &[DRAIN, DRY_RUN], node::node),
    command("taint", "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N", "Update the taints on one or more nodes", &[OVERWRITE, SELECT, ALL, OUTPUT, DRY_RUN, NOTES], annotate::taint),
];
