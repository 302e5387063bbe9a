//! Losses on the outputs of a chunk, all scored steps at once.
use super::{kernel, ld, st, vectors};

kernel! {
    /// Binary cross-entropy with logits z and targets y, in nats: max(z, 0) - z y + ln(1 + e^-|z|), each times its
    /// weight; as many targets and weights as logits. The unscaled sum is added to `loss`; `logits` becomes `scale`
    /// times the gradient, scale weight (sigmoid(z) - y).
    pub fn cross_entropy[V, T](
        scale: f64, logits: &'a mut [T], targets: &'a [T], weights: &'a [T], loss: &'a mut f64,
    )
    check { assert!(targets.len() == logits.len() && weights.len() == logits.len()); }
    run {
        let mut sum = V::zero();
        let one = V::of(1.0);
        vectors!(V, logits.len(), |i, TAIL, k| {
            let p = logits.as_mut_ptr().add(i);
            let z = ld::<V, TAIL>(p, k);
            let y = ld::<V, TAIL>(targets.as_ptr().add(i), k);
            let w = ld::<V, TAIL>(weights.as_ptr().add(i), k);
            let e = z.min(V::zero().sub(z)).exp();
            let l = V::zero().max(z).sub(z.mul(y)).add(e.add(one).ln());
            sum = sum.add(w.mul(l));
            st::<V, TAIL>(z.sigmoid().sub(y).mul(w.mul(V::of(scale))), p, k);
        });
        *loss += sum.hsum().to();
    }
}
