//! The kernel that measures: that it does what it counts.
use super::everywhere;
use ntm_core::Real;
use ntm_core::kernels::peak::multiply_add;

fn counts<T: Real>(tolerance: f64) {
    let (mut result, mut operations) = (T::of(5.0), 0.0);
    multiply_add(T::of(0.5), &mut result, &mut operations);
    // every sum comes to rest at x = x / 2 + 1 / 2 = 1, so that the result counts them
    let sums = result.to() - 5.0;
    let lanes = sums / 16.0;
    assert!((lanes - lanes.round()).abs() < tolerance && lanes >= 1.0, "{sums}");
    let turns = operations / (2.0 * sums);
    assert!((turns - 4096.0).abs() < tolerance, "{operations} operations of {sums} sums");
}

#[test]
fn every_sum_is_multiplied_and_added_as_often_as_is_counted() {
    everywhere!(counts, 1e-9, 1e-3);
}
