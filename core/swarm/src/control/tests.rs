//! The control API, request by request.

use sorted::SortedMap;

use super::{
    ApiError, Code, ControlRequest as Q, ControlResponse as A, Filters, KeyRotation, RaftMember,
    RaftMembers, read, resolve, write,
};
use crate::objects::{
    Annotations, Availability, ConfigSpec, EndpointMode, EndpointSpec, FileTarget, Id, Kind, Mount,
    NodeState, PortConfig, Role, SecretBytes, SecretReference, SecretSpec, ServiceMode,
    ServiceSpec, TaskState,
};
use crate::testing::{World, secs, spec};

fn secret_spec(name: &str, data: &[u8]) -> Box<SecretSpec> {
    let annotations = Annotations::named(name);
    Box::new(SecretSpec { annotations, data: SecretBytes::from(data), ..SecretSpec::default() })
}

fn create_secret(world: &mut World, name: &str) -> Id {
    match world.request(Q::CreateSecret { spec: secret_spec(name, b"data") }) {
        Ok(A::Created { id }) => id,
        other => panic!("{other:?}"),
    }
}

fn reference(id: &Id, name: &str, target: &str) -> SecretReference {
    let file = FileTarget {
        name: target.to_owned(),
        uid: "0".to_owned(),
        gid: "0".to_owned(),
        mode: 0o444,
    };
    SecretReference { secret_id: id.clone(), secret_name: name.to_owned(), file: Some(file) }
}

#[track_caller]
fn check(result: Result<A, ApiError>, expected: &str) {
    assert_eq!(result.unwrap_err().to_string(), expected);
}

#[test]
fn secret_names_and_sizes() {
    let mut world = World::new(1, 1);
    let name = "rpc error: code = InvalidArgument desc = invalid name, only 64 [a-zA-Z0-9-_.] \
                characters allowed, and the start and end character must be [a-zA-Z0-9]";
    let size = "rpc error: code = InvalidArgument desc = secret data must be larger than 0 and \
                less than 512000 bytes";
    let long = "x".repeat(65);
    for bad in ["-x", "x-", "a b", "é", &long] {
        check(world.request(Q::CreateSecret { spec: secret_spec(bad, b"x") }), name);
    }
    check(
        world.request(Q::CreateSecret { spec: secret_spec("", b"x") }),
        "rpc error: code = InvalidArgument desc = name must be provided",
    );
    for bad in [0, 512_000] {
        check(world.request(Q::CreateSecret { spec: secret_spec("s", &vec![1; bad]) }), size);
    }
    for (name, len) in [("MYSECRETS", 1), ("my_first_secured.secret-1", 511_999), (&long[..64], 9)]
    {
        world.request(Q::CreateSecret { spec: secret_spec(name, &vec![1; len]) }).unwrap();
    }
    check(
        world.request(Q::CreateSecret { spec: secret_spec("mysecrets", b"x") }),
        "rpc error: code = AlreadyExists desc = secret mysecrets already exists",
    );
    let config = ConfigSpec { annotations: Annotations::named("c"), ..ConfigSpec::default() };
    check(
        world.request(Q::CreateConfig { spec: Box::new(config) }),
        "rpc error: code = InvalidArgument desc = config data must be larger than 0 and less than \
         1024000 bytes",
    );
}

#[test]
fn a_secret_is_never_read_and_only_its_labels_change() {
    let mut world = World::new(1, 1);
    let id = create_secret(&mut world, "sec1");
    let Ok(A::Secret(secret)) = world.request(Q::GetSecret { id: id.clone() }) else { panic!() };
    assert!(secret.spec.data.is_empty());
    let Ok(A::Secrets(all)) = world.request(Q::ListSecrets(Filters::default())) else { panic!() };
    assert!(all.iter().all(|secret| secret.spec.data.is_empty()));

    let version = secret.meta.version;
    let refused = "rpc error: code = InvalidArgument desc = only updates to Labels are allowed";
    let spec = secret_spec("sec1", b"other");
    check(world.request(Q::UpdateSecret { id: id.clone(), version, spec }), refused);
    let mut spec = secret_spec("sec1", b"");
    spec.annotations.labels.insert("k".to_owned(), "v".to_owned());
    let update = Q::UpdateSecret { id: id.clone(), version, spec };
    world.request(update.clone()).unwrap();
    check(world.request(update), "rpc error: code = Unknown desc = update out of sequence");
    assert_eq!(world.store.secret(&id).unwrap().spec.data.expose(), b"data");
}

#[test]
fn a_secret_in_use_stays() {
    let mut world = World::new(1, 1);
    let id = create_secret(&mut world, "sec1");
    let mut services = Vec::new();
    for name in ["redis", "web"] {
        let mut wanted = spec(name, "redis", 1);
        wanted.task.container.secrets = vec![reference(&id, "sec1", "sec1")];
        services.push((world.create_service(wanted), name));
    }
    let error = world.request(Q::RemoveSecret { id: id.clone() }).unwrap_err();
    assert_eq!(error.code, Code::InvalidArgument);
    services.sort();
    assert_eq!(
        error.message,
        format!(
            "secret 'sec1' is in use by the following services: {}, {}",
            services[0].1, services[1].1
        )
    );
    world.request(Q::RemoveService { id: services[0].0.clone() }).unwrap();
    let error = world.request(Q::RemoveSecret { id: id.clone() }).unwrap_err();
    let left = services[1].1;
    assert_eq!(error.message, format!("secret 'sec1' is in use by the following service: {left}"));
    world.run(secs(2));
    // The spec counts, not what runs: the secret is free as soon as the service is gone.
    world.request(Q::RemoveService { id: services[1].0.clone() }).unwrap();
    assert_eq!(world.count(&services[1].0, |task| task.status.state == TaskState::Running), 1);
    world.request(Q::RemoveSecret { id: id.clone() }).unwrap();
    check(
        world.request(Q::RemoveSecret { id: id.clone() }),
        &format!("rpc error: code = NotFound desc = secret {id} not found"),
    );
}

#[test]
fn a_rotated_secret_leaves_the_previous_spec_behind() {
    let mut world = World::new(1, 1);
    let (v1, v2) = (create_secret(&mut world, "v1"), create_secret(&mut world, "v2"));
    let mut wanted = spec("web", "nginx", 1);
    wanted.task.container.secrets = vec![reference(&v1, "v1", "password")];
    let web = world.create_service(wanted);
    world.run(secs(2));
    world.update_service(&web, |spec| {
        spec.task.container.secrets = vec![reference(&v2, "v2", "password")];
    });
    world.run(secs(20));
    world.request(Q::RemoveSecret { id: v1 }).unwrap();
    let service = world.service(&web);
    let (version, spec) = (service.meta.version, Box::new(service.spec.clone()));
    check(
        world.request(Q::UpdateService { id: web, version, spec, rollback: true }),
        "rpc error: code = InvalidArgument desc = secret not found: v1",
    );
}

#[test]
fn service_specs_are_checked() {
    type Change = fn(&mut ServiceSpec);
    let mut world = World::new(1, 1);
    let cases: [(Change, &str); 17] = [
        (|s| s.annotations.name.clear(), "meta: name must be provided"),
        (|s| s.annotations.name = "a.b".into(), "name must be valid as a DNS name component"),
        (|s| s.annotations.name = "x".repeat(64), "name must be 63 characters or fewer"),
        (|s| s.task.container.image.clear(), "ContainerSpec: image reference must be provided"),
        (
            |s| s.task.container.image = "Redis:x".into(),
            "ContainerSpec: \"Redis:x\" is not a valid repository/tag",
        ),
        (
            |s| {
                let mount = Mount { target: "/data".into(), ..Mount::default() };
                s.task.container.mounts = vec![mount.clone(), mount];
            },
            "ContainerSpec: duplicate mount point: /data",
        ),
        (
            |s| s.task.resources.limits.nano_cpus = 100_000,
            "invalid cpu value 0.0001: Must be at least 0.001",
        ),
        (
            |s| s.task.resources.reservations.memory_bytes = 6,
            "invalid memory value 6: Must be at least 4MiB",
        ),
        (
            |s| s.task.container.secrets = vec![reference(&Id::default(), "a", "a")],
            "malformed secret reference",
        ),
        (
            |s| {
                let target = SecretReference { file: None, ..reference(&"1".into(), "a", "a") };
                s.task.container.secrets = vec![target];
            },
            "malformed secret reference, no target provided",
        ),
        (
            |s| s.task.container.secrets = vec![reference(&"1".into(), "a", "")],
            "malformed file secret reference, invalid target file name provided",
        ),
        (
            |s| {
                let (a, b) = (reference(&"1".into(), "a", "x"), reference(&"2".into(), "b", "x"));
                s.task.container.secrets = vec![a, b];
            },
            "secret references 'a' and 'b' have a conflicting target: 'x'",
        ),
        (
            |s| s.task.container.secrets = vec![reference(&"1".into(), "a", "a")],
            "secret not found: a",
        ),
        (
            |s| {
                let (a, b) = (reference(&"1".into(), "a", "a"), reference(&"2".into(), "b", "b"));
                s.task.container.secrets = vec![a, b];
            },
            "secrets not found: a, b",
        ),
        (
            |s| s.endpoint.as_mut().unwrap().mode = EndpointMode::DnsRr,
            "EndpointSpec: port published with ingress mode can't be used with dnsrr mode",
        ),
        (
            |s| {
                let ports = &mut s.endpoint.as_mut().unwrap().ports;
                ports.push(ports[0].clone());
            },
            "EndpointSpec: duplicate published ports provided",
        ),
        (
            |s| {
                s.mode = ServiceMode::GlobalJob;
                s.update = Some(crate::objects::defaults::UPDATE);
            },
            "Jobs may not have an update config",
        ),
    ];
    for (change, text) in cases {
        let mut wanted = spec("web", "nginx", 1);
        wanted.endpoint = Some(published(8_080));
        change(&mut wanted);
        let expected = format!("rpc error: code = InvalidArgument desc = {text}");
        check(world.request(Q::CreateService { spec: Box::new(wanted) }), &expected);
    }
}

fn published(published_port: u32) -> EndpointSpec {
    let port = PortConfig { published_port, ..PortConfig::default() };
    EndpointSpec { ports: vec![port], ..EndpointSpec::default() }
}

#[test]
fn services_do_not_get_in_each_others_way() {
    let mut world = World::new(1, 1);
    let with_port =
        |name| ServiceSpec { endpoint: Some(published(3_000)), ..spec(name, "nginx", 1) };
    let other = world.create_service(with_port("other"));
    let wanted = with_port("web");
    let expected = format!(
        "rpc error: code = InvalidArgument desc = port '3000' is already in use by service \
         'other' ({other}) as an ingress port"
    );
    check(world.request(Q::CreateService { spec: Box::new(wanted) }), &expected);
    let wanted = spec("OTHER", "nginx", 1);
    check(
        world.request(Q::CreateService { spec: Box::new(wanted) }),
        "rpc error: code = AlreadyExists desc = name conflicts with an existing object: service \
         OTHER already exists",
    );
    let mut wanted = spec("web", "nginx", 1);
    wanted.task.placement.constraints = vec!["node.role=manager".to_owned()];
    check(
        world.request(Q::CreateService { spec: Box::new(wanted) }),
        "rpc error: code = Unknown desc = constraint expected one operator from ==, !=",
    );
}

#[test]
fn some_parts_of_a_service_cannot_change() {
    let mut world = World::new(1, 1);
    let id = world.create_service(spec("web", "nginx", 1));
    let version = world.service(&id).meta.version;
    let mut update = |version, spec: ServiceSpec, rollback| {
        world.request(Q::UpdateService { id: id.clone(), version, spec: Box::new(spec), rollback })
    };
    check(
        update(
            version,
            ServiceSpec { mode: ServiceMode::Global, ..spec("web", "nginx", 1) },
            false,
        ),
        "rpc error: code = Unimplemented desc = service mode change is not allowed",
    );
    check(
        update(version, spec("other", "nginx", 1), false),
        "rpc error: code = Unimplemented desc = renaming services is not supported",
    );
    check(
        update(version + 1, spec("web", "nginx", 1), false),
        "rpc error: code = Unknown desc = update out of sequence",
    );
    let error = update(version, spec("web", "nginx", 1), true).unwrap_err();
    assert_eq!(error.code, Code::FailedPrecondition);
    assert!(error.message.ends_with("does not have a previous spec"));
}

#[test]
fn what_a_user_types_is_resolved() {
    let mut world = World::new(1, 1);
    for id in ["abc1", "abd2", "name9"] {
        let mut node = (**world.store.node("node1").unwrap()).clone();
        node.id = Id::from(id);
        node.description.hostname = format!("host-{id}");
        world.change(crate::testing::Writer::Dispatcher, |tx| tx.create(node).unwrap());
    }
    let find = |text: &str| resolve(&world.store, Kind::Node, text);
    for (text, id) in [("abc1", "abc1"), ("host-abd2", "abd2"), ("abc", "abc1")] {
        assert_eq!(&*find(text).unwrap(), id);
    }
    assert_eq!(find("ab").unwrap_err().to_string(), "node ab is ambiguous (2 matches found)");
    assert_eq!(find("HOST-abd2").unwrap_err().to_string(), "node HOST-abd2 not found");
    assert_eq!(find("").unwrap_err().to_string(), "node  not found");
}

fn members(reachable: &[(&str, bool)]) -> RaftMembers {
    let member = |(number, (id, reachable)): (usize, &(&str, bool))| {
        let raft_id = number as u64 + 1;
        (Id::from(*id), RaftMember { raft_id, reachable: *reachable, ..RaftMember::default() })
    };
    RaftMembers(reachable.iter().enumerate().map(member).collect::<SortedMap<_, _>>())
}

#[test]
fn managers_are_demoted_and_removed_with_care() {
    let mut world = World::new(1, 3);
    let mut rng = sim::Streams::new(1).stream("test");
    let context = crate::store::TxContext { now: world.now, version_index: 99 };
    let mut ask = |world: &World, request: &Q, members: &RaftMembers| {
        let mut tx = crate::store::Tx::new(&world.store, context);
        write(request, &mut tx, &mut rng, members)
    };
    let demote = |world: &World, id: &str| {
        let node = world.store.node(id).unwrap();
        let mut spec = Box::new(node.spec.clone());
        spec.desired_role = Role::Worker;
        Q::UpdateNode { id: Id::from(id), version: node.meta.version, spec }
    };
    let failed = "rpc error: code = FailedPrecondition desc =";
    check(
        ask(&world, &demote(&world, "node1"), &members(&[("node1", true)])),
        &format!("{failed} attempting to demote the last manager of the swarm"),
    );
    for id in ["node2", "node3"] {
        world.change_node(id, |node| {
            node.role = Role::Manager;
            node.spec.desired_role = Role::Manager;
        });
    }
    let one_down = members(&[("node1", true), ("node2", true), ("node3", false)]);
    check(
        ask(&world, &demote(&world, "node2"), &one_down),
        &format!(
            "{failed} can't remove member from the raft: this would result in a loss of quorum"
        ),
    );
    ask(&world, &demote(&world, "node3"), &one_down).unwrap();
    let remove = |id: &str, force| Q::RemoveNode { id: Id::from(id), force };
    check(
        ask(&world, &remove("node3", true), &one_down),
        &format!(
            "{failed} node node3 is a cluster manager and is a member of the raft cluster. It must \
             be demoted to worker before removal"
        ),
    );
    world.change_node("node3", |node| node.spec.desired_role = Role::Worker);
    let without = members(&[("node1", true), ("node2", true)]);
    check(
        ask(&world, &remove("node3", false), &without),
        &format!("{failed} node node3 is not down and can't be removed"),
    );
    let web = world.create_service(spec("web", "nginx", 3));
    world.run(secs(2));
    world.change_node("node3", |node| node.status.state = NodeState::Down);
    world.request(remove("node3", false)).unwrap();
    assert_eq!(world.count(&web, |task| task.status.state == TaskState::Orphaned), 1);
    assert!(world.store.cluster().unwrap().blacklisted_certificates.contains_key("node3"));
    world.run(secs(10));
    assert_eq!(world.running(&web), 3);
}

#[test]
fn nodes_show_their_part_in_the_raft_group() {
    let world = World::new(1, 2);
    let request = Q::ListNodes(Filters { roles: vec![Role::Manager], ..Filters::default() });
    let answer = read(&request, &world.store, &members(&[("node1", true)])).unwrap();
    let A::Nodes(nodes) = answer else { panic!("{answer:?}") };
    assert_eq!(nodes.len(), 1);
    assert_eq!(nodes[0].manager_status.as_ref().unwrap().raft_id, 1);
    assert_eq!(nodes[0].spec.availability, Availability::Active);
}

#[test]
fn tokens_and_unlock_keys_are_renewed_and_redacted() {
    let mut world = World::new(1, 1);
    world.change(crate::testing::Writer::Api, |tx| {
        let mut cluster = (**tx.store().cluster().unwrap()).clone();
        cluster.root_ca.worker_token = "SWMTKN-1-digest-w".to_owned();
        cluster.root_ca.manager_token = "SWMTKN-1-digest-m".to_owned();
        cluster.root_ca.key = SecretBytes::from(b"key".to_vec());
        tx.update(cluster).unwrap();
    });
    let update = |world: &mut World, autolock, rotation| {
        let cluster = world.store.cluster().unwrap();
        let (version, mut spec) = (cluster.meta.version, cluster.spec.clone());
        spec.autolock = autolock;
        world.request(Q::UpdateCluster { version, spec: Box::new(spec), rotation }).unwrap();
    };
    let key = |world: &mut World| match world.request(Q::GetUnlockKey) {
        Ok(A::UnlockKey { key, .. }) => key,
        other => panic!("{other:?}"),
    };
    let rotation = KeyRotation { worker_token: true, ..KeyRotation::default() };
    update(&mut world, true, rotation);
    let Ok(A::Cluster(cluster)) = world.request(Q::GetCluster) else { panic!() };
    assert!(cluster.root_ca.worker_token.starts_with("SWMTKN-1-digest-"));
    assert_eq!(cluster.root_ca.worker_token.len(), "SWMTKN-1-digest-".len() + 25);
    assert_eq!(cluster.root_ca.manager_token, "SWMTKN-1-digest-m");
    assert!(cluster.root_ca.key.is_empty() && cluster.unlock_keys.is_empty());
    let first = key(&mut world).unwrap();
    assert_eq!(first.len(), 32);
    update(&mut world, true, KeyRotation::default());
    assert_eq!(key(&mut world).as_ref(), Some(&first));
    update(&mut world, true, KeyRotation { unlock_key: true, ..KeyRotation::default() });
    assert_ne!(key(&mut world).as_ref(), Some(&first));
    update(&mut world, false, KeyRotation::default());
    assert_eq!(key(&mut world), None);
}
