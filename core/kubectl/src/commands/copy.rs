//! `kubectl cp`: files and folders into containers and out of them, by a `tar` in the container (kubectl: `cmd/cp/cp.go`).

use engine::tar;
use os::fs::{Kind, Tree, normalize};
use serde_json::Value;

use super::{container, exec};
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::kubeconfig::go_error;
use crate::table::Outcome;

/// `[[namespace/]pod:]path`.
struct Place<'a> {
    namespace: &'a str,
    pod: &'a str,
    path: &'a str,
}

fn place(text: &str) -> Result<Place<'_>, Failure> {
    let Some((before, path)) = text.split_once(':') else {
        return Ok(Place { namespace: "", pod: "", path: text });
    };
    let parts: Vec<&str> = before.split('/').collect();
    match parts[..] {
        [pod] if !pod.is_empty() => Ok(Place { namespace: "", pod, path }),
        [namespace, pod] if !pod.is_empty() && !namespace.is_empty() => {
            Ok(Place { namespace, pod, path })
        }
        _ => Err(Failure::text(
            "filespec must match the canonical format: [[namespace/]pod:]file/path",
        )),
    }
}

/// `kubectl cp`.
pub(crate) fn copy(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let [source, target] = cli.args() else {
            return cli.usage("source and destination are required");
        };
        let (from, to) = (place(source)?, place(target)?);
        if !from.pod.is_empty() && !to.pod.is_empty() {
            return Err(Failure::text("one of src or dest must be a local file specification"));
        }
        if from.path.is_empty() || to.path.is_empty() {
            return Err(Failure::text("filepath can not be empty"));
        }
        if to.pod.is_empty() && from.pod.is_empty() {
            return Err(Failure::text("one of src or dest must be a remote file specification"));
        }
        let there = if from.pod.is_empty() { &to } else { &from };
        let namespace = if there.namespace.is_empty() { cli.namespace() } else { there.namespace };
        let pod = cli
            .call(Call::get(format!("/api/v1/namespaces/{namespace}/pods/{}", there.pod)))
            .await?;
        let container = container(cli, &pod, cli.flag("container"))?;
        if from.pod.is_empty() {
            upload(cli, &pod, &container, from.path, to.path).await
        } else {
            download(cli, &pod, &container, from.path, to.path).await
        }
    })
}

async fn upload(cli: &Cli, pod: &Value, container: &str, from: &str, to: &str) -> Outcome {
    if cli.proc.stat(from).is_err() {
        return Err(Failure::text(format!("{from} doesn't exist in local filesystem")));
    }
    let absolute = normalize(&cli.proc.cwd(), from);
    let tree = cli.proc.read_tree(&absolute);
    let tree = tree.map_err(|errno| Failure::text(format!("open {from}: {}", go_error(errno))))?;
    let is_folder = exec::ran(cli, pod, container, &["test", "-d", to], None).await?.status == 0;
    let own = absolute.rsplit('/').next().unwrap_or_default();
    let target =
        if is_folder { format!("{}/{own}", to.trim_end_matches('/')) } else { to.to_owned() };
    let (folder, name) = target.rsplit_once('/').unwrap_or(("", &target));
    let mut command = vec!["tar", "-xmf", "-"];
    if !folder.is_empty() || target.starts_with('/') {
        command.extend(["-C", if folder.is_empty() { "/" } else { folder }]);
    }
    let archive = tar::write(&tree, name);
    finished(cli, exec::ran(cli, pod, container, &command, Some(&archive)).await?.status)
}

fn finished(cli: &Cli, status: i32) -> Outcome {
    if status != 0 {
        cli.err(format!("command terminated with exit code {status}\n"));
    }
    Ok(status)
}

async fn download(cli: &Cli, pod: &Value, container: &str, from: &str, to: &str) -> Outcome {
    let ran = exec::ran(cli, pod, container, &["tar", "cf", "-", from], None).await?;
    if ran.status != 0 {
        return finished(cli, ran.status);
    }
    let all = tar::read(&ran.output).ok_or_else(|| Failure::text("unexpected EOF"))?;
    // Only what was asked for, with it as the root; links stay behind.
    let root = normalize("/", from);
    let mut tree = Tree::default();
    for (path, inode) in all.iter() {
        let Some(inner) = path.strip_prefix(root.trim_end_matches('/')) else { continue };
        if let Kind::Symlink(target) = &inode.kind {
            cli.err(format!("warning: skipping symlink: \"{to}{inner}\" -> \"{target}\"\n"));
        } else if inner.is_empty() || inner.starts_with('/') {
            tree.insert(if inner.is_empty() { "/" } else { inner }, inode.clone());
        }
    }
    let is_file = tree.get("/").is_some_and(|inode| !inode.is_directory());
    let into = cli.proc.stat(to).is_ok_and(|inode| inode.is_directory());
    let mut path = normalize(&cli.proc.cwd(), to);
    if is_file && into {
        path = format!(
            "{}/{}",
            path.trim_end_matches('/'),
            root.rsplit('/').next().unwrap_or_default()
        );
    }
    let failed = |(path, errno)| Failure::text(format!("open {path}: {}", go_error(errno)));
    cli.proc.write_tree(&tree, &path).map_err(failed)?;
    Ok(0)
}
