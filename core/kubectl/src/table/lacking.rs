//! Commands that the real one has and this one has not, each with what it would need.

use super::Command;

/// A command that is not simulated.
const fn lacking(path: &'static str, short: &'static str, lacks: &'static str) -> Command {
    Command { path, usage: "", short, aliases: &[], flags: &[], run: None, lacks, since: 0 }
}

const SERVICES: &str = "services and their network";
const METRICS: &str = "use of processor and memory; nobody measures it here";
const APPLIED: &str = "working on the annotation of what was applied last";
const OTHERS: &str = "this kind of object";

pub(super) const COMMANDS: &[Command] = &[
    lacking("alpha", "Commands for features in alpha", "features in alpha"),
    lacking(
        "autoscale",
        "Auto-scale a deployment, replica set, stateful set, or replication controller",
        METRICS,
    ),
    lacking("certificate", "Modify certificate resources", "certificate signing requests"),
    lacking(
        "completion",
        "Output shell completion code for the specified shell",
        "shell functions; the Tab key completes here anyway",
    ),
    lacking(
        "debug",
        "Create debugging sessions for troubleshooting workloads and nodes",
        "ephemeral containers",
    ),
    lacking(
        "diff",
        "Diff the live version against a would-be applied version",
        "comparing with what would be applied; use kubectl apply --dry-run=server -o yaml",
    ),
    lacking(
        "expose",
        "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
        SERVICES,
    ),
    lacking("kustomize", "Build a kustomization target from a directory or URL", "kustomize"),
    lacking("kuberc", "Manage kuberc configuration files", "preferences of kubectl"),
    lacking("plugin", "Provides utilities for interacting with plugins", "plugins"),
    lacking(
        "port-forward",
        "Forward one or more local ports to a pod",
        "connections of a host to a pod's ports",
    ),
    lacking("proxy", "Run a proxy to the Kubernetes API server", "HTTP; use kubectl get --raw"),
    lacking(
        "apply edit-last-applied",
        "Edit latest last-applied-configuration annotations of a resource/object",
        APPLIED,
    ),
    lacking(
        "apply set-last-applied",
        "Set the last-applied-configuration annotation on a live object to match the contents of a file",
        APPLIED,
    ),
    lacking(
        "apply view-last-applied",
        "View the latest last-applied-configuration annotations of a resource/object",
        APPLIED,
    ),
    lacking(
        "auth reconcile",
        "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects",
        "reconciling rights",
    ),
    lacking("auth whoami", "Experimental: Check self subject attributes", "reviews of who asks"),
    lacking(
        "cluster-info dump",
        "Dump relevant information for debugging and diagnosis",
        "a dump of everything",
    ),
    lacking(
        "config rename-context",
        "Rename a context from the kubeconfig file",
        "renaming; use set-context and delete-context",
    ),
    lacking(
        "config set",
        "Set an individual value in a kubeconfig file",
        "paths into the kubeconfig; use set-context, set-cluster, set-credentials",
    ),
    lacking(
        "config unset",
        "Unset an individual value in a kubeconfig file",
        "paths into the kubeconfig",
    ),
    lacking("create cronjob", "Create a cron job with the specified name", OTHERS),
    lacking("create ingress", "Create an ingress with the specified name", OTHERS),
    lacking("create job", "Create a job with the specified name", OTHERS),
    lacking(
        "create poddisruptionbudget",
        "Create a pod disruption budget with the specified name",
        OTHERS,
    ),
    lacking("create priorityclass", "Create a priority class with the specified name", OTHERS),
    lacking("create quota", "Create a quota with the specified name", OTHERS),
    lacking("create service", "Create a service using a specified subcommand", SERVICES),
    lacking("set selector", "Set the selector on a resource", SERVICES),
    lacking(
        "set subject",
        "Update the user, group, or service account in a role binding or cluster role binding",
        "changing subjects; use kubectl edit",
    ),
];
