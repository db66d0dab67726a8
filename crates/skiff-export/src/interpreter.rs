//! Runs graphs in tests: proves an expansion before any target is involved.

use std::collections::{BTreeSet, HashMap};

use crate::graph::{DType, Dim, Elements, Forest, Graph, Primitive, Step, TensorId, Test};

/// A tensor with its elements in C order.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub shape: Vec<usize>,
    pub data: Data,
}

/// The elements of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    F64(Vec<f64>),
    F32(Vec<f32>),
    I64(Vec<i64>),
    Bool(Vec<bool>),
    Str(Vec<String>),
}

/// Does the same for elements of any type.
macro_rules! each {
    ($data:expr, $values:ident => $result:expr) => {
        match $data {
            Data::F64($values) => Data::F64($result),
            Data::F32($values) => Data::F32($result),
            Data::I64($values) => Data::I64($result),
            Data::Bool($values) => Data::Bool($result),
            Data::Str($values) => Data::Str($result),
        }
    };
}

impl Data {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::F64(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Str(values) => values.len(),
        }
    }

    fn take(&self, places: &[usize]) -> Self {
        each!(self, values => taken(values, places))
    }

    fn append(&mut self, other: &Self) {
        match (self, other) {
            (Self::F64(all), Self::F64(other)) => all.extend_from_slice(other),
            (Self::F32(all), Self::F32(other)) => all.extend_from_slice(other),
            (Self::I64(all), Self::I64(other)) => all.extend_from_slice(other),
            (Self::Bool(all), Self::Bool(other)) => all.extend_from_slice(other),
            (Self::Str(all), Self::Str(other)) => all.extend_from_slice(other),
            (all, other) => panic!("{all:?} and {other:?}"),
        }
    }

    fn f64(&self) -> &[f64] {
        match self {
            Self::F64(values) => values,
            other => panic!("not float64: {other:?}"),
        }
    }

    fn i64(&self) -> &[i64] {
        match self {
            Self::I64(values) => values,
            other => panic!("not int64: {other:?}"),
        }
    }

    fn bool(&self) -> &[bool] {
        match self {
            Self::Bool(values) => values,
            other => panic!("not bool: {other:?}"),
        }
    }

    pub(crate) fn dtype(&self) -> DType {
        match self {
            Self::F64(_) => DType::F64,
            Self::F32(_) => DType::F32,
            Self::I64(_) => DType::I64,
            Self::Bool(_) => DType::Bool,
            Self::Str(_) => DType::Str,
        }
    }
}

/// What a graph answers.
pub(crate) struct Ran {
    /// The outputs by name.
    pub outputs: Vec<(String, Tensor)>,
    /// The rows that are refused, whose outputs mean nothing.
    pub refused: BTreeSet<usize>,
}

/// The outputs of a graph for inputs by name.
pub(crate) fn run(graph: &Graph, inputs: &HashMap<String, Tensor>, rows: usize) -> Ran {
    let mut refused = BTreeSet::new();
    let mut values: Vec<Option<Tensor>> = vec![None; graph.types.len()];
    for (name, tensor) in &graph.inputs {
        values[tensor.index()] = Some(inputs[name].clone());
    }
    for node in &graph.nodes {
        let inputs: Vec<&Tensor> =
            node.inputs.iter().map(|input| values[input.index()].as_ref().expect("computed before")).collect();
        if let Primitive::RefuseWhere(_) = node.primitive {
            let conditions = inputs[1].data.bool().iter().enumerate();
            refused.extend(conditions.filter(|(_, is_refused)| **is_refused).map(|(row, _)| row));
        }
        let outputs = outputs(&node.primitive, &inputs, rows);
        for (output, value) in node.outputs.iter().zip(outputs) {
            check(graph, *output, &value, rows, &node.primitive);
            values[output.index()] = Some(value);
        }
    }
    let value = |tensor: &TensorId| values[tensor.index()].clone().expect("an output");
    let outputs = graph.outputs.iter().map(|(name, tensor)| (name.clone(), value(tensor))).collect();
    Ran { outputs, refused }
}

/// What comes out has the type that was inferred.
fn check(graph: &Graph, tensor: TensorId, value: &Tensor, rows: usize, primitive: &Primitive) {
    let expected = graph.type_of(tensor);
    let length = |dim: &Dim| match dim {
        Dim::Batch => rows,
        Dim::Fixed(length) => *length,
    };
    let shape: Vec<usize> = expected.shape.iter().map(length).collect();
    let name = format!("{primitive:?}");
    let name = &name[..name.len().min(60)];
    assert_eq!((&value.shape, value.data.dtype()), (&shape, expected.dtype), "{name}");
    assert_eq!(value.data.len(), shape.iter().product::<usize>(), "{name}");
}

fn outputs(primitive: &Primitive, inputs: &[&Tensor], rows: usize) -> Vec<Tensor> {
    let x = inputs.first().copied();
    let numbers = |f: fn(f64) -> f64| {
        let x = x.expect("an input");
        Tensor { shape: x.shape.clone(), data: Data::F64(x.data.f64().iter().map(|&x| f(x)).collect()) }
    };
    let test = |f: fn(f64) -> bool| {
        let x = x.expect("an input");
        Tensor { shape: x.shape.clone(), data: Data::Bool(x.data.f64().iter().map(|&x| f(x)).collect()) }
    };
    let one = match primitive {
        Primitive::Abs => numbers(f64::abs),
        Primitive::Ceil => numbers(f64::ceil),
        Primitive::Cos => numbers(f64::cos),
        Primitive::Exp => numbers(f64::exp),
        Primitive::Floor => numbers(f64::floor),
        Primitive::Log => numbers(f64::ln),
        Primitive::Neg => numbers(|x| -x),
        Primitive::Round => numbers(f64::round_ties_even),
        Primitive::Sign => numbers(|x| if x == 0.0 { 0.0 } else { x.signum() }),
        Primitive::Sin => numbers(f64::sin),
        Primitive::Sqrt => numbers(f64::sqrt),
        Primitive::Tanh => numbers(f64::tanh),
        Primitive::IsInf => test(f64::is_infinite),
        Primitive::IsNaN => test(f64::is_nan),
        Primitive::Not => {
            let x = inputs[0];
            Tensor { shape: x.shape.clone(), data: Data::Bool(x.data.bool().iter().map(|x| !x).collect()) }
        }
        Primitive::Add => arithmetic(inputs, |x, y| x + y, i64::wrapping_add),
        Primitive::Sub => arithmetic(inputs, |x, y| x - y, i64::wrapping_sub),
        Primitive::Mul => arithmetic(inputs, |x, y| x * y, i64::wrapping_mul),
        Primitive::Div => arithmetic(inputs, |x, y| x / y, i64::wrapping_div),
        Primitive::Pow => arithmetic(inputs, f64::powf, |_, _| panic!("no powers of integers")),
        Primitive::And => logic(inputs, |x, y| x && y),
        Primitive::Or => logic(inputs, |x, y| x || y),
        Primitive::Less => comparison(inputs, |x, y| x < y, |x, y| x < y),
        Primitive::LessOrEqual => comparison(inputs, |x, y| x <= y, |x, y| x <= y),
        Primitive::Greater => comparison(inputs, |x, y| x > y, |x, y| x > y),
        Primitive::GreaterOrEqual => comparison(inputs, |x, y| x >= y, |x, y| x >= y),
        Primitive::Equal => match (&inputs[0].data, &inputs[1].data) {
            (Data::Str(a), Data::Str(b)) => {
                let (shape, places) = broadcast(inputs);
                let pairs = places[0].iter().zip(&places[1]);
                Tensor { shape, data: Data::Bool(pairs.map(|(&x, &y)| a[x] == b[y]).collect()) }
            }
            #[expect(clippy::float_cmp, reason = "that is the primitive")]
            _ => comparison(inputs, |x, y| x == y, |x, y| x == y),
        },
        Primitive::RefuseWhere(_) => inputs[0].clone(),
        Primitive::Where => {
            let (shape, places) = broadcast(inputs);
            let condition = inputs[0].data.bool();
            let (yes, no) = (inputs[1].data.take(&places[1]), inputs[2].data.take(&places[2]));
            let mut both = yes;
            let offset = both.len();
            both.append(&no);
            let chosen: Vec<usize> = places[0]
                .iter()
                .enumerate()
                .map(|(at, &place)| if condition[place] { at } else { offset + at })
                .collect();
            Tensor { shape, data: both.take(&chosen) }
        }
        Primitive::ArgMax { axis, last } => reduce(inputs[0], *axis, Data::I64, |lane| {
            let mut best = 0;
            for (at, &value) in lane.iter().enumerate() {
                if value > lane[best] || (*last && value == lane[best]) {
                    best = at;
                }
            }
            i64::try_from(best).expect("small")
        }),
        Primitive::ArgMin { axis } => reduce(inputs[0], *axis, Data::I64, |lane| {
            let best = lane.iter().enumerate().fold(0, |best, (at, &value)| if value < lane[best] { at } else { best });
            i64::try_from(best).expect("small")
        }),
        Primitive::ReduceMax { axis } => like(
            inputs[0],
            &reduce(inputs[0], *axis, Data::F64, |lane| {
                lane.iter()
                    .copied()
                    .fold(f64::NEG_INFINITY, |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) })
            }),
        ),
        Primitive::ReduceMin { axis } => like(
            inputs[0],
            &reduce(inputs[0], *axis, Data::F64, |lane| {
                lane.iter()
                    .copied()
                    .fold(f64::INFINITY, |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) })
            }),
        ),
        Primitive::ReduceSum { axis } => {
            like(inputs[0], &reduce(inputs[0], *axis, Data::F64, |lane| lane.iter().fold(0.0, |sum, x| sum + x)))
        }
        Primitive::CumSum { axis } => {
            let x = inputs[0];
            let (outer, length, inner) = sizes(&x.shape, *axis);
            let places = || {
                let all = (0..outer).flat_map(|o| (1..length).map(move |at| o * length + at));
                all.flat_map(|at| (0..inner).map(move |i| at * inner + i))
            };
            let mut data = x.data.clone();
            match &mut data {
                Data::F64(values) => places().for_each(|place| values[place] += values[place - inner]),
                Data::F32(values) => places().for_each(|place| values[place] += values[place - inner]),
                other => panic!("sums of {:?}", other.dtype()),
            }
            Tensor { shape: x.shape.clone(), data }
        }
        Primitive::Cast(dtype) => cast(inputs[0], *dtype),
        Primitive::Constant(constant) => Tensor {
            shape: constant.shape.clone(),
            data: match &constant.elements {
                Elements::F64(values) => Data::F64(values.iter().map(|bits| bits.value()).collect()),
                Elements::I64(values) => Data::I64(values.clone()),
                Elements::Bool(values) => Data::Bool(values.clone()),
                Elements::Str(values) => Data::Str(values.clone()),
            },
        },
        Primitive::Concat { axis } => {
            let mut shape = inputs[0].shape.clone();
            shape[*axis] = inputs.iter().map(|input| input.shape[*axis]).sum();
            let outer: usize = shape[..*axis].iter().product();
            let inner: usize = shape[axis + 1..].iter().product();
            let mut data = inputs[0].data.take(&[]);
            for o in 0..outer {
                for input in inputs {
                    let count = input.shape[*axis] * inner;
                    data.append(&input.data.take(&(o * count..(o + 1) * count).collect::<Vec<_>>()));
                }
            }
            Tensor { shape, data }
        }
        Primitive::Expand => {
            let row = inputs[0];
            let mut shape = row.shape.clone();
            shape[0] = inputs[1].shape[0];
            let places: Vec<usize> = (0..shape[0]).flat_map(|_| 0..row.data.len()).collect();
            Tensor { shape, data: row.data.take(&places) }
        }
        Primitive::Gather { axis } => {
            let (x, indices) = (inputs[0], inputs[1]);
            let (outer, length, inner) = sizes(&x.shape, *axis);
            let mut places = Vec::new();
            for o in 0..outer {
                for &index in indices.data.i64() {
                    let index = usize::try_from(index).expect("not negative");
                    assert!(index < length, "an index {index} of {length}");
                    places.extend((0..inner).map(|i| (o * length + index) * inner + i));
                }
            }
            let shape = [&x.shape[..*axis], &indices.shape, &x.shape[axis + 1..]].concat();
            Tensor { shape, data: x.data.take(&places) }
        }
        Primitive::GatherElements { axis } => {
            assert_eq!((*axis, inputs[0].shape.len()), (1, 2));
            let (width, own) = (inputs[0].shape[1], inputs[1].shape[1]);
            let index = |(at, &index): (usize, &i64)| at / own * width + usize::try_from(index).expect("an index");
            let places: Vec<usize> = inputs[1].data.i64().iter().enumerate().map(index).collect();
            Tensor { shape: inputs[1].shape.clone(), data: inputs[0].data.take(&places) }
        }
        Primitive::LabelEncoder(places) => {
            let Data::Str(values) = &inputs[0].data else { panic!("not strings") };
            let place = |value: &String| places.iter().find(|(text, _)| text == value).map_or(-1, |(_, place)| *place);
            Tensor { shape: inputs[0].shape.clone(), data: Data::I64(values.iter().map(place).collect()) }
        }
        Primitive::MatMul => {
            let (x, y) = (inputs[0], inputs[1]);
            let ([rows, inner], [_, columns]) = (&x.shape[..], &y.shape[..]) else { panic!("not matrices") };
            let (a, b) = (x.data.f64(), y.data.f64());
            let mut data = vec![0.0; rows * columns];
            for row in 0..*rows {
                for k in 0..*inner {
                    for column in 0..*columns {
                        data[row * columns + column] += a[row * inner + k] * b[k * columns + column];
                    }
                }
            }
            Tensor { shape: vec![*rows, *columns], data: Data::F64(data) }
        }
        Primitive::Reshape(shape) => {
            let length = |dim: &Dim| match dim {
                Dim::Batch => rows,
                Dim::Fixed(length) => *length,
            };
            Tensor { shape: shape.iter().map(length).collect(), data: inputs[0].data.clone() }
        }
        Primitive::Slice { axis, start, end } => {
            let x = inputs[0];
            let (outer, length, inner) = sizes(&x.shape, *axis);
            let places: Vec<usize> =
                (0..outer).flat_map(|o| (o * length + start) * inner..(o * length + end) * inner).collect();
            let mut shape = x.shape.clone();
            shape[*axis] = end - start;
            Tensor { shape, data: x.data.take(&places) }
        }
        Primitive::TopK { k } => {
            let x = inputs[0];
            let width = *x.shape.last().expect("an axis");
            let (mut places, mut indices) = (Vec::new(), Vec::new());
            for (row, values) in x.data.f64().chunks(width.max(1)).enumerate() {
                let mut order: Vec<usize> = (0..width).collect();
                order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
                places.extend(order[..*k].iter().map(|at| row * width + at));
                indices.extend(order[..*k].iter().map(|&at| i64::try_from(at).expect("small")));
            }
            let mut shape = x.shape.clone();
            *shape.last_mut().expect("an axis") = *k;
            let indices = Tensor { shape: shape.clone(), data: Data::I64(indices) };
            return vec![Tensor { shape, data: x.data.take(&places) }, indices];
        }
        Primitive::TreeEnsemble(forest) => {
            let x = inputs[0];
            let data: Vec<f64> = x
                .data
                .f64()
                .chunks(forest.n_features)
                .flat_map(|row| forest.trees.iter().map(|tree| leaf(forest, tree.root, row)).collect::<Vec<_>>())
                .collect();
            Tensor { shape: vec![x.shape[0], forest.trees.len()], data: Data::F64(data) }
        }
    };
    vec![one]
}

fn leaf(forest: &Forest, mut at: Step, row: &[f64]) -> f64 {
    loop {
        match at {
            Step::Leaf(leaf) => return forest.leaves[leaf].value.value(),
            Step::Split(split) => {
                let split = &forest.splits[split];
                let x = row[split.feature()];
                let left = match &split.test {
                    _ if x.is_nan() => split.missing_left,
                    Test::AtMost(threshold) => x <= threshold.value(),
                    Test::Among(set) => forest.sets[*set].iter().any(|&member| f64::from(member) == x),
                };
                at = if left { split.left() } else { split.right() };
            }
        }
    }
}

fn taken<T: Clone>(values: &[T], places: &[usize]) -> Vec<T> {
    places.iter().map(|&place| values[place].clone()).collect()
}

/// How many lanes there are before an axis, how long the axis is, and how many elements follow each of its places.
fn sizes(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    (shape[..axis].iter().product(), shape[axis], shape[axis + 1..].iter().product())
}

fn reduce<T>(x: &Tensor, axis: usize, data: fn(Vec<T>) -> Data, f: impl Fn(&[f64]) -> T) -> Tensor {
    let values = cast(x, DType::F64);
    let values = values.data.f64();
    let (outer, length, inner) = sizes(&x.shape, axis);
    let mut shape = x.shape.clone();
    shape[axis] = 1;
    let lane = |at: usize| {
        let (o, i) = (at / inner, at % inner);
        (0..length).map(|place| values[(o * length + place) * inner + i]).collect::<Vec<_>>()
    };
    Tensor { shape, data: data((0..outer * inner).map(|at| f(&lane(at))).collect()) }
}

fn like(x: &Tensor, result: &Tensor) -> Tensor {
    cast(result, x.data.dtype())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "that is the primitive")]
fn cast(x: &Tensor, dtype: DType) -> Tensor {
    let shape = x.shape.clone();
    let data = match (&x.data, dtype) {
        (data, dtype) if data.dtype() == dtype => data.clone(),
        (Data::F64(values), DType::F32) => Data::F32(values.iter().map(|&x| x as f32).collect()),
        (Data::F64(values), DType::I64) => Data::I64(values.iter().map(|&x| x as i64).collect()),
        (Data::F64(values), DType::Bool) => Data::Bool(values.iter().map(|&x| x != 0.0).collect()),
        (Data::F32(values), DType::F64) => Data::F64(values.iter().map(|&x| f64::from(x)).collect()),
        (Data::I64(values), DType::F64) => Data::F64(values.iter().map(|&x| x as f64).collect()),
        (Data::I64(values), DType::Bool) => Data::Bool(values.iter().map(|&x| x != 0).collect()),
        (Data::Bool(values), DType::F64) => Data::F64(values.iter().map(|&x| f64::from(x)).collect()),
        (Data::Bool(values), DType::I64) => Data::I64(values.iter().map(|&x| i64::from(x)).collect()),
        (data, dtype) => panic!("{:?} to {dtype:?}", data.dtype()),
    };
    Tensor { shape, data }
}

/// The shape of an elementwise operation, and for each input the place of each element.
fn broadcast(inputs: &[&Tensor]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let rank = inputs.iter().map(|input| input.shape.len()).max().unwrap_or(0);
    let padded = |input: &Tensor| [vec![1; rank - input.shape.len()], input.shape.clone()].concat();
    let shapes: Vec<Vec<usize>> = inputs.iter().map(|input| padded(input)).collect();
    let length = |axis: usize| {
        let mut lengths = shapes.iter().map(|shape| shape[axis]).filter(|&length| length != 1);
        let first = lengths.next().unwrap_or(1);
        assert!(lengths.all(|other| other == first), "shapes {shapes:?} do not go together");
        first
    };
    let shape: Vec<usize> = (0..rank).map(length).collect();
    let count: usize = shape.iter().product();
    let places = shapes.iter().map(|own| {
        let place = |mut at: usize| {
            let (mut place, mut stride) = (0, 1);
            for axis in (0..rank).rev() {
                let index = at % shape[axis];
                at /= shape[axis];
                if own[axis] != 1 {
                    place += index * stride;
                }
                stride *= own[axis];
            }
            place
        };
        (0..count).map(place).collect()
    });
    let places = places.collect();
    (shape, places)
}

fn arithmetic(inputs: &[&Tensor], floats: fn(f64, f64) -> f64, ints: fn(i64, i64) -> i64) -> Tensor {
    let (shape, places) = broadcast(inputs);
    let pairs = || places[0].iter().zip(&places[1]);
    let data = match (&inputs[0].data, &inputs[1].data) {
        (Data::F64(a), Data::F64(b)) => Data::F64(pairs().map(|(&x, &y)| floats(a[x], b[y])).collect()),
        (Data::I64(a), Data::I64(b)) => Data::I64(pairs().map(|(&x, &y)| ints(a[x], b[y])).collect()),
        (a, b) => panic!("{:?} and {:?}", a.dtype(), b.dtype()),
    };
    Tensor { shape, data }
}

fn comparison(inputs: &[&Tensor], floats: fn(f64, f64) -> bool, ints: fn(i64, i64) -> bool) -> Tensor {
    let (shape, places) = broadcast(inputs);
    let pairs = || places[0].iter().zip(&places[1]);
    let data = match (&inputs[0].data, &inputs[1].data) {
        (Data::F64(a), Data::F64(b)) => pairs().map(|(&x, &y)| floats(a[x], b[y])).collect(),
        (Data::I64(a), Data::I64(b)) => pairs().map(|(&x, &y)| ints(a[x], b[y])).collect(),
        (a, b) => panic!("{:?} and {:?}", a.dtype(), b.dtype()),
    };
    Tensor { shape, data: Data::Bool(data) }
}

fn logic(inputs: &[&Tensor], f: fn(bool, bool) -> bool) -> Tensor {
    let (shape, places) = broadcast(inputs);
    let (a, b) = (inputs[0].data.bool(), inputs[1].data.bool());
    Tensor { shape, data: Data::Bool(places[0].iter().zip(&places[1]).map(|(&x, &y)| f(a[x], b[y])).collect()) }
}
