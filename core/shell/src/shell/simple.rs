//! Simple commands: assignments, functions, builtins, programs.

use sorted::SortedMap;

use os::{Errno, Fd, Spawn};

use super::variables::DEFAULT_PATH;
use super::{Done, Flow, Shell, Value, Variable};
use crate::Flavour;
use crate::builtins;
use crate::syntax::{Assignment, Part, Simple, Word, assignment, element};

/// Builtins whose arguments may be assignments, which are not split.
const DECLARING: [&str; 5] = ["export", "readonly", "local", "declare", "typeset"];

/// A variable as it was before a command changed it for itself.
type Before = Vec<(String, Option<Variable>)>;

impl Shell {
    pub(super) async fn run_simple(&mut self, simple: &Simple) -> Done {
        let done = self.run_simple_here(simple).await;
        self.close_process_files();
        done
    }

    async fn run_simple_here(&mut self, simple: &Simple) -> Done {
        self.line = simple.line;
        self.tick().await?;
        let may_exec = std::mem::take(&mut self.may_exec);
        self.substitution_status = None;
        let words = self.expand_command(simple).await?;
        if words.is_empty() {
            return self.run_without_command(simple).await;
        }
        if self.options.xtrace {
            self.trace(&simple.assignments, &words).await;
        }
        let is_function = self.functions.contains_key(&words[0]);
        let is_builtin = !is_function && builtins::is_builtin(&words[0], self.flavour);
        if words[0] == "exec" && is_builtin {
            return self.run_exec(simple, &words).await;
        }
        let saved = match self.redirect(&simple.redirects).await {
            Ok(saved) => saved,
            Err(None) => {
                // A failed redirection of a special builtin ends a POSIX shell's script.
                let ends = builtins::is_special(&words[0])
                    && self.flavour != Flavour::Bash
                    && !self.interactive;
                return if ends { Err(Flow::Abort) } else { Ok(()) };
            }
            Err(Some(flow)) => return Err(flow),
        };
        let done = if is_function {
            let body = self.functions[&words[0]].clone();
            self.with_assignments(simple, true, async |shell: &mut Self| {
                shell.call(&body, words[1..].to_vec()).await
            })
            .await
        } else if is_builtin {
            let keeps = builtins::is_special(&words[0]) && self.flavour != Flavour::Bash;
            self.with_assignments(simple, !keeps, async |shell: &mut Self| {
                builtins::run(shell, &words).await
            })
            .await
        } else {
            self.with_assignments(simple, true, async |shell: &mut Self| {
                shell.run_program(&words, may_exec).await
            })
            .await
        };
        self.restore(saved);
        done
    }

    async fn expand_command(&mut self, simple: &Simple) -> Result<Vec<String>, Flow> {
        let declares = simple
            .words
            .first()
            .and_then(|word| word.literal())
            .is_some_and(|name| DECLARING.contains(&name));
        let mut words: Vec<String> = Vec::new();
        for word in &simple.words {
            match assignment(word, self.flavour).filter(|_| declares) {
                Some(found) if matches!(found.value.parts.as_slice(), [Part::Array(_)]) => {
                    // `declare a=(1 2)`: assigned here, declared by name.
                    if self.locals.last().is_some() && words.first().is_some_and(|w| w != "export")
                    {
                        self.make_local(&found.name);
                    }
                    let has_keys = words.iter().any(|w| w.starts_with('-') && w.contains('A'));
                    if has_keys && !self.is_map(&found.name) {
                        let variable = self.variables.entry(found.name.clone()).or_default();
                        variable.value = Some(Value::Map(SortedMap::new()));
                    }
                    self.apply(&found).await?;
                    words.push(found.name);
                }
                Some(found) => {
                    let value = self.expand_value(&found.value).await?;
                    let sign = if found.append { "+=" } else { "=" };
                    words.push(format!("{}{sign}{value}", found.name));
                }
                None => self.expand_into(word, &mut words).await?,
            }
        }
        if let Some(last) = words.last() {
            self.last_word.clone_from(last);
        }
        Ok(words)
    }

    async fn run_without_command(&mut self, simple: &Simple) -> Done {
        let saved = match self.redirect(&simple.redirects).await {
            Ok(saved) => saved,
            Err(None) => return Ok(()),
            Err(Some(flow)) => return Err(flow),
        };
        self.restore(saved);
        for assignment in &simple.assignments {
            self.apply(assignment).await?;
            if self.options.xtrace {
                let value = self.variable(&assignment.name).unwrap_or_default();
                let value = crate::escapes::quoted_if_needed(&value);
                self.proc.eprint(format!("+ {}={value}\n", assignment.name)).await;
            }
        }
        self.status = self.substitution_status.unwrap_or(0);
        Ok(())
    }

    /// Carries an assignment out.
    pub(crate) async fn apply(&mut self, assignment: &Assignment) -> Done {
        let name = &assignment.name;
        if let [Part::Array(words)] = assignment.value.parts.as_slice() {
            return self.apply_all(name, words, assignment.append).await;
        }
        let mut value = self.expand_value(&assignment.value).await?;
        let index = match &assignment.index {
            Some(parts) => Some(self.subscript(name, parts).await?),
            None => None,
        };
        let index = index.as_deref();
        let is_integer = self.variables.get(name).is_some_and(|variable| variable.integer);
        if is_integer {
            value = self.arithmetic(&value).await?.to_string();
        }
        if assignment.append {
            let old = crate::arithmetic::Variables::get(self, name, index);
            value = if is_integer {
                self.arithmetic(&format!("{}+{value}", old.unwrap_or_default())).await?.to_string()
            } else {
                old.unwrap_or_default() + &value
            };
        }
        if let Err(message) = self.assign(name, index, &value) {
            return Err(self.abort(&message).await);
        }
        Ok(())
    }

    /// Gives an array its values, or with `append` more of them.
    async fn apply_all(&mut self, name: &str, words: &[Word], append: bool) -> Done {
        let is_map = self.is_map(name);
        let mut values = Vec::new();
        for word in words {
            if let Some(found) = element(word) {
                let key = match &found.index {
                    Some(parts) => Some(self.subscript(name, parts).await?),
                    None => None,
                };
                values.push((key, self.expand_value(&found.value).await?));
                continue;
            }
            let mut fields = Vec::new();
            self.expand_into(word, &mut fields).await?;
            if let Some(field) = fields.first().filter(|_| is_map) {
                let message =
                    format!("{name}: {field}: must use subscript when assigning associative array");
                self.complain(&message).await;
                continue;
            }
            values.extend(fields.into_iter().map(|field| (None, field)));
        }
        let variable = self.variables.entry(name.to_owned()).or_default();
        if variable.readonly {
            let message = self.readonly_message(name);
            return Err(self.abort(&message).await);
        }
        if !append || variable.value.is_none() {
            variable.value = Some(if is_map {
                Value::Map(SortedMap::new())
            } else {
                Value::Array(SortedMap::new())
            });
        }
        let last = self.elements(name).pop().and_then(|(key, _)| key.parse::<u32>().ok());
        let mut next = last.map_or(0, |last| last + 1);
        for (key, text) in values {
            let key = key.unwrap_or_else(|| next.to_string());
            if let Err(message) = self.assign(name, Some(&key), &text) {
                return Err(self.abort(&message).await);
            }
            next = key.parse::<u32>().map_or(next, |at| at.saturating_add(1));
        }
        Ok(())
    }

    /// Runs `body` with the command's own assignments, exported; with `undo` they end with it.
    async fn with_assignments(
        &mut self,
        simple: &Simple,
        undo: bool,
        body: impl AsyncFnOnce(&mut Self) -> Done,
    ) -> Done {
        let mut before: Before = Vec::new();
        for assignment in &simple.assignments {
            let name = assignment.name.clone();
            before.push((name.clone(), self.variables.get(&name).cloned()));
            self.apply(assignment).await?;
            if undo && let Some(variable) = self.variables.get_mut(&name) {
                variable.exported = true;
            }
        }
        let done = body(self).await;
        if undo {
            for (name, variable) in before.into_iter().rev() {
                match variable {
                    Some(variable) => self.variables.insert(name, variable),
                    None => self.variables.remove(&name),
                };
            }
        }
        done
    }

    async fn trace(&mut self, assignments: &[Assignment], words: &[String]) {
        let mut line = self.variable("PS4").unwrap_or_else(|| "+ ".to_owned());
        for assignment in assignments {
            line.push_str(&format!("{} ", assignment.value.text));
        }
        let words: Vec<String> =
            words.iter().map(|word| crate::escapes::quoted_if_needed(word)).collect();
        line.push_str(&words.join(" "));
        line.push('\n');
        self.proc.eprint(line).await;
    }

    /// Where the program `name` is; the error is the status and the message.
    pub(crate) fn find_program(&self, name: &str) -> Result<String, (i32, String)> {
        if name.contains('/') {
            return Ok(name.to_owned());
        }
        let path = self.variable("PATH").unwrap_or_else(|| DEFAULT_PATH.to_owned());
        let mut denied = None;
        for folder in path.split(':') {
            let folder = if folder.is_empty() { "." } else { folder.trim_end_matches('/') };
            let candidate = format!("{folder}/{name}");
            let Ok(inode) = self.proc.stat(&candidate) else { continue };
            if inode.is_directory() {
                continue;
            }
            if self.proc.access(&candidate, false, false, true) {
                return Ok(candidate);
            }
            denied.get_or_insert(candidate);
        }
        Err(match denied {
            Some(candidate) if self.flavour == Flavour::Bash => {
                (126, format!("{candidate}: Permission denied"))
            }
            Some(_) => (126, format!("{name}: Permission denied")),
            None if self.flavour == Flavour::Bash => (127, format!("{name}: command not found")),
            None => (127, format!("{name}: not found")),
        })
    }

    async fn run_program(&mut self, words: &[String], may_exec: bool) -> Done {
        let path = match self.find_program(&words[0]) {
            Ok(path) if !words[0].is_empty() => path,
            Ok(_) => return Ok(()),
            Err((status, message)) => {
                self.status = status;
                self.complain(&message).await;
                return Ok(());
            }
        };
        self.start_program(path, words, may_exec).await
    }

    /// Runs a program in a child, or with `may_exec` in this process's place.
    pub(crate) async fn start_program(
        &mut self,
        path: String,
        words: &[String],
        may_exec: bool,
    ) -> Done {
        let fds: SortedMap<Fd, os::process::Handle> =
            self.own_fds.keys().filter_map(|fd| Some((*fd, self.proc.handle(*fd).ok()?))).collect();
        let spawn = Spawn {
            path: path.clone(),
            args: words.to_vec(),
            env: self.environment(),
            fds,
            foreground: self.interactive,
            ..Spawn::default()
        };
        let result = if may_exec && self.traps.is_empty() {
            Err(self.proc.exec(spawn).await)
        } else {
            self.proc.spawn(spawn)
        };
        match result {
            Ok(child) => {
                self.status = self.await_child(child).await?;
                Ok(())
            }
            Err(Errno::ExecFormat) => self.run_as_script(path, words).await,
            Err(errno) => {
                let (status, message) = self.cannot_run(&words[0], &path, errno);
                self.status = status;
                self.complain(&message).await;
                Ok(())
            }
        }
    }

    /// Why a program could not be started, with the status.
    pub(crate) fn cannot_run(&self, name: &str, path: &str, errno: Errno) -> (i32, String) {
        let bash = self.flavour == Flavour::Bash;
        match errno {
            Errno::NotFound if self.proc.exists(path) => {
                let bytes = self.proc.read_file(path).unwrap_or_default();
                match os::program::parse(&bytes) {
                    os::program::Executable::Script(interpreter, _) if bash => (
                        126,
                        format!(
                            "{name}: {interpreter}: bad interpreter: No such file or directory"
                        ),
                    ),
                    _ => (127, format!("{name}: not found")),
                }
            }
            Errno::NotFound if bash => (127, format!("{name}: No such file or directory")),
            Errno::NotFound => (127, format!("{name}: not found")),
            Errno::Access
                if bash && self.proc.stat(path).is_ok_and(|inode| inode.is_directory()) =>
            {
                (126, format!("{name}: Is a directory"))
            }
            errno => (126, format!("{name}: {errno}")),
        }
    }

    /// A file that is neither a program nor has an interpreter is a script of this shell.
    async fn run_as_script(&mut self, path: String, words: &[String]) -> Done {
        let bytes = self.proc.read_file(&path).unwrap_or_default();
        if bytes.iter().take(512).any(|byte| *byte == 0) {
            let message = format!("{}: cannot execute binary file: Exec format error", words[0]);
            self.status = 126;
            self.complain(&message).await;
            return Ok(());
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let args = words[1..].to_vec();
        let body = move |mut shell: Self| -> os::program::Running {
            Box::pin(async move {
                shell.name = path;
                shell.parameters = args;
                shell.source = super::Source::Script;
                shell.variables.retain(|_, variable| variable.exported);
                shell.set_quietly("IFS", " \t\n");
                shell.functions.clear();
                let _ = shell.run_text(&text, 1).await;
                shell.finish().await
            })
        };
        let foreground = self.interactive;
        let child = self.fork(SortedMap::new(), foreground, false, body).await?;
        self.status = self.await_child(child).await?;
        Ok(())
    }

    async fn run_exec(&mut self, simple: &Simple, words: &[String]) -> Done {
        let saved = match self.redirect(&simple.redirects).await {
            Ok(saved) => saved,
            Err(None) if self.interactive => return Ok(()),
            Err(None) => return Err(Flow::Exit),
            Err(Some(flow)) => return Err(flow),
        };
        for assignment in &simple.assignments {
            self.apply(assignment).await?;
            if let Some(variable) = self.variables.get_mut(&assignment.name) {
                variable.exported = true;
            }
        }
        if words.len() == 1 {
            // The redirections stay.
            for (fd, _) in saved {
                match self.proc.handle(fd) {
                    Ok(handle) if fd > Fd::STDERR => self.own_fds.insert(fd, handle),
                    _ => self.own_fds.remove(&fd),
                };
            }
            self.status = 0;
            return Ok(());
        }
        if words[1].starts_with('-') && words[1].len() > 1 {
            self.complain(&format!("exec: not simulated: {}", words[1])).await;
            self.status = 2;
            self.restore(saved);
            return Ok(());
        }
        let (status, message) = match self.find_program(&words[1]) {
            Ok(path) => {
                let spawn = Spawn {
                    path: path.clone(),
                    args: words[1..].to_vec(),
                    env: self.environment(),
                    ..Spawn::default()
                };
                let errno = self.proc.exec(spawn).await;
                self.cannot_run(&words[1], &path, errno)
            }
            Err(error) => error,
        };
        self.status = status;
        let message = if self.flavour == Flavour::Bash {
            format!("exec: {}", message.replace(": command not found", ": not found"))
        } else {
            format!("exec: {message}")
        };
        self.complain(&message).await;
        self.restore(saved);
        if self.interactive { Ok(()) } else { Err(Flow::Exit) }
    }
}
