//! The `glasshive` program: everything is in the library, so that tests can call it.

use std::io::{self, BufWriter};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> =
        std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut err = io::stderr().lock();
    ExitCode::from(glasshive_cli::main(&args, &mut io::stdin().lock(), &mut out, &mut err))
}
