//! Support vector machines, and the votes of one-versus-one classifiers.

use skiff_plan::operators::{ConfidenceScale, Kernel, PairScores, PairVotes, SupportVectors, Vectors};
use skiff_plan::value::Matrix;

use super::neighbors::refused_where_any;
use super::{Block, Expand, Reason};
use crate::graph::{Builder, DType, TensorId};

/// How the graph refuses a row whose votes it cannot tell.
const CANCELLED: &str = "a decision value that is zero but for rounding, whose sign is a vote";
/// How many roundings of the sum of all sizes a sum of products is off by at most, unless it is very long.
const ROUNDINGS: f64 = 4.0;

/// All pairs of classes in libsvm's order.
pub(super) fn pairs(classes: usize) -> Vec<(usize, usize)> {
    (0..classes).flat_map(|first| (first + 1..classes).map(move |second| (first, second))).collect()
}

impl Expand for SupportVectors {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let x = inputs[0].to_floats(builder)?.tensor;
        if self.vectors.count() == 0 {
            let intercepts = builder.array(&[1, self.intercepts.len()], &self.intercepts);
            return Ok(Block::doubles(builder.repeat_rows(intercepts, x)));
        }
        let sparse;
        let vectors = match &self.vectors {
            Vectors::Dense(vectors) => Some(vectors),
            Vectors::Sparse(csr) => {
                sparse = csr.to_dense();
                Some(&sparse)
            }
            Vectors::Columns(_) => None,
        };
        let kernel = match (vectors, &self.vectors) {
            (Some(vectors), _) => kernel(builder, x, self.kernel, vectors),
            (None, Vectors::Columns(columns)) => builder.columns(x, columns),
            (None, _) => return Err(Reason::new("it has no support vectors")),
        };
        let by_pairs = self.by_pairs();
        let coefficients = builder.matrix(&by_pairs);
        let sums = builder.matmul(kernel, coefficients);
        let intercepts = builder.row(&self.intercepts);
        let decisions = builder.add(sums, intercepts);
        if self.counts.len() < 2 {
            return Ok(Block::doubles(decisions));
        }
        // The sign of a decision is a vote.
        let sizes = builder.matrix(&by_pairs.map(|coefficient| coefficient.abs()));
        let kernel_sizes = builder.abs(kernel);
        let sizes = builder.matmul(kernel_sizes, sizes);
        let own = builder.row(&self.intercepts.iter().map(|intercept| intercept.abs()).collect::<Vec<_>>());
        let sizes = builder.add(sizes, own);
        let rounding = builder.times(sizes, ROUNDINGS * f64::EPSILON);
        let size = builder.abs(decisions);
        let is_open = builder.less(size, rounding);
        Ok(Block::doubles(refused_where_any(builder, decisions, is_open, CANCELLED)))
    }
}

fn kernel(builder: &mut Builder, x: TensorId, kernel: Kernel, vectors: &Matrix<'_, f64>) -> TensorId {
    let products = |builder: &mut Builder| {
        let vectors = builder.transposed(vectors);
        builder.matmul(x, vectors)
    };
    match kernel {
        Kernel::Linear | Kernel::Precomputed => products(builder),
        Kernel::Rbf { gamma } => {
            let squares = builder.squared_distances(x, vectors);
            let scaled = builder.times(squares, -gamma);
            builder.exp(scaled)
        }
        Kernel::Polynomial { gamma, coef0, degree } => {
            let products = products(builder);
            let scaled = builder.times(products, gamma);
            let base = builder.plus(scaled, coef0);
            // libsvm multiplies as often as the degree says; a negative one counts as 0.
            #[expect(clippy::cast_precision_loss, reason = "a small degree")]
            let degree = builder.number(degree.max(0) as f64);
            builder.pow(base, degree)
        }
        Kernel::Sigmoid { gamma, coef0 } => {
            let products = products(builder);
            let scaled = builder.times(products, gamma);
            let shifted = builder.plus(scaled, coef0);
            builder.tanh(shifted)
        }
    }
}

/// (n_support, pairs of classes): a support vector has a coefficient for each pair that its class is in.
pub(crate) fn by_pairs(vectors: &SupportVectors) -> Matrix<'static, f64> {
    vectors.by_pairs()
}

/// The coefficients of a support vector machine as a matrix.
trait ByPairs {
    /// (n_support, pairs of classes): a support vector has a coefficient for each pair that its class is in.
    fn by_pairs(&self) -> Matrix<'static, f64>;
}

impl ByPairs for SupportVectors {
    fn by_pairs(&self) -> Matrix<'static, f64> {
        let (count, outputs) = (self.vectors.count(), self.intercepts.len());
        let classes = self.counts.len();
        let pairs = pairs(classes);
        let width = classes.saturating_sub(1).max(1);
        let mut data = vec![0.0; count * outputs];
        let class_of = self.counts.iter().enumerate().flat_map(|(class, &count)| std::iter::repeat_n(class, count));
        for ((class, coefficients), row) in
            class_of.zip(self.coefficients.chunks(width)).zip(data.chunks_mut(outputs.max(1)))
        {
            if classes <= 1 {
                row[0] = coefficients[0];
                continue;
            }
            let others = (0..classes).filter(|&other| other != class);
            for (other, &coefficient) in others.zip(coefficients) {
                let pair = (class.min(other), class.max(other));
                if let Some(place) = pairs.iter().position(|one| *one == pair) {
                    row[place] = coefficient;
                }
            }
        }
        Matrix::new(count, outputs, data)
    }
}

impl Expand for PairVotes {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let decisions = inputs[0].to_floats(builder)?.tensor;
        let is_first = builder.above(decisions, 0.0);
        let votes = votes(builder, self.classes, &pairs(self.classes), is_first);
        Ok(Block::ints(builder.arg_max(votes, 1)))
    }
}

/// How many pairs each class wins: (n, classes).
fn votes(builder: &mut Builder, classes: usize, pairs: &[(usize, usize)], is_first: TensorId) -> TensorId {
    let for_first = builder.cast(is_first, DType::F64);
    let for_second = builder.minus_from(1.0, for_first);
    let sums = side_sums(builder, classes, pairs);
    let (first, second) = (builder.matmul(for_first, sums.0), builder.matmul(for_second, sums.1));
    builder.add(first, second)
}

/// Matrices that add up a number of each pair for its first class, and for its second one.
fn side_sums(builder: &mut Builder, classes: usize, pairs: &[(usize, usize)]) -> (TensorId, TensorId) {
    let mut side = |of: fn(&(usize, usize)) -> usize| {
        let mut data = vec![0.0; pairs.len() * classes];
        for (row, pair) in data.chunks_mut(classes.max(1)).zip(pairs) {
            row[of(pair)] = 1.0;
        }
        builder.array(&[pairs.len(), classes], &data)
    };
    (side(|pair| pair.0), side(|pair| pair.1))
}

impl Expand for PairScores {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        row_by_row(self.scale)?;
        let decisions = inputs[0].to_floats(builder)?.tensor;
        let is_second = builder.below(decisions, 0.0);
        let second = builder.cast(is_second, DType::F64);
        let first = builder.minus_from(1.0, second);
        let confidences = builder.neg(decisions);
        Ok(Block::doubles(scores_of_pairs(builder, self.classes, &pairs(self.classes), (first, second), confidences)))
    }
}

/// Refuses scores that depend on all rows of a table.
pub(super) fn row_by_row(scale: ConfidenceScale) -> Result<(), Reason> {
    match scale {
        ConfidenceScale::Bounded => Ok(()),
        ConfidenceScale::WholeTable => Err(Reason::new("scores are scaled by the greatest one of the whole table")),
    }
}

/// `_ovr_decision_function`: the votes of each class, plus the sum of its confidences brought into (-1/3, 1/3). `sides`
/// hold 1 where the pair's first class, or its second one, has the vote; confidences are those of the second one.
pub(super) fn scores_of_pairs(
    builder: &mut Builder,
    classes: usize,
    pairs: &[(usize, usize)],
    sides: (TensorId, TensorId),
    confidences: TensorId,
) -> TensorId {
    let (to_first, to_second) = side_sums(builder, classes, pairs);
    let (first, second) = (builder.matmul(sides.0, to_first), builder.matmul(sides.1, to_second));
    let votes = builder.add(first, second);
    let (against, of) = (builder.matmul(confidences, to_first), builder.matmul(confidences, to_second));
    let sum = builder.sub(of, against);
    let size = builder.abs(sum);
    let size = builder.plus(size, 1.0);
    let divisor = builder.times(size, 3.0);
    let share = builder.div(sum, divisor);
    builder.add(votes, share)
}
