//! Names of images: `redis`, `user/app:1.0`, `registry.example:5000/app@sha256:…`.
//!
//! Follows the grammar of distribution/reference: a familiar name is completed with the domain
//! `docker.io`, the folder `library/` and the tag `latest`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::error::EngineError;

const DEFAULT_DOMAIN: &str = "docker.io";
/// distribution/reference: `NameTotalLengthMax`.
const NAME_LENGTH_MAX: usize = 255;
const TAG_LENGTH_MAX: usize = 128;

/// An image's name, complete.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference {
    /// `docker.io` or a registry's host and port.
    pub domain: String,
    /// `library/redis`.
    pub path: String,
    /// The tag; none if there is a digest and no tag was written.
    pub tag: Option<String>,
    /// The manifest's digest.
    pub digest: Option<Digest>,
}

impl Reference {
    /// Reads a name as a person types it.
    ///
    /// # Errors
    /// `invalid reference format` and its more exact forms.
    pub fn parse(text: &str) -> Result<Self, EngineError> {
        let mut reference = Self::parse_untagged(text)?;
        if reference.tag.is_none() && reference.digest.is_none() {
            reference.tag = Some("latest".to_owned());
        }
        Ok(reference)
    }

    /// Reads a name without adding `latest`: `docker pull` must know what was typed.
    ///
    /// # Errors
    /// As [`Reference::parse`].
    pub fn parse_untagged(text: &str) -> Result<Self, EngineError> {
        let invalid = || EngineError::invalid("invalid reference format");
        if text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(EngineError::invalid(format!(
                "invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
            )));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(Digest::parse(digest).ok_or_else(invalid)?)),
            None => (text, None),
        };
        // A colon before the last slash belongs to the registry's port.
        let name_start = rest.rfind('/').map_or(0, |index| index + 1);
        let (name, tag) = match rest[name_start..].split_once(':') {
            Some((last, tag)) => (&rest[..name_start + last.len()], Some(tag)),
            None => (rest, None),
        };
        let (domain, path) = split_domain(name);
        if path.chars().any(|char| char.is_ascii_uppercase()) {
            return Err(EngineError::invalid(
                "invalid reference format: repository name must be lowercase",
            ));
        }
        let is_valid = is_path(&path)
            && is_domain(&domain)
            && tag.is_none_or(is_tag)
            && path.len() <= NAME_LENGTH_MAX;
        if !is_valid {
            return Err(invalid());
        }
        Ok(Self { domain, path, tag: tag.map(str::to_owned), digest })
    }

    /// The name without domain and folder where those are the usual ones: `redis`.
    pub fn familiar_name(&self) -> String {
        if self.domain != DEFAULT_DOMAIN {
            return format!("{}/{}", self.domain, self.path);
        }
        self.path.strip_prefix("library/").unwrap_or(&self.path).to_owned()
    }

    /// The complete name without tag: `docker.io/library/redis`.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }

    /// The form people read: `redis:alpine`, `redis:alpine@sha256:…`.
    pub fn familiar(&self) -> String {
        let mut text = self.familiar_name();
        self.add_suffix(&mut text);
        text
    }

    /// True for a repository at a registry that everybody can reach: Docker Hub, Google's, and that of Kubernetes,
    /// which had another name until 2023.
    pub fn is_public(&self) -> bool {
        [DEFAULT_DOMAIN, "registry.k8s.io", "k8s.gcr.io", "gcr.io"].contains(&self.domain.as_str())
    }

    /// The tag, or `latest`.
    pub fn tag_or_latest(&self) -> &str {
        self.tag.as_deref().unwrap_or("latest")
    }

    fn add_suffix(&self, text: &mut String) {
        if let Some(tag) = &self.tag {
            text.push(':');
            text.push_str(tag);
        }
        if let Some(digest) = &self.digest {
            text.push('@');
            text.push_str(&digest.to_string());
        }
    }
}

/// The complete form: `docker.io/library/redis:alpine`.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.repository();
        self.add_suffix(&mut text);
        f.write_str(&text)
    }
}

fn split_domain(name: &str) -> (String, String) {
    let (domain, path) = match name.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.chars().any(|char| char.is_ascii_uppercase()) =>
        {
            (first, rest)
        }
        _ => (DEFAULT_DOMAIN, name),
    };
    let domain = if domain == "index.docker.io" { DEFAULT_DOMAIN } else { domain };
    if domain == DEFAULT_DOMAIN && !path.contains('/') {
        return (domain.to_owned(), format!("library/{path}"));
    }
    (domain.to_owned(), path.to_owned())
}

/// Components of lower-case letters and digits, joined by `.`, `_`, `__` or any number of `-`.
fn is_path(path: &str) -> bool {
    path.split('/').all(|component| {
        let alphanumeric = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
        let separators = component.split(alphanumeric).filter(|separator| !separator.is_empty());
        component.starts_with(alphanumeric)
            && component.ends_with(alphanumeric)
            && separators.into_iter().all(|separator| {
                matches!(separator, "." | "_" | "__") || separator.bytes().all(|b| b == b'-')
            })
    })
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = domain.split_once(':').unwrap_or((domain, "0"));
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|char| char.is_ascii_alphanumeric() || char == '-')
    };
    host.split('.').all(is_label) && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
}

fn is_tag(tag: &str) -> bool {
    let word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    tag.starts_with(word)
        && tag.len() <= TAG_LENGTH_MAX
        && tag.chars().all(|char| word(char) || matches!(char, '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[track_caller]
    fn check(text: &str, complete: &str, familiar: &str) {
        let reference = Reference::parse(text).unwrap();
        assert_eq!(
            (reference.to_string(), reference.familiar()),
            (complete.into(), familiar.into())
        );
    }

    #[test]
    fn names_are_completed() {
        check("redis", "docker.io/library/redis:latest", "redis:latest");
        check("redis:3.2-alpine", "docker.io/library/redis:3.2-alpine", "redis:3.2-alpine");
        check("docker.io/redis", "docker.io/library/redis:latest", "redis:latest");
        check("index.docker.io/library/redis", "docker.io/library/redis:latest", "redis:latest");
        check("jdoe/app:1.0", "docker.io/jdoe/app:1.0", "jdoe/app:1.0");
        check("localhost/app", "localhost/app:latest", "localhost/app:latest");
        check("reg.example:5000/app", "reg.example:5000/app:latest", "reg.example:5000/app:latest");
        check(
            "committed_redis",
            "docker.io/library/committed_redis:latest",
            "committed_redis:latest",
        );
        check("a--b__c.d", "docker.io/library/a--b__c.d:latest", "a--b__c.d:latest");
        let pinned = format!("busybox@{DIGEST}");
        check(&pinned, &format!("docker.io/library/{pinned}"), &pinned);
        let both = format!("busybox:latest@{DIGEST}");
        check(&both, &format!("docker.io/library/{both}"), &both);
    }

    #[test]
    fn nonsense_is_refused() {
        let long = "a".repeat(256);
        for (text, message) in [
            ("", "invalid reference format"),
            ("Redis", "invalid reference format: repository name must be lowercase"),
            ("redis:", "invalid reference format"),
            ("redis:a b", "invalid reference format"),
            ("-redis", "invalid reference format"),
            ("redis-", "invalid reference format"),
            ("a___b", "invalid reference format"),
            ("a//b", "invalid reference format"),
            ("redis@sha256:12", "invalid reference format"),
            ("reg.example:/app", "invalid reference format"),
            ("<image>", "invalid reference format"),
            (&long, "invalid reference format"),
        ] {
            assert_eq!(Reference::parse(text).unwrap_err().message, message, "{text}");
        }
        let id = &DIGEST[7..];
        assert!(Reference::parse(id).unwrap_err().message.contains("64-byte hexadecimal"));
    }
}
