//! `curl`.

use os::program::Running;
use os::{Errno, Fd, Proc};
use seal::pki::Certificate;
use sim::Duration;

use super::write_out::{Told, write_out};
use super::{Answer, Failure, Trust, Url, seconds, send_within};

const AGENT: &str = "curl/7.74.0";
/// curl: `--max-redirs`.
const REDIRECT_COUNT_MAX: usize = 50;
/// Where a host keeps the certificates that it trusts.
const CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Options: the letter, the long name, whether a value follows.
const OPTIONS: &[(char, &str, bool)] = &[
    ('s', "silent", false),
    ('S', "show-error", false),
    ('f', "fail", false),
    ('I', "head", false),
    ('i', "include", false),
    ('L', "location", false),
    ('k', "insecure", false),
    ('v', "verbose", false),
    ('O', "remote-name", false),
    ('G', "get", false),
    ('N', "no-buffer", false),
    ('4', "ipv4", false),
    ('#', "progress-bar", false),
    ('o', "output", true),
    ('X', "request", true),
    ('d', "data", true),
    ('H', "header", true),
    ('u', "user", true),
    ('w', "write-out", true),
    ('m', "max-time", true),
    ('A', "user-agent", true),
    ('e', "referer", true),
    ('b', "cookie", true),
    // Those without a letter.
    ('\u{1}', "cacert", true),
    (CONNECT_TIMEOUT, "connect-timeout", true),
    ('\u{3}', "retry", true),
    ('\u{4}', "resolve", true),
    ('d', "data-raw", true),
    ('d', "data-binary", true),
    ('\u{5}', "data-urlencode", true),
    ('\u{6}', "http1.1", false),
    ('\u{6}', "compressed", false),
    ('\u{6}', "retry-connrefused", false),
    ('\u{6}', "no-progress-meter", false),
    ('\u{7}', "json", true),
    ('\u{8}', "retry-delay", true),
    ('\u{8}', "retry-max-time", true),
];
const CACERT: char = '\u{1}';
const CONNECT_TIMEOUT: char = '\u{2}';
const RETRY: char = '\u{3}';
const RESOLVE: char = '\u{4}';
const URLENCODE: char = '\u{5}';
const JSON: char = '\u{7}';

/// The command line: options in order, addresses.
struct Asked {
    given: Vec<(char, String)>,
    urls: Vec<String>,
}

impl Asked {
    fn parse(args: &[String]) -> Result<Self, String> {
        let mut asked = Self { given: Vec::new(), urls: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if let Some(long) = arg.strip_prefix("--") {
                if long == "url" {
                    asked.urls.extend(args.next().cloned());
                    continue;
                }
                let (letter, _, has_value) = OPTIONS
                    .iter()
                    .find(|(_, name, _)| *name == long)
                    .ok_or_else(|| format!("curl: option {arg}: is unknown\n"))?;
                let value = if *has_value { args.next().cloned() } else { Some(String::new()) };
                let missing = || format!("curl: option {arg}: requires parameter\n");
                asked.given.push((*letter, value.ok_or_else(missing)?));
                continue;
            }
            let Some(letters) = arg.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                asked.urls.push(arg.clone());
                continue;
            };
            let mut rest = letters.chars();
            while let Some(letter) = rest.next() {
                let known = OPTIONS.iter().find(|(known, ..)| *known == letter);
                let Some((_, _, has_value)) = known else {
                    return Err(format!("curl: option -{letter}: is unknown\n"));
                };
                let value = if !has_value {
                    String::new()
                } else if rest.as_str().is_empty() {
                    let missing = || format!("curl: option -{letter}: requires parameter\n");
                    args.next().cloned().ok_or_else(missing)?
                } else {
                    let value = rest.as_str().to_owned();
                    rest = "".chars();
                    value
                };
                asked.given.push((letter, value));
            }
        }
        Ok(asked)
    }

    fn has(&self, letter: char) -> bool {
        self.given.iter().any(|(known, _)| *known == letter)
    }

    fn value(&self, letter: char) -> Option<&str> {
        self.given.iter().rfind(|(known, _)| *known == letter).map(|(_, value)| value.as_str())
    }

    fn values(&self, letter: char) -> impl Iterator<Item = &str> {
        self.given
            .iter()
            .filter(move |(known, _)| *known == letter)
            .map(|(_, value)| value.as_str())
    }

    /// What is sent, `Err` with the file that is not there.
    fn data(&self, proc: &Proc) -> Result<Option<Vec<u8>>, String> {
        let mut data: Option<Vec<u8>> = None;
        for (letter, value) in &self.given {
            let part = match (*letter, value.strip_prefix('@')) {
                ('d' | JSON, Some(path)) => proc
                    .read_file(path)
                    .map_err(|_| format!("curl: option -d: error reading {path}\n"))?,
                ('d' | JSON, None) => value.clone().into_bytes(),
                (URLENCODE, _) => {
                    let (name, text) = value.split_once('=').unwrap_or(("", value));
                    let name = if name.is_empty() { String::new() } else { format!("{name}=") };
                    format!("{name}{}", encoded(text)).into_bytes()
                }
                _ => continue,
            };
            data = Some(match data {
                Some(before) => [&before[..], b"&", &part].concat(),
                None => part,
            });
        }
        Ok(data)
    }
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn base64(text: &str) -> String {
    seal::base64::encode(text.as_bytes())
}

/// One fetch on its way: the address, and what was sent there.
struct Fetch<'a> {
    proc: &'a Proc,
    asked: &'a Asked,
    trust: Trust,
    data: Option<Vec<u8>>,
}

impl Fetch<'_> {
    /// What `--max-time` and `--connect-timeout` leave for an exchange.
    fn limit(&self) -> Option<Duration> {
        let given =
            ['m', CONNECT_TIMEOUT].into_iter().filter_map(|letter| self.asked.value(letter));
        given.filter_map(seconds).min()
    }

    fn method(&self) -> &str {
        match self.asked.value('X') {
            Some(method) => method,
            None if self.asked.has('I') => "HEAD",
            None if self.data.is_some() && !self.asked.has('G') => "POST",
            None => "GET",
        }
    }

    fn head(&self, url: &Url, method: &str) -> String {
        let asked = self.asked;
        let mut lines = vec![("Host".to_owned(), url.authority())];
        if let Some(user) = asked.value('u').map(str::to_owned).or_else(|| url.user.clone()) {
            lines.push(("Authorization".to_owned(), format!("Basic {}", base64(&user))));
        }
        lines.push(("User-Agent".to_owned(), asked.value('A').unwrap_or(AGENT).to_owned()));
        lines.push(("Accept".to_owned(), "*/*".to_owned()));
        if let Some(referer) = asked.value('e') {
            lines.push(("Referer".to_owned(), referer.to_owned()));
        }
        if let Some(cookie) = asked.value('b') {
            lines.push(("Cookie".to_owned(), cookie.to_owned()));
        }
        if let Some(data) = self.data.as_ref().filter(|_| method != "GET" && method != "HEAD") {
            lines.push(("Content-Length".to_owned(), data.len().to_string()));
            let kind = match asked.has(JSON) {
                true => "application/json",
                false => "application/x-www-form-urlencoded",
            };
            lines.push(("Content-Type".to_owned(), kind.to_owned()));
        }
        for header in asked.values('H') {
            let (name, value) = header.split_once([':', ';']).unwrap_or((header, ""));
            lines.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            if !value.trim().is_empty() {
                lines.push((name.to_owned(), value.trim().to_owned()));
            }
        }
        let path = match &self.data {
            Some(data) if asked.has('G') => {
                let sign = if url.path.contains('?') { '&' } else { '?' };
                format!("{}{sign}{}", url.path, String::from_utf8_lossy(data))
            }
            _ => url.path.clone(),
        };
        let lines: String =
            lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{method} {path} HTTP/1.1\r\n{lines}\r\n")
    }

    /// The answer, after redirections, with the heads of all of them before it.
    async fn run(&self, start: &Url) -> Result<(Answer, String), (Failure, Url)> {
        let (mut url, mut heads) = (start.clone(), String::new());
        let mut method = self.method().to_owned();
        for _ in 0..REDIRECT_COUNT_MAX {
            let head = self.head(&url, &method);
            let body =
                if method == "GET" || method == "HEAD" { None } else { self.data.as_deref() };
            let request = [head.as_bytes(), body.unwrap_or_default()].concat();
            let tls = url.is_secure.then_some((url.host.as_str(), &self.trust));
            let host = self.resolved(&url);
            if self.asked.has('v') {
                self.tell_connection(&url, &host).await;
            }
            let sent = send_within(self.limit(), self.proc, (&host, url.port), tls, &request).await;
            if self.asked.has('v') {
                self.tell_exchange(&url, &head, &sent).await;
            }
            let answer = sent.map_err(|failure| (failure, url.clone()))?;
            let location = answer.header("location").filter(|_| self.asked.has('L'));
            let is_redirect = matches!(answer.code(), "301" | "302" | "303" | "307" | "308");
            match location.filter(|_| is_redirect).map(|location| url.follow(location)) {
                Some(Ok(next)) => {
                    heads += &answer.head;
                    if matches!(answer.code(), "301" | "302" | "303") && method == "POST" {
                        "GET".clone_into(&mut method);
                    }
                    url = next;
                }
                _ => return Ok((answer, heads)),
            }
        }
        Err((Failure::Network(Errno::Loop), url))
    }

    /// The address that `--resolve HOST:PORT:ADDRESS` gives a name.
    fn resolved(&self, url: &Url) -> String {
        let wanted = format!("{}:{}:", url.host, url.port);
        let mut given = self.asked.values(RESOLVE);
        let found = given.find_map(|entry| entry.strip_prefix(&wanted));
        found.map_or_else(|| url.host.clone(), str::to_owned)
    }

    /// Where an address leads, as far as that is known.
    async fn address(&self, host: &str) -> Option<String> {
        self.proc.resolve(host).await.ok()?.into_iter().next()
    }

    async fn tell_connection(&self, url: &Url, host: &str) {
        if let Some(address) = self.address(host).await {
            self.proc.eprint(format!("*   Trying {address}:{}...\n", url.port)).await;
        }
    }

    async fn tell_exchange(&self, url: &Url, head: &str, sent: &Result<Answer, Failure>) {
        let (name, port) = (&url.host, url.port);
        let address = self.address(&self.resolved(url)).await.unwrap_or_default();
        let mut text = match sent {
            Err(Failure::Network(Errno::NotFound)) => {
                format!("* Could not resolve host: {name}\n* Closing connection 0\n")
            }
            Err(failure @ (Failure::Network(_) | Failure::Late(_))) => {
                let (_, why) = message(failure, url);
                let refused = match failure {
                    Failure::Network(errno) => {
                        format!("* connect to {address} port {port} failed: {errno}\n")
                    }
                    _ => String::new(),
                };
                format!("{refused}* {why}\n* Closing connection 0\n")
            }
            _ => format!("* Connected to {name} ({address}) port {port} (#0)\n"),
        };
        if let Ok(answer) = sent {
            for (sign, lines) in [('>', head), ('<', answer.head.as_str())] {
                text.extend(lines.lines().map(|line| format!("{sign} {line}\n")));
            }
        }
        self.proc.eprint(text).await;
    }
}

fn message(failure: &Failure, url: &Url) -> (i32, String) {
    let Url { host, port, .. } = url;
    match failure {
        Failure::Network(Errno::TimedOut) => (28, "Connection timed out".to_owned()),
        Failure::Late(millis) => (28, format!("Connection timed out after {millis} milliseconds")),
        Failure::Network(Errno::NotFound) => (6, format!("Could not resolve host: {host}")),
        Failure::Network(Errno::Loop) => (47, "Maximum (50) redirects followed".to_owned()),
        Failure::Network(errno) => (7, format!("Failed to connect to {host} port {port}: {errno}")),
        Failure::Untrusted(why) => (
            60,
            format!(
                "{why}\nMore details here: https://curl.se/docs/sslcerts.html\n\ncurl failed to verify \
                 the legitimacy of the server and therefore could not\nestablish a secure connection to \
                 it. To learn more about this situation and\nhow to fix it, please visit the web page \
                 mentioned above."
            ),
        ),
        Failure::NoTls => {
            (35, "error:1408F10B:SSL routines:ssl3_get_record:wrong version number".to_owned())
        }
    }
}

/// What curl shows of its work where its output is no terminal.
async fn meter(proc: &Proc, size: usize) {
    let text = format!(
        "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 \
         Dload  Upload   Total   Spent    Left  Speed\n100 {size:5}  100 {size:5}    0     0 {size:6}      0 \
         --:--:-- --:--:-- --:--:-- {size:5}\n"
    );
    proc.eprint(text).await;
}

pub(crate) fn curl(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        if args.get(1).is_some_and(|arg| matches!(arg.as_str(), "-V" | "--version")) {
            proc.print("curl 7.74.0 (x86_64-pc-linux-gnu) libcurl/7.74.0\nProtocols: http https\n")
                .await;
            return 0;
        }
        let asked = match Asked::parse(args.get(1..).unwrap_or_default()) {
            Ok(asked) => asked,
            Err(text) => {
                let hint = "curl: try 'curl --help' or 'curl --manual' for more information\n";
                proc.eprint(text + hint).await;
                return 2;
            }
        };
        if asked.urls.is_empty() {
            proc.eprint("curl: try 'curl --help' or 'curl --manual' for more information\n").await;
            return 2;
        }
        let mut status = 0;
        for text in &asked.urls {
            let mut told = Told::new(text, proc.now());
            let done = one(&proc, &asked, text, &mut told).await;
            if let Some(format) = asked.value('w') {
                write_out(&proc, format, &told).await;
            }
            status = match done {
                Ok(()) => 0,
                Err((code, text)) => {
                    if !asked.has('s') || asked.has('S') {
                        proc.eprint(format!("curl: ({code}) {text}\n")).await;
                    }
                    code
                }
            };
        }
        status
    })
}

/// The certificates that are trusted.
fn trust(proc: &Proc, asked: &Asked) -> Result<Trust, (i32, String)> {
    if asked.has('k') {
        return Ok(Trust::All);
    }
    let path = asked.value(CACERT);
    let Ok(bytes) = proc.read_file(path.unwrap_or(CA_FILE)) else {
        return match path {
            None => Ok(Trust::Roots(Vec::new())),
            Some(path) => {
                Err((77, format!("error setting certificate verify locations:  CAfile: {path}")))
            }
        };
    };
    Ok(Trust::Roots(Certificate::all_of(&String::from_utf8_lossy(&bytes))))
}

async fn one(
    proc: &Proc,
    asked: &Asked,
    text: &str,
    told: &mut Told<'_>,
) -> Result<(), (i32, String)> {
    let url = Url::parse(text).map_err(|scheme| match scheme.as_str() {
        "" => (3, "URL using bad/illegal format or missing URL".to_owned()),
        scheme => (1, format!("not simulated: {scheme}")),
    })?;
    let data = asked.data(proc).map_err(|text| (26, text))?;
    let fetch = Fetch { proc, asked, trust: trust(proc, asked)?, data };
    let tries = asked.value(RETRY).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    let mut tried = 0;
    let (answer, heads) = loop {
        match fetch.run(&url).await {
            Ok(done) => break done,
            Err((Failure::Network(_), _)) if tried < tries => {
                tried += 1;
                let _ = proc.sleep(Duration::from_secs(1 << tried.min(6))).await;
            }
            Err((failure, url)) => return Err(message(&failure, &url)),
        }
    };
    told.answer = Some(answer.clone());
    if asked.has('f') && answer.is_error() {
        let code = answer.code();
        return Err((22, format!("The requested URL returned error: {code}")));
    }
    let mut shown = Vec::new();
    if asked.has('i') || asked.has('I') {
        shown.extend([heads.as_bytes(), answer.head.as_bytes()].concat());
    }
    shown.extend(&answer.body);
    let name = url.path.rsplit('/').next().unwrap_or_default().to_owned();
    let output = asked.value('o').map(str::to_owned).or(asked.has('O').then_some(name));
    if !asked.has('s') && (output.is_some() || !proc.is_terminal(Fd::STDOUT)) && !asked.has('I') {
        meter(proc, answer.body.len()).await;
    }
    let written = match &output {
        Some(path) if path != "-" => proc.write_file(path, &shown),
        _ => proc.write(Fd::STDOUT, &shown).await,
    };
    if written.is_err() {
        return Err((23, "Failure writing output to destination".to_owned()));
    }
    Ok(())
}
