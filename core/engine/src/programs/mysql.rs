//! `mysqld` as far as its image's variables and passwords go, and its clients `mysql` and `mysqladmin`.
//!
//! The image's rules (docker-library/mysql): a variable `NAME_FILE` names a file whose content, less
//! the newlines at its end, is the value of `NAME`; a value that merely looks like a path is a value.
//! Of SQL there are a handful of statements; anything else says so.

use sorted::{SortedMap, SortedSet};
use std::cell::RefCell;
use std::rc::Rc;

use os::process::Disposition;
use os::program::Running;
use os::{Fd, Proc, Service, Signal};
use sim::Time;

use super::next_signal;
use crate::digest::Digest;

const DATA: &str = "/var/lib/mysql";
const PORT: u16 = 3306;

/// Accounts (a password's digest by name) and databases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tables {
    accounts: SortedMap<String, String>,
    databases: SortedSet<String>,
}

/// The server stores what a password's digest is, never the password.
pub(super) fn digest(password: &str) -> String {
    if password.is_empty() { String::new() } else { Digest::of(password.as_bytes()).hex() }
}

impl Tables {
    fn save(&self) -> String {
        let accounts =
            self.accounts.iter().map(|(name, digest)| format!("account {name} {digest}\n"));
        let databases = self.databases.iter().map(|name| format!("database {name}\n"));
        accounts.chain(databases).collect()
    }

    fn load(text: &str) -> Self {
        let mut tables = Self::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["account", name, digest] => {
                    tables.accounts.insert((*name).to_owned(), (*digest).to_owned());
                }
                ["database", name] => {
                    tables.databases.insert((*name).to_owned());
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

async fn log(proc: &Proc, kind: &str, text: &str) {
    let line = format!("{} 0 [{kind}] {text}\n", proc.wall().rfc3339());
    proc.eprint(line).await;
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
    tables.databases.extend(["information_schema", "mysql", "sys"].map(str::to_owned));
    tables.databases.extend(setting(proc, "DATABASE")?);
    if let (Some(user), Some(password)) = (setting(proc, "USER")?, setting(proc, "PASSWORD")?) {
        tables.accounts.insert(user, digest(&password));
    }
    Ok((tables, made_up))
}

#[derive(Debug)]
struct Server {
    tables: Tables,
    version: String,
}

impl Service for Server {
    /// A request is user, password, database and statement, divided by NUL.
    fn answer(&mut self, _now: Time, request: &[u8]) -> Vec<u8> {
        let request = String::from_utf8_lossy(request).into_owned();
        let fields: Vec<&str> = request.split('\0').collect();
        let [user, password, database, statement] = fields.as_slice() else {
            return b"ERROR 1043 (08S01): Bad handshake\n".to_vec();
        };
        let is_known = self.tables.accounts.get(*user).is_some_and(|it| *it == digest(password));
        if !is_known {
            let using = if password.is_empty() { "NO" } else { "YES" };
            return format!(
                "ERROR 1045 (28000): Access denied for user '{user}'@'localhost' (using password: \
                 {using})\n"
            )
            .into_bytes();
        }
        if !database.is_empty() && !self.tables.databases.contains(*database) {
            return format!("ERROR 1049 (42000): Unknown database '{database}'\n").into_bytes();
        }
        self.run(user, statement).into_bytes()
    }
}

impl Server {
    fn run(&mut self, user: &str, statement: &str) -> String {
        let statement = statement.trim().trim_end_matches(';');
        let lower = statement.to_lowercase();
        let words: Vec<&str> = lower.split_whitespace().collect();
        match words.as_slice() {
            [] => String::new(),
            ["show", "databases"] => {
                let names: String =
                    self.tables.databases.iter().map(|name| format!("{name}\n")).collect();
                format!("Database\n{names}")
            }
            ["select", "version()"] => format!("version()\n{}\n", self.version),
            ["select", "user()" | "current_user()"] => {
                format!("{}\n{user}@localhost\n", words[1])
            }
            ["select", number] if number.parse::<i64>().is_ok() => format!("{number}\n{number}\n"),
            ["create", "database", name] => {
                if self.tables.databases.insert((*name).to_owned()) {
                    String::new()
                } else {
                    format!("ERROR 1007 (HY000): Can't create database '{name}'; database exists\n")
                }
            }
            ["alter", "user", ..] => self.alter_user(user, statement),
            _ => format!("ERROR: not simulated: {statement}\n"),
        }
    }

    /// `ALTER USER name IDENTIFIED BY 'password'`; only root changes another account than its own.
    fn alter_user(&mut self, user: &str, statement: &str) -> String {
        let words: Vec<&str> = statement.splitn(6, ' ').collect();
        let [_, _, name, identified, by, password] = words.as_slice() else {
            return format!("ERROR: not simulated: {statement}\n");
        };
        let quoted = password.strip_prefix('\'').and_then(|it| it.strip_suffix('\''));
        let (true, true, Some(password)) =
            (identified.eq_ignore_ascii_case("identified"), by.eq_ignore_ascii_case("by"), quoted)
        else {
            return format!("ERROR: not simulated: {statement}\n");
        };
        let name = name.split('@').next().unwrap_or_default().trim_matches(['\'', '`', '"']);
        let name = if name.eq_ignore_ascii_case("user()") { user } else { name };
        if user != "root" && name != user {
            return "ERROR 1227 (42000): Access denied; you need (at least one of) the CREATE USER \
                    privilege(s) for this operation\n"
                .to_owned();
        }
        let Some(account) = self.tables.accounts.get_mut(name) else {
            return format!("ERROR 1396 (HY000): Operation ALTER USER failed for '{name}'@'%'\n");
        };
        *account = digest(&password.replace("''", "'"));
        String::new()
    }
}

pub(super) fn mysqld(proc: Proc) -> Running {
    Box::pin(async move {
        proc.on_signal(Signal::Terminate, Disposition::Catch);
        let path = format!("{DATA}/mysql.tables");
        let tables = match proc.read_file(&path) {
            Ok(bytes) => Tables::load(&String::from_utf8_lossy(&bytes)),
            Err(_) => match initialize(&proc) {
                Ok((tables, made_up)) => {
                    log(&proc, "Note", "[Entrypoint]: Initializing database files").await;
                    if let Some(password) = made_up {
                        let text = format!("[Entrypoint]: GENERATED ROOT PASSWORD: {password}");
                        log(&proc, "Note", &text).await;
                    }
                    tables
                }
                Err(text) => {
                    log(&proc, "ERROR", &format!("[Entrypoint]: {text}")).await;
                    return 1;
                }
            },
        };
        if let Err(errno) = proc.write_file(&path, tables.save().as_bytes()) {
            log(&proc, "ERROR", &format!("Can't write {path}: {errno}")).await;
            return 1;
        }
        let server = Rc::new(RefCell::new(Server { tables, version: version(&proc) }));
        if let Err(errno) = proc.listen(PORT, server.clone()) {
            log(&proc, "ERROR", &format!("Can't start server: Bind on TCP/IP port: {errno}")).await;
            return 1;
        }
        log(&proc, "Note", "mysqld: ready for connections.").await;
        let version = version(&proc);
        let text =
            format!("Version: '{version}'  socket: '/var/run/mysqld/mysqld.sock'  port: 3306\n");
        proc.eprint(text).await;
        next_signal(&proc).await;
        log(&proc, "Note", "Shutting down").await;
        let _ = proc.write_file(&path, server.borrow().tables.save().as_bytes());
        log(&proc, "Note", "mysqld: Shutdown complete").await;
        0
    })
}

struct Login {
    host: String,
    user: String,
    password: Option<String>,
    asks_password: bool,
    database: String,
    /// What is no option: the database for `mysql`, the command for `mysqladmin`.
    words: Vec<String>,
    statement: Option<String>,
}

fn parse(program: &str, args: &[String]) -> Result<Login, String> {
    let mut login = Login {
        host: "localhost".to_owned(),
        user: "root".to_owned(),
        password: None,
        asks_password: false,
        database: String::new(),
        words: Vec::new(),
        statement: None,
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let long = arg.strip_prefix("--").and_then(|long| long.split_once('='));
        if let Some((name, value)) = long {
            match name {
                "user" => value.clone_into(&mut login.user),
                "host" => value.clone_into(&mut login.host),
                "password" => login.password = Some(value.to_owned()),
                "execute" => login.statement = Some(value.to_owned()),
                _ => return Err(format!("{program}: [ERROR] unknown variable '{name}={value}'\n")),
            }
            continue;
        }
        let Some((flag, attached)) = arg.strip_prefix('-').and_then(|it| it.split_at_checked(1))
        else {
            login.words.push(arg.clone());
            continue;
        };
        if flag == "p" {
            // Only an attached value is the password.
            login.asks_password = attached.is_empty();
            login.password = (!attached.is_empty()).then(|| attached.to_owned());
            continue;
        }
        let value =
            if attached.is_empty() { args.next().cloned() } else { Some(attached.to_owned()) };
        let value = value.unwrap_or_default();
        match flag {
            "u" => login.user = value,
            "h" => login.host = value,
            "e" => login.statement = Some(value),
            "D" => login.database = value,
            _ => return Err(format!("{program}: [ERROR] unknown option '-{flag}'\n")),
        }
    }
    Ok(login)
}

/// The command line, with the password asked for if it is to be; `Err` has the exit status.
async fn log_in(proc: &Proc, program: &str) -> Result<Login, i32> {
    let mut login = match parse(program, proc.args().get(1..).unwrap_or_default()) {
        Ok(login) => login,
        Err(text) => {
            proc.eprint(text).await;
            return Err(2);
        }
    };
    if login.asks_password {
        proc.print("Enter password: ").await;
        let line = proc.read(Fd::STDIN, 4_096).await.unwrap_or_default();
        login.password = Some(String::from_utf8_lossy(&line).trim_end().to_owned());
    } else if login.password.is_some() {
        let text = format!(
            "{program}: [Warning] Using a password on the command line interface can be insecure.\n"
        );
        proc.eprint(text).await;
    }
    Ok(login)
}

/// `mysqladmin ping` and `mysqladmin password`. As the real one, `ping` succeeds too when the server
/// answers that it knows no such account or password.
pub(super) fn mysqladmin(proc: Proc) -> Running {
    Box::pin(async move {
        let login = match log_in(&proc, "mysqladmin").await {
            Ok(login) => login,
            Err(status) => return status,
        };
        let words: Vec<&str> = login.words.iter().map(String::as_str).collect();
        let (statement, said) = match words.as_slice() {
            ["ping"] => (String::new(), "mysqld is alive\n"),
            ["password", new] => {
                let new = new.replace('\'', "''");
                (format!("ALTER USER USER() IDENTIFIED BY '{new}'"), "")
            }
            [] => {
                proc.eprint("mysqladmin: no command given\n").await;
                return 1;
            }
            ["password"] => {
                proc.eprint("not simulated: mysqladmin password without a password\n").await;
                return 1;
            }
            [command, ..] => {
                proc.eprint(format!("not simulated: mysqladmin {command}\n")).await;
                return 1;
            }
        };
        let (answered, text) = match request(&proc, &login, &statement).await {
            Some(answer) => (true, answer),
            None => (false, "ERROR 2002 (HY000): Can't connect to MySQL server".to_owned()),
        };
        if text.starts_with("ERROR") {
            let why = text.split_once(": ").map_or(text.as_str(), |(_, why)| why).trim_end();
            let host = &login.host;
            let text =
                format!("mysqladmin: connect to server at '{host}' failed\nerror: '{why}'\n");
            proc.eprint(text).await;
            return i32::from(!(answered && words == ["ping"]));
        }
        if words[0] == "password" {
            let text = "Warning: Since password will be sent to server in plain text, use ssl \
                        connection to ensure password safety.\n";
            proc.eprint(text).await;
        }
        proc.print(said).await;
        0
    })
}

pub(super) fn mysql(proc: Proc) -> Running {
    Box::pin(async move {
        let mut login = match log_in(&proc, "mysql").await {
            Ok(login) => login,
            Err(status) => return status,
        };
        if let Some(database) = login.words.pop() {
            login.database = database;
        }
        if let Some(statement) = login.statement.clone() {
            return ask(&proc, &login, &statement).await;
        }
        let code = ask(&proc, &login, "").await;
        if code != 0 {
            return code;
        }
        let is_terminal = proc.is_terminal(Fd::STDIN);
        loop {
            if is_terminal {
                proc.print("mysql> ").await;
            }
            let line = proc.read(Fd::STDIN, 65_536).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            if line.is_empty() || matches!(text.as_str(), "exit" | "quit" | "\\q" | "exit;") {
                return 0;
            }
            ask(&proc, &login, &text).await;
        }
    })
}

/// The server's answer; `None` if there is no server.
async fn request(proc: &Proc, login: &Login, statement: &str) -> Option<String> {
    let password = login.password.as_deref().unwrap_or_default();
    let request = [login.user.as_str(), password, &login.database, statement].join("\0");
    let answer = proc.call(&login.host, PORT, request.as_bytes()).await.ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}

async fn ask(proc: &Proc, login: &Login, statement: &str) -> i32 {
    match request(proc, login, statement).await {
        Some(answer) if answer.starts_with("ERROR") => {
            proc.eprint(answer).await;
            1
        }
        Some(answer) => {
            proc.print(answer).await;
            0
        }
        None => {
            let host = &login.host;
            let text =
                format!("ERROR 2003 (HY000): Can't connect to MySQL server on '{host}' (111)\n");
            proc.eprint(text).await;
            1
        }
    }
}
