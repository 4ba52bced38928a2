//! Random crashes, cuts and writes: what was answered with success is never lost, and all managers
//! hold the same in the end.

use glasshive_swarm::control::ControlRequest;
use glasshive_swarm::node::{LocalRequest, RequestId};
use glasshive_swarm::objects::{Annotations, SecretSpec};
use sim::{Duration, Streams};

use crate::harness::Lab;

const MANAGERS: usize = 3;

fn create(lab: &mut Lab, host: usize, number: u64) -> RequestId {
    let spec = SecretSpec {
        annotations: Annotations::named(format!("sec{number}")),
        data: format!("geheimnis nummer {number}").into_bytes().into(),
        ..SecretSpec::default()
    };
    let request = ControlRequest::CreateSecret { spec: Box::new(spec) };
    lab.ask_later(host, LocalRequest::Control(request))
}

/// How many writes were answered with success.
fn run_seed(seed: u64) -> u64 {
    let mut lab = Lab::cluster_of(seed, MANAGERS, 1);
    let mut rng = Streams::new(seed).stream("chaos");
    let mut asked = Vec::new();
    for number in 0..40 {
        let host = rng.below(MANAGERS as u64) as usize;
        let is_up = lab.hosts[host].node.is_some();
        match rng.below(6) {
            0 if is_up => lab.crash(host),
            1 => lab.cut(host),
            2 => lab.heal(host),
            3 if !is_up => lab.start(host),
            _ if is_up => asked.push((number, create(&mut lab, host, number))),
            _ => {}
        }
        lab.run_until(lab.now + Duration::from_millis(rng.below(4_000)));
    }
    for host in 0..MANAGERS {
        lab.heal(host);
        if lab.hosts[host].node.is_none() {
            lab.start(host);
        }
    }
    lab.run(90);
    let leader = lab.leader().unwrap_or_else(|| panic!("seed {seed}: nobody leads"));
    let digests: Vec<_> =
        (0..MANAGERS).map(|host| lab.view(host).store.unwrap().digest()).collect();
    assert!(digests.iter().all(|digest| *digest == digests[0]), "seed {seed}: stores differ");
    let store = lab.view(leader).store.unwrap();
    let mut answered_count = 0;
    for (number, id) in asked {
        if matches!(lab.answer(id), Some(Ok(_))) {
            let name = format!("sec{number}");
            let is_there = store.secrets().iter().any(|s| s.spec.annotations.name == name);
            assert!(is_there, "seed {seed}: {name} was answered and is lost");
            answered_count += 1;
        }
    }
    let ready = store.nodes().iter().filter(|node| node.status.state.word() == "ready").count();
    assert_eq!(ready, MANAGERS + 1, "seed {seed}");
    assert_eq!(lab.leaks(b"geheimnis nummer"), Vec::<String>::new(), "seed {seed}");
    answered_count
}

#[test]
fn what_was_answered_is_never_lost() {
    let answered_count: u64 = (100..112).map(run_seed).sum();
    assert!(20 < answered_count, "{answered_count}");
}
