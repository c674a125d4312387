// SPDX-License-Identifier: Apache-2.0
// Canonical NaNs, for those who need the same bits on every machine.

import BrolgaWasm

extension Translator {
  /// The result of an operation on scalars, or the canonical NaN where it is one that arithmetic makes.
  mutating func canonical(_ value: Value, _ opcode: Opcode) -> Value {
    switch opcode {
    case .fadd, .fsub, .fmul, .fdiv, .fmin, .fmax, .fsqrt, .fceil, .ffloor, .ftrunc, .fnearest,
      .promote, .demote:
      break
    default: return value
    }
    let type = builder.type(value)
    let nan = builder.constant(type, bits: type == .f32 ? 0x7fc0_0000 : 0x7ff8_0000_0000_0000)
    let isNumber = builder.emit(Instruction(.feq, .i32, a: value.raw, b: value.raw))
    return builder.emit(
      Instruction(.select, type, a: isNumber.raw, b: value.raw, c: nan.raw))
  }

  /// The same, lane by lane.
  mutating func canonical(_ value: Value, _ vector: VectorOperator) -> Value {
    let lanes: LaneShape
    switch vector.opcode {
    case .vadd, .vsub, .vmul, .vdiv, .vsqrt, .vceil, .vfloor, .vtrunc, .vnearest, .vfmin, .vfmax,
      .relaxedMadd, .relaxedNmadd, .relaxedMin, .relaxedMax:
      guard let shape = vector.lanes, shape.isFloat else { return value }
      lanes = shape
    case .vdemote: lanes = .f32x4
    case .vpromote: lanes = .f64x2
    default: return value
    }
    let bits: UInt64 = lanes == .f32x4 ? 0x7fc0_0000_7fc0_0000 : 0x7ff8_0000_0000_0000
    let nan = builder.constant(V128(low: bits, high: bits))
    let isNumber = builder.emit(Instruction(.veq, lanes: lanes, a: value.raw, b: value.raw))
    return builder.emit(
      Instruction(.bitselect, .v128, a: value.raw, b: nan.raw, c: isNumber.raw))
  }
}
