//! Functions of modules: `os`, `os.path`, `sys`, `time`, `json`, `base64`.

use os::Fd;

use super::builtin::{exit, file_error, method};
use super::eval::Interpreter;
use super::value::{Raised, Value, raise, unknown};

type Result<T> = std::result::Result<T, Raised>;

/// Calls a function by its full name.
pub(super) fn call(
    of: &Interpreter,
    name: &str,
    args: &[Value],
    named: &[(String, Value)],
) -> Result<Value> {
    let text = |index: usize| args.get(index).map(Value::show).unwrap_or_default();
    Ok(match (name, args) {
        ("os.getenv", [key]) => of.proc.env(&key.show()).map_or(Value::None, Value::text),
        ("os.getenv", [key, other]) => {
            of.proc.env(&key.show()).map_or_else(|| other.clone(), Value::text)
        }
        ("os.getcwd", []) => Value::text(of.proc.cwd()),
        ("os.getpid", []) => Value::Int(i64::from(of.proc.own_pid().0)),
        ("os.getuid", []) => Value::Int(i64::from(of.proc.user().uid)),
        ("os.listdir", _) => {
            let path = if args.is_empty() { ".".to_owned() } else { text(0) };
            match of.proc.list(&path) {
                Ok(names) => Value::list(names.iter().map(|(name, _)| Value::text(name)).collect()),
                Err(errno) => return file_error(of, errno, &path),
            }
        }
        ("os.path.exists", [path]) => Value::Bool(of.proc.exists(&path.show())),
        ("os.path.isfile" | "os.path.isdir", [path]) => {
            let inode = of.proc.stat(&path.show());
            let wants_folder = name == "os.path.isdir";
            Value::Bool(inode.is_ok_and(|inode| inode.is_directory() == wants_folder))
        }
        ("os.path.join", [_, ..]) => {
            let joined = args[1..].iter().fold(text(0), |path, part| {
                let part = part.show();
                if part.starts_with('/') {
                    part
                } else {
                    format!("{}/{part}", path.trim_end_matches('/'))
                }
            });
            Value::text(joined)
        }
        ("os.path.basename", [path]) => {
            Value::text(path.show().rsplit('/').next().unwrap_or_default())
        }
        ("os.path.dirname", [path]) => {
            Value::text(path.show().rsplit_once('/').map_or("", |(folder, _)| folder))
        }
        ("sys.exit", _) => return Err(exit(args.first())),
        ("sys.stdout.write", [text]) => {
            of.write(&text.show());
            Value::None
        }
        ("sys.stderr.write", [text]) => {
            of.proc.write_now_or_never(Fd::STDERR, text.show().as_bytes());
            Value::None
        }
        ("sys.stdout.flush" | "sys.stderr.flush", []) => Value::None,
        ("json.loads", [value]) => super::json::loads(&value.show(), of.is_two)?,
        ("json.load", [Value::File(file)]) => {
            let text = std::mem::take(&mut file.borrow_mut().rest);
            super::json::loads(&text, of.is_two)?
        }
        ("json.dumps", [value]) => Value::text(super::json::dumps(value, json_style(named))?),
        ("json.dump", [value, file]) => {
            let text = super::json::dumps(value, json_style(named))?;
            method(of, file, "write", &[Value::text(text)], &[])?
        }
        ("base64.b64encode", [value]) => Value::text(seal::base64::encode(value.show().as_bytes())),
        ("base64.b64decode", [value]) => match seal::base64::decode(value.show().trim()) {
            Some(bytes) => Value::text(String::from_utf8_lossy(&bytes)),
            None => return raise("binascii.Error", "Incorrect padding"),
        },
        ("os.makedirs" | "os.mkdir", [path, ..]) => {
            match of.proc.make_directory(&path.show(), 0o777) {
                Ok(()) => Value::None,
                Err(errno) => return file_error(of, errno, &path.show()),
            }
        }
        ("os.remove" | "os.unlink", [path]) => match of.proc.remove_file(&path.show()) {
            Ok(()) => Value::None,
            Err(errno) => return file_error(of, errno, &path.show()),
        },
        ("os.path.getsize", [path]) => match of.proc.stat(&path.show()) {
            Ok(inode) => Value::Int(i64::try_from(inode.size()).unwrap_or(i64::MAX)),
            Err(errno) => return file_error(of, errno, &path.show()),
        },
        ("os.path.abspath", [path]) => Value::text(os::fs::normalize(&of.proc.cwd(), &path.show())),
        ("socket.gethostname", []) => Value::text(of.proc.hostname()),
        ("socket.gethostbyname", [_]) => {
            Value::text(of.proc.addresses().into_iter().next().unwrap_or_default())
        }
        (name, args) if name.starts_with("random.") => random(of, name, args)?,
        ("logging.basicConfig", _) => Value::None,
        ("logging.info" | "logging.debug" | "logging.warning" | "logging.error", [text, ..]) => {
            let level = name.rsplit('.').next().unwrap_or_default().to_uppercase();
            let line = format!("{level}:root:{}\n", text.show());
            of.proc.write_now_or_never(Fd::STDERR, line.as_bytes());
            Value::None
        }
        ("time.time", []) => {
            Value::Int(i64::try_from(of.proc.wall().unix_secs()).unwrap_or(i64::MAX))
        }
        _ => return unknown(&format!("{name} with these arguments")),
    })
}

fn random(of: &Interpreter, name: &str, args: &[Value]) -> Result<Value> {
    Ok(match (name, args) {
        ("random.randint", [Value::Int(from), Value::Int(to)]) if from <= to => {
            let bytes = of.proc.random(8);
            let number = bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
            let span = to.abs_diff(*from).saturating_add(1);
            Value::Int(from.saturating_add_unsigned(number % span))
        }
        ("random.random", []) => {
            let bytes = of.proc.random(4);
            let number = bytes.iter().fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte));
            Value::Real(number % 1_000_000_000)
        }
        ("random.choice", [values]) => {
            let items = super::builtin::items(values)?;
            let bytes = of.proc.random(4);
            let number = bytes.iter().fold(0_usize, |sum, byte| sum * 31 + usize::from(*byte));
            match items.len() {
                0 => return raise("IndexError", "Cannot choose from an empty sequence"),
                count => items[number % count].clone(),
            }
        }
        _ => return unknown(&format!("{name} with these arguments")),
    })
}

fn json_style(named: &[(String, Value)]) -> ::json::Style {
    let option = |wanted: &str| named.iter().find(|(name, _)| name == wanted).map(|(_, it)| it);
    let indent = match option("indent") {
        Some(Value::Int(width)) => usize::try_from(*width).ok(),
        _ => None,
    };
    super::json::style(indent, option("sort_keys").is_some_and(Value::is_true))
}
