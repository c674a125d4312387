// SPDX-License-Identifier: Apache-2.0
// Physical registers, sets of them, and the machine that a problem is solved for.

/// A bank of registers. Banks do not alias; values in one bank may differ in width.
@frozen public enum RegisterClass: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case int, float, vector
}

/// A physical register: a class and a hardware number below 64, packed in a byte.
///
/// May also name a fixed stack slot of the machine, see `Machine.fixedStackSlots`.
@frozen public struct PhysicalRegister: BitwiseCopyable, Hashable, Comparable, Sendable {
  /// `class * 64 + hardware number`.
  public let raw: UInt8

  @inlinable @inline(__always) public init(raw: UInt8) { self.raw = raw }

  @inlinable @inline(__always) public init(_ registerClass: RegisterClass, _ number: Int) {
    raw = registerClass.rawValue &<< 6 | UInt8(truncatingIfNeeded: number & 63)
  }

  @inlinable @inline(__always) public var registerClass: RegisterClass {
    switch raw &>> 6 {
    case 0: .int
    case 1: .float
    default: .vector
    }
  }
  /// The hardware number, 0 to 63.
  @inlinable @inline(__always) public var number: Int { Int(truncatingIfNeeded: raw & 63) }

  @inlinable @inline(__always) public static func < (a: Self, b: Self) -> Bool { a.raw < b.raw }
}

/// A set of physical registers, one word per class.
@frozen public struct RegisterSet: BitwiseCopyable, Hashable, Sendable {
  /// Bit `n` for hardware number `n`.
  public var int: UInt64
  /// As for `int`.
  public var float: UInt64
  /// As for `int`.
  public var vector: UInt64

  @inlinable @inline(__always) public init(int: UInt64 = 0, float: UInt64 = 0, vector: UInt64 = 0) {
    self.int = int
    self.float = float
    self.vector = vector
  }

  /// The members of one class, bit `n` for hardware number `n`.
  @inlinable public subscript(_ registerClass: RegisterClass) -> UInt64 {
    @inline(__always) get {
      switch registerClass {
      case .int: int
      case .float: float
      case .vector: vector
      }
    }
    @inline(__always) set {
      switch registerClass {
      case .int: int = newValue
      case .float: float = newValue
      case .vector: vector = newValue
      }
    }
  }

  @inlinable @inline(__always) public func contains(_ register: PhysicalRegister) -> Bool {
    self[register.registerClass] &>> UInt64(truncatingIfNeeded: register.number) & 1 != 0
  }
  @inlinable @inline(__always) public mutating func insert(_ register: PhysicalRegister) {
    self[register.registerClass] |= 1 &<< UInt64(truncatingIfNeeded: register.number)
  }
  @inlinable @inline(__always) public mutating func remove(_ register: PhysicalRegister) {
    self[register.registerClass] &= ~(1 &<< UInt64(truncatingIfNeeded: register.number))
  }
  @inlinable @inline(__always) public func union(_ other: Self) -> Self {
    Self(int: int | other.int, float: float | other.float, vector: vector | other.vector)
  }
  @inlinable @inline(__always) public func intersection(_ other: Self) -> Self {
    Self(int: int & other.int, float: float & other.float, vector: vector & other.vector)
  }
  @inlinable @inline(__always) public func subtracting(_ other: Self) -> Self {
    Self(int: int & ~other.int, float: float & ~other.float, vector: vector & ~other.vector)
  }
  @inlinable @inline(__always) public var isEmpty: Bool { int | float | vector == 0 }
}

/// The registers that an allocator may use.
@frozen public struct Machine: BitwiseCopyable, Hashable, Sendable {
  /// Tried first: usually the registers that a function need not save.
  public var preferred = RegisterSet()
  /// Tried when no preferred register will do: usually the callee-saved ones.
  public var nonPreferred = RegisterSet()
  /// Per class, a register for move cycles and memory-to-memory moves; `nil` where the allocator
  /// is to find one. Never in `preferred` or `nonPreferred`.
  public var intScratch: PhysicalRegister?
  /// As for `intScratch`.
  public var floatScratch: PhysicalRegister?
  /// As for `intScratch`.
  public var vectorScratch: PhysicalRegister?
  /// Names that denote memory, such as incoming stack arguments. Only fixed constraints name
  /// them; they are never allocated.
  public var fixedStackSlots = RegisterSet()
  /// Spill slot units that a value of each class takes if it does not say itself, see
  /// `Problem.setUnits(of:to:)`: powers of two; a slot is aligned to its size.
  public var intSlotUnits: UInt8 = 1
  /// As for `intSlotUnits`.
  public var floatSlotUnits: UInt8 = 1
  /// As for `intSlotUnits`.
  public var vectorSlotUnits: UInt8 = 2

  @inlinable public init() {}
}
