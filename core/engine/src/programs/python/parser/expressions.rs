//! Expressions, from the loosest binding to the tightest.

use super::super::lexer::{Token, tokens};
use super::super::syntax::Expr;
use super::{DEPTH_MAX, Parsed, Parser};

const COMPARISONS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

impl Parser {
    /// One expression, or several with commas: a tuple.
    pub(super) fn expressions(&mut self) -> Parsed<Expr> {
        let first = self.expression()?;
        if !self.is(",") {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.eat(",") {
            if matches!(self.peek(), Token::Newline | Token::Sign("=" | ")")) {
                break;
            }
            all.push(self.expression()?);
        }
        Ok(Expr::Tuple(all))
    }

    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.error("too deeply nested");
        }
        let mut value = self.or()?;
        if self.eat_word("if") {
            let condition = self.or()?;
            if !self.eat_word("else") {
                return self.error("invalid syntax");
            }
            let other = self.expression()?;
            value = Expr::Choice(Box::new(value), Box::new(condition), Box::new(other));
        }
        self.depth -= 1;
        Ok(value)
    }

    pub(super) fn or(&mut self) -> Parsed<Expr> {
        let mut left = self.and()?;
        while self.eat_word("or") {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expr> {
        let mut left = self.not()?;
        while self.eat_word("and") {
            left = Expr::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed<Expr> {
        let mut count = 0;
        while self.eat_word("not") {
            count += 1;
        }
        let value = self.comparison()?;
        Ok((0..count).fold(value, |value, _| Expr::Not(Box::new(value))))
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let left = self.sum()?;
        let found = COMPARISONS.into_iter().find(|sign| self.is(sign));
        let operator = if let Some(sign) = found {
            self.at += 1;
            sign
        } else if self.eat_word("in") {
            "in"
        } else if self.eat_word("is") {
            if self.eat_word("not") { "is not" } else { "is" }
        } else if self.is_word("not") {
            self.at += 1;
            if !self.eat_word("in") {
                return self.error("invalid syntax");
            }
            "not in"
        } else {
            return Ok(left);
        };
        Ok(Expr::Binary(operator, Box::new(left), Box::new(self.sum()?)))
    }

    fn sum(&mut self) -> Parsed<Expr> {
        let mut left = self.product()?;
        while let Some(sign) = ["+", "-"].into_iter().find(|sign| self.is(sign)) {
            self.at += 1;
            left = Expr::Binary(sign, Box::new(left), Box::new(self.product()?));
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed<Expr> {
        let mut left = self.unary()?;
        while let Some(sign) = ["*", "//", "/", "%"].into_iter().find(|sign| self.is(sign)) {
            self.at += 1;
            left = Expr::Binary(sign, Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        if self.eat("-") {
            return Ok(Expr::Negative(Box::new(self.postfix()?)));
        }
        let base = self.postfix()?;
        if self.eat("**") {
            return Ok(Expr::Binary("**", Box::new(base), Box::new(self.unary()?)));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let mut value = self.atom()?;
        loop {
            if self.eat(".") {
                value = Expr::Attribute(Box::new(value), self.name()?);
            } else if self.eat("(") {
                let (positional, named) = self.arguments()?;
                value = Expr::Call(Box::new(value), positional, named);
            } else if self.eat("[") {
                value = self.subscript(value)?;
            } else {
                return Ok(value);
            }
        }
    }

    #[expect(clippy::type_complexity, reason = "positional and named arguments, used once")]
    fn arguments(&mut self) -> Parsed<(Vec<Expr>, Vec<(String, Expr)>)> {
        let (mut positional, mut named) = (Vec::new(), Vec::new());
        while !self.eat(")") {
            let value = self.expression()?;
            match value {
                Expr::Name(name) if self.eat("=") => named.push((name, self.expression()?)),
                value => positional.push(value),
            }
            if self.is_word("for")
                && let Some(value) = positional.pop()
            {
                positional.push(self.each(value)?);
            }
            if !self.is(")") {
                self.expect(",")?;
            }
        }
        Ok((positional, named))
    }

    fn subscript(&mut self, value: Expr) -> Parsed<Expr> {
        let from = if self.is(":") { None } else { Some(Box::new(self.expression()?)) };
        if self.eat(":") {
            let to = if self.is("]") { None } else { Some(Box::new(self.expression()?)) };
            self.expect("]")?;
            return Ok(Expr::Slice(Box::new(value), from, to));
        }
        self.expect("]")?;
        match from {
            Some(index) => Ok(Expr::Index(Box::new(value), index)),
            None => self.error("invalid syntax"),
        }
    }

    fn atom(&mut self) -> Parsed<Expr> {
        Ok(match self.next() {
            Token::Int(number) => Expr::Int(number),
            Token::Format(text) => self.format(&text)?,
            Token::Text(mut text) => {
                // Literals side by side are one.
                while let Token::Text(more) = self.peek() {
                    text.push_str(more);
                    self.at += 1;
                }
                Expr::Text(text)
            }
            Token::Name(name) => match name.as_str() {
                "None" => Expr::None,
                "True" => Expr::Bool(true),
                "False" => Expr::Bool(false),
                "lambda" => {
                    let parameters = self.parameters(":")?;
                    Expr::Lambda(parameters, Box::new(self.expression()?))
                }
                _ => Expr::Name(name),
            },
            Token::Sign("(") => {
                if self.eat(")") {
                    return Ok(Expr::Tuple(Vec::new()));
                }
                let value = self.expressions()?;
                self.expect(")")?;
                value
            }
            Token::Sign("[") => {
                if self.eat("]") {
                    return Ok(Expr::List(Vec::new()));
                }
                let first = self.expression()?;
                if self.is_word("for") {
                    let each = self.each(first)?;
                    self.expect("]")?;
                    return Ok(each);
                }
                let mut items = vec![first];
                if !self.is("]") {
                    self.expect(",")?;
                }
                items.extend(self.items("]")?);
                Expr::List(items)
            }
            Token::Real(units) => Expr::Real(units),
            Token::Sign("{") => {
                let mut pairs = Vec::new();
                while !self.eat("}") {
                    let key = self.expression()?;
                    self.expect(":")?;
                    pairs.push((key, self.expression()?));
                    if !self.is("}") {
                        self.expect(",")?;
                    }
                }
                Expr::Dict(pairs)
            }
            _ => {
                self.at -= 1;
                return self.error("invalid syntax");
            }
        })
    }

    /// What follows the value of a comprehension.
    pub(super) fn each(&mut self, value: Expr) -> Parsed<Expr> {
        self.at += 1;
        let target = self.targets()?;
        if !self.eat_word("in") {
            return self.error("invalid syntax");
        }
        let items = self.or()?;
        let condition = if self.eat_word("if") { Some(Box::new(self.or()?)) } else { None };
        if self.is_word("for") {
            return self.error("not simulated: comprehensions within comprehensions");
        }
        Ok(Expr::Each(Box::new(value), Box::new(target), Box::new(items), condition))
    }

    fn items(&mut self, close: &str) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.expression()?);
            if !self.is(close) {
                self.expect(",")?;
            }
        }
        Ok(items)
    }

    /// `text {expression} text`.
    fn format(&self, text: &str) -> Parsed<Expr> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            pieces.push(Expr::Text(literal.replace("}}", "}")));
            if let Some(after) = after.strip_prefix('{') {
                pieces.push(Expr::Text("{".to_owned()));
                rest = after;
                continue;
            }
            let Some((inner, after)) = after.split_once('}') else {
                return self.error("f-string: expecting '}'");
            };
            // `a[1:2]` and `x:>5` both have a colon: the whole is tried first.
            let whole = tokens(inner).ok().and_then(|tokens| {
                let mut parser = Self { tokens, at: 0, is_two: false, depth: self.depth };
                let value = parser.expression().ok()?;
                matches!(parser.peek(), Token::Newline | Token::End).then_some(value)
            });
            pieces.push(match whole {
                Some(value) => value,
                None => {
                    let (value, spec) = inner.split_once(':').unwrap_or((inner, ""));
                    let (value, is_repr) = match value.split_once('!') {
                        Some((value, kind)) if !kind.starts_with('=') => (value, kind == "r"),
                        _ => (value, false),
                    };
                    let mut parser =
                        Self { tokens: tokens(value)?, at: 0, is_two: false, depth: self.depth };
                    Expr::Spec(Box::new(parser.expression()?), is_repr, spec.to_owned())
                }
            });
            rest = after;
        }
        pieces.push(Expr::Text(rest.replace("}}", "}")));
        Ok(Expr::Format(pieces))
    }
}
