//! Whatever program they are given, `awk`, `sed`, `jq`, `grep` and `expr` neither panic nor go on for ever.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use sim::{Duration, Streams};
use support::{Host, System};

/// Programs of one language that are tried.
const COUNT: u64 = 150;

/// Runs `command` with random programs as `$1`; pieces are divided by blanks, and `_` is one.
fn check(command: &str, pieces: &str) {
    let pieces: Vec<&str> = pieces.split_whitespace().collect();
    for seed in 1..=COUNT {
        let mut rng = Streams::new(seed).stream("programs");
        let count = 1 + rng.below(24);
        let size = u64::try_from(pieces.len()).unwrap();
        let chosen = (0..count).map(|_| pieces[usize::try_from(rng.below(size)).unwrap()]);
        let program = chosen.collect::<String>().replace('_', " ");
        for system in [System::Bash, System::Ash] {
            let mut host = Host::new(system, &["-c", command, "sh", &program]);
            host.settle(Duration::from_secs(60));
            if host.exit().is_none() {
                host.stage.machine.interrupt(host.terminal);
                host.settle(Duration::from_secs(1));
            }
            assert!(host.exit().is_some(), "{system:?}, seed {seed}: {command}: {program}");
        }
    }
}

#[test]
fn awk_ends() {
    check(
        "printf 'a b 1\\nc d 2\\n' | awk \"$1\"",
        "{ } ( ) [ ] ; , $ $0 $1 $NF NF NR x y a[x] a[1] = == += ++ -- + - * / % ^ ! ~ !~ && || ? : < > >> | in_ BEGIN END \
         while( for(;;) for(k_in_a) do_ if( else_ print_ printf_ getline_ getline_x<\"f\" next exit_ return_ delete_a \
         function_f(x) f(x) length substr(x,1) split(x,a) gsub(/b/,\"c\") sub( match( sprintf( \"%s%d\" \"x\\n\" /a*/ /(/ /[/ 1 0 \
         1e9 -1 99999999999999999999 $999999 NF=5 NF=-1 RS=\"\" FS=\"\" _ \n # break continue",
    );
}

#[test]
fn sed_ends() {
    check(
        "printf 'abc\\ndef\\n' | sed \"$1\"",
        "s/a/b/ s/\\(a\\)*/\\1/g s///p s,(,, s y/abc/xyz/ y/a/ p d q D N P G H g h x n = l i\\ a\\_text c\\ { } ; ! 1 2 $ 0,/b/ \
         /a/,/d/ /a/ /[/ \\(a|b\\) \\1 b b_end t T :end :a ba 1~2 ,+2 r_/etc/passwd w_/tmp/x e & \\n \n # _ {p;} N;P;D s/x*/-/2g \
         /\\(\\(\\(a*\\)*\\)*\\)*b/",
    );
}

#[test]
fn jq_ends() {
    check(
        "echo '{\"a\":[1,2,{\"b\":null}],\"c\":\"x\"}' | jq \"$1\"",
        ". .a .b .a[] .[] .[0] .[-1] .[1:] .[\"a\"] .. ? | , ( ) [ ] { } : ; + - * / % == != < > and_ or_ not //_ \"x\" \
         \"\\(.a)\" 1 -1 0.5 null true if_ then_ else_ elif_ end reduce_.[]_as_$x_(0;.+1) foreach_ as_$x $x def_f:_ def_f(g): f \
         map( select( keys length sort_by( group_by( to_entries from_entries add range(10) range(0;1e9) recurse( \
         until( while( repeat( limit(3; first( last empty error try_ catch_ @base64 @json @csv test(\"a(\") \
         sub(\"x\";\"y\") split(\",\") join(\",\") tostring tonumber tojson fromjson paths path( del( = |= += env input _",
    );
}

#[test]
fn patterns_end() {
    check(
        "printf 'aaaaaaaaaaaaaaaaaaaaaaaaab\\nx\\n' | grep -E \"$1\"; printf 'aaaa\\n' | grep \"$1\"; expr aaaa : \"$1\"",
        "a b . * + ? ( ) [ ] [a-z] [^a] [[:alpha:]] [] {2} {1,} {,3} {99999} | ^ $ \\( \\) \\1 \\w \\b \\ - (a*)* (a|a)* (a+)+b x",
    );
}
