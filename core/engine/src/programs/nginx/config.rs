//! nginx's configuration: blocks and directives, and what of them the server acts on.

use os::Proc;

/// A directive with its words, and the block behind it.
#[derive(Clone, Debug)]
pub(super) struct Directive {
    words: Vec<String>,
    block: Vec<Directive>,
    /// File and line.
    place: String,
}

impl Directive {
    fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

/// A part of a site: what is answered under a path.
#[derive(Clone, Debug, Default)]
pub(super) struct Location {
    /// `=`, `~`, `~*`, `^~` or nothing.
    pub(super) kind: String,
    pub(super) path: String,
    pub(super) root: Option<String>,
    pub(super) alias: Option<String>,
    pub(super) index: Option<Vec<String>>,
    /// Status and text or address.
    pub(super) answer: Option<(u16, String)>,
    pub(super) upstream: Option<String>,
    pub(super) tries: Vec<String>,
    pub(super) is_denied: bool,
    pub(super) headers: Vec<(String, String)>,
    pub(super) default_type: Option<String>,
    /// What a proxied request is told.
    pub(super) told: Vec<(String, String)>,
    /// The file with names and passwords, and the realm.
    pub(super) users: Option<(String, String)>,
}

/// A site.
#[derive(Clone, Debug, Default)]
pub(super) struct Site {
    /// Ports, and whether TLS is spoken there.
    pub(super) ports: Vec<(u16, bool)>,
    pub(super) names: Vec<String>,
    pub(super) certificate: Option<String>,
    pub(super) key: Option<String>,
    /// What holds where no location says otherwise.
    pub(super) rest: Location,
    pub(super) locations: Vec<Location>,
    pub(super) place: String,
}

/// All that was understood.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    pub(super) sites: Vec<Site>,
    /// Names of groups of servers, and `host:port` of their members.
    pub(super) groups: Vec<(String, Vec<String>)>,
    /// The log of errors takes notices, too.
    pub(super) tells_notices: bool,
    pub(super) worker_count: usize,
}

/// Directives that would change answers and are not acted on.
const NOT_SIMULATED: &[&str] = &[
    "auth_request",
    "fastcgi_pass",
    "grpc_pass",
    "if",
    "limit_req",
    "memcached_pass",
    "perl_set",
    "rewrite",
    "scgi_pass",
    "split_clients",
    "sub_filter",
    "uwsgi_pass",
];

/// Words, quotes and braces; `Err` says what is wrong and where.
fn read(proc: &Proc, path: &str, is_first: bool) -> Result<Vec<Directive>, String> {
    let bytes = proc.read_file(path).map_err(|errno| {
        format!("open() \"{path}\" failed (2: {errno}){}", if is_first { "" } else { " (include)" })
    })?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (mut stack, mut words, mut line) =
        (vec![(Vec::new(), Vec::new(), String::new())], Vec::new(), 1);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let place = format!("{path}:{line}");
        match char {
            '\n' => line += 1,
            char if char.is_whitespace() => {}
            '#' => while chars.next_if(|next| *next != '\n').is_some() {},
            ';' => {
                if words.is_empty() {
                    return Err(format!("unexpected \";\" in {place}"));
                }
                let directive =
                    Directive { words: std::mem::take(&mut words), block: Vec::new(), place };
                if let Some((list, ..)) = stack.last_mut() {
                    list.push(directive);
                }
            }
            '{' => {
                if words.is_empty() {
                    return Err(format!("unexpected \"{{\" in {place}"));
                }
                stack.push((Vec::new(), std::mem::take(&mut words), place));
            }
            '}' => {
                if let Some(word) = words.first() {
                    let _ = word;
                    return Err(format!("unexpected \"}}\" in {place}"));
                }
                let (block, words, place) = stack.pop().unwrap_or_default();
                match stack.last_mut() {
                    Some((list, ..)) => list.push(Directive { words, block, place }),
                    None => return Err(format!("unexpected \"}}\" in {path}:{line}")),
                }
            }
            quote @ ('"' | '\'') => {
                let mut word = String::new();
                while let Some(char) = chars.next() {
                    match char {
                        '\\' => word.extend(chars.next().map(|char| match char {
                            'n' => '\n',
                            't' => '\t',
                            'r' => '\r',
                            char => char,
                        })),
                        char if char == quote => break,
                        char => word.push(char),
                    }
                }
                words.push(word);
            }
            char => {
                let mut word = String::from(char);
                while let Some(next) = chars.next_if(|next| !next.is_whitespace() && *next != ';') {
                    // `${name}` is a part of a word, another brace begins a block.
                    if next == '{' && !word.ends_with('$') {
                        return Err(format!("unexpected \"{{\" in {place}"));
                    }
                    word.push(next);
                }
                words.push(word);
            }
        }
    }
    if stack.len() > 1 || !words.is_empty() {
        let wanted = if words.is_empty() { "\"}\"" } else { "\";\" or \"}\"" };
        return Err(format!("unexpected end of file, expecting {wanted} in {path}:{line}"));
    }
    Ok(stack.pop().map(|(list, ..)| list).unwrap_or_default())
}

/// Files that a pattern with one `*` names.
fn matching(proc: &Proc, pattern: &str) -> Vec<String> {
    let path = os::fs::normalize("/etc/nginx", pattern);
    let Some((folder, name)) = path.rsplit_once('/') else { return Vec::new() };
    let Some((before, after)) = name.split_once('*') else { return vec![path] };
    let names = proc.list(folder).unwrap_or_default().into_iter().map(|(name, _)| name);
    let fits = |name: &String| {
        name.starts_with(before)
            && name.ends_with(after)
            && name.len() >= before.len() + after.len()
    };
    names.filter(fits).map(|name| format!("{folder}/{name}")).collect()
}

/// Includes put in place.
fn expand(proc: &Proc, list: Vec<Directive>, depth: u32) -> Result<Vec<Directive>, String> {
    let mut all = Vec::new();
    for mut directive in list {
        if directive.name() == "include" && depth < 8 {
            for path in matching(proc, directive.words.get(1).map_or("", String::as_str)) {
                all.extend(expand(proc, read(proc, &path, false)?, depth + 1)?);
            }
            continue;
        }
        directive.block = expand(proc, directive.block, depth)?;
        all.push(directive);
    }
    Ok(all)
}

impl Location {
    /// Takes a directive; false if it is not one of a location.
    fn take(&mut self, directive: &Directive) -> Result<bool, String> {
        let words: Vec<&str> = directive.words.iter().map(String::as_str).collect();
        let place = &directive.place;
        match words.as_slice() {
            ["root", path] => self.root = Some(path.trim_end_matches('/').to_owned()),
            ["alias", path] => self.alias = Some((*path).to_owned()),
            ["index", names @ ..] => {
                self.index = Some(names.iter().map(|name| (*name).to_owned()).collect());
            }
            ["return", code, text @ ..] => {
                let code = code
                    .parse()
                    .map_err(|_| format!("invalid return code \"{code}\" in {place}"))?;
                self.answer = Some((code, text.join(" ")));
            }
            ["proxy_pass", to] => {
                if !to.starts_with("http://") {
                    return Err(format!("not simulated: proxy_pass to {to} in {place}"));
                }
                self.upstream = Some((*to).to_owned());
            }
            ["proxy_set_header", name, value] => {
                self.told.push(((*name).to_owned(), (*value).to_owned()));
            }
            ["add_header", name, value, ..] => {
                self.headers.push(((*name).to_owned(), (*value).to_owned()));
            }
            ["try_files", names @ ..] => {
                self.tries = names.iter().map(|name| (*name).to_owned()).collect();
            }
            ["default_type", kind] => self.default_type = Some((*kind).to_owned()),
            ["deny", "all"] => self.is_denied = true,
            ["auth_basic", realm] => {
                let file = self.users.take().map(|(file, _)| file).unwrap_or_default();
                self.users = (*realm != "off").then(|| (file, (*realm).to_owned()));
            }
            ["auth_basic_user_file", file] => {
                let realm = self.users.take().map_or_else(|| "".to_owned(), |(_, realm)| realm);
                self.users = Some((os::fs::normalize("/etc/nginx", file), realm));
            }
            [name, ..] if NOT_SIMULATED.contains(name) => {
                return Err(format!("not simulated: the directive \"{name}\" in {place}"));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn location(directive: &Directive) -> Result<Location, String> {
    let mut location = match directive.words.get(1..) {
        Some([path]) => Location { path: path.clone(), ..Location::default() },
        Some([kind, path]) => {
            Location { kind: kind.clone(), path: path.clone(), ..Location::default() }
        }
        _ => {
            let place = &directive.place;
            return Err(format!(
                "invalid number of arguments in \"location\" directive in {place}"
            ));
        }
    };
    for inner in &directive.block {
        location.take(inner)?;
    }
    Ok(location)
}

fn site(directive: &Directive) -> Result<Site, String> {
    let mut site = Site { place: directive.place.clone(), ..Site::default() };
    for inner in &directive.block {
        let words: Vec<&str> = inner.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["listen", address, rest @ ..] => {
                let port = address.rsplit(':').next().unwrap_or_default();
                // An address without a port is on 80.
                let port = port.parse().unwrap_or(80);
                let entry = (port, rest.contains(&"ssl"));
                if !site.ports.iter().any(|(known, _)| *known == port) {
                    site.ports.push(entry);
                }
            }
            ["server_name", names @ ..] => {
                site.names.extend(names.iter().map(|name| (*name).to_owned()));
            }
            ["ssl_certificate", path] => site.certificate = Some((*path).to_owned()),
            ["ssl_certificate_key", path] => site.key = Some((*path).to_owned()),
            ["ssl", "on"] => site.ports.iter_mut().for_each(|(_, is_ssl)| *is_ssl = true),
            ["location", ..] => site.locations.push(location(inner)?),
            _ => drop(site.rest.take(inner)?),
        }
    }
    if site.ports.is_empty() {
        site.ports.push((80, false));
    }
    Ok(site)
}

impl Config {
    /// Reads the configuration and all that it includes.
    pub(super) fn load(proc: &Proc, path: &str) -> Result<Self, String> {
        let list = expand(proc, read(proc, path, true)?, 0)?;
        if !list.iter().any(|directive| directive.name() == "events") {
            return Err("no \"events\" section in configuration".to_owned());
        }
        let words = |name: &str| list.iter().find(|one| one.name() == name).map(|one| &one.words);
        let level = words("error_log").and_then(|words| words.get(2));
        let workers = words("worker_processes").and_then(|words| words.get(1));
        let mut config = Self {
            tells_notices: level.is_some_and(|level| matches!(level.as_str(), "notice" | "info")),
            // `auto`: one for each of the host's two processors.
            worker_count: workers.map_or(1, |text| text.parse().unwrap_or(2).clamp(1, 16)),
            ..Self::default()
        };
        for directive in list.iter().filter(|one| one.name() == "http").flat_map(|one| &one.block) {
            match directive.name() {
                "server" => config.sites.push(site(directive)?),
                "upstream" => {
                    let name = directive.words.get(1).cloned().unwrap_or_default();
                    let members = directive.block.iter().filter(|one| one.name() == "server");
                    let members = members.filter_map(|one| one.words.get(1).cloned());
                    config.groups.push((name, members.collect()));
                }
                _ => {}
            }
        }
        Ok(config)
    }

    /// `host:port` that an address of `proxy_pass` leads to, all of them, and its path.
    pub(super) fn members(&self, to: &str) -> (Vec<String>, String) {
        let rest = to.strip_prefix("http://").unwrap_or(to);
        let (name, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let group = self.groups.iter().find(|(known, _)| known == name);
        let members = group.map_or_else(|| vec![name.to_owned()], |(_, members)| members.clone());
        let complete = |member: String| match member.contains(':') {
            true => member,
            false => format!("{member}:80"),
        };
        (members.into_iter().map(complete).collect(), path.to_owned())
    }

    /// All servers that requests are passed to, with the place to blame.
    pub(super) fn upstreams(&self) -> Vec<String> {
        let locations =
            self.sites.iter().flat_map(|site| site.locations.iter().chain([&site.rest]));
        let names = locations.filter_map(|location| location.upstream.as_deref());
        // A name with a variable is looked up for each request.
        let fixed = names.filter(|name| !name.contains('$'));
        fixed.flat_map(|name| self.members(name).0).collect()
    }
}
