// SPDX-License-Identifier: Apache-2.0
// What the backward walk knows of each value beforehand.

import Entities

/// A value's state during the walk: 16 bytes.
struct ValueState: BitwiseCopyable {
  /// First unit of its slot, or -1. From its definition on, a value with a slot is always in it.
  var slot: Int32 = -1
  /// The instruction that defines it; for a parameter, the first of its block; `.max` before the
  /// survey has met the definition.
  var definition: UInt32 = .max
  /// In the survey, the last block (plus one) that used and did not define it. In the walk, while
  /// a contract that lists it is being met, `Self.listed` and its register there.
  var mark: UInt32 = 0
  /// The register that it is in at this point of the walk.
  var register: UInt8 = noRegister
  /// A register that its definition demands.
  var hint: UInt8 = noRegister
  /// For a parameter: the register in which its block expects it.
  var contract: UInt8 = noRegister
  private var flags: UInt8 = 0

  static let listed: UInt32 = 1 &<< 31

  /// Used in another block than its own.
  @inline(__always) var crossesBlocks: Bool {
    get { flags & 1 != 0 }
    set { flags = newValue ? flags | 1 : flags & ~1 }
  }
  @inline(__always) var isParameter: Bool {
    get { flags & 2 != 0 }
    set { flags = newValue ? flags | 2 : flags & ~2 }
  }
  /// In the contract of a loop on the strength of the layout; it may not be live there.
  @inline(__always) var isGuess: Bool {
    get { flags & 4 != 0 }
    set { flags = newValue ? flags | 4 : flags & ~4 }
  }
}

/// One forward reading of the operands, before the walk.
struct ValueSurvey: ~Copyable {
  /// Instructions that clobber something, in order.
  private(set) var clobbers = Vector<UInt32>()
  /// Per block: how many entries of `clobbers` lie before its end.
  private(set) var clobberEnd = Vector<UInt32>()
  /// The values that each block uses and does not define, block after block.
  private(set) var visitors = Vector<UInt32>()
  private(set) var visitorStart = Vector<UInt32>()

  init() {}

  /// Fills `values`. Cost: linear in operands, parameters and arguments.
  mutating func compute(_ view: ProblemView, _ values: inout Vector<ValueState>) {
    values.reset(count: view.valueCount, to: ValueState())
    clobbers.removeAll()
    clobberEnd.removeAll()
    visitors.removeAll()
    visitorStart.removeAll()
    for b in 0..<view.blockCount {
      let range = view.instructionRange(b)
      visitorStart.append(UInt32(truncatingIfNeeded: visitors.count))
      for k in view.parameterRange(b) {
        let v = Int(view.parameters[k].raw)
        values[v].definition = UInt32(truncatingIfNeeded: range.lowerBound)
        values[v].isParameter = true
      }
      for i in range {
        if view.instructions[i].clobberMask != 0 {
          clobbers.append(UInt32(truncatingIfNeeded: i))
        }
        readOperands(i, b, range, view, &values)
      }
      for edge in view.successorRange(b) {
        for k in view.argumentRange(edge) {
          noteUse(Int(view.arguments[k].raw), b, range, &values)
        }
      }
      clobberEnd.append(UInt32(truncatingIfNeeded: clobbers.count))
    }
    visitorStart.append(UInt32(truncatingIfNeeded: visitors.count))
  }

  @inline(__always)
  private mutating func readOperands(
    _ i: Int, _ b: Int, _ block: Range<Int>, _ view: ProblemView,
    _ values: inout Vector<ValueState>
  ) {
    let operands = view.operandRange(i)
    for k in operands {
      let operand = view.operands[k]
      let v = Int(truncatingIfNeeded: operand.register.raw)
      if operand.isUse {
        if operand.tag != .fixedNonAllocatable { noteUse(v, b, block, &values) }
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
  private mutating func noteUse(
    _ v: Int, _ b: Int, _ block: Range<Int>, _ values: inout Vector<ValueState>
  ) {
    let definition = Int(truncatingIfNeeded: values[v].definition)
    if definition < block.lowerBound || definition >= block.upperBound {
      let visit = UInt32(truncatingIfNeeded: b &+ 1)
      if values[v].mark == visit { return }
      values[v].mark = visit
      values[v].crossesBlocks = true
      visitors.append(UInt32(truncatingIfNeeded: v))
    }
  }
}
