//! Four lanes of plain Rust, which the compiler turns into the 128-bit vectors that x86-64 and aarch64 always have.
use super::vector::Vector;

/// 4 x f32 in an array.
#[derive(Clone, Copy)]
pub(super) struct Four([f32; 4]);

/// Lane by lane.
macro_rules! lanes {
    (|$i:ident| $x:expr) => {
        [
            {
                const $i: usize = 0;
                $x
            },
            {
                const $i: usize = 1;
                $x
            },
            {
                const $i: usize = 2;
                $x
            },
            {
                const $i: usize = 3;
                $x
            },
        ]
    };
}

impl Vector for Four {
    type S = f32;
    const LANES: usize = 4;
    #[inline(always)]
    fn splat(s: f32) -> Four {
        Four([s; 4])
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Four {
        Four(p.cast::<[f32; 4]>().read_unaligned())
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        p.cast::<[f32; 4]>().write_unaligned(self.0)
    }
    #[inline(always)]
    unsafe fn load_part(p: *const f32, k: usize) -> Four {
        let mut part = [0.0; 4];
        for i in 0..k {
            part[i] = *p.add(i);
        }
        Four(part)
    }
    #[inline(always)]
    unsafe fn store_part(self, p: *mut f32, k: usize) {
        for i in 0..k {
            *p.add(i) = self.0[i];
        }
    }
    #[inline(always)]
    fn keep(self, k: usize) -> Four {
        Four(lanes!(|I| if I < k { self.0[I] } else { 0.0 }))
    }
    #[inline(always)]
    fn add(self, b: Four) -> Four {
        Four(lanes!(|I| self.0[I] + b.0[I]))
    }
    #[inline(always)]
    fn sub(self, b: Four) -> Four {
        Four(lanes!(|I| self.0[I] - b.0[I]))
    }
    #[inline(always)]
    fn mul(self, b: Four) -> Four {
        Four(lanes!(|I| self.0[I] * b.0[I]))
    }
    #[inline(always)]
    fn div(self, b: Four) -> Four {
        Four(lanes!(|I| self.0[I] / b.0[I]))
    }
    // not `mul_add`: without the instruction that is a call
    #[inline(always)]
    fn fma(self, b: Four, c: Four) -> Four {
        Four(lanes!(|I| self.0[I] * b.0[I] + c.0[I]))
    }
    #[inline(always)]
    fn fnma(self, b: Four, c: Four) -> Four {
        Four(lanes!(|I| c.0[I] - self.0[I] * b.0[I]))
    }
    #[inline(always)]
    fn max(self, b: Four) -> Four {
        Four(lanes!(|I| if self.0[I] > b.0[I] { self.0[I] } else { b.0[I] }))
    }
    #[inline(always)]
    fn min(self, b: Four) -> Four {
        Four(lanes!(|I| if self.0[I] < b.0[I] { self.0[I] } else { b.0[I] }))
    }
    #[inline(always)]
    fn sqrt(self) -> Four {
        Four(lanes!(|I| self.0[I].sqrt()))
    }
    #[inline(always)]
    fn hsum(self) -> f32 {
        let [a, b, c, d] = self.0;
        (a + c) + (b + d)
    }
    #[inline(always)]
    fn hmax(self) -> f32 {
        let [a, b, c, d] = self.0;
        let larger = |x: f32, y: f32| if x > y { x } else { y };
        larger(larger(a, c), larger(b, d))
    }
    #[inline(always)]
    fn exp(self) -> Four {
        // adding it rounds to a whole number, which then stands in the last bits
        const ROUND: f32 = 12_582_912.0;
        let x = Four::of(89.0).min(Four::of(-87.0).max(self));
        let shifted = x.mul(Four::of(std::f64::consts::LOG2_E)).add(Four::splat(ROUND));
        let n = shifted.sub(Four::splat(ROUND));
        let r = n.fnma(Four::of(0.693359375), x);
        let r = n.fnma(Four::of(-2.12194440e-4), r);
        let p = Four::of(1.0 / 720.0).fma(r, Four::of(1.0 / 120.0));
        let p = p.fma(r, Four::of(1.0 / 24.0));
        let p = p.fma(r, Four::of(1.0 / 6.0));
        let p = p.fma(r, Four::of(0.5));
        let p = p.fma(r, Four::of(1.0));
        let p = p.fma(r, Four::of(1.0));
        p.mul(Four(lanes!(|I| f32::from_bits((shifted.0[I].to_bits() << 23).wrapping_add(127 << 23)))))
    }
    #[inline(always)]
    fn ln(self) -> Four {
        const LOW: u32 = 0x3f40_0000; // 0.75
        let bits = self.0.map(f32::to_bits);
        let exponent = lanes!(|I| (bits[I].wrapping_sub(LOW) as i32) >> 23);
        let m = Four(lanes!(|I| f32::from_bits(bits[I].wrapping_sub((exponent[I] << 23) as u32))));
        let e = Four(lanes!(|I| exponent[I] as f32));
        let s = m.sub(Four::of(1.0)).div(m.add(Four::of(1.0)));
        let z = s.mul(s);
        let p = Four::of(2.0 / 9.0).fma(z, Four::of(2.0 / 7.0));
        let p = p.fma(z, Four::of(2.0 / 5.0));
        let p = p.fma(z, Four::of(2.0 / 3.0));
        let p = p.fma(z, Four::of(2.0));
        // what is not a number stays so
        Four::zero().fma(self, e.fma(Four::of(std::f64::consts::LN_2), p.mul(s)))
    }
    #[inline(always)]
    unsafe fn reduce(p: *const f32) -> Four {
        let [a, b, c, d] = [0, 4, 8, 12].map(|i| Four::load(p.add(i)).0);
        let left = lanes!(|I| [a, b, c, d][I][0] + [a, b, c, d][I][2]);
        let right = lanes!(|I| [a, b, c, d][I][1] + [a, b, c, d][I][3]);
        Four(lanes!(|I| left[I] + right[I]))
    }
}
