//! The inside of `[[ ]]`.

use super::lexer::{Parsed, Parser, Token};
use super::{Test, Word};

impl Parser {
    pub(super) fn test_or(&mut self) -> Parsed<Test> {
        let mut left = self.test_and()?;
        while self.is_operator("||")? {
            self.next()?;
            self.skip_newlines()?;
            left = Test::Or(Box::new(left), Box::new(self.test_and()?));
        }
        Ok(left)
    }

    fn test_and(&mut self) -> Parsed<Test> {
        let mut left = self.test_one()?;
        while self.is_operator("&&")? {
            self.next()?;
            self.skip_newlines()?;
            left = Test::And(Box::new(left), Box::new(self.test_one()?));
        }
        Ok(left)
    }

    fn test_one(&mut self) -> Parsed<Test> {
        self.enter()?;
        let test = self.test_operand()?;
        self.depth -= 1;
        Ok(test)
    }

    fn test_operand(&mut self) -> Parsed<Test> {
        if self.is_word("!")? {
            self.next()?;
            return Ok(Test::Not(Box::new(self.test_one()?)));
        }
        if self.is_operator("(")? {
            self.next()?;
            let inner = self.test_or()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.is_word("]]")? {
            return Err(self.unexpected(None));
        }
        let Token::Word(first) = self.peek()?.clone() else { return Err(self.unexpected(None)) };
        self.next()?;
        let operator = first.literal().unwrap_or_default().to_owned();
        let is_unary = operator.len() == 2 && operator.starts_with('-');
        if is_unary
            && let Token::Word(operand) = self.peek()?.clone()
            && operand.literal() != Some("]]")
        {
            self.next()?;
            return Ok(Test::Unary(operator, operand));
        }
        let binary = match self.peek()? {
            Token::Operator(operator @ ("<" | ">")) => Some((*operator).to_owned()),
            Token::Word(word) => word.literal().map(str::to_owned).filter(|text| {
                matches!(
                    text.as_str(),
                    "=" | "=="
                        | "!="
                        | "=~"
                        | "-eq"
                        | "-ne"
                        | "-lt"
                        | "-le"
                        | "-gt"
                        | "-ge"
                        | "-nt"
                        | "-ot"
                        | "-ef"
                )
            }),
            _ => None,
        };
        let Some(binary) = binary else { return Ok(Test::Word(first)) };
        self.next()?;
        let right = if binary == "=~" { self.regular_expression()? } else { self.test_word()? };
        Ok(Test::Binary(binary, first, right))
    }

    pub(super) fn test_word(&mut self) -> Parsed<Word> {
        let Token::Word(word) = self.peek()?.clone() else { return Err(self.unexpected(None)) };
        self.next()?;
        Ok(word)
    }

    /// The right side of `=~`, where brackets and bars belong to the word.
    fn regular_expression(&mut self) -> Parsed<Word> {
        while matches!(self.at(0), Some(' ' | '\t')) {
            self.position += 1;
        }
        let start = self.position;
        let parts = self.parts(|char| matches!(char, ' ' | '\t' | '\n' | ';'), false)?;
        if parts.is_empty() {
            return Err(self.unexpected(None));
        }
        Ok(Word { parts, text: self.slice(start, self.position) })
    }
}
