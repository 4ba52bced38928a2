//! Mistakes that a student makes with a workshop's text, recognised for the page to explain.

/// What to tell someone who typed `line`, if it holds a placeholder such as `<secret name>` that was
/// to be replaced. The shell itself takes the brackets for redirections.
pub fn hint(line: &str) -> Option<String> {
    let bytes = line.as_bytes();
    let (mut single, mut double) = (false, false);
    let mut index = 0;
    while index < bytes.len() {
        match bytes[index] {
            b'\\' => index += 1,
            b'\'' if !double => single = !single,
            b'"' if !single => double = !double,
            b'<' if !single && !double => {
                if let Some(name) = placeholder(&line[index..]) {
                    return Some(format!(
                        "Replace the placeholder <{name}>, brackets included, by a value of your own."
                    ));
                }
                while bytes.get(index + 1) == Some(&b'<') {
                    index += 1;
                }
            }
            _ => {}
        }
        index += 1;
    }
    None
}

/// The name in `<name>` at the start of the text.
fn placeholder(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('<')?;
    let name = &rest[..rest.find('>')?];
    let fits = name.starts_with(|char: char| char.is_ascii_alphabetic())
        && name.ends_with(|char: char| char.is_ascii_alphanumeric() || char == ')')
        && name.chars().all(|char| char.is_alphanumeric() || " _-.:/()".contains(char))
        && name.len() <= 40;
    // `<in >out` has a blank before the bracket and was excluded above; `<a>b` might be meant.
    fits.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn placeholders_are_recognised_and_redirections_are_not() {
        let text = hint("docker secret inspect <secret name>").expect("a placeholder");
        assert!(text.contains("<secret name>"));
        assert!(hint("docker node update --availability drain <node-id>").is_some());
        for line in ["cat < in > out", "cat <in >out", "cat <<EOF >x", "echo '<a b>'", "wc <in"] {
            assert_eq!(hint(line), None, "{line}");
        }
    }
}
