//! `docker commit --change`: instructions of a Dockerfile that change an image's configuration.

use crate::error::EngineError;
use crate::image::ImageConfig;

/// Applies instructions in order. The builder may use it for the same instructions of a Dockerfile.
///
/// # Errors
/// `x is not a valid change command`; an argument that cannot be understood.
pub fn apply_changes(config: &mut ImageConfig, changes: &[String]) -> Result<(), EngineError> {
    for change in changes {
        let change = change.trim();
        let (word, rest) = change.split_once(char::is_whitespace).unwrap_or((change, ""));
        let rest = rest.trim();
        match word.to_ascii_uppercase().as_str() {
            "CMD" => config.cmd = command(rest),
            "ENTRYPOINT" => {
                config.entrypoint = command(rest);
                // moby: an entrypoint set without a command clears the inherited one.
                config.cmd.clear();
            }
            "ENV" => {
                for (name, value) in pairs(rest) {
                    config.env.retain(|entry| entry.split('=').next() != Some(&name));
                    config.env.push(format!("{name}={value}"));
                }
            }
            "LABEL" => config.labels.extend(pairs(rest)),
            "USER" => rest.clone_into(&mut config.user),
            "WORKDIR" => config.working_dir = os::fs::normalize(&config.working_dir, rest),
            "STOPSIGNAL" => rest.clone_into(&mut config.stop_signal),
            "VOLUME" => config.volumes.extend(words(rest)),
            "EXPOSE" => config.exposed_ports.extend(
                words(rest)
                    .into_iter()
                    .map(|port| if port.contains('/') { port } else { format!("{port}/tcp") }),
            ),
            other => {
                let text = format!("{} is not a valid change command", other.to_lowercase());
                return Err(EngineError::invalid(text));
            }
        }
    }
    Ok(())
}

/// `["a", "b"]`, or a line for the shell.
fn command(text: &str) -> Vec<String> {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(words) => words,
        Err(_) if text.is_empty() => Vec::new(),
        Err(_) => vec!["/bin/sh".to_owned(), "-c".to_owned(), text.to_owned()],
    }
}

/// `["a", "b"]`, or words.
fn words(text: &str) -> Vec<String> {
    serde_json::from_str::<Vec<String>>(text)
        .unwrap_or_else(|_| text.split_whitespace().map(str::to_owned).collect())
}

/// `A=1 B="two words"`, or the old form `A one value`.
fn pairs(text: &str) -> Vec<(String, String)> {
    let first = text.split_whitespace().next().unwrap_or_default();
    if !first.contains('=') {
        let (name, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        return vec![(name.to_owned(), value.trim().to_owned())];
    }
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (char, quote) {
            ('\\', None | Some('"')) => last(&mut words).extend(chars.next()),
            ('"' | '\'', None) => quote = Some(char),
            (char, Some(open)) if char == open => quote = None,
            (char, None) if char.is_whitespace() => words.push(String::new()),
            (char, _) => last(&mut words).push(char),
        }
    }
    words
        .iter()
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn last(words: &mut [String]) -> &mut String {
    words.last_mut().expect("there is always a word being read")
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
            "ENV C old form",
            "LABEL x='y z'",
            "workdir sub",
            "EXPOSE 80 53/udp",
            "VOLUME [\"/data\"]",
        ];
        apply_changes(&mut config, &changes.map(str::to_owned)).unwrap();
        assert_eq!(config.entrypoint, ["/entry"]);
        assert_eq!(config.cmd, ["/bin/sh", "-c", "python ./app.py && sleep 1000"]);
        assert_eq!(config.env, ["A=1", "B=two words", "C=old form"]);
        assert_eq!(config.labels["x"], "y z");
        assert_eq!(config.working_dir, "/app/sub");
        assert_eq!(config.exposed_ports.iter().collect::<Vec<_>>(), ["53/udp", "80/tcp"]);
        assert!(config.volumes.contains("/data"));
        let error = apply_changes(&mut config, &["RUN ls".into()]).unwrap_err();
        assert_eq!(error.message, "run is not a valid change command");
    }
}
