//! A made-up copy task as a trained model would do it, for the tests of this module.

use super::recording::{Grid, HeadRecording, Recording};

/// Slots of the made-up memory.
pub(super) const SLOTS: usize = 128;
const BITS: usize = 8;
const WIDTH: usize = 20;

/// The copy task with `length` vectors: write one slot further at each step, then read the same slots again.
pub(super) fn copy(length: usize) -> Recording {
    let steps = 2 * length + 1;
    let bit = |channel: usize, step: usize| f32::from(noise(channel, step) > 0.5);
    let inputs = grid("inputs", BITS + 2, steps, (0.0, 1.0), |channel, step| match channel {
        BITS => f32::from(step == length),
        channel if channel < BITS && step < length => bit(channel, step),
        _ => 0.0,
    });
    let answer = |channel, step| if step > length { bit(channel, step - length - 1) } else { 0.0 };
    let targets = grid("targets", BITS, steps, (0.0, 1.0), answer);
    let outputs = grid("outputs", BITS, steps, (0.0, 1.0), |channel, step| match step > length {
        true => (answer(channel, step) - 0.03 * noise(channel, step + 500)).abs(),
        false => 0.1 * noise(channel, step + 900),
    });
    let write_at = |step: usize| step.min(length + 1);
    let read_at = |step: usize| if step > length { step - length - 1 } else { 0 };
    let added = |row, step| if step < length { 2.0 * noise(row + 40, step) - 1.0 } else { 0.0 };
    let read =
        |row, step| if step > length { added(row, read_at(step)) } else { 0.1 * noise(row + 70, step) };
    let head = |name: &str, reads, weighting, vectors| HeadRecording {
        name: name.into(),
        reads,
        weighting,
        vectors,
    };
    let heads = vec![
        head(
            "heads.0 read",
            true,
            grid("", SLOTS, steps, (0.0, 1.0), |slot, step| sharp(slot, read_at(step))),
            grid("", WIDTH, steps, (-1.0, 1.0), read),
        ),
        head(
            "heads.1 write",
            false,
            grid("", SLOTS, steps, (0.0, 1.0), |slot, step| sharp(slot, write_at(step))),
            grid("", WIDTH, steps, (-1.0, 1.0), added),
        ),
    ];
    Recording {
        inputs,
        targets,
        outputs,
        bits: true,
        mask: (0..steps).map(|step| step > length).collect(),
        heads,
    }
}

/// A grid filled by a function of row and step.
pub(super) fn grid(
    title: &str,
    rows: usize,
    columns: usize,
    range: (f32, f32),
    value: impl Fn(usize, usize) -> f32,
) -> Grid {
    let values = (0..rows * columns).map(|n| value(n / columns, n % columns)).collect();
    Grid { title: title.into(), rows, columns, values, range }
}

/// A weighting that sits on one slot and spills a little onto its neighbours, around the ends of memory too.
fn sharp(slot: usize, focus: usize) -> f32 {
    match (slot + SLOTS - focus % SLOTS) % SLOTS {
        0 => 0.9,
        1 => 0.07,
        distance if distance == SLOTS - 1 => 0.03,
        _ => 0.0,
    }
}

/// Numbers in 0..1 that look drawn and never change.
fn noise(row: usize, column: usize) -> f32 {
    let mixed = (row as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ (column as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    ((mixed ^ (mixed >> 32)) % 1000) as f32 / 1000.0
}
