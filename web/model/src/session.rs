//! A student's session: a world, a lab played on it, and everything that was done.
//!
//! Time moves in [`Session::advance`] only, and how it is cut into pieces does not matter: the same
//! acts at the same virtual times give the same history, live, after a reload and natively. That is
//! why a session is stored as its [`Acted`] list and not as state.

use sorted::SortedMap;
use std::rc::Rc;

use labs::{At, Event, Goal, Lab, Part, WorldRunner};
use serde::{Deserialize, Serialize};
use world::{Awaits, Duration, Input, Mark, Time, World};

use crate::audit::{self, AuditPanel};
use crate::lesson::{self, Lights};
use crate::progress::Progress;
use crate::screens::Screens;
use crate::view::{LessonView, MapView};
use crate::{BarView, Status, clock};

/// How far to play the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Play {
    /// The next command and what belongs to it.
    Command,
    /// To the end of the step.
    Step,
    /// To the end.
    All,
}

/// Something that a student did to the cluster or the lab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// Lines entered at a node's terminal.
    Type {
        /// The node.
        node: String,
        /// The lines, without the last newline.
        text: String,
    },
    /// Ctrl-C.
    Interrupt {
        /// The node.
        node: String,
    },
    /// Ctrl-D.
    EndOfFile {
        /// The node.
        node: String,
    },
    /// Anything else that can be done to the world: a file, an editor, a fault.
    Do {
        /// What.
        input: Input,
    },
    /// The lab is played.
    Play {
        /// How far.
        goal: Play,
    },
}

/// An act and when it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acted {
    /// Nanoseconds of virtual time since the world was ready.
    pub at_ns: u64,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// Something to tell, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A command is over or a step is done: for screen readers.
    Said(String),
    /// It needs the student: shown until dismissed.
    Asks(String),
    /// The lab's command with this number is typed on this node: show both.
    Look(String, usize),
}

/// A line typed by hand whose end is waited for.
#[derive(Debug)]
struct Hand {
    text: String,
    mark: Mark,
    started: Time,
}

/// A student's session.
#[derive(Debug)]
pub struct Session {
    lab: Rc<Lab>,
    seed: u64,
    world: World,
    runner: WorldRunner,
    acts: Vec<Acted>,
    hands: SortedMap<String, Hand>,
    playing: Option<Play>,
    /// Time waits for the student: at the start, and after the lab was played.
    held: bool,
    screens: Screens,
    lights: Lights,
    notices: Vec<Notice>,
    blocked: String,
}

impl Session {
    /// A fresh session.
    ///
    /// # Errors
    /// If the lab's world cannot be built; a sentence.
    pub fn new(lab: Rc<Lab>, seed: u64) -> Result<Self, String> {
        let mut world = World::new(lab.spec(Some(seed))).map_err(|error| error.to_string())?;
        // From the start, so that it knows who put what where; the history is the same with it.
        lab.begin_audit(&mut world);
        let runner = WorldRunner::new(Rc::clone(&lab), world.started(), world.now());
        let mut session = Self {
            screens: Screens::new(&lab.nodes),
            lab,
            seed,
            world,
            runner,
            acts: Vec::new(),
            hands: SortedMap::new(),
            playing: None,
            held: true,
            lights: Lights::new(),
            notices: Vec::new(),
            blocked: String::new(),
        };
        session.refresh();
        Ok(session)
    }

    /// The lab.
    pub const fn lab(&self) -> &Rc<Lab> {
        &self.lab
    }

    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The world.
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// Everything that was done.
    pub fn acts(&self) -> &[Acted] {
        &self.acts
    }

    /// Nanoseconds of virtual time since the world was ready.
    pub fn at_ns(&self) -> u64 {
        self.world.now().since(self.world.started()).as_nanos()
    }

    /// Time waits for the student.
    pub const fn is_held(&self) -> bool {
        self.held
    }

    /// Lets time go on.
    pub const fn release(&mut self) {
        self.held = false;
    }

    /// Somebody waits for the end of something: a command that runs, the lab that is played.
    pub fn is_busy(&self) -> bool {
        let is_played = matches!(self.playing, Some(Play::Step | Play::All));
        let waits = |node: &String| {
            // Whoever edits a file does not wait for it.
            self.world.awaits(node).ok().flatten() != Some(Awaits::Editor)
        };
        // What the lab waits for between commands is awaited too, unless a play shows it.
        self.hands.keys().any(waits)
            || self.runner.running().is_some()
            || (self.runner.goal() != Goal::Rest && !is_played)
    }

    /// What is to be told since the last time.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// The lines entered at a node, oldest first.
    pub const fn screens(&self) -> &Screens {
        &self.screens
    }

    /// Does something, now.
    ///
    /// # Errors
    /// A sentence that says why it cannot be done; nothing has happened then.
    pub fn act(&mut self, act: Act) -> Result<(), String> {
        // What else happens at this moment comes before; live and in a replay alike.
        self.advance(self.world.now());
        let at_ns = self.at_ns();
        match &act {
            Act::Type { node, text } => self.type_by_hand(node, text)?,
            Act::Interrupt { node } => {
                self.apply(Input::Interrupt { node: node.clone() })?;
            }
            Act::EndOfFile { node } => {
                self.apply(Input::EndOfFile { node: node.clone() })?;
            }
            Act::Do { input } => self.apply(input.clone())?,
            Act::Play { goal } => {
                self.blocked.clear();
                self.playing = Some(*goal);
                self.runner.play(match goal {
                    Play::Command => Goal::Command,
                    Play::Step => Goal::Step,
                    Play::All => Goal::All,
                });
            }
        }
        self.held = false;
        self.acts.push(Acted { at_ns, act });
        Ok(())
    }

    fn apply(&mut self, input: Input) -> Result<(), String> {
        self.world.apply(input).map_err(|error| error.to_string())
    }

    fn type_by_hand(&mut self, node: &str, text: &str) -> Result<(), String> {
        let error = |error: world::Error| error.to_string();
        let mark = self.world.mark(node).map_err(error)?;
        let awaits = self.world.awaits(node).map_err(error)?;
        let started = self.world.now();
        self.world.type_line(node, text).map_err(error)?;
        self.screens.remember(node, text);
        match (awaits, self.hands.get_mut(node)) {
            // The rest of a command whose first lines were typed before.
            (Some(Awaits::Continuation), Some(hand)) => {
                hand.text.push('\n');
                hand.text.push_str(text);
            }
            (Some(Awaits::Command | Awaits::Program), _) => {
                let hand = Hand { text: text.to_owned(), mark, started };
                self.hands.insert(node.to_owned(), hand);
            }
            // Typed ahead: what it belongs to is not known.
            _ => {}
        }
        Ok(())
    }

    /// Runs the lab's command with a number: with the runner if it is the next one, else as if it
    /// were typed. Says what to do.
    ///
    /// # Errors
    /// A sentence that says why it cannot be run now.
    pub fn run(&self, number: usize) -> Result<Act, String> {
        let (node, text) = self.filled(number)?;
        let is_next = self.command_number(self.runner.next_command().map(|(at, _, _)| at));
        if self.world.awaits(&node).map_err(|error| error.to_string())?.is_none() {
            return Err(format!(
                "A command still runs on {node}: wait for it or press Ctrl-C there."
            ));
        }
        // Between commands the lab may still wait for the cluster to settle: the next command comes after
        // that, as in a play.
        let is_between = self.runner.running().is_none() && self.hands.is_empty();
        let is_played = matches!(self.playing, Some(Play::Step | Play::All));
        if is_next == Some(number) && is_between && !is_played {
            return Ok(Act::Play { goal: Play::Command });
        }
        Ok(Act::Type { node, text })
    }

    /// The node and the text of the lab's command with a number.
    ///
    /// # Errors
    /// If it needs a value that no command has shown yet; a sentence.
    pub fn filled(&self, number: usize) -> Result<(String, String), String> {
        let (_, command) = lesson::command_at(&self.lab, number)
            .ok_or_else(|| format!("The lab has no command {number}."))?;
        let fill = |text: &str| {
            self.runner.bindings().fill(text).map_err(|labs::Unbound(name)| {
                format!(
                    "This command needs `{name}`, which a command above it shows: run that first."
                )
            })
        };
        Ok((fill(&command.node)?, fill(&command.text)?))
    }

    fn command_number(&self, at: Option<At>) -> Option<usize> {
        let commands = self.lab.places().filter(|(_, part)| matches!(part, Part::Command(_)));
        commands.zip(1_usize..).find(|((place, _), _)| Some(*place) == at).map(|(_, number)| number)
    }

    /// Lets virtual time pass up to `until`; stops earlier where the lab was played as far as it was
    /// wanted ([`Session::is_held`] is true then).
    pub fn advance(&mut self, until: Time) {
        loop {
            if self.runner.goal() != Goal::Rest {
                let events = self.runner.drive(&mut self.world, until);
                for event in events {
                    self.tell(event);
                }
                if self.runner.goal() == Goal::Rest {
                    if matches!(self.playing.take(), Some(Play::Step | Play::All)) {
                        self.held = true;
                        return;
                    }
                } else if self.world.now() >= until {
                    return;
                }
            } else if self.hands.is_empty() || (!self.finish_hands() && !self.world.step(until)) {
                self.world.advance_until(until);
                return;
            }
        }
    }

    /// Lets time pass up to `until`, whether or not it should wait for the student in between: what
    /// a replay does.
    pub fn replay_until(&mut self, until: Time) {
        self.advance(until);
        while self.world.now() < until {
            self.held = false;
            self.advance(until);
        }
    }

    /// Looks whether lines typed by hand are over; true if one was.
    fn finish_hands(&mut self) -> bool {
        let is_over = |node: &&String| {
            let awaits = self.world.awaits(node).ok().flatten();
            matches!(awaits, Some(Awaits::Command | Awaits::Program))
                || !self.world.terminal(node, usize::MAX).is_ok_and(|terminal| terminal.up)
        };
        let Some(node) = self.hands.keys().find(is_over).cloned() else { return false };
        let Some(hand) = self.hands.remove(&node) else { return false };
        let result = self.world.result_since(&node, &hand.mark).unwrap_or_default();
        let status = result.status;
        self.notices.push(Notice::Said(format!("{node}: exit status {status}")));
        self.runner.typed_by_hand(&self.world, &node, &hand.text, hand.mark, hand.started);
        true
    }

    fn tell(&mut self, event: Event) {
        match event {
            Event::Step { .. } => {}
            Event::Typed { at, node, text } => {
                self.screens.remember(&node, &text);
                let number = self.command_number(Some(at)).unwrap_or(0);
                self.notices.push(Notice::Look(node, number));
            }
            Event::Done { at } => self.tell_done(at),
            Event::Blocked { node, why } => {
                self.blocked = format!("The lab cannot go on at {node}: {why}.");
                self.notices.push(Notice::Asks(self.blocked.clone()));
            }
            Event::Finished => {
                let text = if self.status() == Status::Passed {
                    "The lab is over and everything held."
                } else {
                    "The lab is over; something did not hold."
                };
                self.notices.push(Notice::Said(text.to_owned()));
            }
        }
    }

    fn tell_done(&mut self, at: At) {
        let Some(outcome) = self.runner.outcome(at) else { return };
        let text = match outcome {
            labs::Outcome::Command(command) => match command.status {
                Some(status) => format!("{}: exit status {status}", command.node),
                None => return,
            },
            labs::Outcome::Check(check) if !check.holds() => "A check does not hold.".to_owned(),
            _ => return,
        };
        self.notices.push(Notice::Said(text));
        let last = self.lab.places().filter(|(place, part)| place.step == at.step && part.acts());
        if last.map(|(place, _)| place).max() == Some(at) {
            let title = &self.lab.steps[at.step as usize].title;
            self.notices.push(Notice::Said(format!("Step done: {title}")));
        }
    }

    /// Reads the terminals again; true if something has changed.
    pub fn refresh(&mut self) -> bool {
        self.screens.refresh(&self.world)
    }

    /// Looks at the checks of the current step.
    pub fn look_at_checks(&mut self) {
        self.lights.clear();
        let Some(at) = self.runner.position() else { return };
        let lab = Rc::clone(&self.lab);
        for (place, part) in lab.places().filter(|(place, _)| place.step == at.step) {
            let is_check = matches!(part, Part::Check(_) | Part::Until(_));
            if is_check
                && self.runner.outcome(place).is_none()
                && let Some(outcome) = self.runner.judge(&self.world, place)
            {
                self.lights.insert(place, outcome);
            }
        }
    }

    /// How the lab stands.
    pub fn status(&self) -> Status {
        let unproven = || {
            self.lab.places().any(|(_, part)| match part {
                Part::Note(note) => self.runner.is_proven(note) != Some(true),
                _ => false,
            })
        };
        if self.runner.is_finished() && !self.lab.steps.is_empty() {
            if self.runner.holds() && !unproven() { Status::Passed } else { Status::Failed }
        } else if self.acts.is_empty() {
            Status::Ready
        } else {
            Status::Running
        }
    }

    /// How far the lab was done.
    pub fn progress(&self) -> Progress {
        let acting = self.lab.places().filter(|(_, part)| part.acts());
        let (mut done, mut all) = (0, 0);
        for (at, _) in acting {
            all += 1;
            done += u32::from(self.runner.outcome(at).is_some());
        }
        Progress { done, all, status: self.status() }
    }

    /// The lab's text as it stands.
    pub fn lesson(&self) -> LessonView {
        lesson::lesson(&self.lab, &self.runner, &self.lights)
    }

    /// The cluster as it stands.
    pub fn map(&self) -> MapView {
        crate::map::map(&self.world.observe())
    }

    /// What the leak audit has found; with the causes of leaks if somebody looks at them.
    pub fn audit(&self, with_causes: bool) -> AuditPanel {
        let rules = self.runner.audit_rules();
        audit::panel(&self.world, &self.world.observe(), &rules, with_causes).unwrap_or_default()
    }

    /// The line at the top and the bar at the bottom; what the page decides is not in it.
    pub fn bar(&self) -> BarView {
        BarView {
            seed: self.seed,
            digest: self.world.digest().to_string(),
            clock: clock::clock(self.world.at_ms()),
            date: self.world.now().rfc3339(),
            status: self.status(),
            status_text: self.blocked.clone(),
            playing: matches!(self.playing, Some(Play::Step | Play::All)),
            has_lesson: !self.lab.steps.is_empty(),
            ..BarView::default()
        }
    }

    /// A span of virtual time later than now.
    pub fn after(&self, span: Duration) -> Time {
        self.world.now() + span
    }
}
