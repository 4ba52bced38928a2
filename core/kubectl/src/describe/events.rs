//! The table of events below a description.

use commandline::tab::{Cells, align};
use serde_json::{Value, json};

use crate::cli::Cli;
use crate::commands::events::last;
use crate::json::{int, text};
use crate::output::age::since;

/// The table of at least one event.
pub(crate) fn table(cli: &Cli, events: &[Value]) -> String {
    let mut events: Vec<&Value> = events.iter().collect();
    events.sort_by(|a, b| last(a).cmp(last(b)));
    let mut lines =
        "Events:\n  Type\tReason\tAge\tFrom\tMessage\n  ----\t------\t----\t----\t-------\n"
            .to_owned();
    for event in events {
        let first =
            if text(event, "firstTimestamp").is_empty() { "eventTime" } else { "firstTimestamp" };
        let first = since(cli.now(), event, first);
        let count = int(event, "count");
        let age = if count > 1 {
            format!(
                "{} (x{count} over {first})",
                since(cli.now(), &json!({ "t": last(event) }), "t")
            )
        } else {
            first
        };
        let source = match text(event, "source/component") {
            "" => text(event, "reportingComponent"),
            source => source,
        };
        lines += &format!(
            "  {}\t{}\t{age}\t{source}\t{}\n",
            text(event, "type"),
            text(event, "reason"),
            text(event, "message").trim()
        );
    }
    align(&lines, Cells { min: 0, padding: 2 })
}
