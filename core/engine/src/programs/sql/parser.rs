//! From a statement's words to what it does.

use super::words::{Word, words};
use super::{Column, Condition, Item, Refusal, Select, Statement, Value};

/// Reads one statement.
///
/// # Errors
/// What does not fit, and what is not simulated.
pub(crate) fn parse(text: &str) -> Result<Statement, Refusal> {
    let mut parser = Parser { text, words: words(text), at: 0 };
    let statement = parser.statement()?;
    parser.take_sign(";");
    if parser.at < parser.words.len() {
        return Err(parser.fail());
    }
    Ok(statement)
}

struct Parser<'a> {
    text: &'a str,
    words: Vec<(Word, usize)>,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Word> {
        self.words.get(self.at).map(|(word, _)| word)
    }

    /// The rest of the statement is not understood: it is not simulated if it begins like SQL.
    fn fail(&self) -> Refusal {
        let known =
            ["join", "inner", "left", "having", "union", "distinct", "alter", "index", "view"];
        let lower = self.text.to_lowercase();
        if lower.split_whitespace().any(|word| known.contains(&word)) {
            return Refusal::NotSimulated;
        }
        if let Some(Word::Sign(sign)) = self.peek()
            && "+-*/%|(".contains(sign.as_str())
        {
            return Refusal::NotSimulated;
        }
        let start = self.words.get(self.at).map_or(self.text.len(), |(_, start)| *start);
        Refusal::Syntax(self.text[start..].trim_end_matches(';').to_owned())
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self.peek(), Some(Word::Name(name)) if name.eq_ignore_ascii_case(keyword))
    }

    fn take(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, keyword: &str) -> Result<(), Refusal> {
        if self.take(keyword) { Ok(()) } else { Err(self.fail()) }
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Word::Sign(own)) if own == sign);
        self.at += usize::from(found);
        found
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), Refusal> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.fail()) }
    }

    fn name(&mut self) -> Result<String, Refusal> {
        match self.peek() {
            Some(Word::Name(name) | Word::Quoted(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.fail()),
        }
    }

    /// A table's name, without its database or schema.
    fn table(&mut self) -> Result<String, Refusal> {
        let name = self.name()?;
        Ok(name.rsplit('.').next().unwrap_or(&name).to_owned())
    }

    fn value(&mut self) -> Result<Value, Refusal> {
        let minus = self.take_sign("-");
        let value = match self.peek() {
            Some(Word::Number(number)) => Value::Number(if minus { -number } else { *number }),
            Some(Word::Text(text) | Word::Quoted(text)) => Value::Text(text.clone()),
            Some(Word::Name(name)) if name.eq_ignore_ascii_case("null") => Value::Null,
            Some(Word::Name(name)) if name.eq_ignore_ascii_case("default") => Value::Null,
            Some(Word::Name(name)) if name.eq_ignore_ascii_case("true") => Value::Number(1),
            Some(Word::Name(name)) if name.eq_ignore_ascii_case("false") => Value::Number(0),
            Some(Word::Name(_)) => return Err(Refusal::NotSimulated),
            _ => return Err(self.fail()),
        };
        self.at += 1;
        Ok(value)
    }

    fn list<T>(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        let mut list = vec![one(self)?];
        while self.take_sign(",") {
            list.push(one(self)?);
        }
        Ok(list)
    }

    fn statement(&mut self) -> Result<Statement, Refusal> {
        if self.take("create") {
            self.expect("table")?;
            let quietly = self.take("if") && self.take("not") && self.take("exists");
            let name = self.table()?;
            let columns = self.columns()?;
            // The engine, the charset.
            while self.peek().is_some_and(|word| *word != Word::Sign(";".to_owned())) {
                self.at += 1;
            }
            return Ok(Statement::Create { name, columns, quietly });
        }
        if self.take("drop") {
            self.expect("table")?;
            let quietly = self.take("if") && self.take("exists");
            return Ok(Statement::Drop { name: self.table()?, quietly });
        }
        if self.take("insert") {
            self.expect("into")?;
            let table = self.table()?;
            let mut columns = Vec::new();
            if self.take_sign("(") {
                columns = self.list(Self::name)?;
                self.expect_sign(")")?;
            }
            if !self.take("value") {
                self.expect("values")?;
            }
            let rows = self.list(|it| {
                it.expect_sign("(")?;
                let row = it.list(Self::value)?;
                it.expect_sign(")")?;
                Ok(row)
            })?;
            return Ok(Statement::Insert { table, columns, rows });
        }
        if self.take("update") {
            let table = self.table()?;
            self.expect("set")?;
            let set = self.list(|it| {
                let name = it.name()?;
                it.expect_sign("=")?;
                Ok((name, it.value()?))
            })?;
            return Ok(Statement::Update { table, set, condition: self.condition()? });
        }
        if self.take("delete") {
            self.expect("from")?;
            return Ok(Statement::Delete { table: self.table()?, condition: self.condition()? });
        }
        self.expect("select")?;
        self.select()
    }

    fn select(&mut self) -> Result<Statement, Refusal> {
        let mut select = Select { items: self.list(Self::item)?, ..Select::default() };
        if self.take("from") {
            select.table = Some(self.table()?);
            select.condition = self.condition()?;
        }
        if self.take("group") {
            self.expect("by")?;
            select.group = Some(self.name()?);
        }
        if self.take("order") {
            self.expect("by")?;
            let name = self.name()?;
            let is_down = self.take("desc");
            let _ = self.take("asc");
            select.order = Some((name, is_down));
        }
        if self.take("limit") {
            match self.value()? {
                Value::Number(number) => select.limit = usize::try_from(number).ok(),
                _ => return Err(self.fail()),
            }
        }
        Ok(Statement::Select(select))
    }

    fn item(&mut self) -> Result<Item, Refusal> {
        if self.take_sign("*") {
            return Ok(Item::Column("*".to_owned(), "*".to_owned()));
        }
        let mut item = match self.peek() {
            Some(Word::Name(_) | Word::Quoted(_)) => {
                let name = self.name()?;
                if self.take_sign("(") {
                    let column = if self.take_sign("*") { "*".to_owned() } else { self.name()? };
                    self.expect_sign(")")?;
                    let title = format!("{name}({column})");
                    Item::Function(name.to_lowercase(), column, title)
                } else {
                    let title = name.rsplit('.').next().unwrap_or(&name).to_owned();
                    Item::Column(name, title)
                }
            }
            _ => {
                let value = self.value()?;
                let title = value.text().unwrap_or_else(|| "NULL".to_owned());
                Item::Constant(value, title)
            }
        };
        if self.take("as") {
            let own = self.name()?;
            match &mut item {
                Item::Column(_, title) | Item::Function(_, _, title) | Item::Constant(_, title) => {
                    *title = own;
                }
            }
        }
        Ok(item)
    }

    fn condition(&mut self) -> Result<Condition, Refusal> {
        if !self.take("where") {
            return Ok(Vec::new());
        }
        let mut any = vec![Vec::new()];
        loop {
            let name = self.name()?;
            let operator = match self.peek() {
                Some(Word::Sign(sign)) => sign.clone(),
                Some(Word::Name(word)) => word.to_lowercase(),
                _ => return Err(self.fail()),
            };
            self.at += 1;
            let operator = match operator.as_str() {
                "is" if self.take("not") => "is not".to_owned(),
                "=" | "!=" | "<>" | "<" | ">" | "<=" | ">=" | "like" | "is" => operator,
                _ => return Err(Refusal::NotSimulated),
            };
            let one = (name, operator, self.value()?);
            if let Some(all) = any.last_mut() {
                all.push(one);
            }
            if self.take("or") {
                any.push(Vec::new());
            } else if !self.take("and") {
                return Ok(any);
            }
        }
    }

    fn columns(&mut self) -> Result<Vec<Column>, Refusal> {
        self.expect_sign("(")?;
        let mut columns: Vec<Column> = Vec::new();
        loop {
            if self.is_keyword("primary") || self.is_keyword("unique") || self.is_keyword("key") {
                let is_key = !self.take("key");
                while !self.take_sign("(") {
                    self.at += 1;
                    if self.at >= self.words.len() {
                        return Err(self.fail());
                    }
                }
                let names = self.list(Self::name)?;
                self.expect_sign(")")?;
                // A key of several columns is not looked at.
                let alone = names.len() == 1 && is_key;
                columns
                    .iter_mut()
                    .filter(|column| alone && names.contains(&column.name))
                    .for_each(|column| column.is_key = true);
            } else {
                columns.push(self.column()?);
            }
            if !self.take_sign(",") {
                break;
            }
        }
        self.expect_sign(")")?;
        Ok(columns)
    }

    fn column(&mut self) -> Result<Column, Refusal> {
        let name = self.name()?;
        let mut kind = self.name()?.to_lowercase();
        if self.take_sign("(") {
            let size = self.list(Self::value)?;
            let size: Vec<String> = size.iter().filter_map(Value::text).collect();
            self.expect_sign(")")?;
            kind += &format!("({})", size.join(","));
        }
        let counts = kind.ends_with("serial");
        let mut column =
            Column { name, kind, counts, is_key: false, not_null: false, default: None };
        loop {
            if self.take("auto_increment") {
                column.counts = true;
            } else if self.take("not") {
                self.expect("null")?;
                column.not_null = true;
            } else if self.take("primary") {
                self.expect("key")?;
                column.is_key = true;
            } else if self.take("unique") {
                column.is_key = true;
            } else if self.take("default") {
                if let Some(Word::Name(_)) = self.peek() {
                    // A moment, which is not filled in.
                    self.at += 1;
                } else {
                    column.default = Some(self.value()?);
                }
            } else if !(self.take("null") || self.take("unsigned") || self.take("varying")) {
                return Ok(column);
            }
        }
    }
}
