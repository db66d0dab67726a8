//! `sklearn.manifold.Isomap`.

use std::sync::Arc;

use skiff_plan::kernels::pairwise_sum::pairwise_sum_in;
use skiff_plan::operators::{ArrayRule, Dtype, GeodesicKernel};
use skiff_plan::value::{Matrix, Precision, Value};
use skiff_plan::{Answer, Method, Output, Rank, ValueId};

use crate::conversions::real;
use crate::decomposition::KernelPCA;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, class};
use crate::names;
use crate::neighbors::NearestNeighbors;

pub(crate) const ISOMAP: Class = class! {
    /// Coordinates from distances along a graph of neighbours.
    ///
    /// # Reads
    /// The `NearestNeighbors` in `nbrs_`, `dist_matrix_`, the `KernelPCA` in `kernel_pca_`, `n_neighbors`.
    /// # Transforms
    /// `kernel_pca_.transform(-d² / 2)`, where d is the least sum of the distance to a neighbour, of the `n_neighbors`
    /// nearest or within `radius`, and of the distance from there to each point of the fit.
    /// # Not supported
    /// What the two estimators within do not support.
    /// # Older versions
    /// Before 0.22 sparse rows were refused. `radius` is of 1.1. Since 1.2 `float32` arrays have a `float32` kernel.
    paths: ["sklearn.manifold._isomap.Isomap", "sklearn.manifold.isomap.Isomap"],
    training_only: ["_n_features_out", "eigen_solver", "embedding_", "max_iter", "metric", "metric_params", "n_components", "n_jobs", "n_neighbors", "neighbors_algorithm", "p", "path_method", "radius", "tol", "training_data_"],
    read: Isomap::read,
};

/// A fitted `Isomap`.
#[derive(Debug)]
pub struct Isomap {
    neighbors: Arc<Model>,
    kernel: Arc<GeodesicKernel>,
    projection: Arc<Model>,
    /// Whether neighbours are those within a radius.
    by_radius: bool,
    /// How many columns `embedding_` has.
    components: usize,
    /// The eigenvalues of the kernel, and their dtype.
    eigenvalues: (Vec<f64>, Precision),
    /// Whether sparse rows are refused.
    is_dense: bool,
    /// Whether the version that wrote the file ran on numpy before 2, nearly always.
    is_before_numpy_2: bool,
}

impl Isomap {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let neighbors = fields.model("nbrs_")?;
        let points = neighbors.downcast::<NearestNeighbors>().map(|nearest| nearest.neighbors().points());
        let points = points.ok_or_else(|| fields.unexpected("nbrs_", "a `NearestNeighbors`"))?;
        let numbers = fields.numbers("dist_matrix_")?;
        let precision = numbers.precision;
        let distances = numbers.into_matrix();
        let distances = distances.ok_or_else(|| fields.unexpected("dist_matrix_", "an array of two dimensions"))?;
        fields.expect_len("dist_matrix_", distances.rows, points)?;
        fields.expect_len("dist_matrix_", distances.cols, points)?;
        let projection = fields.model("kernel_pca_")?;
        let kernel_pca: Option<&KernelPCA> = projection.downcast();
        let kernel_pca = kernel_pca.ok_or_else(|| fields.unexpected("kernel_pca_", "a `KernelPCA`"))?;
        fields.expect_len("kernel_pca_", projection.n_features_in().unwrap_or(points), points)?;
        let eigenvalues = kernel_pca.eigenvalues().clone();
        let components = fields.array("embedding_")?.shape.get(1).copied().unwrap_or(0);
        let by_radius = !fields.has("n_neighbors");
        let keeps_single = !fields.before(1, 2);
        let kernel = Arc::new(GeodesicKernel { distances, precision, keeps_single });
        let (is_dense, is_before_numpy_2) = (fields.before(0, 22), fields.before(1, 5));
        Ok(Self { neighbors, kernel, projection, by_radius, components, eigenvalues, is_dense, is_before_numpy_2 })
    }

    /// `reconstruction_error()`: how far the kernel of the fit is from that of the embedding, in their dtypes.
    fn reconstruction_error(&self) -> (f64, Precision) {
        let GeodesicKernel { distances, precision, .. } = &*self.kernel;
        let (round, count) = (|value: f64| precision.round(value), real(distances.rows));
        let kernel = distances.map(|distance| round(-0.5 * round(distance * distance)));
        let mut columns = vec![0.0; kernel.cols];
        for row in kernel.iter_rows() {
            columns.iter_mut().zip(row).for_each(|(sum, value)| *sum = round(*sum + value));
        }
        columns.iter_mut().for_each(|sum| *sum = round(*sum / count));
        let all = round(pairwise_sum_in(&columns, *precision) / count);
        let squares = kernel.iter_rows().flat_map(|row| {
            let of_row = round(pairwise_sum_in(row, *precision) / count);
            row.iter().zip(&columns).map(move |(value, of_column)| {
                let centered = round(round(round(value - of_column) - of_row) + all);
                round(centered * centered)
            })
        });
        let squares = pairwise_sum_in(&squares.collect::<Vec<_>>(), *precision);
        let (eigenvalues, of_values) = &self.eigenvalues;
        let explained: Vec<f64> = eigenvalues.iter().map(|value| of_values.round(value * value)).collect();
        let precision = precision.promote(*of_values);
        let error = precision.round(squares - pairwise_sum_in(&explained, *of_values));
        let root = precision.round(error.sqrt());
        // What numpy before 2, on which versions before 1.5 ran, made of a `float32` over an `int`.
        let precision = if self.is_before_numpy_2 { Precision::Double } else { precision };
        (precision.round(root / count), precision)
    }
}

impl Estimator for Isomap {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Transform {
            return plan.no_method(method);
        }
        // Before 0.22 rows were validated first, as dense ones.
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).half(Precision::Double);
        let input = if self.is_dense { plan.check(input, rule, self.n_features_in()) } else { input };
        let found = if self.by_radius { Method::RadiusNeighbors } else { Method::Kneighbors };
        let found = plan.inner(&self.neighbors, found, input, &Params::default())?;
        let Output::Tuple(parts) = found else {
            return plan.unsupported(method, "neighbours without distances");
        };
        let values: Vec<_> = parts.iter().filter_map(Output::value).collect();
        let kernel = plan.push(&self.kernel, &[&values[..], &[input]].concat());
        plan.inner(&self.projection, Method::Transform, kernel, &Params::default())
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.components)?;
        Ok(names::class_prefix(header, self.components))
    }

    fn without_rows(&self, method: &str, _params: &Params) -> Option<Answer> {
        let (error, precision) = (method == "reconstruction_error").then(|| self.reconstruction_error())?;
        Some(Answer::One(Value::Floats(Matrix::new(1, 1, vec![error]), precision), Rank::Zero))
    }

    fn n_features_in(&self) -> Option<usize> {
        self.neighbors.n_features_in()
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let inner = [("nbrs_", &self.neighbors), ("kernel_pca_", &self.projection)];
        inner.map(|(name, model)| (name.to_owned(), Arc::clone(model))).to_vec()
    }
}
