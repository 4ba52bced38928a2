//! `kubectl run` (kubectl: `cmd/run/run.go`).

use serde_json::{Value, json};

use super::make::{made, object};
use super::pairs;
use crate::cli::{Boxed, Cli, Failure};
use crate::table::Outcome;

/// `kubectl run`.
pub(crate) fn run(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let Some(name) = cli.args().first() else {
            return cli.usage("NAME is required for run");
        };
        let image = cli.flag("image");
        if image.is_empty() {
            return Err(Failure::text("--image is required"));
        }
        let restart = cli.flag("restart");
        if !["Always", "OnFailure", "Never"].contains(&restart) {
            return Err(Failure::text(format!("invalid restart policy: {restart}")));
        }
        let words: Vec<String> = cli.args()[1..].to_vec();
        let labels = if cli.flag("labels").is_empty() {
            json!({ "run": name })
        } else {
            pairs(cli.matches.all("labels"))
        };
        let mut container = json!({ "image": image, "name": name, "resources": {} });
        if !words.is_empty() {
            let field = if cli.is_set("command") { "command" } else { "args" };
            container[field] = json!(words);
        }
        let mut env = Vec::new();
        for pair in cli.matches.all("env") {
            let Some((key, value)) = pair.split_once('=').filter(|(key, _)| !key.is_empty()) else {
                return Err(Failure::text(format!("invalid env: {pair}")));
            };
            env.push(json!({ "name": key, "value": value }));
        }
        if !env.is_empty() {
            container["env"] = env.into();
        }
        if let Some(port) = cli.matches.get("port").and_then(|port| port.parse::<i64>().ok()) {
            container["ports"] = json!([{ "containerPort": port }]);
        }
        if !cli.flag("image-pull-policy").is_empty() {
            container["imagePullPolicy"] = cli.flag("image-pull-policy").into();
        }
        let timestamp = |mut metadata: Value| {
            if cli.profile.null_timestamps {
                metadata["creationTimestamp"] = Value::Null;
            }
            metadata
        };
        let made_of = if cli.profile.run_makes_deployment && restart == "Always" {
            cli.err(
                "kubectl run --generator=deployment/apps.v1 is DEPRECATED and will be removed in a future version. Use \
                 kubectl run --generator=run-pod/v1 or kubectl create instead.\n",
            );
            let mut deployment = object(cli, "apps/v1", "Deployment", name, true);
            deployment["metadata"]["labels"] = labels.clone();
            deployment["spec"] = json!({
                "replicas": 1,
                "selector": { "matchLabels": labels },
                "strategy": {},
                "template": { "metadata": timestamp(json!({ "labels": labels })), "spec": { "containers": [container] } },
            });
            deployment["status"] = json!({});
            deployment
        } else {
            let mut pod = object(cli, "v1", "Pod", name, true);
            pod["metadata"]["labels"] = labels;
            if !cli.matches.all("annotations").is_empty() {
                pod["metadata"]["annotations"] = pairs(cli.matches.all("annotations"));
            }
            pod["spec"] = json!({
                "containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart,
            });
            pod["status"] = json!({});
            pod
        };
        made(cli, made_of).await
    })
}
