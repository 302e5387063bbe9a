//! Numbers to places on an axis, and the ticks that stand there.

/// The numbers of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    Linear {
        low: f64,
        high: f64,
    },
    /// Decades. What is zero or less stands at the lower end, which is `low`; there may be none of it.
    Log {
        low: f64,
        high: f64,
        zero: bool,
    },
}

/// A place on an axis, from 0 to 1, and what is written there; nothing beside a small tick.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: Option<String>,
}

/// More decades than this are not cut into small ticks.
const FEW_DECADES: f64 = 6.0;

impl Scale {
    /// The scale that holds all of these numbers, those that are finite. A logarithmic one needs one above zero.
    pub(super) fn of(numbers: impl Iterator<Item = f64>, log: bool) -> Scale {
        // beyond that, sums and powers of ten have no room
        let within = |x: f64| x.clamp(-1e300, 1e300);
        let numbers: Vec<f64> = numbers.filter(|x| x.is_finite()).map(within).collect();
        let least = |numbers: &mut dyn Iterator<Item = f64>| numbers.fold(f64::INFINITY, f64::min);
        let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if log && high > 0.0 {
            let least = least(&mut numbers.iter().copied().filter(|x| *x > 0.0)).max(1e-290);
            let high = high.max(least);
            let zero = numbers.iter().any(|x| *x <= 0.0);
            let (from, to) = (least.log10(), high.log10());
            let around = (0.04 * (to - from)).max(0.08);
            // zeros stand apart from the numbers above them
            let below = if zero { around.max(0.12 * (to - from)) + around } else { around };
            return Scale::Log { low: 10_f64.powf(from - below), high: 10_f64.powf(to + around), zero };
        }
        let low = least(&mut numbers.iter().copied());
        match (low.is_finite(), high - low) {
            (false, _) => Scale::Linear { low: 0.0, high: 1.0 },
            (true, span) if span > 0.0 => {
                let around = 0.04 * span;
                // an axis that begins at zero begins there
                let low = if low >= 0.0 && low < 0.3 * high { 0.0 } else { low - around };
                Scale::Linear { low, high: high + around }
            }
            (true, _) => {
                let around = if low == 0.0 { 1.0 } else { 0.1 * low.abs() };
                Scale::Linear { low: low - around, high: high + around }
            }
        }
    }

    /// Where a number stands: 0 at the lower end, 1 at the upper one. What lies beyond an end stands there; not a number
    /// where there is none.
    pub(super) fn place(self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        match self {
            Scale::Linear { low, high } => ((x - low) / (high - low)).clamp(0.0, 1.0),
            Scale::Log { low, high, .. } => {
                let x = x.max(low).min(high);
                ((x.log10() - low.log10()) / (high.log10() - low.log10())).clamp(0.0, 1.0)
            }
        }
    }

    /// Ticks at round numbers, about as many as wanted or fewer.
    pub(super) fn ticks(self, wanted: usize) -> Vec<Tick> {
        let wanted = wanted.max(2) as f64;
        let tick = |x: f64, label: Option<String>| Tick { at: self.place(x), label };
        match self {
            Scale::Linear { low, high } => {
                let step = round_step((high - low) / wanted);
                linear(low, high, step).into_iter().map(|x| tick(x, Some(number(x, step)))).collect()
            }
            Scale::Log { low, high, zero } => {
                let mut ticks = vec![];
                let (from, to) = (low.log10(), high.log10());
                let within = |x: &f64| (low..=high).contains(x);
                let decades: Vec<i32> = (from.ceil() as i32..=to.floor() as i32).collect();
                let few = to - from <= FEW_DECADES;
                if decades.len() >= 2 {
                    let every = (decades.len() as f64 / wanted).ceil() as i32;
                    let labelled = |decade: i32| decade.rem_euclid(every) == 0;
                    ticks.extend(
                        decades.into_iter().map(|decade| {
                            tick(power(decade), labelled(decade).then(|| short(power(decade))))
                        }),
                    );
                    if few {
                        let digits = (from.floor() as i32..=to.ceil() as i32)
                            .flat_map(|decade| (2..10).map(move |digit| f64::from(digit) * power(decade)));
                        ticks.extend(digits.filter(within).map(|x| tick(x, None)));
                    }
                } else {
                    let round = (from.floor() as i32..=to.ceil() as i32)
                        .flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| digit * power(decade)));
                    let round: Vec<f64> = round.filter(within).collect();
                    match round.len() >= 2 {
                        true => ticks.extend(round.into_iter().map(|x| tick(x, Some(short(x))))),
                        // less than half a decade: as good as linear
                        false => {
                            let step = round_step((high - low) / wanted.min(4.0));
                            let places = linear(low, high, step);
                            ticks.extend(places.into_iter().map(|x| tick(x, Some(number(x, step)))));
                        }
                    }
                }
                if zero {
                    // what would be written too near to the zero is not
                    ticks.retain(|tick| tick.at > 0.06);
                    ticks.push(Tick { at: 0.0, label: Some("0".into()) });
                }
                ticks.sort_by(|a, b| a.at.total_cmp(&b.at));
                ticks
            }
        }
    }
}

fn power(decade: i32) -> f64 {
    // read and not computed, so that 0.001 is what is written so
    format!("1e{decade}").parse().unwrap_or(f64::NAN)
}

/// Multiples of a step between two numbers.
fn linear(low: f64, high: f64, step: f64) -> Vec<f64> {
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    let count = (last - first).clamp(-1.0, 1000.0) as i64;
    (0..=count).map(|n| (first + n as f64) * step).collect()
}

/// The least of 1, 2, 5, 10, 20 … that is not below `least`.
fn round_step(least: f64) -> f64 {
    let decade = least.log10().floor();
    let decade = if decade.is_finite() { decade.clamp(-300.0, 300.0) as i32 } else { 0 };
    let steps = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power(decade));
    steps.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(steps[3])
}

/// A number with as many decimals as its step, and its digits in groups of three.
pub(crate) fn number(x: f64, step: f64) -> String {
    let decimals = (-step.log10() - 1e-9).ceil().clamp(0.0, 12.0) as usize;
    let x = if x.abs() < step * 1e-6 { 0.0 } else { x };
    if x.abs() >= 1e15 {
        return format!("{x:e}");
    }
    let text = format!("{:.decimals$}", x.abs());
    let (whole, rest) =
        text.split_once('.').map_or((&text[..], String::new()), |(w, r)| (w, format!(".{r}")));
    let mut grouped = String::new();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{}{grouped}{rest}", if x < 0.0 { "-" } else { "" })
}

/// A round number, short: 0.01, 20, 50,000, 1e-4, 2e6.
fn short(x: f64) -> String {
    if (1e-3..1e6).contains(&x) {
        let step = 10_f64.powi(x.log10().floor().min(0.0) as i32);
        number(x, step)
    } else {
        format!("{x:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, wanted: usize) -> Vec<String> {
        scale.ticks(wanted).into_iter().filter_map(|tick| tick.label).collect()
    }
    fn of(numbers: &[f64], log: bool) -> Scale {
        Scale::of(numbers.iter().copied(), log)
    }

    #[test]
    fn linear_ticks_are_round_and_grouped() {
        assert_eq!(labels(of(&[0.0, 20_000.0], false), 6), ["0", "5,000", "10,000", "15,000", "20,000"]);
        assert_eq!(labels(of(&[0.2, 0.9], false), 4), ["0.0", "0.5"]);
        assert_eq!(labels(of(&[-0.5, 0.5], false), 5), ["-0.5", "0.0", "0.5"]);
        assert_eq!(labels(of(&[1e6, 1.2e6], false), 3), ["1,000,000", "1,100,000", "1,200,000"]);
    }

    #[test]
    fn logarithmic_ticks_are_decades() {
        assert_eq!(labels(of(&[0.002, 90.0], true), 8), ["0.01", "0.1", "1", "10", "100"]);
        assert_eq!(labels(of(&[1e-9, 1e3], true), 6), ["1e-9", "1e-6", "0.001", "1", "1,000"]);
        assert_eq!(labels(of(&[15.0, 60.0], true), 8), ["20", "50"]);
        assert_eq!(labels(of(&[9.0, 9.1], true), 8), ["8", "9", "10"]);
    }

    #[test]
    fn places_are_even_in_the_logarithm() {
        let scale = Scale::Log { low: 0.1, high: 1000.0, zero: false };
        for (x, place) in [(0.1, 0.0), (1.0, 0.25), (10.0, 0.5), (1000.0, 1.0), (5000.0, 1.0), (0.0, 0.0)] {
            assert!((scale.place(x) - place).abs() < 1e-12, "{x}");
        }
        assert!(scale.place(f64::NAN).is_nan());
    }

    #[test]
    fn zeros_have_a_place_of_their_own_on_a_logarithmic_axis() {
        let scale = of(&[0.0, 0.5, 40.0], true);
        assert_eq!((scale.place(0.0), labels(scale, 6).first().map(String::as_str)), (0.0, Some("0")));
        assert!(scale.place(0.5) > 0.1);
        assert_eq!(of(&[0.0, 0.0], true), Scale::Linear { low: -1.0, high: 1.0 });
    }

    #[test]
    fn no_numbers_and_one_number_are_no_trouble() {
        for numbers in
            [&[][..], &[0.0], &[-3.0], &[7.0], &[1e-300], &[1e300], &[f64::NAN], &[f64::INFINITY], &[5e-324]]
        {
            for log in [false, true] {
                let scale = of(numbers, log);
                let ticks = scale.ticks(6);
                assert!(ticks.len() < 1200 && ticks.iter().all(|tick| tick.at.is_finite()), "{numbers:?}");
                assert!(labels(scale, 6).len() <= 12, "{numbers:?}: {:?}", labels(scale, 6));
            }
        }
    }
}
