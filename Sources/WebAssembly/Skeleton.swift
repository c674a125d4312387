// SPDX-License-Identifier: Apache-2.0
// The module without its code, for compiled artefacts.

extension Module {
  /// The module's bytes without the code section and without custom sections but `name`: what an
  /// artefact keeps. Decode it with `DecodingOptions.bodiesElsewhere`.
  package static func skeleton(of module: Module) -> [UInt8] {
    let bytes = module.bytes
    guard let start = bytes.baseAddress else { return [] }
    var reader = ByteReader(
      base: start.assumingMemoryBound(to: UInt8.self), position: 8, end: bytes.count)
    var result = [UInt8](bytes[0..<8])
    // Cannot throw: the module has been decoded.
    while !reader.isAtEnd, let section = try? reader.readSectionPlace() {
      if reader.isKept(section) { result.append(contentsOf: bytes[section.start..<section.end]) }
    }
    return result
  }
}

private struct SectionPlace {
  var id: UInt8
  /// Of the section's id byte.
  var start: Int
  var contents: Int
  var end: Int
}

extension ByteReader {
  fileprivate mutating func readSectionPlace() throws(WasmError) -> SectionPlace {
    let start = position
    let id = try readByte()
    let size = Int(truncatingIfNeeded: try readU32())
    let place = try readBytes(size)
    return SectionPlace(id: id, start: start, contents: place.lowerBound, end: place.upperBound)
  }

  fileprivate func isKept(_ section: SectionPlace) -> Bool {
    if section.id == SectionID.code.rawValue { return false }
    guard section.id == SectionID.custom.rawValue else { return true }
    var reader = ByteReader(base: base, position: section.contents, end: section.end)
    return (try? reader.readName()) == "name"
  }
}
