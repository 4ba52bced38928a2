//! Finding and reading lab files.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use labs::Lab;

/// How the name of a lab file ends.
const ENDING: &str = ".lab.md";

/// Reads the lab at a path, or every lab in a folder, by name. What is wrong with them is told on
/// `err`; then there is nothing to return.
pub(crate) fn read(path: &str, err: &mut dyn Write) -> io::Result<Option<Vec<(String, Lab)>>> {
    let paths = match find(Path::new(path)) {
        Ok(paths) if paths.is_empty() => {
            writeln!(err, "glasshive: no file *{ENDING} in {path}")?;
            return Ok(None);
        }
        Ok(paths) => paths,
        Err(error) => {
            writeln!(err, "glasshive: {path}: {error}")?;
            return Ok(None);
        }
    };
    let mut labs = Vec::new();
    let mut wrong = false;
    for path in paths {
        let name = path.display().to_string();
        let source = match fs::read(&path).map(String::from_utf8) {
            Ok(Ok(source)) => source,
            Ok(Err(_)) => {
                writeln!(err, "{name}:1:1: this is no UTF-8 text")?;
                wrong = true;
                continue;
            }
            Err(error) => {
                writeln!(err, "glasshive: {name}: {error}")?;
                wrong = true;
                continue;
            }
        };
        match labs::author::read(&source) {
            Ok(lab) => labs.push((name, lab)),
            Err(problems) => {
                wrong = true;
                for problem in problems {
                    writeln!(err, "{name}:{problem}")?;
                }
            }
        }
    }
    Ok(if wrong { None } else { Some(labs) })
}

fn find(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let is_lab = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ENDING));
        if is_lab && path.is_file() {
            found.push(path);
        }
    }
    // The order of a folder's entries is the file system's.
    found.sort();
    Ok(found)
}
