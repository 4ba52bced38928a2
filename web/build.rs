//! Compiles the labs, so that the page needs no parser for them. A mistake in a lab ends the build.
//!
//! The list of labs becomes a part of the program; the labs themselves become files beside it, in
//! `target/page-labs`, from where `cargo xtask stage-labs` (a hook of Trunk) takes them. A file's name
//! has a hash of what is in it: a page never gets a lab that it was not built with.
//!
//! The list of honest differences becomes HTML for the help.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.sort();
    paths
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = root.join("target/page-labs");
    println!("cargo::rerun-if-changed={}", root.join("labs").display());
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the target folder can be written");
    let mut catalogue = Vec::new();
    for path in entries(&root.join("labs")).iter().flat_map(|folder| entries(folder)) {
        if !path.to_string_lossy().ends_with(".lab.md") {
            continue;
        }
        println!("cargo::rerun-if-changed={}", path.display());
        let source = fs::read_to_string(&path).expect("a lab's file can be read");
        match labs::author::read(&source) {
            Ok(lab) => {
                let json = serde_json::to_string(&lab).expect("plain data is always JSON");
                let mut hasher = DefaultHasher::new();
                json.hash(&mut hasher);
                let name = format!("{}.{:08x}.json", lab.id, hasher.finish() as u32);
                fs::write(folder.join(&name), json).expect("the target folder can be written");
                catalogue.push((name, lab.summary()));
            }
            Err(problems) => {
                for problem in problems {
                    println!("cargo::error={}:{problem}", path.display());
                }
            }
        }
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let json = serde_json::to_string(&catalogue).expect("plain data is always JSON");
    fs::write(out.join("catalogue.json"), json).expect("cargo's folder can be written");
    let differences = root.join("docs/differences.md");
    println!("cargo::rerun-if-changed={}", differences.display());
    let source = fs::read_to_string(differences).expect("the list of differences can be read");
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(&source));
    fs::write(out.join("differences.html"), html).expect("cargo's folder can be written");
}
