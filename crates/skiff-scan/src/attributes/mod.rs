//! Whether the attributes of scikit-learn's objects are those that their classes can have.
//!
//! Python looks at an object's attributes before it looks at its class: an attribute `predict` out of a file replaces
//! the method, and `_build_f` is called while the file is loaded. So an object may have the attributes that the catalog
//! knows of its class, with values of the kinds that real objects have there. An attribute that no version knows may
//! hold plain data, and is told to the reader.

mod contents;

use skiff_pickle::{Graph, Node, NodeId};
use skiff_sklearn::{Attribute, Class, Kind};

use super::allowed::{is_unchecked, name_of};
use super::shown;
use contents::{Contents, Family, Values};

/// Attributes that name the method by which a meta-estimator or a scorer asks an estimator. Any other name would be
/// called just the same, on whatever object is there, with what the caller predicts for.
const METHOD_NAMES: [&str; 6] =
    ["_response_method", "chain_method", "chain_method_", "response_method", "stack_method", "stack_method_"];
/// The methods that these name.
const ANSWERS: [&str; 6] =
    ["auto", "decision_function", "predict", "predict_log_proba", "predict_proba", "score_samples"];

/// Attributes of LightGBM's, XGBoost's and CatBoost's estimators that take functions.
const OBJECTIVES: [&str; 9] = [
    "_eval_metric",
    "_fobj",
    "_objective",
    "callbacks",
    "custom_metric",
    "eval_metric",
    "fobj",
    "loss_function",
    "objective",
];
/// Families of objects in these estimators: label encoders among the first.
const OF_OTHERS: [&str; 4] = ["sklearn.base.BaseEstimator", "Booster", "pandas", "pandas.Index"];

/// Checks attributes, and remembers the values that it has looked at.
pub(super) struct Attributes<'g> {
    graph: &'g Graph,
    values: Values<'g>,
}

/// What is wrong with an attribute.
pub(super) enum Wrong {
    /// The class cannot have it, or not with this value.
    Refused(String),
    /// No version of the class has it; it holds plain data, and nothing happens.
    Unknown(String),
}

impl<'g> Attributes<'g> {
    /// `are_wrappers_arrays` says that joblib's wrappers of arrays are the arrays that they announce.
    pub fn of(graph: &'g Graph, are_wrappers_arrays: bool) -> Self {
        Self { graph, values: Values::of(graph, are_wrappers_arrays) }
    }

    /// Whether an object of this class may have an attribute with this key and value.
    pub fn check(&mut self, class: &Class, key: NodeId, value: NodeId) -> Result<(), Wrong> {
        let Some(name) = self.graph.name_of(key) else {
            return Err(Wrong::Refused("is given an attribute whose name is no text".to_owned()));
        };
        if name == "_sklearn_version" {
            // It is formatted for a warning, for which an object's own code would be called.
            return match self.graph.node(value) {
                Node::Str(_) | Node::ByteStr(_) => Ok(()),
                _ => Err(refused(name, "is no text")),
            };
        }
        if METHOD_NAMES.contains(&name) && !self.names_methods(value) {
            return Err(refused(name, "names a method that is not asked for answers"));
        }
        if name == "_kmeans_single"
            && name_of(self.graph, value).is_some_and(|(module, name)| is_unchecked(module, name))
        {
            return Ok(());
        }
        if name.starts_with("__") && name.ends_with("__") {
            return Err(refused(name, "changes what the object is or does, not what it holds"));
        }
        let member = class.member(name);
        let Some(attribute) = class.attribute(name) else {
            if member.is_some() {
                return Err(refused(name, "would replace what its class has under this name"));
            }
            if !self.values.contents(value).is_inert() {
                return Err(refused(name, "is none of its class, and holds more than plain data"));
            }
            return Err(Wrong::Unknown(name.to_owned()));
        };
        let is_parameter = class.parameter(name).is_some();
        if member.is_some_and(skiff_sklearn::Member::is_method) && !is_parameter {
            return Err(refused(name, "would replace a method"));
        }
        if matches!(self.graph.node(value), Node::Int(_) | Node::Float(_) | Node::Bool(_) | Node::Str(_)) {
            return Ok(());
        }
        let contents = self.values.contents(value);
        match fits(attribute, &contents, is_parameter) {
            Ok(()) => Ok(()),
            Err(what) => Err(refused(name, what)),
        }
    }

    /// Whether an estimator of another package, whose classes are not in the catalog, may have an attribute: functions are
    /// only where these packages take them, and objects are those that their models have.
    pub fn check_other(&mut self, key: NodeId, value: NodeId) -> Result<(), Wrong> {
        let Some(name) = self.graph.name_of(key) else {
            return Err(Wrong::Refused("is given an attribute whose name is no text".to_owned()));
        };
        if name.starts_with("__") && name.ends_with("__") {
            return Err(refused(name, "changes what the object is or does, not what it holds"));
        }
        let Contents { function, classes, objects, is_cyclic, .. } = self.values.contents(value);
        let is_known = |(family, _): &(Family, NodeId)| matches!(family, Family::Of(path) if OF_OTHERS.contains(path));
        if (function.is_some() && !OBJECTIVES.contains(&name)) || !classes.is_empty() || is_cyclic {
            return Err(refused(name, "holds a function or a class, where no model has one"));
        }
        if objects.iter().all(is_known) {
            Ok(())
        } else {
            Err(refused(name, "holds an object of a class that no model has there"))
        }
    }

    /// Whether a value is the name of a method that gives answers, or some of these in a list or tuple.
    fn names_methods(&self, value: NodeId) -> bool {
        let is_answer = |id: &NodeId| match self.graph.node(*id) {
            Node::None => true,
            _ => self.graph.name_of(*id).is_some_and(|name| ANSWERS.contains(&name)),
        };
        self.graph.items(value).map_or_else(|| is_answer(&value), |items| items.iter().all(is_answer))
    }

    /// Whether there is nothing in a value but plain data and objects of scikit-learn that are no estimators, such as
    /// the distance of a tree of neighbours.
    pub fn is_compiled_state(&mut self, value: NodeId) -> bool {
        let mut contents = self.values.contents(value);
        contents.objects.retain(|(family, _)| !matches!(family, Family::Of(path) if is_distance(path)));
        contents.is_data()
    }
}

fn is_distance(path: &str) -> bool {
    path.rsplit('.').next().is_some_and(|name| name.starts_with("DistanceMetric") || name.contains("Distance"))
}

fn refused(name: &str, what: &str) -> Wrong {
    Wrong::Refused(format!("is given an attribute `{}` that {what}", shown(name)))
}

/// Whether an attribute has held such values. An attribute without objects in it may hold plain data of any kind, except
/// that compiled code reads `None` as an array without asking. Where estimators and functions are, an array is no plain
/// data: `StackingRegressor` calls a method of what is in `estimators_`, and arrays have methods that write files.
fn fits(attribute: &Attribute, contents: &Contents, is_parameter: bool) -> Result<(), &'static str> {
    let holds = |kind: Kind| attribute.kinds.contains(&kind);
    let is_array = |kind: &Kind| matches!(kind, Kind::Array(..) | Kind::AnyArray | Kind::Sparse);
    if contents.is_none && !is_parameter && !attribute.kinds.is_empty() && attribute.kinds.iter().all(is_array) {
        return Err("is an array in every model, and `None` here");
    }
    if contents.is_cyclic {
        return Err("contains itself");
    }
    let is_called = |kind: &Kind| matches!(kind, Kind::Object(_) | Kind::Function | Kind::Class(_));
    if attribute.kinds.iter().any(is_called) {
        let is_seen = |kind: &Kind| is_array(kind) && *kind != Kind::Sparse;
        if contents.array.is_some() && !attribute.kinds.iter().any(is_seen) {
            return Err("holds an array, where no model has one");
        }
        if contents.sparse.is_some() && !holds(Kind::Sparse) {
            return Err("holds a sparse matrix, where no model has one");
        }
    }
    let may_be_frame = !attribute.kinds.iter().any(is_called);
    if contents.function.is_some() && !holds(Kind::Function) {
        return Err("holds a function, where no model has one");
    }
    let has_class = |(family, _): &(Family, NodeId)| matches!(family, Family::Of(path) if holds(Kind::Class(path)));
    let has_value_class = contents.value_class.is_none() || holds(Kind::Type) || holds(Kind::Function);
    if !has_value_class || !contents.classes.iter().all(has_class) {
        return Err("holds a class, where no model has one");
    }
    if contents.random.is_some() && !holds(Kind::Random) {
        return Err("holds a random generator, where no model has one");
    }
    for (family, _) in &contents.objects {
        match family {
            Family::Of("pandas") if may_be_frame => {}
            // Names of columns, next to the estimator that they are for. An index has no method that an estimator has.
            Family::Of("pandas.Index") => {}
            Family::Of(path) if holds(Kind::Object(path)) => {}
            _ => return Err("holds an object of a class that no model has there"),
        }
    }
    Ok(())
}
