//! Operator rules as machine code, and work for wide vectors: the only unsafe code of cambist, and safe ways around it.
//!
//! [`faster`] compiles a program for the machine it runs on, and hands back the program itself, which interprets its
//! steps, where that can't be done. Both say the same of every row of inputs.
#![deny(unsafe_op_in_unsafe_fn)]
#![warn(clippy::undocumented_unsafe_blocks)]

mod machine;
mod sides;
#[cfg(test)]
mod tests;
mod translate;
mod wide;

use std::sync::Arc;

use cambist_core::rules::jit_compiler::{Program, RuleCode};

pub use self::machine::{CompileError, MachineRule};
pub use self::sides::up_down;
pub use self::wide::{Work, wide};

/// Returns a program as machine code, or as it is where this machine has no compiler for it.
pub fn faster(program: Program) -> Arc<dyn RuleCode> {
    match MachineRule::compile(&program) {
        Ok(rule) => Arc::new(rule),
        Err(_) => Arc::new(program),
    }
}
