//! What a build does next, and what it waits for.

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use os::Machine;
use sim::{Duration, Time};

use super::BuildRequest;
use super::dockerfile::{self, Dockerfile, Instruction};
use super::plan::{Plan, Work};
use super::told::{Failure, Message, Told, size_text, span};
use crate::changes::Change;
use crate::container::SecretFile;
use crate::digest::{ContainerId, ImageId};
use crate::engine::Engine;
use crate::image::{Image, ImageParts};
use crate::layer::content_size;
use crate::options::Release;
use crate::registry::Registry;
use crate::transfer::TransferId;

/// What a build does at the moment.
#[derive(Clone, Debug)]
pub(super) enum Doing {
    /// The next piece of work begins then.
    Until(Time),
    /// A base is on the way, for a stage or only to be known.
    Pulling { transfer: TransferId, name: String, stage: Option<usize>, vertex: Option<u32> },
    /// A step's program runs.
    Running(Box<Running>),
    /// Nothing any more.
    Over,
}

/// A step's program.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) container: ContainerId,
    pub(super) command: Vec<String>,
    pub(super) created_by: String,
    /// Where something was mounted for this step alone.
    pub(super) targets: Vec<String>,
    pub(super) vertex: Option<u32>,
    /// The first line of its log that was not told yet.
    pub(super) cursor: u64,
    pub(super) lines: (usize, usize),
}

/// A stage so far.
#[derive(Clone, Debug)]
pub(super) struct StageState {
    pub(super) image: Image,
    pub(super) change: Change,
    /// `ARG`s with their values.
    pub(super) args: SortedMap<String, Option<String>>,
}

/// An image that a stage starts from or copies from.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) image: Image,
    /// The transfer that brings its layers.
    pub(super) transfer: Option<TransferId>,
    /// As BuildKit names it.
    pub(super) shown: String,
    pub(super) known: bool,
}

/// A build under way or finished.
#[derive(Clone, Debug)]
pub struct Build {
    pub(super) request: BuildRequest,
    pub(super) file: Rc<Dockerfile>,
    pub(super) plan: Plan,
    pub(super) doing: Doing,
    pub(super) state: Option<StageState>,
    /// Stages that are done.
    pub(super) kept: SortedMap<usize, Image>,
    pub(super) bases: SortedMap<String, Base>,
    /// What the cache knows a step by, if that is not how history tells it.
    pub(super) step_key: Option<String>,
    /// Arguments that some `ARG` asked for.
    pub(super) args_used: SortedSet<String>,
    pub(super) release: Release,
    pub(super) told: Told,
    steps_done: usize,
    /// BuildKit's number of a step in its stage.
    pub(super) position: usize,
    /// BuildKit has told of `.dockerignore`, and of the files sent along.
    has_ignore: bool,
    has_context: bool,
    pub(super) result: Option<Result<ImageId, Failure>>,
}

impl Build {
    pub(super) fn new(now: Time, request: BuildRequest, release: Release) -> Result<Self, Failure> {
        let parsed = dockerfile::parse(&request.dockerfile, request.buildkit);
        let parsed = parsed.map_err(|error| (error.line, error.last, error.message));
        let planned = parsed.and_then(|file| Plan::new(&file, &request).map(|plan| (file, plan)));
        let (file, plan, refusal) = match planned {
            Ok((file, plan)) => (file, plan, None),
            Err((line, last, message)) => {
                let source = dockerfile::lines(&request.dockerfile);
                let failure = Failure {
                    is_refusal: true,
                    lines: (line > 0).then_some(span((line, last))),
                    source,
                    ..Failure::new(refusal(&request, release, line, &message))
                };
                if !request.buildkit {
                    return Err(failure);
                }
                (Dockerfile::default(), Plan::default(), Some(failure))
            }
        };
        let mut build = Self {
            request,
            file: Rc::new(file),
            plan,
            doing: Doing::Until(now),
            state: None,
            kept: SortedMap::new(),
            bases: SortedMap::new(),
            step_key: None,
            args_used: SortedSet::new(),
            release,
            told: Told::default(),
            steps_done: 0,
            position: 0,
            has_ignore: false,
            has_context: false,
            result: None,
        };
        if let Some(failure) = refusal {
            build.load_definition(now);
            build.fail(now, failure);
        }
        Ok(build)
    }

    /// What came of it.
    pub const fn result(&self) -> Option<&Result<ImageId, Failure>> {
        self.result.as_ref()
    }

    pub(super) fn take_messages(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.told.messages)
    }

    pub(super) fn secrets(&self) -> &[SecretFile] {
        &self.request.secrets
    }

    pub(super) fn container(&self) -> Option<&ContainerId> {
        match &self.doing {
            Doing::Running(running) => Some(&running.container),
            _ => None,
        }
    }

    pub(super) fn pulling(&self) -> Option<TransferId> {
        match &self.doing {
            Doing::Pulling { transfer, .. } => Some(*transfer),
            _ => None,
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        match self.doing {
            Doing::Until(at) => Some(at),
            _ => None,
        }
    }

    /// Goes as far as it can at this moment.
    pub(super) fn run(
        &mut self,
        engine: &mut Engine,
        now: Time,
        machine: &mut Machine,
        registry: &Registry,
    ) {
        loop {
            let went = match self.doing.clone() {
                Doing::Over => return,
                Doing::Until(at) if now < at => return,
                Doing::Until(_) => match self.plan.work.pop_front() {
                    Some(work) => self.work(engine, now, machine, registry, work),
                    None => return,
                },
                Doing::Pulling { transfer, name, stage, vertex } => {
                    let is_over = match engine.transfer(transfer) {
                        Some(pull) if stage.is_none() && pull.is_open(now) => true,
                        Some(pull) => pull.result.is_some(),
                        None => true,
                    };
                    if !is_over {
                        return;
                    }
                    self.pulled(engine, now, transfer, &name, stage, vertex)
                }
                Doing::Running(running) => {
                    if !self.follow(engine, now, machine, *running) {
                        return;
                    }
                    continue;
                }
            };
            if let Err(failure) = went {
                self.fail(now, failure);
            }
        }
    }

    pub(super) fn fail(&mut self, now: Time, failure: Failure) {
        if let Some(vertex) = self.told.open() {
            self.told.end(now, vertex, false, Some(failure.message.clone()));
        }
        self.result = Some(Err(failure));
        self.doing = Doing::Over;
    }

    pub(super) fn work(
        &mut self,
        engine: &mut Engine,
        now: Time,
        machine: &mut Machine,
        registry: &Registry,
        work: Work,
    ) -> Result<(), Failure> {
        self.doing = Doing::Until(now);
        match work {
            Work::Load => {
                self.load_definition(now);
                if self.release < Release(23, 0) {
                    self.load_ignore(now);
                }
                self.pause(engine, now, (10, 40));
                Ok(())
            }
            Work::Argument(instruction) => {
                self.announce(&instruction);
                self.told.text(" ---> \n");
                Ok(())
            }
            Work::Fetch(name) => self.fetch(engine, now, registry, &name),
            Work::From(stage) => self.from(engine, now, registry, stage),
            Work::Step(stage, instruction) => {
                self.announce(&instruction);
                self.step(engine, now, machine, stage, &instruction)
            }
            Work::Keep(stage) => {
                if let Some(state) = &self.state {
                    let mut image = state.image.clone();
                    image.config = state.change.config.clone();
                    self.kept.insert(stage, image);
                }
                Ok(())
            }
            Work::Export => {
                self.export(engine, now);
                Ok(())
            }
        }
    }

    pub(super) fn pause(&mut self, engine: &mut Engine, now: Time, millis: (u64, u64)) {
        let span = Duration::from_millis(engine.rng.between(millis.0, millis.1));
        self.doing = Doing::Until(now + span);
    }

    /// The classic builder counts its steps aloud.
    pub(super) fn announce(&mut self, instruction: &Instruction) {
        if self.request.buildkit {
            return;
        }
        self.steps_done += 1;
        let mut text = instruction.text();
        // Until 17.05 the words of the exec form were joined.
        if self.release < Release(17, 6)
            && let Some(words) = instruction.json()
        {
            text = format!("{} {}", instruction.keyword, words.join(" "));
        }
        let (done, count) = (self.steps_done, self.plan.step_count);
        self.told.text(format!("Step {done}/{count} : {text}\n"));
    }

    fn load_definition(&mut self, now: Time) {
        let name = &self.request.dockerfile_name;
        let vertex = self.told.begin(now, format!("[internal] load build definition from {name}"));
        let size = self.request.dockerfile.len() as u64 + 32;
        let text = format!("transferring dockerfile: {}", size_text(size));
        self.told.status(vertex, text, now, now);
        self.told.end(now, vertex, false, None);
    }

    fn load_ignore(&mut self, now: Time) {
        let vertex = self.told.begin(now, "[internal] load .dockerignore".to_owned());
        self.told.status(vertex, "transferring context: 2B".to_owned(), now, now);
        self.told.end(now, vertex, false, None);
    }

    /// BuildKit: what comes between the bases' metadata and the first stage.
    pub(super) fn load_files(&mut self, now: Time) {
        if self.has_ignore || !self.request.buildkit {
            return;
        }
        self.has_ignore = true;
        if self.release >= Release(23, 0) {
            self.load_ignore(now);
        }
    }

    /// BuildKit: the files that some step copies are sent once.
    fn load_context(&mut self, now: Time) {
        let reads = |work: &Work| {
            let Work::Step(_, step) = work else { return false };
            matches!(step.keyword.as_str(), "COPY" | "ADD")
                && step.flag("from").is_none()
                && step.heredocs.is_empty()
        };
        if self.request.buildkit && !self.has_context && self.plan.work.iter().any(reads) {
            self.has_context = true;
            let vertex = self.told.begin(now, "[internal] load build context".to_owned());
            let size = size_text(content_size(&self.request.context) + 32);
            self.told.status(vertex, format!("transferring context: {size}"), now, now);
            self.told.end(now, vertex, false, None);
        }
    }

    pub(super) fn told_end(&mut self, now: Time, vertex: Option<u32>, cached: bool) {
        if let Some(vertex) = vertex {
            self.told.end(now, vertex, cached, None);
        }
    }

    pub(super) fn begin_stage(
        &mut self,
        engine: &mut Engine,
        now: Time,
        stage: usize,
        image: Option<Image>,
    ) -> Result<(), Failure> {
        let mut image = image.unwrap_or_else(|| Image::new(ImageParts::default()));
        let triggers = std::mem::take(&mut image.config.on_build);
        if !self.request.buildkit {
            let is_scratch = image.layers.is_empty() && image.history.is_empty();
            let short = if is_scratch { String::new() } else { image.id.0.short() };
            self.told.text(format!(" ---> {short}\n"));
        }
        let change = Change { config: image.config.clone(), ..Change::default() };
        self.state = Some(StageState { image, change, args: SortedMap::new() });
        self.load_context(now);
        if !triggers.is_empty() {
            if !self.request.buildkit {
                let plural = if triggers.len() == 1 { "" } else { "s" };
                let count = triggers.len();
                self.told.text(format!("# Executing {count} build trigger{plural}\n"));
            }
            for trigger in triggers.iter().rev() {
                let text = format!("FROM x\n{trigger}");
                let file = dockerfile::parse(&text, self.request.buildkit);
                let parsed = file.ok().and_then(|file| file.stages.into_iter().next());
                let step = parsed.and_then(|stage| stage.instructions.into_iter().nth(1));
                let step = step.ok_or_else(|| Failure::new(format!("ONBUILD {trigger}")))?;
                self.plan.step_count += 1;
                self.plan.work.push_front(Work::Step(stage, step));
            }
        }
        self.pause(engine, now, (5, 20));
        Ok(())
    }

    /// `[2/4]`, `[builder 1/3]`.
    pub(super) fn prefix(&self, stage: usize) -> String {
        let Some(about) = self.file.stages.get(stage) else { return String::new() };
        let base = self.plan.bases.get(stage).map_or("", String::as_str);
        let has_base = base != "scratch" && self.file.stage(base, stage).is_none();
        let counts = |step: &&Instruction| {
            matches!(step.keyword.as_str(), "RUN" | "COPY" | "ADD" | "WORKDIR")
        };
        let count = about.instructions.iter().filter(counts).count() + usize::from(has_base);
        let name = match (self.file.stages.len(), about.name.as_str()) {
            (1, _) => String::new(),
            (_, "") => format!("stage-{stage} "),
            (_, name) => format!("{name} "),
        };
        let width = count.to_string().len();
        format!("[{name}{:>width$}/{count}]", self.position)
    }

    /// BuildKit: a step begins.
    pub(super) fn begin_vertex(
        &mut self,
        now: Time,
        stage: usize,
        instruction: &Instruction,
    ) -> Option<u32> {
        if !self.request.buildkit {
            return None;
        }
        self.position += 1;
        let title = format!("{} {}", self.prefix(stage), instruction.text());
        Some(self.told.begin(now, title))
    }

    pub(super) fn end_vertex(&mut self, now: Time, vertex: Option<u32>) {
        self.told_end(now, vertex, false);
    }
}

/// The text for a Dockerfile that cannot be understood.
fn refusal(request: &BuildRequest, release: Release, line: usize, message: &str) -> String {
    let name = &request.dockerfile_name;
    if request.dockerfile.trim().is_empty() {
        return match (request.buildkit, release) {
            (true, _) => "the Dockerfile cannot be empty".to_owned(),
            (false, Release(..20, _)) => format!("The Dockerfile ({name}) cannot be empty"),
            (false, _) => format!("the Dockerfile ({name}) cannot be empty"),
        };
    }
    if line == 0 {
        return message.to_owned();
    }
    match (request.buildkit, release) {
        (true, Release(23.., _)) => format!("dockerfile parse error on line {line}: {message}"),
        (_, Release(20.., _)) => format!("dockerfile parse error line {line}: {message}"),
        (_, Release(18.., _)) => format!("Dockerfile parse error line {line}: {message}"),
        _ => {
            let mut chars = message.chars();
            let first = chars.next().map(|first| first.to_uppercase().to_string());
            first.unwrap_or_default() + chars.as_str()
        }
    }
}
