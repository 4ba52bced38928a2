//! What a lab allows, and what it expects: places, written as in a lab's checks.

use super::forms::Form;
use crate::search::Surface;

/// A place where clear text may be: `SURFACE`, `SURFACE:NODE` or `SURFACE:NODE:BEGINNING`, with `NAME in `
/// in front for one secret or word alone, and ` as FORM` behind for one spelling alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceRule {
    /// The secret's or the word's name; any if none.
    pub needle: Option<String>,
    /// The kind of place.
    pub surface: Surface,
    /// The host; any if none.
    pub node: Option<String>,
    /// The place begins so.
    pub beginning: String,
    /// How it is written; in any way if none.
    pub form: Option<Form>,
}

/// What the one who asks makes of findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditRules {
    /// Clear text may be here.
    pub allow: Vec<PlaceRule>,
    /// Clear text is here on purpose: a leak that a lab shows.
    pub expect: Vec<PlaceRule>,
}

impl PlaceRule {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (text, form) = match text.rsplit_once(" as ") {
            None => (text, None),
            Some((text, word)) => {
                let form = Form::ALL.into_iter().find(|form| form.word() == word.trim());
                let known = || Form::ALL.map(Form::word).join(", ");
                let wrong = || format!("`{word}` is no spelling; there are {}", known());
                (text, Some(form.ok_or_else(wrong)?))
            }
        };
        let (needle, place) = match text.split_once(" in ") {
            Some((needle, place)) => (Some(needle.trim().to_owned()), place.trim()),
            None => (None, text.trim()),
        };
        let mut parts = place.splitn(3, ':');
        let word = parts.next().unwrap_or_default();
        let surface = Surface::ALL.into_iter().find(|surface| surface.word() == word);
        let Some(surface) = surface else {
            let known: Vec<&str> = Surface::ALL.iter().map(|surface| surface.word()).collect();
            let known = known.join(", ");
            return Err(format!("`{word}` is no kind of place; there are {known}"));
        };
        let node = parts.next().filter(|node| !node.is_empty() && *node != "*");
        let beginning = parts.next().unwrap_or_default().to_owned();
        Ok(Self { needle, surface, node: node.map(str::to_owned), beginning, form })
    }

    /// True if a finding is at this place.
    pub fn covers(
        &self,
        needles: &[String],
        (surface, form): (Surface, Form),
        (node, place): (&str, &str),
    ) -> bool {
        self.surface == surface
            && self.form.is_none_or(|own| own == form)
            && self.node.as_deref().is_none_or(|own| own == node)
            && place.starts_with(&self.beginning)
            && self.needle.as_ref().is_none_or(|own| needles.contains(own))
    }
}

impl std::fmt::Display for PlaceRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(needle) = &self.needle {
            write!(f, "{needle} in ")?;
        }
        f.write_str(self.surface.word())?;
        match (&self.node, self.beginning.is_empty()) {
            (None, true) => {}
            (node, true) => write!(f, ":{}", node.as_deref().unwrap_or("*"))?,
            (node, false) => {
                write!(f, ":{}:{}", node.as_deref().unwrap_or("*"), self.beginning)?;
            }
        }
        match self.form {
            None => Ok(()),
            Some(form) => write!(f, " as {}", form.word()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_written() {
        for text in
            ["file", "file:node1", "file:node1:/root/sec.txt", "pw in log:*:log of web as hex"]
        {
            assert_eq!(PlaceRule::parse(text).map(|rule| rule.to_string()), Ok(text.to_owned()));
        }
        let error = PlaceRule::parse("pocket:node1").unwrap_err();
        assert!(error.starts_with("`pocket` is no kind of place; there are file,"), "{error}");
        let rule = PlaceRule::parse("pw in file:node1:/root/").unwrap();
        let covers = |name: &str, surface, node: &str, place: &str| {
            rule.covers(&[name.to_owned()], (surface, Form::Plain), (node, place))
        };
        assert!(covers("pw", Surface::File, "node1", "/root/x"));
        assert!(!covers("other", Surface::File, "node1", "/root/x"));
        assert!(!covers("pw", Surface::File, "node2", "/root/x"));
        assert!(!covers("pw", Surface::Log, "node1", "/root/x"));
    }
}
