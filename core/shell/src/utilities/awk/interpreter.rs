//! Running an `awk` program, record by record.

use sorted::SortedMap;
use std::rc::Rc;

use super::syntax::{Expr, Place, Program, Statement, When};
use super::value::{Value, format};
use crate::utilities::regex::Regex;
use json::Decimal;

/// Statements and expressions that one run may take.
const STEP_COUNT_MAX: u64 = 500_000;
/// Fields and elements beyond this are refused.
const FIELD_COUNT_MAX: usize = 100_000;
/// What one step may ask: each answer means that it begins anew.
const ASK_COUNT_MAX: usize = 500;
/// Functions within functions: no deeper than this.
pub(super) const CALL_DEPTH_MAX: usize = 40;

/// Why statements stopped.
pub(super) enum Flow {
    Next,
    Exit,
    Break,
    Continue,
    Return(Value),
    /// A command's answer is wanted: its output (true), or its status alone.
    Ask(String, bool),
    /// The message.
    Error(String),
}

type Done = Result<(), Flow>;
pub(super) type Got = Result<Value, Flow>;
type Array = SortedMap<String, Value>;

/// A program while it runs. Output is kept for whoever drives it, and so is what it wants of commands: a step
/// that asks is given up, and taken again from its beginning when the answer is known.
#[derive(Clone)]
pub(super) struct Interpreter {
    pub(super) program: Rc<Program>,
    pub(super) variables: SortedMap<String, Value>,
    pub(super) arrays: SortedMap<String, Array>,
    /// Variables of the functions that are being called, innermost last.
    pub(super) frames: Vec<SortedMap<String, Value>>,
    pub(super) record: String,
    fields: Vec<Value>,
    open_ranges: Vec<bool>,
    regexes: SortedMap<String, Regex>,
    steps: u64,
    pub(super) random: u64,
    pub(super) status: i32,
    pub(super) output: String,
    /// What goes to files and commands: (path or command, `>`, `>>` or `|`, text).
    pub(super) files: Vec<(String, &'static str, String)>,
    /// Input that has come and is no record yet, and whether more will come.
    pub(super) pending: Vec<u8>,
    pub(super) has_ended: bool,
    /// Reads a whole file.
    pub(super) reader: Reader,
    /// What the commands of the present step have answered, and how many of them it has come to.
    pub(super) answers: Rc<[Answer]>,
    pub(super) asked: usize,
    /// What `getline` has not taken yet of the files it reads.
    pub(super) opened: SortedMap<String, Vec<u8>>,
}

/// Reads the file of a path; nothing if it cannot be read.
pub(super) type Reader = Rc<dyn Fn(&str) -> Option<Vec<u8>>>;

/// A command's output, and its exit code.
pub(super) type Answer = (Vec<u8>, i32);

pub(super) fn error<T>(message: impl Into<String>) -> Result<T, Flow> {
    Err(Flow::Error(message.into()))
}

impl Interpreter {
    pub(super) fn new(
        program: Program,
        environment: SortedMap<String, String>,
        seed: u64,
        reader: Reader,
    ) -> Self {
        let defaults = [("FS", " "), ("OFS", " "), ("RS", "\n"), ("ORS", "\n"), ("SUBSEP", "\x1c")];
        let variables =
            defaults.map(|(name, text)| (name.to_owned(), Value::Text(text.to_owned())));
        let environment =
            environment.into_iter().map(|(name, text)| (name, Value::Input(text))).collect();
        let count = program.rules.len();
        Self {
            program: Rc::new(program),
            variables: variables.into(),
            arrays: SortedMap::from([("ENVIRON".to_owned(), environment)]),
            frames: Vec::new(),
            record: String::new(),
            fields: Vec::new(),
            open_ranges: vec![false; count],
            regexes: SortedMap::new(),
            steps: 0,
            random: seed,
            status: 0,
            output: String::new(),
            files: Vec::new(),
            pending: Vec::new(),
            has_ended: false,
            reader,
            answers: Rc::default(),
            asked: 0,
            opened: SortedMap::new(),
        }
    }

    /// What a command answers.
    pub(super) fn ask(&mut self, command: &str, is_output: bool) -> Result<Answer, Flow> {
        if self.asked >= ASK_COUNT_MAX {
            return error(format!("not simulated: more than {ASK_COUNT_MAX} commands at one go"));
        }
        let answer = self.answers.get(self.asked).cloned();
        self.asked += 1;
        answer.ok_or_else(|| Flow::Ask(command.to_owned(), is_output))
    }

    /// `-v name=value`, or an operand of that form.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.variables.insert(name.to_owned(), value);
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.variables.get(name).map(Value::text).unwrap_or_default()
    }

    pub(super) fn has_main(&self) -> bool {
        self.program.rules.iter().any(|(when, _)| !matches!(when, When::Begin))
    }

    /// The rules of `BEGIN` or `END`.
    pub(super) fn special(&mut self, end: bool) -> Done {
        let program = self.program.clone();
        for (when, body) in &program.rules {
            let fits = if end { matches!(when, When::End) } else { matches!(when, When::Begin) };
            if let (true, Some(body)) = (fits, body) {
                self.run_all(body)?;
            }
        }
        Ok(())
    }

    /// The rules for one record.
    pub(super) fn take(&mut self, record: &str, first_of_file: bool) -> Done {
        self.set_record(record);
        if first_of_file {
            self.set("FNR", Value::None);
        }
        self.count(&["NR", "FNR"]);
        let program = self.program.clone();
        for (index, (when, body)) in program.rules.iter().enumerate() {
            let applies = match when {
                When::Begin | When::End => false,
                When::Always => true,
                When::Holds(condition) => self.truth(condition)?,
                When::Range(from, to) => {
                    let applies = self.open_ranges[index] || self.truth(from)?;
                    if applies {
                        self.open_ranges[index] = !self.truth(to)?;
                    }
                    applies
                }
            };
            if !applies {
                continue;
            }
            match body {
                None => {
                    let end = self.text("ORS");
                    self.output.push_str(&self.record);
                    self.output.push_str(&end);
                }
                Some(body) => match self.run_all(body) {
                    Err(Flow::Next) => return Ok(()),
                    done => done?,
                },
            }
        }
        Ok(())
    }

    pub(super) fn set_record(&mut self, record: &str) {
        record.clone_into(&mut self.record);
        let separator = self.text("FS");
        let parts = self.split(record, &separator);
        self.fields = parts.into_iter().map(Value::Input).collect();
        self.set("NF", Value::Number(self.fields.len().into()));
    }

    fn rebuild(&mut self) {
        let between = self.text("OFS");
        let texts: Vec<String> = self.fields.iter().map(Value::text).collect();
        self.record = texts.join(&between);
        self.set("NF", Value::Number(self.fields.len().into()));
    }

    pub(super) fn regex(&mut self, source: &str) -> Result<&Regex, Flow> {
        if !self.regexes.contains_key(source) {
            let regex = Regex::new(source, true, false).map_err(Flow::Error)?;
            self.regexes.insert(source.to_owned(), regex);
        }
        Ok(&self.regexes[source])
    }

    pub(super) fn split(&mut self, text: &str, separator: &str) -> Vec<String> {
        if text.is_empty() {
            return Vec::new();
        }
        if separator == " " {
            return text.split_whitespace().map(str::to_owned).collect();
        }
        if separator.is_empty() {
            return text.chars().map(String::from).collect();
        }
        if separator.chars().count() == 1 && separator != "\\" {
            return text.split(separator).map(str::to_owned).collect();
        }
        let chars: Vec<char> = text.chars().collect();
        let Ok(regex) = self.regex(separator) else { return vec![text.to_owned()] };
        let (mut parts, mut from) = (Vec::new(), 0);
        while let Some((start, end)) = regex.find(&chars, from).and_then(|groups| groups[0]) {
            if end == start {
                break;
            }
            parts.push(chars[from..start].iter().collect());
            from = end;
        }
        parts.push(chars[from..].iter().collect());
        parts
    }

    fn tick(&mut self) -> Done {
        self.steps += 1;
        if self.steps > STEP_COUNT_MAX {
            return error(format!("not simulated: more than {STEP_COUNT_MAX} steps"));
        }
        Ok(())
    }

    pub(super) fn run_all(&mut self, statements: &[Statement]) -> Done {
        statements.iter().try_for_each(|statement| self.run(statement))
    }

    /// Runs a loop's body; false when the loop is over.
    fn turn(&mut self, body: &Statement) -> Result<bool, Flow> {
        match self.run(body) {
            Ok(()) | Err(Flow::Continue) => Ok(true),
            Err(Flow::Break) => Ok(false),
            Err(flow) => Err(flow),
        }
    }

    fn run(&mut self, statement: &Statement) -> Done {
        self.tick()?;
        match statement {
            Statement::Expr(expr) => self.value(expr).map(drop),
            Statement::Print(formatted, args, target) => {
                self.print(*formatted, args, target.as_ref())
            }
            Statement::If(condition, yes, no) => {
                if self.truth(condition)? {
                    self.run(yes)
                } else {
                    no.as_ref().map_or(Ok(()), |no| self.run(no))
                }
            }
            Statement::While(condition, body) => {
                while self.truth(condition)? && self.turn(body)? {}
                Ok(())
            }
            Statement::Do(body, condition) => {
                while self.turn(body)? && self.truth(condition)? {}
                Ok(())
            }
            Statement::For(first, condition, step, body) => {
                if let Some(first) = first {
                    self.run(first)?;
                }
                loop {
                    let holds = match condition {
                        Some(condition) => self.truth(condition)?,
                        None => true,
                    };
                    if !holds || !self.turn(body)? {
                        return Ok(());
                    }
                    if let Some(step) = step {
                        self.run(step)?;
                    }
                }
            }
            Statement::ForIn(name, array, body) => {
                let keys: Vec<String> = self
                    .arrays
                    .get(array)
                    .map(|array| array.keys().cloned().collect())
                    .unwrap_or_default();
                // The real ones have no order to rely on; whole numbers in theirs is what people expect.
                let mut keys: Vec<(Option<i64>, String)> =
                    keys.into_iter().map(|key| (key.parse().ok(), key)).collect();
                keys.sort();
                for (_, key) in keys {
                    self.assign(&Place::Variable(name.clone()), Value::Input(key))?;
                    if !self.turn(body)? {
                        break;
                    }
                }
                Ok(())
            }
            Statement::Block(statements) => self.run_all(statements),
            Statement::Delete(name, index) if index.is_empty() => {
                self.arrays.remove(name);
                Ok(())
            }
            Statement::Delete(name, index) => {
                let key = self.key(index)?;
                if let Some(array) = self.arrays.get_mut(name) {
                    array.remove(&key);
                }
                Ok(())
            }
            Statement::Next => Err(Flow::Next),
            Statement::Break => Err(Flow::Break),
            Statement::Continue => Err(Flow::Continue),
            Statement::Exit(status) => {
                if let Some(status) = status {
                    self.status =
                        i32::try_from(self.value(status)?.number().whole() & 0xff).unwrap_or(0);
                }
                Err(Flow::Exit)
            }
            Statement::Return(value) => {
                let value = match value {
                    Some(value) => self.value(value)?,
                    None => Value::None,
                };
                Err(Flow::Return(value))
            }
        }
    }

    fn print(
        &mut self,
        formatted: bool,
        args: &[Expr],
        target: Option<&(&'static str, Expr)>,
    ) -> Done {
        let mut values = Vec::new();
        for arg in args {
            values.push(self.value(arg)?);
        }
        let text = if formatted {
            format(&values[0].text(), &values[1..])
        } else {
            let texts: Vec<String> = values.iter().map(Value::text).collect();
            let line =
                if args.is_empty() { self.record.clone() } else { texts.join(&self.text("OFS")) };
            line + &self.text("ORS")
        };
        match target {
            None => self.output.push_str(&text),
            Some((sign, path)) => {
                let path = self.value(path)?.text();
                // A file is emptied when it is opened, then written on.
                match self.files.iter_mut().find(|(own, ..)| *own == path) {
                    Some((_, _, content)) => content.push_str(&text),
                    None => self.files.push((path, *sign, text)),
                }
            }
        }
        Ok(())
    }

    fn truth(&mut self, expr: &Expr) -> Result<bool, Flow> {
        self.value(expr).map(|value| value.truth())
    }

    fn key(&mut self, index: &[Expr]) -> Result<String, Flow> {
        let mut parts = Vec::new();
        for expr in index {
            parts.push(self.value(expr)?.text());
        }
        Ok(parts.join(&self.text("SUBSEP")))
    }

    fn variable(&mut self, name: &str) -> Value {
        let local = self.frames.last().and_then(|frame| frame.get(name));
        local.or_else(|| self.variables.get(name)).cloned().unwrap_or_default()
    }

    pub(super) fn read(&mut self, place: &Place) -> Got {
        Ok(match place {
            Place::Variable(name) => self.variable(name),
            Place::Element(name, index) => {
                let key = self.key(index)?;
                let array = self.arrays.entry(name.clone()).or_default();
                array.entry(key).or_default().clone()
            }
            Place::Field(index) => {
                let index = self.value(index)?.number().whole();
                match usize::try_from(index) {
                    Ok(0) => Value::Input(self.record.clone()),
                    Ok(index) => self.fields.get(index - 1).cloned().unwrap_or_default(),
                    Err(_) => return error(format!("trying to access out of range field {index}")),
                }
            }
        })
    }

    pub(super) fn assign(&mut self, place: &Place, value: Value) -> Done {
        match place {
            Place::Variable(name) => {
                if let Some(own) = self.frames.last_mut().and_then(|frame| frame.get_mut(name)) {
                    *own = value;
                    return Ok(());
                }
                let count = (name == "NF").then(|| value.number().whole());
                self.set(name, value);
                if let Some(count) = count {
                    let count = usize::try_from(count).unwrap_or(0).min(FIELD_COUNT_MAX);
                    self.fields.resize(count, Value::None);
                    self.rebuild();
                }
            }
            Place::Element(name, index) => {
                let key = self.key(index)?;
                self.arrays.entry(name.clone()).or_default().insert(key, value);
            }
            Place::Field(index) => {
                let index = self.value(index)?.number().whole();
                match usize::try_from(index) {
                    Ok(0) => self.set_record(&value.text()),
                    Ok(index) if index <= FIELD_COUNT_MAX => {
                        if self.fields.len() < index {
                            self.fields.resize(index, Value::None);
                        }
                        self.fields[index - 1] = value;
                        self.rebuild();
                    }
                    _ => return error(format!("trying to access out of range field {index}")),
                }
            }
        }
        Ok(())
    }

    fn matches(&mut self, text: &str, source: &str) -> Result<bool, Flow> {
        let chars: Vec<char> = text.chars().collect();
        Ok(self.regex(source)?.is_match(&chars))
    }

    /// The pattern that an operand of `~`, `split` or `sub` stands for.
    pub(super) fn pattern(&mut self, expr: &Expr) -> Result<String, Flow> {
        match expr {
            Expr::Regex(source) => Ok(source.clone()),
            other => self.value(other).map(|value| value.text()),
        }
    }

    pub(super) fn value(&mut self, expr: &Expr) -> Got {
        self.tick()?;
        let truth = |holds: bool| Value::Number(if holds { Decimal::ONE } else { Decimal::ZERO });
        Ok(match expr {
            Expr::Number(text) => Value::Number(Decimal::prefix(text).0),
            Expr::Text(text) => Value::Text(text.clone()),
            Expr::Regex(source) => {
                let record = self.record.clone();
                truth(self.matches(&record, source)?)
            }
            Expr::Place(place) => self.read(place)?,
            Expr::Group(inner) => self.value(inner)?,
            Expr::Assign(place, sign, value) => {
                let value = self.value(value)?;
                let value = match *sign {
                    "=" => value,
                    sign => {
                        let old = self.read(place)?.number();
                        let operator = if sign == "**=" { "^" } else { &sign[..1] };
                        Value::Number(arithmetic(operator, old, value.number())?)
                    }
                };
                self.assign(place, value.clone())?;
                value
            }
            Expr::Step(place, before, by) => {
                let old = self.read(place)?.number();
                let new = old.add((*by).into());
                self.assign(place, Value::Number(new))?;
                Value::Number(if *before { new } else { old })
            }
            Expr::Choice(condition, yes, no) => {
                if self.truth(condition)? {
                    self.value(yes)?
                } else {
                    self.value(no)?
                }
            }
            Expr::Either(a, b) => truth(self.truth(a)? || self.truth(b)?),
            Expr::Both(a, b) => truth(self.truth(a)? && self.truth(b)?),
            Expr::In(index, name) => {
                let key = self.key(index)?;
                truth(self.arrays.get(name).is_some_and(|array| array.contains_key(&key)))
            }
            Expr::Match(wanted, text, pattern) => {
                let text = self.value(text)?.text();
                let pattern = self.pattern(pattern)?;
                truth(self.matches(&text, &pattern)? == *wanted)
            }
            Expr::Compare(sign, a, b) => {
                let order = self.value(a)?.compare(&self.value(b)?);
                truth(match *sign {
                    "<" => order.is_lt(),
                    "<=" => order.is_le(),
                    "==" => order.is_eq(),
                    "!=" => order.is_ne(),
                    ">" => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
            Expr::Concat(a, b) => Value::Text(self.value(a)?.text() + &self.value(b)?.text()),
            Expr::Arithmetic(sign, a, b) => {
                let (a, b) = (self.value(a)?.number(), self.value(b)?.number());
                Value::Number(arithmetic(sign, a, b)?)
            }
            Expr::Not(inner) => truth(!self.truth(inner)?),
            Expr::Negative(inner) => Value::Number(self.value(inner)?.number().neg()),
            Expr::Positive(inner) => Value::Number(self.value(inner)?.number()),
            Expr::Call(name, args) => self.call(name, args)?,
            Expr::Getline(place, file) => self.get_line(place.as_ref(), file.as_ref())?,
        })
    }
}

fn arithmetic(sign: &str, a: Decimal, b: Decimal) -> Result<Decimal, Flow> {
    let quotient = match sign {
        "+" => return Ok(a.add(b)),
        "-" => return Ok(a.sub(b)),
        "*" => return Ok(a.mul(b)),
        "^" => return Ok(a.pow(b)),
        "/" => a.div(b),
        _ => a.rem(b),
    };
    quotient.ok_or_else(|| {
        Flow::Error(
            if sign == "/" { "division by zero" } else { "division by zero in %" }.to_owned(),
        )
    })
}
