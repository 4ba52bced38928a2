//! The labs: a list that is part of the program, and a file for each, asked for when it is opened.

use sorted::SortedMap;
use std::rc::Rc;

use js_sys::Uint8Array;
use labs::{Lab, Summary};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use crate::dom;

/// The list, made by `build.rs`.
const CATALOGUE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalogue"));

/// The address of the list of honest differences, as HTML.
pub const DIFFERENCES: &str = env!("DIFFERENCES");

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
            postcard::from_bytes(CATALOGUE).expect("build.rs wrote this with the same types");
        let files = all.iter().map(|(file, lab)| (lab.id.clone(), file.clone()));
        let files = files.collect();
        let mut summaries: Vec<Summary> = all.into_iter().map(|(_, lab)| lab).collect();
        summaries.sort_by_key(|lab| rank(&lab.level));
        Self { summaries: summaries.into(), files, opened: SortedMap::new() }
    }

    /// The addresses of all files beside the page.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.values().map(String::as_str).chain([DIFFERENCES])
    }

    /// The address of a lab's file, if there is such a lab.
    pub fn file(&self, id: &str) -> Option<String> {
        self.files.get(id).cloned()
    }

    /// A lab that has come.
    pub fn opened(&self, id: &str) -> Option<Rc<Lab>> {
        self.opened.get(id).cloned()
    }

    /// Keeps a lab that has come.
    ///
    /// # Errors
    /// If it is not a lab; a sentence.
    pub fn keep(&mut self, id: &str, bytes: &[u8]) -> Result<(), String> {
        let lab: Lab = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
        self.opened.insert(id.to_owned(), Rc::new(lab));
        Ok(())
    }
}

/// Easy ones first; in a level, the order of the folders.
fn rank(level: &str) -> usize {
    ["beginner", "intermediate", "advanced"].iter().position(|known| *known == level).unwrap_or(1)
}

/// A file beside the page.
///
/// # Errors
/// If it does not come; a sentence.
pub async fn fetch(address: &str) -> Result<Vec<u8>, String> {
    let told = |error: JsValue| format!("{error:?}");
    let response = JsFuture::from(dom::window().fetch_with_str(address)).await.map_err(told)?;
    let response: Response = response.dyn_into().map_err(told)?;
    if !response.ok() {
        return Err(format!("{address}: status {}", response.status()));
    }
    let buffer = JsFuture::from(response.array_buffer().map_err(told)?).await.map_err(told)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
