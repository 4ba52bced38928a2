//! The way to a certificate: the root CA's certificate is downloaded from nobody in particular and
//! compared with the token's digest; then a certificate is requested from a verified server
//! (swarmkit: `ca/config.go`, `DownloadRootCA`, `RequestAndSaveNewCertificates`).

use std::rc::Rc;

use seal::{Chain, Csr, JoinToken, NodeKeyFile, PrivateKey, RootCertificate};
use sim::{Duration, Rng, Time};

use super::credentials::{Credentials, Own};
use crate::control::{ApiError, Code};
use crate::node::Output;
use crate::objects::{Availability, Id};
use crate::transport::protocol::{CertificateStatus, Request, Response};
use crate::transport::{CallId, Transport, Trust};

/// swarmkit: 5 tries, 2 s apart.
const TRY_COUNT_MAX: u32 = 5;
const TRY_INTERVAL: Duration = Duration::from_secs(2);
const RPC_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
enum Step {
    /// Download of the root CA's certificate, at this time or under way.
    Root,
    /// The request for the certificate.
    Request,
    /// Is it signed?
    Status(Id),
}

/// A node that gets its first certificate.
#[derive(Debug)]
pub(crate) struct JoinFlow {
    /// None when a node renews its certificate.
    token: Option<JoinToken>,
    token_text: String,
    remotes: Vec<String>,
    target: String,
    availability: Availability,
    key: PrivateKey,
    step: Step,
    call: Option<CallId>,
    retry_at: Option<Time>,
    try_count: u32,
    root: Option<RootCertificate>,
}

/// What came of an answer.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Not done yet.
    Going,
    /// The root CA is known: verified connections are possible.
    RootKnown(Rc<Credentials>),
    /// Here is the certificate.
    Done(Box<(Credentials, NodeKeyFile)>),
    /// It will not work.
    Failed(ApiError),
}

impl JoinFlow {
    /// Begins with the first of `remotes`.
    ///
    /// # Errors
    /// `invalid join token`.
    pub(crate) fn new(
        now: Time,
        token_text: &str,
        remotes: &[String],
        availability: Availability,
        rng: &mut Rng,
    ) -> Result<Self, ApiError> {
        let token: JoinToken = token_text
            .parse()
            .map_err(|_| ApiError::local(Code::InvalidArgument, "invalid join token"))?;
        let target = remotes.first().cloned().ok_or_else(|| {
            ApiError::local(Code::InvalidArgument, "at least 1 RemoteAddr is required to join")
        })?;
        Ok(Self {
            token: Some(token),
            token_text: token_text.to_owned(),
            remotes: remotes.to_vec(),
            target,
            availability,
            key: PrivateKey::generate(rng),
            step: Step::Root,
            call: None,
            retry_at: Some(now),
            try_count: 0,
            root: None,
        })
    }

    /// A node that has a certificate and wants a new one, from the manager at `target`.
    pub(crate) fn renew(now: Time, root: RootCertificate, target: &str, rng: &mut Rng) -> Self {
        Self {
            token: None,
            token_text: String::new(),
            remotes: vec![target.to_owned()],
            target: target.to_owned(),
            availability: Availability::Active,
            key: PrivateKey::generate(rng),
            step: Step::Request,
            call: None,
            retry_at: Some(now),
            try_count: 0,
            root: Some(root),
        }
    }

    /// When the next try is due.
    pub(crate) const fn next_deadline(&self) -> Option<Time> {
        self.retry_at
    }

    /// Where the certificate came from.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    /// Tries what is due.
    pub(crate) fn due(&mut self, now: Time, transport: &mut Transport, out: &mut Vec<Output>) {
        if self.call.is_some() || self.retry_at.is_none_or(|at| at > now) {
            return;
        }
        self.retry_at = None;
        let verified = if self.token.is_some() { Trust::Server } else { Trust::Mutual };
        let (trust, request) = match &self.step {
            Step::Root => (Trust::Nobody, Request::RootCa),
            Step::Request => (
                verified,
                Request::IssueCertificate {
                    csr: Csr::new(&self.key).to_bytes(),
                    token: self.token_text.clone(),
                    availability: self.availability,
                },
            ),
            Step::Status(node_id) => {
                (verified, Request::CertificateStatus { node_id: node_id.clone() })
            }
        };
        self.call = Some(transport.call(now, (&self.target, trust), request, RPC_TIMEOUT, out));
    }

    /// True if this is the call that the flow waits for.
    pub(crate) fn waits_for(&self, call: CallId) -> bool {
        self.call == Some(call)
    }

    /// The answer to that call.
    pub(crate) fn on_answer(&mut self, now: Time, result: Result<Response, ApiError>) -> Progress {
        self.call = None;
        match (&self.step, result) {
            (Step::Root, Ok(Response::RootCa { certificate_pem })) => {
                self.on_root(now, &certificate_pem)
            }
            (Step::Request, Ok(Response::CertificateRequested { node_id })) => {
                self.step = Step::Status(node_id);
                self.retry_at = Some(now);
                self.try_count = 0;
                Progress::Going
            }
            (Step::Status(_), Ok(Response::Certificate(CertificateStatus::Issued { pem, .. }))) => {
                self.on_certificate(now, &pem)
            }
            (Step::Status(_), Ok(Response::Certificate(CertificateStatus::Pending))) => {
                self.retry_at = Some(now + Duration::from_millis(500));
                Progress::Going
            }
            (_, Ok(Response::NotLeader { leader_addr: Some(addr) })) => {
                self.target = addr;
                self.retry_at = Some(now);
                Progress::Going
            }
            (_, Ok(_)) => self.try_again(now, no_leader()),
            (_, Err(error)) if error.code == Code::InvalidArgument => Progress::Failed(error),
            (_, Err(error)) => self.try_again(now, error),
        }
    }

    fn try_again(&mut self, now: Time, error: ApiError) -> Progress {
        self.try_count += 1;
        if self.try_count >= TRY_COUNT_MAX {
            return Progress::Failed(error);
        }
        // The next of the given managers, in turn.
        let next = self.try_count as usize % self.remotes.len().max(1);
        if let Some(remote) = self.remotes.get(next) {
            self.target.clone_from(remote);
        }
        self.retry_at = Some(now + TRY_INTERVAL);
        Progress::Going
    }

    fn on_root(&mut self, now: Time, pem: &str) -> Progress {
        let Some(token) = &self.token else { return Progress::Going };
        let expected: String = token.digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let matching = RootCertificate::from_pem(pem).ok().filter(|root| token.matches_root(root));
        let Some(root) = matching else {
            let text = format!("remote CA does not match fingerprint. Expected: {expected}");
            return Progress::Failed(ApiError::local(Code::InvalidArgument, text));
        };
        self.root = Some(root.clone());
        self.step = Step::Request;
        self.try_count = 0;
        self.retry_at = Some(now);
        Progress::RootKnown(Rc::new(Credentials { root, own: None }))
    }

    fn on_certificate(&mut self, now: Time, pem: &str) -> Progress {
        let root = self.root.clone().expect("the root is known before a certificate is requested");
        let fits = |chain: &Chain| *chain.leaf.public_key() == self.key.public_key();
        let verified = Chain::from_pem(pem).ok().filter(fits).and_then(|chain| {
            let identity = seal::ca::verify(&chain, &root, now).ok()?;
            Some(Own { key: self.key.clone(), chain, identity })
        });
        match verified {
            Some(own) => {
                let key_file = NodeKeyFile::new(self.key.clone());
                Progress::Done(Box::new((Credentials { root, own: Some(own) }, key_file)))
            }
            None => Progress::Failed(ApiError::local(
                Code::Unknown,
                "the certificate that was issued does not fit the request",
            )),
        }
    }
}

fn no_leader() -> ApiError {
    ApiError::new(Code::Unavailable, "raft: no elected cluster leader")
}
