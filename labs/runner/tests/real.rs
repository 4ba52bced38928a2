//! The Secrets lab on the real simulated cluster: one history, however it is played.

use std::rc::Rc;

use glasshive_labs::{Event, Goal, Lab, Outcome, Part, Runner, WorldRunner};
use sim::Duration;
use world::{LINE_LIMIT, World};

fn lab() -> Rc<Lab> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../secrets/secrets.lab.md");
    let source = std::fs::read_to_string(path).expect("the lab's file");
    Rc::new(glasshive_labs::author::read(&source).expect("a lab"))
}

fn start(lab: &Rc<Lab>) -> (World, WorldRunner) {
    let world = World::new(lab.spec(None)).expect("a world");
    let runner = Runner::new(Rc::clone(lab), world.started(), world.now());
    (world, runner)
}

/// The parts that do not hold, in words.
fn failures(runner: &WorldRunner) -> Vec<String> {
    let failed = runner.outcomes().filter(|(_, outcome)| !outcome.holds());
    failed.map(|(at, outcome)| format!("{at:?} {outcome:?}")).collect()
}

#[test]
fn one_history_however_time_is_cut() {
    let lab = lab();
    let (mut world, mut runner) = start(&lab);
    let far = world.now() + Duration::from_secs(3_600);
    runner.play(Goal::All);
    runner.drive(&mut world, far);
    assert!(runner.holds(), "{:?}", failures(&runner));
    let (digest, end) = (world.digest(), world.now());

    for slice_us in [16_667, 250_000, 7_000_000] {
        let (mut world, mut runner) = start(&lab);
        runner.play(Goal::All);
        let mut until = world.now();
        while !runner.is_finished() {
            until += Duration::from_micros(slice_us);
            runner.drive(&mut world, until);
        }
        assert_eq!((world.digest(), world.now()), (digest, end), "slices of {slice_us} us");
    }

    // Somebody presses "next" for each command; the clock stands still in between.
    let (mut world, mut runner) = start(&lab);
    while !runner.is_finished() {
        runner.play(Goal::Command);
        runner.drive(&mut world, far);
    }
    assert_eq!((world.digest(), world.now()), (digest, end));
}

/// A student types everything by hand, at another speed, and the lab follows.
#[test]
fn a_lab_done_by_hand_holds_too() {
    let lab = lab();
    let (mut world, mut runner) = start(&lab);
    while let Some((at, node, text)) = runner.next_command() {
        world.advance(Duration::from_secs(7));
        let mark = world.mark(&node).expect("a terminal");
        let started = world.now();
        world.run_line(&node, &text, LINE_LIMIT).expect("typed");
        let done = runner.typed_by_hand(&world, &node, &text, mark, started);
        assert_eq!(done, Some(at), "{text}");
        let until = world.now() + Duration::from_secs(120);
        runner.drive(&mut world, until);
        assert_eq!(runner.goal(), Goal::Rest);
    }
    // The last part may be a check, which the last drive has made.
    assert!(runner.holds(), "{:?}", failures(&runner));
}

/// Doing something else in between changes what the lab finds, and it says so.
#[test]
fn a_secret_removed_too_early_is_noticed() {
    let lab = lab();
    let (mut world, mut runner) = start(&lab);
    let far = world.now() + Duration::from_secs(3_600);
    runner.play(Goal::Step);
    runner.drive(&mut world, far);
    world.run_line("node1", "docker secret rm sec1", LINE_LIMIT).expect("typed");
    runner.play(Goal::All);
    runner.drive(&mut world, far);
    let texts: Vec<String> = runner
        .outcomes()
        .filter_map(|(_, outcome)| match outcome {
            Outcome::Command(command) if !command.holds() => Some(command.complaints().join("; ")),
            _ => None,
        })
        .collect();
    assert!(texts.len() > 3 && !runner.holds(), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("status")), "{texts:?}");
}

/// A running program in the terminal is not typed into.
#[test]
fn a_busy_terminal_is_left_alone() {
    let lab = lab();
    let (mut world, mut runner) = start(&lab);
    world.type_line("node1", "sleep 30").expect("typed");
    runner.play(Goal::All);
    let until = world.now() + Duration::from_secs(10);
    let events = runner.drive(&mut world, until);
    assert!(matches!(&events[..], [Event::Step { .. }, Event::Blocked { .. }]), "{events:?}");
    let commands = lab.places().filter(|(_, part)| matches!(part, Part::Command(_))).count();
    assert_eq!((runner.outcomes().count(), commands), (0, lab.command_count()));
}
