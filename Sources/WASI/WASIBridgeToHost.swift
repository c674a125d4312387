// SPDX-License-Identifier: Apache-2.0
// What one guest of WASI preview 1 is given: arguments, environment, streams and folders.

import Glibc

/// The guest called `proc_exit`. Ends the call into the guest, as its error.
public struct ExitStatus: Error, Equatable, Sendable {
  public let code: UInt32

  public init(code: UInt32) { self.code = code }

  /// What a process that stands for the guest should end with. A status above 255, of which the
  /// system would keep the low 8 bits only, becomes 255, lest a failure read as success.
  public var processStatus: Int32 { Int32(min(code, 255)) }
}

/// A folder to be preopened that cannot be opened.
public struct PreopenError: Error, Equatable, CustomStringConvertible, Sendable {
  public let path: String
  /// The host's error number.
  public let number: Int32

  public var description: String {
    "cannot open the folder \(path): \(String(cString: strerror(number)))"
  }
}

/// A folder of the host that the guest may use, with everything below it.
public struct Preopen: Equatable, Sendable {
  /// The path on the host; paths need not be UTF-8.
  public var hostBytes: [UInt8]
  /// The path under which the guest knows it.
  public var guestBytes: [UInt8]

  public init(host: String, guest: String) {
    self.init(hostBytes: [UInt8](host.utf8), guestBytes: [UInt8](guest.utf8))
  }

  public init(hostBytes: [UInt8], guestBytes: [UInt8]) {
    self.hostBytes = hostBytes
    self.guestBytes = guestBytes
  }

  public var host: String { String(decoding: hostBytes, as: UTF8.self) }
  public var guest: String { String(decoding: guestBytes, as: UTF8.self) }
}

/// WASI preview 1 for one guest.
///
/// The guest reaches what is handed over here and nothing else. Belongs to one store; not safe for
/// use by two threads at once.
public final class WASIBridgeToHost {
  let arguments: ZeroTerminated
  let environment: ZeroTerminated
  var descriptors = DescriptorTable()
  /// Working memory of scattered reads and writes; its capacity is kept.
  var vectors: [iovec] = []

  /// - Parameters:
  ///   - args: the program's arguments, its own name first.
  ///   - preopens: become the descriptors from 3 on, in this order.
  ///   - stdin, stdout, stderr: descriptors of the host. They stay open when the guest closes its
  ///     own, and the guest changes nothing of their files but by writing. One that is not open
  ///     gives the guest no descriptor, and no file that it opens takes its place.
  public convenience init(
    args: [String] = [], environment: [(name: String, value: String)] = [],
    preopens: [Preopen] = [], stdin: Int32 = 0, stdout: Int32 = 1, stderr: Int32 = 2
  ) throws(PreopenError) {
    try self.init(
      argumentBytes: args.map { [UInt8]($0.utf8) },
      environmentBytes: environment.map { [UInt8](($0.name + "=" + $0.value).utf8) },
      preopens: preopens, stdin: stdin, stdout: stdout, stderr: stderr)
  }

  /// The order in which the folders become descriptors is that of their names for the guest.
  public convenience init(
    args: [String], environment: [String: String], preopens: [String: String]
  ) throws(PreopenError) {
    try self.init(
      args: args,
      environment: environment.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) },
      preopens: preopens.sorted { $0.key < $1.key }.map { Preopen(host: $0.value, guest: $0.key) })
  }

  /// As the other initializer, for texts that need not be UTF-8: the guest receives these bytes.
  ///
  /// - Parameters:
  ///   - argumentBytes: the program's arguments, without zeros in them.
  ///   - environmentBytes: the variables, each as `NAME=value`, without zeros in them.
  public init(
    argumentBytes: [[UInt8]], environmentBytes: [[UInt8]] = [], preopens: [Preopen] = [],
    stdin: Int32 = 0, stdout: Int32 = 1, stderr: Int32 = 2
  ) throws(PreopenError) {
    arguments = ZeroTerminated(argumentBytes)
    environment = ZeroTerminated(environmentBytes)
    insertStream(stdin, [.fdWrite])
    insertStream(stdout, [.fdRead])
    insertStream(stderr, [.fdRead])
    for preopen in preopens { try insertFolder(preopen) }
  }

  private func insertStream(_ host: Int32, _ withheld: Rights) {
    let flags = fcntl(host, F_GETFL)
    var status = stat()
    guard flags >= 0, fstat(host, &status) == 0 else { return descriptors.insertAbsent() }
    var type = FileType(mode: status.st_mode)
    // What can be done below a folder is handed over by a preopen, and by nothing else.
    if type == .directory { type = .unknown }
    let applying = Rights.applying(to: type, host: host)
    _ = descriptors.insert(
      Descriptor(
        host: host, type: type, rights: applying.subtracting(withheld.union(.changingFile)),
        stream: StreamFlags(host: FileFlags(host: flags))))
  }

  private func insertFolder(_ preopen: Preopen) throws(PreopenError) {
    let path = preopen.hostBytes.map { CChar(bitPattern: $0) } + [0]
    var host = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    if host >= 0 { host = (try? aboveStandardStreams(host)) ?? -1 }
    if host < 0 { throw PreopenError(path: preopen.host, number: errno) }
    _ = descriptors.insert(
      Descriptor(host: host, type: .directory, rights: .folder, inheriting: .belowFolder),
      preopenName: preopen.guestBytes)
  }
}

/// Strings end to end, each with a terminating zero: what the guest receives.
struct ZeroTerminated {
  private(set) var characters: [UInt8] = []
  /// Where each string begins in `characters`.
  private(set) var starts: [UInt32] = []

  init(_ strings: [[UInt8]]) {
    for string in strings {
      starts.append(UInt32(characters.count))
      characters.append(contentsOf: string)
      characters.append(0)
    }
  }
}

extension WASIBridgeToHost {
  func storeStrings(
    _ strings: ZeroTerminated, pointers: UInt32, characters: UInt32, _ memory: GuestBytes
  ) throws(Errno) {
    let text = try memory.bytes(at: characters, count: UInt32(strings.characters.count))
    let slots = try memory.bytes(at: pointers, count: UInt32(strings.starts.count * 4))
    text.copyBytes(from: strings.characters)
    for (index, start) in strings.starts.enumerated() {
      slots.storeBytes(of: characters &+ start, toByteOffset: index * 4, as: UInt32.self)
    }
  }

  func storeSizes(
    _ strings: ZeroTerminated, count: UInt32, characters: UInt32, _ memory: GuestBytes
  ) throws(Errno) {
    try memory.store(UInt32(strings.starts.count), at: count)
    try memory.store(UInt32(strings.characters.count), at: characters)
  }

  func random(buffer: UInt32, count: UInt32, _ memory: GuestBytes) throws(Errno) {
    let bytes = try memory.bytes(at: buffer, count: count)
    var filled = 0
    while filled < bytes.count {
      // 256 bytes are the most that one call gives.
      let size = min(bytes.count - filled, 256)
      // Safe: `filled + size` is at most the count of bytes that are inside of the memory.
      try check(getentropy(bytes.baseAddress! + filled, size))
      filled += size
    }
  }

  func yieldThread() {
    sched_yield()
  }
}
