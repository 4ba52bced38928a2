//! HTTP, as far as one request and one answer go: `curl`, `wget`, and what servers need.

mod curl;
mod wget;
mod write_out;

use os::{Errno, Proc};
use seal::pki::tls::Client;
use seal::pki::{Certificate, verify};
use sim::Duration;

pub(super) use curl::curl;
pub(super) use wget::wget;

/// A server's answer. `also` are more lines of its head, each with its end.
pub(super) fn response(status: &str, kind: &str, also: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{also}Connection: \
         close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Where the head ends and the body begins.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
    bytes.split_at(end.unwrap_or(bytes.len()))
}

/// A request as a server reads it.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    /// `GET / HTTP/1.1`.
    pub(super) first: String,
    pub(super) method: String,
    /// As it was asked for, with its query.
    pub(super) target: String,
    /// Without the query, and without `..`.
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let (head, body) = split(bytes);
        let head = String::from_utf8_lossy(head).into_owned();
        let first = head.lines().next().unwrap_or_default().to_owned();
        let mut words = first.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));
        let asked = target.split(['?', '#']).next().unwrap_or("/");
        let mut path = os::fs::normalize("/", asked);
        if asked.ends_with('/') && path != "/" {
            path.push('/');
        }
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            path,
            headers: headers.collect(),
            body: body.to_vec(),
            first,
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The value of a field of a form that was sent.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let body = String::from_utf8_lossy(&self.body).into_owned();
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = body.trim().split('&').chain(query.split('&'));
        let found = pairs.find_map(|pair| pair.split_once('=').filter(|(known, _)| *known == name));
        found.map(|(_, value)| decoded(value))
    }
}

/// `a+b%20c`.
pub(super) fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let digits = rest.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (first, digits.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &rest[2..];
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `http://user@host:port/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) is_secure: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
    /// `user:password`.
    user: Option<String>,
}

impl Url {
    /// Reads an address; `Err` has the scheme that is not simulated, or nothing.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let is_secure = match scheme {
            "http" => false,
            "https" => true,
            other => return Err(other.to_owned()),
        };
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let path = path.split('#').next().unwrap_or("/");
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user.to_owned()), authority),
            None => (None, authority),
        };
        let default = if is_secure { "443" } else { "80" };
        let (host, port) = authority.split_once(':').unwrap_or((authority, default));
        let port = port.parse().map_err(|_| String::new())?;
        if host.is_empty() {
            return Err(String::new());
        }
        Ok(Self { is_secure, host: host.to_owned(), port, path, user })
    }

    /// `host`, or `host:port` for another than the usual port.
    fn authority(&self) -> String {
        let usual = if self.is_secure { 443 } else { 80 };
        if self.port == usual { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// Where a `Location` leads from here.
    fn follow(&self, location: &str) -> Result<Self, String> {
        if location.contains("://") {
            return Self::parse(location);
        }
        let mut url = self.clone();
        url.path = if location.starts_with('/') {
            location.to_owned()
        } else {
            let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{location}")
        };
        Ok(url)
    }
}

/// An answer as a client reads it.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn status(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    pub(super) fn code(&self) -> &str {
        self.status().split(' ').nth(1).unwrap_or("000")
    }

    fn is_error(&self) -> bool {
        self.code().parse::<u16>().ok().is_none_or(|code| code >= 400)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim())
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    Network(Errno),
    /// The certificate is not trusted: what is wrong with it.
    Untrusted(String),
    /// The other side does not speak TLS.
    NoTls,
    /// Nothing came within the client's own limit, in milliseconds.
    Late(u64),
}

/// Who is trusted: everybody, or whom these certificates vouch for.
pub(super) enum Trust {
    All,
    Roots(Vec<Certificate>),
}

/// Seconds, with a fraction or without, as options have them.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let millis = whole.parse::<u64>().ok()?.checked_mul(1000)?;
    Some(Duration::from_millis(millis.checked_add(format!("{part:0<3}").get(..3)?.parse().ok()?)?))
}

/// Like [`send`], but waits no longer than the client wants to.
pub(super) async fn send_within(
    limit: Option<Duration>,
    proc: &Proc,
    place: (&str, u16),
    tls: Option<(&str, &Trust)>,
    request: &[u8],
) -> Result<Answer, Failure> {
    let exchange = send(proc, place, tls, request);
    let Some(limit) = limit else { return exchange.await };
    proc.within(limit, exchange).await.unwrap_or(Err(Failure::Late(limit.as_millis())))
}

/// Sends a request and waits for the answer; over TLS if the address says so.
pub(super) async fn send(
    proc: &Proc,
    (host, port): (&str, u16),
    tls: Option<(&str, &Trust)>,
    request: &[u8],
) -> Result<Answer, Failure> {
    let answer = match tls {
        None => proc.call(host, port, request).await.map_err(Failure::Network)?,
        Some((name, trust)) => {
            let (client, hello) = Client::hello(&mut |size| proc.random(size));
            let answer = proc.call(host, port, &hello).await.map_err(Failure::Network)?;
            let session = client.finish(&answer).map_err(|_| Failure::NoTls)?;
            if let (Trust::Roots(roots), Some(leaf)) = (trust, session.chain.first()) {
                verify(leaf, &session.chain[1..], roots, Some(proc.wall())).map_err(
                    |complaint| {
                        Failure::Untrusted(format!("SSL certificate problem: {}", complaint.why))
                    },
                )?;
                if !leaf.is_for(name) {
                    return Err(Failure::Untrusted(format!(
                        "SSL: no alternative certificate subject name matches target host name \
                         '{name}'"
                    )));
                }
            }
            let sealed = session.request(request);
            let answer = proc.call(host, port, &sealed).await.map_err(Failure::Network)?;
            session.answer(&answer).map_err(|_| Failure::NoTls)?
        }
    };
    let (head, body) = split(&answer);
    Ok(Answer { head: String::from_utf8_lossy(head).into_owned(), body: body.to_vec() })
}
