//! From tokens to a program.

use super::lexer::{Token, tokens};
use super::syntax::{Block, Expr, Handler, Kind, Statement, SyntaxError};

/// Parses a program; with `is_two`, `print` is a statement.
pub(super) fn parse(source: &str, is_two: bool) -> Result<Block, SyntaxError> {
    let mut parser = Parser { tokens: tokens(source)?, at: 0, is_two, depth: 0 };
    let mut block = Vec::new();
    while *parser.peek() != Token::End {
        if *parser.peek() == Token::Newline {
            parser.at += 1;
        } else {
            parser.statement(&mut block)?;
        }
    }
    Ok(block)
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
    is_two: bool,
    /// Nesting of expressions and blocks, bounded.
    depth: u32,
}

type Parsed<T> = Result<T, SyntaxError>;

const DEPTH_MAX: u32 = 40;

const COMPARISONS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }
    fn line(&self) -> usize {
        let last = self.tokens.last().map_or(1, |(_, line)| *line);
        self.tokens.get(self.at).map_or(last, |(_, line)| *line)
    }
    fn error<T>(&self, text: &str) -> Parsed<T> {
        Err(SyntaxError { line: self.line(), text: text.to_owned() })
    }
    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }
    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }
    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Name(found) if found == word)
    }
    fn eat(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        self.at += usize::from(found);
        found
    }
    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }
    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.eat(sign) { Ok(()) } else { self.error("invalid syntax") }
    }
    fn name(&mut self) -> Parsed<String> {
        match self.next() {
            Token::Name(name) => Ok(name),
            _ => {
                self.at -= 1;
                self.error("invalid syntax")
            }
        }
    }

    fn block(&mut self) -> Parsed<Block> {
        self.expect(":")?;
        let mut block = Vec::new();
        if *self.peek() != Token::Newline {
            self.simple_line(&mut block)?;
            return Ok(block);
        }
        while *self.peek() == Token::Newline {
            self.at += 1;
        }
        if *self.peek() != Token::Indent {
            return self.error("expected an indented block");
        }
        self.at += 1;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.error("too many levels of indentation");
        }
        while !matches!(self.peek(), Token::Dedent | Token::End) {
            if *self.peek() == Token::Newline {
                self.at += 1;
            } else {
                self.statement(&mut block)?;
            }
        }
        self.at += 1;
        self.depth -= 1;
        Ok(block)
    }

    fn statement(&mut self, block: &mut Block) -> Parsed<()> {
        let line = self.line();
        let word = match self.peek() {
            Token::Name(word) => word.clone(),
            Token::Indent => return self.error("unexpected indent"),
            _ => String::new(),
        };
        let kind = match word.as_str() {
            "if" => self.if_statement()?,
            "while" => {
                self.at += 1;
                let condition = self.expression()?;
                Kind::While(condition, self.block()?)
            }
            "for" => {
                self.at += 1;
                let target = self.targets()?;
                if !self.eat_word("in") {
                    return self.error("invalid syntax");
                }
                let items = self.expressions()?;
                Kind::For(target, items, self.block()?)
            }
            "try" => self.try_statement()?,
            "with" => {
                self.at += 1;
                let value = self.expression()?;
                let name = if self.eat_word("as") { Some(self.name()?) } else { None };
                Kind::With(value, name, self.block()?)
            }
            "def" => self.define()?,
            "class" | "lambda" | "async" | "yield" | "exec" => {
                return self.error(&format!("not simulated: {word}"));
            }
            _ => return self.simple_line(block),
        };
        block.push(Statement { line, kind });
        Ok(())
    }

    fn if_statement(&mut self) -> Parsed<Kind> {
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        while self.eat_word("if") || self.eat_word("elif") {
            let condition = self.expression()?;
            branches.push((condition, self.block()?));
            if !self.is_word("elif") {
                break;
            }
        }
        if self.eat_word("else") {
            otherwise = self.block()?;
        }
        Ok(Kind::If(branches, otherwise))
    }

    fn try_statement(&mut self) -> Parsed<Kind> {
        self.at += 1;
        let body = self.block()?;
        let mut handlers = Vec::new();
        while self.eat_word("except") {
            let mut handler = Handler { types: Vec::new(), name: None, body: Vec::new() };
            if !self.is(":") {
                let parenthesised = self.eat("(");
                handler.types.push(self.name()?);
                while parenthesised && self.eat(",") {
                    handler.types.push(self.name()?);
                }
                if parenthesised {
                    self.expect(")")?;
                }
                if self.eat_word("as") || self.is_two && self.eat(",") {
                    handler.name = Some(self.name()?);
                }
            }
            handler.body = self.block()?;
            handlers.push(handler);
        }
        let mut body = body;
        if self.eat_word("else") {
            body.extend(self.block()?);
        }
        let finally = if self.eat_word("finally") { self.block()? } else { Vec::new() };
        Ok(Kind::Try { body, handlers, finally })
    }

    fn define(&mut self) -> Parsed<Kind> {
        self.at += 1;
        let name = self.name()?;
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.eat(")") {
            let name = self.name()?;
            let default = if self.eat("=") { Some(self.expression()?) } else { None };
            parameters.push((name, default));
            if !self.is(")") {
                self.expect(",")?;
            }
        }
        Ok(Kind::Define(name, parameters, self.block()?))
    }

    fn simple_line(&mut self, block: &mut Block) -> Parsed<()> {
        loop {
            let line = self.line();
            let kind = self.simple()?;
            block.push(Statement { line, kind });
            if !self.eat(";") || *self.peek() == Token::Newline {
                break;
            }
        }
        match self.next() {
            Token::Newline | Token::End => Ok(()),
            _ => {
                self.at -= 1;
                self.error("invalid syntax")
            }
        }
    }

    fn simple(&mut self) -> Parsed<Kind> {
        let at_end = |parser: &Self| matches!(parser.peek(), Token::Newline | Token::Sign(";"));
        if self.is_two && self.is_word("print") {
            self.at += 1;
            return self.print();
        }
        if self.eat_word("pass") || self.eat_word("global") && self.names().is_ok() {
            return Ok(Kind::Pass);
        }
        if self.eat_word("del") {
            return Ok(Kind::Delete(self.expression()?));
        }
        if self.eat_word("assert") {
            let condition = self.expression()?;
            let text = if self.eat(",") { Some(self.expression()?) } else { None };
            return Ok(Kind::Assert(condition, text));
        }
        if self.eat_word("break") {
            return Ok(Kind::Break);
        }
        if self.eat_word("continue") {
            return Ok(Kind::Continue);
        }
        if self.eat_word("return") {
            let value = if at_end(self) { None } else { Some(self.expressions()?) };
            return Ok(Kind::Return(value));
        }
        if self.eat_word("raise") {
            let value = if at_end(self) { None } else { Some(self.expression()?) };
            return Ok(Kind::Raise(value));
        }
        if self.eat_word("import") {
            return Ok(Kind::Import(self.names()?));
        }
        if self.eat_word("from") {
            let module = self.dotted()?;
            if !self.eat_word("import") {
                return self.error("invalid syntax");
            }
            return Ok(Kind::ImportFrom(module, self.names()?));
        }
        let target = self.expressions()?;
        for (sign, operator) in
            [("+=", "+"), ("-=", "-"), ("*=", "*"), ("/=", "/"), ("//=", "//"), ("%=", "%")]
        {
            if self.eat(sign) {
                return Ok(Kind::Change(target, operator, self.expressions()?));
            }
        }
        if self.eat("=") {
            return Ok(Kind::Assign(target, self.expressions()?));
        }
        Ok(Kind::Expr(target))
    }

    fn print(&mut self) -> Parsed<Kind> {
        let mut values = Vec::new();
        let mut newline = true;
        while !matches!(self.peek(), Token::Newline | Token::Sign(";") | Token::End) {
            values.push(self.expression()?);
            newline = !self.eat(",");
            if newline {
                break;
            }
        }
        Ok(Kind::Print(values, newline))
    }

    fn dotted(&mut self) -> Parsed<String> {
        let mut name = self.name()?;
        while self.eat(".") {
            name = format!("{name}.{}", self.name()?);
        }
        Ok(name)
    }

    fn names(&mut self) -> Parsed<Vec<(String, String)>> {
        let mut names = Vec::new();
        loop {
            let name = self.dotted()?;
            let own = if self.eat_word("as") {
                self.name()?
            } else {
                name.split('.').next().unwrap_or_default().to_owned()
            };
            names.push((name, own));
            if !self.eat(",") {
                return Ok(names);
            }
        }
    }

    fn targets(&mut self) -> Parsed<Expr> {
        let mut names = vec![Expr::Name(self.name()?)];
        while self.eat(",") {
            names.push(Expr::Name(self.name()?));
        }
        Ok(if names.len() == 1 { names.remove(0) } else { Expr::Tuple(names) })
    }

    /// One expression, or several with commas: a tuple.
    fn expressions(&mut self) -> Parsed<Expr> {
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

    fn expression(&mut self) -> Parsed<Expr> {
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

    fn or(&mut self) -> Parsed<Expr> {
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
                "lambda" => return self.error("not simulated: lambda"),
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
    fn each(&mut self, value: Expr) -> Parsed<Expr> {
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
            pieces.push(Expr::Text(literal.to_owned()));
            let Some((inner, after)) = after.split_once('}') else {
                return self.error("f-string: expecting '}'");
            };
            let mut parser =
                Self { tokens: tokens(inner)?, at: 0, is_two: false, depth: self.depth };
            pieces.push(parser.expression()?);
            rest = after;
        }
        pieces.push(Expr::Text(rest.to_owned()));
        Ok(Expr::Format(pieces))
    }
}
