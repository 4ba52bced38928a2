//! The leak audit: its badge, and the panel with all findings.

use model::audit::{AuditPanel, FindingRow};
use model::inspect::Target;
use yew::prelude::*;

use crate::icons::{Icon, icon, tone_icon};
use crate::inspector::chain;
use crate::map::opener;
use crate::msg::Msg;

/// How the audit stands; opens the panel.
pub fn badge(panel: &AuditPanel, open: bool, on: &Callback<Msg>) -> Html {
    let target = (!open).then_some(Target::Audit);
    let onclick = on.reform(move |_: MouseEvent| Msg::Inspect(target.clone()));
    html! {
        <button type="button" class={classes!("btn", "audit-badge", panel.tone.word())} data-testid="audit-badge"
            aria-pressed={open.to_string()} title="The leak audit: where secrets are in the clear" {onclick}>
            { tone_icon(panel.tone) }
            <span><span class="sr-only">{ "Leak audit: " }</span>{ &panel.badge }</span>
        </button>
    }
}

/// All findings.
pub fn audit(panel: &AuditPanel, lens: bool, on: &Callback<Msg>) -> Html {
    let sentences =
        |texts: &[String]| texts.iter().map(|text| html! { <li>{ text }</li> }).collect::<Html>();
    html! {
        <aside class="inspector audit" id="inspector" data-testid="audit" tabindex="-1" aria-labelledby="inspector-title">
            <header>
                <p class="label">{ "Leak audit" }</p>
                <h2 id="inspector-title">{ &panel.badge }</h2>
                <button type="button" class="btn quiet square" aria-label="Close" data-testid="inspector-close"
                    onclick={on.reform(|_: MouseEvent| Msg::Inspect(None))}>
                    { icon(Icon::Close) }
                </button>
            </header>
            <p class="hint">
                { "After every event the bytes of disks, frames, layers, logs, memory and screens are searched for every \
                   secret, in the spellings that people use." }
            </p>
            <button type="button" class="btn" data-testid="lens" aria-pressed={lens.to_string()}
                onclick={on.reform(|_: MouseEvent| Msg::Lens)}>
                { icon(Icon::Key) }{ "Show only where clear text is" }
            </button>
            if panel.leaks.is_empty() {
                <p class="clean">{ icon(Icon::Check) }{ "Nothing is where it should not be." }</p>
            } else {
                <ul class="bare findings" aria-label="Leaks">{ for panel.leaks.iter().map(|leak| finding(leak, on)) }</ul>
            }
            if !panel.remarks.is_empty() {
                <ul class="bare remarks">{ sentences(&panel.remarks) }</ul>
            }
            if !panel.disks.is_empty() {
                <section><h3>{ "A thief with the disk" }</h3><ul class="bare remarks">{ sentences(&panel.disks) }</ul></section>
            }
            if !panel.allowed.is_empty() {
                <details class="allowed">
                    <summary>{ allowed_title(&panel.allowed) }</summary>
                    <ul class="bare findings">{ for panel.allowed.iter().map(|row| finding(row, on)) }</ul>
                </details>
            }
        </aside>
    }
}

fn allowed_title(rows: &[FindingRow]) -> String {
    let there = rows.iter().filter(|row| row.is_there).count();
    match rows.len() - there {
        0 => format!("Where it may be ({there})"),
        gone => format!("Where it may be ({there}, and {gone} from before)"),
    }
}

fn finding(row: &FindingRow, on: &Callback<Msg>) -> Html {
    html! {
        <li key={row.key.clone()} class={classes!("finding", row.verdict, (!row.is_there).then_some("gone"))}
            data-surface={row.surface_word} data-verdict={row.verdict}>
            <p class="what"><b>{ &row.needle }</b>{ " in " }{ row.surface }{ " on " }{ opener(&row.node, Target::Node(row.node.clone()), on) }</p>
            <p class="place">{ &row.place }</p>
            <p class="form">{ row.form }{ "; " }{ &row.when }</p>
            <p class="why">{ &row.why }</p>
            if let Some(root) = row.causes.last() {
                <details>
                    <summary>{ if row.causes.len() == 1 || root.from_outside { "because of " } else { "after " } }<code>{ &root.text }</code></summary>
                    { chain(&row.causes, on) }
                </details>
            }
        </li>
    }
}
