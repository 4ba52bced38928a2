//! `kubectl logs` (kubectl: `cmd/logs/logs.go`).

use kube::rest::StreamEvent;
use serde_json::Value;
use sim::{Duration, Time};

use super::{container, pod_of};
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::{items, name, namespace, text};
use crate::table::Outcome;

/// `kubectl logs`.
pub(crate) fn logs(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let selector = cli.flag("selector");
        let mut wanted = cli.flag("container").to_owned();
        let pods: Vec<Value> = match cli.args() {
            [] if selector.is_empty() => {
                return cli.usage("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command");
            }
            [] => {
                let path = format!("/api/v1/namespaces/{}/pods", cli.namespace());
                let list = cli.call(Call::get(path).with("labelSelector", selector)).await?;
                items(&list, "items").to_vec()
            }
            _ if !selector.is_empty() => {
                return cli.usage("only a selector (-l) or a POD name is allowed");
            }
            [pod] => vec![pod_of(cli, pod).await?],
            [pod, inner] if wanted.is_empty() => {
                wanted.clone_from(inner);
                vec![pod_of(cli, pod).await?]
            }
            _ => {
                return cli.usage("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command");
            }
        };
        if pods.is_empty() {
            cli.err(format!("No resources found in {} namespace.\n", cli.namespace()));
        }
        for pod in &pods {
            let names: Vec<String> = if cli.is_set("all-containers") {
                let lists = ["spec/initContainers", "spec/containers"];
                let all = lists.iter().flat_map(|list| items(pod, list));
                all.map(|container| text(container, "name").to_owned()).collect()
            } else {
                if wanted.is_empty() && cli.profile.minor < 20 {
                    several(pod)?;
                }
                vec![container(cli, pod, &wanted)?]
            };
            for container in names {
                one(cli, pod, &container).await?;
            }
        }
        Ok(0)
    })
}

/// Older releases want to be told which of several containers is meant.
fn several(pod: &Value) -> Result<(), Failure> {
    let all = items(pod, "spec/containers");
    let names: Vec<&str> = all.iter().map(|container| text(container, "name")).collect();
    if names.len() < 2 {
        return Ok(());
    }
    Err(Failure::text(format!(
        "a container name must be specified for pod {}, choose one of: [{}]",
        name(pod),
        names.join(" ")
    )))
}

fn parameters(cli: &Cli, container: &str) -> Result<Vec<(&'static str, String)>, Failure> {
    let mut found = vec![("container", container.to_owned())];
    for (flag, parameter) in
        [("follow", "follow"), ("previous", "previous"), ("timestamps", "timestamps")]
    {
        if cli.is_set(flag) {
            found.push((parameter, "true".to_owned()));
        }
    }
    let tail: i64 = cli.flag("tail").parse().unwrap_or(-1);
    let selects = !cli.flag("selector").is_empty() && !cli.matches.changed("tail");
    if tail >= 0 || selects {
        found.push(("tailLines", if selects { 10 } else { tail }.to_string()));
    }
    if !matches!(cli.flag("limit-bytes"), "" | "0") {
        found.push(("limitBytes", cli.flag("limit-bytes").to_owned()));
    }
    let (since, time) = (cli.flag("since"), cli.flag("since-time"));
    if !time.is_empty() {
        if Time::parse_rfc3339(time).is_none() {
            return cli.usage(format!("--since-time must be a RFC3339 time, not \"{time}\""));
        }
        found.push(("sinceTime", time.to_owned()));
    } else if let Some(span) = Duration::parse(since).filter(|span| span.as_nanos() > 0) {
        found.push(("sinceSeconds", span.as_secs().max(1).to_string()));
    }
    Ok(found)
}

async fn one(cli: &Cli, pod: &Value, container: &str) -> Result<(), Failure> {
    let path = format!("/api/v1/namespaces/{}/pods/{}/log", namespace(pod), name(pod));
    let mut call = Call::get(path);
    for (parameter, value) in parameters(cli, container)? {
        call = call.with(parameter, value);
    }
    let prefix = if cli.is_set("prefix") {
        format!("[pod/{}/{container}] ", name(pod))
    } else {
        String::new()
    };
    let show = |text: &[u8]| {
        if prefix.is_empty() {
            cli.out(text);
        } else {
            for line in String::from_utf8_lossy(text).lines() {
                cli.out(format!("{prefix}{line}\n"));
            }
        }
    };
    if !cli.is_set("follow") {
        let body = cli.call(call).await?;
        show(body.as_str().unwrap_or_default().as_bytes());
        return Ok(());
    }
    let stream = cli.open(call).await?;
    while let Some(events) = stream.next().await? {
        for event in events {
            match event {
                StreamEvent::Log(bytes) => show(&bytes),
                StreamEvent::Ended(Value::Null) => return Ok(()),
                StreamEvent::Ended(why) => return Err(Failure::text(text(&why, "message"))),
                _ => {}
            }
        }
    }
    Ok(())
}
