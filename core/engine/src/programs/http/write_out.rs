//! What `curl --write-out` tells of a transfer, whether it came to anything or not.

use os::Proc;
use sim::Time;

use super::Answer;

/// A transfer, for its report.
pub(super) struct Told<'a> {
    url: &'a str,
    start: Time,
    pub(super) answer: Option<Answer>,
}

impl<'a> Told<'a> {
    pub(super) fn new(url: &'a str, start: Time) -> Self {
        Self { url, start, answer: None }
    }

    /// A variable's value; nothing for one that is not known.
    fn value(&self, name: &str, now: Time) -> Option<String> {
        let answer = self.answer.as_ref();
        let header = |name| answer.and_then(|it| it.header(name)).unwrap_or_default().to_owned();
        Some(match name {
            "http_code" | "response_code" => answer.map_or("000", Answer::code).to_owned(),
            "http_version" => if answer.is_some() { "1.1" } else { "0" }.to_owned(),
            "size_download" => answer.map_or(0, |it| it.body.len()).to_string(),
            "url_effective" => match self.url.contains("://") {
                true => self.url.to_owned(),
                false => format!("http://{}/", self.url.trim_end_matches('/')),
            },
            "content_type" => header("content-type"),
            "redirect_url" => header("location"),
            "time_total" => {
                let micros = now.since(self.start).as_nanos() / 1000;
                format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
            }
            _ => return None,
        })
    }
}

/// Prints `format` with its variables and escapes.
pub(super) async fn write_out(proc: &Proc, format: &str, told: &Told<'_>) {
    let format = format.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r");
    let (mut rest, mut shown) = (format.as_str(), String::new());
    while let Some((before, after)) = rest.split_once("%{") {
        shown += before;
        let Some((name, after)) = after.split_once('}') else {
            shown += "%{";
            rest = after;
            continue;
        };
        match told.value(name, proc.now()) {
            Some(value) => shown += &value,
            None => proc.eprint(format!("curl: unknown --write-out variable: '{name}'\n")).await,
        }
        rest = after;
    }
    proc.print(shown + rest).await;
}
