//! The state of a `DistanceMetric`, checked: for predictions, and for the verdict on a file.

use skiff_files::{DType, Instance, NdArray, Scalar};
use skiff_pickle::{Graph, NodeId};

use crate::fields::ReadError;
use crate::fields::parts::{array, damaged, unexpected};

/// The modules of distance metrics.
const MODULES: [&str; 3] =
    ["sklearn.metrics._dist_metrics", "sklearn.neighbors._dist_metrics", "sklearn.neighbors.dist_metrics"];

/// The state of a `DistanceMetric`. One that exists has a number, a vector and a matrix, which compiled code takes out of
/// its state unseen; whether they are as long as rows, [`MetricView::fits`] says.
#[derive(Debug)]
pub struct MetricView {
    /// The class without its precision: `EuclideanDistance`, also of `EuclideanDistance32`.
    pub class: String,
    /// Whether the class is that of `float32` rows.
    pub is_single: bool,
    /// `p`.
    pub power: f64,
    /// `vec`: weights or variances; elsewhere, and without weights, a placeholder.
    pub vector: NdArray,
    /// `mat`: the inverse of a covariance; elsewhere a placeholder.
    pub matrix: NdArray,
    /// Whether `vec` is the buffer in which `MahalanobisDistance` computes a difference, pickled before 1.1.
    needs_room: bool,
}

impl MetricView {
    /// The metric at a node of a graph.
    ///
    /// # Errors
    /// When it is none, or has another state; the path is that of the part within it.
    pub fn read(graph: &Graph, id: NodeId) -> Result<Self, ReadError> {
        // Compiled code takes None in its place, and calls its methods all the same.
        let instance = Instance::read(graph, id).filter(|instance| MODULES.contains(&instance.module));
        let instance = instance.ok_or_else(|| unexpected(graph, id, "", "a distance metric"))?;
        let Some(&[power, vector, matrix, ..]) = instance.state().and_then(|state| graph.items(state)) else {
            return Err(damaged("", "its state is too short".to_owned()));
        };
        let power = match Scalar::read(graph, power) {
            Ok(Some(power @ (Scalar::Float(_) | Scalar::Int(_)))) => power.as_f64(),
            _ => None,
        }
        .ok_or_else(|| unexpected(graph, power, "p", "a number"))?;
        let floats = |id: NodeId, part: &'static str, (ndim, expected): (usize, &'static str)| {
            let array = array(graph, id, part)?;
            let is_expected = matches!(array.dtype, DType::Float { .. }) && array.ndim() == ndim;
            if is_expected { Ok(array) } else { Err(unexpected(graph, id, part, expected)) }
        };
        let bare = instance.name.trim_end_matches("64").trim_end_matches("32");
        Ok(Self {
            class: bare.to_owned(),
            is_single: instance.name.ends_with("32"),
            power,
            vector: floats(vector, "vec", VECTOR)?,
            matrix: floats(matrix, "mat", MATRIX)?,
            needs_room: instance.module != "sklearn.metrics._dist_metrics",
        })
    }

    /// Whether its parameters are those of rows with as many features.
    pub fn fits(&self, features: usize) -> bool {
        let vector = self.vector.len();
        match &*self.class {
            "SEuclideanDistance" | "WMinkowskiDistance" => vector == features,
            // Without weights it is a placeholder, `[0]` of one element.
            "MinkowskiDistance" => {
                vector == features || vector == 0 || self.vector.to_f64().is_some_and(|vector| vector == [0.0])
            }
            "MahalanobisDistance" => {
                (vector == features || !self.needs_room) && self.matrix.shape == [features, features]
            }
            "HaversineDistance" => features == 2,
            _ => true,
        }
    }

    /// How many bytes a reader makes of it.
    pub(crate) fn size(&self) -> usize {
        self.vector.len().saturating_add(self.matrix.len()).saturating_mul(8)
    }
}

/// How many dimensions are expected, and of what.
const VECTOR: (usize, &str) = (1, "a vector of floats");
const MATRIX: (usize, &str) = (2, "a matrix of floats");
