// SPDX-License-Identifier: Apache-2.0
// Constants that loops share, and those that the code reads from memory.

import BrolgaEntities
import RegisterAllocation

/// A constant, or what the context holds for good, that loops share: defined at the function's entry,
/// and made again where it is needed and in no register. So it leaves a loop that has a register for
/// it, and costs what it did in one that has none.
struct SharedConstant: BitwiseCopyable {
  var instruction: MachineInstruction
  var type: Type
  var register: VirtualRegister

  /// Each is live through much of the function.
  static var limit: Int { 8 }
}

extension Lowering {
  /// Whether there is room for one more.
  var canShareConstant: Bool {
    options.sharesConstants && sharedConstants.count < SharedConstant.limit
  }

  /// The register that `instruction`, which has no other operand, defines.
  mutating func made(
    by instruction: MachineInstruction, _ type: Type
  ) -> VirtualRegister {
    if options.sharesConstants && isInLoop {
      for k in sharedConstants.indices where sharedConstants[k].instruction == instruction {
        return sharedConstants[k].register
      }
      if canShareConstant {
        let register = newRegister(for: type)
        sharedConstants.append(
          SharedConstant(instruction: instruction, type: type, register: register))
        return register
      }
    }
    let register = newRegister(for: type)
    emit(instruction)
    operands.append(.definition(register, Self.registerClass(type)))
    return register
  }

  /// Defines the shared constants; they stand behind the function's entry.
  mutating func defineSharedConstants() {
    origin = function.origins.isEmpty ? 0 : function.origins[0]
    for k in sharedConstants.indices {
      let constant = sharedConstants[k]
      groups.append(UInt32(truncatingIfNeeded: code.count))
      emit(constant.instruction)
      operands.append(.definition(constant.register, Self.registerClass(constant.type)))
      // What is in memory costs what a spilled value does.
      let isLoaded = ISA.readsMemory(constant.instruction)
      output.problem.rematerializations.append(
        Rematerialization(constant.register, cost: isLoaded ? 1 : 0.5))
      output.rematerializations.append(constant.instruction)
    }
  }

  /// The index in `constants` of a word.
  mutating func constantIndex(_ bits: UInt64) -> Int32 {
    let slot = Int(truncatingIfNeeded: (bits &* 0x9E37_79B9_7F4A_7C15) &>> 58)
    let cached = Int(truncatingIfNeeded: constantCache[slot])
    if cached != 0 && output.constants[cached &- 1] == bits {
      return Int32(truncatingIfNeeded: cached &- 1)
    }
    let index = output.constants.count
    output.constants.append(bits)
    constantCache[slot] = UInt32(truncatingIfNeeded: index &+ 1)
    return Int32(truncatingIfNeeded: index)
  }

  /// The index in `constants` of two words that are aligned to 16 bytes.
  mutating func constantIndex(_ low: UInt64, _ high: UInt64) -> Int32 {
    let hash = (low ^ high &<< 1) &* 0x9E37_79B9_7F4A_7C15
    let slot = Int(truncatingIfNeeded: hash &>> 58) ^ 1
    let cached = Int(truncatingIfNeeded: constantCache[slot])
    if cached & 1 != 0 && cached < output.constants.count
      && output.constants[cached &- 1] == low && output.constants[cached] == high
    {
      return Int32(truncatingIfNeeded: cached &- 1)
    }
    if output.constants.count & 1 != 0 { output.constants.append(0) }
    let index = output.constants.count
    output.constants.append(low)
    output.constants.append(high)
    constantCache[slot] = UInt32(truncatingIfNeeded: index &+ 1)
    return Int32(truncatingIfNeeded: index)
  }
}
