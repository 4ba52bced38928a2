//! The catalogue's own programs, started as their images start them but for the entrypoint scripts,
//! which need a shell.

use glasshive_engine::{ContainerConfig, Release};
use os::Signal;
use sim::Duration;

use crate::support::{Host, config};

#[test]
fn redis_runs_as_its_user_and_saves_when_asked_to_end() {
    let mut host = Host::with_images(Release(17, 3));
    let id = host.run(config("redis:alpine", &["su-exec", "redis", "redis-server"]));
    host.settle(Duration::from_secs(5));
    let processes = host.engine.top(&host.machine, &id).unwrap();
    assert_eq!(processes.len(), 1);
    assert_eq!(
        (processes[0].user.uid, processes[0].args[0].as_str()),
        (100, "redis-server *:6379")
    );
    host.engine.stop(host.now, &mut host.machine, &id, None).unwrap();
    host.settle(Duration::from_secs(1));
    let log = host.log(&id);
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines[0].starts_with("1:C 21 Mar 2017 00:05:00.002 # "), "{log}");
    assert!(lines[0].contains("Redis is starting"), "{log}");
    assert!(log.contains("* Ready to accept connections"), "{log}");
    assert!(log.contains("Received SIGTERM scheduling shutdown..."), "{log}");
    assert!(lines.last().unwrap().ends_with("# Redis is now ready to exit, bye bye..."), "{log}");
    assert_eq!(host.engine.get(&id).unwrap().state.exit_code, 0);
    let saved = host.engine.copy_out(&host.machine, &id, "/data/dump.rdb").unwrap();
    assert!(saved.tree.get("/").is_some(), "in the volume, where it outlives the container");
    assert_eq!(host.engine.get(&id).unwrap().layer_size(), 0);
}

#[test]
fn nginx_ends_on_the_signal_that_its_image_names() {
    let mut host = Host::with_images(Release(20, 10));
    let id = host.run(config("nginx", &["nginx", "-g", "daemon off;"]));
    host.settle(Duration::from_secs(5));
    let args: Vec<String> = host
        .engine
        .top(&host.machine, &id)
        .unwrap()
        .into_iter()
        .map(|process| process.args.join(" "))
        .collect();
    assert_eq!(
        args,
        [
            "nginx: master process nginx -g daemon off;",
            "nginx: worker process",
            "nginx: worker process"
        ]
    );
    host.engine.stop(host.now, &mut host.machine, &id, None).unwrap();
    host.settle(Duration::from_secs(1));
    let log = host.log(&id);
    assert!(log.contains("signal 3 (SIGQUIT) received, shutting down"), "{log}");
    assert_eq!(host.engine.get(&id).unwrap().state.exit_code, 0);
}

#[track_caller]
fn ping(args: &[&str], code: i32, expected: &str) {
    let mut host = Host::with_images(Release(17, 3));
    let mut command = vec!["ping"];
    command.extend(args);
    let id =
        host.run(ContainerConfig { hostname: Some("c1".into()), ..config("alpine", &command) });
    host.settle(Duration::from_secs(10));
    assert_eq!(host.log(&id), expected);
    assert_eq!(host.engine.get(&id).unwrap().state.exit_code, code);
}

#[test]
fn ping_reaches_the_own_host_and_nothing_outside() {
    ping(
        &["-c", "2", "localhost"],
        0,
        "PING localhost (127.0.0.1): 56 data bytes\n\
         64 bytes from 127.0.0.1: seq=0 ttl=64 time=0.061 ms\n\
         64 bytes from 127.0.0.1: seq=1 ttl=64 time=0.061 ms\n\
         \n--- localhost ping statistics ---\n\
         2 packets transmitted, 2 packets received, 0% packet loss\n\
         round-trip min/avg/max = 0.061/0.061/0.061 ms\n",
    );
    ping(
        &["-c", "3", "8.8.8.8"],
        1,
        "PING 8.8.8.8 (8.8.8.8): 56 data bytes\n\
         \n--- 8.8.8.8 ping statistics ---\n\
         3 packets transmitted, 0 packets received, 100% packet loss\n",
    );
    ping(&["nowhere"], 1, "ping: bad address 'nowhere'\n");
}

#[test]
fn ping_goes_on_without_an_answer() {
    let mut host = Host::with_images(Release(17, 3));
    let id = host.run(config("alpine", &["ping", "www.google.es"]));
    host.settle(Duration::from_secs(3_600));
    assert!(host.engine.get(&id).unwrap().is_running());
    assert!(host.log(&id).starts_with("PING www.google.es (203.0.113."), "{}", host.log(&id));
    // A container's first process ignores what it has no handler for; ping handles SIGINT alone.
    host.engine.kill(host.now, &mut host.machine, &id, Signal::Terminate).unwrap();
    host.settle(Duration::from_secs(5));
    assert!(host.engine.get(&id).unwrap().is_running());
    host.engine.kill(host.now, &mut host.machine, &id, Signal::Interrupt).unwrap();
    host.settle(Duration::from_secs(5));
    assert_eq!(host.engine.get(&id).unwrap().state.exit_code, 1);
    assert!(host.log(&id).ends_with("100% packet loss\n"));
}

#[test]
fn redis_answers_its_client_and_remembers() {
    let mut host = Host::with_images(Release(20, 10));
    let id = host.run(config("redis:alpine", &["redis-server"]));
    host.settle(Duration::from_secs(2));
    assert_eq!(host.exec(&id, &["redis-cli", "set", "key", "kept value"], &[]), (0, "OK\n".into()));
    assert_eq!(host.exec(&id, &["redis-cli", "get", "key"], &[]).1, "kept value\n");
    let restart = host.engine.restart(host.now, &mut host.machine, &id, None);
    assert!(restart.is_ok());
    host.settle(Duration::from_secs(2));
    assert_eq!(host.exec(&id, &["redis-cli", "get", "key"], &[]).1, "kept value\n");
    let refused = host.exec(&id, &["redis-cli", "-p", "1", "ping"], &[]);
    let text = "Could not connect to Redis at 127.0.0.1:1: Connection refused\n";
    assert_eq!(refused, (1, text.into()));
    let id = host.run(config("redis:alpine", &["redis-server", "--requirepass", "pw"]));
    host.settle(Duration::from_secs(2));
    let denied = host.exec(&id, &["redis-cli", "ping"], &[]).1;
    assert_eq!(denied, "NOAUTH Authentication required.\n");
    assert_eq!(host.exec(&id, &["redis-cli", "-a", "pw", "ping"], &[]).1, "PONG\n");
}

#[test]
fn nginx_serves_its_files_to_whoever_reaches_it() {
    let mut host = Host::with_images(Release(20, 10));
    let mut asked = config("nginx", &["nginx", "-g", "daemon off;"]);
    asked.ports.push(glasshive_engine::PortBinding {
        container_port: 80,
        protocol: "tcp".into(),
        host_ip: "0.0.0.0".into(),
        host_port: 8080,
    });
    let id = host.run(asked);
    host.settle(Duration::from_secs(2));
    let (container, port) = host.engine.by_host_port(8080).unwrap();
    assert_eq!((&container.id, port), (&id, 80));
    let namespace = container.namespace.clone().unwrap();
    let get = |host: &mut Host, path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: test/1\r\n\r\n");
        let at_once =
            host.machine.call(&namespace, 80, 7, "172.17.0.1", request.as_bytes()).unwrap();
        assert_eq!(at_once, None, "it may have to ask others");
        let now = host.machine.now();
        host.machine.run(now);
        let mut asked =
            host.machine.take_requests().into_iter().filter_map(|request| {
                match request.body.downcast::<os::NetRequest>().unwrap().ask {
                    os::NetAsk::Respond { call: 7, answer } => Some(answer),
                    _ => None,
                }
            });
        String::from_utf8(asked.next().unwrap()).unwrap()
    };
    let page = get(&mut host, "/");
    assert!(
        page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("Welcome to nginx!"),
        "{page}"
    );
    assert!(get(&mut host, "/none").starts_with("HTTP/1.1 404 Not Found\r\n"));
    assert!(
        get(&mut host, "/../../etc/passwd").starts_with("HTTP/1.1 404"),
        "nothing above the root"
    );
    let log = host.log(&id);
    assert!(log.contains("\"GET /none HTTP/1.1\" 404 "), "{log}");
    let address = host.engine.get(&id).unwrap().attachments[0].address.clone();
    assert_eq!(host.engine.by_address(&address).unwrap().id, id);
}

fn mysql(env: &[&str]) -> ContainerConfig {
    let env = env.iter().map(|entry| (*entry).to_owned()).collect();
    ContainerConfig { env, ..config("mysql:5.7", &["mysqld"]) }
}

#[test]
fn a_path_in_a_password_variable_is_the_password_itself() {
    let mut host = Host::with(Release(19, 3), &["mysql:5.7"]);
    let none = host.run(mysql(&[]));
    host.settle(Duration::from_secs(2));
    assert_eq!(host.engine.get(&none).unwrap().state.exit_code, 1);
    assert!(host.log(&none).contains("password option is not specified"));
    let literal = host.run(mysql(&["MYSQL_ROOT_PASSWORD=/run/secrets/root"]));
    let mut asked = mysql(&["MYSQL_ROOT_PASSWORD_FILE=/run/secrets/root"]);
    asked.secrets.push(glasshive_engine::SecretFile {
        id: "secretid".into(),
        target: "root".into(),
        bytes: Some((*b"This is my root password\n").into()),
        uid: 0,
        gid: 0,
        mode: 0o444,
    });
    let read = host.run(asked);
    host.settle(Duration::from_secs(2));
    let mut login = |id, password: &str| {
        let password = format!("-p{password}");
        let answer = host.exec(id, &["mysql", "-uroot", &password, "-e", "select 1"], &[]);
        (answer.0, answer.1.lines().last().unwrap_or_default().to_owned())
    };
    assert_eq!(login(&literal, "/run/secrets/root"), (0, "1".into()));
    assert_eq!(login(&read, "This is my root password"), (0, "1".into()), "without its newline");
    let denied =
        "ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: YES)";
    assert_eq!(login(&read, "/run/secrets/root"), (1, denied.into()));
}
