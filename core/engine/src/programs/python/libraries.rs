//! Libraries that workshops use: the client of redis, Flask's small web server, and a little of `datetime`.

use sorted::SortedMap;
use std::rc::Rc;

use os::{Errno, Incoming};

use super::classes::{Class, Object};
use super::eval::Interpreter;
use super::value::{Raised, Value, raise, unknown};
use crate::programs::http::{Request, response};
use crate::programs::redis::{self, Answer};

type Result<T> = std::result::Result<T, Raised>;

/// Libraries that `pip` brings: the module, and the package with the version that is installed.
pub(super) const PACKAGES: &[(&str, &str, &str)] = &[
    ("flask", "Flask", "2.2.3"),
    ("redis", "redis", "4.5.1"),
    ("gunicorn", "gunicorn", "20.1.0"),
    ("requests", "requests", "2.28.2"),
];
/// Where they are.
pub(super) const SITE_PACKAGES: &str = "/usr/local/lib/python/site-packages";

fn native(name: &str, fields: Vec<(&str, Value)>) -> Value {
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
    Value::Object(Object::new(Class::native(name), fields.collect::<SortedMap<_, _>>()))
}

fn option(named: &[(String, Value)], wanted: &str) -> Option<Value> {
    named.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
}

/// A dictionary of texts.
fn dictionary(pairs: impl Iterator<Item = (String, String)>) -> Value {
    let pairs = pairs.map(|(key, value)| (Value::text(key), Value::text(value)));
    Value::Dict(Rc::new(std::cell::RefCell::new(pairs.collect())))
}

/// What a class or function of a library makes of its arguments; nothing if it is none of these.
pub(super) fn make(
    of: &Interpreter,
    name: &str,
    args: &[Value],
    named: &[(String, Value)],
) -> Option<Value> {
    let argument =
        |at: usize, wanted: &str| option(named, wanted).or_else(|| args.get(at).cloned());
    Some(match name {
        "flask.Flask" => native("Flask", vec![("routes", Value::list(Vec::new()))]),
        "redis.Redis" | "redis.StrictRedis" => {
            let host = argument(0, "host").unwrap_or_else(|| Value::text("localhost"));
            let port = argument(1, "port").unwrap_or(Value::Int(6379));
            native("Redis", vec![("host", host), ("port", port)])
        }
        "flask.jsonify" => {
            let value = args.first().cloned().unwrap_or_else(|| {
                let pairs = named.iter().map(|(name, value)| (Value::text(name), value.clone()));
                Value::Dict(Rc::new(std::cell::RefCell::new(pairs.collect())))
            });
            native("Response", vec![("body", value), ("is_json", Value::Bool(true))])
        }
        "flask.redirect" => {
            native("Response", vec![("body", Value::text("")), ("location", args.first()?.clone())])
        }
        "datetime.datetime.now" | "datetime.datetime.utcnow" => {
            let seconds = i64::try_from(of.proc.wall().unix_secs()).unwrap_or(i64::MAX);
            let text = of.proc.wall().rfc3339();
            let shown = text.get(..19).unwrap_or_default().replace('T', " ");
            native(
                "datetime",
                vec![("seconds", Value::Int(seconds)), ("message", Value::text(shown))],
            )
        }
        _ => return None,
    })
}

/// A method of a library's object.
pub(super) async fn method(
    of: &mut Interpreter,
    object: &Rc<Object>,
    name: &str,
    args: Vec<Value>,
    named: Vec<(String, Value)>,
) -> Result<Value> {
    match (object.class.name.as_str(), name) {
        ("Flask", "route" | "get" | "post") => {
            let methods = match option(&named, "methods") {
                Some(Value::List(list)) => list.borrow().iter().map(Value::show).collect(),
                _ if name == "post" => vec!["POST".to_owned()],
                _ => vec!["GET".to_owned()],
            };
            let path = args.first().map(Value::show).unwrap_or_default();
            let app = ("app", Value::Object(object.clone()));
            let methods = Value::list(methods.iter().map(Value::text).collect());
            Ok(native("route", vec![app, ("path", Value::text(path)), ("methods", methods)]))
        }
        // The decorator that `route` has made, called with the function.
        ("route", "") => {
            let function = args.first().cloned().unwrap_or(Value::None);
            let entry = ["path", "methods"].map(|name| object.field(name).unwrap_or(Value::None));
            let [path, methods] = entry;
            if let Some(Value::Object(app)) = object.field("app")
                && let Some(Value::List(routes)) = app.field("routes")
            {
                routes.borrow_mut().push(Value::Tuple([path, methods, function.clone()].into()));
            }
            Ok(function)
        }
        ("Flask", "run") => {
            let port = match option(&named, "port") {
                Some(Value::Int(port)) => u16::try_from(port).unwrap_or(5_000),
                _ => 5_000,
            };
            let debug = option(&named, "debug").is_some_and(|value| value.is_true());
            serve(of, object, port, debug).await.map(|()| Value::None)
        }
        ("Redis", name) => ask_redis(of, object, name, &args).await,
        ("datetime", "strftime") => {
            let text = object.field("message").map(|it| it.show()).unwrap_or_default();
            let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
            let mut shown = args.first().map(Value::show).unwrap_or_default();
            for (sign, value) in [
                ("%Y", part(0, 4)),
                ("%m", part(5, 7)),
                ("%d", part(8, 10)),
                ("%H", part(11, 13)),
                ("%M", part(14, 16)),
                ("%S", part(17, 19)),
            ] {
                shown = shown.replace(sign, &value);
            }
            Ok(Value::text(shown))
        }
        ("datetime", "isoformat") => {
            let text = object.field("message").map(|it| it.show()).unwrap_or_default();
            Ok(Value::text(text.replace(' ', "T")))
        }
        (class, name) => unknown(&format!("{class}.{name}")),
    }
}

async fn ask_redis(
    of: &Interpreter,
    object: &Rc<Object>,
    name: &str,
    args: &[Value],
) -> Result<Value> {
    let host = object.field("host").map(|it| it.show()).unwrap_or_default();
    let port = match object.field("port") {
        Some(Value::Int(port)) => u16::try_from(port).unwrap_or(6_379),
        Some(other) => other.show().parse().unwrap_or(6_379),
        None => 6_379,
    };
    let command = match name {
        "delete" => "DEL".to_owned(),
        "incrby" => "INCRBY".to_owned(),
        other => other.to_uppercase(),
    };
    let words: Vec<String> = [command].into_iter().chain(args.iter().map(Value::show)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match redis::ask(&of.proc, (&host, port), &words).await {
        Some(Ok(Answer::Number(number))) => Ok(Value::Int(number)),
        Some(Ok(Answer::Status(_))) => Ok(Value::Bool(true)),
        Some(Ok(Answer::Text(text))) => Ok(text.map_or(Value::None, Value::text)),
        Some(Ok(Answer::List(texts))) if name == "hgetall" => {
            let pairs =
                texts.chunks_exact(2).map(|pair| (Value::text(&pair[0]), Value::text(&pair[1])));
            Ok(Value::Dict(Rc::new(pairs.collect::<Vec<_>>().into())))
        }
        Some(Ok(Answer::List(texts))) => {
            Ok(Value::list(texts.into_iter().map(Value::text).collect()))
        }
        Some(Err(text)) => raise("redis.exceptions.ResponseError", text),
        None => {
            let why = match of.proc.resolve(&host).await {
                Err(Errno::NotFound) => "Error -2 connecting to {}. Name or service not known.",
                _ => "Error 111 connecting to {}. Connection refused.",
            };
            raise("redis.exceptions.ConnectionError", why.replace("{}", &format!("{host}:{port}")))
        }
    }
}

/// The members of `flask.request`.
pub(super) fn request(of: &Interpreter, name: &str) -> Result<Value> {
    let Some(request) = &of.request else {
        return raise("RuntimeError", "Working outside of request context.");
    };
    let pairs = |text: &str| -> Vec<(String, String)> {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        let decode = crate::programs::http::decoded;
        pairs.map(|(name, value)| (decode(name), decode(value))).collect()
    };
    let body = String::from_utf8_lossy(&request.body).into_owned();
    Ok(match name {
        "method" => Value::text(&request.method),
        "path" => Value::text(&request.path),
        "url" | "full_path" => Value::text(&request.target),
        "host" => Value::text(request.header("host").unwrap_or_default()),
        "remote_addr" => Value::text(&of.caller),
        "data" => Value::text(&body),
        "args" => {
            let query = request.target.split_once('?').map_or("", |(_, query)| query);
            dictionary(pairs(query).into_iter())
        }
        "form" => dictionary(pairs(body.trim()).into_iter()),
        "headers" => dictionary(request.headers.iter().cloned()),
        "json" => super::json::loads(&body, of.is_two)?,
        "get_json" | "get_data" => Value::Known(format!("flask.request.{name}")),
        _ => return unknown(&format!("flask.request.{name}")),
    })
}

/// The names that a route gives to parts of a path; nothing if the path is another one.
fn matched(route: &str, path: &str) -> Option<Vec<(String, Value)>> {
    let (route, path) = (route.trim_end_matches('/'), path.trim_end_matches('/'));
    let (wanted, found): (Vec<&str>, Vec<&str>) =
        (route.split('/').collect(), path.split('/').collect());
    if wanted.len() != found.len() {
        return None;
    }
    let mut names = Vec::new();
    for (wanted, found) in wanted.into_iter().zip(found) {
        match wanted.strip_prefix('<').and_then(|name| name.strip_suffix('>')) {
            Some(name) => {
                let (kind, name) = name.split_once(':').unwrap_or(("string", name));
                let value = match kind {
                    "int" => Value::Int(found.parse().ok()?),
                    _ => Value::text(crate::programs::http::decoded(found)),
                };
                names.push((name.to_owned(), value));
            }
            None if wanted == found => {}
            None => return None,
        }
    }
    Some(names)
}

fn phrase(code: i64) -> &'static str {
    match code {
        200 => "OK",
        201 => "CREATED",
        204 => "NO CONTENT",
        302 => "FOUND",
        400 => "BAD REQUEST",
        401 => "UNAUTHORIZED",
        403 => "FORBIDDEN",
        404 => "NOT FOUND",
        405 => "METHOD NOT ALLOWED",
        500 => "INTERNAL SERVER ERROR",
        _ => "UNKNOWN",
    }
}

fn error_page(code: i64, title: &str, text: &str) -> (i64, String, String, String) {
    let body = format!(
        "<!doctype html>\n<html lang=en>\n<title>{code} {title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n"
    );
    (code, "text/html; charset=utf-8".to_owned(), String::new(), body)
}

/// Status, type, further lines of the head and body of what a view has returned.
fn answer(value: &Value) -> Result<(i64, String, String, String)> {
    Ok(match value {
        Value::Tuple(parts) => {
            let (_, kind, also, body) = answer(parts.first().unwrap_or(&Value::None))?;
            match parts.get(1) {
                Some(Value::Int(code)) => (*code, kind, also, body),
                _ => (200, kind, also, body),
            }
        }
        Value::Dict(_) => {
            let text = super::json::dumps(value, super::json::style(None, true))?;
            (200, "application/json".to_owned(), String::new(), text + "\n")
        }
        Value::Object(object) if object.class.name == "Response" => {
            let body = object.field("body").unwrap_or(Value::None);
            if let Some(place) = object.field("location") {
                let also = format!("Location: {}\r\n", place.show());
                return Ok((302, "text/html; charset=utf-8".to_owned(), also, String::new()));
            }
            let text = super::json::dumps(&body, super::json::style(None, true))?;
            (200, "application/json".to_owned(), String::new(), text + "\n")
        }
        Value::Text(text) => {
            (200, "text/html; charset=utf-8".to_owned(), String::new(), text.to_string())
        }
        other => {
            let text = format!(
                "The view function did not return a valid response. The return type must be a string, \
                 dict or tuple, but it was a {}.",
                other.type_name()
            );
            return raise("TypeError", text);
        }
    })
}

/// What Flask 2.2 says when it serves, or the 1.1 that Python 2 gets.
fn banner(proc: &os::Proc, name: &str, port: u16, debug: bool, is_old: bool) -> String {
    let mode = if debug { "on" } else { "off" };
    if is_old {
        let lazy = if debug { "development" } else { "production" };
        let warning = if debug {
            ""
        } else {
            "   WARNING: This is a development server. Do not use it in a production deployment.\n   Use a \
             production WSGI server instead.\n"
        };
        format!(
            " * Serving Flask app \"{name}\" (lazy loading)\n * Environment: {lazy}\n{warning} * Debug mode: \
             {mode}\n * Running on http://0.0.0.0:{port}/ (Press CTRL+C to quit)\n"
        )
    } else {
        let own = proc.addresses().into_iter().next().unwrap_or_else(|| "127.0.0.1".to_owned());
        format!(
            " * Serving Flask app '{name}'\n * Debug mode: {mode}\nWARNING: This is a development server. Do \
             not use it in a production deployment. Use a production WSGI server instead.\n * Running on \
             all addresses (0.0.0.0)\n * Running on http://127.0.0.1:{port}\n * Running on \
             http://{own}:{port}\nPress CTRL+C to quit\n"
        )
    }
}

/// Answers requests until a signal comes.
pub(super) async fn serve(
    of: &mut Interpreter,
    app: &Rc<Object>,
    port: u16,
    debug: bool,
) -> Result<()> {
    let proc = of.proc.clone();
    let inbox = match proc.open_ports(&[port]) {
        Ok(inbox) => inbox,
        Err((_, errno)) => {
            let number = super::builtin::errno_number(errno);
            return raise("OSError", format!("[Errno {number}] {errno}"));
        }
    };
    let name = of.name.rsplit('/').next().unwrap_or_default().trim_end_matches(".py").to_owned();
    proc.eprint(banner(&proc, &name, port, debug, of.is_two)).await;
    while let Ok(Incoming { call, from, request, .. }) = inbox.next().await {
        let request = Request::parse(&request);
        let first = request.first.clone();
        let routes = match app.field("routes") {
            Some(Value::List(routes)) => routes.borrow().clone(),
            _ => Vec::new(),
        };
        let mut found = None;
        for route in &routes {
            if let Value::Tuple(parts) = route
                && let [path, Value::List(methods), function] = &parts[..]
                && let Some(names) = matched(&path.show(), &request.path)
            {
                let takes = |method: &str| methods.borrow().iter().any(|own| own.show() == method);
                let fits = takes(&request.method) || request.method == "HEAD" && takes("GET");
                if fits || found.is_none() {
                    found = Some((fits, function.clone(), names));
                }
            }
        }
        of.request = Some(request);
        of.caller.clone_from(&from);
        let (code, kind, also, body) = match found {
            None => error_page(404, "Not Found", "The requested URL was not found on the server."),
            Some((false, ..)) => error_page(
                405,
                "Method Not Allowed",
                "The method is not allowed for the requested URL.",
            ),
            Some((true, function, names)) => {
                let done = of.call(&function, Vec::new(), names).await;
                match done.and_then(|value| answer(&value)) {
                    Ok(page) => page,
                    Err(raised) => {
                        of.tell(raised).await;
                        error_page(
                            500,
                            "Internal Server Error",
                            "The server encountered an internal error and was unable to complete your \
                             request.",
                        )
                    }
                }
            }
        };
        of.request = None;
        let at = proc.wall().civil().strftime("%d/%b/%Y %T");
        proc.eprint(format!("{from} - - [{at}] \"{first}\" {code} -\n")).await;
        let status = format!("{code} {}", phrase(code));
        let also = format!("Server: Werkzeug/2.2.3 Python/3.11.2\r\n{also}");
        proc.respond(call, response(&status, &kind, &also, body.as_bytes()));
    }
    Ok(())
}
