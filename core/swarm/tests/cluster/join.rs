//! Into a swarm: tokens, certificates, members.

use glasshive_swarm::control::{ControlRequest, ControlResponse, Filters};
use glasshive_swarm::node::{InitOptions, JoinOptions, LocalRequest, LocalResponse, LocalState};

use crate::harness::{Lab, addr};

#[test]
fn three_managers_and_two_workers_come_together() {
    let mut lab = Lab::cluster_of(1, 3, 2);
    assert_eq!(
        lab.node_table(0),
        "node1 manager ready leader\n\
         node2 manager ready reachable\n\
         node3 manager ready reachable\n\
         node4 worker ready -\n\
         node5 worker ready -\n"
    );
    // Any manager answers, and the same.
    assert_eq!(lab.node_table(1), lab.node_table(0));
    let digests: Vec<_> = (0..3).map(|host| lab.view(host).store.unwrap().digest()).collect();
    assert!(digests.iter().all(|digest| *digest == digests[0]));
}

#[test]
fn a_secret_is_in_every_managers_store_and_nowhere_in_clear() {
    let mut lab = Lab::cluster_of(2, 3, 2);
    let needle = b"correct horse battery staple";
    // Asked of a follower, so the request itself crosses the wire as well.
    lab.create_secret(2, "sec1", needle);
    lab.run(1);
    for host in 0..3 {
        let store = lab.view(host).store.unwrap();
        let secret = store.secrets().iter().next().unwrap();
        assert_eq!(secret.spec.data.expose(), needle, "node{}", host + 1);
    }
    let list = lab.control(1, ControlRequest::ListSecrets(Filters::default())).unwrap();
    let ControlResponse::Secrets(secrets) = list else { panic!("{list:?}") };
    assert!(secrets[0].spec.data.is_empty(), "the API gives no data");
    assert_eq!(lab.leaks(needle), Vec::<String>::new());
    assert!(!lab.leaks(b"SWMTKN-1").iter().any(|place| place.contains("frame")));
    assert!(!lab.story().contains("correct horse"));
}

#[test]
fn wrong_tokens_are_refused_in_dockers_words() {
    let mut lab = Lab::new(3, 3);
    lab.init(0);
    let good = lab.join_options(0, false);
    let (front, _) = good.token.rsplit_once('-').unwrap();

    let wrong_secret = format!("{front}-{}", "0".repeat(25));
    let answer =
        lab.ask(1, LocalRequest::Join(JoinOptions { token: wrong_secret, ..good.clone() }));
    assert_eq!(
        answer.unwrap_err().to_string(),
        "rpc error: code = InvalidArgument desc = A valid join token is necessary to join this \
         cluster"
    );

    let mut other = Lab::new(4, 1);
    other.init(0);
    let foreign = other.join_options(0, false).token;
    let answer = lab.ask(1, LocalRequest::Join(JoinOptions { token: foreign, ..good.clone() }));
    let text = answer.unwrap_err().to_string();
    assert!(text.starts_with("remote CA does not match fingerprint. Expected: "), "{text}");

    let answer =
        lab.ask(1, LocalRequest::Join(JoinOptions { token: "SWMTKN-1".into(), ..good.clone() }));
    assert_eq!(answer.unwrap_err().to_string(), "invalid join token");

    let nobody = vec![format!("{}:2377", addr(2))];
    let answer = lab.ask(1, LocalRequest::Join(JoinOptions { remotes: nobody, ..good.clone() }));
    let text = answer.unwrap_err().to_string();
    assert!(text.ends_with("dial tcp 10.0.0.13:2377: connect: connection refused\""), "{text}");

    // After all that the host can still join.
    assert_eq!(lab.hosts[1].disk.list("/var/lib/docker/swarm/").count(), 0);
    lab.join(1, 0, false);
}

#[test]
fn a_join_to_a_dead_address_goes_on_in_the_background() {
    let mut lab = Lab::new(5, 2);
    lab.init(0);
    let options = lab.join_options(0, false);
    lab.cut(0);
    let answer = lab.ask(1, LocalRequest::Join(options));
    let text = answer.unwrap_err().to_string();
    assert!(text.starts_with("Timeout was reached before node joined."), "{text}");
    lab.heal(0);
    lab.until(30, |lab| {
        let agent = lab.view(1).agent;
        agent.is_some_and(|agent| agent.session_with.is_some())
    });
}

#[test]
fn twice_is_once_too_often() {
    let mut lab = Lab::cluster_of(6, 1, 1);
    let already = "This node is already part of a swarm. Use \"docker swarm leave\" to leave this \
                   swarm and join another one.";
    for host in 0..2 {
        let answer = lab.ask(host, LocalRequest::Init(InitOptions::default()));
        assert_eq!(answer.unwrap_err().to_string(), already);
    }
    let Ok(LocalResponse::Info(info)) = lab.ask(1, LocalRequest::Info) else { panic!("no info") };
    assert_eq!((info.state, info.control_available), (LocalState::Active, false));
    assert_eq!(info.remote_managers.len(), 1);
}

#[test]
fn who_is_no_manager_says_so() {
    let mut lab = Lab::cluster_of(7, 1, 1);
    let text = |lab: &mut Lab, host| {
        lab.control(host, ControlRequest::ListNodes(Filters::default())).unwrap_err().to_string()
    };
    assert!(text(&mut lab, 1).contains("Worker nodes can't be used to view or modify"));
    let mut lonely = Lab::new(8, 1);
    assert!(
        text(&mut lonely, 0).starts_with("This node is not a swarm manager. Use \"docker swarm")
    );
}
