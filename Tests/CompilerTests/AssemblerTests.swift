// SPDX-License-Identifier: Apache-2.0
// The assembler against the toolchain's disassembler, thousands of instructions in one call.

import Testing

@testable import BrolgaCompiler

private typealias C = AssemblerCases

@Suite struct AssemblerTests {
  /// How an immediate of this width is printed: unsigned, unless its form extends the sign.
  private func full(_ value: Int32, _ width: Width) -> String {
    switch width {
    case .b8: "\(Int8(truncatingIfNeeded: value))"
    case .b16: "\(UInt16(truncatingIfNeeded: value))"
    case .b32: "\(UInt32(bitPattern: value))"
    case .b64: "\(value)"
    }
  }

  /// How an immediate is printed where a byte is extended if it suffices.
  private func cut(_ value: Int32, _ width: Width) -> String {
    Int8(exactly: value) == nil ? full(value, width) : "\(value)"
  }

  @Test func everyAddressingModeIsEncoded() throws {
    var list = AssemblerCases()
    for (i, m) in C.allMemory.enumerated() {
      let r = C.gprs[i & 15]
      list.add("mov \(C.name(r, .b32)), dword ptr \(C.text(m))") { $0.load(.b32, r, m) }
      let x = C.xmms[i * 7 & 15]
      list.add("vmovsd \(C.text(x)), qword ptr \(C.text(m))") { $0.load(.f64, x, m) }
    }
    list.add("mov eax, dword ptr [rip]") { $0.load(.b32, .rax, .label(Label(raw: 0))) }
    list.add("vaddss xmm9, xmm1, dword ptr [rip]") {
      $0.float(.add, .f32, Xmm(9), Xmm(1), .constant(0))
    }
    try list.check()
  }

  @Test func arithmeticIsEncoded() throws {
    var list = AssemblerCases()
    for op in ArithmeticOp.allCases {
      for width in Width.allCases {
        for (i, place) in C.someIntegerPlaces.enumerated() {
          let r = C.someGprs[i * 5 % C.someGprs.count]
          let (name, text) = (C.name(r, width), C.text(place, width))
          list.add("\(op) \(name), \(text)") { $0.arithmetic(op, width, r, place) }
          list.add("\(op) \(text), \(name)") { $0.arithmetic(op, width, place, r) }
          let value = C.immediates[i % C.immediates.count]
          list.add("\(op) \(text), \(cut(value, width))") {
            $0.arithmetic(op, width, place, immediate: value)
          }
        }
        for value in C.immediates {
          list.add("\(op) \(C.name(.rsi, width)), \(cut(value, width))") {
            $0.arithmetic(op, width, RegisterOrMemory(Gpr.rsi), immediate: value)
          }
        }
      }
    }
    try list.check()
  }

  @Test func allPairsOfRegistersAreEncoded() throws {
    var list = AssemblerCases()
    for a in C.gprs {
      for b in C.gprs {
        for width in Width.allCases {
          list.add("xor \(C.name(a, width)), \(C.name(b, width))") {
            $0.arithmetic(.xor, width, a, RegisterOrMemory(b))
          }
        }
        list.add("mov \(C.name(a, .b64)), \(C.name(b, .b64))") { $0.move(.b64, a, b) }
        list.add("movzx \(C.name(a, .b32)), \(C.name(b, .b8))") {
          $0.loadZeroExtended(from: .b8, a, RegisterOrMemory(b))
        }
        let (x, y) = (C.xmms[Int(a.number)], C.xmms[Int(b.number)])
        list.add("vmovaps \(C.text(x)), \(C.text(y))") { $0.move(x, y) }
        list.add("vmovq \(C.text(x)), \(C.name(b, .b64))") {
          $0.moveBits(.b64, x, RegisterOrMemory(b))
        }
      }
    }
    try list.check()
  }

  @Test func testsAndUnaryOperationsAreEncoded() throws {
    var list = AssemblerCases()
    for width in Width.allCases {
      for (i, place) in C.someIntegerPlaces.enumerated() {
        let r = C.someGprs[i * 4 % C.someGprs.count]
        let text = C.text(place, width)
        list.add("test \(text), \(C.name(r, width))") { $0.test(width, place, r) }
        let value = C.immediates[i % C.immediates.count]
        list.add("test \(text), \(full(value, width))") { $0.test(width, place, immediate: value) }
        for op in UnaryOp.allCases {
          list.add("\(op) \(text)") { $0.unary(op, width, place) }
        }
        list.add("inc \(text)") { $0.increment(width, place) }
        list.add("dec \(text)") { $0.decrement(width, place) }
        let (one, other) = place.isRegister ? (C.name(r, width), text) : (text, C.name(r, width))
        list.add("xchg \(one), \(other)") { $0.exchange(width, place, r) }
        for op in ShiftOp.allCases {
          list.add("\(op) \(text)") { $0.shift(op, width, place, by: 1) }
          list.add("\(op) \(text), 31") { $0.shift(op, width, place, by: 31) }
          list.add("\(op) \(text), cl") { $0.shiftByCounter(op, width, place) }
        }
        guard width != .b8 else { continue }
        let name = C.name(r, width)
        list.add("imul \(name), \(text)") { $0.multiply(width, r, place) }
        list.add("imul \(name), \(text), \(cut(value, width))") {
          $0.multiply(width, r, place, immediate: value)
        }
        list.add("bt \(text), 5") { $0.testBit(width, place, bit: 5) }
        if place.isRegister {
          list.add("bt \(text), \(name)") { $0.testBit(width, Gpr(place.base), r) }
        }
      }
    }
    list.add("cdq") { $0.extendSignForDivision(.b32) }
    list.add("cqo") { $0.extendSignForDivision(.b64) }
    try list.check()
  }

  @Test func integerMovesAreEncoded() throws {
    var list = AssemblerCases()
    for width in Width.allCases {
      for (i, place) in C.someIntegerPlaces.enumerated() {
        let r = C.someGprs[i * 4 % C.someGprs.count]
        let (name, text) = (C.name(r, width), C.text(place, width))
        list.add("mov \(name), \(text)") { $0.load(width, r, place) }
        list.add("mov \(text), \(name)") { $0.store(width, place, r) }
        let value = C.immediates[i % C.immediates.count]
        list.add("mov \(text), \(full(value, width))") { $0.store(width, place, immediate: value) }
        for to in [Width.b32, .b64] where to.rawValue > width.rawValue {
          let mnemonic = width == .b32 ? "movsxd" : "movsx"
          list.add("\(mnemonic) \(C.name(r, to)), \(text)") {
            $0.loadSignExtended(from: width, to: to, r, place)
          }
        }
        if width.rawValue < 2 {
          list.add("movzx \(C.name(r, .b32)), \(text)") {
            $0.loadZeroExtended(from: width, r, place)
          }
        }
        if !place.isRegister && width.rawValue >= 2 {
          list.add("lea \(name), \(C.text(place))") { $0.loadAddress(width, r, place) }
        }
      }
    }
    for r in C.gprs {
      list.add("mov \(C.name(r, .b32)), 4294967295") { $0.moveConstant(r, 0xFFFF_FFFF) }
      list.add("mov \(C.name(r, .b32)), 5") { $0.moveConstant(r, 5) }
      list.add("mov \(C.name(r, .b64)), -2") { $0.moveConstant(r, UInt64.max - 1) }
      list.add("movabs \(C.name(r, .b64)), 4294967296") { $0.moveConstant(r, 1 << 32) }
      list.add("push \(C.name(r, .b64))") { $0.push(r) }
      list.add("pop \(C.name(r, .b64))") { $0.pop(r) }
      list.add("bswap \(C.name(r, .b32))") { $0.swapBytes(.b32, r) }
      list.add("bswap \(C.name(r, .b64))") { $0.swapBytes(.b64, r) }
    }
    try list.check()
  }

  @Test func bitManipulationIsEncoded() throws {
    var list = AssemblerCases()
    for width in [Width.b32, .b64] {
      for (i, place) in C.someIntegerPlaces.enumerated() {
        let r = C.someGprs[i * 4 % C.someGprs.count]
        let s = C.someGprs[i * 7 % C.someGprs.count]
        let (a, b, text) = (C.name(r, width), C.name(s, width), C.text(place, width))
        for op in FlaglessShiftOp.allCases {
          list.add("\(op) \(a), \(text), \(b)") { $0.shift(op, width, r, place, by: s) }
        }
        list.add("rorx \(a), \(text), 7") { $0.rotateRight(width, r, place, by: 7) }
        let other = C.name(C.gprs[(Int(r.number) * 5 + 3) % 16], width)
        list.add("shld \(a), \(other), 5") {
          $0.shiftDouble(left: true, width, r, C.gprs[(Int(r.number) * 5 + 3) % 16], by: 5)
        }
        list.add("shrd \(other), \(a), 9") {
          $0.shiftDouble(left: false, width, C.gprs[(Int(r.number) * 5 + 3) % 16], r, by: 9)
        }
        list.add("andn \(a), \(b), \(text)") { $0.andNot(width, r, s, place) }
        list.add("mulx \(a), \(b), \(text)") { $0.multiplyWide(width, high: r, low: s, place) }
        for op in LowestBitOp.allCases {
          list.add("\(op) \(a), \(text)") { $0.lowestBit(op, width, r, place) }
        }
        for op in BitCountOp.allCases {
          list.add("\(op) \(a), \(text)") { $0.bitCount(op, width, r, place) }
        }
      }
    }
    try list.check()
  }

  private let conditionNames = [
    "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g",
  ]

  @Test func conditionsAreEncoded() throws {
    var list = AssemblerCases()
    for condition in ConditionCode.allCases {
      let suffix = conditionNames[Int(condition.rawValue)]
      for (i, place) in C.someIntegerPlaces.enumerated() {
        let r = C.someGprs[i * 4 % C.someGprs.count]
        list.add("set\(suffix) \(C.text(place, .b8))") { $0.set(condition, place) }
        for width in [Width.b16, .b32, .b64] {
          list.add("cmov\(suffix) \(C.name(r, width)), \(C.text(place, width))") {
            $0.moveIf(condition, width, r, place)
          }
        }
      }
    }
    for place in C.someIntegerPlaces {
      list.add("call \(C.text(place, .b64))") { $0.call(place) }
      list.add("jmp \(C.text(place, .b64))") { $0.jump(place) }
    }
    list.add("ret") { $0.return() }
    list.add("leave") { $0.leave() }
    list.add("ud2") { $0.undefined() }
    try list.check()
  }

  @Test func floatArithmeticIsEncoded() throws {
    var list = AssemblerCases()
    for width in FloatWidth.allCases {
      let (s, p) = width == .f32 ? ("ss", "ps") : ("sd", "pd")
      for (i, place) in C.someFloatPlaces.enumerated() {
        let a = C.someXmms[i * 4 % C.someXmms.count]
        let b = C.someXmms[i * 5 % C.someXmms.count]
        let (first, second, text) = (C.text(a), C.text(b), C.text(place, width))
        let wide = place.isRegister ? text : "xmmword ptr \(C.text(place))"
        for op in FloatOp.allCases {
          list.add("v\(op)\(s) \(first), \(second), \(text)") { $0.float(op, width, a, b, place) }
        }
        list.add("vsqrt\(s) \(first), \(second), \(text)") {
          $0.squareRoot(width, a, upper: b, place)
        }
        for mode in RoundingMode.allCases {
          list.add("vround\(s) \(first), \(second), \(text), \(mode.rawValue)") {
            $0.round(mode, width, a, upper: b, place)
          }
        }
        list.add("vucomi\(s) \(first), \(text)") { $0.compare(width, a, place) }
        let predicates = ["eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord"]
        for predicate in FloatPredicate.allCases {
          list.add("vcmp\(predicates[Int(predicate.rawValue)])\(s) \(first), \(second), \(text)") {
            $0.compareToMask(predicate, width, a, b, place)
          }
        }
        for (op, name) in zip(FloatLogicOp.allCases, ["vand", "vandn", "vor", "vxor"]) {
          list.add("\(name)\(p) \(first), \(second), \(wide)") { $0.logic(op, width, a, b, place) }
        }
        list.add("vblendv\(p) \(first), \(second), \(wide), xmm11") {
          $0.blend(width, a, b, place, mask: Xmm(11))
        }
        list.add("vcvt\(width == .f32 ? "ss2sd" : "sd2ss") \(first), \(second), \(text)") {
          $0.convert(from: width, a, upper: b, place)
        }
        for to in [Width.b32, .b64] {
          let r = C.someGprs[i * 5 % C.someGprs.count]
          list.add("vcvtt\(s)2si \(C.name(r, to)), \(text)") {
            $0.truncate(from: width, place, to: to, r)
          }
        }
        if !place.isRegister {
          list.add("vmov\(s) \(first), \(text)") { $0.load(width, a, place) }
          list.add("vmov\(s) \(text), \(first)") { $0.store(width, place, a) }
        } else {
          let lane = width == .f32 ? "d" : "q"
          list.add("vpsll\(lane) \(first), \(text), 9") {
            $0.shiftLanes(left: true, width, a, Xmm(place.base), by: 9)
          }
          list.add("vpsrl\(lane) \(first), \(text), 9") {
            $0.shiftLanes(left: false, width, a, Xmm(place.base), by: 9)
          }
        }
      }
    }
    try list.check()
  }

  @Test func movesBetweenRegisterKindsAreEncoded() throws {
    var list = AssemblerCases()
    for (i, place) in C.someIntegerPlaces.enumerated() {
      let a = C.someXmms[i * 4 % C.someXmms.count]
      let b = C.someXmms[i * 5 % C.someXmms.count]
      for width in [Width.b32, .b64] {
        let text = C.text(place, width)
        let mnemonic = width == .b32 ? "vmovd" : "vmovq"
        list.add("\(mnemonic) \(C.text(a)), \(text)") { $0.moveBits(width, a, place) }
        list.add("\(mnemonic) \(text), \(C.text(a))") { $0.moveBits(width, place, a) }
        for to in FloatWidth.allCases {
          let s = to == .f32 ? "ss" : "sd"
          list.add("vcvtsi2\(s) \(C.text(a)), \(C.text(b)), \(text)") {
            $0.convert(from: width, place, to: to, a, upper: b)
          }
        }
      }
      if !place.isRegister {
        list.add("vmovups \(C.text(a)), xmmword ptr \(C.text(place))") { $0.loadVector(a, place) }
        list.add("vpbroadcastb xmm\(a.number), xmm\(b.number)") {
          $0.broadcastByte(a, RegisterOrMemory(b))
        }
        list.add("vpbroadcastb ymm\(a.number), xmm\(b.number)") {
          $0.broadcastByte(a, RegisterOrMemory(b), isLong: true)
        }
        list.add("vzeroupper") { $0.clearUpperHalves() }
        list.add("vmovups ymm\(a.number), ymmword ptr \(C.text(place))") {
          $0.loadVector(a, place, isLong: true)
        }
        list.add("vmovups ymmword ptr \(C.text(place)), ymm\(a.number)") {
          $0.storeVector(place, a, isLong: true)
        }
        list.add("vmovups xmmword ptr \(C.text(place)), \(C.text(a))") { $0.storeVector(place, a) }
      }
    }
    for x in C.xmms {
      let name = C.text(x)
      list.add("vxorps \(name), \(name), \(name)") { $0.clear(x) }
      list.add("vpcmpeqd \(name), \(name), \(name)") { $0.fillOnes(x) }
    }
    try list.check()
  }

  @Test func paddingIsOneInstructionUpToNineBytes() throws {
    guard let tool = Disassembler.path else {
      print("skipped: no llvm-objdump in this toolchain or in the search path")
      return
    }
    for count in 1...40 {
      var code = CodeBuffer()
      X64.pad(count, &code)
      #expect(code.count == count)
      guard count == 9 || count == 40 || count == 5 else { continue }
      let lines = try Disassembler.run(Array(code.bytes), tool: tool)
      #expect(lines.count == (count + 8) / 9)
      for line in lines { #expect(line.text.hasPrefix("nop") || line.text == "xchg ax, ax") }
    }
  }
}
