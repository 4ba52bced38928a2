//! The values of `--publish` and `--network` (go-connections: `nat/parse.go`, `nat/nat.go`; docker/cli:
//! `opts/swarmopts/port.go`, `opts/network.go`), and lists of ports as tables show them.

use daemon::api::{ContainerPort, Endpoint};
use swarm::objects::{NetworkAttachment, PortConfig, PortProtocol, PublishMode};

use crate::value::csv;

/// The first and last of `80` or `80-89`.
fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

/// Reads a `-p`: `80`, `8080:80`, `127.0.0.1:8080:80/udp`, `8000-8009:80-89`. A port without a host's port
/// has `Some(0)`, an address that was not given is empty.
pub(crate) fn ports(text: &str) -> Result<Vec<ContainerPort>, String> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (rest, container) = match ports.rsplit_once(':') {
        Some((rest, container)) => (Some(rest), container),
        None => (None, ports),
    };
    let (ip, host) = match rest.map(|rest| rest.rsplit_once(':').unwrap_or(("", rest))) {
        Some((ip, host)) => (ip.trim_matches(['[', ']']), host),
        None => ("", ""),
    };
    if container.is_empty() {
        return Err(format!("No port specified: {text}<empty>"));
    }
    if !ip.is_empty() && ip.parse::<std::net::IpAddr>().is_err() {
        return Err(format!("Invalid ip address: {ip}"));
    }
    let (first, last) = range(container).ok_or(format!("Invalid containerPort: {container}"))?;
    let public = match host {
        "" => None,
        host => Some(range(host).ok_or(format!("Invalid hostPort: {host}"))?),
    };
    let protocol = protocol.to_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(format!("Invalid proto: {protocol}"));
    }
    if let Some((from, to)) = public
        && to - from != last - first
        && first != last
    {
        return Err(format!(
            "Invalid ranges specified for container and host Ports: {container} and {host}"
        ));
    }
    let of = |port: u16| ContainerPort {
        private_port: port,
        public_port: Some(public.map_or(0, |(from, _)| from + (port - first))),
        ip: ip.to_owned(),
        protocol: protocol.clone(),
    };
    Ok((first..=last).map(of).collect())
}

/// Reads a service's `--publish`, short or long.
pub(crate) fn service_ports(text: &str) -> Result<Vec<PortConfig>, String> {
    let fields = csv(text)?;
    if !text.contains('=') {
        let read = ports(text)?;
        if read.iter().any(|port| !port.ip.is_empty()) {
            return Err("hostip is not supported".to_owned());
        }
        return Ok(read
            .into_iter()
            .map(|port| PortConfig {
                name: String::new(),
                protocol: protocol(&port.protocol).unwrap_or_default(),
                target_port: u32::from(port.private_port),
                published_port: u32::from(port.public_port.unwrap_or_default()),
                publish_mode: PublishMode::Ingress,
            })
            .collect());
    }
    let mut port = PortConfig::default();
    for field in fields {
        let Some((key, value)) = field.split_once('=') else {
            return Err(format!("invalid field: {field}"));
        };
        let number = |what: &str| {
            value.parse::<u16>().map(u32::from).map_err(|_| {
                format!(
                    "invalid {what} port ({value}): value must be an integer: strconv.ParseUint: \
                     parsing \"{value}\": invalid syntax"
                )
            })
        };
        match key.to_lowercase().as_str() {
            "protocol" => {
                port.protocol =
                    protocol(value).ok_or(format!("invalid protocol value '{value}'"))?;
            }
            "mode" => {
                port.publish_mode = match value {
                    "ingress" => PublishMode::Ingress,
                    "host" => PublishMode::Host,
                    _ => {
                        return Err(format!(
                            "invalid publish mode value ({value}): must be either 'ingress' or 'host'"
                        ));
                    }
                };
            }
            "target" => port.target_port = number("target")?,
            "published" => port.published_port = number("published")?,
            other => return Err(format!("invalid field key: {other}")),
        }
    }
    if port.target_port == 0 {
        return Err("missing mandatory field 'target'".to_owned());
    }
    Ok(vec![port])
}

fn protocol(word: &str) -> Option<PortProtocol> {
    let all = [PortProtocol::Tcp, PortProtocol::Udp, PortProtocol::Sctp];
    all.into_iter().find(|known| known.word() == word)
}

/// Reads a `--network`: a name, or `name=x,alias=y,ip=z`.
pub(crate) fn network(text: &str) -> Result<Endpoint, String> {
    let mut endpoint = Endpoint::default();
    if !text.contains('=') {
        text.clone_into(&mut endpoint.network);
        return Ok(endpoint);
    }
    for field in csv(text)? {
        let Some((key, value)) = field.split_once('=') else {
            return Err(format!("invalid field {field}"));
        };
        match key.trim().to_lowercase().as_str() {
            "name" => value.clone_into(&mut endpoint.network),
            "alias" => endpoint.aliases.push(value.to_owned()),
            "ip" => value.clone_into(&mut endpoint.address),
            "driver-opt" | "ip6" | "link-local-ip" | "mac-address" | "gw-priority" => {
                return Err(format!("not simulated: {key} of a network"));
            }
            key => return Err(format!("invalid field key {key}")),
        }
    }
    if endpoint.network.is_empty() {
        return Err("network name/id is not specified".to_owned());
    }
    Ok(endpoint)
}

/// Reads a service's `--network`.
pub(crate) fn attachment(text: &str) -> Result<NetworkAttachment, String> {
    let Endpoint { network, aliases, .. } = network(text)?;
    Ok(NetworkAttachment { target: network, aliases })
}

/// `*:80->80/tcp, *:8000-8009->80-89/tcp`: neighbouring ports are one range.
pub(crate) fn published(ports: &[PortConfig]) -> String {
    let mut sorted: Vec<&PortConfig> = ports.iter().collect();
    sorted.sort_by_key(|port| (port.protocol, port.published_port));
    let mut ranges: Vec<(&PortConfig, u32)> = Vec::new();
    for port in sorted {
        match ranges.last_mut() {
            Some((first, more))
                if first.protocol == port.protocol
                    && first.published_port + *more + 1 == port.published_port
                    && first.target_port + *more + 1 == port.target_port =>
            {
                *more += 1;
            }
            _ => ranges.push((port, 0)),
        }
    }
    let shown = ranges.into_iter().map(|(port, more)| {
        let range = |first: u32| {
            if more == 0 { first.to_string() } else { format!("{first}-{}", first + more) }
        };
        let (published, target) = (range(port.published_port), range(port.target_port));
        format!("*:{published}->{target}/{}", port.protocol.word())
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_published_in_many_forms() {
        let shown = |text: &str| {
            ports(text).map(|ports| {
                let each = ports.iter().map(|port| {
                    let public = port.public_port.unwrap_or_default();
                    format!("{}:{public}:{}/{}", port.ip, port.private_port, port.protocol)
                });
                each.collect::<Vec<_>>().join(" ")
            })
        };
        let check = |text: &str, expected: &str| {
            assert_eq!(shown(text).unwrap_or_else(|error| error), expected, "{text}");
        };
        check("80", ":0:80/tcp");
        check("127.0.0.1:8053:53/udp", "127.0.0.1:8053:53/udp");
        check("127.0.0.1::53", "127.0.0.1:0:53/tcp");
        check("8000-8001:80-81", ":8000:80/tcp :8001:81/tcp");
        check(
            "8000-8003:80-81",
            "Invalid ranges specified for container and host Ports: 80-81 and 8000-8003",
        );
        check("8080:x", "Invalid containerPort: x");
        check("x:80", "Invalid hostPort: x");
        check("8080:80/foo", "Invalid proto: foo");
        check("8080:", "No port specified: 8080:<empty>");
        check("99999:80", "Invalid hostPort: 99999");
    }

    #[test]
    fn a_services_ports_have_a_long_form() {
        let read = service_ports("target=80,published=8088,mode=host,protocol=udp").unwrap();
        assert_eq!(read[0].publish_mode, PublishMode::Host);
        assert_eq!(published(&read), "*:8088->80/udp");
        assert_eq!(published(&service_ports("7000-7002:70-72").unwrap()), "*:7000-7002->70-72/tcp");
        let check = |text: &str, expected: &str| {
            assert_eq!(service_ports(text).unwrap_err(), expected, "{text}");
        };
        check("published=80", "missing mandatory field 'target'");
        check("target=80,foo=1", "invalid field key: foo");
        check(
            "target=80,mode=x",
            "invalid publish mode value (x): must be either 'ingress' or 'host'",
        );
        check("127.0.0.1:80:80", "hostip is not supported");
    }
}
