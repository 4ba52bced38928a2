use glasshive_world::*;
fn main() {
    let t = std::time::Instant::now();
    let spec = Spec::new(["node1","node2","node3","node4","node5"]).with_managers(["node1","node2","node3"]);
    let mut w = match World::new(spec) { Ok(w) => w, Err(e) => { println!("ERR {e}"); return; } };
    println!("boot {:?} at {:?} events {}", t.elapsed(), w.now(), w.event_count());
    let t = std::time::Instant::now();
    let e0 = w.event_count();
    w.advance(Duration::from_secs(36000));
    let dt = t.elapsed();
    println!("36000 s in {:?}: {:.0}x, {} events", dt, 36000.0/dt.as_secs_f64(), w.event_count()-e0);
    println!("{}", w.digest());
    for n in w.observe().nodes { println!("{} {:?} {:?} {:?} leader={} {:?}", n.name, n.swarm, n.role, n.state, n.leader, n.raft); }
    for e in w.trace().entries().take(60) { println!("{:?} {:?} {} {}", e.at, e.host, e.kind, e.detail); }
}
