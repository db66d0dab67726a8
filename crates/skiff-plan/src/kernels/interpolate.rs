//! `np.interp`: on straight lines between points.

/// The value at `x` of the lines through the points, whose `xs` ascend; the outermost values beyond them. There is one
/// point at least.
pub fn interpolate(x: f64, xs: &[f64], ys: &[f64]) -> f64 {
    if x.is_nan() {
        return x;
    }
    let last = xs.len() - 1;
    if x > xs[last] {
        return ys[last];
    }
    if x < xs[0] {
        return ys[0];
    }
    // The last point that is not above `x`.
    let at = xs.partition_point(|&point| point <= x).saturating_sub(1);
    if at == last || xs[at] == x {
        return ys[at];
    }
    let slope = (ys[at + 1] - ys[at]) / (xs[at + 1] - xs[at]);
    let value = slope * (x - xs[at]) + ys[at];
    if !value.is_nan() {
        return value;
    }
    let value = slope * (x - xs[at + 1]) + ys[at + 1];
    if value.is_nan() && ys[at] == ys[at + 1] { ys[at] } else { value }
}
