//! Images as they are: entrypoint scripts run by the real shells, utilities in containers.

use std::rc::Rc;

use glasshive_engine::{Commit, ContainerConfig, Reference, Release, SecretFile};
use sim::Duration;

use crate::support::Host;

fn image(name: &str, command: &[&str]) -> ContainerConfig {
    ContainerConfig {
        image: name.to_owned(),
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        ..ContainerConfig::default()
    }
}

fn with_secret(mut config: ContainerConfig) -> ContainerConfig {
    config.secrets.push(SecretFile {
        id: "secretid".into(),
        target: "sec1".into(),
        bytes: Some(Rc::from(&b"secrets are important\n"[..])),
        uid: 0,
        gid: 0,
        mode: 0o444,
    });
    config
}

#[test]
fn redis_drops_its_rights_and_can_be_looked_into() {
    for release in [Release(17, 3), Release(17, 6)] {
        let mut host = Host::with(release, &["redis:alpine"]);
        let id = host.run(with_secret(image("redis:alpine", &[])));
        host.settle(Duration::from_secs(3));
        assert!(host.log(&id).contains("Ready to accept connections"), "{}", host.log(&id));
        let top = host.engine.top(&host.machine, &id).unwrap();
        assert_eq!(top.len(), 1, "{top:?}");
        assert_eq!((top[0].user.uid, top[0].args[0].as_str()), (100, "redis-server *:6379"));
        let (code, text) = host.exec(&id, &["ls", "-l", "/run/secrets"], &[]);
        assert_eq!(code, 0);
        assert!(
            text.starts_with("total 4\n-r--r--r--    1 root     root            22 Mar 21 "),
            "{text}"
        );
        assert!(text.ends_with(" sec1\n"), "{text}");
        let (_, text) = host.exec(&id, &["cat", "/run/secrets/sec1"], &[]);
        assert_eq!(text, "secrets are important\n");
        let (code, text) = host.exec(&id, &["sh", "-c", "echo x > /run/secrets/sec1"], &[]);
        assert_eq!(code, 1);
        assert!(text.contains("Read-only file system"), "{text}");
        let commit = Commit {
            reference: Some(Reference::parse("committed_redis").unwrap()),
            ..Commit::default()
        };
        host.engine.commit(host.now, &id, &commit).unwrap();
        let again = host.run(image("committed_redis", &["cat", "/run/secrets/sec1"]));
        host.settle(Duration::from_secs(1));
        let (code, log) = (host.engine.get(&again).unwrap().state.exit_code, host.log(&again));
        if release < Release(17, 6) {
            let text = "cat: can't open '/run/secrets/sec1': No such file or directory\n";
            assert_eq!((code, log.as_str()), (1, text));
        } else {
            assert_eq!((code, log.as_str()), (0, ""));
        }
        let before = host.now;
        host.engine.stop(host.now, &mut host.machine, &id, None).unwrap();
        host.settle(Duration::from_secs(20));
        let state = host.engine.get(&id).unwrap().state.clone();
        assert_eq!(state.exit_code, 0);
        assert!(state.finished.unwrap().since(before) < Duration::from_secs(1));
    }
}

#[test]
fn the_other_images_start_as_they_are() {
    let images =
        ["nginx:latest", "nginx:alpine", "redis:latest", "mysql:5.7", "gitea/gitea:1.13.0"];
    let mut host = Host::with(Release(20, 10), &images);
    for name in images {
        let mut config = image(name, &[]);
        config.env = vec!["MYSQL_ROOT_PASSWORD=x".into()];
        let id = host.run(config);
        host.settle(Duration::from_secs(3));
        assert!(host.engine.get(&id).unwrap().is_running(), "{name}: {}", host.log(&id));
        host.engine.stop(host.now, &mut host.machine, &id, None).unwrap();
        host.settle(Duration::from_secs(5));
        let state = &host.engine.get(&id).unwrap().state;
        assert_eq!(state.exit_code, 0, "{name}: {}", host.log(&id));
    }
}

#[test]
fn a_shell_command_as_the_first_process() {
    let mut host = Host::with(Release(19, 3), &["busybox", "ubuntu", "alpine"]);
    for (name, expected) in [("busybox", "sh"), ("alpine", "/bin/sh"), ("ubuntu", "bash")] {
        let id = host.run(image(name, &[]));
        assert_eq!(host.engine.get(&id).unwrap().path_and_args(), [expected]);
        host.settle(Duration::from_secs(2));
        assert_eq!(host.engine.get(&id).unwrap().state.exit_code, 0, "no input: it ends");
        let id = host.run(image(name, &["sh", "-c", "echo $HOSTNAME; id -u; hostname; exit 5"]));
        host.settle(Duration::from_secs(2));
        let short = id.short();
        assert_eq!(host.log(&id), format!("{short}\n0\n{short}\n"), "{name}");
        assert_eq!(host.engine.get(&id).unwrap().state.exit_code, 5);
    }
    let id = host.run(image("alpine", &["sleep", "1000"]));
    host.settle(Duration::from_secs(2));
    host.engine.stop(host.now, &mut host.machine, &id, None).unwrap();
    host.settle(Duration::from_secs(30));
    let state = &host.engine.get(&id).unwrap().state;
    assert_eq!(state.exit_code, 137, "sleep has no handler, and the first process needs one");
}

#[test]
fn wget_and_curl_fetch_from_a_server_beside_them() {
    let mut host = Host::with(Release(20, 10), &["nginx:alpine"]);
    let id = host.run(image("nginx:alpine", &[]));
    host.settle(Duration::from_secs(3));
    let (code, text) = host.exec(&id, &["wget", "-q", "-O", "-", "http://localhost/"], &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("Welcome to nginx!"), "{text}");
    let (code, text) = host.exec(&id, &["curl", "-sI", "localhost:80/none"], &[]);
    assert_eq!(code, 0);
    assert!(text.starts_with("HTTP/1.1 404 Not Found\r\n") && !text.contains("<html>"), "{text}");
    let (code, text) = host.exec(&id, &["curl", "localhost:81"], &[]);
    let refused = "curl: (7) Failed to connect to localhost port 81: Connection refused\n";
    assert_eq!((code, text.as_str()), (7, refused));
    let (code, text) = host.exec(&id, &["wget", "http://localhost/none"], &[]);
    assert_eq!(code, 1);
    assert!(text.contains("server returned error: HTTP/1.1 404 Not Found"), "{text}");
}

#[test]
fn a_terminal_inside_a_container() {
    let mut host = Host::with(Release(19, 3), &["redis:alpine"]);
    let id = host.run(with_secret(image("redis:alpine", &[])));
    host.settle(Duration::from_secs(3));
    let terminal = host.machine.add_terminal();
    let tty = os::process::Handle::terminal(terminal);
    let config = glasshive_engine::ExecConfig {
        command: vec!["sh".into()],
        tty: true,
        stdio: glasshive_engine::Stdio {
            stdin: Some(tty.clone()),
            stdout: Some(tty.clone()),
            stderr: None,
        },
        ..glasshive_engine::ExecConfig::default()
    };
    host.engine.exec(host.now, &mut host.machine, &id, config).unwrap();
    host.settle(Duration::from_secs(1));
    let prompt = |host: &Host| host.machine.terminal(terminal, |t| t.prompt().to_owned()).unwrap();
    assert_eq!(prompt(&host), "/data # ");
    host.machine.type_text(terminal, "cd /run/secrets\ncat sec1\nsleep 100\n");
    host.settle(Duration::from_secs(2));
    host.machine.interrupt(terminal);
    host.settle(Duration::from_secs(1));
    assert_eq!(prompt(&host), "/run/secrets # ");
    host.machine.type_text(terminal, "exit\n");
    host.settle(Duration::from_secs(1));
    let shown: Vec<String> = host
        .machine
        .terminal(terminal, |t| t.blocks().iter().map(|block| block.screen.shown()).collect())
        .unwrap();
    assert_eq!(shown[1], "secrets are important\n", "{shown:?}");
    assert!(host.engine.get(&id).unwrap().execs.is_empty());
    assert!(host.engine.get(&id).unwrap().is_running(), "Ctrl-C reached the foreground alone");
    // `docker run -it`: the first process has the terminal, and its log has what it showed.
    let mut asked = image("redis:alpine", &["sh"]);
    (asked.tty, asked.open_stdin) = (true, true);
    let id = host.engine.create(host.now, &host.machine, asked).unwrap();
    let stdio =
        glasshive_engine::Stdio { stdin: Some(tty.clone()), stdout: Some(tty), stderr: None };
    host.engine.start(host.now, &mut host.machine, &id, stdio).unwrap();
    host.settle(Duration::from_secs(1));
    assert_eq!(prompt(&host), "/data # ");
    host.machine.type_text(terminal, "echo hello; exit 3\n");
    host.settle(Duration::from_secs(1));
    assert_eq!(host.engine.get(&id).unwrap().state.exit_code, 3);
    assert_eq!(host.log(&id), "hello\n");
}
