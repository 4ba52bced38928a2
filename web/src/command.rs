//! A command of the lab: where it is typed, what it should print, what came of it.

use sorted::SortedMap;

use model::view::{CommandView, DiffMark, ExpectedLine, ExpectedPiece, State};
use yew::prelude::*;

use crate::icons::{Icon, icon, state_icon};
use crate::msg::Msg;

/// The command; behind a question as long as it is a solution that nobody asked for.
pub fn command(view: &CommandView, on: &Callback<Msg>) -> Html {
    let block = shown(view, on);
    if view.solution && view.state == State::Open {
        return html! {
            <details class="reveal"><summary>{ "Show the solution" }</summary>{ block }</details>
        };
    }
    block
}

fn shown(view: &CommandView, on: &Callback<Msg>) -> Html {
    let number = view.number;
    let run = on.reform(move |_: MouseEvent| Msg::Run(number));
    let insert = on.reform(move |_: MouseEvent| Msg::Insert(number));
    let again = matches!(view.state, State::Holds | State::Broken);
    let run_class = classes!("btn", view.next.then_some("primary"));
    html! {
        <div class={classes!("command", format!("n{}", view.index % 6))} role="group"
            aria-label={format!("Command {number}, on {}", view.node)}
            data-testid={format!("command-{number}")} data-state={view.state.word()}
            data-next={view.next.to_string()}>
            <div class="bar">
                <span class="where">{ icon(Icon::Cell) }{ &view.node }</span>
                <span class="spacer" />
                <button type="button" class="btn quiet" data-testid="insert" onclick={insert}
                    title={format!("Put it into the input line of {}", view.node)}>
                    { icon(Icon::Insert) }{ "Insert" }
                </button>
                <button type="button" class={run_class} data-testid="run" onclick={run}
                    disabled={view.state == State::Running}
                    title={format!("Type and enter it on {}", view.node)}>
                    { icon(Icon::Play) }{ if again { "Run again" } else { "Run" } }
                </button>
            </div>
            <pre class="text">{ &view.text }</pre>
            { result(view) }
            if let Some(lines) = &view.expects {
                <details>
                    <summary>{ "What it should print" }</summary>
                    { expected(lines) }
                </details>
            }
        </div>
    }
}

fn result(view: &CommandView) -> Html {
    match view.state {
        State::Open => Html::default(),
        State::Running => html! {
            <p class="result">{ state_icon(view.state) }<span>{ "running" }</span></p>
        },
        State::Holds => {
            let text =
                if view.expects.is_some() { "printed what it should" } else { "ran as it should" };
            html! { <p class="result holds">{ state_icon(view.state) }<span>{ text }</span></p> }
        }
        State::Broken => html! {
            <>
                <div class="result broken">
                    { state_icon(view.state) }
                    <div>{ for view.complaints.iter().map(|text| html! { <p>{ text }</p> }) }</div>
                </div>
                if !view.diff.is_empty() {
                    <details>
                        <summary>{ "Expected and printed, line by line" }</summary>
                        { difference(view) }
                    </details>
                }
            </>
        },
    }
}

fn difference(view: &CommandView) -> Html {
    let lines = view.diff.iter().map(|line| {
        let (class, sign, said) = match line.mark {
            DiffMark::Same => ("same", "  ", ""),
            DiffMark::Missing => ("missing", "− ", "expected: "),
            DiffMark::Extra => ("extra", "+ ", "printed: "),
        };
        html! {
            <div class={class}>
                <span aria-hidden="true">{ sign }</span><span class="sr-only">{ said }</span>{ &line.text }
            </div>
        }
    });
    html! { <div class="diff">{ for lines }</div> }
}

fn expected(lines: &[ExpectedLine]) -> Html {
    let mut meanings = SortedMap::new();
    for ExpectedLine(pieces) in lines {
        for piece in pieces {
            if let ExpectedPiece::Hole(written, meaning) = piece {
                meanings.insert(written.clone(), meaning.clone());
            }
        }
    }
    let rows = lines.iter().map(|ExpectedLine(pieces)| {
        let pieces = pieces.iter().map(|piece| match piece {
            ExpectedPiece::Text(text) => html! { { text } },
            ExpectedPiece::Hole(written, meaning) => {
                html! { <span class="hole" title={meaning.clone()}>{ written }</span> }
            }
        });
        html! { <div>{ for pieces }{ "\u{200b}" }</div> }
    });
    let rows: Html = if lines.is_empty() {
        html! { <div>{ "(nothing)" }</div> }
    } else {
        rows.collect()
    };
    let meanings = meanings.into_iter().map(|(written, meaning)| {
        html! { <><dt><span class="hole">{ written }</span></dt><dd>{ meaning }</dd></> }
    });
    html! {
        <>
            <div class="expected">{ rows }</div>
            <dl class="holes">{ for meanings }</dl>
        </>
    }
}
