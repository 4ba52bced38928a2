//! The docker command line: one table of commands, version profiles, formatting.
//!
//! It prints and parses and decides nothing: a command is found in the [`table`], its arguments are
//! read by pflag's rules ([`parse`]), the daemon is asked ([`daemon::client`]), and the answer is
//! shown as the release at hand does ([`profile`]). It runs as a program of the host: see
//! [`register`].

// `docker inspect` of a container is one long `json!`.
#![recursion_limit = "256"]

pub mod cli;
mod commands;
pub mod complete;
mod configuration;
mod endpoint;
pub mod help;
mod mounts;
mod options;
mod output;
pub mod parse;
mod ports;
pub mod profile;
mod run;
mod show;
pub mod table;
mod value;

use os::Proc;
use os::program::Running;

pub use profile::{PROFILES, Profile};

/// Adds one program per profile; a host's `/usr/bin/docker` is the image of
/// [`Profile::program`] ([`os::program::image`]).
pub fn register(programs: &mut os::Programs) {
    const MAINS: [os::program::Main; PROFILES_COUNT] =
        [main_of::<0>, main_of::<1>, main_of::<2>, main_of::<3>, main_of::<4>, main_of::<5>];
    const COMPOSE: [os::program::Main; PROFILES_COUNT] = [
        compose_of::<0>,
        compose_of::<1>,
        compose_of::<2>,
        compose_of::<3>,
        compose_of::<4>,
        compose_of::<5>,
    ];
    for (profile, main) in PROFILES.iter().zip(MAINS) {
        programs.add_large(profile.program, main, START_COST);
    }
    for (profile, main) in PROFILES.iter().zip(COMPOSE) {
        programs.add_large(profile.compose_program, main, START_COST);
    }
}

/// What a program of this size takes before it does anything, and before it knows the daemon's version.
const START_COST: sim::Duration = sim::Duration::from_millis(25);

const PROFILES_COUNT: usize = 6;

fn compose_of<const INDEX: usize>(proc: Proc) -> Running {
    Box::pin(run::compose_main(proc, &PROFILES[INDEX]))
}

fn main_of<const INDEX: usize>(proc: Proc) -> Running {
    Box::pin(run::main(proc, &PROFILES[INDEX]))
}
