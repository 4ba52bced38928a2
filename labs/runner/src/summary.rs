//! What a list of labs shows of each.

use serde::{Deserialize, Serialize};

use crate::model::Lab;

/// A lab in a list: everything but its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Short name, also the name in a link.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// For whom, in one word; empty if not said.
    pub level: String,
    /// How long a student needs; 0 if not said.
    pub minutes: u32,
    /// What a student can do afterwards, as HTML.
    pub goals: Vec<String>,
    /// The Docker version.
    pub docker: String,
    /// How many hosts there are.
    pub node_count: u32,
    /// How many of them are managers from the start; 0 if there is no swarm yet.
    pub manager_count: u32,
    /// How many hosts are the nodes of a Kubernetes.
    pub kube_count: u32,
    /// Its release; empty if there is none.
    pub kubectl: String,
}

impl Lab {
    /// The lab as a list shows it.
    pub fn summary(&self) -> Summary {
        Summary {
            id: self.id.clone(),
            title: self.title.clone(),
            level: self.level.clone(),
            minutes: self.minutes,
            goals: self.goals.clone(),
            docker: self.docker.clone(),
            node_count: self.nodes.len() as u32,
            manager_count: self.managers.len() as u32,
            kube_count: self.kubernetes.len() as u32,
            kubectl: self.kubectl.clone(),
        }
    }
}
