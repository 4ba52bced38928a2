//! Commands and what they print: `tests/transcripts/*.txt`, in the form of [`transcripts`].
//!
//! `@ 17.03` begins a host with that release. `$ docker ...` is a command whose standard input is
//! empty or what follows ` <<< `; `$t docker ...` runs on a terminal, `$c docker ...` too with Ctrl-C after half
//! a second. `! node2` adds a worker, `! node2 down` changes one.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

#[allow(unreachable_pub, dead_code, reason = "each test uses its part")]
mod support;

use sim::Duration;
use support::World;
use swarm::objects::NodeState;
use transcripts::{Event, Scene, Shown, check, command};

const LIMIT: Duration = Duration::from_secs(120);

impl Scene for World {
    fn begin(name: &str) -> (Self, Shown) {
        (Self::new(name), Shown::default())
    }

    fn pass(&mut self, span: Duration) -> Shown {
        self.stage.pass(span);
        Shown::default()
    }

    fn play(&mut self, event: Event<'_>, _next: Option<Event<'_>>) -> Shown {
        if event.mark == "!" {
            let daemon = &mut self.stage.peer;
            match event.text.split_once(' ') {
                Some((node, "down")) => daemon.set_node(node, NodeState::Down),
                Some((node, _)) => daemon.set_node(node, NodeState::Ready),
                None => daemon.add_node(event.text),
            }
            return Shown::default();
        }
        let (words, input) = command(event.text);
        assert_eq!(words[0], "docker", "{event:?}");
        let args: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let ended = match event.mark {
            "$" => self.run(&args, input.as_bytes(), LIMIT),
            "$t" => self.run_on_terminal(&args, LIMIT, None),
            "$c" => self.run_on_terminal(&args, LIMIT, Some(Duration::from_millis(500))),
            _ => panic!("{event:?}"),
        };
        ended.shown()
    }
}

#[test]
fn commands_print_as_recorded() {
    check::<World>(env!("CARGO_MANIFEST_DIR"));
}
