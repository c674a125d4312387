// SPDX-License-Identifier: Apache-2.0
// Texts of the host that need not be UTF-8, as strings, with no byte lost.

import Glibc

/// Arguments and names of files are bytes to the system, and strings to the argument parser.
///
/// In such a string a byte that is no part of UTF-8 is the character `first + byte`. These
/// characters are for private use; where a text has one of them itself, each of its bytes becomes
/// one, so that the way back always gives the same bytes.
enum HostText {
  private static let first: UInt32 = 0x10_fe00
  private static let characters = first...first + 0xff

  /// The process's arguments without its own name.
  static var arguments: [String] {
    (1..<max(Int(CommandLine.argc), 1)).map { index in
      guard let text = CommandLine.unsafeArgv[index] else { return "" }
      return string(
        UnsafeBufferPointer(start: text, count: strlen(text)).map(UInt8.init(bitPattern:)))
    }
  }

  static func string(_ bytes: [UInt8]) -> String {
    var scalars = String.UnicodeScalarView()
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var position = 0
    func escape(_ count: Int) {
      for byte in bytes[position..<position + count] {
        scalars.append(Unicode.Scalar(first + UInt32(byte))!)
      }
      position += count
    }
    while true {
      switch parser.parseScalar(from: &rest) {
      case .emptyInput: return String(scalars)
      case .error(let count): escape(count)
      case .valid(let encoded):
        let scalar = UTF8.decode(encoded)
        if characters.contains(scalar.value) {
          escape(encoded.count)
        } else {
          scalars.append(scalar)
          position += encoded.count
        }
      }
    }
  }

  /// The bytes of which `string` was made.
  static func bytes(_ string: some StringProtocol) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in string.unicodeScalars {
      if characters.contains(scalar.value) {
        bytes.append(UInt8(scalar.value - first))
      } else {
        bytes.append(contentsOf: UTF8.encode(scalar)!)
      }
    }
    return bytes
  }

  /// The same with a zero behind them, as the system takes names.
  static func cString(_ string: String) -> [CChar] {
    bytes(string).map { CChar(bitPattern: $0) } + [0]
  }
}
