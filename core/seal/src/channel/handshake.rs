//! The handshake: TLS 1.3's one round trip (RFC 8446, section 2), on P-256 and AES-256-GCM alone.
//!
//! ```text
//! client                                   server
//! hello: random, ephemeral key      ->
//!                                   <-     hello: random, ephemeral key
//!                                          {certificate} {signature} {finished}
//! {certificate} {signature}
//! {finished} [data]                 ->
//!                                   <-     [data]
//! ```
//!
//! `{}` is sealed with keys from the ephemeral keys, `[]` with keys that also depend on the
//! handshake. Signatures and MACs cover a hash of all messages before them, so no message can be
//! changed, or taken from another handshake. A client without a certificate sends an empty one.

use p256::{PublicKey as Point, SecretKey};
use sha2::{Digest, Sha256};
use sim::Time;
use zeroize::Zeroizing;

use super::record::{self, Content, Direction, Kind};
use super::schedule::{self, Secret};
use super::{ChannelError, ClientConfig, Identity, ServerConfig, Trust};
use crate::ca::{self, Peer};
use crate::ct;
use crate::x509::{Certificate, CertificateError, Chain, Role};

/// The protocol's version: the first byte of a hello.
const VERSION: u8 = 1;

// The codes of messages are TLS's.
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_VERIFY: u8 = 15;
const FINISHED: u8 = 20;

/// What signatures are over, before the hash: no signature fits another purpose or the other side.
const CLIENT_CONTEXT: &[u8] = b"glasshive channel, client certificate verify\0";
const SERVER_CONTEXT: &[u8] = b"glasshive channel, server certificate verify\0";

/// Keys for data and what is known about the other side, once a side has finished.
pub(super) struct Finished {
    pub(super) send: Direction,
    pub(super) receive: Direction,
    pub(super) peer: Option<Peer>,
    pub(super) certificate: Option<Certificate>,
}

/// The messages so far.
#[derive(Clone, Default)]
struct Transcript(Sha256);

impl Transcript {
    fn add(&mut self, message: &[u8]) {
        self.0.update(message);
    }

    fn hash(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }
}

/// A client that waits for the server's answer.
#[derive(Clone)]
pub(super) struct ClientHandshake {
    identity: Option<Identity>,
    trust: Trust,
    server_role: Option<Role>,
    ephemeral: SecretKey,
    transcript: Transcript,
}

impl ClientHandshake {
    /// The state and the first frame.
    pub(super) fn start(config: &ClientConfig, rng: &mut sim::Rng) -> (Self, Vec<u8>) {
        let (ephemeral, hello) = hello(CLIENT_HELLO, rng);
        let mut transcript = Transcript::default();
        transcript.add(&hello);
        let frame = record::hello(&hello);
        let state = Self {
            identity: config.identity.clone(),
            trust: config.trust.clone(),
            server_role: config.server_role,
            ephemeral,
            transcript,
        };
        (state, frame)
    }

    /// Takes the server's records off `frame`; the answer is the client's last flight.
    pub(super) fn finish(
        mut self,
        frame: &mut &[u8],
        now: Time,
    ) -> Result<(Finished, Vec<u8>), ChannelError> {
        let hello = next_record(frame, Kind::Hello)?;
        let point = read_hello(hello.body, SERVER_HELLO)?;
        self.transcript.add(hello.body);
        let mut keys = HandshakeKeys::agree(&self.ephemeral, &point, &self.transcript);

        let flight = open_flight(&mut keys.server, frame)?;
        let mut rest = &flight[..];
        let chain =
            read_certificate(&mut rest, &mut self.transcript)?.ok_or(ChannelError::Unexpected)?;
        read_signature(&mut rest, &mut self.transcript, SERVER_CONTEXT, &chain.leaf)?;
        read_finished(&mut rest, &mut self.transcript, &keys.server_secret)?;
        let peer = self.trust.check(&chain, now)?;
        if let (Some(peer), Some(expected)) = (&peer, self.server_role)
            && peer.role != expected
        {
            let found = peer.role;
            return Err(CertificateError::WrongRole { found, expected }.into());
        }

        let data = DataSecrets::derive(&keys.secret, &self.transcript);
        let mut messages = Vec::new();
        write_certificate(&mut messages, &mut self.transcript, self.identity.as_ref());
        if let Some(identity) = &self.identity {
            write_signature(&mut messages, &mut self.transcript, CLIENT_CONTEXT, identity);
        }
        write_finished(&mut messages, &mut self.transcript, &keys.client_secret);
        let mut reply = Vec::new();
        keys.client.seal(Content::Handshake, &messages, &mut reply);
        let finished = Finished {
            send: Direction::new(&data.client),
            receive: Direction::new(&data.server),
            peer,
            certificate: Some(chain.leaf),
        };
        Ok((finished, reply))
    }
}

/// A server that waits for the client's last flight.
#[derive(Clone)]
pub(super) struct ServerHandshake {
    trust: Trust,
    client: Direction,
    client_secret: Secret,
    data: DataSecrets,
    transcript: Transcript,
}

impl ServerHandshake {
    /// The state and the answer to a client's first frame.
    pub(super) fn accept(
        config: &ServerConfig,
        mut frame: &[u8],
        rng: &mut sim::Rng,
    ) -> Result<(Self, Vec<u8>), ChannelError> {
        let first = next_record(&mut frame, Kind::Hello)?;
        if !frame.is_empty() {
            return Err(ChannelError::Unexpected);
        }
        let point = read_hello(first.body, CLIENT_HELLO)?;
        let (ephemeral, hello) = hello(SERVER_HELLO, rng);
        let mut transcript = Transcript::default();
        transcript.add(first.body);
        transcript.add(&hello);
        let mut keys = HandshakeKeys::agree(&ephemeral, &point, &transcript);

        let mut messages = Vec::new();
        write_certificate(&mut messages, &mut transcript, Some(&config.identity));
        write_signature(&mut messages, &mut transcript, SERVER_CONTEXT, &config.identity);
        write_finished(&mut messages, &mut transcript, &keys.server_secret);
        let mut reply = record::hello(&hello);
        keys.server.seal(Content::Handshake, &messages, &mut reply);
        let state = Self {
            trust: config.trust.clone(),
            client: keys.client,
            client_secret: keys.client_secret,
            data: DataSecrets::derive(&keys.secret, &transcript),
            transcript,
        };
        Ok((state, reply))
    }

    /// Takes the client's last flight off `frame`.
    pub(super) fn finish(mut self, frame: &mut &[u8], now: Time) -> Result<Finished, ChannelError> {
        let flight = open_flight(&mut self.client, frame)?;
        let mut rest = &flight[..];
        let chain = read_certificate(&mut rest, &mut self.transcript)?;
        if let Some(chain) = &chain {
            read_signature(&mut rest, &mut self.transcript, CLIENT_CONTEXT, &chain.leaf)?;
        }
        read_finished(&mut rest, &mut self.transcript, &self.client_secret)?;
        let peer = match &chain {
            Some(chain) => self.trust.check(chain, now)?,
            None => None,
        };
        Ok(Finished {
            send: Direction::new(&self.data.server),
            receive: Direction::new(&self.data.client),
            peer,
            certificate: chain.map(|chain| chain.leaf),
        })
    }
}

impl Trust {
    /// Who the certificate's owner is; nobody in particular where nothing is verified.
    fn check(&self, chain: &Chain, now: Time) -> Result<Option<Peer>, ChannelError> {
        match self {
            Self::Unverified => Ok(None),
            Self::Root(root) => Ok(Some(ca::verify(chain, root, now)?)),
        }
    }
}

/// The keys of the handshake itself.
struct HandshakeKeys {
    secret: Secret,
    client_secret: Secret,
    server_secret: Secret,
    client: Direction,
    server: Direction,
}

impl HandshakeKeys {
    fn agree(own: &SecretKey, other: &Point, transcript: &Transcript) -> Self {
        let shared = own.diffie_hellman(other);
        let secret = schedule::handshake_secret(shared.raw_secret_bytes());
        let hash = transcript.hash();
        let client_secret = schedule::derive(&secret, "c hs traffic", &hash);
        let server_secret = schedule::derive(&secret, "s hs traffic", &hash);
        let (client, server) = (Direction::new(&client_secret), Direction::new(&server_secret));
        Self { secret, client_secret, server_secret, client, server }
    }
}

/// The secrets of application data; they depend on everything up to the server's Finished.
#[derive(Clone)]
struct DataSecrets {
    client: Secret,
    server: Secret,
}

impl DataSecrets {
    fn derive(handshake: &Secret, transcript: &Transcript) -> Self {
        let master = schedule::master_secret(handshake);
        let hash = transcript.hash();
        Self {
            client: schedule::derive(&master, "c ap traffic", &hash),
            server: schedule::derive(&master, "s ap traffic", &hash),
        }
    }
}

/// A new ephemeral key, and the hello that carries its public half.
fn hello(code: u8, rng: &mut sim::Rng) -> (SecretKey, Vec<u8>) {
    let random: [u8; 32] = rng.bytes();
    let key = loop {
        let scalar = Zeroizing::new(rng.bytes::<32>());
        if let Ok(key) = SecretKey::from_slice(&*scalar) {
            break key;
        }
    };
    let point = key.public_key().to_sec1_bytes();
    let mut bytes = Vec::new();
    message(&mut bytes, code, &[&[VERSION], &random, &point]);
    (key, bytes)
}

fn read_hello(mut bytes: &[u8], code: u8) -> Result<Point, ChannelError> {
    let (body, _) = read_message(&mut bytes, code)?;
    if !bytes.is_empty() || body.len() != 1 + 32 + 65 || body[0] != VERSION || body[33] != 4 {
        return Err(ChannelError::Unexpected);
    }
    Point::from_sec1_bytes(&body[33..]).map_err(|_| ChannelError::Unexpected)
}

fn next_record<'a>(frame: &mut &'a [u8], kind: Kind) -> Result<record::Record<'a>, ChannelError> {
    let record = record::next(frame)?.ok_or(ChannelError::Truncated)?;
    if record.kind == kind { Ok(record) } else { Err(ChannelError::Unexpected) }
}

/// The messages of a sealed flight.
fn open_flight(keys: &mut Direction, frame: &mut &[u8]) -> Result<Vec<u8>, ChannelError> {
    let record = next_record(frame, Kind::Sealed)?;
    match keys.open(&record)? {
        (Content::Handshake, messages) => Ok(messages),
        _ => Err(ChannelError::Unexpected),
    }
}

/// Appends one message: code, length (32 bits), the parts.
fn message(out: &mut Vec<u8>, code: u8, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let length = u32::try_from(length).expect("a certificate has at most 16 KiB");
    out.push(code);
    out.extend_from_slice(&length.to_be_bytes());
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Takes the next message, which must have this code: its body, and all of its bytes.
fn read_message<'a>(rest: &mut &'a [u8], code: u8) -> Result<(&'a [u8], &'a [u8]), ChannelError> {
    let whole = *rest;
    let (header, after) = whole.split_at_checked(5).ok_or(ChannelError::Truncated)?;
    let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
    let (body, after) = after.split_at_checked(length as usize).ok_or(ChannelError::Truncated)?;
    if header[0] != code {
        return Err(ChannelError::Unexpected);
    }
    *rest = after;
    Ok((body, &whole[..whole.len() - after.len()]))
}

/// Appends a message and adds it to the transcript.
fn write(out: &mut Vec<u8>, transcript: &mut Transcript, code: u8, body: &[u8]) {
    let start = out.len();
    message(out, code, &[body]);
    transcript.add(&out[start..]);
}

fn write_certificate(out: &mut Vec<u8>, transcript: &mut Transcript, identity: Option<&Identity>) {
    let der = identity.map(|identity| identity.chain.der()).unwrap_or_default();
    write(out, transcript, CERTIFICATE, &der);
}

fn read_certificate(
    rest: &mut &[u8],
    transcript: &mut Transcript,
) -> Result<Option<Chain>, ChannelError> {
    let (body, whole) = read_message(rest, CERTIFICATE)?;
    transcript.add(whole);
    if body.is_empty() { Ok(None) } else { Ok(Some(Chain::from_der(body)?)) }
}

fn write_signature(
    out: &mut Vec<u8>,
    transcript: &mut Transcript,
    context: &[u8],
    identity: &Identity,
) {
    let signature = identity.key.sign(&[context, &transcript.hash()].concat());
    write(out, transcript, CERTIFICATE_VERIFY, &signature);
}

fn read_signature(
    rest: &mut &[u8],
    transcript: &mut Transcript,
    context: &[u8],
    certificate: &Certificate,
) -> Result<(), ChannelError> {
    let signed = [context, &transcript.hash()].concat();
    let (signature, whole) = read_message(rest, CERTIFICATE_VERIFY)?;
    if !certificate.public_key().verify(&signed, signature) {
        return Err(ChannelError::BadSignature);
    }
    transcript.add(whole);
    Ok(())
}

fn write_finished(out: &mut Vec<u8>, transcript: &mut Transcript, secret: &Secret) {
    let mac = schedule::finished(secret, &transcript.hash());
    write(out, transcript, FINISHED, &mac);
}

/// Reads the last message of a flight.
fn read_finished(
    rest: &mut &[u8],
    transcript: &mut Transcript,
    secret: &Secret,
) -> Result<(), ChannelError> {
    let expected = schedule::finished(secret, &transcript.hash());
    let (mac, whole) = read_message(rest, FINISHED)?;
    if !ct::equal(mac, &expected) {
        return Err(ChannelError::BadRecord);
    }
    if !rest.is_empty() {
        return Err(ChannelError::Unexpected);
    }
    transcript.add(whole);
    Ok(())
}
