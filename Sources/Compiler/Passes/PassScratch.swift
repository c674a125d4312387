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
  /// The shape's `valueFields`, where a whole `info` would cost too much.
  @inline(__always) var valueFields: ValueFields {
    if isPure { return self == .select ? [.a, .b, .c] : isUnary ? .a : [.a, .b] }
    if isConstant || self == .param || self == .nop { return [] }
    return info.shape.valueFields
  }

  /// Among pure operations: takes one operand.
  @inline(__always) private var isUnary: Bool {
    (rawValue >= Opcode.clz.rawValue && rawValue <= Opcode.extendU.rawValue)
      || (rawValue >= Opcode.fneg.rawValue && rawValue <= Opcode.fnearest.rawValue)
      || (rawValue >= Opcode.truncS.rawValue && rawValue <= Opcode.reinterpret.rawValue)
  }

  /// Must stay even if nothing uses its value: `!info.effects.canRemove`.
  @inline(__always) var mustStay: Bool {
    switch self {
    case .divS, .divU, .remS, .remU, .truncS, .truncU: true
    case .nop, .param, .iconst, .fconst, .contextLoad, .pointerLoad, .frameLoad, .result: false
    default: !isPure
    }
  }
}
