//! `kubectl wait` (kubectl: `cmd/wait/wait.go`).

use serde_json::Value;
use sim::Duration;

use super::POLL;
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::{items, text};
use crate::output::jsonpath;
use crate::select::{Need, select};
use crate::table::Outcome;

/// What is awaited.
enum Awaited {
    Deleted,
    Created,
    Condition(String, String),
    Path(String, Option<String>),
}

fn awaited(given: &str) -> Result<Awaited, Failure> {
    let lower = given.to_lowercase();
    if lower == "delete" {
        return Ok(Awaited::Deleted);
    }
    if lower == "create" {
        return Ok(Awaited::Created);
    }
    if let Some(condition) = given.strip_prefix("condition=") {
        let (name, value) = condition.split_once('=').unwrap_or((condition, "true"));
        return Ok(Awaited::Condition(name.to_owned(), value.to_owned()));
    }
    if let Some(path) = given.strip_prefix("jsonpath=") {
        let path = path.trim_matches(['\'', '"']);
        let (path, value) = match path.rsplit_once("}=") {
            Some((path, value)) => {
                (format!("{path}}}"), Some(value.trim_matches(['\'', '"']).to_owned()))
            }
            None => (path.to_owned(), None),
        };
        return Ok(Awaited::Path(jsonpath::relaxed(&path).map_err(Failure::text)?, value));
    }
    Err(Failure::text(format!("unrecognized condition: \"{given}\"")))
}

fn is_met(awaited: &Awaited, object: &Value) -> Result<bool, Failure> {
    Ok(match awaited {
        Awaited::Deleted => false,
        Awaited::Created => true,
        Awaited::Condition(name, value) => {
            items(object, "status/conditions").iter().any(|condition| {
                text(condition, "type").eq_ignore_ascii_case(name)
                    && text(condition, "status").eq_ignore_ascii_case(value)
            })
        }
        Awaited::Path(path, value) => {
            let found = jsonpath::results(path, object)?;
            match value {
                Some(value) => found.first().is_some_and(|found| jsonpath::shown(found) == *value),
                None => !found.is_empty(),
            }
        }
    })
}

/// `kubectl wait`.
pub(crate) fn wait(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let awaited = awaited(cli.flag("for"))?;
        let limit = Duration::parse(cli.flag("timeout")).unwrap_or_default();
        let limit = if limit.as_nanos() == 0 { Duration::from_secs(0) } else { limit };
        let end = cli.proc.now() + limit;
        let mut selection = select(cli, cli.args(), Need::Names).await?;
        while matches!(awaited, Awaited::Created)
            && selection.found.is_empty()
            && selection.failures.iter().all(Failure::is_not_found)
            && cli.proc.now() < end
        {
            if cli.proc.sleep(POLL).await.is_err() {
                return Err(Failure::Exit(130));
            }
            selection = select(cli, cli.args(), Need::Names).await?;
        }
        if matches!(awaited, Awaited::Deleted) {
            selection.failures.retain(|failure| !failure.is_not_found());
        }
        if selection.found.is_empty()
            && selection.failures.is_empty()
            && !matches!(awaited, Awaited::Deleted)
        {
            return Err(Failure::text("no matching resources found"));
        }
        for found in std::mem::take(&mut selection.found) {
            let mut object = found.object.clone();
            loop {
                let is_over = match &awaited {
                    Awaited::Deleted => object.is_null(),
                    other => is_met(other, &object)?,
                };
                if is_over {
                    cli.out(format!("{} condition met\n", found.shown()));
                    break;
                }
                if cli.proc.now() >= end {
                    selection.failures.push(Failure::text(format!(
                        "timed out waiting for the condition on {}/{}",
                        found.resource.name, found.name
                    )));
                    break;
                }
                if cli.proc.sleep(POLL).await.is_err() {
                    return Err(Failure::Exit(130));
                }
                object = match cli.call(Call::get(found.path())).await {
                    Ok(object) if crate::json::uid(&object) != crate::json::uid(&found.object) => {
                        Value::Null
                    }
                    Ok(object) => object,
                    Err(failure) if failure.is_not_found() => Value::Null,
                    Err(failure) => return Err(failure),
                };
                if object.is_null() && !matches!(awaited, Awaited::Deleted) {
                    selection.failures.push(Failure::text(format!(
                        "{} was deleted while it was awaited",
                        found.shown()
                    )));
                    break;
                }
            }
        }
        cli.done(selection.failures)
    })
}
