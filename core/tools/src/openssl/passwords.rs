//! Passphrases, asked for or given, and `openssl passwd`.

use os::{Fd, Proc};
use seal::crypt;
use seal::pki::Key;

use super::{Options, random};

/// OpenSSL: `PEM_MIN_LENGTH`.
const SIZE_MIN: usize = 4;

/// A line of which nothing is shown.
async fn secret(proc: &Proc, prompt: &str) -> Result<String, String> {
    proc.eprint(prompt).await;
    let line = proc.read_secret_line().await.ok().flatten();
    proc.eprint("\n").await;
    line.ok_or_else(|| "Error reading password\n".to_owned())
}

/// The passphrase of `-passin` or `-passout`: `pass:WORD`, `env:NAME`, `file:PATH`, `stdin`; asked for without one.
pub(super) async fn given(
    proc: &Proc,
    source: Option<&str>,
    prompt: &str,
) -> Result<String, String> {
    let wrong = || "Invalid password argument\nError getting passwords\n".to_owned();
    let first = |bytes: Vec<u8>| {
        String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned()
    };
    match source.map(|source| source.split_once(':').unwrap_or((source, ""))) {
        None => secret(proc, prompt).await,
        Some(("pass", word)) => Ok(word.to_owned()),
        Some(("env", name)) => proc.env(name).ok_or_else(wrong),
        Some(("file", path)) => proc.read_file(path).map(first).map_err(|_| wrong()),
        Some(("stdin", _)) => proc.read(Fd::STDIN, 4_096).await.map(first).map_err(|_| wrong()),
        Some(_) => Err(wrong()),
    }
}

/// A new passphrase: asked for twice if it is asked for.
pub(super) async fn new(proc: &Proc, source: Option<&str>, prompt: &str) -> Result<String, String> {
    for _ in 0..3 {
        let word = given(proc, source, prompt).await?;
        if source.is_some() {
            return Ok(word);
        }
        if word.len() < SIZE_MIN {
            proc.eprint("You must type in 4 to 1024 characters\n").await;
            continue;
        }
        if secret(proc, &format!("Verifying - {prompt}")).await? == word {
            return Ok(word);
        }
        proc.eprint("Verify failure\n").await;
    }
    Err("User interface error\n".to_owned())
}

/// A key as it is written: in the clear, or under a new passphrase.
pub(super) async fn written(
    proc: &Proc,
    key: &Key,
    is_sealed: bool,
    source: Option<&str>,
) -> Result<String, String> {
    if !is_sealed {
        return Ok(key.pem());
    }
    let passphrase = new(proc, source, "Enter PEM pass phrase:").await?;
    Ok(key.encrypted_pem(&passphrase, &mut random(proc)))
}

/// Hashes of passwords.
pub(super) async fn passwd(proc: &Proc, args: &[String]) -> Result<i32, String> {
    let options =
        Options::parse("passwd", args, "1 apr1 5 6 stdin noverify quiet table reverse", "salt in")?;
    if let Some(form) = ["5", "6", "in"].into_iter().find(|name| options.has(name)) {
        return Err(format!("passwd: not simulated: -{form}; -1 and -apr1 are\n"));
    }
    let form = if options.has("apr1") { "apr1" } else { "1" };
    let mut words = options.operands.clone();
    if options.has("stdin") {
        let bytes = proc.read_to_end(Fd::STDIN).await.unwrap_or_default();
        words = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
    } else if words.is_empty() {
        words.push(new(proc, None, "Password: ").await?);
    }
    for word in words {
        let salt =
            options.value("salt").map_or_else(|| crypt::salt(&proc.random(8)), str::to_owned);
        proc.print(crypt::md5_crypt(&word, &salt, form) + "\n").await;
    }
    Ok(0)
}
