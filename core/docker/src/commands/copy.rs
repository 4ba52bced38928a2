//! `docker cp`, and archives of containers and images that go through files or pipes.

use daemon::api::{Error, Request, Response};
use daemon::client::unexpected;
use engine::tar;
use os::Fd;
use os::fs::{Inode, Tree, normalize};

use super::{created, go_error};
use crate::cli::{Cli, Failure};
use crate::output::units::human_size;
use crate::table::Outcome;

/// Splits `CONTAINER:PATH`; a path of the host has no container.
fn place(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((container, path)) if !text.starts_with(['/', '.']) => (Some(container), path),
        _ => (None, text),
    }
}

/// `docker cp`.
pub(crate) async fn copy(cli: &Cli) -> Outcome {
    let (from, to) = (place(cli.arg(0)), place(cli.arg(1)));
    match (from, to) {
        ((Some(container), path), (None, target)) => copy_out(cli, container, path, target).await,
        ((None, path), (Some(container), target)) => copy_in(cli, path, container, target).await,
        ((Some(_), _), (Some(_), _)) => {
            Err(Failure::text("copying between containers is not supported"))
        }
        _ => Err(Failure::text("must specify at least one container source")),
    }
}

async fn files(cli: &Cli, container: &str, path: &str) -> Result<(String, Tree), Error> {
    let request = Request::CopyOut { container: container.to_owned(), path: normalize("/", path) };
    match cli.client.ask(request).await? {
        Response::Files { name, tree } => Ok((name, *tree)),
        other => Err(unexpected(&other)),
    }
}

/// Says how much was copied, in releases that do.
async fn tell(cli: &Cli, tree: &Tree, to: &str) {
    if cli.profile.cp_tells && !cli.is_set("quiet") {
        let size = human_size(tar::write(tree, "x").len() as u64, 3, cli.profile.size_gap);
        cli.err(format!("Successfully copied {size} to {to}\n")).await;
    }
}

async fn copy_out(cli: &Cli, container: &str, path: &str, target: &str) -> Outcome {
    let (name, tree) = files(cli, container, path).await?;
    if target == "-" {
        cli.out(tar::write(&tree, &name)).await;
        return Ok(0);
    }
    let is_folder = tree.get("/").is_some_and(Inode::is_directory);
    let existing = cli.proc.stat(target).ok();
    let into = existing.as_ref().is_some_and(Inode::is_directory);
    let base = if into && !(path.ends_with("/.") && is_folder) {
        format!("{}/{name}", target.trim_end_matches('/'))
    } else {
        target.to_owned()
    };
    let absolute = normalize(&cli.proc.cwd(), &base);
    let folder = absolute.rsplit_once('/').map_or("/", |(folder, _)| folder);
    let folder = if folder.is_empty() { "/" } else { folder };
    if !cli.proc.stat(folder).is_ok_and(|inode| inode.is_directory()) {
        return Err(Failure::text(format!(
            "invalid output path: directory {folder:?} does not exist"
        )));
    }
    let failed = |(path, errno)| Failure::text(format!("open {path}: {}", go_error(errno)));
    cli.proc.write_tree(&tree, &absolute).map_err(failed)?;
    tell(cli, &tree, &absolute).await;
    Ok(0)
}

async fn copy_in(cli: &Cli, path: &str, container: &str, target: &str) -> Outcome {
    let place = files(cli, container, target).await;
    let is_folder = match &place {
        Ok((_, tree)) => tree.get("/").is_some_and(Inode::is_directory),
        Err(error) if error.message().starts_with("No such container") => {
            return Err(Failure::Api(error.clone()));
        }
        Err(_) => false,
    };
    let (tree, to) = if path == "-" {
        let bytes = cli.proc.read_to_end(Fd::STDIN).await.unwrap_or_default();
        let tree = tar::read(&bytes).ok_or_else(|| Failure::text("unexpected EOF"))?;
        if !is_folder {
            return Err(Failure::text(format!(
                "destination \"{container}:{target}\" must be a directory"
            )));
        }
        (tree, target.to_owned())
    } else {
        let absolute = normalize(&cli.proc.cwd(), path);
        let tree = cli.proc.read_tree(&absolute);
        let tree =
            tree.map_err(|errno| Failure::text(format!("lstat {absolute}: {}", go_error(errno))))?;
        let name = absolute.rsplit('/').next().unwrap_or_default();
        let copies_content = path.ends_with("/.");
        let to = if is_folder && !copies_content {
            format!("{}/{name}", target.trim_end_matches('/'))
        } else {
            target.to_owned()
        };
        (tree, to)
    };
    let parent = normalize("/", &format!("{to}/.."));
    if place.is_err() && files(cli, container, &parent).await.is_err() {
        return Err(Failure::Api(Error::not_found(format!(
            "Could not find the file {parent} in container {container}"
        ))));
    }
    let shown = format!("{container}:{target}");
    let request = Request::CopyIn {
        container: container.to_owned(),
        path: normalize("/", &to),
        tree: Box::new(tree.clone()),
    };
    cli.client.done(request).await?;
    tell(cli, &tree, &shown).await;
    Ok(0)
}

/// Writes an archive where `-o` says, or to standard output.
async fn give(cli: &Cli, request: Request) -> Outcome {
    let output = cli.flag("output").unwrap_or_default();
    if output.is_empty() && cli.proc.is_terminal(Fd::STDOUT) {
        return Err(Failure::text(
            "cowardly refusing to save to a terminal. Use the -o flag or redirect",
        ));
    }
    let bytes = match cli.client.ask(request).await? {
        Response::Bytes(bytes) => bytes,
        other => return Err(Failure::Api(unexpected(&other))),
    };
    if output.is_empty() {
        cli.out(bytes).await;
        return Ok(0);
    }
    let written = cli.proc.write_file(output, &bytes);
    written.map_err(|errno| Failure::text(format!("open {output}: {}", go_error(errno))))?;
    Ok(0)
}

/// `docker export`.
pub(crate) async fn export(cli: &Cli) -> Outcome {
    give(cli, Request::ExportContainer { container: cli.arg(0).to_owned() }).await
}

/// `docker save`.
pub(crate) async fn save(cli: &Cli) -> Outcome {
    give(cli, Request::SaveImages { images: cli.args().to_vec() }).await
}

/// Reads an archive from a file, or from standard input for an empty name or `-`.
async fn take(cli: &Cli, path: &str) -> Result<Vec<u8>, Failure> {
    if path.is_empty() || path == "-" {
        return Ok(cli.proc.read_to_end(Fd::STDIN).await.unwrap_or_default());
    }
    let read = cli.proc.read_file(path);
    read.map_err(|errno| Failure::text(format!("open {path}: {}", go_error(errno))))
}

/// `docker load`.
pub(crate) async fn load(cli: &Cli) -> Outcome {
    let input = cli.flag("input").unwrap_or_default();
    if input.is_empty() && cli.proc.is_terminal(Fd::STDIN) {
        return Err(Failure::text("requested load from stdin, but stdin is empty"));
    }
    let bytes = take(cli, input).await?;
    match cli.client.ask(Request::LoadImages { bytes }).await? {
        Response::Lines(lines) => {
            for line in lines {
                cli.out(format!("{line}\n")).await;
            }
            Ok(0)
        }
        other => Err(Failure::Api(unexpected(&other))),
    }
}

/// `docker import`.
pub(crate) async fn import(cli: &Cli) -> Outcome {
    let source = cli.arg(0);
    if source.starts_with("http://") || source.starts_with("https://") {
        return Err(Failure::text("not simulated: docker import of a URL"));
    }
    let bytes = take(cli, source).await?;
    let request = Request::ImportImage {
        bytes,
        reference: cli.arg(1).to_owned(),
        changes: cli.matches.all("change").to_vec(),
        message: cli.flag("message").unwrap_or_default().to_owned(),
    };
    let id = created(cli, request).await?;
    cli.out(format!("{id}\n")).await;
    Ok(0)
}
