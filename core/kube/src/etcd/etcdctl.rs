//! `etcdctl`, version 3 of its API: what etcd holds, for whoever has a member's certificates.

use os::{Errno, Proc};
use serde_json::{Value, json};
use sim::Duration;

/// The port of [`Proc::request`] that the host's etcd answers: the body is an [`Ask`], the reply an [`Answer`].
pub const PORT: &str = "etcd";

/// What is asked of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The keys that begin like this, or the one, as of a revision (0: the newest).
    Range {
        /// The key, or what keys begin with.
        key: String,
        /// All that begin like this.
        prefix: bool,
        /// As of this revision.
        revision: u64,
    },
    /// Forget what was before.
    Compact(u64),
    /// Write the file without what is forgotten.
    Defragment,
    /// How is it?
    Status,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The key.
    pub key: String,
    /// The bytes.
    pub value: Vec<u8>,
    /// The revision at which it came to be, that of its last change, and how often it changed.
    pub revisions: (u64, u64, u64),
}

/// How a member is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Its number.
    pub id: u64,
    /// The members: number, name, address.
    pub members: Vec<(u64, String, String)>,
    /// The size of its file, in bytes.
    pub db_size: u64,
    /// It leads.
    pub leads: bool,
    /// Its term.
    pub term: u64,
    /// The end of its log.
    pub index: u64,
    /// The newest revision.
    pub revision: u64,
}

/// What a member answers.
pub type Answer = Result<Reply, String>;

/// An answer that is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// What was found, and the newest revision.
    Found(Vec<Found>, u64),
    /// It is done.
    Done,
    /// How it is.
    Status(Status),
}

const HELP: &str = "\
NAME:
	etcdctl - A simple command line client for etcd3.

USAGE:
	etcdctl [flags]

VERSION:
	3.5.6

API VERSION:
	3.5

COMMANDS:
	compaction		Compacts the event history in etcd
	defrag			Defragments the storage of the etcd members with given endpoints
	endpoint health		Checks the healthiness of endpoints specified in `--endpoints` flag
	endpoint status		Prints out the status of endpoints specified in `--endpoints` flag
	get			Gets the key or a range of keys
	member list		Lists all members in the cluster
	version			Prints the version of etcdctl
";

/// How long it waits for a member.
const DIAL: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Line {
    words: Vec<String>,
    flags: Vec<(String, String)>,
}

impl Line {
    fn read(args: &[String]) -> Self {
        const SWITCHES: [&str; 5] = ["prefix", "keys-only", "print-value-only", "hex", "from-key"];
        let mut line = Self::default();
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            let Some(name) = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')) else {
                line.words.push(arg.clone());
                continue;
            };
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None if SWITCHES.contains(&name) => (name, "true".to_owned()),
                None => (name, rest.next().cloned().unwrap_or_default()),
            };
            let name = if name == "w" { "write-out" } else { name };
            line.flags.push((name.to_owned(), value));
        }
        line
    }

    fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn is_set(&self, name: &str) -> bool {
        self.flag(name).is_some_and(|value| value != "false")
    }
}

/// The program.
pub(crate) async fn main(proc: Proc) -> i32 {
    let args: Vec<String> = proc.args().into_iter().skip(1).collect();
    let line = Line::read(&args);
    let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
    let ask = match words[..] {
        [] | ["help"] => {
            proc.print(HELP).await;
            return 0;
        }
        ["version"] => {
            proc.print("etcdctl version: 3.5.6\nAPI version: 3.5\n").await;
            return 0;
        }
        ["get"] => {
            return usage(
                &proc,
                "get command needs one argument as key and an optional argument as range_end",
            )
            .await;
        }
        ["get", key, ..] => Ask::Range {
            key: key.to_owned(),
            prefix: line.is_set("prefix"),
            revision: line.flag("rev").and_then(|text| text.parse().ok()).unwrap_or(0),
        },
        ["compact" | "compaction", revision] => match revision.parse() {
            Ok(revision) => Ask::Compact(revision),
            Err(_) => {
                return usage(
                    &proc,
                    &format!("strconv.ParseInt: parsing \"{revision}\": invalid syntax"),
                )
                .await;
            }
        },
        ["defrag"] => Ask::Defragment,
        ["endpoint", "status" | "health"] | ["member", "list"] => Ask::Status,
        [word, ..] => {
            return usage(&proc, &format!("not simulated: etcdctl {word}")).await;
        }
    };
    match reach(&proc, &line, ask).await {
        Ok(reply) => {
            let text = shown(&line, &words, reply);
            proc.print(text).await;
            0
        }
        Err(why) => usage(&proc, &why).await,
    }
}

async fn usage(proc: &Proc, why: &str) -> i32 {
    proc.eprint(format!("Error: {why}\n")).await;
    1
}

/// Asks the host's member, if the caller has its certificates: without, it does not answer (kubeadm: `--client-cert-auth`).
async fn reach(proc: &Proc, line: &Line, ask: Ask) -> Result<Reply, String> {
    for (flag, variable) in
        [("cacert", "ETCDCTL_CACERT"), ("cert", "ETCDCTL_CERT"), ("key", "ETCDCTL_KEY")]
    {
        let path = line.flag(flag).map(str::to_owned).or_else(|| proc.env(variable));
        let Some(path) = path else {
            let _ = proc.sleep(DIAL).await;
            return Err("context deadline exceeded".to_owned());
        };
        if proc.read_file(&path).is_err() {
            return Err(format!("open {path}: no such file or directory"));
        }
    }
    match proc.request(PORT, Box::new(ask)).await.map(|body| body.downcast::<Answer>()) {
        Ok(Ok(answer)) => *answer,
        Err(Errno::Interrupted) => Err("context canceled".to_owned()),
        _ => Err("context deadline exceeded".to_owned()),
    }
}

fn shown(line: &Line, words: &[&str], reply: Reply) -> Vec<u8> {
    let text = match reply {
        Reply::Done if words.first() == Some(&"defrag") => {
            "Finished defragmenting etcd member[127.0.0.1:2379]\n".to_owned()
        }
        Reply::Done => format!("compacted revision {}\n", words.last().unwrap_or(&"")),
        Reply::Found(found, revision) => return found_text(line, &found, revision),
        Reply::Status(status) if words.first() == Some(&"member") => {
            let row = |(id, name, address): &(u64, String, String)| {
                format!(
                    "{id:x}, started, {name}, https://{address}:2380, https://{address}:2379, false\n"
                )
            };
            status.members.iter().map(row).collect()
        }
        Reply::Status(_) if words.last() == Some(&"health") => {
            "127.0.0.1:2379 is healthy: successfully committed proposal: took = 2.1ms\n".to_owned()
        }
        Reply::Status(status) => {
            let (id, size) = (status.id, status.db_size);
            let (leads, term, index) = (status.leads, status.term, status.index);
            format!(
                "127.0.0.1:2379, {id:x}, 3.5.6, {size} B, {leads}, false, {term}, {index}, {index}, \n"
            )
        }
    };
    text.into_bytes()
}

fn found_text(line: &Line, found: &[Found], revision: u64) -> Vec<u8> {
    if line.flag("write-out") == Some("json") {
        let kvs: Vec<Value> = found
            .iter()
            .map(|one| {
                json!({
                    "key": seal::base64::encode(one.key.as_bytes()),
                    "create_revision": one.revisions.0,
                    "mod_revision": one.revisions.1,
                    "version": one.revisions.2,
                    "value": seal::base64::encode(&one.value),
                })
            })
            .collect();
        let count = kvs.len() as u64;
        let header = json!({ "revision": revision });
        let answer = json!({ "header": header, "kvs": kvs, "count": count });
        return format!("{answer}\n").into_bytes();
    }
    let text = |bytes: &[u8]| match line.is_set("hex") {
        true => bytes.iter().flat_map(|byte| format!("\\x{byte:02x}").into_bytes()).collect(),
        false => bytes.to_vec(),
    };
    let mut out: Vec<u8> = Vec::new();
    for one in found {
        if !line.is_set("print-value-only") {
            out.extend(text(one.key.as_bytes()));
            out.push(b'\n');
        }
        if !line.is_set("keys-only") {
            out.extend(text(&one.value));
        }
        out.push(b'\n');
    }
    out
}
