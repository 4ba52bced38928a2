//! What is sent along with a build: the files of a folder, and the Dockerfile.

use os::Fd;
use os::fs::{Attributes, Inode, Kind, Tree};

use super::ignore::Ignore;
use crate::cli::{Cli, Failure};
use crate::commands::go_error;

/// A build's input.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    pub(super) dockerfile: String,
    /// The Dockerfile's name, for messages.
    pub(super) name: String,
    /// The files, below `/`.
    pub(super) tree: Tree,
    /// Bytes of the archive that carries them.
    pub(super) size: u64,
}

fn failed(text: impl std::fmt::Display) -> Failure {
    Failure::text(format!("unable to prepare context: {text}"))
}

/// Reads what the arguments name.
pub(super) async fn read(cli: &Cli, buildkit: bool) -> Result<Context, Failure> {
    let path = cli.arg(0);
    let is_remote = ["http://", "https://", "git://", "git@", "github.com/"]
        .iter()
        .any(|start| path.starts_with(start));
    if is_remote {
        return Err(Failure::text("not simulated: docker build of a URL"));
    }
    let file = cli.flag("file").unwrap_or_default();
    let mut context = Context { name: "Dockerfile".to_owned(), ..Context::default() };
    if path == "-" || file == "-" {
        if path == "-" && file == "-" {
            return Err(Failure::text(
                "invalid argument: can't use stdin for both build context and dockerfile",
            ));
        }
        let bytes = cli.proc.read_to_end(Fd::STDIN).await.unwrap_or_default();
        if path == "-" {
            if engine::tar::read(&bytes).is_some() {
                return Err(Failure::text("not simulated: an archive as the context of a build"));
            }
            let attributes = Attributes::root(0o644, cli.proc.now());
            let inode = Inode { attributes, kind: Kind::File(bytes.clone()) };
            context.tree.insert("/", folder(cli));
            context.tree.insert("/Dockerfile", inode);
        }
        context.dockerfile = String::from_utf8_lossy(&bytes).into_owned();
        context.size = archive_size(&context.tree);
        if path == "-" {
            return Ok(context);
        }
    }
    match cli.proc.stat(path) {
        Ok(inode) if inode.is_directory() => {}
        Ok(_) => {
            let absolute = os::fs::normalize(&cli.proc.cwd(), path);
            return Err(failed(format!("context must be a directory: {absolute}")));
        }
        Err(_) => return Err(failed(format!("path {path:?} not found"))),
    }
    let base = path.trim_end_matches('/');
    let base = if base.is_empty() { "/" } else { base };
    let own = if file.is_empty() { format!("{base}/Dockerfile") } else { file.to_owned() };
    if file != "-" {
        let name = own.rsplit('/').next().unwrap_or_default();
        name.clone_into(&mut context.name);
        let bytes = cli.proc.read_file(&own).map_err(|errno| {
            let cause = go_error(errno);
            if buildkit {
                let name = &context.name;
                let solve = "failed to build: failed to solve: ";
                let start = if cli.profile.buildkit {
                    solve
                } else {
                    "failed to solve with frontend \
                    dockerfile.v0: "
                };
                Failure::text(format!("{start}failed to read dockerfile: open {name}: {cause}"))
            } else {
                let absolute = os::fs::normalize(&cli.proc.cwd(), &own);
                failed(format!(
                    "unable to evaluate symlinks in Dockerfile path: lstat {absolute}: {cause}"
                ))
            }
        })?;
        context.dockerfile = String::from_utf8_lossy(&bytes).into_owned();
    }
    let ignore = cli.proc.read_file(&format!("{base}/.dockerignore")).unwrap_or_default();
    let ignore = Ignore::parse(&String::from_utf8_lossy(&ignore));
    context.tree.insert("/", folder(cli));
    add(cli, base, "", &ignore, &mut context.tree)?;
    context.size = archive_size(&context.tree);
    Ok(context)
}

fn folder(cli: &Cli) -> Inode {
    Inode { attributes: Attributes::root(0o755, cli.proc.now()), kind: Kind::Directory }
}

/// Adds what is below a folder of the host.
fn add(cli: &Cli, from: &str, to: &str, ignore: &Ignore, tree: &mut Tree) -> Result<(), Failure> {
    let checked = |path: &str, errno| {
        Failure::text(format!("error checking context: 'can't stat '{path}': {}'", go_error(errno)))
    };
    let names = cli.proc.list(from).map_err(|errno| checked(from, errno))?;
    for (name, mut inode) in names {
        let (path, inner) = (format!("{from}/{name}"), format!("{to}/{name}"));
        let bare = inner.trim_start_matches('/');
        // Both are sent whatever is ignored.
        let is_needed = matches!(bare, "Dockerfile" | ".dockerignore");
        let excluded = ignore.excludes(bare) && !is_needed;
        if inode.is_directory() {
            // Something below an excluded folder may be wanted again.
            let count = tree.iter().count();
            add(cli, &path, &inner, ignore, tree)?;
            if excluded && tree.iter().count() == count {
                continue;
            }
        } else if excluded {
            continue;
        } else if let Kind::File(bytes) = &mut inode.kind {
            *bytes = cli.proc.read_file(&path).map_err(|errno| checked(&path, errno))?;
        }
        tree.insert(inner, inode);
    }
    Ok(())
}

/// Bytes of a tar archive with a tree's files: headers, padded content, two empty blocks.
fn archive_size(tree: &Tree) -> u64 {
    let entry = |inode: &Inode| {
        let content = match &inode.kind {
            Kind::File(bytes) => (bytes.len() as u64).next_multiple_of(512),
            _ => 0,
        };
        512 + content
    };
    let entries: u64 = tree.iter().filter(|(path, _)| *path != "/").map(|(_, i)| entry(i)).sum();
    entries + 1_024
}
