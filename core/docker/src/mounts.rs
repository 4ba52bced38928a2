//! The values of `--mount` and `--publish` (docker/cli: `opts/mount.go`; go-connections:
//! `nat/parse.go`).

use daemon::api::ContainerPort;
use swarm::objects::{BindOptions, Mount, MountKind, TmpfsOptions, VolumeOptions};

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
            ("volume-driver" | "volume-opt" | "volume-label", Some(_)) => {
                return Err(format!("not simulated: {key}"));
            }
            _ => return Err(format!("unexpected key '{key}' in '{field}'")),
        }
    }
    if mount.target.is_empty() {
        return Err("target is required".to_owned());
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

/// Reads a `-p`: `80`, `8080:80`, `127.0.0.1:8080:80/udp`.
pub(crate) fn port(text: &str) -> Result<ContainerPort, String> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let mut parts = ports.rsplit(':');
    let container = parts.next().unwrap_or_default();
    let host = parts.next();
    let ip: Vec<&str> = parts.collect();
    if [Some(container), host].iter().flatten().any(|part| part.contains('-')) {
        return Err("not simulated: ranges of ports".to_owned());
    }
    if ip.len() > 1 || !matches!(protocol, "tcp" | "udp" | "sctp") {
        return Err(format!("Invalid proto: {protocol}"));
    }
    let private_port =
        container.parse().map_err(|_| format!("Invalid containerPort: {container}"))?;
    let public_port = match host {
        None | Some("") => None,
        Some(host) => Some(host.parse().map_err(|_| format!("Invalid hostPort: {host}"))?),
    };
    if public_port.is_none() {
        return Err("not simulated: a port of the host that is chosen for you".to_owned());
    }
    let ip = ip.first().copied().unwrap_or("0.0.0.0").to_owned();
    Ok(ContainerPort { private_port, public_port, ip, protocol: protocol.to_owned() })
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

    #[test]
    fn a_port_is_published() {
        let read = port("127.0.0.1:8080:80/udp").unwrap();
        assert_eq!(
            (read.ip.as_str(), read.public_port, read.private_port),
            ("127.0.0.1", Some(8080), 80)
        );
        assert_eq!(port("8080:x").unwrap_err(), "Invalid containerPort: x");
        assert_eq!(
            port("80").unwrap_err(),
            "not simulated: a port of the host that is chosen for you"
        );
    }
}
