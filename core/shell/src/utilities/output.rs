//! Utilities that print what they are told: `echo`, `printf`, `yes`, `seq`, `true`, `false`.

use sim::Duration;

use super::{Arguments, Spec, Utility};
use crate::escapes;

/// The plain `echo` of bash and GNU: `-n`, `-e`, `-E`.
pub(crate) async fn echo(utility: Utility) -> i32 {
    let (mut newline, mut escapes_on) = (true, false);
    let mut args = utility.args.as_slice();
    while let Some((first, rest)) = args.split_first() {
        let flags = first.strip_prefix('-').unwrap_or_default();
        if flags.is_empty() || !flags.chars().all(|flag| "neE".contains(flag)) {
            break;
        }
        for flag in flags.chars() {
            match flag {
                'n' => newline = false,
                flag => escapes_on = flag == 'e',
            }
        }
        args = rest;
    }
    say(&utility, args, newline, escapes_on).await
}

/// dash's `echo`: only `-n`, and escapes always.
pub(crate) async fn echo_escaped(utility: Utility) -> i32 {
    let args = utility.args.as_slice();
    match args.split_first() {
        Some((first, rest)) if first == "-n" => say(&utility, rest, false, true).await,
        _ => say(&utility, args, true, true).await,
    }
}

async fn say(utility: &Utility, args: &[String], newline: bool, escapes_on: bool) -> i32 {
    let mut text = args.join(" ");
    let mut ends = false;
    if escapes_on {
        (text, ends) = escapes::echo(&text);
    }
    if newline && !ends {
        text.push('\n');
    }
    match utility.proc.write(os::Fd::STDOUT, text.as_bytes()).await {
        Ok(()) => 0,
        Err(errno) => utility.error(format!("write error: {errno}")).await,
    }
}

/// One conversion of a format.
struct Conversion {
    flags: String,
    width: Option<i64>,
    precision: Option<i64>,
    kind: char,
}

struct Printing<'a> {
    utility: &'a Utility,
    args: std::collections::VecDeque<String>,
    used: bool,
    status: i32,
    text: String,
    ended: bool,
}

pub(crate) const PRINTF: Spec =
    Spec { has_no_options: true, usage: "printf FORMAT [ARG]...", failure: 2, ..Spec::NONE };

/// `printf format args...`.
pub(crate) async fn printf(utility: Utility, _: Arguments) -> i32 {
    match formatted(&utility).await {
        Ok((text, status)) => {
            utility.print(text).await;
            status
        }
        Err(status) => status,
    }
}

/// What `printf` prints, and its status; on a misuse, which it has told, the status only.
pub(crate) async fn formatted(utility: &Utility) -> Result<(String, i32), i32> {
    let args: Vec<String> = utility
        .args
        .iter()
        .skip(usize::from(utility.args.first().is_some_and(|a| a == "--")))
        .cloned()
        .collect();
    let Some((format, args)) = args.split_first().filter(|(format, _)| *format != "-v") else {
        if utility.gnu {
            let usage = "usage: printf [-v var] format [arguments]";
            utility.error(usage).await;
            return Err(2);
        }
        return Err(utility.misuse("").await);
    };
    let mut printing = Printing {
        utility,
        args: args.iter().cloned().collect(),
        used: false,
        status: 0,
        text: String::new(),
        ended: false,
    };
    loop {
        let before = printing.args.len();
        printing.once(format).await;
        let took = printing.args.len() < before;
        if printing.args.is_empty() || !took || printing.ended {
            break;
        }
        utility.work(printing.text.len()).await;
    }
    Ok((printing.text, printing.status))
}

impl Printing<'_> {
    async fn once(&mut self, format: &str) {
        let chars: Vec<char> = format.chars().collect();
        let mut index = 0;
        while index < chars.len() && !self.ended {
            match chars[index] {
                '\\' => match escapes::escape(&chars[index + 1..], false) {
                    Some((Some(char), used)) => {
                        self.text.push(char);
                        index += 1 + used;
                    }
                    Some((None, _)) => self.ended = true,
                    None => {
                        self.text.push('\\');
                        index += 1;
                    }
                },
                '%' if chars.get(index + 1) == Some(&'%') => {
                    self.text.push('%');
                    index += 2;
                }
                '%' => {
                    let (conversion, used) = self.conversion(&chars[index + 1..]).await;
                    index += 1 + used;
                    match conversion {
                        Some(conversion) => self.convert(conversion).await,
                        None => {
                            let shown: String = chars[index - used - 1..index].iter().collect();
                            let message = if self.utility.gnu {
                                format!(
                                    "`{}': invalid format character",
                                    shown.trim_start_matches('%')
                                )
                            } else {
                                format!("{shown}: invalid format")
                            };
                            self.utility.error(message).await;
                            self.status = 1;
                            self.ended = true;
                        }
                    }
                }
                char => {
                    self.text.push(char);
                    index += 1;
                }
            }
        }
    }

    fn next(&mut self) -> Option<String> {
        self.used = true;
        self.args.pop_front()
    }

    async fn number(&mut self, text: &str) -> i64 {
        let trimmed = text.trim();
        if let Some(quoted) = trimmed.strip_prefix(['\'', '"']) {
            return quoted.chars().next().map_or(0, |char| i64::from(u32::from(char)));
        }
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let parsed = if let Some(hex) = digits.strip_prefix("0x") {
            i64::from_str_radix(hex, 16).ok()
        } else if digits.len() > 1 && digits.starts_with('0') {
            i64::from_str_radix(&digits[1..], 8).ok()
        } else if digits.is_empty() && trimmed.is_empty() {
            Some(0)
        } else {
            digits.parse().ok()
        };
        match parsed {
            Some(number) => {
                if negative {
                    -number
                } else {
                    number
                }
            }
            None => {
                let message = if self.utility.dash {
                    format!("{text}: expected numeric value")
                } else if self.utility.gnu {
                    format!("{text}: invalid number")
                } else {
                    format!("invalid number '{text}'")
                };
                self.utility.error(message).await;
                self.status = 1;
                let size = digits.find(|char: char| !char.is_ascii_digit()).unwrap_or(0);
                digits[..size].parse().unwrap_or(0)
            }
        }
    }

    /// Reads a conversion after its `%`.
    async fn conversion(&mut self, rest: &[char]) -> (Option<Conversion>, usize) {
        let mut index = 0;
        let mut flags = String::new();
        while let Some(flag) = rest.get(index).filter(|char| "-+ #0".contains(**char)) {
            flags.push(*flag);
            index += 1;
        }
        let mut sizes = [None, None];
        for (number, size) in sizes.iter_mut().enumerate() {
            if number == 1 {
                if rest.get(index) != Some(&'.') {
                    break;
                }
                index += 1;
                *size = Some(0);
            }
            if rest.get(index) == Some(&'*') {
                let text = self.next().unwrap_or_default();
                *size = Some(self.number(&text).await);
                index += 1;
                continue;
            }
            let digits: String = rest[index..].iter().take_while(|c| c.is_ascii_digit()).collect();
            index += digits.len();
            if !digits.is_empty() {
                *size = digits.parse().ok();
            }
        }
        while rest.get(index).is_some_and(|char| {
            "lhLqjzt".contains(*char)
                && rest.get(index + 1).is_some_and(|next| "diouxX".contains(*next))
        }) {
            index += 1;
        }
        let kind = rest.get(index).copied();
        let known = kind.filter(|kind| "diouxXcsbq".contains(*kind));
        let [width, precision] = sizes;
        let used = (index + 1).min(rest.len());
        (known.map(|kind| Conversion { flags, width, precision, kind }), used)
    }

    async fn convert(&mut self, conversion: Conversion) {
        let Conversion { flags, width, precision, kind } = conversion;
        let arg = self.next();
        let limit = precision.and_then(|size| usize::try_from(size).ok());
        let mut numeric = false;
        let body = match kind {
            's' => take(&arg.unwrap_or_default(), limit),
            'q' => escapes::quoted_if_needed(&arg.unwrap_or_default()),
            'b' => {
                let (text, ended) = escapes::echo(&arg.unwrap_or_default());
                self.ended |= ended;
                take(&text, limit)
            }
            'c' => arg.unwrap_or_default().chars().take(1).collect(),
            _ => {
                numeric = true;
                let number = match arg {
                    Some(text) => self.number(&text).await,
                    None => 0,
                };
                integer(number, kind, &flags, limit.unwrap_or(0))
            }
        };
        let wanted = width.unwrap_or(0);
        let left = flags.contains('-') || wanted < 0;
        let wanted = usize::try_from(wanted.unsigned_abs()).unwrap_or(0).min(10_000);
        let missing = wanted.saturating_sub(body.chars().count());
        if left {
            self.text.push_str(&body);
            self.text.extend(std::iter::repeat_n(' ', missing));
        } else if flags.contains('0') && numeric && precision.is_none() {
            let sign = usize::from(body.starts_with(['-', '+', ' ']));
            self.text.push_str(&body[..sign]);
            self.text.extend(std::iter::repeat_n('0', missing));
            self.text.push_str(&body[sign..]);
        } else {
            self.text.extend(std::iter::repeat_n(' ', missing));
            self.text.push_str(&body);
        }
    }
}

fn take(text: &str, limit: Option<usize>) -> String {
    match limit {
        Some(limit) => text.chars().take(limit).collect(),
        None => text.to_owned(),
    }
}

fn integer(number: i64, kind: char, flags: &str, least: usize) -> String {
    let alternate = flags.contains('#');
    let least = least.min(1_000);
    match kind {
        'x' => format!("{}{number:0>least$x}", if alternate { "0x" } else { "" }),
        'X' => format!("{}{number:0>least$X}", if alternate { "0X" } else { "" }),
        'o' => format!("{}{number:0>least$o}", if alternate { "0" } else { "" }),
        'u' => format!("{:0>least$}", number.cast_unsigned()),
        _ => {
            let sign = match number {
                number if number < 0 => "-",
                _ if flags.contains('+') => "+",
                _ if flags.contains(' ') => " ",
                _ => "",
            };
            format!("{sign}{:0>least$}", number.unsigned_abs())
        }
    }
}

/// `yes`: for ever, in virtual time.
pub(crate) async fn yes(utility: Utility) -> i32 {
    let line = if utility.args.is_empty() { "y".to_owned() } else { utility.args.join(" ") } + "\n";
    loop {
        if utility.proc.write(os::Fd::STDOUT, line.as_bytes()).await.is_err() {
            return 1;
        }
        utility.proc.compute(Duration::from_micros(20)).await;
    }
}

pub(crate) const SEQ: Spec = Spec {
    flags: "+ws:",
    long: &[("equal-width", 'w'), ("separator", 's'), ("format", '\0')],
    lacking: "f",
    usage: "seq [-w] [-s SEP] [FIRST [INC]] LAST",
    needs: Some("missing operand"),
    old: Some(|mut args| {
        // A negative number is no option.
        let first = args.iter().position(|text| text.parse::<i64>().is_ok());
        args.splice(first.map_or(0..0, |at| at..at), first.map(|_| "--".to_owned()));
        args
    }),
    ..Spec::NONE
};

/// `seq [first [step]] last`, whole numbers.
pub(crate) async fn seq(utility: Utility, parsed: Arguments) -> i32 {
    let mut numbers = Vec::new();
    for operand in &parsed.operands {
        match operand.parse::<i64>() {
            Ok(number) => numbers.push(number),
            Err(_) if operand.contains('.') => {
                return utility
                    .error(format!("not simulated: {operand} (not a whole number)"))
                    .await;
            }
            Err(_) => {
                let message = if utility.gnu {
                    format!("invalid floating point argument: \u{2018}{operand}\u{2019}")
                } else {
                    format!("invalid number '{operand}'")
                };
                return utility.misuse(&message).await;
            }
        }
    }
    let (first, step, last) = match numbers.as_slice() {
        [last] => (1, 1, *last),
        [first, last] => (*first, 1, *last),
        [first, step, last] => (*first, *step, *last),
        _ => return utility.missing_operand().await,
    };
    if step == 0 {
        return utility.error("invalid Zero increment value: '0'").await;
    }
    let width = if parsed.has('w') {
        [first, last].map(|number| number.to_string().len()).into_iter().max().unwrap_or(0)
    } else {
        0
    };
    let separator = parsed.value('s').unwrap_or("\n").to_owned();
    let mut number = first;
    let mut text = String::new();
    let mut started = false;
    while if step > 0 { number <= last } else { number >= last } {
        if started {
            text.push_str(&separator);
        }
        started = true;
        text.push_str(&format!("{number:0width$}"));
        if text.len() > 30_000 {
            utility.print(std::mem::take(&mut text)).await;
            utility.proc.compute(Duration::from_micros(200)).await;
        }
        match number.checked_add(step) {
            Some(next) => number = next,
            None => break,
        }
    }
    if started {
        text.push('\n');
    }
    utility.print(text).await;
    0
}
