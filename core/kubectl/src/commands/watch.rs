//! `kubectl get --watch` (kubectl: `cmd/get/get.go`, `watch`).

use kube::resources::Resource;
use kube::rest::{CONNECTION_LOST, StreamEvent};
use serde_json::{Value, json};

use super::get::{Shape, Table};
use crate::cli::{Call, Cli, Failure};
use crate::json::{at, text};
use crate::output::{self, Format, columns};
use crate::select::Found;
use crate::table::Outcome;

/// More than one kind cannot be watched.
const ONE_KIND: &str = "watch is only supported on individual resources and resource collections - more than 1 resource was found";

/// What has been printed of a watch.
struct Printer<'a> {
    cli: &'a Cli,
    format: &'a Format,
    shape: Shape<'a>,
    table: Table,
    /// What the last title was for: another one needs a title of its own.
    titled: Option<&'static str>,
    has_events: bool,
    is_first: bool,
}

impl Printer<'_> {
    /// A title, unless it stands there already or nobody wants one.
    fn needs_title(&mut self, kind: &'static str) -> bool {
        self.titled.replace(kind) != Some(kind) && !self.cli.is_set("no-headers")
    }

    /// Objects, each with what has happened to it: `ADDED`, `MODIFIED`, `DELETED`, `ERROR`.
    fn show(&mut self, all: &[(&str, &Value)]) -> Result<(), Failure> {
        if self.format.is_table() {
            self.show_table(all);
            return Ok(());
        }
        all.iter().try_for_each(|(event, object)| self.show_object(event, object))
    }

    fn show_table(&mut self, all: &[(&str, &Value)]) {
        let mut rows = Vec::new();
        for (event, object) in all {
            // Whatever else comes is an object of the kind that is watched.
            let is_status = text(object, "kind") == "Status";
            if self.needs_title(if is_status { "Status" } else { "" }) {
                let title = match is_status {
                    true => self.shape.title_of(["STATUS", "REASON", "MESSAGE"].into_iter()),
                    false => self.shape.title(),
                };
                rows.push(("EVENT", title));
            }
            let row = match is_status {
                true => {
                    let fields = ["status", "reason", "message"];
                    self.shape.row_of(fields.iter().map(|field| text(object, field)))
                }
                false => self.shape.row(object),
            };
            rows.push((*event, row));
        }
        let rows = rows.into_iter().map(|(event, mut row)| {
            if self.has_events {
                row.insert(0, event.to_owned());
            }
            row
        });
        let rows: Vec<Vec<String>> = rows.collect();
        self.cli.out(self.table.lines(&rows));
    }

    fn show_object(&mut self, event: &str, object: &Value) -> Result<(), Failure> {
        let wrapped = json!({ "type": event, "object": object });
        let shown = if self.has_events { &wrapped } else { object };
        let is_first = std::mem::take(&mut self.is_first);
        match self.format {
            Format::Name => output::print(self.cli, self.format, object),
            Format::Json if self.has_events => {
                let object = output::json::compact(object);
                self.cli.out(format!("{{\"type\":\"{event}\",\"object\":{object}}}\n"));
                Ok(())
            }
            Format::Columns(columns) => {
                let is_status = text(shown, "kind") == "Status";
                let has_title = self.needs_title(if is_status { "Status" } else { "" });
                let mut rows = columns::rows(columns, std::slice::from_ref(shown))?;
                if has_title {
                    rows.insert(0, columns::titles(columns));
                }
                self.cli.out(self.table.lines(&rows));
                Ok(())
            }
            _ => {
                if *self.format == Format::Yaml && !is_first {
                    self.cli.out("---\n");
                }
                output::print(self.cli, self.format, shown)
            }
        }
    }
}

/// Nobody is at the other end of a watch any more: that comes as if it had been an object (client-go: `StreamWatcher`,
/// `NewClientErrorReporter`).
fn connection_lost(mut why: Value) -> Value {
    why["message"] = Value::String(format!(
        "an error on the server (\"unable to decode an event from the watch stream: {CONNECTION_LOST}\") has prevented the request from succeeding"
    ));
    why
}

/// `-w`: what there is, then what changes, until Ctrl-C.
pub(super) async fn watch(cli: &Cli, format: &Format, found: &[Found], version: &str) -> Outcome {
    let args = cli.args();
    let word = args.first().map_or("", |arg| arg.split('/').next().unwrap_or_default());
    let resource = found.first().map(|one| one.resource).or_else(|| Resource::find(word));
    let Some(resource) = resource.filter(|_| !word.contains(',') && word != "all") else {
        return Err(Failure::text(ONE_KIND));
    };
    let named = args.len() > 1 || args.first().is_some_and(|arg| arg.contains('/'));
    if named && found.len() > 1 {
        return Err(Failure::text(ONE_KIND));
    }
    let mut printer = Printer {
        cli,
        format,
        shape: Shape::new(cli, resource, format, false),
        table: Table::default(),
        titled: None,
        has_events: cli.is_set("output-watch-events"),
        is_first: true,
    };
    if !cli.is_set("watch-only") && !found.is_empty() {
        let all: Vec<(&str, &Value)> = found.iter().map(|one| ("ADDED", &one.object)).collect();
        printer.show(&all)?;
    }
    let namespace = (!cli.is_set("all-namespaces")).then(|| cli.namespace());
    let single = found.first().filter(|_| named);
    let version = single.map_or(version, |one| text(&one.object, "metadata/resourceVersion"));
    let fields = single.map_or_else(
        || cli.flag("field-selector").to_owned(),
        |one| format!("metadata.name={}", one.name),
    );
    let call = Call::get(resource.path(namespace))
        .with("watch", "true")
        .with("resourceVersion", version)
        .with("labelSelector", cli.flag("selector"))
        .with("fieldSelector", fields);
    let stream = cli.open(call).await?;
    while let Some(events) = stream.next().await? {
        for event in events {
            match event {
                StreamEvent::Change(change) if text(&change, "type") == "ERROR" => {
                    return Err(Failure::Status(at(&change, "object").clone()));
                }
                StreamEvent::Change(change) => {
                    printer.show(&[(text(&change, "type"), at(&change, "object"))])?;
                }
                // A stream that breaks off ends a watch like one that ends.
                StreamEvent::Ended(why) if text(&why, "message") == CONNECTION_LOST => {
                    printer.show(&[("ERROR", &connection_lost(why))])?;
                    return Ok(0);
                }
                StreamEvent::Ended(_) => return Ok(0),
                _ => {}
            }
        }
    }
    Ok(0)
}
