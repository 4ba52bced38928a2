//! `requirements.txt` next to this file: what the workshops ask for, and the places that show it.

use std::path::Path;

/// How many requirements there are.
const COUNT: usize = 83;

#[test]
fn every_requirement_has_places_that_show_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut numbers = Vec::new();
    let mut without_place = None;
    let mut mistakes = Vec::new();
    for (index, line) in include_str!("requirements.txt").lines().enumerate() {
        let at = format!("requirements.txt:{}", index + 1);
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        if let Some(place) = line.strip_prefix("     ") {
            without_place = None;
            match place
                .split_once(": ")
                .map(|(file, text)| (std::fs::read_to_string(root.join(file)), text))
            {
                Some((Ok(content), text)) if content.contains(text) => {}
                Some((Ok(_), text)) => mistakes.push(format!("{at}: {text:?} is not in that file")),
                Some((Err(error), _)) => mistakes.push(format!("{at}: {error}")),
                None => mistakes.push(format!("{at}: a place is `FILE: TEXT`")),
            }
            continue;
        }
        mistakes.extend(without_place.replace(format!("{at}: no place shows it")));
        let number =
            line.strip_prefix('R').and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
        numbers.extend(number);
        if number.is_none() {
            mistakes.push(format!("{at}: a line is `R1 what is asked` or a place"));
        }
    }
    mistakes.extend(without_place);
    assert!(mistakes.is_empty(), "\n{}", mistakes.join("\n"));
    assert_eq!(numbers, (1..=COUNT).collect::<Vec<_>>(), "each once, in their order");
}
