//! Tensor primitives as expressions of one row: what any operator is that has no element of its own in PMML.

use std::rc::Rc;

use super::expression::{Expressions, Scalar};
use crate::expand::Reason;
use crate::graph::{Bits, DType, Dim, Elements, Graph, Primitive, TensorId};

/// A tensor of one row, with its elements in C order.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub shape: Vec<usize>,
    pub elements: Vec<Scalar>,
}

/// The most elements of a tensor for one row: what a document could hold expressions for.
const MOST_ELEMENTS: usize = 1_000_000;

/// The outputs of a graph, in their order, for inputs by name.
pub(super) fn run(
    expressions: &mut Expressions,
    graph: &Graph,
    inputs: &[(String, Vec<Scalar>)],
) -> Result<Vec<Tensor>, Reason> {
    let mut values: Vec<Option<Tensor>> = vec![None; graph.types.len()];
    for (name, tensor) in &graph.inputs {
        let given = inputs.iter().find(|(own, _)| own == name).ok_or_else(|| Reason::new("an input is missing"))?;
        values[tensor.index()] = Some(Tensor { shape: vec![1, given.1.len()], elements: given.1.clone() });
    }
    let value = |values: &[Option<Tensor>], id: &TensorId| {
        values[id.index()].clone().ok_or_else(|| Reason::new("a tensor is not computed"))
    };
    for node in &graph.nodes {
        let inputs = node.inputs.iter().map(|id| value(&values, id)).collect::<Result<Vec<_>, _>>()?;
        let types = node.outputs.iter().map(|id| &graph.types[id.index()].shape);
        let lengths = |shape: &Vec<Dim>| {
            let lengths = shape.iter().map(|dim| if let Dim::Fixed(length) = dim { *length } else { 1 });
            lengths.fold(1, usize::saturating_mul)
        };
        if types.into_iter().any(|shape| lengths(shape) > MOST_ELEMENTS) {
            return Err(Reason::new("it takes more numbers for a row than a document can hold"));
        }
        let single = node.outputs.first().is_some_and(|id| graph.types[id.index()].dtype == DType::F32);
        let mut output = primitive(expressions, &node.primitive, &inputs, single)?;
        if single {
            output = each(&output, |x| expressions.cast(x, DType::F32));
        }
        if expressions.is_too_large() {
            return Err(Reason::new("it takes more expressions than a document can hold"));
        }
        if let Some(&id) = node.outputs.first() {
            values[id.index()] = Some(output);
        }
    }
    graph.outputs.iter().map(|(_, id)| value(&values, id)).collect()
}

/// The value of a primitive; `single` says that its numbers are `float32`; the caller rounds them.
fn primitive(e: &mut Expressions, primitive: &Primitive, inputs: &[Tensor], single: bool) -> Result<Tensor, Reason> {
    let refused = |what: &str| Err(Reason::new(format!("PMML has no function for {what}")));
    Ok(match primitive {
        Primitive::Abs => function(e, "abs", &inputs[0]),
        Primitive::Ceil => function(e, "ceil", &inputs[0]),
        Primitive::Cos => function(e, "cos", &inputs[0]),
        Primitive::Exp => function(e, "exp", &inputs[0]),
        Primitive::Floor => function(e, "floor", &inputs[0]),
        Primitive::Log => function(e, "ln", &inputs[0]),
        Primitive::Round => function(e, "rint", &inputs[0]),
        Primitive::Sin => function(e, "sin", &inputs[0]),
        Primitive::Sqrt => function(e, "sqrt", &inputs[0]),
        Primitive::Tanh => function(e, "tanh", &inputs[0]),
        Primitive::Neg => each(&inputs[0], |x| e.arithmetic("-", Scalar::number(0.0), x)),
        Primitive::Sign => each(&inputs[0], |x| {
            let zero = Scalar::number(0.0);
            let above = e.compare("greaterThan", x.clone(), zero.clone());
            let below = e.compare("lessThan", x, zero.clone());
            let rest = e.choose(below, Scalar::number(-1.0), zero);
            e.choose(above, Scalar::number(1.0), rest)
        }),
        Primitive::IsNaN => each(&inputs[0], |x| e.is_missing(x)),
        Primitive::IsInf => each(&inputs[0], |x| {
            let (up, down) = (Scalar::number(f64::INFINITY), Scalar::number(f64::NEG_INFINITY));
            let (up, down) = (e.compare("equal", x.clone(), up), e.compare("equal", x, down));
            e.logic("or", up, down)
        }),
        Primitive::Not => each(&inputs[0], |x| e.not(x)),
        Primitive::Cast(dtype) => each(&inputs[0], |x| e.cast(x, *dtype)),
        Primitive::Add => pairs(inputs, |x, y| e.arithmetic("+", x, y)),
        Primitive::Sub => pairs(inputs, |x, y| e.arithmetic("-", x, y)),
        Primitive::Mul => pairs(inputs, |x, y| e.arithmetic("*", x, y)),
        Primitive::Div => pairs(inputs, |x, y| e.arithmetic("/", x, y)),
        Primitive::Pow => pairs(inputs, |x, y| e.arithmetic("pow", x, y)),
        Primitive::And => pairs(inputs, |x, y| e.logic("and", x, y)),
        Primitive::Or => pairs(inputs, |x, y| e.logic("or", x, y)),
        Primitive::Equal => pairs(inputs, |x, y| e.compare("equal", x, y)),
        Primitive::Greater => pairs(inputs, |x, y| e.compare("greaterThan", x, y)),
        Primitive::GreaterOrEqual => pairs(inputs, |x, y| e.compare("greaterOrEqual", x, y)),
        Primitive::Less => pairs(inputs, |x, y| e.compare("lessThan", x, y)),
        Primitive::LessOrEqual => pairs(inputs, |x, y| e.compare("lessOrEqual", x, y)),
        Primitive::Where => {
            let (shape, places) = broadcast(inputs);
            let elements = (0..places[0].len()).map(|at| {
                let of = |input: usize| inputs[input].elements[places[input][at]].clone();
                e.choose(of(0), of(1), of(2))
            });
            Tensor { elements: elements.collect(), shape }
        }
        Primitive::ReduceSum { axis } => reduce(&inputs[0], *axis, |terms| e.sum(terms)),
        Primitive::ReduceMax { axis } => reduce(&inputs[0], *axis, |terms| e.extreme("max", terms)),
        Primitive::ReduceMin { axis } => reduce(&inputs[0], *axis, |terms| e.extreme("min", terms)),
        Primitive::ArgMax { axis, .. } | Primitive::ArgMin { axis } if inputs[0].shape[*axis] > MOST_PLACES => {
            return Err(Reason::new(format!("it looks for the greatest of more than {MOST_PLACES} numbers")));
        }
        Primitive::ArgMax { axis, last } => reduce(&inputs[0], *axis, |terms| place(e, "max", &terms, *last)),
        Primitive::ArgMin { axis } => reduce(&inputs[0], *axis, |terms| place(e, "min", &terms, false)),
        Primitive::CumSum { axis } => {
            let mut result = inputs[0].clone();
            let (outer, length, inner) = sizes(&result.shape, *axis);
            for o in 0..outer {
                for at in o * length * inner + inner..(o + 1) * length * inner {
                    let (x, y) = (result.elements[at - inner].clone(), result.elements[at].clone());
                    let sum = e.arithmetic("+", x, y);
                    result.elements[at] = if single { e.cast(sum, DType::F32) } else { sum };
                }
            }
            result
        }
        Primitive::Constant(constant) => Tensor {
            shape: constant.shape.clone(),
            elements: match &constant.elements {
                Elements::F64(values) => values.iter().map(|&bits| Scalar::F64(bits)).collect(),
                Elements::I64(values) => values.iter().map(|&value| Scalar::I64(value)).collect(),
                Elements::Bool(values) => values.iter().map(|&value| Scalar::Bool(value)).collect(),
                Elements::Str(values) => values.iter().map(|value| Scalar::Str(value.as_str().into())).collect(),
            },
        },
        Primitive::Concat { axis } => {
            let mut shape = inputs[0].shape.clone();
            shape[*axis] = inputs.iter().map(|input| input.shape[*axis]).sum();
            let outer: usize = shape[..*axis].iter().product();
            let mut elements = Vec::new();
            for o in 0..outer {
                for input in inputs {
                    let count: usize = input.shape[*axis..].iter().product();
                    elements.extend_from_slice(&input.elements[o * count..(o + 1) * count]);
                }
            }
            Tensor { shape, elements }
        }
        Primitive::Expand => inputs[0].clone(),
        Primitive::Reshape(shape) => Tensor {
            shape: shape.iter().map(|dim| if let Dim::Fixed(length) = dim { *length } else { 1 }).collect(),
            elements: inputs[0].elements.clone(),
        },
        Primitive::Slice { axis, start, end } => {
            let (outer, length, inner) = sizes(&inputs[0].shape, *axis);
            let mut shape = inputs[0].shape.clone();
            shape[*axis] = end - start;
            let part = |o: usize| (o * length + start) * inner..(o * length + end) * inner;
            let elements = (0..outer).flat_map(|o| inputs[0].elements[part(o)].to_vec()).collect();
            Tensor { shape, elements }
        }
        Primitive::Gather { axis } => {
            let (x, indices) = (&inputs[0], &inputs[1]);
            let (outer, length, inner) = sizes(&x.shape, *axis);
            let mut elements = Vec::new();
            for o in 0..outer {
                for index in &indices.elements {
                    for i in 0..inner {
                        let choices = (0..length).map(|at| x.elements[(o * length + at) * inner + i].clone());
                        elements.push(taken(e, &choices.collect::<Vec<_>>(), index)?);
                    }
                }
            }
            Tensor { shape: [&x.shape[..*axis], &indices.shape, &x.shape[axis + 1..]].concat(), elements }
        }
        Primitive::GatherElements { .. } => {
            let (x, indices) = (&inputs[0], &inputs[1]);
            let elements = indices.elements.iter().map(|index| taken(e, &x.elements, index));
            Tensor { shape: indices.shape.clone(), elements: elements.collect::<Result<_, _>>()? }
        }
        Primitive::LabelEncoder(places) => {
            #[expect(clippy::cast_precision_loss, reason = "a number of categories")]
            let table = places.iter().map(|(text, place)| (text.clone(), Bits::of(*place as f64)));
            let table = Rc::new(table.collect::<Vec<_>>());
            each(&inputs[0], |x| e.map(x, &table, -1.0, -1.0))
        }
        Primitive::MatMul => {
            let (x, y) = (&inputs[0], &inputs[1]);
            let (rows, inner, columns) = (x.shape[0], x.shape[1], y.shape[1]);
            let mut elements = Vec::with_capacity(rows * columns);
            for row in 0..rows {
                for column in 0..columns {
                    let terms = (0..inner).map(|k| {
                        let (a, b) = (x.elements[row * inner + k].clone(), y.elements[k * columns + column].clone());
                        e.arithmetic("*", a, b)
                    });
                    let terms = terms.collect();
                    elements.push(e.sum(terms));
                    if e.is_too_large() {
                        return Err(Reason::new("it takes more expressions than a document can hold"));
                    }
                }
            }
            Tensor { shape: vec![rows, columns], elements }
        }
        Primitive::RefuseWhere(_) => return refused("rows that are refused"),
        Primitive::TopK { .. } => return refused("sorting"),
        Primitive::TreeEnsemble(_) => return refused("trees within an expression"),
    })
}

fn each(x: &Tensor, f: impl FnMut(Scalar) -> Scalar) -> Tensor {
    Tensor { shape: x.shape.clone(), elements: x.elements.iter().cloned().map(f).collect() }
}

/// A function of one double.
fn function(e: &mut Expressions, name: &'static str, x: &Tensor) -> Tensor {
    each(x, |x| match x.constant() {
        Some(value) => Scalar::number(match name {
            "abs" => value.abs(),
            "ceil" => value.ceil(),
            "cos" => value.cos(),
            "exp" => value.exp(),
            "floor" => value.floor(),
            "ln" => value.ln(),
            "rint" => value.round_ties_even(),
            "sin" => value.sin(),
            "sqrt" => value.sqrt(),
            _ => value.tanh(),
        }),
        None => e.function(name, x),
    })
}

fn pairs(inputs: &[Tensor], mut f: impl FnMut(Scalar, Scalar) -> Scalar) -> Tensor {
    let (shape, places) = broadcast(inputs);
    let of = |input: usize, place: usize| inputs[input].elements[place].clone();
    let elements = places[0].iter().zip(&places[1]).map(|(&x, &y)| f(of(0, x), of(1, y))).collect();
    Tensor { shape, elements }
}

/// The element at a place that may be known only with the row.
fn taken(e: &mut Expressions, choices: &[Scalar], index: &Scalar) -> Result<Scalar, Reason> {
    let numbers: Option<Vec<f64>> = choices.iter().map(Scalar::constant).collect();
    if let (Scalar::I64(index), _) = (index, ()) {
        let place = usize::try_from(*index).ok().and_then(|index| choices.get(index));
        return place.cloned().ok_or_else(|| Reason::new("an index beyond a table"));
    }
    if let Some(numbers) = numbers
        && let Some(mapped) = e.remapped(index, &numbers)
    {
        return Ok(mapped);
    }
    let Some((last, others)) = choices.split_last() else { return Err(Reason::new("a table without elements")) };
    if others.len() > MOST_CHOICES {
        return Err(Reason::new("it looks numbers up in a table of more than 200 elements"));
    }
    let mut result = last.clone();
    for (place, choice) in others.iter().enumerate().rev() {
        #[expect(clippy::cast_precision_loss, reason = "a place in a table")]
        let is_here = e.compare("equal", index.clone(), Scalar::number(place as f64));
        result = e.choose(is_here, choice.clone(), result);
    }
    Ok(result)
}

/// Most numbers of which the place of the greatest is an expression, which is a chain of `if`.
const MOST_PLACES: usize = 1000;

/// The longest chain of `if` that looks a number up.
const MOST_CHOICES: usize = 200;

/// The place of the greatest or least of some doubles, the first or the last of equals.
fn place(e: &mut Expressions, function: &'static str, terms: &[Scalar], last: bool) -> Scalar {
    let constants: Option<Vec<f64>> = terms.iter().map(Scalar::constant).collect();
    let index = |place: usize| Scalar::I64(i64::try_from(place).unwrap_or(i64::MAX));
    if let ([_], _) = (terms, ()) {
        return index(0);
    }
    if let Some(constants) = constants {
        let better = |a: f64, b: f64| match (function, last) {
            ("max", false) => a > b,
            ("max", true) => a >= b,
            _ => a < b,
        };
        return index(
            (1..constants.len()).fold(0, |best, at| if better(constants[at], constants[best]) { at } else { best }),
        );
    }
    let count = terms.len();
    let best = e.extreme(function, terms.to_vec());
    let order: Vec<usize> = if last { (0..count).collect() } else { (0..count).rev().collect() };
    let mut result = index(order[0]);
    for &at in &order[1..] {
        let is_best = e.compare("equal", terms[at].clone(), best.clone());
        result = e.choose(is_best, index(at), result);
    }
    result
}

fn reduce(x: &Tensor, axis: usize, mut f: impl FnMut(Vec<Scalar>) -> Scalar) -> Tensor {
    let (outer, length, inner) = sizes(&x.shape, axis);
    let mut shape = x.shape.clone();
    shape[axis] = 1;
    let mut elements = Vec::with_capacity(outer * inner);
    for o in 0..outer {
        for i in 0..inner {
            elements.push(f((0..length).map(|at| x.elements[(o * length + at) * inner + i].clone()).collect()));
        }
    }
    Tensor { shape, elements }
}

/// How many elements there are before an axis, along it, and after it.
fn sizes(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    (shape[..axis].iter().product(), shape[axis], shape[axis + 1..].iter().product())
}

/// The shape of an elementwise operation, and for each input the place of each element.
fn broadcast(inputs: &[Tensor]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let rank = inputs.iter().map(|input| input.shape.len()).max().unwrap_or(0);
    let mut shape = vec![1; rank];
    for input in inputs {
        for (all, &own) in shape[rank - input.shape.len()..].iter_mut().zip(&input.shape) {
            if own != 1 {
                *all = own;
            }
        }
    }
    let count: usize = shape.iter().product();
    let places = inputs.iter().map(|input| {
        let offset = rank - input.shape.len();
        let place = |mut at: usize| {
            let (mut place, mut stride) = (0, 1);
            for axis in (0..rank).rev() {
                let index = at % shape[axis];
                at /= shape[axis];
                if axis >= offset {
                    let own = input.shape[axis - offset];
                    place += if own == 1 { 0 } else { index * stride };
                    stride *= own;
                }
            }
            place
        };
        (0..count).map(place).collect()
    });
    (shape.clone(), places.collect())
}
