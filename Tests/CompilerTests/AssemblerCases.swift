// SPDX-License-Identifier: Apache-2.0
// A list of encoded instructions, each beside the text that a disassembler must give for it.

import Testing

@testable import BrolgaCompiler

/// Encoded instructions and their expected text.
struct AssemblerCases {
  struct Case {
    var offset: Int
    var text: String
  }
  var cases: [Case] = []
  var bytes: [UInt8] = []

  mutating func add(_ text: String, _ encode: (inout Assembler<X64>) -> Void) {
    var assembler = Assembler<X64>()
    assembler.beginFunction(index: 0, blocks: 0)
    encode(&assembler)
    cases.append(Case(offset: bytes.count, text: text))
    bytes += Array(assembler.code.bytes)
  }

  /// Compares all cases with what the disassembler says about their bytes.
  func check() throws {
    guard let tool = Disassembler.path else {
      print("skipped: no llvm-objdump in this toolchain or in the search path")
      return
    }
    let lines = try Disassembler.run(bytes, tool: tool)
    var wrong = 0
    var at = 0
    for (i, expected) in cases.enumerated() {
      let end = i + 1 < cases.count ? cases[i + 1].offset : bytes.count
      var found: [String] = []
      while at < lines.count && lines[at].offset < end {
        if lines[at].offset >= expected.offset { found.append(lines[at].text) }
        at += 1
      }
      if found != [expected.text] {
        wrong += 1
        let hex = bytes[expected.offset..<end].map { String($0, radix: 16) }
        if wrong <= 20 {
          Issue.record("\(hex.joined(separator: " ")): \(found), expected \(expected.text)")
        }
      }
    }
    #expect(wrong == 0, "\(wrong) of \(cases.count) instructions differ")
    print("\(cases.count) instructions compared")
  }

  // MARK: Names.

  static let names64 = [
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15",
  ]
  static let names32 = [
    "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d",
    "r13d", "r14d", "r15d",
  ]
  static let names16 = [
    "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w",
    "r14w", "r15w",
  ]
  static let names8 = [
    "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b",
    "r13b", "r14b", "r15b",
  ]

  static func name(_ register: Gpr, _ width: Width) -> String {
    let n = Int(register.number)
    return switch width {
    case .b8: names8[n]
    case .b16: names16[n]
    case .b32: names32[n]
    case .b64: names64[n]
    }
  }

  static func pointer(_ width: Width) -> String {
    switch width {
    case .b8: "byte ptr "
    case .b16: "word ptr "
    case .b32: "dword ptr "
    case .b64: "qword ptr "
    }
  }
  static func pointer(_ width: FloatWidth) -> String { pointer(width == .f32 ? Width.b32 : .b64) }

  /// `[base + scale*index + displacement]`
  static func text(_ rm: RegisterOrMemory) -> String {
    var parts: [String] = []
    if rm.form == .base || rm.form == .baseIndex { parts.append(names64[Int(rm.base)]) }
    if rm.form == .baseIndex || rm.form == .index {
      let index = names64[Int(rm.indexRegister)]
      parts.append(rm.scale == 0 && rm.form == .baseIndex ? index : "\(1 << rm.scale)*\(index)")
    }
    if rm.form == .label { parts.append("rip") }
    var text = parts.joined(separator: " + ")
    let d = Int(rm.displacement)
    if d != 0 && rm.form != .label { text += d < 0 ? " - \(-d)" : " + \(d)" }
    return "[\(text)]"
  }

  static func text(_ rm: RegisterOrMemory, _ width: Width) -> String {
    rm.isRegister ? name(Gpr(rm.base), width) : pointer(width) + text(rm)
  }

  static func text(_ rm: RegisterOrMemory, _ width: FloatWidth) -> String {
    rm.isRegister ? "xmm\(rm.base)" : pointer(width) + text(rm)
  }

  static func text(_ register: Xmm) -> String { "xmm\(register.number)" }

  // MARK: Operands.

  static let gprs = (0..<16).map { Gpr(UInt8($0)) }
  static let xmms = (0..<16).map { Xmm(UInt8($0)) }
  static let displacements: [Int32] = [0, 1, -1, 127, 128, -128, -129, .max, .min]
  static let immediates: [Int32] = [0, 1, -1, 127, 128, -128, -129, 1000, .max, .min]

  /// Every addressing mode with every base, index, scale and kind of displacement.
  static let allMemory: [RegisterOrMemory] = {
    var list: [RegisterOrMemory] = []
    for base in gprs { for d in displacements { list.append(.memory(base, d)) } }
    for index in gprs where index != .rsp {
      for base in gprs {
        for scale in 0..<4 as Range<UInt8> {
          for d in [0, -8, 4096] as [Int32] {
            list.append(.memory(base, index: index, scale: scale, d))
          }
        }
      }
      for scale in 1..<4 as Range<UInt8> {
        for d in [-8, 4096] as [Int32] { list.append(.memory(index: index, scale: scale, d)) }
      }
    }
    return list
  }()

  /// A few places, with all that is special about x86-64 among them.
  static let someMemory: [RegisterOrMemory] = [
    .memory(.rax), .memory(.rsp, 8), .memory(.rbp), .memory(Gpr(12), 0), .memory(Gpr(13), 0),
    .memory(.r15, 1000), .memory(.rdi, -128), .memory(.rbx, index: .rcx, scale: 2, 16),
    .memory(Gpr(13), index: Gpr(12), scale: 3, 0), .memory(.rsp, index: .rbp, scale: 0, 300),
    .memory(index: Gpr(9), scale: 3, 64), .memory(.r14, index: .r15, scale: 0, -1),
  ]

  /// Distances that are whole vectors, of which some fit a byte when it counts vectors, and some that
  /// nearly are.
  static let wholeVectors: [RegisterOrMemory] = [
    .memory(.rax, 16), .memory(.rsp, 2032), .memory(.rbp, 2048), .memory(Gpr(12), -2048),
    .memory(Gpr(13), -2064), .memory(.rdi, 2040), .memory(.rbx, index: .rcx, scale: 2, 128),
    .memory(Gpr(13), index: Gpr(12), scale: 3, -16),
  ]

  /// Registers that differ in the low bits and in the extension bit.
  static let someGprs: [Gpr] = [.rax, .rbx, .rsp, .rbp, .rsi, .rdi, Gpr(8), Gpr(12), .r15]
  static let someXmms: [Xmm] = [Xmm(0), Xmm(4), Xmm(7), Xmm(8), Xmm(13), Xmm(15)]
  static var someIntegerPlaces: [RegisterOrMemory] {
    someGprs.map { RegisterOrMemory($0) } + someMemory
  }
  static var someFloatPlaces: [RegisterOrMemory] {
    someXmms.map { RegisterOrMemory($0) } + someMemory
  }
}
