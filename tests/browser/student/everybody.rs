//! The page as a reader of screens, a keyboard and tired eyes meet it.

use glasshive_browser::{DESKTOP, PHONE, Page, Result, Screen};

/// Nothing that a known rule of accessibility forbids, in each pane, light and dark, on a desk and on a phone.
pub(crate) async fn barriers() -> Result<()> {
    let mut found = Vec::new();
    for (screen, theme) in [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light")] {
        let page = Page::open_at(screen, "#/").await?;
        look(&page, screen, theme, "labs", &mut found).await?;
        page.go("#/lab/secrets").await?;
        look(&page, screen, theme, "lab", &mut found).await?;
        if !screen.is_phone {
            page.speed("max").await?;
            page.click("play-all").await?;
            page.wait_until_passed().await?;
            look(&page, screen, theme, "a lab that is done", &mut found).await?;
            page.click_css("[data-testid^=map-node-] .opener").await?;
            look(&page, screen, theme, "inside a node", &mut found).await?;
        }
        page.close().await?;
    }
    if found.is_empty() {
        return finds_what_is_there().await;
    }
    Err(found.join("\n").into())
}

async fn look(
    page: &Page,
    screen: Screen,
    theme: &str,
    place: &str,
    found: &mut Vec<String>,
) -> Result<()> {
    page.theme(theme).await?;
    let lines = page.barriers().await?;
    let width = screen.width;
    found.extend(lines.into_iter().map(|line| format!("{place}, {width} wide, {theme}: {line}")));
    Ok(())
}

/// The rules are looked at: a field without a name is told.
async fn finds_what_is_there() -> Result<()> {
    let page = Page::open_at(DESKTOP, "#/").await?;
    if std::env::var_os("GLASSHIVE_AXE").is_some() {
        page.script("document.querySelector('#app').append(document.createElement('input'))")
            .await?;
        let lines = page.barriers().await?;
        if !lines.iter().any(|line| line.starts_with("label: ")) {
            return Err("a field without a name is not found".into());
        }
    }
    page.close().await
}
