//! A world under the invariants: what must always hold is looked at after every event of a lab.

use invariants::{Violation, Watch};
use labs::Real;
use sim::Time;
use world::World;

/// A world, and who looks at it until something does not hold.
#[derive(Debug)]
pub(super) struct Watched {
    world: World,
    watch: Result<Watch, Box<Violation>>,
}

impl Watched {
    /// Begins to look.
    pub(super) fn new(world: World) -> Self {
        Self { watch: Watch::new(&world), world }
    }

    /// What did not hold.
    pub(super) fn broken(&self) -> Option<&Violation> {
        self.watch.as_ref().err().map(AsRef::as_ref)
    }
}

impl Real for Watched {
    fn world(&self) -> &World {
        &self.world
    }

    fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    fn step(&mut self, until: Time) -> bool {
        let stepped = self.world.step(until);
        if stepped {
            self.touched();
        }
        stepped
    }

    fn touched(&mut self) {
        if let Ok(watch) = &mut self.watch
            && let Err(violation) = watch.after(&self.world)
        {
            self.watch = Err(violation);
        }
    }
}
