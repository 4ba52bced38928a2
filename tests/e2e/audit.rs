//! Planted leaks that the audit must find, each with its place and with the way back to whoever did it; and
//! that what it knows is what there is.

use glasshive_tests::desk::Desk;
use sim::Streams;
use world::{AuditRules, AuditView, FindingView, Form, Input, NeedleKind, Spec, Surface, Verdict};

/// In no published image and in no host's files.
const TEXT: &str = "otter-42-glass";

/// One manager and two workers with an audit and a secret `pw`, which is made of a file that nobody
/// types.
fn desk(seed: u64) -> Desk {
    let spec = Spec::new(["node1", "node2", "node3"]).with_managers(["node1"]).with_docker("20.10");
    let mut desk = Desk::new(spec.with_seed(seed));
    desk.world.start_audit();
    put(&mut desk, "/root/pw.txt");
    desk.says("node1", "docker secret create pw pw.txt && rm pw.txt");
    desk
}

fn put(desk: &mut Desk, path: &str) {
    let (node, path, text) = ("node1".to_owned(), path.to_owned(), TEXT.to_owned());
    desk.world.apply(Input::WriteFile { node, path, text }).unwrap();
}

/// A service `web` on node2 that was given the secret.
fn with_service(seed: u64, options: &str) -> Desk {
    let mut desk = desk(seed);
    let on = "--constraint node.hostname==node2";
    let create = format!("docker service create -q --name web {on} --secret pw {options} nginx");
    desk.says("node1", &create);
    desk.until_running("web", 1);
    desk
}

fn view(desk: &Desk) -> AuditView {
    assert_eq!(desk.world.audit_differences(), [] as [String; 0]);
    desk.world.audit_view(&AuditRules::default()).unwrap()
}

/// The finding of a kind of place on a node whose place begins so.
#[track_caller]
fn found<'a>(view: &'a AuditView, surface: Surface, node: &str, place: &str) -> &'a FindingView {
    let at = |f: &&FindingView| {
        f.needle == "pw" && f.surface == surface && f.node == node && f.place.starts_with(place)
    };
    let found = view.findings.iter().find(at);
    found.unwrap_or_else(|| {
        let shown: Vec<String> = view
            .findings
            .iter()
            .map(|f| format!("{} {} {} {:?}", f.node, f.surface.word(), f.place, f.verdict))
            .collect();
        panic!("nothing in {surface:?} of {node} at {place}\n{}", shown.join("\n"))
    })
}

/// An unexpected finding, spelled so, that goes back to a typed line.
#[track_caller]
fn leak(
    view: &AuditView,
    (surface, node, place): (Surface, &str, &str),
    (offset, form): (u64, Form),
    typed: &str,
) {
    let found = found(view, surface, node, place);
    assert_eq!(found.verdict, Verdict::Unexpected, "{found:?}");
    assert_eq!((found.offset, found.form), (offset, form), "{found:?}");
    let first = found.causes.last().map(|cause| (cause.kind, cause.text.as_str()));
    assert!(
        first.is_some_and(|(kind, text)| kind == "input" && text.contains(typed)),
        "{place}: {:#?}",
        found.causes
    );
}

#[track_caller]
fn nothing_unexpected(view: &AuditView) {
    let wrong: Vec<_> =
        view.findings.iter().filter(|found| found.verdict == Verdict::Unexpected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_clean_run_shows_only_what_is_allowed() {
    for seed in [1, 2] {
        let mut desk = desk(seed);
        desk.says("node1", "docker service create -q --name web --replicas 2 --secret pw nginx");
        desk.until_running("web", 2);
        desk.says("node1", "docker service scale web=1 > /dev/null");
        desk.wait(20);
        desk.says("node1", "docker service rm web && docker secret rm pw");
        desk.wait(20);
        let rules = AuditRules {
            allow: vec![world::PlaceRule::parse("pw in file:node1:/root/pw.txt").unwrap()],
            ..AuditRules::default()
        };
        let seen = desk.world.audit_view(&rules).unwrap();
        assert!(seen.is_clean(), "{:#?}", seen.findings);
        // Of all that was allowed only the sealed log is left.
        let left = seen.findings.iter().filter(|f| f.needle == "pw" && f.gone_ms.is_none());
        assert!(left.clone().count() > 0 && left.clone().all(|f| f.form == Form::Sealed));
        // It has looked, and it has found what is allowed.
        for surface in [Surface::Memory, Surface::Tmpfs, Surface::Disk, Surface::File] {
            assert!(seen.findings.iter().any(|f| f.needle == "pw" && f.surface == surface));
        }
    }
}

#[test]
fn a_variable_of_a_service() {
    let desk = with_service(1, &format!("-e PASSWORD={TEXT}"));
    let seen = view(&desk);
    let typed = "docker service create";
    let container = "container web.1.";
    for (place, at) in [
        ((Surface::Terminal, "node1", "line 2, typed"), None),
        ((Surface::Metadata, "node1", "service web, env PASSWORD"), Some(9)),
        ((Surface::Metadata, "node1", "task web.1 ("), Some(9)),
        ((Surface::Metadata, "node2", container), Some(9)),
        ((Surface::Disk, "node2", "/var/lib/docker/swarm/worker/tasks.db"), None),
        ((Surface::Process, "node2", ""), Some(0)),
    ] {
        let offset = at.unwrap_or_else(|| found(&seen, place.0, place.1, place.2).offset);
        leak(&seen, place, (offset, Form::Plain), typed);
    }
    assert!(found(&seen, Surface::Metadata, "node2", container).place.ends_with(", env PASSWORD"));
}

#[test]
fn a_label() {
    let desk = with_service(2, &format!("--label note={TEXT}"));
    let place = (Surface::Metadata, "node1", "service web, label note");
    leak(&view(&desk), place, (5, Form::Plain), "--label note");
}

#[test]
fn a_copy_that_is_committed_and_runs_elsewhere() {
    let mut desk = with_service(3, "");
    nothing_unexpected_but_the_file(&desk);
    desk.says("node2", "docker exec $(docker ps -q) cp /run/secrets/pw /tmp/kept");
    desk.says("node2", "docker commit $(docker ps -q) leaky > /dev/null");
    let seen = view(&desk);
    leak(&seen, (Surface::Container, "node2", "container web.1."), (0, Form::Plain), "docker exec");
    leak(&seen, (Surface::Image, "node2", "image "), (0, Form::Plain), "docker commit");
    assert!(found(&seen, Surface::Image, "node2", "image ").place.ends_with(" /tmp/kept"));
    // Pushed, it goes to whoever pulls it.
    desk.says("node2", "echo x | docker login -u alice --password-stdin > /dev/null");
    desk.says("node2", "docker tag leaky alice/leaky && docker push alice/leaky > /dev/null");
    desk.says("node3", "docker run --rm alice/leaky true");
    let seen = view(&desk);
    leak(&seen, (Surface::Image, "node3", "image "), (0, Form::Plain), "docker run");
    // The task is gone and so is the secret; the image still gives it away.
    desk.says("node1", "docker service rm web && docker secret rm pw");
    desk.wait(20);
    let shown = desk.says("node2", "docker run --rm leaky cat /tmp/kept");
    assert_eq!(shown, TEXT);
    let seen = view(&desk);
    let image = found(&seen, Surface::Image, "node2", "image ");
    assert_eq!(image.gone_ms, None);
    leak(&seen, (Surface::Terminal, "node2", "line 5, shown"), (0, Form::Plain), "docker run");
}

/// The planted file of the set-up is a leak of its own until it is removed.
#[track_caller]
fn nothing_unexpected_but_the_file(desk: &Desk) {
    let mut seen = view(desk);
    seen.findings.retain(|found| found.place != "/root/pw.txt");
    nothing_unexpected(&seen);
}

#[test]
fn a_copy_in_a_dockerfile_and_an_argument_of_a_build() {
    let mut desk = desk(13);
    put(&mut desk, "/root/key");
    let write = |lines: &str| format!("printf '{lines}' > Dockerfile");
    desk.says("node1", &write("FROM alpine\\nCOPY key /app/key\\nRUN rm /app/key\\n"));
    desk.says("node1", "docker build -q -t copied . > /dev/null");
    desk.says("node1", &write("FROM alpine\\nARG KEY\\nRUN echo $KEY > /etc/key\\n"));
    desk.says("node1", "docker build -q -t told --build-arg KEY=$(cat key) . > /dev/null");
    let seen = view(&desk);
    let copied = seen.findings.iter().find(|f| f.place.ends_with(" /app/key"));
    let copied = copied.expect("a later layer only hides the file");
    assert_eq!((copied.surface, copied.verdict), (Surface::Image, Verdict::Unexpected));
    assert!(copied.causes.last().unwrap().text.contains("docker build -q -t copied"), "{copied:?}");
    let told = seen.findings.iter().find(|f| f.place.contains(", history ")).expect("history");
    assert!(told.causes.last().unwrap().text.contains("docker build -q -t told"), "{told:?}");

    // The right way: a mount in memory for one step.
    let mount = "RUN --mount=type=secret,id=key wc -c /run/secrets/key";
    desk.says("node1", &write(&format!("FROM alpine\\n{mount}\\n")));
    let before = seen.findings.iter().filter(|f| f.verdict == Verdict::Unexpected).count();
    let build =
        "DOCKER_BUILDKIT=1 docker build --secret id=key,src=key -t right . > /dev/null 2>&1";
    desk.says("node1", build);
    let seen = view(&desk);
    let after = seen.findings.iter().filter(|f| f.verdict == Verdict::Unexpected).count();
    assert_eq!(after, before, "{:#?}", seen.findings);
    assert!(seen.findings.iter().any(|f| f.why.contains("a container reads the secrets")));
}

#[test]
fn an_echo_into_the_log() {
    let mut desk = desk(4);
    let shell = "sh -c 'echo password is $(cat /run/secrets/pw); sleep 1000'";
    let create =
        "docker service create -q --name app --constraint node.hostname==node3 --secret pw";
    desk.says("node1", &format!("{create} nginx {shell}"));
    desk.until_running("app", 1);
    desk.wait(2);
    let seen = view(&desk);
    let place = (Surface::Log, "node3", "log of app.1.");
    leak(&seen, place, (12, Form::Plain), "docker service create");
    // Whoever asks for the log has it on his screen.
    desk.says("node3", "docker logs $(docker ps -q)");
    let place = (Surface::Terminal, "node3", "line 1, shown");
    leak(&view(&desk), place, (12, Form::Plain), "docker logs");
}

#[test]
fn a_history_that_is_saved() {
    let mut desk = desk(5);
    desk.says("node1", &format!("printf {TEXT} | wc -c"));
    desk.run("node1", "exit");
    let seen = view(&desk);
    let history = found(&seen, Surface::File, "node1", "/root/.bash_history");
    assert_eq!((history.verdict, history.form), (Verdict::Unexpected, Form::Plain));
    assert!(history.causes.last().unwrap().text.ends_with("exit"), "{history:?}");
    leak(&seen, (Surface::Terminal, "node1", "line 2, typed"), (7, Form::Plain), "printf");
}

#[test]
fn a_config_in_the_place_of_a_secret() {
    let mut desk = desk(6);
    put(&mut desk, "/root/app.conf");
    desk.says("node1", "docker config create app app.conf && rm app.conf");
    let seen = view(&desk);
    leak(
        &seen,
        (Surface::Metadata, "node1", "config app, data"),
        (0, Form::Plain),
        "docker config create",
    );
    desk.says("node1", "docker config inspect --pretty app");
    let place = (Surface::Terminal, "node1", "line 3, shown");
    let offset = found(&view(&desk), place.0, place.1, place.2).offset;
    leak(&view(&desk), place, (offset, Form::Plain), "docker config inspect");
}

#[test]
fn spellings_in_a_variable_and_in_files() {
    let mut desk = with_service(7, "");
    put(&mut desk, "/root/it");
    desk.says("node1", "docker service update -q --env-add TOKEN=$(base64 < it) web > /dev/null");
    desk.says("node1", "od -An -tx1 it | tr -d ' \\n' > hexed");
    desk.says("node1", "(printf 'user:'; cat it) | base64 > basic; rm it");
    let seen = view(&desk);
    let token = (Surface::Metadata, "node1", "service web, env TOKEN");
    leak(&seen, token, (6, Form::Base64), "service update");
    leak(&seen, (Surface::File, "node1", "/root/hexed"), (0, Form::Hex), "od -An");
    // Five bytes in front move the text by two bits.
    leak(&seen, (Surface::File, "node1", "/root/basic"), (7, Form::Base64), "base64 > basic");
}

#[test]
fn a_volume_and_a_file_name() {
    let mut desk = with_service(8, "--mount type=volume,source=data,target=/data");
    desk.says("node2", "docker exec $(docker ps -q) cp /run/secrets/pw /data/copy");
    desk.says("node2", "docker exec $(docker ps -q) sh -c 'touch /tmp/$(cat /run/secrets/pw)'");
    let seen = view(&desk);
    let volume = "/var/lib/docker/volumes/data/_data/copy";
    leak(&seen, (Surface::File, "node2", volume), (0, Form::Plain), "cp /run/secrets/pw");
    let named = found(&seen, Surface::Container, "node2", "container web.1.");
    assert!(named.place.ends_with("(its name)"), "{named:?}");
}

#[test]
fn a_worker_that_runs_the_task_may_look_into_its_memory() {
    let desk = with_service(9, "");
    let seen = view(&desk);
    for (surface, place) in [
        (Surface::Memory, "memory of the agent, secret pw"),
        (Surface::Memory, "memory of the daemon, container web.1."),
        (Surface::Tmpfs, "container web.1."),
    ] {
        let found = found(&seen, surface, "node2", place);
        assert_eq!((found.verdict, found.offset), (Verdict::Allowed, 0), "{found:?}");
        assert!(found.why.contains("secrets"), "{}", found.why);
        let typed = &found.causes.last().unwrap().text;
        assert!(typed.contains("docker service create"), "{:#?}", found.causes);
    }
    let elsewhere = |found: &FindingView| found.needle == "pw" && found.node == "node3";
    assert!(!seen.findings.iter().any(elsewhere), "{:#?}", seen.findings);
}

#[test]
fn a_disk_opens_with_the_key_beside_it_unless_it_is_locked() {
    let mut desk = desk(10);
    let seen = view(&desk);
    let disk = seen.disks.iter().find(|disk| disk.node == "node1").unwrap();
    assert_eq!((disk.lock, disk.sealed), ("the key lies beside the data", disk.opened));
    let log = "/var/lib/docker/swarm/raft/";
    let sealed = found(&seen, Surface::Disk, "node1", log);
    assert_eq!((sealed.form, sealed.verdict), (Form::Sealed, Verdict::Allowed));
    assert!(sealed.causes.last().unwrap().text.contains("docker secret create"), "{sealed:#?}");

    let shown = desk.says("node1", "docker swarm update --autolock");
    desk.wait(5);
    let seen = view(&desk);
    let disk = seen.disks.iter().find(|disk| disk.node == "node1").unwrap();
    assert_eq!((disk.lock, disk.opened), ("the key is sealed with the unlock key", 0));
    assert!(seen.findings.iter().all(|found| found.form != Form::Sealed));
    assert!(disk.sealed > 0);

    // Somebody keeps the unlock key where the data is.
    let key = shown.split_whitespace().find(|word| word.starts_with("SWMKEY-")).unwrap();
    desk.says("node1", &format!("echo {key} > unlock.txt"));
    let seen = view(&desk);
    let disk = seen.disks.iter().find(|disk| disk.node == "node1").unwrap();
    assert_eq!((disk.lock, disk.sealed), ("the unlock key lies on the same disk", disk.opened));
    let sealed = found(&seen, Surface::Disk, "node1", log);
    assert_eq!(sealed.verdict, Verdict::Unexpected);
    let key = seen.findings.iter().find(|f| f.needle == "unlock key" && f.surface == Surface::File);
    assert!(key.is_some_and(|found| found.verdict == Verdict::Unexpected), "{key:?}");
}

/// What the audit says of the copy in a folder of `thief`: how the key is kept, and whether all of it opens.
#[track_caller]
fn copy(view: &AuditView, folder: &str) -> (&'static str, bool) {
    let is_it = |disk: &&world::DiskView| disk.copy.as_deref() == Some(folder);
    let disk = view.disks.iter().find(is_it);
    let disk = disk.unwrap_or_else(|| panic!("no copy in {folder}: {:#?}", view.disks));
    assert!(disk.node == "thief" && disk.sealed > 0);
    assert!(disk.opened == 0 || disk.opened == disk.sealed, "{disk:?}");
    (disk.lock, disk.opened > 0)
}

#[test]
fn a_stolen_disk_opens_with_what_lay_beside_it_when_it_was_copied() {
    const BESIDE: (&str, bool) = ("the key lies beside the data", true);
    const LOCKED: (&str, bool) = ("the key is sealed with the unlock key", false);
    const KNOWN: (&str, bool) = ("its unlock key is known on the same host", true);
    let spec = Spec::new(["node1", "thief"]).with_managers(["node1"]).with_docker("20.10");
    let mut desk = Desk::new(spec.with_seed(14));
    desk.world.start_audit();
    desk.says("node1", &format!("printf {TEXT} | docker secret create pw -"));
    let steal = |desk: &mut Desk, day: &str| {
        desk.world.inject("steal-disk node1 to thief").unwrap();
        desk.says("thief", &format!("cp -r /loot/node1 {day}"));
    };
    desk.world.inject("steal-disk node1 to thief").unwrap();
    let seen = view(&desk);
    assert_eq!(copy(&seen, "/loot/node1"), BESIDE);
    let stolen = found(&seen, Surface::File, "thief", "/loot/node1/raft/wal-v3-encrypted/");
    assert_eq!((stolen.form, stolen.verdict), (Form::Sealed, Verdict::Unexpected));
    let kinds: Vec<&str> = stolen.causes.iter().map(|cause| cause.kind).collect();
    assert_eq!(kinds, ["fault", "input"], "{:#?}", stolen.causes);
    // The keys themselves are in the copy, too, and belong on node1's disk alone.
    for needle in ["data key of node1", "node key of node1"] {
        let of = |f: &&&FindingView| f.needle == needle && f.form == Form::Base64;
        let places: Vec<_> = seen.findings.iter().filter(|f| of(&f)).collect();
        let at = |surface| places.iter().find(|f| f.surface == surface).map(|f| f.verdict);
        assert_eq!(at(Surface::Disk), Some(Verdict::Allowed), "{needle}: {places:#?}");
        assert_eq!(at(Surface::File), Some(Verdict::Unexpected), "{needle}: {places:#?}");
        assert_eq!(places.len(), 2, "{needle}: {places:#?}");
    }

    desk.says("thief", "cp -r /loot/node1 monday");
    let shown = desk.says("node1", "docker swarm update --autolock");
    let unlock_key = |shown: &str| {
        shown.split_whitespace().find(|word| word.starts_with("SWMKEY-")).unwrap().to_owned()
    };
    let first = unlock_key(&shown);
    desk.wait(5);
    steal(&mut desk, "tuesday");
    let seen = view(&desk);
    assert_eq!([copy(&seen, "/root/monday"), copy(&seen, "/root/tuesday")], [BESIDE, LOCKED]);
    let on_tuesday = |f: &FindingView| f.place.starts_with("/root/tuesday/");
    assert!(!seen.findings.iter().any(on_tuesday), "nothing of it is in the clear");

    let shown = desk.says("node1", "docker swarm unlock-key --rotate");
    let second = unlock_key(&shown);
    desk.wait(5);
    steal(&mut desk, "wednesday");
    let days = ["/root/monday", "/root/tuesday", "/root/wednesday"];
    let each = |desk: &Desk| days.map(|day| copy(&view(desk), day));
    assert_eq!(each(&desk), [BESIDE, LOCKED, LOCKED]);
    // Somebody has seen the first key; each copy opens with the key of its day.
    desk.says("thief", &format!("echo {first} > seen.txt"));
    assert_eq!(each(&desk), [BESIDE, KNOWN, LOCKED]);
    desk.says("thief", "rm seen.txt && clear");
    desk.run("thief", &format!("swarm-rafttool -d wednesday --unlock-key {second} dump-wal"));
    assert_eq!(each(&desk)[2], KNOWN, "typed, and kept nowhere else");
    // Put together by hand: a locked log and the key file of another day.
    desk.says(
        "thief",
        "cp -r tuesday mixed && cp monday/certificates/swarm-node.key mixed/certificates/",
    );
    let is_mixed = |disk: &&world::DiskView| disk.copy.as_deref() == Some("/root/mixed");
    let seen = view(&desk);
    let mixed = seen.disks.iter().find(is_mixed).unwrap();
    assert_eq!((mixed.lock, mixed.opened), ("the key lies beside the data", 0));
    assert!(mixed.sealed > 0);
}

#[test]
fn a_locked_manager_keeps_no_key_in_the_clear() {
    let is_key = |f: &&FindingView| matches!(f.kind, NeedleKind::DataKey | NeedleKind::NodeKey);
    let in_clear = |desk: &Desk, node: &str| -> Vec<(String, Verdict)> {
        let seen = view(desk);
        let there = seen.findings.iter().filter(is_key).filter(|f| f.gone_ms.is_none());
        there.filter(|f| f.node == node).map(|f| (f.place.clone(), f.verdict)).collect()
    };
    const FILE: &str = "/var/lib/docker/swarm/certificates/swarm-node.key";
    let beside = |verdict| (FILE.to_owned(), verdict);

    // Locked from its first moment, and again after a restart.
    let mut desk = Desk::new(Spec::new(["node1"]).with_docker("20.10").with_seed(15));
    desk.world.start_audit();
    let shown = desk.says("node1", "docker swarm init --autolock");
    let key = shown.split_whitespace().find(|word| word.starts_with("SWMKEY-")).unwrap();
    desk.says("node1", "systemctl restart docker");
    desk.says("node1", &format!("echo {key} | docker swarm unlock"));
    desk.wait(20);
    let seen = view(&desk);
    assert!(seen.needles.iter().any(|needle| needle.kind == NeedleKind::DataKey), "{seen:#?}");
    let wrong = seen.findings.iter().filter(is_key).find(|f| f.verdict == Verdict::Unexpected);
    assert!(wrong.is_none() && in_clear(&desk, "node1").is_empty(), "{:#?}", seen.findings);

    // Locked later: what lay in the clear is gone. A worker has no lock, a manager without one neither.
    let spec = Spec::new(["m1", "m2", "w1"]).with_managers(["m1", "m2"]).with_docker("20.10");
    let mut desk = Desk::new(spec.with_seed(16));
    desk.world.start_audit();
    let two = vec![beside(Verdict::Allowed); 2];
    assert_eq!(in_clear(&desk, "m2"), two, "data key and node key");
    assert_eq!(in_clear(&desk, "w1"), two[..1]);
    desk.says("m1", "docker swarm update --autolock > /dev/null");
    desk.wait(20);
    assert_eq!(in_clear(&desk, "m1").len() + in_clear(&desk, "m2").len(), 0);
    assert_eq!(in_clear(&desk, "w1"), two[..1]);
    desk.says("m1", "docker swarm update --autolock=false > /dev/null");
    desk.wait(20);
    assert_eq!(in_clear(&desk, "m2"), two);
    // A copy of the key file is a leak wherever it lies.
    desk.says("m2", &format!("grep raft-dek {FILE} > note"));
    assert!(in_clear(&desk, "m2").contains(&("/root/note".to_owned(), Verdict::Unexpected)));
}

#[test]
fn short_texts_are_said_not_to_be_looked_for() {
    let mut desk = desk(11);
    desk.says("node1", "printf abc | docker secret create short -");
    let seen = view(&desk);
    let short = seen.needles.iter().find(|needle| needle.name == "short").unwrap();
    assert!(short.is_too_short);
    assert!(seen.findings.iter().all(|found| found.needle != "short"));
}

#[test]
fn the_audit_changes_nothing() {
    let run = |audited: bool| {
        let mut desk = Desk::release("20.10", 12);
        if audited {
            desk.world.start_audit();
        }
        desk.says("node1", &format!("printf {TEXT} | docker secret create pw -"));
        desk.says("node1", "docker service create -q --name web --secret pw nginx");
        desk.wait(30);
        desk.world.digest()
    };
    assert_eq!(run(true), run(false));
}

/// What the audit knows after every step is what a look at everything gives, and for texts as they are
/// it is what the plain search finds.
#[test]
fn what_changed_is_all_that_needs_a_look() {
    for seed in 0..6 {
        let mut rng = Streams::new(seed).stream("audit");
        let mut desk = Desk::new(
            Spec::new(["m1", "m2", "m3", "w1"])
                .with_managers(["m1", "m2", "m3"])
                .with_docker(["17.03", "20.10"][rng.below(2) as usize])
                .with_seed(seed),
        );
        desk.world.start_audit();
        for step in 0..25 {
            let node = ["m1", "m2", "m3", "w1"][rng.below(4) as usize];
            let number = rng.below(3);
            let line = match rng.below(14) {
                0 => format!("printf secret-{number}-text | docker secret create s{number} -"),
                1 => format!("echo secret-{number}-text >> notes; cat notes"),
                2 => format!("docker service create --name v{number} --secret s{number} nginx"),
                3 => format!(
                    "docker service create --name e{number} -e P=secret-{number}-text nginx"
                ),
                4 => format!("docker service scale v{number}={}", rng.below(4)),
                5 => format!("docker service rm v{number} e{number}"),
                6 => "docker exec $(docker ps -q | head -n 1) cp -r /run/secrets /tmp".to_owned(),
                7 => "docker commit $(docker ps -q | head -n 1) kept".to_owned(),
                8 => format!("docker run -d nginx sh -c 'echo secret-{number}-text; sleep 5'"),
                9 => "rm -f notes; docker rm -f $(docker ps -aq | head -n 1)".to_owned(),
                10 => "exit".to_owned(),
                11 => format!("docker secret rm s{number}"),
                12 => {
                    desk.world.inject(&format!("crash {node}")).unwrap();
                    desk.wait(rng.below(20));
                    desk.world.inject(&format!("restart {node}")).unwrap();
                    continue;
                }
                _ => format!(
                    "base64 notes > coded; docker rename $(docker ps -q | head -n 1) n{step}"
                ),
            };
            desk.run(node, &line);
            desk.wait(rng.below(10));
            let wrong = desk.world.audit_differences();
            assert!(wrong.is_empty(), "seed {seed}, step {step}, {node}$ {line}: {wrong:#?}");
        }
        let seen = desk.world.audit_view(&AuditRules::default()).unwrap();
        for number in 0..3 {
            let name = format!("s{number}");
            if !seen.needles.iter().any(|needle| needle.name == name) {
                continue;
            }
            for (surface, node) in desk.surfaces_with(&format!("secret-{number}-text")) {
                let known = seen.findings.iter().any(|found| {
                    found.needle == name && found.surface == surface && found.node == node
                });
                assert!(known, "seed {seed}: {name} in {surface:?} of {node} is not known");
            }
        }
    }
}
