//! A connection to a server that shows a certificate: what `https` needs of TLS, in two exchanges.
//!
//! As TLS 1.3 in structure - ephemeral keys, the server's signature over both, a session ticket - and
//! not in its bytes. The ticket lets any server with the same private key answer the second exchange:
//! behind a routing mesh it may be another one.

use hkdf::Hkdf;
use p256::{PublicKey as Point, SecretKey};
use sha2::Sha256;

use super::certificate::Certificate;
use super::key::Key;
use crate::envelope;
use crate::keys::Kek;

/// What every message begins with; plain HTTP does not.
const MAGIC: &[u8] = b"\x16\x03glasshive-tls\0";
const HELLO: u8 = 1;
const DATA: u8 = 2;
/// As [`DATA`], from a client that shows a certificate, too.
const SIGNED: u8 = 3;

/// The other side does not follow the protocol, or is not who it claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsError;

fn derive(secret: &[u8], context: &[u8]) -> Kek {
    let mut key = [0; 32];
    let derivation = Hkdf::<Sha256>::new(Some(b"glasshive tls"), secret);
    derivation.expand(context, &mut key).expect("HKDF gives up to 8160 bytes");
    Kek::from_bytes(key)
}

fn shared(own: &SecretKey, other: &[u8]) -> Result<Kek, TlsError> {
    let other = Point::from_sec1_bytes(other).map_err(|_| TlsError)?;
    Ok(derive(own.diffie_hellman(&other).raw_secret_bytes(), b"session"))
}

fn point(key: &SecretKey) -> Vec<u8> {
    key.public_key().to_sec1_bytes().to_vec()
}

/// Parts with their lengths in front.
fn join(parts: &[&[u8]]) -> Vec<u8> {
    let sized = parts.iter().flat_map(|part| {
        let size = (part.len() as u32).to_be_bytes();
        size.into_iter().chain(part.iter().copied())
    });
    sized.collect()
}

fn split(mut bytes: &[u8], count: usize) -> Result<Vec<&[u8]>, TlsError> {
    let mut parts = Vec::new();
    for _ in 0..count {
        let (size, rest) = bytes.split_first_chunk::<4>().ok_or(TlsError)?;
        let size = usize::try_from(u32::from_be_bytes(*size)).map_err(|_| TlsError)?;
        let (part, rest) = rest.split_at_checked(size).ok_or(TlsError)?;
        parts.push(part);
        bytes = rest;
    }
    if bytes.is_empty() { Ok(parts) } else { Err(TlsError) }
}

/// True for a message of this protocol.
pub fn is_tls(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

fn ephemeral(random: &mut dyn FnMut(usize) -> Vec<u8>) -> SecretKey {
    loop {
        if let Ok(key) = SecretKey::from_slice(&random(32)) {
            return key;
        }
    }
}

/// What a server, or a client that is asked for it, shows and proves.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its certificate and those between it and a root.
    pub chain: Vec<Certificate>,
    /// The private key of the first.
    pub key: Key,
}

/// What a server has received.
#[derive(Debug)]
pub enum Opened {
    /// The first message: this is the answer.
    Answer(Vec<u8>),
    /// A request, what seals the answer to it, and the certificates that its sender has shown: the first is the
    /// sender's own, whose key has signed the request. Whether it is trusted is for [`super::verify`] to say.
    Request(Reply, Vec<u8>, Vec<Certificate>),
}

/// Seals the answer to one request.
#[derive(Debug)]
pub struct Reply(Kek);

impl Reply {
    /// The message that carries the answer.
    pub fn seal(&self, answer: &[u8]) -> Vec<u8> {
        envelope::seal(&self.0, b"answer", answer)
    }
}

impl Server {
    /// Reads a message.
    ///
    /// # Errors
    /// For bytes that are no message, or sealed for another key.
    pub fn open(
        &self,
        message: &[u8],
        random: &mut dyn FnMut(usize) -> Vec<u8>,
    ) -> Result<Opened, TlsError> {
        let own = derive(&self.key.to_der(), b"tickets");
        let (kind, rest) =
            message.strip_prefix(MAGIC).and_then(|rest| rest.split_first()).ok_or(TlsError)?;
        if *kind == HELLO {
            let ours = ephemeral(random);
            let session = shared(&ours, rest)?;
            let ticket = envelope::seal(&own, b"ticket", session.as_bytes());
            let point = point(&ours);
            let signature = self.key.sign(&[rest, &point, &ticket].concat());
            let pem = self.pem();
            return Ok(Opened::Answer(join(&[&point, &ticket, &signature, pem.as_bytes()])));
        }
        let parts = split(rest, 2)?;
        let session = envelope::open(&own, b"ticket", parts[0]).map_err(|_| TlsError)?;
        let session = Kek::from_bytes(session[..].try_into().map_err(|_| TlsError)?);
        let request = envelope::open(&session, b"request", parts[1]).map_err(|_| TlsError)?;
        if *kind == DATA {
            return Ok(Opened::Request(Reply(session), request.to_vec(), Vec::new()));
        }
        let signed = split(&request, 3)?;
        let [request, signature, pem] = signed[..] else { return Err(TlsError) };
        let chain = Certificate::all_of(&String::from_utf8_lossy(pem));
        let leaf = chain.first().ok_or(TlsError)?;
        if !leaf.key.verify(&[parts[0], request].concat(), signature) {
            return Err(TlsError);
        }
        Ok(Opened::Request(Reply(session), request.to_vec(), chain))
    }

    fn pem(&self) -> String {
        self.chain.iter().map(Certificate::pem).collect()
    }
}

/// A client between the two exchanges.
pub struct Client {
    ours: SecretKey,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client(key secret)")
    }
}

/// A client that knows its server.
#[derive(Debug)]
pub struct Session {
    /// What the server has shown; whether it is trusted is for [`super::verify`] to say.
    pub chain: Vec<Certificate>,
    ticket: Vec<u8>,
    key: Kek,
}

impl Client {
    /// A client and its first message.
    pub fn hello(random: &mut dyn FnMut(usize) -> Vec<u8>) -> (Self, Vec<u8>) {
        let ours = ephemeral(random);
        let message = [MAGIC, &[HELLO], &point(&ours)].concat();
        (Self { ours }, message)
    }

    /// The server's answer: it has the key of the certificate that it shows.
    ///
    /// # Errors
    /// For anything else.
    pub fn finish(self, answer: &[u8]) -> Result<Session, TlsError> {
        let parts = split(answer, 4)?;
        let [theirs, ticket, signature, pem] = parts[..] else { return Err(TlsError) };
        let chain = Certificate::all_of(&String::from_utf8_lossy(pem));
        let leaf = chain.first().ok_or(TlsError)?;
        let transcript = [&point(&self.ours)[..], theirs, ticket].concat();
        if !leaf.key.verify(&transcript, signature) {
            return Err(TlsError);
        }
        Ok(Session { key: shared(&self.ours, theirs)?, ticket: ticket.to_vec(), chain })
    }
}

impl Session {
    /// The message that carries a request of whoever it is.
    pub fn request(&self, bytes: &[u8]) -> Vec<u8> {
        self.sealed(DATA, bytes)
    }

    /// The same from a client that shows a certificate.
    pub fn signed_request(&self, bytes: &[u8], identity: &Server) -> Vec<u8> {
        let signature = identity.key.sign(&[&self.ticket, bytes].concat());
        self.sealed(SIGNED, &join(&[bytes, &signature, identity.pem().as_bytes()]))
    }

    fn sealed(&self, kind: u8, bytes: &[u8]) -> Vec<u8> {
        let sealed = envelope::seal(&self.key, b"request", bytes);
        [MAGIC, &[kind], &join(&[&self.ticket, &sealed])].concat()
    }

    /// What the server answered to it.
    ///
    /// # Errors
    /// For bytes that were not sealed for this session.
    pub fn answer(&self, bytes: &[u8]) -> Result<Vec<u8>, TlsError> {
        envelope::open(&self.key, b"answer", bytes).map(|it| it.to_vec()).map_err(|_| TlsError)
    }
}

#[cfg(test)]
mod tests {
    use sim::Time;

    use super::super::{Name, Template, verify};
    use super::*;

    #[test]
    fn what_is_said_is_heard_and_a_foreign_key_is_not() {
        let mut rng = sim::Streams::new(4).stream("tls");
        let mut random = |size: usize| (0..size).map(|_| rng.bytes::<1>()[0]).collect::<Vec<u8>>();
        let mut made = |name: &str| {
            let key = Key::rsa(512, &mut random);
            let name = Name::parse(name).unwrap();
            let certificate = Template {
                serial: &[7],
                issuer: &name,
                subject: &name,
                not_before: Time::from_date(2020, 1, 1),
                not_after: Time::from_date(2021, 1, 1),
                key: &key.public(),
                extensions: &[],
            };
            let certificate = certificate.sign(&key).unwrap();
            Server { chain: vec![certificate], key }
        };
        let (server, other) = (made("/CN=localhost"), made("/CN=localhost"));
        let (client, hello) = Client::hello(&mut random);
        let answer = |server: &Server, message: &[u8], random: &mut dyn FnMut(usize) -> Vec<u8>| {
            Ok::<_, TlsError>(match server.open(message, random)? {
                Opened::Answer(bytes) => bytes,
                Opened::Request(reply, request, chain) => {
                    let shown = u8::try_from(chain.len()).unwrap();
                    reply.seal(&[&request[..], &[b'0' + shown]].concat())
                }
            })
        };
        let said = answer(&server, &hello, &mut random).unwrap();
        let session = client.finish(&said).unwrap();
        let now = Time::from_date(2020, 6, 1);
        let leaf = &session.chain[0];
        assert!(leaf.is_for("localhost") && !leaf.is_for("example.org"));
        assert!(verify(leaf, &[], &server.chain, Some(now)).is_ok());
        assert_eq!(verify(leaf, &[], &other.chain, Some(now)).unwrap_err().number, 18);
        let message = session.request(b"hello");
        assert!(!message.windows(5).any(|five| five == b"hello"));
        let said = answer(&server, &message, &mut random).unwrap();
        assert_eq!(session.answer(&said).unwrap(), b"hello0");
        assert!(answer(&other, &message, &mut random).is_err());
        let said = answer(&server, &session.signed_request(b"hello", &other), &mut random).unwrap();
        assert_eq!(session.answer(&said).unwrap(), b"hello1");
        let liar = Server { chain: other.chain.clone(), key: server.key.clone() };
        let message = session.signed_request(b"hello", &liar);
        assert!(answer(&server, &message, &mut random).is_err());
        let stolen = Server { chain: server.chain.clone(), key: other.key };
        let (client, hello) = Client::hello(&mut random);
        let said = answer(&stolen, &hello, &mut random).unwrap();
        assert!(client.finish(&said).is_err());
    }
}
