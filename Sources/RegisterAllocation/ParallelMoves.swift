// SPDX-License-Identifier: Apache-2.0
// Turns a group of moves that happen at once into a sequence of single moves.

import BrolgaEntities

/// One move of a group. All moves of a group read before any of them writes.
struct Move: BitwiseCopyable, Hashable {
  var from: Allocation
  var to: Allocation
  var shape: ValueShape

  @inline(__always) var registerClass: RegisterClass { shape.registerClass }
}

extension Edit {
  @inline(__always) init(at point: ProgramPoint, _ move: Move) {
    self.init(
      point: point, from: move.from, to: move.to, registerClass: move.shape.registerClass,
      units: move.shape.units)
  }
}

/// A group of parallel moves, and the sequence that has its effect.
///
/// No two moves write one place. A place is a register, a slot, or a register that denotes a fixed
/// stack slot; slots coincide or are disjoint, and a slot is as wide as the values that are moved to it.
/// Cost: linear in the moves. A cycle costs one move
/// more than it has members; a move from memory to memory goes through a register.
struct ParallelMoves: ~Copyable {
  /// What a sequence may use beside the places of its moves.
  struct Resources: BitwiseCopyable {
    /// Registers that hold nothing at this point, dedicated scratch registers included.
    var free = ClassWords()
    /// Registers that may be saved to a slot and used if none is free.
    var borrowable = ClassWords()
    /// Names that denote memory.
    var memory = ClassWords()
  }

  private(set) var moves = Vector<Move>()
  /// The sequence that the last `resolve` produced.
  private(set) var sequence = Vector<Move>()

  // Per place (256 register names, then slots by first unit): the pending move that writes it, and
  // how many pending moves read it. All -1 and 0 between calls.
  private var writer = Vector<Int32>()
  private var readers = Vector<Int32>()
  private var ready = Vector<Int32>()
  private var cycle = Vector<Int32>()

  // State of one `resolve`.
  private var resources = Resources()
  private var involved = ClassWords()
  private var borrowed = PerClass<UInt8>(repeating: noRegister)

  init() {}

  @inline(__always) var isEmpty: Bool { moves.isEmpty }
  @inline(__always) mutating func clear() { moves.removeAll() }

  @inline(__always)
  mutating func add(_ from: Allocation, _ to: Allocation, _ shape: ValueShape) {
    if from != to { moves.append(Move(from: from, to: to, shape: shape)) }
  }

  /// Not a register, nor is a value that is made again: it too goes to memory through one.
  @inline(__always) static func isMemory(_ place: Allocation, _ memory: ClassWords) -> Bool {
    !place.isRegister || memory.contains(place.packed)
  }
  @inline(__always) private func isMemory(_ place: Allocation) -> Bool {
    Self.isMemory(place, resources.memory)
  }

  @inline(__always) private static func index(_ place: Allocation) -> Int {
    if place.isRegister { return Int(truncatingIfNeeded: place.packed) }
    // Nothing writes to where rematerialized values come from: one number does for all.
    return place.isSlot ? place.slot &+ 256 : 255
  }

  /// Fills `sequence`. Returns false if a move between two places in memory found no register at
  /// all to go through.
  mutating func resolve(_ resources: Resources, slots: inout SpillSlots) -> Bool {
    sequence.removeAll()
    self.resources = resources
    if isPlain(resources.memory) {
      for m in moves.indices { sequence.append(moves[m]) }
      return true
    }
    return resolveOrdered(slots: &slots)
  }

  /// True if no move writes what another reads and none goes from memory to memory.
  mutating func isPlain(_ memory: ClassWords) -> Bool {
    if moves.count == 1 {
      return !(Self.isMemory(moves[0].from, memory) && Self.isMemory(moves[0].to, memory))
    }
    var sources = ClassWords()
    var targets = ClassWords()
    var readsMemory = false
    var writesMemory = false
    for m in moves.indices {
      let move = moves[m]
      if Self.isMemory(move.from, memory) {
        readsMemory = true
      } else {
        sources.insert(move.from.packed)
      }
      if Self.isMemory(move.to, memory) {
        writesMemory = true
      } else {
        targets.insert(move.to.packed)
      }
    }
    if readsMemory && writesMemory { return false }
    return sources[0] & targets[0] | sources[1] & targets[1] | sources[2] & targets[2] == 0
  }

  private mutating func resolveOrdered(slots: inout SpillSlots) -> Bool {
    prepare()
    var isPossible = true
    while !ready.isEmpty {
      let m = Int(truncatingIfNeeded: ready.popLast())
      let move = moves[m]
      if !emit(move, slots: &slots) { isPossible = false }
      writer[Self.index(move.to)] = -1
      let source = Self.index(move.from)
      readers[source] &-= 1
      if readers[source] == 0 && writer[source] >= 0 { ready.append(writer[source]) }
    }
    // What is left are cycles: each of their places is read once and written once.
    for m in moves.indices where Int(writer[Self.index(moves[m].to)]) == m {
      if !emitCycle(startingAt: m, slots: &slots) { isPossible = false }
    }
    for c in 0..<3 where borrowed[c] != noRegister {
      sequence.append(
        Move(
          from: slots.saveForRegister(c), to: Allocation(packed: borrowed[c]),
          shape: slots.widestShape(c)))
    }
    return isPossible
  }

  /// Fills the tables and the list of moves whose target nobody reads.
  private mutating func prepare() {
    involved = ClassWords()
    borrowed = PerClass(repeating: noRegister)
    ready.removeAll()
    var bound = 256
    for m in moves.indices {
      bound = max(bound, max(Self.index(moves[m].from), Self.index(moves[m].to)) &+ 1)
    }
    if writer.count < bound {
      readers.append(repeating: 0, count: bound &- readers.count)
      writer.append(repeating: -1, count: bound &- writer.count)
    }
    for m in moves.indices {
      let move = moves[m]
      if move.from.isRegister { involved.insert(move.from.packed) }
      if move.to.isRegister { involved.insert(move.to.packed) }
      assert(writer[Self.index(move.to)] < 0, "two moves of one group write one place")
      writer[Self.index(move.to)] = Int32(truncatingIfNeeded: m)
      readers[Self.index(move.from)] &+= 1
    }
    for m in moves.indices where readers[Self.index(moves[m].to)] == 0 {
      ready.append(Int32(truncatingIfNeeded: m))
    }
    resources.free.subtract(involved)
  }

  private mutating func emitCycle(startingAt start: Int, slots: inout SpillSlots) -> Bool {
    cycle.removeAll()
    var crossesMemory = false
    var m = start
    repeat {
      cycle.append(Int32(truncatingIfNeeded: m))
      let move = moves[m]
      if isMemory(move.from) && isMemory(move.to) { crossesMemory = true }
      m = Int(writer[Self.index(move.from)])
    } while m != start
    // The last move's source is the first one's target: keep it aside, then nothing is in the way.
    let last = moves[Int(cycle.last)]
    let c = Int(last.registerClass.rawValue)
    var aside: Allocation
    if !crossesMemory && resources.free[c] != 0 {
      aside = Allocation(packed: ClassWords.lowest(resources.free[c], c))
    } else {
      aside = slots.saveForCycle(last.shape)
    }
    var isPossible = emit(
      Move(from: last.from, to: aside, shape: last.shape), slots: &slots)
    for k in 0..<(cycle.count &- 1) {
      if !emit(moves[Int(cycle[k])], slots: &slots) { isPossible = false }
    }
    if !emit(Move(from: aside, to: last.to, shape: last.shape), slots: &slots) {
      isPossible = false
    }
    for k in cycle.indices {
      let move = moves[Int(cycle[k])]
      writer[Self.index(move.to)] = -1
      readers[Self.index(move.from)] = 0
    }
    return isPossible
  }

  /// Appends a move, through a register if it goes from memory to memory.
  private mutating func emit(_ move: Move, slots: inout SpillSlots) -> Bool {
    if !(isMemory(move.from) && isMemory(move.to)) {
      sequence.append(move)
      return true
    }
    let c = Int(move.registerClass.rawValue)
    if resources.free[c] == 0 {
      let idle = resources.borrowable[c] & ~involved[c]
      if idle == 0 { return emitBorrowingBusyRegister(move, slots: &slots) }
      // Saved once for the whole group, and free from now on.
      let register = ClassWords.lowest(idle, c)
      borrowed[c] = register
      resources.free.insert(register)
      sequence.append(
        Move(
          from: Allocation(packed: register), to: slots.saveForRegister(c),
          shape: slots.widestShape(c)))
    }
    let through = Allocation(packed: ClassWords.lowest(resources.free[c], c))
    sequence.append(Move(from: move.from, to: through, shape: move.shape))
    sequence.append(Move(from: through, to: move.to, shape: move.shape))
    return true
  }

  private mutating func emitBorrowingBusyRegister(
    _ move: Move, slots: inout SpillSlots
  ) -> Bool {
    let c = Int(move.registerClass.rawValue)
    if resources.borrowable[c] == 0 { return false }
    let register = Allocation(packed: ClassWords.lowest(resources.borrowable[c], c))
    let save = slots.saveForRegister(c)
    sequence.append(Move(from: register, to: save, shape: slots.widestShape(c)))
    sequence.append(Move(from: move.from, to: register, shape: move.shape))
    sequence.append(Move(from: register, to: move.to, shape: move.shape))
    sequence.append(Move(from: save, to: register, shape: slots.widestShape(c)))
    return true
  }
}
