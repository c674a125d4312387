// SPDX-License-Identifier: Apache-2.0
// Constants in registers and in memory.

import Entities
import RegisterAllocation

/// A constant, or what the context holds for good, that loops share: defined at the function's entry,
/// and made again where it is needed and in no register. So it leaves a loop that has a register for
/// it, and costs what it did in one that has none.
struct SharedConstant: BitwiseCopyable {
  var instruction: MachineInstruction
  var registerClass: RegisterClass
  var register: VirtualRegister

  /// Each is live through much of the function.
  static var limit: Int { 8 }
}

extension Lowering {
  // MARK: Registers

  /// Whether there is room for one more.
  var canShareConstant: Bool {
    options.sharesConstants && sharedConstants.count < SharedConstant.limit
  }

  mutating func constantRegister(_ bits: UInt64) -> VirtualRegister {
    let low = Int32(truncatingIfNeeded: bits)
    if bits &>> 32 == 0 {
      return made(by: MachineInstruction(.movImmediate, size: 2, immediate: low), .int)
    }
    if UInt64(bitPattern: Int64(low)) == bits {
      return made(by: MachineInstruction(.movImmediate, size: 3, immediate: low), .int)
    }
    return made(by: MachineInstruction(.movWide, size: 3, immediate: constantIndex(bits)), .int)
  }

  mutating func floatConstantRegister(_ x: Instruction) -> VirtualRegister {
    if x.bits == 0 { return made(by: MachineInstruction(.fzero, size: 3), .float) }
    let source = constantSource(x.bits)
    var instruction = MachineInstruction(.fmov, source.form, size: Self.size(x.type))
    instruction.address = source.address
    instruction.displacement = source.displacement
    return made(by: instruction, .float)
  }

  /// A word of the context that never changes.
  mutating func contextRegister(_ offset: Int32) -> VirtualRegister {
    let source = Source(.context, displacement: offset)
    var instruction = MachineInstruction(.mov, source.form, size: 3)
    instruction.address = source.address
    instruction.displacement = source.displacement
    return made(by: instruction, .int)
  }

  /// The register that `instruction`, which has no other operand, defines.
  private mutating func made(
    by instruction: MachineInstruction, _ registerClass: RegisterClass
  ) -> VirtualRegister {
    if options.sharesConstants && isInLoop {
      for k in sharedConstants.indices where sharedConstants[k].instruction == instruction {
        return sharedConstants[k].register
      }
      if canShareConstant {
        let register = newRegister(registerClass)
        sharedConstants.append(
          SharedConstant(
            instruction: instruction, registerClass: registerClass, register: register))
        return register
      }
    }
    let register = newRegister(registerClass)
    emit(instruction)
    operands.append(.definition(register, registerClass))
    return register
  }

  /// Defines the shared constants; they stand behind the function's entry.
  mutating func defineSharedConstants() {
    origin = function.origins.isEmpty ? 0 : function.origins[0]
    for k in sharedConstants.indices {
      let constant = sharedConstants[k]
      groups.append(UInt32(truncatingIfNeeded: code.count))
      emit(constant.instruction)
      operands.append(.definition(constant.register, constant.registerClass))
      // What is in memory costs what a spilled value does.
      let isLoaded = constant.instruction.x64Form == .memory
      output.problem.rematerializations.append(
        Rematerialization(constant.register, cost: isLoaded ? 1 : 0.5))
      output.rematerializations.append(constant.instruction)
    }
  }

  // MARK: Memory

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

  mutating func constantSource(_ bits: UInt64) -> Source {
    Source(.constant, displacement: constantIndex(bits))
  }

  /// A mask of 16 bytes, aligned: the word and zeros.
  mutating func maskSource(_ bits: UInt64) -> Source {
    let slot = Int(truncatingIfNeeded: (bits &* 0x9E37_79B9_7F4A_7C15) &>> 58) ^ 1
    let cached = Int(truncatingIfNeeded: constantCache[slot])
    if cached & 1 != 0 && cached < output.constants.count
      && output.constants[cached &- 1] == bits && output.constants[cached] == 0
    {
      return Source(.constant, displacement: Int32(truncatingIfNeeded: cached &- 1))
    }
    if output.constants.count & 1 != 0 { output.constants.append(0) }
    let index = output.constants.count
    output.constants.append(bits)
    output.constants.append(0)
    constantCache[slot] = UInt32(truncatingIfNeeded: index &+ 1)
    return Source(.constant, displacement: Int32(truncatingIfNeeded: index))
  }
}
