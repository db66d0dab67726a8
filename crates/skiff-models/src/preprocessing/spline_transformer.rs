//! `sklearn.preprocessing.SplineTransformer`.

use std::sync::Arc;

use skiff_files::Instance;
use skiff_plan::operators::{ArrayRule, Dtype, Extrapolation, Finite, Spline, SplineBasis};
use skiff_plan::value::Matrix;
use skiff_plan::{Method, Output, ValueId};

use super::spline_view::{ATTRIBUTES, SplineView};
use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const SPLINE_TRANSFORMER: Class = class! {
    /// B-splines of each feature.
    ///
    /// # Reads
    /// `bsplines_`, which are scipy's, `degree`, `extrapolation`, `include_bias`, `handle_missing`.
    /// # Transforms
    /// The values of the splines; beyond the outermost knots an error, the values there, straight lines, the same
    /// polynomials, or what is at the other end. `include_bias=False` leaves out the last spline of each feature. With
    /// `handle_missing='zeros'` NaN becomes zeros.
    /// # Not supported
    /// `sparse_output=True` with `handle_missing='zeros'`, unless splines are constant or linear beyond the knots, where
    /// scikit-learn leaves some values of NaN; a constant beyond the knots for splines of degree 0, and lines with only one such spline.
    /// # Older versions
    /// `sparse_output` is of 1.3, `handle_missing` of 1.8. Straight lines of a degree below 2 begin, from the second
    /// feature on, at other knots: scikit-learn raises the degree on the way.
    paths: ["sklearn.preprocessing._polynomial.SplineTransformer"],
    training_only: ["handle_missing", "knots", "n_features_out_", "n_knots", "order"],
    read: SplineTransformer::read,
};

/// A fitted `SplineTransformer`.
#[derive(Debug)]
pub struct SplineTransformer {
    spline: Arc<Spline>,
}

impl SplineTransformer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let extrapolation = match fields.string("extrapolation")?.as_str() {
            "error" => Extrapolation::Refuse,
            "constant" => Extrapolation::Constant,
            "linear" => Extrapolation::Linear,
            "continue" => Extrapolation::Continue,
            "periodic" => Extrapolation::Periodic,
            other => return Err(fields.unsupported("extrapolation", format!("`{other}`"))),
        };
        let degree = fields.count("degree")?;
        if degree == 0 && extrapolation == Extrapolation::Constant {
            return Err(fields.unsupported("degree", "constant extrapolation of splines of degree 0"));
        }
        let path = fields.path_of("bsplines_");
        let nodes = fields.list("bsplines_")?;
        fields.expect_n_features("bsplines_", nodes.len())?;
        let mut bases = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.into_iter().enumerate() {
            bases.push(read_basis(fields, node, &format!("{path}[{index}]"), degree)?);
        }
        if degree == 0 && extrapolation == Extrapolation::Linear && bases.iter().any(|basis| basis.knots.len() < 3) {
            return Err(fields.unsupported("n_knots", "linear extrapolation of one spline of degree 0"));
        }
        let nan_is_zero = fields.string_or_none("handle_missing")?.as_deref() == Some("zeros");
        let include_bias = fields.bool("include_bias")?;
        let sparse = fields.bool_or("sparse_output", false)?;
        let goes_on =
            matches!(extrapolation, Extrapolation::Refuse | Extrapolation::Continue | Extrapolation::Periodic);
        if sparse && nan_is_zero && goes_on {
            // scikit-learn clears NaN in the columns of the first feature only.
            let what = "sparse splines of missing values that are not constant or linear beyond the knots";
            return Err(fields.unsupported("handle_missing", what));
        }
        Ok(Self { spline: Arc::new(Spline { bases, extrapolation, include_bias, nan_is_zero, sparse }) })
    }
}

fn read_basis(
    fields: &Fields<'_, '_>,
    node: skiff_pickle::NodeId,
    path: &str,
    degree: usize,
) -> Result<SplineBasis, ReadError> {
    let is_spline = |object: &Instance<'_>| object.module.starts_with("scipy.interpolate") && object.name == "BSpline";
    // Some versions of scipy keep the spline within another object.
    let outer = fields.instance_at(node, path)?.filter(is_spline);
    let inner = outer.and_then(|outer| fields.graph().items(outer.state()?)?.first().copied());
    let (node, is_known) = match inner {
        Some(inner) => (inner, true),
        None => (node, false),
    };
    fields.object(
        (node, path),
        "a spline",
        |object| is_known || is_spline(object),
        |spline| {
            spline.training_only(&ATTRIBUTES);
            let view = SplineView::read(spline.graph(), node).map_err(|error| error.within(path))?;
            spline.spend(path, view.size())?;
            let damaged = |what: &str| ReadError::new(path.to_owned(), ReadErrorKind::Damaged(what.to_owned()));
            let SplineView { knots, coefficients, degree: own } = view;
            if own != degree {
                return Err(damaged("its degree differs from that of the transformer"));
            }
            let numbers = coefficients.to_f64().ok_or_else(|| damaged("its coefficients are not numbers"))?;
            let &[rows, cols] = &coefficients.shape[..] else {
                return Err(damaged("its coefficients do not have two dimensions"));
            };
            if rows != knots.len() - degree - 1 || cols == 0 {
                return Err(damaged("its coefficients are not those of its knots"));
            }
            Ok(SplineBasis { knots, coefficients: Matrix::new(rows, cols, numbers), degree })
        },
    )
}

impl Estimator for SplineTransformer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Transform {
            return plan.no_method(method);
        }
        let finite = if self.spline.nan_is_zero { Finite::Any } else { Finite::All };
        // Of sparse splines the dtype of integers decides what is beyond the knots.
        let dtype = if self.spline.sparse { Dtype::Numeric } else { Dtype::Float };
        let rule = ArrayRule::FLOATS.dtype(dtype).finite(finite);
        let x = plan.check(input, rule, self.spline.bases.len());
        Ok(Output::matrix(plan.push(&self.spline, &[x])))
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check(header, input)?;
        let left_out = usize::from(!self.spline.include_bias);
        let counts_all = self.spline.extrapolation == Extrapolation::Periodic && header.before(1, 2);
        let pairs = input.iter().zip(&self.spline.bases);
        names::collect(pairs.flat_map(|(name, basis)| {
            // Old versions forgot that some splines of a period are the same.
            let count = if counts_all { basis.coefficients.rows } else { basis.coefficients.cols };
            (0..count - left_out).map(move |spline| format!("{name}_sp_{spline}"))
        }))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.spline.bases.len())
    }
}
