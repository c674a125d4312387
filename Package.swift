// swift-tools-version: 6.2
import PackageDescription

// The targets stand in the order in which they may import: an arrow never points down this list.
// ARCHITECTURE.md says what each one holds.
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
    .target(name: "Entities"),
    .target(name: "RegisterAllocation", dependencies: ["Entities"]),
    .target(name: "WebAssembly", dependencies: ["Entities"]),
    .target(name: "CRuntime"),
    .target(name: "Artefact", dependencies: ["Entities", "WebAssembly", "CRuntime"]),
    .target(
      name: "Compiler",
      dependencies: ["Entities", "RegisterAllocation", "WebAssembly", "Artefact"]),
    .target(name: "Runtime", dependencies: ["WebAssembly", "Artefact", "CRuntime"]),
    .target(name: "WASI", dependencies: ["Runtime", "CRuntime"]),
    .target(
      name: "Brolga",
      dependencies: [
        "RegisterAllocation", "WebAssembly", "Artefact", "Compiler", "CRuntime", "Runtime", "WASI",
      ]),
    // The specification's test scripts: for the command line and the tests.
    .target(
      name: "BrolgaScripts",
      dependencies: ["Brolga", "WebAssembly", "Artefact", "Compiler"]),
    .executableTarget(
      name: "BrolgaCLI",
      dependencies: [
        "Brolga", "BrolgaScripts", "CRuntime", "Entities", "RegisterAllocation", "WebAssembly",
        "Artefact",
        "Compiler",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      // In the binary itself, which so stays one file.
      resources: [
        "page.html", "page.css", "model.js", "layout.js", "drawing.js", "words.js", "panel.js",
        "view.js",
      ].map { .embedInCode("AllocationPage/" + $0) }),
    .testTarget(name: "EntitiesTests", dependencies: ["Entities"]),
    // Generated problems, oracles, hard shapes: for the tests, and as a program for `Scripts/fuzz`
    // and `Scripts/allocator-cost`.
    .executableTarget(
      name: "AllocationLab", dependencies: ["RegisterAllocation", "Entities"],
      path: "Tests/AllocationLab"),
    .testTarget(
      name: "RegisterAllocationTests",
      dependencies: ["RegisterAllocation", "Entities", "AllocationLab"]),
    .testTarget(name: "WebAssemblyTests", dependencies: ["WebAssembly"]),
    .testTarget(name: "CompilerTests", dependencies: ["Compiler"]),
    .testTarget(name: "RuntimeTests", dependencies: ["Runtime", "Artefact", "CRuntime", "WASI"]),
    .testTarget(
      name: "BrolgaTests",
      dependencies: ["Brolga", "BrolgaScripts", "RegisterAllocation", "Entities"]),
  ]
)
