//! Variables, the special parameters, and which of them children see.

use sorted::SortedMap;

use super::{Flow, Shell};
use crate::Flavour;
use crate::arithmetic;

/// What a variable holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Array(SortedMap<u32, String>),
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
        }
    }
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
        index: Option<i64>,
        text: &str,
    ) -> Result<(), String> {
        let exports = self.options.allexport;
        let variable = self.variables.entry(name.to_owned()).or_default();
        if variable.readonly {
            return Err(self.readonly_message(name));
        }
        variable.exported |= exports;
        let is_array = matches!(variable.value, Some(Value::Array(_)));
        if index.is_none() && !is_array {
            variable.value = Some(Value::Text(text.to_owned()));
            return Ok(());
        }
        let mut values = match variable.value.take() {
            Some(Value::Array(values)) => values,
            Some(Value::Text(text)) => SortedMap::from([(0, text)]),
            None => SortedMap::new(),
        };
        let mut index = index.unwrap_or(0);
        if index < 0 {
            index += values.last_key_value().map_or(0, |(last, _)| i64::from(*last) + 1);
        }
        let place = u32::try_from(index).ok().filter(|index| *index < 1 << 20);
        if let Some(place) = place {
            values.insert(place, text.to_owned());
        }
        variable.value = Some(Value::Array(values));
        match place {
            Some(_) => Ok(()),
            None => Err(format!("{name}[{index}]: bad array subscript")),
        }
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

    /// The elements of an array (or the one text) with their indices.
    pub(crate) fn elements(&self, name: &str) -> SortedMap<u32, String> {
        match self.variables.get(name).and_then(|variable| variable.value.clone()) {
            Some(Value::Array(values)) => values,
            Some(Value::Text(text)) => SortedMap::from([(0, text)]),
            None => SortedMap::new(),
        }
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
    fn get(&self, name: &str, index: Option<i64>) -> Option<String> {
        let Some(index) = index else {
            return match name {
                "RANDOM" | "SECONDS" | "LINENO" | "UID" => self.clone().parameter(name),
                _ => self.variable(name),
            };
        };
        let elements = self.elements(name);
        let last = elements.last_key_value().map_or(0, |(last, _)| i64::from(*last) + 1);
        let index = if index < 0 { index + last } else { index };
        elements.get(&u32::try_from(index).ok()?).cloned()
    }

    fn set(&mut self, name: &str, index: Option<i64>, value: i64) -> Result<(), String> {
        self.assign(name, index, &value.to_string())
    }
}
