//! `jq` 1.6, the greater part of its language; numbers have nine decimal places.

mod builtin;
mod eval;
mod operations;
mod parser;

use super::Utility;
use eval::{Run, UNDEFINED};
use json::{Json, Reader, Style};

#[derive(Default)]
struct Options {
    raw: bool,
    joined: bool,
    compact: bool,
    slurp: bool,
    null_input: bool,
    raw_input: bool,
    sorted: bool,
    exit_status: bool,
    tab: bool,
    filter: Option<String>,
    paths: Vec<String>,
    variables: Vec<(String, Json)>,
}

const USAGE: &str = "\
jq - commandline JSON processor [version 1.6]
Usage: jq [options] <jq filter> [file...]
";

fn read_options(args: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--arg" | "--argjson" => {
                let (Some(name), Some(value)) = (rest.next(), rest.next()) else {
                    return Err(format!(
                        "jq: {arg} takes two parameters (e.g. {arg} varname value)\n"
                    ));
                };
                let value = if arg == "--arg" {
                    Json::Text(value.clone())
                } else {
                    operations::from_json(value).map_err(|_| {
                        format!("jq: Invalid JSON text passed to --argjson\n{USAGE}")
                    })?
                };
                options.variables.push((name.clone(), value));
            }
            "--tab" => options.tab = true,
            "--indent" => drop(rest.next()),
            long if long.starts_with("--") => match long {
                "--raw-output" => options.raw = true,
                "--join-output" => options.joined = true,
                "--compact-output" => options.compact = true,
                "--slurp" => options.slurp = true,
                "--null-input" => options.null_input = true,
                "--raw-input" => options.raw_input = true,
                "--sort-keys" => options.sorted = true,
                "--exit-status" => options.exit_status = true,
                "--monochrome-output" | "--color-output" | "--unbuffered" => {}
                _ => return Err(format!("jq: Unknown option: {long}\n{USAGE}")),
            },
            letters if letters.starts_with('-') && letters.len() > 1 => {
                for letter in letters.chars().skip(1) {
                    match letter {
                        'r' => options.raw = true,
                        'j' => options.joined = true,
                        'c' => options.compact = true,
                        's' => options.slurp = true,
                        'n' => options.null_input = true,
                        'R' => options.raw_input = true,
                        'S' => options.sorted = true,
                        'e' => options.exit_status = true,
                        'M' | 'C' => {}
                        _ => return Err(format!("jq: Unknown option: {letters}\n{USAGE}")),
                    }
                }
            }
            _ if options.filter.is_none() => options.filter = Some(arg.clone()),
            _ => options.paths.push(arg.clone()),
        }
    }
    Ok(options)
}

pub(crate) async fn jq(utility: Utility) -> i32 {
    if utility.args.first().is_some_and(|arg| arg == "--version" || arg == "-V") {
        utility.print("jq-1.6\n").await;
        return 0;
    }
    let options = match read_options(&utility.args) {
        Ok(options) => options,
        Err(text) => {
            utility.proc.eprint(text).await;
            return 2;
        }
    };
    let source = options.filter.clone().unwrap_or_else(|| ".".to_owned());
    let filter = match parser::parse(&source) {
        Ok(filter) => filter,
        Err(message) => {
            let text = if message.starts_with("not simulated") {
                format!("jq: {message}\n")
            } else {
                compile_error(
                    &format!("syntax error, {message} (Unix shell quoting issues?)"),
                    &source,
                )
            };
            utility.proc.eprint(text).await;
            return 3;
        }
    };
    let mut input = Vec::new();
    let mut status = 0;
    if !options.null_input {
        for path in Utility::inputs(&options.paths) {
            match utility.read(&path).await {
                Ok(bytes) => input.extend(bytes),
                Err(errno) => {
                    let text = format!("jq: error: Could not open {path}: {errno}\n");
                    utility.proc.eprint(text).await;
                    status = 2;
                }
            }
        }
    }
    utility.work(input.len()).await;
    let text = String::from_utf8_lossy(&input).into_owned();
    let (inputs, broken) = inputs(&options, &text);
    let mut run = Run { environment: utility.proc.environment(), ..Run::default() };
    run.variables.extend(options.variables.iter().cloned());
    let indent = if options.tab { "\t" } else { "  " };
    let indent = (!options.compact).then_some(indent);
    let style = Style { indent, sorted: options.sorted, ..Style::default() };
    let mut last = None;
    for value in inputs {
        let found = run.all(&filter, &value);
        utility.work(usize::try_from(run.steps).unwrap_or(0)).await;
        match found {
            Ok(values) => {
                for value in values {
                    let mut shown = match &value {
                        Json::Text(text) if options.raw || options.joined => text.clone(),
                        other => other.show(style),
                    };
                    if !options.joined {
                        shown.push('\n');
                    }
                    utility.print(shown).await;
                    last = Some(value);
                }
            }
            Err(message) if message.starts_with(UNDEFINED) => {
                let text = compile_error(&message[UNDEFINED.len()..], &source);
                utility.proc.eprint(text).await;
                return 3;
            }
            Err(message) => {
                let line = text.matches('\n').count();
                let file = options.paths.last().map_or("<stdin>", String::as_str);
                utility.proc.eprint(format!("jq: error (at {file}:{line}): {message}\n")).await;
                status = 5;
            }
        }
    }
    if let Some(message) = broken {
        utility.proc.eprint(format!("parse error: {message}\n")).await;
        status = 2;
    }
    match (options.exit_status, last) {
        (true, Some(value)) if status == 0 => i32::from(!value.is_true()),
        (true, None) if status == 0 => 4,
        _ => status,
    }
}

fn compile_error(message: &str, source: &str) -> String {
    format!("jq: error: {message} at <top-level>, line 1:\n{source}\njq: 1 compile error\n")
}

/// What the filter is applied to, and what is wrong with the rest of the input.
fn inputs(options: &Options, text: &str) -> (Vec<Json>, Option<String>) {
    if options.null_input {
        return (vec![Json::Null], None);
    }
    if options.raw_input {
        let lines = text.lines().map(|line| Json::Text(line.to_owned())).collect();
        return (if options.slurp { vec![Json::Text(text.to_owned())] } else { lines }, None);
    }
    let (mut values, mut broken) = (Vec::new(), None);
    let mut reader = Reader::new(text);
    loop {
        match reader.read() {
            Ok(Some(value)) => values.push(value),
            Ok(None) => break,
            Err(wrong) => {
                broken = Some(wrong.to_string());
                break;
            }
        }
    }
    if options.slurp && broken.is_none() {
        values = vec![Json::Array(values)];
    }
    (values, broken)
}
