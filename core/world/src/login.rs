//! Who logs in at a host: accounts of its `/etc/passwd`, and the shells that they get.

use sorted::SortedMap;

use os::fs::{Kind, SharedFs, User};
use os::process::Handle;
use os::{Fd, Machine, Pid, Spawn};

/// An account of a host.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    name: String,
    user: User,
    home: String,
    shell: String,
}

/// The fields of a host's account file, line by line.
fn fields(root: &SharedFs, path: &str) -> Vec<Vec<String>> {
    let root = root.borrow();
    let Some(Kind::File(bytes)) = root.get(path).map(|inode| &inode.kind) else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()
}

impl Account {
    /// The account of that name, with all groups that list it.
    pub(crate) fn find(root: &SharedFs, name: &str) -> Option<Self> {
        let passwd = fields(root, "/etc/passwd");
        let entry = passwd.iter().find(|fields| fields[0] == name)?;
        let lists = |fields: &&Vec<String>| {
            fields.get(3).is_some_and(|members| members.split(',').any(|member| member == name))
        };
        let groups = fields(root, "/etc/group");
        let groups: Vec<u32> =
            groups.iter().filter(lists).filter_map(|fields| fields.get(2)?.parse().ok()).collect();
        let user = User::new(entry.get(2)?.parse().ok()?, entry.get(3)?.parse().ok()?);
        Some(Self {
            name: name.to_owned(),
            user: user.with_groups(&groups),
            home: entry.get(5)?.clone(),
            shell: entry.get(6)?.clone(),
        })
    }

    /// Root, as whom somebody gets in when `/etc/passwd` is gone.
    pub(crate) fn root() -> Self {
        let (name, home, shell) = ("root".into(), "/root".into(), "/bin/bash".into());
        Self { name, user: User::ROOT, home, shell }
    }

    /// Starts a shell, or one command of it, with these files as its input and outputs. The shell may
    /// be missing: then there is none, as on a real host.
    pub(crate) fn start(
        &self,
        machine: &mut Machine,
        argument_zero: &str,
        command: Option<&str>,
        files: [Handle; 3],
    ) -> Option<Pid> {
        let namespace = machine.host();
        let hostname = namespace.borrow().hostname.clone();
        let env: SortedMap<String, String> = [
            ("HOME", self.home.as_str()),
            ("HOSTNAME", hostname.as_str()),
            ("LOGNAME", self.name.as_str()),
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ("SHELL", self.shell.as_str()),
            ("TERM", "xterm"),
            ("USER", self.name.as_str()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let mut args = vec![argument_zero.to_owned()];
        if let Some(command) = command {
            args.extend(["-c".to_owned(), command.to_owned()]);
        }
        let there = namespace.borrow().mounts.resolve("/", &self.home, true, self.user);
        let has_home = there.is_ok_and(|located| located.inode().is_some());
        let spawn = Spawn {
            path: self.shell.clone(),
            args,
            env,
            cwd: Some(if has_home { self.home.clone() } else { "/".to_owned() }),
            fds: [Fd::STDIN, Fd::STDOUT, Fd::STDERR].into_iter().zip(files).collect(),
            user: Some(self.user),
            foreground: true,
            ..Spawn::default()
        };
        machine.spawn(&namespace, spawn).ok()
    }
}
