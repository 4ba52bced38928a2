//! `kubectl edit`: an object in an editor (kubectl: `cmd/util/editor/editoptions.go`).

use os::terminal::Editor;
use serde_json::{Value, json};

use super::changing;
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::from_yaml;
use crate::json::{items, text};
use crate::merge::two_way;
use crate::output::{self, json, object_name, yaml};
use crate::select::{Found, Need, select};
use crate::table::Outcome;

const HEADER: &str = "\
# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
";

/// Lines without comments.
fn plain(content: &str) -> String {
    let lines = content.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

/// An object without what only the server writes.
fn without_managed(object: &Value) -> Value {
    let mut object = object.clone();
    crate::json::remove(&mut object, "metadata/managedFields");
    object
}

/// `kubectl edit`.
pub(crate) fn edit(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let is_json = match cli.flag("output") {
            "" | "yaml" => false,
            "json" => true,
            other => {
                return cli
                    .usage(format!("The flag 'output' must be one of yaml|json, not \"{other}\""));
            }
        };
        let selection = select(cli, cli.args(), Need::Lists).await?;
        Failure::all(selection.failures)?;
        if selection.found.is_empty() {
            return Err(Failure::text("edit cancelled, no objects found"));
        }
        let objects: Vec<Value> =
            selection.found.iter().map(|found| without_managed(&found.object)).collect();
        let original = match &objects[..] {
            [object] => object.clone(),
            _ => json!({ "apiVersion": "v1", "items": objects, "kind": "List", "metadata": {} }),
        };
        let print = if is_json { json::print } else { yaml::print };
        let end = if is_json { "json" } else { "yaml" };
        let first = print(&original);
        let number = cli.proc.random(4).iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        let path = format!("/tmp/kubectl-edit-{number}.{end}");
        let (mut shown, mut reasons, mut before) = (first.clone(), String::new(), None);
        loop {
            let content = format!("{HEADER}{reasons}{shown}");
            let edited = session(cli, &path, &content).await?;
            if before.as_ref() == Some(&plain(&edited)) {
                cli.err("error: Edit cancelled, no valid changes were saved.\n");
                cli.err(format!("A copy of your changes has been stored to \"{path}\"\n"));
                return Err(Failure::Exit(1));
            }
            if plain(&edited) == plain(&first) {
                let _ = cli.proc.remove_file(&path);
                cli.err("Edit cancelled, no changes made.\n");
                return Ok(0);
            }
            if plain(&edited).trim().is_empty() {
                let _ = cli.proc.remove_file(&path);
                cli.err("Edit cancelled, saved file was empty.\n");
                return Ok(0);
            }
            before = Some(plain(&edited));
            shown = plain(&edited);
            match from_yaml(&edited) {
                Err(why) => {
                    reasons = format!(
                        "# The edited file had a syntax error: error parsing edited-file: error converting YAML to JSON: {why}\n#\n"
                    );
                }
                Ok(value) => {
                    let parts = if value.get("items").is_some() {
                        items(&value, "items").to_vec()
                    } else {
                        vec![value]
                    };
                    reasons = send(cli, &selection.found, &parts).await?;
                    if reasons.is_empty() {
                        let _ = cli.proc.remove_file(&path);
                        return Ok(0);
                    }
                }
            }
        }
    })
}

/// Lets a person change a file's text; the text as it is then.
async fn session(cli: &Cli, path: &str, content: &str) -> Result<String, Failure> {
    let variables = ["KUBE_EDITOR", "EDITOR"].iter().filter_map(|name| cli.proc.env(name));
    let editor =
        variables.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| "vi".to_owned());
    let failed = |errno: os::Errno| Failure::text(crate::kubeconfig::go_error(errno));
    cli.proc.write_file(path, content.as_bytes()).map_err(failed)?;
    cli.flush().await;
    let word = editor.split_whitespace().next().unwrap_or_default();
    let program = word.rsplit('/').next().unwrap_or_default().to_owned();
    let editor = Editor { program, path: path.to_owned(), text: content.to_owned() };
    let edited =
        cli.proc.edit(editor).await.map_err(|errno| {
            Failure::text(format!("there was a problem with the editor: {errno}"))
        })?;
    let edited = edited.unwrap_or_else(|| content.to_owned());
    cli.proc.write_file(path, edited.as_bytes()).map_err(failed)?;
    Ok(edited)
}

/// Sends what was changed; what the server did not like, as comments.
async fn send(cli: &Cli, originals: &[Found], edited: &[Value]) -> Result<String, Failure> {
    let mut reasons = String::new();
    for object in edited {
        let place =
            |value: &Value| (text(value, "kind").to_owned(), crate::json::name(value).to_owned());
        let Some(original) = originals.iter().find(|one| place(&one.object) == place(object))
        else {
            return Err(Failure::text("At least one of apiVersion, kind and name was changed"));
        };
        let patch = two_way(&without_managed(&original.object), object);
        if patch.as_object().is_some_and(serde_json::Map::is_empty) {
            cli.out(format!("{} skipped\n", object_name(object)));
            continue;
        }
        let call = Call::get(original.path()).patch("strategic", patch);
        match cli.call(changing(cli, call, "kubectl-edit")?).await {
            Ok(changed) => output::tell(cli, &output::Format::Human, &changed, "edited")?,
            Err(Failure::Status(status)) => {
                let name = format!("{} \"{}\"", original.resource.group_resource(), original.name);
                let reason = text(&status, "reason");
                if reason == "NotFound" {
                    cli.err(format!("error: {name} could not be found on the server\n"));
                    return Err(Failure::Exit(1));
                }
                let word =
                    if reason == "Invalid" { "was not valid" } else { "could not be patched" };
                cli.err(format!("error: {name} is invalid\n"));
                reasons += &format!("# {name} {word}:\n");
                let causes = items(&status, "details/causes");
                for cause in causes {
                    reasons +=
                        &format!("# * {}: {}\n", text(cause, "field"), text(cause, "message"));
                }
                if causes.is_empty() {
                    reasons += &format!("# * {}\n", text(&status, "message"));
                }
                reasons += "#\n";
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(reasons)
}
