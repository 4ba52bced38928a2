//! Commands that the shell runs itself.

mod control;
mod input;
mod options;
mod state;

use crate::Flavour;
use crate::shell::{Done, Flow, Shell};
use crate::utilities::{Arguments, Utility, output, paths, processes, test};

/// POSIX's special builtins: their failure ends a script, their assignments stay.
const SPECIAL: [&str; 15] = [
    ".", ":", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set",
    "shift", "times", "trap", "unset",
];

/// What all three flavours have besides.
const COMMON: [&str; 21] = [
    "[", "alias", "bg", "cd", "command", "echo", "false", "fg", "getopts", "jobs", "kill", "local",
    "printf", "pwd", "read", "test", "true", "type", "ulimit", "umask", "unalias",
];

const NOT_IN_DASH: [&str; 4] = ["history", "let", "source", "help"];

const BASH_ONLY: [&str; 11] = [
    "builtin",
    "declare",
    "dirs",
    "disown",
    "enable",
    "hash",
    "logout",
    "mapfile",
    "readarray",
    "shopt",
    "typeset",
];

/// Real builtins of bash that are not simulated.
const LACKING: [&str; 12] = [
    "bind", "caller", "compgen", "complete", "compopt", "coproc", "fc", "popd", "pushd", "suspend",
    "times", "ulimit",
];

/// True if the flavour's shell runs `name` itself.
pub(crate) fn is_builtin(name: &str, flavour: Flavour) -> bool {
    is_special(name)
        || name == "wait"
        || COMMON.contains(&name)
        || flavour != Flavour::Dash && NOT_IN_DASH.contains(&name)
        || flavour == Flavour::Ash && name == "hash"
        || flavour == Flavour::Bash && (BASH_ONLY.contains(&name) || LACKING.contains(&name))
}

/// True for POSIX's special builtins.
pub(crate) fn is_special(name: &str) -> bool {
    SPECIAL.contains(&name)
}

/// The names of all builtins, for completion.
pub(crate) fn names(flavour: Flavour) -> Vec<&'static str> {
    let all = SPECIAL.iter().chain(&COMMON).chain(&NOT_IN_DASH).chain(&BASH_ONLY).chain(&["wait"]);
    let mut names: Vec<&str> = all.copied().filter(|name| is_builtin(name, flavour)).collect();
    names.sort();
    names.dedup();
    names
}

/// Runs the builtin `words[0]`; its status is the shell's.
pub(crate) async fn run(shell: &mut Shell, words: &[String]) -> Done {
    let (name, args) = (words[0].as_str(), &words[1..]);
    let status = match name {
        ":" | "true" => 0,
        "false" => 1,
        "echo" | "printf" | "test" | "[" | "pwd" | "kill" => shared(shell, name, args).await?,
        "cd" => state::change_directory(shell, args).await,
        "export" | "readonly" => state::export(shell, name, args).await?,
        "unset" => state::unset(shell, args).await,
        "local" | "declare" | "typeset" => state::declare(shell, name, args).await?,
        "set" => options::set(shell, args).await?,
        "shift" => state::shift(shell, args).await,
        "alias" => state::alias(shell, args).await,
        "unalias" => state::unalias(shell, args).await,
        "umask" => state::umask(shell, args).await,
        "shopt" | "enable" | "hash" | "disown" => state::accepted(shell, name, args).await,
        "let" => state::compute(shell, args).await,
        "trap" => state::trap(shell, args).await,
        "history" => state::history(shell, args).await,
        "read" => input::read(shell, args).await?,
        "mapfile" | "readarray" => input::map_file(shell, args).await?,
        "getopts" => input::get_options(shell, args).await?,
        "break" | "continue" => return control::leave_loop(shell, name, args).await,
        "return" | "exit" | "logout" => return control::leave(shell, name, args).await,
        "eval" => return control::eval(shell, args).await,
        "." | "source" => return control::source(shell, name, args).await,
        "command" | "builtin" => return control::command(shell, name, args).await,
        "type" => control::describe(shell, args, false).await,
        "jobs" => control::jobs(shell, args).await,
        "wait" => control::wait(shell, args).await?,
        "fg" => control::foreground(shell, args).await?,
        "bg" => control::background(shell, args).await,
        "help" => control::help(shell).await,
        _ => {
            shell.complain(&format!("{name}: not simulated")).await;
            1
        }
    };
    shell.status = status;
    Ok(())
}

/// Builtins that are also programs.
async fn shared(shell: &mut Shell, name: &str, args: &[String]) -> Result<i32, Flow> {
    let name = match name {
        "echo" => "echo",
        "printf" => "printf",
        "test" => "test",
        "pwd" => "pwd",
        "kill" => "kill",
        _ => "[",
    };
    let gnu = shell.flavour != Flavour::Ash;
    let mut utility = Utility::new(shell.proc.clone(), name, gnu, args.to_vec(), shell.prefix());
    utility.dash = shell.flavour == Flavour::Dash;
    if name == "printf" {
        utility.spec = &output::PRINTF;
    }
    Ok(match name {
        "echo" if shell.flavour == Flavour::Dash => output::echo_escaped(utility).await,
        "echo" => output::echo(utility).await,
        "printf" if args.len() > 2 && args[0] == "-v" && shell.flavour == Flavour::Bash => {
            let (target, args) = (args[1].clone(), args[2..].to_vec());
            match output::formatted(&Utility { args, ..utility.clone() }).await {
                Ok((text, status)) => match shell.assign(&target, None, &text) {
                    Ok(()) => status,
                    Err(message) => fail(shell, message, 1).await,
                },
                Err(status) => status,
            }
        }
        "printf" => output::printf(utility, Arguments::default()).await,
        "pwd" => {
            let shown = shell.variable("PWD").filter(|_| args.first().is_none_or(|a| a != "-P"));
            paths::show_folder(utility, shown).await
        }
        "kill" => {
            let mut args = Vec::new();
            for arg in &utility.args {
                args.push(match shell.find_job(arg).filter(|_| arg.starts_with('%')) {
                    Some(index) => shell.jobs[index].shown_pid.to_string(),
                    None => arg.clone(),
                });
            }
            processes::kill(Utility { args, ..utility }).await
        }
        _ => test::run(utility).await,
    })
}

/// Prints an error of a builtin, after the shell's own prefix.
pub(super) async fn fail(shell: &Shell, message: String, status: i32) -> i32 {
    shell.complain(&message).await;
    status
}
