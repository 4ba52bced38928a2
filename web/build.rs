//! Compiles the labs, so that the page needs no parser for them. A mistake in a lab ends the build.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn lab_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.sort();
    paths
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../labs");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut labs = Vec::new();
    for path in lab_files(&root).iter().flat_map(|folder| lab_files(folder)) {
        if !path.to_string_lossy().ends_with(".lab.md") {
            continue;
        }
        println!("cargo::rerun-if-changed={}", path.display());
        let source = fs::read_to_string(&path).expect("a lab's file can be read");
        match labs::author::read(&source) {
            Ok(mut lab) => {
                // Other ways through a step are for `glasshive test`.
                lab.steps.iter_mut().for_each(|step| step.tries.clear());
                labs.push(lab);
            }
            Err(problems) => {
                for problem in problems {
                    println!("cargo::error={}:{problem}", path.display());
                }
            }
        }
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("labs.json");
    let json = serde_json::to_string(&labs).expect("plain data with string keys is always JSON");
    fs::write(out, json).expect("cargo's folder can be written");
}
