// SPDX-License-Identifier: Apache-2.0
// The specification's test scripts, as data.

/// A script: modules, calls, and what they are to do.
package struct Script: Sendable {
  package var commands: [ScriptCommand]
}

package struct ScriptCommand: Sendable {
  package enum Kind: Sendable {
    /// Instantiates a module; the next commands without a name mean it.
    case module(ScriptModule)
    /// Compiles a module for later instances.
    case definition(ScriptModule)
    /// Instantiates the definition of this name, or the last.
    case instance(name: String?, definition: String?)
    /// Gives an instance a name for imports.
    case register(String, instance: String?)
    case action(ScriptAction)
    case assertReturn(ScriptAction, [ScriptExpectation])
    case assertTrap(ScriptAction, String)
    case assertExhaustion(ScriptAction, String)
    case assertException(ScriptAction)
    /// The start function, or a segment, is to trap.
    case assertModuleTrap(ScriptModule, String)
    case assertMalformed(ScriptModule, String)
    case assertInvalid(ScriptModule, String)
    case assertUnlinkable(ScriptModule, String)
    /// What no part of this project runs.
    case unsupported(String)
  }

  /// Counted from 1.
  package var line: Int
  package var kind: Kind
}

/// A module of a script.
package struct ScriptModule: Sendable {
  package enum Form: Sendable { case text, binary, quote }

  package var name: String?
  /// Counted from 1.
  package var line: Int
  package var form: Form
  /// The binary form, or why the text has none. Positions in a quoted text count from its start.
  package var bytes: Result<[UInt8], TextError>
}

/// Something that is done with an instance: the named one, or the latest.
package enum ScriptAction: Sendable {
  case invoke(instance: String?, export: String, [ScriptValue])
  case get(instance: String?, export: String)
}

/// An argument or an exact result.
package enum ScriptValue: Hashable, Sendable {
  case i32(UInt32)
  case i64(UInt64)
  case f32(UInt32)
  case f64(UInt64)
  case v128(V128)
  /// The null of a type; nil where any will do.
  case null(ValueType?)
  /// A reference of the host, told from others by its number.
  case host(UInt32)
  /// A value of a kind that is not built, by the feature's name.
  case unsupported(String)
}

/// What a result is to be.
package indirect enum ScriptExpectation: Hashable, Sendable {
  case exactly(ScriptValue)
  /// NaNs of the width of `f64` or `f32`, with just the quiet bit or with at least that.
  case canonicalNaN(isDouble: Bool)
  case arithmeticNaN(isDouble: Bool)
  /// A vector of lanes that are each floating-point numbers or one of the above: four or two.
  case lanes([ScriptExpectation])
  /// Any reference that is not null to a function, to something of the host, or to an exception.
  case function
  case external
  case exception
  case either([ScriptExpectation])
}

extension ScriptExpectation {
  /// Whether a vector is what is expected.
  package func isMet(byVector value: V128) -> Bool {
    switch self {
    case .exactly(let expected): expected == .v128(value)
    case .lanes(let lanes):
      lanes.indices.allSatisfy { i in
        lanes[i].isMet(byLane: value.lane(i, bits: 128 / lanes.count))
      }
    case .either(let choices): choices.contains { $0.isMet(byVector: value) }
    case .canonicalNaN, .arithmeticNaN, .function, .external, .exception: false
    }
  }

  private func isMet(byLane bits: UInt64) -> Bool {
    switch self {
    case .exactly(.f32(let expected)): UInt64(expected) == bits
    case .exactly(.f64(let expected)): expected == bits
    case .canonicalNaN(let isDouble): isNaN(bits, isDouble, isCanonical: true)
    case .arithmeticNaN(let isDouble): isNaN(bits, isDouble, isCanonical: false)
    default: false
    }
  }
}

/// Whether a floating-point number is a NaN with the quiet bit, and for a canonical one nothing else
/// in its payload.
package func isNaN(_ bits: UInt64, _ isDouble: Bool, isCanonical: Bool) -> Bool {
  let canonical: UInt64 = isDouble ? 0x7FF8_0000_0000_0000 : 0x7FC0_0000
  let sign: UInt64 = isDouble ? 1 &<< 63 : 1 &<< 31
  return bits & (isCanonical ? ~sign : canonical) == canonical
}
