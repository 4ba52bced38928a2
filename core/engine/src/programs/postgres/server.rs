//! The server, and the cluster that it keeps in its data folder.

use sorted::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

use os::process::Disposition;
use os::program::Running;
use os::{Proc, Service, Signal};
use sim::Time;

use super::super::mysql::{digest, variable};
use super::super::next_signal;
use super::super::sql::{self, Outcome, Refusal};
use super::{PORT, version};

const DATA: &str = "/var/lib/postgresql/data";

const NO_PASSWORD: &str = "\
Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, \"-e POSTGRES_PASSWORD=password\" on \"docker run\".

       You may also use \"POSTGRES_HOST_AUTH_METHOD=trust\" to allow all
       connections without a password. This is *not* recommended.

       See PostgreSQL documentation about \"trust\":
       https://www.postgresql.org/docs/current/auth-trust.html
";

/// Roles (a password's digest by name; none if empty) and databases.
#[derive(Clone, Debug, Default)]
struct Cluster {
    roles: SortedMap<String, String>,
    databases: SortedMap<String, sql::Database>,
    /// Nobody needs a password.
    trusts_all: bool,
}

impl Cluster {
    fn save(&self) -> String {
        let roles = self.roles.iter().map(|(name, digest)| format!("role {name} {digest}\n"));
        let databases =
            self.databases.iter().map(|(name, own)| format!("database {name} {}\n", own.save()));
        let trust = self.trusts_all.then(|| "trust all\n".to_owned());
        roles.chain(databases).chain(trust).collect()
    }

    fn load(text: &str) -> Self {
        let mut cluster = Self::default();
        for line in text.lines() {
            match line.splitn(3, ' ').collect::<Vec<&str>>().as_slice() {
                ["role", name, digest] => {
                    cluster.roles.insert((*name).to_owned(), (*digest).to_owned());
                }
                ["database", name, content] => {
                    let content = serde_json::from_str(content).unwrap_or_default();
                    cluster.databases.insert((*name).to_owned(), sql::Database::load(&content));
                }
                ["trust", "all"] => cluster.trusts_all = true,
                _ => {}
            }
        }
        cluster
    }

    /// What the image's script does on the first start.
    fn initialize(proc: &Proc) -> Result<Self, String> {
        let setting = |name: &str| variable(proc, name).map_err(|text| format!("error: {text}\n"));
        let password = setting("POSTGRES_PASSWORD")?.unwrap_or_default();
        let trusts_all = proc.env("POSTGRES_HOST_AUTH_METHOD").as_deref() == Some("trust");
        if password.is_empty() && !trusts_all {
            return Err(NO_PASSWORD.to_owned());
        }
        let user = setting("POSTGRES_USER")?.unwrap_or_else(|| "postgres".to_owned());
        let database = setting("POSTGRES_DB")?.unwrap_or_else(|| user.clone());
        let mut cluster = Self { trusts_all, ..Self::default() };
        cluster.roles.insert(user, digest(&password));
        let names = ["postgres", "template0", "template1"].map(str::to_owned);
        let names = names.into_iter().chain([database]);
        cluster.databases.extend(names.map(|name| (name, sql::Database::default())));
        Ok(cluster)
    }
}

struct Server {
    cluster: Cluster,
    proc: Proc,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("postgres")
    }
}

impl Service for Server {
    /// A request is how the client comes (`local` or `host`), user, password, database and statement,
    /// divided by NUL.
    fn answer(&mut self, _now: Time, request: &[u8]) -> Vec<u8> {
        let request = String::from_utf8_lossy(request).into_owned();
        let fields: Vec<&str> = request.split('\0').collect();
        let [way, user, password, database, statement] = fields.as_slice() else {
            return b"FATAL:  invalid length of startup packet\n".to_vec();
        };
        let role = self.cluster.roles.get(*user);
        let trusted = *way == "local" || self.cluster.trusts_all;
        let refusal = if !trusted && password.is_empty() {
            Some("fe_sendauth: no password supplied".to_owned())
        } else if !trusted && role.is_none_or(|own| *own != digest(password)) {
            Some(format!("FATAL:  password authentication failed for user \"{user}\""))
        } else if role.is_none() {
            Some(format!("FATAL:  role \"{user}\" does not exist"))
        } else if !self.cluster.databases.contains_key(*database) {
            Some(format!("FATAL:  database \"{database}\" does not exist"))
        } else {
            None
        };
        match refusal {
            Some(text) => format!("psql: error: {text}\n").into_bytes(),
            None => self.run(user, database, statement).into_bytes(),
        }
    }
}

/// Rows as `psql` draws them, with a count.
fn drawn(titles: &[String], rows: &[Vec<Option<String>>]) -> String {
    let plural = if rows.len() == 1 { "row" } else { "rows" };
    format!("{}({} {plural})\n\n", lines(titles, rows), rows.len())
}

/// A table of texts under a headline.
fn headed(headline: &str, titles: &str, rows: &[Vec<String>]) -> String {
    let titles: Vec<String> = titles.split(' ').map(|title| title.replace('_', " ")).collect();
    let some: Vec<Vec<Option<String>>> =
        rows.iter().map(|row| row.iter().cloned().map(Some).collect()).collect();
    let text = lines(&titles, &some);
    let width = text.lines().next().map_or(0, |line| line.chars().count());
    let before = width.saturating_sub(headline.len()) / 2;
    format!("{}{headline}\n{text}", " ".repeat(before))
}

fn lines(titles: &[String], rows: &[Vec<Option<String>>]) -> String {
    let cell = |cell: &Option<String>| cell.clone().unwrap_or_default();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).chain(titles.get(at));
        cells.flat_map(|cell| cell.lines()).map(|line| line.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    let is_number =
        |at: usize| rows.iter().all(|row| row[at].parse::<i64>().is_ok()) && !rows.is_empty();
    let title = |(title, width): (&String, &usize)| format!(" {title:^width$} ");
    let head: Vec<String> = titles.iter().zip(&widths).map(title).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    let mut text = format!("{}\n{}\n", head.join("|"), rule.join("+"));
    // A cell of several lines goes on below, with a sign at the end of the line before.
    let broken = rows.iter().flat_map(|row| {
        let height = row.iter().map(|cell| cell.lines().count()).max().unwrap_or(1).max(1);
        (0..height).map(move |line| {
            let part = |cell: &String| cell.lines().nth(line).unwrap_or_default().to_owned();
            (row.iter().map(part).collect::<Vec<_>>(), line + 1 < height)
        })
    });
    for (row, goes_on) in broken {
        let row = &row;
        let cell = |(at, cell): (usize, &String)| {
            let width = widths[at];
            if is_number(at) {
                format!(" {cell:>width$} ")
            } else if at + 1 == row.len() && goes_on {
                format!(" {cell:<width$}+")
            } else if at + 1 == row.len() {
                // The last column is not filled up.
                format!(" {cell}")
            } else {
                format!(" {cell:<width$} ")
            }
        };
        let cells: Vec<String> = row.iter().enumerate().map(cell).collect();
        let line = cells.join("|");
        text += &format!("{}\n", if is_number(row.len() - 1) { line.trim_end() } else { &line });
    }
    text
}

/// What a type is called in a description.
fn kind(written: &str) -> String {
    let lower = written.to_lowercase();
    let (name, size) =
        lower.split_once('(').map_or((lower.as_str(), ""), |(name, size)| (name, size));
    let known = match name {
        "int" | "int4" | "serial" => "integer",
        "bigserial" | "int8" => "bigint",
        "varchar" => "character varying",
        "char" => "character",
        "bool" => "boolean",
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        name => name,
    };
    if size.is_empty() { known.to_owned() } else { format!("{known}({size}") }
}

/// `\\d name`.
fn description(name: &str, table: &sql::Table) -> String {
    let row = |it: &sql::Column| {
        let default = match it.default.as_ref().and_then(sql::Value::text) {
            _ if it.counts => format!("nextval('{name}_{}_seq'::regclass)", it.name),
            Some(text) if text.parse::<i64>().is_ok() => text,
            Some(text) => format!("'{text}'::{}", kind(&it.kind)),
            None => String::new(),
        };
        let open = if it.not_null || it.is_key { "not null" } else { "" };
        vec![it.name.clone(), kind(&it.kind), String::new(), open.to_owned(), default]
    };
    let rows: Vec<Vec<String>> = table.columns.iter().map(row).collect();
    let headline = format!("Table \"public.{name}\"");
    let mut text = headed(&headline, "Column Type Collation Nullable Default", &rows);
    let keys: Vec<&str> =
        table.columns.iter().filter(|it| it.is_key).map(|it| it.name.as_str()).collect();
    if !keys.is_empty() {
        let keys = keys.join(", ");
        text += &format!("Indexes:\n    \"{name}_pkey\" PRIMARY KEY, btree ({keys})\n");
    }
    text + "\n"
}

fn table(title: &str, rows: &[String]) -> String {
    let rows: Vec<Vec<Option<String>>> = rows.iter().map(|row| vec![Some(row.clone())]).collect();
    drawn(&[title.to_owned()], &rows)
}

fn refusal(refusal: Refusal, statement: &str) -> String {
    match refusal {
        Refusal::NoTable(name) => format!("ERROR:  relation \"{name}\" does not exist"),
        Refusal::TableExists(name) => format!("ERROR:  relation \"{name}\" already exists"),
        Refusal::NoColumn(name) => format!("ERROR:  column \"{name}\" does not exist"),
        Refusal::ColumnCount => {
            "ERROR:  INSERT has more expressions than target columns".to_owned()
        }
        Refusal::Duplicate(value, key) => format!(
            "ERROR:  duplicate key value violates unique constraint\nDETAIL:  Key ({key})=({value}) \
             already exists."
        ),
        Refusal::IsNull(name) => {
            format!("ERROR:  null value in column \"{name}\" violates not-null constraint")
        }
        Refusal::Syntax(near) => {
            let word = near.split_whitespace().next().unwrap_or_default();
            match word {
                "" => "ERROR:  syntax error at end of input".to_owned(),
                word => format!("ERROR:  syntax error at or near \"{word}\""),
            }
        }
        Refusal::NotSimulated => format!("ERROR:  not simulated: {statement}"),
    }
}

impl Server {
    fn run(&mut self, user: &str, database: &str, statements: &str) -> String {
        sql::divided(statements)
            .into_iter()
            .map(|one| self.one(user, database, one.trim()))
            .collect()
    }

    fn one(&mut self, user: &str, database: &str, statement: &str) -> String {
        let lower = statement.to_lowercase();
        let words: Vec<&str> = lower.split_whitespace().collect();
        let cluster = &mut self.cluster;
        match words.as_slice() {
            [] => String::new(),
            [command, rest @ ..] if command.starts_with('\\') => {
                self.shown(user, database, command, rest.first().copied())
            }
            ["select", "now()"] => {
                let (date, clock) = crate::programs::mysql::date_and_clock(&self.proc);
                let micros = self.proc.wall().civil().nanos / 1_000;
                table("now", &[format!("{date} {clock}.{micros:06}+00")])
            }
            ["select", "version()"] => {
                let version = version(&self.proc);
                table("version", &[format!("PostgreSQL {version} on x86_64-pc-linux-gnu")])
            }
            ["select", "current_user"] => table("current_user", &[user.to_owned()]),
            ["select", "current_database()"] => table("current_database", &[database.to_owned()]),
            ["select", number] if number.parse::<i64>().is_ok() => {
                table("?column?", &[(*number).to_owned()])
            }
            ["create", "database", name, ..] => {
                if cluster.databases.contains_key(*name) {
                    return format!("ERROR:  database \"{name}\" already exists\n");
                }
                cluster.databases.insert((*name).to_owned(), sql::Database::default());
                self.save();
                "CREATE DATABASE\n".to_owned()
            }
            ["create" | "alter", "user" | "role", name, rest @ ..] => {
                // The password keeps its case.
                let password = statement.split('\'').nth(1).unwrap_or_default();
                let creates = words[0] == "create";
                match (creates, cluster.roles.contains_key(*name)) {
                    (true, true) => format!("ERROR:  role \"{name}\" already exists\n"),
                    (false, false) => format!("ERROR:  role \"{name}\" does not exist\n"),
                    _ => {
                        if creates || rest.contains(&"password") {
                            cluster.roles.insert((*name).to_owned(), digest(password));
                            self.save();
                        }
                        format!("{} ROLE\n", words[0].to_uppercase())
                    }
                }
            }
            ["grant", ..] => "GRANT\n".to_owned(),
            _ => {
                let Some(own) = cluster.databases.get_mut(database) else { return String::new() };
                match sql::parse(statement).and_then(|parsed| own.run(&parsed)) {
                    Ok(Outcome::Rows(titles, rows)) => {
                        // A function is called after itself, without its column.
                        let title = |title: &String| {
                            title.split('(').next().unwrap_or(title).to_lowercase()
                        };
                        drawn(&titles.iter().map(title).collect::<Vec<_>>(), &rows)
                    }
                    Ok(Outcome::Done(tag, count)) => {
                        self.save();
                        match tag {
                            "INSERT" => format!("INSERT 0 {count}\n"),
                            "UPDATE" | "DELETE" => format!("{tag} {count}\n"),
                            tag => format!("{tag}\n"),
                        }
                    }
                    Err(why) => refusal(why, statement) + "\n",
                }
            }
        }
    }

    /// What a command of `psql` shows.
    fn shown(&self, user: &str, database: &str, command: &str, name: Option<&str>) -> String {
        let cluster = &self.cluster;
        match (command, name) {
            ("\\l" | "\\list", _) => {
                let row = |name: &String| {
                    let template = name.starts_with("template");
                    let access = if template { "=c/postgres\npostgres=CTc/postgres" } else { "" };
                    [name.as_str(), "postgres", "UTF8", "en_US.utf8", "en_US.utf8", access]
                        .map(str::to_owned)
                        .to_vec()
                };
                let rows: Vec<Vec<String>> = cluster.databases.keys().map(row).collect();
                let titles = "Name Owner Encoding Collate Ctype Access_privileges";
                let count = rows.len();
                headed("List of databases", titles, &rows) + &format!("({count} rows)\n\n")
            }
            ("\\du", _) => {
                let row = |name: &String| {
                    let all = "Superuser, Create role, Create DB, Replication, Bypass RLS";
                    let is_first = name == "postgres" || cluster.roles.len() == 1;
                    vec![name.clone(), if is_first { all } else { "" }.to_owned(), "{}".to_owned()]
                };
                let rows: Vec<Vec<String>> = cluster.roles.keys().map(row).collect();
                headed("List of roles", "Role_name Attributes Member_of", &rows) + "\n"
            }
            ("\\d" | "\\d+", Some(name)) => {
                let tables = cluster.databases.get(database).map(|own| &own.tables);
                match tables.and_then(|it| it.get(name)) {
                    Some(table) => description(name, table),
                    None => format!("Did not find any relation named \"{name}\".\n"),
                }
            }
            ("\\dt" | "\\d", _) => {
                let tables = cluster.databases.get(database).map(|own| &own.tables);
                let row =
                    |name: &String| ["public", name, "table", user].map(str::to_owned).to_vec();
                let rows: Vec<Vec<String>> =
                    tables.into_iter().flat_map(|it| it.keys()).map(row).collect();
                if rows.is_empty() {
                    return "Did not find any relations.\n".to_owned();
                }
                let plural = if rows.len() == 1 { "row" } else { "rows" };
                let count = format!("({} {plural})\n\n", rows.len());
                headed("List of relations", "Schema Name Type Owner", &rows) + &count
            }
            ("\\conninfo", _) => format!(
                "You are connected to database \"{database}\" as user \"{user}\" at port \"{PORT}\".\n"
            ),
            _ => format!("invalid command {command}\nTry \\? for help.\n"),
        }
    }

    /// What was acknowledged is on the disk.
    fn save(&self) {
        let _ = self.proc.write_file(&format!("{DATA}/cluster"), self.cluster.save().as_bytes());
    }
}

async fn log(proc: &Proc, text: &str) {
    let c = proc.wall().civil();
    let (at, millis, pid) = (c.strftime("%Y-%m-%d %T"), c.nanos / 1_000_000, proc.own_pid());
    proc.eprint(format!("{at}.{millis:03} UTC [{pid}] LOG:  {text}\n")).await;
}

pub(in crate::programs) fn postgres(proc: Proc) -> Running {
    Box::pin(async move {
        if proc.args().iter().any(|arg| matches!(arg.as_str(), "--version" | "-V")) {
            proc.print(format!("postgres (PostgreSQL) {}\n", version(&proc))).await;
            return 0;
        }
        proc.on_signal(Signal::Terminate, Disposition::Catch);
        proc.on_signal(Signal::Interrupt, Disposition::Catch);
        let path = format!("{DATA}/cluster");
        let cluster = match proc.read_file(&path) {
            Ok(bytes) => {
                proc.print("\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n").await;
                Cluster::load(&String::from_utf8_lossy(&bytes))
            }
            Err(_) => match Cluster::initialize(&proc) {
                Ok(cluster) => {
                    proc.print("PostgreSQL init process complete; ready for start up.\n\n").await;
                    cluster
                }
                Err(text) => {
                    proc.eprint(text).await;
                    return 1;
                }
            },
        };
        if let Err(errno) = proc.write_file(&path, cluster.save().as_bytes()) {
            proc.eprint(format!("initdb: error: could not write {path}: {errno}\n")).await;
            return 1;
        }
        let server = Rc::new(RefCell::new(Server { cluster, proc: proc.clone() }));
        if let Err(errno) = proc.listen(PORT, server.clone()) {
            log(&proc, &format!("could not bind IPv4 address \"0.0.0.0\": {errno}")).await;
            return 1;
        }
        let version = version(&proc);
        log(&proc, &format!("starting PostgreSQL {version} on x86_64-pc-linux-gnu")).await;
        log(&proc, "listening on IPv4 address \"0.0.0.0\", port 5432").await;
        log(&proc, "database system is ready to accept connections").await;
        next_signal(&proc).await;
        log(&proc, "received smart shutdown request").await;
        server.borrow().save();
        log(&proc, "database system is shut down").await;
        0
    })
}
