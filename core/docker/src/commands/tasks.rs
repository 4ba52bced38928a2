//! Lists of tasks: `service ps` and `node ps`.

use sorted::SortedMap;
use std::cmp::Reverse;
use std::rc::Rc;

use daemon::api::Error;
use swarm::control::{self, ControlRequest, ControlResponse};
use swarm::objects::{Id, PortConfig, PublishMode, Task, TaskState};

use super::wrong;
use crate::cli::Cli;
use crate::output::list::List;
use crate::output::text::{capitalized, natural, short_id, without_digest};
use crate::output::units::human_duration;
use crate::ports::published;
use crate::table::Outcome;

/// The longest error a table shows.
const ERROR_LENGTH_MAX: usize = 30;

pub(crate) async fn tasks(cli: &Cli, filters: control::Filters) -> Result<Vec<Rc<Task>>, Error> {
    match cli.client.control(ControlRequest::ListTasks(filters)).await? {
        ControlResponse::Tasks(tasks) => Ok(tasks),
        other => Err(wrong(other)),
    }
}

/// Names of services and nodes, asked for once each.
struct Names<'a> {
    cli: &'a Cli,
    known: SortedMap<Id, String>,
}

impl Names<'_> {
    /// The name behind an identifier; the identifier itself if it has none or is not resolved.
    async fn of(&mut self, request: fn(Id) -> ControlRequest, id: &Id) -> String {
        if id.is_empty() || self.cli.is_set("no-resolve") {
            return id.to_string();
        }
        if let Some(name) = self.known.get(id) {
            return name.clone();
        }
        let name = match self.cli.client.control(request(id.clone())).await {
            Ok(ControlResponse::Service(service)) => service.spec.annotations.name.clone(),
            Ok(ControlResponse::Node(node)) => {
                let name = &node.spec.annotations.name;
                if name.is_empty() { node.description.hostname.clone() } else { name.clone() }
            }
            _ => String::new(),
        };
        let name = if name.is_empty() { id.to_string() } else { name };
        self.known.insert(id.clone(), name.clone());
        name
    }
}

/// The ports that a running task publishes on its node.
fn ports(task: &Task) -> String {
    let ports = task.endpoint.iter().flat_map(|endpoint| &endpoint.ports);
    let of_node = ports.filter(|port| port.publish_mode == PublishMode::Host);
    let of_node: Vec<PortConfig> =
        of_node.filter(|port| port.published_port > 0).cloned().collect();
    if task.status.state == TaskState::Running { published(&of_node) } else { String::new() }
}

/// Shows tasks: those of a slot together, the newest first and the others indented below it.
pub(crate) async fn show(cli: &Cli, tasks: Vec<Rc<Task>>) -> Outcome {
    let now = cli.proc.wall();
    let whole = cli.is_set("no-trunc");
    let mut names = Names { cli, known: SortedMap::new() };
    let mut named = Vec::new();
    for task in tasks {
        let service = names.of(|id| ControlRequest::GetService { id }, &task.service_id).await;
        let name = match task.slot {
            0 => format!("{service}.{}", task.node_id.as_deref().unwrap_or_default()),
            slot => format!("{service}.{slot}"),
        };
        named.push((name, task));
    }
    if cli.profile.natural_order {
        named.sort_by(|(a, x), (b, y)| {
            natural(a, b).then_with(|| y.meta.created_at.cmp(&x.meta.created_at))
        });
    } else {
        named.sort_by_key(|(_, task)| (task.slot, Reverse(task.meta.created_at)));
    }
    let is_table = cli.flag("format").is_none_or(|format| format.starts_with("table"));
    let mut rows = Vec::new();
    let mut before = String::new();
    for (name, task) in named {
        let is_older = name == before;
        let indent = if is_older && is_table { " \\_ " } else { "" };
        let shown_name = format!("{indent}{name}");
        before = name;
        let node = match &task.node_id {
            Some(id) => names.of(|id| ControlRequest::GetNode { id }, id).await,
            None => String::new(),
        };
        let image = &task.spec.container.image;
        let since = human_duration(cli.profile, now.since(task.status.timestamp));
        let mut error = task.status.err.clone().unwrap_or_default();
        if !whole && error.chars().count() > ERROR_LENGTH_MAX {
            error = error.chars().take(ERROR_LENGTH_MAX - 1).chain(['…']).collect();
        }
        if !error.is_empty() {
            error = format!("\"{error}\"");
        }
        rows.push(vec![
            ("ID", if whole { task.id.to_string() } else { short_id(&task.id) }),
            ("Name", shown_name),
            ("Image", if whole { image.clone() } else { without_digest(image) }),
            ("Node", node),
            ("DesiredState", capitalized(task.desired_state.word())),
            (
                "CurrentState",
                format!("{} {} ago", capitalized(task.status.state.word()), since.to_lowercase()),
            ),
            ("Error", error),
            ("Ports", ports(&task)),
            ("FullID", task.id.to_string()),
        ]);
    }
    let columns = vec![
        ("ID", "ID"),
        ("Name", "NAME"),
        ("Image", "IMAGE"),
        ("Node", "NODE"),
        ("DesiredState", "DESIRED STATE"),
        ("CurrentState", "CURRENT STATE"),
        ("Error", "ERROR"),
        ("Ports", "PORTS"),
    ];
    let list =
        List { columns, more_titles: &[], quiet: "FullID", rows, cells: cli.profile.swarm_cells };
    list.show(cli).await
}
