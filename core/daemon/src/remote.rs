//! Registries that run somewhere in the world, at `HOST:PORT`: what is pulled from there and pushed to there
//! crosses the network. Docker Hub is the one registry that is everywhere (see [`engine::Registry`]).
//!
//! moby speaks plain HTTP to a registry only on the own host or if it is told to
//! (`insecure-registries` in `/etc/docker/daemon.json`).

use engine::transfer::{Direction, TransferId};
use engine::{EngineError, Image, Reference, Release, archive};
use os::{Errno, NetAnswer, NetReply};
use swarm::objects::Id;

use crate::api::{Error, Request, Response};
use crate::daemon::{Caller, Context, Daemon};
use crate::host_names::{host_address, host_file};
use crate::images::PullTold;

/// What is done with a registry's answer.
#[derive(Debug)]
pub(crate) enum After {
    /// Somebody pushes.
    Push(Caller, Reference),
    /// Somebody pulls.
    Pull(Caller, Reference),
    /// A task needs the image.
    Task(Id, Reference),
    /// A service's image is to be pinned; then the request goes on.
    Pin(Caller, Reference, Box<Request>),
}

impl After {
    const fn reference(&self) -> &Reference {
        match self {
            Self::Push(_, reference)
            | Self::Pull(_, reference)
            | Self::Task(_, reference)
            | Self::Pin(_, reference, _) => reference,
        }
    }
}

/// True for a registry that is somewhere in the world.
pub(crate) fn is_remote(reference: &Reference) -> bool {
    !reference.is_public()
}

fn address_of(reference: &Reference) -> (String, u16) {
    let (host, port) = reference.domain.split_once(':').unwrap_or((&reference.domain, "443"));
    let host = if host == "localhost" { "127.0.0.1" } else { host };
    (host.to_owned(), port.parse().unwrap_or(443))
}

/// A request for an image's record, or the image itself.
fn request(method: &str, reference: &Reference, body: &[u8]) -> Vec<u8> {
    let name = &reference.path;
    let what = match reference.digest {
        Some(digest) => digest.to_string(),
        None => reference.tag_or_latest().to_owned(),
    };
    let head = format!(
        "{method} /v2/{name}/manifests/{what} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n",
        reference.domain,
        body.len()
    );
    [head.as_bytes(), body].concat()
}

impl Daemon {
    /// Pushes an image of this host to such a registry.
    pub(crate) fn push_remote(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        reference: Reference,
    ) -> Result<(), Error> {
        let name = format!("{}:{}", reference.familiar_name(), reference.tag_or_latest());
        let image = self.engine.images().find(&name).map_err(|_| {
            Error::not_found(format!(
                "An image does not exist locally with the tag: {}",
                reference.familiar_name()
            ))
        })?;
        let body = archive::pack(&[(image, vec![name])]);
        let request = request("PUT", &reference, &body);
        self.ask_remote(context, request, After::Push(caller, reference));
        Ok(())
    }

    /// Asks such a registry for an image.
    pub(crate) fn pull_remote(&mut self, context: &mut Context<'_>, after: After) {
        let request = request("GET", after.reference(), &[]);
        self.ask_remote(context, request, after);
    }

    fn ask_remote(&mut self, context: &mut Context<'_>, request: Vec<u8>, after: After) {
        let (host, port) = address_of(after.reference());
        let host = match host_address(context.machine, &host) {
            Ok(address) => address,
            Err(unknown) => {
                let cause = format!("dial tcp: {unknown}");
                return self.remote_failed(context, after, "https", &cause);
            }
        };
        let is_own = host.starts_with("127.");
        if !is_own && !self.is_insecure(context, &after.reference().domain) {
            let text = "http: server gave HTTP response to HTTPS client";
            self.remote_failed(context, after, "https", text);
            return;
        }
        self.call_registry(context, &host, port, request, after);
    }

    /// True if the daemon was told that it may speak plain HTTP to a registry.
    fn is_insecure(&self, context: &Context<'_>, domain: &str) -> bool {
        let text = host_file(context.machine, "/etc/docker/daemon.json").unwrap_or_default();
        let list = text.split("\"insecure-registries\"").nth(1).unwrap_or_default();
        list.split(']').next().unwrap_or_default().contains(&format!("\"{domain}\""))
    }

    /// A registry has answered, or nobody has.
    pub(crate) fn registry_answered(
        &mut self,
        context: &mut Context<'_>,
        after: After,
        reply: NetReply,
    ) {
        let bytes = match reply {
            Ok(NetAnswer::Bytes(bytes)) => bytes,
            other => {
                let (host, port) = address_of(after.reference());
                let errno = other.err().unwrap_or(Errno::Refused);
                let call = match (errno, self.config.engine.release < Release(18, 0)) {
                    (Errno::Refused, true) => "getsockopt: connection refused".to_owned(),
                    (errno, _) => format!("connect: {}", errno.to_string().to_lowercase()),
                };
                let text = format!("dial tcp {host}:{port}: {call}");
                self.remote_failed(context, after, "http", &text);
                return;
            }
        };
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        let (head, body) = bytes.split_at(end.unwrap_or(bytes.len()));
        let status = String::from_utf8_lossy(head.get(9..12).unwrap_or_default()).into_owned();
        let is_push = matches!(after, After::Push(..));
        let image = match (is_push, status.as_str()) {
            (true, "201") => {
                let name = after.reference().familiar();
                self.engine.images().find(&name).cloned()
            }
            (false, "200") => archive::unpack(body).and_then(|images| {
                let first = images.into_iter().next().map(|(image, _)| image);
                first.ok_or_else(|| self.engine.no_manifest(after.reference()))
            }),
            _ => Err(self.engine.no_manifest(after.reference())),
        };
        self.remote_known(context, after, image);
    }

    fn remote_failed(
        &mut self,
        context: &mut Context<'_>,
        after: After,
        scheme: &str,
        cause: &str,
    ) {
        let url = format!("{scheme}://{}/v2/", after.reference().domain);
        let url =
            if self.config.engine.release < Release(20, 10) { url } else { format!("\"{url}\"") };
        let error = self.engine.refusal(format!("Get {url}: {cause}"));
        self.remote_known(context, after, Err(error));
    }

    fn remote_known(
        &mut self,
        context: &mut Context<'_>,
        after: After,
        image: Result<Image, EngineError>,
    ) {
        match after {
            After::Push(caller, reference) => {
                let id = self.transfer(context, Direction::Push, &reference, image);
                self.pulls.insert(id, PullTold::default());
                context.reply(caller, Ok(Response::Created { id: id.0.to_string() }));
            }
            After::Pull(caller, reference) => {
                let id = self.transfer(context, Direction::Pull, &reference, image);
                self.pulls.insert(id, PullTold::default());
                context.reply(caller, Ok(Response::Created { id: id.0.to_string() }));
            }
            After::Task(task, reference) => {
                let id = self.transfer(context, Direction::Pull, &reference, image);
                self.task_pulls(&task, id);
            }
            After::Pin(caller, reference, request) => {
                let digest = image.ok().map(|image| image.manifest_digest());
                let request = self.pinned(*request, &reference, digest);
                self.pinned_request(context, caller, request);
            }
        }
        self.after_engine(context);
    }

    fn transfer(
        &mut self,
        context: &Context<'_>,
        direction: Direction,
        reference: &Reference,
        image: Result<Image, EngineError>,
    ) -> TransferId {
        self.engine.start_known(context.now, direction, reference, image)
    }

    /// A request with its service's image pinned, so that it is not asked for again.
    fn pinned(
        &self,
        mut request: Request,
        reference: &Reference,
        digest: Option<engine::Digest>,
    ) -> Request {
        let pin = |image: &mut String| {
            if let Some(digest) = digest {
                *image = format!("{}@{digest}", reference.familiar());
            }
        };
        match &mut request {
            Request::CreateService { spec, query_registry }
            | Request::UpdateService { spec, query_registry, .. } => {
                pin(&mut spec.task.container.image);
                // One that was not to be had is warned of, as one that Docker Hub does not have.
                *query_registry = digest.is_none();
            }
            _ => {}
        }
        request
    }

    /// The image that a request wants pinned, if a registry in the world has to be asked for it.
    pub(crate) fn to_be_pinned(request: &Request) -> Option<Reference> {
        let spec = match request {
            Request::CreateService { spec, query_registry: true }
            | Request::UpdateService { spec, query_registry: true, rollback: false, .. } => spec,
            _ => return None,
        };
        let reference = Reference::parse(&spec.task.container.image).ok()?;
        (is_remote(&reference) && reference.digest.is_none()).then_some(reference)
    }
}
