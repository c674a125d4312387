// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import BrolgaWasm

private func read<T>(
  _ bytes: [UInt8], _ body: (inout ByteReader) throws(WasmError) -> T
) -> Result<T, WasmError> {
  bytes.withUnsafeBufferPointer { buffer in
    var reader = ByteReader(base: buffer.baseAddress!, position: 0, end: buffer.count)
    do throws(WasmError) {
      return .success(try body(&reader))
    } catch {
      return .failure(error)
    }
  }
}

private func message<T>(_ result: Result<T, WasmError>) -> String? {
  if case .failure(let error) = result { error.message } else { nil }
}

@Test func unsignedIntegersRoundTrip() throws {
  for shift in 0..<32 {
    for value in [UInt32(1) << shift, (UInt32(1) << shift) &- 1, ~(UInt32(1) << shift)] {
      #expect(
        try read(unsigned(UInt64(value))) { r throws(WasmError) in try r.readU32() }.get() == value)
    }
  }
  for shift in 0..<64 {
    for value in [UInt64(1) << shift, (UInt64(1) << shift) &- 1, ~(UInt64(1) << shift)] {
      #expect(try read(unsigned(value)) { r throws(WasmError) in try r.readU64() }.get() == value)
    }
  }
}

@Test func signedIntegersRoundTrip() throws {
  for shift in 0..<32 {
    for value in [Int32(1) << shift, (Int32(1) << shift) &- 1, 0 &- (Int32(1) << shift)] {
      #expect(
        try read(signed(Int64(value))) { r throws(WasmError) in try r.readS32() }.get() == value)
    }
  }
  for shift in 0..<64 {
    for value in [Int64(1) << shift, (Int64(1) << shift) &- 1, 0 &- (Int64(1) << shift)] {
      #expect(try read(signed(value)) { r throws(WasmError) in try r.readS64() }.get() == value)
    }
  }
}

@Test func paddedIntegersAreReadUpToTheirWidth() throws {
  #expect(
    try read([0x83, 0x80, 0x80, 0x80, 0x00]) { r throws(WasmError) in try r.readU32() }.get() == 3)
  #expect(
    try read([0xFF, 0xFF, 0xFF, 0xFF, 0x7F]) { r throws(WasmError) in try r.readS32() }.get() == -1)
  #expect(
    try read([0x80, 0x80, 0x80, 0x80, 0x78]) { r throws(WasmError) in try r.readS32() }.get()
      == .min)
  let nineThenOne = [UInt8](repeating: 0xFF, count: 9) + [0x01]
  #expect(try read(nineThenOne) { r throws(WasmError) in try r.readU64() }.get() == .max)
}

@Test func integersThatAreTooLongOrTooLargeAreRefused() {
  let long = "integer representation too long"
  let large = "integer too large"
  let end = "unexpected end of section or function"
  let four = [UInt8](repeating: 0x80, count: 4)
  let nine = [UInt8](repeating: 0x80, count: 9)
  #expect(message(read(four + [0x80, 0x00]) { r throws(WasmError) in try r.readU32() }) == long)
  #expect(message(read(four + [0x10]) { r throws(WasmError) in try r.readU32() }) == large)
  #expect(message(read(four) { r throws(WasmError) in try r.readU32() }) == end)
  #expect(message(read(four + [0x80, 0x00]) { r throws(WasmError) in try r.readS32() }) == long)
  #expect(message(read(four + [0x70]) { r throws(WasmError) in try r.readS32() }) == large)
  #expect(message(read(four + [0x08]) { r throws(WasmError) in try r.readS32() }) == large)
  #expect(message(read(nine + [0x80, 0x00]) { r throws(WasmError) in try r.readU64() }) == long)
  #expect(message(read(nine + [0x02]) { r throws(WasmError) in try r.readU64() }) == large)
  #expect(message(read(nine + [0x7E]) { r throws(WasmError) in try r.readS64() }) == large)
  #expect(message(read([0x80]) { r throws(WasmError) in try r.readU64() }) == end)
}
