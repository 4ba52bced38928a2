//! WordPress behind Apache, as far as its database and its first page go (docker-library/wordpress): the
//! image's variables and their `_FILE` forms, `wp-config.php`, the installer, and the error page of a
//! database that does not let it in. The blog itself is not simulated.

use os::process::Disposition;
use os::program::Running;
use os::{Incoming, Proc, Signal};

use super::http::{Request, response};
use super::mysql;

const CONFIG: &str = "/var/www/html/wp-config.php";
/// Since this version the configuration asks the environment each time; earlier images wrote the values
/// into it.
const READS_ENVIRONMENT: (u32, u32) = (5, 7);

/// How to reach the database.
struct Access {
    host: String,
    user: String,
    password: String,
    database: String,
}

fn access(proc: &Proc) -> Result<Access, String> {
    let setting = |name: &str, default: &str| {
        let value = mysql::variable(proc, &format!("WORDPRESS_DB_{name}"))?;
        Ok::<_, String>(value.unwrap_or_else(|| default.to_owned()))
    };
    Ok(Access {
        host: setting("HOST", "mysql")?,
        user: setting("USER", "example username")?,
        password: setting("PASSWORD", "example password")?,
        database: setting("NAME", "wordpress")?,
    })
}

fn version(proc: &Proc) -> (u32, u32) {
    let text = proc.env("WORDPRESS_VERSION").unwrap_or_default();
    let mut parts = text.split('.').filter_map(|part| part.parse().ok());
    (parts.next().unwrap_or(6), parts.next().unwrap_or(0))
}

fn config(proc: &Proc, access: &Access) -> String {
    let keeps = version(proc) < READS_ENVIRONMENT;
    let value = |name: &str, value: &str| match keeps {
        true => format!("define( '{name}', '{value}');\n"),
        false => format!("define( '{name}', getenv_docker('WORDPRESS_{name}', '') );\n"),
    };
    let lines = [
        value("DB_NAME", &access.database),
        value("DB_USER", &access.user),
        value("DB_PASSWORD", &access.password),
        value("DB_HOST", &access.host),
    ];
    format!("<?php\n{}$table_prefix = 'wp_';\n", lines.concat())
}

/// What a visitor sees: status, further lines of the head, page.
type Page = (&'static str, String, String);

fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head>\n\t<meta charset=\"utf-8\" />\n\t\
         <title>{title}</title>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
}

impl Access {
    async fn query(&self, proc: &Proc, statement: &str) -> Result<String, Page> {
        let place = (
            self.host.as_str(),
            self.user.as_str(),
            self.password.as_str(),
            self.database.as_str(),
        );
        match mysql::query(proc, place, statement).await {
            Some(answer) if !answer.starts_with("ERROR") => Ok(answer),
            Some(answer) if answer.contains("1146") => Ok(String::new()),
            _ => {
                let title = "WordPress &rsaquo; Error";
                let text = "\t<h1>Error establishing a database connection</h1>";
                Err(("500 Internal Server Error", String::new(), page(title, text)))
            }
        }
    }

    async fn answer(&self, proc: &Proc, request: &Request) -> Result<Page, Page> {
        let found =
            self.query(proc, "SELECT option_value FROM wp_options WHERE option_id = 1").await?;
        let title = found.lines().nth(1).map(str::to_owned);
        let to = |target: &str| {
            let location =
                format!("Location: http://{}{target}\r\n", request.header("host").unwrap_or(""));
            ("302 Found", location, String::new())
        };
        let is_installer = request.path.starts_with("/wp-admin/install.php");
        Ok(match title {
            None if is_installer && request.method == "POST" => {
                let field =
                    |name: &str| request.field(name).unwrap_or_default().replace('\'', "''");
                for statement in [
                    "CREATE TABLE IF NOT EXISTS wp_options (option_id INT PRIMARY KEY, option_name \
                     VARCHAR(191), option_value TEXT)"
                        .to_owned(),
                    "CREATE TABLE IF NOT EXISTS wp_users (ID INT AUTO_INCREMENT PRIMARY KEY, user_login \
                     VARCHAR(60))"
                        .to_owned(),
                    format!("INSERT INTO wp_options VALUES (1, 'blogname', '{}')", field("weblog_title")),
                    format!("INSERT INTO wp_users (user_login) VALUES ('{}')", field("user_name")),
                ] {
                    self.query(proc, &statement).await?;
                }
                let text = "<h1>Success!</h1>\n<p>WordPress has been installed.</p>";
                ("200 OK", String::new(), page("WordPress &rsaquo; Installation", text))
            }
            None if is_installer => {
                let text = "<h1>Welcome</h1>\n<form id=\"setup\" method=\"post\" \
                            action=\"install.php?step=2\">\n<input name=\"weblog_title\"/>\n<input \
                            name=\"user_name\"/>\n</form>";
                ("200 OK", String::new(), page("WordPress &rsaquo; Installation", text))
            }
            None => to("/wp-admin/install.php"),
            Some(_) if is_installer => {
                let text = "<h1>Already Installed</h1>";
                ("200 OK", String::new(), page("WordPress &rsaquo; Installation", text))
            }
            Some(_) if request.path.starts_with("/wp-admin") => to("/wp-login.php"),
            Some(title) => {
                let text = format!("<h1>{title}</h1>\n<p>not simulated: the blog itself</p>");
                ("200 OK", String::new(), page(&title, &text))
            }
        })
    }
}

/// `apache2-foreground` of the image.
pub(super) fn wordpress(proc: Proc) -> Running {
    Box::pin(async move {
        for signal in [Signal::Terminate, Signal::Interrupt, Signal::Quit] {
            proc.on_signal(signal, Disposition::Catch);
        }
        let access = match access(&proc) {
            Ok(access) => access,
            Err(text) => {
                proc.eprint(format!("error: {text}\n")).await;
                return 1;
            }
        };
        if !proc.exists("/var/www/html/index.php") {
            proc.eprint("WordPress not found in /var/www/html - copying now...\n").await;
            let _ = proc.write_file("/var/www/html/index.php", b"<?php // not simulated: PHP\n");
            proc.eprint("Complete! WordPress has been successfully copied to /var/www/html\n")
                .await;
        }
        let is_set = proc.environment().keys().any(|name| name.starts_with("WORDPRESS_DB_"));
        if is_set && !proc.exists(CONFIG) {
            let names =
                "(WORDPRESS_DB_HOST WORDPRESS_DB_NAME WORDPRESS_DB_PASSWORD WORDPRESS_DB_USER)";
            let text = format!(
                "No 'wp-config.php' found in /var/www/html, but 'WORDPRESS_...' variables \
                                supplied; copying 'wp-config-docker.php' {names}\n"
            );
            proc.eprint(text).await;
            let _ = proc.write_file(CONFIG, config(&proc, &access).as_bytes());
        }
        let inbox = match proc.open_ports(&[80]) {
            Ok(inbox) => inbox,
            Err((_, errno)) => {
                let text = format!(
                    "(98){errno}: AH00072: make_sock: could not bind to address 0.0.0.0:80\nno listening \
                     sockets available, shutting down\n"
                );
                proc.eprint(text).await;
                return 1;
            }
        };
        let own = proc.addresses().into_iter().next().unwrap_or_default();
        let at = proc.wall().civil().strftime("[%a %b %d %T.000000 %Y]");
        proc.eprint(format!(
            "AH00558: apache2: Could not reliably determine the server's fully qualified domain name, \
             using {own}. Set the 'ServerName' directive globally to suppress this message\n{at} \
             [mpm_prefork:notice] [pid 1] AH00163: Apache/2.4.54 (Debian) configured -- resuming normal \
             operations\n{at} [core:notice] [pid 1] AH00094: Command line: 'apache2 -D FOREGROUND'\n"
        ))
        .await;
        while let Ok(Incoming { call, request, .. }) = inbox.next().await {
            let request = Request::parse(&request);
            let (status, also, body) = match is_set || proc.exists(CONFIG) {
                true => match access.answer(&proc, &request).await {
                    Ok(page) | Err(page) => page,
                },
                false if request.path.starts_with("/wp-admin/setup-config.php") => {
                    let text = "<p>not simulated: the form that asks for the database; set WORDPRESS_DB_HOST \
                                and its kin</p>";
                    (
                        "200 OK",
                        String::new(),
                        page("WordPress &rsaquo; Setup Configuration File", text),
                    )
                }
                false => {
                    let to = "Location: /wp-admin/setup-config.php\r\n".to_owned();
                    ("302 Found", to, String::new())
                }
            };
            let also = format!("Server: Apache/2.4.54 (Debian)\r\n{also}");
            proc.respond(
                call,
                response(status, "text/html; charset=utf-8", &also, body.as_bytes()),
            );
        }
        0
    })
}
