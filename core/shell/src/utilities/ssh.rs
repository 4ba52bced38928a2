//! `ssh` and `scp` between the hosts of a world: see [`os::remote`].
//!
//! Every host knows every host's key and every account's: there is no question at the first connection
//! and no password. `ssh-keygen` and `ssh-copy-id` have nothing to do and say so.

use os::process::Disposition;
use os::remote::{RemoteEvent, RemoteInput, SSH_PORT, SshAsk, SshOpen, SshReply};
use os::{Errno, Fd, Proc, Signal};

use super::Utility;
use crate::accounts;

const USAGE: &str = "\
usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-b bind_address] [-c cipher_spec]
           [-i identity_file] [-l login_name] [-o option] [-p port]
           [user@]hostname [command]
";

/// What a failed `ssh` exits with, whatever the reason.
const FAILURE: i32 = 255;

#[derive(Default)]
struct Options {
    user: Option<String>,
    host: String,
    words: Vec<String>,
    wants_tty: bool,
    refuses_tty: bool,
    no_input: bool,
}

fn read_options(args: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let Some(letters) = arg.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            options.host.clone_from(arg);
            options.words = rest.cloned().collect();
            break;
        };
        for (at, letter) in letters.char_indices() {
            match letter {
                't' => options.wants_tty = true,
                'T' => options.refuses_tty = true,
                'n' => options.no_input = true,
                '4' | '6' | 'A' | 'a' | 'C' | 'q' | 'v' | 'x' | 'X' | 'Y' => {}
                'b' | 'c' | 'i' | 'l' | 'o' | 'p' | 'F' | 'e' | 'm' => {
                    let attached = &letters[at + 1..];
                    let value = if attached.is_empty() { rest.next() } else { None };
                    let value = value.map_or(attached, String::as_str);
                    if letter == 'l' {
                        options.user = Some(value.to_owned());
                    }
                    break;
                }
                'N' | 'f' | 'L' | 'R' | 'D' | 'W' | 'J' => {
                    return Err(format!("ssh: not simulated: -{letter}\n"));
                }
                _ => return Err(format!("unknown option -- {letter}\n{USAGE}")),
            }
        }
    }
    if let Some((user, host)) = options.host.clone().split_once('@') {
        options.user = Some(user.to_owned());
        host.clone_into(&mut options.host);
    }
    if options.host.is_empty() { Err(USAGE.to_owned()) } else { Ok(options) }
}

/// A session; the other side is told when it is dropped, however that comes about.
struct Session {
    proc: Proc,
    id: u64,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.proc.notify(SSH_PORT, Box::new(SshAsk::Close(self.id)));
    }
}

async fn ask(proc: &Proc, ask: SshAsk) -> Result<SshReply, Errno> {
    let reply = proc.request(SSH_PORT, Box::new(ask)).await?;
    Ok(reply.downcast::<SshReply>().map_or(SshReply::Events(vec![RemoteEvent::Broken]), |it| *it))
}

impl Session {
    async fn open(proc: &Proc, open: SshOpen) -> Result<Self, String> {
        match ask(proc, SshAsk::Open(open)).await {
            Ok(SshReply::Opened(id)) => Ok(Self { proc: proc.clone(), id }),
            Ok(SshReply::Failed(text)) => Err(text),
            _ => Err(String::new()),
        }
    }

    async fn send(&self, input: RemoteInput) {
        let _ = ask(&self.proc, SshAsk::Send(self.id, input)).await;
    }

    /// Shows what happens there and sends what is typed here, until the end; the exit status.
    async fn run(&self, host: &str, tty: bool) -> i32 {
        loop {
            let events = match ask(&self.proc, SshAsk::Next(self.id)).await {
                Ok(SshReply::Events(events)) => events,
                Err(Errno::Interrupted) => {
                    while self.proc.take_signal().is_some() {}
                    self.send(RemoteInput::Interrupt).await;
                    continue;
                }
                _ => return FAILURE,
            };
            for event in events {
                match event {
                    RemoteEvent::Closed(status) => {
                        if tty {
                            self.proc.eprint(format!("Connection to {host} closed.\n")).await;
                        }
                        return status;
                    }
                    RemoteEvent::Broken => {
                        let text = format!("Connection to {host} closed by remote host.\n");
                        self.proc.eprint(text).await;
                        return FAILURE;
                    }
                    event => {
                        if let Some(input) = self.proc.follow_remote(event).await {
                            self.send(input).await;
                        }
                    }
                }
            }
        }
    }
}

/// The own name, to log in with.
fn own_name(proc: &Proc) -> String {
    accounts::user_name(proc, proc.user().uid)
}

pub(crate) async fn ssh(utility: Utility) -> i32 {
    let proc = &utility.proc;
    if utility.args.first().is_some_and(|arg| arg == "-V") {
        proc.eprint("OpenSSH_7.2p2 Ubuntu-4ubuntu2.1, OpenSSL 1.0.2g  1 Mar 2016\n").await;
        return 0;
    }
    let options = match read_options(&utility.args) {
        Ok(options) => options,
        Err(text) => {
            proc.eprint(text).await;
            return FAILURE;
        }
    };
    let at_terminal = proc.is_terminal(Fd::STDIN);
    let command = (!options.words.is_empty()).then(|| options.words.join(" "));
    let tty = at_terminal && !options.refuses_tty && (command.is_none() || options.wants_tty);
    let input = match (options.no_input, at_terminal) {
        (true, _) => Some(Vec::new()),
        (false, true) => None,
        (false, false) => proc.read_to_end(Fd::STDIN).await.ok(),
    };
    let user = options.user.unwrap_or_else(|| own_name(proc));
    let open = SshOpen { host: options.host.clone(), user, command, tty, input };
    let session = match Session::open(proc, open).await {
        Ok(session) => session,
        Err(text) => {
            proc.eprint(text).await;
            return FAILURE;
        }
    };
    if tty {
        proc.on_signal(Signal::Interrupt, Disposition::Catch);
    }
    session.run(&options.host, tty).await
}

/// `[user@]host:path`; none for a path of this host.
fn remote(text: &str) -> Option<(Option<String>, String, String)> {
    let (place, path) = text.split_once(':').filter(|(place, _)| !place.contains('/'))?;
    let (user, host) = match place.split_once('@') {
        Some((user, host)) => (Some(user.to_owned()), host),
        None => (None, place),
    };
    Some((user, host.to_owned(), path.to_owned()))
}

/// A word that the remote shell takes as it is; a leading `~/` is the home folder there.
fn quoted(path: &str) -> String {
    let path = path.strip_prefix("~/").unwrap_or(path);
    let path = if path.is_empty() || path == "~" { "." } else { path };
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// Runs one command there; its output, or the exit status after what it complained of was shown.
async fn run_there(
    utility: &Utility,
    (user, host): (Option<String>, &str),
    command: String,
    input: Vec<u8>,
) -> Result<Vec<u8>, i32> {
    let proc = &utility.proc;
    let user = user.unwrap_or_else(|| own_name(proc));
    let open = SshOpen {
        host: host.to_owned(),
        user,
        command: Some(command),
        tty: false,
        input: Some(input),
    };
    let session = match Session::open(proc, open).await {
        Ok(session) => session,
        Err(text) => {
            proc.eprint(format!("{text}lost connection\n")).await;
            return Err(1);
        }
    };
    let mut output = Vec::new();
    loop {
        let Ok(SshReply::Events(events)) = ask(proc, SshAsk::Next(session.id)).await else {
            return Err(1);
        };
        for event in events {
            match event {
                RemoteEvent::Shown(bytes) => output.extend(bytes),
                RemoteEvent::Complained(bytes) => proc.eprint(bytes).await,
                RemoteEvent::Closed(0) => return Ok(output),
                RemoteEvent::Closed(_) => return Err(1),
                RemoteEvent::Broken => {
                    proc.eprint("lost connection\n").await;
                    return Err(1);
                }
                _ => {}
            }
        }
    }
}

pub(crate) async fn scp(utility: Utility) -> i32 {
    let mut paths = Vec::new();
    let mut rest = utility.args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "-i" | "-o" | "-P" | "-c" | "-F" | "-l" => drop(rest.next()),
            "-r" => return utility.error("not simulated: -r").await,
            flag if flag.starts_with('-') => {}
            _ => paths.push(arg.clone()),
        }
    }
    let Some(target) = paths.pop().filter(|_| !paths.is_empty()) else {
        let text = "usage: scp [-12346BCpqrv] [-c cipher] [-F ssh_config] [-i identity_file]\n           [-l limit] [-o ssh_option] [-P port] [[user@]host1:]file1 ... [[user@]host2:]file2\n";
        utility.proc.eprint(text).await;
        return 1;
    };
    let mut status = 0;
    for source in paths {
        status = status.max(copy(&utility, &source, &target).await.err().unwrap_or(0));
    }
    status
}

async fn copy(utility: &Utility, source: &str, target: &str) -> Result<(), i32> {
    let proc = &utility.proc;
    let name = super::base_name(source.rsplit(':').next().unwrap_or(source)).to_owned();
    let bytes = match remote(source) {
        Some((user, host, path)) => {
            let path = quoted(&path);
            let command = format!(
                "test -d {path} && echo scp: {path}: not a regular file >&2 && exit 1; test -e {path} || {{ echo scp: {path}: No such file or directory >&2; exit 1; }}; cat {path}"
            );
            run_there(utility, (user, &host), command, Vec::new()).await?
        }
        None => match utility.read(source).await {
            Ok(bytes) => bytes,
            Err(Errno::IsDirectory) => {
                proc.eprint(format!("{source}: not a regular file\n")).await;
                return Err(1);
            }
            Err(errno) => {
                proc.eprint(format!("{source}: {errno}\n")).await;
                return Err(1);
            }
        },
    };
    let size = bytes.len();
    match remote(target) {
        Some((user, host, path)) => {
            let path = quoted(&path);
            let file = quoted(&name);
            let command =
                format!("if test -d {path}; then cd {path} && cat > {file}; else cat > {path}; fi");
            run_there(utility, (user, &host), command, bytes).await?;
        }
        None => {
            let is_folder = proc.stat(target).is_ok_and(|inode| inode.is_directory());
            let path = if is_folder {
                format!("{}/{name}", target.trim_end_matches('/'))
            } else {
                target.to_owned()
            };
            if let Err(errno) = proc.write_file(&path, &bytes) {
                proc.eprint(format!("{path}: {errno}\n")).await;
                return Err(1);
            }
        }
    }
    if proc.is_terminal(Fd::STDOUT) {
        let rate = format!("{}.{}", size / 1_024, size % 1_024 * 10 / 1_024);
        let text = format!("{name:<52} 100% {size:>4} {rate:>7}KB/s   00:00    \n");
        utility.print(text).await;
    }
    Ok(())
}

pub(crate) async fn keys(utility: Utility) -> i32 {
    utility.error("not simulated: hosts and accounts know each other's keys already").await
}
