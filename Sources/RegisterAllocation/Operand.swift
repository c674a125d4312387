// SPDX-License-Identifier: Apache-2.0
// Operands: what an instruction reads and writes, and where it needs that to be.

import BrolgaEntities

/// A value to be allocated, printed `v7`. Its class stands in each operand and in
/// `Problem.classes`.
@frozen public struct VirtualRegister: EntityID {
  public static var prefix: StaticString { "v" }
  public let raw: UInt32
  @inlinable @inline(__always) public init(raw: UInt32) { self.raw = raw }
  /// Virtual registers are numbered below this: 30 bits of a packed operand.
  @inlinable public static var limit: Int { 1 &<< 30 }
}

/// Where an operand may be.
@frozen public enum Constraint: BitwiseCopyable, Hashable, Sendable {
  /// A register or a spill slot.
  case any
  /// Any allocatable register of the class.
  case register
  /// A spill slot.
  case stack
  /// Exactly this register, allocatable or not, or this fixed stack slot.
  case fixed(PhysicalRegister)
  /// The register of the same instruction's operand with this index (below 32), which is an early
  /// use. Only on late definitions.
  case reuse(Int)
  /// A register whose hardware number is below this power of two, at most 64.
  case limit(Int)
}

/// One operand, packed in 64 bits: virtual register (30 bits), class (2), kind (1), position (1),
/// constraint (3 and 8).
@frozen public struct Operand: BitwiseCopyable, Hashable, Sendable {
  /// Whether the instruction reads or writes.
  @frozen public enum Kind: UInt8, BitwiseCopyable, Sendable { case use, definition }

  /// When the operand's effect takes place. An early use may share its register with a late
  /// definition; an early definition or a late use holds its register throughout.
  @frozen public enum Position: UInt8, BitwiseCopyable, Sendable { case early, late }

  /// A constraint without its payload, see `Constraint`.
  @frozen public enum ConstraintTag: UInt8, BitwiseCopyable, Sendable {
    case any, register, stack, fixed, reuse, limit
    /// Names a register that the allocator does not manage; carries no virtual register.
    case fixedNonAllocatable
  }

  /// The packed form.
  public let raw: UInt64

  @inlinable @inline(__always) public init(raw: UInt64) { self.raw = raw }

  /// The packed constructor; `payload` is a register's `raw`, an operand index, or log2 of a limit.
  @inlinable @inline(__always)
  public init(
    _ register: VirtualRegister, _ registerClass: RegisterClass, _ kind: Kind,
    _ position: Position, _ tag: ConstraintTag, payload: UInt8 = 0
  ) {
    let place =
      UInt64(truncatingIfNeeded: registerClass.rawValue) &<< 30
      | UInt64(truncatingIfNeeded: kind.rawValue) &<< 32
      | UInt64(truncatingIfNeeded: position.rawValue) &<< 33
    let constraint =
      UInt64(truncatingIfNeeded: tag.rawValue) &<< 34
      | UInt64(truncatingIfNeeded: payload) &<< 40
    raw = UInt64(truncatingIfNeeded: register.raw & 0x3fff_ffff) | place | constraint
  }

  /// Meaningless for `ConstraintTag.fixedNonAllocatable`.
  @inlinable @inline(__always) public var register: VirtualRegister {
    VirtualRegister(raw: UInt32(truncatingIfNeeded: raw & 0x3fff_ffff))
  }
  @inlinable @inline(__always) public var registerClass: RegisterClass {
    RegisterClass(rawValue: UInt8(truncatingIfNeeded: raw &>> 30 & 3)).unsafelyUnwrapped
  }
  @inlinable @inline(__always) public var isDefinition: Bool { raw &>> 32 & 1 != 0 }
  @inlinable @inline(__always) public var isUse: Bool { raw &>> 32 & 1 == 0 }
  @inlinable @inline(__always) public var isLate: Bool { raw &>> 33 & 1 != 0 }
  @inlinable @inline(__always) public var isEarly: Bool { raw &>> 33 & 1 == 0 }
  @inlinable @inline(__always) public var tag: ConstraintTag {
    ConstraintTag(rawValue: UInt8(truncatingIfNeeded: raw &>> 34 & 7)).unsafelyUnwrapped
  }
  /// A register's `raw`, an operand's index or log2 of a limit, as the tag says.
  @inlinable @inline(__always) public var payload: UInt8 { UInt8(truncatingIfNeeded: raw &>> 40) }
  /// The register of a fixed or fixed non-allocatable operand.
  @inlinable @inline(__always) public var fixedRegister: PhysicalRegister {
    PhysicalRegister(raw: payload)
  }
}

// The usual operands, named by constraint and kind.
extension Operand {
  /// A read, early, in any register.
  @inlinable @inline(__always)
  public static func use(_ v: VirtualRegister, _ c: RegisterClass) -> Operand {
    Operand(v, c, .use, .early, .register)
  }
  /// A read, early, from a register or a spill slot.
  @inlinable @inline(__always)
  public static func anyUse(_ v: VirtualRegister, _ c: RegisterClass) -> Operand {
    Operand(v, c, .use, .early, .any)
  }
  /// A read that lasts until the end of the instruction.
  @inlinable @inline(__always)
  public static func lateUse(_ v: VirtualRegister, _ c: RegisterClass) -> Operand {
    Operand(v, c, .use, .late, .register)
  }
  /// A write, late, to any register.
  @inlinable @inline(__always)
  public static func definition(_ v: VirtualRegister, _ c: RegisterClass) -> Operand {
    Operand(v, c, .definition, .late, .register)
  }
  /// A write, late, to a register or a spill slot.
  @inlinable @inline(__always)
  public static func anyDefinition(_ v: VirtualRegister, _ c: RegisterClass) -> Operand {
    Operand(v, c, .definition, .late, .any)
  }
  /// A write before the reads: a register of its own for the whole instruction.
  @inlinable @inline(__always)
  public static func temporary(_ v: VirtualRegister, _ c: RegisterClass) -> Operand {
    Operand(v, c, .definition, .early, .register)
  }
  /// A write, late, to the register of input operand `index`.
  @inlinable @inline(__always)
  public static func reuse(_ v: VirtualRegister, _ c: RegisterClass, of index: Int) -> Operand {
    Operand(v, c, .definition, .late, .reuse, payload: UInt8(truncatingIfNeeded: index))
  }
  /// A read, early, in `register`.
  @inlinable @inline(__always)
  public static func fixedUse(_ v: VirtualRegister, _ register: PhysicalRegister) -> Operand {
    Operand(v, register.registerClass, .use, .early, .fixed, payload: register.raw)
  }
  /// A write, late, to `register`.
  @inlinable @inline(__always)
  public static func fixedDefinition(_ v: VirtualRegister, _ register: PhysicalRegister) -> Operand
  {
    Operand(v, register.registerClass, .definition, .late, .fixed, payload: register.raw)
  }
  /// A register outside the allocator's care, reported back as it is.
  @inlinable @inline(__always)
  public static func nonAllocatable(_ register: PhysicalRegister) -> Operand {
    Operand(
      VirtualRegister(raw: 0x3fff_ffff), register.registerClass, .use, .early,
      .fixedNonAllocatable, payload: register.raw)
  }
}
