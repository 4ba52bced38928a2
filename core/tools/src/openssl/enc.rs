//! `openssl enc -aes-256-cbc`: a file under a password.

use os::{Fd, Proc};
use seal::base64;
use seal::pki::passphrase::{bytes_to_key, decrypt, encrypt, pbkdf2};

use super::{Options, passwords};

/// What a file with a salt begins with.
const MAGIC: &[u8] = b"Salted__";
/// OpenSSL: `PBKDF2_ITER_DEFAULT`.
const ROUNDS: u64 = 10_000;

const WARNING: &str =
    "*** WARNING : deprecated key derivation used.\nUsing -iter or -pbkdf2 would be better.\n";

pub(super) async fn enc(proc: &Proc, args: &[String]) -> Result<i32, String> {
    let flags = "aes-256-cbc aes256 e d a base64 A salt nosalt pbkdf2 p P v";
    let options = Options::parse("enc", args, flags, "in out k pass kfile iter md K iv S")?;
    for name in ["nosalt", "p", "P", "K", "iv", "S", "kfile"] {
        if options.has(name) {
            return Err(format!("enc: not simulated: -{name}\n"));
        }
    }
    if options.value("md").is_some_and(|name| name != "sha256") {
        return Err("enc: not simulated: another -md than sha256\n".to_owned());
    }
    let read = match options.value("in") {
        Some(path) => proc
            .read_file(path)
            .map_err(|errno| format!("Can't open \"{path}\" for reading, {errno}\n"))?,
        None => proc.read_to_end(Fd::STDIN).await.unwrap_or_default(),
    };
    let decrypts = options.has("d");
    let is_text = options.has("a") || options.has("base64");
    let word = match options.value("k") {
        Some(word) => word.to_owned(),
        None => {
            let verb = if decrypts { "decryption" } else { "encryption" };
            let prompt = format!("enter aes-256-cbc {verb} password:");
            match (options.value("pass"), decrypts) {
                (None, false) => passwords::new(proc, None, &prompt).await?,
                (source, _) => passwords::given(proc, source, &prompt).await?,
            }
        }
    };
    let rounds = options.number("iter", ROUNDS)?.clamp(1, ROUNDS * 10);
    let is_new = options.has("pbkdf2") || options.has("iter");
    if !is_new {
        proc.eprint(WARNING).await;
    }
    let key = |salt: &[u8]| {
        let word = word.as_bytes();
        if is_new {
            pbkdf2(word, salt, u32::try_from(rounds).unwrap_or(u32::MAX), 48)
        } else {
            bytes_to_key(word, salt, 48)
        }
    };
    let bytes = if decrypts {
        let sealed = if is_text {
            let text: String = String::from_utf8_lossy(&read).split_whitespace().collect();
            base64::decode(&text).unwrap_or_default()
        } else {
            read
        };
        let Some((salt, rest)) =
            sealed.strip_prefix(MAGIC).and_then(|rest| rest.split_at_checked(8))
        else {
            return Err("bad magic number\n".to_owned());
        };
        let key = key(salt);
        decrypt(&key[..32], &key[32..], rest).ok_or("bad decrypt\n")?
    } else {
        let salt = proc.random(8);
        let key = key(&salt);
        let sealed = [MAGIC, &salt, &encrypt(&key[..32], &key[32..], &read)].concat();
        if is_text {
            let text = base64::encode(&sealed);
            let width = if options.has("A") { text.len().max(1) } else { 64 };
            let lines = text.as_bytes().chunks(width).map(|line| [line, b"\n"].concat());
            lines.collect::<Vec<_>>().concat()
        } else {
            sealed
        }
    };
    match options.value("out") {
        Some(path) => proc
            .write_file(path, &bytes)
            .map(|()| 0)
            .map_err(|errno| format!("Can't open \"{path}\" for writing, {errno}\n")),
        None => {
            proc.print(bytes).await;
            Ok(0)
        }
    }
}
