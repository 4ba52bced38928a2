//! Completion of a command line that is being typed: commands, flags, names of live objects.

use crate::profile::Profile;
use crate::table::{self, Command};

/// A kind of object whose names complete an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named after the objects")]
pub enum Object {
    Container,
    Image,
    Node,
    Secret,
    Config,
    Service,
}

/// What the last of `words` (the words after `docker`) may become, in order. `live` names the
/// objects there are.
pub fn complete(
    profile: &Profile,
    words: &[&str],
    live: &dyn Fn(Object) -> Vec<String>,
) -> Vec<String> {
    let Some((last, before)) = words.split_last() else { return Vec::new() };
    let mut candidates = match before {
        [] => top_words(profile),
        [group] if table::groups(profile).any(|known| known.name == *group) => {
            let names = table::commands(profile).filter(|command| command.group() == *group);
            names.map(|command| command.name().to_owned()).collect()
        }
        [first, rest @ ..] => {
            let in_group = rest.first().and_then(|word| table::in_group(profile, first, word));
            let (command, rest) = match in_group {
                Some(command) => (Some(command), &rest[1..]),
                None => (table::at_top(profile, first), rest),
            };
            command.map_or_else(Vec::new, |command| arguments(profile, command, rest, last, live))
        }
    };
    candidates.retain(|candidate| candidate.starts_with(last));
    candidates.sort_unstable();
    candidates.dedup();
    candidates
}

fn top_words(profile: &Profile) -> Vec<String> {
    let groups = table::groups(profile).map(|group| group.name.to_owned());
    let tops = table::commands(profile).filter_map(|command| {
        command.top.or_else(|| command.group().is_empty().then(|| command.name()))
    });
    groups.chain(tops.map(str::to_owned)).collect()
}

fn arguments(
    profile: &Profile,
    command: &Command,
    before: &[&str],
    last: &str,
    live: &dyn Fn(Object) -> Vec<String>,
) -> Vec<String> {
    if last.starts_with('-') {
        let flags = command.flags_of(profile).map(|flag| format!("--{}", flag.name()));
        return flags.chain(std::iter::once("--help".to_owned())).collect();
    }
    if let Some(name) = before.last().and_then(|word| word.strip_prefix("--")) {
        match name {
            "secret" | "secret-add" | "secret-rm" => return live(Object::Secret),
            "config" | "config-add" | "config-rm" => return live(Object::Config),
            "image" => return live(Object::Image),
            _ => {}
        }
    }
    let usage = command.usage(profile);
    let objects: Vec<Object> = [
        ("CONTAINER", Object::Container),
        ("IMAGE", Object::Image),
        ("NODE", Object::Node),
        ("SERVICE", Object::Service),
        ("SECRET", Object::Secret),
        ("CONFIG", Object::Config),
    ]
    .into_iter()
    .filter(|(word, _)| {
        usage.contains(word) && !command.path.ends_with("create")
            || *word == "IMAGE" && usage.contains("IMAGE")
    })
    .map(|(_, object)| object)
    .collect();
    if command.path == "inspect" {
        let all = [Object::Container, Object::Image, Object::Service, Object::Node, Object::Secret];
        return all.into_iter().flat_map(live).collect();
    }
    objects.into_iter().take(1).flat_map(live).collect()
}
