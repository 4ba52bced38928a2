//! Addresses within the page: what stands behind the `#`.

use std::fmt;

use crate::free::Free;

/// What the page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// The list of labs.
    #[default]
    Catalogue,
    /// A lab, at one of its steps if that is named.
    Lab {
        /// The lab.
        id: String,
        /// The step's name in links.
        step: Option<String>,
    },
    /// A cluster without a lesson.
    Free(Free),
}

impl Route {
    /// Reads what stands behind an address, with its `#`; nothing if the page does not know it.
    pub fn parse(hash: &str) -> Option<Self> {
        let path = hash.strip_prefix('#').unwrap_or(hash);
        let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Some(Self::Catalogue),
            ["lab", id] => Some(Self::Lab { id: (*id).to_owned(), step: None }),
            ["lab", id, step] => {
                Some(Self::Lab { id: (*id).to_owned(), step: Some((*step).to_owned()) })
            }
            ["free", rest @ ..] => Free::parse(rest).map(Self::Free),
            _ => None,
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Catalogue => f.write_str("#/"),
            Self::Lab { id, step: None } => write!(f, "#/lab/{id}"),
            Self::Lab { id, step: Some(step) } => write!(f, "#/lab/{id}/{step}"),
            Self::Free(free) => write!(f, "#/{}", free.id()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        let clusters = ["#/free/5/3/20.10/7", "#/free/0/0/20.10/7/3/1.25"];
        for address in ["#/", "#/lab/secrets", "#/lab/secrets/use"].into_iter().chain(clusters) {
            assert_eq!(Route::parse(address).expect("it is known").to_string(), address);
        }
        assert_eq!(Route::parse(""), Some(Route::Catalogue));
        for unknown in ["#lesson", "#/lab", "#/free/5", "#/free/99/1/28/1", "#/free/1/2/28/1"] {
            assert_eq!(Route::parse(unknown), None, "{unknown}");
        }
        for unknown in
            ["0/0/28/1", "0/0/28/1/0/1.25", "1/0/28/1/9/1.25", "1/0/28/1/3/2.0", "1/0/28/1/3"]
        {
            assert_eq!(Route::parse(&format!("#/free/{unknown}")), None, "{unknown}");
        }
    }
}
