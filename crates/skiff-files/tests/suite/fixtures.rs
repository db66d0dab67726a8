//! Every model that scikit-learn wrote for the fixtures opens, and nothing in it reads as damaged.

use skiff_files::{MaskedArray, NdArray, Scalar, Sparse, pandas};
use skiff_testing::RecordedModel;

#[test]
fn every_fixture_opens() {
    let models = RecordedModel::all();
    assert!(models.len() > 4_000, "only {} models were found", models.len());
    let mut wrong = Vec::new();
    for model in models {
        let file = match model.open() {
            Ok(file) => file,
            Err(error) => {
                wrong.push(format!("{}: {error}", model.path));
                continue;
            }
        };
        for id in file.graph.ids() {
            let errors = [
                NdArray::read(&file.graph, id).err(),
                Scalar::read(&file.graph, id).err(),
                Sparse::read(&file.graph, id).err(),
                MaskedArray::read(&file.graph, id).err(),
                pandas::values(&file.graph, id).err(),
            ];
            if let Some(error) = errors.into_iter().flatten().next() {
                wrong.push(format!("{}: node {}: {error}", model.path, id.index()));
            }
        }
    }
    wrong.truncate(50);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
