// SPDX-License-Identifier: Apache-2.0
// The encoding of each machine instruction on vectors.

extension PlacedInstruction {
  /// The operation among those of the instruction's form.
  @inline(__always) func operation<Operation: RawRepresentable>() -> Operation
  where Operation.RawValue == UInt16 {
    Operation(rawValue: instruction.extra).unsafelyUnwrapped
  }

  @inline(__always) var byte: UInt8 { UInt8(truncatingIfNeeded: immediate) }
}

extension Emitter where ISA == X64 {
  mutating func encodeVector(_ opcode: X64Opcode, _ p: PlacedInstruction) {
    switch opcode {
    case .vmov:
      let from = source(p, 1)
      if !from.isRegister {
        assembler.loadVector(p.xmm(0), from)
      } else if from.base != p.number(0) {
        assembler.move(p.xmm(0), Xmm(from.base))
      }
    case .vstore: assembler.storeVector(address(p, 1), p.xmm(0))
    case .vones: assembler.fillOnes(p.xmm(0))
    case .vbinary:
      assembler.vector(p.operation() as VectorBinary, p.xmm(0), p.xmm(1), source(p, 2))
    case .vbinaryByte:
      assembler.vector(
        p.operation() as VectorBinaryByte, p.xmm(0), p.xmm(1), source(p, 2), immediate: p.byte)
    case .vternary:
      assembler.vector(p.operation() as VectorTernary, p.xmm(0), p.xmm(2), source(p, 3))
    case .vternaryByte:
      assembler.vector(
        p.operation() as VectorTernaryByte, p.xmm(0), p.xmm(2), source(p, 3), immediate: p.byte)
    case .vselect:
      assembler.vector(
        p.operation() as VectorSelect, p.xmm(0), p.xmm(1), source(p, 3), mask: p.xmm(2))
    case .vunary: assembler.vector(p.operation() as VectorUnary, p.xmm(0), source(p, 1))
    case .vunaryByte:
      assembler.vector(
        p.operation() as VectorUnaryByte, p.xmm(0), source(p, 1), immediate: p.byte)
    case .vshift: assembler.vector(p.operation() as VectorShift, p.xmm(0), p.xmm(1), by: p.byte)
    case .vinsert:
      assembler.vector(
        p.operation() as VectorInsert, p.xmm(0), p.xmm(1), source(p, 2), lane: p.byte)
    case .vextract:
      let operation: VectorExtract = p.operation()
      if p.instruction.x64Form == .registerToMemory {
        assembler.vector(operation, address(p, 1), p.xmm(0), lane: p.byte)
      } else {
        assembler.vector(operation, RegisterOrMemory(p.gpr(0)), p.xmm(1), lane: p.byte)
      }
    case .vmask: assembler.vector(p.operation() as VectorMask, p.gpr(0), p.xmm(1))
    case .vtest: assembler.testVector(p.xmm(0), source(p, 1))
    default: preconditionFailure("not a vector instruction")
    }
  }
}
