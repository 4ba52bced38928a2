//! The values of expressions.

use std::rc::Rc;

use super::eval::{Interpreter, Later, STATEMENT_COST};
use super::format::formatted;
use super::syntax::{Expr, Kind, Statement};
use super::value::{Raised, Value, raise};
use super::{builtin, libraries, operators};

impl Interpreter {
    pub(super) fn eval<'a>(&'a mut self, value: &'a Expr) -> Later<'a, Value> {
        Box::pin(async move {
            Ok(match value {
                Expr::None => Value::None,
                Expr::Bool(value) => Value::Bool(*value),
                Expr::Int(number) => Value::Int(*number),
                Expr::Real(units) => Value::Real(*units),
                Expr::Each(value, target, items, condition) => {
                    self.each(value, target, items, condition.as_deref()).await?
                }
                Expr::Text(text) => Value::text(text),
                Expr::Format(pieces) => {
                    let mut text = String::new();
                    for piece in self.all(pieces).await? {
                        text += &self.shown(&piece).await?;
                    }
                    Value::text(text)
                }
                Expr::Spec(value, is_repr, spec) => {
                    let value = self.eval(value).await?;
                    if *is_repr {
                        return Ok(Value::text(formatted(&Value::text(value.repr(0)), spec)?));
                    }
                    let value = match &value {
                        Value::Object(_) => Value::text(self.shown(&value).await?),
                        _ => value,
                    };
                    Value::text(formatted(&value, spec)?)
                }
                Expr::Lambda(parameters, value) => {
                    let kind = Kind::Return(Some((**value).clone()));
                    let body = vec![Statement { line: self.line, kind }];
                    self.function("<lambda>", parameters, body)
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
                Expr::Attribute(holder, name) => {
                    let holder = self.eval(holder).await?;
                    self.attribute(holder, name)?
                }
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
                    Value::Real(units) => Value::Real(units.wrapping_neg()),
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

    fn attribute(&self, holder: Value, name: &str) -> Result<Value, Raised> {
        Ok(match holder {
            Value::Known(module) if module == "flask.request" => libraries::request(self, name)?,
            Value::Known(module) => builtin::member(self, &module, name)?,
            Value::Object(object) => object.attribute(name)?,
            Value::Class(class) => match class.member(name) {
                Some(value) => value,
                None if name == "__name__" => Value::text(&class.name),
                None => {
                    let class = &class.name;
                    let text = format!("type object '{class}' has no attribute '{name}'");
                    return raise("AttributeError", text);
                }
            },
            holder => Value::Method(Box::new(holder), name.to_owned()),
        })
    }

    async fn each(
        &mut self,
        value: &Expr,
        target: &Expr,
        items: &Expr,
        condition: Option<&Expr>,
    ) -> Result<Value, Raised> {
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
        Ok(Value::list(all))
    }

    pub(super) async fn option(&mut self, value: Option<&Expr>) -> Result<Option<Value>, Raised> {
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

    pub(super) fn name(&self, name: &str) -> Result<Value, Raised> {
        let frame = self.frames.last();
        let local =
            frame.and_then(|frame| frame.names.get(name).or_else(|| frame.around.get(name)));
        if let Some(value) = local.or_else(|| self.globals.get(name)) {
            return Ok(value.clone());
        }
        if builtin::is_known(name) {
            return Ok(Value::Known(name.to_owned()));
        }
        raise("NameError", format!("name '{name}' is not defined"))
    }
}
