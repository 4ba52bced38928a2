//! Instructions of a Dockerfile that change an image's configuration and nothing else: for the
//! builder, and for `docker commit --change`.

use crate::build::words::Reader;
use crate::container::HealthCheck;
use crate::error::EngineError;
use crate::image::ImageConfig;
use sim::Duration;

/// An image's configuration while instructions change it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    /// The configuration.
    pub(crate) config: ImageConfig,
    /// A command was set on top of the base's.
    pub(crate) sets_command: bool,
    /// `MAINTAINER`.
    pub(crate) author: String,
}

/// One instruction: its keyword, its flags and the rest of its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) keyword: &'a str,
    pub(crate) flags: &'a [(String, String)],
    pub(crate) rest: &'a str,
}

/// Applies instructions in order, as `docker commit --change` gives them.
///
/// # Errors
/// `x is not a valid change command`; an argument that cannot be understood.
pub fn apply_changes(config: &mut ImageConfig, changes: &[String]) -> Result<(), EngineError> {
    let mut change = Change { config: std::mem::take(config), ..Change::default() };
    for text in changes {
        let text = text.trim();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let keyword = word.to_ascii_uppercase();
        // moby: builder/dockerfile, `validCommitCommands`.
        let is_known = [
            "CMD",
            "ENTRYPOINT",
            "HEALTHCHECK",
            "ENV",
            "EXPOSE",
            "LABEL",
            "ONBUILD",
            "STOPSIGNAL",
            "USER",
            "VOLUME",
            "WORKDIR",
        ]
        .contains(&keyword.as_str());
        if !is_known {
            let text = format!("{} is not a valid change command", keyword.to_lowercase());
            return Err(EngineError::invalid(text));
        }
        let env = change.config.env.clone();
        let lookup = |name: &str| variable(&env, name);
        let reader = Reader { escape: '\\', lookup: &lookup };
        let line = Line { keyword: &keyword, flags: &[], rest: rest.trim() };
        change.apply(line, reader).map_err(EngineError::invalid)?;
    }
    *config = change.config;
    Ok(())
}

/// A variable's value among `KEY=value` entries.
pub(crate) fn variable(env: &[String], name: &str) -> Option<String> {
    let entries = env.iter().filter_map(|entry| entry.split_once('='));
    entries.rev().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// Words as Go prints a list of quoted texts.
pub(crate) fn quoted(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    format!("[{}]", quoted.join(" "))
}

impl Change {
    /// Does what an instruction says; tells it as an image's history does. Nothing for one that
    /// does more than change the configuration.
    pub(crate) fn apply(
        &mut self,
        line: Line<'_>,
        reader: Reader<'_>,
    ) -> Result<Option<String>, String> {
        let Line { keyword, rest, .. } = line;
        let config = &mut self.config;
        let told = match keyword {
            "CMD" => {
                config.cmd = command(config, rest);
                self.sets_command = true;
                quoted(&config.cmd)
            }
            "ENTRYPOINT" => {
                config.entrypoint = command(config, rest);
                // moby: an entrypoint without a command of one's own drops the inherited one.
                if !self.sets_command {
                    config.cmd.clear();
                }
                quoted(&config.entrypoint)
            }
            "ENV" => {
                let pairs = reader.pairs("ENV", rest)?;
                for (name, value) in &pairs {
                    let entry = format!("{name}={value}");
                    let key = |entry: &str| entry.split('=').next() == Some(name.as_str());
                    match config.env.iter_mut().find(|known| key(known)) {
                        Some(known) => *known = entry,
                        None => config.env.push(entry),
                    }
                }
                joined(&pairs)
            }
            "LABEL" => {
                let pairs = reader.pairs("LABEL", rest)?;
                config.labels.extend(pairs.iter().cloned());
                joined(&pairs)
            }
            "USER" => {
                config.user = reader.expand(rest)?;
                config.user.clone()
            }
            "WORKDIR" => {
                config.working_dir = os::fs::normalize(&config.working_dir, &reader.expand(rest)?);
                config.working_dir.clone()
            }
            "STOPSIGNAL" => {
                config.stop_signal = reader.expand(rest)?;
                config.stop_signal.clone()
            }
            "VOLUME" => {
                let paths = list(rest, reader)?;
                if paths.iter().any(String::is_empty) {
                    return Err("VOLUME specified can not be an empty string".to_owned());
                }
                config.volumes.extend(paths.iter().cloned());
                format!("[{}]", paths.join(" "))
            }
            "EXPOSE" => {
                let words = list(rest, reader)?;
                for word in &words {
                    config.exposed_ports.extend(ports(word)?);
                }
                words.join(" ")
            }
            "SHELL" => {
                config.shell = serde_json::from_str(rest)
                    .map_err(|_| "SHELL requires the arguments to be in JSON form".to_owned())?;
                format!("[{}]", config.shell.join(" "))
            }
            "ONBUILD" => {
                let word = rest.split_whitespace().next().unwrap_or_default().to_uppercase();
                match word.as_str() {
                    "ONBUILD" => {
                        return Err("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed".into());
                    }
                    "FROM" | "MAINTAINER" => {
                        return Err(format!("{word} isn't allowed as an ONBUILD trigger"));
                    }
                    _ => config.on_build.push(rest.to_owned()),
                }
                rest.to_owned()
            }
            "MAINTAINER" => {
                self.author = reader.expand(rest)?;
                self.author.clone()
            }
            "HEALTHCHECK" => {
                let health = health(line)?;
                let told = quoted(&health.test);
                config.health = Some(health);
                format!("&{{{told}}}")
            }
            _ => return Ok(None),
        };
        Ok(Some(format!("{keyword} {told}")))
    }
}

fn joined(pairs: &[(String, String)]) -> String {
    let all: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    all.join(" ")
}

/// `["a", "b"]`, or a line for the shell.
fn command(config: &ImageConfig, text: &str) -> Vec<String> {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(words) => words,
        Err(_) if text.is_empty() => Vec::new(),
        Err(_) => {
            let mut words = config.shell_or_default();
            words.push(text.to_owned());
            words
        }
    }
}

/// `["a", "b"]`, or words.
fn list(text: &str, reader: Reader<'_>) -> Result<Vec<String>, String> {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(words) => words.iter().map(|word| reader.expand(word)).collect(),
        Err(_) => reader.words(text),
    }
}

/// `80`, `53/udp`, `8000-8010`.
fn ports(text: &str) -> Result<Vec<String>, String> {
    let (range, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) if first <= last => {
            Ok((first..=last).map(|port| format!("{port}/{protocol}")).collect())
        }
        _ => Err(format!("Invalid containerPort: {text}")),
    }
}

fn health(line: Line<'_>) -> Result<HealthCheck, String> {
    let mut health = HealthCheck::default();
    let mut rest = line.rest;
    let mut flags = line.flags.to_vec();
    // `commit --change` gives the flags within the line.
    while let Some(after) = rest.strip_prefix("--") {
        let (flag, after) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        flags.push((name.to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    for (name, value) in &flags {
        let span =
            || Duration::parse(value).ok_or_else(|| format!("time: invalid duration \"{value}\""));
        match name.as_str() {
            "interval" => health.interval = span()?,
            "timeout" => health.timeout = span()?,
            "start-period" => health.start_period = span()?,
            "start-interval" => {
                return Err("not simulated: HEALTHCHECK --start-interval".to_owned());
            }
            "retries" => {
                health.retries = value.parse().map_err(|_| {
                    format!("strconv.ParseInt: parsing \"{value}\": invalid syntax")
                })?;
            }
            _ => return Err(format!("unknown flag: {name}")),
        }
    }
    let (kind, command) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    health.test = match kind.to_ascii_uppercase().as_str() {
        "NONE" if command.trim().is_empty() => vec!["NONE".to_owned()],
        "NONE" => return Err("HEALTHCHECK NONE takes no arguments".to_owned()),
        "CMD" if command.trim().is_empty() => {
            return Err("Missing command after HEALTHCHECK CMD".to_owned());
        }
        "CMD" => match serde_json::from_str::<Vec<String>>(command.trim()) {
            Ok(words) => std::iter::once("CMD".to_owned()).chain(words).collect(),
            Err(_) => vec!["CMD-SHELL".to_owned(), command.trim().to_owned()],
        },
        kind => return Err(format!("Unknown type \"{kind}\" in HEALTHCHECK (try CMD)")),
    };
    Ok(health)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_change_the_configuration() {
        let mut config = ImageConfig { working_dir: "/app".into(), ..ImageConfig::default() };
        config.env.push("A=0".into());
        let changes = [
            "ENTRYPOINT [\"/entry\"]",
            "CMD python ./app.py && sleep 1000",
            "ENV A=1 B=\"two words\"",
            "ENV C old $A",
            "LABEL x='y z'",
            "workdir sub",
            "EXPOSE 80 53/udp 8000-8001",
            "VOLUME [\"/data\"]",
            "HEALTHCHECK --interval=5s --retries=2 CMD curl -f http://localhost/",
        ];
        apply_changes(&mut config, &changes.map(str::to_owned)).unwrap();
        assert_eq!(config.entrypoint, ["/entry"]);
        assert_eq!(config.cmd, ["/bin/sh", "-c", "python ./app.py && sleep 1000"]);
        assert_eq!(config.env, ["A=1", "B=two words", "C=old 1"]);
        assert_eq!(config.labels["x"], "y z");
        assert_eq!(config.working_dir, "/app/sub");
        let ports: Vec<_> = config.exposed_ports.iter().collect();
        assert_eq!(ports, ["53/udp", "80/tcp", "8000/tcp", "8001/tcp"]);
        assert!(config.volumes.contains("/data"));
        let health = config.health.clone().unwrap();
        assert_eq!(health.test, ["CMD-SHELL", "curl -f http://localhost/"]);
        assert_eq!((health.interval, health.retries), (Duration::from_secs(5), 2));
        for (change, message) in [
            ("RUN ls", "run is not a valid change command"),
            ("ENV A", "ENV must have two arguments"),
            ("EXPOSE x", "Invalid containerPort: x"),
            ("HEALTHCHECK TRY x", "Unknown type \"TRY\" in HEALTHCHECK (try CMD)"),
        ] {
            let error = apply_changes(&mut config, &[change.into()]).unwrap_err();
            assert_eq!(error.message, message);
        }
    }

    #[test]
    fn an_entrypoint_keeps_a_command_that_came_before_it() {
        let mut config = ImageConfig { cmd: vec!["sh".into()], ..ImageConfig::default() };
        apply_changes(&mut config, &["ENTRYPOINT [\"a\"]".into()]).unwrap();
        assert!(config.cmd.is_empty(), "the inherited command is dropped");
        let both = ["CMD [\"b\"]".into(), "ENTRYPOINT [\"a\"]".into()];
        apply_changes(&mut config, &both).unwrap();
        assert_eq!(config.cmd, ["b"]);
    }
}
