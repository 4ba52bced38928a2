//! Builtins that decide what runs next: loops, functions, `eval`, `.`, jobs.

use super::fail;
use crate::Flavour;
use crate::escapes::single_quoted;
use crate::shell::{Done, Flow, Shell};

pub(super) async fn leave_loop(shell: &mut Shell, name: &str, args: &[String]) -> Done {
    let count = match args.first() {
        None => 1,
        Some(text) => match text.parse::<u32>() {
            Ok(count) if count > 0 => count,
            Ok(_) => {
                shell.complain(&format!("{name}: {text}: loop count out of range")).await;
                shell.status = 1;
                return Ok(());
            }
            Err(_) => {
                shell.complain(&format!("{name}: {text}: numeric argument required")).await;
                shell.status = 128;
                return Err(Flow::Abort);
            }
        },
    };
    shell.status = 0;
    if shell.loop_depth == 0 {
        if shell.flavour == Flavour::Bash {
            let message = format!("{name}: only meaningful in a `for', `while', or `until' loop");
            shell.complain(&message).await;
        }
        return Ok(());
    }
    let count = count.min(shell.loop_depth);
    Err(if name == "break" { Flow::Break(count) } else { Flow::Continue(count) })
}

pub(super) async fn leave(shell: &mut Shell, name: &str, args: &[String]) -> Done {
    if name != "return" && shell.interactive && shell.flavour == Flavour::Bash {
        shell.proc.eprint(shell.farewell()).await;
    }
    let status = match args.first() {
        None => shell.status,
        Some(text) => match text.parse::<i64>() {
            Ok(status) => (status & 0xff) as i32,
            Err(_) => {
                let reason = match shell.flavour {
                    Flavour::Bash => format!("{name}: {text}: numeric argument required"),
                    _ => format!("{name}: Illegal number: {text}"),
                };
                shell.complain(&reason).await;
                2
            }
        },
    };
    shell.status = status;
    if name == "return" {
        if shell.call_depth == 0 && shell.flavour == Flavour::Bash {
            let message = "return: can only `return' from a function or sourced script";
            shell.status = fail(shell, message.to_owned(), 2).await;
            return Ok(());
        }
        return Err(Flow::Return);
    }
    Err(Flow::Exit)
}

pub(super) async fn eval(shell: &mut Shell, args: &[String]) -> Done {
    let text = args.join(" ");
    shell.status = 0;
    Box::pin(shell.evaluate(&text)).await
}

pub(super) async fn source(shell: &mut Shell, name: &str, args: &[String]) -> Done {
    let Some(file) = args.first() else {
        let message = match shell.flavour {
            Flavour::Bash => format!(
                "{name}: filename argument required\n{name}: usage: {name} filename [arguments]"
            ),
            _ => format!("{name}: filename argument required"),
        };
        shell.status = fail(shell, message, 2).await;
        return Ok(());
    };
    let in_path = match shell.find_program(file) {
        Ok(path) if !file.contains('/') => Some(path),
        _ => None,
    };
    let here_first = shell.flavour == Flavour::Bash && shell.proc.exists(file);
    let path = in_path.filter(|_| !here_first).unwrap_or_else(|| file.clone());
    let bytes = match shell.proc.read_file(&path) {
        Ok(bytes) => bytes,
        Err(errno) => {
            let message = match shell.flavour {
                Flavour::Bash if file.contains('/') => format!("{file}: {errno}"),
                Flavour::Bash => format!("{file}: {errno}"),
                Flavour::Ash => format!("{name}: can't open '{file}': {errno}"),
                Flavour::Dash if errno == os::Errno::NotFound => {
                    format!("{name}: cannot open {file}: No such file")
                }
                Flavour::Dash => format!("{name}: cannot open {file}: {errno}"),
            };
            let status = if shell.flavour == Flavour::Dash { 2 } else { 1 };
            shell.status = fail(shell, message, status).await;
            let ends = shell.flavour != Flavour::Bash && !shell.interactive;
            return if ends { Err(Flow::Exit) } else { Ok(()) };
        }
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let parameters =
        (args.len() > 1).then(|| std::mem::replace(&mut shell.parameters, args[1..].to_vec()));
    shell.status = 0;
    let line = shell.line;
    let done = Box::pin(shell.evaluate(&text)).await;
    shell.line = line;
    if let Some(parameters) = parameters {
        shell.parameters = parameters;
    }
    match done {
        Err(Flow::Return) => Ok(()),
        done => done,
    }
}

pub(super) async fn command(shell: &mut Shell, name: &str, args: &[String]) -> Done {
    let mut args = args;
    let (mut verbose, mut terse) = (false, false);
    while let Some(flags) = args.first().and_then(|arg| arg.strip_prefix('-')) {
        args = &args[1..];
        if flags == "-" {
            break;
        }
        for flag in flags.chars() {
            match flag {
                'v' => terse = true,
                'V' => verbose = true,
                'p' => {}
                flag => {
                    let message = format!("{name}: -{flag}: invalid option");
                    shell.status = fail(shell, message, 2).await;
                    return Ok(());
                }
            }
        }
    }
    if terse || verbose {
        shell.status = describe(shell, args, terse).await;
        return Ok(());
    }
    let Some(word) = args.first() else {
        shell.status = 0;
        return Ok(());
    };
    if super::is_builtin(word, shell.flavour) {
        return Box::pin(super::run(shell, args)).await;
    }
    if name == "builtin" {
        shell.status = fail(shell, format!("builtin: {word}: not a shell builtin"), 1).await;
        return Ok(());
    }
    match shell.find_program(word) {
        Ok(path) => shell.start_program(path, args, false).await,
        Err((status, message)) => {
            shell.status = fail(shell, message, status).await;
            Ok(())
        }
    }
}

/// `type`, and with `terse` `command -v`.
pub(super) async fn describe(shell: &mut Shell, args: &[String], terse: bool) -> i32 {
    const RESERVED: [&str; 14] = [
        "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for",
        "{", "}",
    ];
    let (mut kind_only, mut path_only) = (false, false);
    let mut status = 0;
    for name in args {
        if !terse && matches!(name.as_str(), "-t" | "-p" | "-P" | "-a") {
            kind_only |= name == "-t";
            path_only |= name == "-p" || name == "-P";
            continue;
        }
        let bash = shell.flavour == Flavour::Bash;
        let alias = shell.aliases.get(name).cloned();
        let (kind, long, short) = if let Some(text) = alias {
            let long = if bash {
                format!("{name} is aliased to `{text}'")
            } else {
                format!("{name} is an alias for {text}")
            };
            ("alias", long, format!("alias {name}={}", single_quoted(&text)))
        } else if RESERVED.contains(&name.as_str()) {
            ("keyword", format!("{name} is a shell keyword"), name.clone())
        } else if shell.functions.contains_key(name) {
            let long = if bash { "function" } else { "shell function" };
            ("function", format!("{name} is a {long}"), name.clone())
        } else if super::is_builtin(name, shell.flavour) {
            let special = super::is_special(name) && !bash;
            let long = if special { "a special shell builtin" } else { "a shell builtin" };
            ("builtin", format!("{name} is {long}"), name.clone())
        } else if let Ok(path) = shell.find_program(name)
            && shell.proc.exists(&path)
        {
            ("file", format!("{name} is {path}"), path)
        } else {
            status = if bash { 1 } else { 127 };
            if !terse && !kind_only && !path_only {
                let message = match shell.flavour {
                    Flavour::Bash => {
                        shell.complain(&format!("type: {name}: not found")).await;
                        continue;
                    }
                    _ => format!("{name}: not found\n"),
                };
                shell.proc.print(message).await;
            }
            continue;
        };
        let text = match () {
            () if kind_only => kind.to_owned(),
            () if path_only && kind == "file" => short,
            () if path_only => continue,
            () if terse => short,
            () => long,
        };
        shell.proc.print(format!("{text}\n")).await;
    }
    status
}

pub(super) async fn jobs(shell: &mut Shell, args: &[String]) -> i32 {
    shell.poll_jobs();
    let with_pid = args.iter().any(|arg| arg == "-l");
    if args.iter().any(|arg| arg == "-p") {
        let pids: String = shell.jobs.iter().map(|job| format!("{}\n", job.shown_pid)).collect();
        shell.proc.print(pids).await;
        return 0;
    }
    let lines: String = shell.jobs.iter().map(|job| shell.job_line(job, with_pid)).collect();
    shell.jobs.retain(|job| job.status.is_none());
    shell.proc.print(lines).await;
    0
}

pub(super) async fn wait(shell: &mut Shell, args: &[String]) -> Result<i32, Flow> {
    let mut status = 0;
    if args.is_empty() {
        while !shell.jobs.is_empty() {
            shell.await_job(0).await?;
        }
    }
    for arg in args.iter().filter(|arg| *arg != "-n") {
        status = match shell.find_job(arg) {
            Some(index) => shell.await_job(index).await?,
            None if arg.starts_with('%') => {
                fail(shell, format!("wait: {arg}: no such job"), 127).await
            }
            None => {
                let message = format!("wait: pid {arg} is not a child of this shell");
                fail(shell, message, 127).await
            }
        };
    }
    Ok(status)
}

pub(super) async fn foreground(shell: &mut Shell, args: &[String]) -> Result<i32, Flow> {
    let wanted = args.first().map_or("%%", String::as_str);
    let Some(index) = shell.find_job(wanted) else {
        let shown = args.first().map_or("current", String::as_str);
        return Ok(fail(shell, format!("fg: {shown}: no such job"), 1).await);
    };
    let job = shell.jobs.remove(index);
    shell.proc.print(format!("{}\n", job.text)).await;
    if let Some(status) = job.status {
        return Ok(status.code());
    }
    shell.proc.set_foreground(job.pid);
    shell.await_child(job.pid).await
}

pub(super) async fn background(shell: &mut Shell, args: &[String]) -> i32 {
    let wanted = args.first().map_or("%%", String::as_str);
    match shell.find_job(wanted) {
        Some(index) => {
            let number = shell.jobs[index].number;
            fail(shell, format!("bg: job {number} already in background"), 0).await
        }
        None => {
            let shown = args.first().map_or("current", String::as_str);
            fail(shell, format!("bg: {shown}: no such job"), 1).await
        }
    }
}

pub(super) async fn help(shell: &mut Shell) -> i32 {
    let names = super::names(shell.flavour).join(" ");
    let text =
        format!("A simulated {}. It runs these commands itself:\n{names}\n", shell.flavour.name());
    shell.proc.print(text).await;
    0
}
