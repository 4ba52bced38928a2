//! One host with kubectl and a small stand-in for an API server: objects by path, with versions.

use sorted::SortedMap;

use glasshive_kubectl::{Profile, register};
use kube::resources::RESOURCES;
use kube::rest::{self, Answer, Ask, Method, Reply, Request, Response, StreamEvent, Unreachable};
use os::fs::{FileSystem, FsKind, Mounts, Tree};
use os::program::image;
use os::remote::{RemoteEvent, RemoteInput};
use os::{Machine, Pid, Programs, RequestId};
use serde_json::{Value, json};
use sim::{Duration, Time};
use transcripts::{Ended, Peer, Stage};

const KUBECTL: &str = "/usr/bin/kubectl";

/// Objects by path, and what goes on.
#[derive(Debug, Default)]
pub struct Server {
    pub objects: SortedMap<String, Value>,
    version: u64,
    streams: SortedMap<u64, Vec<StreamEvent>>,
    /// Requests for what a stream brings next.
    waiting: Vec<(RequestId, u64)>,
    /// What was asked, as `GET /path`.
    pub asked: Vec<String>,
}

/// A host, its server and the time.
pub struct World {
    pub stage: Stage<Server>,
    /// Texts that a person leaves in the next editors.
    pub edits: Vec<(String, String)>,
}

const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: admin@lab
clusters:
- name: lab
  cluster:
    server: https://10.0.0.11:6443
    certificate-authority-data: Q0E=
contexts:
- name: admin@lab
  context:
    cluster: lab
    user: admin
users:
- name: admin
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZ
";

fn failed(code: u16, reason: &str, message: String, kind: &str, name: &str) -> Response {
    let details = json!({ "kind": kind, "name": name });
    let body = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
        "message": message, "code": code, "details": details });
    Response { code, warnings: Vec::new(), body }
}

fn good(body: Value) -> Response {
    Response { code: 200, warnings: Vec::new(), body }
}

fn query<'a>(request: &'a Request, name: &str) -> &'a str {
    request.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

/// A merge patch; lists whose items have names are merged by them.
fn patched(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, change) in changes {
        if change.is_null() {
            target.as_object_mut().unwrap().shift_remove(key);
            continue;
        }
        let named = |list: &Value| {
            list.as_array().is_some_and(|all| all.iter().all(|one| one.get("name").is_some()))
        };
        if named(change) && target[key].is_array() {
            for item in change.as_array().unwrap() {
                let list = target[key].as_array_mut().unwrap();
                let place = list.iter().position(|one| one["name"] == item["name"]);
                match (place, item.get("$patch").is_some()) {
                    (Some(place), true) => drop(list.remove(place)),
                    (Some(place), false) => patched(&mut list[place], item),
                    (None, _) => list.push(item.clone()),
                }
            }
            continue;
        }
        patched(&mut target[key], change);
    }
}

impl Server {
    fn stamp(&mut self, object: &mut Value, now: Time) {
        self.version += 1;
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = format!("uid-{}", self.version).into();
        }
        if object["metadata"]["creationTimestamp"].is_null() {
            object["metadata"]["creationTimestamp"] = format!("{}Z", &now.rfc3339()[..19]).into();
        }
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        if object["kind"] == "Secret" && object["type"].is_null() {
            object["type"] = "Opaque".into();
        }
    }

    fn matches(object: &Value, selector: &str, is_field: bool) -> bool {
        selector.split(',').filter(|part| !part.is_empty()).all(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let differs = key.ends_with('!');
            let key = key.trim_end_matches('!');
            let is = if is_field {
                object.pointer(&format!("/{}", key.replace('.', "/"))).cloned()
            } else {
                object["metadata"]["labels"].get(key).cloned()
            };
            (is.and_then(|is| is.as_str().map(str::to_owned)).unwrap_or_default() == value)
                != differs
        })
    }

    fn change(&mut self, request: &Request, now: Time, kind: &str, name: &str) -> Option<Response> {
        let path = request.path.as_str();

        let old = self.objects.get(path).cloned()?;
        let mut new = old.clone();
        if request.method == Method::Put {
            new = request.body.clone();
            new["metadata"]["uid"] = old["metadata"]["uid"].clone();
            new["metadata"]["creationTimestamp"] = old["metadata"]["creationTimestamp"].clone();
        } else if let Some(changes) = request.body.as_array() {
            for change in changes {
                *new.pointer_mut(change["path"].as_str().unwrap()).unwrap() =
                    change["value"].clone();
            }
        } else {
            patched(&mut new, &request.body);
        }
        if new["data"]["bad"].is_string() {
            let mut answer = failed(422, "Invalid", "invalid".into(), kind, name);
            answer.body["details"]["causes"] =
                json!([{ "field": "data[bad]", "message": "Invalid value: no" }]);
            return Some(answer);
        }
        if new != old {
            self.stamp(&mut new, now);
            self.objects.insert(path.to_owned(), new.clone());
        }
        Some(good(new))
    }

    fn answer(&mut self, request: &Request, now: Time) -> Response {
        let path = request.path.as_str();
        self.asked.push(format!("{:?} {path}", request.method).to_uppercase());
        if path == "/version" {
            return good(json!({ "major": "1", "minor": "25", "gitVersion": "v1.25.16" }));
        }
        if path.ends_with("/selfsubjectaccessreviews") {
            let mut answer = request.body.clone();
            let verb = answer["spec"]["resourceAttributes"]["verb"].clone();
            answer["status"] = json!({ "allowed": verb == "get" });
            return good(answer);
        }
        if path.ends_with("/log") {
            return good("first line\nsecond line\n".into());
        }
        let resource = RESOURCES.iter().find(|one| {
            path.split('/').any(|part| part == one.name) && {
                let base = if one.group.is_empty() { "/api/v1" } else { one.group };
                path.contains(base)
                    && (one.name != "namespaces"
                        || !path
                            .trim_start_matches("/api/v1/namespaces")
                            .trim_start_matches('/')
                            .contains('/'))
            }
        });
        let Some(resource) = resource else {
            return failed(
                404,
                "NotFound",
                "the server could not find the requested resource".into(),
                "",
                "",
            );
        };
        let (_, after) = path.rsplit_once(&format!("/{}", resource.name)).unwrap();
        let name = after.trim_start_matches('/').to_owned();
        let shown = resource.group_resource();
        let dry = !query(request, "dryRun").is_empty();
        let missing = || {
            failed(404, "NotFound", format!("{shown} \"{name}\" not found"), resource.name, &name)
        };
        match request.method {
            Method::Get if name.is_empty() => {
                let all = path.split("/namespaces/").count() < 2;
                let tail = format!("/{}/", resource.name);
                let items: Vec<Value> = self
                    .objects
                    .iter()
                    .filter(|(key, _)| {
                        if all { key.contains(&tail) } else { key.starts_with(&format!("{path}/")) }
                    })
                    .map(|(_, object)| object.clone())
                    .filter(|object| Self::matches(object, query(request, "labelSelector"), false))
                    .filter(|object| Self::matches(object, query(request, "fieldSelector"), true))
                    .collect();
                good(
                    json!({ "kind": format!("{}List", resource.kind), "apiVersion": resource.api_version(),
                    "metadata": { "resourceVersion": self.version.to_string() }, "items": items }),
                )
            }
            Method::Get => self.objects.get(path).cloned().map_or_else(missing, good),
            Method::Post => {
                let mut object = request.body.clone();
                let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                let key = format!("{path}/{name}");
                if self.objects.contains_key(&key) {
                    return failed(
                        409,
                        "AlreadyExists",
                        format!("{shown} \"{name}\" already exists"),
                        resource.name,
                        &name,
                    );
                }
                if resource.namespaced {
                    let namespace =
                        path.split("/namespaces/").nth(1).unwrap().split('/').next().unwrap();
                    object["metadata"]["namespace"] = namespace.into();
                }
                self.stamp(&mut object, now);
                if !dry {
                    self.objects.insert(key, object.clone());
                }
                good(object)
            }
            Method::Put | Method::Patch => {
                self.change(request, now, resource.kind, &name).unwrap_or_else(missing)
            }
            Method::Delete => match self.objects.get(path).cloned() {
                None => missing(),
                Some(object) => {
                    if !dry {
                        self.objects.remove(path);
                    }
                    good(object)
                }
            },
        }
    }

    fn open(&mut self, request: &Request, now: Time) -> Answer {
        let id = self.streams.len() as u64 + 1;
        let mut events = Vec::new();
        if request.path.ends_with("/exec") {
            let words: Vec<&str> = request
                .query
                .iter()
                .filter(|(key, _)| key == "command")
                .map(|(_, word)| word.as_str())
                .collect();
            let tty = query(request, "tty") == "true";
            if words == ["bash"] && tty {
                events.push(StreamEvent::Terminal(RemoteEvent::Awaits(
                    os::terminal::Awaits::Program,
                    "root@pod:/# ".into(),
                    false,
                )));
            } else {
                let input = request
                    .body
                    .as_str()
                    .map(|text| seal::base64::decode(text).unwrap())
                    .unwrap_or_default();
                let text = format!(
                    "{} in {} {}\n",
                    words.join(" "),
                    query(request, "container"),
                    String::from_utf8_lossy(&input).trim()
                );
                events.push(StreamEvent::Terminal(RemoteEvent::Shown(text.into_bytes())));
                let status =
                    words.strip_prefix(&["exit"]).map_or(0, |rest| rest[0].parse().unwrap());
                events.push(StreamEvent::Terminal(RemoteEvent::Closed(status)));
            }
        } else if request.path.ends_with("/log") {
            events = vec![
                StreamEvent::Log(b"first line\n".to_vec()),
                StreamEvent::Log(b"more\n".to_vec()),
                StreamEvent::Ended(Value::Null),
            ];
        } else {
            let list = self.answer(&Request { query: Vec::new(), ..request.clone() }, now);
            for object in list.body["items"].as_array().unwrap() {
                events.push(StreamEvent::Change(json!({ "type": "MODIFIED", "object": object })));
            }
            events.push(StreamEvent::Ended(Value::Null));
        }
        self.streams.insert(id, events);
        Answer::Opened(id)
    }
}

impl World {
    pub fn new(release: &str) -> Self {
        let profile = Profile::parse(release).unwrap();
        let now = Time::from_date(2023, 3, 21) + Duration::from_secs(19 * 3_600 + 37 * 60);
        let mut programs = Programs::default();
        register(&mut programs);
        let mut tree = Tree::default();
        tree.add_directory("/", 0o755, now);
        tree.add_directory("/tmp", 0o777, now);
        tree.add_file(KUBECTL, image(profile.program), 0o755, now);
        tree.add_file("/root/.kube/config", KUBECONFIG, 0o600, now);
        tree.add_file("/root/username", "jdoe\n", 0o644, now);
        tree.add_file("/root/password", "my-pass\n", 0o644, now);
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files")).unwrap()
        {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            tree.add_file(&format!("/root/{name}"), std::fs::read(path).unwrap(), 0o644, now);
        }
        let mounts = Mounts::new(FileSystem::from_tree(FsKind::Disk, tree).shared());
        let machine = Machine::new(now, "master", mounts, programs);
        let mut server = Server::default();
        server.stamp(&mut json!({ "metadata": {} }), now);
        Self { stage: Stage::new(machine, server, now), edits: Vec::new() }
    }

    /// Runs `kubectl` with `input` to read.
    pub fn run(&mut self, args: &[&str], input: &str) -> Ended {
        self.stage.run(KUBECTL, args, input.as_bytes(), LIMIT)
    }

    /// Runs `kubectl` on a terminal of its own, where a person types the input and leaves the editors.
    pub fn run_on_terminal(&mut self, args: &[&str], input: &str) -> Ended {
        let (terminal, pid) = self.stage.start_on_terminal(KUBECTL, args);
        let end = self.stage.now + LIMIT;
        let mut typed = false;
        while !self.stage.run_until(end, |stage| stage.ended.contains_key(&pid)) {
            let machine = &mut self.stage.machine;
            let editor =
                machine.terminal(terminal, |terminal| terminal.editor().cloned()).flatten();
            if let Some(editor) = editor {
                if self.edits.is_empty() {
                    break;
                }
                let (from, to) = self.edits.remove(0);
                let _ = machine.finish_editor(terminal, Some(editor.text.replace(&from, &to)));
            } else if !typed {
                typed = true;
                machine.type_text(terminal, &format!("{input}\n"));
            } else {
                break;
            }
        }
        let status = self.stage.ended.get(&pid).copied();
        Ended { status, printed: self.stage.printed(terminal) }
    }
}

const LIMIT: Duration = Duration::from_secs(120);

impl Peer for Server {
    fn serve(&mut self, machine: &mut Machine, now: Time, _: &SortedMap<Pid, i32>) -> bool {
        let mut served = false;
        for request in machine.take_requests() {
            assert_eq!(request.port, rest::PORT);
            served = true;
            let reply: Reply = match *request.body.downcast::<Ask>().unwrap() {
                Ask::Call(call) | Ask::Open(call)
                    if !call.server.starts_with("https://10.0.0.11") =>
                {
                    Err(Unreachable::Refused)
                }
                Ask::Call(call) => Ok(Answer::Response(self.answer(&call, now))),
                Ask::Open(call) => Ok(self.open(&call, now)),
                Ask::Next(stream) => {
                    self.waiting.push((request.id, stream));
                    continue;
                }
                Ask::Send(stream, input) => {
                    let events = self.streams.entry(stream).or_default();
                    if let RemoteInput::Line(line) = input {
                        events.push(StreamEvent::Terminal(RemoteEvent::Shown(
                            format!("typed {line}\n").into_bytes(),
                        )));
                    }
                    events.push(StreamEvent::Terminal(RemoteEvent::Closed(0)));
                    Ok(Answer::Sent)
                }
                Ask::Close(_) => continue,
            };
            machine.reply(request.id, Box::new(reply));
        }
        for (id, stream) in std::mem::take(&mut self.waiting) {
            let events = self.streams.get_mut(&stream).map(std::mem::take).unwrap_or_default();
            if events.is_empty() {
                self.waiting.push((id, stream));
            } else {
                machine.reply(id, Box::new(Reply::Ok(Answer::Events(events))));
                served = true;
            }
        }
        served
    }
}
