// SPDX-License-Identifier: Apache-2.0
// Tokens of the text format, the symbols among them, and the places of annotations.

import BrolgaEntities

/// A token: a place in the text and what it is.
struct TextToken: BitwiseCopyable {
  enum Kind: UInt8 {
    case open, close
    /// Starts with a lower-case letter.
    case word
    /// Starts with a digit or a sign; not necessarily a number.
    case number
    /// `$` and a name.
    case symbol
    case string
    /// No token of any use, such as `@x` or two strings that touch.
    case reserved
    /// After the last.
    case end
  }

  var start: UInt32
  var end: UInt32
  /// Of `open` the position of the token that closes it; of a word its number, of a symbol its.
  var value: UInt32
  var kind: Kind

  @inline(__always)
  var range: Range<Int> { Int(truncatingIfNeeded: start)..<Int(truncatingIfNeeded: end) }
}

/// The names behind `$`, each with a number: equal names have equal numbers.
struct SymbolTable: ~Copyable {
  /// Place of a symbol's name in `names`.
  private var ranges = Vector<NameRange>()
  private var names = Vector<UInt8>()
  /// Open-addressed: symbol plus one, or zero. At most half full.
  private var buckets = Vector<UInt32>()

  static let none = UInt32.max

  init() { buckets.reset(count: 64, to: 0) }

  var count: Int { ranges.count }

  func name(_ symbol: UInt32) -> UnsafeBufferPointer<UInt8> {
    ranges[Int(truncatingIfNeeded: symbol)].bytes(
      UnsafePointer(names.buffer.baseAddress.unsafelyUnwrapped))
  }

  /// The symbol with this name.
  mutating func symbol(_ name: UnsafeBufferPointer<UInt8>) -> UInt32 {
    if ranges.count &* 2 >= buckets.count { grow() }
    var bucket = firstBucket(name)
    while buckets[bucket] != 0 {
      let symbol = buckets[bucket] &- 1
      if self.name(symbol).elementsEqual(name) { return symbol }
      bucket = (bucket &+ 1) & (buckets.count &- 1)
    }
    let symbol = UInt32(truncatingIfNeeded: ranges.count)
    ranges.append(
      NameRange(
        start: UInt32(truncatingIfNeeded: names.count),
        count: UInt32(truncatingIfNeeded: name.count)))
    names.append(contentsOf: name)
    buckets[bucket] = symbol &+ 1
    return symbol
  }

  /// Seeded per process, so that no text can be made to collide. Numbers are given in the order of
  /// the text, whatever the seed.
  private func firstBucket(_ name: UnsafeBufferPointer<UInt8>) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(name))
    return hasher.finalize() & (buckets.count &- 1)
  }

  private mutating func grow() {
    buckets.reset(count: buckets.count &* 2, to: 0)
    for i in ranges.indices {
      let symbol = UInt32(truncatingIfNeeded: i)
      var bucket = firstBucket(name(symbol))
      while buckets[bucket] != 0 { bucket = (bucket &+ 1) & (buckets.count &- 1) }
      buckets[bucket] = symbol &+ 1
    }
  }
}

/// An annotation that means something to us: `(@name …)` or `(@custom …)`.
struct TextAnnotation: BitwiseCopyable {
  enum Kind: UInt8 { case name, custom }
  var kind: Kind
  /// The first byte after its identifier, and the parenthesis that closes it.
  var contents: UInt32
  var end: UInt32
  /// Position of the token that it stands before.
  var token: UInt32
}
