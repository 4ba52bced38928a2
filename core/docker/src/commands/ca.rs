//! `docker swarm ca`: the root CA, and its rotation (docker/cli: `cli/command/swarm/ca.go`,
//! `progress/root_rotation.go`).

use daemon::api::Error;
use os::process::Disposition;
use os::{Errno, Fd, Signal};
use sim::Duration;
use swarm::control::{Filters, KeyRotation};
use swarm::objects::{SecretBytes, SigningCa};

use super::swarm::{cluster, update_cluster, with_flags};
use super::{go_error, node};
use crate::cli::{Cli, Failure};
use crate::output::progress::{Bar, Display};
use crate::table::Outcome;
use crate::value;

/// Between two looks at the nodes.
const POLL: Duration = Duration::from_millis(200);

/// Shows the root CA's certificate, or replaces the root CA.
pub(crate) async fn ca(cli: &Cli) -> Outcome {
    let certificate = pem_file(cli, "ca-cert")?;
    let key = pem_file(cli, "ca-key")?;
    let before = cluster(cli).await?;
    if !cli.is_set("rotate") {
        for flag in ["ca-cert", "ca-key", "cert-expiry", "external-ca"] {
            if cli.matches.changed(flag) {
                return Err(Failure::text(format!(
                    "`--{flag}` flag requires the `--rotate` flag to update the CA"
                )));
            }
        }
        return show(cli).await;
    }
    if certificate.is_some() && key.is_none() {
        return Err(Failure::text(
            "the --ca-cert flag requires that a --ca-key flag and/or --external-ca flag be \
             provided as well",
        ));
    }
    let mut spec = with_flags(cli, before.spec.clone());
    if certificate.is_none() && key.is_none() {
        spec.ca_force_rotate += 1;
    } else {
        let key = SecretBytes::from(key.unwrap_or_default().as_bytes());
        spec.signing_ca = Some(SigningCa { certificate: certificate.unwrap_or_default(), key });
    }
    update_cluster(cli, &before, spec, KeyRotation::default()).await?;
    if cli.is_set("detach") {
        return Ok(0);
    }
    cli.proc.on_signal(Signal::Interrupt, Disposition::Catch);
    let waited = watch(cli).await;
    cli.proc.on_signal(Signal::Interrupt, Disposition::Default);
    waited?;
    if cli.is_set("quiet") { Ok(0) } else { show(cli).await }
}

/// The content of a file that a flag names (docker/cli: `PEMFile`).
fn pem_file(cli: &Cli, flag: &str) -> Result<Option<String>, Failure> {
    let Some(path) = cli.flag(flag) else { return Ok(None) };
    let wrong = |why: String| {
        let path = value::quote(path);
        Failure::text(format!("invalid argument {path} for \"--{flag}\" flag: {why}"))
    };
    let bytes = cli.proc.read_file(path);
    let bytes = bytes.map_err(|errno| wrong(format!("open {path}: {}", go_error(errno))))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if text.contains("-----BEGIN ") && text.contains("-----END ") {
        Ok(Some(text))
    } else {
        Err(wrong("file contents must be in PEM format".to_owned()))
    }
}

async fn show(cli: &Cli) -> Outcome {
    let cluster = cluster(cli).await?;
    if cluster.root_ca.certificate.is_empty() {
        return Err(Failure::text("No CA information available"));
    }
    let text = String::from_utf8_lossy(&cluster.root_ca.certificate).into_owned();
    cli.out(format!("{}\n", text.trim())).await;
    Ok(0)
}

/// Waits until every node has a new certificate and trusts the new root.
async fn watch(cli: &Cli) -> Result<(), Failure> {
    let quiet = cli.is_set("quiet");
    let is_terminal = cli.proc.is_terminal(Fd::STDOUT);
    let mut display = Display::new(is_terminal, cli.proc.columns(), cli.profile.size_gap);
    let names = ["desired root digest", "  rotated TLS certificates", "  rotated CA certificates"];
    let mut text: String =
        names.iter().map(|name| display.line(name, "", Bar::default())).collect();
    loop {
        let step = look(cli, names, &mut display).await;
        let interrupted = match step {
            Ok((done, more)) => {
                text += &more;
                if !quiet {
                    cli.out(std::mem::take(&mut text)).await;
                }
                if done {
                    return Ok(());
                }
                cli.proc.sleep(POLL).await == Err(Errno::Interrupted)
            }
            Err(Failure::Api(Error::Interrupted)) => true,
            Err(failure) => return Err(failure),
        };
        if interrupted {
            while cli.proc.take_signal().is_some() {}
            if !quiet {
                let hint = "Use `swarmctl cluster inspect default` to check progress.";
                cli.out(display.message("Operation continuing in background.")).await;
                cli.out(display.message(hint)).await;
            }
            return Ok(());
        }
    }
}

/// Looks once: whether all is done, and what to print.
async fn look(
    cli: &Cli,
    names: [&str; 3],
    display: &mut Display,
) -> Result<(bool, String), Failure> {
    let root_ca = &cluster(cli).await?.root_ca;
    let wanted = root_ca.wanted_tls();
    let nodes = node::nodes(cli, Filters::default()).await?;
    let count = |holds: &dyn Fn(&::swarm::objects::TlsInfo) -> bool| {
        let found = nodes.iter().filter(|node| holds(&node.description.tls)).count();
        u64::try_from(found).unwrap_or(u64::MAX)
    };
    let total = count(&|_| true);
    let certificates = count(&|tls| tls.has_issuer_of(&wanted));
    let roots = count(&|tls| tls.trust_root == wanted.trust_root);
    let all_signed = certificates == total && root_ca.rotation.is_none();
    // No node counts as having the new root before that root is the cluster's.
    let roots = if all_signed { roots } else { 0 };
    let bar = |current| Bar { current, total, units: "nodes", ..Bar::default() };
    let digest = format!("sha256:{}", root_ca.digest);
    // The second name is a character longer: the bars stand below each other.
    let lines = [(&*digest, Bar::default()), ("", bar(certificates)), (" ", bar(roots))];
    let shown = names.into_iter().zip(lines);
    let text = shown.map(|(name, (action, bar))| display.line(name, action, bar)).collect();
    Ok((all_signed && roots == total, text))
}
