//! Targets and outputs of the scored steps, with wrong bits marked.

use super::super::recording::Recording;
use super::block::Block;
use super::ink::Line;
use super::{Grid, Style};

/// Targets this close to zero or one, as a share of the range, are bits.
const NEARLY: f32 = 0.01;
/// A sequence wider than the terminal is folded into this many pieces; what is longer is left out.
const MOST_PIECES: usize = 2;

/// A said bit that should be zero, and a said zero that should be a bit.
const WRONG_ONE: char = 'X';
const WRONG_ZERO: char = 'x';

/// The panels of targets and outputs, and what their signs mean.
pub(super) fn panels(recording: &Recording, style: Style) -> (Vec<Block>, Vec<Line>) {
    let scored = recording.scored();
    if scored.is_empty() || recording.targets.rows == 0 {
        return (vec![Block::new(&["no step is scored".into()], Vec::new(), style.width)], Vec::new());
    }
    let pair = Pair::new(recording, &scored);
    let pieces: Vec<&[usize]> = scored.chunks(style.width).collect();
    let shown = &pieces[..pieces.len().min(MOST_PIECES)];
    let mut blocks = Vec::new();
    for steps in shown {
        let continued = if blocks.is_empty() { "" } else { ", continued" };
        let name = |grid: &Grid, name: &str| match grid.title.is_empty() {
            true => format!("{name}{continued}"),
            false => format!("{}{continued}", grid.title),
        };
        let (mut targets, mut outputs) =
            (vec![name(pair.targets, "targets")], vec![name(pair.outputs, "outputs")]);
        targets.push(span(steps));
        if blocks.is_empty() {
            outputs.push(pair.verdict(&scored));
        }
        if shown.len() < pieces.len() && continued.is_empty() {
            targets.push(format!("{} of {} steps shown", style.width * shown.len(), scored.len()));
            let hidden: usize = pieces[shown.len()..].iter().map(|steps| pair.wrong(steps)).sum();
            if pair.bits && hidden > 0 {
                outputs.push(format!("{hidden} of them not shown"));
            }
        }
        let lines = |line: &dyn Fn(&mut Line, usize, usize)| {
            let row = |channel| {
                let mut text = Line::default();
                steps.iter().for_each(|&step| line(&mut text, channel, step));
                text
            };
            (0..pair.targets.rows).map(row).collect::<Vec<_>>()
        };
        let target_lines = lines(&|line, channel, step| pair.target(line, channel, step, style));
        let output_lines = lines(&|line, channel, step| pair.output(line, channel, step, style));
        blocks.push(Block::new(&targets, target_lines, style.width));
        blocks.push(Block::new(&outputs, output_lines, style.width));
    }
    (blocks, pair.legend(&scored, style))
}

/// Which steps these are, as `steps 21-40`.
fn span(steps: &[usize]) -> String {
    match steps {
        [only] => format!("step {only}"),
        [first, .., last] if last - first + 1 == steps.len() => format!("steps {first}-{last}"),
        _ => format!("{} scored steps", steps.len()),
    }
}

/// How good the outputs of the scored steps are, in words, and whether a bit is wrong.
#[cfg(feature = "terminal")]
pub(in crate::pictures) fn verdict(recording: &Recording) -> (String, bool) {
    let (pair, scored) = (Pair::of(recording), recording.scored());
    (pair.verdict(&scored), pair.bits && pair.wrong(&scored) > 0)
}

/// Targets and outputs, to be compared.
pub(in crate::pictures) struct Pair<'a> {
    targets: &'a Grid,
    outputs: &'a Grid,
    /// True if every scored target is zero or one, so that outputs are right or wrong.
    bits: bool,
}

impl<'a> Pair<'a> {
    #[cfg(feature = "terminal")]
    pub(in crate::pictures) fn of(recording: &'a Recording) -> Self {
        Pair::new(recording, &recording.scored())
    }

    /// What was said, if it is a bit and the wrong one.
    #[cfg(feature = "terminal")]
    pub(in crate::pictures) fn wrongly(&self, channel: usize, step: usize) -> Option<bool> {
        let (wanted, said) = self.said(channel, step);
        said.filter(|&said| self.bits && said != wanted)
    }

    fn new(recording: &'a Recording, scored: &[usize]) -> Self {
        let (targets, outputs) = (&recording.targets, &recording.outputs);
        let is_bit = |value: f32| {
            let share = targets.brightness(value);
            share.is_some_and(|share| !(NEARLY..=1.0 - NEARLY).contains(&share))
        };
        let bits =
            scored.iter().all(|&step| (0..targets.rows).all(|channel| is_bit(targets.at(channel, step))));
        let bits = bits && recording.bits;
        Pair { targets, outputs, bits }
    }

    /// The bit that should be said, and the one that was said if it is one.
    fn said(&self, channel: usize, step: usize) -> (bool, Option<bool>) {
        let output = self.outputs.at(channel, step);
        let said = output.is_finite().then_some(output > self.outputs.middle());
        (self.targets.at(channel, step) > self.targets.middle(), said)
    }

    fn wrong(&self, steps: &[usize]) -> usize {
        let is_wrong = |channel, step| {
            let (wanted, said) = self.said(channel, step);
            said != Some(wanted)
        };
        let wrong_at =
            |&step: &usize| (0..self.targets.rows).filter(|&channel| is_wrong(channel, step)).count();
        steps.iter().map(wrong_at).sum()
    }

    /// How good the outputs are, in words.
    fn verdict(&self, scored: &[usize]) -> String {
        let count = scored.len() * self.targets.rows;
        if self.bits {
            return match self.wrong(scored) {
                0 => format!("all {count} bits right"),
                wrong => format!("{wrong} of {count} bits wrong"),
            };
        }
        let apart = |step, channel| {
            f64::from((self.targets.at(channel, step) - self.outputs.at(channel, step)).abs())
        };
        let apart_at =
            |&step: &usize| (0..self.targets.rows).map(|channel| apart(step, channel)).sum::<f64>();
        format!("off by {:.3} on average", scored.iter().map(apart_at).sum::<f64>() / count as f64)
    }

    fn target(&self, line: &mut Line, channel: usize, step: usize, style: Style) {
        let value = self.targets.at(channel, step);
        match self.bits {
            true => bit(line, value > self.targets.middle(), style),
            false => line.cell(self.targets.brightness(value), style),
        }
    }

    fn output(&self, line: &mut Line, channel: usize, step: usize, style: Style) {
        let brightness = self.outputs.brightness(self.outputs.at(channel, step));
        match self.said(channel, step) {
            (wanted, Some(said)) if self.bits && said != wanted => {
                line.mark(if said { WRONG_ONE } else { WRONG_ZERO }, style);
            }
            (_, Some(said)) if self.bits && !style.color => bit(line, said, style),
            _ => line.cell(brightness, style),
        }
    }

    fn legend(&self, scored: &[usize], style: Style) -> Vec<Line> {
        let mut legend = Vec::new();
        if self.bits && !style.color {
            let [zero, one] = signs(style);
            legend.push(Line::new(&format!("{one} one, {zero} zero")));
        }
        if self.bits && self.wrong(scored) > 0 {
            for (sign, meaning) in [(WRONG_ONE, " wrong: said one"), (WRONG_ZERO, " wrong: said zero")] {
                let mut line = Line::default();
                line.mark(sign, style);
                line.text(meaning);
                legend.push(line);
            }
        }
        legend
    }
}

/// The signs of zero and one.
fn signs(style: Style) -> [char; 2] {
    if style.unicode { ['·', '█'] } else { ['.', '#'] }
}

fn bit(line: &mut Line, one: bool, style: Style) {
    match style.color {
        true => line.cell(Some(f32::from(one)), style),
        false => line.text(&signs(style)[usize::from(one)].to_string()),
    }
}
