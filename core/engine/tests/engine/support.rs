//! A host with an engine and a few tiny programs instead of a shell's utilities.

use std::cell::RefCell;
use std::rc::Rc;

use glasshive_engine::{
    Catalog, ContainerConfig, ContainerId, Engine, EngineOptions, ExecConfig, Happened, Reference,
    Registry, Release, Stdio,
};
use os::fs::{FileSystem, FsKind, Mounts, Tree};
use os::process::{Disposition, Handle, Sink};
use os::program::Running;
use os::{Fd, Machine, Proc, Programs, Signal, Spawn};
use sim::{Duration, Streams, Time};

const TOOLS: &[(&str, &str)] = &[
    ("/bin/say", "say"),
    ("/bin/environ", "environ"),
    ("/bin/wait", "wait"),
    ("/bin/show", "show"),
    ("/bin/put", "put"),
    ("/bin/copy", "copy"),
];

fn say(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        if args.get(1).map(String::as_str) == Some("--exit") {
            return args[2].parse().unwrap();
        }
        proc.print(format!("{}\n", args[1..].join(" "))).await;
        0
    })
}

fn environ(proc: Proc) -> Running {
    Box::pin(async move {
        for (name, value) in proc.environment() {
            proc.print(format!("{name}={value}\n")).await;
        }
        let (cwd, uid, pid) = (proc.cwd(), proc.user().uid, proc.own_pid());
        proc.print(format!("cwd={cwd} uid={uid} pid={pid}\n")).await;
        0
    })
}

fn wait(proc: Proc) -> Running {
    Box::pin(async move {
        if proc.args().len() == 1 {
            proc.on_signal(Signal::Terminate, Disposition::Catch);
            proc.on_signal(Signal::Quit, Disposition::Catch);
        }
        let _ = proc.sleep(Duration::from_secs(1_000_000)).await;
        0
    })
}

fn show(proc: Proc) -> Running {
    Box::pin(async move {
        match proc.read_file(&proc.args()[1]) {
            Ok(bytes) => {
                proc.print(bytes).await;
                0
            }
            Err(errno) => {
                proc.eprint(format!("show: {errno}\n")).await;
                1
            }
        }
    })
}

fn put(proc: Proc) -> Running {
    Box::pin(async move {
        match proc.write_file(&proc.args()[1], b"put\n") {
            Ok(()) => 0,
            Err(errno) => {
                proc.eprint(format!("{errno}\n")).await;
                1
            }
        }
    })
}

fn copy(proc: Proc) -> Running {
    Box::pin(async move {
        loop {
            let bytes = proc.read(Fd::STDIN, 4_096).await.unwrap();
            if bytes.is_empty() {
                return 0;
            }
            proc.print(bytes).await;
        }
    })
}

/// What a program that is only fed writes.
fn feeder(proc: Proc) -> Running {
    Box::pin(async move {
        proc.print(proc.args()[1].clone()).await;
        0
    })
}

#[derive(Debug, Default)]
struct Text(Vec<u8>);
impl Sink for Text {
    fn write(&mut self, _now: Time, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

/// A handle and the text that was written to it.
pub(crate) fn capture() -> (Handle, impl Fn() -> String) {
    let text: Rc<RefCell<Text>> = Rc::default();
    let look = text.clone();
    (Handle::sink(text), move || String::from_utf8(look.borrow().0.clone()).unwrap())
}

pub(crate) fn config(image: &str, command: &[&str]) -> ContainerConfig {
    ContainerConfig {
        image: image.to_owned(),
        entrypoint: Some(Vec::new()),
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        ..ContainerConfig::default()
    }
}

pub(crate) struct Host {
    pub(crate) machine: Machine,
    pub(crate) engine: Engine,
    pub(crate) registry: Registry,
    pub(crate) now: Time,
}

fn machine(now: Time) -> Machine {
    let mut tree = Tree::default();
    tree.add_directory("/", 0o755, now);
    tree.add_file("/etc/motd", "welcome\n", 0o644, now);
    tree.add_file("/bin/feeder", os::program::image("feeder"), 0o755, now);
    let mut programs = Programs::default();
    programs.add("say", say);
    programs.add("environ", environ);
    programs.add("wait", wait);
    programs.add("show", show);
    programs.add("put", put);
    programs.add("copy", copy);
    programs.add("feeder", feeder);
    shell::register(&mut programs);
    glasshive_engine::programs::register(&mut programs);
    let mounts = Mounts::new(FileSystem::from_tree(FsKind::Disk, tree).shared());
    Machine::new(now, "node1", mounts, programs)
}

impl Host {
    pub(crate) fn new(release: Release) -> Self {
        let now = Time::from_date(2017, 3, 21);
        let rng = Streams::new(7).stream("engine/node1");
        Self {
            machine: machine(now),
            engine: Engine::new(EngineOptions::for_release(release), rng),
            registry: Catalog::standard(
                &[shell::gnu_commands(), TOOLS].concat(),
                &[shell::busybox_commands(), TOOLS].concat(),
            )
            .into_registry(),
            now,
        }
    }

    pub(crate) fn with_images(release: Release) -> Self {
        Self::with(release, &["redis:alpine", "nginx:latest", "alpine:latest"])
    }

    pub(crate) fn with(release: Release, images: &[&str]) -> Self {
        let mut host = Self::new(release);
        for name in images {
            let reference = Reference::parse(name).unwrap();
            host.engine.start_pull(host.now, &reference, &host.registry);
        }
        host.settle(Duration::from_secs(300));
        host.engine.take_events();
        host
    }

    pub(crate) fn run(&mut self, config: ContainerConfig) -> ContainerId {
        let id = self.engine.create(self.now, &self.machine, config).unwrap();
        self.engine.start(self.now, &mut self.machine, &id, Stdio::default()).unwrap();
        id
    }

    fn step(&mut self) {
        self.machine.run(self.now);
        // The network knows one name and answers nothing else.
        for request in self.machine.take_requests() {
            let Ok(body) = request.body.downcast::<os::NetRequest>() else { continue };
            if let os::NetAsk::Resolve { name } = body.ask {
                let known = name == "www.google.es";
                let found = known.then(|| "203.0.113.9".to_owned()).into_iter().collect();
                let reply: os::NetReply = Ok(os::NetAnswer::Addresses(found));
                self.machine.reply(request.id, Box::new(reply));
            }
        }
        for (pid, status) in self.machine.take_exits() {
            self.engine.on_exit(self.now, &mut self.machine, pid, status);
        }
        self.engine.poll(self.now, &mut self.machine);
    }

    pub(crate) fn settle(&mut self, limit: Duration) {
        let end = self.now + limit;
        loop {
            self.step();
            if self.machine.is_ready() {
                continue;
            }
            let next = [self.machine.next_deadline(), self.engine.next_deadline(self.now)];
            match next.into_iter().flatten().min().filter(|at| *at <= end) {
                Some(at) => self.now = self.now.max(at),
                None => break,
            }
        }
        self.now = end;
        self.step();
    }

    pub(crate) fn log(&self, id: &ContainerId) -> String {
        let log = self.engine.get(id).unwrap().log.borrow();
        log.entries().map(|entry| String::from_utf8_lossy(&entry.bytes).into_owned()).collect()
    }

    pub(crate) fn take_happened(&mut self) -> Vec<Happened> {
        let events = self.engine.take_events().into_iter();
        events
            .map(|event| event.what)
            .filter(|what| !matches!(what, Happened::Volume(..) | Happened::Network(..)))
            .collect()
    }

    pub(crate) fn exec(
        &mut self,
        id: &ContainerId,
        command: &[&str],
        env: &[&str],
    ) -> (i32, String) {
        let (handle, text) = capture();
        let stdio = Stdio { stdin: None, stdout: Some(handle.clone()), stderr: Some(handle) };
        let config = ExecConfig {
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            env: env.iter().map(|word| (*word).to_owned()).collect(),
            stdio,
            ..ExecConfig::default()
        };
        let exec = self.engine.exec(self.now, &mut self.machine, id, config).unwrap();
        self.settle(Duration::from_secs(1));
        let code = self.engine.take_events().into_iter().find_map(|event| match event.what {
            Happened::ExecDied(_, ended, code) if ended == exec.id => Some(code),
            _ => None,
        });
        (code.expect("it ended"), text())
    }

    /// Writes text to a pipe and closes it.
    pub(crate) fn feed(&mut self, writer: Handle, text: &str) {
        let spawn = Spawn {
            path: "/bin/feeder".into(),
            args: vec!["feeder".into(), text.into()],
            fds: sorted::SortedMap::from([(Fd::STDOUT, writer)]),
            ..Spawn::default()
        };
        let namespace = self.machine.host();
        self.machine.spawn(&namespace, spawn).unwrap();
    }

    /// The power goes and comes back: the disk stays.
    pub(crate) fn reboot(&mut self) {
        let disk = self.machine.host().borrow().mounts.root().clone();
        self.engine.on_power_loss(self.now);
        let fresh = machine(self.now);
        fresh.host().borrow_mut().mounts = Mounts::new(disk);
        self.machine = fresh;
        self.engine.on_boot(self.now, &mut self.machine);
        self.settle(Duration::from_secs(1));
    }
}
