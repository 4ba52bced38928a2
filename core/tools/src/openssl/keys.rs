//! Private keys: made, converted, and their public halves.

use os::Proc;
use seal::pki::{Key, PublicKey};

use super::{Options, passwords, private_key, random, write};

/// Real keys of this size take seconds; these take this long in virtual time.
async fn think(proc: &Proc, bits: usize) {
    proc.compute(sim::Duration::from_millis(bits as u64 / 8)).await;
}

/// What asks for a passphrase; the key is written under AES-256 whichever it is.
const CIPHERS: &str = "aes128 aes192 aes256 des3 des aes-256-cbc aes-128-cbc";

/// Whether a key is to be written under a passphrase.
fn asks_passphrase(options: &Options) -> bool {
    CIPHERS.split(' ').any(|cipher| options.has(cipher))
}

pub(super) async fn genrsa(proc: &Proc, args: &[String]) -> Result<i32, String> {
    let flags = format!("traditional verbose quiet 3 f4 F4 {CIPHERS}");
    let options = Options::parse("genrsa", args, &flags, "out passout rand primes")?;
    let bits = match options.operands.first() {
        None => 2048,
        Some(text) => text
            .parse()
            .map_err(|_| options.misuse(&format!("Can't parse \"{text}\" as a number")))?,
    };
    let key = make_rsa(proc, bits).await?;
    let text = if options.has("traditional") {
        key.traditional_pem()
    } else {
        passwords::written(proc, &key, asks_passphrase(&options), options.value("passout")).await?
    };
    write(proc, options.value("out"), &text, true).await
}

/// A new RSA key.
pub(super) async fn make_rsa(proc: &Proc, bits: usize) -> Result<Key, String> {
    if !(512..=16_384).contains(&bits) {
        return Err(format!("genrsa: Error generating RSA key of {bits} bits\n"));
    }
    think(proc, bits).await;
    Ok(Key::rsa(bits, &mut random(proc)))
}

/// Whether a curve is the one that is simulated.
fn check_curve(name: &str) -> Result<(), String> {
    if matches!(name, "prime256v1" | "P-256" | "secp256r1") {
        return Ok(());
    }
    Err(format!("not simulated: the curve {name}; prime256v1 is\n"))
}

pub(super) async fn genpkey(proc: &Proc, args: &[String]) -> Result<i32, String> {
    let options =
        Options::parse("genpkey", args, &format!("quiet {CIPHERS}"), "algorithm pkeyopt out pass")?;
    let chosen = |name: &str| {
        let values = options.given.iter().filter(|(option, _)| option == "pkeyopt");
        let mut pairs = values.filter_map(|(_, value)| value.split_once(':'));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    };
    let key = match options.value("algorithm").map(str::to_uppercase).as_deref() {
        Some("RSA") => {
            let bits = chosen("rsa_keygen_bits").and_then(|bits| bits.parse().ok()).unwrap_or(2048);
            make_rsa(proc, bits).await?
        }
        Some("EC") => {
            check_curve(&chosen("ec_paramgen_curve").unwrap_or_default())?;
            Key::ec(&mut random(proc))
        }
        Some(other) => return Err(format!("genpkey: not simulated: {other}\n")),
        None => return Err(options.misuse("Option -algorithm is needed")),
    };
    let pass = options.value("pass");
    let text = passwords::written(proc, &key, asks_passphrase(&options), pass).await?;
    write(proc, options.value("out"), &text, true).await
}

pub(super) async fn ecparam(proc: &Proc, args: &[String]) -> Result<i32, String> {
    let options = Options::parse("ecparam", args, "genkey noout", "name out")?;
    check_curve(options.value("name").unwrap_or_default())?;
    let mut text = String::new();
    if !options.has("noout") {
        text += "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    }
    if options.has("genkey") {
        text += &Key::ec(&mut random(proc)).traditional_pem();
    }
    write(proc, options.value("out"), &text, options.has("genkey")).await
}

/// The modulus, as `-modulus` prints it.
pub(super) fn modulus(key: &PublicKey) -> String {
    match key {
        PublicKey::Rsa(key) => {
            let digits: String = key.modulus.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("Modulus={digits}\n")
        }
        PublicKey::Ec(_) => "Modulus=Wrong Algorithm type\n".to_owned(),
    }
}

/// `rsa`, `ec`, `pkey` and `pkcs8`: another form of a key.
pub(super) async fn convert(proc: &Proc, name: &str, args: &[String]) -> Result<i32, String> {
    let command = ["rsa", "ec", "pkey", "pkcs8"].into_iter().find(|known| *known == name);
    let flags = format!("pubout check noout modulus topk8 nocrypt traditional text {CIPHERS}");
    let valued = "in out inform outform passin passout";
    let options = Options::parse(command.unwrap_or("pkey"), args, &flags, valued)?;
    if options.has("text") {
        return Err(format!("{name}: not simulated: -text\n"));
    }
    let key = private_key(proc, options.value("in"), options.value("passin")).await?;
    let is_rsa = matches!(key, Key::Rsa(_));
    if name == "rsa" && !is_rsa || name == "ec" && is_rsa {
        return Err(format!("Could not read private key: expecting an {name} key\n"));
    }
    let is_sealed = asks_passphrase(&options)
        || name == "pkcs8" && options.has("topk8") && !options.has("nocrypt");
    let mut text = String::new();
    if options.has("modulus") {
        text += &modulus(&key.public());
    }
    if options.has("check") {
        text += if name == "rsa" { "RSA key ok\n" } else { "Key is valid\n" };
    }
    if !options.has("noout") {
        if name == "rsa" || name == "ec" {
            proc.eprint(format!("writing {} key\n", name.to_uppercase())).await;
        }
        text += &match name {
            _ if options.has("pubout") => key.public().pem(),
            _ if is_sealed => {
                passwords::written(proc, &key, true, options.value("passout")).await?
            }
            "ec" => key.traditional_pem(),
            _ if options.has("traditional") => key.traditional_pem(),
            _ => key.pem(),
        };
    }
    write(proc, options.value("out"), &text, !options.has("pubout")).await
}
