// SPDX-License-Identifier: Apache-2.0
// Appends instructions to a function, simplified and numbered as they come.

import BrolgaEntities
import BrolgaWasm

/// Builds a function, block after block.
///
/// Every operation passes through `emit`, which folds constants, applies identities, and finds an
/// equal value in a block that dominates the current one. Memory is kept between functions.
///
/// Even what only reads is `mutating`: Swift 6.3 copies the whole struct for a call that is not.
///
/// Invariant: `path` holds blocks that dominate the current one, from the entry to itself. The
/// immediate dominator may be a conservative one, so not all dominators need be there.
package struct Builder: ~Copyable {
  package var function = Function()
  /// Whether `emit` looks for equal values. Folding and identities are independent of it.
  package var numbersValues = true
  /// Byte offset in the module that instructions are said to come from.
  package var origin: UInt32 = 0
  package private(set) var currentBlock: Block = .none

  private var path = Vector<Block>()
  /// Per block: whether it is on `path`.
  private var isOnPath = Vector<Bool>()
  /// Instead of a path, where all dominators are known: the dominator tree, see `beginBlock`.
  private(set) var usesTree = false
  private var treeStarts = Vector<UInt32>()
  private var treeEnds = Vector<UInt32>()
  private var treePoint: UInt32 = 0
  /// With a tree, per instruction: whether it has one use at most. The client says so of the next
  /// one, in `nextHasOneUse`; what is found again has more.
  private(set) var hasOneUse = Vector<Bool>()
  var nextHasOneUse = false

  /// Known values, hashed, linear probing, `slotMask + 1` slots in use. A slot of another
  /// generation is free, so that a function need not pay for the size of the one before.
  private var slots = Vector<Slot>()
  /// The other half of growing.
  private var spareSlots = Vector<Slot>()
  private var slotMask = 0
  private var usedSlots = 0
  private var generation: UInt32 = 0

  /// As visible as the builder: with a private type here, 6.3 fails to compile other modules.
  package struct Slot: BitwiseCopyable {
    var hash: UInt32
    var generation: UInt32
    var value: Value
    var block: Block
  }

  private static let initialSlots = 256
  /// The indices that vectors with a hash were given last; a new function's may be others.
  private var vectorCache = Vector<Int>()

  package init() {
    vectorCache.reset(count: 64, to: 0)
    slots.reset(count: Self.initialSlots, to: Self.freeSlot)
    slotMask = Self.initialSlots &- 1
  }

  private static var freeSlot: Slot { Slot(hash: 0, generation: 0, value: .none, block: .none) }

  /// Empties everything for the next function.
  ///
  /// - Parameter expectedCount: about how many instructions it will have, so that the table of
  ///   values need not grow.
  package mutating func beginFunction(
    index: UInt32, typeIndex: UInt32, expectedCount: Int = 0
  ) {
    function.clear()
    function.index = index
    function.typeIndex = typeIndex
    origin = 0
    currentBlock = .none
    path.removeAll()
    isOnPath.removeAll()
    usesTree = false
    treeStarts.removeAll()
    treeEnds.removeAll()
    hasOneUse.removeAll()
    nextHasOneUse = false
    var slotCount = Self.initialSlots
    while slotCount < expectedCount { slotCount &*= 2 }
    if slots.count < slotCount {
      slots.append(repeating: Self.freeSlot, count: slotCount &- slots.count)
    }
    slotMask = slotCount &- 1
    forgetSlots()
  }

  private mutating func forgetSlots() {
    usedSlots = 0
    generation &+= 1
    if generation == 0 {
      // Once in 2^32 functions: slots of the first generations would look alive.
      slots.reset(count: slots.count, to: Self.freeSlot)
      spareSlots.reset(count: spareSlots.count, to: Self.freeSlot)
      generation = 1
    }
  }

  // MARK: Blocks

  package mutating func createBlock(loopDepth: Int = 0) -> Block {
    var data = BlockData()
    data.loopDepth = UInt16(clamping: loopDepth)
    isOnPath.append(false)
    return function.blocks.append(data)
  }

  /// Starts to fill a block. Blocks are filled one after the other, each once.
  ///
  /// - Parameter dominatorDepth: position on the path of the block's immediate dominator, or of
  ///   any block further up; -1 for the entry.
  package mutating func beginBlock(_ block: Block, dominatorDepth: Int) {
    assert(dominatorDepth < path.count, "the dominator is not on the path")
    while path.count > dominatorDepth &+ 1 {
      isOnPath[path.popLast().index] = false
    }
    path.append(block)
    isOnPath[block.index] = true
    open(block)
  }

  /// Starts to fill a block, as above, where its place in the dominator tree is known: a block
  /// dominates those that start within its bounds. Blocks are begun in the order of creation.
  package mutating func beginBlock(_ block: Block, treeStart: UInt32, treeEnd: UInt32) {
    assert(block.index == treeStarts.count, "blocks are begun in another order")
    usesTree = true
    treeStarts.append(treeStart)
    treeEnds.append(treeEnd)
    treePoint = treeStart
    open(block)
  }

  private mutating func open(_ block: Block) {
    currentBlock = block
    let start = function.instructions.nextID.raw
    function.blocks[block].instructionStart = start
    function.blocks[block].instructionEnd = start
  }

  /// Position of the current block on the path of dominators.
  package var dominatorDepth: Int { path.count &- 1 }

  /// The block at a position on the path of dominators.
  package func dominator(atDepth depth: Int) -> Block { path[depth] }

  /// Ends the current block; appending a terminator does it.
  package mutating func endBlock() {
    function.blocks[currentBlock].instructionEnd = function.instructions.nextID.raw
    currentBlock = .none
  }

  // MARK: Instructions

  /// Appends an instruction as it is.
  @discardableResult
  package mutating func append(_ instruction: Instruction) -> Value {
    assert(!currentBlock.isNone, "no block is being filled")
    let value = function.instructions.append(instruction)
    function.origins.append(origin)
    if usesTree { hasOneUse.append(nextHasOneUse) }
    if instruction.opcode.isTerminator { endBlock() }
    return value
  }

  /// Finds or appends what computes the same as `instruction`, in its simplest form.
  ///
  /// The value may be an existing one. It is `none` for a `trapIf` that never traps.
  @discardableResult
  package mutating func emit(_ instruction: Instruction) -> Value {
    var instruction = instruction
    // Each rewriting makes the instruction simpler; the count only bounds the cost.
    var steps = 0
    while steps < 6 {
      let found = simplify(&instruction)
      if found == .none { break }
      if found != Self.rewritten {
        if found == Self.nothing { return .none }
        if usesTree { hasOneUse[found.index] = false }
        return found
      }
      steps &+= 1
    }
    return find(instruction)
  }

  /// A constant. Selection makes it anew at each use, so that it occupies no register between;
  /// sharing it only saves instructions, which without numbering costs more than it saves.
  package mutating func constant(_ type: Type, bits: UInt64) -> Value {
    numbersValues ? find(.constant(type, bits: bits)) : append(.constant(type, bits: bits))
  }

  /// The index of 16 bytes in `Function.vectors`; most often one for equal ones.
  package mutating func vectorIndex(_ bits: V128) -> UInt32 {
    let hash = (bits.low ^ bits.high &* 3) &* 0x9e37_79b9_7f4a_7c15
    let slot = Int(truncatingIfNeeded: hash &>> 58)
    let known = vectorCache[slot]
    if known < function.vectors.count && function.vectors[known] == bits {
      return UInt32(truncatingIfNeeded: known)
    }
    let index = function.vectors.count
    function.vectors.append(bits)
    vectorCache[slot] = index
    return UInt32(truncatingIfNeeded: index)
  }

  package mutating func constant(_ bits: V128) -> Value {
    constant(Instruction(.vconst, .v128, b: vectorIndex(bits)))
  }

  /// A constant like one that there is elsewhere.
  package mutating func constant(_ instruction: Instruction) -> Value {
    numbersValues ? find(instruction) : append(instruction)
  }

  /// The bits of a value that is a constant.
  @inline(__always)
  package mutating func constantBits(_ value: Value) -> UInt64? {
    let instruction = function.instructions[value]
    return instruction.opcode.isConstant ? instruction.bits : nil
  }

  /// The type of a value.
  @inline(__always)
  package func type(_ value: Value) -> Type { function.instructions[value].type }

  // MARK: Numbering

  /// Finds an equal value, or appends the instruction.
  private mutating func find(_ instruction: Instruction) -> Value {
    let isPure = instruction.opcode.isPure
    if !instruction.opcode.isAnyConstant {
      if !numbersValues || !isPure && !instruction.isNumberable { return append(instruction) }
    }
    if usedSlots &* 2 > slotMask { growSlots() }
    let hash = self.hash(instruction, isPure: isPure)
    var position = Int(truncatingIfNeeded: hash) & slotMask
    var passed = 0
    while true {
      let slot = slots[position]
      if slot.generation != generation { break }
      if slot.hash == hash, isEqual(instruction, function.instructions[slot.value], isPure: isPure)
      {
        if dominatesCurrent(slot.block) {
          if usesTree { hasOneUse[slot.value.index] = false }
          return slot.value
        }
        // A block that has left the path does not come back: the slot is ours. In a tree it may
        // yet dominate a later block, so a few equal ones are kept.
        if !usesTree || passed == 3 {
          usedSlots &-= 1
          break
        }
        passed &+= 1
      }
      position = (position &+ 1) & slotMask
    }
    usedSlots &+= 1
    let block = currentBlock
    let value = append(instruction)
    slots[position] = Slot(hash: hash, generation: generation, value: value, block: block)
    return value
  }

  @inline(__always)
  private mutating func dominatesCurrent(_ block: Block) -> Bool {
    if !usesTree { return isOnPath[block.index] }
    return treeStarts[block.index] <= treePoint && treePoint < treeEnds[block.index]
  }

  /// Equal instructions have equal hashes; a constant operand counts by its bits, since blocks of
  /// which neither dominates the other have their own.
  @inline(__always)
  private mutating func hash(_ instruction: Instruction, isPure: Bool) -> UInt32 {
    var low = UInt64(truncatingIfNeeded: instruction.b)
    var high = UInt64(truncatingIfNeeded: instruction.a)
    if isPure {
      low = operandKey(instruction.b)
      high = operandKey(instruction.a)
    } else if instruction.opcode.isAnyConstant {
      high = 0
    } else if instruction.opcode != .contextLoad {
      high = operandKey(instruction.a)
    }
    let tag =
      UInt64(truncatingIfNeeded: instruction.opcode.rawValue) &<< 8
      | UInt64(truncatingIfNeeded: instruction.type.rawValue)
    // Few have anything there.
    let c = instruction.c == 0 ? 0 : thirdKey(instruction)
    let third = c &<< 32 ^ tag &<< 16 ^ UInt64(truncatingIfNeeded: instruction.aux)
    var h = (high ^ third) &* 0x9e37_79b9_7f4a_7c15
    h = (h ^ h &>> 32 ^ low) &* 0xd6e8_feb8_6659_fd93
    return UInt32(truncatingIfNeeded: h &>> 32)
  }

  @inline(never)
  private mutating func thirdKey(_ instruction: Instruction) -> UInt64 {
    instruction.opcode.traits.readsC
      ? operandKey(instruction.c) : UInt64(truncatingIfNeeded: instruction.c)
  }

  @inline(__always)
  private mutating func operandKey(_ operand: UInt32) -> UInt64 {
    let instruction = function.instructions[Value(raw: operand)]
    return instruction.opcode.isAnyConstant
      ? instruction.bits &* 0xff51_afd7_ed55_8ccd : UInt64(truncatingIfNeeded: operand)
  }

  @inline(__always)
  private mutating func isEqual(_ x: Instruction, _ y: Instruction, isPure: Bool) -> Bool {
    if x.opcode != y.opcode || x.type != y.type || x.aux != y.aux { return false }
    if x.c != y.c && (!x.opcode.traits.readsC || !isSame(x.c, y.c)) { return false }
    if x.a == y.a && x.b == y.b { return true }
    if isPure { return isSame(x.a, y.a) && isSame(x.b, y.b) }
    if x.opcode.isAnyConstant || x.opcode == .contextLoad { return false }
    return x.b == y.b && isSame(x.a, y.a)
  }

  /// Whether two operands are one value, or constants alike.
  @inline(__always)
  private mutating func isSame(_ x: UInt32, _ y: UInt32) -> Bool {
    if x == y { return true }
    let first = function.instructions[Value(raw: x)]
    return first.opcode.isAnyConstant && first == function.instructions[Value(raw: y)]
  }

  @inline(never)
  private mutating func growSlots() {
    let oldCount = slotMask &+ 1
    let oldGeneration = generation
    let newCount = oldCount &* 2
    swap(&slots, &spareSlots)
    if slots.count < newCount {
      slots.append(repeating: Self.freeSlot, count: newCount &- slots.count)
    }
    slotMask = newCount &- 1
    // After a wrap the old slots are cleared, and only sharing is lost.
    forgetSlots()
    for i in 0..<oldCount {
      var slot = spareSlots[i]
      if slot.generation != oldGeneration { continue }
      if !usesTree && !isOnPath[slot.block.index] { continue }
      slot.generation = generation
      var position = Int(truncatingIfNeeded: slot.hash) & slotMask
      while slots[position].generation == generation { position = (position &+ 1) & slotMask }
      slots[position] = slot
      usedSlots &+= 1
    }
  }
}

extension Instruction {
  /// Whether an equal instruction that dominates it computes the same value, or traps before it.
  /// So does every pure one.
  @inline(__always) fileprivate var isNumberable: Bool {
    if opcode == .trapIf { return true }
    return (opcode == .contextLoad || opcode == .pointerLoad) && aux & Self.readOnly != 0
  }
}
