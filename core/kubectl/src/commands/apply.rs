//! `kubectl create -f`, `apply`, `replace`: objects of files (kubectl: `cmd/create/create.go`, `cmd/apply/`,
//! `cmd/replace/`).

use kube::resources::Resource;
use kube::rest::Method;
use serde_json::Value;

use super::{LAST_APPLIED, annotation, changing, with_last_applied};
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::help;
use crate::json::{name, namespace};
use crate::manifest::{self, Item};
use crate::merge::three_way;
use crate::output::{DryRun, Format, json::compact, tell};
use crate::select::object_path;
use crate::table::Outcome;

/// The objects of `-f`, with the complaint if there is no `-f`.
async fn files(cli: &Cli) -> Result<(Vec<Item>, Vec<Failure>), Failure> {
    if !cli.matches.changed("filename") {
        return Err(Failure::text("must specify one of -f and -k"));
    }
    manifest::read(cli).await
}

fn collection(item: &Item) -> String {
    item.resource.path(Some(namespace(&item.object)))
}

fn place(item: &Item) -> String {
    object_path(item.resource, namespace(&item.object), name(&item.object))
}

/// `kubectl create -f`; without it, help.
pub(crate) fn create(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        if !cli.matches.changed("filename") {
            cli.err("Error: must specify one of -f and -k\n\n");
            if !cli.args().is_empty() {
                let words = commandline::text::quote(&cli.args().join(" "));
                return cli.usage(format!("unknown command {words}"));
            }
            cli.err(help::command_help(cli.profile, cli.command));
            return Err(Failure::Exit(1));
        }
        if !cli.args().is_empty() {
            return cli.usage(format!("unexpected arguments: [{}]", cli.args().join(" ")));
        }
        let format = Format::of(cli, false)?;
        let (items, mut failures) = manifest::read(cli).await?;
        if items.is_empty() && failures.is_empty() {
            return Err(Failure::text("no objects passed to create"));
        }
        for mut item in items {
            if cli.is_set("save-config") {
                item.object = with_last_applied(&item.object);
            }
            let outcome = one_created(cli, &item).await;
            match outcome {
                Ok(object) => tell(cli, &format, &object, "created")?,
                Err(failure) => failures.push(failure),
            }
        }
        cli.done(failures)
    })
}

async fn one_created(cli: &Cli, item: &Item) -> Result<Value, Failure> {
    if DryRun::of(cli)? == DryRun::Client {
        return Ok(item.object.clone());
    }
    let call = Call::new(Method::Post, collection(item)).body(item.object.clone());
    let call = changing(cli, call, "kubectl-create")?;
    cli.call(call).await.map_err(|failure| failure.when("creating", &item.source))
}

/// `kubectl apply -f`.
pub(crate) fn apply(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        if !cli.args().is_empty() {
            return cli.usage(format!("Unexpected args: [{}]", cli.args().join(" ")));
        }
        let format = Format::of(cli, false)?;
        let (items, mut failures) = files(cli).await?;
        if items.is_empty() && failures.is_empty() {
            return Err(Failure::text("no objects passed to apply"));
        }
        for item in &items {
            match one_applied(cli, item).await {
                Ok((object, done)) => tell(cli, &format, &object, done)?,
                Err(failure) => failures.push(failure),
            }
        }
        cli.done(failures)
    })
}

/// What one object came to and the word for it.
async fn one_applied(cli: &Cli, item: &Item) -> Result<(Value, &'static str), Failure> {
    if name(&item.object).is_empty() {
        let generated = crate::json::text(&item.object, "metadata/generateName");
        return Err(Failure::text(if generated.is_empty() {
            format!(
                "error when retrieving current configuration of:\nresource name may not be empty for \"{}\"",
                item.source
            )
        } else {
            format!("from {generated}: cannot use generate name with apply")
        }));
    }
    let modified = with_last_applied(&item.object);
    let dry_run = DryRun::of(cli)?;
    let current = match cli.call(Call::get(place(item))).await {
        Ok(current) => current,
        Err(failure) if failure.is_not_found() => {
            if dry_run == DryRun::Client {
                return Ok((modified, "created"));
            }
            let call = Call::new(Method::Post, collection(item)).body(modified);
            let call = changing(cli, call, "kubectl-client-side-apply")?;
            let made = cli.call(call).await;
            let object = made.map_err(|failure| failure.when("creating", &item.source))?;
            return Ok((object, "created"));
        }
        Err(failure) => return Err(failure),
    };
    let last = annotation(&current, LAST_APPLIED);
    if dry_run == DryRun::Client {
        return Ok((current, "configured"));
    }
    if last.is_empty() {
        warn(cli, item.resource, name(&item.object));
    }
    let original = serde_json::from_str(last).unwrap_or(Value::Null);
    let patch = three_way(&original, &modified, &current);
    if patch.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok((current, "unchanged"));
    }
    let call = Call::get(place(item)).patch("strategic", patch.clone());
    let call = changing(cli, call, "kubectl-client-side-apply")?;
    let changed = cli.call(call).await.map_err(|failure| {
        let verb = format!(
            "applying patch:\n{}\nto:\nResource: \"{}/{}, Resource={}\", GroupVersionKind: \"{}/{}, Kind={}\"\nName: \
             \"{}\", Namespace: \"{}\"\nfor:",
            compact(&patch),
            item.resource.group,
            item.resource.version,
            item.resource.name,
            item.resource.group,
            item.resource.version,
            item.resource.kind,
            name(&item.object),
            namespace(&item.object)
        );
        failure.when(&verb, &item.source)
    })?;
    Ok((changed, "configured"))
}

/// An object that was not made by `apply`.
fn warn(cli: &Cli, resource: &Resource, name: &str) {
    let group =
        if resource.group.is_empty() { String::new() } else { format!(".{}", resource.group) };
    cli.err(if cli.profile.apply_names_object {
        format!(
            "Warning: resource {}{group}/{name} is missing the {LAST_APPLIED} annotation which is required by kubectl \
             apply. kubectl apply should only be used on resources created declaratively by either kubectl create \
             --save-config or kubectl apply. The missing annotation will be patched automatically.\n",
            resource.name
        )
    } else {
        "Warning: kubectl apply should be used on resource created by either kubectl create --save-config or kubectl \
         apply\n"
            .to_owned()
    });
}

/// `kubectl replace -f`.
pub(crate) fn replace(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        if !cli.args().is_empty() {
            return cli.usage(format!("Unexpected args: [{}]", cli.args().join(" ")));
        }
        let format = Format::of(cli, false)?;
        let (items, mut failures) = files(cli).await?;
        if items.is_empty() && failures.is_empty() {
            return Err(Failure::text("no objects passed to replace"));
        }
        let is_forced = cli.is_set("force");
        if is_forced {
            for item in &items {
                if let Err(failure) = super::delete::away(cli, &place(item)).await {
                    if !failure.is_not_found() {
                        return Err(failure);
                    }
                } else {
                    super::delete::say(
                        cli,
                        item.resource,
                        name(&item.object),
                        namespace(&item.object),
                        "deleted",
                    );
                }
            }
        }
        for mut item in items {
            if cli.is_set("save-config") || !annotation(&item.object, LAST_APPLIED).is_empty() {
                item.object = with_last_applied(&item.object);
            }
            if DryRun::of(cli)? == DryRun::Client {
                tell(cli, &format, &item.object, "replaced")?;
                continue;
            }
            let method = if is_forced { Method::Post } else { Method::Put };
            let path = if is_forced { collection(&item) } else { place(&item) };
            if is_forced {
                crate::json::remove(&mut item.object, "metadata/resourceVersion");
                crate::json::remove(&mut item.object, "metadata/uid");
            }
            let call = Call::new(method, path).body(item.object.clone());
            let call = changing(cli, call, "kubectl-replace")?;
            match cli.call(call).await {
                Ok(object) => tell(cli, &format, &object, "replaced")?,
                Err(failure) => {
                    let verb = if is_forced { "creating" } else { "replacing" };
                    failures.push(failure.when(verb, &item.source));
                }
            }
        }
        cli.done(failures)
    })
}
