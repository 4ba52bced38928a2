//! A manager's store: which objects changed, what they say, and which secrets there are.

use sorted::SortedMap;
use std::rc::Rc;

use raft::Index;
use swarm::objects::{Kind, Object};
use swarm::store::{Row, Store};

use super::needles::NeedleKind;
use super::surfaces::Look;
use super::words;
use crate::search::Surface;

/// In front of the name of a secret that a manager keeps.
pub(super) const STORE_MEMORY: &str = "store of the manager, ";

/// A text that the audit should look for from now on.
pub(super) struct NewNeedle {
    pub(super) kind: NeedleKind,
    pub(super) name: String,
    pub(super) id: String,
    pub(super) text: Vec<u8>,
}

/// What was looked at of a store.
#[derive(Default)]
pub(super) struct StoreSeen {
    applied: Option<Index>,
    /// Of each kind all objects, by identifier.
    objects: SortedMap<Kind, Vec<Object>>,
}

impl std::fmt::Debug for StoreSeen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count: usize = self.objects.values().map(Vec::len).sum();
        write!(f, "StoreSeen({:?}, {count} objects)", self.applied)
    }
}

impl StoreSeen {
    /// Looks at the objects that changed since the last time.
    pub(super) fn follow(&mut self, store: Option<(Index, &Store)>, look: &mut Look<'_>) {
        let Some((applied, store)) = store else {
            if self.applied.is_some() {
                self.forget(look);
            }
            return;
        };
        if self.applied == Some(applied) {
            return;
        }
        self.applied = Some(applied);
        self.table(store, Object::Cluster, look);
        self.table(store, Object::Node, look);
        self.table(store, Object::Service, look);
        self.table(store, Object::Task, look);
        self.table(store, Object::Secret, look);
        self.table(store, Object::Config, look);
        self.table(store, Object::Network, look);
    }

    /// Shared objects are the same object exactly if they are at the same place in memory: most are, and nothing else of
    /// them is looked at.
    fn table<T: Row>(&mut self, store: &Store, wrap: fn(Rc<T>) -> Object, look: &mut Look<'_>) {
        let table = T::table(store);
        let known = self.objects.entry(T::KIND).or_default();
        let is_same = |old: &Object, row: &Rc<T>| address(old) == Rc::as_ptr(row).cast();
        if known.len() == table.len() && known.iter().zip(table.iter()).all(|(o, r)| is_same(o, r))
        {
            return;
        }
        let mut before = std::mem::take(known).into_iter().peekable();
        let (mut gone, mut changed) = (Vec::new(), Vec::new());
        for row in table.iter() {
            if let Some(same) = before.next_if(|old| is_same(old, row)) {
                known.push(same);
                continue;
            }
            while let Some(old) = before.next_if(|old| old.id() < row.id()) {
                gone.push(old);
            }
            let old = before.next_if(|old| old.id() == row.id());
            if old.as_ref().is_some_and(|old| is_same(old, row)) {
                known.extend(old);
                continue;
            }
            let object = wrap(Rc::clone(row));
            known.push(object.clone());
            changed.push((old, object));
        }
        for old in gone.into_iter().chain(before) {
            forget_object(&old, look);
        }
        for (old, object) in changed {
            if let Some(old) = old.filter(|old| place(old) != place(&object)) {
                forget_object(&old, look);
            }
            needles(&object, look);
            show(&object, look);
        }
    }

    /// Nothing is kept of this store any more.
    pub(super) fn forget(&mut self, look: &mut Look<'_>) {
        self.applied = None;
        for object in std::mem::take(&mut self.objects).into_values().flatten() {
            forget_object(&object, look);
        }
    }
}

/// What is to be looked for because this object exists.
fn needles(object: &Object, look: &mut Look<'_>) {
    let mut add = |kind, name: &str, id: &str, text: &[u8]| {
        let (name, id, text) = (name.to_owned(), id.to_owned(), text.to_vec());
        look.new.push(NewNeedle { kind, name, id, text });
    };
    match object {
        Object::Secret(secret) => {
            let spec = &secret.spec;
            add(NeedleKind::Secret, &spec.annotations.name, &secret.id, spec.data.expose());
        }
        Object::Cluster(cluster) => {
            for key in &cluster.unlock_keys {
                add(NeedleKind::UnlockKey, "unlock key", "", key.key.expose());
            }
            let ca = &cluster.root_ca;
            add(NeedleKind::CaKey, "key of the swarm's CA", "", ca.key.expose());
            if let Some(next) = &ca.rotation {
                add(NeedleKind::CaKey, "key of the swarm's next CA", "", next.key.expose());
            }
            for (name, token) in [("worker", &ca.worker_token), ("manager", &ca.manager_token)] {
                let name = format!("join token for a {name}");
                add(NeedleKind::JoinToken, &name, "", token.as_bytes());
            }
        }
        _ => {}
    }
}

/// Where an object is in memory.
fn address(object: &Object) -> *const () {
    match object {
        Object::Cluster(object) => Rc::as_ptr(object).cast(),
        Object::Node(object) => Rc::as_ptr(object).cast(),
        Object::Service(object) => Rc::as_ptr(object).cast(),
        Object::Task(object) => Rc::as_ptr(object).cast(),
        Object::Secret(object) => Rc::as_ptr(object).cast(),
        Object::Config(object) => Rc::as_ptr(object).cast(),
        Object::Network(object) => Rc::as_ptr(object).cast(),
    }
}

/// `service web`, `task web.1 (spq6iltnzwtv)`.
fn place(object: &Object) -> String {
    match object {
        Object::Task(task) => {
            format!("task {} ({})", task.short_name(), task.id.get(..12).unwrap_or(&task.id))
        }
        other => format!("{} {}", other.kind().word(), other.name()),
    }
}

fn forget_object(object: &Object, look: &mut Look<'_>) {
    let place = place(object);
    let now = look.because.now;
    look.ledger.forget_below(look.host, Surface::Metadata, &format!("{place},"), now);
    for (surface, place) in
        [(Surface::Metadata, place.clone()), (Surface::Memory, format!("{STORE_MEMORY}{place}"))]
    {
        let key = look.key(surface, place);
        look.ledger.forget(&key, now);
    }
}

/// An object's bytes: a secret's and the cluster's keys are in the manager's memory alone; everything
/// else is what the API shows to whoever may ask.
fn show(object: &Object, look: &mut Look<'_>) {
    let name = place(object);
    let bytes = object.encoded();
    if matches!(object, Object::Secret(_) | Object::Cluster(_)) {
        let cause = look.said_of(object.id());
        look.whole(Surface::Memory, format!("{STORE_MEMORY}{name}"), &bytes, cause);
    }
    if matches!(object, Object::Cluster(_)) {
        return;
    }
    let mut found = look.needles.find(&bytes, 0);
    if let Object::Secret(secret) = object {
        // The API never shows its data.
        let spec = swarm::objects::SecretSpec { data: Vec::new().into(), ..secret.spec.clone() };
        let shown = Object::Secret(Rc::new(swarm::objects::Secret { spec, ..(**secret).clone() }));
        found = look.needles.find(&shown.encoded(), 0);
    }
    let prefix = format!("{name},");
    let whole = look.key(Surface::Metadata, &*name);
    // The cause of the object as a whole is that of each of its words.
    let cause = match look.because.is_live {
        true => look.said_of(object.id()),
        false => look.ledger.cause_at(&whole, 0),
    };
    let mut before = look.ledger.with_hits(look.host, Surface::Metadata, &prefix);
    before.extend(look.ledger.has_hits(&whole).then(|| whole.clone()));
    for key in before {
        look.ledger.forget(&key, look.because.now);
    }
    if look.because.is_live || cause.is_some() {
        look.ledger.changed(&whole, 0, cause);
    }
    if found.is_empty() {
        return;
    }
    let mut told = 0;
    let mut tell = |what: &str, text: &[u8]| {
        if !look.needles.find(text, 0).is_empty() {
            told += 1;
            look.whole(Surface::Metadata, format!("{prefix} {what}"), text, cause);
        }
    };
    words::of_object(object, &mut |what, text| tell(what, text.as_bytes()));
    if let Object::Config(config) = object {
        tell("data", config.spec.data.expose());
    }
    if told == 0 {
        look.whole(Surface::Metadata, name, &bytes, cause);
    }
}
