//! The programs that the catalogue's images bring along.

mod gitea;
mod http;
mod mysql;
mod nginx;
mod ping;
mod python;
mod redis;
mod su_exec;

use os::{Proc, Programs, Signal};
use sim::Duration;

/// Adds them all; the names are those that [`os::program::image`] puts into the images.
pub fn register(programs: &mut Programs) {
    programs.add("redis-server", redis::server);
    programs.add("redis-cli", redis::cli);
    programs.add("nginx", nginx::nginx);
    programs.add("ping", ping::ping);
    programs.add("curl", http::curl);
    programs.add("wget", http::wget);
    programs.add("mysqld", mysql::mysqld);
    programs.add("mysql", mysql::mysql);
    programs.add("gitea", gitea::gitea);
    programs.add("python", python::python);
    programs.add("su-exec", su_exec::su_exec);
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
