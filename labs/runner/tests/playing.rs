//! Playing labs on a small fake of a cluster: times, captures, checks, and what stops a run.

use sorted::SortedMap;
use std::rc::Rc;

use expect_test::{Expect, expect};
use glasshive_labs::cluster::{Armed, Awaits, Facts, Found, Injected, NodeFacts, ServiceFacts};
use glasshive_labs::{At, Cluster, Event, Goal, Lab, Outcome, Part, Runner};
use sim::{Duration, Time};

const START: Time = Time::from_date(2017, 3, 21);

/// One host after the other is typed into; a command takes as long as its table says.
struct Fake {
    now: Time,
    /// Command, output, status, how long it takes in ms, what it does to the secrets.
    table: Vec<(&'static str, &'static str, i32, u64)>,
    /// Output and status of what was typed, by host.
    shown: SortedMap<String, Vec<(String, i32)>>,
    /// The command that runs: its host and its end.
    busy: Option<(String, Time)>,
    awaits: Awaits,
    secrets: Vec<String>,
    services: Vec<(String, Time)>,
    typed: Vec<(u64, String)>,
    down: Vec<String>,
    armed: Vec<String>,
}

impl Fake {
    fn new(table: &[(&'static str, &'static str, i32, u64)]) -> Self {
        Self {
            now: START,
            table: table.to_vec(),
            shown: SortedMap::new(),
            busy: None,
            awaits: Awaits::Command,
            secrets: Vec::new(),
            services: Vec::new(),
            typed: Vec::new(),
            down: Vec::new(),
            armed: Vec::new(),
        }
    }
}

impl Cluster for Fake {
    type Mark = usize;

    fn now(&self) -> Time {
        self.now
    }
    fn nodes(&self) -> Vec<String> {
        vec!["node1".into(), "node2".into()]
    }
    fn advance_until(&mut self, until: Time) {
        self.now = self.now.max(until);
        if self.busy.as_ref().is_some_and(|(_, end)| *end <= self.now) {
            self.busy = None;
        }
    }
    fn run_until_waiting(&mut self, node: &str, until: Time) -> bool {
        match self.busy.clone() {
            Some((busy, end)) if busy == node => {
                self.advance_until(end.min(until));
                self.busy.is_none()
            }
            _ => true,
        }
    }
    fn type_text(&mut self, node: &str, text: &str) -> Result<(), String> {
        if !self.nodes().iter().any(|known| known == node) {
            return Err(format!("there is no node {node}"));
        }
        self.typed.push((self.now.since(START).as_millis(), format!("{node}$ {text}")));
        let unknown = (text, "sh: not found\n", 127, 0);
        let (_, output, status, ms) =
            self.table.iter().find(|(known, ..)| *known == text).copied().unwrap_or(unknown);
        self.shown.entry(node.into()).or_default().push((output.into(), status));
        let end = self.now + Duration::from_millis(ms);
        if ms > 0 {
            self.busy = Some((node.into(), end));
        }
        match text.split(' ').collect::<Vec<_>>()[..] {
            ["create", name] => self.secrets.push(name.into()),
            ["remove", name] => self.secrets.retain(|known| known != name),
            ["serve", name] => self.services.push((name.into(), end + Duration::from_secs(3))),
            _ => {}
        }
        Ok(())
    }
    fn awaits(&self, node: &str) -> Option<Awaits> {
        let busy = self.busy.as_ref().is_some_and(|(busy, _)| busy == node);
        if busy { None } else { Some(self.awaits) }
    }
    fn prompt(&self, node: &str) -> String {
        format!("{node}$ ")
    }
    fn mark(&self, node: &str) -> usize {
        self.shown.get(node).map_or(0, Vec::len)
    }
    fn printed_since(&self, node: &str, mark: &usize) -> String {
        let shown = self.shown.get(node).map(Vec::as_slice).unwrap_or_default();
        shown[*mark..].iter().map(|(output, _)| output.as_str()).collect()
    }
    fn status_since(&self, node: &str, mark: &usize) -> Option<i32> {
        self.shown.get(node)?.get(*mark..)?.last().map(|(_, status)| *status)
    }
    fn inject(&mut self, fault: &str) -> Result<Injected, String> {
        let words: Vec<&str> = fault.split(' ').collect();
        let ["crash" | "restart", node] = words[..] else { return Err("not here".into()) };
        self.down.retain(|down| down != node);
        if words[0] == "crash" {
            self.down.push(node.into());
        }
        Ok(Injected { words: fault.into(), nodes: vec![node.into()] })
    }
    fn arm(&mut self, _: &str, faults: &[String]) -> Result<u64, String> {
        self.armed = faults.to_vec();
        Ok(1)
    }
    fn armed(&self, _: u64) -> Armed {
        // It strikes as soon as there is a service.
        match self.services.is_empty() {
            true => Armed::Waiting,
            false => Armed::Struck(vec![Injected {
                words: self.armed.join(", "),
                nodes: vec!["node2".into()],
            }]),
        }
    }
    fn facts(&self) -> Facts {
        let node = |(name, role): (&str, &str)| NodeFacts {
            name: name.into(),
            up: !self.down.iter().any(|down| down == name),
            role: role.into(),
            status: "ready".into(),
            availability: "active".into(),
            ..NodeFacts::default()
        };
        let service = |(name, ready): &(String, Time)| ServiceFacts {
            name: name.clone(),
            replicas: 1,
            running: u64::from(*ready <= self.now),
        };
        Facts {
            leader: Some("node1".into()),
            nodes: [("node1", "manager"), ("node2", "worker")].map(node).to_vec(),
            services: self.services.iter().map(service).collect(),
            secrets: self.secrets.clone(),
            has_quorum: true,
            ..Facts::default()
        }
    }
    fn file_size(&self, node: &str, path: &str) -> Option<u64> {
        (node == "node1" && path == "/root/sec.txt").then_some(22)
    }
    fn find_bytes(&self, needle: &[u8]) -> Vec<Found> {
        let found = |surface: &str, node: &str, place: &str| Found {
            surface: surface.into(),
            node: node.into(),
            place: place.into(),
        };
        if needle == b"clear\n" {
            vec![found("file", "node1", "/root/sec.txt"), found("tmpfs", "node2", "web.1/run")]
        } else {
            Vec::new()
        }
    }
}

fn lab(body: &str) -> Rc<Lab> {
    let source = format!(
        "---
format: glasshive-lab/1
id: t
title: T
docker: \"17.03\"
cluster: {{ nodes: [node1, node2], managers: [node1] }}
---
{body}"
    );
    Rc::new(glasshive_labs::author::read(&source).expect("a lab"))
}

fn report(runner: &Runner<usize>) -> String {
    let mut text = String::new();
    for (at, outcome) in runner.outcomes() {
        let mark = if outcome.holds() { "ok " } else { "NO " };
        text.push_str(&format!("{}.{} {mark}", at.step, at.part));
        match outcome {
            Outcome::Command(command) => {
                text.push_str(&format!(
                    "{}-{} ms {}{} {:?}\n",
                    command.started_ms,
                    command.ended_ms,
                    command.prompt,
                    command.text,
                    command.complaints()
                ));
            }
            Outcome::Check(check) => {
                text.push_str(&format!("{} ms\n", check.at_ms));
                for verdict in &check.verdicts {
                    let mark = if verdict.holds { "ok" } else { "NO" };
                    text.push_str(&format!("    {mark} {}: {}\n", verdict.source, verdict.why));
                }
            }
            Outcome::Ask(ask) => text.push_str(&format!("{:?} {:?}\n", ask.answers, ask.problem)),
            Outcome::Fault(fault) => {
                text.push_str(&format!("{} {:?}\n", fault.text, fault.problem))
            }
        }
    }
    text
}

const TABLE: [(&str, &str, i32, u64); 6] = [
    ("create sec1", "ftu76ghgsk7f9fmcrj3wx3xcd\n", 0, 700),
    ("list", "ID            NODE\nftu76ghgsk7f  node2\n", 0, 20),
    ("show ftu76ghgsk7f9fmcrj3wx3xcd", "found\n", 0, 5),
    ("serve web", "", 0, 100),
    ("fail", "oh\n", 3, 0),
    ("sleep 100", "", 0, 100_000),
];

const BODY: &str = "## One {#one}
```sh @node1 #c
create sec1
```
```out
<id:sec>
```
```check #made
secret sec1 exists
secrets == 1
```
```sh @node1 pace=500ms
list
```
```out
ID  NODE
<id12:sec>  <node:where>
```
## Two {#two}
```sh @{{where}}
show {{sec}}
```
```out
found
```
```sh @node1
serve web
```
```until within=10s every=1s
service web running == 1
```
```check #served standing
service web running == 1
leader == node1
```
```sh @node1 exit=3
fail
```
```note proof=made,c
x
```
";

fn played(body: &str, table: &[(&'static str, &'static str, i32, u64)]) -> (Runner<usize>, Fake) {
    let mut fake = Fake::new(table);
    let mut runner = Runner::new(lab(body), START, START).proving();
    runner.play(Goal::All);
    runner.drive(&mut fake, START + Duration::from_secs(3_600));
    (runner, fake)
}

#[track_caller]
fn check(body: &str, expected: Expect) {
    expected.assert_eq(&report(&played(body, &TABLE).0));
}

#[test]
fn a_lab_is_played_with_its_times_and_captures() {
    let (runner, _) = played(BODY, &TABLE);
    assert!(runner.is_finished() && runner.holds());
    expect![[r#"
        0.0 ok 2000-2700 ms node1$ create sec1 []
        0.1 ok 2700 ms
            ok secret sec1 exists: there is a secret sec1
            ok secrets == 1: there is 1 secret: sec1
        0.2 ok 3200-3220 ms node1$ list []
        1.0 ok 5220-5225 ms node2$ show ftu76ghgsk7f9fmcrj3wx3xcd []
        1.1 ok 7225-7325 ms node1$ serve web []
        1.2 ok 10325 ms
            ok service web running == 1: service web has 1 task running
        1.3 ok 10325 ms
            ok service web running == 1: service web has 1 task running
            ok leader == node1: node1 leads
        1.4 ok 12325-12325 ms node1$ fail []
    "#]]
    .assert_eq(&report(&runner));
    // Checks were red when their step began, except the standing one's second half.
    let before: Vec<_> = runner
        .lab()
        .places()
        .filter_map(|(at, part)| match part {
            Part::Check(check) => Some((check.id.clone(), runner.held_before(at))),
            _ => None,
        })
        .collect();
    assert_eq!(before, [("made".into(), Some(false)), ("served".into(), Some(false))]);
    let lab = Rc::clone(runner.lab());
    let note = lab.places().find_map(|(_, part)| match part {
        Part::Note(note) => Some(note),
        _ => None,
    });
    assert_eq!(runner.is_proven(note.unwrap()), Some(true));
}

/// However a caller cuts time, every command is typed at the same instant.
#[test]
fn chopped_time_changes_nothing() {
    let (whole, _) = played(BODY, &TABLE);
    for slice_us in [1_000, 16_667, 333_000, 5_000_000] {
        let mut fake = Fake::new(&TABLE);
        let mut runner = Runner::new(lab(BODY), START, START);
        runner.play(Goal::All);
        let mut until = START;
        while !runner.is_finished() {
            until += Duration::from_micros(slice_us);
            runner.drive(&mut fake, until);
        }
        assert_eq!(report(&runner), report(&whole), "slices of {slice_us} us");
    }
    // Command by command too, where the clock stands still in between.
    let mut fake = Fake::new(&TABLE);
    let mut runner = Runner::new(lab(BODY), START, START);
    let mut presses = 0;
    while !runner.is_finished() {
        runner.play(Goal::Command);
        runner.drive(&mut fake, START + Duration::from_secs(3_600));
        presses += 1;
    }
    assert_eq!((report(&runner), presses), (report(&whole), 5));
}

#[test]
fn goals_end_where_they_say() {
    let mut fake = Fake::new(&TABLE);
    let mut runner = Runner::new(lab(BODY), START, START);
    let far = START + Duration::from_secs(3_600);
    assert!(runner.drive(&mut fake, far).is_empty(), "without a goal nothing happens");
    assert_eq!(fake.now, START);
    runner.play(Goal::Command);
    let events = runner.drive(&mut fake, far);
    assert_eq!(events.len(), 4, "{events:?}");
    assert!(matches!(
        events[..],
        [Event::Step { step: 0 }, Event::Typed { .. }, Event::Done { .. }, Event::Done { .. }]
    ));
    assert_eq!(runner.next_command().unwrap().2, "list");
    runner.play(Goal::Step);
    runner.drive(&mut fake, far);
    let at = |step, part| At { step, part };
    assert_eq!(runner.position(), Some(at(1, 0)));
    assert_eq!(
        runner.next_command(),
        Some((at(1, 0), "node2".into(), "show ftu76ghgsk7f9fmcrj3wx3xcd".into()))
    );
}

#[test]
fn what_is_wrong_is_told() {
    check(
        "## A {#a}
```sh @node1
list
```
```out
<id:sec> of <node:where>
```
```sh @{{where}}
show {{sec}}
```
```sh @node1
fail
```
```sh @node1 limit=2s
sleep 100
```
```check #c
secret sec1 exists
secrets >= 1
service web running == 1
leader != node1
node node2 role == manager
node node2 holds secret sec1
node node2 runs web
file node1:/root/sec.txt size == 10
file node2:/root/sec.txt exists
exit == 0
output has \"x\"
prompt node1 == \"# \"
bytes \"clear\\n\" nowhere
bytes \"clear\\n\" nowhere else except file:node1:/root
bytes \"clear\\n\" not in tmpfs of node2
bytes \"clear\\n\" in frame
\"a\" starts-with \"b\"
\"{{sec}}\" == \"x\"
```
```until within=1s
services == 1
```
",
        expect![[r##"
            0.0 NO 2000-2020 ms node1$ list ["expected `<id:sec> of <node:where>`, got `ID            NODE`"]
            0.1 NO 4020-4020 ms show {{sec}} ["it needs `where`, which no command before has shown"]
            0.2 NO 6020-6020 ms node1$ fail ["expected exit status 0, got 3"]
            0.3 NO 8020-10020 ms node1$ sleep 100 ["it still runs at its time limit"]
            0.4 NO 10020 ms
                NO secret sec1 exists: there is no secret sec1; there are no secrets
                NO secrets >= 1: there are no secrets
                NO service web running == 1: there is no service web; there are no services
                NO leader != node1: node1 leads
                NO node node2 role == manager: the role of node2 is worker
                NO node node2 holds secret sec1: the agent of node2 holds no secret
                NO node node2 runs web: node2 runs 0 tasks of web
                NO file node1:/root/sec.txt size == 10: /root/sec.txt on node1 has 22 bytes
                NO file node2:/root/sec.txt exists: there is no file /root/sec.txt on node2
                NO exit == 0: the last command has no exit status yet
                NO output has "x": the output lacks `x`
                NO prompt node1 == "# ": the prompt of node1 is `node1$ `
                NO bytes "clear\n" nowhere: they are in file of node1 (/root/sec.txt), tmpfs of node2 (web.1/run)
                NO bytes "clear\n" nowhere else except file:node1:/root: they are in tmpfs of node2 (web.1/run)
                NO bytes "clear\n" not in tmpfs of node2: they are in tmpfs of node2 (web.1/run)
                NO bytes "clear\n" in frame: they are not there
                NO "a" starts-with "b": it is not true that `a` starts with `b`
                NO "{{sec}}" == "x": `sec` has no value yet: the command that shows it has not been run
            0.5 NO 11020 ms
                NO services == 1: there are no services
        "##]],
    );
}

#[test]
fn what_holds_says_why_too() {
    check(
        "## A {#a}
```sh @node1
create sec1
```
```fault
crash node2
```
```check #c
secret sec1 exists
secret sec2 absent
services == 0
node node2 host == down
node node1 role == manager
nodes == 2
managers == 1
file node1:/root/sec.txt size == 22
exit == 0
output lines == 1
prompt node1 == \"node1$ \"
bytes \"clear\\n\" in tmpfs of node2
bytes \"clear\\n\" nowhere else except file:node1:/root/sec.txt, tmpfs:node2
bytes \"other\" nowhere
\"ab\" contains \"b\"
```
",
        expect![[r#"
            0.0 ok 2000-2700 ms node1$ create sec1 []
            0.1 ok crash node2 None
            0.2 ok 2700 ms
                ok secret sec1 exists: there is a secret sec1
                ok secret sec2 absent: there is no secret sec2; there is 1 secret: sec1
                ok services == 0: there are no services
                ok node node2 host == down: the machine of node2 is down
                ok node node1 role == manager: the role of node1 is manager
                ok nodes == 2: there are 2 nodes: node1, node2
                ok managers == 1: there is 1 manager: node1
                ok file node1:/root/sec.txt size == 22: /root/sec.txt on node1 has 22 bytes
                ok exit == 0: the last command ended with status 0
                ok output lines == 1: the output has 1 line
                ok prompt node1 == "node1$ ": the prompt of node1 is `node1$ `
                ok bytes "clear\n" in tmpfs of node2: they are in tmpfs of node2 (web.1/run)
                ok bytes "clear\n" nowhere else except file:node1:/root/sec.txt, tmpfs:node2: they are nowhere else
                ok bytes "other" nowhere: they are not there
                ok "ab" contains "b": `ab` contains `b`
        "#]],
    );
}

#[test]
fn a_terminal_in_the_way_stops_the_run() {
    let mut fake = Fake::new(&TABLE);
    fake.type_text("node1", "sleep 100").unwrap();
    let mut runner = Runner::new(lab(BODY), START, START);
    runner.play(Goal::All);
    let events = runner.drive(&mut fake, START + Duration::from_secs(50));
    assert!(
        matches!(&events[..], [Event::Step { .. }, Event::Blocked { node, .. }] if node == "node1")
    );
    assert_eq!(runner.goal(), Goal::Rest);
    // Later the same command can be played.
    fake.advance_until(START + Duration::from_secs(200));
    runner.play(Goal::All);
    runner.drive(&mut fake, START + Duration::from_secs(3_600));
    assert!(runner.holds(), "{}", report(&runner));
}

#[test]
fn commands_typed_by_hand_count() {
    let mut fake = Fake::new(&TABLE);
    let mut runner = Runner::new(lab(BODY), START, START);
    let mark = fake.mark("node1");
    fake.type_text("node1", "create sec1").unwrap();
    assert!(fake.run_until_waiting("node1", START + Duration::from_secs(9)));
    assert_eq!(runner.typed_by_hand(&fake, "node1", "something else", mark, START), None);
    assert_eq!(runner.typed_by_hand(&fake, "node2", "create sec1", mark, START), None);
    let at = runner.typed_by_hand(&fake, "node1", " create   sec1", mark, START);
    assert_eq!(at, Some(At { step: 0, part: 0 }));
    assert_eq!(runner.bindings().get("sec"), Some("ftu76ghgsk7f9fmcrj3wx3xcd"));
    // The check after it is made with the next drive; then the runner rests before the next command.
    let now = fake.now;
    runner.drive(&mut fake, now);
    assert!(runner.outcome(At { step: 0, part: 1 }).unwrap().holds());
    assert_eq!((runner.goal(), runner.next_command().unwrap().2.as_str()), (Goal::Rest, "list"));
    runner.play(Goal::All);
    runner.drive(&mut fake, START + Duration::from_secs(3_600));
    assert!(runner.holds());
    assert_eq!(fake.typed.iter().filter(|(_, text)| text.contains("create")).count(), 1);
}

#[test]
fn an_armed_fault_strikes_later_and_names_its_host() {
    check(
        "## A {#a}
```fault #boom on=entry.sent
crash leader
```
```check #waits
fault boom waits
```
```sh @node1
create sec1
```
```ask
Who leads?
= leader
= nobody
```
```sh @node1
serve web
```
```check #struck standing
fault boom struck
\"{{boom}}\" == \"node2\"
```
",
        expect![[r#"
            0.0 ok crash leader None
            0.1 ok 0 ms
                ok fault boom waits: the fault boom has not struck
            0.2 ok 2000-2700 ms node1$ create sec1 []
            0.3 ok ["nobody", "node1"] None
            0.4 ok 4700-4800 ms node1$ serve web []
            0.5 ok 4800 ms
                ok fault boom struck: the fault boom has struck
                ok "node2" == "node2": `node2` is `node2`
        "#]],
    );
}
