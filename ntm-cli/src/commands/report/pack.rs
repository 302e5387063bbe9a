//! Numbers of many steps as short text: what a film keeps of a quantity.
//!
//! A number becomes one of 255 levels between the ends of a range (a 256th says that it is not finite), a step becomes the
//! difference of its levels from those of the step before, modulo 256, and runs of zeros become a zero and their length.
//! What stands still costs nothing then: of a memory of 128 x 20, a step keeps the slot or two that were written. The
//! bytes stand in the page as base64.
use serde::Serialize;

/// Levels of finite numbers: 0 ..= 254, so that the middle of a range is a level of its own.
const LEVELS: f32 = 254.0;
/// Stands for what is not finite.
const BROKEN: u8 = 255;

/// One quantity over all steps of a sequence.
#[derive(Debug, Serialize)]
pub(super) struct Packed {
    /// Numbers at each step.
    size: usize,
    low: f32,
    high: f32,
    data: String,
}

impl Packed {
    /// Packs steps of one size; what a step lacks is not a number. Both ends are levels.
    pub(super) fn of(steps: &[Vec<f32>], (low, high): (f32, f32)) -> Packed {
        let size = steps.iter().map(Vec::len).max().unwrap_or(0);
        let mut before = vec![0_u8; size];
        let mut bytes = vec![];
        let mut zeros = 0_u8;
        for step in steps {
            for (place, before) in before.iter_mut().enumerate() {
                let level = level(step.get(place).copied().unwrap_or(f32::NAN), (low, high));
                let difference = level.wrapping_sub(*before);
                *before = level;
                if difference == 0 && zeros < u8::MAX {
                    zeros += 1;
                    continue;
                }
                if zeros > 0 {
                    bytes.extend([0, zeros]);
                }
                zeros = u8::from(difference == 0);
                if difference != 0 {
                    bytes.push(difference);
                }
            }
        }
        if zeros > 0 {
            bytes.extend([0, zeros]);
        }
        Packed { size, low, high, data: base64(&bytes) }
    }
}

fn level(x: f32, (low, high): (f32, f32)) -> u8 {
    let share = (x - low) / (high - low);
    match x.is_finite() && share.is_finite() {
        true => (share.clamp(0.0, 1.0) * LEVELS).round() as u8,
        false => BROKEN,
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let all =
            three.iter().fold(0_u32, |all, &byte| all << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(all >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the page's script does.
    fn unpacked(packed: &Packed, steps: usize) -> Vec<Vec<f32>> {
        let digit = |c: u8| match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        let mut bytes = vec![];
        for four in packed.data.as_bytes().chunks(4) {
            let all = four.iter().fold(0_u32, |all, &c| all << 6 | u32::from(digit(c) & 63));
            let kept = 3 - four.iter().filter(|&&c| c == b'=').count();
            bytes.extend_from_slice(&all.to_be_bytes()[1..][..kept]);
        }
        let (mut differences, mut bytes) = (vec![], bytes.into_iter());
        while let Some(byte) = bytes.next() {
            match byte {
                0 => differences.extend(vec![0; usize::from(bytes.next().unwrap())]),
                byte => differences.push(byte),
            }
        }
        assert_eq!(differences.len(), steps * packed.size);
        let mut levels = vec![0_u8; packed.size];
        let number = |level: u8| match level {
            BROKEN => f32::NAN,
            level => packed.low + f32::from(level) / LEVELS * (packed.high - packed.low),
        };
        let mut step = |differences: &[u8]| {
            levels.iter_mut().zip(differences).for_each(|(l, d)| *l = l.wrapping_add(*d));
            levels.iter().map(|&l| number(l)).collect()
        };
        differences.chunks(packed.size.max(1)).map(&mut step).collect()
    }

    #[test]
    fn numbers_come_back_to_half_a_level() {
        let steps: Vec<Vec<f32>> =
            (0..40).map(|t| (0..301).map(|n| ((t * n) as f32 * 0.37).sin()).collect()).collect();
        let packed = Packed::of(&steps, (-1.0, 1.0));
        for (given, back) in steps.iter().zip(unpacked(&packed, 40)) {
            for (x, y) in given.iter().zip(back) {
                assert!((x - y).abs() <= 1.001 / 254.0, "{x} came back as {y}");
            }
        }
    }

    #[test]
    fn ends_and_middle_are_exact_and_what_is_not_finite_stays_so() {
        let steps = vec![vec![-2.0, 0.0, 2.0, f32::NAN, 9.0], vec![f32::INFINITY, 0.0, -9.0, 2.0]];
        let back = unpacked(&Packed::of(&steps, (-2.0, 2.0)), 2);
        assert_eq!((back[0][0], back[0][1], back[0][2], back[0][4]), (-2.0, 0.0, 2.0, 2.0));
        assert!(back[0][3].is_nan() && back[1][0].is_nan() && back[1][4].is_nan(), "{back:?}");
        assert_eq!(back[1][1..4], [0.0, -2.0, 2.0]);
    }

    #[test]
    fn what_stands_still_costs_next_to_nothing() {
        let steps = vec![vec![0.25; 128 * 20]; 241];
        let bytes = Packed::of(&steps, (-1.0, 1.0)).data.len();
        assert!(bytes < 2560 * 4 / 3 + 4 * 241 * 20, "{bytes}");
        assert_eq!(unpacked(&Packed::of(&vec![vec![0.0; 300]; 3], (0.0, 1.0)), 3), vec![vec![0.0; 300]; 3]);
    }

    #[test]
    fn base64_is_that_of_the_standard() {
        // RFC 4648, section 10
        for (text, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("fooba", "Zm9vYmE=")]
        {
            assert_eq!(base64(text.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }
}
