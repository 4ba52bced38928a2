//! Requests and answers as bytes: HTTP's heads, and bodies.

use seal::base64;
use serde_json::{Value, json};
use swarm::control::{Code, ControlRequest, ControlResponse};
use swarm::objects::{Annotations, ConfigSpec, Driver, Id, SecretBytes, SecretSpec};

use super::{Answer, Said};
use crate::api::{Error, Request, Response, endpoint};

const JSON: &str = "application/json";
const OWN: &str = "application/x-postcard";
const PLAIN: &str = "text/plain; charset=utf-8";

/// Head and body. `first` is the first line with more lines of the head, none of them ended.
fn message(first: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{first}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The first line, the content's type, the body.
fn split(bytes: &[u8]) -> (String, String, &[u8]) {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
    let (head, body) = bytes.split_at(end.unwrap_or(bytes.len()));
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let kind = lines.find_map(|line| line.strip_prefix("Content-Type: ")).unwrap_or_default();
    (first, kind.to_owned(), body)
}

/// A request on the wire; nothing for one that has no form there.
///
/// `session`: the client's process. `release`: the versions of the API and of Docker.
pub(super) fn request(
    said: &Said,
    session: u32,
    host: &str,
    release: (&str, &str),
) -> Option<Vec<u8>> {
    let ((verb, path), json) = match said {
        Said::Request(request, ..) => (endpoint(request), spec(request)),
        Said::Input(_) => (("Post", "/attach".to_owned()), None),
    };
    let (kind, body) = match json {
        Some(json) => (JSON, json.to_string().into_bytes()),
        None => (OWN, postcard::to_allocvec(&(session, said)).ok()?),
    };
    let (api, version) = release;
    let first = format!(
        "{} /v{api}{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Docker-Client/{version} (linux)",
        verb.to_uppercase()
    );
    Some(message(&first, kind, &body))
}

/// A request off the wire, and the client's process if it matters.
///
/// # Errors
/// What is answered to bytes that are none, or to what only real daemons understand.
pub(super) fn read_request(bytes: &[u8], release: (&str, &str)) -> Result<(u32, Said), Vec<u8>> {
    let (first, kind, body) = split(bytes);
    let mut words = first.split(' ');
    let (verb, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let known = match kind.as_str() {
        OWN => postcard::from_bytes(body).ok(),
        _ => read_spec(verb, path, body)
            .map(|request| (0, Said::Request(Box::new(request), None, 0))),
    };
    known.ok_or_else(|| match (verb, path.ends_with("/_ping")) {
        ("GET" | "HEAD", true) => message(&status_line(200, release), PLAIN, b"OK"),
        _ => {
            let text = "not simulated: the Engine API for other clients than docker, but for _ping and new \
                        secrets and configs";
            answer(&Answer::Reply(Err(Error::new(501, text))), release)
        }
    })
}

fn status_line(status: u16, (api, version): (&str, &str)) -> String {
    let reason = match status {
        200 => "OK",
        201 => "Created",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    };
    format!("HTTP/1.1 {status} {reason}\r\nApi-Version: {api}\r\nServer: Docker/{version} (linux)")
}

/// An answer on the wire.
pub(super) fn answer(answer: &Answer, release: (&str, &str)) -> Vec<u8> {
    let (status, json) = match answer {
        Answer::Reply(Ok(Response::Control(ControlResponse::Created { id }))) => {
            (201, Some(json!({"ID": id.to_string()})))
        }
        Answer::Reply(Err(Error::Api { status, code, message })) => {
            let mut json = json!({ "message": message });
            if let Some(code) = code {
                json["code"] = code.number().into();
            }
            (*status, Some(json))
        }
        Answer::Reply(Err(_)) => (500, None),
        Answer::Reply(Ok(
            Response::Created { .. }
            | Response::ServiceCreated { .. }
            | Response::ContainerCreated { .. },
        )) => (201, None),
        Answer::Reply(Ok(_)) | Answer::Events(_) => (200, None),
    };
    let (kind, body) = match json {
        Some(json) => (JSON, format!("{json}\n").into_bytes()),
        None => match postcard::to_allocvec(answer) {
            Ok(body) => (OWN, body),
            Err(_) => return lacks("this answer to a client of another host", release),
        },
    };
    message(&status_line(status, release), kind, &body)
}

fn lacks(what: &str, release: (&str, &str)) -> Vec<u8> {
    answer(&Answer::Reply(Err(Error::new(501, format!("not simulated: {what}")))), release)
}

/// To plain HTTP on a port with TLS (Go: `net/http`, `server.go`).
pub(super) fn wants_tls() -> Vec<u8> {
    message("HTTP/1.0 400 Bad Request", PLAIN, b"Client sent an HTTP request to an HTTPS server.\n")
}

/// To TLS on a port without it.
pub(super) fn wants_plain() -> Vec<u8> {
    message("HTTP/1.1 400 Bad Request", PLAIN, b"400 Bad Request")
}

/// An answer off the wire.
pub(super) fn read_answer(bytes: &[u8]) -> Answer {
    let (first, kind, body) = split(bytes);
    let status = first.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(500);
    let reply = match kind.as_str() {
        OWN => return postcard::from_bytes(body).unwrap_or(Answer::Reply(Err(Error::Unreachable))),
        JSON => {
            let json: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
            match json["ID"].as_str() {
                Some(id) => Ok(Response::Control(ControlResponse::Created { id: Id::from(id) })),
                None => Err(Error::Api {
                    status,
                    // Its number is how the code is encoded.
                    code: json["code"].as_u64().and_then(|number| {
                        postcard::from_bytes::<Code>(&[u8::try_from(number).ok()?]).ok()
                    }),
                    message: json["message"].as_str().unwrap_or_default().to_owned(),
                }),
            }
        }
        _ => Err(Error::new(status, String::from_utf8_lossy(body).trim())),
    };
    Answer::Reply(reply)
}

/// `POST /secrets/create` and `POST /configs/create` (moby: `api/types/swarm/secret.go`).
fn spec(request: &Request) -> Option<Value> {
    let (annotations, data, templating) = match request {
        Request::Control(ControlRequest::CreateSecret { spec }) if spec.driver.is_none() => {
            (&spec.annotations, &spec.data, &spec.templating)
        }
        Request::Control(ControlRequest::CreateConfig { spec }) => {
            (&spec.annotations, &spec.data, &spec.templating)
        }
        _ => return None,
    };
    let labels: serde_json::Map<String, Value> =
        annotations.labels.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
    let data = base64::encode(data.expose());
    let mut json = json!({"Name": annotations.name, "Labels": labels, "Data": data});
    if let Some(driver) = templating {
        json["Templating"] = json!({ "Name": driver.name });
    }
    Some(json)
}

fn read_spec(verb: &str, path: &str, body: &[u8]) -> Option<Request> {
    let is_secret = path.ends_with("/secrets/create");
    if verb != "POST" || !(is_secret || path.ends_with("/configs/create")) {
        return None;
    }
    let json: Value = serde_json::from_slice(body).ok()?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let labels = json["Labels"].as_object().into_iter().flatten();
    let annotations = Annotations {
        name: text(&json["Name"]),
        labels: labels.map(|(key, value)| (key.clone(), text(value))).collect(),
    };
    let data = SecretBytes::from(base64::decode(json["Data"].as_str().unwrap_or_default())?);
    let name = text(&json["Templating"]["Name"]);
    let templating = (!name.is_empty()).then(|| Driver { name, ..Driver::default() });
    Some(Request::Control(if is_secret {
        let spec = SecretSpec { annotations, data, templating, driver: None };
        ControlRequest::CreateSecret { spec: Box::new(spec) }
    } else {
        let spec = ConfigSpec { annotations, data, templating };
        ControlRequest::CreateConfig { spec: Box::new(spec) }
    }))
}
