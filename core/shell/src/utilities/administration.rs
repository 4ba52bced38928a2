//! Accounts and groups changed: `useradd`, `usermod`, `groupadd`, `gpasswd`, `passwd`.

use super::{Arguments, Spec, Utility};
use crate::accounts;

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";

/// The lines of an account file, each as its fields.
fn read(utility: &Utility, path: &str) -> Vec<Vec<String>> {
    let bytes = utility.proc.read_file(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()
}

/// Writes an account file; the error is the exit code, after the message.
async fn write(utility: &Utility, path: &str, lines: &[Vec<String>]) -> Result<(), i32> {
    let text: String = lines.iter().map(|fields| format!("{}\n", fields.join(":"))).collect();
    match utility.proc.write_file(path, text.as_bytes()) {
        Ok(()) => Ok(()),
        Err(errno) => Err(utility.error(format!("cannot open {path}: {errno}")).await),
    }
}

/// Only root may change accounts.
async fn check_root(utility: &Utility, path: &str) -> Result<(), i32> {
    if utility.proc.user().uid == 0 {
        return Ok(());
    }
    utility.error("Permission denied.").await;
    utility.error(format!("cannot lock {path}; try again later.")).await;
    Err(1)
}

fn free_number(lines: &[Vec<String>], from: u32) -> u32 {
    let taken: Vec<u32> = lines.iter().filter_map(|fields| fields.get(2)?.parse().ok()).collect();
    (from..60_000).find(|number| !taken.contains(number)).unwrap_or(60_000)
}

/// Puts a user into groups; with `only`, out of all others.
fn join(lines: &mut [Vec<String>], user: &str, groups: &[String], only: bool) {
    for fields in lines.iter_mut().filter(|fields| fields.len() > 3) {
        let mut members: Vec<String> =
            fields[3].split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        if groups.contains(&fields[0]) {
            if !members.iter().any(|name| name == user) {
                members.push(user.to_owned());
            }
        } else if only {
            members.retain(|name| name != user);
        }
        fields[3] = members.join(",");
    }
}

/// The groups of `-G a,b`, all of which must exist.
async fn named_groups(utility: &Utility, text: &str) -> Result<Vec<String>, i32> {
    let groups: Vec<String> = text.split(',').map(str::to_owned).collect();
    let known = read(utility, GROUP);
    for group in &groups {
        if !known.iter().any(|fields| fields[0] == *group) {
            utility.error(format!("group '{group}' does not exist")).await;
            return Err(6);
        }
    }
    Ok(groups)
}

pub(crate) const GROUPADD: Spec = Spec {
    flags: "frg:",
    long: &[("force", 'f'), ("system", 'r'), ("gid", 'g')],
    usage: "groupadd [options] GROUP",
    failure: 2,
    ..Spec::NONE
};

pub(crate) async fn groupadd(utility: Utility, parsed: Arguments) -> i32 {
    let Some(name) = parsed.operands.first() else {
        return utility.misuse("").await;
    };
    if let Err(code) = check_root(&utility, GROUP).await {
        return if code == 1 { 10 } else { code };
    }
    let mut groups = read(&utility, GROUP);
    if groups.iter().any(|fields| fields[0] == *name) {
        if parsed.has('f') {
            return 0;
        }
        utility.error(format!("group '{name}' already exists")).await;
        return 9;
    }
    let wanted = parsed.value('g').and_then(|text| text.parse().ok());
    let from = if parsed.has('r') { 990 } else { 1_001 };
    let number = wanted.unwrap_or_else(|| free_number(&groups, from));
    groups.push(vec![name.clone(), "x".to_owned(), number.to_string(), String::new()]);
    write(&utility, GROUP, &groups).await.err().unwrap_or(0)
}

pub(crate) const USERADD: Spec = Spec {
    flags: "mMrs:d:G:g:u:c:U",
    long: &[
        ("create-home", 'm'),
        ("system", 'r'),
        ("shell", 's'),
        ("home-dir", 'd'),
        ("groups", 'G'),
        ("uid", 'u'),
        ("comment", 'c'),
    ],
    lacking: "bDefkKlNopRZ",
    usage: "useradd [options] LOGIN",
    failure: 2,
    ..Spec::NONE
};

pub(crate) async fn useradd(utility: Utility, parsed: Arguments) -> i32 {
    let Some(name) = parsed.operands.first() else {
        return utility.misuse("").await;
    };
    if let Err(code) = check_root(&utility, PASSWD).await {
        return code;
    }
    let (mut users, mut groups) = (read(&utility, PASSWD), read(&utility, GROUP));
    if users.iter().any(|fields| fields[0] == *name) {
        utility.error(format!("user '{name}' already exists")).await;
        return 9;
    }
    let number = parsed.value('u').and_then(|text| text.parse().ok());
    let uid: u32 = number.unwrap_or_else(|| free_number(&users, 1_001));
    let home = parsed.value('d').map_or_else(|| format!("/home/{name}"), str::to_owned);
    let shell = parsed.value('s').unwrap_or("/bin/sh").to_owned();
    groups.push(vec![name.clone(), "x".to_owned(), uid.to_string(), String::new()]);
    if let Some(text) = parsed.value('G') {
        match named_groups(&utility, text).await {
            Ok(more) => join(&mut groups, name, &more, false),
            Err(code) => return code,
        }
    }
    let comment = parsed.value('c').unwrap_or_default().to_owned();
    let number = uid.to_string();
    users.push(vec![
        name.clone(),
        "x".to_owned(),
        number.clone(),
        number,
        comment,
        home.clone(),
        shell,
    ]);
    for (path, lines) in [(PASSWD, users), (GROUP, groups)] {
        if let Err(code) = write(&utility, path, &lines).await {
            return code;
        }
    }
    if parsed.has('m') && utility.proc.make_directory(&home, 0o755).is_ok() {
        let _ = utility.proc.change_attributes(&home, None, Some(uid), Some(uid));
        for (name, inode) in utility.proc.list("/etc/skel").unwrap_or_default() {
            if let os::fs::Kind::File(bytes) = inode.kind {
                let path = format!("{home}/{name}");
                let _ = utility.proc.write_file(&path, &bytes);
                let _ = utility.proc.change_attributes(&path, None, Some(uid), Some(uid));
            }
        }
    }
    0
}

pub(crate) const USERMOD: Spec = Spec {
    flags: "aG:s:d:c:",
    long: &[("append", 'a'), ("groups", 'G'), ("shell", 's'), ("home", 'd'), ("comment", 'c')],
    lacking: "eflLmopRuUZg",
    usage: "usermod [options] LOGIN",
    failure: 2,
    ..Spec::NONE
};

pub(crate) async fn usermod(utility: Utility, parsed: Arguments) -> i32 {
    let (Some(name), false) = (parsed.operands.first(), parsed.options.is_empty()) else {
        return utility.misuse("").await;
    };
    let mut users = read(&utility, PASSWD);
    let Some(user) = users.iter_mut().find(|fields| fields[0] == *name && fields.len() > 6) else {
        utility.error(format!("user '{name}' does not exist")).await;
        return 6;
    };
    if let Err(code) = check_root(&utility, PASSWD).await {
        return code;
    }
    for (letter, field) in [('c', 4), ('d', 5), ('s', 6)] {
        if let Some(value) = parsed.value(letter) {
            value.clone_into(&mut user[field]);
        }
    }
    let mut groups = read(&utility, GROUP);
    if let Some(text) = parsed.value('G') {
        match named_groups(&utility, text).await {
            Ok(wanted) => join(&mut groups, name, &wanted, !parsed.has('a')),
            Err(code) => return code,
        }
    }
    for (path, lines) in [(PASSWD, users), (GROUP, groups)] {
        if let Err(code) = write(&utility, path, &lines).await {
            return code;
        }
    }
    0
}

pub(crate) const GPASSWD: Spec = Spec {
    flags: "a:d:",
    long: &[("add", 'a'), ("delete", 'd')],
    lacking: "rRAMQ",
    usage: "gpasswd [option] GROUP",
    failure: 2,
    ..Spec::NONE
};

pub(crate) async fn gpasswd(utility: Utility, parsed: Arguments) -> i32 {
    let Some(group) = parsed.operands.first() else { return utility.misuse("").await };
    let mut groups = read(&utility, GROUP);
    if !groups.iter().any(|fields| fields[0] == *group) {
        utility.error(format!("group '{group}' does not exist in /etc/group")).await;
        return 3;
    }
    if utility.proc.user().uid != 0 {
        return utility.error("Permission denied.").await;
    }
    let user = parsed.value('a').or(parsed.value('d')).unwrap_or_default().to_owned();
    if accounts::by_name(&utility.proc, &user).is_none() {
        utility.error(format!("user '{user}' does not exist")).await;
        return 3;
    }
    if parsed.has('a') {
        utility.print(format!("Adding user {user} to group {group}\n")).await;
        join(&mut groups, &user, std::slice::from_ref(group), false);
    } else {
        utility.print(format!("Removing user {user} from group {group}\n")).await;
        for fields in groups.iter_mut().filter(|fields| fields[0] == *group && fields.len() > 3) {
            let left: Vec<&str> = fields[3].split(',').filter(|name| *name != user).collect();
            fields[3] = left.join(",");
        }
    }
    write(&utility, GROUP, &groups).await.err().unwrap_or(0)
}
