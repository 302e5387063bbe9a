//! The element-wise part of a long short-term memory layer.
use super::{kernel, ld, st, vectors};

kernel! {
    /// LSTM cell of every item: c = sigmoid(f) c_old + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c).
    ///
    /// `gates` (4 hidden x items: i, f, g, o) are activated in place. `c`, `tanh_c` and `h` (hidden x items) are
    /// written, and h a second time, to the first rows of `y`.
    pub fn lstm[V, T](
        hidden: usize, items: usize, gates: &'a mut [T], c_old: &'a [T], c: &'a mut [T], tanh_c: &'a mut [T],
        h: &'a mut [T], y: crate::buffers::MatMut<'a, T>,
    )
    check {
        let n = hidden * items;
        assert!(gates.len() >= 4 * n && c_old.len() >= n && c.len() >= n);
        assert!(tanh_c.len() >= n && h.len() >= n);
        assert!(y.nrows() >= hidden && y.ncols() == items);
    }
    run {
        let mut y = y;
        let (y, apart) = (y.as_mut_ptr(), y.strides().1);
        for b in 0..items {
            let z = gates.as_mut_ptr().add(b * 4 * hidden);
            let o = b * hidden;
            vectors!(V, hidden, |i, TAIL, k| {
                macro_rules! gate { ($g:literal, $f:ident) => {{
                    let p = z.add($g * hidden + i);
                    let v = ld::<V, TAIL>(p, k).$f();
                    st::<V, TAIL>(v, p, k);
                    v
                }} }
                let (gi, gf, gg, go) = (gate!(0, sigmoid), gate!(1, sigmoid), gate!(2, tanh), gate!(3, sigmoid));
                let new = gf.fma(ld::<V, TAIL>(c_old.as_ptr().add(o + i), k), gi.mul(gg));
                let th = new.tanh();
                st::<V, TAIL>(new, c.as_mut_ptr().add(o + i), k);
                st::<V, TAIL>(th, tanh_c.as_mut_ptr().add(o + i), k);
                let out = go.mul(th);
                st::<V, TAIL>(out, h.as_mut_ptr().add(o + i), k);
                st::<V, TAIL>(out, y.add(b * apart + i), k);
            });
        }
    }
}

kernel! {
    /// Gradient of [`lstm`], from what it gave. `gates` becomes the gradient by the raw gates; `d_c` passes from the
    /// new cell to the old one. The gradient by h is `d_h` + `d_y`. Nothing is added.
    pub fn lstm_vjp[V, T](
        hidden: usize, items: usize, gates: &'a mut [T], c_old: &'a [T], tanh_c: &'a [T], d_h: &'a [T],
        d_y: crate::buffers::Mat<'a, T>, d_c: &'a mut [T],
    )
    check {
        let n = hidden * items;
        assert!(d_y.nrows() >= hidden && d_y.ncols() == items);
        assert!(gates.len() >= 4 * n && c_old.len() >= n && tanh_c.len() >= n);
        assert!(d_h.len() >= n && d_c.len() >= n);
    }
    run {
        let one = V::of(1.0);
        for b in 0..items {
            let z = gates.as_mut_ptr().add(b * 4 * hidden);
            let o = b * hidden;
            vectors!(V, hidden, |i, TAIL, k| {
                macro_rules! gate { ($g:literal) => { ld::<V, TAIL>(z.add($g * hidden + i), k) } }
                macro_rules! put { ($g:literal, $v:expr) => { st::<V, TAIL>($v, z.add($g * hidden + i), k) } }
                let (gi, gf, gg, go) = (gate!(0), gate!(1), gate!(2), gate!(3));
                let th = ld::<V, TAIL>(tanh_c.as_ptr().add(o + i), k);
                let dh = ld::<V, TAIL>(d_h.as_ptr().add(o + i), k).add(ld::<V, TAIL>(d_y.as_ptr().add(b * d_y.strides().1 + i), k));
                let dcp = d_c.as_mut_ptr().add(o + i);
                let dc = dh.mul(go).fma(th.fnma(th, one), ld::<V, TAIL>(dcp, k));
                st::<V, TAIL>(dc.mul(gf), dcp, k);
                put!(0, dc.mul(gg).mul(gi.mul(one.sub(gi))));
                put!(1, dc.mul(ld::<V, TAIL>(c_old.as_ptr().add(o + i), k)).mul(gf.mul(one.sub(gf))));
                put!(2, dc.mul(gi).mul(gg.fnma(gg, one)));
                put!(3, dh.mul(th).mul(go.mul(one.sub(go))));
            });
        }
    }
}
