//! The glass walls: the leak audit, faults and what comes of them.

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

/// A manager without power and a cut link: foretold, shown, healed, and there again after a reload.
pub(crate) async fn faults() -> Result<()> {
    let page = Page::open_at(DESKTOP, "#/free/5/3/20.10/1").await?;
    page.speed("20").await?;
    page.click_css("[data-testid=map-node-node2] [data-testid=break]").await?;
    page.wait(
        "it is foretold what a crash does",
        "return document.querySelector('[data-testid=faults] [data-fault=\"crash node2\"] .forecast')?.textContent \
         === '2 of 3 managers left: quorum holds.'",
    )
    .await?;
    page.click_css("[data-testid=faults] [data-fault='crash node2']").await?;
    page.wait_for_state("map-node-node2", "data-state", &["powered off"]).await?;
    page.click_css("[data-testid=map-node-node2] [data-fault='restart node2']").await?;
    page.wait_for_state("map-node-node2", "data-state", &["ready"]).await?;
    page.click_css("[data-testid=map-node-node1] [data-testid=break]").await?;
    page.find("faults").await?;
    page.script(
        "document.querySelectorAll('[data-testid=faults] details').forEach(e => e.open = true)",
    )
    .await?;
    page.click_css("[data-testid=faults] [data-fault='cut node1 node3']").await?;
    let cut = "return document.querySelector('[data-wire=\"node1 and node3: cut\"]') !== null \
               && document.querySelector('.ring .cut') !== null";
    page.wait("the cut link is drawn", cut).await?;
    page.theme("light").await?;
    page.picture("desktop-faults").await?;
    page.click("pause").await?;
    page.load().await?;
    page.wait("the cut link is there again", cut).await?;
    page.click_css("[data-testid=wires] [data-fault='heal node1 node3']").await?;
    page.wait("it is whole", "return document.querySelector('[data-testid=wires]') === null")
        .await?;
    page.close().await
}

/// A Kubernetes in the page: the same history as natively, and the map says where its secret is in the clear.
pub(crate) async fn kubernetes() -> Result<()> {
    let page = Page::open_at(DESKTOP, "#/lab/kube-secrets").await?;
    page.speed("max").await?;
    page.click("play-all").await?;
    page.wait_until_passed().await?;
    assert_eq!(page.digest().await?, crate::native::digest("kube-secrets"));
    page.enter("kubectl create secret generic other --from-literal=key=value").await?;
    page.wait_for_output("master", "secret/other created").await?;
    page.wait(
        "the map says where it is",
        "return document.querySelector(\"[data-testid=map-node-master] [data-secret='default/other']\")\
         ?.textContent.includes('as base64') === true",
    )
    .await?;
    page.theme("light").await?;
    page.picture("desktop-kubernetes").await?;
    // One of one's own, without a lesson and without a swarm beside it.
    page.go("#/").await?;
    page.choose("free-kube", "3").await?;
    page.choose("free-hosts", "0").await?;
    page.choose("free-kubectl", "1.25").await?;
    page.click("free-start").await?;
    page.find("map-node-worker2").await?;
    page.enter("kubectl get nodes --no-headers | awk '{print $5}' | sort -u").await?;
    page.wait_for_output("master", "v1.25.4").await?;
    page.close().await
}
