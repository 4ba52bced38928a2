//! Requests about builds.

use sorted::SortedMap;

use engine::transfer::TransferId;
use engine::{BuildId, BuildRequest, Reference};

use crate::api::build::BuildProgress;
use crate::api::{Error, Response};
use crate::daemon::{Context, Daemon};
use crate::images::PullTold;

/// The pulls of classic builds that are being told.
pub(crate) type BuildPulls = SortedMap<BuildId, TransferId>;

fn parse(build: &str) -> Result<BuildId, Error> {
    let missing = || Error::not_found(format!("no build {build}"));
    build.parse().map(BuildId).map_err(|_| missing())
}

impl Daemon {
    /// Begins a build -> its number.
    pub(crate) fn start_build(
        &mut self,
        context: &mut Context<'_>,
        tags: &[String],
        mut request: BuildRequest,
    ) -> Result<Response, Error> {
        for tag in tags {
            request.tags.push(Reference::parse(tag)?);
        }
        let name = request.dockerfile_name.clone();
        let started = self.engine.start_build(context.now, request);
        let id = started.map_err(|failure| Error::invalid(failure.message))?;
        context.event("build", format!("build:{} of {name} begins", id.0));
        self.drive_builds(context);
        Ok(Response::Created { id: id.0.to_string() })
    }

    /// Drives builds as far as they go.
    pub(crate) fn drive_builds(&mut self, context: &mut Context<'_>) {
        let registry = self.registry.clone();
        let made = |engine: &engine::Engine| {
            let (images, layers) = (engine.images().iter().count(), engine.cached_layers().count());
            (engine.container_count(), images, layers)
        };
        let ids: Vec<BuildId> = self.engine.build_ids().collect();
        if ids.is_empty() {
            return;
        }
        let before = made(&self.engine);
        self.engine.run_builds(context.now, context.machine, &registry.borrow());
        if made(&self.engine) != before {
            // So that what a step makes can be traced to whoever asked for the build.
            let ids: Vec<String> = ids.iter().map(|id| format!("build:{}", id.0)).collect();
            context.event("build", format!("a step of {}", ids.join(" ")));
        }
    }

    pub(crate) fn build_progress(
        &mut self,
        context: &mut Context<'_>,
        build: &str,
    ) -> Result<Response, Error> {
        let id = parse(build)?;
        self.drive_builds(context);
        let missing = || Error::not_found(format!("no build {build}"));
        let is_over = self.engine.build(id).ok_or_else(missing)?.result().is_some();
        let mut progress = BuildProgress::default();
        if let Some(transfer) = self.build_pulls.get(&id).copied() {
            (progress.pulled, _) =
                self.transfer_messages(context.now, transfer).unwrap_or_default();
        }
        progress.messages = self.engine.take_build_messages(id);
        let transfer = self.engine.build_transfer(id);
        if let Some(transfer) = transfer.filter(|id| self.engine.transfer(*id).is_some()) {
            if self.build_pulls.insert(id, transfer) != Some(transfer) {
                self.pulls.insert(transfer, PullTold::default());
                let told = self.transfer_messages(context.now, transfer);
                (progress.pulling, _) = told.unwrap_or_default();
            }
        } else {
            self.build_pulls.remove(&id);
        }
        if is_over {
            let found = self.engine.build(id).and_then(|build| build.result()).cloned();
            progress.result = found.map(|result| result.map(|image| image.to_string()));
            self.engine.forget_build(context.now, context.machine, id);
        }
        Ok(Response::Building(Box::new(progress)))
    }

    pub(crate) fn cancel_build(
        &mut self,
        context: &mut Context<'_>,
        build: &str,
    ) -> Result<Response, Error> {
        let id = parse(build)?;
        self.engine.forget_build(context.now, context.machine, id);
        self.build_pulls.remove(&id);
        Ok(Response::Done)
    }
}
