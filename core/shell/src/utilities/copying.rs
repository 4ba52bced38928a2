//! `cp` and `mv`.

use os::Errno;
use os::fs::{Inode, Kind};

use super::{Arguments, Spec, Utility, base_name};

pub(crate) const CP: Spec = Spec {
    flags: "aRrdpPLfivTnu",
    long: &[
        ("archive", 'a'),
        ("recursive", 'r'),
        ("force", 'f'),
        ("verbose", 'v'),
        ("no-clobber", 'n'),
        ("no-target-directory", 'T'),
        ("no-dereference", 'P'),
        ("dereference", 'L'),
        ("preserve", 'p'),
        ("update", '\0'),
        ("interactive", '\0'),
        ("target-directory", '\0'),
        ("backup", '\0'),
        ("parents", '\0'),
        ("link", '\0'),
        ("symbolic-link", '\0'),
        ("reflink", '\0'),
        ("sparse", '\0'),
    ],
    lacking: "bHlsStxZ",
    needs: Some("missing file operand"),
    usage: "cp [OPTIONS] SOURCE... DEST",
    failure: 1,
    ..Spec::NONE
};

pub(crate) const MV: Spec = Spec {
    flags: "finvT",
    long: &[
        ("force", 'f'),
        ("verbose", 'v'),
        ("no-clobber", 'n'),
        ("no-target-directory", 'T'),
        ("interactive", '\0'),
        ("backup", '\0'),
        ("update", '\0'),
        ("target-directory", '\0'),
    ],
    lacking: "bStuZ",
    needs: Some("missing file operand"),
    usage: "mv [-fin] SOURCE... DEST",
    failure: 1,
    ..Spec::NONE
};

/// What copying keeps and follows.
#[derive(Clone, Copy)]
struct Copying {
    recursive: bool,
    preserve: bool,
    keep_links: bool,
    keep_existing: bool,
    verbose: bool,
}

async fn operands(
    utility: &Utility,
    operands: &[String],
    as_is: bool,
) -> Result<Vec<(String, String)>, i32> {
    let (sources, target) = match operands {
        [sources @ .., target] if !sources.is_empty() => (sources, target),
        few => {
            let message = match few {
                [only] if utility.gnu => {
                    format!("missing destination file operand after '{only}'")
                }
                _ => String::new(),
            };
            return Err(utility.misuse(&message).await);
        }
    };
    let is_folder = utility.proc.stat(target).is_ok_and(|inode| inode.is_directory()) && !as_is;
    if sources.len() > 1 && !is_folder {
        let message = if utility.gnu {
            format!("target '{target}' is not a directory")
        } else {
            format!("can't stat '{target}': No such file or directory")
        };
        return Err(utility.error(message).await);
    }
    let pairs = sources.iter().map(|source| {
        let full = if is_folder {
            format!("{}/{}", target.trim_end_matches('/'), base_name(source))
        } else {
            target.clone()
        };
        (source.clone(), full)
    });
    Ok(pairs.collect())
}

pub(crate) async fn cp(utility: Utility, parsed: Arguments) -> i32 {
    if parsed.has('i') || parsed.has('u') {
        return utility.error("not simulated: -i and -u").await;
    }
    let archive = parsed.has('a');
    let recursive = archive || parsed.has('r') || parsed.has('R');
    let copying = Copying {
        recursive,
        preserve: archive || parsed.has('p'),
        keep_links: !parsed.has('L') && (recursive || parsed.has('d') || parsed.has('P')),
        keep_existing: parsed.has('n'),
        verbose: parsed.has('v'),
    };
    let pairs = match operands(&utility, &parsed.operands, parsed.has('T')).await {
        Ok(pairs) => pairs,
        Err(code) => return code,
    };
    let mut status = 0;
    for (source, target) in pairs {
        if !copy(&utility, &source, &target, copying).await {
            status = 1;
        }
    }
    status
}

async fn cannot_stat(utility: &Utility, path: &str, errno: Errno) {
    let message = match (utility.gnu, utility.name) {
        (true, _) => format!("cannot stat '{path}': {errno}"),
        (false, "mv") => format!("can't rename '{path}': {errno}"),
        (false, _) => format!("can't stat '{path}': {errno}"),
    };
    utility.error(message).await;
}

async fn copy(utility: &Utility, source: &str, target: &str, copying: Copying) -> bool {
    let mut left = vec![(source.to_owned(), target.to_owned())];
    let mut fine = true;
    let (from, to) = (utility.proc.canonical(source), utility.proc.canonical(target));
    if let (Ok(from), Ok(to)) = (from, to) {
        let is_folder = utility.proc.stat(source).is_ok_and(|inode| inode.is_directory());
        if from == to && utility.proc.exists(target) {
            utility.error(format!("'{source}' and '{target}' are the same file")).await;
            return false;
        }
        if is_folder && copying.recursive && format!("{to}/").starts_with(&format!("{from}/")) {
            let message = format!("cannot copy a directory, '{source}', into itself, '{target}'");
            utility.error(message).await;
            return false;
        }
    }
    while let Some((source, target)) = left.pop() {
        let inode = if copying.keep_links {
            utility.proc.lstat(&source)
        } else {
            utility.proc.stat(&source)
        };
        let inode = match inode {
            Ok(inode) => inode,
            Err(errno) => {
                cannot_stat(utility, &source, errno).await;
                fine = false;
                continue;
            }
        };
        if inode.is_directory() && !copying.recursive {
            let message = if utility.gnu {
                format!("-r not specified; omitting directory '{source}'")
            } else {
                format!("omitting directory '{source}'")
            };
            utility.error(message).await;
            return false;
        }
        if copying.keep_existing && !inode.is_directory() && utility.proc.exists(&target) {
            continue;
        }
        if let Err(errno) = copy_one(utility, &source, &target, &inode) {
            let denied = matches!(inode.kind, Kind::File(_))
                && !utility.proc.access(&source, true, false, false);
            let message = match (utility.gnu, inode.is_directory()) {
                (true, _) if denied => format!("cannot open '{source}' for reading: {errno}"),
                (true, true) => format!("cannot create directory '{target}': {errno}"),
                (true, false) => format!("cannot create regular file '{target}': {errno}"),
                (false, _) if denied => format!("can't open '{source}': {errno}"),
                (false, true) => format!("can't create directory '{target}': {errno}"),
                (false, false) => format!("can't create '{target}': {errno}"),
            };
            utility.error(message).await;
            fine = false;
            continue;
        }
        if copying.preserve && !matches!(inode.kind, Kind::Symlink(_)) {
            let own = inode.attributes;
            let root = utility.proc.user().uid == 0;
            let (uid, gid) = (root.then_some(own.uid), root.then_some(own.gid));
            let _ = utility.proc.change_attributes(&target, Some(own.mode), uid, gid);
        }
        if copying.verbose {
            utility.print(format!("'{source}' -> '{target}'\n")).await;
        }
        if inode.is_directory() {
            let entries = utility.proc.list(&source).unwrap_or_default();
            left.extend(entries.into_iter().rev().map(|(name, _)| {
                (
                    format!("{}/{name}", source.trim_end_matches('/')),
                    format!("{}/{name}", target.trim_end_matches('/')),
                )
            }));
        }
        utility.work(usize::try_from(inode.size()).unwrap_or(0)).await;
    }
    fine
}

fn copy_one(utility: &Utility, source: &str, target: &str, inode: &Inode) -> Result<(), Errno> {
    match &inode.kind {
        Kind::Directory => match utility.proc.make_directory(target, inode.attributes.mode) {
            Err(Errno::Exists)
                if utility.proc.stat(target).is_ok_and(|inode| inode.is_directory()) =>
            {
                Ok(())
            }
            result => result,
        },
        Kind::Symlink(link) => utility.proc.make_symlink(link, target),
        _ => {
            let bytes = utility.proc.read_file(source)?;
            let is_new = !utility.proc.exists(target);
            utility.proc.write_file(target, &bytes)?;
            if is_new {
                let mode = inode.attributes.mode & !utility.proc.umask() & 0o777;
                utility.proc.change_attributes(target, Some(mode), None, None)?;
            }
            Ok(())
        }
    }
}

pub(crate) async fn mv(utility: Utility, parsed: Arguments) -> i32 {
    if parsed.has('i') {
        return utility.error("not simulated: -i").await;
    }
    let pairs = match operands(&utility, &parsed.operands, parsed.has('T')).await {
        Ok(pairs) => pairs,
        Err(code) => return code,
    };
    let mut status = 0;
    for (source, target) in pairs {
        if parsed.has('n') && utility.proc.exists(&target) {
            continue;
        }
        let inode = match utility.proc.lstat(&source) {
            Ok(inode) => inode,
            Err(errno) => {
                cannot_stat(&utility, &source, errno).await;
                status = 1;
                continue;
            }
        };
        let same = utility.proc.canonical(&source) == utility.proc.canonical(&target);
        if same && utility.proc.exists(&target) && !matches!(inode.kind, Kind::Symlink(_)) {
            status = utility.error(format!("'{source}' and '{target}' are the same file")).await;
            continue;
        }
        match utility.proc.rename(&source, &target) {
            Ok(()) => {}
            Err(Errno::CrossDevice) => {
                // As between real filesystems: copy, then remove.
                let copying = Copying {
                    recursive: true,
                    preserve: true,
                    keep_links: true,
                    keep_existing: false,
                    verbose: false,
                };
                if !copy(&utility, &source, &target, copying).await {
                    status = 1;
                    continue;
                }
                let options = ['r', 'f'].map(|letter| (letter, String::new())).to_vec();
                let parsed = Arguments { options, operands: vec![source.clone()] };
                if super::files::rm(utility.clone(), parsed).await != 0 {
                    status = 1;
                }
            }
            Err(errno) => {
                let message = match (utility.gnu, errno) {
                    (true, Errno::Invalid) => {
                        format!("cannot move '{source}' to a subdirectory of itself, '{target}'")
                    }
                    (true, errno) => format!("cannot move '{source}' to '{target}': {errno}"),
                    (false, errno) => format!("can't rename '{source}': {errno}"),
                };
                status = utility.error(message).await;
                continue;
            }
        }
        if parsed.has('v') {
            let word = if utility.gnu { "renamed " } else { "" };
            utility.print(format!("{word}'{source}' -> '{target}'\n")).await;
        }
    }
    status
}
