//! Processes on one machine: pipes, waiting, signals, terminals, containers.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

use sorted::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

use glasshive_os::fs::{FileSystem, FsKind, Mount, Mounts, Tree, User};
use glasshive_os::machine::Namespace;
use glasshive_os::process::{Disposition, Handle, Onlookers, Sink};
use glasshive_os::program::{Main, Running, image};
use glasshive_os::terminal::Awaits;
use glasshive_os::{
    Errno, ExitStatus, Fd, Machine, NetAnswer, NetAsk, NetReply, NetRequest, Pid, Proc, Programs,
    Signal, Spawn,
};
use sim::{Duration, Time};

#[derive(Debug, Default)]
struct Log(Vec<u8>);
impl Sink for Log {
    fn write(&mut self, _now: Time, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

struct Host {
    machine: Machine,
    now: Time,
    log: Rc<RefCell<Log>>,
}

impl Host {
    fn new(programs: &[(&'static str, Main)]) -> Self {
        let now = Time::from_date(2017, 3, 21);
        let mut tree = Tree::default();
        tree.add_directory("/", 0o755, now);
        tree.add_directory("/tmp", 0o1777, now);
        tree.add_directory("/run/secrets", 0o755, now);
        let mut table = Programs::default();
        for (name, main) in programs {
            table.add(name, *main);
            tree.add_file(&format!("/bin/{name}"), image(name), 0o755, now);
        }
        tree.add_file("/bin/script", "#!/bin/args first\nbody", 0o755, now);
        tree.add_file("/bin/plain", "echo", 0o755, now);
        let mounts = Mounts::new(FileSystem::from_tree(FsKind::Disk, tree).shared());
        Self { machine: Machine::new(now, "node1", mounts, table), now, log: Rc::default() }
    }

    fn spawn(&mut self, path: &str, args: &[&str]) -> Result<Pid, Errno> {
        let sink = Handle::sink(self.log.clone());
        let fds = SortedMap::from([
            (Fd::STDIN, Handle::null()),
            (Fd::STDOUT, sink.clone()),
            (Fd::STDERR, sink),
        ]);
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        let host = self.machine.host();
        self.machine.spawn(&host, Spawn { path: path.into(), args, fds, ..Spawn::default() })
    }

    fn settle(&mut self, limit: Duration) {
        let end = self.now + limit;
        self.machine.run(self.now);
        while let Some(at) = self.machine.next_deadline().filter(|at| *at <= end) {
            self.now = at;
            self.machine.run(at);
        }
        self.now = end;
        self.machine.run(end);
    }

    fn run(&mut self, path: &str, args: &[&str]) -> (i32, String) {
        let pid = self.spawn(path, args).unwrap();
        self.settle(Duration::from_secs(5));
        let exits = self.machine.take_exits();
        let (_, status) = exits.iter().find(|(ended, _)| *ended == pid).expect("it ended");
        (status.code(), self.printed())
    }

    fn printed(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.log.borrow_mut().0)).unwrap()
    }
}

fn print_args(proc: Proc) -> Running {
    Box::pin(async move {
        proc.print(proc.args().join(" ")).await;
        0
    })
}

#[test]
fn scripts_run_through_their_interpreter() {
    let mut host = Host::new(&[("args", print_args)]);
    let (code, text) = host.run("/bin/script", &["script", "second"]);
    assert_eq!((code, text.as_str()), (0, "/bin/args first /bin/script second"));
    assert_eq!(host.spawn("/bin/plain", &["plain"]), Err(Errno::ExecFormat));
    assert_eq!(host.spawn("/bin/none", &["none"]), Err(Errno::NotFound));
    assert_eq!(host.spawn("/tmp", &["tmp"]), Err(Errno::Access));
}

/// Becomes `args`, whose exit code is then this process's.
fn becomes(proc: Proc) -> Running {
    Box::pin(async move {
        let spawn = |path: &str| Spawn {
            path: path.into(),
            args: vec!["other".into(), proc.own_pid().to_string()],
            ..Spawn::default()
        };
        assert_eq!(proc.exec(spawn("/bin/none")).await, Errno::NotFound);
        proc.on_signal(Signal::Terminate, Disposition::Catch);
        proc.exec(spawn("/bin/args")).await;
        9
    })
}

#[test]
fn a_program_can_take_its_process_over() {
    let mut host = Host::new(&[("becomes", becomes), ("args", print_args)]);
    assert_eq!(host.run("/bin/becomes", &["becomes"]), (0, "other 1000".into()));
    assert_eq!(host.machine.process_count(), 0);
}

fn reads_bytes(proc: Proc) -> Running {
    Box::pin(async move {
        proc.set_handle(Fd::STDIN, Handle::bytes(b"here".to_vec()));
        assert_eq!(proc.write(Fd::STDIN, b"x").await, Err(Errno::BadFd));
        let fd = proc.add_handle(proc.open_read_write("/tmp/both").unwrap());
        proc.write(fd, &proc.read_to_end(Fd::STDIN).await.unwrap()).await.unwrap();
        proc.print(proc.read_file("/tmp/both").unwrap()).await;
        0
    })
}

#[test]
fn here_documents_are_read_to_their_end() {
    let mut host = Host::new(&[("reads", reads_bytes)]);
    assert_eq!(host.run("/bin/reads", &["reads"]), (0, "here".into()));
}

/// Two children of a group of their own: one Ctrl-C ends both.
fn pipeline(proc: Proc) -> Running {
    Box::pin(async move {
        let sleeper = |child: Proc| -> Running {
            Box::pin(async move {
                let _ = child.sleep(Duration::from_secs(100)).await;
                0
            })
        };
        let first = proc.fork(SortedMap::new(), true, false, sleeper);
        let second = proc.fork(SortedMap::new(), false, false, sleeper);
        proc.set_group(second, first);
        assert_eq!(proc.visible_pid(first), first);
        assert_eq!(proc.process_count(), 3);
        let codes = [proc.wait(first).await.unwrap(), proc.wait(second).await.unwrap()];
        codes.iter().map(|status| status.code()).sum::<i32>() - 260
    })
}

#[test]
fn ctrl_c_reaches_all_of_a_pipeline() {
    let mut host = Host::new(&[("pipeline", pipeline)]);
    let terminal = host.machine.add_terminal();
    let fds = SortedMap::from([(Fd(0), Handle::terminal(terminal))]);
    let namespace = host.machine.host();
    let spawn = Spawn { path: "/bin/pipeline".into(), fds, foreground: true, ..Spawn::default() };
    host.machine.spawn(&namespace, spawn).unwrap();
    host.settle(Duration::from_secs(1));
    host.machine.interrupt(terminal);
    host.settle(Duration::from_secs(1));
    assert_eq!(host.machine.take_exits()[0].1, ExitStatus::Code(0));
}

/// Writes far more than a pipe holds to a child that reads it slowly, then counts.
fn pipes(proc: Proc) -> Running {
    Box::pin(async move {
        let (reader, writer) = proc.pipe();
        let fds = SortedMap::from([(Fd::STDIN, reader)]);
        let child = proc.fork(fds, false, false, |child| {
            Box::pin(async move {
                let all = child.read_to_end(Fd::STDIN).await.unwrap();
                child.print(format!("{}\n", all.len())).await;
                3
            })
        });
        let fd = proc.add_handle(writer);
        proc.write(fd, &vec![b'x'; 200_000]).await.unwrap();
        proc.close(fd);
        let status = proc.wait(child).await.unwrap();
        assert_eq!(proc.wait(child).await, Err(Errno::NoChild));
        status.code()
    })
}

#[test]
fn a_pipe_holds_back_its_writer_and_ends_with_it() {
    let mut host = Host::new(&[("pipes", pipes)]);
    assert_eq!(host.run("/bin/pipes", &["pipes"]), (3, "200000\n".into()));
}

/// `yes | head -1`: the writer dies of SIGPIPE.
fn broken(proc: Proc) -> Running {
    Box::pin(async move {
        let (reader, writer) = proc.pipe();
        let fds = SortedMap::from([(Fd::STDOUT, writer)]);
        let child = proc.fork(fds, false, false, |child| {
            Box::pin(async move {
                loop {
                    child.print("y\n").await;
                    child.compute(Duration::from_micros(10)).await;
                }
            })
        });
        let fd = proc.add_handle(reader);
        proc.read(fd, 2).await.unwrap();
        proc.close(fd);
        proc.wait(child).await.unwrap().code()
    })
}

#[test]
fn nobody_writes_to_a_pipe_without_a_reader() {
    let mut host = Host::new(&[("broken", broken)]);
    assert_eq!(host.run("/bin/broken", &["broken"]).0, 141);
}

fn own_files(proc: Proc) -> Running {
    Box::pin(async move {
        proc.set_handle(Fd::STDERR, Handle::null());
        proc.eprint("lost\n").await;
        let out = proc.open_write("/dev/stdout", false).unwrap();
        proc.set_handle(Fd::STDERR, out);
        proc.eprint("seen\n").await;
        assert!(proc.open_read("/dev/stdin").is_ok() && proc.open_read("/dev/fd/2").is_ok());
        assert_eq!(proc.open_read("/dev/fd/9").err(), Some(Errno::NotFound));
        0
    })
}

#[test]
fn a_process_opens_its_own_descriptors_by_name() {
    let mut host = Host::new(&[("own", own_files)]);
    assert_eq!(host.run("/bin/own", &["own"]), (0, "seen\n".into()));
}

fn shell(proc: Proc) -> Running {
    Box::pin(async move {
        proc.on_signal(Signal::Interrupt, Disposition::Catch);
        loop {
            match proc.read_command(Awaits::Command, "node1$ ").await {
                Ok(Some(line)) if line == "sleep" => {
                    let spawn = Spawn {
                        path: "/bin/sleep".into(),
                        args: vec![line],
                        foreground: true,
                        ..Spawn::default()
                    };
                    let child = proc.spawn(spawn).unwrap();
                    let status = proc.wait(child).await.unwrap();
                    proc.finish_command(status.code());
                }
                Ok(Some(line)) => {
                    proc.print(format!("got {line}\n")).await;
                    proc.finish_command(0);
                }
                Ok(None) => return 0,
                Err(_) => {
                    proc.take_signal();
                }
            }
        }
    })
}

fn sleep(proc: Proc) -> Running {
    Box::pin(async move {
        proc.print("zzz\n").await;
        i32::from(proc.sleep(Duration::from_secs(1_000)).await.is_err())
    })
}

#[test]
fn ctrl_c_ends_the_command_and_not_the_shell() {
    let mut host = Host::new(&[("shell", shell), ("sleep", sleep)]);
    let terminal = host.machine.add_terminal();
    let tty = Handle::terminal(terminal);
    let fds = SortedMap::from([(Fd(0), tty.clone()), (Fd(1), tty.clone()), (Fd(2), tty)]);
    let namespace = host.machine.host();
    let spawn = Spawn { path: "/bin/shell".into(), fds, foreground: true, ..Spawn::default() };
    host.machine.spawn(&namespace, spawn).unwrap();
    host.machine.type_text(terminal, "hello\nsleep\nlost\n");
    host.settle(Duration::from_secs(1));
    let look =
        |host: &Host| host.machine.terminal(terminal, |t| (t.awaits(), t.last_status())).unwrap();
    assert_eq!(look(&host), (None, 0));
    host.machine.interrupt(terminal);
    host.settle(Duration::from_secs(1));
    assert_eq!(look(&host), (Some(Awaits::Command), 130));
    let shown: Vec<(String, String)> = host
        .machine
        .terminal(terminal, |t| {
            t.blocks().iter().map(|b| (b.typed[0].clone(), b.screen.shown())).collect()
        })
        .unwrap();
    assert_eq!(
        shown,
        [("hello".into(), "got hello\n".into()), ("sleep".into(), "zzz\n^C\n".to_owned())]
    );
}

fn contained(proc: Proc) -> Running {
    Box::pin(async move {
        let own = proc.own_pid();
        let child = proc.fork(SortedMap::new(), false, false, |child| {
            Box::pin(async move {
                child
                    .print(format!("{} sees {}; ", child.own_pid(), child.processes().len()))
                    .await;
                let _ = child.sleep(Duration::from_secs(100)).await;
                child.print("never printed").await;
                0
            })
        });
        let _ = child;
        let _ = proc.sleep(Duration::from_secs(1)).await;
        let denied = proc.write_file("/run/secrets/s", b"x").unwrap_err();
        proc.print(format!("{own} on {}: {denied}", proc.hostname())).await;
        0
    })
}

#[test]
fn a_container_ends_with_its_first_process() {
    let mut host = Host::new(&[("contained", contained)]);
    let root = host.machine.host().borrow().mounts.root().borrow().upper().clone();
    let mut mounts = Mounts::new(FileSystem::overlay(vec![Rc::new(root)]).shared());
    let mut secrets = Mount::tmpfs("/run/secrets", 0o755, host.now);
    secrets.read_only = true;
    mounts.add(secrets);
    let namespace = Namespace::new(mounts, "5652c1688f40", true).shared();
    let sink = Handle::sink(host.log.clone());
    let spawn = Spawn {
        path: "/bin/contained".into(),
        fds: SortedMap::from([(Fd::STDOUT, sink)]),
        ..Spawn::default()
    };
    host.machine.spawn(&namespace, spawn).unwrap();
    host.settle(Duration::from_secs(10));
    assert_eq!(host.printed(), "2 sees 2; 1 on 5652c1688f40: Read-only file system");
    assert_eq!(host.machine.take_exits().len(), 1);
    assert_eq!(host.machine.process_count(), 0, "the child was killed with it");
}

fn files(proc: Proc) -> Running {
    Box::pin(async move {
        proc.set_user(User::new(1000, 1000));
        proc.write_file("/tmp/mine", b"text").unwrap();
        assert_eq!(proc.stat("/tmp/mine").unwrap().attributes.mode, 0o644);
        assert_eq!(proc.write_file("/bin/args", b""), Err(Errno::Access));
        assert_eq!(proc.make_directory("/bin/new", 0o777), Err(Errno::Access));
        assert_eq!(proc.remove_file("/tmp"), Err(Errno::IsDirectory));
        assert_eq!(proc.remove_directory("/tmp/mine"), Err(Errno::NotDirectory));
        assert_eq!(
            proc.change_attributes("/tmp/mine", None, Some(0), None),
            Err(Errno::NotPermitted)
        );
        proc.change_attributes("/tmp/mine", Some(0), None, None).unwrap();
        assert_eq!(proc.read_file("/tmp/mine"), Err(Errno::Access));
        proc.set_user(User::ROOT);
        proc.change_directory("/tmp").unwrap();
        proc.rename("mine", "renamed").unwrap();
        assert_eq!(proc.read_file("renamed").unwrap(), b"text");
        assert_eq!(proc.rename("renamed", "nowhere/x"), Err(Errno::NotFound));
        let names: Vec<String> = proc.list(".").unwrap().into_iter().map(|(n, _)| n).collect();
        proc.print(names.join(",")).await;
        0
    })
}

#[test]
fn permissions_are_those_of_the_caller() {
    let mut host = Host::new(&[("files", files), ("args", print_args)]);
    assert_eq!(host.run("/bin/files", &["files"]), (0, "renamed".into()));
}

fn asks(proc: Proc) -> Running {
    Box::pin(async move {
        let answer = proc.request("docker", Box::new(20_u32)).await.unwrap();
        *answer.downcast::<u32>().unwrap() as i32
    })
}

#[test]
fn requests_are_answered_or_withdrawn() {
    let mut host = Host::new(&[("asks", asks)]);
    host.spawn("/bin/asks", &[]).unwrap();
    let killed = host.spawn("/bin/asks", &[]).unwrap();
    host.settle(Duration::from_secs(1));
    let requests = host.machine.take_requests();
    assert_eq!(requests.len(), 2);
    host.machine.signal(killed, Signal::Terminate);
    host.machine.reply(requests[0].id, Box::new(22_u32));
    host.settle(Duration::from_secs(1));
    let exits: Vec<ExitStatus> = host.machine.take_exits().into_iter().map(|(_, s)| s).collect();
    assert_eq!(exits, [ExitStatus::Code(22), ExitStatus::Signal(Signal::Terminate)]);
    assert_eq!(host.machine.take_withdrawn(), [requests[1].id]);
}

#[test]
fn onlookers_get_a_copy_and_hold_nobody_back() {
    let mut host = Host::new(&[("args", print_args)]);
    let onlookers = Onlookers::default();
    let (other, log): (Rc<RefCell<Log>>, _) = (Rc::default(), host.log.clone());
    onlookers.add(Handle::sink(other.clone()));
    let (reader, writer) = host.machine.pipe();
    onlookers.add(writer);
    drop(reader);
    let namespace = host.machine.host();
    let spawn = Spawn {
        path: "/bin/args".into(),
        args: vec!["both".into()],
        fds: SortedMap::from([(Fd::STDOUT, Handle::tee(log, onlookers.clone()))]),
        ..Spawn::default()
    };
    host.machine.spawn(&namespace, spawn).unwrap();
    host.settle(Duration::from_secs(1));
    assert_eq!((host.printed().as_str(), &*other.borrow().0), ("both", &b"both"[..]));
    assert_eq!(onlookers.count(), 1, "the one that nobody reads is gone");
}

#[derive(Debug)]
struct Echo(Proc);
impl glasshive_os::Service for Echo {
    fn answer(&mut self, _now: Time, request: &[u8]) -> Vec<u8> {
        self.0.write_now_or_never(Fd::STDOUT, b"asked ");
        [b"echo ", request].concat()
    }
}

fn serves(proc: Proc) -> Running {
    Box::pin(async move {
        let echo = Rc::new(RefCell::new(Echo(proc.clone())));
        proc.listen(80, echo.clone()).unwrap();
        assert_eq!(proc.listen(80, echo), Err(Errno::AddressInUse));
        let _ = proc.sleep(Duration::from_secs(10)).await;
        0
    })
}

fn calls(proc: Proc) -> Running {
    Box::pin(async move {
        let _ = proc.sleep(Duration::from_secs(1)).await;
        let answer = proc.call("localhost", 80, b"hello").await.unwrap();
        proc.print(answer).await;
        assert_eq!(proc.call("10.9.9.9", 80, b"far").await, Ok(b"answer".to_vec()));
        assert_eq!(proc.call("10.9.9.9", 80, b"lost").await, Err(Errno::TimedOut));
        7
    })
}

#[test]
fn programs_answer_on_ports_while_they_run() {
    let mut host = Host::new(&[("serves", serves), ("calls", calls)]);
    host.spawn("/bin/serves", &[]).unwrap();
    host.spawn("/bin/calls", &[]).unwrap();
    host.settle(Duration::from_secs(2));
    let namespace = host.machine.host();
    assert_eq!(host.machine.call(&namespace, 80, 1, "10.0.0.9", b"x").unwrap().unwrap(), b"echo x");
    assert_eq!(host.machine.listeners(&namespace).len(), 1);
    let requests = host.machine.take_requests();
    let call = requests[0].body.downcast_ref::<NetRequest>().unwrap();
    let address = "10.9.9.9".to_owned();
    assert_eq!(call.ask, NetAsk::Call { address, port: 80, request: b"far".to_vec() });
    let answer: NetReply = Ok(NetAnswer::Bytes(b"answer".to_vec()));
    host.machine.reply(requests[0].id, Box::new(answer));
    host.settle(Duration::from_secs(60));
    assert_eq!(host.machine.take_exits().last().unwrap().1, ExitStatus::Code(7));
    assert_eq!(host.printed(), "asked echo helloasked ");
}
