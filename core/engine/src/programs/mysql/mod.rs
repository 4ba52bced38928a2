//! `mysqld` as far as its image's variables and passwords go, and its clients `mysql` and `mysqladmin`.
//!
//! The image's rules (docker-library/mysql): a variable `NAME_FILE` names a file whose content, less
//! the newlines at its end, is the value of `NAME`; a value that merely looks like a path is a value.
//! Of SQL there is what [`super::sql`] knows; anything else says so.

mod client;
mod server;

use sorted::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

use os::process::Disposition;
use os::program::Running;
use os::{Proc, Signal};

use super::next_signal;
use super::sql;
use crate::digest::Digest;

pub(super) use client::{mysql, mysqladmin, query};
use server::Server;

const DATA: &str = "/var/lib/mysql";
const PORT: u16 = 3306;

/// Accounts (a password's digest by name) and databases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tables {
    accounts: SortedMap<String, String>,
    databases: SortedMap<String, sql::Database>,
}

/// The server stores what a password's digest is, never the password.
pub(super) fn digest(password: &str) -> String {
    if password.is_empty() { String::new() } else { Digest::of(password.as_bytes()).hex() }
}

impl Tables {
    fn save(&self) -> String {
        let accounts =
            self.accounts.iter().map(|(name, digest)| format!("account {name} {digest}\n"));
        let databases =
            self.databases.iter().map(|(name, own)| format!("database {name} {}\n", own.save()));
        accounts.chain(databases).collect()
    }

    fn load(text: &str) -> Self {
        let mut tables = Self::default();
        for line in text.lines() {
            let words: Vec<&str> = line.splitn(3, ' ').collect();
            match words.as_slice() {
                ["account", name, digest] => {
                    tables.accounts.insert((*name).to_owned(), (*digest).to_owned());
                }
                ["database", name, content] => {
                    let content = serde_json::from_str(content).unwrap_or_default();
                    tables.databases.insert((*name).to_owned(), sql::Database::load(&content));
                }
                _ => {}
            }
        }
        tables
    }
}

/// The value of a variable, given itself or through a file.
pub(super) fn variable(proc: &Proc, name: &str) -> Result<Option<String>, String> {
    let file = format!("{name}_FILE");
    match (proc.env(name), proc.env(&file)) {
        (Some(_), Some(_)) => Err(format!("Both {name} and {file} are set (but are exclusive)")),
        (None, Some(path)) => match proc.read_file(&path) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                Ok(Some(text.trim_end_matches('\n').to_owned()))
            }
            Err(errno) => Err(format!("{path}: {errno}")),
        },
        (value, None) => Ok(value),
    }
}

/// `2023-04-24` and `18:21:14`.
pub(in crate::programs) fn date_and_clock(proc: &Proc) -> (String, String) {
    let text = proc.wall().rfc3339();
    (text[..10].to_owned(), text[11..19].to_owned())
}

/// What the image's entry point says.
async fn tell(proc: &Proc, kind: &str, text: &str) {
    let (date, clock) = date_and_clock(proc);
    proc.eprint(format!("{date} {clock}+00:00 [{kind}] [Entrypoint]: {text}\n")).await;
}

/// What the server says: since 8.0 with a number, and in other words.
async fn log(proc: &Proc, version: &str, (number, new): (&str, &str), old: &str) {
    let text = match is_new(version) {
        true if new.is_empty() => return,
        true => format!("[System] [MY-{number}] [Server] {new}"),
        false => format!("[Note] {old}"),
    };
    let (date, clock) = date_and_clock(proc);
    let micros = proc.wall().civil().nanos / 1_000;
    proc.eprint(format!("{date}T{clock}.{micros:06}Z 0 {text}\n")).await;
}

fn is_new(version: &str) -> bool {
    !version.contains("MariaDB") && !version.starts_with("5.")
}

/// A setting of the image: MariaDB's has its own prefix and takes MySQL's, too.
fn setting(proc: &Proc, name: &str) -> Result<Option<String>, String> {
    if is_mariadb(proc)
        && let Some(value) = variable(proc, &format!("MARIADB_{name}"))?
    {
        return Ok(Some(value));
    }
    variable(proc, &format!("MYSQL_{name}"))
}

fn is_mariadb(proc: &Proc) -> bool {
    proc.env("MARIADB_VERSION").is_some()
}

fn version(proc: &Proc) -> String {
    if is_mariadb(proc) {
        return "10.6.12-MariaDB".to_owned();
    }
    proc.env("MYSQL_VERSION").unwrap_or_else(|| "5.7.32".to_owned())
}

/// Sets the accounts up on the first start, with the password of root if it was made up.
fn initialize(proc: &Proc) -> Result<(Tables, Option<String>), String> {
    let is_set =
        |name: &str| setting(proc, name).map(|value| value.is_some_and(|it| !it.is_empty()));
    let given = setting(proc, "ROOT_PASSWORD")?.filter(|it| !it.is_empty());
    let (mut root, mut made_up) = (given, None);
    if root.is_none() && (is_set("ALLOW_EMPTY_PASSWORD")? || is_set("ALLOW_EMPTY_ROOT_PASSWORD")?) {
        root = Some(String::new());
    }
    if root.is_none() && is_set("RANDOM_ROOT_PASSWORD")? {
        const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let letter = |byte: u8| char::from(LETTERS[usize::from(byte) % LETTERS.len()]);
        let password: String = proc.random(32).into_iter().map(letter).collect();
        root = Some(password.clone());
        made_up = Some(password);
    }
    let Some(root) = root else {
        let names = if is_mariadb(proc) {
            "MARIADB_ROOT_PASSWORD, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD and MARIADB_RANDOM_ROOT_PASSWORD"
                .to_owned()
        } else {
            let names = ["ROOT_PASSWORD", "ALLOW_EMPTY_PASSWORD", "RANDOM_ROOT_PASSWORD"];
            names.map(|name| format!("\n    - MYSQL_{name}")).concat()
        };
        return Err(format!(
            "Database is uninitialized and password option is not specified\n    You need to \
             specify one of the following as an environment variable:{names}"
        ));
    };
    let mut tables = Tables::default();
    tables.accounts.insert("root".to_owned(), digest(&root));
    let named = ["information_schema", "mysql", "performance_schema", "sys"].map(str::to_owned);
    let names = named.into_iter().chain(setting(proc, "DATABASE")?);
    tables.databases.extend(names.map(|name| (name, sql::Database::default())));
    if let (Some(user), Some(password)) = (setting(proc, "USER")?, setting(proc, "PASSWORD")?) {
        tables.accounts.insert(user, digest(&password));
    }
    Ok((tables, made_up))
}

/// What the entry point says while it makes what the image's variables want.
async fn first_start(proc: &Proc, name: &str, made_up: Option<String>) {
    let set = |name: &str| setting(proc, name).ok().flatten();
    let mut texts: Vec<String> = [
        "Initializing database files",
        "Database files initialized",
        "Starting temporary server",
        "Temporary server started.",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.extend(made_up.map(|password| format!("GENERATED ROOT PASSWORD: {password}")));
    let database = set("DATABASE");
    texts.extend(database.iter().map(|it| format!("Creating database {it}")));
    if let (Some(user), Some(_)) = (set("USER"), set("PASSWORD")) {
        texts.push(format!("Creating user {user}"));
        texts.extend(database.map(|it| format!("Giving user {user} access to schema {it}")));
    }
    texts.extend(["Stopping temporary server", "Temporary server stopped"].map(str::to_owned));
    for text in texts {
        tell(proc, "Note", &text).await;
    }
    proc.eprint("\n").await;
    tell(proc, "Note", &format!("{name} init process done. Ready for start up.")).await;
    proc.eprint("\n").await;
}

pub(super) fn mysqld(proc: Proc) -> Running {
    Box::pin(async move {
        proc.on_signal(Signal::Terminate, Disposition::Catch);
        let path = format!("{DATA}/mysql.tables");
        let version = version(&proc);
        let name = if is_mariadb(&proc) { "MariaDB" } else { "MySQL" };
        tell(&proc, "Note", &format!("Entrypoint script for {name} Server {version} started."))
            .await;
        tell(&proc, "Note", "Switching to dedicated user 'mysql'").await;
        let tables = match proc.read_file(&path) {
            Ok(bytes) => Tables::load(&String::from_utf8_lossy(&bytes)),
            Err(_) => match initialize(&proc) {
                Ok((tables, made_up)) => {
                    first_start(&proc, name, made_up).await;
                    tables
                }
                Err(text) => {
                    tell(&proc, "ERROR", &text).await;
                    return 1;
                }
            },
        };
        if let Err(errno) = proc.write_file(&path, tables.save().as_bytes()) {
            tell(&proc, "ERROR", &format!("Can't write {path}: {errno}")).await;
            return 1;
        }
        let program = format!("/usr/sbin/mysqld (mysqld {version})");
        let old = format!("mysqld (mysqld {version}) starting as process {} ...", proc.own_pid());
        let new = format!("{program} starting as process {}", proc.own_pid());
        log(&proc, &version, ("010116", &new), &old).await;
        let server = Server { tables, version: version.clone(), proc: proc.clone() };
        let server = Rc::new(RefCell::new(server));
        if let Err(errno) = proc.listen(PORT, server.clone()) {
            tell(&proc, "ERROR", &format!("Can't start server: Bind on TCP/IP port: {errno}"))
                .await;
            return 1;
        }
        let edition = match (name, is_new(&version)) {
            ("MariaDB", _) => "mariadb.org binary distribution",
            (_, true) => "MySQL Community Server - GPL.",
            (_, false) => "MySQL Community Server (GPL)",
        };
        let ready = format!(
            "Version: '{version}'  socket: '/var/run/mysqld/mysqld.sock'  port: 3306  {edition}"
        );
        let new = format!("/usr/sbin/mysqld: ready for connections. {ready}");
        let old = format!("mysqld: ready for connections.\n{ready}");
        log(&proc, &version, ("010931", &new), &old).await;
        next_signal(&proc).await;
        let new = format!(
            "Received SHUTDOWN from user <via user signal>. Shutting down mysqld (Version: {version})."
        );
        log(&proc, &version, ("013172", &new), "mysqld: Normal shutdown").await;
        server.borrow().save();
        let new = format!("/usr/sbin/mysqld: Shutdown complete (mysqld {version})  {edition}");
        log(&proc, &version, ("010910", &new), "mysqld: Shutdown complete").await;
        0
    })
}
