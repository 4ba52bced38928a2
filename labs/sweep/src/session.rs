//! A world under a watch.

use invariants::{Broken, Violation, Watch};
use sim::Time;
use world::{Awaits, Input, Recorded, Spec, World};

use crate::case::Failure;
use crate::oracle::Oracle;

/// A world, who looks at it, and what was done to it. The inputs are kept apart from the world so that
/// they are still there when it panics.
#[derive(Debug)]
pub struct Session<'a> {
    /// The world.
    pub world: World,
    /// Who looks at it.
    pub watch: Watch,
    /// What users were told.
    pub oracle: Oracle,
    inputs: &'a mut Vec<Recorded>,
}

impl<'a> Session<'a> {
    /// Boots the cluster.
    ///
    /// # Errors
    /// If it does not come up, or breaks an invariant as it does.
    pub fn new(spec: Spec, inputs: &'a mut Vec<Recorded>) -> Result<Self, Failure> {
        let world = World::new(spec).map_err(|error| Failure::new("boot", error.to_string()))?;
        let watch = Watch::new(&world).map_err(|violation| Failure::from(*violation))?;
        Ok(Self { world, watch, oracle: Oracle::default(), inputs })
    }

    /// Lets virtual time pass.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn run_until(&mut self, until: Time) -> Result<(), Failure> {
        while self.world.step(until) {
            self.look()?;
        }
        self.world.advance_until(until);
        Ok(())
    }

    fn look(&mut self) -> Result<(), Failure> {
        self.watch.after(&self.world).map_err(|violation| Failure::from(*violation))?;
        if let Some(host) = self.world.touched() {
            let host = usize::from(host.0);
            let told = self.oracle.after(&self.world, &self.watch, host);
            told.map_err(|broken| self.broken(broken, host))?;
        }
        Ok(())
    }

    /// A complaint of somebody else than the watch.
    pub fn broken(&self, broken: Broken, host: usize) -> Failure {
        let host = self.world.probe(host).map_or_else(String::new, |probe| probe.name.to_owned());
        let (at, event) = (self.world.now(), self.world.event_count());
        Failure::from(Violation { broken, at, event, host })
    }

    /// Does something to the world; false if that is not possible now.
    ///
    /// # Errors
    /// If something does not hold after it.
    pub fn apply(&mut self, input: Input) -> Result<bool, Failure> {
        // A frozen host takes no input.
        if let Input::Type { node, text } = &input
            && let Some(host) = self.host(node)
            && self.world.probe(host).is_some_and(|probe| !probe.is_frozen)
        {
            self.oracle.typed(&self.world, host, node, text);
        }
        let at_ns = self.world.now().since(self.world.started()).as_nanos();
        // Before it is done: it may panic.
        self.inputs.push(Recorded { at_ns, input: input.clone() });
        if self.world.apply(input).is_err() {
            self.inputs.pop();
            return Ok(false);
        }
        self.look()?;
        Ok(true)
    }

    /// The number of a host.
    pub fn host(&self, node: &str) -> Option<usize> {
        self.world.spec().nodes.iter().position(|known| known == node)
    }

    /// The shell of a node waits for a command.
    pub fn is_at_prompt(&self, node: &str) -> bool {
        self.world.awaits(node).ok().flatten() == Some(Awaits::Command)
    }
}
