//! What client and server are: `version`, `api-resources`, `api-versions`, `cluster-info`, `options`, `completion`.

use kube::resources::{RESOURCES, Resource};
use serde_json::{Value, json};

use super::get::Table;
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::text;
use crate::output::{json as as_json, yaml};
use crate::profile::VersionText;
use crate::table::Outcome;

/// What a release says of itself.
fn client(cli: &Cli) -> Value {
    let profile = cli.profile;
    let minor = profile.minor.to_string();
    json!({
        "major": "1", "minor": minor, "gitVersion": profile.version, "gitCommit": profile.commit,
        "gitTreeState": "clean", "buildDate": profile.built, "goVersion": profile.go, "compiler": "gc",
        "platform": "linux/amd64",
    })
}

/// As Go's `%#v` shows a version.
fn structure(version: &Value) -> String {
    let fields = [
        ("Major", "major"),
        ("Minor", "minor"),
        ("GitVersion", "gitVersion"),
        ("GitCommit", "gitCommit"),
        ("GitTreeState", "gitTreeState"),
        ("BuildDate", "buildDate"),
        ("GoVersion", "goVersion"),
        ("Compiler", "compiler"),
        ("Platform", "platform"),
    ];
    let all: Vec<String> =
        fields.iter().map(|(name, field)| format!("{name}:\"{}\"", text(version, field))).collect();
    format!("version.Info{{{}}}", all.join(", "))
}

/// `kubectl version`.
pub(crate) fn version(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        if !cli.args().is_empty() {
            return Err(Failure::text(format!("extra arguments: [{}]", cli.args().join(" "))));
        }
        let output = cli.flag("output");
        if !["", "yaml", "json"].contains(&output) {
            return Err(Failure::text("--output must be 'yaml' or 'json'"));
        }
        let profile = cli.profile;
        let client = client(cli);
        let server =
            if cli.is_set("client") { None } else { Some(cli.call(Call::get("/version")).await) };
        let known = match &server {
            Some(Ok(server)) => Some(server),
            _ => None,
        };
        if output.is_empty() {
            let short = profile.version_text == VersionText::Short || cli.is_set("short");
            if profile.version_text == VersionText::Deprecated && !short {
                cli.err(
                    "WARNING: This version information is deprecated and will be replaced with the output from kubectl \
                     version --short.  Use --output=yaml|json to get the full version.\n",
                );
            }
            if profile.version_text == VersionText::Deprecated && cli.is_set("short") {
                cli.err(
                    "Flag --short has been deprecated, and will be removed in the future. The --short output will become \
                     the default.\n",
                );
            }
            let shown = |version: &Value| {
                if short { text(version, "gitVersion").to_owned() } else { structure(version) }
            };
            cli.out(format!("Client Version: {}\n", shown(&client)));
            if !profile.kustomize.is_empty() {
                cli.out(format!("Kustomize Version: {}\n", profile.kustomize));
            }
            if let Some(server) = known {
                cli.out(format!("Server Version: {}\n", shown(server)));
            }
        } else {
            let mut all = json!({ "clientVersion": client });
            if !profile.kustomize.is_empty() {
                all["kustomizeVersion"] = profile.kustomize.into();
            }
            if let Some(server) = known {
                all["serverVersion"] = server.clone();
            }
            cli.out(if output == "json" { as_json::in_order(&all, 2) } else { yaml::print(&all) });
            cli.out("\n");
        }
        if let Some(server) = known {
            skew(cli, server);
        }
        match server {
            Some(Err(failure)) => Err(failure),
            _ => Ok(0),
        }
    })
}

/// Releases that are too far apart.
fn skew(cli: &Cli, server: &Value) {
    let minor: u8 =
        text(server, "minor").trim_end_matches('+').parse().unwrap_or(cli.profile.minor);
    let own = cli.profile.minor;
    if own > 22 && minor.abs_diff(own) > 1 {
        cli.err(format!(
            "WARNING: version difference between client (1.{own}) and server (1.{minor}) exceeds the supported minor \
             version skew of +/-1\n"
        ));
    }
}

/// `kubectl api-resources`.
pub(crate) fn api_resources(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        cli.call(Call::get("/version")).await?;
        let output = cli.flag("output");
        if !["", "wide", "name"].contains(&output) {
            return Err(Failure::text(format!("--output {output} is not available")));
        }
        let older = cli.profile.minor < 20;
        let is_wanted = |resource: &&Resource| {
            let group = cli.matches.get("api-group").is_none_or(|group| group == resource.group);
            let scope = cli
                .matches
                .get("namespaced")
                .is_none_or(|_| cli.is_set("namespaced") == resource.namespaced);
            let verbs = cli.matches.all("verbs").iter().flat_map(|verbs| verbs.split(','));
            let mut verbs = verbs.filter(|verb| !verb.is_empty());
            group && scope && verbs.all(|verb| resource.verbs.contains(&verb))
        };
        let found = RESOURCES.iter().filter(is_wanted);
        if output == "name" {
            found.for_each(|resource| cli.out(format!("{}\n", resource.group_resource())));
            return Ok(0);
        }
        let group = if older { "APIGROUP" } else { "APIVERSION" };
        let mut title = vec!["NAME", "SHORTNAMES", group, "NAMESPACED", "KIND"];
        if output == "wide" {
            title.push("VERBS");
        }
        let mut rows: Vec<Vec<String>> = Vec::new();
        if !cli.is_set("no-headers") {
            rows.push(title.into_iter().map(str::to_owned).collect());
        }
        for resource in found {
            let version = if older { resource.group.to_owned() } else { resource.api_version() };
            let mut row = vec![
                resource.name.to_owned(),
                resource.short.join(","),
                version,
                resource.namespaced.to_string(),
                resource.kind.to_owned(),
            ];
            if output == "wide" {
                let separator = if older { " " } else { "," };
                let verbs = resource.verbs.join(separator);
                row.push(if older { format!("[{verbs}]") } else { verbs });
            }
            rows.push(row);
        }
        cli.out(Table::default().lines(&rows));
        Ok(0)
    })
}

/// `kubectl api-versions`.
pub(crate) fn api_versions(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        cli.call(Call::get("/version")).await?;
        let mut versions: Vec<String> = RESOURCES.iter().map(Resource::api_version).collect();
        versions.sort();
        versions.dedup();
        versions.iter().for_each(|version| cli.out(format!("{version}\n")));
        Ok(0)
    })
}

/// `kubectl cluster-info`.
pub(crate) fn cluster_info(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let failed = cli.call(Call::get("/api/v1/namespaces/kube-system/services")).await.err();
        let is_terminal = cli.proc.is_terminal(os::Fd::STDOUT);
        let colored = |code: &str, text: &str| {
            if is_terminal { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
        };
        if failed.is_none() {
            let name = colored("0;32", cli.profile.control_plane);
            let server = colored("0;33", &cli.config.server);
            cli.out(format!("{name} is running at {server}\n"));
        }
        cli.out(
            "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n",
        );
        failed.map_or(Ok(0), Err)
    })
}

/// `kubectl top`: metrics are served by an addition, metrics-server, that a cluster has not by itself. Before 1.18 kubectl
/// looked for an older one then.
pub(crate) fn top(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        cli.call(Call::get("/version")).await?;
        let old = "Error from server (NotFound): the server could not find the requested resource (get services \
                   http:heapster:)";
        Err(match cli.profile.minor < 18 {
            true => Failure::Plain(old.to_owned()),
            false => Failure::text("Metrics API not available"),
        })
    })
}

/// `kubectl options`.
pub(crate) fn options(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        cli.out(crate::help::options(cli.profile));
        Ok(0)
    })
}
