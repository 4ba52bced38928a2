//! The images that others are made of: busybox, Alpine, Debian, Ubuntu.

use super::{Catalog, Commands, Files, Recipe, Size};

/// Accounts as (name, number, group number, home, shell).
pub(crate) type Accounts<'a> = &'a [(&'a str, u32, u32, &'a str, &'a str)];

/// An image to build on.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) recipe: Recipe,
    accounts: String,
    groups: String,
}

impl Base {
    /// `/etc/passwd` and `/etc/group` with one more system account.
    pub(crate) fn with_account(&self, name: &str, id: u32, home: &str, shell: &str) -> Files {
        let passwd = format!("{}{name}:x:{id}:{id}:{name}:{home}:{shell}\n", self.accounts);
        let group = format!("{}{name}:x:{id}:\n", self.groups);
        Files::default().file("/etc/passwd", &passwd).file("/etc/group", &group)
    }
}

fn passwd(accounts: Accounts<'_>) -> String {
    let line = |(name, uid, gid, home, shell): &(&str, u32, u32, &str, &str)| {
        format!("{name}:x:{uid}:{gid}:{name}:{home}:{shell}\n")
    };
    accounts.iter().map(line).collect()
}

fn group(accounts: Accounts<'_>) -> String {
    accounts.iter().map(|(name, _, gid, ..)| format!("{name}:x:{gid}:\n")).collect()
}

pub(crate) struct Bases {
    pub(crate) alpine: Base,
    pub(crate) debian: Base,
    alpine_old: Base,
    busybox: Base,
    ubuntu: Base,
    ubuntu_old: Base,
    centos: Base,
}

const UNIX_FOLDERS: [&str; 14] = [
    "/bin",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/mnt",
    "/opt",
    "/proc",
    "/sbin",
    "/srv",
    "/sys",
    "/usr/local/bin",
    "/usr/sbin",
    "/var/log",
];

fn folders(mut files: Files) -> Files {
    files = files.folder("/", 0o755).folder("/root", 0o700).folder("/tmp", 0o1777);
    UNIX_FOLDERS.iter().fold(files, |files, path| files.folder(path, 0o755))
}

fn accounts_of(files: Files, accounts: Accounts<'_>) -> Files {
    files.file("/etc/passwd", &passwd(accounts)).file("/etc/group", &group(accounts))
}

impl Bases {
    pub(crate) fn new(gnu: Commands<'_>, busybox: Commands<'_>) -> Self {
        Self {
            alpine: alpine("3.17.2", busybox, Size(7_050_000, 3_370_000)),
            alpine_old: alpine("3.5.2", busybox, Size(3_990_000, 1_900_000)),
            busybox: busybox_image(busybox),
            debian: debian(gnu),
            ubuntu: ubuntu("22.04", "Jammy Jellyfish", gnu, Size(77_800_000, 29_500_000)),
            ubuntu_old: ubuntu("16.04", "Xenial Xerus", gnu, Size(129_500_000, 50_400_000)),
            centos: centos(gnu),
        }
    }

    pub(crate) fn publish(&self, catalog: &mut Catalog) {
        let mut add = |name: &str, tags: &[&str], base: &Base| {
            catalog.add(name, tags, &base.recipe.build());
        };
        add("alpine", &["latest", "3", "3.17", "3.17.2"], &self.alpine);
        add("alpine", &["3.5", "3.4"], &self.alpine_old);
        add("busybox", &["latest", "1", "1.36", "musl"], &self.busybox);
        add("debian", &["latest", "11", "bullseye", "bullseye-slim", "stable"], &self.debian);
        add("ubuntu", &["latest", "22.04", "jammy"], &self.ubuntu);
        add("ubuntu", &["16.04", "xenial"], &self.ubuntu_old);
        add("centos", &["latest", "7", "centos7"], &self.centos);
    }
}

const ALPINE_ACCOUNTS: Accounts<'_> = &[
    ("root", 0, 0, "/root", "/bin/ash"),
    ("bin", 1, 1, "/bin", "/sbin/nologin"),
    ("daemon", 2, 2, "/sbin", "/sbin/nologin"),
    ("mail", 8, 12, "/var/mail", "/sbin/nologin"),
    ("www-data", 82, 82, "/home/www-data", "/sbin/nologin"),
    ("nobody", 65_534, 65_534, "/", "/sbin/nologin"),
];

fn alpine(version: &str, busybox: Commands<'_>, size: Size) -> Base {
    let minor = version.rsplit_once('.').map_or(version, |(minor, _)| minor);
    let release = format!(
        "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID={version}\n\
         PRETTY_NAME=\"Alpine Linux v{minor}\"\nHOME_URL=\"https://alpinelinux.org/\"\n"
    );
    let files = accounts_of(folders(Files::default()), ALPINE_ACCOUNTS)
        .file("/etc/os-release", &release)
        .file("/etc/alpine-release", &format!("{version}\n"))
        .file("/etc/hosts", "127.0.0.1\tlocalhost localhost.localdomain\n::1\tlocalhost\n")
        .file("/etc/hostname", "localhost\n")
        .file("/etc/shells", "/bin/sh\n/bin/ash\n")
        .file("/etc/issue", &format!("Welcome to Alpine Linux {minor}\n"))
        .folder("/run", 0o755)
        .folder("/media", 0o755)
        .link("/var/run", "/run")
        .folder("/var/tmp", 0o1777)
        .programs(busybox)
        .programs(ALPINE_TOOLS)
        .programs(&[
            ("/bin/ping", "ping"),
            ("/usr/bin/getent", "getent"),
            ("/usr/bin/nslookup", "nslookup"),
            ("/usr/bin/wget", "wget"),
        ]);
    Base {
        recipe: Recipe::scratch().layer("#(nop) ADD file:alpine in / ", files.tree(), size).config(
            "CMD [\"/bin/sh\"]",
            |config| {
                config.cmd = vec!["/bin/sh".to_owned()];
                config.env.push(crate::catalog::base::path_env());
            },
        ),
        accounts: passwd(ALPINE_ACCOUNTS),
        groups: group(ALPINE_ACCOUNTS),
    }
}

pub(crate) fn path_env() -> String {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()
}

const BUSYBOX_ACCOUNTS: Accounts<'_> = &[
    ("root", 0, 0, "/root", "/bin/sh"),
    ("daemon", 1, 1, "/usr/sbin", "/bin/false"),
    ("www-data", 33, 33, "/var/www", "/bin/false"),
    ("nobody", 65_534, 65_534, "/home", "/bin/false"),
];

fn busybox_image(busybox: Commands<'_>) -> Base {
    let files = accounts_of(
        Files::default()
            .folder("/", 0o755)
            .folder("/root", 0o700)
            .folder("/tmp", 0o1777)
            .folder("/home", 0o755)
            .folder("/dev", 0o755)
            .folder("/usr/sbin", 0o755)
            .folder("/var/spool/mail", 0o755)
            .folder("/var/www", 0o755),
        BUSYBOX_ACCOUNTS,
    )
    .file("/etc/localtime", "UTC0\n")
    .programs(busybox)
    .programs(&[
        ("/bin/ping", "ping"),
        ("/bin/nslookup", "nslookup"),
        ("/usr/bin/wget", "wget"),
    ]);
    Base {
        recipe: Recipe::scratch()
            .layer("#(nop) ADD file:busybox in / ", files.tree(), Size(4_860_000, 2_590_000))
            .config("CMD [\"sh\"]", |config| {
                config.cmd = vec!["sh".to_owned()];
                config.env.push(path_env());
            }),
        accounts: passwd(BUSYBOX_ACCOUNTS),
        groups: group(BUSYBOX_ACCOUNTS),
    }
}

const DEBIAN_ACCOUNTS: Accounts<'_> = &[
    ("root", 0, 0, "/root", "/bin/bash"),
    ("daemon", 1, 1, "/usr/sbin", "/usr/sbin/nologin"),
    ("bin", 2, 2, "/bin", "/usr/sbin/nologin"),
    ("sys", 3, 3, "/dev", "/usr/sbin/nologin"),
    ("www-data", 33, 33, "/var/www", "/usr/sbin/nologin"),
    ("nobody", 65_534, 65_534, "/nonexistent", "/usr/sbin/nologin"),
];

/// What makes accounts in images with GNU tools.
const GNU_ACCOUNT_TOOLS: Commands<'_> = &[
    ("/usr/sbin/useradd", "host:useradd"),
    ("/usr/sbin/usermod", "host:usermod"),
    ("/usr/sbin/groupadd", "host:groupadd"),
];

const ALPINE_TOOLS: Commands<'_> =
    &[("/sbin/apk", "apk"), ("/usr/sbin/adduser", "adduser"), ("/usr/sbin/addgroup", "addgroup")];

fn debian_like(gnu: Commands<'_>, release: &str, issue: &str, size: Size) -> Base {
    let files = accounts_of(folders(Files::default()), DEBIAN_ACCOUNTS)
        .file("/etc/os-release", release)
        .file("/etc/issue", issue)
        .file("/etc/shells", "/bin/sh\n/bin/bash\n/usr/bin/bash\n")
        .file("/etc/bash.bashrc", "# The interactive shell's system-wide settings.\n")
        .file("/etc/timezone", "Etc/UTC\n")
        .folder("/run", 0o755)
        .folder("/media", 0o755)
        .link("/var/run", "/run")
        .folder("/var/tmp", 0o1777)
        .folder("/var/lib", 0o755)
        .folder("/var/lib/apt/lists", 0o755)
        .programs(gnu)
        .programs(GNU_ACCOUNT_TOOLS)
        .programs(&[("/usr/bin/getent", "getent:glibc")]);
    Base {
        recipe: Recipe::scratch().layer("#(nop) ADD file:rootfs in / ", files.tree(), size).config(
            "CMD [\"bash\"]",
            |config| {
                config.cmd = vec!["bash".to_owned()];
                config.env.push(path_env());
            },
        ),
        accounts: passwd(DEBIAN_ACCOUNTS),
        groups: group(DEBIAN_ACCOUNTS),
    }
}

fn debian(gnu: Commands<'_>) -> Base {
    let release = "PRETTY_NAME=\"Debian GNU/Linux 11 (bullseye)\"\nNAME=\"Debian GNU/Linux\"\n\
                   VERSION_ID=\"11\"\nVERSION=\"11 (bullseye)\"\nVERSION_CODENAME=bullseye\n\
                   ID=debian\nHOME_URL=\"https://www.debian.org/\"\n";
    let issue = "Debian GNU/Linux 11 \\n \\l\n";
    debian_like(gnu, release, issue, Size(80_500_000, 31_400_000))
}

fn ubuntu(version: &str, name: &str, gnu: Commands<'_>, size: Size) -> Base {
    let release = format!(
        "NAME=\"Ubuntu\"\nVERSION_ID=\"{version}\"\nVERSION=\"{version} LTS ({name})\"\n\
         PRETTY_NAME=\"Ubuntu {version} LTS\"\nID=ubuntu\nID_LIKE=debian\n\
         HOME_URL=\"https://www.ubuntu.com/\"\n"
    );
    debian_like(gnu, &release, &format!("Ubuntu {version} LTS \\n \\l\n"), size)
}

fn centos(gnu: Commands<'_>) -> Base {
    let release = "NAME=\"CentOS Linux\"\nVERSION=\"7 (Core)\"\nID=\"centos\"\nID_LIKE=\"rhel \
                   fedora\"\nVERSION_ID=\"7\"\nPRETTY_NAME=\"CentOS Linux 7 (Core)\"\n";
    // Its packages come with `yum`, which is not simulated.
    let mut commands: Vec<(&str, &str)> =
        gnu.iter().filter(|(_, program)| !program.starts_with("apt")).copied().collect();
    commands.push(("/usr/bin/yum", "host:lacking"));
    let mut base = debian_like(
        &commands,
        release,
        "\\S\nKernel \\r on an \\m\n",
        Size(203_900_000, 76_100_000),
    );
    let files =
        Files::default().file("/etc/centos-release", "CentOS Linux release 7.9.2009 (Core)\n");
    base.recipe = base.recipe.layer("note the release", files.tree(), Size(38, 140));
    base
}
