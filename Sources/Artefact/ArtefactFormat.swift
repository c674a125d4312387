// SPDX-License-Identifier: Apache-2.0
// The artefact file: an ELF64 file for x86-64 with sections of Brolga's own.

/// The file format, as constants that writer and reader share. All numbers are little-endian.
///
///     ELF header | one program header | section contents | section headers | padding | .text
///
/// The text is last and starts on a page, so that it can be mapped executable by itself and be
/// written straight from where the compiler left it.
package enum ArtefactFormat {
  /// Raised with every change of the format, of `ContextLayout`, of `Helper`, or of the calling
  /// convention.
  package static let version: UInt32 = 5
  package static let target = "x86_64-unknown-linux-gnu"
  package static let compilerVersion = "brolga 0.1.0"

  /// Whether bytes begin as those of an artefact, and of any other ELF file.
  package static func isELF(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46])
  }

  static let headerBytes = 64
  static let programHeaderBytes = 56
  static let sectionHeaderBytes = 64
  static let symbolBytes = 24
  static let pageBytes = 4096
  /// Upper bound of the whole text: offsets are 32 bits, and relative calls reach 2 GiB.
  static let maximumTextBytes = 0x7FFF_0000

  /// The sections, in the order of their headers.
  enum Section: Int, CaseIterable {
    case null, text, symbols, strings, info, module, functions, traps, frames, handlers,
      sectionNames

    var name: StaticString {
      switch self {
      case .null: ""
      case .text: ".text"
      case .symbols: ".symtab"
      case .strings: ".strtab"
      case .info: ".brolga.info"
      case .module: ".brolga.module"
      case .functions: ".brolga.functions"
      case .traps: ".brolga.traps"
      case .frames: ".brolga.frames"
      case .handlers: ".brolga.handlers"
      case .sectionNames: ".shstrtab"
      }
    }

    /// SHT_NULL, SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB.
    var type: UInt32 {
      switch self {
      case .null: 0
      case .symbols: 2
      case .strings, .sectionNames: 3
      case .text, .info, .module, .functions, .traps, .frames, .handlers: 1
      }
    }

    /// SHF_ALLOC and SHF_EXECINSTR for the text.
    var flags: UInt64 { self == .text ? 6 : 0 }

    var alignment: Int {
      switch self {
      case .null: 0
      case .text: ArtefactFormat.pageBytes
      case .strings, .sectionNames: 1
      default: 8
      }
    }

    var entryBytes: Int {
      switch self {
      case .symbols: ArtefactFormat.symbolBytes
      case .functions, .handlers: 8
      case .frames: 4
      default: 0
      }
    }
  }

  /// Byte offsets in `.brolga.info`.
  enum Info {
    static let magic = 0  // 8 bytes
    static let version = 8  // 4
    static let level = 12  // 1
    static let hash = 16  // 8
    static let features = 24  // 8
    static let importedFunctions = 32  // 4
    static let definedFunctions = 36  // 4
    static let traps = 40  // 4
    static let target = 48  // 32, filled up with zeros
    static let compiler = 80  // 32, filled up with zeros
    static let textBytes = 112  // 8
    static let byteCount = 128
    static let stringBytes = 32
  }

  /// "BROLGA" and two zeros.
  static let magic: UInt64 = 0x0000_4147_4C4F_5242
}
