// SPDX-License-Identifier: Apache-2.0
// The text form of a function: printing. docs/ir.md has the grammar.

import BrolgaArtefact
import BrolgaEntities
import BrolgaWasm

extension Function {
  /// The function as text.
  ///
  /// - Parameter showsOrigins: whether each line ends in its byte offset in the module.
  package func text(showsOrigins: Bool = false) -> String {
    var out = "function \(index) type \(typeIndex) {\n"
    if !frameVariables.isEmpty {
      out += "frame "
      for i in frameVariables.indices {
        out += i == 0 ? frameVariables[i].name : ", \(frameVariables[i].name)"
      }
      out += "\n"
    }
    for b in blocks.storage.indices {
      let block = Block(b)
      out += "\(heading(of: block)):\n"
      let data = blocks[block]
      for i in Int(data.instructionStart)..<Int(data.instructionEnd) {
        let value = Value(i)
        if instructions[value].opcode == .param { continue }
        out += "  \(line(of: value))"
        if showsOrigins { out += " @\(origins[i])" }
        out += "\(comment(on: value))\n"
      }
    }
    return out + "}\n"
  }

  /// `b1(v4: i32) depth 1 header`
  private func heading(of block: Block) -> String {
    let data = blocks[block]
    var out = "\(block)"
    if data.parameterCount > 0 {
      for k in 0..<Int(data.parameterCount) {
        let value = Value(raw: lists[Int(data.parameterStart) + k])
        out += "\(k == 0 ? "(" : ", ")\(value): \(instructions[value].type.name)"
      }
      out += ")"
    }
    if data.loopDepth > 0 { out += " depth \(data.loopDepth)" }
    if data.isLoopHeader { out += " header" }
    if data.isCold { out += " cold" }
    return out
  }

  /// One instruction, without indentation: `v2 = add.i32 v0, v1`.
  package func line(of value: Value) -> String {
    let i = instructions[value]
    let info = i.opcode.info
    var out = i.type == .none ? "" : "\(value) = "
    out += "\(info.name)"
    if i.type != .none { out += ".\(i.type.name)" }
    var isFirst = true
    func item(_ text: String) {
      out += isFirst ? " \(text)" : ", \(text)"
      isFirst = false
    }
    forEachOperand(i) { item("v\($0)") }
    for text in immediates(i, info.shape.fields) { item("#\(text)") }
    isFirst = true
    forEachEdge(i) { edge in
      out += "\(isFirst ? " -> " : ", ")\(target(edge))"
      isFirst = false
    }
    return out
  }

  /// What the bits of a float mean.
  private func comment(on value: Value) -> String {
    let i = instructions[value]
    if i.opcode != .fconst { return "" }
    return i.type == .f32
      ? "  ; \(Float(bitPattern: i.b))" : "  ; \(Double(bitPattern: i.bits))"
  }

  private func immediates(_ i: Instruction, _ fields: Shape.Fields) -> [String] {
    var texts: [String] = []
    for (field, raw) in [
      (fields.a, i.a), (fields.b, i.b), (fields.c, i.c), (fields.aux, UInt32(i.aux)),
    ] {
      switch field {
      case .lowBits: texts.append(constant(i))
      case .memoryOffset, .byteCount, .byteOffset, .frameVariable, .function, .resultIndex:
        texts.append("\(raw)")
      case .memory: if raw != 0 { texts.append("\(raw)") }
      case .memories: if raw != 0 { texts += ["\(raw & 255)", "\(raw >> 8)"] }
      case .readOnly:
        if raw != 0 {
          texts.append(raw == UInt32(Instruction.readOnly) ? "readonly" : "\(raw)")
        }
      case .helper:
        texts.append(Helper(rawValue: UInt8(truncatingIfNeeded: raw)).map { "\($0)" } ?? "\(raw)")
      case .trapKind:
        texts.append(TrapKind(rawValue: UInt8(truncatingIfNeeded: raw))?.caseName ?? "\(raw)")
      case .list: if fields.list == .typedArguments { texts.append("\(lists[Int(raw)])") }
      case .vector: texts.append(vectors[Int(raw)].text)
      case .lanes: texts.append("\(i.lanes)")
      case .lane: texts += ["\(i.lanes)", "\(i.lane)"]
      case .unused, .value, .edge, .count, .block, .position, .highBits: break
      }
    }
    return texts
  }

  private func constant(_ i: Instruction) -> String {
    switch i.type {
    case .i32: "\(Int32(bitPattern: i.b))"
    case .f32: "0x" + String(i.b, radix: 16)
    case .f64: "0x" + String(i.bits, radix: 16)
    case .i64, .v128, .none: "\(Int64(bitPattern: i.bits))"
    }
  }

  /// `b1(v2, v3)`
  private func target(_ raw: UInt32) -> String {
    let edge = edges[Edge(raw: raw)]
    var out = "\(edge.to)"
    let count = Int(blocks[edge.to].parameterCount)
    for k in 0..<count {
      out += "\(k == 0 ? "(" : ", ")v\(lists[Int(edge.argumentStart) + k])"
    }
    return count == 0 ? out : out + ")"
  }
}

extension V128 {
  /// All 32 digits, the highest first.
  var text: String {
    let digits = [high, low].map { half in
      let text = String(half, radix: 16)
      return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
    return "0x" + digits.joined()
  }
}

extension TrapKind {
  /// The name in the text form; `description` is the wording of the specification.
  package var caseName: String {
    switch self {
    case .unreachable: "unreachable"
    case .memoryOutOfBounds: "memoryOutOfBounds"
    case .tableOutOfBounds: "tableOutOfBounds"
    case .indirectCallToNull: "indirectCallToNull"
    case .indirectCallTypeMismatch: "indirectCallTypeMismatch"
    case .integerDivideByZero: "integerDivideByZero"
    case .integerOverflow: "integerOverflow"
    case .invalidConversionToInteger: "invalidConversionToInteger"
    case .stackOverflow: "stackOverflow"
    case .undefinedElement: "undefinedElement"
    case .nullReference: "nullReference"
    case .hostError: "hostError"
    case .interrupted: "interrupted"
    case .nullFunctionReference: "nullFunctionReference"
    case .nullExceptionReference: "nullExceptionReference"
    case .uncaughtException: "uncaughtException"
    case .outOfMemory: "outOfMemory"
    }
  }
}
