//! Learned numbers, rounded in place.

use std::collections::HashMap;

use skiff_files::{DType, Endian, Graph, Instance, NdArray, Node, NodeId, Order};

use super::objects::{Place, does_not_apply, objects};
use super::options::Precision;
use super::state;
use crate::Error;

/// The attributes whose numbers are learned parameters, of any estimator; arrays, or lists of them.
const LEARNED: [&str; 13] = [
    "X_fit_",
    "_dual_coef_",
    "_fit_X",
    "cluster_centers_",
    "coef_",
    "coefs_",
    "components_",
    "dual_coef_",
    "feature_log_prob_",
    "intercepts_",
    "scalings_",
    "support_vectors_",
    "values",
];

/// Rounds all learned numbers, and returns whose.
pub(super) fn round(graph: &mut Graph, precision: Precision) -> Result<Vec<Place>, Error> {
    let mut places = Vec::new();
    let mut rounding = Rounding { precision, known: HashMap::new(), beyond: None };
    for (id, class) in objects(graph) {
        let name = class.name();
        let is_tree = class.path() == "sklearn.tree._tree.Tree";
        if !(class.is_estimator() || is_tree && is_regression(graph, id) || name == "TreePredictor") {
            continue;
        }
        // A search tree has its own copy of the rows, with bounds that rounded ones may leave.
        let is_searched = Instance::read(graph, id)
            .and_then(|object| object.attribute("_tree"))
            .is_some_and(|tree| *graph.node(tree) != Node::None);
        let mut changed = Vec::new();
        state::change(graph, id, |graph, attribute, value| {
            let known = LEARNED.iter().find(|known| **known == attribute);
            let new = match known {
                Some(&"_fit_X") if is_searched => None,
                Some(_) => rounding.value(graph, value),
                None if name == "TreePredictor" && attribute == "nodes" => rounding.field(graph, value, "value"),
                None => None,
            };
            if new.is_some_and(|new| new != value) {
                changed.push((name, known.copied().unwrap_or("nodes")));
            }
            Some(new.unwrap_or(value))
        });
        if let Some(value) = rounding.beyond {
            return Err(Error::reduction(format!(
                "`{}`: `{name}` has the number {value}, which is beyond its range",
                precision.option()
            )));
        }
        places.append(&mut changed);
    }
    if places.is_empty() {
        return Err(does_not_apply(
            graph,
            precision.option(),
            "coefficients, weights, components, support vectors, rows compared one by one, and values of regression trees that it changes",
        ));
    }
    // What shares an array with them shares the new one.
    let all: Vec<NodeId> = objects(graph).into_iter().map(|(id, _)| id).collect();
    for id in all {
        state::change(graph, id, |_, _, value| Some(rounding.known.get(&value).copied().flatten().unwrap_or(value)));
    }
    Ok(places)
}

/// Whether a tree has one value for each node and output; fractions of classes are stored as counts, and take less.
fn is_regression(graph: &Graph, tree: NodeId) -> bool {
    let classes = Instance::read(graph, tree).and_then(|tree| tree.arguments().get(1).copied());
    let classes = classes.and_then(|classes| NdArray::read(graph, classes).ok().flatten()?.to_i64());
    classes.is_some_and(|classes| classes.iter().all(|&count| count == 1))
}

struct Rounding {
    precision: Precision,
    /// What was rounded, and the new node; none where nothing is to be rounded.
    known: HashMap<NodeId, Option<NodeId>>,
    /// A number that the precision does not have.
    beyond: Option<f64>,
}

impl Rounding {
    /// An array, or a list of arrays, with rounded numbers.
    fn value(&mut self, graph: &mut Graph, id: NodeId) -> Option<NodeId> {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        let new = match graph.node(id) {
            Node::List(items) => {
                let items = items.clone();
                let new: Vec<NodeId> =
                    items.iter().map(|&item| self.array(graph, item, None).unwrap_or(item)).collect();
                (new != items).then(|| graph.push(Node::List(new)))
            }
            _ => self.array(graph, id, None),
        };
        self.known.insert(id, new);
        new
    }

    /// An array of records with one field rounded.
    fn field(&mut self, graph: &mut Graph, id: NodeId, field: &str) -> Option<NodeId> {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        let new = self.array(graph, id, Some(field));
        self.known.insert(id, new);
        new
    }

    fn array(&mut self, graph: &mut Graph, id: NodeId, field: Option<&str>) -> Option<NodeId> {
        let array = NdArray::read(graph, id).ok()??;
        let (dtype, at, stride) = match (&array.dtype, field) {
            (DType::Struct { fields, itemsize }, Some(name)) => {
                let field = fields.iter().find(|field| field.name == name)?;
                (&field.dtype, field.offset, *itemsize)
            }
            (dtype, None) => (dtype, 0, dtype.itemsize()?),
            _ => return None,
        };
        let DType::Float { size, endian } = *dtype else { return None };
        let is_double = match size {
            8 => true,
            4 => false,
            _ => return None,
        };
        let mut bytes = array.bytes_once()?.as_slice().to_vec();
        let mut numbers: Vec<f64> =
            bytes.chunks_exact(stride).map(|item| read(item.get(at..)?, is_double, endian)).collect::<Option<_>>()?;
        match self.precision {
            Precision::Float32 | Precision::Float16 => {
                for number in &mut numbers {
                    let rounded = if self.precision == Precision::Float32 { single(*number) } else { half(*number) };
                    if number.is_finite() && !rounded.is_finite() {
                        self.beyond = Some(*number);
                        return None;
                    }
                    *number = rounded;
                }
            }
            Precision::Quantized => {
                // Rows of a matrix have their own scale.
                let rows = if array.ndim() == 2 { array.shape[0] } else { 1 };
                let row_of = |place: usize| match array.order {
                    Order::C => place.checked_div(numbers.len() / rows.max(1)).unwrap_or(0),
                    Order::F => place % rows.max(1),
                };
                let mut greatest = vec![0.0_f64; rows.max(1)];
                for (place, number) in numbers.iter().enumerate() {
                    if number.is_finite() {
                        let greatest = greatest.get_mut(row_of(place))?;
                        *greatest = greatest.max(number.abs());
                    }
                }
                let steps: Vec<f64> = greatest.into_iter().map(step).collect();
                let rounded = numbers.iter().enumerate().map(|(place, number)| {
                    let step = steps.get(row_of(place)).copied().unwrap_or(0.0);
                    if step == 0.0 || !number.is_finite() { *number } else { (number / step).round_ties_even() * step }
                });
                numbers = rounded.collect();
            }
        }
        for (item, number) in bytes.chunks_exact_mut(stride).zip(numbers) {
            write(item.get_mut(at..)?, number, is_double, endian)?;
        }
        let is_same = array.bytes_once().is_some_and(|old| old.as_slice() == bytes);
        if is_same { None } else { NdArray::with_bytes(graph, id, bytes) }
    }
}

/// The least power of two of which 127 are not less than a number.
fn step(greatest: f64) -> f64 {
    if greatest == 0.0 { 0.0 } else { (greatest / 127.0).log2().ceil().exp2() }
}

#[expect(clippy::as_conversions, reason = "rounds")]
#[expect(clippy::cast_possible_truncation, reason = "as above")]
fn single(value: f64) -> f64 {
    f64::from(value as f32)
}

/// The nearest number of eleven bits that a `float16` has; infinite beyond its range.
fn half(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    // The distance of neighbours: of 2^-24 below the least normal number.
    let exponent = value.abs().log2().floor().max(-14.0);
    let step = (exponent - 10.0).exp2();
    let rounded = (value / step).round_ties_even() * step;
    if rounded.abs() > 65_504.0 { f64::INFINITY.copysign(rounded) } else { rounded }
}

fn read(bytes: &[u8], is_double: bool, endian: Endian) -> Option<f64> {
    Some(match (is_double, endian) {
        (true, Endian::Little) => f64::from_le_bytes(*bytes.first_chunk()?),
        (true, Endian::Big) => f64::from_be_bytes(*bytes.first_chunk()?),
        (false, Endian::Little) => f32::from_le_bytes(*bytes.first_chunk()?).into(),
        (false, Endian::Big) => f32::from_be_bytes(*bytes.first_chunk()?).into(),
    })
}

#[expect(clippy::as_conversions, reason = "numbers of a `float32` array are rounded to fewer bits")]
#[expect(clippy::cast_possible_truncation, reason = "as above")]
fn write(bytes: &mut [u8], number: f64, is_double: bool, endian: Endian) -> Option<()> {
    match (is_double, endian) {
        (true, Endian::Little) => *bytes.first_chunk_mut()? = number.to_le_bytes(),
        (true, Endian::Big) => *bytes.first_chunk_mut()? = number.to_be_bytes(),
        (false, Endian::Little) => *bytes.first_chunk_mut()? = (number as f32).to_le_bytes(),
        (false, Endian::Big) => *bytes.first_chunk_mut()? = (number as f32).to_be_bytes(),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_those_of_numpy() {
        for (value, expected) in [
            (0.1, 0.099_975_585_937_5),
            (1.0 / 3.0, 0.333_251_953_125),
            (65_504.0, 65_504.0),
            (65_519.0, 65_504.0),
            (6e-8, 5.960_464_477_539_063e-8),
            (1e-8, 0.0),
            (-0.0, -0.0),
            (2049.0, 2048.0),
            (2051.0, 2052.0),
        ] {
            assert_eq!(half(value).to_bits(), f64::to_bits(expected), "{value}");
        }
        assert!(half(65_520.0).is_infinite() && half(-1e9) == f64::NEG_INFINITY);
    }

    #[test]
    fn steps_are_powers_of_two() {
        assert_eq!([step(127.0), step(128.0), step(1.0), step(0.0)], [1.0, 2.0, 0.015_625, 0.0]);
    }
}
