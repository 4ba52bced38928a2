//! Which daemon a command is for: `--host`, `DOCKER_HOST` or a context, and how it is spoken to (docker/cli:
//! `cli/command/cli.go`, `cli/flags/options.go`).

use daemon::client::Client;
use daemon::{PORT, Remote, Tls};
use os::Proc;
use seal::pki::tls::Server as Identity;
use seal::pki::{Certificate, Key};

use crate::cli::Failure;
use crate::configuration::{self, DEFAULT};
use crate::parse::Matches;
use crate::profile::{Profile, Version};

/// The socket of this host's daemon.
const SOCKET: &str = "unix:///var/run/docker.sock";

/// An environment variable that says something.
fn set(proc: &Proc, name: &str) -> Option<String> {
    proc.env(name).filter(|value| !value.is_empty())
}

/// What the context `default` stands for.
pub(crate) fn default_host(proc: &Proc, root: &Matches) -> String {
    let typed = root.all("host").first().cloned();
    typed.or_else(|| set(proc, "DOCKER_HOST")).unwrap_or_else(|| SOCKET.to_owned())
}

/// The context that a command uses.
pub(crate) fn context_name(proc: &Proc, profile: &Profile, root: &Matches) -> String {
    if profile.version < Version(19, 3) {
        return DEFAULT.to_owned();
    }
    let typed = root.get("context").filter(|name| !name.is_empty()).map(str::to_owned);
    typed.unwrap_or_else(|| {
        if !root.all("host").is_empty() || set(proc, "DOCKER_HOST").is_some() {
            return DEFAULT.to_owned();
        }
        let stored = || {
            let stored = configuration::read(proc);
            let name = stored["currentContext"].as_str().unwrap_or_default().to_owned();
            Some(name).filter(|name| !name.is_empty())
        };
        set(proc, "DOCKER_CONTEXT").or_else(stored).unwrap_or_else(|| DEFAULT.to_owned())
    })
}

/// The files of TLS: who vouches for the daemon, the client's certificate and its key. Those that are not there are empty.
struct Files {
    texts: [String; 3],
    verifies: bool,
}

/// The way to the daemon that flags, environment and context name.
///
/// # Errors
/// They contradict each other, or name what is not there.
pub(crate) fn client(
    proc: &Proc,
    profile: &'static Profile,
    root: &Matches,
) -> Result<Client, Failure> {
    let is_new = profile.version >= Version(23, 0);
    if root.all("host").len() > 1 {
        return Err(Failure::text("Please specify only one -H"));
    }
    if !root.all("host").is_empty() && root.get("context").is_some() {
        let first = if is_new { "c" } else { "C" };
        let text = "onflicting options: either specify --host or --context, not both";
        return Err(Failure::text(format!("{first}{text}")));
    }
    let unresolved = |why: String| {
        let prefix = match profile.version {
            version if version < Version(19, 3) => "",
            _ if is_new => "Failed to initialize: unable to resolve docker endpoint: ",
            _ => "unable to resolve docker endpoint: ",
        };
        Failure::text(format!("{prefix}{why}"))
    };
    let name = context_name(proc, profile, root);
    let (host, files) = if name == DEFAULT {
        (default_host(proc, root), from_flags(proc, profile, root))
    } else {
        let stored = configuration::context(proc, &name)
            .map_err(|failure| unresolved(failure.message(profile)))?;
        let endpoint = &stored["Endpoints"]["docker"];
        let host = endpoint["Host"].as_str().unwrap_or(SOCKET).to_owned();
        (host, Ok(from_context(proc, &name, endpoint["SkipTLSVerify"] == true)))
    };
    let files = files.map_err(unresolved)?;
    match host.split_once("://") {
        _ if [SOCKET, "unix:///run/docker.sock"].contains(&host.as_str()) => Ok(Client::new(proc)),
        Some(("unix", _)) => Err(Failure::text(format!(
            "Cannot connect to the Docker daemon at {host}. Is the docker daemon running?"
        ))),
        Some(("ssh", _)) => Err(Failure::text("not simulated: ssh:// to a daemon; use tcp://")),
        Some(("tcp", place)) => remote(proc, profile, place, files).map_err(unresolved),
        None => remote(proc, profile, &host, files).map_err(unresolved),
        Some(_) => Err(unresolved(invalid(is_new, &host))),
    }
}

fn invalid(is_new: bool, host: &str) -> String {
    format!("{}nvalid bind address format: {host}", if is_new { "i" } else { "I" })
}

fn remote(
    proc: &Proc,
    profile: &'static Profile,
    place: &str,
    files: Option<Files>,
) -> Result<Client, String> {
    let place = place.trim_end_matches('/');
    let (address, port) = place.split_once(':').unwrap_or((place, ""));
    let port = if port.is_empty() { Ok(PORT) } else { port.parse() };
    let is_new = profile.version >= Version(23, 0);
    let port = port.map_err(|_| invalid(is_new, place))?;
    let address = if address.is_empty() { "localhost" } else { address };
    let tls = files.map(tls).transpose()?;
    let shown = format!("tcp://{address}:{port}");
    let release = (profile.api, profile.engine);
    let major = u16::from(profile.version.0);
    Ok(Client::to(proc, Remote::new((address, port), shown, tls, release, major)))
}

/// What files of TLS say.
fn tls(files: Files) -> Result<Tls, String> {
    let [ca, certificate, key] = files.texts;
    let chain = Certificate::all_of(&certificate);
    let identity = match chain.first().zip(Key::from_pem(&key)) {
        Some((leaf, key)) if leaf.key == key.public() => Some(Identity { chain, key }),
        None if certificate.is_empty() || key.is_empty() => None,
        found => {
            let why = match found {
                Some(_) => "private key does not match public key",
                None => "failed to find any PEM data in certificate input",
            };
            return Err(format!("failed to retrieve context tls info: tls: {why}"));
        }
    };
    Ok(Tls { roots: files.verifies.then(|| Certificate::all_of(&ca)), identity })
}

/// `--tls`, `--tlsverify`, ... and what the environment says for them.
fn from_flags(proc: &Proc, profile: &Profile, root: &Matches) -> Result<Option<Files>, String> {
    let verifies = match root.changed("tlsverify") {
        true => root.is_set("tlsverify"),
        false => set(proc, "DOCKER_TLS_VERIFY").is_some(),
    };
    // Even a false one means TLS.
    let wants = verifies || root.changed("tlsverify") || root.is_set("tls");
    if !wants && set(proc, "DOCKER_TLS").is_none() {
        return Ok(None);
    }
    let folder = set(proc, "DOCKER_CERT_PATH").unwrap_or_else(|| configuration::folder(proc));
    let mut texts = <[String; 3]>::default();
    let names = [("tlscacert", "ca"), ("tlscert", "cert"), ("tlskey", "key")];
    for (text, (flag, name)) in texts.iter_mut().zip(names) {
        let typed = root.get(flag);
        let path = typed.map_or_else(|| format!("{folder}/{name}.pem"), str::to_owned);
        match proc.read_file(&path) {
            Ok(bytes) => *text = String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) if typed.is_none() && (name != "ca" || !verifies) => {}
            Err(errno) => {
                let why = format!("open {path}: {}", crate::commands::go_error(errno));
                return Err(match (profile.version < Version(19, 3), name) {
                    (true, "ca") => format!("could not read CA certificate {path:?}: {why}"),
                    (true, _) => format!("Could not load X509 key pair: {why}"),
                    _ => why,
                });
            }
        }
    }
    Ok(Some(Files { texts, verifies }))
}

fn from_context(proc: &Proc, name: &str, skips: bool) -> Option<Files> {
    let folder = configuration::context_folder(proc, "tls", name);
    let texts = ["ca", "cert", "key"].map(|file| {
        let bytes = proc.read_file(&format!("{folder}/docker/{file}.pem")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let has_any = texts.iter().any(|text| !text.is_empty());
    (has_any || skips).then_some(Files { texts, verifies: !skips })
}
