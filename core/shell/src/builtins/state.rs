//! Builtins that change the shell's own state.

use std::rc::Rc;

use os::Signal;
use os::process::Disposition;

use super::fail;
use crate::Flavour;
use crate::escapes::single_quoted;
use crate::shell::{Flow, Shell, Value, Variable};
use crate::syntax::is_name;

pub(super) async fn change_directory(shell: &mut Shell, args: &[String]) -> i32 {
    let mut args = args;
    while args.first().is_some_and(|arg| matches!(arg.as_str(), "-L" | "-P" | "--")) {
        args = &args[1..];
    }
    if args.len() > 1 && shell.flavour == Flavour::Bash {
        return fail(shell, "cd: too many arguments".to_owned(), 1).await;
    }
    let (target, shows) = match args.first().map(String::as_str) {
        None => match shell.variable("HOME") {
            Some(home) => (home, false),
            None if shell.flavour == Flavour::Bash => {
                return fail(shell, "cd: HOME not set".to_owned(), 1).await;
            }
            None => return 0,
        },
        Some("-") => match shell.variable("OLDPWD") {
            Some(old) => (old, true),
            None => return fail(shell, "cd: OLDPWD not set".to_owned(), 1).await,
        },
        Some(target) => (target.to_owned(), false),
    };
    if target.is_empty() {
        return 0;
    }
    let old = shell.variable("PWD").unwrap_or_else(|| shell.proc.cwd());
    // The path is kept as it was walked, links and all, as long as that still leads there.
    let logical = os::fs::normalize(&old, &target);
    let same = |path: &str| shell.proc.canonical(path).ok();
    let is_same = same(&logical).is_some() && same(&logical) == same(&target);
    match shell.proc.change_directory(&target) {
        Ok(()) => {
            let now = if is_same { logical } else { shell.proc.cwd() };
            shell.set_quietly("OLDPWD", &old);
            shell.set_quietly("PWD", &now);
            if shows {
                shell.proc.print(format!("{now}\n")).await;
            }
            0
        }
        Err(errno) => {
            let shown = args.first().filter(|arg| *arg != "-").unwrap_or(&target);
            let message = match shell.flavour {
                Flavour::Bash => format!("cd: {shown}: {errno}"),
                Flavour::Ash => format!("cd: can't cd to {shown}: {errno}"),
                Flavour::Dash => format!("cd: can't cd to {shown}"),
            };
            fail(shell, message, if shell.flavour == Flavour::Dash { 2 } else { 1 }).await
        }
    }
}

/// A subscript as it can be read again.
fn quoted_key(key: &str) -> String {
    let is_plain =
        key.chars().all(|char| char.is_ascii_alphanumeric() || "_-./:@%+,".contains(char));
    if is_plain { key.to_owned() } else { format!("\"{key}\"") }
}

fn declaration(name: &str, variable: &Variable) -> String {
    let mut flags = String::new();
    match variable.value {
        Some(Value::Array(_)) => flags.push('a'),
        Some(Value::Map(_)) => flags.push('A'),
        _ => {}
    }
    if variable.integer {
        flags.push('i');
    }
    if variable.readonly {
        flags.push('r');
    }
    if variable.exported {
        flags.push('x');
    }
    let flags = if flags.is_empty() { "-".to_owned() } else { flags };
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
    let value = match &variable.value {
        None => String::new(),
        Some(Value::Text(text)) => format!("=\"{}\"", escaped(text)),
        Some(value) => {
            let values: Vec<String> = value
                .elements()
                .iter()
                .map(|(key, text)| format!("[{}]=\"{}\"", quoted_key(key), escaped(text)))
                .collect();
            let end =
                if matches!(value, Value::Map(values) if !values.is_empty()) { " " } else { "" };
            format!("=({}{end})", values.join(" "))
        }
    };
    format!("declare -{flags} {name}{value}\n")
}

pub(super) async fn export(shell: &mut Shell, name: &str, args: &[String]) -> Result<i32, Flow> {
    let (mut remove, mut operands) = (false, Vec::new());
    for arg in args {
        match arg.as_str() {
            "-n" if name == "export" => remove = true,
            "-p" | "--" => {}
            "-f" => return Ok(fail(shell, format!("{name}: not simulated: -f"), 1).await),
            flag if flag.starts_with('-') && flag.len() > 1 => {
                return Ok(fail(shell, format!("{name}: {flag}: invalid option"), 2).await);
            }
            operand => operands.push(operand.to_owned()),
        }
    }
    if operands.is_empty() {
        let chosen = shell.variables.iter().filter(|(_, variable)| {
            if name == "export" { variable.exported } else { variable.readonly }
        });
        let text: String = chosen
            .map(|(own, variable)| match shell.flavour {
                Flavour::Bash => declaration(own, variable),
                _ => {
                    let value = variable.value.as_ref().and_then(Value::text);
                    let value =
                        value.map(|text| format!("={}", single_quoted(text))).unwrap_or_default();
                    format!("{name} {own}{value}\n")
                }
            })
            .collect();
        shell.proc.print(text).await;
        return Ok(0);
    }
    let mut status = 0;
    for operand in operands {
        let (own, value) = match operand.split_once('=') {
            Some((own, value)) => (own, Some(value)),
            None => (operand.as_str(), None),
        };
        if !is_name(own) {
            let message = match shell.flavour {
                Flavour::Bash => format!("{name}: `{operand}': not a valid identifier"),
                _ => format!("{name}: {own}: bad variable name"),
            };
            status = fail(shell, message, 1).await;
            continue;
        }
        if let Some(value) = value
            && let Err(message) = shell.assign(own, None, value)
        {
            status = fail(shell, message, 1).await;
            continue;
        }
        let variable = shell.variables.entry(own.to_owned()).or_default();
        match name {
            "export" => variable.exported = !remove,
            _ => variable.readonly = true,
        }
    }
    Ok(status)
}

pub(super) async fn unset(shell: &mut Shell, args: &[String]) -> i32 {
    let mut functions = false;
    let mut status = 0;
    for arg in args {
        match arg.as_str() {
            "-f" => functions = true,
            "-v" => functions = false,
            name => {
                if functions {
                    shell.functions.remove(name);
                    continue;
                }
                if shell.variables.get(name).is_some_and(|variable| variable.readonly) {
                    let message = match shell.flavour {
                        Flavour::Bash => {
                            format!("unset: {name}: cannot unset: readonly variable")
                        }
                        _ => format!("unset: {name}: is read only"),
                    };
                    status = fail(shell, message, 1).await;
                    continue;
                }
                let element = name.strip_suffix(']').and_then(|text| text.split_once('['));
                if let Some((array, index)) = element {
                    let value = shell.variables.get_mut(array).and_then(|v| v.value.as_mut());
                    if let Some(value) = value {
                        value.remove(index.trim_matches(['"', '\'']));
                    }
                    continue;
                }
                if shell.variables.remove(name).is_none() {
                    shell.functions.remove(name);
                }
            }
        }
    }
    status
}

pub(super) async fn declare(shell: &mut Shell, name: &str, args: &[String]) -> Result<i32, Flow> {
    if name == "local" && shell.locals.is_empty() {
        let message = match shell.flavour {
            Flavour::Bash => "local: can only be used in a function",
            _ => "local: not in a function",
        };
        return Ok(fail(shell, message.to_owned(), 1).await);
    }
    let (mut flags, mut operands) = (String::new(), Vec::new());
    for arg in args {
        match arg.strip_prefix('-') {
            Some(letters) if !letters.is_empty() && operands.is_empty() => flags.push_str(letters),
            _ => operands.push(arg.clone()),
        }
    }
    if let Some(flag) = flags.chars().find(|flag| !"aAigprxF".contains(*flag)) {
        let real = "flntucI".contains(flag);
        let text = if real { "not simulated: " } else { "" };
        let rest = if real { "" } else { ": invalid option" };
        return Ok(fail(shell, format!("{name}: {text}-{flag}{rest}"), 2).await);
    }
    if operands.is_empty() || flags.contains('p') {
        let mut text = String::new();
        let mut status = 0;
        for (own, variable) in &shell.variables {
            if operands.is_empty() || operands.contains(own) {
                text.push_str(&declaration(own, variable));
            }
        }
        for operand in &operands {
            if !shell.variables.contains_key(operand) {
                status = fail(shell, format!("{name}: {operand}: not found"), 1).await;
            }
        }
        shell.proc.print(text).await;
        return Ok(status);
    }
    let is_local = !shell.locals.is_empty() && !flags.contains('g');
    for operand in operands {
        let (own, value) = match operand.split_once('=') {
            Some((own, value)) => (own, Some(value)),
            None => (operand.as_str(), None),
        };
        let (own, append) = own.strip_suffix('+').map_or((own, false), |own| (own, true));
        if !is_name(own) {
            let message = format!("{name}: `{operand}': not a valid identifier");
            return Ok(fail(shell, message, 1).await);
        }
        if is_local {
            shell.make_local(own);
        }
        let mut value = value.map(str::to_owned);
        if flags.contains('i') {
            value = match value {
                Some(text) => Some(shell.arithmetic(&text).await?.to_string()),
                None => None,
            };
        }
        if let Some(value) = value {
            let old = if append { shell.variable(own).unwrap_or_default() } else { String::new() };
            if let Err(message) = shell.assign(own, None, &(old + &value)) {
                return Ok(fail(shell, message, 1).await);
            }
        }
        let variable = shell.variables.entry(own.to_owned()).or_default();
        variable.integer |= flags.contains('i');
        variable.readonly |= flags.contains('r');
        variable.exported |= flags.contains('x');
        let values = variable.value.as_ref().map(Value::elements).unwrap_or_default();
        match variable.value {
            Some(Value::Map(_)) => {}
            Some(Value::Array(_)) if flags.contains('A') => {
                let text = format!("{name}: {own}: cannot convert indexed to associative array");
                return Ok(fail(shell, text, 1).await);
            }
            _ if flags.contains('A') => {
                variable.value = Some(Value::Map(values.into_iter().collect()))
            }
            None if flags.contains('a') => variable.value = Some(Value::Array(Default::default())),
            _ => {}
        }
    }
    Ok(0)
}

pub(super) async fn shift(shell: &mut Shell, args: &[String]) -> i32 {
    let count = match args.first().map(|text| text.parse::<usize>()) {
        None => 1,
        Some(Ok(count)) => count,
        Some(Err(_)) => {
            return fail(shell, format!("shift: {}: numeric argument required", args[0]), 1).await;
        }
    };
    if count > shell.parameters.len() {
        return match shell.flavour {
            Flavour::Dash => fail(shell, "shift: can't shift that many".to_owned(), 2).await,
            _ => 1,
        };
    }
    shell.parameters.drain(..count);
    0
}

pub(super) async fn alias(shell: &mut Shell, args: &[String]) -> i32 {
    let prefix = if shell.flavour == Flavour::Bash { "alias " } else { "" };
    let line = |name: &str, text: &str| format!("{prefix}{name}={}\n", single_quoted(text));
    if args.is_empty() {
        let text: String = shell.aliases.iter().map(|(name, text)| line(name, text)).collect();
        shell.proc.print(text).await;
        return 0;
    }
    let mut status = 0;
    for arg in args {
        match arg.split_once('=') {
            Some((name, text)) => {
                Rc::make_mut(&mut shell.aliases).insert(name.to_owned(), text.to_owned());
            }
            None => match shell.aliases.get(arg) {
                Some(text) => shell.proc.print(line(arg, text)).await,
                None => status = fail(shell, format!("alias: {arg}: not found"), 1).await,
            },
        }
    }
    status
}

pub(super) async fn unalias(shell: &mut Shell, args: &[String]) -> i32 {
    let mut status = 0;
    for arg in args {
        if arg == "-a" {
            shell.aliases = Rc::default();
        } else if Rc::make_mut(&mut shell.aliases).remove(arg).is_none() {
            status = fail(shell, format!("unalias: {arg}: not found"), 1).await;
        }
    }
    status
}

pub(super) async fn umask(shell: &mut Shell, args: &[String]) -> i32 {
    match args.first() {
        None => {
            shell.proc.print(format!("{:04o}\n", shell.proc.umask())).await;
            0
        }
        Some(text) => match u32::from_str_radix(text, 8) {
            Ok(mask) if mask <= 0o777 => {
                shell.proc.set_umask(mask);
                0
            }
            Ok(_) => fail(shell, format!("umask: {text}: octal number out of range"), 1).await,
            Err(_) => fail(shell, format!("umask: not simulated: {text}"), 1).await,
        },
    }
}

/// Builtins that have nothing to do here but must not fail in a start file.
pub(super) async fn accepted(shell: &mut Shell, name: &str, args: &[String]) -> i32 {
    if name == "hash" && args.is_empty() && shell.flavour == Flavour::Bash {
        shell.proc.print("hash: hash table empty\n").await;
        return 0;
    }
    let fine = match name {
        "shopt" => args.first().is_some_and(|arg| matches!(arg.as_str(), "-s" | "-u" | "-q")),
        "hash" => args.iter().all(|arg| arg == "-r"),
        "disown" => {
            shell.jobs.clear();
            true
        }
        _ => false,
    };
    let changes_matching = name == "shopt"
        && args.iter().any(|arg| {
            matches!(
                arg.as_str(),
                "nullglob"
                    | "extglob"
                    | "globstar"
                    | "dotglob"
                    | "failglob"
                    | "nocaseglob"
                    | "nocasematch"
                    | "lastpipe"
            )
        });
    if fine && !changes_matching {
        return 0;
    }
    fail(shell, format!("{name}: not simulated: {}", args.join(" ")), 1).await
}

pub(super) async fn compute(shell: &mut Shell, args: &[String]) -> i32 {
    if args.is_empty() {
        return fail(shell, "let: expression expected".to_owned(), 1).await;
    }
    let mut value = 0;
    for arg in args {
        match shell.arithmetic(arg).await {
            Ok(number) => value = number,
            Err(_) => return 1,
        }
    }
    i32::from(value == 0)
}

pub(super) async fn trap(shell: &mut Shell, args: &[String]) -> i32 {
    let args: Vec<&String> = args.iter().filter(|arg| *arg != "--" && *arg != "-p").collect();
    let Some((action, names)) = args.split_first() else {
        let text: String = shell
            .traps
            .iter()
            .map(|(name, action)| {
                let sig = if name == "EXIT" || shell.flavour != Flavour::Bash { "" } else { "SIG" };
                format!("trap -- {} {sig}{name}\n", single_quoted(action))
            })
            .collect();
        shell.proc.print(text).await;
        return 0;
    };
    let (action, names) = if names.is_empty() {
        (None, std::slice::from_ref(action))
    } else if *action == "-" {
        (None, names)
    } else {
        (Some((*action).clone()), names)
    };
    let mut status = 0;
    for name in names {
        let key = match (name.as_str(), Signal::parse(name)) {
            ("EXIT" | "0", _) => "EXIT".to_owned(),
            (_, Some(signal)) => {
                let disposition = match action.as_deref() {
                    None if shell.interactive && signal == Signal::Interrupt => Disposition::Catch,
                    None => Disposition::Default,
                    Some("") => Disposition::Ignore,
                    Some(_) => Disposition::Catch,
                };
                if signal != Signal::Kill {
                    shell.proc.on_signal(signal, disposition);
                }
                signal.name().to_owned()
            }
            ("ERR" | "DEBUG" | "RETURN", None) if shell.flavour == Flavour::Bash => {
                status = fail(shell, format!("trap: not simulated: {name}"), 1).await;
                continue;
            }
            _ => {
                let message = match shell.flavour {
                    Flavour::Bash => format!("trap: {name}: invalid signal specification"),
                    _ => "trap: bad trap".to_owned(),
                };
                status = fail(shell, message, 1).await;
                continue;
            }
        };
        match &action {
            None => shell.traps.remove(&key),
            Some(action) => shell.traps.insert(key, action.clone()),
        };
    }
    status
}

pub(super) async fn history(shell: &mut Shell, args: &[String]) -> i32 {
    let mut count = shell.history.len();
    match args.first().map(String::as_str) {
        None => {}
        Some("-c") => {
            shell.history.clear();
            shell.history_saved = 0;
            return 0;
        }
        Some("-w" | "-a") => {
            shell.save_history().await;
            return 0;
        }
        Some(text) => match text.parse() {
            Ok(number) => count = number,
            Err(_) if text.starts_with('-') => {
                return fail(shell, format!("history: not simulated: {text}"), 1).await;
            }
            Err(_) => {
                let message = format!("history: {text}: numeric argument required");
                return fail(shell, message, 1).await;
            }
        },
    }
    let skip = shell.history.len().saturating_sub(count);
    let width = if shell.flavour == Flavour::Bash { 5 } else { 4 };
    let start = usize::from(shell.flavour == Flavour::Bash);
    let numbered = shell.history.iter().enumerate().skip(skip);
    let text: String = numbered
        .map(|(index, line)| {
            format!("{:>width$}{}{line}\n", index + start, if width == 5 { "  " } else { " " })
        })
        .collect();
    shell.proc.print(text).await;
    0
}
