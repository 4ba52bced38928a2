//! redis: the server, its commands, its protocol, and the client.

mod cli;
mod keyspace;
mod protocol;
mod server;

pub(super) use cli::cli;
pub(super) use server::server;

use os::Proc;

use protocol::{Reply, write_request};

/// What a server answers a program of another kind.
pub(super) enum Answer {
    /// `OK` and the like.
    Status(&'static str),
    Number(i64),
    Text(Option<String>),
    List(Vec<String>),
}

/// One command of another program; `None` without a server.
pub(super) async fn ask(
    proc: &Proc,
    (host, port): (&str, u16),
    words: &[&str],
) -> Option<Result<Answer, String>> {
    let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    let answer = proc.call(host, port, &write_request(&words)).await.ok()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Some(match Reply::read(&mut answer.as_slice())? {
        Reply::Error(text) => Err(text),
        Reply::Integer(number) => Ok(Answer::Number(number)),
        Reply::Status(text) => Ok(Answer::Status(text)),
        Reply::Bulk(bytes) => Ok(Answer::Text(bytes.map(text))),
        Reply::Array(replies) => {
            let texts = replies.into_iter().map(|reply| match reply {
                Reply::Bulk(bytes) => text(bytes.unwrap_or_default()),
                other => other.show(false),
            });
            Ok(Answer::List(texts.collect()))
        }
    })
}

/// One command of another program: the reply as text, nothing for none; `None` without a server, or if it
/// refuses.
pub(super) async fn query(
    proc: &Proc,
    (host, port): (&str, u16),
    words: &[&str],
) -> Option<Result<String, String>> {
    Some(ask(proc, (host, port), words).await?.map(|answer| match answer {
        Answer::Number(number) => number.to_string(),
        Answer::Status(text) => text.to_owned(),
        Answer::Text(text) => text.unwrap_or_default(),
        Answer::List(texts) => texts.join("\n"),
    }))
}
