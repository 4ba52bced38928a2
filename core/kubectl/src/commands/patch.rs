//! `kubectl patch` and `scale` (kubectl: `cmd/patch/patch.go`, `cmd/scale/scale.go`).

use serde_json::{Value, json};

use super::changing;
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::from_yaml;
use crate::json::{at, int};
use crate::kubeconfig::go_error;
use crate::output::{DryRun, Format, tell};
use crate::select::{Need, select};
use crate::table::Outcome;

/// `kubectl patch`.
pub(crate) fn patch(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let (given, file) = (cli.flag("patch"), cli.flag("patch-file"));
        let text = match (given, file) {
            ("", "") => {
                return cli.usage(if cli.profile.minor < 20 {
                    "must specify -p to patch"
                } else {
                    "must specify --patch or --patch-file containing the contents of the patch"
                });
            }
            (given, "") => given.to_owned(),
            ("", file) => {
                let read = cli.proc.read_file(file);
                let bytes = read.map_err(|errno| {
                    Failure::text(format!(
                        "unable to read patch file: open {file}: {}",
                        go_error(errno)
                    ))
                })?;
                String::from_utf8_lossy(&bytes).into_owned()
            }
            _ => return cli.usage("cannot specify --patch and --patch-file together"),
        };
        let kind = cli.flag("type");
        if !["json", "merge", "strategic"].contains(&kind) {
            return cli
                .usage(format!("--type must be one of [json merge strategic], not \"{kind}\""));
        }
        let body = from_yaml(&text).map_err(|why| {
            Failure::text(format!("unable to parse {}: {why}", commandline::text::quote(&text)))
        })?;
        let format = Format::of(cli, false)?;
        let mut selection = select(cli, cli.args(), Need::Names).await?;
        for found in std::mem::take(&mut selection.found) {
            if DryRun::of(cli)? == DryRun::Client {
                tell(cli, &format, &found.object, "patched")?;
                continue;
            }
            let call = Call::get(found.path()).patch(kind, body.clone());
            match cli.call(changing(cli, call, "kubectl-patch")?).await {
                Ok(object) => {
                    let same = object == found.object;
                    tell(
                        cli,
                        &format,
                        &object,
                        if same { "patched (no change)" } else { "patched" },
                    )?;
                }
                Err(failure) => selection.failures.push(failure),
            }
        }
        cli.done(selection.failures)
    })
}

/// `kubectl scale`.
pub(crate) fn scale(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        if !cli.matches.changed("replicas") {
            return Err(Failure::text("required flag(s) \"replicas\" not set"));
        }
        let Some(replicas) = cli.flag("replicas").parse::<i64>().ok().filter(|count| *count >= 0)
        else {
            return Err(Failure::text(
                "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
            ));
        };
        let wanted: i64 = cli.flag("current-replicas").parse().unwrap_or(-1);
        let format = Format::of(cli, false)?;
        let mut selection = select(cli, cli.args(), Need::Names).await?;
        if selection.found.is_empty() && selection.failures.is_empty() {
            return Err(Failure::text("no objects passed to scale"));
        }
        for found in std::mem::take(&mut selection.found) {
            if at(&found.object, "spec/replicas").is_null() {
                selection.failures.push(Failure::text(format!(
                    "could not find the requested resource: {} cannot be scaled",
                    found.resource.group_resource()
                )));
                continue;
            }
            let is = int(&found.object, "spec/replicas");
            if wanted >= 0 && is != wanted {
                selection
                    .failures
                    .push(Failure::text(format!("Expected replicas to be {wanted}, was {is}")));
                continue;
            }
            let mut object = found.object.clone();
            if DryRun::of(cli)? != DryRun::Client {
                let body: Value = json!({ "spec": { "replicas": replicas } });
                let call = Call::get(found.path()).patch("merge", body);
                match cli.call(changing(cli, call, "kubectl-scale")?).await {
                    Ok(changed) => object = changed,
                    Err(failure) => {
                        selection.failures.push(failure);
                        continue;
                    }
                }
            }
            tell(cli, &format, &object, "scaled")?;
        }
        cli.done(selection.failures)
    })
}
