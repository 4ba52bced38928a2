//! The map's twin: the same view as a table, for reading aloud and for many nodes.

use model::view::MapView;
use yew::prelude::*;

/// The table.
pub fn map_table(map: &MapView) -> Html {
    let nodes = map.nodes.iter().map(|node| {
        let raft = node.raft.as_ref().map_or_else(String::new, |raft| {
            format!(
                "{}, term {}, committed {}, applied {}",
                raft.role, raft.term, raft.commit, raft.applied
            )
        });
        let tasks = node.pills.iter().map(|pill| {
            html! { <div>{ format!("{}: {} {}", pill.name, pill.state, pill.error) }</div> }
        });
        let clear = node.clear.iter().map(|secret| {
            html! { <div>{ format!("{}: {}", secret.name, secret.places.join(", ")) }</div> }
        });
        html! {
            <tr key={node.name.clone()} data-testid={format!("map-node-{}", node.name)}>
                <th scope="row">{ &node.name }</th>
                <td>{ &node.role }</td>
                <td>{ &node.state }</td>
                <td>{ raft }</td>
                <td>{ for tasks }</td>
                <td>{ for clear }</td>
                <td>{ node.sealed.join(", ") }</td>
            </tr>
        }
    });
    let services = map.services.iter().map(|service| {
        html! {
            <tr key={service.name.clone()}>
                <th scope="row">{ &service.name }</th>
                <td>{ &service.mode }</td>
                <td>{ &service.image }</td>
                <td>{ format!("{} of {}", service.running, service.desired) }</td>
                <td>{ service.secrets.join(", ") }</td>
            </tr>
        }
    });
    html! {
        <div class="table-scroll">
            <table>
                <caption>{ "Nodes" }</caption>
                <thead><tr>
                    <th scope="col">{ "Node" }</th><th scope="col">{ "Role" }</th>
                    <th scope="col">{ "State" }</th><th scope="col">{ "Raft" }</th>
                    <th scope="col">{ "Tasks" }</th><th scope="col">{ "Secrets in the clear" }</th>
                    <th scope="col">{ "Secrets sealed" }</th>
                </tr></thead>
                <tbody>{ for nodes }</tbody>
            </table>
            if !map.services.is_empty() {
                <table>
                    <caption>{ "Services" }</caption>
                    <thead><tr>
                        <th scope="col">{ "Service" }</th><th scope="col">{ "Mode" }</th>
                        <th scope="col">{ "Image" }</th><th scope="col">{ "Running tasks" }</th>
                        <th scope="col">{ "Secrets" }</th>
                    </tr></thead>
                    <tbody>{ for services }</tbody>
                </table>
            }
        </div>
    }
}
