//! `find`.

use os::fs::{Inode, Kind};
use os::{Fd, Spawn};
use sim::Duration;

use super::{Utility, base_name};
use crate::pattern::{Pattern, unquoted};

#[derive(Debug)]
enum Test {
    Name(Pattern, bool),
    Path(Pattern),
    Type(char),
    Empty,
    /// Compared with a number: -1 less, 0 equal, 1 more.
    Size(i8, u64, u64),
    Minutes(i8, u64),
    Newer(sim::Time),
    Mode(u32, char),
    User(u32),
    Not(Box<Test>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    True,
    Print,
    PrintZero,
    Delete,
    Prune,
    Exec(Vec<String>, bool),
}

struct Reader<'a> {
    utility: &'a Utility,
    args: &'a [String],
    position: usize,
    max_depth: usize,
    min_depth: usize,
    acts: bool,
    depth_first: bool,
    depth: u32,
}

type Parsed = Result<Test, String>;

impl Reader<'_> {
    fn peek(&self) -> Option<&str> {
        self.args.get(self.position).map(String::as_str)
    }

    fn or(&mut self) -> Parsed {
        let mut left = self.and()?;
        while matches!(self.peek(), Some("-o" | "-or")) {
            self.position += 1;
            left = Test::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.not()?;
        loop {
            match self.peek() {
                None | Some("-o" | "-or" | ")") => return Ok(left),
                Some("-a" | "-and") => self.position += 1,
                Some(_) => {}
            }
            left = Test::And(Box::new(left), Box::new(self.not()?));
        }
    }

    fn not(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > 100 {
            return Err("not simulated: expressions nested that deep".to_owned());
        }
        let test = if matches!(self.peek(), Some("!" | "-not")) {
            self.position += 1;
            Test::Not(Box::new(self.not()?))
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(test)
    }

    fn argument(&mut self, name: &str) -> Result<String, String> {
        let found = self.args.get(self.position).cloned();
        self.position += 1;
        found.ok_or_else(|| {
            if self.utility.gnu {
                format!("missing argument to `{name}'")
            } else {
                format!("option requires an argument: {name}")
            }
        })
    }

    fn number(&mut self, name: &str) -> Result<(i8, u64, String), String> {
        let text = self.argument(name)?;
        let (sign, digits) = match text.chars().next() {
            Some('+') => (1, &text[1..]),
            Some('-') => (-1, &text[1..]),
            _ => (0, text.as_str()),
        };
        let size = digits.find(|char: char| !char.is_ascii_digit()).unwrap_or(digits.len());
        let number = digits[..size].parse();
        let number = number.map_err(|_| format!("invalid argument `{text}' to `{name}'"))?;
        Ok((sign, number, digits[size..].to_owned()))
    }

    fn action(&mut self, name: &str) -> Parsed {
        Ok(match name {
            "-print" | "-print0" | "-delete" | "-prune" => {
                self.acts |= name != "-prune";
                self.depth_first |= name == "-delete";
                match name {
                    "-print" => Test::Print,
                    "-print0" => Test::PrintZero,
                    "-delete" => Test::Delete,
                    _ => Test::Prune,
                }
            }
            _ => {
                self.acts = true;
                let rest = &self.args[self.position..];
                let end = rest.iter().position(|arg| arg == ";" || arg == "+");
                let end = end.ok_or_else(|| "missing argument to `-exec'".to_owned())?;
                let words = rest[..end].to_vec();
                let all = rest[end] == "+";
                self.position += end + 1;
                if words.is_empty() {
                    return Err("missing argument to `-exec'".to_owned());
                }
                Test::Exec(words, all)
            }
        })
    }

    fn primary(&mut self) -> Parsed {
        let Some(name) = self.peek().map(str::to_owned) else {
            return Err("expected an expression".to_owned());
        };
        self.position += 1;
        let lower = |text: String| unquoted(&text.to_lowercase());
        Ok(match name.as_str() {
            "(" => {
                let inner = self.or()?;
                if self.peek() != Some(")") {
                    return Err("invalid expression; I was expecting to find a ')' somewhere but did not see one.".to_owned());
                }
                self.position += 1;
                inner
            }
            "-name" => Test::Name(Pattern::new(&unquoted(&self.argument(&name)?)), false),
            "-iname" => Test::Name(Pattern::new(&lower(self.argument(&name)?)), true),
            "-path" | "-wholename" => Test::Path(Pattern::new(&unquoted(&self.argument(&name)?))),
            "-type" => {
                let kind = self.argument(&name)?;
                match kind.as_str() {
                    "f" | "d" | "l" | "c" | "b" | "p" | "s" => {
                        Test::Type(kind.chars().next().unwrap_or('f'))
                    }
                    _ => return Err(format!("Unknown argument to -type: {kind}")),
                }
            }
            "-empty" => Test::Empty,
            "-size" => {
                let (sign, number, unit) = self.number(&name)?;
                let unit = match unit.as_str() {
                    "c" => 1,
                    "k" => 1 << 10,
                    "M" => 1 << 20,
                    "G" => 1 << 30,
                    "" | "b" => 512,
                    _ => return Err(format!("invalid -size type `{unit}'")),
                };
                Test::Size(sign, number, unit)
            }
            "-mmin" | "-mtime" => {
                let (sign, number, _) = self.number(&name)?;
                Test::Minutes(sign, if name == "-mtime" { number * 1_440 } else { number })
            }
            "-newer" => {
                let path = self.argument(&name)?;
                let inode = self.utility.proc.stat(&path);
                let inode = inode.map_err(|errno| format!("\u{2018}{path}\u{2019}: {errno}"))?;
                Test::Newer(inode.attributes.modified)
            }
            "-perm" => {
                let text = self.argument(&name)?;
                let kind = text.chars().next().filter(|char| "-/".contains(*char)).unwrap_or('=');
                let digits = text.trim_start_matches(['-', '/']);
                let mode = u32::from_str_radix(digits, 8);
                Test::Mode(mode.map_err(|_| format!("not simulated: -perm {text}"))?, kind)
            }
            "-user" | "-uid" => {
                let text = self.argument(&name)?;
                let uid = crate::accounts::user_number(&self.utility.proc, &text);
                Test::User(uid.ok_or_else(|| format!("'{text}' is not the name of a known user"))?)
            }
            "-true" => Test::True,
            "-maxdepth" | "-mindepth" => {
                let (_, number, _) = self.number(&name)?;
                let number = usize::try_from(number).unwrap_or(usize::MAX);
                if name == "-maxdepth" {
                    self.max_depth = number
                } else {
                    self.min_depth = number
                }
                Test::True
            }
            "-depth" => {
                self.depth_first = true;
                Test::True
            }
            "-print" | "-print0" | "-delete" | "-prune" | "-exec" => return self.action(&name),
            "-ok" | "-okdir" | "-execdir" | "-printf" | "-regex" | "-iregex" | "-links"
            | "-inum" | "-group" | "-gid" | "-amin" | "-atime" | "-cmin" | "-ctime" | "-xdev"
            | "-mount" | "-ls" | "-quit" | "-fprint" | "-ipath" | "-lname" | "-readable"
            | "-writable" | "-executable" | "-follow" | "-samefile" => {
                return Err(format!("not simulated: {name}"));
            }
            _ if self.utility.gnu && name.starts_with('-') => {
                return Err(format!("unknown predicate `{name}'"));
            }
            _ if self.utility.gnu => {
                return Err(format!("paths must precede expression: `{name}'"));
            }
            _ => return Err(format!("unrecognized: {name}")),
        })
    }
}

struct Walk<'a> {
    utility: &'a Utility,
    text: String,
    pruned: bool,
    status: i32,
    /// For `-exec ... +`: the command and the paths so far.
    collected: Option<(Vec<String>, Vec<String>)>,
}

impl Walk<'_> {
    fn holds<'a>(
        &'a mut self,
        test: &'a Test,
        path: &'a str,
        inode: &'a Inode,
    ) -> std::pin::Pin<Box<dyn Future<Output = bool> + 'a>> {
        Box::pin(async move {
            let number = |sign: i8, found: u64, wanted: u64| match sign {
                1 => found > wanted,
                -1 => found < wanted,
                _ => found == wanted,
            };
            match test {
                Test::Name(pattern, folded) => {
                    let name = base_name(path);
                    let name = if *folded { name.to_lowercase() } else { name.to_owned() };
                    pattern.matches(&name.chars().collect::<Vec<_>>())
                }
                Test::Path(pattern) => pattern.matches(&path.chars().collect::<Vec<_>>()),
                Test::Type(letter) => {
                    *letter == if inode.type_letter() == '-' { 'f' } else { inode.type_letter() }
                }
                Test::Empty => match &inode.kind {
                    Kind::File(bytes) => bytes.is_empty(),
                    Kind::Directory => {
                        self.utility.proc.list(path).is_ok_and(|entries| entries.is_empty())
                    }
                    _ => false,
                },
                Test::Size(sign, wanted, unit) => {
                    number(*sign, inode.size().div_ceil(*unit), *wanted)
                }
                Test::Minutes(sign, wanted) => {
                    let age = self.utility.proc.wall().since(inode.attributes.modified);
                    number(*sign, age.as_secs() / 60, *wanted)
                }
                Test::Newer(than) => inode.attributes.modified > *than,
                Test::Mode(mode, kind) => {
                    let own = inode.attributes.mode & 0o7777;
                    match kind {
                        '-' => own & mode == *mode,
                        '/' => own & mode != 0,
                        _ => own == *mode,
                    }
                }
                Test::User(uid) => inode.attributes.uid == *uid,
                Test::Not(inner) => !self.holds(inner, path, inode).await,
                Test::And(left, right) => {
                    self.holds(left, path, inode).await && self.holds(right, path, inode).await
                }
                Test::Or(left, right) => {
                    self.holds(left, path, inode).await || self.holds(right, path, inode).await
                }
                Test::True => true,
                Test::Print => {
                    self.text.push_str(&format!("{path}\n"));
                    true
                }
                Test::PrintZero => {
                    self.text.push_str(&format!("{path}\0"));
                    true
                }
                Test::Prune => {
                    self.pruned = true;
                    true
                }
                Test::Delete => self.delete(path, inode).await,
                Test::Exec(words, true) => {
                    let entry = self.collected.get_or_insert((words.clone(), Vec::new()));
                    entry.1.push(path.to_owned());
                    true
                }
                Test::Exec(words, false) => {
                    let words = words.iter().map(|word| word.replace("{}", path)).collect();
                    self.run(words).await == 0
                }
            }
        })
    }

    async fn delete(&mut self, path: &str, inode: &Inode) -> bool {
        let result = if inode.is_directory() {
            self.utility.proc.remove_directory(path)
        } else {
            self.utility.proc.remove_file(path)
        };
        match result {
            Ok(()) => true,
            Err(errno) => {
                self.utility.error(format!("cannot delete \u{2018}{path}\u{2019}: {errno}")).await;
                self.status = 1;
                false
            }
        }
    }

    async fn run(&mut self, words: Vec<String>) -> i32 {
        self.utility.print(std::mem::take(&mut self.text)).await;
        super::running::run(self.utility, words, os::process::Handle::null()).await
    }
}

pub(crate) async fn find(utility: Utility) -> i32 {
    let split = utility
        .args
        .iter()
        .position(|arg| arg.starts_with('-') && arg.len() > 1 || arg == "(" || arg == "!")
        .unwrap_or(utility.args.len());
    let (paths, rest) = utility.args.split_at(split);
    let roots = if paths.is_empty() { vec![".".to_owned()] } else { paths.to_vec() };
    let mut reader = Reader {
        utility: &utility,
        args: rest,
        position: 0,
        max_depth: usize::MAX,
        min_depth: 0,
        acts: false,
        depth_first: false,
        depth: 0,
    };
    let test = if rest.is_empty() { Ok(Test::True) } else { reader.or() };
    let test = match test {
        Ok(_) if reader.position < rest.len() => {
            Err(format!("paths must precede expression: `{}'", rest[reader.position]))
        }
        test => test,
    };
    let test = match test {
        Ok(test) if reader.acts => test,
        Ok(test) => Test::And(Box::new(test), Box::new(Test::Print)),
        Err(message) => return utility.error(message).await,
    };
    let (max_depth, min_depth, depth_first) =
        (reader.max_depth, reader.min_depth, reader.depth_first);
    let mut walk =
        Walk { utility: &utility, text: String::new(), pruned: false, status: 0, collected: None };
    // True for an entry whose content was seen already.
    let mut left: Vec<(String, usize, bool)> =
        roots.into_iter().rev().map(|root| (root, 0, false)).collect();
    while let Some((path, depth, was_seen)) = left.pop() {
        let inode = match utility.proc.lstat(&path) {
            Ok(inode) => inode,
            Err(errno) => {
                utility.print(std::mem::take(&mut walk.text)).await;
                let shown =
                    if utility.gnu { format!("\u{2018}{path}\u{2019}") } else { path.clone() };
                walk.status = utility.error(format!("{shown}: {errno}")).await;
                continue;
            }
        };
        walk.pruned = false;
        let waits = depth_first && !was_seen && inode.is_directory();
        if waits {
            left.push((path.clone(), depth, true));
        } else if depth >= min_depth {
            walk.holds(&test, &path, &inode).await;
        }
        let descends = inode.is_directory() && depth < max_depth && !walk.pruned && !was_seen;
        if descends {
            match utility.proc.list(&path) {
                Ok(entries) => {
                    let base = path.trim_end_matches('/').to_owned();
                    let below = entries.into_iter().rev();
                    left.extend(
                        below.map(|(name, _)| (format!("{base}/{name}"), depth + 1, false)),
                    );
                }
                Err(errno) => {
                    utility.print(std::mem::take(&mut walk.text)).await;
                    let shown =
                        if utility.gnu { format!("\u{2018}{path}\u{2019}") } else { path.clone() };
                    walk.status = utility.error(format!("{shown}: {errno}")).await;
                }
            }
        }
        utility.proc.compute(Duration::from_micros(5)).await;
    }
    if let Some((words, paths)) = walk.collected.take() {
        let mut all = Vec::new();
        for word in words {
            if word == "{}" { all.extend(paths.iter().cloned()) } else { all.push(word) }
        }
        if walk.run(all).await != 0 {
            walk.status = 1;
        }
    }
    let (text, status) = (walk.text, walk.status);
    utility.print(text).await;
    status
}

/// What a child of `find` or `xargs` is started with.
pub(crate) fn child(utility: &Utility, program: String, words: Vec<String>) -> Spawn {
    let mut spawn =
        Spawn { path: program, args: words, env: utility.proc.environment(), ..Spawn::default() };
    spawn.fds.insert(Fd::STDIN, os::process::Handle::null());
    spawn
}
