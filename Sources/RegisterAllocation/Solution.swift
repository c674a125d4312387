// SPDX-License-Identifier: Apache-2.0
// The result of an allocation: one place per operand, and the moves between instructions.

import BrolgaEntities

/// A place: a register, a spill slot, or none; packed in 32 bits. As the source of a move also a
/// value to be made again.
@frozen public struct Allocation: BitwiseCopyable, Hashable, Sendable {
  /// Two bits of kind at the top, then a register's `raw`, a slot's first unit, or a value.
  public let raw: UInt32

  @inlinable @inline(__always) public init(raw: UInt32) { self.raw = raw }
  @inlinable @inline(__always) public init(_ register: PhysicalRegister) {
    raw = 1 &<< 30 | UInt32(truncatingIfNeeded: register.raw)
  }
  /// The spill slot that starts at this unit of the spill area.
  @inlinable @inline(__always) public init(slot: Int) {
    raw = 2 &<< 30 | UInt32(truncatingIfNeeded: slot)
  }
  /// Not a place: the value is made where a move has this as its source.
  @inlinable @inline(__always) public init(rematerialized value: VirtualRegister) {
    raw = 3 &<< 30 | value.raw
  }
  /// No place: a definition that nobody reads there, of a value that is made again.
  @inlinable @inline(__always) public static var none: Self { Self(raw: 0) }

  @inlinable @inline(__always) public var isNone: Bool { raw &>> 30 == 0 }
  @inlinable @inline(__always) public var isRegister: Bool { raw &>> 30 == 1 }
  @inlinable @inline(__always) public var isSlot: Bool { raw &>> 30 == 2 }
  /// Not a place: the source of a move that makes the value again.
  @inlinable @inline(__always) public var isRematerialized: Bool { raw &>> 30 == 3 }
  /// Only if `isRegister`.
  @inlinable @inline(__always) public var register: PhysicalRegister {
    assert(isRegister, "not a register")
    return PhysicalRegister(raw: UInt8(truncatingIfNeeded: raw))
  }
  /// First unit in the spill area.
  @inlinable @inline(__always) public var slot: Int {
    assert(isSlot, "not a spill slot")
    return Int(truncatingIfNeeded: raw & 0x3fff_ffff)
  }
  /// Only if `isRematerialized`.
  @inlinable @inline(__always) public var rematerializedValue: VirtualRegister {
    assert(isRematerialized, "not a value to be made again")
    return VirtualRegister(raw: raw & 0x3fff_ffff)
  }
}

/// A place between instructions: `2 * instruction` before it, `2 * instruction + 1` after it.
@frozen public struct ProgramPoint: BitwiseCopyable, Hashable, Comparable, Sendable {
  public let raw: UInt32
  @inlinable @inline(__always) public init(raw: UInt32) { self.raw = raw }
  @inlinable @inline(__always) public static func before(_ i: Int) -> Self {
    Self(raw: UInt32(truncatingIfNeeded: i) &<< 1)
  }
  @inlinable @inline(__always) public static func after(_ i: Int) -> Self {
    Self(raw: UInt32(truncatingIfNeeded: i) &<< 1 | 1)
  }
  @inlinable @inline(__always) public var instruction: Int { Int(truncatingIfNeeded: raw &>> 1) }
  @inlinable @inline(__always) public var isAfter: Bool { raw & 1 != 0 }
  @inlinable @inline(__always) public static func < (a: Self, b: Self) -> Bool { a.raw < b.raw }
}

/// A move that the client must emit at `point`. Never from slot to slot. From a rematerialized
/// value to a register: the client makes the value there, and changes nothing else.
@frozen public struct Edit: BitwiseCopyable, Hashable, Sendable {
  /// Never behind a branch or an exit.
  public var point: ProgramPoint
  /// A register, a slot, a name of memory, or a value to be made again.
  public var from: Allocation
  /// A register, a slot, or a name of memory.
  public var to: Allocation
  /// The class of the value moved.
  public var registerClass: RegisterClass
  /// How wide it is, in units of the spill area.
  public var units: UInt8

  @inlinable @inline(__always)
  public init(
    point: ProgramPoint, from: Allocation, to: Allocation, registerClass: RegisterClass,
    units: UInt8 = 1
  ) {
    self.point = point
    self.from = from
    self.to = to
    self.registerClass = registerClass
    self.units = units
  }
}

/// What an allocator returns. Reused: an allocator empties it first and keeps its memory.
public struct Solution: ~Copyable {
  /// Parallel to `Problem.operands`.
  public var allocations = Vector<Allocation>()
  /// Sorted by point; those at one point are in execution order.
  public var edits = Vector<Edit>()
  /// Size of the spill area, in units.
  public var slotUnits = 0
  /// Allocatable registers that some operand or edit writes.
  public var usedRegisters = RegisterSet()
  /// Where the values of `Problem.labels` are, sorted by label, then by instruction.
  public var debugLocations = Vector<DebugLocation>()

  public init() {}
}
