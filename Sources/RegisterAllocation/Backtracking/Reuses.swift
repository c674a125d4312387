// SPDX-License-Identifier: Apache-2.0
// Which definitions share the register of a use of their instruction.

import BrolgaEntities

/// Definitions that reuse an input's register, asked for instruction by instruction.
struct Reuses: ~Copyable {
  /// A bit per operand: it reuses another's register.
  private var bits = Vector<UInt32>()
  /// Of the instruction at hand, the definitions that share a use's register.
  private(set) var listed = Vector<UInt32>()

  init() {}

  mutating func reset(operandCount: Int) {
    bits.reset(count: operandCount &>> 5 &+ 2, to: 0)
  }

  /// Notes that operand `k` reuses another's register.
  @inline(__always) mutating func mark(_ k: Int) {
    bits[k &>> 5] |= 1 &<< UInt32(truncatingIfNeeded: k & 31)
  }

  /// Whether one of an instruction's operands was marked. Instructions have few operands; a loop
  /// would mostly end where none expects it.
  @inline(__always) mutating func contains(anyOf operands: Range<Int>) -> Bool {
    let count = operands.upperBound &- operands.lowerBound
    if count > 32 { return true }
    let first = operands.lowerBound &>> 5
    let words =
      UInt64(truncatingIfNeeded: bits[first]) | UInt64(truncatingIfNeeded: bits[first &+ 1]) &<< 32
    let mask: UInt64 = 1 &<< UInt64(truncatingIfNeeded: count) &- 1
    return words &>> UInt64(truncatingIfNeeded: operands.lowerBound & 31) & mask != 0
  }

  /// Lists the instruction's definitions that share the register of a use. A solvable instruction
  /// has at most 32.
  mutating func list(_ operands: Range<Int>, of all: UnsafeMutablePointer<Operand>) {
    listed.removeAll()
    for k in operands where all[k].tag == .reuse {
      let input = operands.lowerBound &+ Int(all[k].payload)
      if all[input].tag != .fixed { listed.append(UInt32(truncatingIfNeeded: k)) }
    }
  }

  /// Of the listed ones the definition whose register use `k` shares, being its input or the same
  /// value; or -1.
  mutating func server(
    of k: Int, _ operands: Range<Int>, of all: UnsafeMutablePointer<Operand>
  ) -> Int {
    let operand = all[k]
    if operand.isDefinition || operand.isLate { return -1 }
    switch operand.tag {
    case .any, .register, .limit: break
    default: return -1
    }
    var shared = -1
    for index in listed.indices {
      let d = Int(truncatingIfNeeded: listed[index])
      let input = operands.lowerBound &+ Int(all[d].payload)
      if input == k { return d }
      // A use with a limit of its own would narrow the definition's choice.
      if shared < 0 && operand.tag != .limit && all[input].register == operand.register {
        shared = d
      }
    }
    return shared
  }
}
