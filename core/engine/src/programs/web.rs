//! Small web servers: `whoami`, which says where it runs, and Apache's `httpd`, which serves files.

use std::cell::RefCell;
use std::rc::Rc;

use os::process::Disposition;
use os::program::Running;
use os::{Proc, Service, Signal};
use sim::Time;

use super::next_signal;

/// What a server answers to a request.
type Answer = fn(&Proc, &str) -> (&'static str, Vec<u8>);

struct Site {
    proc: Proc,
    answer: Answer,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Site")
    }
}

impl Service for Site {
    fn answer(&mut self, _now: Time, request: &[u8]) -> Vec<u8> {
        let request = String::from_utf8_lossy(request).into_owned();
        let (status, body) = (self.answer)(&self.proc, &request);
        super::http::response(status, "text/plain; charset=utf-8", "", &body)
    }
}

/// Answers on a port until a signal comes.
async fn serve(proc: &Proc, port: u16, answer: Answer) -> i32 {
    for signal in [Signal::Quit, Signal::Terminate, Signal::Interrupt] {
        proc.on_signal(signal, Disposition::Catch);
    }
    let site = Site { proc: proc.clone(), answer };
    if let Err(errno) = proc.listen(port, Rc::new(RefCell::new(site))) {
        let text = errno.to_string().to_lowercase();
        proc.eprint(format!("listen tcp :{port}: bind: {text}\n")).await;
        return 1;
    }
    next_signal(proc).await;
    0
}

/// Host name, addresses, and the request itself.
pub(super) fn whoami(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let flag = args.iter().position(|arg| matches!(arg.as_str(), "-port" | "--port"));
        let given =
            flag.and_then(|at| args.get(at + 1)).cloned().or(proc.env("WHOAMI_PORT_NUMBER"));
        let port = given.and_then(|text| text.parse().ok()).unwrap_or(80);
        proc.eprint(format!("Starting up on port {port}\n")).await;
        serve(&proc, port, |proc, request| {
            let mut text = format!("Hostname: {}\nIP: 127.0.0.1\n", proc.hostname());
            for address in proc.addresses() {
                text += &format!("IP: {address}\n");
            }
            text += request.trim_end();
            text.push('\n');
            ("200 OK", text.into_bytes())
        })
        .await
    })
}

/// The host name alone, on port 8000.
pub(super) fn whoami_short(proc: Proc) -> Running {
    Box::pin(async move {
        let port = proc.env("PORT").and_then(|text| text.parse().ok()).unwrap_or(8_000);
        proc.print(format!("Listening on :{port}\n")).await;
        serve(&proc, port, |proc, _| ("200 OK", format!("I'm {}\n", proc.hostname()).into_bytes()))
            .await
    })
}

const HTDOCS: &str = "/usr/local/apache2/htdocs";

pub(super) fn httpd(proc: Proc) -> Running {
    Box::pin(async move {
        serve(&proc, 80, |proc, request| {
            let target = request.split(' ').nth(1).unwrap_or("/");
            let path = os::fs::normalize("/", target.split('?').next().unwrap_or("/"));
            let mut file = format!("{HTDOCS}{path}");
            if proc.stat(&file).is_ok_and(|inode| inode.is_directory()) {
                file = format!("{}/index.html", file.trim_end_matches('/'));
            }
            match proc.read_file(&file) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", b"Not Found\n".to_vec()),
            }
        })
        .await
    })
}

/// `hello-world`: the lines that people look for.
pub(super) fn hello(proc: Proc) -> Running {
    Box::pin(async move {
        let text = "\nHello from Docker!\nThis message shows that your installation appears to be \
                    working correctly.\n\n";
        proc.print(text).await;
        0
    })
}
