//! Pulls and pushes: layers move in virtual time, three at once, and are unpacked in order.
//!
//! The whole schedule of a transfer follows from its start, the sizes and the engine's speed; a view
//! of it at any moment is computed, not stored.

use sorted::SortedMap;

use sim::{Duration, Rng, Time};

use crate::digest::{Digest, ImageId};
use crate::error::EngineError;
use crate::image::{Image, ImageStore};
use crate::options::EngineOptions;
use crate::reference::Reference;

/// moby: `defaultMaxConcurrentDownloads` (uploads: 5; one number is enough here).
const LANE_COUNT: usize = 3;
/// From the last byte of a layer to its checked digest.
const VERIFY_COST: Duration = Duration::from_millis(40);

/// The number of a transfer on its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransferId(pub u64);

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the registry.
    Pull,
    /// To the registry.
    Push,
}

/// What a progress line says of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerState {
    /// Pull: known, nothing done yet.
    PullingFsLayer,
    /// Push: known, nothing done yet.
    Preparing,
    /// Three others come first.
    Waiting,
    /// So many bytes of so many have come.
    Downloading(u64, u64),
    /// All bytes are here.
    VerifyingChecksum,
    /// Waits for the layers below it to be unpacked.
    DownloadComplete,
    /// So many bytes of so many are unpacked.
    Extracting(u64, u64),
    /// Done.
    PullComplete,
    /// It was here before.
    AlreadyExists,
    /// So many bytes of so many are sent.
    Pushing(u64, u64),
    /// Done.
    Pushed,
    /// The registry had it before.
    LayerAlreadyExists,
    /// Another repository there had it before.
    Mounted,
}

impl LayerState {
    /// As the docker command line words it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PullingFsLayer => "Pulling fs layer",
            Self::Preparing => "Preparing",
            Self::Waiting => "Waiting",
            Self::Downloading(..) => "Downloading",
            Self::VerifyingChecksum => "Verifying Checksum",
            Self::DownloadComplete => "Download complete",
            Self::Extracting(..) => "Extracting",
            Self::PullComplete => "Pull complete",
            Self::AlreadyExists => "Already exists",
            Self::Pushing(..) => "Pushing",
            Self::Pushed => "Pushed",
            Self::LayerAlreadyExists => "Layer already exists",
            Self::Mounted => "Mounted",
        }
    }
}

/// One layer's part in a transfer.
#[derive(Clone, Debug)]
struct Part {
    digest: Digest,
    exists: bool,
    /// The other repository that has it already.
    mounted_from: Option<String>,
    size: u64,
    unpacked: u64,
    moves: (Time, Time),
    unpacks: (Time, Time),
}

impl Part {
    fn state(&self, direction: Direction, opened: Time, now: Time) -> LayerState {
        let through = |(from, to): (Time, Time), size: u64| {
            let (gone, span) = (now.since(from).as_nanos(), to.since(from).as_nanos().max(1));
            (u128::from(size) * u128::from(gone.min(span)) / u128::from(span)) as u64
        };
        if direction == Direction::Push {
            return match () {
                () if now < opened => LayerState::Preparing,
                () if self.mounted_from.is_some() => LayerState::Mounted,
                () if self.exists => LayerState::LayerAlreadyExists,
                () if now < self.moves.0 => LayerState::Waiting,
                () if now < self.moves.1 => {
                    LayerState::Pushing(through(self.moves, self.size), self.size)
                }
                () => LayerState::Pushed,
            };
        }
        match () {
            () if self.exists => LayerState::AlreadyExists,
            () if now == opened => LayerState::PullingFsLayer,
            () if now < self.moves.0 => LayerState::Waiting,
            () if now < self.moves.1 => {
                LayerState::Downloading(through(self.moves, self.size), self.size)
            }
            () if now < self.moves.1 + VERIFY_COST => LayerState::VerifyingChecksum,
            () if now < self.unpacks.0 => LayerState::DownloadComplete,
            () if now < self.unpacks.1 => {
                LayerState::Extracting(through(self.unpacks, self.unpacked), self.unpacked)
            }
            () => LayerState::PullComplete,
        }
    }
}

/// What a finished transfer moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transferred {
    /// As it was asked for.
    pub reference: Reference,
    /// The image.
    pub image: ImageId,
    /// The manifest's digest.
    pub digest: Digest,
    /// Size of the manifest in bytes (the last line of a push).
    pub manifest_size: u64,
    /// False if the host (the registry) had exactly this before.
    pub is_new: bool,
}

/// A transfer under way or finished.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Which way.
    pub direction: Direction,
    /// As it was asked for.
    pub reference: Reference,
    /// Set when it is over.
    pub result: Option<Result<Transferred, EngineError>>,
    pub(crate) plan: Result<Image, EngineError>,
    pub(crate) is_new: bool,
    /// A pulled image becomes one of the host's.
    pub(crate) is_kept: bool,
    parts: Vec<Part>,
    opened: Time,
    ends: Time,
}

impl Transfer {
    /// Plans a transfer. `plan` is what the registry will answer; `exists` tells which layers the
    /// receiving side has, `is_known` which images it need not fetch again.
    pub(crate) fn plan(
        now: Time,
        direction: Direction,
        reference: Reference,
        plan: Result<Image, EngineError>,
        exists: impl Fn(Digest) -> bool,
        is_known: impl Fn(ImageId) -> bool,
        speed: (&EngineOptions, &mut Rng),
    ) -> Self {
        let (options, rng) = speed;
        // Token, manifest and configuration: three round trips to a registry far away.
        let opened = now + Duration::from_millis(rng.between(350, 700));
        let mut transfer = Self {
            direction,
            reference,
            result: None,
            is_new: true,
            is_kept: true,
            parts: Vec::new(),
            opened,
            ends: opened,
            plan,
        };
        let Ok(image) = &transfer.plan else { return transfer };
        if is_known(image.id) {
            // Nothing is asked for but the manifest.
            return transfer;
        }
        let mut lanes = [opened; LANE_COUNT];
        let mut unpacked_until = opened;
        for layer in &image.layers {
            let exists = exists(layer.diff_id);
            let lane = lanes.iter_mut().min_by_key(|free| **free).expect("there are lanes");
            let span = |size: u64, per_sec: u64| {
                Duration::from_micros(size.saturating_mul(1_000_000) / per_sec.max(1))
            };
            let from = *lane + Duration::from_millis(if exists { 0 } else { 80 });
            let to = from + span(layer.compressed_size, options.download_bytes_per_sec);
            let digest = if direction == Direction::Pull { layer.blob } else { layer.diff_id };
            let mut part = Part {
                digest,
                exists,
                mounted_from: None,
                size: layer.compressed_size,
                unpacked: layer.size,
                moves: (from, to),
                unpacks: (to, to),
            };
            if exists {
                part.moves = (opened, opened);
            } else {
                *lane = to;
                if direction == Direction::Pull {
                    let ready = unpacked_until.max(to + VERIFY_COST);
                    let cost = span(layer.size, options.unpack_bytes_per_sec);
                    part.unpacks = (ready, ready + cost + Duration::from_millis(30));
                    unpacked_until = part.unpacks.1;
                }
                transfer.ends = transfer.ends.max(part.unpacks.1).max(to);
            }
            transfer.parts.push(part);
        }
        // Writing the image's record, or sending the manifest.
        transfer.ends += Duration::from_millis(50);
        transfer
    }

    /// True once the registry has answered: `Pulling from library/redis` is printed then.
    pub fn is_open(&self, now: Time) -> bool {
        now >= self.opened && self.plan.is_ok()
    }

    /// Every layer's short digest and state, lowest first.
    pub fn layers(&self, now: Time) -> Vec<(String, LayerState)> {
        if self.direction == Direction::Pull && !self.is_open(now) {
            return Vec::new();
        }
        let state = |part: &Part| part.state(self.direction, self.opened, now);
        self.parts.iter().map(|part| (part.digest.short(), state(part))).collect()
    }

    /// The other repositories that have a pushed layer already, layer by layer.
    pub(crate) fn set_holders(&mut self, holder: impl Fn(Digest) -> Option<String>) {
        self.parts.iter_mut().for_each(|part| part.mounted_from = holder(part.digest));
    }

    /// The repository that a layer is mounted from: `library/alpine`.
    pub fn mounted_from(&self, layer: usize) -> Option<&str> {
        self.parts.get(layer)?.mounted_from.as_deref()
    }

    /// When it is over.
    pub const fn ends(&self) -> Time {
        self.ends
    }

    /// The next moment after `now` at which some layer's state changes.
    pub(crate) fn next_change(&self, now: Time) -> Option<Time> {
        if self.result.is_some() {
            return None;
        }
        let of_parts = self.parts.iter().filter(|part| !part.exists).flat_map(|part| {
            let verified = part.moves.1 + VERIFY_COST;
            [part.moves.0, part.moves.1, verified, part.unpacks.0, part.unpacks.1]
        });
        of_parts.chain([self.opened, self.ends]).filter(|at| *at > now).min()
    }

    pub(crate) fn is_over(&self, now: Time) -> bool {
        let ends = if self.plan.is_ok() { self.ends } else { self.opened };
        self.result.is_none() && now >= ends
    }
}

/// Does what the end of a pull does: the image is there and has its names.
pub(crate) fn finish_pull(store: &mut ImageStore, transfer: &mut Transfer) {
    let result = match &transfer.plan {
        Err(error) => Err(error.clone()),
        Ok(image) => {
            let reference = &transfer.reference;
            let digest = image.manifest_digest();
            let found = store.find(&reference.to_string()).map(|image| image.id);
            let is_new = found != Ok(image.id);
            let id = image.id;
            if transfer.is_kept {
                store.add(image.clone());
            }
            // A pinned image keeps its digest as its only name, even if a tag was written.
            if reference.digest.is_none() && transfer.is_kept {
                store.tag(reference, id);
            }
            if transfer.is_kept {
                store.note_digest(reference, digest, id);
            }
            Ok(Transferred {
                reference: reference.clone(),
                image: id,
                digest,
                manifest_size: image.manifest_json().len() as u64,
                is_new,
            })
        }
    };
    transfer.is_new = result.as_ref().is_ok_and(|done| done.is_new);
    transfer.result = Some(result);
}

/// All transfers of a host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transfers {
    next: u64,
    pub(crate) all: SortedMap<TransferId, Transfer>,
}

impl Transfers {
    pub(crate) fn add(&mut self, transfer: Transfer) -> TransferId {
        self.next += 1;
        self.all.insert(TransferId(self.next), transfer);
        TransferId(self.next)
    }
}
