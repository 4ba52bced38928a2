//! Volumes of pods on the host: below `/var/lib/kubelet/pods/UID/volumes`. Secrets are on tmpfs; what is in a volume is
//! changed at once by renaming one link (kubelet: `pkg/volume/util/atomic_writer.go`).

use sorted::SortedMap;

use os::Machine;
use os::fs::{Attributes, Inode, Kind, Located, Mount, User};
use serde_json::Value;
use sim::Time;

use super::cache::Cache;
use super::downward;
use crate::json::{at, flag, int, items, text};

/// A volume that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mounted {
    /// Its path on the host.
    pub(super) path: String,
    /// What it shows.
    payload: Option<Payload>,
    is_memory: bool,
}

/// Files by path, with their bytes and modes.
pub(super) type Payload = SortedMap<String, (Vec<u8>, u32)>;

/// Why a volume cannot be made.
pub(super) enum Trouble {
    /// It is not known yet.
    Wait,
    /// Told as an event.
    Failed(String),
}

const PODS: &str = "/var/lib/kubelet/pods";

/// The folder of a pod.
pub(super) fn pod_folder(uid: &str) -> String {
    format!("{PODS}/{uid}")
}

fn plugin(volume: &Value) -> &'static str {
    let kinds = [
        ("secret", "kubernetes.io~secret"),
        ("configMap", "kubernetes.io~configmap"),
        ("projected", "kubernetes.io~projected"),
        ("emptyDir", "kubernetes.io~empty-dir"),
        ("downwardAPI", "kubernetes.io~downward-api"),
    ];
    let found = kinds.iter().find(|(kind, _)| volume[*kind].is_object());
    found.map_or("", |(_, plugin)| plugin)
}

/// What a volume is to show; nothing for one that is just a folder.
fn payload(pod: &Value, volume: &Value, cache: &Cache) -> Result<Option<Payload>, Trouble> {
    let mut payload = Payload::new();
    if volume["secret"].is_object() {
        let source = &volume["secret"];
        let name = text(source, "secretName");
        keys("secrets", pod, source, name, int(source, "defaultMode"), cache, &mut payload)?;
    } else if volume["configMap"].is_object() {
        let source = &volume["configMap"];
        let name = text(source, "name");
        keys("configmaps", pod, source, name, int(source, "defaultMode"), cache, &mut payload)?;
    } else if volume["projected"].is_object() {
        let mode = int(volume, "projected/defaultMode");
        for source in items(volume, "projected/sources") {
            for (kind, resource) in [("secret", "secrets"), ("configMap", "configmaps")] {
                if source[kind].is_object() {
                    let one = &source[kind];
                    keys(resource, pod, one, text(one, "name"), mode, cache, &mut payload)?;
                }
            }
            let token = text(source, "serviceAccountToken/path");
            if !token.is_empty() {
                let known = cache.tokens.get(crate::json::uid(pod)).ok_or(Trouble::Wait)?;
                payload.insert(token.to_owned(), (known.clone().into_bytes(), bits(mode)));
            }
            downward::files(pod, &source["downwardAPI"], mode, &mut payload);
        }
    } else if volume["downwardAPI"].is_object() {
        let source = &volume["downwardAPI"];
        downward::files(pod, source, int(source, "defaultMode"), &mut payload);
    } else {
        return Ok(None);
    }
    Ok(Some(payload))
}

pub(super) fn bits(mode: i64) -> u32 {
    u32::try_from(mode).ok().filter(|mode| *mode > 0).unwrap_or(0o644)
}

/// The keys of a secret or config map as files.
fn keys(
    resource: &'static str,
    pod: &Value,
    source: &Value,
    name: &str,
    mode: i64,
    cache: &Cache,
    payload: &mut Payload,
) -> Result<(), Trouble> {
    let home = crate::json::namespace(pod);
    let optional = flag(source, "optional");
    let key = (resource, home.to_owned(), name.to_owned());
    let word = if resource == "secrets" { "secret" } else { "configmap" };
    let known = cache.known.get(&key).ok_or(Trouble::Wait)?;
    let Some(object) = &known.object else {
        if optional && known.is_read {
            return Ok(());
        }
        return Err(match (&known.refusal, known.is_read) {
            (Some(why), _) => Trouble::Failed(format!("failed to sync {word} cache: {why}")),
            (None, true) => Trouble::Failed(format!("{word} \"{name}\" not found")),
            (None, false) => Trouble::Wait,
        });
    };
    let value = |key: &str| {
        let found = object["data"].get(key)?.as_str()?;
        match resource {
            "secrets" => seal::base64::decode(found),
            _ => Some(found.as_bytes().to_vec()),
        }
    };
    let listed = items(source, "items");
    if listed.is_empty() {
        for (key, _) in crate::json::members(object, "data") {
            payload.insert(key.to_owned(), (value(key).unwrap_or_default(), bits(mode)));
        }
        return Ok(());
    }
    for item in listed {
        let key = text(item, "key");
        match value(key) {
            Some(bytes) => {
                let own = item["mode"].as_i64().unwrap_or(mode);
                payload.insert(text(item, "path").to_owned(), (bytes, bits(own)));
            }
            None if optional => {}
            None => {
                let text = format!("references non-existent {word} key: {key}");
                return Err(Trouble::Failed(text));
            }
        }
    }
    Ok(())
}

pub(super) fn folder(machine: &Machine, path: &str, mode: u32, now: Time) -> Option<Located> {
    let host = machine.host();
    let host = host.borrow();
    let mut at = String::new();
    for step in path.split('/').filter(|step| !step.is_empty()) {
        at = format!("{at}/{step}");
        let place = host.mounts.resolve("/", &at, true, User::ROOT).ok()?;
        if place.inode().is_none() {
            let attributes = Attributes::root(mode, now);
            let inode = Inode { attributes, kind: Kind::Directory };
            place.fs.borrow_mut().put(&place.inner, inode, now).ok()?;
        }
    }
    host.mounts.resolve("/", path, true, User::ROOT).ok()
}

/// What must be at a path of the host, or is made there (kubelet: `pkg/volume/hostpath`).
fn check_host_path(machine: &Machine, now: Time, path: &str, kind: &str) -> Result<(), Trouble> {
    if kind == "DirectoryOrCreate" {
        folder(machine, path, 0o755, now);
    }
    let host = machine.host();
    let found = host.borrow().mounts.resolve("/", path, true, User::ROOT);
    let found = found.ok().and_then(|place| place.inode());
    let fits = |is: fn(&Kind) -> bool| found.as_ref().is_some_and(|inode| is(&inode.kind));
    let (fits, what) = match kind {
        "Directory" => (fits(|kind| matches!(kind, Kind::Directory)), "directory"),
        "File" => (fits(|kind| matches!(kind, Kind::File(_))), "file"),
        _ => return Ok(()),
    };
    let why = format!("hostPath type check failed: {path} is not a {what}");
    if fits { Ok(()) } else { Err(Trouble::Failed(why)) }
}

/// Makes a volume, or brings it up to date.
pub(super) fn set_up(
    machine: &mut Machine,
    (now, wall): (Time, Time),
    pod: &Value,
    volume: &Value,
    old: Option<&Mounted>,
    cache: &Cache,
    stamp: u64,
) -> Result<Mounted, Trouble> {
    let shown = payload(pod, volume, cache)?;
    if let Some(path) = volume["hostPath"]["path"].as_str() {
        check_host_path(machine, now, path, text(volume, "hostPath/type"))?;
        return Ok(Mounted { path: path.to_owned(), payload: None, is_memory: false });
    }
    if let Some(old) = old.filter(|old| old.payload == shown) {
        return Ok(old.clone());
    }
    let kind = plugin(volume);
    if kind.is_empty() {
        return Err(Trouble::Failed("not simulated: this kind of volume".to_owned()));
    }
    let path =
        format!("{}/volumes/{kind}/{}", pod_folder(crate::json::uid(pod)), text(volume, "name"));
    let in_memory = matches!(
        kind,
        "kubernetes.io~secret" | "kubernetes.io~projected" | "kubernetes.io~downward-api"
    ) || text(volume, "emptyDir/medium") == "Memory";
    if let Some((above, _)) = path.rsplit_once('/') {
        folder(machine, above, 0o755, now);
    }
    // Whoever a container's programs are, they may write to an empty folder.
    let group = at(pod, "spec/securityContext/fsGroup").as_u64();
    let group = group.and_then(|group| u32::try_from(group).ok());
    let is_empty_folder = kind.ends_with("empty-dir");
    let place = folder(machine, &path, if is_empty_folder { 0o777 } else { 0o755 }, now);
    if let (None, true, Some(gid), Some(place)) = (old, is_empty_folder, group, place) {
        let attributes = Attributes { gid, ..Attributes::root(0o2777, now) };
        let inode = Inode { attributes, kind: Kind::Directory };
        let _ = place.fs.borrow_mut().put(&place.inner, inode, now);
    }
    if old.is_none() && in_memory {
        let host = machine.host();
        let mounts = &mut host.borrow_mut().mounts;
        let is_there = mounts.iter().any(|mount| mount.at == path);
        if !is_there {
            mounts.add(Mount::tmpfs(&path, 0o1777, now));
        }
    }
    if let Some(files) = &shown {
        write_atomically(machine, &path, files, (now, wall), stamp, group);
    }
    Ok(Mounted { path, payload: shown, is_memory: in_memory })
}

/// A new folder with all files, one link that is renamed, and a link for each top-level name.
fn write_atomically(
    machine: &Machine,
    path: &str,
    files: &Payload,
    (now, wall): (Time, Time),
    stamp: u64,
    group: Option<u32>,
) {
    let Some(place) = folder(machine, path, 0o755, now) else { return };
    let mut fs = place.fs.borrow_mut();
    let inner = |name: &str| match place.inner.as_str() {
        "/" => format!("/{name}"),
        inner => format!("{inner}/{name}"),
    };
    let old = match fs.get(&inner("..data")).map(|inode| &inode.kind) {
        Some(Kind::Symlink(target)) => Some(target.clone()),
        _ => None,
    };
    let date = wall.civil();
    let new = format!(
        "..{:04}_{:02}_{:02}_{:02}_{:02}_{:02}.{}",
        date.year, date.month, date.day, date.hour, date.minute, date.second, stamp
    );
    // What belongs to the pod's group its members may read (kubelet: `SetVolumeOwnership`).
    let attributes = |mode: u32, more: u32| match group {
        Some(gid) => Attributes { gid, ..Attributes::root(mode | more, now) },
        None => Attributes::root(mode, now),
    };
    let directory = |mode| Inode { attributes: attributes(mode, 0o2550), kind: Kind::Directory };
    let link = |target: &str| {
        let kind = Kind::Symlink(target.to_owned());
        Inode { attributes: Attributes::root(0o777, now), kind }
    };
    // The folder above is there; nothing here can fail but for a name that is in the way.
    let _ = fs.put(&inner(&new), directory(0o755), now);
    for (name, (bytes, mode)) in files {
        let mut at = new.clone();
        let steps: Vec<&str> = name.split('/').collect();
        for step in &steps[..steps.len() - 1] {
            at = format!("{at}/{step}");
            if fs.get(&inner(&at)).is_none() {
                let _ = fs.put(&inner(&at), directory(0o755), now);
            }
        }
        let kind = Kind::File(bytes.clone());
        let inode = Inode { attributes: attributes(*mode, 0o440), kind };
        let _ = fs.put(&inner(&format!("{new}/{name}")), inode, now);
    }
    let _ = fs.put(&inner("..data_tmp"), link(&new), now);
    let _ = fs.rename(&inner("..data_tmp"), &inner("..data"), now);
    let tops: Vec<&str> = files.keys().filter_map(|name| name.split('/').next()).collect();
    for top in &tops {
        let target = format!("..data/{top}");
        let known =
            fs.get(&inner(top)).is_some_and(|inode| inode.kind == Kind::Symlink(target.clone()));
        if !known {
            let _ = fs.put(&inner(top), link(&target), now);
        }
    }
    let stale: Vec<String> = fs
        .list(&place.inner)
        .into_keys()
        .filter(|name| !name.starts_with("..") && !tops.contains(&name.as_str()))
        .collect();
    for name in stale {
        let _ = fs.remove(&inner(&name), now);
    }
    if let Some(old) = old {
        remove_below(&mut fs, &inner(&old), now);
    }
}

fn remove_below(fs: &mut os::fs::FileSystem, path: &str, now: Time) {
    for name in fs.list(path).into_keys() {
        remove_below(fs, &format!("{path}/{name}"), now);
    }
    let _ = fs.remove(path, now);
}

/// What a container sees of a volume, as a path of the host. A part of a volume is taken once: a copy, for the real
/// kubelet binds the file itself, which no later change of the volume reaches.
pub(super) fn source_of(
    machine: &mut Machine,
    now: Time,
    uid: &str,
    mounted: &Mounted,
    (name, part, place): (&str, &str, usize),
) -> String {
    if part.is_empty() {
        return mounted.path.clone();
    }
    let Some(files) = &mounted.payload else {
        let path = format!("{}/{part}", mounted.path);
        folder(machine, &path, 0o755, now);
        return path;
    };
    let base = format!("{}/volume-subpaths/{name}/{place}", pod_folder(uid));
    folder(machine, &base, 0o755, now);
    if mounted.is_memory {
        let host = machine.host();
        let mounts = &mut host.borrow_mut().mounts;
        mounts.remove(&base);
        mounts.add(Mount::tmpfs(&base, 0o755, now));
    }
    let name = part.rsplit('/').next().unwrap_or(part);
    let path = format!("{base}/{name}");
    let Some((bytes, mode)) = files.get(part) else {
        // A kubelet makes a folder where there is nothing (`SafeMakeDir`).
        folder(machine, &path, 0o755, now);
        return path;
    };
    let host = machine.host();
    let found = host.borrow().mounts.resolve("/", &path, true, User::ROOT);
    if let Ok(found) = found {
        let kind = Kind::File(bytes.clone());
        let inode = Inode { attributes: Attributes::root(*mode, now), kind };
        let _ = found.fs.borrow_mut().put(&found.inner, inode, now);
    }
    path
}

/// The pods that have a folder on the host.
pub(super) fn owners(machine: &Machine) -> Vec<String> {
    let host = machine.host();
    let mounts = &host.borrow().mounts;
    let place = mounts.resolve("/", PODS, true, User::ROOT);
    let found = place.map(|place| mounts.list(&place)).unwrap_or_default();
    found.into_iter().map(|(uid, _)| uid).collect()
}

/// Takes everything of a pod away.
pub(super) fn tear_down(machine: &mut Machine, now: Time, uid: &str) {
    let base = pod_folder(uid);
    let host = machine.host();
    let mounts = &mut host.borrow_mut().mounts;
    let inside = format!("{base}/");
    let points: Vec<String> = mounts
        .iter()
        .filter(|mount| mount.at.starts_with(&inside))
        .map(|mount| mount.at.clone())
        .collect();
    for point in points {
        mounts.remove(&point);
    }
    if let Ok(place) = mounts.resolve("/", &base, true, User::ROOT)
        && place.inode().is_some()
    {
        remove_below(&mut place.fs.borrow_mut(), &place.inner, now);
    }
}
