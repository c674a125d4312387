// SPDX-License-Identifier: Apache-2.0
// The host module `spectest` of the specification's test scripts.

import Brolga

/// What the scripts import from the host. Its functions print nothing.
func scriptImports(store: Store) throws -> Imports {
  var imports = Imports()
  func define(_ name: String, _ value: some ExternalValueConvertible) {
    imports.define(module: "spectest", name: name, value)
  }
  let functions: [(String, [ValueType])] = [
    ("print", []), ("print_i32", [.i32]), ("print_i64", [.i64]), ("print_f32", [.f32]),
    ("print_f64", [.f64]), ("print_i32_f32", [.i32, .f32]), ("print_f64_f64", [.f64, .f64]),
  ]
  for (name, parameters) in functions {
    define(name, Function(store: store, parameters: parameters) { _, _ in [] })
  }
  define("global_i32", try Global(store: store, type: .i32, value: .i32(666)))
  define("global_i64", try Global(store: store, type: .i64, value: .i64(666)))
  define("global_f32", try Global(store: store, type: .f32, value: .fromFloat32(666.6)))
  define("global_f64", try Global(store: store, type: .f64, value: .fromFloat64(666.6)))
  define("table", try Table(store: store, element: .funcref, minimum: 10, maximum: 20))
  define(
    "table64", try Table(store: store, element: .funcref, minimum: 10, maximum: 20, is64: true))
  define("memory", try Memory(store: store, minimumPages: 1, maximumPages: 2))
  return imports
}
