//! Everything that the page can be told.

use std::rc::Rc;

use model::clock::Speed;
use model::inspect::Target;
use model::ui::Pane;

/// What a person or the browser does.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// The browser draws the next frame, at this time in milliseconds.
    Frame(f64),
    /// The page goes out of sight or away.
    Leave,
    /// The address has changed: what stands behind the `#` now.
    Address(String),
    /// The file of this lab has come, or a sentence why not.
    Came(String, Result<Vec<u8>, String>),
    /// Forget the kept session of this name.
    Forget(String),
    /// A line is entered at a node.
    Submit(String, String),
    /// What is half typed at a node has changed.
    Draft(String, String),
    /// Tab was pressed at a node, with the cursor at this byte.
    Complete(String, usize),
    /// The text in the editor of a node has changed.
    Edited(String, Rc<str>),
    /// The editor of a node is left, with what is to be saved.
    CloseEditor(String, Option<Rc<str>>),
    /// Show or hide the row for files.
    Files,
    /// A file for this node has come: its name and its text, or a sentence why not.
    Upload(String, String, Result<String, String>),
    /// Hand out the file of this node with this path.
    Download(String, String),
    /// Ctrl-C at a node.
    Interrupt(String),
    /// Ctrl-D at a node.
    EndOfFile(String),
    /// Ctrl-L at a node.
    Clear(String),
    /// Run the lab's command of this number.
    Run(usize),
    /// Put the lab's command of this number into the input line.
    Insert(usize),
    /// Play the lab to its end.
    PlayAll,
    /// Play the lab to the end of the step.
    NextStep,
    /// Stop virtual time, or let it go on.
    Pause,
    /// Begin again with the same seed.
    Restart,
    /// Go back to the session before the last restart.
    Undo,
    /// Another speed.
    Speed(Speed),
    /// Another terminal.
    Select(String),
    /// Another terminal, to type in.
    Open(String),
    /// To a pane, with the keyboard.
    Jump(Pane),
    /// One terminal or all.
    Split,
    /// Another pane.
    Pane(Pane),
    /// The next theme.
    Theme,
    /// Show or hide the list of keys.
    Help,
    /// Show the map as a map or as a table.
    Table(bool),
    /// Draw only places with clear text in full, or everything again.
    Lens,
    /// Something goes wrong, or right again: a line of the grammar of faults.
    Fault(String),
    /// An armed fault is not to strike.
    Disarm(u64),
    /// Open something, or close what is open.
    Inspect(Option<Target>),
    /// Take a message away.
    Dismiss(u32),
    /// A key outside of any input.
    Key(String),
}
