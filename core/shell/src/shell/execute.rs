//! Lists, pipelines and compound commands.

use sorted::SortedMap;
use std::rc::Rc;

use os::process::Handle;
use os::program::Running;
use os::{ExitStatus, Fd, Pid, Proc, Signal};

use super::{Boxed, CALL_DEPTH_MAX, COMMAND_DEPTH_MAX, Done, Flow, Shell};
use crate::Flavour;
use crate::pattern::text;
use crate::syntax::{Chain, Command, Compound, Item, List, Part, Pipeline, Word};

/// A host runs no more processes than this; a fork that would make one more fails, as it does when
/// a real host's limit is reached.
const PROCESS_COUNT_MAX: usize = 400;

impl Shell {
    /// Forks; the child runs `body` with the copy of this shell.
    pub(crate) async fn fork(
        &mut self,
        fds: SortedMap<Fd, Handle>,
        foreground: bool,
        background: bool,
        body: impl FnOnce(Self) -> Running,
    ) -> Result<Pid, Flow> {
        if self.proc.process_count() >= PROCESS_COUNT_MAX {
            let message = match self.flavour {
                Flavour::Bash => "fork: Resource temporarily unavailable",
                Flavour::Ash => "can't fork: Resource temporarily unavailable",
                Flavour::Dash => "Cannot fork",
            };
            self.complain(message).await;
            self.status = 254;
            return Err(Flow::Abort);
        }
        let parent = &*self;
        let main = |child: Proc| body(parent.subshell(child));
        Ok(self.proc.fork(fds, foreground, background, main))
    }

    /// Runs a list as this forked process.
    pub(crate) fn run_as_child(mut self, list: Rc<List>) -> Running {
        Box::pin(async move {
            let done = match list.as_slice() {
                [item] if !item.background => {
                    self.may_exec = item.chain.rest.is_empty();
                    self.run_chain(&item.chain).await
                }
                list => self.run_list(list).await,
            };
            self.end_child(done).await
        })
    }

    pub(super) fn run_command_as_child(mut self, command: Rc<Command>) -> Running {
        Box::pin(async move {
            self.may_exec = true;
            let done = self.run_command(&command).await;
            self.end_child(done).await
        })
    }

    pub(super) fn run_chain_as_child(mut self, chain: Rc<Chain>) -> Running {
        Box::pin(async move {
            self.may_exec = chain.rest.is_empty();
            let done = self.run_chain(&chain).await;
            self.end_child(done).await
        })
    }

    async fn end_child(&mut self, done: Done) -> i32 {
        if done == Err(Flow::Abort) && self.status == 0 {
            self.status = 1;
        }
        self.finish().await
    }

    /// Waits for a child that is not a job of its own; the value is its status.
    pub(crate) async fn await_child(&mut self, child: Pid) -> Result<i32, Flow> {
        loop {
            match self.proc.wait(child).await {
                Ok(ExitStatus::Signal(Signal::Interrupt)) if self.interactive => {
                    // The shell may have been sent the same Ctrl-C.
                    while self.proc.take_signal().is_some() {}
                    self.status = 130;
                    return Err(Flow::Interrupt);
                }
                Ok(status) => {
                    self.tell_signal(status).await;
                    return Ok(status.code());
                }
                Err(os::Errno::Interrupted) => self.take_signals().await?,
                Err(_) => return Ok(127),
            }
        }
    }

    async fn tell_signal(&self, status: ExitStatus) {
        let ExitStatus::Signal(signal) = status else { return };
        if let Some(text) = crate::messages::signal(signal).filter(|_| self.interactive) {
            self.proc.eprint(format!("{text}\n")).await;
        }
    }

    pub(crate) async fn run_list(&mut self, list: &[Item]) -> Done {
        for item in list {
            if item.background {
                self.start_background(item).await?;
            } else {
                self.run_chain(&item.chain).await?;
            }
        }
        Ok(())
    }

    async fn run_chain(&mut self, chain: &Chain) -> Done {
        let last = chain.rest.len();
        let may_exec = std::mem::take(&mut self.may_exec);
        self.run_linked(&chain.first, last != 0, may_exec).await?;
        for (index, (and, pipeline)) in chain.rest.iter().enumerate() {
            if (self.status == 0) == *and {
                self.run_linked(pipeline, index + 1 != last, false).await?;
            }
        }
        Ok(())
    }

    async fn run_linked(
        &mut self,
        pipeline: &Pipeline,
        is_looked_at: bool,
        may_exec: bool,
    ) -> Done {
        let looked_at = u32::from(is_looked_at || pipeline.negated);
        self.condition_depth += looked_at;
        self.may_exec = may_exec && !pipeline.negated && pipeline.commands.len() == 1;
        let done = self.run_pipeline(pipeline).await;
        self.may_exec = false;
        self.condition_depth -= looked_at;
        done?;
        if self.status != 0 && self.options.errexit && self.condition_depth + looked_at == 0 {
            return Err(Flow::Exit);
        }
        Ok(())
    }

    async fn run_pipeline(&mut self, pipeline: &Pipeline) -> Done {
        let started = self.proc.now();
        let done = match pipeline.commands.as_slice() {
            [] => {
                self.status = 0;
                Ok(())
            }
            [command] => self.run_command(command).await,
            commands => self.run_stages(commands).await,
        };
        if pipeline.timed {
            let spent = self.proc.now().since(started).as_millis();
            let (minutes, seconds, millis) = (spent / 60_000, spent / 1_000 % 60, spent % 1_000);
            let text = format!(
                "\nreal\t{minutes}m{seconds}.{millis:03}s\nuser\t0m0.000s\nsys\t0m0.000s\n"
            );
            self.proc.eprint(text).await;
        }
        done?;
        if pipeline.negated {
            self.status = i32::from(self.status == 0);
        }
        Ok(())
    }

    /// Runs a pipeline's commands side by side, each in a process, all in one process group.
    async fn run_stages(&mut self, commands: &[Rc<Command>]) -> Done {
        let mut children: Vec<Pid> = Vec::new();
        let mut input: Option<Handle> = None;
        for (index, command) in commands.iter().enumerate() {
            let mut fds = SortedMap::new();
            if let Some(reader) = input.take() {
                fds.insert(Fd::STDIN, reader);
            }
            if index + 1 < commands.len() {
                let (reader, writer) = self.proc.pipe();
                fds.insert(Fd::STDOUT, writer);
                input = Some(reader);
            }
            let command = command.clone();
            let foreground = self.interactive && children.is_empty();
            let body = move |shell: Self| shell.run_command_as_child(command);
            let child = self.fork(fds, foreground, false, body).await?;
            if let Some(leader) = children.first().filter(|_| self.interactive) {
                self.proc.set_group(child, *leader);
            }
            children.push(child);
        }
        let mut statuses = Vec::new();
        let mut interrupted = Ok(());
        for child in children {
            match self.await_child(child).await {
                Ok(status) => statuses.push(status),
                Err(flow) => interrupted = Err(flow),
            }
        }
        interrupted?;
        let last = statuses.last().copied().unwrap_or(0);
        let failed = statuses.iter().rev().find(|status| **status != 0);
        self.status = failed.filter(|_| self.options.pipefail).copied().unwrap_or(last);
        let pipe_status = (0..).zip(statuses.iter().map(i32::to_string)).collect();
        let variable = self.variables.entry("PIPESTATUS".to_owned()).or_default();
        variable.value = Some(super::Value::Array(pipe_status));
        Ok(())
    }

    pub(crate) fn run_command<'a>(&'a mut self, command: &'a Command) -> Boxed<'a, Done> {
        Box::pin(async move {
            if self.command_depth >= COMMAND_DEPTH_MAX {
                return Err(self.abort("not simulated: commands nested that deep").await);
            }
            self.command_depth += 1;
            let done = self.run_any(command).await;
            self.command_depth -= 1;
            done
        })
    }

    async fn run_any(&mut self, command: &Command) -> Done {
        match command {
            Command::Simple(simple) => self.run_simple(simple).await,
            Command::Function(name, body) => {
                self.functions.insert(name.clone(), body.clone());
                self.status = 0;
                Ok(())
            }
            Command::Compound(compound, redirects, line) => {
                self.line = *line;
                self.may_exec = false;
                if redirects.is_empty() {
                    return self.run_compound(compound).await;
                }
                let saved = self.redirect(redirects).await;
                let done = match &saved {
                    Ok(_) => self.run_compound(compound).await,
                    Err(None) => Ok(()),
                    Err(Some(flow)) => Err(*flow),
                };
                self.restore(saved.unwrap_or_default());
                done
            }
        }
    }

    async fn run_compound(&mut self, compound: &Compound) -> Done {
        match compound {
            Compound::Group(list) => self.run_list(list).await,
            Compound::Subshell(list) => {
                let list = list.clone();
                let interactive = self.interactive;
                let body = move |shell: Self| shell.run_as_child(list);
                let child = self.fork(SortedMap::new(), interactive, false, body).await?;
                self.status = self.await_child(child).await?;
                Ok(())
            }
            Compound::If { branches, otherwise } => {
                for (condition, body) in branches {
                    if self.holds(condition).await? {
                        return self.run_list(body).await;
                    }
                }
                self.status = 0;
                match otherwise {
                    Some(body) => self.run_list(body).await,
                    None => Ok(()),
                }
            }
            Compound::While { until, condition, body } => {
                self.run_while(*until, condition, body).await
            }
            Compound::For { name, words, body } => self.run_for(name, words.as_deref(), body).await,
            Compound::ArithmeticFor { parts, body } => self.run_counting(parts, body).await,
            Compound::Case { .. } => self.run_case(compound).await,
            Compound::Arithmetic(parts) => {
                self.tick().await?;
                let value = self.arithmetic_of(parts).await;
                self.finish_test(value.map(|value| value != 0))
            }
            Compound::Test(test) => {
                self.tick().await?;
                let value = self.run_test(test).await;
                self.finish_test(value)
            }
        }
    }

    /// In `((` and `[[` an error is a status and the script goes on.
    fn finish_test(&mut self, value: Result<bool, Flow>) -> Done {
        match value {
            Ok(value) => self.status = i32::from(!value),
            Err(Flow::Abort) => self.status = self.status.max(1),
            Err(flow) => return Err(flow),
        }
        Ok(())
    }

    async fn arithmetic_of(&mut self, parts: &[Part]) -> Result<i64, Flow> {
        let expression = text(&self.expand_field(parts).await?);
        self.arithmetic(&expression).await
    }

    async fn holds(&mut self, condition: &List) -> Result<bool, Flow> {
        self.condition_depth += 1;
        let done = self.run_list(condition).await;
        self.condition_depth -= 1;
        done.map(|()| self.status == 0)
    }

    /// Runs a loop's body once; false when the loop is over.
    async fn turn(&mut self, body: &List) -> Result<bool, Flow> {
        self.tick().await?;
        self.loop_depth += 1;
        let done = self.run_list(body).await;
        self.loop_depth -= 1;
        match done {
            Ok(()) | Err(Flow::Continue(0 | 1)) => Ok(true),
            Err(Flow::Break(0 | 1)) => Ok(false),
            Err(Flow::Break(count)) => Err(Flow::Break(count - 1)),
            Err(Flow::Continue(count)) => Err(Flow::Continue(count - 1)),
            Err(flow) => Err(flow),
        }
    }

    async fn run_while(&mut self, until: bool, condition: &List, body: &List) -> Done {
        let mut status = 0;
        loop {
            self.loop_depth += 1;
            let holds = self.holds(condition).await;
            self.loop_depth -= 1;
            match holds {
                Ok(holds) if holds == until => break,
                Ok(_) | Err(Flow::Continue(0 | 1)) => {}
                Err(Flow::Break(0 | 1)) => break,
                Err(flow) => return Err(flow),
            }
            let goes_on = self.turn(body).await?;
            status = self.status;
            if !goes_on {
                break;
            }
        }
        self.status = status;
        Ok(())
    }

    async fn run_for(&mut self, name: &str, words: Option<&[Word]>, body: &List) -> Done {
        if !crate::syntax::is_name(name) {
            self.complain(&format!("`{name}': not a valid identifier")).await;
            self.status = 1;
            return Ok(());
        }
        let values = match words {
            Some(words) => self.expand_words(words).await?,
            None => self.parameters.clone(),
        };
        self.status = 0;
        for value in values {
            if let Err(message) = self.assign(name, None, &value) {
                return Err(self.abort(&message).await);
            }
            if !self.turn(body).await? {
                break;
            }
        }
        Ok(())
    }

    async fn run_counting(&mut self, parts: &[Vec<Part>; 3], body: &List) -> Done {
        self.arithmetic_of(&parts[0]).await?;
        let mut status = 0;
        let endless = parts[1].iter().all(|part| matches!(part, Part::Quoted(t) if t.trim() == ""));
        while endless || self.arithmetic_of(&parts[1]).await? != 0 {
            let goes_on = self.turn(body).await?;
            status = self.status;
            if !goes_on {
                break;
            }
            self.arithmetic_of(&parts[2]).await?;
        }
        self.status = status;
        Ok(())
    }

    async fn run_case(&mut self, compound: &Compound) -> Done {
        let Compound::Case { word, arms } = compound else { return Ok(()) };
        self.tick().await?;
        let subject: Vec<char> = self.expand_text(word).await?.chars().collect();
        self.status = 0;
        let mut falls = false;
        for arm in arms {
            let mut matches = falls;
            for pattern in &arm.patterns {
                matches = matches || self.expand_pattern(pattern).await?.matches(&subject);
            }
            if matches {
                self.run_list(&arm.body).await?;
                falls = arm.falls_through;
                if !falls {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Calls a function.
    pub(super) async fn call(&mut self, body: &Command, args: Vec<String>) -> Done {
        if self.call_depth >= CALL_DEPTH_MAX {
            return Err(self.abort("not simulated: functions nested more than 50 deep").await);
        }
        let parameters = std::mem::replace(&mut self.parameters, args);
        self.locals.push(SortedMap::new());
        self.call_depth += 1;
        let loops = std::mem::take(&mut self.loop_depth);
        let done = self.run_command(body).await;
        self.loop_depth = loops;
        self.call_depth -= 1;
        for (name, variable) in self.locals.pop().unwrap_or_default() {
            match variable {
                Some(variable) => self.variables.insert(name, variable),
                None => self.variables.remove(&name),
            };
        }
        self.parameters = parameters;
        match done {
            Err(Flow::Return) => Ok(()),
            done => done,
        }
    }
}
