//! A host's or a container's own view of the machine.

use sorted::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

use crate::fs::Mounts;
use crate::service::{Listener, Service};

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
    /// It is the host itself, or a container that uses the host's network.
    pub on_host_network: bool,
    /// Who answers on which port; containers may share it with the host or with each other.
    pub(crate) listeners: Rc<RefCell<SortedMap<u16, Listener>>>,
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
            on_host_network: !is_container,
            listeners: Rc::default(),
            next_pid: 1,
        }
    }

    /// Uses the addresses and ports of another one from now on, as `--network host` does.
    pub fn share_network(&mut self, other: &Self) {
        self.addresses.clone_from(&other.addresses);
        self.on_host_network = other.on_host_network;
        self.listeners = other.listeners.clone();
    }

    /// Who answers on a port.
    pub(crate) fn listener(&self, port: u16) -> Option<Rc<RefCell<dyn Service>>> {
        self.listeners.borrow().get(&port).map(|listener| listener.service.clone())
    }

    /// The same, shared.
    pub fn shared(self) -> SharedNamespace {
        Rc::new(RefCell::new(self))
    }
}

/// A namespace that several processes live in.
pub type SharedNamespace = Rc<RefCell<Namespace>>;
