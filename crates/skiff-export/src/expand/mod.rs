//! Operators as tensor primitives: one function for each operator, in files named as the families of `skiff-plan`.
//!
//! An expansion computes what the operator computes for rows that scikit-learn answers. What scikit-learn refuses (NaN
//! where there may be none, an unknown category, a table of other columns) is not checked in a graph.

mod arrays;
mod block;
mod boosters;
mod calibration;
mod checks;
mod cluster;
mod decomposition;
mod density;
mod encode;
mod ensemble;
mod impute;
mod kernels;
mod labels;
mod linear;
mod manifold;
mod metrics;
mod neighbors;
mod preprocess;
mod quantile;
mod spline;
mod svm;
mod text;
mod trees;

use std::fmt;

use skiff_plan::operator::Operator;
use skiff_plan::operators::{AnyOperator, ConstantRow, Repeat};
use skiff_plan::value::{Matrix, Value};
use skiff_plan::{Plan, PlanNode, ValueId};

pub(crate) use block::{Block, Column, Floats, Numbers};
pub(crate) use labels::labels;
pub(crate) use neighbors::in_order;
pub(crate) use svm::by_pairs;

use crate::graph::Builder;

/// An operator that tensor primitives can express.
trait Expand {
    /// Adds its primitives, and returns its value.
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason>;
}

/// Why an operator cannot be exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason(String);

impl Reason {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A node of a plan that cannot be exported.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The place of the node in the plan.
    pub node: usize,
    pub reason: Reason,
}

/// The values of a plan, by their number.
pub(crate) fn values(plan: &Plan, builder: &mut Builder, input: &Block) -> Result<Vec<Block>, Refused> {
    let mut values = Vec::with_capacity(plan.nodes().len() + 1);
    values.push(input.clone());
    for (node, PlanNode { operator, inputs, .. }) in plan.nodes().iter().enumerate() {
        let value = match constant_start(plan, operator, inputs) {
            Some((start, input)) => start.expand(builder, &[&values[input.index()]]),
            None => {
                let inputs: Vec<&Block> = inputs.iter().map(|input: &ValueId| &values[input.index()]).collect();
                operator_of(operator, builder, &inputs)
            }
        };
        values.push(value.map_err(|reason| Refused { node, reason })?);
    }
    Ok(values)
}

/// What boosting starts from, where its `init` estimator returns the same for all rows, and the value that tells how many
/// there are. A runtime's own logarithms may be off by a last bit, and which of two equal classes wins depends on it.
fn constant_start(plan: &Plan, operator: &AnyOperator, inputs: &[ValueId]) -> Option<(Repeat, ValueId)> {
    let (AnyOperator::BoostingStart(start), [input]) = (operator, inputs) else { return None };
    let node = plan.nodes().get(input.index().checked_sub(1)?)?;
    let AnyOperator::Repeat(repeat) = &node.operator else { return None };
    let ConstantRow::Floats(row, precision) = &repeat.row else { return None };
    let row = Value::Floats(Matrix::new(1, row.len(), row.clone()), *precision);
    match start.run(&[&row]) {
        Ok(Value::Floats(scores, precision)) => {
            Some((Repeat { row: ConstantRow::Floats(scores.data.to_vec(), precision) }, *node.inputs.first()?))
        }
        _ => None,
    }
}

/// Writes the list of operators once: those with an expansion, and those without, each with the reason. An operator that
/// is in neither list does not compile.
macro_rules! operators {
    (expanded: $($expanded:ident)*; refused: $($($refused:ident)|+ = $reason:literal;)*) => {
        /// The value of one operator.
        pub(crate) fn operator_of(operator: &AnyOperator, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
            match operator {
                $(AnyOperator::$expanded(operator) => operator.expand(builder, inputs),)*
                $($(AnyOperator::$refused(_))|+ => Err(Reason::new($reason)),)*
            }
        }
    };
}

operators! {
    expanded:
        AdditiveChi2 Affine Argmax ArgmaxGroups ArgmaxOrOutlier AtLeast Barycenters Binarize BisectingTree
        BoostedEnsemble BoostedLink BoostedRows BoostingStart BothSides Calibrate CatEnsemble CatRows
        CategoricalLogLikelihood CenterDistances CenterKernel Check CheckTable ClassIndicator Columnwise
        Concatenate CountSketch Difference Discretize DivideByNonzeroRowSum DivideByRowSum Elementwise Encode
        EncodeTarget GaussianLogLikelihood GaussianScores GeodesicKernel GreaterThan Impute ImputeFeature
        ImputeNeighbors Inliers InsertColumns Interpolate Item JoinLabels LabelNumbers LastArgmax LogAbove
        LogAddExp LogDensity LogSumExp LogisticGaussian Mahalanobis MissingMask Multiply NameColumns
        NearestCenter NearestNeighbors NeighborGraph NeighborMeans NeighborSums NeighborVotes NeighborWeights
        Normalize OneHot OnesForZeros OutlierFactors PairScores PairVotes PairwiseKernel PairwiseScores
        PlaceColumns Polynomial Pool Power ProcessKernel ProcessVariance Project Quantile RadiusMeans
        RadiusNeighbors RadiusVotes RefuseSparse Repeat RidgeCode SammeScores SelectColumns Sigmoid Softmax
        SparseCode SparseProduct Spline SubtractLogSumExp SumUp SupportVectors TakeLabels TakeNumbers ToLogits
        TreeEnsemble Ufunc UnlessAllMissing WeighTerms WeightedMedian;
    refused:
        CatCounters = "its categories are hashes of texts, which no operator computes";
        Rescale = "functions that look at all rows of a table are not exported";
        CallCustom = "it calls code of the caller's own";
        CountTerms | HashTerms | ListTerms | PreprocessTexts | UnvectorizeDicts | VectorizeDicts =
            "texts and mappings are not exported yet";
        BinarizeLabelSets | LabelSets = "sets of labels are not exported yet";
        BinarizeLabels | CastLabels = "its result depends on all labels of the table at once";
        BinCenters | ImputeInverse | OneHotInverse | OneHotWhole | OrdinalInverse =
            "this way back is not exported yet";
        KernelDensity = "it sums node by node, until a tolerance is reached";
        DrawClasses | DrawMixture | DrawSparseLabels | GibbsStep | PseudoLikelihood = "it draws random numbers";
        ExtractPatches = "patches of pictures are not exported yet";
        SingleAffine = "its sums are of `float32`, and leave out what is missing";
        AppendIfMissing = "how many columns it returns depends on all rows at once";
        NonNegativeWeights | ScaleCodes = "its codes are not exported yet";
        NormalizeBounds = "in scikit-learn 0.19 its shares depend on all rows, and its class is gone";
        KrigingPrediction = "its class is gone since scikit-learn 0.20";
        PairProbabilities = "libsvm iterates until its probabilities agree, each row as often as it needs";
        ProcessCovariance = "a covariance of all rows with each other is not exported yet";
        TakeCategories = "values without a category become `None`, which no ONNX tensor can hold";
        Refuse = "scikit-learn raises whatever the rows";
        TopicShares = "its iterations stop row by row";
}
