//! A small experiment.

/// A model of few numbers, whole in one file of some kilobytes.
pub(crate) const TINY: &str = "(
    task: Copy(width: 2, length: (1, 2)),
    model: Ntm(
        controller: Lstm(hidden: 3),
        memory: Dense(slots: 4, width: 3),
        heads: [
            Read(addressing: Chain([Content(), Interpolate(), Shift(range: 1), Sharpen()])),
            Write(addressing: Chain([Content(), Interpolate(), Shift(range: 1), Sharpen()])),
        ],
    ),
    train: (batch: 2, chunk: 2, sequences: 600, validate_every: 100, validation_sequences: 4),
)
";
