//! The labs: a list that is part of the program, and a file for each, asked for when it is opened.

use sorted::SortedMap;
use std::rc::Rc;

use labs::{Lab, Summary};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use crate::dom;

/// The list, made by `build.rs`.
const CATALOGUE: &str = include_str!(concat!(env!("OUT_DIR"), "/catalogue.json"));

/// The labs that the page was built with.
pub struct Labs {
    /// In the order of the list.
    pub summaries: Rc<[Summary]>,
    files: SortedMap<String, String>,
    opened: SortedMap<String, Rc<Lab>>,
}

impl Labs {
    /// The list; no lab is there yet.
    pub fn new() -> Self {
        let all: Vec<(String, Summary)> =
            serde_json::from_str(CATALOGUE).expect("build.rs wrote this with the same types");
        let files = all.iter().map(|(file, lab)| (lab.id.clone(), format!("labs/{file}")));
        let files = files.collect();
        let mut summaries: Vec<Summary> = all.into_iter().map(|(_, lab)| lab).collect();
        summaries.sort_by_key(|lab| rank(&lab.level));
        Self { summaries: summaries.into(), files, opened: SortedMap::new() }
    }

    /// The addresses of all files.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.values().map(String::as_str)
    }

    /// The address of a lab's file, if there is such a lab.
    pub fn file(&self, id: &str) -> Option<String> {
        self.files.get(id).cloned()
    }

    /// A lab that has come.
    pub fn opened(&self, id: &str) -> Option<Rc<Lab>> {
        self.opened.get(id).cloned()
    }

    /// Keeps the text of a lab that has come.
    ///
    /// # Errors
    /// If it is not a lab; a sentence.
    pub fn keep(&mut self, id: &str, text: &str) -> Result<(), String> {
        let lab: Lab = serde_json::from_str(text).map_err(|error| error.to_string())?;
        self.opened.insert(id.to_owned(), Rc::new(lab));
        Ok(())
    }
}

/// Easy ones first; in a level, the order of the folders.
fn rank(level: &str) -> usize {
    ["beginner", "intermediate", "advanced"].iter().position(|known| *known == level).unwrap_or(1)
}

/// The text of a file beside the page.
///
/// # Errors
/// If it does not come; a sentence.
pub async fn fetch(address: String) -> Result<String, String> {
    let told = |error: JsValue| format!("{error:?}");
    let response = JsFuture::from(dom::window().fetch_with_str(&address)).await.map_err(told)?;
    let response: Response = response.dyn_into().map_err(told)?;
    if !response.ok() {
        return Err(format!("{address}: status {}", response.status()));
    }
    let text = JsFuture::from(response.text().map_err(told)?).await.map_err(told)?;
    text.as_string().ok_or_else(|| format!("{address} is not text"))
}
