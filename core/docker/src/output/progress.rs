//! Lines that are redrawn in place on a terminal (moby: `pkg/jsonmessage`).
//!
//! Each line has a name; a new one is added below the others. Elsewhere than on a terminal every
//! change is a line of its own, and those with a bar are left out.

use super::units::human_size;

/// How far something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) current: u64,
    pub(crate) total: u64,
    /// Bytes, which are shown beside the bar.
    pub(crate) bytes: bool,
    /// What is counted, for instance `nodes`: the counts are shown beside the bar.
    pub(crate) units: &'static str,
}

impl Bar {
    fn text(self, columns: u16, gap: &str) -> String {
        if self.current == 0 && self.total == 0 {
            return String::new();
        }
        let size = |bytes| human_size(bytes, 4, gap);
        if self.total == 0 {
            return format!("{:>8}", size(self.current));
        }
        let filled = usize::try_from(self.current.saturating_mul(100) / self.total / 2);
        let filled = filled.unwrap_or(50).min(50);
        let mut text = String::new();
        if columns > 110 {
            text = format!("[{}>{}] ", "=".repeat(filled), " ".repeat(50 - filled));
        }
        if self.bytes {
            text += &format!("{:>8}/{}", size(self.current), size(self.total));
        } else if !self.units.is_empty() {
            text += &format!("{}/{} {}", self.current, self.total, self.units);
        }
        text
    }
}

/// The lines that were shown.
#[derive(Clone, Debug)]
pub(crate) struct Display {
    names: Vec<String>,
    is_terminal: bool,
    columns: u16,
    size_gap: &'static str,
}

impl Display {
    pub(crate) fn new(is_terminal: bool, columns: u16, size_gap: &'static str) -> Self {
        Self { names: Vec::new(), is_terminal, columns, size_gap }
    }

    /// A line of its own; lines above are not touched any more.
    pub(crate) fn message(&mut self, text: &str) -> String {
        self.names.clear();
        format!("{text}\n")
    }

    /// What to print to show a named line's new text.
    pub(crate) fn line(&mut self, name: &str, action: &str, bar: Bar) -> String {
        let known = self.names.iter().position(|known| known == name);
        let is_new = known.is_none();
        let index = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        if !self.is_terminal {
            // A bar without a terminal is as wide as it can be, which hides the line.
            let has_bar = !bar.text(u16::MAX, self.size_gap).is_empty();
            return if has_bar { String::new() } else { format!("{name}: {action}\n") };
        }
        let newline = if is_new { "\n" } else { "" };
        let bar = bar.text(self.columns, self.size_gap);
        let distance = self.names.len() - index;
        format!("{newline}\x1b[{distance}A\x1b[2K\r{name}: {action} {bar}\r\x1b[{distance}B")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_redrawn_in_place() {
        let mut display = Display::new(true, 120, "");
        let mut screen = os::terminal::Screen::default();
        let bar = |current| Bar { current, total: 9, ..Bar::default() };
        let mut show = |text: String| screen.write(text.as_bytes());
        show(display.line("overall progress", "0 out of 1 tasks", Bar::default()));
        show(display.line("1/1", "new      ", bar(1)));
        show(display.line("1/1", "running  ", bar(9)));
        show(display.line("overall progress", "1 out of 1 tasks", Bar::default()));
        assert_eq!(
            screen.printed(),
            "overall progress: 1 out of 1 tasks \n\
             1/1: running   [==================================================>] \n"
        );
    }

    #[test]
    fn without_a_terminal_changes_follow_each_other() {
        let mut display = Display::new(false, 80, "");
        let bar = Bar { current: 9, total: 9, ..Bar::default() };
        assert_eq!(display.line("1/1", "running", bar), "");
        assert_eq!(
            display.line("verify", "Service converged", Bar::default()),
            "verify: Service converged\n"
        );
    }
}
