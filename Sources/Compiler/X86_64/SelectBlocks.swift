// SPDX-License-Identifier: Apache-2.0
// Selection of copies and fills of a few bytes of linear memory.

import RegisterAllocation

extension Lowering where ISA == X64 {
  mutating func lowerMemoryCopy(_ x: Instruction) {
    let destination = register(x.a)
    let memory = x.aux & 255
    let base = memory == 0 ? VirtualRegister.none : memoryBase(memory)
    let s = blockAddress(x.c, memory: x.aux &>> 8, x.b)
    let parts = BlockParts(byteCount: Int32(truncatingIfNeeded: x.b))
    emit(.copyBlock, size: 0, s, immediate: base.isNone ? 0 : 1)
    code.last.instruction.extra = UInt16(truncatingIfNeeded: x.b)
    // The last part that is in a vector register goes through xmm15.
    let registerClass: RegisterClass = parts.areVectors ? .float : .int
    for _ in (parts.areVectors ? 1 : 0)..<parts.count {
      operands.append(.temporary(newRegister(registerClass), registerClass))
    }
    operands.append(.use(destination, .int))
    if !base.isNone { operands.append(.use(base, .int)) }
    appendAddress(s)
  }

  mutating func lowerMemoryFill(_ x: Instruction) {
    let parts = BlockParts(byteCount: Int32(truncatingIfNeeded: x.b))
    var s = blockAddress(x.a, memory: x.aux, x.b)
    if let c = constant(x.c), let pattern = parts.immediate(of: UInt8(truncatingIfNeeded: c)) {
      s.form = .immediateToMemory
      emit(.fillBlock, size: 0, s, immediate: pattern)
    } else {
      let value = register(low(x.c))
      s.form = .registerToMemory
      emit(.fillBlock, size: 0, s)
      operands.append(.use(value, .int))
    }
    code.last.instruction.extra = UInt16(truncatingIfNeeded: x.b)
    appendAddress(s)
  }

  /// An address of which `bytes` more fit the displacement.
  private mutating func blockAddress(_ address: UInt32, memory: UInt16, _ bytes: UInt32)
    -> X64Source
  {
    let s = memoryAddress(Instruction(.load, .i64, aux: memory, a: address))
    if s.displacement <= Int32.max &- Int32(truncatingIfNeeded: bytes) { return s }
    let index = register(address)
    if memory == 0 { return X64Source(.memoryIndex, first: index) }
    return X64Source(.baseIndex, first: memoryBase(memory), second: index)
  }
}
