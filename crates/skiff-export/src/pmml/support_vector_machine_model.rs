//! `SupportVectorMachineModel`: one weighted sum of kernel values.

use std::rc::Rc;

use skiff_plan::operators::Kernel;
use skiff_plan::value::Matrix;

use super::expression::ExprId;
use super::names::Names;
use super::xml::{Xml, number};

/// A sum of the kernel values of support vectors times their coefficients, plus an intercept: of one regression, or of two
/// classes. PMML (4.4, Support Vector Machine) has the first class below its threshold, which is 0.
#[derive(Debug)]
pub(super) struct SupportVectorMachineModel {
    pub kernel: Kernel,
    /// The fields of the features.
    pub fields: Vec<ExprId>,
    /// All support vectors, of which the model has those with a coefficient that is not 0.
    pub vectors: Rc<Matrix<'static, f64>>,
    /// One for each support vector.
    pub coefficients: Vec<f64>,
    pub intercept: f64,
    /// The class below 0, and the other one.
    pub classes: Option<(usize, usize)>,
}

impl SupportVectorMachineModel {
    pub(super) fn attributes(&self) -> Vec<(&'static str, &'static str)> {
        match self.classes {
            Some(_) => vec![("classificationMethod", "OneAgainstOne"), ("svmRepresentation", "SupportVectors")],
            None => vec![("svmRepresentation", "SupportVectors")],
        }
    }

    pub(super) fn write(&self, xml: &mut Xml<'_>, names: &Names<'_>, categories: &[String]) {
        match self.kernel {
            Kernel::Linear | Kernel::Precomputed => xml.empty("LinearKernelType", &[]),
            Kernel::Polynomial { gamma, coef0, degree } => {
                // libsvm multiplies as often as the degree says; a negative one counts as 0.
                let (gamma, coef0, degree) = (number(gamma), number(coef0), degree.max(0).to_string());
                xml.empty("PolynomialKernelType", &[("gamma", &gamma), ("coef0", &coef0), ("degree", &degree)]);
            }
            Kernel::Rbf { gamma } => xml.empty("RadialBasisKernelType", &[("gamma", &number(gamma))]),
            Kernel::Sigmoid { gamma, coef0 } => {
                xml.empty("SigmoidKernelType", &[("gamma", &number(gamma)), ("coef0", &number(coef0))]);
            }
        }
        let own = (0..self.vectors.rows).filter(|&at| self.coefficients[at] != 0.0);
        let mut own: Vec<(usize, &[f64], f64)> =
            own.map(|at| (at, self.vectors.row(at), self.coefficients[at])).collect();
        // A machine has at least one vector: where only the intercept is left, zeros that count nothing.
        let zeros = vec![0.0; self.fields.len()];
        if own.is_empty() {
            own.push((0, &zeros, 0.0));
        }
        xml.open("VectorDictionary", &[("numberOfVectors", &own.len().to_string())]);
        xml.open("VectorFields", &[("numberOfFields", &self.fields.len().to_string())]);
        self.fields.iter().for_each(|field| xml.empty("FieldRef", &[("field", names.of(*field))]));
        xml.close();
        for (at, vector, _) in &own {
            xml.open("VectorInstance", &[("id", &at.to_string())]);
            let values: Vec<String> = vector.iter().map(|&value| number(value)).collect();
            xml.text("Array", &[("type", "real"), ("n", &values.len().to_string())], &values.join(" "));
            xml.close();
        }
        xml.close();
        let class = |class: usize| categories.get(class).map_or("", String::as_str);
        match self.classes {
            Some((below, other)) => xml.open(
                "SupportVectorMachine",
                &[("targetCategory", class(below)), ("alternateTargetCategory", class(other))],
            ),
            None => xml.open("SupportVectorMachine", &[]),
        }
        xml.open("SupportVectors", &[("numberOfSupportVectors", &own.len().to_string())]);
        own.iter().for_each(|(at, ..)| xml.empty("SupportVector", &[("vectorId", &at.to_string())]));
        xml.close();
        xml.open("Coefficients", &[("absoluteValue", &number(self.intercept))]);
        own.iter().for_each(|(.., coefficient)| xml.empty("Coefficient", &[("value", &number(*coefficient))]));
        xml.close();
        xml.close();
    }
}
