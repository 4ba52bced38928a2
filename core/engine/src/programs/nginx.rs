//! `nginx` as a process: it starts, says so, serves files, and ends on SIGQUIT or SIGTERM. Of its
//! configuration it understands `listen`, `root` and `index`.

use std::cell::RefCell;
use std::rc::Rc;

use os::process::Disposition;
use os::program::Running;
use os::{Fd, Pid, Proc, Service, Signal};
use sim::Time;

use super::next_signal;

/// A site of the configuration.
struct Site {
    version: String,
    root: String,
    proc: Proc,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Service for Site {
    fn answer(&mut self, now: Time, request: &[u8]) -> Vec<u8> {
        let request = String::from_utf8_lossy(request).into_owned();
        let first = request.lines().next().unwrap_or_default().to_owned();
        let mut words = first.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));
        let path = os::fs::normalize("/", target.split(['?', '#']).next().unwrap_or("/"));
        let mut file = format!("{}{path}", self.root);
        if self.proc.stat(&file).is_ok_and(|inode| inode.is_directory()) {
            file = format!("{}/index.html", file.trim_end_matches('/'));
        }
        let (status, body) = match (method, self.proc.read_file(&file)) {
            ("GET" | "HEAD", Ok(body)) => ("200 OK", body),
            ("GET" | "HEAD", Err(os::Errno::Access)) => {
                ("403 Forbidden", self.page("403 Forbidden"))
            }
            ("GET" | "HEAD", Err(_)) => ("404 Not Found", self.page("404 Not Found")),
            _ => ("405 Not Allowed", self.page("405 Not Allowed")),
        };
        self.log(now, &request, &first, status, body.len());
        let kind = match file.rsplit('.').next() {
            Some("html" | "htm") => "text/html",
            Some("css") => "text/css",
            Some("txt") => "text/plain",
            _ if status != "200 OK" => "text/html",
            _ => "application/octet-stream",
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nServer: nginx/{}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.version,
            body.len()
        );
        let body = if method == "HEAD" { Vec::new() } else { body };
        [head.into_bytes(), body].concat()
    }
}

impl Site {
    fn page(&self, text: &str) -> Vec<u8> {
        let version = &self.version;
        format!(
            "<html>\r\n<head><title>{text}</title></head>\r\n<body>\r\n\
             <center><h1>{text}</h1></center>\r\n<hr><center>nginx/{version}</center>\r\n\
             </body>\r\n</html>\r\n"
        )
        .into_bytes()
    }

    fn log(&self, now: Time, request: &str, first: &str, status: &str, size: usize) {
        let c = now.civil();
        let code = status.get(..3).unwrap_or("000");
        let header = |name: &str| {
            let line = request.lines().find(|line| line.to_ascii_lowercase().starts_with(name));
            line.and_then(|line| line.split_once(": ")).map_or("-", |(_, value)| value)
        };
        let agent = header("user-agent:");
        let line = format!(
            "127.0.0.1 - - [{:02}/{}/{}:{:02}:{:02}:{:02} +0000] \"{first}\" {code} {size} \"-\" \
             \"{agent}\" \"-\"\n",
            c.day,
            c.month_name(),
            c.year,
            c.hour,
            c.minute,
            c.second
        );
        self.proc.write_now_or_never(Fd::STDOUT, line.as_bytes());
    }
}

/// The value of a directive in the configuration of the first site that has it.
fn directive(proc: &Proc, name: &str) -> Option<String> {
    let folder = "/etc/nginx/conf.d";
    let names = proc.list(folder).unwrap_or_default();
    let files = names.iter().filter(|(name, _)| name.ends_with(".conf"));
    files.into_iter().find_map(|(file, _)| {
        let text = proc.read_file(&format!("{folder}/{file}")).ok()?;
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines().find_map(|line| {
            let rest = line.trim().strip_prefix(name)?.strip_prefix(char::is_whitespace)?;
            rest.trim().strip_suffix(';').map(|value| value.trim().to_owned())
        })
    })
}

/// `2017/03/21 18:40:08 [notice] 1#1: text`.
async fn notice(proc: &Proc, pid: Pid, text: &str) {
    let c = proc.wall().civil();
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
        let port = directive(&proc, "listen").unwrap_or_else(|| "80".to_owned());
        let root = directive(&proc, "root").unwrap_or_else(|| "/etc/nginx/html".to_owned());
        let site = Site { version: version.clone(), root, proc: proc.clone() };
        let number = port.split([' ', ':']).find_map(|part| part.parse().ok()).unwrap_or(80);
        if let Err(errno) = proc.listen(number, Rc::new(RefCell::new(site))) {
            proc.eprint(format!("nginx: [emerg] bind() to 0.0.0.0:{number} failed ({errno})\n"))
                .await;
            return 1;
        }
        let worker = proc.fork(sorted::SortedMap::new(), false, false, |child| {
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
