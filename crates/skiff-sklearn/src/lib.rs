//! What scikit-learn's classes are, in every version from 0.17 to the newest: where they are defined, the parameters
//! of their constructors, the attributes in their pickles, and the names defined on them.
//!
//! The catalog is generated: `fixtures/catalog/` inspects real installations of every minor version, and merges what they
//! say into `data/`. A class that moved between modules is one [`Class`] with several paths.
//!
//! ```
//! let class = skiff_sklearn::class("sklearn.linear_model.logistic", "LogisticRegression").expect("of 0.17 to 0.21");
//! assert!(class.parameter("C").is_some());
//! assert!(class.attribute("coef_").is_some());
//! assert!(class.is_member("predict"));
//! ```

#![forbid(unsafe_code)]

mod class;
mod kind;
mod old_selectors;
mod text;
mod version;

pub use class::{Attribute, Class, Member, MemberKind, Parameter};
pub use kind::Kind;
pub use old_selectors::OLD_SELECTORS;
pub use text::{class, held, is_held, paths};
pub use version::{VERSIONS, Version, Versions};
