//! Columns as Go's `text/tabwriter` aligns them: a column is a block of neighbouring lines that
//! have a cell there; a cell ends with a tab, so that the last text of a line belongs to no column.

/// The cells of a table: at least so wide, so many blanks after the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// Least width of a cell with its padding.
    pub min: usize,
    /// Blanks after the longest cell of a column.
    pub padding: usize,
}

/// Aligns lines whose cells end with tabs.
pub fn align(text: &str, cells: Cells) -> String {
    let (text, is_complete) = match text.strip_suffix('\n') {
        Some(text) => (text, true),
        None => (text, false),
    };
    let lines: Vec<Vec<&str>> = text.split('\n').map(|line| line.split('\t').collect()).collect();
    let mut out = String::new();
    let mut writer = Writer { lines: &lines, cells, widths: Vec::new(), out: &mut out };
    writer.block(0, lines.len());
    if !is_complete {
        out.pop();
    }
    out
}

struct Writer<'a> {
    lines: &'a [Vec<&'a str>],
    cells: Cells,
    widths: Vec<usize>,
    out: &'a mut String,
}

impl Writer<'_> {
    /// Writes the lines `from..to`, whose first columns have known widths.
    fn block(&mut self, from: usize, to: usize) {
        let column = self.widths.len();
        let mut done = from;
        let mut line = from;
        while line < to {
            if column + 1 >= self.lines[line].len() {
                line += 1;
                continue;
            }
            self.write(done, line);
            done = line;
            let mut width = self.cells.min;
            while line < to && column + 1 < self.lines[line].len() {
                let cell = self.lines[line][column].chars().count();
                width = width.max(cell + self.cells.padding);
                line += 1;
            }
            self.widths.push(width);
            self.block(done, line);
            self.widths.pop();
            done = line;
        }
        self.write(done, to);
    }

    fn write(&mut self, from: usize, to: usize) {
        for line in &self.lines[from..to] {
            for (index, cell) in line.iter().enumerate() {
                self.out.push_str(cell);
                if let Some(width) = self.widths.get(index)
                    && index + 1 < line.len()
                {
                    let blanks = width.saturating_sub(cell.chars().count());
                    self.out.extend(std::iter::repeat_n(' ', blanks));
                }
            }
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_a_least_width() {
        let text = "ID\tNAME\tCREATED\neo7jnzguqgtpdah3cm5srfb97\tmy_secret\t6 seconds ago\n";
        let wide = align(text, Cells { min: 20, padding: 3 });
        assert_eq!(
            wide,
            "ID                          NAME                CREATED\n\
             eo7jnzguqgtpdah3cm5srfb97   my_secret           6 seconds ago\n"
        );
        let narrow = align(text, Cells { min: 0, padding: 2 });
        assert_eq!(
            narrow,
            "ID                         NAME       CREATED\n\
             eo7jnzguqgtpdah3cm5srfb97  my_secret  6 seconds ago\n"
        );
    }

    #[test]
    fn a_line_without_a_cell_ends_the_column() {
        let text = "a\tb\nlong title\nccc\td\n";
        let aligned = align(text, Cells { min: 0, padding: 1 });
        assert_eq!(aligned, "a b\nlong title\nccc d\n");
        assert_eq!(align("x\t\ty", Cells { min: 3, padding: 1 }), "x     y");
    }
}
