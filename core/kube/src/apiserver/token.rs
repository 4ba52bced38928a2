//! Tokens of service accounts: JSON Web Tokens, signed with the cluster's key `sa.key`.

use seal::PrivateKey;
use serde_json::{Value, json};
use sim::{Duration, Time};

use crate::json::text;

/// What tokens are signed and checked with.
#[derive(Clone)]
pub(crate) struct TokenKey(pub PrivateKey);

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(secret)")
    }
}

/// Whom a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    /// The account's namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uid: String,
}

fn encode(bytes: &[u8]) -> String {
    seal::base64::encode_unpadded(bytes).replace('+', "-").replace('/', "_")
}

fn decode(text: &str) -> Option<Vec<u8>> {
    seal::base64::decode_unpadded(&text.replace('-', "+").replace('_', "/"))
}

/// A token for an account; one without a life never ends, as those in secrets.
pub(crate) fn sign(account: &Value, key: &TokenKey, now: Time, life: Option<Duration>) -> String {
    let (namespace, name) = (crate::json::namespace(account), crate::json::name(account));
    let mut claims = json!({
        "iss": "https://kubernetes.default.svc.cluster.local",
        "iat": now.unix_secs(),
        "kubernetes.io": {
            "namespace": namespace,
            "serviceaccount": { "name": name, "uid": crate::json::uid(account) },
        },
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
    });
    if let Some(life) = life {
        claims["exp"] = (now + life).unix_secs().into();
    }
    let header = json!({ "alg": "ES256", "kid": "sa" });
    let signed = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let signature = encode(&key.0.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// Whom a token speaks for; nothing if it is not good, or no longer.
pub(crate) fn verify(token: &str, key: &TokenKey, now: Time) -> Option<Claims> {
    let (signed, signature) = token.rsplit_once('.')?;
    if !key.0.public_key().verify(signed.as_bytes(), &decode(signature)?) {
        return None;
    }
    let claims: Value = serde_json::from_slice(&decode(signed.split_once('.')?.1)?).ok()?;
    if claims["exp"].as_u64().is_some_and(|end| end <= now.unix_secs()) {
        return None;
    }
    let about = &claims["kubernetes.io"];
    Some(Claims {
        namespace: text(about, "namespace").to_owned(),
        name: text(about, "serviceaccount/name").to_owned(),
        uid: text(about, "serviceaccount/uid").to_owned(),
    })
}
