//! What an idle cluster costs: three managers and two workers, an hour of virtual time.
//! `cargo run --release -p glasshive-swarm --example idle`
#![allow(
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a measurement for people"
)]

#[path = "../tests/cluster/harness.rs"]
mod harness;

fn main() {
    let mut lab = harness::Lab::cluster_of(1, 3, 2);
    let secret = lab.create_secret(0, "sec1", b"geheim");
    lab.create_service(0, "redis", 5, &[("sec1", &secret)]);
    lab.run(60);
    lab.wire.clear();
    let (handled, frames) = (lab.handled_count, lab.wire.len());
    let begin = std::time::Instant::now();
    let seconds = 3_600;
    lab.run(seconds);
    let took = begin.elapsed();
    println!(
        "{} ns, {} inputs and {} frames per virtual second",
        took.as_nanos() / u128::from(seconds),
        (lab.handled_count - handled) / seconds,
        (lab.wire.len() - frames) as u64 / seconds,
    );
}
