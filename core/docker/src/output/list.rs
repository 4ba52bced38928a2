//! Lists: a table, a template per row, or identifiers alone (docker/cli:
//! `cli/command/formatter/formatter.go`).

use std::collections::BTreeMap;
use std::sync::Arc;

use gotmpl::Value;

use super::template::Format;
use crate::cli::{Cli, Failure};
use crate::profile::Cells;
use commandline::tab::align;

/// Members that only the table itself uses.
const HIDDEN: [&str; 2] = ["FullID", "Shown"];

/// One row: every member a template may name, with its text.
pub(crate) type Row = Vec<(&'static str, String)>;

/// A list to be shown.
pub(crate) struct List {
    /// The columns of the table: member and title.
    pub(crate) columns: Vec<(&'static str, &'static str)>,
    /// Titles of members that are not columns.
    pub(crate) more_titles: &'static [(&'static str, &'static str)],
    /// What `-q` shows.
    pub(crate) quiet: &'static str,
    /// The rows.
    pub(crate) rows: Vec<Row>,
    /// How wide the cells are.
    pub(crate) cells: Cells,
}

impl List {
    /// Shows the list as `--format` and `--quiet` ask for it.
    ///
    /// # Errors
    /// `template parsing error: ...`.
    pub(crate) async fn show(self, cli: &Cli) -> Result<i32, Failure> {
        let text = self.render(cli).await?;
        cli.out(text).await;
        Ok(0)
    }

    async fn render(&self, cli: &Cli) -> Result<String, Failure> {
        let quiet = cli.is_set("quiet");
        let format = cli.flag("format").filter(|format| !format.is_empty());
        let custom = format.filter(|format| *format != "table");
        if quiet && custom.is_none() {
            return Ok(self.rows.iter().map(|row| member(row, self.quiet) + "\n").collect());
        }
        if quiet && cli.profile.format_json {
            let warning = "WARNING: Ignoring custom format, because both --format and --quiet are \
                           set.\n";
            cli.err(warning).await;
            return Ok(self.rows.iter().map(|row| member(row, self.quiet) + "\n").collect());
        }
        let Some(custom) = custom else { return Ok(self.table()) };
        let source =
            if custom == "json" && cli.profile.format_json { "{{json .}}" } else { custom };
        let is_table = source.starts_with("table");
        let body = source.strip_prefix("table").unwrap_or(source).trim_matches(' ');
        let body = body.replace("\\t", "\t").replace("\\n", "\n");
        let format = Format::new(&body);
        let failed = |text: String| {
            Failure::text(format!("{} parsing error: {text}", cli.profile.template_word))
        };
        let mut lines = String::new();
        if is_table {
            lines += &format.execute(&self.titles()).map_err(failed)?;
            lines.push('\n');
        }
        for row in &self.rows {
            let members = row.iter().filter(|(name, _)| !HIDDEN.contains(name));
            let members = members.map(|(name, text)| (*name, text.as_str()));
            let line = format.execute(&map(members)).map_err(failed)?;
            // Go's `json.Marshal` writes a whole row so that it may stand in HTML.
            lines += &match source == "{{json .}}" {
                true => {
                    line.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
                }
                false => line,
            };
            lines.push('\n');
        }
        Ok(if is_table { align(&lines, self.cells) } else { lines })
    }

    /// The table, whatever was asked for.
    pub(crate) fn table(&self) -> String {
        let titles: Vec<&str> = self.columns.iter().map(|(_, title)| *title).collect();
        let mut lines = titles.join("\t");
        lines.push('\n');
        for row in &self.rows {
            let cells: Vec<String> =
                self.columns.iter().map(|(name, _)| member(row, name)).collect();
            lines += &cells.join("\t");
            lines.push('\n');
        }
        align(&lines, self.cells)
    }

    fn titles(&self) -> Value {
        map(self.columns.iter().chain(self.more_titles).copied())
    }
}

fn member(row: &Row, name: &str) -> String {
    row.iter().find(|(known, _)| *known == name).map(|(_, text)| text.clone()).unwrap_or_default()
}

fn map<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let value = |name: &str, text: &str| match (name, text) {
        // The only members of any row that are no text.
        ("Self" | "Current", "true") => Value::Bool(true),
        ("Self" | "Current", "false") => Value::Bool(false),
        _ => Value::from(text.to_owned()),
    };
    let members: BTreeMap<Arc<str>, Value> =
        members.map(|(name, text)| (Arc::from(name), value(name, text))).collect();
    Value::Map(Arc::new(members))
}
