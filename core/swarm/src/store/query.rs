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

    /// The tasks of a service, by identifier.
    pub fn tasks_of_service<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a Rc<Task>> {
        in_index(&self.tasks_by_service, service).filter_map(|id| self.task(id))
    }

    /// The tasks that have this node, by identifier.
    pub fn tasks_of_node<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a Rc<Task>> {
        in_index(&self.tasks_by_node, node).filter_map(|id| self.task(id))
    }

    /// The tasks of one slot of a service, by identifier.
    pub fn tasks_of_slot<'a>(
        &'a self,
        service: &'a str,
        slot: u64,
    ) -> impl Iterator<Item = &'a Rc<Task>> {
        self.tasks_of_service(service).filter(move |task| task.slot == slot)
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
        let wrap_all = |store: &Self| {
            let mut all = Vec::new();
            all.extend(store.clusters.iter().cloned().map(Cluster::wrap));
            all.extend(store.nodes.iter().cloned().map(Node::wrap));
            all.extend(store.services.iter().cloned().map(Service::wrap));
            all.extend(store.tasks.iter().cloned().map(Task::wrap));
            all.extend(store.secrets.iter().cloned().map(Secret::wrap));
            all.extend(store.configs.iter().cloned().map(Config::wrap));
            all.extend(store.networks.iter().cloned().map(Network::wrap));
            all
        };
        wrap_all(self).into_iter()
    }
}

fn in_index<'a>(
    index: &'a std::collections::BTreeSet<(Id, Id)>,
    first: &'a str,
) -> impl Iterator<Item = &'a Id> {
    index
        .range((Id::from(first), Id::default())..)
        .take_while(move |(key, _)| &**key == first)
        .map(|(_, task)| task)
}
