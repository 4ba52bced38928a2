//! `kubectl events` (kubectl: `cmd/events/events.go`).

use serde_json::Value;

use super::get::Table;
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::{int, items, text};
use crate::output::{self, Format, age::since};
use crate::table::Outcome;

/// When an event was seen last.
pub(crate) fn last(event: &Value) -> &str {
    let fields = ["lastTimestamp", "eventTime", "firstTimestamp", "metadata/creationTimestamp"];
    fields.iter().map(|field| text(event, field)).find(|time| !time.is_empty()).unwrap_or_default()
}

/// `kubectl events`.
pub(crate) fn events(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        if !cli.args().is_empty() {
            return cli.usage(format!("unexpected arguments: {:?}", cli.args()));
        }
        let wanted = cli.flag("for");
        let object = match wanted.split_once('/') {
            _ if wanted.is_empty() => None,
            Some((kind, name)) => {
                let Some(resource) = kube::resources::Resource::find(kind) else {
                    return crate::select::unknown_kind(cli, kind).await;
                };
                Some((resource.kind, name))
            }
            None => {
                return Err(Failure::text("--for must be in resource/name form"));
            }
        };
        let is_wide = cli.is_set("all-namespaces");
        let path = if is_wide {
            "/api/v1/events".to_owned()
        } else {
            format!("/api/v1/namespaces/{}/events", cli.namespace())
        };
        let list = cli.call(Call::get(path)).await?;
        let types: Vec<String> =
            super::make::split(cli, "types").iter().map(|one| one.to_lowercase()).collect();
        let mut found: Vec<&Value> = items(&list, "items")
            .iter()
            .filter(|event| {
                object.is_none_or(|(kind, name)| {
                    text(event, "involvedObject/kind") == kind
                        && text(event, "involvedObject/name") == name
                })
            })
            .filter(|event| types.is_empty() || types.contains(&text(event, "type").to_lowercase()))
            .collect();
        found.sort_by(|a, b| last(a).cmp(last(b)));
        let format = Format::of(cli, false)?;
        if format != Format::Human {
            let all = found.into_iter().cloned().collect();
            output::print(cli, &format, &output::list(cli, all))?;
            return Ok(0);
        }
        if found.is_empty() {
            cli.out(if is_wide {
                "No events found.\n".to_owned()
            } else {
                format!("No events found in {} namespace.\n", cli.namespace())
            });
            return Ok(0);
        }
        let mut title = vec!["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
        if is_wide {
            title.insert(0, "NAMESPACE");
        }
        let mut rows: Vec<Vec<String>> = vec![title.into_iter().map(str::to_owned).collect()];
        if cli.is_set("no-headers") {
            rows.clear();
        }
        for event in found {
            let seen = since(cli.now(), &serde_json::json!({ "t": last(event) }), "t");
            let count = int(event, "count");
            let seen = if count > 1 {
                format!("{seen} (x{count} over {})", since(cli.now(), event, "firstTimestamp"))
            } else {
                seen
            };
            let kind = text(event, "involvedObject/kind");
            let mut row = vec![
                seen,
                text(event, "type").to_owned(),
                text(event, "reason").to_owned(),
                format!("{kind}/{}", text(event, "involvedObject/name")),
                text(event, "message").trim().to_owned(),
            ];
            if is_wide {
                row.insert(0, text(event, "metadata/namespace").to_owned());
            }
            rows.push(row);
        }
        cli.out(Table::default().lines(&rows));
        Ok(0)
    })
}
