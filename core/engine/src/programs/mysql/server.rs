//! What the server answers.

use os::{Proc, Service};
use sim::Time;

use super::super::sql::{self, Outcome, Refusal};
use super::{DATA, Tables, digest};

pub(super) struct Server {
    pub(super) tables: Tables,
    pub(super) version: String,
    pub(super) proc: Proc,
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

/// The columns of a table.
fn description(table: &sql::Table) -> Outcome {
    let titles = ["Field", "Type", "Null", "Key", "Default", "Extra"].map(str::to_owned);
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
    Outcome::Rows(titles.to_vec(), table.columns.iter().map(row).collect())
}

impl Server {
    fn run(&mut self, user: &str, database: &str, statement: &str) -> Result<Outcome, String> {
        let statement = statement.trim().trim_end_matches(';');
        let lower = statement.to_lowercase();
        let words: Vec<&str> = lower.split_whitespace().collect();
        let done = Ok(Outcome::Done("", 0));
        // A column is called as it was written.
        let title = statement.split_whitespace().nth(1).unwrap_or_default();
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
                let missing = || refusal(Refusal::NoTable((*name).to_owned()), database, statement);
                Ok(description(own.tables.get(*name).ok_or_else(missing)?))
            }
            ["select", "version()" | "@@version"] => Ok(column(title, vec![self.version.clone()])),
            ["select", "user()" | "current_user()"] => {
                Ok(column(title, vec![format!("{user}@localhost")]))
            }
            ["select", "database()"] => Ok(column(title, vec![database.to_owned()])),
            ["select", "now()" | "current_timestamp()" | "current_timestamp" | "curdate()"] => {
                let (date, clock) = super::date_and_clock(&self.proc);
                let is_date = words[1] == "curdate()";
                Ok(column(title, vec![if is_date { date } else { format!("{date} {clock}") }]))
            }
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
    pub(super) fn save(&self) {
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
