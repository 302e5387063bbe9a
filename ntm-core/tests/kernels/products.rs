//! Products: W x, sums of outer products, dot products with columns, transposes.
use super::*;
use ntm_core::buffers::{Steps, Track, mat_apart, mat_apart_mut};
use ntm_core::kernels::product::{Onto, dots, linear, linear2, outer_sum, row_sum, transpose};

/// y += W x for all items; every matrix comes with its rows and its column stride
type Matrix<'a> = (&'a [f64], usize, usize);
fn plain((w, rows, ldw): Matrix<'_>, (x, inputs, ldx): Matrix<'_>, y: &mut [f64], ldy: usize) {
    for item in 0..y.len().div_ceil(ldy) {
        for o in 0..rows {
            for i in 0..inputs {
                y[item * ldy + o] += w[i * ldw + o] * x[item * ldx + i];
            }
        }
    }
}

/// Numbers of `cols` columns `ld` apart, the last one without a gap.
fn apart(rows: usize, cols: usize, ld: usize) -> usize {
    (cols - 1) * ld + rows
}
/// What `y` (`rows` x items, `ld` apart) should hold, compared with it; nothing else in it has changed.
fn compare<T: Real>(what: &str, y: &[T], before: &[f64], want: &[f64], rows: usize, ld: usize, tol: f64) {
    for (i, (y, (b, w))) in y.iter().zip(before.iter().zip(want)).enumerate() {
        if i % ld < rows {
            close(what, &[*y], &[*w], tol);
        } else {
            assert_eq!(y.to(), *b, "{what}: a gap between columns was written");
        }
    }
}

fn products<T: Real>(tol: f64) {
    for rows in SIZES.into_iter().chain([64, 80, 400, 417]) {
        for (inputs, items) in pairs([1, 2, 3, 17], [1, 2, 3, 5, 8, 13]) {
            let (ldw, ldx, ldy, hidden) = (rows + 3, inputs + 2, rows + 5, 5);
            let w = signed(1, apart(rows, inputs, ldw));
            let (w1, u) = (signed(2, rows * inputs), signed(3, rows * hidden));
            let (x, h) = (signed(4, apart(inputs, items, ldx)), signed(5, apart(hidden, items, 6)));
            let (bias, old) = (signed(6, rows), signed(7, apart(rows, items, ldy)));
            let (tw, tw1, tu, tx, th) = (input(&w), input(&w1), input(&u), input(&x), input(&h));
            let tb = input(&bias);
            for how in [Onto::Nothing, Onto::Sum, Onto::Bias(&tb[..])] {
                let what = format!("{rows} x {inputs}, {items} items");
                let start = |i: usize| match how {
                    Onto::Nothing => 0.0,
                    Onto::Sum => old[i],
                    Onto::Bias(_) => bias.get(i % ldy).copied().unwrap_or(0.0),
                };
                let mut want: Vec<_> = (0..old.len()).map(start).collect();
                let mut want2 = want.clone();
                // what is not added to holds garbage
                let garbage = |i: usize| i % ldy < rows && !matches!(how, Onto::Sum);
                let before: Vec<_> =
                    (0..old.len()).map(|i| if garbage(i) { f64::NAN } else { old[i] }).collect();
                let (mut y, mut y2) = (onto::<T>(&before), onto::<T>(&before));
                let (vx, vh) = (mat_apart(&tx, inputs, items, ldx), mat_apart(&th, hidden, items, 6));
                linear(&tw, ldw, vx, how, mat_apart_mut(&mut y, rows, items, ldy));
                plain((&w, rows, ldw), (&x, inputs, ldx), &mut want, ldy);
                compare(&what, &y, &before, &want, rows, ldy, tol);
                linear2(&tw1, vx, &tu, vh, how, mat_apart_mut(&mut y2, rows, items, ldy));
                plain((&w1, rows, rows), (&x, inputs, ldx), &mut want2, ldy);
                plain((&u, rows, rows), (&h, hidden, 6), &mut want2, ldy);
                compare(&what, &y2, &before, &want2, rows, ldy, tol);
            }
        }
    }
}
#[test]
fn linear_and_linear2_write_or_add_or_start_from_a_bias_whatever_the_strides() {
    everywhere!(products, 1e-13, 2e-6);
}

fn sums_over_steps<T: Real>(tol: f64) {
    let lives: [&[u32]; 8] =
        [&[1, 1, 1], &[1, 1, 0], &[1], &[2, 2], &[3, 2, 2, 1], &[8, 8, 8], &[8, 5, 1, 0], &[]];
    for ((rows, cols), live) in pairs(pairs(SIZES, [1, 2, 3, 8, 14]), lives) {
        let capacity = live.first().copied().unwrap_or(2) as usize;
        let what = format!("{rows} x {cols}, live {live:?}");
        // in each step's piece: 3 other numbers, x, dz with one more row in front and one behind
        let (xs, dzs) = (cols * capacity, (rows + 2) * capacity);
        let len = 3 + xs + dzs;
        let stride = len + 4;
        let mut data = signed(1, live.len() * stride);
        let at_x = |s: usize, item: usize, i: usize| s * stride + 3 + item * cols + i;
        let at_z = |s: usize, item: usize, o: usize| s * stride + 3 + xs + item * (rows + 2) + 1 + o;
        let (old_w, old_b) = (signed(2, rows * cols), signed(3, rows));
        let (mut want_w, mut want_b) = (old_w.clone(), old_b.clone());
        for (s, &alive) in live.iter().enumerate() {
            for item in 0..capacity {
                for o in 0..rows {
                    let z = data[at_z(s, item, o)];
                    if item >= alive as usize {
                        data[at_z(s, item, o)] = f64::NAN; // never computed
                        continue;
                    }
                    want_b[o] += z;
                    for i in 0..cols {
                        want_w[i * rows + o] += z * data[at_x(s, item, i)];
                    }
                }
            }
        }
        let td = input::<T>(&data);
        let track = Track::new(&td, len, stride, live, capacity);
        let x = track.part(3..3 + xs).matrix(cols);
        let dz = track.part(3 + xs..len).matrix(rows + 2).rows(1..rows + 1);
        let (mut dw, mut db) = (onto::<T>(&old_w), onto::<T>(&old_b));
        outer_sum(x, dz, &mut dw);
        row_sum(dz, &mut db);
        close(&what, &dw, &want_w, tol);
        close(&what, &db, &want_b, tol);
    }
}
#[test]
fn outer_sum_and_row_sum_add_every_live_item_of_every_step_and_no_other() {
    everywhere!(sums_over_steps, 1e-13, 5e-6);
}

#[test]
fn packed_steps_are_the_items_of_one_step() {
    let (x, dz) = (signed(1, 6), signed(2, 4));
    let mut dw = vec![0.0; 6];
    outer_sum(Steps::packed(&x, 3, &[2]), Steps::packed(&dz, 2, &[2]), &mut dw);
    let want: Vec<_> = (0..6).map(|k| dz[k % 2] * x[k / 2] + dz[2 + k % 2] * x[3 + k / 2]).collect();
    close("packed", &dw, &want, 1e-15);
}

fn dot_products<T: Real>(tol: f64) {
    for (rows, cols) in pairs(SIZES, SIZES).into_iter().chain([(512, 16), (531, 17)]) {
        let (w, dz, old) = (signed(1, rows * cols), signed(2, rows), signed(3, cols));
        for add in [false, true] {
            let mut dx = if add { onto::<T>(&old) } else { output(cols) };
            dots(&input(&w), rows, &input(&dz), add, &mut dx);
            let want: Vec<_> =
                (0..cols).map(|c| dot(col(&w, rows, c), &dz) + if add { old[c] } else { 0.0 }).collect();
            close(&format!("{rows} x {cols}, add {add}"), &dx, &want, tol);
        }
    }
}
#[test]
fn dots_are_the_products_of_columns_written_or_added() {
    everywhere!(dot_products, 1e-13, 5e-6);
}

#[test]
fn transpose_swaps_rows_and_columns_and_leaves_gaps_alone() {
    for (rows, columns) in pairs(SIZES, SIZES) {
        let (w, stride) = (signed(1, rows * columns), columns + 2);
        let mut out = onto::<f64>(&vec![7.0; apart(columns, rows, stride)]);
        transpose(&w, rows, columns, stride, &mut out);
        for (k, &x) in out.iter().enumerate() {
            let (r, c) = (k / stride, k % stride);
            assert_eq!(x, if c < columns { w[c * rows + r] } else { 7.0 });
        }
    }
    transpose::<f64>(&[], 0, 3, 3, &mut []);
}
