//! Why a container has ended, in its own words: a file of the host that it sees as `terminationMessagePath` (kubelet:
//! `kuberuntime/kuberuntime_container.go`).

use os::Machine;
use os::fs::{Attributes, Inode, Kind, User};
use sim::Time;

use super::volumes::{folder, pod_folder};

/// kubelet: `MaxContainerTerminationMessageLength`, in bytes.
const SIZE_MAX: usize = 4_096;

/// The file of a container's start; its name is random in a real one.
fn path_of(uid: &str, container: &str, start: u32) -> String {
    format!("{}/containers/{container}/{start:08x}", pod_folder(uid))
}

/// Makes the file; its path.
pub(super) fn prepare(
    machine: &Machine,
    now: Time,
    (uid, container): (&str, &str),
    start: u32,
) -> Option<String> {
    let path = path_of(uid, container, start);
    let (above, _) = path.rsplit_once('/')?;
    folder(machine, above, 0o755, now)?;
    let host = machine.host();
    let place = host.borrow().mounts.resolve("/", &path, true, User::ROOT).ok()?;
    let attributes = Attributes::root(0o666, now);
    let inode = Inode { attributes, kind: Kind::File(Vec::new()) };
    place.fs.borrow_mut().put(&place.inner, inode, now).ok()?;
    Some(path)
}

/// What the container has written there.
pub(super) fn message(
    machine: &Machine,
    (uid, container): (&str, &str),
    start: u32,
) -> Option<String> {
    let path = path_of(uid, container, start);
    let host = machine.host();
    let place = host.borrow().mounts.resolve("/", &path, true, User::ROOT).ok()?;
    let Kind::File(bytes) = place.inode()?.kind else { return None };
    let kept = &bytes[..bytes.len().min(SIZE_MAX)];
    (!kept.is_empty()).then(|| String::from_utf8_lossy(kept).into_owned())
}
