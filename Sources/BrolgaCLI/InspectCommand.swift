// SPDX-License-Identifier: Apache-2.0
// `brolga inspect`: what is in a module or an artefact.

import ArgumentParser
import Brolga
import BrolgaArtefact
import BrolgaWasm
import Glibc

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Lists the sections, imports, exports and functions of a module or an artefact.")

  @Argument(help: "A WebAssembly module or an artefact; - is standard input.")
  var file: String

  func run() throws {
    let input = try InputFile(file)
    var report = ""
    do throws(ModuleError) {
      report =
        input.isArtefact
        ? try inspectArtefact(input) : try inspectModule(input.moduleBytes)
    } catch {
      throw Failure("\(input.name): \(error)")
    }
    output(report)
    leave(0)
  }

  private func inspectModule(_ bytes: ModuleBytes) throws(ModuleError) -> String {
    let module = try decodeModule(bytes)
    var text = "WebAssembly module, \(module.bytes.count) bytes\n"
    var sections = TextTable(right: [false, true, true])
    sections.add("section", "offset", "bytes")
    for section in SectionWalk(module.bytes) {
      sections.add(section.name, "\(section.offset)", "\(section.byteCount)")
    }
    text += "\n" + sections.text
    text += interface(of: module)
    var functions = TextTable(right: [true, false, false, true])
    functions.add("function", "name", "type", "bytes")
    for index in module.importedFunctionCount..<module.functionCount {
      let function = UInt32(index)
      functions.add(
        "\(index)", module.functionName(function) ?? "",
        "\(module.functionType(module.typeIndex(ofFunction: function)))",
        "\(module.body(ofFunction: function).count)")
    }
    return text + "\n" + functions.text
  }

  private func inspectArtefact(_ input: InputFile) throws(ModuleError) -> String {
    let artefact: ArtefactFile
    let module: BrolgaWasm.Module
    do throws(ArtefactError) {
      // Looking at code needs no processor that can run it.
      artefact = try ArtefactFile(input.memory, hostFeatures: CPUFeatures(rawValue: .max))
    } catch {
      throw .artefact(error)
    }
    do throws(WasmError) {
      module = try BrolgaWasm.Module(
        decoding: ModuleBytes(artefact.skeleton, owner: artefact),
        options: DecodingOptions(features: Features(rawValue: .max), bodiesElsewhere: true))
    } catch {
      throw ModuleError(error)
    }
    var text = "Brolga artefact, \(artefact.byteCount) bytes\n"
    text += "format \(artefact.formatVersion), made by \(artefact.compilerVersion)"
    text += " at -O\(artefact.optimizationLevel), for \(artefact.target)\n"
    let features = artefact.features.names
    if !features.isEmpty { text += "needs \(features.joined(separator: ", "))\n" }
    text += "hash \(String(artefact.hash, radix: 16))\n"
    var sections = TextTable(right: [false, true, true])
    sections.add("section", "offset", "bytes")
    for section in artefact.sections where !section.name.isEmpty {
      sections.add(section.name, "\(section.range.lowerBound)", "\(section.range.count)")
    }
    text += "\n" + sections.text
    text += interface(of: module)
    var functions = TextTable(right: [true, false, false, true, true])
    functions.add("function", "name", "type", "offset", "bytes")
    for position in 0..<artefact.functionCount {
      let index = position + module.importedFunctionCount
      let range = artefact.function(position)
      functions.add(
        "\(index)", artefact.functionName(position) ?? "",
        "\(module.functionType(module.typeIndex(ofFunction: UInt32(index))))",
        "\(range.offset)", "\(range.size)")
    }
    return text + "\n" + functions.text
  }

  /// The imports and exports, each list with a heading unless it is empty.
  private func interface(of module: BrolgaWasm.Module) -> String {
    var text = ""
    if !module.imports.isEmpty {
      var imports = TextTable(right: [])
      imports.add("import", "", "type")
      for item in module.imports {
        imports.add(item.module, item.name, description(of: item.type, in: module))
      }
      text += "\n" + imports.text
    }
    if !module.exports.isEmpty {
      var exports = TextTable(right: [])
      exports.add("export", "type")
      for item in module.exports {
        let type = module.externType(item.kind, item.index)
        exports.add(item.name, description(of: type, in: module))
      }
      text += "\n" + exports.text
    }
    return text
  }

  private func description(of type: ExternType, in module: BrolgaWasm.Module) -> String {
    switch type {
    case .function(let index): return "function \(module.functionType(index))"
    case .tag(let index): return "tag \(module.functionType(index))"
    case .table(let table):
      let indices = table.is64 ? ", 64-bit indices" : ""
      return "table \(table.element) \(limits(table.minimum, table.maximum))\(indices)"
    case .memory(let memory):
      let addresses = memory.is64 ? ", 64-bit addresses" : ""
      return "memory \(limits(memory.minimum, memory.maximum)) pages\(addresses)"
    case .global(let global):
      return "global " + (global.isMutable ? "mutable " : "") + "\(global.type)"
    }
  }

  private func limits(_ minimum: UInt64, _ maximum: UInt64?) -> String {
    "\(minimum)..." + (maximum.map { "\($0)" } ?? "")
  }
}

/// The sections of a module that has been decoded, so that all sizes are right.
private struct SectionWalk: Sequence, IteratorProtocol {
  private let bytes: UnsafeRawBufferPointer
  private var position = 8

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func next() -> (name: String, offset: Int, byteCount: Int)? {
    guard position < bytes.count else { return nil }
    let offset = position
    let id = Int(bytes[position])
    position += 1
    let byteCount = number()
    let end = position + byteCount
    defer { position = end }
    return (id == 0 ? customName() : Self.names[id], offset, byteCount)
  }

  private mutating func number() -> Int {
    var value = 0
    var shift = 0
    while true {
      let byte = Int(bytes[position])
      position += 1
      value |= (byte & 0x7f) << shift
      shift += 7
      if byte < 0x80 { return value }
    }
  }

  private mutating func customName() -> String {
    let count = number()
    return "custom " + String(decoding: bytes[position..<position + count], as: UTF8.self)
  }

  private static let names = [
    "custom", "type", "import", "function", "table", "memory", "global", "export", "start",
    "element", "code", "data", "data count", "tag",
  ]
}
