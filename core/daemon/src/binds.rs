//! `-v` as it is typed: `/host:/container[:ro]`, `name:/container`, `/container`.

use engine::{Mount, MountSource};

use crate::api::Error;

/// Reads one.
///
/// # Errors
/// `invalid volume specification: 'x'`.
pub(crate) fn parse(text: &str) -> Result<Mount, Error> {
    let invalid = || Error::invalid(format!("invalid volume specification: '{text}'"));
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, mode) = match parts.as_slice() {
        [target] => ("", *target, ""),
        [source, target] => (*source, *target, ""),
        [source, target, mode] => (*source, *target, *mode),
        _ => return Err(invalid()),
    };
    if !target.starts_with('/') || target == "/" {
        return Err(invalid());
    }
    let mut read_only = false;
    let mut no_copy = false;
    for word in mode.split(',').filter(|word| !word.is_empty()) {
        match word {
            "ro" => read_only = true,
            "rw" | "z" | "Z" | "rprivate" | "private" | "rslave" | "slave" | "rshared"
            | "shared" | "cached" | "delegated" | "consistent" => {}
            "nocopy" => no_copy = true,
            _ => return Err(Error::invalid(format!("invalid mode: {word}"))),
        }
    }
    let source = if source.starts_with('/') {
        MountSource::Bind { path: source.to_owned(), create: true }
    } else {
        MountSource::Volume { name: source.to_owned(), no_copy }
    };
    Ok(Mount { source, target: target.to_owned(), read_only })
}
