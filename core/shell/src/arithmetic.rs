//! Arithmetic of `$(( ))`: 64-bit integers that wrap, with C's operators and precedence.

/// Where variables live while an expression is evaluated.
pub(crate) trait Variables {
    /// A variable's text; none if it is unset.
    fn get(&self, name: &str, index: Option<&str>) -> Option<String>;
    /// Assigns.
    ///
    /// # Errors
    /// The message if the variable cannot be changed.
    fn set(&mut self, name: &str, index: Option<&str>, value: i64) -> Result<(), String>;
    /// True if subscripts of it are keys, and not calculated.
    fn is_map(&self, name: &str) -> bool;
}

/// A value may be an expression in turn; no deeper than this.
const DEPTH_MAX: u32 = 30;

/// Evaluates an expression.
///
/// # Errors
/// The message as bash prints it, without the shell's name.
pub(crate) fn evaluate(text: &str, variables: &mut dyn Variables) -> Result<i64, String> {
    Evaluation::run(text, variables, 0)
}

struct Evaluation<'a> {
    text: &'a str,
    chars: Vec<char>,
    position: usize,
    variables: &'a mut dyn Variables,
    depth: u32,
    /// Above zero while a branch is only parsed (`0 && x=1`).
    skipping: u32,
}

type Value = Result<i64, String>;

/// Binary operators by precedence, loosest first; the longest come first within a level.
const LEVELS: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

impl<'a> Evaluation<'a> {
    fn run(text: &'a str, variables: &'a mut dyn Variables, depth: u32) -> Value {
        let chars = text.chars().collect();
        let mut own = Self { text, chars, position: 0, variables, depth, skipping: 0 };
        if depth > DEPTH_MAX {
            return Err(own.error("expression recursion level exceeded"));
        }
        own.blanks();
        if own.position == own.chars.len() {
            return Ok(0);
        }
        let value = own.comma()?;
        if own.position < own.chars.len() {
            let what = if own.here().is_some_and(|char| char.is_alphanumeric() || char == '(') {
                "syntax error in expression"
            } else {
                "syntax error: invalid arithmetic operator"
            };
            return Err(own.error(what));
        }
        Ok(value)
    }

    fn error(&self, message: &str) -> String {
        let rest: String = self.chars[self.position.min(self.chars.len())..].iter().collect();
        format!("{}: {message} (error token is \"{rest}\")", self.text)
    }

    fn blanks(&mut self) {
        while self.here().is_some_and(char::is_whitespace) {
            self.position += 1;
        }
    }

    fn here(&self) -> Option<char> {
        self.chars.get(self.position).copied()
    }

    fn looking_at(&self, text: &str) -> bool {
        let mut at = self.position;
        text.chars().all(|char| {
            at += 1;
            self.chars.get(at - 1) == Some(&char)
        })
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.looking_at(text);
        if found {
            self.position += text.len();
            self.blanks();
        }
        found
    }

    fn comma(&mut self) -> Value {
        let mut value = self.conditional()?;
        while self.take(",") {
            value = self.conditional()?;
        }
        Ok(value)
    }

    fn nest(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error("expression recursion level exceeded"));
        }
        Ok(())
    }

    fn conditional(&mut self) -> Value {
        self.nest()?;
        let condition = self.binary(0)?;
        let value = if self.take("?") {
            self.skipping += u32::from(condition == 0);
            let yes = self.comma()?;
            self.skipping -= u32::from(condition == 0);
            if !self.take(":") {
                return Err(self.error("`:' expected for conditional expression"));
            }
            self.skipping += u32::from(condition != 0);
            let no = self.conditional()?;
            self.skipping -= u32::from(condition != 0);
            if condition != 0 { yes } else { no }
        } else {
            condition
        };
        self.depth -= 1;
        Ok(value)
    }

    fn binary(&mut self, level: usize) -> Value {
        let Some(operators) = LEVELS.get(level) else { return self.power() };
        let mut left = self.binary(level + 1)?;
        loop {
            let found = operators.iter().copied().find(|operator| {
                let next = self.chars.get(self.position + operator.len()).copied();
                // `a & b` is not `a && b`, nor `a = b` in disguise.
                let doubled = operator.len() == 1
                    && matches!(*operator, "|" | "&" | "<" | ">" | "*")
                    && next.map(String::from).as_deref() == Some(*operator);
                self.looking_at(operator) && !doubled && (next != Some('=') || level == 5)
            });
            let Some(operator) = found else { return Ok(left) };
            let at = self.position;
            self.take(operator);
            let short = operator == "||" && left != 0 || operator == "&&" && left == 0;
            self.skipping += u32::from(short);
            let operand_at = self.position;
            let right = self.binary(level + 1)?;
            self.skipping -= u32::from(short);
            if right == 0 && matches!(operator, "/" | "%") {
                if self.skipping == 0 {
                    self.position = operand_at;
                    return Err(self.error("division by 0"));
                }
                left = 0;
                continue;
            }
            let _ = at;
            left = apply(operator, left, right);
        }
    }

    fn power(&mut self) -> Value {
        let base = self.unary()?;
        if !self.looking_at("**") || self.looking_at("**=") {
            return Ok(base);
        }
        self.take("**");
        self.nest()?;
        let exponent = self.power()?;
        self.depth -= 1;
        if exponent < 0 {
            return Err(self.error("exponent less than 0"));
        }
        let exponent = u32::try_from(exponent).unwrap_or(u32::MAX);
        Ok(base.wrapping_pow(exponent))
    }

    fn unary(&mut self) -> Value {
        self.nest()?;
        let value = if self.looking_at("++") || self.looking_at("--") {
            let step = if self.looking_at("++") { 1 } else { -1 };
            self.position += 2;
            self.blanks();
            if self.here().is_some_and(|char| char.is_ascii_alphabetic() || char == '_') {
                let (name, index) = self.name()?;
                let value = self.value_of(&name, index.as_deref())?.wrapping_add(step);
                self.assign(&name, index.as_deref(), value)?;
                value
            } else {
                self.unary()?
            }
        } else if self.take("-") {
            self.unary()?.wrapping_neg()
        } else if self.take("+") {
            self.unary()?
        } else if self.take("~") {
            !self.unary()?
        } else if self.looking_at("!") && !self.looking_at("!=") {
            self.take("!");
            i64::from(self.unary()? == 0)
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(value)
    }

    fn name(&mut self) -> Result<(String, Option<String>), String> {
        let start = self.position;
        while self.here().is_some_and(|char| char.is_ascii_alphanumeric() || char == '_') {
            self.position += 1;
        }
        let name: String = self.chars[start..self.position].iter().collect();
        let mut index = None;
        if self.here() == Some('[') {
            self.position += 1;
            if self.variables.is_map(&name) {
                let rest = self.chars[self.position..].iter();
                let key: String = rest.take_while(|char| **char != ']').collect();
                self.position += key.chars().count();
                index = Some(key);
            } else {
                self.blanks();
                index = Some(self.comma()?.to_string());
            }
            if !self.take("]") {
                return Err(self.error("bad array subscript"));
            }
        }
        self.blanks();
        Ok((name, index))
    }

    fn value_of(&mut self, name: &str, index: Option<&str>) -> Value {
        let Some(text) = self.variables.get(name, index) else { return Ok(0) };
        if self.skipping > 0 {
            return Ok(0);
        }
        match text.trim().parse() {
            Ok(number) if !text.trim().starts_with('0') || text.trim() == "0" => Ok(number),
            _ => Evaluation::run(&text, self.variables, self.depth + 1),
        }
    }

    fn assign(&mut self, name: &str, index: Option<&str>, value: i64) -> Result<(), String> {
        if self.skipping > 0 {
            return Ok(());
        }
        self.variables.set(name, index, value)
    }

    fn primary(&mut self) -> Value {
        match self.here() {
            Some('(') => {
                self.take("(");
                let value = self.comma()?;
                if !self.take(")") {
                    return Err(self.error("missing `)'"));
                }
                Ok(value)
            }
            Some(char) if char.is_ascii_digit() => self.number(),
            Some(char) if char.is_ascii_alphabetic() || char == '_' => self.variable(),
            _ => Err(self.error("syntax error: operand expected")),
        }
    }

    fn variable(&mut self) -> Value {
        let (name, index) = self.name()?;
        for operator in ["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|="] {
            if self.take(operator) {
                let right = self.conditional()?;
                let left = self.value_of(&name, index.as_deref())?;
                let operator = &operator[..operator.len() - 1];
                if right == 0 && matches!(operator, "/" | "%") {
                    return Err(self.error("division by 0"));
                }
                let value = apply(operator, left, right);
                self.assign(&name, index.as_deref(), value)?;
                return Ok(value);
            }
        }
        if self.looking_at("=") && !self.looking_at("==") {
            self.take("=");
            let value = self.conditional()?;
            self.assign(&name, index.as_deref(), value)?;
            return Ok(value);
        }
        let value = self.value_of(&name, index.as_deref())?;
        for (operator, step) in [("++", 1), ("--", -1)] {
            if self.take(operator) {
                self.assign(&name, index.as_deref(), value.wrapping_add(step))?;
            }
        }
        Ok(value)
    }

    fn number(&mut self) -> Value {
        let start = self.position;
        while self.here().is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '#' | '_' | '@'))
        {
            self.position += 1;
        }
        let text: String = self.chars[start..self.position].iter().collect();
        let parsed = match text.split_once('#') {
            Some((base, digits)) => match base.parse::<u32>() {
                Ok(base @ 2..=36) => i64::from_str_radix(digits, base).ok(),
                _ => None,
            },
            None if text.starts_with("0x") || text.starts_with("0X") => {
                u64::from_str_radix(&text[2..], 16).ok().map(u64::cast_signed)
            }
            None if text.len() > 1 && text.starts_with('0') => {
                u64::from_str_radix(&text, 8).ok().map(u64::cast_signed)
            }
            None if text.chars().all(|char| char.is_ascii_digit()) => {
                Some(text.parse().unwrap_or(i64::MAX))
            }
            None => None,
        };
        let Some(number) = parsed else {
            self.position = start;
            return Err(self.error("value too great for base"));
        };
        self.blanks();
        Ok(number)
    }
}

fn apply(operator: &str, left: i64, right: i64) -> i64 {
    let shift = (right & 63) as u32;
    match operator {
        "||" => i64::from(left != 0 || right != 0),
        "&&" => i64::from(left != 0 && right != 0),
        "|" => left | right,
        "^" => left ^ right,
        "&" => left & right,
        "==" => i64::from(left == right),
        "!=" => i64::from(left != right),
        "<=" => i64::from(left <= right),
        ">=" => i64::from(left >= right),
        "<" => i64::from(left < right),
        ">" => i64::from(left > right),
        "<<" => left.wrapping_shl(shift),
        ">>" => left.wrapping_shr(shift),
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" => left.checked_div(right).unwrap_or(left),
        "%" => left.checked_rem(right).unwrap_or(0),
        _ => right,
    }
}

#[cfg(test)]
mod tests {
    use sorted::SortedMap;

    use super::*;

    impl Variables for SortedMap<String, String> {
        fn get(&self, name: &str, _index: Option<&str>) -> Option<String> {
            SortedMap::get(self, name).cloned()
        }
        fn set(&mut self, name: &str, _index: Option<&str>, value: i64) -> Result<(), String> {
            self.insert(name.to_owned(), value.to_string());
            Ok(())
        }
        fn is_map(&self, _name: &str) -> bool {
            false
        }
    }

    #[track_caller]
    fn check(text: &str, expected: Result<i64, &str>) {
        let mut variables = SortedMap::from([("x".to_owned(), "5".to_owned())]);
        assert_eq!(evaluate(text, &mut variables), expected.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn expressions_have_the_values_of_c() {
        check("", Ok(0));
        check("1 + 2 * 3", Ok(7));
        check("(1+2)*3", Ok(9));
        check("2**10", Ok(1024));
        check("-7 / 2", Ok(-3));
        check("-7 % 3", Ok(-1));
        check("x++ + x", Ok(11));
        check("x = y = 3, x + y", Ok(6));
        check("x += 2", Ok(7));
        check("x > 3 && x < 9 ? 10 : 20", Ok(10));
        check("0 && (x = 9), x", Ok(5));
        check("0x1f + 010 + 2#101", Ok(44));
        check("1 << 4 | 3", Ok(19));
        check("!x", Ok(0));
        check("5 == 5 != 0", Ok(1));
        check("1/0", Err("1/0: division by 0 (error token is \"0\")"));
        check("1 +", Err("1 +: syntax error: operand expected (error token is \"\")"));
        check("9223372036854775807 + 1", Ok(i64::MIN));
    }
}
