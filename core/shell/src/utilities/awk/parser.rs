//! The grammar of `awk`.

use std::rc::Rc;

use super::lexer::Token;
use super::syntax::{Expr, Function, Place, Program, Statement, When};

/// What is wrong, and in which line.
pub(super) type Wrong = (String, u32);

/// Expressions and statements may be nested no deeper.
const DEPTH_MAX: u32 = 60;

struct Parser {
    tokens: Vec<(Token, u32)>,
    at: usize,
    depth: u32,
    /// Within `print ...`, where `>` is a redirection.
    in_print: bool,
    /// Within the head of `for (x in a)`.
    no_in: bool,
    reads_ahead: bool,
    asks: bool,
}

/// Reads a program.
pub(super) fn parse(source: &str) -> Result<Program, Wrong> {
    let tokens = super::lexer::tokens(source)?;
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
        in_print: false,
        no_in: false,
        reads_ahead: false,
        asks: false,
    };
    let mut program = Program::default();
    parser.skip_separators();
    while *parser.peek() != Token::End {
        if parser.take("function") {
            let (name, function) = parser.function()?;
            program.functions.insert(name, Rc::new(function));
        } else {
            program.rules.push(parser.rule()?);
        }
        parser.skip_separators();
    }
    (program.reads_ahead, program.asks) = (parser.reads_ahead, parser.asks);
    Ok(program)
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(own) if *own == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        self.at += usize::from(found);
        found
    }

    fn one_of(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        let found = signs.iter().find(|sign| self.is(sign)).copied();
        self.at += usize::from(found.is_some());
        found
    }

    fn wrong<T>(&self) -> Result<T, Wrong> {
        let (token, line) = &self.tokens[self.at.min(self.tokens.len() - 1)];
        let text = match token {
            Token::Number(text) | Token::Text(text) | Token::Regex(text) | Token::Name(text, _) => {
                text.clone()
            }
            Token::Sign(sign) => (*sign).to_owned(),
            Token::Newline => "end of line".to_owned(),
            Token::End => "end of file".to_owned(),
        };
        Err((text, *line))
    }

    fn expect(&mut self, sign: &str) -> Result<(), Wrong> {
        if self.take(sign) { Ok(()) } else { self.wrong() }
    }

    fn skip_newlines(&mut self) {
        while *self.peek() == Token::Newline {
            self.at += 1;
        }
    }

    fn skip_separators(&mut self) {
        while *self.peek() == Token::Newline || self.is(";") {
            self.at += 1;
        }
    }

    fn name(&mut self) -> Result<String, Wrong> {
        let Token::Name(name, _) = self.peek().clone() else { return self.wrong() };
        self.at += 1;
        Ok(name)
    }

    fn function(&mut self) -> Result<(String, Function), Wrong> {
        let name = self.name()?;
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.take(")") {
            parameters.push(self.name()?);
            self.take(",");
            self.skip_newlines();
        }
        self.skip_newlines();
        Ok((name, Function { parameters, body: self.block()? }))
    }

    fn rule(&mut self) -> Result<(When, Option<Vec<Statement>>), Wrong> {
        let when = if self.take("BEGIN") {
            When::Begin
        } else if self.take("END") {
            When::End
        } else if self.is("{") {
            When::Always
        } else {
            let first = self.expr()?;
            if self.take(",") {
                self.skip_newlines();
                When::Range(first, self.expr()?)
            } else {
                When::Holds(first)
            }
        };
        let needs_body = matches!(when, When::Begin | When::End);
        let body = if self.is("{") || needs_body { Some(self.block()?) } else { None };
        Ok((when, body))
    }

    fn block(&mut self) -> Result<Vec<Statement>, Wrong> {
        self.expect("{")?;
        let mut statements = Vec::new();
        self.skip_separators();
        while !self.take("}") {
            statements.push(self.statement()?);
            self.skip_separators();
        }
        Ok(statements)
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Wrong>) -> Result<T, Wrong> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.wrong();
        }
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn statement(&mut self) -> Result<Statement, Wrong> {
        self.deeper(Self::statement_here)
    }

    /// The statement behind `if (...)`, `else`, `while (...)`.
    fn body(&mut self) -> Result<Box<Statement>, Wrong> {
        self.skip_newlines();
        if self.take(";") {
            return Ok(Box::new(Statement::Block(Vec::new())));
        }
        self.statement().map(Box::new)
    }

    fn condition(&mut self) -> Result<Expr, Wrong> {
        self.expect("(")?;
        let expr = self.expr()?;
        self.expect(")")?;
        Ok(expr)
    }

    fn statement_here(&mut self) -> Result<Statement, Wrong> {
        if self.is("{") {
            return self.block().map(Statement::Block);
        }
        if self.take("if") {
            let condition = self.condition()?;
            let then = self.body()?;
            let before = self.at;
            self.skip_separators();
            if self.take("else") {
                return Ok(Statement::If(condition, then, Some(self.body()?)));
            }
            self.at = before;
            return Ok(Statement::If(condition, then, None));
        }
        if self.take("while") {
            let condition = self.condition()?;
            return Ok(Statement::While(condition, self.body()?));
        }
        if self.take("do") {
            let body = self.body()?;
            self.skip_separators();
            self.expect("while")?;
            return Ok(Statement::Do(body, self.condition()?));
        }
        if self.take("for") {
            return self.for_loop();
        }
        let statement = self.simple()?;
        let ends = matches!(self.peek(), Token::Newline | Token::End | Token::Sign(";" | "}"));
        if ends { Ok(statement) } else { self.wrong() }
    }

    fn for_loop(&mut self) -> Result<Statement, Wrong> {
        self.expect("(")?;
        if let (
            Token::Name(name, _),
            Some((Token::Sign("in"), _)),
            Some((Token::Name(array, _), _)),
        ) = (
            self.peek().clone(),
            self.tokens.get(self.at + 1),
            self.tokens.get(self.at + 2).cloned(),
        ) && matches!(self.tokens.get(self.at + 3), Some((Token::Sign(")"), _)))
        {
            self.at += 4;
            return Ok(Statement::ForIn(name, array, self.body()?));
        }
        let first = if self.is(";") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(";")?;
        self.skip_newlines();
        let condition = if self.is(";") { None } else { Some(self.expr()?) };
        self.expect(";")?;
        self.skip_newlines();
        let step = if self.is(")") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(")")?;
        Ok(Statement::For(first, condition, step, self.body()?))
    }

    fn at_end(&self) -> bool {
        matches!(
            self.peek(),
            Token::Newline | Token::End | Token::Sign(";" | "}" | ">" | ">>" | "|")
        )
    }

    fn simple(&mut self) -> Result<Statement, Wrong> {
        if let Some(word) = self.one_of(&["print", "printf"]) {
            return self.print(word == "printf");
        }
        if self.take("next") {
            return Ok(Statement::Next);
        }
        if self.take("break") {
            return Ok(Statement::Break);
        }
        if self.take("continue") {
            return Ok(Statement::Continue);
        }
        if self.take("exit") {
            let status = if self.at_end() { None } else { Some(self.expr()?) };
            return Ok(Statement::Exit(status));
        }
        if self.take("delete") {
            let name = self.name()?;
            let index = if self.take("[") { self.list("]")? } else { Vec::new() };
            return Ok(Statement::Delete(name, index));
        }
        if matches!(self.peek(), Token::Name(name, _) if name == "return") {
            self.at += 1;
            let value = if self.at_end() { None } else { Some(self.expr()?) };
            return Ok(Statement::Return(value));
        }
        self.expr().map(Statement::Expr)
    }

    fn print(&mut self, formatted: bool) -> Result<Statement, Wrong> {
        let outer = std::mem::replace(&mut self.in_print, true);
        let mut args = Vec::new();
        // `print (a, b) > "x"`: a list in brackets, unless the bracket is a part of the first value.
        let before = self.at;
        let mut whole = false;
        if self.take("(") {
            self.in_print = false;
            let list = self.list(")");
            self.in_print = true;
            if let Ok(list) = list
                && self.at_end()
            {
                args = list;
                whole = true;
            }
        }
        if !whole {
            self.at = before;
            while !self.at_end() {
                args.push(self.expr()?);
                if !self.take(",") {
                    break;
                }
                self.skip_newlines();
            }
        }
        let target = match self.one_of(&[">>", ">", "|"]) {
            Some(sign) => Some((sign, self.concatenation()?)),
            None => None,
        };
        self.in_print = outer;
        if formatted && args.is_empty() {
            return self.wrong();
        }
        Ok(Statement::Print(formatted, args, target))
    }

    /// Expressions with commas between them, up to the closing bracket.
    fn list(&mut self, close: &str) -> Result<Vec<Expr>, Wrong> {
        let mut list = Vec::new();
        self.skip_newlines();
        while !self.take(close) {
            list.push(self.expr()?);
            self.skip_newlines();
            if self.take(",") {
                self.skip_newlines();
            } else if !self.is(close) {
                return self.wrong();
            }
        }
        Ok(list)
    }

    fn expr(&mut self) -> Result<Expr, Wrong> {
        self.deeper(Self::assignment)
    }

    fn assignment(&mut self) -> Result<Expr, Wrong> {
        let left = self.choice()?;
        let signs = ["=", "+=", "-=", "*=", "/=", "%=", "^=", "**="];
        let Expr::Place(place) = &left else { return Ok(left) };
        match self.one_of(&signs) {
            Some(sign) => {
                self.skip_newlines();
                let value = self.expr()?;
                Ok(Expr::Assign(place.clone(), sign, Box::new(value)))
            }
            None => Ok(left),
        }
    }

    fn choice(&mut self) -> Result<Expr, Wrong> {
        let condition = self.either()?;
        if !self.take("?") {
            return Ok(condition);
        }
        self.skip_newlines();
        let yes = self.expr()?;
        self.skip_newlines();
        self.expect(":")?;
        self.skip_newlines();
        let no = self.expr()?;
        Ok(Expr::Choice(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    fn either(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.both()?;
        while self.take("||") {
            self.skip_newlines();
            left = Expr::Either(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.membership()?;
        while self.take("&&") {
            self.skip_newlines();
            left = Expr::Both(Box::new(left), Box::new(self.membership()?));
        }
        Ok(left)
    }

    fn membership(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.matching()?;
        while !self.no_in && self.take("in") {
            left = Expr::In(vec![left], self.name()?);
        }
        Ok(left)
    }

    fn matching(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.comparison()?;
        while let Some(sign) = self.one_of(&["~", "!~"]) {
            let right = self.comparison()?;
            left = Expr::Match(sign == "~", Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.concatenation()?;
        while self.is("|")
            && matches!(self.tokens.get(self.at + 1), Some((Token::Sign("getline"), _)))
        {
            self.at += 2;
            left = Expr::Getline(self.getline_place()?, Some((true, Box::new(left))));
            self.asks = true;
        }
        let signs: &[&'static str] = if self.in_print {
            &["<=", "==", "!=", ">=", "<"]
        } else {
            &["<=", "==", "!=", ">=", "<", ">"]
        };
        match self.one_of(signs) {
            Some(sign) => Ok(Expr::Compare(sign, Box::new(left), Box::new(self.concatenation()?))),
            None => Ok(left),
        }
    }

    fn concatenation(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.sum()?;
        while matches!(
            self.peek(),
            Token::Number(_) | Token::Text(_) | Token::Name(..) | Token::Regex(_)
        ) || ["$", "(", "!", "-", "+", "++", "--"].iter().any(|sign| self.is(sign))
        {
            if self.is("!") || self.is("in") {
                break;
            }
            left = Expr::Concat(Box::new(left), Box::new(self.sum()?));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.product()?;
        while let Some(sign) = self.one_of(&["+", "-"]) {
            left = Expr::Arithmetic(sign, Box::new(left), Box::new(self.product()?));
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Expr, Wrong> {
        let mut left = self.unary()?;
        while let Some(sign) = self.one_of(&["*", "/", "%"]) {
            left = Expr::Arithmetic(sign, Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, Wrong> {
        match self.one_of(&["!", "-", "+"]) {
            Some("!") => Ok(Expr::Not(Box::new(self.deeper(Self::unary)?))),
            Some("-") => Ok(Expr::Negative(Box::new(self.deeper(Self::unary)?))),
            Some(_) => Ok(Expr::Positive(Box::new(self.deeper(Self::unary)?))),
            None => self.power(),
        }
    }

    fn power(&mut self) -> Result<Expr, Wrong> {
        let base = self.postfix()?;
        if self.one_of(&["^", "**"]).is_some() {
            let exponent = self.deeper(Self::unary)?;
            return Ok(Expr::Arithmetic("^", Box::new(base), Box::new(exponent)));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Result<Expr, Wrong> {
        if let Some(sign) = self.one_of(&["++", "--"]) {
            let Expr::Place(place) = self.primary()? else { return self.wrong() };
            return Ok(Expr::Step(place, true, if sign == "++" { 1 } else { -1 }));
        }
        let value = self.primary()?;
        let Expr::Place(place) = &value else { return Ok(value) };
        match self.one_of(&["++", "--"]) {
            Some(sign) => Ok(Expr::Step(place.clone(), false, if sign == "++" { 1 } else { -1 })),
            None => Ok(value),
        }
    }

    fn getline_place(&mut self) -> Result<Option<Place>, Wrong> {
        let has_place = self.is("$") || matches!(self.peek(), Token::Name(_, false));
        Ok(match has_place.then(|| self.deeper(Self::primary)).transpose()? {
            Some(Expr::Place(place)) => Some(place),
            _ => None,
        })
    }

    fn primary(&mut self) -> Result<Expr, Wrong> {
        if self.take("$") {
            let index = if let Some(sign) = self.one_of(&["++", "--"]) {
                let Expr::Place(place) = self.primary()? else { return self.wrong() };
                Expr::Step(place, true, if sign == "++" { 1 } else { -1 })
            } else {
                self.deeper(Self::primary)?
            };
            return Ok(Expr::Place(Place::Field(Box::new(index))));
        }
        if self.take("(") {
            let outer = (self.in_print, self.no_in);
            (self.in_print, self.no_in) = (false, false);
            let mut list = self.list(")")?;
            (self.in_print, self.no_in) = outer;
            if self.take("in") {
                return Ok(Expr::In(list, self.name()?));
            }
            return match (list.pop(), list.is_empty()) {
                (Some(only), true) => Ok(Expr::Group(Box::new(only))),
                _ => self.wrong(),
            };
        }
        if self.take("getline") {
            let place = self.getline_place()?;
            let file = if self.take("<") { Some(self.deeper(Self::primary)?) } else { None };
            self.reads_ahead |= file.is_none();
            return Ok(Expr::Getline(place, file.map(|file| (false, Box::new(file)))));
        }
        let token = self.peek().clone();
        self.at += 1;
        match token {
            Token::Number(text) => Ok(Expr::Number(text)),
            Token::Text(text) => Ok(Expr::Text(text)),
            Token::Regex(text) => Ok(Expr::Regex(text)),
            Token::Name(name, true) => {
                self.expect("(")?;
                let outer = std::mem::replace(&mut self.in_print, false);
                let args = self.list(")")?;
                self.in_print = outer;
                self.asks |= name == "system";
                Ok(Expr::Call(name, args))
            }
            Token::Name(name, false) if name == "length" => Ok(Expr::Call(name, Vec::new())),
            Token::Name(name, false) => {
                if self.take("[") {
                    let outer = std::mem::replace(&mut self.in_print, false);
                    let index = self.list("]")?;
                    self.in_print = outer;
                    return Ok(Expr::Place(Place::Element(name, index)));
                }
                Ok(Expr::Place(Place::Variable(name)))
            }
            _ => {
                self.at -= 1;
                self.wrong()
            }
        }
    }
}
