// SPDX-License-Identifier: Apache-2.0
// The name section as the printer needs it: all its parts, and which names are repeated.

import BrolgaEntities

struct TextNames: ~Copyable {
  struct Name: BitwiseCopyable {
    var range: NameRange
    /// Whether an earlier entity of the same index space has the same name.
    var isRepeated: Bool
  }

  /// The name of a local or a label.
  struct InnerName: BitwiseCopyable {
    var function: UInt32
    var index: UInt32
    var name: Name
  }

  private(set) var moduleName: NameRange?
  /// By index space: one after the other, each with as many entries as the space.
  private var names = Vector<NameRange>()
  private var isRepeated = BitSet()
  private var starts: [Int] = []
  /// Names of locals and labels, by function and index.
  private(set) var locals: [InnerName] = []
  private(set) var labels: [InnerName] = []

  init(_ module: Module) {
    var start = 0
    for count in Self.counts(module) {
      starts.append(start)
      start += count
    }
    starts.append(start)
    names.reset(count: start, to: .none)
    isRepeated.reset(bound: start)
    guard let base = module.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    for section in module.customSections where section.name == "name" {
      read(section.contents, base)
    }
    markRepeated(base)
    locals = Self.ordered(locals, base)
    labels = Self.ordered(labels, base)
  }

  private static func counts(_ module: Module) -> [Int] {
    [
      module.typeCount, module.functionCount, module.tables.count, module.memories.count,
      module.globals.count, module.tags.count, module.elements.count, module.data.count,
    ]
  }

  func name(_ space: TextSpace, _ index: UInt32) -> Name? {
    let space = Int(space.rawValue)
    let position = starts[space] &+ Int(truncatingIfNeeded: index)
    guard position < starts[space &+ 1], names[position].start != 0 else { return nil }
    return Name(range: names[position], isRepeated: isRepeated.contains(position))
  }

  // MARK: Reading

  /// Reads the contents of the section. What is malformed ends the reading.
  private mutating func read(_ section: Range<Int>, _ base: UnsafePointer<UInt8>) {
    var reader = ByteReader(base: base, position: section.lowerBound, end: section.upperBound)
    do throws(WasmError) {
      while !reader.isAtEnd {
        let id = try reader.readByte()
        let place = try reader.readBytes(Int(truncatingIfNeeded: try reader.readU32()))
        var part = ByteReader(base: base, position: place.lowerBound, end: place.upperBound)
        switch id {
        case 0: moduleName = try Self.readName(&part)
        case 2: try Self.readInner(&part, into: &locals)
        case 3: try Self.readInner(&part, into: &labels)
        default:
          if let space = Self.space(ofSubsection: id) { try readNames(&part, space) }
        }
      }
    } catch {}
  }

  private static func space(ofSubsection id: UInt8) -> TextSpace? {
    for raw in 0..<UInt8(TextSpace.count) {
      if let space = TextSpace(rawValue: raw), space.nameSubsection == id { return space }
    }
    return nil
  }

  private mutating func readNames(
    _ reader: inout ByteReader, _ space: TextSpace
  ) throws(WasmError) {
    let start = starts[Int(space.rawValue)]
    let count = starts[Int(space.rawValue) &+ 1] &- start
    for _ in 0..<(try reader.readU32()) {
      let index = Int(truncatingIfNeeded: try reader.readU32())
      let name = try Self.readName(&reader)
      if let name, index < count { names[start &+ index] = name }
    }
  }

  private static func readInner(
    _ reader: inout ByteReader, into inner: inout [InnerName]
  ) throws(WasmError) {
    for _ in 0..<(try reader.readU32()) {
      let function = try reader.readU32()
      for _ in 0..<(try reader.readU32()) {
        let index = try reader.readU32()
        guard let range = try readName(&reader) else { continue }
        let name = Name(range: range, isRepeated: false)
        inner.append(InnerName(function: function, index: index, name: name))
      }
    }
  }

  /// Reads a name; nil for an empty one, or one that is not UTF-8.
  private static func readName(_ reader: inout ByteReader) throws(WasmError) -> NameRange? {
    let place = try reader.readBytes(Int(truncatingIfNeeded: try reader.readU32()))
    let range = NameRange(
      start: UInt32(truncatingIfNeeded: place.lowerBound),
      count: UInt32(truncatingIfNeeded: place.count))
    guard !place.isEmpty, UTF8Check.firstError(range.bytes(reader.base)) == nil else { return nil }
    return range
  }

  // MARK: Repetition

  private mutating func markRepeated(_ base: UnsafePointer<UInt8>) {
    for space in 0..<TextSpace.count {
      var seen = NameSet(expecting: 16)
      for position in starts[space]..<starts[space &+ 1] where names[position].start != 0 {
        let start = Int(truncatingIfNeeded: names[position].start)
        let range = start..<start &+ Int(truncatingIfNeeded: names[position].count)
        if !seen.insert(range, base: base) { isRepeated.insert(position) }
      }
    }
  }

  /// The names by function and index, those marked that a function has already; of several for
  /// one thing only the first.
  private static func ordered(_ names: [InnerName], _ base: UnsafePointer<UInt8>) -> [InnerName] {
    var result: [InnerName] = []
    var symbols = SymbolTable()
    // By symbol: the last function that has it, plus one.
    var lastFunction: [UInt64] = []
    for var name in names.sorted(by: precedes) {
      if let last = result.last, last.function == name.function, last.index == name.index {
        continue
      }
      let symbol = Int(symbols.symbol(name.name.range.bytes(base)))
      if symbol == lastFunction.count { lastFunction.append(0) }
      name.name.isRepeated = lastFunction[symbol] == UInt64(name.function) + 1
      lastFunction[symbol] = UInt64(name.function) + 1
      result.append(name)
    }
    return result
  }

  /// A total order, so that the outcome does not depend on how sorting works.
  private static func precedes(_ a: InnerName, _ b: InnerName) -> Bool {
    if a.function != b.function { return a.function < b.function }
    if a.index != b.index { return a.index < b.index }
    return a.name.range.start < b.name.range.start
  }
}

/// The names of one function's locals or labels, looked up in rising order of functions.
struct InnerNameCursor {
  private var start = 0
  private var end = 0

  /// Moves on to a function, which no earlier one may follow.
  mutating func advance(to function: UInt32, in names: [TextNames.InnerName]) {
    start = end
    while start < names.count, names[start].function < function { start += 1 }
    end = start
    while end < names.count, names[end].function == function { end += 1 }
  }

  var isEmpty: Bool { start == end }

  /// The name with this index, unless it is repeated.
  func name(_ index: UInt32, in names: [TextNames.InnerName]) -> NameRange? {
    var low = start
    var high = end
    while low < high {
      let middle = (low + high) / 2
      if names[middle].index < index { low = middle + 1 } else { high = middle }
    }
    guard low < end, names[low].index == index, !names[low].name.isRepeated else { return nil }
    return names[low].name.range
  }
}
