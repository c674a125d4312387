// SPDX-License-Identifier: Apache-2.0
// Values as the command line writes them.

import Brolga
import WebAssembly

/// Reads the arguments of a call from the command line: numbers as the text format writes them, and
/// `null` for references.
func parseArguments(_ texts: [String], as types: [ValueType]) throws(Failure) -> [Value] {
  guard texts.count == types.count else {
    let plural = types.count == 1 ? "" : "s"
    throw Failure("the function takes \(types.count) argument\(plural), not \(texts.count)")
  }
  var values: [Value] = []
  for (text, type) in zip(texts, types) {
    guard let value = parseValue(text, as: type) else {
      throw Failure("'\(text)' is no \(type)")
    }
    values.append(value)
  }
  return values
}

private func parseValue(_ text: String, as type: ValueType) -> Value? {
  if type.isReference { return text == "null" && type.isNullable ? Value(defaultOf: type) : nil }
  guard let bits = TextFormat.number(text, type) else { return nil }
  switch type {
  case .i32: return .i32(UInt32(truncatingIfNeeded: bits))
  case .i64: return .i64(bits)
  case .f32: return .f32(UInt32(truncatingIfNeeded: bits))
  case .f64: return .f64(bits)
  default: return nil
  }
}

/// One value without its type; integers as signed.
func plainText(_ value: Value) -> String {
  switch value {
  case .i32(let bits): "\(Int32(bitPattern: bits))"
  case .i64(let bits): "\(Int64(bitPattern: bits))"
  case .f32(let bits): "\(Float(bitPattern: bits))"
  case .f64(let bits): "\(Double(bitPattern: bits))"
  case .ref(.function(let function)): function == nil ? "null" : "funcref"
  case .ref(.extern(let reference)): reference.map { "externref \($0.number)" } ?? "null"
  }
}
