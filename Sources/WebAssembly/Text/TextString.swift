// SPDX-License-Identifier: Apache-2.0
// String literals: escapes; and whether bytes are UTF-8.

enum TextString {
  /// Bytes of the escape that starts `range` with a backslash; nil if it is none.
  static func escapeCount(_ base: UnsafePointer<UInt8>, _ range: Range<Int>) -> Int? {
    guard range.count >= 2 else { return nil }
    let start = range.lowerBound
    switch base[start &+ 1] {
    case UInt8(ascii: "t"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "\""),
      UInt8(ascii: "'"), UInt8(ascii: "\\"):
      return 2
    case UInt8(ascii: "u"):
      guard let (scalar, count) = scalar(base, (start &+ 2)..<range.upperBound) else { return nil }
      guard scalar < 0xD800 || (scalar >= 0xE000 && scalar < 0x11_0000) else { return nil }
      return count &+ 2
    case let first:
      guard digit(first) < 16, range.count >= 3, digit(base[start &+ 2]) < 16 else { return nil }
      return 3
    }
  }

  /// The number in braces and the bytes of both; at least 0x110000 if it is too large.
  private static func scalar(
    _ base: UnsafePointer<UInt8>, _ range: Range<Int>
  ) -> (UInt32, Int)? {
    guard range.count >= 3, base[range.lowerBound] == UInt8(ascii: "{") else { return nil }
    var i = range.lowerBound &+ 1
    var value: UInt32 = 0
    var lastIsDigit = false
    while i < range.upperBound {
      let byte = base[i]
      i = i &+ 1
      if byte == UInt8(ascii: "}") {
        return lastIsDigit ? (value, i &- range.lowerBound) : nil
      }
      if byte == UInt8(ascii: "_") {
        guard lastIsDigit else { return nil }
        lastIsDigit = false
        continue
      }
      let digit = digit(byte)
      guard digit < 16 else { return nil }
      if value < 0x11_0000 { value = value &<< 4 | UInt32(truncatingIfNeeded: digit) }
      lastIsDigit = true
    }
    return nil
  }

  /// The value of a hexadecimal digit; 16 for other bytes.
  @inline(__always)
  static func digit(_ byte: UInt8) -> UInt8 {
    let decimal = byte &- UInt8(ascii: "0")
    if decimal < 10 { return decimal }
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    return letter < 6 ? letter &+ 10 : 16
  }

  /// Appends what the text between two quotation marks stands for, its escapes being right.
  static func decode(
    _ base: UnsafePointer<UInt8>, _ range: Range<Int>, into output: inout ByteWriter
  ) {
    var i = range.lowerBound
    while i < range.upperBound {
      let byte = base[i]
      guard byte == UInt8(ascii: "\\") else {
        output.append(byte)
        i = i &+ 1
        continue
      }
      let escape = base[i &+ 1]
      switch escape {
      case UInt8(ascii: "t"): output.append(0x09)
      case UInt8(ascii: "n"): output.append(0x0A)
      case UInt8(ascii: "r"): output.append(0x0D)
      case UInt8(ascii: "u"):
        if let (scalar, _) = scalar(base, (i &+ 2)..<range.upperBound) { append(scalar, &output) }
      case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): output.append(escape)
      default: output.append(digit(escape) &<< 4 | digit(base[i &+ 2]))
      }
      i = i &+ (escapeCount(base, i..<range.upperBound) ?? 1)
    }
  }

  private static func append(_ value: UInt32, _ output: inout ByteWriter) {
    guard let scalar = Unicode.Scalar(value) else { return }
    for byte in UTF8.encode(scalar).unsafelyUnwrapped { output.append(byte) }
  }
}

enum UTF8Check {
  /// Where the first byte is that is not UTF-8; nil if there is none.
  static func firstError(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    let raw = UnsafeRawBufferPointer(bytes)
    let count = bytes.count
    var i = 0
    while i < count {
      if i &+ 8 <= count,
        raw.loadUnaligned(fromByteOffset: i, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
      {
        i = i &+ 8
      } else if bytes[i] < 0x80 {
        i = i &+ 1
      } else {
        let length = sequenceCount(bytes, i)
        if length == 0 { return i }
        i = i &+ length
      }
    }
    return nil
  }

  /// Bytes of the sequence that starts at `i` with a byte that is not ASCII; zero if it is wrong.
  private static func sequenceCount(_ bytes: UnsafeBufferPointer<UInt8>, _ i: Int) -> Int {
    let lead = bytes[i]
    let length: Int
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF: length = 3
    case 0xF0...0xF4: length = 4
    default: return 0
    }
    guard i &+ length <= bytes.count else { return 0 }
    for k in 1..<length where bytes[i &+ k] & 0xC0 != 0x80 { return 0 }
    let second = bytes[i &+ 1]
    // Overlong forms, surrogates, and what lies beyond Unicode.
    switch lead {
    case 0xE0: return second >= 0xA0 ? length : 0
    case 0xED: return second < 0xA0 ? length : 0
    case 0xF0: return second >= 0x90 ? length : 0
    case 0xF4: return second < 0x90 ? length : 0
    default: return length
    }
  }
}
