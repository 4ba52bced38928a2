//! What a host's operating system says it is.

/// A release of Ubuntu and its kernel, as `/etc/os-release` and `uname` tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// For instance `16.04`.
    pub number: &'static str,
    /// The same with the last of its point releases that is installed: `16.04.2`.
    pub point: &'static str,
    /// The first word of its title in small letters.
    pub codename: &'static str,
    /// For instance `Xenial Xerus`.
    pub title: &'static str,
    /// What `uname -r` prints.
    pub kernel: &'static str,
    /// What `uname -v` prints.
    pub kernel_build: &'static str,
}

/// Of early 2017.
pub const XENIAL: Distribution = Distribution {
    number: "16.04",
    point: "16.04.2",
    codename: "xenial",
    title: "Xenial Xerus",
    kernel: "4.4.0-64-generic",
    kernel_build: "#85-Ubuntu SMP Mon Feb 20 11:50:30 UTC 2017",
};
/// Of the summer of 2020.
pub const BIONIC: Distribution = Distribution {
    number: "18.04",
    point: "18.04.5",
    codename: "bionic",
    title: "Bionic Beaver",
    kernel: "4.15.0-112-generic",
    kernel_build: "#113-Ubuntu SMP Thu Jul 9 23:41:39 UTC 2020",
};
/// Of early 2023.
pub const FOCAL: Distribution = Distribution {
    number: "20.04",
    point: "20.04.6",
    codename: "focal",
    title: "Focal Fossa",
    kernel: "5.4.0-144-generic",
    kernel_build: "#161-Ubuntu SMP Fri Feb 3 14:49:04 UTC 2023",
};
/// Of early 2025.
pub const NOBLE: Distribution = Distribution {
    number: "24.04",
    point: "24.04.2",
    codename: "noble",
    title: "Noble Numbat",
    kernel: "6.8.0-51-generic",
    kernel_build: "#52-Ubuntu SMP PREEMPT_DYNAMIC Thu Dec 5 13:09:44 UTC 2024",
};

impl Distribution {
    /// For people: `Ubuntu 16.04.2 LTS`.
    pub fn pretty(&self) -> String {
        format!("Ubuntu {} LTS", self.point)
    }

    /// The text of `/etc/os-release`.
    pub fn os_release(&self) -> String {
        let Self { number, point, title, codename, .. } = self;
        format!(
            "NAME=\"Ubuntu\"\nVERSION=\"{point} LTS ({title})\"\nID=ubuntu\nID_LIKE=debian\n\
             PRETTY_NAME=\"{}\"\nVERSION_ID=\"{number}\"\nVERSION_CODENAME={codename}\n\
             UBUNTU_CODENAME={codename}\n",
            self.pretty()
        )
    }

    /// The text of `/etc/lsb-release`.
    pub fn lsb_release(&self) -> String {
        let Self { number, codename, .. } = self;
        let pretty = self.pretty();
        format!(
            "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE={number}\nDISTRIB_CODENAME={codename}\n\
             DISTRIB_DESCRIPTION=\"{pretty}\"\n"
        )
    }
}
