//! `ping`, busybox's and that of iputils. The simulated hosts have no way to the Internet: what is outside
//! does not answer, and ping goes on asking, as it does behind a firewall.

use os::process::Disposition;
use os::program::Running;
use os::{Errno, Proc, Signal};
use sim::{Duration, Time};

struct Options {
    host: String,
    count: Option<u64>,
    interval: Duration,
    size: u64,
    deadline: Option<Duration>,
    is_quiet: bool,
}

const USAGE: &str = "Usage: ping [OPTIONS] HOST\n\nSend ICMP ECHO_REQUESTs to HOST\n\n\
    \t-c CNT\t\tSend only CNT pings\n\t-s SIZE\t\tSend SIZE data bytes in packets (default 56)\n\
    \t-i SECS\t\tInterval\n\t-w SEC\t\tSeconds until ping exits (default:infinite)\n\
    \t-q\t\tQuiet, only display output at start\n\t\t\tand when finished\n";

fn parse(args: &[String]) -> Option<Options> {
    let mut options = Options {
        host: String::new(),
        count: None,
        interval: Duration::from_secs(1),
        size: 56,
        deadline: None,
        is_quiet: false,
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(flag) = arg.strip_prefix('-') else {
            if !options.host.is_empty() {
                return None;
            }
            options.host.clone_from(arg);
            continue;
        };
        let (letter, attached) = flag.split_at_checked(1)?;
        if matches!(letter, "q" | "4") {
            options.is_quiet |= letter == "q";
            continue;
        }
        let value = if attached.is_empty() { args.next()?.as_str() } else { attached };
        let number: u64 = value.parse().ok()?;
        match letter {
            "c" => options.count = Some(number.max(1)),
            "s" => options.size = number.min(65_507),
            "i" => options.interval = Duration::from_secs(number.max(1)),
            "w" => options.deadline = Some(Duration::from_secs(number)),
            "W" | "I" | "t" => {}
            _ => return None,
        }
    }
    (!options.host.is_empty()).then_some(options)
}

/// What an echo inside one host takes.
const LOCAL: Duration = Duration::from_micros(61);

/// Whose words are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flavour {
    Busybox,
    Iputils,
}

pub(super) fn ping(proc: Proc) -> Running {
    main(proc, Flavour::Busybox)
}

pub(super) fn iputils(proc: Proc) -> Running {
    main(proc, Flavour::Iputils)
}

fn main(proc: Proc, flavour: Flavour) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let Some(options) = parse(args.get(1..).unwrap_or_default()) else {
            let usage = match flavour {
                Flavour::Busybox => USAGE,
                Flavour::Iputils => {
                    "Usage: ping [-c count] [-i interval] [-s size] [-w deadline] destination\n"
                }
            };
            proc.eprint(usage).await;
            return if flavour == Flavour::Busybox { 1 } else { 2 };
        };
        let host = &options.host;
        let Ok(addresses) = proc.resolve(host).await else {
            let (text, status) = match flavour {
                Flavour::Busybox => (format!("ping: bad address '{host}'\n"), 1),
                Flavour::Iputils => (format!("ping: {host}: Name or service not known\n"), 2),
            };
            proc.eprint(text).await;
            return status;
        };
        proc.on_signal(Signal::Interrupt, Disposition::Catch);
        let address = addresses.first().map_or("", String::as_str);
        run(&proc, &options, address, flavour).await
    })
}

/// Milliseconds with three decimals.
fn millis(span: Duration) -> String {
    let micros = span.as_nanos() / 1_000;
    format!("{}.{:03}", micros / 1_000, micros % 1_000)
}

async fn run(proc: &Proc, options: &Options, address: &str, flavour: Flavour) -> i32 {
    let (host, size) = (&options.host, options.size);
    proc.print(match flavour {
        Flavour::Busybox => format!("PING {host} ({address}): {size} data bytes\n"),
        Flavour::Iputils => {
            format!("PING {host} ({address}) {size}({}) bytes of data.\n", size + 28)
        }
    })
    .await;
    let started = proc.now();
    let ends: Option<Time> = options.deadline.map(|span| started + span);
    let mut sent = 0_u64;
    let mut times: Vec<Duration> = Vec::new();
    loop {
        sent += 1;
        let before = proc.now();
        let mut wait = options.interval;
        match proc.echo(address, options.interval).await {
            Ok(()) => {
                let took = proc.now().since(before).max(LOCAL);
                wait = wait.saturating_sub(proc.now().since(before));
                times.push(took);
                if !options.is_quiet {
                    let (bytes, took) = (size + 8, millis(took));
                    proc.print(match flavour {
                        Flavour::Busybox => {
                            let seq = sent - 1;
                            format!(
                                "{bytes} bytes from {address}: seq={seq} ttl=64 time={took} ms\n"
                            )
                        }
                        Flavour::Iputils => format!(
                            "{bytes} bytes from {address}: icmp_seq={sent} ttl=64 time={took} ms\n"
                        ),
                    })
                    .await;
                }
            }
            Err(Errno::Interrupted) => break,
            // Its time is up already.
            Err(Errno::TimedOut) => wait = Duration::ZERO,
            Err(Errno::NetUnreachable) => {
                proc.eprint("ping: sendto: Network is unreachable\n").await;
                return if flavour == Flavour::Busybox { 1 } else { 2 };
            }
            Err(_) => {}
        }
        let is_last = options.count == Some(sent);
        if is_last && times.len() as u64 == sent {
            break;
        }
        let interrupted = proc.sleep(wait).await == Err(Errno::Interrupted);
        if interrupted || is_last || ends.is_some_and(|ends| proc.now() >= ends) {
            break;
        }
    }
    let received = times.len() as u64;
    let lost = (sent - received) * 100 / sent;
    let least = times.iter().min().copied().unwrap_or_default();
    let most = times.iter().max().copied().unwrap_or_default();
    let sum = times.iter().fold(0, |sum, time| sum + time.as_nanos());
    let mean = Duration::from_nanos(sum.checked_div(received).unwrap_or_default());
    let mut text =
        format!("\n--- {host} ping statistics ---\n{sent} packets transmitted, {received} ");
    let (least, mean, most) = (millis(least), millis(mean), millis(most));
    match flavour {
        Flavour::Busybox => {
            text += &format!("packets received, {lost}% packet loss\n");
            if received > 0 {
                text += &format!("round-trip min/avg/max = {least}/{mean}/{most} ms\n");
            }
        }
        Flavour::Iputils => {
            let span = proc.now().since(started).as_millis();
            text += &format!("received, {lost}% packet loss, time {span}ms\n");
            if received > 0 {
                text += &format!("rtt min/avg/max/mdev = {least}/{mean}/{most}/0.000 ms\n");
            }
        }
    }
    proc.print(text).await;
    i32::from(received == 0)
}
