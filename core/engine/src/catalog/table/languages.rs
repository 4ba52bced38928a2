//! What programs are written in: interpreters and compilers.

use crate::catalog::family::On::{Alpine, Debian};
use crate::catalog::family::{FAMILY, Family, Flavour};

/// Debian with compilers, Debian without, Alpine.
const USUAL: &[Flavour] = &[
    ("", Debian, (840_000, 310_000)),
    ("slim", Debian, (48_000, 16_000)),
    ("alpine", Alpine, (45_000, 15_000)),
];

pub(super) const FAMILIES: &[Family] = &[
    Family {
        names: "python",
        versions: "3.11.2/11 2.7.18 3.4.10 3.5.10 3.6.15 3.7.17 3.8.20 3.9.20 3.10.15 3.12.7 3.13.0",
        flavours: USUAL,
        programs: &[
            ("/usr/local/bin/python", "python"),
            ("/usr/local/bin/python2", "python"),
            ("/usr/local/bin/python3", "python"),
            ("/usr/local/bin/pip", "pip"),
            ("/usr/local/bin/pip3", "pip"),
        ],
        files: &[("/usr/local/lib/", "")],
        env: "LANG=C.UTF-8 PYTHON_VERSION={v}",
        cmd: "python",
        ..FAMILY
    },
    Family {
        names: "node",
        versions: "18.14.2/20* 4.9.1* 6.17.1* 8.17.0* 10.24.1* 12.22.12* 14.21.3* 16.20.2* 20.18.0* 22.11.0*",
        flavours: USUAL,
        account: Some(("node", 1000, "/home/node")),
        programs: &[
            ("/usr/local/bin/node", "language"),
            ("/usr/local/bin/npm", "language"),
            ("/usr/local/bin/npx", "language"),
            ("/usr/local/bin/yarn", "language"),
        ],
        files: &[(
            "/usr/local/bin/docker-entrypoint.sh",
            "#!/bin/sh\nset -e\n\n# Flags, or what is no command, are node's.\nif [ \"${1#-}\" != \
             \"$1\" ] || [ -z \"$(command -v \"$1\")\" ]; then\n\tset -- node \"$@\"\nfi\n\nexec \
             \"$@\"\n",
        )],
        env: "NODE_VERSION={v} YARN_VERSION=1.22.19",
        entrypoint: "docker-entrypoint.sh",
        cmd: "node",
        ..FAMILY
    },
    Family {
        names: "golang",
        versions: "1.20.1/14 1.7.6 1.8.7 1.9.7 1.10.8 1.11.13 1.12.17 1.13.15 1.14.15 1.15.15 1.16.15 \
                   1.17.13 1.18.10 1.19.13 1.21.13 1.22.9 1.23.3",
        flavours: USUAL,
        programs: &[("/usr/local/go/bin/go", "language"), ("/usr/local/go/bin/gofmt", "language")],
        files: &[("/go/src/", ""), ("/go/bin/", "")],
        env: "PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
              GOLANG_VERSION={v} GOPATH=/go",
        workdir: "/go",
        cmd: "bash",
        ..FAMILY
    },
    Family {
        names: "openjdk eclipse-temurin adoptopenjdk java",
        versions: "11.0.16/25 8.0.352 17.0.6 21.0.5",
        flavours: &[
            ("|jdk|jre|jdk-slim|jre-slim|slim|jdk-hotspot", Debian, (320_000, 160_000)),
            ("alpine|jdk-alpine|jre-alpine|ea-jdk-alpine", Alpine, (100_000, 60_000)),
        ],
        programs: &[("/usr/bin/java", "language"), ("/usr/bin/javac", "language")],
        env: "JAVA_VERSION={v}",
        ..FAMILY
    },
    Family {
        names: "ruby",
        versions: "3.2.1/6 2.3.8 2.4.10 2.5.9 2.6.10 2.7.8 3.0.7 3.1.6 3.3.6",
        flavours: USUAL,
        programs: &[
            ("/usr/local/bin/ruby", "language"),
            ("/usr/local/bin/irb", "language"),
            ("/usr/local/bin/gem", "language"),
            ("/usr/local/bin/bundle", "language"),
        ],
        env: "LANG=C.UTF-8 RUBY_VERSION={v}",
        cmd: "irb",
        ..FAMILY
    },
    Family {
        names: "php",
        versions: "8.2.3/25 5.6.40 7.0.33 7.1.33 7.2.34 7.3.33 7.4.33 8.0.30 8.1.31 8.3.13",
        flavours: &[
            ("|cli|fpm|apache", Debian, (410_000, 150_000)),
            ("alpine|cli-alpine|fpm-alpine", Alpine, (77_000, 28_000)),
        ],
        programs: &[("/usr/local/bin/php", "language")],
        env: "PHP_VERSION={v}",
        cmd: "php -a",
        ..FAMILY
    },
    Family {
        names: "maven",
        versions: "3.8.7 3.5.4 3.6.3 3.9.9",
        flavours: &[("|jdk|openjdk|eclipse-temurin", Debian, (420_000, 200_000))],
        programs: &[("/usr/bin/mvn", "language"), ("/usr/bin/java", "language")],
        env: "MAVEN_VERSION={v}",
        cmd: "mvn",
        ..FAMILY
    },
];
