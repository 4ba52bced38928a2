//! One form for everything that may be written in several: environment and labels become maps, ports, mounts
//! and references lists of maps, commands lists of words (docker/cli: `cli/compose/loader`).

use crate::{Host, Rules};
use yaml::{Node, Place, Value};

/// What went wrong, and where.
pub(crate) type Wrong = (String, Place);

fn map(place: Place) -> Node {
    Node::at(place, Value::Map(Vec::new()))
}

/// Brings the whole file into one form. `folder` is what relative paths begin at.
pub(crate) fn normalize(
    root: &mut Node,
    folder: &str,
    rules: Rules,
    host: &Host<'_>,
) -> Result<(), Wrong> {
    for section in ["services", "networks", "volumes", "secrets", "configs"] {
        let Some(node) = root.get_mut(section) else { continue };
        let Value::Map(entries) = &mut node.value else { continue };
        entries.retain(|(key, _)| !key.starts_with("x-"));
        for (name, member) in entries {
            if section == "services" {
                service(member, name, folder, rules, host)?;
            } else {
                external(member, name, section, folder)?;
            }
        }
    }
    Ok(())
}

/// A network, volume, secret or config of the file.
fn external(node: &mut Node, name: &str, section: &str, folder: &str) -> Result<(), Wrong> {
    if node.value == Value::Null {
        node.value = Value::Map(Vec::new());
    }
    let place = node.place;
    dict(node, "labels");
    let kind = section.trim_end_matches('s');
    let outside = match node.get("external") {
        Some(outside) => match &outside.value {
            Value::Map(_) => Some(outside.text_of("name")),
            _ => outside.is_true().then(String::new),
        },
        None => None,
    };
    if let Some(outer) = outside {
        let others: Vec<&String> = node.entries().iter().map(|(key, _)| key).collect();
        let conflict = others.into_iter().find(|key| {
            let allowed = matches!(key.as_str(), "external" | "name") || key.starts_with("x-");
            !allowed
                && node
                    .get(key)
                    .is_some_and(|node| !node.entries().is_empty() || node.text().is_some())
        });
        if let Some(key) = conflict {
            let text = format!(
                "conflicting parameters \"external\" and \"{key}\" specified for {kind} \"{name}\""
            );
            return Err((text, place));
        }
        if !outer.is_empty() && node.get("name").is_some() {
            let text =
                format!("{kind}.external.name and {kind}.name conflict; only use {kind}.name");
            return Err((text, place));
        }
        let own = node.text_of("name");
        let name = [outer.as_str(), own.as_str(), name].into_iter().find(|name| !name.is_empty());
        let name = Node::text_at(place, name.unwrap_or_default());
        node.put("external", Node::at(place, Value::Bool(true)));
        node.put("name", name);
    } else if let Value::Map(entries) = &mut node.value {
        entries.retain(|(key, _)| key != "external");
    }
    if let Some(file) = node.get_mut("file")
        && let Value::Text(text) = &mut file.value
    {
        *text = absolute(text, folder);
    }
    Ok(())
}

fn absolute(path: &str, folder: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// `key=value` texts, or a map, as a map of texts and nothings.
fn dict(node: &mut Node, key: &str) {
    let Some(member) = node.get_mut(key) else { return };
    let place = member.place;
    let mut all = map(place);
    match &member.value {
        Value::List(items) => {
            for item in items {
                let text = item.text().unwrap_or_default();
                let (key, value) = match text.split_once('=') {
                    Some((key, value)) => (key, Value::Text(value.to_owned())),
                    // A label without a value has an empty one; a variable takes the caller's.
                    None => (text.as_str(), Value::Null),
                };
                all.put(key, Node::at(item.place, value));
            }
        }
        Value::Map(entries) => {
            for (key, value) in entries {
                let text = value.text().map_or(Value::Null, Value::Text);
                all.put(key, Node::at(value.place, text));
            }
        }
        _ => {}
    }
    *member = all;
}

/// A text becomes a list of one.
fn list(node: &mut Node, key: &str) {
    let Some(member) = node.get_mut(key) else { return };
    if let Some(text) = member.text() {
        let item = Node::text_at(member.place, text);
        member.value = Value::List(vec![item]);
    }
}

/// A command line in one text becomes words.
fn words(node: &mut Node, key: &str) -> Result<(), Wrong> {
    let Some(member) = node.get_mut(key) else { return Ok(()) };
    let place = member.place;
    if let Some(text) = member.text() {
        let words = split(&text).ok_or(("invalid command line string".to_owned(), place))?;
        member.value =
            Value::List(words.into_iter().map(|word| Node::text_at(place, word)).collect());
    }
    Ok(())
}

/// Splits a line as a shell does, without expanding anything (mattn/go-shellwords); nothing for an open
/// quote.
fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(open), char) if open == char => quote = None,
            (None, '"' | '\'') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, char) if char.is_whitespace() => words.extend(word.take()),
            (_, char) => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

fn service(
    node: &mut Node,
    name: &str,
    folder: &str,
    rules: Rules,
    host: &Host<'_>,
) -> Result<(), Wrong> {
    let place = node.place;
    if let Value::Map(entries) = &mut node.value {
        entries.retain(|(key, _)| !key.starts_with("x-"));
    }
    for key in ["environment", "labels", "sysctls"] {
        dict(node, key);
    }
    if let Some(deploy) = node.get_mut("deploy") {
        dict(deploy, "labels");
    }
    for key in ["dns", "dns_search", "tmpfs", "env_file"] {
        list(node, key);
    }
    words(node, "command")?;
    words(node, "entrypoint")?;
    environment(node, folder, host)?;
    extra_hosts(node);
    if let Some(health) = node.get_mut("healthcheck")
        && let Some(test) = health.get_mut("test")
        && let Some(text) = test.text()
    {
        let place = test.place;
        let words = ["CMD-SHELL".to_owned(), text].map(|word| Node::text_at(place, word));
        test.value = Value::List(words.into());
    }
    match node.get_mut("networks") {
        Some(networks) => {
            if let Value::List(items) = &networks.value {
                let mut all = map(networks.place);
                for item in items {
                    all.put(&item.text().unwrap_or_default(), Node::at(item.place, Value::Null));
                }
                *networks = all;
            }
        }
        None => {
            let mut all = map(place);
            all.put("default", Node::at(place, Value::Null));
            node.put("networks", all);
        }
    }
    for key in ["secrets", "configs"] {
        each(node, key, |item| {
            let Some(text) = item.text() else { return Ok(()) };
            let source = Node::text_at(item.place, text);
            item.value = Value::Map(vec![("source".to_owned(), source)]);
            Ok(())
        })?;
    }
    each(node, "volumes", |item| mount(item, folder, host))?;
    ports(node, rules.is_for_one_host)?;
    let is_built = rules.is_for_one_host && node.get("build").is_some();
    if node.text_of("image").is_empty() && !is_built {
        let text = format!("invalid image reference for service {name}: no image specified");
        return Err((text, place));
    }
    Ok(())
}

fn each(
    node: &mut Node,
    key: &str,
    mut change: impl FnMut(&mut Node) -> Result<(), Wrong>,
) -> Result<(), Wrong> {
    if let Some(member) = node.get_mut(key)
        && let Value::List(items) = &mut member.value
    {
        items.iter_mut().try_for_each(&mut change)?;
    }
    Ok(())
}

/// Variables of the files first, then those of the service; one without a value takes the caller's.
fn environment(node: &mut Node, folder: &str, host: &Host<'_>) -> Result<(), Wrong> {
    let place = node.place;
    let mut all = map(place);
    for file in node.get("env_file").map_or(&[][..], Node::items) {
        let path = file.text().unwrap_or_default();
        let text = (host.read)(&absolute(&path, folder)).map_err(|text| (text, file.place))?;
        for line in text.lines() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = match line.split_once('=') {
                Some((key, value)) => (key, Some(value.to_owned())),
                None => (line, (host.env)(line)),
            };
            if let Some(value) = value {
                all.put(key, Node::text_at(file.place, value));
            }
        }
    }
    for (key, value) in node.get("environment").map_or(&[][..], Node::entries) {
        let value = match value.value {
            Value::Null => match (host.env)(key) {
                Some(text) => Node::text_at(value.place, text),
                None => value.clone(),
            },
            _ => value.clone(),
        };
        all.put(key, value);
    }
    if let Value::Map(entries) = &mut node.value {
        entries.retain(|(key, _)| key != "env_file");
    }
    if !all.entries().is_empty() {
        node.put("environment", all);
    }
    Ok(())
}

fn extra_hosts(node: &mut Node) {
    let Some(member) = node.get_mut("extra_hosts") else { return };
    if let Value::Map(entries) = &member.value {
        let lines = entries.iter().map(|(name, address)| {
            let address = address.text().unwrap_or_default();
            Node::text_at(member.place, format!("{name}:{address}"))
        });
        member.value = Value::List(lines.collect());
    }
}

/// A mount: `target`, `source:target` or `source:target:options`.
fn mount(item: &mut Node, folder: &str, host: &Host<'_>) -> Result<(), Wrong> {
    let place = item.place;
    let home = |path: &str| match path.strip_prefix('~') {
        Some(rest) => (host.env)("HOME").unwrap_or_default() + rest,
        None => absolute(path, folder),
    };
    let Some(text) = item.text() else {
        let is_bind = item.text_of("type") == "bind";
        let source = item.text_of("source");
        if is_bind && source.is_empty() {
            return Err((
                "invalid mount config for type \"bind\": field Source must not be empty".to_owned(),
                place,
            ));
        }
        if is_bind {
            item.put("source", Node::text_at(place, home(&source)));
        }
        return Ok(());
    };
    let invalid = |reason: &str| Err((format!("invalid spec: {text}: {reason}"), place));
    if text.is_empty() {
        return Err(("invalid empty volume spec".to_owned(), place));
    }
    let parts: Vec<&str> = text.split(':').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return invalid("empty section between colons");
    }
    let (source, target, options) = match parts.as_slice() {
        [target] => ("", *target, ""),
        [source, target] => (*source, *target, ""),
        [source, target, options] => (*source, *target, *options),
        _ => return invalid("too many colons"),
    };
    let is_path = source.starts_with(['/', '.', '~']);
    let mut node = map(place);
    node.put("type", Node::text_at(place, if is_path { "bind" } else { "volume" }));
    if !source.is_empty() {
        let source = if is_path { home(source) } else { source.to_owned() };
        node.put("source", Node::text_at(place, source));
    }
    node.put("target", Node::text_at(place, target));
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option {
            "ro" => node.put("read_only", Node::at(place, Value::Bool(true))),
            "nocopy" => {
                let mut volume = map(place);
                volume.put("nocopy", Node::at(place, Value::Bool(true)));
                node.put("volume", volume);
            }
            "shared" | "rshared" | "slave" | "rslave" | "private" | "rprivate" => {
                let mut bind = map(place);
                bind.put("propagation", Node::text_at(place, option));
                node.put("bind", bind);
            }
            // As docker has it: what is not known is passed over.
            _ => {}
        }
    }
    *item = node;
    Ok(())
}

/// Ports in the short form may be ranges.
fn ports(node: &mut Node, keeps_address: bool) -> Result<(), Wrong> {
    let Some(member) = node.get_mut("ports") else { return Ok(()) };
    let Value::List(items) = &member.value else { return Ok(()) };
    let mut all = Vec::new();
    for item in items {
        let Some(text) = item.text() else {
            let mut item = item.clone();
            for (key, default) in [("mode", "ingress"), ("protocol", "tcp")] {
                if item.get(key).is_none() {
                    item.put(key, Node::text_at(item.place, default));
                }
            }
            all.push(item);
            continue;
        };
        let place = item.place;
        for (published, target, protocol) in range(&text).map_err(|text| (text, place))? {
            let number = |number: u16| Node::at(place, Value::Int(i64::from(number)));
            let mut port = map(place);
            port.put("mode", Node::text_at(place, "ingress"));
            port.put("target", number(target));
            if published > 0 {
                port.put("published", number(published));
            }
            port.put("protocol", Node::text_at(place, protocol));
            if keeps_address
                && let Some((address, _)) =
                    text.rsplit_once(':').and_then(|(host, _)| host.rsplit_once(':'))
            {
                port.put("host_ip", Node::text_at(place, address));
            }
            all.push(port);
        }
    }
    member.value = Value::List(all);
    Ok(())
}

/// `80`, `8080:80`, `8000-8009:80-89/udp` as (published, target, protocol).
fn range(text: &str) -> Result<Vec<(u16, u16, String)>, String> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = protocol.to_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(format!("Invalid proto: {protocol}"));
    }
    let (host, container) = match ports.rsplit_once(':') {
        // An address of the host is nothing that all nodes have: docker passes it over.
        Some((host, container)) => (host.rsplit(':').next().unwrap_or_default(), container),
        None => ("", ports),
    };
    let read = |text: &str, what: &str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.parse::<u16>(), last.parse::<u16>()) {
            (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
            _ => Err(format!("Invalid {what}: {text}")),
        }
    };
    if container.is_empty() {
        return Err(format!("No port specified: {text}<empty>"));
    }
    let (first, last) = read(container, "containerPort")?;
    let (from, to) = if host.is_empty() { (0, 0) } else { read(host, "hostPort")? };
    if !host.is_empty() && to - from != last - first {
        return Err(format!(
            "Invalid ranges specified for container and host Ports: {container} and {host}"
        ));
    }
    let of = |target: u16| {
        let published = if host.is_empty() { 0 } else { from + (target - first) };
        (published, target, protocol.clone())
    };
    Ok((first..=last).map(of).collect())
}
