// SPDX-License-Identifier: Apache-2.0
// What a guest is given, once the command line has been read.

import Brolga
import Glibc

struct GuestSettings {
  /// As `--dir`, `--env` and `--argv0` take them.
  var folders: [String] = []
  var variables: [String] = []
  var argv0: String?
  var maxWasmStack = ByteCount(value: 1 << 20)
  var maxMemoryBytes: ByteCount?

  var engineConfiguration: EngineConfiguration {
    var configuration = EngineConfiguration()
    configuration.maximumStackBytes = maxWasmStack.value
    if let maxMemoryBytes { configuration.maximumMemoryBytes = UInt64(maxMemoryBytes.value) }
    return configuration
  }

  /// Stack of the thread on which the guest runs: its own, the host functions', and to spare.
  var threadStackBytes: Int { max(64 << 20, maxWasmStack.value + (4 << 20)) }

  /// What the guest is given.
  ///
  /// - Parameter output: a descriptor that takes the place of both standard outputs.
  func bridge(
    file: String, arguments: [String], output: Int32? = nil
  ) throws(Failure) -> WASIBridgeToHost {
    let name = argv0 ?? String(file.split(separator: "/").last ?? "")
    var environment: [[UInt8]] = []
    for variable in variables { environment.append(try GuestSettings.variable(variable)) }
    do throws(PreopenError) {
      return try WASIBridgeToHost(
        argumentBytes: ([name] + arguments).map { HostText.bytes($0) },
        environmentBytes: environment, preopens: folders.map(GuestSettings.preopen),
        stdout: output ?? STDOUT_FILENO, stderr: output ?? STDERR_FILENO)
    } catch {
      throw Failure("\(error)")
    }
  }

  /// A variable of the guest, as `KEY=VALUE`.
  private static func variable(_ text: String) throws(Failure) -> [UInt8] {
    let bytes = HostText.bytes(text)
    if bytes.contains(UInt8(ascii: "=")) { return bytes }
    guard let value = getenv(HostText.cString(text)) else {
      throw Failure("there is no environment variable \(text) to pass on")
    }
    let count = strlen(value)
    return bytes + [UInt8(ascii: "=")]
      + UnsafeBufferPointer(start: value, count: count).map { UInt8(bitPattern: $0) }
  }

  /// Splits `HOST::GUEST`; without the colons, the guest's path is the host's.
  private static func preopen(_ text: String) -> Preopen {
    let utf8 = text.utf8
    var position = utf8.startIndex
    while let colon = utf8[position...].firstIndex(of: UInt8(ascii: ":")) {
      position = utf8.index(after: colon)
      if position < utf8.endIndex, utf8[position] == UInt8(ascii: ":") {
        let guest = utf8.index(after: position)
        return Preopen(
          hostBytes: HostText.bytes(text[..<colon]), guestBytes: HostText.bytes(text[guest...]))
      }
    }
    let bytes = HostText.bytes(text)
    return Preopen(hostBytes: bytes, guestBytes: bytes)
  }
}
