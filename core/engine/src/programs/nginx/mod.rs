//! `nginx` as a process: it reads its configuration, says that it starts, serves files, passes requests
//! on, and ends on SIGQUIT or SIGTERM.

mod config;
mod site;

use os::process::Disposition;
use os::program::Running;
use os::{Errno, Fd, Inbox, Incoming, Pid, Proc, Signal};
use seal::pki::tls::{self, Server};
use seal::pki::{Certificate, Key};

use self::config::Config;
use self::site::Visit;
use super::http::Request;
use super::next_signal;

const CONF: &str = "/etc/nginx/nginx.conf";
const PID_FILE: &str = "/var/run/nginx.pid";

/// `2017/03/21 18:40:08 [notice] 1#1: text`.
async fn say(proc: &Proc, level: &str, pid: Pid, text: &str) {
    let at = proc.wall().civil().strftime("%Y/%m/%d %T");
    proc.eprint(format!("{at} [{level}] {pid}#{pid}: {text}\n")).await;
}

/// The configuration with what its sites show over TLS, in the order of the sites.
struct Loaded {
    config: Config,
    servers: Vec<Option<Server>>,
}

/// Reads all that the server needs; `Err` is what the real one says.
async fn load(proc: &Proc) -> Result<Loaded, String> {
    let config = Config::load(proc, CONF)?;
    let mut servers = Vec::new();
    for site in &config.sites {
        let is_secure = site.ports.iter().any(|(_, is_ssl)| *is_ssl);
        servers.push(match (is_secure, &site.certificate, &site.key) {
            (false, ..) => None,
            (true, Some(certificate), Some(key)) => Some(server(proc, certificate, key)?),
            (true, None, _) => {
                return Err(format!(
                    "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive in {}",
                    site.place
                ));
            }
            (true, _, None) => {
                return Err(format!(
                    "no \"ssl_certificate_key\" is defined for the \"listen ... ssl\" directive in {}",
                    site.place
                ));
            }
        });
    }
    for member in config.upstreams() {
        let host = member.rsplit_once(':').map_or(member.as_str(), |(host, _)| host);
        if proc.resolve(host).await == Err(Errno::NotFound) {
            return Err(format!("host not found in upstream \"{host}\" in {CONF}"));
        }
    }
    Ok(Loaded { config, servers })
}

fn server(proc: &Proc, certificate: &str, key: &str) -> Result<Server, String> {
    let text = |path: &str, what: &str| {
        let path = os::fs::normalize("/etc/nginx", path);
        let bytes = proc.read_file(&path).map_err(|errno| {
            format!(
                "cannot load {what} \"{path}\": BIO_new_file() failed (SSL: error:02001002:system \
                 library:fopen:{errno}:fopen('{path}','r') error:2006D080:BIO \
                 routines:BIO_new_file:no such file)"
            )
        })?;
        Ok::<_, String>((String::from_utf8_lossy(&bytes).into_owned(), path))
    };
    let (found, path) = text(certificate, "certificate")?;
    let chain = Certificate::all_of(&found);
    let no_start = "(SSL: error:0909006C:PEM routines:get_name:no start line)";
    if chain.is_empty() {
        return Err(format!(
            "cannot load certificate \"{path}\": PEM_read_bio_X509_AUX() failed {no_start}"
        ));
    }
    let (found, path) = text(key, "certificate key")?;
    let key = Key::from_pem(&found).ok_or_else(|| {
        format!(
            "cannot load certificate key \"{path}\": PEM_read_bio_PrivateKey() failed {no_start}"
        )
    })?;
    if key.public() != chain[0].key {
        return Err(format!(
            "SSL_CTX_use_PrivateKey(\"{path}\") failed (SSL: error:0B080074:x509 certificate \
             routines:X509_check_private_key:key values mismatch)"
        ));
    }
    Ok(Server { chain, key })
}

impl Loaded {
    fn ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self
            .config
            .sites
            .iter()
            .flat_map(|site| site.ports.iter().map(|(port, _)| *port))
            .collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    fn tls(&self, port: u16) -> Option<&Server> {
        let sites = self.config.sites.iter().zip(&self.servers);
        let mut here = sites.filter(|(site, _)| site.ports.contains(&(port, true)));
        here.find_map(|(_, server)| server.as_ref())
    }

    async fn notice(&self, proc: &Proc, pid: Pid, text: &str) {
        if self.config.tells_notices {
            say(proc, "notice", pid, text).await;
        }
    }

    async fn answer(&self, proc: &Proc, version: &str, turn: usize, incoming: Incoming) {
        let Incoming { port, from, call, request } = incoming;
        let visit = |request: &[u8], is_secure| Visit {
            proc,
            config: &self.config,
            version,
            request: Request::parse(request),
            port,
            from: &from,
            is_secure,
            turn,
        };
        let answer = match self.tls(port) {
            None => self.plain(visit(&request, false)).await,
            Some(server) if tls::is_tls(&request) => {
                match server.open(&request, &mut |size| proc.random(size)) {
                    Ok(tls::Opened::Answer(bytes)) => bytes,
                    Ok(tls::Opened::Request(session, request, _)) => {
                        session.seal(&self.plain(visit(&request, true)).await)
                    }
                    Err(_) => Vec::new(),
                }
            }
            Some(_) => {
                let text = "400 The plain HTTP request was sent to HTTPS port";
                let body = format!(
                    "<html>\r\n<head><title>{text}</title></head>\r\n<body>\r\n<center><h1>400 Bad \
                     Request</h1></center>\r\n<center>The plain HTTP request was sent to HTTPS \
                     port</center>\r\n<hr><center>nginx/{version}</center>\r\n</body>\r\n</html>\r\n"
                );
                let also = format!("Server: nginx/{version}\r\n");
                super::http::response("400 Bad Request", "text/html", &also, body.as_bytes())
            }
        };
        proc.respond(call, answer);
    }

    async fn plain(&self, visit: Visit<'_>) -> Vec<u8> {
        let proc = visit.proc;
        let (answer, line) = visit.answer(proc.wall()).await;
        proc.write_now_or_never(Fd::STDOUT, line.as_bytes());
        answer
    }
}

fn version(proc: &Proc) -> String {
    proc.env("NGINX_VERSION").unwrap_or_else(|| "1.21.6".to_owned())
}

pub(super) fn nginx(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let words: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
        match words.as_slice() {
            ["-v" | "-V", ..] => {
                proc.eprint(format!("nginx version: nginx/{}\n", version(&proc))).await;
                0
            }
            ["-t" | "-T", ..] => check(&proc).await,
            ["-s", signal, ..] => send_signal(&proc, signal).await,
            _ => match load(&proc).await {
                Ok(loaded) => serve(&proc, loaded).await,
                Err(text) => emergency(&proc, &text).await,
            },
        }
    })
}

async fn emergency(proc: &Proc, text: &str) -> i32 {
    let pid = proc.own_pid();
    if proc.is_contained() {
        say(proc, "emerg", pid, text).await;
    }
    proc.eprint(format!("nginx: [emerg] {text}\n")).await;
    1
}

async fn check(proc: &Proc) -> i32 {
    match load(proc).await {
        Ok(_) => {
            proc.eprint(format!("nginx: the configuration file {CONF} syntax is ok\n")).await;
            proc.eprint(format!("nginx: configuration file {CONF} test is successful\n")).await;
            0
        }
        Err(text) => {
            proc.eprint(format!("nginx: [emerg] {text}\n")).await;
            proc.eprint(format!("nginx: configuration file {CONF} test failed\n")).await;
            1
        }
    }
}

/// `nginx -s reload` tells the master.
async fn send_signal(proc: &Proc, name: &str) -> i32 {
    let signal = match name {
        "reload" => Signal::Hangup,
        "stop" => Signal::Terminate,
        "quit" => Signal::Quit,
        "reopen" => return 0,
        other => {
            proc.eprint(format!("nginx: invalid option: \"-s {other}\"\n")).await;
            return 1;
        }
    };
    let bytes = proc.read_file(PID_FILE).unwrap_or_default();
    let number = String::from_utf8_lossy(&bytes).trim().parse().ok();
    let sent = number.map(|number| proc.kill(Pid(number), signal));
    if !matches!(sent, Some(Ok(()))) {
        let text = format!("nginx: [error] invalid PID number \"\" in \"{PID_FILE}\"\n");
        proc.eprint(text).await;
        return 1;
    }
    0
}

async fn serve(proc: &Proc, mut loaded: Loaded) -> i32 {
    let version = version(proc);
    for signal in [Signal::Quit, Signal::Terminate, Signal::Interrupt, Signal::Hangup] {
        proc.on_signal(signal, Disposition::Catch);
    }
    let pid = proc.own_pid();
    let inbox: Inbox = match proc.open_ports(&loaded.ports()) {
        Ok(inbox) => inbox,
        Err((port, errno)) => {
            let number = if errno == Errno::Access { 13 } else { 98 };
            return emergency(
                proc,
                &format!("bind() to 0.0.0.0:{port} failed ({number}: {errno})"),
            )
            .await;
        }
    };
    let _ = proc.write_file(PID_FILE, format!("{pid}\n").as_bytes());
    let built = match proc.exists("/etc/alpine-release") {
        true => "10.3.1 20211027 (Alpine 10.3.1_git20211027)",
        false => "10.2.1 20210110 (Debian 10.2.1-6)",
    };
    for text in [
        "using the \"epoll\" event method",
        &format!("nginx/{version}"),
        &format!("built by gcc {built} "),
        &format!("OS: Linux {}", proc.distribution().kernel),
        "getrlimit(RLIMIT_NOFILE): 1048576:1048576",
        "start worker processes",
    ] {
        loaded.notice(proc, pid, text).await;
    }
    let mut workers = Vec::new();
    for _ in 0..loaded.config.worker_count {
        let worker = proc.fork(sorted::SortedMap::new(), false, false, |child| {
            Box::pin(async move {
                child.set_args(vec!["nginx: worker process".to_owned()]);
                child.on_signal(Signal::Quit, Disposition::Catch);
                next_signal(&child).await;
                0
            })
        });
        let shown = proc.visible_pid(worker);
        loaded.notice(proc, pid, &format!("start worker process {shown}")).await;
        workers.push((worker, shown));
    }
    let args = proc.args().join(" ");
    proc.set_args(vec![format!("nginx: master process {args}")]);
    let mut turn = 0;
    loop {
        if let Ok(incoming) = inbox.next().await {
            loaded.answer(proc, &version, turn, incoming).await;
            turn += 1;
            continue;
        }
        let Some(signal) = proc.take_signal() else { continue };
        if signal == Signal::Hangup {
            loaded.notice(proc, pid, "signal 1 (SIGHUP) received, reconfiguring").await;
            match load(proc).await {
                Ok(new) => loaded = new,
                Err(text) => say(proc, "emerg", pid, &text).await,
            }
            continue;
        }
        let text = if signal == Signal::Quit { "shutting down" } else { "exiting" };
        let (number, name) = (signal.number(), signal.name());
        let text = format!("signal {number} (SIG{name}) received, {text}");
        loaded.notice(proc, pid, &text).await;
        for &(worker, shown) in &workers {
            let last = if signal == Signal::Quit { "gracefully shutting down" } else { "exiting" };
            loaded.notice(proc, shown, last).await;
            proc.signal_child(worker, Signal::Quit);
        }
        for &(worker, shown) in &workers {
            let _ = proc.wait(worker).await;
            loaded.notice(proc, shown, "exit").await;
            let text = format!("signal 17 (SIGCHLD) received from {shown}");
            loaded.notice(proc, pid, &text).await;
            let text = format!("worker process {shown} exited with code 0");
            loaded.notice(proc, pid, &text).await;
        }
        loaded.notice(proc, pid, "exit").await;
        return 0;
    }
}
