//! `openssl req`: requests, and certificates that sign themselves.

use os::{Fd, Proc};
use seal::pki::{
    Certificate, Extension, Key, Name, Request, Template, extensions, request_text, text,
};
use sim::Duration;

use super::config::Config;
use super::keys::{make_rsa, modulus};
use super::{Options, passwords, private_key, random, read, serial, unreadable, write};

/// What is asked for a name: prompt, default, attribute.
const QUESTIONS: [(&str, &str, &str); 7] = [
    ("Country Name (2 letter code)", "AU", "C"),
    ("State or Province Name (full name)", "Some-State", "ST"),
    ("Locality Name (eg, city)", "", "L"),
    ("Organization Name (eg, company)", "Internet Widgits Pty Ltd", "O"),
    ("Organizational Unit Name (eg, section)", "", "OU"),
    ("Common Name (e.g. server FQDN or YOUR name)", "", "CN"),
    ("Email Address", "", "emailAddress"),
];

const INTRODUCTION: &str = "You are about to be asked to enter information that will be incorporated\n\
    into your certificate request.\nWhat you are about to enter is what is called a Distinguished Name \
    or a DN.\nThere are quite a few fields but you can leave some blank\nFor some fields there will be \
    a default value,\nIf you enter '.', the field will be left blank.\n-----\n";

/// A line of an answer.
async fn line(proc: &Proc) -> String {
    let bytes = proc.read(Fd::STDIN, 4_096).await.unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned()
}

async fn ask(proc: &Proc, is_request: bool) -> Name {
    proc.eprint(INTRODUCTION).await;
    let mut name = Name::default();
    for (question, default, key) in QUESTIONS {
        proc.eprint(format!("{question} [{default}]:")).await;
        let answer = line(proc).await;
        let value = match answer.as_str() {
            "" => default,
            "." => "",
            other => other,
        };
        if !value.is_empty() {
            name.0.push((key.to_owned(), value.to_owned()));
        }
    }
    if is_request {
        proc.eprint(
            "\nPlease enter the following 'extra' attributes\nto be sent with your certificate request\n",
        )
        .await;
        for question in ["A challenge password", "An optional company name"] {
            proc.eprint(format!("{question} []:")).await;
            line(proc).await;
        }
    }
    name
}

/// The new key that `-newkey` asks for, or the one of `-key`.
async fn key(proc: &Proc, options: &Options) -> Result<Key, String> {
    if let Some(path) = options.value("key") {
        return private_key(proc, Some(path), options.value("passin")).await;
    }
    let key = match options.value("newkey").unwrap_or("rsa:2048").split_once(':') {
        Some(("rsa", bits)) => {
            let bits = bits.parse().map_err(|_| options.misuse("a key's size is a number"))?;
            make_rsa(proc, bits).await?
        }
        None if options.value("newkey") == Some("rsa") => make_rsa(proc, 2048).await?,
        None if options.value("newkey") == Some("ec") => Key::ec(&mut random(proc)),
        _ => {
            return Err(
                "req: not simulated: a new key of this kind; rsa:BITS and ec are\n".to_owned()
            );
        }
    };
    let is_clear = options.has("nodes") || options.has("noenc");
    let text = passwords::written(proc, &key, !is_clear, options.value("passout")).await?;
    let path = options.value("keyout").unwrap_or("privkey.pem");
    write(proc, Some(path), &text, true).await?;
    Ok(key)
}

/// What stands in the configuration, and what `-addext` adds.
fn lines(options: &Options, config: &Config, is_self_signed: bool) -> Vec<(String, String)> {
    let (flag, setting) = if is_self_signed {
        ("extensions", "x509_extensions")
    } else {
        ("reqexts", "req_extensions")
    };
    let named = options.value(flag).or_else(|| options.value("extensions")).map(str::to_owned);
    let named = named.or_else(|| config.value("req", setting));
    let mut lines = match named {
        // Those of the usual configuration.
        None if is_self_signed && options.value("config").is_none() => [
            ("subjectKeyIdentifier", "hash"),
            ("authorityKeyIdentifier", "keyid:always,issuer"),
            ("basicConstraints", "critical,CA:true"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .to_vec(),
        named => named.map_or_else(Vec::new, |name| config.section(&name)),
    };
    let added = options.given.iter().filter(|(name, _)| name == "addext");
    for (key, value) in added.filter_map(|(_, text)| text.split_once('=')) {
        lines.retain(|(known, _)| known != key.trim());
        lines.push((key.trim().to_owned(), value.trim().to_owned()));
    }
    lines
}

async fn subject(
    proc: &Proc,
    options: &Options,
    config: &Config,
    is_request: bool,
) -> Result<Name, String> {
    if let Some(text) = options.value("subj") {
        return Name::parse(text).map_err(|part| {
            if text.starts_with('/') {
                format!("req: Skipping unknown subject name attribute \"{part}\"\n")
            } else {
                format!(
                    "name is expected to be in the format /type0=value0/type1=value1/type2=... where \
                     characters may be escaped by \\. This name is not in that format: '{text}'\n\
                     problems making Certificate Request\n"
                )
            }
        });
    }
    if config.value("req", "prompt").as_deref() == Some("no") {
        let section = config.value("req", "distinguished_name").unwrap_or_default();
        let lines = config.section(&section);
        // `0.organizationName`
        let attribute = |(key, value): &(String, String)| {
            let key = key.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            format!("/{key}={}", value.replace('/', "\\/"))
        };
        let text: String = lines.iter().map(attribute).collect();
        return Name::parse(&text).map_err(|part| format!("req: unknown attribute \"{part}\"\n"));
    }
    Ok(ask(proc, is_request).await)
}

pub(super) async fn req(proc: &Proc, args: &[String]) -> Result<i32, String> {
    let options = Options::parse(
        "req",
        args,
        "new x509 nodes noenc batch text noout verify subject modulus pubkey sha256 utf8 verbose",
        "newkey key keyout out in subj days config extensions reqexts addext set_serial passout passin \
         inform outform",
    )?;
    let config = match options.value("config") {
        Some(path) => Config::parse(&read(proc, Some(path), "config").await?),
        None => Config::default(),
    };
    let is_self_signed = options.has("x509");
    let is_new = options.has("new") || options.has("newkey") || is_self_signed;
    if !is_new || options.has("in") && !is_self_signed {
        return show(proc, &options).await;
    }
    let key = key(proc, &options).await?;
    let (request, subject) = match options.value("in") {
        Some(path) => {
            let text = read(proc, Some(path), "request").await?;
            let request = Request::from_pem(&text);
            let request = request.ok_or_else(|| unreadable(Some(path), "request"))?;
            let subject = request.subject.clone();
            (Some(request), subject)
        }
        None => (None, subject(proc, &options, &config, !is_self_signed).await?),
    };
    let public = key.public();
    let lines = lines(&options, &config, is_self_signed);
    let list = extensions(&lines, &public, &public, &|name| config.section(name))
        .map_err(|line| format!("Error adding extension: not simulated: {line}\n"))?;
    let written = if is_self_signed {
        let public = request.map_or(public, |request| request.key);
        self_signed(proc, &options, (&subject, &public, &key), &list)?
    } else {
        let request = Request::new(&subject, &list, &key).ok_or("req: the name is too long\n")?;
        let shown = if options.has("text") { request_text(&request) } else { String::new() };
        if options.has("noout") { shown } else { shown + &request.pem() }
    };
    write(proc, options.value("out"), &written, false).await
}

fn self_signed(
    proc: &Proc,
    options: &Options,
    (subject, public, key): (&Name, &seal::pki::PublicKey, &Key),
    extensions: &[Extension],
) -> Result<String, String> {
    let now = proc.wall();
    let certificate: Option<Certificate> = Template {
        serial: &serial(proc),
        issuer: subject,
        subject,
        not_before: now,
        not_after: now + Duration::from_secs(options.number("days", 30)?.min(99_999) * 86_400),
        key: public,
        extensions,
    }
    .sign(key);
    let certificate = certificate.ok_or("req: the certificate cannot be written\n")?;
    let shown = if options.has("text") { text(&certificate) } else { String::new() };
    Ok(if options.has("noout") { shown } else { shown + &certificate.pem() })
}

/// A request that is there already.
async fn show(proc: &Proc, options: &Options) -> Result<i32, String> {
    let path = options.value("in");
    let text = read(proc, path, "request").await?;
    let request = Request::from_pem(&text).ok_or_else(|| unreadable(path, "request"))?;
    if options.has("verify") {
        let is_right = request.is_proven();
        let word = if is_right { "OK" } else { "failure" };
        proc.eprint(format!("Certificate request self-signature verify {word}\n")).await;
        if !is_right {
            return Ok(1);
        }
    }
    let mut text = String::new();
    for (option, _) in &options.given {
        text += &match option.as_str() {
            "text" => request_text(&request),
            "subject" => format!("subject={}\n", request.subject.text()),
            "modulus" => modulus(&request.key),
            "pubkey" => request.key.pem(),
            _ => String::new(),
        };
    }
    if !options.has("noout") {
        text += &request.pem();
    }
    write(proc, options.value("out"), &text, false).await
}
