//! Completing what is being typed: commands and files by the shell, docker's words by its table.

use docker::complete::Object;
use serde::Serialize;

use crate::error::Error;
use crate::world::World;

/// What the word before the cursor could become.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Completion {
    /// Where the word begins, in bytes.
    pub start: usize,
    /// The words it could be, in order. Folders end in `/`.
    pub candidates: Vec<String>,
}

impl World {
    /// Completes the word before `cursor` (in bytes) of a line that is being typed at a node, as the
    /// shell that reads it would: in a container, by the container's files.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]. A node that is down or reads no line has no candidates.
    pub fn complete(&self, node: &str, line: &str, cursor: usize) -> Result<Completion, Error> {
        let index = self.index(node)?;
        let host = &self.hosts[index];
        let reader = host.up.as_ref().and_then(|up| up.machine.reader(host.terminal));
        let Some(reader) = reader else { return Ok(Completion::default()) };
        let shell = shell::complete(&reader, line, cursor);
        let mut completion = Completion { start: shell.start, candidates: shell.candidates };
        let Some(before) = line.get(..cursor.min(line.len())) else { return Ok(completion) };
        let command = before.rfind([';', '|', '&', '(', '\n']).map_or(0, |separator| separator + 1);
        let words: Vec<&str> = before[command..].split(char::is_whitespace).collect();
        let mut words = words.into_iter().filter(|word| !word.is_empty() && *word != "sudo");
        let program = words.next().filter(|_| !reader.is_contained()).unwrap_or_default();
        let kubectl = self.spec().kubectl().filter(|_| program == "kubectl");
        if program == "docker" || kubectl.is_some() {
            let mut words: Vec<&str> = words.collect();
            if before.ends_with(char::is_whitespace) {
                words.push("");
            }
            if !words.is_empty() {
                let found = if let Some(profile) = kubectl {
                    let live = |resource: &str, space: &str| self.cluster_names(resource, space);
                    kubectl::complete::complete(profile, &words, &live)
                } else {
                    let live = |object| self.names(index, object);
                    docker::complete::complete(self.profile, &words, &live)
                };
                // A file name completes what no table knows: `docker secret create x ./f`.
                if !found.is_empty() {
                    let last = words.last().map_or(0, |word| word.len());
                    completion = Completion { start: before.len() - last, candidates: found };
                }
            }
        }
        Ok(completion)
    }

    /// Names of a cluster's objects, as an API server has them in memory.
    fn cluster_names(&self, resource: &str, namespace: &str) -> Vec<String> {
        let nodes = self.hosts.iter().filter_map(|host| host.up.as_ref()?.kube.as_ref());
        let Some(objects) = nodes.filter_map(|node| node.objects()).next() else {
            return Vec::new();
        };
        let known = kube::resources::RESOURCES.iter().find(|known| known.name == resource);
        let is_wide = known.is_none_or(|known| !known.namespaced);
        let namespace = match namespace {
            _ if is_wide => "",
            "" => "default",
            given => given,
        };
        objects.list(resource, namespace).map(|it| kube::json::name(it).to_owned()).collect()
    }

    /// Names of the objects that commands on a host may mean.
    fn names(&self, index: usize, object: Object) -> Vec<String> {
        let Some(up) = &self.hosts[index].up else { return Vec::new() };
        let view = up.daemon.swarm().observe();
        let store = view.store;
        match object {
            Object::Container => {
                up.daemon.engine().containers().map(|container| container.name.clone()).collect()
            }
            Object::Image => {
                let images = up.daemon.engine().images();
                images.iter().flat_map(|image| images.tags_of(image.id)).collect()
            }
            Object::Node => store.map_or_else(Vec::new, |store| {
                store.nodes().iter().map(|node| node.description.hostname.clone()).collect()
            }),
            Object::Secret => store.map_or_else(Vec::new, |store| {
                store.secrets().iter().map(|s| s.spec.annotations.name.clone()).collect()
            }),
            Object::Config => store.map_or_else(Vec::new, |store| {
                store.configs().iter().map(|c| c.spec.annotations.name.clone()).collect()
            }),
            Object::Service => store.map_or_else(Vec::new, |store| {
                store.services().iter().map(|s| s.spec.annotations.name.clone()).collect()
            }),
        }
    }
}
