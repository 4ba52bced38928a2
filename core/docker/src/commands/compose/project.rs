//! A project: its files, its name, its services in the order in which they are started.

use compose::{Host, Loaded, Node, Rules, Source};

use super::is_first;
use crate::cli::{Cli, Failure};
use crate::commands::go_error;

/// The names that are looked for, the preferred one first.
const NAMES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// A file of more variables beside the first compose file.
const ENV_FILE: &str = ".env";

/// What the files say.
pub(super) struct Project {
    pub(super) name: String,
    /// The folder that relative paths begin at.
    pub(super) folder: String,
    /// The files, as absolute paths.
    pub(super) files: Vec<String>,
    /// What services that have profiles need one of.
    profiles: Vec<String>,
    pub(super) root: Node,
}

impl Project {
    /// The services, each after those that it depends on.
    pub(super) fn services(&self) -> Vec<(&str, &Node)> {
        self.services_and(&[])
    }

    /// A service without profiles is always there; one that has some if it was asked for or one of them was.
    fn services_and(&self, asked: &[String]) -> Vec<(&str, &Node)> {
        let all = self.root.get("services").map_or(&[][..], Node::entries);
        let is_on = |(name, service): &&(String, Node)| {
            let mut own = service.get("profiles").map_or(&[][..], Node::items).iter();
            let is_active = |one: &Node| {
                self.profiles.iter().any(|known| known == "*" || Some(known) == one.text().as_ref())
            };
            own.len() == 0 || asked.contains(name) || own.any(is_active)
        };
        let mut names: Vec<&str> =
            all.iter().filter(is_on).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let mut sorted: Vec<&str> = Vec::new();
        // Each round adds what has all it needs; a circle is broken at its first name.
        while !names.is_empty() {
            let is_ready = |name: &&str| {
                let needs = self.service(name).map(needs).unwrap_or_default();
                needs.iter().all(|need| !names.contains(&need.as_str()))
            };
            let next = names.iter().position(is_ready).unwrap_or(0);
            sorted.push(names.remove(next));
        }
        sorted.into_iter().filter_map(|name| Some((name, self.service(name)?))).collect()
    }

    /// The names of all services.
    pub(super) fn in_order_of_file(&self) -> Vec<String> {
        let all = self.root.get("services").map_or(&[][..], Node::entries);
        all.iter().map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn service(&self, name: &str) -> Option<&Node> {
        self.root.get("services").and_then(|all| all.get(name))
    }

    /// The services that were asked for with all that they depend on; all if none was.
    ///
    /// # Errors
    /// `no such service: x`.
    pub(super) fn wanted(
        &self,
        cli: &Cli,
        asked: &[String],
    ) -> Result<Vec<(&str, &Node)>, Failure> {
        if let Some(unknown) = asked.iter().find(|name| self.service(name).is_none()) {
            return Err(Failure::text(match is_first(cli) {
                true => format!("ERROR: No such service: {unknown}"),
                false => format!("no such service: {unknown}"),
            }));
        }
        let mut wanted: Vec<String> = asked.to_vec();
        let mut index = 0;
        while let Some(service) = wanted.get(index).and_then(|name| self.service(name)) {
            for need in needs(service) {
                if !wanted.contains(&need) && !cli.is_set("no-deps") {
                    wanted.push(need);
                }
            }
            index += 1;
        }
        let is_wanted = |name: &str| wanted.iter().any(|one| one == name);
        let all = self.services_and(&wanted).into_iter();
        Ok(all.filter(|(name, _)| asked.is_empty() || is_wanted(name)).collect())
    }

    /// The name of a network or volume of the file on this host.
    pub(super) fn name_of(&self, section: &str, key: &str) -> String {
        let node = self.root.get(section).and_then(|all| all.get(key));
        let own = node.map(|node| node.text_of("name")).unwrap_or_default();
        if own.is_empty() { format!("{}_{key}", self.name) } else { own }
    }
}

/// The services that a service depends on.
pub(super) fn needs(service: &Node) -> Vec<String> {
    let Some(node) = service.get("depends_on") else { return Vec::new() };
    let named = node.entries().iter().map(|(name, _)| name.clone());
    named.chain(node.items().iter().filter_map(Node::text)).collect()
}

fn absolute(cli: &Cli, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", cli.proc.cwd()) }
}

/// `KEY=value` lines; quotes around a value are none of it.
fn variables(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.trim_start_matches("export ").split_once('='));
    pairs
        .map(|(key, value)| {
            let value = value.trim();
            let quoted = ['"', '\'']
                .iter()
                .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
            (key.trim().to_owned(), quoted.unwrap_or(value).to_owned())
        })
        .collect()
}

fn nothing_found(cli: &Cli) -> Failure {
    if !is_first(cli) {
        return Failure::text("no configuration file provided: not found");
    }
    // Names without `docker-` came with 1.28.
    let names = &NAMES[2..];
    Failure::text(format!(
        "ERROR: \n        Can't find a suitable configuration file in this directory or any\n        \
         parent. Are you in the right directory?\n\n        Supported filenames: {}\n        ",
        names.join(", ")
    ))
}

/// Reads the project that the flags before the command mean.
///
/// # Errors
/// No file; a file that cannot be read or understood.
pub(super) fn load(cli: &Cli) -> Result<Project, Failure> {
    let mut paths: Vec<String> = cli.group.all("file").to_vec();
    if paths.is_empty() {
        let env = cli.proc.env("COMPOSE_FILE").unwrap_or_default();
        paths = env.split(':').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    }
    if paths.is_empty() {
        let names = if is_first(cli) { &NAMES[2..] } else { &NAMES[..] };
        // The folders above are looked into as well.
        let mut folder = cli.proc.cwd();
        let found = loop {
            let here = folder.trim_end_matches('/');
            let mut paths = names.iter().map(|name| format!("{here}/{name}"));
            match (paths.find(|path| cli.proc.exists(path)), here.rsplit_once('/')) {
                (Some(path), _) => break path,
                (None, Some((above, _))) => folder = format!("{above}/"),
                (None, None) => return Err(nothing_found(cli)),
            }
        };
        // Beside it may lie one with changes.
        let beside = found.replace(".y", ".override.y");
        paths.push(found);
        paths.extend(Some(beside).filter(|path| cli.proc.exists(path)));
    }
    let mut texts = Vec::new();
    for path in &paths {
        let bytes = cli.proc.read_file(path).map_err(|errno| {
            Failure::text(match is_first(cli) {
                true => format!("ERROR: .FileNotFoundError: [Errno 2] {errno}: './{path}'"),
                false => format!("open {}: {}", absolute(cli, path), go_error(errno)),
            })
        })?;
        texts.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    let files: Vec<String> = paths.iter().map(|path| absolute(cli, path)).collect();
    let folder = match cli.group.get("project-directory") {
        Some(folder) => absolute(cli, folder),
        None => files[0].rsplit_once('/').map_or("/", |(folder, _)| folder).to_owned(),
    };
    let env_path = cli
        .group
        .get("env-file")
        .map_or_else(|| format!("{folder}/{ENV_FILE}"), |path| absolute(cli, path));
    let env_file = cli.proc.read_file(&env_path).unwrap_or_default();
    let env_file = variables(&String::from_utf8_lossy(&env_file));
    let env = |name: &str| {
        let own = cli.proc.env(name);
        own.or_else(|| env_file.iter().rev().find(|(key, _)| key == name).map(|(_, v)| v.clone()))
    };
    let read = |path: &str| match cli.proc.read_file(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(errno) => Err(format!("open {path}: {}", go_error(errno))),
    };
    let sources: Vec<Source<'_>> =
        paths.iter().zip(&texts).map(|(name, text)| Source { name, text }).collect();
    let rules = Rules {
        release: 0,
        newest: u8::MAX - 1,
        version_is_optional: true,
        keeps_variables: false,
        is_for_one_host: true,
    };
    let Loaded { root, .. } =
        compose::load(&sources, &folder, rules, &Host { env: &env, read: &read }).map_err(
            |error| {
                let place = error.place.map(|place| format!("\n({place})")).unwrap_or_default();
                Failure::text(error.message + &place)
            },
        )?;
    let asked = cli.group.get("project-name").map(str::to_owned);
    let asked = asked.or_else(|| env("COMPOSE_PROJECT_NAME")).filter(|name| !name.is_empty());
    let named = asked.or_else(|| Some(root.text_of("name")).filter(|name| !name.is_empty()));
    let name = named.unwrap_or_else(|| {
        let last = folder.rsplit('/').next().unwrap_or_default().to_lowercase();
        let fits = |char: &char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
        let name: String = last.chars().filter(fits).collect();
        if name.is_empty() { "default".to_owned() } else { name }
    });
    let mut profiles = cli.group.all("profile").to_vec();
    let more = env("COMPOSE_PROFILES").unwrap_or_default();
    profiles.extend(more.split(',').filter(|one| !one.is_empty()).map(str::to_owned));
    Ok(Project { name, folder, files, profiles, root })
}
