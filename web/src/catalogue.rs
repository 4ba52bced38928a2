//! The list of labs, and the form for a cluster of one's own.

use std::rc::Rc;

use labs::Summary;
use model::Status;
use model::free::{self, Free};
use model::progress::Progress;
use model::route::Route;
use model::ui::Ui;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::header::{brand, buttons};
use crate::help::Help;
use crate::icons::{Icon, icon, state_icon};
use crate::messages::messages;
use crate::msg::Msg;
use crate::notes::phrase;
use crate::{dom, store};

/// What the list shows.
#[derive(PartialEq)]
pub struct Entries {
    labs: Vec<(Summary, Progress)>,
    /// Clusters without a lesson that are kept.
    free: Vec<Free>,
}

/// The list as it stands: with the progress that is kept.
pub fn entries(labs: &[Summary]) -> Entries {
    let progress = |id: &str| Progress::read(&store::progress(id).unwrap_or_default());
    let free = store::sessions("free/");
    Entries {
        labs: labs.iter().map(|lab| (lab.clone(), progress(&lab.id))).collect(),
        free: free.iter().filter_map(|id| parse_id(id)).collect(),
    }
}

fn parse_id(id: &str) -> Option<Free> {
    match Route::parse(&format!("#/{id}")) {
        Some(Route::Free(free)) => Some(free),
        _ => None,
    }
}

#[derive(Properties, PartialEq)]
pub struct Props {
    pub entries: Rc<Entries>,
    pub ui: Rc<Ui>,
    pub on: Callback<Msg>,
}

#[component]
pub fn Catalogue(props: &Props) -> Html {
    let Props { entries, ui, on } = props;
    let cards = entries.labs.iter().map(|(lab, progress)| card(lab, *progress));
    html! {
        <div class="shell catalogue" data-testid="catalogue">
            <header class="header">
                { brand() }
                <div class="spacer" />
                { buttons(ui.theme, on) }
            </header>
            { messages(&ui.messages, on) }
            <main id="main" tabindex="-1">
                <div class="hello">
                    <h1>{ "A Docker Swarm in a glass hive" }</h1>
                    <p>
                        { "Every lab runs on a whole simulated swarm in this page: type whatever you like, break it, \
                           look inside. Nothing is sent anywhere, and what you do is kept in this browser." }
                    </p>
                </div>
                <FreePlay saved={entries.free.clone()} on={on.clone()} />
                <h2>{ "Labs" }</h2>
                <ul class="cards bare">{ for cards }</ul>
            </main>
            if ui.help {
                <Help on={on.clone()} />
            }
        </div>
    }
}

fn card(lab: &Summary, progress: Progress) -> Html {
    let route = Route::Lab { id: lab.id.clone(), step: None };
    let goals = lab.goals.iter().map(|goal| html! { <li>{ phrase(goal) }</li> });
    let hosts = hosts(lab);
    let minutes = (lab.minutes > 0).then(|| format!("{} min", lab.minutes));
    let tone = match progress.status {
        Status::Passed => "good",
        Status::Failed => "bad",
        _ if progress.done > 0 => "wait",
        _ => "",
    };
    let begun = progress.done > 0;
    let percent = progress.percent();
    html! {
        <li key={lab.id.clone()} class="card" data-testid={format!("lab-{}", lab.id)}>
            <p class="meta">
                if !lab.level.is_empty() {
                    <span class={classes!("level", lab.level.clone())}>{ &lab.level }</span>
                }
                if let Some(minutes) = minutes { <span>{ minutes }</span> }
                <span>{ "Docker " }{ &lab.docker }</span>
                if lab.kube_count > 0 { <span>{ "Kubernetes " }{ &lab.kubectl }</span> }
            </p>
            <h3><a href={route.to_string()}>{ &lab.title }</a></h3>
            <ul class="goals">{ for goals }</ul>
            <p class="foot">
                <span class="hosts">{ icon(Icon::Hive) }{ hosts }</span>
                if begun {
                    <span class={classes!("badge", tone)} data-testid="progress">
                        { state_icon(progress.status.state()) }{ progress.words() }
                    </span>
                }
            </p>
            if begun {
                <div class={classes!("meter", tone)} aria-hidden="true"><span style={format!("width: {percent}%")} /></div>
            }
        </li>
    }
}

/// What there is to play with.
fn hosts(lab: &Summary) -> String {
    let count =
        |count: u32| if count == 1 { "1 host".to_owned() } else { format!("{count} hosts") };
    let swarm = match (lab.node_count, lab.manager_count) {
        (nodes, 0) if nodes == lab.kube_count => {
            return format!("a Kubernetes of {}", count(nodes));
        }
        (1, _) => count(1),
        (nodes, 0) if lab.kube_count > 0 => count(nodes),
        (nodes, 0) => format!("{}, no swarm yet", count(nodes)),
        (nodes, 1) => format!("{}, one of them a manager", count(nodes)),
        (nodes, managers) => format!("{}, {managers} of them managers", count(nodes)),
    };
    match lab.kube_count {
        0 => swarm,
        nodes => format!("{swarm}, a Kubernetes on {nodes} of them"),
    }
}

#[derive(Properties, PartialEq)]
struct FreeProps {
    saved: Vec<Free>,
    on: Callback<Msg>,
}

#[component]
fn FreePlay(props: &FreeProps) -> Html {
    let free = use_state(Free::default);
    let change = |set: fn(&mut Free, &str)| {
        let free = free.clone();
        Callback::from(move |event: Event| {
            let value = event
                .target_dyn_into::<HtmlSelectElement>()
                .map(|select| select.value())
                .or_else(|| event.target_dyn_into::<HtmlInputElement>().map(|input| input.value()));
            let mut changed = (*free).clone();
            set(&mut changed, &value.unwrap_or_default());
            free.set(changed.within_limits());
        })
    };
    let options = |range: std::ops::RangeInclusive<u32>, chosen: u32| {
        range
            .map(|count| {
                let text = if count == 0 { "none".to_owned() } else { count.to_string() };
                html! { <option value={count.to_string()} selected={count == chosen}>{ text }</option> }
            })
            .collect::<Html>()
    };
    let version = |version: &'static str, chosen: &str| html! { <option value={version} selected={version == chosen}>{ version }</option> };
    let dockers = free::docker_versions().rev().map(|name| version(name, &free.docker));
    let releases = free::kubectl_versions().rev().map(|name| version(name, &free.kubectl));
    let managers_max = free.node_count.min(free::MANAGER_COUNT_MAX);
    let onsubmit = {
        let address = Route::Free((*free).clone()).to_string();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            dom::set_hash(&address);
        })
    };
    let saved = props.saved.iter().map(|free| {
        let id = free.id();
        let forget = {
            let id = id.clone();
            props.on.reform(move |_: MouseEvent| Msg::Forget(id.clone()))
        };
        let name = format!("{}, Docker {}, seed {}", free.title(), free.docker, free.seed);
        html! {
            <li key={id}>
                <a href={Route::Free(free.clone()).to_string()}>{ &name }</a>
                <button type="button" class="btn quiet square" aria-label={format!("Forget {name}")} title="Forget"
                    onclick={forget}>{ icon(Icon::Close) }</button>
            </li>
        }
    });
    html! {
        <section class="free" aria-labelledby="free-title">
            <div>
                <h2 id="free-title">{ "Free play" }</h2>
                <p>{ "A cluster of your own, without a lesson." }</p>
            </div>
            <form {onsubmit}>
                <label>{ "Hosts" }
                    <select data-testid="free-hosts" onchange={change(|free, value| free.node_count = value.parse().unwrap_or(1))}>
                        { options(free.node_count_min()..=free::NODE_COUNT_MAX, free.node_count) }
                    </select>
                </label>
                <label>{ "Managers" }
                    <select data-testid="free-managers" onchange={change(|free, value| free.manager_count = value.parse().unwrap_or(0))}>
                        { options(0..=managers_max, free.manager_count) }
                    </select>
                </label>
                <label>{ "Docker" }
                    <select data-testid="free-docker" onchange={change(|free, value| value.clone_into(&mut free.docker))}>{ for dockers }</select>
                </label>
                <label>{ "Kubernetes nodes" }
                    <select data-testid="free-kube" onchange={change(|free, value| free.kube_count = value.parse().unwrap_or(0))}>
                        { options(0..=free::KUBE_COUNT_MAX, free.kube_count) }
                    </select>
                </label>
                if free.kube_count > 0 {
                    <label>{ "Kubernetes" }
                        <select data-testid="free-kubectl" onchange={change(|free, value| value.clone_into(&mut free.kubectl))}>{ for releases }</select>
                    </label>
                }
                <label>{ "Seed" }
                    <input type="number" min="0" max="4294967295" required=true data-testid="free-seed" value={free.seed.to_string()}
                        onchange={change(|free, value| free.seed = value.parse().unwrap_or(1))} />
                </label>
                <button type="submit" class="btn primary" data-testid="free-start">{ icon(Icon::Play) }{ "Start" }</button>
            </form>
            if !props.saved.is_empty() {
                <ul class="saved bare" aria-label="Kept clusters">{ for saved }</ul>
            }
        </section>
    }
}
