// SPDX-License-Identifier: Apache-2.0
// Functions written in Swift that guests call.

import BrolgaArtefact
import BrolgaCRuntime
import BrolgaWasm

/// Who called a host function.
public struct Caller {
  public let store: Store
  /// The calling instance; nil when the host itself called.
  public let instance: Instance?

  /// The memory that the calling instance exports as `memory`; its memory 0 if there is none.
  public var memory: Memory? { instance?.memory }
}

extension Function {
  /// A host function. It may throw, which ends the guest's run, and call guests.
  ///
  /// The error comes out, as it is, of the call by which the host entered the guest. No handler of the
  /// guest's sees it, unless it is an `Exception` of the store's.
  public init(
    store: Store, parameters: [ValueType] = [], results: [ValueType] = [],
    body: @escaping (Caller, [Value]) throws -> [Value]
  ) {
    let type = FunctionType(parameters: parameters, results: results)
    let object = HostFunctionObject(store: store, type: type, body: .values(body))
    self.init(store: store, record: object.record)
  }

  /// A host function that reads its arguments from the call frame: no arrays, no copies.
  package init(
    store: Store, type: FunctionType, raw body: @escaping (HostCall) throws -> Void
  ) {
    let object = HostFunctionObject(store: store, type: type, body: .raw(body))
    self.init(store: store, record: object.record)
  }
}

/// A call of a raw host function. Valid during the call.
///
/// All arguments must be read before the first result is written: they share their words.
package struct HostCall: BitwiseCopyable {
  fileprivate let frame: UnsafeMutablePointer<brolga_host_frame>
  private let slots: CallSlots

  fileprivate init(_ frame: UnsafeMutablePointer<brolga_host_frame>) {
    self.frame = frame
    slots = CallSlots(frame)
  }

  /// Argument `k` of a function that has integers and references only.
  package func integer(_ k: Int) -> UInt64 {
    k < 6 ? slots.integers[k] : slots.stack[k &- 6]
  }

  /// The `k`-th floating-point argument, of the first eight.
  package func float(_ k: Int) -> UInt64 { slots.address(.floatRegister(UInt8(k))).pointee }

  /// The `k`-th integer result, of the first six; an `i32` must be zero-extended.
  package func setInteger(_ k: Int = 0, _ value: UInt64) { slots.integers[k] = value }
  package func setFloat(_ k: Int = 0, _ bits: UInt64) {
    slots.address(.floatRegister(UInt8(k))).pointee = bits
  }

  /// The memory of `Caller.memory`, as it is now; nil if there is none.
  package var memory: GuestMemory? {
    guard let context = frame.pointee.caller_context,
      let record = InstanceObject.hostMemory(ofContext: context)
    else { return nil }
    return GuestMemory(base: record.pointee.base, byteCount: record.pointee.byteLength)
  }

  package var caller: Caller {
    HostFunctionObject.of(frame.pointee.context).caller(frame.pointee.caller_context)
  }
}

final class HostFunctionObject {
  enum Body {
    case values((Caller, [Value]) throws -> [Value])
    case raw((HostCall) throws -> Void)
  }

  let record: UnsafeMutablePointer<FunctionRecord>
  private let context: UnsafeMutablePointer<brolga_host_context>
  // Safe: the store owns the function, and whoever calls it keeps the store.
  fileprivate unowned(unsafe) let store: Store
  private let type: FunctionType
  private let body: Body
  private let parameterPlaces: [ValuePlace]
  private let resultPlaces: [ValuePlace]
  private let stackWords: Int

  init(store: Store, type: FunctionType, body: Body) {
    self.store = store
    self.type = type
    self.body = body
    var places = CallPlaces()
    parameterPlaces = type.parameters.map { places.nextParameter($0.kind) }
    resultPlaces = type.results.map { places.nextResult($0.kind) }
    stackWords = Int(places.stackWords)
    context = .allocate(capacity: 1)
    context.initialize(to: brolga_host_context())
    record = .allocate(capacity: 1)
    record.initialize(
      to: FunctionRecord(
        code: HostFunctionObject.entry, context: UnsafeMutableRawPointer(context),
        typeIdentity: TypeIdentities.identity(of: type), index: 0))
    UnsafeMutableRawPointer(context).storeBytes(
      of: Unmanaged.passUnretained(self).toOpaque(), toByteOffset: Int(ContextLayout.owner),
      as: UnsafeMutableRawPointer.self)
    context.pointee.dispatch = dispatchHostCall
    context.pointee.argument_bytes = UInt64(places.argumentWords) * 8
    store.own(self)
  }

  deinit {
    record.deallocate()
    context.deallocate()
  }

  /// The code of every host function's record. Safe: a C function's value is its address, which
  /// never changes.
  nonisolated(unsafe) static let entry = unsafeBitCast(
    brolga_host_entry as @convention(c) () -> Void, to: UnsafeRawPointer.self)

  static func object(of record: UnsafeMutablePointer<FunctionRecord>) -> HostFunctionObject? {
    guard record.pointee.code == entry else { return nil }
    return of(
      record.pointee.context.assumingMemoryBound(to: brolga_host_context.self))
  }

  // Safe: `init` writes the owner, and the object, which the store owns, outlives its context.
  fileprivate static func of(
    _ context: UnsafeMutablePointer<brolga_host_context>
  ) -> HostFunctionObject {
    let owner = UnsafeRawPointer(context).load(
      fromByteOffset: Int(ContextLayout.owner), as: UnsafeRawPointer.self)
    return Unmanaged<HostFunctionObject>.fromOpaque(owner).takeUnretainedValue()
  }

  // MARK: Calls by guests

  fileprivate func run(_ frame: UnsafeMutablePointer<brolga_host_frame>) throws {
    switch body {
    case .raw(let body): try body(HostCall(frame))
    case .values(let body):
      let slots = CallSlots(frame)
      var arguments: [Value] = []
      arguments.reserveCapacity(parameterPlaces.count)
      for (type, place) in zip(type.parameters, parameterPlaces) {
        arguments.append(Value(slots.address(place), type: type, store: store))
      }
      let results = try body(caller(frame.pointee.caller_context), arguments)
      try check(results)
      for (result, place) in zip(results, resultPlaces) { result.write(to: slots.address(place)) }
    }
  }

  fileprivate func caller(_ context: UnsafeMutableRawPointer?) -> Caller {
    let instance = context.map { Instance(store: store, object: InstanceObject.of($0)) }
    return Caller(store: store, instance: instance)
  }

  private func check(_ results: [Value]) throws(UsageError) {
    guard results.count == type.results.count,
      zip(results, type.results).allSatisfy({ $0.fits($1, in: store) })
    else {
      throw .wrongResults(expected: type.results, found: results.map(\.type))
    }
  }

  // MARK: Calls by the host

  /// Calls the function without a guest in between.
  func call(_ arguments: [Value], store: Store) throws -> [Value] {
    switch body {
    case .values(let body):
      let results = try body(Caller(store: store, instance: nil), arguments)
      try check(results)
      return results
    case .raw(let body):
      let words = max(stackWords, 1)
      return try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: words) { stack in
        stack.initialize(repeating: 0)
        var frame = brolga_host_frame()
        frame.stack_words = stack.baseAddress!
        frame.context = context
        return try withUnsafeMutablePointer(to: &frame) { frame in
          let slots = CallSlots(frame)
          for (argument, place) in zip(arguments, parameterPlaces) {
            argument.write(to: slots.address(place))
          }
          try body(HostCall(frame))
          return zip(type.results, resultPlaces).map { type, place in
            Value(slots.address(place), type: type, store: store)
          }
        }
      }
    }
  }
}

/// Called by `brolga_host_entry`. An error never unwinds through guest code: it waits here until
/// the guest's activation has ended. An exception of the store's goes on in the guest's handlers.
private func dispatchHostCall(
  _ context: UnsafeMutablePointer<brolga_host_context>?,
  _ frame: UnsafeMutablePointer<brolga_host_frame>?
) -> UInt32 {
  do {
    // Safe: `brolga_host_entry` passes the context it was called with and a frame of its own stack.
    try HostFunctionObject.of(context.unsafelyUnwrapped).run(frame.unsafelyUnwrapped)
    return 0
  } catch let exception as Exception where exception.tag.store === store(of: context) {
    guard let made = exception.made() else {
      return fail(with: Trap(.outOfMemory))
    }
    brolga_set_exception(made)
    return UInt32(TrapKind.uncaughtException.rawValue)
  } catch {
    return fail(with: error)
  }
}

private func fail(with error: any Error) -> UInt32 {
  brolga_set_error(Unmanaged.passRetained(ErrorBox(error)).toOpaque())
  return UInt32(TrapKind.hostError.rawValue)
}

private func store(of context: UnsafeMutablePointer<brolga_host_context>?) -> Store {
  HostFunctionObject.of(context.unsafelyUnwrapped).store
}
