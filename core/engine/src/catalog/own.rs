//! Families that are more than a row: redis and nginx.

use super::base::Base;
use super::{Commands, Files, Recipe, Size};

const REDIS_PROGRAMS: Commands<'_> =
    &[("/usr/local/bin/redis-server", "redis-server"), ("/usr/local/bin/redis-cli", "redis-cli")];

/// Flags alone mean flags for the server; the server gives up root's rights.
fn redis_entrypoint(dropper: &str) -> String {
    format!(
        "#!/bin/sh\nset -e\n\n# Arguments that are flags or a configuration file are the server's.\n\
         case \"$1\" in\n\t-*|*.conf) set -- redis-server \"$@\" ;;\nesac\n\n\
         # The server does not need root.\n\
         if [ \"$1\" = redis-server ] && [ \"$(id -u)\" = 0 ]; then\n\
         \tchown redis . || true\n\texec {dropper} redis \"$0\" \"$@\"\nfi\n\nexec \"$@\"\n"
    )
}

pub(super) fn redis(base: &Base, version: &str, size: Size) -> Recipe {
    let is_alpine = base.is_alpine;
    let dropper = if is_alpine { "su-exec" } else { "gosu" };
    let (id, shell) = if is_alpine { (100, "/sbin/nologin") } else { (999, "/bin/sh") };
    let dropper_path =
        if is_alpine { "/sbin/su-exec".to_owned() } else { "/usr/local/bin/gosu".to_owned() };
    let accounts = base.with_account("redis", id, "/home/redis", shell).tree();
    let tools = Files::default().programs(&[(dropper_path.as_str(), "su-exec")]).tree();
    let server = Files::default()
        .programs(REDIS_PROGRAMS)
        // What the program says of itself: it reads its version here.
        .file("/usr/local/share/redis/VERSION", &format!("{version}\n"));
    let data = Files::default().folder("/data", 0o755).owned("/data", id, id).tree();
    let entrypoint =
        Files::default().script("/usr/local/bin/docker-entrypoint.sh", &redis_entrypoint(dropper));
    base.recipe
        .clone()
        .layer("addgroup redis && adduser redis", accounts, Size(4_700, 1_260))
        .layer("install the tool that drops rights", tools, Size(1_300_000, 410_000))
        .config(&format!("ENV REDIS_VERSION={version}"), |config| {
            config.env.push(format!("REDIS_VERSION={version}"));
        })
        .layer("build and install redis", server.tree(), size)
        .layer("mkdir /data && chown redis:redis /data", data, Size(0, 98))
        .config("VOLUME [/data]", |config| {
            config.volumes.insert("/data".to_owned());
        })
        .config("WORKDIR /data", |config| config.working_dir = "/data".to_owned())
        .layer("#(nop) COPY file:entrypoint in /usr/local/bin/ ", entrypoint.tree(), Size(374, 410))
        .config("ENTRYPOINT [\"docker-entrypoint.sh\"]", |config| {
            config.entrypoint = vec!["docker-entrypoint.sh".to_owned()];
        })
        .config("EXPOSE 6379/tcp", |config| {
            config.exposed_ports.insert("6379/tcp".to_owned());
        })
        .config("CMD [\"redis-server\"]", |config| {
            config.cmd = vec!["redis-server".to_owned()];
        })
}

const NGINX_CONF: &str = "user  nginx;\nworker_processes  auto;\n\n\
    error_log  /var/log/nginx/error.log notice;\npid        /var/run/nginx.pid;\n\n\
    events {\n    worker_connections  1024;\n}\n\n\
    http {\n    include       /etc/nginx/mime.types;\n    default_type  application/octet-stream;\n\
    \x20   access_log  /var/log/nginx/access.log;\n    sendfile        on;\n\
    \x20   keepalive_timeout  65;\n    include /etc/nginx/conf.d/*.conf;\n}\n";

const NGINX_SITE: &str = "server {\n    listen       80;\n    listen  [::]:80;\n\
    \x20   server_name  localhost;\n\n    location / {\n        root   /usr/share/nginx/html;\n\
    \x20       index  index.html index.htm;\n    }\n\n\
    \x20   error_page   500 502 503 504  /50x.html;\n    location = /50x.html {\n\
    \x20       root   /usr/share/nginx/html;\n    }\n}\n";

const NGINX_PAGE: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n\
    </head>\n<body>\n<h1>Welcome to nginx!</h1>\n<p>The server works; its files are in \
    /usr/share/nginx/html.</p>\n<p><em>Thank you for using nginx.</em></p>\n</body>\n</html>\n";

const NGINX_ERROR_PAGE: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Error</title>\n</head>\n\
    <body>\n<h1>An error occurred.</h1>\n</body>\n</html>\n";

const NGINX_ENTRYPOINT: &str = "#!/bin/sh\nset -e\n\n\
    if [ \"$1\" = nginx ]; then\n\
    \techo \"$0: Configuration complete; ready for start up\"\nfi\n\nexec \"$@\"\n";

pub(super) fn nginx(base: &Base, version: &str, size: Size) -> Recipe {
    let files = base
        .with_account("nginx", 101, "/nonexistent", "/bin/false")
        .programs(&[("/usr/sbin/nginx", "nginx"), ("/usr/bin/curl", "curl")])
        .file("/etc/nginx/nginx.conf", NGINX_CONF)
        .file("/etc/nginx/mime.types", "types {\n    text/html  html htm;\n    text/css  css;\n}\n")
        .file("/etc/nginx/conf.d/default.conf", NGINX_SITE)
        .file("/usr/share/nginx/html/index.html", NGINX_PAGE)
        .file("/usr/share/nginx/html/50x.html", NGINX_ERROR_PAGE)
        .folder("/var/cache/nginx", 0o755)
        .folder("/docker-entrypoint.d", 0o755)
        .link("/var/log/nginx/access.log", "/dev/stdout")
        .link("/var/log/nginx/error.log", "/dev/stderr");
    let entrypoint = Files::default().script("/docker-entrypoint.sh", NGINX_ENTRYPOINT);
    base.recipe
        .clone()
        .config(&format!("ENV NGINX_VERSION={version}"), |config| {
            config.env.push(format!("NGINX_VERSION={version}"));
        })
        .layer("install nginx", files.tree(), size)
        .layer("#(nop) COPY file:entrypoint in / ", entrypoint.tree(), Size(1_200, 600))
        .config("ENTRYPOINT [\"/docker-entrypoint.sh\"]", |config| {
            config.entrypoint = vec!["/docker-entrypoint.sh".to_owned()];
        })
        .config("EXPOSE 80", |config| {
            config.exposed_ports.insert("80/tcp".to_owned());
        })
        .config("STOPSIGNAL SIGQUIT", |config| config.stop_signal = "SIGQUIT".to_owned())
        .config("CMD [\"nginx\" \"-g\" \"daemon off;\"]", |config| {
            config.cmd = ["nginx", "-g", "daemon off;"].map(str::to_owned).to_vec();
        })
}
