//! Which work a build has.

use sorted::{SortedMap, SortedSet};
use std::collections::VecDeque;

use super::dockerfile::{Dockerfile, Instruction};
use super::words::Reader;
use super::{BuildRequest, mounts};

/// A piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// BuildKit: its first pieces, which show nothing but that they are done.
    Load,
    /// The classic builder: an `ARG` before the first `FROM`.
    Argument(Instruction),
    /// Find out what an image is that a stage starts from or that files are copied from.
    Fetch(String),
    /// Begin a stage.
    From(usize),
    /// One instruction of a stage.
    Step(usize, Instruction),
    /// A stage is done.
    Keep(usize),
    /// Give the image its names.
    Export,
}

/// A build's work, in order, with what was found out on the way.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) work: VecDeque<Work>,
    /// `ARG`s before the first `FROM`.
    pub(super) globals: SortedMap<String, String>,
    /// What each stage starts from, expanded.
    pub(super) bases: Vec<String>,
    /// The number of steps that the classic builder counts.
    pub(super) step_count: usize,
}

/// Why there is no plan: the line (0 for the whole) and a text.
pub(super) type Refusal = (usize, usize, String);

/// Platforms and proxies that need no `ARG` (buildkit: `dockerfile2llb/platform.go`, moby:
/// `builtinAllowedBuildArgs`).
pub(super) const BUILT_IN: &[(&str, &str)] = &[
    ("BUILDPLATFORM", "linux/amd64"),
    ("BUILDOS", "linux"),
    ("BUILDARCH", "amd64"),
    ("TARGETPLATFORM", "linux/amd64"),
    ("TARGETOS", "linux"),
    ("TARGETARCH", "amd64"),
];

impl Plan {
    pub(super) fn new(file: &Dockerfile, request: &BuildRequest) -> Result<Self, Refusal> {
        let mut plan = Self::default();
        for instruction in &file.arguments {
            plan.add_global(file, request, instruction)?;
        }
        let globals = &plan.globals;
        for stage in &file.stages {
            let lookup = |name: &str| {
                let built_in = || BUILT_IN.iter().find(|(key, _)| *key == name);
                globals.get(name).cloned().or_else(|| built_in().map(|(_, v)| (*v).to_owned()))
            };
            let reader = Reader { escape: file.escape, lookup: &lookup };
            let line = stage.instructions.first().map_or((0, 0), |first| (first.line, first.last));
            let base = reader.expand(&stage.base).map_err(|message| (line.0, line.1, message))?;
            if base.is_empty() {
                let text = format!("base name ({}) should not be blank", stage.base);
                return Err((line.0, line.1, text));
            }
            plan.bases.push(base);
        }
        let count = file.stages.len();
        let target = if request.target.is_empty() {
            count - 1
        } else {
            file.stage(&request.target, count).ok_or_else(|| {
                let target = &request.target;
                let text = if request.buildkit {
                    format!("target stage \"{target}\" could not be found")
                } else {
                    format!("failed to reach build target {target} in Dockerfile")
                };
                (0, 0, text)
            })?
        };
        if request.buildkit {
            plan.for_buildkit(file, target);
        } else {
            plan.for_classic(file, target, &request.labels);
        }
        plan.work.push_back(Work::Export);
        Ok(plan)
    }

    fn add_global(
        &mut self,
        file: &Dockerfile,
        request: &BuildRequest,
        instruction: &Instruction,
    ) -> Result<(), Refusal> {
        let globals = self.globals.clone();
        let lookup = |name: &str| globals.get(name).cloned();
        let reader = Reader { escape: file.escape, lookup: &lookup };
        let words = reader.words(&instruction.rest);
        for word in words.map_err(|text| (instruction.line, instruction.last, text))? {
            let (name, default) = match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (word, None),
            };
            if let Some(value) = request.args.get(&name).cloned().or(default) {
                self.globals.insert(name, value);
            }
        }
        Ok(())
    }

    /// Every stage up to the target, in the order of the file.
    fn for_classic(
        &mut self,
        file: &Dockerfile,
        target: usize,
        labels: &SortedMap<String, String>,
    ) {
        self.work.extend(file.arguments.iter().cloned().map(Work::Argument));
        self.step_count = file.arguments.len();
        for index in 0..=target {
            for external in externals(file, index) {
                self.work.push_back(Work::Fetch(external));
            }
            self.add_stage(file, index);
        }
        if !labels.is_empty() {
            // moby: `--label` is one more instruction.
            let pairs: Vec<String> =
                labels.iter().map(|(name, value)| format!("{name:?}={value:?}")).collect();
            let step = Instruction {
                keyword: "LABEL".to_owned(),
                flags: Vec::new(),
                rest: pairs.join(" "),
                heredocs: Vec::new(),
                line: 0,
                last: 0,
            };
            self.work.push_back(Work::Step(target, step));
            self.work.push_back(Work::Keep(target));
            self.step_count += 1;
        }
    }

    /// The stages that the target needs.
    fn for_buildkit(&mut self, file: &Dockerfile, target: usize) {
        let mut needed = SortedSet::from([target]);
        let mut open = vec![target];
        while let Some(index) = open.pop() {
            let base = self.bases.get(index).and_then(|base| file.stage(base, index));
            for other in base.into_iter().chain(stages_read(file, index)) {
                if needed.insert(other) {
                    open.push(other);
                }
            }
        }
        self.work.push_back(Work::Load);
        let mut images = Vec::new();
        for &index in &needed {
            if let Some(base) = self.bases.get(index)
                && base != "scratch"
                && file.stage(base, index).is_none()
            {
                images.push(base.clone());
            }
            images.extend(externals(file, index));
        }
        let mut seen = SortedSet::new();
        images.retain(|image| seen.insert(image.clone()));
        self.work.extend(images.into_iter().map(Work::Fetch));
        for &index in &needed {
            self.add_stage(file, index);
        }
    }

    fn add_stage(&mut self, file: &Dockerfile, index: usize) {
        let Some(stage) = file.stages.get(index) else { return };
        self.work.push_back(Work::From(index));
        let steps = stage.instructions.iter().skip(1).cloned();
        self.work.extend(steps.map(|instruction| Work::Step(index, instruction)));
        self.work.push_back(Work::Keep(index));
        self.step_count += stage.instructions.len();
    }
}

/// What a stage's instructions copy or mount from: as written.
fn sources(file: &Dockerfile, index: usize) -> Vec<String> {
    let instructions = file.stages.get(index).map_or(&[][..], |stage| &stage.instructions);
    let mut found = Vec::new();
    for instruction in instructions {
        match instruction.keyword.as_str() {
            "COPY" => found.extend(instruction.flag("from").map(str::to_owned)),
            "RUN" => found.extend(mounts::sources(instruction)),
            _ => {}
        }
    }
    found
}

fn stages_read(file: &Dockerfile, index: usize) -> Vec<usize> {
    sources(file, index).iter().filter_map(|text| file.stage(text, index)).collect()
}

/// Images outside of the Dockerfile that a stage copies or mounts from.
fn externals(file: &Dockerfile, index: usize) -> Vec<String> {
    let mut found = sources(file, index);
    found.retain(|text| file.stage(text, index).is_none() && text.parse::<usize>().is_err());
    found
}
