// SPDX-License-Identifier: Apache-2.0
// Copies and fills of short lengths, which are constant and made without a call, or not constant: every
// length, every overlap, every edge, between memories of both kinds.

import Brolga
import Testing

private typealias Level = CompilationOptions.Level

/// Some lengths more than are made without a call.
private let lengths = 1...130
private let pageBytes = 65_536

/// Memories $a and $b of 32-bit addresses and $c of 64-bit ones, each of a page, and for every length
/// a function for every pair of memories, and fills of $a, $b and $c; and such that get their length.
private struct Blocks {
  static let pairs = ["aa", "cc", "ab", "ba", "bb", "ac", "ca"]
  static let constants = [0, 7, 0xff, 0x1fe]

  let memories: [Character: Memory]
  private let instance: Instance
  private let store: Store

  init(_ level: Level, lengths: some Sequence<Int> = BrolgaTests.lengths) throws {
    var text = """
      (module (memory $a (export "a") 1) (memory $b (export "b") 1) (memory $c (export "c") i64 1)

      """
    func type(_ memory: Character) -> String { memory == "c" ? "i64" : "i32" }
    for pair in Self.pairs {
      let (to, from) = (pair.first!, pair.last!)
      let count = to == "c" && from == "c" ? "i64" : "i32"
      text += """
        (func (export "\(pair)") (param \(type(to)) \(type(from)) \(count))
          (memory.copy $\(to) $\(from) (local.get 0) (local.get 1) (local.get 2)))

        """
      for n in lengths {
        text += """
          (func (export "\(pair)\(n)") (param \(type(to)) \(type(from)))
            (memory.copy $\(to) $\(from) (local.get 0) (local.get 1) (\(count).const \(n))))

          """
      }
    }
    for memory in "abc" {
      text += """
        (func (export "fill \(memory)") (param \(type(memory)) i32 \(type(memory)))
          (memory.fill $\(memory) (local.get 0) (local.get 1) (local.get 2)))

        """
      for n in lengths {
        let tail = "(\(type(memory)).const \(n))))\n"
        text += """
          (func (export "\(memory)\(n)") (param \(type(memory)) i32)
            (memory.fill $\(memory) (local.get 0) (local.get 1) \(tail)
          """
        for c in Self.constants {
          text += """
            (func (export "\(memory)\(n)/\(c)") (param \(type(memory)))
              (memory.fill $\(memory) (local.get 0) (i32.const \(c)) \(tail)
            """
        }
      }
    }
    let engine = Engine()
    let module = try Module(
      engine: engine, compiling: Array((text + ")").utf8),
      options: CompilationOptions(level: level, workers: 1, checksAllocation: true))
    store = Store(engine: engine)
    instance = try module.instantiate(store: store)
    var memories: [Character: Memory] = [:]
    for name in "abc" {
      let memory: Memory = try #require(instance.exports[memory: String(name)])
      memories[name] = memory
    }
    self.memories = memories
  }

  /// Different bytes everywhere, and in each memory.
  func reset() {
    for (name, memory) in memories {
      memory.withUnsafeMutableBytes { bytes in
        for k in bytes.indices {
          bytes[k] = UInt8(truncatingIfNeeded: k &* 7 &+ k >> 8 &+ Int(name.asciiValue!))
        }
      }
    }
  }

  private func address(_ value: UInt64, in memory: Character) -> Value {
    memory == "c" ? .i64(value) : .i32(UInt32(truncatingIfNeeded: value))
  }

  func copy(_ pair: String, _ n: Int, _ to: UInt64, _ from: UInt64, constant: Bool) throws {
    let function = try #require(instance.exports[function: constant ? "\(pair)\(n)" : pair])
    var arguments = [address(to, in: pair.first!), address(from, in: pair.last!)]
    if !constant { arguments.append(address(UInt64(n), in: pair == "cc" ? "c" : "a")) }
    _ = try function(arguments)
  }

  func fill(
    _ memory: Character, _ n: Int, _ to: UInt64, _ value: UInt32, constant: Bool
  ) throws {
    let name = constant ? "\(memory)\(n)" : "fill \(memory)"
    let function = try #require(instance.exports[function: name])
    let length = constant ? [] : [address(UInt64(n), in: memory)]
    _ = try function([address(to, in: memory), .i32(value)] + length)
  }

  func fill(_ memory: Character, _ n: Int, _ to: UInt64, with constant: Int) throws {
    let function = try #require(instance.exports[function: "\(memory)\(n)/\(constant)"])
    _ = try function([address(to, in: memory)])
  }

  /// Whether the call traps, and leaves all memories as they are.
  func trapsOnly(_ call: () throws -> Void) -> Bool {
    let before = memories.mapValues(\.data)
    do {
      try call()
    } catch let trap as Trap where trap.kind == .memoryOutOfBounds {
      return memories.allSatisfy { $0.value.data == before[$0.key] }
    } catch {}
    return false
  }
}

@Suite struct BlockMemoryTests {
  @Test(arguments: [CompilationOptions.Level.o0, .o2], [true, false])
  func aCopyOntoItselfIsRightAtEveryDistance(
    level: CompilationOptions.Level, constant: Bool
  ) throws {
    for pair in ["aa", "cc"] { try copyOntoItself(level, pair, constant: constant) }
  }

  private func copyOntoItself(_ level: Level, _ pair: String, constant: Bool) throws {
    let blocks = try Blocks(level)
    blocks.reset()
    let memory = try #require(blocks.memories[pair.first!])
    let window = 1000
    let source = 400
    var expected = [UInt8](memory.data[..<window])
    for n in lengths {
      for distance in -n - 1...n + 1 {
        let to = source + distance
        try blocks.copy(pair, n, UInt64(to), UInt64(source), constant: constant)
        expected.replaceSubrange(to..<to + n, with: Array(expected[source..<source + n]))
        let isRight = memory.withUnsafeMutableBytes { $0[..<window].elementsEqual(expected) }
        try #require(isRight, "\(n) bytes by \(distance)")
        // Bytes that were copied become different again.
        for k in to..<to + n { expected[k] = UInt8(truncatingIfNeeded: k &* 37 &+ n &+ distance) }
        memory.withUnsafeMutableBytes { $0.copyBytes(from: expected) }
      }
    }
  }

  @Test(arguments: [CompilationOptions.Level.o0, .o2], Blocks.pairs)
  func aCopyEndsWithTheMemoriesOrWritesNothing(
    level: CompilationOptions.Level, pair: String
  ) throws {
    for constant in [true, false] { try copyAtTheEdges(level, pair, constant: constant) }
  }

  private func copyAtTheEdges(_ level: Level, _ pair: String, constant: Bool) throws {
    let blocks = try Blocks(level)
    blocks.reset()
    let (to, from) = (
      try #require(blocks.memories[pair.first!]), try #require(blocks.memories[pair.last!])
    )
    for n in lengths {
      let last = UInt64(pageBytes - n)
      var source = from.data
      try blocks.copy(pair, n, last, 300, constant: constant)
      #expect(to.data[pageBytes - n..<pageBytes] == source[300..<300 + n], "\(n) bytes to the end")
      source = from.data
      try blocks.copy(pair, n, 700, last, constant: constant)
      #expect(to.data[700..<700 + n] == source[(pageBytes - n)...], "\(n) bytes from the end")
      let far: [UInt64] = [UInt64(pageBytes), 1 << 31, 0xffff_ffff, .max]
      for beyond in [last + 1] + far {
        #expect(
          blocks.trapsOnly { try blocks.copy(pair, n, beyond, 300, constant: constant) },
          "\(n) to \(beyond)")
        #expect(
          blocks.trapsOnly { try blocks.copy(pair, n, 300, beyond, constant: constant) },
          "\(n) from \(beyond)")
      }
    }
    // The addresses at which the reservation of a 64-bit memory ends, and what a check could wrap at.
    for n in [1, 3, 16, 128] where pair.contains("c") {
      for beyond: UInt64 in [1 << 32, 1 << 34, (1 << 34) - 1, 1 << 63] {
        let (there, here) = pair.first == "c" ? (beyond, 300) : (300, beyond)
        #expect(
          blocks.trapsOnly { try blocks.copy(pair, n, there, here, constant: constant) },
          "\(n), \(beyond)")
      }
    }
  }

  @Test(arguments: [CompilationOptions.Level.o0, .o2], ["a", "b", "c"] as [Character])
  func aFillEndsWithTheMemoryOrWritesNothing(
    level: CompilationOptions.Level, name: Character
  ) throws {
    let blocks = try Blocks(level)
    blocks.reset()
    let memory = try #require(blocks.memories[name])
    for n in lengths {
      let last = UInt64(pageBytes - n)
      for (at, value) in [(500, 0x1234_56a9), (last, 0x5b)] as [(UInt64, UInt32)] {
        var expected = memory.data
        for k in Int(at)..<Int(at) + n { expected[k] = UInt8(truncatingIfNeeded: value) }
        for constant in [true, false] {
          try blocks.fill(name, n, at, value, constant: constant)
          try #require(memory.data == expected, "\(n) bytes at \(at)")
          try blocks.fill(name, n, at, ~value, constant: true)
        }
        for c in Blocks.constants {
          for k in Int(at)..<Int(at) + n { expected[k] = UInt8(truncatingIfNeeded: c) }
          try blocks.fill(name, n, at, with: c)
          try #require(memory.data == expected, "\(n) bytes of \(c) at \(at)")
        }
      }
      for beyond in [last + 1, UInt64(pageBytes), 0xffff_ffff, .max] {
        for constant in [true, false] {
          #expect(
            blocks.trapsOnly { try blocks.fill(name, n, beyond, 9, constant: constant) },
            "\(n) at \(beyond)")
        }
        for c in Blocks.constants {
          #expect(blocks.trapsOnly { try blocks.fill(name, n, beyond, with: c) })
        }
      }
    }
  }

  /// Of nothing at all, too, the addresses must be in the memory.
  @Test(arguments: [CompilationOptions.Level.o0, .o2], [true, false])
  func nothingIsCopiedAtTheEndAndTrapsBeyond(
    level: CompilationOptions.Level, constant: Bool
  ) throws {
    let blocks = try Blocks(level, lengths: [0])
    let end = UInt64(pageBytes)
    for pair in Blocks.pairs {
      func traps(_ to: UInt64, _ from: UInt64) -> Bool {
        blocks.trapsOnly { try blocks.copy(pair, 0, to, from, constant: constant) }
      }
      try blocks.copy(pair, 0, end, end, constant: constant)
      #expect(traps(end + 1, 0))
      #expect(traps(0, end + 1))
    }
    for name in "abc" {
      try blocks.fill(name, 0, end, 1, constant: constant)
      #expect(blocks.trapsOnly { try blocks.fill(name, 0, end + 1, 1, constant: constant) })
    }
  }

  /// `memory.copy` (`FC 0A`) or `memory.fill` (`FC 0B`) of `n` bytes.
  private func module(_ operation: UInt8, _ n: Int) -> [UInt8] {
    let memories: [UInt8] = operation == 0x0A ? [0, 0] : [0]
    let length = [UInt8(n & 0x7f | 0x80), UInt8(n >> 7)]
    let body = [0, 0x20, 0, 0x20, 1, 0x41] + length + [0xFC, operation] + memories + [0x0B]
    return [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 6, 1, 0x60, 2, 0x7f, 0x7f, 0, 3, 2, 1, 0]
      + [5, 3, 1, 0, 1, 7, 5, 1, 1, 0x66, 0, 0]
      + [10, UInt8(body.count + 2), 1, UInt8(body.count)] + body
  }

  @Test(arguments: [CompilationOptions.Level.o0, .o2], [0x0A, 0x0B] as [UInt8])
  func aTrapNamesThePlaceInTheModule(level: CompilationOptions.Level, operation: UInt8) throws {
    for n in [1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 100, 128, 200] {
      let bytes = module(operation, n)
      let engine = Engine()
      let options = CompilationOptions(level: level, workers: 1, checksAllocation: true)
      let instance = try Module(engine: engine, compiling: bytes, options: options)
        .instantiate(store: Store(engine: engine))
      let function = try #require(instance.exports[function: "f"])
      let place = try #require(bytes.lastIndex(of: 0xFC))
      let outside = Value.i32(UInt32(pageBytes - n + 1))
      let arguments =
        operation == 0x0A ? [[outside, .i32(0)], [.i32(0), outside]] : [[outside, .i32(7)]]
      for list in arguments {
        let trap = #expect(throws: Trap.self) { try function(list) }
        #expect(trap?.kind == .memoryOutOfBounds)
        #expect(trap?.backtrace.first?.wasmOffset == place, "\(n) bytes, \(list)")
      }
    }
  }
}
