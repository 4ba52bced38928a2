//! `openssl` in the layout of OpenSSL 3.0: keys, requests, certificates, and who trusts whom. Keys and
//! certificates are [`seal::pki`]'s, so what one host writes another can check.

mod config;
mod connect;
mod enc;
mod keys;
mod passwords;
mod request;
mod show;

use os::{Errno, Fd, Proc};
use seal::pki::{Certificate, Key};

const VERSION: &str = "OpenSSL 3.0.2 15 Mar 2022 (Library: OpenSSL 3.0.2 15 Mar 2022)\n";
/// Certificates are small; more is not read.
const INPUT_SIZE_MAX: usize = 1 << 20;

/// The program.
pub(crate) async fn main(proc: Proc) -> i32 {
    let args: Vec<String> = proc.args().into_iter().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let Some(name) = args.first().map(String::as_str) else {
        proc.eprint("openssl: the interactive prompt is not simulated\n").await;
        return 1;
    };
    let done = match name {
        "version" => {
            proc.print(VERSION).await;
            Ok(0)
        }
        "genrsa" => keys::genrsa(&proc, rest).await,
        "genpkey" => keys::genpkey(&proc, rest).await,
        "ecparam" => keys::ecparam(&proc, rest).await,
        "rsa" | "ec" | "pkey" | "pkcs8" => keys::convert(&proc, name, rest).await,
        "req" => request::req(&proc, rest).await,
        "x509" => show::x509(&proc, rest).await,
        "verify" => show::verify(&proc, rest).await,
        "s_client" => connect::s_client(&proc, rest).await,
        "passwd" => passwords::passwd(&proc, rest).await,
        "enc" if !rest.iter().any(|arg| arg == "-base64" || arg == "-a" && rest.len() < 4) => {
            enc::enc(&proc, rest).await
        }
        "aes-256-cbc" => enc::enc(&proc, rest).await,
        name if shell::OPENSSL_COMMANDS.contains(&name) => return shell::openssl(proc).await,
        name if COMMANDS.contains(&name) => Err(format!("openssl {name}: not simulated\n")),
        name => Err(format!("Invalid command '{name}'; type \"help\" for a list.\n")),
    };
    match done {
        Ok(status) => status,
        Err(text) => {
            proc.eprint(text).await;
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
    "help",
    "list",
    "pkcs12",
    "s_server",
    "speed",
    "ts",
];

/// Options by name, in order; what has no dash in front is an operand.
struct Options {
    command: &'static str,
    given: Vec<(String, String)>,
    operands: Vec<String>,
}

impl Options {
    /// `flags` stand alone, `valued` take a value; both are divided by blanks.
    fn parse(
        command: &'static str,
        args: &[String],
        flags: &str,
        valued: &str,
    ) -> Result<Self, String> {
        let mut options = Self { command, given: Vec::new(), operands: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let Some(name) = arg.strip_prefix('-').filter(|name| !name.is_empty()) else {
                options.operands.push(arg.clone());
                continue;
            };
            let name = name.strip_prefix('-').unwrap_or(name);
            let is_in = |list: &str| list.split(' ').any(|known| known == name);
            let value = if is_in(flags) {
                String::new()
            } else if is_in(valued) {
                let missing = || options.misuse(&format!("Option -{name} needs a value"));
                args.next().cloned().ok_or_else(missing)?
            } else {
                return Err(options.misuse(&format!("Unknown option: {arg}")));
            };
            options.given.push((name.to_owned(), value));
        }
        Ok(options)
    }

    fn misuse(&self, text: &str) -> String {
        let command = self.command;
        format!("{command}: {text}\n{command}: Use -help for summary.\n")
    }

    fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(known, _)| known == name)
    }

    /// The last value of an option.
    fn value(&self, name: &str) -> Option<&str> {
        self.given.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str, default: u64) -> Result<u64, String> {
        let Some(text) = self.value(name) else { return Ok(default) };
        let text = text.trim_start_matches("0x");
        text.parse().map_err(|_| {
            self.misuse(&format!("Can't parse \"{text}\" as a number for option -{name}"))
        })
    }
}

fn random(proc: &Proc) -> impl FnMut(usize) -> Vec<u8> {
    |size| proc.random(size)
}

/// A serial number of 20 bytes, positive.
fn serial(proc: &Proc) -> Vec<u8> {
    let mut bytes = proc.random(20);
    bytes[0] = bytes[0] & 0x7f | 0x40;
    bytes
}

/// A file as text; standard input without a path.
async fn read(proc: &Proc, path: Option<&str>, what: &str) -> Result<String, String> {
    let bytes = match path {
        Some(path) => proc.read_file(path).map_err(|errno| {
            format!(
                "Could not open file or uri for loading {what} from {path}: {errno}\nUnable to load \
                 {what}\n"
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
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn unreadable(path: Option<&str>, what: &str) -> String {
    let from = path.unwrap_or("<stdin>");
    format!("Could not read {what} from {from}\nUnable to load {what}\n")
}

async fn certificate(proc: &Proc, path: Option<&str>) -> Result<Certificate, String> {
    let text = read(proc, path, "certificate").await?;
    let first = Certificate::all_of(&text).into_iter().next();
    first.ok_or_else(|| unreadable(path, "certificate"))
}

/// `given` is the value of `-passin`.
async fn private_key(proc: &Proc, path: Option<&str>, given: Option<&str>) -> Result<Key, String> {
    let text = read(proc, path, "private key").await?;
    if Key::is_encrypted(&text) {
        let prompt = format!("Enter pass phrase for {}:", path.unwrap_or("<stdin>"));
        let passphrase = passwords::given(proc, given, &prompt).await?;
        let key = Key::from_encrypted_pem(&text, &passphrase);
        return key.ok_or_else(|| unreadable(path, "private key"));
    }
    Key::from_pem(&text).ok_or_else(|| unreadable(path, "private key"))
}

/// Text to a file, or to standard output; keys get the mode that keeps others out.
async fn write(
    proc: &Proc,
    path: Option<&str>,
    text: &str,
    is_secret: bool,
) -> Result<i32, String> {
    let Some(path) = path else {
        proc.print(text).await;
        return Ok(0);
    };
    let is_new = !proc.exists(path);
    proc.write_file(path, text.as_bytes())
        .map_err(|errno: Errno| format!("Can't open \"{path}\" for writing, {errno}\n"))?;
    if is_secret && is_new {
        let _ = proc.change_attributes(path, Some(0o600), None, None);
    }
    Ok(0)
}
