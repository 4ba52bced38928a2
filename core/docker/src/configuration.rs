//! The client's own files: `config.json` and contexts, in `~/.docker` (docker/cli: `cli/config`, `cli/context/store`).

use os::{Errno, Proc};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::cli::Failure;
use crate::commands::go_error;

/// The context that is no file: flags and environment.
pub(crate) const DEFAULT: &str = "default";

/// `~/.docker`, or where the environment says.
pub(crate) fn folder(proc: &Proc) -> String {
    let home = proc.env("HOME").unwrap_or_else(|| "/root".to_owned());
    proc.env("DOCKER_CONFIG").unwrap_or_else(|| format!("{home}/.docker"))
}

/// The client's configuration; an empty one if there is none.
pub(crate) fn read(proc: &Proc) -> Json {
    let bytes = proc.read_file(&format!("{}/config.json", folder(proc))).unwrap_or_default();
    serde_json::from_slice(&bytes).ok().filter(Json::is_object).unwrap_or_else(|| json!({}))
}

/// Writes a file below the folder, for the owner's eyes only, and the folders that it needs.
///
/// # Errors
/// `open x: permission denied`.
pub(crate) fn write(proc: &Proc, path: &str, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |errno: Errno| Failure::text(format!("open {path}: {}", go_error(errno)));
    for (at, _) in path.match_indices('/').skip(1) {
        let folder = path.get(..at).unwrap_or_default();
        if !proc.exists(folder) {
            proc.make_directory(folder, 0o700).map_err(failed)?;
        }
    }
    proc.write_file(path, bytes).map_err(failed)?;
    proc.change_attributes(path, Some(0o600), None, None).map_err(failed)
}

/// Writes the configuration as Go does: indented by tabs.
///
/// # Errors
/// As [`write`].
pub(crate) fn save(proc: &Proc, configuration: &Json) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    if configuration.serialize(&mut serializer).is_err() {
        return Ok(());
    }
    write(proc, &format!("{}/config.json", folder(proc)), &bytes)
}

/// Where a context's files are: `kind` is `meta` or `tls`. The folder is named by the name's digest.
pub(crate) fn context_folder(proc: &Proc, kind: &str, name: &str) -> String {
    let digest = engine::Digest::of(name.as_bytes()).hex();
    format!("{}/contexts/{kind}/{digest}", folder(proc))
}

/// A context as it was stored.
///
/// # Errors
/// It is not there.
pub(crate) fn context(proc: &Proc, name: &str) -> Result<Json, Failure> {
    let path = context_folder(proc, "meta", name) + "/meta.json";
    let bytes = proc.read_file(&path).ok();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(|| {
        let why = "context not found: open";
        Failure::text(format!("context {name:?}: {why} {path}: no such file or directory"))
    })
}

/// All contexts that were stored, by name.
pub(crate) fn contexts(proc: &Proc) -> Vec<Json> {
    let folder = format!("{}/contexts/meta", folder(proc));
    let names = proc.list(&folder).unwrap_or_default();
    let read = |name: &str| proc.read_file(&format!("{folder}/{name}/meta.json")).ok();
    let mut found: Vec<Json> =
        names.iter().filter_map(|(name, _)| serde_json::from_slice(&read(name)?).ok()).collect();
    found.sort_by(|a: &Json, b: &Json| a["Name"].as_str().cmp(&b["Name"].as_str()));
    found
}
