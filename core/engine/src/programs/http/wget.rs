//! busybox's `wget`, with the options of GNU's that are common.

use os::program::Running;
use os::{Errno, Fd, Proc};
use seal::pki::Certificate;

use super::{Failure, Trust, Url, seconds, send_within};

pub(crate) fn wget(proc: Proc) -> Running {
    Box::pin(async move {
        match fetch(&proc).await {
            Ok(()) => 0,
            Err(text) => {
                proc.eprint(text).await;
                1
            }
        }
    })
}

async fn fetch(proc: &Proc) -> Result<(), String> {
    let args = proc.args();
    let (mut url, mut output, mut is_quiet, mut trust) =
        (None, None, false, Trust::Roots(Vec::new()));
    let (mut headers, mut data, mut limit) = (String::new(), None, None);
    let mut rest = args.iter().skip(1);
    while let Some(arg) = rest.next() {
        let (name, value) = match arg.split_once('=').filter(|_| arg.starts_with("--")) {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (arg.as_str(), None),
        };
        let mut value = || value.clone().or_else(|| rest.next().cloned()).unwrap_or_default();
        match name {
            "-q" | "--quiet" | "-nv" => is_quiet = true,
            "-O" | "--output-document" => output = Some(value()),
            "-qO-" | "-qO" | "-O-" => {
                is_quiet |= arg.starts_with("-q");
                output = Some(if arg.ends_with('-') { "-".to_owned() } else { value() });
            }
            "-T" | "--timeout" => limit = seconds(&value()),
            "-t" | "--tries" => drop(value()),
            "-c" | "-S" => {}
            "--header" => headers += &format!("{}\r\n", value()),
            "--post-data" => data = Some(value()),
            "--no-check-certificate" => trust = Trust::All,
            "--ca-certificate" => {
                let bytes = proc.read_file(&value()).unwrap_or_default();
                trust = Trust::Roots(Certificate::all_of(&String::from_utf8_lossy(&bytes)));
            }
            "--spider" => output = Some("/dev/null".to_owned()),
            flag if flag.starts_with('-') => {
                return Err(format!("wget: unrecognized option: {flag}\n"));
            }
            other => url = Some(other.to_owned()),
        }
    }
    let text = url.ok_or("Usage: wget [-q] [-O FILE] URL...\n")?;
    let url = Url::parse(&text).map_err(|_| format!("wget: not simulated: {text}\n"))?;
    let Url { host, port, path, .. } = &url;
    if !is_quiet {
        let found = proc.resolve(host).await.unwrap_or_default();
        let shown = found.first().map_or_else(String::new, |it| format!(" ({it}:{port})"));
        proc.eprint(format!("Connecting to {}{shown}\n", url.authority())).await;
    }
    let method = if data.is_some() { "POST" } else { "GET" };
    let body = data.unwrap_or_default();
    let length =
        if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Wget\r\n{headers}{length}\r\n{body}",
        url.authority()
    );
    let tls = url.is_secure.then_some((host.as_str(), &trust));
    let answer = send_within(limit, proc, (host, *port), tls, request.as_bytes()).await;
    let answer = answer.map_err(|failure| match failure {
        Failure::Network(Errno::NotFound) => format!("wget: bad address '{host}'\n"),
        Failure::Network(errno) => {
            format!("wget: can't connect to remote host ({host}): {errno}\n")
        }
        Failure::Late(_) => "wget: download timed out\n".to_owned(),
        Failure::Untrusted(_) => {
            "wget: note: TLS certificate validation not possible\nwget: error \
                                  getting response: Connection reset by peer\n"
                .to_owned()
        }
        Failure::NoTls => "wget: error getting response: Connection reset by peer\n".to_owned(),
    })?;
    if answer.is_error() {
        return Err(format!("wget: server returned error: {}\n", answer.status()));
    }
    let last = path.rsplit('/').next().filter(|name| !name.is_empty());
    let file = output.unwrap_or_else(|| last.unwrap_or("index.html").to_owned());
    let written = if file == "-" {
        proc.write(Fd::STDOUT, &answer.body).await
    } else {
        proc.write_file(&file, &answer.body)
    };
    written.map_err(|errno| format!("wget: can't open '{file}': {errno}\n"))?;
    if !is_quiet && file != "-" && file != "/dev/null" {
        let size = answer.body.len();
        let text = format!(
            "saving to '{file}'\n{file:<20} 100% |********************************| {size:5}  0:00:00 \
             ETA\n'{file}' saved\n"
        );
        proc.eprint(text).await;
    }
    Ok(())
}
