//! Variables, the special parameters, and which of them children see.

use sorted::SortedMap;

use super::{Flow, Shell};
use crate::Flavour;
use crate::arithmetic;
use crate::syntax::Part;

/// What a variable holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Array(SortedMap<u32, String>),
    /// An associative array.
    Map(SortedMap<String, String>),
}

/// A variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variable {
    /// None: declared, not set.
    pub(crate) value: Option<Value>,
    pub(crate) exported: bool,
    pub(crate) readonly: bool,
    pub(crate) integer: bool,
}

impl Value {
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Array(values) => values.get(&0).map(String::as_str),
            Self::Map(values) => values.get("0").map(String::as_str),
        }
    }

    /// The elements with their subscripts, in the order in which bash shows them.
    pub(crate) fn elements(&self) -> Vec<(String, String)> {
        match self {
            Self::Text(text) => vec![("0".to_owned(), text.clone())],
            Self::Array(values) => {
                values.iter().map(|(at, text)| (at.to_string(), text.clone())).collect()
            }
            Self::Map(values) => {
                let mut all: Vec<_> = values.clone().into_iter().collect();
                all.sort_by_key(|(key, _)| bucket(key));
                all
            }
        }
    }

    /// The element with that subscript; a negative number counts from the end.
    pub(crate) fn element(&self, key: &str) -> Option<String> {
        match self {
            Self::Text(text) => matches!(key, "0" | "-1").then(|| text.clone()),
            Self::Map(values) => values.get(key).cloned(),
            Self::Array(values) => values.get(&self.place(key)?).cloned(),
        }
    }

    fn place(&self, key: &str) -> Option<u32> {
        let Self::Array(values) = self else { return None };
        let end = values.last_key_value().map_or(0, |(last, _)| i64::from(*last) + 1);
        let index: i64 = key.parse().ok()?;
        let index = if index < 0 { index + end } else { index };
        u32::try_from(index).ok().filter(|index| *index < 1 << 20)
    }

    /// Takes an element out.
    pub(crate) fn remove(&mut self, key: &str) {
        match (self.place(key), self) {
            (_, Self::Map(values)) => drop(values.remove(key)),
            (Some(place), Self::Array(values)) => drop(values.remove(&place)),
            _ => {}
        }
    }
}

/// The bucket of bash's hash table (FNV-1, 1024 of them since 5.0) that a key is in.
fn bucket(key: &str) -> u32 {
    let hash = key
        .bytes()
        .fold(2_166_136_261_u32, |hash, byte| hash.wrapping_mul(16_777_619) ^ u32::from(byte));
    hash & 1_023
}

/// Where commands are looked for if PATH is not set.
pub(crate) const DEFAULT_PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Shell {
    pub(super) fn import_environment(&mut self) {
        for (name, text) in self.proc.environment() {
            if crate::syntax::is_name(&name) {
                let value = Some(Value::Text(text));
                self.variables
                    .insert(name, Variable { value, exported: true, ..Variable::default() });
            }
        }
        let cwd = self.proc.cwd();
        self.set_quietly("PWD", &cwd);
        if self.variable("PATH").is_none() {
            self.set_quietly("PATH", DEFAULT_PATH);
        }
        self.set_quietly("IFS", " \t\n");
        self.set_quietly("OPTIND", "1");
        if self.flavour == Flavour::Bash {
            let hostname = self.proc.hostname();
            self.set_quietly("HOSTNAME", &hostname);
            self.set_quietly("BASH", "/bin/bash");
            self.set_quietly("BASH_VERSION", "5.0.3(1)-release");
            let level = self.variable("SHLVL").and_then(|text| text.parse().ok()).unwrap_or(0_u32);
            self.set_quietly("SHLVL", &level.saturating_add(1).to_string());
            if let Some(variable) = self.variables.get_mut("SHLVL") {
                variable.exported = true;
            }
        }
    }

    /// A variable's text; none if it is unset.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let value = self.variables.get(name)?.value.as_ref()?;
        value.text().map(str::to_owned)
    }

    /// Sets a variable without looking at `readonly`.
    pub(crate) fn set_quietly(&mut self, name: &str, text: &str) {
        let variable = self.variables.entry(name.to_owned()).or_default();
        variable.value = Some(Value::Text(text.to_owned()));
    }

    /// Sets a variable, or the element `index` of an array.
    pub(crate) fn assign(
        &mut self,
        name: &str,
        index: Option<&str>,
        text: &str,
    ) -> Result<(), String> {
        let exports = self.options.allexport;
        let variable = self.variables.entry(name.to_owned()).or_default();
        if variable.readonly {
            return Err(self.readonly_message(name));
        }
        variable.exported |= exports;
        let text = text.to_owned();
        let value = match (variable.value.take(), index) {
            (None | Some(Value::Text(_)), None) => {
                variable.value = Some(Value::Text(text));
                return Ok(());
            }
            (None, _) => Value::Array(SortedMap::new()),
            (Some(Value::Text(old)), _) => Value::Array(SortedMap::from([(0, old)])),
            (Some(value), _) => value,
        };
        let key = index.unwrap_or("0");
        let place = value.place(key);
        let value = variable.value.insert(value);
        match (value, place) {
            (Value::Map(values), _) if !key.is_empty() => drop(values.insert(key.to_owned(), text)),
            (Value::Array(values), Some(place)) => drop(values.insert(place, text)),
            _ => return Err(format!("{name}[{key}]: bad array subscript")),
        }
        Ok(())
    }

    /// True if the variable is an associative array.
    pub(crate) fn is_map(&self, name: &str) -> bool {
        let value = self.variables.get(name).and_then(|variable| variable.value.as_ref());
        matches!(value, Some(Value::Map(_)))
    }

    /// The subscript that parts of a word mean: a key, or a number that is calculated.
    pub(crate) async fn subscript(&mut self, name: &str, parts: &[Part]) -> Result<String, Flow> {
        let text = crate::pattern::text(&self.expand_field(parts).await?);
        if self.is_map(name) { Ok(text) } else { Ok(self.arithmetic(&text).await?.to_string()) }
    }

    pub(crate) fn readonly_message(&self, name: &str) -> String {
        match self.flavour {
            Flavour::Bash => format!("{name}: readonly variable"),
            Flavour::Ash | Flavour::Dash => format!("{name}: is read only"),
        }
    }

    /// Makes a variable belong to the present function; it comes back as it was afterwards.
    pub(crate) fn make_local(&mut self, name: &str) {
        let old = self.variables.get(name).cloned();
        if let Some(scope) = self.locals.last_mut() {
            let exported = old.as_ref().is_some_and(|variable| variable.exported);
            if !scope.contains_key(name) {
                scope.insert(name.to_owned(), old);
                let fresh = Variable { exported, ..Variable::default() };
                self.variables.insert(name.to_owned(), fresh);
            }
        }
    }

    /// What children get as their environment.
    pub(crate) fn environment(&self) -> SortedMap<String, String> {
        let exported = self.variables.iter().filter(|(_, variable)| variable.exported);
        exported
            .filter_map(|(name, variable)| {
                Some((name.clone(), variable.value.as_ref()?.text()?.to_owned()))
            })
            .collect()
    }

    /// A special parameter or a variable; none if it is unset. Not for `$@` and `$*`.
    pub(crate) fn parameter(&mut self, name: &str) -> Option<String> {
        if let Ok(number) = name.parse::<usize>() {
            return match number {
                0 => Some(self.name.clone()),
                number => self.parameters.get(number - 1).cloned(),
            };
        }
        Some(match name {
            "?" => self.status.to_string(),
            "$" => self.pid.to_string(),
            "!" => self.last_background?.to_string(),
            "_" => self.last_word.clone(),
            "#" => self.parameters.len().to_string(),
            "-" => self.option_letters(),
            "PPID" => self.proc.parent_pid().to_string(),
            "LINENO" => self.line.to_string(),
            _ if self.flavour != Flavour::Dash && self.is_dynamic(name) => self.dynamic(name),
            _ => return self.variable(name),
        })
    }

    fn is_dynamic(&self, name: &str) -> bool {
        let names = ["RANDOM", "SECONDS", "UID", "EUID", "BASHPID", "EPOCHSECONDS"];
        names.contains(&name) && !self.variables.contains_key(name)
    }

    fn dynamic(&mut self, name: &str) -> String {
        match name {
            "RANDOM" => {
                // Any sequence will do that depends on nothing but the simulation.
                self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (self.random >> 33 & 0x7fff).to_string()
            }
            "SECONDS" => self.proc.now().since(self.started).as_secs().to_string(),
            "EPOCHSECONDS" => self.proc.wall().unix_secs().to_string(),
            "BASHPID" => self.proc.own_pid().to_string(),
            _ => self.proc.user().uid.to_string(),
        }
    }

    /// The elements of an array (or the one text) with their subscripts.
    pub(crate) fn elements(&self, name: &str) -> Vec<(String, String)> {
        let value = self.variables.get(name).and_then(|variable| variable.value.as_ref());
        value.map(Value::elements).unwrap_or_default()
    }

    /// Evaluates arithmetic, printing what is wrong with it.
    pub(crate) async fn arithmetic(&mut self, text: &str) -> Result<i64, Flow> {
        match arithmetic::evaluate(text, self) {
            Ok(value) => Ok(value),
            Err(message) => {
                let message = match self.flavour {
                    Flavour::Bash => message,
                    _ if message.contains("division by 0") => {
                        if self.flavour == Flavour::Dash {
                            format!("arithmetic expression: division by zero: \"{text}\"")
                        } else {
                            "divide by zero".to_owned()
                        }
                    }
                    Flavour::Dash => {
                        format!("arithmetic expression: expecting primary: \"{text}\"")
                    }
                    Flavour::Ash => "arithmetic syntax error".to_owned(),
                };
                Err(self.abort(&message).await)
            }
        }
    }
}

impl arithmetic::Variables for Shell {
    fn get(&self, name: &str, index: Option<&str>) -> Option<String> {
        let Some(index) = index else {
            return match name {
                "RANDOM" | "SECONDS" | "LINENO" | "UID" => self.clone().parameter(name),
                _ => self.variable(name),
            };
        };
        self.variables.get(name)?.value.as_ref()?.element(index)
    }

    fn set(&mut self, name: &str, index: Option<&str>, value: i64) -> Result<(), String> {
        self.assign(name, index, &value.to_string())
    }

    fn is_map(&self, name: &str) -> bool {
        Self::is_map(self, name)
    }
}
