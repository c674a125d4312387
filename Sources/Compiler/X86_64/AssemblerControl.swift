// SPDX-License-Identifier: Apache-2.0
// Jumps, calls, traps and padding of x86-64, and the forms of branches.

/// What a branch record is: the raw value of a `ConditionCode`, or this.
private enum X64Branch {
  static var jump: UInt8 { 16 }
}

extension Assembler where ISA == X64 {
  package mutating func jump(_ label: Label) { branch(X64Branch.jump, label) }

  package mutating func jump(if condition: ConditionCode, _ label: Label) {
    branch(condition.rawValue, label)
  }

  /// Calls a function of the module, whose address the link fills in.
  package mutating func call(function: UInt32) { reach(0xE8, function: function) }

  package mutating func jump(function: UInt32) { reach(0xE9, function: function) }

  private mutating func reach(_ opcode: UInt8, function: UInt32) {
    code.makeRoom()
    code.put8(opcode)
    code.calls.append(
      CallRelocation(offset: UInt32(truncatingIfNeeded: code.offset), callee: function))
    code.put32(0)
  }

  package mutating func call(_ target: RegisterOrMemory) {
    legacy(OpcodeBits(0xFF), 2, target)
  }

  package mutating func jump(_ target: RegisterOrMemory) {
    legacy(OpcodeBits(0xFF), 4, target)
  }

  /// Returns, and removes so many bytes above the return address.
  package mutating func `return`(removing bytes: UInt16 = 0) {
    code.makeRoom()
    if bytes == 0 { return code.put8(0xC3) }
    code.put8(0xC2)
    code.put16(bytes)
  }

  /// The instruction that raises a signal.
  package mutating func undefined() {
    code.makeRoom()
    code.put16(0x0B0F)
  }
  /// `rsp = rbp; pop rbp`.
  package mutating func leave() {
    code.makeRoom()
    code.put8(0xC9)
  }
}

// MARK: What `Assembler` and the link ask for

extension X64 {
  @inline(__always) package static func longBytes(ofBranch kind: UInt8) -> Int {
    kind == X64Branch.jump ? 5 : 6
  }
  @inline(__always) package static var shortBranchBytes: Int { 2 }
  @inline(__always) package static var shortReach: ClosedRange<Int> { -128...127 }

  @inline(__always)
  package static func write(
    branch kind: UInt8, isShort: Bool, distance: Int, _ code: inout CodeBuffer
  ) {
    let isJump = kind == X64Branch.jump
    if isShort {
      code.put8(isJump ? 0xEB : 0x70 | kind)
      return code.put8(UInt8(truncatingIfNeeded: distance))
    }
    if isJump {
      code.put8(0xE9)
    } else {
      code.put8(0x0F)
      code.put8(0x80 | kind)
    }
    code.put32(Int32(truncatingIfNeeded: distance))
  }

  /// Instructions that do nothing, as few as possible.
  package static func pad(_ count: Int, _ code: inout CodeBuffer) {
    code.reserve(count + 16)
    var left = count
    while left > 0 {
      let size = min(left, 9)
      switch size {
      case 1: code.put8(0x90)
      case 2: code.put16(0x9066)
      case 3: code.put24(0x00_1F0F)
      case 4: code.put32(0x0040_1F0F)
      case 5:
        code.put32(0x0044_1F0F)
        code.put8(0)
      case 6:
        code.put32(0x441F_0F66)
        code.put16(0)
      case 7:
        code.put32(0x0080_1F0F)
        code.put24(0)
      case 8:
        code.put32(0x0084_1F0F)
        code.put32(0)
      default:
        code.put8(0x66)
        code.put32(0x0084_1F0F)
        code.put32(0)
      }
      left -= size
    }
  }

  package static func resolve(_ fixup: Fixup, target: Int, _ code: inout CodeBuffer) {
    let at = Int(truncatingIfNeeded: fixup.offset)
    let end = at &+ 4 &+ Int(truncatingIfNeeded: fixup.trailing)
    code.patch32(at: at, Int32(truncatingIfNeeded: target &- end))
  }

  package static func resolve(call place: UnsafeMutableRawPointer, distance: Int) {
    place.storeBytes(of: Int32(truncatingIfNeeded: distance &- 4), as: Int32.self)
  }

  /// A breakpoint.
  package static var filler: UInt8 { 0xCC }
}

extension CodeBuffer {
  @inline(__always) fileprivate mutating func put24(_ value: UInt32) {
    put16(UInt16(truncatingIfNeeded: value))
    put8(UInt8(truncatingIfNeeded: value &>> 16))
  }
}
