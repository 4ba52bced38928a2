//! From words to fields: parameters, command substitution, arithmetic, splitting, file names.

use sorted::SortedMap;

use os::Fd;

use super::{Boxed, Flow, Shell, brace};
use crate::Flavour;
use crate::pattern::{Ch, Field, Pattern, is_pattern, text};
use crate::syntax::{Command, Index, List, Operation, Parameter, Part, RedirectKind, Word};

/// The most characters that one command's words may have together.
const SIZE_MAX: usize = 4 << 20;

/// Fields while they are being made.
#[derive(Debug)]
struct Output {
    fields: Vec<Field>,
    current: Option<Field>,
    /// What separates fields; none where nothing is split.
    separators: Option<String>,
    /// The last field was ended by a blank, which a following separator belongs to.
    after_blank: bool,
    size: usize,
}

impl Output {
    fn new(separators: Option<String>) -> Self {
        Self { fields: Vec::new(), current: None, separators, after_blank: false, size: 0 }
    }

    fn text(&mut self, text: &str, quoted: bool) {
        self.after_blank = false;
        self.size += text.len();
        let chars = text.chars().map(|char| Ch { char, quoted });
        self.current.get_or_insert_default().extend(chars);
    }

    fn end_field(&mut self) {
        if let Some(field) = self.current.take() {
            self.fields.push(field);
        }
    }

    /// The result of an expansion.
    fn value(&mut self, value: &str, quoted: bool) {
        let Some(separators) = self.separators.clone().filter(|_| !quoted) else {
            if quoted || !value.is_empty() {
                self.text(value, quoted);
            }
            return;
        };
        self.size += value.len();
        for char in value.chars() {
            if !separators.contains(char) {
                self.after_blank = false;
                self.current.get_or_insert_default().push(Ch { char, quoted: false });
            } else if char.is_whitespace() {
                if self.current.is_some() {
                    self.end_field();
                    self.after_blank = true;
                }
            } else if self.after_blank {
                self.after_blank = false;
            } else {
                self.current.get_or_insert_default();
                self.end_field();
            }
        }
    }
}

/// What a parameter stands for.
pub(super) enum Found {
    Unset,
    One(String),
    /// All of `$@` or an array; true if joined (`$*`).
    Many(Vec<String>, bool),
}

impl Shell {
    fn separators(&self) -> String {
        self.variable("IFS").unwrap_or_else(|| " \t\n".to_owned())
    }

    /// Expands words to fields, with everything.
    pub(crate) async fn expand_words(&mut self, words: &[Word]) -> Result<Vec<String>, Flow> {
        let mut all = Vec::new();
        for word in words {
            self.expand_into(word, &mut all).await?;
        }
        Ok(all)
    }

    /// Expands one word to any number of fields.
    pub(crate) async fn expand_into(
        &mut self,
        word: &Word,
        all: &mut Vec<String>,
    ) -> Result<(), Flow> {
        let words = if self.flavour == Flavour::Bash {
            match brace::expand(word) {
                Some(words) => words,
                None => {
                    let text = "not simulated: braces that stand for more than 10000 words";
                    return Err(self.abort(text).await);
                }
            }
        } else {
            vec![word.parts.clone()]
        };
        for parts in words {
            let mut output = Output::new(Some(self.separators()));
            let parts = self.with_tilde(&parts, false);
            self.parts(&parts, false, &mut output).await?;
            output.end_field();
            for field in output.fields {
                if is_pattern(&field) && !self.options.noglob {
                    let found = self.glob(&field);
                    if !found.is_empty() {
                        all.extend(found);
                        continue;
                    }
                }
                all.push(text(&field));
            }
        }
        Ok(())
    }

    /// Expands to one text: nothing is split, no file names.
    pub(crate) async fn expand_text(&mut self, word: &Word) -> Result<String, Flow> {
        let parts = self.with_tilde(&word.parts, false);
        Ok(text(&self.expand_field(&parts).await?))
    }

    /// Expands the right side of an assignment.
    pub(crate) async fn expand_value(&mut self, word: &Word) -> Result<String, Flow> {
        let parts = self.with_tilde(&word.parts, true);
        Ok(text(&self.expand_field(&parts).await?))
    }

    /// Expands to one field that remembers what was quoted.
    pub(crate) async fn expand_field(&mut self, parts: &[Part]) -> Result<Field, Flow> {
        let mut output = Output::new(None);
        self.parts(parts, false, &mut output).await?;
        output.end_field();
        let blank = Ch { char: ' ', quoted: true };
        Ok(output.fields.join(&blank))
    }

    /// Expands a pattern.
    pub(crate) async fn expand_pattern(&mut self, word: &Word) -> Result<Pattern, Flow> {
        let parts = self.with_tilde(&word.parts, false);
        Ok(Pattern::new(&self.expand_field(&parts).await?))
    }

    /// Replaces a leading `~` (in an assignment also one after `:`).
    fn with_tilde(&self, parts: &[Part], assignment: bool) -> Vec<Part> {
        let mut parts = parts.to_vec();
        let whole = parts.len() == 1;
        for (index, part) in parts.iter_mut().enumerate() {
            let Part::Literal(literal) = part else { continue };
            if !literal.contains('~') {
                continue;
            }
            let pieces: Vec<&str> =
                if assignment { literal.split(':').collect() } else { vec![literal.as_str()] };
            let count = pieces.len();
            let mut expanded = Vec::new();
            for (number, piece) in pieces.into_iter().enumerate() {
                let starts_here = if number == 0 { index == 0 } else { true };
                let is_last = number + 1 == count;
                let user = piece.strip_prefix('~').map(|rest| rest.split('/').next().unwrap_or(""));
                let complete = piece.contains('/') || !is_last || whole;
                match user.filter(|_| starts_here && complete).and_then(|user| self.home_of(user)) {
                    Some(home) => {
                        let rest = piece.find('/').map_or("", |at| &piece[at..]);
                        expanded.push(format!("{home}{rest}"));
                    }
                    None => expanded.push(piece.to_owned()),
                }
            }
            *literal = expanded.join(":");
        }
        parts
    }

    fn home_of(&self, user: &str) -> Option<String> {
        match user {
            "" => self.variable("HOME").or_else(|| Some("/root".to_owned())),
            "+" => Some(self.proc.cwd()),
            "-" => self.variable("OLDPWD"),
            user => crate::accounts::by_name(&self.proc, user).map(|account| account.home),
        }
    }

    fn parts<'a>(
        &'a mut self,
        parts: &'a [Part],
        quoted: bool,
        output: &'a mut Output,
    ) -> Boxed<'a, Result<(), Flow>> {
        Box::pin(async move {
            for part in parts {
                match part {
                    Part::Literal(text) => output.text(text, quoted),
                    Part::Quoted(text) => output.text(text, true),
                    Part::Double(inner) => {
                        let only_lists = !inner.is_empty() && inner.iter().all(is_list);
                        self.parts(inner, true, output).await?;
                        if !only_lists {
                            output.text("", true);
                        }
                    }
                    Part::Parameter(parameter) => {
                        self.expand_parameter(parameter, quoted, output).await?;
                    }
                    Part::Command(list) => {
                        let value = self.substitute(list).await?;
                        output.value(&value, quoted);
                    }
                    Part::Process(list) => {
                        let path = self.process_file(list).await?;
                        output.text(&path, true);
                    }
                    Part::Arithmetic(inner) => {
                        let expression = text(&self.expand_field(inner).await?);
                        let value = self.arithmetic(&expression).await?;
                        output.value(&value.to_string(), quoted);
                    }
                    Part::Array(_) => {}
                }
                if output.size > SIZE_MAX || output.fields.len() > SIZE_MAX / 16 {
                    return Err(self.abort("not simulated: words of more than 4 MiB").await);
                }
            }
            Ok(())
        })
    }

    /// `<(...)`: starts the command and gives the file that its output can be read from until the
    /// present command ends.
    async fn process_file(&mut self, list: &std::rc::Rc<List>) -> Result<String, Flow> {
        let (reader, writer) = self.proc.pipe();
        let fds = SortedMap::from([(Fd::STDOUT, writer)]);
        let body = list.clone();
        self.fork(fds, false, false, move |shell| shell.run_as_child(body)).await?;
        let fd = self.proc.add_handle(reader.clone());
        self.own_fds.insert(fd, reader);
        self.process_fds.push(fd);
        Ok(format!("/dev/fd/{}", fd.0))
    }

    /// Closes what `<(...)` has opened.
    pub(super) fn close_process_files(&mut self) {
        for fd in std::mem::take(&mut self.process_fds) {
            self.own_fds.remove(&fd);
            self.proc.close(fd);
        }
    }

    /// The output of a command, without the newlines at its end.
    async fn substitute(&mut self, list: &std::rc::Rc<List>) -> Result<String, Flow> {
        let bytes = match self.file_of(list).await? {
            Some(bytes) => bytes,
            None => {
                let (reader, writer) = self.proc.pipe();
                let fds = SortedMap::from([(Fd::STDOUT, writer)]);
                let body = list.clone();
                let child =
                    self.fork(fds, false, false, move |shell| shell.run_as_child(body)).await?;
                let fd = self.proc.add_handle(reader);
                let mut bytes = Vec::new();
                loop {
                    match self.proc.read(fd, 65_536).await {
                        Ok(more) if more.is_empty() => break,
                        Ok(more) => bytes.extend(more),
                        Err(_) => {
                            let taken = self.take_signals().await;
                            if taken.is_err() {
                                self.proc.signal_child(child, os::Signal::Interrupt);
                                self.proc.close(fd);
                                return Err(Flow::Interrupt);
                            }
                        }
                    }
                    if bytes.len() > SIZE_MAX {
                        self.proc.close(fd);
                        return Err(self.abort("not simulated: words of more than 4 MiB").await);
                    }
                }
                self.proc.close(fd);
                self.status = self.await_child(child).await?;
                bytes
            }
        };
        self.substitution_status = Some(self.status);
        let mut value = String::from_utf8_lossy(&bytes).replace('\0', "");
        value.truncate(value.trim_end_matches('\n').len());
        Ok(value)
    }

    /// `$(<file)` reads the file without a process.
    async fn file_of(&mut self, list: &List) -> Result<Option<Vec<u8>>, Flow> {
        let [item] = list.as_slice() else { return Ok(None) };
        let [command] = item.chain.first.commands.as_slice() else { return Ok(None) };
        let Command::Simple(simple) = &**command else { return Ok(None) };
        let is_read = simple.words.is_empty() && simple.assignments.is_empty();
        let [redirect] = simple.redirects.as_slice() else { return Ok(None) };
        let RedirectKind::Read(word) = &redirect.kind else { return Ok(None) };
        if !is_read || !item.chain.rest.is_empty() || self.flavour != Flavour::Bash {
            return Ok(None);
        }
        let path = self.expand_text(word).await?;
        match self.proc.read_file(&path) {
            Ok(bytes) => {
                self.status = 0;
                Ok(Some(bytes))
            }
            Err(errno) => {
                self.complain(&format!("{path}: {errno}")).await;
                self.status = 1;
                Ok(Some(Vec::new()))
            }
        }
    }

    async fn find(&mut self, parameter: &Parameter) -> Result<Found, Flow> {
        let name = parameter.name.as_str();
        match &parameter.index {
            None => {}
            Some(Index::Each) => {
                return Ok(Found::Many(texts(self.elements(name)), false));
            }
            Some(Index::Joined) => {
                return Ok(Found::Many(texts(self.elements(name)), true));
            }
            Some(Index::One(parts)) => {
                let key = self.subscript(name, parts).await?;
                let found = crate::arithmetic::Variables::get(self, name, Some(&key));
                return Ok(found.map_or(Found::Unset, Found::One));
            }
        }
        Ok(match name {
            "@" => Found::Many(self.parameters.clone(), false),
            "*" => Found::Many(self.parameters.clone(), true),
            name => self.parameter(name).map_or(Found::Unset, Found::One),
        })
    }

    async fn expand_parameter(
        &mut self,
        parameter: &Parameter,
        quoted: bool,
        output: &mut Output,
    ) -> Result<(), Flow> {
        if parameter.indirect {
            let meant = self.parameter(&parameter.name).filter(|name| !name.is_empty());
            let Some(name) = meant else {
                let text = &parameter.text;
                return Err(self.abort(&format!("{text}: invalid indirect expansion")).await);
            };
            let direct = Parameter { name, indirect: false, ..parameter.clone() };
            return Box::pin(self.expand_parameter(&direct, quoted, output)).await;
        }
        let mut found = self.find(parameter).await?;
        let is_set = match &found {
            Found::Unset => false,
            Found::One(text) => !text.is_empty(),
            Found::Many(texts, _) => texts.iter().any(|text| !text.is_empty()),
        };
        let is_declared = match &found {
            Found::Unset => false,
            Found::One(_) => true,
            Found::Many(texts, _) => !texts.is_empty(),
        };
        match &parameter.operation {
            Operation::Bad => {
                let message = match self.flavour {
                    Flavour::Bash => format!("{}: bad substitution", parameter.text),
                    Flavour::Dash => "Bad substitution".to_owned(),
                    Flavour::Ash => "syntax error: bad substitution".to_owned(),
                };
                return Err(self.abort(&message).await);
            }
            Operation::Default { operator, colon, word } => {
                let has_value = if *colon { is_set } else { is_declared };
                let word_is_used = (*operator == '+') == has_value;
                if word_is_used {
                    return self.use_word(parameter, *operator, *colon, word, quoted, output).await;
                }
                if *operator == '+' {
                    return Ok(());
                }
            }
            Operation::Length => {
                let size = match &found {
                    Found::Unset => 0,
                    Found::One(text) => text.chars().count(),
                    Found::Many(texts, _) => texts.len(),
                };
                if matches!(found, Found::Unset) {
                    self.check_unset(parameter).await?;
                }
                output.value(&size.to_string(), quoted);
                return Ok(());
            }
            Operation::Indirect | Operation::Names => found = self.named(parameter, found),
            Operation::Plain => {}
            operation => {
                let is_array = parameter.index.is_some();
                found = self.transform(found, operation, is_array).await?;
            }
        }
        match found {
            Found::Unset => {
                self.check_unset(parameter).await?;
                if quoted {
                    output.text("", true);
                }
            }
            Found::One(text) => output.value(&text, quoted),
            Found::Many(texts, joined) if joined && quoted || output.separators.is_none() => {
                let between = if joined {
                    self.separators().chars().next().map(String::from).unwrap_or_default()
                } else {
                    " ".to_owned()
                };
                output.value(&texts.join(&between), quoted);
            }
            Found::Many(texts, _) => {
                for (index, text) in texts.iter().enumerate() {
                    if index > 0 {
                        output.end_field();
                    }
                    output.value(text, quoted);
                }
            }
        }
        Ok(())
    }

    /// `${!name}`: what a variable names; `${!name[@]}`: subscripts; `${!name@}`: names of variables.
    fn named(&mut self, parameter: &Parameter, found: Found) -> Found {
        if matches!(parameter.operation, Operation::Names) {
            let fits = |name: &&String| name.starts_with(&parameter.name);
            return Found::Many(self.variables.keys().filter(fits).cloned().collect(), false);
        }
        match (&parameter.index, found) {
            (Some(_), _) => {
                let elements = self.elements(&parameter.name);
                Found::Many(elements.into_iter().map(|(key, _)| key).collect(), false)
            }
            (None, Found::One(name)) => self.parameter(&name).map_or(Found::Unset, Found::One),
            _ => Found::Unset,
        }
    }

    async fn check_unset(&mut self, parameter: &Parameter) -> Result<(), Flow> {
        if !self.options.nounset || matches!(parameter.operation, Operation::Default { .. }) {
            return Ok(());
        }
        let what = match self.flavour {
            Flavour::Bash => "unbound variable",
            Flavour::Ash | Flavour::Dash => "parameter not set",
        };
        let flow = self.abort(&format!("{}: {what}", parameter.name)).await;
        if self.flavour == Flavour::Bash && self.source == super::Source::Argument {
            self.status = 127;
        }
        Err(flow)
    }

    async fn use_word(
        &mut self,
        parameter: &Parameter,
        operator: char,
        colon: bool,
        word: &[Part],
        quoted: bool,
        output: &mut Output,
    ) -> Result<(), Flow> {
        match operator {
            '-' | '+' => {
                let word = self.with_tilde(word, false);
                self.parts_as_value(&word, quoted, output).await
            }
            '=' => {
                let value = text(&self.expand_field(word).await?);
                if let Err(message) = self.assign(&parameter.name, None, &value) {
                    return Err(self.abort(&message).await);
                }
                output.value(&value, quoted);
                Ok(())
            }
            _ => {
                let mut message = text(&self.expand_field(word).await?);
                if message.is_empty() {
                    message = match (self.flavour, colon) {
                        (Flavour::Bash, true) => "parameter null or not set",
                        (Flavour::Bash, false) => "parameter not set",
                        (_, true) => "parameter not set or null",
                        (_, false) => "parameter not set",
                    }
                    .to_owned();
                }
                let flow = self.abort(&format!("{}: {message}", parameter.name)).await;
                if self.flavour == Flavour::Bash && !self.interactive {
                    self.status = 127;
                }
                Err(flow)
            }
        }
    }

    /// The word of `${x:-word}`: unquoted text in it is split like a value.
    async fn parts_as_value(
        &mut self,
        word: &[Part],
        quoted: bool,
        output: &mut Output,
    ) -> Result<(), Flow> {
        for part in word {
            match part {
                Part::Literal(text) => output.value(text, quoted),
                part => self.parts(std::slice::from_ref(part), quoted, output).await?,
            }
        }
        Ok(())
    }
}

fn is_list(part: &Part) -> bool {
    let Part::Parameter(parameter) = part else { return false };
    matches!(parameter.operation, Operation::Plain)
        && (parameter.name == "@" || matches!(parameter.index, Some(Index::Each)))
}

fn texts(elements: Vec<(String, String)>) -> Vec<String> {
    elements.into_iter().map(|(_, text)| text).collect()
}
