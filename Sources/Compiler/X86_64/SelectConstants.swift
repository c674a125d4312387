// SPDX-License-Identifier: Apache-2.0
// Constants in registers and in memory.

import BrolgaEntities
import RegisterAllocation

extension Lowering where ISA == X64 {
  // MARK: Registers

  /// A register with what an instruction of the IR says, which is a constant.
  mutating func constantRegister(_ x: Instruction) -> VirtualRegister {
    switch x.opcode {
    case .fconst: floatConstantRegister(x)
    case .vconst: constantVector(function.vectors[Int(truncatingIfNeeded: x.b)])
    default: constantRegister(x.bits)
    }
  }

  mutating func constantRegister(_ bits: UInt64) -> VirtualRegister {
    let low = Int32(truncatingIfNeeded: bits)
    if bits &>> 32 == 0 {
      return made(by: MachineInstruction(.movImmediate, size: 2, immediate: low), .i64)
    }
    if UInt64(bitPattern: Int64(low)) == bits {
      return made(by: MachineInstruction(.movImmediate, size: 3, immediate: low), .i64)
    }
    return made(by: MachineInstruction(.movWide, size: 3, immediate: constantIndex(bits)), .i64)
  }

  private mutating func floatConstantRegister(_ x: Instruction) -> VirtualRegister {
    if x.bits == 0 { return made(by: MachineInstruction(.fzero, size: 3), .f64) }
    let source = constantSource(x.bits)
    var instruction = MachineInstruction(.fmov, source.form, size: Self.size(x.type))
    instruction.address = source.address
    instruction.displacement = source.displacement
    return made(by: instruction, .f64)
  }

  /// A word of the context that never changes.
  mutating func contextRegister(_ offset: Int32) -> VirtualRegister {
    let source = X64Source(.context, displacement: offset)
    var instruction = MachineInstruction(.mov, source.form, size: 3)
    instruction.address = source.address
    instruction.displacement = source.displacement
    return made(by: instruction, .i64)
  }

  // MARK: Memory

  mutating func constantSource(_ bits: UInt64) -> X64Source {
    X64Source(.constant, displacement: constantIndex(bits))
  }

  /// A mask of 16 bytes, aligned: the word and zeros.
  mutating func maskSource(_ bits: UInt64) -> X64Source {
    X64Source(.constant, displacement: constantIndex(bits, 0))
  }
}
