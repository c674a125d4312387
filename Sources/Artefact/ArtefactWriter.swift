// SPDX-License-Identifier: Apache-2.0
// A compiled module as an artefact: one exactly sized head, then the text as it lies.

import BrolgaEntities
import Glibc

extension CompiledModule {
  /// Bytes of the artefact.
  package func artefactByteCount() throws(ArtefactError) -> Int {
    let head = try ArtefactHead(of: self)
    return head.textOffset + text.count
  }

  /// The artefact's bytes, in one block of exactly their size.
  package func artefactBytes() throws(ArtefactError) -> Vector<UInt8> {
    let head = try ArtefactHead(of: self)
    var bytes = Vector<UInt8>()
    bytes.reserve(head.textOffset + text.count)
    bytes.append(repeating: 0, count: head.textOffset)
    head.write(self, to: UnsafeMutableRawBufferPointer(bytes.buffer))
    bytes.append(contentsOf: UnsafeBufferPointer(text.buffer))
    return bytes
  }

  /// Writes the artefact's bytes to zeroed memory, which has room for exactly them.
  func writeArtefact(to target: UnsafeMutableRawBufferPointer) throws(ArtefactError) {
    let head = try ArtefactHead(of: self)
    precondition(target.count == head.textOffset + text.count, "room for exactly the artefact")
    head.write(self, to: UnsafeMutableRawBufferPointer(rebasing: target[..<head.textOffset]))
    let place = UnsafeMutableRawBufferPointer(rebasing: target[head.textOffset...])
    place.copyMemory(from: UnsafeRawBufferPointer(text.buffer))
  }

  /// Writes the artefact to an open file; the text goes there without a copy.
  package func writeArtefact(toFile descriptor: Int32) throws(ArtefactError) {
    let head = try ArtefactHead(of: self)
    var bytes = Vector<UInt8>()
    bytes.reset(count: head.textOffset, to: 0)
    head.write(self, to: UnsafeMutableRawBufferPointer(bytes.buffer))
    try writeAll(UnsafeRawBufferPointer(bytes.buffer), to: descriptor)
    try writeAll(UnsafeRawBufferPointer(text.buffer), to: descriptor)
  }
}

private func writeAll(
  _ bytes: UnsafeRawBufferPointer, to descriptor: Int32
) throws(ArtefactError) {
  var rest = bytes
  while rest.count > 0 {
    // Linux writes at most 0x7FFFF000 bytes at a time.
    let written = write(descriptor, rest.baseAddress!, min(rest.count, 1 << 30))
    if written < 0 {
      if errno == EINTR { continue }
      throw .cannotWrite(errno)
    }
    rest = UnsafeRawBufferPointer(rebasing: rest[written...])
  }
}

/// Everything before the text: where its parts go, and writing them.
private struct ArtefactHead {
  private typealias Section = ArtefactFormat.Section

  private var offsets = [Int](repeating: 0, count: Section.allCases.count)
  private var sizes = [Int](repeating: 0, count: Section.allCases.count)
  private var sectionHeaders = 0
  let textOffset: Int

  init(of module: borrowing CompiledModule) throws(ArtefactError) {
    let functionCount = module.functions.count
    precondition(module.traps.count == module.trapKinds.count, "a kind for each entry")
    precondition(module.frames.count == functionCount, "a frame for each function")
    let spanCount = module.nameSpans.count
    precondition(spanCount == 0 || spanCount == functionCount, "a name for each function")
    guard module.text.count <= ArtefactFormat.maximumTextBytes else { throw .tooLarge }

    sizes[Section.text.rawValue] = module.text.count
    sizes[Section.symbols.rawValue] = (functionCount + 1) * ArtefactFormat.symbolBytes
    sizes[Section.strings.rawValue] = ArtefactHead.stringBytes(of: module)
    sizes[Section.info.rawValue] = ArtefactFormat.Info.byteCount
    sizes[Section.module.rawValue] = module.skeleton.count
    sizes[Section.functions.rawValue] = functionCount * 8
    sizes[Section.traps.rawValue] = module.traps.count * 9
    sizes[Section.frames.rawValue] = functionCount * 4
    sizes[Section.handlers.rawValue] = module.handlers.count * 8
    let names = Section.allCases.reduce(0) { $0 + $1.name.utf8CodeUnitCount + 1 }
    sizes[Section.sectionNames.rawValue] = names

    var end = ArtefactFormat.headerBytes + ArtefactFormat.programHeaderBytes
    for section in Section.allCases where section != .null && section != .text {
      end = alignUp(end, section.alignment)
      offsets[section.rawValue] = end
      end += sizes[section.rawValue]
    }
    sectionHeaders = alignUp(end, 8)
    end = sectionHeaders + Section.allCases.count * ArtefactFormat.sectionHeaderBytes
    textOffset = alignUp(end, ArtefactFormat.pageBytes)
    offsets[Section.text.rawValue] = textOffset
    // Symbol names are addressed with 32 bits, and code addresses should stay readable.
    guard textOffset <= 0x7FFF_FFFF else { throw .tooLarge }
  }

  /// `target` is zeroed and ends where the text starts.
  func write(_ module: borrowing CompiledModule, to target: UnsafeMutableRawBufferPointer) {
    var bytes = LittleEndianBytes(target: target)
    writeHeaders(module, &bytes)
    writeSectionHeaders(module, &bytes)
    writeSymbols(module, &bytes)
    writeTables(module, &bytes)
    writeInfo(module, &bytes)
    let hash = ArtefactHead.hash(
      head: UnsafeRawBufferPointer(target), text: UnsafeRawBufferPointer(module.text.buffer),
      infoOffset: offset(.info))
    bytes.at = offset(.info) + ArtefactFormat.Info.hash
    bytes.put(hash)
  }

  /// The hash of everything but the hash.
  static func hash(
    head: UnsafeRawBufferPointer, text: UnsafeRawBufferPointer, infoOffset: Int
  ) -> UInt64 {
    let place = infoOffset + ArtefactFormat.Info.hash
    var hash = ContentHash.hash(UnsafeRawBufferPointer(rebasing: head[..<place]), seed: 0)
    hash = ContentHash.hash(UnsafeRawBufferPointer(rebasing: head[(place + 8)...]), seed: hash)
    return ContentHash.hash(text, seed: hash)
  }

  // MARK: Parts

  private func offset(_ section: Section) -> Int { offsets[section.rawValue] }
  private func size(_ section: Section) -> Int { sizes[section.rawValue] }

  private func writeHeaders(
    _ module: borrowing CompiledModule, _ bytes: inout LittleEndianBytes
  ) {
    bytes.at = 0
    // 64-bit, little-endian, ELF version 1.
    bytes.put([0x7F, 0x45, 0x4C, 0x46, 2, 1, 1])
    bytes.at = 16
    bytes.put(3 as UInt16)  // ET_DYN: addresses are relative
    bytes.put(62 as UInt16)  // EM_X86_64
    bytes.put(1 as UInt32)
    bytes.put(0 as UInt64)  // no entry point
    bytes.put(UInt64(ArtefactFormat.headerBytes))
    bytes.put(UInt64(sectionHeaders))
    bytes.put(0 as UInt32)
    bytes.put(UInt16(ArtefactFormat.headerBytes))
    bytes.put(UInt16(ArtefactFormat.programHeaderBytes))
    bytes.put(1 as UInt16)
    bytes.put(UInt16(ArtefactFormat.sectionHeaderBytes))
    bytes.put(UInt16(Section.allCases.count))
    bytes.put(UInt16(Section.sectionNames.rawValue))

    bytes.at = ArtefactFormat.headerBytes
    bytes.put(1 as UInt32)  // PT_LOAD
    bytes.put(5 as UInt32)  // readable, executable
    bytes.put(UInt64(textOffset))
    bytes.put(UInt64(textOffset))
    bytes.put(UInt64(textOffset))
    bytes.put(UInt64(module.text.count))
    bytes.put(UInt64(module.text.count))
    bytes.put(UInt64(ArtefactFormat.pageBytes))
  }

  private func writeSectionHeaders(
    _ module: borrowing CompiledModule, _ bytes: inout LittleEndianBytes
  ) {
    var name = 0
    for section in Section.allCases {
      bytes.at = sectionHeaders + section.rawValue * ArtefactFormat.sectionHeaderBytes
      if section != .null {
        bytes.put(UInt32(name))
        bytes.put(section.type)
        bytes.put(section.flags)
        bytes.put(section == .text ? UInt64(textOffset) : 0)
        bytes.put(UInt64(offset(section)))
        bytes.put(UInt64(size(section)))
        // A symbol table names its strings, and the number of its local symbols: all of them.
        bytes.put(section == .symbols ? UInt32(Section.strings.rawValue) : 0)
        bytes.put(section == .symbols ? UInt32(module.functions.count + 1) : 0)
        bytes.put(UInt64(section.alignment))
        bytes.put(UInt64(section.entryBytes))
      }
      bytes.at = offset(.sectionNames) + name
      bytes.put(UnsafeRawBufferPointer(section.name))
      name += section.name.utf8CodeUnitCount + 1
    }
  }

  private func writeTables(
    _ module: borrowing CompiledModule, _ bytes: inout LittleEndianBytes
  ) {
    bytes.at = offset(.module)
    bytes.put(UnsafeRawBufferPointer(module.skeleton.buffer))
    bytes.at = offset(.functions)
    bytes.put(UnsafeRawBufferPointer(module.functions.buffer))
    bytes.at = offset(.traps)
    bytes.put(UnsafeRawBufferPointer(module.traps.buffer))
    bytes.put(UnsafeRawBufferPointer(module.trapKinds.buffer))
    bytes.at = offset(.frames)
    bytes.put(UnsafeRawBufferPointer(module.frames.buffer))
    bytes.at = offset(.handlers)
    bytes.put(UnsafeRawBufferPointer(module.handlers.buffer))
  }

  private func writeInfo(
    _ module: borrowing CompiledModule, _ bytes: inout LittleEndianBytes
  ) {
    let info = offset(.info)
    bytes.at = info
    bytes.put(ArtefactFormat.magic)
    bytes.put(ArtefactFormat.version)
    bytes.put(UInt32(module.optimizationLevel))
    bytes.at = info + ArtefactFormat.Info.features
    bytes.put(module.features.rawValue)
    bytes.put(UInt32(module.importedFunctionCount))
    bytes.put(UInt32(module.functions.count))
    bytes.put(UInt32(module.traps.count))
    bytes.at = info + ArtefactFormat.Info.target
    bytes.put(Array(ArtefactFormat.target.utf8.prefix(ArtefactFormat.Info.stringBytes)))
    bytes.at = info + ArtefactFormat.Info.compiler
    bytes.put(Array(ArtefactFormat.compilerVersion.utf8.prefix(ArtefactFormat.Info.stringBytes)))
    bytes.at = info + ArtefactFormat.Info.textBytes
    bytes.put(UInt64(module.text.count))
  }

  // MARK: Symbols

  private static func stringBytes(of module: borrowing CompiledModule) -> Int {
    var count = 1
    for i in 0..<module.functions.count { count += nameBytes(i, module) + 1 }
    return count
  }

  private static func nameBytes(_ function: Int, _ module: borrowing CompiledModule) -> Int {
    let named = module.nameSpans.isEmpty ? 0 : Int(module.nameSpans[function].count)
    if named > 0 { return named }
    return 10 + decimalDigits(function + module.importedFunctionCount)  // function[N]
  }

  private func writeSymbols(
    _ module: borrowing CompiledModule, _ bytes: inout LittleEndianBytes
  ) {
    var name = 1
    for i in 0..<module.functions.count {
      let range = module.functions[i]
      bytes.at = offset(.symbols) + (i + 1) * ArtefactFormat.symbolBytes
      bytes.put(UInt32(truncatingIfNeeded: name))
      bytes.put(2 as UInt8)  // a local function
      bytes.put(0 as UInt8)
      bytes.put(UInt16(Section.text.rawValue))
      bytes.put(UInt64(textOffset) + UInt64(range.offset))
      bytes.put(UInt64(range.size))
      bytes.at = offset(.strings) + name
      let count = ArtefactHead.nameBytes(i, module)
      writeName(i, count, module, &bytes)
      name += count + 1
    }
  }

  private func writeName(
    _ function: Int, _ count: Int, _ module: borrowing CompiledModule,
    _ bytes: inout LittleEndianBytes
  ) {
    if !module.nameSpans.isEmpty, module.nameSpans[function].count > 0 {
      let start = Int(module.nameSpans[function].start)
      for k in start..<start + count {
        // A zero would end the name.
        bytes.put(module.names[k] == 0 ? 0x3F : module.names[k])
      }
      return
    }
    bytes.put(UnsafeRawBufferPointer("function[" as StaticString))
    var rest = function + module.importedFunctionCount
    let end = bytes.at + decimalDigits(rest)
    for k in 0..<decimalDigits(rest) {
      bytes.target[end - 1 - k] = 0x30 + UInt8(rest % 10)
      rest /= 10
    }
    bytes.at = end
    bytes.put(0x5D as UInt8)
  }
}

/// The hash that an artefact's bytes should carry.
func artefactHash(
  of file: UnsafeRawBufferPointer, textOffset: Int, infoOffset: Int
) -> UInt64 {
  ArtefactHead.hash(
    head: UnsafeRawBufferPointer(rebasing: file[..<textOffset]),
    text: UnsafeRawBufferPointer(rebasing: file[textOffset...]), infoOffset: infoOffset)
}

/// A place to write to.
private struct LittleEndianBytes {
  let target: UnsafeMutableRawBufferPointer
  var at = 0

  mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    target.storeBytes(of: value.littleEndian, toByteOffset: at, as: T.self)
    at += MemoryLayout<T>.size
  }

  mutating func put(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { put($0) }
  }

  mutating func put(_ bytes: UnsafeRawBufferPointer) {
    let place = UnsafeMutableRawBufferPointer(rebasing: target[at..<at + bytes.count])
    place.copyMemory(from: bytes)
    at += bytes.count
  }
}

extension UnsafeRawBufferPointer {
  fileprivate init(_ string: StaticString) {
    self.init(start: string.utf8Start, count: string.utf8CodeUnitCount)
  }
}

private func alignUp(_ value: Int, _ alignment: Int) -> Int {
  (value + alignment - 1) & -alignment
}

private func decimalDigits(_ value: Int) -> Int {
  var digits = 1
  var rest = value
  while rest >= 10 {
    rest /= 10
    digits += 1
  }
  return digits
}
