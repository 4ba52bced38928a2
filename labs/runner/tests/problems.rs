//! What an author is told: file, line, column, and what was expected.

use expect_test::{Expect, expect};

const FRONT: &str = "---
format: glasshive-lab/1
id: t
title: T
docker: \"17.03\"
cluster: { nodes: [node1, node2], managers: [node1] }
---
";

#[track_caller]
fn check(source: &str, expected: Expect) {
    let problems = match glasshive_labs::author::read(source) {
        Ok(_) => "no problem".to_owned(),
        Err(problems) => problems.iter().map(|p| p.to_string()).collect::<Vec<_>>().join("\n"),
    };
    expected.assert_eq(&problems);
}

#[track_caller]
fn check_body(body: &str, expected: Expect) {
    check(&format!("{FRONT}{body}"), expected);
}

#[test]
fn front_matter() {
    check(
        "# no front matter\n",
        expect![[r#"
        1:1: a lab has at least one step: expected a `## Heading`
        1:1: expected `---`: a lab begins with its front matter
        1:1: the title stands in the front matter; a step begins with `##`"#]],
    );
    check(
        "---\nformat: glasshive-lab/1\n",
        expect![[r#"
            3:1: a lab has at least one step: expected a `## Heading`
            3:1: expected `---` at the end of the front matter"#]],
    );
    check(
        "---\n---\n## A {#a}\n",
        expect![
            "1:1: the front matter is empty: expected format, id, title, level, minutes, goals, credits, docker, seed, date, cluster, start, user, prompt, pace, allow, watch"
        ],
    );
    check(
        "---\nformat: [1\n---\n## A {#a}\n",
        expect!["3:1: this is no YAML: while parsing a flow sequence, expected ',' or ']'"],
    );
    check(
        "---
format: glasshive-lab/9
id: a b
tittle: T
docker: 17.03
seed: many
date: soon
pace: quick
start: swarm
id: again
cluster:
  nodes: [node1, Node2, node1]
  workers: [node2]
---
## A {#a}
",
        expect![[r#"
            1:1: the front matter lacks `title`
            2:9: expected `glasshive-lab/1`, the format that this version reads
            3:5: expected a short name: a letter, then letters, digits, `-`, `_`
            4:1: unknown field `tittle`: expected one of format, id, title, level, minutes, goals, credits, docker, seed, date, cluster, start, user, prompt, pace, allow, watch
            6:7: expected a whole number
            7:7: expected a date such as `2017-03-21 18:40`, in UTC
            8:7: expected a span such as `2s` or `500ms`
            9:8: `start: swarm` needs `managers` in `cluster`
            10:1: `id` is here twice
            12:10: `Node2` is no host name: expected small letters, digits and `-`
            12:10: `node1` is here twice
            13:3: expected `nodes`, `managers`, `kubernetes`, `kubectl` or `pre-vote`"#]],
    );
    check(
        "---
format: glasshive-lab/1
id: t
title: T
docker: 17.03
start: bare
cluster: { nodes: [a], managers: [b] }
---
## A {#a}
",
        expect![[r#"
            6:8: `start: bare` means no swarm: expected no `managers`
            7:34: the manager `b` is no node of the cluster"#]],
    );
}

#[test]
fn markdown() {
    check_body("text only\n", expect!["8:1: a lab has at least one step: expected a `## Heading`"]);
    check_body(
        "# Title\n## No name\n## Two {#a}\n## Two {#a}\n",
        expect![[r#"
        8:1: the title stands in the front matter; a step begins with `##`
        9:1: a step needs a name: expected `## Heading {#name}`
        11:1: there is a step `a` already"#]],
    );
    check_body(
        "```sh @node1\nls\n```\n## A {#a}\n",
        expect!["8:1: a `sh` block belongs to a step: expected `##` before it"],
    );
    check_body(
        "## A {#a}\n\n- item\n\n  ```sh @node1\n  ls\n  ```\n",
        expect![
            "12:1: a `sh` block stands at the margin: not in a list, not in a quotation, not indented"
        ],
    );
    check_body(
        "## A {#a}\n\n```sh @node1\nls\n",
        expect!["10:1: the `sh` block has no end: expected ```"],
    );
    check_body(
        "## A {#a}\n\n```chekc #b\nsecrets == 0\n```\n\n```python\nok()\n```\n",
        expect![
            "10:4: unknown block `chekc`: expected one of sh, out, until, check, expect-leak, fault, hint, note, quiz, ask, solution, accept, reject"
        ],
    );
    check_body(
        "## A {#a}\n\n<b>bold</b> [x](javascript:alert(1)) ![p](p.png)\n\n<!-- fine -->\n",
        expect![[r#"
            10:1: HTML is not part of the format: expected Markdown (\< for a plain <)
            10:1: a link leads to https://..., http://... or #step, not `javascript:alert(1)`
            10:1: pictures are not part of the format"#]],
    );
}

#[test]
fn blocks() {
    check_body(
        "## A {#a}\n```sh\nls\n```\n```sh @node9\nls\n```\n",
        expect![[r#"
        9:1: on which node? expected `sh @NODE`
        12:8: there is no node `node9`: expected one of node1, node2"#]],
    );
    check_body(
        "## A {#a}\n```sh @node1 limit=soon exit=x colour=red loud\nls\n```\n```sh @node1\n```\n",
        expect![[r#"
            9:14: expected a span such as `limit=2s` or `limit=500ms`
            9:25: expected `exit=NUMBER` or `exit=any`
            9:32: `colour=red` is not for `sh`: expected @NODE #ID exit=... pace=... limit=...
            9:43: `loud` is not for `sh`: expected @NODE #ID exit=... pace=... limit=...
            12:1: the block is empty: expected a command"#]],
    );
    check_body(
        "## A {#a}\n```out\nx\n```\n```sh @node1\nls\n```\n```out\n```\n```out\n```\n",
        expect![[r#"
            9:1: an `out` block follows the `sh` block that it is about
            17:1: the command before has an `out` block already"#]],
    );
    check_body(
        "## A {#a}\n```sh @node1\nls {{x}}\n```\n```out\n<ide> <id:1> {{y}}\n<any><any><any><any><any>\n```\n",
        expect![[r#"
            10:4: nothing before captures `x`: expected a hole such as <any:x> in an `out` block
            13:1: unknown hole <ide>: expected one of <id> <id12> <hex64> <hex12> <digest> <age> <time> <token> <node> <number> <ip> <word> <any>; write \< for a plain <
            14:1: a line may hold at most 4 holes <any> or <word>: use typed ones"#]],
    );
    check_body(
        "## A {#a}\n```sh @node1\nls\n```\n```out\n<id:x> <age:x>\n```\n",
        expect!["13:4: `x` was captured as another kind of value before"],
    );
    check_body(
        "## A {#a}\n```check\nsecrets == 0\n```\n```check #b\n```\n```check #b\nsecrets == 0\n```\n```until\nsecrets == 0\n```\n",
        expect![[r#"
            9:1: a check needs a name: expected `check #name`
            12:1: the block is empty: expected at least one predicate
            14:10: `#b` is in line 12 already
            17:1: for how long? expected `until within=30s`"#]],
    );
    check_body(
        "## A {#a}\n```fault\nburn node1\ncrash node7\n```\n",
        expect![[r#"
            10:1: expected one of `crash`, `power-loss`, `restart`, `freeze`, `thaw`, `cut`, `isolate`, `partition`, `heal`, `latency`, `loss`, `duplicate`, `slow-disk`, `full-disk`, `flip-bit`, `steal-disk`, `clock`, found `burn`
            11:7: there is no node `node7`: expected one of node1, node2"#]],
    );
    check_body(
        "## A {#a}\n```note\ntext {{z}}\n```\n```note proof=nothing\ntext\n```\n",
        expect![[r#"
            9:1: what proves this note? expected `note proof=ID[,ID]` with the names of commands or checks
            10:6: nothing before captures `z`: expected a hole such as <any:z> in an `out` block
            12:15: no command and no check is called `nothing`"#]],
    );
    check_body(
        "## A {#a}\n```quiz\nq?\n- [ ] a\n* b\n```\n```ask\nq?\n```\n",
        expect![[r#"
        9:1: a quiz has at least two choices and one of them is right: expected `- [x] ...`
        12:1: expected `- [x] right choice :: why` or `- [ ] wrong choice :: why`
        14:1: a question needs an answer: expected a line `= answer`"#]],
    );
}

#[test]
fn predicates() {
    let body = r#"## A {#a}
```check #c
sekret x exists
secret
secret x is there
secrets = 0
secrets == few
service web runing == 1
leader is node1
leader == node7
node node1 role == boss
node node1 holds sec1
file /root/x exists
file node1:/root/x is big
exit 0
output contains x
bytes x in tmpfs
bytes "x
bytes "\x" in tmpfs
bytes "x" at tmpfs
bytes "x" in ram
bytes "x" nowhere else
bytes "x" nowhere at all
"a" is "b"
secret {{s}} exists
```
"#;
    check_body(
        body,
        expect![[r#"
            10:1: expected `secret`, `service`, `secrets`, `services`, `nodes`, `managers`, `term`, `quorum`, `tasks`, `link`, `fault`, `leader`, `node`, `file`, `exit`, `output`, `bytes`, `prompt`, `leak`, `no leaks` or `"TEXT"`, found `sekret`
            11:7: expected a secret's name, found the end of the line (the form is: secret NAME exists|absent)
            12:10: expected `exists` or `absent`, found `is` (the form is: secret NAME exists|absent)
            13:9: expected `==`, `!=`, `<=`, `>=`, `<` or `>`, found `=` (the form is: secrets OP NUMBER)
            14:12: expected a whole number, found `few` (the form is: secrets OP NUMBER)
            15:13: expected `exists`, `absent`, `running` or `replicas`, found `runing` (the form is: service NAME exists|absent, service NAME running|replicas OP NUMBER)
            16:8: expected `exists`, `==` or `!=`, found `is` (the form is: leader exists, leader == NODE, leader != NODE)
            17:11: there is no node `node7`: expected one of node1, node2
            18:20: expected `manager`, `worker` or `none`, found `boss` (the form is: node NODE role|status|availability|host|raft == VALUE, node NODE term|commit|applied OP NUMBER, node NODE runs [no] SERVICE, node NODE knows [no] secret NAME, node NODE holds secret NAME, node NODE holds no secret NAME, node NODE holds no secrets)
            19:18: expected `secret`, found `sec1` (the form is: node NODE role|status|availability|host|raft == VALUE, node NODE term|commit|applied OP NUMBER, node NODE runs [no] SERVICE, node NODE knows [no] secret NAME, node NODE holds secret NAME, node NODE holds no secret NAME, node NODE holds no secrets)
            20:6: expected NODE:/PATH, found `/root/x` (the form is: file NODE:/PATH exists|absent, file NODE:/PATH size OP NUMBER)
            21:20: expected `size`, `exists` or `absent`, found `is` (the form is: file NODE:/PATH exists|absent, file NODE:/PATH size OP NUMBER)
            22:6: expected `==`, `!=`, `<=`, `>=`, `<` or `>`, found `0` (the form is: exit OP NUMBER)
            23:8: expected `has`, `lacks` or `lines`, found `contains` (the form is: output has "TEXT", output lacks "TEXT", output lines OP NUMBER)
            24:7: expected the bytes in quotation marks, found `x` (the form is: bytes "TEXT" [not] in SURFACE [of NODE], bytes "TEXT" nowhere, bytes "TEXT" nowhere else except PLACE, ...)
            25:7: this quotation has no end: expected a second "
            26:8: expected \n, \t, \" or \\ in a quotation
            27:11: expected `in`, `not in` or `nowhere`, found `at` (the form is: bytes "TEXT" [not] in SURFACE [of NODE], bytes "TEXT" nowhere, bytes "TEXT" nowhere else except PLACE, ...)
            28:14: expected `process`, `file`, `disk`, `image`, `container`, `metadata`, `tmpfs`, `log`, `memory`, `frame` or `terminal`, found `ram` (the form is: bytes "TEXT" [not] in SURFACE [of NODE], bytes "TEXT" nowhere, bytes "TEXT" nowhere else except PLACE, ...)
            29:23: expected `except`, found the end of the line (the form is: bytes "TEXT" [not] in SURFACE [of NODE], bytes "TEXT" nowhere, bytes "TEXT" nowhere else except PLACE, ...)
            30:19: expected the end of the line, found `at`
            31:5: expected `==`, `!=`, `starts-with` or `contains`, found `is`
            32:8: nothing before captures `s`: expected a hole such as <any:s> in an `out` block"#]],
    );
}

#[test]
fn every_form_can_be_read() {
    let body = "## A {#a}
```check #all
# a comment
secret sec1 exists
secret sec1 absent
secrets == 0
service web exists
service web running >= 3
service web replicas != 0
services < 2
nodes <= 3
managers > 0
leader exists
leader == node1
leader != node2
node node1 role == manager
node node1 status != down
node node1 availability == active
node node1 host == up
node node1 runs web
node node1 runs no web
node node1 holds secret sec1
node node1 holds no secret sec1
node node1 holds no secrets
file node1:/root/sec.txt exists
file node1:/root/sec.txt absent
file node1:/root/sec.txt size == 22
exit == 0
output has \"a b\"
output lacks \"a\\n\\\"b\\\"\"
output lines == 3
prompt node1 == \"/data # \"
bytes \"x\" in tmpfs of node2
bytes \"x\" in file:node1:/root/sec.txt
bytes \"x\" not in frame
bytes \"x\" nowhere
bytes \"x\" nowhere else except file:node1:/root/sec.txt, tmpfs:node2, memory
\"a\" == \"b\"
\"a\" starts-with \"b\"
\"a\" contains \"b\"
why: because
```
";
    let lab = glasshive_labs::author::read(&format!("{FRONT}{body}")).unwrap();
    let glasshive_labs::Part::Check(check) = &lab.steps[0].parts[0] else { panic!("a check") };
    assert_eq!((check.lines.len(), check.why.as_str()), (37, "because"));
}

#[test]
fn a_lab_survives_being_stored() {
    let source =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../secrets/secrets.lab.md"));
    let mut lab = glasshive_labs::author::read(&source.unwrap()).unwrap();
    let bytes = postcard::to_allocvec(&lab).unwrap();
    // Other ways are for `glasshive test` alone.
    assert!(lab.steps.iter().any(|step| !step.tries.is_empty()));
    lab.steps.iter_mut().for_each(|step| step.tries.clear());
    assert_eq!(postcard::from_bytes::<glasshive_labs::Lab>(&bytes).unwrap(), lab);
    assert_eq!(
        lab.steps.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(),
        ["create", "manage", "use", "clean-up"]
    );
}

/// Whatever the text, reading ends with a lab or with problems that lie inside the file.
#[test]
fn broken_files_never_panic() {
    let source =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../secrets/secrets.lab.md"))
            .unwrap();
    let lines: Vec<&str> = source.lines().collect();
    let check = |text: &str| {
        if let Err(problems) = glasshive_labs::author::read(text) {
            let count = text.split('\n').count();
            assert!(!problems.is_empty());
            for problem in problems {
                assert!((1..=count).contains(&(problem.line as usize)), "{problem} of {count}");
            }
        }
    };
    for cut in 0..lines.len() {
        // The file ends early; one line is missing; one line is doubled.
        match cut % 3 {
            0 => check(&lines[..cut].join("\n")),
            1 => check(&[&lines[..cut], &lines[cut + 1..]].concat().join("\n")),
            _ => check(&[&lines[..=cut], &lines[cut..]].concat().join("\n")),
        }
    }
}

#[test]
fn faults_and_other_ways() {
    check_body(
        "## A {#a}
```fault #boom on=entry.lost
crash leader
```
```fault on=node.down(name=node9)
cut node1 node8
loss node1 200%
```
```fault
```
```sh @node1
echo {{boom}} {{bam}}
```
```check #c
fault bang struck
fault boom struck
quorum sometimes
tasks web eaten == 1
```
```accept
docker ps
```
```reject
@node1: ls
```
```reject fails=d
@node7: ls
more
```
```ask
What?
because: that.
```
",
        expect![[r#"
            9:19: expected one of entry.appended(kind=KIND,name=NAME,node=NODE), entry.sent(kind=KIND,name=NAME,node=NODE), entry.committed(kind=KIND,name=NAME,node=NODE), entry.applied(kind=KIND,name=NAME,node=NODE), leader.elected(node=NODE), log.compacted(node=NODE), keys.written(node=NODE), task.STATE(service=NAME,slot=N,node=NODE), node.STATE(name=NODE), secret.delivered(name=NAME,node=NODE), found `entry.lost`
            12:28: there is no node `node9`: expected one of node1, node2
            13:11: there is no node `node8`: expected one of node1, node2
            14:12: expected a share from `0%` to `100%`, found `200%` (the form is: loss REACH N%)
            16:1: the block is empty: expected a fault such as `crash node1`
            19:15: nothing before captures `bam`: expected a hole such as <any:bam> in an `out` block
            22:7: no fault is called `bang`: expected `fault #bang`
            24:8: expected `holds` or `lost`, found `sometimes` (the form is: quorum holds|lost)
            25:11: expected `new`, `pending`, `assigned`, `accepted`, `preparing`, `ready`, `starting`, `running`, `complete`, `shutdown`, `failed`, `rejected`, `remove` or `orphaned`, found `eaten` (the form is: tasks SERVICE STATE OP NUMBER)
            27:1: the block is empty: expected `@NODE: command`
            28:1: expected `@NODE: command`
            30:1: which checks must fail? expected `reject fails=ID[,ID]`
            33:17: no check of this step is called `d`
            34:2: there is no node `node7`: expected one of node1, node2
            37:1: a question needs an answer: expected a line `= answer`"#]],
    );
}

/// What a card of the catalogue shows may hold `code` and links, and nothing of HTML.
#[test]
fn goals_and_credits_are_markdown_of_one_line() {
    let source = "---
format: glasshive-lab/1
id: a
title: A
goals: [know `echo` & co]
credits: [\"After [this](https://example.org)\"]
docker: \"20.10\"
seed: 1
cluster: { nodes: [m, n], managers: [] }
start: bare
---

## A {#a}

Text.
";
    let lab = glasshive_labs::author::read(source).expect("the lab is right");
    assert_eq!(lab.summary().goals, ["know <code>echo</code> &amp; co"]);
    assert_eq!(lab.credits, ["After <a href=\"https://example.org\">this</a>"]);
    let marked = source.replace("know `echo`", "know <b>echo</b>");
    assert!(glasshive_labs::author::read(&marked).is_err(), "raw HTML is refused");
}
