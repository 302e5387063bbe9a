//! A sequence as text, one line for each step.
use ntm_core::Sequence;
use ntm_core::train::Task;
use std::fmt::Write;

/// Draws a sequence of a task: step, inputs, and the targets of the steps that are scored.
///
/// Channels that hold bits are `·` for 0 and `█` for 1; other numbers stand as they are.
///
/// ```text
/// step  inputs    targets
///    0  ██·█· ·
///    1  ·█·█· ·
///    2  ····█ ·
///    3  ·····+0.52
///    4  ····· ·    ██·█·
/// ```
pub fn picture(task: &dyn Task, sequence: &Sequence) -> String {
    let inputs = Channels::of(&sequence.inputs, task.inputs());
    let targets = Channels::of(&sequence.targets, task.outputs());
    let mut text = format!("step  {:width$}  targets\n", "inputs", width = inputs.columns());
    for step in 0..sequence.steps {
        let mut line = format!("{step:4}  {:width$}", inputs.line(step), width = inputs.columns());
        if sequence.mask.get(step).is_some_and(|&weight| weight > 0.0) {
            let _ = write!(line, "  {}", targets.line(step));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Columns of a number, its sign included.
const NUMBER: usize = 6;

/// The channels of inputs or targets.
struct Channels<'a> {
    numbers: &'a [f32],
    /// whether each channel holds nothing but bits
    bits: Vec<bool>,
}

impl<'a> Channels<'a> {
    fn of(numbers: &'a [f32], channels: usize) -> Self {
        let is_bit = |&x: &f32| x == 0.0 || x == 1.0;
        let bits = (0..channels).map(|c| numbers.iter().skip(c).step_by(channels).all(is_bit)).collect();
        Channels { numbers, bits }
    }
    fn columns(&self) -> usize {
        let all: usize = self.bits.iter().map(|&bit| if bit { 1 } else { NUMBER }).sum();
        all.max("inputs".len())
    }
    fn line(&self, step: usize) -> String {
        let channels = self.bits.len();
        let row = self.numbers.get(step * channels..(step + 1) * channels).unwrap_or_default();
        let mut text = String::new();
        for (&x, &bit) in row.iter().zip(&self.bits) {
            let _ = match (bit, x == 0.0) {
                (true, zero) => write!(text, "{}", if zero { '·' } else { '█' }),
                (false, true) => write!(text, "{:>NUMBER$}", "·"),
                (false, false) => write!(text, "{x:>+NUMBER$.2}"),
            };
        }
        text
    }
}
