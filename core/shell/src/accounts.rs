//! Users and groups, as `/etc/passwd` and `/etc/group` list them.

use os::Proc;

/// A line of `/etc/passwd`.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) home: String,
    pub(crate) shell: String,
}

fn lines(proc: &Proc, path: &str) -> Vec<Vec<String>> {
    let bytes = proc.read_file(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()
}

fn accounts(proc: &Proc) -> Vec<Account> {
    let found = lines(proc, "/etc/passwd").into_iter().filter_map(|fields| {
        let number = |index: usize| fields.get(index)?.parse().ok();
        Some(Account {
            name: fields.first()?.clone(),
            uid: number(2)?,
            gid: number(3)?,
            home: fields.get(5)?.clone(),
            shell: fields.get(6).filter(|shell| !shell.is_empty())?.clone(),
        })
    });
    found.collect()
}

/// The account of that name. Root is known without a file.
pub(crate) fn by_name(proc: &Proc, name: &str) -> Option<Account> {
    let root = || Account {
        name: "root".into(),
        uid: 0,
        gid: 0,
        home: "/root".into(),
        shell: "/bin/sh".into(),
    };
    let found = accounts(proc).into_iter().find(|account| account.name == name);
    found.or_else(|| (name == "root").then(root))
}

/// The account of that number.
pub(crate) fn by_number(proc: &Proc, uid: u32) -> Option<Account> {
    accounts(proc).into_iter().find(|account| account.uid == uid)
}

/// The numbers of the groups that list a user as a member.
pub(crate) fn memberships(proc: &Proc, name: &str) -> Vec<u32> {
    let lists = |fields: &Vec<String>| {
        fields.get(3).is_some_and(|members| members.split(',').any(|member| member == name))
    };
    let listed = lines(proc, "/etc/group").into_iter().filter(lists);
    listed.filter_map(|fields| fields.get(2)?.parse().ok()).collect()
}

/// Who a process of this account is after a login, with all its groups.
pub(crate) fn login(proc: &Proc, account: &Account) -> os::fs::User {
    let groups = memberships(proc, &account.name);
    os::fs::User::new(account.uid, account.gid).with_groups(&groups)
}

/// A user's name; the number if it has none.
pub(crate) fn user_name(proc: &Proc, uid: u32) -> String {
    let found = accounts(proc).into_iter().find(|account| account.uid == uid);
    match found {
        Some(account) => account.name,
        None if uid == 0 => "root".to_owned(),
        None => uid.to_string(),
    }
}

/// A group's name; the number if it has none.
pub(crate) fn group_name(proc: &Proc, gid: u32) -> String {
    let wanted = gid.to_string();
    let found = lines(proc, "/etc/group")
        .into_iter()
        .find(|fields| fields.get(2).is_some_and(|number| *number == wanted));
    match found {
        Some(fields) => fields[0].clone(),
        None if gid == 0 => "root".to_owned(),
        None => wanted,
    }
}

/// The number of a group by name or number.
pub(crate) fn group_number(proc: &Proc, text: &str) -> Option<u32> {
    let fields = lines(proc, "/etc/group").into_iter().find(|fields| fields[0] == text);
    match fields {
        Some(fields) => fields.get(2)?.parse().ok(),
        None if text == "root" => Some(0),
        None => text.parse().ok(),
    }
}

/// The number of a user by name or number.
pub(crate) fn user_number(proc: &Proc, text: &str) -> Option<u32> {
    by_name(proc, text).map(|account| account.uid).or_else(|| text.parse().ok())
}
