//! What is on the page, as plain data: every component draws one of these and nothing else.
//!
//! The map and its table are two drawings of one [`MapView`], so that neither can know more than
//! the other.

use std::rc::Rc;

pub use world::ArmedView;
use world::EditorView;

use crate::faults::Trouble;

/// How good or bad something is; components add an icon and a colour, the text says it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to say.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// On its way.
    Wait,
    /// Broken.
    Bad,
}

impl Tone {
    /// The name in class attributes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Wait => "wait",
            Self::Bad => "bad",
        }
    }
}

/// The cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapView {
    /// The cluster in a sentence.
    pub headline: String,
    /// How that is.
    pub tone: Tone,
    /// The hosts, in order.
    pub nodes: Vec<NodeCard>,
    /// The services, by name.
    pub services: Vec<ServiceRow>,
    /// Tasks that no node has yet.
    pub unplaced: Vec<Pill>,
    /// Links between hosts with which something is wrong.
    pub wires: Vec<Wire>,
    /// Faults that wait for something.
    pub armed: Vec<ArmedView>,
}

/// A link between two hosts with which something is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wire {
    /// The places of the two hosts in the order of hosts, the lower one first.
    pub ends: (usize, usize),
    /// Everything from the first to the second is lost, and the other way round.
    pub cut: (bool, bool),
    /// What is wrong, in words.
    pub text: String,
    /// The fault that makes it whole.
    pub heal: String,
}

/// The form a node is drawn in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// In no swarm.
    #[default]
    Alone,
    /// A worker.
    Square,
    /// A manager.
    Hexagon,
}

/// One host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeCard {
    /// Its name.
    pub name: String,
    /// Its place in the order of hosts, which gives its colour.
    pub index: usize,
    /// Its address.
    pub address: String,
    /// Its form.
    pub shape: Shape,
    /// `leader`, `manager`, `worker` or what it is instead.
    pub role: String,
    /// It leads.
    pub leads: bool,
    /// `ready`, `down`, `powered off`, ...
    pub state: String,
    /// How that is.
    pub tone: Tone,
    /// On managers.
    pub raft: Option<RaftLine>,
    /// Its tasks and other containers.
    pub pills: Vec<Pill>,
    /// How many tasks ended here and are kept for the record.
    pub ended_count: usize,
    /// Secrets that can be read here now, and where.
    pub clear: Vec<ClearSecret>,
    /// Secrets that are here only encrypted.
    pub sealed: Vec<String>,
    /// Leaks that the audit has found here.
    pub leak_count: usize,
    /// What is wrong with it now.
    pub troubles: Vec<Trouble>,
}

/// A manager's place in the raft group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RaftLine {
    /// `leader`, `follower`, ...
    pub role: String,
    /// Its term.
    pub term: u64,
    /// The last committed index.
    pub commit: u64,
    /// The last applied index.
    pub applied: u64,
}

/// A task or a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pill {
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its state in a word.
    pub state: String,
    /// How that is.
    pub tone: Tone,
    /// What went wrong; empty if nothing.
    pub error: String,
    /// Names of the secrets mounted in it.
    pub secrets: Vec<String>,
}

/// A secret that can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClearSecret {
    /// Its name.
    pub name: String,
    /// Where: `agent's memory`, `tmpfs of web.1`.
    pub places: Vec<String>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceRow {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// `replicated`, ...
    pub mode: String,
    /// Running tasks.
    pub running: u64,
    /// Tasks there should be.
    pub desired: u64,
    /// How that is.
    pub tone: Tone,
    /// Names of its secrets.
    pub secrets: Vec<String>,
}

/// One terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TermView {
    /// The node.
    pub node: String,
    /// Its place in the order of hosts.
    pub index: usize,
    /// The number of the first block in `blocks`.
    pub first: usize,
    /// Commands and what they printed.
    pub blocks: Vec<Rc<Block>>,
    /// The prompt that waits for a line; empty while a command runs.
    pub prompt: String,
    /// Who reads the next line.
    pub reader: Reader,
    /// The file that is open in an editor.
    pub editor: Option<Rc<EditorView>>,
}

/// Who reads the next line at a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reader {
    /// A shell at its prompt.
    #[default]
    Shell,
    /// A shell that wants the rest of a command, or a program.
    More,
    /// Nobody: a command runs.
    Nobody,
    /// Nobody: a file is open in an editor.
    Editor,
    /// Nobody: the host is off.
    Off,
}

/// One command and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The prompt it was typed at.
    pub prompt: String,
    /// The typed lines.
    pub typed: String,
    /// What is shown below.
    pub shown: String,
    /// Its exit status, once it has ended.
    pub status: Option<i32>,
    /// It has not ended.
    pub open: bool,
    /// How long it took, in milliseconds of virtual time.
    pub took_ms: Option<u64>,
}

/// Whether something that a lab says is so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Not known yet.
    #[default]
    Open,
    /// It is going on.
    Running,
    /// It is so.
    Holds,
    /// It is not so.
    Broken,
}

impl State {
    /// The name in attributes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Running => "running",
            Self::Holds => "holds",
            Self::Broken => "broken",
        }
    }
}

/// A lab's text with the state of each of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LessonView {
    /// The lab's name in links.
    pub id: String,
    /// Its title.
    pub title: String,
    /// For whom and how long.
    pub facts: Vec<String>,
    /// What a student can do afterwards, as HTML.
    pub goals: Vec<String>,
    /// Where it comes from, as HTML.
    pub credits: Vec<String>,
    /// Prose before the first step, as HTML.
    pub intro: String,
    /// The steps.
    pub steps: Vec<Rc<StepView>>,
    /// The step that comes next or is going on.
    pub current: Option<usize>,
}

/// One step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepView {
    /// Its name in links.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// Where it stands.
    pub state: State,
    /// Parts that are over, and all that can be.
    pub progress: (usize, usize),
    /// What it is made of.
    pub parts: Vec<PartView>,
}

/// One piece of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartView {
    /// Text, as HTML.
    Prose(String),
    /// Something to type.
    Command(Box<CommandView>),
    /// Something that should hold, or be waited for.
    Check(CheckView),
    /// Something that happens to hosts.
    Fault(FaultView),
    /// Hints, one after the other, as HTML.
    Hints(Vec<String>),
    /// A remark.
    Note(NoteView),
    /// A question with choices.
    Quiz(QuizView),
    /// A question with a typed answer.
    Ask(AskView),
}

/// Something to type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandView {
    /// Its number in the lab, from 1.
    pub number: usize,
    /// Where it is typed.
    pub node: String,
    /// That host's place in the order of hosts.
    pub index: usize,
    /// What is typed.
    pub text: String,
    /// Shown only when asked for.
    pub solution: bool,
    /// It is the next one.
    pub next: bool,
    /// Where it stands.
    pub state: State,
    /// What is not as the lab says.
    pub complaints: Vec<String>,
    /// What it should print, line by line; nothing if the lab does not say.
    pub expects: Option<Vec<ExpectedLine>>,
    /// Expected and real lines, once it has run and they differ.
    pub diff: Vec<DiffView>,
}

/// A line that a command should print.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedLine(pub Vec<ExpectedPiece>);

/// A piece of such a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedPiece {
    /// These characters.
    Text(String),
    /// A placeholder: what is written, and what it stands for.
    Hole(String, String),
}

/// Something that should hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckView {
    /// Its name; empty for something that is only waited for.
    pub id: String,
    /// It is waited for.
    pub waits: bool,
    /// Where it stands.
    pub state: State,
    /// Its lines: as written, whether it holds, and why.
    pub lines: Vec<CheckLineView>,
    /// What the author says about a failure.
    pub why: String,
}

/// One line of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckLineView {
    /// As written.
    pub source: String,
    /// Where it stands.
    pub state: State,
    /// What was found.
    pub why: String,
}

/// Something that happens to hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultView {
    /// What happens, in words.
    pub text: String,
    /// Where it stands.
    pub state: State,
    /// What went wrong.
    pub problem: String,
}

/// A remark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoteView {
    /// It corrects the text that the lab is made after.
    pub erratum: bool,
    /// The text, as HTML.
    pub html: String,
    /// Whether this run proves it.
    pub proven: State,
}

/// A line of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiffView {
    /// Expected and there, missing, or not expected.
    pub mark: DiffMark,
    /// The line.
    pub text: String,
}

/// Where a line of a comparison comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiffMark {
    /// Expected and there.
    #[default]
    Same,
    /// Expected and not there.
    Missing,
    /// There and not expected.
    Extra,
}

/// A question with choices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuizView {
    /// The question, as HTML.
    pub html: String,
    /// The choices.
    pub choices: Vec<ChoiceView>,
}

/// A choice of a quiz.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChoiceView {
    /// The text, as HTML.
    pub html: String,
    /// It is right.
    pub right: bool,
    /// What to say when it is chosen.
    pub because: String,
}

/// A question with a typed answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskView {
    /// The question, as HTML.
    pub html: String,
    /// The answers that count.
    pub answers: Vec<String>,
    /// What to say when it is answered.
    pub because: String,
}
