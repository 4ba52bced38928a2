//! Flags, in the sets that commands share.

use super::{Flag, Kind, flag};

/// Flags of every command, as `kubectl options` lists them.
pub(super) const GLOBAL: &[Flag] = &[
    flag(None, "as", Kind::String, "", "User to act for."),
    flag(None, "as-group", Kind::List, "", "Group to act for; may be repeated."),
    flag(None, "cache-dir", Kind::String, "/root/.kube/cache", "Where answers are kept."),
    flag(None, "certificate-authority", Kind::String, "", "File with the authority's certificate.")
        .lacks("a certificate authority beside the kubeconfig's"),
    flag(None, "client-certificate", Kind::String, "", "File with a certificate for TLS."),
    flag(None, "client-key", Kind::String, "", "File with the key of that certificate."),
    flag(None, "cluster", Kind::String, "", "Cluster of the kubeconfig."),
    flag(None, "context", Kind::String, "", "Context of the kubeconfig."),
    flag(None, "insecure-skip-tls-verify", Kind::Bool, "false", "Trust any server.")
        .lacks("a server that nobody has checked"),
    flag(None, "kubeconfig", Kind::String, "", "The kubeconfig to use."),
    flag(None, "match-server-version", Kind::Bool, "false", "Insist on the server's version."),
    flag(Some('n'), "namespace", Kind::String, "", "Namespace of this request."),
    flag(None, "request-timeout", Kind::String, "0", "How long one request may take; 0 for ever."),
    flag(Some('s'), "server", Kind::String, "", "Address and port of the API server."),
    flag(None, "tls-server-name", Kind::String, "", "Name in the server's certificate.")
        .lacks("another name of the server"),
    flag(None, "token", Kind::String, "", "Bearer token."),
    flag(None, "user", Kind::String, "", "User of the kubeconfig."),
    flag(Some('v'), "v", Kind::Int, "0", "How much is logged."),
    flag(None, "warnings-as-errors", Kind::Bool, "false", "Fail if the server warns.").since(19),
];

/// `-o` of what creates or changes.
pub(super) const OUTPUT: &[Flag] = &[
    flag(
        Some('o'),
        "output",
        Kind::String,
        "",
        "Output format: json, yaml, name, go-template, jsonpath, ...",
    ),
    flag(None, "template", Kind::String, "", "Template of -o go-template."),
    flag(None, "show-managed-fields", Kind::Bool, "false", "Keep managedFields in JSON and YAML.")
        .since(21),
    flag(
        None,
        "allow-missing-template-keys",
        Kind::Bool,
        "true",
        "Ignore what a template does not find.",
    ),
];

/// `--dry-run`.
pub(super) const DRY_RUN: &[Flag] = &[
    flag(None, "dry-run", Kind::Bool, "false", "Only print what would be sent.").until(17),
    flag(None, "dry-run", Kind::Bare("unchanged"), "none", "none, server or client: only try.")
        .since(18),
];

/// Where objects are read from.
pub(super) const FILES: &[Flag] = &[
    flag(
        Some('f'),
        "filename",
        Kind::Slice,
        "",
        "Files or folders with objects; - for standard input.",
    ),
    flag(Some('k'), "kustomize", Kind::String, "", "A folder with a kustomization.")
        .lacks("kustomize"),
    flag(Some('R'), "recursive", Kind::Bool, "false", "Also the folders in a folder of -f."),
];

/// Which objects of a kind.
pub(super) const SELECT: &[Flag] = &[
    flag(
        Some('l'),
        "selector",
        Kind::String,
        "",
        "Labels to select by: key=value, key!=value, key in (a, b), ...",
    ),
    flag(None, "field-selector", Kind::String, "", "Fields to select by: key=value, ..."),
    flag(Some('A'), "all-namespaces", Kind::Bool, "false", "Objects of all namespaces."),
];

/// All objects of a kind.
pub(super) const ALL: &[Flag] =
    &[flag(None, "all", Kind::Bool, "false", "All objects of this kind in the namespace.")];

/// What is noted in an object.
pub(super) const NOTES: &[Flag] = &[
    flag(None, "field-manager", Kind::String, "", "Name of who owns the fields.").since(18),
    flag(None, "record", Kind::Bool, "false", "Note the command in the object (deprecated)."),
    flag(None, "save-config", Kind::Bool, "false", "Note the configuration for a later apply."),
];

/// What is checked before an object is sent.
pub(super) const VALIDATE: &[Flag] = &[
    flag(None, "validate", Kind::Bool, "true", "Check objects before sending them.").until(24),
    flag(
        None,
        "validate",
        Kind::Bare("strict"),
        "strict",
        "strict, warn or ignore: what happens to unknown fields.",
    )
    .since(25),
];

/// How things are deleted.
pub(super) const DELETE: &[Flag] = &[
    flag(
        None,
        "cascade",
        Kind::Bare("background"),
        "background",
        "background, orphan or foreground: what belongs to it.",
    ),
    flag(None, "force", Kind::Bool, "false", "Do not wait for a graceful end."),
    flag(None, "grace-period", Kind::Int, "-1", "Seconds for a graceful end."),
    flag(None, "timeout", Kind::Duration, "0s", "How long to wait; 0 decides by the object."),
    flag(None, "wait", Kind::Bool, "true", "Wait until it is gone."),
];
