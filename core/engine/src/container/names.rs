//! Random names for containers and services that were given none: an adjective and a surname.

use sim::Rng;

/// Moods and manners.
const ADJECTIVES: &str = "able agile amused apt awake bold brave bright brisk busy calm candid \
    careful cheerful civil clever cosy curious daring decent deft determined diligent eager earnest \
    elegant fair fearless fond frank gentle glad graceful grateful hardy honest hopeful humble jolly \
    keen kind lively loyal lucid mellow merry mindful modest neat nimble patient placid polite proud \
    quick quiet serene sharp sincere steady tender tidy vivid witty";

/// People of computing, mathematics and the study of bees.
const SURNAMES: &str = "abel aiken allen babbage backus bartik bayes boole borg brooks cantor cerf \
    church clarke codd conway curry dahl dijkstra dzierzon engelbart erdos euler floyd frisch gauss \
    goedel granville gray hamilton hamming hilbert hoare holberton hopper huber huffman iverson \
    johnson kahn karp kay kilburn kleene knuth lamport langstroth liskov lovelace mccarthy milner \
    naur noether nygaard perlis ritchie scott shannon thompson turing vaughan wilkes wirth zuse";

/// A name such as `keen_hopper`; the caller checks that it is free. From the sixth attempt on a
/// digit makes it longer, as moby does.
pub(crate) fn random_name(rng: &mut Rng, attempt: u32) -> String {
    let mut pick = |words: &'static str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        rng.pick(&words).copied().unwrap_or("keen")
    };
    let (adjective, surname) = (pick(ADJECTIVES), pick(SURNAMES));
    if attempt < 6 {
        format!("{adjective}_{surname}")
    } else {
        format!("{adjective}_{surname}{}", rng.below(10))
    }
}

#[cfg(test)]
mod tests {
    use sorted::SortedSet;

    use sim::Streams;

    use super::*;

    #[test]
    fn names_are_two_words_and_many() {
        let mut rng = Streams::new(1).stream("names");
        let names: SortedSet<String> = (0..200).map(|_| random_name(&mut rng, 0)).collect();
        assert!(names.len() > 180);
        for name in &names {
            let (left, right) = name.split_once('_').unwrap();
            assert!(left.chars().chain(right.chars()).all(|c| c.is_ascii_lowercase()), "{name}");
        }
        assert!(random_name(&mut rng, 6).ends_with(|c: char| c.is_ascii_digit()));
    }
}
