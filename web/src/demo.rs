//! A page to look at before there is a cluster.
use std::rc::Rc;

use model::ui::Ui;
use model::view::*;
use model::{BarView, Status};
use yew::prelude::*;

use crate::msg::Msg;
use crate::page::Page;

fn command(number: usize, text: &str, state: State, next: bool) -> PartView {
    PartView::Command(Box::new(CommandView {
        number, node: format!("node{}", 1 + number / 4), index: number / 4, text: text.into(), state, next,
        complaints: if state == State::Broken { vec!["expected `sec1   11 seconds ago`, got `sec2   1 second ago`".into()] } else { vec![] },
        expects: Some(vec![ExpectedLine(vec![ExpectedPiece::Hole("<id:sec>".into(), "a swarm id: 25 small letters and digits".into())])]),
        diff: vec![DiffView { mark: DiffMark::Missing, text: "<id> sec1 <age> ago".into() }, DiffView { mark: DiffMark::Extra, text: "abc sec2 1 second ago".into() }],
        ..CommandView::default()
    }))
}

fn lesson() -> LessonView {
    let step = |id: &str, title: &str, state, progress, parts| Rc::new(StepView { id: id.into(), title: title.into(), state, progress, parts });
    LessonView {
        title: "Secrets".into(),
        facts: vec!["Intermediate".into(), "15 minutes".into(), "Docker 17.03".into()],
        goals: vec!["store a secret in a swarm without leaving it on a disk".into(), "give it to a service and look at where it is".into()],
        credits: vec!["After docker/labs, Apache-2.0".into()],
        intro: "<p>A password has to reach a program. In this lab you hand one to a swarm, watch where it is readable and where it is not, and clean up behind you. Everything runs on <strong>three simulated hosts</strong>.</p>".into(),
        current: Some(1),
        steps: vec![
            step("swarm", "Make a swarm", State::Holds, (3, 3), vec![
                PartView::Prose("<p>Three hosts with Docker 17.03, none in a swarm yet. Make <code>node1</code> the first manager.</p>".into()),
                command(1, "docker swarm init --advertise-addr eth0", State::Holds, false),
                PartView::Check(CheckView { id: "formed".into(), state: State::Holds, lines: vec![CheckLineView { source: "leader == node1".into(), state: State::Holds, why: String::new() }, CheckLineView { source: "node node2 role == worker".into(), state: State::Holds, why: String::new() }], ..CheckView::default() }),
            ]),
            step("create", "Create a secret", State::Running, (1, 4), vec![
                PartView::Prose("<p>Write the text into a file. The file is in your working directory, in <em>clear</em>: anybody who can read the directory can read it.</p><ol><li>Create it.</li><li>Look at it.</li></ol>".into()),
                command(2, "echo \"secrets are important\" > sec.txt", State::Broken, false),
                PartView::Note(NoteView { erratum: true, html: "<p>The workshop shows a size of 10. The text and its newline have <strong>22</strong> bytes.</p>".into(), proven: State::Holds }),
                command(3, "docker secret create sec1 ./sec.txt", State::Open, true),
                command(4, "docker service create --name sec-test --secret=\"sec1\" redis:alpine", State::Open, false),
                PartView::Check(CheckView { id: "stored".into(), state: State::Open, lines: vec![CheckLineView { source: "secret sec1 exists".into(), state: State::Open, why: "there are no secrets".into() }], ..CheckView::default() }),
                PartView::Hints(vec!["<p>A secret can be read from a file or, with <code>-</code>, from standard input.</p>".into(), "<p>More</p>".into()]),
                PartView::Quiz(QuizView { html: "<p>Where can an administrator of a worker read the secret?</p>".into(), choices: vec![ChoiceView { html: "Nowhere".into(), right: false, because: "A worker that runs a task needs it.".into() }, ChoiceView { html: "In the container's tmpfs".into(), right: true, because: "While the task runs.".into() }] }),
            ]),
            step("use", "Use it in a service", State::Open, (0, 5), vec![]),
            step("clean", "Clean up", State::Open, (0, 2), vec![]),
        ],
    }
}

fn map() -> MapView {
    let raft = |term, role: &str| Some(RaftLine { role: role.into(), term, commit: 31, applied: 31 });
    let task = |name: &str, state: &str, tone| Pill { id: name.into(), name: name.into(), state: state.into(), tone, ..Pill::default() };
    MapView {
        headline: "A swarm of 3 nodes; node1 leads, 1 of 1 managers agree".into(),
        tone: Tone::Good,
        nodes: vec![
            NodeCard { name: "node1".into(), index: 0, shape: Shape::Hexagon, role: "manager, leader".into(), leads: true, state: "ready".into(), tone: Tone::Good, raft: raft(2, "leader"), sealed: vec!["sec1".into()], ..NodeCard::default() },
            NodeCard { name: "node2".into(), index: 1, shape: Shape::Square, role: "worker".into(), state: "ready".into(), tone: Tone::Good, pills: vec![task("sec-test.1", "running", Tone::Good)], clear: vec![ClearSecret { name: "sec1".into(), places: vec!["agent's memory".into(), "tmpfs of sec-test.1".into()] }], ..NodeCard::default() },
            NodeCard { name: "node3".into(), index: 2, shape: Shape::Alone, role: "in no swarm".into(), state: "up".into(), tone: Tone::Plain, pills: vec![task("sec-test.2", "preparing", Tone::Wait)], ..NodeCard::default() },
        ],
        services: vec![ServiceRow { name: "sec-test".into(), image: "redis:alpine".into(), mode: "replicated".into(), running: 1, desired: 2, tone: Tone::Wait, secrets: vec!["sec1".into()] }],
        unplaced: vec![],
    }
}

fn terminals() -> Vec<Rc<TermView>> {
    let block = |typed: &str, shown: &str, status| Rc::new(Block { prompt: "node1$ ".into(), typed: typed.into(), shown: shown.into(), status, open: status.is_none(), took_ms: Some(1200) });
    (0..3).map(|index| Rc::new(TermView {
        node: format!("node{}", index + 1), index, first: 0, prompt: format!("node{}$ ", index + 1), reader: if index == 1 { Reader::Nobody } else { Reader::Shell },
        blocks: if index == 2 { vec![] } else { vec![
            block("docker swarm init --advertise-addr eth0", "Swarm initialized: current node (m3x1sphd8ht6w1fjf5u9fjq0z) is now a manager.\n\nTo add a worker to this swarm, run the following command:\n\n    docker swarm join \\\n    --token SWMTKN-1-0a2s2xy4lqjn9jn3cj1ov2vxqkbhk6ifmkrahk9hnu4s9zkgps-3fhq6x3wtzkg1qyqyu2q7xhxy \\\n    10.0.0.11:2377\n\nTo add a manager to this swarm, run 'docker swarm join-token manager' and follow the instructions.\n", Some(0)),
            block("docker secret ls", "ID                          NAME                CREATED             UPDATED\nftu76ghgsk7f9fmcrj3wx3xcd   sec1                11 seconds ago      11 seconds ago\n", Some(0)),
            block("docker secret inspect nothing", "[]\nError: no such secret: nothing\n", Some(1)),
            block("docker service ps sec-test", "ID            NAME        IMAGE         NODE   DESIRED STATE  CURRENT STATE           ERROR  PORTS\n9s2kp0kq4nkd  sec-test.1  redis:alpine  node2  Running        Running 3 seconds ago\n", Some(0)),
            block("docker service logs -f sec-test", "", None),
        ] },
    })).collect()
}

#[component]
pub fn Demo() -> Html {
    let ui = use_state(|| { let mut ui = Ui { node: "node1".into(), ..Ui::default() }; ui.tell("Saved state could not be read; it was set aside.", true, false); ui.dismiss(9); ui });
    let on = { let ui = ui.clone(); Callback::from(move |msg: Msg| {
        let mut new = (*ui).clone();
        match msg { Msg::Select(n) => new.node = n, Msg::Split => new.split = !new.split, Msg::Pane(p) => new.pane = p, Msg::Help => new.help = !new.help, Msg::Table(t) => new.table = t, Msg::Dismiss(id) => new.dismiss(id), Msg::Draft(n, t) => new.set_draft(&n, t),
            Msg::Theme => { new.theme = new.theme.next(); crate::dom::root_attribute("data-theme", Some(new.theme.word())); } _ => {} }
        ui.set(new);
    }) };
    let bar = BarView { seed: 41, digest: "9f2c4a1bd03e77aa5512".into(), clock: "00:01:23.4".into(), date: "2017-03-21".into(), motion: "as fast as real time".into(), status: Status::Running, can_undo: true, ..BarView::default() };
    crate::dom::set_ready();
    html! { <Page lesson={Rc::new(lesson())} map={Rc::new(map())} terminals={terminals()} histories={vec![Rc::new(vec![]), Rc::new(vec![]), Rc::new(vec![])]} bar={Rc::new(bar)} ui={Rc::new((*ui).clone())} {on} /> }
}
