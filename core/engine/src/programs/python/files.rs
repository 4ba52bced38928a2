//! Files and the environment as values.

use std::cell::RefCell;
use std::rc::Rc;

use super::builtin::{call, file_error, lines};
use super::eval::Interpreter;
use super::value::{File, Raised, Value, raise, unknown};

type Result<T> = std::result::Result<T, Raised>;

pub(super) fn open(of: &Interpreter, path: &str, mode: &str) -> Result<Value> {
    let (rest, writes) = match mode.chars().next() {
        None | Some('r') => match of.proc.read_file(path) {
            Ok(bytes) => (String::from_utf8_lossy(&bytes).into_owned(), None),
            Err(errno) => return file_error(of, errno, path),
        },
        Some('w') => match of.proc.write_file(path, b"") {
            Ok(()) => (String::new(), Some(String::new())),
            Err(errno) => return file_error(of, errno, path),
        },
        Some('a') => {
            let old = of.proc.read_file(path).unwrap_or_default();
            (String::new(), Some(String::from_utf8_lossy(&old).into_owned()))
        }
        _ => return raise("ValueError", format!("mode string must begin with r, w or a: {mode}")),
    };
    let file = File { path: path.to_owned(), rest, writes, is_closed: false };
    Ok(Value::File(Rc::new(RefCell::new(file))))
}

pub(super) fn close(of: &Interpreter, file: &RefCell<File>) -> Result<()> {
    let mut file = file.borrow_mut();
    file.is_closed = true;
    match file.writes.take() {
        Some(text) => match of.proc.write_file(&file.path, text.as_bytes()) {
            Ok(()) => Ok(()),
            Err(errno) => file_error(of, errno, &file.path),
        },
        None => Ok(()),
    }
}

pub(super) fn environ_method(of: &Interpreter, name: &str, args: &[Value]) -> Result<Value> {
    match (name, args) {
        ("get", [key]) => call(of, "os.getenv", std::slice::from_ref(key), &[]),
        ("get", [_, _]) => call(of, "os.getenv", args, &[]),
        ("has_key", [key]) => Ok(Value::Bool(of.proc.env(&key.show()).is_some())),
        ("keys" | "items", []) => {
            let pairs = of.proc.environment().into_iter();
            let pairs = pairs.map(|(key, value)| (Value::text(key), Value::text(value))).collect();
            super::methods::dict_method(&Rc::new(RefCell::new(pairs)), name, args)
        }
        _ => unknown(&format!("os.environ.{name}")),
    }
}

pub(super) fn file_method(
    of: &Interpreter,
    file: &RefCell<File>,
    name: &str,
    args: &[Value],
) -> Result<Value> {
    if name == "close" {
        return close(of, file).map(|()| Value::None);
    }
    let mut file = file.borrow_mut();
    if file.is_closed {
        return raise("ValueError", "I/O operation on closed file");
    }
    Ok(match (name, args) {
        ("read", []) => Value::text(std::mem::take(&mut file.rest)),
        ("readlines", []) => Value::list(lines(&std::mem::take(&mut file.rest))),
        ("readline", []) => {
            let end = file.rest.find('\n').map_or(file.rest.len(), |at| at + 1);
            let rest = file.rest.split_off(end);
            Value::text(std::mem::replace(&mut file.rest, rest))
        }
        ("write", [text]) => match &mut file.writes {
            Some(writes) => {
                writes.push_str(&text.show());
                Value::None
            }
            None => return raise("IOError", "File not open for writing"),
        },
        ("flush", []) => Value::None,
        _ => return unknown(&format!("file.{name}")),
    })
}
