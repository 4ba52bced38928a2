//! `nginx` as a process: it starts, says so, and ends on SIGQUIT or SIGTERM. It serves nothing yet:
//! the machine has no sockets.

use os::process::Disposition;
use os::program::Running;
use os::{Pid, Proc, Signal};

use super::next_signal;

/// `2017/03/21 18:40:08 [notice] 1#1: text`.
async fn notice(proc: &Proc, pid: Pid, text: &str) {
    let c = proc.now().civil();
    let line = format!(
        "{}/{:02}/{:02} {:02}:{:02}:{:02} [notice] {pid}#{pid}: {text}\n",
        c.year, c.month, c.day, c.hour, c.minute, c.second
    );
    proc.eprint(line).await;
}

pub(super) fn nginx(proc: Proc) -> Running {
    Box::pin(async move {
        let version = proc.env("NGINX_VERSION").unwrap_or_else(|| "1.21.6".to_owned());
        match proc.args().get(1).map(String::as_str) {
            Some("-v") => {
                proc.eprint(format!("nginx version: nginx/{version}\n")).await;
                return 0;
            }
            Some("-t") => return check(&proc).await,
            _ => {}
        }
        if check_quietly(&proc) != 0 {
            return check(&proc).await;
        }
        for signal in [Signal::Quit, Signal::Terminate, Signal::Interrupt, Signal::Hangup] {
            proc.on_signal(signal, Disposition::Catch);
        }
        let pid = proc.own_pid();
        notice(&proc, pid, "using the \"epoll\" event method").await;
        notice(&proc, pid, &format!("nginx/{version}")).await;
        notice(&proc, pid, "start worker processes").await;
        let worker = proc.fork(std::collections::BTreeMap::new(), false, false, |child| {
            Box::pin(async move {
                child.set_args(vec!["nginx: worker process".to_owned()]);
                child.on_signal(Signal::Quit, Disposition::Catch);
                next_signal(&child).await;
                0
            })
        });
        let args = proc.args().join(" ");
        proc.set_args(vec![format!("nginx: master process {args}")]);
        notice(&proc, pid, "start worker process").await;
        loop {
            match next_signal(&proc).await {
                Signal::Hangup => {
                    notice(&proc, pid, "signal 1 (SIGHUP) received, reconfiguring").await
                }
                signal => {
                    let text = match signal {
                        Signal::Quit => "shutting down",
                        _ => "exiting",
                    };
                    let (number, name) = (signal.number(), signal.name());
                    notice(&proc, pid, &format!("signal {number} (SIG{name}) received, {text}"))
                        .await;
                    proc.signal_child(worker, Signal::Quit);
                    let _ = proc.wait(worker).await;
                    notice(&proc, pid, "exit").await;
                    return 0;
                }
            }
        }
    })
}

const CONF: &str = "/etc/nginx/nginx.conf";

fn check_quietly(proc: &Proc) -> i32 {
    i32::from(proc.read_file(CONF).is_err())
}

async fn check(proc: &Proc) -> i32 {
    match proc.read_file(CONF) {
        Ok(_) => {
            proc.eprint(format!("nginx: the configuration file {CONF} syntax is ok\n")).await;
            proc.eprint(format!("nginx: configuration file {CONF} test is successful\n")).await;
            0
        }
        Err(errno) => {
            let text = format!("nginx: [emerg] open() \"{CONF}\" failed ({errno})\n");
            proc.eprint(text).await;
            1
        }
    }
}
