//! Requests about images, and the pinning of digests.

use engine::Reference;
use engine::transfer::{LayerState, TransferId};
use swarm::control::ControlRequest;
use swarm::node::LocalRequest;
use swarm::objects::ServiceSpec;

use crate::api::{Error, Filters, PullMessage, Removed, Request, Response, digest_warning};
use crate::convert::{image_details, image_summary};
use crate::daemon::{Caller, Context, Daemon};
use crate::managers::Then;

/// How much of a pull was told already.
#[derive(Clone, Debug, Default)]
pub(crate) struct PullTold {
    is_open: bool,
    layers: Vec<(String, LayerState)>,
}

impl Daemon {
    pub(crate) fn image_request(
        &mut self,
        context: &mut Context<'_>,
        request: Request,
    ) -> Result<Response, Error> {
        match request {
            Request::ListImages { all: _, filters } => self.list_images(&filters),
            Request::InspectImage { image } => {
                let store = self.engine.images();
                let details = image_details(store.find(&image)?, store);
                Ok(Response::Image(Box::new(details)))
            }
            Request::PullImage { reference, all_tags: false } => {
                let reference = Reference::parse(&reference)?;
                let registry = self.registry.borrow();
                let id = self.engine.start_pull(context.now, &reference, &registry);
                self.pulls.insert(id, PullTold::default());
                Ok(Response::Created { id: id.0.to_string() })
            }
            Request::PullImage { .. } => Err(Error::new(501, "not simulated: pull --all-tags")),
            Request::PullProgress { pull } => self.pull_progress(context, &pull),
            Request::BuildImage { tags, request } => self.start_build(context, &tags, *request),
            Request::BuildProgress { build } => self.build_progress(context, &build),
            Request::CancelBuild { build } => self.cancel_build(context, &build),
            Request::RemoveImage { image, force, no_prune: _ } => {
                let removed = self.engine.remove_image(context.now, &image, force)?;
                let removed = removed.into_iter().map(|removed| match removed {
                    engine::Removed::Untagged(name) => Removed::Untagged(name),
                    engine::Removed::Deleted(id) => Removed::Deleted(id.to_string()),
                });
                Ok(Response::Removed(removed.collect()))
            }
            Request::TagImage { image, reference } => {
                let reference = Reference::parse(&reference)?;
                self.engine.tag(context.now, &image, &reference)?;
                Ok(Response::Done)
            }
            _ => Err(Error::internal("a request that the daemon does not know")),
        }
    }

    fn list_images(&self, filters: &Filters) -> Result<Response, Error> {
        filters.validate(&["before", "dangling", "label", "reference", "since"])?;
        for key in ["before", "since"] {
            if !filters.get(key).is_empty() {
                return Err(Error::new(501, format!("not simulated: filter '{key}' of images")));
            }
        }
        let store = self.engine.images();
        let mut images: Vec<_> = store.iter().map(|image| image_summary(image, store)).collect();
        images.retain(|image| {
            let matches = |key: &str, test: &dyn Fn(&str) -> bool| {
                let values = filters.get(key);
                values.is_empty() || values.iter().any(|value| test(value))
            };
            matches("reference", &|value| {
                image.tags.iter().any(|tag| {
                    let name = tag.rsplit_once(':').map_or(tag.as_str(), |(name, _)| name);
                    tag == value || name == value
                })
            }) && matches("dangling", &|value| (value == "true") == image.tags.is_empty())
                && matches("label", &|value| match value.split_once('=') {
                    Some((key, value)) => image.labels.get(key).is_some_and(|found| found == value),
                    None => image.labels.contains_key(value),
                })
        });
        images.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        Ok(Response::Images(images))
    }

    fn pull_progress(&mut self, context: &mut Context<'_>, pull: &str) -> Result<Response, Error> {
        let missing = || Error::not_found(format!("no pull {pull}"));
        let id = TransferId(pull.parse().map_err(|_| missing())?);
        let told = self.transfer_messages(context.now, id);
        if !told.as_ref().is_ok_and(|(_, done)| !done) {
            self.engine.forget_transfer(id);
        }
        let (messages, done) = told?;
        Ok(Response::Pulling { messages, done })
    }

    /// What there is to tell of a transfer since the last call, and whether it is over.
    pub(crate) fn transfer_messages(
        &mut self,
        now: sim::Time,
        id: TransferId,
    ) -> Result<(Vec<PullMessage>, bool), Error> {
        let missing = || Error::not_found(format!("no pull {}", id.0));
        let transfer = self.engine.transfer(id).ok_or_else(missing)?;
        let told = self.pulls.get_mut(&id).ok_or_else(missing)?;
        let mut messages = Vec::new();
        let line = |status: String| PullMessage { status, ..PullMessage::default() };
        let reference = &transfer.reference;
        if !told.is_open && transfer.is_open(now) {
            told.is_open = true;
            let name = reference.path.clone();
            messages.push(PullMessage {
                id: reference.tag_or_latest().to_owned(),
                status: format!("Pulling from {name}"),
                progress: None,
            });
        }
        let layers = transfer.layers(now);
        for (index, (layer, state)) in layers.iter().enumerate() {
            if told.layers.get(index).is_some_and(|(_, known)| known == state) {
                continue;
            }
            let progress = match state {
                LayerState::Downloading(done, all) | LayerState::Extracting(done, all) => {
                    Some((*done, *all))
                }
                _ => None,
            };
            let status = state.word().to_owned();
            messages.push(PullMessage { id: layer.clone(), status, progress });
        }
        told.layers = layers;
        let Some(result) = &transfer.result else {
            return Ok((messages, false));
        };
        self.pulls.remove(&id);
        let done = result.clone()?;
        messages.push(line(format!("Digest: {}", done.digest)));
        let familiar = done.reference.familiar();
        messages.push(line(if done.is_new {
            format!("Status: Downloaded newer image for {familiar}")
        } else {
            format!("Status: Image is up to date for {familiar}")
        }));
        Ok((messages, true))
    }

    /// Pins the digest of a service's image; the warnings if that is not possible.
    pub(crate) fn pin(&self, spec: &mut ServiceSpec, query_registry: bool) -> Vec<String> {
        let image = &mut spec.task.container.image;
        let Ok(reference) = Reference::parse(image) else { return Vec::new() };
        let familiar = reference.familiar();
        if !query_registry || reference.digest.is_some() {
            *image = familiar;
            return Vec::new();
        }
        match self.registry.borrow().resolve(&reference) {
            Some(digest) => {
                *image = format!("{familiar}@{digest}");
                Vec::new()
            }
            None => {
                image.clone_from(&familiar);
                vec![digest_warning(&familiar)]
            }
        }
    }

    pub(crate) fn create_service(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        mut spec: Box<ServiceSpec>,
        query_registry: bool,
    ) {
        // moby: daemon/cluster/convert/service.go.
        if spec.annotations.name.is_empty() {
            spec.annotations.name = self.engine.random_name();
        }
        let warnings = self.pin(&mut spec, query_registry);
        let request = ControlRequest::CreateService { spec };
        let then = Then::ServiceCreated(caller, warnings);
        self.ask_swarm(context, LocalRequest::Control(request), then);
    }
}
