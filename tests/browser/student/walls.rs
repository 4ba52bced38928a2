//! The glass walls: the leak audit, why things are as they are.

use glasshive_browser::{DESKTOP, Page, Result};

/// A planted leak is found at once, with the command that planted it.
pub(crate) async fn audit() -> Result<()> {
    let page = Page::open(DESKTOP).await?;
    assert!(page.text("audit-badge").await?.contains("0 unexpected"), "nothing leaks yet");
    page.enter("printf 'hunter2-pass' | docker secret create pw -").await?;
    page.enter("docker service create --name web -e PASS=hunter2-pass nginx").await?;
    page.click("audit-badge").await?;
    let found = "return [...document.querySelectorAll('.finding.unexpected')].some(e => \
                 e.dataset.surface === 'metadata' && e.textContent.includes('env PASS') \
                 && e.textContent.includes('docker service create --name web'))";
    page.wait("the variable of the service is found, with its cause", found).await?;
    page.wait(
        "the host is marked",
        "return document.querySelector('[data-testid=map-node-node1] .leak') !== null",
    )
    .await?;
    page.theme("light").await?;
    page.picture("desktop-audit").await?;
    // A click on the host shows it.
    page.click_css(".finding.unexpected .opener").await?;
    page.find("inspector").await?;
    page.close().await
}
