//! Glasshive's page as a test sees it: what can be read from it and done with it.
//!
//! The page's contract with tests is its `data-testid`s, `data-state`s and `#app[data-ready]`;
//! nothing else is asked for, so that the looks can change freely.

mod slowdown;
mod way;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use slowdown::Slowdown;
pub use way::Way;

/// What went wrong, in a sentence.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// How long the page may take for anything, on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A size of the window.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// A phone: fingers, two device pixels a CSS pixel.
    pub is_phone: bool,
}

/// A desk.
pub const DESKTOP: Screen = Screen { width: 1440, height: 900, is_phone: false };
/// A phone held upright.
pub const PHONE: Screen = Screen { width: 390, height: 844, is_phone: true };

/// The page in a browser of its own, with empty storage.
#[derive(Debug)]
pub struct Page {
    client: Client,
}

fn setting(name: &str) -> Result<String> {
    std::env::var(name).map_err(|_| {
        format!(
            "{name} is not set: this test is run by `cargo xtask test` or `cargo xtask screenshots`"
        )
        .into()
    })
}

impl Page {
    /// Opens the Secrets lab in a new browser and waits until it can be used.
    ///
    /// # Errors
    /// If there is no browser or the page does not get ready.
    pub async fn open(screen: Screen) -> Result<Self> {
        Self::open_at(screen, "#/lab/secrets").await
    }

    /// Opens an address within the page in a new browser and waits until it can be used.
    ///
    /// # Errors
    /// If there is no browser or the page does not get ready.
    pub async fn open_at(screen: Screen, hash: &str) -> Result<Self> {
        Self::open_address(screen, &format!("{}{hash}", setting("GLASSHIVE_PAGE")?)).await
    }

    /// Opens the page at another server's address.
    ///
    /// # Errors
    /// If there is no browser or the page does not get ready.
    pub async fn open_address(screen: Screen, address: &str) -> Result<Self> {
        let metrics = json!({
            "width": screen.width,
            "height": screen.height,
            "pixelRatio": if screen.is_phone { 2.0 } else { 1.0 },
            "mobile": screen.is_phone,
            "touch": screen.is_phone,
        });
        let options = json!({
            "binary": setting("GLASSHIVE_CHROMIUM")?,
            // In a container there is neither a sandbox nor much shared memory.
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
            "mobileEmulation": { "deviceMetrics": metrics },
        });
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&setting("GLASSHIVE_WEBDRIVER")?)
            .await?;
        if let Ok(times) = setting("GLASSHIVE_SLOWDOWN") {
            client.issue_cmd(Slowdown { times: times.parse()? }).await?;
        }
        client.goto(address).await?;
        let page = Self { client };
        page.wait_until_ready().await?;
        Ok(page)
    }

    /// Loads the page again.
    ///
    /// # Errors
    /// If it does not get ready.
    pub async fn load(&self) -> Result<()> {
        self.client.refresh().await?;
        self.wait_until_ready().await
    }

    /// Goes to another address within the page, as a link there does.
    ///
    /// # Errors
    /// If it does not get ready.
    pub async fn go(&self, hash: &str) -> Result<()> {
        self.script(&format!("location.hash = {}", json!(hash))).await?;
        self.wait_until_ready().await
    }

    /// Goes back, as the browser's button does.
    ///
    /// # Errors
    /// If it does not get ready.
    pub async fn back(&self) -> Result<()> {
        self.client.back().await?;
        self.wait_until_ready().await
    }

    /// Waits until the page can be used.
    ///
    /// # Errors
    /// If it does not get ready.
    pub async fn wait_until_ready(&self) -> Result<()> {
        self.wait(
            "the page is ready",
            "const app = document.querySelector('#app[data-ready=true]'); \
             return app !== null && app.dataset.address === (location.hash || '#/')",
        )
        .await
    }

    /// Ends the browser; fails if the page has stopped with a mistake of its own.
    ///
    /// # Errors
    /// With the page's report.
    pub async fn close(self) -> Result<()> {
        let report = self
            .script(
                "const f = document.getElementById('fault'); return f.hidden ? '' : f.innerText;",
            )
            .await?;
        self.client.close().await?;
        match report.as_str() {
            Some("") => Ok(()),
            report => Err(format!("the page has stopped: {report:?}").into()),
        }
    }

    /// Runs a script in the page.
    ///
    /// # Errors
    /// If it throws.
    pub async fn script(&self, script: &str) -> Result<Value> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    /// Waits until a script returns true. One that throws meets a page that is not drawn yet, so that it is asked again.
    ///
    /// # Errors
    /// If it does not in time; with what was waited for, what was thrown last, and the page's state.
    pub async fn wait(&self, what: &str, script: &str) -> Result<()> {
        let start = Instant::now();
        let mut thrown = String::new();
        while start.elapsed() < PATIENCE {
            match self.script(script).await {
                Ok(Value::Bool(true)) => return Ok(()),
                Ok(_) => thrown.clear(),
                Err(error) => thrown = format!(" ({error})"),
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let shown =
            self.script("return document.querySelector('#app').innerText.slice(0, 3000)").await?;
        Err(format!(
            "waited in vain until {what}{thrown}; the page shows:\n{}",
            shown.as_str().unwrap_or("")
        )
        .into())
    }

    /// The element with a test id, as soon as it is there.
    ///
    /// # Errors
    /// If it does not come.
    pub async fn find(&self, testid: &str) -> Result<Element> {
        self.find_css(&format!("[data-testid='{testid}']")).await
    }

    /// The first element that a selector names, as soon as it is there: what a click changes is drawn when the click has
    /// long been answered.
    async fn find_css(&self, selector: &str) -> Result<Element> {
        let there = format!("return document.querySelector({}) !== null", json!(selector));
        self.wait(&format!("{selector} is there"), &there).await?;
        Ok(self.client.find(Locator::Css(selector)).await?)
    }

    /// Waits until the element with a test id can be seen: it is there, and nothing has folded it away.
    ///
    /// # Errors
    /// If it cannot in time.
    pub async fn wait_until_shown(&self, testid: &str) -> Result<()> {
        let shown = format!(
            "return document.querySelector(\"[data-testid='{testid}']\")?.checkVisibility() === true"
        );
        self.wait(&format!("{testid} is shown"), &shown).await
    }

    /// Clicks the element with a test id.
    ///
    /// # Errors
    /// If there is none or something covers it.
    pub async fn click(&self, testid: &str) -> Result<()> {
        let element = self.find(testid).await?;
        element.click().await.map_err(|error| format!("click on {testid}: {error}").into())
    }

    /// Clicks something else.
    ///
    /// # Errors
    /// If there is none or something covers it.
    pub async fn click_css(&self, selector: &str) -> Result<()> {
        let element = self.find_css(selector).await?;
        element.click().await.map_err(|error| format!("click on {selector}: {error}").into())
    }

    /// An attribute of the element with a test id.
    ///
    /// # Errors
    /// If there is no such element.
    pub async fn attribute(&self, testid: &str, name: &str) -> Result<String> {
        Ok(self.find(testid).await?.attr(name).await?.unwrap_or_default())
    }

    /// The text of the element with a test id, as it is in the page, visible or not.
    ///
    /// # Errors
    /// If there is none.
    pub async fn text(&self, testid: &str) -> Result<String> {
        Ok(self.find(testid).await?.prop("textContent").await?.unwrap_or_default())
    }

    /// Types into what has the focus.
    ///
    /// # Errors
    /// If nothing takes keys.
    pub async fn keys(&self, keys: &str) -> Result<()> {
        Ok(self.client.active_element().await?.send_keys(keys).await?)
    }

    /// Chooses an entry of a list.
    ///
    /// # Errors
    /// If there is no such list or entry.
    pub async fn choose(&self, testid: &str, value: &str) -> Result<()> {
        Ok(self.find(testid).await?.select_by_value(value).await?)
    }

    /// Types into the element with a test id.
    ///
    /// # Errors
    /// If there is none or it takes no keys.
    pub async fn type_into(&self, testid: &str, keys: &str) -> Result<()> {
        Ok(self.find(testid).await?.send_keys(keys).await?)
    }

    /// Waits until a command has printed this, as a whole, at the terminal of a node.
    ///
    /// # Errors
    /// If it does not in time.
    pub async fn wait_for_output(&self, node: &str, text: &str) -> Result<()> {
        let script = format!(
            "return [...document.querySelectorAll('[data-testid=terminal-{node}] .out')].some(e => e.textContent === {})",
            json!(text)
        );
        self.wait(&format!("{node} prints {text:?}"), &script).await
    }

    /// Types lines into the visible terminal and enters them.
    ///
    /// # Errors
    /// If there is no terminal.
    pub async fn enter(&self, text: &str) -> Result<()> {
        let input = self.find("terminal-input").await?;
        for line in text.lines() {
            input.send_keys(line).await?;
            input.send_keys(&Key::Enter.to_string()).await?;
        }
        Ok(())
    }

    /// Shows the terminal of a node.
    ///
    /// # Errors
    /// If it has none.
    pub async fn show_terminal(&self, node: &str) -> Result<()> {
        self.click_css(&format!("#tab-{node}")).await
    }

    /// Waits until an element's attribute is one of some values, and tells which.
    ///
    /// # Errors
    /// If it is none of them in time.
    pub async fn wait_for_state(
        &self,
        testid: &str,
        name: &str,
        values: &[&str],
    ) -> Result<String> {
        let script = format!(
            "const e = document.querySelector(\"[data-testid='{testid}']\"); \
             return e !== null && {}.includes(e.getAttribute('{name}'))",
            json!(values)
        );
        self.wait(&format!("{name} of {testid} is one of {values:?}"), &script).await?;
        self.attribute(testid, name).await
    }

    /// Waits until the lab has passed or failed; fails unless it has passed.
    ///
    /// # Errors
    /// With what did not hold.
    pub async fn wait_until_passed(&self) -> Result<()> {
        let over = "return ['passed', 'failed'].includes(document.querySelector('[data-testid=lab-status]').textContent)";
        self.wait("the lab is over", over).await?;
        if self.text("lab-status").await? == "passed" {
            return Ok(());
        }
        let broken = self
            .script("return [...document.querySelectorAll('[data-state=broken]')].map(e => e.innerText).join('\\n---\\n')")
            .await?;
        Err(format!("the lab has failed:\n{}", broken.as_str().unwrap_or("")).into())
    }

    /// Waits until a step, counted from 0, was played to its end and the page waits for the student.
    ///
    /// # Errors
    /// If it does not get there.
    pub async fn wait_for_step(&self, step: u64) -> Result<()> {
        let script = format!(
            "return document.querySelectorAll('section.step')[{step}].dataset.state === 'holds' \
             && (!document.querySelector('[data-testid=next-step]').disabled \
             || document.querySelector('[data-testid=lab-status]').textContent !== 'running')"
        );
        self.wait(&format!("step {} is done", step + 1), &script).await
    }

    /// The whole digest.
    ///
    /// # Errors
    /// If the page shows none.
    pub async fn digest(&self) -> Result<String> {
        self.attribute("digest", "data-digest").await
    }

    /// Chooses a speed: `1`, `4`, `20`, `max`.
    ///
    /// # Errors
    /// If there is no such speed.
    pub async fn speed(&self, speed: &str) -> Result<()> {
        self.click_css(&format!("[data-testid=speed] [data-value='{speed}']")).await
    }

    /// What axe finds wrong with the page as it is now, one line each: the rule, the element, what to do. Nothing is looked
    /// for where the checks were not given the tool (`GLASSHIVE_AXE`, the path of its script).
    ///
    /// # Errors
    /// If the tool cannot be read or does not run.
    pub async fn barriers(&self) -> Result<Vec<String>> {
        let Ok(path) = setting("GLASSHIVE_AXE") else { return Ok(Vec::new()) };
        self.script(&std::fs::read_to_string(path)?).await?;
        let found = self
            .client
            .execute_async(
                "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }).then(
                 r => done(r.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary}`))),
                 e => done([`axe: ${e}`]));",
                Vec::new(),
            )
            .await?;
        let lines = found.as_array().ok_or("axe answers with a list")?;
        Ok(lines.iter().filter_map(|line| line.as_str().map(str::to_owned)).collect())
    }

    /// Takes a picture, where pictures are wanted or into a temporary folder.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn picture(&self, name: &str) -> Result<()> {
        let folder = std::env::var_os("GLASSHIVE_SCREENSHOTS")
            .map_or_else(|| std::env::temp_dir().join("glasshive-screenshots"), PathBuf::from);
        // What is on its way is shown where it arrives; what goes on for ever has no end to go to.
        self.script("document.getAnimations().forEach(a => { try { a.finish() } catch {} })")
            .await?;
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(format!("{name}.png")), self.client.screenshot().await?)?;
        Ok(())
    }

    /// Changes between light and dark.
    ///
    /// # Errors
    /// If the page does not.
    pub async fn theme(&self, theme: &str) -> Result<()> {
        self.script(&format!("document.documentElement.dataset.theme = '{theme}'")).await.map(drop)
    }
}
