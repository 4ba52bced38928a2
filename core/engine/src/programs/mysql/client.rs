//! The clients `mysql` and `mysqladmin`.

use os::program::Running;
use os::{Fd, Proc};

use super::super::sql;
use super::{PORT, version};

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
pub(crate) fn mysqladmin(proc: Proc) -> Running {
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

pub(crate) fn mysql(proc: Proc) -> Running {
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
pub(crate) async fn query(
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
