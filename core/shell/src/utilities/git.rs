//! `git`: it looks for the other side, which nobody plays.

use os::Errno;

use super::{Utility, base_name};

/// What is said once, behind git's own words.
const INSTEAD: &str =
    "(not simulated: the Internet, and git; write files with an editor or a here-document)\n";

pub(crate) async fn git(utility: Utility) -> i32 {
    let words: Vec<&String> = utility.args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let (Some(command), url) = (words.first(), words.get(1)) else {
        if utility.args.iter().any(|arg| arg == "--version") {
            utility.print("git version 2.17.1\n").await;
            return 0;
        }
        utility.print("usage: git [--version] [--help] <command> [<args>]\n").await;
        return i32::from(utility.args.is_empty());
    };
    let (Some(url), "clone" | "ls-remote") = (url, command.as_str()) else {
        return utility.error(format!("not simulated: {command}")).await;
    };
    let place = url.split_once("://");
    let (scheme, rest) = place.unwrap_or(("ssh", url.rsplit('@').next().unwrap_or(url)));
    if place.is_none() && !url.contains(':') {
        let text = format!("fatal: repository '{url}' does not exist\n");
        utility.proc.eprint(text).await;
        return 128;
    }
    if command.as_str() == "clone" {
        let name = base_name(url).trim_end_matches(".git");
        let folder = words.get(2).map_or(name, |folder| folder.as_str());
        utility.proc.eprint(format!("Cloning into '{folder}'...\n")).await;
    }
    let host = rest.split(['/', ':']).next().unwrap_or(rest);
    let port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => 22,
    };
    let failed = utility.proc.call(host, port, b"").await.err().unwrap_or(Errno::TimedOut);
    let text = match (failed, port) {
        (Errno::NotFound, 22) => {
            format!("ssh: Could not resolve hostname {host}: Name or service not known\n")
        }
        (errno, 22) => format!("ssh: connect to host {host} port 22: {errno}\n"),
        (Errno::NotFound, _) => {
            format!("fatal: unable to access '{url}/': Could not resolve host: {host}\n")
        }
        (errno, _) => format!(
            "fatal: unable to access '{url}/': Failed to connect to {host} port {port}: {errno}\n"
        ),
    };
    let more = "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\n\
                and the repository exists.\n";
    utility.proc.eprint(format!("{text}{}{INSTEAD}", if port == 22 { more } else { "" })).await;
    128
}
