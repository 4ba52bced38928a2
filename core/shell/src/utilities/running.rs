//! Utilities that run others: `xargs`, `time`, `timeout`, `nohup`, `watch`.

use os::process::Handle;
use os::{Fd, Pid, Signal, Spawn};
use sim::Duration;

use super::{Arguments, Spec, Utility, find, identity, processes};

/// Runs a program as a child with that input and waits for it.
pub(crate) async fn run(utility: &Utility, words: Vec<String>, input: Handle) -> i32 {
    match start(utility, words, input).await {
        Ok(child) => utility.proc.wait(child).await.map_or(130, |status| status.code()),
        Err(code) => code,
    }
}

/// Starts a program as a child with that input; the error is the exit code, and has been told.
pub(crate) async fn start(
    utility: &Utility,
    words: Vec<String>,
    input: Handle,
) -> Result<Pid, i32> {
    let name = words[0].clone();
    let Some(program) = identity::find_program(utility, &name, None) else {
        return Err(identity::cannot_run(utility, &name, os::Errno::NotFound).await);
    };
    let mut spawn = find::child(utility, program, words);
    spawn.fds.insert(Fd::STDIN, input);
    match utility.proc.spawn(spawn) {
        Ok(child) => Ok(child),
        Err(errno) => Err(identity::cannot_run(utility, &name, errno).await),
    }
}

/// Splits as `xargs` does: blanks separate, quotes and backslashes protect.
fn split(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            char if char.is_whitespace() => words.extend(word.take()),
            '\\' => word.get_or_insert_default().extend(chars.next()),
            '\'' | '"' => loop {
                let own = word.get_or_insert_default();
                match chars.next() {
                    Some(next) if next == char => break,
                    Some('\n') | None => {
                        let kind = if char == '"' { "double" } else { "single" };
                        return Err(format!(
                            "unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option"
                        ));
                    }
                    Some(next) => own.push(next),
                }
            },
            char => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    Ok(words)
}

pub(crate) const XARGS: Spec = Spec {
    flags: "+n:I:0rtd:L:P:",
    long: &[
        ("max-args", 'n'),
        ("null", '0'),
        ("no-run-if-empty", 'r'),
        ("verbose", 't'),
        ("delimiter", 'd'),
        ("replace", 'I'),
        ("max-procs", 'P'),
        ("max-lines", 'L'),
        ("arg-file", '\0'),
        ("interactive", '\0'),
    ],
    lacking: "aEeilopsSx",
    usage: "xargs [OPTIONS] [PROG ARGS]",
    ..Spec::NONE
};

pub(crate) async fn xargs(utility: Utility, parsed: Arguments) -> i32 {
    let Ok(bytes) = utility.proc.read_to_end(Fd::STDIN).await else { return 1 };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let by_line = parsed.has('I') || parsed.has('L');
    let delimiter = parsed.value('d').map(|text| {
        let chars: Vec<char> = text.chars().collect();
        match crate::escapes::escape(chars.get(1..).unwrap_or_default(), false) {
            Some((Some(char), _)) if chars.first() == Some(&'\\') => char,
            _ => chars.first().copied().unwrap_or('\n'),
        }
    });
    let words = match (parsed.has('0'), delimiter) {
        (true, _) => Ok(text.split_terminator('\0').map(str::to_owned).collect()),
        (_, Some(delimiter)) => Ok(text.split_terminator(delimiter).map(str::to_owned).collect()),
        _ if by_line => {
            let lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty());
            Ok(lines.map(str::to_owned).collect())
        }
        _ => split(&text),
    };
    let words: Vec<String> = match words {
        Ok(words) => words,
        Err(message) => return utility.error(message).await,
    };
    let base =
        if parsed.operands.is_empty() { vec!["echo".to_owned()] } else { parsed.operands.clone() };
    let count = match parsed.value('n').map(str::parse::<usize>) {
        Some(Ok(count)) if count > 0 => count,
        Some(_) => return utility.error("value for -n option should be >= 1").await,
        None => 5_000,
    };
    let mut commands: Vec<Vec<String>> = Vec::new();
    if let Some(mark) = parsed.value('I') {
        for word in &words {
            commands.push(base.iter().map(|part| part.replace(mark, word)).collect());
        }
    } else if parsed.has('L') {
        for line in &words {
            let own = line.split_whitespace().map(str::to_owned);
            commands.push(base.iter().cloned().chain(own).collect());
        }
    } else if words.is_empty() {
        if !parsed.has('r') && utility.gnu {
            commands.push(base);
        }
    } else {
        for chunk in words.chunks(count) {
            commands.push([base.clone(), chunk.to_vec()].concat());
        }
    }
    let mut status = 0;
    for command in commands {
        if parsed.has('t') {
            utility.proc.eprint(format!("{}\n", command.join(" "))).await;
        }
        match run(&utility, command, Handle::null()).await {
            0 => {}
            code @ (126 | 127) => return code,
            255 => return 124,
            _ => status = 123,
        }
    }
    status
}

fn inherit(utility: &Utility, program: String, words: Vec<String>) -> Spawn {
    Spawn { path: program, args: words, env: utility.proc.environment(), ..Spawn::default() }
}

pub(crate) async fn time(utility: Utility) -> i32 {
    let words: Vec<String> = utility.args.iter().skip_while(|arg| *arg == "-p").cloned().collect();
    if words.is_empty() {
        return utility.error("missing program to run").await;
    }
    let Some(program) = identity::find_program(&utility, &words[0], None) else {
        return identity::cannot_run(&utility, &words[0], os::Errno::NotFound).await;
    };
    let started = utility.proc.now();
    let status = match utility.proc.spawn(inherit(&utility, program, words.clone())) {
        Ok(child) => utility.proc.wait(child).await.map_or(130, |status| status.code()),
        Err(errno) => return identity::cannot_run(&utility, &words[0], errno).await,
    };
    let spent = utility.proc.now().since(started).as_millis();
    let text = if utility.gnu {
        let (minutes, seconds, hundredths) =
            (spent / 60_000, spent / 1_000 % 60, spent % 1_000 / 10);
        format!("0.00user 0.00system {minutes}:{seconds:02}.{hundredths:02}elapsed 0%CPU\n")
    } else {
        format!(
            "real\t{}m {}.{:02}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n",
            spent / 60_000,
            spent / 1_000 % 60,
            spent % 1_000 / 10
        )
    };
    utility.proc.eprint(text).await;
    status
}

pub(crate) const TIMEOUT: Spec = Spec {
    flags: "+s:k:t:",
    long: &[("signal", 's'), ("kill-after", 'k'), ("preserve-status", '\0'), ("foreground", '0')],
    lacking: "v",
    usage: "timeout [-s SIG] SECS PROG ARGS",
    failure: 125,
    ..Spec::NONE
};

pub(crate) async fn timeout(utility: Utility, parsed: Arguments) -> i32 {
    let mut words = parsed.operands.clone();
    let span = match parsed.value('t') {
        Some(span) => span.to_owned(),
        None if words.is_empty() => return utility.missing_operand().await,
        None => words.remove(0),
    };
    if words.is_empty() {
        return utility.missing_operand().await;
    }
    let Some(limit) = processes::parse_span(&span) else {
        let message = format!("invalid time interval \u{2018}{span}\u{2019}");
        return utility.misuse(&message).await;
    };
    let signal = match parsed.value('s').map(|name| (name, Signal::parse(name))) {
        None => Signal::Terminate,
        Some((_, Some(signal))) => signal,
        Some((name, None)) => {
            let message = format!("\u{2018}{name}\u{2019}: invalid signal");
            return utility.misuse(&message).await;
        }
    };
    let Some(program) = identity::find_program(&utility, &words[0], None) else {
        return identity::cannot_run(&utility, &words[0], os::Errno::NotFound).await;
    };
    let child = match utility.proc.spawn(inherit(&utility, program, words.clone())) {
        Ok(child) => child,
        Err(errno) => return identity::cannot_run(&utility, &words[0], errno).await,
    };
    // A second child wakes at the end of the time and sends the signal.
    let end = utility.proc.now() + limit;
    loop {
        match utility.proc.try_wait(child) {
            Ok(Some(status)) => return status.code(),
            Ok(None) if limit > Duration::ZERO && utility.proc.now() >= end => break,
            Ok(None) => {}
            Err(_) => return 127,
        }
        let left = end.since(utility.proc.now());
        let step = Duration::from_millis(10);
        let step = if limit == Duration::ZERO || left > step { step } else { left };
        if utility.proc.sleep(step).await.is_err() {
            return 130;
        }
    }
    utility.proc.signal_child(child, signal);
    let after = parsed.value('k').and_then(processes::parse_span);
    if let Some(after) = after {
        let _ = utility.proc.sleep(after).await;
        utility.proc.signal_child(child, Signal::Kill);
    }
    match utility.proc.wait(child).await {
        Ok(status) if !utility.gnu || signal == Signal::Kill => status.code(),
        _ => 124,
    }
}

pub(crate) const NOHUP: Spec = Spec {
    flags: "+",
    needs: Some("missing operand"),
    usage: "nohup PROG ARGS",
    failure: 125,
    ..Spec::NONE
};

pub(crate) async fn nohup(utility: Utility, parsed: Arguments) -> i32 {
    utility.proc.on_signal(Signal::Hangup, os::process::Disposition::Ignore);
    if utility.proc.is_terminal(Fd::STDOUT) {
        let handle = match utility.proc.open_write("nohup.out", true) {
            Ok(handle) => handle,
            Err(errno) => return utility.error(format!("can't open 'nohup.out': {errno}")).await,
        };
        let message = if utility.gnu {
            "ignoring input and appending output to 'nohup.out'"
        } else {
            "appending output to nohup.out"
        };
        utility.error(message).await;
        utility.proc.set_handle(Fd::STDIN, os::process::Handle::null());
        utility.proc.set_handle(Fd::STDOUT, handle.clone());
        utility.proc.set_handle(Fd::STDERR, handle);
    }
    identity::replace(&utility, parsed.operands, None, |_| {}).await
}

pub(crate) const WATCH: Spec = Spec {
    flags: "+n:td",
    long: &[("interval", 'n'), ("no-title", 't'), ("differences", 'd'), ("exec", '\0')],
    lacking: "bcegpx",
    needs: Some("missing operand"),
    usage: "watch [-n SEC] [-t] PROG ARGS",
    ..Spec::NONE
};

pub(crate) async fn watch(utility: Utility, parsed: Arguments) -> i32 {
    let text = parsed.value('n').unwrap_or("2");
    let Some(interval) = processes::parse_span(text) else {
        return utility.error(format!("failed to parse argument: '{text}'")).await;
    };
    let interval =
        if interval < Duration::from_millis(100) { Duration::from_millis(100) } else { interval };
    let command = parsed.operands.join(" ");
    loop {
        utility.print("\x1b[H\x1b[2J").await;
        if !parsed.has('t') {
            let seconds = interval.as_millis();
            let date = super::date::show(utility.proc.wall(), "%c");
            let title = format!(
                "Every {}.{}s: {command}    {}: {date}\n\n",
                seconds / 1_000,
                seconds % 1_000 / 100,
                utility.proc.hostname()
            );
            utility.print(title).await;
        }
        let words = vec!["sh".to_owned(), "-c".to_owned(), command.clone()];
        run(&utility, words, Handle::null()).await;
        if utility.proc.sleep(interval).await.is_err() {
            return 130;
        }
    }
}
