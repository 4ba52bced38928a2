//! Key, certificate and root CA of this node, and the channels they make.

use seal::channel::{ClientConfig, Identity, ServerConfig, Trust as ChannelTrust};
use seal::{Chain, NodeIdentity, PrivateKey, RootCertificate};

use crate::objects::{Id, Role, TlsInfo};
use crate::transport::Trust;

/// What a node needs to open and accept channels.
#[derive(Clone)]
pub(crate) struct Credentials {
    /// What the cluster's certificates are checked against.
    pub(crate) root: RootCertificate,
    /// Key and certificate; none before the first certificate.
    pub(crate) own: Option<Own>,
}

/// A node's own certificate.
#[derive(Clone)]
pub(crate) struct Own {
    /// The private key.
    pub(crate) key: PrivateKey,
    /// The certificate, and what leads from it to a root that others trust.
    pub(crate) chain: Chain,
    /// What the certificate says.
    pub(crate) identity: NodeIdentity,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({:?})", self.own.as_ref().map(|own| &own.identity))
    }
}

impl Own {
    /// The node.
    pub(crate) fn node_id(&self) -> Id {
        Id::from(self.identity.node_id.as_str())
    }

    /// Its role.
    pub(crate) const fn role(&self) -> Role {
        role_of(self.identity.role)
    }
}

/// A certificate's role as the objects have it.
pub(crate) const fn role_of(role: seal::Role) -> Role {
    match role {
        seal::Role::Manager => Role::Manager,
        seal::Role::Worker | seal::Role::Plain => Role::Worker,
    }
}

/// The other way round.
pub(crate) const fn certificate_role(role: Role) -> seal::Role {
    match role {
        Role::Manager => seal::Role::Manager,
        Role::Worker => seal::Role::Worker,
    }
}

impl Credentials {
    /// What the node tells of it.
    pub(crate) fn tls_info(&self) -> TlsInfo {
        let intermediate = self.own.as_ref().and_then(|own| own.chain.intermediate.as_ref());
        let issuer = intermediate.unwrap_or_else(|| self.root.certificate());
        TlsInfo {
            trust_root: self.root.pem(),
            issuer_subject: issuer.subject_der(),
            issuer_public_key: issuer.public_key_der(),
        }
    }

    /// A client that has nothing yet: it may only download the root CA's certificate.
    pub(crate) fn unverified_client(trust: Trust) -> Option<ClientConfig> {
        (trust == Trust::Nobody).then(|| ClientConfig {
            identity: None,
            trust: ChannelTrust::Unverified,
            server_role: None,
        })
    }

    /// For a connection to a manager.
    pub(crate) fn client(&self, trust: Trust) -> Option<ClientConfig> {
        match trust {
            Trust::Nobody => Self::unverified_client(trust),
            Trust::Server => Some(self.verifying(None)),
            Trust::Mutual => Some(self.verifying(Some(self.own.as_ref()?.channel_identity()))),
        }
    }

    /// swarmkit asks for the server name `swarm-manager`.
    fn verifying(&self, identity: Option<Identity>) -> ClientConfig {
        ClientConfig {
            identity,
            trust: ChannelTrust::Root(self.root.clone()),
            server_role: Some(seal::Role::Manager),
        }
    }

    /// For connections from others; only managers listen.
    pub(crate) fn server(&self) -> Option<ServerConfig> {
        let own = self.own.as_ref().filter(|own| own.role() == Role::Manager)?;
        let trust = ChannelTrust::Root(self.root.clone());
        Some(ServerConfig { identity: own.channel_identity(), trust })
    }
}

impl Own {
    fn channel_identity(&self) -> Identity {
        Identity { key: self.key.clone(), chain: self.chain.clone() }
    }
}
