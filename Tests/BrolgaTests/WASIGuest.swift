// SPDX-License-Identifier: Apache-2.0
// A guest without code: a memory, a folder, and calls of preview 1 functions by hand.

import BrolgaWASI
import Glibc

import class Foundation.FileManager

/// A folder of its own below the system's temporary one, removed with everything in it at the end.
final class TemporaryFolder {
  let path: String

  init() {
    // mkdtemp puts what makes the name unique in place of six X.
    var template = Array(("/tmp/brolga-test-" + String(repeating: "X", count: 6)).utf8CString)
    path = String(cString: mkdtemp(&template)!)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func makeFolder(_ name: String) { mkdir(path + "/" + name, 0o755) }

  func makeLink(_ name: String, to target: String) { symlink(target, path + "/" + name) }

  func write(_ name: String, _ text: String) {
    let file = creat(path + "/" + name, 0o644)
    _ = Glibc.write(file, text, text.utf8.count)
    close(file)
  }

  /// The names of what is in the folder, sorted.
  var entries: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? []
  }

  /// The contents of a file; nil if there is none.
  func read(_ name: String) -> String? {
    let file = openat(AT_FDCWD, path + "/" + name, O_RDONLY, 0)
    if file < 0 { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}

/// Where `WASIGuest` puts what a call needs; the rest of its memory is for the test.
enum Address {
  static let result: UInt64 = 0
  static let path: UInt64 = 1024
  static let secondPath: UInt64 = 8192
  static let vectors: UInt64 = 16384
  static let data: UInt64 = 32768
  static let end: UInt64 = 65536
}

final class WASIGuest {
  let bridge: WASIBridgeToHost
  let bytes: UnsafeMutableRawBufferPointer
  /// Lives as long as this guest does.
  var folder: TemporaryFolder?

  convenience init(
    args: [String] = [], environment: [(name: String, value: String)] = [],
    folders: [Preopen] = [], stdin: Int32 = 0, stdout: Int32 = 1
  ) throws {
    self.init(
      bridge: try WASIBridgeToHost(
        args: args, environment: environment, preopens: folders, stdin: stdin, stdout: stdout))
  }

  /// A guest that knows `folder`, which then lives as long as it does, as `.`.
  convenience init(in folder: TemporaryFolder) throws {
    try self.init(folders: [Preopen(host: folder.path, guest: ".")])
    self.folder = folder
  }

  init(bridge: WASIBridgeToHost) {
    self.bridge = bridge
    bytes = .allocate(byteCount: Int(Address.end), alignment: 16)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { bytes.deallocate() }

  func call(_ function: Preview1, _ arguments: UInt64...) -> Errno {
    do throws(Errno) {
      try bridge.call(function, Arguments(arguments), GuestBytes(bytes))
      return .success
    } catch {
      return error
    }
  }

  func word(_ address: UInt64) -> UInt32 {
    bytes.loadUnaligned(fromByteOffset: Int(address), as: UInt32.self)
  }

  func wide(_ address: UInt64) -> UInt64 {
    bytes.loadUnaligned(fromByteOffset: Int(address), as: UInt64.self)
  }

  func put(_ word: UInt32, at address: UInt64) {
    bytes.storeBytes(of: word, toByteOffset: Int(address), as: UInt32.self)
  }

  /// Writes `text` at `address` and returns how many bytes it has.
  func put(_ text: String, at address: UInt64 = Address.path) -> UInt64 {
    for (index, byte) in text.utf8.enumerated() { bytes[Int(address) + index] = byte }
    return UInt64(text.utf8.count)
  }

  /// Writes `bytes` where paths are and returns how many they are.
  func put(bytes path: [UInt8]) -> UInt64 {
    for (index, byte) in path.enumerated() { bytes[Int(Address.path) + index] = byte }
    return UInt64(path.count)
  }

  func text(at address: UInt64, count: Int) -> String {
    String(decoding: bytes[Int(address)..<Int(address) + count], as: UTF8.self)
  }

  /// Opens `path` below descriptor 3; the new descriptor is at `Address.result`.
  func open(
    _ path: String, follow: Bool = true, flags: UInt64 = 0, rights: Rights = .belowFolder,
    inheriting: Rights = .belowFolder, fdFlags: UInt64 = 0, below folder: UInt64 = 3
  ) -> Errno {
    call(
      .path_open, folder, follow ? 1 : 0, Address.path, put(path), flags, rights.rawValue,
      inheriting.rawValue, fdFlags, Address.result)
  }

  /// Opens `path`, which must succeed, and returns the descriptor.
  func opened(
    _ path: String, flags: UInt64 = 0, rights: Rights = .belowFolder,
    inheriting: Rights = .belowFolder, below folder: UInt64 = 3
  ) -> UInt64 {
    let failure = open(path, flags: flags, rights: rights, inheriting: inheriting, below: folder)
    precondition(failure == .success, "\(path): \(failure)")
    return UInt64(word(Address.result))
  }

  /// The status of a descriptor: its type, flags, rights, and those inherited.
  func status(
    _ fd: UInt64
  ) -> (type: FileType?, flags: UInt16, rights: Rights, inheriting: Rights) {
    let failure = call(.fd_fdstat_get, fd, Address.data)
    precondition(failure == .success, "\(fd): \(failure)")
    return (
      FileType(rawValue: bytes[Int(Address.data)]),
      UInt16(truncatingIfNeeded: word(Address.data) >> 16),
      Rights(rawValue: wide(Address.data + 8)), Rights(rawValue: wide(Address.data + 16))
    )
  }

  /// Calls `function`, which takes vectors, with one vector of `count` bytes at `Address.data`.
  func transfer(_ function: Preview1, _ fd: UInt64, count: UInt64) -> Errno {
    put(UInt32(Address.data), at: Address.vectors)
    put(UInt32(count), at: Address.vectors + 4)
    return call(function, fd, Address.vectors, 1, Address.result)
  }
}

extension TemporaryFolder {
  /// The descriptors of this process that are open on the folder or something in it.
  var openDescriptors: [Int32] { openDescriptors("") }

  /// The same for what begins with `name` in the folder.
  func openDescriptors(_ name: String) -> [Int32] {
    (0..<1024).filter { descriptor in
      var target = [CChar](repeating: 0, count: 4096)
      let length = readlink("/proc/self/fd/\(descriptor)", &target, target.count)
      return length > 0 && strncmp(target, path + name, strlen(path + name)) == 0
    }
  }
}
