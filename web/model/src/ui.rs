//! What belongs to the page and not to the cluster: which pane, which theme, what is half typed.

use sorted::SortedMap;
use std::rc::Rc;

/// A pane, where there is not room for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The lab's text.
    #[default]
    Lesson,
    /// The terminals.
    Shell,
    /// The cluster.
    Map,
}

impl Pane {
    /// All, in the order of the bar.
    pub const ALL: [Self; 3] = [Self::Lesson, Self::Shell, Self::Map];

    /// The name in attributes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lesson => "lesson",
            Self::Shell => "shell",
            Self::Map => "map",
        }
    }

    /// The name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Lesson => "Lesson",
            Self::Shell => "Shell",
            Self::Map => "Map",
        }
    }
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The name in storage and attributes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What a name means; anything else is [`Theme::Auto`].
    pub fn parse(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }

    /// The next one for a button that goes round.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }
}

/// Something to tell that stays until it is dismissed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// For dismissing it.
    pub id: u32,
    /// The text.
    pub text: String,
    /// Something was lost or went wrong.
    pub bad: bool,
    /// It offers to go back to the session before.
    pub offers_undo: bool,
}

/// The page's own state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ui {
    /// The terminal that has the focus.
    pub node: String,
    /// All terminals are side by side.
    pub split: bool,
    /// The pane that is shown where there is not room for all.
    pub pane: Pane,
    /// Light or dark.
    pub theme: Theme,
    /// The list of keys is open.
    pub help: bool,
    /// The map is shown as a table.
    pub table: bool,
    /// Time is stopped by the student.
    pub paused: bool,
    /// What is told.
    pub messages: Vec<Message>,
    /// For screen readers: the last thing that happened.
    pub announcement: String,
    /// Only places with clear text are drawn in full.
    pub lens: bool,
    /// The row for files is open.
    pub files: bool,
    drafts: SortedMap<String, String>,
    edits: SortedMap<String, Rc<str>>,
    cleared: SortedMap<String, usize>,
    candidates: SortedMap<String, Rc<[String]>>,
    next_message: u32,
}

impl Ui {
    /// What is half typed at a node.
    pub fn draft(&self, node: &str) -> &str {
        self.drafts.get(node).map_or("", String::as_str)
    }

    /// Replaces what is half typed at a node; candidates for it are gone.
    pub fn set_draft(&mut self, node: &str, text: impl Into<String>) {
        self.drafts.insert(node.to_owned(), text.into());
        self.candidates.remove(node);
    }

    /// What the editor of a node shows, if that is not what the file holds.
    pub fn edit(&self, node: &str) -> Option<Rc<str>> {
        self.edits.get(node).cloned()
    }

    /// Replaces what the editor of a node shows; nothing goes back to the file.
    pub fn set_edit(&mut self, node: &str, text: Option<Rc<str>>) {
        match text {
            Some(text) => self.edits.insert(node.to_owned(), text),
            None => self.edits.remove(node),
        };
    }

    /// What could complete what is half typed at a node.
    pub fn candidates(&self, node: &str) -> Rc<[String]> {
        self.candidates.get(node).cloned().unwrap_or_else(|| Rc::from([]))
    }

    /// Shows what could complete what is half typed at a node.
    pub fn set_candidates(&mut self, node: &str, candidates: Vec<String>) {
        self.candidates.insert(node.to_owned(), candidates.into());
    }

    /// The number of the first block of a node's terminal that is shown.
    pub fn cleared(&self, node: &str) -> usize {
        self.cleared.get(node).copied().unwrap_or(0)
    }

    /// Hides the blocks of a node's terminal before a number (Ctrl-L).
    pub fn clear(&mut self, node: &str, count: usize) {
        self.cleared.insert(node.to_owned(), count);
    }

    /// Forgets what belongs to one session.
    pub fn start_over(&mut self, node: &str) {
        self.drafts.clear();
        self.edits.clear();
        self.cleared.clear();
        self.candidates.clear();
        node.clone_into(&mut self.node);
    }

    /// Forgets what belongs to the place that is left.
    pub fn leave(&mut self) {
        self.start_over("");
        self.messages.clear();
        self.announcement.clear();
        self.help = false;
        self.lens = false;
        self.paused = false;
        self.pane = Pane::default();
    }

    /// Tells something.
    pub fn tell(&mut self, text: impl Into<String>, bad: bool, offers_undo: bool) {
        self.next_message += 1;
        if offers_undo {
            self.messages.retain(|message| !message.offers_undo);
        }
        let message = Message { id: self.next_message, text: text.into(), bad, offers_undo };
        self.messages.push(message);
    }

    /// Takes a message away.
    pub fn dismiss(&mut self, id: u32) {
        self.messages.retain(|message| message.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stay_until_dismissed() {
        let mut ui = Ui::default();
        ui.tell("one", false, true);
        ui.tell("two", true, false);
        ui.tell("three", false, true);
        let texts: Vec<&str> = ui.messages.iter().map(|m| m.text.as_str()).collect();
        assert_eq!(texts, ["two", "three"]);
        ui.dismiss(ui.messages[0].id);
        assert_eq!(ui.messages.len(), 1);
    }

    #[test]
    fn typing_takes_the_candidates_away() {
        let mut ui = Ui::default();
        ui.set_draft("node1", "docker s");
        ui.set_candidates("node1", vec!["secret".into(), "service".into()]);
        assert_eq!(ui.candidates("node1").len(), 2);
        ui.set_draft("node1", "docker se");
        assert!(ui.candidates("node1").is_empty());
        assert_eq!(ui.draft("node1"), "docker se");
        assert_eq!(ui.draft("node2"), "");
    }
}
