//! Chromium and its driver, for the browser test.

use std::path::PathBuf;

use crate::Result;
use crate::process::{command, output, run, say, which};

/// Where the browser and its driver are.
#[derive(Debug)]
pub struct Chromium {
    /// The browser.
    pub browser: PathBuf,
    /// Its WebDriver.
    pub driver: PathBuf,
}

fn find() -> Option<Chromium> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let browser = names.iter().find_map(|name| which(name))?;
    let driver = which("chromedriver").or_else(|| which("chromium.chromedriver"))?;
    Some(Chromium { browser, driver })
}

/// Finds Chromium, installing it with the system's package manager where that is allowed.
///
/// # Errors
/// With the command to type, if it is neither there nor can be installed.
pub fn ensure() -> Result<Chromium> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let (manager, packages) = if which("apt-get").is_some() {
        ("apt-get", "chromium chromium-driver")
    } else if which("dnf").is_some() {
        ("dnf", "chromium chromedriver")
    } else if which("apk").is_some() {
        ("apk", "chromium chromium-chromedriver")
    } else {
        return Err("the browser test needs Chromium and chromedriver on the PATH; install them \
                    with your system's package manager"
            .to_owned());
    };
    let verb = if manager == "apk" { "add" } else { "install -y" };
    let install = format!("{manager} {verb} {packages}");
    let refresh = if manager == "apt-get" { "apt-get update -qq && " } else { "" };
    let is_root = output(&mut command("id", &["-u"])).as_deref() == Some("0");
    let sudo = if is_root {
        ""
    } else if output(&mut command("sudo", &["-n", "true"])).is_some() {
        "sudo -n "
    } else {
        return Err(format!("the browser test needs Chromium; type: sudo {install}"));
    };
    say("Installing Chromium (the system's packages, about two minutes, once)");
    let refresh = if refresh.is_empty() { String::new() } else { format!("{sudo}{refresh}") };
    let script = format!("{refresh}{sudo}{install}");
    run(command("sh", &["-c", &script]).env("DEBIAN_FRONTEND", "noninteractive"))?;
    find().ok_or_else(|| format!("`{install}` ran, but Chromium is still not on the PATH"))
}
