// SPDX-License-Identifier: Apache-2.0
// What the backward walk knows of each value beforehand.

import BrolgaEntities

/// A value's state during the walk: 16 bytes.
struct ValueState: BitwiseCopyable {
  /// First unit of its slot, or -1. From its definition on, a value with a slot is always in it.
  var slot: Int32 = -1
  /// Position of its definition, see `ProblemView`; `.max` before the survey has met it.
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
  /// Between its definition and a use in another block the layout has an instruction that clobbers.
  @inline(__always) var crossesClobbers: Bool {
    get { flags & 8 != 0 }
    set { flags = newValue ? flags | 8 : flags & ~8 }
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
  /// Position of the last clobbering instruction of the blocks before, cold ones left out.
  private var lastClobber: UInt32 = 0

  init() {}

  /// Fills `values`. Cost: linear in operands, parameters and arguments.
  mutating func compute(_ view: ProblemView, _ values: inout Vector<ValueState>) {
    values.reset(count: view.valueCount, to: ValueState())
    clobbers.removeAll()
    clobberEnd.removeAll()
    visitors.removeAll()
    visitorStart.removeAll()
    lastClobber = 0
    let states = values.buffer.baseAddress.unsafelyUnwrapped
    for b in 0..<view.blockCount {
      visitorStart.append(UInt32(truncatingIfNeeded: visitors.count))
      let instructions = view.instructionRange(b)
      let clobberCount = clobbers.count
      for i in instructions where view.instructions[i].clobberMask != 0 {
        clobbers.append(UInt32(truncatingIfNeeded: i))
      }
      clobberEnd.append(UInt32(truncatingIfNeeded: clobbers.count))
      let first = UInt32(truncatingIfNeeded: view.firstPosition(b))
      let count = UInt32(truncatingIfNeeded: view.firstPosition(b &+ 1)) &- first
      for k in view.parameterRange(b) {
        let v = Int(truncatingIfNeeded: view.parameters[k].raw)
        states[v].definition = first
        states[v].isParameter = true
      }
      readOperands(b, first, count, view, states)
      for edge in view.successorRange(b) {
        for k in view.argumentRange(edge) {
          let v = Int(truncatingIfNeeded: view.arguments[k].raw)
          if states[v].definition &- first >= count { noteVisitor(v, b, states) }
        }
      }
      if clobbers.count > clobberCount && !view.blocks[b].isCold {
        lastClobber = UInt32(
          truncatingIfNeeded: view.position(ofInstruction: Int(clobbers.last), b))
      }
    }
    visitorStart.append(UInt32(truncatingIfNeeded: visitors.count))
  }

  /// Reads the operands of block `b`, whose positions are `count` from `first` on.
  @inline(__always)
  private mutating func readOperands(
    _ b: Int, _ first: UInt32, _ count: UInt32, _ view: ProblemView,
    _ states: UnsafeMutablePointer<ValueState>
  ) {
    var k = Int(truncatingIfNeeded: first) &- b
    let end = k &+ Int(truncatingIfNeeded: count) &- 1
    while k < end {
      let operand = view.operands[k]
      let v = Int(truncatingIfNeeded: operand.register.raw)
      k &+= 1
      if operand.isDefinition {
        states[v].definition = UInt32(truncatingIfNeeded: k &+ b)
        if operand.tag == .fixed { states[v].hint = operand.payload }
      } else if operand.tag != .fixedNonAllocatable
        && states[v].definition &- first >= count
      {
        noteVisitor(v, b, states)
      }
    }
  }

  @inline(__always)
  private mutating func noteVisitor(
    _ v: Int, _ b: Int, _ states: UnsafeMutablePointer<ValueState>
  ) {
    let visit = UInt32(truncatingIfNeeded: b &+ 1)
    if states[v].mark == visit { return }
    states[v].mark = visit
    states[v].crossesBlocks = true
    if states[v].definition <= lastClobber { states[v].crossesClobbers = true }
    visitors.append(UInt32(truncatingIfNeeded: v))
  }
}
