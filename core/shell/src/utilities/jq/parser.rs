//! The filters of `jq`.

use std::rc::Rc;

use json::Decimal;

/// A filter.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    Identity,
    Recurse,
    Literal(json::Json),
    /// Parts of a text: as they are, and filters whose output is put in.
    Text(Option<String>, Vec<Part>),
    Field(Box<Self>, Box<Self>),
    Slice(Box<Self>, Option<Box<Self>>, Option<Box<Self>>),
    Each(Box<Self>),
    Try(Box<Self>),
    Pipe(Box<Self>, Box<Self>),
    Comma(Box<Self>, Box<Self>),
    Array(Option<Box<Self>>),
    Object(Vec<(Self, Option<Self>)>),
    Operator(&'static str, Box<Self>, Box<Self>),
    Negative(Box<Self>),
    If(Box<Self>, Box<Self>, Option<Box<Self>>),
    Variable(String),
    As(Box<Self>, String, Box<Self>),
    Reduce(Box<Self>, String, Box<Self>, Box<Self>),
    Call(String, Vec<Self>),
    /// `def name(parameters): body; rest`.
    Define(String, Vec<String>, Rc<Self>, Box<Self>),
    Format(String),
}

/// A part of a text.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Plain(String),
    Inner(Filter),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Sign(&'static str),
    Name(String),
    Field(String),
    Variable(String),
    Format(String),
    Number(Decimal),
    Text(String),
}

const SIGNS: [&str; 35] = [
    "?//", "|=", "+=", "-=", "*=", "/=", "//", "==", "!=", "<=", ">=", "..", ".", "[", "]", "(",
    ")", "{", "}", "|", ",", ":", "+", "-", "*", "/", "%", "=", "<", ">", "?", ";", "and", "or",
    "as",
];

/// Filters may be nested no deeper.
const DEPTH_MAX: u32 = 60;

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
}

type Parsed = Result<Filter, String>;

/// Reads a filter; the error is what follows `syntax error, `.
pub(super) fn parse(source: &str) -> Parsed {
    let mut parser = Parser { tokens: tokens(source)?, at: 0, depth: 0 };
    if parser.tokens.is_empty() {
        return Ok(Filter::Identity);
    }
    let filter = parser.pipe()?;
    if parser.at < parser.tokens.len() { parser.wrong() } else { Ok(filter) }
}

fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = source.trim_start();
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let word = |text: &str| text.chars().take_while(|char| is_part(*char)).collect::<String>();
    while let Some(char) = rest.chars().next() {
        let used = if char == '#' {
            rest.find('\n').unwrap_or(rest.len())
        } else if char == '"' {
            let end = string_end(rest).ok_or("unexpected INVALID_CHARACTER")?;
            found.push(Token::Text(rest[1..end].to_owned()));
            end + 1
        } else if char.is_ascii_digit() {
            let (number, used) = Decimal::prefix(rest);
            found.push(Token::Number(number));
            used.max(1)
        } else if char == '.'
            && !word(&rest[1..]).is_empty()
            && !rest[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            let name = word(&rest[1..]);
            let size = name.len() + 1;
            found.push(Token::Field(name));
            size
        } else if (char == '$' || char == '@') && !word(&rest[1..]).is_empty() {
            let name = word(&rest[1..]);
            let size = name.len() + 1;
            found.push(if char == '$' { Token::Variable(name) } else { Token::Format(name) });
            size
        } else if is_part(char) {
            let name = word(rest);
            let size = name.len();
            found.push(match name.as_str() {
                "and" => Token::Sign("and"),
                "or" => Token::Sign("or"),
                "as" => Token::Sign("as"),
                _ => Token::Name(name),
            });
            size
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or("unexpected INVALID_CHARACTER")?;
            found.push(Token::Sign(sign));
            sign.len()
        };
        rest = rest[used..].trim_start();
    }
    Ok(found)
}

/// Where a text that begins with a quotation mark ends, `\(...)` in it skipped.
fn string_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (1, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if bytes.get(at + 1) == Some(&b'(') => {
                depth += 1;
                at += 1;
            }
            b'\\' => at += 1,
            b'(' if depth > 0 => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b'"' if depth == 0 => return Some(at),
            b'"' => at += string_end(&text[at..])?,
            _ => {}
        }
        at += 1;
    }
    None
}

fn text_parts(raw: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = raw;
    while let Some(at) = rest.find("\\(") {
        // A doubled backslash before it is a character of the text.
        let slashes = rest[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        if slashes % 2 == 1 {
            plain.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
            continue;
        }
        plain.push_str(&rest[..at]);
        parts.push(Part::Plain(unescaped(&plain)?));
        plain.clear();
        let inner = &rest[at + 2..];
        let (mut depth, mut end) = (1, 0);
        let bytes = inner.as_bytes();
        while depth > 0 {
            match bytes.get(end).ok_or("unexpected end of string")? {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'"' => end += string_end(&inner[end..]).ok_or("unexpected end of string")?,
                _ => {}
            }
            end += 1;
        }
        parts.push(Part::Inner(parse(&inner[..end - 1])?));
        rest = &inner[end..];
    }
    plain.push_str(rest);
    parts.push(Part::Plain(unescaped(&plain)?));
    Ok(parts)
}

fn unescaped(raw: &str) -> Result<String, String> {
    match json::Reader::new(&format!("\"{raw}\"")).read() {
        Ok(Some(json::Json::Text(text))) => Ok(text),
        _ => Err("unexpected INVALID_CHARACTER".to_owned()),
    }
}

impl Parser {
    fn is(&self, sign: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Sign(own)) if *own == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        self.at += usize::from(found);
        found
    }

    fn take_name(&mut self, name: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Name(own)) if own == name);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.take(sign) { Ok(()) } else { self.wrong() }
    }

    fn expect_name(&mut self, name: &str) -> Result<(), String> {
        if self.take_name(name) { Ok(()) } else { self.wrong() }
    }

    fn wrong<T>(&self) -> Result<T, String> {
        Err(match self.tokens.get(self.at) {
            None => "unexpected $end".to_owned(),
            Some(Token::Sign(sign)) => format!("unexpected '{sign}'"),
            Some(Token::Name(name)) => format!("unexpected IDENT `{name}'"),
            Some(Token::Number(_)) => "unexpected LITERAL".to_owned(),
            Some(Token::Text(_)) => "unexpected QQSTRING_START".to_owned(),
            Some(Token::Field(_)) => "unexpected FIELD".to_owned(),
            Some(Token::Variable(_)) => "unexpected '$'".to_owned(),
            Some(Token::Format(_)) => "unexpected FORMAT".to_owned(),
        })
    }

    fn pipe(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("not simulated: filters nested so deep".to_owned());
        }
        if matches!(self.tokens.get(self.at), Some(Token::Name(name)) if name == "def") {
            let filter = self.define()?;
            self.depth -= 1;
            return Ok(filter);
        }
        let left = self.comma()?;
        let filter = if self.take("|") {
            Filter::Pipe(Box::new(left), Box::new(self.pipe()?))
        } else {
            left
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn define(&mut self) -> Parsed {
        self.at += 1;
        let Some(Token::Name(name)) = self.tokens.get(self.at).cloned() else {
            return self.wrong();
        };
        self.at += 1;
        let mut parameters = Vec::new();
        if self.take("(") {
            loop {
                match self.tokens.get(self.at).cloned() {
                    Some(Token::Name(name)) => parameters.push(name),
                    Some(Token::Variable(name)) => parameters.push(format!("${name}")),
                    _ => return self.wrong(),
                }
                self.at += 1;
                if !self.take(";") {
                    break;
                }
            }
            self.expect(")")?;
        }
        self.expect(":")?;
        let body = Rc::new(self.pipe()?);
        self.expect(";")?;
        let rest = if self.at < self.tokens.len() { self.pipe()? } else { Filter::Identity };
        Ok(Filter::Define(name, parameters, body, Box::new(rest)))
    }

    fn comma(&mut self) -> Parsed {
        let mut left = self.level(0)?;
        while self.take(",") {
            left = Filter::Comma(Box::new(left), Box::new(self.level(0)?));
        }
        Ok(left)
    }

    fn level(&mut self, level: usize) -> Parsed {
        const LEVELS: [&[&str]; 7] = [
            &["//"],
            &["=", "|=", "+=", "-=", "*=", "/="],
            &["or"],
            &["and"],
            &["==", "!=", "<=", ">=", "<", ">"],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        let Some(signs) = LEVELS.get(level) else { return self.postfix() };
        let mut left = self.level(level + 1)?;
        while let Some(sign) = signs.iter().find(|sign| self.is(sign)) {
            self.at += 1;
            let right = self.level(if level == 0 { 0 } else { level + 1 })?;
            left = Filter::Operator(sign, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn postfix(&mut self) -> Parsed {
        let mut filter = self.primary()?;
        loop {
            let boxed = Box::new(filter.clone());
            filter = if self.take("?") {
                Filter::Try(boxed)
            } else if let Some(Token::Field(name)) = self.tokens.get(self.at).cloned() {
                self.at += 1;
                Filter::Field(boxed, Box::new(text(&name)))
            } else if self.is(".") && matches!(self.tokens.get(self.at + 1), Some(Token::Text(_))) {
                self.at += 1;
                Filter::Field(boxed, Box::new(self.primary()?))
            } else if self.is(".") && matches!(self.tokens.get(self.at + 1), Some(Token::Sign("[")))
            {
                self.at += 1;
                continue;
            } else if self.take("[") {
                self.index(boxed)?
            } else if self.take("as") {
                let Some(Token::Variable(name)) = self.tokens.get(self.at).cloned() else {
                    return self.wrong();
                };
                self.at += 1;
                self.expect("|")?;
                Filter::As(boxed, name, Box::new(self.pipe()?))
            } else {
                return Ok(filter);
            };
        }
    }

    fn index(&mut self, base: Box<Filter>) -> Parsed {
        if self.take("]") {
            return Ok(Filter::Each(base));
        }
        let from = if self.is(":") { None } else { Some(Box::new(self.pipe()?)) };
        if self.take(":") {
            let to = if self.is("]") { None } else { Some(Box::new(self.pipe()?)) };
            self.expect("]")?;
            return Ok(Filter::Slice(base, from, to));
        }
        self.expect("]")?;
        match from {
            Some(index) => Ok(Filter::Field(base, index)),
            None => self.wrong(),
        }
    }

    fn primary(&mut self) -> Parsed {
        let Some(token) = self.tokens.get(self.at).cloned() else { return self.wrong() };
        self.at += 1;
        Ok(match token {
            Token::Sign("..") => Filter::Recurse,
            Token::Sign(".") => match self.tokens.get(self.at).cloned() {
                Some(Token::Text(raw)) => {
                    self.at += 1;
                    let name = Filter::Text(None, text_parts(&raw)?);
                    Filter::Field(Box::new(Filter::Identity), Box::new(name))
                }
                _ => Filter::Identity,
            },
            Token::Field(name) => Filter::Field(Box::new(Filter::Identity), Box::new(text(&name))),
            Token::Number(number) => Filter::Literal(json::Json::Number(number)),
            Token::Text(raw) => Filter::Text(None, text_parts(&raw)?),
            Token::Format(name) => match self.tokens.get(self.at).cloned() {
                Some(Token::Text(raw)) => {
                    self.at += 1;
                    Filter::Text(Some(name), text_parts(&raw)?)
                }
                _ => Filter::Format(name),
            },
            Token::Variable(name) => Filter::Variable(name),
            Token::Sign("-") => Filter::Negative(Box::new(self.postfix()?)),
            Token::Sign("(") => {
                let inner = self.pipe()?;
                self.expect(")")?;
                inner
            }
            Token::Sign("[") => {
                if self.take("]") {
                    return Ok(Filter::Array(None));
                }
                let inner = self.pipe()?;
                self.expect("]")?;
                Filter::Array(Some(Box::new(inner)))
            }
            Token::Sign("{") => self.object()?,
            Token::Name(name) => self.named(name)?,
            Token::Sign(_) => {
                self.at -= 1;
                return self.wrong();
            }
        })
    }

    fn object(&mut self) -> Parsed {
        let mut members = Vec::new();
        while !self.take("}") {
            let Some(token) = self.tokens.get(self.at).cloned() else { return self.wrong() };
            self.at += 1;
            let key = match token {
                Token::Name(name) => text(&name),
                Token::Text(raw) => Filter::Text(None, text_parts(&raw)?),
                Token::Variable(name) => {
                    members.push((text(&name), Some(Filter::Variable(name))));
                    self.take(",");
                    continue;
                }
                Token::Sign("(") => {
                    let inner = self.pipe()?;
                    self.expect(")")?;
                    inner
                }
                _ => {
                    self.at -= 1;
                    return self.wrong();
                }
            };
            let value = if self.take(":") { Some(self.level(0)?) } else { None };
            members.push((key, value));
            if !self.take(",") && !self.is("}") {
                return self.wrong();
            }
        }
        Ok(Filter::Object(members))
    }

    fn named(&mut self, name: String) -> Parsed {
        use json::Json;
        Ok(match name.as_str() {
            "null" => Filter::Literal(Json::Null),
            "true" => Filter::Literal(Json::Bool(true)),
            "false" => Filter::Literal(Json::Bool(false)),
            "if" => return self.condition(),
            "try" => Filter::Try(Box::new(self.postfix()?)),
            "reduce" => {
                let source = self.primary_with_suffixes()?;
                self.expect("as")?;
                let Some(Token::Variable(variable)) = self.tokens.get(self.at).cloned() else {
                    return self.wrong();
                };
                self.at += 1;
                self.expect("(")?;
                let start = self.pipe()?;
                self.expect(";")?;
                let update = self.pipe()?;
                self.expect(")")?;
                Filter::Reduce(Box::new(source), variable, Box::new(start), Box::new(update))
            }
            "foreach" | "label" | "import" | "limit" | "input" | "inputs" => {
                return Err(format!("not simulated: {name}"));
            }
            _ => {
                let mut args = Vec::new();
                if self.take("(") {
                    args.push(self.pipe()?);
                    while self.take(";") {
                        args.push(self.pipe()?);
                    }
                    self.expect(")")?;
                }
                Filter::Call(name, args)
            }
        })
    }

    /// What stands before `as` in `reduce`.
    fn primary_with_suffixes(&mut self) -> Parsed {
        let mut filter = self.primary()?;
        loop {
            let boxed = Box::new(filter.clone());
            filter = if let Some(Token::Field(name)) = self.tokens.get(self.at).cloned() {
                self.at += 1;
                Filter::Field(boxed, Box::new(text(&name)))
            } else if self.take("[") {
                self.index(boxed)?
            } else {
                return Ok(filter);
            };
        }
    }

    fn condition(&mut self) -> Parsed {
        let condition = self.pipe()?;
        self.expect_name("then")?;
        let yes = self.pipe()?;
        let no = if self.take_name("elif") {
            return Ok(Filter::If(
                Box::new(condition),
                Box::new(yes),
                Some(Box::new(self.condition()?)),
            ));
        } else if self.take_name("else") {
            Some(Box::new(self.pipe()?))
        } else {
            None
        };
        self.expect_name("end")?;
        Ok(Filter::If(Box::new(condition), Box::new(yes), no))
    }
}

fn text(text: &str) -> Filter {
    Filter::Literal(json::Json::Text(text.to_owned()))
}
