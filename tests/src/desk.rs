//! A cluster and a person who works at it.

use world::{Duration, LineResult, Observation, Spec, Surface, World};

/// A cluster, and short ways to do what tests do all the time. All of them panic with the command
/// and its output if something is not as asked for: they are for tests only.
#[derive(Debug)]
pub struct Desk {
    /// The cluster.
    pub world: World,
}

/// How long something may take before a test calls it broken.
const PATIENCE: Duration = Duration::from_secs(120);

impl Desk {
    /// Boots what the spec says.
    #[track_caller]
    pub fn new(spec: Spec) -> Self {
        match World::new(spec.clone()) {
            Ok(world) => Self { world },
            Err(error) => panic!("{spec:?}: {error}"),
        }
    }

    /// One manager, `node1`, and two workers, Docker 17.03.
    #[track_caller]
    pub fn classic(seed: u64) -> Self {
        Self::new(Spec::new(["node1", "node2", "node3"]).with_managers(["node1"]).with_seed(seed))
    }

    /// The same with another Docker version.
    #[track_caller]
    pub fn release(docker: &str, seed: u64) -> Self {
        Self::new(
            Spec::new(["node1", "node2", "node3"])
                .with_managers(["node1"])
                .with_docker(docker)
                .with_seed(seed),
        )
    }

    /// Types a line and waits for what comes of it.
    #[track_caller]
    pub fn run(&mut self, node: &str, text: &str) -> LineResult {
        self.run_for(node, text, world::LINE_LIMIT)
    }

    /// The same with another limit.
    #[track_caller]
    pub fn run_for(&mut self, node: &str, text: &str, limit: Duration) -> LineResult {
        match self.world.run_line(node, text, limit) {
            Ok(result) => result,
            Err(error) => panic!("{node}$ {text}: {error}"),
        }
    }

    /// What a line prints that ends with status 0.
    #[track_caller]
    pub fn says(&mut self, node: &str, text: &str) -> String {
        let result = self.run(node, text);
        assert!(
            result.status == 0 && !result.running,
            "{node}$ {text}\n{}? {}",
            result.output,
            result.status
        );
        result.output
    }

    /// What a line prints that ends with another status.
    #[track_caller]
    pub fn fails(&mut self, node: &str, text: &str, status: i32) -> String {
        let result = self.run(node, text);
        assert!(
            result.status == status && !result.running,
            "{node}$ {text}\n{}? {}, expected {status}",
            result.output,
            result.status
        );
        result.output
    }

    /// Lets time pass.
    pub fn wait(&mut self, seconds: u64) {
        self.world.advance(Duration::from_secs(seconds));
    }

    /// Lets time pass until something holds, two minutes at most.
    #[track_caller]
    pub fn until(&mut self, what: &str, holds: impl Fn(&Observation) -> bool) {
        let end = self.world.now() + PATIENCE;
        while !holds(&self.world.observe()) {
            assert!(self.world.now() < end, "not within two minutes: {what}");
            self.world.advance(Duration::from_millis(100));
        }
    }

    /// Lets time pass until so many tasks of a service run.
    #[track_caller]
    pub fn until_running(&mut self, service: &str, count: u64) {
        self.until(&format!("{count} running tasks of {service}"), |seen| {
            seen.services.iter().any(|known| known.name == service && known.running == count)
        });
    }

    /// The nodes that run a service's tasks, in the order of its slots.
    pub fn nodes_of(&self, service: &str) -> Vec<String> {
        let mut tasks = self.world.observe().tasks;
        tasks.retain(|task| task.service == service && task.state == "running");
        tasks.sort_by_key(|task| task.slot);
        tasks.into_iter().filter_map(|task| task.node).collect()
    }

    /// The surfaces that hold some text now, each once, in order.
    pub fn surfaces_with(&self, text: &str) -> Vec<(Surface, String)> {
        let found = self.world.find_bytes(text.as_bytes());
        let mut surfaces: Vec<(Surface, String)> =
            found.into_iter().map(|found| (found.surface, found.node)).collect();
        surfaces.sort();
        surfaces.dedup();
        surfaces
    }
}
