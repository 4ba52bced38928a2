//! Two files side by side: `diff`, `cmp`, `comm`.

use super::{Arguments, Spec, Utility, lines_of};

/// Files with more lines than this are not compared line by line.
const LINE_COUNT_MAX: usize = 4_000;

/// What happens to a run of lines: (from, to) in the left and in the right file.
struct Change {
    left: (usize, usize),
    right: (usize, usize),
}

/// The changes from `left` to `right`, by a longest common subsequence.
fn changes(left: &[String], right: &[String]) -> Vec<Change> {
    let start = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let rest = left[start..].iter().rev().zip(right[start..].iter().rev());
    let end = rest.take_while(|(a, b)| a == b).count();
    let (a, b) = (&left[start..left.len() - end], &right[start..right.len() - end]);
    let width = b.len() + 1;
    let mut lengths = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            lengths[i * width + j] = if a[i] == b[j] {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut all: Vec<Change> = Vec::new();
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            i += 1;
            j += 1;
            continue;
        }
        let (from_i, from_j) = (i, j);
        while i < a.len() || j < b.len() {
            if i < a.len() && j < b.len() && a[i] == b[j] {
                break;
            }
            let down = lengths.get((i + 1) * width + j).copied().unwrap_or(0);
            let across = if j < b.len() { lengths[i * width + j + 1] } else { 0 };
            if j >= b.len() || i < a.len() && down >= across {
                i += 1;
            } else {
                j += 1;
            }
        }
        all.push(Change { left: (start + from_i, start + i), right: (start + from_j, start + j) });
    }
    all
}

pub(crate) const DIFF: Spec = Spec {
    flags: "uqsiwbBU:N",
    long: &[
        ("unified", 'u'),
        ("brief", 'q'),
        ("report-identical-files", 's'),
        ("ignore-case", 'i'),
        ("ignore-all-space", 'w'),
        ("ignore-space-change", 'b'),
        ("recursive", '\0'),
        ("side-by-side", '\0'),
        ("color", '0'),
        ("new-file", 'N'),
    ],
    lacking: "acCdeEFHlLnprtTvWxXyZ",
    usage: "diff [-abBdiNqrTstw] [-L LABEL] [-S FILE] [-U LINES] FILE1 FILE2",
    failure: 2,
    ..Spec::NONE
};

pub(crate) async fn diff(utility: Utility, parsed: Arguments) -> i32 {
    if parsed.has('B') {
        utility.error("not simulated: -B").await;
        return 2;
    }
    let [left_path, right_path] = parsed.operands.as_slice() else {
        let message = match (utility.gnu, parsed.operands.last()) {
            (false, _) => String::new(),
            (true, Some(last)) if parsed.operands.len() == 1 => {
                format!("missing operand after '{last}'")
            }
            (true, Some(_)) => format!("extra operand '{}'", parsed.operands[2]),
            (true, None) => format!("missing operand after '{}'", utility.name),
        };
        return utility.misuse(&message).await;
    };
    let mut texts = Vec::new();
    for path in [left_path, right_path] {
        match utility.read(path).await {
            Ok(bytes) => texts.push(bytes),
            Err(os::Errno::NotFound) if parsed.has('N') => texts.push(Vec::new()),
            Err(errno) => {
                utility.error(format!("{path}: {errno}")).await;
                return 2;
            }
        }
    }
    if texts[0] == texts[1] {
        if parsed.has('s') {
            let text = format!("Files {left_path} and {right_path} are identical\n");
            utility.print(text).await;
        }
        return 0;
    }
    let fold = |line: &String| {
        let mut line = line.clone();
        if parsed.has('i') {
            line = line.to_lowercase();
        }
        if parsed.has('w') {
            line.retain(|char| !char.is_whitespace());
        } else if parsed.has('b') {
            line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        line
    };
    let (left, right) = (lines_of(&texts[0]), lines_of(&texts[1]));
    utility.work((left.len() + right.len()) * 200).await;
    if left.len().max(right.len()) > LINE_COUNT_MAX {
        utility.error("not simulated: files of more than 4000 lines").await;
        return 2;
    }
    let folded: Vec<Vec<String>> =
        [&left, &right].map(|lines| lines.iter().map(fold).collect()).into();
    let changes = changes(&folded[0], &folded[1]);
    if changes.is_empty() {
        return 0;
    }
    if parsed.has('q') {
        utility.print(format!("Files {left_path} and {right_path} differ\n")).await;
        return 1;
    }
    let unified = parsed.has('u') || parsed.has('U') || !utility.gnu;
    let text = if unified {
        let around = parsed.value('U').and_then(|text| text.parse().ok()).unwrap_or(3);
        let stamp = |path: &String| {
            let date = utility.proc.stat(path).map(|inode| inode.attributes.modified);
            let shown = super::date::show(date.unwrap_or(utility.proc.wall()), "%F %T.%N +0000");
            if utility.gnu { format!("{path}\t{shown}") } else { path.clone() }
        };
        let head = format!("--- {}\n+++ {}\n", stamp(left_path), stamp(right_path));
        head + &unified_text(&left, &right, &changes, around)
    } else {
        normal_text(&left, &right, &changes)
    };
    utility.print(text).await;
    1
}

fn line_text(mark: &str, line: &str) -> String {
    match line.strip_suffix('\n') {
        Some(line) => format!("{mark}{line}\n"),
        None => format!("{mark}{line}\n\\ No newline at end of file\n"),
    }
}

fn normal_text(left: &[String], right: &[String], changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        let span = |(from, to): (usize, usize)| {
            if to > from + 1 { format!("{},{to}", from + 1) } else { to.to_string() }
        };
        let (removes, adds) = (change.left.0 < change.left.1, change.right.0 < change.right.1);
        let letter = match (removes, adds) {
            (true, true) => 'c',
            (true, false) => 'd',
            _ => 'a',
        };
        text.push_str(&format!("{}{letter}{}\n", span(change.left), span(change.right)));
        for line in &left[change.left.0..change.left.1] {
            text.push_str(&line_text("< ", line));
        }
        if letter == 'c' {
            text.push_str("---\n");
        }
        for line in &right[change.right.0..change.right.1] {
            text.push_str(&line_text("> ", line));
        }
    }
    text
}

fn unified_text(left: &[String], right: &[String], changes: &[Change], around: usize) -> String {
    let mut text = String::new();
    let mut index = 0;
    while index < changes.len() {
        let mut last = index;
        while last + 1 < changes.len()
            && changes[last + 1].left.0 - changes[last].left.1 <= around * 2
        {
            last += 1;
        }
        let lead = around.min(changes[index].left.0);
        let (left_from, right_from) = (changes[index].left.0 - lead, changes[index].right.0 - lead);
        let left_to = (changes[last].left.1 + around).min(left.len());
        let right_to = (changes[last].right.1 + around).min(right.len());
        let span = |from: usize, to: usize| match to - from {
            0 => format!("{from},0"),
            1 => (from + 1).to_string(),
            count => format!("{},{count}", from + 1),
        };
        text.push_str(&format!(
            "@@ -{} +{} @@\n",
            span(left_from, left_to),
            span(right_from, right_to)
        ));
        let mut at = left_from;
        for change in &changes[index..=last] {
            for line in &left[at..change.left.0] {
                text.push_str(&line_text(" ", line));
            }
            for line in &left[change.left.0..change.left.1] {
                text.push_str(&line_text("-", line));
            }
            for line in &right[change.right.0..change.right.1] {
                text.push_str(&line_text("+", line));
            }
            at = change.left.1;
        }
        for line in &left[at..left_to] {
            text.push_str(&line_text(" ", line));
        }
        index = last + 1;
    }
    text
}

pub(crate) const CMP: Spec = Spec {
    flags: "s",
    long: &[("silent", 's'), ("quiet", 's')],
    lacking: "bilnv",
    usage: "cmp [-l] [-s] FILE1 [FILE2]",
    failure: 2,
    ..Spec::NONE
};

pub(crate) async fn cmp(utility: Utility, parsed: Arguments) -> i32 {
    let Some(left_path) = parsed.operands.first() else {
        return utility.misuse(&format!("missing operand after '{}'", utility.name)).await;
    };
    let right_path = parsed.operands.get(1).map_or("-", String::as_str);
    let mut texts = Vec::new();
    for path in [left_path, right_path] {
        match utility.read(path).await {
            Ok(bytes) => texts.push(bytes),
            Err(errno) => {
                utility.error(format!("{path}: {errno}")).await;
                return 2;
            }
        }
    }
    let (left, right) = (&texts[0], &texts[1]);
    if left == right {
        return 0;
    }
    if parsed.has('s') {
        return 1;
    }
    match left.iter().zip(right).position(|(a, b)| a != b) {
        Some(index) => {
            let line = left[..index].iter().filter(|byte| **byte == b'\n').count() + 1;
            let word = if utility.gnu { "byte" } else { "char" };
            let text =
                format!("{left_path} {right_path} differ: {word} {}, line {line}\n", index + 1);
            utility.print(text).await;
        }
        None => {
            let short = if left.len() < right.len() { left_path } else { right_path };
            utility.error(format!("EOF on {short}")).await;
        }
    }
    1
}

pub(crate) const COMM: Spec = Spec { flags: "123", usage: "comm [-123] FILE1 FILE2", ..Spec::NONE };

pub(crate) async fn comm(utility: Utility, parsed: Arguments) -> i32 {
    let [left, right] = parsed.operands.as_slice() else {
        return utility.missing_operand().await;
    };
    let (Some(left), Some(right)) =
        (utility.read_or_tell(left).await, utility.read_or_tell(right).await)
    else {
        return 1;
    };
    let (left, right) = (lines_of(&left), lines_of(&right));
    let (mut i, mut j) = (0, 0);
    let mut text = String::new();
    let tabs = |column: usize| {
        let shown = ['1', '2', '3'].into_iter().take(column).filter(|letter| !parsed.has(*letter));
        "\t".repeat(shown.count())
    };
    while i < left.len() || j < right.len() {
        let order = match (left.get(i), right.get(j)) {
            (Some(a), Some(b)) => a.trim_end().cmp(b.trim_end()),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        let (letter, column, line) = match order {
            std::cmp::Ordering::Less => ('1', 0, &left[i]),
            std::cmp::Ordering::Greater => ('2', 1, &right[j]),
            std::cmp::Ordering::Equal => ('3', 2, &left[i]),
        };
        i += usize::from(order.is_le());
        j += usize::from(order.is_ge());
        if !parsed.has(letter) {
            text.push_str(&format!("{}{}\n", tabs(column), line.trim_end_matches('\n')));
        }
    }
    utility.print(text).await;
    0
}
