//! Secrets and configs as `inspect` shows them.

use serde_json::Value as Json;
use swarm::objects::{Config, Secret};

use super::{Style, annotations, driver, head};

/// A secret; its data is never there.
pub(crate) fn secret(style: Style, secret: &Secret) -> Json {
    let spec = &secret.spec;
    let mut shown = annotations(style, &spec.annotations);
    shown.some("Driver", spec.driver.as_ref().map(|one| driver(style, one)));
    shown.some("Templating", spec.templating.as_ref().map(|one| driver(style, one)));
    head(style, &secret.id, &secret.meta).put("Spec", shown.json()).json()
}

/// A config, with its data.
pub(crate) fn config(style: Style, config: &Config) -> Json {
    let spec = &config.spec;
    let mut shown = annotations(style, &spec.annotations);
    shown.fill("Data", base64(spec.data.expose()));
    shown.some("Templating", spec.templating.as_ref().map(|one| driver(style, one)));
    head(style, &config.id, &config.meta).put("Spec", shown.json()).json()
}

/// Standard base64, as Go's JSON has bytes.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4_usize {
            let digit = (group >> (18 - 6 * place)) & 0x3f;
            let is_padding = place > chunk.len();
            text.push(if is_padding { '=' } else { char::from(DIGITS[digit as usize]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn bytes_are_padded() {
        for (bytes, expected) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")] {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
    }
}
