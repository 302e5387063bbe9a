//! A memory at a few steps of a recorded sequence, after the pictures of memory in the 2014 paper.

use super::canvas::Drawing;
use super::recording::{Grid, Recording};
use super::sheet::{Sheet, memory, numbers};

/// Panels stand in this many columns, and are about this wide.
const COLUMNS: usize = 3;
const PANEL_WIDTH: f32 = 480.0;

/// The memory after one step.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryRecording {
    /// The step, from 0.
    pub step: usize,
    /// The memory after it: slots x width.
    pub memory: Grid,
}

/// Draws inputs, targets and outputs of a recording, and below them the memory after some of its steps.
///
/// Only slots in use are shown, as in [`figure6`](super::figure6()), and all memories show the same ones.
pub fn memories(recording: &Recording, memories: &[MemoryRecording]) -> Drawing {
    sheet(recording, memories).paint()
}

fn sheet<'a>(recording: &'a Recording, memories: &'a [MemoryRecording]) -> Sheet<'a> {
    let heads = recording.writers_then_readers();
    let above =
        [("inputs", &recording.inputs), ("targets", &recording.targets), ("outputs", &recording.outputs)];
    let mut columns: Vec<_> = above.iter().map(|(name, grid)| vec![numbers(name, grid)]).collect();
    for (n, at) in memories.iter().enumerate() {
        columns[n % COLUMNS].push(memory(&format!("after step {}", at.step), &at.memory, &heads));
    }
    Sheet::new(["Memory during one sequence", "One sequence"], columns, PANEL_WIDTH)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn at(step: usize) -> MemoryRecording {
        let memory = sample::grid("", sample::SLOTS, 6, (-1.0, 1.0), |slot, width| {
            if slot == step { width as f32 / 5.0 } else { 0.0 }
        });
        MemoryRecording { step, memory }
    }

    #[test]
    fn memories_show_the_slots_that_the_heads_use() {
        let (recording, memories) = (sample::copy(6), [at(0), at(3), at(5), at(12)]);
        let sheet = sheet(&recording, &memories);
        assert_eq!(sheet.title(), "Memory during one sequence: 13 steps, slots 0-9 of 128");
        assert_eq!(sheet.lengths(), [3, 2, 2]);
    }

    #[test]
    fn a_slot_is_a_row_and_its_numbers_run_to_the_right() {
        let (recording, memories) = (sample::copy(6), [at(0), at(3), at(5)]);
        let sheet = sheet(&recording, &memories);
        let image = sheet.paint().image();
        let colour = |row, column| {
            let (x, y) = sheet.middle(4, row, column);
            *image.get_pixel(x, y)
        };
        // the second memory, of step 3: only slot 3 holds something
        assert_eq!(colour(2, 5), colour(2, 0));
        assert_eq!(colour(3, 0), colour(2, 0));
        assert_ne!(colour(3, 5), colour(3, 0));
    }

    #[test]
    fn without_heads_all_slots_are_shown() {
        let mut recording = sample::copy(3);
        recording.heads.clear();
        let memories = [at(1)];
        let sheet = sheet(&recording, &memories);
        assert_eq!(sheet.title(), "Memory during one sequence: 7 steps, slots 0-127 of 128");
        sheet.paint();
    }
}
