//! Go templates in a task's settings, and secrets and configs that are templates (swarmkit: `template`).

use sorted::SortedMap;
use std::sync::Arc;

use gotmpl::{MissingKey, Template, Value};
use swarm::control::ApiError;
use swarm::objects::{ContainerSpec, Task};

/// The one template engine there is.
const ENGINE: &str = "golang";

/// What a template of a task sees.
#[derive(Debug)]
pub(crate) struct Templates {
    data: Value,
    /// What `env` gives, by name.
    env: SortedMap<String, String>,
}

/// What `secret` and `config` give, by the file's name.
pub(crate) type Payloads = SortedMap<String, String>;

fn map(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let members = members.into_iter().map(|(key, value)| (Arc::from(key), value));
    Value::Map(Arc::new(members.collect()))
}

fn texts(labels: &SortedMap<String, String>) -> Value {
    let members =
        labels.iter().map(|(key, text)| (Arc::from(key.as_str()), Value::from(text.clone())));
    Value::Map(Arc::new(members.collect()))
}

/// Of a text that is no template Go tells the line alone.
fn without_column(error: &str) -> String {
    let mut parts: Vec<&str> = error.splitn(5, ':').collect();
    if parts.len() == 5 && parts[3].parse::<u32>().is_ok() {
        parts.remove(3);
    }
    parts.join(":")
}

/// Go's words for a field that its structures do not have; the maps here stand for them.
fn no_field<'a>(text: &'a str, key: &str) -> Option<(&'a str, String)> {
    let end = text.find(&format!(".{key}"))? + 1 + key.len();
    let begin = text[..end].rfind(|char: char| !(char.is_ascii_alphanumeric() || char == '.'))? + 1;
    let path = &text[begin..end];
    // Go names the whole chain of fields.
    let more = text[end..].find(|char: char| !(char.is_ascii_alphanumeric() || char == '.'));
    let whole = &text[begin..more.map_or(text.len(), |more| end + more)];
    let of = match path.split('.').nth(1) {
        Some("Service") => "struct { ID string; Name string; Labels map[string]string }",
        Some("Node") => "struct { ID string; Hostname string; Platform template.Platform }",
        Some("Task") => "struct { ID string; Name string; Slot string }",
        _ => "template.Context",
    };
    let words = format!(
        "template: expansion:1:{begin}: executing \"expansion\" at <{whole}>: can't evaluate field {key} in \
         type {of}"
    );
    Some((path, words))
}

impl Templates {
    /// The names of a task on a host.
    pub(crate) fn new(task: &Task, hostname: &str) -> Self {
        let text = |text: &str| Value::from(text.to_owned());
        let node = task.node_id.as_deref().unwrap_or_default();
        // swarmkit: a global service's tasks have their node for a slot.
        let slot = if task.slot == 0 { node.to_owned() } else { task.slot.to_string() };
        let data = map([
            (
                "Service",
                map([
                    ("ID", text(&task.service_id)),
                    ("Name", text(&task.service_annotations.name)),
                    ("Labels", texts(&task.service_annotations.labels)),
                ]),
            ),
            (
                "Node",
                map([
                    ("ID", text(node)),
                    ("Hostname", text(hostname)),
                    ("Platform", map([("Architecture", text("x86_64")), ("OS", text("linux"))])),
                ]),
            ),
            (
                "Task",
                map([
                    ("ID", text(&task.id)),
                    ("Name", text(&task.annotations.name)),
                    ("Slot", Value::from(slot)),
                ]),
            ),
        ]);
        Self { data, env: SortedMap::new() }
    }

    /// A text with its templates filled in.
    ///
    /// # Errors
    /// The engine's words.
    pub(crate) fn expand(&self, text: &str) -> Result<String, String> {
        self.run(text, &Payloads::new(), &Payloads::new())
    }

    /// The bytes of a secret or config that is a template; others as they are.
    ///
    /// # Errors
    /// `unrecognized template type`; the engine's words.
    pub(crate) fn payload(
        &self,
        bytes: &[u8],
        engine: &str,
        secrets: &Payloads,
        configs: &Payloads,
    ) -> Result<Vec<u8>, String> {
        if engine != ENGINE {
            return Err("unrecognized template type".to_owned());
        }
        self.run(&String::from_utf8_lossy(bytes), secrets, configs).map(String::into_bytes)
    }

    /// Fills in the settings that may be templates: host name, environment, mounts.
    ///
    /// # Errors
    /// `expanding env failed: ...`.
    pub(crate) fn settings(&mut self, spec: &mut ContainerSpec) -> Result<(), String> {
        let failed = |what: &str| {
            let what = what.to_owned();
            move |text: String| format!("expanding {what} failed: {text}")
        };
        for mount in &mut spec.mounts {
            for text in [&mut mount.source, &mut mount.target] {
                *text = self.expand(text).map_err(failed("mounts"))?;
            }
        }
        for setting in &mut spec.env {
            *setting = self.expand(setting).map_err(failed("env"))?;
        }
        spec.hostname = self.expand(&spec.hostname).map_err(failed("hostname"))?;
        let pairs = spec.env.iter().filter_map(|setting| setting.split_once('='));
        self.env = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Ok(())
    }

    /// Looks at the templates of a service as its managers do, before there is a task.
    ///
    /// # Errors
    /// `expanding hostname failed: ...`.
    pub(crate) fn check(spec: &ContainerSpec) -> Result<(), ApiError> {
        let mut spec = spec.clone();
        Self::new(&Task::default(), "").settings(&mut spec).map_err(ApiError::invalid)
    }

    fn run(&self, text: &str, secrets: &Payloads, configs: &Payloads) -> Result<String, String> {
        // Most texts are no templates, and cost nothing.
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let of = |known: &SortedMap<String, String>| {
            let known = known.clone();
            move |args: &[Value]| {
                let name = args.first().map(Value::to_string).unwrap_or_default();
                Ok(Value::from(known.get(&name).cloned().unwrap_or_default()))
            }
        };
        let run = |missing| {
            let template = Template::new("expansion")
                .missing_key(missing)
                .func("env", of(&self.env))
                .func("secret", of(secrets))
                .func("config", of(configs))
                .func("join", |args| {
                    let (separator, items) =
                        args.split_first().map_or((None, &[][..]), |(s, i)| (Some(s), i));
                    let items: Vec<String> = items.iter().map(Value::to_string).collect();
                    let separator = separator.map(Value::to_string).unwrap_or_default();
                    Ok(Value::from(items.join(&separator)))
                });
            let parsed =
                template.parse(text).map_err(|error| without_column(&error.to_string()))?;
            parsed.execute_to_string(&self.data).map_err(|error| error.to_string())
        };
        run(MissingKey::Error).or_else(|error| {
            let key = error.strip_prefix("map has no entry for key: ").map(str::trim);
            match key.and_then(|key| no_field(text, key)) {
                // Labels are a map for Go as well.
                Some((path, _)) if path.starts_with(".Service.Labels.") => run(MissingKey::Invalid),
                Some((_, words)) => Err(words),
                None => Err(error),
            }
        })
    }
}
