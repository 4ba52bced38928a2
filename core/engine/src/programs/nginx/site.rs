//! What nginx answers.

use os::Proc;
use sim::Time;

use super::config::{Config, Location, Site};
use crate::programs::http::{Answer, Request, Trust, send};

const TYPES: &[(&str, &str)] = &[
    ("html", "text/html"),
    ("htm", "text/html"),
    ("css", "text/css"),
    ("txt", "text/plain"),
    ("xml", "text/xml"),
    ("js", "application/javascript"),
    ("json", "application/json"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("gif", "image/gif"),
    ("svg", "image/svg+xml"),
    ("ico", "image/x-icon"),
];

fn phrase(code: u16) -> &'static str {
    match code {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Not Allowed",
        418 => "",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        _ => "",
    }
}

/// `Tue, 25 Jan 2022 15:03:52 GMT`.
fn http_date(time: Time) -> String {
    time.civil().strftime("%a, %d %b %Y %T GMT")
}

/// One request and where it came to.
pub(super) struct Visit<'a> {
    pub(super) proc: &'a Proc,
    pub(super) config: &'a Config,
    pub(super) version: &'a str,
    pub(super) request: Request,
    pub(super) port: u16,
    /// The address of who asks.
    pub(super) from: &'a str,
    pub(super) is_secure: bool,
    /// Counts requests: the members of a group take turns.
    pub(super) turn: usize,
}

/// Status, type, further lines of the head, body.
struct Page(u16, String, String, Vec<u8>);

impl Visit<'_> {
    fn host(&self) -> &str {
        let host = self.request.header("host").unwrap_or("localhost");
        host.split(':').next().unwrap_or(host)
    }

    fn site(&self) -> Option<&Site> {
        let here = || {
            let sites = self.config.sites.iter();
            sites.filter(|site| site.ports.iter().any(|(port, _)| *port == self.port))
        };
        let host = self.host();
        here().find(|site| site.names.iter().any(|name| name == host)).or_else(|| here().next())
    }

    /// nginx: an exact path, the longest beginning, and expressions between them. Of an expression only
    /// what ends it (`\.(png|jpg)$`) is understood.
    fn location<'a>(&self, site: &'a Site) -> Option<&'a Location> {
        let path = self.request.path.as_str();
        let all = &site.locations;
        if let Some(found) = all.iter().find(|one| one.kind == "=" && one.path == path) {
            return Some(found);
        }
        let beginnings = all.iter().filter(|one| matches!(one.kind.as_str(), "" | "^~"));
        let longest =
            beginnings.filter(|one| path.starts_with(&one.path)).max_by_key(|one| one.path.len());
        if longest.is_some_and(|one| one.kind == "^~") {
            return longest;
        }
        let fits = |one: &&Location| {
            let pattern = one.path.trim_end_matches('$').replace('\\', "");
            match pattern.split_once('(') {
                Some((before, rest)) => rest
                    .trim_end_matches(')')
                    .split('|')
                    .any(|end| path.ends_with(&format!("{before}{end}"))),
                None => match pattern.strip_prefix('^') {
                    Some(beginning) => path.starts_with(beginning),
                    None => path.ends_with(&pattern),
                },
            }
        };
        all.iter().find(|one| one.kind.starts_with('~') && fits(one)).or(longest)
    }

    /// `$host`, `${uri}` and the like, filled in.
    fn fill(&self, text: &str) -> String {
        let (mut shown, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('$') {
            shown += before;
            let after = after.strip_prefix('{').unwrap_or(after);
            let size =
                after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            let (name, tail) = after.split_at(size);
            rest = tail.strip_prefix('}').unwrap_or(tail);
            let request = &self.request;
            let own = || self.proc.addresses().into_iter().next().unwrap_or_default();
            shown += &match name {
                "host" | "server_name" => self.host().to_owned(),
                "http_host" => request.header("host").unwrap_or_default().to_owned(),
                "hostname" => self.proc.hostname(),
                "request_uri" => request.target.clone(),
                "uri" => request.path.clone(),
                "request_method" => request.method.clone(),
                "scheme" => if self.is_secure { "https" } else { "http" }.to_owned(),
                "server_port" => self.port.to_string(),
                "server_addr" => own(),
                "remote_addr" => self.from.to_owned(),
                "proxy_add_x_forwarded_for" => match request.header("x-forwarded-for") {
                    Some(before) => format!("{before}, {}", self.from),
                    None => self.from.to_owned(),
                },
                "nginx_version" => self.version.to_owned(),
                name => match name.strip_prefix("http_") {
                    Some(header) => {
                        request.header(&header.replace('_', "-")).unwrap_or_default().to_owned()
                    }
                    None => String::new(),
                },
            };
        }
        shown + rest
    }

    fn page(&self, code: u16) -> Page {
        let (text, version) = (format!("{code} {}", phrase(code)), self.version);
        let body = format!(
            "<html>\r\n<head><title>{text}</title></head>\r\n<body>\r\n<center><h1>{text}</h1></center>\r\n\
             <hr><center>nginx/{version}</center>\r\n</body>\r\n</html>\r\n"
        );
        Page(code, "text/html".to_owned(), String::new(), body.into_bytes())
    }

    /// The whole answer, and the line for the log.
    pub(super) async fn answer(&self, now: Time) -> (Vec<u8>, String) {
        let Page(code, kind, also, body) = match self.site() {
            Some(site) => self.of_site(site).await,
            None => self.page(404),
        };
        let at = now.civil().strftime("%d/%b/%Y:%T +0000");
        let agent = self.request.header("user-agent").unwrap_or("-");
        let line = format!(
            "{} - - [{at}] \"{}\" {code} {} \"-\" \"{agent}\" \"-\"\n",
            self.from,
            self.request.first,
            body.len()
        );
        let (first, rest): (Vec<&str>, Vec<&str>) = also.split_inclusive('\n').partition(|line| {
            ["Last-Modified:", "Location:"].iter().any(|name| line.starts_with(name))
        });
        let closes = self.request.header("connection").is_some_and(|how| how == "close");
        let stays = self.request.first.ends_with("/1.1") && !closes;
        let head = format!(
            "HTTP/1.1 {code} {}\r\nServer: nginx/{}\r\nDate: {}\r\nContent-Type: \
             {kind}\r\nContent-Length: {}\r\n{}Connection: {}\r\n{}\r\n",
            phrase(code),
            self.version,
            http_date(now),
            body.len(),
            first.concat(),
            if stays { "keep-alive" } else { "close" },
            rest.concat(),
        );
        let body = if self.request.method == "HEAD" { Vec::new() } else { body };
        ([head.into_bytes(), body].concat(), line)
    }

    async fn of_site(&self, site: &Site) -> Page {
        let rest = &site.rest;
        let location = self.location(site).unwrap_or(rest);
        let mut page = self.of_location(site, location).await;
        for (name, value) in
            rest.headers.iter().chain(&location.headers).take_while(|_| page.0 < 400)
        {
            page.2 += &format!("{name}: {}\r\n", self.fill(value));
        }
        page
    }

    async fn of_location(&self, site: &Site, location: &Location) -> Page {
        let rest = &site.rest;
        if let Some((code, text)) = rest.answer.as_ref().or(location.answer.as_ref()) {
            let text = self.fill(text);
            return match (code, text.is_empty()) {
                (301 | 302 | 303 | 307 | 308, false) => {
                    let mut page = self.page(*code);
                    page.2 = format!("Location: {text}\r\n");
                    page
                }
                (_, true) => self.page(*code),
                _ => {
                    let kind =
                        location.default_type.as_deref().unwrap_or("application/octet-stream");
                    Page(*code, kind.to_owned(), String::new(), text.into_bytes())
                }
            };
        }
        if location.is_denied {
            return self.page(403);
        }
        if let Some((file, realm)) = location.users.as_ref().or(rest.users.as_ref())
            && !self.is_known(file)
        {
            let mut page = self.page(401);
            page.2 = format!("WWW-Authenticate: Basic realm=\"{realm}\"\r\n");
            return page;
        }
        if let Some(to) = location.upstream.as_ref().or(rest.upstream.as_ref()) {
            return self.passed_on(location, to).await;
        }
        if !matches!(self.request.method.as_str(), "GET" | "HEAD") {
            return self.page(405);
        }
        self.file(location, rest)
    }

    /// Whether name and password of the request are in the file; of its forms those of
    /// [`seal::crypt`] are understood.
    fn is_known(&self, file: &str) -> bool {
        let given =
            self.request.header("authorization").and_then(|text| text.strip_prefix("Basic "));
        let given = given.and_then(seal::base64::decode).unwrap_or_default();
        let given = String::from_utf8_lossy(&given).into_owned();
        let bytes = self.proc.read_file(file).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((name, password)) = given.split_once(':') else { return false };
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        let hash = lines.find(|(own, _)| *own == name);
        hash.is_some_and(|(_, hash)| seal::crypt::matches(hash, password) == Some(true))
    }

    fn file(&self, location: &Location, rest: &Location) -> Page {
        let default = "/etc/nginx/html".to_owned();
        let root = location.root.as_ref().or(rest.root.as_ref()).unwrap_or(&default);
        let path_of = |path: &str| match &location.alias {
            Some(alias) => format!("{alias}{}", path.strip_prefix(&location.path).unwrap_or(path)),
            None => format!("{root}{path}"),
        };
        let mut path = self.request.path.clone();
        let tries = if location.tries.is_empty() { &rest.tries } else { &location.tries };
        for (at, name) in tries.iter().enumerate() {
            let name = self.fill(name);
            if let Some(code) = name.strip_prefix('=').and_then(|code| code.parse().ok()) {
                return self.page(code);
            }
            let found = self.proc.stat(&path_of(name.trim_end_matches('/')));
            let fits = found.is_ok_and(|inode| inode.is_directory() == name.ends_with('/'));
            if fits || at + 1 == tries.len() {
                path = name;
                break;
            }
        }
        let mut file = path_of(&path);
        if self.proc.stat(&file).is_ok_and(|inode| inode.is_directory()) {
            if !path.ends_with('/') {
                let mut page = self.page(301);
                page.2 = format!("Location: http://{}{path}/\r\n", self.fill("$http_host"));
                return page;
            }
            let usual = vec!["index.html".to_owned()];
            let names = location.index.as_ref().or(rest.index.as_ref()).unwrap_or(&usual);
            let folder = file.trim_end_matches('/').to_owned();
            let mut found = names.iter().map(|name| format!("{folder}/{name}"));
            match found.find(|name| self.proc.exists(name)) {
                Some(name) => file = name,
                None => return self.page(403),
            }
        }
        match self.proc.read_file(&file) {
            Ok(body) => {
                let end = file.rsplit('.').next().unwrap_or_default();
                let known = TYPES.iter().find(|(known, _)| *known == end).map(|(_, kind)| *kind);
                let kind = known.or(location.default_type.as_deref());
                let kind = kind.unwrap_or("application/octet-stream").to_owned();
                let modified = self.proc.stat(&file).map(|inode| inode.attributes.modified);
                let modified = modified.unwrap_or_else(|_| self.proc.wall());
                let also = format!(
                    "Last-Modified: {}\r\nETag: \"{:x}-{:x}\"\r\nAccept-Ranges: bytes\r\n",
                    http_date(modified),
                    modified.unix_secs(),
                    body.len()
                );
                Page(200, kind, also, body)
            }
            Err(os::Errno::Access) => self.page(403),
            Err(_) => self.page(404),
        }
    }

    /// Asks another server; members of a group take turns, and the next is asked if one is not there.
    async fn passed_on(&self, location: &Location, to: &str) -> Page {
        let (members, base) = self.config.members(&self.fill(to));
        let target = match base.as_str() {
            "" => self.request.target.clone(),
            base => {
                let rest = self.request.target.strip_prefix(&location.path);
                format!("{base}{}", rest.unwrap_or(&self.request.target))
            }
        };
        let mut headers: Vec<(String, String)> = self.request.headers.clone();
        let host = self.config.groups.iter().any(|(name, _)| to.contains(name.as_str()));
        let own = if host { to.trim_start_matches("http://") } else { members[0].as_str() };
        let own = own.split('/').next().unwrap_or(own).trim_end_matches(":80").to_owned();
        let told = location.told.iter().map(|(name, value)| (name.clone(), self.fill(value)));
        for (name, value) in
            [("Host".to_owned(), own), ("Connection".to_owned(), "close".to_owned())]
                .into_iter()
                .chain(told)
        {
            headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
            headers.push((name, value));
        }
        let lines: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("{} {target} HTTP/1.0\r\n{lines}\r\n", self.request.method);
        let request = [head.as_bytes(), &self.request.body].concat();
        for at in 0..members.len() {
            let member = &members[(self.turn + at) % members.len()];
            let (name, port) = member.rsplit_once(':').unwrap_or((member, "80"));
            let answer = send(
                self.proc,
                (name, port.parse().unwrap_or(80)),
                None::<(&str, &Trust)>,
                &request,
            );
            if let Ok(Answer { head, body }) = answer.await {
                let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(502);
                let (mut kind, mut also) = ("text/plain".to_owned(), String::new());
                for line in head.lines().skip(1).filter(|line| line.contains(':')) {
                    let (name, value) = line.split_once(':').unwrap_or((line, ""));
                    match name.to_ascii_lowercase().as_str() {
                        "content-type" => value.trim().clone_into(&mut kind),
                        "server" | "date" | "connection" | "content-length" => {}
                        _ => also += &format!("{}\r\n", line.trim()),
                    }
                }
                return Page(code, kind, also, body);
            }
        }
        self.page(502)
    }
}
