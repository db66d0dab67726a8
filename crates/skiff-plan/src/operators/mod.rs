//! The operators of plans, in families, and their list.

pub(crate) mod arrays;
mod calibration;
pub(crate) mod checks;
mod cluster;
mod custom;
mod decomposition;
mod density;
mod encode;
mod ensemble;
mod images;
mod kernels;
mod labels;
mod linear;
mod manifold;
mod neighbors;
mod preprocess;
mod sampling;
mod svm;
mod text;
mod trees;

pub use arrays::{
    Arithmetic, BothSides, Columnwise, Concatenate, ConstantRow, Difference, DivideByNonzeroRowSum, DivideByRowSum,
    Elementwise, FloatFunction, Function, InsertColumns, Item, Layout, LogAbove, LogSumExp, NameColumns, NumpyFunction,
    OnesForZeros, Package, PlaceColumns, Repeat, Rounding, SelectColumns, Selection, Softmax, SubtractLogSumExp, Test,
    Ufunc, to_sparse,
};
pub use calibration::{Calibrate, Sigmoid, ToLogits};
pub use checks::{ArrayRule, Check, CheckTable, Dtype, Finite, Refuse, RefuseSparse, SparseRule, TableNames};
pub use cluster::{BisectingTree, Branch, CenterDistances, NearestCenter, Pool, Pooling, Split};
pub use custom::CallCustom;
pub use decomposition::{
    CodeDtype, CodeDtypes, Coding, MultiplicativeEnd, NonNegativeWeights, RidgeCode, ScaleCodes, SparseCode,
    WeightSolver,
};
pub use density::{
    CategoricalLogLikelihood, Covariance, GaussianDistances, GaussianLogLikelihood, GaussianScores, KernelDensity,
    LogDensity, LogisticGaussian, Mahalanobis, NormalizeBounds, TopicShares,
};
pub use encode::{
    Encode, EncodeTarget, Group, OneHot, OneHotInverse, OneHotWhole, OrdinalColumn, OrdinalInverse, TakeNumbers, Zero,
};
pub use ensemble::{LogAddExp, PairwiseScores, SammeScores, SumUp, WeightedMedian};
pub use images::{ExtractPatches, MostPatches};
pub use kernels::{
    CenterKernel, Correlation, KernelFunction, KernelNode, Kriging, KrigingError, KrigingPrediction, PairwiseKernel,
    ProcessCovariance, ProcessKernel, ProcessVariance, Smoothness, Trend,
};
pub use labels::{
    Argmax, ArgmaxGroups, AtLeast, BinarizeLabelSets, BinarizeLabels, CastLabels, ClassDraw, ClassIndicator,
    DrawClasses, DrawSparseLabels, GreaterThan, Inliers, JoinLabels, LabelNumbers, LabelSets, LastArgmax, SparseDraw,
    SparseRandom, TakeCategories, TakeLabels, argmax,
};
pub use linear::{Affine, Center, Interpolate, Multiply, OutOfBounds, Project, SingleAffine, SparseProduct};
pub use manifold::{Barycenters, GeodesicKernel};
pub use neighbors::{
    ArgmaxOrOutlier, Brute, ClassMode, EmptyMean, NearestNeighbors, NeighborGraph, NeighborMeans, NeighborSums,
    NeighborVotes, NeighborWeights, OutlierFactors, Outliers, RadiusMeans, RadiusNeighbors, RadiusVotes, Search,
    VoteSum,
};
pub use preprocess::{
    AdditiveChi2, AppendIfMissing, BinCenters, BinForm, Binarize, CountSketch, Discretize, Extrapolation, FillKind,
    Impute, ImputeFeature, ImputeInverse, ImputeNeighbors, Missing, MissingMask, Norm, Normalize, Polynomial, Power,
    PowerFamily, Quantile, Rescale, Rescaling, Spline, SplineBasis, UnlessAllMissing,
};
pub use sampling::{BoltzmannMachine, DrawMixture, GibbsStep, PseudoLikelihood};
pub use svm::{ConfidenceScale, Kernel, PairProbabilities, PairScores, PairVotes, SupportVectors, Vectors};
pub use text::{
    CountTerms, DictLayout, HashTerms, ListTerms, PreprocessTexts, RowNorm, TermWeights, UnvectorizeDicts,
    VectorizeDicts, WeighTerms,
};
pub use trees::{
    BoostedEnsemble, BoostedLink, BoostedQuestion, BoostedRows, BoostingStart, CatCounter, CatCounters, CatCounts,
    CatEnsemble, CatFeature, CatMissing, CatRows, CatStatistic, CatTable, Question, Start, StartLink, TreeEnsemble,
    TreeTables,
};

use std::sync::Arc;

use crate::InputError;
use crate::operator::{Operator, Scope};
use crate::types::ValueType;
use crate::value::Value;

/// Writes the list of operators once.
macro_rules! operators {
    ($($operator:ident,)*) => {
        /// Any operator. A closed set: a new one stops every exporter from compiling until it is handled.
        #[derive(Clone, Debug)]
        pub enum AnyOperator {
            $(
                #[doc = concat!("See [`", stringify!($operator), "`].")]
                $operator(Arc<$operator>),
            )*
        }

        $(
            impl From<$operator> for AnyOperator {
                fn from(operator: $operator) -> Self {
                    Self::$operator(Arc::new(operator))
                }
            }

            /// An operator that a model keeps and shares with its plans.
            impl From<&Arc<$operator>> for AnyOperator {
                fn from(operator: &Arc<$operator>) -> Self {
                    Self::$operator(Arc::clone(operator))
                }
            }
        )*

        impl AnyOperator {
            /// Its name in `skiff plan`.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$operator(_) => $operator::NAME,)*
                }
            }

            /// Its sizes and settings, for `skiff plan`.
            pub fn describe(&self) -> String {
                match self {
                    $(Self::$operator(operator) => operator.describe(),)*
                }
            }

            pub(crate) fn block_rows(&self) -> Option<usize> {
                match self {
                    $(Self::$operator(operator) => operator.block_rows(),)*
                }
            }

            pub(crate) fn most_rows(&self) -> Option<usize> {
                match self {
                    $(Self::$operator(operator) => operator.most_rows(),)*
                }
            }

            pub(crate) fn counts_rows(&self) -> bool {
                match self {
                    $(Self::$operator(operator) => operator.counts_rows(),)*
                }
            }

            pub(crate) fn shows_what_is_not_finite(&self) -> bool {
                match self {
                    $(Self::$operator(operator) => operator.shows_what_is_not_finite(),)*
                }
            }

            /// Whether it is user code.
            pub(crate) fn is_custom(&self) -> bool {
                matches!(self, Self::CallCustom(_))
            }

            /// Whether it works row by row, or needs the whole batch.
            pub fn scope(&self) -> Scope {
                match self {
                    $(Self::$operator(operator) => operator.scope(),)*
                }
            }

            pub(crate) fn output_type(&self, inputs: &[&ValueType]) -> Result<ValueType, InputError> {
                match self {
                    $(Self::$operator(operator) => operator.output_type(inputs),)*
                }
            }

            pub(crate) fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
                match self {
                    $(Self::$operator(operator) => operator.run(inputs),)*
                }
            }

            pub(crate) fn run_owned<'a>(&self, input: Value<'a>) -> Result<Value<'a>, InputError> {
                match self {
                    $(Self::$operator(operator) => operator.run_owned(input),)*
                }
            }
        }
    };
}

operators! {
    AdditiveChi2,
    Affine,
    AppendIfMissing,
    Argmax,
    ArgmaxGroups,
    ArgmaxOrOutlier,
    AtLeast,
    Barycenters,
    BinCenters,
    Binarize,
    BinarizeLabelSets,
    BinarizeLabels,
    BisectingTree,
    BoostedEnsemble,
    BoostedLink,
    BoostedRows,
    BoostingStart,
    BothSides,
    Calibrate,
    CallCustom,
    CastLabels,
    CatCounters,
    CatEnsemble,
    CatRows,
    CategoricalLogLikelihood,
    CenterDistances,
    CenterKernel,
    Check,
    CheckTable,
    ClassIndicator,
    Columnwise,
    Concatenate,
    CountSketch,
    CountTerms,
    Difference,
    Discretize,
    DivideByNonzeroRowSum,
    DivideByRowSum,
    DrawClasses,
    DrawMixture,
    DrawSparseLabels,
    Elementwise,
    Encode,
    EncodeTarget,
    ExtractPatches,
    GaussianLogLikelihood,
    GaussianScores,
    GeodesicKernel,
    GibbsStep,
    GreaterThan,
    HashTerms,
    Impute,
    ImputeFeature,
    ImputeInverse,
    ImputeNeighbors,
    Inliers,
    InsertColumns,
    Interpolate,
    JoinLabels,
    KernelDensity,
    KrigingPrediction,
    LabelNumbers,
    LabelSets,
    LastArgmax,
    ListTerms,
    LogAbove,
    LogAddExp,
    LogDensity,
    LogSumExp,
    LogisticGaussian,
    Mahalanobis,
    MissingMask,
    Multiply,
    NameColumns,
    NearestCenter,
    NearestNeighbors,
    NeighborGraph,
    NeighborMeans,
    NeighborSums,
    NeighborVotes,
    NeighborWeights,
    NonNegativeWeights,
    Normalize,
    NormalizeBounds,
    OneHot,
    OneHotInverse,
    OneHotWhole,
    OnesForZeros,
    OrdinalInverse,
    OutlierFactors,
    PairProbabilities,
    PairScores,
    PairVotes,
    PairwiseKernel,
    PairwiseScores,
    Item,
    PlaceColumns,
    Polynomial,
    Pool,
    Power,
    PreprocessTexts,
    ProcessKernel,
    ProcessCovariance,
    ProcessVariance,
    Project,
    PseudoLikelihood,
    Quantile,
    RadiusMeans,
    RadiusNeighbors,
    RadiusVotes,
    Refuse,
    RefuseSparse,
    Repeat,
    Rescale,
    RidgeCode,
    SammeScores,
    ScaleCodes,
    SelectColumns,
    Sigmoid,
    SingleAffine,
    Softmax,
    SparseCode,
    SparseProduct,
    Spline,
    SubtractLogSumExp,
    SumUp,
    SupportVectors,
    TakeCategories,
    TakeLabels,
    TakeNumbers,
    ToLogits,
    TopicShares,
    TreeEnsemble,
    Ufunc,
    UnlessAllMissing,
    UnvectorizeDicts,
    VectorizeDicts,
    WeighTerms,
    WeightedMedian,
}
