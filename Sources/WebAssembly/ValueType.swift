// SPDX-License-Identifier: Apache-2.0
// Value types and heap types, packed into 32 bits.

/// The type of a local, a global, an operand or a table element.
///
/// Packed: the low byte is the binary format's code; for references (`0x63` nullable, `0x64` not)
/// the upper 24 bits hold the heap type. Two value types are the same type exactly when they are
/// equal, except that equal defined types may have several indices: `TypeTable.View` compares.
@frozen public struct ValueType: BitwiseCopyable, Hashable, Sendable {
  @usableFromInline package let raw: UInt32

  @inlinable @inline(__always) package init(raw: UInt32) { self.raw = raw }

  @inlinable public static var i32: ValueType { ValueType(raw: 0x7F) }
  @inlinable public static var i64: ValueType { ValueType(raw: 0x7E) }
  @inlinable public static var f32: ValueType { ValueType(raw: 0x7D) }
  @inlinable public static var f64: ValueType { ValueType(raw: 0x7C) }
  @inlinable public static var v128: ValueType { ValueType(raw: 0x7B) }
  @inlinable public static var funcref: ValueType { ValueType(raw: 0x8000_7063) }
  @inlinable public static var externref: ValueType { ValueType(raw: 0x8000_6F63) }
  @inlinable public static var exnref: ValueType { ValueType(raw: 0x8000_6963) }

  /// The type of an operand in unreachable code that nothing has fixed: matches every type.
  @inlinable package static var unknown: ValueType { ValueType(raw: 0) }

  package init(reference heap: HeapType, isNullable: Bool) {
    raw = heap.raw &<< 8 | (isNullable ? 0x63 : 0x64)
  }

  /// Whether this is `i32`, `i64`, `f32` or `f64`. `v128` is neither numeric nor a reference.
  @inlinable public var isNumeric: Bool { raw &- 0x7C < 4 }

  @inlinable public var isReference: Bool {
    let code = raw & 0xFF
    return code == 0x63 || code == 0x64
  }

  /// Whether null is among the values.
  @inlinable public var isNullable: Bool { raw & 0xFF == 0x63 }

  /// What a reference refers to; meaningless for other types.
  package var heapType: HeapType { HeapType(raw: raw &>> 8) }

  /// Whether every local of this type has a value from the start: zero or null.
  @inlinable package var isDefaultable: Bool { raw & 0xFF != 0x64 }

  /// Whether the values are references to exceptions.
  public var isExceptionReference: Bool {
    isReference && (heapType == .exception || heapType == .noException)
  }

  /// The references of this type but null.
  public var nonNull: ValueType { ValueType(raw: raw & ~0xFF | 0x64) }

  /// Bytes that a value takes in memory; references are pointers.
  package var byteCount: Int {
    switch raw {
    case 0x7F, 0x7D: 4
    case 0x7B: 16
    default: 8
    }
  }
}

extension ValueType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .i32: "i32"
    case .i64: "i64"
    case .f32: "f32"
    case .f64: "f64"
    case .v128: "v128"
    case .funcref: "funcref"
    case .externref: "externref"
    case .exnref: "exnref"
    case .unknown: "unknown"
    default: isNullable ? "(ref null \(heapType))" : "(ref \(heapType))"
    }
  }
}

/// What a reference refers to: an abstract type, or a defined one by its index.
package struct HeapType: BitwiseCopyable, Hashable, Sendable {
  /// Bit 23 marks an abstract type, whose binary code is the low byte; else the type index.
  let raw: UInt32

  static let abstractBit: UInt32 = 0x80_0000

  init(raw: UInt32) { self.raw = raw }
  init(code: UInt8) { raw = HeapType.abstractBit | UInt32(truncatingIfNeeded: code) }
  package init(typeIndex: UInt32) { raw = typeIndex & 0x7F_FFFF }

  package static var function: HeapType { HeapType(code: 0x70) }
  package static var extern: HeapType { HeapType(code: 0x6F) }
  package static var any: HeapType { HeapType(code: 0x6E) }
  package static var equality: HeapType { HeapType(code: 0x6D) }
  package static var i31: HeapType { HeapType(code: 0x6C) }
  package static var structure: HeapType { HeapType(code: 0x6B) }
  package static var array: HeapType { HeapType(code: 0x6A) }
  package static var exception: HeapType { HeapType(code: 0x69) }
  package static var noException: HeapType { HeapType(code: 0x74) }
  package static var noFunction: HeapType { HeapType(code: 0x73) }
  package static var noExtern: HeapType { HeapType(code: 0x72) }
  package static var none: HeapType { HeapType(code: 0x71) }
  /// Of a reference in unreachable code: matches every heap type.
  package static var unknown: HeapType { HeapType(code: 0) }

  package var isAbstract: Bool { raw & HeapType.abstractBit != 0 }

  /// The index of a defined type; nil for abstract ones.
  package var typeIndex: UInt32? { isAbstract ? nil : raw }
}

extension HeapType: CustomStringConvertible {
  package var description: String {
    switch self {
    case .function: "func"
    case .extern: "extern"
    case .any: "any"
    case .equality: "eq"
    case .i31: "i31"
    case .structure: "struct"
    case .array: "array"
    case .exception: "exn"
    case .noException: "noexn"
    case .noFunction: "nofunc"
    case .noExtern: "noextern"
    case .none: "none"
    case .unknown: "unknown"
    default: "\(raw)"
    }
  }
}
