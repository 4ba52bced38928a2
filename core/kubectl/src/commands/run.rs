//! `kubectl run` (kubectl: `cmd/run/run.go`).

use kube::resources::Resource;
use kube::rest::Method;
use serde_json::{Value, json};
use sim::Duration;

use super::make::{made, object, sent};
use super::{POLL, delete, exec, pairs, pod_of};
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::{at, flag, int, items, name, namespace, text};
use crate::output::{DryRun, object_name};
use crate::select::object_path;
use crate::table::Outcome;

/// The container that the flags describe.
fn container(cli: &Cli, name: &str, image: &str) -> Result<Value, Failure> {
    let mut container = json!({ "image": image, "name": name, "resources": {} });
    let wants_input = cli.is_set("stdin");
    let switches = [
        ("stdin", wants_input),
        ("stdinOnce", wants_input && !cli.is_set("leave-stdin-open")),
        ("tty", cli.is_set("tty")),
    ];
    for (field, _) in switches.iter().filter(|(_, is_set)| *is_set) {
        container[*field] = true.into();
    }
    if cli.is_set("privileged") {
        container["securityContext"] = json!({ "privileged": true });
    }
    let words = &cli.args()[1..];
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
    for field in ["limits", "requests"] {
        for (what, value) in pairs(cli.matches.all(field)).as_object().into_iter().flatten() {
            container["resources"][field][what.as_str()] = value.clone();
        }
    }
    if let Some(port) = cli.matches.get("port").and_then(|port| port.parse::<i64>().ok()) {
        container["ports"] = json!([{ "containerPort": port }]);
    }
    if !cli.flag("image-pull-policy").is_empty() {
        container["imagePullPolicy"] = cli.flag("image-pull-policy").into();
    }
    Ok(container)
}

/// The object that the flags describe: a pod, or what older releases make of it.
fn wanted(cli: &Cli, name: &str, image: &str, restart: &str) -> Result<Value, Failure> {
    let container = container(cli, name, image)?;
    let labels = if cli.flag("labels").is_empty() {
        json!({ "run": name })
    } else {
        pairs(cli.matches.all("labels"))
    };
    let mut made = if cli.profile.run_makes_deployment && restart == "Always" {
        cli.err(
            "kubectl run --generator=deployment/apps.v1 is DEPRECATED and will be removed in a future version. Use \
             kubectl run --generator=run-pod/v1 or kubectl create instead.\n",
        );
        let mut metadata = json!({ "labels": labels });
        if cli.profile.null_timestamps {
            metadata["creationTimestamp"] = Value::Null;
        }
        let mut deployment = object(cli, "apps/v1", "Deployment", name, true);
        deployment["metadata"]["labels"] = labels.clone();
        deployment["spec"] = json!({
            "replicas": 1,
            "selector": { "matchLabels": labels },
            "strategy": {},
            "template": { "metadata": metadata, "spec": { "containers": [container] } },
        });
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
        if !cli.flag("serviceaccount").is_empty() {
            pod["spec"]["serviceAccountName"] = cli.flag("serviceaccount").into();
        }
        pod
    };
    made["status"] = json!({});
    if !cli.flag("overrides").is_empty() {
        let more = serde_json::from_str(cli.flag("overrides"));
        kube::json::merge(&mut made, &more.map_err(|_| Failure::text("Invalid JSON Patch"))?);
        let containers = made.pointer_mut("/spec/containers").and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            // Go's type writes it in any case.
            crate::json::object(container, "resources");
        }
    }
    Ok(made)
}

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
        let wants_input = cli.is_set("stdin");
        let attaches = cli.is_set("attach") || wants_input && !cli.matches.changed("attach");
        if cli.is_set("tty") && !wants_input {
            return cli.usage("-i/--stdin is required for containers with -t/--tty=true");
        }
        if cli.is_set("rm") && !attaches {
            return cli.usage("--rm should only be used for attached containers");
        }
        if attaches && DryRun::of(cli)? != DryRun::None {
            return cli.usage(
                "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
            );
        }
        let object = wanted(cli, name, image, restart)?;
        if !attaches {
            return made(cli, object).await;
        }
        let object = sent(cli, object).await?;
        let outcome = attached(cli, &object).await;
        if cli.is_set("rm")
            && let Some(resource) = Resource::of(text(&object, "apiVersion"), text(&object, "kind"))
        {
            let path = object_path(resource, namespace(&object), name);
            cli.call(Call::new(Method::Delete, path)).await?;
            if !cli.is_set("quiet") {
                delete::say(cli, resource, name, namespace(&object), "deleted");
            }
        }
        // What went wrong is told after that.
        let (status, said) = outcome?;
        cli.err(said);
        Ok(status)
    })
}

/// Waits for the pod and attaches to it; the exit status of its container, if it does not start again, and what is said
/// of it.
async fn attached(cli: &Cli, object: &Value) -> Result<(i32, String), Failure> {
    let limit = Duration::parse(cli.flag("pod-running-timeout")).unwrap_or_default();
    let pod = until(cli, object, limit, |pod| match text(pod, "status/phase") {
        "Succeeded" | "Failed" => true,
        phase => {
            phase == "Running"
                && items(pod, "status/containerStatuses").iter().all(|one| flag(one, "ready"))
        }
    });
    let pod = pod.await?;
    if text(&pod, "status/phase") == "Running" {
        if let Err(failure) = exec::attach_to(cli, &pod).await {
            let why = failure.bare(true);
            cli.err(format!(
                "warning: couldn't attach to pod/{}, falling back to streaming logs: {why}\n",
                name(&pod)
            ));
            exec::show_log(cli, &pod).await?;
        }
    } else {
        exec::show_log(cli, &pod).await?;
    }
    let policy = text(&pod, "spec/restartPolicy");
    if policy == "Always" || cli.is_set("leave-stdin-open") {
        return Ok((0, String::new()));
    }
    let ended = until(cli, &pod, limit, |pod| {
        let phase = text(pod, "status/phase");
        phase == "Succeeded" || phase == "Failed" && policy == "Never"
    });
    let ended = ended.await?;
    let how = at(&ended, "status/containerStatuses/0/state/terminated");
    let code = i32::try_from(int(how, "exitCode")).unwrap_or(1);
    let said = format!(
        "pod {}/{} terminated ({})\n{}",
        namespace(&ended),
        name(&ended),
        text(how, "reason"),
        text(how, "message")
    );
    Ok((code, if code == 0 { String::new() } else { said }))
}

/// Looks at a pod until it is so.
async fn until(
    cli: &Cli,
    object: &Value,
    limit: Duration,
    is_so: impl Fn(&Value) -> bool,
) -> Result<Value, Failure> {
    let end = cli.proc.now() + limit;
    loop {
        match pod_of(cli, &object_name(object)).await {
            Ok(pod) if is_so(&pod) => return Ok(pod),
            // A deployment may have no pod yet.
            Ok(_) | Err(Failure::Text(_)) => {}
            Err(failure) => return Err(failure),
        }
        if cli.proc.now() >= end {
            return Err(Failure::text("timed out waiting for the condition"));
        }
        if cli.proc.sleep(POLL).await.is_err() {
            return Err(Failure::Exit(130));
        }
    }
}
