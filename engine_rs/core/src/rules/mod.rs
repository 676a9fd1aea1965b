//! Operator rules.

pub mod jit_compiler;
