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

/// `notice` and as many workers as processors since 1.20, one of them and `warn` before.
fn nginx_conf(is_old: bool) -> String {
    let (workers, level) = if is_old { ("1", "warn") } else { ("auto", "notice") };
    format!(
        "user  nginx;\nworker_processes  {workers};\n\n\
         error_log  /var/log/nginx/error.log {level};\npid        /var/run/nginx.pid;\n\n\
         events {{\n    worker_connections  1024;\n}}\n\n\
         http {{\n    include       /etc/nginx/mime.types;\n    default_type  application/octet-stream;\n\
         \x20   access_log  /var/log/nginx/access.log;\n    sendfile        on;\n\
         \x20   keepalive_timeout  65;\n    include /etc/nginx/conf.d/*.conf;\n}}\n"
    )
}

const NGINX_SITE: &str = "server {\n    listen       80;\n\
    \x20   server_name  localhost;\n\n    location / {\n        root   /usr/share/nginx/html;\n\
    \x20       index  index.html index.htm;\n    }\n\n\
    \x20   error_page   500 502 503 504  /50x.html;\n    location = /50x.html {\n\
    \x20       root   /usr/share/nginx/html;\n    }\n}\n";

/// What everybody has seen: 612 bytes, and 615 since 1.21.2.
fn nginx_page(is_new: bool) -> String {
    let style = if is_new {
        "html { color-scheme: light dark; }\nbody { width: 35em; margin: 0 auto;\n\
         font-family: Tahoma, Verdana, Arial, sans-serif; }\n"
    } else {
        "    body {\n        width: 35em;\n        margin: 0 auto;\n        font-family: Tahoma, Verdana, \
         Arial, sans-serif;\n    }\n"
    };
    format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n<style>\n{style}</style>\n\
         </head>\n<body>\n<h1>Welcome to nginx!</h1>\n<p>If you see this page, the nginx web server is \
         successfully installed and\nworking. Further configuration is required.</p>\n\n<p>For online \
         documentation and support please refer to\n<a href=\"http://nginx.org/\">nginx.org</a>.<br/>\n\
         Commercial support is available at\n<a href=\"http://nginx.com/\">nginx.com</a>.</p>\n\n\
         <p><em>Thank you for using nginx.</em></p>\n</body>\n</html>\n"
    )
}

const NGINX_ERROR_PAGE: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Error</title>\n</head>\n\
    <body>\n<h1>An error occurred.</h1>\n</body>\n</html>\n";

const NGINX_ENTRYPOINT: &str = r#"#!/bin/sh
set -e

if [ "$1" = nginx ]; then
    if [ -n "$(ls /docker-entrypoint.d)" ]; then
        echo "$0: /docker-entrypoint.d/ is not empty, will attempt to perform configuration"
        echo "$0: Looking for shell scripts in /docker-entrypoint.d/"
        for file in /docker-entrypoint.d/*.sh; do
            echo "$0: Launching $file"
            "$file"
        done
        echo "$0: Configuration complete; ready for start up"
    else
        echo "$0: No files found in /docker-entrypoint.d/, skipping configuration"
    fi
fi

exec "$@"
"#;

/// The scripts of `/docker-entrypoint.d` by their names. `CHECKSUM` is that of the site's file.
const NGINX_STEPS: [(&str, &str); 3] = [
    (
        "10-listen-on-ipv6-by-default",
        r#"#!/bin/sh
me=$(basename "$0")
file=/etc/nginx/conf.d/default.conf
if [ ! -f $file ]; then
    echo "$me: info: $file is not a file or does not exist"
elif ! touch $file 2> /dev/null; then
    echo "$me: info: can not modify $file (read-only file system?)"
elif grep -q 'listen  *\[::]:80;' $file; then
    echo "$me: info: IPv6 listen already enabled"
else
    echo "$me: info: Getting the checksum of $file"
    if [ "$(md5sum < $file | cut -d ' ' -f 1)" = CHECKSUM ]; then
        sed -i 's/listen       80;/listen       80;\n    listen  [::]:80;/' $file
        echo "$me: info: Enabled listen on IPv6 in $file"
    else
        echo "$me: info: $file differs from the packaged version"
    fi
fi
"#,
    ),
    (
        "20-envsubst-on-templates",
        r#"#!/bin/sh
me=$(basename "$0")
folder=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
target=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}
[ -d "$folder" ] || exit 0
names=$(printf '${%s} ' $(env | cut -d = -f 1))
for template in "$folder"/*.template; do
    file=$target/$(basename "$template" .template)
    echo "$me: Running envsubst on $template to $file"
    envsubst "$names" < "$template" > "$file"
done
"#,
    ),
    ("30-tune-worker-processes", "#!/bin/sh\nexit 0\n"),
];

pub(super) fn nginx(base: &Base, version: &str, size: Size) -> Recipe {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let release = [(); 3].map(|()| numbers.next().unwrap_or(0));
    let files = base
        .with_account("nginx", 101, "/nonexistent", "/bin/false")
        .programs(&[("/usr/sbin/nginx", "nginx"), ("/usr/bin/curl", "curl")])
        .programs(&[("/usr/bin/envsubst", "host:envsubst")])
        .file("/etc/nginx/nginx.conf", &nginx_conf(release < [1, 20, 0]))
        .file("/etc/nginx/mime.types", "types {\n    text/html  html htm;\n    text/css  css;\n}\n")
        .file("/etc/nginx/conf.d/default.conf", NGINX_SITE)
        .file("/usr/share/nginx/html/index.html", &nginx_page(release >= [1, 21, 2]))
        .file("/usr/share/nginx/html/50x.html", NGINX_ERROR_PAGE)
        .folder("/var/cache/nginx", 0o755)
        .link("/var/log/nginx/access.log", "/dev/stdout")
        .link("/var/log/nginx/error.log", "/dev/stderr");
    let mut recipe = base
        .recipe
        .clone()
        .config(&format!("ENV NGINX_VERSION={version}"), |config| {
            config.env.push(format!("NGINX_VERSION={version}"));
        })
        .layer("install nginx", files.tree(), size);
    // The image has had an entry point since 1.19.
    if release >= [1, 19, 0] {
        let sum: String =
            seal::crypt::md5(NGINX_SITE.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        let entrypoint = NGINX_STEPS.iter().fold(
            Files::default().script("/docker-entrypoint.sh", NGINX_ENTRYPOINT),
            |files, (name, text)| {
                let path = format!("/docker-entrypoint.d/{name}.sh");
                files.script(&path, &text.replace("CHECKSUM", &sum))
            },
        );
        recipe = recipe
            .layer("#(nop) COPY file:entrypoint in / ", entrypoint.tree(), Size(1_200, 600))
            .config("ENTRYPOINT [\"/docker-entrypoint.sh\"]", |config| {
                config.entrypoint = vec!["/docker-entrypoint.sh".to_owned()];
            });
    }
    recipe
        .config("EXPOSE 80", |config| {
            config.exposed_ports.insert("80/tcp".to_owned());
        })
        .config("STOPSIGNAL SIGQUIT", |config| config.stop_signal = "SIGQUIT".to_owned())
        .config("CMD [\"nginx\" \"-g\" \"daemon off;\"]", |config| {
            config.cmd = ["nginx", "-g", "daemon off;"].map(str::to_owned).to_vec();
        })
}
