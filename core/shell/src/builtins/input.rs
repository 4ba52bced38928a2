//! Builtins that read: `read`, `mapfile`, `getopts`.

use os::Fd;

use super::fail;
use crate::Flavour;
use crate::shell::{Flow, Shell, Value};
use crate::syntax::is_name;

/// What `read` was asked for.
#[derive(Default)]
struct Wanted {
    raw: bool,
    silent: bool,
    prompt: String,
    array: Option<String>,
    count: Option<usize>,
    delimiter: Option<char>,
    fd: u32,
    names: Vec<String>,
}

pub(super) async fn read(shell: &mut Shell, args: &[String]) -> Result<i32, Flow> {
    let mut wanted = Wanted::default();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let Some(flags) = arg.strip_prefix('-').filter(|flags| !flags.is_empty()) else {
            wanted.names.push(arg.clone());
            wanted.names.extend(rest.by_ref().cloned());
            break;
        };
        let mut chars = flags.chars();
        while let Some(flag) = chars.next() {
            let takes_value = "pandtuN".contains(flag);
            let value = if takes_value {
                let attached: String = chars.by_ref().collect();
                if attached.is_empty() {
                    rest.next().cloned().unwrap_or_default()
                } else {
                    attached
                }
            } else {
                String::new()
            };
            match flag {
                'r' => wanted.raw = true,
                's' => wanted.silent = true,
                'e' => {}
                'p' => wanted.prompt = value,
                'a' => wanted.array = Some(value),
                'n' | 'N' => wanted.count = value.parse().ok(),
                'd' => wanted.delimiter = Some(value.chars().next().unwrap_or('\0')),
                'u' => wanted.fd = value.parse().unwrap_or(0),
                't' => {
                    return Ok(fail(shell, "read: not simulated: -t".to_owned(), 1).await);
                }
                flag => {
                    let message = match shell.flavour {
                        Flavour::Bash => format!("read: -{flag}: invalid option"),
                        _ => format!("read: Illegal option -{flag}"),
                    };
                    return Ok(fail(shell, message, 2).await);
                }
            }
        }
    }
    for name in &wanted.names {
        if !is_name(name) {
            let message = match shell.flavour {
                Flavour::Bash => format!("read: `{name}': not a valid identifier"),
                _ => format!("read: {name}: bad variable name"),
            };
            return Ok(fail(shell, message, 1).await);
        }
    }
    read_wanted(shell, wanted).await
}

async fn read_wanted(shell: &mut Shell, wanted: Wanted) -> Result<i32, Flow> {
    let fd = Fd(wanted.fd);
    if !wanted.prompt.is_empty() && shell.proc.is_terminal(fd) {
        shell.proc.eprint(&wanted.prompt).await;
    }
    let delimiter = wanted.delimiter.unwrap_or('\n');
    let mut line = Vec::new();
    let mut complete = false;
    let at_once = shell.proc.is_terminal(fd) && delimiter == '\n' && wanted.count.is_none();
    let silent = wanted.silent && at_once;
    while wanted.count.is_none_or(|count| line.len() < count) && line.len() < 1 << 20 {
        let read = if silent {
            let typed = shell.proc.read_secret_line().await;
            typed.map(|line| line.map_or(Vec::new(), |line| format!("{line}\n").into_bytes()))
        } else {
            shell.proc.read(fd, if at_once { 65_536 } else { 1 }).await
        };
        match read {
            Ok(bytes) if bytes.is_empty() => break,
            Ok(bytes) => line.extend(bytes),
            Err(os::Errno::Interrupted) => {
                shell.take_signals().await?;
                continue;
            }
            Err(errno) => {
                let message = format!("read: read error: {}: {errno}", wanted.fd);
                return Ok(fail(shell, message, 1).await);
            }
        }
        if line.ends_with(delimiter.to_string().as_bytes()) {
            line.pop();
            let escaped = !wanted.raw
                && line.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
            if escaped {
                line.pop();
                continue;
            }
            complete = true;
            break;
        }
    }
    complete |= wanted.count.is_some_and(|count| line.len() == count);
    let text = String::from_utf8_lossy(&line).into_owned();
    let names = match (&wanted.array, wanted.names.is_empty()) {
        (Some(_), _) => Vec::new(),
        (None, true) => vec!["REPLY".to_owned()],
        (None, false) => wanted.names.clone(),
    };
    let separators = shell.variable("IFS").unwrap_or_else(|| " \t\n".to_owned());
    let whole = wanted.names.is_empty() && wanted.array.is_none() && shell.flavour == Flavour::Bash;
    let limit = if wanted.array.is_some() { usize::MAX } else { names.len() };
    let fields = if whole {
        vec![unescaped(&text, wanted.raw)]
    } else {
        split(&text, &separators, limit, wanted.raw)
    };
    if let Some(array) = wanted.array {
        let values = (0..).zip(fields).collect();
        shell.variables.entry(array).or_default().value = Some(Value::Array(values));
    } else {
        for (index, name) in names.iter().enumerate() {
            let value = fields.get(index).cloned().unwrap_or_default();
            if let Err(message) = shell.assign(name, None, &value) {
                return Ok(fail(shell, message, 1).await);
            }
        }
    }
    Ok(i32::from(!complete))
}

fn unescaped(text: &str, raw: bool) -> String {
    split(text, "", 1, raw).pop().unwrap_or_default()
}

/// Splits a line into at most `limit` fields; the last takes the rest.
fn split(text: &str, separators: &str, limit: usize, raw: bool) -> Vec<String> {
    let is_blank = |char: char| separators.contains(char) && char.is_whitespace();
    let mut chars = text.chars().peekable();
    let mut fields = Vec::new();
    while chars.peek().is_some_and(|char| is_blank(*char)) {
        chars.next();
    }
    let mut field = String::new();
    let mut kept = 0;
    while let Some(char) = chars.next() {
        if char == '\\' && !raw {
            field.extend(chars.next());
            kept = field.len();
        } else if separators.contains(char) && fields.len() + 1 < limit {
            fields.push(std::mem::take(&mut field));
            kept = 0;
            let mut seen = !is_blank(char);
            while let Some(next) = chars.peek().copied() {
                if is_blank(next) || separators.contains(next) && !seen {
                    seen |= !is_blank(next);
                    chars.next();
                } else {
                    break;
                }
            }
            if chars.peek().is_none() {
                return fields;
            }
        } else {
            field.push(char);
            if !is_blank(char) {
                kept = field.len();
            }
        }
    }
    field.truncate(kept);
    fields.push(field);
    fields
}

pub(super) async fn map_file(shell: &mut Shell, args: &[String]) -> Result<i32, Flow> {
    let strips = args.iter().any(|arg| arg == "-t");
    let name = args.iter().find(|arg| !arg.starts_with('-'));
    let name = name.cloned().unwrap_or_else(|| "MAPFILE".to_owned());
    let mut values = sorted::SortedMap::new();
    while let Some(line) = shell.read_line(Fd::STDIN).await {
        let line = if strips { line.trim_end_matches('\n').to_owned() } else { line };
        let index = u32::try_from(values.len()).unwrap_or(u32::MAX);
        values.insert(index, line);
        shell.tick().await?;
    }
    shell.variables.entry(name).or_default().value = Some(Value::Array(values));
    Ok(0)
}

pub(super) async fn get_options(shell: &mut Shell, args: &[String]) -> Result<i32, Flow> {
    let [spec, name, rest @ ..] = args else {
        return Ok(fail(shell, "getopts: usage: getopts optstring name [arg]".into(), 2).await);
    };
    let words = if rest.is_empty() { shell.parameters.clone() } else { rest.to_vec() };
    let mut index: usize = shell.variable("OPTIND").and_then(|text| text.parse().ok()).unwrap_or(1);
    if index <= 1 && shell.getopts_offset == 0 {
        index = 1;
    }
    let quiet = spec.starts_with(':');
    let word = words.get(index - 1).cloned().unwrap_or_default();
    if shell.getopts_offset == 0 {
        let is_option = word.starts_with('-') && word != "-" && word != "--";
        if !is_option {
            let index = index + usize::from(word == "--");
            shell.set_quietly("OPTIND", &index.to_string());
            shell.set_quietly(name, "?");
            return Ok(1);
        }
        shell.getopts_offset = 1;
    }
    let option = word.chars().nth(shell.getopts_offset).unwrap_or('?');
    shell.getopts_offset += 1;
    let is_last = shell.getopts_offset >= word.chars().count();
    let place = spec.trim_start_matches(':').find(option).filter(|_| option != ':');
    let takes = place.is_some_and(|at| spec.trim_start_matches(':')[at + 1..].starts_with(':'));
    let mut found = option.to_string();
    let mut argument = None;
    if place.is_none() {
        found = "?".to_owned();
        if quiet {
            argument = Some(option.to_string());
        } else {
            let text = format!("{}: illegal option -- {option}\n", shell.name);
            shell.proc.eprint(text).await;
        }
    } else if takes {
        let attached: String = word.chars().skip(shell.getopts_offset).collect();
        shell.getopts_offset = 0;
        index += 1;
        if !attached.is_empty() {
            argument = Some(attached);
        } else if let Some(next) = words.get(index - 1) {
            argument = Some(next.clone());
            index += 1;
        } else if quiet {
            found = ":".to_owned();
            argument = Some(option.to_string());
        } else {
            found = "?".to_owned();
            let text = format!("{}: option requires an argument -- {option}\n", shell.name);
            shell.proc.eprint(text).await;
        }
    }
    if !takes && is_last {
        shell.getopts_offset = 0;
        index += 1;
    }
    shell.set_quietly("OPTIND", &index.to_string());
    shell.set_quietly(name, &found);
    match argument {
        Some(argument) => shell.set_quietly("OPTARG", &argument),
        None => {
            shell.variables.remove("OPTARG");
        }
    }
    Ok(0)
}
