//! Arguments: pflag's rules, completion, and whatever anybody types.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

#[allow(unreachable_pub, dead_code, reason = "each test uses its part")]
mod support;

use glasshive_docker::complete::{Object, complete};
use glasshive_docker::parse::{Matches, Problem, parse};
use glasshive_docker::table::{Command, commands};
use glasshive_docker::{PROFILES, Profile, help};
use sim::{Duration, Rng, Streams};
use support::World;

fn command(profile: &Profile, path: &str) -> &'static Command {
    commands(profile).find(|command| command.path == path).unwrap()
}

fn read(path: &str, line: &str) -> Result<Matches, Problem> {
    let profile = Profile::parse("20.10").unwrap();
    let command = command(profile, path);
    let flags: Vec<_> = command.flags_of(profile).collect();
    let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    parse(profile, &flags, command.interspersed, &args)
}

#[track_caller]
fn check(path: &str, line: &str, flags: &[(&str, &str)], args: &[&str]) {
    let matches = read(path, line).unwrap();
    for (name, value) in flags {
        assert_eq!(matches.all(name).join("|"), *value, "{line}: --{name}");
    }
    assert_eq!(matches.names().count(), flags.len(), "{line}");
    assert_eq!(matches.args, args, "{line}");
}

#[test]
fn flags_are_written_in_many_ways() {
    let create = "service create";
    check(create, "--name=a b", &[("name", "a")], &["b"]);
    check(create, "--name a b --name c", &[("name", "a")], &["b", "--name", "c"]);
    check(create, "-e A=1 -eB=2 -e=C=3 i", &[("env", "A=1|B=2|C=3")], &["i"]);
    check("secret rm", "a -- -b", &[], &["a", "-b"]);
    check("secret create", "a -l x=1 b", &[("label", "x=1")], &["a", "b"]);
    check(
        "container exec",
        "-it c sh -c x",
        &[("interactive", "true"), ("tty", "true")],
        &["c", "sh", "-c", "x"],
    );
    check(
        "container exec",
        "-itu root c sh",
        &[("interactive", "true"), ("tty", "true"), ("user", "root")],
        &["c", "sh"],
    );
    check("container run", "--rm=false -d i", &[("rm", "false"), ("detach", "true")], &["i"]);
    check("secret create", "a -", &[], &["a", "-"]);
}

#[test]
fn wrong_flags_are_told_as_pflag_tells_them() {
    let check = |path: &str, line: &str, expected: &str| {
        assert_eq!(read(path, line), Err(Problem::Text(expected.to_owned())), "{line}");
    };
    check("secret ls", "--nope", "unknown flag: --nope");
    check("secret ls", "-qx", "unknown shorthand flag: 'x' in -x");
    check("secret ls", "--format", "flag needs an argument: --format");
    check("secret ls", "-qf", "flag needs an argument: 'f' in -f");
    check("secret ls", "--=x", "bad flag syntax: --=x");
    check("secret ls", "---", "bad flag syntax: ---");
    check(
        "secret ls",
        "-q=maybe",
        "invalid argument \"maybe\" for \"-q, --quiet\" flag: strconv.ParseBool: parsing \
         \"maybe\": invalid syntax",
    );
    check(
        "service create",
        "--restart-delay 5",
        "invalid argument \"5\" for \"--restart-delay\" flag: time: invalid duration \"5\"",
    );
    assert_eq!(read("secret ls", "x --help"), Err(Problem::Help(false)));
}

#[test]
fn lines_are_completed() {
    let profile = Profile::parse("20.10").unwrap();
    let live = |object: Object| match object {
        Object::Secret => vec!["sec1".to_owned(), "sec2".to_owned(), "other".to_owned()],
        Object::Service => vec!["redis".to_owned()],
        _ => Vec::new(),
    };
    let check = |line: &str, expected: &[&str]| {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(complete(profile, &words, &live), expected, "{line}");
    };
    check("se", &["search", "secret", "service"]);
    check("secret ", &["create", "inspect", "ls", "rm"]);
    check("secret rm se", &["sec1", "sec2"]);
    check("service rm ", &["redis"]);
    check("service create --secret o", &["other"]);
    check("secret create --la", &["--label"]);
    check("secret create ", &[]);
    check("nope ", &[]);
}

#[test]
fn every_command_has_help_in_every_release() {
    for profile in &PROFILES {
        for command in commands(profile) {
            for columns in [0, 1, 20, 40, 80, 200] {
                let text = help::command_help(profile, "docker x", command, columns);
                assert!(text.contains("Usage:"), "{} {}", profile.name, command.path);
                assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text}");
            }
            assert!(
                command.run.is_some() != command.unsimulated.is_some(),
                "{} either runs or says why not",
                command.path
            );
            let mut names: Vec<_> = command.flags_of(profile).map(|flag| flag.name()).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{}", command.path);
        }
    }
}

/// What may follow `docker` (docker/cli: `cli/command/commands/commands.go` of each release), with the releases that have
/// it if not all do.
const TOP_WORDS: &str = "attach build builder:19.03- checkpoint commit config:17.06- container context:19.03- cp create
    deploy:-19.03 diff engine:19.03-19.03 events exec export history image images import info inspect kill load login
    logout logs manifest:19.03- network node pause plugin port ps pull push rename restart rm rmi run save search secret
    service stack start stats stop swarm system tag top trust:19.03- unpause update version volume wait bake:28-";
/// What the client's packages bring along (`/usr/libexec/docker/cli-plugins`). 19.03 brings `app` and `buildx`, and knows them
/// with experimental features only.
const PLUGINS: &str = "buildx:20.10- compose:20.10- scan:20.10-20.10";

#[test]
fn every_release_knows_the_commands_that_it_has() {
    let version = |text: &str| Profile::parse(text).unwrap().version;
    for profile in &PROFILES {
        let has = |word: &&str| {
            let Some((_, releases)) = word.split_once(':') else { return true };
            let (first, last) = releases.split_once('-').unwrap();
            (first.is_empty() || version(first) <= profile.version)
                && (last.is_empty() || profile.version <= version(last))
        };
        let all = [TOP_WORDS, PLUGINS].join(" ");
        let name = |word: &str| word.split(':').next().unwrap_or_default().to_owned();
        let mut real: Vec<String> = all.split_whitespace().filter(has).map(name).collect();
        real.sort_unstable();
        assert_eq!(complete(profile, &[""], &|_| Vec::new()), real, "{}", profile.name);
    }
}

/// Words that mean something somewhere.
const WORDS: &[&str] = &[
    "secret",
    "service",
    "node",
    "swarm",
    "container",
    "config",
    "image",
    "system",
    "create",
    "ls",
    "rm",
    "inspect",
    "ps",
    "scale",
    "update",
    "init",
    "join",
    "leave",
    "run",
    "exec",
    "logs",
    "pull",
    "version",
    "info",
    "help",
    "--help",
    "-h",
    "--",
    "-",
    "--format",
    "{{.ID}}",
    "{{",
    "{{json .}}",
    "{{range .}}{{.}}{{end}}",
    "table {{.Name}}\\t{{.ID}}",
    "-q",
    "--filter",
    "name=a",
    "=",
    "a=b",
    "--secret",
    "source=a,target=b",
    "\"",
    "--name",
    "a",
    "b",
    "é",
    "日本",
    "--replicas",
    "18446744073709551616",
    "-1",
    "1",
    "0",
    "--restart-delay",
    "1h",
    "9e9",
    "-it",
    "-e",
    "A=1",
    "--mode",
    "global",
    "redis:alpine",
    "nginx",
    "./sec.txt",
    "/",
    "--pretty",
    "self",
    "--tail",
    "--since",
    "2017-13-45T99:99:99Z",
    "42m",
    "--type",
    "\u{0}",
    "a=3",
    "-f",
    "--all",
    "worker",
    "--rotate",
    "--limit-memory",
    "99999999999999g",
    "--detach",
    "",
    "--last",
    "--until",
];

fn pick<'a>(rng: &mut Rng, words: &[&'a str]) -> &'a str {
    rng.pick(words).copied().unwrap_or_default()
}

#[test]
fn nothing_that_is_typed_breaks_it() {
    for seed in 0..40 {
        let mut rng = Streams::new(seed).stream("arguments");
        let profile = PROFILES[usize::try_from(rng.below(6)).unwrap()].name;
        let mut world = World::new(profile);
        let limit = Duration::from_secs(1);
        if rng.chance(3, 4) {
            world.run(&["swarm", "init"], b"", limit);
            world.run(&["secret", "create", "a", "-"], b"x", limit);
            world.run(&["service", "create", "--name", "b", "redis:alpine"], b"", limit);
        }
        for _ in 0..40 {
            let groups = ["secret", "service", "node", "swarm", "container", "config", "image"];
            let mut args: Vec<&str> = Vec::new();
            if rng.chance(3, 4) {
                args.push(pick(&mut rng, &groups));
                args.push(pick(&mut rng, &["create", "ls", "rm", "inspect", "ps", "update"]));
            }
            for _ in 0..rng.below(6) {
                args.push(pick(&mut rng, WORDS));
            }
            // A panic would name the seed through this line.
            let line = format!("seed {seed}, {profile}: docker {args:?}");
            let ended = world.run(&args, b"typed", limit);
            let is_status = |status: i32| (0..=255).contains(&status);
            assert!(ended.status.is_none_or(is_status), "{line}: {ended:?}");
        }
    }
}
