//! What differs between Docker versions in an engine, and the texts that differ.

use os::Errno;

use crate::error::EngineError;

/// A Docker release: `1.13` is (1, 13), `17.06` is (17, 6), `28.0` is (28, 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u32, pub u32);

/// How a container gets its secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretMounts {
    /// One tmpfs on `/run/secrets` (through 17.05).
    OneTmpfs,
    /// A tmpfs on the host whose files are bind-mounted one by one (since 17.06).
    PerFile,
}

/// How an engine of some release behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// The release that texts follow.
    pub release: Release,
    /// The version as `docker version` prints it, for instance `17.03.0-ce`.
    pub version: String,
    /// How a container gets its secrets.
    pub secret_mounts: SecretMounts,
    /// `aufs` or `overlay2`.
    pub storage_driver: String,
    /// Most bytes of a container's log that are kept; the oldest lines go first.
    pub log_size_max: u64,
    /// Bytes per second that one of three parallel downloads gets.
    pub download_bytes_per_sec: u64,
    /// Bytes per second that unpacking a layer makes.
    pub unpack_bytes_per_sec: u64,
}

impl EngineOptions {
    /// An engine of that release.
    pub fn for_release(release: Release) -> Self {
        Self {
            release,
            version: version_text(release),
            secret_mounts: if release < Release(17, 6) {
                SecretMounts::OneTmpfs
            } else {
                SecretMounts::PerFile
            },
            storage_driver: if release < Release(17, 6) { "aufs" } else { "overlay2" }.to_owned(),
            log_size_max: 4 << 20,
            // A classroom's line of 100 Mbit/s, shared by three downloads.
            download_bytes_per_sec: 4_000_000,
            unpack_bytes_per_sec: 80_000_000,
        }
    }
}

fn version_text(release: Release) -> String {
    let Release(major, minor) = release;
    match (major, minor) {
        (1, _) => format!("{major}.{minor}.0"),
        (17, _) => format!("17.{minor:02}.0-ce"),
        (18, minor) if minor < 9 => format!("18.{minor:02}.0-ce"),
        (18..=22, _) => format!("{major}.{minor:02}.0"),
        _ => format!("{major}.{minor}.0"),
    }
}

/// Why a program could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartFailure {
    NotInPath,
    Missing,
    Denied,
    Format,
    NoSuchFolder,
}

impl StartFailure {
    pub(crate) const fn of(errno: Errno) -> Self {
        match errno {
            Errno::NotFound | Errno::NotDirectory => Self::Missing,
            Errno::ExecFormat => Self::Format,
            _ => Self::Denied,
        }
    }
}

/// The text for a container's first program (`exec` false) or for an additional one (`exec` true).
pub(crate) fn start_error(
    release: Release,
    exec: bool,
    program: &str,
    failure: StartFailure,
) -> EngineError {
    let quoted = |text: String| {
        // Through 19.03 runc quoted the cause, with backslashes inside.
        if release < Release(20, 10) { format!(" \"{}\"", text.replace('"', "\\\"")) } else { text }
    };
    let cause = match failure {
        StartFailure::NotInPath => {
            format!("exec: \"{program}\": executable file not found in $PATH")
        }
        StartFailure::Missing => {
            format!("exec: \"{program}\": stat {program}: no such file or directory")
        }
        StartFailure::Denied => format!("exec: \"{program}\": permission denied"),
        StartFailure::Format => format!("exec {program}: exec format error"),
        StartFailure::NoSuchFolder => format!(
            "chdir to cwd (\"{program}\") set in config.json failed: no such file or directory"
        ),
    };
    let line = match release {
        Release(..17, _) | Release(17, ..6) => 247,
        Release(17, _) => 262,
        Release(18, _) => 348,
        Release(19, _) => 349,
        _ => 380,
    };
    let created = if exec { "exec failed" } else { "create failed" };
    let message = match (release, exec) {
        (Release(..17, _) | Release(17, ..9), false) => format!(
            "oci runtime error: container_linux.go:{line}: starting container process caused{}",
            quoted(cause)
        ),
        (Release(..17, _) | Release(17, ..9), true) => format!(
            "rpc error: code = 2 desc = oci runtime error: exec failed: container_linux.go:{line}: \
             starting container process caused{}",
            quoted(cause)
        ),
        (Release(..20, _), _) => format!(
            "OCI runtime {created}: {}container_linux.go:{line}: starting container process \
             caused{}: unknown",
            if exec { "exec failed: " } else { "" },
            quoted(cause)
        ),
        (Release(20..23, _), _) => format!(
            "OCI runtime {created}: {}container_linux.go:{line}: starting container process \
             caused: {cause}: unknown",
            if exec { "exec failed: " } else { "" },
        ),
        (_, true) => format!(
            "OCI runtime exec failed: exec failed: unable to start container process: {cause}: \
             unknown"
        ),
        (_, false) => {
            let task = if release < Release(25, 0) {
                "failed to create shim task: "
            } else {
                "failed to create task for container: failed to create shim task: "
            };
            let init = if release < Release(27, 0) { "" } else { "error during container init: " };
            format!(
                "{task}OCI runtime create failed: runc create failed: unable to start container \
                 process: {init}{cause}: unknown"
            )
        }
    };
    let is_missing = matches!(failure, StartFailure::NotInPath | StartFailure::Missing);
    // Through 20.10 a failed exec always ended with 126.
    let code = if is_missing && (!exec || release >= Release(23, 0)) { 127 } else { 126 };
    EngineError::system(message).with_exit(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_reads_as_in_its_year() {
        let text = |release, exec| {
            let error = start_error(release, exec, "bash", StartFailure::NotInPath);
            (error.message, error.exit_code.unwrap())
        };
        assert_eq!(
            text(Release(17, 3), false),
            (
                "oci runtime error: container_linux.go:247: starting container process caused \
                 \"exec: \\\"bash\\\": executable file not found in $PATH\""
                    .into(),
                127
            )
        );
        assert_eq!(
            text(Release(19, 3), true),
            (
                "OCI runtime exec failed: exec failed: container_linux.go:349: starting container \
                 process caused \"exec: \\\"bash\\\": executable file not found in $PATH\": unknown"
                    .into(),
                126
            )
        );
        assert_eq!(
            text(Release(28, 0), true),
            (
                "OCI runtime exec failed: exec failed: unable to start container process: exec: \
                 \"bash\": executable file not found in $PATH: unknown"
                    .into(),
                127
            )
        );
    }

    #[test]
    fn secrets_came_one_by_one_with_17_06() {
        assert_eq!(
            EngineOptions::for_release(Release(17, 5)).secret_mounts,
            SecretMounts::OneTmpfs
        );
        assert_eq!(EngineOptions::for_release(Release(17, 6)).secret_mounts, SecretMounts::PerFile);
        assert_eq!(EngineOptions::for_release(Release(17, 3)).version, "17.03.0-ce");
        assert_eq!(EngineOptions::for_release(Release(1, 13)).version, "1.13.0");
        assert_eq!(EngineOptions::for_release(Release(19, 3)).version, "19.03.0");
    }
}
