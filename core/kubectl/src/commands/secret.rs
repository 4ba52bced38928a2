//! `kubectl create secret` and `create configmap`: keys and values of files, literals, environment files
//! (kubectl: `cmd/create/create_secret.go`, `create_configmap.go`).

use serde_json::{Value, json};

use super::make::{self, made};
use crate::cli::{Boxed, Cli, Failure};
use crate::kubeconfig::go_error;
use crate::table::Outcome;

/// A key of a Secret or ConfigMap (apimachinery: `IsConfigMapKey`).
fn check_key(key: &str, kind: &str) -> Result<(), Failure> {
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    let mut reasons = Vec::new();
    if key.len() > 253 {
        reasons.push("must be no more than 253 characters".to_owned());
    }
    if key.is_empty() || !key.chars().all(is_allowed) {
        reasons.push(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  \
             or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
                .to_owned(),
        );
    } else if key == "." {
        reasons.push("must not be '.'".to_owned());
    } else if key.starts_with("..") {
        reasons.push("must not start with '..'".to_owned());
    }
    if reasons.is_empty() {
        return Ok(());
    }
    let reasons = reasons.join(";");
    Err(Failure::text(match kind {
        "Secret" => format!("\"{key}\" is not valid key name for a Secret {reasons}"),
        _ => format!("\"{key}\" is not a valid key name for a ConfigMap: {reasons}"),
    }))
}

/// Keys and their bytes.
type Data = Vec<(String, Vec<u8>)>;

fn add(data: &mut Data, kind: &str, key: &str, bytes: Vec<u8>) -> Result<(), Failure> {
    check_key(key, kind)?;
    if data.iter().any(|(known, _)| known == key) {
        return Err(Failure::text(match kind {
            "Secret" => format!("cannot add key {key}, another key by that name already exists"),
            _ => format!(
                "cannot add key \"{key}\", another key by that name already exists in Data for ConfigMap"
            ),
        }));
    }
    data.push((key.to_owned(), bytes));
    Ok(())
}

fn read(cli: &Cli, path: &str) -> Result<Vec<u8>, Failure> {
    let read = cli.proc.read_file(path);
    read.map_err(|errno| Failure::text(format!("open {path}: {}", go_error(errno))))
}

/// `[key=]source` of `--from-file`.
fn from_file(cli: &Cli, kind: &str, given: &str, data: &mut Data) -> Result<(), Failure> {
    let (key, path) = match given.split_once('=') {
        Some((_, rest)) if rest.contains('=') => {
            return Err(Failure::text("key names or file paths cannot contain '='"));
        }
        Some(("", _)) => {
            return Err(Failure::text(format!(
                "key name for file path {} missing",
                given.trim_start_matches('=')
            )));
        }
        Some((key, "")) => {
            return Err(Failure::text(format!("file path for key name {key} missing")));
        }
        Some((key, path)) => (key, path),
        None => (given.rsplit('/').next().unwrap_or_default(), given),
    };
    let inode = cli
        .proc
        .stat(path)
        .map_err(|errno| Failure::text(format!("error reading {path}: {}", go_error(errno))))?;
    if !inode.is_directory() {
        return add(data, kind, key, read(cli, path)?);
    }
    if given.contains('=') {
        return Err(Failure::text("cannot give a key name for a directory path"));
    }
    let entries = cli.proc.list(path).map_err(|errno| {
        Failure::text(format!("error listing files in {path}: {}", go_error(errno)))
    })?;
    for (name, inode) in entries {
        if inode.type_letter() == '-' {
            add(data, kind, &name, read(cli, &format!("{}/{name}", path.trim_end_matches('/')))?)?;
        }
    }
    Ok(())
}

/// `key=value` of `--from-literal`.
fn from_literal(kind: &str, given: &str, data: &mut Data) -> Result<(), Failure> {
    let wrong = || Failure::text(format!("invalid literal source {given}, expected key=value"));
    let (key, value) =
        given.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(wrong)?;
    // One pair of quotes around the value is taken off.
    let quoted =
        ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    add(data, kind, key, quoted.unwrap_or(value).as_bytes().to_vec())
}

/// The lines of `--from-env-file`.
fn from_env_file(cli: &Cli, kind: &str, path: &str, data: &mut Data) -> Result<(), Failure> {
    let inode = cli
        .proc
        .stat(path)
        .map_err(|errno| Failure::text(format!("error reading {path}: {}", go_error(errno))))?;
    if inode.is_directory() {
        let word = if kind == "Secret" { "secret" } else { "config" };
        return Err(Failure::text(format!("env {word} file cannot be a directory")));
    }
    for line in String::from_utf8_lossy(&read(cli, path)?).lines() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key, value.to_owned()),
            // A name alone has the value of the own environment.
            None => match cli.proc.env(line) {
                Some(value) => (line, value),
                None => continue,
            },
        };
        let is_name = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
        if key.is_empty()
            || !key.chars().all(is_name)
            || key.starts_with(|char: char| char.is_ascii_digit())
        {
            return Err(Failure::text(format!(
                "\"{key}\" is not a valid key name: a valid environment variable name must consist of alphabetic \
                 characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or \
                 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')"
            )));
        }
        add(data, kind, key, value.into_bytes())?;
    }
    Ok(())
}

fn data(cli: &Cli, kind: &str) -> Result<Data, Failure> {
    collect(cli, kind).map_err(|failure| match failure {
        // The object's name is the last word of this one.
        Failure::Text(text) if text.ends_with("for ConfigMap") => {
            let name = cli.args().first().map_or("", String::as_str);
            Failure::text(format!("{text} {}", commandline::text::quote(name)))
        }
        other => other,
    })
}

fn collect(cli: &Cli, kind: &str) -> Result<Data, Failure> {
    let all = |flag: &str| cli.matches.all(flag).to_vec();
    let (files, literals, env_files) =
        (all("from-file"), all("from-literal"), all("from-env-file"));
    if !env_files.is_empty() && (!files.is_empty() || !literals.is_empty()) {
        return Err(Failure::text(
            "from-env-file cannot be combined with from-file or from-literal",
        ));
    }
    let mut data = Data::new();
    let split = |given: Vec<String>| -> Vec<String> {
        given.iter().flat_map(|one| one.split(',')).map(str::to_owned).collect()
    };
    for given in literals {
        from_literal(kind, &given, &mut data)?;
    }
    for given in split(files) {
        from_file(cli, kind, &given, &mut data)?;
    }
    for given in split(env_files) {
        from_env_file(cli, kind, &given, &mut data)?;
    }
    Ok(data)
}

/// A Secret of these bytes.
fn secret_of(cli: &Cli, name: &str, kind: &str, data: Data) -> Value {
    let mut secret = make::object(cli, "v1", "Secret", name, true);
    let mut encoded = json!({});
    for (key, bytes) in &data {
        encoded[key] = seal::base64::encode(bytes).into();
    }
    if !data.is_empty() {
        secret["data"] = encoded;
    }
    if !kind.is_empty() {
        secret["type"] = kind.into();
    }
    secret
}

/// `kubectl create secret generic`.
pub(crate) fn generic(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let name = super::one_name(cli)?;
        let secret = secret_of(cli, name, cli.flag("type"), data(cli, "Secret")?);
        made(cli, secret).await
    })
}

/// There is a PEM block of the right type (Go: `tls.X509KeyPair`).
fn pem(bytes: &[u8], what: &str, wanted: &str, end: &str) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let types = text.split("-----BEGIN ").skip(1).filter_map(|rest| rest.split("-----").next());
    let types: Vec<&str> = types.collect();
    if types.iter().any(|one| one.ends_with(end)) {
        return Ok(());
    }
    Err(Failure::text(if types.is_empty() {
        format!("tls: failed to find any PEM data in {what} input")
    } else {
        format!(
            "tls: failed to find {wanted} in {what} input after skipping PEM blocks of the following types: [{}]",
            types.join(" ")
        )
    }))
}

/// `kubectl create secret tls`.
pub(crate) fn tls(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let name = super::one_name(cli)?;
        let (cert, key) = (cli.flag("cert"), cli.flag("key"));
        if cert.is_empty() || key.is_empty() {
            return Err(Failure::text("key and cert must be specified"));
        }
        let (cert, key) = (read(cli, cert)?, read(cli, key)?);
        pem(&cert, "certificate", "\"CERTIFICATE\" PEM block", "CERTIFICATE")?;
        pem(&key, "key", "PEM block with type ending in \"PRIVATE KEY\"", "PRIVATE KEY")?;
        let data = vec![("tls.crt".to_owned(), cert), ("tls.key".to_owned(), key)];
        let secret = secret_of(cli, name, "kubernetes.io/tls", data);
        made(cli, secret).await
    })
}

/// `kubectl create secret docker-registry`.
pub(crate) fn docker_registry(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let name = super::one_name(cli)?;
        let flag = |name: &str| cli.flag(name).to_owned();
        let files = data(cli, "Secret")?;
        let (user, password) = (flag("docker-username"), flag("docker-password"));
        let (server, email) = (flag("docker-server"), flag("docker-email"));
        let content = if let Some((_, bytes)) = files.into_iter().next() {
            bytes
        } else if user.is_empty() || password.is_empty() || server.is_empty() {
            return Err(Failure::text(
                "either --from-file or the combination of --docker-username, --docker-password and --docker-server is \
                 required",
            ));
        } else {
            let auth = seal::base64::encode(format!("{user}:{password}").as_bytes());
            let mut entry = json!({ "username": user, "password": password });
            if !email.is_empty() {
                entry["email"] = email.into();
            }
            entry["auth"] = auth.into();
            let mut auths = json!({});
            auths[server] = entry;
            json!({ "auths": auths }).to_string().into_bytes()
        };
        let data = vec![(".dockerconfigjson".to_owned(), content)];
        let secret = secret_of(cli, name, "kubernetes.io/dockerconfigjson", data);
        made(cli, secret).await
    })
}

/// `kubectl create configmap`.
pub(crate) fn configmap(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let name = super::one_name(cli)?;
        let mut map = make::object(cli, "v1", "ConfigMap", name, true);
        for (key, bytes) in data(cli, "ConfigMap")? {
            match String::from_utf8(bytes) {
                Ok(text) => drop(crate::json::object(&mut map, "data").insert(key, text.into())),
                Err(error) => {
                    let encoded = seal::base64::encode(error.as_bytes());
                    crate::json::object(&mut map, "binaryData").insert(key, encoded.into());
                }
            }
        }
        made(cli, map).await
    })
}
