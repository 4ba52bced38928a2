//! A lab as the runner and the page see it: what compiling a `.lab.md` file gives.
//!
//! Everything here is plain data. Prose is HTML already; expectations and checks are parsed already, so that a
//! page needs neither a Markdown nor a YAML parser. It gets a lab as postcard: a format with names would need a
//! twentieth of the page's code to be read.

use serde::{Deserialize, Serialize};

use crate::check::{CheckLine, LeakPlace, Predicate};
use crate::pattern::Pattern;

/// The format that this version reads and the first line of every lab's front matter.
pub const FORMAT: &str = "glasshive-lab/1";

/// A whole lab.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lab {
    /// Short name, also the name in a link.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// For whom, in one word (`beginner`); empty if not said.
    pub level: String,
    /// How long a student needs; 0 if not said.
    pub minutes: u32,
    /// What a student can do afterwards, as HTML.
    pub goals: Vec<String>,
    /// Where the lab comes from and under which licence, as HTML.
    pub credits: Vec<String>,
    /// The Docker version whose command line and behaviour the lab shows.
    pub docker: String,
    /// The seed unless the caller gives another.
    pub seed: u64,
    /// When the world starts, in seconds since 1970-01-01T00:00:00Z; the date of the Docker version if
    /// not said.
    pub start_secs: Option<u64>,
    /// All hosts.
    pub nodes: Vec<String>,
    /// The hosts that are the managers of one swarm at the start, whose workers the others are. Empty:
    /// no swarm yet.
    pub managers: Vec<String>,
    /// Who is logged in at the terminals; root if nothing.
    pub user: Option<String>,
    /// That user's prompt as bash's `PS1`.
    pub prompt: Option<String>,
    /// The hosts that are a Kubernetes, its control plane first; none if there is no Kubernetes.
    pub kubernetes: Vec<String>,
    /// The release of that Kubernetes and of `kubectl`.
    pub kubectl: String,
    /// Managers ask whether they could win before they campaign.
    pub pre_vote: bool,
    /// Virtual time between the end of one command and the typing of the next.
    pub pace_ms: u64,
    /// Where the leak audit may find clear text.
    pub allow: Vec<LeakPlace>,
    /// Words that the audit looks for beside the swarm's secrets: name and text.
    pub watch: Vec<(String, String)>,
    /// Prose before the first step, as HTML.
    pub intro: String,
    /// The steps.
    pub steps: Vec<Step>,
}

/// One step: a `##` heading and what follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Name in links and messages.
    pub id: String,
    /// The heading.
    pub title: String,
    /// What it is made of, in order.
    pub parts: Vec<Part>,
    /// Other ways through it, right and wrong, for `glasshive test`. A page needs none of them, so they
    /// are not in what it gets.
    #[serde(skip)]
    pub tries: Vec<Try>,
}

/// Another way through a step (`accept`, `reject`): what is typed instead of the step's commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// The line of the `.lab.md` file.
    pub line: u32,
    /// The names of the step's checks that must fail, all others hold; empty for a right way.
    pub fails: Vec<String>,
    /// What is typed.
    pub commands: Vec<Typed>,
}

/// A command of another way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// The line of the `.lab.md` file.
    pub line: u32,
    /// On which host; may be `{{captured}}`.
    pub node: String,
    /// The text; may have several lines.
    pub text: String,
}

/// One piece of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Text for the student.
    Prose {
        /// The text.
        html: String,
    },
    /// Something to type (`sh`, `solution`).
    Command(Command),
    /// Virtual time passes until something holds (`until`).
    Until(Until),
    /// A check (`check`).
    Check(Check),
    /// Something happens to a host (`fault`).
    Fault(Fault),
    /// A hint, folded until asked for (`hint`).
    Hint {
        /// The text.
        html: String,
    },
    /// A remark on the source of the lab or on the real Docker, with its proof (`note`).
    Note(Note),
    /// A question with choices (`quiz`).
    Quiz(Quiz),
    /// A question with a typed answer (`ask`).
    Ask(Ask),
}

/// Something to type into a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Name for `proof=`; empty if it has none.
    pub id: String,
    /// The line of the `.lab.md` file.
    pub line: u32,
    /// On which host; may be `{{captured}}`.
    pub node: String,
    /// The text; `{{name}}` stands for a captured value.
    pub text: String,
    /// True for a `solution`: the page shows it only when asked.
    pub solution: bool,
    /// The exit status that is expected; nothing if any will do.
    pub exit: Option<i32>,
    /// The pause before it, where it differs from the lab's.
    pub pace_ms: Option<u64>,
    /// How long it may run, virtual time.
    pub limit_ms: u64,
    /// What it should print; nothing if the lab does not say.
    pub expects: Option<Pattern>,
}

/// Lets virtual time pass until all lines hold; the deadline is a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    /// The line of the `.lab.md` file.
    pub line: u32,
    /// The deadline.
    pub within_ms: u64,
    /// How often to look.
    pub every_ms: u64,
    /// What must hold.
    pub lines: Vec<CheckLine>,
}

/// What must hold at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Name in messages and for `proof=`.
    pub id: String,
    /// The line of the `.lab.md` file.
    pub line: u32,
    /// It may hold before the step too: `test` does not ask that it fails there.
    pub standing: bool,
    /// An `expect-leak`: its lines are leaks that the lab shows on purpose.
    pub leak: bool,
    /// What must hold, all of it.
    pub lines: Vec<CheckLine>,
    /// What to tell a student when it does not.
    pub why: String,
}

/// What goes wrong, or right again (`fault`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Name; the host that it struck is captured under it. Empty if it has none.
    pub id: String,
    /// The line of the `.lab.md` file.
    pub line: u32,
    /// What it waits for, as [`world::Trigger`] reads it; nothing if it strikes at once.
    pub on: Option<String>,
    /// In this order, at the same instant; as [`world::Fault`] reads them, and with `{{captured}}`
    /// names.
    pub faults: Vec<String>,
}

impl Fault {
    /// What happens and when, in words.
    pub fn words(&self) -> String {
        let words = |line: &String| world::Fault::parse(line).map(|fault| fault.to_string());
        let faults: Vec<String> =
            self.faults.iter().map(|line| words(line).unwrap_or_else(|_| line.clone())).collect();
        let on = self.on.as_ref().and_then(|on| world::Trigger::parse(on).ok());
        let on = on.map(|on| format!("{on}: ")).unwrap_or_default();
        format!("{on}{}", faults.join(", "))
    }
}

/// A remark that the replay proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Name; empty if it has none.
    pub id: String,
    /// The line of the `.lab.md` file.
    pub line: u32,
    /// True for a mistake of the text that the lab is made after.
    pub erratum: bool,
    /// The text.
    pub html: String,
    /// Names of the commands and checks that prove it.
    pub proof: Vec<String>,
}

/// A question with choices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiz {
    /// Name; empty if it has none.
    pub id: String,
    /// The question.
    pub html: String,
    /// The choices, at least one of them right.
    pub choices: Vec<Choice>,
}

/// One choice of a quiz.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The text.
    pub html: String,
    /// Whether it is right.
    pub right: bool,
    /// What to say when it is chosen; may be empty.
    pub because: String,
}

/// A question with a typed answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Name; empty if it has none.
    pub id: String,
    /// The question.
    pub html: String,
    /// The line of the `.lab.md` file.
    pub line: u32,
    /// The answers that count, compared without regard to case and blanks; `{{name}}` is allowed.
    pub answers: Vec<String>,
    /// Answers that the cluster gives.
    pub computed: Vec<Computed>,
    /// What to say when it is answered; may be empty.
    pub because: String,
}

/// An answer that is looked up when the question comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Computed {
    /// The host whose manager leads.
    Leader,
    /// The leader's term.
    Term,
    /// How many managers are a majority of those that the swarm has.
    Quorum,
    /// The host that runs a task, `SERVICE.SLOT`.
    NodeOf(String),
    /// How many tasks of a service run.
    Running(String),
}

/// As a lab writes it.
impl std::fmt::Display for Computed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Leader => f.write_str("leader"),
            Self::Term => f.write_str("term"),
            Self::Quorum => f.write_str("quorum"),
            Self::NodeOf(task) => write!(f, "node of {task}"),
            Self::Running(service) => write!(f, "running {service}"),
        }
    }
}

impl Computed {
    /// Reads it; anything else is an answer as it stands.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_whitespace().collect::<Vec<_>>()[..] {
            ["leader"] => Some(Self::Leader),
            ["term"] => Some(Self::Term),
            ["quorum"] => Some(Self::Quorum),
            ["node", "of", task] => Some(Self::NodeOf(task.to_owned())),
            ["running", service] => Some(Self::Running(service.to_owned())),
            _ => None,
        }
    }
}

/// Where a part is: step and part, both from 0.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct At {
    /// Which step.
    pub step: u32,
    /// Which part of it.
    pub part: u32,
}

impl Lab {
    /// The part at a place, if there is one.
    pub fn part(&self, at: At) -> Option<&Part> {
        self.steps.get(at.step as usize)?.parts.get(at.part as usize)
    }

    /// All places in order.
    pub fn places(&self) -> impl Iterator<Item = (At, &Part)> {
        self.steps.iter().zip(0_u32..).flat_map(|(step, s)| {
            step.parts.iter().zip(0_u32..).map(move |(part, p)| (At { step: s, part: p }, part))
        })
    }

    /// Where the audit may find clear text: what the lab allows and what it shows on purpose.
    pub fn leak_places(&self) -> Vec<&LeakPlace> {
        self.allow.iter().chain(self.expected_leaks()).collect()
    }

    /// The leaks that the lab shows on purpose.
    pub fn expected_leaks(&self) -> impl Iterator<Item = &LeakPlace> {
        let checks = self.places().filter_map(|(_, part)| match part {
            Part::Check(check) if check.leak => Some(check),
            _ => None,
        });
        checks.flat_map(|check| &check.lines).filter_map(|line| match &line.predicate {
            Predicate::Leak(place) => Some(place),
            _ => None,
        })
    }

    /// How many commands a run types.
    pub fn command_count(&self) -> usize {
        self.places().filter(|(_, part)| matches!(part, Part::Command(_))).count()
    }
}

impl Part {
    /// Its line in the file, if a run does something with it.
    pub const fn line(&self) -> Option<u32> {
        match self {
            Self::Command(command) => Some(command.line),
            Self::Until(until) => Some(until.line),
            Self::Check(check) => Some(check.line),
            Self::Fault(fault) => Some(fault.line),
            Self::Ask(ask) => Some(ask.line),
            Self::Prose { .. } | Self::Hint { .. } | Self::Note(_) | Self::Quiz(_) => None,
        }
    }

    /// True for the parts that a run does something with.
    pub const fn acts(&self) -> bool {
        match self {
            Self::Command(_) | Self::Until(_) | Self::Check(_) | Self::Fault(_) => true,
            // Its answer is looked up when its turn comes.
            Self::Ask(ask) => !ask.computed.is_empty(),
            Self::Prose { .. } | Self::Hint { .. } | Self::Note(_) | Self::Quiz(_) => false,
        }
    }
}
