//! The losses of `sklearn._loss`, which gradient boosting and others keep.

use skiff_files::NodeId;

use crate::step::Step;
use crate::values;

/// A loss as scikit-learn 1.4 to 1.8 have it: its class in `sklearn._loss.loss`, that of its link and of its compiled half,
/// and what that one is made with.
pub(crate) struct Loss {
    pub class: &'static str,
    pub link: &'static str,
    pub compiled: &'static str,
    pub arguments: Vec<f64>,
    pub n_classes: Option<i64>,
    pub approx_hessian: bool,
    pub constant_hessian: bool,
    /// The truth and the prediction lie between these, the ends included or not.
    pub truth: Interval,
    pub prediction: Interval,
}

/// Low, high, and whether each belongs to it.
type Interval = (f64, f64, bool, bool);

const ALL: Interval = (f64::NEG_INFINITY, f64::INFINITY, false, false);
const UNIT: Interval = (0.0, 1.0, true, true);
const INSIDE: Interval = (0.0, 1.0, false, false);
const POSITIVE: Interval = (0.0, f64::INFINITY, true, false);

impl Loss {
    fn of_numbers(class: &'static str, compiled: &'static str, arguments: Vec<f64>) -> Self {
        Self {
            class,
            link: "sklearn._loss.link.IdentityLink",
            compiled,
            arguments,
            n_classes: None,
            approx_hessian: true,
            constant_hessian: true,
            truth: ALL,
            prediction: ALL,
        }
    }

    pub fn squared() -> Self {
        let loss = Self::of_numbers("sklearn._loss.loss.HalfSquaredError", "CyHalfSquaredError", Vec::new());
        Self { approx_hessian: false, ..loss }
    }

    pub fn absolute() -> Self {
        Self::of_numbers("sklearn._loss.loss.AbsoluteError", "CyAbsoluteError", Vec::new())
    }

    pub fn pinball(quantile: f64) -> Self {
        Self::of_numbers("sklearn._loss.loss.PinballLoss", "CyPinballLoss", vec![quantile])
    }

    pub fn huber(delta: f64) -> Self {
        let loss = Self::of_numbers("sklearn._loss.loss.HuberLoss", "CyHuberLoss", vec![delta]);
        Self { constant_hessian: false, ..loss }
    }

    pub fn binomial() -> Self {
        Self {
            class: "sklearn._loss.loss.HalfBinomialLoss",
            link: "sklearn._loss.link.LogitLink",
            compiled: "CyHalfBinomialLoss",
            arguments: Vec::new(),
            n_classes: Some(2),
            approx_hessian: false,
            constant_hessian: false,
            truth: UNIT,
            prediction: INSIDE,
        }
    }

    fn of_positive(class: &'static str, compiled: &'static str, arguments: Vec<f64>, is_zero: bool) -> Self {
        Self {
            link: "sklearn._loss.link.LogLink",
            approx_hessian: false,
            constant_hessian: false,
            truth: (0.0, f64::INFINITY, is_zero, false),
            prediction: (0.0, f64::INFINITY, false, false),
            ..Self::of_numbers(class, compiled, arguments)
        }
    }

    pub fn poisson() -> Self {
        Self::of_positive("sklearn._loss.loss.HalfPoissonLoss", "CyHalfPoissonLoss", Vec::new(), true)
    }

    pub fn gamma() -> Self {
        Self::of_positive("sklearn._loss.loss.HalfGammaLoss", "CyHalfGammaLoss", Vec::new(), false)
    }

    /// With the logarithm as link.
    pub fn tweedie(power: f64) -> Self {
        let loss =
            Self::of_positive("sklearn._loss.loss.HalfTweedieLoss", "CyHalfTweedieLoss", vec![power], power < 2.0);
        if power <= 0.0 { Self { truth: ALL, ..loss } } else { loss }
    }

    pub fn tweedie_identity(power: f64) -> Self {
        let compiled = "CyHalfTweedieLossIdentity";
        let loss = Self::of_numbers("sklearn._loss.loss.HalfTweedieLossIdentity", compiled, vec![power]);
        let positive = (0.0, f64::INFINITY, power < 2.0, false);
        let truth = if power <= 0.0 { ALL } else { positive };
        let prediction = if power == 0.0 { ALL } else { (0.0, f64::INFINITY, false, false) };
        Self { approx_hessian: false, constant_hessian: false, truth, prediction, ..loss }
    }

    pub fn exponential() -> Self {
        Self {
            class: "sklearn._loss.loss.ExponentialLoss",
            link: "sklearn._loss.link.HalfLogitLink",
            compiled: "CyExponentialLoss",
            ..Self::binomial()
        }
    }

    pub fn multinomial(n_classes: i64) -> Self {
        Self {
            class: "sklearn._loss.loss.HalfMultinomialLoss",
            link: "sklearn._loss.link.MultinomialLogit",
            compiled: "CyHalfMultinomialLoss",
            n_classes: Some(n_classes),
            truth: POSITIVE,
            ..Self::binomial()
        }
    }

    /// As an object.
    pub fn node(self, step: &mut Step<'_>) -> NodeId {
        let graph = step.graph();
        let class = values::global(graph, "sklearn._loss._loss", self.compiled);
        let arguments = self.arguments.iter().map(|&value| values::float(graph, value)).collect();
        let compiled = values::call(graph, class, arguments);
        let approx = values::bool(graph, self.approx_hessian);
        let constant = values::bool(graph, self.constant_hessian);
        let n_classes = match self.n_classes {
            Some(count) => values::int(graph, count),
            None => values::none(graph),
        };
        let truth = interval(step, self.truth);
        let prediction = interval(step, self.prediction);
        let link = step.instance(self.link, &[]);
        step.instance(
            self.class,
            &[
                ("closs", compiled),
                ("link", link),
                ("approx_hessian", approx),
                ("constant_hessian", constant),
                ("n_classes", n_classes),
                ("interval_y_true", truth),
                ("interval_y_pred", prediction),
            ],
        )
    }
}

fn interval(step: &mut Step<'_>, (low, high, low_inclusive, high_inclusive): Interval) -> NodeId {
    let graph = step.graph();
    let low = values::float(graph, low);
    let high = values::float(graph, high);
    let low_inclusive = values::bool(graph, low_inclusive);
    let high_inclusive = values::bool(graph, high_inclusive);
    let attributes =
        [("low", low), ("high", high), ("low_inclusive", low_inclusive), ("high_inclusive", high_inclusive)];
    step.instance("sklearn._loss.link.Interval", &attributes)
}
