//! Recorded models of other versions, and what the real 1.9.1 and 1.5.2 did with them.

use super::*;
use crate::Options;

fn outcome(case: &str, target: &str) -> (PlainOutcome, String) {
    let model = skiff_testing::RecordedModel::named(case);
    let file = File::read(model.bytes.as_slice().to_vec(), &Options::default()).expect("a recorded model");
    let target = ScikitLearn::parse(target).expect("a version");
    let found = file.plain_loading(&target);
    (found.outcome, found.reasons.join("; "))
}

#[test]
fn recorded_models() {
    for (case, target, expected, reason) in [
        ("1.2.2/ensemble/hist_multiclass", "1.9.1", PlainOutcome::StateDiffers, "adds"),
        (
            "1.2.2/ensemble/hist_binary",
            "1.9.1",
            PlainOutcome::Fails,
            "there is no `sklearn._loss._loss.__pyx_unpickle_",
        ),
        ("1.2.2/preprocessing/spline", "1.9.1", PlainOutcome::Fails, "splines"),
        ("1.2.2/ensemble/ada_boost", "1.9.1", PlainOutcome::Fails, "the nodes of its trees"),
        ("1.2.2/model_selection/grid_frame", "1.9.1", PlainOutcome::Fails, "_passthrough_scorer"),
        ("0.24.2/ensemble/voting_soft_drop", "1.9.1", PlainOutcome::StateDiffers, ""),
        ("0.20.4/ensemble/ada_boost", "1.9.1", PlainOutcome::Fails, "is `sklearn.ensemble._weight_boosting."),
        ("0.20.4/calibration/isotonic", "0.23.2", PlainOutcome::StateDiffers, ""),
        ("0.20.4/feature_selection/k_best_mutual", "0.23.2", PlainOutcome::Fails, "_mutual_info."),
        ("1.9.1/ensemble/gradient_boosting_binary", "1.5.2", PlainOutcome::StateDiffers, ""),
        ("1.9.1/ensemble/gradient_boosting_binary", "1.9.1", PlainOutcome::Loads, ""),
    ] {
        let (found, reasons) = outcome(case, target);
        assert!(found == expected && reasons.contains(reason), "{case} in {target}: {found:?}, {reasons}");
    }
}
