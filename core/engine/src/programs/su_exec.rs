//! `su-exec` and `gosu`: become another user, then another program.

use os::fs::User;
use os::program::Running;
use os::{Errno, Proc, Spawn};

pub(super) fn su_exec(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let name = args.first().map_or("su-exec", String::as_str).to_owned();
        let (Some(spec), Some(program)) = (args.get(1), args.get(2)) else {
            proc.eprint(format!("Usage: {name} user-spec command [args]\n")).await;
            return 1;
        };
        let Some((user, home)) = find_user(&proc, spec) else {
            proc.eprint(format!("{name}: {spec}: unknown user\n")).await;
            return 1;
        };
        let mut env = proc.environment();
        env.insert("HOME".to_owned(), home);
        let path = if program.contains('/') {
            program.clone()
        } else {
            let folders = proc.env("PATH").unwrap_or_default();
            let mut candidates = folders.split(':').map(|folder| format!("{folder}/{program}"));
            let found = candidates.find(|path| proc.access(path, false, false, true));
            found.unwrap_or_else(|| program.clone())
        };
        let spawn =
            Spawn { path, args: args[2..].to_vec(), env, user: Some(user), ..Spawn::default() };
        let errno = proc.exec(spawn).await;
        proc.eprint(format!("{name}: {program}: {errno}\n")).await;
        if errno == Errno::NotFound { 127 } else { 126 }
    })
}

/// `user[:group]` by the container's own accounts.
fn find_user(proc: &Proc, spec: &str) -> Option<(User, String)> {
    let (name, group) = spec.split_once(':').unwrap_or((spec, ""));
    let text = |path: &str| {
        proc.read_file(path).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default()
    };
    let passwd = text("/etc/passwd");
    let entry = passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.first() == Some(&name) || fields.get(2) == Some(&name));
    let field = |index: usize| entry.as_ref().and_then(|fields| fields.get(index).copied());
    let uid = field(2).unwrap_or(name).parse().ok()?;
    let gid = if group.is_empty() {
        field(3).and_then(|gid| gid.parse().ok()).unwrap_or(0)
    } else {
        let groups = text("/etc/group");
        let line = groups.lines().find(|line| line.split(':').next() == Some(group));
        line.and_then(|line| line.split(':').nth(2)).unwrap_or(group).parse().ok()?
    };
    Some((User::new(uid, gid), field(5).unwrap_or("/").to_owned()))
}
