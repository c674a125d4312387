// SPDX-License-Identifier: Apache-2.0
// The words of the text format, and which number each has.

/// A word that is not an instruction.
enum Keyword: String, CaseIterable {
  case module, type, `func`, param, result, local, global, table, memory, tag, start
  case `catch`, catchRef = "catch_ref", catchAll = "catch_all", catchAllRef = "catch_all_ref"
  case `import`, export, elem, data, offset, item, declare, mut, then
  case i32, i64, f32, f64, v128, i8, i16
  case i8x16, i16x8, i32x4, i64x2, f32x4, f64x2
  case ref, null, extern, any, eq, i31, `struct`, array, exn
  case noexn, nofunc, noextern, none
  case funcref, externref, anyref, eqref, i31ref, structref, arrayref, exnref
  case nullref, nullfuncref, nullexternref, nullexnref
  case rec, sub, final, field, shared, pagesize, cont, contref, nullcontref, before, after
  case first, last
  case binary, quote, definition, instance, register, invoke, get, either
  case refExtern = "ref.extern", refHost = "ref.host", refAny = "ref.any", refEq = "ref.eq"
  case refI31 = "ref.i31", refStruct = "ref.struct", refArray = "ref.array", refExn = "ref.exn"
  case assertReturn = "assert_return", assertTrap = "assert_trap"
  case assertExhaustion = "assert_exhaustion", assertMalformed = "assert_malformed"
  case assertInvalid = "assert_invalid", assertUnlinkable = "assert_unlinkable"
  case assertException = "assert_exception"
  case assertMalformedCustom = "assert_malformed_custom"
  case assertInvalidCustom = "assert_invalid_custom"
  case assertSuspension = "assert_suspension"
  case component, thread, wait

  /// The number of a token of this word; below `firstCode` are rows of instructions.
  @inline(__always)
  var code: UInt32 { Keyword.firstCode | UInt32(unsafeBitCast(self, to: UInt8.self)) }

  static let firstCode: UInt32 = 0x1000
}

/// Finds words by their bytes.
final class Keywords: Sendable {
  static let shared = Keywords()
  /// The number of a word that is not known.
  static let unknown = UInt32.max

  struct Entry: BitwiseCopyable {
    var hash: UInt32
    var code: UInt32
    var start: UInt32
    var count: UInt32
  }

  /// Open-addressed, at most half full; an entry without bytes is free.
  nonisolated(unsafe) private let buckets: UnsafeMutableBufferPointer<Entry>
  nonisolated(unsafe) private let bytes: UnsafeMutableBufferPointer<UInt8>

  static let hashStart: UInt32 = 0x811C_9DC5

  @inline(__always)
  static func hash(_ hash: UInt32, _ byte: UInt8) -> UInt32 {
    (hash ^ UInt32(truncatingIfNeeded: byte)) &* 0x0100_0193
  }

  private init() {
    let table = TextInstructionTable.shared
    var words: [([UInt8], UInt32)] = []
    for row in 0..<table.count { words.append((Array(table.name(row)), UInt32(row))) }
    for keyword in Keyword.allCases {
      words.append((Array(keyword.rawValue.utf8), keyword.code))
    }
    var capacity = 64
    while capacity < words.count * 2 { capacity *= 2 }
    buckets = .allocate(capacity: capacity)
    buckets.initialize(repeating: Entry(hash: 0, code: 0, start: 0, count: 0))
    bytes = .allocate(capacity: words.reduce(0) { $0 + $1.0.count })
    var end = 0
    for (word, code) in words {
      let hash = word.reduce(Self.hashStart, Self.hash)
      var bucket = Int(hash ^ hash >> 15) & (capacity - 1)
      while buckets[bucket].count != 0 { bucket = (bucket + 1) & (capacity - 1) }
      buckets[bucket] = Entry(
        hash: hash, code: code, start: UInt32(end), count: UInt32(word.count))
      for byte in word {
        bytes[end] = byte
        end += 1
      }
    }
  }

  /// The number of the word with these bytes and this hash.
  func code(_ word: UnsafeBufferPointer<UInt8>, hash: UInt32) -> UInt32 {
    var bucket = Int(truncatingIfNeeded: hash ^ hash &>> 15) & (buckets.count &- 1)
    while buckets[bucket].count != 0 {
      let entry = buckets[bucket]
      if entry.hash == hash, Int(truncatingIfNeeded: entry.count) == word.count {
        let start = Int(truncatingIfNeeded: entry.start)
        var i = 0
        while i < word.count && bytes[start &+ i] == word[i] { i = i &+ 1 }
        if i == word.count { return entry.code }
      }
      bucket = (bucket &+ 1) & (buckets.count &- 1)
    }
    return Self.unknown
  }

  /// The feature that an unknown word belongs to, if it looks like one of a known proposal.
  static func feature(ofUnknown word: UnsafeBufferPointer<UInt8>) -> Features? {
    let text = String(decoding: word, as: UTF8.self)
    for (prefix, feature) in featurePrefixes where text.hasPrefix(prefix) { return feature }
    if text.contains(".atomic.") { return .threads }
    return nil
  }

  private static var featurePrefixes: [(String, Features)] {
    [
      ("struct.", .garbageCollection), ("array.", .garbageCollection),
      ("i31.", .garbageCollection), ("ref.", .garbageCollection),
      ("br_on_cast", .garbageCollection), ("any.convert_extern", .garbageCollection),
      ("extern.convert_any", .garbageCollection), ("descriptor", .garbageCollection),
      ("describes", .garbageCollection),
      ("try", .legacyExceptionHandling), ("rethrow", .legacyExceptionHandling),
      ("delegate", .legacyExceptionHandling),
      ("atomic.fence", .threads),
      ("cont.", .stackSwitching), ("suspend", .stackSwitching), ("resume", .stackSwitching),
      ("switch", .stackSwitching),
    ]
  }
}
