//! The client's end: the way to a daemon at `tcp://HOST:PORT` (moby: `client/request.go`; Go: `net/http`, `crypto/tls`).

use std::cell::{Cell, RefCell};

use os::remote::RemoteEvent;
use os::{Errno, Proc};
use seal::pki::tls::{self, Server as Identity, Session};
use seal::pki::{Certificate, Complaint, verify};
use sim::Duration;

use super::{ALERT, ALERTS, Answer, Attach, PROBE, Said, http};
use crate::api::{Error, Request, endpoint};
use crate::client::Reply;

/// Linux sends SYN again after 1 s, 3 s and 7 s; Docker's client dials for 10 s (go-connections: `sockets.go`).
const DIALS: [u64; 4] = [1, 2, 4, 3];
/// Go's connections ask every 15 s whether the other end is there, and Linux gives up after nine times.
const KEEP_ALIVE: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(5)];
const SILENT_COUNT_MAX: u32 = 9;

/// Linux: the first of the ports that a client gets (`ip_local_port_range`).
const FIRST_PORT: u32 = 32_768;

/// A daemon that was asked for by its address.
#[derive(Debug)]
pub struct Remote {
    /// As it is told to people: `tcp://10.0.0.2:2375`.
    pub shown: String,
    /// Its name or address.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// Over TLS.
    pub tls: Option<Tls>,
    /// The versions of the API and of Docker.
    pub release: (&'static str, &'static str),
    /// What Go is like: of Docker's major release.
    pub major: u16,
    is_connected: Cell<bool>,
    /// What it has answered to the first probe.
    number: RefCell<Vec<u8>>,
    /// The address that it was found at.
    found: RefCell<String>,
    session: RefCell<Option<Session>>,
    /// How many times it was told what a program wrote.
    told_count: Cell<u32>,
    /// What is typed goes to the program.
    types: Cell<bool>,
}

/// How a client speaks TLS.
#[derive(Debug)]
pub struct Tls {
    /// Who vouches for the daemon; nothing: it is not checked.
    pub roots: Option<Vec<Certificate>>,
    /// What the client shows.
    pub identity: Option<Identity>,
}

/// Why there is no answer: what Go says behind the address, if it says more than that nobody is there.
type Why = Option<String>;

impl Remote {
    /// A daemon that nobody has asked yet.
    pub fn new(
        host: (&str, u16),
        shown: String,
        tls: Option<Tls>,
        release: (&'static str, &'static str),
        major: u16,
    ) -> Self {
        let (address, port) = (host.0.to_owned(), host.1);
        let (is_connected, session) = (Cell::new(false), RefCell::new(None));
        let (number, found, told_count, types) = Default::default();
        Self {
            shown,
            address,
            port,
            tls,
            release,
            major,
            is_connected,
            number,
            found,
            session,
            told_count,
            types,
        }
    }

    /// One request, one answer; meanwhile what the request's program writes is shown.
    ///
    /// # Errors
    /// The daemon's; [`Error::NoWay`], [`Error::Interrupted`].
    pub(crate) async fn ask(&self, proc: &Proc, mut request: Request) -> Reply {
        let (verb, path) = endpoint(&request);
        let attach = match request.take_stdio() {
            None => None,
            Some(stdio) => {
                let types = stdio.tty && stdio.stdin.is_some();
                let input = match stdio.stdin {
                    Some(_) if !types => proc.read_to_end(os::Fd::STDIN).await.ok(),
                    _ => None,
                };
                Some(Attach { tty: stdio.tty, input, types })
            }
        };
        if let Some(attach) = &attach {
            self.types.set(attach.types);
        }
        let mut said = Said::Request(Box::new(request), attach, self.told_count.get());
        let place = (verb, path.as_str());
        loop {
            match self.say(proc, &said, place).await? {
                Answer::Reply(reply) => return reply,
                Answer::Events(events) => {
                    self.told_count.set(self.told_count.get() + 1);
                    if let Said::Request(_, _, told_count) = &mut said {
                        *told_count = self.told_count.get();
                    }
                    for event in events {
                        // All that there was to read is there already.
                        if matches!(event, RemoteEvent::Awaits(..)) && !self.types.get() {
                            continue;
                        }
                        if let Some(input) = proc.follow_remote(event).await {
                            self.say(proc, &Said::Input(input), place).await?;
                        }
                    }
                }
            }
        }
    }

    async fn say(&self, proc: &Proc, said: &Said, place: (&str, &str)) -> Result<Answer, Error> {
        let host = self.shown.trim_start_matches("tcp://");
        let session = proc.own_pid().0;
        let Some(request) = http::request(said, session, host, self.release) else {
            let text = format!("not simulated: {} {} of another host", place.0, place.1);
            return Err(Error::NoWay(text));
        };
        match self.exchange(proc, &request).await {
            Ok(answer) => Ok(http::read_answer(&answer)),
            Err((Errno::Interrupted, _)) => Err(Error::Interrupted),
            Err((_, None)) => Err(Error::NoWay(format!(
                "Cannot connect to the Docker daemon at {}. Is the docker daemon running?",
                self.shown
            ))),
            Err((_, Some(why))) => Err(Error::NoWay(self.during_connect(place, &why))),
        }
    }

    /// Go's words for a request that failed on its way.
    fn during_connect(&self, (verb, path): (&str, &str), why: &str) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let host = self.shown.trim_start_matches("tcp://");
        let url = format!("{scheme}://{host}/v{}{path}", self.release.0);
        // Go 1.14 put the address in quotation marks.
        let url = if self.major < 20 { url } else { format!("\"{url}\"") };
        let prefix = if why.ends_with("bad certificate") {
            "The server probably has client authentication (--tlsverify) enabled. Please check your TLS \
             client certification settings"
        } else {
            "error during connect"
        };
        format!("{prefix}: {verb} {url}: {why}")
    }

    /// Sends bytes and waits for bytes, over TLS if it is to be.
    async fn exchange(&self, proc: &Proc, request: &[u8]) -> Result<Vec<u8>, (Errno, Why)> {
        if !self.is_connected.replace(true) {
            let dialled = self.dial(proc).await;
            self.is_connected.set(dialled.is_ok());
            dialled?;
        }
        let Some(tls) = &self.tls else { return self.send(proc, request).await };
        if self.session.borrow().is_none() {
            let (client, hello) = tls::Client::hello(&mut |size| proc.random(size));
            let answer = self.send(proc, &hello).await?;
            let broken = |why: &str| (Errno::Refused, Some(why.to_owned()));
            let session = client
                .finish(&answer)
                .map_err(|_| broken("http: server gave HTTP response to HTTPS client"))?;
            if let Some(roots) = &tls.roots {
                let leaf = &session.chain[0];
                let now = proc.wall();
                let checked = verify(leaf, &session.chain[1..], roots, Some(now));
                let why = match checked {
                    Err(complaint) => Some(untrusted(&complaint, leaf, now, self.major)),
                    Ok(_) => misnamed(leaf, &self.address),
                };
                if let Some(why) = why {
                    // Go 1.20 put these words in front.
                    let prefix =
                        if self.major < 24 { "" } else { "tls: failed to verify certificate: " };
                    return Err(broken(&format!("{prefix}x509: {why}")));
                }
            }
            *self.session.borrow_mut() = Some(session);
        }
        let sealed = match (&*self.session.borrow(), &tls.identity) {
            (Some(session), Some(identity)) => session.signed_request(request, identity),
            (Some(session), None) => session.request(request),
            (None, _) => Vec::new(),
        };
        let answer = self.send(proc, &sealed).await?;
        let opened = self.session.borrow().as_ref().and_then(|it| it.answer(&answer).ok());
        match opened.as_deref() {
            None => Err((Errno::Refused, Some("tls: bad record MAC".to_owned()))),
            Some([ALERT, number]) => {
                let alert = ALERTS.iter().find(|(known, _)| known == number);
                let words = alert.map_or("internal error", |(_, words)| words);
                Err((Errno::Refused, Some(format!("remote error: tls: {words}"))))
            }
            Some(answer) => Ok(answer.to_vec()),
        }
    }

    /// Is there anybody?
    async fn dial(&self, proc: &Proc) -> Result<(), (Errno, Why)> {
        let no_way = |errno: Errno| match errno {
            Errno::NotFound => {
                let name = &self.address;
                let resolvers = proc.read_file("/etc/resolv.conf").unwrap_or_default();
                let resolvers = String::from_utf8_lossy(&resolvers);
                let server = resolvers.lines().find_map(|line| line.strip_prefix("nameserver "));
                let on = server.map(|at| format!(" on {}:53", at.trim())).unwrap_or_default();
                (errno, Some(format!("dial tcp: lookup {name}{on}: no such host")))
            }
            Errno::HostUnreachable | Errno::NetUnreachable => {
                let words = errno.to_string().to_lowercase();
                let why = format!("dial tcp {}:{}: connect: {words}", self.address, self.port);
                (errno, Some(why))
            }
            errno => (errno, None),
        };
        let mut found = proc.resolve(&self.address).await.map_err(no_way)?;
        *self.found.borrow_mut() = found.swap_remove(0);
        for patience in DIALS {
            let mut call =
                proc.begin_call(&self.address, self.port, PROBE).await.map_err(no_way)?;
            match call.answer(Duration::from_secs(patience)).await {
                Ok(number) => {
                    *self.number.borrow_mut() = number;
                    return Ok(());
                }
                Err(Errno::TimedOut) => {}
                Err(errno) => return Err(no_way(errno)),
            }
        }
        Err((Errno::TimedOut, None))
    }

    /// Sends on an open connection and waits as long as the other end is there.
    async fn send(&self, proc: &Proc, bytes: &[u8]) -> Result<Vec<u8>, (Errno, Why)> {
        let read = |why: &str| {
            let from = proc.addresses().into_iter().next().unwrap_or_default();
            let at = FIRST_PORT + proc.own_pid().0;
            let way = format!("{from}:{at}->{}:{}", self.found.borrow(), self.port);
            Some(format!("read tcp {way}: read: {why}"))
        };
        let gone = |errno| match errno {
            Errno::Refused => (errno, Some("EOF".to_owned())),
            Errno::TimedOut => (errno, read("connection timed out")),
            errno => (errno, None),
        };
        let mut call = proc.begin_call(&self.address, self.port, bytes).await.map_err(gone)?;
        let mut silent_count = 0;
        loop {
            match call.answer(KEEP_ALIVE[0]).await {
                Err(Errno::TimedOut) => {}
                other => return other.map_err(gone),
            }
            let mut probe = proc.begin_call(&self.address, self.port, PROBE).await.map_err(gone)?;
            match probe.answer(KEEP_ALIVE[1]).await {
                Ok(number) if number == *self.number.borrow() => silent_count = 0,
                // The host has started again: it knows of no such connection.
                Ok(_) => return Err((Errno::Refused, read("connection reset by peer"))),
                Err(Errno::TimedOut) => silent_count += 1,
                Err(errno) => return Err(gone(errno)),
            }
            if silent_count == SILENT_COUNT_MAX {
                return Err(gone(Errno::TimedOut));
            }
        }
    }
}

/// Go's words for a chain that leads to nobody who is trusted.
fn untrusted(complaint: &Complaint, leaf: &Certificate, now: sim::Time, major: u16) -> String {
    let expired = "certificate has expired or is not yet valid";
    let (word, limit) = match complaint.number {
        9 => ("before", leaf.not_before),
        10 => ("after", leaf.not_after),
        _ => return "certificate signed by unknown authority".to_owned(),
    };
    if major < 20 {
        return expired.to_owned();
    }
    let second = |time: sim::Time| format!("{}Z", &time.rfc3339()[..19]);
    format!("{expired}: current time {} is {word} {}", second(now), second(limit))
}

/// Go's words for a certificate of somebody else.
fn misnamed(leaf: &Certificate, host: &str) -> Option<String> {
    if leaf.is_for(host) {
        return None;
    }
    let kind = if os::is_address(host) { "IP Address" } else { "DNS" };
    let names = leaf.names();
    let names: Vec<&str> =
        names.iter().filter(|(known, _)| *known == kind).map(|(_, name)| name.as_str()).collect();
    Some(match (&names[..], kind) {
        ([], "DNS") => {
            format!("certificate is not valid for any names, but wanted to match {host}")
        }
        ([], _) => {
            format!("cannot validate certificate for {host} because it doesn't contain any IP SANs")
        }
        _ => format!("certificate is valid for {}, not {host}", names.join(", ")),
    })
}
