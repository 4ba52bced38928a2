//! Web servers, proxies, and what is administered or watched through a web page.

use crate::catalog::family::On::{Alpine, Debian, Nothing};
use crate::catalog::family::{FAMILY, Family};
use crate::catalog::own;

pub(super) const FAMILIES: &[Family] = &[
    Family {
        names: "nginx nginxinc/nginx-unprivileged bitnami/nginx",
        versions: "1.21.6 1.10.3 1.11.13 1.12.2 1.13.12 1.14.2 1.15.12 1.16.1 1.17.10 1.18.0 1.19.10 \
                   1.20.2 1.22.1 1.23.4 1.24.0 1.25.5 1.26.2 1.27.2",
        flavours: &[
            ("|perl", Debian, (61_100, 25_300)),
            ("alpine|alpine-slim|alpine-perl", Alpine, (16_700, 7_200)),
        ],
        recipe: Some(own::nginx),
        ..FAMILY
    },
    Family {
        names: "httpd",
        versions: "2.4.55/62 2.2.34",
        flavours: &[("", Debian, (64_000, 26_000)), ("alpine", Alpine, (49_000, 17_000))],
        programs: &[
            ("/usr/local/bin/httpd-foreground", "httpd"),
            ("/usr/local/bin/htpasswd", "htpasswd"),
        ],
        files: &[(
            "/usr/local/apache2/htdocs/index.html",
            "<html><body><h1>It works!</h1></body></html>\n",
        )],
        env: "HTTPD_PREFIX=/usr/local/apache2 HTTPD_VERSION={v}",
        ports: "80",
        workdir: "/usr/local/apache2",
        // The image says SIGWINCH, which asks for a graceful end; a plain one will do here.
        stop_signal: "SIGTERM",
        cmd: "httpd-foreground",
        ..FAMILY
    },
    Family {
        names: "traefik",
        versions: "2.9.8/10 1.3.8 1.4.6 1.5.4 1.6.6 1.7.34 2.0.7 2.1.9 2.2.11 2.3.7 2.4.14 2.5.7 2.6.7 2.7.3 \
                   2.8.8 2.10.7 2.11.13 3.0.4 3.1.7 3.2.1",
        flavours: &[("|alpine", Alpine, (127_000, 36_000))],
        programs: &[("/usr/local/bin/traefik", "server")],
        files: &[(
            "/entrypoint.sh",
            "#!/bin/sh\nset -e\n\nif [ \"${1#-}\" != \"$1\" ]; then\n\tset -- traefik \"$@\"\nfi\n\n\
             exec \"$@\"\n",
        )],
        ports: "80",
        entrypoint: "/entrypoint.sh",
        cmd: "traefik",
        ..FAMILY
    },
    Family {
        names: "haproxy",
        versions: "2.7.3/12 1.7.14 1.8.30 1.9.16 2.0.35 2.2.33 2.4.28 2.6.19 2.8.12 3.0.6",
        flavours: &[("", Debian, (95_000, 37_000)), ("alpine", Alpine, (24_000, 9_000))],
        programs: &[("/usr/local/sbin/haproxy", "server")],
        env: "HAPROXY_VERSION={v}",
        cmd: "haproxy -f /usr/local/etc/haproxy/haproxy.cfg",
        ..FAMILY
    },
    Family {
        names: "caddy",
        versions: "2.6.4 2.4.6 2.5.2 2.7.6 2.8.4",
        flavours: &[("|alpine", Alpine, (46_000, 17_000))],
        programs: &[("/usr/bin/caddy", "server")],
        env: "CADDY_VERSION=v{v}",
        ports: "80 443 2019",
        workdir: "/srv",
        cmd: "caddy run --config /etc/caddy/Caddyfile --adapter caddyfile",
        ..FAMILY
    },
    Family {
        names: "registry",
        versions: "2.8.1/3 2.0.1 2.1.1 2.2.1 2.3.1 2.4.1 2.5.2 2.6.2 2.7.1",
        flavours: &[("", Alpine, (18_500, 7_100))],
        programs: &[("/bin/registry", "registry"), ("/usr/bin/htpasswd", "htpasswd")],
        files: &[
            ("/entrypoint.sh", "#!/bin/sh\nset -e\n\nexec registry serve \"$@\"\n"),
            ("/etc/docker/registry/config.yml", "version: 0.1\nhttp:\n  addr: :5000\n"),
            ("/var/lib/registry/", ""),
        ],
        ports: "5000",
        volumes: "/var/lib/registry",
        entrypoint: "/entrypoint.sh",
        cmd: "/etc/docker/registry/config.yml",
        ..FAMILY
    },
    Family {
        names: "traefik/whoami containous/whoami emilevauge/whoami",
        versions: "1.10.1 1.0.0 1.2.0 1.3.0 1.4.0 1.5.0",
        flavours: &[("", Nothing, (6_610, 2_990))],
        programs: &[("/whoami", "whoami")],
        ports: "80",
        entrypoint: "/whoami",
        ..FAMILY
    },
    Family {
        names: "jwilder/whoami",
        flavours: &[("", Alpine, (6_100, 2_900))],
        programs: &[("/app/http", "whoami:short")],
        ports: "8000",
        workdir: "/app",
        cmd: "/app/http",
        ..FAMILY
    },
    Family {
        names: "hello-world",
        flavours: &[("", Nothing, (13, 2))],
        programs: &[("/hello", "hello-world")],
        cmd: "/hello",
        ..FAMILY
    },
    Family {
        names: "registry.k8s.io/pause",
        versions: "3.9 3.1 3.2 3.5 3.6 3.8",
        flavours: &[("", Nothing, (744, 322))],
        programs: &[("/pause", "server")],
        entrypoint: "/pause",
        ..FAMILY
    },
    Family {
        names: "registry.k8s.io/serve_hostname",
        versions: "1.4",
        flavours: &[("", Nothing, (6_200, 2_600))],
        programs: &[("/serve_hostname", "server")],
        ports: "9376",
        cmd: "/serve_hostname",
        ..FAMILY
    },
    Family {
        names: "gcr.io/google-samples/node-hello",
        versions: "1.0",
        programs: &[("/node-hello", "server")],
        ports: "8080",
        cmd: "/node-hello",
        ..FAMILY
    },
    Family {
        names: "gcr.io/google-samples/hello-app",
        versions: "2.0 1.0",
        flavours: &[("", Nothing, (11_500, 4_800))],
        programs: &[("/hello-app", "server")],
        env: "HELLO_VERSION={v}",
        ports: "8080",
        cmd: "/hello-app",
        ..FAMILY
    },
    Family {
        names: "curlimages/curl appropriate/curl byrnedo/alpine-curl",
        versions: "7.88.1 8.10.1",
        flavours: &[("", Alpine, (9_500, 4_300))],
        programs: &[("/usr/bin/curl", "curl")],
        entrypoint: "curl",
        ..FAMILY
    },
    Family {
        names: "nicolaka/netshoot praqma/network-multitool wbitt/network-multitool",
        versions: "0.9.0 0.1.0",
        flavours: &[("|minimal|extra", Alpine, (390_000, 150_000))],
        programs: &[
            ("/usr/bin/curl", "curl"),
            ("/bin/bash", "bash"),
            ("/usr/bin/dig", "dig"),
            ("/usr/bin/drill", "dig"),
            ("/usr/bin/nc", "nc"),
            ("/usr/bin/ss", "sockets"),
            ("/bin/netstat", "sockets"),
            ("/usr/bin/traceroute", "traceroute"),
            ("/usr/bin/jq", "host:jq"),
        ],
        cmd: "sleep 1000000",
        ..FAMILY
    },
    Family {
        names: "dockersamples/static-site seqvence/static-site",
        flavours: &[("", Debian, (130_000, 52_000))],
        account: Some(("nginx", 101, "/nonexistent")),
        programs: &[("/usr/sbin/nginx", "nginx"), ("/usr/bin/envsubst", "host:envsubst")],
        files: &[
            (
                "/etc/nginx/nginx.conf",
                "events {}\nhttp {\n    server {\n        listen 80;\n        root /usr/share/nginx/html;\n    \
                 }\n}\n",
            ),
            (
                "/usr/share/nginx/html/Hello_docker.html",
                "<html>\n<head><title>Hello Docker!</title></head>\n<body>\n<h1>Hello \
                 $AUTHOR!</h1>\n</body>\n</html>\n",
            ),
            (
                "/start.sh",
                "#!/bin/sh\nset -e\n\ncd /usr/share/nginx/html\nenvsubst < Hello_docker.html > \
                 index.html\nexec nginx -g 'daemon off;'\n",
            ),
        ],
        env: "AUTHOR=Docker NGINX_VERSION=1.9.10",
        ports: "80 443",
        workdir: "/usr/share/nginx/html",
        cmd: "/start.sh",
        ..FAMILY
    },
    Family {
        names: "nginxdemos/hello",
        versions: "0.3.0 0.2.0 0.4.0",
        flavours: &[("|plain-text", Alpine, (41_000, 17_000))],
        programs: &[("/usr/bin/hello", "server")],
        ports: "80",
        cmd: "hello",
        ..FAMILY
    },
];

/// Applications.
pub(super) const APPLICATIONS: &[Family] = &[
    Family {
        names: "gitea/gitea",
        versions: "1.13.0/7 1.4.3 1.12.6 1.14.7 1.15.11 1.16.9 1.17.4 1.18.5 1.19.4 1.20.6 1.21.11 1.22.3",
        flavours: &[("", Alpine, (105_000, 42_000))],
        account: Some(("git", 1000, "/data/git")),
        programs: &[("/usr/local/bin/gitea", "gitea")],
        files: &[("/usr/bin/entrypoint", "#!/bin/sh\nset -e\n\nexec \"$@\"\n"), ("/data/", "")],
        ports: "22 3000",
        volumes: "/data",
        entrypoint: "/usr/bin/entrypoint",
        cmd: "gitea web",
        ..FAMILY
    },
    Family {
        names: "dockersamples/visualizer manomarks/visualizer",
        versions: "1.0.0",
        flavours: &[("|stable", Alpine, (140_000, 52_000))],
        programs: &[("/usr/local/bin/visualizer", "server")],
        ports: "8080",
        workdir: "/app",
        cmd: "visualizer",
        ..FAMILY
    },
    Family {
        names: "portainer/portainer portainer/portainer-ce",
        versions: "2.17.1/2* 1.16.5* 1.24.2* 2.0.1* 2.11.1* 2.16.2* 2.18.4* 2.19.5* 2.21.4*",
        flavours: &[("|ce", Nothing, (270_000, 88_000)), ("alpine", Alpine, (260_000, 86_000))],
        programs: &[("/portainer", "server")],
        ports: "8000 9000 9443",
        volumes: "/data",
        workdir: "/",
        entrypoint: "/portainer",
        ..FAMILY
    },
    Family {
        names: "portainer/agent",
        versions: "2.17.1/2* 1.5.1* 2.0.0* 2.11.1* 2.16.2* 2.18.4* 2.19.5* 2.21.4*",
        flavours: &[("", Nothing, (160_000, 55_000)), ("alpine", Alpine, (155_000, 54_000))],
        programs: &[("/agent", "server")],
        ports: "9001",
        entrypoint: "/agent",
        ..FAMILY
    },
    Family {
        names: "jenkins/jenkins jenkins jenkinsci/blueocean",
        versions: "2.387.1/3* 2.60.3* 2.107.3* 2.150.3* 2.204.6* 2.249.3* 2.289.3* 2.319.3* 2.346.3* 2.361.4*",
        flavours: &[
            ("|lts|jdk|lts-jdk", Debian, (460_000, 210_000)),
            ("alpine|lts-alpine", Alpine, (270_000, 140_000)),
        ],
        account: Some(("jenkins", 1000, "/var/jenkins_home")),
        programs: &[("/usr/local/bin/jenkins.sh", "server")],
        files: &[("/var/jenkins_home/", "")],
        env: "JENKINS_HOME=/var/jenkins_home JENKINS_VERSION={v}",
        ports: "8080 50000",
        volumes: "/var/jenkins_home",
        user: "jenkins",
        entrypoint: "/usr/local/bin/jenkins.sh",
        ..FAMILY
    },
    Family {
        names: "grafana/grafana",
        versions: "9.4.3/7* 4.6.3* 5.4.5* 6.7.6* 7.5.17* 8.5.27* 10.4.11* 11.3.0*",
        flavours: &[("", Alpine, (320_000, 90_000))],
        account: Some(("grafana", 472, "/usr/share/grafana")),
        programs: &[("/usr/bin/grafana", "server")],
        files: &[
            ("/run.sh", "#!/bin/sh\nset -e\n\nexec grafana server \"$@\"\n"),
            ("/var/lib/grafana/", ""),
        ],
        ports: "3000",
        user: "grafana",
        entrypoint: "/run.sh",
        ..FAMILY
    },
    Family {
        names: "prom/prometheus",
        versions: "2.42.0* 1.8.2* 2.0.0* 2.15.2* 2.26.0* 2.30.3* 2.37.9* 2.40.7* 2.45.6* 2.53.3* 2.55.1*",
        flavours: &[("", Alpine, (225_000, 88_000))],
        programs: &[("/bin/prometheus", "server")],
        files: &[(
            "/etc/prometheus/prometheus.yml",
            "global:\n  scrape_interval: 15s\nscrape_configs:\n  - job_name: prometheus\n    \
             static_configs:\n      - targets: [localhost:9090]\n",
        )],
        ports: "9090",
        volumes: "/prometheus",
        workdir: "/prometheus",
        user: "nobody",
        entrypoint: "/bin/prometheus",
        cmd: "--config.file=/etc/prometheus/prometheus.yml --storage.tsdb.path=/prometheus",
        ..FAMILY
    },
    Family {
        names: "prom/node-exporter",
        versions: "1.5.0 0.15.2 0.16.0 0.18.1 1.0.1 1.3.1 1.6.1 1.7.0 1.8.2",
        flavours: &[("", Alpine, (18_000, 9_000))],
        programs: &[("/bin/node_exporter", "server")],
        ports: "9100",
        user: "nobody",
        entrypoint: "/bin/node_exporter",
        ..FAMILY
    },
    Family {
        names: "google/cadvisor",
        versions: "0.33.0 0.45.0 0.47.2",
        flavours: &[("", Alpine, (62_000, 23_000))],
        programs: &[("/usr/bin/cadvisor", "server")],
        ports: "8080",
        entrypoint: "/usr/bin/cadvisor -logtostderr",
        ..FAMILY
    },
    Family {
        names: "adminer",
        versions: "4.8.1 4.3.1 4.6.3 4.7.9",
        flavours: &[("|standalone|fastcgi", Alpine, (88_000, 32_000))],
        programs: &[("/usr/local/bin/adminer", "server")],
        ports: "8080",
        cmd: "adminer",
        ..FAMILY
    },
    Family {
        names: "phpmyadmin phpmyadmin/phpmyadmin",
        versions: "5.2.1 4.7.9 4.9.11 5.0.4 5.1.4",
        flavours: &[("|apache|fpm", Debian, (380_000, 140_000))],
        programs: &[("/usr/local/bin/phpmyadmin", "server")],
        ports: "80",
        cmd: "phpmyadmin",
        ..FAMILY
    },
    Family {
        names: "wordpress",
        versions: "6.1.1/7 4.6.1 4.7.5 4.8.3 4.9.8 5.0.3 5.1.1 5.2.4 5.3.2 5.4.2 5.5.3 5.6.2 5.7.2 5.8.3 5.9.3 \
                   6.0.3 6.2.2 6.3.2 6.4.3 6.5.5 6.6.2",
        flavours: &[
            ("|apache|php|php-apache|fpm", Debian, (470_000, 180_000)),
            ("fpm-alpine|php-fpm-alpine", Alpine, (210_000, 78_000)),
        ],
        programs: &[("/usr/local/bin/apache2-foreground", "wordpress")],
        files: &[
            (
                "/usr/local/bin/docker-entrypoint.sh",
                "#!/bin/sh\nset -e\n\n# The server writes wp-config.php from its variables and \
                 their _FILE forms.\nexec \"$@\"\n",
            ),
            ("/var/www/html/", ""),
        ],
        ports: "80",
        env: "WORDPRESS_VERSION={v}",
        volumes: "/var/www/html",
        workdir: "/var/www/html",
        entrypoint: "docker-entrypoint.sh",
        cmd: "apache2-foreground",
        ..FAMILY
    },
];
