//! A host's or a container's own view of the machine.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::fs::Mounts;
use crate::service::Listener;

/// A host's or a container's own view: its mounts, its name, its process numbers.
#[derive(Debug)]
pub struct Namespace {
    /// What is mounted where.
    pub mounts: Mounts,
    /// The name that `hostname` prints.
    pub hostname: String,
    /// False for the host itself.
    pub is_container: bool,
    /// Its own addresses besides `127.0.0.0/8`.
    pub addresses: Vec<String>,
    pub(crate) listeners: BTreeMap<u16, Listener>,
    pub(crate) next_pid: u32,
}

impl Namespace {
    /// A namespace without processes.
    pub fn new(mounts: Mounts, hostname: &str, is_container: bool) -> Self {
        Self {
            mounts,
            hostname: hostname.to_owned(),
            is_container,
            addresses: Vec::new(),
            listeners: BTreeMap::new(),
            next_pid: 1,
        }
    }

    /// The same, shared.
    pub fn shared(self) -> SharedNamespace {
        Rc::new(RefCell::new(self))
    }
}

/// A namespace that several processes live in.
pub type SharedNamespace = Rc<RefCell<Namespace>>;
