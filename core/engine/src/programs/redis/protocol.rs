//! The redis protocol (RESP): a request is an array of strings, a reply is one of five kinds.

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// `+OK`
    Status(&'static str),
    /// `-ERR …`
    Error(String),
    /// `:1`
    Integer(i64),
    /// A string, or none.
    Bulk(Option<Vec<u8>>),
    /// Several.
    Array(Vec<Self>),
}

pub(super) fn write_request(words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        write_bulk(word, &mut bytes);
    }
    bytes
}

fn write_bulk(word: &[u8], bytes: &mut Vec<u8>) {
    bytes.extend(format!("${}\r\n", word.len()).bytes());
    bytes.extend(word);
    bytes.extend(b"\r\n");
}

/// Cuts a line off.
fn line<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let line = std::str::from_utf8(&bytes[..end]).ok()?;
    *bytes = &bytes[end + 2..];
    Some(line)
}

fn bulk(bytes: &mut &[u8], size: usize) -> Option<Vec<u8>> {
    let word = bytes.get(..size)?.to_vec();
    *bytes = bytes.get(size + 2..)?;
    Some(word)
}

/// Reads one request; nothing if it is not one.
pub(super) fn read_request(bytes: &mut &[u8]) -> Option<Vec<Vec<u8>>> {
    let count: usize = line(bytes)?.strip_prefix('*')?.parse().ok()?;
    let mut words = Vec::new();
    for _ in 0..count {
        let size = line(bytes)?.strip_prefix('$')?.parse().ok()?;
        words.push(bulk(bytes, size)?);
    }
    Some(words)
}

/// Reads one request of a program or, as words on a line, of a person with `telnet` or `nc`.
pub(super) fn read_typed(bytes: &mut &[u8]) -> Option<Vec<Vec<u8>>> {
    if bytes.first().is_none_or(|byte| *byte == b'*') {
        return read_request(bytes);
    }
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (line, rest) = bytes.split_at(end);
    *bytes = rest.get(1..).unwrap_or_default();
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    Some(words.map(<[u8]>::to_vec).collect())
}

impl Reply {
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Status(text) => bytes.extend(format!("+{text}\r\n").bytes()),
            Self::Error(text) => bytes.extend(format!("-{text}\r\n").bytes()),
            Self::Integer(number) => bytes.extend(format!(":{number}\r\n").bytes()),
            Self::Bulk(None) => bytes.extend(b"$-1\r\n"),
            Self::Bulk(Some(word)) => write_bulk(word, bytes),
            Self::Array(replies) => {
                bytes.extend(format!("*{}\r\n", replies.len()).bytes());
                replies.iter().for_each(|reply| reply.write(bytes));
            }
        }
    }

    /// Reads one reply; nothing if it is not one.
    pub(super) fn read(bytes: &mut &[u8]) -> Option<Self> {
        let head = line(bytes)?;
        let (kind, rest) = head.split_at_checked(1)?;
        Some(match kind {
            "+" => Self::Status(match rest {
                "OK" => "OK",
                "PONG" => "PONG",
                _ => "Background saving started",
            }),
            "-" => Self::Error(rest.to_owned()),
            ":" => Self::Integer(rest.parse().ok()?),
            "$" if rest == "-1" => Self::Bulk(None),
            "$" => Self::Bulk(Some(bulk(bytes, rest.parse().ok()?)?)),
            "*" => {
                let count: usize = rest.parse().ok()?;
                let replies = (0..count).map(|_| Self::read(bytes)).collect::<Option<_>>()?;
                Self::Array(replies)
            }
            _ => return None,
        })
    }

    /// As redis-cli shows it on a terminal; without one, bare.
    pub(super) fn show(&self, is_terminal: bool) -> String {
        match self {
            Self::Status(text) => (*text).to_owned(),
            Self::Error(text) if is_terminal => format!("(error) {text}"),
            Self::Error(text) => text.clone(),
            Self::Integer(number) if is_terminal => format!("(integer) {number}"),
            Self::Integer(number) => number.to_string(),
            Self::Bulk(None) => if is_terminal { "(nil)" } else { "" }.to_owned(),
            Self::Bulk(Some(word)) if is_terminal => quote(word),
            Self::Bulk(Some(word)) => String::from_utf8_lossy(word).into_owned(),
            Self::Array(replies) if replies.is_empty() && is_terminal => "(empty array)".to_owned(),
            Self::Array(replies) => {
                let shown = replies.iter().enumerate().map(|(index, reply)| {
                    let text = reply.show(is_terminal);
                    if is_terminal { format!("{}) {text}", index + 1) } else { text }
                });
                shown.collect::<Vec<_>>().join("\n")
            }
        }
    }
}

fn quote(word: &[u8]) -> String {
    let mut text = String::from("\"");
    for &byte in word {
        match byte {
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            0x20..0x7f => text.push(char::from(byte)),
            other => text.push_str(&format!("\\x{other:02x}")),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let words = vec![b"SET".to_vec(), b"a\r\nb".to_vec(), Vec::new()];
        let bytes = write_request(&words);
        assert_eq!(read_request(&mut bytes.as_slice()), Some(words));
        let reply = Reply::Array(vec![
            Reply::Integer(-2),
            Reply::Bulk(None),
            Reply::Bulk(Some(b"x\"\n".to_vec())),
            Reply::Error("ERR no".into()),
        ]);
        let mut bytes = Vec::new();
        reply.write(&mut bytes);
        assert_eq!(Reply::read(&mut bytes.as_slice()), Some(reply.clone()));
        let shown = "1) (integer) -2\n2) (nil)\n3) \"x\\\"\\n\"\n4) (error) ERR no";
        assert_eq!(reply.show(true), shown);
        for broken in ["", "*1\r\n", "*1\r\n$9\r\nx\r\n", "$5\r\nab"] {
            assert_eq!(read_request(&mut broken.as_bytes()), None);
            assert_eq!(Reply::read(&mut broken.as_bytes()), None);
        }
    }
}
