// SPDX-License-Identifier: Apache-2.0
// Every vector instruction against the toolchain's disassembler.

import Testing

@testable import BrolgaCompiler

private typealias C = AssemblerCases

@Suite struct AssemblerVectorTests {
  /// Registers and memory, with a pair of registers that differs from place to place.
  private static var places: [(d: Xmm, a: Xmm, source: RegisterOrMemory)] {
    (C.someFloatPlaces + C.wholeVectors).enumerated().map { i, source in
      (C.someXmms[i % C.someXmms.count], C.someXmms[(i / 2 + 1) % C.someXmms.count], source)
    }
  }

  /// `bytes` of memory, or the register.
  private func text(_ place: RegisterOrMemory, bytes: Int) -> String {
    let names = [1: "byte", 2: "word", 4: "dword", 8: "qword", 16: "xmmword"]
    return place.isRegister ? "xmm\(place.base)" : "\(names[bytes]!) ptr \(C.text(place))"
  }

  @Test func binaryOperations() throws {
    var list = AssemblerCases()
    for op in VectorBinary.allCases {
      for (d, a, source) in Self.places {
        // The moves of the lowest lane have other forms for memory.
        if op == .movss || op == .movsd, !source.isRegister { continue }
        list.add("v\(op) \(C.text(d)), \(C.text(a)), \(text(source, bytes: 16))") {
          $0.vector(op, d, a, source)
        }
      }
    }
    for (d, a, source) in Self.places {
      for op in VectorTernary.allCases {
        list.add("v\(op) \(C.text(d)), \(C.text(a)), \(text(source, bytes: 16))") {
          $0.vector(op, d, a, source)
        }
      }
      for op in VectorSelect.allCases {
        list.add("v\(op) \(C.text(d)), \(C.text(a)), \(text(source, bytes: 16)), \(C.text(a))") {
          $0.vector(op, d, a, source, mask: a)
        }
      }
      list.add("vptest \(C.text(a)), \(text(source, bytes: 16))") { $0.testVector(a, source) }
    }
    try list.check()
  }

  @Test func operationsWithAnImmediate() throws {
    let comparisons = ["eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord"]
    var list = AssemblerCases()
    for op in VectorBinaryByte.allCases {
      for (i, (d, a, source)) in Self.places.enumerated() {
        let places = "\(C.text(d)), \(C.text(a))"
        let immediate = UInt8(i * 37 & 255)
        switch op {
        case .cmpps, .cmppd:
          let predicate = immediate & 7
          let name = "vcmp\(comparisons[Int(predicate)])p\(op == .cmpps ? "s" : "d")"
          list.add("\(name) \(places), \(text(source, bytes: 16))") {
            $0.vector(op, d, a, source, immediate: predicate)
          }
        default:
          let bytes = op == .insertps ? 4 : 16
          list.add("v\(op) \(places), \(text(source, bytes: bytes)), \(immediate)") {
            $0.vector(op, d, a, source, immediate: immediate)
          }
        }
      }
    }
    for (i, (d, a, source)) in Self.places.enumerated() {
      let immediate = UInt8(i * 37 & 255)
      for op in VectorTernaryByte.allCases {
        list.add("v\(op) \(C.text(d)), \(C.text(a)), \(text(source, bytes: 16)), \(immediate)") {
          $0.vector(op, d, a, source, immediate: immediate)
        }
      }
    }
    for op in VectorUnaryByte.allCases {
      for (i, (d, _, source)) in Self.places.enumerated() {
        let immediate = UInt8(i * 37 & 255)
        list.add("v\(op) \(C.text(d)), \(text(source, bytes: 16)), \(immediate)") {
          $0.vector(op, d, source, immediate: immediate)
        }
      }
    }
    for op in VectorShift.allCases {
      for (i, (d, a, _)) in Self.places.enumerated() {
        list.add("v\(op) \(C.text(d)), \(C.text(a)), \(i)") {
          $0.vector(op, d, a, by: UInt8(i))
        }
      }
    }
    try list.check()
  }

  @Test func unaryOperations() throws {
    var list = AssemblerCases()
    for op in VectorUnary.allCases {
      let bytes: Int =
        switch op {
        case .pmovsxbw, .pmovsxwd, .pmovsxdq, .pmovzxbw, .pmovzxwd, .pmovzxdq, .cvtdq2pd,
          .cvtps2pd, .movddup, .pbroadcastq:
          8
        case .pbroadcastb: 1
        case .pbroadcastw: 2
        case .pbroadcastd, .broadcastss: 4
        default: 16
        }
      for (d, _, source) in Self.places {
        list.add("v\(op) \(C.text(d)), \(text(source, bytes: bytes))") { $0.vector(op, d, source) }
      }
    }
    try list.check()
  }

  /// Code says that it needs AVX-512, and which parts, when it has an instruction of it; and the
  /// distance of a whole vector takes one byte where that counts vectors.
  @Test func codeTellsWhatItsInstructionsNeed() {
    var assembler = Assembler<X64>()
    assembler.code.beginFunction(index: 0)
    assembler.vector(.paddq as VectorBinary, Xmm(1), Xmm(2), RegisterOrMemory(Xmm(3)))
    #expect(assembler.code.features.isEmpty)
    assembler.vector(.pmullq as VectorBinary, Xmm(1), Xmm(2), .memory(.rax, 2032))
    #expect(assembler.code.features == .avx512)
    #expect(
      assembler.code.bytes.suffix(7).elementsEqual([0x62, 0xf2, 0xed, 0x08, 0x40, 0x48, 0x7f]))
    assembler.vector(.popcntb as VectorUnary, Xmm(1), RegisterOrMemory(Xmm(3)))
    #expect(assembler.code.features == [.avx512, .avx512bitalg])
    assembler.vector(.permt2b as VectorTernary, Xmm(1), Xmm(2), RegisterOrMemory(Xmm(3)))
    #expect(assembler.code.features == [.avx512, .avx512bitalg, .avx512vbmi])
    #expect(assembler.code.view.features == assembler.code.features)
    assembler.code.removeAll()
    #expect(assembler.code.features.isEmpty)
  }

  @Test func lanesAndMasks() throws {
    var list = AssemblerCases()
    for (i, place) in C.someIntegerPlaces.enumerated() {
      let (d, a) = (C.someXmms[i % 6], C.someXmms[(i + 1) % 6])
      let lane = UInt8(i & 1)
      let widths: [Width] = [.b8, .b16, .b32, .b64]
      for (op, width) in zip(VectorInsert.allCases, widths) {
        let register = C.name(Gpr(place.base), width == .b64 ? .b64 : .b32)
        let source = place.isRegister ? register : C.text(place, width)
        list.add("v\(op) \(C.text(d)), \(C.text(a)), \(source), \(lane)") {
          $0.vector(op, d, a, place, lane: lane)
        }
      }
      for (op, width) in zip(VectorExtract.allCases, widths) {
        let register = C.name(Gpr(place.base), width == .b64 ? .b64 : .b32)
        let target = place.isRegister ? register : C.text(place, width)
        list.add("v\(op) \(target), \(C.text(a)), \(lane)") {
          $0.vector(op, place, a, lane: lane)
        }
      }
    }
    for r in C.gprs {
      for op in VectorMask.allCases {
        list.add("v\(op) \(C.name(r, .b32)), xmm\(15 - r.number)") {
          $0.vector(op, r, Xmm(15 - r.number))
        }
      }
    }
    try list.check()
  }
}
