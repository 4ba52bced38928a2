//! A small Python: enough for a workshop's script that reads a file and prints.
//!
//! Strings, numbers, lists, dictionaries, `if`/`for`/`while`/`try`, functions of one's own, the parts
//! of `os`, `sys` and `time` that such scripts use, and both forms of `print`. What it does not know
//! ends with an error that says so; nothing is guessed.

mod builtin;
mod eval;
mod lexer;
mod methods;
mod operators;
mod parser;
mod syntax;
mod value;

use os::program::Running;
use os::{Fd, Proc};

use eval::Interpreter;

pub(super) fn python(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        match args.get(1).map(String::as_str) {
            Some("--version" | "-V") => {
                let version = version(&proc);
                proc.eprint(format!("Python {version}\n")).await;
                0
            }
            Some("-c") => {
                let source = args.get(2).cloned().unwrap_or_default();
                run(&proc, "<string>", &source).await
            }
            None | Some("-") => {
                if proc.is_terminal(Fd::STDIN) {
                    proc.eprint("not simulated: Python's interactive mode\n").await;
                    return 1;
                }
                let source = proc.read_to_end(Fd::STDIN).await.unwrap_or_default();
                run(&proc, "<stdin>", &String::from_utf8_lossy(&source)).await
            }
            Some(path) => match proc.read_file(path) {
                Ok(source) => run(&proc, path, &String::from_utf8_lossy(&source)).await,
                Err(errno) => {
                    let number = builtin::errno_number(errno);
                    let text =
                        format!("python: can't open file '{path}': [Errno {number}] {errno}\n");
                    proc.eprint(text).await;
                    2
                }
            },
        }
    })
}

fn version(proc: &Proc) -> String {
    proc.env("PYTHON_VERSION").unwrap_or_else(|| "2.7.18".to_owned())
}

async fn run(proc: &Proc, name: &str, source: &str) -> i32 {
    let is_two = version(proc).starts_with('2');
    let program = match parser::parse(source, is_two) {
        Ok(program) => program,
        Err(error) => {
            let line = source.lines().nth(error.line.saturating_sub(1)).unwrap_or_default();
            let text = format!(
                "  File \"{name}\", line {}\n    {}\nSyntaxError: {}\n",
                error.line,
                line.trim(),
                error.text
            );
            proc.eprint(text).await;
            return 1;
        }
    };
    let mut interpreter = Interpreter::new(proc.clone(), name, source, is_two);
    interpreter.run(&program).await
}
