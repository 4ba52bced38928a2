//! Who a container's program runs as: names are looked up in the container's own `/etc/passwd`.

use os::fs::{Kind, Mounts, User};

use crate::error::EngineError;

fn read(mounts: &Mounts, path: &str) -> String {
    let inode = mounts.resolve("/", path, true, User::ROOT).ok().and_then(|found| found.inode());
    match inode.map(|inode| inode.kind) {
        Some(Kind::File(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        _ => String::new(),
    }
}

fn field(line: &str, index: usize) -> &str {
    line.split(':').nth(index).unwrap_or_default()
}

/// The same user in more groups, by name or number.
///
/// # Errors
/// `Unable to find group x`.
pub(crate) fn resolve_groups(
    mounts: &Mounts,
    user: User,
    groups: &[String],
) -> Result<User, EngineError> {
    if groups.is_empty() {
        return Ok(user);
    }
    let file = read(mounts, "/etc/group");
    let mut numbers = user.groups();
    for group in groups {
        let entry = file.lines().find(|line| field(line, 0) == group);
        let number = entry.map_or(group.as_str(), |line| field(line, 2)).parse::<u32>();
        numbers.push(
            number.map_err(|_| EngineError::system(format!("Unable to find group {group}")))?,
        );
    }
    Ok(user.with_groups(&numbers))
}

/// The numbers behind `user[:group]`, and the user's home folder.
///
/// # Errors
/// `unable to find user x: no matching entries in passwd file`, likewise for a group.
pub(crate) fn resolve_user(mounts: &Mounts, text: &str) -> Result<(User, String), EngineError> {
    let (name, group) = text.split_once(':').unwrap_or((text, ""));
    let name = if name.is_empty() { "0" } else { name };
    let passwd = read(mounts, "/etc/passwd");
    let entry = passwd.lines().find(|line| field(line, 0) == name || field(line, 2) == name);
    let number = |text: &str| text.parse::<u32>().ok();
    let uid = entry.and_then(|line| number(field(line, 2))).or_else(|| number(name));
    let Some(uid) = uid else {
        return Err(EngineError::system(format!(
            "unable to find user {name}: no matching entries in passwd file"
        )));
    };
    let home = entry.map_or("/", |line| field(line, 5)).to_owned();
    let gid = if group.is_empty() {
        entry.and_then(|line| number(field(line, 3))).unwrap_or(0)
    } else {
        let groups = read(mounts, "/etc/group");
        let entry = groups.lines().find(|line| field(line, 0) == group);
        let gid = entry.and_then(|line| number(field(line, 2))).or_else(|| number(group));
        gid.ok_or_else(|| {
            EngineError::system(format!(
                "unable to find group {group}: no matching entries in group file"
            ))
        })?
    };
    Ok((User::new(uid, gid), home))
}
