// SPDX-License-Identifier: Apache-2.0
// The single-pass allocator: state, the walk over blocks, and what happens at their borders.

import BrolgaEntities

/// Allocates registers in one walk from the last instruction to the first.
///
/// Going backwards, a value's last use is met first; there it gets a register, and it keeps it up
/// to its definition unless an instruction needs that register otherwise. A value that has to leave
/// a register goes to another, or to a slot of its own; whoever is below still expects it where it
/// was, so a move after the instruction brings it back. A value with a slot is stored right after
/// its definition, so that the slot is right everywhere and registers are mere copies. What a block
/// expects in registers at its head is a contract that all its predecessors meet; all else is in
/// slots there.
///
/// Cost: linear in operands, instructions, edges and arguments; clobbers cost one mask operation
/// per instruction. Memory: 16 bytes a value, 16 a move.
struct SinglePass: ~Copyable {
  // Input and output of the run.
  var view = ProblemView(Problem())
  var out = UnsafeMutablePointer<Allocation>(bitPattern: 64).unsafelyUnwrapped

  var registers = MachineRegisters()

  // The walk's state.
  var values = Vector<ValueState>()
  /// The value in each register; meaningful where `held` has the bit.
  var occupant = Vector<UInt32>()
  /// Registers that hold a value at this point.
  var held = ClassWords()
  var used = ClassWords()
  /// The last instruction visited that named each register.
  var lastNamed = Vector<UInt32>()
  var slots = SpillSlots()
  var group = ParallelMoves()

  // The block being visited.
  var block = 0
  var blockRange = 0..<0
  /// Positions of the block's head, and after its last definition.
  var firstPosition = 0
  var endPosition = 0
  var isCold = false
  /// Position of the next clobbering instruction above in this block, or -1, and what it clobbers.
  var nextClobber = -1
  var nextClobbered = ClassWords()
  private var clobberCursor = 0
  private var clobberFloor = 0
  /// What each block expects in registers at its head, see `EntryContracts.swift`.
  var contracts = Vector<ContractEntry>()
  var contractRange = Vector<ContractRange>()
  /// Some visited block has an edge to a block not yet finished.
  var isInsideLoop = false
  private var openTarget = Int.max

  var survey = ValueSurvey()
  var order = WalkOrder()
  var edits = EditLog()
  var instruction = InstructionState()

  init() {
    // `held` says which are meaningful, so it need not be emptied between problems.
    occupant.reset(count: 256, to: 0)
  }

  mutating func run(
    _ problem: borrowing Problem, _ solution: inout Solution
  ) throws(AllocationError) {
    view = ProblemView(problem)
    solution.allocations.reset(count: view.operandCount, to: .none)
    solution.edits.removeAll()
    solution.slotUnits = 0
    solution.usedRegisters = RegisterSet()
    if view.blockCount <= 0 { return }
    out = solution.allocations.buffer.baseAddress.unsafelyUnwrapped
    begin(problem)
    for k in 0..<view.hintCount {
      let v = Int(view.hints[k].value.raw)
      if values[v].hint == noRegister { values[v].hint = view.hints[k].register.raw }
    }
    for position in 0..<view.blockCount {
      try visitBlock(at: position)
    }
    edits.write(to: &solution.edits, view)
    solution.slotUnits = slots.unitCount
    for c in 0..<3 { used[c] &= registers.allocatable[c] }
    solution.usedRegisters = used.set
  }

  private mutating func begin(_ problem: borrowing Problem) {
    registers.reset(for: problem)
    held = ClassWords()
    used = ClassWords()
    lastNamed.reset(count: 256, to: 0)
    slots.reset(for: problem)
    survey.compute(view, &values)
    order.compute(view)
    edits.reset(blockCount: view.blockCount)
    contracts.removeAll()
    contractRange.reset(count: view.blockCount, to: ContractRange())
    isInsideLoop = false
    openTarget = Int.max
  }

  // MARK: Blocks

  private mutating func visitBlock(at position: Int) throws(AllocationError) {
    let b = Int(truncatingIfNeeded: order.blocks[position])
    edits.beginBlock(b)
    block = b
    blockRange = view.instructionRange(b)
    firstPosition = view.firstPosition(b)
    endPosition = view.firstPosition(b &+ 1)
    let range = blockRange
    isCold = view.blocks[b].isCold
    clobberFloor = b == 0 ? 0 : Int(truncatingIfNeeded: survey.clobberEnd[b &- 1])
    clobberCursor = Int(truncatingIfNeeded: survey.clobberEnd[b])
    showNextClobber()
    try enterFromSuccessors(position)
    var i = range.upperBound &- 1
    while i >= range.lowerBound {
      if view.instructions[i].clobberMask != 0 { passClobber() }
      try visitInstruction(i)
      if i == range.upperBound &- 1 { try passArguments(i) }
      i &-= 1
    }
    try leaveToPredecessors()
    giveParameterSlots(b)
    if openTarget <= position {
      openTarget = Int.max
      isInsideLoop = false
      slots.release()
    }
    edits.endBlock(b)
  }

  /// Notes an edge of this block to one that is not finished: it closes a loop.
  mutating func noteOpenEdge(to target: Int) {
    openTarget = openTarget == Int.max ? target : max(openTarget, target)
    isInsideLoop = true
  }

  /// Parameters are not live above. Edges from blocks not yet visited still write their slots.
  private mutating func giveParameterSlots(_ b: Int) {
    for k in view.parameterRange(b) {
      let v = Int(view.parameters[k].raw)
      if values[v].slot >= 0 { giveSlot(v) }
    }
  }

  // MARK: Clobbers above

  private mutating func passClobber() {
    clobberCursor &-= 1
    showNextClobber()
  }

  private mutating func showNextClobber() {
    if clobberCursor > clobberFloor {
      let i = Int(survey.clobbers[clobberCursor &- 1])
      nextClobber = view.position(ofInstruction: i, block)
      let mask = Int(view.instructions[i].clobberMask)
      nextClobbered = ClassWords(view.clobberMasks[mask])
    } else {
      nextClobber = -1
    }
  }

  /// The next clobber above lies between this point and the definition of `v`.
  @inline(__always) func crossesClobber(_ v: Int) -> Bool {
    if nextClobber < 0 { return false }
    let definition = Int(truncatingIfNeeded: values[v].definition)
    return definition <= nextClobber || definition >= endPosition
  }

  // MARK: Slots

  /// The slot of `v`, which it gets now if it has none.
  @inline(__always) mutating func slot(of v: Int) -> Allocation {
    if values[v].slot < 0 {
      values[v].slot = slots.take(view.units(of: v), isLocal: !values[v].crossesBlocks)
    }
    return Allocation(slot: Int(truncatingIfNeeded: values[v].slot))
  }

  @inline(__always) mutating func giveSlot(_ v: Int) {
    slots.give(
      values[v].slot, view.units(of: v), isLocal: !values[v].crossesBlocks, insideLoop: isInsideLoop
    )
  }

  // MARK: Registers

  /// Puts `v` in `register`, which is free.
  @inline(__always) mutating func hold(_ v: Int, _ register: UInt8) {
    values[v].register = register
    occupant[Int(truncatingIfNeeded: register)] = UInt32(truncatingIfNeeded: v)
    held.insert(register)
    used.insert(register)
  }

  /// The best register for `v` among those of `available`, which is not zero.
  @inline(__always) mutating func choose(_ v: Int, _ c: Int, _ available: UInt64) -> UInt8 {
    var candidates = available
    if crossesClobber(v) {
      let safe = candidates & ~nextClobbered[c]
      if safe != 0 {
        // One that the function saves already costs nothing more.
        let saved = safe & used[c]
        candidates = saved != 0 ? saved : safe
        if isCold && saved == 0 { candidates = available }
        let hint = values[v].hint
        if hint != noRegister && Int(hint &>> 6) == c && candidates & ClassWords.bit(hint) != 0 {
          return hint
        }
        return registers.order.first(candidates, c)
      }
    }
    let hint = values[v].hint
    if hint != noRegister && Int(hint &>> 6) == c && candidates & ClassWords.bit(hint) != 0 {
      return hint
    }
    if values[v].crossesClobbers {
      // Further up it would have to go to such a register anyway.
      let saved = candidates & ~registers.preferred[c]
      if saved != 0 { return registers.order.first(saved, c) }
    }
    let first = candidates & registers.preferred[c]
    if first != 0 { return registers.order.first(first, c) }
    let saved = candidates & used[c]
    return registers.order.first(saved != 0 ? saved : candidates, c)
  }

  /// Of `candidates`, which is not zero, the register that was named furthest below.
  mutating func victim(_ candidates: UInt64, _ c: Int) -> UInt8 {
    var rest = candidates
    var best = ClassWords.lowest(rest, c)
    var bestNamed = lastNamed[Int(best)]
    rest &= rest &- 1
    while rest != 0 {
      let register = ClassWords.lowest(rest, c)
      rest &= rest &- 1
      if lastNamed[Int(register)] > bestNamed {
        best = register
        bestNamed = lastNamed[Int(register)]
      }
    }
    return best
  }

  // MARK: Moves

  /// Emits a move of value `v`.
  @inline(__always)
  mutating func emit(_ point: ProgramPoint, _ from: Allocation, _ to: Allocation, _ v: Int) {
    emit(Edit(at: point, Move(from: from, to: to, shape: view.shape(of: v))))
  }

  @inline(__always) private mutating func emit(_ edit: Edit) {
    edits.push(edit)
    if edit.to.isRegister { used.insert(edit.to.packed) }
  }

  /// Emits the moves of `group` at `point`. `busy` are the registers that hold something there.
  mutating func emitGroup(
    _ point: ProgramPoint, busy: ClassWords
  ) throws(AllocationError) {
    try resolveGroup(point, busy: busy)
    var k = group.sequence.count
    while k > 0 {
      k &-= 1
      emit(Edit(at: point, group.sequence[k]))
    }
    group.clear()
  }

  /// Emits the moves of `group` at the head of block `b`, before those that are there.
  mutating func emitGroupAtHead(of b: Int, busy: ClassWords) throws(AllocationError) {
    let point = ProgramPoint.before(
      Int(truncatingIfNeeded: view.blocks[b].instructionStart))
    try resolveGroup(point, busy: busy)
    var k = group.sequence.count
    while k > 0 {
      k &-= 1
      let move = group.sequence[k]
      edits.pushAtHead(of: b, Edit(at: point, move))
      if move.to.isRegister { used.insert(move.to.packed) }
    }
  }

  private mutating func resolveGroup(
    _ point: ProgramPoint, busy: ClassWords
  ) throws(AllocationError) {
    var resources = ParallelMoves.Resources()
    resources.memory = registers.memoryNames
    resources.borrowable = registers.allocatable
    for c in 0..<3 {
      resources.free[c] = (registers.allocatable[c] & ~busy[c]) | registers.scratch[c]
    }
    if !group.resolve(resources, slots: &slots) {
      throw .noRegisterForMove(InstructionIndex(point.instruction))
    }
  }
}
