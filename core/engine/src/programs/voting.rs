//! The three programs of Docker's example voting app: a page for votes that go into redis, a worker that
//! carries them to postgres, and a page for the result.

use os::process::Disposition;
use os::program::Running;
use os::{Inbox, Incoming, Proc, Signal};
use sim::Duration;

use super::http::{Request, response};
use super::{postgres, redis};

const REDIS: (&str, u16) = ("redis", 6379);
/// Host, user, password, database: as the images have them.
const DATABASE: (&str, &str, &str, &str) = ("db", "postgres", "postgres", "postgres");
/// How long a program waits before it looks for its server again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Listens on port 80; `docker stop` ends it in order.
pub(super) async fn open(proc: &Proc) -> Result<Inbox, i32> {
    for signal in [Signal::Terminate, Signal::Interrupt, Signal::Quit] {
        proc.on_signal(signal, Disposition::Catch);
    }
    match proc.open_ports(&[80]) {
        Ok(inbox) => Ok(inbox),
        Err((_, errno)) => {
            proc.eprint(format!("bind 0.0.0.0:80: {errno}\n")).await;
            Err(1)
        }
    }
}

fn option(proc: &Proc, letter: &str, default: &str) -> String {
    proc.env(&format!("OPTION_{letter}")).unwrap_or_else(|| default.to_owned())
}

/// The page for votes.
pub(super) fn vote(proc: Proc) -> Running {
    Box::pin(async move {
        let inbox = match open(&proc).await {
            Ok(inbox) => inbox,
            Err(status) => return status,
        };
        proc.eprint("[INFO] Listening at: http://0.0.0.0:80 (1)\n[INFO] Using worker: sync\n")
            .await;
        while let Ok(Incoming { call, request, .. }) = inbox.next().await {
            let request = Request::parse(&request);
            let cookie = request.header("cookie").and_then(|text| text.split_once("voter_id="));
            let voter = cookie.map(|(_, id)| id.split(';').next().unwrap_or(id).to_owned());
            let fresh = || proc.random(8).iter().map(|byte| format!("{byte:02x}")).collect();
            let voter: String = voter.unwrap_or_else(fresh);
            let (mut status, mut choice) = ("200 OK", String::new());
            if request.method == "POST" {
                choice = request.field("vote").unwrap_or_default();
                let letter = if choice == "b" { "b" } else { "a" };
                let text = format!("{{\"vote\": \"{letter}\", \"voter_id\": \"{voter}\"}}");
                let sent = redis::query(&proc, REDIS, &["RPUSH", "votes", &text]).await;
                if !matches!(sent, Some(Ok(_))) {
                    status = "500 Internal Server Error";
                }
            }
            let (a, b) = (option(&proc, "A", "Cats"), option(&proc, "B", "Dogs"));
            let host = proc.hostname();
            let body = match status {
                "200 OK" => format!(
                    "<!DOCTYPE html>\n<html>\n<head><title>{a} vs {b}!</title></head>\n<body>\n<h3>{a} vs \
                     {b}!</h3>\n<form id=\"choice\" name=\"form\" method=\"POST\" action=\"/\">\n<button \
                     id=\"a\" name=\"vote\" value=\"a\">{a}</button>\n<button id=\"b\" name=\"vote\" \
                     value=\"b\">{b}</button>\n</form>\n<div id=\"voted\">{choice}</div>\nProcessed by \
                     container ID {host}\n</body>\n</html>\n"
                ),
                _ => "<h1>Internal Server Error</h1>\n".to_owned(),
            };
            let also = format!("Set-Cookie: voter_id={voter}; Path=/\r\n");
            proc.respond(
                call,
                response(status, "text/html; charset=utf-8", &also, body.as_bytes()),
            );
        }
        0
    })
}

/// The page for the result.
pub(super) fn result(proc: Proc) -> Running {
    Box::pin(async move {
        let inbox = match open(&proc).await {
            Ok(inbox) => inbox,
            Err(status) => return status,
        };
        proc.print("App running on port 80\n").await;
        while let Ok(Incoming { call, .. }) = inbox.next().await {
            let counts =
                postgres::query(&proc, DATABASE, "SELECT vote, COUNT(id) FROM votes GROUP BY vote")
                    .await;
            let count = |vote: &str| {
                let lines = counts.as_deref().unwrap_or_default().lines();
                let mut cells = lines.filter_map(|line| line.split_once('|'));
                let found = cells.find(|(cell, _)| cell.trim() == vote);
                found.map_or("0", |(_, count)| count.trim()).to_owned()
            };
            let body = format!(
                "<!DOCTYPE html>\n<html>\n<head><title>Cats vs Dogs -- Result</title></head>\n<body>\n\
                 <div>{}: {}</div>\n<div>{}: {}</div>\n</body>\n</html>\n",
                option(&proc, "A", "Cats"),
                count("a"),
                option(&proc, "B", "Dogs"),
                count("b")
            );
            proc.respond(call, response("200 OK", "text/html; charset=utf-8", "", body.as_bytes()));
        }
        0
    })
}

/// The worker between them.
pub(super) fn worker(proc: Proc) -> Running {
    Box::pin(async move {
        const TABLE: &str = "CREATE TABLE IF NOT EXISTS votes (id VARCHAR(255) NOT NULL UNIQUE, vote VARCHAR(255) NOT NULL)";
        while !postgres::query(&proc, DATABASE, TABLE)
            .await
            .is_some_and(|it| it.starts_with("CREATE"))
        {
            proc.eprint("Waiting for db\n").await;
            let _ = proc.sleep(PATIENCE).await;
        }
        proc.eprint("Connected to db\n").await;
        let mut is_connected = false;
        loop {
            let next = redis::query(&proc, REDIS, &["LPOP", "votes"]).await;
            match next {
                Some(Ok(text)) if !text.is_empty() => carry(&proc, &text).await,
                Some(_) => {
                    if !std::mem::replace(&mut is_connected, true) {
                        proc.eprint("Found redis\n").await;
                    }
                    let _ = proc.sleep(PATIENCE).await;
                }
                None => {
                    is_connected = false;
                    proc.eprint("Waiting for redis\n").await;
                    let _ = proc.sleep(PATIENCE).await;
                }
            }
        }
    })
}

/// One vote into the table; the last one of a voter counts.
async fn carry(proc: &Proc, text: &str) {
    let field = |name: &str| {
        let rest = text.split_once(&format!("\"{name}\": \"")).map_or("", |(_, rest)| rest);
        rest.split('"').next().unwrap_or_default().replace('\'', "")
    };
    let (vote, voter) = (field("vote"), field("voter_id"));
    proc.print(format!("Processing vote for '{vote}' by '{voter}'\n")).await;
    let insert = format!("INSERT INTO votes (id, vote) VALUES ('{voter}', '{vote}')");
    let answer = postgres::query(proc, DATABASE, &insert).await.unwrap_or_default();
    if answer.starts_with("ERROR") {
        let update = format!("UPDATE votes SET vote = '{vote}' WHERE id = '{voter}'");
        postgres::query(proc, DATABASE, &update).await;
    }
}
