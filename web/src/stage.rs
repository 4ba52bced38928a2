//! What is played at the moment: a session that starts, one that is brought back, or a live one.

use std::rc::Rc;

use labs::Lab;
use model::audit::AuditPanel;
use model::clock::Speed;
use model::inspect::{InspectView, Target, inspect};
use model::saved::{Replay, Saved};
use model::session::{Act, Notice, Play, Session};
use model::ui::{Pane, Ui};
use model::view::{LessonView, MapView, TermView};
use model::{BarView, Duration, Fault, Input, Status, completion, map};

use crate::dom;
use crate::msg::Msg;
use crate::store;

/// Real time that the simulation may take of a frame.
const FRAME_BUDGET_MS: f64 = 8.0;
/// The same while nothing but a replay happens.
const REPLAY_BUDGET_MS: f64 = 24.0;
/// How often the map is drawn while time runs.
const DRAW_MS: f64 = 120.0;
/// How often the checks of the step are looked at while time runs.
const LIGHTS_MS: f64 = 1_000.0;
/// How often a running session is kept.
const KEEP_MS: f64 = 3_000.0;

/// Everything that the page draws.
#[derive(Clone)]
pub struct Views {
    pub lesson: Rc<LessonView>,
    pub map: Rc<MapView>,
    pub bar: Rc<BarView>,
    pub terminals: Vec<Rc<TermView>>,
    pub histories: Vec<Rc<[String]>>,
    pub inspect: Option<Rc<InspectView>>,
    pub audit: Rc<AuditPanel>,
    /// The panel of the audit is open.
    pub auditing: bool,
}

enum Playing {
    /// The next frame begins.
    Starting,
    Restoring(Box<Replay>),
    Live(Box<Session>),
    Failed(String),
}

pub struct Stage {
    lab: Rc<Lab>,
    playing: Playing,
    views: Option<Views>,
    /// What is open beside the map.
    target: Option<Target>,
    /// What is open, and the audit, are to be looked at again.
    is_stale: bool,
    speed: Speed,
    paused: bool,
    can_undo: bool,
    focus: Option<String>,
    last_frame: f64,
    last_draw: f64,
    last_lights: f64,
    last_keep: f64,
    /// Something happened since the session was kept.
    is_unkept: bool,
    cannot_keep: bool,
}

impl Stage {
    pub fn new(lab: Rc<Lab>) -> Self {
        let word = store::setting("speed").unwrap_or_default();
        let speed = Speed::ALL.into_iter().find(|speed| speed.word() == word);
        Self {
            can_undo: store::previous(&lab.id).is_some(),
            lab,
            playing: Playing::Starting,
            views: None,
            target: None,
            is_stale: false,
            speed: speed.unwrap_or_default(),
            paused: false,
            focus: None,
            last_frame: 0.0,
            last_draw: 0.0,
            last_lights: 0.0,
            last_keep: 0.0,
            is_unkept: false,
            cannot_keep: false,
        }
    }

    pub fn views(&self) -> Option<Views> {
        self.views.clone()
    }

    /// What to say while there is nothing to draw.
    pub fn progress(&self) -> String {
        match &self.playing {
            Playing::Restoring(replay) => {
                format!("Bringing your session back… {} %", replay.percent().min(100))
            }
            Playing::Failed(why) => why.clone(),
            Playing::Starting | Playing::Live(_) => "Starting the cluster…".to_owned(),
        }
    }

    pub const fn take_focus(&mut self) -> Option<String> {
        self.focus.take()
    }

    /// The name of a node.
    pub fn node(&self, index: usize) -> Option<String> {
        self.lab.nodes.get(index).cloned()
    }

    fn session(&mut self) -> Option<&mut Session> {
        match &mut self.playing {
            Playing::Live(session) => Some(session),
            _ => None,
        }
    }

    /// A frame of the browser; true if the page must be drawn again.
    pub fn frame(&mut self, now: f64, ui: &mut Ui) -> bool {
        let passed = now - self.last_frame;
        self.last_frame = now;
        match std::mem::replace(&mut self.playing, Playing::Starting) {
            Playing::Starting => self.start(ui),
            Playing::Restoring(replay) => self.replay(replay, ui),
            Playing::Live(session) => {
                self.playing = Playing::Live(session);
                return self.live(now, passed, ui);
            }
            Playing::Failed(why) => {
                self.playing = Playing::Failed(why);
                return false;
            }
        }
        true
    }

    fn start(&mut self, ui: &mut Ui) {
        ui.start_over(self.lab.nodes.first().map_or("", String::as_str));
        match store::session(&self.lab.id) {
            Some(text) => self.bring_back(&text, ui),
            None => self.begin(self.lab.seed),
        }
    }

    fn begin(&mut self, seed: u64) {
        match Session::new(Rc::clone(&self.lab), seed) {
            Ok(session) => self.go_live(session),
            Err(why) => self.playing = Playing::Failed(format!("The cluster cannot start: {why}")),
        }
    }

    fn go_live(&mut self, mut session: Session) {
        session.look_at_checks();
        self.playing = Playing::Live(Box::new(session));
        self.views = None;
        self.target = None;
        self.draw(true);
    }

    fn bring_back(&mut self, text: &str, ui: &mut Ui) {
        let replay =
            Saved::read(text, &self.lab).and_then(|saved| Replay::new(Rc::clone(&self.lab), saved));
        match replay {
            Ok(replay) => {
                self.views = None;
                self.playing = Playing::Restoring(Box::new(replay));
            }
            Err(why) => self.give_up(text, &why, ui),
        }
    }

    /// A kept session cannot be brought back: it is set aside, and a fresh one begins.
    fn give_up(&mut self, text: &str, why: &str, ui: &mut Ui) {
        let place = match store::set_aside(&self.lab.id, text) {
            Some(key) => format!("it is set aside in this browser's storage as {key}"),
            None => "the browser has no room to set it aside".to_owned(),
        };
        let told = format!(
            "Your last session could not be brought back ({why}); {place}. This is a fresh one."
        );
        ui.tell(told, true, false);
        self.begin(self.lab.seed);
        self.is_unkept = true;
    }

    fn replay(&mut self, mut replay: Box<Replay>, ui: &mut Ui) {
        let start = dom::now_ms();
        while dom::now_ms() - start < REPLAY_BUDGET_MS {
            match replay.go_on(Duration::from_secs(1)) {
                Ok(false) => {}
                Ok(true) => {
                    let (session, same) = replay.finish();
                    if !same {
                        self.tell_difference(ui);
                    }
                    return self.go_live(session);
                }
                Err(why) => {
                    let text = store::session(&self.lab.id).unwrap_or_default();
                    return self.give_up(&text, &why, ui);
                }
            }
        }
        self.playing = Playing::Restoring(replay);
    }

    fn tell_difference(&mut self, ui: &mut Ui) {
        let text = store::session(&self.lab.id).unwrap_or_default();
        let key = store::set_aside(&self.lab.id, &text).unwrap_or_else(|| "nothing".to_owned());
        let told = format!(
            "Your session was brought back, but this version of Glasshive plays it to another \
             state than before. The session as it was is kept as {key}."
        );
        ui.tell(told, true, false);
    }

    fn live(&mut self, now: f64, passed: f64, ui: &mut Ui) -> bool {
        let (speed, paused) = (self.speed, self.paused);
        let Some(session) = self.session() else { return false };
        let moves = !paused && !session.is_held();
        if moves {
            let span = speed.span_us(passed.max(0.0) as u64, session.is_busy());
            run(session, span);
        }
        let notices = session.take_notices();
        let is_news = !notices.is_empty();
        let changed = session.refresh();
        if is_news || (moves && now - self.last_lights > LIGHTS_MS) {
            self.last_lights = now;
            if let Some(session) = self.session() {
                session.look_at_checks();
                self.is_stale = true;
            }
        }
        for notice in notices {
            match notice {
                Notice::Said(text) => ui.announcement = text,
                Notice::Asks(text) => ui.tell(text, false, false),
                Notice::Look(node, number) => {
                    ui.node = node;
                    dom::reveal(&format!("[data-testid=command-{number}]"));
                }
            }
        }
        self.is_unkept |= moves;
        if self.is_unkept && (is_news || now - self.last_keep > KEEP_MS) {
            self.last_keep = now;
            self.keep(ui);
        }
        if is_news || changed || (moves && now - self.last_draw > DRAW_MS) {
            self.last_draw = now;
            return self.draw(is_news);
        }
        false
    }

    /// Makes the views anew; true if one has changed.
    fn draw(&mut self, with_lesson: bool) -> bool {
        let (speed, paused, can_undo) = (self.speed, self.paused, self.can_undo);
        let Playing::Live(session) = &self.playing else { return false };
        let fresh = |old: Option<&Rc<LessonView>>| match old {
            Some(old) if !with_lesson => Rc::clone(old),
            _ => Rc::new(session.lesson()),
        };
        let bar = session.bar();
        let stopped = paused || session.is_held();
        let motion = match (paused, session.is_held(), bar.status) {
            (true, ..) => "stopped".to_owned(),
            (_, true, Status::Ready) => "starts with your first command".to_owned(),
            (_, true, _) => "waits for you".to_owned(),
            _ if speed == Speed::Real => "real time".to_owned(),
            _ => format!("{} real time", speed.label()),
        };
        let auditing = self.target == Some(Target::Audit);
        // Both search the whole history: not at every frame.
        let looks = with_lesson || std::mem::take(&mut self.is_stale);
        let (audit, inspect) = match &self.views {
            Some(views) if !looks => (Rc::clone(&views.audit), views.inspect.clone()),
            _ => {
                let opened =
                    self.target.as_ref().and_then(|target| inspect(session.world(), target));
                (Rc::new(session.audit(auditing)), opened.map(Rc::new))
            }
        };
        let mut map = session.map();
        map::mark(&mut map, &audit);
        let views = Views {
            lesson: fresh(self.views.as_ref().map(|views| &views.lesson)),
            map: Rc::new(map),
            audit,
            auditing,
            bar: Rc::new(BarView { speed, paused: stopped, can_undo, motion, ..bar }),
            terminals: session.screens().terminals().to_vec(),
            histories: session.screens().histories().to_vec(),
            inspect,
        };
        self.views = Some(views);
        true
    }

    fn keep(&mut self, ui: &mut Ui) {
        let Some(session) = self.session() else { return };
        let text = Saved::text(session);
        let progress = session.progress();
        self.is_unkept = false;
        if progress.all > 0 {
            store::keep_progress(&self.lab.id, &progress.text());
        }
        if !store::keep_session(&self.lab.id, &text) && !self.cannot_keep {
            self.cannot_keep = true;
            let told = "This browser does not let the page keep anything: after a reload the session is gone.";
            ui.tell(told, true, false);
        }
    }

    /// What a person does; true if the page must be drawn again.
    pub fn handle(&mut self, msg: Msg, ui: &mut Ui) -> bool {
        match msg {
            Msg::Submit(node, text) => {
                ui.set_draft(&node, "");
                return self.act(Act::Type { node, text }, ui);
            }
            Msg::Interrupt(node) => {
                ui.set_draft(&node, "");
                return self.act(Act::Interrupt { node }, ui);
            }
            Msg::EndOfFile(node) => return self.act(Act::EndOfFile { node }, ui),
            Msg::PlayAll => return self.act(Act::Play { goal: Play::All }, ui),
            Msg::NextStep => return self.act(Act::Play { goal: Play::Step }, ui),
            Msg::Run(number) => return self.run(number, ui),
            Msg::CloseEditor(node, text) => {
                ui.set_edit(&node, None);
                self.focus = Some("[data-testid=terminal-input]".to_owned());
                let text = text.map(|text| (*text).to_owned());
                return self.act(Act::Do { input: Input::Edit { node, text } }, ui);
            }
            Msg::Upload(node, name, text) => return self.upload(node, &name, text, ui),
            Msg::Download(node, path) => self.download(&node, &path, ui),
            Msg::Insert(number) => self.insert(number, ui),
            Msg::Complete(node, cursor) => self.complete(&node, cursor, ui),
            Msg::Clear(node) => {
                let count = self.session().and_then(|session| {
                    let terminal = session.screens().terminal(&node)?;
                    Some(terminal.first + terminal.blocks.len())
                });
                ui.clear(&node, count.unwrap_or(0));
            }
            Msg::Pause => {
                let is_held = self.session().is_some_and(|session| session.is_held());
                self.paused = !self.paused && !is_held;
                if let Some(session) = self.session() {
                    session.release();
                }
                ui.paused = self.paused;
            }
            Msg::Speed(speed) => {
                self.speed = speed;
                store::keep_setting("speed", speed.word());
            }
            Msg::Fault(line) => return self.fault(&line, ui),
            Msg::Disarm(armed) => {
                return self.act(Act::Do { input: Input::Disarm { armed } }, ui);
            }
            Msg::Inspect(target) => self.inspect(target, ui),
            Msg::Restart => self.restart(ui),
            Msg::Undo => self.undo(ui),
            Msg::Leave => {
                if self.is_unkept {
                    self.keep(ui);
                }
                return false;
            }
            _ => return false,
        }
        self.draw(true)
    }

    fn act(&mut self, act: Act, ui: &mut Ui) -> bool {
        let is_play = matches!(act, Act::Play { .. });
        let Some(session) = self.session() else { return false };
        if is_play && matches!(session.status(), Status::Passed | Status::Failed) {
            return false;
        }
        if let Err(why) = session.act(act) {
            ui.tell(why, false, false);
            return false;
        }
        session.refresh();
        if is_play {
            self.paused = false;
            ui.paused = false;
        }
        self.is_unkept = true;
        self.keep(ui);
        self.draw(true)
    }

    fn run(&mut self, number: usize, ui: &mut Ui) -> bool {
        let Some(session) = self.session() else { return false };
        let node = session.filled(number).map(|(node, _)| node);
        match (node, session.run(number)) {
            (Ok(node), Ok(act)) => {
                ui.node = node;
                if ui.pane == Pane::Map {
                    ui.pane = Pane::Shell;
                }
                self.act(act, ui)
            }
            (Err(why), _) | (_, Err(why)) => {
                ui.tell(why, false, false);
                false
            }
        }
    }

    fn insert(&mut self, number: usize, ui: &mut Ui) {
        let Some(session) = self.session() else { return };
        match session.filled(number) {
            Ok((node, text)) => {
                ui.set_draft(&node, text);
                ui.node = node;
                ui.pane = Pane::Shell;
                self.focus = Some("[data-testid=terminal-input]".to_owned());
            }
            Err(why) => ui.tell(why, false, false),
        }
    }

    fn complete(&mut self, node: &str, cursor: usize, ui: &mut Ui) {
        let line = ui.draft(node).to_owned();
        let Some(session) = self.session() else { return };
        let Ok(found) = session.world().complete(node, &line, cursor) else { return };
        let completed = completion::complete(&line, cursor, &found);
        ui.set_draft(node, completed.text);
        ui.set_candidates(node, completed.candidates);
    }

    /// A file from the student's own machine goes to the home folder of a host.
    fn upload(
        &mut self,
        node: String,
        name: &str,
        text: Result<String, String>,
        ui: &mut Ui,
    ) -> bool {
        match text {
            Ok(text) => {
                let path = format!("/root/{name}");
                ui.tell(format!("{} bytes written to {path} on {node}.", text.len()), false, false);
                self.act(Act::Do { input: Input::WriteFile { node, path, text } }, ui)
            }
            Err(why) => {
                ui.tell(format!("{name} cannot be uploaded: {why}."), true, false);
                false
            }
        }
    }

    fn download(&mut self, node: &str, path: &str, ui: &mut Ui) {
        let Some(session) = self.session() else { return };
        match session.world().file(node, path) {
            Ok(Some(bytes)) => {
                let name = path.rsplit('/').next().unwrap_or(path);
                dom::hand_out(name, &bytes);
                ui.tell(format!("{path} of {node}: {} bytes.", bytes.len()), false, false);
            }
            Ok(None) => ui.tell(format!("{node} has no file {path}."), false, false),
            Err(error) => ui.tell(error.to_string(), true, false),
        }
    }

    fn fault(&mut self, line: &str, ui: &mut Ui) -> bool {
        match Fault::parse(line) {
            Ok(fault) => {
                ui.announcement = fault.to_string();
                self.act(Act::Do { input: Input::Fault { fault } }, ui)
            }
            Err(error) => {
                ui.tell(error.to_string(), true, false);
                false
            }
        }
    }

    /// Opens something beside the map, or closes it and goes back to where it was opened.
    fn inspect(&mut self, target: Option<Target>, ui: &mut Ui) {
        self.focus = match (&target, &self.target) {
            (Some(_), _) => Some("#inspector".to_owned()),
            (None, Some(Target::Node(name))) => {
                Some(format!("[data-testid=map-node-{name}] button"))
            }
            (None, _) => Some("#map".to_owned()),
        };
        if target.is_some() && ui.pane == Pane::Lesson {
            ui.pane = Pane::Map;
        }
        self.target = target;
    }

    fn restart(&mut self, ui: &mut Ui) {
        let Some(session) = self.session() else { return };
        let seed = session.seed();
        if !session.acts().is_empty() {
            let text = Saved::text(session);
            self.can_undo = store::keep_previous(&self.lab.id, &text);
            ui.tell("Begun again with the same seed.", false, self.can_undo);
        }
        ui.start_over(self.lab.nodes.first().map_or("", String::as_str));
        self.paused = false;
        ui.paused = false;
        self.begin(seed);
        self.is_unkept = true;
        self.keep(ui);
    }

    /// Changes the session with the one before it.
    fn undo(&mut self, ui: &mut Ui) {
        let Some(previous) = store::previous(&self.lab.id) else { return };
        let Some(session) = self.session() else { return };
        let text = Saved::text(session);
        store::keep_previous(&self.lab.id, &text);
        store::keep_session(&self.lab.id, &previous);
        ui.messages.retain(|message| !message.offers_undo);
        ui.start_over(self.lab.nodes.first().map_or("", String::as_str));
        self.bring_back(&previous, ui);
    }
}

/// Lets a span of virtual time pass, as far as the frame's budget goes.
fn run(session: &mut Session, span_us: u64) {
    let start = dom::now_ms();
    let target = session.after(Duration::from_micros(span_us));
    // Small enough that a frame can stop in time, large enough that stopping costs nothing.
    let piece = Duration::from_micros((span_us / 8).clamp(5_000, 1_000_000));
    while !session.is_held()
        && session.world().now() < target
        && dom::now_ms() - start < FRAME_BUDGET_MS
    {
        session.advance(session.after(piece).min(target));
    }
}
