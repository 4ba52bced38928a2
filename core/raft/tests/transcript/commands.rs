//! The commands of the transcripts.
//!
//! | command | meaning |
//! | --- | --- |
//! | `cluster 1 2 3 [base=10/1] [options]` | starts members that know each other; with `base`, from a snapshot |
//! | `bootstrap 1` | the first member of a new cluster, named by its own log |
//! | `joiner 4 [options]` | starts a member that knows nobody |
//! | `disk 2 [log=1,1,2] [term=] [vote=] [commit=]` | starts a member again from this disk |
//! | `tick 1 2 x10`, `timeout 1`, `run 5` | ticks alone; ticks up to the timeout; rounds of ticks and settle |
//! | `campaign 1`, `propose 1 text`, `add 1 4`, `remove 1 4`, `transfer 1 2` | the caller's wishes |
//! | `ready 1`, `persist 1`, `apply 1` | one stage of the caller's loop |
//! | `deliver`, `drop`, `duplicate` `[1->2] [Name]` | queued messages, selected by link and kind |
//! | `message 3->1 term=5 vote last=2/2` | a message made by hand |
//! | `settle [1 2]` | all stages among these members until nothing is left |
//! | `cut 1 2`, `cut 1->2`, `cut 3`, `heal …` | links |
//! | `crash 1 [parts=1]`, `restart 1` | power; how many parts of unsynced writes survive |
//! | `compact 1 keep=2`, `unreachable 1 2`, `delivered 1 2`, `failed 1 2` | snapshots and transport |
//! | `status`, `log`, `progress`, `queue` | observations |
//! | `quiet …` | the same without what happens on the way: role changes only |
//!
//! Options: `pre-vote`, `no-check-quorum`, `window=3`, `uncommitted=100`, `size=64`.

use sorted::{SortedMap, SortedSet};
use std::fmt::Write as _;
use std::str::FromStr;

use glasshive_raft::{
    Committed, ConfChange, Config, Entry, HardState, Index, Message, MessageBody, Payload, RaftId,
    Ready, Snapshot, Term,
};

use super::show;
use crate::cluster::{Machine, Member, encode};

/// The members, the messages under way, the links that are cut.
#[derive(Debug, Default)]
pub(super) struct Scene {
    members: SortedMap<u64, Member>,
    queue: Vec<Message>,
    cut: SortedSet<(u64, u64)>,
    roles: SortedMap<u64, String>,
    out: String,
    quiet: bool,
}

/// The words of a command: bare ones and `key=value`.
struct Args<'a>(Vec<&'a str>);

impl<'a> Args<'a> {
    fn value(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.value(key).map(|text| text.parse().expect("a number"))
    }

    fn has(&self, word: &str) -> bool {
        self.0.contains(&word)
    }

    fn ids(&self) -> Vec<u64> {
        self.0.iter().filter_map(|word| word.parse().ok()).collect()
    }

    fn id(&self, place: usize) -> u64 {
        *self.ids().get(place).expect("an id is missing")
    }

    /// `index/term`.
    fn place(&self, key: &str) -> (Index, Term) {
        let (index, term) = self.value(key).and_then(|t| t.split_once('/')).expect("index/term");
        (Index(index.parse().expect("a number")), Term(term.parse().expect("a number")))
    }

    fn list(&self, key: &str) -> Vec<u64> {
        let text = self.value(key).unwrap_or_default();
        text.split(',').filter(|t| !t.is_empty()).map(|t| t.parse().expect("a number")).collect()
    }

    /// `from->to` with either side possibly left out.
    fn link(&self) -> Option<(Option<u64>, Option<u64>)> {
        let (from, to) = self.0.iter().find_map(|word| word.split_once("->"))?;
        Some((u64::from_str(from).ok(), u64::from_str(to).ok()))
    }
}

impl Scene {
    /// Runs one command line and gives what it prints.
    pub(super) fn command(&mut self, line: &str) -> String {
        let (quiet, line) = match line.strip_prefix("quiet ") {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        self.quiet = quiet;
        let mut words = line.split_whitespace();
        let name = words.next().expect("a command");
        let args = Args(words.collect());
        match name {
            "cluster" | "bootstrap" | "joiner" | "disk" | "crash" | "restart" | "compact" => {
                self.administer(name, &args);
            }
            "cut" | "heal" | "deliver" | "drop" | "duplicate" | "message" => {
                self.network(name, &args);
            }
            "status" | "log" | "progress" | "queue" => {
                self.quiet = false;
                self.observe(name, &args);
            }
            "settle" => self.settle(&args.ids()),
            _ => self.drive(name, &args),
        }
        self.note_roles();
        if self.out.is_empty() && !quiet {
            self.out.push_str("ok\n");
        }
        std::mem::take(&mut self.out)
    }

    fn print(&mut self, line: &str) {
        if !self.quiet {
            let _ = writeln!(self.out, "{line}");
        }
    }

    fn running(&self) -> Vec<u64> {
        self.members.iter().filter(|(_, m)| m.raft.is_some()).map(|(id, _)| *id).collect()
    }

    fn member(&mut self, id: u64) -> &mut Member {
        self.members.get_mut(&id).expect("no such member")
    }

    /// Prints who became what since the last look.
    fn note_roles(&mut self) {
        for (id, member) in &self.members {
            let role = member.raft.as_ref().map_or("down".into(), |r| show::role(&r.status()));
            if self.roles.insert(*id, role.clone()).is_some_and(|old| old != role) {
                let _ = writeln!(self.out, "{id} is {role}");
            }
        }
    }

    fn start(&mut self, id: u64) {
        self.member(id).start(sim::Streams::new(1));
    }

    fn administer(&mut self, name: &str, args: &Args<'_>) {
        match name {
            "cluster" | "joiner" => {
                let ids = args.ids();
                let voters = ids.iter().copied().map(RaftId).filter(|_| name == "cluster");
                let voters: Vec<RaftId> = voters.collect();
                for id in ids {
                    let mut member = Member::new(config(id, args), voters.clone());
                    if args.value("base").is_some() {
                        member.disk.snapshot = Some(base_snapshot(args.place("base"), &voters));
                        let (index, term) = args.place("base");
                        member.disk.hard_state = HardState { term, vote: None, commit: index };
                    }
                    self.members.insert(id, member);
                    self.start(id);
                }
            }
            "bootstrap" => {
                let id = args.id(0);
                let mut member = Member::new(config(id, args), Vec::new());
                member.bootstrap(sim::Streams::new(1));
                self.members.insert(id, member);
            }
            "disk" => {
                let disk = &mut self.member(args.id(0)).disk;
                let first = disk.snapshot.as_ref().map_or(1, |s| s.index.0 + 1);
                disk.entries = entries(first, &args.list("log"));
                disk.hard_state = HardState {
                    term: Term(args.number("term").unwrap_or(disk.hard_state.term.0)),
                    vote: args.number("vote").map(RaftId),
                    commit: Index(args.number("commit").unwrap_or(first - 1)),
                };
                self.start(args.id(0));
            }
            "crash" => {
                for id in args.ids() {
                    self.member(id).crash(args.number("parts").unwrap_or(0));
                }
            }
            "restart" => {
                for id in args.ids() {
                    self.start(id);
                }
            }
            _ => {
                let keep = args.number("keep").unwrap_or(0);
                match self.member(args.id(0)).compact(keep) {
                    Ok(index) => self.print(&format!("snapshot at {index}")),
                    Err(error) => self.print(&error.to_string()),
                }
            }
        }
    }

    fn drive(&mut self, name: &str, args: &Args<'_>) {
        match name {
            "ready" => {
                self.ready(args.id(0));
            }
            "persist" => {
                if !self.member(args.id(0)).complete_write() {
                    self.print("nothing is being written");
                }
            }
            "apply" => {
                self.apply(args.id(0));
            }
            "run" => {
                for _ in 0..args.id(0) {
                    for id in self.running() {
                        self.member(id).raft.as_mut().expect("it runs").tick();
                        self.note_roles();
                    }
                    self.settle(&[]);
                }
            }
            "tick" => {
                let repeat = args.0.iter().find_map(|word| word.strip_prefix('x'));
                for _ in 0..repeat.map_or(1, |text| text.parse().expect("a number")) {
                    for id in args.ids() {
                        self.member(id).raft.as_mut().expect("it runs").tick();
                    }
                }
            }
            _ => self.wish(name, args),
        }
    }

    fn wish(&mut self, name: &str, args: &Args<'_>) {
        let (id, peer) = (args.id(0), args.ids().get(1).map(|id| RaftId(*id)));
        let peer = || peer.expect("a second id");
        let raft = self.member(id).raft.as_mut().expect("it runs");
        let proposed = match name {
            "timeout" => {
                let status = raft.status();
                (status.elapsed_ticks..status.timeout_ticks).for_each(|_| raft.tick());
                return;
            }
            "campaign" => return raft.campaign(),
            "unreachable" => return raft.report_unreachable(peer()),
            "delivered" => return raft.report_snapshot(peer(), true),
            "failed" => return raft.report_snapshot(peer(), false),
            "removed" => return raft.mark_removed(peer()),
            "transfer" => {
                if !raft.transfer_leadership(peer()) {
                    self.print("no effect");
                }
                return;
            }
            "propose" => raft.propose(args.0[1..].join(" ").into_bytes()),
            "add" => {
                let context = format!("node{}", peer()).into_bytes();
                raft.propose_conf_change(ConfChange::AddVoter { id: peer(), context })
            }
            "remove" => raft.propose_conf_change(ConfChange::RemoveVoter { id: peer() }),
            other => panic!("no command {other}"),
        };
        match proposed {
            Ok((term, index)) => self.print(&format!("at {index}/{term}")),
            Err(error) => self.print(&format!("refused: {error} ({error:?})")),
        }
    }

    fn ready(&mut self, id: u64) -> bool {
        let Some(ready) = self.member(id).take_ready() else { return false };
        if let Some(write) = show::write(&ready) {
            self.print(&format!("{id} writes {write}"));
        }
        let Ready { messages, .. } = ready;
        for message in messages {
            let lost = self.cut.contains(&(message.from.0, message.to.0));
            self.print(&format!("{message}{}", if lost { " (lost)" } else { "" }));
            if !lost {
                self.queue.push(message);
            }
        }
        true
    }

    fn apply(&mut self, id: u64) -> bool {
        let entries = self.member(id).apply(usize::MAX);
        if !entries.is_empty() {
            self.print(&format!("{id} applies {}", show::entries(&entries)));
        }
        !entries.is_empty()
    }

    /// Runs all stages among `ids` (none given: all that run) until nothing is left.
    fn settle(&mut self, ids: &[u64]) {
        for _ in 0..1_000 {
            let all = self.running();
            let ids: Vec<u64> =
                all.into_iter().filter(|id| ids.is_empty() || ids.contains(id)).collect();
            let mut busy = false;
            for id in &ids {
                while self.ready(*id) | self.member(*id).complete_write() | self.apply(*id) {
                    self.note_roles();
                    busy = true;
                }
            }
            let queue = std::mem::take(&mut self.queue);
            for message in queue {
                if ids.contains(&message.to.0) {
                    self.step(&message);
                    busy = true;
                } else if self.members.contains_key(&message.to.0) {
                    self.queue.push(message);
                }
            }
            if !busy {
                return;
            }
        }
        self.print("does not settle");
    }

    fn step(&mut self, message: &Message) {
        let Some(member) = self.members.get_mut(&message.to.0) else { return };
        if let Err(error) = member.step(message) {
            let to = message.to;
            self.print(&format!("{to} refuses {}: {error}", message.body.name()));
        }
        self.note_roles();
    }

    fn network(&mut self, name: &str, args: &Args<'_>) {
        match name {
            "cut" | "heal" => {
                let links = self.links(args);
                for link in links {
                    if name == "cut" {
                        self.cut.insert(link);
                    } else {
                        self.cut.remove(&link);
                    }
                }
            }
            "message" => {
                let (from, to) = args.link().expect("a link");
                let (from, to) =
                    (RaftId(from.expect("a sender")), RaftId(to.expect("a recipient")));
                let term = Term(args.number("term").expect("a term"));
                let message = Message { from, to, term, body: body(args) };
                // `delivered-to=` brings it to another member than the one it is for.
                let at = args.number("delivered-to").unwrap_or(to.0);
                if let Err(error) = self.member(at).step(&message) {
                    self.print(&format!("{at} refuses {}: {error}", message.body.name()));
                }
            }
            _ => {
                let (from, to) = args.link().unwrap_or_default();
                let kind = args.0.iter().find(|word| !word.contains("->"));
                let matches = |m: &Message| {
                    from.is_none_or(|id| id == m.from.0)
                        && to.is_none_or(|id| id == m.to.0)
                        && kind.is_none_or(|kind| *kind == m.body.name())
                };
                let queue = std::mem::take(&mut self.queue);
                let (chosen, rest) = queue.into_iter().partition(|m| matches(m));
                self.queue = rest;
                for message in chosen {
                    let verb = if name == "drop" { "lost" } else { "arrives" };
                    self.print(&format!("{verb}: {message}"));
                    if name != "drop" {
                        self.step(&message);
                    }
                    if name == "duplicate" {
                        self.queue.push(message);
                    }
                }
            }
        }
    }

    /// `1->2` is one way, `1 2` both ways, `1` everything to and from it, nothing is everything.
    fn links(&self, args: &Args<'_>) -> Vec<(u64, u64)> {
        let all: Vec<u64> = self.members.keys().copied().collect();
        let pairs = all.iter().flat_map(|a| all.iter().map(|b| (*a, *b)));
        let ids = args.ids();
        let chosen = |(a, b): &(u64, u64)| match (args.link(), ids.as_slice()) {
            (Some((from, to)), _) => from.is_none_or(|id| id == *a) && to.is_none_or(|id| id == *b),
            (None, []) => true,
            (None, [only]) => only == a || only == b,
            (None, ids) => ids.contains(a) && ids.contains(b),
        };
        pairs.filter(|pair| pair.0 != pair.1).filter(chosen).collect()
    }

    fn observe(&mut self, name: &str, args: &Args<'_>) {
        if name == "queue" {
            let lines: Vec<String> = self.queue.iter().map(ToString::to_string).collect();
            self.print(&if lines.is_empty() { "empty".into() } else { lines.join("\n") });
            return;
        }
        let ids = if args.0.is_empty() { self.running() } else { args.ids() };
        for id in ids {
            let raft = self.member(id).raft.as_ref().expect("it runs");
            let status = raft.status();
            let line = match name {
                "status" => format!("{id}: {}", show::status(&status)),
                "progress" => format!("{id}:\n{}", show::progress(&status)).trim_end().to_owned(),
                _ => {
                    let (index, term) = raft.log_base();
                    let list = show::entries(raft.log_entries());
                    format!("{id}: after {index}/{term}: {list}").trim_end().to_owned()
                }
            };
            self.print(&line);
        }
    }
}

fn config(id: u64, args: &Args<'_>) -> Config {
    let mut config = Config::new(RaftId(id));
    config.pre_vote = args.has("pre-vote");
    config.check_quorum = !args.has("no-check-quorum");
    let small = |key| args.number(key).map(|n| u32::try_from(n).expect("a number"));
    config.max_inflight_count = small("window").unwrap_or(config.max_inflight_count);
    config.max_message_size = small("size").unwrap_or(config.max_message_size);
    config.max_uncommitted_size = args.number("uncommitted").unwrap_or(u64::MAX);
    config
}

fn base_snapshot((index, term): (Index, Term), voters: &[RaftId]) -> Snapshot {
    let data = encode(&Machine { applied: index, ..Machine::default() });
    Snapshot { index, term, voters: voters.to_vec(), data: data.into() }
}

fn entries(first: u64, terms: &[u64]) -> Vec<Entry> {
    let entry = |(index, term): (u64, &u64)| Entry {
        term: Term(*term),
        index: Index(index),
        payload: Payload::Data(format!("{index}.{term}").into_bytes().into()),
    };
    (first..).zip(terms).map(entry).collect()
}

fn body(args: &Args<'_>) -> MessageBody {
    let commit = Index(args.number("commit").unwrap_or(0));
    let committed = Committed::default();
    let kind = args.0.iter().find(|word| !word.contains("->") && !word.contains('='));
    match *kind.expect("a kind of message") {
        "append" => {
            let (previous, previous_term) = args.place("after");
            let entries = entries(previous.0 + 1, &args.list("terms"));
            MessageBody::Append { previous, previous_term, entries, commit }
        }
        "accepted" => MessageBody::AppendAccepted { matched: args.place("matched").0 },
        "rejected" => {
            let (hint, hint_term) = args.place("hint");
            let rejected = Index(args.number("rejected").expect("an index"));
            MessageBody::AppendRejected { rejected, hint, hint_term }
        }
        "heartbeat" => MessageBody::Heartbeat { commit },
        "heartbeat-response" => MessageBody::HeartbeatResponse,
        "commit" => MessageBody::Commit { commit },
        "vote" => {
            let (last_index, last_term) = args.place("last");
            MessageBody::VoteRequest { last_index, last_term, transfer: args.has("transfer") }
        }
        "pre-vote" => {
            let (last_index, last_term) = args.place("last");
            MessageBody::PreVoteRequest { last_index, last_term }
        }
        "granted" => MessageBody::VoteResponse { granted: true, committed },
        "refused" => MessageBody::VoteResponse { granted: false, committed },
        "pre-granted" => MessageBody::PreVoteResponse { granted: true, committed },
        "snapshot" => {
            let voters: Vec<RaftId> = args.list("voters").into_iter().map(RaftId).collect();
            MessageBody::Snapshot(base_snapshot(args.place("at"), &voters))
        }
        "timeout-now" => MessageBody::TimeoutNow,
        "term-over" => MessageBody::TermOver,
        other => panic!("no message {other}"),
    }
}
