;;! stage = "run"

(module
  (memory (export "memory") 1 2)
  (func (export "last") (result i32) (i32.load (i32.const 65532)))
  (func (export "beyond") (result i32) (i32.load (i32.const 65533)))
  (func (export "offset") (result i32) (i32.load8_u offset=65535 (i32.const 1)))
  (func (export "wrap") (result i32) (i32.load8_u offset=4294967295 (i32.const 1)))
  (func (export "straddle") (i64.store (i32.const 65530) (i64.const -1)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1))))
;; call 1 i32:0
;; call 2 trap out of bounds memory access
;; call 3 trap out of bounds memory access
;; call 4 trap out of bounds memory access
;; call 5 trap out of bounds memory access
;; call 6 i32:1
;; call 1 i32:0
;; call 2 i32:0
;; call 3 i32:0
;; call 4 trap out of bounds memory access
;; call 5 returns
;; call 6 i32:4294967295
;; call 1 i32:4294967295
;; call 2 i32:4294967295
;; call 3 i32:255
;; call 4 trap out of bounds memory access
;; call 5 returns
;; call 6 i32:4294967295
;; memory 0 131072 3816632860
