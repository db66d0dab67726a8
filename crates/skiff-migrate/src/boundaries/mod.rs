//! One file for each boundary between two minor versions of scikit-learn, the oldest first.

use crate::rule::Boundary;

mod v0_17_to_v0_18;
mod v0_18_to_v0_19;
mod v0_19_to_v0_20;
mod v0_20_to_v0_21;
mod v0_21_to_v0_22;
mod v0_22_to_v0_23;
mod v0_23_to_v0_24;
mod v0_24_to_v1_0;
mod v1_0_to_v1_1;
mod v1_1_to_v1_2;
mod v1_2_to_v1_3;
mod v1_3_to_v1_4;
mod v1_4_to_v1_5;
mod v1_5_to_v1_6;
mod v1_6_to_v1_7;
mod v1_7_to_v1_8;
mod v1_8_to_v1_9;

#[cfg(test)]
pub(crate) use v1_2_to_v1_3::OLD_NODES;

/// The oldest version that models are written for: the boundaries before it have no way back.
pub(crate) const OLDEST_TARGET: &str = "0.20";

/// Every boundary, in the order of the versions that the catalog knows.
pub(crate) const ALL: [&Boundary; 17] = [
    &v0_17_to_v0_18::BOUNDARY,
    &v0_18_to_v0_19::BOUNDARY,
    &v0_19_to_v0_20::BOUNDARY,
    &v0_20_to_v0_21::BOUNDARY,
    &v0_21_to_v0_22::BOUNDARY,
    &v0_22_to_v0_23::BOUNDARY,
    &v0_23_to_v0_24::BOUNDARY,
    &v0_24_to_v1_0::BOUNDARY,
    &v1_0_to_v1_1::BOUNDARY,
    &v1_1_to_v1_2::BOUNDARY,
    &v1_2_to_v1_3::BOUNDARY,
    &v1_3_to_v1_4::BOUNDARY,
    &v1_4_to_v1_5::BOUNDARY,
    &v1_5_to_v1_6::BOUNDARY,
    &v1_6_to_v1_7::BOUNDARY,
    &v1_7_to_v1_8::BOUNDARY,
    &v1_8_to_v1_9::BOUNDARY,
];
