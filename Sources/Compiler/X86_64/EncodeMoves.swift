// SPDX-License-Identifier: Apache-2.0
// The allocation's moves.

import RegisterAllocation

extension Emitter where ISA == X64 {
  mutating func encodeMove(_ edit: Edit) {
    let units = Int32(truncatingIfNeeded: edit.units)
    let from = frame.place(edit.from, units: units)
    let to = frame.place(edit.to, units: units)
    if edit.registerClass == .int {
      if edit.to.isSlot {
        assembler.store(.b64, to, Gpr(from.base))
      } else {
        assembler.load(.b64, Gpr(to.base), from)
      }
    } else if edit.to.isSlot {
      if units == 2 {
        assembler.storeVector(to, Xmm(from.base))
      } else {
        assembler.store(.f64, to, Xmm(from.base))
      }
    } else if edit.from.isSlot {
      if units == 2 {
        assembler.loadVector(Xmm(to.base), from)
      } else {
        assembler.load(.f64, Xmm(to.base), from)
      }
    } else {
      assembler.move(Xmm(to.base), Xmm(from.base))
    }
  }

  /// Makes a constant again, and leaves the flags as they are.
  mutating func encodeConstant(
    _ instruction: MachineInstruction, in place: Allocation, _ machine: inout MachineFunction
  ) {
    switch instruction.x64Opcode {
    case .movImmediate:
      let low = instruction.immediate
      assembler.moveConstant(
        Gpr(frame.place(place).base),
        instruction.size == 3
          ? UInt64(bitPattern: Int64(low)) : UInt64(truncatingIfNeeded: UInt32(bitPattern: low)))
    case .movWide:
      assembler.moveConstant(
        Gpr(frame.place(place).base),
        machine.constants[Int(truncatingIfNeeded: instruction.immediate)])
    default: withUnsafePointer(to: place) { encode(instruction, $0, 0) }
    }
  }
}
