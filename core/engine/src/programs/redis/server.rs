//! `redis-server` as a process: it starts, says so, answers, and saves its data on SIGTERM.

use std::cell::RefCell;
use std::rc::Rc;

use os::process::Disposition;
use os::program::Running;
use os::{Errno, Proc, Service, Signal};
use sim::Time;

use super::keyspace::Keyspace;
use super::protocol::{Reply, read_typed};
use crate::programs::next_signal;

/// What a server has in front of its commands in the file that it saves.
const FILE_HEAD: &[u8] = b"REDIS0009\n";

/// A running server.
struct Server {
    keyspace: Keyspace,
    password: Option<String>,
    proc: Proc,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

impl Service for Server {
    fn answer(&mut self, _now: Time, request: &[u8]) -> Vec<u8> {
        let mut request = request;
        let mut answer = Vec::new();
        let mut is_known = self.password.is_none();
        while let Some(words) = read_typed(&mut request) {
            if words.is_empty() {
                continue;
            }
            let name = words.first().map(|word| String::from_utf8_lossy(word).to_uppercase());
            let reply = match name.as_deref() {
                Some("AUTH") => self.authenticate(words.last(), &mut is_known),
                _ if !is_known => Reply::Error("NOAUTH Authentication required.".to_owned()),
                Some("SAVE" | "BGSAVE") => match save(&self.proc, &self.keyspace) {
                    Ok(()) => Reply::Status("OK"),
                    Err(errno) => Reply::Error(format!("ERR {errno}")),
                },
                _ => self.keyspace.run(&words),
            };
            reply.write(&mut answer);
        }
        answer
    }
}

impl Server {
    fn authenticate(&self, given: Option<&Vec<u8>>, is_known: &mut bool) -> Reply {
        match &self.password {
            None => Reply::Error(
                "ERR AUTH <password> called without any password configured for the default \
                 user. Are you sure your configuration is correct?"
                    .to_owned(),
            ),
            Some(password) if given.is_some_and(|word| *word == password.as_bytes()) => {
                *is_known = true;
                Reply::Status("OK")
            }
            Some(_) => Reply::Error(
                "WRONGPASS invalid username-password pair or user is disabled.".to_owned(),
            ),
        }
    }
}

/// `1:M 21 Mar 2017 18:40:08.123 * text`.
async fn log(proc: &Proc, role: char, level: char, text: &str) {
    let c = proc.wall().civil();
    let (pid, at, millis) = (proc.own_pid(), c.strftime("%d %b %Y %T"), c.nanos / 1_000_000);
    proc.print(format!("{pid}:{role} {at}.{millis:03} {level} {text}\n")).await;
}

pub(crate) fn server(proc: Proc) -> Running {
    Box::pin(async move {
        let version = proc.env("REDIS_VERSION").unwrap_or_else(|| "6.2.6".to_owned());
        let args = proc.args();
        if matches!(args.get(1).map(String::as_str), Some("--version" | "-v")) {
            let text = format!("Redis server v={version} sha=00000000:0 malloc=libc bits=64\n");
            proc.print(text).await;
            return 0;
        }
        let after = |flag: &str| {
            let index = args.iter().position(|arg| arg == flag)?;
            args.get(index + 1).cloned()
        };
        let port = after("--port").unwrap_or_else(|| "6379".to_owned());
        for signal in [Signal::Terminate, Signal::Interrupt] {
            proc.on_signal(signal, Disposition::Catch);
        }
        let pid = proc.own_pid();
        log(&proc, 'C', '#', "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo").await;
        let about = format!(
            "Redis version={version}, bits=64, commit=00000000, modified=0, pid={pid}, just started"
        );
        log(&proc, 'C', '#', &about).await;
        if args.len() == 1 {
            let text = "Warning: no config file specified, using the default config.";
            log(&proc, 'C', '#', text).await;
        }
        proc.set_args(vec![format!("redis-server *:{port}")]);
        log(&proc, 'M', '*', &format!("Running mode=standalone, port={port}.")).await;
        log(&proc, 'M', '#', "Server initialized").await;
        let saved = proc.read_file("dump.rdb").unwrap_or_default();
        let keyspace = Keyspace::load(saved.strip_prefix(FILE_HEAD).unwrap_or_default());
        if !saved.is_empty() {
            log(&proc, 'M', '*', "DB loaded from disk: 0.000 seconds").await;
        }
        let server = Server { keyspace, password: after("--requirepass"), proc: proc.clone() };
        let server = Rc::new(RefCell::new(server));
        if let Err(errno) = proc.listen(port.parse().unwrap_or(6379), server.clone()) {
            log(
                &proc,
                'M',
                '#',
                &format!("Could not create server TCP listening socket *:{port}: bind: {errno}"),
            )
            .await;
            return 1;
        }
        log(&proc, 'M', '*', "Ready to accept connections").await;
        let signal = next_signal(&proc).await;
        let seconds = proc.wall().unix_secs();
        let name = signal.name();
        let text =
            format!("{pid}:signal-handler ({seconds}) Received SIG{name} scheduling shutdown...\n");
        proc.print(text).await;
        log(&proc, 'M', '#', "User requested shutdown...").await;
        log(&proc, 'M', '*', "Saving the final RDB snapshot before exiting.").await;
        let saved = save(&proc, &server.borrow().keyspace);
        match saved {
            Ok(()) => log(&proc, 'M', '*', "DB saved on disk").await,
            Err(errno) => {
                let text = format!("Failed opening the temp RDB file for saving: {errno}");
                log(&proc, 'M', '#', &text).await;
            }
        }
        log(&proc, 'M', '#', "Redis is now ready to exit, bye bye...").await;
        0
    })
}

/// Writes the keys into a file in the working folder.
fn save(proc: &Proc, keyspace: &Keyspace) -> Result<(), Errno> {
    proc.write_file("dump.rdb", &[FILE_HEAD, &keyspace.save()].concat())
}
