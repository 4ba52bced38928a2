//! What `jq`'s filters do. Every filter gives all its values at once.

use sorted::SortedMap;
use std::rc::Rc;

use super::operations::{
    Step, VALUE_COUNT_MAX, at, each, field, formatted, not, operate, raw, replaced, slice, without,
};
use super::parser::{Filter, Part};
use json::Decimal;
use json::Json;

/// Filters that one run may take.
const STEP_COUNT_MAX: u64 = 500_000;
/// In front of the message for a function that there is not, which is an error of the filter.
pub(super) const UNDEFINED: &str = "\0";

/// Values, or an error's message.
type Values = Result<Vec<Json>, String>;

/// Functions of one's own may call each other no deeper: each lies on the stack of the program that
/// simulates `jq`, which is small in a browser.
const CALL_DEPTH_MAX: u32 = 40;

/// Functions by name and number of parameters.
pub(super) type Functions = SortedMap<(String, usize), Rc<Function>>;

/// A function of one's own, or a filter that was given to one.
#[derive(Clone, Debug)]
pub(super) struct Function {
    parameters: Vec<String>,
    body: Rc<Filter>,
    /// What is known where it was written.
    known: Functions,
    is_argument: bool,
}

/// A run: its variables and how many steps it has taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub(super) variables: SortedMap<String, Json>,
    pub(super) environment: SortedMap<String, String>,
    pub(super) steps: u64,
    pub(super) functions: Functions,
    pub(super) depth: u32,
}

impl Run {
    fn tick(&mut self) -> Result<(), String> {
        self.steps += 1;
        if self.steps > STEP_COUNT_MAX {
            return Err(format!("not simulated: more than {STEP_COUNT_MAX} steps"));
        }
        Ok(())
    }

    /// All values of a filter.
    pub(super) fn all(&mut self, filter: &Filter, input: &Json) -> Values {
        self.tick()?;
        match filter {
            Filter::Identity => Ok(vec![input.clone()]),
            Filter::Recurse => {
                let mut values = Vec::new();
                recurse(input, &mut values);
                Ok(values)
            }
            Filter::Literal(value) => Ok(vec![value.clone()]),
            Filter::Text(format, parts) => self.text(format.as_deref(), parts, input),
            Filter::Format(name) => Ok(vec![Json::Text(formatted(name, input)?)]),
            Filter::Field(base, index) => {
                self.pairs(base, index, input, |base, index| field(&base, &index))
            }
            Filter::Slice(base, from, to) => self.slice(base, from, to, input),
            Filter::Each(base) => {
                let mut values = Vec::new();
                for base in self.all(base, input)? {
                    values.extend(each(&base)?);
                }
                Ok(values)
            }
            Filter::Try(inner) => Ok(self.all(inner, input).unwrap_or_default()),
            Filter::Pipe(a, b) => {
                let mut values = Vec::new();
                for value in self.all(a, input)? {
                    values.extend(self.all(b, &value)?);
                }
                if values.len() > VALUE_COUNT_MAX {
                    return Err(format!("not simulated: more than {VALUE_COUNT_MAX} values"));
                }
                Ok(values)
            }
            Filter::Comma(a, b) => {
                let mut values = self.all(a, input)?;
                values.extend(self.all(b, input)?);
                Ok(values)
            }
            Filter::Array(None) => Ok(vec![Json::Array(Vec::new())]),
            Filter::Array(Some(inner)) => Ok(vec![Json::Array(self.all(inner, input)?)]),
            Filter::Object(members) => self.object(members, input),
            Filter::Operator(sign, a, b) => self.operator(sign, a, b, input),
            Filter::Negative(inner) => {
                let values = self.all(inner, input)?;
                values
                    .iter()
                    .map(|value| operate("-", &Json::Number(Decimal::ZERO), value))
                    .collect()
            }
            Filter::If(condition, yes, no) => {
                let mut values = Vec::new();
                for condition in self.all(condition, input)? {
                    match (condition.is_true(), no) {
                        (true, _) => values.extend(self.all(yes, input)?),
                        (false, Some(no)) => values.extend(self.all(no, input)?),
                        (false, None) => values.push(input.clone()),
                    }
                }
                Ok(values)
            }
            Filter::Variable(name) if name == "ENV" => Ok(vec![self.env()]),
            Filter::Variable(name) => match self.variables.get(name) {
                Some(value) => Ok(vec![value.clone()]),
                None => Err(format!("${name} is not defined")),
            },
            Filter::As(source, name, body) => {
                let mut values = Vec::new();
                for value in self.all(source, input)? {
                    values.extend(self.with(name, value, |run| run.all(body, input))?);
                }
                Ok(values)
            }
            Filter::Reduce(source, name, start, update) => {
                let mut state = self.first(start, input)?;
                for value in self.all(source, input)? {
                    state = self.with(name, value, |run| run.first(update, &state))?;
                }
                Ok(vec![state])
            }
            Filter::Define(name, parameters, body, rest) => {
                self.define(name, parameters, body, rest, input)
            }
            Filter::Call(name, args) => match self.functions.get(&(name.clone(), args.len())) {
                Some(function) => self.call_own(name, &function.clone(), args, input),
                None => self.call(name, args, input),
            },
        }
    }

    fn slice(
        &mut self,
        base: &Filter,
        from: &Option<Box<Filter>>,
        to: &Option<Box<Filter>>,
        input: &Json,
    ) -> Values {
        let mut values = Vec::new();
        for base in self.all(base, input)? {
            let mut end = |filter: &Option<Box<Filter>>| match filter {
                Some(filter) => self.first(filter, input).map(Some),
                None => Ok(None),
            };
            let (from, to) = (end(from)?, end(to)?);
            values.push(slice(&base, from.as_ref(), to.as_ref())?);
        }
        Ok(values)
    }

    fn define(
        &mut self,
        name: &str,
        parameters: &[String],
        body: &Rc<Filter>,
        rest: &Filter,
        input: &Json,
    ) -> Values {
        let function = Function {
            parameters: parameters.to_vec(),
            body: body.clone(),
            known: self.functions.clone(),
            is_argument: false,
        };
        let outside = self.functions.clone();
        self.functions.insert((name.to_owned(), parameters.len()), Rc::new(function));
        let values = self.all(rest, input);
        self.functions = outside;
        values
    }

    fn call_own(
        &mut self,
        name: &str,
        function: &Rc<Function>,
        args: &[Filter],
        input: &Json,
    ) -> Values {
        if self.depth >= CALL_DEPTH_MAX {
            return Err(format!("not simulated: functions nested more than {CALL_DEPTH_MAX} deep"));
        }
        let mut known = function.known.clone();
        if !function.is_argument {
            known.insert((name.to_owned(), args.len()), function.clone());
        }
        let mut variables = Vec::new();
        for (parameter, argument) in function.parameters.iter().zip(args) {
            let name = match parameter.strip_prefix('$') {
                Some(name) => {
                    variables.push((name.to_owned(), self.first(argument, input)?));
                    name
                }
                None => parameter,
            };
            let argument = Function {
                parameters: Vec::new(),
                body: Rc::new(argument.clone()),
                known: self.functions.clone(),
                is_argument: true,
            };
            known.insert((name.to_owned(), 0), Rc::new(argument));
        }
        let outside = std::mem::replace(&mut self.functions, known);
        let before = (!variables.is_empty()).then(|| self.variables.clone());
        self.variables.extend(variables);
        self.depth += 1;
        let values = self.all(&function.body, input);
        self.depth -= 1;
        self.functions = outside;
        if let Some(before) = before {
            self.variables = before;
        }
        values
    }

    fn with<T>(&mut self, name: &str, value: Json, act: impl FnOnce(&mut Self) -> T) -> T {
        let old = self.variables.insert(name.to_owned(), value);
        let result = act(self);
        match old {
            Some(old) => self.variables.insert(name.to_owned(), old),
            None => self.variables.remove(name),
        };
        result
    }

    fn env(&self) -> Json {
        let members = self.environment.iter();
        Json::Object(members.map(|(name, text)| (name.clone(), Json::Text(text.clone()))).collect())
    }

    /// The first value, or `null`.
    fn first(&mut self, filter: &Filter, input: &Json) -> Result<Json, String> {
        Ok(self.all(filter, input)?.into_iter().next().unwrap_or(Json::Null))
    }

    fn pairs(
        &mut self,
        a: &Filter,
        b: &Filter,
        input: &Json,
        act: impl Fn(Json, Json) -> Result<Json, String>,
    ) -> Values {
        let mut values = Vec::new();
        for second in self.all(b, input)? {
            for first in self.all(a, input)? {
                values.push(act(first, second.clone())?);
            }
        }
        Ok(values)
    }

    fn text(&mut self, format: Option<&str>, parts: &[Part], input: &Json) -> Values {
        let mut texts = vec![String::new()];
        for part in parts {
            match part {
                Part::Plain(plain) => texts.iter_mut().for_each(|text| text.push_str(plain)),
                Part::Inner(inner) => {
                    let values = self.all(inner, input)?;
                    let mut longer = Vec::new();
                    for value in values {
                        let shown = formatted(format.unwrap_or("text"), &value)?;
                        longer.extend(texts.iter().map(|text| format!("{text}{shown}")));
                    }
                    texts = longer;
                }
            }
        }
        Ok(texts.into_iter().map(Json::Text).collect())
    }

    fn object(&mut self, members: &[(Filter, Option<Filter>)], input: &Json) -> Values {
        let mut objects = vec![Vec::new()];
        for (key, value) in members {
            let mut longer = Vec::new();
            for key in self.all(key, input)? {
                let Json::Text(key) = key else {
                    return Err(format!("Object keys must be strings, not {}", key.kind()));
                };
                let values = match value {
                    Some(value) => self.all(value, input)?,
                    None => vec![field(input, &Json::Text(key.clone()))?],
                };
                for value in values {
                    for object in &objects {
                        let mut object: Vec<(String, Json)> = object.clone();
                        Json::insert(&mut object, key.clone(), value.clone());
                        longer.push(object);
                    }
                }
            }
            objects = longer;
        }
        Ok(objects.into_iter().map(Json::Object).collect())
    }

    fn operator(&mut self, sign: &'static str, a: &Filter, b: &Filter, input: &Json) -> Values {
        let truth = |value: bool| Json::Bool(value);
        match sign {
            "//" => {
                let values = self.all(a, input).unwrap_or_default();
                let good: Vec<Json> = values.into_iter().filter(Json::is_true).collect();
                if good.is_empty() { self.all(b, input) } else { Ok(good) }
            }
            "and" => {
                let a = self.first(a, input)?.is_true();
                Ok(vec![truth(a && self.first(b, input)?.is_true())])
            }
            "or" => {
                let a = self.first(a, input)?.is_true();
                Ok(vec![truth(a || self.first(b, input)?.is_true())])
            }
            "=" | "|=" | "+=" | "-=" | "*=" | "/=" => {
                let mut result = input.clone();
                for path in self.paths(a, input)? {
                    let old = at(&result, &path)?;
                    let new = match sign {
                        "=" => self.first(b, input)?,
                        "|=" => match self.all(b, &old)?.into_iter().next() {
                            Some(new) => new,
                            None => {
                                result = without(&result, &path)?;
                                continue;
                            }
                        },
                        sign => operate(&sign[..1], &old, &self.first(b, input)?)?,
                    };
                    result = replaced(&result, &path, new)?;
                }
                Ok(vec![result])
            }
            _ => self.pairs(a, b, input, |a, b| operate(sign, &a, &b)),
        }
    }

    /// The paths that a filter leads to.
    fn paths(&mut self, filter: &Filter, input: &Json) -> Result<Vec<Vec<Step>>, String> {
        self.tick()?;
        let mut found = Vec::new();
        match filter {
            Filter::Identity => found.push(Vec::new()),
            Filter::Field(base, index) => {
                for path in self.paths(base, input)? {
                    for index in self.all(index, input)? {
                        let step = match index {
                            Json::Text(name) => Step::Name(name),
                            Json::Number(number) => Step::Index(number.whole()),
                            other => return Err(not(&other, "cannot be used as a path")),
                        };
                        found.push([path.clone(), vec![step]].concat());
                    }
                }
            }
            Filter::Each(base) => {
                for path in self.paths(base, input)? {
                    let steps: Vec<Step> = match at(input, &path)? {
                        Json::Array(items) => (0..).take(items.len()).map(Step::Index).collect(),
                        Json::Object(members) => {
                            members.into_iter().map(|(name, _)| Step::Name(name)).collect()
                        }
                        other => return Err(format!("Cannot iterate over {}", other.kind())),
                    };
                    found.extend(steps.into_iter().map(|step| [path.clone(), vec![step]].concat()));
                }
            }
            Filter::Pipe(a, b) => {
                for path in self.paths(a, input)? {
                    let value = at(input, &path)?;
                    let rest = self.paths(b, &value)?;
                    found.extend(rest.into_iter().map(|rest| [path.clone(), rest].concat()));
                }
            }
            Filter::Comma(a, b) => {
                found = self.paths(a, input)?;
                found.extend(self.paths(b, input)?);
            }
            Filter::Try(inner) => found = self.paths(inner, input).unwrap_or_default(),
            Filter::Call(name, args) if name == "select" && args.len() == 1 => {
                if self.first(&args[0], input)?.is_true() {
                    found.push(Vec::new());
                }
            }
            _ => return Err("Invalid path expression".to_owned()),
        }
        Ok(found)
    }

    fn call(&mut self, name: &str, args: &[Filter], input: &Json) -> Values {
        let one = |value: Json| Ok(vec![value]);
        match (name, args) {
            ("empty", []) => Ok(Vec::new()),
            ("not", []) => one(Json::Bool(!input.is_true())),
            ("error", []) => Err(raw(input)),
            ("error", [message]) => Err(raw(&self.first(message, input)?)),
            ("env", []) => one(self.env()),
            ("select", [condition]) => {
                let conditions = self.all(condition, input)?;
                Ok(conditions.iter().filter(|it| it.is_true()).map(|_| input.clone()).collect())
            }
            ("numbers" | "strings" | "arrays" | "objects" | "nulls" | "booleans", []) => {
                let fits = name.trim_end_matches('s') == input.kind();
                Ok(fits.then(|| input.clone()).into_iter().collect())
            }
            ("values", []) => {
                Ok((*input != Json::Null).then(|| input.clone()).into_iter().collect())
            }
            ("scalars" | "iterables", []) => {
                let is_scalar = !matches!(input, Json::Array(_) | Json::Object(_));
                Ok((is_scalar == (name == "scalars")).then(|| input.clone()).into_iter().collect())
            }
            ("recurse", []) => self.all(&Filter::Recurse, input),
            ("map", [inner]) => {
                let mut values = Vec::new();
                for value in each(input)? {
                    values.extend(self.all(inner, &value)?);
                }
                one(Json::Array(values))
            }
            ("range", [..]) if !args.is_empty() => {
                let (from, to) = match args {
                    [to] => (0, self.first(to, input)?),
                    [from, to, ..] => {
                        let from = self.first(from, input)?;
                        let Json::Number(from) = from else {
                            return Err("Range bounds must be numeric".into());
                        };
                        (from.whole(), self.first(to, input)?)
                    }
                    [] => return Ok(Vec::new()),
                };
                let Json::Number(to) = to else {
                    return Err("Range bounds must be numeric".into());
                };
                let to = to.whole().min(from.saturating_add(100_000));
                Ok((from..to).map(|number| Json::Number(number.into())).collect())
            }
            ("del", [target]) => {
                let mut result = input.clone();
                // From the back, so that places do not move.
                for path in self.paths(target, input)?.iter().rev() {
                    result = without(&result, path)?;
                }
                one(result)
            }
            (
                "has" | "contains" | "startswith" | "endswith" | "ltrimstr" | "rtrimstr" | "split"
                | "join" | "index" | "test" | "flatten" | "inside",
                [arg],
            ) => {
                let mut values = Vec::new();
                for arg in self.all(arg, input)? {
                    values.push(super::builtin::call(name, input, &[arg])?);
                }
                Ok(values)
            }
            ("sub" | "gsub" | "test", [a, b]) => {
                let (a, b) = (self.first(a, input)?, self.first(b, input)?);
                one(super::builtin::call(name, input, &[a, b])?)
            }
            _ if !args.is_empty() => self.call_each(name, args, input),
            _ => one(super::builtin::call(name, input, &[])?),
        }
    }

    /// Functions that apply a filter to each member.
    fn call_each(&mut self, name: &str, args: &[Filter], input: &Json) -> Values {
        let one = |value: Json| Ok(vec![value]);
        match (name, args) {
            ("map_values", [inner]) => {
                let Json::Object(members) = input else {
                    return self.call("map", args, input);
                };
                let mut result = Vec::new();
                for (name, value) in members {
                    if let Some(value) = self.all(inner, value)?.into_iter().next() {
                        result.push((name.clone(), value));
                    }
                }
                one(Json::Object(result))
            }
            ("with_entries", [inner]) => {
                let entries = super::builtin::call("to_entries", input, &[])?;
                let mapped = self.call("map", std::slice::from_ref(inner), &entries)?;
                mapped
                    .iter()
                    .map(|entries| super::builtin::call("from_entries", entries, &[]))
                    .collect()
            }
            ("sort_by" | "group_by" | "unique_by" | "min_by" | "max_by", [key]) => {
                let mut keyed = Vec::new();
                for item in each(input)? {
                    keyed.push((Json::Array(self.all(key, &item)?), item));
                }
                one(super::builtin::by_key(name, keyed))
            }
            ("any" | "all", [.., condition]) if args.len() <= 2 => {
                let mut found = Vec::new();
                let items = match args {
                    [source, _] => self.all(source, input)?,
                    _ => each(input)?,
                };
                for item in items {
                    found.push(self.first(condition, &item)?.is_true());
                }
                let holds =
                    if name == "any" { found.contains(&true) } else { !found.contains(&false) };
                one(Json::Bool(holds))
            }
            ("first" | "last", [inner]) => {
                let mut values = self.all(inner, input)?;
                let value = if name == "first" { values.drain(..).next() } else { values.pop() };
                Ok(value.into_iter().collect())
            }
            _ => Err(format!("{UNDEFINED}{name}/{} is not defined", args.len())),
        }
    }
}

fn recurse(value: &Json, into: &mut Vec<Json>) {
    into.push(value.clone());
    for inner in each(value).unwrap_or_default() {
        recurse(&inner, into);
    }
}
