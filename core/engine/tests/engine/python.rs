//! The small Python: scripts in, text out.

use glasshive_engine::{ContainerConfig, Release, SecretFile};
use sim::Duration;

use crate::support::{Host, config};

/// A workshop's script: a password from a file that a variable names.
const APP: &str = "import os
print '***** Docker Secrets ******'
print 'USERNAME: {0}'.format(os.environ['USERNAME'])

fname = os.environ['PASSWORD_FILE']
f = open(fname)
try:
    content = f.readlines()
finally:
    f.close()

print 'PASSWORD_FILE: {0}'.format(fname)
print 'PASSWORD: {0}'.format(content[0])
";

fn script(host: &mut Host, image: &str, source: &str, config: ContainerConfig) -> (i32, String) {
    let id = host.engine.create(host.now, &host.machine, config).unwrap();
    let mut tree = os::fs::Tree::default();
    tree.add_file("/", source, 0o644, host.now);
    host.engine.copy_in(host.now, &host.machine, &id, "/app.py", &tree).unwrap();
    assert_eq!(host.engine.get(&id).unwrap().config.image, image);
    host.engine
        .start(host.now, &mut host.machine, &id, glasshive_engine::Stdio::default())
        .unwrap();
    host.settle(Duration::from_secs(30));
    (host.engine.get(&id).unwrap().state.exit_code, host.log(&id))
}

#[track_caller]
fn check(image: &str, source: &str, code: i32, expected: &str) {
    let mut host = Host::with(Release(19, 3), &[image]);
    let config = config(image, &["python", "/app.py", "argument"]);
    assert_eq!(script(&mut host, image, source, config), (code, expected.to_owned()));
}

#[test]
fn the_workshops_script_prints_the_password() {
    let mut host = Host::with(Release(19, 3), &["python:2.7"]);
    let mut asked = config("python:2.7", &["python", "app.py"]);
    asked.env = vec!["USERNAME=jdoe".into(), "PASSWORD_FILE=/custom/path/password".into()];
    asked.secrets.push(SecretFile {
        id: "secretid".into(),
        target: "/custom/path/password".into(),
        bytes: Some((*b"my-pass\n").into()),
        uid: 0,
        gid: 0,
        mode: 0o400,
    });
    let expected = "***** Docker Secrets ******\nUSERNAME: jdoe\n\
                    PASSWORD_FILE: /custom/path/password\nPASSWORD: my-pass\n\n";
    assert_eq!(script(&mut host, "python:2.7", APP, asked), (0, expected.to_owned()));
}

#[test]
fn what_is_missing_is_a_traceback() {
    let mut host = Host::with(Release(19, 3), &["python:2.7"]);
    let mut asked = config("python:2.7", &["python", "./app.py"]);
    asked.env = vec!["USERNAME=jdoe".into()];
    let expected = "***** Docker Secrets ******\nUSERNAME: jdoe\n\
                    Traceback (most recent call last):\n  \
                    File \"./app.py\", line 5, in <module>\n    \
                    fname = os.environ['PASSWORD_FILE']\n  \
                    File \"/usr/local/lib/python2.7/UserDict.py\", line 40, in __getitem__\n    \
                    raise KeyError(key)\nKeyError: 'PASSWORD_FILE'\n";
    assert_eq!(script(&mut host, "python:2.7", APP, asked.clone()), (1, expected.to_owned()));
    asked.env.push("PASSWORD_FILE=/no/file".into());
    let (code, log) = script(&mut host, "python:2.7", APP, asked);
    assert_eq!(code, 1);
    assert!(log.ends_with("IOError: [Errno 2] No such file or directory: '/no/file'\n"), "{log}");
}

#[test]
fn the_usual_statements() {
    check(
        "python:2.7",
        "import os, sys, time\n\
         def greet(name, end='!'):\n    # a comment\n    if name == 'x':\n        return 'no'\n    \
         return 'hello ' + name + end\n\n\
         print greet('world'), greet('x')\n\
         total = 0\n\
         for i in range(5):\n    if i == 3: continue\n    total += i\n\
         print 'total', total, 7 / 2, -7 % 3\n\
         d = {'b': 1, \"a\": [1, 'two', None, True]}\n\
         d['c'] = (1,)\n\
         print d['a'], sorted(d.keys()), d.get('z', 'none'), 'a' in d, len(d)\n\
         try:\n    open('/nowhere')\nexcept IOError as e:\n    print 'caught', e\nfinally:\n    print 'done'\n\
         with open('/tmp/f', 'w') as f:\n    f.write('one\\ntwo\\n')\n\
         print open('/tmp/f').read().strip().split('\\n')[1:], os.path.exists('/tmp/f')\n\
         print '%s=%d' % ('n', 5), 'abc'[-1], 'x' * 3, not d\n\
         while True:\n    time.sleep(1)\n    break\n\
         print sys.argv[1]\n\
         sys.exit(4)\n",
        4,
        "hello world! no\ntotal 7 3 2\n[1, 'two', None, True] ['a', 'b', 'c'] none True 3\n\
         caught [Errno 2] No such file or directory: '/nowhere'\ndone\n['two'] True\n\
         n=5 c xxx False\nargument\n",
    );
    check(
        "python:3",
        "import os\nname = os.environ.get('NOPE', 'x')\nprint(f'<{name}> {1 + 1}', 'b', sep='-')\n\
         print('end', end='')\n",
        0,
        "<x> 2-b\nend",
    );
}

#[test]
fn classes_functions_as_values_and_formats() {
    check(
        "python:3",
        "class Shape:\n    count = 0\n    def __init__(self, name, size=1):\n        self.name = name\n        \
         self.size = size\n        Shape.count += 1\n    def area(self):\n        return self.size ** 2\n    def \
         __str__(self):\n        return f'{self.name}:{self.area():>4}'\n\nclass Room(Shape):\n    def \
         __init__(self, size):\n        super().__init__('room', size)\n    def area(self):\n        return 10 \
         + super().area()\n\nrooms = [Room(3), Shape('cell')]\nprint(rooms[0], str(rooms[1]), \
         Shape.count)\n",
        0,
        "room:  19 cell:   1 2\n",
    );
    check(
        "python:3",
        "class Bad(ValueError):\n    pass\n\ndef twice(f):\n    def inner(x):\n        return f(x) * 2\n    \
         return inner\n\n@twice\ndef plus(x: int) -> int:\n    return x + 1\n\ntotal = 0\ndef add(n):\n    \
         global total\n    total += n\n\nadd(plus(3))\nprint(total, sorted(['bb', 'a'], key=lambda w: \
         len(w)), list(map(lambda x: x * x, [1, 2])))\ntry:\n    raise Bad('no')\nexcept ValueError as \
         e:\n    print('caught', e)\nfinally:\n    print('{:.2f}|{:<4}|{:,}'.format(2 / 3.0 if False else \
         0.5, 'ab', 1234567))\nraise Bad('out')\n",
        1,
        "8 ['a', 'bb'] [1, 4]\ncaught no\n0.50|ab  |1,234,567\nTraceback (most recent call last):\n  File \
         \"/app.py\", line 26, in <module>\n    raise Bad('out')\nBad: out\n",
    );
}

#[test]
fn what_it_does_not_know_it_says() {
    check(
        "python:3",
        "print 'old'\n",
        1,
        "  File \"/app.py\", line 1\n    print 'old'\nSyntaxError: invalid syntax\n",
    );
    check(
        "python:3",
        "\n\nimport numpy\n",
        1,
        "Traceback (most recent call last):\n  File \"/app.py\", line 3, in <module>\n    import \
         numpy\nModuleNotFoundError: No module named 'numpy' (not simulated, or not there)\n",
    );
    check(
        "python:2.7",
        "def f(n):\n    return g(n)\n\nf(1)\n",
        1,
        "Traceback (most recent call last):\n  File \"/app.py\", line 4, in <module>\n    f(1)\n  \
         File \"/app.py\", line 2, in f\n    return g(n)\nNameError: name 'g' is not defined\n",
    );
    check(
        "python:2.7",
        "yield 1\n",
        1,
        "  File \"/app.py\", line 1\n    yield 1\nSyntaxError: not simulated: yield\n",
    );
}

#[test]
fn an_endless_loop_is_endless_in_virtual_time_only() {
    let mut host = Host::with(Release(19, 3), &["python:2.7"]);
    let id = host.run(config("python:2.7", &["python", "-c", "while True: pass"]));
    host.settle(Duration::from_millis(100));
    assert!(host.engine.get(&id).unwrap().is_running());
    let deep =
        host.run(config("python:2.7", &["python", "-c", "def f(n):\n  return f(n + 1)\nf(0)"]));
    host.engine.kill(host.now, &mut host.machine, &id, os::Signal::Kill).unwrap();
    host.settle(Duration::from_secs(1));
    assert!(host.log(&deep).contains("RuntimeError: maximum recursion depth exceeded"));
}

#[test]
fn json_is_read_and_written_as_python_does() {
    check(
        "python:3",
        "import json\n\
         v = json.loads('{\"b\": [1, 2.50, null, \"\\\\u00e9\\\\ud83d\"], \"a\": {}}')\n\
         print(v['b'][1] + 1, json.dumps(v), json.dumps(v, sort_keys=True))\n\
         print(json.dumps([1, 'é', True], indent=2))\n\
         for text in ['[1, 2', '{a: 1}', '{\"a\" 1}', '\"x', 'tru', '1 2', '']:\n    \
             try:\n        json.loads(text)\n    except ValueError as e:\n        print(e)\n",
        0,
        "3.5 {\"b\": [1, 2.5, null, \"\\u00e9\\ufffd\"], \"a\": {}} {\"a\": {}, \"b\": [1, 2.5, null, \"\\u00e9\\ufffd\"]}\n\
         [\n  1,\n  \"\\u00e9\",\n  true\n]\n\
         Expecting ',' delimiter: line 1 column 6 (char 5)\n\
         Expecting property name enclosed in double quotes: line 1 column 2 (char 1)\n\
         Expecting ':' delimiter: line 1 column 6 (char 5)\n\
         Unterminated string starting at: line 1 column 1 (char 0)\n\
         Expecting value: line 1 column 1 (char 0)\n\
         Extra data: line 1 column 3 (char 2)\n\
         Expecting value: line 1 column 1 (char 0)\n",
    );
}

/// Whatever script it is given, Python neither panics nor holds the world up.
#[test]
fn any_script_ends_or_waits() {
    const PIECES: &str = "x y x[0] x. .append( f( (x) [ ] { } ( ) : , = == += + - * / // % ** < > 1 0 -1 2**64 1e9 0.1 'a' \"b \
        '%s'%x f'{x}' \"\"\" None True not_ and_ or_ in_ is_ if_x: else: elif_ while_True: for_i_in_range(9): def_f(x): class_A: \
        return_ yield_ lambda_a: import_os import_json from_os_import_* try: except: except_ValueError_as_e: finally: raise_ \
        pass break continue print( len( range(10**9) open('/etc/passwd') .read() .split() .format( os.environ[ json.loads('[') \
        [i_for_i_in_x] {1:2} sorted( lambda: del_x global_x with_open('f')_as_f: \n \n_ \n__ \n____ # \\";
    let pieces: Vec<&str> = PIECES.split_whitespace().collect();
    let mut host = Host::with(Release(19, 3), &["python:3"]);
    for seed in 1..=120 {
        let mut rng = sim::Streams::new(seed).stream("scripts");
        let size = u64::try_from(pieces.len()).unwrap();
        let count = 1 + rng.below(30);
        let chosen = (0..count).map(|_| pieces[usize::try_from(rng.below(size)).unwrap()]);
        let source = chosen.collect::<String>().replace("\\n", "\n").replace('_', " ");
        let asked = config("python:3", &["python", "-c", &source]);
        let id = host.engine.create(host.now, &host.machine, asked).unwrap();
        let stdio = glasshive_engine::Stdio::default();
        host.engine.start(host.now, &mut host.machine, &id, stdio).unwrap();
        host.settle(Duration::from_millis(20));
        let _ = host.engine.kill(host.now, &mut host.machine, &id, os::Signal::Kill);
        host.settle(Duration::from_millis(1));
        assert!(!host.engine.get(&id).unwrap().is_running(), "seed {seed}: {source}");
    }
}
