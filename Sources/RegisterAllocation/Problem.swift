// SPDX-License-Identifier: Apache-2.0
// The allocation problem: a function as an allocator sees it, in flat tables.

import BrolgaEntities

/// An instruction of a problem, printed `i7`. Instructions are numbered in block order.
@frozen public struct InstructionIndex: EntityID {
  public static var prefix: StaticString { "i" }
  public let raw: UInt32
  @inlinable @inline(__always) public init(raw: UInt32) { self.raw = raw }
}

/// A basic block of a problem, printed `b7`. Block 0 is the entry.
@frozen public struct Block: EntityID {
  public static var prefix: StaticString { "b" }
  public let raw: UInt32
  @inlinable @inline(__always) public init(raw: UInt32) { self.raw = raw }
}

/// One instruction: where its operands start, and what it destroys.
@frozen public struct InstructionRecord: BitwiseCopyable, Hashable, Sendable {
  /// First operand in `Problem.operands`; the next record's `operandStart` is the end.
  public var operandStart: UInt32
  /// Index into `Problem.clobberMasks`. Mask 0 is the empty one.
  public var clobberMask: UInt16
  /// Only the last instruction of a block is a branch or an exit.
  public var role: Role

  /// What an instruction does to control.
  @frozen public enum Role: UInt8, BitwiseCopyable, Sendable {
    /// Control goes on to the next instruction.
    case ordinary
    /// Ends its block and names the successors.
    case branch
    /// Ends its block, with no successor: a return, or a point that control does not pass.
    case exit
  }

  @inlinable @inline(__always)
  public init(operandStart: UInt32, clobberMask: UInt16 = 0, role: Role = .ordinary) {
    self.operandStart = operandStart
    self.clobberMask = clobberMask
    self.role = role
  }
}

/// One basic block: ranges into the problem's pools. Each list ends where the next block's begins.
@frozen public struct BlockRecord: BitwiseCopyable, Hashable, Sendable {
  /// First instruction in `Problem.instructions`.
  public var instructionStart: UInt32
  /// First edge in `Problem.successors`.
  public var successorStart: UInt32
  /// First in `Problem.predecessors`.
  public var predecessorStart: UInt32
  /// First in `Problem.parameters`.
  public var parameterStart: UInt32
  /// How often the block runs, relative to the entry's 1.
  public var frequency: Float
  /// Expected not to run: an error path.
  public var isCold: Bool

  @inlinable @inline(__always)
  public init(
    instructionStart: UInt32, successorStart: UInt32, predecessorStart: UInt32,
    parameterStart: UInt32, frequency: Float = 1, isCold: Bool = false
  ) {
    self.instructionStart = instructionStart
    self.successorStart = successorStart
    self.predecessorStart = predecessorStart
    self.parameterStart = parameterStart
    self.frequency = frequency
    self.isCold = isCold
  }
}

/// A function as an allocator sees it.
///
/// Tables of starts have one entry more than there are elements (a sentinel at the end), so that
/// element `i` owns `start[i] ..< start[i + 1]` of its pool. `seal()` appends the sentinels.
///
/// Rules, checked by `validate()`: each block is non-empty and ends in its only branch or exit;
/// the entry has neither parameters nor predecessors; each virtual register is defined once, in
/// every path before its uses; no edge leads from a block with several successors to a block with
/// several predecessors; a block whose edge passes arguments has one successor, and its branch has
/// no register operands.
public struct Problem: ~Copyable {
  /// The registers to allocate.
  public var machine = Machine()
  /// In block order; a sealed problem has one more record.
  public var instructions = Pool<InstructionIndex, InstructionRecord>()
  /// Instruction by instruction.
  public var operands = Vector<Operand>()
  /// Mask 0 is empty; `clear()` puts it there.
  public var clobberMasks = Vector<RegisterSet>()
  /// The first is the entry; a sealed problem has one more record.
  public var blocks = Pool<Block, BlockRecord>()
  /// Block by block; an edge may appear twice.
  public var successors = Vector<Block>()
  /// Block by block, one entry per edge.
  public var predecessors = Vector<Block>()
  /// Block by block.
  public var parameters = Vector<VirtualRegister>()
  /// Per entry of `successors` (and a sentinel): where the edge's arguments start in `arguments`.
  public var argumentStart = Vector<UInt32>()
  /// One argument per parameter of the successor, edge after edge.
  public var arguments = Vector<VirtualRegister>()
  /// The class of each virtual register.
  public var classes = Pool<VirtualRegister, RegisterClass>()
  /// Units of the spill area that each virtual register says it takes; 0, or no entry, for what
  /// `machine` says of its class. Empty unless values of one class differ, as floats and vectors in
  /// one bank do.
  public var ownUnits = Vector<UInt8>()
  /// Sorted by value.
  public var rematerializations = Vector<Rematerialization>()
  /// The last one for a value counts.
  public var hints = Vector<Hint>()
  /// Which registers to try first within a tier; those not listed come after them, by number.
  public var registerOrder = Vector<PhysicalRegister>()
  /// See `DebugLabel`; the answers are in `Solution.debugLocations`.
  public var labels = Vector<DebugLabel>()
  /// The client's text of each instruction, for people only: a prefix of the instructions has an entry,
  /// which may be empty.
  public var instructionTexts: [String] = []
  /// One instruction may define a value more than once, by equal operands, which get one place.
  public var repeatsDefinitions = false

  /// An empty problem.
  public init() { clear() }

  /// Empties every table and keeps the memory.
  public mutating func clear() {
    machine = Machine()
    instructions.removeAll()
    operands.removeAll()
    clobberMasks.removeAll()
    clobberMasks.append(RegisterSet())
    blocks.removeAll()
    successors.removeAll()
    predecessors.removeAll()
    parameters.removeAll()
    argumentStart.removeAll()
    arguments.removeAll()
    classes.removeAll()
    ownUnits.removeAll()
    rematerializations.removeAll()
    hints.removeAll()
    registerOrder.removeAll()
    labels.removeAll()
    instructionTexts.removeAll(keepingCapacity: true)
    repeatsDefinitions = false
  }

  /// Appends the sentinels; call once, when all tables are filled.
  public mutating func seal() {
    instructions.append(InstructionRecord(operandStart: UInt32(truncatingIfNeeded: operands.count)))
    blocks.append(
      BlockRecord(
        instructionStart: UInt32(truncatingIfNeeded: instructions.count - 1),
        successorStart: UInt32(truncatingIfNeeded: successors.count),
        predecessorStart: UInt32(truncatingIfNeeded: predecessors.count),
        parameterStart: UInt32(truncatingIfNeeded: parameters.count)))
    argumentStart.append(UInt32(truncatingIfNeeded: arguments.count))
  }

  // Counts and ranges of a sealed problem.
  /// The number of instructions, without the sentinel.
  @inlinable @inline(__always) public var instructionCount: Int { instructions.count &- 1 }
  /// The number of blocks, without the sentinel.
  @inlinable @inline(__always) public var blockCount: Int { blocks.count &- 1 }
  /// Where the operands of instruction `i` are in `operands`.
  @inlinable @inline(__always) public func operandRange(_ i: Int) -> Range<Int> {
    let start = Int(truncatingIfNeeded: instructions.storage[i].operandStart)
    let end = Int(truncatingIfNeeded: instructions.storage[i &+ 1].operandStart)
    return Range(uncheckedBounds: (start, end))
  }
  /// The instructions of block `b`.
  @inlinable @inline(__always) public func instructionRange(_ b: Int) -> Range<Int> {
    let start = Int(truncatingIfNeeded: blocks.storage[b].instructionStart)
    let end = Int(truncatingIfNeeded: blocks.storage[b &+ 1].instructionStart)
    return Range(uncheckedBounds: (start, end))
  }
  /// Where the edges from block `b` are in `successors`.
  @inlinable @inline(__always) public func successorRange(_ b: Int) -> Range<Int> {
    let start = Int(truncatingIfNeeded: blocks.storage[b].successorStart)
    let end = Int(truncatingIfNeeded: blocks.storage[b &+ 1].successorStart)
    return Range(uncheckedBounds: (start, end))
  }
  /// Where those to block `b` are in `predecessors`.
  @inlinable @inline(__always) public func predecessorRange(_ b: Int) -> Range<Int> {
    let start = Int(truncatingIfNeeded: blocks.storage[b].predecessorStart)
    let end = Int(truncatingIfNeeded: blocks.storage[b &+ 1].predecessorStart)
    return Range(uncheckedBounds: (start, end))
  }
  /// Where the parameters of block `b` are in `parameters`.
  @inlinable @inline(__always) public func parameterRange(_ b: Int) -> Range<Int> {
    let start = Int(truncatingIfNeeded: blocks.storage[b].parameterStart)
    let end = Int(truncatingIfNeeded: blocks.storage[b &+ 1].parameterStart)
    return Range(uncheckedBounds: (start, end))
  }
  /// The arguments of the edge at `index` of `successors`.
  @inlinable @inline(__always) public func argumentRange(_ index: Int) -> Range<Int> {
    let start = Int(truncatingIfNeeded: argumentStart[index])
    let end = Int(truncatingIfNeeded: argumentStart[index &+ 1])
    return Range(uncheckedBounds: (start, end))
  }
}
