//! The document: its fields, its model, and what a model consists of.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{self, Write};

use super::expression::{Expr, ExprId, Expressions, Scalar, Source};
use super::model::{Body, Feature, Function, Model, Owner};
use super::names::Names;
use super::transformations;
use super::xml::{Xml, number};
use crate::graph::DType;

/// An input of the document.
#[derive(Clone, Debug)]
pub(super) struct DataField {
    pub name: String,
    pub is_text: bool,
}

/// What is predicted.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Number,
    /// Classes as texts, and their data type.
    Classes(Vec<String>, &'static str),
    /// Nothing: a clustering has no target.
    None,
}

/// A whole document.
pub(super) struct Document<'a> {
    pub expressions: &'a Expressions,
    pub inputs: Vec<DataField>,
    pub target_name: String,
    pub target: Target,
    pub model: Model,
    pub metadata: &'a [(String, String)],
}

impl Document<'_> {
    /// Writes the file; the first character that XML cannot hold, if there is one.
    pub(super) fn write(&self, to: &mut dyn Write) -> io::Result<Option<char>> {
        let names = self.names();
        let mut xml = Xml::new(to);
        xml.open("PMML", &[("xmlns", "http://www.dmg.org/PMML-4_4"), ("version", "4.4")]);
        xml.open("Header", &[("description", "a model of scikit-learn")]);
        for (key, value) in self.metadata {
            xml.empty("Extension", &[("name", key), ("value", value)]);
        }
        xml.empty("Application", &[("name", "skiff"), ("version", env!("CARGO_PKG_VERSION"))]);
        xml.close();
        let all = names.closure(self.model.fields());
        self.dictionary(&mut xml, &all);
        let global = all.iter().filter(|id| names.is_named(**id) && self.expressions.level(**id) == 0);
        let global: Vec<ExprId> = global.copied().collect();
        if !global.is_empty() {
            xml.open("TransformationDictionary", &[]);
            global.iter().for_each(|id| transformations::derived_field(&mut xml, &names, *id));
            xml.close();
        }
        self.model(&mut xml, &names, &self.model, false);
        xml.close();
        xml.finish()
    }

    /// Names what must be a field: what models refer to, what occurs several times, and what is nested too deep.
    fn names(&self) -> Names<'_> {
        let mut names = Names::new(self.expressions);
        let roots: HashSet<ExprId> = self.model.fields().into_iter().collect();
        let all = names.closure(roots.iter().copied());
        let mut uses: HashMap<ExprId, usize> = HashMap::new();
        let mut needs_field: HashSet<ExprId> = roots;
        for &id in &all {
            let expr = self.expressions.get(id);
            for argument in expr.arguments() {
                let Scalar::Expr(argument) = argument else { continue };
                *uses.entry(*argument).or_default() += 1;
                // A table is of a field.
                if matches!(expr, Expr::Map { .. }) {
                    needs_field.insert(*argument);
                }
            }
            if matches!(expr, Expr::Cast(..)) || self.expressions.is_deep(id) {
                needs_field.insert(id);
            }
        }
        let mut taken: HashSet<String> = self.inputs.iter().map(|input| input.name.clone()).collect();
        taken.insert(self.target_name.clone());
        taken.extend(self.model.own_targets().into_iter().map(str::to_owned));
        for id in all {
            let is_field = matches!(self.expressions.get(id), Expr::Field { .. });
            let is_used_often = uses.get(&id).is_some_and(|&count| count > 1);
            if !is_field && (needs_field.contains(&id) || is_used_often) {
                let wanted = self.wanted_name(id);
                let numbered = (2..).map(|number: usize| format!("{wanted}#{number}"));
                let name = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken.contains(name));
                let name = name.unwrap_or(wanted);
                taken.insert(name.clone());
                names.insert(id, name);
            }
        }
        names
    }

    /// A name in the manner of JPMML-SkLearn: `standardScaler(x1)`, `float(x1)`.
    fn wanted_name(&self, id: ExprId) -> String {
        let function = match self.expressions.get(id) {
            Expr::Cast(DType::F32, _) => "float",
            Expr::Cast(..) => "double",
            _ => self.expressions.estimator_of(id),
        };
        match self.expressions.source(id) {
            Source::None => function.to_owned(),
            Source::One(name) => format!("{function}({name})"),
            Source::Several => format!("{function}(…)"),
        }
    }

    fn dictionary(&self, xml: &mut Xml<'_>, used: &BTreeSet<ExprId>) {
        xml.open("DataDictionary", &[]);
        match &self.target {
            Target::Number => {
                let attributes =
                    [("name", self.target_name.as_str()), ("optype", "continuous"), ("dataType", "double")];
                xml.empty("DataField", &attributes);
            }
            Target::Classes(classes, dtype) => {
                let attributes = [("name", self.target_name.as_str()), ("optype", "categorical"), ("dataType", *dtype)];
                xml.open("DataField", &attributes);
                classes.iter().for_each(|class| xml.empty("Value", &[("value", class)]));
                xml.close();
            }
            Target::None => {}
        }
        for own in self.model.own_targets() {
            xml.empty("DataField", &[("name", own), ("optype", "continuous"), ("dataType", "double")]);
        }
        let used: HashSet<&str> = used.iter().filter_map(|id| self.input(*id)).collect();
        let is_used = |(at, input): &(usize, &DataField)| *at == 0 || used.contains(input.name.as_str());
        for (_, input) in self.inputs.iter().enumerate().filter(is_used) {
            let (optype, dtype) = if input.is_text { ("categorical", "string") } else { ("continuous", "double") };
            xml.empty("DataField", &[("name", &input.name), ("optype", optype), ("dataType", dtype)]);
        }
        xml.close();
    }

    /// The name of an input, if that is what the expression is.
    fn input(&self, id: ExprId) -> Option<&str> {
        match self.expressions.get(id) {
            Expr::Field { name, level: 0, .. } => Some(name),
            _ => None,
        }
    }

    fn model(&self, xml: &mut Xml<'_>, names: &Names<'_>, model: &Model, is_member: bool) {
        let function = match model.function {
            Function::Regression => "regression",
            Function::Classification => "classification",
            Function::Clustering => "clustering",
        };
        let mut attributes = vec![("functionName", function)];
        match &model.body {
            Body::Tree(tree) => attributes.extend(tree.attributes()),
            Body::Regression(own) => attributes.push(("normalizationMethod", own.normalization)),
            Body::SupportVectors(own) => attributes.extend(own.attributes()),
            Body::Neural(own) => attributes.extend(own.attributes()),
            Body::Clustering(own) => attributes.extend(own.attributes()),
            Body::Neighbors(own) => attributes.push(("numberOfNeighbors", &own.neighbors)),
            Body::Mining { .. } => {}
        }
        let count = match &model.body {
            Body::Clustering(own) => own.centers.rows.to_string(),
            _ => String::new(),
        };
        if !count.is_empty() {
            attributes.push(("numberOfClusters", &count));
        }
        xml.open(model.element(), &attributes);
        let fields = model.fields();
        let is_chain = matches!(&model.body, Body::Mining { method: "modelChain", .. });
        self.schema(xml, names, model, &fields, is_member);
        self.outputs(xml, names, model);
        if let Some((constant, factor)) = model.rescale {
            let (constant, factor) = (number(constant), number(factor));
            let mut attributes = vec![("rescaleConstant", constant.as_str()), ("rescaleFactor", &factor)];
            if model.target == Owner::Document {
                attributes.insert(0, ("field", &self.target_name));
            }
            xml.open("Targets", &[]);
            xml.empty("Target", &attributes);
            xml.close();
        }
        // A chain's derived fields are those of its segments, since they depend on what segments before them return.
        let local = names.closure(fields.iter().copied());
        let local = local.into_iter().filter(|id| names.is_named(*id) && self.expressions.level(*id) > 0);
        let local: Vec<ExprId> = if is_chain || is_member { Vec::new() } else { local.collect() };
        if !local.is_empty() {
            xml.open("LocalTransformations", &[]);
            local.iter().for_each(|id| transformations::derived_field(xml, names, *id));
            xml.close();
        }
        let classes: &[String] = match (&self.target, model.function) {
            (Target::Classes(classes, _), Function::Classification) => classes,
            _ => &[],
        };
        match &model.body {
            Body::Clustering(own) => own.write(xml, names),
            Body::Mining { method, segments } => {
                xml.open("Segmentation", &[("multipleModelMethod", method)]);
                for (place, segment) in segments.iter().enumerate() {
                    let (id, weight) = ((place + 1).to_string(), segment.weight.map(number));
                    let mut attributes = vec![("id", id.as_str())];
                    attributes.extend(weight.as_deref().map(|weight| ("weight", weight)));
                    xml.open("Segment", &attributes);
                    xml.empty("True", &[]);
                    self.model(xml, names, &segment.model, !is_chain);
                    xml.close();
                }
                xml.close();
            }
            Body::Neighbors(own) => own.write(xml, names, self.target_of(model).unwrap_or_default()),
            Body::Neural(own) => own.write(xml, names, self.target_of(model).unwrap_or_default(), classes),
            Body::Regression(own) => own.write(xml, names, classes),
            Body::SupportVectors(own) => own.write(xml, names, classes),
            Body::Tree(own) => own.write(xml, names, classes),
        }
        xml.close();
    }

    /// The fields that come from outside: inputs, and for a member what the model around it has derived.
    fn schema(&self, xml: &mut Xml<'_>, names: &Names<'_>, model: &Model, fields: &[ExprId], is_member: bool) {
        xml.open("MiningSchema", &[]);
        let target = self.target_of(model);
        if let Some(target) = target {
            xml.empty("MiningField", &[("name", target), ("usageType", "target")]);
        }
        let is_chain = matches!(&model.body, Body::Mining { method: "modelChain", .. });
        let mut inputs: Vec<&str> = Vec::new();
        for id in names.closure(fields.iter().copied()) {
            match self.expressions.get(id) {
                Expr::Field { name, level, .. } if *level == 0 || !is_chain => inputs.push(name),
                _ if is_member && self.expressions.level(id) > 0 && fields.contains(&id) => inputs.push(names.of(id)),
                _ => {}
            }
        }
        inputs.sort_unstable();
        inputs.dedup();
        // A model that asks for nothing needs one field all the same.
        if inputs.is_empty() && target.is_none() {
            inputs.extend(self.inputs.first().map(|input| input.name.as_str()));
        }
        inputs.iter().for_each(|name| xml.empty("MiningField", &[("name", name)]));
        xml.close();
    }

    /// The name of the target that a model has.
    fn target_of<'m>(&'m self, model: &'m Model) -> Option<&'m str> {
        match (&model.target, &self.target) {
            (Owner::Own(name), _) => Some(name),
            (Owner::Document, Target::Number | Target::Classes(..)) => Some(&self.target_name),
            (Owner::Document, Target::None) | (Owner::Nobody, _) => None,
        }
    }

    fn outputs(&self, xml: &mut Xml<'_>, names: &Names<'_>, model: &Model) {
        if model.outputs.is_empty() {
            return;
        }
        xml.open("Output", &[]);
        for output in &model.outputs {
            let optype = if output.dtype == "double" { "continuous" } else { "categorical" };
            let mut attributes = vec![("name", output.name.as_str()), ("optype", optype), ("dataType", output.dtype)];
            match (&output.feature, &self.target) {
                (Feature::PredictedValue, _) => attributes.push(("feature", "predictedValue")),
                (Feature::Probability(class), Target::Classes(classes, _)) => {
                    attributes.push(("feature", "probability"));
                    attributes.extend(classes.get(*class).map(|class| ("value", class.as_str())));
                }
                (Feature::Probability(_), _) => attributes.push(("feature", "probability")),
                (Feature::Transformed(_), _) => attributes.push(("feature", "transformedValue")),
            }
            if !output.is_final {
                attributes.push(("isFinalResult", "false"));
            }
            match output.feature {
                Feature::Transformed(id) => {
                    xml.open("OutputField", &attributes);
                    xml.empty("FieldRef", &[("field", names.of(id))]);
                    xml.close();
                }
                _ => xml.empty("OutputField", &attributes),
            }
        }
        xml.close();
    }
}
