//! Who finds what.

use sim::planted::Bug;
use sweep::{Cluster, Failure, Mode};

use crate::lab::Lab;
use crate::scenarios as s;

/// A story that must end well.
pub type Scenario = fn(&mut Lab<'_>) -> Result<(), Failure>;

/// What looks for a bug.
#[derive(Clone, Copy, Debug)]
pub enum By {
    /// The sweep.
    Sweep(Cluster, Mode),
    /// A named scenario.
    Scenario(Scenario),
    /// A story of a part alone, for what a whole cluster hardly ever comes to.
    Part(fn() -> Result<(), Failure>),
}

const SAFETY: By = By::Sweep(Cluster::Swarm, Mode::Safety);
const LIVENESS: By = By::Sweep(Cluster::Swarm, Mode::Liveness);
const KUBE_SAFETY: By = By::Sweep(Cluster::Kubernetes, Mode::Safety);
const KUBE_LIVENESS: By = By::Sweep(Cluster::Kubernetes, Mode::Liveness);

/// Every bug and who has to find it.
pub const LIST: &[(Bug, By)] = &[
    (Bug::VoteCountedTwice, SAFETY),
    (Bug::QuorumTooSmall, SAFETY),
    (Bug::OldTermCommitted, By::Part(s::old_term_on_a_majority)),
    (Bug::OwnLogCountedEarly, SAFETY),
    (Bug::AckBeforeDurable, SAFETY),
    (Bug::VoteBeforeDurable, SAFETY),
    (Bug::VoteForgotten, SAFETY),
    (Bug::ShortLogElected, SAFETY),
    (Bug::MismatchAppended, SAFETY),
    (Bug::UncommittedApplied, SAFETY),
    (Bug::LeaderNeverDoubts, By::Scenario(s::leader_in_a_minority)),
    (Bug::SyncForgotten, SAFETY),
    (Bug::NonceReused, SAFETY),
    (Bug::EntryInClear, SAFETY),
    (Bug::MemberForgotten, By::Scenario(s::start_from_a_snapshot)),
    (Bug::TombstoneLost, SAFETY),
    (Bug::EntrySkipped, SAFETY),
    (Bug::VersionKept, SAFETY),
    (Bug::VersionNotChecked, By::Scenario(s::two_updates_at_once)),
    (Bug::NamesWithCase, SAFETY),
    (Bug::AnsweredBeforeCommit, SAFETY),
    (Bug::StaleRead, By::Scenario(s::read_in_a_minority)),
    (Bug::SecretInUseRemoved, SAFETY),
    (Bug::ReferencesNotChecked, By::Scenario(s::rollback_to_a_lost_secret)),
    (Bug::RollbackToSelf, By::Scenario(s::rollback)),
    (Bug::OldTokenAccepted, By::Scenario(s::join_with_an_old_token)),
    (Bug::LoopsAfterLeading, SAFETY),
    (Bug::ConstraintIgnored, SAFETY),
    (Bug::DrainedNodeChosen, SAFETY),
    (Bug::ReservationsIgnored, By::Scenario(s::too_much_is_reserved)),
    (Bug::DrainIgnored, LIVENESS),
    (Bug::DownIgnored, By::Scenario(s::node_is_lost)),
    (Bug::SlotUsedTwice, SAFETY),
    (Bug::UpdateOrderSwapped, SAFETY),
    (Bug::AttemptsIgnored, SAFETY),
    (Bug::DelayIgnored, By::Scenario(s::task_fails_at_once)),
    (Bug::HistoryTooLong, LIVENESS),
    (Bug::LiveTaskReaped, SAFETY),
    (Bug::StateGoesBack, SAFETY),
    (Bug::GraceTooShort, By::Scenario(s::short_silence)),
    (Bug::GraceTooLong, By::Scenario(s::long_silence)),
    (Bug::ChangeNotSent, LIVENESS),
    (Bug::SecretsForAll, SAFETY),
    (Bug::SecretKept, SAFETY),
    (Bug::SecretStored, SAFETY),
    (Bug::FrameInClear, SAFETY),
    (Bug::KeyInClear, By::Scenario(s::autolock)),
    (Bug::StoreKept, By::Scenario(s::demotion)),
    (Bug::TmpfsCommitted, By::Scenario(s::commit)),
    (Bug::SecretStaysMounted, By::Scenario(s::stop)),
    (Bug::WriteAnsweredEarly, KUBE_SAFETY),
    (Bug::EtcdSyncForgotten, KUBE_SAFETY),
    (Bug::EtcdFullDiskMissed, KUBE_SAFETY),
    (Bug::DeletionNotCached, KUBE_SAFETY),
    (Bug::WatchEventLost, KUBE_LIVENESS),
    (Bug::AllSecretsToNodes, KUBE_SAFETY),
    (Bug::PodMoved, KUBE_SAFETY),
    (Bug::OrphansKept, KUBE_LIVENESS),
    (Bug::RunningTakenForEnded, KUBE_SAFETY),
    (Bug::ObjectKept, KUBE_SAFETY),
    (Bug::ObjectNotRefreshed, KUBE_LIVENESS),
];
