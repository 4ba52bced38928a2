//! What the language brings along: functions, modules, files, items.

use std::cell::RefCell;
use std::rc::Rc;

use os::{Errno, Fd};

use super::eval::Interpreter;
use super::exceptions::EXCEPTIONS;
use super::value::{Raised, Value, quote, raise, unknown};

type Result<T> = std::result::Result<T, Raised>;

const FUNCTIONS: &[&str] = &[
    "filter",
    "float",
    "format",
    "isinstance",
    "map",
    "object",
    "round",
    "super",
    "type",
    "abs",
    "all",
    "any",
    "dict",
    "exit",
    "quit",
    "reversed",
    "tuple",
    "zip",
    "len",
    "str",
    "int",
    "repr",
    "range",
    "open",
    "list",
    "sorted",
    "enumerate",
    "print",
    "input",
    "raw_input",
    "bool",
    "min",
    "max",
    "sum",
];

const MODULES: [&str; 11] = [
    "os",
    "os.path",
    "sys",
    "time",
    "json",
    "base64",
    "socket",
    "random",
    "datetime",
    "logging",
    "__future__",
];

pub(super) fn is_known(name: &str) -> bool {
    FUNCTIONS.contains(&name) || EXCEPTIONS.contains(&name)
}

pub(super) fn check_module(of: &Interpreter, name: &str) -> Result<()> {
    let root = name.split('.').next().unwrap_or(name);
    let is_library = matches!(root, "flask" | "redis");
    if MODULES.contains(&name)
        || is_library && of.proc.exists(&format!("{}/{root}", super::libraries::SITE_PACKAGES))
    {
        return Ok(());
    }
    let (kind, shown) = if of.is_two {
        ("ImportError", name.to_owned())
    } else {
        ("ModuleNotFoundError", quote(name))
    };
    raise(kind, format!("No module named {shown} (not simulated, or not there)"))
}

pub(super) const fn errno_number(errno: Errno) -> i32 {
    match errno {
        Errno::NotPermitted => 1,
        Errno::NotFound => 2,
        Errno::Access => 13,
        Errno::Exists => 17,
        Errno::NotDirectory => 20,
        Errno::IsDirectory => 21,
        Errno::ReadOnly => 30,
        _ => 5,
    }
}

pub(super) fn file_error<T>(of: &Interpreter, errno: Errno, path: &str) -> Result<T> {
    let kind = match errno {
        _ if of.is_two => "IOError",
        Errno::NotFound => "FileNotFoundError",
        Errno::Access => "PermissionError",
        _ => "OSError",
    };
    raise(kind, format!("[Errno {}] {errno}: {}", errno_number(errno), quote(path)))
}

/// What a loop goes through.
pub(super) fn items(value: &Value) -> Result<Vec<Value>> {
    Ok(match value {
        Value::List(items) => items.borrow().clone(),
        Value::Tuple(items) => items.to_vec(),
        Value::Text(text) => text.chars().map(|char| Value::text(char.to_string())).collect(),
        Value::Dict(pairs) => pairs.borrow().iter().map(|(key, _)| key.clone()).collect(),
        Value::File(file) => lines(&std::mem::take(&mut file.borrow_mut().rest)),
        other => {
            let text = format!("'{}' object is not iterable", other.type_name());
            return raise("TypeError", text);
        }
    })
}

pub(super) fn lines(text: &str) -> Vec<Value> {
    text.split_inclusive('\n').map(Value::text).collect()
}

fn position(index: i64, size: usize) -> Option<usize> {
    let size_signed = i64::try_from(size).unwrap_or(i64::MAX);
    let index = if index < 0 { size_signed + index } else { index };
    usize::try_from(index).ok().filter(|index| *index < size)
}

pub(super) fn item(of: &Interpreter, holder: &Value, index: &Value) -> Result<Value> {
    match (holder, index) {
        (Value::Environ, key) => match of.proc.env(&key.show()) {
            Some(value) => Ok(Value::text(value)),
            None => {
                let mut raised = missing_key(key);
                raised.library = if of.is_two {
                    "  File \"/usr/local/lib/python2.7/UserDict.py\", line 40, in __getitem__\n    \
                     raise KeyError(key)\n"
                } else {
                    "  File \"<frozen os>\", line 679, in __getitem__\n"
                };
                Err(raised)
            }
        },
        (Value::Dict(pairs), key) => {
            let pairs = pairs.borrow();
            let found = pairs.iter().find(|(own, _)| own.equals(key));
            found.map(|(_, value)| value.clone()).ok_or_else(|| missing_key(key))
        }
        (Value::Text(text), Value::Int(index)) => {
            let chars: Vec<char> = text.chars().collect();
            let found = position(*index, chars.len()).map(|at| Value::text(chars[at].to_string()));
            found.map_or_else(|| raise("IndexError", "string index out of range"), Ok)
        }
        (Value::List(_) | Value::Tuple(_), Value::Int(index)) => {
            let all = items(holder)?;
            let kind = holder.type_name();
            let found = position(*index, all.len()).map(|at| all[at].clone());
            found.map_or_else(|| raise("IndexError", format!("{kind} index out of range")), Ok)
        }
        _ => raise("TypeError", format!("'{}' object has no such item", holder.type_name())),
    }
}

fn missing_key(key: &Value) -> Raised {
    Raised {
        kind: "KeyError".to_owned(),
        text: key.repr(0),
        trace: Vec::new(),
        library: "",
        exit: None,
    }
}

pub(super) fn slice(holder: &Value, from: Option<&Value>, to: Option<&Value>) -> Result<Value> {
    let all = items(holder)?;
    let bound = |value: Option<&Value>, default: usize| match value {
        Some(Value::Int(index)) if *index < 0 => {
            let back = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
            all.len().saturating_sub(back)
        }
        Some(Value::Int(index)) => usize::try_from(*index).unwrap_or(usize::MAX).min(all.len()),
        _ => default,
    };
    let (from, to) = (bound(from, 0), bound(to, all.len()));
    let part = all.get(from..to).unwrap_or_default().to_vec();
    Ok(match holder {
        Value::Text(_) => Value::text(part.iter().map(Value::show).collect::<String>()),
        Value::Tuple(_) => Value::Tuple(part.into()),
        _ => Value::list(part),
    })
}

pub(super) fn set_item(
    of: &Interpreter,
    holder: &Value,
    index: &Value,
    value: Value,
) -> Result<()> {
    match (holder, index) {
        (Value::Environ, key) => of.proc.set_env(&key.show(), Some(&value.show())),
        (Value::Dict(pairs), key) => {
            let mut pairs = pairs.borrow_mut();
            match pairs.iter_mut().find(|(own, _)| own.equals(key)) {
                Some((_, old)) => *old = value,
                None => pairs.push((key.clone(), value)),
            }
        }
        (Value::List(items), Value::Int(index)) => {
            let mut items = items.borrow_mut();
            let Some(at) = position(*index, items.len()) else {
                return raise("IndexError", "list assignment index out of range");
            };
            items[at] = value;
        }
        _ => {
            let kind = holder.type_name();
            let text = format!("'{kind}' object does not support item assignment");
            return raise("TypeError", text);
        }
    }
    Ok(())
}

/// A module's member.
pub(super) fn member(of: &Interpreter, module: &str, name: &str) -> Result<Value> {
    Ok(match (module, name) {
        ("os", "environ") => Value::Environ,
        ("os", "sep") => Value::text("/"),
        ("sys", "argv") => {
            let args = of.proc.args();
            Value::list(args.iter().skip(1).map(Value::text).collect())
        }
        ("logging", "INFO" | "DEBUG" | "WARNING" | "ERROR") => Value::text(name),
        ("redis", "exceptions") => Value::Known("redis.exceptions".to_owned()),
        ("redis" | "redis.exceptions", "RedisError" | "ConnectionError" | "ResponseError") => {
            Value::Known(format!("redis.exceptions.{name}"))
        }
        ("sys", "version") => Value::text(format!("{} (default)", super::version(&of.proc))),
        ("os", "path" | "getenv" | "getcwd" | "listdir" | "getpid" | "getuid" | "uname")
        | ("os.path", "exists" | "isfile" | "isdir" | "join" | "basename" | "dirname")
        | ("sys", "exit" | "stdout" | "stderr" | "stdin")
        | ("sys.stdout" | "sys.stderr", "write" | "flush")
        | ("json", "loads" | "dumps" | "load" | "dump")
        | ("base64", "b64encode" | "b64decode")
        | ("os", "makedirs" | "mkdir" | "remove" | "unlink")
        | ("os.path", "getsize" | "abspath")
        | ("sys.stdin", "read" | "readline")
        | ("socket", "gethostname" | "gethostbyname")
        | ("random", "randint" | "choice" | "random")
        | ("datetime", "datetime")
        | ("datetime.datetime", "now" | "utcnow")
        | ("flask", "Flask" | "request" | "jsonify" | "redirect")
        | ("redis", "Redis" | "StrictRedis")
        | ("logging", "info" | "debug" | "warning" | "error" | "basicConfig")
        | ("time", "sleep" | "time") => Value::Known(format!("{module}.{name}")),
        _ => {
            let text =
                format!("'module' object has no attribute '{name}' (not simulated, or not there)");
            return raise("AttributeError", text);
        }
    })
}

pub(super) async fn read_line(of: &Interpreter, prompt: Option<&Value>) -> Result<Value> {
    of.write(&prompt.map(Value::show).unwrap_or_default());
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        match of.proc.read(Fd::STDIN, 1).await {
            Ok(bytes) if !bytes.is_empty() => line.extend(bytes),
            _ if line.is_empty() => return raise("EOFError", "EOF when reading a line"),
            _ => break,
        }
    }
    Ok(Value::text(String::from_utf8_lossy(&line).trim_end_matches('\n')))
}

/// All of standard input, or one line of it with its newline.
pub(super) async fn standard_input(of: &Interpreter, line: bool) -> Result<Value> {
    if !line {
        let bytes = of.proc.read_to_end(Fd::STDIN).await.unwrap_or_default();
        return Ok(Value::text(String::from_utf8_lossy(&bytes)));
    }
    match read_line(of, None).await {
        Ok(text) => Ok(Value::text(format!("{}\n", text.show()))),
        Err(_) => Ok(Value::text("")),
    }
}

/// Calls a function by its full name.
pub(super) fn call(
    of: &Interpreter,
    name: &str,
    args: &[Value],
    named: &[(String, Value)],
) -> Result<Value> {
    let text = |index: usize| args.get(index).map(Value::show).unwrap_or_default();
    Ok(match (name, args) {
        ("print", _) => {
            let option = |wanted: &str, default: &str| {
                let found = named.iter().find(|(name, _)| name == wanted);
                found.map_or(default.to_owned(), |(_, value)| value.show())
            };
            let shown: Vec<String> = args.iter().map(Value::show).collect();
            let text = format!("{}{}", shown.join(&option("sep", " ")), option("end", "\n"));
            if option("file", "").contains("sys.stderr") {
                of.proc.write_now_or_never(Fd::STDERR, text.as_bytes());
            } else {
                of.write(&text);
            }
            Value::None
        }
        ("len", [Value::Text(text)]) => count(text.chars().count()),
        ("len", [value]) => count(items(value)?.len()),
        ("str", [value]) => Value::text(value.show()),
        ("str", []) => Value::text(""),
        ("repr", [value]) => Value::text(value.repr(0)),
        ("format", [value, spec]) => Value::text(super::format::formatted(value, &spec.show())?),
        ("float", [Value::Int(number)]) => Value::Real(number.saturating_mul(1_000_000_000)),
        ("float", [Value::Real(units)]) => Value::Real(*units),
        ("round", [Value::Int(number), ..]) => Value::Int(*number),
        ("round", [Value::Real(units)]) => {
            Value::Int((units + 500_000_000).div_euclid(1_000_000_000))
        }
        ("int", [Value::Real(units)]) => Value::Int(units / 1_000_000_000),
        ("type", [value]) => match value {
            Value::Object(object) => Value::Class(object.class.clone()),
            other => Value::text(format!("<class '{}'>", other.type_name())),
        },
        ("bool", [value]) => Value::Bool(value.is_true()),
        ("int", [Value::Int(number)]) => Value::Int(*number),
        ("int", [Value::Text(text)]) => match text.trim().parse() {
            Ok(number) => Value::Int(number),
            Err(_) => {
                let text = format!("invalid literal for int() with base 10: {}", quote(text));
                return raise("ValueError", text);
            }
        },
        ("range", [Value::Int(to)]) => range(0, *to),
        ("range", [Value::Int(from), Value::Int(to)]) => range(*from, *to),
        ("list", [value]) => Value::list(items(value)?),
        ("sorted", [value]) => {
            let mut all = items(value)?;
            sort(&mut all);
            if named.iter().any(|(name, value)| name == "reverse" && value.is_true()) {
                all.reverse();
            }
            Value::list(all)
        }
        ("min" | "max" | "sum", [value]) => reduce(name, &items(value)?)?,
        ("min" | "max", [_, _, ..]) => reduce(name, args)?,
        ("enumerate", [value]) => {
            let pair = |(index, item)| Value::Tuple([count(index), item].into());
            Value::list(items(value)?.into_iter().enumerate().map(pair).collect())
        }
        ("open", [path, ..]) => super::files::open(of, &path.show(), &text(1))?,
        ("exit" | "quit", _) => return Err(exit(args.first())),
        ("abs", [Value::Int(number)]) => Value::Int(number.saturating_abs()),
        ("any", [value]) => Value::Bool(items(value)?.iter().any(Value::is_true)),
        ("all", [value]) => Value::Bool(items(value)?.iter().all(Value::is_true)),
        ("dict", []) => {
            let pairs = named.iter().map(|(name, value)| (Value::text(name), value.clone()));
            Value::Dict(Rc::new(RefCell::new(pairs.collect())))
        }
        ("tuple", [value]) => Value::Tuple(items(value)?.into()),
        ("reversed", [value]) => Value::list(items(value)?.into_iter().rev().collect()),
        ("zip", [a, b]) => {
            let pairs = items(a)?.into_iter().zip(items(b)?);
            Value::list(pairs.map(|(a, b)| Value::Tuple([a, b].into())).collect())
        }
        (kind, _) if EXCEPTIONS.contains(&kind) => Value::Exception(Rc::new(Raised {
            kind: kind.to_owned(),
            text: text(0),
            trace: Vec::new(),
            library: "",
            exit: None,
        })),
        _ if name.contains('.') => return super::modules::call(of, name, args, named),
        _ => return unknown(&format!("{name} with these arguments")),
    })
}

/// Numbers by size, anything else as text.
pub(super) fn sort(values: &mut [Value]) {
    let number = |value: &Value| match value {
        Value::Int(number) => i128::from(*number) * 1_000_000_000,
        Value::Real(units) => i128::from(*units),
        _ => 0,
    };
    if values.iter().all(|value| matches!(value, Value::Int(_) | Value::Real(_))) {
        values.sort_by_key(number);
    } else {
        values.sort_by_key(Value::show);
    }
}

/// `del holder[index]`.
pub(super) fn remove_item(of: &Interpreter, holder: &Value, index: &Value) -> Result<()> {
    match (holder, index) {
        (Value::Environ, key) => of.proc.set_env(&key.show(), None),
        (Value::Dict(pairs), key) => {
            let at = pairs.borrow().iter().position(|(own, _)| own.equals(key));
            match at {
                Some(at) => drop(pairs.borrow_mut().remove(at)),
                None => return Err(missing_key(key)),
            }
        }
        (Value::List(items), Value::Int(index)) => {
            let size = items.borrow().len();
            match position(*index, size) {
                Some(at) => drop(items.borrow_mut().remove(at)),
                None => return raise("IndexError", "list assignment index out of range"),
            }
        }
        _ => return unknown("del of this"),
    }
    Ok(())
}

pub(super) fn exit(value: Option<&Value>) -> Raised {
    let (code, text) = match value {
        None | Some(Value::None) => (0, String::new()),
        Some(Value::Int(code)) => (i32::try_from(*code & 0xff).unwrap_or(1), String::new()),
        Some(other) => (1, other.show()),
    };
    let kind = "SystemExit".to_owned();
    Raised { kind, text, trace: Vec::new(), library: "", exit: Some(code) }
}

fn count(size: usize) -> Value {
    Value::Int(i64::try_from(size).unwrap_or(i64::MAX))
}

fn range(from: i64, to: i64) -> Value {
    // More than anyone needs in a workshop.
    let to = to.min(from.saturating_add(100_000));
    Value::list((from..to).map(Value::Int).collect())
}

fn reduce(name: &str, values: &[Value]) -> Result<Value> {
    let numbers: Option<Vec<i64>> = values
        .iter()
        .map(|value| match value {
            Value::Int(number) => Some(*number),
            _ => None,
        })
        .collect();
    let Some(numbers) = numbers else { return unknown(&format!("{name} of anything but numbers")) };
    let found = match name {
        "min" => numbers.iter().min().copied(),
        "max" => numbers.iter().max().copied(),
        _ => numbers.iter().try_fold(0_i64, |sum, number| sum.checked_add(*number)),
    };
    found.map_or_else(
        || raise("ValueError", format!("{name}() arg is an empty sequence")),
        |n| Ok(Value::Int(n)),
    )
}

/// Calls a method.
pub(super) fn method(
    of: &Interpreter,
    holder: &Value,
    name: &str,
    args: &[Value],
    named: &[(String, Value)],
) -> Result<Value> {
    match holder {
        Value::Text(text) => super::methods::text_method(text, name, args, named),
        Value::List(items) => super::methods::list_method(items, name, args),
        Value::Dict(pairs) => super::methods::dict_method(pairs, name, args),
        Value::Environ => super::files::environ_method(of, name, args),
        Value::File(file) => super::files::file_method(of, file, name, args),
        other => raise(
            "AttributeError",
            format!("'{}' object has no attribute '{name}'", other.type_name()),
        ),
    }
}
