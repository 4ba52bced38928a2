//! From tokens to a program.

mod expressions;

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
            "class" => self.class()?,
            _ if self.is("@") => self.decorated()?,
            "async" | "yield" | "exec" => {
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
                handler.types.push(self.dotted()?);
                while parenthesised && self.eat(",") {
                    handler.types.push(self.dotted()?);
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
        let parameters = self.parameters(")")?;
        if self.eat("->") {
            self.expression()?;
        }
        Ok(Kind::Define(name, parameters, self.block()?))
    }

    /// Parameters up to a sign; `*rest` and `**more` keep their stars in the name.
    fn parameters(&mut self, close: &str) -> Parsed<Vec<(String, Option<Expr>)>> {
        let mut parameters = Vec::new();
        while !self.eat(close) {
            let stars = if self.eat("**") {
                "**"
            } else if self.eat("*") {
                "*"
            } else {
                ""
            };
            let name = format!("{stars}{}", self.name()?);
            if close == ")" && self.eat(":") {
                // What type it is to have says nothing here.
                self.expression()?;
            }
            let default = if self.eat("=") { Some(self.expression()?) } else { None };
            parameters.push((name, default));
            if !self.is(close) {
                self.expect(",")?;
            }
        }
        Ok(parameters)
    }

    fn class(&mut self) -> Parsed<Kind> {
        self.at += 1;
        let name = self.name()?;
        let mut base = None;
        if self.eat("(") && !self.eat(")") {
            base = Some(self.expression()?);
            if self.is(",") {
                return self.error("not simulated: several bases");
            }
            self.expect(")")?;
        }
        Ok(Kind::Class(name, base, self.block()?))
    }

    fn decorated(&mut self) -> Parsed<Kind> {
        let mut decorators = Vec::new();
        while self.eat("@") {
            decorators.push(self.expression()?);
            while *self.peek() == Token::Newline {
                self.at += 1;
            }
        }
        let line = self.line();
        let kind = match self.peek() {
            Token::Name(word) if word == "def" => self.define()?,
            Token::Name(word) if word == "class" => self.class()?,
            _ => return self.error("invalid syntax"),
        };
        Ok(Kind::Decorated(decorators, Box::new(Statement { line, kind })))
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
        if self.eat_word("pass") {
            return Ok(Kind::Pass);
        }
        if self.eat_word("global") {
            let names = self.names()?;
            return Ok(Kind::Global(names.into_iter().map(|(name, _)| name).collect()));
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
}
