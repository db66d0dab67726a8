//! The state of scipy's `BSpline`, checked: for predictions, and for the verdict on a file.

use skiff_files::{Instance, NdArray};
use skiff_pickle::{Graph, NodeId};

use crate::fields::parts::{count, damaged, unexpected};
use crate::fields::{ReadError, ReadErrorKind};

/// The state of a `scipy.interpolate.BSpline`. One that exists has finite knots in order, and as many of them as its
/// degree and its coefficients ask for: scipy asks for both when a spline is made, and for neither when it is loaded.
#[derive(Debug)]
pub struct SplineView {
    /// `t`: the knots, in order.
    pub knots: Vec<f64>,
    /// `c`, at least (n_knots - k - 1, …).
    pub coefficients: NdArray,
    /// `k`: the degree.
    pub degree: usize,
}

/// The attributes of a spline.
pub(crate) const ATTRIBUTES: [&str; 10] =
    ["t", "c", "k", "axis", "extrapolate", "_t", "_c", "_axis", "_asarray", "_delegate_to"];

impl SplineView {
    /// The spline at a node of a graph.
    ///
    /// # Errors
    /// When it is none, or its state contradicts itself; the path is that of the part within it.
    pub fn read(graph: &Graph, id: NodeId) -> Result<Self, ReadError> {
        let instance = Instance::read(graph, id).ok_or_else(|| unexpected(graph, id, "", "a spline"))?;
        let array = |name: &str| NdArray::read(graph, instance.attribute(name)?).ok().flatten();
        // Since scipy 1.16 they are under names with an underscore; the public name is a function that computes the array.
        let part = |name: &'static str| {
            let missing = || ReadError::new(name.to_owned(), ReadErrorKind::Missing);
            array(name).or_else(|| array(&format!("_{name}"))).ok_or_else(missing)
        };
        let (knots, coefficients) = (part("t")?, part("c")?);
        let degree = instance.attribute("k").ok_or_else(|| damaged("k", "no degree".to_owned()))?;
        let degree = count(graph, degree, "k")?;
        let axis = instance.attribute("axis").and_then(|axis| count(graph, axis, "axis").ok()).unwrap_or(0);
        let rows = coefficients.shape.first().copied().unwrap_or(0);
        let splines = knots.len().checked_sub(degree.saturating_add(1));
        let fits = knots.ndim() == 1 && splines.is_some_and(|splines| splines > degree && rows >= splines);
        let numbers = knots.to_f64().filter(|knots| knots.is_sorted() && knots.iter().all(|knot| knot.is_finite()));
        match numbers {
            Some(knots) if fits && axis < coefficients.ndim().max(1) => Ok(Self { knots, coefficients, degree }),
            _ => {
                let what = format!("{} knots and {rows} coefficients for the degree {degree}", knots.len());
                Err(damaged("", what))
            }
        }
    }

    /// How many bytes a reader makes of it.
    pub(crate) fn size(&self) -> usize {
        self.knots.len().saturating_add(self.coefficients.len()).saturating_mul(8).saturating_add(256)
    }
}
