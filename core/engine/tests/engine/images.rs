//! Images: pulls in virtual time, their errors, names, removal, pushes.

use crate::support::{Host, config};
use glasshive_engine::{ErrorKind, Happened, Reference, Release, Removed, TransferId};
use sim::Duration;

fn pull(host: &mut Host, name: &str) -> TransferId {
    let reference = Reference::parse(name).unwrap();
    host.engine.start_pull(host.now, &reference, &host.registry)
}

#[test]
fn a_pull_takes_time_and_shows_every_layer() {
    let mut host = Host::new(Release(17, 3));
    let id = pull(&mut host, "redis:alpine");
    let started = host.now;
    let mut seen: Vec<String> = Vec::new();
    while host.engine.transfer(id).unwrap().result.is_none() {
        let at = host.engine.next_deadline(host.now).unwrap();
        let step = at.since(host.now);
        host.settle(step);
        for (digest, state) in host.engine.transfer(id).unwrap().layers(host.now) {
            let line = format!("{digest}: {}", state.word());
            if !seen.contains(&line) {
                seen.push(line);
            }
        }
    }
    let took = host.now.since(started);
    assert!(took > Duration::from_secs(2) && took < Duration::from_secs(20), "{took}");
    let transfer = host.engine.transfer(id).unwrap();
    let done = transfer.result.clone().unwrap().unwrap();
    assert!(done.is_new);
    let short = &transfer.layers(host.now)[0].0.clone();
    for word in ["Pulling fs layer", "Downloading", "Verifying Checksum", "Pull complete"] {
        assert!(seen.contains(&format!("{short}: {word}")), "{word} in {seen:#?}");
    }
    let happened = host.take_happened();
    assert!(happened.contains(&Happened::Transferred(id)));
    assert!(happened.contains(&Happened::Image("pull", "redis:alpine".into())));
    let image = host.engine.images().find("redis:alpine").unwrap().clone();
    assert_eq!(image.manifest_digest(), done.digest);
    let pinned = format!("redis@{}", done.digest);
    assert_eq!(host.engine.images().digests_of(image.id).join(" "), pinned);
    assert_eq!(host.engine.images().find(&pinned).unwrap().id, image.id);
    // Once more: nothing moves.
    let id = pull(&mut host, "redis:alpine");
    host.settle(Duration::from_secs(1));
    let transfer = host.engine.transfer(id).unwrap();
    assert!(!transfer.result.clone().unwrap().unwrap().is_new);
    assert!(transfer.layers(host.now).iter().all(|(_, state)| state.word() == "Already exists"));
}

#[test]
fn two_runs_are_the_same() {
    let run = || {
        let mut host = Host::new(Release(17, 3));
        let id = pull(&mut host, "nginx");
        host.settle(Duration::from_secs(60));
        let container = host.run(config("nginx", &["say", "x"]));
        let name = host.engine.get(&container).unwrap().name.clone();
        (host.engine.transfer(id).unwrap().ends(), container, name)
    };
    assert_eq!(run(), run());
}

#[track_caller]
fn check_refusal(release: Release, name: &str, expected: &str) {
    let mut host = Host::new(release);
    let id = pull(&mut host, name);
    host.settle(Duration::from_secs(5));
    let error = host.engine.transfer(id).unwrap().result.clone().unwrap().unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::NotFound, expected));
}

#[test]
fn what_is_not_there_cannot_be_pulled() {
    check_refusal(
        Release(17, 3),
        "jdoe/none",
        "repository jdoe/none not found: does not exist or no pull access",
    );
    check_refusal(
        Release(18, 3),
        "none",
        "pull access denied for none, repository does not exist or may require 'docker login'",
    );
    check_refusal(
        Release(28, 0),
        "none",
        "pull access denied for none, repository does not exist or may require 'docker login': \
         denied: requested access to the resource is denied",
    );
    check_refusal(Release(17, 3), "redis:nope", "manifest for redis:nope not found");
    check_refusal(
        Release(19, 3),
        "redis:nope",
        "manifest for redis:nope not found: manifest unknown: manifest unknown",
    );
    let mut host = Host::new(Release(19, 3));
    host.engine.set_online(false);
    let id = pull(&mut host, "redis");
    host.settle(Duration::from_secs(5));
    let error = host.engine.transfer(id).unwrap().result.clone().unwrap().unwrap_err();
    assert!(error.message.contains("no such host"), "{error}");
}

#[test]
fn a_pushed_image_can_be_pulled_elsewhere() {
    let mut host = Host::with_images(Release(19, 3));
    let name = Reference::parse("jdoe/demo:1.0").unwrap();
    host.engine.tag(host.now, "alpine:latest", &name).unwrap();
    let push = |host: &mut Host, login| {
        let id = host.engine.start_push(host.now, &name, &host.registry, login);
        host.settle(Duration::from_secs(30));
        host.engine.publish(id, &mut host.registry);
        host.engine.transfer(id).unwrap().result.clone().unwrap()
    };
    let denied = push(&mut host, None).unwrap_err();
    assert_eq!(denied.message, "denied: requested access to the resource is denied");
    assert!(host.registry.resolve(&name).is_none());
    let done = push(&mut host, Some("jdoe")).unwrap();
    assert_eq!(host.registry.resolve(&name), Some(done.digest));
    let mut other = Host::new(Release(19, 3));
    other.registry = host.registry.clone();
    let id = pull(&mut other, "jdoe/demo:1.0");
    other.settle(Duration::from_secs(30));
    assert!(other.engine.transfer(id).unwrap().result.clone().unwrap().is_ok());
}

#[test]
fn names_go_one_by_one_and_the_image_with_the_last() {
    let mut host = Host::with_images(Release(19, 3));
    let alpine = host.engine.images().find("alpine").unwrap().clone();
    let own = Reference::parse("own:1").unwrap();
    host.engine.tag(host.now, "alpine", &own).unwrap();
    let removed = host.engine.remove_image(host.now, "own:1", false, true).unwrap();
    assert_eq!(removed, [Removed::Untagged("own:1".into())]);
    let id = host.run(config("alpine", &["say"]));
    host.settle(Duration::from_secs(1));
    let error = host.engine.remove_image(host.now, "alpine", false, true).unwrap_err();
    assert_eq!(
        error.message,
        format!(
            "conflict: unable to remove repository reference alpine (must force) - container {} \
             is using its referenced image {}",
            id.short(),
            alpine.id.0.short()
        )
    );
    host.engine.remove(host.now, &mut host.machine, &id, false, false).unwrap();
    let removed = host.engine.remove_image(host.now, "alpine", false, true).unwrap();
    let digest = alpine.manifest_digest();
    assert_eq!(
        removed[..3],
        [
            Removed::Untagged("alpine:latest".into()),
            Removed::Untagged(format!("alpine@{digest}")),
            Removed::Deleted(alpine.id.0)
        ]
    );
    let error = host.engine.images().find("alpine").unwrap_err();
    assert_eq!(error.message, "No such image: alpine:latest");
    let error = host.engine.create(host.now, &host.machine, config("alpine", &[])).unwrap_err();
    assert_eq!(error.message, "No such image: alpine:latest");
}
