// SPDX-License-Identifier: Apache-2.0
// What the backward walk knows of each value beforehand.

import Entities

/// A value's state during the walk.
struct ValueState: BitwiseCopyable {
  /// First unit of its slot, or -1. From its definition on, a value with a slot is always in it.
  var slot: Int32 = -1
  /// The instruction that defines it; for a parameter, the first of its block; `.max` before the
  /// survey has met the definition.
  var definition: UInt32 = .max
  /// The register that it is in at this point of the walk.
  var register: UInt8 = noRegister
  /// A register that its definition demands.
  var hint: UInt8 = noRegister
  /// Used in another block than its own.
  var crossesBlocks = false
}

/// One forward reading of the operands, before the walk.
struct ValueSurvey: ~Copyable {
  /// Instructions that clobber something, in order.
  private(set) var clobbers = Vector<UInt32>()
  /// Per block: how many entries of `clobbers` lie before its end.
  private(set) var clobberEnd = Vector<UInt32>()

  init() {}

  /// Fills `values`. Cost: linear in operands, parameters and arguments.
  mutating func compute(_ view: ProblemView, _ values: inout Vector<ValueState>) {
    values.reset(count: view.valueCount, to: ValueState())
    clobbers.removeAll()
    clobberEnd.removeAll()
    for b in 0..<view.blockCount {
      let range = view.instructionRange(b)
      for k in view.parameterRange(b) {
        values[Int(view.parameters[k].raw)].definition =
          UInt32(truncatingIfNeeded: range.lowerBound)
      }
      for i in range {
        if view.instructions[i].clobberMask != 0 {
          clobbers.append(UInt32(truncatingIfNeeded: i))
        }
        readOperands(i, range, view, &values)
      }
      for edge in view.successorRange(b) {
        for k in view.argumentRange(edge) {
          Self.noteUse(Int(view.arguments[k].raw), range, &values)
        }
      }
      clobberEnd.append(UInt32(truncatingIfNeeded: clobbers.count))
    }
  }

  @inline(__always)
  private mutating func readOperands(
    _ i: Int, _ block: Range<Int>, _ view: ProblemView, _ values: inout Vector<ValueState>
  ) {
    let operands = view.operandRange(i)
    for k in operands {
      let operand = view.operands[k]
      let v = Int(truncatingIfNeeded: operand.register.raw)
      if operand.isUse {
        if operand.tag != .fixedNonAllocatable { Self.noteUse(v, block, &values) }
        continue
      }
      values[v].definition = UInt32(truncatingIfNeeded: i)
      if operand.tag == .fixed {
        values[v].hint = operand.payload
      } else if operand.tag == .reuse {
        let input = view.operands[operands.lowerBound &+ Int(operand.payload)]
        values[v].hint = values[Int(input.register.raw)].hint
      }
    }
  }

  @inline(__always)
  private static func noteUse(
    _ v: Int, _ block: Range<Int>, _ values: inout Vector<ValueState>
  ) {
    let definition = Int(truncatingIfNeeded: values[v].definition)
    if definition < block.lowerBound || definition >= block.upperBound {
      values[v].crossesBlocks = true
    }
  }
}
