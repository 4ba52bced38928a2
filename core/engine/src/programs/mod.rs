//! The programs that the catalogue's images bring along.

mod accounts;
mod dockercoins;
mod gitea;
mod http;
mod mysql;
mod names;
mod nginx;
mod ping;
mod postgres;
mod probes;
mod python;
mod redis;
mod registry;
mod servers;
mod sql;
mod su_exec;
mod voting;
mod web;
mod wordpress;

use os::{Proc, Programs, Signal};
use sim::Duration;

/// What a server of our days has to look at its network: paths, and the programs that they are.
pub const NETWORK_TOOLS: &[(&str, &str)] = &[
    ("/bin/ping", "ping:iputils"),
    ("/usr/bin/curl", "curl"),
    ("/usr/bin/getent", "getent:glibc"),
    ("/usr/bin/nslookup", "nslookup:bind"),
    ("/usr/bin/dig", "dig"),
    ("/bin/nc", "nc"),
    ("/usr/bin/telnet", "telnet"),
    ("/bin/ss", "sockets"),
    ("/bin/netstat", "sockets"),
    ("/usr/bin/traceroute", "traceroute"),
    ("/usr/bin/wget", "wget"),
];

/// Adds them all; the names are those that [`os::program::image`] puts into the images.
pub fn register(programs: &mut Programs) {
    programs.add("redis-server", redis::server);
    programs.add("redis-cli", redis::cli);
    programs.add("nginx", nginx::nginx);
    programs.add("ping", ping::ping);
    programs.add("ping:iputils", ping::iputils);
    programs.add("nslookup", names::nslookup);
    programs.add("nslookup:bind", names::bind_nslookup);
    programs.add("dig", probes::dig);
    programs.add("nc", probes::nc);
    programs.add("telnet", probes::telnet);
    programs.add("traceroute", probes::traceroute);
    programs.add("sockets", probes::sockets);
    programs.add("getent", names::getent);
    programs.add("getent:glibc", names::glibc_getent);
    programs.add("curl", http::curl);
    programs.add("wget", http::wget);
    programs.add("mysqld", mysql::mysqld);
    programs.add("mysql", mysql::mysql);
    programs.add("mysqladmin", mysql::mysqladmin);
    programs.add("postgres", postgres::postgres);
    programs.add("psql", postgres::psql);
    programs.add("pg_isready", postgres::pg_isready);
    programs.add("gitea", gitea::gitea);
    programs.add_large("python", python::python, python::START_COST);
    programs.add_large("pip", python::pip, python::START_COST);
    programs.add_large("flask", python::flask, python::START_COST);
    programs.add("su-exec", su_exec::su_exec);
    programs.add("registry", registry::registry);
    programs.add("whoami", web::whoami);
    programs.add("whoami:short", web::whoami_short);
    programs.add("httpd", web::httpd);
    programs.add("hello-world", web::hello);
    programs.add("server", servers::server);
    programs.add("language", servers::language);
    programs.add("wordpress", wordpress::wordpress);
    programs.add("dockercoins", dockercoins::dockercoins);
    programs.add("vote", voting::vote);
    programs.add("result", voting::result);
    programs.add("worker", voting::worker);
    programs.add("adduser", accounts::adduser);
    programs.add("addgroup", accounts::addgroup);
}

/// Waits for a caught signal, however long it takes.
async fn next_signal(proc: &Proc) -> Signal {
    loop {
        if let Some(signal) = proc.take_signal() {
            return signal;
        }
        // Only a signal ends this sleep early.
        let _ = proc.sleep(Duration::from_secs(86_400)).await;
    }
}
