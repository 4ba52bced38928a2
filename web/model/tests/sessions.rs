//! Sessions on the real cluster, without a browser: what the page relies on.

use std::rc::Rc;

use glasshive_web_model::Status;
use glasshive_web_model::free::Free;
use glasshive_web_model::inspect::{Target, inspect};
use glasshive_web_model::saved::{Replay, Saved};
use glasshive_web_model::session::{Act, Play, Session};
use glasshive_web_model::view::{PartView, State};
use labs::{Goal, Lab, Runner};
use world::{Duration, World};

fn lab() -> Rc<Lab> {
    let source = include_str!("../../../labs/secrets/secrets.lab.md");
    Rc::new(labs::author::read(source).expect("the lab can be read"))
}

fn session() -> Session {
    let lab = lab();
    let seed = lab.seed;
    Session::new(lab, seed).expect("the lab's world can be built")
}

/// The digest of the lab, played by its runner alone.
fn runner_digest() -> String {
    let lab = lab();
    let mut world = World::new(lab.spec(None)).expect("the lab's world can be built");
    let mut runner = Runner::new(lab, world.started(), world.now());
    runner.play(Goal::All);
    let end = world.now() + Duration::from_secs(3_600);
    runner.drive(&mut world, end);
    world.digest().to_string()
}

fn advance(session: &mut Session, ms: u64) {
    session.advance(session.after(Duration::from_millis(ms)));
}

fn type_line(session: &mut Session, node: &str, text: &str) {
    let act = Act::Type { node: node.to_owned(), text: text.to_owned() };
    session.act(act).expect("the node is up");
}

/// Plays to the end in pieces of some lengths.
fn play(session: &mut Session, pieces_ms: &[u64]) {
    session.act(Act::Play { goal: Play::All }).expect("the lab can be played");
    for piece in pieces_ms.iter().cycle().take(100_000) {
        if session.is_held() {
            return;
        }
        advance(session, *piece);
    }
    panic!("the lab does not come to an end");
}

#[test]
fn however_time_is_cut_the_history_is_the_runners() {
    let expected = runner_digest();
    for pieces in [&[3_600_000][..], &[16, 17, 3, 250]] {
        let mut session = session();
        play(&mut session, pieces);
        assert_eq!(session.status(), Status::Passed);
        assert_eq!(session.progress().percent(), 100);
        assert_eq!(session.world().digest().to_string(), expected, "pieces of {pieces:?} ms");
    }
}

#[test]
fn a_kept_session_comes_back_as_it_was() {
    let mut live = session();
    advance(&mut live, 1_234);
    type_line(&mut live, "node1", "echo \"secrets are important\" > sec.txt");
    advance(&mut live, 333);
    // The second command is typed while the first runs.
    type_line(&mut live, "node2", "sleep 2; hostname");
    type_line(&mut live, "node1", "ls -l");
    for _ in 0..40 {
        advance(&mut live, 77);
    }
    live.act(Act::Play { goal: Play::Step }).expect("the lab can be played");
    while !live.is_held() {
        advance(&mut live, 50);
    }
    live.release();
    advance(&mut live, 10_001);
    live.refresh();

    let saved = Saved::read(&Saved::text(&live), live.lab()).expect("it was just written");
    for span in [1_u64, 100_000] {
        let mut replay = Replay::new(lab(), saved.clone()).expect("the world can be built");
        let mut count = 0;
        while !replay.go_on(Duration::from_millis(span)).expect("all of it can be done again") {
            count += 1;
            assert!(count < 100_000, "the replay does not end");
        }
        let (back, same) = replay.finish();
        assert!(same, "another digest with pieces of {span} ms");
        assert_eq!(back.screens().terminals(), live.screens().terminals());
        assert_eq!(back.screens().histories(), live.screens().histories());
        assert_eq!(back.map(), live.map());
        assert_eq!((back.acts(), back.status()), (live.acts(), live.status()));
    }
}

#[test]
fn a_student_who_types_everything_passes() {
    let mut session = session();
    assert_eq!(session.status(), Status::Ready);
    let count = session.lab().command_count();
    for number in 1..=count {
        let (node, text) = session.filled(number).expect("what it needs was shown before");
        type_line(&mut session, &node, &text);
        for _ in 0..1_000 {
            advance(&mut session, 100);
            if !session.is_busy() {
                break;
            }
        }
        // Nobody types the next one at once.
        advance(&mut session, 1_500);
    }
    let lesson = session.lesson();
    let parts = lesson.steps.iter().flat_map(|step| &step.parts);
    let broken: Vec<&PartView> = parts
        .filter(|part| match part {
            PartView::Command(command) => command.state != State::Holds,
            PartView::Check(check) => check.state != State::Holds,
            _ => false,
        })
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
    assert_eq!(session.status(), Status::Passed);
}

/// A student types `docker service create` and clicks Run on the command below at once: the lab waits for
/// the service first, as its text says.
#[test]
fn run_waits_for_what_the_lab_waits_for() {
    let mut session = session();
    for number in 1..=session.lab().command_count() {
        let (node, text) = session.filled(number).expect("what it needs was shown before");
        if number % 2 == 1 {
            type_line(&mut session, &node, &text);
        } else {
            let act = session.run(number).expect("nothing runs on the node");
            session.act(act).expect("the node is up");
        }
        let over = |session: &Session| {
            let lesson = session.lesson();
            lesson.steps.iter().flat_map(|step| &step.parts).any(|part| match part {
                PartView::Command(command) if command.number == number => {
                    assert_ne!(command.state, State::Broken, "{command:#?}");
                    command.state == State::Holds
                }
                _ => false,
            })
        };
        for _ in 0..6_000 {
            // In pieces so small that the next act comes right after the end of the one before.
            advance(&mut session, 10);
            if over(&session) && (number % 2 == 1 || !session.is_busy()) {
                break;
            }
        }
    }
    assert_eq!(session.status(), Status::Passed);
}

#[test]
fn a_command_that_needs_a_value_says_so() {
    let session = session();
    let asks = (1..=session.lab().command_count()).find_map(|number| session.filled(number).err());
    let why = asks.expect("the lab has a command that needs a captured value");
    assert!(why.contains("which a command above it shows"), "{why}");
}

#[test]
fn a_damaged_session_is_refused_in_a_sentence() {
    let lab = lab();
    let good = Saved::text(&session());
    assert!(Saved::read(&good, &lab).is_ok());
    let refuses = |text: &str, expected: &str| {
        let why = Saved::read(text, &lab).expect_err("it is damaged");
        assert!(why.contains(expected), "{why}");
    };
    refuses("", "EOF");
    refuses(&good[..good.len() / 2], "EOF");
    refuses(&good.replace("glasshive-session/1", "glasshive-session/9"), "its format is");
    refuses(&good.replace("\"secrets\"", "\"other\""), "it belongs to the lab");
    let acts = r#""acts":[{"at_ns":5,"act":"interrupt","node":"node1"},{"at_ns":4,"act":"interrupt","node":"node1"}]"#;
    refuses(&good.replace("\"acts\":[]", acts), "order of time");
}

#[test]
fn what_cannot_be_done_again_is_an_error() {
    let acts = r#""acts":[{"at_ns":0,"act":"interrupt","node":"node9"}]"#;
    let text = Saved::text(&session()).replace("\"acts\":[]", acts);
    let saved = Saved::read(&text, &lab()).expect("it can be read");
    let mut replay = Replay::new(lab(), saved).expect("the world can be built");
    let why = replay.go_on(Duration::from_secs(1)).expect_err("there is no node9");
    assert!(why.contains("node9"), "{why}");
}

#[test]
fn a_running_task_leads_back_to_what_was_typed() {
    let mut session = session();
    play(&mut session, &[3_600_000]);
    // The lab removes its service; another one stays.
    session.release();
    type_line(&mut session, "node1", "printf x | docker secret create key -");
    advance(&mut session, 5_000);
    type_line(&mut session, "node1", "docker service create --name why --secret key redis:alpine");
    for _ in 0..600 {
        advance(&mut session, 100);
    }
    let seen = session.world().observe();
    let task = seen.tasks.iter().find(|task| task.name == "why.1").expect("the task was made");
    let opened = |target: Target| inspect(session.world(), &target).expect("it is there");
    let view = opened(Target::Task(task.id.clone()));
    assert_eq!(view.title, "why.1");
    let last = view.why.last().expect("there is a cause");
    assert!(last.from_outside, "{view:#?}");
    assert!(last.text.starts_with("node1$ docker service create --name why"), "{view:#?}");
    let places: Vec<&str> = view.why.iter().map(|line| line.place.as_str()).collect();
    assert!(places.contains(&"node1"), "{view:#?}");
    let service = opened(Target::Service("why".to_owned()));
    assert!(service.why.last().is_some_and(|line| line.from_outside), "{service:#?}");
    assert!(!opened(Target::Node("node1".to_owned())).why.is_empty());
    let first = view.why.first().expect("there is an effect").id;
    assert_eq!(opened(Target::Event(first)).why, view.why);
    assert!(inspect(session.world(), &Target::Task("nothing".to_owned())).is_none());
}

#[test]
fn a_cluster_of_ones_own_has_no_lesson_and_comes_back() {
    let free = Free {
        node_count: 4,
        manager_count: 3,
        docker: "20.10".to_owned(),
        seed: 9,
        ..Free::default()
    };
    let lab = Rc::new(free.lab());
    let mut live = Session::new(Rc::clone(&lab), lab.seed).expect("the world can be built");
    assert_eq!((live.status(), live.progress().all), (Status::Ready, 0));
    type_line(&mut live, "node4", "docker node ls || hostname");
    advance(&mut live, 5_000);
    assert_eq!(live.status(), Status::Running);
    let saved = Saved::read(&Saved::text(&live), &lab).expect("it was just written");
    let mut replay = Replay::new(lab, saved).expect("the world can be built");
    while !replay.go_on(Duration::from_secs(1)).expect("all of it can be done again") {}
    assert!(replay.finish().1, "the same digest");
}
