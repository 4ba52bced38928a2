//! Folders and names made and removed: `mkdir`, `rmdir`, `rm`, `touch`, `ln`, `mktemp`.

use os::Errno;

use super::{Arguments, Spec, Utility, base_name, folder_name};

pub(crate) const MKDIR: Spec = Spec {
    flags: "pm:v",
    long: &[("parents", 'p'), ("mode", 'm'), ("verbose", 'v')],
    lacking: "Z",
    needs: Some("missing operand"),
    usage: "mkdir [OPTIONS] DIRECTORY...",
    ..Spec::NONE
};

pub(crate) async fn mkdir(utility: Utility, parsed: Arguments) -> i32 {
    let mode = match parsed.value('m').map(|text| u32::from_str_radix(text, 8)) {
        Some(Ok(mode)) => Some(mode),
        Some(Err(_)) => return utility.error("not simulated: -m with letters").await,
        None => None,
    };
    let mut status = 0;
    for path in &parsed.operands {
        let mut paths = Vec::new();
        if parsed.has('p') {
            let parents = path.match_indices('/').map(|(index, _)| &path[..index]);
            paths.extend(parents.filter(|parent| !parent.is_empty()).map(str::to_owned));
        }
        paths.push(path.clone());
        for part in paths {
            match utility.proc.make_directory(&part, mode.unwrap_or(0o777)) {
                Ok(()) => {
                    if part == *path
                        && let Some(mode) = mode
                    {
                        let _ = utility.proc.change_attributes(&part, Some(mode), None, None);
                    }
                    if parsed.has('v') {
                        let text = format!("{}: created directory '{part}'\n", utility.name);
                        utility.print(text).await;
                    }
                }
                Err(Errno::Exists)
                    if parsed.has('p')
                        && utility.proc.stat(&part).is_ok_and(|inode| inode.is_directory()) => {}
                Err(errno) => {
                    let message = if utility.gnu {
                        format!("cannot create directory \u{2018}{path}\u{2019}: {errno}")
                    } else {
                        format!("can't create directory '{path}': {errno}")
                    };
                    status = utility.error(message).await;
                    break;
                }
            }
        }
    }
    status
}

pub(crate) const RMDIR: Spec = Spec {
    flags: "pv",
    long: &[("parents", 'p'), ("verbose", 'v'), ("ignore-fail-on-non-empty", '\0')],
    needs: Some("missing operand"),
    usage: "rmdir [OPTIONS] DIRECTORY...",
    ..Spec::NONE
};

pub(crate) async fn rmdir(utility: Utility, parsed: Arguments) -> i32 {
    let mut status = 0;
    for path in &parsed.operands {
        let mut paths = vec![path.trim_end_matches('/').to_owned()];
        while parsed.has('p')
            && paths.last().is_some_and(|path| path.trim_matches('/').contains('/'))
        {
            let parent = folder_name(paths.last().map_or("", String::as_str)).to_owned();
            paths.push(parent);
        }
        for path in paths {
            if let Err(errno) = utility.proc.remove_directory(&path) {
                let message = if utility.gnu {
                    format!("failed to remove '{path}': {errno}")
                } else {
                    format!("'{path}': {errno}")
                };
                status = utility.error(message).await;
                break;
            }
        }
    }
    status
}

/// What `rm` was asked for.
#[derive(Clone, Copy)]
struct Removal {
    recursive: bool,
    force: bool,
    verbose: bool,
    folders: bool,
}

pub(crate) const RM: Spec = Spec {
    flags: "rRfvd",
    long: &[
        ("recursive", 'r'),
        ("force", 'f'),
        ("verbose", 'v'),
        ("dir", 'd'),
        ("interactive", '\0'),
        ("one-file-system", '\0'),
        ("no-preserve-root", '\0'),
    ],
    lacking: "iI",
    usage: "rm [-irf] FILE...",
    ..Spec::NONE
};

pub(crate) async fn rm(utility: Utility, parsed: Arguments) -> i32 {
    let removal = Removal {
        recursive: parsed.has('r') || parsed.has('R'),
        force: parsed.has('f'),
        verbose: parsed.has('v'),
        folders: parsed.has('d'),
    };
    if parsed.operands.is_empty() && !removal.force {
        return utility.missing_operand().await;
    }
    let mut status = 0;
    for path in &parsed.operands {
        let name = base_name(path);
        if matches!(name, "." | "..") {
            let message = format!("refusing to remove '.' or '..' directory: skipping '{path}'");
            status = utility.error(message).await;
            continue;
        }
        if path.chars().all(|char| char == '/') && removal.recursive {
            let message = "it is dangerous to operate recursively on '/'";
            utility.error(message).await;
            status = utility.error("use --no-preserve-root to override this failsafe").await;
            continue;
        }
        if !remove(&utility, path, removal).await {
            status = 1;
        }
    }
    status
}

async fn remove(utility: &Utility, path: &str, removal: Removal) -> bool {
    // Deepest first; a list instead of recursion, since folders may be nested at will.
    let mut left = vec![path.trim_end_matches('/').to_owned()];
    let mut order: Vec<(String, bool)> = Vec::new();
    if left[0].is_empty() {
        left[0] = path.to_owned();
    }
    let mut fine = true;
    while let Some(path) = left.pop() {
        match utility.proc.lstat(&path) {
            Ok(inode) if inode.is_directory() => {
                if !removal.recursive && !removal.folders {
                    let message = if utility.gnu {
                        format!("cannot remove '{path}': Is a directory")
                    } else {
                        format!("'{path}' is a directory")
                    };
                    utility.error(message).await;
                    return false;
                }
                if removal.recursive {
                    let entries = utility.proc.list(&path).unwrap_or_default();
                    left.extend(entries.into_iter().map(|(name, _)| format!("{path}/{name}")));
                }
                order.push((path, true));
            }
            Ok(_) => order.push((path, false)),
            Err(Errno::NotFound | Errno::NotDirectory) if removal.force => {}
            Err(errno) => fine &= cannot_remove(utility, &path, errno).await,
        }
    }
    for (path, is_folder) in order.into_iter().rev() {
        let result = if is_folder {
            utility.proc.remove_directory(&path)
        } else {
            utility.proc.remove_file(&path)
        };
        match result {
            Ok(()) if removal.verbose => {
                let text = match (utility.gnu, is_folder) {
                    (true, true) => format!("removed directory '{path}'\n"),
                    (true, false) => format!("removed '{path}'\n"),
                    (false, _) => format!("removed '{path}'\n"),
                };
                utility.print(text).await;
            }
            Ok(()) => {}
            Err(errno) => fine &= cannot_remove(utility, &path, errno).await,
        }
    }
    fine
}

async fn cannot_remove(utility: &Utility, path: &str, errno: Errno) -> bool {
    let message = if utility.gnu {
        format!("cannot remove '{path}': {errno}")
    } else {
        format!("can't remove '{path}': {errno}")
    };
    utility.error(message).await;
    false
}

pub(crate) const TOUCH: Spec = Spec {
    flags: "cam",
    long: &[("no-create", 'c'), ("date", '\0'), ("reference", '\0'), ("time", '\0')],
    lacking: "drtfh",
    needs: Some("missing file operand"),
    usage: "touch [-c] [-d DATE] [-t DATE] [-r FILE] FILE...",
    ..Spec::NONE
};

pub(crate) async fn touch(utility: Utility, parsed: Arguments) -> i32 {
    let mut status = 0;
    for path in &parsed.operands {
        if parsed.has('c') && !utility.proc.exists(path) {
            continue;
        }
        match utility.proc.touch(path) {
            Ok(()) => {}
            // A folder cannot be opened to write; its date is changed all the same.
            Err(Errno::IsDirectory) if utility.proc.exists(path) => {}
            Err(errno) => {
                let message = if utility.gnu {
                    format!("cannot touch '{path}': {errno}")
                } else {
                    format!("{path}: {errno}")
                };
                status = utility.error(message).await;
            }
        }
    }
    status
}

pub(crate) const LN: Spec = Spec {
    flags: "sfnvT",
    long: &[
        ("symbolic", 's'),
        ("force", 'f'),
        ("no-dereference", 'n'),
        ("verbose", 'v'),
        ("no-target-directory", 'T'),
        ("relative", '\0'),
        ("backup", '\0'),
    ],
    lacking: "bdirtSLP",
    needs: Some("missing file operand"),
    usage: "ln [OPTIONS] TARGET... LINK|DIR",
    ..Spec::NONE
};

pub(crate) async fn ln(utility: Utility, parsed: Arguments) -> i32 {
    if !parsed.has('s') {
        return utility.error("not simulated: hard links (use -s)").await;
    }
    let (targets, folder) = match parsed.operands.as_slice() {
        [targets @ .., last] if !targets.is_empty() => (targets, last.clone()),
        target => (target, ".".to_owned()),
    };
    let into_folder = !parsed.has('T')
        && utility.proc.stat(&folder).is_ok_and(|inode| inode.is_directory())
        && !(parsed.has('n') && utility.proc.lstat(&folder).is_ok_and(|i| !i.is_directory()));
    let mut status = 0;
    for target in targets {
        let link = if into_folder {
            format!("{}/{}", folder.trim_end_matches('/'), base_name(target))
        } else {
            folder.clone()
        };
        if parsed.has('f') && utility.proc.lstat(&link).is_ok_and(|inode| !inode.is_directory()) {
            let _ = utility.proc.remove_file(&link);
        }
        match utility.proc.make_symlink(target, &link) {
            Ok(()) if parsed.has('v') => {
                utility.print(format!("'{link}' -> '{target}'\n")).await;
            }
            Ok(()) => {}
            Err(errno) => {
                let message = if utility.gnu {
                    format!("failed to create symbolic link '{link}': {errno}")
                } else {
                    format!("{link}: {errno}")
                };
                status = utility.error(message).await;
            }
        }
    }
    status
}

pub(crate) const MKTEMP: Spec = Spec {
    flags: "dup:qt",
    long: &[("directory", 'd'), ("dry-run", 'u'), ("tmpdir", 'p'), ("quiet", 'q')],
    usage: "mktemp [-dt] [-p DIR] [TEMPLATE]",
    ..Spec::NONE
};

/// `mktemp [-d]`: the name comes from the time and the process, which no two calls share.
pub(crate) async fn mktemp(utility: Utility, parsed: Arguments) -> i32 {
    let folder = parsed.value('p').unwrap_or("/tmp");
    let template = match parsed.operands.first() {
        Some(template) if parsed.has('p') || parsed.has('t') => format!("{folder}/{template}"),
        Some(template) => template.clone(),
        None if utility.gnu => format!("{folder}/tmp.XXXXXXXXXX"),
        None => format!("{folder}/tmp.XXXXXX"),
    };
    let stem = template.trim_end_matches('X');
    let count = template.len() - stem.len();
    if count < 3 {
        return utility.error(format!("too few X's in template \u{2018}{template}\u{2019}")).await;
    }
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut state = utility.proc.now().unix_nanos() ^ u64::from(utility.proc.pid().0) << 40;
    let mut path = stem.to_owned();
    for _ in 0..count {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        path.push(char::from(LETTERS[(state >> 33) as usize % LETTERS.len()]));
    }
    let result = match () {
        () if parsed.has('u') => Ok(()),
        () if parsed.has('d') => utility.proc.make_directory(&path, 0o700),
        () => utility
            .proc
            .write_file(&path, b"")
            .and_then(|()| utility.proc.change_attributes(&path, Some(0o600), None, None)),
    };
    match result {
        Ok(()) => {
            utility.print(format!("{path}\n")).await;
            0
        }
        Err(errno) => {
            let kind = if parsed.has('d') { "directory" } else { "file" };
            let message =
                format!("failed to create {kind} via template \u{2018}{template}\u{2019}: {errno}");
            utility.error(message).await
        }
    }
}
