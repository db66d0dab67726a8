//! The kernels of Gaussian processes, and expressions of them.

use std::sync::Arc;

use skiff_files::Instance;
use skiff_pickle::NodeId;
use skiff_plan::operators::{KernelNode, ProcessKernel, Smoothness};

use crate::fields::{Fields, ReadError, ReadErrorKind};

/// The most kernels in an expression, with shared ones counted at each occurrence.
const MOST_KERNELS: usize = 1 << 10;

/// The remaining tasks of an expression.
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
    Ok(Arc::new(ProcessKernel::new(nodes, fitted)))
}

fn read_node(
    fields: &Fields<'_, '_>,
    node: NodeId,
    path: &str,
    width: usize,
    open: &mut Vec<Todo>,
) -> Result<(), ReadError> {
    let is_kernel = |object: &Instance<'_>| object.module == "sklearn.gaussian_process.kernels";
    fields.object((node, path), "a kernel", is_kernel, |kernel| read_object(kernel, path, width, open))
}

/// The attributes of one kernel.
fn read_object(kernel: &Fields<'_, '_>, path: &str, width: usize, open: &mut Vec<Todo>) -> Result<(), ReadError> {
    // The bounds of a parameter's search are named after it.
    let number = |name: &str| {
        kernel.training_only(&[&format!("{name}_bounds")]);
        kernel.float(name)
    };
    // One scale, or one for each feature.
    let scales = || -> Result<Vec<f64>, ReadError> {
        kernel.training_only(&["length_scale_bounds"]);
        let name = "length_scale";
        let scales = match (kernel.numbers(name), kernel.node(name).and_then(|node| kernel.graph().items(node))) {
            (Ok(numbers), _) => numbers.data,
            (Err(_), None) => return Ok(vec![kernel.float(name)?]),
            (Err(_), Some(items)) => {
                let path = kernel.path_of(name);
                let each = items.iter().map(|&item| {
                    let scalar = kernel.scalar_at(item, &path)?.as_f64();
                    scalar.ok_or_else(|| kernel.unexpected_at(item, &path, "a number"))
                });
                each.collect::<Result<_, _>>()?
            }
        };
        if scales.len() != 1 {
            kernel.expect_len(name, scales.len(), width)?;
        }
        Ok(scales)
    };
    let operand = |name: &str| Ok(Todo::Read(kernel.required(name)?, kernel.path_of(name)));
    let leaf = match kernel.header().class.as_str() {
        name @ ("Sum" | "Product") => {
            open.push(Todo::Push(if name == "Sum" { KernelNode::Sum } else { KernelNode::Product }));
            // The top of the stack is the first operand.
            open.push(operand("k2")?);
            open.push(operand("k1")?);
            return Ok(());
        }
        "Exponentiation" => {
            open.push(Todo::Push(KernelNode::Power(kernel.float("exponent")?)));
            open.push(operand("kernel")?);
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
        "DotProduct" => KernelNode::DotProduct(number("sigma_0")?),
        other => {
            let what = format!("`{other}`");
            return Err(ReadError::new(path.to_owned(), ReadErrorKind::Unsupported(what)));
        }
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
