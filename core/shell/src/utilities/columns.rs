//! Parts of lines: `cut`, `tr`, `paste`, `fold`; and `expr`.

use super::regex::Regex;
use super::{Arguments, Spec, Utility, lines_of};

/// `1,3-5,7-` as ranges counted from 1.
fn ranges(text: &str) -> Option<Vec<(usize, usize)>> {
    let mut all = Vec::new();
    for piece in text.split(',') {
        let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
        all.push(match piece.split_once('-') {
            None => (number(piece)?, number(piece)?),
            Some(("", "")) => return None,
            Some(("", to)) => (1, number(to)?),
            Some((from, "")) => (number(from)?, usize::MAX),
            Some((from, to)) => (number(from)?, number(to)?),
        });
        if all.last().is_some_and(|(from, to)| from > to) {
            return None;
        }
    }
    Some(all)
}

pub(crate) const CUT: Spec = Spec {
    flags: "b:c:f:d:snO:",
    long: &[
        ("bytes", 'b'),
        ("characters", 'c'),
        ("fields", 'f'),
        ("delimiter", 'd'),
        ("only-delimited", 's'),
        ("output-delimiter", 'O'),
        ("complement", '\0'),
        ("zero-terminated", '\0'),
    ],
    lacking: "z",
    usage: "cut [OPTIONS] [FILE]...",
    ..Spec::NONE
};

pub(crate) async fn cut(utility: Utility, parsed: Arguments) -> i32 {
    let Some((kind, list)) = parsed.options.iter().find(|(letter, _)| "bcf".contains(*letter))
    else {
        let message = if utility.gnu {
            "you must specify a list of bytes, characters, or fields"
        } else {
            "expected a list of bytes, characters, or fields"
        };
        return utility.misuse(message).await;
    };
    let Some(ranges) = ranges(list) else {
        let message = match (utility.gnu, kind) {
            (true, 'f') => "fields are numbered from 1",
            (true, _) => "byte/character positions are numbered from 1",
            (false, _) => "invalid list",
        };
        return utility.misuse(message).await;
    };
    let delimiter = parsed.value('d').unwrap_or("\t");
    if delimiter.chars().count() != 1 {
        return utility.misuse("the delimiter must be a single character").await;
    }
    let between = parsed.value('O').unwrap_or(if *kind == 'f' { delimiter } else { "" });
    let chosen = |index: usize| ranges.iter().any(|(from, to)| (*from..=*to).contains(&index));
    let mut status = 0;
    for path in Utility::inputs(&parsed.operands) {
        let Some(bytes) = utility.read_or_tell(&path).await else {
            status = 1;
            continue;
        };
        let mut text = String::new();
        for line in lines_of(&bytes) {
            let line = line.trim_end_matches('\n');
            if *kind != 'f' {
                text.extend(
                    line.chars().enumerate().filter(|(i, _)| chosen(i + 1)).map(|(_, c)| c),
                );
            } else if !line.contains(delimiter) {
                if parsed.has('s') {
                    continue;
                }
                text.push_str(line);
            } else {
                let fields: Vec<&str> = line
                    .split(delimiter)
                    .enumerate()
                    .filter(|(index, _)| chosen(index + 1))
                    .map(|(_, field)| field)
                    .collect();
                text.push_str(&fields.join(between));
            }
            text.push('\n');
        }
        utility.work(text.len()).await;
        utility.print(text).await;
    }
    status
}

/// A set of `tr`, written out; the error is the message.
fn set(text: &str) -> Result<Vec<char>, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut all = Vec::new();
    let mut index = 0;
    while index < chars.len() {
        if chars[index] == '[' && chars.get(index + 1) == Some(&':') {
            let rest: String = chars[index + 2..].iter().collect();
            if let Some((name, _)) = rest.split_once(":]") {
                let members = (0_u8..128).map(char::from);
                let before = all.len();
                all.extend(members.filter(|char| crate::pattern::in_class(name, *char)));
                if all.len() == before {
                    return Err(format!("invalid character class \u{2018}{name}\u{2019}"));
                }
                index += name.chars().count() + 4;
                continue;
            }
        }
        let (char, used) = one(&chars[index..]);
        index += used;
        if chars.get(index) == Some(&'-') && index + 1 < chars.len() {
            let (last, used) = one(&chars[index + 1..]);
            if last < char {
                return Err(format!(
                    "range-endpoints of '{char}-{last}' are in reverse collating sequence order"
                ));
            }
            all.extend(char..=last);
            index += 1 + used;
        } else {
            all.push(char);
        }
    }
    Ok(all)
}

fn one(chars: &[char]) -> (char, usize) {
    if chars[0] == '\\' {
        match crate::escapes::escape(&chars[1..], false) {
            Some((Some(char), used)) => return (char, used + 1),
            _ => {
                if let Some(char) = chars.get(1) {
                    return (*char, 2);
                }
            }
        }
    }
    (chars[0], 1)
}

pub(crate) const TR: Spec = Spec {
    flags: "+cCdst",
    long: &[("complement", 'c'), ("delete", 'd'), ("squeeze-repeats", 's'), ("truncate-set1", 't')],
    usage: "tr [-cds] STRING1 [STRING2]",
    ..Spec::NONE
};

pub(crate) async fn tr(utility: Utility, parsed: Arguments) -> i32 {
    let (delete, squeeze) = (parsed.has('d'), parsed.has('s'));
    let complement = parsed.has('c') || parsed.has('C');
    let Some(first) = parsed.operands.first() else {
        return utility.missing_operand().await;
    };
    if parsed.operands.len() == 1 && !delete && !squeeze {
        let message = if utility.gnu {
            format!(
                "missing operand after \u{2018}{first}\u{2019}\nTwo strings must be given when translating."
            )
        } else {
            String::new()
        };
        return utility.misuse(&message).await;
    }
    if delete && !squeeze && parsed.operands.len() > 1 {
        let message = format!(
            "extra operand \u{2018}{}\u{2019}\nOnly one string may be given when deleting without squeezing repeats.",
            parsed.operands[1]
        );
        return utility.misuse(&message).await;
    }
    let second = parsed.operands.get(1).map(|text| set(text)).transpose();
    let (first, second) = match (set(first), second) {
        (Ok(first), Ok(second)) => (first, second),
        (Err(message), _) | (_, Err(message)) => return utility.error(message).await,
    };
    let in_first = |char: char| first.contains(&char) != complement;
    let translate = |char: char| match &second {
        Some(second) if !delete && !second.is_empty() && in_first(char) => {
            let index = if complement {
                second.len() - 1
            } else {
                first.iter().rposition(|own| *own == char).unwrap_or(0)
            };
            if parsed.has('t') && index >= second.len() {
                return char;
            }
            second[index.min(second.len() - 1)]
        }
        _ => char,
    };
    let squeezed = |char: char| match &second {
        Some(second) => second.contains(&char),
        None => in_first(char),
    };
    let mut last = None;
    loop {
        let bytes = match utility.proc.read(os::Fd::STDIN, 65_536).await {
            Ok(bytes) if bytes.is_empty() => return 0,
            Ok(bytes) => bytes,
            Err(errno) => return utility.error(format!("read error: {errno}")).await,
        };
        let mut text = String::new();
        for char in String::from_utf8_lossy(&bytes).chars() {
            if delete && in_first(char) {
                continue;
            }
            let new = translate(char);
            if squeeze && last == Some(new) && squeezed(new) {
                continue;
            }
            last = Some(new);
            text.push(new);
        }
        utility.work(bytes.len()).await;
        utility.print(text).await;
    }
}

pub(crate) const PASTE: Spec = Spec {
    flags: "sd:",
    long: &[("serial", 's'), ("delimiters", 'd')],
    lacking: "z",
    usage: "paste [OPTIONS] [FILE]...",
    ..Spec::NONE
};

pub(crate) async fn paste(utility: Utility, parsed: Arguments) -> i32 {
    let delimiters = match set(parsed.value('d').unwrap_or("\t")) {
        Ok(delimiters) => delimiters,
        Err(message) => return utility.error(message).await,
    };
    let mut columns = Vec::new();
    for path in Utility::inputs(&parsed.operands) {
        let Some(bytes) = utility.read_or_tell(&path).await else { return 1 };
        let lines = lines_of(&bytes);
        columns.push(
            lines.into_iter().map(|l| l.trim_end_matches('\n').to_owned()).collect::<Vec<_>>(),
        );
    }
    let rows: Vec<Vec<String>> = if parsed.has('s') {
        columns
    } else {
        let count = columns.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |column: &Vec<String>, row: usize| column.get(row).cloned().unwrap_or_default();
        (0..count).map(|row| columns.iter().map(|column| cell(column, row)).collect()).collect()
    };
    let mut text = String::new();
    for row in rows {
        for (index, cell) in row.iter().enumerate() {
            if index > 0 && !delimiters.is_empty() {
                text.push(delimiters[(index - 1) % delimiters.len()]);
            }
            text.push_str(cell);
        }
        text.push('\n');
    }
    utility.print(text).await;
    0
}

pub(crate) const FOLD: Spec = Spec {
    flags: "w:",
    long: &[("width", 'w')],
    lacking: "bs",
    usage: "fold [-bs] [-w WIDTH] [FILE]...",
    ..Spec::NONE
};

pub(crate) async fn fold(utility: Utility, parsed: Arguments) -> i32 {
    let width: usize = parsed.value('w').and_then(|text| text.parse().ok()).unwrap_or(80).max(1);
    let mut status = 0;
    for path in Utility::inputs(&parsed.operands) {
        let opened = if path == "-" { Ok(os::Fd::STDIN) } else { utility.proc.open_fd(&path) };
        let fd = match opened {
            Ok(fd) => fd,
            Err(errno) => {
                status = utility.error(utility.cannot_open(&path, errno)).await;
                continue;
            }
        };
        let mut column = 0;
        // Piece by piece: what is read may have no end.
        loop {
            let bytes = utility.proc.read(fd, 65_536).await.unwrap_or_default();
            if bytes.is_empty() {
                break;
            }
            let mut text = String::new();
            for char in String::from_utf8_lossy(&bytes).chars() {
                if char == '\n' {
                    column = 0;
                } else {
                    if column == width {
                        text.push('\n');
                        column = 0;
                    }
                    column += 1;
                }
                text.push(char);
            }
            utility.work(text.len()).await;
            utility.print(text).await;
        }
        if fd != os::Fd::STDIN {
            utility.proc.close(fd);
        }
    }
    status
}

struct Expression<'a> {
    args: &'a [String],
    position: usize,
    depth: u32,
}

type Value = Result<String, String>;

impl Expression<'_> {
    fn take(&mut self, operators: &[&str]) -> Option<String> {
        let found = self.args.get(self.position).filter(|arg| operators.contains(&arg.as_str()))?;
        self.position += 1;
        Some(found.clone())
    }

    fn level(&mut self, level: usize) -> Value {
        const LEVELS: [&[&str]; 6] = [
            &["|"],
            &["&"],
            &["=", "==", "!=", "<", "<=", ">", ">="],
            &["+", "-"],
            &["*", "/", "%"],
            &[":"],
        ];
        let Some(operators) = LEVELS.get(level) else { return self.primary() };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.take(operators) {
            let right = self.level(level + 1)?;
            left = combine(&operator, &left, &right)?;
        }
        Ok(left)
    }

    fn primary(&mut self) -> Value {
        let Some(arg) = self.args.get(self.position).cloned() else {
            let last = self.args.last().map_or("", String::as_str);
            return Err(format!("syntax error: missing argument after \u{2018}{last}\u{2019}"));
        };
        self.position += 1;
        let mut operand = || {
            let found = self.args.get(self.position).cloned();
            self.position += 1;
            found.ok_or_else(|| "syntax error".to_owned())
        };
        match arg.as_str() {
            "length" => Ok(operand()?.chars().count().to_string()),
            "match" => {
                let (text, pattern) = (operand()?, operand()?);
                combine(":", &text, &pattern)
            }
            "index" => {
                let (text, set) = (operand()?, operand()?);
                let found = text.chars().position(|char| set.contains(char));
                Ok(found.map_or(0, |index| index + 1).to_string())
            }
            "substr" => {
                let (text, from, size) = (operand()?, operand()?, operand()?);
                let number = |text: &str| text.parse::<usize>().unwrap_or(0);
                let (from, size) = (number(&from), number(&size));
                if from == 0 {
                    return Ok(String::new());
                }
                Ok(text.chars().skip(from - 1).take(size).collect())
            }
            "(" => {
                self.depth += 1;
                if self.depth > 50 {
                    return Err("syntax error".to_owned());
                }
                let value = self.level(0)?;
                self.depth -= 1;
                self.take(&[")"]).ok_or_else(|| "syntax error".to_owned())?;
                Ok(value)
            }
            _ => Ok(arg),
        }
    }
}

fn combine(operator: &str, left: &str, right: &str) -> Value {
    let is_null = |text: &str| text.is_empty() || text == "0";
    let numbers = left.parse::<i64>().ok().zip(right.parse::<i64>().ok());
    let truth = |value: bool| Ok(i32::from(value).to_string());
    match operator {
        "|" => Ok(if is_null(left) { right } else { left }.to_owned()),
        "&" => Ok(if is_null(left) || is_null(right) { "0" } else { left }.to_owned()),
        ":" => {
            let regex = Regex::new(&format!("^{right}"), false, false)?;
            let chars: Vec<char> = left.chars().collect();
            let has_group = right.contains("\\(");
            Ok(match regex.find(&chars, 0) {
                Some(groups) if has_group => groups
                    .get(1)
                    .copied()
                    .flatten()
                    .map_or(String::new(), |(from, to)| chars[from..to].iter().collect()),
                Some(groups) => groups[0].map_or(0, |(from, to)| to - from).to_string(),
                None if has_group => String::new(),
                None => "0".to_owned(),
            })
        }
        "+" | "-" | "*" | "/" | "%" => {
            let Some((a, b)) = numbers else { return Err("non-integer argument".to_owned()) };
            let value = match operator {
                "+" => a.checked_add(b),
                "-" => a.checked_sub(b),
                "*" => a.checked_mul(b),
                _ if b == 0 => return Err("division by zero".to_owned()),
                "/" => a.checked_div(b),
                _ => a.checked_rem(b),
            };
            value
                .map(|value| value.to_string())
                .ok_or_else(|| "numerical result out of range".into())
        }
        _ => {
            let order = match numbers {
                Some((a, b)) => a.cmp(&b),
                None => left.cmp(right),
            };
            truth(match operator {
                "=" | "==" => order.is_eq(),
                "!=" => order.is_ne(),
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                _ => order.is_ge(),
            })
        }
    }
}

pub(crate) const EXPR: Spec = Spec {
    has_no_options: true,
    needs: Some("missing operand"),
    usage: "expr EXPRESSION",
    failure: 2,
    ..Spec::NONE
};

pub(crate) async fn expr(utility: Utility, _: Arguments) -> i32 {
    let mut expression = Expression { args: &utility.args, position: 0, depth: 0 };
    let value = expression.level(0);
    let complete = expression.position >= utility.args.len();
    match value {
        Ok(value) if complete => {
            utility.print(format!("{value}\n")).await;
            i32::from(value.is_empty() || value == "0")
        }
        Ok(_) => {
            utility.error("syntax error").await;
            2
        }
        Err(message) if !utility.gnu && message.starts_with("syntax error") => {
            utility.error("syntax error").await;
            2
        }
        Err(message) => {
            utility.error(message).await;
            2
        }
    }
}
