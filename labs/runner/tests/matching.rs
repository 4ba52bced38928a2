//! Expectations against output: holes, names, columns, and what a student is told.

use expect_test::{Expect, expect};
use glasshive_labs::Bindings;
use glasshive_labs::pattern::{Line, Mode, Pattern};

fn pattern(mode: Mode, text: &str) -> Pattern {
    Pattern {
        mode,
        lines: text.lines().map(|line| Line::parse(line, mode).expect("a pattern")).collect(),
    }
}

const ID: &str = "ftu76ghgsk7f9fmcrj3wx3xcd";
const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[track_caller]
fn holds(mode: Mode, expected: &str, output: &str) -> bool {
    let nodes = ["node1".to_owned(), "node10".to_owned()];
    pattern(mode, expected).compare(output, &nodes, &mut Bindings::default()).holds
}

#[test]
fn each_kind_meets_what_it_names_and_nothing_else() {
    let digest = format!("sha256:{HEX}");
    let token = format!("SWMTKN-1-{}-{ID}", "0".repeat(50));
    for (kind, good, bad) in [
        ("id", vec![ID], vec!["ftu76ghgsk7f", "FTU76ghgsk7f9fmcrj3wx3xcd", &HEX[..26]]),
        ("id12", vec!["ftu76ghgsk7f"], vec![ID, "ftu76"]),
        ("hex64", vec![HEX], vec!["0123456789ab", ID]),
        ("hex12", vec!["0123456789ab"], vec![HEX, "0123456789ag"]),
        ("digest", vec![&digest], vec![HEX, "sha256:01"]),
        (
            "age",
            vec![
                "11 seconds",
                "1 second",
                "About a minute",
                "about an hour",
                "Less than a second",
                "3 weeks",
            ],
            vec!["seconds", "11", "5 parsecs", "a minute"],
        ),
        (
            "time",
            vec![
                "2017-03-21T18:41:08.790769302Z",
                "2017-03-21T18:41:08Z",
                "Mar 21 18:40",
                "Mar  1 08:40",
            ],
            vec!["2017-03-21", "Mrz 21 18:40", "Mar 21"],
        ),
        ("token", vec![&token], vec!["SWMTKN-1-a-b", ID]),
        ("node", vec!["node1", "node10"], vec!["node2", "node", "node100"]),
        ("number", vec!["0", "116"], vec!["", "-1", "1.5", "x"]),
        ("ip", vec!["10.0.0.255"], vec!["10.0.0.256", "10.0.0", "1.2.3.4.5"]),
        ("word", vec!["a", "a-b"], vec!["", "a b"]),
        ("any", vec!["a", "a  b"], vec![""]),
    ] {
        for text in good {
            assert!(
                holds(Mode::Exact, &format!("[<{kind}>]"), &format!("[{text}]")),
                "<{kind}> {text}"
            );
        }
        for text in bad {
            assert!(
                !holds(Mode::Exact, &format!("[<{kind}>]"), &format!("[{text}]")),
                "<{kind}> {text}"
            );
        }
    }
}

#[test]
fn modes_differ_in_blanks_and_in_what_may_stand_around() {
    assert!(holds(Mode::Lines, "ID  NAME", "ID            NAME   \n"));
    assert!(!holds(Mode::Lines, "ID  NAME", "ID NAME"));
    assert!(!holds(Mode::Lines, "ID NAME", "ID  NAME"));
    assert!(!holds(Mode::Exact, "ID  NAME", "ID   NAME"));
    // After a hole of varying width nobody knows where the next column begins.
    assert!(holds(Mode::Exact, "a   <age> ago    b", "a   11 seconds ago       b"));
    assert!(!holds(Mode::Exact, "a   <age> ago    b", "a  11 seconds ago    b"));
    assert!(holds(Mode::Lines, "a  <any>  b", "a   x y     b"));
    assert!(!holds(Mode::Lines, "b", "a\nb\nc"));
    assert!(holds(Mode::Has, "b", "a\nb\nc"));
    assert!(!holds(Mode::Has, "c\nb", "a\nb\nc"));
    assert!(holds(Mode::Lines, "a\n...\nd", "a\nb\nc\nd"));
    assert!(holds(Mode::Lines, "a\n...\nd", "a\nd"));
    assert!(holds(Mode::Lines, "...", ""));
    assert!(holds(Mode::Lines, "", "\n"));
    assert!(!holds(Mode::Lines, "", "x\n"));
    assert!(holds(Mode::Lines, "\\<id> a < b > c {{.ID}}", "<id> a < b > c {{.ID}}"));
    assert!(holds(Mode::Lines, "caf\u{e9}<any>\u{2026}", "caf\u{e9}x\u{e9}\u{2026}"));
}

#[test]
fn names_are_bound_once_and_compared_then() {
    let mut bindings = Bindings::default();
    let nodes = [];
    let short = pattern(Mode::Lines, "<id12:task>");
    let long = pattern(Mode::Lines, "web.1.<id:task>");
    assert_eq!(
        short.compare("ftu76ghgsk7f", &nodes, &mut bindings).captured,
        [("task".to_owned(), "ftu76ghgsk7f".to_owned())]
    );
    // The long form agrees and takes the place of the short one.
    assert!(long.compare(&format!("web.1.{ID}"), &nodes, &mut bindings).holds);
    assert_eq!(bindings.get("task"), Some(ID));
    assert!(short.compare("ftu76ghgsk7f", &nodes, &mut bindings).holds);
    assert!(!short.compare("gtu76ghgsk7f", &nodes, &mut bindings).holds);
    assert!(
        pattern(Mode::Lines, "({{task}})").compare(&format!("({ID})"), &nodes, &mut bindings).holds
    );
    // A comparison that fails binds nothing.
    let both = pattern(Mode::Lines, "<number:n>\nx");
    assert!(!both.compare("1\ny", &nodes, &mut bindings).holds);
    assert_eq!(bindings.get("n"), None);
    // The same name twice in one expectation.
    assert!(!holds(Mode::Lines, "<word:a> <word:a>", "x y"));
    assert!(holds(Mode::Lines, "<word:a> <word:a>", "x x"));
}

#[test]
fn the_difference_is_told() {
    #[track_caller]
    fn check(expected: &str, output: &str, told: Expect) {
        let mut bindings = Bindings::default();
        bindings.set("sec", ID);
        let result = pattern(Mode::Lines, expected).compare(output, &[], &mut bindings);
        let mut text = format!("{}\n", result.why);
        for line in &result.diff {
            text.push_str(&format!("{}{}\n", line.mark.sign(), line.text));
        }
        told.assert_eq(&text);
    }
    check(
        "a\n<number>\nc",
        "a\nx\nc",
        expect![[r#"
        expected `<number>`, got `x`
         a
        -<number>
        +x
         c
    "#]],
    );
    check(
        "a\nb",
        "a",
        expect![[r#"
        the line `b` is missing
         a
        -b
    "#]],
    );
    check(
        "a",
        "a\nb",
        expect![[r#"
        `b` was not expected
         a
        +b
    "#]],
    );
    check(
        "",
        "oh",
        expect![[r#"
        expected no output, got `oh`
        +oh
    "#]],
    );
    check(
        "<id:sec>",
        "p858ush7oeei8647na2xa12sc",
        expect![[r#"
        each line fits alone, but not with the values known so far: sec = ftu76ghgsk7f9fmcrj3wx3xcd
         p858ush7oeei8647na2xa12sc
    "#]],
    );
    check(
        "<word:w>\n<word:w>",
        "a\nb",
        expect![[r#"
        each line fits alone, but a name would stand for two values
         a
         b
    "#]],
    );
    check(
        "{{other}}",
        "a",
        expect![[r#"
        `other` has no value yet: the command that shows it has not been run
        -{{other}}
        +a
    "#]],
    );
}

/// Loose patterns on long output end.
#[test]
fn ambiguity_has_a_budget() {
    let long = "ab ".repeat(3_000);
    assert!(!holds(Mode::Lines, "<any>a<any>b<any>a<any>z", &long));
    let many = "x\n".repeat(500);
    assert!(!holds(Mode::Lines, "...\nx\n...\nx\n...\nx\n...\ny", &many));
}
