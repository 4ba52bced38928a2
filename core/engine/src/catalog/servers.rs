//! Images with a small server, and `hello-world`.

use super::base::Bases;
use super::{Catalog, Files, Recipe, Size};

pub(crate) fn publish(bases: &Bases, catalog: &mut Catalog) {
    let hello = bare("/hello", "hello-world", Size(13_300, 2_480));
    let hello = hello.config("CMD [\"/hello\"]", |config| config.cmd = vec!["/hello".to_owned()]);
    catalog.add("hello-world", &["latest", "linux"], &hello.build());
    let whoami = bare("/whoami", "whoami", Size(6_610_000, 2_990_000)).config(
        "ENTRYPOINT [\"/whoami\"]",
        |config| {
            config.entrypoint = vec!["/whoami".to_owned()];
        },
    );
    let whoami = exposed(whoami, "80/tcp").build();
    for name in ["traefik/whoami", "containous/whoami", "emilevauge/whoami"] {
        catalog.add(name, &["latest", "v1.10"], &whoami);
    }
    let files = Files::default().programs(&[("/app/http", "whoami:short")]).tree();
    let short =
        bases.alpine.recipe.clone().layer("build the server", files, Size(6_100_000, 2_900_000));
    let short = exposed(command(short, &["/app/http"]), "8000/tcp").build();
    catalog.add("jwilder/whoami", &["latest"], &short);
    for (tags, base, size) in [
        (&["latest", "2.4", "2"][..], &bases.debian, Size(64_000_000, 26_000_000)),
        (&["alpine", "2.4-alpine", "2-alpine"][..], &bases.alpine, Size(49_000_000, 17_000_000)),
    ] {
        let files = Files::default()
            .programs(&[("/usr/local/bin/httpd-foreground", "httpd")])
            .file(
                "/usr/local/apache2/htdocs/index.html",
                "<html><body><h1>It works!</h1></body></html>\n",
            )
            .tree();
        let recipe = base.recipe.clone().layer("build and install httpd", files, size);
        let recipe = exposed(command(recipe, &["httpd-foreground"]), "80/tcp");
        let recipe = recipe.config("STOPSIGNAL SIGWINCH", |config| {
            // SIGWINCH asks for a graceful end; a plain one will do here.
            config.stop_signal = "SIGTERM".to_owned();
        });
        catalog.add("httpd", tags, &recipe.build());
    }
    for (tags, base, size) in [
        (&["latest", "1", "1.6"][..], &bases.debian, Size(8_900_000, 3_100_000)),
        (&["alpine", "1-alpine", "1.6-alpine"][..], &bases.alpine, Size(1_500_000, 610_000)),
    ] {
        let files = Files::default().programs(&[("/usr/local/bin/memcached", "memcached")]).tree();
        let recipe = base.recipe.clone().layer("build and install memcached", files, size);
        catalog.add(
            "memcached",
            tags,
            &exposed(command(recipe, &["memcached"]), "11211/tcp").build(),
        );
    }
    let files = Files::default()
        .programs(&[("/bin/registry", "registry")])
        .script("/entrypoint.sh", "#!/bin/sh\nset -e\n\nexec registry serve \"$@\"\n")
        .file("/etc/docker/registry/config.yml", "version: 0.1\nhttp:\n  addr: :5000\n")
        .folder("/var/lib/registry", 0o755)
        .tree();
    let recipe = bases.alpine.recipe.clone().layer(
        "install the registry",
        files,
        Size(18_500_000, 7_100_000),
    );
    let recipe = recipe
        .config("VOLUME [/var/lib/registry]", |config| {
            config.volumes.insert("/var/lib/registry".to_owned());
        })
        .config("ENTRYPOINT [\"/entrypoint.sh\"]", |config| {
            config.entrypoint = vec!["/entrypoint.sh".to_owned()];
        });
    let recipe = command(exposed(recipe, "5000/tcp"), &["/etc/docker/registry/config.yml"]);
    catalog.add("registry", &["2", "latest", "2.8"], &recipe.build());
}

/// An image of one program and nothing else.
fn bare(path: &str, program: &str, size: Size) -> Recipe {
    let files = Files::default().folder("/", 0o755).programs(&[(path, program)]).tree();
    Recipe::scratch().layer("#(nop) COPY file:program in / ", files, size)
}

fn exposed(recipe: Recipe, port: &str) -> Recipe {
    recipe.config(&format!("EXPOSE {port}"), |config| {
        config.exposed_ports.insert(port.to_owned());
    })
}

fn command(recipe: Recipe, words: &[&str]) -> Recipe {
    let shown = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" ");
    recipe.config(&format!("CMD [{shown}]"), |config| {
        config.cmd = words.iter().map(|word| (*word).to_owned()).collect();
    })
}
