//! `kubectl get`: tables, objects, watching (kubectl: `cmd/get/get.go`).

use kube::resources::Resource;
use serde_json::Value;

use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::{at, members, text};
use crate::output::{self, Format, columns::CELLS, jsonpath};
use crate::printers::{self, Look};
use crate::select::{Found, Need, select};
use crate::table::Outcome;

/// A table whose columns keep their widths from one writing to the next.
#[derive(Debug, Default)]
pub(crate) struct Table {
    widths: Vec<usize>,
}

impl Table {
    /// The lines of some rows.
    pub(crate) fn lines(&mut self, rows: &[Vec<String>]) -> String {
        for row in rows {
            self.widths.resize(self.widths.len().max(row.len()), CELLS.min);
            // The last cell of a row is in no column (Go: `text/tabwriter`).
            let last = row.len().saturating_sub(1);
            for (width, cell) in self.widths.iter_mut().zip(&row[..last]) {
                *width = (*width).max(cell.chars().count() + CELLS.padding);
            }
        }
        let mut text = String::new();
        for row in rows {
            for (index, cell) in row.iter().enumerate() {
                text.push_str(cell);
                if index + 1 < row.len() {
                    let blanks = self.widths[index].saturating_sub(cell.chars().count());
                    text.extend(std::iter::repeat_n(' ', blanks));
                }
            }
            text.push('\n');
        }
        text
    }
}

/// What the rows of a kind have.
pub(super) struct Shape<'a> {
    cli: &'a Cli,
    columns: Vec<&'static printers::Column>,
    kind_prefix: String,
    has_namespace: bool,
    labels: Vec<&'a str>,
}

impl<'a> Shape<'a> {
    pub(super) fn new(cli: &'a Cli, resource: &Resource, format: &Format, has_kinds: bool) -> Self {
        let columns = printers::columns(resource.kind, *format == Format::Wide, cli.profile);
        let prefix = if has_kinds || cli.is_set("show-kind") {
            let dot = if resource.group.is_empty() { "" } else { "." };
            format!("{}{dot}{}/", resource.singular, resource.group)
        } else {
            String::new()
        };
        let has_namespace = cli.is_set("all-namespaces") && resource.namespaced;
        let labels =
            cli.matches.all("label-columns").iter().flat_map(|all| all.split(',')).collect();
        Self { cli, columns, kind_prefix: prefix, has_namespace, labels }
    }

    pub(super) fn title(&self) -> Vec<String> {
        self.title_of(self.columns.iter().map(|column| column.title))
    }

    /// The titles of these columns, with those that every kind has.
    pub(super) fn title_of<'b>(&self, columns: impl Iterator<Item = &'b str>) -> Vec<String> {
        let mut cells: Vec<String> =
            self.has_namespace.then(|| "NAMESPACE".to_owned()).into_iter().collect();
        cells.extend(columns.map(str::to_owned));
        let last = |label: &&str| label.rsplit('/').next().unwrap_or_default().to_uppercase();
        cells.extend(self.labels.iter().map(last));
        cells.extend(self.cli.is_set("show-labels").then(|| "LABELS".to_owned()));
        cells
    }

    /// A row of an object that has no labels, because it is none of the API's.
    pub(super) fn row_of<'b>(&self, cells: impl Iterator<Item = &'b str>) -> Vec<String> {
        let namespace = self.has_namespace.then(String::new);
        namespace.into_iter().chain(cells.map(str::to_owned)).collect()
    }

    pub(super) fn row(&self, object: &Value) -> Vec<String> {
        let look = Look { now: self.cli.now(), profile: self.cli.profile };
        let mut cells = Vec::new();
        if self.has_namespace {
            cells.push(text(object, "metadata/namespace").to_owned());
        }
        for column in &self.columns {
            let cell = column.show(&look, object);
            let prefix = if column.title == "NAME" { self.kind_prefix.as_str() } else { "" };
            cells.push(format!("{prefix}{cell}"));
        }
        let labels = at(object, "metadata/labels");
        let label =
            |name: &&str| labels.get(*name).and_then(Value::as_str).unwrap_or_default().to_owned();
        cells.extend(self.labels.iter().map(label));
        if self.cli.is_set("show-labels") {
            cells.push(all_labels(labels));
        }
        cells
    }
}

fn all_labels(labels: &Value) -> String {
    let mut all: Vec<String> = members(labels, "")
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    all.sort();
    if all.is_empty() { "<none>".to_owned() } else { all.join(",") }
}

/// Sorts by what a path finds: numbers as numbers, everything else as texts.
fn sort(found: &mut [Found], path: &str) -> Result<(), Failure> {
    let path = jsonpath::relaxed(path).map_err(Failure::text)?;
    let mut keys: Vec<(i64, String, Found)> = Vec::new();
    let mut is_known = found.is_empty();
    for one in found.iter() {
        let value = jsonpath::results(&path, &one.object)?.first().copied().cloned();
        is_known |= value.is_some();
        let value = value.unwrap_or(Value::Null);
        let text = value.as_str().unwrap_or_default().to_owned();
        keys.push((value.as_i64().unwrap_or_default(), text, one.clone()));
    }
    if !is_known {
        let path = path.trim_matches(['{', '}']).trim_start_matches('.');
        return Err(Failure::text(format!(
            "couldn't find any field with path \"{{.{path}}}\" in the list of objects"
        )));
    }
    keys.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    for (place, (_, _, one)) in found.iter_mut().zip(keys) {
        *place = one;
    }
    Ok(())
}

/// `kubectl get`.
pub(crate) fn get(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let raw = cli.flag("raw");
        if !raw.is_empty() {
            let body = cli.call(Call::get(raw)).await?;
            let text = body.as_str().map_or_else(|| output::json::compact(&body), str::to_owned);
            cli.out(text + "\n");
            return Ok(0);
        }
        let format = Format::of(cli, true)?;
        if cli.args().is_empty() && !cli.matches.changed("filename") {
            cli.err(
                "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of \
                 supported resources.\n\n",
            );
            return cli.usage(
                "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that \
                 resource (e.g. kubectl explain pods).",
            );
        }
        let mut selection = select(cli, cli.args(), Need::Lists).await?;
        if cli.is_set("ignore-not-found") {
            selection.failures.retain(|failure| !failure.is_not_found());
        }
        if !cli.flag("sort-by").is_empty() {
            sort(&mut selection.found, cli.flag("sort-by"))?;
        }
        if cli.is_set("watch") || cli.is_set("watch-only") {
            Failure::all(selection.failures)?;
            return super::watch::watch(cli, &format, &selection.found, &selection.version).await;
        }
        if format.is_table() {
            tables(cli, &format, &selection.found, selection.has_kinds);
            let is_quiet = cli.is_set("ignore-not-found");
            if selection.found.is_empty() && selection.failures.is_empty() && !is_quiet {
                if selection.is_namespaced && !cli.is_set("all-namespaces") {
                    cli.err(format!("No resources found in {} namespace.\n", cli.namespace()));
                } else {
                    cli.err("No resources found\n");
                }
            }
        } else {
            let mut objects: Vec<Value> =
                selection.found.into_iter().map(|found| found.object).collect();
            if cli.is_set("export") {
                cli.err(
                    "Flag --export has been deprecated, This flag is deprecated and will be removed in future.\n",
                );
                objects.iter_mut().for_each(export);
            }
            if selection.is_single {
                if let Some(object) = objects.first() {
                    output::print(cli, &format, object)?;
                }
            } else if !objects.is_empty() || selection.failures.is_empty() {
                output::print(cli, &format, &output::list(cli, objects))?;
            }
        }
        cli.done(selection.failures)
    })
}

/// Takes away what is the cluster's (apiserver: `exportObjectMeta`).
fn export(object: &mut Value) {
    for field in ["uid", "namespace", "resourceVersion"] {
        crate::json::remove(object, &format!("metadata/{field}"));
    }
    crate::json::put(object, "metadata/creationTimestamp", Value::Null);
    if object["status"].is_object() {
        let quality = object["status"]["qosClass"].take();
        let is_pod = text(object, "kind") == "Pod";
        let fresh = serde_json::json!({ "phase": "Pending", "qosClass": quality });
        object["status"] = if is_pod { fresh } else { serde_json::json!({}) };
    }
}

/// One table for each kind.
fn tables(cli: &Cli, format: &Format, found: &[Found], has_kinds: bool) {
    let mut rest = found;
    let mut is_first = true;
    while let Some(first) = rest.first() {
        let count = rest.iter().take_while(|one| one.resource.kind == first.resource.kind).count();
        let shape = Shape::new(cli, first.resource, format, has_kinds);
        let mut rows: Vec<Vec<String>> =
            (!cli.is_set("no-headers")).then(|| shape.title()).into_iter().collect();
        rows.extend(rest[..count].iter().map(|one| shape.row(&one.object)));
        if !is_first && !cli.is_set("no-headers") {
            cli.out("\n");
        }
        cli.out(Table::default().lines(&rows));
        is_first = false;
        rest = &rest[count..];
    }
}
