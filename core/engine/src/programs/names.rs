//! `nslookup`, `getent` and `host`: what a name means where one stands.

use os::program::Running;
use os::{Proc, is_address};

/// The name server of `/etc/resolv.conf`.
fn server(proc: &Proc) -> String {
    let bytes = proc.read_file("/etc/resolv.conf").unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let found = text.lines().find_map(|line| line.trim().strip_prefix("nameserver "));
    found.map_or_else(|| "127.0.0.1".to_owned(), |address| address.trim().to_owned())
}

/// busybox's `nslookup`, which asks the server and not `/etc/hosts`.
pub(super) fn nslookup(proc: Proc) -> Running {
    look_up(proc, true)
}

/// bind's.
pub(super) fn bind_nslookup(proc: Proc) -> Running {
    look_up(proc, false)
}

fn look_up(proc: Proc, is_busybox: bool) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let mut words = args.iter().skip(1).filter(|word| !word.starts_with('-'));
        let Some(name) = words.next() else {
            proc.eprint("Usage: nslookup HOST [DNS_SERVER]\n").await;
            return 1;
        };
        let server = words.next().cloned().unwrap_or_else(|| server(&proc));
        let port = if is_busybox { ":53" } else { "#53" };
        proc.print(format!("Server:\t\t{server}\nAddress:\t{server}{port}\n\n")).await;
        let name = name.trim_end_matches('.');
        let found =
            if is_address(name) { Vec::new() } else { proc.query(name).await.unwrap_or_default() };
        if found.is_empty() {
            let times = if is_busybox { 2 } else { 1 };
            let line = format!("** server can't find {name}: NXDOMAIN\n\n");
            proc.print(line.repeat(times)).await;
            return 1;
        }
        let mut text = "Non-authoritative answer:\n".to_owned();
        for address in &found {
            text += &format!("Name:\t{name}\nAddress: {address}\n");
        }
        // busybox asks for IPv6 addresses too, and there are none.
        text += if is_busybox { "\nNon-authoritative answer:\n\n" } else { "\n" };
        proc.print(text).await;
        0
    })
}

/// musl's `getent`.
pub(super) fn getent(proc: Proc) -> Running {
    entries(proc, true)
}

/// glibc's `getent`.
pub(super) fn glibc_getent(proc: Proc) -> Running {
    entries(proc, false)
}

fn entries(proc: Proc, is_musl: bool) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let (database, keys) = match args.get(1..) {
            Some([database, keys @ ..]) => (database.as_str(), keys),
            _ => {
                proc.eprint("Usage: getent [OPTION...] database [key ...]\n").await;
                return 1;
            }
        };
        match database {
            "hosts" | "ahosts" | "ahostsv4" => {}
            "passwd" | "group" => return accounts(&proc, database, keys).await,
            other => {
                proc.eprint(format!("Unknown database: {other}\n")).await;
                return 1;
            }
        }
        let mut status = 0;
        for name in keys {
            let Ok(found) = proc.resolve(name).await else {
                status = 2;
                continue;
            };
            let shown =
                if database == "hosts" { found.get(..1).unwrap_or_default() } else { &found };
            for address in shown {
                proc.print(match (database, is_musl) {
                    ("hosts", true) => format!("{address:<16}  {name}  {name}\n"),
                    ("hosts", false) => format!("{address:<15} {name}\n"),
                    _ => format!(
                        "{address:<15} STREAM {name}\n{address:<15} DGRAM  \n{address:<15} RAW    \n"
                    ),
                })
                .await;
            }
        }
        status
    })
}

/// Lines of `/etc/passwd` or `/etc/group` by name or number.
async fn accounts(proc: &Proc, database: &str, keys: &[String]) -> i32 {
    let bytes = proc.read_file(&format!("/etc/{database}")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if keys.is_empty() {
        proc.print(text).await;
        return 0;
    }
    let mut status = 0;
    for key in keys {
        let mut lines = text.lines().filter(|line| {
            let mut fields = line.split(':');
            fields.next() == Some(key) || fields.nth(1) == Some(key)
        });
        match lines.next() {
            Some(line) => proc.print(format!("{line}\n")).await,
            None => status = 2,
        }
    }
    status
}
