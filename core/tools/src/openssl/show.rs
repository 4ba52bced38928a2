//! `openssl x509` and `openssl verify`: certificates shown, signed for others, and checked.

use os::Proc;
use seal::pki::{
    Certificate, Complaint, Extension, Key, Request, Template, extensions, text, time_text,
};
use sim::Duration;

use super::config::Config;
use super::keys::modulus;
use super::{Options, certificate, private_key, read, serial, unreadable, write};

pub(super) async fn x509(proc: &Proc, args: &[String]) -> Result<i32, String> {
    let options = Options::parse(
        "x509",
        args,
        "req noout text subject issuer serial startdate enddate dates fingerprint pubkey modulus \
         CAcreateserial sha256 hash",
        "in out ext checkend inform outform nameopt signkey key CA CAkey CAserial days extfile extensions \
         set_serial copy_extensions passin",
    )?;
    if let Some(operand) = options.operands.first() {
        return Err(options.misuse(&format!("Extra option: \"{operand}\"")));
    }
    let certificate = if options.has("req") {
        sign(proc, &options).await?
    } else {
        certificate(proc, options.value("in")).await?
    };
    let (mut shown, mut status) = (String::new(), 0);
    for (option, value) in &options.given {
        shown += &match option.as_str() {
            "text" => text(&certificate),
            "subject" => format!("subject={}\n", certificate.subject.text()),
            "issuer" => format!("issuer={}\n", certificate.issuer.text()),
            "serial" => format!("serial={}\n", certificate.serial_text()),
            "startdate" => format!("notBefore={}\n", time_text(certificate.not_before)),
            "enddate" => format!("notAfter={}\n", time_text(certificate.not_after)),
            "dates" => format!(
                "notBefore={}\nnotAfter={}\n",
                time_text(certificate.not_before),
                time_text(certificate.not_after)
            ),
            "fingerprint" => format!("sha256 Fingerprint={}\n", certificate.fingerprint()),
            "pubkey" => certificate.key.pem(),
            "modulus" => modulus(&certificate.key),
            "hash" => return Err("x509: not simulated: -hash\n".to_owned()),
            "ext" => certificate.extension_text(&value.split(',').collect::<Vec<_>>()),
            "checkend" => {
                let seconds: u64 = value.parse().map_err(|_| {
                    options.misuse(&format!("Invalid format \"{value}\" for option -checkend"))
                })?;
                if certificate.not_after < proc.wall() + Duration::from_secs(seconds) {
                    status = 1;
                    "Certificate will expire\n".to_owned()
                } else {
                    "Certificate will not expire\n".to_owned()
                }
            }
            _ => String::new(),
        };
    }
    // Text goes where the certificate goes; the other answers go to standard output.
    if !options.has("noout") {
        shown += &certificate.pem();
    }
    write(proc, options.value("out"), &shown, false).await?;
    Ok(status)
}

/// The certificate that a request gets: signed with its own key, or by a CA.
async fn sign(proc: &Proc, options: &Options) -> Result<Certificate, String> {
    let path = options.value("in");
    let found = read(proc, path, "request").await?;
    let request =
        Request::from_pem(&found).ok_or_else(|| unreadable(path, "certificate request"))?;
    if !request.is_proven() {
        return Err("Certificate request self-signature did not match the contents\n".to_owned());
    }
    let subject = request.subject.text();
    proc.eprint(format!("Certificate request self-signature ok\nsubject={subject}\n")).await;
    let (issuer, key): (Option<Certificate>, Key) = match options.value("CA") {
        Some(path) => {
            let ca = certificate(proc, Some(path)).await?;
            let key = private_key(
                proc,
                Some(options.value("CAkey").unwrap_or(path)),
                options.value("passin"),
            )
            .await?;
            if ca.key != key.public() {
                return Err("CA certificate and CA private key do not match\n".to_owned());
            }
            (Some(ca), key)
        }
        None => {
            let Some(path) = options.value("signkey").or_else(|| options.value("key")) else {
                let text = "We need a private key to sign with, use -key or -CA or -CAkey\n";
                return Err(text.to_owned());
            };
            (None, private_key(proc, Some(path), options.value("passin")).await?)
        }
    };
    let list = wanted_extensions(proc, options, &request, &key).await?;
    let number = match options.value("set_serial") {
        Some(_) => options.number("set_serial", 0)?.to_be_bytes().to_vec(),
        None => {
            let number = serial(proc);
            if options.has("CAcreateserial") {
                remember(proc, options, &number).await?;
            }
            number
        }
    };
    let now = proc.wall();
    let template = Template {
        serial: &number,
        issuer: issuer.as_ref().map_or(&request.subject, |ca| &ca.subject),
        subject: &request.subject,
        not_before: now,
        not_after: now + Duration::from_secs(options.number("days", 30)?.min(99_999) * 86_400),
        key: &request.key,
        extensions: &list,
    };
    template.sign(&key).ok_or_else(|| "x509: the certificate cannot be written\n".to_owned())
}

/// `root-ca.srl` beside `root-ca.crt`.
async fn remember(proc: &Proc, options: &Options, number: &[u8]) -> Result<(), String> {
    let path = options.value("CA").unwrap_or_default();
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let default = format!("{stem}.srl");
    let path = options.value("CAserial").unwrap_or(&default);
    let digits: String = number.iter().map(|byte| format!("{byte:02X}")).collect();
    write(proc, Some(path), &format!("{digits}\n"), false).await.map(drop)
}

async fn wanted_extensions(
    proc: &Proc,
    options: &Options,
    request: &Request,
    key: &Key,
) -> Result<Vec<Extension>, String> {
    if matches!(options.value("copy_extensions"), Some("copy" | "copyall")) {
        return Ok(request.extensions.clone());
    }
    let Some(path) = options.value("extfile") else { return Ok(Vec::new()) };
    let config = Config::parse(&read(proc, Some(path), "config").await?);
    let named = options.value("extensions").map(str::to_owned);
    let name = named.or_else(|| config.value("default", "extensions"));
    let name = name.unwrap_or_else(|| "default".to_owned());
    if !config.has(&name) {
        return Err(format!("Error checking extension section {name}\n"));
    }
    extensions(&config.section(&name), &request.key, &key.public(), &|name| config.section(name))
        .map_err(|line| {
            format!("Error adding extensions from section {name}: not simulated: {line}\n")
        })
}

/// Is it signed by the CA, and valid now?
pub(super) async fn verify(proc: &Proc, args: &[String]) -> Result<i32, String> {
    let options = Options::parse(
        "verify",
        args,
        "no_check_time x509_strict verbose show_chain",
        "CAfile untrusted purpose",
    )?;
    let list = |path: Option<&str>| {
        let bytes = path.and_then(|path| proc.read_file(path).ok()).unwrap_or_default();
        Certificate::all_of(&String::from_utf8_lossy(&bytes))
    };
    let (roots, between) = (list(options.value("CAfile")), list(options.value("untrusted")));
    let now = (!options.has("no_check_time")).then(|| proc.wall());
    let mut status = 0;
    for file in &options.operands {
        let leaf = match certificate(proc, Some(file)).await {
            Ok(leaf) => leaf,
            Err(text) => {
                proc.eprint(text).await;
                status = 2;
                continue;
            }
        };
        match seal::pki::verify(&leaf, &between, &roots, now) {
            Ok(_) => proc.print(format!("{file}: OK\n")).await,
            Err(Complaint { depth, number, why, subject }) => {
                let text = format!(
                    "{subject}\nerror {number} at {depth} depth lookup: {why}\nerror {file}: \
                     verification failed\n"
                );
                proc.eprint(text).await;
                status = 2;
            }
        }
    }
    Ok(status)
}
