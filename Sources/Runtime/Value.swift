// SPDX-License-Identifier: Apache-2.0
// Values that cross between host and guest.

import BrolgaCRuntime
import BrolgaWasm

/// A WebAssembly value. Numbers are bit patterns, so that every value round-trips.
public enum Value: Equatable {
  case i32(UInt32)
  case i64(UInt64)
  /// The bits of a 32-bit float.
  case f32(UInt32)
  /// The bits of a 64-bit float.
  case f64(UInt64)
  case v128(V128)
  case ref(Reference)
}

/// A reference to something outside of a guest's memory.
public enum Reference: Equatable {
  /// A function; nil is the null reference.
  case function(Function?)
  /// Something of the host's; nil is the null reference, of structures and arrays too: they have no
  /// other values yet.
  case extern(ExternalReference?)
  /// An exception; nil is the null reference.
  case exception(ExceptionReference?)
}

/// A host's own thing as guests see it: a number that they can pass on and give back, no more.
///
/// Either a number that the host chose, or an object that a store keeps (`Store.reference(to:)`).
public struct ExternalReference: Hashable, Sendable {
  public let number: UInt

  /// - Precondition: `number` is not `UInt.max`.
  public init(_ number: UInt) {
    precondition(number != .max, "the largest number stands for null")
    self.number = number
  }

  /// In guest code zero is null.
  var bits: UInt64 { UInt64(number) &+ 1 }
}

extension Value {
  public init(signed value: Int32) { self = .i32(UInt32(bitPattern: value)) }
  public init(signed value: Int64) { self = .i64(UInt64(bitPattern: value)) }
  public static func fromFloat32(_ value: Float) -> Value { .f32(value.bitPattern) }
  public static func fromFloat64(_ value: Double) -> Value { .f64(value.bitPattern) }
  public static func funcref(_ function: Function?) -> Value { .ref(.function(function)) }
  public static func externref(_ reference: ExternalReference?) -> Value {
    .ref(.extern(reference))
  }

  /// The number, if this is an `i32`; so too the following.
  public var asI32: UInt32? { if case .i32(let bits) = self { bits } else { nil } }
  public var asI64: UInt64? { if case .i64(let bits) = self { bits } else { nil } }
  public var asFloat32: Float? {
    if case .f32(let bits) = self { Float(bitPattern: bits) } else { nil }
  }
  public var asFloat64: Double? {
    if case .f64(let bits) = self { Double(bitPattern: bits) } else { nil }
  }
  public var asV128: V128? { if case .v128(let vector) = self { vector } else { nil } }

  /// The number of a value that is known to be an `i32`; so too the following.
  ///
  /// - Precondition: the value has that type.
  public var i32: UInt32 { expect(asI32, .i32) }
  public var i64: UInt64 { expect(asI64, .i64) }
  public var f32: Float { expect(asFloat32, .f32) }
  public var f64: Double { expect(asFloat64, .f64) }
  public var v128: V128 { expect(asV128, .v128) }

  private func expect<T>(_ value: T?, _ wanted: ValueType) -> T {
    guard let value else { preconditionFailure("\(self) is no \(wanted)") }
    return value
  }

  /// The type, of a reference the widest.
  public var type: ValueType {
    switch self {
    case .i32: .i32
    case .i64: .i64
    case .f32: .f32
    case .f64: .f64
    case .v128: .v128
    case .ref(.function): .funcref
    case .ref(.extern): .externref
    case .ref(.exception): .exnref
    }
  }

  /// Zero, or null.
  package init(defaultOf type: ValueType) {
    switch type {
    case .funcref: self = .ref(.function(nil))
    case .i32: self = .i32(0)
    case .i64: self = .i64(0)
    case .f32: self = .f32(0)
    case .f64: self = .f64(0)
    case .v128: self = .v128(V128(low: 0, high: 0))
    default:
      self =
        if type.isFunctionReference {
          .ref(.function(nil))
        } else if type.isExceptionReference {
          .ref(.exception(nil))
        } else {
          .ref(.extern(nil))
        }
    }
  }

  /// Writes the value as compiled code holds it in memory: one word, of a vector two.
  ///
  /// Safe: the caller has as many words there as a value of the type takes; so too below.
  func write(to words: UnsafeMutablePointer<UInt64>) {
    switch self {
    case .i32(let bits), .f32(let bits): words[0] = UInt64(bits)
    case .i64(let bits), .f64(let bits): words[0] = bits
    case .v128(let vector):
      words[0] = vector.low
      words[1] = vector.high
    case .ref(let reference): words[0] = reference.bits
    }
  }

  /// Reads what compiled code, or `write`, has left.
  init(_ words: UnsafePointer<UInt64>, type: ValueType, store: Store) {
    let bits = words[0]
    switch type {
    case .i32: self = .i32(UInt32(truncatingIfNeeded: bits))
    case .i64: self = .i64(bits)
    case .f32: self = .f32(UInt32(truncatingIfNeeded: bits))
    case .f64: self = .f64(bits)
    case .v128: self = .v128(V128(low: bits, high: words[1]))
    default: self = .ref(Reference(bits: bits, type: type, store: store))
    }
  }

  /// Whether the value may be given to `store`'s guests where `type` is expected.
  func fits(_ wanted: ValueType, in store: Store) -> Bool {
    guard isOfType(wanted) else { return false }
    if case .ref(.function(let function?)) = self { return function.store === store }
    if case .ref(.exception(let exception?)) = self { return exception.belongs(to: store) }
    return true
  }

  /// - Throws: what is wrong if the value may not be given to `store`'s guests as a `wanted`.
  func check(_ wanted: ValueType, in store: Store) throws(UsageError) {
    guard isOfType(wanted) else { throw .wrongType(expected: wanted, found: type) }
    guard fits(wanted, in: store) else { throw .foreignStore }
  }

  /// Whether the value is one of `wanted`'s.
  package func isOfType(_ wanted: ValueType) -> Bool {
    switch self {
    case .ref(.function(let function?)):
      let heap = HeapType(typeIndex: function.record.pointee.typeIdentity)
      return TypeIdentities.isSubtype(ValueType(reference: heap, isNullable: false), wanted)
    case .ref(.extern(_?)): return wanted == .externref || wanted == ValueType.externref.nonNull
    case .ref(.function(nil)): return wanted.isNullable && wanted.isFunctionReference
    case .ref(.extern(nil)):
      return wanted.isNullable && !wanted.isFunctionReference && !wanted.isExceptionReference
    case .ref(.exception(_?)): return wanted.isExceptionReference && wanted.heapType == .exception
    case .ref(.exception(nil)): return wanted.isNullable && wanted.isExceptionReference
    default: return type == wanted
    }
  }
}

extension Reference {
  public var isNull: Bool {
    switch self {
    case .function(let function): function == nil
    case .extern(let object): object == nil
    case .exception(let exception): exception == nil
    }
  }

  var bits: UInt64 {
    switch self {
    case .function(let function):
      function.map { UInt64(UInt(bitPattern: $0.record)) } ?? 0
    case .extern(let reference): reference?.bits ?? 0
    case .exception(let exception): exception?.bits ?? 0
    }
  }

  init(bits: UInt64, type: ValueType, store: Store) {
    if type.isExceptionReference {
      // Safe: what is not null in a reference to exceptions is one of the store's that is alive.
      let exception = UnsafeMutablePointer<brolga_exception>(bitPattern: UInt(bits))
      self = .exception(exception.map { ExceptionReference($0, store: store) })
    } else if type == .externref || !type.isFunctionReference {
      self = .extern(bits == 0 ? nil : ExternalReference(UInt(bits &- 1)))
    } else {
      // Safe: what is not null in a function reference of a store's is a record that it keeps.
      let record = UnsafeMutablePointer<FunctionRecord>(bitPattern: UInt(bits))
      self = .function(record.map { Function(store: store, record: $0) })
    }
  }
}

extension Value: CustomStringConvertible {
  public var description: String {
    switch self {
    case .i32(let bits): "i32(\(Int32(bitPattern: bits)))"
    case .i64(let bits): "i64(\(Int64(bitPattern: bits)))"
    case .f32(let bits): "f32(\(Float(bitPattern: bits)))"
    case .f64(let bits): "f64(\(Double(bitPattern: bits)))"
    case .v128(let vector): "v128(\(vector))"
    case .ref(.function(let function)): function.map { "\($0)" } ?? "null"
    case .ref(.extern(let reference)): reference.map { "extern(\($0.number))" } ?? "null"
    case .ref(.exception(let exception)): exception == nil ? "null" : "exception"
    }
  }
}

extension Value: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int32) { self.init(signed: value) }
}
