;;! stage = "run"

(module
  (memory $m (export "memory") i64 1 2)
  (memory $other (export "other") 1 1)
  (data (i64.const 0) "\01\02\03\04\05\06\07\08")
  (func (export "last") (result i64) (i64.load (i64.const 65528)))
  (func (export "beyond") (result i64) (i64.load (i64.const 65529)))
  (func (export "offset") (result i32) (i32.load8_u offset=65535 (i64.const 0)))
  (func (export "offset beyond") (result i32) (i32.load8_u offset=65536 (i64.const 0)))
  (func (export "large offset") (result i32) (i32.load8_u offset=0x80000000 (i64.const 0)))
  (func (export "huge offset") (result i32) (i32.load8_u offset=0xffffffffffffffff (i64.const 0)))
  (func (export "wrap") (result i32) (i32.load8_u offset=8 (i64.const -8)))
  (func (export "wrap far") (result i32) (i32.load8_u offset=0xffffffffffffffff (i64.const 1)))
  (func (export "limit") (result i32) (i32.load8_u (i64.const 0x3ffffffff)))
  (func (export "beyond the limit") (result i32) (i32.load8_u (i64.const 0x400000000)))
  ;; Nothing is written by an access that traps.
  (func (export "straddle") (i64.store (i64.const 65530) (i64.const -1)))
  (func (export "pairs") (param $a i64) (result i64)
    (i64.add (i64.load (local.get $a)) (i64.load offset=8 (local.get $a))))
  ;; The step beyond the end traps after the stores before it.
  (func (export "walk") (local $p i64)
    (local.set $p (i64.const 65520))
    (loop (i32.store (local.get $p) (i32.const 77))
      (local.set $p (i64.add (local.get $p) (i64.const 4)))
      (br_if 0 (i64.lt_u (local.get $p) (i64.const 200000)))))
  ;; One that starts outside does not write to the other memory first.
  (func (export "start outside") (param $p i64)
    (loop (i32.store $other (i32.const 0) (i32.const 99))
      (i32.store (i64.add (local.get $p) (i64.const 0x7fffffffff)) (i32.const 1))
      (local.set $p (i64.add (local.get $p) (i64.const 4)))
      (br_if 0 (i64.lt_u (local.get $p) (i64.const 8)))))
  (func (export "copy over") (memory.copy $other $m (i32.const 16) (i64.const 0) (i32.const 8)))
  (func (export "copy back") (memory.copy $m $other (i64.const 1000) (i32.const 65530) (i32.const 8)))
  (func (export "fill beyond") (memory.fill $m (i64.const -1) (i32.const 1) (i64.const 2)))
  (func (export "size") (result i64) (memory.size $m))
  (func (export "grow") (result i64) (memory.grow $m (i64.const 1)))
  (func (export "grow too far") (result i64) (memory.grow $m (i64.const -1))))
;; call 2 i64:0
;; call 3 trap out of bounds memory access
;; call 4 i32:0
;; call 5 trap out of bounds memory access
;; call 6 trap out of bounds memory access
;; call 7 trap out of bounds memory access
;; call 8 trap out of bounds memory access
;; call 9 trap out of bounds memory access
;; call 10 trap out of bounds memory access
;; call 11 trap out of bounds memory access
;; call 12 trap out of bounds memory access
;; call 13 trap out of bounds memory access
;; call 14 trap out of bounds memory access
;; call 15 trap out of bounds memory access
;; call 16 returns
;; call 17 trap out of bounds memory access
;; call 18 trap out of bounds memory access
;; call 19 i64:1
;; call 20 i64:1
;; call 21 i64:18446744073709551615
;; call 2 i64:330712481869
;; call 3 i64:1291845632
;; call 4 i32:0
;; call 5 i32:0
;; call 6 trap out of bounds memory access
;; call 7 trap out of bounds memory access
;; call 8 trap out of bounds memory access
;; call 9 trap out of bounds memory access
;; call 10 trap out of bounds memory access
;; call 11 trap out of bounds memory access
;; call 12 returns
;; call 13 i64:0
;; call 14 trap out of bounds memory access
;; call 15 trap out of bounds memory access
;; call 16 returns
;; call 17 trap out of bounds memory access
;; call 18 trap out of bounds memory access
;; call 19 i64:2
;; call 20 i64:18446744073709551615
;; call 21 i64:18446744073709551615
;; call 2 i64:330712481869
;; call 3 i64:5548434742212296704
;; call 4 i32:0
;; call 5 i32:77
;; call 6 trap out of bounds memory access
;; call 7 trap out of bounds memory access
;; call 8 trap out of bounds memory access
;; call 9 trap out of bounds memory access
;; call 10 trap out of bounds memory access
;; call 11 trap out of bounds memory access
;; call 12 returns
;; call 13 trap out of bounds memory access
;; call 14 trap out of bounds memory access
;; call 15 trap out of bounds memory access
;; call 16 returns
;; call 17 trap out of bounds memory access
;; call 18 trap out of bounds memory access
;; call 19 i64:2
;; call 20 i64:18446744073709551615
;; call 21 i64:18446744073709551615
;; memory 0 131072 2650785590
;; memory 1 65536 2993909781
