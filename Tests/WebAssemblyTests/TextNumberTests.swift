// SPDX-License-Identifier: Apache-2.0
// Number literals: forms, ranges, exact rounding.

import Testing

@testable import BrolgaWasm

private func integer(_ text: String, bits: UInt64) -> Result<UInt64, TextNumberError> {
  Array(text.utf8).withUnsafeBufferPointer { bytes in
    do throws(TextNumberError) {
      return .success(try TextNumber.integer(bytes, bits: bits, isSigned: true))
    } catch {
      return .failure(error)
    }
  }
}

private func float(_ text: String, isDouble: Bool) -> Result<UInt64, TextNumberError> {
  Array(text.utf8).withUnsafeBufferPointer { bytes in
    do throws(TextNumberError) {
      return .success(try TextNumber.float(bytes, isDouble: isDouble))
    } catch {
      return .failure(error)
    }
  }
}

@Test func integersOfAllForms() {
  let cases: [(String, UInt64, UInt64)] = [
    ("0", 32, 0), ("+1", 32, 1), ("-1", 32, 0xFFFF_FFFF), ("4294967295", 32, 0xFFFF_FFFF),
    ("-2147483648", 32, 0x8000_0000), ("0x0123_4567", 32, 0x0123_4567),
    ("-0x8000_0000", 32, 0x8000_0000), ("1_000_000", 32, 1_000_000), ("0xaBcD", 32, 0xABCD),
    ("18446744073709551615", 64, .max), ("-9223372036854775808", 64, 1 << 63),
    ("0xffff_ffff_ffff_ffff", 64, .max), ("-0", 64, 0), ("007", 32, 7),
  ]
  for (text, bits, expected) in cases {
    #expect(integer(text, bits: bits) == .success(expected), "\(text)")
  }
}

@Test func integersOutOfRangeAndMalformed() {
  for text in ["4294967296", "-2147483649", "0x1_0000_0000", "99999999999999999999999"] {
    #expect(integer(text, bits: 32) == .failure(.outOfRange), "\(text)")
  }
  for text in ["18446744073709551616", "-0x8000000000000001"] {
    #expect(integer(text, bits: 64) == .failure(.outOfRange), "\(text)")
  }
  for text in ["", "+", "_1", "1_", "1__0", "0x", "0x_1", "1a", "--1", "0X1", "1.0", "0xg"] {
    #expect(integer(text, bits: 32) == .failure(.malformed), "\(text)")
  }
}

@Test func floatsOfAllForms() {
  let cases: [(String, Double)] = [
    ("0", 0), ("-0", -0.0), ("1.", 1), ("1.5e3", 1500), ("1e-3", 0.001), ("+1_0.2_5", 10.25),
    ("0x1p4", 16), ("0x0.8", 0.5), ("0x1.8p-1", 0.75), ("0xA.8p0", 10.5),
    ("0x1_0", 16), ("inf", .infinity), ("-inf", -.infinity), ("1E+2", 100), ("0x1P+2", 4),
    ("123456789012345678901234567890", 123456789012345677877719597056),
    ("4.9406564584124654e-324", .leastNonzeroMagnitude), ("0x1p-1074", 0x1p-1074),
    ("1.7976931348623157e308", .greatestFiniteMagnitude), ("0.1", 0.1), ("1e23", 1e23),
    ("0x1.fffffffffffff7p1023", .greatestFiniteMagnitude), ("0e99999999999", 0),
    ("0x1p-99999999999", 0), ("2.2250738585072011e-308", .leastNormalMagnitude.nextDown),
  ]
  for (text, expected) in cases {
    #expect(float(text, isDouble: true) == .success(expected.bitPattern), "\(text)")
  }
}

@Test func notANumbers() {
  #expect(float("nan", isDouble: true) == .success(0x7FF8_0000_0000_0000))
  #expect(float("-nan", isDouble: false) == .success(0xFFC0_0000))
  #expect(float("nan:0x1", isDouble: false) == .success(0x7F80_0001))
  #expect(float("-nan:0x7f_ffff", isDouble: false) == .success(0xFFFF_FFFF))
  #expect(float("nan:0xf_ffff_ffff_ffff", isDouble: true) == .success(0x7FFF_FFFF_FFFF_FFFF))
  for text in ["nan:0x0", "nan:0x80_0000"] {
    #expect(float(text, isDouble: false) == .failure(.outOfRange), "\(text)")
  }
  for text in ["nan:", "nan:1", "nan:0x", "nan:canonical", "infinity", "nans", "-", "i", "n"] {
    #expect(float(text, isDouble: false) == .failure(.malformed), "\(text)")
  }
}

@Test func floatsOutOfRangeAndMalformed() {
  for text in ["1e309", "-0x1p1024", "1.7976931348623159e308", "0x1.fffffffffffff8p1023"] {
    #expect(float(text, isDouble: true) == .failure(.outOfRange), "\(text)")
  }
  for text in ["3.4028235678e38", "0x1p128", "0x1.ffffffp127", "1e9999999999999999999999"] {
    #expect(float(text, isDouble: false) == .failure(.outOfRange), "\(text)")
  }
  let malformed = [
    ".5", "1e", "1e+", "0x", "0x1p", "1._5", "1_.5", "1e_5", "0x.8", "1.5.2", "0x1.p", "e5", "1f",
  ]
  for text in malformed {
    #expect(float(text, isDouble: true) == .failure(.malformed), "\(text)")
  }
}

/// Ties, and what lies just beside them, around every kind of boundary.
@Test func hexadecimalFloatsRoundToEven() {
  let cases: [(String, UInt32)] = [
    ("0x1.000001p0", 0x3F80_0000), ("0x1.00000100000000001p0", 0x3F80_0001),
    ("0x1.000003p0", 0x3F80_0002), ("0x1.00000300000000000000000001p0", 0x3F80_0002),
    ("0x1p-149", 1), ("0x1p-150", 0), ("0x1.0000000000000000001p-150", 1), ("0x3p-150", 2),
    ("0x0.ffffffp-126", 0x0080_0000), ("0x0.fffffep-126", 0x007F_FFFF), ("0x1p-151", 0),
    ("0x1.fffffep127", 0x7F7F_FFFF), ("0x1.fffffefffffffffp127", 0x7F7F_FFFF),
    // 2^-88 * 2^90
    ("0x0.0000000000000000000001p90", 0x4080_0000),
  ]
  for (text, expected) in cases {
    #expect(float(text, isDouble: false) == .success(UInt64(expected)), "\(text)")
  }
}

@Test func decimalTextOfAnyFloatReadsBack() {
  var random = Mutator(seed: 3)
  for _ in 0..<3000 {
    let bits = random.next()
    let double = Double(bitPattern: bits)
    if double.isFinite {
      #expect(float("\(double)", isDouble: true) == .success(bits))
      let longer = "\(double)".contains("e") ? "\(double)" : "\(double)000000000000000000001"
      let exact = Double(longer).map(\.bitPattern)
      #expect(float(longer, isDouble: true) == exact.map { .success($0) })
    }
    let single = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
    if single.isFinite {
      #expect(float("\(single)", isDouble: false) == .success(UInt64(single.bitPattern)))
    }
  }
}
