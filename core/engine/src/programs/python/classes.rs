//! Classes of the program's own, and objects: of these classes and of libraries.

use sorted::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

use super::eval::Interpreter;
use super::value::{Raised, Value, raise};

/// A class.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) base: Option<Rc<Self>>,
    /// The exception that it is a kind of, if any.
    pub(super) exception: Option<String>,
    pub(super) members: RefCell<SortedMap<String, Value>>,
    /// It is a library's; its methods are in [`super::libraries`].
    pub(super) is_native: bool,
}

/// An object.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) class: Rc<Class>,
    pub(super) fields: RefCell<SortedMap<String, Value>>,
}

impl Class {
    /// A class of a library.
    pub(super) fn native(name: &str) -> Rc<Self> {
        Rc::new(Self {
            name: name.to_owned(),
            base: None,
            exception: None,
            members: RefCell::default(),
            is_native: true,
        })
    }

    pub(super) fn member(&self, name: &str) -> Option<Value> {
        let own = self.members.borrow().get(name).cloned();
        own.or_else(|| self.base.as_ref().and_then(|base| base.member(name)))
    }
}

impl Object {
    pub(super) fn new(class: Rc<Class>, fields: SortedMap<String, Value>) -> Rc<Self> {
        Rc::new(Self { class, fields: RefCell::new(fields) })
    }

    pub(super) fn field(&self, name: &str) -> Option<Value> {
        self.fields.borrow().get(name).cloned()
    }

    pub(super) fn set(&self, name: &str, value: Value) {
        self.fields.borrow_mut().insert(name.to_owned(), value);
    }

    /// An attribute: a field, a member of the class, or a method to call.
    pub(super) fn attribute(self: &Rc<Self>, name: &str) -> Result<Value, Raised> {
        if let Some(value) = self.field(name) {
            return Ok(value);
        }
        match self.class.member(name) {
            Some(Value::Function(_)) | None if self.class.is_native => {
                Ok(Value::Method(Box::new(Value::Object(self.clone())), name.to_owned()))
            }
            Some(Value::Function(_)) => {
                Ok(Value::Method(Box::new(Value::Object(self.clone())), name.to_owned()))
            }
            Some(value) => Ok(value),
            None if name == "__class__" => Ok(Value::Class(self.class.clone())),
            None => raise(
                "AttributeError",
                format!("'{}' object has no attribute '{name}'", self.class.name),
            ),
        }
    }
}

impl Interpreter {
    /// Makes an object of a class.
    pub(super) async fn create(
        &mut self,
        class: &Rc<Class>,
        positional: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Result<Value, Raised> {
        let object = Object::new(class.clone(), SortedMap::new());
        if class.exception.is_some() {
            let text = positional.first().map(Value::show).unwrap_or_default();
            object.set("message", Value::text(text));
        }
        match class.member("__init__") {
            Some(Value::Function(function)) => {
                let this = Value::Object(object.clone());
                let all = [this].into_iter().chain(positional).collect();
                self.call_own(&function, all, named).await?;
            }
            _ if class.exception.is_none() && !positional.is_empty() => {
                return raise("TypeError", format!("{}() takes no arguments", class.name));
            }
            _ => {}
        }
        Ok(Value::Object(object))
    }

    /// `object.name(...)` for a class of the program's own; a base's if `from` is one.
    pub(super) async fn call_method(
        &mut self,
        object: &Rc<Object>,
        from: Option<&Rc<Class>>,
        name: &str,
        positional: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Result<Value, Raised> {
        let class = from.unwrap_or(&object.class);
        match class.member(name) {
            Some(Value::Function(function)) => {
                let this = Value::Object(object.clone());
                let all = [this].into_iter().chain(positional).collect();
                self.call_own(&function, all, named).await
            }
            // What exceptions and `object` bring along.
            None if name == "__init__" => {
                if let Some(text) = positional.first() {
                    object.set("message", text.clone());
                }
                Ok(Value::None)
            }
            _ => {
                let class = &class.name;
                raise("AttributeError", format!("'{class}' object has no attribute '{name}'"))
            }
        }
    }

    /// A value as text: by the object's own method, if it has one.
    pub(super) async fn shown(&mut self, value: &Value) -> Result<String, Raised> {
        let Value::Object(object) = value else { return Ok(value.show()) };
        for name in ["__str__", "__repr__"] {
            if object.class.member(name).is_some() {
                let text = self.call_method(object, None, name, Vec::new(), Vec::new()).await?;
                return Ok(text.show());
            }
        }
        Ok(value.show())
    }
}
