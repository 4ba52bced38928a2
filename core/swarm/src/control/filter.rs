//! Narrowing a list (swarmkit: `manager/controlapi/common.go`, the `filter*` functions).

use sorted::SortedMap;

use super::Filters;

/// No candidates, or one of them.
pub(super) fn contains<T: PartialEq<U>, U: ?Sized>(what: &U, candidates: &[T]) -> bool {
    candidates.is_empty() || candidates.iter().any(|candidate| candidate == what)
}

/// No candidates, or it begins with one of them.
pub(super) fn has_prefix(what: &str, candidates: &[String]) -> bool {
    candidates.is_empty() || candidates.iter().any(|prefix| what.starts_with(prefix.as_str()))
}

/// All wanted labels are there; an empty value matches any.
pub(super) fn has_labels(
    labels: &SortedMap<String, String>,
    wanted: &SortedMap<String, String>,
) -> bool {
    wanted
        .iter()
        .all(|(key, value)| labels.get(key).is_some_and(|have| value.is_empty() || have == value))
}

/// The filters that all kinds have.
pub(super) fn matches(
    filters: &Filters,
    id: &str,
    name: &str,
    labels: &SortedMap<String, String>,
) -> bool {
    contains(name, &filters.names)
        && has_prefix(name, &filters.name_prefixes)
        && has_prefix(id, &filters.id_prefixes)
        && has_labels(labels, &filters.labels)
}
