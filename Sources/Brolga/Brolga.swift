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

import BrolgaArtefact
import BrolgaCompiler
@_exported import BrolgaRuntime
@_exported import BrolgaWASI
import BrolgaWasm

@_exported import enum BrolgaArtefact.ArtefactError
@_exported import enum BrolgaArtefact.TrapKind
@_exported import struct BrolgaWasm.FunctionType
@_exported import struct BrolgaWasm.UnsupportedFeature
@_exported import struct BrolgaWasm.V128
@_exported import struct BrolgaWasm.ValueType

// Said once more, because `WebAssembly` has another of that name.
public typealias Module = BrolgaRuntime.Module

extension BrolgaRuntime.Module {
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

  /// Loads what `serialize` made, of this version of Brolga and for a processor like this one.
  ///
  /// The code runs as it is: the hash finds damage, not malice. Serialized modules are to be trusted
  /// like programs.
  public convenience init(engine: Engine, serialized bytes: [UInt8]) throws(ModuleError) {
    do throws(ArtefactError) {
      let memory = try PrivateBytes(byteCount: bytes.count)
      memory.bytes.copyBytes(from: bytes)
      try self.init(engine: engine, readArtefact: memory)
    } catch {
      throw .artefact(error)
    }
  }

  /// As above, from a file. What happens to the file afterwards does not matter.
  public convenience init(engine: Engine, serializedAt path: String) throws(ModuleError) {
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

  /// The module with its machine code, for another process to load: an ELF file. The same module, level
  /// and target give the same bytes.
  public func serialize() -> [UInt8] { artefact.serialized }

  /// Compiles a module to the bytes that `serialize` would give, and loads nothing: the machine need
  /// not be one that can run them. For other machines than this one, name their target in the options.
  public static func precompile(
    _ bytes: [UInt8], options: CompilationOptions = CompilationOptions()
  ) throws(ModuleError) -> [UInt8] {
    try compileModule(ModuleBytes(bytes), options.compilerOptions).serialized()
  }
}

extension Compilation {
  /// The bytes of an artefact.
  func serialized() throws(ModuleError) -> [UInt8] {
    do throws(ArtefactError) {
      return try module.artefactBytes().toArray()
    } catch {
      throw .artefact(error)
    }
  }

  /// Writes the same bytes to an open file.
  package func write(toFile descriptor: Int32) throws(ModuleError) {
    do throws(ArtefactError) {
      try module.writeArtefact(toFile: descriptor)
    } catch {
      throw .artefact(error)
    }
  }
}
