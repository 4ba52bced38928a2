//! Containers from creation to removal, on a real machine: programs, logs, signals, secrets, commits.

use std::rc::Rc;

use crate::support::{Host, config};
use glasshive_engine::container::Phase;
use glasshive_engine::{
    Commit, ContainerConfig, ExecConfig, Happened, Mount, MountSource, Progress, Reference,
    Release, RestartPolicy, SecretFile, Stdio,
};
use os::Signal;
use os::fs::{FsKind, User};
use os::process::Handle;
use sim::Duration;

#[test]
fn a_container_runs_logs_and_ends() {
    let mut host = Host::with_images(Release(17, 3));
    let id = host.run(config("redis:alpine", &["say", "hello", "world"]));
    host.settle(Duration::from_secs(1));
    assert_eq!(host.log(&id), "hello world\n");
    let state = host.engine.get(&id).unwrap().state.clone();
    assert_eq!((state.phase, state.exit_code), (Phase::Exited, 0));
    let happened = host.take_happened();
    assert_eq!(
        happened,
        [
            Happened::Created(id.clone()),
            Happened::Started(id.clone()),
            Happened::Died(id.clone(), 0)
        ]
    );
    let failing = host.run(config("redis:alpine", &["say", "--exit", "3"]));
    host.settle(Duration::from_secs(1));
    assert_eq!(host.engine.get(&failing).unwrap().state.exit_code, 3);
}

#[test]
fn its_environment_is_that_of_a_container() {
    let mut host = Host::with_images(Release(17, 3));
    let mut config = config("redis:alpine", &["environ"]);
    config.env = vec!["A=1".into(), "REDIS_VERSION=own".into()];
    config.user = "nobody".into();
    let id = host.run(config);
    host.settle(Duration::from_secs(1));
    let short = id.short().to_owned();
    let log = host.log(&id);
    let expected = format!(
        "A=1\nHOME=/\nHOSTNAME={short}\n\
         PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nREDIS_VERSION=own\n\
         cwd=/data uid=65534 pid=1\n"
    );
    assert_eq!(log, expected);
    let hosts = host.engine.copy_out(&host.machine, &id, "/etc/hosts");
    assert!(hosts.is_ok(), "the engine's own files are there after the end too");
}

#[test]
fn exec_runs_beside_the_first_program() {
    let mut host = Host::with_images(Release(19, 3));
    let id = host.run(config("redis:alpine", &["wait"]));
    host.settle(Duration::from_secs(1));
    let (code, text) = host.exec(&id, &["environ"], &["X=y"]);
    assert_eq!(code, 0);
    assert!(text.contains("X=y\n") && text.ends_with("uid=0 pid=2\n"), "{text}");
    let command = |words: &[&str]| ExecConfig {
        command: words.iter().map(|word| (*word).to_owned()).collect(),
        ..ExecConfig::default()
    };
    let mut refuse = |exec: ExecConfig| {
        let error = host.engine.exec(host.now, &mut host.machine, &id, exec).unwrap_err();
        (error.exit_code, error.message)
    };
    let (code, message) = refuse(command(&["bash"]));
    assert_eq!(code, Some(126), "{message}");
    assert!(message.starts_with("OCI runtime exec failed: exec failed"), "{message}");
    let (_, message) = refuse(command(&["/etc/passwd"]));
    assert!(message.contains("permission denied"), "{message}");
    let (_, message) = refuse(ExecConfig { user: "nemo".into(), ..command(&["say"]) });
    assert_eq!(message, "unable to find user nemo: no matching entries in passwd file");
    let (_, message) = refuse(ExecConfig { working_dir: "/no".into(), ..command(&["say"]) });
    assert!(message.contains("chdir to cwd"), "{message}");
    assert_eq!(host.engine.top(&host.machine, &id).unwrap().len(), 1);
    host.engine.stop(host.now, &mut host.machine, &id, None).unwrap();
    host.settle(Duration::from_secs(1));
    let error = host.engine.exec(host.now, &mut host.machine, &id, command(&["say"])).unwrap_err();
    assert_eq!(error.message, format!("Container {id} is not running"));
}

#[test]
fn stop_asks_first_and_kills_later() {
    let mut host = Host::with_images(Release(17, 3));
    let polite = host.run(config("redis:alpine", &["wait"]));
    let deaf = host.run(config("redis:alpine", &["wait", "--deaf"]));
    host.settle(Duration::from_secs(1));
    host.take_happened();
    let started = host.now;
    for id in [&polite, &deaf] {
        let progress = host.engine.stop(host.now, &mut host.machine, id, None).unwrap();
        assert_eq!(progress, Progress::Pending);
    }
    host.settle(Duration::from_secs(30));
    let state = |id| host.engine.get(id).unwrap().state.clone();
    assert_eq!(state(&polite).exit_code, 0);
    assert_eq!(state(&deaf).exit_code, 137);
    let took = state(&deaf).finished.unwrap().since(started);
    assert_eq!(took, Duration::from_secs(10));
    let happened = host.take_happened();
    assert!(happened.contains(&Happened::Stopped(polite.clone())));
    assert!(happened.contains(&Happened::Stopped(deaf)));
    assert_eq!(
        host.engine.stop(host.now, &mut host.machine, &polite, None),
        Ok(Progress::Done),
        "it does not run any more"
    );
}

#[test]
fn kill_restart_rename_and_remove() {
    let mut host = Host::with_images(Release(17, 3));
    let mut asked = config("redis:alpine", &["wait"]);
    asked.name = Some("web".into());
    let id = host.run(asked.clone());
    host.settle(Duration::from_secs(1));
    let error = host.engine.create(host.now, &host.machine, asked.clone()).unwrap_err();
    assert_eq!(
        error.message,
        format!(
            "Conflict. The container name \"/web\" is already in use by container \"{id}\". You \
             have to remove (or rename) that container to be able to reuse that name."
        )
    );
    let remove =
        |host: &mut Host, force| host.engine.remove(host.now, &mut host.machine, &id, force, true);
    let error = remove(&mut host, false).unwrap_err();
    assert_eq!(
        error.message,
        format!(
            "You cannot remove a running container {id}. Stop the container before attempting \
             removal or use -f"
        )
    );
    host.engine.restart(host.now, &mut host.machine, &id, None).unwrap();
    host.settle(Duration::from_secs(1));
    assert!(host.take_happened().contains(&Happened::Restarted(id.clone())));
    assert!(host.engine.get(&id).unwrap().is_running());
    host.engine.rename(host.now, &id, "other").unwrap();
    assert_eq!(host.engine.find("/other").unwrap().id, id);
    assert_eq!(host.engine.find(id.short()).unwrap().id, id);
    assert_eq!(host.engine.find("web").unwrap_err().message, "No such container: web");
    host.engine.kill(host.now, &mut host.machine, &id, Signal::Kill).unwrap();
    host.settle(Duration::from_secs(1));
    assert_eq!(host.engine.get(&id).unwrap().state.exit_code, 137);
    assert!(host.engine.kill(host.now, &mut host.machine, &id, Signal::Kill).is_err());
    host.engine.start(host.now, &mut host.machine, &id, Stdio::default()).unwrap();
    host.settle(Duration::from_secs(1));
    assert_eq!(remove(&mut host, true), Ok(Progress::Pending));
    host.settle(Duration::from_secs(1));
    assert!(host.engine.get(&id).is_none());
    assert!(host.take_happened().contains(&Happened::Destroyed(id)));
    assert_eq!(host.engine.volumes().count(), 0, "the anonymous volume of /data went with it");
}

#[test]
fn restart_policies_wait_longer_and_longer() {
    let mut host = Host::with_images(Release(17, 3));
    let mut asked = config("redis:alpine", &["say", "--exit", "1"]);
    asked.restart = RestartPolicy::OnFailure(3);
    let id = host.run(asked);
    host.settle(Duration::from_secs(20));
    let state = host.engine.get(&id).unwrap().state.clone();
    assert_eq!((state.phase, state.restart_count, state.exit_code), (Phase::Exited, 3, 1));
    let mut asked = config("redis:alpine", &["say"]);
    asked.restart = RestartPolicy::Always;
    let id = host.run(asked);
    host.settle(Duration::from_secs(1));
    assert_eq!(host.engine.get(&id).unwrap().state.phase, Phase::Restarting);
    host.engine.stop(host.now, &mut host.machine, &id, None).unwrap();
    host.settle(Duration::from_secs(100));
    assert_eq!(host.engine.get(&id).unwrap().state.phase, Phase::Exited);
}

fn with_secrets(command: &[&str], targets: &[&str]) -> ContainerConfig {
    let secret = |(number, target): (usize, &&str)| SecretFile {
        id: format!("secretid{number}"),
        target: (*target).to_owned(),
        bytes: Some(Rc::from(&b"s3cret\n"[..])),
        uid: 0,
        gid: 0,
        mode: if number == 0 { 0o444 } else { 0o400 },
    };
    let secrets = targets.iter().enumerate().map(secret).collect();
    ContainerConfig { secrets, ..config("redis:alpine", command) }
}

#[test]
fn a_secret_is_read_only_memory_while_the_container_runs() {
    for release in [Release(17, 3), Release(17, 6)] {
        let mut host = Host::with_images(release);
        let id = host.run(with_secrets(&["wait"], &["s"]));
        host.settle(Duration::from_secs(1));
        let (code, text) = host.exec(&id, &["show", "/run/secrets/s"], &[]);
        assert_eq!((code, text.as_str()), (0, "s3cret\n"), "{release:?}");
        let (_, text) = host.exec(&id, &["put", "/run/secrets/s"], &[]);
        assert_eq!(text, "Read-only file system\n", "{release:?}");
        let container = host.engine.get(&id).unwrap();
        let namespace = container.namespace.clone().unwrap();
        let namespace = namespace.borrow();
        let found = namespace.mounts.resolve("/", "/run/secrets/s", true, User::ROOT).unwrap();
        assert_eq!(found.fs.borrow().kind(), FsKind::Tmpfs);
        let attributes = found.inode().unwrap().attributes;
        assert_eq!((attributes.mode, attributes.uid), (0o444, 0));
        let volumes = container.mounts.iter().filter(|mount| mount.kind != "volume");
        assert_eq!(volumes.count(), 0, "inspect shows no mount for a secret");
        drop(namespace);
        let on_host = |host: &Host| -> Vec<String> {
            let machine = host.machine.host();
            let machine = machine.borrow();
            machine.mounts.iter().map(|mount| mount.at.clone()).collect()
        };
        assert_eq!(on_host(&host).len(), 2, "{:?}", on_host(&host));
        host.engine.stop(host.now, &mut host.machine, &id, None).unwrap();
        host.settle(Duration::from_secs(1));
        assert_eq!(on_host(&host), ["/"]);
        let container = host.engine.get(&id).unwrap();
        assert!(container.namespace.is_none());
        assert!(container.config.secrets[0].bytes.is_none());
        let error =
            host.engine.start(host.now, &mut host.machine, &id, Stdio::default()).unwrap_err();
        assert!(error.message.contains("secret secretid0 not found"), "{error}");
    }
}

#[test]
fn commit_takes_the_writable_layer_and_so_no_secret() {
    for (release, expected) in [
        (Release(17, 3), "show: No such file or directory\n"),
        // The runtime had to make the mount point, so it is there, and empty.
        (Release(17, 6), ""),
    ] {
        let mut host = Host::with_images(release);
        let id = host.run(with_secrets(&["wait"], &["s"]));
        host.settle(Duration::from_secs(1));
        host.exec(&id, &["put", "/tmp/kept"], &[]);
        let commit = Commit {
            reference: Some(Reference::parse("committed_redis").unwrap()),
            author: "me".into(),
            message: "with a file".into(),
            changes: vec!["ENV ADDED=1".into()],
        };
        let image = host.engine.commit(host.now, &id, &commit).unwrap();
        let image = host.engine.images().get(image).unwrap().clone();
        let top = image.layers.last().unwrap();
        let bytes = glasshive_engine::layer::canonical(&top.tree);
        assert!(!bytes.windows(6).any(|window| window == b"s3cret"));
        assert!(top.tree.get("/tmp/kept").is_some());
        assert!(image.config.env.contains(&"ADDED=1".to_owned()));
        let again = host.run(config("committed_redis", &["show", "/run/secrets/s"]));
        host.settle(Duration::from_secs(1));
        assert_eq!(host.log(&again), expected, "{release:?}");
        let kept = host.run(config("committed_redis", &["show", "/tmp/kept"]));
        host.settle(Duration::from_secs(1));
        assert_eq!(host.log(&kept), "put\n");
    }
}

#[test]
fn secrets_have_their_own_targets_and_modes() {
    let mut host = Host::with_images(Release(17, 6));
    let mut asked = with_secrets(&["wait"], &["a", "/custom/path/password"]);
    asked.configs.push(SecretFile {
        id: "configid".into(),
        target: "app.conf".into(),
        bytes: Some(Rc::from(&b"x=1\n"[..])),
        uid: 1000,
        gid: 1000,
        mode: 0o640,
    });
    let id = host.run(asked);
    host.settle(Duration::from_secs(1));
    assert_eq!(host.exec(&id, &["show", "/custom/path/password"], &[]).1, "s3cret\n");
    assert_eq!(host.exec(&id, &["show", "/app.conf"], &[]).1, "x=1\n");
    let diff = host.engine.get(&id).unwrap().diff();
    let added: Vec<String> =
        diff.iter().filter(|(letter, _)| *letter == 'A').map(|(_, path)| path.clone()).collect();
    assert_eq!(
        added,
        [
            "/app.conf",
            "/custom",
            "/custom/path",
            "/custom/path/password",
            "/run/secrets",
            "/run/secrets/a"
        ]
    );
    let copied = host.engine.copy_out(&host.machine, &id, "/run/secrets/a").unwrap();
    assert_eq!(copied.tree.get("/").unwrap().size(), 7, "docker cp reads through the mount");
    let debug = format!("{:?}", host.engine.get(&id).unwrap().config);
    assert!(!debug.contains("s3cret") && debug.contains("7"), "{debug}");
}

#[test]
fn volumes_binds_and_tmpfs() {
    let mut host = Host::with_images(Release(17, 6));
    let bind = |path: &str, create| Mount {
        source: MountSource::Bind { path: path.into(), create },
        target: "/host".into(),
        read_only: true,
    };
    let mut asked = config("redis:alpine", &["wait"]);
    asked.mounts = vec![bind("/nowhere", false)];
    let error = host.engine.create(host.now, &host.machine, asked.clone()).unwrap_err();
    assert_eq!(
        error.message,
        "invalid mount config for type \"bind\": bind source path does not exist: /nowhere"
    );
    let volume = |target: &str| Mount {
        source: MountSource::Volume { name: "data".into(), no_copy: false },
        target: target.into(),
        read_only: false,
    };
    let tmpfs = Mount {
        source: MountSource::Tmpfs { mode: 0 },
        target: "/memory".into(),
        read_only: false,
    };
    asked.mounts = vec![bind("/etc", false), volume("/usr/share/nginx/html"), tmpfs];
    asked.image = "nginx:latest".into();
    asked.entrypoint = Some(vec!["/bin/wait".into()]);
    let id = host.run(asked.clone());
    host.settle(Duration::from_secs(1));
    assert_eq!(host.exec(&id, &["show", "/host/motd"], &[]).1, "welcome\n");
    assert_eq!(host.exec(&id, &["put", "/host/motd"], &[]).1, "Read-only file system\n");
    let page = host.exec(&id, &["show", "/usr/share/nginx/html/index.html"], &[]).1;
    assert!(page.contains("Welcome to nginx!"), "the image's content was copied: {page}");
    host.exec(&id, &["put", "/usr/share/nginx/html/own"], &[]);
    host.exec(&id, &["put", "/memory/own"], &[]);
    let error = host.engine.remove_volume(host.now, &host.machine, "data").unwrap_err();
    assert_eq!(error.message, format!("remove data: volume is in use - [{id}]"));
    let other = host.run(asked);
    host.settle(Duration::from_secs(1));
    assert_eq!(host.exec(&other, &["show", "/usr/share/nginx/html/own"], &[]).1, "put\n");
    assert_eq!(host.exec(&other, &["show", "/memory/own"], &[]).0, 1);
    let upper = host.engine.get(&id).unwrap().root.borrow().upper().clone();
    assert!(upper.iter().all(|(path, _)| !path.ends_with("own")), "mounts are no layer");
}

#[test]
fn attached_handles_get_a_copy_and_input_reaches_the_program() {
    let mut host = Host::with_images(Release(19, 3));
    let mut asked = config("redis:alpine", &["copy"]);
    asked.open_stdin = true;
    let id = host.engine.create(host.now, &host.machine, asked).unwrap();
    let (sink, text) = crate::support::capture();
    let (reader, writer) = host.machine.pipe();
    let stdio = Stdio { stdin: Some(reader), stdout: Some(sink), stderr: None };
    host.engine.start(host.now, &mut host.machine, &id, stdio).unwrap();
    host.feed(writer, "typed\n");
    host.settle(Duration::from_secs(1));
    assert_eq!(text(), "typed\n");
    assert_eq!(host.log(&id), "typed\n");
    // Nobody attached: the input stays open and the program waits.
    let mut asked = config("redis:alpine", &["copy"]);
    asked.open_stdin = true;
    let id = host.run(asked);
    host.settle(Duration::from_secs(100));
    assert!(host.engine.get(&id).unwrap().is_running());
    assert!(host.engine.attach_output(&id, Some(Handle::null()), None).is_ok());
}

#[test]
fn addresses_are_reused_and_names_are_written_down() {
    let mut host = Host::with_images(Release(17, 3));
    let first = host.run(config("redis:alpine", &["wait"]));
    let second = host.run(config("redis:alpine", &["wait"]));
    let address = |host: &Host, id| host.engine.get(id).unwrap().attachments[0].address.clone();
    assert_eq!(address(&host, &first), "172.17.0.2");
    assert_eq!(address(&host, &second), "172.17.0.3");
    let mac = host.engine.get(&second).unwrap().attachments[0].mac.clone();
    assert_eq!(mac, "02:42:ac:11:00:03");
    host.settle(Duration::from_secs(1));
    let hosts = host.exec(&second, &["show", "/etc/hosts"], &[]).1;
    assert!(hosts.ends_with(&format!("172.17.0.3\t{}\n", second.short())), "{hosts}");
    host.engine.remove(host.now, &mut host.machine, &first, true, true).unwrap();
    host.settle(Duration::from_secs(1));
    let third = host.run(config("redis:alpine", &["wait"]));
    assert_eq!(address(&host, &third), "172.17.0.2");
}

#[test]
fn a_power_loss_ends_everything_and_policies_start_again() {
    let mut host = Host::with_images(Release(17, 6));
    let task = host.run(with_secrets(&["wait"], &["s"]));
    let mut asked = config("redis:alpine", &["wait"]);
    asked.restart = RestartPolicy::Always;
    let own = host.run(asked);
    host.settle(Duration::from_secs(1));
    host.reboot();
    let phase = |host: &Host, id| host.engine.get(id).unwrap().state.phase;
    assert_eq!((phase(&host, &task), phase(&host, &own)), (Phase::Exited, Phase::Running));
    assert!(host.engine.get(&task).unwrap().config.secrets[0].bytes.is_none());
}
