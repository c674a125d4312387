// SPDX-License-Identifier: Apache-2.0
// A module's text, for the command line.

import Brolga
import BrolgaWasm

/// The text of a module in binary or text form.
func moduleText(_ bytes: ModuleBytes) throws(ModuleError) -> [UInt8] {
  let module = try decodeModule(bytes)
  do throws(WasmError) {
    return try TextFormat.print(module)
  } catch {
    throw ModuleError(error, in: bytes)
  }
}
