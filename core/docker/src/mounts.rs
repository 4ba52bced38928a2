//! The value of `--mount` (docker/cli: `opts/mount.go`).

use swarm::objects::{BindOptions, Driver, Mount, MountKind, TmpfsOptions, VolumeOptions};

use crate::value::{boolean, bytes, csv};

/// Reads a `--mount`.
pub(crate) fn mount(text: &str) -> Result<Mount, String> {
    let mut mount = Mount { kind: MountKind::Volume, ..Mount::default() };
    for field in csv(text)? {
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key.to_lowercase(), Some(value)),
            None => (field.to_lowercase(), None),
        };
        let flag = |value: Option<&str>| match value {
            None => Ok(true),
            Some(text) => boolean(text).ok_or(format!("invalid value for {key}: {text}")),
        };
        match (key.as_str(), value) {
            ("readonly" | "ro", value) => mount.read_only = flag(value)?,
            ("bind-nonrecursive", value) => {
                flag(value)?;
                mount.bind.get_or_insert_with(BindOptions::default);
            }
            ("volume-nocopy", value) => {
                let no_copy = flag(value)?;
                mount.volume.get_or_insert_with(VolumeOptions::default).no_copy = no_copy;
            }
            (_, None) => return Err(format!("invalid field '{field}' must be a key=value pair")),
            ("type", Some(kind)) => mount.kind = kind_of(kind)?,
            ("source" | "src", Some(source)) => source.clone_into(&mut mount.source),
            ("target" | "dst" | "destination", Some(target)) => {
                target.clone_into(&mut mount.target);
            }
            ("consistency", Some(value)) => value.clone_into(&mut mount.consistency),
            ("bind-propagation", Some(value)) => {
                let bind = mount.bind.get_or_insert_with(BindOptions::default);
                value.clone_into(&mut bind.propagation);
            }
            ("bind-recursive", Some("enabled" | "disabled" | "writable" | "readonly")) => {
                mount.bind.get_or_insert_with(BindOptions::default);
            }
            ("bind-recursive", Some(value)) => {
                return Err(format!(
                    "invalid value for {key}: {value} (must be \"enabled\", \"disabled\", \"writable\", or \
                     \"readonly\")"
                ));
            }
            ("tmpfs-size", Some(value)) => {
                let size = bytes(value).and_then(|size| i64::try_from(size).ok());
                let size = size.ok_or(format!("invalid value for {key}: {value}"))?;
                mount.tmpfs.get_or_insert_with(TmpfsOptions::default).size_bytes = size;
            }
            ("tmpfs-mode", Some(value)) => {
                let mode = u32::from_str_radix(value, 8);
                let mode = mode.map_err(|_| format!("invalid value for {key}: {value}"))?;
                mount.tmpfs.get_or_insert_with(TmpfsOptions::default).mode = mode;
            }
            ("volume-label", Some(value)) => {
                let (name, value) = value.split_once('=').unwrap_or((value, ""));
                let labels = &mut mount.volume.get_or_insert_with(VolumeOptions::default).labels;
                labels.insert(name.to_owned(), value.to_owned());
            }
            ("volume-driver", Some("local")) => {
                let local = Driver { name: "local".to_owned(), ..Driver::default() };
                mount.volume.get_or_insert_with(VolumeOptions::default).driver = Some(local);
            }
            ("volume-driver" | "volume-opt", Some(_)) => {
                return Err(format!("not simulated: {key}"));
            }
            _ => return Err(format!("unexpected key '{key}' in '{field}'")),
        }
    }
    if mount.target.is_empty() {
        return Err("target is required".to_owned());
    }
    let word = mount.kind.word();
    for (given, kind, options) in [
        (mount.volume.is_some(), MountKind::Volume, "volume"),
        (mount.bind.is_some(), MountKind::Bind, "bind"),
        (mount.tmpfs.is_some(), MountKind::Tmpfs, "tmpfs"),
    ] {
        if given && mount.kind != kind {
            return Err(format!("cannot mix '{options}-*' options with mount type '{word}'"));
        }
    }
    Ok(mount)
}

fn kind_of(text: &str) -> Result<MountKind, String> {
    match text.to_lowercase().as_str() {
        "bind" => Ok(MountKind::Bind),
        "volume" => Ok(MountKind::Volume),
        "tmpfs" => Ok(MountKind::Tmpfs),
        other => Err(format!("not simulated: mounts of type {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_has_many_keys() {
        let read = mount("type=bind,src=/etc/timezone,dst=/etc/timezone,readonly").unwrap();
        assert_eq!((read.kind, read.read_only), (MountKind::Bind, true));
        assert_eq!(
            (read.source.as_str(), read.target.as_str()),
            ("/etc/timezone", "/etc/timezone")
        );
        assert_eq!(mount("source=a").unwrap_err(), "target is required");
        assert_eq!(mount("foo").unwrap_err(), "invalid field 'foo' must be a key=value pair");
        assert_eq!(mount("foo=a,target=/x").unwrap_err(), "unexpected key 'foo' in 'foo=a'");
        assert_eq!(mount("ro=x,target=/x").unwrap_err(), "invalid value for ro: x");
    }
}
