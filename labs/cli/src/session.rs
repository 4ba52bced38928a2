//! A cluster to talk to: one JSON request a line, one JSON answer a line. `labs/SESSION.md` is its
//! description.
//!
//! A request that cannot be read or met gets an answer of the type `error`, and the session goes on.
//! Virtual time moves only while a command runs and by `advance`.

use sorted::SortedMap;
use std::io::{self, BufRead, Read, Write};

use serde::Deserialize;
use serde_json::{Value, json};
use sim::Duration;
use world::{AuditRules, Input, PlaceRule, World};

/// The longest request, in bytes.
const REQUEST_BYTES_MAX: u64 = 16 << 20;

/// The longest span of virtual time in one request: thirty days.
const SPAN_MS_MAX: u64 = 30 * 24 * 3_600_000;

/// How long a line may run unless it says otherwise.
const LIMIT_MS: u64 = 60_000;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
enum Request {
    Line {
        node: String,
        text: String,
        #[serde(default)]
        limit_ms: Option<u64>,
    },
    Interrupt {
        node: String,
        #[serde(default)]
        limit_ms: Option<u64>,
    },
    EndOfFile {
        node: String,
        #[serde(default)]
        limit_ms: Option<u64>,
    },
    Edit {
        node: String,
        #[serde(default)]
        text: Option<String>,
        #[serde(default)]
        limit_ms: Option<u64>,
    },
    Advance {
        ms: u64,
    },
    Observe {},
    Find {
        text: String,
    },
    Audit {
        /// Words to look for beside the secrets.
        #[serde(default)]
        watch: SortedMap<String, String>,
        /// Places where clear text may be.
        #[serde(default)]
        allow: Vec<String>,
    },
    Crash {
        node: String,
    },
    Restart {
        node: String,
    },
    Fault {
        fault: String,
    },
    Forecast {
        fault: String,
    },
    Arm {
        on: String,
        faults: Vec<String>,
    },
    Disarm {
        id: u64,
    },
    Digest {},
    Quit {},
}

/// Answers requests until `quit` or the end of the input.
pub(crate) fn talk(
    mut world: World,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> io::Result<u8> {
    loop {
        let mut line = Vec::new();
        let size = (&mut *input).take(REQUEST_BYTES_MAX + 1).read_until(b'\n', &mut line)?;
        if size == 0 {
            return Ok(crate::OK);
        }
        if size as u64 > REQUEST_BYTES_MAX {
            skip_line(input)?;
            answer(out, &error(format!("a request has at most {REQUEST_BYTES_MAX} bytes")))?;
            continue;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let request = match serde_json::from_slice::<Request>(&line) {
            Ok(Request::Quit {}) => {
                answer(out, &json!({ "type": "bye", "at_ms": world.at_ms() }))?;
                return Ok(crate::OK);
            }
            Ok(request) => request,
            Err(why) => {
                answer(out, &error(format!("this is no request: {why}")))?;
                continue;
            }
        };
        let reply = reply(&mut world, request).unwrap_or_else(error);
        answer(out, &reply)?;
    }
}

/// Reads the rest of a line that is too long.
fn skip_line(input: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

fn answer(out: &mut dyn Write, reply: &Value) -> io::Result<()> {
    writeln!(out, "{reply}")?;
    out.flush()
}

fn error(message: String) -> Value {
    json!({ "type": "error", "message": message })
}

fn reply(world: &mut World, request: Request) -> Result<Value, String> {
    let told = |error: world::Error| error.to_string();
    match request {
        Request::Line { node, text, limit_ms } => {
            // The line would wait for the shell behind the editor, and the answer with it.
            if let Some(editor) = world.terminal(&node, usize::MAX).map_err(told)?.editor {
                return Err(format!(
                    "{} has `{}` open on {node}: send `edit` with the text to save, or `interrupt`",
                    editor.program, editor.path
                ));
            }
            run(world, &node, limit_ms, |world, node| world.type_line(node, &text))
        }
        Request::Interrupt { node, limit_ms } => run(world, &node, limit_ms, |world, node| {
            world.apply(Input::Interrupt { node: node.to_owned() })
        }),
        Request::EndOfFile { node, limit_ms } => run(world, &node, limit_ms, |world, node| {
            world.apply(Input::EndOfFile { node: node.to_owned() })
        }),
        Request::Edit { node, text, limit_ms } => run(world, &node, limit_ms, |world, node| {
            world.apply(Input::Edit { node: node.to_owned(), text })
        }),
        Request::Advance { ms } => {
            world.advance(span(ms)?);
            Ok(json!({ "type": "advanced", "at_ms": world.at_ms() }))
        }
        Request::Observe {} => {
            let mut reply = json!({ "type": "observation" });
            let seen = serde_json::to_value(world.observe()).map_err(|error| error.to_string())?;
            if let (Value::Object(reply), Value::Object(seen)) = (&mut reply, seen) {
                reply.extend(seen);
            }
            Ok(reply)
        }
        Request::Find { text } => {
            if text.is_empty() {
                return Err("`text` is empty: expected what to look for".to_owned());
            }
            let found = serde_json::to_value(world.find_bytes(text.as_bytes()));
            let found = found.map_err(|error| error.to_string())?;
            Ok(json!({ "type": "found", "places": found, "at_ms": world.at_ms() }))
        }
        Request::Audit { watch, allow } => {
            let allow =
                allow.iter().map(|rule| PlaceRule::parse(rule)).collect::<Result<_, _>>()?;
            for (name, text) in &watch {
                world.watch_word(name, text.as_bytes());
            }
            let rules = AuditRules { allow, ..AuditRules::default() };
            let view = world.audit_view(&rules).unwrap_or_default();
            let mut reply = crate::audit::view_json(&view);
            reply["type"] = json!("audit");
            Ok(reply)
        }
        Request::Crash { node } => {
            world.inject(&format!("crash {node}")).map_err(told)?;
            Ok(json!({ "type": "crashed", "node": node, "at_ms": world.at_ms() }))
        }
        Request::Restart { node } => {
            world.inject(&format!("restart {node}")).map_err(told)?;
            Ok(json!({ "type": "restarted", "node": node, "at_ms": world.at_ms() }))
        }
        Request::Fault { fault } => {
            let struck = world.inject(&fault).map_err(told)?;
            Ok(json!({
                "type": "struck", "fault": fault, "words": struck.words, "nodes": struck.nodes,
                "event": struck.event, "at_ms": world.at_ms(),
            }))
        }
        Request::Forecast { fault } => {
            let read = world::Fault::parse(&fault).map_err(|error| error.to_string())?;
            let forecast = world.forecast(&read);
            Ok(json!({
                "type": "forecast", "fault": fault, "possible": forecast.possible,
                "quorum": forecast.quorum, "sentences": forecast.sentences,
                "at_ms": world.at_ms(),
            }))
        }
        Request::Arm { on, faults } => {
            let lines: Vec<&str> = faults.iter().map(String::as_str).collect();
            let id = world.arm(&on, &lines).map_err(told)?;
            Ok(json!({ "type": "armed", "id": id, "at_ms": world.at_ms() }))
        }
        Request::Disarm { id } => {
            world.apply(Input::Disarm { armed: id }).map_err(told)?;
            Ok(json!({ "type": "disarmed", "id": id, "at_ms": world.at_ms() }))
        }
        Request::Digest {} => {
            let digest = world.digest().to_string();
            Ok(json!({ "type": "digest", "digest": digest, "at_ms": world.at_ms() }))
        }
        Request::Quit {} => Err("quit".to_owned()),
    }
}

/// Types something and lets the command run until the terminal waits again, or to its limit.
fn run(
    world: &mut World,
    node: &str,
    limit_ms: Option<u64>,
    act: impl FnOnce(&mut World, &str) -> Result<(), world::Error>,
) -> Result<Value, String> {
    let told = |error: world::Error| error.to_string();
    let limit = span(limit_ms.unwrap_or(LIMIT_MS))?;
    let mark = world.mark(node).map_err(told)?;
    act(world, node).map_err(told)?;
    world.run_until_idle(node, limit).map_err(told)?;
    let result = world.result_since(node, &mark).map_err(told)?;
    let mut reply = json!({
        "type": "result",
        "node": node,
        "output": result.output,
        "status": result.status,
        "prompt": result.prompt,
        "more": result.more,
    });
    if let Some(editor) = result.editor {
        reply["editor"] = serde_json::to_value(editor).map_err(|error| error.to_string())?;
    }
    if result.running {
        reply["running"] = true.into();
    }
    reply["at_ms"] = world.at_ms().into();
    Ok(reply)
}

fn span(ms: u64) -> Result<Duration, String> {
    if ms > SPAN_MS_MAX {
        return Err(format!("a span has at most {SPAN_MS_MAX} ms (thirty days), not {ms}"));
    }
    Ok(Duration::from_millis(ms))
}
