//! From a service to files in containers, and back to nothing.

use glasshive_swarm::control::ControlRequest;
use glasshive_swarm::objects::TaskState;

use crate::harness::Lab;

const NEEDLE: &[u8] = b"correct horse battery staple";

fn holders(lab: &Lab) -> Vec<usize> {
    (0..lab.hosts.len())
        .filter(|&host| lab.view(host).agent.is_some_and(|agent| !agent.secrets.is_empty()))
        .collect()
}

fn runners(lab: &Lab) -> Vec<usize> {
    (0..lab.hosts.len()).filter(|&host| !lab.hosts[host].running.is_empty()).collect()
}

#[test]
fn a_service_runs_and_only_its_nodes_hold_the_secret() {
    let mut lab = Lab::cluster_of(31, 3, 2);
    let secret = lab.create_secret(1, "sec1", NEEDLE);
    assert_eq!(holders(&lab), Vec::<usize>::new(), "nobody needs it yet");
    lab.create_service(2, "redis", 2, &[("sec1", &secret)]);
    let took = lab.until(20, |lab| lab.running_tasks(0) == 2);
    assert!(took.as_millis() < 2_000, "{took}");
    assert_eq!(holders(&lab), runners(&lab));
    assert_eq!(runners(&lab).len(), 2);
    for host in runners(&lab) {
        for files in lab.hosts[host].files.values() {
            assert_eq!(files["sec1"], NEEDLE);
        }
        let node = lab.hosts[host].node.as_ref().unwrap();
        let task = lab.hosts[host].running.iter().next().unwrap();
        let error = node.secret(task, "somethingelse").unwrap_err();
        assert_eq!(error.message, "task not authorized to access secret somethingelse");
    }
    assert_eq!(lab.leaks(NEEDLE), Vec::<String>::new());

    let service = lab.service(0, "redis").unwrap().id.clone();
    lab.control(1, ControlRequest::RemoveService { id: service }).unwrap();
    lab.until(20, |lab| holders(lab).is_empty() && runners(lab).is_empty());
    lab.run(5);
    for host in 0..5 {
        let agent = lab.view(host).agent.unwrap();
        assert!(agent.tasks.is_empty() && agent.secrets.is_empty(), "node{}", host + 1);
    }
    assert!(lab.view(0).store.unwrap().tasks().iter().next().is_none());
    assert_eq!(lab.leaks(NEEDLE), Vec::<String>::new());
}

#[test]
fn a_dead_nodes_tasks_run_elsewhere() {
    let mut lab = Lab::cluster_of(32, 1, 2);
    let secret = lab.create_secret(0, "sec1", NEEDLE);
    lab.create_service(0, "redis", 3, &[("sec1", &secret)]);
    lab.until(20, |lab| lab.running_tasks(0) == 3);
    lab.crash(2);
    lab.until(40, |lab| {
        let store = lab.view(0).store.unwrap();
        let alive = store.nodes().iter().filter(|node| node.status.state.word() == "ready");
        let alive: Vec<_> = alive.map(|node| node.id.clone()).collect();
        let runs = |task: &&std::rc::Rc<glasshive_swarm::objects::Task>| {
            task.status.state == TaskState::Running
                && task.node_id.as_ref().is_some_and(|node| alive.contains(node))
        };
        store.tasks().iter().filter(runs).count() == 3
    });
    // The secrets of the node without power are gone; its disk never had them.
    lab.start(2);
    lab.run(20);
    assert_eq!(lab.leaks(NEEDLE), Vec::<String>::new());
    let agent = lab.view(2).agent.unwrap();
    let live = agent.tasks.iter().filter(|(_, status)| status.state <= TaskState::Running).count();
    assert_eq!(agent.secrets.is_empty(), live == 0);
}

#[test]
fn a_cut_off_worker_keeps_what_it_has() {
    let mut lab = Lab::cluster_of(33, 1, 1);
    let secret = lab.create_secret(0, "sec1", NEEDLE);
    lab.create_service(0, "redis", 2, &[("sec1", &secret)]);
    lab.until(20, |lab| lab.running_tasks(0) == 2);
    let before = lab.hosts[1].running.clone();
    assert_eq!(before.len(), 1);
    lab.cut(1);
    lab.run(60);
    assert_eq!(lab.hosts[1].running, before, "nobody stops it");
    assert_eq!(lab.view(1).agent.unwrap().secrets.len(), 1);
    assert_eq!(lab.hosts[0].running.len(), 2, "its replacement runs too: for a time it runs twice");
    lab.heal(1);
    lab.until(60, |lab| lab.hosts[1].running.is_empty());
    lab.until(10, |lab| lab.view(1).agent.unwrap().secrets.is_empty());
}

#[test]
fn a_service_survives_a_new_leader() {
    let mut lab = Lab::cluster_of(34, 3, 1);
    let secret = lab.create_secret(0, "sec1", NEEDLE);
    lab.create_service(0, "redis", 4, &[("sec1", &secret)]);
    lab.until(20, |lab| lab.running_tasks(0) == 4);
    lab.crash(0);
    lab.until(60, |lab| lab.leader().is_some());
    let leader = lab.leader().unwrap();
    lab.until(60, |lab| {
        lab.hosts.iter().map(|host| host.running.len()).sum::<usize>() == 4
            && lab.running_tasks(leader) >= 4
    });
    assert_eq!(holders_of_living(&lab), runners(&lab));
}

fn holders_of_living(lab: &Lab) -> Vec<usize> {
    (0..lab.hosts.len())
        .filter(|&host| lab.hosts[host].node.is_some())
        .filter(|&host| lab.view(host).agent.is_some_and(|agent| !agent.secrets.is_empty()))
        .collect()
}
