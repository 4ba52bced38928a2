//! `vi`, `vim`, `nano`, `edit`: the file's text goes out to whoever shows the terminal and comes back
//! whole ([`os::Proc::edit`]). Keys within an editor are not simulated.

use os::terminal::Editor;
use os::{Errno, Fd};

use super::Utility;

pub(crate) async fn edit(utility: Utility) -> i32 {
    if !utility.proc.is_terminal(Fd::STDIN) || !utility.proc.is_terminal(Fd::STDOUT) {
        return utility.error("Input is not from a terminal").await;
    }
    let is_option = |arg: &&String| arg.starts_with('-') || arg.starts_with('+');
    let mut paths: Vec<String> =
        utility.args.iter().filter(|arg| !is_option(arg)).cloned().collect();
    if paths.is_empty() {
        paths.push(String::new());
    }
    let mut status = 0;
    for path in paths {
        status = status.max(edit_one(&utility, &path).await);
    }
    status
}

async fn edit_one(utility: &Utility, path: &str) -> i32 {
    let proc = &utility.proc;
    let (bytes, shown) = if path.is_empty() {
        (Vec::new(), String::new())
    } else {
        let bytes = match proc.read_file(path) {
            Ok(bytes) => bytes,
            Err(Errno::NotFound) => Vec::new(),
            Err(errno) => return utility.error(format!("{path}: {errno}")).await,
        };
        (bytes, os::fs::normalize(&proc.cwd(), path))
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return utility.error(format!("not simulated: {path} is not text")).await;
    };
    let editor = Editor { program: utility.name.to_owned(), path: shown, text };
    let Ok(text) = proc.edit(editor).await else { return 1 };
    let Some(mut text) = text else { return 0 };
    if path.is_empty() {
        let message = if utility.name == "nano" { "Cancelled" } else { "E32: No file name" };
        proc.eprint(format!("{message}\n")).await;
        return 1;
    }
    // All of them end a text's last line.
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    match proc.write_file(path, text.as_bytes()) {
        Ok(()) => 0,
        Err(errno) => {
            let message = if utility.name == "nano" {
                format!("Error writing {path}: {errno}\n")
            } else {
                format!("\"{path}\" E212: Can't open file for writing\n")
            };
            proc.eprint(message).await;
            1
        }
    }
}
