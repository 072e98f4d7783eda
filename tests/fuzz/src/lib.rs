//! What the fuzz targets share: a second reading of the encoding, and the list of all wire types.

#[path = "../../../protocol/tests/support/reference.rs"]
pub mod reference;
#[path = "../../../protocol/tests/support/values.rs"]
pub mod values;
