//! Records: of the input as it comes, and of the files and commands that `getline` reads.

use super::interpreter::{Got, Interpreter};
use super::syntax::{Expr, Place};
use super::value::Value;
use json::Decimal;

impl Interpreter {
    /// Takes the next record of the input, if a whole one is there.
    pub(super) fn next_record(&mut self) -> Option<String> {
        let separator = self.text("RS");
        next_record(&mut self.pending, &separator, self.has_ended)
    }

    /// 1 with a line, 0 at the end, -1 without such a file.
    pub(super) fn get_line(
        &mut self,
        place: Option<&Place>,
        from: Option<&(bool, Box<Expr>)>,
    ) -> Got {
        let line = if let Some((is_command, from)) = from {
            let path = self.value(from)?.text();
            if !self.opened.contains_key(&path) {
                let bytes = match is_command {
                    true => Some(self.ask(&path, true)?.0),
                    false => (self.reader)(&path),
                };
                let Some(bytes) = bytes else {
                    return Ok(Value::Number(Decimal::from(-1_i64)));
                };
                self.opened.insert(path.clone(), bytes);
            }
            let separator = self.text("RS");
            let left = self.opened.get_mut(&path);
            left.and_then(|left| next_record(left, &separator, true))
        } else {
            self.next_record()
        };
        if line.is_some() && from.is_none_or(|(is_command, _)| *is_command) {
            self.count(if from.is_some() { &["NR"] } else { &["NR", "FNR"] });
        }
        let Some(line) = line else { return Ok(Value::Number(Decimal::ZERO)) };
        match place {
            Some(place) => self.assign(place, Value::Input(line))?,
            None => self.set_record(&line),
        }
        Ok(Value::Number(Decimal::ONE))
    }

    pub(super) fn count(&mut self, names: &[&str]) {
        for name in names {
            let old = self.variables.get(*name).map(Value::number).unwrap_or_default();
            self.set(name, Value::Number(old.add(Decimal::ONE)));
        }
    }

    /// A file that is read again is read from its beginning.
    pub(super) fn close(&mut self, name: &str) {
        self.opened.remove(name);
    }
}

/// Takes the next whole record off; at the end of the input also one without its separator.
fn next_record(pending: &mut Vec<u8>, separator: &str, ended: bool) -> Option<String> {
    let mark =
        if separator.is_empty() { b"\n\n".to_vec() } else { separator.as_bytes()[..1].to_vec() };
    if separator.is_empty() {
        let blank = pending.iter().take_while(|byte| **byte == b'\n').count();
        pending.drain(..blank);
    }
    let found = pending.windows(mark.len()).position(|window| window == mark);
    let (end, used) = match found {
        Some(at) => (at, at + mark.len()),
        None if ended && !pending.is_empty() => (pending.len(), pending.len()),
        None => return None,
    };
    let mut record = String::from_utf8_lossy(&pending[..end]).into_owned();
    pending.drain(..used);
    if ended && separator.is_empty() {
        record.truncate(record.trim_end_matches('\n').len());
    }
    Some(record)
}
