//! AVX-512 and AVX2 vectors of f32.
//!
//! Macros, not closures: a closure does not inherit `target_feature`, its intrinsics would become calls.
use super::vector::Vector;
use core::arch::x86_64::*;

static MASK: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
#[inline(always)]
fn first(k: usize) -> __m256i {
    unsafe { _mm256_loadu_si256(MASK.as_ptr().add(8 - k).cast()) }
}

/// 16 x f32, AVX-512F/DQ
#[derive(Clone, Copy)]
pub(super) struct V16(__m512);
impl Vector for V16 {
    type S = f32;
    const LANES: usize = 16;
    #[inline(always)]
    fn splat(s: f32) -> V16 {
        unsafe { V16(_mm512_set1_ps(s)) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> V16 {
        V16(_mm512_loadu_ps(p))
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        _mm512_storeu_ps(p, self.0)
    }
    #[inline(always)]
    unsafe fn load_part(p: *const f32, k: usize) -> V16 {
        V16(_mm512_maskz_loadu_ps(((1u32 << k) - 1) as u16, p))
    }
    #[inline(always)]
    unsafe fn store_part(self, p: *mut f32, k: usize) {
        _mm512_mask_storeu_ps(p, ((1u32 << k) - 1) as u16, self.0)
    }
    #[inline(always)]
    fn keep(self, k: usize) -> V16 {
        unsafe { V16(_mm512_maskz_mov_ps(((1u32 << k) - 1) as u16, self.0)) }
    }
    #[inline(always)]
    fn add(self, b: V16) -> V16 {
        unsafe { V16(_mm512_add_ps(self.0, b.0)) }
    }
    #[inline(always)]
    fn sub(self, b: V16) -> V16 {
        unsafe { V16(_mm512_sub_ps(self.0, b.0)) }
    }
    #[inline(always)]
    fn mul(self, b: V16) -> V16 {
        unsafe { V16(_mm512_mul_ps(self.0, b.0)) }
    }
    #[inline(always)]
    fn div(self, b: V16) -> V16 {
        unsafe { V16(_mm512_div_ps(self.0, b.0)) }
    }
    #[inline(always)]
    fn fma(self, b: V16, c: V16) -> V16 {
        unsafe { V16(_mm512_fmadd_ps(self.0, b.0, c.0)) }
    }
    #[inline(always)]
    fn fnma(self, b: V16, c: V16) -> V16 {
        unsafe { V16(_mm512_fnmadd_ps(self.0, b.0, c.0)) }
    }
    #[inline(always)]
    fn max(self, b: V16) -> V16 {
        unsafe { V16(_mm512_max_ps(self.0, b.0)) }
    }
    #[inline(always)]
    fn min(self, b: V16) -> V16 {
        unsafe { V16(_mm512_min_ps(self.0, b.0)) }
    }
    #[inline(always)]
    fn window(self, next: V16, o: usize) -> V16 {
        unsafe {
            let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            V16(_mm512_permutex2var_ps(self.0, _mm512_add_epi32(lanes, _mm512_set1_epi32(o as i32)), next.0))
        }
    }
    #[inline(always)]
    fn sqrt(self) -> V16 {
        unsafe { V16(_mm512_sqrt_ps(self.0)) }
    }
    #[inline(always)]
    fn near_recip(self) -> V16 {
        // an estimate of 14 bits and one step of Newton's, in half the time of a division (Zen 4)
        let y = unsafe { V16(_mm512_rcp14_ps(self.0)) };
        y.mul(self.fnma(y, V16::of(2.0)))
    }
    #[inline(always)]
    fn near_rsqrt(self) -> V16 {
        // likewise, in a third of the time of a root and a division
        let y = unsafe { V16(_mm512_rsqrt14_ps(self.0)) };
        y.mul(self.mul(V16::of(0.5)).mul(y).fnma(y, V16::of(1.5)))
    }
    #[inline(always)]
    fn hsum(self) -> f32 {
        unsafe { _mm512_reduce_add_ps(self.0) }
    }
    #[inline(always)]
    fn hmax(self) -> f32 {
        unsafe { _mm512_reduce_max_ps(self.0) }
    }
    #[inline(always)]
    fn exp(self) -> V16 {
        unsafe {
            // constants first: these pass on what is not a number; e^89 is infinite
            let x = V16::of(89.0).min(V16::of(-87.0).max(self));
            let n = V16(_mm512_roundscale_ps::<8>(x.mul(V16::of(std::f64::consts::LOG2_E)).0));
            let r = n.fnma(V16::of(0.693359375), x);
            let r = n.fnma(V16::of(-2.12194440e-4), r);
            // Taylor to degree 6 on |r| <= ln2/2
            let p = V16::of(1.0 / 720.0).fma(r, V16::of(1.0 / 120.0));
            let p = p.fma(r, V16::of(1.0 / 24.0));
            let p = p.fma(r, V16::of(1.0 / 6.0));
            let p = p.fma(r, V16::of(0.5));
            let p = p.fma(r, V16::of(1.0));
            let p = p.fma(r, V16::of(1.0));
            V16(_mm512_scalef_ps(p.0, n.0))
        }
    }
    #[inline(always)]
    fn ln(self) -> V16 {
        unsafe {
            // x = m * 2^e with m in [0.75, 1.5); ln m = 2 atanh((m-1)/(m+1))
            let bits = _mm512_castps_si512(self.0);
            let d = _mm512_sub_epi32(bits, _mm512_set1_epi32(0x3f400000));
            let e = _mm512_srai_epi32::<23>(d);
            let m = V16(_mm512_castsi512_ps(_mm512_sub_epi32(bits, _mm512_slli_epi32::<23>(e))));
            let e = V16(_mm512_cvtepi32_ps(e));
            let s = m.sub(V16::of(1.0)).mul(m.add(V16::of(1.0)).near_recip());
            let z = s.mul(s);
            let p = V16::of(2.0 / 9.0).fma(z, V16::of(2.0 / 7.0));
            let p = p.fma(z, V16::of(2.0 / 5.0));
            let p = p.fma(z, V16::of(2.0 / 3.0));
            let p = p.fma(z, V16::of(2.0));
            // what is not a number stays so
            V16::zero().fma(self, e.fma(V16::of(std::f64::consts::LN_2), p.mul(s)))
        }
    }
    #[inline(always)]
    unsafe fn reduce(p: *const f32) -> V16 {
        // macros, not closures: a closure does not inherit `target_feature`, its intrinsics would become calls
        macro_rules! l {
            ($i:expr) => {
                _mm512_loadu_ps(p.add(16 * ($i)))
            };
        }
        macro_rules! q {
            ($i:literal) => {{
                let (a, b, c, d) = (l!($i), l!($i + 1), l!($i + 2), l!($i + 3));
                let ab = _mm512_castps_pd(_mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b)));
                let cd = _mm512_castps_pd(_mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d)));
                _mm512_add_ps(
                    _mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd)),
                    _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd)),
                )
            }};
        }
        macro_rules! f {
            ($x:expr, $y:expr) => {{
                let (x, y) = ($x, $y);
                _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(x, y), _mm512_shuffle_f32x4::<0xdd>(x, y))
            }};
        }
        V16(f!(f!(q!(0), q!(4)), f!(q!(8), q!(12))))
    }
}

/// 8 x f32, AVX2 + FMA
#[derive(Clone, Copy)]
pub(super) struct V8(__m256);
impl Vector for V8 {
    type S = f32;
    const LANES: usize = 8;
    #[inline(always)]
    fn splat(s: f32) -> V8 {
        unsafe { V8(_mm256_set1_ps(s)) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> V8 {
        V8(_mm256_loadu_ps(p))
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        _mm256_storeu_ps(p, self.0)
    }
    #[inline(always)]
    unsafe fn load_part(p: *const f32, k: usize) -> V8 {
        V8(_mm256_maskload_ps(p, first(k)))
    }
    #[inline(always)]
    unsafe fn store_part(self, p: *mut f32, k: usize) {
        _mm256_maskstore_ps(p, first(k), self.0)
    }
    #[inline(always)]
    fn keep(self, k: usize) -> V8 {
        unsafe { V8(_mm256_and_ps(self.0, _mm256_castsi256_ps(first(k)))) }
    }
    #[inline(always)]
    fn add(self, b: V8) -> V8 {
        unsafe { V8(_mm256_add_ps(self.0, b.0)) }
    }
    #[inline(always)]
    fn sub(self, b: V8) -> V8 {
        unsafe { V8(_mm256_sub_ps(self.0, b.0)) }
    }
    #[inline(always)]
    fn mul(self, b: V8) -> V8 {
        unsafe { V8(_mm256_mul_ps(self.0, b.0)) }
    }
    #[inline(always)]
    fn div(self, b: V8) -> V8 {
        unsafe { V8(_mm256_div_ps(self.0, b.0)) }
    }
    #[inline(always)]
    fn fma(self, b: V8, c: V8) -> V8 {
        unsafe { V8(_mm256_fmadd_ps(self.0, b.0, c.0)) }
    }
    #[inline(always)]
    fn fnma(self, b: V8, c: V8) -> V8 {
        unsafe { V8(_mm256_fnmadd_ps(self.0, b.0, c.0)) }
    }
    #[inline(always)]
    fn max(self, b: V8) -> V8 {
        unsafe { V8(_mm256_max_ps(self.0, b.0)) }
    }
    #[inline(always)]
    fn min(self, b: V8) -> V8 {
        unsafe { V8(_mm256_min_ps(self.0, b.0)) }
    }
    #[inline(always)]
    fn sqrt(self) -> V8 {
        unsafe { V8(_mm256_sqrt_ps(self.0)) }
    }
    #[inline(always)]
    fn hsum(self) -> f32 {
        unsafe {
            let s = _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let s = _mm_add_ps(s, _mm_movehl_ps(s, s));
            _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)))
        }
    }
    #[inline(always)]
    fn hmax(self) -> f32 {
        unsafe {
            let s = _mm_max_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let s = _mm_max_ps(s, _mm_movehl_ps(s, s));
            _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)))
        }
    }
    #[inline(always)]
    fn exp(self) -> V8 {
        unsafe {
            // constants first: these pass on what is not a number; e^89 is infinite
            let x = V8::of(89.0).min(V8::of(-87.0).max(self));
            let n = V8(_mm256_round_ps::<8>(x.mul(V8::of(std::f64::consts::LOG2_E)).0));
            let r = n.fnma(V8::of(0.693359375), x);
            let r = n.fnma(V8::of(-2.12194440e-4), r);
            let p = V8::of(1.0 / 720.0).fma(r, V8::of(1.0 / 120.0));
            let p = p.fma(r, V8::of(1.0 / 24.0));
            let p = p.fma(r, V8::of(1.0 / 6.0));
            let p = p.fma(r, V8::of(0.5));
            let p = p.fma(r, V8::of(1.0));
            let p = p.fma(r, V8::of(1.0));
            let e =
                _mm256_slli_epi32::<23>(_mm256_add_epi32(_mm256_cvtps_epi32(n.0), _mm256_set1_epi32(127)));
            p.mul(V8(_mm256_castsi256_ps(e)))
        }
    }
    #[inline(always)]
    fn ln(self) -> V8 {
        unsafe {
            let bits = _mm256_castps_si256(self.0);
            // subtract the pattern of 0.75: the exponent field then counts from m in [0.75, 1.5)
            let d = _mm256_sub_epi32(bits, _mm256_set1_epi32(0x3f400000));
            let e = _mm256_srai_epi32::<23>(d);
            let m = V8(_mm256_castsi256_ps(_mm256_sub_epi32(bits, _mm256_slli_epi32::<23>(e))));
            let e = V8(_mm256_cvtepi32_ps(e));
            let s = m.sub(V8::of(1.0)).div(m.add(V8::of(1.0)));
            let z = s.mul(s);
            let p = V8::of(2.0 / 9.0).fma(z, V8::of(2.0 / 7.0));
            let p = p.fma(z, V8::of(2.0 / 5.0));
            let p = p.fma(z, V8::of(2.0 / 3.0));
            let p = p.fma(z, V8::of(2.0));
            // what is not a number stays so
            V8::zero().fma(self, e.fma(V8::of(std::f64::consts::LN_2), p.mul(s)))
        }
    }
    #[inline(always)]
    unsafe fn reduce(p: *const f32) -> V8 {
        macro_rules! l {
            ($i:expr) => {
                _mm256_loadu_ps(p.add(8 * ($i)))
            };
        }
        macro_rules! h {
            ($i:literal) => {
                _mm256_hadd_ps(_mm256_hadd_ps(l!($i), l!($i + 1)), _mm256_hadd_ps(l!($i + 2), l!($i + 3)))
            };
        }
        let (a, b) = (h!(0), h!(4));
        V8(_mm256_add_ps(_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b)))
    }
}
