//! What lies outside of the page: the student's own files, and a network that is not always there.

use glasshive_browser::{DESKTOP, Page, Result, Way};
use serde_json::json;

/// A file of the student's goes to a host, and one of the host's comes back.
pub(crate) async fn files() -> Result<()> {
    let page = Page::open(DESKTOP).await?;
    let folder = std::env::temp_dir().join(format!("glasshive-upload-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("notes.txt");
    std::fs::write(&file, "brought along\n")?;
    page.click_css("[aria-label='Files of this host']").await?;
    page.type_into("upload", &file.to_string_lossy()).await?;
    page.wait(
        "it is told",
        "return document.querySelector('#app').innerText.includes('notes.txt')",
    )
    .await?;
    std::fs::remove_dir_all(&folder)?;
    page.enter("cat notes.txt").await?;
    page.wait_for_output("node1", "brought along").await?;
    // What the browser would write to the disk is caught on the way there.
    page.script(
        "window.saved = null; \
         const make = URL.createObjectURL; \
         URL.createObjectURL = (blob) => { blob.text().then(t => window.saved = t); return make.call(URL, blob); };",
    )
    .await?;
    page.type_into("download-path", "/etc/hostname\u{e007}").await?;
    page.wait("the file came", &format!("return window.saved === {}", json!("node1\n"))).await?;
    page.type_into("download-path", "/nowhere\u{e007}").await?;
    page.wait(
        "a file that is not there is told",
        "return document.querySelector('#app').innerText.includes('/nowhere')",
    )
    .await?;
    page.close().await
}

/// The server is gone: the page still opens, and a lab that was never opened before can be done.
pub(crate) async fn offline() -> Result<()> {
    let way = Way::open().await?;
    let page = Page::open_address(DESKTOP, &format!("{}#/lab/secrets", way.address())).await?;
    let kept = "return caches.open('glasshive').then(k => k.keys()).then(keys => { const names = keys.map(r => r.url); \
                return names.some(n => n.endsWith('.wasm')) && names.filter(n => n.includes('/labs/')).length > 5 })";
    page.wait("the page's files are kept", kept).await?;
    way.cut().await;
    page.load().await?;
    page.go("#/").await?;
    page.go("#/lab/commit").await?;
    page.speed("max").await?;
    page.click("play-all").await?;
    page.wait_until_passed().await?;
    page.close().await
}
