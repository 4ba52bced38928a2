//! A small SQL: tables of texts and numbers, made, filled, changed and looked at one at a time. Joins,
//! views, transactions and functions but `COUNT`, `MAX`, `MIN` and `SUM` are not understood, and said so.

mod parser;
mod words;

use sorted::SortedMap;

use serde_json::{Value as Json, json};

pub(super) use parser::parse;

/// Statements without the semicolons between them.
pub(super) fn divided(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quote) = (Vec::new(), 0, None);
    for (at, char) in text.char_indices() {
        match (char, quote) {
            (';', None) => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            ('\'' | '"' | '`', None) => quote = Some(char),
            (char, Some(open)) if char == open => quote = None,
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().filter(|part| !part.trim().is_empty()).collect()
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    Null,
    Number(i64),
    Text(String),
}

impl Value {
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()),
        }
    }

    /// Numbers and their texts are the same.
    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        let number = |value: &Self| match value {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            Self::Null => None,
        };
        match (number(self), number(other)) {
            (Some(own), Some(other)) => own.cmp(&other),
            _ => self.text().cmp(&other.text()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// As it was written: `VARCHAR(255)`.
    pub(super) kind: String,
    pub(super) counts: bool,
    pub(super) is_key: bool,
    pub(super) not_null: bool,
    pub(super) default: Option<Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    rows: Vec<Vec<Value>>,
    next: i64,
}

/// The tables of one database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Database {
    pub(super) tables: SortedMap<String, Table>,
}

/// A condition: any of these, each all of those.
pub(super) type Condition = Vec<Vec<(String, String, Value)>>;

/// What is looked at: a column or `*`, a function of one, a value; and its title.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Column(String, String),
    Function(String, String, String),
    Constant(Value, String),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Select {
    pub(super) items: Vec<Item>,
    pub(super) table: Option<String>,
    pub(super) condition: Condition,
    pub(super) group: Option<String>,
    pub(super) order: Option<(String, bool)>,
    pub(super) limit: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Statement {
    Create { name: String, columns: Vec<Column>, quietly: bool },
    Drop { name: String, quietly: bool },
    Insert { table: String, columns: Vec<String>, rows: Vec<Vec<Value>> },
    Select(Select),
    Update { table: String, set: Vec<(String, Value)>, condition: Condition },
    Delete { table: String, condition: Condition },
}

/// What a statement brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Titles, and rows without a value where there is none.
    Rows(Vec<String>, Vec<Vec<Option<String>>>),
    /// What was done, and to how many rows.
    Done(&'static str, usize),
}

/// Why a statement does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    NoTable(String),
    TableExists(String),
    NoColumn(String),
    ColumnCount,
    Duplicate(String, String),
    IsNull(String),
    /// Not SQL, from here.
    Syntax(String),
    NotSimulated,
}

impl Database {
    pub(super) fn run(&mut self, statement: &Statement) -> Result<Outcome, Refusal> {
        match statement {
            Statement::Create { name, columns, quietly } => {
                if self.tables.contains_key(name) {
                    return if *quietly {
                        Ok(Outcome::Done("CREATE TABLE", 0))
                    } else {
                        Err(Refusal::TableExists(name.clone()))
                    };
                }
                let table = Table { columns: columns.clone(), rows: Vec::new(), next: 1 };
                self.tables.insert(name.clone(), table);
                Ok(Outcome::Done("CREATE TABLE", 0))
            }
            Statement::Drop { name, quietly } => match self.tables.remove(name) {
                None if !quietly => Err(Refusal::NoTable(name.clone())),
                _ => Ok(Outcome::Done("DROP TABLE", 0)),
            },
            Statement::Insert { table, columns, rows } => {
                let table = self.table(table)?;
                rows.iter().try_for_each(|row| table.insert(columns, row))?;
                Ok(Outcome::Done("INSERT", rows.len()))
            }
            Statement::Update { table, set, condition } => {
                let table = self.table(table)?;
                let places: Result<Vec<usize>, _> =
                    set.iter().map(|(name, _)| table.place(name)).collect();
                let (places, mut count) = (places?, 0);
                for at in table.matching(condition)? {
                    for (place, (_, value)) in places.iter().zip(set) {
                        table.rows[at][*place] = value.clone();
                    }
                    count += 1;
                }
                Ok(Outcome::Done("UPDATE", count))
            }
            Statement::Delete { table, condition } => {
                let table = self.table(table)?;
                let gone = table.matching(condition)?;
                let mut at = 0;
                table.rows.retain(|_| {
                    at += 1;
                    !gone.contains(&(at - 1))
                });
                Ok(Outcome::Done("DELETE", gone.len()))
            }
            Statement::Select(select) => self.select(select),
        }
    }

    fn table(&mut self, name: &str) -> Result<&mut Table, Refusal> {
        self.tables.get_mut(name).ok_or_else(|| Refusal::NoTable(name.to_owned()))
    }

    fn select(&mut self, select: &Select) -> Result<Outcome, Refusal> {
        let nothing = Table { rows: vec![Vec::new()], ..Table::default() };
        let table = match &select.table {
            Some(name) => self.table(name)?.clone(),
            None => nothing,
        };
        let mut chosen: Vec<&Vec<Value>> =
            table.matching(&select.condition)?.into_iter().map(|at| &table.rows[at]).collect();
        let group = select.group.as_ref().map(|name| table.place(name)).transpose()?;
        if let Some((name, is_down)) = &select.order
            && let Ok(place) = table.place(name)
        {
            chosen.sort_by(|a, b| a[place].compare(&b[place]));
            if *is_down {
                chosen.reverse();
            }
        }
        let (mut titles, mut rows) = (Vec::new(), Vec::new());
        for item in &select.items {
            match item {
                Item::Column(name, _) if name == "*" => {
                    titles.extend(table.columns.iter().map(|column| column.name.clone()));
                }
                Item::Column(_, title) | Item::Function(_, _, title) | Item::Constant(_, title) => {
                    titles.push(title.clone());
                }
            }
        }
        let folds = select.items.iter().any(|item| matches!(item, Item::Function(..)));
        let groups: Vec<Vec<&Vec<Value>>> = match group {
            Some(place) => {
                let mut groups: SortedMap<Value, Vec<&Vec<Value>>> = SortedMap::new();
                chosen
                    .iter()
                    .for_each(|row| groups.entry(row[place].clone()).or_default().push(row));
                groups.into_values().collect()
            }
            None if folds => vec![chosen],
            None => chosen.into_iter().map(|row| vec![row]).collect(),
        };
        for group in groups {
            let mut row = Vec::new();
            for item in &select.items {
                match item {
                    Item::Column(name, _) if name == "*" => {
                        let first = group.first().map(|row| row.iter().map(Value::text));
                        row.extend(first.into_iter().flatten());
                    }
                    Item::Column(name, _) => {
                        let place = table.place(name)?;
                        row.push(group.first().and_then(|row| row[place].text()));
                    }
                    Item::Constant(value, _) => row.push(value.text()),
                    Item::Function(name, column, _) => {
                        row.push(fold(&table, name, column, &group)?)
                    }
                }
            }
            rows.push(row);
        }
        if let Some((name, is_down)) = &select.order
            && let (Some(at), true) = (titles.iter().position(|title| title == name), folds)
        {
            let value =
                |row: &Vec<Option<String>>| Value::Text(row[at].clone().unwrap_or_default());
            rows.sort_by(|a, b| value(a).compare(&value(b)));
            if *is_down {
                rows.reverse();
            }
        }
        rows.truncate(select.limit.unwrap_or(usize::MAX));
        Ok(Outcome::Rows(titles, rows))
    }

    /// For a file.
    pub(super) fn save(&self) -> Json {
        let value = |value: &Value| match value {
            Value::Null => Json::Null,
            Value::Number(number) => json!(number),
            Value::Text(text) => json!(text),
        };
        let tables = self.tables.iter().map(|(name, table)| {
            let columns: Vec<Json> = table
                .columns
                .iter()
                .map(|it| {
                    let default = it.default.as_ref().map(value);
                    json!([it.name, it.kind, it.counts, it.is_key, it.not_null, default])
                })
                .collect();
            let rows: Vec<Vec<Json>> =
                table.rows.iter().map(|row| row.iter().map(value).collect()).collect();
            (name.clone(), json!({"columns": columns, "rows": rows, "next": table.next}))
        });
        Json::Object(tables.collect())
    }

    /// Reads [`Database::save`]; what cannot be read is left out.
    pub(super) fn load(saved: &Json) -> Self {
        let value = |json: &Json| match json {
            Json::Number(number) => Value::Number(number.as_i64().unwrap_or_default()),
            Json::String(text) => Value::Text(text.clone()),
            _ => Value::Null,
        };
        let mut database = Self::default();
        for (name, table) in saved.as_object().into_iter().flatten() {
            let list = |key: &str| table[key].as_array().cloned().unwrap_or_default();
            let columns = list("columns").into_iter().map(|it| Column {
                name: it[0].as_str().unwrap_or_default().to_owned(),
                kind: it[1].as_str().unwrap_or_default().to_owned(),
                counts: it[2] == Json::Bool(true),
                is_key: it[3] == Json::Bool(true),
                not_null: it[4] == Json::Bool(true),
                default: (!it[5].is_null()).then(|| value(&it[5])),
            });
            let columns: Vec<Column> = columns.collect();
            let rows = list("rows").into_iter().filter_map(|row| {
                let row: Vec<Value> = row.as_array()?.iter().map(value).collect();
                (row.len() == columns.len()).then_some(row)
            });
            let table =
                Table { rows: rows.collect(), next: table["next"].as_i64().unwrap_or(1), columns };
            database.tables.insert(name.clone(), table);
        }
        database
    }
}

fn fold(
    table: &Table,
    name: &str,
    column: &str,
    rows: &[&Vec<Value>],
) -> Result<Option<String>, Refusal> {
    if column == "*" {
        return Ok(Some(rows.len().to_string()));
    }
    let place = table.place(column)?;
    let values = || rows.iter().map(|row| &row[place]).filter(|value| **value != Value::Null);
    Ok(match name {
        "count" => Some(values().count().to_string()),
        "max" => values().max_by(|a, b| a.compare(b)).and_then(Value::text),
        "min" => values().min_by(|a, b| a.compare(b)).and_then(Value::text),
        "sum" => {
            let numbers = values().filter_map(|value| value.text()?.parse::<i64>().ok());
            Some(numbers.fold(0_i64, i64::saturating_add).to_string())
        }
        _ => return Err(Refusal::NotSimulated),
    })
}

impl Table {
    fn place(&self, name: &str) -> Result<usize, Refusal> {
        let name = name.rsplit('.').next().unwrap_or(name);
        let found = self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
        found.ok_or_else(|| Refusal::NoColumn(name.to_owned()))
    }

    /// The rows that a condition holds for.
    fn matching(&self, condition: &Condition) -> Result<Vec<usize>, Refusal> {
        let mut places = SortedMap::new();
        for (name, ..) in condition.iter().flatten() {
            places.insert(name, self.place(name)?);
        }
        let holds = |row: &Vec<Value>, (name, operator, wanted): &(String, String, Value)| {
            let value = &row[places[name]];
            let order = value.compare(wanted);
            match operator.as_str() {
                "is" => *value == Value::Null,
                "is not" => *value != Value::Null,
                _ if *value == Value::Null => false,
                "=" => order.is_eq(),
                "!=" | "<>" => order.is_ne(),
                "<" => order.is_lt(),
                ">" => order.is_gt(),
                "<=" => order.is_le(),
                ">=" => order.is_ge(),
                // `%x%`: the parts between the signs, in order.
                _ => {
                    let (text, pattern) =
                        (value.text().unwrap_or_default(), wanted.text().unwrap_or_default());
                    let (text, pattern) = (text.to_lowercase(), pattern.to_lowercase());
                    let parts: Vec<&str> = pattern.split('%').collect();
                    let (first, last) = (parts[0], parts[parts.len() - 1]);
                    text.starts_with(first)
                        && text.ends_with(last)
                        && (parts.len() > 1 || text == pattern)
                        && parts.iter().all(|part| text.contains(part))
                }
            }
        };
        let fits = |row: &&Vec<Value>| {
            condition.is_empty()
                || condition.iter().any(|all| all.iter().all(|one| holds(row, one)))
        };
        let rows = self.rows.iter().enumerate();
        Ok(rows.filter(|(_, row)| fits(row)).map(|(at, _)| at).collect())
    }

    fn insert(&mut self, names: &[String], values: &[Value]) -> Result<(), Refusal> {
        let count = if names.is_empty() { self.columns.len() } else { names.len() };
        if values.len() != count {
            return Err(Refusal::ColumnCount);
        }
        let mut row: Vec<Option<Value>> = vec![None; self.columns.len()];
        for (at, value) in values.iter().enumerate() {
            let place = if names.is_empty() { at } else { self.place(&names[at])? };
            row[place] = Some(value.clone());
        }
        let mut complete = Vec::new();
        for (column, value) in self.columns.iter().zip(row) {
            let is_open = matches!(value, None | Some(Value::Null));
            let value = match (column.counts && is_open, value) {
                (true, _) => Value::Number(self.next),
                (false, Some(value)) => value,
                (false, None) => column.default.clone().unwrap_or(Value::Null),
            };
            if value == Value::Null && (column.not_null || column.is_key) {
                return Err(Refusal::IsNull(column.name.clone()));
            }
            complete.push(value);
        }
        for (at, column) in self.columns.iter().enumerate().filter(|(_, column)| column.is_key) {
            if self.rows.iter().any(|row| row[at].compare(&complete[at]).is_eq()) {
                let value = complete[at].text().unwrap_or_default();
                return Err(Refusal::Duplicate(value, column.name.clone()));
            }
        }
        for (column, value) in self.columns.iter().zip(&complete) {
            if let (true, Value::Number(number)) = (column.counts, value) {
                self.next = self.next.max(number.saturating_add(1));
            }
        }
        self.rows.push(complete);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(database: &mut Database, statement: &str, expected: &str) {
        let outcome = parse(statement).and_then(|statement| database.run(&statement));
        let shown = match outcome {
            Ok(Outcome::Rows(titles, rows)) => {
                let line = |row: &Vec<Option<String>>| {
                    let cell =
                        |it: &Option<String>| it.clone().unwrap_or_else(|| "NULL".to_owned());
                    row.iter().map(cell).collect::<Vec<_>>().join(",")
                };
                let rows: Vec<String> = rows.iter().map(line).collect();
                format!("{}: {}", titles.join(","), rows.join(" "))
            }
            other => format!("{other:?}"),
        };
        assert_eq!(shown, expected, "{statement}");
    }

    #[test]
    fn tables_are_made_filled_changed_and_kept() {
        let mut db = Database::default();
        let it = &mut db;
        check(
            it,
            "CREATE TABLE IF NOT EXISTS users (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT \
             NULL, age INT DEFAULT 7);",
            "Ok(Done(\"CREATE TABLE\", 0))",
        );
        check(
            it,
            "insert into users (name, age) values ('Ann', 30), ('Bob', 4)",
            "Ok(Done(\"INSERT\", 2))",
        );
        check(it, "insert into users (name) values ('It''s')", "Ok(Done(\"INSERT\", 1))");
        check(
            it,
            "select * from users where age > 5 order by age desc",
            "id,name,age: 1,Ann,30 3,It's,7",
        );
        check(it, "select name as n from `users` where name like 'b%' or id = 3", "n: Bob It's");
        check(it, "select count(*) from users", "count(*): 3");
        check(
            it,
            "update users set age = 5 where name = 'Bob' and id=2",
            "Ok(Done(\"UPDATE\", 1))",
        );
        check(it, "select age, count(id) as c from users group by age", "age,c: 5,1 7,1 30,1");
        check(it, "insert into users values (1, 'x', 1)", "Err(Duplicate(\"1\", \"id\"))");
        check(it, "insert into users (age) values (1)", "Err(IsNull(\"name\"))");
        check(it, "select nope from users", "Err(NoColumn(\"nope\"))");
        check(it, "select 1 + 1", "Err(NotSimulated)");
        check(it, "select 1, 'a'", "1,a: 1,a");
        check(it, "selec * from users", "Err(Syntax(\"selec * from users\"))");
        check(it, "delete from users where id <= 2", "Ok(Done(\"DELETE\", 2))");
        check(it, "drop table nope", "Err(NoTable(\"nope\"))");
        assert_eq!(Database::load(&db.save()), db);
    }
}
