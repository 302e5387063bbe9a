//! One sequence: what was wanted, what was said, and where the heads looked, over one axis of time.
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::heat::{self, Dot, WRONG, groups, rows_to_a_cell};
use super::screen::{Ink, panel};
use super::view::View;
use crate::pictures::progress::{Sample, thousands};
use crate::pictures::recording::{Grid, HeadRecording, Recording};
use crate::pictures::slots::Slots;
use crate::pictures::terminal::{Pair, verdict};

/// Columns left of the maps.
pub(super) const GUTTER: u16 = 9;
/// Lines of a map at least.
const LEAST: usize = 2;

/// Steps of a sample, as columns of the screen.
pub(super) fn steps(sample: &Sample) -> u16 {
    u16::try_from(sample.recording.targets.columns).unwrap_or(u16::MAX).min(400)
}

/// One map, and the lines it would like.
struct Map<'a> {
    name: &'static str,
    of: Of<'a>,
    lines: usize,
}

enum Of<'a> {
    Targets,
    Outputs,
    Head(&'a HeadRecording),
}

/// Draws the newest sample, framed.
pub(super) fn draw(view: &View, ink: Ink, area: Rect, buffer: &mut Buffer) {
    let Some(Sample { sequences, recording }) = &view.sample else {
        let block = panel(" one sequence ", ink);
        super::curve::note("comes in a moment", ink, block.inner(area), buffer);
        return block.render(area, buffer);
    };
    let scored = recording.scored();
    let mut title = vec![Span::styled(" one sequence", ink.strong())];
    if !scored.is_empty() {
        let (text, wrong) = verdict(recording);
        title.push(Span::raw(", "));
        title.push(if wrong && ink.color { Span::styled(text, WRONG) } else { Span::raw(text) });
    }
    title.push(Span::raw(" "));
    let block = panel("", ink).title(Line::from(title)).title_bottom(
        Line::styled(format!(" after {} sequences ", thousands(*sequences as f64)), ink.faint())
            .right_aligned(),
    );
    let inner = block.inner(area);
    block.render(area, buffer);
    if inner.width > GUTTER + 1 && inner.height > 2 {
        maps(recording, ink, inner, buffer);
    }
}

fn maps(recording: &Recording, ink: Ink, area: Rect, buffer: &mut Buffer) {
    let steps = recording.targets.columns;
    let room = usize::from(area.width - GUTTER);
    let wide = (room / steps.max(1)).clamp(1, 2);
    let groups_of_steps = groups(steps, room / wide);
    let stacked = rows_to_a_cell(ink);
    let heads = recording.writers_then_readers();
    let mut maps = vec![];
    let channels = recording.targets.rows.div_ceil(stacked).max(1);
    if !recording.scored().is_empty() {
        maps.push(Map { name: "target", of: Of::Targets, lines: channels });
        maps.push(Map { name: "output", of: Of::Outputs, lines: channels });
    }
    for head in &heads {
        let name = if head.reads { "read" } else { "write" };
        let slots = Slots::shared(head, &heads, 0, usize::MAX).windows().iter().map(Vec::len).sum::<usize>();
        maps.push(Map { name, of: Of::Head(head), lines: slots.div_ceil(stacked).max(LEAST) });
    }
    // the last line is the axis; maps that have no room at all are left out, the last ones first
    let height = usize::from(area.height) - 1;
    maps.truncate((height / LEAST).max(1));
    let lines = shared_out(&maps.iter().map(|map| map.lines).collect::<Vec<_>>(), height);
    let gaps = height.saturating_sub(lines.iter().sum()) + 1 >= maps.len();
    let pair = Pair::of(recording);
    let mut y = area.y;
    for (map, lines) in maps.iter().zip(lines) {
        let height = u16::try_from(lines).unwrap_or(u16::MAX);
        let place = Rect { x: area.x + GUTTER, y, width: area.width - GUTTER, height };
        let mut notes = vec![map.name.to_owned()];
        match &map.of {
            Of::Head(head) => {
                let slots = Slots::shared(head, &heads, 0, lines * stacked);
                let rows = slots.windows().concat();
                notes.extend(labels(&rows, head.weighting.rows));
                let dot = |row: usize, column: usize| {
                    let peak = head.weighting.peak(rows[row].clone(), groups_of_steps[column].clone());
                    head.weighting.brightness(peak).map_or(Dot::Odd, Dot::Heat)
                };
                heat::draw((rows.len(), groups_of_steps.len(), wide), dot, ink, place, buffer);
            }
            of => {
                let outputs = matches!(of, Of::Outputs);
                let grid = if outputs { &recording.outputs } else { &recording.targets };
                let rows = groups(grid.rows, lines * stacked);
                let dot = |row: usize, column: usize| {
                    bits(recording, &pair, outputs, (rows[row].clone(), groups_of_steps[column].clone()))
                };
                heat::draw((rows.len(), groups_of_steps.len(), wide), dot, ink, place, buffer);
            }
        }
        for (note, line) in notes.into_iter().zip(y..y + height) {
            Line::styled(note, ink.faint()).render(Rect::new(area.x, line, GUTTER - 1, 1), buffer);
        }
        y += height + u16::from(gaps);
    }
    let y = y.saturating_sub(u16::from(gaps));
    axis(recording, &groups_of_steps, wide, ink, Rect { y, height: 1, ..area }, buffer);
}

/// A target or an output; several in one dot are told by the brightest, or by one that is wrong.
fn bits(
    recording: &Recording,
    pair: &Pair<'_>,
    outputs: bool,
    (rows, steps): (Range<usize>, Range<usize>),
) -> Dot {
    let grid: &Grid = if outputs { &recording.outputs } else { &recording.targets };
    let mut brightest = Dot::Blank;
    for step in steps.filter(|&step| recording.mask.get(step) == Some(&true)) {
        for row in rows.clone() {
            if outputs && let Some(said) = pair.wrongly(row, step) {
                return Dot::Wrong(said);
            }
            brightest = match (grid.brightness(grid.at(row, step)), brightest) {
                (None, _) => return Dot::Odd,
                (Some(share), Dot::Heat(most)) => Dot::Heat(share.max(most)),
                (Some(share), _) => Dot::Heat(share),
            };
        }
    }
    brightest
}

/// Lines for each map, of those there are: as many as it likes, the small ones first.
fn shared_out(wanted: &[usize], height: usize) -> Vec<usize> {
    let mut given = vec![0; wanted.len()];
    let mut left = height;
    while left > 0 {
        let open: Vec<usize> = (0..wanted.len()).filter(|&n| given[n] < wanted[n]).collect();
        let Some(&least) = open.iter().min_by_key(|&&n| given[n]) else { break };
        given[least] += 1;
        left -= 1;
    }
    given
}

/// Which slots a map shows, in words that fit beside it.
fn labels(rows: &[Range<usize>], of: usize) -> Vec<String> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return vec![] };
    let several = rows.windows(2).any(|pair| pair[0].end != pair[1].start);
    let mut labels = vec![format!("{}{}{}", first.start, if several { "…" } else { "-" }, last.end - 1)];
    labels.push(format!("of {of}"));
    if first.len() > 1 {
        labels.push(format!("{} a row", first.len()));
    }
    labels
}

/// Time: thick where steps are scored.
fn axis(
    recording: &Recording,
    steps: &[Range<usize>],
    wide: usize,
    ink: Ink,
    area: Rect,
    buffer: &mut Buffer,
) {
    let scored = |steps: &Range<usize>| steps.clone().any(|step| recording.mask.get(step) == Some(&true));
    let line: String = steps.iter().map(|steps| if scored(steps) { "━" } else { "─" }.repeat(wide)).collect();
    let name = match steps.first().map_or(1, Range::len) {
        1 => "time".to_owned(),
        each => format!("time /{each}"),
    };
    Line::styled(name, ink.faint()).render(Rect { width: GUTTER - 1, ..area }, buffer);
    Line::styled(line, ink.faint())
        .render(Rect { x: area.x + GUTTER, width: area.width.saturating_sub(GUTTER), ..area }, buffer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shared_out_evenly_and_nobody_has_more_than_wanted() {
        assert_eq!(shared_out(&[4, 4, 20, 20], 100), [4, 4, 20, 20]);
        assert_eq!(shared_out(&[4, 4, 20, 20], 18), [4, 4, 5, 5]);
        assert_eq!(shared_out(&[4, 4], 3), [2, 1]);
        assert!(shared_out(&[], 3).is_empty());
    }
}
