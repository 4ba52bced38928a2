//! Completion of a command line that is being typed: commands, flags, kinds, names of live objects.

use kube::resources::{RESOURCES, Resource};

use crate::profile::Profile;
use crate::table::{self, Command, GLOBAL};

/// What the last of `words` (the words after `kubectl`) may become, in order. `live` names the objects of a resource
/// (its name in paths, as in `secrets`) in a namespace (that of the context if it is empty).
pub fn complete(
    profile: &Profile,
    words: &[&str],
    live: &dyn Fn(&str, &str) -> Vec<String>,
) -> Vec<String> {
    let Some((last, before)) = words.split_last() else { return Vec::new() };
    let plain: Vec<&str> = before.iter().copied().filter(|word| !word.starts_with('-')).collect();
    let found = table::find(profile, &plain);
    let mut candidates: Vec<String> = match found {
        _ if last.starts_with('-') => {
            let own = found.into_iter().flat_map(|(command, _)| command.flags_of(profile));
            own.chain(GLOBAL).map(|flag| format!("--{}", flag.name)).collect()
        }
        None if plain.is_empty() => names(table::below(profile, "")),
        None => Vec::new(),
        Some((command, count)) => {
            let below = table::below(profile, command.path);
            if below.is_empty() || plain.len() > count {
                let given = before.iter().position(|word| matches!(*word, "-n" | "--namespace"));
                let namespace = given.and_then(|place| before.get(place + 1)).copied();
                arguments(command, &plain[count..], last, namespace.unwrap_or_default(), live)
            } else {
                names(below)
            }
        }
    };
    if matches!(before.last(), Some(&("-n" | "--namespace"))) {
        candidates = live("namespaces", "");
    }
    candidates.retain(|candidate| candidate.starts_with(last));
    candidates.sort_unstable();
    candidates.dedup();
    candidates
}

fn names(commands: Vec<&Command>) -> Vec<String> {
    commands.into_iter().map(|command| command.name().to_owned()).collect()
}

fn arguments(
    command: &Command,
    before: &[&str],
    last: &str,
    namespace: &str,
    live: &dyn Fn(&str, &str) -> Vec<String>,
) -> Vec<String> {
    if let Some((kind, _)) = last.split_once('/') {
        let Some(resource) = Resource::find(kind) else { return Vec::new() };
        let names = live(resource.name, namespace);
        return names.into_iter().map(|name| format!("{kind}/{name}")).collect();
    }
    let usage = command.usage;
    match before.first().copied().and_then(Resource::find) {
        Some(resource) if usage.contains("TYPE") => live(resource.name, namespace),
        _ if usage.starts_with("POD") => live("pods", namespace),
        _ if usage.starts_with("NODE") => live("nodes", ""),
        None if usage.contains("TYPE") => {
            RESOURCES.iter().map(|resource| resource.name.to_owned()).collect()
        }
        _ => Vec::new(),
    }
}
