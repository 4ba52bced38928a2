//! `htpasswd` of apache2-utils: names and hashes of passwords in a file.

use os::{Fd, Proc};
use seal::crypt;

const USAGE: &str = "Usage:\n\thtpasswd [-cimBdpsDv] [-C cost] passwordfile username\n\thtpasswd -b[cmBdpsDv] [-C cost] \
                     passwordfile username password\n\n\thtpasswd -n[imBdps] [-C cost] username\n\thtpasswd -nb[mBdps] [-C cost] \
                     username password\n";

pub(crate) async fn main(proc: Proc) -> i32 {
    match run(&proc).await {
        Ok(()) => 0,
        Err((text, status)) => {
            proc.eprint(text).await;
            status
        }
    }
}

async fn ask(proc: &Proc, prompt: &str) -> String {
    proc.eprint(prompt).await;
    let line = proc.read_secret_line().await.ok().flatten().unwrap_or_default();
    proc.eprint("\n").await;
    line
}

async fn run(proc: &Proc) -> Result<(), (String, i32)> {
    let misuse = || (USAGE.to_owned(), 2);
    let args = proc.args();
    let (options, words): (Vec<&String>, Vec<&String>) =
        args.iter().skip(1).partition(|arg| arg.starts_with('-'));
    let letters: String = options.iter().map(|option| &option[1..]).collect();
    let has = |letter: char| letters.contains(letter);
    if let Some(letter) = letters.chars().find(|letter| "BCdv".contains(*letter)) {
        return Err((format!("htpasswd: not simulated: -{letter}; -m, -s and -p are\n"), 1));
    }
    if letters.chars().any(|letter| !"bcimnpsD".contains(letter)) {
        return Err(misuse());
    }
    let mut words = words.into_iter();
    let file = if has('n') { None } else { Some(words.next().ok_or_else(misuse)?) };
    let name = words.next().ok_or_else(misuse)?;
    let password = if has('b') {
        words.next().ok_or_else(misuse)?.clone()
    } else if has('i') {
        let bytes = proc.read(Fd::STDIN, 4_096).await.unwrap_or_default();
        String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned()
    } else if has('D') {
        String::new()
    } else {
        let first = ask(proc, "New password: ").await;
        if ask(proc, "Re-type new password: ").await != first {
            return Err(("htpasswd: password verification error\n".to_owned(), 3));
        }
        first
    };
    let hash = match () {
        () if has('s') => crypt::sha_hash(&password),
        () if has('p') => password,
        () => crypt::md5_crypt(&password, &crypt::salt(&proc.random(8)), "apr1"),
    };
    let Some(file) = file else {
        proc.print(format!("{name}:{hash}\n\n")).await;
        return Ok(());
    };
    let old = proc.read_file(file);
    if old.is_err() && !has('c') {
        let text = format!("htpasswd: cannot modify file {file}; use '-c' to create it.\n");
        return Err((text, 1));
    }
    let old = if has('c') { Vec::new() } else { old.unwrap_or_default() };
    let text = String::from_utf8_lossy(&old).into_owned();
    let is_own = |line: &&str| line.split(':').next() == Some(name);
    let is_known = text.lines().any(|line| is_own(&line));
    let line = format!("{name}:{hash}");
    let mut lines: Vec<&str> = text.lines().filter(|line| !(has('D') && is_own(line))).collect();
    let mut verb = if has('D') { "Deleting" } else { "Adding" };
    match lines.iter_mut().find(|line| is_own(line)) {
        Some(own) => {
            *own = &line;
            verb = "Updating";
        }
        None if has('D') => {}
        None => lines.push(&line),
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    proc.write_file(file, text.as_bytes())
        .map_err(|errno| (format!("htpasswd: unable to update file {file}: {errno}\n"), 1))?;
    let told = if has('D') && !is_known {
        format!("User {name} not found\n")
    } else {
        format!("{verb} password for user {name}\n")
    };
    proc.eprint(told).await;
    Ok(())
}
