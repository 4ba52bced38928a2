//! Who and where one is: `hostname`, `whoami`, `id`, `env`, `printenv`, `uname`, `tty`, `nproc`.

use os::{Errno, Fd, Spawn};

use super::{Arguments, Spec, Utility};
use crate::accounts;

pub(crate) const HOSTNAME: Spec = Spec {
    flags: "sfidI",
    long: &[
        ("short", 's'),
        ("fqdn", 'f'),
        ("ip-address", 'i'),
        ("domain", 'd'),
        ("all-ip-addresses", 'I'),
    ],
    lacking: "aAFyb",
    usage: "hostname [OPTIONS] [HOSTNAME | -F FILE]",
    ..Spec::NONE
};

pub(crate) async fn hostname(utility: Utility, parsed: Arguments) -> i32 {
    if !parsed.operands.is_empty() {
        return utility.error("not simulated: setting the host's name").await;
    }
    let name = utility.proc.hostname();
    let short = name.split('.').next().unwrap_or_default().to_owned();
    let text = match () {
        () if parsed.has('i') => {
            let hosts = utility.proc.read_file("/etc/hosts").unwrap_or_default();
            let hosts = String::from_utf8_lossy(&hosts).into_owned();
            let line =
                hosts.lines().find(|line| line.split_whitespace().skip(1).any(|n| n == name));
            match line.and_then(|line| line.split_whitespace().next()) {
                Some(address) => address.to_owned(),
                None => return utility.error("Name or service not known").await,
            }
        }
        () if parsed.has('I') => {
            // A blank behind each, as the real one has it.
            utility.proc.addresses().iter().map(|address| format!("{address} ")).collect()
        }
        () if parsed.has('s') => short,
        () if parsed.has('d') => name.split_once('.').map_or(String::new(), |(_, d)| d.to_owned()),
        () => name,
    };
    utility.print(format!("{text}\n")).await;
    0
}

pub(crate) const WHOAMI: Spec = Spec { usage: "whoami", ..Spec::NONE };

pub(crate) async fn whoami(utility: Utility, _: Arguments) -> i32 {
    let uid = utility.proc.user().uid;
    let name = accounts::user_name(&utility.proc, uid);
    if name == uid.to_string() {
        let message = if utility.gnu {
            format!("cannot find name for user ID {uid}")
        } else {
            format!("unknown uid {uid}")
        };
        return utility.error(message).await;
    }
    utility.print(format!("{name}\n")).await;
    0
}

pub(crate) const ID: Spec = Spec {
    flags: "ugGnr",
    long: &[("user", 'u'), ("group", 'g'), ("groups", 'G'), ("name", 'n'), ("real", 'r')],
    lacking: "Zza",
    usage: "id [OPTIONS] [USER]",
    ..Spec::NONE
};

pub(crate) async fn id(utility: Utility, parsed: Arguments) -> i32 {
    let who = match parsed.operands.first() {
        None => utility.proc.user(),
        Some(name) => match accounts::by_name(&utility.proc, name) {
            Some(account) => accounts::login(&utility.proc, &account),
            None => {
                let message = if utility.gnu {
                    format!("\u{2018}{name}\u{2019}: no such user")
                } else {
                    format!("unknown user {name}")
                };
                return utility.error(message).await;
            }
        },
    };
    let os::fs::User { uid, gid, .. } = who;
    let user = accounts::user_name(&utility.proc, uid);
    let group = accounts::group_name(&utility.proc, gid);
    let groups = who.groups().into_iter();
    let text = match () {
        () if parsed.has('G') && parsed.has('n') => {
            let names: Vec<String> =
                groups.map(|gid| accounts::group_name(&utility.proc, gid)).collect();
            names.join(" ")
        }
        () if parsed.has('G') => groups.map(|gid| gid.to_string()).collect::<Vec<_>>().join(" "),
        () if parsed.has('u') && parsed.has('n') => user,
        () if parsed.has('u') => uid.to_string(),
        () if parsed.has('g') && parsed.has('n') => group,
        () if parsed.has('g') => gid.to_string(),
        () => {
            let named = |number: u32, name: &str| {
                if name == number.to_string() {
                    name.to_owned()
                } else {
                    format!("{number}({name})")
                }
            };
            let groups: Vec<String> =
                groups.map(|gid| named(gid, &accounts::group_name(&utility.proc, gid))).collect();
            let (user, group) = (named(uid, &user), named(gid, &group));
            format!("uid={user} gid={group} groups={}", groups.join(","))
        }
    };
    utility.print(format!("{text}\n")).await;
    0
}

pub(crate) async fn groups(utility: Utility) -> i32 {
    let (who, prefix) = match utility.args.first() {
        None => (utility.proc.user(), String::new()),
        Some(name) => match accounts::by_name(&utility.proc, name) {
            Some(account) => (accounts::login(&utility.proc, &account), format!("{name} : ")),
            None => return utility.error(format!("\u{2018}{name}\u{2019}: no such user")).await,
        },
    };
    let names: Vec<String> =
        who.groups().into_iter().map(|gid| accounts::group_name(&utility.proc, gid)).collect();
    let prefix = if utility.gnu { prefix } else { String::new() };
    utility.print(format!("{prefix}{}\n", names.join(" "))).await;
    0
}

pub(crate) const ENV: Spec = Spec {
    flags: "+iu:",
    long: &[("ignore-environment", 'i'), ("unset", 'u'), ("chdir", '\0'), ("null", '\0')],
    lacking: "0CSv",
    usage: "env [-iu] [-] [name=value]... [PROG ARGS]",
    failure: 125,
    ..Spec::NONE
};

/// `env`: prints the environment, or runs a program in a changed one.
pub(crate) async fn env(utility: Utility, parsed: Arguments) -> i32 {
    let mut environment = utility.proc.environment();
    if parsed.has('i') || parsed.operands.first().is_some_and(|operand| operand == "-") {
        environment.clear();
    }
    for (_, name) in parsed.options.iter().filter(|(letter, _)| *letter == 'u') {
        environment.remove(name);
    }
    let mut operands = parsed.operands.iter().skip_while(|operand| *operand == "-").peekable();
    while let Some((name, value)) = operands.peek().and_then(|operand| operand.split_once('=')) {
        environment.insert(name.to_owned(), value.to_owned());
        operands.next();
    }
    let words: Vec<String> = operands.cloned().collect();
    if words.is_empty() {
        let text: String =
            environment.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        utility.print(text).await;
        return 0;
    }
    let path = environment.get("PATH").cloned();
    replace(&utility, words, path, |spawn| spawn.env = environment).await
}

/// Where `name` is on PATH.
pub(crate) fn find_program(utility: &Utility, name: &str, path: Option<&str>) -> Option<String> {
    if name.contains('/') {
        return Some(name.to_owned());
    }
    let own = utility.proc.env("PATH");
    let path = path.or(own.as_deref()).unwrap_or("/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    path.split(':').map(|folder| format!("{}/{name}", folder.trim_end_matches('/'))).find(|path| {
        utility.proc.access(path, false, false, true)
            && utility.proc.stat(path).is_ok_and(|inode| !inode.is_directory())
    })
}

/// Runs a program in the utility's place; returns only if that fails.
pub(crate) async fn replace(
    utility: &Utility,
    words: Vec<String>,
    path: Option<String>,
    change: impl FnOnce(&mut Spawn),
) -> i32 {
    let name = words[0].clone();
    let Some(program) = find_program(utility, &name, path.as_deref()) else {
        return cannot_run(utility, &name, Errno::NotFound).await;
    };
    let env = utility.proc.environment();
    let mut spawn = Spawn { path: program, args: words, env, ..Spawn::default() };
    change(&mut spawn);
    let errno = utility.proc.exec(spawn).await;
    cannot_run(utility, &name, errno).await
}

/// Says that a program cannot be run; the value is the usual exit code.
pub(crate) async fn cannot_run(utility: &Utility, name: &str, errno: Errno) -> i32 {
    let message = if utility.gnu && utility.name != "xargs" {
        format!("\u{2018}{name}\u{2019}: {errno}")
    } else if utility.gnu {
        format!("{name}: {errno}")
    } else {
        format!("can't execute '{name}': {errno}")
    };
    utility.error(message).await;
    if errno == Errno::NotFound { 127 } else { 126 }
}

pub(crate) async fn printenv(utility: Utility) -> i32 {
    let environment = utility.proc.environment();
    if utility.args.is_empty() {
        let text: String =
            environment.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        utility.print(text).await;
        return 0;
    }
    let mut status = 0;
    for name in &utility.args {
        match environment.get(name) {
            Some(value) => utility.print(format!("{value}\n")).await,
            None => status = 1,
        }
    }
    status
}

pub(crate) const UNAME: Spec = Spec {
    flags: "asnrvmpio",
    long: &[
        ("all", 'a'),
        ("kernel-name", 's'),
        ("nodename", 'n'),
        ("kernel-release", 'r'),
        ("kernel-version", 'v'),
        ("machine", 'm'),
        ("processor", 'p'),
        ("hardware-platform", 'i'),
        ("operating-system", 'o'),
    ],
    usage: "uname [-amnrspvio]",
    ..Spec::NONE
};

pub(crate) async fn uname(utility: Utility, parsed: Arguments) -> i32 {
    let name = utility.proc.hostname();
    let system = utility.proc.distribution();
    let fields = [
        ('s', "Linux"),
        ('n', name.as_str()),
        ('r', system.kernel),
        ('v', system.kernel_build),
        ('m', "x86_64"),
        ('p', if utility.gnu { "" } else { "unknown" }),
        ('i', if utility.gnu { "" } else { "unknown" }),
        ('o', if utility.gnu { "GNU/Linux" } else { "Linux" }),
    ];
    let all = parsed.has('a');
    let none = parsed.options.is_empty();
    let chosen: Vec<&str> = fields
        .iter()
        .filter(|(letter, text)| match () {
            () if none => *letter == 's',
            () if all => !"pi".contains(*letter) && !text.is_empty(),
            () => parsed.has(*letter),
        })
        .map(|(_, text)| if text.is_empty() { "unknown" } else { *text })
        .collect();
    utility.print(format!("{}\n", chosen.join(" "))).await;
    0
}

pub(crate) async fn arch(utility: Utility) -> i32 {
    utility.print("x86_64\n").await;
    0
}

pub(crate) async fn nproc(utility: Utility) -> i32 {
    utility.print("2\n").await;
    0
}

pub(crate) async fn tty(utility: Utility) -> i32 {
    match utility.proc.handle(Fd::STDIN).ok().and_then(|handle| handle.terminal_id()) {
        Some(id) => {
            utility.print(format!("/dev/pts/{}\n", id.0)).await;
            0
        }
        None => {
            utility.print("not a tty\n").await;
            1
        }
    }
}

/// `which`: where programs are on PATH.
pub(crate) async fn which(utility: Utility) -> i32 {
    let mut status = 0;
    for name in utility.args.iter().filter(|name| !name.starts_with('-')) {
        match find_program(&utility, name, None).filter(|path| utility.proc.exists(path)) {
            Some(path) => utility.print(format!("{path}\n")).await,
            None => status = 1,
        }
    }
    status
}
