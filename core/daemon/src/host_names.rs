//! Names of hosts as programs of a host resolve them: by its `/etc/hosts`.

use os::Machine;
use os::fs::{Kind, User};

/// A text file of the host; none if it is not there.
pub fn host_file(machine: &Machine, path: &str) -> Option<String> {
    let host = machine.host();
    let host = host.borrow();
    let located = host.mounts.resolve("/", path, true, User::ROOT).ok()?;
    match located.inode()?.kind {
        Kind::File(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    }
}

/// The addresses behind a name, in the order of the file; an address stands for itself.
pub fn host_addresses(machine: &Machine, name: &str) -> Vec<String> {
    if name.parse::<std::net::IpAddr>().is_ok() {
        return vec![name.to_owned()];
    }
    let hosts = host_file(machine, "/etc/hosts").unwrap_or_default();
    let found = hosts.lines().filter_map(|line| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let address = words.next()?;
        words.any(|word| word == name).then(|| address.to_owned())
    });
    found.collect()
}

/// The first address behind a name.
///
/// # Errors
/// Go's words for a name that nobody knows (`net.DNSError`).
pub(crate) fn host_address(machine: &Machine, name: &str) -> Result<String, String> {
    host_addresses(machine, name).into_iter().next().ok_or_else(|| {
        let resolvers = host_file(machine, "/etc/resolv.conf").unwrap_or_default();
        let server = resolvers.lines().find_map(|line| line.strip_prefix("nameserver "));
        let server = server.map(|server| format!(" on {}:53", server.trim())).unwrap_or_default();
        format!("lookup {name}{server}: no such host")
    })
}
