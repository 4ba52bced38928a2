//! The tools that build the page: the wasm target, Trunk, wasm-bindgen, wasm-opt.
//!
//! They are kept in a folder of their own (`~/.cache/glasshive`), one per version, so that neither
//! another project's tools nor a second clone of this one get in the way. A tool of the right version
//! that is on the PATH already is used as it is.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::process::{cargo, command, output, root, run, say, which};

/// Newer ones want a newer rustc than the one in `rust-version`.
const TRUNK_VERSION: &str = "0.21.14";
/// Debian's is too old for what rustc 1.95 emits.
const BINARYEN_VERSION: &str = "132.0.0";
const AXE_VERSION: &str = "4.14.1";

/// The folders to put in front of the PATH so that Trunk finds its helpers.
#[derive(Debug, Default)]
pub struct Tools {
    folders: Vec<PathBuf>,
    /// Path of `wasm-opt`, if there is one.
    pub wasm_opt: Option<PathBuf>,
    /// The standard library's source is there, so that the page can have one that was compiled for its size.
    has_std_source: bool,
}

/// What tells cargo so; `Trunk.toml` takes it back for the chore that Trunk calls.
const SMALL_STD: [(&str, &str); 6] = [
    // What is called once is inlined anyway; anything else only makes code longer. LLVM's loop strength reduction keeps
    // a variable for each address of a loop where an offset would do: 20 kB compressed. SHA-2 has its rounds in loops;
    // unrolled they are 18 kB.
    (
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
        "-Zinline-mir=no -Cllvm-args=-inline-threshold=0 -Cllvm-args=-disable-lsr \
         --cfg=sha2_backend_soft=\"compact\"",
    ),
    ("RUSTC_BOOTSTRAP", "1"),
    ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
    ("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size"),
    ("CARGO_UNSTABLE_PANIC_IMMEDIATE_ABORT", "true"),
    ("CARGO_PROFILE_PAGE_PANIC", "immediate-abort"),
];

impl Tools {
    /// The PATH with the tools in front.
    pub fn path(&self) -> std::ffi::OsString {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all = self.folders.iter().cloned().chain(std::env::split_paths(&path));
        std::env::join_paths(all).unwrap_or(path)
    }

    /// Lets a build compile the standard library with the page, for size: with small sorting, and with panics that
    /// stop at once instead of putting a message together first. A page that has stopped shows the session, and the
    /// native program that plays it again has the message (`index.html`, the panel `fault`).
    ///
    /// rustc has both as unstable options of cargo only. The language stays the stable one in all of our code, which
    /// the ordinary builds and lints see to; without the source the page is built the ordinary way and is larger.
    pub fn with_small_std<'a>(&self, build: &'a mut Command) -> &'a mut Command {
        if self.has_std_source {
            build.envs(SMALL_STD);
        }
        build
    }

    /// What makes the page larger than it would be with all tools there.
    pub const fn lacks(&self) -> Option<&'static str> {
        match (&self.wasm_opt, self.has_std_source) {
            (None, _) => Some("wasm-opt"),
            (_, false) => Some("the standard library's source"),
            _ => None,
        }
    }
}

fn cache() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    base.or(home).unwrap_or_else(|| root().join("target")).join("glasshive")
}

/// Installs what is missing and says where it all is.
///
/// # Errors
/// If something can be neither found nor installed.
pub fn ensure_all() -> Result<Tools> {
    ensure_target()?;
    let mut tools = Tools::default();
    let bindgen = locked_version("wasm-bindgen")?;
    for (name, package, version, locked, minutes) in [
        ("wasm-bindgen", "wasm-bindgen-cli", bindgen.as_str(), false, 4),
        ("trunk", "trunk", TRUNK_VERSION, true, 6),
    ] {
        tools.folders.extend(ensure_cargo_tool(name, package, version, locked, minutes)?);
    }
    tools.wasm_opt = ensure_wasm_opt()?;
    tools.has_std_source = ensure_std_source()?;
    Ok(tools)
}

const TARGET: &str = "wasm32-unknown-unknown";

/// Where the toolchain keeps its libraries.
fn rustlib() -> Result<PathBuf> {
    let sysroot =
        output(&mut command("rustc", &["--print", "sysroot"])).ok_or("rustc is missing")?;
    Ok(Path::new(&sysroot).join("lib/rustlib"))
}

/// Gets the standard library's source, with what it depends on; false if it cannot be had.
fn ensure_std_source() -> Result<bool> {
    let library = rustlib()?.join("src/rust/library");
    let manifest = library.join("Cargo.toml");
    let without = "the page has the ordinary standard library and is about a twentieth larger";
    if !manifest.exists() {
        if which("rustup").is_none() {
            println!("(no source of the standard library, no rustup: {without})");
            return Ok(false);
        }
        say("Adding the standard library's source (a download of some 4 MB)");
        if let Err(message) = run(&mut command("rustup", &["component", "add", "rust-src"])) {
            println!("({message}: {without})");
            return Ok(false);
        }
    }
    // The build itself asks nobody for anything.
    let manifest = manifest.to_string_lossy().into_owned();
    let fetch = ["fetch", "--quiet", "--locked", "--target", TARGET, "--manifest-path", &manifest];
    match run(cargo(&fetch).env("RUSTC_BOOTSTRAP", "1")) {
        Ok(()) => Ok(true),
        Err(message) => {
            println!("({message}: {without})");
            Ok(false)
        }
    }
}

fn ensure_target() -> Result<()> {
    let target = TARGET;
    if rustlib()?.join(target).join("lib").is_dir() {
        return Ok(());
    }
    say("Adding the wasm target (a download of some 20 MB)");
    if which("rustup").is_none() {
        return Err(format!(
            "this toolchain has no {target} and there is no rustup to add it; install the \
             standard library for {target} with whatever installed rustc"
        ));
    }
    run(&mut command("rustup", &["target", "add", target]))
}

/// The version of a package in Cargo.lock.
fn locked_version(package: &str) -> Result<String> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock"))
        .map_err(|error| format!("cannot read Cargo.lock: {error}"))?;
    let start = format!("name = \"{package}\"\nversion = \"");
    let (_, rest) = lock.split_once(&start).ok_or(format!("Cargo.lock has no {package}"))?;
    let (version, _) = rest.split_once('"').ok_or("Cargo.lock is damaged")?;
    Ok(version.to_owned())
}

fn has_version(program: &Path, version: &str) -> bool {
    let printed = output(&mut command(program, &["--version"]));
    printed.is_some_and(|text| text.split_whitespace().any(|word| word == version))
}

/// The folder that has the tool, or none if the right one is on the PATH.
fn ensure_cargo_tool(
    name: &str,
    package: &str,
    version: &str,
    locked: bool,
    minutes: u32,
) -> Result<Option<PathBuf>> {
    if which(name).is_some_and(|program| has_version(&program, version)) {
        return Ok(None);
    }
    let home = cache().join(format!("{name}-{version}"));
    let folder = home.join("bin");
    if !has_version(&folder.join(name), version) {
        say(&format!("Installing {package} {version} (about {minutes} minutes, once)"));
        let home = home.to_string_lossy().into_owned();
        let mut args = vec!["install", package, "--version", version, "--root", &home];
        if locked {
            args.push("--locked");
        }
        // Not into this project's target folder, and not with its flags.
        run(cargo(&args).current_dir(std::env::temp_dir()).env_remove("CARGO_TARGET_DIR"))?;
    }
    Ok(Some(folder))
}

fn ensure_wasm_opt() -> Result<Option<PathBuf>> {
    let without = "the page is not passed through wasm-opt and is about a third larger";
    ensure_npm("binaryen", BINARYEN_VERSION, "node_modules/.bin/wasm-opt", without)
}

/// The script that finds what keeps people out of the page; nothing if it cannot be had.
///
/// # Errors
/// If its folder cannot be made.
pub fn ensure_axe() -> Result<Option<PathBuf>> {
    let without = "the page is not searched for what keeps people out";
    ensure_npm("axe-core", AXE_VERSION, "node_modules/axe-core/axe.min.js", without)
}

/// A file of a package of npm.
fn ensure_npm(package: &str, version: &str, file: &str, without: &str) -> Result<Option<PathBuf>> {
    let home = cache().join(format!("{package}-{version}"));
    let file = home.join(file);
    if file.exists() {
        return Ok(Some(file));
    }
    if which("npm").is_none() || which("node").is_none() {
        println!("(no npm: {without})");
        return Ok(None);
    }
    say(&format!("Installing npm's {package} {version} (about half a minute, once)"));
    std::fs::create_dir_all(&home)
        .map_err(|error| format!("cannot make {}: {error}", home.display()))?;
    let mut npm = command("npm", &["install", "--silent", "--no-audit", "--no-fund", "--prefix"]);
    match run(npm.arg(&home).arg(format!("{package}@{version}"))) {
        Ok(()) => Ok(Some(file)),
        Err(message) => {
            println!("({message}: {without})");
            Ok(None)
        }
    }
}
