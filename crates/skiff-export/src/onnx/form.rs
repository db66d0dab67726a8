//! The numbers and the operators that a file is written with.

use super::proto::TensorProto;
use super::{BOOL, DOUBLE, FLOAT, INT64, STRING};
use crate::graph::{DType, Elements, Graph, Primitive, Test};
use crate::{ExportError, OnnxOptions};

/// The version of the operators next to version 5 of those for classical models, whose `TreeEnsemble` computes in float64.
const NEWEST: i64 = 21;
/// The first version with all operators that are used.
const OLDEST: i64 = 13;

/// The numbers and the versions of operators of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// Whether all numbers are float32.
    pub is_single: bool,
    /// The version of the operators.
    pub opset: i64,
}

impl Form {
    pub fn new(options: &OnnxOptions) -> Result<Self, ExportError> {
        let opset = options.opset.unwrap_or(NEWEST);
        if !(OLDEST..=NEWEST).contains(&opset) {
            return Err(ExportError::Form(format!("expected an opset between {OLDEST} and {NEWEST}, found {opset}")));
        }
        Ok(Self { is_single: options.float32, opset })
    }

    /// The version of the operators for classical models.
    pub fn ml_opset(self) -> i64 {
        if self.has_tree_ensemble() { 5 } else { 3 }
    }

    /// Whether there is `TreeEnsemble`; before, there was `TreeEnsembleRegressor`, which returns float32.
    pub fn has_tree_ensemble(self) -> bool {
        self.opset >= 21
    }

    /// The version of the file format that goes with the operators.
    pub fn ir_version(self) -> i64 {
        match self.opset {
            ..15 => 7,
            15..19 => 8,
            19..21 => 9,
            _ => 10,
        }
    }

    /// ONNX's number of a type.
    pub fn element_type(self, dtype: DType) -> i32 {
        match dtype {
            DType::F64 if self.is_single => FLOAT,
            DType::F64 => DOUBLE,
            DType::F32 => FLOAT,
            DType::I64 => INT64,
            DType::Bool => BOOL,
            DType::Str => STRING,
        }
    }

    /// Numbers as a tensor without a name.
    pub fn numbers(self, values: impl Iterator<Item = f64>) -> TensorProto {
        let mut count = 0;
        let values = values.inspect(|_| count += 1);
        let bytes: Vec<u8> = match self.is_single {
            true => values.flat_map(|value| single(value).to_le_bytes()).collect(),
            false => values.flat_map(f64::to_le_bytes).collect(),
        };
        TensorProto {
            dims: vec![count],
            data_type: self.element_type(DType::F64),
            raw_data: Some(bytes),
            ..TensorProto::default()
        }
    }

    /// A threshold for numbers of this form: a float32 is at most a float64 if it is at most the next float32 below.
    pub fn threshold(self, threshold: f64) -> f64 {
        if !self.is_single || threshold.is_nan() {
            return threshold;
        }
        #[expect(clippy::cast_possible_truncation, reason = "rounded, and then down")]
        let near = threshold as f32;
        f64::from(if f64::from(near) > threshold { near.next_down() } else { near })
    }

    /// Refuses what the form cannot say.
    pub fn check(self, graph: &Graph) -> Result<(), ExportError> {
        for node in &graph.nodes {
            match &node.primitive {
                Primitive::Constant(constant) if self.is_single => {
                    let Elements::F64(values) = &constant.elements else { continue };
                    let is_beyond = |value: f64| {
                        value.is_finite() && value != f64::MAX && value != f64::MIN && single(value).is_infinite()
                    };
                    if let Some(value) = values.iter().map(|bits| bits.value()).find(|&value| is_beyond(value)) {
                        return Err(ExportError::Form(format!(
                            "the model has the number {value:e}, which float32 has not"
                        )));
                    }
                }
                Primitive::TreeEnsemble(forest)
                    if !self.has_tree_ensemble()
                        && forest.splits.iter().any(|split| matches!(split.test, Test::Among(_))) =>
                {
                    let opset = self.opset;
                    let what = format!("trees with categories take `TreeEnsemble`, which opset {opset} has not");
                    return Err(ExportError::Form(what));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What is less precise than in float64, in a sentence each.
    pub fn lost(self, graph: &Graph) -> Vec<String> {
        let mut lost = Vec::new();
        if self.is_single {
            lost.push(
                "numbers are float32, of 24 bits: results differ by about a ten-millionth of the greatest numbers on the \
                 way to them, and labels where two are nearly as likely"
                    .to_owned(),
            );
        } else if !self.has_tree_ensemble()
            && graph.nodes.iter().any(|node| matches!(node.primitive, Primitive::TreeEnsemble(_)))
        {
            lost.push(format!("opset {}: the values of leaves are float32; they are added in float64", self.opset));
        }
        lost
    }
}

/// The nearest float32; what is next to nothing does not become 0, which may be divided by.
#[expect(clippy::cast_possible_truncation, reason = "the next number is meant")]
fn single(value: f64) -> f32 {
    match value {
        f64::MAX => f32::MAX,
        f64::MIN => f32::MIN,
        _ if value != 0.0 && (value as f32) == 0.0 => f32::MIN_POSITIVE.copysign(value as f32),
        _ => value as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_divides_float32_as_float64_does() {
        let form = Form { is_single: true, opset: 21 };
        for threshold in [0.1, -0.1, 0.3, 1e-50, -1e-50, 1e300, 2.5, f64::INFINITY] {
            #[expect(clippy::cast_possible_truncation, reason = "float32 rows")]
            let near = threshold as f32;
            for x in [near, near.next_up(), near.next_down(), 0.0, f32::MAX] {
                assert_eq!(f64::from(x) <= threshold, f64::from(x) <= form.threshold(threshold), "{x} and {threshold}");
            }
        }
    }

    #[test]
    fn nothing_becomes_zero_or_infinite() {
        assert!(single(1e-300) > 0.0 && single(-1e-300) < 0.0 && single(0.0) == 0.0);
        assert!(single(f64::MAX).is_finite() && single(f64::INFINITY).is_infinite() && single(f64::NAN).is_nan());
    }
}
