//! Optimisers and clipping on flat slabs of parameters and gradients.
use super::{kernel, ld, st, vectors};

kernel! {
    /// sum += x . x, in the precision of the slice.
    pub fn sum_of_squares[V, T](xs: &'a [T], sum: &'a mut f64)
    check {}
    run {
        let (p, l, n) = (xs.as_ptr(), V::LANES, xs.len());
        let mut a = [V::zero(); 4];
        let mut i = 0;
        while i + 4 * l <= n {
            for j in 0..4 { let x = V::load(p.add(i + j * l)); a[j] = x.fma(x, a[j]); }
            i += 4 * l;
        }
        let mut rest = V::zero();
        vectors!(V, n - i, |o, TAIL, k| { let x = ld::<V, TAIL>(p.add(i + o), k); rest = x.fma(x, rest); });
        *sum += a[0].add(a[1]).add(a[2].add(a[3])).add(rest).hsum().to();
    }
}

kernel! {
    /// to += from, number by number.
    pub fn accumulate[V, T](from: &'a [T], to: &'a mut [T])
    check { assert_eq!(from.len(), to.len()); }
    run {
        vectors!(V, to.len(), |i, TAIL, k| {
            let p = to.as_mut_ptr().add(i);
            st::<V, TAIL>(ld::<V, TAIL>(p, k).add(ld::<V, TAIL>(from.as_ptr().add(i), k)), p, k);
        });
    }
}

/// Settings of [`rmsprop`].
#[derive(Clone, Copy, Debug)]
pub struct RmsPropStep {
    /// learning rate; above 0
    pub rate: f64,
    /// of the running averages n and g; in [0, 1)
    pub decay: f64,
    /// share of the last step that goes on
    pub momentum: f64,
    /// added inside the root; above 0
    pub epsilon: f64,
}

/// How gradients are changed on their way into an optimiser: multiplied by `scale`, then cut to +-`limit`.
#[derive(Clone, Copy, Debug)]
pub struct GradientChange {
    /// factor; below 1 where the global norm is clipped
    pub scale: f64,
    /// largest absolute value that passes; infinity for no limit
    pub limit: f64,
}

kernel! {
    /// RMSProp as in Graves 2013, equations 38 to 45, on changed gradients e:
    ///
    /// n = decay n + (1 - decay) e^2; g = decay g + (1 - decay) e;
    /// D = momentum D - rate e / sqrt(n - g^2 + epsilon); w += D.
    ///
    /// `squares` are n, `means` g, `deltas` D and `params` w; all are updated and as long as `gradients`. With `means`
    /// empty it is not centred: g stays 0.
    pub fn rmsprop[V, T](
        step: RmsPropStep, change: GradientChange, gradients: &'a [T],
        squares: &'a mut [T], means: &'a mut [T], deltas: &'a mut [T], params: &'a mut [T],
    )
    check {
        let n = params.len();
        assert!(gradients.len() == n && squares.len() == n && deltas.len() == n);
        assert!(means.is_empty() || means.len() == n);
    }
    run {
        let (keep, new) = (V::of(step.decay), V::of(1.0 - step.decay));
        let (high, low, scale) = (V::of(change.limit), V::of(-change.limit), V::of(change.scale));
        macro_rules! update { ($centred:literal) => { vectors!(V, params.len(), |i, TAIL, k| {
            let e = ld::<V, TAIL>(gradients.as_ptr().add(i), k).mul(scale);
            let e = high.min(low.max(e));
            let s = squares.as_mut_ptr().add(i);
            let (d, p) = (deltas.as_mut_ptr().add(i), params.as_mut_ptr().add(i));
            let n = keep.fma(ld::<V, TAIL>(s, k), new.mul(e).mul(e));
            st::<V, TAIL>(n, s, k);
            let mut under = n;
            if $centred {
                let m = means.as_mut_ptr().add(i);
                let g = keep.fma(ld::<V, TAIL>(m, k), new.mul(e));
                st::<V, TAIL>(g, m, k);
                under = V::zero().max(g.fnma(g, n));
            }
            let by = V::of(step.rate).mul(e).mul(under.add(V::of(step.epsilon)).near_rsqrt());
            let delta = V::of(step.momentum).fma(ld::<V, TAIL>(d, k), V::zero().sub(by));
            st::<V, TAIL>(delta, d, k);
            st::<V, TAIL>(ld::<V, TAIL>(p, k).add(delta), p, k);
        }) } }
        if means.is_empty() { update!(false) } else { update!(true) }
    }
}

/// Settings of [`adam`].
#[derive(Clone, Copy, Debug)]
pub struct AdamStep {
    /// learning rate, the bias corrections of this step included
    pub rate: f64,
    /// decay of the running mean
    pub beta1: f64,
    /// decay of the running mean of squares
    pub beta2: f64,
    /// 1 / sqrt(1 - beta2^step): brings the root to size
    pub root_scale: f64,
    /// added to the root
    pub epsilon: f64,
}

kernel! {
    /// Adam (Kingma and Ba 2015) on changed gradients e:
    ///
    /// m = beta1 m + (1 - beta1) e; v = beta2 v + (1 - beta2) e^2; w -= rate m / (root_scale sqrt(v) + epsilon).
    ///
    /// `means` are m, `squares` v and `params` w; all are updated and as long as `gradients`.
    pub fn adam[V, T](
        step: AdamStep, change: GradientChange, gradients: &'a [T], means: &'a mut [T], squares: &'a mut [T],
        params: &'a mut [T],
    )
    check { let n = params.len(); assert!(gradients.len() == n && squares.len() == n && means.len() == n); }
    run {
        let (high, low, scale) = (V::of(change.limit), V::of(-change.limit), V::of(change.scale));
        vectors!(V, params.len(), |i, TAIL, k| {
            let e = high.min(low.max(ld::<V, TAIL>(gradients.as_ptr().add(i), k).mul(scale)));
            let s = squares.as_mut_ptr().add(i);
            let (m, p) = (means.as_mut_ptr().add(i), params.as_mut_ptr().add(i));
            let mean = V::of(step.beta1).fma(ld::<V, TAIL>(m, k), V::of(1.0 - step.beta1).mul(e));
            let square = V::of(step.beta2).fma(ld::<V, TAIL>(s, k), V::of(1.0 - step.beta2).mul(e).mul(e));
            st::<V, TAIL>(mean, m, k);
            st::<V, TAIL>(square, s, k);
            let by = mean.div(V::of(step.root_scale).fma(square.sqrt(), V::of(step.epsilon)));
            st::<V, TAIL>(V::of(step.rate).fnma(by, ld::<V, TAIL>(p, k)), p, k);
        });
    }
}
