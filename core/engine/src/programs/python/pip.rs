//! `pip install`, and `flask run`. A package that is installed is a folder; what can be done with it says
//! the interpreter.

use os::Proc;
use os::program::Running;

use super::libraries::{PACKAGES, SITE_PACKAGES};

/// The name before a version's condition, as a module has it.
fn name_of(text: &str) -> &str {
    let end = text.find(['=', '<', '>', '~', '!', '[', ';', ' ']).unwrap_or(text.len());
    text[..end].trim()
}

pub(crate) fn pip(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let words: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
        match words.as_slice() {
            ["--version" | "-V", ..] => {
                proc.print(
                    "pip 22.3.1 from /usr/local/lib/python/site-packages/pip (python 3.11)\n",
                )
                .await;
                0
            }
            ["install", rest @ ..] => install(&proc, rest).await,
            ["list" | "freeze", ..] => {
                let found = proc.list(SITE_PACKAGES).unwrap_or_default();
                for (name, _) in found {
                    let known = PACKAGES.iter().find(|(module, ..)| *module == name);
                    let (shown, version) = known.map_or((name.as_str(), "0"), |it| (it.1, it.2));
                    proc.print(format!("{shown}=={version}\n")).await;
                }
                0
            }
            _ => {
                let command = words.first().copied().unwrap_or_default();
                proc.eprint(format!("not simulated: pip {command}\n")).await;
                1
            }
        }
    })
}

async fn install(proc: &Proc, words: &[&str]) -> i32 {
    let (mut wanted, mut is_quiet) = (Vec::new(), false);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match *word {
            "-r" | "--requirement" => {
                let path = rest.next().copied().unwrap_or_default();
                let Ok(bytes) = proc.read_file(path) else {
                    let text = format!(
                        "ERROR: Could not open requirements file: [Errno 2] No such file or directory: \
                         '{path}'\n"
                    );
                    proc.eprint(text).await;
                    return 1;
                };
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let lines =
                    text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
                wanted.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
            }
            "-q" | "--quiet" => is_quiet = true,
            "--trusted-host" | "-i" | "--index-url" | "-t" | "--target" => drop(rest.next()),
            flag if flag.starts_with('-') => {}
            name => wanted.push(name.to_owned()),
        }
    }
    if wanted.is_empty() {
        proc.eprint(
            "ERROR: You must give at least one requirement to install (see \"pip help install\")\n",
        )
        .await;
        return 1;
    }
    let (mut names, mut done, mut text) = (Vec::new(), Vec::new(), String::new());
    for one in &wanted {
        let name = name_of(one);
        let module = name.to_lowercase().replace('-', "_");
        let known = PACKAGES.iter().find(|(own, ..)| *own == module);
        let asked = one.split_once("==").map(|(_, version)| version.trim().to_owned());
        let version = asked.or_else(|| known.map(|it| it.2.to_owned()));
        let file = version.as_ref().map_or_else(|| module.clone(), |it| format!("{module}-{it}"));
        text += &format!("Collecting {one}\n  Downloading {file}-py3-none-any.whl\n");
        names.push(name.to_owned());
        done.push(version.map_or_else(|| name.to_owned(), |it| format!("{name}-{it}")));
        let folder = format!("{SITE_PACKAGES}/{module}");
        for part in ["/usr/local/lib/python", SITE_PACKAGES, &folder] {
            let _ = proc.make_directory(part, 0o755);
        }
        if let Err(errno) = proc.write_file(&format!("{folder}/__init__.py"), b"") {
            proc.eprint(format!("ERROR: Could not install packages due to an OSError: {errno}\n"))
                .await;
            return 1;
        }
        if module == "flask" {
            let path = "/usr/local/bin/flask";
            let _ = proc.write_file(path, &os::program::image("flask"));
            let _ = proc.change_attributes(path, Some(0o755), None, None);
        }
    }
    text += &format!(
        "Installing collected packages: {}\nSuccessfully installed {}\n",
        names.join(", "),
        done.join(" ")
    );
    if !is_quiet {
        proc.print(text).await;
    }
    0
}

/// `flask run`: the application of `FLASK_APP`.
pub(crate) fn flask(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        if !args.iter().any(|arg| arg == "run") {
            proc.eprint("not simulated: flask without run\n").await;
            return 1;
        }
        let value = |flags: [&str; 2]| {
            let at = args.iter().position(|arg| flags.contains(&arg.as_str()));
            let next = at.and_then(|at| args.get(at + 1)).cloned();
            next.or_else(|| {
                let start = format!("{}=", flags[0]);
                args.iter().find_map(|arg| arg.strip_prefix(&start).map(str::to_owned))
            })
        };
        let port = value(["--port", "-p"]).or_else(|| proc.env("FLASK_RUN_PORT"));
        let port = port.and_then(|text| text.parse().ok()).unwrap_or(5_000);
        let app = value(["--app", "-A"]).or_else(|| proc.env("FLASK_APP"));
        let app = app.unwrap_or_else(|| "app.py".to_owned());
        let path = if app.ends_with(".py") { app } else { format!("{app}.py") };
        let Ok(bytes) = proc.read_file(&path) else {
            let name = path.trim_end_matches(".py");
            proc.eprint(format!("Error: Could not import '{name}'.\n")).await;
            return 2;
        };
        super::run_application(&proc, &path, &String::from_utf8_lossy(&bytes), port).await
    })
}
