//! `-o custom-columns`: titles and paths (kubectl: `cmd/get/customcolumn.go`).

use commandline::tab::{Cells, align};
use serde_json::Value;

use super::jsonpath;
use crate::cli::Failure;

/// The cells of kubectl's tables.
pub(crate) const CELLS: Cells = Cells { min: 6, padding: 3 };

/// `NAME:.metadata.name,IMAGE:.spec.containers[*].image`.
///
/// # Errors
/// A column without a path.
pub(crate) fn of(spec: &str) -> Result<Vec<(String, String)>, Failure> {
    if spec.is_empty() {
        return Err(Failure::text("custom-columns format specified but no custom columns given"));
    }
    spec.split(',')
        .map(|part| match part.split_once(':') {
            Some((title, path)) => {
                let path = jsonpath::relaxed(path).map_err(Failure::text)?;
                Ok((title.to_owned(), path))
            }
            None => Err(Failure::text(format!(
                "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
            ))),
        })
        .collect()
}

/// A line of titles and a line of paths.
///
/// # Errors
/// Not as many paths as titles.
pub(crate) fn of_file(content: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut lines = content.lines();
    let titles: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    let paths: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    if titles.len() != paths.len() {
        let (titles, paths) = (titles.len(), paths.len());
        return Err(Failure::text(format!(
            "number of headers ({titles}) and field specifications ({paths}) don't match"
        )));
    }
    let pairs = titles.iter().zip(paths).map(|(title, path)| format!("{title}:{path}"));
    of(&pairs.collect::<Vec<_>>().join(","))
}

/// The columns' titles.
pub(crate) fn titles(columns: &[(String, String)]) -> Vec<String> {
    columns.iter().map(|(title, _)| title.clone()).collect()
}

/// A row for each object.
///
/// # Errors
/// A path that does not fit an object.
pub(crate) fn rows(
    columns: &[(String, String)],
    objects: &[Value],
) -> Result<Vec<Vec<String>>, Failure> {
    let cell = |object: &Value, path: &str| {
        let found = jsonpath::results(path, object)?;
        let texts: Vec<String> = found.into_iter().map(jsonpath::shown).collect();
        Ok(if texts.is_empty() { "<none>".to_owned() } else { texts.join(",") })
    };
    let row = |object: &Value| columns.iter().map(|(_, path)| cell(object, path)).collect();
    objects.iter().map(row).collect()
}

/// The table.
///
/// # Errors
/// As [`rows`].
pub(crate) fn print(
    columns: &[(String, String)],
    objects: &[Value],
    has_title: bool,
) -> Result<String, Failure> {
    let title = has_title.then(|| titles(columns));
    let rows = title.into_iter().chain(rows(columns, objects)?);
    let lines: String = rows.map(|row| row.join("\t") + "\n").collect();
    Ok(if lines.is_empty() { lines } else { align(&lines, CELLS) })
}
