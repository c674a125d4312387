// SPDX-License-Identifier: Apache-2.0
// Parses the specification's test scripts.

import BrolgaEntities

extension TextFormat {
  /// Parses a script. Modules that have no binary form are part of it, with their errors.
  package static func parseScript(
    _ text: UnsafeRawBufferPointer, features: Features = .standard
  ) throws(TextError) -> Script {
    let source = text.bindMemory(to: UInt8.self)
    do throws(TextFailure) {
      var parser = ScriptParser(try TextParser(source, features: features), source)
      return try parser.parse()
    } catch {
      throw TextError(error, in: source)
    }
  }
}

private struct ScriptParser: ~Copyable {
  private var parser: TextParser
  private let source: UnsafeBufferPointer<UInt8>
  /// The line of the byte at `linePosition`: commands come in order.
  private var line = 1
  private var linePosition = 0

  init(_ parser: consuming TextParser, _ source: UnsafeBufferPointer<UInt8>) {
    self.parser = parser
    self.source = source
  }

  mutating func parse() throws(TextFailure) -> Script {
    var commands: [ScriptCommand] = []
    if isBareModule {
      parser.beginModule()
      let end = parser.lexer.tokens.count &- 1
      let module = ScriptModule(name: nil, line: 1, form: .text, bytes: encode(until: end))
      return Script(commands: [ScriptCommand(line: 1, kind: .module(module))])
    }
    while parser.token.kind != .end {
      let line = currentLine()
      guard parser.token.kind == .open else { throw parser.unexpected() }
      let close = Int(truncatingIfNeeded: parser.token.value)
      parser.position &+= 1
      let kind = try parseCommand(close)
      guard parser.position == close else { throw parser.unexpected() }
      parser.position = close &+ 1
      commands.append(ScriptCommand(line: line, kind: kind))
    }
    return Script(commands: commands)
  }

  /// Whether the script is the fields of one module.
  private var isBareModule: Bool {
    guard parser.token.kind == .open, parser.tokens[parser.position &+ 1].kind == .word else {
      return false
    }
    switch parser.tokens[parser.position &+ 1].value {
    case Keyword.func.code, Keyword.type.code, Keyword.import.code, Keyword.export.code,
      Keyword.table.code, Keyword.memory.code, Keyword.global.code, Keyword.elem.code,
      Keyword.data.code, Keyword.start.code, Keyword.rec.code, Keyword.tag.code:
      return true
    default: return false
    }
  }

  private mutating func currentLine() -> Int {
    let position = Int(parser.token.start)
    while linePosition < position {
      if source[linePosition] == 0x0A { line &+= 1 }
      linePosition &+= 1
    }
    return line
  }

  // MARK: Commands

  private mutating func parseCommand(_ close: Int) throws(TextFailure) -> ScriptCommand.Kind {
    let token = parser.token
    guard token.kind == .word else { throw parser.unexpected() }
    parser.position &+= 1
    switch token.value {
    case Keyword.module.code: return try parseModuleCommand(close)
    case Keyword.register.code:
      let name = try parseString()
      return .register(name, instance: takeName())
    case Keyword.invoke.code, Keyword.get.code:
      parser.position &-= 1
      return .action(try parseAction())
    case Keyword.assertReturn.code:
      let action = try parseInnerAction()
      var expectations: [ScriptExpectation] = []
      while parser.token.kind == .open { expectations.append(try parseExpectation()) }
      return .assertReturn(action, expectations)
    case Keyword.assertTrap.code:
      if parser.isOpen(.module) {
        return .assertModuleTrap(try parseInnerModule(), try parseString())
      }
      return .assertTrap(try parseInnerAction(), try parseString())
    case Keyword.assertExhaustion.code:
      return .assertExhaustion(try parseInnerAction(), try parseString())
    case Keyword.assertException.code: return .assertException(try parseInnerAction())
    case Keyword.assertMalformed.code, Keyword.assertMalformedCustom.code:
      return .assertMalformed(try parseInnerModule(), try parseString())
    case Keyword.assertInvalid.code, Keyword.assertInvalidCustom.code:
      return .assertInvalid(try parseInnerModule(), try parseString())
    case Keyword.assertUnlinkable.code:
      return .assertUnlinkable(try parseInnerModule(), try parseString())
    case Keyword.component.code, Keyword.thread.code, Keyword.wait.code,
      Keyword.assertSuspension.code:
      parser.position = close
      return .unsupported(parser.text(of: token))
    default:
      parser.position &-= 1
      throw parser.unexpected()
    }
  }

  private mutating func parseModuleCommand(
    _ close: Int
  ) throws(TextFailure) -> ScriptCommand.Kind {
    if parser.take(.instance) {
      let name = takeName()
      return .instance(name: name, definition: takeName())
    }
    let isDefinition = parser.take(.definition)
    let module = try parseModule(close)
    return isDefinition ? .definition(module) : .module(module)
  }

  private mutating func parseInnerModule() throws(TextFailure) -> ScriptModule {
    guard parser.isOpen(.module) else { throw parser.unexpected() }
    _ = currentLine()
    let close = Int(truncatingIfNeeded: parser.token.value)
    parser.position &+= 2
    _ = parser.take(.definition)
    let module = try parseModule(close)
    parser.position = close &+ 1
    return module
  }

  // MARK: Modules

  /// Parses what follows the word `module`, up to the closing parenthesis.
  private mutating func parseModule(_ close: Int) throws(TextFailure) -> ScriptModule {
    let start = parser.position
    let name = takeName()
    if parser.take(.binary) {
      let bytes = try parseStrings()
      return ScriptModule(name: name, line: line, form: .binary, bytes: .success(bytes))
    }
    if parser.take(.quote) {
      let text = try parseStrings()
      let result: Result<[UInt8], TextError> = text.withUnsafeBytes { text in
        do throws(TextError) {
          return .success(try TextFormat.encode(text, features: parser.features))
        } catch {
          return .failure(error)
        }
      }
      return ScriptModule(name: name, line: line, form: .quote, bytes: result)
    }
    parser.position = start
    parser.beginModule()
    let module = ScriptModule(name: name, line: line, form: .text, bytes: encode(until: close))
    parser.position = close
    return module
  }

  private mutating func encode(until close: Int) -> Result<[UInt8], TextError> {
    do throws(TextFailure) {
      try parser.parseModuleName()
      return .success(try parser.parseFields(until: close))
    } catch {
      return .failure(TextError(error, in: source))
    }
  }

  private mutating func parseStrings() throws(TextFailure) -> [UInt8] {
    var bytes = ByteWriter()
    while parser.token.kind == .string {
      // Pieces of a quoted text stand on lines of their own; a binary has no use for that.
      try parser.decodeString(into: &bytes)
    }
    return bytes.toArray()
  }

  // MARK: Names

  private mutating func takeName() -> String? {
    guard let symbol = parser.takeSymbol() else { return nil }
    return String(decoding: parser.lexer.symbols.name(symbol), as: UTF8.self)
  }

  private mutating func parseString() throws(TextFailure) -> String {
    let name = try parser.parseName()
    return String(decoding: name.bytes.buffer, as: UTF8.self)
  }

  // MARK: Actions and values

  private mutating func parseInnerAction() throws(TextFailure) -> ScriptAction {
    guard parser.token.kind == .open else { throw parser.unexpected() }
    parser.position &+= 1
    let action = try parseAction()
    try parser.expectClose()
    return action
  }

  private mutating func parseAction() throws(TextFailure) -> ScriptAction {
    if parser.take(.invoke) {
      let instance = takeName()
      let export = try parseString()
      var arguments: [ScriptValue] = []
      while parser.token.kind == .open {
        let place = parser.position
        guard case .exactly(let value) = try parseExpectation() else {
          parser.position = place &+ 1
          throw parser.unexpected()
        }
        arguments.append(value)
      }
      return .invoke(instance: instance, export: export, arguments)
    }
    guard parser.take(.get) else { throw parser.unexpected() }
    let instance = takeName()
    return .get(instance: instance, export: try parseString())
  }

  private mutating func parseExpectation() throws(TextFailure) -> ScriptExpectation {
    guard parser.token.kind == .open else { throw parser.unexpected() }
    // An `either` holds no other, so that this is all the nesting there is.
    guard parser.takeOpen(.either) else { return try parseSimpleExpectation() }
    var choices: [ScriptExpectation] = []
    while parser.token.kind == .open { choices.append(try parseSimpleExpectation()) }
    try parser.expectClose()
    return .either(choices)
  }

  private mutating func parseSimpleExpectation() throws(TextFailure) -> ScriptExpectation {
    let close = Int(truncatingIfNeeded: parser.token.value)
    parser.position &+= 1
    let token = parser.token
    guard token.kind == .word else { throw parser.unexpected() }
    let expectation: ScriptExpectation
    if token.value < Keyword.firstCode {
      let row = parser.instructions[Int(truncatingIfNeeded: token.value)]
      guard let value = try parseConstant(row) else { throw parser.unexpected() }
      expectation = value
    } else {
      expectation = try parseReference(token, close)
    }
    guard parser.position == close else { throw parser.unexpected() }
    parser.position = close &+ 1
    return expectation
  }

  private mutating func parseConstant(
    _ row: TextInstruction
  ) throws(TextFailure) -> ScriptExpectation? {
    parser.position &+= 1
    switch row.immediates {
    case .i32:
      let bits = try parser.parseInteger(bits: 32)
      return .exactly(.i32(UInt32(truncatingIfNeeded: bits)))
    case .i64: return .exactly(.i64(try parser.parseInteger(bits: 64)))
    case .f32, .f64:
      let isDouble = row.immediates == .f64
      if let pattern = takeNaNPattern(isDouble) { return pattern }
      let bits = try parser.parseFloat(isDouble: isDouble)
      return .exactly(isDouble ? .f64(bits) : .f32(UInt32(truncatingIfNeeded: bits)))
    case .v128: return try parseVector()
    case .heapType:
      if parser.token.kind == .close { return .exactly(.null(nil)) }
      return .exactly(parseNull())
    case .function:
      // `ref.func`, perhaps with an index that means nothing here.
      if parser.isIndex { parser.position &+= 1 }
      return .function
    default:
      parser.position &-= 1
      return nil
    }
  }

  /// Reads a vector, in which lanes may be patterns.
  private mutating func parseVector() throws(TextFailure) -> ScriptExpectation {
    let start = parser.position
    let shape = try parser.parseVectorShape()
    if shape.isFloat {
      let isDouble = shape.laneBits == 64
      var lanes: [ScriptExpectation] = []
      var hasPatterns = false
      for _ in 0..<shape.laneCount {
        if let pattern = takeNaNPattern(isDouble) {
          hasPatterns = true
          lanes.append(pattern)
        } else {
          let bits = try parser.parseFloat(isDouble: isDouble)
          lanes.append(.exactly(isDouble ? .f64(bits) : .f32(UInt32(truncatingIfNeeded: bits))))
        }
      }
      if hasPatterns { return .lanes(lanes) }
    }
    parser.position = start
    return .exactly(.v128(try parser.parseVector()))
  }

  /// Reads a null's type, which may be one that is not built.
  private mutating func parseNull() -> ScriptValue {
    let start = parser.position
    do throws(TextFailure) {
      return .null(ValueType(reference: try parser.parseHeapType(), isNullable: true))
    } catch {
      parser.position = start &+ 1
      return .unsupported(error.message)
    }
  }

  private mutating func takeNaNPattern(_ isDouble: Bool) -> ScriptExpectation? {
    guard parser.token.kind == .word else { return nil }
    let text = parser.bytes(parser.token)
    let pattern: ScriptExpectation
    if TextNumber.equal(text, "nan:canonical") {
      pattern = .canonicalNaN(isDouble: isDouble)
    } else if TextNumber.equal(text, "nan:arithmetic") {
      pattern = .arithmeticNaN(isDouble: isDouble)
    } else {
      return nil
    }
    parser.position &+= 1
    return pattern
  }

  private mutating func parseReference(
    _ token: TextToken, _ close: Int
  ) throws(TextFailure) -> ScriptExpectation {
    parser.position &+= 1
    switch token.value {
    case Keyword.refExtern.code, Keyword.refHost.code:
      if parser.token.kind == .close { return .external }
      return .exactly(.host(try parser.parseU32()))
    case Keyword.refEq.code, Keyword.refI31.code, Keyword.refStruct.code, Keyword.refArray.code,
      Keyword.refAny.code:
      parser.position = close
      return .exactly(.unsupported(Features.garbageCollection.name))
    case Keyword.refExn.code: return .exception
    default:
      parser.position &-= 1
      throw parser.unexpected()
    }
  }
}
