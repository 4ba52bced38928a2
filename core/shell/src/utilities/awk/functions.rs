//! Functions of an `awk` program: its own ones, and those of the language.

use sorted::SortedMap;

use super::interpreter::{CALL_DEPTH_MAX, Flow, Got, Interpreter, error};
use super::syntax::{Expr, Place};
use super::value::{Value, format};
use json::Decimal;

impl Interpreter {
    pub(super) fn call(&mut self, name: &str, args: &[Expr]) -> Got {
        if let Some(function) = self.program.functions.get(name).cloned() {
            if self.frames.len() >= CALL_DEPTH_MAX {
                return error("not simulated: functions nested more than 40 deep");
            }
            let mut frame = SortedMap::new();
            for (index, parameter) in function.parameters.iter().enumerate() {
                let value = match args.get(index) {
                    Some(arg) => self.value(arg)?,
                    None => Value::None,
                };
                frame.insert(parameter.clone(), value);
            }
            self.frames.push(frame);
            let done = self.run_all(&function.body);
            self.frames.pop();
            return match done {
                Ok(()) => Ok(Value::None),
                Err(Flow::Return(value)) => Ok(value),
                Err(flow) => Err(flow),
            };
        }
        match (name, args) {
            ("split", [text, Expr::Place(Place::Variable(array)), rest @ ..]) => {
                let text = self.value(text)?.text();
                let separator = match rest.first() {
                    Some(separator) => self.pattern(separator)?,
                    None => self.text("FS"),
                };
                let parts = self.split(&text, &separator);
                let count = parts.len();
                let elements =
                    (1_usize..).zip(parts).map(|(at, part)| (at.to_string(), Value::Input(part)));
                self.arrays.insert(array.clone(), elements.collect());
                Ok(Value::Number(count.into()))
            }
            ("sub" | "gsub", [pattern, new, rest @ ..]) => {
                self.substitute(name == "gsub", pattern, new, rest.first())
            }
            ("match", [text, pattern]) => {
                let chars: Vec<char> = self.value(text)?.text().chars().collect();
                let pattern = self.pattern(pattern)?;
                let found = self.regex(&pattern)?.find(&chars, 0).and_then(|groups| groups[0]);
                let start = found.map_or(0, |(start, _)| start + 1);
                self.set("RSTART", Value::Number(start.into()));
                let length = found.map_or(Decimal::from(-1_i64), |(from, to)| (to - from).into());
                self.set("RLENGTH", Value::Number(length));
                Ok(Value::Number(start.into()))
            }
            ("length", [Expr::Place(Place::Variable(array))])
                if self.arrays.contains_key(array) =>
            {
                Ok(Value::Number(self.arrays[array].len().into()))
            }
            _ => {
                let mut values = Vec::new();
                for arg in args {
                    values.push(self.value(arg)?);
                }
                self.builtin(name, &values)
            }
        }
    }

    fn builtin(&mut self, name: &str, values: &[Value]) -> Got {
        let text = |index: usize| values.get(index).map(Value::text).unwrap_or_default();
        let number = |index: usize| values.get(index).map(Value::number).unwrap_or_default();
        Ok(match name {
            "length" if values.is_empty() => Value::Number(self.record.chars().count().into()),
            "length" => Value::Number(text(0).chars().count().into()),
            "substr" => {
                let chars: Vec<char> = text(0).chars().collect();
                let size = i64::try_from(chars.len()).unwrap_or(i64::MAX);
                let from = number(1).whole();
                let end = if values.len() > 2 {
                    from.saturating_add(number(2).whole())
                } else {
                    size + 1
                };
                let place = |at: i64| usize::try_from(at.clamp(1, size + 1) - 1).unwrap_or(0);
                let (from, end) = (place(from), place(end));
                Value::Text(chars.get(from..end.max(from)).unwrap_or_default().iter().collect())
            }
            "index" => {
                let (whole, part) = (text(0), text(1));
                let at = whole.find(&part).map_or(0, |at| whole[..at].chars().count() + 1);
                Value::Number(at.into())
            }
            "toupper" => Value::Text(text(0).to_uppercase()),
            "tolower" => Value::Text(text(0).to_lowercase()),
            "sprintf" => Value::Text(format(&text(0), values.get(1..).unwrap_or_default())),
            "int" => Value::Number(number(0).whole().into()),
            "rand" => {
                self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let millionths = i64::try_from((self.random >> 33) % 1_000_000).unwrap_or(0);
                Value::Number(
                    Decimal::from(millionths).div(1_000_000_i64.into()).unwrap_or_default(),
                )
            }
            "srand" => {
                self.random = number(0).whole().unsigned_abs();
                Value::Number(Decimal::ZERO)
            }
            "close" | "fflush" => {
                self.close(&text(0));
                Value::Number(Decimal::ZERO)
            }
            "system" => Value::Number(i64::from(self.ask(&text(0), false)?.1).into()),
            "sqrt" | "exp" | "log" | "sin" | "cos" | "atan2" | "gensub" | "strftime"
            | "systime" | "asort" => return error(format!("not simulated: {name}")),
            _ => return error(format!("function {name} never defined")),
        })
    }

    fn substitute(&mut self, all: bool, pattern: &Expr, new: &Expr, target: Option<&Expr>) -> Got {
        let pattern = self.pattern(pattern)?;
        let new: Vec<char> = self.value(new)?.text().chars().collect();
        let whole = Place::Field(Box::new(Expr::Number("0".to_owned())));
        let place = match target {
            Some(Expr::Place(place)) => place.clone(),
            Some(_) => return error("sub: the third argument cannot be changed"),
            None => whole,
        };
        let chars: Vec<char> = self.read(&place)?.text().chars().collect();
        let regex = self.regex(&pattern)?;
        let (mut text, mut from, mut count) = (String::new(), 0, 0_i64);
        while let Some((start, end)) = regex.find(&chars, from).and_then(|groups| groups[0]) {
            text.extend(&chars[from..start]);
            let mut rest = new.iter().copied().peekable();
            while let Some(char) = rest.next() {
                match char {
                    '&' => text.extend(&chars[start..end]),
                    '\\' if rest.peek() == Some(&'&') => text.extend(rest.next()),
                    char => text.push(char),
                }
            }
            count += 1;
            from = end;
            if end == start {
                text.extend(chars.get(end));
                from = end + 1;
            }
            if !all || from > chars.len() {
                break;
            }
        }
        text.extend(chars.get(from..).unwrap_or_default());
        if count > 0 {
            self.assign(&place, Value::Text(text))?;
        }
        Ok(Value::Number(count.into()))
    }
}
