//! A request's way: a read that is up to date, the answer or its writes, and their end.

use serde_json::Value;
use sim::{Duration, Time};

use super::access::User;
use super::selector::Selector;
use super::status::Status;
use super::watches::Watch;
use super::{ApiServer, Origin, Output, objects};
use crate::etcd::{Effect, Member, Operation};
use crate::json::remove;
use crate::rest::{Request, Response};

/// etcd's client gives up after so long without a leader (`etcdserver: request timed out`).
const STORE_TIMEOUT: Duration = Duration::from_secs(7);

/// A write that somebody else was faster than is tried so often.
const TRY_COUNT_MAX: u32 = 8;

/// Admission plug-in `ServiceAccount`: the account `default` of a new namespace is looked for so often, so long apart.
const ACCOUNT_TRIES: u32 = 10;
const ACCOUNT_PAUSE: Duration = Duration::from_millis(100);

/// A write to etcd.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) key: String,
    pub(super) seen: Option<u64>,
    pub(super) value: Option<Value>,
}

/// What is answered when all writes are done.
#[derive(Clone, Debug)]
pub(super) enum Then {
    /// The object of a key, as it is then.
    Object(u16, String),
    /// This.
    Reply(u16, Value),
}

pub(super) enum Served {
    Now(Response),
    Write(Vec<Write>, Then, Vec<String>),
    Watch { prefix: String, selector: Selector, since: Option<u64> },
    Proxy { address: String, request: Box<Request> },
}

#[derive(Debug)]
pub(super) enum Stage {
    /// There was no leader.
    Waiting,
    /// It is tried again then.
    Later(Time),
    Reading(u64),
    Writing {
        left: Vec<u64>,
        is_conflict: bool,
        then: Then,
        warnings: Vec<String>,
    },
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) origin: Origin,
    pub(super) user: User,
    pub(super) request: Request,
    pub(super) opens: bool,
    pub(super) stage: Stage,
    pub(super) deadline: Time,
    pub(super) tries: u32,
}

impl ApiServer {
    /// A request has come.
    pub(crate) fn ask(
        &mut self,
        now: Time,
        origin: Origin,
        user: User,
        request: Request,
        opens: bool,
    ) {
        let id = self.next_call;
        self.next_call += 1;
        let deadline = now + STORE_TIMEOUT;
        let stage = Stage::Waiting;
        self.calls.insert(id, Call { origin, user, request, opens, stage, deadline, tries: 0 });
    }

    /// A proposal of this host has been applied.
    pub(super) fn written(&mut self, own: Option<u64>, is_done: bool) {
        let Some(id) = own else { return };
        for call in self.calls.values_mut() {
            if let Stage::Writing { left, is_conflict, .. } = &mut call.stage
                && let Some(place) = left.iter().position(|one| *one == id)
            {
                left.remove(place);
                *is_conflict |= !is_done;
            }
        }
    }

    /// One step of one request; true if there may be another.
    pub(super) fn drive_call(
        &mut self,
        now: Time,
        wall: Time,
        id: u64,
        member: &mut Member,
        out: &mut Vec<Effect>,
    ) -> bool {
        let Some(call) = self.calls.get_mut(&id) else { return false };
        if call.deadline <= now {
            if let Stage::Reading(read) = call.stage {
                member.forget_read(read);
            }
            let origin = call.origin;
            self.calls.remove(&id);
            self.out.push(Output::Respond(origin, Status::store_timeout().into()));
            return false;
        }
        match &mut call.stage {
            Stage::Later(at) if now < *at => false,
            // Admission looks into a cache, not into etcd.
            Stage::Later(_) => {
                let Some(call) = self.calls.remove(&id) else { return false };
                self.serve_call((now, wall), id, call, member, out);
                true
            }
            Stage::Waiting => match member.begin_read(out) {
                Some(read) => {
                    call.stage = Stage::Reading(read);
                    true
                }
                None => false,
            },
            Stage::Reading(read) => {
                if member.is_read_over(*read) {
                    member.forget_read(*read);
                    call.stage = Stage::Waiting;
                    return true;
                }
                if !member.take_read(*read) {
                    return false;
                }
                let Some(call) = self.calls.remove(&id) else { return false };
                self.serve_call((now, wall), id, call, member, out);
                false
            }
            Stage::Writing { left, is_conflict, .. } => {
                if !left.is_empty() && !sim::planted!(WriteAnsweredEarly) {
                    return false;
                }
                if *is_conflict && call.tries < TRY_COUNT_MAX {
                    call.tries += 1;
                    call.stage = Stage::Waiting;
                    return true;
                }
                let Some(call) = self.calls.remove(&id) else { return false };
                if let Stage::Writing { then, warnings, .. } = call.stage {
                    let (code, body) = match then {
                        Then::Reply(code, body) => (code, body),
                        Then::Object(code, key) => {
                            let found = self.objects.get(&key).map(|object| (**object).clone());
                            // It may be gone again.
                            (code, found.unwrap_or(call.request.body))
                        }
                    };
                    self.out.push(Output::Respond(call.origin, Response { code, warnings, body }));
                }
                false
            }
        }
    }

    pub(super) fn serve_call(
        &mut self,
        (now, wall): (Time, Time),
        id: u64,
        mut call: Call,
        member: &mut Member,
        out: &mut Vec<Effect>,
    ) {
        let origin = call.origin;
        match self.serve(wall, &call.user, &call.request) {
            Err(status)
                if call.tries < ACCOUNT_TRIES
                    && status.message().ends_with("serviceaccount \"default\" not found") =>
            {
                call.tries += 1;
                call.stage = Stage::Later(now + ACCOUNT_PAUSE);
                self.calls.insert(id, call);
            }
            Err(status) => self.out.push(Output::Respond(origin, status.into())),
            Ok(Served::Now(response)) => self.out.push(Output::Respond(origin, response)),
            Ok(Served::Proxy { address, request }) => {
                let opens = call.opens;
                self.out.push(Output::Proxy { origin, address, request, opens });
            }
            Ok(Served::Watch { prefix, selector, since }) => {
                self.begin_watch(id, Watch { origin, prefix, selector }, since);
            }
            Ok(Served::Write(writes, then, warnings)) => {
                let mut left = Vec::new();
                for write in writes {
                    let value = write.value.map(|value| self.encode(&write.key, value));
                    let operation = Operation::Put { key: write.key, seen: write.seen, value };
                    match member.propose(operation, out) {
                        Some(proposal) => left.push(proposal),
                        None => {
                            let lost = Status::new(500, "", "etcdserver: no leader");
                            return self.out.push(Output::Respond(origin, lost.into()));
                        }
                    }
                }
                call.stage = Stage::Writing { left, is_conflict: false, then, warnings };
                self.calls.insert(id, call);
            }
        }
    }

    /// What etcd gets.
    pub(super) fn encode(&mut self, key: &str, mut value: Value) -> Vec<u8> {
        remove(&mut value, "metadata/resourceVersion");
        let bytes = value.to_string().into_bytes();
        match objects::resource_of(key) {
            Some(resource) => {
                self.options.encryption.seal(resource.name, key, bytes, &mut self.rng)
            }
            None => bytes,
        }
    }
}
