//! `swarm-rafttool` (swarmkit: `swarmd/cmd/swarm-rafttool`): what is in a manager's log and snapshots, for
//! whoever has the state folder and, with autolock, the unlock key.

use std::rc::Rc;

use os::{Errno, Proc};
use swarm::objects::{ClusterCa, Id, Kind, Object, SecretBytes};
use swarm::state_dir::{EntryContent, StateDir};
use swarm::store::StoreAction;

use crate::prototext;

/// What swarmkit's tool looks at unless told otherwise; Docker's folder is `/var/lib/docker/swarm`.
const DEFAULT_STATE_DIR: &str = "/var/lib/swarmd";
const DEFAULT_OUTPUT_DIR: &str = "plaintext_raft";

/// A flag: its spelling, the type that help shows (empty for a switch), its help.
type Flag = (&'static str, &'static str, &'static str);

struct Command {
    name: &'static str,
    /// What follows the name in a usage line.
    operands: &'static str,
    help: &'static str,
    flags: &'static [Flag],
}

const REDACT: Flag =
    ("redact", "", "Redact the values of secrets, configs, and environment variables");
const COMMANDS: &[Command] = &[
    Command {
        name: "decrypt",
        operands: " <output directory>",
        help: "Decrypt a swarm manager's raft logs to an optional directory",
        flags: &[(
            "output-dir",
            "string",
            "Output directory for decrypted raft logs (default \"plaintext_raft\")",
        )],
    },
    Command {
        name: "downgrade-key",
        operands: "",
        help: "Downgrade swarm node key from PKCS8 to PKCS1",
        flags: &[],
    },
    Command {
        name: "dump-object",
        operands: " [type]",
        help: "Display an object from the Raft snapshot/WAL",
        flags: &[
            ("id", "string", "Look up object by ID"),
            ("name", "string", "Look up object by name"),
        ],
    },
    Command {
        name: "dump-snapshot",
        operands: "",
        help: "Display entries from the latest Raft snapshot",
        flags: &[REDACT],
    },
    Command {
        name: "dump-wal",
        operands: "",
        help: "Display entries from the Raft log",
        flags: &[
            ("end", "uint", "End of index range to dump"),
            REDACT,
            ("start", "uint", "Start of index range to dump"),
        ],
    },
    Command { name: "renew-certs", operands: "", help: "Renew expired manager cert", flags: &[] },
];
const GLOBAL: &[Flag] = &[
    ("state-dir", "string", "State directory (default \"/var/lib/swarmd\")"),
    ("unlock-key", "string", "Unlock key, if raft logs are encrypted"),
];
const LETTERS: &[(char, &str)] = &[('d', "state-dir"), ('h', "help"), ('o', "output-dir")];

/// What was typed.
#[derive(Default)]
struct Typed {
    flags: Vec<(&'static str, String)>,
    operands: Vec<String>,
    wants_help: bool,
}

impl Typed {
    fn value(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Result<u64, String> {
        let Some(text) = self.value(name) else { return Ok(0) };
        text.parse().map_err(|_| {
            format!(
                "invalid argument \"{text}\" for \"--{name}\" flag: strconv.ParseUint: parsing \
                 \"{text}\": invalid syntax"
            )
        })
    }
}

fn parse(args: &[String], flags: &[Flag]) -> Result<Typed, String> {
    let mut typed = Typed::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let (name, inline) = match arg.strip_prefix("--") {
            Some(long) => match long.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (long.to_owned(), None),
            },
            None if arg.len() > 1 && arg.starts_with('-') => {
                let letter = arg.chars().nth(1).unwrap_or_default();
                let long = LETTERS.iter().find(|(known, _)| *known == letter);
                let (_, long) =
                    long.ok_or_else(|| format!("unknown shorthand flag: '{letter}' in {arg}"))?;
                let rest: String = arg.chars().skip(2).collect();
                ((*long).to_owned(), Some(rest).filter(|rest| !rest.is_empty()))
            }
            None => {
                typed.operands.push(arg.clone());
                continue;
            }
        };
        if name == "help" {
            typed.wants_help = true;
            continue;
        }
        let flag = flags.iter().chain(GLOBAL).find(|(known, ..)| *known == name);
        let &(known, kind, _) = flag.ok_or_else(|| format!("unknown flag: --{name}"))?;
        let value = match (inline, kind) {
            (Some(value), _) => value,
            (None, "") => "true".to_owned(),
            (None, _) => match args.next() {
                Some(value) => value.clone(),
                None => return Err(format!("flag needs an argument: --{name}")),
            },
        };
        typed.flags.push((known, value));
    }
    Ok(typed)
}

/// Where the command is: the first argument that is no flag and no flag's value.
fn command_at(args: &[String]) -> Option<usize> {
    let takes_value = |arg: &str| {
        let all = COMMANDS.iter().flat_map(|command| command.flags).chain(GLOBAL);
        let valued = all.filter(|(_, kind, _)| !kind.is_empty()).map(|(name, ..)| *name);
        let short = LETTERS.iter().find(|(letter, _)| arg == format!("-{letter}"));
        let long = arg.strip_prefix("--").or(short.map(|(_, long)| *long));
        valued.into_iter().any(|name| Some(name) == long)
    };
    let is_operand =
        |at: &usize| !args[*at].starts_with('-') && (*at == 0 || !takes_value(&args[*at - 1]));
    (0..args.len()).find(is_operand)
}

/// The program.
pub(crate) async fn main(proc: Proc) -> i32 {
    let args: Vec<String> = proc.args().into_iter().skip(1).collect();
    let at = command_at(&args).filter(|at| args[*at] != "help");
    let Some(at) = at else {
        proc.print(root_help()).await;
        return 0;
    };
    let name = &args[at];
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        proc.eprint(format!(
            "Error: unknown command \"{name}\" for \"swarm-rafttool\"\nRun 'swarm-rafttool --help' \
             for usage.\n"
        ))
        .await;
        return 255;
    };
    let rest = [&args[..at], &args[at + 1..]].concat();
    let typed = parse(&rest, command.flags);
    if let Ok(Typed { wants_help: true, .. }) = &typed {
        proc.print(format!("{}\n\n{}", command.help, usage(command))).await;
        return 0;
    }
    let done = typed.and_then(|typed| run(&proc, command, &typed));
    match done {
        Ok(text) => {
            proc.print(text).await;
            0
        }
        Err(error) => {
            proc.eprint(format!("Error: {error}\n{}\n", usage(command))).await;
            255
        }
    }
}

/// cobra's layout: flags in one column, their help in the next. `-h` is one of them.
fn flag_lines(flags: &[Flag], help: Option<&str>) -> String {
    let help = help.map(|name| ("help", "", format!("help for {name}")));
    let mut all: Vec<(&str, &str, String)> =
        flags.iter().map(|(name, kind, text)| (*name, *kind, (*text).to_owned())).collect();
    all.extend(help);
    all.sort_unstable();
    let left = |name: &str, kind: &str| {
        let letter = LETTERS.iter().find(|(_, long)| *long == name);
        let letter = letter.map_or("    ".to_owned(), |(letter, _)| format!("-{letter}, "));
        let gap = if kind.is_empty() { "" } else { " " };
        format!("  {letter}--{name}{gap}{kind}")
    };
    let width = all.iter().map(|(name, kind, _)| left(name, kind).len()).max().unwrap_or(0);
    let line = |(name, kind, text): &(&str, &str, String)| {
        format!("{:width$}   {text}\n", left(name, kind))
    };
    all.iter().map(line).collect()
}

fn usage(command: &Command) -> String {
    format!(
        "Usage:\n  swarm-rafttool {}{} [flags]\n\nFlags:\n{}\nGlobal Flags:\n{}",
        command.name,
        command.operands,
        flag_lines(command.flags, Some(command.name)),
        flag_lines(GLOBAL, None)
    )
}

fn root_help() -> String {
    let commands: String = COMMANDS
        .iter()
        .map(|command| format!("  {:13} {}\n", command.name, command.help))
        .collect();
    format!(
        "Tool to translate and decrypt the raft logs of a swarm manager\n\nUsage:\n  \
         swarm-rafttool [command]\n\nAvailable Commands:\n{commands}  help          Help about any \
         command\n\nFlags:\n{}\nUse \"swarm-rafttool [command] --help\" for more information about a \
         command.\n",
        flag_lines(GLOBAL, Some("swarm-rafttool"))
    )
}

fn run(proc: &Proc, command: &Command, typed: &Typed) -> Result<String, String> {
    if matches!(command.name, "downgrade-key" | "renew-certs") {
        return Err(format!("not simulated: swarm-rafttool {}", command.name));
    }
    let folder = typed.value("state-dir").unwrap_or(DEFAULT_STATE_DIR);
    let read = || StateDir::read(files_below(proc, folder)?, typed.value("unlock-key"));
    let redact = typed.value("redact").is_some_and(|value| value != "false");
    match command.name {
        "decrypt" => {
            if !typed.operands.is_empty() {
                return Err("swarm-rafttool command does not take any arguments".to_owned());
            }
            decrypt(proc, read()?, typed.value("output-dir").unwrap_or(DEFAULT_OUTPUT_DIR))
        }
        "dump-wal" => {
            let (start, end) = (typed.number("start")?, typed.number("end")?);
            Ok(dump_wal(&read()?, start, end, redact))
        }
        "dump-snapshot" => dump_snapshot(&read()?, redact),
        _ => {
            let kind = match &typed.operands[..] {
                [kind] => kind,
                _ => return Err("dump-object subcommand takes exactly 1 argument".to_owned()),
            };
            dump_object(&read()?, kind, typed.value("id"), typed.value("name"))
        }
    }
}

/// The files that a state folder has, by their paths below it.
fn files_below(proc: &Proc, folder: &str) -> Result<Vec<(String, Vec<u8>)>, String> {
    const FOLDERS: [&str; 3] = ["certificates", "raft/snap-v3-encrypted", "raft/wal-v3-encrypted"];
    let folder = folder.trim_end_matches('/');
    let failed =
        |path: &str, errno: Errno| format!("open {path}: {}", errno.to_string().to_lowercase());
    let key = format!("{folder}/certificates/swarm-node.key");
    proc.read_file(&key).map_err(|errno| failed(&key, errno))?;
    let mut files = Vec::new();
    for part in FOLDERS {
        let path = format!("{folder}/{part}");
        // A folder that is not there holds nothing: a worker has no log, a young manager no snapshot.
        for (name, _) in proc.list(&path).unwrap_or_default() {
            let file = format!("{path}/{name}");
            let bytes = proc.read_file(&file).map_err(|errno| failed(&file, errno))?;
            files.push((format!("{part}/{name}"), bytes));
        }
    }
    Ok(files)
}

fn decrypt(proc: &Proc, state: StateDir, folder: &str) -> Result<String, String> {
    for (name, bytes) in state.decrypted()? {
        let path = format!("{folder}/{name}");
        let parents = path.match_indices('/').map(|(at, _)| &path[..at]).filter(|p| !p.is_empty());
        for parent in parents {
            if !proc.exists(parent) {
                let made = proc.make_directory(parent, 0o700);
                made.map_err(|errno| format!("mkdir {parent}: {errno}").to_lowercase())?;
            }
        }
        let written = proc.write_file(&path, &bytes);
        written.map_err(|errno| format!("open {path}: {errno}").to_lowercase())?;
    }
    Ok(String::new())
}

fn dump_wal(state: &StateDir, start: u64, end: u64, redact: bool) -> String {
    let mut text = String::new();
    let is_wanted = |index| start <= index && (end == 0 || index <= end);
    for entry in state.entries.iter().filter(|entry| is_wanted(entry.index)) {
        let kind = match entry.content {
            EntryContent::AddMember(_) | EntryContent::RemoveMember(_) => "EntryConfChange",
            _ => "EntryNormal",
        };
        text += &format!("Entry Index={}, Term={}, Type={kind}:\n", entry.index, entry.term);
        text += &match &entry.content {
            EntryContent::Empty => String::new(),
            EntryContent::Unreadable => "(not readable)\n".to_owned(),
            EntryContent::AddMember(id) => member_change("AddNode", *id),
            EntryContent::RemoveMember(id) => member_change("RemoveNode", *id),
            EntryContent::Actions(id, actions) => {
                let mut lines = format!("id: {id}\n");
                for action in actions {
                    lines += &format!("action: <\n{}>\n", action_lines(action, redact));
                }
                lines
            }
        };
        text.push('\n');
    }
    text
}

fn member_change(what: &str, id: u64) -> String {
    format!("Conf change type: ConfChange{what}\nNode ID: {id:x}\n")
}

fn action_lines(action: &StoreAction, redact: bool) -> String {
    let (word, object) = match action {
        StoreAction::Create(object) => ("CREATE", object),
        StoreAction::Update(object) => ("UPDATE", object),
        StoreAction::Remove(kind, id) => {
            return format!(
                "  action: STORE_ACTION_REMOVE\n  {}: <\n    id: \"{id}\"\n  >\n",
                kind.word()
            );
        }
    };
    format!(
        "  action: STORE_ACTION_{word}\n  {}: <\n{}  >\n",
        object.kind().word(),
        object_lines(object, redact, 4)
    )
}

fn object_lines(object: &Object, redact: bool, indent: usize) -> String {
    let object = if redact { redacted(object) } else { object.clone() };
    match object {
        Object::Cluster(object) => prototext::lines(&*object, indent),
        Object::Node(object) => prototext::lines(&*object, indent),
        Object::Service(object) => prototext::lines(&*object, indent),
        Object::Task(object) => prototext::lines(&*object, indent),
        Object::Secret(object) => prototext::lines(&*object, indent),
        Object::Config(object) => prototext::lines(&*object, indent),
        Object::Network(object) => prototext::lines(&*object, indent),
    }
}

/// Without keys, secrets, configs and environment variables.
fn redacted(object: &Object) -> Object {
    let hidden = |text: &str| SecretBytes::from(text.as_bytes());
    match object {
        Object::Cluster(cluster) => {
            let mut cluster = (**cluster).clone();
            cluster.unlock_keys.clear();
            cluster.network_keys.clear();
            cluster.root_ca = ClusterCa::default();
            Object::Cluster(Rc::new(cluster))
        }
        Object::Secret(secret) => {
            let mut secret = (**secret).clone();
            secret.spec.data = hidden("SECRET REDACTED");
            Object::Secret(Rc::new(secret))
        }
        Object::Config(config) => {
            let mut config = (**config).clone();
            config.spec.data = hidden("CONFIG REDACTED");
            Object::Config(Rc::new(config))
        }
        Object::Task(task) => {
            let mut task = (**task).clone();
            task.spec.container.env = vec!["ENVVARS REDACTED".to_owned()];
            Object::Task(Rc::new(task))
        }
        Object::Service(service) => {
            let mut service = (**service).clone();
            service.spec.task.container.env = vec!["ENVVARS REDACTED".to_owned()];
            Object::Service(Rc::new(service))
        }
        Object::Node(_) | Object::Network(_) => object.clone(),
    }
}

fn dump_snapshot(state: &StateDir, redact: bool) -> Result<String, String> {
    let snapshot = state.snapshot.as_ref().ok_or("no snapshot found")?;
    let mut text = "Active members:\n".to_owned();
    for (id, node, addr) in &snapshot.members {
        text += &format!(" NodeID={node}, RaftID={id:x}, Addr={addr}\n");
    }
    text += "\nRemoved members:\n";
    for id in &snapshot.removed {
        text += &format!(" RaftID={id:x}\n");
    }
    text += "\nObjects:\n";
    for object in &snapshot.objects {
        let word = object.kind().word();
        text += &format!("{word}s: <\n{}>\n", object_lines(object, redact, 2));
    }
    Ok(text + "\n")
}

fn dump_object(
    state: &StateDir,
    kind: &str,
    id: Option<&str>,
    name: Option<&str>,
) -> Result<String, String> {
    let kinds = [
        Kind::Node,
        Kind::Service,
        Kind::Task,
        Kind::Network,
        Kind::Cluster,
        Kind::Secret,
        Kind::Config,
    ];
    let known = kinds.into_iter().find(|known| known.word() == kind);
    if known.is_none() && !matches!(kind, "resource" | "extension") {
        return Err(format!("unrecognized object type {kind}"));
    }
    let (id, name) = (id.filter(|id| !id.is_empty()), name.filter(|name| !name.is_empty()));
    let is_wanted = |object: &Object| {
        let by_name = name.is_some_and(|name| object.name().eq_ignore_ascii_case(name));
        let by_id = id.is_some_and(|id| *object.id() == Id::from(id));
        by_name || by_id || (id.is_none() && name.is_none())
    };
    let text: String = state
        .store()
        .objects()
        .filter(|object| Some(object.kind()) == known && is_wanted(object))
        .map(|object| object_lines(&object, false, 0) + "\n")
        .collect();
    if text.is_empty() { Err("no matching objects found".to_owned()) } else { Ok(text) }
}
