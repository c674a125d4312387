// SPDX-License-Identifier: Apache-2.0
// Translation of `memory.copy` and `memory.fill`: without a call where the length is small and constant.

import BrolgaArtefact
import BrolgaWasm

extension Translator {
  mutating func translateMemoryCopy(_ op: Operator) {
    let (destination, source, length) = pop3()
    guard let bytes = blockBytes(length) else {
      let memories = packed(op.index, op.index2)
      callHelper(.memoryCopy, (memories, destination, source, length), count: 4)
      return
    }
    let (to, from) = (reachable(destination), reachable(source))
    let memories = UInt16(truncatingIfNeeded: op.index | op.index2 &<< 8)
    _ = builder.append(
      Instruction(.memoryCopy, .none, aux: memories, a: to, b: bytes, c: from))
  }

  mutating func translateMemoryFill(_ op: Operator) {
    let (destination, value, length) = pop3()
    guard let bytes = blockBytes(length) else {
      let memory = packed(op.index, 0)
      callHelper(.memoryFill, (memory, destination, value, length), count: 4)
      return
    }
    let memory = UInt16(truncatingIfNeeded: op.index)
    let to = reachable(destination)
    _ = builder.append(Instruction(.memoryFill, .none, aux: memory, a: to, b: bytes, c: value))
  }

  /// A length that needs no call. For no bytes at all only the addresses would be looked at: too rare
  /// to be worth code.
  private mutating func blockBytes(_ length: UInt32) -> UInt32? {
    guard let bits = builder.constantBits(Value(raw: length)), let bytes = UInt32(exactly: bits),
      Instruction.blockBytes.contains(bytes)
    else { return nil }
    return bytes
  }

  /// The address, once it is known to lie where a signal tells whether it is inside the memory.
  private mutating func reachable(_ address: UInt32) -> UInt32 { reachable(address, offset: 0).0 }
}
