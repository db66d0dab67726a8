//! `BinaryTree.kernel_density`: the sum of a kernel over all points, node by node in scikit-learn's order and to its
//! tolerances, in logarithms.
//!
//! The bounds that are added and taken away again leave rounding errors in scikit-learn's sum, which are all there is of
//! it far from every point. That is why the same steps are taken even where a plain sum would be shorter.

use std::f64::consts::PI;

use super::binary_tree::BinaryTree;
use super::ln_gamma::ln_gamma;

/// The shape of a kernel of bandwidth h, not normalized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DensityKernel {
    /// exp(-d² / 2h²)
    Gaussian,
    /// 1 where d < h
    Tophat,
    /// 1 - d²/h² where d < h
    Epanechnikov,
    /// exp(-d / h)
    Exponential,
    /// 1 - d/h where d < h
    Linear,
    /// cos(πd / 2h) where d < h
    Cosine,
}

/// The density around the points of a tree.
#[derive(Clone, Debug)]
pub struct TreeDensity {
    tree: BinaryTree,
    kernel: DensityKernel,
    bandwidth: f64,
    /// The logarithm of what the kernel is normalized by.
    log_norm: f64,
    /// The logarithms of `atol`, times the number or the weight of all points, and of `rtol`.
    log_atol: f64,
    log_rtol: f64,
    breadth_first: bool,
    /// The number or the weight of all points.
    total: f64,
    /// The numbers or the weights of the points of the nodes; 0 for nodes that are never reached.
    node_totals: Vec<f64>,
}

/// What a density is summed with.
#[derive(Clone, Copy, Debug)]
pub struct DensityOptions {
    /// `kernel`
    pub kernel: DensityKernel,
    /// `bandwidth_`
    pub bandwidth: f64,
    /// `atol`
    pub atol: f64,
    /// `rtol`
    pub rtol: f64,
    /// `breadth_first`
    pub breadth_first: bool,
}

/// What is kept from row to row, so that there is no allocation for each.
#[derive(Clone, Debug, Default)]
pub(crate) struct DensityScratch {
    heap: NodeHeap,
    /// For each node the bounds of its share.
    bounds: Vec<Bounds>,
    open: Vec<(usize, Bounds)>,
}

/// The logarithms of the least that a sum can be, and of how much more it may be.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    least: f64,
    spread: f64,
}

impl DensityKernel {
    /// `compute_log_kernel`
    fn log(self, distance: f64, h: f64) -> f64 {
        let within = |value: f64| if distance < h { value } else { f64::NEG_INFINITY };
        match self {
            Self::Gaussian => -0.5 * (distance * distance) / (h * h),
            Self::Tophat => within(0.0),
            Self::Epanechnikov => within((1.0 - (distance * distance) / (h * h)).ln()),
            Self::Exponential => -distance / h,
            Self::Linear => within((1.0 - distance / h).ln()),
            Self::Cosine => within((0.5 * PI * distance / h).cos().ln()),
        }
    }

    /// `_log_kernel_norm`, in so many dimensions.
    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ dimensions")]
    fn log_norm(self, h: f64, dimensions: usize) -> f64 {
        let d = dimensions as f64;
        let log_two_pi = (2.0 * PI).ln();
        // The volume of the unit ball, and the surface of the unit sphere in one dimension more.
        let log_volume = |n: f64| 0.5 * n * PI.ln() - ln_gamma(0.5 * n + 1.0);
        let log_surface = |n: f64| log_two_pi + log_volume(n - 1.0);
        let factor = match self {
            Self::Gaussian => 0.5 * d * log_two_pi,
            Self::Tophat => log_volume(d),
            Self::Epanechnikov => log_volume(d) + (2.0 / (d + 2.0)).ln(),
            Self::Exponential => log_surface(d - 1.0) + ln_gamma(d),
            Self::Linear => log_volume(d) - (d + 1.0).ln(),
            Self::Cosine => {
                let (mut factor, mut term) = (0.0, 2.0 / PI);
                for k in (1..=dimensions).step_by(2) {
                    factor += term;
                    term *= -(d - k as f64) * (d - k as f64 - 1.0) * (2.0 / PI).powi(2);
                }
                f64::ln(factor) + log_surface(d - 1.0)
            }
        };
        -factor - d * h.ln()
    }
}

impl TreeDensity {
    /// The density around the points of `tree`.
    pub fn new(tree: BinaryTree, options: DensityOptions) -> Self {
        let DensityOptions { kernel, bandwidth, atol, rtol, breadth_first } = options;
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ points")]
        let count = |points: usize| points as f64;
        let total = match &tree.weights {
            Some(weights) => super::pairwise_sum::pairwise_sum(weights),
            None => count(tree.points.rows),
        };
        let mut node_totals = vec![0.0; tree.nodes.len()];
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            let node = tree.nodes[at];
            node_totals[at] = match &tree.weights {
                Some(weights) => tree.order[node.start..node.end].iter().fold(0.0, |sum, &point| sum + weights[point]),
                None => count(node.end - node.start),
            };
            if !node.is_leaf {
                open.extend([2 * at + 1, 2 * at + 2]);
            }
        }
        let log_norm = kernel.log_norm(bandwidth, tree.points.cols);
        let (log_atol, log_rtol) = ((atol * total).ln(), rtol.ln());
        Self { tree, kernel, bandwidth, log_norm, log_atol, log_rtol, breadth_first, total, node_totals }
    }

    /// How many features rows have.
    pub fn width(&self) -> usize {
        self.tree.points.cols
    }

    /// How many points there are.
    pub fn points(&self) -> usize {
        self.tree.points.rows
    }

    /// The logarithm of the density at `x`.
    pub(crate) fn log_density(&self, x: &[f64], scratch: &mut DensityScratch) -> f64 {
        let Bounds { least, spread } = match self.breadth_first {
            true => self.breadth_first(x, scratch),
            false => self.depth_first(x, scratch),
        };
        (log_add_exp(least, spread - 2.0_f64.ln()) + self.log_norm) - self.total.ln()
    }

    /// The logarithms of the least and of the greatest share that the points of a node can have.
    fn node_bounds(&self, node: usize, x: &[f64]) -> (f64, f64, f64) {
        let (nearest, furthest) = self.tree.distances_of(node, x);
        let weight = self.node_totals[node].ln();
        let log = |distance: f64| weight + self.kernel.log(distance, self.bandwidth);
        (log(furthest), log(nearest), nearest)
    }

    /// Whether what is unknown of a node, or of the whole, is small enough.
    fn is_settled(&self, log_unknown: f64, log_least: f64) -> bool {
        log_unknown <= log_add_exp(self.log_atol, self.log_rtol + self.log_norm + log_least)
    }

    fn is_node_settled(&self, node: usize, bounds: Bounds) -> bool {
        let unknown = self.log_norm + bounds.spread - self.node_totals[node].ln() + self.total.ln();
        self.is_settled(unknown, bounds.least)
    }

    fn is_whole_settled(&self, whole: Bounds) -> bool {
        self.is_settled(self.log_norm + whole.spread, whole.least)
    }

    /// The shares of the points of a leaf, in place of its bounds.
    fn count_leaf(&self, node: usize, x: &[f64], bounds: Bounds, whole: &mut Bounds) {
        whole.least = log_sub_exp(whole.least, bounds.least);
        whole.spread = log_sub_exp(whole.spread, bounds.spread);
        let node = self.tree.nodes[node];
        for &point in &self.tree.order[node.start..node.end] {
            let share = self.kernel.log(self.tree.distance(point, x), self.bandwidth);
            let weight = self.tree.weights.as_ref().map_or(0.0, |weights| weights[point].ln());
            whole.least = log_add_exp(whole.least, share + weight);
        }
    }

    /// The bounds of two children, in place of their parent's.
    fn split(parent: Bounds, children: [Bounds; 2], whole: &mut Bounds) {
        whole.least = log_sub_exp(whole.least, parent.least);
        whole.spread = log_sub_exp(whole.spread, parent.spread);
        for child in children {
            whole.least = log_add_exp(whole.least, child.least);
        }
        for child in children {
            whole.spread = log_add_exp(whole.spread, child.spread);
        }
    }

    /// `_kde_single_breadthfirst`. The spread of a node but the root is the greatest share itself there.
    fn breadth_first(&self, x: &[f64], scratch: &mut DensityScratch) -> Bounds {
        let DensityScratch { heap, bounds, .. } = scratch;
        heap.clear();
        bounds.resize(self.tree.nodes.len(), Bounds { least: f64::NEG_INFINITY, spread: 0.0 });
        let (nearest, furthest) = self.tree.distances_of(0, x);
        let log = |distance: f64| self.total.ln() + self.kernel.log(distance, self.bandwidth);
        let mut whole = Bounds { least: log(furthest), spread: log_sub_exp(log(nearest), log(furthest)) };
        bounds[0] = whole;
        heap.push(nearest, 0);
        while let Some(at) = heap.pop() {
            if self.is_node_settled(at, bounds[at]) {
                continue;
            }
            if self.is_whole_settled(whole) {
                break;
            }
            if self.tree.nodes[at].is_leaf {
                self.count_leaf(at, x, bounds[at], &mut whole);
                continue;
            }
            let children = [2 * at + 1, 2 * at + 2].map(|child| {
                let (least, spread, nearest) = self.node_bounds(child, x);
                (child, nearest, Bounds { least, spread })
            });
            Self::split(bounds[at], children.map(|(_, _, bounds)| bounds), &mut whole);
            for (child, nearest, of_child) in children {
                bounds[child] = of_child;
                heap.push(nearest, child);
            }
        }
        whole
    }

    /// `_kde_single_depthfirst` from the root.
    fn depth_first(&self, x: &[f64], scratch: &mut DensityScratch) -> Bounds {
        let open = &mut scratch.open;
        let bounds_of = |node: usize| {
            let (least, greatest, _) = self.node_bounds(node, x);
            Bounds { least, spread: log_sub_exp(greatest, least) }
        };
        let (nearest, furthest) = self.tree.distances_of(0, x);
        let log = |distance: f64| self.total.ln() + self.kernel.log(distance, self.bandwidth);
        let mut whole = Bounds { least: log(furthest), spread: log_sub_exp(log(nearest), log(furthest)) };
        open.clear();
        open.push((0, whole));
        while let Some((at, bounds)) = open.pop() {
            if self.is_node_settled(at, bounds) || self.is_whole_settled(whole) {
                continue;
            }
            if self.tree.nodes[at].is_leaf {
                self.count_leaf(at, x, bounds, &mut whole);
                continue;
            }
            let [first, second] = [2 * at + 1, 2 * at + 2].map(|child| (child, bounds_of(child)));
            Self::split(bounds, [first.1, second.1], &mut whole);
            open.extend([second, first]);
        }
        whole
    }
}

/// `logaddexp` of `_binary_tree.pxi`: log(exp(a) + exp(b)).
fn log_add_exp(a: f64, b: f64) -> f64 {
    let greatest = a.max(b);
    if greatest == f64::NEG_INFINITY {
        return greatest;
    }
    greatest + ((a - greatest).exp() + (b - greatest).exp()).ln()
}

/// `logsubexp` of `_binary_tree.pxi`: log(exp(a) - exp(b)).
fn log_sub_exp(a: f64, b: f64) -> f64 {
    if a <= b { f64::NEG_INFINITY } else { a + (1.0 - (b - a).exp()).ln() }
}

/// `NodeHeap`: the node with the least value comes out first, and of equals the one that does in scikit-learn.
#[derive(Clone, Debug, Default)]
struct NodeHeap {
    nodes: Vec<(f64, usize)>,
}

impl NodeHeap {
    fn clear(&mut self) {
        self.nodes.clear();
    }

    fn push(&mut self, value: f64, node: usize) {
        self.nodes.push((value, node));
        let mut at = self.nodes.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if self.nodes[parent].0 <= self.nodes[at].0 {
                break;
            }
            self.nodes.swap(at, parent);
            at = parent;
        }
    }

    fn pop(&mut self) -> Option<usize> {
        let last = self.nodes.pop()?;
        let Some(first) = self.nodes.first_mut() else { return Some(last.1) };
        let (_, popped) = std::mem::replace(first, last);
        let mut at = 0;
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let child = match (self.nodes.get(left), self.nodes.get(right)) {
                (Some(a), Some(b)) if a.0 <= b.0 => left,
                (Some(_), Some(_)) => right,
                (Some(_), None) => left,
                (None, _) => break,
            };
            // As scikit-learn has it: equals change places.
            let sinks = self.nodes[child].0 <= self.nodes[at].0;
            if !sinks {
                break;
            }
            self.nodes.swap(at, child);
            at = child;
        }
        Some(popped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heap_gives_the_least_first() {
        let mut heap = NodeHeap::default();
        for (node, value) in [3.0, 1.0, 2.0, 1.0, 0.5].into_iter().enumerate() {
            heap.push(value, node);
        }
        let popped: Vec<_> = std::iter::from_fn(|| heap.pop()).collect();
        assert_eq!(popped[0], 4);
        assert_eq!(popped[3..], [2, 0]);
    }

    #[test]
    fn kernels_have_a_volume_of_one() {
        let kernels = [
            DensityKernel::Gaussian,
            DensityKernel::Tophat,
            DensityKernel::Epanechnikov,
            DensityKernel::Exponential,
            DensityKernel::Linear,
            DensityKernel::Cosine,
        ];
        for kernel in kernels {
            let (h, step) = (0.7, 1e-4);
            let norm = kernel.log_norm(h, 1);
            let sum: f64 =
                (-200_000..200_000).map(|at| (norm + kernel.log((f64::from(at) * step).abs(), h)).exp() * step).sum();
            assert!((sum - 1.0).abs() < 1e-3, "{kernel:?}: {sum}");
        }
    }
}
