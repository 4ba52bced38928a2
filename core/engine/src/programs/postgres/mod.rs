//! `postgres` as far as its image's variables and passwords go, `psql` and `pg_isready`.
//!
//! The image's rules (docker-library/postgres): `POSTGRES_PASSWORD_FILE` and its kin name files; who
//! comes from the container itself needs no password, everybody else does. Of SQL there is what
//! [`super::sql`] knows; anything else says so.

mod client;
mod server;

use os::Proc;

pub(super) use client::{pg_isready, psql};
pub(super) use server::postgres;

const PORT: u16 = 5432;

/// `13.10 (Debian 13.10-1.pgdg110+1)`, of the image.
fn version(proc: &Proc) -> String {
    let version = proc.env("PG_VERSION").unwrap_or_else(|| "13.10".to_owned());
    match proc.exists("/etc/alpine-release") {
        true => version,
        false => format!("{version} (Debian {version}-1.pgdg110+1)"),
    }
}

/// One statement of another program: the rows as text, or the server's refusal; `None` without a server.
pub(super) async fn query(
    proc: &Proc,
    (host, user, password, database): (&str, &str, &str, &str),
    statement: &str,
) -> Option<String> {
    let request = ["host", user, password, database, statement].join("\0");
    let answer = proc.call(host, PORT, request.as_bytes()).await.ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}
