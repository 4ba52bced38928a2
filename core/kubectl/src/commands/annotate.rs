//! `kubectl label`, `annotate` and `taint` (kubectl: `cmd/label/label.go`, `cmd/annotate/annotate.go`, `cmd/taint/`).

use serde_json::{Value, json};

use super::changing;
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::{items, members, text};
use crate::output::{DryRun, Format, object_name, print, tell};
use crate::select::{Need, select};
use crate::table::Outcome;

/// The arguments before the first that changes something.
fn parted(args: &[String]) -> (Vec<String>, Vec<String>) {
    let is_change = |arg: &&String| arg.contains('=') || arg.ends_with('-') && arg.len() > 1;
    let (changes, names): (Vec<&String>, Vec<&String>) = args.iter().partition(is_change);
    (names.into_iter().cloned().collect(), changes.into_iter().cloned().collect())
}

/// `kubectl label` and `kubectl annotate`.
pub(crate) fn annotate(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let is_label = cli.command.name() == "label";
        let (field, word) =
            if is_label { ("labels", "label") } else { ("annotations", "annotation") };
        let (names, changes) = parted(cli.args());
        if names.is_empty() && !cli.matches.changed("filename") {
            return Err(Failure::text(
                "one or more resources must be specified as <resource> <name> or <resource>/<name>",
            ));
        }
        if changes.is_empty() && !cli.is_set("list") {
            return Err(Failure::text(format!("at least one {word} update is required")));
        }
        let mut wanted = json!({});
        for change in &changes {
            match change.split_once('=') {
                Some((key, value)) => {
                    check(is_label, change, key, value)?;
                    wanted[key] = value.into();
                }
                None => wanted[change.trim_end_matches('-')] = Value::Null,
            }
        }
        let format = Format::of(cli, false)?;
        let mut selection = select(cli, &names, Need::Names).await?;
        for found in std::mem::take(&mut selection.found) {
            let own = format!("metadata/{field}");
            let current = |key: &str| -> Option<&str> {
                members(&found.object, &own).find(|(known, _)| *known == key)?.1.as_str()
            };
            if cli.is_set("list") {
                let mut all: Vec<String> = members(&found.object, &own)
                    .map(|(key, value)| format!("{key}={}\n", value.as_str().unwrap_or_default()))
                    .collect();
                all.sort();
                cli.out(all.concat());
                continue;
            }
            if let Some(complaint) = taken(cli, is_label, &wanted, &current) {
                selection.failures.push(Failure::text(complaint));
                continue;
            }
            let before: Vec<(&str, Option<&str>)> =
                members(&wanted, "").map(|(key, _)| (key, current(key))).collect();
            let adds = before
                .iter()
                .any(|(key, is)| !wanted[*key].is_null() && wanted[*key].as_str() != *is);
            let removes = before.iter().any(|(key, is)| wanted[*key].is_null() && is.is_some());
            for (key, is) in &before {
                if is_label && wanted[*key].is_null() && is.is_none() {
                    cli.out(format!("{word} \"{key}\" not found.\n"));
                }
            }
            let done = match (is_label, adds, removes) {
                (false, ..) => "annotated",
                (true, false, false) => "not labeled",
                (true, false, true) if cli.profile.minor > 20 => "unlabeled",
                (true, ..) => "labeled",
            };
            let mut object = found.object.clone();
            if (adds || removes) && DryRun::of(cli)? != DryRun::Client {
                let mut body = json!({ "metadata": {} });
                body["metadata"][field] = wanted.clone();
                let call = Call::get(found.path()).patch("merge", body);
                let manager = if is_label { "kubectl-label" } else { "kubectl-annotate" };
                match cli.call(changing(cli, call, manager)?).await {
                    Ok(changed) => object = changed,
                    Err(failure) => {
                        selection.failures.push(failure);
                        continue;
                    }
                }
            }
            tell(cli, &format, &object, done)?;
        }
        cli.done(selection.failures)
    })
}

/// What would be overwritten though nobody has asked for it.
fn taken<'a>(
    cli: &Cli,
    is_label: bool,
    wanted: &Value,
    current: &dyn Fn(&str) -> Option<&'a str>,
) -> Option<String> {
    if cli.is_set("overwrite") {
        return None;
    }
    let texts: Vec<String> = members(wanted, "")
        .filter(|(_, value)| !value.is_null())
        .filter_map(|(key, value)| {
            let is = current(key).filter(|is| Some(*is) != value.as_str())?;
            Some(format!("'{key}' already has a value ({is})"))
        })
        .collect();
    if texts.is_empty() {
        return None;
    }
    Some(if is_label {
        format!("{}, and --overwrite is false", texts[0])
    } else {
        format!(
            "--overwrite is false but found the following declared annotation(s): {}",
            texts.join(", ")
        )
    })
}

fn check(is_label: bool, change: &str, key: &str, value: &str) -> Result<(), Failure> {
    let is_word = |text: &str| {
        let inner = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
        let outer = |char: char| char.is_ascii_alphanumeric();
        text.len() <= 63
            && text.chars().all(inner)
            && text.starts_with(outer)
            && text.ends_with(outer)
    };
    let name = key.rsplit('/').next().unwrap_or_default();
    if !is_word(name) {
        return Err(Failure::text(format!("invalid label spec: {change}")));
    }
    if is_label && !value.is_empty() && !is_word(value) {
        return Err(Failure::text(format!(
            "invalid label value: \"{change}\": a valid label must be an empty string or consist of alphanumeric \
             characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or \
             'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
        )));
    }
    Ok(())
}

/// `kubectl taint`.
pub(crate) fn taint(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let (names, changes) = {
            let is_change =
                |arg: &&String| arg.contains(':') || arg.contains('=') || arg.ends_with('-');
            let (changes, names): (Vec<&String>, Vec<&String>) =
                cli.args().iter().partition(is_change);
            (names.into_iter().cloned().collect::<Vec<_>>(), changes)
        };
        if changes.is_empty() {
            return Err(Failure::text("at least one taint update is required"));
        }
        let mut selection = select(cli, &names, Need::Names).await?;
        for found in std::mem::take(&mut selection.found) {
            let mut taints = items(&found.object, "spec/taints").to_vec();
            let mut done = "tainted";
            for change in &changes {
                let gone = change.strip_suffix('-');
                let spec = gone.unwrap_or(change);
                let (pair, effect) = spec.split_once(':').unwrap_or((spec, ""));
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                let is_same = |taint: &Value| {
                    text(taint, "key") == key
                        && (effect.is_empty() || text(taint, "effect") == effect)
                };
                let had = taints.iter().any(is_same);
                if gone.is_some() {
                    if !had {
                        selection
                            .failures
                            .push(Failure::text(format!("taint \"{spec}\" not found")));
                    }
                    taints.retain(|taint| !is_same(taint));
                    done = "untainted";
                    continue;
                }
                if !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) {
                    return Err(Failure::text(format!("unknown taint spec: {change}")));
                }
                if had && !cli.is_set("overwrite") {
                    return Err(Failure::text(format!(
                        "node {} already has {key} taint(s) with same effect(s) and --overwrite is false",
                        found.name
                    )));
                }
                taints.retain(|taint| !is_same(taint));
                let mut taint = json!({ "key": key, "effect": effect });
                if !value.is_empty() {
                    taint["value"] = value.into();
                }
                taints.push(taint);
            }
            if !selection.failures.is_empty() {
                continue;
            }
            let body = json!({ "spec": { "taints": taints } });
            let object = cli.call(Call::get(found.path()).patch("merge", body)).await?;
            if cli.flag("output").is_empty() {
                cli.out(format!("{} {done}\n", object_name(&object)));
            } else {
                print(cli, &Format::of(cli, false)?, &object)?;
            }
        }
        cli.done(selection.failures)
    })
}
