//! One host with the docker command line and a daemon in memory: a swarm's store with the real
//! control API and the real leader's loops, which commit at once, and nodes whose agents walk tasks
//! through their states. What runs in "containers" are programs of the host.

mod daemon;

use glasshive_docker::{Profile, register};
use os::fs::{FileSystem, FsKind, Mounts, Tree};
use os::program::{Running, image};
use os::{Fd, Machine, Proc, Programs};
use sim::{Duration, Time};
use transcripts::{Ended, Stage};

pub use daemon::Daemon;

const DOCKER: &str = "/usr/bin/docker";

/// A host, its daemon and the time.
pub struct World {
    pub stage: Stage<Daemon>,
}

fn cat(proc: Proc) -> Running {
    Box::pin(async move {
        for path in proc.args().iter().skip(1) {
            match proc.read_file(path) {
                Ok(bytes) => proc.print(bytes).await,
                Err(errno) => {
                    proc.eprint(format!("cat: can't open '{path}': {errno}\n")).await;
                    return 1;
                }
            }
        }
        if proc.args().len() == 1 {
            let bytes = proc.read_to_end(Fd::STDIN).await.unwrap_or_default();
            proc.print(bytes).await;
        }
        0
    })
}

fn is_terminal(proc: Proc) -> Running {
    Box::pin(async move {
        let answer = [Fd::STDIN, Fd::STDOUT].map(|fd| proc.is_terminal(fd));
        proc.print(format!("{answer:?}\n")).await;
        i32::from(!answer[0])
    })
}

impl World {
    pub fn new(profile: &str) -> Self {
        let profile = Profile::parse(profile).unwrap();
        let now = Time::from_date(2017, 3, 21) + Duration::from_secs(19 * 3_600 + 37 * 60);
        let mut programs = Programs::default();
        register(&mut programs);
        programs.add("cat", cat);
        programs.add("tty", is_terminal);
        let mut tree = Tree::default();
        tree.add_directory("/", 0o755, now);
        tree.add_file(DOCKER, image(profile.program), 0o755, now);
        tree.add_file("/bin/cat", image("cat"), 0o755, now);
        tree.add_file("/bin/tty", image("tty"), 0o755, now);
        tree.add_file("/root/sec.txt", "secrets are important\n", 0o644, now);
        tree.add_file("/root/env", "# more\nA=from a file\nB=2\n", 0o644, now);
        let mounts = Mounts::new(FileSystem::from_tree(FsKind::Disk, tree).shared());
        let machine = Machine::new(now, "node1", mounts, programs);
        Self { stage: Stage::new(machine, Daemon::new(profile, now), now) }
    }

    /// Runs `docker` with `input` to read; at most so long.
    pub fn run(&mut self, args: &[&str], input: &[u8], limit: Duration) -> Ended {
        self.stage.run(DOCKER, args, input, limit)
    }

    /// Runs `docker` on a terminal of its own; Ctrl-C comes after `interrupt`.
    pub fn run_on_terminal(
        &mut self,
        args: &[&str],
        limit: Duration,
        interrupt: Option<Duration>,
    ) -> Ended {
        let (terminal, pid) = self.stage.start_on_terminal(DOCKER, args);
        if let Some(after) = interrupt {
            self.stage.pass(after);
            self.stage.machine.interrupt(terminal);
        }
        let status = self.stage.finish(pid, limit);
        Ended { status, printed: self.stage.printed(terminal) }
    }
}
