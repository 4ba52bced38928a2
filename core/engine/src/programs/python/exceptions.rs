//! Exceptions by name, and which of them catch which.

/// Those that need no import.
pub(super) const EXCEPTIONS: &[&str] = &[
    "ConnectionError",
    "NotImplementedError",
    "StopIteration",
    "TimeoutError",
    "ZeroDivisionError",
    "AssertionError",
    "ImportError",
    "Exception",
    "IOError",
    "OSError",
    "KeyError",
    "IndexError",
    "ValueError",
    "TypeError",
    "NameError",
    "RuntimeError",
    "FileNotFoundError",
    "PermissionError",
    "SystemExit",
    "ArithmeticError",
    "AttributeError",
    "ConnectionRefusedError",
    "EOFError",
    "KeyboardInterrupt",
    "LookupError",
    "ModuleNotFoundError",
    "UnicodeDecodeError",
];

/// Exceptions and what else catches them.
const BASES: &[(&str, &str)] = &[
    ("ConnectionError", "OSError"),
    ("ConnectionRefusedError", "ConnectionError"),
    ("ConnectionRefusedError", "OSError"),
    ("IndexError", "LookupError"),
    ("JSONDecodeError", "ValueError"),
    ("KeyError", "LookupError"),
    ("ModuleNotFoundError", "ImportError"),
    ("NotImplementedError", "RuntimeError"),
    ("TimeoutError", "OSError"),
    ("UnicodeDecodeError", "ValueError"),
    ("ZeroDivisionError", "ArithmeticError"),
];

/// Is an exception of one kind caught by another?
pub(super) fn is_a(kind: &str, wanted: &str) -> bool {
    const FILES: [&str; 5] =
        ["IOError", "OSError", "EnvironmentError", "FileNotFoundError", "PermissionError"];
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let is_redis = kind.starts_with("redis.");
    last(kind) == last(wanted)
        || BASES.contains(&(last(kind).as_str(), last(wanted).as_str()))
        || is_redis && last(wanted) == "RedisError"
        || wanted == "Exception" && kind != "SystemExit"
        || FILES[..3].contains(&wanted) && FILES.contains(&kind)
}
