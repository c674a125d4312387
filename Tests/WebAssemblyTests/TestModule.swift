// SPDX-License-Identifier: Apache-2.0
// Hand-encoded modules for the tests, and what decoding says about them.

@testable import BrolgaWasm

/// A module as the encodings of its entries; sections without entries are left out.
struct TestModule {
  var types: [[UInt8]] = []
  var imports: [[UInt8]] = []
  /// Type indices of the defined functions.
  var functions: [[UInt8]] = []
  var tables: [[UInt8]] = []
  var memories: [[UInt8]] = []
  var tags: [[UInt8]] = []
  var globals: [[UInt8]] = []
  var exports: [[UInt8]] = []
  var start: [UInt8]?
  var elements: [[UInt8]] = []
  var dataCount: [UInt8]?
  /// Bodies: local declarations and code, without the size.
  var bodies: [[UInt8]] = []
  var data: [[UInt8]] = []
  var custom: [[UInt8]] = []

  var bytes: [UInt8] {
    var result = header
    let sections: [(UInt8, [[UInt8]])] = [
      (1, types), (2, imports), (3, functions), (4, tables), (5, memories), (13, tags),
      (6, globals), (7, exports),
    ]
    for (id, items) in sections where !items.isEmpty { result += section(id, vector(items)) }
    if let start { result += section(8, start) }
    if !elements.isEmpty { result += section(9, vector(elements)) }
    if let dataCount { result += section(12, dataCount) }
    if !bodies.isEmpty {
      result += section(10, vector(bodies.map { unsigned(UInt64($0.count)) + $0 }))
    }
    if !data.isEmpty { result += section(11, vector(data)) }
    for contents in custom { result += section(0, contents) }
    return result
  }

  /// A module with one function of the given type, locals and code; the final `end` is added.
  init(
    _ code: [UInt8] = [], parameters: [UInt8] = [], results: [UInt8] = [],
    locals: [[UInt8]] = []
  ) {
    types = [functionType(parameters, results)]
    functions = [[0]]
    bodies = [vector(locals) + code + [0x0B]]
  }

  /// Adds what most operators may name: a second type and function, two tables, a memory, two
  /// globals, segments.
  func furnished() -> TestModule {
    var module = self
    module.types.append(functionType([0x7F, 0x7E], [0x7D]))
    module.functions.append([1])
    module.bodies.append([0x00, 0x43, 0, 0, 0, 0, 0x0B])
    module.tables = [[0x70, 0x00, 0x04], [0x6F, 0x01, 0x02, 0x08]]
    module.memories = [[0x01, 0x01, 0x02]]
    module.globals = [[0x7F, 0x00, 0x41, 0x07, 0x0B], [0x7E, 0x01, 0x42, 0x08, 0x0B]]
    module.exports = [name("second") + [0x00, 0x01]]
    module.elements = [[0x01, 0x00, 0x01, 0x01], [0x05, 0x6F, 0x01, 0xD0, 0x6F, 0x0B]]
    module.dataCount = [0x01]
    module.data = [[0x01, 0x02, 0xAA, 0xBB]]
    return module
  }
}

extension Opcode {
  /// Its code, without immediates.
  var bytes: [UInt8] {
    guard let (prefix, number) = Opcode.prefixed(rawValue) else { return [UInt8(rawValue)] }
    return [prefix] + unsigned(UInt64(number))
  }
}

let header: [UInt8] = [0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00]

func unsigned(_ value: UInt64) -> [UInt8] {
  var rest = value
  var result: [UInt8] = []
  while rest >= 0x80 {
    result.append(UInt8(rest & 0x7F) | 0x80)
    rest >>= 7
  }
  return result + [UInt8(rest)]
}

func signed(_ value: Int64) -> [UInt8] {
  var rest = value
  var result: [UInt8] = []
  while rest < -64 || rest > 63 {
    result.append(UInt8(truncatingIfNeeded: rest) | 0x80)
    rest >>= 7
  }
  return result + [UInt8(truncatingIfNeeded: rest) & 0x7F]
}

func vector(_ items: [[UInt8]]) -> [UInt8] { unsigned(UInt64(items.count)) + items.joined() }

func section(_ id: UInt8, _ contents: [UInt8]) -> [UInt8] {
  [id] + unsigned(UInt64(contents.count)) + contents
}

func name(_ text: String) -> [UInt8] { unsigned(UInt64(text.utf8.count)) + Array(text.utf8) }

func functionType(_ parameters: [UInt8], _ results: [UInt8]) -> [UInt8] {
  [0x60] + vector(parameters.map { [$0] }) + vector(results.map { [$0] })
}

/// Decodes a module and validates all its bodies; what is wrong with it, or nil.
func refusal(
  of bytes: [UInt8], _ options: DecodingOptions = DecodingOptions()
) -> WasmError? {
  var validator = FunctionValidator()
  return refusal(of: bytes, options, &validator)
}

func refusal(
  of bytes: [UInt8], _ options: DecodingOptions = DecodingOptions(),
  _ validator: inout FunctionValidator
) -> WasmError? {
  do throws(WasmError) {
    let module = try Module(decoding: bytes, options: options)
    _ = try validateBodies(of: module, &validator)
    return nil
  } catch {
    return error
  }
}

/// Validates all bodies; the count of their operators.
func validateBodies(
  of module: Module, _ validator: inout FunctionValidator
) throws(WasmError) -> Int {
  var count = 0
  for i in module.bodies.indices {
    try validator.begin(module, function: UInt32(module.importedFunctionCount + i))
    while !validator.isAtEnd {
      _ = try validator.next()
      count += 1
    }
  }
  return count
}

/// The error's kind and message, without the offset.
func complaint(about module: TestModule, features: Features = .standard) -> String? {
  complaint(about: module.bytes, features: features)
}

func complaint(about bytes: [UInt8], features: Features = .standard) -> String? {
  refusal(of: bytes, DecodingOptions(features: features)).map { "\($0.kind): \($0.message)" }
}
