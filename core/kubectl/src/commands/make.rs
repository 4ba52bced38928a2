//! `kubectl create KIND`: objects from flags (kubectl: `cmd/create/`).

use kube::resources::Resource;
use kube::rest::Method;
use serde_json::{Value, json};

use super::{changing, one_name, with_last_applied};
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::output::{DryRun, Format, tell};
use crate::table::Outcome;

/// The beginning of an object; its namespace is written only if it was given, as kubectl has it.
pub(crate) fn object(
    cli: &Cli,
    api_version: &str,
    kind: &str,
    name: &str,
    namespaced: bool,
) -> Value {
    let mut metadata = json!({});
    if cli.profile.null_timestamps {
        metadata["creationTimestamp"] = Value::Null;
    }
    metadata["name"] = name.into();
    if namespaced && cli.config.is_namespace_given {
        metadata["namespace"] = cli.namespace().into();
    }
    json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata })
}

/// How the failure to create something of a kind is told; kinds not in this list have the server's words alone.
const FAILED: &[(&str, &str)] = &[
    ("Secret", "failed to create secret "),
    ("ConfigMap", "failed to create configmap: "),
    ("ServiceAccount", "failed to create serviceaccount: "),
    ("Deployment", "failed to create deployment: "),
    ("RoleBinding", "failed to create rolebinding: "),
    ("ClusterRoleBinding", "failed to create clusterrolebinding: "),
];

/// Creates an object and tells so.
pub(crate) async fn made(cli: &Cli, object: Value) -> Outcome {
    let format = Format::of(cli, false)?;
    let object = sent(cli, object).await?;
    tell(cli, &format, &object, "created")?;
    Ok(0)
}

/// Creates an object, unless it is only to be shown; as it is then.
pub(crate) async fn sent(cli: &Cli, mut object: Value) -> Result<Value, Failure> {
    if cli.is_set("save-config") {
        object = with_last_applied(&object);
    }
    if DryRun::of(cli)? != DryRun::Client {
        let kind = crate::json::text(&object, "kind").to_owned();
        let version = crate::json::text(&object, "apiVersion").to_owned();
        let Some(resource) = Resource::of(&version, &kind) else {
            return Err(Failure::text(format!(
                "no matches for kind \"{kind}\" in version \"{version}\""
            )));
        };
        let call = Call::new(Method::Post, resource.path(Some(cli.namespace()))).body(object);
        let call = changing(cli, call, "kubectl-create")?;
        object = cli.call(call).await.map_err(|failure| match &failure {
            Failure::Status(status) if cli.profile.says_failed_to_create => {
                let told = FAILED.iter().find(|(known, _)| *known == kind);
                let message = crate::json::text(status, "message");
                told.map_or_else(
                    || failure.clone(),
                    |(_, told)| Failure::text(format!("{told}{message}")),
                )
            }
            _ => failure,
        })?;
    }
    Ok(object)
}

/// `kubectl create namespace`.
pub(crate) fn namespace(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let mut object = object(cli, "v1", "Namespace", one_name(cli)?, false);
        object["spec"] = json!({});
        object["status"] = json!({});
        made(cli, object).await
    })
}

/// `kubectl create serviceaccount`.
pub(crate) fn service_account(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let object = object(cli, "v1", "ServiceAccount", one_name(cli)?, true);
        made(cli, object).await
    })
}

/// `kubectl create token`.
pub(crate) fn token(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let name = one_name(cli)?;
        let mut spec = json!({ "audiences": null });
        if cli.matches.changed("duration") {
            let life = sim::Duration::parse(cli.flag("duration")).unwrap_or_default();
            if life.as_nanos() == 0 {
                return Err(Failure::text("--duration must be positive"));
            }
            spec["expirationSeconds"] = life.as_secs().into();
        }
        let body = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec });
        let path = format!("/api/v1/namespaces/{}/serviceaccounts/{name}/token", cli.namespace());
        let answer = cli.call(Call::new(Method::Post, path).body(body)).await;
        let answer = answer.map_err(|failure| match &failure {
            Failure::Status(status) => {
                let message = crate::json::text(status, "message");
                Failure::text(format!("failed to create token: {message}"))
            }
            _ => failure,
        })?;
        match Format::of(cli, false)? {
            Format::Human => cli.out(format!("{}\n", crate::json::text(&answer, "status/token"))),
            format => crate::output::print(cli, &format, &answer)?,
        }
        Ok(0)
    })
}

/// `kubectl create deployment`.
pub(crate) fn deployment(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let name = one_name(cli)?;
        let images: Vec<String> = split(cli, "image");
        if images.is_empty() {
            return Err(Failure::text("required flag(s) \"image\" not set"));
        }
        let command = cli.matches.dash.map(|dash| cli.args()[dash..].to_vec()).unwrap_or_default();
        if images.len() > 1 && !command.is_empty() {
            return Err(Failure::text("cannot specify multiple --image options and command"));
        }
        let mut deployment = object(cli, "apps/v1", "Deployment", name, true);
        deployment["metadata"]["labels"] = json!({ "app": name });
        let replicas: i64 = cli.flag("replicas").parse().unwrap_or(1);
        let containers: Vec<Value> = images
            .iter()
            .map(|image| {
                let mut container =
                    json!({ "image": image, "name": image_name(image), "resources": {} });
                if !command.is_empty() {
                    container["command"] = json!(command);
                }
                if let Some(port) =
                    cli.matches.get("port").and_then(|port| port.parse::<i64>().ok())
                {
                    container["ports"] = json!([{ "containerPort": port }]);
                }
                container
            })
            .collect();
        let mut metadata = json!({});
        if cli.profile.null_timestamps {
            metadata["creationTimestamp"] = Value::Null;
        }
        metadata["labels"] = json!({ "app": name });
        deployment["spec"] = json!({
            "replicas": replicas,
            "selector": { "matchLabels": { "app": name } },
            "strategy": {},
            "template": { "metadata": metadata, "spec": { "containers": containers } },
        });
        deployment["status"] = json!({});
        made(cli, deployment).await
    })
}

/// The values of a flag, also those with commas between them.
pub(crate) fn split(cli: &Cli, flag: &str) -> Vec<String> {
    let all = cli.matches.all(flag).iter().flat_map(|given| given.split(','));
    all.filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

/// What a container of an image is called.
fn image_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or_default();
    let name = last.split(['@', ':']).next().unwrap_or_default();
    name.replace('_', "-").to_lowercase()
}
