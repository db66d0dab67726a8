//! `PatchExtractor.transform`: the patches of images.

use crate::kernels::random::RandomState;
use crate::operator::{Operator, Scope};
use crate::value::{Matrix, Precision, Value};
use crate::{InputError, InputErrorKind};

/// The patches of images, each a row of its pixels, row by row and channel by channel. (n, height · width · channels) →
/// (n_patches, patch_height · patch_width · channels).
#[derive(Debug)]
pub struct ExtractPatches {
    /// The height and the width of the images.
    pub image: (usize, usize),
    /// The height and the width of the patches.
    pub patch: (usize, usize),
    /// How many patches an image gives at most.
    pub most: MostPatches,
    /// The state that each call begins with, where patches are drawn.
    pub random: Option<RandomState>,
}

/// `max_patches`
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MostPatches {
    /// All that there are.
    All,
    /// A number of drawn ones.
    Count(usize),
    /// A share of all, drawn.
    Share(f64),
}

/// How many bytes all patches of a call may take: overlapping patches are together far larger than their images.
const MOST_BYTES: u64 = 4 << 30;

impl Operator for ExtractPatches {
    const NAME: &'static str = "extract_patches";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (x, _) = inputs[0].to_floats().ok_or_else(|| InputError::wrong_kind("numbers", inputs[0]))?;
        let ((height, width), (patch_height, patch_width)) = (self.image, self.patch);
        let pixels = height.saturating_mul(width);
        if pixels == 0 || x.cols % pixels != 0 {
            return Err(InputError::refused(format!("{} numbers are no image of {height} × {width} pixels", x.cols)));
        }
        if patch_height == 0 || patch_width == 0 {
            return Err(InputError::refused("a patch has one pixel at least"));
        }
        let smaller = |what| InputError::refused(format!("{what} of the patch should be less than that of the image."));
        let rows = (height + 1).checked_sub(patch_height).filter(|&rows| rows > 0).ok_or_else(|| smaller("Height"))?;
        let columns = (width + 1).checked_sub(patch_width).filter(|&columns| columns > 0);
        let columns = columns.ok_or_else(|| smaller("Width"))?;
        let channels = x.cols / pixels;
        let each = self.count(rows.saturating_mul(columns)).unwrap_or(rows.saturating_mul(columns));
        let size = patch_height.saturating_mul(patch_width).saturating_mul(channels).saturating_mul(size_of::<f64>());
        let bytes = x.rows.saturating_mul(each).saturating_mul(size);
        if u64::try_from(bytes).map_or(true, |bytes| bytes > MOST_BYTES) {
            return Err(InputError::new(InputErrorKind::TooLarge { rows: x.rows, bytes, most: MOST_BYTES }));
        }
        let mut random = self.random.clone();
        let mut data = Vec::new();
        let mut patch_at = |image: &[f64], row: usize, column: usize| {
            for line in row..row + patch_height {
                let start = (line * width + column) * channels;
                data.extend_from_slice(&image[start..start + patch_width * channels]);
            }
        };
        let mut patches = 0;
        for image in x.iter_rows() {
            match (&mut random, self.count(rows * columns)) {
                (Some(random), Some(count)) => {
                    let (tops, lefts) = (random.choice(rows, count), random.choice(columns, count));
                    tops.iter().zip(&lefts).for_each(|(&row, &column)| patch_at(image, row, column));
                    patches += count;
                }
                _ => {
                    (0..rows).for_each(|row| (0..columns).for_each(|column| patch_at(image, row, column)));
                    patches += rows * columns;
                }
            }
        }
        let cols = patch_height * patch_width * channels;
        Ok(Value::Floats(Matrix::new(patches, cols, data), Precision::Double))
    }

    fn describe(&self) -> String {
        let ((height, width), (patch_height, patch_width)) = (self.image, self.patch);
        format!("{height} × {width} → {patch_height} × {patch_width}")
    }

    /// Patches of all images are drawn one after the other; and an image has many.
    fn scope(&self) -> Scope {
        Scope::Batch
    }
}

impl ExtractPatches {
    /// How many of an image's patches are drawn; `None` for all of them.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`int(max_patches * all_patches)`; an image has fewer than 2⁵³ patches"
    )]
    fn count(&self, all: usize) -> Option<usize> {
        match self.most {
            MostPatches::All => None,
            MostPatches::Count(count) => Some(count.min(all)),
            MostPatches::Share(share) => Some((share * all as f64) as usize),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_taken_row_by_row() {
        let image = Value::Floats(Matrix::new(1, 6, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), Precision::Double);
        let step = ExtractPatches { image: (2, 3), patch: (2, 2), most: MostPatches::All, random: None };
        let Ok(Value::Floats(found, _)) = step.run(&[&image]) else { panic!("floats") };
        assert_eq!((found.rows, &found.data[..]), (2, &[1.0, 2.0, 4.0, 5.0, 2.0, 3.0, 5.0, 6.0][..]));
        for (image_size, patch) in
            [((2, 2), (1, 1)), ((2, 3), (3, 1)), ((2, 3), (1, 4)), ((0, 3), (1, 1)), ((2, 3), (0, 1))]
        {
            let step = ExtractPatches { image: image_size, patch, most: MostPatches::All, random: None };
            assert!(step.run(&[&image]).is_err(), "{image_size:?} {patch:?}");
        }
        let wide = Value::Floats(Matrix::filled(1, 160_000, 0.0), Precision::Double);
        let step = ExtractPatches { image: (400, 400), patch: (200, 200), most: MostPatches::All, random: None };
        assert!(step.run(&[&wide]).is_err(), "13 GB of patches");
    }
}
