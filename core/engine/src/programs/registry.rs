//! The registry as a program (`registry:2`): it keeps images in `/var/lib/registry` and answers engines.
//!
//! An engine sends and gets an image whole, as the archive that `docker save` makes; the real protocol
//! moves blobs one by one. Lists are answered as the real one answers them.

use std::cell::RefCell;
use std::rc::Rc;

use os::process::Disposition;
use os::program::Running;
use os::{Proc, Service, Signal};
use sim::Time;

use super::next_signal;
use crate::archive;

const ROOT: &str = "/var/lib/registry/docker/registry/v2/repositories";

struct Store {
    proc: Proc,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

fn answer(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nDocker-Distribution-Api-Version: \
         registry/2.0\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn json(status: &str, text: &str) -> Vec<u8> {
    answer(status, "application/json; charset=utf-8", format!("{text}\n").as_bytes())
}

impl Service for Store {
    fn answer(&mut self, _now: Time, request: &[u8]) -> Vec<u8> {
        let end = request.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        let (head, body) = request.split_at(end.unwrap_or(request.len()));
        let head = String::from_utf8_lossy(head).into_owned();
        let mut words = head.split_whitespace();
        let method = words.next().unwrap_or_default();
        let path = words.next().unwrap_or("/").split('?').next().unwrap_or("/").to_owned();
        let missing = |code: &str| {
            let text =
                format!("{{\"errors\":[{{\"code\":\"{code}\",\"message\":\"not found\"}}]}}");
            json("404 Not Found", &text)
        };
        let Some(rest) = path.strip_prefix("/v2/") else { return missing("PAGE_UNKNOWN") };
        if rest.is_empty() {
            return json("200 OK", "{}");
        }
        if rest == "_catalog" {
            let mut names = Vec::new();
            self.repositories(ROOT, "", &mut names);
            let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
            return json("200 OK", &format!("{{\"repositories\":[{}]}}", names.join(",")));
        }
        if let Some(name) = rest.strip_suffix("/tags/list") {
            let tags = self.proc.list(&format!("{ROOT}/{name}/_manifests/tags"));
            let Ok(tags) = tags else { return missing("NAME_UNKNOWN") };
            let tags: Vec<String> = tags.iter().map(|(tag, _)| format!("\"{tag}\"")).collect();
            let tags = tags.join(",");
            return json("200 OK", &format!("{{\"name\":\"{name}\",\"tags\":[{tags}]}}"));
        }
        let Some((name, reference)) = rest.split_once("/manifests/") else {
            return missing("UNSUPPORTED");
        };
        let folder = format!("{ROOT}/{name}/_manifests");
        match method {
            "PUT" => self.keep(&folder, reference, body),
            _ => {
                let file = if reference.starts_with("sha256:") {
                    format!("{folder}/revisions/{reference}")
                } else {
                    let tag = self.proc.read_file(&format!("{folder}/tags/{reference}"));
                    let digest = String::from_utf8_lossy(&tag.unwrap_or_default()).into_owned();
                    format!("{folder}/revisions/{digest}")
                };
                match self.proc.read_file(&file) {
                    Ok(bytes) => answer("200 OK", "application/x-tar", &bytes),
                    Err(_) => missing("MANIFEST_UNKNOWN"),
                }
            }
        }
    }
}

impl Store {
    fn keep(&self, folder: &str, tag: &str, bytes: &[u8]) -> Vec<u8> {
        let image = archive::unpack(bytes).ok().and_then(|images| images.into_iter().next());
        let Some((image, _)) = image else {
            return json("400 Bad Request", "{\"errors\":[{\"code\":\"MANIFEST_INVALID\"}]}");
        };
        let digest = image.manifest_digest().to_string();
        let kept = self
            .put(&format!("{folder}/revisions/{digest}"), bytes)
            .and_then(|()| self.put(&format!("{folder}/tags/{tag}"), digest.as_bytes()));
        match kept {
            Ok(()) => json("201 Created", "{}"),
            Err(_) => json("500 Internal Server Error", "{\"errors\":[{\"code\":\"UNKNOWN\"}]}"),
        }
    }

    /// Writes a file, making the folders above it.
    fn put(&self, path: &str, bytes: &[u8]) -> Result<(), os::Errno> {
        for (end, _) in path.match_indices('/').skip(1) {
            let folder = &path[..end];
            if !self.proc.exists(folder) {
                self.proc.make_directory(folder, 0o755)?;
            }
        }
        self.proc.write_file(path, bytes)
    }

    fn repositories(&self, folder: &str, name: &str, found: &mut Vec<String>) {
        for (entry, inode) in self.proc.list(folder).unwrap_or_default() {
            if entry == "_manifests" {
                found.push(name.to_owned());
            } else if inode.is_directory() {
                let below = if name.is_empty() { entry.clone() } else { format!("{name}/{entry}") };
                self.repositories(&format!("{folder}/{entry}"), &below, found);
            }
        }
    }
}

pub(super) fn registry(proc: Proc) -> Running {
    Box::pin(async move {
        proc.on_signal(Signal::Terminate, Disposition::Catch);
        proc.on_signal(Signal::Interrupt, Disposition::Catch);
        let store = Store { proc: proc.clone() };
        if let Err(errno) = proc.listen(5_000, Rc::new(RefCell::new(store))) {
            let text = errno.to_string().to_lowercase();
            proc.eprint(format!("listen tcp :5000: bind: {text}\n")).await;
            return 1;
        }
        let at = proc.now().rfc3339();
        proc.eprint(format!("time=\"{at}\" level=info msg=\"listening on [::]:5000\"\n")).await;
        next_signal(&proc).await;
        0
    })
}
