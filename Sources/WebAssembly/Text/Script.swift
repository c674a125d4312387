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
  /// Any reference that is not null to a function, or to something of the host.
  case function
  case external
  case either([ScriptExpectation])
}
