//! `RUN --mount`: what only one step sees, and no layer holds.

use os::fs::{FileSystem, FsKind, Mount as OsMount, SharedFs, Tree};
use sim::Time;

use super::dockerfile::Instruction;
use crate::container::SecretFile;

/// One `--mount`.
#[derive(Clone, Debug, Default)]
pub(super) struct StepMount {
    kind: String,
    id: String,
    target: String,
    source: String,
    from: String,
    env: String,
    read_only: bool,
    required: bool,
    mode: Option<u32>,
    uid: u32,
    gid: u32,
}

/// What a step's mounts come to.
#[derive(Debug, Default)]
pub(super) struct StepMounts {
    pub(super) secrets: Vec<SecretFile>,
    pub(super) mounts: Vec<OsMount>,
    /// `KEY=value` of secrets that are variables.
    pub(super) env: Vec<String>,
}

/// What mounts need from the build.
pub(super) trait Sources {
    /// A secret by its identity.
    fn secret(&self, id: &str) -> Option<&SecretFile>;
    /// The files of a stage or an image; of the context if empty.
    fn files(&self, from: &str) -> Option<SharedFs>;
    /// The folder of a cache, made if need be.
    fn cache(&mut self, id: &str, mode: u32, now: Time) -> SharedFs;
}

fn parse(text: &str) -> Result<StepMount, String> {
    let mut mount = StepMount { kind: "bind".to_owned(), ..StepMount::default() };
    let mut read_only = None;
    for field in text.split(',') {
        let (key, value) = field.split_once('=').unwrap_or((field, "true"));
        let number = |radix| {
            u32::from_str_radix(value, radix)
                .map_err(|_| format!("invalid value for {key}: {value}"))
        };
        match key {
            "type" => value.clone_into(&mut mount.kind),
            "id" => value.clone_into(&mut mount.id),
            "target" | "dst" | "destination" => value.clone_into(&mut mount.target),
            "source" | "src" => value.clone_into(&mut mount.source),
            "from" => value.clone_into(&mut mount.from),
            "env" => value.clone_into(&mut mount.env),
            "readonly" | "ro" => read_only = Some(value == "true"),
            "readwrite" | "rw" => read_only = Some(value != "true"),
            "required" => mount.required = value == "true",
            "mode" => mount.mode = Some(number(8)?),
            "uid" => mount.uid = number(10)?,
            "gid" => mount.gid = number(10)?,
            "sharing" | "size" => {}
            _ => return Err(format!("unexpected key '{key}' in '{field}'")),
        }
    }
    mount.read_only = read_only.unwrap_or(mount.kind == "bind");
    match mount.kind.as_str() {
        "bind" | "cache" | "tmpfs" if mount.target.is_empty() => {
            Err(format!("{} mount requires a target", mount.kind))
        }
        "secret" if mount.id.is_empty() && mount.target.is_empty() => {
            Err("invalid secret mount, one of source, target required".to_owned())
        }
        "bind" | "cache" | "tmpfs" | "secret" => Ok(mount),
        "ssh" => Err("not simulated: RUN --mount=type=ssh".to_owned()),
        kind => Err(format!("unsupported mount type \"{kind}\"")),
    }
}

fn all(instruction: &Instruction) -> impl Iterator<Item = Result<StepMount, String>> {
    let flags = instruction.flags.iter().filter(|(name, _)| name == "mount");
    flags.map(|(_, value)| parse(value))
}

/// The stages or images that an instruction mounts from.
pub(super) fn sources(instruction: &Instruction) -> Vec<String> {
    let found = all(instruction).filter_map(Result::ok).map(|mount| mount.from);
    found.filter(|from| !from.is_empty()).collect()
}

/// Makes the mounts of an instruction.
///
/// # Errors
/// A mount that cannot be understood; a source or a required secret that is not there.
pub(super) fn make(
    instruction: &Instruction,
    sources: &mut dyn Sources,
    now: Time,
) -> Result<StepMounts, String> {
    let mut made = StepMounts::default();
    for mount in all(instruction) {
        let mount = mount?;
        match mount.kind.as_str() {
            "secret" => add_secret(&mut made, &mount, sources)?,
            "tmpfs" => made.mounts.push(OsMount::tmpfs(&mount.target, 0o1777, now)),
            "cache" => {
                let id = if mount.id.is_empty() { &mount.target } else { &mount.id };
                let fs = sources.cache(id, mount.mode.unwrap_or(0o755), now);
                made.mounts.push(of(&mount, fs, "/"));
            }
            _ => {
                let root = os::fs::normalize("/", &mount.source);
                let fs = sources.files(&mount.from).filter(|fs| fs.borrow().get(&root).is_some());
                let fs = fs
                    .ok_or_else(|| format!("failed to compute cache key: \"{root}\": not found"))?;
                made.mounts.push(of(&mount, fs, &root));
            }
        }
    }
    Ok(made)
}

fn of(mount: &StepMount, fs: SharedFs, root: &str) -> OsMount {
    OsMount { at: mount.target.clone(), fs, root: root.to_owned(), read_only: mount.read_only }
}

fn add_secret(
    made: &mut StepMounts,
    mount: &StepMount,
    sources: &dyn Sources,
) -> Result<(), String> {
    let last = mount.target.rsplit('/').next().unwrap_or_default();
    let id = if mount.id.is_empty() { last } else { &mount.id };
    let Some(secret) = sources.secret(id) else {
        return if mount.required { Err(format!("secret {id}: not found")) } else { Ok(()) };
    };
    if !mount.env.is_empty() {
        let bytes = secret.bytes.clone().unwrap_or_default();
        made.env.push(format!("{}={}", mount.env, String::from_utf8_lossy(&bytes)));
    }
    if mount.env.is_empty() || !mount.target.is_empty() {
        let target = if mount.target.is_empty() {
            format!("/run/secrets/{id}")
        } else {
            mount.target.clone()
        };
        let mut file = secret.clone();
        (file.target, file.mode) = (target, mount.mode.unwrap_or(0o400));
        (file.uid, file.gid) = (mount.uid, mount.gid);
        made.secrets.push(file);
    }
    Ok(())
}

/// Takes what the runtime made for mount points out of a step's layer again (buildkit:
/// `executor.MountStubsCleaner`). `before` is what the step began with.
pub(super) fn drop_stubs(tree: &mut Tree, before: &FileSystem, targets: &[String]) {
    for target in targets {
        let mut path = os::fs::normalize("/", target);
        while path != "/" {
            let below = format!("{path}/");
            let is_stub = |path: &str| {
                let inode = tree.get(path)?;
                let old = before.get(path);
                Some(match old {
                    None => inode.size() == 0 || inode.is_directory(),
                    // Only its date has changed: something was made and removed in it.
                    Some(old) => {
                        let same = |a: os::fs::Attributes, b: os::fs::Attributes| {
                            (a.mode, a.uid, a.gid) == (b.mode, b.uid, b.gid)
                        };
                        old.is_directory() && same(inode.attributes, old.attributes)
                    }
                })
            };
            let has_more = tree.below(&path).any(|(other, _)| other.starts_with(&below));
            if has_more || is_stub(&path) == Some(false) {
                break;
            }
            tree.remove(&path);
            path = match path.rsplit_once('/') {
                Some((folder, _)) if !folder.is_empty() => folder.to_owned(),
                _ => "/".to_owned(),
            };
        }
    }
}

/// An empty folder in memory that outlives the step.
pub(super) fn cache_folder(mode: u32, now: Time) -> SharedFs {
    let mut tree = Tree::default();
    tree.add_directory("/", mode, now);
    FileSystem::from_tree(FsKind::Disk, tree).shared()
}
