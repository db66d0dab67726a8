//! `sklearn.feature_extraction.text.TfidfTransformer`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, RowNorm, SparseRule, TermWeights, WeighTerms};
use skiff_plan::value::Precision;
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const TFIDF_TRANSFORMER: Class = class! {
    /// Weighs counts by how rare their terms are.
    ///
    /// # Reads
    /// `idf_`, `norm`, `sublinear_tf`.
    /// # Transforms
    /// `count · idf`, or `(1 + ln(count)) · idf` where `sublinear_tf`, divided by the row's norm. The result is sparse,
    /// its rows' norms are summed in the order of the columns.
    /// # Older versions
    /// Before 1.5 the weights were the diagonal of a sparse matrix, `_idf_diag`, which counted only where `use_idf`: a
    /// product that has the wider of both dtypes and loses zeros.
    paths: ["sklearn.feature_extraction.text.TfidfTransformer"],
    read: TfidfTransformer::read,
};

/// A fitted `TfidfTransformer`.
#[derive(Debug)]
pub struct TfidfTransformer {
    /// `idf_`, (n_features,).
    idf: Option<TermWeights>,
    /// `norm`
    norm: Option<RowNorm>,
    /// `sublinear_tf`
    sublinear: bool,
    /// Written before 1.5.
    is_old: bool,
}

impl TfidfTransformer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let is_old = fields.before(1, 5);
        fields.training_only(&["smooth_idf", "use_idf", "idf_", "_idf_diag"]);
        let idf = match is_old {
            true if !fields.bool("use_idf")? => None,
            true => Some(read_diagonal(fields)?),
            // From 1.5 the weights count where they are there.
            false if !fields.has("idf_") && !fields.bool("use_idf")? => None,
            false => {
                let numbers = fields.numbers("idf_")?;
                if numbers.shape.len() != 1 {
                    return Err(fields.unexpected("idf_", "an array of one dimension"));
                }
                let values: Arc<[f64]> = numbers.data.into();
                Some(TermWeights { values, precision: numbers.precision, is_matrix: false })
            }
        };
        if let Some(idf) = &idf {
            fields.expect_n_features("idf_", idf.values.len())?;
        }
        Ok(Self { idf, norm: read_norm(fields)?, sublinear: fields.bool("sublinear_tf")?, is_old })
    }

    /// How many weights there are.
    pub(super) fn width(&self) -> Option<usize> {
        self.idf.as_ref().map(|idf| idf.values.len())
    }

    /// The steps, validation included, for counts that have `width` columns.
    pub(super) fn weigh(&self, counts: ValueId, width: Option<usize>, plan: &mut Lowering<'_>) -> ValueId {
        let x = plan.check(counts, ArrayRule::FLOATS.sparse(SparseRule::Accept), width);
        let estimator = plan.header().class.clone();
        let (idf, norm, sublinear) = (self.idf.clone(), self.norm, self.sublinear);
        plan.push(WeighTerms { sublinear, idf, norm, dense_is_double: self.is_old, estimator }, &[x])
    }
}

/// `norm`, as `normalize` takes it for terms.
pub(super) fn read_norm(fields: &Fields<'_, '_>) -> Result<Option<RowNorm>, ReadError> {
    match fields.string_or_none("norm")?.as_deref() {
        None => Ok(None),
        Some("l1") => Ok(Some(RowNorm::L1)),
        Some("l2") => Ok(Some(RowNorm::L2)),
        Some(other) => Err(fields.unsupported("norm", format!("`{other}`"))),
    }
}

/// `_idf_diag`: a diagonal matrix in any sparse format.
fn read_diagonal(fields: &Fields<'_, '_>) -> Result<TermWeights, ReadError> {
    let matrix = fields.sparse("_idf_diag")?;
    let (rows, cols) = matrix.shape;
    let damaged = |what: &str| fields.damaged("_idf_diag", what.to_owned());
    let not_numbers = || damaged("it does not hold numbers");
    let data = matrix.data.to_f64().ok_or_else(not_numbers)?;
    let indices = matrix.indices.to_i64().ok_or_else(not_numbers)?;
    let indptr = matrix.indptr.to_i64().ok_or_else(not_numbers)?;
    // The header's size is a claim; the pointers, one more than there are rows, are not.
    if rows != cols || indptr.len() != rows + 1 {
        return Err(damaged("it is not square"));
    }
    let mut values = vec![0.0; rows];
    let rows = indptr.iter().zip(indptr.iter().skip(1)).zip(&mut values);
    for (row, ((&start, &end), sum)) in rows.enumerate() {
        let place = |at: i64| usize::try_from(at).unwrap_or(usize::MAX);
        for at in place(start)..place(end) {
            match (indices.get(at), data.get(at)) {
                (Some(&column), Some(&value)) if place(column) == row => *sum += value,
                _ => return Err(damaged("it has nonzero values off its diagonal")),
            }
        }
    }
    let precision = match matrix.data.dtype {
        skiff_files::DType::Float { size: 4, .. } => Precision::Single,
        _ => Precision::Double,
    };
    Ok(TermWeights { values: values.into(), precision, is_matrix: true })
}

impl Estimator for TfidfTransformer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => Ok(Output::matrix(self.weigh(input, self.width(), plan))),
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::one_to_one(header, input)
    }

    fn n_features_in(&self) -> Option<usize> {
        self.width()
    }
}
