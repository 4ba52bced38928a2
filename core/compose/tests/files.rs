//! What files mean, and what is said of those that mean nothing.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

use glasshive_compose::{Host, Loaded, Rules, Source, emit, load};

const RULES: Rules = Rules {
    release: 2010,
    newest: 9,
    version_is_optional: false,
    keeps_variables: false,
    is_for_one_host: false,
};

fn read_with(texts: &[&str], rules: Rules) -> Result<Loaded, String> {
    let env = |name: &str| match name {
        "TAG" => Some("7".to_owned()),
        "HOME" => Some("/root".to_owned()),
        _ => None,
    };
    let read = |path: &str| match path {
        "/srv/app/vars.env" => Ok("# comment\nONE=1\nTAG\nTWO=2=2\n".to_owned()),
        path => Err(format!("open {path}: no such file or directory")),
    };
    let names = ["a.yml", "b.yml"];
    let sources: Vec<Source<'_>> =
        names.iter().zip(texts).map(|(name, text)| Source { name, text }).collect();
    load(&sources, "/srv/app", rules, &Host { env: &env, read: &read }).map_err(|error| {
        let place = error.place.map(|place| format!(" @ {place}")).unwrap_or_default();
        error.message + &place
    })
}

#[track_caller]
fn refuses(text: &str, expected: &str) {
    let error = read_with(&[text], RULES).expect_err("it should be refused");
    assert_eq!(error, expected, "{text}");
}

#[test]
fn mistakes_are_told_in_dockers_words_with_their_place() {
    refuses("", "Top-level object must be a mapping");
    refuses("- a", "Top-level object must be a mapping");
    refuses("version: 3", "version must be a string @ a.yml:1");
    refuses("services: {}", "unsupported Compose file version: 1.0");
    refuses("version: \"2.4\"\n", "unsupported Compose file version: 2.4");
    refuses("version: \"3.10\"\n", "unsupported Compose file version: 3.10");
    let web = "version: \"3.3\"\nservices:\n  web:\n    image: a\n";
    refuses(
        &format!("{web}    deploy:\n      replicas: many\n"),
        "services.web.deploy.replicas must be a integer @ a.yml:6",
    );
    refuses(
        &format!("{web}    imagee: b\n"),
        "services.web Additional property imagee is not allowed @ a.yml:5",
    );
    refuses(&format!("{web}foo: 1\n"), "(root) Additional property foo is not allowed @ a.yml:5");
    refuses(&format!("{web}    ports: 80\n"), "services.web.ports must be a list @ a.yml:5");
    refuses(
        &format!("{web}    environment: 1\n"),
        "services.web.environment must be a mapping @ a.yml:5",
    );
    refuses(
        &format!("{web}    environment:\n      A: true\n"),
        "services.web.environment.A must be a string, number or null @ a.yml:6",
    );
    refuses(&format!("{web}    command: 3\n"), "services.web.command must be a string @ a.yml:5");
    refuses(
        &format!("{web}    healthcheck:\n      interval: soon\n"),
        "services.web.healthcheck.interval Does not match format 'duration' @ a.yml:6",
    );
    refuses(&format!("{web}    ports: [\"8080:x\"]\n"), "Invalid containerPort: x @ a.yml:5");
    refuses(
        &format!("{web}    volumes: [\"a::b\"]\n"),
        "invalid spec: a::b: empty section between colons @ a.yml:5",
    );
    refuses(
        &format!("{web}    env_file: none.env\n"),
        "open /srv/app/none.env: no such file or directory @ a.yml:5",
    );
    refuses(
        &format!("{web}    hostname: ${{\n"),
        "invalid interpolation format for services.web.hostname: \"${\"; you may need to escape any $ \
         with another $ @ a.yml:5",
    );
    refuses(
        &format!("{web}    hostname: ${{NAME:?give one}}\n"),
        "error while interpolating services.web.hostname: required variable NAME is missing a value: \
         give one @ a.yml:5",
    );
    refuses(
        &format!("{web}    mem_limit: 1g\n    extends: x\n"),
        "Compose file contains unsupported options:\n\nextends: Support for `extends` is not implemented \
         yet.\n\nmem_limit: Set resource limits using deploy.resources\n",
    );
    refuses(
        "version: \"3.3\"\nservices:\n  web:\n    image: a\n    image: b\n",
        "yaml: unmarshal errors:\n  line 5: mapping key \"image\" already defined at line 4",
    );
    refuses("version: \"3.3\"\nservices:\n  web:\n", "services.web must be a mapping @ a.yml:3");
    refuses(
        "version: \"3.3\"\nsecrets:\n  s:\n    external: true\n    file: x\n",
        "conflicting parameters \"external\" and \"file\" specified for secret \"s\" @ a.yml:3",
    );
    let old =
        read_with(&["version: \"3\"\nsecrets: {}\n"], Rules { release: 1703, newest: 1, ..RULES });
    assert_eq!(old.unwrap_err(), "(root) Additional property secrets is not allowed @ a.yml:2");
}

#[test]
fn broken_yaml_names_its_line() {
    for text in ["a: b: c", "a:\n\t- b", "a: [1", "a: \"b", "a: *none", "%", "a: &x\n  b: *x\n c"] {
        let error = read_with(&[text], RULES).unwrap_err();
        assert!(error.starts_with("yaml: line "), "{text:?}: {error}");
    }
}

const FORMS: &str = "
version: '3.8'
x-base: &base
  image: web:${TAG}
  labels: [\"a=b\", c]
services:
  web:
    <<: *base
    env_file: vars.env
    environment:
      - TWO=3
      - HOME
      - GONE
    command: sh -c 'echo \"$$X\"'
    volumes:
      - data:/data:ro
      - ./conf:/conf
      - ~/x:/x:rshared
      - /anonymous
    ports: [\"8000-8001:80-81\", 90, {target: 5, mode: host}]
    secrets: [one]
    extra_hosts: {db: 10.0.0.1}
    healthcheck: {test: curl x}
    x-note: here
volumes: {data: }
secrets: {one: {external: {name: other}}}
";

#[test]
fn every_form_becomes_one() {
    let loaded = read_with(&[FORMS], RULES).unwrap();
    let expected = "version: \"3.8\"
services:
  web:
    command:
      - sh
      - -c
      - echo \"$X\"
    environment:
      GONE: null
      HOME: /root
      ONE: \"1\"
      TAG: \"7\"
      TWO: \"3\"
    extra_hosts:
      - db:10.0.0.1
    healthcheck:
      test:
        - CMD-SHELL
        - curl x
    image: web:7
    labels:
      a: b
      c: null
    networks:
      default: null
    ports:
      - mode: ingress
        protocol: tcp
        published: 8000
        target: 80
      - mode: ingress
        protocol: tcp
        published: 8001
        target: 81
      - mode: ingress
        protocol: tcp
        target: 90
      - mode: host
        protocol: tcp
        target: 5
    secrets:
      - source: one
    volumes:
      - read_only: true
        source: data
        target: /data
        type: volume
      - source: /srv/app/conf
        target: /conf
        type: bind
      - bind:
          propagation: rshared
        source: /root/x
        target: /x
        type: bind
      - target: /anonymous
        type: volume
volumes:
  data: {}
secrets:
  one:
    external: true
    name: other
";
    let found = emit(&loaded.root);
    let flat = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert_eq!(flat(&found), flat(expected), "{found}");
    // What is printed can be read again, and means the same.
    let again = read_with(&[&found], RULES);
    assert!(again.is_ok(), "{again:?}\n{found}");
}

#[test]
fn later_files_win() {
    let one = "version: '3.8'\nservices: {a: {image: x, ports: ['80:80'], environment: {A: 1, B: 2}, \
               command: one two}, b: {image: y}}";
    let two = "version: '3.8'\nservices: {a: {image: z, ports: ['81:81'], environment: [B=3], \
               command: three}}";
    let loaded = read_with(&[one, two], RULES).unwrap();
    let a = loaded.root.get("services").unwrap().get("a").unwrap();
    assert_eq!(a.text_of("image"), "z");
    assert_eq!(a.get("ports").unwrap().items().len(), 2);
    let environment = a.get("environment").unwrap();
    assert_eq!((environment.text_of("A"), environment.text_of("B")), ("1".into(), "3".into()));
    assert_eq!(a.get("command").unwrap().items().len(), 1);
    assert!(loaded.root.get("services").unwrap().get("b").is_some());
}

#[test]
fn options_are_passed_over_by_release() {
    let text = "version: '3.3'\nservices:\n  w: {image: a, restart: always, build: ., container_name: x, \
                cap_add: [A], links: [b], expose: [80]}";
    let loaded = read_with(&[text], RULES).unwrap();
    assert_eq!(loaded.unsupported, ["build", "links", "restart"]);
    assert_eq!(
        loaded.deprecated.iter().map(|it| it.0).collect::<Vec<_>>(),
        ["container_name", "expose"]
    );
    let older = read_with(&[text], Rules { release: 1903, ..RULES }).unwrap();
    assert_eq!(older.unsupported, ["build", "cap_add", "links", "restart"]);
}

/// Whatever is typed, there is an answer and no panic.
#[test]
fn garbage_is_answered() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit as u64).unwrap()
    };
    let parts = [
        "{", "}", "[", "]", ":", " ", "\n", "  ", "- ", "&a ", "*a", "<<: ", "\"", "'", "$", "${",
        "}", "|", ">", "#", "?", "!", "%", "@", "\t", "0", "é", "services", "image", "ports",
        "null", "---",
    ];
    for _ in 0..4_000 {
        let mut text = FORMS.to_owned();
        for _ in 0..=next(6) {
            let mut at = next(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            match next(3) {
                0 => text.truncate(at),
                1 => text.insert_str(at, parts[next(parts.len())]),
                _ => {
                    let mut to = (at + next(30)).min(text.len());
                    while !text.is_char_boundary(to) {
                        to -= 1;
                    }
                    text.replace_range(at.min(to)..to, parts[next(parts.len())]);
                }
            }
        }
        if let Ok(loaded) = read_with(&[&text], RULES) {
            emit(&loaded.root);
        }
    }
}
