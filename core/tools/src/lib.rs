//! Programs of a host that have to do with its swarm. Those that look into what it leaves on a disk read
//! files like any other program and know no daemon: what they find, a thief with the same files finds too.
//!
//! | module | program |
//! | --- | --- |
//! | `htpasswd` | `htpasswd`, over [`seal::crypt`] |
//! | `openssl` | `openssl`: keys, requests, certificates and who trusts whom, over [`seal::pki`] |
//! | `rafttool` | `swarm-rafttool`, over [`swarm::state_dir`] |
//! | [`tcpdump`] | `tcpdump`: frames as they are on the wire |
//! | [`unit`] | `systemctl` and `service`: the Docker daemon ends and starts |
//! | `prototext` | objects in protobuf's text format, as `swarm-rafttool` prints them |

mod htpasswd;
mod openssl;
mod prototext;
mod rafttool;
pub mod tcpdump;
pub mod unit;

use os::Programs;

/// Adds the programs.
pub fn register(programs: &mut Programs) {
    programs.add("openssl", |proc| Box::pin(openssl::main(proc)));
    programs.add("htpasswd", |proc| Box::pin(htpasswd::main(proc)));
    programs.add("systemctl", |proc| Box::pin(unit::main(proc, false)));
    programs.add("service", |proc| Box::pin(unit::main(proc, true)));
    programs.add("tcpdump", |proc| Box::pin(tcpdump::main(proc)));
    programs.add("swarm-rafttool", |proc| Box::pin(rafttool::main(proc)));
}

/// Where they are on a host.
pub const COMMANDS: &[(&str, &str)] = &[
    ("/bin/systemctl", "systemctl"),
    ("/usr/bin/openssl", "openssl"),
    ("/usr/local/bin/swarm-rafttool", "swarm-rafttool"),
    ("/usr/sbin/service", "service"),
    ("/usr/sbin/tcpdump", "tcpdump"),
];
