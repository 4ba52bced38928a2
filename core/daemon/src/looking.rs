//! Requests that look at what is on this host and change little or nothing: processes, files, events,
//! sizes, archives.

use sorted::SortedMap;
use std::collections::VecDeque;

use sim::Time;

use crate::api::{DiskUsage, Error, EventLine, Filters, Request, Response};
use crate::daemon::{Context, Daemon};
use crate::images::moment;

/// moby: `daemon/events`, `eventsLimit`.
const EVENT_COUNT_MAX: usize = 256;

/// What has happened, as far as it is remembered.
#[derive(Debug, Default)]
pub(crate) struct Events {
    lines: VecDeque<(u64, EventLine)>,
    next: u64,
}

impl Events {
    pub(crate) fn push(&mut self, line: EventLine) {
        self.lines.push_back((self.next, line));
        self.next += 1;
        if self.lines.len() > EVENT_COUNT_MAX {
            self.lines.pop_front();
        }
    }
}

impl Daemon {
    /// Keeps what happened in the engine for `docker events`.
    pub(crate) fn remember(&mut self, event: &engine::event::Event) {
        let Some((kind, action, id)) = event.words() else { return };
        let mut attributes = event.attributes.clone();
        if kind == "image" && attributes.is_empty() {
            attributes.insert("name".to_owned(), id.clone());
        }
        let (kind, at) = (kind.to_owned(), event.at);
        self.events.push(EventLine { at, kind, action, id, attributes, scope: "local".to_owned() });
    }

    /// Answers such a request; gives back any other one.
    pub(crate) fn look_request(
        &mut self,
        context: &mut Context<'_>,
        request: Request,
    ) -> Result<Result<Response, Request>, Error> {
        use Request as R;
        Ok(Ok(match request {
            R::TopContainer { container } => {
                let id = self.engine.find(&container)?.id.clone();
                Response::Processes(self.engine.top(context.machine, &id)?)
            }
            R::DiffContainer { container } => {
                Response::Changes(self.engine.find(&container)?.diff())
            }
            R::CopyOut { container, path } => {
                let id = self.engine.find(&container)?.id.clone();
                let copied = self.engine.copy_out(context.machine, &id, &path)?;
                Response::Files { name: copied.name, tree: Box::new(copied.tree) }
            }
            R::ExportContainer { container } => {
                let id = self.engine.find(&container)?.id.clone();
                Response::Bytes(self.engine.export(&id)?)
            }
            R::SaveImages { images } => Response::Bytes(self.engine.save(&images)?),
            R::LoadImages { bytes } => Response::Lines(self.engine.load(context.now, &bytes)?),
            R::ImportImage { bytes, reference, changes, message } => {
                let reference = if reference.is_empty() {
                    None
                } else {
                    Some(engine::Reference::parse(&reference)?)
                };
                let reference = reference.as_ref();
                let made =
                    self.engine.import(context.now, &bytes, reference, &changes, &message)?;
                Response::Created { id: made.to_string() }
            }
            R::PruneBuilds => {
                let size = self.engine.prune_builds();
                Response::Pruned { names: Vec::new(), size }
            }
            R::PruneContainers { filters } => self.prune_containers(context, &filters)?,
            R::Events { since, cursor, filters } => self.told_events(since, cursor, &filters)?,
            R::DiskUsage => Response::DiskUsage(Box::new(self.disk_usage(context))),
            other => return Ok(Err(other)),
        }))
    }

    fn prune_containers(
        &mut self,
        context: &mut Context<'_>,
        filters: &Filters,
    ) -> Result<Response, Error> {
        filters.validate(&["label", "label!", "until"])?;
        let until =
            filters.get("until").first().map(|text| moment(context.now, text)).transpose()?;
        let gone: Vec<(engine::ContainerId, u64)> = self
            .engine
            .containers()
            .filter(|one| !one.is_running() && one.state.phase != engine::Phase::Restarting)
            .filter(|one| until.is_none_or(|at| one.created <= at))
            .filter(|one| has_labels(&one.config.labels, filters))
            .map(|one| (one.id.clone(), one.layer_size()))
            .collect();
        let mut names = Vec::new();
        let mut size = 0;
        for (id, bytes) in gone {
            self.engine.remove(context.now, context.machine, &id, false, false)?;
            names.push(id.to_string());
            size += bytes;
        }
        Ok(Response::Pruned { names, size })
    }

    fn told_events(
        &self,
        since: Option<Time>,
        cursor: Option<u64>,
        filters: &Filters,
    ) -> Result<Response, Error> {
        filters.validate(&[
            "config",
            "container",
            "daemon",
            "event",
            "image",
            "label",
            "network",
            "node",
            "plugin",
            "scope",
            "secret",
            "service",
            "type",
            "volume",
        ])?;
        let fits = |line: &EventLine| {
            let any = |key: &str, test: &dyn Fn(&str) -> bool| {
                let values = filters.get(key);
                values.is_empty() || values.iter().any(|value| test(value))
            };
            let object = |kind: &'static str| {
                any(kind, &|value| {
                    let named = line.attributes.get("name").is_some_and(|name| name == value);
                    line.kind == kind && (line.id.starts_with(value) || named)
                })
            };
            any("type", &|value| line.kind == value)
                && any("event", &|value| {
                    line.action == value || line.action.starts_with(&format!("{value}:"))
                })
                && any("scope", &|value| line.scope == value)
                && any("image", &|value| {
                    let image = line.attributes.get("image").or(line.attributes.get("name"));
                    line.id == value
                        || image.is_some_and(|name| {
                            name == value || name.split(':').next() == Some(value)
                        })
                })
                && has_labels(&line.attributes, filters)
                && ["container", "volume", "network", "service", "node", "secret", "config"]
                    .into_iter()
                    .all(object)
        };
        let first = cursor.unwrap_or(0);
        let lines = self.events.lines.iter().filter(|(index, line)| {
            *index >= first && since.is_none_or(|at| line.at >= at) && fits(line)
        });
        let events = lines.map(|(_, line)| line.clone()).collect();
        Ok(Response::Events { events, cursor: self.events.next })
    }

    fn disk_usage(&self, context: &Context<'_>) -> DiskUsage {
        let engine = &self.engine;
        let count = |number: usize| number as u64;
        let containers = || engine.containers().filter(|one| !one.config.hidden);
        let used = |id| containers().any(|one| one.image == id);
        let images = engine.images();
        let shown = || {
            images.iter().filter(|image| {
                images.has_name(image.id) || !images.iter().any(|o| o.parent == Some(image.id))
            })
        };
        let all = self.layer_bytes();
        let mut needed: SortedMap<_, u64> = SortedMap::new();
        for image in images.iter().filter(|image| used(image.id)) {
            needed.extend(image.layers.iter().map(|layer| (layer.diff_id, layer.size)));
        }
        let reclaimable = all.saturating_sub(needed.values().sum());
        let stopped = || containers().filter(|one| !one.is_running());
        let volume_size =
            |name: &str| engine.volume(name).map_or(0, |one| one.size(context.machine));
        let volumes: Vec<String> = engine.volumes().map(|volume| volume.name.clone()).collect();
        let in_use = |name: &String| {
            containers().any(|one| one.mounts.iter().any(|mount| mount.name == *name))
        };
        let (build_bytes, build_count) = engine.build_cache_size();
        DiskUsage {
            images: (
                count(shown().count()),
                count(shown().filter(|image| used(image.id)).count()),
                all,
                reclaimable,
            ),
            containers: (
                count(containers().count()),
                count(containers().filter(|one| one.is_running()).count()),
                containers().map(engine::Container::layer_size).sum(),
                stopped().map(engine::Container::layer_size).sum(),
            ),
            volumes: (
                count(volumes.len()),
                count(volumes.iter().filter(|name| in_use(name)).count()),
                volumes.iter().map(|name| volume_size(name)).sum(),
                volumes.iter().filter(|name| !in_use(name)).map(|name| volume_size(name)).sum(),
            ),
            builds: (build_count, 0, build_bytes, build_bytes),
        }
    }
}

/// `label=key` and `label=key=value` filters.
fn has_labels(labels: &SortedMap<String, String>, filters: &Filters) -> bool {
    filters.get("label").iter().all(|wanted| match wanted.split_once('=') {
        Some((key, value)) => labels.get(key).is_some_and(|found| found == value),
        None => labels.contains_key(wanted),
    })
}
