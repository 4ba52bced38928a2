//! Captured values and where they are filled in: `{{name}}`.

use sorted::SortedMap;

use serde::{Deserialize, Serialize};

/// Values by name, captured by the holes of expectations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bindings(SortedMap<String, String>);

/// A name that has no value yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbound(pub String);

impl Bindings {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Sets a value.
    pub fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// All names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// `text` with every `{{name}}` replaced by its value.
    ///
    /// # Errors
    /// The first name that has no value.
    pub fn fill(&self, text: &str) -> Result<String, Unbound> {
        let mut filled = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Name(name) => match self.get(name) {
                    Some(value) => filled.push_str(value),
                    None => return Err(Unbound(name.to_owned())),
                },
            }
        }
        Ok(filled)
    }

    /// `text` with the names that have a value replaced; the others stay as they are. For showing a
    /// command before everything that it needs is known.
    pub fn fill_known(&self, text: &str) -> String {
        self.fill_with(text, str::to_owned)
    }

    /// The same for prose: values are escaped for HTML.
    pub fn fill_html(&self, html: &str) -> String {
        self.fill_with(html, |value| {
            value
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
        })
    }

    fn fill_with(&self, text: &str, show: impl Fn(&str) -> String) -> String {
        let mut filled = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Name(name) => match self.get(name) {
                    Some(value) => filled.push_str(&show(value)),
                    None => {
                        filled.push_str("{{");
                        filled.push_str(name);
                        filled.push_str("}}");
                    }
                },
            }
        }
        filled
    }
}

/// A piece of a text with names to fill in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Taken as it is.
    Text(&'a str),
    /// The name in `{{name}}`.
    Name(&'a str),
}

/// Cuts a text at its `{{name}}`s. Braces around anything that is no name are plain text: Go
/// templates (`{{.ID}}`) pass.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(open) = rest.get(from..).and_then(|tail| tail.find("{{")) {
        let open = from + open;
        let after = &rest[open + 2..];
        let name = after.find("}}").map(|close| &after[..close]).filter(|name| is_name(name));
        let Some(name) = name else {
            from = open + 2;
            continue;
        };
        if open > 0 {
            pieces.push(Piece::Text(&rest[..open]));
        }
        pieces.push(Piece::Name(name));
        rest = &after[name.len() + 2..];
        from = 0;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// The names that a text needs.
#[cfg(any(feature = "author", test))]
pub(crate) fn names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Name(name) => Some(name),
        Piece::Text(_) => None,
    })
}

/// A letter, then letters, digits, `_` and `-`.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_and_templates_left_alone() {
        let mut bindings = Bindings::default();
        bindings.set("id", "ab<c");
        assert_eq!(bindings.fill("x {{id}}{{id}} {{.ID}} {{"), Ok("x ab<cab<c {{.ID}} {{".into()));
        assert_eq!(bindings.fill("{{id}} {{other}}"), Err(Unbound("other".into())));
        assert_eq!(bindings.fill_known("{{id}} {{other}}"), "ab<c {{other}}");
        assert_eq!(bindings.fill_html("<b>{{id}}</b>"), "<b>ab&lt;c</b>");
        assert_eq!(names("a {{b}} {{ c }} {{d-e}}").collect::<Vec<_>>(), ["b", "d-e"]);
    }
}
