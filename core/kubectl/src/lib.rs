//! The kubectl command line: one table of commands, version profiles, printers.
//!
//! It knows an API server by [`kube::rest`] and [`kube::resources`] only. A command is found in the [`table`], its
//! arguments are read by pflag's rules ([`commandline::pflag`]), requests go to the server of the kubeconfig
//! ([`cli::Cli::call`]), and what comes back is shown as the release at hand does ([`profile`]). It decides nothing:
//! also tables, descriptions and three-way merges are computed from objects, as the real one does (tables are the
//! server's work there). It runs as a program of the host: see [`register`].
//!
//! What is printed is collected and written before the next request or at the end, so that only requests and terminals
//! make a command wait; everything between them is ordinary functions.

pub mod cli;
mod commands;
pub mod complete;
mod describe;
mod help;
use kube::json;
mod kubeconfig;
mod manifest;
mod merge;
mod output;
mod printers;
pub mod profile;
mod run;
mod select;
pub mod table;

use os::Proc;
use os::program::Running;

pub use profile::{PROFILES, Profile};

/// Adds one program per profile; a host's `/usr/bin/kubectl` is the image of [`Profile::program`]
/// ([`os::program::image`]).
pub fn register(programs: &mut os::Programs) {
    const MAINS: [os::program::Main; PROFILES.len()] =
        [main_of::<0>, main_of::<1>, main_of::<2>, main_of::<3>];
    for (profile, main) in PROFILES.iter().zip(MAINS) {
        programs.add_large(profile.program, main, START_COST);
    }
}

/// What a program of this size takes before it does anything.
const START_COST: sim::Duration = sim::Duration::from_millis(45);

fn main_of<const INDEX: usize>(proc: Proc) -> Running {
    Box::pin(run::main(proc, &PROFILES[INDEX]))
}
