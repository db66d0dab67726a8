//! From scikit-learn 0.18 to 0.19.

use skiff_files::{Node, Scalar};
use skiff_sklearn::OLD_SELECTORS;

use crate::classes::{BOOSTED, STOCHASTIC, TREES_OF_ANY_KIND};
use crate::error::Refused;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[
        (&["GaussianProcessRegressor"], "rng", "_rng"),
        (&["GaussianProcessRegressor"], "y_train_mean", "_y_train_mean"),
        (BOOSTED, "n_features", "n_features_"),
        (STOCHASTIC, "loss_function", "loss_function_"),
        (&["LarsCV", "LassoLarsCV"], "cv_mse_path_", "mse_path_"),
        (&["GraphLassoCV"], "grid_scores", "grid_scores_"),
        (&["TSNE"], "n_iter_final", "n_iter_"),
    ],
    values: &[],
    rules: &[
        Rule { classes: &["Pipeline"], up: no_selection, down: nothing },
        Rule { classes: &["LDA", "QDA"], up: discriminant, down: nothing },
        Rule { classes: &["QuadraticDiscriminantAnalysis"], up: store_covariance, down: nothing },
        Rule { classes: &["SVC", "NuSVC"], up: votes, down: nothing },
        Rule { classes: STOCHASTIC, up: rounds, down: nothing },
        Rule { classes: TREES_OF_ANY_KIND, up: least_impurity, down: nothing },
        Rule { classes: &["MultiOutputClassifier"], up: arrays, down: nothing },
        Rule { classes: &["OneVsRestClassifier"], up: one_axis, down: nothing },
        Rule { classes: &["LatentDirichletAllocation"], up: topics, down: nothing },
        Rule { classes: &["VotingClassifier"], up: not_flat, down: nothing },
        Rule { classes: &["DPGMM", "VBGMM"], up: over_rows, down: over_rows },
        Rule { classes: KERNELS, up: gamma, down: nothing },
        Rule { classes: &["PairwiseKernel"], up: gamma_of_kernel, down: nothing },
        Rule { classes: &["Nystroem"], up: of_own_kernel, down: nothing },
        Rule { classes: &["FunctionTransformer"], up: targets, down: nothing },
        Rule { classes: &["NMF"], up: solver, down: nothing },
        Rule { classes: CACHED, up: memory, down: nothing },
    ],
};

const KERNELS: &[&str] = &["KernelPCA", "KernelRidge", "Nystroem"];
const CACHED: &[&str] = &["AgglomerativeClustering", "FeatureAgglomeration"];

/// A step before the last one that has no `transform` any more.
fn no_selection(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(steps) = step.items("steps") else { return Ok(()) };
    let Some((_, before)) = steps.split_last() else { return Ok(()) };
    for pair in before {
        let estimator = step.graph().items(*pair).and_then(|pair| pair.get(1).copied());
        let class = estimator.and_then(|estimator| Some(step.other(estimator)?.class()));
        if let Some(class) = class.filter(|class| OLD_SELECTORS.contains(class)) {
            return Err(step.refused(format!("`{class}` selects no features any more, as it does in the pipeline")));
        }
    }
    Ok(())
}

/// The sums that normalize probabilities are of single rows until 0.18, and of all rows since.
fn over_rows(step: &mut Step<'_>) -> Result<(), Refused> {
    Err(step.would_answer_otherwise("its probabilities are normalized over other rows"))
}

fn discriminant(step: &mut Step<'_>) -> Result<(), Refused> {
    step.become_class(match step.class() {
        "LDA" => "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
        _ => "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis",
    });
    if step.class() == "QuadraticDiscriminantAnalysis" { store_covariance(step) } else { Ok(()) }
}

fn store_covariance(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("store_covariances") {
        step.rename("store_covariances", "store_covariance");
        step.set_none("store_covariances");
    }
    step.rename("covariances_", "covariance_");
    Ok(())
}

/// `None` stood for the votes of pairs.
fn votes(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("decision_function_shape") && !step.has("decision_function_shape") {
        step.set_text("decision_function_shape", "ovo");
    }
    Ok(())
}

/// `n_iter` rounds were made, however little was gained.
fn rounds(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(rounds) = step.get("n_iter").filter(|_| step.has("n_iter")) {
        step.set("max_iter", rounds);
        step.set_none("tol");
        step.set_none("n_iter");
    }
    Ok(())
}

/// The default is none since.
fn least_impurity(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.float("min_impurity_split") == Some(1e-7) {
        step.set_none("min_impurity_split");
    }
    Ok(())
}

fn topics(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(topics) = step.get("n_topics") {
        step.set("n_components", topics);
        step.set("_n_components", topics);
        step.set_none("n_topics");
    }
    Ok(())
}

/// `transform` gave an array of three axes; the estimators by name are a property since.
fn not_flat(step: &mut Step<'_>) -> Result<(), Refused> {
    step.take("named_estimators");
    step.set_bool("flatten_transform", false);
    Ok(())
}

/// The kernel had a parameter of its own, which was not handed over.
fn gamma(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("kernel", "chi2") {
        step.set_float("gamma", 1.0);
    }
    Ok(())
}

fn gamma_of_kernel(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("metric", "chi2") {
        step.set_float("gamma", 1.0);
    }
    Ok(())
}

/// Parameters that the kernel does not have are refused where they were passed over.
fn of_own_kernel(step: &mut Step<'_>) -> Result<(), Refused> {
    let is_polynomial = ["poly", "polynomial"].iter().any(|name| step.is("kernel", name));
    if !is_polynomial {
        step.set_none("degree");
        if !step.is("kernel", "sigmoid") {
            step.set_none("coef0");
        }
    }
    Ok(())
}

fn targets(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("pass_y") {
        return Err(step.refused("functions are not handed the targets"));
    }
    if step.scalar("pass_y") == Some(Scalar::Bool(false)) {
        step.set_text("pass_y", "deprecated");
    }
    Ok(())
}

fn solver(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("solver", "pg") {
        return Err(step.would_answer_otherwise("the solver `pg` is gone"));
    }
    Ok(())
}

/// A store of results without a folder is `None`.
fn memory(step: &mut Step<'_>) -> Result<(), Refused> {
    let memory = step.get("memory");
    if memory.is_some_and(|memory| matches!(step.migration.graph.node(memory), Node::Object(_))) {
        step.set_none("memory");
    }
    Ok(())
}

fn arrays(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("estimators_") {
        step.note("`predict_proba` is a list with an array for each output, and not one array of three axes");
    }
    Ok(())
}

fn one_axis(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.array("classes_").is_some_and(|classes| classes.len() == 2) {
        step.note("`decision_function` has one axis, and not two");
    }
    Ok(())
}
