//! Predicates on where bytes are.

use super::Place;
use super::verdict::{Scene, plural};
use crate::bindings::Unbound;
use crate::cluster::{Cluster, Found};

/// How many finds a sentence lists.
const LISTED_COUNT_MAX: usize = 4;

/// A place whose names are filled in.
struct Filled<'a> {
    surface: &'a str,
    node: Option<String>,
    path: Option<String>,
}

impl Filled<'_> {
    fn covers(&self, found: &Found) -> bool {
        self.surface == found.surface
            && self.node.as_ref().is_none_or(|node| *node == found.node)
            && self.path.as_ref().is_none_or(|path| found.place.starts_with(path.as_str()))
    }
}

impl<C: Cluster> Scene<'_, C> {
    fn filled<'p>(&self, place: &'p Place) -> Result<Filled<'p>, Unbound> {
        let fill = |text: &Option<String>| text.as_deref().map(|text| self.fill(text)).transpose();
        Ok(Filled { surface: &place.surface, node: fill(&place.node)?, path: fill(&place.path)? })
    }

    pub(super) fn bytes_in(
        &self,
        text: &str,
        place: &Place,
        there: bool,
    ) -> Result<(bool, String), Unbound> {
        let place = self.filled(place)?;
        let mut found = self.find_bytes(self.fill(text)?.as_bytes());
        found.retain(|found| place.covers(found));
        Ok((found.is_empty() != there, listed(&found)))
    }

    pub(super) fn bytes_nowhere(
        &self,
        text: &str,
        except: &[Place],
    ) -> Result<(bool, String), Unbound> {
        let except =
            except.iter().map(|place| self.filled(place)).collect::<Result<Vec<_>, _>>()?;
        let mut found = self.find_bytes(self.fill(text)?.as_bytes());
        found.retain(|found| !except.iter().any(|place| place.covers(found)));
        let why = if found.is_empty() && !except.is_empty() {
            "they are nowhere else".to_owned()
        } else {
            listed(&found)
        };
        Ok((found.is_empty(), why))
    }
}

/// Where they are, without the bytes themselves.
fn listed(found: &[Found]) -> String {
    if found.is_empty() {
        return "they are not there".to_owned();
    }
    let mut places: Vec<String> = Vec::new();
    for found in found {
        let node =
            if found.node.is_empty() { String::new() } else { format!(" of {}", found.node) };
        let place = format!("{}{node} ({})", found.surface, found.place);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let more = places.len().saturating_sub(LISTED_COUNT_MAX);
    places.truncate(LISTED_COUNT_MAX);
    let rest = match more {
        0 => String::new(),
        more => format!(" and {more} more {}", plural(more as u64, "place")),
    };
    format!("they are in {}{rest}", places.join(", "))
}
