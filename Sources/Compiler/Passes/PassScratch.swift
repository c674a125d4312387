// SPDX-License-Identifier: Apache-2.0
// Working memory of the passes, reused from function to function.

import Entities

/// Working memory of the passes: one per worker. No pass leaves anything to the next but what its
/// comment says; memory is kept.
package struct PassScratch: ~Copyable {
  /// Where the function is built anew.
  var builder = Builder()
  var dominators = Dominators()
  var loops = LoopNest()
  /// Per value: what replaces it, itself for most.
  var aliases = Vector<UInt32>()
  /// Per value: whether something observable depends on it.
  var isLive = Vector<Bool>()
  var hasMoreUses = Vector<Bool>()
  var stack = Vector<UInt32>()
  var candidates = Vector<ParameterPlace>()
  var hoisting = HoistScratch()
  var rebuilding = RebuildScratch()

  package init() {}
}

/// A block parameter: its block and its position there.
package struct ParameterPlace: BitwiseCopyable, Sendable {
  var block: Block
  var position: UInt32
}

extension Opcode {
  /// The shape's `valueFields`; a table of bytes, where a whole `info` would cost too much.
  @inline(__always) var valueFields: ValueFields { ValueFields(rawValue: valueFieldBits) }

  private var valueFieldBits: UInt8 {
    switch self {
    case .nop, .param, .iconst, .fconst, .contextLoad, .frameLoad, .jump, .trap: 0
    case .clz, .ctz, .popcnt, .extend8S, .extend16S, .extend32S, .wrap, .extendS, .extendU,
      .fneg, .fabs, .fsqrt, .fceil, .ffloor, .ftrunc, .fnearest,
      .truncS, .truncU, .truncSatS, .truncSatU, .convertS, .convertU, .promote, .demote,
      .reinterpret,
      .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U,
      .contextStore, .pointerLoad, .frameStore, .result, .trapIf, .branch, .branchTable:
      1
    case .add, .sub, .mul, .divS, .divU, .remS, .remU, .and, .or, .xor,
      .shl, .shrS, .shrU, .rotl, .rotr,
      .eq, .ne, .ltS, .ltU, .leS, .leU, .gtS, .gtU, .geS, .geU,
      .fadd, .fsub, .fmul, .fdiv, .fmin, .fmax, .fcopysign,
      .feq, .fne, .flt, .fle, .fgt, .fge:
      3
    case .store, .store8, .store16, .store32, .pointerStore: 5
    case .select: 7
    case .returns: 8
    case .call, .callHelper, .tailCall: 16
    case .callReference, .tailCallReference: 17
    }
  }

  /// Must stay even if nothing uses its value: `!info.effects.canRemove`.
  var mustStay: Bool {
    switch self {
    case .divS, .divU, .remS, .remU, .truncS, .truncU,
      .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U,
      .store, .store8, .store16, .store32, .contextStore, .pointerStore, .frameStore,
      .call, .callReference, .callHelper, .trapIf,
      .jump, .branch, .branchTable, .returns, .trap, .tailCall, .tailCallReference:
      true
    default: false
    }
  }
}
