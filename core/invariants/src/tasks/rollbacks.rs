//! A rollback returns to what was before.

use swarm::objects::{Service, UpdateState};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "rollbacks",
    statement: "a service that is rolled back, by hand or because its update failed, has the spec that it had before",
    source: "swarmkit `manager/controlapi/service.go`, `UpdateService`; `manager/orchestrator/update/updater.go`, `rollbackUpdate`",
};

/// One entry changed a service.
///
/// # Errors
/// If it went back to something else.
pub fn check(old: &Service, new: &Service) -> Verdict {
    let begins = |service: &Service| {
        let status = service.update_status.as_ref();
        status.is_some_and(|status| status.state == UpdateState::RollbackStarted)
    };
    // A rollback of a rollback exchanges the specs again.
    let is_news = old.spec_version != new.spec_version || old.spec != new.spec;
    if begins(new) && (is_news || !begins(old)) {
        let name = &new.spec.annotations.name;
        ensure!(
            old.previous_spec.as_deref() == Some(&new.spec),
            "service {name} is rolled back, but not to its previous spec"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sim::Time;
    use swarm::objects::{ServiceMode, UpdateStatus};

    use super::*;
    use crate::testing::{complains, service};

    #[test]
    fn a_rollback_to_something_else() {
        let mut old = service("web");
        old.previous_spec = Some(Box::new(old.spec.clone()));
        old.spec.mode = ServiceMode::Replicated { replicas: 7 };
        let mut new = old.clone();
        new.spec_version = 9;
        new.update_status = Some(UpdateStatus {
            state: UpdateState::RollbackStarted,
            started_at: Some(Time::EPOCH),
            completed_at: None,
            message: String::new(),
        });
        complains(check(&old, &new), &INVARIANT);
        new.spec = *old.previous_spec.clone().expect("it was just set");
        check(&old, &new).unwrap();
    }
}
