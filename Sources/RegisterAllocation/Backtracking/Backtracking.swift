// SPDX-License-Identifier: Apache-2.0
// The backtracking allocator: state, stages, and the bound on its steps.

import Entities

/// Allocates registers by trying, evicting and splitting, cheapest first.
///
/// Values that should share a register are coalesced into bundles. Bundles, the longest first, take
/// a free register, or evict lighter ones, or are split: first around their hottest uses, at most
/// `splitLimit` times, then once into minimal pieces. Values that live for a few instructions only come
/// last and mostly need none of that. What is left is in the bundle's slot, but for what is nearby and
/// finds the register still free.
///
/// Cost: each stage counts its steps; past `stepBudget`, which is near linear in the size of the
/// problem, `run` gives up and the problem is for the single-pass allocator.
struct Backtracking: ~Copyable {
  var view = ProblemView(Problem())
  var options = AllocationOptions()
  var statistics = AllocationStatistics()
  var steps = 0
  var stepBudget = 0
  var trace = AllocationTrace()

  // The machine.
  var allocatable = ClassWords()
  var preferred = ClassWords()
  var memoryNames = ClassWords()
  var scratch = ClassWords()
  var order = RegisterOrder()

  // Blocks.
  /// The point at which each block starts, and the end of the last.
  var blockStart = Vector<UInt32>()
  /// Per stretch of points the block that holds the first.
  var blockIndex = Vector<UInt32>()
  static var blockIndexShift: Int { 4 }
  var frequency = Vector<Float>()
  var highestFrequency: Float = 0
  /// The first and the last of the points at which each block's predecessors end.
  var entryLow = Vector<UInt32>()
  var entryHigh = Vector<UInt32>()
  var blockEntries = BlockEntries()

  // Values and what they want.
  var values = Vector<ValueRecord>()
  /// Where each value's uses start in `uses`.
  var useStart = Vector<UInt32>()
  var uses = Vector<UseRecord>()
  /// A bit per operand: it reuses another's register.
  var reuses = Vector<UInt32>()
  var ranges = Vector<LiveRange>()

  // Clobbers: all in order, and per mask.
  var masks = Vector<RegisterSet>()
  /// Per mask of the problem its index in `masks`, or 0.
  var maskName = Vector<UInt32>()
  var clobberPoints = Vector<UInt32>()
  var clobberMask = Vector<UInt32>()
  var maskStart = Vector<UInt32>()
  var maskPoints = Vector<UInt32>()
  /// Per two instructions, counting blocks, the index of the first clobber at them or behind.
  var nextClobber = Vector<UInt32>()

  // Fixed operands: per register the points that are taken, and the values there.
  var reservedStart = Vector<UInt32>()
  var reservedEnd = Vector<UInt32>()
  var reserved = Vector<Reservation>()
  /// Of one instruction, the definitions that share a use's register.
  var reusing = Vector<UInt32>()
  var reservedCursor = Vector<UInt32>()

  // Liveness.
  var blockUses = Vector<BlockUse>()
  var crossingValues = Vector<UInt32>()
  var blockWords = Vector<BlockWords>()
  var liveBlocks = BitSet()
  var pendingBlocks = BitSet()
  var foundRanges = Vector<LiveRange>()
  /// Per crossing value at hand where the range ends that is being followed up.
  var rangeEnds = Vector<UInt32>()

  // Coalescing, and sharing of slots.
  var runs = RangeRuns()
  /// Per value the next towards the root of its set; later its partner, a value that a move connects
  /// it with; last the place that it has throughout.
  var parent = Vector<UInt32>()
  var candidates = Vector<Affinity>()
  var candidateOrder = Vector<UInt32>()
  /// Candidates per exponent of their frequency.
  var counts = Vector<UInt32>()
  var useCursor = Vector<UInt32>()

  var bundles = Vector<Bundle>()
  var shortValues = Vector<ShortValue>()
  /// Up to which one `occupancy` knows them.
  var enteredShortValues = 0
  var pieces = Vector<Piece>()
  var occupancy = Occupancy()
  var taken = TakenRegisters()
  var queue = PieceQueue()
  var used = ClassWords()

  // One attempt.
  var conflicts = Vector<UInt32>()
  var bestConflicts = Vector<UInt32>()
  var votes = Vector<Float>()
  var votedRegisters: UInt64 = 0
  /// Windows that nobody wanted to pay a register for.
  var leftovers = Vector<UInt32>()

  // Results.
  var placed = Vector<Placed>()
  /// Units of a slot of each class.
  var units = PerClass<Int>(repeating: 1)
  var slots = SpillSlots()
  var slotSets = Vector<SlotSet>()
  var transitions = Vector<Transition>()
  var group = ParallelMoves()
  var writtenAt = Vector<UInt32>()
  var groupKey: UInt32 = 0
  var sorting = TransitionSort()
  var redundant = RedundantMoves()

  init() {}

  /// Solves the problem, or returns false with the reason in `statistics`.
  mutating func run(_ problem: borrowing Problem, _ solution: inout Solution) -> Bool {
    view = ProblemView(problem)
    statistics = AllocationStatistics()
    trace.clear()
    if view.blockCount <= 0 { return false }
    begin(problem.machine)
    order.reset(problem.registerOrder)
    let isSolved = solve(&solution)
    statistics.steps = steps
    statistics.stepBudget = stepBudget
    if !isSolved && statistics.fallback == .none { statistics.fallback = .budget }
    if !isSolved { trace.clear() }
    return isSolved
  }

  private mutating func begin(_ machine: Machine) {
    allocatable = ClassWords(machine.preferred.union(machine.nonPreferred))
    preferred = ClassWords(machine.preferred)
    memoryNames = ClassWords(machine.fixedStackSlots)
    scratch = ClassWords()
    if let register = machine.intScratch { scratch.insert(register.raw) }
    if let register = machine.floatScratch { scratch.insert(register.raw) }
    if let register = machine.vectorScratch { scratch.insert(register.raw) }
    used = ClassWords()
    units = PerClass(
      Int(machine.intSlotUnits), Int(machine.floatSlotUnits), Int(machine.vectorSlotUnits))
    slots.reset(for: machine)
    let size = view.instructionCount &+ view.operandCount &+ view.blockCount
    let logarithm = 64 &- (size | 1).leadingZeroBitCount
    steps = 0
    stepBudget = options.baseSteps &+ options.stepsPerUnit &* size &* logarithm
  }

  private mutating func solve(_ solution: inout Solution) -> Bool {
    if !collectUses() { return false }
    if !computeRanges() { return false }
    coalesce()
    makeBundles()
    if !allocateAll() { return false }
    placeBundles()
    shareSlots()
    collectTransitions()
    if steps > stepBudget { return false }
    if !writeSolution(&solution) { return false }
    if !solution.edits.isEmpty {
      statistics.removedMoves = redundant.run(view, scratch: scratch, &solution)
    }
    return true
  }

  /// Notes why the problem is not for this allocator.
  mutating func giveUp(_ reason: AllocationStatistics.Fallback) -> Bool {
    statistics.fallback = reason
    return false
  }

  // MARK: Points

  @inline(__always) func point(_ i: Int, _ b: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: (i &+ b &+ 1) &<< 1)
  }

  /// The block that holds `point`.
  @inline(__always) mutating func block(at point: UInt32) -> Int {
    var b = Int(
      truncatingIfNeeded: blockIndex[Int(truncatingIfNeeded: point) &>> Self.blockIndexShift])
    while blockStart[b &+ 1] <= point && b &+ 1 < view.blockCount { b &+= 1 }
    return b
  }

  @inline(__always) func isLastInstruction(_ i: Int, _ b: Int) -> Bool {
    i &+ 1 == Int(truncatingIfNeeded: view.blocks[b &+ 1].instructionStart)
  }
}
