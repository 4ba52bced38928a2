//! What the public registry has: one row for every family, in files by what the images are for. A row
//! that leaves a field out has that of [`FAMILY`](super::family::FAMILY).

mod databases;
mod languages;
mod samples;
mod servers;

use super::family::Family;

pub(super) const FAMILIES: &[&[Family]] = &[
    databases::FAMILIES,
    languages::FAMILIES,
    samples::FAMILIES,
    servers::FAMILIES,
    servers::APPLICATIONS,
];

/// How names begin that stand for others, and what those are; one after the other.
pub(super) const ALIASES: [(&str, &str); 2] =
    [("k8s.gcr.io/", "registry.k8s.io/"), ("registry.k8s.io/busybox", "busybox")];
