//! The one readable byte in front of every frame: what the frame is and which end sent it.
//!
//! The end is told because a node may talk to itself, and then both ends of a flow are here.

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameKind {
    /// The first frame of a connection: the initiator's half of the handshake.
    Hello,
    /// The frame's number on this way, four bytes, and the channel's bytes.
    Data,
    /// There is no such connection (any more).
    Reset,
}

const FROM_INITIATOR: u8 = 0x10;

/// Puts the byte in front.
pub(crate) fn wrap(kind: FrameKind, from_initiator: bool, bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(bytes.len() + 1);
    frame.push(first_byte(kind, from_initiator));
    frame.extend_from_slice(bytes);
    frame
}

/// The same for a frame with the channel's bytes, with its number in front of them.
pub(crate) fn wrap_numbered(from_initiator: bool, number: u32, bytes: &[u8]) -> Vec<u8> {
    let number = number.to_le_bytes();
    let mut frame = Vec::with_capacity(1 + number.len() + bytes.len());
    frame.push(first_byte(FrameKind::Data, from_initiator));
    frame.extend_from_slice(&number);
    frame.extend_from_slice(bytes);
    frame
}

const fn first_byte(kind: FrameKind, from_initiator: bool) -> u8 {
    let number = match kind {
        FrameKind::Hello => 0,
        FrameKind::Data => 1,
        FrameKind::Reset => 2,
    };
    number | if from_initiator { FROM_INITIATOR } else { 0 }
}

/// Takes the byte off; nothing if this is no frame of ours.
pub(crate) fn unwrap(frame: &[u8]) -> Option<(FrameKind, bool, &[u8])> {
    let (&first, bytes) = frame.split_first()?;
    let kind = match first & !FROM_INITIATOR {
        0 => FrameKind::Hello,
        1 => FrameKind::Data,
        2 => FrameKind::Reset,
        _ => return None,
    };
    Some((kind, first & FROM_INITIATOR != 0, bytes))
}

/// Takes the number off a frame with the channel's bytes.
pub(crate) fn numbered(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, bytes) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number), bytes))
}
