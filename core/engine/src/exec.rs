//! Starting programs in containers: the first one, and those of `docker exec`.

use sorted::SortedMap;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use os::fs::{Mounts, User};
use os::machine::SharedNamespace;
use os::process::Handle;
use os::{Errno, Fd, Machine, Pid, Spawn};
use sim::Time;

use crate::container::{Container, LogSink, SharedLog, Stream, resolve_groups, resolve_user};
use crate::digest::{ContainerId, hex};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::{Happened, attributes};
use crate::options::{Release, StartFailure, start_error};

/// moby: `oci/defaults.go`, Linux.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The number of an exec: 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExecId(pub Rc<str>);

impl fmt::Display for ExecId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A program that runs in a container besides its first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exec {
    /// Its identity.
    pub id: ExecId,
    /// Its process.
    pub pid: Pid,
    /// Its command.
    pub command: Vec<String>,
}

/// What a program is attached to. Without a handle: input at its end, output only in the log (an
/// exec's is lost).
#[derive(Clone, Debug, Default)]
pub struct Stdio {
    /// Standard input.
    pub stdin: Option<Handle>,
    /// Standard output.
    pub stdout: Option<Handle>,
    /// Standard error.
    pub stderr: Option<Handle>,
}

/// A program to run in a container.
#[derive(Clone, Debug, Default)]
pub struct ExecConfig {
    /// The command.
    pub command: Vec<String>,
    /// User, empty for the container's.
    pub user: String,
    /// More environment, `KEY=value`.
    pub env: Vec<String>,
    /// Working folder, empty for the container's.
    pub working_dir: String,
    /// With a terminal.
    pub tty: bool,
    /// What it is attached to.
    pub stdio: Stdio,
}

/// What a program is started with.
struct Launch<'a> {
    command: &'a [String],
    user: &'a str,
    env: &'a [String],
    working_dir: &'a str,
    tty: bool,
}

impl Engine {
    /// Runs a program in a running container.
    ///
    /// # Errors
    /// `Container x is not running`; an unknown user; the runtime's text for a program that cannot
    /// be started, with exit code 126 or 127.
    pub fn exec(
        &mut self,
        now: Time,
        machine: &mut Machine,
        id: &ContainerId,
        exec: ExecConfig,
    ) -> Result<Exec, EngineError> {
        let release = self.options.release;
        let exec_id = ExecId(hex(&self.rng.bytes::<32>()).into());
        let container = self.container(id)?;
        let Some(namespace) = container.namespace.clone() else {
            return Err(not_running(&container.id, release));
        };
        if container.state.paused {
            let id = &container.id;
            return Err(EngineError::conflict(format!(
                "Container {id} is paused, unpause the container before exec"
            )));
        }
        let config = &container.config;
        let or = |own: &str, other: &str| (if own.is_empty() { other } else { own }).to_owned();
        let env: Vec<String> =
            config.env.iter().chain(&container.linked.env).chain(&exec.env).cloned().collect();
        let launch = Launch {
            command: &exec.command,
            user: &or(&exec.user, &config.user),
            env: &env,
            working_dir: &or(&exec.working_dir, &config.working_dir),
            tty: exec.tty,
        };
        let mut spawn = prepare(container, &namespace, &launch, true, release)?;
        let Stdio { stdin, stdout, stderr } = exec.stdio;
        spawn.foreground =
            [&stdin, &stdout].into_iter().flatten().any(|h| h.terminal_id().is_some());
        let stderr = if exec.tty { stdout.clone() } else { stderr };
        for (fd, handle) in [(Fd::STDIN, stdin), (Fd::STDOUT, stdout), (Fd::STDERR, stderr)] {
            spawn.fds.insert(fd, handle.unwrap_or_else(Handle::null));
        }
        let program = spawn.path.clone();
        let pid = machine
            .spawn(&namespace, spawn)
            .map_err(|errno| start_error(release, true, &program, StartFailure::of(errno)))?;
        let exec = Exec { id: exec_id.clone(), pid, command: exec.command };
        container.execs.insert(exec_id.clone(), exec.clone());
        let mut attributes = attributes(container);
        attributes.insert("command".to_owned(), exec.command.join(" "));
        attributes.insert("execID".to_owned(), exec_id.to_string());
        let created = Happened::ExecCreated(id.clone(), exec_id.clone());
        self.note(now, created, attributes.clone());
        self.note(now, Happened::ExecStarted(id.clone(), exec_id), attributes);
        Ok(exec)
    }
}

/// What starts the program of a health check; what it writes goes into `log`.
pub(crate) fn prepare_probe(
    container: &Container,
    command: &[String],
    log: &SharedLog,
    release: Release,
) -> Result<(SharedNamespace, Spawn), EngineError> {
    let namespace = container.namespace.clone();
    let namespace = namespace.ok_or_else(|| not_running(&container.id, release))?;
    let config = &container.config;
    let launch = Launch {
        command,
        user: &config.user,
        env: &config.env,
        working_dir: &config.working_dir,
        tty: false,
    };
    let mut spawn = prepare(container, &namespace, &launch, true, release)?;
    let sink = || {
        let sink = LogSink { log: log.clone(), stream: Stream::Stdout };
        Handle::sink(Rc::new(RefCell::new(sink)))
    };
    spawn.fds =
        SortedMap::from([(Fd::STDIN, Handle::null()), (Fd::STDOUT, sink()), (Fd::STDERR, sink())]);
    Ok((namespace, spawn))
}

/// moby: daemon/exec.go; the capital went with 17.x.
pub(crate) fn not_running(id: &ContainerId, release: Release) -> EngineError {
    EngineError::conflict(if release < Release(20, 10) {
        format!("Container {id} is not running")
    } else {
        format!("container {id} is not running")
    })
}

/// What starts a container's first process. Its descriptors go into the log and to who looks on.
pub(crate) fn prepare_first(
    machine: &Machine,
    container: &mut Container,
    namespace: &SharedNamespace,
    stdio: Stdio,
    release: Release,
) -> Result<Spawn, EngineError> {
    let config = &container.config;
    let command = container.path_and_args();
    let env = [&config.env[..], &container.linked.env].concat();
    let launch = Launch {
        command: &command,
        user: &config.user,
        env: &env,
        working_dir: &config.working_dir,
        tty: config.tty,
    };
    let mut spawn = prepare(container, namespace, &launch, false, release)?;
    let (tty, open_stdin) = (config.tty, config.open_stdin);
    let Stdio { stdin, stdout, stderr } = stdio;
    spawn.foreground = stdin.as_ref().is_some_and(|handle| handle.terminal_id().is_some());
    let stdin = match stdin {
        Some(handle) if open_stdin => handle,
        _ if open_stdin => {
            let (reader, writer) = machine.pipe();
            container.stdin_writer = Some(writer);
            reader
        }
        _ => Handle::null(),
    };
    container.out.clear();
    container.err.clear();
    if let Some(handle) = stdout {
        container.out.add(handle);
    }
    if let Some(handle) = stderr {
        container.err.add(handle);
    }
    let tee = |stream, onlookers: &os::process::Onlookers| {
        let sink = LogSink { log: container.log.clone(), stream };
        Handle::tee(Rc::new(RefCell::new(sink)), onlookers.clone())
    };
    let out = tee(Stream::Stdout, &container.out);
    // With a terminal there is one stream only.
    let err = if tty { out.clone() } else { tee(Stream::Stderr, &container.err) };
    spawn.fds = SortedMap::from([(Fd::STDIN, stdin), (Fd::STDOUT, out), (Fd::STDERR, err)]);
    Ok(spawn)
}

fn prepare(
    container: &Container,
    namespace: &SharedNamespace,
    launch: &Launch<'_>,
    exec: bool,
    release: Release,
) -> Result<Spawn, EngineError> {
    let namespace = namespace.borrow();
    let mounts = &namespace.mounts;
    let (user, home) = resolve_user(mounts, launch.user)?;
    let user = resolve_groups(mounts, user, &container.config.groups)?;
    let mut env: SortedMap<String, String> = SortedMap::from([
        ("PATH".to_owned(), DEFAULT_PATH.to_owned()),
        ("HOSTNAME".to_owned(), container.config.hostname.clone().unwrap_or_default()),
    ]);
    if launch.tty {
        env.insert("TERM".to_owned(), "xterm".to_owned());
    }
    for entry in launch.env {
        let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
        env.insert(name.to_owned(), value.to_owned());
    }
    env.entry("HOME".to_owned()).or_insert(home);
    let cwd = if launch.working_dir.is_empty() { "/" } else { launch.working_dir };
    let folder = mounts.resolve("/", cwd, true, User::ROOT).ok().and_then(|found| found.inode());
    if !folder.is_some_and(|inode| inode.is_directory()) {
        return Err(start_error(release, exec, cwd, StartFailure::NoSuchFolder));
    }
    let program = launch.command.first().cloned().unwrap_or_default();
    let path = env.get("PATH").map_or("", String::as_str);
    let path = look_up(mounts, cwd, path, &program, user)
        .map_err(|failure| start_error(release, exec, &program, failure))?;
    Ok(Spawn {
        path,
        args: launch.command.to_vec(),
        env,
        cwd: Some(cwd.to_owned()),
        fds: SortedMap::new(),
        user: Some(user),
        foreground: false,
        background: false,
    })
}

/// Finds a program as Go's `exec.LookPath` does, with the container's files and `PATH`.
fn look_up(
    mounts: &Mounts,
    cwd: &str,
    path: &str,
    program: &str,
    user: User,
) -> Result<String, StartFailure> {
    let check = |candidate: &str| -> Result<(), Errno> {
        let inode = mounts.resolve(cwd, candidate, true, user)?.inode().ok_or(Errno::NotFound)?;
        if inode.is_directory() || !user.may_execute(&inode) {
            return Err(Errno::Access);
        }
        Ok(())
    };
    if program.contains('/') {
        return check(program).map(|()| program.to_owned()).map_err(StartFailure::of);
    }
    path.split(':')
        .filter(|folder| !folder.is_empty())
        .map(|folder| format!("{folder}/{program}"))
        .find(|candidate| check(candidate).is_ok())
        .ok_or(StartFailure::NotInPath)
}
