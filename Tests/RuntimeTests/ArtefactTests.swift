// SPDX-License-Identifier: Apache-2.0
// Artefact files: what is written is what is read, and damage is noticed.

import BrolgaEntities
import BrolgaWasm
import Foundation
import Testing

@testable import BrolgaArtefact
@testable import BrolgaRuntime

@Test func anArtefactKeepsEverything() throws {
  let compiled = sampleCompiledModule()
  let bytes = try compiled.artefactBytes()
  #expect(bytes.count == bytes.capacity)
  #expect(try compiled.artefactByteCount() == bytes.count)
  let file = try ArtefactFile(
    copying: UnsafeRawBufferPointer(bytes.buffer), hostFeatures: .baseline)
  #expect(file.functionCount == sampleFunctions.count)
  #expect(file.importedFunctionCount == sampleImportCount)
  #expect(file.optimizationLevel == 2)
  #expect(file.features == .baseline)
  #expect(file.compilerVersion == ArtefactFormat.compilerVersion)
  #expect(Array(file.text) == compiled.text.toArray())
  #expect(Array(file.skeleton) == sampleSkeleton())
  #expect(Array(file.trapKinds) == compiled.trapKinds.toArray())
  #expect(file.frames.count == sampleFunctions.count * 4 && file.handlers.isEmpty)
  for (index, function) in sampleFunctions.enumerated() {
    let range = compiled.functions[index]
    #expect(file.function(index) == range)
    #expect(file.functionName(index) == (index == 0 ? "function[3]" : function.name))
    #expect(file.functionIndex(atCodeOffset: range.offset) == index)
    #expect(file.functionIndex(atCodeOffset: range.offset + range.size - 1) == index)
  }
  #expect(file.functionIndex(atCodeOffset: UInt32(file.text.count)) == nil)
}

@Test func anArtefactRunsFromItsFile() throws {
  let path = NSTemporaryDirectory() + "brolga-\(getpid()).brolga"
  defer { unlink(path) }
  let compiled = sampleCompiledModule()
  let descriptor = open(path, O_CREAT | O_RDWR | O_TRUNC, 0o600)
  try compiled.writeArtefact(toFile: descriptor)
  close(descriptor)
  #expect(
    FileManager.default.contents(atPath: path).map(Array.init)
      == (try compiled.artefactBytes().toArray()))
  let sample = try Sample(module: BrolgaRuntime.Module(engine: Engine(), artefactPath: path))
  #expect(try sample.call("add", [1, 2]) == [3])
  #expect(try sample.trap("load", [.i32(.max)]).kind == .memoryOutOfBounds)
  #expect(throws: ArtefactError.cannotRead(path: path + ".missing", ENOENT)) {
    try BrolgaRuntime.Module(engine: Engine(), artefactPath: path + ".missing")
  }
  #expect(throws: ArtefactError.cannotRead(path: "/tmp", EISDIR)) {
    try BrolgaRuntime.Module(engine: Engine(), artefactPath: "/tmp")
  }
}

@Test func errorsOfTheSystemHaveWords() {
  let messages: [(ArtefactError, String)] = [
    (.cannotRead(path: "/a", ENOENT), "/a: No such file or directory"),
    (.noMemory(ENOMEM), "no memory for the artefact: Cannot allocate memory"),
    (.cannotWrite(ENOSPC), "cannot write the artefact: No space left on device"),
  ]
  for (error, message) in messages { #expect("\(error)" == message) }
}

@Test func nobodyReachesAnArtefactThroughItsFile() throws {
  let path = "/tmp/brolga-own-\(getpid()).brolga"
  defer { unlink(path) }
  let compiled = sampleCompiledModule()
  let descriptor = open(path, O_CREAT | O_RDWR | O_TRUNC, 0o600)
  defer { close(descriptor) }
  try compiled.writeArtefact(toFile: descriptor)
  let memory = try PrivateBytes(path: path)
  let written = [UInt8](repeating: 0xCC, count: memory.bytes.count)
  #expect(pwrite(descriptor, written, written.count, 0) == written.count)
  // Between reading and checking, and after it.
  let file = try ArtefactFile(memory, hostFeatures: .baseline)
  #expect(Array(file.text) == compiled.text.toArray())
  let sample = try Sample(module: BrolgaRuntime.Module(engine: Engine(), artefact: file))
  ftruncate(descriptor, 0)
  #expect(try sample.call("add", [1, 2]) == [3])
  #expect(try sample.trap("load", [.i32(.max)]).kind == .memoryOutOfBounds)
}

@Test func bytesAreReadToTheirEnd() throws {
  // About the sizes at which memory is enlarged, or ends with a page.
  for count in [0, 1, 4095, 4096, 4097, 65535, 65536, 65537, 300_000] {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let path = "/tmp/brolga-bytes-\(getpid())"
    defer { unlink(path) }
    try Data(bytes).write(to: URL(filePath: path))
    let file = try PrivateBytes(path: path)
    #expect(withExtendedLifetime(file) { Array(file.bytes) } == bytes)
    let pipe = Pipe()
    Thread.detachNewThread {
      pipe.fileHandleForWriting.write(Data(bytes))
      try? pipe.fileHandleForWriting.close()
    }
    let read = try PrivateBytes(reading: pipe.fileHandleForReading.fileDescriptor, path: "a pipe")
    #expect(withExtendedLifetime(read) { Array(read.bytes) } == bytes)
  }
}

@Test func anEmptyModuleIsAnArtefact() throws {
  let module = try loadedModule(ModuleBuilder(), engine: Engine())
  let instance = try module.instantiate(store: Store(engine: module.engine))
  #expect(Array(instance.exports).isEmpty)
}

@Test func llvmToolsReadArtefacts() throws {
  let tools = ["/usr/bin", "/opt/swift/usr/bin"].first {
    FileManager.default.isExecutableFile(atPath: $0 + "/llvm-objdump")
      && FileManager.default.isExecutableFile(atPath: $0 + "/llvm-readelf")
  }
  guard let tools else {
    print("skipped: llvm-objdump and llvm-readelf are not installed")
    return
  }
  let path = NSTemporaryDirectory() + "brolga-tools-\(getpid()).brolga"
  defer { unlink(path) }
  let compiled = sampleCompiledModule()
  let descriptor = open(path, O_CREAT | O_RDWR | O_TRUNC, 0o600)
  try compiled.writeArtefact(toFile: descriptor)
  close(descriptor)

  let listing = try run(tools + "/llvm-objdump", ["-d", path])
  #expect(listing.errors.isEmpty)
  for function in sampleFunctions.dropFirst() {
    #expect(listing.output.contains("<\(function.name)>:"))
  }
  #expect(listing.output.contains("<function[3]>:"))
  #expect(listing.output.contains("ud2"))
  let headers = try run(tools + "/llvm-readelf", ["-a", path])
  #expect(headers.errors.isEmpty)
  for section in ArtefactFormat.Section.allCases where section != .null {
    #expect(headers.output.contains("\(section.name)"))
  }
}

private func run(
  _ tool: String, _ arguments: [String]
) throws -> (output: String, errors: String) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: tool)
  process.arguments = arguments
  let output = Pipe()
  let errors = Pipe()
  process.standardOutput = output
  process.standardError = errors
  try process.run()
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  let error = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  return (text, error)
}

// MARK: Refusals

private func error(ofLoading bytes: [UInt8], features: CPUFeatures = .baseline) -> ArtefactError? {
  bytes.withUnsafeBytes { bytes in
    do throws(ArtefactError) {
      let file = try ArtefactFile(copying: bytes, hostFeatures: features)
      _ = try BrolgaRuntime.Module(engine: Engine(), artefact: file)
      return nil
    } catch { return error }
  }
}

/// The file's info section, whatever has been done to the file.
private func infoOffset(_ bytes: [UInt8]) throws -> Int {
  let magic = Array("BROLGA\0\0".utf8)
  let place = bytes.indices.first { bytes[$0...].starts(with: magic) }
  return try #require(place)
}

@Test func versionTargetFeaturesAndHashAreChecked() throws {
  let bytes = try sampleCompiledModule().artefactBytes().toArray()
  let info = try infoOffset(bytes)
  #expect(error(ofLoading: bytes) == nil)
  #expect(error(ofLoading: bytes, features: [.avx]) != nil)
  #expect(
    error(ofLoading: bytes, features: .baseline.subtracting([.bmi1, .lzcnt]))
      == .missingFeatures(["bmi1", "lzcnt"]))
  var changed = bytes
  changed[info + ArtefactFormat.Info.version] = 77
  #expect(error(ofLoading: changed) == .wrongVersion(found: 77, expected: ArtefactFormat.version))
  changed = bytes
  changed[info + ArtefactFormat.Info.target] = 0x61
  #expect(error(ofLoading: changed) == .wrongTarget(found: "a86_64-unknown-linux-gnu"))
  changed = bytes
  changed[changed.count - 1] ^= 1
  #expect(error(ofLoading: changed) == .wrongHash)
  #expect(error(ofLoading: []) == .notAnArtefact)
  #expect(error(ofLoading: [0x7F, 0x45, 0x4C, 0x46]) == .notAnArtefact)
  #expect(error(ofLoading: Array(bytes.dropLast())) != nil)
  #expect(error(ofLoading: bytes + [0]) != nil)
}

@Test func tablesOfUnwindingAreChecked() throws {
  let size = UInt32(sampleCompiledModule().text.count)
  func problem(_ entries: [(UInt32, UInt32)]) throws -> ArtefactError? {
    var compiled = sampleCompiledModule()
    for (from, to) in entries {
      compiled.handlers.append(HandlerEntry(returnOffset: from, handlerOffset: to))
    }
    return error(ofLoading: try compiled.artefactBytes().toArray())
  }
  #expect(try problem([]) == nil)
  #expect(try problem([(1, 0), (2, size - 1), (size, 5)]) == nil)
  #expect(try problem([(0, 4)]) == .malformed("handler entry 0"))
  #expect(try problem([(4, 8), (4, 9)]) == .malformed("handler entry 1"))
  #expect(try problem([(4, 8), (9, 9), (8, 8)]) == .malformed("handler entry 2"))
  #expect(try problem([(4, size)]) == .malformed("handler entry 0"))
  #expect(try problem([(4, 4), (size + 1, 8)]) == .malformed("handler entry 1"))
}

/// No compiler writes sizes that are no number of entries: they are changed in the file.
@Test func sizesOfTablesOfUnwindingAreChecked() throws {
  var compiled = sampleCompiledModule()
  compiled.handlers.append(HandlerEntry(returnOffset: 4, handlerOffset: 8))
  let bytes = try compiled.artefactBytes().toArray()
  let info = try infoOffset(bytes)
  let headers = bytes.withUnsafeBytes { Int($0.load(fromByteOffset: 40, as: UInt64.self)) }
  func problem(_ section: ArtefactFormat.Section, byteCount: UInt8) -> ArtefactError? {
    var changed = bytes
    changed[headers + section.rawValue * ArtefactFormat.sectionHeaderBytes + 32] = byteCount
    repairHash(&changed, textBytes: compiled.text.count, info: info)
    return error(ofLoading: changed)
  }
  let frames = UInt8(sampleFunctions.count * 4)
  #expect(problem(.frames, byteCount: frames) == nil)
  #expect(problem(.frames, byteCount: frames - 4) == .malformed("the table of frames' size"))
  #expect(problem(.frames, byteCount: frames + 4) == .malformed("the table of frames' size"))
  #expect(problem(.handlers, byteCount: 8) == nil)
  #expect(problem(.handlers, byteCount: 0) == nil)
  for wrong in [1, 4, 7] as [UInt8] {
    #expect(
      problem(.handlers, byteCount: wrong) == .malformed("the table of handlers' size"))
  }
}

/// Makes the hash of a changed file right.
private func repairHash(_ bytes: inout [UInt8], textBytes: Int, info: Int) {
  let hash = bytes.withUnsafeBytes {
    artefactHash(of: $0, textOffset: $0.count - textBytes, infoOffset: info)
  }
  for k in 0..<8 {
    bytes[info + ArtefactFormat.Info.hash + k] = UInt8(truncatingIfNeeded: hash >> (8 * k))
  }
}

@Test func everySingleBitIsCoveredByTheHash() throws {
  let bytes = try sampleCompiledModule().artefactBytes().toArray()
  var changed = bytes
  for position in bytes.indices {
    changed[position] ^= UInt8(1) << UInt8(position & 7)
    #expect(error(ofLoading: changed) != nil, "byte \(position)")
    changed[position] = bytes[position]
  }
}

/// SplitMix64.
private struct Random: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

private func mutated(_ bytes: [UInt8], below limit: Int, _ random: inout Random) -> [UInt8] {
  var changed = bytes
  for _ in 0..<Int.random(in: 1...4, using: &random) {
    let place = Int.random(in: 0..<min(limit, changed.count), using: &random)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: changed[place] = UInt8.random(in: 0...255, using: &random)
    case 2: changed[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random)!
    case 3:
      for k in place..<min(place + 8, changed.count) {
        changed[k] = Bool.random(using: &random) ? 0xFF : 0
      }
    case 4:
      let source = Int.random(in: 0..<changed.count, using: &random)
      for k in 0..<min(16, changed.count - max(place, source)) {
        changed[place + k] = changed[source + k]
      }
    default: changed[place] &+= 1
    }
  }
  if UInt8.random(in: 0..<16, using: &random) == 0 {
    changed.removeLast(Int.random(in: 0..<changed.count, using: &random))
  }
  return changed
}

@Test func mutatedArtefactsAreRefusedOrRead() throws {
  let bytes = try sampleCompiledModule().artefactBytes().toArray()
  var random = Random(state: 2026)
  var refused = 0
  for _ in 0..<10_000 {
    if error(ofLoading: mutated(bytes, below: bytes.count, &random)) != nil { refused += 1 }
  }
  // A mutation may put back what was there.
  #expect(refused > 9_500)
}

@Test func mutatedArtefactsWithARepairedHashAreRefusedOrRead() throws {
  let bytes = try sampleCompiledModule().artefactBytes().toArray()
  let info = try infoOffset(bytes)
  let textOffset = (bytes.count - sampleCompiledModule().text.count)
  var random = Random(state: 4052)
  var reasons: [String: Int] = [:]
  for _ in 0..<15_000 {
    // Mostly where something is: the padding before the text is of no interest.
    var changed = mutated(bytes, below: textOffset - 100, &random)
    if changed.count > textOffset {
      repairHash(&changed, textBytes: changed.count - textOffset, info: info)
    }
    let reason =
      switch error(ofLoading: changed) {
      case nil: "valid"
      case .malformed: "malformed"
      case .invalidModule: "module"
      case .wrongHash: "hash"
      case .notAnArtefact: "no artefact"
      default: "other"
      }
    reasons[reason, default: 0] += 1
  }
  print("15,000 mutations with a repaired hash:", reasons.sorted { $0.key < $1.key })
  #expect(reasons["malformed", default: 0] > 100)
  #expect(reasons["module", default: 0] > 100)
  #expect(reasons["valid", default: 0] > 100)
}

@Test func theHashIsFast() {
  let bytes = [UInt8](repeating: 7, count: 64 << 20)
  var hash: UInt64 = 0
  let start = DispatchClock.now()
  bytes.withUnsafeBytes { hash = ContentHash.hash($0, seed: hash) }
  let rate = Double(bytes.count) / Double(max(DispatchClock.now() - start, 1))
  print("content hash: \(rate) GB/s, \(hash)")
}
