//! Processes and time: `ps`, `kill`, `sleep`, `uptime`, `pidof`.

use os::process::ProcessInfo;
use os::{Errno, Pid, Signal};
use sim::Duration;

use super::{Arguments, Spec, Utility};
use crate::accounts;

pub(crate) const SLEEP: Spec =
    Spec { needs: Some("missing operand"), usage: "sleep [N]...", ..Spec::NONE };

pub(crate) async fn sleep(utility: Utility, parsed: Arguments) -> i32 {
    let mut span = Duration::ZERO;
    for text in &parsed.operands {
        if text == "infinity" && utility.gnu {
            span = Duration::from_secs(u64::MAX / 4_000_000_000);
            continue;
        }
        match parse_span(text) {
            Some(more) => span = span + more,
            None if utility.gnu => {
                let message = format!("invalid time interval \u{2018}{text}\u{2019}");
                return utility.misuse(&message).await;
            }
            None => return utility.error(format!("invalid number '{text}'")).await,
        }
    }
    i32::from(utility.proc.sleep(span).await.is_err())
}

/// `1`, `0.5`, `2m`.
pub(crate) fn parse_span(text: &str) -> Option<Duration> {
    let (digits, unit) = match text.chars().last()? {
        's' => (&text[..text.len() - 1], 1),
        'm' => (&text[..text.len() - 1], 60),
        'h' => (&text[..text.len() - 1], 3_600),
        'd' => (&text[..text.len() - 1], 86_400),
        _ => (text, 1),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let only_digits = |text: &str| text.chars().all(|char| char.is_ascii_digit());
    if digits.is_empty() || digits == "." || !only_digits(whole) || !only_digits(fraction) {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let nanos: u64 = format!("{:0<9}", &fraction[..fraction.len().min(9)]).parse().ok()?;
    let nanos = whole.checked_mul(1_000_000_000)?.checked_add(nanos)?.checked_mul(unit)?;
    Some(Duration::from_nanos(nanos))
}

pub(crate) async fn kill(utility: Utility) -> i32 {
    let mut signal = Signal::Terminate;
    let mut args = utility.args.clone();
    match args.first().map(String::as_str) {
        Some("-l" | "-L") => {
            let names: Vec<String> = Signal::ALL
                .iter()
                .map(|signal| format!("{:>2}) SIG{}", signal.number(), signal.name()))
                .collect();
            utility.print(format!("{}\n", names.join("\t"))).await;
            return 0;
        }
        Some("--") => {
            args.remove(0);
        }
        Some(first) if first.starts_with('-') && first.len() > 1 => {
            let name = if matches!(first, "-s" | "-n") {
                args.remove(0);
                args.first().cloned().unwrap_or_default()
            } else {
                first[1..].to_owned()
            };
            let parsed = if name == "0" { None } else { Signal::parse(&name) };
            match parsed {
                Some(parsed) => signal = parsed,
                None if name == "0" => return probe(&utility, &args[1..]).await,
                None if is_real_signal(&name) => {
                    return utility.error(format!("not simulated: signal {name}")).await;
                }
                None => {
                    let message = if utility.gnu {
                        format!("{name}: invalid signal specification")
                    } else {
                        format!("bad signal name '{name}'")
                    };
                    return utility.error(message).await;
                }
            }
            if !args.is_empty() {
                args.remove(0);
            }
        }
        _ => {}
    }
    if args.is_empty() {
        let usage = "usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]";
        if utility.gnu {
            utility.error(usage).await;
            return 2;
        }
        return utility.error("you need to specify whom to kill").await;
    }
    let mut status = 0;
    for text in &args {
        status = status.max(send(&utility, text, Some(signal)).await);
    }
    status
}

fn is_real_signal(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    name.parse::<u32>().is_ok_and(|number| (1..=64).contains(&number))
        || matches!(
            name,
            "STOP"
                | "CONT"
                | "TSTP"
                | "ALRM"
                | "CHLD"
                | "ABRT"
                | "SEGV"
                | "WINCH"
                | "TTIN"
                | "TTOU"
                | "URG"
                | "ILL"
                | "TRAP"
                | "BUS"
                | "FPE"
                | "IO"
                | "SYS"
                | "PWR"
        )
}

async fn probe(utility: &Utility, args: &[String]) -> i32 {
    let mut status = 0;
    for text in args {
        status = status.max(send(utility, text, None).await);
    }
    status
}

async fn send(utility: &Utility, text: &str, signal: Option<Signal>) -> i32 {
    let Ok(number) = text.parse::<u32>() else {
        let message = match (utility.gnu, text.strip_prefix('%')) {
            (true, Some(_)) => format!("{text}: no such job"),
            (true, None) => format!("{text}: arguments must be process or job IDs"),
            (false, _) => format!("invalid number '{text}'"),
        };
        return utility.error(message).await;
    };
    let result = match signal {
        Some(signal) => utility.proc.kill(Pid(number), signal),
        None => {
            let alive = utility.proc.processes().iter().any(|process| process.pid == Pid(number));
            if alive { Ok(()) } else { Err(Errno::NoProcess) }
        }
    };
    match result {
        Ok(()) => 0,
        Err(errno) => {
            let message = if utility.gnu {
                format!("({number}) - {errno}")
            } else {
                format!("can't kill pid {number}: {errno}")
            };
            utility.error(message).await
        }
    }
}

pub(crate) const PS: Spec = Spec {
    flags: "eAafFlxuHwp:o:",
    long: &[("sort", '\0'), ("forest", '\0'), ("no-headers", '\0'), ("pid", 'p')],
    lacking: "CGNTUcgjkmnqrstVyZLdMOS",
    usage: "ps [-o COL1,COL2=HEADER]",
    old: Some(|mut args| {
        // BSD's options come without a dash.
        if let Some(first) = args.first_mut().filter(|first| !first.starts_with('-')) {
            *first = format!("-{}", first.replace("aux", "u").replace("ax", "A"));
        }
        args
    }),
    ..Spec::NONE
};

pub(crate) const TOP: Spec = Spec {
    flags: "bn:d:cHp:u:",
    lacking: "ESeiosw1",
    usage: "top [-b] [-n COUNT] [-d SECONDS]",
    ..Spec::NONE
};

/// `top -b`: one look at the processes. What a screen would show again and again is shown once.
/// Shows the processes again and again, as often as `-n` says.
pub(crate) async fn top(utility: Utility, parsed: Arguments) -> i32 {
    let is_terminal = utility.proc.is_terminal(os::Fd::STDOUT);
    if utility.gnu && !is_terminal && !parsed.has('b') {
        return utility.error("failed tty get").await;
    }
    let every = parsed.value('d').and_then(parse_span).filter(|span| *span > Duration::ZERO);
    let every = every.unwrap_or(Duration::from_secs(if utility.gnu { 3 } else { 5 }));
    let count: Option<u64> = parsed.value('n').and_then(|text| text.parse().ok());
    let mut shown = 0;
    loop {
        if is_terminal && !parsed.has('b') {
            utility.print("\x1b[H\x1b[2J").await;
        }
        screen(&utility).await;
        shown += 1;
        if count.is_some_and(|count| count <= shown) {
            return 0;
        }
        if utility.proc.sleep(every).await.is_err() {
            return 130;
        }
    }
}

async fn screen(utility: &Utility) {
    let up = time_up(utility);
    let users = users(utility);
    let processes = utility.proc.processes();
    let c = utility.proc.wall().civil();
    let clock = format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second);
    let count = processes.len();
    let (total, unused) = super::system::memory(utility);
    let used = total.saturating_sub(unused);
    let mut text = if utility.gnu {
        format!(
            "top - {clock} up {up}, {users},  load average: 0.00, 0.00, 0.00\nTasks: {count:>3} total,   1 \
             running, {:>3} sleeping,   0 stopped,   0 zombie\n%Cpu(s):  0.0 us,  0.0 sy,  0.0 ni,100.0 \
             id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st\nKiB Mem : {total:>8} total, {unused:>8} free, {used:>8} \
             used,        0 buff/cache\nKiB Swap:        0 total,        0 free,        0 used. {unused:>8} \
             avail Mem\n\n  PID USER      PR  NI    VIRT    RES    SHR S  %CPU %MEM     TIME+ COMMAND\n",
            count.saturating_sub(1)
        )
    } else {
        format!(
            "Mem: {used}K used, {unused}K free, 0K shrd, 0K buff, 0K cached\nCPU:   0% usr   0% sys   0% nic \
             100% idle   0% io   0% irq   0% sirq\nLoad average: 0.00 0.00 0.00 1/1 1\n  PID  PPID USER     \
             STAT   VSZ %VSZ CPU %CPU COMMAND\n"
        )
    };
    for process in &processes {
        let user = accounts::user_name(&utility.proc, process.user.uid);
        let (pid, parent) = (process.pid.0, process.parent.0);
        let command = process.args.join(" ");
        text += &if utility.gnu {
            let name = super::base_name(command.split(' ').next().unwrap_or_default()).to_owned();
            format!(
                "{pid:>5} {user:<8}  20   0    4624   1700   1500 S   0.0  0.1   0:00.00 {name}\n"
            )
        } else {
            format!("{pid:>5} {parent:>5} {user:<8} S     1600   0%   0   0% {command}\n")
        };
    }
    utility.print(text).await;
}

pub(crate) async fn ps(utility: Utility, parsed: Arguments) -> i32 {
    let mut processes = utility.proc.processes();
    if let Some(pids) = parsed.value('p') {
        let pids: Vec<u32> = pids.split(',').filter_map(|pid| pid.parse().ok()).collect();
        processes.retain(|process| pids.contains(&process.pid.0));
    }
    if let Some(columns) = parsed.value('o') {
        return show_columns(&utility, &processes, columns).await;
    }
    let mut text = String::new();
    if !utility.gnu {
        text.push_str("PID   USER     TIME   COMMAND\n");
        for process in &processes {
            let user = accounts::user_name(&utility.proc, process.user.uid);
            let command = process.args.join(" ");
            text.push_str(&format!("{:>5} {user:<8}   0:00 {command}\n", process.pid.0));
        }
        utility.print(text).await;
        return 0;
    }
    let own_terminal = utility.proc.terminal();
    let all = ['e', 'A', 'u', 'x', 'a', 'p'].into_iter().any(|letter| parsed.has(letter));
    if !all {
        processes.retain(|process| process.terminal == own_terminal);
    }
    let tty = |process: &ProcessInfo| {
        process.terminal.map_or("?".to_owned(), |id| format!("pts/{}", id.0))
    };
    if parsed.has('u') {
        text.push_str(
            "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n",
        );
    } else if parsed.has('f') || parsed.has('F') {
        text.push_str("UID        PID  PPID  C STIME TTY          TIME CMD\n");
    } else {
        text.push_str("  PID TTY          TIME CMD\n");
    }
    for process in &processes {
        let user = accounts::user_name(&utility.proc, process.user.uid);
        let command = process.args.join(" ");
        let c = process.started.civil();
        let started = format!("{:02}:{:02}", c.hour, c.minute);
        let (pid, parent, tty) = (process.pid.0, process.parent.0, tty(process));
        text.push_str(&if parsed.has('u') {
            format!("{user:<8} {pid:>7}  0.0  0.1   4624  1700 {tty:<8} S    {started}   0:00 {command}\n")
        } else if parsed.has('f') || parsed.has('F') {
            format!("{user:<8} {pid:>5} {parent:>5}  0 {started} {tty:<8} 00:00:00 {command}\n")
        } else {
            let name = process.args.first().map_or("", String::as_str);
            let name = super::base_name(name);
            format!("{pid:>5} {tty:<8} 00:00:00 {name}\n")
        });
    }
    utility.print(text).await;
    0
}

async fn show_columns(utility: &Utility, processes: &[ProcessInfo], columns: &str) -> i32 {
    let mut titles = Vec::new();
    for column in columns.split(',') {
        let (name, title) = match column.split_once('=') {
            Some((name, title)) => (name, Some(title.to_owned())),
            None => (column, None),
        };
        let default = match name {
            "pid" => "PID",
            "ppid" => "PPID",
            "user" => "USER",
            "uid" => "UID",
            "comm" | "args" | "cmd" | "command" => "COMMAND",
            _ => return utility.error(format!("not simulated: -o {name}")).await,
        };
        titles.push((name, title.unwrap_or_else(|| default.to_owned())));
    }
    let cell = |process: &ProcessInfo, name: &str| match name {
        "pid" => process.pid.to_string(),
        "ppid" => process.parent.to_string(),
        "user" => accounts::user_name(&utility.proc, process.user.uid),
        "uid" => process.user.uid.to_string(),
        "comm" => super::base_name(process.args.first().map_or("", String::as_str)).to_owned(),
        _ => process.args.join(" "),
    };
    let row = |cells: Vec<String>| {
        let cells: Vec<String> = cells
            .into_iter()
            .zip(&titles)
            .map(|(text, (name, _))| match *name {
                "pid" | "ppid" | "uid" => format!("{text:>5}"),
                "user" => format!("{text:<8}"),
                _ => text,
            })
            .collect();
        format!("{}\n", cells.join(" ").trim_end())
    };
    let mut text = row(titles.iter().map(|(_, title)| title.clone()).collect());
    if text.trim().is_empty() {
        text.clear();
    }
    for process in processes {
        text.push_str(&row(titles.iter().map(|(name, _)| cell(process, name)).collect()));
    }
    utility.print(text).await;
    0
}

pub(crate) async fn pidof(utility: Utility) -> i32 {
    let mut found = Vec::new();
    for process in utility.proc.processes() {
        let name = super::base_name(process.args.first().map_or("", String::as_str)).to_owned();
        if utility.args.contains(&name) {
            found.push(process.pid.to_string());
        }
    }
    found.reverse();
    if found.is_empty() {
        return 1;
    }
    utility.print(format!("{}\n", found.join(" "))).await;
    0
}

/// How long the host has been up.
fn time_up(utility: &Utility) -> String {
    let bytes = utility.proc.read_file("/proc/uptime").unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let seconds: u64 = text.split('.').next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let minutes = seconds / 60;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let days = match days {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        days => format!("{days} days, "),
    };
    if hours > 0 {
        format!("{days}{hours:>2}:{minutes:02}")
    } else {
        format!("{days}{minutes} min")
    }
}

/// Nobody logs in to a container.
fn users(utility: &Utility) -> &'static str {
    if utility.proc.is_contained() { " 0 users" } else { " 1 user" }
}

pub(crate) async fn uptime(utility: Utility) -> i32 {
    let c = utility.proc.wall().civil();
    let (hour, minute, second) = (c.hour, c.minute, c.second);
    let (up, users) = (time_up(&utility), users(&utility));
    let text = format!(
        " {hour:02}:{minute:02}:{second:02} up {up}, {users},  load average: 0.00, 0.00, 0.00\n"
    );
    utility.print(text).await;
    0
}
