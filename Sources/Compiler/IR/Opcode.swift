// SPDX-License-Identifier: Apache-2.0
// The operations of the intermediate representation: one row for each says all that is generic.
//
// Printer, parser, verifier, passes and the plan of lowering follow from the rows. An operation that
// is added here needs no more than the rule by which it folds (`Simplify`, if there is one), the
// rule by which a target selects it, and its meaning for the tests' interpreter.

/// An operation. Comparisons yield an `i32` of 0 or 1; the type of what they compare, and of what
/// a conversion starts from, is the type of operand `a`.
package enum Opcode: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case nop, param, iconst, fconst, vconst

  // Integers.
  case add, sub, mul, divS, divU, remS, remU
  case and, or, xor, shl, shrS, shrU, rotl, rotr
  case clz, ctz, popcnt
  /// The upper half of the product of two i64.
  case mulHighS, mulHighU
  case extend8S, extend16S, extend32S
  /// i64 to i32; i32 to i64.
  case wrap, extendS, extendU
  case eq, ne, ltS, ltU, leS, leU, gtS, gtU, geS, geU

  // Floating point.
  case fadd, fsub, fmul, fdiv, fmin, fmax, fcopysign
  case fneg, fabs, fsqrt, fceil, ffloor, ftrunc, fnearest
  case feq, fne, flt, fle, fgt, fge
  /// Float to integer: trapping, and saturating.
  case truncS, truncU, truncSatS, truncSatU
  /// Integer to float.
  case convertS, convertU
  case promote, demote, reinterpret

  /// `a != 0 ? b : c`.
  case select

  // Vectors. `aux` says how they are divided into lanes; where lanes become wider or narrower, it is
  // the result's, and of `extadd`, `extend` and `extmul` too.

  /// A scalar in every lane; in the lowest, with zeros above.
  case vsplat, vscalar
  /// A lane, zero-extended to an i32 if it is narrower, or sign-extended.
  case extractLane, extractLaneS
  /// `a` with `b` in one lane.
  case replaceLane
  /// The bytes of `a` and `b` whose numbers the pattern has; the bytes of `a` whose numbers `b` has, 0
  /// for those beyond 15.
  case vshuffle, vswizzle
  case vnot, vand, vor, vxor
  /// `a & ~b`.
  case vandnot
  /// The bits of `a` where those of `c` are set, and of `b` elsewhere.
  case bitselect
  /// Of integers and floats.
  case vadd, vsub, vmul, vneg, vabs
  case vaddSatS, vaddSatU, vsubSatS, vsubSatU
  case vminS, vminU, vmaxS, vmaxU, vavgU, vpopcnt
  /// By an i32, modulo a lane's bits.
  case vshl, vshrS, vshrU
  /// All bits of a lane set or clear; `vlt` and `vle` are of signed integers and of floats.
  case veq, vne, vlt, vltU, vle, vleU
  case anyTrue, allTrue, bitmask
  case narrowS, narrowU
  case extendLowS, extendLowU, extendHighS, extendHighU
  case extmulLowS, extmulLowU, extmulHighS, extmulHighU
  case extaddS, extaddU
  /// Sums of neighbouring products of i16; rounded products of fractions of 15 bits.
  case vdot, q15mulSat
  case vdiv, vsqrt, vceil, vfloor, vtrunc, vnearest
  case vfmin, vfmax
  /// `b < a ? b : a`, and `a < b ? b : a`.
  case vpmin, vpmax
  /// `aux` is the shape of the floats; of two of them, the upper lanes of the result are zero, or those
  /// of the operand are not looked at.
  case vtruncSatS, vtruncSatU, vconvertS, vconvertU
  case vdemote, vpromote

  /// What the processor does, where WebAssembly leaves a choice.
  case relaxedSwizzle, relaxedMadd, relaxedNmadd, relaxedSelect, relaxedMin, relaxedMax
  case relaxedTruncS, relaxedTruncU, relaxedQ15mul, relaxedDot, relaxedDotAdd

  // Linear memory: little-endian, trap when out of bounds. 32-bit forms of loads and stores that
  // name a width are for i64.
  case load, load8S, load8U, load16S, load16U, load32S, load32U
  case store, store8, store16, store32
  /// Of a few bytes: all are read before one is written, and none is if it traps.
  case memoryCopy, memoryFill

  // The runtime's own memory: never traps.
  case contextLoad, contextStore, pointerLoad, pointerStore

  /// Locals that are kept in the frame: what translation falls back to past its budget.
  case frameLoad, frameStore

  case call, callReference, callHelper, result
  /// The exception with which the call before it ended, or 0 if that returned: what `unwind` tests.
  case caught

  case trapIf

  // Terminators.
  case jump, branch, branchTable, returns, trap
  /// A branch on `caught` alone, which stands before it: the second way on from a call.
  case unwind
  /// A call whose results are the function's: nothing of the function is left while it runs.
  case tailCall, tailCallReference
}

extension Opcode {
  /// The operation's row. Where one property is asked for, the compiler makes a table of that alone.
  @inline(__always) package var info: OpcodeInfo {
    switch self {
    case .nop: OpcodeInfo("nop", .empty, .any)
    case .param: OpcodeInfo("param", .parameter, .any)
    case .iconst: OpcodeInfo("iconst", .constant, .integerConstant)
    case .fconst: OpcodeInfo("fconst", .constant, .floatConstant)
    case .add: OpcodeInfo("add", .binary, .integer, commutes: true)
    case .sub: OpcodeInfo("sub", .binary, .integer)
    case .mul: OpcodeInfo("mul", .binary, .integer, commutes: true)
    case .divS: OpcodeInfo("div_s", .binary, .integer, .mayTrap)
    case .divU: OpcodeInfo("div_u", .binary, .integer, .mayTrap)
    case .remS: OpcodeInfo("rem_s", .binary, .integer, .mayTrap)
    case .remU: OpcodeInfo("rem_u", .binary, .integer, .mayTrap)
    case .and: OpcodeInfo("and", .binary, .integer, commutes: true)
    case .or: OpcodeInfo("or", .binary, .integer, commutes: true)
    case .xor: OpcodeInfo("xor", .binary, .integer, commutes: true)
    case .shl: OpcodeInfo("shl", .binary, .integer)
    case .shrS: OpcodeInfo("shr_s", .binary, .integer)
    case .shrU: OpcodeInfo("shr_u", .binary, .integer)
    case .rotl: OpcodeInfo("rotl", .binary, .integer)
    case .rotr: OpcodeInfo("rotr", .binary, .integer)
    case .clz: OpcodeInfo("clz", .unary, .integer)
    case .ctz: OpcodeInfo("ctz", .unary, .integer)
    case .popcnt: OpcodeInfo("popcnt", .unary, .integer)
    case .mulHighS: OpcodeInfo("mul_high_s", .binary, .wide, commutes: true)
    case .mulHighU: OpcodeInfo("mul_high_u", .binary, .wide, commutes: true)
    case .extend8S: OpcodeInfo("extend8_s", .unary, .integer)
    case .extend16S: OpcodeInfo("extend16_s", .unary, .integer)
    case .extend32S: OpcodeInfo("extend32_s", .unary, .wide)
    case .wrap: OpcodeInfo("wrap", .unary, .wrapping)
    case .extendS: OpcodeInfo("extend_s", .unary, .widening)
    case .extendU: OpcodeInfo("extend_u", .unary, .widening)
    case .eq: OpcodeInfo("eq", .binary, .integerComparison, commutes: true)
    case .ne: OpcodeInfo("ne", .binary, .integerComparison, commutes: true)
    case .ltS: OpcodeInfo("lt_s", .binary, .integerComparison)
    case .ltU: OpcodeInfo("lt_u", .binary, .integerComparison)
    case .leS: OpcodeInfo("le_s", .binary, .integerComparison)
    case .leU: OpcodeInfo("le_u", .binary, .integerComparison)
    case .gtS: OpcodeInfo("gt_s", .binary, .integerComparison)
    case .gtU: OpcodeInfo("gt_u", .binary, .integerComparison)
    case .geS: OpcodeInfo("ge_s", .binary, .integerComparison)
    case .geU: OpcodeInfo("ge_u", .binary, .integerComparison)
    // Which NaN a float operation yields depends on the order of its operands: not commutative.
    case .fadd: OpcodeInfo("fadd", .binary, .float)
    case .fsub: OpcodeInfo("fsub", .binary, .float)
    case .fmul: OpcodeInfo("fmul", .binary, .float)
    case .fdiv: OpcodeInfo("fdiv", .binary, .float)
    case .fmin: OpcodeInfo("fmin", .binary, .float)
    case .fmax: OpcodeInfo("fmax", .binary, .float)
    case .fcopysign: OpcodeInfo("fcopysign", .binary, .float)
    case .fneg: OpcodeInfo("fneg", .unary, .float)
    case .fabs: OpcodeInfo("fabs", .unary, .float)
    case .fsqrt: OpcodeInfo("fsqrt", .unary, .float)
    case .fceil: OpcodeInfo("fceil", .unary, .float)
    case .ffloor: OpcodeInfo("ffloor", .unary, .float)
    case .ftrunc: OpcodeInfo("ftrunc", .unary, .float)
    case .fnearest: OpcodeInfo("fnearest", .unary, .float)
    case .feq: OpcodeInfo("feq", .binary, .floatComparison, commutes: true)
    case .fne: OpcodeInfo("fne", .binary, .floatComparison, commutes: true)
    case .flt: OpcodeInfo("flt", .binary, .floatComparison)
    case .fle: OpcodeInfo("fle", .binary, .floatComparison)
    case .fgt: OpcodeInfo("fgt", .binary, .floatComparison)
    case .fge: OpcodeInfo("fge", .binary, .floatComparison)
    case .truncS: OpcodeInfo("trunc_s", .unary, .truncation, .mayTrap)
    case .truncU: OpcodeInfo("trunc_u", .unary, .truncation, .mayTrap)
    case .truncSatS: OpcodeInfo("trunc_sat_s", .unary, .truncation)
    case .truncSatU: OpcodeInfo("trunc_sat_u", .unary, .truncation)
    case .convertS: OpcodeInfo("convert_s", .unary, .conversion)
    case .convertU: OpcodeInfo("convert_u", .unary, .conversion)
    case .promote: OpcodeInfo("promote", .unary, .promotion)
    case .demote: OpcodeInfo("demote", .unary, .demotion)
    case .reinterpret: OpcodeInfo("reinterpret", .unary, .reinterpretation)
    case .select: OpcodeInfo("select", .ternary, .selection)
    case .vsplat, .vscalar, .extractLaneS, .extractLane, .replaceLane, .vshuffle, .vswizzle,
      .relaxedSwizzle, .vnot, .vand, .vandnot, .vor, .vxor, .bitselect, .vadd, .vsub, .vmul, .vneg,
      .vabs, .vaddSatS, .vaddSatU, .vsubSatS, .vsubSatU, .vminS, .vminU, .vmaxS, .vmaxU, .vavgU,
      .vpopcnt, .vshl, .vshrS, .vshrU, .veq, .vne, .vlt, .vltU, .vle, .vleU, .anyTrue, .allTrue,
      .bitmask, .narrowS, .narrowU, .extendLowS, .extendLowU, .extendHighS, .extendHighU,
      .extmulLowS, .extmulLowU, .extmulHighS, .extmulHighU, .extaddS, .extaddU, .vdot, .q15mulSat,
      .vdiv, .vsqrt, .vceil, .vfloor, .vtrunc, .vnearest, .vfmin, .vfmax, .vpmin, .vpmax,
      .vtruncSatS, .vtruncSatU, .vconvertS, .vconvertU, .vdemote, .vpromote, .relaxedMadd,
      .relaxedNmadd, .relaxedSelect, .relaxedMin, .relaxedMax, .relaxedTruncS, .relaxedTruncU,
      .relaxedQ15mul, .relaxedDot, .relaxedDotAdd, .vconst:
      vectorInfo
    case .load: OpcodeInfo("load", .load, .access, .loads)
    case .load8S: OpcodeInfo("load8_s", .load, .integerAccess, .loads)
    case .load8U: OpcodeInfo("load8_u", .load, .integerAccess, .loads)
    case .load16S: OpcodeInfo("load16_s", .load, .integerAccess, .loads)
    case .load16U: OpcodeInfo("load16_u", .load, .integerAccess, .loads)
    case .load32S: OpcodeInfo("load32_s", .load, .wideAccess, .loads)
    case .load32U: OpcodeInfo("load32_u", .load, .wideAccess, .loads)
    case .store: OpcodeInfo("store", .store, .access, .stores)
    case .store8: OpcodeInfo("store8", .store, .integerAccess, .stores)
    case .store16: OpcodeInfo("store16", .store, .integerAccess, .stores)
    case .store32: OpcodeInfo("store32", .store, .wideAccess, .stores)
    case .memoryCopy: OpcodeInfo("memory_copy", .blockCopy, .copy, .calls)
    case .memoryFill: OpcodeInfo("memory_fill", .blockFill, .fill, .stores)
    case .contextLoad: OpcodeInfo("context_load", .contextLoad, .any, .reads)
    case .contextStore: OpcodeInfo("context_store", .contextStore, .any, .writes)
    case .pointerLoad: OpcodeInfo("pointer_load", .pointerLoad, .pointer, .reads)
    case .pointerStore: OpcodeInfo("pointer_store", .pointerStore, .pointer, .writes)
    case .frameLoad: OpcodeInfo("frame_load", .frameLoad, .frameVariable, .reads)
    case .frameStore: OpcodeInfo("frame_store", .frameStore, .frameVariable, .writes)
    case .call: OpcodeInfo("call", .call, .any, .calls)
    case .callReference: OpcodeInfo("call_reference", .callReference, .pointer, .calls)
    case .callHelper: OpcodeInfo("call_helper", .callHelper, .any, .calls)
    case .result: OpcodeInfo("result", .result, .any)
    case .caught: OpcodeInfo("caught", .caught, .any)
    case .trapIf: OpcodeInfo("trap_if", .trapIf, .condition, .mayTrap)
    case .jump: OpcodeInfo("jump", .jump, .any, .ends)
    case .branch: OpcodeInfo("branch", .branch, .condition, .ends)
    case .branchTable: OpcodeInfo("branch_table", .branchTable, .condition, .ends)
    case .returns: OpcodeInfo("return", .returns, .any, .ends)
    case .trap: OpcodeInfo("trap", .trap, .any, .endsInTrap)
    case .unwind: OpcodeInfo("unwind", .branch, .pointer, .ends)
    case .tailCall: OpcodeInfo("tail_call", .call, .any, .endsInCall)
    case .tailCallReference:
      OpcodeInfo("tail_call_reference", .callReference, .pointer, .endsInCall)
    }
  }
}
