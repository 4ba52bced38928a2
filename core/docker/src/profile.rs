//! What differs between Docker releases, in one table.
//!
//! A [`Profile`] is one release as a student meets it: the command line's layouts and texts, and the
//! settings that the engine and the swarm of that release have. Nothing else in this crate asks for
//! a release by number, apart from the command table, where every command and flag says since when
//! it exists. The releases themselves are in [`releases`].
//!
//! Sources: docker/cli and moby/moby at the releases' tags.

mod releases;

pub use commandline::tab::Cells;
use daemon::api::VersionInfo;
use sim::Time;

pub use releases::PROFILES;

/// A release, as far as anything depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u8, pub u8);

/// The last release before something changed, for texts in the command table.
pub const V17_06: Version = Version(17, 6);
/// The last release before something changed, for texts in the command table.
pub const V17_09: Version = Version(17, 9);
/// The last release before something changed, for texts in the command table.
pub const V20_10: Version = Version(20, 10);

/// How help is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Help {
    /// A tab after `Usage:`, `--help` among the options (until 17.12).
    Tab,
    /// A tab after `Usage:`, `--help` hidden, long options wrapped (until 19.03).
    TabWrapped,
    /// Two blanks after `Usage:` (20.10).
    Blanks,
    /// No empty line at the top, aliases in full, the root's commands in groups (since 23.0).
    Grouped,
}

/// How a wrong number of arguments, an unknown command or an unknown flag is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// `requires at least 1 argument(s).` (until 17.07).
    Parenthesis,
    /// `requires at least 1 argument.` (until 27).
    Plural,
    /// `docker: 'docker x' requires at least 1 argument`, usage before the hint (since 28).
    Prefixed,
}

/// How an error shows gRPC's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrpcCode {
    /// `code = 3` (until 17.06).
    Number,
    /// `code = InvalidArgument`.
    Name,
}

/// Who words `no such ...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// The client, for everything: `Error: No such service: x`, but `Error: no such secret: x`;
    /// removing a secret shows the daemon's text (until 17.09).
    ClientMixed,
    /// The client: `Error: No such secret: x` (until 20.10).
    Client,
    /// The daemon: `Error response from daemon: secret x not found`.
    Daemon,
}

/// What `service create` shows after the identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing (until 17.04).
    None,
    /// A note on standard error that the tasks are made in the background, unless asked to wait
    /// (17.05 to 17.09).
    OnRequest,
    /// The tasks' states until the service is stable (since 17.10).
    Live,
}

/// How a container gets its secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretMounts {
    /// One tmpfs on `/run/secrets` (until 17.05).
    OneTmpfs,
    /// One mount per file, which leaves an empty file in the writable layer (since 17.06).
    PerFile,
}

/// How a secret's file that cannot be read is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretErrors {
    /// `open x: no such file or directory` (until 17.03).
    Bare,
    /// `Error reading content from "x": open x: no such file or directory` (until 28.0).
    Quoted,
    /// `error reading from x: open x: no such file or directory`; empty data is refused here.
    Lower,
}

/// What `login` says besides its success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginTexts {
    /// Nothing (until 17.06).
    Plain,
    /// Where the password is stored, and that `--password` is not safe.
    Warned,
    /// The same in other words; without a name a browser is used (since 27).
    Linked,
}

/// One release.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// What labs and options call it.
    pub name: &'static str,
    /// For comparisons with the command table.
    pub version: Version,
    /// The name of the program that `/usr/bin/docker` stands for.
    pub program: &'static str,
    /// The same for `/usr/local/bin/docker-compose`.
    pub compose_program: &'static str,
    /// The engine's full version.
    pub engine: &'static str,
    /// API version of client and daemon.
    pub api: &'static str,
    /// The oldest API the daemon speaks.
    pub api_min: &'static str,
    /// Go's version.
    pub go: &'static str,
    /// Commit of client and daemon.
    pub commit: &'static str,
    /// Date it was built, and the second of that day.
    built: (u32, u32, u32, u64),
    /// `docker version` has a `Context` and shows the server's components.
    pub version_components: bool,
    /// How help is laid out.
    pub help: Help,
    /// How wrong input is told.
    pub complaint: Complaint,
    /// How an invalid flag value is told: the flag as typed, or `"--name" flag`.
    pub invalid_names_flag: bool,
    /// How errors show gRPC's code.
    pub grpc: GrpcCode,
    /// Who words `no such ...`.
    pub not_found: NotFound,
    /// What a user hears who may not use the daemon's socket, with `VERB`, `API` and `PATH` of the
    /// request. Go's part of it follows its release; 20.10 asks for no version first.
    pub denied: &'static str,
    /// Tables in general.
    pub cells: Cells,
    /// Tables of services, tasks and nodes.
    pub swarm_cells: Cells,
    /// The table of secrets.
    pub secret_cells: Cells,
    /// Lists of swarm objects are sorted as people sort: `a2` before `a10`.
    pub natural_order: bool,
    /// `service ls -q` prints the whole identifier.
    pub service_quiet_full: bool,
    /// `secret ls` has a column DRIVER.
    pub secret_driver_column: bool,
    /// `service ls` has a column PORTS.
    pub service_ports_column: bool,
    /// `node ls` has a column ENGINE VERSION.
    pub engine_version_column: bool,
    /// A cut command ends in one character, not in three dots.
    pub ellipsis: &'static str,
    /// `ps` leaves a digest out of IMAGE if there is a tag.
    pub ps_hides_digest: bool,
    /// What stands between a size and its unit.
    pub size_gap: &'static str,
    /// `About an hour` is said from so many minutes on.
    pub hour_minutes: u64,
    /// Hours are rounded, not cut.
    pub rounds_hours: bool,
    /// `inspect` shows `"Labels": {}`.
    pub empty_labels: bool,
    /// `service inspect` fills in what the spec leaves open, and `service create` sends only what
    /// was asked for.
    pub insert_defaults: bool,
    /// `service inspect` shows `UpdateStatus` with zero times if there was no update.
    pub zero_update_status: bool,
    /// Specs have an update order, rollback settings and a runtime.
    pub rollback_config: bool,
    /// The `Init` member of a container's spec is always sent.
    pub init_member: bool,
    /// Secrets are looked up by the command line, which drops what it does not find; `secret rm`
    /// prints identifiers.
    pub client_secret_lookup: bool,
    /// How a secret's file that cannot be read is told.
    pub secret_errors: SecretErrors,
    /// A `--secret` with one field is a name even if there is a `=` in it, and a target may not be a
    /// path.
    pub strict_secret_target: bool,
    /// What `service create` shows.
    pub progress: Progress,
    /// `Template parsing error` or `template parsing error`.
    pub template_word: &'static str,
    /// `--format json` is understood by lists, and `-q` wins over `--format`.
    pub format_json: bool,
    /// `inspect` ends with the first object that is not there.
    pub inspect_stops: bool,
    /// Go's `time` quotes what is no duration.
    pub quotes_duration: bool,
    /// `image inspect` has `Container` and `VirtualSize`.
    pub legacy_image_members: bool,
    /// `verify: Service <name> converged`.
    pub verify_names_service: bool,
    /// The join command takes one line.
    pub join_on_one_line: bool,
    /// One more empty line after `is now a manager.`.
    pub init_gap: bool,
    /// `Please enter unlock key`, `Please remember to store this key`.
    pub please: bool,
    /// `run` of a missing image and the like end in this hint's form.
    pub run_hint: &'static str,
    /// The exit status of `exec` for a program that is not there.
    pub exec_missing_status: i32,
    /// The newest version `3.N` of compose files.
    pub compose_minor: u8,
    /// A compose file need not say its version.
    pub compose_version_optional: bool,
    /// What `stack deploy` says without a file.
    pub stack_needs_file: &'static str,
    /// `stack deploy` says that it will wait in a future release.
    pub stack_detach_note: bool,
    /// `stack ls` has a column ORCHESTRATOR.
    pub orchestrator_column: bool,
    /// IPv6 addresses before a port are in brackets.
    pub brackets_ipv6: bool,
    /// `network inspect` has `EnableIPv4`.
    pub shows_ipv4: bool,
    /// A volume without labels or options has `null` for them.
    pub null_volume_maps: bool,
    /// `run` takes `--network` more than once.
    pub many_networks: bool,
    /// `pull` ends with the image's full name.
    pub pull_names_image: bool,
    /// What `login` says besides its success.
    pub login: LoginTexts,
    /// `config.json` gets the client's own name.
    pub user_agent_header: bool,
    /// `push` without a tag pushes `latest`, not all tags.
    pub pushes_latest: bool,
    /// `cp` says how much it has copied.
    pub cp_tells: bool,
    /// There is BuildKit, for those who ask for it.
    pub buildkit_exists: bool,
    /// BuildKit builds unless one says otherwise.
    pub buildkit: bool,

    /// Raft: ticks without a leader until an election.
    pub election_ticks: u32,
    /// How a container gets its secrets.
    pub secret_mounts: SecretMounts,
    /// A task's container is named after `image@digest`, without the tag.
    pub digest_replaces_tag: bool,
    /// A bind mount's source may begin with `.`.
    pub relative_binds: bool,
    /// containerd, runc and docker-init that come with it: version, commit.
    pub runtimes: [(&'static str, &'static str); 3],
    /// The largest config is smaller than this.
    pub config_bytes_limit: usize,
}

/// A profile was asked for that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownProfile(String);

impl std::fmt::Display for UnknownProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
        write!(f, "no Docker profile {:?}: there are {}", self.0, known.join(", "))
    }
}

impl std::error::Error for UnknownProfile {}

impl Profile {
    /// The profile of that name.
    ///
    /// # Errors
    /// Names those that exist.
    pub fn parse(name: &str) -> Result<&'static Self, UnknownProfile> {
        let found = PROFILES.iter().find(|profile| profile.name == name);
        found.ok_or_else(|| UnknownProfile(name.to_owned()))
    }

    /// When it was built.
    pub const fn built(&self) -> Time {
        let (year, month, day, second) = self.built;
        let midnight = Time::from_date(year, month, day).unix_nanos();
        Time::from_unix_nanos(midnight + second * 1_000_000_000)
    }

    /// What a daemon of this release says of itself; the kernel is the host's.
    pub fn version_info(&self, kernel: &str) -> VersionInfo {
        VersionInfo {
            version: self.engine.to_owned(),
            api_version: self.api.to_owned(),
            api_version_min: self.api_min.to_owned(),
            go_version: self.go.to_owned(),
            git_commit: self.commit.to_owned(),
            built: Some(self.built()),
            kernel: kernel.to_owned(),
            os: "linux".to_owned(),
            arch: "amd64".to_owned(),
            experimental: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_found_by_name() {
        assert_eq!(Profile::parse("17.03").unwrap().api, "1.27");
        assert_eq!(
            Profile::parse("17.04").unwrap_err().to_string(),
            "no Docker profile \"17.04\": there are 1.13, 17.03, 17.06, 19.03, 20.10, 28"
        );
    }

    #[test]
    fn profiles_are_in_order() {
        assert!(PROFILES.is_sorted_by_key(|profile| profile.version));
        assert!(PROFILES.is_sorted_by_key(|profile| profile.built()));
    }
}
