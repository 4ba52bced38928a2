//! Reads that see all that was acknowledged before they began (Raft thesis, 6.4; etcd: ReadIndex).

use raft::{Index, RaftId, Term};

use super::member::{Effect, Member, Message};

/// More reads of others at once are asked again later.
pub(super) const READ_COUNT_MAX: usize = 1_000;

/// A read that sees all that was acknowledged before it began (Raft thesis, 6.4; etcd: ReadIndex).
#[derive(Clone, Debug, Default)]
pub(super) struct Read {
    /// It may be made when so much is applied; nothing while that is not known.
    pub(super) index: Option<Index>,
    /// Of a leader's: in which term it began, and who has confirmed that it leads.
    pub(super) leads_in: Option<Term>,
    pub(super) confirmed: Vec<RaftId>,
    /// Who is told the index, and by which number: a member that does not lead.
    pub(super) asker: Option<(String, u64)>,
}

impl Member {
    /// Begins a read that sees all that was acknowledged before; [`Member::take_read`] tells when it may be made.
    /// Nothing if there is no leader.
    pub(crate) fn begin_read(&mut self, out: &mut Vec<Effect>) -> Option<u64> {
        let id = self.next_read;
        let read = match (self.is_leader(), self.raft.is_leader()) {
            (true, _) => self.leaders_read(),
            (false, true) => return None,
            (false, false) => {
                self.leader_address()?;
                Read::default()
            }
        };
        self.next_read += 1;
        self.reads.insert(id, read);
        self.ask_for(id, out);
        Some(id)
    }

    /// A read of a leader: a majority has to say that it still leads.
    pub(super) fn leaders_read(&self) -> Read {
        let index = Some(self.raft.position().commit);
        let confirmed = vec![self.raft.id()];
        Read { index, leads_in: Some(self.raft.term()), confirmed, asker: None }
    }

    /// Sends what a read waits for, once more if need be.
    pub(super) fn ask_for(&self, id: u64, out: &mut Vec<Effect>) {
        let Some(read) = self.reads.get(&id) else { return };
        match read.leads_in {
            Some(term) if !self.is_confirmed(read) => {
                for peer in self.peers.iter().filter(|peer| !read.confirmed.contains(&peer.id)) {
                    let (address, message) = (peer.address.clone(), Message::Confirm(id, term));
                    out.push(Effect::Send { address, message: Box::new(message) });
                }
            }
            None if read.index.is_none() => {
                if let Some(address) = self.leader_address() {
                    let (address, message) = (address.to_owned(), Message::AskCommit(id));
                    out.push(Effect::Send { address, message: Box::new(message) });
                }
            }
            _ => {}
        }
    }

    pub(super) fn is_confirmed(&self, read: &Read) -> bool {
        let voters = self.raft.voters();
        let count = voters.iter().filter(|voter| read.confirmed.contains(voter)).count();
        read.leads_in.is_none() || voters.len() < 2 * count
    }

    /// True for a read that a leader of an earlier term began: it will never be confirmed.
    pub(crate) fn is_read_over(&self, id: u64) -> bool {
        let began = self.reads.get(&id).and_then(|read| read.leads_in);
        began.is_some_and(|term| term != self.raft.term() || !self.raft.is_leader())
    }

    /// True when a read may be made; it is forgotten then.
    pub(crate) fn take_read(&mut self, id: u64) -> bool {
        let Some(read) = self.reads.get(&id) else { return false };
        let applied = self.raft.position().applied;
        let done = read.index.is_some_and(|at| at <= applied) && self.is_confirmed(read);
        if done {
            self.reads.remove(&id);
        }
        done
    }

    /// Nobody waits for a read any more.
    pub(crate) fn forget_read(&mut self, id: u64) {
        self.reads.remove(&id);
    }

    pub(super) fn confirmed(&mut self, id: u64, term: Term, from: &str, out: &mut Vec<Effect>) {
        let sender = self.peers.iter().find(|peer| peer.address == from).map(|peer| peer.id);
        let Some(read) = self.reads.get_mut(&id) else { return };
        if read.leads_in != Some(term) || self.raft.term() != term {
            return;
        }
        read.confirmed.extend(sender);
        let read = read.clone();
        if let (true, Some((address, asked)), Some(index)) =
            (self.is_confirmed(&read), read.asker, read.index)
        {
            self.reads.remove(&id);
            let message = Box::new(Message::Commit(asked, index));
            out.push(Effect::Send { address, message });
        }
    }
}
