//! Builds graphs: a function for each primitive, so that an expansion reads like its formula.

use std::collections::HashMap;
use std::sync::Arc;

use skiff_plan::value::{Matrix, Precision};

use super::{Bits, Constant, DType, Dim, Elements, Forest, Graph, Node, Primitive, TensorId, TensorType};

/// A graph that grows. What is computed twice from the same tensors is one node: methods that share operators share them
/// in the graph as well.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    graph: Graph,
    known: HashMap<(Primitive, Vec<TensorId>), Vec<TensorId>>,
    /// Of which columns of which tensor a tensor is: what is taken apart and put together again is left as it is.
    parts: HashMap<TensorId, (TensorId, usize, usize)>,
    /// The first mistake of an expansion.
    mistake: Option<String>,
}

/// Writes the functions of primitives that take tensors and nothing else.
macro_rules! elementwise {
    ($($name:ident($($input:ident),+) = $primitive:ident;)*) => {
        impl Builder {
            $(
                pub(crate) fn $name(&mut self, $($input: TensorId),+) -> TensorId {
                    self.one(Primitive::$primitive, &[$($input),+])
                }
            )*
        }
    };
}

elementwise! {
    abs(x) = Abs;
    add(x, y) = Add;
    and(x, y) = And;
    ceil(x) = Ceil;
    cos(x) = Cos;
    div(x, y) = Div;
    equal(x, y) = Equal;
    exp(x) = Exp;
    floor(x) = Floor;
    greater(x, y) = Greater;
    greater_or_equal(x, y) = GreaterOrEqual;
    is_inf(x) = IsInf;
    is_nan(x) = IsNaN;
    less(x, y) = Less;
    less_or_equal(x, y) = LessOrEqual;
    log(x) = Log;
    matmul(x, y) = MatMul;
    mul(x, y) = Mul;
    neg(x) = Neg;
    not(x) = Not;
    or(x, y) = Or;
    pow(x, y) = Pow;
    round(x) = Round;
    sign(x) = Sign;
    sin(x) = Sin;
    sqrt(x) = Sqrt;
    sub(x, y) = Sub;
    tanh(x) = Tanh;
    choose(condition, x, y) = Where;
    repeat_rows(row, like) = Expand;
}

impl Builder {
    /// The graph without what no output depends on.
    ///
    /// # Errors
    /// When an expansion was mistaken about the types of tensors.
    pub(crate) fn finish(self) -> Result<Graph, String> {
        let mut graph = self.graph;
        graph.prune();
        match self.mistake {
            None => Ok(graph),
            Some(mistake) => Err(mistake),
        }
    }

    /// A tensor that the caller provides.
    pub(crate) fn input(&mut self, name: String, dtype: DType, width: usize) -> TensorId {
        let tensor = self.tensor(TensorType { dtype, shape: vec![Dim::Batch, Dim::Fixed(width)] });
        self.graph.inputs.push((name, tensor));
        tensor
    }

    /// A tensor that the caller gets.
    pub(crate) fn output(&mut self, name: String, tensor: TensorId) {
        self.graph.outputs.push((name, tensor));
    }

    pub(crate) fn shape(&self, tensor: TensorId) -> &[Dim] {
        &self.graph.type_of(tensor).shape
    }

    pub(crate) fn dtype(&self, tensor: TensorId) -> DType {
        self.graph.type_of(tensor).dtype
    }

    /// How many columns a matrix has.
    pub(crate) fn width(&self, tensor: TensorId) -> usize {
        match self.shape(tensor) {
            [_, Dim::Fixed(width), ..] => *width,
            _ => 0,
        }
    }

    fn tensor(&mut self, of: TensorType) -> TensorId {
        self.graph.types.push(of);
        TensorId(self.graph.types.len() - 1)
    }

    fn all(&mut self, primitive: Primitive, inputs: &[TensorId]) -> Vec<TensorId> {
        let key = (primitive, inputs.to_vec());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let types: Vec<&TensorType> = inputs.iter().map(|&input| self.graph.type_of(input)).collect();
        let types = key.0.output_types(&types).unwrap_or_else(|what| {
            let name = format!("{:?}", key.0);
            let name = name.split(['(', ' ']).next().unwrap_or_default();
            self.mistake.get_or_insert_with(|| format!("{name}: {what}"));
            let shape = vec![Dim::Batch, Dim::Fixed(1)];
            let of = TensorType { dtype: DType::F64, shape };
            vec![of.clone(), of]
        });
        let outputs: Vec<TensorId> = types.into_iter().map(|of| self.tensor(of)).collect();
        let (primitive, inputs) = key.clone();
        self.graph.nodes.push(Node { primitive, inputs, outputs: outputs.clone() });
        self.known.insert(key, outputs.clone());
        outputs
    }

    fn one(&mut self, primitive: Primitive, inputs: &[TensorId]) -> TensorId {
        self.all(primitive, inputs)[0]
    }

    fn constant(&mut self, shape: &[usize], elements: Elements) -> TensorId {
        let constant = Constant { shape: shape.to_vec(), elements };
        self.one(Primitive::Constant(Arc::new(constant)), &[])
    }

    /// A number, which goes with any shape.
    pub(crate) fn number(&mut self, value: f64) -> TensorId {
        self.constant(&[], Elements::F64(vec![Bits::of(value)]))
    }

    /// An integer, which goes with any shape.
    pub(crate) fn integer(&mut self, value: i64) -> TensorId {
        self.constant(&[], Elements::I64(vec![value]))
    }

    /// A number for each column: (k,).
    pub(crate) fn row(&mut self, values: &[f64]) -> TensorId {
        self.array(&[values.len()], values)
    }

    /// An integer for each column: (k,).
    pub(crate) fn integers(&mut self, values: &[i64]) -> TensorId {
        self.constant(&[values.len()], Elements::I64(values.to_vec()))
    }

    /// A truth value for each column: (k,).
    pub(crate) fn bools(&mut self, values: &[bool]) -> TensorId {
        self.constant(&[values.len()], Elements::Bool(values.to_vec()))
    }

    /// A string for each column: (k,).
    pub(crate) fn strings(&mut self, values: &[String]) -> TensorId {
        self.constant(&[values.len()], Elements::Str(values.to_vec()))
    }

    /// Numbers in C order.
    pub(crate) fn array(&mut self, shape: &[usize], values: &[f64]) -> TensorId {
        self.constant(shape, Elements::F64(values.iter().map(|&value| Bits::of(value)).collect()))
    }

    pub(crate) fn matrix(&mut self, matrix: &Matrix<'_, f64>) -> TensorId {
        self.array(&[matrix.rows, matrix.cols], &matrix.data)
    }

    pub(crate) fn transposed(&mut self, matrix: &Matrix<'_, f64>) -> TensorId {
        self.matrix(&matrix.transposed())
    }

    pub(crate) fn cast(&mut self, x: TensorId, dtype: DType) -> TensorId {
        if self.dtype(x) == dtype { x } else { self.one(Primitive::Cast(dtype), &[x]) }
    }

    /// Elements rounded to a dtype of scikit-learn's; they stay `F64`.
    pub(crate) fn rounded(&mut self, x: TensorId, precision: Precision) -> TensorId {
        match precision {
            Precision::Double => x,
            Precision::Single => {
                let single = self.cast(x, DType::F32);
                self.cast(single, DType::F64)
            }
        }
    }

    /// Blocks side by side.
    pub(crate) fn concat(&mut self, parts: &[TensorId], axis: usize) -> TensorId {
        let from = |part: &TensorId| self.parts.get(part).copied().filter(|_| axis == 1);
        let pieces: Option<Vec<_>> = parts.iter().map(from).collect();
        let in_a_row = |pieces: &&[(TensorId, usize, usize)]| {
            pieces.windows(2).all(|pair| pair[0].0 == pair[1].0 && pair[0].2 == pair[1].1)
        };
        match (parts, pieces.as_deref().filter(in_a_row)) {
            ([only], _) => *only,
            (_, Some(&[(whole, start, _), .., (_, _, end)])) => self.slice(whole, 1, start, end),
            (parts, _) => self.one(Primitive::Concat { axis }, parts),
        }
    }

    pub(crate) fn slice(&mut self, x: TensorId, axis: usize, start: usize, end: usize) -> TensorId {
        if start == 0 && self.shape(x).get(axis) == Some(&Dim::Fixed(end)) {
            return x;
        }
        let part = self.one(Primitive::Slice { axis, start, end }, &[x]);
        if axis == 1 {
            self.parts.insert(part, (x, start, end));
        }
        part
    }

    /// Column `column` of a matrix, (n, 1).
    pub(crate) fn column(&mut self, x: TensorId, column: usize) -> TensorId {
        self.slice(x, 1, column, column + 1)
    }

    /// The columns `columns`, in that order.
    pub(crate) fn columns(&mut self, x: TensorId, columns: &[usize]) -> TensorId {
        if columns.iter().copied().eq(0..self.width(x)) {
            return x;
        }
        let columns: Vec<i64> = columns.iter().map(|&column| i64::try_from(column).unwrap_or(i64::MAX)).collect();
        let columns = self.integers(&columns);
        self.gather(x, columns, 1)
    }

    pub(crate) fn gather(&mut self, x: TensorId, indices: TensorId, axis: usize) -> TensorId {
        self.one(Primitive::Gather { axis }, &[x, indices])
    }

    pub(crate) fn gather_elements(&mut self, x: TensorId, indices: TensorId, axis: usize) -> TensorId {
        self.one(Primitive::GatherElements { axis }, &[x, indices])
    }

    pub(crate) fn reshape(&mut self, x: TensorId, shape: &[Dim]) -> TensorId {
        if self.shape(x) == shape { x } else { self.one(Primitive::Reshape(shape.to_vec()), &[x]) }
    }

    pub(crate) fn sum(&mut self, x: TensorId, axis: usize) -> TensorId {
        self.one(Primitive::ReduceSum { axis }, &[x])
    }

    pub(crate) fn max(&mut self, x: TensorId, axis: usize) -> TensorId {
        self.one(Primitive::ReduceMax { axis }, &[x])
    }

    pub(crate) fn min(&mut self, x: TensorId, axis: usize) -> TensorId {
        self.one(Primitive::ReduceMin { axis }, &[x])
    }

    pub(crate) fn cum_sum(&mut self, x: TensorId, axis: usize) -> TensorId {
        self.one(Primitive::CumSum { axis }, &[x])
    }

    pub(crate) fn arg_max(&mut self, x: TensorId, axis: usize) -> TensorId {
        self.one(Primitive::ArgMax { axis, last: false }, &[x])
    }

    pub(crate) fn last_arg_max(&mut self, x: TensorId, axis: usize) -> TensorId {
        self.one(Primitive::ArgMax { axis, last: true }, &[x])
    }

    pub(crate) fn arg_min(&mut self, x: TensorId, axis: usize) -> TensorId {
        self.one(Primitive::ArgMin { axis }, &[x])
    }

    /// The `k` least elements of each row in ascending order, and their places.
    pub(crate) fn least(&mut self, x: TensorId, k: usize) -> (TensorId, TensorId) {
        let both = self.all(Primitive::TopK { k }, &[x]);
        (both[0], both[1])
    }

    /// `x`, whose rows are refused for which the condition holds.
    pub(crate) fn refused_where(&mut self, x: TensorId, condition: TensorId, reason: &'static str) -> TensorId {
        self.one(Primitive::RefuseWhere(reason), &[x, condition])
    }

    pub(crate) fn encode_strings(&mut self, x: TensorId, places: Vec<(String, i64)>) -> TensorId {
        self.one(Primitive::LabelEncoder(Arc::new(places)), &[x])
    }

    pub(crate) fn trees(&mut self, x: TensorId, forest: Forest) -> TensorId {
        self.one(Primitive::TreeEnsemble(Arc::new(forest)), &[x])
    }

    // What is made of several primitives, for many expansions.

    /// `x + number`
    pub(crate) fn plus(&mut self, x: TensorId, number: f64) -> TensorId {
        let number = self.number(number);
        self.add(x, number)
    }

    /// `x * number`
    pub(crate) fn times(&mut self, x: TensorId, number: f64) -> TensorId {
        let number = self.number(number);
        self.mul(x, number)
    }

    /// `x / number`; 1 leaves it as it is.
    pub(crate) fn over(&mut self, x: TensorId, number: f64) -> TensorId {
        if number == 1.0 {
            return x;
        }
        let number = self.number(number);
        self.div(x, number)
    }

    /// `number - x`
    pub(crate) fn minus_from(&mut self, number: f64, x: TensorId) -> TensorId {
        let number = self.number(number);
        self.sub(number, x)
    }

    /// `x > number`
    pub(crate) fn above(&mut self, x: TensorId, number: f64) -> TensorId {
        let number = self.number(number);
        self.greater(x, number)
    }

    /// `x < number`
    pub(crate) fn below(&mut self, x: TensorId, number: f64) -> TensorId {
        let number = self.number(number);
        self.less(x, number)
    }

    /// `x >= number`
    pub(crate) fn greater_or_equal_number(&mut self, x: TensorId, number: f64) -> TensorId {
        let number = self.number(number);
        self.greater_or_equal(x, number)
    }

    /// `x == number`
    pub(crate) fn is(&mut self, x: TensorId, number: f64) -> TensorId {
        let number = self.number(number);
        self.equal(x, number)
    }

    /// `number` where the condition holds.
    pub(crate) fn number_where(&mut self, condition: TensorId, number: f64, x: TensorId) -> TensorId {
        let number = self.number(number);
        self.choose(condition, number, x)
    }

    /// At least `low`; NaN stays.
    pub(crate) fn at_least(&mut self, x: TensorId, low: f64) -> TensorId {
        let is_below = self.below(x, low);
        self.number_where(is_below, low, x)
    }

    /// At most `high`; NaN stays.
    pub(crate) fn at_most(&mut self, x: TensorId, high: f64) -> TensorId {
        let is_above = self.above(x, high);
        self.number_where(is_above, high, x)
    }

    /// `1 / (1 + exp(x))`
    pub(crate) fn logistic_of_negative(&mut self, x: TensorId) -> TensorId {
        let exp = self.exp(x);
        let divisor = self.plus(exp, 1.0);
        let one = self.number(1.0);
        self.div(one, divisor)
    }

    /// `log(1 + x)` without losing small numbers: `log(u) x / (u - 1)` for `u = 1 + x`, and `x` where `u` is 1.
    pub(crate) fn log1p(&mut self, x: TensorId) -> TensorId {
        let u = self.plus(x, 1.0);
        let (log, less) = (self.log(u), self.plus(u, -1.0));
        let share = self.div(x, less);
        let exact = self.mul(log, share);
        let (is_one, is_infinite) = (self.is(u, 1.0), self.is_inf(u));
        let exact = self.choose(is_infinite, log, exact);
        // At -1 the logarithm is infinite, and the share is 1.
        self.choose(is_one, x, exact)
    }

    /// `exp(x) - 1` without losing small numbers: `(u - 1) x / log(u)` for `u = exp(x)`.
    pub(crate) fn expm1(&mut self, x: TensorId) -> TensorId {
        let u = self.exp(x);
        let (log, less) = (self.log(u), self.plus(u, -1.0));
        let share = self.div(x, log);
        let exact = self.mul(less, share);
        // Far from zero nothing is lost, and the quotient may be of infinities.
        let size = self.abs(x);
        let is_far = self.above(size, 1.0);
        let exact = self.choose(is_far, less, exact);
        let is_one = self.is(u, 1.0);
        self.choose(is_one, x, exact)
    }

    /// The logarithm of the sum of the exponentials of each row, (n, 1): the greatest term is taken out first.
    pub(crate) fn log_sum_exp(&mut self, x: TensorId) -> TensorId {
        let max = self.max(x, 1);
        let (is_infinite, zero) = (self.is_inf(max), self.number(0.0));
        let shift = self.choose(is_infinite, zero, max);
        let shifted = self.sub(x, shift);
        let is_max = self.equal(x, max);
        let count = self.cast(is_max, DType::F64);
        let count = self.sum(count, 1);
        let terms = self.exp(shifted);
        let rest = self.number_where(is_max, 0.0, terms);
        let rest = self.sum(rest, 1);
        let share = self.div(rest, count);
        let (of_rest, of_count) = (self.log1p(share), self.log(count));
        let sum = self.add(of_rest, of_count);
        self.add(sum, max)
    }

    /// Σ(x - y)² of each row with each of the points, (n, points), feature by feature.
    pub(crate) fn squared_distances(&mut self, x: TensorId, points: &Matrix<'_, f64>) -> TensorId {
        self.over_pairs(x, points, |builder, x, y| {
            let difference = builder.sub(x, y);
            builder.mul(difference, difference)
        })
    }

    /// Σ|x - y| of each row with each of the points, (n, points).
    pub(crate) fn manhattan_distances(&mut self, x: TensorId, points: &Matrix<'_, f64>) -> TensorId {
        self.over_pairs(x, points, |builder, x, y| {
            let difference = builder.sub(x, y);
            builder.abs(difference)
        })
    }

    /// Σ|x - y|ᵖ of each row with each of the points, (n, points).
    pub(crate) fn sums_of_powers(&mut self, x: TensorId, points: &Matrix<'_, f64>, p: f64) -> TensorId {
        self.over_pairs(x, points, |builder, x, y| {
            let difference = builder.sub(x, y);
            let (size, p) = (builder.abs(difference), builder.number(p));
            builder.pow(size, p)
        })
    }

    /// The greatest |x - y| of each row with each of the points, (n, points).
    pub(crate) fn greatest_differences(&mut self, x: TensorId, points: &Matrix<'_, f64>) -> TensorId {
        let size = |builder: &mut Self, x: TensorId, y: TensorId| {
            let difference = builder.sub(x, y);
            builder.abs(difference)
        };
        self.folded_over_pairs(x, points, size, |builder, most, size| {
            let is_greater = builder.greater(size, most);
            builder.choose(is_greater, size, most)
        })
    }

    /// The sum over the features of what `term` makes of a column of `x` and the points' numbers in it, so that no tensor
    /// has a dimension for rows, for points and for features.
    pub(crate) fn over_pairs(
        &mut self,
        x: TensorId,
        points: &Matrix<'_, f64>,
        term: impl FnMut(&mut Self, TensorId, TensorId) -> TensorId,
    ) -> TensorId {
        self.folded_over_pairs(x, points, term, Self::add)
    }

    fn folded_over_pairs(
        &mut self,
        x: TensorId,
        points: &Matrix<'_, f64>,
        mut term: impl FnMut(&mut Self, TensorId, TensorId) -> TensorId,
        mut fold: impl FnMut(&mut Self, TensorId, TensorId) -> TensorId,
    ) -> TensorId {
        let mut folded = None;
        for feature in 0..points.cols {
            let values: Vec<f64> = points.iter_rows().map(|point| point[feature]).collect();
            let (x, y) = (self.column(x, feature), self.row(&values));
            let term = term(self, x, y);
            folded = Some(match folded {
                None => term,
                Some(folded) => fold(self, folded, term),
            });
        }
        folded.unwrap_or_else(|| {
            let zeros = self.array(&[1, points.rows], &vec![0.0; points.rows]);
            self.repeat_rows(zeros, x)
        })
    }
}
