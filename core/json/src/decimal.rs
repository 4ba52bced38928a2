//! Numbers with nine decimal places, for `awk` and `jq`: floats are kept out of `core/`, and what
//! workshops count, add and divide fits. Larger numbers end at the limits instead of growing.

use std::fmt;

/// A number in units of 10^-9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(i128);

const PLACES: usize = 9;
const ONE: i128 = 1_000_000_000;
/// Beyond this, adding and multiplying could overflow.
const LIMIT: i128 = ONE * 1_000_000_000_000_000_000;

#[expect(clippy::should_implement_trait, reason = "what stops at a limit is no operator")]
impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(ONE);

    fn clamped(units: i128) -> Self {
        Self(units.clamp(-LIMIT, LIMIT))
    }

    /// The number at the start of a text, as `strtod` reads it, and how many bytes it takes.
    pub fn prefix(text: &str) -> (Self, usize) {
        let bytes = text.as_bytes();
        let mut at = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let negative = bytes.get(at) == Some(&b'-');
        if matches!(bytes.get(at), Some(b'-' | b'+')) {
            at += 1;
        }
        let (mut units, mut digits, mut places) = (0_i128, 0, None);
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'0'..=b'9' => {
                    digits += 1;
                    match &mut places {
                        None => units = (units * 10 + i128::from(byte - b'0') * ONE).min(LIMIT),
                        Some(places) if *places < PLACES => {
                            *places += 1;
                            let power = u32::try_from(PLACES - *places).unwrap_or(0);
                            units += i128::from(byte - b'0') * 10_i128.pow(power);
                        }
                        Some(_) => {}
                    }
                }
                b'.' if places.is_none() => places = Some(0),
                _ => break,
            }
            at += 1;
        }
        if digits == 0 {
            return (Self::ZERO, 0);
        }
        if let Some((exponent, used)) = exponent(&bytes[at..]) {
            at += used;
            for _ in 0..exponent.unsigned_abs().min(40) {
                units = if exponent < 0 { units / 10 } else { (units * 10).min(LIMIT) };
            }
        }
        (Self::clamped(if negative { -units } else { units }), at)
    }

    /// The number that the whole text is, blanks around it aside.
    pub fn parse(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        let (number, used) = Self::prefix(trimmed);
        (used == trimmed.len() && used > 0).then_some(number)
    }

    /// Towards zero.
    #[must_use]
    pub fn whole(self) -> i64 {
        i64::try_from(self.0 / ONE).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX })
    }

    /// The largest whole number that is not larger.
    #[must_use]
    pub fn floor(self) -> Self {
        Self(self.0.div_euclid(ONE) * ONE)
    }

    /// True without a fraction.
    pub const fn is_whole(self) -> bool {
        self.0 % ONE == 0
    }

    /// The sum, within the limits.
    #[must_use]
    pub fn add(self, other: Self) -> Self {
        Self::clamped(self.0 + other.0)
    }

    /// The difference, within the limits.
    #[must_use]
    pub fn sub(self, other: Self) -> Self {
        Self::clamped(self.0 - other.0)
    }

    /// The other sign.
    #[must_use]
    pub fn neg(self) -> Self {
        Self(-self.0)
    }

    /// The product, within the limits.
    #[must_use]
    pub fn mul(self, other: Self) -> Self {
        let split = |units: i128| (units / ONE, units % ONE);
        let ((a, a_rest), (b, b_rest)) = (split(self.0), split(other.0));
        let whole = a.saturating_mul(b).clamp(-LIMIT / ONE, LIMIT / ONE) * ONE;
        Self::clamped(whole + a * b_rest + b * a_rest + a_rest * b_rest / ONE)
    }

    /// Nothing for a division by zero.
    #[must_use]
    pub fn div(self, other: Self) -> Option<Self> {
        if other.0 == 0 {
            return None;
        }
        let whole = self.0 / other.0;
        let rest = self.0 % other.0;
        Some(Self::clamped(whole.clamp(-LIMIT / ONE, LIMIT / ONE) * ONE + rest * ONE / other.0))
    }

    /// What is left of a division towards zero; nothing for a division by zero.
    #[must_use]
    pub const fn rem(self, other: Self) -> Option<Self> {
        if other.0 == 0 { None } else { Some(Self(self.0 % other.0)) }
    }

    /// To a whole power.
    #[must_use]
    pub fn pow(self, exponent: Self) -> Self {
        let count = exponent.whole();
        let mut result = Self::ONE;
        for _ in 0..count.unsigned_abs().min(200) {
            result = result.mul(self);
        }
        if count < 0 { Self::ONE.div(result).unwrap_or_default() } else { result }
    }

    /// In units of 10^-9, as far as they fit.
    pub fn units(self) -> i64 {
        i64::try_from(self.0).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX })
    }

    /// So many units of 10^-9.
    pub const fn of_units(units: i64) -> Self {
        Self(units as i128)
    }

    /// With so many decimal places, rounded half to even as `printf` does.
    #[must_use]
    pub fn fixed(self, places: usize) -> String {
        let kept = places.min(PLACES);
        let power = 10_i128.pow(u32::try_from(PLACES - kept).unwrap_or(0));
        let (mut units, rest) = (self.0.abs() / power, self.0.abs() % power);
        if rest * 2 > power || rest * 2 == power && units % 2 == 1 {
            units += 1;
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        let text = format!("{units:0>width$}", width = kept + 1);
        let (whole, fraction) = text.split_at(text.len() - kept);
        let more = "0".repeat(places.min(100) - kept.min(places));
        if places == 0 {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}{more}")
        }
    }

    /// With so many significant digits, as `%g` without an exponent has it.
    #[must_use]
    pub fn general(self, digits: usize) -> String {
        let whole = (self.0.abs() / ONE).to_string();
        let leading = if whole == "0" { 0 } else { whole.len() };
        let text = self.fixed(digits.saturating_sub(leading));
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    }
}

/// `e-3`: the exponent and how many bytes it takes.
fn exponent(bytes: &[u8]) -> Option<(i32, usize)> {
    let rest = bytes.strip_prefix(b"e").or_else(|| bytes.strip_prefix(b"E"))?;
    let sign = usize::from(matches!(rest.first(), Some(b'-' | b'+')));
    let count = rest[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let digits = std::str::from_utf8(&rest[sign..sign + count]).ok()?;
    let number: i32 = digits.parse().ok()?;
    Some((if rest.first() == Some(&b'-') { -number } else { number }, 1 + sign + count))
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self::clamped(i128::from(number) * ONE)
    }
}

impl From<usize> for Decimal {
    fn from(number: usize) -> Self {
        Self::clamped(i128::try_from(number).unwrap_or(LIMIT).saturating_mul(ONE))
    }
}

/// As short as possible.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.general(40))
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).expect("a number")
    }

    #[test]
    fn numbers_are_read_and_shown() {
        for (text, shown) in [("12", "12"), ("-0.50", "-0.5"), ("1e3", "1000"), ("2.5e-1", "0.25")]
        {
            assert_eq!(number(text).to_string(), shown);
        }
        assert_eq!(Decimal::prefix("12abc").1, 2);
        assert_eq!(Decimal::parse("abc"), None);
        assert_eq!(number("10").div(number("3")).map(|it| it.general(6)), Some("3.33333".into()));
        assert_eq!(
            (number("2.345").fixed(2), number("2").fixed(2)),
            ("2.34".into(), "2.00".into())
        );
        assert_eq!(number("1.5").mul(number("-2.5")).to_string(), "-3.75");
        assert_eq!(number("2").pow(number("10")).to_string(), "1024");
        assert_eq!(number("123456.789").general(6), "123457");
    }
}
