//! busybox's `ping`. The simulated hosts have no way to the Internet: what is outside a host does not
//! answer, and ping goes on asking, as it does behind a firewall.

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

fn is_address(text: &str) -> bool {
    text.split('.').count() == 4 && text.split('.').all(|octet| octet.parse::<u8>().is_ok())
}

/// The address behind a name: `/etc/hosts`, then what a public name server would say. That server
/// knows any name below a well-known top-level domain; the address follows from the name.
fn look_up(proc: &Proc, name: &str) -> Option<String> {
    if is_address(name) {
        return Some(name.to_owned());
    }
    let hosts = proc.read_file("/etc/hosts").unwrap_or_default();
    let hosts = String::from_utf8_lossy(&hosts).into_owned();
    for line in hosts.lines() {
        let mut words = line.split_whitespace();
        let address = words.next().filter(|address| is_address(address));
        if let Some(address) = address
            && words.any(|word| word == name)
        {
            return Some(address.to_owned());
        }
    }
    let (_, top) = name.rsplit_once('.')?;
    let is_public = matches!(top, "com" | "org" | "net" | "io" | "es" | "de" | "fr" | "uk" | "eu");
    // 203.0.113.0/24 is set aside for documentation.
    let sum = name.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
    is_public.then(|| format!("203.0.113.{}", sum % 250 + 1))
}

/// Only the own host answers.
fn answers(proc: &Proc, address: &str) -> bool {
    let hosts = proc.read_file("/etc/hosts").unwrap_or_default();
    let hosts = String::from_utf8_lossy(&hosts).into_owned();
    let own = proc.hostname();
    address.starts_with("127.")
        || hosts.lines().any(|line| {
            line.starts_with(&format!("{address}\t")) && line.split_whitespace().any(|w| w == own)
        })
}

pub(super) fn ping(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let Some(options) = parse(args.get(1..).unwrap_or_default()) else {
            proc.eprint(USAGE).await;
            return 1;
        };
        let Some(address) = look_up(&proc, &options.host) else {
            proc.eprint(format!("ping: bad address '{}'\n", options.host)).await;
            return 1;
        };
        proc.on_signal(Signal::Interrupt, Disposition::Catch);
        run(&proc, &options, &address).await
    })
}

async fn run(proc: &Proc, options: &Options, address: &str) -> i32 {
    let (host, size) = (&options.host, options.size);
    proc.print(format!("PING {host} ({address}): {size} data bytes\n")).await;
    let ends: Option<Time> = options.deadline.map(|span| proc.now() + span);
    let (mut sent, mut received) = (0_u64, 0_u64);
    loop {
        sent += 1;
        if answers(proc, address) {
            received += 1;
            if !options.is_quiet {
                let bytes = size + 8;
                let seq = sent - 1;
                let line =
                    format!("{bytes} bytes from {address}: seq={seq} ttl=64 time=0.061 ms\n");
                proc.print(line).await;
            }
        }
        let is_last = options.count == Some(sent);
        // The last request gets its time to be answered too.
        let wait = if is_last && received == sent { Duration::ZERO } else { options.interval };
        let interrupted = proc.sleep(wait).await == Err(Errno::Interrupted);
        if interrupted || is_last || ends.is_some_and(|ends| proc.now() >= ends) {
            break;
        }
    }
    let lost = (sent - received) * 100 / sent;
    let mut text = format!(
        "\n--- {host} ping statistics ---\n{sent} packets transmitted, {received} packets received, \
         {lost}% packet loss\n"
    );
    if received > 0 {
        text.push_str("round-trip min/avg/max = 0.061/0.061/0.061 ms\n");
    }
    proc.print(text).await;
    i32::from(received == 0)
}
