//! `awk`: programs of a line or two, as workshops have them. Numbers have nine decimal places; `print | command`
//! runs the command at the end.

mod functions;
mod input;
mod interpreter;
mod lexer;
mod parser;
mod syntax;
mod value;

use std::rc::Rc;

use os::Fd;
use os::process::Handle;

use super::{Arguments, Spec, Utility, running};
use interpreter::{Answer, Flow, Interpreter};
use value::Value;

/// A syntax error as the two say it.
fn syntax_error(utility: &Utility, (token, line): &(String, u32)) -> String {
    match (token.starts_with("not simulated"), utility.gnu) {
        (true, _) => token.clone(),
        (false, true) => format!("line {line}: syntax error at or near {token}"),
        (false, false) => format!("cmd. line:{line}: Unexpected token"),
    }
}

pub(crate) const AWK: Spec = Spec {
    flags: "+F:v:f:",
    long: &[("field-separator", 'F'), ("assign", 'v'), ("file", 'f')],
    usage: "awk [-F fs][-v var=value][prog | -f progfile][file ...]",
    failure: 2,
    ..Spec::NONE
};

pub(crate) async fn awk(utility: Utility, parsed: Arguments) -> i32 {
    let mut operands = parsed.operands.clone();
    let source = match parsed.value('f') {
        Some(path) => match utility.read(path).await {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(errno) => {
                utility.error(format!("couldn't open file {path}: {errno}")).await;
                return 2;
            }
        },
        None if operands.is_empty() => return utility.misuse("").await,
        None => operands.remove(0),
    };
    let program = match parser::parse(&source) {
        Ok(program) => program,
        Err(wrong) => {
            utility.error(syntax_error(&utility, &wrong)).await;
            return 2;
        }
    };
    let seed = utility.proc.now().unix_nanos();
    let proc = utility.proc.clone();
    let reader = Rc::new(move |path: &str| proc.read_file(path).ok());
    let mut awk = Interpreter::new(program, utility.proc.environment(), seed, reader);
    if let Some(separator) = parsed.value('F') {
        let separator = if separator == "t" { "\t".to_owned() } else { unescaped(separator) };
        awk.set("FS", Value::Text(separator));
    }
    for (_, assignment) in parsed.options.iter().filter(|(letter, _)| *letter == 'v') {
        let Some((name, value)) = assignment.split_once('=') else {
            utility.error(format!("improper assignment: -v {assignment}")).await;
            return 2;
        };
        awk.set(name, Value::Input(unescaped(value)));
    }
    let done = run(&utility, &mut awk, &operands).await;
    let done = match done {
        Ok(()) | Err(Flow::Exit | Flow::Next) => {
            step(&utility, &mut awk, |awk| awk.special(true)).await
        }
        other => other,
    };
    flush(&utility, &mut awk).await;
    for (path, sign, text) in std::mem::take(&mut awk.files) {
        if sign == "|" {
            let words = ["sh", "-c", &path].map(str::to_owned).to_vec();
            running::run(&utility, words, Handle::bytes(text.into_bytes())).await;
            continue;
        }
        let bytes = match utility.proc.read_file(&path) {
            Ok(old) if sign == ">>" => [old, text.into_bytes()].concat(),
            _ => text.into_bytes(),
        };
        if let Err(errno) = utility.proc.write_file(&path, &bytes) {
            utility.error(format!("cannot open \"{path}\" for output: {errno}")).await;
            return 2;
        }
    }
    match done {
        Err(Flow::Error(message)) => {
            utility.error(message).await;
            2
        }
        _ => awk.status,
    }
}

fn unescaped(text: &str) -> String {
    crate::escapes::ansi_c(text)
}

async fn flush(utility: &Utility, awk: &mut Interpreter) {
    let output = std::mem::take(&mut awk.output);
    if !output.is_empty() {
        utility.work(output.len()).await;
        utility.print(output).await;
    }
}

/// Does something with the program that may ask commands.
async fn step(
    utility: &Utility,
    awk: &mut Interpreter,
    go: impl Fn(&mut Interpreter) -> Result<(), Flow>,
) -> Result<(), Flow> {
    if !awk.program.asks {
        return go(awk);
    }
    flush(utility, awk).await;
    let (before, mut shown) = (awk.clone(), 0);
    let mut answers = Vec::new();
    loop {
        awk.answers = answers.clone().into();
        awk.asked = 0;
        let done = go(awk);
        let news = awk.output.split_off(shown);
        shown += news.len();
        utility.print(news).await;
        let Err(Flow::Ask(command, is_output)) = done else {
            awk.output.clear();
            return done;
        };
        answers.push(answer(utility, command, is_output).await);
        *awk = before.clone();
    }
}

/// Runs a command; its output goes where awk's goes, or is the answer.
async fn answer(utility: &Utility, command: String, is_output: bool) -> Answer {
    let proc = &utility.proc;
    let words = ["sh", "-c", &command].map(str::to_owned).to_vec();
    let input = proc.handle(Fd::STDIN).unwrap_or_else(|_| Handle::null());
    if !is_output {
        return (Vec::new(), running::run(utility, words, input).await);
    }
    let Ok(own) = proc.handle(Fd::STDOUT) else { return (Vec::new(), 1) };
    let (reader, writer) = proc.pipe();
    proc.set_handle(Fd::STDOUT, writer);
    let child = running::start(utility, words, input).await;
    proc.set_handle(Fd::STDOUT, own);
    let fd = proc.add_handle(reader);
    let bytes = proc.read_to_end(fd).await.unwrap_or_default();
    proc.close(fd);
    match child {
        Ok(child) => (bytes, proc.wait(child).await.map_or(130, |status| status.code())),
        Err(code) => (bytes, code),
    }
}

/// The records of everything that is read, as it comes.
async fn run(utility: &Utility, awk: &mut Interpreter, operands: &[String]) -> Result<(), Flow> {
    step(utility, awk, |awk| awk.special(false)).await?;
    flush(utility, awk).await;
    if !awk.has_main() {
        return Ok(());
    }
    let is_assignment =
        |text: &str| text.split_once('=').is_some_and(|(name, _)| crate::syntax::is_name(name));
    let mut paths: Vec<String> = operands.to_vec();
    if paths.iter().all(|path| is_assignment(path)) {
        paths.push("-".to_owned());
    }
    for path in paths {
        if let Some((name, value)) = path.split_once('=').filter(|_| is_assignment(&path)) {
            awk.set(name, Value::Input(unescaped(value)));
            continue;
        }
        let fd = match path.as_str() {
            "-" => Ok(Fd::STDIN),
            path => utility.proc.open_fd(path),
        };
        let fd = match fd {
            Ok(fd) => fd,
            Err(errno) => return Err(Flow::Error(format!("cannot open {path} ({errno})"))),
        };
        awk.set("FILENAME", Value::Input(if path == "-" { String::new() } else { path.clone() }));
        let mut first = true;
        awk.has_ended = false;
        while !awk.has_ended {
            let bytes = utility.proc.read(fd, 65_536).await.unwrap_or_default();
            awk.has_ended = bytes.is_empty();
            awk.pending.extend(bytes);
            if awk.program.reads_ahead && !awk.has_ended {
                continue;
            }
            while let Some(record) = awk.next_record() {
                let is_first = std::mem::take(&mut first);
                let done = step(utility, awk, |awk| awk.take(&record, is_first)).await;
                if done.is_err() {
                    flush(utility, awk).await;
                    done?;
                }
            }
            flush(utility, awk).await;
        }
        if fd != Fd::STDIN {
            utility.proc.close(fd);
        }
    }
    Ok(())
}
