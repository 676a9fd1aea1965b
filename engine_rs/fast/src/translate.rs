//! Steps of a rule to instructions.
//!
//! A verdict is two bits, surely true and surely false; unknown is neither. So `and` and `or` are one instruction each
//! bit and `not` swaps them: no branch in a row. What isn't finite becomes NaN by `x + (x − x)`, and stays NaN through
//! sums and products; a quotient by an infinite number would not, so divisors are looked at first. That leaves one such
//! sum for each input and for each computed side of a comparison.

use cambist_core::rules::jit_compiler::{Comparison, Op, Program};
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, Function, InstBuilder, MemFlagsData, Signature, Value, types,
};
use cranelift_codegen::isa::{TargetFrontendConfig, TargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

const WIDTH: usize = size_of::<f64>();

/// Returns the parameters: rows, how many, verdicts.
pub(crate) fn signature(isa: &dyn TargetIsa) -> Signature {
    let mut signature = Signature::new(isa.default_call_conv());
    let pointer = AbiParam::new(isa.pointer_type());
    signature.params.extend([pointer; 3]);
    signature
}

/// Writes the loop over all rows; `None` if the program's steps don't match.
pub(crate) fn body(
    function: &mut Function,
    frontend: TargetFrontendConfig,
    scratch: &mut FunctionBuilderContext,
    program: &Program,
) -> Option<()> {
    let pointer = function.signature.params.first()?.value_type;
    let mut builder = FunctionBuilder::new(function, scratch);
    let [entry, head, row, done] = [(); 4].map(|()| builder.create_block());
    builder.append_block_params_for_function_params(entry);
    for _ in 0..3 {
        builder.append_block_param(head, pointer);
    }
    builder.switch_to_block(entry);
    let start = arguments(&builder, entry);
    builder.ins().jump(head, &start);

    builder.switch_to_block(head);
    let &[values, left, verdict] = builder.block_params(head) else {
        return None;
    };
    builder.ins().brif(left, row, &[], done, &[]);

    builder.switch_to_block(row);
    let mut lines = Lines {
        builder: &mut builder,
        row: values,
        loaded: vec![None; program.fields().len()],
        numbers: Vec::new(),
        truths: Vec::new(),
    };
    for &step in program.steps() {
        lines.take(step)?;
    }
    let truth = lines.truths.pop()?;
    let code = lines.code(truth);
    builder
        .ins()
        .store(MemFlagsData::trusted(), code, verdict, 0);
    let stride = i64::try_from(program.fields().len() * WIDTH).ok()?;
    let next = [
        builder.ins().iadd_imm_s(values, stride),
        builder.ins().iadd_imm_s(left, -1),
        builder.ins().iadd_imm_s(verdict, 1),
    ];
    builder.ins().jump(head, &next.map(BlockArg::Value));

    builder.switch_to_block(done);
    builder.ins().return_(&[]);
    builder.seal_all_blocks();
    builder.finalize(frontend);
    Some(())
}

fn arguments(builder: &FunctionBuilder<'_>, entry: Block) -> Vec<BlockArg> {
    let params = builder.block_params(entry).iter();
    params.map(|&value| BlockArg::Value(value)).collect()
}

/// A number on the stack.
#[derive(Clone, Copy)]
struct Number {
    value: Value,
    /// Whether it may be infinite; else it is finite or NaN.
    raw: bool,
}

/// A verdict on the stack: surely true, surely false.
#[derive(Clone, Copy)]
struct Truth {
    holds: Value,
    fails: Value,
}

struct Lines<'a, 'b> {
    builder: &'a mut FunctionBuilder<'b>,
    row: Value,
    loaded: Vec<Option<Value>>,
    numbers: Vec<Number>,
    truths: Vec<Truth>,
}

impl Lines<'_, '_> {
    fn take(&mut self, step: Op) -> Option<()> {
        match step {
            Op::Constant(value) => {
                let value = self.builder.ins().f64const(value);
                self.numbers.push(Number { value, raw: false });
            }
            Op::Number(at) => {
                let value = self.input(at)?;
                self.numbers.push(Number { value, raw: false });
            }
            Op::Boolean(at) => {
                let value = self.input(at)?;
                let zero = self.builder.ins().f64const(0.0);
                let truth = self.compared(Comparison::NotEqual, value, zero);
                self.truths.push(truth);
            }
            Op::Truth(value) => {
                let holds = self.bit(value);
                let fails = self.bit(!value);
                self.truths.push(Truth { holds, fails });
            }
            Op::Add | Op::Subtract | Op::Multiply | Op::Divide => self.arithmetic(step)?,
            Op::Negate => {
                let Number { value, raw } = self.numbers.pop()?;
                let value = self.builder.ins().fneg(value);
                self.numbers.push(Number { value, raw });
            }
            Op::Compare(how) => {
                let (right, left) = (self.numbers.pop()?, self.numbers.pop()?);
                let (left, right) = (self.finite(left), self.finite(right));
                let truth = self.compared(how, left, right);
                self.truths.push(truth);
            }
            Op::And | Op::Or => {
                let (right, left) = (self.truths.pop()?, self.truths.pop()?);
                let truth = self.joined(step == Op::And, left, right);
                self.truths.push(truth);
            }
            Op::Not => {
                let Truth { holds, fails } = self.truths.pop()?;
                self.truths.push(Truth {
                    holds: fails,
                    fails: holds,
                });
            }
        }
        Some(())
    }

    /// Returns an input, NaN if it isn't finite; read once.
    fn input(&mut self, at: u16) -> Option<Value> {
        let at = usize::from(at);
        if let Some(value) = *self.loaded.get(at)? {
            return Some(value);
        }
        let offset = i32::try_from(at * WIDTH).ok()?;
        let flags = MemFlagsData::trusted();
        let value = self.builder.ins().load(types::F64, flags, self.row, offset);
        let value = self.finite(Number { value, raw: true });
        self.loaded[at] = Some(value);
        Some(value)
    }

    fn finite(&mut self, number: Number) -> Value {
        if !number.raw {
            return number.value;
        }
        let nothing = self.builder.ins().fsub(number.value, number.value);
        self.builder.ins().fadd(number.value, nothing)
    }

    fn arithmetic(&mut self, step: Op) -> Option<()> {
        let (right, left) = (self.numbers.pop()?, self.numbers.pop()?);
        let value = match step {
            Op::Add => self.builder.ins().fadd(left.value, right.value),
            Op::Subtract => self.builder.ins().fsub(left.value, right.value),
            Op::Multiply => self.builder.ins().fmul(left.value, right.value),
            _ => {
                let divisor = self.finite(right);
                self.builder.ins().fdiv(left.value, divisor)
            }
        };
        self.numbers.push(Number { value, raw: true });
        Some(())
    }

    fn compared(&mut self, how: Comparison, left: Value, right: Value) -> Truth {
        let (holds, fails) = match how {
            Comparison::Less => (FloatCC::LessThan, FloatCC::GreaterThanOrEqual),
            Comparison::LessOrEqual => (FloatCC::LessThanOrEqual, FloatCC::GreaterThan),
            Comparison::Greater => (FloatCC::GreaterThan, FloatCC::LessThanOrEqual),
            Comparison::GreaterOrEqual => (FloatCC::GreaterThanOrEqual, FloatCC::LessThan),
            Comparison::Equal | Comparison::NotEqual => {
                return self.equal(left, right, how == Comparison::Equal);
            }
        };
        Truth {
            holds: self.builder.ins().fcmp(holds, left, right),
            fails: self.builder.ins().fcmp(fails, left, right),
        }
    }

    fn equal(&mut self, left: Value, right: Value, wanted: bool) -> Truth {
        let known = self.builder.ins().fcmp(FloatCC::Ordered, left, right);
        let same = self.builder.ins().fcmp(FloatCC::Equal, left, right);
        let differs = self.builder.ins().bxor(known, same);
        if wanted {
            Truth {
                holds: same,
                fails: differs,
            }
        } else {
            Truth {
                holds: differs,
                fails: same,
            }
        }
    }

    fn joined(&mut self, both: bool, left: Truth, right: Truth) -> Truth {
        let all = if both {
            (left.holds, right.holds)
        } else {
            (left.fails, right.fails)
        };
        let any = if both {
            (left.fails, right.fails)
        } else {
            (left.holds, right.holds)
        };
        let all = self.builder.ins().band(all.0, all.1);
        let any = self.builder.ins().bor(any.0, any.1);
        if both {
            Truth {
                holds: all,
                fails: any,
            }
        } else {
            Truth {
                holds: any,
                fails: all,
            }
        }
    }

    fn bit(&mut self, value: bool) -> Value {
        self.builder.ins().iconst(types::I8, i64::from(value))
    }

    /// Returns 0 for false, 1 for unknown, 2 for true.
    fn code(&mut self, truth: Truth) -> Value {
        let more = self.builder.ins().iadd_imm_s(truth.holds, 1);
        self.builder.ins().isub(more, truth.fails)
    }
}
