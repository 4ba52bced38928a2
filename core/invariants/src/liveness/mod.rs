//! What a cluster comes to when nothing is wrong any more.

pub mod converged;
pub mod history;
pub mod storms;

/// What was wrong at every one of some looks, the first of it in words: a cluster in which something ends again and again
/// is never quite at rest.
pub(crate) fn lasting(looks: &[&[String]]) -> Option<String> {
    let (first, others) = looks.split_first()?;
    let lasting = first.iter().filter(|why| others.iter().all(|look| look.contains(why)));
    let lasting: Vec<&str> = lasting.take(5).map(String::as_str).collect();
    (!lasting.is_empty()).then(|| lasting.join("; "))
}
