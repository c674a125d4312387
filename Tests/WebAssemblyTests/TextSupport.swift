// SPDX-License-Identifier: Apache-2.0
// What the tests of the text format share.

import Foundation
import Testing

@testable import BrolgaWasm

/// Everything that the decoder knows, switched on.
let allFeatures = Features(rawValue: .max)

func encode(_ text: String, features: Features = .standard) throws -> [UInt8] {
  try TextFormat.encode(text, features: features)
}

func decode(_ text: String, features: Features = .standard) throws -> Module {
  var text = text
  return try text.withUTF8 {
    try Module(text: UnsafeRawBufferPointer($0), options: DecodingOptions(features: features))
  }
}

/// Why the text is refused; nil if it is a module whose bodies are valid too.
func textRefusal(_ text: String, features: Features = .standard) -> TextError? {
  textRefusal(Array(text.utf8), features: features)
}

func textRefusal(_ text: [UInt8], features: Features = .standard) -> TextError? {
  text.withUnsafeBytes { bytes in
    do throws(TextError) {
      let module = try Module(text: bytes, options: DecodingOptions(features: features))
      var validator = FunctionValidator()
      do throws(WasmError) {
        _ = try validateBodies(of: module, &validator)
      } catch {
        throw TextFormat.error(error, in: bytes, features: features)
      }
      return nil
    } catch {
      return error
    }
  }
}

/// The code of a function whose text has these instructions, without local declarations.
func code(_ instructions: String, features: Features = .standard) throws -> [UInt8] {
  let module = try decode("(module (memory 1) (func \(instructions)))", features: features)
  let body = module.body(ofFunction: 0)
  return Array(module.bytes[(body.lowerBound + 1)..<(body.upperBound - 1)])
}

/// Prints, parses, and prints again: the texts, which should be equal.
func roundTrip(
  _ bytes: [UInt8], features: Features = allFeatures
) throws -> (first: String, second: String) {
  let options = DecodingOptions(features: features)
  let first = try TextFormat.print(try Module(decoding: bytes, options: options))
  let again = try first.withUnsafeBytes { try TextFormat.encode($0, features: features) }
  let second = try TextFormat.print(try Module(decoding: again, options: options))
  return (String(decoding: first, as: UTF8.self), String(decoding: second, as: UTF8.self))
}

/// The specification's scripts, by name, in order.
func specScripts() throws -> [(name: String, bytes: [UInt8])] {
  let root = sharedData.appending(path: "spec")
  let files = try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
  return try files.filter { $0.hasSuffix(".wast") }.map {
    ($0, [UInt8](try Data(contentsOf: root.appending(path: $0))))
  }
}
