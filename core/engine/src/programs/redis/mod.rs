//! redis: the server, its commands, its protocol, and the client.

mod cli;
mod keyspace;
mod protocol;
mod server;

pub(super) use cli::cli;
pub(super) use server::server;

use os::Proc;

use protocol::{Reply, write_request};

/// One command of another program: the reply as text, nothing for none; `None` without a server, or if it
/// refuses.
pub(super) async fn query(
    proc: &Proc,
    (host, port): (&str, u16),
    words: &[&str],
) -> Option<Result<String, String>> {
    let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    let answer = proc.call(host, port, &write_request(&words)).await.ok()?;
    Some(match Reply::read(&mut answer.as_slice())? {
        Reply::Error(text) => Err(text),
        Reply::Integer(number) => Ok(number.to_string()),
        Reply::Status(text) => Ok(text.to_owned()),
        Reply::Bulk(bytes) => Ok(String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()),
        Reply::Array(_) => Err("not simulated: a list as a reply here".to_owned()),
    })
}
