//! The page: building it, and what it weighs.

use std::path::{Path, PathBuf};

use crate::Result;
use crate::arrange;
use crate::process::{command, output, root, run, say, which};
use crate::tools::{Tools, ensure_all};

fn trunk(tools: &Tools, args: &[&str]) -> std::process::Command {
    let mut trunk = command("trunk", args);
    // Trunk reads NO_COLOR as a flag of its own and accepts only true or false.
    trunk.env("PATH", tools.path()).env_remove("NO_COLOR");
    trunk
}

/// Builds the optimised page into `dist/`.
///
/// # Errors
/// If a tool is missing or the build fails.
pub fn build() -> Result<()> {
    let tools = ensure_all()?;
    say("Building the page");
    run(tools.with_small_std(&mut trunk(&tools, &["build", "--release", "--offline"])))?;
    let Some(wasm_opt) = &tools.wasm_opt else { return Ok(()) };
    let wasm = find(".wasm")?;
    let before = size(&wasm);
    let optimise = |passes: &[&str]| {
        let mut optimise = command(wasm_opt, passes);
        run(optimise.args(FEATURES).arg("-o").arg(&wasm).arg(&wasm))
    };
    // With the names of functions, which say which of them are instances of the same one. The memory's first bytes are
    // the far end of the stack and nobody's: so sums in addresses can become offsets, which is 18 kB compressed.
    optimise(&["-g", "-Oz", "--low-memory-unused", "--reorder-functions-by-name"])?;
    let failed = |error: std::io::Error| format!("{}: {error}", wasm.display());
    let named = arrange::name_by_place(&std::fs::read(&wasm).map_err(failed)?)?;
    std::fs::write(&wasm, named).map_err(failed)?;
    optimise(&["--reorder-functions-by-name", "--strip-debug", "--strip-producers"])?;
    println!("wasm-opt: {before} -> {} bytes", size(&wasm));
    Ok(())
}

/// What rustc emits for the page, and browsers have had since 2022.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Builds and serves the page again at every change.
///
/// # Errors
/// If a tool is missing.
pub fn dev() -> Result<()> {
    let tools = ensure_all()?;
    run(&mut trunk(&tools, &["serve", "--offline", "--address", "127.0.0.1", "--port", "8080"]))
}

/// Puts the compiled labs and texts beside the page that Trunk is about to finish.
///
/// # Errors
/// If it is not Trunk that asks, or they are not there.
pub fn stage_files() -> Result<()> {
    let staging = std::env::var_os("TRUNK_STAGING_DIR").ok_or("only Trunk's hook calls this")?;
    copy_all(&root().join("target/page-files"), Path::new(&staging))
}

/// Copies a folder's content, with the folders in it.
fn copy_all(from: &Path, to: &Path) -> Result<()> {
    let failed = |error: std::io::Error| format!("cannot copy {}: {error}", from.display());
    std::fs::create_dir_all(to).map_err(failed)?;
    for entry in std::fs::read_dir(from).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_all(&path, &target)?;
        } else {
            std::fs::copy(&path, target).map_err(failed)?;
        }
    }
    Ok(())
}

/// The folder of the built page.
pub fn dist() -> PathBuf {
    root().join("dist")
}

fn find(ending: &str) -> Result<PathBuf> {
    let entries = std::fs::read_dir(dist()).map_err(|error| format!("no dist folder: {error}"))?;
    let mut paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    paths
        .find(|path| path.to_string_lossy().ends_with(ending))
        .ok_or_else(|| format!("dist has no file that ends in {ending}"))
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |data| data.len())
}

/// The module may not grow past this after wasm-opt, compressed with gzip -9: what it has and room for some features more.
/// The aim is a quarter of it. What there is is spread over everything: the shell with its utilities a seventh, programs in
/// containers and their images another, the docker command line and the Kubernetes with kubectl a ninth each.
const GZIP_SIZE_MAX: u64 = 2_250_000;

/// Prints the size of the page's parts, raw and compressed, and fails if the module is too large.
///
/// # Errors
/// If the page is not built or is too large.
pub fn print_sizes() -> Result<()> {
    println!("{:<44} {:>10} {:>10}", "file", "raw", "gzip -9");
    let mut module_size = 0;
    let entries = std::fs::read_dir(dist()).map_err(|error| format!("no dist folder: {error}"))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.sort();
    if let Ok(labs) = std::fs::read_dir(dist().join("labs")) {
        let labs = labs.filter_map(|e| e.ok().map(|e| e.path()));
        let sizes: Vec<u64> = labs.filter_map(|lab| gzip(&lab)).collect();
        println!(
            "{:<44} {:>10} {:>10}",
            format!("{} labs", sizes.len()),
            "",
            sizes.iter().sum::<u64>()
        );
    }
    for path in paths.iter().filter(|path| path.is_file()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let compressed = gzip(path);
        println!(
            "{name:<44} {:>10} {:>10}",
            size(path),
            compressed.map_or("?".into(), |n| n.to_string())
        );
        if name.ends_with(".wasm") {
            module_size = compressed.unwrap_or(0);
        }
    }
    if let Some(lacking) = crate::tools::ensure_all()?.lacks() {
        println!(
            "(the limit of {GZIP_SIZE_MAX} bytes holds for a page that was built with {lacking})"
        );
        return Ok(());
    }
    if module_size > GZIP_SIZE_MAX {
        return Err(format!(
            "the module has {module_size} bytes compressed, limit {GZIP_SIZE_MAX}"
        ));
    }
    Ok(())
}

fn gzip(path: &Path) -> Option<u64> {
    which("gzip")?;
    let script = "gzip -9 -c \"$0\" | wc -c";
    output(&mut command("sh", &["-c", script, &path.to_string_lossy()]))?.trim().parse().ok()
}
