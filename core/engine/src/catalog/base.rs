//! The images that others are made of: busybox, Alpine, Debian, Ubuntu.

use super::tags::find;
use super::{Commands, Files, Recipe, Size};

/// Accounts as (name, number, group number, home, shell).
pub(crate) type Accounts<'a> = &'a [(&'a str, u32, u32, &'a str, &'a str)];

/// An image to build on.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) recipe: Recipe,
    accounts: String,
    groups: String,
    /// musl and busybox instead of GNU's.
    pub(crate) is_alpine: bool,
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

/// The bases that applications stand on, and what makes the others.
#[derive(Debug)]
pub(crate) struct Bases {
    gnu: Vec<(&'static str, &'static str)>,
    busybox: Vec<(&'static str, &'static str)>,
    alpine: Base,
    debian: Base,
}

/// Release, name, the name's rest, kilobytes unpacked and compressed; that of `latest` first.
type Releases = &'static [(&'static str, &'static str, &'static str, (u64, u64))];

const DEBIAN: Releases = &[
    ("11", "bullseye", "stable", (80_500, 31_400)),
    ("8", "jessie", "", (129_000, 52_000)),
    ("9", "stretch", "", (101_000, 45_000)),
    ("10", "buster", "oldstable", (114_000, 50_400)),
    ("12", "bookworm", "", (117_000, 49_600)),
];

const UBUNTU: Releases = &[
    ("22.04", "jammy", "Jammy Jellyfish", (77_800, 29_500)),
    ("12.04", "precise", "Precise Pangolin", (103_600, 39_000)),
    ("14.04", "trusty", "Trusty Tahr", (197_000, 70_700)),
    ("16.04", "xenial", "Xenial Xerus", (129_500, 50_400)),
    ("18.04", "bionic", "Bionic Beaver", (63_200, 25_700)),
    ("20.04", "focal", "Focal Fossa", (72_800, 27_500)),
    ("24.04", "noble", "Noble Numbat", (78_100, 29_700)),
];

const CENTOS: Releases = &[
    ("7", "centos7", "7 (Core)", (203_900, 76_100)),
    ("6", "centos6", "6 (Final)", (194_500, 69_800)),
    ("8", "centos8", "8", (231_300, 83_500)),
];

const ALPINE: &str = "3.17.2/10 3.1.4 3.2.3 3.3.3 3.4.6 3.5.2 3.6.5 3.7.3 3.8.5 3.9.6 3.10.9 3.11.13 \
                      3.12.12 3.13.12 3.14.10 3.15.11 3.16.9 3.18.9 3.19.4 3.20.3";
const BUSYBOX: &str = "1.36.1 1.24.2 1.25.1 1.26.2 1.27.2 1.28.4 1.29.3 1.30.1 1.31.1 1.32.1 1.33.1 \
                       1.34.1 1.35.0";

/// Repositories of bases.
pub(crate) const BASES: &str = "alpine busybox centos debian ubuntu";

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
    pub(crate) fn new(
        gnu: &[(&'static str, &'static str)],
        busybox: &[(&'static str, &'static str)],
    ) -> Self {
        Self {
            alpine: alpine("3.17.2", busybox, Size(7_050_000, 3_370_000)),
            debian: debian(DEBIAN[0], gnu),
            gnu: gnu.to_vec(),
            busybox: busybox.to_vec(),
        }
    }

    pub(crate) const fn alpine(&self) -> &Base {
        &self.alpine
    }

    pub(crate) const fn debian(&self) -> &Base {
        &self.debian
    }

    /// The base of that name and tag.
    pub(crate) fn make(&self, name: &str, tag: &str) -> Option<Base> {
        let release = |releases: Releases| {
            let tag = tag.strip_suffix("-slim").unwrap_or(tag);
            let is_it = |(number, name, also, _): &&(&str, &str, &str, _)| {
                let rest = tag.strip_prefix(number).unwrap_or("?");
                tag == *name || tag == *also || rest.is_empty() || rest.starts_with('.')
            };
            if tag == "latest" { releases.first() } else { releases.iter().find(is_it) }.copied()
        };
        let sized = |(unpacked, packed): (u64, u64)| Size(unpacked * 1_000, packed * 1_000);
        match name {
            "alpine" => match find(ALPINE, tag).filter(|tag| tag.flavour.is_empty())?.version {
                version if version == "3.17.2" => Some(self.alpine.clone()),
                version => Some(alpine(&version, &self.busybox, Size(5_600_000, 2_800_000))),
            },
            "busybox" => {
                let tag = find(BUSYBOX, tag)?;
                let known = matches!(tag.flavour.as_str(), "" | "musl" | "glibc" | "uclibc");
                known.then(|| busybox_image(&tag.version, &self.busybox))
            }
            "debian" => Some(debian(release(DEBIAN)?, &self.gnu)),
            "ubuntu" => {
                let (version, _, name, size) = release(UBUNTU)?;
                Some(ubuntu(version, name, &self.gnu, sized(size)))
            }
            "centos" => {
                let (number, _, version, size) = release(CENTOS)?;
                Some(centos(number, version, &self.gnu, sized(size)))
            }
            _ => None,
        }
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
                config.env.push(path_env());
            },
        ),
        accounts: passwd(ALPINE_ACCOUNTS),
        groups: group(ALPINE_ACCOUNTS),
        is_alpine: true,
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

fn busybox_image(version: &str, busybox: Commands<'_>) -> Base {
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
        ("/usr/bin/telnet", "telnet"),
        ("/usr/bin/wget", "wget"),
    ]);
    let size = Size(4_860_000, 2_590_000);
    let by = format!("#(nop) ADD file:busybox-{version} in / ");
    Base {
        recipe: Recipe::scratch().layer(&by, files.tree(), size).config("CMD [\"sh\"]", |config| {
            config.cmd = vec!["sh".to_owned()];
            config.env.push(path_env());
        }),
        accounts: passwd(BUSYBOX_ACCOUNTS),
        groups: group(BUSYBOX_ACCOUNTS),
        is_alpine: false,
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
        .folder("/boot", 0o755)
        .folder("/lib64", 0o755)
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
        is_alpine: false,
    }
}

fn debian(release: (&str, &str, &str, (u64, u64)), gnu: Commands<'_>) -> Base {
    let (number, name, _, (unpacked, packed)) = release;
    let size = Size(unpacked * 1_000, packed * 1_000);
    let release = format!(
        "PRETTY_NAME=\"Debian GNU/Linux {number} ({name})\"\nNAME=\"Debian GNU/Linux\"\n\
         VERSION_ID=\"{number}\"\nVERSION=\"{number} ({name})\"\nVERSION_CODENAME={name}\n\
         ID=debian\nHOME_URL=\"https://www.debian.org/\"\n"
    );
    debian_like(gnu, &release, &format!("Debian GNU/Linux {number} \\n \\l\n"), size)
}

fn ubuntu(version: &str, name: &str, gnu: Commands<'_>, size: Size) -> Base {
    let release = format!(
        "NAME=\"Ubuntu\"\nVERSION_ID=\"{version}\"\nVERSION=\"{version} LTS ({name})\"\n\
         PRETTY_NAME=\"Ubuntu {version} LTS\"\nID=ubuntu\nID_LIKE=debian\n\
         HOME_URL=\"https://www.ubuntu.com/\"\n"
    );
    debian_like(gnu, &release, &format!("Ubuntu {version} LTS \\n \\l\n"), size)
}

fn centos(number: &str, version: &str, gnu: Commands<'_>, size: Size) -> Base {
    let release = format!(
        "NAME=\"CentOS Linux\"\nVERSION=\"{version}\"\nID=\"centos\"\nID_LIKE=\"rhel fedora\"\n\
         VERSION_ID=\"{number}\"\nPRETTY_NAME=\"CentOS Linux {version}\"\n"
    );
    let mut commands: Vec<(&str, &str)> =
        gnu.iter().filter(|(_, program)| !program.starts_with("apt")).copied().collect();
    commands.push(("/usr/bin/yum", "yum"));
    if number == "8" {
        commands.push(("/usr/bin/dnf", "yum"));
    }
    let mut base = debian_like(&commands, &release, "\\S\nKernel \\r on an \\m\n", size);
    let text = match number {
        "7" => "CentOS Linux release 7.9.2009 (Core)\n",
        "8" => "CentOS Linux release 8.4.2105\n",
        _ => "CentOS release 6.10 (Final)\n",
    };
    let files = Files::default().file("/etc/centos-release", text);
    base.recipe = base.recipe.layer("note the release", files.tree(), Size(38, 140));
    base
}
