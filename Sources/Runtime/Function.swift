// SPDX-License-Identifier: Apache-2.0
// Functions as values, and calling them from the host.

import BrolgaArtefact
import BrolgaCRuntime
import BrolgaWasm

/// What a function reference points to; `ContextLayout.FunctionRecord` gives the offsets.
///
/// Safe: code lives as long as its module, which the context's owner keeps; the supertypes are never
/// freed.
struct FunctionRecord: BitwiseCopyable {
  var code: UnsafeRawPointer
  var context: UnsafeMutableRawPointer
  var typeIdentity: UInt32
  var index: UInt32
  var supertypes: UnsafePointer<UInt32>

  init(
    code: UnsafeRawPointer, context: UnsafeMutableRawPointer, typeIdentity: UInt32, index: UInt32
  ) {
    self.code = code
    self.context = context
    self.typeIdentity = typeIdentity
    self.index = index
    supertypes = TypeIdentities.supertypes(of: typeIdentity)
  }
}

/// A function of a guest's or the host's.
public struct Function: Equatable {
  public let store: Store
  /// Lives as long as the store, which the function keeps.
  let record: UnsafeMutablePointer<FunctionRecord>
  public let type: FunctionType

  /// - Parameter record: of an instance or a host function that `store` owns.
  init(store: Store, record: UnsafeMutablePointer<FunctionRecord>) {
    self.store = store
    self.record = record
    type = TypeIdentities.type(record.pointee.typeIdentity)
  }

  public static func == (a: Function, b: Function) -> Bool {
    a.record.pointee.code == b.record.pointee.code
      && a.record.pointee.context == b.record.pointee.context
  }

  /// Calls the function.
  ///
  /// - Throws: a `Trap`; the error that a host function threw, as it is; or a `UsageError` when
  ///   the arguments do not fit the function's type.
  @discardableResult
  public func callAsFunction(_ arguments: [Value] = []) throws -> [Value] {
    guard arguments.count == type.parameters.count,
      zip(arguments, type.parameters).allSatisfy({ $0.fits($1, in: store) })
    else {
      throw UsageError.wrongArguments(
        expected: type.parameters, found: arguments.map(\.type))
    }
    if let host = HostFunctionObject.object(of: record) {
      return try host.call(arguments, store: store)
    }
    // The first six find a register, whatever the types; what finds none takes up to two words.
    let registers = Int(CallingConvention.integerRegisterCount)
    let values = max(type.parameters.count - registers, 0) + max(type.results.count - registers, 0)
    let words = max(values * 2, 1)
    return try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: words) { stack throws in
      stack.initialize(repeating: 0)
      return try enter(arguments, stack: stack.baseAddress!)
    }
  }

  @discardableResult
  public func invoke(_ arguments: [Value] = []) throws -> [Value] {
    try callAsFunction(arguments)
  }

  private func enter(
    _ arguments: [Value], stack: UnsafeMutablePointer<UInt64>
  ) throws -> [Value] {
    var call = brolga_call()
    var places = CallPlaces()
    withUnsafeMutablePointer(to: &call) { call in
      let slots = CallSlots.arguments(of: call, stack: stack)
      for argument in arguments {
        argument.write(to: slots.address(places.nextParameter(argument.type.kind)))
      }
    }
    var resultPlaces = places
    for result in type.results { _ = places.nextResult(result.kind) }
    call.code = record.pointee.code
    call.context = record.pointee.context
    call.stack_words = stack
    call.stack_word_count = UInt64(places.stackWords)
    try store.run(&call)
    return withUnsafeMutablePointer(to: &call) { call in
      let slots = CallSlots.results(of: call, stack: stack)
      return type.results.map { type in
        let place = resultPlaces.nextResult(type.kind)
        return Value(slots.address(place), type: type, store: store)
      }
    }
  }
}

extension Function: CustomStringConvertible {
  public var description: String { "function \(record.pointee.index) \(type)" }
}

extension ValueType {
  /// The kind of place that a value of the type travels in.
  var kind: ValueKind {
    switch self {
    case .f32, .f64: .float
    case .v128: .vector
    default: .integer
    }
  }
}
