//! Runs a program: statements, names, functions, exceptions.

use sorted::SortedMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use os::{Fd, Proc};
use sim::Duration;

use super::classes::Class;
use super::syntax::{Block, Expr, Handler, Kind, Statement};
use super::value::{Function, Raised, Value, raise, unknown};
use super::{builtin, files, operators};
use crate::programs::http::Request;

/// One statement takes so long, so that an endless loop is endless in virtual time only.
pub(super) const STATEMENT_COST: Duration = Duration::from_micros(2);
/// Every call lies on the stack of the program that simulates it, which is small in a browser.
pub(super) const CALL_DEPTH_MAX: usize = 20;

/// How a block ended.
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
}

pub(super) type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, Raised>> + 'a>>;

/// A function that runs.
#[derive(Default)]
pub(super) struct Frame {
    pub(super) names: SortedMap<String, Value>,
    pub(super) function: String,
    /// Names that are the program's.
    pub(super) globals: Vec<String>,
    pub(super) around: SortedMap<String, Value>,
    pub(super) class: Option<Rc<Class>>,
}

pub(super) struct Interpreter {
    pub(super) proc: Proc,
    pub(super) is_two: bool,
    pub(super) name: String,
    source: Vec<String>,
    pub(super) globals: SortedMap<String, Value>,
    /// Innermost last.
    pub(super) frames: Vec<Frame>,
    pub(super) line: usize,
    /// What Flask answers at the moment.
    pub(super) request: Option<Request>,
    /// The address of who asked.
    pub(super) caller: String,
    /// The program's own exceptions and what they are a kind of.
    parents: SortedMap<String, String>,
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
            request: None,
            caller: String::new(),
            parents: SortedMap::new(),
        }
    }

    pub(super) fn write(&self, text: &str) {
        self.proc.write_now_or_never(Fd::STDOUT, text.as_bytes());
    }

    /// Runs it all; the exit code.
    pub(super) async fn run(&mut self, program: &Block) -> i32 {
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
    pub(super) async fn tell(&mut self, raised: Raised) -> i32 {
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

    pub(super) fn block<'a>(&'a mut self, block: &'a Block) -> Later<'a, Flow> {
        Box::pin(async move {
            for statement in block {
                self.proc.compute(STATEMENT_COST).await;
                self.line = statement.line;
                let function = self
                    .frames
                    .last()
                    .map_or("<module>", |frame| frame.function.as_str())
                    .to_owned();
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
                let function = self.function(name, parameters, body.clone());
                self.set(name, function);
            }
            Kind::Class(name, base, body) => self.class(name, base.as_ref(), body).await?,
            Kind::Decorated(decorators, definition) => {
                self.decorated(decorators, definition).await?;
            }
            Kind::Global(names) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.globals.extend(names.iter().cloned());
                }
            }
            Kind::Return(value) => {
                let value = match value {
                    Some(value) => self.eval(value).await?,
                    None => Value::None,
                };
                return Ok(Flow::Return(value));
            }
            Kind::Raise(value) => return self.raise(value.as_ref()).await,
            Kind::Import(names) => self.import(names)?,
            Kind::ImportFrom(module, names) => self.import_from(module, names)?,
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

    fn import(&mut self, names: &[(String, String)]) -> Result<(), Raised> {
        for (module, own) in names {
            builtin::check_module(self, module)?;
            let root = module.split('.').next().unwrap_or_default();
            let name = if own == root { root } else { module };
            self.set(own, Value::Known(name.to_owned()));
        }
        Ok(())
    }

    fn import_from(&mut self, module: &str, names: &[(String, String)]) -> Result<(), Raised> {
        builtin::check_module(self, module)?;
        if module != "__future__" {
            for (name, own) in names {
                let value = builtin::member(self, module, name)?;
                self.set(own, value);
            }
        }
        Ok(())
    }

    /// A function or class handed through what stands above it.
    async fn decorated(
        &mut self,
        decorators: &[Expr],
        definition: &Statement,
    ) -> Result<(), Raised> {
        let mut functions = Vec::new();
        for decorator in decorators {
            functions.push(self.eval(decorator).await?);
        }
        Box::pin(self.statement(definition)).await?;
        let (Kind::Define(name, ..) | Kind::Class(name, ..)) = &definition.kind else {
            return Ok(());
        };
        let mut value = self.name(name)?;
        for function in functions.iter().rev() {
            value = self.call(function, vec![value], Vec::new()).await?;
        }
        self.set(name, value);
        Ok(())
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
            files::close(self, file)?;
        }
        flow
    }

    async fn delete(&mut self, target: &Expr) -> Result<(), Raised> {
        match target {
            Expr::Name(name) => {
                let names =
                    self.frames.last_mut().map_or(&mut self.globals, |frame| &mut frame.names);
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
                    || handler.types.iter().any(|kind| self.is_a(&raised.kind, kind))
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
            Value::Object(object) if object.class.exception.is_some() => {
                let text = self.shown(&Value::Object(object.clone())).await?;
                raise(&object.class.name, text)
            }
            Value::Class(class) if class.exception.is_some() => raise(&class.name, ""),
            Value::Exception(raised) => Err(Raised { trace: Vec::new(), ..(*raised).clone() }),
            Value::Known(kind) => raise(&kind, ""),
            other => raise("TypeError", format!("exceptions must not be {}", other.type_name())),
        }
    }

    /// Is an exception of one kind caught by another?
    pub(super) fn is_a(&self, kind: &str, wanted: &str) -> bool {
        let mut kind = kind;
        // Classes do not go in circles: a base is there before its class.
        loop {
            if super::exceptions::is_a(kind, wanted) {
                return true;
            }
            match self.parents.get(kind) {
                Some(parent) if parent != kind => kind = parent,
                _ => return false,
            }
        }
    }

    pub(super) fn function(
        &self,
        name: &str,
        parameters: &[(String, Option<Expr>)],
        body: Block,
    ) -> Value {
        let frame = self.frames.last();
        let mut around = frame.map(|frame| frame.around.clone()).unwrap_or_default();
        around.extend(frame.map(|frame| frame.names.clone()).unwrap_or_default());
        Value::Function(Rc::new(Function {
            name: name.to_owned(),
            parameters: parameters.to_vec(),
            body,
            around,
            class: std::cell::RefCell::default(),
        }))
    }

    async fn class(&mut self, name: &str, base: Option<&Expr>, body: &Block) -> Result<(), Raised> {
        let (mut parent, mut exception) = (None, None);
        match self.option(base).await? {
            Some(Value::Class(class)) => {
                exception = class.exception.clone();
                if exception.is_some() {
                    self.parents.insert(name.to_owned(), class.name.clone());
                }
                parent = Some(class);
            }
            Some(Value::Known(kind)) if kind == "object" => {}
            Some(Value::Known(kind)) => {
                self.parents.insert(name.to_owned(), kind.clone());
                exception = Some(kind);
            }
            Some(other) => return unknown(&format!("a base that is a {}", other.type_name())),
            None => {}
        }
        self.frames.push(Frame { function: name.to_owned(), ..Frame::default() });
        let done = self.block(body).await;
        let frame = self.frames.pop().unwrap_or_default();
        done?;
        let class = Rc::new(Class {
            name: name.to_owned(),
            base: parent,
            exception,
            members: std::cell::RefCell::new(frame.names),
            is_native: false,
        });
        for member in class.members.borrow().values() {
            if let Value::Function(function) = member {
                *function.class.borrow_mut() = Some(class.clone());
            }
        }
        self.set(name, Value::Class(class));
        Ok(())
    }

    fn set(&mut self, name: &str, value: Value) {
        let names = match self.frames.last_mut() {
            Some(frame) if !frame.globals.iter().any(|global| global == name) => &mut frame.names,
            _ => &mut self.globals,
        };
        names.insert(name.to_owned(), value);
    }

    pub(super) fn assign<'a>(&'a mut self, target: &'a Expr, value: Value) -> Later<'a, ()> {
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
                Expr::Attribute(holder, name) => match self.eval(holder).await? {
                    Value::Object(object) => object.set(name, value),
                    Value::Class(class) => {
                        class.members.borrow_mut().insert(name.clone(), value);
                    }
                    _ => return unknown("assignment to this attribute"),
                },
                _ => return unknown("assignment to this"),
            }
            Ok(())
        })
    }
}
