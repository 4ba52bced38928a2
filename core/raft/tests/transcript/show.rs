//! How members, logs and writes are printed in transcripts.

use std::fmt::Write as _;

use glasshive_raft::{ConfChange, Entry, Payload, ProgressState, Ready, Role, Status};

pub(super) fn entry(entry: &Entry) -> String {
    let place = format!("{}/{}", entry.index, entry.term);
    match &entry.payload {
        Payload::Empty => format!("{place} empty"),
        Payload::Data(data) => format!("{place} \"{}\"", String::from_utf8_lossy(data)),
        Payload::ConfChange(ConfChange::AddVoter { id, .. }) => format!("{place} add {id}"),
        Payload::ConfChange(ConfChange::RemoveVoter { id }) => format!("{place} remove {id}"),
    }
}

pub(super) fn entries(list: &[Entry]) -> String {
    list.iter().map(entry).collect::<Vec<_>>().join(", ")
}

/// What a Ready writes; nothing if only messages are in it.
pub(super) fn write(ready: &Ready) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(state) = ready.hard_state {
        let vote = state.vote.map(|id| format!(" vote {id}")).unwrap_or_default();
        parts.push(format!("term {}{vote} commit {}", state.term, state.commit));
    }
    if let Some(snapshot) = &ready.snapshot {
        parts.push(format!("snapshot {}/{}", snapshot.index, snapshot.term));
    }
    if !ready.entries.is_empty() {
        parts.push(entries(&ready.entries));
    }
    let kind = if ready.must_sync { "" } else { " (no sync)" };
    (!parts.is_empty()).then(|| format!("{}{kind}", parts.join("; ")))
}

pub(super) fn role(status: &Status) -> String {
    let name = match status.role {
        Role::Follower => "follower",
        Role::PreCandidate => "pre-candidate",
        Role::Candidate => "candidate",
        Role::Leader => "leader",
    };
    match status.leader {
        Some(leader) if leader != status.id => format!("{name} of {leader}, term {}", status.term),
        _ => format!("{name}, term {}", status.term),
    }
}

pub(super) fn status(status: &Status) -> String {
    let mut line = role(status);
    if let Some(vote) = status.vote {
        let _ = write!(line, ", vote {vote}");
    }
    let _ = write!(
        line,
        ", applied {} commit {} durable {} last {}, voters",
        status.applied, status.commit, status.durable_index, status.last_index
    );
    for id in &status.voters {
        let _ = write!(line, " {id}");
    }
    if let Some(obstacle) = status.campaign_obstacle {
        let _ = write!(line, ", cannot campaign: {obstacle:?}");
    }
    if let Some(to) = status.transfer_to {
        let _ = write!(line, ", hands over to {to}");
    }
    line
}

pub(super) fn progress(status: &Status) -> String {
    let mut out = String::new();
    for (id, peer) in &status.progress {
        let state = match peer.state {
            ProgressState::Probe => "probe",
            ProgressState::Replicate => "replicate",
            ProgressState::Snapshot => "snapshot",
        };
        let active = if peer.recently_active { "" } else { ", silent" };
        let _ = writeln!(
            out,
            "  {id}: {state}, matched {} next {}, in flight {}{active}",
            peer.matched, peer.next, peer.inflight_count
        );
    }
    out
}
