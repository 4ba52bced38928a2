//! The project's chores, behind `cargo xtask`.
//!
//! Two of them are all that most people need: `serve` and `test`. Both install what is missing, say
//! so before they do, and are quick when everything is there.

mod arrange;
mod chromium;
mod page;
mod process;
mod server;
mod test;
mod tools;

use std::process::ExitCode;

/// What went wrong, in words for the person at the keyboard.
pub type Result<T> = std::result::Result<T, String>;

const HELP: &str = "\
Usage: cargo xtask COMMAND

Commands:
  serve [--port N]  Build the browser shell and serve it on http://127.0.0.1:8080
  dev               The same, unoptimised, built again at every change (trunk serve)
  test              Everything that CI checks: format, lints, tests, the page, the browser
  test --native     The same without the page and the browser
  build             Build the page into dist/ and print its size
  screenshots       Take the README's screenshots again with the browser test
  bench             Measure: replay of the lab, an idle cluster, the size of the page
  setup             Install what `serve` and `test` need, and nothing else
  help              This text

What is missing is installed on the way: the wasm target and the standard library's source
(rustup), Trunk and wasm-bindgen (cargo install, about ten minutes once, kept in
~/.cache/glasshive), wasm-opt and, for `test`, axe (npm, if there is one) and Chromium (the
system's package manager, if you may use it).
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["serve"] => server::serve(8080),
        ["serve", "--port", port] => match port.parse() {
            Ok(port) => server::serve(port),
            Err(_) => Err(format!("--port wants a number from 1 to 65535, not `{port}`")),
        },
        ["dev"] => page::dev(),
        ["test"] => test::all(),
        ["test", "--native"] => test::native(),
        ["build"] => page::build().and_then(|()| page::print_sizes()),
        ["screenshots"] => test::browser(true),
        ["bench"] => test::bench(),
        // Trunk's hook; of no use to a person.
        ["stage-files"] => page::stage_files(),
        ["setup"] => tools::ensure_all().and_then(|_| chromium::ensure().map(drop)),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(format!("unknown command: {}\n\n{HELP}", other.join(" "))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\nxtask: {message}");
            ExitCode::FAILURE
        }
    }
}
