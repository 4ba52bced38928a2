//! Servers that are known by what they log, where they listen and a page or two. What else they would
//! do is not simulated, and they say so where it would be seen.

use std::cell::RefCell;
use std::rc::Rc;

use os::process::Disposition;
use os::program::Running;
use os::{Fd, Proc, Service, Signal};
use sim::Time;

use super::next_signal;

/// A server. In texts `{time}` is when, `{host}` the host name, `{v}` the image's version.
struct Row {
    /// The program's name.
    name: &'static str,
    /// The first has the pages; all are listened on.
    ports: &'static [u16],
    /// What it says when it has started.
    log: &'static str,
    /// Paths and their answers; a path that ends with `*` is a beginning.
    pages: &'static [(&'static str, &'static str)],
}

/// What a page is that has to be there and is not simulated.
macro_rules! page {
    ($title:literal) => {
        concat!(
            "<!DOCTYPE html>\n<html>\n<head><title>",
            $title,
            "</title></head>\n<body>not simulated: what is on this page</body>\n</html>\n"
        )
    };
}

const ROWS: &[Row] = &[
    Row {
        name: "adminer",
        ports: &[8080],
        log: "[{time}] PHP Development Server (http://[::]:8080) started\n",
        pages: &[("/*", page!("Login - Adminer"))],
    },
    Row {
        name: "agent",
        ports: &[9001],
        log: "{time} INF main.go > Agent running on Docker platform |\n\
              {time} INF http/server.go > starting Agent API server | api_addr=0.0.0.0:9001\n",
        pages: &[],
    },
    Row {
        name: "cadvisor",
        ports: &[8080],
        log: "I{time} cadvisor.go] Starting cAdvisor on port 8080\n",
        pages: &[("/healthz", "ok"), ("/*", page!("cAdvisor"))],
    },
    Row {
        name: "caddy",
        ports: &[80, 443, 2019],
        log: "{\"level\":\"info\",\"ts\":\"{time}\",\"msg\":\"serving initial configuration\"}\n",
        pages: &[("/*", page!("Caddy works!"))],
    },
    Row {
        name: "catalina.sh",
        ports: &[8080],
        log: "{time} INFO [main] org.apache.catalina.core.StandardEngine.startInternal Starting Servlet engine: [Apache \
              Tomcat/{v}]\n{time} INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [612] milliseconds\n",
        pages: &[("/*", page!("Apache Tomcat"))],
    },
    Row {
        name: "elasticsearch",
        ports: &[9200, 9300],
        log: "[{time}][INFO ][o.e.n.Node               ] [{host}] initialized\n\
              [{time}][INFO ][o.e.n.Node               ] [{host}] started\n",
        pages: &[
            (
                "/",
                "{\n  \"name\" : \"{host}\",\n  \"cluster_name\" : \"docker-cluster\",\n  \"version\" : \
                 {\n    \"number\" : \"{v}\"\n  },\n  \"tagline\" : \"You Know, for Search\"\n}\n",
            ),
            (
                "/_cluster/health*",
                "{\"cluster_name\":\"docker-cluster\",\"status\":\"green\",\"timed_out\":false,\
                 \"number_of_nodes\":1,\"number_of_data_nodes\":1,\"active_primary_shards\":0,\
                 \"active_shards\":0}",
            ),
            ("/_cat/indices*", ""),
        ],
    },
    Row {
        name: "grafana",
        ports: &[3000],
        log: "logger=http.server t={time} level=info msg=\"HTTP Server Listen\" address=[::]:3000 \
              protocol=http subUrl= socket=\n",
        pages: &[
            ("/api/health", "{\n  \"database\": \"ok\",\n  \"version\": \"{v}\"\n}"),
            ("/*", page!("Grafana")),
        ],
    },
    Row {
        name: "haproxy",
        ports: &[],
        log: "[NOTICE]   (1) : New worker forked\n[NOTICE]   (1) : Loading success.\n",
        pages: &[],
    },
    Row { name: "pause", ports: &[], log: "", pages: &[] },
    Row { name: "serve_hostname", ports: &[9376], log: "", pages: &[("/*", "{host}")] },
    Row { name: "node-hello", ports: &[8080], log: "", pages: &[("/*", "Hello Kubernetes!")] },
    Row {
        name: "hello-app",
        ports: &[8080],
        log: "{time} Server listening on port 8080\n",
        pages: &[("/*", "Hello, world!\nVersion: {v}.0\nHostname: {host}\n")],
    },
    Row {
        name: "hello",
        ports: &[80],
        log: "",
        pages: &[("/*", "Server name: {host}\nDate: {time}\nURI: /\n")],
    },
    Row {
        name: "jenkins.sh",
        ports: &[8080, 50000],
        log: "Running from: /usr/share/jenkins/jenkins.war\n\
              {time}\tINFO\twinstone.Logger#logInternal: Beginning extraction from war file\n\
              {time}\tINFO\thudson.lifecycle.Lifecycle#onReady: Jenkins is fully up and running\n",
        pages: &[("/*", page!("Sign in [Jenkins]"))],
    },
    Row { name: "memcached", ports: &[11211], log: "", pages: &[] },
    Row {
        name: "mongod",
        ports: &[27017],
        log: "{\"t\":{\"$date\":\"{time}\"},\"s\":\"I\",  \"c\":\"CONTROL\",  \"id\":4615611, \
              \"ctx\":\"initandlisten\",\"msg\":\"MongoDB starting\",\"attr\":{\"pid\":1,\"port\":27017,\
              \"dbPath\":\"/data/db\",\"architecture\":\"64-bit\",\"host\":\"{host}\"}}\n\
              {\"t\":{\"$date\":\"{time}\"},\"s\":\"I\",  \"c\":\"NETWORK\",  \"id\":23016,   \
              \"ctx\":\"listener\",\"msg\":\"Waiting for connections\",\"attr\":{\"port\":27017,\
              \"ssl\":\"off\"}}\n",
        pages: &[(
            "/*",
            "It looks like you are trying to access MongoDB over HTTP on the native driver port.\n",
        )],
    },
    Row {
        name: "node_exporter",
        ports: &[9100],
        log: "ts={time} caller=node_exporter.go msg=\"Starting node_exporter\" version=\"(version={v})\"\n\
              ts={time} caller=tls_config.go level=info msg=\"Listening on\" address=[::]:9100\n",
        pages: &[("/metrics", "node_exporter_build_info{version=\"{v}\"} 1\n")],
    },
    Row {
        name: "phpmyadmin",
        ports: &[80],
        log: "[{time}] [mpm_prefork:notice] [pid 1] AH00163: Apache configured -- resuming normal \
              operations\n",
        pages: &[("/*", page!("phpMyAdmin"))],
    },
    Row {
        name: "portainer",
        ports: &[9000, 8000, 9443],
        log: "{time} INF http/server.go > starting HTTPS server | bind_address=:9443\n\
              {time} INF http/server.go > starting HTTP server | bind_address=:9000\n",
        pages: &[("/api/status", "{\"Version\":\"{v}\"}\n"), ("/*", page!("Portainer"))],
    },
    Row {
        name: "prometheus",
        ports: &[9090],
        log: "ts={time} caller=main.go level=info msg=\"Starting Prometheus Server\" mode=server \
              version=\"(version={v})\"\n\
              ts={time} caller=web.go level=info component=web msg=\"Start listening for connections\" \
              address=0.0.0.0:9090\n\
              ts={time} caller=main.go level=info msg=\"Server is ready to receive web requests.\"\n",
        pages: &[
            ("/-/healthy", "Prometheus Server is Healthy.\n"),
            ("/-/ready", "Prometheus Server is Ready.\n"),
            ("/metrics", "prometheus_build_info{version=\"{v}\"} 1\n"),
            ("/", "<a href=\"/graph\">Found</a>.\n\n"),
            ("/graph", page!("Prometheus Time Series Collection and Processing Server")),
        ],
    },
    Row {
        name: "rabbitmq-server",
        ports: &[15672, 5672],
        log: "{time} [info] <0.9.0> Starting RabbitMQ {v}\n\
              {time} [info] <0.9.0> started TCP listener on [::]:5672\n\
              {time} [info] <0.9.0> Server startup complete; 4 plugins started.\n",
        pages: &[("/*", page!("RabbitMQ Management"))],
    },
    Row {
        name: "traefik",
        ports: &[80, 8080],
        log: "time=\"{time}\" level=info msg=\"Configuration loaded from flags.\"\n",
        // Where it would send a request is not simulated: it knows no route.
        pages: &[],
    },
    Row {
        name: "visualizer",
        ports: &[8080],
        log: "\n> swarmVisualizer@0.0.1 start /app\n> node server.js\n\n",
        pages: &[("/*", page!("Visualizer"))],
    },
];

struct Site {
    row: &'static Row,
    proc: Proc,
    version: String,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.row.name)
    }
}

impl Site {
    fn fill(&self, text: &str, now: Time) -> String {
        text.replace("{time}", &now.rfc3339())
            .replace("{host}", &self.proc.hostname())
            .replace("{v}", &self.version)
    }
}

impl Service for Site {
    fn answer(&mut self, now: Time, request: &[u8]) -> Vec<u8> {
        let request = String::from_utf8_lossy(request).into_owned();
        let path = request.split(' ').nth(1).unwrap_or("/");
        let path = path.split(['?', '#']).next().unwrap_or("/");
        let is_it = |(known, _): &&(&str, &str)| match known.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => path == *known,
        };
        let (status, body) = match self.row.pages.iter().find(is_it) {
            Some((_, text)) => ("200 OK", self.fill(text, now)),
            None => ("404 Not Found", "404 page not found\n".to_owned()),
        };
        super::http::response(status, kind_of(&body), "", body.as_bytes())
    }
}

/// `text/html` for what looks like it, and so on.
fn kind_of(body: &str) -> &'static str {
    match body.as_bytes().first() {
        Some(b'<') => "text/html",
        Some(b'{') => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}

/// The version in the image's environment: the variable that is named after the program.
fn version(proc: &Proc) -> String {
    let environment = proc.environment();
    let found = environment.iter().find(|(name, _)| name.ends_with("_VERSION"));
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

/// The server whose name the program goes by.
pub(super) fn server(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let name = args.first().map(|path| path.rsplit('/').next().unwrap_or_default());
        let Some(row) = ROWS.iter().find(|row| Some(row.name) == name) else {
            proc.eprint("not simulated: this server under another name\n").await;
            return 1;
        };
        if args.get(1).is_some_and(|arg| matches!(arg.as_str(), "--version" | "-V" | "version")) {
            proc.print(format!("{} {}\n", row.name, version(&proc))).await;
            return 0;
        }
        for signal in [Signal::Quit, Signal::Terminate, Signal::Interrupt] {
            proc.on_signal(signal, Disposition::Catch);
        }
        let site = Site { row, proc: proc.clone(), version: version(&proc) };
        let log = site.fill(row.log, proc.wall());
        let site = Rc::new(RefCell::new(site));
        for port in row.ports {
            if let Err(errno) = proc.listen(*port, site.clone()) {
                let text = errno.to_string().to_lowercase();
                proc.eprint(format!("listen tcp :{port}: bind: {text}\n")).await;
                return 1;
            }
        }
        proc.eprint(log).await;
        next_signal(&proc).await;
        0
    })
}

/// A language's interpreter or compiler: it knows its version, and says that it runs no programs.
pub(super) fn language(proc: Proc) -> Running {
    Box::pin(async move {
        let args = proc.args();
        let name = args.first().map_or("", |path| path.rsplit('/').next().unwrap_or_default());
        let version = |variable: &str| proc.env(variable).unwrap_or_default();
        let wanted = args.get(1).map(String::as_str);
        let asks = matches!(wanted, Some("-v" | "--version" | "-version" | "version" | "-V"));
        let text = match name {
            _ if !asks => None,
            "node" => Some(format!("v{}\n", version("NODE_VERSION"))),
            "npm" | "npx" => Some("9.5.0\n".to_owned()),
            "yarn" => Some(format!("{}\n", version("YARN_VERSION"))),
            "go" => Some(format!("go version go{} linux/amd64\n", version("GOLANG_VERSION"))),
            "java" => Some(format!("openjdk version \"{}\"\n", version("JAVA_VERSION"))),
            "javac" => Some(format!("javac {}\n", version("JAVA_VERSION"))),
            "ruby" => Some(format!("ruby {} [x86_64-linux]\n", version("RUBY_VERSION"))),
            "php" => Some(format!("PHP {} (cli) (NTS)\n", version("PHP_VERSION"))),
            "mvn" => Some(format!("Apache Maven {}\n", version("MAVEN_VERSION"))),
            _ => None,
        };
        if let Some(text) = text {
            let _ = proc.write(Fd::STDOUT, text.as_bytes()).await;
            return 0;
        }
        proc.eprint(format!("not simulated: {name} runs no programs here\n")).await;
        1
    })
}
