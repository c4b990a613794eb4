//! Values as columns, as every store has them.

pub(super) use crate::adapters::columns::*;
