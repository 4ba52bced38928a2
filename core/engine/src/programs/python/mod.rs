//! A small Python: enough for a workshop's script that reads a file and prints.
//!
//! Strings, numbers, lists, dictionaries, `if`/`for`/`while`/`try`, functions of one's own, the parts
//! of `os`, `sys` and `time` that such scripts use, and both forms of `print`. What it does not know
//! ends with an error that says so; nothing is guessed.

mod builtin;
mod calls;
mod classes;
mod eval;
mod exceptions;
mod expressions;
mod files;
mod format;
mod json;
mod lexer;
mod libraries;
mod methods;
mod modules;
mod operators;
mod parser;
mod pip;
mod syntax;
mod value;

use os::program::Running;
use os::{Fd, Proc};

use eval::Interpreter;
pub(super) use pip::{flask, pip};
use value::Value;

/// What the interpreter takes before it reads a program.
pub(super) const START_COST: sim::Duration = sim::Duration::from_millis(20);

pub(super) fn python(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        match args.get(1).map(String::as_str) {
            Some("--version" | "-V") => {
                let text = format!("Python {}\n", version(&proc));
                // Python 2 says it on standard error.
                if is_two(&proc) {
                    proc.eprint(text).await
                } else {
                    proc.print(text).await
                }
                0
            }
            Some("-c") => {
                let source = args.get(2).cloned().unwrap_or_default();
                run(&proc, "<string>", &source).await
            }
            Some("-m") if args.get(2).is_some_and(|module| module == "json.tool") => {
                json_tool(&proc, args.get(3)).await
            }
            Some("-m")
                if args.get(2).is_some_and(|it| {
                    matches!(it.as_str(), "http.server" | "SimpleHTTPServer")
                }) =>
            {
                serve_files(&proc, args.get(3)).await
            }
            Some("-m") => {
                let module = args.get(2).map_or("", String::as_str);
                proc.eprint(format!("not simulated: python -m {module}\n")).await;
                1
            }
            None | Some("-") => {
                if proc.is_terminal(Fd::STDIN) {
                    return converse(&proc).await;
                }
                let source = proc.read_to_end(Fd::STDIN).await.unwrap_or_default();
                run(&proc, "<stdin>", &String::from_utf8_lossy(&source)).await
            }
            // Output is not held back here anyway.
            Some("-u") => {
                let path = args.get(2).cloned().unwrap_or_default();
                run_file(&proc, &path).await
            }
            Some(path) => run_file(&proc, path).await,
        }
    })
}

async fn run_file(proc: &Proc, path: &str) -> i32 {
    match proc.read_file(path) {
        Ok(source) => run(proc, path, &String::from_utf8_lossy(&source)).await,
        Err(errno) => {
            let number = builtin::errno_number(errno);
            let text = format!("python: can't open file '{path}': [Errno {number}] {errno}\n");
            proc.eprint(text).await;
            2
        }
    }
}

/// `python -m http.server`: the files of the working folder.
async fn serve_files(proc: &Proc, port: Option<&String>) -> i32 {
    let port = port.and_then(|text| text.parse().ok()).unwrap_or(8_000);
    let inbox = match proc.open_ports(&[port]) {
        Ok(inbox) => inbox,
        Err((_, errno)) => {
            proc.eprint(format!("OSError: [Errno 98] {errno}\n")).await;
            return 1;
        }
    };
    proc.print(format!("Serving HTTP on 0.0.0.0 port {port} (http://0.0.0.0:{port}/) ...\n")).await;
    while let Ok(os::Incoming { call, from, request, .. }) = inbox.next().await {
        let request = super::http::Request::parse(&request);
        let mut path = format!("{}{}", proc.cwd().trim_end_matches('/'), request.path);
        if proc.stat(&path).is_ok_and(|inode| inode.is_directory()) {
            path = format!("{}/index.html", path.trim_end_matches('/'));
        }
        let (status, body) = match proc.read_file(&path) {
            Ok(body) => ("200 OK", body),
            Err(_) => (
                "404 File not found",
                b"<h1>Error response</h1>\n<p>Error code: 404</p>\n".to_vec(),
            ),
        };
        let at = proc.wall().civil().strftime("%d/%b/%Y %T");
        proc.eprint(format!("{from} - - [{at}] \"{}\" {} -\n", request.first, &status[..3])).await;
        proc.respond(call, super::http::response(status, "text/html", "", &body));
    }
    0
}

/// The image's version; without one, that of the command's name on an Ubuntu 16.04.
fn version(proc: &Proc) -> String {
    let default = || {
        let name = proc.args().first().cloned().unwrap_or_default();
        if name.ends_with("python3") { "3.5.2" } else { "2.7.12" }.to_owned()
    };
    proc.env("PYTHON_VERSION").unwrap_or_else(default)
}

fn is_two(proc: &Proc) -> bool {
    version(proc).starts_with('2')
}

/// `python -m json.tool`: the same JSON, indented.
async fn json_tool(proc: &Proc, path: Option<&String>) -> i32 {
    let bytes = match path {
        None => proc.read_to_end(Fd::STDIN).await,
        Some(path) => proc.read_file(path),
    };
    let text = match bytes {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(errno) => {
            proc.eprint(format!("{errno}\n")).await;
            return 1;
        }
    };
    let style = json::style(Some(4), is_two(proc));
    match json::loads(&text, is_two(proc)).and_then(|value| json::dumps(&value, style)) {
        Ok(text) => {
            proc.print(format!("{text}\n")).await;
            0
        }
        Err(raised) => {
            proc.eprint(format!("{}\n", raised.text)).await;
            1
        }
    }
}

/// Python at a terminal: what is typed is run line by line; a block ends with an empty line.
async fn converse(proc: &Proc) -> i32 {
    let is_two = is_two(proc);
    let version = version(proc);
    let banner = format!(
        "Python {version} (default)\n[GCC 8.3.0] on linux\nType \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n"
    );
    proc.print(banner).await;
    let mut interpreter = Interpreter::new(proc.clone(), "<stdin>", "", is_two);
    let mut source = String::new();
    loop {
        proc.print(if source.is_empty() { ">>> " } else { "... " }).await;
        let line = proc.read(Fd::STDIN, 65_536).await.unwrap_or_default();
        if line.is_empty() {
            proc.print("\n").await;
            return 0;
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        let ends_block = line.trim().is_empty();
        if ends_block && source.is_empty() {
            continue;
        }
        source.push_str(&line);
        let opens = source.lines().next().is_some_and(|first| first.trim_end().ends_with(':'));
        if opens && !ends_block {
            continue;
        }
        let text = std::mem::take(&mut source);
        match parser::parse(&text, is_two) {
            Ok(program) => {
                if let Some(code) = interpreter.run_typed(&text, &program).await {
                    return code;
                }
            }
            Err(error) => {
                let line = text.lines().nth(error.line.saturating_sub(1)).unwrap_or_default();
                let text = format!(
                    "  File \"<stdin>\", line {}\n    {}\nSyntaxError: {}\n",
                    error.line,
                    line.trim(),
                    error.text
                );
                proc.eprint(text).await;
            }
        }
    }
}

async fn run(proc: &Proc, name: &str, source: &str) -> i32 {
    let is_two = is_two(proc);
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

/// A program that does not call `run`: the Flask application in it is served.
async fn run_application(proc: &Proc, name: &str, source: &str, port: u16) -> i32 {
    match parser::parse(source, false) {
        Ok(program) => {
            let mut interpreter = Interpreter::new(proc.clone(), name, source, false);
            let module = name.rsplit('/').next().unwrap_or(name).trim_end_matches(".py").to_owned();
            interpreter.globals.insert("__name__".to_owned(), Value::text(module));
            let code = interpreter.run(&program).await;
            let app = interpreter.globals.values().find_map(|value| match value {
                Value::Object(object) if object.class.name == "Flask" => Some(object.clone()),
                _ => None,
            });
            match app {
                Some(app) if code == 0 => {
                    match libraries::serve(&mut interpreter, &app, port, false).await {
                        Ok(()) => 0,
                        Err(raised) => interpreter.tell(raised).await,
                    }
                }
                _ => code.max(2),
            }
        }
        Err(error) => {
            proc.eprint(format!("SyntaxError: {} (line {})\n", error.text, error.line)).await;
            1
        }
    }
}
