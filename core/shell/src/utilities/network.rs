//! The network devices of a host or a container: `ip addr`, `ip link`, `ip route`, `ifconfig`, `route`, `brctl`, `bridge`.

use os::Link;

use super::Utility;

/// An address and what follows from it.
struct Address<'a> {
    text: &'a str,
    bits: u32,
}

fn address(link: &Link) -> Option<Address<'_>> {
    let (text, bits) = link.address.split_once('/')?;
    Some(Address { text, bits: bits.parse().unwrap_or(24) })
}

impl Address<'_> {
    fn number(&self) -> u32 {
        let octets = self.text.split('.').map(|octet| octet.parse().unwrap_or(0));
        octets.fold(0, |number: u32, octet: u32| number << 8 | octet & 0xff)
    }

    fn mask(&self) -> u32 {
        u32::MAX.checked_shl(32 - self.bits.min(32)).unwrap_or(0)
    }

    fn network(&self) -> u32 {
        self.number() & self.mask()
    }

    fn broadcast(&self) -> String {
        dotted(self.number() | !self.mask())
    }
}

fn dotted(number: u32) -> String {
    let [a, b, c, d] = number.to_be_bytes();
    format!("{a}.{b}.{c}.{d}")
}

/// A device's name with the number of its other end.
fn full_name(link: &Link) -> String {
    link.peer.map_or_else(|| link.name.clone(), |peer| format!("{}@if{peer}", link.name))
}

fn is_bridge(link: &Link) -> bool {
    link.peer.is_none() && link.name != "eth0"
}

/// `BROADCAST,...` and `UP` or `DOWN`.
fn state(link: &Link) -> (&'static str, &'static str) {
    match link.has_carrier {
        true => ("BROADCAST,MULTICAST,UP,LOWER_UP", "UP"),
        false => ("NO-CARRIER,BROADCAST,MULTICAST,UP", "DOWN"),
    }
}

const LOOPBACK: &str =
    "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
";

fn described(link: &Link, with_address: bool, only_v4: bool) -> String {
    let (flags, word) = state(link);
    let master =
        if link.master.is_empty() { String::new() } else { format!(" master {}", link.master) };
    let (index, full, name) = (link.index, full_name(link), &link.name);
    let mut text = format!(
        "{index}: {full}: <{flags}> mtu 1500 qdisc noqueue{master} state {word} group default\n"
    );
    if !only_v4 || !with_address {
        let other = if link.peer.is_some() { " link-netnsid 0" } else { "" };
        text.push_str(&format!("    link/ether {} brd ff:ff:ff:ff:ff:ff{other}\n", link.mac));
    }
    if let Some(address) = address(link).filter(|_| with_address) {
        text.push_str(&format!(
            "    inet {} brd {} scope global {name}\n       valid_lft forever preferred_lft forever\n",
            link.address,
            address.broadcast()
        ));
    }
    text
}

fn routes(links: &[Link]) -> Vec<(u32, u32, String, &Link)> {
    let mut routes = Vec::new();
    if let Some((link, own)) = links.first().and_then(|link| Some((link, address(link)?))) {
        routes.push((0, 0, dotted(own.network() + 1), link));
    }
    let own = links.iter().filter_map(|link| Some((address(link)?, link)));
    routes.extend(own.map(|(own, link)| (own.network(), own.mask(), String::new(), link)));
    routes
}

pub(crate) async fn ip(utility: Utility) -> i32 {
    let links = utility.proc.links().await;
    let flag = |names: &[&str]| utility.args.iter().any(|arg| names.contains(&arg.as_str()));
    let (is_brief, only_v4) = (flag(&["-br", "-brief"]), flag(&["-4"]));
    let words: Vec<&str> =
        utility.args.iter().map(String::as_str).filter(|arg| !arg.starts_with('-')).collect();
    let object = words.first().copied().unwrap_or_default();
    let is = |name: &str| !object.is_empty() && name.starts_with(object);
    if let Some(change) = words.get(1).filter(|word| {
        matches!(**word, "add" | "a" | "del" | "delete" | "set" | "flush" | "replace" | "exec")
    }) {
        return utility.error(format!("not simulated: {object} {change}")).await;
    }
    if is("address") || is("link") {
        let (mut only, mut kind, mut master) = (None, None, None);
        let mut rest = words[1..].iter().copied();
        while let Some(word) = rest.next() {
            match word {
                "show" | "list" | "ls" | "lst" | "dev" | "sh" | "s" | "up" => {}
                "type" => kind = rest.next(),
                "master" => master = rest.next(),
                name => only = Some(name.split('@').next().unwrap_or(name)),
            }
        }
        if let Some(name) =
            only.filter(|name| *name != "lo" && !links.iter().any(|link| link.name == *name))
        {
            utility.proc.eprint(format!("Device \"{name}\" does not exist.\n")).await;
            return 1;
        }
        let mut text = String::new();
        if only.is_none_or(|name| name == "lo") && kind.is_none() && master.is_none() {
            text.push_str(match (is_brief, is("address")) {
                (true, _) => "lo               UNKNOWN        127.0.0.1/8\n",
                _ => LOOPBACK,
            });
            if is("address") && !is_brief {
                text.push_str("    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n");
            }
        }
        for link in links.iter().filter(|link| {
            let own = if is_bridge(link) { "bridge" } else { "veth" };
            only.is_none_or(|name| name == link.name)
                && kind.is_none_or(|kind| kind == own && (link.peer.is_some() || is_bridge(link)))
                && master.is_none_or(|master| master == link.master)
        }) {
            text.push_str(&if is_brief {
                let (word, what) =
                    (state(link).1, if is("link") { &link.mac } else { &link.address });
                format!("{:<16} {word:<14} {what}\n", full_name(link))
            } else {
                described(link, is("address"), only_v4)
            });
        }
        utility.print(text).await;
        return 0;
    }
    if is("route") {
        let mut text = String::new();
        for (network, mask, gateway, link) in routes(&links) {
            let name = &link.name;
            let Some(own) = address(link) else { continue };
            text.push_str(&if mask == 0 {
                format!("default via {gateway} dev {name}\n")
            } else {
                let down = if link.has_carrier { "" } else { " linkdown" };
                format!(
                    "{}/{} dev {name}  proto kernel  scope link  src {}{down}\n",
                    dotted(network),
                    own.bits,
                    own.text
                )
            });
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
    let mut text = String::new();
    for link in utility.proc.links().await {
        if only.is_some_and(|name| link.name != name) {
            continue;
        }
        text.push_str(&format!("{:<9} Link encap:Ethernet  HWaddr {}\n", link.name, link.mac));
        if let Some(own) = address(&link) {
            let (broadcast, mask) = (own.broadcast(), dotted(own.mask()));
            let inet = own.text;
            text.push_str(&format!("          inet addr:{inet}  Bcast:{broadcast}  Mask:{mask}\n"));
        }
        let running = if link.has_carrier { " RUNNING" } else { "" };
        text.push_str(&format!(
            "          UP BROADCAST{running} MULTICAST  MTU:1500  Metric:1\n\n"
        ));
    }
    if only.is_none_or(|name| name == "lo") {
        text.push_str("lo        Link encap:Local Loopback\n          inet addr:127.0.0.1  Mask:255.0.0.0\n          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n\n");
    }
    if let (true, Some(name)) = (text.is_empty(), only) {
        let text = format!("{name}: error fetching interface information: Device not found\n");
        utility.proc.eprint(text).await;
        return 1;
    }
    utility.print(text).await;
    0
}

/// `route -n`.
pub(crate) async fn route(utility: Utility) -> i32 {
    if utility.args.iter().any(|arg| !arg.starts_with('-')) {
        return utility.error("not simulated: changing a route").await;
    }
    let mut text = "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n".to_owned();
    for (network, mask, gateway, link) in routes(&utility.proc.links().await) {
        let (flags, gateway) =
            if gateway.is_empty() { ("U", "0.0.0.0") } else { ("UG", gateway.as_str()) };
        text.push_str(&format!(
            "{:<15} {gateway:<15} {:<15} {flags:<5} 0      0        0 {}\n",
            dotted(network),
            dotted(mask),
            link.name
        ));
    }
    utility.print(text).await;
    0
}

/// `brctl show`: bridges and their ports.
pub(crate) async fn brctl(utility: Utility) -> i32 {
    if utility.args.first().is_none_or(|arg| arg != "show") {
        let what = utility.args.join(" ");
        return utility.error(format!("not simulated: {what}")).await;
    }
    let links = utility.proc.links().await;
    let mut text = "bridge name\tbridge id\t\tSTP enabled\tinterfaces\n".to_owned();
    for bridge in links.iter().filter(|link| is_bridge(link)) {
        if utility.args.get(1).is_some_and(|name| *name != bridge.name) {
            continue;
        }
        let id = bridge.mac.replace(':', "");
        let ports = links.iter().filter(|link| link.master == bridge.name);
        let ports: Vec<&str> = ports.map(|link| link.name.as_str()).collect();
        let ports = ports.join("\n\t\t\t\t\t\t\t");
        text.push_str(&format!("{}\t\t8000.{id}\tno\t\t{ports}\n", bridge.name));
    }
    utility.print(text).await;
    0
}

/// `bridge link`: the ports.
pub(crate) async fn bridge(utility: Utility) -> i32 {
    if utility.args.first().is_none_or(|arg| arg != "link") {
        let what = utility.args.join(" ");
        return utility.error(format!("not simulated: {what}")).await;
    }
    for link in utility.proc.links().await.iter().filter(|link| !link.master.is_empty()) {
        let text = format!(
            "{}: {}: <{}> mtu 1500 master {} state forwarding priority 32 cost 2\n",
            link.index,
            full_name(link),
            state(link).0,
            link.master
        );
        utility.print(text).await;
    }
    0
}
