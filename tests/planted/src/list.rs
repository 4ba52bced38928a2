//! Who finds what.

use sim::planted::Bug;
use sweep::{Cluster, Failure, Mode};

use crate::consensus as c;
use crate::kubernetes as k;
use crate::lab::Lab;
use crate::lasting as l;
use crate::scenarios as s;

/// A story that must end well.
pub type Scenario = fn(&mut Lab<'_>) -> Result<(), Failure>;

/// What looks for a bug.
#[derive(Clone, Copy, Debug)]
pub enum By {
    /// The sweep.
    Sweep(Cluster, Mode),
    /// A named scenario of a swarm.
    Scenario(Scenario),
    /// A named scenario of a Kubernetes.
    KubeScenario(Scenario),
    /// A story of a part alone, for what a whole cluster hardly ever comes to.
    Part(fn() -> Result<(), Failure>),
}

const SAFETY: By = By::Sweep(Cluster::Swarm, Mode::Safety);
const LIVENESS: By = By::Sweep(Cluster::Swarm, Mode::Liveness);
const KUBE_SAFETY: By = By::Sweep(Cluster::Kubernetes, Mode::Safety);
const KUBE_LIVENESS: By = By::Sweep(Cluster::Kubernetes, Mode::Liveness);

/// The names of the invariants or complaints of which one, and no other, has to be the first.
pub type Finders = &'static [&'static str];

/// Every bug, what looks for it, and what has to complain.
pub const LIST: &[(Bug, By, Finders)] = &[
    (Bug::VoteCountedTwice, SAFETY, &["durable_votes", "election_safety"]),
    (Bug::QuorumTooSmall, SAFETY, &["durable_commits", "durable_votes"]),
    (Bug::OldTermCommitted, By::Part(c::old_term_on_a_majority), &["own_term_commits"]),
    (Bug::OwnLogCountedEarly, SAFETY, &["durable_commits"]),
    (Bug::AckBeforeDurable, SAFETY, &["durable_commits"]),
    (Bug::VoteBeforeDurable, SAFETY, &["durable_votes"]),
    (Bug::VoteGivenTwice, SAFETY, &["monotone"]),
    (Bug::VoteForgotten, By::Scenario(c::leader_starts_again), &["durable_monotone"]),
    (Bug::ShortLogElected, SAFETY, &["leader_completeness"]),
    (Bug::MismatchAppended, By::Scenario(c::two_leaders_are_lost), &["log_matching"]),
    (Bug::UncommittedApplied, SAFETY, &["log_order"]),
    (Bug::LaterTermLed, By::Scenario(c::leader_sleeps), &["election_safety"]),
    (Bug::OwnLogCut, By::Part(c::member_that_lacks_entries), &["append_only"]),
    (Bug::CommitNotMatched, By::Scenario(c::deposed_leader_comes_back), &["state_machine_safety"]),
    (Bug::LeaderNeverDoubts, By::Scenario(s::leader_in_a_minority), &["a_minority_has_no_leader"]),
    (Bug::SyncForgotten, SAFETY, &["durable_commits"]),
    (Bug::NonceReused, SAFETY, &["nonces"]),
    (Bug::EntryInClear, SAFETY, &["plaintext"]),
    (Bug::MemberForgotten, By::Scenario(s::start_from_a_snapshot), &["membership"]),
    (Bug::TombstoneLost, SAFETY, &["membership"]),
    (Bug::EntrySkipped, SAFETY, &["equal_stores"]),
    (Bug::VersionKept, SAFETY, &["versions"]),
    (Bug::VersionNotChecked, By::Scenario(s::two_updates_at_once), &["no_update_is_lost"]),
    (Bug::NamesWithCase, SAFETY, &["names"]),
    (Bug::AnsweredBeforeCommit, SAFETY, &["acknowledged"]),
    (Bug::StaleRead, By::Scenario(s::read_in_a_minority), &["reads_are_the_leaders"]),
    (Bug::SecretInUseRemoved, SAFETY, &["in_use"]),
    (Bug::ReferencesNotChecked, By::Scenario(s::rollback_to_a_lost_secret), &["references"]),
    (Bug::RollbackToSelf, By::Scenario(s::rollback), &["rollbacks"]),
    (Bug::OldTokenAccepted, By::Scenario(s::join_with_an_old_token), &["an_old_token_is_refused"]),
    (Bug::LoopsAfterLeading, SAFETY, &["leader_only"]),
    (Bug::ConstraintIgnored, SAFETY, &["placement"]),
    (Bug::DrainedNodeChosen, SAFETY, &["placement"]),
    (Bug::ReservationsIgnored, By::Scenario(s::too_much_is_reserved), &["placement"]),
    (Bug::TaskMoved, SAFETY, &["task_identity"]),
    (Bug::JobsOnDrainedNodes, By::Scenario(s::job_beside_a_drained_node), &["placement"]),
    (Bug::DrainIgnored, LIVENESS, &["converged"]),
    (Bug::DownIgnored, By::Scenario(s::node_is_lost), &["lost_tasks_are_replaced"]),
    (Bug::SlotUsedTwice, SAFETY, &["slots"]),
    (Bug::UpdateOrderSwapped, SAFETY, &["slots"]),
    (Bug::AttemptsIgnored, SAFETY, &["restarts"]),
    (Bug::OldTaskNotAwaited, SAFETY, &["replacements"]),
    (Bug::DelayIgnored, By::Scenario(s::task_fails_at_once), &["restarts_wait"]),
    (Bug::HistoryTooLong, LIVENESS, &["history"]),
    (Bug::LiveTaskReaped, SAFETY, &["task_states"]),
    (Bug::StateGoesBack, By::Scenario(l::node_forgets_a_state), &["task_states"]),
    (Bug::GraceTooShort, By::Scenario(s::short_silence), &["the_grace_period_is_given"]),
    (Bug::GraceTooLong, By::Scenario(s::long_silence), &["the_grace_period_ends"]),
    (Bug::ChangeNotSent, LIVENESS, &["converged"]),
    (Bug::TasksForAll, SAFETY, &["agent_tasks"]),
    (Bug::CompleteSetIgnored, By::Scenario(s::node_comes_back), &["running_once"]),
    (Bug::SecretsForAll, SAFETY, &["agent_secrets"]),
    (Bug::SecretKept, SAFETY, &["agent_secrets"]),
    (Bug::SecretStored, SAFETY, &["plaintext"]),
    (Bug::FullDiskSpins, By::Scenario(s::full_disk), &["storms"]),
    (Bug::PreparedForgotten, By::Scenario(s::daemon_starts_again), &["converged"]),
    (Bug::FrameInClear, SAFETY, &["plaintext"]),
    (Bug::KeyInClear, By::Scenario(s::autolock), &["the_key_is_not_on_the_disk"]),
    (Bug::GoneMemberKept, By::Scenario(s::removal_overtakes_demotion), &["converged"]),
    (Bug::StoreKept, By::Scenario(s::demotion), &["a_worker_has_no_log"]),
    (Bug::TmpfsCommitted, By::Scenario(s::commit), &["commit_takes_no_secret"]),
    (Bug::SecretStaysMounted, By::Scenario(s::stop), &["a_stopped_task_has_no_secret"]),
    (Bug::AddressReused, SAFETY, &["addresses"]),
    (Bug::PortPublishedTwice, By::Scenario(l::one_port_for_two), &["addresses"]),
    (Bug::VipChanged, SAFETY, &["addresses"]),
    (Bug::LabelsNotWatched, By::Scenario(l::label_goes), &["converged"]),
    (Bug::FullestNodeChosen, SAFETY, &["spread"]),
    (Bug::JobOneTooMany, LIVENESS, &["converged"]),
    (Bug::TasksOutliveService, LIVENESS, &["converged"]),
    (
        Bug::ParallelismIgnored,
        By::Scenario(l::update_one_by_one),
        &["an_update_keeps_to_its_parallelism"],
    ),
    (
        Bug::RollbackForgotten,
        By::Scenario(l::update_that_fails),
        &["a_failed_update_is_rolled_back"],
    ),
    (Bug::MonitorIgnored, By::Scenario(l::update_that_fails), &["a_failed_update_is_rolled_back"]),
    (
        Bug::WindowForgotten,
        By::Scenario(l::attempts_within_a_window),
        &["attempts_leave_the_window"],
    ),
    (
        Bug::ReadyForgotten,
        By::Scenario(l::leader_is_lost_during_a_delay),
        &["a_new_leader_goes_on_with_delays"],
    ),
    (Bug::QuietAwaited, By::Scenario(l::no_quiet), &["history"]),
    (Bug::RotationEndsEarly, By::Scenario(l::rotation_without_a_node), &["converged"]),
    (Bug::OrphansNever, By::Scenario(l::node_is_lost_for_a_day), &["lost_tasks_become_orphans"]),
    (
        Bug::RenewalForgotten,
        By::Scenario(l::certificates_for_an_hour),
        &["certificates_are_renewed"],
    ),
    (Bug::OldUnlockKeyKept, By::Scenario(l::another_unlock_key), &["the_new_key_opens"]),
    (Bug::LogRemovedFirst, SAFETY, &["durable_monotone"]),
    (Bug::KeyFileInPlace, By::Scenario(l::power_fails_as_keys_change), &["key_files"]),
    (Bug::StatesNotStored, By::Scenario(l::node_is_lost_with_its_task), &["task_states"]),
    (Bug::ConfigKept, By::Scenario(l::config_goes), &["converged"]),
    (Bug::NoBackoff, SAFETY, &["storms"]),
    (Bug::DuplicateTaken, By::Scenario(l::duplicates), &["duplicates_do_no_harm"]),
    (Bug::TransferForEver, By::Part(c::hand_over_to_nobody), &["a_transfer_is_given_up"]),
    (Bug::EtcdVoteForgotten, KUBE_SAFETY, &["durable_monotone"]),
    (Bug::EtcdSyncForgotten, KUBE_SAFETY, &["durable_commits", "durable_votes"]),
    (
        Bug::EtcdFullDiskMissed,
        KUBE_SAFETY,
        &["durable_commits", "acknowledged_writes", "acknowledged"],
    ),
    (Bug::DeletionNotCached, KUBE_SAFETY, &["cached_objects"]),
    (Bug::WatchEventLost, KUBE_LIVENESS, &["settled"]),
    (Bug::SilenceIgnored, By::KubeScenario(k::watch_is_cut), &["a_silent_watch_ends"]),
    (Bug::AllSecretsToNodes, KUBE_SAFETY, &["node_rights"]),
    (Bug::OrphansKept, KUBE_LIVENESS, &["settled"]),
    (Bug::PodsOfOthers, KUBE_SAFETY, &["pods_once"]),
    (
        Bug::RunningTakenForEnded,
        By::KubeScenario(k::kubelet_starts_again),
        &["pods_outlive_their_kubelet"],
    ),
    (Bug::ObjectKept, KUBE_SAFETY, &["kubelet_secrets"]),
    (Bug::ObjectNotRefreshed, KUBE_LIVENESS, &["settled"]),
];
