//! One instruction of a stage.

use sorted::SortedMap;

use os::Machine;
use os::fs::{FileSystem, FsKind, SharedFs};
use sim::Time;

use super::copying::{Copy, CopyError};
use super::dockerfile::Instruction;
use super::machine::{Build, Doing, Running, StageState};
use super::mounts::{self, Sources, StepMounts};
use super::plan::BUILT_IN;
use super::told::{Failure, span};
use super::words::Reader;
use crate::changes::{Line, variable};
use crate::container::files::ensure_folder;
use crate::container::{ContainerConfig, SecretFile};
use crate::engine::Engine;
use crate::exec::Stdio;
use crate::layer::Layer;
use crate::options::Release;

/// How an instruction stands in an image's history.
pub(super) fn told(buildkit: bool, text: &str) -> String {
    if buildkit { text.to_owned() } else { format!("/bin/sh -c #(nop)  {text}") }
}

impl Build {
    /// A variable's value in the stage: its environment wins over its arguments.
    fn lookup(&self, state: &StageState, name: &str) -> Option<String> {
        let built_in = || {
            let found = BUILT_IN.iter().find(|(key, _)| *key == name && self.request.buildkit);
            found.map(|(_, value)| (*value).to_owned())
        };
        let argument = || state.args.get(name).cloned().flatten();
        variable(&state.change.config.env, name).or_else(argument).or_else(built_in)
    }

    /// Does one instruction, or begins to.
    pub(super) fn step(
        &mut self,
        engine: &mut Engine,
        now: Time,
        machine: &mut Machine,
        stage: usize,
        instruction: &Instruction,
    ) -> Result<(), Failure> {
        let Some(state) = self.state.clone() else { return Ok(()) };
        let lookup = |name: &str| self.lookup(&state, name);
        let reader = Reader { escape: self.file.escape, lookup: &lookup };
        let file = self.file.clone();
        let at = |message: String| Failure {
            lines: Some(span((instruction.line, instruction.last))),
            source: file.source.clone(),
            ..Failure::new(message)
        };
        match instruction.keyword.as_str() {
            "RUN" => {
                self.refuse_flags(engine, instruction, &["mount", "network", "security"])
                    .map_err(at)?;
                return self.begin_run(engine, now, machine, stage, instruction, &state);
            }
            "COPY" | "ADD" => {
                self.refuse_flags(engine, instruction, &["chmod", "link"]).map_err(at)?;
                let vertex = self.begin_vertex(now, stage, instruction);
                let lookup = |name: &str| self.lookup(&state, name);
                let reader = Reader { escape: self.file.escape, lookup: &lookup };
                let from = instruction.flag("from").unwrap_or_default();
                let files = self
                    .files_of(from, stage)
                    .ok_or_else(|| at(format!("invalid from flag value {from}: not found")))?;
                let copy = Copy::new(instruction, reader, &files, &state.change.config.working_dir);
                let copy = copy
                    .map_err(|error| self.copy_failure(engine, &instruction.keyword, &error, at))?;
                return self.copy(engine, now, vertex, instruction, &copy, &state, at);
            }
            "ARG" => {
                let words = reader.words(&instruction.rest).map_err(at)?;
                return self.declare(engine, now, instruction, words);
            }
            _ => {}
        }
        let mut next = state.clone();
        let line = Line {
            keyword: &instruction.keyword,
            flags: &instruction.flags,
            rest: &instruction.rest,
        };
        let text = next.change.apply(line, reader).map_err(at)?;
        let text = text.unwrap_or_else(|| instruction.text());
        let created_by = told(self.request.buildkit, &text);
        let is_folder = instruction.keyword == "WORKDIR";
        let vertex = if is_folder { self.begin_vertex(now, stage, instruction) } else { None };
        if self.is_known(engine, now, &created_by, vertex) {
            if let Some(state) = &mut self.state {
                state.change = next.change;
            }
            return Ok(());
        }
        let layer = if is_folder {
            let root = FileSystem::overlay(state.image.trees()).shared();
            let mounts = os::fs::Mounts::new(root.clone());
            let path = &next.change.config.working_dir;
            ensure_folder(&mounts, path, 0o755, now).map_err(|e| at(format!("{path}: {e}")))?;
            let tree = root.borrow().upper().clone();
            (!tree.is_empty() || self.request.buildkit).then(|| Layer::new(tree))
        } else {
            None
        };
        self.state = Some(next);
        let container = self.made_up_container(engine);
        if !is_folder || engine.options.release >= Release(17, 9) {
            self.say_running(&container);
        }
        self.finish_step(engine, now, &created_by, layer, Some(&container));
        self.end_vertex(now, vertex);
        Ok(())
    }

    /// What only BuildKit knows is refused by the classic builder.
    fn refuse_flags(
        &self,
        engine: &Engine,
        instruction: &Instruction,
        modern: &[&str],
    ) -> Result<(), String> {
        let given = instruction.flags.iter().find(|(name, _)| modern.contains(&name.as_str()));
        match given {
            Some((name, _)) if !self.request.buildkit => {
                Err(if engine.options.release < Release(18, 9) {
                    format!("Unknown flag: {name}")
                } else {
                    format!(
                        "the --{name} option requires BuildKit. Refer to \
                         https://docs.docker.com/go/buildkit/ to learn how to build images with \
                         BuildKit enabled"
                    )
                })
            }
            _ => Ok(()),
        }
    }

    /// `ARG`: values come from the command line, from a global one of that name, from its default.
    fn declare(
        &mut self,
        engine: &mut Engine,
        now: Time,
        instruction: &Instruction,
        words: Vec<String>,
    ) -> Result<(), Failure> {
        let mut values = SortedMap::new();
        for word in words {
            let (name, default) = match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (word.clone(), None),
            };
            let global = || self.plan.globals.get(&name).cloned();
            let value = self.request.args.get(&name).cloned().or(default).or_else(global);
            self.args_used.insert(name.clone());
            values.insert(name, value);
        }
        let created_by = told(self.request.buildkit, &format!("ARG {}", instruction.rest));
        if let Some(state) = &mut self.state {
            state.args.extend(values);
        }
        if self.is_known(engine, now, &created_by, None) {
            return Ok(());
        }
        let container = self.made_up_container(engine);
        self.say_running(&container);
        self.finish_step(engine, now, &created_by, None, Some(&container));
        Ok(())
    }

    fn copy_failure(
        &self,
        engine: &mut Engine,
        keyword: &str,
        error: &CopyError,
        at: impl Fn(String) -> Failure,
    ) -> Failure {
        let release = engine.options.release;
        let source = match error {
            CopyError::Text(text) => return at(text.clone()),
            CopyError::Nothing => {
                return at(format!("{keyword} failed: no source files were specified"));
            }
            CopyError::Missing(source) => source,
        };
        let bare = source.trim_start_matches("./").trim_start_matches('/');
        if self.request.buildkit {
            let reference = format!("{}::{}", engine.random_word(25), engine.random_word(25));
            return at(if release < Release(23, 0) {
                format!("failed to compute cache key: \"/{bare}\" not found: not found")
            } else {
                format!(
                    "failed to compute cache key: failed to calculate checksum of ref {reference}: \
                     \"/{bare}\": not found"
                )
            });
        }
        at(match release {
            Release(..17, _) | Release(17, ..6) => {
                format!("lstat {bare}: no such file or directory")
            }
            Release(..20, _) => {
                let number = engine.rng.between(100_000_000, 999_999_999);
                format!(
                    "{keyword} failed: stat /var/lib/docker/tmp/docker-builder{number}/{bare}: no such \
                     file or directory"
                )
            }
            _ => format!(
                "{keyword} failed: file not found in build context or excluded by .dockerignore: stat \
                 {bare}: file does not exist"
            ),
        })
    }

    fn copy(
        &mut self,
        engine: &mut Engine,
        now: Time,
        vertex: Option<u32>,
        instruction: &Instruction,
        copy: &Copy,
        state: &StageState,
        at: impl Fn(String) -> Failure,
    ) -> Result<(), Failure> {
        let (digest, keyword) = (copy.digest().hex(), &instruction.keyword);
        let (key, created_by) = if self.request.buildkit {
            let text = format!("{keyword} {} # buildkit", instruction.rest);
            (format!("{text} {digest}"), text)
        } else {
            let text = format!(
                "/bin/sh -c #(nop) {keyword} {}:{digest} in {} ",
                copy.kind(),
                copy.target()
            );
            (text.clone(), text)
        };
        if self.is_known(engine, now, &key, vertex) {
            return Ok(());
        }
        let layer = copy.layer(&state.image, now).map_err(|error| match error {
            CopyError::Text(text) => at(text),
            CopyError::Missing(_) | CopyError::Nothing => at(String::new()),
        })?;
        // Until 17.09 a container carried the files, and its removal was told.
        let old = engine.options.release < Release(17, 9);
        let container = old.then(|| self.made_up_container(engine));
        self.step_key = Some(key);
        self.finish_step(engine, now, &created_by, Some(layer), container.as_deref());
        self.end_vertex(now, vertex);
        Ok(())
    }

    fn begin_run(
        &mut self,
        engine: &mut Engine,
        now: Time,
        machine: &mut Machine,
        stage: usize,
        instruction: &Instruction,
        state: &StageState,
    ) -> Result<(), Failure> {
        let file = self.file.clone();
        let failure = |message: String| Failure {
            lines: Some(span((instruction.line, instruction.last))),
            source: file.source.clone(),
            ..Failure::new(message)
        };
        if let Some(security) = instruction.flag("security").filter(|word| *word != "sandbox") {
            return Err(failure(format!("not simulated: RUN --security={security}")));
        }
        let config = &state.change.config;
        let command = match instruction.json() {
            Some(words) => words,
            None => {
                let mut words = config.shell_or_default();
                let script = match instruction.heredocs.as_slice() {
                    [only] if instruction.rest.trim_start().starts_with("<<") => {
                        only.content.clone()
                    }
                    all => all.iter().fold(instruction.rest.clone(), |text, heredoc| {
                        format!("{text}\n{}{}\n", heredoc.content, heredoc.name)
                    }),
                };
                words.push(script);
                words
            }
        };
        let own: Vec<(String, String)> = state
            .args
            .iter()
            .filter(|(name, _)| variable(&config.env, name).is_none())
            .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
            .collect();
        let joined = command.join(" ");
        let created_by = if self.request.buildkit {
            let args: String = own.iter().map(|(name, value)| format!("{name}={value} ")).collect();
            let count =
                if own.is_empty() { String::new() } else { format!("|{} {args}", own.len()) };
            format!("RUN {count}{joined} # buildkit")
        } else if own.is_empty() {
            joined
        } else {
            let args: String = own.iter().map(|(name, value)| format!("{name}={value} ")).collect();
            format!("|{} {args}{joined}", own.len())
        };
        let vertex = self.begin_vertex(now, stage, instruction);
        if self.is_known(engine, now, &created_by, vertex) {
            return Ok(());
        }
        let mut needs = Needs { build: self, engine, stage };
        let StepMounts { mut secrets, mounts, env } =
            mounts::make(instruction, &mut needs, now).map_err(failure)?;
        secrets.sort_by(|a, b| a.target.cmp(&b.target));
        let mut targets: Vec<String> = mounts.iter().map(|mount| mount.at.clone()).collect();
        targets.extend(secrets.iter().map(|secret| secret.target.clone()));
        let mut image = state.image.clone();
        image.config = config.clone();
        if self.request.buildkit {
            image.config.volumes.clear();
        }
        let variables = own.iter().map(|(name, value)| format!("{name}={value}"));
        let wanted = ContainerConfig {
            image: state.image.id.to_string(),
            command: command.clone(),
            entrypoint: Some(Vec::new()),
            env: variables.chain(env).collect(),
            secrets,
            hidden: self.request.buildkit,
            health: None,
            ..ContainerConfig::default()
        };
        let made = engine.create_of(now, machine, wanted, &image, mounts);
        let container = made.map_err(|error| failure(error.message))?;
        self.say_running(container.short());
        let started = engine.start(now, machine, &container, Stdio::default());
        if let Err(error) = started {
            let _ = engine.remove(now, machine, &container, true, true);
            return Err(failure(error.message));
        }
        self.doing = Doing::Running(Box::new(Running {
            container,
            command,
            created_by,
            targets,
            vertex,
            cursor: 0,
            lines: (instruction.line, instruction.last),
        }));
        Ok(())
    }

    /// The files of the context, a stage or an image.
    pub(super) fn files_of(&self, from: &str, stage: usize) -> Option<SharedFs> {
        if from.is_empty() {
            let context = self.request.context.clone();
            return Some(FileSystem::from_tree(FsKind::Disk, context).shared());
        }
        let image = match self.file.stage(from, stage) {
            Some(stage) => self.kept.get(&stage)?,
            None => &self.bases.get(from)?.image,
        };
        Some(FileSystem::overlay(image.trees()).shared())
    }
}

struct Needs<'a> {
    build: &'a Build,
    engine: &'a mut Engine,
    stage: usize,
}

impl Sources for Needs<'_> {
    fn secret(&self, id: &str) -> Option<&SecretFile> {
        self.build.request.secrets.iter().find(|secret| secret.id == id)
    }
    fn files(&self, from: &str) -> Option<SharedFs> {
        self.build.files_of(from, self.stage)
    }
    fn cache(&mut self, id: &str, mode: u32, now: Time) -> SharedFs {
        let folders = &mut self.engine.builds.folders;
        let folder = folders.entry(id.to_owned());
        folder.or_insert_with(|| mounts::cache_folder(mode, now)).clone()
    }
}
