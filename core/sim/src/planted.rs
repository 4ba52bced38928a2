//! Bugs that are planted to see whether anything finds them.
//!
//! Each is one wrong decision somewhere in the core, taken only in builds with the feature `planted` and
//! only while it is chosen. Without the feature [`is`] is a constant `false`: nothing of a bug is in the
//! program. `tests/planted` plants them one by one and expects each to be found.
//!
//! The chosen bug is the one global state in the core. It belongs to the thread, not to the world, because
//! a mutant must reach code that no world's specification reaches, and because it exists in no program that
//! anybody uses.

/// Declares the bugs with what they do.
macro_rules! bugs {
    ($($bug:ident: $what:literal,)*) => {
        /// A planted bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Bug {
            $(#[doc = $what] $bug,)*
        }

        impl Bug {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$bug,)*];

            /// What it does wrong.
            pub const fn what(self) -> &'static str {
                match self {
                    $(Self::$bug => $what,)*
                }
            }
        }
    };
}

bugs! {
    // raft
    VoteCountedTwice: "a granted vote counts twice",
    QuorumTooSmall: "half of the voters are a majority",
    OldTermCommitted: "an entry of an old term is committed by counting",
    OwnLogCountedEarly: "the leader counts its own log before its disk has it",
    AckBeforeDurable: "an append is acknowledged before the disk has it",
    VoteBeforeDurable: "a vote is granted before the disk has it",
    VoteGivenTwice: "a member votes for whoever asks, as often as it is asked",
    VoteForgotten: "a member that starts has forgotten its vote",
    ShortLogElected: "a vote is granted whatever the candidate's log",
    MismatchAppended: "an append is taken although the entry before it is of another term",
    UncommittedApplied: "entries are applied as soon as they are durable",
    LaterTermLed: "a leader that hears of a later term goes on leading in it",
    OwnLogCut: "a leader whose append is rejected cuts its own log",
    CommitNotMatched: "a heartbeat tells the commit index whatever the member's log holds",
    LeaderNeverDoubts: "a leader without a majority goes on leading",
    // the log on disk, the store
    SyncForgotten: "the log is reported durable without a sync",
    NonceReused: "every log entry is sealed under the same nonce",
    EntryInClear: "log entries are written unsealed",
    MemberForgotten: "a snapshot does not hold the last member",
    TombstoneLost: "a removed member's number is not remembered",
    EntrySkipped: "a follower does not apply every twentieth entry",
    VersionKept: "an update leaves the object's version as it is",
    VersionNotChecked: "an update is taken although the object has changed since it was read",
    NamesWithCase: "names that differ in their case are different",
    // the control API
    AnsweredBeforeCommit: "a write is answered when it is proposed",
    StaleRead: "a follower answers reads from its own store",
    SecretInUseRemoved: "a secret is removed although a service uses it",
    ReferencesNotChecked: "a service may refer to a secret that is gone",
    RollbackToSelf: "a rollback returns to the present spec",
    OldTokenAccepted: "a worker's join token is not compared with the one that counts",
    // the leader's loops
    LoopsAfterLeading: "a leader that steps down goes on with its loops",
    ConstraintIgnored: "the scheduler ignores constraints",
    DrainedNodeChosen: "the scheduler chooses nodes that are drained or paused",
    ReservationsIgnored: "the scheduler ignores reservations",
    TaskMoved: "a task that is placed gets the next slot's number",
    JobsOnDrainedNodes: "a global job comes to nodes that are drained or paused",
    DrainIgnored: "tasks stay on a drained node",
    DownIgnored: "tasks of a node that is down are not replaced",
    SlotUsedTwice: "scaling up takes slots that are in use",
    UpdateOrderSwapped: "a stop-first update starts first",
    AttemptsIgnored: "max-attempts is ignored",
    OldTaskNotAwaited: "a replacement starts before the old task has stopped",
    DelayIgnored: "restarts do not wait for their delay",
    HistoryTooLong: "the reaper keeps one task too many",
    LiveTaskReaped: "the reaper removes tasks that still run",
    // dispatcher and agent
    StateGoesBack: "an older report overwrites a newer state",
    GraceTooShort: "a node is down after two heartbeat periods",
    GraceTooLong: "a node is down after four heartbeat periods",
    ChangeNotSent: "a task's new desired state is not sent to its agent",
    TasksForAll: "every agent gets all new tasks",
    CompleteSetIgnored: "a complete set changes none of the tasks that an agent has",
    SecretsForAll: "every agent gets all secrets",
    SecretKept: "an agent keeps a secret that it is told to forget",
    SecretStored: "an agent writes its secrets to tasks.db",
    FullDiskSpins: "an agent without room for tasks.db tries again at once",
    PreparedForgotten: "an agent that starts has forgotten which containers are prepared",
    FrameInClear: "what is sent is also sent unsealed",
    // keys, roles, containers
    KeyInClear: "with autolock the key file is written in clear",
    GoneMemberKept: "a node that is removed stays a member of the raft group",
    StoreKept: "a demoted manager keeps its log",
    TmpfsCommitted: "docker commit takes the secrets' tmpfs",
    SecretStaysMounted: "a stopped container keeps its secrets",
    // what holds from the beginning to the end of something
    AddressReused: "the allocator takes the address of a task that does not run yet for free",
    PortPublishedTwice: "two services may publish the same port",
    VipChanged: "every change of a service gives it another virtual IP",
    LabelsNotWatched: "the constraint enforcer does not look at a node again when it changes",
    FullestNodeChosen: "the scheduler takes the node with the most tasks of the service",
    JobOneTooMany: "a replicated job runs once more than it should",
    TasksOutliveService: "the tasks of a service that is removed go on",
    ParallelismIgnored: "an update replaces all tasks at once",
    RollbackForgotten: "an update that fails is paused instead of rolled back",
    MonitorIgnored: "only tasks that fail before they run are failures of an update",
    WindowForgotten: "attempts to restart are counted although their window is over",
    ReadyForgotten: "a new leader does not start the tasks that wait for their delay",
    QuietAwaited: "the reaper waits until nothing happens, however long",
    RotationEndsEarly: "a rotation of the root CA does not wait for nodes that are down",
    OrphansNever: "tasks of a node that never comes back stay as they were",
    RenewalForgotten: "certificates are not renewed",
    OldUnlockKeyKept: "a manager's key file stays sealed with the old unlock key",
    LogRemovedFirst: "compaction removes the old log before it writes the new one",
    KeyFileInPlace: "the key file is written in place",
    StatesNotStored: "an agent does not write the states of its tasks to tasks.db",
    ConfigKept: "an agent keeps a config that it is told to forget",
    NoBackoff: "an agent without a session tries again at once",
    DuplicateTaken: "a frame that arrives twice is taken twice",
    TransferForEver: "a leader waits for ever for the member that it hands over to",
    // Kubernetes
    EtcdVoteForgotten: "a member of etcd that starts has forgotten its term and its vote",
    EtcdSyncForgotten: "etcd takes its log for durable before the disk has it",
    EtcdFullDiskMissed: "etcd does not look whether its writes arrive",
    DeletionNotCached: "an API server keeps deleted objects in memory",
    WatchEventLost: "a watch leaves out every tenth change",
    SilenceIgnored: "nobody asks whether the other end of a silent connection is there",
    AllSecretsToNodes: "the node authoriser lets a kubelet read every secret",
    OrphansKept: "what has lost its owners stays",
    PodsOfOthers: "a kubelet runs every pod that is bound to a node",
    RunningTakenForEnded: "a kubelet that starts takes containers that run for ended ones",
    ObjectKept: "a kubelet keeps a secret after its last pod",
    ObjectNotRefreshed: "a kubelet does not take up a secret's new content",
}

/// True while this bug is chosen.
#[cfg(feature = "planted")]
pub fn is(bug: Bug) -> bool {
    chosen::get() == Some(bug)
}

/// Never: without the feature nothing is planted.
#[cfg(not(feature = "planted"))]
#[inline(always)]
pub const fn is(_: Bug) -> bool {
    false
}

#[cfg(feature = "planted")]
pub use chosen::{get as chosen, set as choose};

/// Nothing is, without the feature.
#[cfg(not(feature = "planted"))]
pub const fn chosen() -> Option<Bug> {
    None
}

/// Does nothing without the feature.
#[cfg(not(feature = "planted"))]
pub const fn choose(_: Option<Bug>) {}

#[cfg(feature = "planted")]
mod chosen {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static CHOSEN: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// The bug of this thread, for the threads that it starts.
    pub fn get() -> Option<Bug> {
        CHOSEN.get()
    }

    /// Chooses the bug that this thread's worlds have from now on; none to have none.
    pub fn set(bug: Option<Bug>) {
        CHOSEN.set(bug);
    }
}
