//! Images with an application: redis, nginx and others.

use super::base::Bases;
use super::{Base, Catalog, Commands, Files, Recipe, Size};

pub(crate) fn publish(bases: &Bases, catalog: &mut Catalog) {
    let latest = "6.2.6";
    let alpine = redis(&bases.alpine, latest, true).build();
    catalog.add("redis", &["alpine", "6-alpine", "6.2-alpine"], &alpine);
    catalog.add("redis", &["latest", "6", "6.2"], &redis(&bases.debian, latest, false).build());
    let old = redis(&bases.alpine, "3.2.8", true).build();
    catalog.add("redis", &["3.2-alpine", "3-alpine", "3.2.8-alpine"], &old);
    catalog.add("redis", &["3.2", "3"], &redis(&bases.debian, "3.2.8", false).build());
    let four = redis(&bases.alpine, "4.0.14", true).build();
    catalog.add("redis", &["4-alpine", "4.0-alpine"], &four);
    let web = nginx(&bases.debian, "1.21.6", Size(61_100_000, 25_300_000)).build();
    catalog.add("nginx", &["latest", "1", "1.21", "mainline"], &web);
    let web = nginx(&bases.alpine, "1.21.6", Size(16_700_000, 7_200_000)).build();
    catalog.add("nginx", &["alpine", "1-alpine", "1.21-alpine"], &web);
    let seven = redis(&bases.alpine, "7.0.10", true).build();
    catalog.add("redis", &["7-alpine", "7.0-alpine"], &seven);
    catalog.add("redis", &["7", "7.0"], &redis(&bases.debian, "7.0.10", false).build());
    let two = python(&bases.debian, "2.7.18", Size(820_000_000, 300_000_000)).build();
    catalog.add("python", &["2.7", "2", "2.7.18"], &two);
    let three = python(&bases.debian, "3.11.2", Size(840_000_000, 310_000_000)).build();
    catalog.add("python", &["latest", "3", "3.11", "3.11.2"], &three);
    let three = python(&bases.alpine, "3.11.2", Size(45_000_000, 15_000_000)).build();
    catalog.add("python", &["3-alpine", "alpine", "3.11-alpine"], &three);
    let slim = python(&bases.debian, "3.11.2", Size(48_000_000, 16_000_000)).build();
    catalog.add("python", &["slim", "3-slim", "3.11-slim"], &slim);
    let slim = python(&bases.debian, "2.7.18", Size(46_000_000, 15_000_000)).build();
    catalog.add("python", &["2-slim", "2.7-slim"], &slim);
    let old = python(&bases.alpine, "2.7.18", Size(52_000_000, 18_000_000)).build();
    catalog.add("python", &["2-alpine", "2.7-alpine"], &old);
    let sql = mysql(&bases.debian).build();
    catalog.add("mysql", &["5.7", "5.7.32", "5", "latest"], &sql);
    catalog.add("mariadb", &["10.6", "10", "latest"], &mariadb(&bases.debian).build());
    catalog.add("postgres", &["13.10", "13", "latest"], &postgres(&bases.debian).build());
    catalog.add("postgres", &["13-alpine", "alpine"], &postgres(&bases.alpine).build());
    catalog.add("gitea/gitea", &["1.13.0", "1.13", "latest"], &gitea(&bases.alpine).build());
}

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

fn redis(base: &Base, version: &str, is_alpine: bool) -> Recipe {
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
    let size = if is_alpine { Size(23_400_000, 7_600_000) } else { Size(27_800_000, 10_300_000) };
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
    /usr/share/nginx/html.</p>\n</body>\n</html>\n";

const NGINX_ERROR_PAGE: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Error</title>\n</head>\n\
    <body>\n<h1>An error occurred.</h1>\n</body>\n</html>\n";

const NGINX_ENTRYPOINT: &str = "#!/bin/sh\nset -e\n\n\
    if [ \"$1\" = nginx ]; then\n\
    \techo \"$0: Configuration complete; ready for start up\"\nfi\n\nexec \"$@\"\n";

fn nginx(base: &Base, version: &str, size: Size) -> Recipe {
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

fn python(base: &Base, version: &str, size: Size) -> Recipe {
    let files = Files::default()
        .programs(&[("/usr/local/bin/python", "python"), ("/usr/local/bin/pip", "host:lacking")])
        .link(&format!("/usr/local/bin/python{}", &version[..1]), "python")
        .folder("/usr/local/lib", 0o755);
    let command = format!("python{}", &version[..1]);
    // The full image is made of what compiles other things; that comes in several layers.
    let (mut recipe, mut size) = (base.recipe.clone(), size);
    if size.0 > 500_000_000 {
        let part = Size(size.0 / 5, size.1 / 5);
        for number in 1..5 {
            let path = format!("/usr/share/doc/build-tools/part-{number}");
            let files = Files::default().file(&path, "Compilers and headers.\n").tree();
            recipe = recipe.layer("install build tools", files, part);
        }
        size = part;
    }
    recipe
        .config(&format!("ENV PYTHON_VERSION={version}"), |config| {
            config.env.push("LANG=C.UTF-8".to_owned());
            config.env.push(format!("PYTHON_VERSION={version}"));
        })
        .layer("build and install python", files.tree(), size)
        .config(&format!("CMD [\"{command}\"]"), |config| config.cmd = vec![command.clone()])
}

/// What the image's script does with variables, `mysqld` does here.
const PASS_ON: &str = "#!/bin/sh\nset -e\n\n# The server reads its variables and their _FILE forms itself.\n\
    exec \"$@\"\n";

fn mysql(base: &Base) -> Recipe {
    let files = base
        .with_account("mysql", 999, "/home/mysql", "/bin/sh")
        .programs(&[("/usr/sbin/mysqld", "mysqld"), ("/usr/bin/mysql", "mysql")])
        .script("/usr/local/bin/docker-entrypoint.sh", PASS_ON)
        .file("/etc/mysql/my.cnf", "[mysqld]\ndatadir = /var/lib/mysql\n")
        .folder("/var/lib/mysql", 0o755)
        .owned("/var/lib/mysql", 999, 999)
        .folder("/run/mysqld", 0o755);
    base.recipe
        .clone()
        .config("ENV MYSQL_MAJOR=5.7", |config| {
            config.env.push("MYSQL_MAJOR=5.7".to_owned());
            config.env.push("MYSQL_VERSION=5.7.32".to_owned());
        })
        .layer("install mysql", files.tree(), Size(370_000_000, 125_000_000))
        .config("VOLUME [/var/lib/mysql]", |config| {
            config.volumes.insert("/var/lib/mysql".to_owned());
        })
        .config("ENTRYPOINT [\"docker-entrypoint.sh\"]", |config| {
            config.entrypoint = vec!["docker-entrypoint.sh".to_owned()];
        })
        .config("EXPOSE 3306 33060", |config| {
            config.exposed_ports.extend(["3306/tcp", "33060/tcp"].map(str::to_owned));
        })
        .config("CMD [\"mysqld\"]", |config| config.cmd = vec!["mysqld".to_owned()])
}

/// What the server of a database needs of its image: accounts, programs, a place for its data.
struct Database<'a> {
    account: (&'a str, u32, &'a str),
    programs: Commands<'a>,
    data: &'a str,
    env: &'a [&'a str],
    port: &'a str,
    size: Size,
}

fn database(
    base: &Base,
    Database { account, programs, data, env, port, size }: Database<'_>,
) -> Recipe {
    let (name, id, home) = account;
    let files = base
        .with_account(name, id, home, "/bin/sh")
        .programs(programs)
        .script("/usr/local/bin/docker-entrypoint.sh", PASS_ON)
        .folder(data, 0o755)
        .owned(data, id, id);
    let server = programs[0].0.rsplit('/').next().unwrap_or_default().to_owned();
    base.recipe
        .clone()
        .config(&format!("ENV {}", env.join(" ")), |config| {
            config.env.extend(env.iter().map(|setting| (*setting).to_owned()));
        })
        .layer(&format!("install {name}"), files.tree(), size)
        .config(&format!("VOLUME [{data}]"), |config| {
            config.volumes.insert(data.to_owned());
        })
        .config("ENTRYPOINT [\"docker-entrypoint.sh\"]", |config| {
            config.entrypoint = vec!["docker-entrypoint.sh".to_owned()];
        })
        .config(&format!("EXPOSE {port}"), |config| {
            config.exposed_ports.insert(format!("{port}/tcp"));
        })
        .config(&format!("CMD [\"{server}\"]"), |config| config.cmd = vec![server.clone()])
}

fn mariadb(base: &Base) -> Recipe {
    database(
        base,
        Database {
            account: ("mysql", 999, "/home/mysql"),
            programs: &[
                ("/usr/sbin/mariadbd", "mysqld"),
                ("/usr/sbin/mysqld", "mysqld"),
                ("/usr/bin/mariadb", "mysql"),
                ("/usr/bin/mysql", "mysql"),
            ],
            data: "/var/lib/mysql",
            env: &["MARIADB_MAJOR=10.6", "MARIADB_VERSION=1:10.6.12+maria~ubu2004"],
            port: "3306",
            size: Size(340_000_000, 115_000_000),
        },
    )
}

fn postgres(base: &Base) -> Recipe {
    database(
        base,
        Database {
            account: ("postgres", 999, "/var/lib/postgresql"),
            programs: &[
                ("/usr/local/bin/postgres", "postgres"),
                ("/usr/local/bin/psql", "psql"),
                ("/usr/local/bin/pg_isready", "pg_isready"),
            ],
            data: "/var/lib/postgresql/data",
            env: &["PG_MAJOR=13", "PG_VERSION=13.10", "PGDATA=/var/lib/postgresql/data"],
            port: "5432",
            size: Size(300_000_000, 105_000_000),
        },
    )
}

fn gitea(base: &Base) -> Recipe {
    let files = base
        .with_account("git", 1000, "/data/git", "/bin/sh")
        .programs(&[("/usr/local/bin/gitea", "gitea")])
        .script("/usr/bin/entrypoint", "#!/bin/sh\nset -e\n\nexec \"$@\"\n")
        .folder("/data", 0o755);
    base.recipe
        .clone()
        .layer("install gitea", files.tree(), Size(105_000_000, 42_000_000))
        .config("EXPOSE 22 3000", |config| {
            config.exposed_ports.extend(["22/tcp", "3000/tcp"].map(str::to_owned));
        })
        .config("VOLUME [/data]", |config| {
            config.volumes.insert("/data".to_owned());
        })
        .config("ENTRYPOINT [\"/usr/bin/entrypoint\"]", |config| {
            config.entrypoint = vec!["/usr/bin/entrypoint".to_owned()];
        })
        .config("CMD [\"gitea\" \"web\"]", |config| {
            config.cmd = ["gitea", "web"].map(str::to_owned).to_vec();
        })
}
