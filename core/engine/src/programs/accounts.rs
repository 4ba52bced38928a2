//! BusyBox's `adduser` and `addgroup`, as far as images use them.

use os::Proc;
use os::program::Running;

#[derive(Default)]
struct Options {
    id: Option<u32>,
    is_system: bool,
    home: String,
    shell: String,
    group: String,
    names: Vec<String>,
    makes_home: bool,
}

/// BusyBox's long options, and the letters that they are.
const LONG: &[(&str, &str)] = &[
    ("--disabled-password", "-D"),
    ("--empty-password", "-D"),
    ("--gecos", "-g"),
    ("--gid", "-g"),
    ("--home", "-h"),
    ("--ingroup", "-G"),
    ("--no-create-home", "-H"),
    ("--shell", "-s"),
    ("--system", "-S"),
    ("--uid", "-u"),
];

/// Reads a command line; the error is the message.
fn parse(args: &[String]) -> Result<Options, String> {
    let mut options = Options {
        id: None,
        is_system: false,
        home: String::new(),
        shell: "/bin/ash".to_owned(),
        group: String::new(),
        names: Vec::new(),
        makes_home: true,
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let known = LONG.iter().find(|(long, _)| long == arg);
        let Some(letters) = known
            .map_or(arg.as_str(), |(_, short)| short)
            .strip_prefix('-')
            .filter(|letters| !letters.is_empty())
        else {
            options.names.push(arg.clone());
            continue;
        };
        for letter in letters.chars() {
            match letter {
                'S' => options.is_system = true,
                'H' => options.makes_home = false,
                'u' => options.id = args.next().and_then(|text| text.parse().ok()),
                'g' => {
                    let text = args.next().cloned().unwrap_or_default();
                    options.id = text.parse().ok().or(options.id);
                }
                'G' => options.group = args.next().cloned().unwrap_or_default(),
                'h' => options.home = args.next().cloned().unwrap_or_default(),
                's' => options.shell = args.next().cloned().unwrap_or_default(),
                // No password, which nobody has here.
                'D' => {}
                _ => return Err(format!("unrecognized option: {}", arg.trim_start_matches('-'))),
            }
        }
    }
    Ok(options)
}

fn arguments(proc: &Proc) -> Vec<String> {
    proc.args().into_iter().skip(1).collect()
}

fn read(proc: &Proc, path: &str) -> String {
    String::from_utf8_lossy(&proc.read_file(path).unwrap_or_default()).into_owned()
}

fn field(line: &str, index: usize) -> &str {
    line.split(':').nth(index).unwrap_or_default()
}

/// The first free number of a file: from 100 for system accounts, else from 1000.
fn free(text: &str, options: &Options) -> u32 {
    let first = if options.is_system { 100 } else { 1_000 };
    let taken = |id: &u32| text.lines().any(|line| field(line, 2) == id.to_string());
    options.id.unwrap_or_else(|| (first..60_000).find(|id| !taken(id)).unwrap_or(first))
}

fn add_group(proc: &Proc, name: &str, options: &Options) -> Result<u32, String> {
    let text = read(proc, "/etc/group");
    if text.lines().any(|line| field(line, 0) == name) {
        return Err(format!("group '{name}' in use"));
    }
    let id = free(&text, options);
    let text = format!("{text}{name}:x:{id}:\n");
    proc.write_file("/etc/group", text.as_bytes())
        .map_err(|errno| format!("/etc/group: {errno}"))?;
    Ok(id)
}

/// Puts a user into a group.
fn join_group(proc: &Proc, user: &str, group: &str) -> Result<(), String> {
    let text = read(proc, "/etc/group");
    if !text.lines().any(|line| field(line, 0) == group) {
        return Err(format!("unknown group {group}"));
    }
    let line = |line: &str| match (field(line, 0) == group, line.ends_with(':')) {
        (false, _) => format!("{line}\n"),
        (true, true) => format!("{line}{user}\n"),
        (true, false) => format!("{line},{user}\n"),
    };
    let text: String = text.lines().map(line).collect();
    proc.write_file("/etc/group", text.as_bytes()).map_err(|errno| format!("/etc/group: {errno}"))
}

fn add_user(proc: &Proc, options: &Options) -> Result<(), String> {
    let Some(name) = options.names.first() else { return Err("no user name".to_owned()) };
    let text = read(proc, "/etc/passwd");
    if text.lines().any(|line| field(line, 0) == name) {
        return Err(format!("user '{name}' in use"));
    }
    let id = free(&text, options);
    let gid = if options.group.is_empty() {
        let own = Options { id: Some(id), ..Options::default() };
        add_group(proc, name, &own)?
    } else {
        let groups = read(proc, "/etc/group");
        let line = groups.lines().find(|line| field(line, 0) == options.group);
        let line = line.ok_or_else(|| format!("unknown group {}", options.group))?;
        field(line, 2).parse().unwrap_or(id)
    };
    let home = if options.home.is_empty() { format!("/home/{name}") } else { options.home.clone() };
    let shell = if options.is_system { "/sbin/nologin" } else { &options.shell };
    let text = format!("{text}{name}:x:{id}:{gid}:Linux User,,,:{home}:{shell}\n");
    proc.write_file("/etc/passwd", text.as_bytes())
        .map_err(|errno| format!("/etc/passwd: {errno}"))?;
    if options.makes_home && !proc.exists(&home) {
        let made = proc.make_directory(&home, 0o755);
        made.map_err(|errno| format!("can't create directory '{home}': {errno}"))?;
        let owned = proc.change_attributes(&home, None, Some(id), Some(gid));
        owned.map_err(|errno| format!("{home}: {errno}"))?;
    }
    Ok(())
}

async fn report(proc: &Proc, name: &str, result: Result<(), String>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(text) => {
            proc.eprint(format!("{name}: {text}\n")).await;
            1
        }
    }
}

/// `adduser [-DHS] [-u ID] [-G GROUP] [-h HOME] [-s SHELL] USER`, `adduser USER GROUP`.
pub(super) fn adduser(proc: Proc) -> Running {
    Box::pin(async move {
        let result = parse(&arguments(&proc)).and_then(|options| match options.names.as_slice() {
            [user, group] => join_group(&proc, user, group),
            _ => add_user(&proc, &options),
        });
        report(&proc, "adduser", result).await
    })
}

/// `addgroup [-S] [-g ID] GROUP`, `addgroup USER GROUP`.
pub(super) fn addgroup(proc: Proc) -> Running {
    Box::pin(async move {
        let result = parse(&arguments(&proc)).and_then(|options| match options.names.as_slice() {
            [group] => add_group(&proc, group, &options).map(|_| ()),
            [user, group] => join_group(&proc, user, group),
            _ => Err("no group name".to_owned()),
        });
        report(&proc, "addgroup", result).await
    })
}
