//! What breaks.

use sorted::SortedSet;

use sim::Rng;
use world::fault::Reach;
use world::{Fault, Input, World};

use crate::shape;

/// Kinds of faults that a sweep may be limited to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultSet(SortedSet<&'static str>);

/// Each kind with its usual weight.
const KINDS: [(&str, u64); 5] =
    [("crash", 2), ("restart", 6), ("cut", 2), ("cut-one-way", 1), ("heal", 4)];

impl Default for FaultSet {
    fn default() -> Self {
        Self(KINDS.iter().map(|(kind, _)| *kind).collect())
    }
}

impl FaultSet {
    /// The kinds with these names, with commas between them; `all` and `none` are sets, too.
    ///
    /// # Errors
    /// Names what is not known, and what is.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "all" => return Ok(Self::default()),
            "none" => return Ok(Self(SortedSet::new())),
            _ => {}
        }
        let known = || KINDS.iter().map(|(kind, _)| *kind);
        let mut set = SortedSet::new();
        for name in text.split(',') {
            let Some(kind) = known().find(|kind| *kind == name) else {
                let all: Vec<&str> = known().collect();
                return Err(format!(
                    "no fault `{name}`: expected all, none or some of {}",
                    all.join(",")
                ));
            };
            set.insert(kind);
        }
        Ok(Self(set))
    }

    /// No faults at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has(&self, kind: &str) -> bool {
        self.0.contains(kind)
    }
}

/// The faults of one seed.
#[derive(Debug)]
pub struct Faults {
    weights: [u64; KINDS.len()],
    cuts: SortedSet<(String, String)>,
}

impl Faults {
    /// Which kinds there are, and how often.
    pub fn draw(rng: &mut Rng, set: &FaultSet) -> Self {
        let mut weights = shape::weights(rng, KINDS.map(|(_, weight)| weight));
        for (weight, (kind, usual)) in weights.iter_mut().zip(KINDS) {
            // What puts things right again always happens.
            if matches!(kind, "restart" | "heal") {
                *weight = usual;
            }
            if !set.has(kind) {
                *weight = 0;
            }
        }
        Self { weights, cuts: SortedSet::new() }
    }

    /// The next one; nothing if there is nothing that it could break.
    pub fn next(&mut self, world: &World, rng: &mut Rng) -> Vec<Input> {
        let Some(kind) = shape::pick(rng, &self.weights) else { return Vec::new() };
        let spec = world.spec();
        let up = |name: &&String| {
            (0..world.host_count())
                .filter_map(|host| world.probe(host))
                .any(|probe| probe.name == **name && probe.daemon.is_some())
        };
        let (running, down): (Vec<&String>, Vec<&String>) = spec.nodes.iter().partition(up);
        match KINDS[kind].0 {
            "crash" => rng
                .pick(&running)
                .map(|node| Input::fault(Fault::Crash(node.as_str().into())))
                .into_iter()
                .collect(),
            "restart" => rng
                .pick(&down)
                .map(|node| Input::fault(Fault::Restart(node.as_str().into())))
                .into_iter()
                .collect(),
            "cut" => self.cut(spec.nodes.clone(), rng),
            "cut-one-way" => {
                let (from, to) = (rng.pick(&spec.nodes), rng.pick(&spec.nodes));
                match (from, to) {
                    (Some(from), Some(to)) if from != to => self.cut_one(from, to),
                    _ => Vec::new(),
                }
            }
            _ => self.heal(rng),
        }
    }

    fn cut_one(&mut self, from: &str, to: &str) -> Vec<Input> {
        self.cuts.insert((from.to_owned(), to.to_owned()));
        vec![Input::fault(Fault::Cut(Reach::one_way(from, to)))]
    }

    /// Two halves of any size, or one host alone.
    fn cut(&mut self, mut nodes: Vec<String>, rng: &mut Rng) -> Vec<Input> {
        rng.shuffle(&mut nodes);
        let size = if rng.chance(1, 2) { 1 } else { rng.below(nodes.len() as u64 + 1) };
        let size = usize::try_from(size).unwrap_or(0).min(nodes.len());
        let (here, there) = nodes.split_at(size);
        let mut inputs = Vec::new();
        for one in here {
            for other in there {
                inputs.extend(self.cut_one(one, other));
                inputs.extend(self.cut_one(other, one));
            }
        }
        inputs
    }

    /// Everything, or one direction of one link.
    fn heal(&mut self, rng: &mut Rng) -> Vec<Input> {
        let all: Vec<(String, String)> = self.cuts.iter().cloned().collect();
        let healed = if rng.chance(2, 3) {
            self.cuts.clear();
            all
        } else {
            let one: Vec<_> = rng.pick(&all).cloned().into_iter().collect();
            self.cuts.retain(|pair| !one.contains(pair));
            one
        };
        let whole =
            |(from, to): (String, String)| Input::fault(Fault::Heal(Reach::one_way(&from, &to)));
        healed.into_iter().map(whole).collect()
    }
}

/// What makes everything whole again.
pub fn peace(world: &World) -> Vec<Input> {
    let mut inputs = vec![Input::fault(Fault::Heal(Reach::All))];
    for probe in (0..world.host_count()).filter_map(|host| world.probe(host)) {
        if probe.daemon.is_none() {
            inputs.push(Input::fault(Fault::Restart(probe.name.into())));
        }
    }
    inputs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_named() {
        assert_eq!(FaultSet::parse("all"), Ok(FaultSet::default()));
        assert!(FaultSet::parse("none").is_ok_and(|set| set.is_empty()));
        assert!(FaultSet::parse("crash,heal").is_ok_and(|set| set.has("heal") && !set.has("cut")));
        let error = FaultSet::parse("crash,fire").expect_err("there is no such fault");
        assert!(error.contains("`fire`") && error.contains("cut-one-way"), "{error}");
    }
}
