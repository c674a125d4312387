// SPDX-License-Identifier: Apache-2.0
import Entities

struct ModuleDecoder: ~Copyable {
  var contents: ModuleContents
  init(bytes: ModuleBytes, options: DecodingOptions) {
    contents = ModuleContents(bytes: bytes, features: options.features)
  }
  mutating func decode() throws(WasmError) {
    throw WasmError(.malformed, at: 0, "not built yet")
  }
  consuming func finish() -> ModuleContents { contents }
}
