// SPDX-License-Identifier: Apache-2.0
// Index spaces and scopes: what a symbol stands for.

import BrolgaEntities

/// The index spaces of a module.
enum TextSpace: UInt8 {
  case type, function, table, memory, global, tag, element, data

  static let count = 8

  init(_ kind: ExternKind) {
    switch kind {
    case .function: self = .function
    case .table: self = .table
    case .memory: self = .memory
    case .global: self = .global
    case .tag: self = .tag
    }
  }

  /// How messages call an entity of it.
  var word: String {
    switch self {
    case .type: "type"
    case .function: "function"
    case .table: "table"
    case .memory: "memory"
    case .global: "global"
    case .tag: "tag"
    case .element: "elem segment"
    case .data: "data segment"
    }
  }

  /// The number of its names' part of the name section.
  var nameSubsection: UInt8 {
    switch self {
    case .function: 1
    case .type: 4
    case .table: 5
    case .memory: 6
    case .global: 7
    case .element: 8
    case .data: 9
    case .tag: 11
    }
  }
}

/// A name for the name section.
struct TextNameEntry: BitwiseCopyable {
  /// The part of the name section.
  var subsection: UInt8
  /// Of a local or label the function's index, else zero.
  var function: UInt32
  var index: UInt32
  var symbol: UInt32
}

/// The symbols of a function's locals or labels: what each stands for, with those that it hides.
struct TextScope: ~Copyable {
  /// By symbol: the value plus one, or zero.
  private var values = Vector<UInt32>()
  /// Symbols defined, and the value that each had before.
  private var defined = Vector<Definition>()

  // Not private: Swift 6.3.1 then emits a broken reference to its metadata in other files.
  struct Definition: BitwiseCopyable {
    var symbol: UInt32
    var previous: UInt32
  }

  init() {}

  mutating func reset(symbols: Int) {
    values.reset(count: symbols, to: 0)
    defined.removeAll()
  }

  subscript(_ symbol: UInt32) -> UInt32? {
    let value = values[Int(truncatingIfNeeded: symbol)]
    return value == 0 ? nil : value &- 1
  }

  mutating func define(_ symbol: UInt32, as value: UInt32) {
    let position = Int(truncatingIfNeeded: symbol)
    defined.append(Definition(symbol: symbol, previous: values[position]))
    values[position] = value &+ 1
  }

  /// Undoes the latest definition.
  mutating func undefineLast() {
    let last = defined.popLast()
    values[Int(truncatingIfNeeded: last.symbol)] = last.previous
  }

  mutating func removeAll() {
    while !defined.isEmpty { undefineLast() }
  }
}

/// The function types of a module, in the order of their indices.
///
/// Type `i` owns `pool[start ..< start + parameterCount + resultCount]`, parameters first.
struct TextTypeTable: ~Copyable {
  struct Entry: BitwiseCopyable {
    var start: UInt32
    var parameterCount: UInt32
    var resultCount: UInt32
    /// Whether it is a function type.
    var isFunction: Bool
    /// Whether it is a function type that stands alone, without supertypes or subtypes: those that
    /// are written in place can be it.
    var isPlain: Bool
  }

  private(set) var pool = Vector<ValueType>()
  private(set) var entries = Vector<Entry>()
  /// The entries of the type section, and how many: a group of types is one.
  var encoded = ByteWriter()
  var groupCount = 0
  /// Open-addressed: the first index of each different plain type plus one, or zero. At most half full.
  private var buckets = Vector<UInt32>()

  init() {}

  var count: Int { entries.count }

  mutating func removeAll() {
    pool.removeAll()
    entries.removeAll()
    encoded.removeAll()
    groupCount = 0
    buckets.reset(count: 32, to: 0)
  }

  /// Where the type that is being built starts: its value types are appended next.
  mutating func beginType() -> Int { pool.count }
  mutating func append(_ type: ValueType) { pool.append(type) }
  mutating func abandon(from start: Int) { pool.truncate(to: start) }

  /// Ends the function type being built, as one of its own.
  mutating func define(from start: Int, parameterCount: Int, isPlain: Bool) {
    if entries.count &* 2 >= buckets.count { grow() }
    var entry = entry(from: start, parameterCount: parameterCount)
    entry.isPlain = isPlain
    entries.append(entry)
    if isPlain { insert(entries.count &- 1) }
    encoded.append(0x60)
    encoded.appendU32(entry.parameterCount)
    let middle = start &+ parameterCount
    for i in start..<middle { encoded.append(pool[i]) }
    encoded.appendU32(entry.resultCount)
    for i in middle..<pool.count { encoded.append(pool[i]) }
  }

  /// Defines a structure or array, which the caller encodes.
  mutating func defineAggregate() {
    if entries.count &* 2 >= buckets.count { grow() }
    entries.append(
      Entry(
        start: UInt32(truncatingIfNeeded: pool.count), parameterCount: 0, resultCount: 0,
        isFunction: false, isPlain: false))
  }

  /// Ends the type being built: the first equal one, or else one of its own.
  mutating func intern(from start: Int, parameterCount: Int) -> UInt32 {
    let wanted = entry(from: start, parameterCount: parameterCount)
    var bucket = firstBucket(wanted)
    while buckets[bucket] != 0 {
      let index = buckets[bucket] &- 1
      if isEqual(wanted, entries[Int(truncatingIfNeeded: index)]) {
        pool.truncate(to: start)
        return index
      }
      bucket = (bucket &+ 1) & (buckets.count &- 1)
    }
    define(from: start, parameterCount: parameterCount, isPlain: true)
    groupCount &+= 1
    return UInt32(truncatingIfNeeded: entries.count &- 1)
  }

  /// Whether the type being built equals the one at `index`; forgets it.
  mutating func matches(_ index: UInt32, from start: Int, parameterCount: Int) -> Bool {
    let found = entry(from: start, parameterCount: parameterCount)
    let isEqual = isEqual(found, entries[Int(truncatingIfNeeded: index)])
    pool.truncate(to: start)
    return isEqual
  }

  private func entry(from start: Int, parameterCount: Int) -> Entry {
    Entry(
      start: UInt32(truncatingIfNeeded: start),
      parameterCount: UInt32(truncatingIfNeeded: parameterCount),
      resultCount: UInt32(truncatingIfNeeded: pool.count &- start &- parameterCount),
      isFunction: true, isPlain: true)
  }

  private mutating func insert(_ index: Int) {
    var bucket = firstBucket(entries[index])
    while buckets[bucket] != 0 {
      if isEqual(entries[Int(truncatingIfNeeded: buckets[bucket] &- 1)], entries[index]) { return }
      bucket = (bucket &+ 1) & (buckets.count &- 1)
    }
    buckets[bucket] = UInt32(truncatingIfNeeded: index &+ 1)
  }

  private mutating func grow() {
    buckets.reset(count: buckets.count &* 2, to: 0)
    for i in entries.indices where entries[i].isPlain { insert(i) }
  }

  private func firstBucket(_ entry: Entry) -> Int {
    var hasher = Hasher()
    hasher.combine(entry.parameterCount)
    let start = Int(truncatingIfNeeded: entry.start)
    let count = Int(truncatingIfNeeded: entry.parameterCount &+ entry.resultCount)
    for i in start..<start &+ count { hasher.combine(pool[i].raw) }
    return hasher.finalize() & (buckets.count &- 1)
  }

  private func isEqual(_ a: Entry, _ b: Entry) -> Bool {
    guard a.isFunction == b.isFunction, a.parameterCount == b.parameterCount,
      a.resultCount == b.resultCount
    else { return false }
    let startA = Int(truncatingIfNeeded: a.start)
    let startB = Int(truncatingIfNeeded: b.start)
    let count = Int(truncatingIfNeeded: a.parameterCount &+ a.resultCount)
    for i in 0..<count where pool[startA &+ i] != pool[startB &+ i] { return false }
    return true
  }
}
