//! `[[ ... ]]`.

use super::{Boxed, Flow, Shell};
use crate::syntax::{Test, Word};
use crate::utilities::regex::Regex;
use crate::utilities::test;

impl Shell {
    pub(super) fn run_test<'a>(
        &'a mut self,
        expression: &'a Test,
    ) -> Boxed<'a, Result<bool, Flow>> {
        Box::pin(async move {
            match expression {
                Test::Not(inner) => Ok(!self.run_test(inner).await?),
                Test::And(left, right) => {
                    Ok(self.run_test(left).await? && self.run_test(right).await?)
                }
                Test::Or(left, right) => {
                    Ok(self.run_test(left).await? || self.run_test(right).await?)
                }
                Test::Word(word) => Ok(!self.expand_text(word).await?.is_empty()),
                Test::Unary(operator, word) => {
                    let operand = self.expand_text(word).await?;
                    if operator == "-v" {
                        let element = operand.strip_suffix(']').and_then(|o| o.split_once('['));
                        let (name, key) = element
                            .map_or((operand.as_str(), None), |(name, key)| (name, Some(key)));
                        let found = crate::arithmetic::Variables::get(self, name, key);
                        return Ok(found.is_some());
                    }
                    match test::unary(&self.proc, operator, &operand) {
                        Some(value) => Ok(value),
                        None => {
                            let message = format!("{operator}: unary operator expected");
                            let flow = self.abort(&message).await;
                            self.status = 2;
                            Err(flow)
                        }
                    }
                }
                Test::Binary(operator, left, right) => self.compare(operator, left, right).await,
            }
        })
    }

    async fn compare(&mut self, operator: &str, left: &Word, right: &Word) -> Result<bool, Flow> {
        let left = self.expand_text(left).await?;
        match operator {
            "=" | "==" | "!=" => {
                let pattern = self.expand_pattern(right).await?;
                let chars: Vec<char> = left.chars().collect();
                Ok(pattern.matches(&chars) == (operator != "!="))
            }
            "=~" => {
                let field = self.expand_field(&right.parts).await?;
                // What was quoted stands for itself.
                let source: String = field
                    .iter()
                    .flat_map(|ch| {
                        let special = ch.quoted && !ch.char.is_alphanumeric();
                        special.then_some('\\').into_iter().chain([ch.char])
                    })
                    .collect();
                let Ok(regex) = Regex::new(&source, true, false) else {
                    self.status = 2;
                    return Err(Flow::Abort);
                };
                let chars: Vec<char> = left.chars().collect();
                let Some(groups) = regex.find(&chars, 0) else { return Ok(false) };
                let texts = (0..).zip(groups.iter().map(|group| {
                    group.map_or(String::new(), |(from, to)| chars[from..to].iter().collect())
                }));
                let variable = self.variables.entry("BASH_REMATCH".to_owned()).or_default();
                variable.value = Some(super::Value::Array(texts.collect()));
                Ok(true)
            }
            "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
                let right = self.expand_text(right).await?;
                let left = self.arithmetic(&left).await?;
                let right = self.arithmetic(&right).await?;
                Ok(test::compare_numbers(operator, left, right))
            }
            "<" | ">" => {
                let right = self.expand_text(right).await?;
                Ok(if operator == "<" { left < right } else { left > right })
            }
            _ => {
                let right = self.expand_text(right).await?;
                Ok(test::compare_files(&self.proc, operator, &left, &right))
            }
        }
    }
}
