//! Encryption at rest (`EncryptionConfiguration`): what an API server does to values before etcd gets them.
//!
//! The names and prefixes are those of Kubernetes; whatever a provider is called, the sealing is AES-256-GCM, bound to
//! the key in etcd.

use seal::{Dek, Nonce, Sealer};
use sha2::{Digest, Sha256};
use sim::Rng;
use yaml::Node;

/// One way to keep values.
#[derive(Clone, Debug)]
pub struct Provider {
    /// `identity`, `aescbc`, `aesgcm`, `secretbox`.
    pub kind: &'static str,
    /// The key's name, empty for `identity`.
    pub key: String,
    sealer: Option<Sealer>,
}

/// Which resources are kept how: the first provider writes, all read.
#[derive(Clone, Debug, Default)]
pub struct Encryption {
    rules: Vec<(Vec<String>, Vec<Provider>)>,
}

/// What every sealed value begins with.
const PREFIX: &[u8] = b"k8s:enc:";

/// How a stored value is kept: `clear`, or the name of the provider that sealed it.
pub fn provider_of(stored: &[u8]) -> &str {
    let Some(rest) = stored.strip_prefix(PREFIX) else { return "clear" };
    let name = rest.split(|byte| *byte == b':').next().unwrap_or_default();
    std::str::from_utf8(name).unwrap_or("clear")
}

impl Encryption {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// What is wrong with it, as the API server says it before it ends.
    pub fn parse(text: &str) -> Result<Self, String> {
        let root = yaml::read(0, text)?;
        if root.text_of("kind") != "EncryptionConfiguration" {
            return Err(format!(
                "no kind \"{}\" is registered for version \"{}\"",
                root.text_of("kind"),
                root.text_of("apiVersion")
            ));
        }
        let mut rules = Vec::new();
        let list = |node: Option<&Node>| node.map(|node| node.items().to_vec()).unwrap_or_default();
        for rule in list(root.get("resources")) {
            let resources = list(rule.get("resources")).iter().filter_map(Node::text).collect();
            let mut providers = Vec::new();
            for provider in list(rule.get("providers")) {
                for (name, body) in provider.entries() {
                    providers.extend(read_provider(name, body)?);
                }
            }
            if providers.is_empty() {
                return Err("resources[0].providers: Required value: at least one provider is \
                            required"
                    .to_owned());
            }
            rules.push((resources, providers));
        }
        Ok(Self { rules })
    }

    fn providers(&self, resource: &str) -> &[Provider] {
        let is_meant = |names: &[String]| {
            names.iter().any(|name| name == resource || matches!(name.as_str(), "*." | "*.*"))
        };
        self.rules.iter().find(|(names, _)| is_meant(names)).map_or(&[], |(_, list)| list)
    }

    /// What etcd gets for a value of this resource.
    pub fn seal(&self, resource: &str, key: &str, value: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
        let Some(provider) = self.providers(resource).first() else { return value };
        let Some(sealer) = &provider.sealer else { return value };
        let nonce = Nonce::state(rng.next_u64() as u32, rng.next_u64());
        let mut sealed = provider.prefix();
        sealed.extend(sealer.clone().seal(nonce, key.as_bytes(), &value));
        sealed
    }

    /// The value would look otherwise if it were sealed now: another provider is the first one.
    pub fn is_stale(&self, resource: &str, stored: &[u8]) -> bool {
        match self.providers(resource).first() {
            Some(provider) if provider.sealer.is_some() => !stored.starts_with(&provider.prefix()),
            _ => stored.starts_with(PREFIX),
        }
    }

    /// The value that etcd has for a key.
    ///
    /// # Errors
    /// The API server's text where no provider fits.
    pub fn open(&self, resource: &str, key: &str, stored: &[u8]) -> Result<Vec<u8>, String> {
        if !stored.starts_with(PREFIX) {
            return Ok(stored.to_vec());
        }
        for provider in self.providers(resource) {
            let prefix = provider.prefix();
            if let (Some(sealer), Some(sealed)) =
                (&provider.sealer, stored.strip_prefix(prefix.as_slice()))
                && let Ok(value) = sealer.open(key.as_bytes(), sealed)
            {
                return Ok(value);
            }
        }
        Err("identity transformer tried to read encrypted data".to_owned())
    }
}

impl Provider {
    fn prefix(&self) -> Vec<u8> {
        format!("k8s:enc:{}:v1:{}:", self.kind, self.key).into_bytes()
    }
}

fn read_provider(name: &str, body: &Node) -> Result<Vec<Provider>, String> {
    let kinds = ["identity", "aescbc", "aesgcm", "secretbox"];
    let Some(kind) = kinds.into_iter().find(|kind| *kind == name) else {
        return Err(format!("not simulated: encryption provider {name}"));
    };
    if kind == "identity" {
        return Ok(vec![Provider { kind, key: String::new(), sealer: None }]);
    }
    let mut providers = Vec::new();
    for key in body.get("keys").map(Node::items).unwrap_or_default() {
        let (name, text) = (key.text_of("name"), key.text_of("secret"));
        let secret = seal::base64::decode(&text).ok_or_else(|| {
            format!("secret: Invalid value: \"REDACTED\": secrets must be base64 encoded ({name})")
        })?;
        let sizes: &[usize] = if kind == "secretbox" { &[32] } else { &[16, 24, 32] };
        if !sizes.contains(&secret.len()) {
            return Err(format!(
                "secret: Invalid value: \"REDACTED\": secret is not of the expected length, got \
                 {}, expected one of {sizes:?}",
                secret.len()
            ));
        }
        let key: [u8; 32] = match secret.as_slice().try_into() {
            Ok(key) => key,
            Err(_) => Sha256::digest(&secret).into(),
        };
        let sealer = Some(Sealer::new(&Dek::from_bytes(key)));
        providers.push(Provider { kind, key: name, sealer });
    }
    Ok(providers)
}
