//! Machine code of one rule, and the only calls into it.

use std::mem;
use std::sync::{Mutex, OnceLock};

use cambist_core::rules::jit_compiler::{Program, RuleCode, WidthError};
use cranelift_codegen::Context;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Module, default_libcall_names};

use crate::translate;

/// (rows, how many, verdicts)
type Entry = unsafe extern "C" fn(*const f64, usize, *mut u8);

/// Why there is no machine code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError(String);

impl CompileError {
    fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no machine code here: {}", self.0)
    }
}

impl std::error::Error for CompileError {}

/// A rule compiled for this machine.
pub struct MachineRule {
    program: Program,
    entry: Entry,
    _code: Code,
}

/// The memory that holds a rule's code.
struct Code(Mutex<Option<JITModule>>);

impl Drop for Code {
    fn drop(&mut self) {
        let Ok(held) = self.0.get_mut() else { return };
        if let Some(module) = held.take() {
            // SAFETY: the one pointer into this memory is `MachineRule::entry`, which is dropped with it, and calls
            // through it hold a reference to the rule, so that none is under way.
            unsafe { module.free_memory() };
        }
    }
}

impl MachineRule {
    /// Returns the machine code of a program.
    ///
    /// # Errors
    /// `CompileError` where the machine is none that can be compiled for, or gives no memory that can be run.
    pub fn compile(program: &Program) -> Result<Self, CompileError> {
        let builder = JITBuilder::with_isa(machine()?, default_libcall_names());
        let mut module = JITModule::new(builder);
        let made = define(&mut module, program);
        let code = Code(Mutex::new(Some(module)));
        // SAFETY: `define` gave this function the parameters of `Entry` in C's calling convention of this machine, and
        // it is finished: it can be run, and is no longer written to. It lives as long as `_code` beside it.
        let entry = unsafe { mem::transmute::<*const u8, Entry>(made?) };
        Ok(Self {
            program: program.clone(),
            entry,
            _code: code,
        })
    }
}

impl RuleCode for MachineRule {
    fn evaluate_rows(&self, rows: &[f64], verdicts: &mut [u8]) -> Result<(), WidthError> {
        self.program.check_width(rows.len(), verdicts.len())?;
        // SAFETY: the code reads as many numbers a row as the program has inputs, for as many rows as it is told, and
        // writes one byte for each; `check_width` has found both to be there. It keeps nothing and calls nothing.
        unsafe { (self.entry)(rows.as_ptr(), verdicts.len(), verdicts.as_mut_ptr()) };
        Ok(())
    }

    fn native(&self) -> bool {
        true
    }
}

/// Returns what is known of this machine, asked once.
fn machine() -> Result<OwnedTargetIsa, CompileError> {
    static MACHINE: OnceLock<Result<OwnedTargetIsa, CompileError>> = OnceLock::new();
    MACHINE.get_or_init(ask).clone()
}

fn ask() -> Result<OwnedTargetIsa, CompileError> {
    let mut flags = settings::builder();
    // A rule is one loop without a call: what optimising it would save, compiling it would lose.
    for (name, value) in [
        ("opt_level", "none"),
        ("regalloc_algorithm", "single_pass"),
        ("is_pic", "false"),
        ("use_colocated_libcalls", "false"),
        ("unwind_info", "false"),
        (
            "enable_verifier",
            if cfg!(debug_assertions) {
                "true"
            } else {
                "false"
            },
        ),
    ] {
        flags.set(name, value).map_err(CompileError::new)?;
    }
    let builder = cranelift_native::builder().map_err(CompileError::new)?;
    let flags = settings::Flags::new(flags);
    builder.finish(flags).map_err(CompileError::new)
}

/// Returns where the code of a program begins, ready to run.
fn define(module: &mut JITModule, program: &Program) -> Result<*const u8, CompileError> {
    let mut context = Context::new();
    context.func.signature = translate::signature(module.isa());
    let (frontend, mut scratch) = (module.target_config(), FunctionBuilderContext::new());
    translate::body(&mut context.func, frontend, &mut scratch, program)
        .ok_or_else(|| CompileError::new("steps that don't match"))?;
    let function = module
        .declare_anonymous_function(&context.func.signature)
        .map_err(CompileError::new)?;
    module
        .define_function(function, &mut context)
        .map_err(CompileError::new)?;
    module.finalize_definitions().map_err(CompileError::new)?;
    Ok(module.get_finalized_function(function))
}
