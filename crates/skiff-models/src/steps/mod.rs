//! The operations that plans are made of, one file each, and the list of them.

mod affine;
mod argmax;
mod argmax_groups;
mod binarize;
mod boosting_start;
mod both_sides;
mod call_custom;
mod cast_labels;
mod categorical_log_likelihood;
mod center_distances;
mod check;
mod check_table;
mod columnwise;
mod concatenate;
mod count_terms;
mod divide_by_row_sum;
mod elementwise;
mod encode;
mod gaussian_log_likelihood;
mod hash_terms;
mod impute;
mod inliers;
mod input_error;
mod labels;
mod list_terms;
mod log_density;
mod multiply;
mod name_columns;
mod nearest_center;
mod nearest_neighbors;
mod neighbor_graph;
mod neighbor_means;
mod neighbor_votes;
mod neighbor_weights;
mod normalize;
mod one_hot;
mod one_hot_legacy;
mod ones_for_zeros;
mod ordinal_inverse;
mod pair_probabilities;
mod pair_scores;
mod pair_votes;
mod part;
mod polynomial;
mod preprocess_texts;
mod project;
mod refuse_sparse;
mod repeat;
mod select_columns;
mod softmax;
mod subtract_log_sum_exp;
mod support_vectors;
mod tree_ensemble;
mod ufunc;
mod vectorize_dicts;
mod weigh_terms;

pub use affine::Affine;
pub use argmax::{Argmax, AtLeast, GreaterThan};
pub use argmax_groups::ArgmaxGroups;
pub use binarize::Binarize;
pub use boosting_start::{BoostingStart, StartLink};
pub use both_sides::BothSides;
pub use call_custom::CallCustom;
pub use cast_labels::CastLabels;
pub use categorical_log_likelihood::CategoricalLogLikelihood;
pub use center_distances::CenterDistances;
pub use check::{ArrayRule, Check, Dtype, Finite, SparseRule};
pub use check_table::{CheckTable, TableNames};
pub use columnwise::{Arithmetic, Columnwise};
pub use concatenate::{Concatenate, Form};
pub use count_terms::CountTerms;
pub use divide_by_row_sum::DivideByRowSum;
pub use elementwise::{Elementwise, Function};
pub use encode::Encode;
pub use gaussian_log_likelihood::GaussianLogLikelihood;
pub use hash_terms::HashTerms;
pub use impute::{FillKind, Impute, ImputeInverse, Missing, MissingMask};
pub use inliers::Inliers;
pub use input_error::{InputError, InputErrorKind};
pub use labels::TakeLabels;
pub use list_terms::ListTerms;
pub use log_density::{Covariance, LogDensity};
pub use multiply::Multiply;
pub use name_columns::NameColumns;
pub use nearest_center::NearestCenter;
pub use nearest_neighbors::{Brute, NearestNeighbors, Search};
pub use neighbor_graph::NeighborGraph;
pub use neighbor_means::NeighborMeans;
pub use neighbor_votes::{NeighborVotes, VoteSum};
pub use neighbor_weights::NeighborWeights;
pub use normalize::{Norm, Normalize};
pub use one_hot::{Group, OneHot, OneHotInverse, TakeNumbers, Zero};
pub use one_hot_legacy::OneHotWhole;
pub use ones_for_zeros::OnesForZeros;
pub use ordinal_inverse::{OrdinalColumn, OrdinalInverse};
pub use pair_probabilities::PairProbabilities;
pub use pair_scores::PairScores;
pub use pair_votes::PairVotes;
pub use part::Part;
pub use polynomial::Polynomial;
pub use preprocess_texts::PreprocessTexts;
pub use project::{Center, Project};
pub use refuse_sparse::RefuseSparse;
pub use repeat::{ConstantRow, Repeat};
pub use select_columns::{SelectColumns, Selection};
pub use softmax::Softmax;
pub use subtract_log_sum_exp::SubtractLogSumExp;
pub use support_vectors::{Kernel, SupportVectors, Vectors};
pub use tree_ensemble::TreeEnsemble;
pub use ufunc::{FloatFunction, NumpyFunction, Rounding, Test, Ufunc};
pub use vectorize_dicts::{DictLayout, UnvectorizeDicts, VectorizeDicts};
pub use weigh_terms::{RowNorm, TermWeights, WeighTerms};

pub(crate) use argmax::argmax;
pub(crate) use concatenate::to_sparse;

pub(crate) use tree_ensemble::{Question, Start, TreeTables};

use std::sync::Arc;

use crate::value::Value;

/// One operation over blocks of rows. Each output row depends on the same input row alone; [`Run::is_barrier`] is for
/// the one operation of which nobody knows that.
pub trait Run {
    /// Its name in `skiff plan`.
    const NAME: &'static str;

    /// Does it to one block.
    ///
    /// # Errors
    /// When the input is not such that scikit-learn would answer.
    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError>;

    /// Its sizes and settings, for `skiff plan`.
    fn describe(&self) -> String {
        String::new()
    }

    /// How many rows a block should have to run well, where that matters (large tree ensembles).
    fn block_rows(&self) -> Option<usize> {
        None
    }

    /// How many rows a block may have, where what comes out may be far larger than what comes in, and differs from row to
    /// row.
    fn most_rows(&self) -> Option<usize> {
        None
    }

    /// Whether it must see all rows of a call at once: nobody knows what code of the user's makes of a row.
    fn is_barrier(&self) -> bool {
        false
    }
}

/// Writes the list of operations once.
macro_rules! operations {
    ($($operation:ident,)*) => {
        /// What a step does. A closed set: a new operation stops every exporter from compiling until it answers.
        #[derive(Clone, Debug)]
        pub enum Operation {
            $(
                #[doc = concat!("See [`", stringify!($operation), "`].")]
                $operation(Arc<$operation>),
            )*
        }

        $(
            impl From<$operation> for Operation {
                fn from(operation: $operation) -> Self {
                    Self::$operation(Arc::new(operation))
                }
            }

            /// A step that a room keeps and shares with its plans.
            impl From<&Arc<$operation>> for Operation {
                fn from(operation: &Arc<$operation>) -> Self {
                    Self::$operation(Arc::clone(operation))
                }
            }
        )*

        impl Operation {
            /// Its name in `skiff plan`.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$operation(_) => $operation::NAME,)*
                }
            }

            /// Its sizes and settings, for `skiff plan`.
            pub fn describe(&self) -> String {
                match self {
                    $(Self::$operation(operation) => operation.describe(),)*
                }
            }

            pub(crate) fn block_rows(&self) -> Option<usize> {
                match self {
                    $(Self::$operation(operation) => operation.block_rows(),)*
                }
            }

            pub(crate) fn most_rows(&self) -> Option<usize> {
                match self {
                    $(Self::$operation(operation) => operation.most_rows(),)*
                }
            }

            pub(crate) fn is_barrier(&self) -> bool {
                match self {
                    $(Self::$operation(operation) => operation.is_barrier(),)*
                }
            }

            pub(crate) fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
                match self {
                    $(Self::$operation(operation) => operation.run(inputs),)*
                }
            }
        }
    };
}

operations! {
    Affine,
    Argmax,
    ArgmaxGroups,
    AtLeast,
    Binarize,
    BoostingStart,
    BothSides,
    CallCustom,
    CastLabels,
    CategoricalLogLikelihood,
    Check,
    CheckTable,
    Columnwise,
    Concatenate,
    CountTerms,
    DivideByRowSum,
    Elementwise,
    Encode,
    GaussianLogLikelihood,
    GreaterThan,
    HashTerms,
    Impute,
    ImputeInverse,
    Inliers,
    ListTerms,
    LogDensity,
    MissingMask,
    Multiply,
    NameColumns,
    NearestNeighbors,
    NeighborGraph,
    NeighborMeans,
    NeighborVotes,
    NeighborWeights,
    Normalize,
    OneHot,
    OneHotInverse,
    OneHotWhole,
    OnesForZeros,
    OrdinalInverse,
    PairProbabilities,
    PairScores,
    PairVotes,
    NearestCenter,
    Project,
    CenterDistances,
    Part,
    Polynomial,
    PreprocessTexts,
    RefuseSparse,
    Repeat,
    SelectColumns,
    Softmax,
    SubtractLogSumExp,
    SupportVectors,
    TakeLabels,
    TakeNumbers,
    TreeEnsemble,
    Ufunc,
    UnvectorizeDicts,
    VectorizeDicts,
    WeighTerms,
}
