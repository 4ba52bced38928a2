//! The input line of a terminal, with the keys that a shell's line editor has.

use std::rc::Rc;

use model::view::Reader;
use web_sys::{HtmlTextAreaElement, InputEvent};
use yew::prelude::*;

use crate::dom;
use crate::msg::Msg;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub node: String,
    pub prompt: String,
    pub reader: Reader,
    pub draft: String,
    pub history: Rc<[String]>,
    pub candidates: Rc<[String]>,
    pub current: bool,
    /// Time is stopped: nothing comes of a line before it goes on.
    pub paused: bool,
    pub on: Callback<Msg>,
}

/// The key row for fingers: name, and the key it stands for.
const KEYS: [(&str, &str); 9] = [
    ("Tab", "Tab"),
    ("Ctrl-C", "c"),
    ("Ctrl-D", "d"),
    ("↑", "ArrowUp"),
    ("↓", "ArrowDown"),
    ("|", "|"),
    ("-", "-"),
    ("/", "/"),
    ("$", "$"),
];

/// A key as the line editor understands it.
struct Key<'a> {
    name: &'a str,
    control: bool,
}

#[component]
pub fn PromptLine(props: &Props) -> Html {
    let area = use_node_ref();
    // Where in the history we are, counted from its end, and what was typed before going there.
    let place = use_mut_ref(|| (0_usize, String::new()));
    let edit = Rc::new(Editor {
        node: props.node.clone(),
        history: props.history.clone(),
        area: area.clone(),
        place,
        on: props.on.clone(),
    });
    let oninput = {
        let edit = edit.clone();
        Callback::from(move |event: InputEvent| {
            let area: HtmlTextAreaElement = event.target_unchecked_into();
            edit.place.borrow_mut().0 = 0;
            edit.on.emit(Msg::Draft(edit.node.clone(), area.value()));
        })
    };
    let onkeydown = {
        let edit = edit.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.is_composing() || event.alt_key() || event.meta_key() {
                return;
            }
            event.stop_propagation();
            let name = event.key();
            let with_shift = event.shift_key() && matches!(name.as_str(), "Tab" | "Enter");
            let key = Key { name: &name, control: event.ctrl_key() };
            if !with_shift && edit.key(&key) {
                event.prevent_default();
            }
        })
    };
    let keys = KEYS.iter().map(|(label, name)| {
        let edit = edit.clone();
        let onclick = Callback::from(move |_: MouseEvent| {
            edit.key_or_text(&Key { name, control: matches!(*name, "c" | "d") });
        });
        html! { <button type="button" class="btn" tabindex="-1" {onclick}>{ *label }</button> }
    });
    let (prompt, idle) = match props.reader {
        Reader::Nobody if props.paused => ("stopped: press Go on ", true),
        Reader::Nobody => ("running… ", true),
        Reader::Editor => ("a file is open ", true),
        Reader::Off => ("powered off ", true),
        Reader::Shell | Reader::More => (props.prompt.as_str(), false),
    };
    let rows = props.draft.split('\n').count().clamp(1, 6).to_string();
    let testid = if props.current {
        "terminal-input".to_owned()
    } else {
        format!("terminal-input-{}", props.node)
    };
    let candidates = props.candidates.iter().map(|text| html! { <li>{ text }</li> });
    html! {
        <div class="entry">
            if !props.candidates.is_empty() {
                <ul class="candidates bare" aria-label="Possible completions">{ for candidates }</ul>
            }
            <label class="entry-line">
                <span class={classes!("prompt", idle.then_some("idle"))}>{ prompt }</span>
                <textarea ref={area} {rows} value={props.draft.clone()} {oninput} {onkeydown}
                    aria-label={format!("Command line of {}", props.node)} data-testid={testid}
                    disabled={props.reader == Reader::Off} autocomplete="off" autocapitalize="none"
                    autocorrect="off" spellcheck="false" enterkeyhint="send" wrap="soft" />
            </label>
            <div class="keys" role="toolbar" aria-label="Keys">{ for keys }</div>
        </div>
    }
}

struct Editor {
    node: String,
    history: Rc<[String]>,
    area: NodeRef,
    place: Rc<std::cell::RefCell<(usize, String)>>,
    on: Callback<Msg>,
}

impl Editor {
    fn area(&self) -> Option<HtmlTextAreaElement> {
        self.area.cast()
    }

    fn set(&self, text: String) {
        self.on.emit(Msg::Draft(self.node.clone(), text));
    }

    /// Does what a key does in a line editor; false if the browser should do what it does.
    fn key(&self, key: &Key<'_>) -> bool {
        let Some(area) = self.area() else { return false };
        let text = area.value();
        let node = self.node.clone();
        match (key.control, key.name) {
            (false, "Enter") => {
                *self.place.borrow_mut() = (0, String::new());
                self.on.emit(Msg::Submit(node, text));
            }
            (false, "Tab") if !text.is_empty() => {
                let end = area.selection_end().ok().flatten();
                self.on.emit(Msg::Complete(node, byte_at(&text, end)));
            }
            (false, "ArrowUp") if !self.before_cursor(&area, &text).contains('\n') => {
                self.go(1, &text);
            }
            (false, "ArrowDown") if self.place.borrow().0 > 0 => self.go(-1, &text),
            (false, "Escape") => dom::focus(&format!("#tab-{node}")),
            (true, "c") if !dom::has_selection() && !selects(&area) => {
                self.on.emit(Msg::Interrupt(node));
            }
            (true, "d") if text.is_empty() => self.on.emit(Msg::EndOfFile(node)),
            (true, "l") => self.on.emit(Msg::Clear(node)),
            (true, "u") => self.set(String::new()),
            _ => return false,
        }
        true
    }

    /// The same for the key row, where a plain character is typed at the cursor.
    fn key_or_text(&self, key: &Key<'_>) {
        if !self.key(key)
            && let (Some(area), 1) = (self.area(), key.name.len())
            && !key.control
        {
            let text = area.value();
            let at = byte_at(&text, area.selection_end().ok().flatten());
            self.set(format!("{}{}{}", &text[..at], key.name, &text[at..]));
        }
        if let Some(area) = self.area() {
            let _ = area.focus();
        }
    }

    fn before_cursor<'a>(&self, area: &HtmlTextAreaElement, text: &'a str) -> &'a str {
        &text[..byte_at(text, area.selection_start().ok().flatten())]
    }

    /// Goes back (1) or forward (-1) in the history.
    fn go(&self, by: i32, text: &str) {
        let mut place = self.place.borrow_mut();
        let back = place.0.saturating_add_signed(by as isize).min(self.history.len());
        if place.0 == 0 {
            text.clone_into(&mut place.1);
        }
        place.0 = back;
        let shown = match back {
            0 => place.1.clone(),
            back => self.history[self.history.len() - back].clone(),
        };
        drop(place);
        self.set(shown);
    }
}

fn selects(area: &HtmlTextAreaElement) -> bool {
    area.selection_start().ok().flatten() != area.selection_end().ok().flatten()
}

/// The browser counts in UTF-16 units.
fn byte_at(text: &str, units: Option<u32>) -> usize {
    let Some(units) = units else { return text.len() };
    let mut left = units as usize;
    for (byte, char) in text.char_indices() {
        if left == 0 {
            return byte;
        }
        left = left.saturating_sub(char.len_utf16());
    }
    text.len()
}
