//! Databases, stores and queues.

use crate::catalog::family::On::{Alpine, Debian};
use crate::catalog::family::{FAMILY, Family};
use crate::catalog::own;

/// What the images' scripts do with variables, the servers do here.
const PASS_ON: (&str, &str) = (
    "/usr/local/bin/docker-entrypoint.sh",
    "#!/bin/sh\nset -e\n\n# Flags alone are the server's, which reads its variables and their _FILE\n\
     # forms itself.\nif [ \"${1#-}\" != \"$1\" ]; then\n\tset -- {s} \"$@\"\nfi\n\n\
     exec \"$@\"\n",
);
const ENTRYPOINT: &str = "docker-entrypoint.sh";

pub(super) const FAMILIES: &[Family] = &[
    Family {
        names: "redis bitnami/redis",
        versions: "6.2.6/14 2.8.23 3.0.7 3.2.12 4.0.14 5.0.14 6.0.20 7.0.15 7.2.6 7.4.1",
        flavours: &[("", Debian, (27_800, 10_300)), ("alpine", Alpine, (23_400, 7_600))],
        recipe: Some(own::redis),
        ..FAMILY
    },
    Family {
        names: "mysql mysql/mysql-server",
        versions: "5.7.32/44 5.5.62 5.6.51 8.0.33/40 8.4.3 9.1.0",
        flavours: &[("|debian|oracle", Debian, (370_000, 125_000))],
        account: Some(("mysql", 999, "/home/mysql")),
        programs: &[
            ("/usr/sbin/mysqld", "mysqld"),
            ("/usr/bin/mysql", "mysql"),
            ("/usr/bin/mysqladmin", "mysqladmin"),
        ],
        files: &[
            PASS_ON,
            ("/etc/mysql/my.cnf", "[mysqld]\ndatadir = /var/lib/mysql\n"),
            ("/var/lib/mysql/", ""),
            ("/run/mysqld/", ""),
            ("/docker-entrypoint-initdb.d/", ""),
        ],
        env: "MYSQL_MAJOR={m} MYSQL_VERSION={v}",
        ports: "3306 33060",
        volumes: "/var/lib/mysql",
        entrypoint: ENTRYPOINT,
        cmd: "mysqld",
        ..FAMILY
    },
    Family {
        names: "mariadb bitnami/mariadb",
        versions: "10.6.12/19 10.1.48 10.2.44 10.3.39 10.4.34 10.5.26 10.11.9 11.4.3",
        flavours: &[("", Debian, (340_000, 115_000))],
        account: Some(("mysql", 999, "/home/mysql")),
        programs: &[
            ("/usr/sbin/mariadbd", "mysqld"),
            ("/usr/sbin/mysqld", "mysqld"),
            ("/usr/bin/mariadb", "mysql"),
            ("/usr/bin/mysql", "mysql"),
            ("/usr/bin/mysqladmin", "mysqladmin"),
            ("/usr/bin/mariadb-admin", "mysqladmin"),
        ],
        files: &[
            PASS_ON,
            ("/var/lib/mysql/", ""),
            ("/run/mysqld/", ""),
            ("/docker-entrypoint-initdb.d/", ""),
        ],
        env: "MARIADB_MAJOR={m} MARIADB_VERSION=1:{v}+maria~ubu2004",
        ports: "3306",
        volumes: "/var/lib/mysql",
        entrypoint: ENTRYPOINT,
        cmd: "mariadbd",
        ..FAMILY
    },
    Family {
        names: "postgres postgis/postgis",
        versions: "13.10/18 9.3.25 9.4.26 9.5.25 9.6.24 10.23 11.22 12.22 14.15 15.10 16.6 17.2",
        flavours: &[("", Debian, (300_000, 105_000)), ("alpine", Alpine, (230_000, 85_000))],
        account: Some(("postgres", 999, "/var/lib/postgresql")),
        programs: &[
            ("/usr/local/bin/postgres", "postgres"),
            ("/usr/local/bin/psql", "psql"),
            ("/usr/local/bin/pg_isready", "pg_isready"),
        ],
        files: &[PASS_ON, ("/var/lib/postgresql/data/", ""), ("/docker-entrypoint-initdb.d/", "")],
        env: "PG_MAJOR={m} PG_VERSION={v} PGDATA=/var/lib/postgresql/data",
        ports: "5432",
        volumes: "/var/lib/postgresql/data",
        entrypoint: ENTRYPOINT,
        cmd: "postgres",
        ..FAMILY
    },
    Family {
        names: "mongo",
        versions: "4.4.18/29 3.2.21 3.4.24 3.6.23 4.0.28 4.2.24 5.0.31 6.0.19 7.0.15",
        flavours: &[("", Debian, (360_000, 120_000))],
        account: Some(("mongodb", 999, "/home/mongodb")),
        programs: &[
            ("/usr/bin/mongod", "server"),
            ("/usr/bin/mongo", "host:lacking"),
            ("/usr/bin/mongosh", "host:lacking"),
        ],
        files: &[PASS_ON, ("/data/db/", ""), ("/data/configdb/", "")],
        env: "MONGO_MAJOR={m} MONGO_VERSION={v}",
        ports: "27017",
        volumes: "/data/db /data/configdb",
        entrypoint: ENTRYPOINT,
        cmd: "mongod",
        ..FAMILY
    },
    Family {
        names: "elasticsearch",
        versions: "7.17.9/25* 2.4.6* 5.6.16* 6.8.23* 8.15.3*",
        flavours: &[("", Debian, (580_000, 320_000)), ("alpine", Alpine, (120_000, 60_000))],
        account: Some(("elasticsearch", 1000, "/usr/share/elasticsearch")),
        programs: &[("/usr/local/bin/elasticsearch", "server")],
        files: &[PASS_ON, ("/usr/share/elasticsearch/data/", "")],
        env: "ELASTIC_VERSION={v}",
        ports: "9200 9300",
        entrypoint: ENTRYPOINT,
        cmd: "elasticsearch",
        ..FAMILY
    },
    Family {
        names: "memcached",
        versions: "1.6.18/32 1.4.39 1.5.22",
        flavours: &[("", Debian, (8_900, 3_100)), ("alpine", Alpine, (1_500, 610))],
        account: Some(("memcache", 11211, "/nonexistent")),
        programs: &[("/usr/local/bin/memcached", "server")],
        files: &[PASS_ON],
        env: "MEMCACHED_VERSION={v}",
        ports: "11211",
        user: "memcache",
        entrypoint: ENTRYPOINT,
        cmd: "memcached",
        ..FAMILY
    },
    Family {
        names: "rabbitmq",
        versions: "3.11.9/28 3.6.16 3.7.28 3.8.34 3.9.29 3.12.14 3.13.7 4.0.3",
        flavours: &[
            ("|management", Debian, (140_000, 60_000)),
            ("alpine|management-alpine", Alpine, (100_000, 42_000)),
        ],
        account: Some(("rabbitmq", 999, "/var/lib/rabbitmq")),
        programs: &[("/usr/local/bin/rabbitmq-server", "server")],
        files: &[PASS_ON, ("/var/lib/rabbitmq/", "")],
        env: "RABBITMQ_VERSION={v}",
        ports: "4369 5671 5672 15672",
        volumes: "/var/lib/rabbitmq",
        entrypoint: ENTRYPOINT,
        cmd: "rabbitmq-server",
        ..FAMILY
    },
];
