//! Paths: `pwd`, `readlink`, `realpath`, `basename`, `dirname`.

use os::Errno;
use os::fs::Kind;

use super::{Arguments, Spec, Utility, base_name, folder_name};

/// `pwd`; `shown` is the shell's own idea of where it is.
pub(crate) async fn show_folder(utility: Utility, shown: Option<String>) -> i32 {
    let folder = shown.unwrap_or_else(|| utility.proc.cwd());
    utility.print(format!("{folder}\n")).await;
    0
}

/// `/bin/pwd`.
pub(crate) async fn pwd(utility: Utility) -> i32 {
    show_folder(utility, None).await
}

pub(crate) const READLINK: Spec = Spec {
    flags: "fenqv",
    long: &[("canonicalize", 'f'), ("canonicalize-existing", 'e'), ("no-newline", 'n')],
    lacking: "msz",
    needs: Some("missing operand"),
    usage: "readlink [-fnv] FILE",
    ..Spec::NONE
};

pub(crate) async fn readlink(utility: Utility, parsed: Arguments) -> i32 {
    let mut status = 0;
    for path in &parsed.operands {
        let found = if parsed.has('f') || parsed.has('e') {
            let exists = !parsed.has('e') || utility.proc.exists(path);
            utility.proc.canonical(path).ok().filter(|_| exists)
        } else {
            match utility.proc.lstat(path).map(|inode| inode.kind) {
                Ok(Kind::Symlink(target)) => Some(target),
                _ => None,
            }
        };
        match found {
            Some(text) => {
                let end = if parsed.has('n') { "" } else { "\n" };
                utility.print(format!("{text}{end}")).await;
            }
            None => status = 1,
        }
    }
    status
}

pub(crate) const REALPATH: Spec = Spec {
    flags: "emqs",
    long: &[
        ("canonicalize-existing", 'e'),
        ("quiet", 'q'),
        ("no-symlinks", 's'),
        ("canonicalize-missing", 'm'),
        ("relative-to", '\0'),
    ],
    lacking: "LPz",
    needs: Some("missing operand"),
    usage: "realpath FILE...",
    ..Spec::NONE
};

pub(crate) async fn realpath(utility: Utility, parsed: Arguments) -> i32 {
    let mut status = 0;
    for path in &parsed.operands {
        let textual = parsed.has('s') || parsed.has('m');
        let result = match utility.proc.canonical(path) {
            Ok(_) if parsed.has('e') && !utility.proc.exists(path) => Err(Errno::NotFound),
            Ok(_) if parsed.has('s') => Ok(os::fs::normalize(&utility.proc.cwd(), path)),
            Err(_) if textual => Ok(os::fs::normalize(&utility.proc.cwd(), path)),
            result => result,
        };
        match result {
            Ok(path) => utility.print(format!("{path}\n")).await,
            Err(errno) => status = utility.error(format!("{path}: {errno}")).await,
        }
    }
    status
}

pub(crate) const BASENAME: Spec = Spec {
    flags: "+as:",
    long: &[("multiple", 'a'), ("suffix", 's'), ("zero", '\0')],
    lacking: "z",
    usage: "basename FILE [SUFFIX]",
    ..Spec::NONE
};

pub(crate) async fn basename(utility: Utility, parsed: Arguments) -> i32 {
    let many = parsed.has('a') || parsed.has('s');
    let (paths, suffix) = match parsed.operands.as_slice() {
        [] => return utility.missing_operand().await,
        paths if many => (paths, parsed.value('s').unwrap_or_default()),
        [path] => (std::slice::from_ref(path), ""),
        [path, suffix] => (std::slice::from_ref(path), suffix.as_str()),
        [_, _, extra, ..] => {
            return utility.misuse(&format!("extra operand '{extra}'")).await;
        }
    };
    let mut text = String::new();
    for path in paths {
        let name = base_name(path);
        let short = name.strip_suffix(suffix).filter(|short| !short.is_empty()).unwrap_or(name);
        text.push_str(short);
        text.push('\n');
    }
    utility.print(text).await;
    0
}

pub(crate) const DIRNAME: Spec = Spec { lacking: "z", usage: "dirname FILENAME", ..Spec::NONE };

pub(crate) async fn dirname(utility: Utility, parsed: Arguments) -> i32 {
    let text: String =
        parsed.operands.iter().map(|path| format!("{}\n", folder_name(path))).collect();
    utility.print(text).await;
    0
}
