// SPDX-License-Identifier: Apache-2.0
// What the tests take from AllocationLab, where the fuzzer and the tables use it too.

import AllocationLab

typealias Random = AllocationLab.Random
typealias Coverage = AllocationLab.Coverage
typealias ProblemGenerator = AllocationLab.ProblemGenerator
typealias Execution = AllocationLab.Execution
