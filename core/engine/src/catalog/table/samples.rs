//! Applications that workshops bring along.

use crate::catalog::family::On::{Alpine, Debian};
use crate::catalog::family::{FAMILY, Family};

pub(super) const FAMILIES: &[Family] = &[
    Family {
        names: "dockercoins/rng",
        versions: "0.1",
        flavours: &[("", Alpine, (83_000, 31_000))],
        programs: &[("/usr/local/bin/rng", "dockercoins")],
        ports: "80",
        cmd: "rng",
        ..FAMILY
    },
    Family {
        names: "dockercoins/hasher",
        versions: "0.1",
        flavours: &[("", Alpine, (220_000, 80_000))],
        programs: &[("/usr/local/bin/hasher", "dockercoins")],
        ports: "80",
        cmd: "hasher",
        ..FAMILY
    },
    Family {
        names: "dockercoins/webui",
        versions: "0.1",
        flavours: &[("", Alpine, (212_000, 78_000))],
        programs: &[("/usr/local/bin/webui", "dockercoins")],
        ports: "80",
        cmd: "webui",
        ..FAMILY
    },
    Family {
        names: "dockercoins/worker",
        versions: "0.1 0.2",
        flavours: &[("", Alpine, (82_000, 31_000))],
        programs: &[("/usr/local/bin/worker", "dockercoins")],
        cmd: "worker",
        ..FAMILY
    },
    Family {
        names: "jpetazzo/clock",
        flavours: &[("", Alpine, (1_200, 700))],
        files: &[("/clock.sh", "#!/bin/sh\nwhile date; do\n  sleep 1\ndone\n")],
        cmd: "sh /clock.sh",
        ..FAMILY
    },
    Family {
        names: "tomcat",
        versions: "9.0.73 8.5.87 10.1.7",
        flavours: &[
            ("|jre8|jdk8|jdk17", Debian, (475_000, 220_000)),
            ("alpine", Alpine, (106_000, 71_000)),
        ],
        programs: &[("/usr/local/tomcat/bin/catalina.sh", "server")],
        files: &[
            ("/usr/local/tomcat/logs/", ""),
            ("/usr/local/tomcat/webapps/", ""),
            ("/usr/local/tomcat/webapps.dist/ROOT/index.jsp", "<html>Apache Tomcat</html>\n"),
        ],
        env: "CATALINA_HOME=/usr/local/tomcat TOMCAT_VERSION={v}",
        ports: "8080",
        workdir: "/usr/local/tomcat",
        cmd: "/usr/local/tomcat/bin/catalina.sh run",
        ..FAMILY
    },
    Family {
        names: "dockersamples/examplevotingapp_vote",
        flavours: &[("|before|after|good", Alpine, (84_000, 30_000))],
        programs: &[("/usr/local/bin/vote", "vote")],
        ports: "80",
        workdir: "/app",
        cmd: "vote",
        ..FAMILY
    },
    Family {
        names: "dockersamples/examplevotingapp_result",
        flavours: &[("|before|after|good", Alpine, (240_000, 90_000))],
        programs: &[("/usr/local/bin/result", "result")],
        ports: "80 5858",
        workdir: "/app",
        cmd: "result",
        ..FAMILY
    },
    Family {
        names: "dockersamples/examplevotingapp_worker",
        flavours: &[("|dotnet|java|before|after", Alpine, (190_000, 70_000))],
        programs: &[("/usr/local/bin/worker", "worker")],
        workdir: "/app",
        cmd: "worker",
        ..FAMILY
    },
];
