//! What a process asks of its host's etcd.

use os::RequestId;

use super::{Context, KubeNode};
use crate::etcd::{self, etcdctl};

impl KubeNode {
    /// A process asks this host's etcd.
    pub fn etcd_request(&mut self, context: &mut Context<'_>, id: RequestId, ask: etcdctl::Ask) {
        let answer = self.ask_etcd(context, ask);
        context.machine.reply(id, Box::new(answer));
        self.drive(context);
    }

    fn ask_etcd(&mut self, context: &mut Context<'_>, ask: etcdctl::Ask) -> etcdctl::Answer {
        use etcdctl::{Ask as A, Found, Reply as R};
        let no_answer = || "context deadline exceeded".to_owned();
        let members = self.config.hosts.iter().take(self.config.control_plane_count);
        let members = members
            .map(|host| (etcd::member_id(&host.name).0, host.name.clone(), host.address.clone()));
        let members: Vec<_> = members.collect();
        let own = etcd::member_id(&self.config.hosts[self.number].name).0;
        let Some(plane) = &mut self.plane else { return Err(no_answer()) };
        let member = &mut plane.member;
        if member.leader_address().is_none() {
            return Err("etcdserver: no leader".to_owned());
        }
        let store = &member.store;
        match ask {
            A::Status => Ok(R::Status(etcdctl::Status {
                id: own,
                members,
                db_size: context
                    .disk
                    .read(etcd::store::DB_PATH)
                    .map_or(0, |bytes| bytes.len() as u64),
                leads: member.is_leader(),
                term: member.raft().term().0,
                index: member.raft().position().applied.0,
                revision: store.revision,
            })),
            A::Range { key, prefix, revision } => {
                let at = if revision == 0 { store.revision } else { revision };
                let mut found = Vec::new();
                for (name, one) in store.range(&key).filter(|(name, _)| prefix || *name == key) {
                    let value = store.at_revision(name, at)?;
                    let revisions = (one.created, one.modified, one.version);
                    found.extend(value.map(|value| Found {
                        key: name.to_owned(),
                        value: value.to_vec(),
                        revisions,
                    }));
                }
                Ok(R::Found(found, store.revision))
            }
            A::Compact(revision) if store.revision < revision => {
                Err("etcdserver: mvcc: required revision is a future revision".to_owned())
            }
            A::Compact(revision) if revision <= store.compacted => {
                Err("etcdserver: mvcc: required revision has been compacted".to_owned())
            }
            A::Compact(revision) => {
                let mut effects = Vec::new();
                let id = member.propose(etcd::Operation::Compact(revision), &mut effects);
                self.etcd_wants(context, effects);
                id.map(|_| R::Done).ok_or_else(no_answer)
            }
            A::Defragment => {
                member.store.defragment(context.disk);
                Ok(R::Done)
            }
        }
    }
}
