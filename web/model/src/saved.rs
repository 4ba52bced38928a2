//! A session as it is kept in the browser, and how it is brought back.

use std::collections::VecDeque;
use std::rc::Rc;

use labs::Lab;
use serde::{Deserialize, Serialize};
use world::Duration;

use crate::session::{Acted, Session};

/// A session: what was done, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// [`Saved::FORMAT`].
    pub format: String,
    /// The lab's name.
    pub lab: String,
    /// The seed.
    pub seed: u64,
    /// Everything that was done, in order of time.
    pub acts: Vec<Acted>,
    /// How far virtual time had come, in nanoseconds since the world was ready.
    pub end_ns: u64,
    /// The history's digest at that time.
    pub digest: String,
}

impl Saved {
    /// The format's name and version.
    pub const FORMAT: &str = "glasshive-session/1";

    /// A session as text.
    pub fn text(session: &Session) -> String {
        let saved = Self {
            format: Self::FORMAT.to_owned(),
            lab: session.lab().id.clone(),
            seed: session.seed(),
            acts: session.acts().to_vec(),
            end_ns: session.at_ns(),
            digest: session.world().digest().to_string(),
        };
        serde_json::to_string(&saved).expect("plain data with string keys is always JSON")
    }

    /// Reads a session.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn read(text: &str, lab: &Lab) -> Result<Self, String> {
        let saved: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if saved.format != Self::FORMAT {
            return Err(format!("its format is `{}`, not `{}`", saved.format, Self::FORMAT));
        }
        if saved.lab != lab.id {
            return Err(format!("it belongs to the lab `{}`", saved.lab));
        }
        let times = saved.acts.iter().map(|acted| acted.at_ns).chain([saved.end_ns]);
        if !times.is_sorted() {
            return Err("its inputs are not in order of time".to_owned());
        }
        Ok(saved)
    }
}

/// A session that is being brought back, a piece at a time.
#[derive(Debug)]
pub struct Replay {
    session: Session,
    left: VecDeque<Acted>,
    end_ns: u64,
    digest: String,
}

impl Replay {
    /// Begins.
    ///
    /// # Errors
    /// If the lab's world cannot be built; a sentence.
    pub fn new(lab: Rc<Lab>, saved: Saved) -> Result<Self, String> {
        let session = Session::new(lab, saved.seed)?;
        let Saved { acts, end_ns, digest, .. } = saved;
        Ok(Self { session, left: acts.into(), end_ns, digest })
    }

    /// How much of it is done, in percent.
    pub fn percent(&self) -> u64 {
        self.session.at_ns() * 100 / self.end_ns.max(1)
    }

    /// Goes on for at most a span of virtual time; true if it is done.
    ///
    /// # Errors
    /// If something that was done cannot be done; a sentence.
    pub fn go_on(&mut self, span: Duration) -> Result<bool, String> {
        let origin = self.session.world().started();
        let limit = self.session.after(span);
        loop {
            let next_ns = self.left.front().map_or(self.end_ns, |acted| acted.at_ns);
            let next = origin + Duration::from_nanos(next_ns);
            self.session.replay_until(next.min(limit));
            if limit < next {
                return Ok(false);
            }
            let Some(acted) = self.left.pop_front() else { return Ok(true) };
            self.session.act(acted.act)?;
        }
    }

    /// The session, and whether it came to the same digest as before.
    pub fn finish(mut self) -> (Session, bool) {
        let same = self.session.world().digest().to_string() == self.digest;
        self.session.take_notices();
        self.session.refresh();
        self.session.look_at_checks();
        (self.session, same)
    }
}
