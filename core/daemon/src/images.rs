//! Requests about images, and the pinning of digests.

use engine::Reference;
use engine::transfer::{Direction, LayerState, TransferId};
use os::fs::glob;
use sim::{Duration, Time};
use swarm::control::ControlRequest;
use swarm::node::LocalRequest;
use swarm::objects::ServiceSpec;

use crate::api::{
    Error, Filters, HistoryLine, ImageSummary, Login, PullMessage, Removed, Request, Response,
    digest_warning,
};
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
            Request::ListImages { all, filters } => self.list_images(context.now, all, &filters),
            Request::InspectImage { image } => {
                let store = self.engine.images();
                let details = image_details(store.find(&image)?, store);
                Ok(Response::Image(Box::new(details)))
            }
            Request::PullImage { reference, all_tags: false } => {
                let reference = Reference::parse(&reference)?;
                let registry = self.registry.borrow();
                let id = self.engine.start_pull(context.now, &reference, &registry);
                let (name, tag) = (reference.familiar_name(), reference.tag_or_latest());
                context.event("image.pull", format!("{name}:{tag} is pulled"));
                self.pulls.insert(id, PullTold::default());
                Ok(Response::Created { id: id.0.to_string() })
            }
            Request::PullImage { .. } => Err(Error::new(501, "not simulated: pull --all-tags")),
            Request::PullProgress { pull } => self.pull_progress(context, &pull),
            Request::PushImage { reference, login } => {
                let reference = Reference::parse(&reference)?;
                let user = login.map(|login| self.log_in(&login)).transpose()?;
                let registry = self.registry.borrow();
                let user = user.as_deref();
                let id = self.engine.start_push(context.now, &reference, &registry, user);
                let (name, tag) = (reference.familiar_name(), reference.tag_or_latest());
                context.event("image.push", format!("{name}:{tag} is pushed"));
                self.pulls.insert(id, PullTold::default());
                Ok(Response::Created { id: id.0.to_string() })
            }
            Request::Login { server, login } => {
                if !matches!(server.as_str(), "" | "docker.io" | "index.docker.io") {
                    let text = "not simulated: accounts at other registries than Docker Hub";
                    return Err(Error::new(501, text));
                }
                self.log_in(&login).map(|_| Response::Done)
            }
            Request::ImageHistory { image } => {
                let lines = self.engine.history(&image)?.into_iter().map(|line| HistoryLine {
                    id: line.id.map(|id| id.to_string()),
                    created: line.created,
                    created_by: line.created_by,
                    size: line.size,
                    comment: line.comment,
                    tags: line.tags,
                });
                Ok(Response::History(lines.collect()))
            }
            Request::PruneImages { all, filters } => {
                let (images, freed) = self.prune_images(context.now, all, &filters)?;
                Ok(Response::PrunedImages { images, freed })
            }
            Request::BuildImage { tags, request } => self.start_build(context, &tags, *request),
            Request::BuildProgress { build } => self.build_progress(context, &build),
            Request::CancelBuild { build } => self.cancel_build(context, &build),
            Request::RemoveImage { image, force, no_prune } => {
                let removed = self.engine.remove_image(context.now, &image, force, !no_prune)?;
                Ok(Response::Removed(removed.into_iter().map(told).collect()))
            }
            Request::TagImage { image, reference } => {
                let reference = Reference::parse(&reference)?;
                self.engine.tag(context.now, &image, &reference)?;
                Ok(Response::Done)
            }
            _ => Err(Error::internal("a request that the daemon does not know")),
        }
    }

    /// The name behind a login that the public registry takes.
    fn log_in(&self, login: &Login) -> Result<String, Error> {
        if self.registry.borrow_mut().log_in(&login.user, &login.password) {
            return Ok(login.user.clone());
        }
        // moby: registry/auth.go at the tags.
        let text = if self.config.engine.release < engine::Release(20, 10) {
            "Get https://registry-1.docker.io/v2/: unauthorized: incorrect username or password"
        } else {
            "Get \"https://registry-1.docker.io/v2/\": unauthorized: incorrect username or password"
        };
        Err(Error::new(401, text))
    }

    fn list_images(&self, now: Time, all: bool, filters: &Filters) -> Result<Response, Error> {
        filters.validate(&["before", "dangling", "label", "reference", "since", "until"])?;
        let store = self.engine.images();
        let created = |key: &str| -> Result<Option<Time>, Error> {
            let found = filters.get(key).first().map(|name| store.find(name));
            Ok(found.transpose()?.map(|image| image.created))
        };
        let (before, since) = (created("before")?, created("since")?);
        let until = filters.get("until").first().map(|text| moment(now, text)).transpose()?;
        let wants_dangling = filters.get("dangling").iter().any(|value| value == "true");
        let mut images: Vec<ImageSummary> = store
            .iter()
            // Steps of a build that others follow are shown on request only.
            .filter(|image| {
                all || store.has_name(image.id) || !store.iter().any(|o| o.parent == Some(image.id))
            })
            .filter(|image| before.is_none_or(|at| image.created < at))
            .filter(|image| since.is_none_or(|at| image.created > at))
            .filter(|image| until.is_none_or(|at| image.created <= at))
            .map(|image| image_summary(image, store))
            .collect();
        for image in &mut images {
            let wanted = filters.get("reference");
            if !wanted.is_empty() {
                let fits = |name: &String| wanted.iter().any(|pattern| names_match(pattern, name));
                image.tags.retain(fits);
                if image.tags.is_empty() {
                    image.digests.retain(|name| wanted.iter().any(|p| names_match(p, name)));
                }
            }
        }
        images.retain(|image| {
            let matches = |key: &str, test: &dyn Fn(&str) -> bool| {
                let values = filters.get(key);
                values.is_empty() || values.iter().any(|value| test(value))
            };
            let has_name = !image.tags.is_empty() || !image.digests.is_empty();
            (filters.get("reference").is_empty() || has_name)
                && (filters.get("dangling").is_empty() || wants_dangling != has_name)
                && matches("label", &|value| match value.split_once('=') {
                    Some((key, value)) => image.labels.get(key).is_some_and(|found| found == value),
                    None => image.labels.contains_key(value),
                })
        });
        images.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        Ok(Response::Images(images))
    }

    /// Removes images that no container and (unless `all`) no name needs.
    pub(crate) fn prune_images(
        &mut self,
        now: Time,
        all: bool,
        filters: &Filters,
    ) -> Result<(Vec<Removed>, u64), Error> {
        filters.validate(&["dangling", "label", "label!", "until"])?;
        let until = filters.get("until").first().map(|text| moment(now, text)).transpose()?;
        let mut told_all = Vec::new();
        let before = self.layer_bytes();
        let store = self.engine.images();
        let mut gone: Vec<(Time, engine::ImageId)> = store
            .iter()
            .filter(|image| all || !store.has_name(image.id))
            .filter(|image| until.is_none_or(|at| image.created <= at))
            .filter(|image| {
                let labels = &image.config.labels;
                filters.get("label").iter().all(|wanted| match wanted.split_once('=') {
                    Some((key, value)) => labels.get(key).is_some_and(|found| found == value),
                    None => labels.contains_key(wanted),
                })
            })
            .filter(|image| !self.engine.containers().any(|one| one.image == image.id))
            .filter(|image| all || !store.iter().any(|other| other.parent == Some(image.id)))
            .map(|image| (image.created, image.id))
            .collect();
        gone.sort();
        for (_, id) in gone.into_iter().rev() {
            // What another one of them took along is gone already.
            if let Ok(removed) = self.engine.remove_image(now, &id.to_string(), true, true) {
                told_all.extend(removed.into_iter().map(told));
            }
        }
        Ok((told_all, before.saturating_sub(self.layer_bytes())))
    }

    /// Bytes of all layers, each counted once.
    pub(crate) fn layer_bytes(&self) -> u64 {
        let layers = self.engine.images().iter().flat_map(|image| &image.layers);
        let sizes: sorted::SortedMap<_, u64> =
            layers.map(|layer| (layer.diff_id, layer.size)).collect();
        sizes.values().sum()
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
        let is_push = transfer.direction == Direction::Push;
        let mut messages = Vec::new();
        let line = |status: String| PullMessage { status, ..PullMessage::default() };
        let reference = &transfer.reference;
        if !told.is_open && !is_push && transfer.is_open(now) {
            told.is_open = true;
            let name = reference.path.clone();
            messages.push(PullMessage {
                id: reference.tag_or_latest().to_owned(),
                status: format!("Pulling from {name}"),
                progress: None,
            });
        }
        let layers = transfer.layers(now);
        let mut order: Vec<usize> = (0..layers.len()).collect();
        if is_push {
            // A push shows the topmost layer first.
            order.reverse();
        }
        for index in order {
            let Some((layer, state)) = layers.get(index) else { continue };
            if told.layers.get(index).is_some_and(|(_, known)| known == state) {
                continue;
            }
            let progress = match state {
                LayerState::Downloading(done, all)
                | LayerState::Extracting(done, all)
                | LayerState::Pushing(done, all) => Some((*done, *all)),
                _ => None,
            };
            let status = match (state, transfer.mounted_from(index)) {
                (LayerState::Mounted, Some(name)) => format!("Mounted from {name}"),
                _ => state.word().to_owned(),
            };
            messages.push(PullMessage { id: layer.clone(), status, progress });
        }
        told.layers = layers;
        let Some(result) = &transfer.result else {
            return Ok((messages, false));
        };
        self.pulls.remove(&id);
        let done = result.clone()?;
        if is_push {
            let tag = done.reference.tag_or_latest();
            let (digest, size) = (done.digest, done.manifest_size);
            messages.push(line(format!("{tag}: digest: {digest} size: {size}")));
            return Ok((messages, true));
        }
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

/// A removal as the API tells it.
fn told(removed: engine::Removed) -> Removed {
    match removed {
        engine::Removed::Untagged(name) => Removed::Untagged(name),
        engine::Removed::Deleted(id) => Removed::Deleted(id.to_string()),
    }
}

/// How long ago, seconds since 1970, or a date.
pub(crate) fn moment(now: Time, text: &str) -> Result<Time, Error> {
    if let Some(span) = Duration::parse(text).filter(|span| *span != Duration::ZERO) {
        return Ok(now - span);
    }
    let seconds = text.split('.').next().unwrap_or_default();
    if let Ok(seconds) = seconds.parse::<u64>() {
        return Ok(Time::from_unix_nanos(seconds.saturating_mul(1_000_000_000)));
    }
    Time::parse_rfc3339(text).ok_or_else(|| {
        Error::invalid(format!("failed to parse value as time or duration: \"{text}\""))
    })
}

/// `redis`, `redis:alpine`, `*/app:v*`: a pattern without a tag fits every tag.
fn names_match(pattern: &str, name: &str) -> bool {
    let bare = match name.split_once('@') {
        Some((bare, _)) => bare,
        None => name.rsplit_once(':').map_or(name, |(bare, _)| bare),
    };
    glob::matches(pattern, name) || glob::matches(pattern, bare)
}
