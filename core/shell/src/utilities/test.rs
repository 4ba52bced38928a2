//! `test` and `[`.

use os::fs::{Inode, Kind};
use os::{Fd, Proc};

use super::Utility;

/// An operator on one operand; none if there is no such operator.
pub(crate) fn unary(proc: &Proc, operator: &str, operand: &str) -> Option<bool> {
    let is = |check: fn(&Inode) -> bool| proc.stat(operand).is_ok_and(|inode| check(&inode));
    Some(match operator {
        "-n" => !operand.is_empty(),
        "-z" => operand.is_empty(),
        "-e" | "-a" => proc.exists(operand),
        "-f" => is(|inode| matches!(inode.kind, Kind::File(_))),
        "-d" => is(Inode::is_directory),
        "-s" => is(|inode| inode.size() > 0),
        "-h" | "-L" => {
            proc.lstat(operand).is_ok_and(|inode| matches!(inode.kind, Kind::Symlink(_)))
        }
        "-c" => is(|inode| inode.type_letter() == 'c'),
        "-b" | "-p" | "-S" => false,
        "-r" => proc.access(operand, true, false, false),
        "-w" => proc.access(operand, false, true, false),
        "-x" => proc.access(operand, false, false, true),
        "-u" => is(|inode| inode.attributes.mode & 0o4000 != 0),
        "-g" => is(|inode| inode.attributes.mode & 0o2000 != 0),
        "-k" => is(|inode| inode.attributes.mode & 0o1000 != 0),
        "-O" => {
            let uid = proc.user().uid;
            proc.stat(operand).is_ok_and(|inode| inode.attributes.uid == uid)
        }
        "-G" => {
            let gid = proc.user().gid;
            proc.stat(operand).is_ok_and(|inode| inode.attributes.gid == gid)
        }
        "-t" => operand.parse().is_ok_and(|fd| proc.is_terminal(Fd(fd))),
        _ => return None,
    })
}

/// `-eq` and its kin.
pub(crate) fn compare_numbers(operator: &str, left: i64, right: i64) -> bool {
    match operator {
        "-eq" => left == right,
        "-ne" => left != right,
        "-lt" => left < right,
        "-le" => left <= right,
        "-gt" => left > right,
        _ => left >= right,
    }
}

/// `-nt`, `-ot` and `-ef`.
pub(crate) fn compare_files(proc: &Proc, operator: &str, left: &str, right: &str) -> bool {
    let date = |path: &str| proc.stat(path).ok().map(|inode| inode.attributes.modified);
    match operator {
        "-nt" => date(left) > date(right),
        "-ot" => date(left) < date(right),
        _ => proc.canonical(left).is_ok() && proc.canonical(left) == proc.canonical(right),
    }
}

struct Expression<'a> {
    proc: &'a Proc,
    args: &'a [String],
    position: usize,
    depth: u32,
}

type Value = Result<bool, String>;

impl Expression<'_> {
    fn peek(&self) -> Option<&str> {
        self.args.get(self.position).map(String::as_str)
    }

    fn or(&mut self) -> Value {
        self.depth += 1;
        if self.depth > 50 {
            return Err("too many arguments".to_owned());
        }
        let mut value = self.and()?;
        while self.peek() == Some("-o") {
            self.position += 1;
            let right = self.and()?;
            value = value || right;
        }
        self.depth -= 1;
        Ok(value)
    }

    fn and(&mut self) -> Value {
        let mut value = self.not()?;
        while self.peek() == Some("-a") {
            self.position += 1;
            let right = self.not()?;
            value = value && right;
        }
        Ok(value)
    }

    fn not(&mut self) -> Value {
        let mut negated = false;
        while self.peek() == Some("!") && self.args.len() > self.position + 1 {
            self.position += 1;
            negated = !negated;
        }
        self.primary().map(|value| value != negated)
    }

    fn primary(&mut self) -> Value {
        let Some(first) = self.peek().map(str::to_owned) else {
            return Err("argument expected".to_owned());
        };
        let next = self.args.get(self.position + 1).cloned();
        let after = self.args.get(self.position + 2).cloned();
        if let (Some(operator), Some(right)) = (&next, &after)
            && is_binary(operator)
        {
            self.position += 3;
            return self.binary(&first, operator, right);
        }
        if first == "(" && next.is_some() {
            self.position += 1;
            let value = self.or()?;
            if self.peek() != Some(")") {
                return Err("`)' expected".to_owned());
            }
            self.position += 1;
            return Ok(value);
        }
        if let Some(operand) = next
            && first.len() == 2
            && first.starts_with('-')
            && let Some(value) = unary(self.proc, &first, &operand)
        {
            self.position += 2;
            return Ok(value);
        }
        self.position += 1;
        Ok(!first.is_empty())
    }

    fn binary(&self, left: &str, operator: &str, right: &str) -> Value {
        let number = |text: &str| {
            text.trim().parse::<i64>().map_err(|_| format!("{text}: integer expression expected"))
        };
        Ok(match operator {
            "=" | "==" => left == right,
            "!=" => left != right,
            "<" => left < right,
            ">" => left > right,
            "-nt" | "-ot" | "-ef" => compare_files(self.proc, operator, left, right),
            _ => compare_numbers(operator, number(left)?, number(right)?),
        })
    }
}

fn is_binary(text: &str) -> bool {
    matches!(
        text,
        "=" | "=="
            | "!="
            | "<"
            | ">"
            | "-eq"
            | "-ne"
            | "-lt"
            | "-le"
            | "-gt"
            | "-ge"
            | "-nt"
            | "-ot"
            | "-ef"
    )
}

/// Runs `test` or `[`: 0 if the expression holds, 1 if not, 2 if it is none.
pub(crate) async fn run(utility: Utility) -> i32 {
    let mut args = utility.args.as_slice();
    if utility.name == "[" {
        match args.split_last() {
            Some((last, rest)) if last == "]" => args = rest,
            _ => {
                let bash = utility.gnu && !utility.dash;
                let message = if bash { "missing `]'" } else { "missing ]" };
                utility.error(message).await;
                return 2;
            }
        }
    }
    if args.is_empty() {
        return 1;
    }
    let mut expression = Expression { proc: &utility.proc, args, position: 0, depth: 0 };
    let value = expression.or();
    let left = args.get(expression.position).cloned();
    let message = match (value, left) {
        (Ok(value), None) => return i32::from(!value),
        (Ok(_), Some(left)) if utility.dash && is_binary(&left) => {
            format!("{left}: argument expected")
        }
        (Ok(_), Some(_)) if utility.dash => format!("{}: unexpected operator", args[0]),
        (Ok(_), Some(_)) if args.len() == 2 => format!("{}: unary operator expected", args[0]),
        (Ok(_), Some(_)) if args.len() == 3 => format!("{}: binary operator expected", args[1]),
        (Ok(_), Some(left)) if !utility.gnu => format!("{left}: unknown operand"),
        (Ok(_), Some(_)) => "too many arguments".to_owned(),
        (Err(message), _)
            if (utility.dash || !utility.gnu)
                && message.ends_with("integer expression expected") =>
        {
            let number = message.split(':').next().unwrap_or_default();
            let what = if utility.dash { "Illegal number" } else { "bad number" };
            format!("{what}: {number}")
        }
        (Err(message), _) => message,
    };
    utility.error(message).await;
    2
}
