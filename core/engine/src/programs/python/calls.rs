//! Calls: of functions, classes and methods of the program's own, and of what Python brings along.

use sorted::SortedMap;
use std::rc::Rc;

use sim::Duration;

use super::classes::Class;
use super::eval::{CALL_DEPTH_MAX, Flow, Frame, Interpreter, Later};
use super::value::{Function, Raised, Value, raise, unknown};
use super::{builtin, libraries};

impl Interpreter {
    pub(super) fn call<'a>(
        &'a mut self,
        function: &'a Value,
        positional: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Later<'a, Value> {
        Box::pin(async move {
            match function {
                Value::Known(name) => self.call_known(name, positional, named).await,
                Value::Method(holder, name) => match &**holder {
                    Value::Object(object) if object.class.is_native => {
                        libraries::method(self, object, name, positional, named).await
                    }
                    Value::Object(object) => {
                        self.call_method(object, None, name, positional, named).await
                    }
                    Value::Super(object, base) => {
                        let nothing = Class::native("object");
                        let base = base.clone().unwrap_or(nothing);
                        self.call_method(object, Some(&base), name, positional, named).await
                    }
                    holder => builtin::method(self, holder, name, &positional, &named),
                },
                Value::Function(function) => {
                    let function = function.clone();
                    self.call_own(&function, positional, named).await
                }
                Value::Class(class) => self.create(class, positional, named).await,
                Value::Object(object) if object.class.name == "route" => {
                    libraries::method(self, object, "", positional, named).await
                }
                other => {
                    raise("TypeError", format!("'{}' object is not callable", other.type_name()))
                }
            }
        })
    }

    /// A function of Python's or of a module.
    async fn call_known(
        &mut self,
        name: &str,
        mut positional: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Result<Value, Raised> {
        if let Some(made) = libraries::make(self, name, &positional, &named) {
            return Ok(made);
        }
        match name {
            "time.sleep" => {
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
            "input" | "raw_input" => builtin::read_line(self, positional.first()).await,
            "super" => {
                let this = self.frames.last().and_then(|frame| frame.names.get("self"));
                let Some(Value::Object(object)) = this.cloned() else {
                    return raise("RuntimeError", "super(): no arguments");
                };
                let class = self.frames.last().and_then(|frame| frame.class.clone());
                Ok(Value::Super(object, class.and_then(|class| class.base.clone())))
            }
            "isinstance" => self.is_instance(&positional),
            "map" | "filter" => {
                let [function, values] = &positional[..] else {
                    return unknown("map of several lists");
                };
                let mut all = Vec::new();
                for item in builtin::items(values)? {
                    let value = self.call(function, vec![item.clone()], Vec::new()).await?;
                    match name {
                        "map" => all.push(value),
                        _ if value.is_true() => all.push(item),
                        _ => {}
                    }
                }
                Ok(Value::list(all))
            }
            "sorted" | "min" | "max" if named.iter().any(|(name, _)| name == "key") => {
                self.by_key(name, positional, &named).await
            }
            "flask.request.get_json" | "flask.request.get_data" => {
                libraries::request(self, if name.ends_with("json") { "json" } else { "data" })
            }
            name if name.starts_with("sys.stdin.") => {
                builtin::standard_input(self, name == "sys.stdin.readline").await
            }
            _ => {
                if matches!(name, "print" | "str" | "repr") {
                    for value in &mut positional {
                        if let Value::Object(_) = value {
                            *value = Value::text(self.shown(&value.clone()).await?);
                        }
                    }
                }
                builtin::call(self, name, &positional, &named)
            }
        }
    }

    fn is_instance(&self, args: &[Value]) -> Result<Value, Raised> {
        let name = match args.get(1) {
            Some(Value::Class(class)) => class.name.clone(),
            Some(Value::Known(name)) => name.clone(),
            _ => return unknown("isinstance with these arguments"),
        };
        Ok(Value::Bool(match args.first() {
            Some(Value::Object(object)) => {
                let mut class = Some(object.class.clone());
                std::iter::from_fn(|| {
                    let now = class.clone()?;
                    class = now.base.clone();
                    Some(now)
                })
                .any(|class| class.name == name)
            }
            Some(Value::Exception(raised)) => self.is_a(&raised.kind, &name),
            Some(value) => value.type_name() == name,
            None => false,
        }))
    }

    /// `sorted`, `min` and `max` by what a function says of each.
    async fn by_key(
        &mut self,
        name: &str,
        positional: Vec<Value>,
        named: &[(String, Value)],
    ) -> Result<Value, Raised> {
        let key = named.iter().find(|(name, _)| name == "key").map(|(_, key)| key.clone());
        let key = key.unwrap_or(Value::None);
        let mut pairs = Vec::new();
        for item in builtin::items(positional.first().unwrap_or(&Value::None))? {
            pairs.push((self.call(&key, vec![item.clone()], Vec::new()).await?, item));
        }
        // Sorting is stable: the places of equal keys stay.
        let mut keys: Vec<Value> = pairs.iter().map(|(key, _)| key.clone()).collect();
        builtin::sort(&mut keys);
        let mut all = Vec::new();
        for key in keys {
            if let Some(at) = pairs.iter().position(|(own, _)| own.equals(&key)) {
                all.push(pairs.remove(at).1);
            }
        }
        if named.iter().any(|(name, value)| name == "reverse" && value.is_true()) {
            all.reverse();
        }
        let found = match name {
            "sorted" => return Ok(Value::list(all)),
            "min" => all.into_iter().next(),
            _ => all.pop(),
        };
        found.map_or_else(|| raise("ValueError", format!("{name}() arg is an empty sequence")), Ok)
    }

    pub(super) async fn call_own(
        &mut self,
        function: &Function,
        positional: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Result<Value, Raised> {
        if self.frames.len() >= CALL_DEPTH_MAX {
            return raise("RuntimeError", "maximum recursion depth exceeded (not simulated: more)");
        }
        let given = positional.len() + named.len();
        let (mut names, mut positional) = (SortedMap::new(), positional.into_iter());
        let mut named: SortedMap<String, Value> = named.into_iter().collect();
        for (name, default) in &function.parameters {
            if let Some(name) = name.strip_prefix("**") {
                let rest = std::mem::take(&mut named);
                let pairs = rest.into_iter().map(|(name, value)| (Value::text(name), value));
                let pairs = Rc::new(std::cell::RefCell::new(pairs.collect()));
                names.insert(name.to_owned(), Value::Dict(pairs));
            } else if let Some(name) = name.strip_prefix('*') {
                let rest: Vec<Value> = positional.by_ref().collect();
                names.insert(name.to_owned(), Value::Tuple(rest.into()));
            } else if let Some(value) = positional.next().or_else(|| named.remove(name)) {
                names.insert(name.clone(), value);
            } else if let Some(default) = default {
                let value = self.eval(default).await?;
                names.insert(name.clone(), value);
            }
        }
        let wanted = function.parameters.len();
        if names.len() < wanted || positional.next().is_some() || !named.is_empty() {
            let name = &function.name;
            let text = format!("{name}() takes {wanted} arguments ({given} given)");
            return raise("TypeError", text);
        }
        let line = self.line;
        self.frames.push(Frame {
            names,
            function: function.name.clone(),
            globals: Vec::new(),
            around: function.around.clone(),
            class: function.class.borrow().clone(),
        });
        let flow = self.block(&function.body).await;
        self.frames.pop();
        self.line = line;
        match flow? {
            Flow::Return(value) => Ok(value),
            _ => Ok(Value::None),
        }
    }
}
