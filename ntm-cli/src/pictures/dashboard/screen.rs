//! The screen: what stands where, at any size.
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Padding, Paragraph, Widget, Wrap};

use super::view::{Doing, View};
use super::{curve, sample};
use crate::pictures::progress::{duration, short, thousands};

/// Colours, or none: without, weight alone tells things apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink {
    pub(super) color: bool,
}

impl Ink {
    fn of(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }
    pub(super) fn faint(self) -> Style {
        if self.color {
            Style::new().fg(Color::Indexed(244))
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }
    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }
    pub(super) fn training(self) -> Style {
        self.of(Color::Cyan)
    }
    pub(super) fn validation(self) -> Style {
        self.of(Color::Yellow)
    }
    fn badge(self, color: Color) -> Style {
        let style =
            if self.color { Style::new().fg(Color::Black).bg(color) } else { Style::new().reversed() };
        style.add_modifier(Modifier::BOLD)
    }
}

/// Smaller screens have words only.
const SMALL: (u16, u16) = (44, 14);
/// Columns that a chart takes at least, and lines that it takes above a sample.
const CHART: (u16, u16) = (26, 12);

/// Draws a view.
pub(super) fn draw(view: &View, area: Rect, buffer: &mut Buffer) {
    let ink = Ink { color: view.color };
    if area.width < SMALL.0 || area.height < SMALL.1 {
        return small(view, ink, area, buffer);
    }
    let two_bands = area.width < 90 && area.height >= 30;
    let bands = if two_bands { 5 } else { 2 };
    let parts = [1, 1, 1, bands].map(Constraint::Length);
    let [head, bar, _, numbers, body, foot] =
        Layout::vertical(parts.into_iter().chain([Constraint::Min(0), Constraint::Length(1)])).areas(area);
    header(view, ink, head, buffer);
    progress(view, ink, bar, buffer);
    facts(view, ink, numbers, buffer);
    if let Doing::Failed(why) = &view.doing {
        let lines = (why.len() as u16).div_ceil(area.width.saturating_sub(4).max(1)) + 2;
        let [told, rest] = Layout::vertical([Constraint::Length(lines), Constraint::Min(0)]).areas(body);
        let block = panel(" why ", ink).border_style(ink.of(Color::Red));
        Paragraph::new(why.as_str()).wrap(Wrap { trim: true }).block(block).render(told, buffer);
        panels(view, ink, rest, buffer);
    } else {
        panels(view, ink, body, buffer);
    }
    footer(view, ink, foot, buffer);
}

/// The chart and the sample, side by side or one above the other, as they fit.
fn panels(view: &View, ink: Ink, body: Rect, buffer: &mut Buffer) {
    // by a sample's width, known or usual, so that nothing moves when the first one comes
    let steps = view.sample.as_ref().map_or(41, sample::steps);
    let [narrow, wide] = [1, 2].map(|wide| sample::GUTTER + wide * steps + 4);
    let beside = body.width.saturating_sub(CHART.0);
    let (chart, sample) = if beside >= narrow.min(44) && body.height >= 8 {
        let width = if wide <= body.width * 3 / 5 { wide } else { narrow.min(beside) };
        let [chart, sample] =
            Layout::horizontal([Constraint::Min(CHART.0), Constraint::Length(width)]).areas(body);
        (chart, Some(sample))
    } else if body.height >= CHART.1 + 14 {
        let [chart, sample] = Layout::vertical([Constraint::Length(CHART.1), Constraint::Min(0)]).areas(body);
        (chart, Some(sample))
    } else {
        (body, None)
    };
    let names = [
        ("━ training".to_owned(), ink.training()),
        (if ink.color { "━ validation" } else { "• validation" }.to_owned(), ink.validation()),
        (format!("┈ solved below {}", view.about.solved_below), ink.faint()),
    ];
    let (mut legend, mut room) = (vec![], usize::from(chart.width.saturating_sub(2)));
    for (name, style) in names {
        let gap = if legend.is_empty() { "" } else { "  " };
        let width = gap.len() + name.chars().count();
        if width > room {
            break;
        }
        legend.extend([Span::raw(gap), Span::styled(name, style)]);
        room -= width;
    }
    let block = panel(&format!(" {} per sequence ", view.about.unit), ink)
        .title_bottom(Line::from(legend).right_aligned());
    curve::draw(view, ink, block.inner(chart), buffer);
    block.render(chart, buffer);
    if let Some(area) = sample {
        sample::draw(view, ink, area, buffer);
    }
}

/// A framed part of the screen.
pub(super) fn panel(title: &str, ink: Ink) -> Block<'static> {
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(ink.faint());
    let block = block.padding(Padding::horizontal(1));
    if title.is_empty() { block } else { block.title(Line::styled(title.to_owned(), ink.strong())) }
}

/// What the run is doing, and how that looks.
fn state(view: &View, ink: Ink) -> (String, Style) {
    let solved = view.update.and_then(|update| update.solved_at);
    match &view.doing {
        Doing::Paused => ("paused".into(), ink.badge(Color::Yellow)),
        Doing::Saving => ("saving".into(), ink.badge(Color::Yellow)),
        Doing::Failed(_) => ("failed".into(), ink.badge(Color::Red)),
        Doing::Validating(done, total) => {
            (format!("validating {} %", 100 * done / (*total).max(1)), ink.badge(Color::Cyan))
        }
        Doing::Training => match solved {
            Some(at) => (format!("solved after {}", thousands(at as f64)), ink.badge(Color::Green)),
            None if view.update.is_none() => ("starting".into(), ink.badge(Color::Cyan)),
            None => ("training".into(), ink.badge(Color::Cyan)),
        },
    }
}

fn header(view: &View, ink: Ink, area: Rect, buffer: &mut Buffer) {
    let (state, style) = state(view, ink);
    let badge = Line::styled(format!(" {state} "), style);
    let width = badge.width() as u16;
    let [left, _, right] =
        Layout::horizontal([Constraint::Min(0), Constraint::Length(1), Constraint::Length(width)])
            .areas(area);
    let title = Span::styled(format!(" {}", view.about.title), ink.strong());
    Line::from(vec![title, Span::styled(format!("  {}", view.about.details), ink.faint())])
        .render(left, buffer);
    badge.render(right, buffer);
}

fn counted(view: &View) -> (String, f64) {
    let (sequences, total) =
        view.update.map_or((0, view.about.total), |update| (update.sequences, update.total));
    let share = if total > 0 { sequences as f64 / total as f64 } else { 0.0 };
    (format!("{} of {}", thousands(sequences as f64), thousands(total as f64)), share.clamp(0.0, 1.0))
}

fn progress(view: &View, ink: Ink, area: Rect, buffer: &mut Buffer) {
    let (count, share) = counted(view);
    let count = format!(" {count} sequences ");
    let room = usize::from(area.width).saturating_sub(count.chars().count() + 1);
    let full = (share * room as f64) as usize;
    let line = vec![
        Span::raw(" "),
        Span::styled("━".repeat(full), ink.training()),
        Span::styled(
            if ink.color { "━" } else { "─" }.repeat(room - full),
            if ink.color { ink.of(Color::Indexed(238)) } else { ink.faint() },
        ),
        Span::raw(count),
    ];
    Line::from(line).render(area, buffer);
}

/// Numbers under their names; what does not fit is left out, the last first.
fn facts(view: &View, ink: Ink, area: Rect, buffer: &mut Buffer) {
    let none = || "–".to_owned();
    let update = view.update.as_ref();
    let cost = |of: Option<f64>| of.map_or_else(none, short);
    let time = |seconds: Option<f64>| seconds.and_then(duration).unwrap_or_else(none);
    let facts = [
        ("training", cost(update.map(|u| u.bits_per_sequence)), 8, ink.training()),
        ("validation", cost(update.and_then(|u| u.validation)), 10, ink.validation()),
        ("best", cost(update.and_then(|u| u.best)), 6, Style::new()),
        (
            "sequences/s",
            update.map_or_else(none, |u| thousands(u.sequences_per_second.round())),
            11,
            Style::new(),
        ),
        ("gradient norm", update.map_or_else(none, |_| short(view.gradient_norm)), 13, Style::new()),
        ("time left", time(update.and_then(|u| u.seconds_left)), 9, Style::new()),
        ("trained for", time(update.map(|u| u.seconds)), 11, Style::new()),
    ];
    let (mut x, mut y) = (area.x + 1, area.y);
    for (name, value, width, style) in facts {
        if x + width > area.right() {
            (x, y) = (area.x + 1, y + 3);
            if y + 2 > area.bottom() {
                return;
            }
        }
        Line::styled(name, ink.faint()).render(Rect::new(x, y, width, 1), buffer);
        Line::styled(value, style.add_modifier(Modifier::BOLD)).render(Rect::new(x, y + 1, width, 1), buffer);
        x += width + 3;
    }
}

fn footer(view: &View, ink: Ink, area: Rect, buffer: &mut Buffer) {
    let pause = if view.doing == Doing::Paused { "go on" } else { "pause" };
    let keys = [("p", pause), ("n", "next sequence"), ("q", "save and quit")];
    let mut line = vec![];
    // one that has failed listens to nobody
    for (key, what) in keys.into_iter().filter(|_| !matches!(view.doing, Doing::Failed(_))) {
        line.push(Span::styled(format!(" {key} "), ink.strong()));
        line.push(Span::styled(format!("{what}  "), ink.faint()));
    }
    let line = Line::from(line);
    let room = area.width.saturating_sub(line.width() as u16 + 1);
    line.render(area, buffer);
    let run = Line::styled(view.about.run.as_str(), ink.faint());
    let width = run.width() as u16;
    if width <= room {
        run.render(Rect { x: area.right() - width - 1, width, ..area }, buffer);
    }
}

/// A few words, the most needed first.
fn small(view: &View, ink: Ink, area: Rect, buffer: &mut Buffer) {
    let (state, style) = state(view, ink);
    let (count, share) = counted(view);
    let update = view.update.as_ref();
    let over = matches!(view.doing, Doing::Failed(_));
    let left = update.filter(|_| !over).and_then(|u| u.seconds_left).and_then(duration);
    let cost = update.map_or_else(|| "–".into(), |u| short(u.bits_per_sequence));
    let width = usize::from(area.width);
    let full = (share * width as f64) as usize;
    let keys = match view.doing {
        Doing::Paused => "p go on  q quit",
        Doing::Failed(_) => "",
        _ => "p pause  q quit",
    };
    let validation = update.and_then(|u| u.validation).map(|bits| format!("validation {}", short(bits)));
    let mut lines = vec![
        Line::from(vec![
            Span::styled(state, style),
            Span::raw(left.map_or(String::new(), |left| format!(" {left} left"))),
        ]),
        Line::from(count),
        Line::from(vec![
            Span::styled("━".repeat(full), ink.training()),
            Span::styled("─".repeat(width - full), ink.faint()),
        ]),
        Line::styled(format!("{cost} {}", view.about.unit), ink.training()),
    ];
    lines.extend(validation.map(|text| Line::styled(text, ink.validation())));
    lines.truncate(usize::from(area.height.saturating_sub(1)).max(1));
    lines.push(Line::styled(keys, ink.faint()));
    for (line, row) in lines.into_iter().zip(area.rows()) {
        line.render(row, buffer);
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::pictures::dashboard::About;
    use crate::pictures::progress::{Sample, Update};
    use crate::pictures::sample;

    fn about() -> About {
        About {
            title: "Ntm on Copy".into(),
            details: "62_528 parameters, seed 1".into(),
            run: "runs/copy".into(),
            unit: "bits",
            solved_below: 0.01,
            total: 200_000,
            history: vec![],
            quit: || {},
        }
    }

    fn just_begun() -> View {
        View::new(about(), false)
    }

    fn update(sequences: u64) -> Update {
        Update {
            sequences,
            total: 200_000,
            sequences_per_second: 1_767.4,
            unit: "bits",
            bits_per_sequence: cost(sequences),
            last_bits: cost(sequences),
            gradient_norm: 2.5,
            validation: (sequences >= 500).then(|| cost(sequences / 500 * 500)),
            validated_at: sequences / 500 * 500,
            best: (sequences >= 500).then(|| cost(sequences / 500 * 500)),
            solved_at: (sequences >= 7_000).then_some(7_000),
            seconds: sequences as f64 / 1_767.4,
            seconds_left: (sequences > 800).then(|| (200_000 - sequences) as f64 / 1_767.4),
        }
    }

    /// Falls from 84 bits to some thousandths, with a wave in it.
    fn cost(sequences: u64) -> f64 {
        let x = sequences as f64 / 7_000.0;
        84.0 * 10_f64.powf(-4.2 * x * x * x) * (1.0 + 0.15 * (sequences as f64 / 130.0).sin()) + 0.004
    }

    fn trained(sequences: u64) -> View {
        let mut view = just_begun();
        (100..=sequences).step_by(100).for_each(|n| view.take(&update(n), cost(n), 2.5));
        view
    }

    fn with_sample(sequences: u64) -> View {
        let mut recording = sample::copy(20);
        for (channel, step) in [(0, 40), (3, 38), (7, 35)] {
            let value = &mut recording.outputs.values[channel * 41 + step];
            *value = 1.0 - *value;
        }
        let mut view = trained(sequences);
        view.sample = Some(Sample { sequences: sequences - 300, recording });
        view
    }

    fn failed() -> View {
        let mut view = with_sample(4_000);
        view.doing = Doing::Failed(
            "the loss is not finite after 4_000 sequences; it first appears in `heads.0.sharpening` at step 3 of sequence \
             4_001. Try a lower train.optimizer.rate or a smaller train.clip"
                .into(),
        );
        view
    }

    fn screen(view: &View, width: u16, height: u16) -> TestBackend {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(view, frame.area(), frame.buffer_mut())).unwrap();
        terminal.backend().clone()
    }

    #[test]
    fn just_begun_there_is_a_place_for_everything() {
        insta::assert_snapshot!(screen(&just_begun(), 80, 24));
    }

    #[test]
    fn before_the_first_validation_the_training_cost_is_there() {
        insta::assert_snapshot!(screen(&trained(400), 80, 24));
    }

    #[test]
    fn a_validation_says_how_far_it_is() {
        let view = View { doing: Doing::Validating(320, 640), ..with_sample(4_000) };
        insta::assert_snapshot!(screen(&view, 80, 24));
    }

    #[test]
    fn paused_it_says_how_to_go_on() {
        let view = View { doing: Doing::Paused, ..with_sample(4_000) };
        insta::assert_snapshot!(screen(&view, 80, 24));
    }

    #[test]
    fn failed_it_says_why_and_keeps_what_was_seen() {
        insta::assert_snapshot!(screen(&failed(), 80, 24));
    }

    #[test]
    fn solved_at_every_size() {
        for (width, height) in [(20, 5), (44, 11), (60, 40), (80, 24), (120, 40), (200, 60)] {
            insta::assert_snapshot!(
                format!("solved_{width}x{height}"),
                screen(&with_sample(8_000), width, height)
            );
        }
    }

    #[test]
    fn tiny_screens_tell_every_state() {
        let paused = View { doing: Doing::Paused, ..with_sample(4_000) };
        let screens =
            [just_begun(), trained(400), paused, failed()].map(|view| screen(&view, 20, 5).to_string());
        insta::assert_snapshot!(screens.join("\n"));
    }

    #[test]
    fn in_colour_two_slots_share_a_line_and_wrong_bits_are_blue() {
        let view = View { color: true, ..with_sample(8_000) };
        let screen = screen(&view, 120, 40);
        let wrong = screen.buffer().content().iter().filter(|cell| {
            [cell.fg, cell.bg].contains(&crate::pictures::dashboard::heat::WRONG) && cell.symbol() == "▀"
        });
        assert_eq!(wrong.count(), 3);
        insta::assert_snapshot!(screen);
    }

    #[test]
    fn without_colour_no_cell_has_any() {
        for view in [just_begun(), with_sample(8_000), failed()] {
            let screen = screen(&view, 120, 40);
            assert!(
                screen
                    .buffer()
                    .content()
                    .iter()
                    .all(|cell| (cell.fg, cell.bg) == (Color::Reset, Color::Reset))
            );
        }
    }

    #[test]
    fn every_size_is_drawn_and_every_number_taken() {
        let mut odd = with_sample(8_000);
        odd.update =
            Some(Update { seconds_left: Some(f64::NAN), total: 0, bits_per_sequence: f64::NAN, ..update(3) });
        let mut blank = just_begun();
        let mut recording = sample::copy(3);
        recording.heads.clear();
        recording.mask.fill(false);
        blank.sample = Some(Sample { sequences: 0, recording });
        let mut long = trained(9_000);
        long.sample = Some(Sample { sequences: 0, recording: sample::copy(700) });
        for view in [just_begun(), with_sample(8_000), failed(), odd, blank, long] {
            for color in [false, true] {
                let view = View {
                    color,
                    about: view.about.clone(),
                    sample: view.sample.clone(),
                    doing: view.doing.clone(),
                    update: view.update,
                    ..trained(9_000)
                };
                for (width, height) in [
                    (0, 0),
                    (1, 1),
                    (3, 2),
                    (20, 5),
                    (44, 11),
                    (45, 12),
                    (60, 26),
                    (80, 24),
                    (89, 30),
                    (100, 10),
                    (300, 8),
                    (300, 100),
                ] {
                    screen(&view, width, height);
                }
            }
        }
    }
}
