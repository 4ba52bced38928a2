//! `redis-cli`: one command from its arguments, or one per line of its input.

use os::program::Running;
use os::{Errno, Fd, Proc};

use super::protocol::{Reply, write_request};

struct Target {
    host: String,
    port: u16,
    password: Option<String>,
}

pub(crate) fn cli(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let mut target = Target {
            host: "127.0.0.1".to_owned(),
            port: 6379,
            password: proc.env("REDISCLI_AUTH"),
        };
        let mut rest = args.get(1..).unwrap_or_default();
        while let [flag, value, more @ ..] = rest {
            match flag.as_str() {
                "-h" => target.host.clone_from(value),
                "-p" => target.port = value.parse().unwrap_or(6379),
                "-a" => target.password = Some(value.clone()),
                _ => break,
            }
            rest = more;
        }
        if let [flag, ..] = rest
            && flag.starts_with('-')
        {
            let text = format!("Unrecognized option or bad number of args for: '{flag}'\n");
            proc.eprint(text).await;
            return 1;
        }
        let is_terminal = proc.is_terminal(Fd::STDOUT);
        if !rest.is_empty() {
            let words = rest.iter().map(|word| word.clone().into_bytes()).collect();
            return ask(&proc, &target, words, is_terminal).await;
        }
        interactive(&proc, &target, is_terminal).await
    })
}

async fn interactive(proc: &Proc, target: &Target, is_terminal: bool) -> i32 {
    let mut input = Vec::new();
    loop {
        if is_terminal {
            proc.print(format!("{}:{}> ", target.host, target.port)).await;
        }
        while !input.contains(&b'\n') {
            match proc.read(Fd::STDIN, 4_096).await {
                Ok(bytes) if !bytes.is_empty() => input.extend(bytes),
                _ => return 0,
            }
        }
        let end = input.iter().position(|byte| *byte == b'\n').map_or(input.len(), |at| at + 1);
        let line: Vec<u8> = input.drain(..end).collect();
        let line = String::from_utf8_lossy(&line).into_owned();
        let words = split(line.trim());
        match words.first().map(|word| word.to_ascii_lowercase()).as_deref() {
            None => {}
            Some(b"exit" | b"quit") => return 0,
            Some(_) => {
                ask(proc, target, words, is_terminal).await;
            }
        }
    }
}

/// Words of a line; double quotes keep blanks together.
fn split(line: &str) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for char in line.chars() {
        match char {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            char if char.is_whitespace() && !quoted => words.extend(word.take()),
            char => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    words.into_iter().map(String::into_bytes).collect()
}

async fn ask(proc: &Proc, target: &Target, words: Vec<Vec<u8>>, is_terminal: bool) -> i32 {
    let mut request = Vec::new();
    if let Some(password) = &target.password {
        request.extend(write_request(&[b"AUTH".to_vec(), password.clone().into_bytes()]));
    }
    request.extend(write_request(&words));
    let answer = match proc.call(&target.host, target.port, &request).await {
        Ok(answer) => answer,
        Err(errno) => {
            let why = if errno == Errno::Interrupted { Errno::TimedOut } else { errno };
            let (host, port) = (&target.host, target.port);
            proc.eprint(format!("Could not connect to Redis at {host}:{port}: {why}\n")).await;
            return 1;
        }
    };
    let mut bytes = answer.as_slice();
    if target.password.is_some()
        && let Some(Reply::Error(text)) = Reply::read(&mut bytes)
    {
        proc.eprint(format!("AUTH failed: {text}\n")).await;
    }
    match Reply::read(&mut bytes) {
        Some(reply) => {
            proc.print(format!("{}\n", reply.show(is_terminal))).await;
            0
        }
        None => {
            proc.eprint("Error: Server closed the connection\n").await;
            1
        }
    }
}
