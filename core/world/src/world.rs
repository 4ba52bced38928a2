//! The world's state and its loop.

use sorted::{SortedMap, SortedSet};
use std::cell::RefCell;
use std::rc::Rc;

use daemon::Daemon;
use daemon::client::Reply;
use engine::Engine;
use os::Programs;
use sim::disk::Barrier;
use sim::net::{Fate, Latency};
use sim::trace::HistoryDigest;
use sim::{Duration, EventId, Frame, HostId, Net, Queue, Rng, Streams, Time, Trace};

use crate::audit::Audit;
use crate::error::Error;
use crate::fault::blame::Blame;
use crate::fault::{Armed, ArmedState, Struck};
use crate::host::{Host, SYNC_TIME, Settling, Wanted};
use crate::input::{Input, Recorded, Recording};
use crate::spec::Spec;
use crate::ssh::{Links, SshEvent};
use crate::subjects::Subjects;
use crate::tap::Tap;

/// Something that happens at a time of its own; what hosts wait for by themselves is not here.
#[derive(Debug)]
pub(crate) enum Event {
    Frame { frame: Frame, cause: Option<EventId> },
    Ssh(SshEvent),
    Synced { host: HostId, boot_count: u32, barrier: Barrier, cause: Option<EventId> },
}

/// Hosts run a release that was built some weeks ago, unless the spec names a date.
const WORN_IN: Duration = Duration::from_secs(20 * 86_400);

/// A cluster you can type into.
#[derive(Debug)]
pub struct World {
    pub(crate) spec: Spec,
    pub(crate) profile: &'static docker::Profile,
    /// The Kubernetes cluster, if there is one.
    pub(crate) cluster: Option<Rc<kube::ClusterConfig>>,
    pub(crate) now: Time,
    /// When the world was ready for its first input.
    pub(crate) started: Time,
    pub(crate) hosts: Vec<Host>,
    pub(crate) trace: Trace,
    pub(crate) tap: Tap,
    pub(crate) programs: Programs,
    pub(crate) streams: Streams,
    pub(crate) registry: daemon::SharedRegistry,
    pub(crate) queue: Queue<Event>,
    pub(crate) net: Net,
    pub(crate) ssh: Links,
    pub(crate) subjects: Subjects,
    pub(crate) audit: Option<Box<Audit>>,
    /// Decides what faults leave open: which bit flips, how much of a write is torn.
    pub(crate) fault_rng: Rng,
    pub(crate) blame: Blame,
    /// Links of which it was told that they lose, delay or double frames.
    pub(crate) told_links: SortedSet<(HostId, HostId)>,
    pub(crate) struck: Vec<Struck>,
    pub(crate) armed: Vec<Armed>,
    inputs: Vec<Recorded>,
    /// Answers to the world's own requests.
    pub(crate) answers: SortedMap<u64, Reply>,
    /// The same of a cluster's.
    pub(crate) cluster_answers: SortedMap<u64, kube::rest::Reply>,
    event_count: u64,
    pub(crate) touched: Option<HostId>,
}

impl World {
    /// Boots the hosts and, if the spec names managers, forms their swarm.
    ///
    /// # Errors
    /// [`Error::Spec`] for a spec that cannot be; [`Error::Boot`] if the swarm does not form.
    pub fn new(spec: Spec) -> Result<Self, Error> {
        let profile = spec.check()?;
        let start = spec.start.unwrap_or_else(|| profile.built() + WORN_IN);
        let streams = Streams::new(spec.seed);
        let mut programs = Programs::default();
        shell::register(&mut programs);
        engine::programs::register(&mut programs);
        docker::register(&mut programs);
        kubectl::register(&mut programs);
        tools::register(&mut programs);
        kube::register(&mut programs);
        let [gnu, busybox] = shell::image_commands();
        let catalog = engine::Catalog::standard(&gnu, &busybox);
        let mut world = Self {
            now: start,
            started: start,
            hosts: Vec::new(),
            trace: Trace::default(),
            tap: Tap::default(),
            programs,
            streams,
            registry: Rc::new(RefCell::new(catalog.into_registry())),
            queue: Queue::default(),
            net: Net::new(streams.stream("net"), streams.stream("net/faults"), Latency::default()),
            subjects: Subjects::default(),
            audit: None,
            ssh: Links::default(),
            fault_rng: streams.stream("faults"),
            blame: Blame::default(),
            told_links: SortedSet::new(),
            struck: Vec::new(),
            armed: Vec::new(),
            inputs: Vec::new(),
            answers: SortedMap::new(),
            cluster_answers: SortedMap::new(),
            event_count: 0,
            touched: None,
            cluster: crate::cluster::config(&spec, profile),
            spec,
            profile,
        };
        crate::boot::boot_all(&mut world)?;
        world.started = world.now;
        Ok(world)
    }

    /// Plays a recording to its end.
    ///
    /// # Errors
    /// [`Error::Recording`] for another format or inputs out of order, and whatever the spec or an
    /// input is refused for.
    pub fn replay(recording: &Recording) -> Result<Self, Error> {
        Self::play(recording, false)
    }

    /// The same with the leak audit on from the beginning.
    ///
    /// # Errors
    /// As [`World::replay`].
    pub fn replay_audited(recording: &Recording) -> Result<Self, Error> {
        Self::play(recording, true)
    }

    fn play(recording: &Recording, audited: bool) -> Result<Self, Error> {
        if recording.format != Recording::FORMAT {
            let format = &recording.format;
            let expected = Recording::FORMAT;
            return Err(Error::Recording(format!("format `{format}`, expected `{expected}`")));
        }
        let mut world = Self::new(recording.spec.clone())?;
        if audited {
            world.start_audit();
        }
        for recorded in &recording.inputs {
            let at = world.started + Duration::from_nanos(recorded.at_ns);
            if at < world.now {
                let text = format!("an input at {} ns comes after a later one", recorded.at_ns);
                return Err(Error::Recording(text));
            }
            world.advance_until(at);
            world.apply(recorded.input.clone())?;
        }
        world.advance_until(world.started + Duration::from_nanos(recording.end_ns));
        Ok(world)
    }

    /// Anything was done to it.
    pub(crate) fn has_inputs(&self) -> bool {
        !self.inputs.is_empty()
    }

    /// What was built and all that was done to it so far.
    pub fn recording(&self) -> Recording {
        Recording {
            format: Recording::FORMAT.to_owned(),
            spec: self.spec.clone(),
            inputs: self.inputs.clone(),
            end_ns: self.now.since(self.started).as_nanos(),
        }
    }

    /// What the world was built from.
    pub const fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The Docker version's profile.
    pub const fn profile(&self) -> &'static docker::Profile {
        self.profile
    }

    /// The virtual time.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// When the world was ready for its first input.
    pub const fn started(&self) -> Time {
        self.started
    }

    /// Milliseconds of virtual time since the world was ready.
    pub fn at_ms(&self) -> u64 {
        self.now.since(self.started).as_millis()
    }

    /// The history's digest.
    pub fn digest(&self) -> HistoryDigest {
        self.trace.history_digest()
    }

    /// The history.
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// How many events the world has handled.
    pub const fn event_count(&self) -> u64 {
        self.event_count
    }

    /// Lets a span of virtual time pass.
    pub fn advance(&mut self, span: Duration) {
        self.advance_until(self.now + span);
    }

    /// Lets virtual time pass until `until`.
    pub fn advance_until(&mut self, until: Time) {
        while self.step(until) {}
        self.now = self.now.max(until);
    }

    /// Handles the next event if it is not after `limit`.
    pub fn step(&mut self, limit: Time) -> bool {
        let waiting = self.hosts.iter().enumerate().filter_map(|(index, host)| {
            let at = host.deadline()?;
            Some((at, index))
        });
        let host = waiting.min();
        let queued = self.queue.next_at();
        self.touched = None;
        self.trace.set_cause(None);
        match (host, queued) {
            (_, Some(at)) if at <= limit && host.is_none_or(|(due, _)| at <= due) => {
                if let Some((at, event)) = self.queue.pop_until(limit) {
                    self.now = self.now.max(at);
                    self.handle(event);
                }
            }
            (Some((at, index)), _) if at <= limit => {
                self.now = self.now.max(at);
                self.trace.routine(self.now, Some(self.hosts[index].id), "due", b"");
                self.settle_timer(index);
            }
            _ => return false,
        }
        self.event_count += 1;
        true
    }

    fn handle(&mut self, event: Event) {
        let host = match &event {
            Event::Frame { frame, .. } => Some(usize::from(frame.to.0)),
            Event::Synced { host, .. } => Some(usize::from(host.0)),
            Event::Ssh(event) => self.ssh.host_of(event),
        };
        if let Some(held) = host.and_then(|index| self.hosts[index].held.as_mut()) {
            held.push(event);
            return;
        }
        match event {
            Event::Frame { frame, cause } => {
                self.trace.set_cause(cause);
                self.trace.routine(self.now, Some(frame.to), "frame", &frame.bytes);
                let index = usize::from(frame.to.0);
                self.settle(index, |host, settling| {
                    if kube::KubeNode::is_for_kube(&frame) {
                        host.with_kube(settling, |node, context| node.frame(context, &frame));
                    } else {
                        host.with_daemon(settling, |daemon, context| daemon.frame(context, &frame));
                    }
                });
            }
            Event::Ssh(event) => self.ssh_event(event),
            Event::Synced { host, boot_count, barrier, cause } => {
                let index = usize::from(host.0);
                if self.hosts[index].boot_count != boot_count || self.hosts[index].up.is_none() {
                    return;
                }
                self.hosts[index].disk.complete_sync(barrier);
                self.trace.set_cause(cause);
                self.trace.routine(self.now, Some(host), "synced", b"");
                self.settle(index, |host, settling| {
                    host.with_daemon(settling, |daemon, context| daemon.synced(context, barrier));
                    host.with_kube(settling, |node, context| node.synced(context, barrier));
                });
            }
        }
    }

    /// Does something at a host, then lets it and all that follows at this moment settle.
    pub(crate) fn settle(&mut self, index: usize, act: impl FnOnce(&mut Host, &mut Settling<'_>)) {
        self.settle_as(index, false, act);
    }

    /// The same because a timer has run out.
    fn settle_timer(&mut self, index: usize) {
        self.settle_as(index, true, |_, _| {});
    }

    fn settle_as(
        &mut self,
        index: usize,
        is_timer: bool,
        act: impl FnOnce(&mut Host, &mut Settling<'_>),
    ) {
        let (mut wanted, mut seen) = (Vec::new(), Vec::new());
        let host = &mut self.hosts[index];
        if host.is_frozen() {
            return;
        }
        self.touched = Some(host.id);
        let prompt = self.trace.cause();
        let mut settling = Settling {
            now: self.now,
            trace: &mut self.trace,
            blame: &self.blame,
            is_timer,
            last: None,
            is_armed: self.armed.iter().any(|armed| armed.state == ArmedState::Waiting),
            wanted: &mut wanted,
            seen: &mut seen,
            subjects: &mut self.subjects,
        };
        if let Some(up) = &mut host.up {
            up.machine.tell_time(self.now);
        }
        act(host, &mut settling);
        host.settle(&mut settling);
        let cause = settling.last.or(prompt);
        host.disk.journal_mut().explain(cause);
        host.root.borrow_mut().journal_mut().explain(cause);
        let (from, boot_count, slow_disk) = (host.id, host.boot_count, host.slow_disk);
        if !seen.is_empty() {
            self.trigger(index, &seen, true);
            if self.hosts[index].up.is_none() {
                // It lost its power before anything left.
                wanted.clear();
            }
        }
        for wish in wanted {
            match wish {
                Wanted::Send { to, flow, bytes, cause } => {
                    let frame = Frame { from, to, flow, bytes };
                    if from == to {
                        // The loopback interface: never on a wire, always there.
                        let at = self.now + Duration::from_micros(20);
                        self.queue.push(at, Event::Frame { frame, cause });
                    } else {
                        self.send(frame, cause);
                    }
                }
                Wanted::Sync { barrier, cause } => {
                    let event = Event::Synced { host: from, boot_count, barrier, cause };
                    self.queue.push(self.now + SYNC_TIME + slow_disk, event);
                }
                Wanted::Answer { caller, reply } => {
                    self.answers.insert(caller, *reply);
                }
                Wanted::ClusterAnswer { caller, reply } => {
                    self.cluster_answers.insert(caller, *reply);
                }
                Wanted::Ssh { request, ask, cause } => {
                    self.ssh_asked(index, request, *ask, cause);
                }
                Wanted::Exited { pid, status } => self.ssh_exited(index, pid, status),
                Wanted::Unit { request, unit, ask } => self.unit(index, request, unit, ask),
                Wanted::Tap { request, ask } => self.tap_asked(index, request, ask),
                Wanted::DockerStopped => self.docker_stopped(index),
            }
        }
        self.ssh_look(index);
        self.audit_host(index, cause);
        if !seen.is_empty() {
            self.trigger(index, &seen, false);
        }
        self.trace.set_cause(cause);
    }

    /// Puts a frame on the wire.
    fn send(&mut self, frame: Frame, cause: Option<EventId>) {
        self.tap.see(self.now, &frame, cause);
        self.audit_frame(&frame, cause);
        let fate = self.net.send(self.now, &frame);
        self.tell_of_link((frame.from, frame.to), fate, cause);
        for at in [fate.arrives, fate.again].into_iter().flatten() {
            self.queue.push(at, Event::Frame { frame: frame.clone(), cause });
        }
    }

    /// The history tells that a link loses, delays or doubles what is sent: once for each fault, for a
    /// cut link would fill it.
    pub(crate) fn tell_of_link(
        &mut self,
        link: (HostId, HostId),
        fate: Fate,
        cause: Option<EventId>,
    ) {
        if fate.lost_count == 0 && fate.again.is_none() || !self.told_links.insert(link) {
            return;
        }
        let what = match fate.arrives {
            None => "is lost",
            Some(_) if fate.lost_count > 0 => "is lost on its way and sent again",
            Some(_) => "arrives twice",
        };
        let name = |host: HostId| &self.hosts[usize::from(host.0)].name;
        let detail = format!("a frame from {} to {} {what}", name(link.0), name(link.1));
        self.trace.set_cause(self.blame.of_link(link).or(cause));
        self.trace.record(self.now, Some(link.1), "net.frame", detail);
        self.trace.set_cause(cause);
    }

    /// The index of a host by its name.
    pub(crate) fn index(&self, node: &str) -> Result<usize, Error> {
        self.hosts.iter().position(|host| host.name == node).ok_or_else(|| {
            let known = self.hosts.iter().map(|host| host.name.clone()).collect();
            Error::UnknownNode(node.to_owned(), known)
        })
    }

    fn running(&self, node: &str) -> Result<usize, Error> {
        let index = self.index(node)?;
        let host = &self.hosts[index];
        match host.up {
            Some(_) if host.is_frozen() => Err(Error::NodeFrozen(node.to_owned())),
            Some(_) => Ok(index),
            None => Err(Error::NodeDown(node.to_owned())),
        }
    }

    /// Does what a person or a fault does, now, and records it.
    ///
    /// # Errors
    /// For a node that is not there or in the wrong state; nothing has happened then.
    pub fn apply(&mut self, input: Input) -> Result<(), Error> {
        self.check(&input)?;
        self.touched = None;
        self.trace.set_cause(None);
        let id = self.trace.record(self.now, None, "input", input.describe());
        self.trace.set_cause(Some(id));
        self.inputs.push(Recorded {
            at_ns: self.now.since(self.started).as_nanos(),
            input: input.clone(),
        });
        match input {
            Input::Type { node, text } => self.at_terminal(&node, id, |machine, terminal| {
                machine.type_text(terminal, &text);
            })?,
            Input::Interrupt { node } => self.at_terminal(&node, id, |machine, terminal| {
                machine.interrupt(terminal);
            })?,
            Input::EndOfFile { node } => self.at_terminal(&node, id, |machine, terminal| {
                machine.type_end_of_file(terminal);
            })?,
            Input::Edit { node, text } => self.at_terminal(&node, id, |machine, terminal| {
                machine.finish_editor(terminal, text);
            })?,
            Input::WriteFile { node, path, text } => {
                let index = self.index(&node)?;
                let mut root = self.hosts[index].root.borrow_mut();
                let mut tree = os::fs::Tree::default();
                tree.add_file(&path, text, 0o644, self.now);
                for (path, inode) in tree.iter() {
                    if !inode.is_directory() || root.get(path).is_none() {
                        // The folders above come first, so that putting cannot fail.
                        let _ = root.put(path, inode.clone(), self.now);
                    }
                }
            }
            Input::Fault { fault } => self.strike(&fault, None)?,
            Input::Arm { on, faults } => self.put_armed(on, faults),
            Input::Disarm { armed } => {
                for known in self.armed.iter_mut().filter(|known| known.id == armed) {
                    known.state = ArmedState::Disarmed;
                }
            }
        }
        for index in 0..self.hosts.len() {
            self.audit_host(index, Some(id));
        }
        Ok(())
    }

    fn check(&self, input: &Input) -> Result<(), Error> {
        match input {
            Input::Type { node, .. } | Input::Interrupt { node } | Input::EndOfFile { node } => {
                self.running(node).map(drop)
            }
            Input::Fault { fault } => self.check_fault(fault).map(drop),
            Input::Arm { on, faults } => self.check_arm(on, faults),
            Input::Disarm { armed } => self.check_disarm(*armed),
            Input::Edit { node, .. } => {
                self.running(node)?;
                match self.awaits(node)? {
                    Some(os::terminal::Awaits::Editor) => Ok(()),
                    _ => Err(Error::NoEditor(node.clone())),
                }
            }
            Input::WriteFile { node, path, .. } => {
                self.running(node)?;
                if path.starts_with('/') && !path.ends_with('/') {
                    Ok(())
                } else {
                    Err(Error::Recording(format!("`{path}` is not an absolute path of a file")))
                }
            }
        }
    }

    fn at_terminal(
        &mut self,
        node: &str,
        id: EventId,
        act: impl FnOnce(&mut os::Machine, os::TerminalId),
    ) -> Result<(), Error> {
        let index = self.running(node)?;
        self.settle(index, |host, _| {
            if let Some(up) = &mut host.up {
                up.machine.set_cause(Some(id));
                act(&mut up.machine, host.terminal);
            }
        });
        Ok(())
    }

    /// The power of a host fails: what was in memory is gone, and what the disk had not synced.
    pub(crate) fn crash(&mut self, index: usize, is_torn: bool) {
        let host = &mut self.hosts[index];
        host.held = None;
        self.touched = Some(host.id);
        if let Some(up) = host.up.take() {
            host.engine = Some(up.daemon.lose_power(self.now));
        }
        if is_torn {
            host.disk.lose_power_at_random(&mut self.fault_rng);
        } else {
            host.disk.lose_power();
        }
        self.ssh_host_lost(index);
    }

    /// A frozen host goes on: what waited for it comes now, in order.
    pub(crate) fn thaw(&mut self, index: usize) {
        for event in self.hosts[index].held.take().unwrap_or_default() {
            self.queue.push(self.now, event);
        }
        self.hosts[index].thawed_at = self.now;
        self.settle(index, |_, _| {});
    }

    /// Boots a host that is down.
    pub(crate) fn boot(&mut self, index: usize) {
        let engine = self.hosts[index].engine.take();
        let daemon = self.new_daemon(index, engine);
        let kube = crate::cluster::new_node(self, index);
        let host = &mut self.hosts[index];
        let (epoch, name) = (host.boot_count, &host.name);
        let entropy = self.streams.stream(&format!("entropy/{name}/{epoch}"));
        let system = crate::boot::distribution(self.profile);
        host.boot(self.now, &self.programs, daemon, kube, entropy, system);
        self.settle(index, |host, settling| {
            host.begin_docker(settling);
            host.with_kube(settling, |node, context| node.boot(context));
        });
    }

    /// A daemon that has not started yet, over an engine that a host has already or a new one.
    pub(crate) fn new_daemon(&mut self, index: usize, engine: Option<Engine>) -> Daemon {
        let config = crate::boot::daemon_config(self, index);
        let streams = self.streams;
        let host = &mut self.hosts[index];
        // Every daemon has streams of its own: one that began again would repeat keys.
        let epoch = host.daemon_count;
        host.daemon_count += 1;
        let name = host.name.clone();
        let stream = move |purpose: &str| streams.stream(&format!("{purpose}/{name}/{epoch}"));
        let engine = engine.unwrap_or_else(|| Engine::new(config.engine.clone(), stream("engine")));
        let mut daemon = Daemon::new(config, engine, self.registry.clone(), &stream);
        daemon.set_clock(self.hosts[index].clock);
        daemon
    }
}
