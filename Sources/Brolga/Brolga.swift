// SPDX-License-Identifier: Apache-2.0
// The façade: what `import Brolga` gives an embedder.
//
//     let engine = Engine()
//     let module = try Module(engine: engine, compiling: bytes)
//     let store = Store(engine: engine)
//     let wasi = try WASIBridgeToHost(preopens: [Preopen(host: ".", guest: ".")])
//     var imports = Imports()
//     wasi.link(to: &imports, store: store)
//     let instance = try module.instantiate(store: store, imports: imports)
//     let status = try wasi.start(instance)

import Artefact
import Compiler
@_exported import Runtime
@_exported import WASI
import WebAssembly

@_exported import enum Artefact.ArtefactError
@_exported import enum Artefact.TrapKind
@_exported import struct WebAssembly.FunctionType
@_exported import struct WebAssembly.UnsupportedFeature
@_exported import struct WebAssembly.ValueType

/// A module with its machine code. Immutable; for any number of stores and threads.
public typealias Module = LoadedModule

extension LoadedModule {
  /// Compiles a WebAssembly module.
  public convenience init(
    engine: Engine, compiling bytes: [UInt8],
    options: CompilationOptions = CompilationOptions()
  ) throws(ModuleError) {
    try self.init(engine: engine, compiling: ModuleBytes(bytes), options.compilerOptions)
  }

  /// Compiles a WebAssembly module that stays where it is.
  package convenience init(
    engine: Engine, compiling bytes: ModuleBytes, _ options: CompilerOptions
  ) throws(ModuleError) {
    let compilation = try compileModule(bytes, options)
    do throws(ArtefactError) {
      try self.init(engine: engine, compiled: compilation.module)
    } catch {
      throw .artefact(error)
    }
  }

  /// Loads what `artefactBytes` returned and somebody kept in a file. What happens to the file
  /// afterwards does not matter.
  ///
  /// Code in an artefact runs as it is: the hash finds damage, not malice.
  public convenience init(engine: Engine, artefactAt path: String) throws(ModuleError) {
    do throws(ArtefactError) {
      try self.init(engine: engine, artefactPath: path)
    } catch {
      throw .artefact(error)
    }
  }

  /// Loads an artefact that has been read.
  package convenience init(engine: Engine, artefact: PrivateBytes) throws(ModuleError) {
    do throws(ArtefactError) {
      try self.init(engine: engine, readArtefact: artefact)
    } catch {
      throw .artefact(error)
    }
  }

  /// Compiles a WebAssembly module, for another process to run.
  public static func artefactBytes(
    compiling bytes: [UInt8], options: CompilationOptions = CompilationOptions()
  ) throws(ModuleError) -> [UInt8] {
    let compilation = try compileModule(ModuleBytes(bytes), options.compilerOptions)
    do throws(ArtefactError) {
      let artefact = try compilation.module.artefactBytes()
      return [UInt8](artefact.buffer)
    } catch {
      throw .artefact(error)
    }
  }
}
