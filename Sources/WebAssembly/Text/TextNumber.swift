// SPDX-License-Identifier: Apache-2.0
// Number literals: integers of any form, floating-point numbers exactly rounded.

/// Why a literal has no value.
enum TextNumberError: Error {
  case malformed
  case outOfRange
}

enum TextNumber {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  // MARK: Integers

  /// The bits of an integer of a width: from the signed minimum to the unsigned maximum if
  /// `isSigned`, else without a sign.
  static func integer(
    _ text: Bytes, bits: UInt64, isSigned: Bool
  ) throws(TextNumberError) -> UInt64 {
    var i = 0
    var isNegative = false
    if isSigned, let sign = text.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      isNegative = sign == UInt8(ascii: "-")
      i = 1
    }
    let isHexadecimal = isHexadecimal(text, i)
    if isHexadecimal { i = i &+ 2 }
    let magnitude = try magnitude(text, i, radix: isHexadecimal ? 16 : 10)
    let limit = isNegative ? 1 &<< (bits &- 1) : UInt64.max &>> (64 &- bits)
    guard magnitude <= limit else { throw .outOfRange }
    let value = isNegative ? 0 &- magnitude : magnitude
    return value & (UInt64.max &>> (64 &- bits))
  }

  private static func isHexadecimal(_ text: Bytes, _ i: Int) -> Bool {
    text.count &- i > 2 && text[i] == UInt8(ascii: "0") && text[i &+ 1] == UInt8(ascii: "x")
  }

  private static func magnitude(
    _ text: Bytes, _ start: Int, radix: UInt64
  ) throws(TextNumberError) -> UInt64 {
    var value: UInt64 = 0
    var overflows = false
    var lastIsDigit = false
    var i = start
    while i < text.count {
      let byte = text[i]
      i = i &+ 1
      if byte == UInt8(ascii: "_") {
        guard lastIsDigit else { throw .malformed }
        lastIsDigit = false
        continue
      }
      let digit = UInt64(truncatingIfNeeded: TextString.digit(byte))
      guard digit < radix else { throw .malformed }
      let (product, overflow1) = value.multipliedReportingOverflow(by: radix)
      let (sum, overflow2) = product.addingReportingOverflow(digit)
      if overflow1 || overflow2 { overflows = true }
      value = sum
      lastIsDigit = true
    }
    guard lastIsDigit else { throw .malformed }
    if overflows { throw .outOfRange }
    return value
  }

  // MARK: Floating-point numbers

  /// What a format looks like.
  private struct Format {
    /// Bits of the significand, the hidden one included.
    var precision: UInt64
    var minimumExponent: Int
    var isDouble: Bool

    static let single = Format(precision: 24, minimumExponent: -126, isDouble: false)
    static let double = Format(precision: 53, minimumExponent: -1022, isDouble: true)

    var signBit: UInt64 { isDouble ? 1 &<< 63 : 1 &<< 31 }
    /// The bits of infinity.
    var infinity: UInt64 { isDouble ? 0x7FF &<< 52 : 0xFF &<< 23 }
    var quietBit: UInt64 { 1 &<< (precision &- 2) }
  }

  /// The bits of an `f64`, or of an `f32`.
  static func float(_ text: Bytes, isDouble: Bool) throws(TextNumberError) -> UInt64 {
    let format = isDouble ? Format.double : Format.single
    var i = 0
    var sign: UInt64 = 0
    if let first = text.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
      if first == UInt8(ascii: "-") { sign = format.signBit }
      i = 1
    }
    guard i < text.count else { throw .malformed }
    let rest = Bytes(rebasing: text[i...])
    switch rest[0] {
    case UInt8(ascii: "i"):
      guard equal(rest, "inf") else { throw .malformed }
      return sign | format.infinity
    case UInt8(ascii: "n"): return sign | (try nan(rest, format))
    default: break
    }
    if isHexadecimal(rest, 0) { return sign | (try hexadecimal(rest, format)) }
    return sign | (try decimal(rest, format))
  }

  static func equal(_ text: Bytes, _ word: StaticString) -> Bool {
    text.elementsEqual(Bytes(start: word.utf8Start, count: word.utf8CodeUnitCount))
  }

  private static func nan(_ text: Bytes, _ format: Format) throws(TextNumberError) -> UInt64 {
    if equal(text, "nan") { return format.infinity | format.quietBit }
    guard text.count > 6, equal(Bytes(rebasing: text[..<6]), "nan:0x") else { throw .malformed }
    let payload = try magnitude(text, 6, radix: 16)
    guard payload > 0, payload < 1 &<< (format.precision &- 1) else { throw .outOfRange }
    return format.infinity | payload
  }

  /// Digits, perhaps a point and digits, perhaps an exponent: where these are.
  private struct Parts {
    var integer: Range<Int>
    var fraction: Range<Int>
    /// Saturated far beyond what any exponent of use can be.
    var exponent = 0
  }

  private static func parts(
    _ text: Bytes, from start: Int, radix: UInt8, exponentLetter: UInt8
  ) throws(TextNumberError) -> Parts {
    var i = start
    let integer = try digits(text, &i, radix: radix)
    guard !integer.isEmpty else { throw .malformed }
    var parts = Parts(integer: integer, fraction: i..<i)
    if i < text.count, text[i] == UInt8(ascii: ".") {
      i = i &+ 1
      parts.fraction = try digits(text, &i, radix: radix)
    }
    if i < text.count, text[i] | 0x20 == exponentLetter {
      i = i &+ 1
      var isNegative = false
      if i < text.count, text[i] == UInt8(ascii: "-") || text[i] == UInt8(ascii: "+") {
        isNegative = text[i] == UInt8(ascii: "-")
        i = i &+ 1
      }
      let range = try digits(text, &i, radix: 10)
      guard !range.isEmpty else { throw .malformed }
      for k in range where text[k] != UInt8(ascii: "_") {
        parts.exponent = min(parts.exponent &* 10 &+ Int(text[k] &- UInt8(ascii: "0")), 1 &<< 40)
      }
      if isNegative { parts.exponent = 0 &- parts.exponent }
    }
    guard i == text.count else { throw .malformed }
    return parts
  }

  /// Skips digits with single underscores between them.
  private static func digits(
    _ text: Bytes, _ i: inout Int, radix: UInt8
  ) throws(TextNumberError) -> Range<Int> {
    let start = i
    var lastIsDigit = false
    while i < text.count {
      if text[i] == UInt8(ascii: "_") {
        guard lastIsDigit else { throw .malformed }
        lastIsDigit = false
      } else {
        guard TextString.digit(text[i]) < radix else { break }
        lastIsDigit = true
      }
      i = i &+ 1
    }
    guard lastIsDigit || i == start else { throw .malformed }
    return start..<i
  }

  // MARK: Hexadecimal

  private static func hexadecimal(_ text: Bytes, _ format: Format) throws(TextNumberError) -> UInt64
  {
    let parts = try parts(text, from: 2, radix: 16, exponentLetter: UInt8(ascii: "p"))
    // The value is `significand * 2^exponent`, and a little more if bits were lost.
    var significand: UInt64 = 0
    var exponent = parts.exponent
    var lost = false
    for range in [parts.integer, parts.fraction] {
      let isFraction = range == parts.fraction
      for i in range where text[i] != UInt8(ascii: "_") {
        let digit = UInt64(truncatingIfNeeded: TextString.digit(text[i]))
        if significand &>> 60 == 0 {
          significand = significand &<< 4 | digit
          if isFraction { exponent = exponent &- 4 }
        } else {
          if digit != 0 { lost = true }
          if !isFraction { exponent = exponent &+ 4 }
        }
      }
    }
    return try round(significand, exponent, lost, format)
  }

  /// Rounds to the nearest number, and to the even one of two.
  private static func round(
    _ unnormalized: UInt64, _ unnormalizedExponent: Int, _ lost: Bool, _ format: Format
  ) throws(TextNumberError) -> UInt64 {
    guard unnormalized != 0 else { return 0 }
    let zeros = unnormalized.leadingZeroBitCount
    let significand = unnormalized &<< UInt64(truncatingIfNeeded: zeros)
    // Of the leading bit.
    let exponent = unnormalizedExponent &- zeros &+ 63
    var dropped = 64 &- Int(format.precision)
    let isNormal = exponent >= format.minimumExponent
    if !isNormal { dropped = dropped &+ (format.minimumExponent &- exponent) }
    // Less than half of the smallest number.
    if dropped > 64 { return 0 }
    let shift = UInt64(truncatingIfNeeded: dropped)
    var kept = dropped == 64 ? 0 : significand &>> shift
    let half: UInt64 = 1 &<< (shift &- 1)
    let rest = dropped == 64 ? significand : significand & ((1 &<< shift) &- 1)
    if rest > half || (rest == half && (lost || kept & 1 == 1)) { kept = kept &+ 1 }
    guard isNormal else { return kept }
    if exponent > 1 &- format.minimumExponent { throw .outOfRange }
    // The hidden bit, and a carry out of the significand, add one to the exponent.
    let biased = UInt64(truncatingIfNeeded: exponent &- format.minimumExponent)
    let bits = (biased &<< (format.precision &- 1)) &+ kept
    guard bits < format.infinity else { throw .outOfRange }
    return bits
  }

  // MARK: Decimal

  private static func decimal(_ text: Bytes, _ format: Format) throws(TextNumberError) -> UInt64 {
    let parts = try parts(text, from: 0, radix: 10, exponentLetter: UInt8(ascii: "e"))
    if let bits = smallDecimal(text, parts, format) { return bits }
    // Rare: the library's conversion is exact too, but wants a string.
    var plain = [UInt8]()
    plain.reserveCapacity(text.count &+ 1)
    for byte in text where byte != UInt8(ascii: "_") { plain.append(byte) }
    // The library wants digits after a point.
    if let point = plain.firstIndex(of: UInt8(ascii: ".")),
      point == plain.count - 1 || TextString.digit(plain[point + 1]) > 9
    {
      plain.insert(UInt8(ascii: "0"), at: point + 1)
    }
    let string = String(decoding: plain, as: UTF8.self)
    let bits: UInt64
    if format.isDouble {
      guard let value = Double(string) else { throw .malformed }
      bits = value.bitPattern
    } else {
      guard let value = Float(string) else { throw .malformed }
      bits = UInt64(value.bitPattern)
    }
    guard bits < format.infinity else { throw .outOfRange }
    return bits
  }

  /// A number whose digits and whose power of ten the format represents: one operation then rounds
  /// exactly. Nil for others.
  ///
  /// Source: Clinger, "How to read floating point numbers accurately", 1990.
  private static func smallDecimal(_ text: Bytes, _ parts: Parts, _ format: Format) -> UInt64? {
    var digits: UInt64 = 0
    var exponent = parts.exponent
    for range in [parts.integer, parts.fraction] {
      for i in range where text[i] != UInt8(ascii: "_") {
        guard digits < 1 &<< 53 else { return nil }
        digits = digits &* 10 &+ UInt64(truncatingIfNeeded: text[i] &- UInt8(ascii: "0"))
        if range == parts.fraction { exponent = exponent &- 1 }
      }
    }
    let largest = format.isDouble ? 22 : 10
    guard digits <= 1 &<< format.precision, exponent >= -largest, exponent <= largest else {
      return nil
    }
    if format.isDouble {
      var power = 1.0
      for _ in 0..<exponent.magnitude { power *= 10 }
      let value = exponent < 0 ? Double(digits) / power : Double(digits) * power
      return value.bitPattern
    }
    var power: Float = 1
    for _ in 0..<exponent.magnitude { power *= 10 }
    let value = exponent < 0 ? Float(digits) / power : Float(digits) * power
    return UInt64(value.bitPattern)
  }
}
