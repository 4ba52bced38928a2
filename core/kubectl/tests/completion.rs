//! What the Tab key offers.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

use glasshive_kubectl::Profile;
use glasshive_kubectl::complete::complete;

#[track_caller]
fn check(line: &str, expected: &[&str]) {
    let live = |resource: &str, namespace: &str| match (resource, namespace) {
        ("secrets", "") => vec!["door".to_owned(), "user-pass".to_owned()],
        ("secrets", "lab") => vec!["other".to_owned()],
        ("pods", "") => vec!["porter".to_owned()],
        ("namespaces", _) => vec!["default".to_owned(), "lab".to_owned()],
        _ => Vec::new(),
    };
    let words: Vec<&str> = line.split(' ').collect();
    let found = complete(Profile::parse("1.25").unwrap(), &words, &live);
    assert_eq!(found, expected, "{line}");
}

#[test]
fn commands_kinds_names_and_flags_complete() {
    check("ro", &["rollout"]);
    check("create se", &["secret", "service", "serviceaccount"]);
    check("create secret g", &["generic"]);
    check("get secre", &["secrets"]);
    check("get secret u", &["user-pass"]);
    check("get secret -n lab o", &["other"]);
    check("get secrets -n l", &["lab"]);
    check("describe secret/d", &["secret/door"]);
    check("exec p", &["porter"]);
    check("logs --fo", &["--follow"]);
    check("get pods --names", &["--namespace"]);
    check("nothing such", &[]);
}
