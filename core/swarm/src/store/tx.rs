//! Transactions: what the leader does to a copy of the store before it proposes the changes
//! (swarmkit: `manager/state/store/memory.go`).

use sorted::SortedMap;
use std::rc::Rc;

use sim::Time;
use thiserror::Error;

use super::{Row, Store, StoreAction};
use crate::objects::{Id, Task};

/// The most changes of one transaction (swarmkit: `MaxChangesPerTransaction`).
pub const MAX_CHANGES: usize = 200;
/// The most bytes of one transaction once serialised (swarmkit: `MaxTransactionBytes`, 1.5 MiB).
pub const MAX_TRANSACTION_BYTES: usize = 1_572_864;

/// Why a change is refused. The texts are swarmkit's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Another object of the kind has the name, whatever its case.
    #[error("name conflicts with an existing object")]
    NameConflict,
    /// There is an object with this identifier.
    #[error("object already exists")]
    Exists,
    /// There is no such object.
    #[error("object does not exist")]
    NotFound,
    /// The object has changed since it was read.
    #[error("update out of sequence")]
    SequenceConflict,
    /// More than [`MAX_CHANGES`].
    #[error("raft: raft message is too large and can't be sent")]
    TooLarge,
}

/// What a transaction needs to know of its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxContext {
    /// The leader's clock.
    pub now: Time,
    /// The raft commit index at the start: the version of everything the transaction writes.
    pub version_index: u64,
}

/// A transaction. It sees its own changes; nobody else does until they are committed and applied.
#[derive(Debug)]
pub struct Tx {
    working: Store,
    context: TxContext,
    actions: Vec<StoreAction>,
    /// Where the last change of an object stands in `actions`.
    last_change: SortedMap<Id, usize>,
}

impl Tx {
    /// Begins a transaction on this state of the store.
    pub fn new(store: &Store, context: TxContext) -> Self {
        Self { working: store.clone(), context, actions: Vec::new(), last_change: SortedMap::new() }
    }

    /// The store with the changes so far.
    pub fn store(&self) -> &Store {
        &self.working
    }

    /// The leader's clock.
    pub fn now(&self) -> Time {
        self.context.now
    }

    /// The version of everything this transaction writes.
    pub fn version_index(&self) -> u64 {
        self.context.version_index
    }

    /// How many more changes it may hold.
    pub fn room(&self) -> usize {
        MAX_CHANGES.saturating_sub(self.actions.len())
    }

    /// It has changed nothing.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// The changes so far.
    pub fn actions(&self) -> &[StoreAction] {
        &self.actions
    }

    /// The changes, to be proposed.
    pub fn into_actions(self) -> Vec<StoreAction> {
        self.actions
    }

    /// Adds an object. Its version and times are written here.
    ///
    /// # Errors
    /// [`StoreError::Exists`], [`StoreError::NameConflict`], [`StoreError::TooLarge`].
    pub fn create<T: Row>(&mut self, mut object: T) -> Result<(), StoreError> {
        let table = T::table(&self.working);
        if table.get(object.id()).is_some() {
            return Err(StoreError::Exists);
        }
        self.check_name(&object)?;
        let (now, version) = (self.context.now, self.context.version_index);
        let meta = object.meta_mut();
        (meta.version, meta.created_at, meta.updated_at) = (version, now, now);
        self.record(StoreAction::Create(T::wrap(Rc::new(object))))
    }

    /// Replaces an object by a changed copy, which must still carry the version that was read.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::SequenceConflict`], [`StoreError::NameConflict`],
    /// [`StoreError::TooLarge`].
    pub fn update<T: Row>(&mut self, mut object: T) -> Result<(), StoreError> {
        let old = T::table(&self.working).get(object.id()).ok_or(StoreError::NotFound)?;
        if old.meta().version != object.meta().version && !sim::planted!(VersionNotChecked) {
            return Err(StoreError::SequenceConflict);
        }
        let created_at = old.meta().created_at;
        let kept = sim::planted!(VersionKept).then_some(old.meta().version);
        self.check_name(&object)?;
        let (now, version) = (self.context.now, kept.unwrap_or(self.context.version_index));
        let meta = object.meta_mut();
        (meta.version, meta.created_at, meta.updated_at) = (version, created_at, now);
        self.record(StoreAction::Update(T::wrap(Rc::new(object))))
    }

    /// Takes an object away.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::TooLarge`].
    pub fn remove<T: Row>(&mut self, id: &Id) -> Result<(), StoreError> {
        if T::table(&self.working).get(id).is_none() {
            return Err(StoreError::NotFound);
        }
        self.record(StoreAction::Remove(T::KIND, id.clone()))
    }

    /// Changes a task as the closure says, if it is still there and there is room. Returns whether
    /// it did.
    pub fn change_task(&mut self, id: &str, change: impl FnOnce(&mut Task)) -> bool {
        let Some(mut task) = self.working.task(id).map(|task| (**task).clone()) else {
            return false;
        };
        change(&mut task);
        self.update(task).is_ok()
    }

    fn check_name<T: Row>(&self, object: &T) -> Result<(), StoreError> {
        let holder = object.unique_name().and_then(|name| T::table(&self.working).by_name(name));
        let is_same = |holder: &&Rc<T>| {
            holder.unique_name() == object.unique_name() || !sim::planted!(NamesWithCase)
        };
        let holder = holder.filter(is_same);
        match holder {
            Some(holder) if holder.id() != object.id() => Err(StoreError::NameConflict),
            _ => Ok(()),
        }
    }

    /// One transaction changes an object once: a second change replaces the first, so that whoever
    /// watches the store sees each version of an object exactly once.
    fn record(&mut self, action: StoreAction) -> Result<(), StoreError> {
        if let StoreAction::Update(object) = &action
            && let Some(&at) = self.last_change.get(object.id())
        {
            self.working.apply(std::slice::from_ref(&action));
            self.actions[at] = match &self.actions[at] {
                StoreAction::Create(_) => StoreAction::Create(object.clone()),
                StoreAction::Update(_) | StoreAction::Remove(..) => action,
            };
            return Ok(());
        }
        if self.room() == 0 {
            return Err(StoreError::TooLarge);
        }
        self.working.apply(std::slice::from_ref(&action));
        match &action {
            StoreAction::Create(object) | StoreAction::Update(object) => {
                self.last_change.insert(object.id().clone(), self.actions.len());
            }
            StoreAction::Remove(_, id) => {
                self.last_change.remove(id);
            }
        }
        self.actions.push(action);
        Ok(())
    }
}
