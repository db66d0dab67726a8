//! `NeighborsBase`, `KNeighborsMixin` and `RadiusNeighborsMixin`: what the estimators of neighbours share.

use std::sync::Arc;

use skiff_files::Scalar;
use skiff_pickle::Node;
use skiff_plan::kernels::brute_force::Points;
use skiff_plan::kernels::metric::Metric;
use skiff_plan::kernels::neighbor_heap::Sort;
use skiff_plan::kernels::row_square;
use skiff_plan::operators::{
    ArrayRule, Brute, Check, Dtype, Finite, Item, NearestNeighbors, NeighborGraph, NeighborWeights, RadiusNeighbors,
    Search, SparseRule,
};
use skiff_plan::value::{Csr, Matrix, NumberType, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::binary_tree::{read_metric_params, read_tree};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};

/// The training rows, and which neighbors are asked for.
#[derive(Debug)]
pub(crate) struct NeighborsBase {
    search: Arc<Search>,
    /// Which rows may contain NaN.
    finite: Finite,
    /// `n_neighbors`; none in the estimators of neighbours within a radius.
    count: Option<usize>,
    /// `radius`; none in the estimators of nearest neighbours.
    radius: Option<f64>,
}

/// Points near to rows.
pub(crate) struct Nearest {
    /// The rows after validation.
    pub(crate) rows: ValueId,
    /// Their distances.
    pub(crate) distances: ValueId,
    /// Their numbers.
    pub(crate) neighbors: ValueId,
}

/// What each neighbour counts: `weights`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weights {
    Uniform,
    Distance,
}

impl NeighborsBase {
    pub(crate) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let sort = if fields.before(1, 9) { Sort::Quick } else { Sort::Intro };
        let search = match fields.string("_fit_method")?.as_str() {
            "brute" => read_brute(fields, sort)?,
            // oneDAL has a tree of its own, and leaves scikit-learn's out.
            "kd_tree" if fields.is_patched() && !fields.has("_tree") => read_brute(fields, sort)?,
            "kd_tree" | "ball_tree" => Search::Tree(read_tree(fields, "_tree")?, sort),
            other => return Err(fields.unsupported("_fit_method", format!("`{other}`"))),
        };
        fields.expect_n_features("_fit_X", search.width())?;
        let count = match fields.int_or_none("n_neighbors")? {
            Some(count) => Some(usize::try_from(count).map_err(|_| fields.unexpected("n_neighbors", "a count"))?),
            None => None,
        };
        let radius = fields.float_or_none("radius")?;
        fields.training_only(&[
            "_fit_X",
            "_tree",
            "algorithm",
            "effective_metric_",
            "effective_metric_params_",
            "leaf_size",
            "metric",
            "metric_params",
            "n_jobs",
            "n_samples_fit_",
            "p",
        ]);
        let allows_nan = matches!(&search, Search::Brute(points, _) if points.metric == Metric::NanEuclidean);
        let finite = if allows_nan { Finite::AllowNan } else { Finite::All };
        Ok(Self { search: Arc::new(search), finite, count, radius })
    }

    /// How many points the fit had.
    pub(crate) fn points(&self) -> usize {
        self.search.points()
    }

    /// How many columns a row must have.
    pub(crate) fn width(&self) -> usize {
        self.search.width()
    }

    /// `n_neighbors`
    pub(crate) fn count(&self) -> Option<usize> {
        self.count
    }

    /// Where neighbours are searched.
    pub(crate) fn search(&self) -> &Arc<Search> {
        &self.search
    }

    /// The validation of rows, as an operator within another one.
    pub(crate) fn check(&self, header: &Header) -> Check {
        Check::new(&header.class, header.feature_names_in.as_ref(), self.rule(), Some(self.width()))
            .with_unique_names(!header.before(1, 9))
    }

    /// The `count` nearest points.
    pub(crate) fn nearest(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        count: Option<usize>,
    ) -> Result<Nearest, Refusal> {
        self.nearest_by(method, input, plan, count, self.rule())
    }

    /// The same, without a check of the names of the columns.
    pub(crate) fn nearest_of_any_names(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        count: usize,
    ) -> Result<Nearest, Refusal> {
        self.nearest_by(method, input, plan, Some(count), self.rule().any_names())
    }

    fn rule(&self) -> ArrayRule {
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).half(Precision::Double);
        let rule = rule.finite(self.finite).sparse(SparseRule::Accept);
        // `_check_precomputed` looks at no names.
        if matches!(*self.search, Search::Precomputed(..)) { rule.any_names() } else { rule }
    }

    fn nearest_by(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        count: Option<usize>,
        rule: ArrayRule,
    ) -> Result<Nearest, Refusal> {
        let (Some(count), points) = (count, self.points()) else {
            return plan.unsupported(method, "n_neighbors=None");
        };
        if count == 0 {
            return plan.invalid(method, "expected n_neighbors > 0, found 0");
        }
        if count > points {
            let what = format!("expected n_neighbors <= n_samples_fit, which is {points}, found {count}");
            return plan.invalid(method, what);
        }
        let x = plan.check(input, rule, self.width());
        let both = plan.push(NearestNeighbors { search: Arc::clone(&self.search), count }, &[x]);
        let distances = plan.push(Item { index: 0 }, &[both]);
        let neighbors = plan.push(Item { index: 1 }, &[both]);
        Ok(Nearest { rows: x, distances, neighbors })
    }

    /// The points within `radius`, or within the estimator's own.
    pub(crate) fn within(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        radius: Option<f64>,
        sorted: bool,
    ) -> Result<Nearest, Refusal> {
        self.within_by(method, input, plan, (radius, sorted), self.rule())
    }

    /// The same of rows that may hold NaN and infinities.
    pub(crate) fn within_any_rows(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
    ) -> Result<Nearest, Refusal> {
        self.within_by(method, input, plan, (None, false), self.rule().finite(Finite::Any))
    }

    fn within_by(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        (radius, sorted): (Option<f64>, bool),
        rule: ArrayRule,
    ) -> Result<Nearest, Refusal> {
        let Some(radius) = radius.or(self.radius) else {
            return plan.unsupported(method, "radius=None");
        };
        if radius.is_nan() || radius < 0.0 {
            return plan.invalid(method, format!("expected radius >= 0, found {radius}"));
        }
        let x = plan.check(input, rule, self.width());
        let both = plan.push(RadiusNeighbors { search: Arc::clone(&self.search), radius, sorted }, &[x]);
        let distances = plan.push(Item { index: 0 }, &[both]);
        let neighbors = plan.push(Item { index: 1 }, &[both]);
        Ok(Nearest { rows: x, distances, neighbors })
    }

    /// The graph of the points within `radius`, with their distances or with ones.
    pub(crate) fn graph_within(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        radius: Option<f64>,
        (with_distances, sorted): (bool, bool),
    ) -> Result<Output, Refusal> {
        // Without distances there is nothing to sort by.
        let found = self.within(method, input, plan, radius, sorted && with_distances)?;
        let inputs = if with_distances { vec![found.neighbors, found.distances] } else { vec![found.neighbors] };
        Ok(Output::matrix(plan.push(NeighborGraph { points: self.points() }, &inputs)))
    }

    /// The neighbours, and their weights where those are not all the same.
    pub(crate) fn weighted(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        weights: Weights,
    ) -> Result<Vec<ValueId>, Refusal> {
        let Nearest { distances, neighbors, .. } = self.nearest(method, input, plan, self.count)?;
        Ok(match weights {
            Weights::Uniform => vec![neighbors],
            Weights::Distance => vec![neighbors, plan.push(NeighborWeights, &[distances])],
        })
    }

    /// The graph of the `count` nearest points, with their distances or with ones.
    pub(crate) fn graph(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        count: Option<usize>,
        with_distances: bool,
    ) -> Result<Output, Refusal> {
        let Nearest { distances, neighbors, .. } = self.nearest(method, input, plan, count)?;
        let inputs = if with_distances { vec![neighbors, distances] } else { vec![neighbors] };
        Ok(Output::matrix(plan.push(NeighborGraph { points: self.points() }, &inputs)))
    }

    /// `kneighbors` and `kneighbors_graph`.
    pub(crate) fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        let count = match params.get("n_neighbors") {
            None | Some(Scalar::None) => self.count,
            Some(_) => match params.count("n_neighbors") {
                Some(count) => Some(count),
                None => return plan.invalid(method, "expected n_neighbors > 0, and a whole number"),
            },
        };
        match method {
            Method::Kneighbors => {
                let Nearest { distances, neighbors, .. } = self.nearest(method, input, plan, count)?;
                if params.flag("return_distance", true) {
                    Ok(Output::Tuple(vec![Output::matrix(distances), Output::matrix(neighbors)]))
                } else {
                    Ok(Output::matrix(neighbors))
                }
            }
            Method::KneighborsGraph => {
                let with_distances = with_distances(method, plan, params)?;
                self.graph(method, input, plan, count, with_distances)
            }
            _ => plan.no_method(method),
        }
    }

    /// `radius_neighbors` and `radius_neighbors_graph`.
    pub(crate) fn lower_radius(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if !matches!(method, Method::RadiusNeighbors | Method::RadiusNeighborsGraph) {
            return plan.no_method(method);
        }
        let (radius, sorted) = (params.float("radius"), params.flag("sort_results", false));
        if method == Method::RadiusNeighborsGraph {
            let with_distances = with_distances(method, plan, params)?;
            return self.graph_within(method, input, plan, radius, (with_distances, sorted));
        }
        let with_distances = params.flag("return_distance", true);
        if sorted && !with_distances {
            return plan.invalid(method, "return_distance must be True if sort_results is True");
        }
        let Nearest { distances, neighbors, .. } = self.within(method, input, plan, radius, sorted)?;
        Ok(match with_distances {
            true => Output::Tuple(vec![Output::column(distances), Output::column(neighbors)]),
            false => Output::column(neighbors),
        })
    }
}

/// Whether `mode` asks for distances.
fn with_distances(method: Method, plan: &Lowering<'_>, params: &Params) -> Result<bool, Refusal> {
    match params.get("mode").map(Scalar::as_str) {
        None | Some(Some("connectivity")) => Ok(false),
        Some(Some("distance")) => Ok(true),
        Some(_) => plan.invalid(method, "expected the mode `connectivity` or `distance`"),
    }
}

/// `weights`; a callable one cannot be called.
pub(crate) fn read_weights(fields: &Fields<'_, '_>) -> Result<Weights, ReadError> {
    let Some(node) = fields.optional("weights") else { return Ok(Weights::Uniform) };
    if !matches!(fields.graph().node(node), Node::Str(_) | Node::ByteStr(_)) {
        return Err(fields.unsupported("weights", "callable weights, whose code is not in the file"));
    }
    match fields.string("weights")?.as_str() {
        "uniform" => Ok(Weights::Uniform),
        "distance" => Ok(Weights::Distance),
        other => Err(fields.unsupported("weights", format!("`{other}`"))),
    }
}

fn read_brute(fields: &Fields<'_, '_>, sort: Sort) -> Result<Search, ReadError> {
    let node = fields.required("effective_metric_")?;
    if !matches!(fields.graph().node(node), Node::Str(_) | Node::ByteStr(_)) {
        return Err(fields.unsupported("effective_metric_", "a callable metric"));
    }
    let name = fields.string("effective_metric_")?;
    let is_array = skiff_files::NdArray::read(fields.graph(), fields.required("_fit_X")?);
    // scikit-learn's versions before 1.0 ran on numpy's before 1.20, nearly always.
    let einsum = if fields.before(1, 0) { row_square::old_einsum } else { row_square::einsum };
    let metric = |width: usize| {
        let metric = read_metric_params(fields, &name)?;
        // scikit-learn checks them on prediction, and raises an error: the model is useless, but harmless.
        let misfit =
            || fields.unsupported("effective_metric_params_", format!("parameters that do not match {width} features"));
        if metric.fits(width) { Ok(metric) } else { Err(misfit()) }
    };
    let (points, precision) = if is_array.is_ok_and(|array| array.is_some()) {
        let array = fields.array("_fit_X")?;
        let is_float = matches!(array.dtype, skiff_files::DType::Float { size: 4 | 8, .. });
        let numbers = fields.numbers("_fit_X")?;
        let precision = is_float.then_some(numbers.precision);
        let matrix = numbers.into_matrix().ok_or_else(|| fields.unexpected("_fit_X", "an array of two dimensions"))?;
        if name == "precomputed" {
            return Ok(Search::Precomputed(matrix.rows, precision.unwrap_or(Precision::Double)));
        }
        let metric = metric(matrix.cols)?;
        (Points::dense(matrix, metric, einsum), precision)
    } else {
        if name == "precomputed" {
            let sparse = fields.sparse("_fit_X")?;
            return Ok(Search::Precomputed(sparse.shape.0, precision_of(&sparse).unwrap_or(Precision::Double)));
        }
        let (csr, precision) = read_csr(fields, "_fit_X")?;
        let metric = metric(csr.cols)?;
        if !metric.takes_sparse() {
            return Err(fields.unsupported("effective_metric_", format!("`{name}` with sparse data")));
        }
        (Points::sparse(csr, metric, einsum), precision)
    };
    let heap_only = matches!(&*name, "infinity" | "p");
    Ok(Search::Brute(points, Brute { heap_only, ..brute_of(fields, sort, precision) }))
}

/// How the version that wrote the file searches points of this dtype.
fn brute_of(fields: &Fields<'_, '_>, sort: Sort, precision: Option<Precision>) -> Brute {
    Brute {
        heap: (!fields.before(1, 1)).then_some(sort),
        single_heap: !fields.before(1, 2),
        precision,
        sparse_heap: !fields.before(1, 2),
        sparse_euclidean: fields.before(1, 4),
        mixed_euclidean: !fields.before(1, 3),
        rounds_single: !fields.before(1, 4),
        heap_only: false,
    }
}

/// How `pairwise_distances_argmin` of the version that wrote the file compares points of this dtype.
pub(crate) fn compared_by(fields: &Fields<'_, '_>, precision: Precision) -> Brute {
    // Of one neighbour any order is the order.
    brute_of(fields, Sort::Intro, Some(precision))
}

/// `pairwise_distances_argmin` by Euclidean distances: the number of the nearest of some points, the first of equals.
#[derive(Debug)]
pub(crate) struct NearestPoint(Arc<NearestNeighbors>);

impl NearestPoint {
    /// Among these points, as the version that wrote the file finds it.
    pub(crate) fn new(fields: &Fields<'_, '_>, points: Matrix<'static, f64>, precision: Precision) -> Self {
        let einsum = if fields.before(1, 0) { row_square::old_einsum } else { row_square::einsum };
        let search = Search::Brute(Points::dense(points, Metric::Euclidean, einsum), compared_by(fields, precision));
        Self(Arc::new(NearestNeighbors { search: Arc::new(search), count: 1 }))
    }

    /// The numbers of the points nearest to the rows.
    pub(crate) fn push(&self, x: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let found = plan.push(&self.0, &[x]);
        plan.push(Item { index: 1 }, &[found])
    }
}

/// A sparse matrix, and its dtype where that is a float one.
fn read_csr(fields: &Fields<'_, '_>, name: &str) -> Result<(Csr<'static>, Option<Precision>), ReadError> {
    let sparse = fields.sparse(name)?;
    let precision = precision_of(&sparse);
    let csr = Csr::read(&sparse, NumberType::Float(precision.unwrap_or(Precision::Double)));
    Ok((csr.map_err(|error| fields.damaged(name, error.to_string()))?, precision))
}

/// The dtype of what a sparse matrix stores, where that is a float one.
fn precision_of(sparse: &skiff_files::Sparse) -> Option<Precision> {
    match sparse.data.dtype {
        skiff_files::DType::Float { size: 4, .. } => Some(Precision::Single),
        skiff_files::DType::Float { size: 8, .. } => Some(Precision::Double),
        _ => None,
    }
}
