// SPDX-License-Identifier: Apache-2.0
// Calls, indirect jumps, traps and padding of x86-64. Jumps to labels are in Branches.swift, which
// chooses their size.

extension CodeBuffer {
  /// Calls a function of the module, whose address the link fills in.
  package mutating func call(function: UInt32) { reach(0xE8, function: function) }

  package mutating func jump(function: UInt32) { reach(0xE9, function: function) }

  private mutating func reach(_ opcode: UInt8, function: UInt32) {
    makeRoom()
    put8(opcode)
    calls.append(
      CallRelocation(offset: UInt32(truncatingIfNeeded: offset), callee: function))
    put32(0)
  }

  package mutating func call(_ target: RegisterOrMemory) {
    legacy(OpcodeBits(0xFF), 2, target)
  }

  package mutating func jump(_ target: RegisterOrMemory) {
    legacy(OpcodeBits(0xFF), 4, target)
  }

  /// Returns, and removes so many bytes above the return address.
  package mutating func `return`(removing bytes: UInt16 = 0) {
    makeRoom()
    if bytes == 0 { return put8(0xC3) }
    put8(0xC2)
    put16(bytes)
  }

  /// The instruction that raises a signal.
  package mutating func undefined() {
    makeRoom()
    put16(0x0B0F)
  }

  /// Instructions that do nothing, as few as possible.
  package mutating func pad(_ count: Int) {
    reserve(count + 16)
    var left = count
    while left > 0 {
      let size = min(left, 9)
      switch size {
      case 1: put8(0x90)
      case 2: put16(0x9066)
      case 3: put24(0x00_1F0F)
      case 4: put32(0x0040_1F0F)
      case 5:
        put32(0x0044_1F0F)
        put8(0)
      case 6:
        put32(0x441F_0F66)
        put16(0)
      case 7:
        put32(0x0080_1F0F)
        put24(0)
      case 8:
        put32(0x0084_1F0F)
        put32(0)
      default:
        put8(0x66)
        put32(0x0084_1F0F)
        put32(0)
      }
      left -= size
    }
  }

  @inline(__always) private mutating func put24(_ value: UInt32) {
    put16(UInt16(truncatingIfNeeded: value))
    put8(UInt8(truncatingIfNeeded: value &>> 16))
  }
}

extension CodeBuffer {
  /// `rsp = rbp; pop rbp`.
  package mutating func leave() {
    makeRoom()
    put8(0xC9)
  }
}
