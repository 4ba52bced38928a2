//! `chmod`, `chown`, `chgrp`.

use os::Errno;
use os::fs::Inode;

use super::{Arguments, Spec, Utility};
use crate::accounts;

/// The mode that `text` (`755`, `u+x,go-w`) makes of an inode's; none if it is no mode.
fn changed_mode(text: &str, inode: &Inode, umask: u32) -> Option<u32> {
    if text.chars().all(|char| char.is_digit(8)) && !text.is_empty() {
        return u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777);
    }
    let mut mode = inode.attributes.mode;
    for clause in text.split(',') {
        let at = clause.find(['+', '-', '='])?;
        let (who, mut rest) = clause.split_at(at);
        let mut mask = 0;
        for char in who.chars() {
            mask |= match char {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o1007,
                'a' => 0o7777,
                _ => return None,
            };
        }
        // Without a letter, the umask keeps its bits.
        let mask = if who.is_empty() { 0o7777 & !umask } else { mask };
        while !rest.is_empty() {
            let operator = rest.chars().next()?;
            let body = &rest[1..];
            let end = body.find(['+', '-', '=']).unwrap_or(body.len());
            let mut bits = 0;
            for char in body[..end].chars() {
                bits |= match char {
                    'r' => 0o444,
                    'w' => 0o222,
                    'x' => 0o111,
                    'X' if inode.is_directory() || mode & 0o111 != 0 => 0o111,
                    'X' => 0,
                    's' => 0o6000,
                    't' => 0o1000,
                    'u' => mode >> 6 & 7 | (mode >> 6 & 7) << 3 | (mode >> 6 & 7) << 6,
                    'g' => mode >> 3 & 7 | (mode >> 3 & 7) << 3 | (mode >> 3 & 7) << 6,
                    'o' => mode & 7 | (mode & 7) << 3 | (mode & 7) << 6,
                    _ => return None,
                };
            }
            mode = match operator {
                '+' => mode | bits & mask,
                '-' => mode & !(bits & mask),
                _ => mode & !(mask & 0o777) | bits & mask,
            };
            rest = &body[end..];
        }
    }
    Some(mode)
}

/// The paths themselves and, with `recursive`, all below.
fn all_below(utility: &Utility, path: &str, recursive: bool) -> Vec<String> {
    let mut left = vec![path.to_owned()];
    let mut all = Vec::new();
    while let Some(path) = left.pop() {
        if recursive && utility.proc.lstat(&path).is_ok_and(|inode| inode.is_directory()) {
            let base = path.trim_end_matches('/').to_owned();
            let entries = utility.proc.list(&path).unwrap_or_default();
            left.extend(entries.into_iter().rev().map(|(name, _)| format!("{base}/{name}")));
        }
        all.push(path);
    }
    all
}

async fn failed(utility: &Utility, path: &str, errno: Errno) -> i32 {
    let message = match (utility.gnu, errno, utility.name) {
        (true, Errno::NotFound, _) => format!("cannot access '{path}': {errno}"),
        (true, errno, "chmod") => format!("changing permissions of '{path}': {errno}"),
        (true, errno, "chgrp") => format!("changing group of '{path}': {errno}"),
        (true, errno, _) => format!("changing ownership of '{path}': {errno}"),
        (false, errno, _) => format!("{path}: {errno}"),
    };
    utility.error(message).await
}

pub(crate) const CHMOD: Spec = Spec {
    flags: "Rvcf",
    long: &[
        ("recursive", 'R'),
        ("verbose", 'v'),
        ("changes", 'c'),
        ("quiet", 'f'),
        ("silent", 'f'),
        ("reference", '\0'),
    ],
    usage: "chmod [-R] MODE[,MODE]... FILE...",
    needs: Some("missing operand"),
    old: Some(|args| {
        // `-w` and `-x` are modes, not options.
        let is_mode = |arg: &String| {
            arg.len() > 1 && arg.starts_with('-') && arg[1..].chars().all(|c| "rwxXst".contains(c))
        };
        let Some(at) = args.iter().position(is_mode) else { return args };
        let is_option = |arg: &String| arg.starts_with('-') && *arg != args[at];
        let (options, rest): (Vec<String>, Vec<String>) = args.iter().cloned().partition(is_option);
        let paths = rest.into_iter().filter(|arg| *arg != args[at]);
        options.into_iter().chain(["--".to_owned(), args[at].clone()]).chain(paths).collect()
    }),
    ..Spec::NONE
};

pub(crate) async fn chmod(utility: Utility, parsed: Arguments) -> i32 {
    let [mode, paths @ ..] = parsed.operands.as_slice() else {
        return utility.missing_operand().await;
    };
    if paths.is_empty() {
        let message =
            if utility.gnu { format!("missing operand after '{mode}'") } else { String::new() };
        return utility.misuse(&message).await;
    }
    let mut status = 0;
    for path in paths.iter().flat_map(|path| all_below(&utility, path, parsed.has('R'))) {
        let inode = match utility.proc.stat(&path) {
            Ok(inode) => inode,
            Err(errno) => {
                status = failed(&utility, &path, errno).await;
                continue;
            }
        };
        let Some(new) = changed_mode(mode, &inode, utility.proc.umask()) else {
            let message = if utility.gnu {
                format!("invalid mode: \u{2018}{mode}\u{2019}")
            } else {
                format!("invalid mode '{mode}'")
            };
            if utility.gnu {
                return utility.misuse(&message).await;
            }
            return utility.error(message).await;
        };
        if let Err(errno) = utility.proc.change_attributes(&path, Some(new), None, None) {
            status = failed(&utility, &path, errno).await;
        } else if parsed.has('v') {
            let text = format!("mode of '{path}' changed to {new:04o}\n");
            utility.print(text).await;
        }
    }
    status
}

pub(crate) const CHANGE_OWNER: Spec = Spec {
    flags: "Rvcfh",
    long: &[
        ("recursive", 'R'),
        ("verbose", 'v'),
        ("changes", 'c'),
        ("reference", '\0'),
        ("from", '\0'),
    ],
    lacking: "HLP",
    usage: "chown [-RhLHPcvf]... OWNER[<.|:>[GROUP]] FILE...",
    ..Spec::NONE
};

/// `chown` and `chgrp`.
pub(crate) async fn change_owner(utility: Utility, parsed: Arguments) -> i32 {
    let [wanted, paths @ ..] = parsed.operands.as_slice() else {
        return utility.missing_operand().await;
    };
    if paths.is_empty() {
        let message =
            if utility.gnu { format!("missing operand after '{wanted}'") } else { String::new() };
        return utility.misuse(&message).await;
    }
    let (owner, group) = match wanted.split_once([':', '.']) {
        _ if utility.name == "chgrp" => ("", Some(wanted.as_str())),
        Some((owner, group)) => (owner, Some(group)),
        None => (wanted.as_str(), None),
    };
    let uid = accounts::user_number(&utility.proc, owner);
    if uid.is_none() && !owner.is_empty() {
        let message = if utility.gnu {
            format!("invalid user: \u{2018}{wanted}\u{2019}")
        } else {
            format!("unknown user/group {wanted}")
        };
        return utility.error(message).await;
    }
    let gid = match group.filter(|group| !group.is_empty()) {
        None => None,
        Some(name) => match accounts::group_number(&utility.proc, name) {
            Some(gid) => Some(gid),
            None => {
                let message = if utility.gnu {
                    format!("invalid group: \u{2018}{wanted}\u{2019}")
                } else {
                    format!("unknown user/group {wanted}")
                };
                return utility.error(message).await;
            }
        },
    };
    let mut status = 0;
    for path in paths.iter().flat_map(|path| all_below(&utility, path, parsed.has('R'))) {
        if let Err(errno) = utility.proc.change_attributes(&path, None, uid, gid) {
            status = failed(&utility, &path, errno).await;
        }
    }
    status
}
