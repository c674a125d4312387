// SPDX-License-Identifier: Apache-2.0
// Growable tables of plain data: the only containers in per-instruction code.

import Glibc

/// A growable array of plain values, indexed by `Int`.
///
/// It differs from `Array` in what hot code pays for: no reference count, no uniqueness test, no
/// exclusivity test, growth by `realloc` (which moves pages rather than copying them), and
/// `removeAll` keeps the memory. Subscripts are checked in debug builds only; untrusted indices
/// are checked where they come in.
@frozen public struct Vector<Element: BitwiseCopyable>: ~Copyable {
  // Safe: room for `_capacity` elements, of which the first `_count` are initialized; this vector's
  // alone, since it cannot be copied.
  @usableFromInline var base: UnsafeMutablePointer<Element>
  @usableFromInline var _count: Int
  @usableFromInline var _capacity: Int

  @inlinable public init() {
    // Never dereferenced: the first append grows.
    base = UnsafeMutablePointer(bitPattern: 64).unsafelyUnwrapped
    _count = 0
    _capacity = 0
  }

  deinit { if _capacity != 0 { free(base) } }

  @inlinable @inline(__always) public var count: Int { _count }
  @inlinable @inline(__always) public var isEmpty: Bool { _count == 0 }
  @inlinable @inline(__always) public var capacity: Int { _capacity }
  @inlinable @inline(__always) public var indices: Range<Int> { 0..<_count }

  @inlinable public subscript(_ index: Int) -> Element {
    @inline(__always) get {
      assert(index >= 0 && index < _count, "index out of range")
      return base[index]
    }
    @inline(__always) _modify {
      assert(index >= 0 && index < _count, "index out of range")
      yield &base[index]
    }
  }

  @inlinable public var last: Element {
    @inline(__always) get { self[_count &- 1] }
    @inline(__always) _modify { yield &self[_count &- 1] }
  }

  @inlinable @inline(__always) public mutating func append(_ element: Element) {
    if _slowPath(_count == _capacity) { grow(toAtLeast: _count &+ 1) }
    (base + _count).initialize(to: element)
    _count = _count &+ 1
  }

  @inlinable @inline(__always) @discardableResult public mutating func popLast() -> Element {
    assert(_count > 0, "pop from an empty vector")
    _count = _count &- 1
    return base[_count]
  }

  /// Appends `additional` copies of `element`.
  @inlinable public mutating func append(repeating element: Element, count additional: Int) {
    reserve(_count &+ additional)
    (base + _count).initialize(repeating: element, count: additional)
    _count = _count &+ additional
  }

  @inlinable public mutating func append(contentsOf elements: UnsafeBufferPointer<Element>) {
    guard let source = elements.baseAddress, elements.count > 0 else { return }
    reserve(_count &+ elements.count)
    (base + _count).initialize(from: source, count: elements.count)
    _count = _count &+ elements.count
  }

  @inlinable public mutating func append(contentsOf elements: [Element]) {
    elements.withUnsafeBufferPointer { append(contentsOf: $0) }
  }

  /// Forgets the elements and keeps the memory.
  @inlinable @inline(__always) public mutating func removeAll() { _count = 0 }

  @inlinable @inline(__always) public mutating func truncate(to count: Int) {
    assert(count <= _count, "truncation cannot grow")
    _count = count
  }

  /// Makes the vector exactly `count` copies of `element`.
  @inlinable public mutating func reset(count: Int, to element: Element) {
    _count = 0
    append(repeating: element, count: count)
  }

  @inlinable @inline(__always) public mutating func reserve(_ needed: Int) {
    if _slowPath(needed > _capacity) { grow(toAtLeast: needed) }
  }

  /// The elements in place; valid until the next mutation of the vector. Whoever writes through it
  /// must be the only one to use the vector meanwhile.
  @inlinable @inline(__always) public var buffer: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: base, count: _count)
  }

  @inlinable public func toArray() -> [Element] { Array(buffer) }

  @usableFromInline @inline(never) mutating func grow(toAtLeast needed: Int) {
    let newCapacity = max(needed, _capacity == 0 ? 16 : _capacity * 2)
    let bytes = newCapacity * MemoryLayout<Element>.stride
    guard let moved = realloc(_capacity == 0 ? nil : UnsafeMutableRawPointer(base), bytes) else {
      fatalError("out of memory: \(bytes) bytes for a table")
    }
    base = moved.assumingMemoryBound(to: Element.self)
    _capacity = newCapacity
  }
}

// Safe: the memory has one owner, and holds plain data that may cross threads.
extension Vector: @unchecked Sendable where Element: Sendable {}

/// A table indexed by its own kind of id.
@frozen public struct Pool<ID: EntityID, Element: BitwiseCopyable>: ~Copyable {
  public var storage: Vector<Element>

  @inlinable public init() { storage = Vector() }

  @inlinable @inline(__always) public var count: Int { storage.count }

  /// The id that the next `append` will issue.
  @inlinable @inline(__always) public var nextID: ID { ID(storage.count) }

  @inlinable public subscript(_ id: ID) -> Element {
    @inline(__always) get { storage[Int(truncatingIfNeeded: id.raw)] }
    @inline(__always) _modify { yield &storage[Int(truncatingIfNeeded: id.raw)] }
  }

  @inlinable @inline(__always) @discardableResult
  public mutating func append(_ element: Element) -> ID {
    let id = nextID
    storage.append(element)
    return id
  }

  /// Forgets the elements and keeps the memory.
  @inlinable @inline(__always) public mutating func removeAll() { storage.removeAll() }

  @inlinable public mutating func reset(count: Int, to element: Element) {
    storage.reset(count: count, to: element)
  }
}

// Safe as a vector is.
extension Pool: @unchecked Sendable where Element: Sendable {}
