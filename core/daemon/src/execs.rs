//! Programs that users run in running containers.

use sorted::SortedMap;

use engine::{ContainerId, ExecId};

use crate::api::{Error, ExecConfig, Response, Stdio};
use crate::daemon::{Caller, Context, Daemon};

/// How far one has come.
#[derive(Debug)]
enum Stage {
    Made(Box<ExecConfig>),
    Running(ExecId, os::Pid),
    Ended(i32),
}

#[derive(Debug)]
struct Run {
    container: ContainerId,
    stage: Stage,
    waiting: Vec<Caller>,
}

/// All of a host, by the identifier that `CreateExec` answered.
#[derive(Debug, Default)]
pub(crate) struct Execs {
    next: u64,
    runs: SortedMap<String, Run>,
}

/// Ended ones that are remembered for whoever asks late.
const ENDED_COUNT_MAX: usize = 100;

impl Execs {
    pub(crate) fn forget(&mut self, caller: Caller) {
        for run in self.runs.values_mut() {
            run.waiting.retain(|waiting| *waiting != caller);
        }
    }

    fn get(&mut self, id: &str) -> Result<&mut Run, Error> {
        let missing = || Error::not_found(format!("No such exec instance '{id}' found in daemon"));
        self.runs.get_mut(id).ok_or_else(missing)
    }

    pub(crate) fn ended(&mut self, context: &mut Context<'_>, exec: &ExecId, code: i32) {
        let found = self
            .runs
            .values_mut()
            .find(|run| matches!(&run.stage, Stage::Running(id, _) if id == exec));
        let Some(run) = found else { return };
        run.stage = Stage::Ended(code);
        for caller in run.waiting.drain(..) {
            context.reply(caller, Ok(Response::Exited { code }));
        }
        let ended = |run: &Run| matches!(run.stage, Stage::Ended(_));
        if self.runs.values().filter(|run| ended(run)).count() > ENDED_COUNT_MAX {
            let oldest = self.runs.iter().find(|(_, run)| ended(run)).map(|(id, _)| id.clone());
            oldest.and_then(|id| self.runs.remove(&id));
        }
    }
}

impl Daemon {
    pub(crate) fn create_exec(
        &mut self,
        container: &str,
        config: ExecConfig,
    ) -> Result<Response, Error> {
        let found = self.engine.find(container)?;
        if !found.is_running() {
            return Err(Error::conflict(if self.config.engine.release < engine::Release(17, 6) {
                format!("Container {} is not running", found.id)
            } else {
                format!("Container {container} is not running")
            }));
        }
        if found.state.paused {
            return Err(Error::conflict(format!(
                "Container {container} is paused, unpause the container before exec"
            )));
        }
        let container = found.id.clone();
        if config.cmd.is_empty() {
            return Err(Error::invalid("No exec command specified"));
        }
        self.execs.next += 1;
        // In the order in which they were made, and never the same twice.
        let id = format!("{:064x}", self.execs.next);
        let run = Run { container, stage: Stage::Made(Box::new(config)), waiting: Vec::new() };
        self.execs.runs.insert(id.clone(), run);
        Ok(Response::Created { id })
    }

    pub(crate) fn start_exec(
        &mut self,
        context: &mut Context<'_>,
        exec: &str,
        stdio: Option<Stdio>,
    ) -> Result<Response, Error> {
        let run = self.execs.get(exec)?;
        let container = run.container.clone();
        let Stage::Made(config) = std::mem::replace(&mut run.stage, Stage::Ended(126)) else {
            return Err(Error::conflict(format!("Error: Exec command {exec} is already running")));
        };
        let config = engine::ExecConfig {
            command: config.cmd,
            user: config.user,
            env: config.env,
            working_dir: config.working_dir,
            tty: config.tty,
            stdio: engine_stdio(stdio),
        };
        let started = self.engine.exec(context.now, context.machine, &container, config)?;
        self.execs.get(exec)?.stage = Stage::Running(started.id, started.pid);
        Ok(Response::Done)
    }

    pub(crate) fn wait_exec(
        &mut self,
        exec: &str,
        caller: Caller,
    ) -> Result<Option<Response>, Error> {
        let run = self.execs.get(exec)?;
        match run.stage {
            Stage::Ended(code) => Ok(Some(Response::Exited { code })),
            Stage::Running(..) | Stage::Made(_) => {
                run.waiting.push(caller);
                Ok(None)
            }
        }
    }

    pub(crate) fn kill_exec(
        &mut self,
        context: &mut Context<'_>,
        exec: &str,
        signal: os::Signal,
    ) -> Result<Response, Error> {
        if let Stage::Running(_, pid) = self.execs.get(exec)?.stage {
            context.machine.signal(pid, signal);
        }
        Ok(Response::Done)
    }
}

/// The files of the asking process as the engine takes them.
pub(crate) fn engine_stdio(stdio: Option<Stdio>) -> engine::Stdio {
    let Some(Stdio { stdin, stdout, stderr, tty }) = stdio else {
        return engine::Stdio::default();
    };
    let plain = |handle: os::process::Handle| if tty { handle } else { handle.without_terminal() };
    engine::Stdio { stdin: stdin.map(plain), stdout: stdout.map(plain), stderr: stderr.map(plain) }
}
