//! The list of labs, addresses, clusters of one's own.

use fantoccini::key::Key;
use glasshive_browser::{DESKTOP, PHONE, Page, Result};
use serde_json::Value;

/// From the list to a lab, a part of it done, and back: the list shows how far it came.
pub(crate) async fn catalogue() -> Result<()> {
    let page = Page::open_at(DESKTOP, "#/").await?;
    page.theme("light").await?;
    page.picture("labs").await?;
    page.click_css("[data-testid=lab-secrets] a").await?;
    page.wait(
        "the lab is there",
        "return document.querySelector('[data-testid=lab-status]') !== null",
    )
    .await?;
    page.click_css("[data-testid=command-1] [data-testid=run]").await?;
    page.wait_for_state("command-1", "data-state", &["holds"]).await?;
    // The digest would not do here: the cluster goes on while it is looked at.
    let shown = page.text("terminal-node1").await?;
    page.click("home").await?;
    let progress = "return /^\\d+ of \\d+$/.test(document.querySelector('[data-testid=lab-secrets] [data-testid=progress]')?.textContent ?? '')";
    page.wait("the list shows the progress", progress).await?;
    page.back().await?;
    page.wait_for_state("command-1", "data-state", &["holds"]).await?;
    let again = page.text("terminal-node1").await?;
    assert_eq!(again, shown, "the session is the one that was left");
    // A link to a step opens the lab there.
    page.go("#/").await?;
    page.go("#/lab/secrets/create").await?;
    let top = "const r = document.getElementById('step-create')?.getBoundingClientRect(); return r !== undefined && r.top >= 0 && r.top < 300";
    page.wait("the step is in view", top).await?;
    // Another lab has a session of its own.
    page.go("#/").await?;
    let labs = page
        .script("return [...document.querySelectorAll('.card a')].map(e => e.getAttribute('href'))")
        .await?;
    let other = labs.as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(other) = other.into_iter().find(|lab| *lab != "#/lab/secrets") {
        page.go(other).await?;
        assert_eq!(page.text("lab-status").await?, "ready");
    }
    page.go("#/lab/nothing").await?;
    page.wait(
        "an unknown lab is told",
        "return document.querySelector('#app').innerText.includes('There is no lab')",
    )
    .await?;
    page.close().await
}

/// A cluster of one's own, with as many hosts as the map has colours, and more.
pub(crate) async fn free_play() -> Result<()> {
    let page = Page::open_at(DESKTOP, "#/").await?;
    page.choose("free-hosts", "7").await?;
    page.choose("free-managers", "3").await?;
    page.choose("free-docker", "20.10").await?;
    page.click("free-start").await?;
    page.wait(
        "seven hosts are on the map",
        "return document.querySelectorAll('[data-testid^=map-node-]').length === 7",
    )
    .await?;
    page.keys("7").await?;
    page.enter("hostname").await?;
    page.wait_for_output("node7", "node7").await?;
    page.show_terminal("node1").await?;
    page.enter("docker service create --detach --quiet --name web --replicas 7 nginx >/dev/null; docker node ls -q | wc -l").await?;
    page.wait_for_output("node1", "7").await?;
    page.wait(
        "the tasks run",
        "return document.querySelectorAll('.pill[data-state=running]').length === 7",
    )
    .await?;
    page.theme("light").await?;
    page.picture("desktop-free").await?;
    let digest = page.digest().await?;
    page.click("pause").await?;
    page.load().await?;
    page.find("map-node-node7").await?;
    assert!(!digest.is_empty());
    // Why does it run? The chain ends at what was typed.
    page.click_css(".pill .opener").await?;
    page.wait(
        "the chain of causes ends at the command",
        "return document.querySelector('[data-testid=why] li.outside')?.textContent.includes('docker service create') === true",
    )
    .await?;
    page.picture("desktop-why").await?;
    page.keys(&Key::Escape.to_string()).await?;
    page.wait("it is closed", "return document.querySelector('[data-testid=inspector]') === null")
        .await?;
    page.close().await
}

/// The list on a phone.
pub(crate) async fn catalogue_on_a_phone() -> Result<()> {
    let page = Page::open_at(PHONE, "#/").await?;
    page.picture("phone-labs").await?;
    let wide = page.script("return document.documentElement.scrollWidth").await?;
    assert_eq!(wide.as_u64(), Some(u64::from(PHONE.width)), "nothing is wider than the screen");
    page.close().await
}

/// A file in the editor: changed, left only after a question, saved.
pub(crate) async fn editor() -> Result<()> {
    let page = Page::open(DESKTOP).await?;
    page.enter("echo one > a.txt; vi a.txt").await?;
    let text = "return document.querySelector('[data-testid=editor-text]')?.value";
    page.wait("the file is open", &format!("{text} === 'one\\n'")).await?;
    page.type_into("editor-text", "zero\n").await?;
    page.wait("it is changed", &format!("{text} === 'zero\\none\\n'")).await?;
    page.picture("desktop-editor").await?;
    page.type_into("editor-text", &Key::Escape.to_string()).await?;
    page.find("editor-discard").await?;
    page.type_into("editor-text", &format!("{}s{}", Key::Control, Key::Null)).await?;
    page.wait("it is closed", "return document.querySelector('[data-testid=editor]') === null")
        .await?;
    page.enter("cat a.txt").await?;
    page.wait_for_output("node1", "zero\none").await?;
    page.load().await?;
    page.wait_for_output("node1", "zero\none").await?;
    page.close().await
}
