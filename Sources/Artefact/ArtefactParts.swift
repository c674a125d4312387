// SPDX-License-Identifier: Apache-2.0
// Finding and checking the parts of an artefact.

/// The parts of an artefact's bytes, all checked.
struct ArtefactParts {
  private typealias Section = ArtefactFormat.Section
  private typealias Info = ArtefactFormat.Info

  let text: UnsafeRawBufferPointer
  let textOffset: Int
  let skeleton: UnsafeRawBufferPointer
  let trapEntries: UnsafeRawBufferPointer
  let trapKinds: UnsafeRawBufferPointer
  /// A `FrameInfo` per function, and a `HandlerEntry` per call in a handler's scope.
  let frames: UnsafeRawBufferPointer
  let handlers: UnsafeRawBufferPointer
  let features: CPUFeatures
  let optimizationLevel: UInt8
  let compilerVersion: String
  let hash: UInt64
  let functionCount: Int
  let importedFunctionCount: Int
  /// Whether functions lie in the text in the order of their indices.
  private(set) var functionsAreInOrder = true
  let sections: [(name: String, range: Range<Int>)]
  /// A `FunctionRange` per function.
  let functions: UnsafeRawBufferPointer
  private let symbols: UnsafeRawBufferPointer
  private let strings: UnsafeRawBufferPointer

  /// - Parameter file: the whole file, aligned to a page; must outlive the parts.
  init(
    checking file: UnsafeRawBufferPointer, hostFeatures: CPUFeatures
  ) throws(ArtefactError) {
    let ranges = try ArtefactParts.sections(of: file)
    func part(_ section: Section) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: file[ranges[section.rawValue]])
    }
    sections = Section.allCases.map { ("\($0.name)", ranges[$0.rawValue]) }
    let info = part(.info)
    try ArtefactParts.checkInfo(info, hostFeatures: hostFeatures)
    features = CPUFeatures(rawValue: info.number(Info.features))
    optimizationLevel = info.number(Info.level)
    compilerVersion = info.string(Info.compiler, maximum: Info.stringBytes)
    hash = info.number(Info.hash)
    let textRange = ranges[Section.text.rawValue]
    textOffset = textRange.lowerBound
    text = part(.text)

    let isHashed = artefactHash(
      of: file, textOffset: textOffset,
      infoOffset: ranges[Section.info.rawValue].lowerBound)
    guard isHashed == hash else { throw .wrongHash }

    guard UInt64(text.count) == info.number(Info.textBytes) as UInt64 else {
      throw .malformed("the text's size")
    }
    functionCount = Int(info.number(Info.definedFunctions) as UInt32)
    importedFunctionCount = Int(info.number(Info.importedFunctions) as UInt32)
    skeleton = part(.module)
    functions = part(.functions)
    symbols = part(.symbols)
    strings = part(.strings)
    let traps = part(.traps)
    let trapCount = Int(info.number(Info.traps) as UInt32)
    guard functions.count == functionCount * 8 else {
      throw .malformed("the function table's size")
    }
    guard traps.count == trapCount * 9 else { throw .malformed("the trap table's size") }
    guard symbols.count == (functionCount + 1) * ArtefactFormat.symbolBytes else {
      throw .malformed("the symbol table's size")
    }
    trapEntries = UnsafeRawBufferPointer(rebasing: traps[..<(trapCount * 8)])
    trapKinds = UnsafeRawBufferPointer(rebasing: traps[(trapCount * 8)...])
    frames = part(.frames)
    handlers = part(.handlers)
    guard frames.count == functionCount * 4 else { throw .malformed("the table of frames' size") }
    guard handlers.count % 8 == 0 else { throw .malformed("the table of handlers' size") }
    try checkFunctions()
    try checkTraps()
    try checkHandlers()
  }

  // MARK: Look-ups

  func function(_ index: Int) -> FunctionRange {
    functions.load(fromByteOffset: index * 8, as: FunctionRange.self)
  }

  func trap(_ index: Int) -> TrapEntry {
    trapEntries.load(fromByteOffset: index * 8, as: TrapEntry.self)
  }

  /// Checked here, on use: names are for people only.
  func functionName(_ index: Int) -> String? {
    guard index >= 0, index < functionCount else { return nil }
    let start = Int(symbols.number((index + 1) * ArtefactFormat.symbolBytes) as UInt32)
    guard start > 0, start < strings.count else { return nil }
    return strings.string(start, maximum: strings.count - start)
  }

  // MARK: Checks

  /// The sections, in the writer's order. Checks the headers and that all ranges lie in the file.
  private static func sections(
    of file: UnsafeRawBufferPointer
  ) throws(ArtefactError) -> [Range<Int>] {
    guard file.count >= ArtefactFormat.headerBytes,
      file.number(0) as UInt32 == 0x464C_457F, file.number(4) as UInt16 == 0x0102
    else { throw .notAnArtefact }
    let machine: UInt16 = file.number(18)
    guard machine == 62 else { throw .wrongTarget(found: "ELF machine \(machine)") }
    let headers: UInt64 = file.number(40)
    let count = Section.allCases.count
    let headerBytes = UInt64(count * ArtefactFormat.sectionHeaderBytes)
    guard file.number(60) as UInt16 == UInt16(count), headers <= UInt64(file.count),
      headerBytes <= UInt64(file.count) - headers
    else { throw .notAnArtefact }

    var ranges: [Range<Int>] = []
    for section in Section.allCases {
      let header = Int(headers) + section.rawValue * ArtefactFormat.sectionHeaderBytes
      let offset: UInt64 = file.number(header + 24)
      let size: UInt64 = file.number(header + 32)
      guard offset <= UInt64(file.count), size <= UInt64(file.count) - offset else {
        throw .malformed("section \(section.name) is outside of the file")
      }
      guard section == .null || offset % UInt64(section.alignment) == 0 else {
        throw .malformed("section \(section.name) is not aligned")
      }
      ranges.append(Int(offset)..<Int(offset + size))
    }
    try checkOrder(ranges, fileBytes: file.count)
    return ranges
  }

  /// The text must be last: what follows it on its last page would be executable as well.
  private static func checkOrder(
    _ ranges: [Range<Int>], fileBytes: Int
  ) throws(ArtefactError) {
    let text = ranges[Section.text.rawValue]
    guard text.upperBound == fileBytes, text.lowerBound > 0,
      text.count <= ArtefactFormat.maximumTextBytes
    else { throw .malformed("the text is not at the end") }
    for section in Section.allCases where section != .text && section != .null {
      guard ranges[section.rawValue].upperBound <= text.lowerBound else {
        throw .malformed("section \(section.name) overlaps the text")
      }
    }
    guard ranges[Section.info.rawValue].count == Info.byteCount else { throw .notAnArtefact }
  }

  private static func checkInfo(
    _ info: UnsafeRawBufferPointer, hostFeatures: CPUFeatures
  ) throws(ArtefactError) {
    guard info.number(Info.magic) == ArtefactFormat.magic else { throw .notAnArtefact }
    let version: UInt32 = info.number(Info.version)
    guard version == ArtefactFormat.version else {
      throw .wrongVersion(found: version, expected: ArtefactFormat.version)
    }
    let target = info.string(Info.target, maximum: Info.stringBytes)
    guard target == ArtefactFormat.target else { throw .wrongTarget(found: target) }
    let needed = CPUFeatures(rawValue: info.number(Info.features))
    let missing = needed.subtracting(hostFeatures)
    guard missing.isEmpty else { throw .missingFeatures(missing.names) }
  }

  private mutating func checkFunctions() throws(ArtefactError) {
    let size = UInt64(text.count)
    var end: UInt64 = 0
    for index in 0..<functionCount {
      let range = function(index)
      let offset = UInt64(range.offset)
      guard range.size > 0, offset < size, UInt64(range.size) <= size - offset else {
        throw .malformed("function \(index) is outside of the text")
      }
      if offset < end { functionsAreInOrder = false }
      end = offset + UInt64(range.size)
    }
  }

  private func checkTraps() throws(ArtefactError) {
    let size = UInt32(truncatingIfNeeded: text.count)
    let last = TrapKind.allCases.map(\.rawValue).max()!
    var previous: UInt32 = 0
    for index in 0..<trapKinds.count {
      let offset = trap(index).codeOffset
      guard offset >= previous, offset <= size, trapKinds[index] <= last else {
        throw .malformed("trap entry \(index)")
      }
      previous = offset
    }
  }
}

extension ArtefactParts {
  fileprivate func checkHandlers() throws(ArtefactError) {
    let size = UInt32(truncatingIfNeeded: text.count)
    var previous: UInt32 = 0
    for index in 0..<handlers.count / 8 {
      let entry = handlers.load(fromByteOffset: index * 8, as: HandlerEntry.self)
      guard entry.returnOffset > previous, entry.returnOffset <= size, entry.handlerOffset < size
      else { throw .malformed("handler entry \(index)") }
      previous = entry.returnOffset
    }
  }
}

extension UnsafeRawBufferPointer {
  /// A number of the file; the caller has checked that it is inside.
  fileprivate func number<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int) -> T {
    precondition(offset >= 0 && offset <= count - MemoryLayout<T>.size, "a number of the file")
    return T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// Text up to a zero byte or `maximum`, broken UTF-8 repaired.
  fileprivate func string(_ offset: Int, maximum: Int) -> String {
    let bytes = self[offset..<offset + maximum]
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
