//! `mysqld` as far as its image's variables and passwords go, and its clients `mysql` and `mysqladmin`.
//!
//! The image's rules (docker-library/mysql): a variable `NAME_FILE` names a file whose content, less
//! the newlines at its end, is the value of `NAME`; a value that merely looks like a path is a value.
//! Of SQL there is what [`super::sql`] knows; anything else says so.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use os::process::Disposition;
use os::program::Running;
use os::{Fd, Proc, Service, Signal};
use sim::Time;

use super::next_signal;
use super::sql::{self, Outcome, Refusal};
use crate::digest::Digest;

const DATA: &str = "/var/lib/mysql";
const PORT: u16 = 3306;

/// Accounts (a password's digest by name) and databases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tables {
    accounts: BTreeMap<String, String>,
    databases: BTreeMap<String, sql::Database>,
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
    let named = ["information_schema", "mysql", "performance_schema", "sys"].map(str::to_owned);
    let names = named.into_iter().chain(setting(proc, "DATABASE")?);
    tables.databases.extend(names.map(|name| (name, sql::Database::default())));
    if let (Some(user), Some(password)) = (setting(proc, "USER")?, setting(proc, "PASSWORD")?) {
        tables.accounts.insert(user, digest(&password));
    }
    Ok((tables, made_up))
}

struct Server {
    tables: Tables,
    version: String,
    proc: Proc,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("mysqld")
    }
}

/// How a client wants to see rows: with lines around them, and with a line that counts them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Batch,
    Drawn,
    Interactive,
}

impl Service for Server {
    /// A request is user, password, database, form and statement, divided by NUL.
    fn answer(&mut self, _now: Time, request: &[u8]) -> Vec<u8> {
        let request = String::from_utf8_lossy(request).into_owned();
        let fields: Vec<&str> = request.split('\0').collect();
        let [user, password, database, form, statement] = fields.as_slice() else {
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
        if !database.is_empty() && !self.tables.databases.contains_key(*database) {
            return format!("ERROR 1049 (42000): Unknown database '{database}'\n").into_bytes();
        }
        let form = match *form {
            "i" => Form::Interactive,
            "t" => Form::Drawn,
            _ => Form::Batch,
        };
        let text = match self.run(user, database, statement) {
            Ok(outcome) => show(&outcome, form),
            Err(text) => text + "\n",
        };
        text.into_bytes()
    }
}

/// An outcome as the client draws it.
fn show(outcome: &Outcome, form: Form) -> String {
    let (titles, rows) = match outcome {
        Outcome::Rows(titles, rows) => (titles, rows),
        Outcome::Done(_, count) if form == Form::Interactive => {
            let plural = if *count == 1 { "" } else { "s" };
            return format!("Query OK, {count} row{plural} affected (0.01 sec)\n\n");
        }
        Outcome::Done(..) => return String::new(),
    };
    if rows.is_empty() {
        let empty = "Empty set (0.00 sec)\n\n";
        return (if form == Form::Interactive { empty } else { "" }).to_owned();
    }
    let cell = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "NULL".to_owned());
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    if form == Form::Batch {
        let lines = [titles].into_iter().chain(&rows);
        return lines.map(|line| line.join("\t") + "\n").collect();
    }
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).chain(titles.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    let rule: String = widths.iter().map(|width| format!("+{}", "-".repeat(width + 2))).collect();
    let is_number = |at: usize| rows.iter().all(|row| row[at].parse::<i64>().is_ok());
    let line = |cells: &Vec<String>, is_title: bool| {
        let cell = |(at, cell): (usize, &String)| {
            let width = widths[at];
            if is_number(at) && !is_title {
                format!("| {cell:>width$} ")
            } else {
                format!("| {cell:<width$} ")
            }
        };
        cells.iter().enumerate().map(cell).collect::<String>() + "|\n"
    };
    let body: String = rows.iter().map(|row| line(row, false)).collect();
    let mut text = format!("{rule}+\n{}{rule}+\n{body}{rule}+\n", line(titles, true));
    if form == Form::Interactive {
        let plural = if rows.len() == 1 { "" } else { "s" };
        text += &format!("{} row{plural} in set (0.00 sec)\n\n", rows.len());
    }
    text
}

fn refusal(refusal: Refusal, database: &str, statement: &str) -> String {
    match refusal {
        Refusal::NoTable(name) => {
            format!("ERROR 1146 (42S02): Table '{database}.{name}' doesn't exist")
        }
        Refusal::TableExists(name) => format!("ERROR 1050 (42S01): Table '{name}' already exists"),
        Refusal::NoColumn(name) => {
            format!("ERROR 1054 (42S22): Unknown column '{name}' in 'field list'")
        }
        Refusal::ColumnCount => {
            "ERROR 1136 (21S01): Column count doesn't match value count at row 1".to_owned()
        }
        Refusal::Duplicate(value, key) => {
            format!("ERROR 1062 (23000): Duplicate entry '{value}' for key '{key}'")
        }
        Refusal::IsNull(name) => format!("ERROR 1048 (23000): Column '{name}' cannot be null"),
        Refusal::Syntax(near) => format!(
            "ERROR 1064 (42000): You have an error in your SQL syntax; check the manual that corresponds \
             to your MySQL server version for the right syntax to use near '{near}' at line 1"
        ),
        Refusal::NotSimulated => format!("ERROR: not simulated: {statement}"),
    }
}

/// One column.
fn column(title: &str, values: Vec<String>) -> Outcome {
    let rows = values.into_iter().map(|value| vec![Some(value)]).collect();
    Outcome::Rows(vec![title.to_owned()], rows)
}

impl Server {
    fn run(&mut self, user: &str, database: &str, statement: &str) -> Result<Outcome, String> {
        let statement = statement.trim().trim_end_matches(';');
        let lower = statement.to_lowercase();
        let words: Vec<&str> = lower.split_whitespace().collect();
        let done = Ok(Outcome::Done("", 0));
        let databases = &mut self.tables.databases;
        match words.as_slice() {
            [] | ["use" | "flush" | "grant" | "set", ..] => done,
            ["show", "databases"] => Ok(column("Database", databases.keys().cloned().collect())),
            ["show", "tables"] => {
                let own =
                    databases.get(database).ok_or("ERROR 1046 (3D000): No database selected")?;
                Ok(column(&format!("Tables_in_{database}"), own.tables.keys().cloned().collect()))
            }
            ["describe" | "desc", name] => {
                let own =
                    databases.get(database).ok_or("ERROR 1046 (3D000): No database selected")?;
                let table = own.tables.get(*name).ok_or_else(|| {
                    refusal(Refusal::NoTable((*name).to_owned()), database, statement)
                })?;
                let titles =
                    ["Field", "Type", "Null", "Key", "Default", "Extra"].map(str::to_owned);
                let row = |it: &sql::Column| {
                    let open = !(it.not_null || it.is_key);
                    let default = it.default.as_ref().and_then(sql::Value::text);
                    let text = |text: &str| Some(text.to_owned());
                    vec![
                        Some(it.name.clone()),
                        Some(it.kind.clone()),
                        text(if open { "YES" } else { "NO" }),
                        text(if it.is_key { "PRI" } else { "" }),
                        default.or_else(|| text("NULL")),
                        text(if it.counts { "auto_increment" } else { "" }),
                    ]
                };
                Ok(Outcome::Rows(titles.to_vec(), table.columns.iter().map(row).collect()))
            }
            ["select", "version()" | "@@version"] => {
                Ok(column(words[1], vec![self.version.clone()]))
            }
            ["select", "user()" | "current_user()"] => {
                Ok(column(words[1], vec![format!("{user}@localhost")]))
            }
            ["select", "database()"] => Ok(column(words[1], vec![database.to_owned()])),
            ["select", "user" | "user,host" | "user,", .., "mysql.user"] => {
                let names: Vec<String> = self.tables.accounts.keys().cloned().collect();
                if words.len() == 4 && words[1] == "user" {
                    return Ok(column("user", names));
                }
                let rows = names.into_iter().map(|name| vec![Some(name), Some("%".to_owned())]);
                Ok(Outcome::Rows(vec!["user".to_owned(), "host".to_owned()], rows.collect()))
            }
            ["create", "database" | "schema", rest @ ..] => {
                let quietly = rest.starts_with(&["if", "not", "exists"]);
                let name =
                    rest.get(if quietly { 3 } else { 0 }).map_or("", |name| name.trim_matches('`'));
                let exists = databases.contains_key(name);
                if exists && !quietly {
                    return Err(format!(
                        "ERROR 1007 (HY000): Can't create database '{name}'; database exists"
                    ));
                }
                databases.entry(name.to_owned()).or_default();
                self.save();
                Ok(Outcome::Done("", 1))
            }
            ["drop", "database", name] => {
                let gone = databases.remove(name.trim_matches('`'));
                self.save();
                gone.map(|_| Outcome::Done("", 0)).ok_or_else(|| {
                    format!(
                        "ERROR 1008 (HY000): Can't drop database '{name}'; database doesn't exist"
                    )
                })
            }
            ["alter", "user", ..] => self.alter_user(user, statement).map_or(done, Err),
            ["create", "user", name, "identified", "by", ..] => {
                let name =
                    name.split('@').next().unwrap_or_default().trim_matches(['\'', '`', '"']);
                let password = statement.rsplit('\'').nth(1).unwrap_or_default();
                self.tables.accounts.insert(name.to_owned(), digest(password));
                self.save();
                done
            }
            _ => {
                let parsed =
                    sql::parse(statement).map_err(|it| refusal(it, database, statement))?;
                let mut nowhere = sql::Database::default();
                let own = match databases.get_mut(database) {
                    Some(own) => own,
                    None if matches!(&parsed, sql::Statement::Select(it) if it.table.is_none()) => {
                        &mut nowhere
                    }
                    None => return Err("ERROR 1046 (3D000): No database selected".to_owned()),
                };
                let outcome = own.run(&parsed).map_err(|it| refusal(it, database, statement))?;
                if matches!(outcome, Outcome::Done(..)) {
                    self.save();
                }
                Ok(outcome)
            }
        }
    }

    /// What was acknowledged is on the disk.
    fn save(&self) {
        let path = format!("{DATA}/mysql.tables");
        let _ = self.proc.write_file(&path, self.tables.save().as_bytes());
    }

    /// `ALTER USER name IDENTIFIED BY 'password'`; only root changes another account than its own.
    fn alter_user(&mut self, user: &str, statement: &str) -> Option<String> {
        let words: Vec<&str> = statement.splitn(6, ' ').collect();
        let [_, _, name, identified, by, password] = words.as_slice() else {
            return Some(format!("ERROR: not simulated: {statement}"));
        };
        let quoted = password.strip_prefix('\'').and_then(|it| it.strip_suffix('\''));
        let (true, true, Some(password)) =
            (identified.eq_ignore_ascii_case("identified"), by.eq_ignore_ascii_case("by"), quoted)
        else {
            return Some(format!("ERROR: not simulated: {statement}"));
        };
        let name = name.split('@').next().unwrap_or_default().trim_matches(['\'', '`', '"']);
        let name = if name.eq_ignore_ascii_case("user()") { user } else { name };
        if user != "root" && name != user {
            let text = "ERROR 1227 (42000): Access denied; you need (at least one of) the CREATE USER \
                        privilege(s) for this operation";
            return Some(text.to_owned());
        }
        let Some(account) = self.tables.accounts.get_mut(name) else {
            return Some(format!(
                "ERROR 1396 (HY000): Operation ALTER USER failed for '{name}'@'%'"
            ));
        };
        *account = digest(&password.replace("''", "'"));
        self.save();
        None
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
        let server =
            Rc::new(RefCell::new(Server { tables, version: version(&proc), proc: proc.clone() }));
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
        server.borrow().save();
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
        let (answered, text) = match request(&proc, &login, "", &statement).await {
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
        let args = proc.args();
        if args.get(1).is_some_and(|arg| matches!(arg.as_str(), "-V" | "--version")) {
            let version = version(&proc);
            proc.print(format!("mysql  Ver 14.14 Distrib {version}, for Linux (x86_64)\n")).await;
            return 0;
        }
        let mut login = match log_in(&proc, "mysql").await {
            Ok(login) => login,
            Err(status) => return status,
        };
        if let Some(database) = login.words.pop() {
            login.database = database;
        }
        let is_terminal = proc.is_terminal(Fd::STDIN);
        let is_shown = proc.is_terminal(Fd::STDOUT);
        if let Some(statements) = login.statement.clone() {
            let form = if is_shown { "t" } else { "" };
            return run_all(&proc, &mut login, form, &statements).await;
        }
        let code = ask(&proc, &login, "", "").await;
        if code != 0 {
            return code;
        }
        if is_terminal {
            let version = version(&proc);
            proc.print(format!(
                "Welcome to the MySQL monitor.  Commands end with ; or \\g.\nYour MySQL connection id is 8\n\
                 Server version: {version} MySQL Community Server (GPL)\n\nType 'help;' or '\\h' for \
                 help. Type '\\c' to clear the current input statement.\n\n"
            ))
            .await;
        }
        let mut open = String::new();
        loop {
            if is_terminal {
                proc.print(if open.is_empty() { "mysql> " } else { "    -> " }).await;
            }
            let line = proc.read(Fd::STDIN, 65_536).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            let ends = matches!(text.trim_end_matches(';'), "exit" | "quit" | "\\q");
            if line.is_empty() || ends {
                if is_terminal {
                    proc.print("Bye\n").await;
                } else if !open.trim().is_empty() {
                    return run_all(&proc, &mut login, "", &open).await;
                }
                return 0;
            }
            open += &text;
            open.push(' ');
            let is_complete =
                text.ends_with(';') || text.ends_with("\\g") || text.starts_with("use ");
            if is_complete {
                let statements = std::mem::take(&mut open).replace("\\g", ";");
                let form = if is_terminal { "i" } else { "" };
                let code = run_all(&proc, &mut login, form, &statements).await;
                if code != 0 && !is_terminal {
                    return code;
                }
            }
        }
    })
}

/// Statements divided by semicolons, one after the other until one fails.
async fn run_all(proc: &Proc, login: &mut Login, form: &str, statements: &str) -> i32 {
    for statement in sql::divided(statements) {
        let statement = statement.trim();
        if let Some(name) = statement.strip_prefix("use ").or(statement.strip_prefix("USE ")) {
            let before = login.database.clone();
            login.database = name.trim().trim_matches('`').to_owned();
            let code = ask(proc, login, form, "").await;
            if code != 0 {
                login.database = before;
                return code;
            }
            if form == "i" {
                proc.print("Database changed\n").await;
            }
            continue;
        }
        let code = ask(proc, login, form, statement).await;
        if code != 0 {
            return code;
        }
    }
    0
}

/// The server's answer; `None` if there is no server.
async fn request(proc: &Proc, login: &Login, form: &str, statement: &str) -> Option<String> {
    let password = login.password.as_deref().unwrap_or_default();
    let request = [login.user.as_str(), password, &login.database, form, statement].join("\0");
    let answer = proc.call(&login.host, PORT, request.as_bytes()).await.ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}

/// One statement of another program: the rows as text, or the server's refusal; `None` without a server.
pub(super) async fn query(
    proc: &Proc,
    (host, user, password, database): (&str, &str, &str, &str),
    statement: &str,
) -> Option<String> {
    let request = [user, password, database, "", statement].join("\0");
    let (host, port) = host.split_once(':').unwrap_or((host, "3306"));
    let answer = proc.call(host, port.parse().unwrap_or(PORT), request.as_bytes()).await.ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}

async fn ask(proc: &Proc, login: &Login, form: &str, statement: &str) -> i32 {
    match request(proc, login, form, statement).await {
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
            let text = if host == "localhost" {
                "ERROR 2002 (HY000): Can't connect to local MySQL server through socket \
                 '/var/run/mysqld/mysqld.sock' (2)\n"
                    .to_owned()
            } else {
                format!("ERROR 2003 (HY000): Can't connect to MySQL server on '{host}' (111)\n")
            };
            proc.eprint(text).await;
            1
        }
    }
}
