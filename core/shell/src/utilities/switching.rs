//! Becoming another user: `sudo`, `su`, `newgrp`.
//!
//! Accounts have no passwords, as on a cloud image: members of the group `sudo` need none, and who is
//! asked for one cannot know it. `/etc/sudoers` is not read.

use os::Spawn;

use super::{Arguments, Spec, Utility, identity};
use crate::accounts::{self, Account};

/// Where `sudo` looks for commands (`secure_path` of Ubuntu's sudoers).
const SECURE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Asks for a password at the terminal; what is typed opens nothing.
async fn ask_password(utility: &Utility, prompt: &str) {
    utility.proc.eprint(prompt).await;
    let _ = utility.proc.read_secret_line().await;
    utility.proc.eprint("\n").await;
}

/// What a login sets.
fn login_variables(account: &Account) -> [(&'static str, String); 5] {
    [
        ("HOME", account.home.clone()),
        ("SHELL", account.shell.clone()),
        ("USER", account.name.clone()),
        ("LOGNAME", account.name.clone()),
        ("PATH", SECURE_PATH.to_owned()),
    ]
}

/// Goes on as `account` in this process's place; returns only if that fails.
async fn become_user(utility: &Utility, account: &Account, mut spawn: Spawn) -> i32 {
    let proc = &utility.proc;
    proc.set_user(accounts::login(proc, account));
    if let Some(home) = spawn.cwd.take() {
        let there = proc.change_directory(&home);
        spawn.cwd = there.is_ok().then_some(home);
    }
    let name = spawn.path.clone();
    let errno = proc.exec(spawn).await;
    utility.error(format!("{name}: {errno}")).await
}

/// A shell of the account, as a login or not, perhaps for one command.
fn shell_of(account: &Account, login: bool, command: Option<String>) -> Spawn {
    let name = super::base_name(&account.shell);
    let mut args = vec![if login { format!("-{name}") } else { name.to_owned() }];
    if let Some(command) = command {
        args.extend(["-c".to_owned(), command]);
    }
    let cwd = login.then(|| account.home.clone());
    Spawn { path: account.shell.clone(), args, cwd, ..Spawn::default() }
}

pub(crate) const SU: Spec = Spec {
    flags: "lc:s:mp",
    long: &[("login", 'l'), ("command", 'c'), ("shell", 's'), ("preserve-environment", 'm')],
    usage: "su [options] [-] [<user> [<argument>...]]",
    ..Spec::NONE
};

pub(crate) async fn su(utility: Utility, parsed: Arguments) -> i32 {
    let login = parsed.has('l') || parsed.operands.iter().any(|operand| operand == "-");
    let name = parsed.operands.iter().find(|operand| *operand != "-");
    let name = name.map_or("root", String::as_str);
    let Some(mut account) = accounts::by_name(&utility.proc, name) else {
        let message = if utility.gnu {
            format!(
                "user {name} does not exist or the user entry does not contain all the required fields"
            )
        } else {
            format!("unknown user {name}")
        };
        return utility.error(message).await;
    };
    if utility.proc.user().uid != 0 {
        ask_password(&utility, "Password: ").await;
        return utility.error("Authentication failure").await;
    }
    if let Some(shell) = parsed.value('s') {
        shell.clone_into(&mut account.shell);
    }
    if account.shell.ends_with("nologin") {
        utility.print("This account is currently not available.\n").await;
        return 1;
    }
    let mut env = if login { Default::default() } else { utility.proc.environment() };
    if !parsed.has('m') && !parsed.has('p') {
        env.extend(login_variables(&account).map(|(name, value)| (name.to_owned(), value)));
    }
    if let Some(terminal) = utility.proc.env("TERM") {
        env.insert("TERM".to_owned(), terminal);
    }
    let spawn = shell_of(&account, login, parsed.value('c').map(str::to_owned));
    become_user(&utility, &account, Spawn { env, ..spawn }).await
}

/// `sudo`'s own options.
#[derive(Default)]
struct Sudo {
    user: Option<String>,
    login: bool,
    shell: bool,
    home: bool,
    keeps_all: bool,
    lists: bool,
    quiet: bool,
    only_checks: bool,
    words: Vec<String>,
}

fn read_options(args: &[String]) -> Result<Sudo, String> {
    let mut sudo = Sudo::default();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let letters = match arg.as_str() {
            "--" => break,
            "--login" => "i",
            "--shell" => "s",
            "--preserve-env" => "E",
            "--set-home" => "H",
            "--non-interactive" => "n",
            "--list" => "l",
            "--validate" => "v",
            "--user" => "u",
            other => match other.strip_prefix("--user=") {
                Some(user) => {
                    sudo.user = Some(user.to_owned());
                    continue;
                }
                None => match other.strip_prefix('-') {
                    Some(letters) if !letters.is_empty() && !letters.starts_with('-') => letters,
                    Some(_) => return Err(format!("unrecognized option '{other}'")),
                    None => {
                        sudo.words.push(arg.clone());
                        break;
                    }
                },
            },
        };
        for (at, letter) in letters.char_indices() {
            match letter {
                'i' => sudo.login = true,
                's' => sudo.shell = true,
                'H' => sudo.home = true,
                'E' => sudo.keeps_all = true,
                'l' => sudo.lists = true,
                'n' => sudo.quiet = true,
                'v' | 'k' | 'K' => sudo.only_checks = true,
                'S' | 'b' | 'P' => {}
                'u' | 'g' | 'p' | 'C' => {
                    let attached = &letters[at + 1..];
                    let value = if attached.is_empty() {
                        rest.next().cloned()
                    } else {
                        Some(attached.to_owned())
                    };
                    let Some(value) = value else {
                        return Err(format!("option requires an argument -- '{letter}'"));
                    };
                    if letter == 'u' {
                        sudo.user = Some(value);
                    }
                    break;
                }
                other => return Err(format!("invalid option -- '{other}'")),
            }
        }
    }
    sudo.words.extend(rest.cloned());
    Ok(sudo)
}

const SUDO_USAGE: &str = "\
usage: sudo -h | -K | -k | -V
usage: sudo -v [-AknS] [-g group] [-h host] [-p prompt] [-u user]
usage: sudo -l [-AknS] [-g group] [-h host] [-p prompt] [-U user] [-u user] [command]
usage: sudo [-AbEHknPS] [-C num] [-g group] [-h host] [-p prompt] [-T timeout] [-u user] [VAR=value] [-i|-s] [<command>]
";

pub(crate) async fn sudo(utility: Utility) -> i32 {
    let proc = &utility.proc;
    let sudo = match read_options(&utility.args) {
        Ok(sudo) => sudo,
        Err(message) => {
            proc.eprint(format!("sudo: {message}\n{SUDO_USAGE}")).await;
            return 1;
        }
    };
    let caller = proc.user();
    let caller_name = accounts::user_name(proc, caller.uid);
    let trusted = accounts::group_number(proc, "sudo").is_some_and(|gid| caller.is_in(gid));
    if caller.uid != 0 && !trusted {
        if sudo.quiet {
            return utility.error("a password is required").await;
        }
        ask_password(&utility, &format!("[sudo] password for {caller_name}: ")).await;
        let text =
            format!("{caller_name} is not in the sudoers file.  This incident will be reported.\n");
        proc.eprint(text).await;
        return 1;
    }
    let target = sudo.user.as_deref().unwrap_or("root");
    let Some(account) = accounts::by_name(proc, target) else {
        let message = format!("unknown user: {target}");
        utility.error(message).await;
        return utility.error("unable to initialize policy plugin").await;
    };
    let mut words = sudo.words;
    if sudo.lists {
        let host = proc.hostname();
        let text = format!(
            "User {caller_name} may run the following commands on {host}:\n    (ALL : ALL) NOPASSWD: ALL\n"
        );
        utility.print(text).await;
        return 0;
    }
    let mut env = proc.environment();
    if !sudo.keeps_all {
        env.retain(|name, _| {
            ["HOME", "LANG", "TERM", "SHELL", "PS1", "COLORS"].contains(&name.as_str())
        });
    }
    while let Some((name, value)) = words.first().and_then(|word| word.split_once('=')) {
        env.insert(name.to_owned(), value.to_owned());
        words.remove(0);
    }
    if words.is_empty() && !sudo.login && !sudo.shell {
        if sudo.only_checks {
            return 0;
        }
        proc.eprint(SUDO_USAGE).await;
        return 1;
    }
    for (name, value) in login_variables(&account) {
        let keeps = name == "HOME" && !sudo.home && !sudo.login || name == "SHELL" && !sudo.login;
        if !keeps || !env.contains_key(name) {
            env.insert(name.to_owned(), value);
        }
    }
    if sudo.login {
        // A login shell reads its own prompt.
        env.remove("PS1");
    }
    env.insert("SUDO_COMMAND".to_owned(), words.join(" "));
    env.insert("SUDO_USER".to_owned(), caller_name);
    env.insert("SUDO_UID".to_owned(), caller.uid.to_string());
    env.insert("SUDO_GID".to_owned(), caller.gid.to_string());
    if sudo.login || sudo.shell {
        let command = (!words.is_empty()).then(|| words.join(" "));
        let spawn = shell_of(&account, sudo.login, command);
        return become_user(&utility, &account, Spawn { env, ..spawn }).await;
    }
    proc.set_user(accounts::login(proc, &account));
    let Some(path) = identity::find_program(&utility, &words[0], Some(SECURE_PATH)) else {
        return utility.error(format!("{}: command not found", words[0])).await;
    };
    let name = words[0].clone();
    let errno = proc.exec(Spawn { path, args: words, env, ..Spawn::default() }).await;
    let message = match errno {
        os::Errno::NotFound => format!("{name}: command not found"),
        errno => format!("unable to execute {name}: {errno}"),
    };
    utility.error(message).await
}

pub(crate) async fn newgrp(utility: Utility) -> i32 {
    let proc = &utility.proc;
    let user = proc.user();
    let own = accounts::by_number(proc, user.uid);
    let wanted = match utility.args.iter().find(|arg| *arg != "-") {
        Some(name) => match accounts::group_number(proc, name) {
            Some(gid) => gid,
            None => return utility.error(format!("group '{name}' does not exist")).await,
        },
        None => own.as_ref().map_or(user.gid, |account| account.gid),
    };
    let listed = own.as_ref().map(|account| accounts::login(proc, account)).unwrap_or(user);
    if user.uid != 0 && !listed.is_in(wanted) {
        ask_password(&utility, "Password: ").await;
        proc.eprint("Invalid password.\n").await;
        return 1;
    }
    let mut groups = user.groups();
    groups.push(user.gid);
    proc.set_user(os::fs::User::new(user.uid, wanted).with_groups(&groups));
    let shell = proc.env("SHELL").unwrap_or_else(|| "/bin/sh".to_owned());
    let args = vec![super::base_name(&shell).to_owned()];
    let spawn = Spawn { path: shell.clone(), args, env: proc.environment(), ..Spawn::default() };
    let errno = proc.exec(spawn).await;
    utility.error(format!("{shell}: {errno}")).await
}
