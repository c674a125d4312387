// SPDX-License-Identifier: Apache-2.0
// The name section: the module's and the functions' names.

import Entities

/// Where a name's bytes are; `start` is zero when there is none (a module begins with its magic).
struct NameRange: BitwiseCopyable {
  var start: UInt32
  var count: UInt32
}

/// The names of a module, as places in its bytes.
struct NameTable: ~Copyable {
  var module = NameRange(start: 0, count: 0)
  /// By function index; empty without a name section.
  var functions = Vector<NameRange>()

  init() {}
}
