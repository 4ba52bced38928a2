//! What a redis server knows: keys, and the commands on them.

use sorted::{SortedMap, SortedSet};
use std::collections::VecDeque;

use super::protocol::{Reply, read_request, write_request};

type Word = Vec<u8>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(Word),
    List(VecDeque<Word>),
    Hash(SortedMap<Word, Word>),
    Set(SortedSet<Word>),
}

/// The keys of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Keyspace {
    keys: SortedMap<Word, Value>,
}

fn wrong_type() -> Reply {
    Reply::Error("WRONGTYPE Operation against a key holding the wrong kind of value".to_owned())
}

fn wrong_count(command: &str) -> Reply {
    let name = command.to_lowercase();
    Reply::Error(format!("ERR wrong number of arguments for '{name}' command"))
}

fn count(size: usize) -> Reply {
    Reply::Integer(i64::try_from(size).unwrap_or(i64::MAX))
}

impl Keyspace {
    /// Runs one command.
    pub(super) fn run(&mut self, words: &[Word]) -> Reply {
        let Some((command, rest)) = words.split_first() else {
            return Reply::Error("ERR empty command".to_owned());
        };
        let name = String::from_utf8_lossy(command).to_uppercase();
        match (name.as_str(), rest) {
            ("PING", []) => Reply::Status("PONG"),
            ("PING" | "ECHO", [text]) => Reply::Bulk(Some(text.clone())),
            ("DBSIZE", []) => count(self.keys.len()),
            ("FLUSHALL" | "FLUSHDB", _) => {
                self.keys.clear();
                Reply::Status("OK")
            }
            ("KEYS", [pattern]) => {
                let keys = self.keys.keys().filter(|key| matches(pattern, key));
                Reply::Array(keys.map(|key| Reply::Bulk(Some(key.clone()))).collect())
            }
            ("DEL", [_, ..]) => {
                count(rest.iter().filter(|key| self.keys.remove(*key).is_some()).count())
            }
            ("EXISTS", [_, ..]) => {
                count(rest.iter().filter(|key| self.keys.contains_key(*key)).count())
            }
            ("TYPE", [key]) => Reply::Bulk(Some(self.kind(key).into())),
            ("GET" | "SET" | "APPEND" | "STRLEN" | "INCR" | "DECR" | "INCRBY", [_, ..]) => {
                self.text(&name, rest)
            }
            ("LPUSH" | "RPUSH" | "LRANGE" | "LLEN" | "LPOP" | "RPOP", [key, rest @ ..]) => {
                self.list(&name, key, rest)
            }
            ("HSET" | "HGET" | "HGETALL" | "HLEN" | "HDEL", [key, rest @ ..]) => {
                self.hash(&name, key, rest)
            }
            ("SADD" | "SMEMBERS" | "SREM", [key, rest @ ..]) => self.set(&name, key, rest),
            (
                "PING" | "ECHO" | "DBSIZE" | "KEYS" | "DEL" | "EXISTS" | "TYPE" | "GET" | "SET"
                | "APPEND" | "STRLEN" | "INCR" | "DECR" | "INCRBY" | "LPUSH" | "RPUSH" | "LRANGE"
                | "LLEN" | "HSET" | "HGET" | "HGETALL" | "HLEN" | "SADD" | "SMEMBERS",
                _,
            ) => wrong_count(&name),
            _ => {
                let text = String::from_utf8_lossy(command);
                Reply::Error(format!(
                    "ERR unknown command '{text}' (not simulated, or not redis's)"
                ))
            }
        }
    }

    fn kind(&self, key: &Word) -> &'static str {
        match self.keys.get(key) {
            None => "none",
            Some(Value::Text(_)) => "string",
            Some(Value::List(_)) => "list",
            Some(Value::Hash(_)) => "hash",
            Some(Value::Set(_)) => "set",
        }
    }

    fn text(&mut self, name: &str, words: &[Word]) -> Reply {
        let old = match self.keys.get(&words[0]) {
            None => None,
            Some(Value::Text(text)) => Some(text.clone()),
            Some(_) if name == "SET" => None,
            Some(_) => return wrong_type(),
        };
        let key = words[0].clone();
        match (name, &words[1..]) {
            ("GET", []) => Reply::Bulk(old),
            ("STRLEN", []) => count(old.map_or(0, |text| text.len())),
            ("SET", [value]) => {
                self.keys.insert(key, Value::Text(value.clone()));
                Reply::Status("OK")
            }
            ("SET", [_, _, ..]) => Reply::Error("ERR not simulated: options of SET".to_owned()),
            ("APPEND", [more]) => {
                let mut text = old.unwrap_or_default();
                text.extend(more);
                let size = text.len();
                self.keys.insert(key, Value::Text(text));
                count(size)
            }
            ("INCR" | "DECR" | "INCRBY", rest) => {
                let number = |word: &[u8]| std::str::from_utf8(word).ok()?.parse::<i64>().ok();
                let step = match (name, rest) {
                    ("INCR", []) => Some(1),
                    ("DECR", []) => Some(-1),
                    ("INCRBY", [by]) => number(by),
                    _ => return wrong_count(name),
                };
                let sum = old.map_or(Some(0), |text| number(&text));
                match sum.zip(step).and_then(|(sum, step)| sum.checked_add(step)) {
                    None => Reply::Error("ERR value is not an integer or out of range".to_owned()),
                    Some(sum) => {
                        self.keys.insert(key, Value::Text(sum.to_string().into_bytes()));
                        Reply::Integer(sum)
                    }
                }
            }
            _ => wrong_count(name),
        }
    }

    fn list(&mut self, name: &str, key: &Word, rest: &[Word]) -> Reply {
        let value = self.keys.entry(key.clone()).or_insert_with(|| Value::List(VecDeque::new()));
        let Value::List(list) = value else { return wrong_type() };
        let reply = match (name, rest) {
            ("LPUSH", [_, ..]) => {
                rest.iter().for_each(|word| list.push_front(word.clone()));
                count(list.len())
            }
            ("RPUSH", [_, ..]) => {
                list.extend(rest.iter().cloned());
                count(list.len())
            }
            ("LLEN", []) => count(list.len()),
            ("LPOP", []) => Reply::Bulk(list.pop_front()),
            ("RPOP", []) => Reply::Bulk(list.pop_back()),
            ("LRANGE", [from, to]) => {
                let size = i64::try_from(list.len()).unwrap_or(i64::MAX);
                let index = |word: &[u8]| {
                    let number: i64 = std::str::from_utf8(word).ok()?.parse().ok()?;
                    Some(if number < 0 { (size + number).max(0) } else { number })
                };
                match index(from).zip(index(to)) {
                    Some((from, to)) => {
                        let in_range = (0_i64..).zip(list.iter());
                        let in_range = in_range.filter(|(at, _)| (from..=to).contains(at));
                        let found = in_range.map(|(_, word)| Reply::Bulk(Some(word.clone())));
                        Reply::Array(found.collect())
                    }
                    None => Reply::Error("ERR value is not an integer or out of range".to_owned()),
                }
            }
            _ => wrong_count(name),
        };
        if list.is_empty() {
            self.keys.remove(key);
        }
        reply
    }

    fn hash(&mut self, name: &str, key: &Word, rest: &[Word]) -> Reply {
        let value = self.keys.entry(key.clone()).or_insert_with(|| Value::Hash(SortedMap::new()));
        let Value::Hash(hash) = value else { return wrong_type() };
        let reply = match (name, rest) {
            ("HSET", [_, _, ..]) if rest.len().is_multiple_of(2) => {
                let pairs = rest.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone()));
                count(pairs.filter(|(k, v)| hash.insert(k.clone(), v.clone()).is_none()).count())
            }
            ("HGET", [field]) => Reply::Bulk(hash.get(field).cloned()),
            ("HGETALL", []) => Reply::Array(
                hash.iter()
                    .flat_map(|(k, v)| [k, v])
                    .map(|word| Reply::Bulk(Some(word.clone())))
                    .collect(),
            ),
            ("HLEN", []) => count(hash.len()),
            ("HDEL", [_, ..]) => {
                count(rest.iter().filter(|field| hash.remove(*field).is_some()).count())
            }
            _ => wrong_count(name),
        };
        if hash.is_empty() {
            self.keys.remove(key);
        }
        reply
    }

    fn set(&mut self, name: &str, key: &Word, rest: &[Word]) -> Reply {
        let value = self.keys.entry(key.clone()).or_insert_with(|| Value::Set(SortedSet::new()));
        let Value::Set(set) = value else { return wrong_type() };
        let reply = match (name, rest) {
            ("SADD", [_, ..]) => {
                count(rest.iter().filter(|word| set.insert((*word).clone())).count())
            }
            ("SREM", [_, ..]) => count(rest.iter().filter(|word| set.remove(*word)).count()),
            ("SMEMBERS", []) => {
                Reply::Array(set.iter().map(|word| Reply::Bulk(Some(word.clone()))).collect())
            }
            _ => wrong_count(name),
        };
        if set.is_empty() {
            self.keys.remove(key);
        }
        reply
    }

    /// The commands that make this keyspace out of nothing, as an append-only file holds them: what
    /// is stored lies readable on the disk.
    pub(super) fn save(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (key, value) in &self.keys {
            let mut words = vec![key.clone()];
            let command: &[u8] = match value {
                Value::Text(text) => {
                    words.push(text.clone());
                    b"SET"
                }
                Value::List(list) => {
                    words.extend(list.iter().cloned());
                    b"RPUSH"
                }
                Value::Hash(hash) => {
                    words.extend(hash.iter().flat_map(|(k, v)| [k.clone(), v.clone()]));
                    b"HSET"
                }
                Value::Set(set) => {
                    words.extend(set.iter().cloned());
                    b"SADD"
                }
            };
            words.insert(0, command.to_vec());
            bytes.extend(write_request(&words));
        }
        bytes
    }

    /// Runs what [`Keyspace::save`] wrote; what cannot be read is left out.
    pub(super) fn load(mut bytes: &[u8]) -> Self {
        let mut keyspace = Self::default();
        while let Some(words) = read_request(&mut bytes) {
            keyspace.run(&words);
        }
        keyspace
    }
}

/// `*` and `?` in a pattern.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            matches(rest, text) || !text.is_empty() && matches(pattern, &text[1..])
        }
        (Some((b'?', rest)), Some((_, left))) => matches(rest, left),
        (Some((a, rest)), Some((b, left))) => a == b && matches(rest, left),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(keyspace: &mut Keyspace, line: &str) -> String {
        let words: Vec<Word> = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        keyspace.run(&words).show(true)
    }

    #[test]
    fn commands_do_what_redis_does() {
        let mut keyspace = Keyspace::default();
        for (line, expected) in [
            ("PING", "PONG"),
            ("get a", "(nil)"),
            ("SET a 1", "OK"),
            ("INCR a", "(integer) 2"),
            ("INCRBY a 40", "(integer) 42"),
            ("GET a", "\"42\""),
            ("APPEND a x", "(integer) 3"),
            ("INCR a", "(error) ERR value is not an integer or out of range"),
            ("RPUSH l one two three", "(integer) 3"),
            ("LRANGE l 0 -2", "1) \"one\"\n2) \"two\""),
            ("LPOP l", "\"one\""),
            ("HSET h f v", "(integer) 1"),
            ("HGETALL h", "1) \"f\"\n2) \"v\""),
            ("HLEN h", "(integer) 1"),
            ("SADD s b a b", "(integer) 2"),
            ("SMEMBERS s", "1) \"a\"\n2) \"b\""),
            ("GET l", "(error) WRONGTYPE Operation against a key holding the wrong kind of value"),
            ("KEYS ?", "1) \"a\"\n2) \"h\"\n3) \"l\"\n4) \"s\""),
            ("TYPE h", "\"hash\""),
            ("DEL a nothing", "(integer) 1"),
            ("GET", "(error) ERR wrong number of arguments for 'get' command"),
            ("DBSIZE", "(integer) 3"),
        ] {
            assert_eq!(run(&mut keyspace, line), expected, "{line}");
        }
        assert!(run(&mut keyspace, "NOPE").starts_with("(error) ERR unknown command 'NOPE'"));
        assert_eq!(Keyspace::load(&keyspace.save()), keyspace);
    }
}
