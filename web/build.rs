//! Compiles the labs, so that the page needs no parser for them. A mistake in a lab ends the build.
//!
//! The list of labs becomes a part of the program; the labs themselves become files beside it, in
//! `target/page-files`, from where `cargo xtask stage-files` (a hook of Trunk) takes them. So does the list of
//! honest differences, as HTML for the help. A file's name has a hash of what is in it: a page never gets a lab
//! that it was not built with.

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
    let folder = root.join("target/page-files");
    println!("cargo::rerun-if-changed={}", root.join("labs").display());
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("labs")).expect("the target folder can be written");
    // Puts a file beside the page; the name that it has there.
    let beside = |name: &str, ending: &str, bytes: &[u8]| {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let name = format!("{name}.{:08x}.{ending}", hasher.finish() as u32);
        fs::write(folder.join(&name), bytes).expect("the target folder can be written");
        name
    };
    let mut catalogue = Vec::new();
    for path in entries(&root.join("labs")).iter().flat_map(|folder| entries(folder)) {
        if !path.to_string_lossy().ends_with(".lab.md") {
            continue;
        }
        println!("cargo::rerun-if-changed={}", path.display());
        let source = fs::read_to_string(&path).expect("a lab's file can be read");
        match labs::author::read(&source) {
            Ok(lab) => {
                let bytes = postcard::to_allocvec(&lab).expect("a lab is plain data");
                let name = beside(&format!("labs/{}", lab.id), "lab", &bytes);
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
    let bytes = postcard::to_allocvec(&catalogue).expect("a list of labs is plain data");
    fs::write(out.join("catalogue"), bytes).expect("cargo's folder can be written");
    let differences = root.join("docs/differences.md");
    println!("cargo::rerun-if-changed={}", differences.display());
    let source = fs::read_to_string(differences).expect("the list of differences can be read");
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(&source));
    println!("cargo::rustc-env=DIFFERENCES={}", beside("differences", "html", html.as_bytes()));
}
