// SPDX-License-Identifier: Apache-2.0
// Exceptions of guests, as the host sees and throws them.

import BrolgaArtefact
import BrolgaCRuntime
import BrolgaWasm

/// An exception of WebAssembly's: what a guest threw and did not catch; or what a host function throws,
/// so that its guest may catch it.
///
/// It belongs to its tag's store: to a guest of another store it is an error like any other, which no
/// handler of the guest's sees.
public struct Exception: Error, @unchecked Sendable {
  // Unchecked: nothing changes after `init`, and tag and values can be used where the store can.
  public let tag: Tag
  public let arguments: [Value]
  private let calls: Backtrace

  /// - Throws: `wrongArguments` if they are not of the types that the tag says.
  public init(_ tag: Tag, _ arguments: [Value] = []) throws(UsageError) {
    guard arguments.count == tag.parameters.count,
      zip(arguments, tag.parameters).allSatisfy({ $0.fits($1, in: tag.store) })
    else {
      throw .wrongArguments(expected: tag.parameters, found: arguments.map(\.type))
    }
    self.tag = tag
    self.arguments = arguments
    calls = Backtrace()
  }

  /// What is known of an exception of the guest's.
  init(_ exception: UnsafeMutablePointer<brolga_exception>, store: Store, _ calls: Backtrace) {
    tag = Tag(store: store, object: TagObject.of(exception))
    var words = exception.firstWord
    arguments = tag.parameters.map { type in
      defer { words += Int(type.kind.words) }
      return Value(words, type: type, store: store)
    }
    self.calls = calls
  }

  /// The calls between the guest's `throw` and its entry, innermost first, host functions left out. At
  /// most 64.
  public var backtrace: [Trap.Frame] { calls.frames }
  /// Calls that the backtrace leaves out, between its last frame and the guest's entry.
  public var omittedFrameCount: Int { calls.omittedCount }

  /// The same for guests: an exception in the store's memory; nil if there is none left.
  func made() -> UnsafeMutablePointer<brolga_exception>? {
    guard let exception = brolga_exception_new(nil, tag.object.record) else { return nil }
    var words = exception.firstWord
    for argument in arguments {
      argument.write(to: words)
      words += Int(argument.type.kind.words)
    }
    return exception
  }
}

extension Exception: CustomStringConvertible {
  /// The tag and the values in the first line, then one line per frame.
  public var description: String {
    let values = arguments.map(\.description).joined(separator: ", ")
    return "wasm exception: \(tag.object.name)(\(values))" + calls.text
  }
}

/// A reference to an exception, `exnref`: keeps it, and its store.
public final class ExceptionReference: Equatable {
  private let store: Store
  private let exception: UnsafeMutablePointer<brolga_exception>

  /// Safe: the exception is alive, because something of the guest's refers to it; from now on this does.
  init(_ exception: UnsafeMutablePointer<brolga_exception>, store: Store) {
    self.store = store
    self.exception = exception
    brolga_exception_hold(exception, 1)
  }

  deinit { brolga_exception_hold(exception, -1) }

  public static func == (a: ExceptionReference, b: ExceptionReference) -> Bool {
    a.exception == b.exception
  }

  /// What it refers to; without calls.
  public var value: Exception { Exception(exception, store: store, Backtrace()) }

  var bits: UInt64 { UInt64(UInt(bitPattern: exception)) }
  func belongs(to store: Store) -> Bool { self.store === store }
}

extension UnsafeMutablePointer<brolga_exception> {
  /// Its values, as many words as the tag says.
  fileprivate var firstWord: UnsafeMutablePointer<UInt64> {
    (UnsafeMutableRawPointer(self) + Int(ContextLayout.Exception.words))
      .assumingMemoryBound(to: UInt64.self)
  }
}

// MARK: What a store refers to

extension Store {
  /// Marks every exception that a table or global refers to. Called by a collection.
  func markExceptions(in heap: UnsafeMutablePointer<brolga_exception_heap>) {
    forEachExceptionReference { brolga_exception_mark(heap, $0) }
  }

  static func makeExceptionHeap(
    owner: UnsafeMutableRawPointer
  ) -> UnsafeMutablePointer<brolga_exception_heap> {
    let heap = UnsafeMutablePointer<brolga_exception_heap>.allocate(capacity: 1)
    heap.initialize(to: brolga_exception_heap())
    heap.pointee.owner = owner
    heap.pointee.mark_roots = { heap in
      // Safe: the store owns the heap, and whoever makes an exception keeps the store.
      guard let heap, let owner = heap.pointee.owner else { return }
      Unmanaged<Store>.fromOpaque(owner).takeUnretainedValue().markExceptions(in: heap)
    }
    return heap
  }
}
