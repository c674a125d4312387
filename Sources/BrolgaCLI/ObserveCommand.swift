// SPDX-License-Identifier: Apache-2.0
// `brolga observe`: what modules do that can be seen from outside, for comparing engines.

import ArgumentParser
import Brolga
import BrolgaWasm
import Glibc

import struct BrolgaCompiler.CompilerOptions
import struct BrolgaCompiler.OptimizationSteps

struct ObserveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "observe",
    abstract: "Runs modules, named by the arguments or standard input, and tells what they do.",
    discussion: """
      For each module one line: its path, then what was observed, between tabs. Every exported \
      function is called several times with arguments that follow from its position, then memories, \
      tables and globals are told. Imports are functions that return zeros, and things of the \
      smallest size; where tags are imported, every third call of an imported function throws one. A \
      module that imports from `again` is instantiated once more, with the first instance's exports \
      there. Scripts/differential compares this with another engine.
      """,
    shouldDisplay: false)

  @OptionGroup var compiling: CompilingOptions

  @Flag(help: "Check the intermediate code after each stage.")
  var verify = false

  @Flag(help: "Tell only the names of the steps that --steps counts.")
  var listSteps = false

  @Argument(help: "Modules, in the place of those that standard input names.")
  var files: [String] = []

  func run() throws {
    if listSteps {
      for name in OptimizationSteps.names { output(name + "\n") }
      leave(0)
    }
    var options = compiling.options.compilerOptions
    options.verifies = verify
    if compiling.workers == nil { options.workers = 1 }
    let ran = runOnThread(stackBytes: 64 << 20) {
      var named = files.makeIterator()
      while let path = files.isEmpty ? readLine() : named.next() {
        let observations = observe(path, options)
        output(([path] + observations).joined(separator: "\t") + "\n")
      }
    }
    guard ran else { throw Failure("no thread with such a stack") }
    leave(0)
  }

  private func observe(_ path: String, _ options: CompilerOptions) -> [String] {
    var seen = Observations()
    do {
      let engine = Engine()
      let file = try InputFile(path)
      let module = try Brolga.Module(engine: engine, compiling: file.moduleBytes, options)
      let store = Store(engine: engine)
      let imports = try PlainImports(of: module, store: store)
      defer { imports.throwing.stop() }
      let first = try module.instantiate(store: store, imports: imports.values)
      seen.observe(first, imports.tags)
      if module.imports.contains(where: { $0.module == "again" }) {
        var linked = try PlainImports(of: module, store: store)
        defer { linked.throwing.stop() }
        linked.values.define(module: "again", first.exports)
        seen.observe(
          try module.instantiate(store: store, imports: linked.values), linked.tags)
        seen.observeState(of: first)
      }
    } catch let trap as Trap {
      seen.add("trap \(trap.kind)")
    } catch is Exception {
      seen.add("exception")
    } catch let failure as Failure {
      seen.add("refused \(failure.message)")
    } catch {
      seen.add("refused \(error)")
    }
    return seen.lines
  }
}

private struct Observations {
  private(set) var lines: [String] = []

  mutating func add(_ line: String) {
    lines.append(String(line.map { $0 == "\t" || $0 == "\n" ? " " : $0 }))
  }

  /// - Parameter tags: what exceptions may be known by, before the exported ones.
  mutating func observe(_ instance: Instance, _ tags: [Tag]) {
    let exports = Array(instance.exports)
    var tags = tags
    for case .tag(let tag) in exports.map(\.value) { tags.append(tag) }
    for round in 0..<3 {
      for (position, export) in exports.enumerated() {
        guard case .function(let function) = export.value else { continue }
        add("call \(position) " + outcome(of: function, tags, position: position, round: round))
      }
    }
    observeState(of: instance)
  }

  mutating func observeState(of instance: Instance) {
    for (position, export) in instance.exports.enumerated() {
      switch export.value {
      case .function: break
      case .memory(let memory):
        let sum = memory.withUnsafeMutableBytes { crc32(UnsafeRawBufferPointer($0)) }
        add("memory \(position) \(memory.byteCount) \(sum)")
      case .global(let global): add("global \(position) \(text(global.value))")
      case .table(let table):
        let nulls = (0..<table.count).count { (try? table.get($0)).map(\.isNull) ?? false }
        add("table \(position) \(table.count) \(nulls)")
      case .tag: break
      }
    }
  }

  private func outcome(
    of function: Function, _ tags: [Tag], position: Int, round: Int
  ) -> String {
    let arguments = function.type.parameters.enumerated().map {
      argument($1, at: position &* 13 &+ $0 &* 5 &+ round &* 7)
    }
    do {
      let results = try function(arguments).map(text)
      return results.isEmpty ? "returns" : results.joined(separator: " ")
    } catch let trap as Trap {
      return "trap \(trap.kind)"
    } catch let exception as Exception {
      guard let tag = tags.firstIndex(of: exception.tag) else { return "exception ?" }
      return (["exception \(tag)"] + exception.arguments.map(text)).joined(separator: " ")
    } catch {
      return "refused \(error)"
    }
  }
}

/// Values at which something changes.
private let integers: [UInt64] = [
  0, 1, .max, 2, 31, 32, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 63, 64, 0x7fff_ffff_ffff_ffff,
  0x8000_0000_0000_0000, 65535, 65536, 0x1_0000_0000, 7, 0x1234_5678_9abc_def0, 255,
]
private let floats: [Double] = [
  0, -0.0, 1, -1, 0.5, 1.5, 2_147_483_648, -2_147_483_649, .infinity, -.infinity, .nan,
  4_294_967_296, 9_223_372_036_854_775_808, 1e-40, 3.5e38, -2.5, 16_777_217,
]

private func argument(_ type: ValueType, at index: Int) -> Value {
  switch type {
  case .i32: .i32(UInt32(truncatingIfNeeded: integers[index % integers.count]))
  case .i64: .i64(integers[index % integers.count])
  case .f32: .fromFloat32(Float(floats[index % floats.count]))
  case .f64: .fromFloat64(floats[index % floats.count])
  case .v128:
    .v128(
      V128(low: integers[index % integers.count], high: integers[(index &+ 8) % integers.count]))
  default: Value(defaultOf: type)
  }
}

/// Bits in decimal; every NaN is the same, but for those in vectors.
private func text(_ value: Value) -> String {
  switch value {
  case .i32(let bits): "i32:\(bits)"
  case .i64(let bits): "i64:\(bits)"
  case .f32(let bits): Float(bitPattern: bits).isNaN ? "f32:nan" : "f32:\(bits)"
  case .f64(let bits): Double(bitPattern: bits).isNaN ? "f64:nan" : "f64:\(bits)"
  case .v128(let vector): "v128:\(vector.low):\(vector.high)"
  case .ref(let reference): reference.isNull ? "null" : "ref"
  }
}

private struct PlainImports {
  var values = Imports()
  private(set) var tags: [Tag] = []
  let throwing: ThrowingCalls

  init(of module: Brolga.Module, store: Store) throws {
    for item in module.imports {
      guard case .tag(let type) = item.type else { continue }
      let tag: Tag
      // What is imported twice is one thing.
      if case .tag(let known)? = values[item.module, item.name] {
        tag = known
      } else {
        tag = Tag(store: store, parameters: type.parameters)
      }
      values.define(module: item.module, name: item.name, tag)
      tags.append(tag)
    }
    throwing = ThrowingCalls(tags)
    for item in module.imports {
      if let value = try plainImport(item.type, throwing, store) {
        values.define(module: item.module, name: item.name, value)
      }
    }
  }
}

/// Counts the calls of imported functions, of which some throw.
private final class ThrowingCalls {
  private var tags: [Tag]
  private var count = 0

  init(_ tags: [Tag]) { self.tags = tags }

  /// Lets go of the tags, which keep the store that keeps the functions which keep this.
  func stop() { tags = [] }

  func next() throws {
    count += 1
    if tags.isEmpty || count % 3 != 0 { return }
    let tag = tags[count / 3 % tags.count]
    throw try Exception(
      tag, tag.parameters.enumerated().map { argument($1, at: count &+ $0 &* 5) })
  }
}

private func plainImport(
  _ type: ExternalType, _ throwing: ThrowingCalls, _ store: Store
) throws -> (any ExternalValueConvertible)? {
  switch type {
  case .function(let type):
    let results = type.results.map { Value(defaultOf: $0) }
    return Function(store: store, parameters: type.parameters, results: type.results) { _, _ in
      try throwing.next()
      return results
    }
  case .global(let type, let isMutable):
    return try Global(
      store: store, type: type, isMutable: isMutable, value: Value(defaultOf: type))
  case .memory(let minimum, let maximum, let is64):
    return try Memory(
      store: store, minimumPages: Int(minimum), maximumPages: maximum.map { Int(clamping: $0) },
      is64: is64)
  case .table(let element, let minimum, let maximum, let is64):
    return try Table(
      store: store, element: element, minimum: Int(minimum),
      maximum: maximum.map { Int(clamping: $0) }, is64: is64)
  case .tag: return nil
  }
}

/// The checksum of zlib, for others to compute as well.
private func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
  var sum = UInt32.max
  for byte in bytes { sum = crcTable[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ (sum >> 8) }
  return ~sum
}

private let crcTable: [UInt32] = (0..<256).map { index in
  (0..<8).reduce(UInt32(index)) { sum, _ in sum & 1 == 0 ? sum >> 1 : (sum >> 1) ^ 0xedb8_8320 }
}
