// SPDX-License-Identifier: Apache-2.0
// Values as the command line writes them.

import Brolga

/// Reads the arguments of a call from the command line.
///
/// Integers are decimal or, after `0x`, hexadecimal, and may be negative; floating-point numbers
/// are what Swift reads, `nan` and `inf` included.
func parseArguments(_ texts: [String], as types: [ValueType]) throws(Failure) -> [Value] {
  guard texts.count == types.count else {
    throw Failure("the function takes \(types.count) arguments, not \(texts.count)")
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
  switch type {
  case .i32:
    guard let bits = parseInteger(text, bitWidth: 32) else { return nil }
    return .i32(UInt32(truncatingIfNeeded: bits))
  case .i64: return parseInteger(text, bitWidth: 64).map { .i64($0) }
  case .f32: return Float(text).map { .f32($0.bitPattern) }
  case .f64: return Double(text).map { .f64($0.bitPattern) }
  default: return nil
  }
}

/// The bits of an integer from the signed minimum to the unsigned maximum of its width.
private func parseInteger(_ text: String, bitWidth: Int) -> UInt64? {
  let isNegative = text.hasPrefix("-")
  let digits = isNegative ? text.dropFirst() : text[...]
  let isHexadecimal = digits.hasPrefix("0x")
  guard let first = digits.first, first != "-", first != "+",
    let magnitude = UInt64(
      isHexadecimal ? digits.dropFirst(2) : digits, radix: isHexadecimal ? 16 : 10)
  else { return nil }
  let limit = isNegative ? 1 << (bitWidth - 1) : UInt64.max >> (64 - bitWidth)
  guard magnitude <= limit else { return nil }
  return isNegative ? 0 &- magnitude : magnitude
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
