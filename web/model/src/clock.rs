//! How fast virtual time runs while the page is looked at.

/// How many times faster than real time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speed {
    /// As fast as real time.
    #[default]
    Real,
    /// Four times.
    Four,
    /// Twenty times.
    Twenty,
    /// As fast as the machine can.
    Max,
}

/// How fast a running command is played at least, so that nobody waits for a prompt.
pub const COMMAND_SPEED: u64 = 20;

/// At the largest speed: an hour a frame, which the budget of a frame cuts short.
const MAX_SPEED: u64 = 200_000;

/// Longer gaps between frames come from a page that was not looked at; time stood still then.
const FRAME_MS_MAX: u64 = 250;

impl Speed {
    /// All, slowest first.
    pub const ALL: [Self; 4] = [Self::Real, Self::Four, Self::Twenty, Self::Max];

    /// The name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Real => "1×",
            Self::Four => "4×",
            Self::Twenty => "20×",
            Self::Max => "max",
        }
    }

    /// The name in attributes and storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Real => "1",
            Self::Four => "4",
            Self::Twenty => "20",
            Self::Max => "max",
        }
    }

    /// The next one, for a button that goes round.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Real => Self::Four,
            Self::Four => Self::Twenty,
            Self::Twenty => Self::Max,
            Self::Max => Self::Real,
        }
    }

    const fn factor(self) -> u64 {
        match self {
            Self::Real => 1,
            Self::Four => 4,
            Self::Twenty => 20,
            Self::Max => MAX_SPEED,
        }
    }

    /// How much virtual time a frame may take, in microseconds; `busy` while a command runs that
    /// somebody waits for.
    pub fn span_us(self, frame_ms: u64, busy: bool) -> u64 {
        let factor = if busy { self.factor().max(COMMAND_SPEED) } else { self.factor() };
        frame_ms.min(FRAME_MS_MAX) * factor * 1_000
    }
}

/// A span of virtual time as a clock shows it: `00:01:23.4`.
pub fn clock(at_ms: u64) -> String {
    let (secs, tenths) = (at_ms / 1_000, at_ms % 1_000 / 100);
    format!("{:02}:{:02}:{:02}.{tenths}", secs / 3_600, secs / 60 % 60, secs % 60)
}

/// A span as a person says it: `0.4 s`, `2 min 5 s`.
pub fn span(ms: u64) -> String {
    match ms {
        0..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms / 1_000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_never_waits_for_real_time() {
        assert_eq!(Speed::Real.span_us(16, false), 16_000);
        assert_eq!(Speed::Real.span_us(16, true), 320_000);
        assert_eq!(Speed::Twenty.span_us(16, true), Speed::Twenty.span_us(16, false));
        assert_eq!(Speed::Real.span_us(3_600_000, false), 250_000);
    }

    #[test]
    fn spans_are_readable() {
        assert_eq!(clock(3_723_450), "01:02:03.4");
        assert_eq!((span(440), span(125_000)), ("0.4 s".into(), "2 min 5 s".into()));
    }
}
