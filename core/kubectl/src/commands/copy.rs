//! `kubectl cp`: files into containers and out of them. The real one runs `tar` in the container; this one runs `sh`,
//! `test` and `cat`, because no container here has a `tar` (kubectl: `cmd/cp/cp.go`).

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
    let inode = cli.proc.stat(from);
    if inode.is_err() {
        return Err(Failure::text(format!("{from} doesn't exist in local filesystem")));
    }
    if inode.is_ok_and(|inode| inode.is_directory()) {
        return Err(Failure::text(
            "kubectl cp of a folder is not simulated: it needs tar in the container",
        ));
    }
    let bytes = cli.proc.read_file(from);
    let bytes =
        bytes.map_err(|errno| Failure::text(format!("open {from}: {}", go_error(errno))))?;
    let name = from.rsplit('/').next().unwrap_or_default();
    let script = "if test -d \"$1\"; then cat > \"$1/$2\"; else cat > \"$1\"; fi";
    let command = ["sh", "-c", script, "cp", to, name];
    let ran = exec::ran(cli, pod, container, &command, Some(&bytes)).await?;
    finished(cli, ran.status)
}

fn finished(cli: &Cli, status: i32) -> Outcome {
    if status != 0 {
        cli.err(format!("command terminated with exit code {status}\n"));
    }
    Ok(status)
}

async fn download(cli: &Cli, pod: &Value, container: &str, from: &str, to: &str) -> Outcome {
    let folder = exec::ran(cli, pod, container, &["test", "-d", from], None).await?;
    if folder.status == 0 {
        return Err(Failure::text(
            "kubectl cp of a folder is not simulated: it needs tar in the container",
        ));
    }
    let ran = exec::ran(cli, pod, container, &["cat", from], None).await?;
    if ran.status != 0 {
        return finished(cli, ran.status);
    }
    let is_folder = cli.proc.stat(to).is_ok_and(|inode| inode.is_directory());
    let name = from.rsplit('/').next().unwrap_or_default();
    let path =
        if is_folder { format!("{}/{name}", to.trim_end_matches('/')) } else { to.to_owned() };
    let written = cli.proc.write_file(&path, &ran.output);
    written.map_err(|errno| Failure::text(format!("open {path}: {}", go_error(errno))))?;
    Ok(0)
}
