//! What a step comes to: an image from the cache, or a new one with one more line of history; and what
//! the last one comes to.

use os::Machine;
use os::fs::{FileSystem, Tree};
use sim::Time;

use super::machine::{Build, Doing, Running};
use super::mounts::drop_stubs;
use super::told::{Failure, Message, span};
use crate::container::Phase;
use crate::digest::hex;
use crate::engine::Engine;
use crate::image::{History, Image, ImageParts};
use crate::layer::{Layer, content_size};
use crate::options::Release;

impl Build {
    /// Twelve digits of a container that only carried a change of the configuration.
    pub(super) fn made_up_container(&self, engine: &mut Engine) -> String {
        hex(&engine.rng.bytes::<6>())
    }

    pub(super) fn say_running(&mut self, container: &str) {
        if !self.request.buildkit {
            self.told.text(format!(" ---> Running in {container}\n"));
        }
    }

    fn cache_key(&self, key: &str) -> String {
        let parent = self.state.as_ref().map(|state| state.image.id.to_string());
        let kind = if self.request.buildkit { 'b' } else { 'c' };
        format!("{kind} {} {key}", parent.unwrap_or_default())
    }

    /// Takes a step's image from the cache if it is there.
    pub(super) fn is_known(
        &mut self,
        engine: &mut Engine,
        now: Time,
        key: &str,
        vertex: Option<u32>,
    ) -> bool {
        if self.request.no_cache {
            return false;
        }
        let Some(image) = engine.builds.cache.get(&self.cache_key(key)).cloned() else {
            return false;
        };
        // The classic builder's cache is its images: one that was removed is not in it.
        if !self.request.buildkit && engine.images.get(image.id).is_none() {
            return false;
        }
        if !self.request.buildkit {
            self.told.text(format!(" ---> Using cache\n ---> {}\n", image.id.0.short()));
        }
        if let Some(state) = &mut self.state {
            state.image = image;
        }
        self.told_end(now, vertex, true);
        true
    }

    /// A step is done: the image so far has one more line of history, and a layer if there is one.
    pub(super) fn finish_step(
        &mut self,
        engine: &mut Engine,
        now: Time,
        created_by: &str,
        layer: Option<Layer>,
        container: Option<&str>,
    ) {
        let key = self.step_key.take().unwrap_or_else(|| created_by.to_owned());
        let key = self.cache_key(&key);
        let Some(state) = &mut self.state else { return };
        let Image { history, layers, id, .. } = state.image.clone();
        let is_first = history.is_empty() && layers.is_empty();
        let author = match state.change.author.as_str() {
            "" => state.image.author.clone(),
            author => author.to_owned(),
        };
        let mut parts = ImageParts {
            parent: (!self.request.buildkit && !is_first).then_some(id),
            config: state.change.config.clone(),
            created: now,
            author: author.clone(),
            docker_version: engine.options.version.clone(),
            history,
            layers,
            ..ImageParts::default()
        };
        let comment = if self.request.buildkit { "buildkit.dockerfile.v0" } else { "" }.to_owned();
        parts.history.push(History {
            created: now,
            created_by: created_by.to_owned(),
            comment,
            author,
            empty_layer: layer.is_none(),
        });
        let has_layer = layer.is_some();
        parts.layers.extend(layer);
        let image = Image::new(parts);
        engine.builds.cache.insert(key, image.clone());
        let short = image.id.0.short();
        if !self.request.buildkit {
            engine.images.add(image.clone());
            let removed = container.filter(|_| !self.request.keep_containers);
            let removed = removed.map(|id| format!("Removing intermediate container {id}\n"));
            let removed = removed.unwrap_or_default();
            self.told.text(if self.release < Release(17, 9) {
                format!(" ---> {short}\n{removed}")
            } else {
                format!("{removed} ---> {short}\n")
            });
        }
        state.image = image;
        if !self.request.buildkit || has_layer {
            self.pause(engine, now, (30, 90));
        }
    }

    /// Follows a step's program; true once it has ended.
    pub(super) fn follow(
        &mut self,
        engine: &mut Engine,
        now: Time,
        machine: &mut Machine,
        mut running: Running,
    ) -> bool {
        let found = engine.get(&running.container);
        let ended = found.is_none_or(|container| container.state.phase == Phase::Exited);
        if let Some(container) = found {
            let log = container.log.borrow();
            for entry in log.since(running.cursor) {
                match running.vertex {
                    Some(vertex) => {
                        let (at, bytes) = (entry.time, entry.bytes.clone());
                        self.told.messages.push(Message::Output { vertex, at, bytes });
                    }
                    None => self.told.text(String::from_utf8_lossy(&entry.bytes)),
                }
            }
            running.cursor = log.next_index();
        }
        if !ended {
            self.doing = Doing::Running(Box::new(running));
            return false;
        }
        self.doing = Doing::Until(now);
        if let Err(failure) = self.ran(engine, now, machine, running) {
            self.fail(now, failure);
        }
        true
    }

    fn ran(
        &mut self,
        engine: &mut Engine,
        now: Time,
        machine: &mut Machine,
        running: Running,
    ) -> Result<(), Failure> {
        let Running { container, command, created_by, targets, vertex, lines, .. } = running;
        let failure = |message: String, code| Failure {
            code,
            lines: Some(span(lines)),
            source: self.file.source.clone(),
            ..Failure::new(message)
        };
        let Some(found) = engine.get(&container) else {
            return Err(failure(format!("No such container: {container}"), 1));
        };
        let code = found.state.exit_code;
        let mut tree: Tree = found.root.borrow().upper().clone();
        let short = container.short().to_owned();
        let is_kept = if code == 0 {
            self.request.keep_containers && !self.request.buildkit
        } else {
            !self.request.force_remove && !self.request.buildkit
        };
        if !is_kept {
            let _ = engine.remove(now, machine, &container, true, true);
        }
        if code != 0 {
            let joined = command.join(" ");
            let text = match (self.request.buildkit, self.release) {
                (false, _) => format!("The command '{joined}' returned a non-zero code: {code}"),
                (true, Release(..23, _)) => {
                    format!("executor failed running [{joined}]: exit code: {code}")
                }
                (true, _) => {
                    format!("process {joined:?} did not complete successfully: exit code: {code}")
                }
            };
            return Err(failure(text, code));
        }
        if let Some(state) = &self.state {
            let before = FileSystem::overlay(state.image.trees());
            drop_stubs(&mut tree, &before, &targets);
        }
        let size = content_size(&tree);
        let layer = Layer::with_size(tree, size, size / 3);
        self.finish_step(engine, now, &created_by, Some(layer), Some(&short));
        self.end_vertex(now, vertex);
        Ok(())
    }

    pub(super) fn export(&mut self, engine: &mut Engine, now: Time) {
        let Some(state) = self.state.take() else { return };
        let mut image = state.image;
        image.config = state.change.config;
        if self.request.buildkit {
            image.config.labels.extend(self.request.labels.clone());
            let Image { config, created, author, docker_version: _, history, layers, .. } = image;
            let comment = "buildkit.dockerfile.v0".to_owned();
            let parts = ImageParts {
                config,
                created,
                author,
                comment,
                history,
                layers,
                ..ImageParts::default()
            };
            image = Image::new(parts);
            let vertex = self.told.begin(now, "exporting to image".to_owned());
            let mut lines =
                vec!["exporting layers".to_owned(), format!("writing image {}", image.id)];
            lines.extend(self.request.tags.iter().map(|tag| format!("naming to {tag}")));
            for line in lines {
                self.told.status(vertex, line, now, now);
            }
            self.told.end(now, vertex, false, None);
        }
        let id = engine.images.add(image);
        if !self.request.buildkit {
            let unused: Vec<&str> = self
                .request
                .args
                .keys()
                .filter(|name| !self.args_used.contains(*name))
                .filter(|name| !self.plan.globals.contains_key(*name))
                .filter(|name| !name.to_lowercase().ends_with("_proxy"))
                .map(String::as_str)
                .collect();
            if !unused.is_empty() {
                let unused = unused.join(" ");
                self.told.text(format!(
                    "[Warning] One or more build-args [{unused}] were not consumed\n"
                ));
            }
            self.told.text(format!("Successfully built {}\n", id.0.short()));
        }
        for tag in self.request.tags.clone() {
            engine.images.tag(&tag, id);
            if !self.request.buildkit && self.release >= Release(17, 5) {
                self.told.text(format!("Successfully tagged {}\n", tag.familiar()));
            }
        }
        self.result = Some(Ok(id));
        self.doing = Doing::Over;
    }
}
