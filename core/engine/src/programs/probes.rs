//! Tools that look at the network from where one stands: `dig`, `nc`, `telnet`, `traceroute`, `ss` and `netstat`.

use os::program::Running;
use os::{Errno, Fd, Proc};
use sim::Duration;

/// bind's `dig`: the addresses of names.
pub(super) fn dig(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let is_short = args.iter().any(|arg| arg == "+short");
        let words: Vec<&String> =
            args.iter().skip(1).filter(|arg| !arg.starts_with(['-', '+', '@'])).collect();
        let kinds = ["A", "ANY", "IN", "AAAA", "SRV", "TXT", "PTR", "MX"];
        let name = words.iter().find(|word| !kinds.contains(&word.to_uppercase().as_str()));
        let Some(name) = name else {
            proc.eprint("not simulated: dig without a name\n").await;
            return 1;
        };
        let other =
            words.iter().any(|word| matches!(word.to_uppercase().as_str(), "AAAA" | "SRV" | "MX"));
        let found = if other { Vec::new() } else { proc.query(name).await.unwrap_or_default() };
        if is_short {
            proc.print(found.iter().map(|address| format!("{address}\n")).collect::<String>())
                .await;
            return 0;
        }
        let bytes = proc.read_file("/etc/resolv.conf").unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let server = text.lines().find_map(|line| line.trim().strip_prefix("nameserver "));
        let server = server.unwrap_or("127.0.0.1").trim();
        let status = if found.is_empty() && !other { "NXDOMAIN" } else { "NOERROR" };
        let number = proc.random(2);
        let id = u32::from(number[0]) << 8 | u32::from(number[1]);
        let count = found.len();
        let mut shown = format!(
            "\n; <<>> DiG 9.16.37 <<>> {}\n;; global options: +cmd\n;; Got answer:\n;; ->>HEADER<<- opcode: \
             QUERY, status: {status}, id: {id}\n;; flags: qr rd ra; QUERY: 1, ANSWER: {count}, AUTHORITY: 0, \
             ADDITIONAL: 0\n\n;; QUESTION SECTION:\n;{name}.\t\t\t\tIN\tA\n\n",
            args.get(1..).unwrap_or_default().join(" ")
        );
        if count > 0 {
            shown += ";; ANSWER SECTION:\n";
            shown.extend(
                found.iter().map(|address| format!("{name}.\t\t\t600\tIN\tA\t{address}\n")),
            );
            shown.push('\n');
        }
        let at = proc.wall().rfc3339();
        shown += &format!(
            ";; Query time: 0 msec\n;; SERVER: {server}#53({server})\n;; WHEN: {at}\n;; MSG SIZE  rcvd: \
             {}\n\n",
            name.len() + 18 + count * (name.len() + 16)
        );
        proc.print(shown).await;
        0
    })
}

/// `nc`: whether somebody listens, and one exchange with who does.
pub(super) fn nc(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let (mut looks, mut tells, mut words) = (false, false, Vec::new());
        let mut rest = args.iter().skip(1);
        while let Some(arg) = rest.next() {
            match arg.strip_prefix('-') {
                Some(letters) => {
                    if letters.contains('l') {
                        proc.eprint("nc: not simulated: -l\n").await;
                        return 1;
                    }
                    looks |= letters.contains('z');
                    tells |= letters.contains('v');
                    if letters.ends_with('w') || letters.ends_with('q') {
                        rest.next();
                    }
                }
                None => words.push(arg.clone()),
            }
        }
        let (Some(host), Some(port)) = (words.first(), words.get(1)) else {
            proc.eprint("usage: nc [-vz] [-w SECONDS] HOST PORT\n").await;
            return 1;
        };
        let Ok(number) = port.parse::<u16>() else {
            proc.eprint(format!("nc: port number invalid: {port}\n")).await;
            return 1;
        };
        let sent =
            if looks { Vec::new() } else { proc.read_to_end(Fd::STDIN).await.unwrap_or_default() };
        match proc.call(host, number, &sent).await {
            Ok(answer) => {
                if tells {
                    let text = format!("Connection to {host} {port} port [tcp/*] succeeded!\n");
                    proc.eprint(text).await;
                }
                if !looks {
                    let _ = proc.write(Fd::STDOUT, &answer).await;
                }
                0
            }
            Err(Errno::NotFound) => {
                proc.eprint(format!("nc: getaddrinfo: Name or service not known: {host}\n")).await;
                1
            }
            Err(errno) => {
                if tells {
                    let text = format!("nc: connect to {host} port {port} (tcp) failed: {errno}\n");
                    proc.eprint(text).await;
                }
                1
            }
        }
    })
}

/// `traceroute`: every address here is one hop away, or nobody answers.
pub(super) fn traceroute(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let Some(name) = args.iter().skip(1).find(|arg| !arg.starts_with('-')) else {
            proc.eprint("Usage: traceroute HOST\n").await;
            return 2;
        };
        let Some(address) = proc.resolve(name).await.ok().and_then(|all| all.into_iter().next())
        else {
            proc.eprint(format!("{name}: Name or service not known\n")).await;
            return 2;
        };
        let text = format!("traceroute to {name} ({address}), 30 hops max, 60 byte packets\n");
        proc.print(text).await;
        if proc.echo(&address, Duration::from_secs(5)).await.is_ok() {
            proc.print(format!(" 1  {name} ({address})  0.061 ms  0.022 ms  0.018 ms\n")).await;
            return 0;
        }
        for hop in 1..=30 {
            if proc.sleep(Duration::from_secs(5)).await.is_err() {
                return 130;
            }
            proc.print(format!("{hop:>2}  * * *\n")).await;
        }
        0
    })
}

/// `telnet`: lines to a port, and what comes back.
pub(super) fn telnet(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let words: Vec<&String> = args.iter().skip(1).filter(|arg| !arg.starts_with('-')).collect();
        let Some(host) = words.first() else {
            proc.eprint("telnet: not simulated without a host\n").await;
            return 1;
        };
        let port = words.get(1).map_or("23", |port| port.as_str());
        let Ok(number) = port.parse::<u16>() else {
            proc.eprint(format!("telnet: bad port '{port}'\n")).await;
            return 1;
        };
        let found = proc.resolve(host).await.ok().and_then(|all| all.into_iter().next());
        let Some(address) = found else {
            proc.eprint(format!("telnet: bad address '{host}'\n")).await;
            return 1;
        };
        let is_busybox = proc.exists("/bin/busybox");
        let mut input = Vec::new();
        if !is_busybox {
            proc.print(format!("Trying {address}...\n")).await;
        }
        loop {
            let answer = match proc.call(&address, number, &input).await {
                Ok(answer) => answer,
                Err(errno) if is_busybox => {
                    let text =
                        format!("telnet: can't connect to remote host ({address}): {errno}\n");
                    proc.eprint(text).await;
                    return 1;
                }
                Err(errno) => {
                    let text = format!("telnet: Unable to connect to remote host: {errno}\n");
                    proc.eprint(text).await;
                    return 1;
                }
            };
            if input.is_empty() && !is_busybox {
                proc.print(format!("Connected to {host}.\nEscape character is '^]'.\n")).await;
            }
            if !input.is_empty() {
                proc.print(answer).await;
            }
            let line = proc.read(Fd::STDIN, 65_536).await.unwrap_or_default();
            let is_last = String::from_utf8_lossy(&line).trim().eq_ignore_ascii_case("quit");
            if line.is_empty() || is_last {
                proc.print("Connection closed by foreign host\n").await;
                return i32::from(!is_last);
            }
            input = [line.trim_ascii_end(), b"\r\n"].concat();
        }
    })
}

/// `ss` and `netstat`, of what listens.
pub(super) fn sockets(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let is_ss = args.first().is_some_and(|name| name.ends_with("ss"));
        let has = |letter: char| {
            args.iter().skip(1).any(|arg| arg.starts_with('-') && arg.contains(letter))
        };
        if !is_ss && has('r') {
            proc.eprint("netstat: not simulated: -r; `ip route` is\n").await;
            return 1;
        }
        let mut text = if is_ss {
            "State      Recv-Q Send-Q Local Address:Port               Peer Address:Port\n"
                .to_owned()
        } else {
            let who = if has('p') { "       PID/Program name" } else { "" };
            format!(
                "Active Internet connections (only servers)\nProto Recv-Q Send-Q Local Address           \
                 Foreign Address         State{who}\n"
            )
        };
        let processes = proc.processes();
        let own = proc.listening().into_iter().map(|(port, pid)| {
            let process = processes.iter().find(|process| process.pid == proc.visible_pid(pid));
            let name = process.and_then(|it| it.args.first()).map_or("-", String::as_str);
            let name = name.split(' ').next().unwrap_or(name).trim_end_matches(':');
            let name = name.rsplit('/').next().unwrap_or(name);
            (port, name.to_owned(), process.map_or(0, |it| it.pid.0))
        });
        // The daemon is no process here; it has the number that it usually has on a host.
        let daemon = proc.ports_of_daemon().await.into_iter();
        let daemon = daemon.map(|(port, name)| (port, name.to_owned(), 842));
        let mut all: Vec<(u16, String, u32)> = own.chain(daemon).collect();
        all.sort();
        for (port, name, number) in all {
            let place = format!("0.0.0.0:{port}");
            text += &if is_ss {
                let who = format!("users:((\"{name}\",pid={number},fd=6))");
                format!(
                    "LISTEN     0      128     *:{port:<24} *:*    {}\n",
                    if has('p') { &who } else { "" }
                )
            } else {
                let who = if has('p') { format!("      {number}/{name}") } else { String::new() };
                format!("tcp        0      0 {place:<23} 0.0.0.0:*               LISTEN{who}\n")
            };
        }
        proc.print(text).await;
        0
    })
}
