//! `redis-server` as a process: it starts, says so, and saves its data on SIGTERM.

use os::process::Disposition;
use os::program::Running;
use os::{Errno, Proc, Signal};

use super::next_signal;

/// `1:M 21 Mar 2017 18:40:08.123 * text`.
async fn log(proc: &Proc, role: char, level: char, text: &str) {
    let c = proc.now().civil();
    let (pid, month, millis) = (proc.own_pid(), c.month_name(), c.nanos / 1_000_000);
    let line = format!(
        "{pid}:{role} {:02} {month} {} {:02}:{:02}:{:02}.{millis:03} {level} {text}\n",
        c.day, c.year, c.hour, c.minute, c.second
    );
    proc.print(line).await;
}

pub(super) fn server(proc: Proc) -> Running {
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
        if proc.exists("dump.rdb") {
            log(&proc, 'M', '*', "DB loaded from disk: 0.000 seconds").await;
        }
        log(&proc, 'M', '*', "Ready to accept connections").await;
        let signal = next_signal(&proc).await;
        let seconds = proc.now().unix_secs();
        let name = signal.name();
        let text =
            format!("{pid}:signal-handler ({seconds}) Received SIG{name} scheduling shutdown...\n");
        proc.print(text).await;
        log(&proc, 'M', '#', "User requested shutdown...").await;
        log(&proc, 'M', '*', "Saving the final RDB snapshot before exiting.").await;
        match save(&proc) {
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

/// An empty database, in the working folder.
fn save(proc: &Proc) -> Result<(), Errno> {
    proc.write_file("dump.rdb", b"REDIS0009\xfa\x09redis-bits\xc0\x40\xff")
}

pub(super) fn cli(proc: Proc) -> Running {
    Box::pin(async move {
        proc.eprint("not simulated: redis-cli's connection to a server\n").await;
        1
    })
}
