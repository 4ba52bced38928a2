//! A processor that is slower than this one: what is drawn late there must not be missed by a test.

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::json;
use url::{ParseError, Url};

/// Makes the page's processor slower by a factor (DevTools protocol, `Emulation.setCPUThrottlingRate`). The command is
/// ChromeDriver's own and not the standard's, which is why it is spelled out here.
#[derive(Debug)]
pub(crate) struct Slowdown {
    pub(crate) times: u32,
}

impl WebDriverCompatibleCommand for Slowdown {
    fn endpoint(&self, base_url: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = json!({
            "cmd": "Emulation.setCPUThrottlingRate",
            "params": { "rate": self.times },
        });
        (Method::POST, Some(body.to_string()))
    }
}
