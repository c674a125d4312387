// SPDX-License-Identifier: Apache-2.0
// Machine instructions of x86-64 as text.

import RegisterAllocation

extension X64 {
  package static func name(_ register: PhysicalRegister) -> String {
    if register.registerClass == .float { return "xmm\(register.number)" }
    let names = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"]
    return register.number < 8 ? names[register.number] : "r\(register.number)"
  }

  package static func mnemonic(_ x: MachineInstruction) -> String {
    var text = "\(x.x64Opcode)"
    switch x.x64Opcode {
    case .vbinary: return "\(VectorBinary(rawValue: x.extra)!)"
    case .vbinaryByte: return "\(VectorBinaryByte(rawValue: x.extra)!)"
    case .vternary: return "\(VectorTernary(rawValue: x.extra)!)"
    case .vternaryByte: return "\(VectorTernaryByte(rawValue: x.extra)!)"
    case .vselect: return "\(VectorSelect(rawValue: x.extra)!)"
    case .vunary: return "\(VectorUnary(rawValue: x.extra)!)"
    case .vunaryByte: return "\(VectorUnaryByte(rawValue: x.extra)!)"
    case .vshift: return "\(VectorShift(rawValue: x.extra)!)"
    case .vinsert: return "\(VectorInsert(rawValue: x.extra)!)"
    case .vextract: return "\(VectorExtract(rawValue: x.extra)!)"
    case .vmask: return "\(VectorMask(rawValue: x.extra)!)"
    case .vmov, .vstore, .vones, .vtest: break
    case .set, .branch, .trapIf:
      text += ".\(x.x64Condition)"
    case .cmov, .fcmov, .trapIfInconvertible:
      text += ".\(8 << Int(x.size)).\(x.x64Condition)"
    case .entry, .jump, .jumpTable, .ret, .tailCall, .tailCallReference, .call, .callReference,
      .callHelper, .trap, .raiseIf, .fzero, .fpromote, .fdemote, .copyBlock, .fillBlock:
      break
    case .cvtFromInteger: text += ".\(8 << Int(x.extra)).\(8 << Int(x.size))"
    case .cvtToInteger: text += ".\(8 << Int(x.size)).\(8 << Int(x.extra))"
    default: text += ".\(8 << Int(x.size))"
    }
    return text
  }

  package static func address(_ x: MachineInstruction, _ operands: [String]) -> String {
    let scale = X64Address.scale(x.address) == 0 ? "" : "*\(1 << Int(X64Address.scale(x.address)))"
    var parts: [String] = []
    switch x.x64AddressMode {
    case .none: break
    case .base: parts = [operands[0]]
    case .baseIndex: parts = [operands[0], operands[1] + scale]
    case .index: parts = [operands[0] + scale]
    case .memory: parts = ["r14"]
    case .memoryIndex: parts = ["r14", operands[0] + scale]
    case .context: parts = ["r15"]
    case .incoming: parts = ["incoming"]
    case .outgoing: parts = ["outgoing"]
    case .frameVariable: parts = ["variables"]
    case .constant: return "[constant \(x.displacement)]"
    }
    if x.displacement != 0 { parts.append("\(x.displacement)") }
    return "[" + parts.joined(separator: " + ") + "]"
  }

  package static func immediate(_ x: MachineInstruction) -> String? {
    switch x.x64Opcode {
    case .vbinaryByte, .vternaryByte, .vunaryByte, .vshift, .vinsert, .vextract, .movImmediate,
      .imulImmediate,
      .rorx, .shld, .shrd, .fround, .fcmp, .tailCall, .call,
      .callHelper, .trap, .trapIf:
      return "\(x.immediate)"
    case .copyBlock: return "\(x.extra)"
    case .fillBlock:
      return x.x64Form == .immediateToMemory ? "\(x.immediate), \(x.extra)" : "\(x.extra)"
    case .movWide: return "constant \(x.immediate)"
    case .jumpTable: return "table \(x.immediate)+\(x.displacement)"
    case .neg, .not: return nil
    default:
      let hasImmediate = x.x64Form == .immediate || x.x64Form == .immediateToMemory
      return hasImmediate ? "\(x.immediate)" : nil
    }
  }

  package static func addressOperandCount(_ x: MachineInstruction) -> Int? {
    let isAddressed = x.x64Form.rawValue >= X64Form.memory.rawValue || x.x64Opcode == .lea
    return isAddressed ? x.x64AddressMode.operandCount : nil
  }

  package static func describe(_ stub: X64Stub) -> String { "\(stub.kind) \(stub.trap)" }

  package static func describe(_ frame: X64Frame) -> String {
    var text = "frame \(frame.adjustment)"
    if frame.keepsContext { text += ", keeps its context" }
    for r in 0..<16 where frame.savedRegisters >> r & 1 != 0 {
      text += ", saves \(name(PhysicalRegister(.int, r)))"
    }
    return text
  }
}
