//! `sklearn.feature_extraction.image.PatchExtractor`.

use skiff_files::Scalar;
use skiff_plan::operators::{ArrayRule, Dtype, ExtractPatches, MostPatches};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};
use crate::random_source::RandomSource;

pub(crate) const PATCH_EXTRACTOR: Class = class! {
    /// Patches of images.
    ///
    /// # Reads
    /// `patch_size`, `max_patches`, `random_state`.
    /// # Transforms
    /// All patches of each image, row by row, or as many as `max_patches` says, drawn by numpy's generator. Images are arrays
    /// of three or four dimensions in Python; elsewhere each is a row of a table, of its pixels row by row and channel by
    /// channel, and the arguments `image_height` and `image_width` tell its size. Without `patch_size` a patch is a tenth
    /// of the image's height and width. It needs no fit.
    /// # Not supported
    /// `max_patches` with `random_state=None`.
    /// # Older versions
    /// The parameters have been the same since 0.17.
    paths: ["sklearn.feature_extraction.image.PatchExtractor"],
    read: PatchExtractor::read,
};

/// A `PatchExtractor`.
#[derive(Debug)]
pub struct PatchExtractor {
    /// `patch_size`: height and width.
    patch: Option<(usize, usize)>,
    /// `max_patches`
    most: MostPatches,
    /// `random_state`
    random: RandomSource,
}

impl PatchExtractor {
    /// Reads and checks the parameters.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let patch = match fields.has("patch_size") {
            false => None,
            true => {
                let path = fields.path_of("patch_size");
                let sizes = fields.list("patch_size")?;
                let size = |node| fields.scalar_at(node, &path).map(|size| size.as_i64());
                let sizes = sizes.into_iter().map(size).collect::<Result<Option<Vec<_>>, _>>()?;
                match sizes.as_deref() {
                    Some(&[height, width]) => usize::try_from(height).ok().zip(usize::try_from(width).ok()),
                    _ => None,
                }
                .map(Some)
                .ok_or_else(|| fields.unexpected("patch_size", "a height and a width"))?
            }
        };
        let most = match fields.has("max_patches") {
            false => MostPatches::All,
            true => match fields.scalar("max_patches")? {
                Scalar::Int(0) => MostPatches::All,
                Scalar::Int(_) => MostPatches::Count(fields.count("max_patches")?),
                Scalar::Float(share) if 0.0 < share && share < 1.0 => MostPatches::Share(share),
                _ => return Err(fields.unexpected("max_patches", "a number of patches, or a share of them")),
            },
        };
        Ok(Self { patch, most, random: RandomSource::read(fields, "random_state") })
    }
}

impl Estimator for PatchExtractor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Transform {
            return plan.no_method(method);
        }
        let (Some(height), Some(width)) = (params.count("image_height"), params.count("image_width")) else {
            return plan.unsupported(method, "images of unknown size: `image_height` and `image_width` are missing");
        };
        let random = match self.most {
            MostPatches::All => None,
            _ => Some(self.random.start(method, plan)?),
        };
        let patch = self.patch.unwrap_or((height / 10, width / 10));
        let x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Numeric), None);
        let extract = ExtractPatches { image: (height, width), patch, most: self.most, random };
        Ok(Output::matrix(plan.push(extract, &[x])))
    }
}
