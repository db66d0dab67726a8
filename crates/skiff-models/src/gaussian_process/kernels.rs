//! The kernels of Gaussian processes, and the expressions that are made of them.

use std::sync::Arc;

use skiff_pickle::NodeId;
use skiff_plan::operators::{KernelNode, ProcessKernel, Smoothness};

use crate::fields::{Fields, ReadError, ReadErrorKind};

/// More kernels than any expression has: shared ones count wherever they stand.
const MOST_KERNELS: usize = 1 << 10;

/// What is left to do of an expression.
enum Todo {
    Read(NodeId, String),
    Push(KernelNode),
}

/// The kernel in `kernel_`, with the rows in `X_train_`.
pub(super) fn read_kernel(fields: &Fields<'_, '_>) -> Result<Arc<ProcessKernel>, ReadError> {
    let fitted = fields.matrix("X_train_")?;
    fields.expect_n_features("X_train_", fitted.cols)?;
    let mut nodes = Vec::new();
    let mut open = vec![Todo::Read(fields.required("kernel_")?, fields.path_of("kernel_"))];
    while let Some(todo) = open.pop() {
        match todo {
            Todo::Push(node) => nodes.push(node),
            Todo::Read(node, path) => read_node(fields, node, &path, fitted.cols, &mut open)?,
        }
        if nodes.len() + open.len() > MOST_KERNELS {
            return Err(fields.unsupported("kernel_", format!("more than {MOST_KERNELS} kernels in one")));
        }
    }
    Ok(Arc::new(ProcessKernel { nodes, fitted }))
}

fn read_node(
    fields: &Fields<'_, '_>,
    node: NodeId,
    path: &str,
    width: usize,
    open: &mut Vec<Todo>,
) -> Result<(), ReadError> {
    let unexpected = || fields.unexpected_at(node, path, "a kernel");
    let instance = fields.instance_at(node, path)?.ok_or_else(unexpected)?;
    if instance.module != "sklearn.gaussian_process.kernels" {
        return Err(unexpected());
    }
    let name = instance.name;
    let parameters: &[&str] = match name {
        "Sum" | "Product" => &["k1", "k2"],
        "Exponentiation" => &["kernel", "exponent"],
        "ConstantKernel" => &["constant_value"],
        "WhiteKernel" => &["noise_level"],
        "RBF" => &["length_scale"],
        "Matern" => &["length_scale", "nu"],
        "RationalQuadratic" => &["alpha", "length_scale"],
        "ExpSineSquared" => &["length_scale", "periodicity"],
        "DotProduct" => &["sigma_0"],
        other => {
            let what = format!("`{other}`");
            return Err(ReadError::new(path.to_owned(), ReadErrorKind::Unsupported(what)));
        }
    };
    let is_known = |attribute: &str| {
        parameters.contains(&attribute) || attribute.strip_suffix("_bounds").is_some_and(|of| parameters.contains(&of))
    };
    if let Some((attribute, _)) = instance.attributes().find(|(attribute, _)| !is_known(attribute)) {
        let class = instance.class_path();
        return Err(ReadError::new(format!("{path}.{attribute}"), ReadErrorKind::UnknownAttribute { class }));
    }
    let attribute = |name: &str| {
        let missing = || ReadError::new(format!("{path}.{name}"), ReadErrorKind::Missing);
        instance.attribute(name).ok_or_else(missing)
    };
    let number = |name: &str| {
        let (node, path) = (attribute(name)?, format!("{path}.{name}"));
        let scalar = fields.scalar_at(node, &path)?.as_f64();
        scalar.ok_or_else(|| fields.unexpected_at(node, &path, "a number"))
    };
    // One scale, or one for each feature.
    let scales = || -> Result<Vec<f64>, ReadError> {
        let (node, path) = (attribute("length_scale")?, format!("{path}.length_scale"));
        if let Ok(numbers) = fields.numbers_at(node, &path) {
            let count = numbers.data.len();
            return match count == 1 || count == width {
                true => Ok(numbers.data),
                false => Err(ReadError::new(path, ReadErrorKind::Length { expected: width, found: count })),
            };
        }
        if let Some(items) = fields.graph().items(node) {
            let each = items.iter().map(|&item| {
                let scalar = fields.scalar_at(item, &path)?.as_f64();
                scalar.ok_or_else(|| fields.unexpected_at(item, &path, "a number"))
            });
            let all: Vec<f64> = each.collect::<Result<_, _>>()?;
            return match all.len() == 1 || all.len() == width {
                true => Ok(all),
                false => Err(ReadError::new(path, ReadErrorKind::Length { expected: width, found: all.len() })),
            };
        }
        Ok(vec![number("length_scale")?])
    };
    let leaf = match name {
        "Sum" | "Product" => {
            open.push(Todo::Push(if name == "Sum" { KernelNode::Sum } else { KernelNode::Product }));
            // What comes off the stack first is the first operand.
            open.push(Todo::Read(attribute("k2")?, format!("{path}.k2")));
            open.push(Todo::Read(attribute("k1")?, format!("{path}.k1")));
            return Ok(());
        }
        "Exponentiation" => {
            open.push(Todo::Push(KernelNode::Power(number("exponent")?)));
            open.push(Todo::Read(attribute("kernel")?, format!("{path}.kernel")));
            return Ok(());
        }
        "ConstantKernel" => KernelNode::Constant(number("constant_value")?),
        "WhiteKernel" => KernelNode::White(number("noise_level")?),
        "RBF" => KernelNode::Rbf(scales()?),
        "Matern" => KernelNode::Matern(scales()?, smoothness(number("nu")?, path)?),
        "RationalQuadratic" => {
            KernelNode::RationalQuadratic { alpha: number("alpha")?, scale: number("length_scale")? }
        }
        "ExpSineSquared" => {
            KernelNode::ExpSineSquared { scale: number("length_scale")?, period: number("periodicity")? }
        }
        _ => KernelNode::DotProduct(number("sigma_0")?),
    };
    open.push(Todo::Push(leaf));
    Ok(())
}

fn smoothness(nu: f64, path: &str) -> Result<Smoothness, ReadError> {
    match nu {
        0.5 => Ok(Smoothness::Half),
        1.5 => Ok(Smoothness::ThreeHalves),
        2.5 => Ok(Smoothness::FiveHalves),
        f64::INFINITY => Ok(Smoothness::Infinite),
        other => {
            let what = format!("{other}, for which the kernel is a Bessel function");
            Err(ReadError::new(format!("{path}.nu"), ReadErrorKind::Unsupported(what)))
        }
    }
}
