//! Questions to the store.

use std::rc::Rc;

use super::{Row, Store, Table};
use crate::objects::{
    Cluster, Config, Id, Kind, Network, Node, Object, Secret, Service, Stored as _, Task,
};

macro_rules! queries {
    ($($one:ident, $all:ident: $type:ident, $what:literal;)*) => {$(
        #[doc = concat!("The ", $what, " with this identifier.")]
        pub fn $one(&self, id: &str) -> Option<&Rc<$type>> {
            self.$all.get(id)
        }
        #[doc = concat!("All of the kind ", $what, ", by identifier.")]
        pub fn $all(&self) -> &Table<$type> {
            &self.$all
        }
    )*};
}

impl Store {
    queries! {
        node, nodes: Node, "node";
        service, services: Service, "service";
        task, tasks: Task, "task";
        secret, secrets: Secret, "secret";
        config, configs: Config, "config";
        network, networks: Network, "network";
    }

    /// The cluster object; none before `swarm init` has committed it.
    pub fn cluster(&self) -> Option<&Rc<Cluster>> {
        self.clusters.by_name("default").or_else(|| self.clusters.iter().next())
    }

    /// All cluster objects (there is one).
    pub fn clusters(&self) -> &Table<Cluster> {
        &self.clusters
    }

    /// The object of this type with this identifier.
    pub fn get<T: Row>(&self, id: &str) -> Option<&Rc<T>> {
        T::table(self).get(id)
    }

    /// The object of this kind with this identifier.
    pub fn object(&self, kind: Kind, id: &str) -> Option<Object> {
        fn wrapped<T: Row>(store: &Store, id: &str) -> Option<Object> {
            store.get::<T>(id).map(|object| T::wrap(Rc::clone(object)))
        }
        match kind {
            Kind::Cluster => wrapped::<Cluster>(self, id),
            Kind::Node => wrapped::<Node>(self, id),
            Kind::Service => wrapped::<Service>(self, id),
            Kind::Task => wrapped::<Task>(self, id),
            Kind::Secret => wrapped::<Secret>(self, id),
            Kind::Config => wrapped::<Config>(self, id),
            Kind::Network => wrapped::<Network>(self, id),
        }
    }

    /// The tasks of a service, by slot and identifier.
    pub fn tasks_of_service<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a Rc<Task>> {
        self.tasks_by_service
            .range((Id::from(service), 0, Id::default())..)
            .take_while(move |(key, _, _)| &**key == service)
            .filter_map(|(_, _, id)| self.task(id))
    }

    /// The tasks that have this node, by identifier.
    pub fn tasks_of_node<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a Rc<Task>> {
        self.tasks_by_node
            .range((Id::from(node), Id::default())..)
            .take_while(move |(key, _)| &**key == node)
            .filter_map(|(_, id)| self.task(id))
    }

    /// The tasks of one slot of a service, by identifier.
    pub fn tasks_of_slot<'a>(
        &'a self,
        service: &'a str,
        slot: u64,
    ) -> impl Iterator<Item = &'a Rc<Task>> {
        self.tasks_by_service
            .range((Id::from(service), slot, Id::default())..)
            .take_while(move |(key, at, _)| &**key == service && *at == slot)
            .filter_map(|(_, _, id)| self.task(id))
    }

    /// The services whose spec refers to this secret, by identifier.
    pub fn services_using_secret<'a>(
        &'a self,
        secret: &'a str,
    ) -> impl Iterator<Item = &'a Rc<Service>> {
        self.services.iter().filter(move |service| {
            service.spec.task.container.secrets.iter().any(|r| &*r.secret_id == secret)
        })
    }

    /// The services whose spec refers to this config, by identifier.
    pub fn services_using_config<'a>(
        &'a self,
        config: &'a str,
    ) -> impl Iterator<Item = &'a Rc<Service>> {
        self.services.iter().filter(move |service| {
            service.spec.task.container.configs.iter().any(|r| &*r.config_id == config)
        })
    }

    /// All objects, kind by kind.
    pub fn objects(&self) -> impl Iterator<Item = Object> {
        let clusters = self.clusters.iter().cloned().map(Cluster::wrap);
        let nodes = self.nodes.iter().cloned().map(Node::wrap);
        let services = self.services.iter().cloned().map(Service::wrap);
        let tasks = self.tasks.iter().cloned().map(Task::wrap);
        let secrets = self.secrets.iter().cloned().map(Secret::wrap);
        let configs = self.configs.iter().cloned().map(Config::wrap);
        let networks = self.networks.iter().cloned().map(Network::wrap);
        clusters
            .chain(nodes)
            .chain(services)
            .chain(tasks)
            .chain(secrets)
            .chain(configs)
            .chain(networks)
    }
}
