//! Images as `inspect` shows them.

use daemon::api::ImageDetails;
use engine::HealthCheck;
use serde_json::{Map, Value as Json, json};

use super::{Form, Style, texts, time};

/// A list, or null as Go shows one that was never made.
pub(crate) fn list(texts: &[String]) -> Json {
    if texts.is_empty() { Json::Null } else { Json::from(texts.to_vec()) }
}

/// A set as Go keeps it: a map to empty structures, which a template prints as `{}`.
pub(crate) fn set(style: Style, texts: &[String]) -> Map<String, Json> {
    let empty = if style.form == Form::Typed { "{}".into() } else { json!({}) };
    let mut sorted = texts.to_vec();
    sorted.sort_unstable();
    sorted.into_iter().map(|text| (text, empty.clone())).collect()
}

/// The storage driver, and where it keeps the layers if it tells.
pub(crate) fn graph(folders: &[(String, String)], driver: &str) -> Json {
    let data: Map<String, Json> =
        folders.iter().map(|(key, path)| (key.clone(), path.clone().into())).collect();
    let data = if data.is_empty() { Json::Null } else { Json::Object(data) };
    json!({"Data": data, "Name": driver})
}

/// A health check; what is zero is left out.
pub(crate) fn healthcheck(health: &HealthCheck) -> Json {
    let mut object = Map::new();
    object.insert("Test".to_owned(), Json::from(health.test.clone()));
    for (key, number) in [
        ("Interval", health.interval.as_nanos()),
        ("Timeout", health.timeout.as_nanos()),
        ("StartPeriod", health.start_period.as_nanos()),
        ("Retries", u64::from(health.retries)),
    ] {
        if number > 0 {
            object.insert(key.to_owned(), number.into());
        }
    }
    Json::Object(object)
}

/// The configuration of the container in which a build set the command, its last step.
fn of_last_step(config: &Json, cmd: &[String]) -> Json {
    let mut config = config.clone();
    if !cmd.is_empty() {
        let words: Vec<String> = cmd.iter().map(|word| format!("{word:?}")).collect();
        let step = format!("CMD [{}]", words.join(" "));
        config["Cmd"] = json!(["/bin/sh", "-c", "#(nop) ", step]);
    }
    config
}

/// An image.
pub(crate) fn image(style: Style, image: &ImageDetails) -> Json {
    let config = &image.config;
    let mut run = style.object();
    run.put("Hostname", "").put("Domainname", "").put("User", config.user.clone());
    run.put("AttachStdin", false).put("AttachStdout", false).put("AttachStderr", false);
    if !config.exposed_ports.is_empty() {
        run.put("ExposedPorts", set(style, &config.exposed_ports));
    }
    run.put("Tty", false).put("OpenStdin", false).put("StdinOnce", false);
    run.put("Env", list(&config.env)).put("Cmd", list(&config.cmd));
    run.put("Image", "");
    let volumes = set(style, &config.volumes);
    run.put("Volumes", if volumes.is_empty() { Json::Null } else { Json::Object(volumes) });
    run.put("WorkingDir", config.working_dir.clone());
    run.put("Entrypoint", list(&config.entrypoint)).put("OnBuild", list(&config.on_build));
    let labels = texts(&config.labels);
    run.put("Labels", if config.labels.is_empty() { Json::Null } else { labels });
    if let Some(health) = &config.health {
        run.put("Healthcheck", healthcheck(health));
    }
    if !config.shell.is_empty() {
        run.put("Shell", config.shell.clone());
    }
    if !config.stop_signal.is_empty() {
        run.put("StopSignal", config.stop_signal.clone());
    }
    let run = run.json();
    let mut object = style.object();
    object.put("Id", image.id.clone()).put("RepoTags", image.tags.clone());
    object.put("RepoDigests", image.digests.clone()).put("Parent", image.parent.clone());
    object.put("Comment", image.comment.clone()).put("Created", time(image.created));
    if style.profile.legacy_image_members {
        object.put("Container", image.container.clone());
        object.put("ContainerConfig", of_last_step(&run, &config.cmd));
    }
    object.put("DockerVersion", image.docker_version.clone());
    object.put("Author", image.author.clone()).put("Config", run);
    object.put("Architecture", image.architecture.clone()).put("Os", image.os.clone());
    object.put("Size", image.size);
    if style.profile.legacy_image_members {
        object.put("VirtualSize", image.size);
    }
    object.put("GraphDriver", graph(&image.folders, "overlay2"));
    object.put("RootFS", json!({"Type": "layers", "Layers": image.layers}));
    object.json()
}
