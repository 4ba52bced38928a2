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
