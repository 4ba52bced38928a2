//! `psql` and `pg_isready`.

use os::program::Running;
use os::{Fd, Proc};

use super::{PORT, version};

/// How `psql` is to connect, and what to do there.
struct Login {
    host: String,
    user: String,
    database: Option<String>,
    statements: Vec<String>,
    asks_password: bool,
}

fn parse(proc: &Proc) -> Result<Login, String> {
    let setting = |name: &str| proc.env(name);
    let own = if proc.user().uid == 0 { "root" } else { "postgres" };
    let mut login = Login {
        host: setting("PGHOST").unwrap_or_default(),
        user: setting("PGUSER").unwrap_or_else(|| own.to_owned()),
        database: setting("PGDATABASE"),
        statements: Vec::new(),
        asks_password: false,
    };
    let args = proc.args();
    let mut rest = args.iter().skip(1);
    let mut plain = 0;
    while let Some(arg) = rest.next() {
        let (flag, attached) = match arg.strip_prefix("--") {
            Some(long) => {
                let (name, value) = long.split_once('=').unwrap_or((long, ""));
                let letter = match name {
                    "host" => "h",
                    "username" => "U",
                    "dbname" => "d",
                    "command" => "c",
                    "port" => "p",
                    "password" => "W",
                    "no-password" => "w",
                    _ => return Err(format!("psql: unrecognized option '{arg}'\n")),
                };
                (letter, value)
            }
            None => match arg.strip_prefix('-').and_then(|it| it.split_at_checked(1)) {
                Some(split) => split,
                None => {
                    if plain == 0 {
                        // A connection's address: postgres://user@host/database.
                        login.database = Some(arg.clone());
                    } else {
                        login.user.clone_from(arg);
                    }
                    plain += 1;
                    continue;
                }
            },
        };
        if matches!(flag, "W" | "w" | "t" | "A" | "q" | "X" | "l") {
            login.asks_password |= flag == "W";
            if flag == "l" {
                login.statements.push("\\l".to_owned());
            }
            continue;
        }
        let value =
            if attached.is_empty() { rest.next().cloned() } else { Some(attached.to_owned()) };
        let value = value.unwrap_or_default();
        match flag {
            "h" => login.host = value,
            "U" => login.user = value,
            "d" => login.database = Some(value),
            "c" => login.statements.push(value),
            "p" => {}
            _ => return Err(format!("psql: invalid option -- '{flag}'\n")),
        }
    }
    let address = login.database.clone().unwrap_or_default();
    if let Some(rest) =
        address.strip_prefix("postgres://").or(address.strip_prefix("postgresql://"))
    {
        let (who, place) = rest.split_once('@').unwrap_or(("", rest));
        let (host, database) = place.split_once('/').unwrap_or((place, ""));
        let (user, password) = who.split_once(':').unwrap_or((who, ""));
        host.split(':').next().unwrap_or_default().clone_into(&mut login.host);
        if !user.is_empty() {
            user.clone_into(&mut login.user);
        }
        if !password.is_empty() {
            proc.set_env("PGPASSWORD", Some(password));
        }
        login.database = (!database.is_empty()).then(|| database.to_owned());
    }
    Ok(login)
}

pub(in crate::programs) fn psql(proc: Proc) -> Running {
    Box::pin(async move {
        if proc.args().iter().any(|arg| matches!(arg.as_str(), "--version" | "-V")) {
            proc.print(format!("psql (PostgreSQL) {}\n", version(&proc))).await;
            return 0;
        }
        let login = match parse(&proc) {
            Ok(login) => login,
            Err(text) => {
                proc.eprint(text).await;
                return 1;
            }
        };
        let is_local =
            login.host.is_empty() || login.host == "localhost" || login.host.starts_with("127.");
        let mut password = proc.env("PGPASSWORD").unwrap_or_default();
        if login.asks_password || password.is_empty() && !is_local && proc.is_terminal(Fd::STDIN) {
            proc.print(format!("Password for user {}: ", login.user)).await;
            password = proc.read_secret_line().await.ok().flatten().unwrap_or_default();
            proc.print("\n").await;
        }
        if !login.statements.is_empty() {
            let mut status = 0;
            for statement in &login.statements {
                status = ask(&proc, &login, is_local, &password, statement).await;
            }
            return status;
        }
        let status = ask(&proc, &login, is_local, &password, "").await;
        if status != 0 {
            return status;
        }
        let database = login.database.clone().unwrap_or_else(|| login.user.clone());
        let is_terminal = proc.is_terminal(Fd::STDIN);
        if is_terminal {
            let version = version(&proc);
            proc.print(format!("psql ({version})\nType \"help\" for help.\n\n")).await;
        }
        let mut open = String::new();
        loop {
            if is_terminal {
                let sign = if open.is_empty() { '=' } else { '-' };
                proc.print(format!("{database}{sign}# ")).await;
            }
            let line = proc.read(Fd::STDIN, 65_536).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            if line.is_empty() || matches!(text.as_str(), "exit" | "quit" | "\\q") {
                return 0;
            }
            let is_complete = text.ends_with(';') || text.starts_with('\\') && open.is_empty();
            open += &text;
            open.push(' ');
            if is_complete || !is_terminal {
                let statement = std::mem::take(&mut open);
                ask(&proc, &login, is_local, &password, &statement).await;
            }
        }
    })
}

async fn ask(proc: &Proc, login: &Login, is_local: bool, password: &str, statement: &str) -> i32 {
    let way = if is_local { "local" } else { "host" };
    let host = if is_local { "localhost" } else { login.host.as_str() };
    let database = login.database.as_deref().unwrap_or(&login.user);
    let request = [way, &login.user, password, database, statement].join("\0");
    match proc.call(host, PORT, request.as_bytes()).await {
        Ok(answer) if answer.starts_with(b"psql: ") => {
            proc.eprint(answer).await;
            2
        }
        Ok(answer) if answer.starts_with(b"ERROR") => {
            proc.eprint(answer).await;
            1
        }
        Ok(answer) => {
            proc.print(answer).await;
            0
        }
        Err(errno) => {
            let why = match errno {
                os::Errno::NotFound => {
                    format!(
                        "could not translate host name \"{host}\" to address: Name or service not known"
                    )
                }
                errno if is_local => format!(
                    "could not connect to server: {errno}\n\tIs the server running locally and accepting\n\tconnections on Unix domain socket \"/var/run/postgresql/.s.PGSQL.5432\"?"
                ),
                errno => format!(
                    "could not connect to server: {errno}\n\tIs the server running on host \"{host}\" and accepting\n\tTCP/IP connections on port 5432?"
                ),
            };
            proc.eprint(format!("psql: error: {why}\n")).await;
            2
        }
    }
}

pub(in crate::programs) fn pg_isready(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let at = args.iter().position(|arg| arg == "-h");
        let host = at.and_then(|at| args.get(at + 1)).cloned().unwrap_or_default();
        let place = if host.is_empty() { "/var/run/postgresql" } else { host.as_str() };
        let address = if host.is_empty() { "localhost" } else { host.as_str() };
        let answers = proc.call(address, PORT, b"").await.is_ok();
        let text = if answers { "accepting connections" } else { "no response" };
        proc.print(format!("{place}:{PORT} - {text}\n")).await;
        if answers { 0 } else { 2 }
    })
}
