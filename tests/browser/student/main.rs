//! The whole lab as a student does it, in Chromium.

mod everybody;
mod native;
mod outside;
mod places;
mod walls;

use fantoccini::key::Key;
use glasshive_browser::{DESKTOP, PHONE, Page, Result};
use serde_json::Value;

/// Runs one scenario; browsers are expensive, so that they come one after the other. `GLASSHIVE_SCENARIO` chooses those
/// whose name has it, and `GLASSHIVE_SLOWDOWN=8` makes the page's processor eight times slower.
fn scenario<F: Future<Output = Result<()>>>(name: &str, run: F) {
    if std::env::var("GLASSHIVE_SCENARIO").is_ok_and(|only| !name.contains(&only)) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let start = std::time::Instant::now();
    if let Err(error) = runtime.expect("a runtime can be made").block_on(run) {
        panic!("{name}: {error}");
    }
    println!("{name}: {:.1} s", start.elapsed().as_secs_f64());
}

#[test]
fn a_student_does_the_lab() {
    scenario("the list of labs", places::catalogue());
    scenario("the list on a phone", places::catalogue_on_a_phone());
    scenario("free play", places::free_play());
    scenario("a file in the editor", places::editor());
    scenario("the leak audit", walls::audit());
    scenario("faults and healing", walls::faults());
    scenario("by hand and by click", by_hand_and_by_click());
    scenario("play all, reload, restart, undo", play_all());
    scenario("step by step", step_by_step());
    scenario("something else", something_else());
    scenario("damaged state", damaged_state());
    scenario("keyboard only", keyboard_only());
    scenario("on a phone", on_a_phone());
    scenario("Kubernetes", walls::kubernetes());
    scenario("files in and out", outside::files());
    scenario("without a network", outside::offline());
    scenario("for everybody", everybody::barriers());
}

/// Types every other command by hand and runs the others with a click.
async fn by_hand_and_by_click() -> Result<()> {
    let page = Page::open(DESKTOP).await?;
    assert_eq!(page.text("lab-status").await?, "ready");
    assert_eq!(page.digest().await?, native::fresh_digest());
    page.speed("4").await?;
    let count =
        page.script("return document.querySelectorAll('[data-testid^=command-]').length").await?;
    for number in 1..=count.as_u64().unwrap_or(0) {
        let testid = format!("command-{number}");
        page.wait_for_state(&testid, "data-next", &["true"]).await?;
        if number % 2 == 0 {
            // Even at once: the lab waits by itself for what it says it waits for.
            page.click_css(&format!("[data-testid={testid}] [data-testid=run]")).await?;
        } else {
            let read = |part: &str| {
                format!(
                    "return document.querySelector('[data-testid={testid}] {part}').textContent"
                )
            };
            // Who types does the waiting: what the lab waits for stands in its text.
            let settled = "return document.querySelector('.check[data-state=running]') === null";
            page.wait("the cluster has settled", settled).await?;
            let node = page.script(&read(".where")).await?;
            let text = page.script(&read(".text")).await?;
            page.show_terminal(node.as_str().unwrap_or_default()).await?;
            page.enter(text.as_str().unwrap_or_default()).await?;
        }
        let state = page.wait_for_state(&testid, "data-state", &["holds", "broken"]).await?;
        if state == "broken" {
            return Err(format!("{testid}: {}", page.text(&testid).await?).into());
        }
    }
    page.wait_until_passed().await?;
    page.close().await
}

/// Plays the lab and compares with the native run; the same after a reload.
async fn play_all() -> Result<()> {
    let expected = native::digest("secrets");
    let page = Page::open(DESKTOP).await?;
    page.speed("max").await?;
    page.click("play-all").await?;
    page.wait_until_passed().await?;
    assert_eq!(page.digest().await?, expected, "the browser's digest and the native one");
    let shown = page.text("terminal-node1").await?;
    page.load().await?;
    assert_eq!(page.digest().await?, expected, "the digest after a reload");
    assert_eq!(page.text("lab-status").await?, "passed");
    page.show_terminal("node1").await?;
    assert_eq!(page.text("terminal-node1").await?, shown, "the transcript after a reload");
    // A restart asks nothing, because it can be undone.
    page.click("restart").await?;
    page.wait(
        "the lab is ready",
        "return document.querySelector('[data-testid=lab-status]').textContent === 'ready'",
    )
    .await?;
    assert_eq!(page.digest().await?, native::fresh_digest());
    page.click("undo").await?;
    page.wait_until_passed().await?;
    assert_eq!(page.digest().await?, expected, "the digest after an undone restart");
    let origins = page
        .script("return performance.getEntriesByType('resource').every(e => e.name.startsWith(location.origin) || e.name.startsWith('data:'))")
        .await?;
    assert_eq!(origins, Value::Bool(true), "the page asks nobody else for anything");
    page.close().await
}

/// The same digest, step by step.
async fn step_by_step() -> Result<()> {
    let page = Page::open(DESKTOP).await?;
    page.speed("max").await?;
    let steps = page.script("return document.querySelectorAll('section.step').length").await?;
    for step in 0..steps.as_u64().unwrap_or(0) {
        page.click("next-step").await?;
        page.wait_for_step(step).await?;
        if step == 2 {
            // The service runs, and the map shows where its secret can be read.
            page.theme("light").await?;
            page.picture("desktop").await?;
            page.theme("dark").await?;
            page.picture("desktop-dark").await?;
        }
    }
    page.wait_until_passed().await?;
    assert_eq!(page.digest().await?, native::digest("secrets"));
    page.close().await
}

/// It is a real shell, with history, completion, Ctrl-C and all.
async fn something_else() -> Result<()> {
    let page = Page::open(DESKTOP).await?;
    let shows = |text: &str| {
        format!(
            "return [...document.querySelectorAll('[data-testid=terminal-node2] .out')].some(e => e.textContent === {})",
            serde_json::json!(text)
        )
    };
    page.show_terminal("node2").await?;
    page.enter("for n in 1 2 3; do printf \"$n-\"; done; hostname").await?;
    page.wait("the loop has run", &shows("1-2-3-node2")).await?;
    page.enter("false").await?;
    let failed = "return document.querySelector('[data-testid=terminal-node2] [data-status=\"1\"] .exit') !== null";
    page.wait("the exit status is marked", failed).await?;
    // A here-document is continued at the secondary prompt.
    page.enter("cat <<END\none\ntwo\nEND").await?;
    page.wait("the here-document is printed", &shows("one\ntwo")).await?;
    let input = page.find("terminal-input").await?;
    input.send_keys(&Key::Up.to_string()).await?;
    input.send_keys(&Key::Up.to_string()).await?;
    let draft = "return document.querySelector('[data-testid=terminal-input]').value";
    page.wait("history comes back", &format!("{draft} === 'two'")).await?;
    input.send_keys(&format!("{}u", Key::Control)).await?;
    input.send_keys(&Key::Null.to_string()).await?;
    input.send_keys("docker sec").await?;
    input.send_keys(&Key::Tab.to_string()).await?;
    page.wait("Tab completes", &format!("{draft} === 'docker secret '")).await?;
    input.send_keys(&format!("{}u{}", Key::Control, Key::Null)).await?;
    page.enter("sleep 1000").await?;
    let running =
        "return document.querySelector('[data-testid=terminal-node2] .block.running') !== null";
    page.wait("sleep runs", running).await?;
    input.send_keys(&format!("{}c{}", Key::Control, Key::Null)).await?;
    let ended =
        "return document.querySelector('[data-testid=terminal-node2] .block.running') === null";
    page.wait("Ctrl-C ends it", ended).await?;
    page.click("split").await?;
    page.find("terminal-node3").await?;
    page.picture("desktop-split").await?;
    page.close().await
}

/// A state that cannot be read is set aside, with a message.
async fn damaged_state() -> Result<()> {
    let page = Page::open(DESKTOP).await?;
    page.enter("echo here").await?;
    page.wait(
        "the session is kept",
        "return (localStorage.getItem('glasshive/session/secrets') ?? '').includes('echo here')",
    )
    .await?;
    // Leaving the page keeps the session, so that the damage is done on the way in.
    page.script("addEventListener('pagehide', () => localStorage.setItem('glasshive/session/secrets', '{\"format\": \"x'))").await?;
    page.load().await?;
    page.wait(
        "the page tells it",
        "return document.querySelector('[data-testid=message]') !== null",
    )
    .await?;
    page.picture("desktop-message").await?;
    let aside = page.script("return localStorage.getItem('glasshive/aside/secrets/0')").await?;
    assert_eq!(aside.as_str(), Some("{\"format\": \"x"), "nothing is lost");
    assert_eq!(page.digest().await?, native::fresh_digest());
    page.click_css("[data-testid=message] button[aria-label=Dismiss]").await?;
    page.wait("it is gone", "return document.querySelector('[data-testid=message]') === null")
        .await?;
    page.close().await
}

/// Without a mouse: keys of the page, of the terminal, and Tab.
async fn keyboard_only() -> Result<()> {
    let page = Page::open(DESKTOP).await?;
    page.keys("?").await?;
    page.find("help").await?;
    page.keys(&Key::Escape.to_string()).await?;
    page.keys("2").await?;
    let focused = "return document.activeElement.getAttribute('aria-label')";
    page.wait(
        "the input of node2 has the focus",
        &format!("{focused} === 'Command line of node2'"),
    )
    .await?;
    page.keys("hostname").await?;
    page.keys(&Key::Enter.to_string()).await?;
    page.wait(
        "node2 answers",
        "return document.querySelector('[data-testid=terminal-node2] .out')?.textContent === 'node2'",
    )
    .await?;
    page.keys(&Key::Escape.to_string()).await?;
    page.wait("Esc leaves the terminal", "return document.activeElement.id === 'tab-node2'")
        .await?;
    page.keys(&Key::Left.to_string()).await?;
    page.wait(
        "arrows change the terminal",
        "return document.querySelector('[data-testid=terminal-node1]') !== null",
    )
    .await?;
    // From the top of the page, Tab reaches the first command, and Enter runs it.
    page.script("document.activeElement.blur(); document.querySelector('.skip').focus()").await?;
    for _ in 0..60 {
        page.keys(&Key::Tab.to_string()).await?;
        let here = page
            .script("const e = document.activeElement; return e.dataset.testid === 'run' && e.closest('[data-testid=command-1]') !== null")
            .await?;
        if here == Value::Bool(true) {
            page.keys(&Key::Enter.to_string()).await?;
            page.wait_for_state("command-1", "data-state", &["holds"]).await?;
            return page.close().await;
        }
    }
    Err("Tab does not reach the first command".into())
}

/// Reading, clicking through, and nothing that does not fit.
async fn on_a_phone() -> Result<()> {
    let page = Page::open(PHONE).await?;
    page.picture("phone").await?;
    page.theme("dark").await?;
    page.picture("phone-dark").await?;
    page.theme("light").await?;
    page.click_css("[data-testid=command-1] [data-testid=run]").await?;
    page.wait_for_state("command-1", "data-state", &["holds"]).await?;
    page.click("pane-shell").await?;
    page.wait_until_shown("terminal-input").await?;
    page.enter("hostname").await?;
    page.wait("node1 answers", "return document.querySelector('[data-testid=terminal-node1]').innerText.includes('\\nnode1\\n')").await?;
    page.picture("phone-shell").await?;
    let input = page.find("terminal-input").await?.rectangle().await?;
    assert!(input.0 + input.2 <= f64::from(PHONE.width), "the input line fits: {input:?}");
    // One button goes round the speeds: 4, 20, max.
    for _ in 0..3 {
        page.click("speed-next").await?;
    }
    for step in 0..3 {
        page.click("next-step").await?;
        page.wait_for_step(step).await?;
    }
    page.click("pane-map").await?;
    page.wait_until_shown("map-node-node1").await?;
    page.picture("phone-map").await?;
    page.click("play-all").await?;
    page.wait_until_passed().await?;
    let wide = page.script("return document.documentElement.scrollWidth").await?;
    assert_eq!(wide.as_u64(), Some(u64::from(PHONE.width)), "nothing is wider than the screen");
    let small = page
        .script(
            "return [...document.querySelectorAll('button')].filter(e => { const r = e.getBoundingClientRect(); \
             return r.width > 0 && (r.height < 44 || r.width < 40); }).map(e => e.outerHTML.slice(0, 120))",
        )
        .await?;
    assert_eq!(small, serde_json::json!([]), "buttons are large enough for a finger");
    page.close().await
}
