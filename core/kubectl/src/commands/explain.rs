//! `kubectl explain`: the fields of kinds (kubectl: `pkg/explain/`). The descriptions are those of [`kube::schema`].

use kube::resources::Resource;
use kube::schema::{self, Field, Shape, Type};

use crate::cli::{Boxed, Call, Cli, Failure};
use crate::table::Outcome;

/// `kubectl explain`.
pub(crate) fn explain(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let [path] = cli.args() else {
            return cli.usage(if cli.args().is_empty() {
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of \
                 supported resources.\n"
            } else {
                "We accept only this format: explain RESOURCE\n"
            });
        };
        let mut steps = path.split('.');
        let word = steps.next().unwrap_or_default();
        let Some(resource) = Resource::find(word) else {
            return crate::select::unknown_kind(cli, word).await;
        };
        cli.call(Call::get("/version")).await?;
        let Some(kind) = schema::kind(resource.kind) else {
            return Err(Failure::text(format!("couldn't find resource for \"{}\"", resource.kind)));
        };
        let mut here: Option<&'static Type> = Some(kind);
        let mut field: Option<&'static Field> = None;
        for step in steps.filter(|step| !step.is_empty()) {
            field = here.and_then(|here| here.field(step));
            let Some(found) = field else {
                return Err(Failure::text(format!("field \"{step}\" does not exist")));
            };
            here = found.shape.object();
        }
        cli.out(shown(cli, resource, kind, field, here));
        Ok(0)
    })
}

fn shown(
    cli: &Cli,
    resource: &Resource,
    kind: &Type,
    field: Option<&Field>,
    here: Option<&'static Type>,
) -> String {
    let newer = cli.profile.minor > 26;
    let mut text = String::new();
    if newer {
        if !resource.group.is_empty() {
            text += &format!("GROUP:      {}\n", resource.group);
        }
        text += &format!("KIND:       {}\nVERSION:    {}\n\n", resource.kind, resource.version);
    } else {
        text += &format!("KIND:     {}\nVERSION:  {}\n\n", resource.kind, resource.api_version());
    }
    let indent = if newer { "    " } else { "     " };
    let description = field.map_or_else(|| kind.description.to_owned(), description);
    if let Some(field) = field {
        let word = word(&field.shape, newer);
        let is_object = here.is_some();
        text += &if newer {
            format!("FIELD: {} {word}\n\n", field.name)
        } else if is_object {
            format!("RESOURCE: {} {word}\n\n", field.name)
        } else {
            format!("FIELD:    {} {word}\n\n", field.name)
        };
    }
    text += &format!("DESCRIPTION:\n{indent}{description}\n");
    if newer || here.is_some() {
        text += "\n";
    }
    let Some(here) = here else { return text };
    text += "FIELDS:\n";
    fields(here, cli.is_set("recursive"), newer, 1, &mut text);
    text
}

/// What a field is for, and whether it is for nothing here.
fn description(field: &Field) -> String {
    let more = if field.is_kept { " Not simulated beyond being kept." } else { "" };
    format!("{}{more}", field.description)
}

/// `<string>`, `<[]Container>`; older releases have one word for all objects.
fn word(shape: &Shape, newer: bool) -> String {
    let word = shape.word();
    if newer || shape.object().is_none() {
        return format!("<{word}>");
    }
    let name = word.trim_start_matches("[]").trim_start_matches("map[string]");
    format!("<{}>", word.replace(name, "Object"))
}

fn fields(kind: &Type, deep: bool, newer: bool, depth: usize, text: &mut String) {
    /// Deeper than this nothing is told: some types hold themselves.
    const DEPTH_MAX: usize = 8;
    for field in &kind.fields {
        let indent = if newer { "  ".repeat(depth) } else { "   ".repeat(depth) };
        let required = match (field.required, newer) {
            (true, true) => " -required-",
            (true, false) if !deep => " -required-",
            _ => "",
        };
        *text += &format!("{indent}{}\t{}{required}\n", field.name, word(&field.shape, newer));
        if deep {
            if let Some(inner) = field.shape.object().filter(|_| depth < DEPTH_MAX) {
                fields(inner, deep, newer, depth + 1, text);
            }
            continue;
        }
        *text += &format!("{indent}  {}\n\n", description(field));
    }
}
