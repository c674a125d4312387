// SPDX-License-Identifier: Apache-2.0
// The owner of instances and of all that they share.

import BrolgaArtefact
import BrolgaCRuntime

/// Owns instances, memories, tables, globals and host functions.
///
/// All of them live as long as their store: instances refer to one another freely, and memory
/// is given back when the store goes. A store and what it owns belong to one thread at a time.
public final class Store {
  public let engine: Engine
  private var instances: [InstanceObject] = []
  private var hostFunctions: [HostFunctionObject] = []
  private var memories: [MemoryObject] = []
  private var tables: [TableObject] = []
  /// Each from `makeGlobalCell`, freed with the store.
  private var globalCells: [UnsafeMutableRawPointer] = []
  private var objects: [AnyObject] = []
  private var tags: [TagObject] = []
  /// The exceptions that are alive; made with the first tag.
  private(set) lazy var exceptionHeap = Store.makeExceptionHeap(
    owner: Unmanaged.passUnretained(self).toOpaque())
  /// Bytes of all memories together.
  var memoryBytes: UInt64 = 0

  /// Runs of compiled code of this store that are under way, one inside the other.
  private var depth = 0
  /// What every instance context holds as its stack limit.
  private var stackLimit: UInt64 = 0

  public init(engine: Engine) { self.engine = engine }

  deinit {
    if !tags.isEmpty {
      brolga_exceptions_free(exceptionHeap)
      exceptionHeap.deallocate()
    }
    for cell in globalCells { cell.deallocate() }
  }

  // MARK: Owning

  func own(_ instance: InstanceObject) {
    instances.append(instance)
    instance.setStackLimit(stackLimit)
  }
  func own(_ function: HostFunctionObject) { hostFunctions.append(function) }
  func own(_ memory: MemoryObject) { memories.append(memory) }
  func own(_ table: TableObject) { tables.append(table) }
  func own(_ tag: TagObject) { tags.append(tag) }

  /// A cell for a global of the host's.
  func makeGlobalCell() -> UnsafeMutablePointer<UInt64> {
    let bytes = Int(ContextLayout.globalCellBytes)
    let cell = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
    globalCells.append(cell)
    return cell.initializeMemory(as: UInt64.self, repeating: 0, count: bytes / 8)
  }

  /// Every word in which a table or global of the store may refer to an exception.
  func forEachExceptionReference(_ body: (UInt64) -> Void) {
    for instance in instances { instance.forEachExceptionReference(body) }
    for table in tables where table.element.isExceptionReference {
      for k in 0..<table.record.pointee.length { body(table.record.pointee.elements[k]) }
    }
    // Of any type: what is no exception's address is passed over.
    for cell in globalCells { body(cell.load(as: UInt64.self)) }
  }

  // MARK: External references

  /// A reference to an object, which the store then keeps.
  public func reference(to object: AnyObject) -> ExternalReference {
    objects.append(object)
    return ExternalReference(UInt(objects.count - 1))
  }

  /// The object of a reference that `reference(to:)` made; nil for other numbers.
  public func object(of reference: ExternalReference) -> AnyObject? {
    reference.number < objects.count ? objects[Int(reference.number)] : nil
  }

  // MARK: Running

  /// Runs compiled code; throws the trap, or the error of the host function that ended it.
  func run(_ call: inout brolga_call) throws {
    if depth == 0 {
      updateStackLimit()
    } else if brolga_stack_pointer() < stackLimit {
      // Recursion through the host ends here even if no guest function of it tests the limit.
      throw Trap(.stackOverflow)
    }
    depth += 1
    let kind = brolga_enter(&call)
    depth -= 1
    if kind != 0 { throw error(kind) }
  }

  private func error(_ kind: UInt32) -> any Error {
    if kind == UInt32(TrapKind.hostError.rawValue), let box = brolga_take_error() {
      // Safe: `dispatchHostCall` retained the box, and taking it leaves none behind.
      return Unmanaged<ErrorBox>.fromOpaque(box).takeRetainedValue().error
    }
    if kind == UInt32(TrapKind.uncaughtException.rawValue),
      let exception = brolga_take_exception()
    {
      let error = Exception(exception, store: self, Backtrace(last: brolga_last_trap()))
      brolga_exception_caught(nil, exception)
      return error
    }
    return Trap(last: brolga_last_trap())
  }

  /// Guests may have `maximumStackBytes` from here, as far as the thread's stack reaches.
  private func updateStackLimit() {
    let configuration = engine.configuration
    let here = brolga_stack_pointer()
    let lowest = brolga_stack_low() &+ UInt64(configuration.hostStackBytes)
    let wanted = here &- min(UInt64(configuration.maximumStackBytes), here)
    let limit = max(wanted, lowest)
    // A little more or less is as good, and spares the walk over all instances.
    let difference = limit > stackLimit ? limit &- stackLimit : stackLimit &- limit
    if difference < 16 << 10 && stackLimit >= lowest { return }
    stackLimit = limit
    for instance in instances { instance.setStackLimit(limit) }
  }
}

/// An error on its way through guest code.
final class ErrorBox {
  let error: any Error
  init(_ error: any Error) { self.error = error }
}
