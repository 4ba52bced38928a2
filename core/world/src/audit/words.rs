//! The words that an object is described with, each with a name: where a leak in an object's
//! configuration is told to be.

use engine::{ContainerConfig, Image};
use swarm::objects::{ContainerSpec, Object, ServiceSpec, TaskSpec};

type Tell<'a> = &'a mut dyn FnMut(&str, &str);

fn variables(env: &[String], tell: Tell<'_>) {
    for entry in env {
        let name = entry.split('=').next().unwrap_or_default();
        tell(&format!("env {name}"), entry);
    }
}

fn labels<'a>(labels: impl IntoIterator<Item = (&'a String, &'a String)>, tell: Tell<'_>) {
    for (name, value) in labels {
        tell(&format!("label {name}"), &format!("{name}={value}"));
    }
}

/// What `docker inspect` shows of a container.
pub(super) fn of_container(config: &ContainerConfig, tell: Tell<'_>) {
    variables(&config.env, tell);
    labels(&config.labels, tell);
    tell("command", &config.command.join(" "));
    tell("entrypoint", &config.entrypoint.iter().flatten().cloned().collect::<Vec<_>>().join(" "));
    tell("image", &config.image);
    tell("host name", config.hostname.as_deref().unwrap_or_default());
    tell("user", &config.user);
    tell("working folder", &config.working_dir);
    tell("extra hosts", &config.extra_hosts.join(" "));
    for mount in &config.mounts {
        tell(&format!("mount {}", mount.target), &format!("{:?}", mount.source));
    }
}

/// What `docker inspect` and `docker history` show of an image.
pub(super) fn of_image(image: &Image, tell: Tell<'_>) {
    variables(&image.config.env, tell);
    labels(&image.config.labels, tell);
    tell("command", &image.config.cmd.join(" "));
    tell("entrypoint", &image.config.entrypoint.join(" "));
    tell("user", &image.config.user);
    tell("working folder", &image.config.working_dir);
    tell("author", &image.author);
    tell("comment", &image.comment);
    for (index, line) in image.history.iter().enumerate() {
        tell(&format!("history {index}"), &line.created_by);
        tell(&format!("comment of history {index}"), &line.comment);
    }
}

fn of_spec(spec: &ContainerSpec, tell: Tell<'_>) {
    variables(&spec.env, tell);
    labels(&spec.labels, tell);
    tell("command", &spec.command.join(" "));
    tell("arguments", &spec.args.join(" "));
    tell("image", &spec.image);
    tell("host name", &spec.hostname);
    tell("user", &spec.user);
    tell("working folder", &spec.dir);
    tell("hosts", &spec.hosts.join(" "));
    for mount in &spec.mounts {
        tell(&format!("mount {}", mount.target), &mount.source);
    }
    if let Some(check) = &spec.healthcheck {
        tell("health check", &check.test.join(" "));
    }
}

fn of_task(spec: &TaskSpec, tell: Tell<'_>) {
    of_spec(&spec.container, tell);
    tell("constraints", &spec.placement.constraints.join(" "));
    if let Some(driver) = &spec.log_driver {
        labels(&driver.options, tell);
    }
}

fn of_service(spec: &ServiceSpec, tell: Tell<'_>) {
    labels(&spec.annotations.labels, tell);
    of_task(&spec.task, tell);
}

/// What `inspect` shows of a swarm's object. Not everything that it holds: who must not miss
/// anything looks at [`Object::encoded`].
pub(super) fn of_object(object: &Object, tell: Tell<'_>) {
    match object {
        Object::Service(service) => {
            of_service(&service.spec, tell);
            if let Some(previous) = &service.previous_spec {
                of_service(previous, &mut |what, text| tell(&format!("previous {what}"), text));
            }
        }
        Object::Task(task) => {
            labels(&task.service_annotations.labels, tell);
            of_task(&task.spec, tell);
        }
        Object::Secret(secret) => labels(&secret.spec.annotations.labels, tell),
        Object::Config(config) => labels(&config.spec.annotations.labels, tell),
        Object::Node(node) => labels(&node.spec.annotations.labels, tell),
        Object::Network(network) => labels(&network.spec.annotations.labels, tell),
        Object::Cluster(_) => {}
    }
}
