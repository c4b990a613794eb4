//! Tables of text for a terminal or a log.

use crate::printable::{shorten_middle, width};

/// On which side a column's cells stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// The widest that a column of words becomes.
const WORDS_COLUMNS_MAX: usize = 44;
/// The gap between two columns.
const GAP: &str = "  ";

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<(String, Side)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings; an empty one leaves the column without.
    #[must_use]
    pub fn new(columns: &[(&str, Side)]) -> Self {
        Self {
            columns: columns
                .iter()
                .map(|(name, side)| ((*name).to_owned(), *side))
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells are empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines: headings, then rows. Columns without any content are left out.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines_of(WORDS_COLUMNS_MAX)
    }

    /// The same within so many columns if the first column can give way that much: it keeps 16.
    #[must_use]
    pub fn lines_within(&self, columns: usize) -> Vec<String> {
        const FIRST_COLUMNS_MIN: usize = 16;
        let mut first_columns = WORDS_COLUMNS_MAX;
        loop {
            let lines = self.lines_of(first_columns);
            let widest = lines.iter().map(|line| width(line)).max().unwrap_or(0);
            let over = widest.saturating_sub(columns);
            if over == 0 || first_columns <= FIRST_COLUMNS_MIN {
                return lines;
            }
            let first = first_columns.min(self.first_width());
            first_columns = first
                .saturating_sub(over)
                .clamp(FIRST_COLUMNS_MIN, first_columns - 1);
        }
    }

    fn first_width(&self) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.first());
        cells.map(|text| width(text)).max().unwrap_or(0)
    }

    fn lines_of(&self, first_columns: usize) -> Vec<String> {
        let empty = String::new();
        let cell = |row: &Vec<String>, column: usize| row.get(column).unwrap_or(&empty).clone();
        let kept: Vec<usize> = (0..self.columns.len())
            .filter(|column| self.rows.iter().any(|row| !cell(row, *column).is_empty()))
            .collect();
        let mut all: Vec<Vec<String>> = Vec::new();
        if self.columns.iter().any(|(name, _)| !name.is_empty()) {
            all.push(self.columns.iter().map(|(name, _)| name.clone()).collect());
        }
        all.extend(self.rows.iter().cloned());
        // What stands last has nothing beside it, and may be a path: it stays whole.
        let last = kept.last().copied();
        for row in &mut all {
            for (column, text) in row.iter_mut().enumerate() {
                if Some(column) != last
                    && self
                        .columns
                        .get(column)
                        .is_some_and(|(_, side)| *side == Side::Left)
                {
                    let columns = if column == 0 {
                        first_columns
                    } else {
                        WORDS_COLUMNS_MAX
                    };
                    *text = shorten_middle(text, columns);
                }
            }
        }
        let widths: Vec<usize> = kept
            .iter()
            .map(|column| {
                all.iter()
                    .map(|row| width(&cell(row, *column)))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        all.iter()
            .map(|row| {
                let mut line = String::new();
                for (place, (column, wide)) in kept.iter().zip(&widths).enumerate() {
                    if place > 0 {
                        line.push_str(GAP);
                    }
                    let text = cell(row, *column);
                    let pad = " ".repeat(wide.saturating_sub(width(&text)));
                    match self.columns[*column].1 {
                        Side::Left => line.extend([text, pad]),
                        Side::Right => line.extend([pad, text]),
                    }
                }
                line.trim_end().to_owned()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_empty_columns_are_left_out() {
        let mut table = Table::new(&[
            ("Model", Side::Left),
            ("Gone", Side::Left),
            ("Cost", Side::Right),
        ]);
        table.row(["gemini", "", "$0.50"]);
        table.row(["火山", "", "$10.00"]);
        assert_eq!(
            table.lines(),
            ["Model     Cost", "gemini   $0.50", "火山    $10.00"]
        );
    }

    #[test]
    fn a_table_without_headings_has_rows_alone() {
        let mut table = Table::new(&[("", Side::Left), ("", Side::Left)]);
        table.row(["a"]);
        assert_eq!(table.lines(), ["a"]);
    }
}
