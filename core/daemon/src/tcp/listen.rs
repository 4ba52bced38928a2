//! Where a daemon listens: the command of its unit, and `/etc/docker/daemon.json` (moby: `cmd/dockerd/daemon.go`,
//! `daemon/config/config.go`).

use os::Machine;
use os::fs::User;
use seal::pki::tls::Server;
use seal::pki::{Certificate, Key};
use serde_json::Value;

use super::PORT;
use crate::host_names::host_file;

/// Where a daemon listens, and what it asks of those who come over TCP.
#[derive(Clone, Debug, Default)]
pub struct Listening {
    /// Not on its socket.
    no_socket: bool,
    /// Addresses and ports.
    tcp: Vec<(String, u16)>,
    /// What it shows over TLS; nothing: whoever comes talks plainly.
    pub(super) identity: Option<Server>,
    /// Clients must have certificates that these vouch for.
    pub(super) clients: Option<Vec<Certificate>>,
}

/// The files of a unit in systemd's order: the unit itself, then what changes it.
const UNITS: [&str; 2] =
    ["/etc/systemd/system/docker.service", "/lib/systemd/system/docker.service"];
const DROP_INS: &str = "/etc/systemd/system/docker.service.d";
/// What a unit file that says nothing stands for here.
const COMMAND: &str = "/usr/bin/dockerd -H fd://";
const FILE: &str = "/etc/docker/daemon.json";

/// What can be said as a flag and in the file; those of the first row take no value.
const SWITCHES: [&str; 2] = ["tls", "tlsverify"];
const FILES: [(&str, &str); 3] = [
    ("tlscacert", "/root/.docker/ca.pem"),
    ("tlscert", "/root/.docker/cert.pem"),
    ("tlskey", "/root/.docker/key.pem"),
];

/// The command that systemd starts the daemon with, as its files say now.
pub fn daemon_command(machine: &Machine) -> String {
    let mut texts: Vec<String> =
        UNITS.iter().find_map(|path| host_file(machine, path)).into_iter().collect();
    let host = machine.host();
    let names = {
        let host = host.borrow();
        let folder = host.mounts.resolve("/", DROP_INS, true, User::ROOT);
        folder.map(|folder| host.mounts.list(&folder)).unwrap_or_default()
    };
    for (name, _) in names.iter().filter(|(name, _)| name.ends_with(".conf")) {
        texts.extend(host_file(machine, &format!("{DROP_INS}/{name}")));
    }
    let mut command = String::new();
    for text in texts {
        let joined = text.replace("\\\n", " ");
        let lines = joined.lines().filter_map(|line| line.trim().strip_prefix("ExecStart="));
        for line in lines {
            line.trim().clone_into(&mut command);
        }
    }
    if command.is_empty() { COMMAND.to_owned() } else { command }
}

/// A setting's values in the order in which they were given.
type Setting = (String, Vec<String>);

fn known(name: &str) -> bool {
    name == "hosts" || SWITCHES.contains(&name) || FILES.iter().any(|(file, _)| *file == name)
}

/// The flags of a command, as far as they are known here.
fn flags(command: &str) -> Vec<Setting> {
    let mut found: Vec<Setting> = Vec::new();
    let mut words = command.split_whitespace().skip(1).map(|word| word.trim_matches('"'));
    while let Some(word) = words.next() {
        let (name, value) = match word.strip_prefix("-H") {
            Some("") => ("hosts", None),
            Some(value) => ("hosts", Some(value.trim_start_matches('='))),
            None => {
                let Some(flag) = word.strip_prefix("--") else { continue };
                let (name, value) = match flag.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (flag, None),
                };
                (if name == "host" { "hosts" } else { name }, value)
            }
        };
        if !known(name) {
            continue;
        }
        let value = match value {
            Some(value) => value,
            None if SWITCHES.contains(&name) => "true",
            None => words.next().unwrap_or_default(),
        };
        match found.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value.to_owned()),
            None => found.push((name.to_owned(), vec![value.to_owned()])),
        }
    }
    found
}

/// The same of the file.
fn in_file(text: &str) -> Result<Vec<Setting>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let json: Value = serde_json::from_str(text).map_err(|error| in_go(&error, text))?;
    let members = json.as_object().into_iter().flatten();
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let settings = members.filter(|(name, _)| known(name)).map(|(name, value)| {
        let values = match value {
            Value::Array(values) => values.iter().map(word).collect(),
            value => vec![word(value)],
        };
        (name.clone(), values)
    });
    Ok(settings.collect())
}

/// What Go says of the places at which serde finds a mistake (`encoding/json`, `scanner.go`).
const MISTAKES: [(&str, &str); 5] = [
    ("expected `,` or `}`", "after object key:value pair"),
    ("expected `,` or `]`", "after array element"),
    ("expected `:`", "after object key"),
    ("key must be a string", "looking for beginning of object key string"),
    ("trailing characters", "after top-level value"),
];

/// A mistake in JSON in Go's words.
fn in_go(error: &serde_json::Error, text: &str) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let letter = line.get(error.column().saturating_sub(1)..).and_then(|rest| rest.chars().next());
    let letter = letter.unwrap_or('\n');
    let said = error.to_string();
    let found = MISTAKES.iter().find(|(ours, _)| said.starts_with(ours));
    let place = match found {
        Some((_, place)) => place,
        None if letter == '}' => MISTAKES[3].1,
        None => "looking for beginning of value",
    };
    format!("invalid character {letter:?} {place}")
}

impl Listening {
    /// What a daemon with this command does on a host.
    ///
    /// # Errors
    /// Why it ends at once.
    pub fn new(machine: &Machine, command: &str) -> Result<Self, String> {
        let mut settings = flags(command);
        let unable =
            |why: &str| format!("unable to configure the Docker daemon with file {FILE}: {why}");
        let file = in_file(&host_file(machine, FILE).unwrap_or_default());
        let shown = |name: &str, values: &[String]| match name {
            "hosts" => format!("[{}]", values.join(" ")),
            _ => values.join(" "),
        };
        let mut conflicts = Vec::new();
        for (name, values) in file.map_err(|why| unable(&why))? {
            match settings.iter().find(|(known, _)| *known == name) {
                Some((_, flags)) => conflicts.push(format!(
                    "{name}: (from flag: {}, from file: {})",
                    shown(&name, flags),
                    shown(&name, &values)
                )),
                None => settings.push((name, values)),
            }
        }
        if !conflicts.is_empty() {
            return Err(unable(&format!(
                "the following directives are specified both as a flag and in the configuration file: {}",
                conflicts.join(", ")
            )));
        }
        Self::of(machine, &settings)
    }

    fn of(machine: &Machine, settings: &[Setting]) -> Result<Self, String> {
        let values = |name: &str| {
            let found = settings.iter().find(|(known, _)| known == name);
            found.map_or(&[][..], |(_, values)| values)
        };
        // Any of them, even a false one, means TLS.
        let verifies = !values("tlsverify").is_empty();
        let has_tls = verifies || values("tls").last().is_some_and(|value| value == "true");
        let mut listening = Self::default();
        if has_tls {
            let [ca, certificate, key] =
                FILES.map(|(name, usual)| values(name).last().map_or(usual, String::as_str));
            let read = |path: &str| {
                let missing = || format!("open {path}: no such file or directory");
                host_file(machine, path).ok_or_else(missing)
            };
            let invalid = |why: String| format!("invalid TLS configuration: {why}");
            let pair = |why: String| {
                invalid(format!(
                    "Could not load X509 key pair (cert: {certificate:?}, key: {key:?}): {why}"
                ))
            };
            let chain = Certificate::all_of(&read(certificate).map_err(pair)?);
            let found = Key::from_pem(&read(key).map_err(pair)?);
            listening.identity = match (chain.first(), found) {
                (None, _) => {
                    return Err(pair(
                        "tls: failed to find any PEM data in certificate input".into(),
                    ));
                }
                (_, None) => {
                    return Err(pair("tls: failed to find any PEM data in key input".into()));
                }
                (Some(leaf), Some(key)) if leaf.key != key.public() => {
                    return Err(pair("tls: private key does not match public key".into()));
                }
                (Some(_), Some(key)) => Some(Server { chain, key }),
            };
            if verifies {
                let roots = read(ca).map_err(|why| {
                    invalid(format!("could not read CA certificate {ca:?}: {why}"))
                })?;
                listening.clients = Some(Certificate::all_of(&roots));
            }
        }
        let hosts = values("hosts");
        listening.no_socket = !hosts.is_empty();
        for host in hosts {
            match host.split_once("://") {
                Some(("fd" | "unix", _)) => listening.no_socket = false,
                Some(("tcp", place)) => listening.tcp.push(place_of(place, host)?),
                None => listening.tcp.push(place_of(host, host)?),
                Some(_) => return Err(format!("Invalid bind address format: {host}")),
            }
        }
        let own = machine.host();
        let own = &own.borrow().addresses;
        let is_foreign = |address: &str| {
            address != "0.0.0.0"
                && !address.starts_with("127.")
                && !own.iter().any(|own| own == address)
        };
        if let Some((address, port)) = listening.tcp.iter().find(|(address, _)| is_foreign(address))
        {
            return Err(format!(
                "failed to load listeners: listen tcp {address}:{port}: bind: cannot assign \
                 requested address"
            ));
        }
        Ok(listening)
    }

    /// It answers on its socket.
    pub const fn has_socket(&self) -> bool {
        !self.no_socket
    }

    /// Ports, lowest first.
    pub(crate) fn ports(&self) -> impl Iterator<Item = u16> {
        self.tcp.iter().map(|(_, port)| *port)
    }

    /// True if it answers what comes to a port; `from_here`: from this host.
    pub(crate) fn answers(&self, port: u16, from_here: bool) -> bool {
        let answers = |address: &str| from_here || !address.starts_with("127.");
        self.tcp.iter().any(|(address, own)| *own == port && answers(address))
    }

    /// What `docker info` warns of (moby: `daemon/info.go`, `fillAPIInfo`): address, and whether it is TLS without
    /// certificates of clients.
    pub(crate) fn open_to_all(&self) -> impl Iterator<Item = (String, bool)> {
        let is_open = self.clients.is_none();
        let places = self.tcp.iter().filter(move |_| is_open);
        places.map(|(address, port)| (format!("{address}:{port}"), self.identity.is_some()))
    }
}

/// `0.0.0.0:2375`; that port, also with TLS, and this host alone, if it does not say (moby: `opts/hosts.go`, `ParseTCPAddr`).
fn place_of(place: &str, typed: &str) -> Result<(String, u16), String> {
    let place = place.trim_end_matches('/');
    let (address, port) = place.split_once(':').unwrap_or((place, ""));
    let port = if port.is_empty() { Ok(PORT) } else { port.parse() };
    let port = port.map_err(|_| format!("Invalid bind address format: {typed}"))?;
    let address = if address.is_empty() || address == "localhost" { "127.0.0.1" } else { address };
    Ok((address.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_as_go_tells_them() {
        for (text, told) in [
            ("{\"hosts\": [\"fd://\"", "unexpected end of JSON input"),
            (
                "{\n  \"tls\": true,\n}",
                "invalid character '}' looking for beginning of object key string",
            ),
            ("{\"tls\": true \"x\": 1}", "invalid character '\"' after object key:value pair"),
            ("{\"hosts\": [\"a\" \"b\"]}", "invalid character '\"' after array element"),
            ("{\"hosts\": [\"a\",]}", "invalid character ']' looking for beginning of value"),
            ("{\"hosts\" [\"a\"]}", "invalid character '[' after object key"),
            ("{tls: true}", "invalid character 't' looking for beginning of object key string"),
            ("hosts", "invalid character 'h' looking for beginning of value"),
            ("{} x", "invalid character 'x' after top-level value"),
        ] {
            assert_eq!(in_file(text), Err(told.to_owned()), "{text}");
        }
    }

    #[test]
    fn flags_are_read_in_their_forms() {
        let command = "/usr/bin/dockerd -H fd:// -H=tcp://:2375 --host 10.1.2.3 --debug --tls --tlscacert=/ca.pem -H0.0.0.0";
        let shown: Vec<String> = flags(command)
            .iter()
            .map(|(name, values)| format!("{name} {}", values.join(",")))
            .collect();
        let hosts = "hosts fd://,tcp://:2375,10.1.2.3,0.0.0.0";
        assert_eq!(shown, [hosts, "tls true", "tlscacert /ca.pem"]);
        let place = |text: &str| place_of(text, text);
        assert_eq!(place(":2376"), Ok(("127.0.0.1".to_owned(), 2376)));
        assert_eq!(place("0.0.0.0/"), Ok(("0.0.0.0".to_owned(), 2375)));
        assert_eq!(place("0.0.0.0:x"), Err("Invalid bind address format: 0.0.0.0:x".to_owned()));
    }
}
