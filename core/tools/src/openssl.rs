//! `openssl`, as far as it looks at a swarm's certificates, in the layout of OpenSSL 3.0.

use os::{Errno, Fd, Proc};
use seal::pem::Pem;
use seal::x509::time_text;
use seal::{Certificate, CertificateError, RootCertificate};

const VERSION: &str = "OpenSSL 3.0.2 15 Mar 2022 (Library: OpenSSL 3.0.2 15 Mar 2022)\n";
/// Certificates are small; more is not read.
const INPUT_SIZE_MAX: usize = 1 << 20;

/// The program.
pub(crate) async fn main(proc: Proc) -> i32 {
    let args: Vec<String> = proc.args().into_iter().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    match args.first().map(String::as_str) {
        Some("version") => {
            proc.print(VERSION).await;
            0
        }
        Some("x509") => x509(&proc, rest).await,
        Some("verify") => verify(&proc, rest).await,
        Some(name) if shell::OPENSSL_COMMANDS.contains(&name) => shell::openssl(proc).await,
        Some(name) if COMMANDS.contains(&name) => {
            proc.eprint(format!("openssl {name}: not simulated\n")).await;
            1
        }
        Some(name) => {
            let text = format!("Invalid command '{name}'; type \"help\" for a list.\n");
            proc.eprint(text).await;
            1
        }
        None => {
            proc.eprint("openssl: the interactive prompt is not simulated\n").await;
            1
        }
    }
}

/// What else there is.
const COMMANDS: &[&str] = &[
    "asn1parse",
    "ca",
    "cms",
    "crl",
    "dhparam",
    "ec",
    "ecparam",
    "genpkey",
    "genrsa",
    "help",
    "list",
    "passwd",
    "pkcs12",
    "pkcs8",
    "pkey",
    "req",
    "rsa",
    "s_client",
    "s_server",
    "speed",
    "ts",
];

/// What `x509` is asked for.
#[derive(Default)]
struct Wanted {
    input: Option<String>,
    output: Option<String>,
    no_output: bool,
    /// In the order of the options.
    shown: Vec<Shown>,
}

enum Shown {
    Text,
    Subject,
    Issuer,
    Serial,
    NotBefore,
    NotAfter,
    Fingerprint,
    PublicKey,
    Extensions(String),
    CheckEnd(u64),
}

impl Wanted {
    fn parse(args: &[String]) -> Result<Self, String> {
        let mut wanted = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let name = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')).unwrap_or(arg);
            let mut value =
                || args.next().cloned().ok_or_else(|| format!("Option -{name} needs a value"));
            match name {
                "in" => wanted.input = Some(value()?),
                "out" => wanted.output = Some(value()?),
                "noout" => wanted.no_output = true,
                "text" => wanted.shown.push(Shown::Text),
                "subject" => wanted.shown.push(Shown::Subject),
                "issuer" => wanted.shown.push(Shown::Issuer),
                "serial" => wanted.shown.push(Shown::Serial),
                "startdate" => wanted.shown.push(Shown::NotBefore),
                "enddate" => wanted.shown.push(Shown::NotAfter),
                "dates" => wanted.shown.extend([Shown::NotBefore, Shown::NotAfter]),
                "fingerprint" => wanted.shown.push(Shown::Fingerprint),
                "pubkey" => wanted.shown.push(Shown::PublicKey),
                "ext" => wanted.shown.push(Shown::Extensions(value()?)),
                "checkend" => {
                    let text = value()?;
                    let seconds = text
                        .parse()
                        .map_err(|_| format!("Invalid format \"{text}\" for option -checkend"))?;
                    wanted.shown.push(Shown::CheckEnd(seconds));
                }
                // The only digest that is simulated, and forms that are the usual ones here.
                "sha256" => {}
                "inform" | "outform" | "nameopt" => drop(value()?),
                _ if arg.starts_with('-') => return Err(format!("Unknown option: {arg}")),
                _ => return Err(format!("Extra option: \"{arg}\"")),
            }
        }
        Ok(wanted)
    }
}

async fn x509(proc: &Proc, args: &[String]) -> i32 {
    let wanted = match Wanted::parse(args) {
        Ok(wanted) => wanted,
        Err(error) => {
            let text = format!("x509: {error}\nx509: Use -help for summary.\n");
            proc.eprint(text).await;
            return 1;
        }
    };
    let certificate = match first_certificate(proc, wanted.input.as_deref()).await {
        Ok(certificate) => certificate,
        Err(error) => {
            proc.eprint(error).await;
            return 1;
        }
    };
    let (mut text, mut status) = (String::new(), 0);
    for shown in &wanted.shown {
        text += &match shown {
            Shown::Text => certificate.text(),
            Shown::Subject => format!("subject={}\n", certificate.subject().text()),
            Shown::Issuer => format!("issuer={}\n", certificate.issuer().text()),
            Shown::Serial => format!("serial={}\n", certificate.serial_text()),
            Shown::NotBefore => format!("notBefore={}\n", time_text(certificate.not_before())),
            Shown::NotAfter => format!("notAfter={}\n", time_text(certificate.not_after())),
            Shown::Fingerprint => format!("sha256 Fingerprint={}\n", certificate.fingerprint()),
            Shown::PublicKey => {
                let label = "PUBLIC KEY".to_owned();
                Pem { label, headers: Vec::new(), body: certificate.public_key_der() }.encode()
            }
            Shown::Extensions(names) => {
                certificate.extension_text(&names.split(',').collect::<Vec<_>>())
            }
            Shown::CheckEnd(seconds) => {
                let then = proc.now() + sim::Duration::from_secs(*seconds);
                if certificate.not_after() < then {
                    status = 1;
                    "Certificate will expire\n".to_owned()
                } else {
                    "Certificate will not expire\n".to_owned()
                }
            }
        };
    }
    // Text goes where the certificate goes; the other answers go to standard output.
    if !wanted.no_output {
        text += &certificate.pem();
    }
    match wanted.output {
        None => proc.print(text).await,
        Some(path) => {
            if let Err(errno) = proc.write_file(&path, text.as_bytes()) {
                proc.eprint(cannot_open(&path, "wb", errno)).await;
                return 1;
            }
        }
    }
    status
}

fn cannot_open(path: &str, mode: &str, errno: Errno) -> String {
    format!(
        "Can't open \"{path}\" for {}, {errno}\n",
        if mode == "wb" { "writing" } else { "reading" }
    )
}

/// The first certificate of a file, or of standard input.
async fn first_certificate(proc: &Proc, path: Option<&str>) -> Result<Certificate, String> {
    let bytes = match path {
        Some(path) => proc.read_file(path).map_err(|errno| {
            format!(
                "Could not open file or uri for loading certificate from {path}: {errno}\nUnable to \
                 load certificate\n"
            )
        })?,
        None => {
            let mut bytes = Vec::new();
            while bytes.len() < INPUT_SIZE_MAX {
                match proc.read(Fd::STDIN, 65_536).await {
                    Ok(more) if more.is_empty() => break,
                    Ok(more) => bytes.extend(more),
                    Err(errno) => return Err(format!("{errno}\n")),
                }
            }
            bytes
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let found = Pem::split(&text).into_iter().find_map(|block| Certificate::from_pem(block).ok());
    found.ok_or_else(|| {
        let from = path.unwrap_or("<stdin>");
        format!("Could not read certificate from {from}\nUnable to load certificate\n")
    })
}

/// `openssl verify`: is it signed by the CA, and valid now?
async fn verify(proc: &Proc, args: &[String]) -> i32 {
    let (mut authority, mut untrusted, mut files, mut ignore_time) =
        (None, None, Vec::new(), false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-CAfile" => authority = args.next().cloned(),
            "-untrusted" => untrusted = args.next().cloned(),
            "-no_check_time" => ignore_time = true,
            _ if arg.starts_with('-') => {
                let text =
                    format!("verify: Unknown option: {arg}\nverify: Use -help for summary.\n");
                proc.eprint(text).await;
                return 1;
            }
            _ => files.push(arg.clone()),
        }
    }
    let mut status = 0;
    for file in files {
        let checked = check(proc, &file, authority.as_deref(), untrusted.as_deref(), ignore_time);
        match checked.await {
            Ok(None) => proc.print(format!("{file}: OK\n")).await,
            Ok(Some((subject, number, why))) => {
                proc.eprint(format!(
                    "{subject}\nerror {number} at 0 depth lookup: {why}\nerror {file}: \
                     verification failed\n"
                ))
                .await;
                status = 2;
            }
            Err(error) => {
                proc.eprint(error).await;
                status = 2;
            }
        }
    }
    status
}

/// The subject, OpenSSL's number and words of what is wrong.
type Complaint = Option<(String, u32, &'static str)>;

async fn check(
    proc: &Proc,
    file: &str,
    authority: Option<&str>,
    untrusted: Option<&str>,
    ignore_time: bool,
) -> Result<Complaint, String> {
    let certificate = first_certificate(proc, Some(file)).await?;
    let complaint = |number, why| Ok(Some((certificate.subject().text(), number, why)));
    let unknown = || complaint(20, "unable to get local issuer certificate");
    let Some(authority) = authority else { return unknown() };
    let root = first_certificate(proc, Some(authority)).await?;
    let Ok(root) = RootCertificate::new(root) else { return unknown() };
    let signed =
        |it: &Certificate| it.issuer() == root.certificate().subject() && root.has_signed(it);
    let mut is_known = signed(&certificate);
    if let (false, Some(untrusted)) = (is_known, untrusted) {
        let bytes = proc.read_file(untrusted).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let blocks = Pem::split(&text);
        let mut others = blocks.into_iter().filter_map(|block| Certificate::from_pem(block).ok());
        is_known = others.any(|ca| {
            ca.is_ca()
                && signed(&ca)
                && certificate.issuer() == ca.subject()
                && certificate.is_signed_by(ca.public_key())
        });
    }
    if !is_known {
        return unknown();
    }
    match certificate.check_validity(proc.now()) {
        Err(CertificateError::Expired { .. }) if !ignore_time => {
            complaint(10, "certificate has expired")
        }
        Err(CertificateError::NotYetValid { .. }) if !ignore_time => {
            complaint(9, "certificate is not yet valid")
        }
        _ => Ok(None),
    }
}
