// SPDX-License-Identifier: Apache-2.0
// Values as the command line writes them.

import Brolga
import BrolgaWasm

/// Reads the arguments of a call from the command line: numbers as the text format writes them, for
/// vectors their lanes (`i32x4:1,2,3,4`), and `null` for references.
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
  if type == .v128 { return parseVector(text).map { .v128($0) } }
  guard let bits = TextFormat.number(text, type) else { return nil }
  switch type {
  case .i32: return .i32(UInt32(truncatingIfNeeded: bits))
  case .i64: return .i64(bits)
  case .f32: return .f32(UInt32(truncatingIfNeeded: bits))
  case .f64: return .f64(bits)
  default: return nil
  }
}

/// A shape and as many numbers; between them `:` and `,`, or spaces as in the text format.
private func parseVector(_ text: String) -> V128? {
  var lanes = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
  if lanes.count == 2 {
    lanes = [lanes[0]] + lanes[1].split(separator: ",", omittingEmptySubsequences: false)
  } else {
    lanes = text.split(separator: " ")
  }
  let shapes: [Substring: (bits: Int, ValueType)] = [
    "i8x16": (8, .i32), "i16x8": (16, .i32), "i32x4": (32, .i32), "i64x2": (64, .i64),
    "f32x4": (32, .f32), "f64x2": (64, .f64),
  ]
  guard let shape = lanes.first, let (bits, type) = shapes[shape], lanes.count == 128 / bits + 1
  else { return nil }
  var vector = V128(low: 0, high: 0)
  for (index, text) in lanes.dropFirst().enumerated() {
    guard let lane = TextFormat.number(String(text), type) else { return nil }
    if bits < 32 {
      let signed = Int32(truncatingIfNeeded: lane)
      guard (-1 << (bits - 1)..<1 << bits).contains(Int(signed)) else { return nil }
    }
    vector.setLane(index, bits: bits, to: lane)
  }
  return vector
}

/// One value without its type; integers as signed, vectors as four lanes.
func plainText(_ value: Value) -> String {
  switch value {
  case .i32(let bits): "\(Int32(bitPattern: bits))"
  case .i64(let bits): "\(Int64(bitPattern: bits))"
  case .f32(let bits): "\(Float(bitPattern: bits))"
  case .f64(let bits): "\(Double(bitPattern: bits))"
  case .v128(let vector): "\(vector)"
  case .ref(.function(let function)): function == nil ? "null" : "funcref"
  case .ref(.extern(let reference)): reference.map { "externref \($0.number)" } ?? "null"
  case .ref(.exception(let exception)): exception == nil ? "null" : "exnref"
  }
}
