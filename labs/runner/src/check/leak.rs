//! Predicates on what the leak audit has found, and the places where a lab allows clear text.

use serde::{Deserialize, Serialize};

use super::verdict::Scene;
use super::{Place, Template};
use crate::bindings::{Bindings, Unbound};
use crate::cluster::{Cluster, Leak};

/// `PLACE` or `NAME in PLACE`, perhaps with `as FORM`: a place where clear text may be, of every secret and
/// watched word or of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeakPlace {
    /// The secret's or the word's name.
    pub needle: Option<Template>,
    /// Where.
    pub place: Place,
    /// How it is written, in one word (`base64`).
    pub form: Option<String>,
}

impl LeakPlace {
    /// The texts that may hold `{{name}}`.
    pub(super) fn templates(&self) -> impl Iterator<Item = &str> {
        let place = self.place.node.iter().chain(&self.place.path);
        self.needle.iter().chain(place).map(String::as_str)
    }

    fn covers(&self, bindings: &Bindings, leak: &Leak) -> Result<bool, Unbound> {
        let is = |text: &Option<Template>, holds: &dyn Fn(&str) -> bool| match text {
            None => Ok(true),
            Some(text) => bindings.fill(text).map(|text| holds(&text)),
        };
        Ok(self.place.surface == leak.surface
            && self.form.as_ref().is_none_or(|form| *form == leak.form)
            && is(&self.needle, &|name| leak.names.iter().any(|known| known == name))?
            && is(&self.place.node, &|node| node == "*" || node == leak.node)?
            && is(&self.place.path, &|path| leak.place.starts_with(path))?)
    }

    /// The rule for [`world::World::audit_view`]; nothing while a name in it has no value.
    pub(crate) fn rule(&self, bindings: &Bindings) -> Option<world::PlaceRule> {
        let fill = |text: &Option<Template>| match text {
            None => Some(None),
            Some(text) => bindings.fill(text).ok().map(Some),
        };
        Some(world::PlaceRule {
            needle: fill(&self.needle)?,
            surface: world::Surface::ALL
                .into_iter()
                .find(|surface| surface.word() == self.place.surface)?,
            node: fill(&self.place.node)?.filter(|node| node != "*"),
            beginning: fill(&self.place.path)?.unwrap_or_default(),
            form: match &self.form {
                None => None,
                Some(word) => Some(forms().find(|form| form.word() == word)?),
            },
        })
    }
}

/// The leaks that none of these places covers. One whose name has no value yet covers nothing.
pub(crate) fn outside<'a>(
    leaks: &'a [Leak],
    places: &'a [&LeakPlace],
    bindings: &'a Bindings,
) -> impl Iterator<Item = &'a Leak> {
    leaks.iter().filter(move |leak| {
        !places.iter().any(|place| place.covers(bindings, leak).unwrap_or(false))
    })
}

impl<C: Cluster> Scene<'_, C> {
    pub(super) fn leak(&self, place: &LeakPlace) -> Result<(bool, String), Unbound> {
        for leak in self.cluster.leaks() {
            if place.covers(self.bindings, &leak)? {
                return Ok((true, leak.sentence()));
            }
        }
        Ok((false, "the audit has found no such leak".to_owned()))
    }

    pub(super) fn no_leaks(&self) -> (bool, String) {
        let leaks = self.cluster.leaks();
        let first = outside(&leaks, self.allowed, self.bindings).next();
        match first {
            None => (true, "the audit has found no leak".to_owned()),
            Some(leak) => (false, leak.sentence()),
        }
    }
}

fn forms() -> impl Iterator<Item = world::Form> {
    world::Form::ALL.into_iter()
}

/// Reads `PLACE`, `NAME in PLACE`, `NAME in PLACE as FORM`.
#[cfg(feature = "author")]
pub(crate) fn parse(text: &str) -> Result<LeakPlace, String> {
    let (text, form) = match text.rsplit_once(" as ") {
        None => (text, None),
        Some((text, word)) if forms().any(|form| form.word() == word.trim()) => {
            (text, Some(word.trim().to_owned()))
        }
        Some((_, word)) => {
            let known: Vec<&str> = forms().map(world::Form::word).collect();
            let known = known.join(", ");
            return Err(format!("`{word}` is no spelling: expected one of {known}"));
        }
    };
    let (needle, place) = match text.split_once(" in ") {
        Some((needle, place)) => (Some(needle.trim().to_owned()), place.trim()),
        None => (None, text.trim()),
    };
    let mut parts = place.splitn(3, ':').map(str::to_owned);
    let surface = parts.next().unwrap_or_default();
    let known: Vec<&str> = crate::cluster::SURFACES.iter().map(|(name, _)| *name).collect();
    if !known.contains(&surface.as_str()) {
        let known = known.join(", ");
        return Err(format!("`{surface}` is no kind of place: expected one of {known}"));
    }
    let place = Place { surface, node: parts.next(), path: parts.next() };
    Ok(LeakPlace { needle, place, form })
}
