//! `sklearn.preprocessing.KBinsDiscretizer`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, BinCenters, BinForm, Discretize, Dtype, LabelNumbers};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, class};
use crate::names;

pub(crate) const K_BINS_DISCRETIZER: Class = class! {
    /// The number of the bin of each value, or a column for each bin.
    ///
    /// # Reads
    /// `bin_edges_`, `n_bins_`, `encode`, `dtype`; the `OneHotEncoder` in `_encoder`.
    /// # Transforms
    /// How many inner edges are not above the value; with `encode='onehot'` and `'onehot-dense'` a 1 in the column of
    /// that bin. `inverse_transform` takes the middle of each bin.
    /// # Older versions
    /// Before 1.2 values within `1e-8 + 1e-5 |x|` below an edge were counted above it. `dtype` is of 0.24; before, the
    /// columns of `encode='onehot'` were `float64`.
    paths: ["sklearn.preprocessing._discretization.KBinsDiscretizer"],
    training_only: ["_encoder", "n_bins", "quantile_method", "random_state", "strategy", "subsample"],
    read: KBinsDiscretizer::read,
};

/// A fitted `KBinsDiscretizer`.
#[derive(Debug)]
pub struct KBinsDiscretizer {
    forth: Arc<Discretize>,
    /// `None` where a column has no bins.
    back: Option<Arc<BinCenters>>,
    /// `dtype`.
    dtype: Dtype,
    /// Whether columns of bins are `float64` for rows of any dtype.
    one_hot_is_double: bool,
    /// `_encoder`, where there is a column for each bin.
    encoder: Option<Arc<Model>>,
}

impl KBinsDiscretizer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let form = match fields.string("encode")?.as_str() {
            "ordinal" => BinForm::Ordinal,
            "onehot" => BinForm::OneHot,
            "onehot-dense" => BinForm::OneHotDense,
            other => return Err(fields.unsupported("encode", format!("`{other}`"))),
        };
        let counts = fields.ints("n_bins_")?;
        let lists = fields.list("bin_edges_")?;
        fields.expect_n_features("bin_edges_", lists.len())?;
        fields.expect_len("n_bins_", counts.len(), lists.len())?;
        let (mut edges, mut centers, mut has_inverse) = (Vec::new(), Vec::new(), true);
        for (index, (&node, &count)) in lists.iter().zip(&counts).enumerate() {
            let path = fields.path_of(&format!("bin_edges_[{index}]"));
            let numbers = fields.numbers_at(node, &path)?;
            let all = numbers.data;
            let fits = numbers.shape.len() == 1 && usize::try_from(count).is_ok_and(|count| count + 1 == all.len());
            // Of a column of nearly one number no bin is left, and no numbers to take its rows back to.
            let (least, is_invertible) = if form == BinForm::Ordinal { (1, all.len() > 1) } else { (2, true) };
            if !fits || all.len() < least || !all.is_sorted() {
                return Err(fields.damaged("bin_edges_", format!("the edges of column {index} do not match its bins")));
            }
            let pairs = all.iter().zip(all.iter().skip(1));
            centers.push(pairs.map(|(low, high)| (high + low) * 0.5).collect());
            edges.push(all.get(1..all.len() - 1).unwrap_or_default().to_vec());
            has_inverse &= is_invertible;
        }
        let dtype = match fields.optional("dtype") {
            None => Dtype::Float,
            Some(node) => match fields.graph().global(node) {
                Some(("numpy", "float64")) => Dtype::Double,
                Some(("numpy", "float32")) => Dtype::Single,
                _ => return Err(fields.unexpected("dtype", "`numpy.float32` or `numpy.float64`")),
            },
        };
        let encoder = if form == BinForm::Ordinal { None } else { Some(fields.model("_encoder")?) };
        let is_encoder = |model: &Arc<Model>| model.downcast::<super::one_hot_encoder::OneHotEncoder>().is_some();
        if !encoder.iter().all(is_encoder) {
            return Err(fields.unexpected("_encoder", "a `OneHotEncoder`"));
        }
        let tolerant = fields.before(1, 2);
        Ok(Self {
            forth: Arc::new(Discretize { edges, tolerant, form }),
            back: has_inverse.then(|| Arc::new(BinCenters { centers })),
            dtype,
            one_hot_is_double: fields.before(0, 24),
            encoder,
        })
    }
}

impl Estimator for KBinsDiscretizer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let width = self.forth.edges.len();
        match method {
            Method::Transform => {
                if self.forth.form == BinForm::OneHot && plan.header().wraps_output() {
                    return plan.unsupported(method, "sparse output with `set_output` for DataFrames");
                }
                let dtype = if self.one_hot_is_double && self.encoder.is_some() { Dtype::Double } else { self.dtype };
                let x = plan.check(input, ArrayRule::FLOATS.dtype(dtype), width);
                Ok(Output::matrix(plan.push(&self.forth, &[x])))
            }
            Method::InverseTransform => {
                let Some(back) = &self.back else {
                    return plan.unsupported(method, "a column without bins");
                };
                let numbers = match &self.encoder {
                    Some(encoder) => {
                        let labels = plan.inner_value(encoder, method, input)?;
                        plan.push(LabelNumbers, &[labels])
                    }
                    None => input,
                };
                let x = plan.check(numbers, ArrayRule::FLOATS.any_names(), width);
                Ok(Output::matrix(plan.push(back, &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check(header, input)?;
        match &self.encoder {
            Some(encoder) => encoder.feature_names_out(Some(input)),
            None => Ok(input.to_vec()),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.forth.edges.len())
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.encoder.iter().map(|model| ("_encoder".to_owned(), Arc::clone(model))).collect()
    }
}
