//! A family of images: what all its versions and flavours have in common, as one row of a table.

use super::base::{Base, Bases};
use super::{Commands, Files, Recipe, Size};
use crate::image::ImageConfig;

/// What a flavour stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// Debian.
    Debian,
    /// Alpine.
    Alpine,
    /// Nothing: one program and no shell.
    Nothing,
}

/// A flavour: its words in the tag (several spellings divided by `|`), its base, and what it adds
/// to it in kilobytes, unpacked and compressed.
pub(crate) type Flavour = (&'static str, On, (u32, u32));

/// One family. `{v}` in texts is the version, `{m}` its series, `{s}` the
/// first program's name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Family {
    /// Repositories, divided by blanks.
    pub(crate) names: &'static str,
    /// See [`super::tags::find`].
    pub(crate) versions: &'static str,
    pub(crate) flavours: &'static [Flavour],
    /// An account of its own: name, number, home.
    pub(crate) account: Option<(&'static str, u32, &'static str)>,
    pub(crate) programs: Commands<'static>,
    /// Text files; one that starts with `#!` can be run; a path that ends with `/` is a folder of the
    /// account's.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// Divided by blanks.
    pub(crate) env: &'static str,
    /// Divided by blanks: `80 53/udp`.
    pub(crate) ports: &'static str,
    /// Divided by blanks.
    pub(crate) volumes: &'static str,
    pub(crate) workdir: &'static str,
    pub(crate) user: &'static str,
    /// Words divided by blanks.
    pub(crate) entrypoint: &'static str,
    /// Words divided by blanks.
    pub(crate) cmd: &'static str,
    pub(crate) stop_signal: &'static str,
    /// Families with a recipe of their own.
    pub(crate) recipe: Option<fn(&Base, &str, Size) -> Recipe>,
}

/// What a row leaves out.
pub(crate) const FAMILY: Family = Family {
    names: "",
    versions: "1.0.0",
    flavours: &[("", On::Debian, (50_000, 20_000))],
    account: None,
    programs: &[],
    files: &[],
    env: "",
    ports: "",
    volumes: "",
    workdir: "",
    user: "",
    entrypoint: "",
    cmd: "",
    stop_signal: "",
    recipe: None,
};

/// A layer as large as this comes in several parts: what compiles other things.
const LARGE: u64 = 500_000_000;

impl Family {
    /// The flavour of that spelling.
    pub(crate) fn flavour(&self, words: &str) -> Option<&Flavour> {
        self.flavours.iter().find(|flavour| flavour.0.split('|').any(|word| word == words))
    }

    /// What makes a version in a flavour.
    pub(crate) fn recipe(&self, bases: &Bases, version: &str, flavour: &Flavour) -> Recipe {
        let (_, on, (unpacked, packed)) = *flavour;
        let mut size = Size(u64::from(unpacked) * 1_000, u64::from(packed) * 1_000);
        let base = match on {
            On::Debian => Some(bases.debian()),
            On::Alpine => Some(bases.alpine()),
            On::Nothing => None,
        };
        if let (Some(own), Some(base)) = (self.recipe, base) {
            return own(base, version, size);
        }
        let mut recipe = base.map_or_else(Recipe::scratch, |base| base.recipe.clone());
        if size.0 > LARGE {
            let part = Size(size.0 / 5, size.1 / 5);
            for number in 1..5 {
                let path = format!("/usr/share/doc/build-tools/part-{number}");
                let files = Files::default().file(&path, "Compilers and headers.\n").tree();
                recipe = recipe.layer("install build tools", files, part);
            }
            size = part;
        }
        let env: Vec<String> = words(self.env).map(|text| self.fill(text, version)).collect();
        if !env.is_empty() {
            recipe = recipe.config(&format!("ENV {}", env.join(" ")), |config| {
                // A later PATH takes the place of the base's.
                for setting in env {
                    let name = setting.split('=').next().unwrap_or_default().len() + 1;
                    config.env.retain(|old| old.get(..name) != setting.get(..name));
                    config.env.push(setting);
                }
            });
        }
        let name = last(words(self.names).next().unwrap_or_default());
        recipe = recipe.layer(&format!("install {name}"), self.files(base, version).tree(), size);
        self.configured(recipe, version)
    }

    /// `{v}`, `{m}`, and `{s}`, the first program's name, filled in.
    fn fill(&self, text: &str, version: &str) -> String {
        let minor = match version.match_indices('.').nth(1) {
            Some((end, _)) => &version[..end],
            None => version.split('.').next().unwrap_or_default(),
        };
        let server = self.programs.first().map_or("", |(path, _)| last(path));
        text.replace("{v}", version).replace("{m}", minor).replace("{s}", server)
    }

    fn files(&self, base: Option<&Base>, version: &str) -> Files {
        let mut files = match (self.account, base) {
            (Some((name, id, home)), Some(base)) => base.with_account(name, id, home, "/bin/sh"),
            _ => Files::default().folder("/", 0o755),
        };
        files = files.programs(self.programs);
        let owner = self.account.map_or(0, |(_, id, _)| id);
        for (path, text) in self.files {
            files = match path.strip_suffix('/') {
                Some(folder) => files.folder(folder, 0o755).owned(folder, owner, owner),
                None if text.starts_with("#!") => files.script(path, &self.fill(text, version)),
                None => files.file(path, &self.fill(text, version)),
            };
        }
        files
    }

    /// What the image says about containers, one line of its history each.
    fn configured(&self, mut recipe: Recipe, version: &str) -> Recipe {
        let mut set = |by: &str, value: &str, change: &dyn Fn(&mut ImageConfig)| {
            if !value.is_empty() {
                recipe = recipe.clone().config(&format!("{by} {value}"), change);
            }
        };
        let list = |text: &str| words(text).map(str::to_owned).collect::<Vec<_>>();
        set("VOLUME", self.volumes, &|config| config.volumes.extend(list(self.volumes)));
        set("WORKDIR", self.workdir, &|config| self.workdir.clone_into(&mut config.working_dir));
        set("USER", self.user, &|config| self.user.clone_into(&mut config.user));
        set("ENTRYPOINT", &quoted(self.entrypoint), &|config| {
            config.entrypoint = list(self.entrypoint);
        });
        set("EXPOSE", self.ports, &|config| {
            config.exposed_ports.extend(words(self.ports).map(|port| {
                if port.contains('/') { port.to_owned() } else { format!("{port}/tcp") }
            }));
        });
        set("STOPSIGNAL", self.stop_signal, &|config| {
            self.stop_signal.clone_into(&mut config.stop_signal);
        });
        let cmd = self.fill(self.cmd, version);
        set("CMD", &quoted(&cmd), &|config| config.cmd = list(&cmd));
        if cmd.is_empty() && !self.entrypoint.is_empty() {
            // An entrypoint of one's own does not get the base's command.
            recipe = recipe.config("CMD []", |config| config.cmd.clear());
        }
        recipe
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// `["a" "b"]`; nothing for no words.
fn quoted(text: &str) -> String {
    let words: Vec<String> = words(text).map(|word| format!("\"{word}\"")).collect();
    if words.is_empty() { String::new() } else { format!("[{}]", words.join(" ")) }
}
