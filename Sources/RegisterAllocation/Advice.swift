// SPDX-License-Identifier: Apache-2.0
// What a client may say beyond what must hold: cheap values, hints, an order of registers, labels.

import BrolgaEntities

/// A value that can be made again wherever it is needed: a constant, say, or an address in the frame.
///
/// Its definition is the only operand of its instruction, late, in any register. Backtracking keeps
/// no slot for it: where it is in no register, a move from `Allocation(rematerialized:)` makes it, and
/// a definition that nobody reads from its register gets the place `none`: the client leaves the
/// instruction out. The single pass treats it as any other value.
@frozen public struct Rematerialization: BitwiseCopyable, Hashable, Sendable {
  /// Marked at most once; `Problem.rematerializations` is sorted by it.
  public var value: VirtualRegister
  /// What it costs to make, relative to a load from the spill area.
  public var cost: Float

  @inlinable public init(_ value: VirtualRegister, cost: Float = 0.5) {
    self.value = value
    self.cost = cost
  }
}

/// A register that a value would best be in. Fixed operands count for more.
@frozen public struct Hint: BitwiseCopyable, Hashable, Sendable {
  public var value: VirtualRegister
  /// Of the value's class; it need not be allocatable.
  public var register: PhysicalRegister

  @inlinable public init(_ value: VirtualRegister, _ register: PhysicalRegister) {
    self.value = value
    self.register = register
  }
}

/// Asks where a value is before each of the instructions `from ..< to`.
@frozen public struct DebugLabel: BitwiseCopyable, Hashable, Sendable {
  public var value: VirtualRegister
  /// The first instruction, in the order of the problem.
  public var from: InstructionIndex
  /// Behind the last one.
  public var to: InstructionIndex
  /// The client's name for it.
  public var label: UInt32

  @inlinable public init(
    _ value: VirtualRegister, from: InstructionIndex, to: InstructionIndex, label: UInt32
  ) {
    self.value = value
    self.from = from
    self.to = to
    self.label = label
  }
}

/// Answers a label: the value is in `place` before each of the instructions `from ..< to`.
@frozen public struct DebugLocation: BitwiseCopyable, Hashable, Sendable {
  /// `DebugLabel.label` of the question.
  public var label: UInt32
  public var from: InstructionIndex
  /// Behind the last one.
  public var to: InstructionIndex
  /// A register or a slot.
  public var place: Allocation

  @inlinable public init(
    label: UInt32, from: InstructionIndex, to: InstructionIndex, place: Allocation
  ) {
    self.label = label
    self.from = from
    self.to = to
    self.place = place
  }
}

/// Which register to take first: those that the client lists, in its order, then by number.
struct RegisterOrder: ~Copyable {
  private var list = Vector<UInt8>()

  init() {}

  mutating func reset(_ order: borrowing Vector<PhysicalRegister>) {
    list.removeAll()
    for k in order.indices { list.append(order[k].raw) }
  }

  /// Of the registers of class `c` in `word`, which is not zero, the first.
  @inline(__always) func first(_ word: UInt64, _ c: Int) -> UInt8 {
    list.isEmpty ? ClassWords.lowest(word, c) : listed(word, c)
  }

  private func listed(_ word: UInt64, _ c: Int) -> UInt8 {
    for k in list.indices
    where Int(list[k] &>> 6) == c && word & ClassWords.bit(list[k]) != 0 {
      return list[k]
    }
    return ClassWords.lowest(word, c)
  }
}
