//! Steps that have a channel of their own to say what they are.
use ntm_core::Sequence;
use ntm_core::train::Mark;

/// The steps at which one of these channels is 1, under the channel's name.
pub(crate) fn flagged(sequence: &Sequence, inputs: usize, channels: &[(usize, &str)]) -> Vec<Mark> {
    let mut marks = vec![];
    for (step, input) in sequence.inputs.chunks_exact(inputs.max(1)).enumerate() {
        let raised = channels.iter().filter(|(channel, _)| input.get(*channel) == Some(&1.0));
        marks.extend(raised.map(|(_, name)| Mark { step, name: (*name).to_owned() }));
    }
    marks
}
