//! Programs of a host that look into what a swarm leaves on a disk. They read files like any other program
//! and know no daemon: what they find, a thief with the same files finds too.
//!
//! | module | program |
//! | --- | --- |
//! | `openssl` | `openssl x509`, `verify`, `version`, over the certificates of [`seal`] |
//! | `rafttool` | `swarm-rafttool`, over [`swarm::state_dir`] |
//! | `prototext` | objects in protobuf's text format, as `swarm-rafttool` prints them |

mod openssl;
mod prototext;
mod rafttool;

use os::Programs;

/// Adds the programs.
pub fn register(programs: &mut Programs) {
    programs.add("openssl", |proc| Box::pin(openssl::main(proc)));
    programs.add("swarm-rafttool", |proc| Box::pin(rafttool::main(proc)));
}

/// Where they are on a host.
pub const COMMANDS: &[(&str, &str)] =
    &[("/usr/bin/openssl", "openssl"), ("/usr/local/bin/swarm-rafttool", "swarm-rafttool")];
