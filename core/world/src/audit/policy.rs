//! Where clear text belongs by how a swarm works, as one table; everywhere else it is a leak unless
//! the lab says otherwise.

use swarm::Lock;

use super::beside::Of;
use super::cluster::{KUBELET_MEMORY, SERVER_MEMORY};
use super::engine_places::{BUILD_MEMORY, DAEMON_MEMORY};
use super::ledger::Key;
use super::needles::NeedleKind;
use super::objects::STORE_MEMORY;
use super::surfaces::AGENT_MEMORY;
use crate::search::Surface;

/// What must hold for a row to allow anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Always,
    /// The node has a task that was given the secret, or the container was given it by hand, and only
    /// as long.
    Granted,
    /// The managers, as far as this host knows, do not have autolock.
    Unlocked,
    /// The bytes have been there since before anybody did anything: a published image, a host's system.
    Old,
}

/// One way for clear text to be where it belongs.
#[derive(Debug)]
pub(super) struct Row {
    kinds: &'static [NeedleKind],
    surface: Option<Surface>,
    /// The place begins so.
    prefix: &'static str,
    condition: Condition,
    /// For people, in one sentence.
    pub(super) why: &'static str,
}

use Condition::{Always, Granted, Old, Unlocked};
use NeedleKind::{CaKey, DataKey, JoinToken, NodeKey, Secret, UnlockKey, Word};

const ANY: &[NeedleKind] = &[Secret, UnlockKey, CaKey, DataKey, NodeKey, JoinToken, Word];
const KEYS: &[NeedleKind] = &[UnlockKey, CaKey, JoinToken];
const FOR_OPERATORS: &[NeedleKind] = &[UnlockKey, JoinToken];

const fn row(
    kinds: &'static [NeedleKind],
    surface: Surface,
    prefix: &'static str,
    condition: Condition,
    why: &'static str,
) -> Row {
    Row { kinds, surface: Some(surface), prefix, condition, why }
}

/// How the keys of a manager's state are kept, and what to think of what opens with them: of a host's own
/// disk, or of a copy among the files of a host. Found with the keys and not by looking at bytes.
pub(super) const fn opened(of: Of, lock: Lock, is_copy: bool) -> (&'static str, &'static str) {
    match (lock, is_copy) {
        (Lock::Open, false) if matches!(of, Of::Etcd) => (
            "the key lies beside the data",
            "the key of an EncryptionConfiguration lies on the host of etcd: whoever has the disk \
             has the secrets",
        ),
        (Lock::Open, true) if matches!(of, Of::Etcd) => (
            "its key is known on the same host",
            "whoever has this copy of etcd can open it: the key of an EncryptionConfiguration is \
             known on the same host",
        ),
        (Lock::NoKey, _) => ("there is no key beside the data", ""),
        (Lock::Locked(_), _) => ("the key is sealed with the unlock key", ""),
        (Lock::Open, false) => (
            "the key lies beside the data",
            "without autolock the key of a manager's log lies beside the log: whoever has the disk \
             has the secrets",
        ),
        (Lock::Open, true) => (
            "the key lies beside the data",
            "whoever has this copy can open it: the key lies beside the data, and nothing that the \
             swarm does now changes a copy",
        ),
        (Lock::KeyFound(_), false) => (
            "the unlock key lies on the same disk",
            "whoever has this disk can open it: the unlock key lies on it",
        ),
        (Lock::KeyFound(_), true) => (
            "its unlock key is known on the same host",
            "whoever has this copy can open it: its unlock key is known on the same host",
        ),
    }
}

/// The one place for a node's keys on its disk.
const KEY_FILE: &str = "/var/lib/docker/swarm/certificates/swarm-node.key";

/// Sources: swarmkit keeps the store in memory (`manager/state/store`) and the agent its secrets
/// (`agent/secrets`); moby mounts a tmpfs (`daemon/container_operations_unix.go`); keys as in
/// `manager/deks.go` and `ca/keyreadwriter.go`.
static TABLE: &[Row] = &[
    row(
        &[Secret],
        Surface::Memory,
        STORE_MEMORY,
        Always,
        "every manager keeps every secret in memory: it is part of the replicated store",
    ),
    row(
        KEYS,
        Surface::Memory,
        STORE_MEMORY,
        Always,
        "managers keep the cluster's keys and tokens in memory",
    ),
    row(
        &[DataKey],
        Surface::Disk,
        KEY_FILE,
        Unlocked,
        "without autolock the key of a manager's log lies in its key file in the clear",
    ),
    row(
        &[NodeKey],
        Surface::Disk,
        KEY_FILE,
        Unlocked,
        "a node's private key lies in its key file in the clear, on managers without autolock and on \
         workers always",
    ),
    row(
        &[Secret],
        Surface::Memory,
        AGENT_MEMORY,
        Granted,
        "a node's agent keeps the secrets of its own tasks in memory, as long as it has them",
    ),
    row(
        &[Secret],
        Surface::Memory,
        DAEMON_MEMORY,
        Granted,
        "the daemon hands secrets to the container that was given them",
    ),
    row(
        &[Secret],
        Surface::Memory,
        BUILD_MEMORY,
        Always,
        "a build holds the secrets it was given in memory, until it is over",
    ),
    row(
        &[Secret],
        Surface::Tmpfs,
        "container ",
        Granted,
        "a container reads the secrets it was given from files in memory; root of the node can read \
         them, too",
    ),
    row(
        &[Secret],
        Surface::Tmpfs,
        "/var/lib/kubelet/pods/",
        Granted,
        "a kubelet shows the secrets of its pods as files in memory; root of the node can read them, \
         too",
    ),
    row(
        &[Secret],
        Surface::Memory,
        SERVER_MEMORY,
        Always,
        "an API server keeps every object in memory, opened, and shows a secret to whoever may read it",
    ),
    row(
        &[Secret],
        Surface::Memory,
        KUBELET_MEMORY,
        Granted,
        "a kubelet has asked for the secrets of its own pods and keeps them in memory as long as they \
         are there",
    ),
    row(
        FOR_OPERATORS,
        Surface::Terminal,
        "",
        Always,
        "the command line shows it to the operator, who has to keep it",
    ),
    row(
        FOR_OPERATORS,
        Surface::Process,
        "",
        Always,
        "an operator gives it to the command line as an argument",
    ),
    row(
        FOR_OPERATORS,
        Surface::File,
        "/root/.bash_history",
        Always,
        "an operator has typed it; whoever reads the shell's history has it",
    ),
    Row {
        kinds: ANY,
        surface: None,
        prefix: "",
        condition: Old,
        why: "the same text has been there since before anybody typed anything",
    },
];

/// What the judgement of a finding depends on.
pub(super) struct Case<'a> {
    pub(super) key: &'a Key,
    pub(super) kind: NeedleKind,
    /// See [`super::Granted`].
    pub(super) is_granted: bool,
    /// The host's managers do not seal their key files.
    pub(super) is_unlocked: bool,
    /// Nothing has changed there since the beginning.
    pub(super) is_old: bool,
}

/// The row that allows it.
pub(super) fn allowed_by(case: &Case<'_>) -> Option<&'static Row> {
    TABLE.iter().find(|row| {
        row.kinds.contains(&case.kind)
            && row.surface.is_none_or(|surface| surface == case.key.surface)
            && case.key.place.starts_with(row.prefix)
            && match row.condition {
                Always => true,
                Granted => case.is_granted,
                Unlocked => case.is_unlocked,
                Old => case.is_old,
            }
    })
}

/// The places whose judgement changes when tasks come and go.
pub(super) fn is_conditional(key: &Key) -> bool {
    let depends = |row: &Row| row.condition == Granted && row.surface == Some(key.surface);
    TABLE.iter().any(|row| depends(row) && key.place.starts_with(row.prefix))
}
