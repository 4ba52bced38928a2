//! The interfaces of a host or a container: `ip addr`, `ip link`, `ip route`, `ifconfig`.

use super::Utility;

/// An interface with its address and prefix length.
struct Interface {
    name: String,
    address: String,
    prefix: u32,
}

impl Interface {
    fn octets(&self) -> [u32; 4] {
        let mut octets = [0; 4];
        for (octet, text) in octets.iter_mut().zip(self.address.split('.')) {
            *octet = text.parse().unwrap_or(0);
        }
        octets
    }

    /// As docker's bridge and hypervisors derive it: a fixed beginning and the address.
    fn hardware(&self) -> String {
        let [a, b, c, d] = self.octets();
        format!("02:42:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
    }

    fn broadcast(&self) -> String {
        let [a, b, c, _] = self.octets();
        if self.prefix >= 24 { format!("{a}.{b}.{c}.255") } else { format!("{a}.{b}.255.255") }
    }

    fn network(&self) -> String {
        let [a, b, c, _] = self.octets();
        if self.prefix >= 24 { format!("{a}.{b}.{c}.0/24") } else { format!("{a}.{b}.0.0/16") }
    }

    fn mask(&self) -> &'static str {
        if self.prefix >= 24 { "255.255.255.0" } else { "255.255.0.0" }
    }
}

/// The interfaces besides the loopback one: one per address, and on a host docker's bridge.
fn interfaces(utility: &Utility) -> Vec<Interface> {
    let addresses = utility.proc.addresses().into_iter().enumerate();
    let mut found: Vec<Interface> = addresses
        .map(|(index, address)| {
            // Docker's bridges have /16 networks; hosts and overlay networks /24.
            let prefix = if address.starts_with("172.") { 16 } else { 24 };
            Interface { name: format!("eth{index}"), address, prefix }
        })
        .collect();
    if !utility.proc.is_contained() {
        let (name, address) = ("docker0".to_owned(), "172.17.0.1".to_owned());
        found.push(Interface { name, address, prefix: 16 });
    }
    found
}

const LOOPBACK: &str =
    "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
";

fn addresses(
    interfaces: &[Interface],
    only: Option<&str>,
    with_address: bool,
    only_v4: bool,
) -> String {
    let mut text = String::new();
    if only.is_none_or(|name| name == "lo") {
        text.push_str(LOOPBACK);
        if with_address {
            text.push_str("    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n");
        }
    }
    for (index, interface) in (2..).zip(interfaces) {
        let Interface { name, address, prefix } = interface;
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let hardware = interface.hardware();
        text.push_str(&format!(
            "{index}: {name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default\n"
        ));
        if !only_v4 || !with_address {
            text.push_str(&format!("    link/ether {hardware} brd ff:ff:ff:ff:ff:ff\n"));
        }
        if with_address {
            text.push_str(&format!(
                "    inet {address}/{prefix} brd {} scope global {name}\n       valid_lft forever preferred_lft forever\n",
                interface.broadcast()
            ));
        }
    }
    text
}

fn brief(interfaces: &[Interface], only: Option<&str>) -> String {
    let mut text = String::new();
    if only.is_none_or(|name| name == "lo") {
        text.push_str("lo               UNKNOWN        127.0.0.1/8\n");
    }
    for Interface { name, address, prefix } in interfaces {
        if only.is_none_or(|only| only == name) {
            text.push_str(&format!("{name:<16} UP             {address}/{prefix}\n"));
        }
    }
    text
}

pub(crate) async fn ip(utility: Utility) -> i32 {
    let interfaces = interfaces(&utility);
    let is_brief = utility.args.iter().any(|arg| arg == "-br" || arg == "-brief");
    let only_v4 = utility.args.iter().any(|arg| arg == "-4");
    let words: Vec<&str> =
        utility.args.iter().map(String::as_str).filter(|arg| !arg.starts_with('-')).collect();
    let object = words.first().copied().unwrap_or_default();
    let only = words[words.len().min(1)..]
        .iter()
        .copied()
        .find(|word| !matches!(*word, "show" | "list" | "ls" | "dev" | "sh" | "s"));
    let is = |name: &str| !object.is_empty() && name.starts_with(object);
    if let Some(change) =
        words.get(1).filter(|word| matches!(**word, "add" | "del" | "set" | "flush"))
    {
        return utility.error(format!("not simulated: {object} {change}")).await;
    }
    let known = |name: &str| name == "lo" || interfaces.iter().any(|own| own.name == name);
    if is("address") || is("link") {
        if let Some(name) = only.filter(|name| !known(name)) {
            utility.proc.eprint(format!("Device \"{name}\" does not exist.\n")).await;
            return 1;
        }
        let text = if is_brief {
            brief(&interfaces, only)
        } else {
            addresses(&interfaces, only, is("address"), only_v4)
        };
        utility.print(text).await;
        return 0;
    }
    if is("route") {
        let mut text = String::new();
        if let Some(first) = interfaces.first() {
            let [a, b, c, _] = first.octets();
            let gateway =
                if first.prefix >= 24 { format!("{a}.{b}.{c}.1") } else { format!("{a}.{b}.0.1") };
            text.push_str(&format!("default via {gateway} dev {}\n", first.name));
        }
        for interface in &interfaces {
            let Interface { name, address, .. } = interface;
            let network = interface.network();
            text.push_str(&format!(
                "{network} dev {name}  proto kernel  scope link  src {address}\n"
            ));
        }
        utility.print(text).await;
        return 0;
    }
    if object.is_empty() {
        utility.proc.eprint("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n").await;
        return 255;
    }
    if ["neigh", "rule", "netns", "tunnel", "maddr", "monitor"].iter().any(|name| is(name)) {
        return utility.error(format!("not simulated: {object}")).await;
    }
    utility.proc.eprint(format!("Object \"{object}\" is unknown, try \"ip help\".\n")).await;
    1
}

pub(crate) async fn ifconfig(utility: Utility) -> i32 {
    let only = utility.args.iter().find(|arg| !arg.starts_with('-')).map(String::as_str);
    if utility.args.len() > 1 && only.is_some() {
        return utility.error("not simulated: changing an interface").await;
    }
    let interfaces = interfaces(&utility);
    let mut text = String::new();
    for interface in interfaces.iter().filter(|own| only.is_none_or(|name| own.name == name)) {
        let Interface { name, address, .. } = interface;
        text.push_str(&format!(
            "{name:<9} Link encap:Ethernet  HWaddr {}\n          inet addr:{address}  Bcast:{}  Mask:{}\n          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n\n",
            interface.hardware(),
            interface.broadcast(),
            interface.mask()
        ));
    }
    if only.is_none_or(|name| name == "lo") {
        text.push_str("lo        Link encap:Local Loopback\n          inet addr:127.0.0.1  Mask:255.0.0.0\n          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n\n");
    }
    if let (true, Some(name)) = (text.is_empty(), only) {
        utility
            .proc
            .eprint(format!("{name}: error fetching interface information: Device not found\n"))
            .await;
        return 1;
    }
    utility.print(text).await;
    0
}
