//! The page as a reader of screens, a keyboard and tired eyes meet it.

use glasshive_browser::{DESKTOP, PHONE, Page, Result, Screen};

/// Nothing that a known rule of accessibility forbids, in each pane, light and dark, on a desk and on a phone.
pub(crate) async fn barriers() -> Result<()> {
    let mut found = Vec::new();
    for (screen, theme) in [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light")] {
        let page = Page::open_at(screen, "#/").await?;
        look(&page, screen, theme, "labs", &mut found).await?;
        page.go("#/lab/secrets").await?;
        page.speed("max").await?;
        page.click("next-step").await?;
        page.wait_for_step(0).await?;
        look(&page, screen, theme, "lab", &mut found).await?;
        page.close().await?;
    }
    if found.is_empty() {
        return Ok(());
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
