//! What nobody should type: one clear error each, nothing lost, never a panic.

use glasshive_tests::desk::Desk;
use sim::{Rng, Streams};
use world::{Duration, Error, Fault, Input, Recording, Spec, World};

#[test]
fn an_open_quote_waits_and_can_be_given_up() {
    let mut desk = Desk::classic(1);
    let result = desk.run("node1", "echo \"never closed");
    assert!(result.more && !result.running, "{result:?}");
    assert_eq!(result.prompt, "> ");
    desk.world.apply(Input::Interrupt { node: "node1".into() }).unwrap();
    desk.wait(1);
    assert_eq!(desk.says("node1", "echo fine"), "fine\n");
    // End of file inside a quote is an error of its own.
    desk.run("node1", "echo 'x");
    desk.world.apply(Input::EndOfFile { node: "node1".into() }).unwrap();
    desk.wait(1);
    assert_eq!(desk.says("node1", "echo fine"), "fine\n");
}

#[test]
fn a_shell_that_ends_is_followed_by_another_whatever_it_leaves_behind() {
    let mut desk = Desk::classic(2);
    for line in ["sleep 1000 &", "cat &", "(while :; do sleep 1; done) &", "cd /tmp; X=1"] {
        desk.run("node1", line);
        desk.world.apply(Input::EndOfFile { node: "node1".into() }).unwrap();
        desk.wait(1);
        assert_eq!(desk.says("node1", "pwd; echo \"[$X]\""), "/root\n[]\n", "{line}");
    }
    let result = desk.run("node1", "exit 7");
    assert_eq!((result.prompt.as_str(), result.running), ("node1$ ", false));
    desk.run("node1", "kill -9 $$");
    assert_eq!(desk.says("node1", "echo back"), "back\n");
}

#[test]
fn syntax_errors_are_bash_s() {
    let mut desk = Desk::classic(1);
    for (line, expected) in [
        (
            "docker secret inspect <secret name>",
            "bash: syntax error near unexpected token `newline'\n",
        ),
        (
            "echo <secret> | docker secret create s -",
            "bash: syntax error near unexpected token `|'\n",
        ),
        ("echo )", "bash: syntax error near unexpected token `)'\n"),
        ("| cat", "bash: syntax error near unexpected token `|'\n"),
        ("fi", "bash: syntax error near unexpected token `fi'\n"),
    ] {
        assert_eq!(desk.fails("node1", line, 2), expected, "{line}");
    }
    let result = desk.run("node1", "//Run: docker ps");
    assert_eq!(
        (result.output.as_str(), result.status),
        ("bash: //Run:: No such file or directory\n", 127)
    );
}

#[test]
fn a_world_that_cannot_be_is_refused() {
    let refused = |spec: Spec| World::new(spec).map(|_| ()).expect_err("it should be refused");
    assert!(matches!(refused(Spec::new(["a"]).with_managers(["b"])), Error::Spec(_)));
    assert!(matches!(refused(Spec::new(["a"]).with_docker("0.1")), Error::Spec(_)));
    let mut world = World::new(Spec::new(["a"])).unwrap();
    let digest = world.digest();
    for input in [
        Input::Type { node: "b".into(), text: "ls\n".into() },
        Input::Fault { fault: Fault::parse("restart a").unwrap() },
        Input::Fault { fault: Fault::parse("cut a zz").unwrap() },
        Input::Disarm { armed: 1 },
        Input::WriteFile { node: "a".into(), path: "relative".into(), text: String::new() },
    ] {
        assert!(world.apply(input).is_err());
    }
    assert_eq!(world.digest(), digest, "what is refused leaves no trace");
    let mut recording: Recording = world.recording();
    recording.format = "glasshive-run/999".into();
    assert!(matches!(World::replay(&recording), Err(Error::Recording(_))));
}

/// What is real but not here yet is said plainly, and nothing has changed.
#[test]
fn unknown_and_unsimulated_commands_differ() {
    let mut desk = Desk::classic(1);
    let unknown = desk.fails("node1", "docker frobnicate", 1);
    assert_eq!(unknown, "docker: 'frobnicate' is not a docker command.\nSee 'docker --help'\n");
    let known = desk.run("node1", "docker plugin install x");
    assert!(known.status != 0 && known.output.contains("not simulated"), "{known:?}");
}

const WORDS: [&str; 60] = [
    "docker",
    "secret",
    "service",
    "create",
    "ls",
    "rm",
    "inspect",
    "ps",
    "exec",
    "-it",
    "-q",
    "--name",
    "--secret",
    "--replicas",
    "3",
    "sec1",
    "web",
    "nginx",
    "redis:alpine",
    "busybox",
    "sh",
    "-c",
    "|",
    "&&",
    "||",
    ";",
    ">",
    "<",
    "<<EOF",
    "EOF",
    "$(",
    ")",
    "`",
    "\"",
    "'",
    "\\",
    "$",
    "${x",
    "}",
    "*",
    "?",
    "[a-",
    "/run/secrets",
    "/dev/null",
    "-",
    "--",
    "--format",
    "{{.ID}}",
    "{{",
    "swarm",
    "init",
    "join",
    "--force",
    "node",
    "echo",
    "cat",
    "&",
    "!",
    "#",
    "=",
];

fn line(rng: &mut Rng) -> String {
    let mut line = String::new();
    match rng.below(4) {
        0 => {
            for _ in 0..rng.below(40) {
                // Any character, some of them control characters and some wide.
                let code = match rng.below(3) {
                    0 => rng.below(0x80),
                    1 => rng.below(0x3000),
                    _ => 0x1F600 + rng.below(0x40),
                };
                line.extend(u32::try_from(code).ok().and_then(char::from_u32));
            }
        }
        _ => {
            for _ in 0..=rng.below(9) {
                line.push_str(WORDS[usize::try_from(rng.below(WORDS.len() as u64)).unwrap()]);
                if rng.below(5) > 0 {
                    line.push(' ');
                }
            }
        }
    }
    line
}

#[test]
fn garbage_never_breaks_anything() {
    for seed in 0..4 {
        let mut rng = Streams::new(seed).stream("garbage");
        let docker = ["1.13", "17.03", "20.10", "28"][usize::try_from(seed).unwrap()];
        let mut desk = Desk::release(docker, seed);
        for _ in 0..120 {
            let node = ["node1", "node2"][usize::try_from(rng.below(2)).unwrap()];
            let line = line(&mut rng);
            desk.run_for(node, &line, Duration::from_secs(2));
            match rng.below(6) {
                0 => desk.world.apply(Input::Interrupt { node: node.into() }).unwrap(),
                1 => desk.world.apply(Input::EndOfFile { node: node.into() }).unwrap(),
                _ => {}
            }
        }
        // Whatever it was: after some Ctrl-C and an `exit` or two there is a prompt again.
        for node in ["node1", "node2"] {
            for _ in 0..4 {
                desk.world.apply(Input::Interrupt { node: node.into() }).unwrap();
                desk.wait(1);
            }
            for _ in 0..4 {
                let result = desk.run_for(node, "echo sa''ne", Duration::from_secs(5));
                if result.output.contains("sane") {
                    break;
                }
                desk.world.apply(Input::EndOfFile { node: node.into() }).unwrap();
                desk.wait(1);
            }
            let result = desk.run_for(node, "echo sa''ne", Duration::from_secs(5));
            assert!(
                result.output.contains("sane"),
                "seed {seed}, {node}: {result:?}\n{:?}",
                desk.world.terminal(node, 0).unwrap().blocks.last()
            );
        }
    }
}

/// What Dockerfiles are made of, and what is wrong in them.
const INSTRUCTIONS: [&str; 48] = [
    "FROM",
    "alpine",
    "scratch",
    "nope:1",
    "AS",
    "base",
    "RUN",
    "echo a",
    "exit 3",
    "&&",
    "\\",
    "COPY",
    "--from=base",
    "--from=9",
    "--chown=x:y",
    "--chmod=z",
    "/etc/passwd",
    ".",
    "..",
    "/",
    "*",
    "?[",
    "ADD",
    "x.tar",
    "ENV",
    "A=1",
    "A",
    "=",
    "$A",
    "${A",
    "${A:-b}",
    "${A:?no}",
    "ARG",
    "CMD",
    "[\"sh\"]",
    "[\"sh\",",
    "ENTRYPOINT",
    "EXPOSE",
    "99999",
    "80/foo",
    "USER",
    "HEALTHCHECK",
    "--interval=-1s",
    "NONE",
    "ONBUILD",
    "<<EOF",
    "--mount=type=secret",
    "STOPSIGNAL",
];

/// The usual beginning and some lines of anything.
fn dockerfile(rng: &mut Rng) -> String {
    let mut text = if rng.below(4) > 0 { "FROM alpine\n" } else { "" }.to_owned();
    for _ in 0..rng.below(5) {
        for _ in 0..=rng.below(5) {
            text += INSTRUCTIONS[usize::try_from(rng.below(INSTRUCTIONS.len() as u64)).unwrap()];
            text += ["", " ", " ", "\t", "\""][usize::try_from(rng.below(5)).unwrap()];
        }
        text.push('\n');
    }
    text
}

#[test]
fn garbage_in_a_dockerfile_is_an_image_or_an_error() {
    for seed in 0..4 {
        let mut rng = Streams::new(seed).stream("dockerfile");
        let docker = ["1.13", "17.03", "20.10", "28"][usize::try_from(seed).unwrap()];
        let mut desk = Desk::release(docker, seed);
        for number in 0..40 {
            let text = dockerfile(&mut rng);
            let path = "/root/Dockerfile".to_owned();
            let file = Input::WriteFile { node: "node1".into(), path, text: text.clone() };
            desk.world.apply(file).unwrap();
            let result = desk.run_for("node1", "docker build -t x .", Duration::from_secs(600));
            assert!(!result.running, "seed {seed}, file {number}:\n{text}");
            let is_told = result.status == 0 || result.output.lines().count() > 0;
            assert!(is_told, "seed {seed}, file {number}:\n{text}\n{}", result.output);
        }
        assert_eq!(desk.says("node1", "echo well"), "well\n", "seed {seed}");
    }
}
