//! Command-line arguments: `--name value`, `--name=value`, `--flag`, and plain ones.

use sorted::SortedMap;

/// A usage that is none: what was expected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Usage(pub(crate) String);

/// Arguments that were read.
#[derive(Debug, Default)]
pub(crate) struct Args {
    values: SortedMap<String, String>,
    flags: Vec<String>,
    plain: Vec<String>,
}

impl Args {
    /// Reads arguments; `with_value` and `flags` are the names that are known.
    pub(crate) fn read(
        args: &[String],
        with_value: &[&str],
        flags: &[&str],
    ) -> Result<Self, Usage> {
        let mut read = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let Some(name) = arg.strip_prefix("--") else {
                if arg.len() > 1 && arg.starts_with('-') {
                    return Err(Usage(format!("unknown option `{arg}`")));
                }
                read.plain.push(arg.clone());
                continue;
            };
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (name, None),
            };
            if flags.contains(&name) && value.is_none() {
                read.flags.push(name.to_owned());
            } else if with_value.contains(&name) {
                let Some(value) = value.or_else(|| args.next().cloned()) else {
                    return Err(Usage(format!("--{name} needs a value")));
                };
                if read.values.insert(name.to_owned(), value).is_some() {
                    return Err(Usage(format!("--{name} is here twice")));
                }
            } else {
                let known: Vec<String> =
                    with_value.iter().chain(flags).map(|name| format!("--{name}")).collect();
                let known =
                    if known.is_empty() { "no options".to_owned() } else { known.join(", ") };
                return Err(Usage(format!("unknown option `{arg}`: expected {known}")));
            }
        }
        Ok(read)
    }

    /// The only plain argument.
    pub(crate) fn path(&mut self) -> Result<String, Usage> {
        match self.plain.as_slice() {
            [path] => Ok(path.clone()),
            [] => Err(Usage("expected the path of a lab".to_owned())),
            _ => Err(Usage(format!("expected one path, got {}", self.plain.len()))),
        }
    }

    /// Complains about plain arguments.
    pub(crate) fn end(&self) -> Result<(), Usage> {
        match self.plain.first() {
            Some(extra) => Err(Usage(format!("unexpected argument `{extra}`"))),
            None => Ok(()),
        }
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.values.remove(name)
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u64>, Usage> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Usage(format!("--{name} takes a whole number, not `{text}`"))),
        }
    }

    /// A list with commas; none of its members may be empty.
    pub(crate) fn list(&mut self, name: &str) -> Result<Option<Vec<String>>, Usage> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let members: Vec<String> = text.split(',').map(str::to_owned).collect();
        if members.iter().any(String::is_empty) {
            return Err(Usage(format!(
                "--{name} takes names with commas between them, not `{text}`"
            )));
        }
        Ok(Some(members))
    }
}
