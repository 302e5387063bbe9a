//! Rectangles of text, set beside each other as long as there is room.

use super::ink::Line;

/// Columns between two blocks.
const GAP: usize = 4;
/// A title may be this wide over narrower lines; a wider one is folded.
const TITLE: usize = 28;

/// A rectangle of text: a title and the lines under it.
#[derive(Clone, Debug)]
pub(super) struct Block {
    lines: Vec<Line>,
}

impl Block {
    /// A block under a title, whose parts are folded to be hardly wider than the lines and cut to `width`;
    /// the lines must not be wider.
    pub(super) fn new(title: &[String], lines: Vec<Line>, width: usize) -> Self {
        let cut = |part: &String| Line::new(&part.chars().take(width).collect::<String>());
        let widest = lines.iter().map(Line::columns).max().unwrap_or(0);
        let title = wrap(title.iter().map(cut).collect(), ", ", widest.max(TITLE).min(width));
        Block { lines: title.into_iter().chain(lines).collect() }
    }

    fn columns(&self) -> usize {
        self.lines.iter().map(Line::columns).max().unwrap_or(0)
    }
}

/// Sets blocks beside each other while they fit in `width`, and below each other, a blank line apart, when
/// they do not.
pub(super) fn flow(blocks: &[Block], width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = blocks;
    while !rest.is_empty() {
        let (mut fit, mut used) = (0, 0);
        for block in rest {
            let next = used + block.columns() + if fit > 0 { GAP } else { 0 };
            if fit > 0 && next > width {
                break;
            }
            (fit, used) = (fit + 1, next);
        }
        let (row, later) = rest.split_at(fit);
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(beside(row));
        rest = later;
    }
    lines
}

/// The lines of blocks that stand beside each other, their lower edges level.
fn beside(blocks: &[Block]) -> Vec<String> {
    let height = blocks.iter().map(|block| block.lines.len()).max().unwrap_or(0);
    let line = |n: usize| {
        let mut text = String::new();
        for (place, block) in blocks.iter().enumerate() {
            let missing = height - block.lines.len();
            let mut line =
                n.checked_sub(missing).and_then(|n| block.lines.get(n)).cloned().unwrap_or_default();
            if place + 1 < blocks.len() {
                line.pad(block.columns() + GAP);
            }
            text.push_str(&line.finish());
        }
        text.trim_end().to_string()
    };
    (0..height).map(line).collect()
}

/// Puts short pieces on as few lines of at most `width` as they need, a separator between those that share
/// one.
pub(super) fn wrap(pieces: Vec<Line>, separator: &str, width: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for piece in pieces {
        match lines.last_mut() {
            Some(line) if line.columns() + separator.chars().count() + piece.columns() <= width => {
                line.text(separator);
                line.append(piece);
            }
            _ => lines.push(piece),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Block {
        Block::new(&["title".into()], vec![Line::new(text)], 80)
    }

    #[test]
    fn blocks_stand_side_by_side_while_there_is_room() {
        let blocks = [block("12345678"), block("abcdefgh"), block("xyz")];
        assert_eq!(flow(&blocks[..2], 20), ["title       title", "12345678    abcdefgh"]);
        assert_eq!(flow(&blocks, 19), ["title", "12345678", "", "title       title", "abcdefgh    xyz"]);
    }

    #[test]
    fn blocks_of_unequal_height_share_their_lower_edge() {
        let tall = Block::new(&[], vec![Line::new("a"), Line::new("b")], 80);
        let low = Block::new(&[], vec![Line::new("c")], 80);
        assert_eq!(flow(&[tall, low], 20), ["a", "b    c"]);
    }

    #[test]
    fn titles_are_folded_between_their_parts_and_cut_within() {
        let title = Block::new(&["one", "two", "three and a half"].map(String::from), Vec::new(), 10);
        assert_eq!(flow(&[title], 10), ["one, two", "three and"]);
    }
}
