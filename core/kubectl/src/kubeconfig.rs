//! The kubeconfig: which cluster, which user, which namespace (client-go: `tools/clientcmd`).

use commandline::pflag::Matches;
use kube::rest::Credential;
use os::{Errno, Proc};
use serde_json::{Value, json};

use crate::cli::Failure;
use crate::json::{at, from_yaml, items, text};
use crate::output::yaml;
use crate::table::Command;

/// What a command works with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file.
    pub path: String,
    /// What is in it.
    pub content: Value,
    /// Where the API server is.
    pub server: String,
    /// Who asks.
    pub credential: Credential,
    /// The namespace of the flag, of the context, or `default`.
    pub namespace: String,
    /// It was given by the flag.
    pub is_namespace_given: bool,
}

/// Where the API server is without a kubeconfig.
const NOWHERE: &str = "http://localhost:8080";

/// As Go words a failed system call.
pub(crate) fn go_error(errno: Errno) -> String {
    errno.to_string().to_lowercase()
}

/// The entry of a name in one of the lists: `clusters`, `users`, `contexts`.
pub(crate) fn entry<'a>(content: &'a Value, list: &str, name: &str) -> Option<&'a Value> {
    items(content, list).iter().find(|entry| text(entry, "name") == name)
}

impl Config {
    /// Reads the file that the flag, `$KUBECONFIG` or the home folder names.
    ///
    /// # Errors
    /// A file that cannot be read or understood, a context that is not in it.
    pub(crate) fn load(proc: &Proc, command: &Command, matches: &Matches) -> Result<Self, Failure> {
        // Some commands mean something else by a global flag's name: `create rolebinding --user`.
        let is_own = |flag: &str| {
            command.flags.iter().flat_map(|set| set.iter()).any(|own| own.name == flag)
        };
        let wanted = matches.get("user").filter(|_| !is_own("user"));
        let home = proc.env("HOME").unwrap_or_else(|| "/root".to_owned());
        let given = matches.get("kubeconfig").map(str::to_owned);
        let is_given = given.is_some();
        let variable = || proc.env("KUBECONFIG").filter(|path| !path.is_empty());
        let first = |paths: String| paths.split(':').next().unwrap_or_default().to_owned();
        let path = given.or_else(|| variable().map(first));
        let path = path.unwrap_or_else(|| format!("{home}/.kube/config"));
        let content = match proc.read_file(&path) {
            Ok(bytes) => from_yaml(&String::from_utf8_lossy(&bytes)).map_err(|why| {
                Failure::text(format!("error loading config file \"{path}\": {why}"))
            })?,
            Err(Errno::NotFound) if is_given => {
                return Err(Failure::text(format!("stat {path}: no such file or directory")));
            }
            Err(Errno::NotFound) => Value::Null,
            Err(errno) => {
                let why = go_error(errno);
                let text = format!("error loading config file \"{path}\": open {path}: {why}");
                return Err(Failure::text(text));
            }
        };
        let named = matches.get("context");
        let name = named.unwrap_or_else(|| text(&content, "current-context"));
        let context =
            entry(&content, "contexts", name).map_or(&Value::Null, |it| at(it, "context"));
        if context.is_null() && named.is_some() {
            return Err(Failure::text(format!("context \"{name}\" does not exist")));
        }
        let cluster = matches.get("cluster").unwrap_or_else(|| text(context, "cluster"));
        let known = entry(&content, "clusters", cluster);
        if known.is_none() && matches.get("cluster").is_some() {
            return Err(Failure::text(format!("cluster \"{cluster}\" does not exist")));
        }
        let server = known.map_or("", |known| text(known, "cluster/server"));
        let server = matches.get("server").unwrap_or(server);
        let user = wanted.unwrap_or_else(|| text(context, "user"));
        let known = entry(&content, "users", user).map_or(&Value::Null, |known| at(known, "user"));
        if known.is_null() && wanted.is_some() {
            return Err(Failure::text(format!("auth info \"{user}\" does not exist")));
        }
        let mut credential = credential(proc, matches, known)?;
        if let Some(user) = matches.get("as") {
            let groups = matches.all("as-group").to_vec();
            credential =
                Credential::As { own: Box::new(credential), user: user.to_owned(), groups };
        }
        let given = matches.get("namespace").filter(|_| is_command_namespace(matches));
        let namespace = given.unwrap_or_else(|| text(context, "namespace"));
        let namespace = if namespace.is_empty() { "default" } else { namespace }.to_owned();
        let server = match server {
            "" => NOWHERE.to_owned(),
            server if server.contains("://") => server.to_owned(),
            server => format!("http://{server}"),
        };
        let is_namespace_given = given.is_some();
        Ok(Self { path, content, server, credential, namespace, is_namespace_given })
    }

    /// Writes the file as it is now.
    ///
    /// # Errors
    /// The system call that failed.
    pub(crate) fn save(&self, proc: &Proc) -> Result<(), Failure> {
        let failed = |errno| Failure::text(format!("open {}: {}", self.path, go_error(errno)));
        if let Some((folder, _)) = self.path.rsplit_once('/')
            && !folder.is_empty()
            && !proc.exists(folder)
        {
            proc.make_directory(folder, 0o755).map_err(failed)?;
        }
        let mut content = self.content.clone();
        if !content.is_object() {
            content = json!({});
        }
        for (key, value) in [("apiVersion", "v1"), ("kind", "Config"), ("current-context", "")] {
            if at(&content, key).is_null() {
                content[key] = value.into();
            }
        }
        for list in ["clusters", "contexts", "users"] {
            if !at(&content, list).is_array() {
                content[list] = Value::Null;
            }
        }
        if at(&content, "preferences").is_null() {
            content["preferences"] = json!({});
        }
        proc.write_file(&self.path, yaml::print(&content).as_bytes()).map_err(failed)
    }
}

/// An empty namespace is none.
fn is_command_namespace(matches: &Matches) -> bool {
    matches.get("namespace").is_some_and(|namespace| !namespace.is_empty())
}

/// The user's certificate or token.
fn credential(proc: &Proc, matches: &Matches, user: &Value) -> Result<Credential, Failure> {
    let token = matches.get("token").unwrap_or_else(|| text(user, "token"));
    if !token.is_empty() {
        return Ok(Credential::Token(token.to_owned()));
    }
    if !text(user, "tokenFile").is_empty() {
        let path = text(user, "tokenFile");
        let bytes = proc.read_file(path);
        let bytes =
            bytes.map_err(|errno| Failure::text(format!("open {path}: {}", go_error(errno))))?;
        return Ok(Credential::Token(String::from_utf8_lossy(&bytes).trim().to_owned()));
    }
    let part = |name: &str| -> Result<Vec<u8>, Failure> {
        let data = text(user, &format!("{name}-data"));
        let path = matches.get(name).unwrap_or_else(|| text(user, name));
        if !data.is_empty() && matches.get(name).is_none() {
            return seal::base64::decode(data).ok_or_else(|| {
                Failure::text(format!("illegal base64 data in {name}-data of the kubeconfig"))
            });
        }
        if path.is_empty() {
            return Ok(Vec::new());
        }
        proc.read_file(path).map_err(|errno| {
            Failure::text(format!("unable to read {name} {path}: {}", go_error(errno)))
        })
    };
    let (certificate, key) = (part("client-certificate")?, part("client-key")?);
    if certificate.is_empty() {
        Ok(Credential::Anonymous)
    } else {
        Ok(Credential::Certificate { certificate, key })
    }
}
