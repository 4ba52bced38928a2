//! Into a swarm: tokens, certificates, members.

use glasshive_swarm::control::{ControlRequest, ControlResponse, Filters};
use glasshive_swarm::node::{InitOptions, JoinOptions, LocalRequest, LocalResponse, LocalState};

use glasshive_swarm::objects::{NodeState, Role};
use sim::Duration;

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

/// The first host knows that the second one is there.
fn is_ready(lab: &Lab, as_manager: bool) -> bool {
    let role = if as_manager { Role::Manager } else { Role::Worker };
    let (Some(store), Some(id)) = (lab.view(0).store, lab.view(1).node_id) else { return false };
    store.node(&id).is_some_and(|node| node.role == role && node.status.state == NodeState::Ready)
}

/// Whenever the power fails while a host joins, it is afterwards on its way or can be told to join again. What its disk has
/// is what had become durable at some instant, and a part of the next change.
#[test]
fn a_power_loss_during_a_join_loses_no_host() {
    for as_manager in [false, true] {
        let mut went_on = 0;
        let mut began_again = 0;
        for millis in (0..40).step_by(2) {
            for (count, torn_size) in [(0, 0), (1, 100), (2, 40), (3, 100), (4, 100), (99, 0)] {
                let mut lab = Lab::new(5, 2);
                lab.init(0);
                let options = lab.join_options(0, as_manager);
                lab.ask_later(1, LocalRequest::Join(options.clone()));
                lab.run_for(Duration::from_millis(millis));
                lab.crash_after(1, count, torn_size);
                lab.run(1);
                lab.start(1);
                if lab.view(1).state == LocalState::Inactive {
                    began_again += 1;
                    lab.ask(1, LocalRequest::Join(options)).unwrap();
                } else {
                    went_on += 1;
                }
                lab.until(30, |lab| is_ready(lab, as_manager));
            }
        }
        assert!(went_on > 20 && began_again > 20, "{went_on} and {began_again}");
    }
}

/// The same for who begins a swarm.
#[test]
fn a_power_loss_during_init_loses_no_host() {
    for millis in 0..6 {
        for count in 0..12 {
            let mut lab = Lab::new(6, 1);
            lab.ask_later(0, LocalRequest::Init(InitOptions::default()));
            lab.run_for(Duration::from_millis(millis));
            lab.crash_after(0, count, 60);
            lab.start(0);
            lab.run(20);
            if lab.view(0).state == LocalState::Inactive {
                lab.init(0);
            }
            lab.until(30, |lab| lab.leader() == Some(0));
            lab.create_secret(0, "sec1", b"geheim");
        }
    }
}
