// swift-tools-version: 6.2
import PackageDescription

// The targets stand in the order in which they may import: an arrow never points down this list.
// ARCHITECTURE.md says what each one holds. Their names have a prefix, because names of targets have to differ throughout
// a package graph; their folders have none.
let package = Package(
  name: "Brolga",
  products: [
    .library(name: "Brolga", targets: ["Brolga"]),
    .library(name: "RegisterAllocation", targets: ["RegisterAllocation"]),
    .executable(name: "brolga", targets: ["BrolgaCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .target(name: "BrolgaEntities", path: "Sources/Entities"),
    .target(name: "RegisterAllocation", dependencies: ["BrolgaEntities"]),
    .target(name: "BrolgaWasm", dependencies: ["BrolgaEntities"], path: "Sources/WebAssembly"),
    .target(name: "BrolgaCRuntime", path: "Sources/CRuntime"),
    .target(
      name: "BrolgaArtefact", dependencies: ["BrolgaEntities", "BrolgaWasm", "BrolgaCRuntime"],
      path: "Sources/Artefact"),
    .target(
      name: "BrolgaCompiler",
      dependencies: ["BrolgaEntities", "RegisterAllocation", "BrolgaWasm", "BrolgaArtefact"],
      path: "Sources/Compiler"),
    .target(
      name: "BrolgaRuntime", dependencies: ["BrolgaWasm", "BrolgaArtefact", "BrolgaCRuntime"],
      path: "Sources/Runtime"),
    .target(
      name: "BrolgaWASI", dependencies: ["BrolgaRuntime", "BrolgaCRuntime"], path: "Sources/WASI"),
    .target(
      name: "Brolga",
      dependencies: [
        "RegisterAllocation", "BrolgaWasm", "BrolgaArtefact", "BrolgaCompiler", "BrolgaCRuntime",
        "BrolgaRuntime", "BrolgaWASI",
      ]),
    // The specification's test scripts: for the command line and the tests.
    .target(
      name: "BrolgaScripts",
      dependencies: ["Brolga", "BrolgaWasm", "BrolgaArtefact", "BrolgaCompiler"]),
    .executableTarget(
      name: "BrolgaCLI",
      dependencies: [
        "Brolga", "BrolgaScripts", "BrolgaCRuntime", "BrolgaEntities", "RegisterAllocation",
        "BrolgaWasm",
        "BrolgaArtefact",
        "BrolgaCompiler",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      // In the binary itself, which so stays one file.
      resources: [
        "page.html", "page.css", "model.js", "layout.js", "drawing.js", "words.js", "panel.js",
        "view.js",
      ].map { .embedInCode("AllocationPage/" + $0) }),
    .testTarget(name: "EntitiesTests", dependencies: ["BrolgaEntities"]),
    // Generated problems, oracles, hard shapes: for the tests, and as a program for `Scripts/fuzz`
    // and `Scripts/allocator-cost`.
    .executableTarget(
      name: "AllocationLab", dependencies: ["RegisterAllocation", "BrolgaEntities"],
      path: "Tests/AllocationLab"),
    .testTarget(
      name: "RegisterAllocationTests",
      dependencies: ["RegisterAllocation", "BrolgaEntities", "AllocationLab"]),
    .testTarget(name: "WebAssemblyTests", dependencies: ["BrolgaWasm"]),
    .testTarget(name: "CompilerTests", dependencies: ["BrolgaCompiler"]),
    .testTarget(
      name: "RuntimeTests",
      dependencies: ["BrolgaRuntime", "BrolgaArtefact", "BrolgaCRuntime", "BrolgaWASI"]),
    .testTarget(
      name: "BrolgaTests",
      dependencies: ["Brolga", "BrolgaScripts", "RegisterAllocation", "BrolgaEntities"]),
  ]
)
