//! What is kept in the browser. Everything is text under `glasshive/`; `index.html` knows the keys
//! of sessions, for its panel.

use gloo::storage::{LocalStorage, Storage};

fn session_key(lab: &str) -> String {
    format!("glasshive/session/{lab}")
}

fn previous_key(lab: &str) -> String {
    format!("glasshive/previous/{lab}")
}

fn read(key: &str) -> Option<String> {
    LocalStorage::raw().get_item(key).ok().flatten()
}

fn write(key: &str, text: &str) -> bool {
    LocalStorage::raw().set_item(key, text).is_ok()
}

/// The session of a lab.
pub fn session(lab: &str) -> Option<String> {
    read(&session_key(lab))
}

/// Keeps the session of a lab; false if the browser refuses.
pub fn keep_session(lab: &str, text: &str) -> bool {
    write(&session_key(lab), text)
}

/// How far a lab was done, as it was kept.
pub fn progress(lab: &str) -> Option<String> {
    read(&format!("glasshive/progress/{lab}"))
}

/// Keeps how far a lab was done.
pub fn keep_progress(lab: &str, text: &str) {
    // Where sessions cannot be kept, this is told once already.
    write(&format!("glasshive/progress/{lab}"), text);
}

/// The names of all kept sessions that begin with a word.
pub fn sessions(start: &str) -> Vec<String> {
    let storage = LocalStorage::raw();
    let count = storage.length().unwrap_or(0);
    let keys = (0..count).filter_map(|index| storage.key(index).ok().flatten());
    let names = keys.filter_map(|key| key.strip_prefix("glasshive/session/").map(str::to_owned));
    let mut names: Vec<String> = names.filter(|name| name.starts_with(start)).collect();
    names.sort();
    names
}

/// Forgets a session and what belongs to it.
pub fn forget(lab: &str) {
    let storage = LocalStorage::raw();
    for key in [session_key(lab), previous_key(lab), format!("glasshive/progress/{lab}")] {
        let _ = storage.remove_item(&key);
    }
}

/// The session before the last restart.
pub fn previous(lab: &str) -> Option<String> {
    read(&previous_key(lab))
}

/// Keeps a session to go back to.
pub fn keep_previous(lab: &str, text: &str) -> bool {
    write(&previous_key(lab), text)
}

/// Puts a session aside where nothing overwrites it; the key it is under then.
pub fn set_aside(lab: &str, text: &str) -> Option<String> {
    let key = (0..1_000).map(|number| format!("glasshive/aside/{lab}/{number}"));
    let key = key.into_iter().find(|key| read(key).is_none())?;
    write(&key, text).then_some(key)
}

/// A setting of the page.
pub fn setting(name: &str) -> Option<String> {
    LocalStorage::get(format!("glasshive/{name}")).ok()
}

/// Keeps a setting of the page.
pub fn keep_setting(name: &str, value: &str) {
    // A page that may not keep a setting works without.
    let _ = LocalStorage::set(format!("glasshive/{name}"), value);
}
