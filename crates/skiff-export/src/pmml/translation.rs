//! The values of a plan as expressions, and the models that must run before them.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use skiff_plan::operators::{AnyOperator, SupportVectors, Vectors};
use skiff_plan::types::ColumnType;
use skiff_plan::value::{Classes, NumberType};
use skiff_plan::{Plan, PlanNode, ValueId};

use super::expression::{Expr, ExprId, Expressions, Scalar};
use super::model::{Body, Function, Model, Owner, Segment};
use super::nearest_neighbor_model::Neighbors;
use super::primitives;
use super::support_vector_machine_model::SupportVectorMachineModel;
use crate::expand::{self, Block, Column, Numbers, Reason, Refused};
use crate::graph::{Builder, DType};

/// A value of a plan for one row.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Numbers { columns: Vec<Scalar>, dtype: NumberType, sparse: bool },
    Labels { codes: Vec<Scalar>, classes: Arc<[Arc<Classes>]> },
    Columns { names: Option<Arc<[String]>>, columns: Vec<(Scalar, ColumnType)> },
    Many(Vec<Value>),
    Neighbors(Neighbors),
}

/// The expressions of a document and the models that run before the last one.
#[derive(Debug, Default)]
pub(super) struct Translation {
    pub expressions: Expressions,
    /// What returns a number that expressions use, in the order in which it runs.
    pub segments: Vec<Segment>,
    /// Whether a member of an ensemble is translated, and how many there were.
    pub is_member: bool,
    pub members: usize,
    /// Whether output fields have the scores of `decision_function`, which share models with what is predicted.
    pub has_decision: bool,
    /// What operators that became segments return, by the address of what they hold and their inputs.
    known: HashMap<(usize, String, Vec<Scalar>), Vec<Scalar>>,
}

/// A plan whose values are computed when they are asked for.
pub(super) struct PlanValues<'p> {
    pub plan: &'p Plan,
    values: Vec<Option<Value>>,
}

impl<'p> PlanValues<'p> {
    pub(super) fn new(plan: &'p Plan, input: Value) -> Self {
        let mut values = vec![None; plan.nodes().len() + 1];
        values[0] = Some(input);
        Self { plan, values }
    }

    /// The operator that makes a value.
    pub(super) fn node(&self, value: ValueId) -> Option<&'p PlanNode> {
        self.plan.nodes().get(value.index().checked_sub(1)?)
    }

    /// The first input of the operator that makes a value.
    pub(super) fn before(&self, value: ValueId) -> Option<ValueId> {
        self.node(value)?.inputs.first().copied()
    }
}

impl Translation {
    /// A value, with all that it depends on.
    pub(super) fn value(&mut self, plan: &mut PlanValues<'_>, wanted: ValueId) -> Result<Value, Refused> {
        let mut needed = Vec::new();
        let mut open = vec![wanted];
        let mut seen = vec![false; plan.values.len()];
        while let Some(value) = open.pop() {
            let at = value.index();
            if plan.values[at].is_none() && !std::mem::replace(&mut seen[at], true) {
                needed.push(at);
                open.extend(plan.plan.nodes()[at - 1].inputs.iter().copied());
            }
        }
        needed.sort_unstable();
        for at in needed {
            let PlanNode { operator, inputs, estimator } = &plan.plan.nodes()[at - 1];
            self.expressions.set_estimator(estimator);
            let inputs: Option<Vec<&Value>> = inputs.iter().map(|input| plan.values[input.index()].as_ref()).collect();
            let refused = |reason| Refused { node: at - 1, reason };
            let inputs = inputs.ok_or_else(|| refused(Reason::new("a value is missing")))?;
            let value = self.operator(operator, &inputs).map_err(refused)?;
            plan.values[at] = Some(value);
        }
        plan.values[wanted.index()].clone().ok_or_else(|| Refused {
            node: wanted.index().saturating_sub(1),
            reason: Reason::new("a value is missing"),
        })
    }

    /// The columns of a value of numbers.
    pub(super) fn numbers(&mut self, plan: &mut PlanValues<'_>, value: ValueId) -> Result<Vec<Scalar>, Refused> {
        let refused = |reason| Refused { node: value.index().saturating_sub(1), reason };
        match self.value(plan, value)? {
            Value::Numbers { columns, .. } => Ok(columns),
            other => other.floats().ok_or_else(|| refused(Reason::new("it takes something else than numbers"))),
        }
    }

    /// The fields of some scalars.
    pub(super) fn fields(&mut self, scalars: &[Scalar]) -> Vec<ExprId> {
        scalars.iter().map(|scalar| self.expressions.id(scalar)).collect()
    }

    fn operator(&mut self, operator: &AnyOperator, inputs: &[&Value]) -> Result<Value, Reason> {
        match operator {
            AnyOperator::TreeEnsemble(ensemble) => self.tree_ensemble(ensemble, inputs),
            AnyOperator::BoostedEnsemble(ensemble) => self.boosted_ensemble(ensemble, operator, inputs),
            AnyOperator::CatEnsemble(ensemble) => self.cat_ensemble(ensemble, inputs),
            AnyOperator::SupportVectors(vectors) => {
                let x = inputs[0].floats().ok_or_else(|| Reason::new("it takes numbers"))?;
                self.support_vectors(vectors, &x)
            }
            AnyOperator::Encode(encode) => self.encode(encode, inputs[0]),
            AnyOperator::Impute(impute) => self.impute(impute, operator, inputs[0]),
            AnyOperator::MissingMask(mask) => self.missing_mask(mask, operator, inputs[0]),
            AnyOperator::NearestNeighbors(nearest) => {
                let x = inputs[0].floats().ok_or_else(|| Reason::new("it takes numbers"))?;
                let search = Arc::clone(&nearest.search);
                Ok(Value::Neighbors(Neighbors { search, count: nearest.count, x }))
            }
            AnyOperator::NeighborWeights(_) => {
                Err(Reason::new("its neighbors weigh by distance, for which PMML has other weights"))
            }
            AnyOperator::RadiusNeighbors(_) => Err(Reason::new("PMML has no neighbors within a radius")),
            AnyOperator::NeighborMeans(means) => self.neighbor_means(means, inputs),
            AnyOperator::NeighborVotes(votes) => self.neighbor_votes(votes, inputs),
            AnyOperator::Item(item) => match inputs[0] {
                Value::Many(values) => values.get(item.index).cloned().ok_or_else(|| Reason::new("a value is missing")),
                // The distances come first, which no expression of PMML can compute with.
                Value::Neighbors(_) if item.index == 1 => Ok(inputs[0].clone()),
                Value::Neighbors(_) => Ok(Value::Many(Vec::new())),
                _ => Err(Reason::new("it takes several values at once")),
            },
            _ => self.expanded(operator, inputs),
        }
    }

    /// An operator by its expansion into primitives.
    pub(super) fn expanded(&mut self, operator: &AnyOperator, inputs: &[&Value]) -> Result<Value, Reason> {
        let mut builder = Builder::default();
        let mut given = Vec::new();
        let blocks =
            inputs.iter().enumerate().map(|(at, value)| block(&mut builder, value, &at.to_string(), &mut given));
        let blocks = blocks.collect::<Result<Vec<_>, _>>()?;
        let result = expand::operator_of(operator, &mut builder, &blocks.iter().collect::<Vec<_>>())?;
        let tensors = match &result {
            Block::Numbers(numbers) => vec![numbers.tensor],
            Block::Labels { codes, .. } => vec![*codes],
            Block::Columns { columns, .. } => columns.iter().map(|column| column.tensor).collect(),
            Block::Neighbors(_) | Block::Within(_) => {
                return Err(Reason::new("a search for neighbors cannot be exported to PMML"));
            }
            Block::Many(_) => return Err(Reason::new("it returns several values at once")),
        };
        for (at, tensor) in tensors.iter().enumerate() {
            builder.output(at.to_string(), *tensor);
        }
        let graph = builder.finish().map_err(Reason::new)?;
        let mut outputs = primitives::run(&mut self.expressions, &graph, &given)?.into_iter().map(|one| one.elements);
        Ok(match result {
            Block::Numbers(Numbers { dtype, sparse, .. }) => {
                Value::Numbers { columns: outputs.next().unwrap_or_default(), dtype, sparse }
            }
            Block::Labels { classes, .. } => Value::Labels { codes: outputs.next().unwrap_or_default(), classes },
            Block::Columns { names, columns } => {
                let first = outputs.filter_map(|elements| elements.into_iter().next());
                Value::Columns { names, columns: first.zip(columns.iter().map(|column| column.kind)).collect() }
            }
            Block::Neighbors(_) | Block::Within(_) | Block::Many(_) => Value::Many(Vec::new()),
        })
    }

    /// The decision values of support vectors: a model for each.
    fn support_vectors(&mut self, vectors: &SupportVectors, x: &[Scalar]) -> Result<Value, Reason> {
        let of_all = (std::ptr::from_ref(vectors) as usize, "decision values".to_owned());
        let columns = self.once(of_all, x, |this| {
            let columns = this.support_vector_models(vectors, x)?.into_iter().map(|body| {
                let function = Function::Regression;
                this.segment(Model { body, function, outputs: Vec::new(), rescale: None, target: Owner::Nobody })
            });
            Ok(columns.collect())
        })?;
        Ok(Value::doubles(columns))
    }

    /// The models of the decision values of support vectors.
    pub(super) fn support_vector_models(
        &mut self,
        vectors: &SupportVectors,
        x: &[Scalar],
    ) -> Result<Vec<Body>, Reason> {
        let matrix = match &vectors.vectors {
            Vectors::Dense(matrix) => matrix.clone(),
            Vectors::Sparse(csr) => csr.to_dense(),
            Vectors::Columns(_) => return Err(Reason::new("its rows are kernel values that were computed before")),
        };
        let matrix = Rc::new(matrix);
        let fields = self.fields(x);
        let by_pairs = expand::by_pairs(vectors);
        Ok((0..vectors.intercepts.len())
            .map(|pair| {
                Body::SupportVectors(SupportVectorMachineModel {
                    kernel: vectors.kernel,
                    fields: fields.clone(),
                    vectors: Rc::clone(&matrix),
                    coefficients: by_pairs.iter_rows().map(|row| row[pair]).collect(),
                    intercept: vectors.intercepts[pair],
                    classes: None,
                })
            })
            .collect())
    }

    /// Adds a model that runs before all later ones, and returns the number that it predicts.
    pub(super) fn segment(&mut self, model: Model) -> Scalar {
        let level = self.segments.len() + 1;
        let name = format!("segment({level})");
        self.segments.push(Segment { model: model.hidden(&name), weight: None });
        self.expressions.field(&name, DType::F64, level)
    }

    /// What an operator returned before, or what it returns now.
    pub(super) fn once(
        &mut self,
        (address, settings): (usize, String),
        inputs: &[Scalar],
        make: impl FnOnce(&mut Self) -> Result<Vec<Scalar>, Reason>,
    ) -> Result<Vec<Scalar>, Reason> {
        let key = (address, settings, inputs.to_vec());
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let made = make(self)?;
        self.known.insert(key, made.clone());
        Ok(made)
    }

    /// The field that trees compare: that of `float32` where the number was rounded to it.
    pub(super) fn compared(&mut self, feature: &Scalar) -> ExprId {
        let id = self.expressions.id(feature);
        match self.expressions.get(id) {
            Expr::Cast(DType::F64, Scalar::Expr(inner)) if self.expressions.dtype_of(*inner) == DType::F32 => *inner,
            _ => id,
        }
    }
}

impl Value {
    pub(super) fn doubles(columns: Vec<Scalar>) -> Self {
        let dtype = NumberType::Float(skiff_plan::value::Precision::Double);
        Self::Numbers { columns, dtype, sparse: false }
    }

    /// Its columns, where they are numbers.
    pub(super) fn floats(&self) -> Option<Vec<Scalar>> {
        match self {
            Self::Numbers { columns, .. } => Some(columns.clone()),
            Self::Columns { columns, .. } => columns
                .iter()
                .map(|(scalar, kind)| matches!(kind, ColumnType::Numbers(_)).then(|| scalar.clone()))
                .collect(),
            Self::Labels { .. } | Self::Many(_) | Self::Neighbors(_) => None,
        }
    }
}

/// A value as inputs of a graph, named after its place among the inputs.
fn block(
    builder: &mut Builder,
    value: &Value,
    name: &str,
    given: &mut Vec<(String, Vec<Scalar>)>,
) -> Result<Block, Reason> {
    let dtype_of = |dtype: NumberType| if matches!(dtype, NumberType::Int(_)) { DType::I64 } else { DType::F64 };
    Ok(match value {
        Value::Numbers { columns, .. } if columns.is_empty() => {
            return Err(Reason::new("it takes a table without columns"));
        }
        Value::Numbers { columns, dtype, sparse } => {
            given.push((name.to_owned(), columns.clone()));
            let tensor = builder.input(name.to_owned(), dtype_of(*dtype), columns.len());
            Numbers { tensor, dtype: *dtype, sparse: *sparse }.into()
        }
        Value::Labels { codes, classes } => {
            given.push((name.to_owned(), codes.clone()));
            let codes = builder.input(name.to_owned(), DType::I64, codes.len());
            Block::Labels { codes, classes: Arc::clone(classes) }
        }
        Value::Columns { names, columns } => {
            let columns = columns.iter().enumerate().map(|(at, (scalar, kind))| {
                let name = format!("{name}.{at}");
                given.push((name.clone(), vec![scalar.clone()]));
                let dtype = match kind {
                    ColumnType::Numbers(dtype) => dtype_of(*dtype),
                    ColumnType::Texts | ColumnType::Objects => DType::Str,
                };
                Column { tensor: builder.input(name, dtype, 1), kind: *kind }
            });
            Block::Columns { columns: columns.collect(), names: names.clone() }
        }
        Value::Neighbors(_) => return Err(Reason::new("it computes with the distances of neighbors")),
        Value::Many(_) => return Err(Reason::new("it computes with several values at once")),
    })
}
