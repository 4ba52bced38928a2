//! `tcpdump`: the frames that come to a host and leave it, as they are on the wire.

use os::{Errno, Fd, Proc};
use sim::{Duration, Time};

/// The port of [`Proc::request`] that whoever drives the machine answers: the body is the number of frames that were seen
/// already, or nothing at the beginning; the reply how many there are now, and a [`Passed`] for each new one of the host.
pub const PORT: &str = "tap";

/// What is asked.
pub type Ask = Option<u64>;
/// What is answered.
pub type Reply = (u64, Vec<Passed>);

/// A frame on a wire of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// When it was sent.
    pub at: Time,
    /// Sender and receiver: address, name, port.
    pub ends: [(String, String, u16); 2],
    /// It is a part of a connection.
    pub is_tcp: bool,
    /// What it carries.
    pub bytes: Vec<u8>,
}

/// How often the program looks.
const PERIOD: Duration = Duration::from_millis(100);

/// Flags that change nothing here, and those that take a value.
const IGNORED: &str = "lqtvSKUe";
const VALUED: &str = "isBW";

#[derive(Debug, Default)]
struct Options {
    numeric: bool,
    text: bool,
    hex: bool,
    count: Option<u64>,
    filter: Vec<String>,
}

impl Options {
    fn read(args: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let Some(letters) = arg.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else {
                options.filter.push(arg.clone());
                continue;
            };
            let mut letters = letters.chars();
            while let Some(letter) = letters.next() {
                match letter {
                    'n' => options.numeric = true,
                    'A' => options.text = true,
                    'X' | 'x' => options.hex = true,
                    letter if IGNORED.contains(letter) => {}
                    letter if letter == 'c' || VALUED.contains(letter) => {
                        let rest: String = letters.by_ref().collect();
                        let mut next = || args.next().cloned().unwrap_or_default();
                        let value = if rest.is_empty() { next() } else { rest };
                        if letter == 'c' {
                            let count = value.parse().ok().filter(|count| *count > 0);
                            let invalid = || format!("tcpdump: invalid packet count {value}");
                            options.count = Some(count.ok_or_else(invalid)?);
                        }
                    }
                    letter => return Err(format!("tcpdump: not simulated: -{letter}")),
                }
            }
        }
        Ok(options)
    }

    /// Whether the filter lets a frame through: primitives with `and` between them.
    fn lets_through(&self, passed: &Passed) -> Result<bool, String> {
        let wrong = || {
            let text = self.filter.join(" ");
            Err(format!(
                "tcpdump: can't parse filter expression: syntax error (or not simulated): {text}"
            ))
        };
        let words = self.filter.iter().flat_map(|word| word.split_whitespace());
        let mut words = words.map(|word| word.trim_matches(['(', ')'])).filter(|it| !it.is_empty());
        let (mut ends, mut is_not, mut all) = (&passed.ends[..], false, true);
        while let Some(word) = words.next() {
            let holds = match word {
                "and" | "&&" | "ip" => continue,
                "not" | "!" => {
                    is_not = true;
                    continue;
                }
                "src" => {
                    ends = &passed.ends[..1];
                    continue;
                }
                "dst" => {
                    ends = &passed.ends[1..];
                    continue;
                }
                "tcp" => passed.is_tcp,
                "udp" => !passed.is_tcp,
                "host" | "port" => {
                    let Some(value) = words.next() else { return wrong() };
                    ends.iter().any(|(address, name, port)| match word {
                        "port" => value.parse() == Ok(*port),
                        _ => address == value || name == value,
                    })
                }
                _ => return wrong(),
            };
            // `tcp port 80` has no `and` between its words.
            all &= holds != is_not;
            (ends, is_not) = (&passed.ends[..], false);
        }
        Ok(all)
    }

    fn show(&self, passed: &Passed, started: Time, wall: Time) -> String {
        let at = wall + passed.at.since(started);
        let micros = at.unix_nanos() / 1_000 % 1_000_000;
        let stamp = format!("{}.{micros:06}", &at.rfc3339()[11..19]);
        let place = |(address, name, port): &(String, String, u16)| {
            format!("{}.{port}", if self.numeric { address } else { name })
        };
        let size = passed.bytes.len();
        let what = match (passed.is_tcp, size) {
            (false, size) => format!("UDP, length {size}"),
            (true, 0) => "Flags [.], ack 1, win 502, length 0".to_owned(),
            (true, size) => {
                format!("Flags [P.], seq 1:{}, ack 1, win 502, length {size}", size + 1)
            }
        };
        let first = passed.bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let is_http = first.starts_with(b"HTTP/1") || first.ends_with(b" HTTP/1.1");
        let http = match is_http {
            true => format!(": HTTP: {}", String::from_utf8_lossy(first)),
            false => String::new(),
        };
        let [from, to] = passed.ends.each_ref().map(place);
        let mut text = format!("{stamp} IP {from} > {to}: {what}{http}\n");
        let is_shown = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if self.text {
            let letter = |byte: &u8| match *byte {
                b'\n' => '\n',
                byte if is_shown(byte) => char::from(byte),
                b'\r' => '\r',
                _ => '.',
            };
            text += &passed.bytes.iter().map(letter).filter(|it| *it != '\r').collect::<String>();
            text += "\n";
        }
        if self.hex {
            for (row, bytes) in passed.bytes.chunks(16).enumerate() {
                let pairs: Vec<String> = bytes
                    .chunks(2)
                    .map(|pair| pair.iter().map(|byte| format!("{byte:02x}")).collect())
                    .collect();
                let letter = |byte: &u8| if is_shown(*byte) { char::from(*byte) } else { '.' };
                let letters: String = bytes.iter().map(letter).collect();
                text += &format!("\t0x{:04x}:  {:<39}  {letters}\n", row * 16, pairs.join(" "));
            }
        }
        text
    }
}

/// `tcpdump [-nAX] [-c N] [-i IF] [FILTER]`.
pub(crate) async fn main(proc: Proc) -> i32 {
    let args: Vec<String> = proc.args().into_iter().skip(1).collect();
    let any = Passed { at: proc.now(), ends: Default::default(), is_tcp: true, bytes: Vec::new() };
    let read = Options::read(&args);
    let options = match read.and_then(|read| read.lets_through(&any).map(|_| read)) {
        Ok(options) => options,
        Err(text) => {
            proc.eprint(text + "\n").await;
            return 1;
        }
    };
    if proc.user().uid != 0 {
        let text = "tcpdump: eth0: You don't have permission to capture on that device\n(socket: \
                    Operation not permitted)\n";
        proc.eprint(text).await;
        return 1;
    }
    proc.on_signal(os::Signal::Interrupt, os::process::Disposition::Catch);
    let told = "tcpdump: verbose output suppressed, use -v or -vv for full protocol decode\nlistening on eth0, \
                link-type EN10MB (Ethernet), capture size 262144 bytes\n";
    proc.eprint(told).await;
    let (mut seen, mut count, mut is_over) = (None, 0_u64, false);
    let (started, wall) = (proc.now(), proc.wall());
    'capture: loop {
        let ask: Ask = seen;
        let reply = proc.request(PORT, Box::new(ask)).await.map(|body| body.downcast::<Reply>());
        let Ok(Ok(reply)) = reply else { break };
        let (total, frames) = *reply;
        seen = Some(total);
        for passed in &frames {
            if options.lets_through(passed) != Ok(true) {
                continue;
            }
            count += 1;
            if proc.write(Fd::STDOUT, options.show(passed, started, wall).as_bytes()).await.is_err()
                || options.count == Some(count)
            {
                break 'capture;
            }
        }
        if is_over {
            break;
        }
        if proc.sleep(PERIOD).await == Err(Errno::Interrupted) {
            // What came before the signal is shown.
            while proc.take_signal().is_some() {}
            is_over = true;
        }
    }
    let plural = if count == 1 { "" } else { "s" };
    let text = format!(
        "\n{count} packet{plural} captured\n{count} packet{plural} received by filter\n0 packets dropped by kernel\n"
    );
    proc.eprint(text).await;
    0
}
