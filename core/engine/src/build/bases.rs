//! The images that stages begin from: what is known of them, pulled before the first stage that needs them.

use sim::Time;

use super::machine::{Base, Build, Doing};
use super::told::{Failure, span};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::options::Release;
use crate::reference::Reference;
use crate::registry::Registry;
use crate::transfer::TransferId;

impl Build {
    /// Finds out what an image is.
    pub(super) fn fetch(
        &mut self,
        engine: &mut Engine,
        now: Time,
        registry: &Registry,
        name: &str,
    ) -> Result<(), Failure> {
        let reference = parse_base(name)?;
        let vertex = self
            .request
            .buildkit
            .then(|| self.told.begin(now, format!("[internal] load metadata for {reference}")));
        let local = engine.images.find(name).cloned().ok().filter(|_| !self.request.pull);
        if let Some(image) = local {
            let shown = reference.to_string();
            let base = Base { image, transfer: None, shown, known: true };
            self.bases.insert(name.to_owned(), base);
            self.end_vertex(now, vertex);
            return Ok(());
        }
        let keep = !self.request.buildkit;
        let transfer = engine.start_transfer(now, &reference, registry, keep);
        self.doing = Doing::Pulling { transfer, name: name.to_owned(), stage: None, vertex };
        Ok(())
    }

    pub(super) fn from(
        &mut self,
        engine: &mut Engine,
        now: Time,
        registry: &Registry,
        stage: usize,
    ) -> Result<(), Failure> {
        let first = self.file.stages.get(stage).and_then(|stage| stage.instructions.first());
        if let Some(first) = first.cloned() {
            self.announce(&first);
        }
        self.load_files(now);
        self.position = 0;
        let name = self.plan.bases.get(stage).cloned().unwrap_or_default();
        if let Some(other) = self.file.stage(&name, stage) {
            let image = self.kept.get(&other).cloned();
            return self.begin_stage(engine, now, stage, image);
        }
        if name == "scratch" {
            return self.begin_stage(engine, now, stage, None);
        }
        if self.request.buildkit {
            let Some(base) = self.bases.get(&name).cloned() else { return Ok(()) };
            self.position = 1;
            let title = format!("{} FROM {}", self.prefix(stage), base.shown);
            let vertex = self.told.begin(now, title);
            let is_there = |id| engine.transfer(id).is_none_or(|pull| pull.result.is_some());
            return match base.transfer {
                Some(transfer) if !is_there(transfer) => {
                    let (stage, vertex) = (Some(stage), Some(vertex));
                    self.doing = Doing::Pulling { transfer, name, stage, vertex };
                    Ok(())
                }
                _ => {
                    self.told.end(now, vertex, base.known, None);
                    self.begin_stage(engine, now, stage, Some(base.image))
                }
            };
        }
        match engine.images.find(&name).cloned() {
            Ok(image) if !self.request.pull => self.begin_stage(engine, now, stage, Some(image)),
            _ => {
                let reference = parse_base(&name)?;
                let transfer = engine.start_transfer(now, &reference, registry, true);
                let stage = Some(stage);
                self.doing = Doing::Pulling { transfer, name, stage, vertex: None };
                Ok(())
            }
        }
    }

    pub(super) fn pulled(
        &mut self,
        engine: &mut Engine,
        now: Time,
        transfer: TransferId,
        name: &str,
        stage: Option<usize>,
        vertex: Option<u32>,
    ) -> Result<(), Failure> {
        self.doing = Doing::Until(now);
        let found = engine.transfer(transfer).map(|pull| pull.plan.clone());
        let image = match found {
            Some(Ok(image)) => image,
            Some(Err(error)) => return Err(self.pull_failure(name, &error)),
            None => return Err(Failure::new(format!("the pull of {name} was broken off"))),
        };
        let known = match self.bases.get(name) {
            Some(base) => base.known,
            None => engine.builds.bases.contains_key(&image.id),
        };
        if self.request.buildkit {
            engine.builds.bases.insert(image.id, image.clone());
        }
        self.told_end(now, vertex, stage.is_some() && known);
        match stage {
            Some(stage) => {
                if self.request.buildkit {
                    engine.forget_transfer(transfer);
                }
                self.begin_stage(engine, now, stage, Some(image))
            }
            None => {
                let shown = match Reference::parse(name) {
                    Ok(reference) if reference.digest.is_none() => {
                        format!("{reference}@{}", image.manifest_digest())
                    }
                    _ => name.to_owned(),
                };
                let base = Base { image, transfer: Some(transfer), shown, known };
                self.bases.insert(name.to_owned(), base);
                Ok(())
            }
        }
    }

    fn pull_failure(&self, name: &str, error: &EngineError) -> Failure {
        if !self.request.buildkit {
            return Failure::new(error.message.clone());
        }
        let complete = Reference::parse(name).map_or_else(|_| name.to_owned(), |r| r.to_string());
        let is_missing_tag = error.message.starts_with("manifest for");
        let cause = match () {
            () if is_missing_tag => format!("{complete}: not found"),
            () if error.message.contains("denied") || error.message.contains("not found") => {
                "pull access denied, repository does not exist or may require authorization: server \
                 message: insufficient_scope: authorization failed"
                    .to_owned()
            }
            () => error.message.clone(),
        };
        let stage = self.plan.bases.iter().position(|base| base == name);
        let from = stage.and_then(|stage| self.file.stages.get(stage)?.instructions.first());
        Failure {
            lines: from.map(|from| span((from.line, from.last))),
            source: self.file.source.clone(),
            ..Failure::new(if self.release < Release(23, 0) {
                format!("{complete}: {cause}")
            } else {
                format!("{name}: failed to resolve source metadata for {complete}: {cause}")
            })
        }
    }
}

fn parse_base(name: &str) -> Result<Reference, Failure> {
    Reference::parse(name).map_err(|error| {
        Failure::new(format!("failed to parse stage name \"{name}\": {}", error.message))
    })
}
