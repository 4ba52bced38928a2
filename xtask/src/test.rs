//! Everything that CI checks, in the order of what fails fastest.

use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::process::{cargo, command, root, run, say};
use crate::{Result, chromium, page, server, tools};

/// All of it.
///
/// # Errors
/// At the first step that fails.
pub fn all() -> Result<()> {
    native()?;
    tools::ensure_all()?;
    say("Lints of the browser shell and its test");
    run(&mut cargo(&[
        "clippy",
        "--quiet",
        // What is below was linted natively; sizes of types differ here.
        "--no-deps",
        "--package",
        "glasshive-web",
        "--target",
        "wasm32-unknown-unknown",
        "--",
        "-D",
        "warnings",
    ]))?;
    run(&mut cargo(&[
        "clippy",
        "--quiet",
        "--package",
        "glasshive-browser",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    page::build()?;
    page::print_sizes()?;
    browser_on_built_page(false)?;
    println!("\nAll checks passed.");
    Ok(())
}

/// What needs neither the page nor a browser.
///
/// # Errors
/// At the first step that fails.
pub fn native() -> Result<()> {
    say("Format");
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    say("Lints");
    run(&mut cargo(&["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"]))?;
    say("Tests");
    run(&mut cargo(&["test", "--quiet", "--no-fail-fast"]))?;
    planted()
}

/// Bugs are planted and must be found. A build of its own: their feature reaches nothing else.
fn planted() -> Result<()> {
    say("Planted bugs");
    let package = ["--package", "glasshive-planted"];
    let lints = ["--all-targets", "--", "-D", "warnings"];
    run(cargo(&["clippy", "--quiet"]).args(package).args(lints))?;
    run(cargo(&["test", "--quiet", "--profile", "sweep"]).args(package).args(["--", "--nocapture"]))
}

/// The browser test on a fresh page; with `screenshots`, the README's pictures are taken again.
///
/// # Errors
/// If it fails.
pub fn browser(screenshots: bool) -> Result<()> {
    page::build()?;
    browser_on_built_page(screenshots)
}

fn browser_on_built_page(screenshots: bool) -> Result<()> {
    let chromium = chromium::ensure()?;
    say("The browser test, in Chromium");
    let port = server::serve_in_background()?;
    let driver_port = free_port()?;
    let mut driver = Driver::start(&chromium, driver_port)?;
    let mut test =
        cargo(&["test", "--quiet", "--package", "glasshive-browser", "--", "--nocapture"]);
    test.env("GLASSHIVE_PAGE", format!("http://127.0.0.1:{port}/"))
        .env("GLASSHIVE_WEBDRIVER", format!("http://127.0.0.1:{driver_port}"))
        .env("GLASSHIVE_CHROMIUM", &chromium.browser);
    if let Some(axe) = tools::ensure_axe()? {
        test.env("GLASSHIVE_AXE", axe);
    }
    if screenshots {
        test.env("GLASSHIVE_SCREENSHOTS", root().join("docs/screenshots"));
    }
    let result = run(&mut test);
    driver.stop();
    result
}

fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(|e| e.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|e| e.to_string())
}

struct Driver(Child);

impl Driver {
    fn start(chromium: &chromium::Chromium, port: u16) -> Result<Self> {
        let child = command(&chromium.driver, &[&format!("--port={port}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start chromedriver: {error}"))?;
        let driver = Self(child);
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if start.elapsed() > Duration::from_secs(20) {
                return Err("chromedriver does not answer".to_owned());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(driver)
    }

    fn stop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Measures; nothing fails for being slow.
///
/// # Errors
/// If something does not build.
pub fn bench() -> Result<()> {
    say("Replay and idle cluster");
    run(&mut cargo(&[
        "run",
        "--release",
        "--quiet",
        "--package",
        "glasshive-tests",
        "--bin",
        "bench",
    ]))?;
    page::build()?;
    page::print_sizes()
}
