//! Whatever is typed, the shell neither panics nor hangs: after Ctrl-C and Ctrl-D it waits or has ended.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use sim::Duration;
use support::{Host, System};

/// A generator of its own: the test must not depend on the simulation's streams.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

const PIECES: [&str; 96] = [
    "echo ",
    "cat ",
    "ls ",
    "if ",
    "then ",
    "else ",
    "fi ",
    "for x in ",
    "do ",
    "done ",
    "while ",
    "until ",
    "case x in ",
    "esac ",
    "{ ",
    "} ",
    "( ",
    ") ",
    "[[ ",
    "]] ",
    "[ ",
    "] ",
    "(( ",
    ")) ",
    "$(",
    "${",
    "$((",
    "`",
    "\"",
    "'",
    "\\",
    "\n",
    ";",
    ";;",
    "&",
    "&&",
    "||",
    "|",
    ">",
    ">>",
    "<",
    "<<EOF\n",
    "EOF\n",
    "<<<",
    "2>&1",
    "!",
    "$x",
    "$@",
    "$1",
    "x=",
    "x=1 ",
    "a=(1 2) ",
    "${a[@]}",
    "${x:-",
    "${x//a/",
    "${#x}",
    "*",
    "?",
    "[a-z]",
    "{1..3}",
    "{a,b}",
    "~",
    "#",
    " ",
    "  ",
    "\t",
    "a",
    "b c",
    "/etc/passwd",
    "/nope",
    "-n",
    "-la",
    "--help",
    "true",
    "false",
    "yes ",
    "head -c 3 ",
    "grep '(' ",
    "sed s/a/b/ ",
    "tr a-z ",
    "xargs ",
    "find . ",
    "sort -k",
    "printf %s%d ",
    "test ",
    "read x ",
    "eval ",
    "set -e ",
    "exit ",
    "sleep 1 ",
    "bash -c ",
    "exec ",
    "f() ",
    "\u{e9}",
    "\0",
    "%",
];

fn line(random: &mut Random) -> String {
    let count = 1 + random.below(14);
    (0..count).map(|_| PIECES[random.below(PIECES.len())]).collect()
}

fn check(system: System, seed: u64) {
    let mut random = Random(seed);
    let mut host = Host::new(system, &[]);
    host.settle(Duration::from_secs(1));
    for number in 0..6 {
        let text = line(&mut random);
        let context = format!("{system:?}, seed {seed}, line {number}: {text:?}");
        host.type_text(&format!("{text}\n"));
        host.settle(Duration::from_millis(300));
        // At most a nest of programs that read: each ends with one of these.
        for _ in 0..20 {
            if host.exit().is_some() || host.awaits() == Some(os::terminal::Awaits::Command) {
                break;
            }
            host.stage.machine.interrupt(host.terminal);
            host.settle(Duration::from_millis(50));
        }
        if host.exit().is_some() {
            return;
        }
        assert_eq!(host.awaits(), Some(os::terminal::Awaits::Command), "{context}");
    }
    host.type_text("echo still $((1+1)) here\n");
    assert!(host.settle(Duration::from_secs(5)), "{system:?}, seed {seed}: no prompt at the end");
}

#[test]
fn garbage_is_survived() {
    for seed in 0..120 {
        check(System::Bash, seed);
        check(System::Ash, seed + 10_000);
        check(System::Dash, seed + 20_000);
    }
}

#[test]
fn deep_nesting_is_refused() {
    for (open, inner, close) in [
        ("(", "echo", ")"),
        ("{ ", "echo; ", "}; "),
        ("$(", "echo", ")"),
        ("${x:-", "x", "}"),
        ("$((", "1", "))"),
        ("if ", "true", "; then a; fi"),
        ("((", "1", "))"),
        ("! ", "true", ""),
        ("\"$(", "echo", ")\""),
        ("[[ ( ", "a", " ) ]]"),
        ("{a,", "b", "}"),
        ("`", "echo", "`"),
        ("[", "a", "]"),
        ("f() ", "x", ""),
        ("case x in x) ", "echo", ";; esac"),
        ("a=(", "1", ")"),
    ] {
        for count in [10, 60, 3_000] {
            for text in [
                format!("{}{inner}{}", open.repeat(count), close.repeat(count)),
                format!("echo {}{inner}{}", open.repeat(count), close.repeat(count)),
                open.repeat(count),
            ] {
                let mut host = Host::new(System::Bash, &["-c", &text]);
                host.settle(Duration::from_secs(60));
                assert!(host.exit().is_some(), "{open} {count} times");
            }
        }
    }
}

/// Without optimisation the deepest recursion that the shell allows takes more than a test's thread has.
#[test]
fn endless_things_end_with_their_terminal() {
    let thread = std::thread::Builder::new().stack_size(8 << 20);
    thread.spawn(type_endless_things).unwrap().join().unwrap();
}

fn type_endless_things() {
    for text in [
        "while :; do :; done",
        ":(){ :|:& };:",
        "f() { f; }; f",
        "yes > /dev/null",
        "yes | cat",
        "x=aaaa; while :; do x=$x$x; done",
        "until false; do echo; done",
        "tail -f /etc/passwd",
        "for ((;;)); do :; done",
        "while read x; do :; done < /dev/zero",
        "cat /dev/zero | wc -c",
        "echo {1..1000000} | wc -w",
        "seq 1 100000000 | tail -n 1",
        "eval 'while true; do true; done'",
        "f() { { { { { { { { f; }; }; }; }; }; }; }; }; f",
        "f() { eval f; }; f",
        "x='$x'; eval eval eval $x",
        "trap 'echo again' INT; while :; do :; done",
        "sleep infinity",
        "alias a='a b'; a; alias b=a a=b; a",
        "source /dev/stdin",
        "watch echo",
        "a=b b=a; echo $((a))",
    ] {
        let mut host = Host::new(System::Bash, &[]);
        host.settle(Duration::from_secs(1));
        host.type_text(&format!("{text}\n"));
        host.stage.pass(Duration::from_millis(80));
        for _ in 0..5 {
            host.stage.machine.interrupt(host.terminal);
            host.stage.pass(Duration::from_millis(20));
        }
        let waits = host.awaits() == Some(os::terminal::Awaits::Command);
        let traps = text.starts_with("trap");
        assert!(waits || traps || host.exit().is_some(), "{text}");
    }
}
