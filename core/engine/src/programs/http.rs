//! `curl` and busybox's `wget`, as far as fetching a page goes.

use os::program::Running;
use os::{Errno, Fd, Proc};

/// A server's answer. `also` are more lines of its head, each with its end.
pub(super) fn response(status: &str, kind: &str, also: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{also}Connection: \
         close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

struct Url {
    host: String,
    port: u16,
    path: String,
}

fn parse_url(text: &str) -> Result<Url, String> {
    let rest = text.strip_prefix("http://").unwrap_or(text);
    if let Some((scheme, _)) = rest.split_once("://") {
        return Err(scheme.to_owned());
    }
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    let port = port.parse().map_err(|_| String::new())?;
    Ok(Url { host: host.to_owned(), port, path: path.to_owned() })
}

struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn status(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }
    fn is_error(&self) -> bool {
        let code = self.status().split(' ').nth(1).and_then(|code| code.parse::<u16>().ok());
        code.is_none_or(|code| code >= 400)
    }
}

async fn fetch(
    proc: &Proc,
    url: &Url,
    method: &str,
    agent: &str,
    body: &str,
) -> Result<Answer, Errno> {
    let Url { host, port, path } = url;
    let length =
        if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n{length}\
         \r\n{body}"
    );
    let answer = proc.call(host, *port, request.as_bytes()).await?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
    let (head, body) = answer.split_at(end.unwrap_or(answer.len()));
    Ok(Answer { head: String::from_utf8_lossy(head).into_owned(), body: body.to_vec() })
}

struct Curl {
    url: Option<String>,
    output: Option<String>,
    method: Option<String>,
    data: String,
    is_silent: bool,
    shows_errors: bool,
    fails: bool,
    head_only: bool,
    with_head: bool,
    format: String,
}

fn parse_curl(args: &[String]) -> Result<Curl, String> {
    let mut curl = Curl {
        url: None,
        output: None,
        method: None,
        data: String::new(),
        is_silent: false,
        shows_errors: false,
        fails: false,
        head_only: false,
        with_head: false,
        format: String::new(),
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if !arg.starts_with('-') || arg == "-" {
            curl.url = Some(arg.clone());
            continue;
        }
        let letters: Vec<String> = match arg.strip_prefix("--") {
            Some(long) => vec![
                match long {
                    "silent" => "s",
                    "show-error" => "S",
                    "fail" => "f",
                    "head" => "I",
                    "include" => "i",
                    "output" => "o",
                    "request" => "X",
                    "data" => "d",
                    "max-time" => "m",
                    "write-out" => "w",
                    "location" => "L",
                    "header" => "H",
                    _ => return Err(format!("curl: option {arg}: is unknown\n")),
                }
                .to_owned(),
            ],
            None => arg.chars().skip(1).map(String::from).collect(),
        };
        for letter in letters {
            match letter.as_str() {
                "s" => curl.is_silent = true,
                "S" => curl.shows_errors = true,
                "f" => curl.fails = true,
                "I" => curl.head_only = true,
                "i" => curl.with_head = true,
                "L" | "k" | "v" => {}
                "o" => curl.output = args.next().cloned(),
                "X" => curl.method = args.next().cloned(),
                "d" => curl.data = args.next().cloned().unwrap_or_default(),
                "w" => curl.format = args.next().cloned().unwrap_or_default(),
                "m" | "H" => drop(args.next()),
                _ => return Err(format!("curl: option -{letter}: is unknown\n")),
            }
        }
    }
    Ok(curl)
}

pub(super) fn curl(proc: Proc) -> Running {
    Box::pin(async move {
        let curl = match parse_curl(proc.args().get(1..).unwrap_or_default()) {
            Ok(curl) => curl,
            Err(text) => {
                let hint = "curl: try 'curl --help' or 'curl --manual' for more information\n";
                proc.eprint(text + hint).await;
                return 2;
            }
        };
        let fail = |text: String| {
            if curl.is_silent && !curl.shows_errors { String::new() } else { text }
        };
        let Some(url) = &curl.url else {
            proc.eprint("curl: try 'curl --help' or 'curl --manual' for more information\n").await;
            return 2;
        };
        let url = match parse_url(url) {
            Ok(url) => url,
            Err(scheme) => {
                proc.eprint(fail(format!("curl: (1) not simulated: {scheme}\n"))).await;
                return 1;
            }
        };
        let default = match () {
            () if curl.head_only => "HEAD",
            () if !curl.data.is_empty() => "POST",
            () => "GET",
        };
        let method = curl.method.as_deref().unwrap_or(default);
        let answer = match fetch(&proc, &url, method, "curl/7.74.0", &curl.data).await {
            Ok(answer) => answer,
            Err(errno) => {
                let Url { host, port, .. } = &url;
                let (code, text) = match errno {
                    Errno::TimedOut => (28, "Connection timed out".to_owned()),
                    Errno::NotFound => (6, format!("Could not resolve host: {host}")),
                    errno => (7, format!("Failed to connect to {host} port {port}: {errno}")),
                };
                proc.eprint(fail(format!("curl: ({code}) {text}\n"))).await;
                return code;
            }
        };
        if curl.fails && answer.is_error() {
            let code = answer.status().split(' ').nth(1).unwrap_or("000").to_owned();
            let text = format!("curl: (22) The requested URL returned error: {code}\n");
            proc.eprint(fail(text)).await;
            return 22;
        }
        let mut shown = Vec::new();
        if curl.with_head || curl.head_only {
            shown.extend(answer.head.bytes());
        }
        shown.extend(&answer.body);
        let written = match &curl.output {
            Some(path) => proc.write_file(path, &shown),
            None => proc.write(Fd::STDOUT, &shown).await,
        };
        let code = answer.status().split(' ').nth(1).unwrap_or("000");
        proc.print(curl.format.replace("%{http_code}", code).replace("\\n", "\n")).await;
        if written.is_err() { 23 } else { 0 }
    })
}

pub(super) fn wget(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let (mut url, mut output, mut is_quiet) = (None, None, false);
        let mut rest = args.iter().skip(1);
        while let Some(arg) = rest.next() {
            match arg.as_str() {
                "-q" => is_quiet = true,
                "-O" => output = rest.next().cloned(),
                "-qO-" | "-qO" => {
                    is_quiet = true;
                    output = if arg.ends_with('-') {
                        Some("-".to_owned())
                    } else {
                        rest.next().cloned()
                    };
                }
                "-O-" => output = Some("-".to_owned()),
                "-T" | "-t" => drop(rest.next()),
                "--spider" => output = Some("/dev/null".to_owned()),
                flag if flag.starts_with('-') => {
                    proc.eprint(format!("wget: unrecognized option: {flag}\n")).await;
                    return 1;
                }
                other => url = Some(other.to_owned()),
            }
        }
        let Some(text) = url else {
            proc.eprint("Usage: wget [-q] [-O FILE] URL...\n").await;
            return 1;
        };
        let Ok(url) = parse_url(&text) else {
            proc.eprint(format!("wget: not simulated: {text}\n")).await;
            return 1;
        };
        let Url { host, port, path } = &url;
        if !is_quiet {
            proc.eprint(format!("Connecting to {host}:{port}\n")).await;
        }
        match fetch(&proc, &url, "GET", "Wget", "").await {
            Ok(answer) if answer.is_error() => {
                let text = format!("wget: server returned error: {}\n", answer.status());
                proc.eprint(text).await;
                1
            }
            Ok(answer) => {
                let last = path.rsplit('/').next().filter(|name| !name.is_empty());
                let file = output.unwrap_or_else(|| last.unwrap_or("index.html").to_owned());
                let written = if file == "-" {
                    proc.write(Fd::STDOUT, &answer.body).await
                } else {
                    proc.write_file(&file, &answer.body)
                };
                if let Err(errno) = written {
                    proc.eprint(format!("wget: can't open '{file}': {errno}\n")).await;
                    return 1;
                }
                0
            }
            Err(errno) => {
                let text = match errno {
                    Errno::NotFound => format!("wget: bad address '{host}'\n"),
                    errno => format!("wget: can't connect to remote host ({host}): {errno}\n"),
                };
                proc.eprint(text).await;
                1
            }
        }
    })
}
