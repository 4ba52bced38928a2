//! Runs a program: statements, names, functions, exceptions.

use sorted::SortedMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use os::{Fd, Proc};
use sim::Duration;

use super::syntax::{Block, Expr, Handler, Kind, Statement};
use super::value::{Function, Raised, Value, raise, unknown};
use super::{builtin, operators};

/// One statement takes so long, so that an endless loop is endless in virtual time only.
const STATEMENT_COST: Duration = Duration::from_micros(2);
const START_COST: Duration = Duration::from_millis(20);
/// Every call lies on the stack of the program that simulates it, which is small in a browser.
const CALL_DEPTH_MAX: usize = 20;

/// How a block ended.
enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
}

type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, Raised>> + 'a>>;

pub(super) struct Interpreter {
    pub(super) proc: Proc,
    pub(super) is_two: bool,
    name: String,
    source: Vec<String>,
    globals: SortedMap<String, Value>,
    /// Local names and the function's name, innermost last.
    frames: Vec<(SortedMap<String, Value>, String)>,
    line: usize,
}

impl Interpreter {
    pub(super) fn new(proc: Proc, name: &str, source: &str, is_two: bool) -> Self {
        let globals = SortedMap::from([("__name__".to_owned(), Value::text("__main__"))]);
        Self {
            proc,
            is_two,
            name: name.to_owned(),
            source: source.lines().map(str::to_owned).collect(),
            globals,
            frames: Vec::new(),
            line: 1,
        }
    }

    pub(super) fn write(&self, text: &str) {
        self.proc.write_now_or_never(Fd::STDOUT, text.as_bytes());
    }

    /// Runs it all; the exit code.
    pub(super) async fn run(&mut self, program: &Block) -> i32 {
        self.proc.compute(START_COST).await;
        match self.block(program).await {
            Ok(_) => 0,
            Err(raised) => self.tell(raised).await,
        }
    }

    /// Runs what was typed at the prompt: a value that is not `None` is shown. The exit code of
    /// `sys.exit`, if that was called.
    pub(super) async fn run_typed(&mut self, source: &str, program: &Block) -> Option<i32> {
        self.source = source.lines().map(str::to_owned).collect();
        for statement in program {
            let done = match &statement.kind {
                Kind::Expr(value) => self.eval(value).await.map(|value| {
                    if !matches!(value, Value::None) {
                        self.write(&format!("{}\n", value.repr(0)));
                    }
                }),
                _ => self.block(&vec![statement.clone()]).await.map(drop),
            };
            if let Err(mut raised) = done {
                if raised.trace.is_empty() {
                    raised.trace.push((statement.line, "<module>".to_owned()));
                }
                let exits = raised.exit.is_some();
                // What was typed has no source that a traceback could show.
                self.source.clear();
                let code = self.tell(raised).await;
                return exits.then_some(code);
            }
        }
        None
    }

    /// Says how an exception that nobody caught came about; the exit code.
    async fn tell(&mut self, raised: Raised) -> i32 {
        if let Some(code) = raised.exit {
            if !raised.text.is_empty() {
                self.proc.eprint(format!("{}\n", raised.text)).await;
            }
            return code;
        }
        let mut text = String::from("Traceback (most recent call last):\n");
        for (line, function) in raised.trace.iter().rev() {
            let source = self.source.get(line - 1).map(|source| format!("    {}\n", source.trim()));
            let (name, source) = (&self.name, source.unwrap_or_default());
            text.push_str(&format!("  File \"{name}\", line {line}, in {function}\n{source}"));
        }
        text.push_str(raised.library);
        let colon = if raised.text.is_empty() { "" } else { ": " };
        text.push_str(&format!("{}{colon}{}\n", raised.kind, raised.text));
        self.proc.eprint(text).await;
        1
    }

    fn block<'a>(&'a mut self, block: &'a Block) -> Later<'a, Flow> {
        Box::pin(async move {
            for statement in block {
                self.proc.compute(STATEMENT_COST).await;
                self.line = statement.line;
                let function = self.frames.last().map_or("<module>", |(_, name)| name).to_owned();
                match self.statement(statement).await {
                    Ok(Flow::Next) => {}
                    Ok(flow) => return Ok(flow),
                    Err(mut raised) => {
                        // The innermost statement of every function notes itself.
                        if raised.trace.last().is_none_or(|(_, last)| *last != function) {
                            raised.trace.push((statement.line, function));
                        }
                        return Err(raised);
                    }
                }
            }
            Ok(Flow::Next)
        })
    }

    async fn statement(&mut self, statement: &Statement) -> Result<Flow, Raised> {
        match &statement.kind {
            Kind::Expr(value) => drop(self.eval(value).await?),
            Kind::Print(values, newline) => self.print(values, *newline).await?,
            Kind::Assign(target, value) => {
                let value = self.eval(value).await?;
                self.assign(target, value).await?;
            }
            Kind::Change(target, operator, value) => {
                let old = self.eval(target).await?;
                let value = self.eval(value).await?;
                let value = operators::binary(operator, &old, &value)?;
                self.assign(target, value).await?;
            }
            Kind::If(branches, otherwise) => {
                for (condition, body) in branches {
                    if self.eval(condition).await?.is_true() {
                        return self.block(body).await;
                    }
                }
                return self.block(otherwise).await;
            }
            Kind::While(condition, body) => {
                while self.eval(condition).await?.is_true() {
                    match self.block(body).await? {
                        Flow::Break => break,
                        Flow::Return(value) => return Ok(Flow::Return(value)),
                        Flow::Next | Flow::Continue => self.proc.compute(STATEMENT_COST).await,
                    }
                }
            }
            Kind::For(target, items, body) => {
                let items = self.eval(items).await?;
                for item in builtin::items(&items)? {
                    self.assign(target, item).await?;
                    match self.block(body).await? {
                        Flow::Break => break,
                        Flow::Return(value) => return Ok(Flow::Return(value)),
                        Flow::Next | Flow::Continue => {}
                    }
                }
            }
            Kind::Try { body, handlers, finally } => {
                return self.attempt(body, handlers, finally).await;
            }
            Kind::With(value, name, body) => {
                return self.with(value, name.as_deref(), body).await;
            }
            Kind::Define(name, parameters, body) => {
                let function = Function {
                    name: name.clone(),
                    parameters: parameters.clone(),
                    body: body.clone(),
                };
                self.set(name, Value::Function(Rc::new(function)));
            }
            Kind::Return(value) => {
                let value = match value {
                    Some(value) => self.eval(value).await?,
                    None => Value::None,
                };
                return Ok(Flow::Return(value));
            }
            Kind::Raise(value) => return self.raise(value.as_ref()).await,
            Kind::Import(names) => {
                for (module, own) in names {
                    builtin::check_module(self, module)?;
                    let root = module.split('.').next().unwrap_or_default();
                    let name = if own == root { root } else { module };
                    self.set(own, Value::Known(name.to_owned()));
                }
            }
            Kind::ImportFrom(module, names) => {
                builtin::check_module(self, module)?;
                if module != "__future__" {
                    for (name, own) in names {
                        let value = builtin::member(self, module, name)?;
                        self.set(own, value);
                    }
                }
            }
            Kind::Delete(target) => self.delete(target).await?,
            Kind::Assert(condition, text) => {
                if !self.eval(condition).await?.is_true() {
                    let text = self.option(text.as_ref()).await?;
                    return raise("AssertionError", text.map(|it| it.show()).unwrap_or_default());
                }
            }
            Kind::Break => return Ok(Flow::Break),
            Kind::Continue => return Ok(Flow::Continue),
            Kind::Pass => {}
        }
        Ok(Flow::Next)
    }

    async fn with(
        &mut self,
        value: &Expr,
        name: Option<&str>,
        body: &Block,
    ) -> Result<Flow, Raised> {
        let value = self.eval(value).await?;
        if let Some(name) = name {
            self.set(name, value.clone());
        }
        let flow = self.block(body).await;
        if let Value::File(file) = &value {
            builtin::close(self, file)?;
        }
        flow
    }

    async fn delete(&mut self, target: &Expr) -> Result<(), Raised> {
        match target {
            Expr::Name(name) => {
                let names = self.frames.last_mut().map_or(&mut self.globals, |(names, _)| names);
                if names.remove(name).is_none() {
                    return raise("NameError", format!("name '{name}' is not defined"));
                }
                Ok(())
            }
            Expr::Index(holder, index) => {
                let (holder, index) = (self.eval(holder).await?, self.eval(index).await?);
                builtin::remove_item(self, &holder, &index)
            }
            _ => unknown("del of this"),
        }
    }

    async fn print(&mut self, values: &[Expr], newline: bool) -> Result<(), Raised> {
        let mut shown = Vec::new();
        for value in values {
            shown.push(self.eval(value).await?.show());
        }
        self.write(&format!("{}{}", shown.join(" "), if newline { "\n" } else { " " }));
        Ok(())
    }

    async fn attempt(
        &mut self,
        body: &Block,
        handlers: &[Handler],
        finally: &Block,
    ) -> Result<Flow, Raised> {
        let depth = self.frames.len();
        let mut result = self.block(body).await;
        if let Err(raised) = &result {
            self.frames.truncate(depth);
            let handler = handlers.iter().find(|handler| {
                handler.types.is_empty()
                    || handler.types.iter().any(|kind| builtin::is_a(&raised.kind, kind))
            });
            if let Some(handler) = handler {
                if let Some(name) = &handler.name {
                    let value = Value::Exception(Rc::new(raised.clone()));
                    self.set(name, value);
                }
                result = self.block(&handler.body).await;
            }
        }
        match self.block(finally).await? {
            Flow::Next => result,
            flow => Ok(flow),
        }
    }

    async fn raise(&mut self, value: Option<&Expr>) -> Result<Flow, Raised> {
        let Some(value) = value else { return unknown("raise without an exception") };
        match self.eval(value).await? {
            Value::Exception(raised) => Err(Raised { trace: Vec::new(), ..(*raised).clone() }),
            Value::Known(kind) => raise(&kind, ""),
            other => raise("TypeError", format!("exceptions must not be {}", other.type_name())),
        }
    }

    fn set(&mut self, name: &str, value: Value) {
        let names = self.frames.last_mut().map_or(&mut self.globals, |(names, _)| names);
        names.insert(name.to_owned(), value);
    }

    fn assign<'a>(&'a mut self, target: &'a Expr, value: Value) -> Later<'a, ()> {
        Box::pin(async move {
            match target {
                Expr::Name(name) => self.set(name, value),
                Expr::Tuple(targets) | Expr::List(targets) => {
                    let items = builtin::items(&value)?;
                    if items.len() != targets.len() {
                        return raise("ValueError", "wrong number of values to unpack");
                    }
                    for (target, item) in targets.iter().zip(items) {
                        self.assign(target, item).await?;
                    }
                }
                Expr::Index(holder, index) => {
                    let holder = self.eval(holder).await?;
                    let index = self.eval(index).await?;
                    builtin::set_item(self, &holder, &index, value)?;
                }
                _ => return unknown("assignment to this"),
            }
            Ok(())
        })
    }

    pub(super) fn eval<'a>(&'a mut self, value: &'a Expr) -> Later<'a, Value> {
        Box::pin(async move {
            Ok(match value {
                Expr::None => Value::None,
                Expr::Bool(value) => Value::Bool(*value),
                Expr::Int(number) => Value::Int(*number),
                Expr::Real(units) => Value::Real(*units),
                Expr::Each(value, target, items, condition) => {
                    let items = self.eval(items).await?;
                    let mut all = Vec::new();
                    for item in builtin::items(&items)? {
                        self.proc.compute(STATEMENT_COST).await;
                        self.assign(target, item).await?;
                        let wanted = match condition {
                            Some(condition) => self.eval(condition).await?.is_true(),
                            None => true,
                        };
                        if wanted {
                            all.push(self.eval(value).await?);
                        }
                    }
                    Value::list(all)
                }
                Expr::Text(text) => Value::text(text),
                Expr::Format(pieces) => {
                    let pieces = self.all(pieces).await?;
                    Value::text(pieces.iter().map(Value::show).collect::<String>())
                }
                Expr::Name(name) => self.name(name)?,
                Expr::List(items) => Value::list(self.all(items).await?),
                Expr::Tuple(items) => Value::Tuple(self.all(items).await?.into()),
                Expr::Dict(pairs) => {
                    let dict = Value::Dict(Rc::default());
                    for (key, value) in pairs {
                        let (key, value) = (self.eval(key).await?, self.eval(value).await?);
                        builtin::set_item(self, &dict, &key, value)?;
                    }
                    dict
                }
                Expr::Attribute(holder, name) => match self.eval(holder).await? {
                    Value::Known(module) => builtin::member(self, &module, name)?,
                    holder => Value::Method(Box::new(holder), name.clone()),
                },
                Expr::Index(holder, index) => {
                    let (holder, index) = (self.eval(holder).await?, self.eval(index).await?);
                    builtin::item(self, &holder, &index)?
                }
                Expr::Slice(holder, from, to) => {
                    let holder = self.eval(holder).await?;
                    let from = self.option(from.as_deref()).await?;
                    let to = self.option(to.as_deref()).await?;
                    builtin::slice(&holder, from.as_ref(), to.as_ref())?
                }
                Expr::Call(function, positional, named) => {
                    let function = self.eval(function).await?;
                    let positional = self.all(positional).await?;
                    let mut pairs = Vec::new();
                    for (name, value) in named {
                        pairs.push((name.clone(), self.eval(value).await?));
                    }
                    self.call(&function, positional, pairs).await?
                }
                Expr::Not(value) => Value::Bool(!self.eval(value).await?.is_true()),
                Expr::Negative(value) => match self.eval(value).await? {
                    Value::Int(number) => Value::Int(number.wrapping_neg()),
                    other => return operators::bad_operand("-", &other, &other),
                },
                Expr::And(left, right) => {
                    let left = self.eval(left).await?;
                    if left.is_true() { self.eval(right).await? } else { left }
                }
                Expr::Or(left, right) => {
                    let left = self.eval(left).await?;
                    if left.is_true() { left } else { self.eval(right).await? }
                }
                Expr::Binary(operator, left, right) => {
                    let (left, right) = (self.eval(left).await?, self.eval(right).await?);
                    if let (Value::Environ, "in" | "not in") = (&right, *operator) {
                        let found = self.proc.env(&left.show()).is_some();
                        return Ok(Value::Bool(found == (*operator == "in")));
                    }
                    operators::binary(operator, &left, &right)?
                }
                Expr::Choice(value, condition, other) => {
                    let chosen = if self.eval(condition).await?.is_true() { value } else { other };
                    self.eval(chosen).await?
                }
            })
        })
    }

    async fn option(&mut self, value: Option<&Expr>) -> Result<Option<Value>, Raised> {
        match value {
            Some(value) => self.eval(value).await.map(Some),
            None => Ok(None),
        }
    }

    async fn all(&mut self, values: &[Expr]) -> Result<Vec<Value>, Raised> {
        let mut all = Vec::new();
        for value in values {
            all.push(self.eval(value).await?);
        }
        Ok(all)
    }

    fn name(&self, name: &str) -> Result<Value, Raised> {
        let local = self.frames.last().and_then(|(names, _)| names.get(name));
        if let Some(value) = local.or_else(|| self.globals.get(name)) {
            return Ok(value.clone());
        }
        if builtin::is_known(name) {
            return Ok(Value::Known(name.to_owned()));
        }
        raise("NameError", format!("name '{name}' is not defined"))
    }

    async fn call(
        &mut self,
        function: &Value,
        positional: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Result<Value, Raised> {
        match function {
            Value::Known(name) if name == "time.sleep" => {
                let span = match positional.first() {
                    Some(Value::Int(seconds)) => {
                        Duration::from_secs(u64::try_from(*seconds).unwrap_or(0))
                    }
                    Some(Value::Real(nanos)) => {
                        Duration::from_nanos(u64::try_from(*nanos).unwrap_or(0))
                    }
                    _ => return raise("TypeError", "a float is required"),
                };
                let _ = self.proc.sleep(span).await;
                Ok(Value::None)
            }
            Value::Known(name) if name.starts_with("sys.stdin.") => {
                builtin::standard_input(self, name == "sys.stdin.readline").await
            }
            Value::Known(name) if matches!(name.as_str(), "input" | "raw_input") => {
                builtin::read_line(self, positional.first()).await
            }
            Value::Known(name) => builtin::call(self, name, &positional, &named),
            Value::Method(holder, name) => builtin::method(self, holder, name, &positional, &named),
            Value::Function(function) => {
                let function = function.clone();
                self.call_own(&function, positional, named).await
            }
            other => raise("TypeError", format!("'{}' object is not callable", other.type_name())),
        }
    }

    async fn call_own(
        &mut self,
        function: &Function,
        positional: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Result<Value, Raised> {
        if self.frames.len() >= CALL_DEPTH_MAX {
            return raise("RuntimeError", "maximum recursion depth exceeded (not simulated: more)");
        }
        let mut names: SortedMap<String, Value> = named.into_iter().collect();
        let given = positional.len();
        for ((name, _), value) in function.parameters.iter().zip(positional) {
            names.insert(name.clone(), value);
        }
        for (name, default) in &function.parameters {
            if let (false, Some(default)) = (names.contains_key(name), default) {
                let value = self.eval(default).await?;
                names.insert(name.clone(), value);
            }
        }
        let missing = function.parameters.iter().any(|(name, _)| !names.contains_key(name));
        if missing || names.len() > function.parameters.len() || given > function.parameters.len() {
            let (name, count) = (&function.name, function.parameters.len());
            let text = format!("{name}() takes {count} arguments ({given} given)");
            return raise("TypeError", text);
        }
        let line = self.line;
        self.frames.push((names, function.name.clone()));
        let flow = self.block(&function.body).await;
        self.frames.pop();
        self.line = line;
        match flow? {
            Flow::Return(value) => Ok(value),
            _ => Ok(Value::None),
        }
    }
}
