//! What differs between releases of kubectl, in one table.
//!
//! Nothing else in this crate asks for a release by number, apart from the command table, where commands and flags say
//! since when and until when they exist. Each profile is written as a difference to the one before it.
//!
//! Source: kubernetes/kubectl at the releases' tags (v0.17, v0.25, v0.31, v0.34).

/// What `exec POD COMMAND` without `--` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecWithoutDash {
    /// It works (until 1.17).
    Works,
    /// It works and says that it will not for long.
    Warns,
    /// It is refused (since 1.31).
    Refused,
}

/// What `version` prints without `-o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionText {
    /// Go's structures, one line each; `--short` for less (until 1.22).
    Structures,
    /// The same with a warning (until 1.27).
    Deprecated,
    /// Client, Kustomize, server.
    Short,
}

/// A release.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// `1.25`.
    pub name: &'static str,
    /// The second number: 25.
    pub minor: u8,
    /// The program of a host that is this release ([`os::program::image`]).
    pub program: &'static str,
    /// `v1.25.16`.
    pub version: &'static str,
    /// The commit it was built from.
    pub commit: &'static str,
    /// When it was built.
    pub built: &'static str,
    /// The Go it was built with.
    pub go: &'static str,
    /// The kustomize inside; empty if `version` does not tell.
    pub kustomize: &'static str,
    /// `exec` without `--`.
    pub exec: ExecWithoutDash,
    /// `version`.
    pub version_text: VersionText,
    /// `secret "x" deleted from default namespace` (since 1.34).
    pub deleted_from: bool,
    /// `RESTARTS` tells how long ago (since 1.22).
    pub restarts_ago: bool,
    /// An unknown command is told twice, with a hint to `--help` (until 1.17).
    pub complains_twice: bool,
    /// `--dry-run` is a boolean (until 1.17).
    pub dry_run_is_bool: bool,
    /// The control plane is called so: `cluster-info`.
    pub control_plane: &'static str,
    /// `create` of one object says `failed to create secret` before the server's words (since 1.20).
    pub says_failed_to_create: bool,
    /// `creationTimestamp: null` is in what `create -o yaml` prints (until 1.33).
    pub null_timestamps: bool,
    /// `run` makes a deployment unless it is told otherwise (until 1.17).
    pub run_makes_deployment: bool,
    /// Describers know the role of bindings, the service account of pods, the operator of tolerations (since 1.23).
    pub newer_columns: bool,
    /// What is checked by the server, and the words for an object whose kind nobody knows (since 1.23).
    pub server_checks: bool,
    /// What `delete secret` without a name says.
    pub delete_needs: &'static str,
    /// `apply` says `pods/x` in its warning (since 1.21).
    pub apply_names_object: bool,
    /// Options of help are on two lines each.
    pub wide_help: bool,
}

const V1_17: Profile = Profile {
    name: "1.17",
    minor: 17,
    program: "kubectl-1.17",
    version: "v1.17.17",
    commit: "f3abc15296f3a3f54e4ee42e830c61047b13895f",
    built: "2021-01-13T13:21:12Z",
    go: "go1.13.15",
    kustomize: "",
    exec: ExecWithoutDash::Works,
    version_text: VersionText::Structures,
    deleted_from: false,
    restarts_ago: false,
    complains_twice: true,
    dry_run_is_bool: true,
    control_plane: "Kubernetes master",
    says_failed_to_create: false,
    null_timestamps: true,
    run_makes_deployment: true,
    newer_columns: false,
    server_checks: false,
    delete_needs: "resource(s) were provided, but no name, label selector, or --all flag specified",
    apply_names_object: false,
    wide_help: false,
};

const V1_25: Profile = Profile {
    name: "1.25",
    minor: 25,
    program: "kubectl-1.25",
    version: "v1.25.16",
    commit: "c5f43560a4f98f2af3743a59299fb79f07924373",
    built: "2023-11-15T22:39:12Z",
    go: "go1.20.10",
    kustomize: "v4.5.7",
    exec: ExecWithoutDash::Warns,
    version_text: VersionText::Deprecated,
    restarts_ago: true,
    complains_twice: false,
    dry_run_is_bool: false,
    control_plane: "Kubernetes control plane",
    says_failed_to_create: true,
    run_makes_deployment: false,
    newer_columns: true,
    server_checks: true,
    delete_needs: "resource(s) were provided, but no name was specified",
    apply_names_object: true,
    wide_help: true,
    ..V1_17
};

const V1_31: Profile = Profile {
    name: "1.31",
    minor: 31,
    program: "kubectl-1.31",
    version: "v1.31.4",
    commit: "a78aa47129b8539636eb86a9d00e31b2720fe06b",
    built: "2024-12-10T11:43:18Z",
    go: "go1.22.9",
    kustomize: "v5.4.2",
    exec: ExecWithoutDash::Refused,
    version_text: VersionText::Short,
    ..V1_25
};

const V1_34: Profile = Profile {
    name: "1.34",
    minor: 34,
    program: "kubectl-1.34",
    version: "v1.34.1",
    commit: "93248f9ae092f571eb870b7664c534bfc7d00f03",
    built: "2025-09-09T19:44:50Z",
    go: "go1.24.6",
    kustomize: "v5.7.1",
    deleted_from: true,
    null_timestamps: false,
    ..V1_31
};

/// All releases, oldest first.
pub const PROFILES: [Profile; 4] = [V1_17, V1_25, V1_31, V1_34];

impl Profile {
    /// The profile that stands for a release: the newest that is not newer, the oldest for what is older still.
    ///
    /// # Errors
    /// Says which there are, if `text` is no release.
    pub fn parse(text: &str) -> Result<&'static Self, String> {
        let text = text.trim_start_matches('v');
        let minor = text.strip_prefix("1.").and_then(|rest| rest.split('.').next()?.parse().ok());
        let Some(minor): Option<u8> = minor else {
            let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
            return Err(format!("unknown kubectl version {text:?}; known: {}", names.join(", ")));
        };
        let newest = PROFILES.iter().rev().find(|profile| profile.minor <= minor);
        Ok(newest.unwrap_or(&PROFILES[0]))
    }
}
