// SPDX-License-Identifier: Apache-2.0
// Modules from text: the entry points of parsing.

import BrolgaEntities

/// The text format of WebAssembly.
package enum TextFormat {
  /// Whether bytes are a text rather than a binary module: they start, after blanks, with what
  /// a text can start with.
  package static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let first = bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
    return first == UInt8(ascii: "(") || first == UInt8(ascii: ";")
  }

  /// The binary form of a module's text.
  package static func encode(
    _ text: UnsafeRawBufferPointer, features: Features = .standard
  ) throws(TextError) -> [UInt8] {
    let source = text.bindMemory(to: UInt8.self)
    do throws(TextFailure) {
      var parser = try TextParser(source, features: features)
      return try parser.parseFile()
    } catch {
      throw TextError(error, in: source)
    }
  }

  package static func encode(
    _ text: String, features: Features = .standard
  ) throws(TextError) -> [UInt8] {
    var result: Result<[UInt8], TextError> = .success([])
    var text = text
    text.withUTF8 { utf8 in
      do throws(TextError) {
        result = .success(try encode(UnsafeRawBufferPointer(utf8), features: features))
      } catch {
        result = .failure(error)
      }
    }
    return try result.get()
  }

  /// The bits of a number as the text of a module writes it; nil if it is none of the type.
  package static func number(_ text: String, _ type: ValueType) -> UInt64? {
    var text = text
    return text.withUTF8 { text in
      switch type {
      case .i32: try? TextNumber.integer(text, bits: 32, isSigned: true)
      case .i64: try? TextNumber.integer(text, bits: 64, isSigned: true)
      case .f32: try? TextNumber.float(text, isDouble: false)
      case .f64: try? TextNumber.float(text, isDouble: true)
      default: nil
      }
    }
  }

  /// The place in the text of what is wrong with the binary form that `encode` made of it.
  package static func error(
    _ error: WasmError, in text: UnsafeRawBufferPointer, features: Features = .standard
  ) -> TextError {
    let source = text.bindMemory(to: UInt8.self)
    var position = 0
    // The same again, now with notes: errors are rare, and notes take time and memory.
    do throws(TextFailure) {
      var parser = try TextParser(source, features: features)
      parser.isMarking = true
      _ = try parser.parseFile()
      position = parser.source(ofOffset: error.offset)
    } catch {
      position = error.position
    }
    return TextError(TextFailure(error.kind, at: position, error.message), in: source)
  }
}

extension TextParser {
  /// The place in the text of the last piece of the binary that starts at or before `offset`.
  fileprivate mutating func source(ofOffset offset: Int) -> Int {
    var best = 0
    var place = 0
    for i in marks.indices {
      let start = Int(truncatingIfNeeded: marks[i].offset)
      guard start <= offset, start >= best else { continue }
      best = start
      place = Int(truncatingIfNeeded: marks[i].source)
    }
    return place
  }
}

extension Module {
  /// Parses and decodes a module's text. Its bytes are the binary form.
  package convenience init(
    text: UnsafeRawBufferPointer, options: DecodingOptions = DecodingOptions()
  ) throws(TextError) {
    let bytes = try TextFormat.encode(text, features: options.features)
    do throws(WasmError) {
      try self.init(decoding: bytes, options: options)
    } catch {
      throw TextFormat.error(error, in: text, features: options.features)
    }
  }
}
