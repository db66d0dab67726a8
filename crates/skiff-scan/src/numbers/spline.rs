//! `scipy.interpolate.BSpline`: as many knots as its coefficients and its degree ask for.

use skiff_files::{Instance, NdArray};
use skiff_pickle::{Graph, NodeId};

use super::count_of;

/// Looks at the spline at `id`.
pub(super) fn check(graph: &Graph, id: NodeId) -> Result<(), String> {
    let instance = Instance::read(graph, id).ok_or("is no spline")?;
    let array = |name: &str| instance.attribute(name).and_then(|node| NdArray::read(graph, node).ok().flatten());
    // Since scipy 1.16 they stand under names with an underscore.
    let part = |name: &str| array(name).or_else(|| array(&format!("_{name}")));
    let (Some(knots), Some(coefficients)) = (part("t"), part("c")) else { return Ok(()) };
    let degree = count_of(graph, &instance, "k").ok_or("has a degree that is none")?;
    let axis = count_of(graph, &instance, "axis").unwrap_or(0);
    let count = coefficients.shape.first().copied().unwrap_or(0);
    // scipy asks for both when a spline is made, and for neither when it is loaded.
    let splines = knots.len().checked_sub(degree.saturating_add(1));
    let fits = knots.ndim() == 1 && splines.is_some_and(|splines| splines > degree && count >= splines);
    let ordered = knots.to_f64().is_some_and(|knots| knots.is_sorted() && knots.iter().all(|knot| knot.is_finite()));
    if fits && ordered && axis < coefficients.ndim().max(1) {
        return Ok(());
    }
    Err(format!("has {} knots and {count} coefficients for the degree {degree}", knots.len()))
}
