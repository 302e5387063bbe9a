//! What is written reads back, and reads well.

use super::*;
use crate::config::to_ron;

#[test]
fn a_config_is_written_for_people_and_reads_back() {
    let config = read(COPY).unwrap();
    let written = to_ron(&config);
    assert_eq!(read(&written).unwrap(), config);
    assert_eq!(
        written,
        "(
    task: Copy(width: 8, length: (1, 20)),
    model: Ntm(
        order: ReadThenWrite,
        writes: Together,
        output: HiddenAndReads,
        controller: Lstm(layers: 1, skip: false, start: Learned, hidden: 100),
        memory: Dense(slots: 128, width: 20, start: Constant(1e-6)),
        heads: [
            Read(
                weighting: OneHot,
                read: Learned,
                addressing: Chain([
                    Content(
                        key: Linear,
                        strength: Softplus,
                        similarity: Cosine(epsilon: 1e-8, at: Denominator),
                    ),
                    Interpolate(),
                    Shift(range: 1, direction: FirstForward, kernel: Softmax),
                    Sharpen(power: OnePlusSoftplus, epsilon: 1e-16),
                ]),
            ),
            Write(
                weighting: OneHot,
                erase: Sigmoid,
                add: Linear,
                addressing: Chain([
                    Content(
                        key: Linear,
                        strength: Softplus,
                        similarity: Cosine(epsilon: 1e-8, at: Denominator),
                    ),
                    Interpolate(),
                    Shift(range: 1, direction: FirstForward, kernel: Softmax),
                    Sharpen(power: OnePlusSoftplus, epsilon: 1e-16),
                ]),
            ),
        ],
    ),
    train: (
        batch: 1,
        sequences: 200000,
        optimizer: RmsProp(rate: 0.0001, momentum: 0.9),
        seed: 1,
        clip: None,
        notes: {},
    ),
)
"
    );
}

#[test]
fn strings_maps_and_options_survive() {
    let mut config = read(COPY).unwrap();
    config.train.clip = Some(10.0);
    config.train.notes.insert("a \"b\", c)".to_owned(), "// no\n comment é".to_owned());
    assert_eq!(read(&to_ron(&config)).unwrap(), config);
}

#[test]
fn components_are_equal_if_written_the_same_and_show_their_settings() {
    let shift = Named::<StageKind>::new("Shift", Shift::default());
    assert_eq!(shift, shift.clone());
    assert_ne!(shift, Named::new("Shift", Shift { range: 2, ..Shift::default() }));
    assert_ne!(shift, Named::new("Other", Shift::default()));
    assert_eq!(format!("{:?}", Named::<StageKind>::new("Sharpen", Interpolate)), "Sharpen(Interpolate)");
    assert_eq!(to_ron(&Named::<StageKind>::new("Interpolate", Interpolate)), "Interpolate()\n");
}
