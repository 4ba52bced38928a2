//! Commands about objects: create, get, describe, change, delete.

use super::flags::{ALL, DELETE, DRY_RUN, FILES, NOTES, OUTPUT, SELECT, VALIDATE};
use super::{Command, Flag, Kind, command, flag, group};
use crate::commands::{
    annotate, apply, delete, describe, edit, get, make, patch, rights, run, secret, wait,
};

const DATA: &[Flag] = &[
    flag(None, "from-file", Kind::List, "", "File, folder or key=file whose content is a value."),
    flag(None, "from-literal", Kind::List, "", "key=value."),
    flag(None, "from-env-file", Kind::List, "", "File with lines key=value."),
    flag(None, "append-hash", Kind::Bool, "false", "Append a hash of the content to the name.")
        .lacks("names by content"),
];
const SECRET_TYPE: &[Flag] = &[flag(None, "type", Kind::String, "", "The Secret's type.")];
const TLS: &[Flag] = &[
    flag(None, "cert", Kind::String, "", "File with the certificate."),
    flag(None, "key", Kind::String, "", "File with its key."),
    flag(None, "append-hash", Kind::Bool, "false", "Append a hash of the content to the name.")
        .lacks("names by content"),
];
const REGISTRY: &[Flag] = &[
    flag(None, "docker-email", Kind::String, "", "The account's address."),
    flag(None, "docker-password", Kind::String, "", "The account's password."),
    flag(None, "docker-server", Kind::String, "https://index.docker.io/v1/", "The registry."),
    flag(None, "docker-username", Kind::String, "", "The account."),
    flag(None, "from-file", Kind::List, "", "A config.json of docker."),
    flag(None, "append-hash", Kind::Bool, "false", "Append a hash of the content to the name.")
        .lacks("names by content"),
];
const RULE: &[Flag] = &[
    flag(None, "verb", Kind::Slice, "", "What may be done."),
    flag(None, "resource", Kind::Slice, "", "With what."),
    flag(None, "resource-name", Kind::List, "", "With which objects of it."),
    flag(None, "non-resource-url", Kind::Slice, "", "With which paths that are no resources."),
];
const SUBJECTS: &[Flag] = &[
    flag(None, "role", Kind::String, "", "The role."),
    flag(None, "clusterrole", Kind::String, "", "The cluster role."),
    flag(None, "user", Kind::List, "", "Who has it: a user."),
    flag(None, "group", Kind::List, "", "Who has it: a group."),
    flag(None, "serviceaccount", Kind::List, "", "Who has it: <namespace>:<name>."),
];
const TOKEN: &[Flag] = &[
    flag(None, "audience", Kind::List, "", "For whom the token is.").lacks("audiences of tokens"),
    flag(None, "bound-object-kind", Kind::String, "", "Kind of an object to bind it to.")
        .lacks("bound tokens"),
    flag(None, "bound-object-name", Kind::String, "", "Name of that object.").lacks("bound tokens"),
    flag(None, "bound-object-uid", Kind::String, "", "Identity of that object.")
        .lacks("bound tokens"),
    flag(None, "duration", Kind::Duration, "0s", "How long it is good."),
];
const DEPLOYMENT: &[Flag] = &[
    flag(None, "image", Kind::Slice, "", "The containers' images."),
    flag(None, "port", Kind::Int, "-1", "The port of the container."),
    flag(Some('r'), "replicas", Kind::Int, "1", "How many pods."),
];
const MAKE: &[&[Flag]] = &[OUTPUT, DRY_RUN, NOTES, VALIDATE];

const GET: &[Flag] = &[
    flag(None, "export", Kind::Bool, "false", "Without what is the cluster's.").until(17),
    flag(None, "chunk-size", Kind::Int, "500", "Objects of one answer; 0 for all."),
    flag(None, "ignore-not-found", Kind::Bool, "false", "Nothing found is no error."),
    flag(Some('L'), "label-columns", Kind::Slice, "", "Labels to show as columns."),
    flag(None, "no-headers", Kind::Bool, "false", "No titles."),
    flag(
        None,
        "output-watch-events",
        Kind::Bool,
        "false",
        "Show what happened to each object that is watched.",
    ),
    flag(None, "raw", Kind::String, "", "A path to ask the server for."),
    flag(None, "server-print", Kind::Bool, "true", "Let the server make the table."),
    flag(None, "show-kind", Kind::Bool, "false", "Show the kind with the name."),
    flag(None, "show-labels", Kind::Bool, "false", "Show all labels as the last column."),
    flag(None, "sort-by", Kind::String, "", "JSONPath to sort by."),
    flag(None, "subresource", Kind::String, "", "A subresource of the object.")
        .lacks("subresources of get")
        .since(24),
    flag(Some('w'), "watch", Kind::Bool, "false", "Go on with what changes."),
    flag(None, "watch-only", Kind::Bool, "false", "Only what changes."),
];
const DESCRIBE: &[Flag] = &[
    flag(None, "chunk-size", Kind::Int, "500", "Objects of one answer; 0 for all."),
    flag(None, "show-events", Kind::Bool, "true", "Show what happened to the object."),
];
const APPLY: &[Flag] = &[
    flag(None, "force-conflicts", Kind::Bool, "false", "Take over fields of others.")
        .lacks("owners of fields"),
    flag(None, "overwrite", Kind::Bool, "true", "Resolve conflicts by the file's values."),
    flag(None, "prune", Kind::Bool, "false", "Delete what the files no more have.")
        .lacks("deleting what the files no more have"),
    flag(None, "server-side", Kind::Bool, "false", "Let the server merge.")
        .lacks("owners of fields"),
    flag(Some('l'), "selector", Kind::String, "", "Only objects with these labels.")
        .lacks("objects of a file by label"),
];
const PATCH: &[Flag] = &[
    flag(Some('p'), "patch", Kind::String, "", "The patch, in JSON or YAML."),
    flag(None, "patch-file", Kind::String, "", "File with the patch.").since(20),
    flag(None, "type", Kind::String, "strategic", "json, merge or strategic."),
    flag(None, "local", Kind::Bool, "false", "Only change the file's object.")
        .lacks("changes without a server"),
    flag(None, "subresource", Kind::String, "", "A subresource of the object.")
        .lacks("subresources of patch")
        .since(24),
];
const ANNOTATE: &[Flag] = &[
    flag(None, "list", Kind::Bool, "false", "Show them."),
    flag(None, "local", Kind::Bool, "false", "Only change the file's object.")
        .lacks("changes without a server"),
    flag(None, "overwrite", Kind::Bool, "false", "Change what is there."),
    flag(None, "resource-version", Kind::String, "", "Only if the object has this version.")
        .lacks("a version for label and annotate"),
];
const SCALE: &[Flag] = &[
    flag(None, "replicas", Kind::Int, "0", "How many pods."),
    flag(None, "current-replicas", Kind::Int, "-1", "Only if there are so many."),
];
const WAIT: &[Flag] = &[
    flag(None, "for", Kind::String, "", "delete, condition=NAME[=VALUE] or jsonpath=PATH[=VALUE]."),
    flag(None, "timeout", Kind::Duration, "30s", "How long."),
];
const RUN: &[Flag] = &[
    flag(None, "attach", Kind::Bool, "false", "Attach to the pod once it runs."),
    flag(None, "leave-stdin-open", Kind::Bool, "false", "Whoever attaches later can type, too."),
    flag(
        None,
        "pod-running-timeout",
        Kind::Duration,
        "1m0s",
        "How long to wait for a pod that runs.",
    ),
    flag(None, "annotations", Kind::List, "", "Annotations of the pod.").since(20),
    flag(None, "attach", Kind::Bool, "false", "Attach to the container.")
        .lacks("attaching to a new pod: use kubectl exec"),
    flag(None, "command", Kind::Bool, "false", "The words are the command, not its arguments."),
    flag(None, "env", Kind::List, "", "NAME=VALUE of the container's environment."),
    flag(None, "expose", Kind::Bool, "false", "Make a service too.").lacks("services"),
    flag(None, "generator", Kind::String, "", "How the object is made.")
        .lacks("generators")
        .until(20),
    flag(None, "image", Kind::String, "", "The container's image."),
    flag(None, "limits", Kind::String, "", "At most so much, as in cpu=200m,memory=512Mi.")
        .until(20),
    flag(None, "requests", Kind::String, "", "At least so much.").until(20),
    flag(None, "serviceaccount", Kind::String, "", "Whom the pod acts for.").until(20),
    flag(None, "image-pull-policy", Kind::String, "", "When the image is pulled."),
    flag(Some('l'), "labels", Kind::List, "", "Labels of the pod."),
    flag(None, "overrides", Kind::String, "", "More of the object, in JSON."),
    flag(None, "override-type", Kind::String, "merge", "How: merge.")
        .lacks("other kinds of overrides")
        .since(24),
    flag(None, "port", Kind::Int, "", "The container's port."),
    flag(None, "restart", Kind::String, "Always", "Always, OnFailure or Never."),
    flag(None, "privileged", Kind::Bool, "false", "With all rights.").since(22),
    flag(Some('q'), "quiet", Kind::Bool, "false", "Only what the container prints."),
    flag(None, "rm", Kind::Bool, "false", "Delete the pod at the end."),
    flag(Some('i'), "stdin", Kind::Bool, "false", "Keep standard input open."),
    flag(Some('t'), "tty", Kind::Bool, "false", "With a terminal."),
];
const EDIT: &[Flag] = &[
    flag(None, "output-patch", Kind::Bool, "false", "Show the patch.").lacks("showing the patch"),
    flag(None, "windows-line-endings", Kind::Bool, "false", "Line ends of Windows.")
        .lacks("line ends of Windows"),
];
const MORE_DELETE: &[Flag] = &[
    flag(None, "ignore-not-found", Kind::Bool, "false", "Nothing found is no error."),
    flag(None, "now", Kind::Bool, "false", "End pods within a second."),
    flag(Some('o'), "output", Kind::String, "", "name for names only."),
];

const NAMES: &str = "([-f FILENAME] | TYPE [(NAME | -l label)] | TYPE/NAME ...)";

pub(super) const COMMANDS: &[Command] = &[
    command("create", "-f FILENAME", "Create a resource from a file or from stdin", &[FILES, OUTPUT, DRY_RUN, NOTES, VALIDATE], apply::create),
    group("create secret", "Create a secret using a specified subcommand"),
    command("create secret generic", "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]", "Create a secret from a local file, directory, or literal value", &[DATA, SECRET_TYPE, OUTPUT, DRY_RUN, NOTES, VALIDATE], secret::generic),
    command("create secret tls", "NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none]", "Create a TLS secret", &[TLS, OUTPUT, DRY_RUN, NOTES, VALIDATE], secret::tls),
    command("create secret docker-registry", "NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string]", "Create a secret for use with a Docker registry", &[REGISTRY, OUTPUT, DRY_RUN, NOTES, VALIDATE], secret::docker_registry),
    command("create configmap", "NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]", "Create a config map from a local file, directory or literal value", &[DATA, OUTPUT, DRY_RUN, NOTES, VALIDATE], secret::configmap).aliases(&["cm"]),
    command("create namespace", "NAME [--dry-run=server|client|none]", "Create a namespace with the specified name", MAKE, make::namespace).aliases(&["ns"]),
    command("create serviceaccount", "NAME [--dry-run=server|client|none]", "Create a service account with the specified name", MAKE, make::service_account).aliases(&["sa"]),
    command("create token", "SERVICE_ACCOUNT_NAME", "Request a service account token", &[TOKEN, OUTPUT], make::token).since(24),
    command("create deployment", "NAME --image=image -- [COMMAND] [args...]", "Create a deployment with the specified name", &[DEPLOYMENT, OUTPUT, DRY_RUN, NOTES, VALIDATE], make::deployment).aliases(&["deploy"]),
    command("create role", "NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none]", "Create a role with single rule", &[RULE, OUTPUT, DRY_RUN, NOTES, VALIDATE], rights::role),
    command("create clusterrole", "NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none]", "Create a cluster role", &[RULE, OUTPUT, DRY_RUN, NOTES, VALIDATE], rights::role),
    command("create rolebinding", "NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname]", "Create a role binding for a particular role or cluster role", &[SUBJECTS, OUTPUT, DRY_RUN, NOTES, VALIDATE], rights::binding),
    command("create clusterrolebinding", "NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname]", "Create a cluster role binding for a particular cluster role", &[SUBJECTS, OUTPUT, DRY_RUN, NOTES, VALIDATE], rights::binding),
    command("run", "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] [--command] -- [COMMAND] [args...]", "Run a particular image on the cluster", &[RUN, OUTPUT, DRY_RUN, NOTES], run::run),
    command("get", "[(-o|--output=)json|yaml|name|go-template|jsonpath|custom-columns|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]", "Display one or many resources", &[GET, SELECT, FILES, OUTPUT], get::get),
    command("describe", "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)", "Show details of a specific resource or group of resources", &[DESCRIBE, SELECT, FILES], describe::describe),
    command("edit", "(RESOURCE/NAME | -f FILENAME) TYPE", "Edit a resource on the server", &[EDIT, FILES, OUTPUT, NOTES, VALIDATE], edit::edit),
    command("delete", "([-f FILENAME] | TYPE [(NAME | -l label | --all)])", "Delete resources by file names, stdin, resources and names, or by resources and label selector", &[MORE_DELETE, DELETE, ALL, SELECT, FILES, DRY_RUN], delete::delete),
    command("apply", "(-f FILENAME | -k DIRECTORY)", "Apply a configuration to a resource by file name or stdin", &[APPLY, FILES, DELETE, OUTPUT, DRY_RUN, NOTES, VALIDATE], apply::apply),
    command("replace", "-f FILENAME", "Replace a resource by file name or stdin", &[FILES, DELETE, OUTPUT, DRY_RUN, NOTES, VALIDATE], apply::replace),
    command("patch", "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]", "Update fields of a resource", &[PATCH, FILES, OUTPUT, DRY_RUN, NOTES], patch::patch),
    command("label", "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]", "Update the labels on a resource", &[ANNOTATE, ALL, SELECT, FILES, OUTPUT, DRY_RUN, NOTES], annotate::annotate),
    command("annotate", "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]", "Update the annotations on a resource", &[ANNOTATE, ALL, SELECT, FILES, OUTPUT, DRY_RUN, NOTES], annotate::annotate),
    command("scale", "[--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)", "Set a new size for a deployment, replica set, or replication controller", &[SCALE, ALL, SELECT, FILES, OUTPUT, DRY_RUN, NOTES], patch::scale),
    command("wait", NAMES, "Experimental: Wait for a specific condition on one or many resources", &[WAIT, ALL, SELECT, FILES, OUTPUT], wait::wait),
];
