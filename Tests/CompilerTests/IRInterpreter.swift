// SPDX-License-Identifier: Apache-2.0
// A slow, plain evaluator of the intermediate representation, sharing nothing with `Fold`.

import BrolgaEntities

import struct BrolgaWasm.V128

@testable import BrolgaCompiler

/// Runs a function and records what the outside sees: stores, calls, the end.
///
/// Memory and callees are modelled: a load yields a hash of its address and of how many writes
/// came before, a call a hash of its arguments, so that a wrong address or a lost write shows.
/// Where values are listed, a vector is two of them.
struct Interpreter {
  enum End: Equatable {
    case returns([UInt64])
    case trap(UInt16)
    case outOfFuel
    /// More blocks ran than were to; a loop may have no effects and no end.
    case endless
    /// Neither: an instruction that asked for what is not there.
    case wrong(String)
  }

  private(set) var trace: [[UInt64]] = []
  private var values: [UInt64] = []
  /// The upper halves of vectors.
  private var uppers: [UInt64] = []
  private var frame: [V128] = []
  private var writes: UInt64 = 0
  /// What the last call ended with: 0 if it returned.
  private var caught: UInt64 = 0
  /// Effects that may still happen: their number does not depend on how much was simplified.
  private var fuel: Int
  private var blocksLeft: Int

  init(fuel: Int = 400, blocks: Int = 1_000_000) {
    self.fuel = fuel
    blocksLeft = blocks
  }

  static let divideByZero: UInt16 = 6
  static let overflow: UInt16 = 7
  static let badConversion: UInt16 = 8
  static let outOfBounds: UInt16 = 2

  private func hash(_ parts: [UInt64]) -> UInt64 {
    var h: UInt64 = 0x1234_5678_9abc_def1
    for part in parts {
      h = (h ^ part) &* 0x9e37_79b9_7f4a_7c15
      h ^= h >> 29
    }
    return h
  }

  private func words(_ function: borrowing Function, _ raw: UInt32) -> [UInt64] {
    let isVector = function.instructions[Value(raw: raw)].type == .v128
    return isVector ? [values[Int(raw)], uppers[Int(raw)]] : [values[Int(raw)]]
  }

  private func vector(_ raw: UInt32) -> V128 {
    V128(low: values[Int(raw)], high: uppers[Int(raw)])
  }

  private mutating func set(_ index: Int, _ vector: V128) {
    values[index] = vector.low
    uppers[index] = vector.high
  }

  /// A call and what comes of it.
  private mutating func call(_ function: borrowing Function, _ i: Instruction) -> UInt64 {
    fuel -= 1
    let shape = i.opcode.info.shape
    let callee = shape == .callReference ? values[Int(i.a)] : UInt64(i.a)
    let head = shape == .callHelper ? 1 : UInt64(function.lists[Int(i.b)])
    var record = [UInt64(i.opcode.rawValue), callee, head]
    for k in 0..<Int(i.c) { record += words(function, function.lists[Int(i.b) + 1 + k]) }
    writes += 1
    trace.append(record)
    let outcome = hash(record + [writes])
    // Whether it throws follows from what was called, with what and when.
    let isThrown = shape != .callHelper && hash([outcome, 91]) % 3 == 0
    caught = isThrown ? outcome | 1 : 0
    return outcome
  }

  mutating func run(_ function: borrowing Function, _ arguments: [UInt64]) -> End {
    values = Array(repeating: 0xdead, count: function.instructions.count)
    uppers = values
    frame = Array(repeating: V128(scalar: 0), count: function.frameVariables.count)
    var block = Block(raw: 0)
    var incoming = arguments[...]
    while true {
      let data = function.blocks[block]
      for k in 0..<Int(data.parameterCount) {
        let parameter = function.lists[Int(data.parameterStart) + k]
        values[Int(parameter)] = incoming.removeFirst()
        if function.instructions[Value(raw: parameter)].type == .v128 {
          uppers[Int(parameter)] = incoming.removeFirst()
        }
      }
      var edge: UInt32?
      for index in Int(data.instructionStart)..<Int(data.instructionEnd) {
        let i = function.instructions.storage[index]
        switch i.opcode {
        case .jump: edge = i.a
        case .branch: edge = UInt32(truncatingIfNeeded: values[Int(i.a)]) != 0 ? i.b : i.c
        case .unwind: edge = values[Int(i.a)] != 0 ? i.b : i.c
        case .branchTable:
          let k = min(values[Int(i.a)], UInt64(i.c) - 1)
          edge = function.lists[Int(i.b) + Int(k)]
        case .returns:
          return .returns(
            (0..<Int(i.c)).flatMap { words(function, function.lists[Int(i.b) + $0]) })
        case .trap: return .trap(i.aux)
        case .tailCall, .tailCallReference: return .returns([call(function, i)])
        default:
          if let end = step(function, i, index) { return end }
          if fuel <= 0 { return .outOfFuel }
        }
      }
      guard let edge else { return .wrong("no terminator in \(block)") }
      blocksLeft -= 1
      if blocksLeft == 0 { return .endless }
      let taken = function.edges[Edge(raw: edge)]
      let count = Int(function.blocks[taken.to].parameterCount)
      incoming =
        (0..<count).flatMap {
          words(function, function.lists[Int(taken.argumentStart) + $0])
        }[...]
      block = taken.to
    }
  }

  /// An address in a memory of 8 GiB: any 32-bit one with an offset is inside.
  private static func address(_ index: UInt64, _ offset: UInt32) -> UInt64? {
    let (address, wraps) = index.addingReportingOverflow(UInt64(offset))
    return wraps || address >> 33 != 0 ? nil : address
  }

  private mutating func step(
    _ function: borrowing Function, _ i: Instruction, _ index: Int
  ) -> End? {
    func bits(_ raw: UInt32) -> UInt64 { values[Int(raw)] }
    if i.opcode != .param { uppers[index] = 0 }
    func cut(_ value: UInt64) -> UInt64 {
      i.type == .i32 || i.type == .f32 ? value & 0xffff_ffff : value
    }
    switch i.opcode {
    case .nop, .param: break
    case .iconst, .fconst: values[index] = i.bits
    case .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U:
      guard let address = Self.address(bits(i.a), i.b) else { return .trap(Self.outOfBounds) }
      let raw = hash([address, UInt64(i.aux), writes])
      values[index] =
        switch i.opcode {
        case .load8S: cut(UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: raw))))
        case .load8U: raw & 0xff
        case .load16S: cut(UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: raw))))
        case .load16U: raw & 0xffff
        case .load32S: UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: raw)))
        case .load32U: raw & 0xffff_ffff
        default: cut(raw)
        }
      if i.type == .v128 { uppers[index] = hash([raw]) }
    case .store, .store8, .store16, .store32:
      let width: UInt64 =
        switch i.opcode {
        case .store8: 0xff
        case .store16: 0xffff
        case .store32: 0xffff_ffff
        default: UInt64.max
        }
      guard let address = Self.address(bits(i.a), i.b) else { return .trap(Self.outOfBounds) }
      fuel -= 1
      writes += 1
      trace.append([address, UInt64(i.aux)] + words(function, i.c).map { $0 & width })
    case .memoryCopy, .memoryFill:
      let isCopy = i.opcode == .memoryCopy
      guard let address = Self.address(bits(i.a), i.b &- 1),
        let operand = isCopy ? Self.address(bits(i.c), i.b &- 1) : bits(i.c) & 0xff
      else { return .trap(Self.outOfBounds) }
      fuel -= 1
      writes += 1
      trace.append([81, address, UInt64(i.b), operand, UInt64(i.aux)])
    case .contextLoad:
      values[index] = cut(hash([UInt64(i.b), i.aux != 0 ? 0 : writes, 77]))
      if i.type == .v128 { uppers[index] = hash([values[index]]) }
    case .contextStore:
      fuel -= 1
      writes += 1
      trace.append([78, UInt64(i.b)] + words(function, i.a))
    case .pointerLoad:
      values[index] = cut(hash([bits(i.a), UInt64(i.b), i.aux != 0 ? 0 : writes, 79]))
      if i.type == .v128 { uppers[index] = hash([values[index]]) }
    case .pointerStore:
      fuel -= 1
      writes += 1
      trace.append([80, bits(i.a), UInt64(i.b)] + words(function, i.c))
    case .frameLoad: set(index, frame[Int(i.b)])
    case .frameStore: frame[Int(i.b)] = vector(i.a)
    case .call, .callReference, .callHelper:
      values[index] = cut(call(function, i))
      if i.type == .v128 { uppers[index] = hash([values[index]]) }
    case .caught: values[index] = caught
    case .result:
      values[index] = cut(hash([UInt64(i.b), writes]))
      if i.type == .v128 { uppers[index] = hash([values[index]]) }
    case .trapIf:
      if UInt32(truncatingIfNeeded: bits(i.a)) != 0 { return .trap(i.aux) }
    case .select:
      set(index, vector(UInt32(truncatingIfNeeded: bits(i.a)) != 0 ? i.b : i.c))
    case .vconst: set(index, function.vectors[Int(i.b)])
    case let opcode where opcode.isOfVectors:
      let shuffles = opcode == .vshuffle
      set(
        index,
        VectorInterpreter.evaluate(
          i, pattern: shuffles ? function.vectors[Int(i.c)] : V128(scalar: 0), vector(i.a),
          vector(i.b), shuffles ? V128(scalar: 0) : vector(i.c)))
    default:
      let from = function.instructions[Value(raw: i.a)].type
      switch Self.evaluate(i.opcode, from: from, to: i.type, bits(i.a), bits(i.b)) {
      case .success(let value): values[index] = value
      case .failure(let trap): return .trap(trap.kind)
      }
    }
    return nil
  }

  struct Trap: Error { var kind: UInt16 }

  /// One pure operation.
  static func evaluate(
    _ opcode: Opcode, from: Type, to: Type, _ a: UInt64, _ b: UInt64
  ) -> Result<UInt64, Trap> {
    if opcode.isIntegerComparison {
      let answer: Bool =
        from == .i32
        ? compare(opcode, UInt32(a), UInt32(b)) : compare(opcode, a, b)
      return .success(answer ? 1 : 0)
    }
    switch from {
    case .i32:
      if to.isFloat { return .success(fromInteger(opcode, Int32(bitPattern: UInt32(a)), to)) }
      if opcode == .extendS {
        return .success(UInt64(bitPattern: Int64(Int32(bitPattern: UInt32(a)))))
      }
      if opcode == .extendU { return .success(a) }
      return integer(opcode, UInt32(a), UInt32(truncatingIfNeeded: b)).map { UInt64($0) }
    case .i64:
      if to.isFloat { return .success(fromInteger(opcode, Int64(bitPattern: a), to)) }
      if opcode == .wrap { return .success(a % 4_294_967_296) }
      return integer(opcode, a, b)
    case .f32:
      return float(
        opcode, Float(bitPattern: UInt32(a)), Float(bitPattern: UInt32(truncatingIfNeeded: b)),
        UInt32(a), to)
    case .f64: return float(opcode, Double(bitPattern: a), Double(bitPattern: b), a, to)
    case .v128, .none: return .failure(Trap(kind: 99))
    }
  }

  private static func compare<U: FixedWidthInteger & UnsignedInteger>(
    _ opcode: Opcode, _ x: U, _ y: U
  ) -> Bool {
    // Flipping the sign bit turns signed order into unsigned order.
    let sign: U = 1 << (U.bitWidth - 1)
    switch opcode {
    case .eq: return x == y
    case .ne: return x != y
    case .ltU: return x < y
    case .leU: return x <= y
    case .gtU: return x > y
    case .geU: return x >= y
    case .ltS: return x ^ sign < y ^ sign
    case .leS: return x ^ sign <= y ^ sign
    case .gtS: return x ^ sign > y ^ sign
    default: return x ^ sign >= y ^ sign
    }
  }

  private static func integer<U: FixedWidthInteger & UnsignedInteger>(
    _ opcode: Opcode, _ x: U, _ y: U
  ) -> Result<U, Trap> where U.Magnitude == U {
    let width = U(U.bitWidth)
    let sign: U = 1 << (U.bitWidth - 1)
    let isNegative = x & sign != 0
    let amount = Int(y % width)
    func magnitude(_ value: U) -> U { value & sign != 0 ? 0 &- value : value }
    func spread(_ bitCount: Int) -> U {
      let low = x % (1 << bitCount)
      return low >= 1 << (bitCount - 1) ? low &- (1 << bitCount) : low
    }
    switch opcode {
    case .add: return .success(x &+ y)
    case .sub: return .success(x &- y)
    case .mul: return .success(x &* y)
    case .mulHighU: return .success(x.multipliedFullWidth(by: y).high)
    case .mulHighS:
      // Of two's complement: each negative factor has taken 2^bits times the other too much.
      var high = x.multipliedFullWidth(by: y).high
      if isNegative { high &-= y }
      if y & sign != 0 { high &-= x }
      return .success(high)
    case .and: return .success(x & y)
    case .or: return .success(x | y)
    case .xor: return .success(x ^ y)
    case .divU: return y == 0 ? .failure(Trap(kind: divideByZero)) : .success(x / y)
    case .remU: return y == 0 ? .failure(Trap(kind: divideByZero)) : .success(x % y)
    case .divS:
      if y == 0 { return .failure(Trap(kind: divideByZero)) }
      if x == sign && y == U.max { return .failure(Trap(kind: overflow)) }
      let quotient = magnitude(x) / magnitude(y)
      return .success((x ^ y) & sign != 0 ? 0 &- quotient : quotient)
    case .remS:
      if y == 0 { return .failure(Trap(kind: divideByZero)) }
      let rest = magnitude(x) % magnitude(y)
      return .success(isNegative ? 0 &- rest : rest)
    case .shl: return .success(x << amount)
    case .shrU: return .success(x >> amount)
    case .shrS:
      let high: U = isNegative && amount > 0 ? ~(U.max >> amount) : 0
      return .success(x >> amount | high)
    case .rotl: return .success(x << amount | x >> (U.bitWidth - amount))
    case .rotr: return .success(x >> amount | x << (U.bitWidth - amount))
    case .clz: return .success(U(x.leadingZeroBitCount))
    case .ctz: return .success(U(x.trailingZeroBitCount))
    case .popcnt: return .success(U(x.nonzeroBitCount))
    case .extend8S: return .success(spread(8))
    case .extend16S: return .success(spread(16))
    case .extend32S: return .success(spread(32))
    default: return .failure(Trap(kind: 99))
    }
  }

  private static func fromInteger<S: FixedWidthInteger & SignedInteger>(
    _ opcode: Opcode, _ value: S, _ to: Type
  ) -> UInt64 {
    let magnitude = S.Magnitude(truncatingIfNeeded: value)
    switch (opcode, to) {
    case (.convertS, .f32): return UInt64(Float(value).bitPattern)
    case (.convertS, _): return Double(value).bitPattern
    case (.convertU, .f32): return UInt64(Float(magnitude).bitPattern)
    case (.convertU, _): return Double(magnitude).bitPattern
    default: return UInt64(truncatingIfNeeded: magnitude)
    }
  }

  private static func pattern<F: BinaryFloatingPoint>(_ value: F) -> UInt64 {
    if let single = value as? Float { return UInt64(single.bitPattern) }
    return (value as! Double).bitPattern
  }

  private static func float<F: BinaryFloatingPoint>(
    _ opcode: Opcode, _ x: F, _ y: F, _ raw: some FixedWidthInteger, _ to: Type
  ) -> Result<UInt64, Trap> {
    switch opcode {
    case .fadd: return .success(pattern(x + y))
    case .fsub: return .success(pattern(x - y))
    case .fmul: return .success(pattern(x * y))
    case .fdiv: return .success(pattern(x / y))
    case .fmin, .fmax:
      if x.isNaN || y.isNaN { return .success(pattern(F.nan)) }
      if x == y {
        let negative =
          opcode == .fmin
          ? x.sign == .minus || y.sign == .minus
          : x.sign == .minus && y.sign == .minus
        return .success(
          pattern(
            F(
              sign: negative ? .minus : .plus, exponentBitPattern: x.exponentBitPattern,
              significandBitPattern: x.significandBitPattern)))
      }
      return .success(pattern((x < y) == (opcode == .fmin) ? x : y))
    case .fcopysign:
      return .success(
        pattern(
          F(
            sign: y.sign, exponentBitPattern: x.exponentBitPattern,
            significandBitPattern: x.significandBitPattern)))
    case .fneg:
      return .success(
        pattern(
          F(
            sign: x.sign == .plus ? .minus : .plus,
            exponentBitPattern: x.exponentBitPattern, significandBitPattern: x.significandBitPattern
          )))
    case .fabs:
      return .success(
        pattern(
          F(
            sign: .plus, exponentBitPattern: x.exponentBitPattern,
            significandBitPattern: x.significandBitPattern)))
    case .fsqrt: return .success(pattern(x.squareRoot()))
    case .fceil: return .success(pattern(x.rounded(.up)))
    case .ffloor: return .success(pattern(x.rounded(.down)))
    case .ftrunc: return .success(pattern(x.rounded(.towardZero)))
    case .fnearest: return .success(pattern(x.rounded(.toNearestOrEven)))
    case .feq: return .success(x == y ? 1 : 0)
    case .fne: return .success(x != y ? 1 : 0)
    case .flt: return .success(x < y ? 1 : 0)
    case .fle: return .success(x <= y ? 1 : 0)
    case .fgt: return .success(x > y ? 1 : 0)
    case .fge: return .success(x >= y ? 1 : 0)
    case .promote, .demote:
      return .success(to == .f32 ? UInt64(Float(x).bitPattern) : Double(x).bitPattern)
    case .reinterpret: return .success(UInt64(truncatingIfNeeded: raw))
    case .truncS, .truncSatS:
      return to == .i32
        ? toInteger(opcode, x, Int32.self) { UInt64(UInt32(bitPattern: $0)) }
        : toInteger(opcode, x, Int64.self) { UInt64(bitPattern: $0) }
    case .truncU, .truncSatU:
      return to == .i32
        ? toInteger(opcode, x, UInt32.self) { UInt64($0) }
        : toInteger(opcode, x, UInt64.self) { $0 }
    default: return .failure(Trap(kind: 99))
    }
  }

  private static func toInteger<F: BinaryFloatingPoint, I: FixedWidthInteger>(
    _ opcode: Opcode, _ x: F, _: I.Type, _ bits: (I) -> UInt64
  ) -> Result<UInt64, Trap> {
    let isSaturating = opcode == .truncSatS || opcode == .truncSatU
    if x.isNaN {
      return isSaturating ? .success(0) : .failure(Trap(kind: badConversion))
    }
    if let value = I(exactly: x.rounded(.towardZero)) { return .success(bits(value)) }
    if isSaturating { return .success(bits(x < 0 ? I.min : I.max)) }
    return .failure(Trap(kind: overflow))
  }
}

/// A seeded generator (SplitMix64), so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
