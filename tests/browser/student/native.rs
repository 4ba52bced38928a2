//! The same labs, played natively.

use std::path::Path;
use std::rc::Rc;

use labs::{Goal, Lab, Runner};
use world::{Duration, World};

fn lab(id: &str) -> Lab {
    let labs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../labs");
    let path = labs.join(id).join(format!("{id}.lab.md"));
    let source = std::fs::read_to_string(path).expect("the lab is there");
    labs::author::read(&source).expect("the lab can be read")
}

/// The digest of a world in which nothing was done.
pub(crate) fn fresh_digest() -> String {
    World::new(lab("secrets").spec(None))
        .expect("the lab's world can be built")
        .digest()
        .to_string()
}

/// The digest after a whole lab; it must hold.
pub(crate) fn digest(id: &str) -> String {
    let lab = Rc::new(lab(id));
    let mut world = World::new(lab.spec(None)).expect("the lab's world can be built");
    world.start_audit();
    let mut runner = Runner::new(lab, world.started(), world.now());
    runner.play(Goal::All);
    let end = world.now() + Duration::from_secs(24 * 3_600);
    runner.drive(&mut world, end);
    assert!(runner.holds(), "the lab holds natively");
    world.digest().to_string()
}
