//! Tools that look at the network from where one stands: `dig`, `nc`, `traceroute`, `ss` and `netstat`.

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
        for (port, pid) in proc.listening() {
            let process = processes.iter().find(|process| process.pid == proc.visible_pid(pid));
            let name = process.and_then(|it| it.args.first()).map_or("-", String::as_str);
            let name = name.split(' ').next().unwrap_or(name).trim_end_matches(':');
            let name = name.rsplit('/').next().unwrap_or(name);
            let number = process.map_or(0, |it| it.pid.0);
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
