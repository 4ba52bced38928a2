//! Commands and what they print: `tests/transcripts/*.txt`, in the form of [`transcripts`].
//!
//! `@ 1.25` begins a host with that release. `$ kubectl ...` is a command whose standard input is empty or what follows
//! ` <<< `; `$t kubectl ...` runs on a terminal where that is typed.
//! `! edit A => B` changes a text in the next editor, `! put FILE` puts an object of `tests/files` on the server as it is,
//! `! set PATH VALUE` changes a member of an object there.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

#[allow(unreachable_pub, dead_code, reason = "each test uses its part")]
mod support;

use sim::Duration;
use support::World;
use transcripts::{Event, Scene, Shown, check, command};

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
            change(self, event.text);
            return Shown::default();
        }
        let (words, input) = command(event.text);
        assert_eq!(words[0], "kubectl", "{event:?}");
        let args: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let ended = match event.mark {
            "$" => self.run(&args, &input),
            "$t" => self.run_on_terminal(&args, &input),
            _ => panic!("{event:?}"),
        };
        ended.shown()
    }
}

fn change(world: &mut World, line: &str) {
    let (what, rest) = line.split_once(' ').unwrap();
    match what {
        "edit" => {
            let (from, to) = rest.split_once(" => ").unwrap();
            world.edits.push((from.replace("\\n", "\n"), to.replace("\\n", "\n")));
        }
        "set" => {
            let (path, value) = rest.split_once(' ').unwrap();
            let (object, place) = path.split_once('#').unwrap();
            let object = world.stage.peer.objects.get_mut(object).unwrap();
            let (folder, name) = place.rsplit_once('/').unwrap();
            let folder = object.pointer_mut(folder).unwrap();
            folder[name] = serde_json::from_str(value).unwrap();
        }
        "put" => {
            let path = format!("{}/tests/files/{rest}", env!("CARGO_MANIFEST_DIR"));
            let objects: serde_json::Value =
                serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            for (path, object) in objects.as_object().unwrap() {
                world.stage.peer.objects.insert(path.clone(), object.clone());
            }
        }
        _ => panic!("{line}"),
    }
}

#[test]
fn commands_print_as_recorded() {
    check::<World>(env!("CARGO_MANIFEST_DIR"));
}
