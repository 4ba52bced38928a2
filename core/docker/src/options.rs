//! The values of `--secret` and `--config` (docker/cli: `opts/secret.go`, `opts/config.go`).

use swarm::objects::FileTarget;

use crate::profile::Profile;
use crate::value::csv;

/// A secret or config that a service asks for by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) file: FileTarget,
}

/// Reads a `--secret`.
pub(crate) fn secret_reference(profile: &Profile, text: &str) -> Result<Wanted, String> {
    reference(profile, text, "secret", "")
}

/// Reads a `--config`.
pub(crate) fn config_reference(profile: &Profile, text: &str) -> Result<Wanted, String> {
    reference(profile, text, "config", "/")
}

fn reference(profile: &Profile, text: &str, kind: &str, folder: &str) -> Result<Wanted, String> {
    let strict = profile.strict_secret_target;
    let fields = csv(text)?;
    let mut file =
        FileTarget { name: String::new(), uid: "0".to_owned(), gid: "0".to_owned(), mode: 0o444 };
    if let [name] = fields.as_slice()
        && (strict || !name.contains('='))
    {
        file.name = format!("{}{name}", if name.is_empty() { "" } else { folder });
        let wanted = Wanted { name: name.clone(), file };
        return if name.is_empty() && !strict { missing_source(kind) } else { Ok(wanted) };
    }
    let mut source = String::new();
    for field in &fields {
        let Some((key, value)) = field.split_once('=') else {
            return Err(format!("invalid field '{field}' must be a key=value pair"));
        };
        let value = value.to_owned();
        match key.to_lowercase().as_str() {
            "source" | "src" => source = value,
            "target" if strict && value.contains('/') => {
                return Err("target must not be a path".to_owned());
            }
            "target" => file.name = value,
            "uid" => file.uid = value,
            "gid" => file.gid = value,
            "mode" => file.mode = mode(&value)?,
            key => return Err(format!("invalid field in {kind} request: {key}")),
        }
    }
    if source.is_empty() {
        return missing_source(kind);
    }
    // Releases until 17.05 left the target empty, which the manager refuses.
    if file.name.is_empty() && !strict {
        file.name = format!("{folder}{source}");
    }
    Ok(Wanted { name: source, file })
}

fn missing_source(_kind: &str) -> Result<Wanted, String> {
    Err("source is required".to_owned())
}

/// A number as C writes it: `0400`, `0o400`, `0x100`, `256`.
fn mode(text: &str) -> Result<u32, String> {
    let invalid =
        || format!("invalid mode specified: strconv.ParseUint: parsing \"{text}\": invalid syntax");
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = if let Some(digits) = lower.strip_prefix("0x") {
        (digits, 16)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (digits, 8)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (digits, 2)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (&lower[1..], 8)
    } else {
        (lower.as_str(), 10)
    };
    if digits.starts_with(['+', '-']) {
        return Err(invalid());
    }
    u32::from_str_radix(digits, radix).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(profile: &str, text: &str) -> Result<(String, String, u32), String> {
        let wanted = secret_reference(Profile::parse(profile).unwrap(), text)?;
        Ok((wanted.name, wanted.file.name, wanted.file.mode))
    }

    #[test]
    fn a_secret_is_named_in_two_ways() {
        assert_eq!(secret("20.10", "foo"), Ok(("foo".into(), "foo".into(), 0o444)));
        assert_eq!(secret("20.10", "source=foo"), Ok(("foo".into(), "foo".into(), 0o444)));
        let long = "source=password,target=/custom/path/password,mode=0400";
        let path = "/custom/path/password".to_owned();
        assert_eq!(secret("20.10", long), Ok(("password".into(), path, 256)));
        assert_eq!(secret("17.03", long), Err("target must not be a path".into()));
        let name = "source=foo".to_owned();
        assert_eq!(secret("17.03", "source=foo"), Ok((name.clone(), name, 0o444)));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let check = |text: &str, expected: &str| {
            assert_eq!(secret("20.10", text), Err(expected.to_owned()), "{text}");
        };
        check("source=a,b", "invalid field 'b' must be a key=value pair");
        check("source=a,foo=b", "invalid field in secret request: foo");
        check("target=a,uid=1", "source is required");
        check(
            "source=a,mode=9x",
            "invalid mode specified: strconv.ParseUint: parsing \"9x\": invalid syntax",
        );
    }
}
