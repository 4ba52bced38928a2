//! `docker events`.

use daemon::api::{EventLine, Request, Response};
use daemon::client::unexpected;
use os::Signal;
use os::process::Disposition;
use serde_json::{Value as Json, json};
use sim::Duration;

use super::filters;
use super::logs::moment;
use crate::cli::{Cli, Failure};
use crate::output::template::{Format, value};
use crate::output::time::rfc3339_fixed;
use crate::table::Outcome;

/// Between two questions.
const POLL: Duration = Duration::from_millis(100);

/// `docker events`.
pub(crate) async fn events(cli: &Cli) -> Outcome {
    let since = cli.flag("since").map(|text| moment(cli, text)).transpose()?;
    let until = cli.flag("until").map(|text| moment(cli, text)).transpose()?;
    let started = cli.proc.now();
    cli.proc.on_signal(Signal::Interrupt, Disposition::Catch);
    let mut cursor = None;
    loop {
        // Without a beginning only what happens from now on is told.
        let from = since.or(Some(started));
        let request = Request::Events { since: from, cursor, filters: filters(cli) };
        let (events, next) = match cli.client.ask(request).await {
            Ok(Response::Events { events, cursor }) => (events, cursor),
            Ok(other) => return Err(Failure::Api(unexpected(&other))),
            Err(error) => return Err(Failure::Api(error)),
        };
        cursor = Some(next);
        for event in events.iter().filter(|event| until.is_none_or(|at| event.at <= at)) {
            let line = line(cli, event)?;
            cli.out(format!("{line}\n")).await;
        }
        if until.is_some_and(|at| cli.proc.now() >= at) {
            return Ok(0);
        }
        if cli.proc.sleep(POLL).await.is_err() {
            return Err(Failure::Status(String::new(), 130));
        }
    }
}

fn line(cli: &Cli, event: &EventLine) -> Result<String, Failure> {
    let Some(format) = cli.flag("format").filter(|format| !format.is_empty()) else {
        let pairs: Vec<String> =
            event.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let pairs =
            if pairs.is_empty() { String::new() } else { format!(" ({})", pairs.join(", ")) };
        let at = rfc3339_fixed(event.at);
        return Ok(format!("{at} {} {} {}{pairs}", event.kind, event.action, event.id));
    };
    let nanos = event.at.unix_nanos();
    let json: Json = json!({
        "status": event.action,
        "id": event.id,
        "from": event.attributes.get("image"),
        "Type": event.kind,
        "Action": event.action,
        "Actor": {"ID": event.id, "Attributes": event.attributes},
        "scope": event.scope,
        "time": event.at.unix_secs(),
        "timeNano": nanos,
    });
    if format == "json" {
        return Ok(json.to_string());
    }
    let mut typed = json.clone();
    for (member, from) in [("ID", "id"), ("Status", "status"), ("Time", "time")] {
        typed[member] = json[from].clone();
    }
    typed["TimeNano"] = nanos.into();
    Format::new(format).over(&typed, &json).execute(&value(&typed)).map_err(|message| {
        Failure::Status(format!("{} parsing error: {message}", cli.profile.template_word), 64)
    })
}
