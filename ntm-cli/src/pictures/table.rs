//! Rows and columns, aligned.

/// Sets rows in aligned columns, as plain text or as Markdown, which reads the same in an editor.
///
/// Columns of numbers stand to the right, others to the left. A row may be shorter than the header or longer;
/// what is missing is empty. Line breaks in a cell become blanks, and in Markdown a `|` is escaped. Every
/// line ends with a line break; without any column the answer is empty.
pub fn table(header: &[&str], rows: &[Vec<String>], markdown: bool) -> String {
    let clean = |cell: &str| {
        let cell = cell.split_whitespace().collect::<Vec<_>>().join(" ");
        if markdown { cell.replace('|', "\\|") } else { cell }
    };
    let header: Vec<String> = header.iter().map(|cell| clean(cell)).collect();
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| clean(cell)).collect()).collect();
    let count = rows.iter().map(Vec::len).chain([header.len()]).max().unwrap_or(0);
    let columns: Vec<Column> = (0..count).map(|place| Column::of(place, &header, &rows, markdown)).collect();
    if columns.is_empty() {
        return String::new();
    }
    let mut lines = vec![line(&columns, &header, markdown), rule(&columns, markdown)];
    lines.extend(rows.iter().map(|row| line(&columns, row, markdown)));
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// How a column is set.
struct Column {
    width: usize,
    to_the_right: bool,
}

impl Column {
    fn of(place: usize, header: &[String], rows: &[Vec<String>], markdown: bool) -> Self {
        let cells: Vec<&String> = rows.iter().filter_map(|row| row.get(place)).collect();
        let widths = cells.iter().copied().chain(header.get(place)).map(|cell| cell.chars().count());
        let width = widths.max().unwrap_or(0).max(if markdown { 3 } else { 1 });
        let filled: Vec<&&String> = cells.iter().filter(|cell| !is_blank(cell)).collect();
        Column { width, to_the_right: !filled.is_empty() && filled.iter().all(|cell| is_number(cell)) }
    }

    fn set(&self, cell: &str) -> String {
        let width = self.width;
        if self.to_the_right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    }
}

fn line(columns: &[Column], cells: &[String], markdown: bool) -> String {
    let cell = |place: usize| cells.get(place).map_or("", String::as_str);
    let cells: Vec<String> =
        columns.iter().enumerate().map(|(place, column)| column.set(cell(place))).collect();
    if markdown { format!("| {} |", cells.join(" | ")) } else { cells.join("  ") }
}

fn rule(columns: &[Column], markdown: bool) -> String {
    let dashes = |column: &Column| match markdown && column.to_the_right {
        true => format!("{}:", "-".repeat(column.width - 1)),
        false => "-".repeat(column.width),
    };
    let dashes: Vec<String> = columns.iter().map(dashes).collect();
    if markdown { format!("| {} |", dashes.join(" | ")) } else { dashes.join("  ") }
}

/// Cells that say there is no value; they follow the other cells of their column.
fn is_blank(cell: &str) -> bool {
    matches!(cell, "" | "-" | "–" | "—")
}

/// True of `-1.5e3`, `12_000`, `3.2 ± 0.1`, `0.5 [0.4, 0.6]`, `93%`, `inf`: what compares by its digits.
fn is_number(cell: &str) -> bool {
    let starts = cell.trim_start_matches(['-', '+', '±', '<', '>', '~', '.', ' ']);
    let of_numbers = |c: char| c.is_ascii_digit() || " .,_+-±–[]()%/e".contains(c);
    matches!(starts, "inf" | "NaN")
        || starts.starts_with(|c: char| c.is_ascii_digit()) && starts.chars().all(of_numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| cell.to_string()).collect()).collect()
    }

    fn generalisation() -> Vec<Vec<String>> {
        rows(&[
            &["LSTM controller", "10", "0.004", "0"],
            &["2 layers | no skips", "120", "12.5 [9.1, 17.2]", "-"],
        ])
    }

    const HEADER: [&str; 4] = ["model", "length", "bits per sequence", "wrong bits"];

    #[test]
    fn plain_text_is_aligned_with_numbers_to_the_right() {
        insta::assert_snapshot!("plain", table(&HEADER, &generalisation(), false));
    }

    #[test]
    fn markdown_reads_as_a_table_too() {
        insta::assert_snapshot!("markdown", table(&HEADER, &generalisation(), true));
    }

    #[test]
    fn short_long_and_missing_rows_are_no_error() {
        assert_eq!(table(&[], &[], true), "");
        assert_eq!(table(&["a"], &[], false), "a\n-\n");
        assert_eq!(
            table(&["a", "b"], &rows(&[&["x"], &["y", "z", "w"]]), false),
            "a  b\n-  -  -\nx\ny  z  w\n"
        );
    }

    #[test]
    fn a_line_break_never_breaks_the_table() {
        assert_eq!(table(&["a"], &rows(&[&["x\ny"]]), false), "a\n---\nx y\n");
    }

    #[test]
    fn numbers_are_told_from_words() {
        for number in ["1", "-1.5e-3", "12_000", "3.2 ± 0.1", "0.5 [0.4, 0.6]", "93%", "< 0.01", "inf", "NaN"]
        {
            assert!(is_number(number), "{number}");
        }
        for word in ["two", "2 layers", "e", "", "v1"] {
            assert!(!is_number(word), "{word}");
        }
    }
}
