// SPDX-License-Identifier: Apache-2.0
// The operations of the intermediate representation, each described once.

/// The type of a value. References are `i64`: an address, or 0 for null.
package enum Type: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case none, i32, i64, f32, f64

  package var isInteger: Bool { self == .i32 || self == .i64 }
  package var isFloat: Bool { self == .f32 || self == .f64 }
  package var byteCount: Int {
    switch self {
    case .none: 0
    case .i32, .f32: 4
    case .i64, .f64: 8
    }
  }
  package var name: String {
    switch self {
    case .none: "none"
    case .i32: "i32"
    case .i64: "i64"
    case .f32: "f32"
    case .f64: "f64"
    }
  }
}

/// What an instruction's fields `a`, `b`, `c` and `aux` hold.
package enum Shape: UInt8, BitwiseCopyable, Sendable {
  /// Nothing.
  case empty
  /// `a`: block, `b`: position among its parameters.
  case parameter
  /// `b`, `c`: low and high half of the bits.
  case constant
  /// `a`: value.
  case unary
  /// `a`, `b`: values.
  case binary
  /// `a`, `b`, `c`: values.
  case ternary
  /// `a`: address value, `b`: unsigned byte offset below 2^31, `aux`: memory index.
  case load
  /// As `load`, with `c`: the value stored.
  case store
  /// `b`: byte offset in the instance context, `aux`: `Instruction.readOnly` or 0.
  case contextLoad
  /// `a`: value stored, `b`: byte offset in the instance context.
  case contextStore
  /// `a`: address value, `b`: byte offset, `aux`: `Instruction.readOnly` or 0.
  case pointerLoad
  /// `a`: address value, `b`: byte offset, `c`: value stored.
  case pointerStore
  /// `b`: frame variable.
  case frameLoad
  /// `a`: value stored, `b`: frame variable.
  case frameStore
  /// `a`: index of the callee, `b`: start in `Function.lists` of the type index and the arguments,
  /// `c`: number of arguments.
  case call
  /// As `call`, with `a`: value, the address of a function record.
  case callReference
  /// As `call`, with `a`: `Helper` raw value; `lists[b]` is unused.
  case callHelper
  /// `a`: the call, `b`: which of its results, 1 or more.
  case result
  /// `a`: edge.
  case jump
  /// `a`: condition value, `b`, `c`: edges taken when it is not zero, and zero.
  case branch
  /// `a`: index value, `b`: start in `Function.lists` of the edges, `c`: their number; the last is
  /// taken for every index from `c - 1` up. An edge may occur repeatedly.
  case branchTable
  /// `b`: start in `Function.lists` of the values, `c`: their number.
  case returns
  /// `aux`: `TrapKind` raw value.
  case trap
  /// `a`: condition value, `aux`: `TrapKind` raw value.
  case trapIf
}

/// What an operation does beside computing its value.
package struct Effects: OptionSet, BitwiseCopyable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  package static let reads = Effects(rawValue: 1)
  package static let writes = Effects(rawValue: 2)
  package static let mayTrap = Effects(rawValue: 4)
  /// Ends its block.
  package static let terminates = Effects(rawValue: 8)

  /// An unused instruction with these effects may go. A load may not: its trap is observable.
  package var canRemove: Bool { isSubset(of: .reads) }
  /// Equal instructions compute equal values wherever they stand. Repeating a trapping one is
  /// harmless where an equal one dominates it.
  package var canNumber: Bool { isSubset(of: .mayTrap) }
}

package struct OpcodeInfo: BitwiseCopyable, Sendable {
  package var name: StaticString
  package var shape: Shape
  package var effects: Effects
  package var isCommutative: Bool

  package init(
    _ name: StaticString, _ shape: Shape, _ effects: Effects = [], commutes: Bool = false
  ) {
    self.name = name
    self.shape = shape
    self.effects = effects
    self.isCommutative = commutes
  }
}

/// An operation. Comparisons yield an `i32` of 0 or 1; the type of what they compare, and of what
/// a conversion starts from, is the type of operand `a`.
package enum Opcode: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case nop, param, iconst, fconst

  // Integers.
  case add, sub, mul, divS, divU, remS, remU
  case and, or, xor, shl, shrS, shrU, rotl, rotr
  case clz, ctz, popcnt
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

  // Linear memory: little-endian, trap when out of bounds. 32-bit forms of loads and stores that
  // name a width are for i64.
  case load, load8S, load8U, load16S, load16U, load32S, load32U
  case store, store8, store16, store32

  // The runtime's own memory: never traps.
  case contextLoad, contextStore, pointerLoad, pointerStore

  /// Locals that are kept in the frame: what translation falls back to past its budget.
  case frameLoad, frameStore

  case call, callReference, callHelper, result

  case trapIf

  // Terminators.
  case jump, branch, branchTable, returns, trap
  /// A call whose results are the function's: nothing of the function is left while it runs.
  case tailCall, tailCallReference
}

extension Opcode {
  package var info: OpcodeInfo {
    switch self {
    case .nop: OpcodeInfo("nop", .empty)
    case .param: OpcodeInfo("param", .parameter)
    case .iconst: OpcodeInfo("iconst", .constant)
    case .fconst: OpcodeInfo("fconst", .constant)
    case .add: OpcodeInfo("add", .binary, commutes: true)
    case .sub: OpcodeInfo("sub", .binary)
    case .mul: OpcodeInfo("mul", .binary, commutes: true)
    case .divS: OpcodeInfo("div_s", .binary, .mayTrap)
    case .divU: OpcodeInfo("div_u", .binary, .mayTrap)
    case .remS: OpcodeInfo("rem_s", .binary, .mayTrap)
    case .remU: OpcodeInfo("rem_u", .binary, .mayTrap)
    case .and: OpcodeInfo("and", .binary, commutes: true)
    case .or: OpcodeInfo("or", .binary, commutes: true)
    case .xor: OpcodeInfo("xor", .binary, commutes: true)
    case .shl: OpcodeInfo("shl", .binary)
    case .shrS: OpcodeInfo("shr_s", .binary)
    case .shrU: OpcodeInfo("shr_u", .binary)
    case .rotl: OpcodeInfo("rotl", .binary)
    case .rotr: OpcodeInfo("rotr", .binary)
    case .clz: OpcodeInfo("clz", .unary)
    case .ctz: OpcodeInfo("ctz", .unary)
    case .popcnt: OpcodeInfo("popcnt", .unary)
    case .extend8S: OpcodeInfo("extend8_s", .unary)
    case .extend16S: OpcodeInfo("extend16_s", .unary)
    case .extend32S: OpcodeInfo("extend32_s", .unary)
    case .wrap: OpcodeInfo("wrap", .unary)
    case .extendS: OpcodeInfo("extend_s", .unary)
    case .extendU: OpcodeInfo("extend_u", .unary)
    case .eq: OpcodeInfo("eq", .binary, commutes: true)
    case .ne: OpcodeInfo("ne", .binary, commutes: true)
    case .ltS: OpcodeInfo("lt_s", .binary)
    case .ltU: OpcodeInfo("lt_u", .binary)
    case .leS: OpcodeInfo("le_s", .binary)
    case .leU: OpcodeInfo("le_u", .binary)
    case .gtS: OpcodeInfo("gt_s", .binary)
    case .gtU: OpcodeInfo("gt_u", .binary)
    case .geS: OpcodeInfo("ge_s", .binary)
    case .geU: OpcodeInfo("ge_u", .binary)
    // Which NaN a float operation yields depends on the order of its operands: not commutative.
    case .fadd: OpcodeInfo("fadd", .binary)
    case .fsub: OpcodeInfo("fsub", .binary)
    case .fmul: OpcodeInfo("fmul", .binary)
    case .fdiv: OpcodeInfo("fdiv", .binary)
    case .fmin: OpcodeInfo("fmin", .binary)
    case .fmax: OpcodeInfo("fmax", .binary)
    case .fcopysign: OpcodeInfo("fcopysign", .binary)
    case .fneg: OpcodeInfo("fneg", .unary)
    case .fabs: OpcodeInfo("fabs", .unary)
    case .fsqrt: OpcodeInfo("fsqrt", .unary)
    case .fceil: OpcodeInfo("fceil", .unary)
    case .ffloor: OpcodeInfo("ffloor", .unary)
    case .ftrunc: OpcodeInfo("ftrunc", .unary)
    case .fnearest: OpcodeInfo("fnearest", .unary)
    case .feq: OpcodeInfo("feq", .binary, commutes: true)
    case .fne: OpcodeInfo("fne", .binary, commutes: true)
    case .flt: OpcodeInfo("flt", .binary)
    case .fle: OpcodeInfo("fle", .binary)
    case .fgt: OpcodeInfo("fgt", .binary)
    case .fge: OpcodeInfo("fge", .binary)
    case .truncS: OpcodeInfo("trunc_s", .unary, .mayTrap)
    case .truncU: OpcodeInfo("trunc_u", .unary, .mayTrap)
    case .truncSatS: OpcodeInfo("trunc_sat_s", .unary)
    case .truncSatU: OpcodeInfo("trunc_sat_u", .unary)
    case .convertS: OpcodeInfo("convert_s", .unary)
    case .convertU: OpcodeInfo("convert_u", .unary)
    case .promote: OpcodeInfo("promote", .unary)
    case .demote: OpcodeInfo("demote", .unary)
    case .reinterpret: OpcodeInfo("reinterpret", .unary)
    case .select: OpcodeInfo("select", .ternary)
    case .load: OpcodeInfo("load", .load, [.reads, .mayTrap])
    case .load8S: OpcodeInfo("load8_s", .load, [.reads, .mayTrap])
    case .load8U: OpcodeInfo("load8_u", .load, [.reads, .mayTrap])
    case .load16S: OpcodeInfo("load16_s", .load, [.reads, .mayTrap])
    case .load16U: OpcodeInfo("load16_u", .load, [.reads, .mayTrap])
    case .load32S: OpcodeInfo("load32_s", .load, [.reads, .mayTrap])
    case .load32U: OpcodeInfo("load32_u", .load, [.reads, .mayTrap])
    case .store: OpcodeInfo("store", .store, [.writes, .mayTrap])
    case .store8: OpcodeInfo("store8", .store, [.writes, .mayTrap])
    case .store16: OpcodeInfo("store16", .store, [.writes, .mayTrap])
    case .store32: OpcodeInfo("store32", .store, [.writes, .mayTrap])
    case .contextLoad: OpcodeInfo("context_load", .contextLoad, .reads)
    case .contextStore: OpcodeInfo("context_store", .contextStore, .writes)
    case .pointerLoad: OpcodeInfo("pointer_load", .pointerLoad, .reads)
    case .pointerStore: OpcodeInfo("pointer_store", .pointerStore, .writes)
    case .frameLoad: OpcodeInfo("frame_load", .frameLoad, .reads)
    case .frameStore: OpcodeInfo("frame_store", .frameStore, .writes)
    case .call: OpcodeInfo("call", .call, [.reads, .writes, .mayTrap])
    case .callReference: OpcodeInfo("call_reference", .callReference, [.reads, .writes, .mayTrap])
    case .callHelper: OpcodeInfo("call_helper", .callHelper, [.reads, .writes, .mayTrap])
    case .result: OpcodeInfo("result", .result)
    case .trapIf: OpcodeInfo("trap_if", .trapIf, .mayTrap)
    case .jump: OpcodeInfo("jump", .jump, .terminates)
    case .branch: OpcodeInfo("branch", .branch, .terminates)
    case .branchTable: OpcodeInfo("branch_table", .branchTable, .terminates)
    case .returns: OpcodeInfo("return", .returns, .terminates)
    case .trap: OpcodeInfo("trap", .trap, [.terminates, .mayTrap])
    case .tailCall: OpcodeInfo("tail_call", .call, [.reads, .writes, .mayTrap, .terminates])
    case .tailCallReference:
      OpcodeInfo("tail_call_reference", .callReference, [.reads, .writes, .mayTrap, .terminates])
    }
  }
}
