//! Plays a lab on a cluster, as slowly or as fast as the caller wants, at the same virtual times.
//!
//! The runner is a state machine. A caller sets a [`Goal`] and then calls [`Runner::drive`] with the
//! virtual time it wants to reach, once for a whole run or sixty times a second. A command is typed
//! exactly its pace after the end of what came before it, and its end is the event that made the
//! terminal wait again: how the caller cuts time does not change a byte of the run.

mod faults;
mod result;

use sorted::SortedMap;
use std::rc::Rc;

use sim::{Duration, Time};

use crate::bindings::{Bindings, Unbound};
use crate::check::LastCommand;
use crate::cluster::{Awaits, Cluster};
use crate::model::{At, Command, Lab, Note, Part};
use crate::outcome::{CheckOutcome, Event, Outcome};

/// How far to play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// Not at all.
    #[default]
    Rest,
    /// What comes before the next command.
    Settle,
    /// One command and what belongs to it.
    Command,
    /// To the end of the step.
    Step,
    /// To the end.
    All,
}

#[derive(Clone, Debug)]
enum Phase<M> {
    /// Between parts.
    Between,
    /// A command runs.
    Typed(Box<Typed<M>>),
    /// An `until` waits for its predicates.
    Until { deadline: Time, look: Time },
}

#[derive(Clone, Debug)]
struct Typed<M> {
    node: String,
    text: String,
    prompt: String,
    mark: M,
    started: Time,
    deadline: Time,
}

/// A lab that is being played, on a cluster whose transcripts have places of type `M`.
#[derive(Clone, Debug)]
pub struct Runner<M> {
    lab: Rc<Lab>,
    /// The parts that act, in order.
    order: Vec<At>,
    /// Index of the next one in `order`.
    next: usize,
    phase: Phase<M>,
    goal: Goal,
    /// The step that the goal was set in, for [`Goal::Step`].
    goal_step: u32,
    /// Whether a command was played since the goal was set, for [`Goal::Command`].
    goal_played: bool,
    /// The instant that virtual times are told from.
    origin: Time,
    /// When the part before ended.
    ended: Time,
    /// The step that was begun last.
    step: Option<u32>,
    bindings: Bindings,
    outcomes: SortedMap<At, Outcome>,
    /// The last command of this step.
    last: Option<LastCommand>,
    /// What the terminals waited for when our last command there was over.
    left: SortedMap<String, Awaits>,
    /// Whether each check held when its step began; filled if `proving`.
    before: SortedMap<At, bool>,
    proving: bool,
}

impl<M: Clone> Runner<M> {
    /// A runner at the beginning of a lab. `origin` is when the world started, `now` its time: the
    /// first command comes its pace after it.
    pub fn new(lab: Rc<Lab>, origin: Time, now: Time) -> Self {
        let order = lab.places().filter(|(_, part)| part.acts()).map(|(at, _)| at).collect();
        Self {
            lab,
            order,
            next: 0,
            phase: Phase::Between,
            goal: Goal::Rest,
            goal_step: 0,
            goal_played: false,
            origin,
            ended: now,
            step: None,
            bindings: Bindings::default(),
            outcomes: SortedMap::new(),
            last: None,
            left: SortedMap::new(),
            before: SortedMap::new(),
            proving: false,
        }
    }

    /// Also judges every check when its step begins, for [`Runner::held_before`].
    #[must_use]
    pub fn proving(mut self) -> Self {
        self.proving = true;
        self
    }

    /// The lab.
    pub fn lab(&self) -> &Rc<Lab> {
        &self.lab
    }

    /// What was captured so far.
    pub const fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    /// What came of the part at a place, if it is over.
    pub fn outcome(&self, at: At) -> Option<&Outcome> {
        self.outcomes.get(&at)
    }

    /// Everything that is over, in order of the lab.
    pub fn outcomes(&self) -> impl Iterator<Item = (At, &Outcome)> {
        self.outcomes.iter().map(|(at, outcome)| (*at, outcome))
    }

    /// The part that comes next or runs now; nothing at the end.
    pub fn position(&self) -> Option<At> {
        self.order.get(self.next).copied()
    }

    /// The command that comes next, with host and text as far as they are known.
    pub fn next_command(&self) -> Option<(At, String, String)> {
        let at = self.pending_command(self.next)?;
        let Some(Part::Command(command)) = self.lab.part(at) else { return None };
        let (node, text) = (&command.node, &command.text);
        Some((at, self.bindings.fill_known(node), self.bindings.fill_known(text)))
    }

    /// The command that runs now and its host.
    pub fn running(&self) -> Option<(At, &str)> {
        match &self.phase {
            Phase::Typed(typed) => Some((self.position()?, typed.node.as_str())),
            _ => None,
        }
    }

    /// True when everything was played.
    pub fn is_finished(&self) -> bool {
        self.next >= self.order.len()
    }

    /// True if every part was played and everything was as the lab says.
    pub fn holds(&self) -> bool {
        self.is_finished()
            && self.order.iter().all(|at| self.outcomes.get(at).is_some_and(Outcome::holds))
    }

    /// Whether a note is proven; nothing while a command or a check that proves it is not over.
    pub fn is_proven(&self, note: &Note) -> Option<bool> {
        let mut proven = true;
        for proof in &note.proof {
            let (at, _) = self.lab.places().find(|(_, part)| match part {
                Part::Command(command) => command.id == *proof,
                Part::Check(check) => check.id == *proof,
                _ => false,
            })?;
            proven &= self.outcome(at)?.holds();
        }
        Some(proven)
    }

    /// Whether a check held when its step began; only of a [`Runner::proving`] one.
    pub fn held_before(&self, at: At) -> Option<bool> {
        self.before.get(&at).copied()
    }

    /// How far it plays at the moment.
    pub const fn goal(&self) -> Goal {
        self.goal
    }

    /// Sets how far to play; nothing happens before the next [`Runner::drive`].
    pub fn play(&mut self, goal: Goal) {
        self.goal = goal;
        self.goal_played = matches!(self.phase, Phase::Typed(_));
        self.goal_step = self.position().map_or(0, |at| at.step);
    }

    /// Plays towards the goal, at most up to `until`; the cluster's time is then `until`, or earlier if
    /// the goal was reached. Without a goal nothing happens: the caller may let time pass itself.
    pub fn drive(&mut self, cluster: &mut impl Cluster<Mark = M>, until: Time) -> Vec<Event> {
        let mut events = Vec::new();
        while self.goal != Goal::Rest {
            let more = match self.phase.clone() {
                Phase::Between => self.begin(cluster, until, &mut events),
                Phase::Typed(typed) => self.follow(&typed, cluster, until, &mut events),
                Phase::Until { deadline, look } => {
                    self.wait(deadline, look, cluster, until, &mut events)
                }
            };
            if !more {
                break;
            }
        }
        events
    }

    /// Judges a check now, without keeping the result: for lights that follow the cluster.
    pub fn judge(&self, cluster: &impl Cluster<Mark = M>, at: At) -> Option<CheckOutcome> {
        match self.lab.part(at)? {
            Part::Check(check) => Some(self.judged(cluster, &check.lines)),
            Part::Until(until) => Some(self.judged(cluster, &until.lines)),
            _ => None,
        }
    }

    /// A student typed a command by hand and it is over. If it is one that is still to come, it counts:
    /// its values are captured, and if it was the next one, what follows it is settled with the next
    /// [`Runner::drive`]. Says which command it was.
    pub fn typed_by_hand(
        &mut self,
        cluster: &impl Cluster<Mark = M>,
        node: &str,
        text: &str,
        mark: M,
        started: Time,
    ) -> Option<At> {
        if matches!(self.phase, Phase::Typed(_)) {
            return None;
        }
        let at = self.order.iter().skip(self.next).copied().find(|at| {
            let Some(Part::Command(command)) = self.lab.part(*at) else { return false };
            let same = |template: &str, real: &str| {
                self.bindings.fill(template).is_ok_and(|filled| words(&filled) == words(real))
            };
            !self.outcomes.contains_key(at)
                && same(&command.node, node)
                && same(&command.text, text)
        })?;
        let Some(Part::Command(command)) = self.lab.part(at).cloned() else { return None };
        let typed = Typed {
            node: node.to_owned(),
            text: text.to_owned(),
            prompt: String::new(),
            mark,
            started,
            deadline: started,
        };
        let was_next = self.pending_command(self.next);
        if was_next == Some(at) && self.step != Some(at.step) {
            self.begin_step(at.step, cluster);
        }
        let outcome = self.ran(&command, &typed, cluster, false);
        self.outcomes.insert(at, Outcome::Command(outcome));
        self.ended = cluster.now();
        if was_next == Some(at) && self.goal == Goal::Rest {
            self.play(Goal::Settle);
        }
        Some(at)
    }

    /// The first command from an index of `order` on that is not over.
    fn pending_command(&self, from: usize) -> Option<At> {
        let pending = |at: &&At| {
            matches!(self.lab.part(**at), Some(Part::Command(_))) && !self.outcomes.contains_key(at)
        };
        self.order.iter().skip(from).find(pending).copied()
    }

    /// The part between parts: starts the next one. False if the caller's time is over.
    fn begin(
        &mut self,
        cluster: &mut impl Cluster<Mark = M>,
        until: Time,
        events: &mut Vec<Event>,
    ) -> bool {
        self.follow_armed(cluster);
        let Some(at) = self.position() else {
            self.goal = Goal::Rest;
            self.miss_armed();
            events.push(Event::Finished);
            return false;
        };
        let lab = Rc::clone(&self.lab);
        let Some(part) = lab.part(at) else { return false };
        let is_command = matches!(part, Part::Command(_));
        if is_command && self.outcomes.contains_key(&at) {
            // A student typed it by hand.
            self.next += 1;
            return true;
        }
        if self.goal_reached(at, is_command) {
            self.goal = Goal::Rest;
            return false;
        }
        if self.step != Some(at.step) {
            self.begin_step(at.step, cluster);
            events.push(Event::Step { step: at.step });
        }
        match part {
            Part::Command(command) => {
                return self.type_command(at, command, cluster, until, events);
            }
            Part::Until(until) => {
                let now = cluster.now();
                let deadline = now + Duration::from_millis(until.within_ms);
                self.phase = Phase::Until { deadline, look: now };
            }
            Part::Check(check) => {
                let outcome = self.judged(cluster, &check.lines);
                self.done(at, Outcome::Check(outcome), cluster, events);
            }
            Part::Fault(fault) => {
                let outcome = self.fault(fault, cluster);
                self.done(at, Outcome::Fault(outcome), cluster, events);
            }
            Part::Ask(ask) => {
                let outcome = self.asked(ask, cluster);
                self.done(at, Outcome::Ask(outcome), cluster, events);
            }
            _ => self.next += 1,
        }
        true
    }

    const fn goal_reached(&self, at: At, is_command: bool) -> bool {
        match self.goal {
            Goal::Rest => true,
            Goal::Settle => is_command,
            Goal::Command => is_command && self.goal_played,
            Goal::Step => at.step != self.goal_step,
            Goal::All => false,
        }
    }

    fn begin_step(&mut self, step: u32, cluster: &impl Cluster<Mark = M>) {
        self.step = Some(step);
        self.last = None;
        if !self.proving {
            return;
        }
        let lab = Rc::clone(&self.lab);
        for (at, part) in lab.places().filter(|(at, _)| at.step == step) {
            if let Part::Check(check) = part {
                let held = self.judged(cluster, &check.lines).holds();
                self.before.insert(at, held);
            }
        }
    }

    fn type_command(
        &mut self,
        at: At,
        command: &Command,
        cluster: &mut impl Cluster<Mark = M>,
        until: Time,
        events: &mut Vec<Event>,
    ) -> bool {
        let pace = command.pace_ms.unwrap_or(self.lab.pace_ms);
        let due = self.ended + Duration::from_millis(pace);
        if cluster.now() < due {
            cluster.advance_until(due.min(until));
            if cluster.now() < due {
                return false;
            }
        }
        self.goal_played = true;
        let filled = self.bindings.fill(&command.node).and_then(|node| {
            let text = self.bindings.fill(&command.text)?;
            Ok((node, text))
        });
        let (node, text) = match filled {
            Ok(filled) => filled,
            Err(Unbound(name)) => {
                let problem = format!("it needs `{name}`, which no command before has shown");
                let outcome = self.not_typed(command, cluster, problem);
                self.done(at, Outcome::Command(outcome), cluster, events);
                return true;
            }
        };
        let awaits = cluster.awaits(&node);
        let expected = self.left.get(&node).copied().unwrap_or(Awaits::Command);
        if cluster.nodes().contains(&node) && awaits != Some(Awaits::Command) {
            let why = match awaits {
                None => Some("a command still runs there: wait for it or press Ctrl-C"),
                Some(awaits) if awaits == expected => None,
                Some(Awaits::Continuation) => {
                    Some("the shell waits for the rest of a command there")
                }
                Some(_) => {
                    Some("a program reads what is typed there: end it with Ctrl-D or Ctrl-C")
                }
            };
            if let Some(why) = why {
                self.goal = Goal::Rest;
                events.push(Event::Blocked { node, why: why.to_owned() });
                return false;
            }
        }
        let typed = Typed {
            prompt: cluster.prompt(&node),
            mark: cluster.mark(&node),
            started: cluster.now(),
            deadline: cluster.now() + Duration::from_millis(command.limit_ms),
            node,
            text,
        };
        if let Err(problem) = cluster.type_text(&typed.node, &typed.text) {
            let outcome = self.not_typed(command, cluster, problem);
            self.done(at, Outcome::Command(outcome), cluster, events);
            return true;
        }
        let (node, text) = (typed.node.clone(), typed.text.clone());
        events.push(Event::Typed { at, node, text });
        self.phase = Phase::Typed(Box::new(typed));
        true
    }

    fn follow(
        &mut self,
        typed: &Typed<M>,
        cluster: &mut impl Cluster<Mark = M>,
        until: Time,
        events: &mut Vec<Event>,
    ) -> bool {
        let waits = cluster.run_until_waiting(&typed.node, typed.deadline.min(until));
        if !waits && cluster.now() < typed.deadline {
            return false;
        }
        let Some(at) = self.position() else { return false };
        let lab = Rc::clone(&self.lab);
        let Some(Part::Command(command)) = lab.part(at) else { return false };
        let outcome = self.ran(command, typed, cluster, !waits);
        self.done(at, Outcome::Command(outcome), cluster, events);
        true
    }

    fn wait(
        &mut self,
        deadline: Time,
        look: Time,
        cluster: &mut impl Cluster<Mark = M>,
        until: Time,
        events: &mut Vec<Event>,
    ) -> bool {
        if cluster.now() < look {
            cluster.advance_until(look.min(until));
            if cluster.now() < look {
                return false;
            }
        }
        let Some(at) = self.position() else { return false };
        let lab = Rc::clone(&self.lab);
        let Some(Part::Until(part)) = lab.part(at) else { return false };
        self.follow_armed(cluster);
        let outcome = self.judged(cluster, &part.lines);
        if outcome.holds() || look >= deadline {
            self.done(at, Outcome::Check(outcome), cluster, events);
        } else {
            let look = (look + Duration::from_millis(part.every_ms)).min(deadline);
            self.phase = Phase::Until { deadline, look };
        }
        true
    }

    fn done(
        &mut self,
        at: At,
        outcome: Outcome,
        cluster: &impl Cluster<Mark = M>,
        events: &mut Vec<Event>,
    ) {
        self.outcomes.insert(at, outcome);
        self.phase = Phase::Between;
        self.next += 1;
        self.ended = cluster.now();
        events.push(Event::Done { at });
    }
}

/// The words of a command, for telling whether two are the same.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}
