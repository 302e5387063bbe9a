//! A recorded sequence as a picture, after figure 6 of the 2014 paper.

use super::canvas::Drawing;
use super::recording::Recording;
use super::sheet::{Sheet, numbers, weightings_and_vectors};

/// Panels are about this wide.
const PANEL_WIDTH: f32 = 600.0;

/// Draws a recording as figure 6 of the 2014 paper does.
///
/// Left are the inputs, the vectors that were added to memory and where they were written; right are the
/// outputs, the vectors that were read and where they were read. Time runs to the right in every panel, slots
/// downwards. Only slots in use are shown, with a margin of two, and all heads show the same ones; the figure
/// says which. Further heads follow below. Numbers that are not finite are red.
pub fn figure6(recording: &Recording) -> Drawing {
    sheet(recording).paint()
}

fn sheet(recording: &Recording) -> Sheet<'_> {
    let mut columns =
        vec![vec![numbers("inputs", &recording.inputs)], vec![numbers("outputs", &recording.outputs)]];
    let heads = recording.writers_then_readers();
    for (column, reads) in columns.iter_mut().zip([false, true]) {
        column.extend(weightings_and_vectors(&heads, reads));
    }
    Sheet::new(["Memory use over one sequence", "One sequence"], columns, PANEL_WIDTH)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::super::sample;
    use super::super::sheet::BROKEN;
    use super::*;

    /// The colours in the middle of cells: of the n-th panel in order of bands, left before right, at a row
    /// and a step.
    fn cells(recording: &Recording) -> impl Fn(usize, u32, u32) -> Rgb<u8> {
        let figure = sheet(recording);
        let image = figure.paint().image();
        move |panel, row, step| {
            let (x, y) = figure.middle(panel, row, step);
            *image.get_pixel(x, y)
        }
    }

    fn red_pixels(image: &RgbImage) -> usize {
        image.pixels().filter(|pixel| **pixel == BROKEN).count()
    }

    const ADDED: usize = 2;
    const VECTORS_READ: usize = 3;
    const WRITTEN: usize = 4;
    const READ: usize = 5;

    #[test]
    fn weightings_are_white_where_a_head_looks_and_black_elsewhere() {
        let recording = sample::copy(20);
        let cell = cells(&recording);
        for n in 0..20 {
            assert_eq!(cell(WRITTEN, n, n), Rgb([230; 3]), "written at step {n}");
            assert_eq!(cell(READ, n, 21 + n), Rgb([230; 3]), "read at step {}", 21 + n);
        }
        assert_eq!(cell(WRITTEN, 15, 3), Rgb([0; 3]));
    }

    #[test]
    fn what_is_read_looks_like_what_was_added() {
        let recording = sample::copy(10);
        let cell = cells(&recording);
        for (row, step) in [(0, 0), (3, 7), (19, 9)] {
            assert_eq!(cell(ADDED, row, step), cell(VECTORS_READ, row, 11 + step));
        }
    }

    #[test]
    fn one_cell_is_one_colour_without_interpolation() {
        let recording = sample::copy(20);
        let figure = sheet(&recording);
        let image = figure.paint().image();
        let ((x, y), (width, height)) = figure.first_cell();
        let colours: std::collections::HashSet<_> = (0..width)
            .flat_map(|right| (0..height).map(move |down| (right, down)))
            .map(|(right, down)| *image.get_pixel(x + right, y + down))
            .collect();
        assert_eq!(colours.len(), 1);
    }

    #[test]
    fn the_title_says_which_slots_are_shown() {
        let recording = sample::copy(20);
        let figure = sheet(&recording);
        assert_eq!(figure.title(), "Memory use over one sequence: 41 steps, slots 0-23 of 128");
    }

    #[test]
    fn more_heads_are_more_panels() {
        let mut recording = sample::copy(8);
        let one = figure6(&recording);
        recording.heads.push(recording.heads[0].clone());
        let two = figure6(&recording);
        assert_eq!(one.width(), two.width());
        assert!(two.height() > one.height() + 200);
        assert_eq!(sheet(&recording).lengths(), [3, 5]);
    }

    #[test]
    fn heads_over_memories_of_different_size_have_slots_of_their_own() {
        let mut recording = sample::copy(8);
        let weighting = &mut recording.heads[0].weighting;
        weighting.rows = 30;
        weighting.values.truncate(30 * weighting.columns);
        assert_eq!(red_pixels(&figure6(&recording).image()), 0);
    }

    #[test]
    fn red_is_for_numbers_that_are_not_finite_only() {
        let mut recording = sample::copy(8);
        assert_eq!(red_pixels(&figure6(&recording).image()), 0);
        recording.outputs.values[0] = f32::NAN;
        assert_ne!(red_pixels(&figure6(&recording).image()), 0);
    }

    #[test]
    fn short_long_and_empty_sequences_make_a_picture_of_bounded_size() {
        for length in [1, 2, 130, 1_500] {
            let image = figure6(&sample::copy(length));
            assert!(image.width() < 5_000 && image.height() < 2_500, "{:?}", (image.width(), image.height()));
        }
        let empty = sample::grid("", 0, 0, (0.0, 0.0), |_, _| 0.0);
        let mut recording = sample::copy(3);
        recording.heads[0].weighting = empty.clone();
        recording.heads[1].vectors.values.clear();
        recording.inputs = empty;
        figure6(&recording);
    }
}
