use crate::Real;
use crate::traits::Quantity;
use std::collections::BTreeMap;

/// Gives every quantity of one item at one step a name of its own. Where a chain has several stages of a kind, what the later ones
/// show is called `heads.0.shift.2`, `heads.0.shift.3` and so on.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, usize>);

impl Names {
    /// The quantity under its own name.
    pub(super) fn own<'a, T: Real>(&mut self, mut quantity: Quantity<'a, T>) -> Quantity<'a, T> {
        let times = self.0.entry(quantity.name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            quantity.name += &format!(".{times}");
        }
        quantity
    }
}
