;;! stage = "run"

(module
  (import "m" "t0" (tag $t0 (param )))
  (import "m" "t0" (tag $alias (param )))
  (import "again" "f1" (func $far (param f64 i32 i64 f64 f64 i32 f64 i64 i32) (result f32 i32 i64 i64 f32 i64 f32 f32 i64 f32)))
  (memory $m0 (export "memory0") i32 1 3)
  (memory $m1 (export "memory1") i32 1 3)
  (table (export "table") i64 6 15 funcref)
  (elem (i64.const 0) func $f0 $f1 $f2 $f3)
  (data (memory $m0) (i32.const 8) "\dd\76\f4\70\a2\22\d2\2a\06\c7\89\e0\f8\fa\36\bb\f9\f8\98\9e\9e\82\af\87\20\a5\fc\d4\7a\8d\30\7f\b5\3b\ae\8c\48\d5\8c\90\5b\8f\1d\4b\d6\12\1e\e4")
  (data (memory $m1) (i32.const 48) "\dd\76\f4\70\a2\22\d2\2a\06\c7\89\e0\f8\fa\36\bb\f9\f8\98\9e\9e\82\af\87\20\a5\fc\d4\7a\8d\30\7f\b5\3b\ae\8c\48\d5\8c\90\5b\8f\1d\4b\d6\12\1e\e4")
  (data $passive "\dd\76\f4\70\a2\22\d2\2a\06\c7\89\e0\f8\fa\36\bb\f9\f8\98\9e")
  (global $fuel (export "fuel") (mut i32) (i32.const 400))
  (global $g0 (export "g0") (mut i64) (i64.const 2147483648))
  (global $g1 (export "g1") (mut i32) (i32.const 255))
  (tag $e0 (export "e0") (param i64 f32 i64))
  (global $kept (mut exnref) (ref.null exn))
  (table $exceptions 3 exnref)
  (global $thrower (mut i32) (i32.const 0))
  (global $near (export "near") (mut i32) (i32.const 0))
  (global $functions (export "functions") (mut i32) (i32.const 0))
  (global $hosts (export "hosts") (mut i32) (i32.const 0))
  (global $instances (export "instances") (mut i32) (i32.const 0))
  (func $burn (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1)))
    (if (i32.le_s (global.get $fuel) (i32.const 0)) (then (unreachable))))
  (func $plain_f32 (param f32) (result f32)
    (select (local.get 0) (f32.const nan) (f32.eq (local.get 0) (local.get 0))))
  (func $plain_f64 (param f64) (result f64)
    (select (local.get 0) (f64.const nan) (f64.eq (local.get 0) (local.get 0))))
  (func $caught (param i32)
    (if (i32.eq (global.get $thrower) (local.get 0)) (then (global.set $near (i32.add (global.get $near) (i32.const 1))))
    (else (if (i32.eq (global.get $thrower) (i32.const -1))
      (then (global.set $hosts (i32.add (global.get $hosts) (i32.const 1))))
    (else (if (i32.eq (global.get $thrower) (i32.const -2))
      (then (global.set $instances (i32.add (global.get $instances) (i32.const 1))))
    (else (global.set $functions (i32.add (global.get $functions) (i32.const 1))))))))))
  (func $pass (param exnref) (result exnref) (local.get 0))
  (func (export "f0") (param i64 i64 i64) (result f64) (global.set $fuel (i32.const 400))
    (local.get 0) (local.get 1) (local.get 2) (call $f0))
  (func $f0 (param i64 i64 i64) (result f64)
    (local i32 f32) (local $x0 exnref)
    (call $burn)
    (drop (local.tee 2 (global.get $g0)))
    (local.set 2 (i64.const 10))
    (global.set $kept (local.get $x0))
    (local.set 2 (local.get 1))
    (block (if (i32.load offset=8 (i32.and (i32.ctz (i32.load8_u offset=1 (i32.and (local.get 3) (i32.const 255)))) (i32.const 1016))) (then (local.get 0) (call $plain_f32 (f32.add (f32.div (local.get 4) (local.get 4)) (f32.reinterpret_i32 (local.get 3)))) (i64.load8_s $m1 (i32.add (i32.and (i32.add (i32.shl (local.get 3) (i32.const 23)) (i32.shr_u (local.get 3) (i32.const 9))) (i32.const 32767)) (i32.const 16))) (global.set $thrower (i32.const 0)) (throw $e0))) (block (call $f3 ) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop) ))
    (local.set 3 (i32.add (i32.const 32) (block (result i32) (drop (br_if 0 (i32.extend16_s (i32.add (i32.shr_u (select (i32.const 7) (global.get $g1) (i32.const 2147483647)) (i32.const 29)) (i32.shl (f32.ge (local.get 4) (local.get 4)) (i32.const 3)))) (i32.load offset=1 (i32.and (i32.ctz (i32.rotr (local.get 3) (i32.const 65535))) (i32.const 32767))))) (i32.le_s (select (i32.popcnt (local.get 3)) (i32.shl (local.get 3) (local.get 3)) (i32.load offset=100 (i32.and (global.get $g1) (i32.const 1016)))) (i32.trunc_sat_f32_u (f32.sub (f32.const 16777217) (local.get 4)))))))
    (if (if (result i32) (i32.sub (global.get $g1) (i32.const 1000)) (then (i32.sub (global.get $g1) (global.get $g1))) (else (select (global.get $g1) (i32.const 65535) (local.get 3)))) (then  (global.set $thrower (i32.const 0)) (throw $t0)))
    (f64.convert_i64_s (local.get 2)))
  (func (export "f1") (param f64 i32 i64 f64 f64 i32 f64 i64 i32) (result f32 i32 i64 i64 f32 i64 f32 f32 i64 f32) (global.set $fuel (i32.const 400))
    (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6) (local.get 7) (local.get 8) (call $f1))
  (func $f1 (param f64 i32 i64 f64 f64 i32 f64 i64 i32) (result f32 i32 i64 i64 f32 i64 f32 f32 i64 f32)
    (local i32 i64 f32 i64 f64) (local $x0 exnref) (local $x1 exnref)
    (call $burn)
    (block (block (result i64 f32 i64) (block (try_table (catch_all 0) (catch $e0 1) (block (call $f2 (f32.mul (if (result f32) (i32.wrap_i64 (i64.const -2147483648)) (then (f32.sub (f32.const -0) (local.get 11))) (else (f32.sqrt (f32.const inf)))) (local.get 11)) (f32.add (f32.sub (if (result f32) (i32.const 255) (then (local.get 11)) (else (f32.const -1.5))) (local.get 11)) (block (result f32) (drop (br_if 0 (f32.abs (local.get 11)) (select (i32.const 830277459) (local.get 5) (local.get 1)))) (f32.const -2147483904))) (i32.ge_u (f32.le (f32.copysign (local.get 11) (call $plain_f32 (local.get 11))) (local.get 11)) (local.get 8))) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop) ) (local.set 9 (i32.div_s (i64.le_u (i64.rem_s (i64.div_u (local.get 2) (i64.or (i64.const 4294967295) (i64.const 1))) (i64.or (global.get $g0) (i64.const 1))) (i64.shl (i64.add (i64.const 4294967296) (i64.const 0)) (local.get 10))) (i32.or (i32.const -128) (i32.const 1)))) (drop (memory.grow $m1 (i32.const 0))) (if (i32.eqz (ref.is_null (table.get $exceptions (i32.const 1)))) (then (global.set $thrower (i32.const 1)) (throw_ref (table.get $exceptions (i32.const 1)))))) (br 2)) (call $caught (i32.const 1)) (block (select (local.get 4) (local.get 6) (local.get 1)) (select (global.get $g1) (local.get 1) (i32.const 65535)) (i64.extend32_s (local.get 10)) (if (result f64) (local.get 1) (then (local.get 13)) (else (local.get 13))) (f64.reinterpret_i64 (local.get 2)) (i32.xor (global.get $g1) (global.get $g1)) (local.get 3) (i64.trunc_sat_f32_s (local.get 11)) (local.get 1) (global.set $thrower (i32.const -2)) (call $far) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop) ) (if (i32.wrap_i64 (i64.rotr (local.get 7) (i64.const -9223372036854775808))) (then (return_call $f2 (local.get 11) (f32.nearest (local.get 11)) (i64.eq (global.get $g0) (i64.const -9223372036854775808))))) (local.set 0 (select (local.get 13) (local.get 4) (i32.clz (i32.and (local.get 8) (i32.const 1171228341))))) (block (br_table 0 0 0 0 0 0 (f64.ge (f64.convert_i64_u (global.get $g0)) (f64.mul (local.get 13) (local.get 6))))) (local.set 3 (f64.nearest (local.get 6))) (br 1)) (call $caught (i32.const 1)) (local.set 7) (local.set 11) (local.set 2) (block (i64.load32_u offset=4 (i32.and (i32.const 10) (i32.const 32767))) (call $plain_f32 (f32.sqrt (local.get 11))) (i64.extend8_s (local.get 7)) (global.set $thrower (i32.const 1)) (throw $e0)) (if (i32.load8_s offset=4096 (i32.and (i32.const 7) (i32.const 32767))) (then  (global.set $thrower (i32.const 1)) (throw $alias))))
    (if (i32.const -1) (then  (global.set $thrower (i32.const 1)) (throw $alias)))
    (return_call_indirect (result f32 i32 i64 i64 f32 i64 f32 f32 i64 f32)  (i64.const 3)))
  (func (export "f2") (param f32 f32 i32) (result f32 i32 i64 i64 f32 i64 f32 f32 i64 f32) (global.set $fuel (i32.const 400))
    (local.get 0) (local.get 1) (local.get 2) (call $f2))
  (func $f2 (param f32 f32 i32) (result f32 i32 i64 i64 f32 i64 f32 f32 i64 f32)
    (local i32 i64 f32 i32 f64 f32 i64 i32 i32 i64 f32 f32) (local $x0 exnref) (local $x1 exnref)
    (call $burn)
    (local.set 4 (i64.xor (i64.shr_u (local.get 9) (i64.const 15)) (i64.shl (local.get 9) (i64.const 49))))
    (f64.min (f64.sub (local.get 7) (local.get 7)) (local.get 7)) (i32.load8_u offset=4 (i32.and (i32.trunc_sat_f64_u (local.get 7)) (i32.const 1016))) (if (result i64) (i32.shr_s (i32.const 3367459020) (local.get 10)) (then (i64.extend_i32_u (local.get 11))) (else (local.get 12))) (f64.const 9007199254740993) (local.get 7) (block (result i32) (drop (br_if 0 (i32.load $m1 (i32.and (i32.const 1562875821) (i32.const 255))) (i32.wrap_i64 (i64.const 0)))) (i32.clz (local.get 10))) (f64.load offset=4096 (i32.shl (i32.and (i32.and (i32.add (i32.shl (local.get 11) (i32.const 15)) (i32.shr_u (local.get 10) (i32.const 17))) (i32.const 32767)) (i32.const 4095)) (i32.const 3))) (i64.div_u (i64.popcnt (local.get 4)) (i64.or (i64.const 0) (i64.const 1))) (f64.ge (f64.copysign (local.get 7) (call $plain_f64 (local.get 7))) (select (local.get 7) (local.get 7) (i32.const 10))) (global.set $thrower (i32.const -2)) (return_call $far))
  (func (export "f3") (result f32 i32 i64 i64 f32 i64 f32 f32 i64 f32) (global.set $fuel (i32.const 400))
     (call $f3))
  (func $f3 (result f32 i32 i64 i64 f32 i64 f32 f32 i64 f32)
    (local f32 f32 f32 f64 i32) (local $c0 i32) (local $p0 i32)
    (call $burn)
    (local.set $p0 (i32.add (i32.and (i32.reinterpret_f32 (call $plain_f32 (f32.const inf))) (i32.const 255)) (i32.const 16))) (local.set $c0 (i32.const 1)) (block (loop (drop (i32.load $m1 offset=100 (local.get $p0))) (if (i32.gt_s (i32.extend16_s (if (result i32) (global.get $g1) (then (local.get 4)) (else (local.get 4)))) (if (result i32) (i32.rem_s (global.get $g1) (i32.or (i32.const 2373611977) (i32.const 1))) (then (i32.eqz (i32.const 255))) (else (i32.rem_s (global.get $g1) (i32.or (i32.const 10) (i32.const 1)))))) (then  (global.set $thrower (i32.const 3)) (throw $alias))) (local.set $p0 (i32.add (local.get $p0) (i32.const 4))) (br_if 0 (local.tee $c0 (i32.sub (local.get $c0) (i32.const 1))))))
    (block (block (result exnref) (block (result i64 f32 i64) (block (result exnref) (try_table (catch $e0 1) (catch_all_ref 0) (catch_all_ref 2) (local.set 3 (f64.load $m1 (i32.and (i32.trunc_sat_f32_u (if (result f32) (i32.rem_s (i32.load16_s $m1 offset=8 (i32.and (global.get $g1) (i32.const 1016))) (i32.or (i32.const 0x55555555) (i32.const 1))) (then (local.get 2)) (else (f32.copysign (f32.add (local.get 1) (local.get 2)) (call $plain_f32 (f32.min (f32.const 0) (local.get 1))))))) (i32.const 32767)))) (block (try_table (result f32) (memory.fill $m0 (i32.and (f64.gt (f64.const -1.5) (local.get 3)) (i32.const 32767)) (global.get $g1) (i32.const 0)) (block (block (result exnref) (block (result exnref) (block (block (block (result exnref) (try_table (catch $t0 1) (catch_all_ref 0) (catch_ref $t0 4) (catch_all_ref 3) (catch_all 2) (local.set 1 (f32.add (f32.convert_i64_u (block (result i64) (drop (br_if 0 (global.get $g0) (i32.const 2147483647))) (i64.const 64))) (f32.load $m1 (i32.and (i32.trunc_sat_f64_u (f64.const 0x1p63)) (i32.const 255))))) (local.set 4 (i32.mul (f64.ge (local.get 3) (f64.const nan)) (i32.const 7))) (if (f64.lt (local.get 3) (local.get 3)) (then (return_call $f2 (local.get 1) (f32.const 0x1p-149) (i32.const 31)))) (local.set 3 (f64.abs (f64.sqrt (local.get 3)))) (block (call $f0 (i64.const 2147483648) (global.get $g0) (global.get $g0)) (drop) )) (br 5)) (call $caught (i32.const 3)) (drop) (f64.store $m1 (i32.and (i32.const -1) (i32.const 255)) (call $plain_f64 (f64.const 1))) (local.set 0 (f32.convert_i64_s (i64.const 10))) (br 4)) (call $caught (i32.const 3)) (local.set 0 (local.get 1)) (br 3)) (call $caught (i32.const 3)) (local.set 1 (local.get 1)) (br 2)) (call $caught (i32.const 3)) (global.set $thrower (i32.const 3)) (throw_ref) (i32.store8 offset=4096 (i32.shl (i32.and (i32.and (local.get 4) (i32.const 1016)) (i32.const 4095)) (i32.const 2)) (local.get 4)) (br 1)) (call $caught (i32.const 3)) (drop) (local.set 4 (i32.and (local.get 4) (i32.const 3473477055))) (local.set 0 (f32.const inf)) (f64.store (i32.shl (i32.and (i32.and (local.get 4) (i32.const 32767)) (i32.const 4095)) (i32.const 1)) (call $plain_f64 (local.get 3))) (local.set 1 (f32.div (f32.const 0x1p-149) (local.get 0)))) (f32.convert_i64_s (i64.trunc_sat_f64_s (local.get 3)))) (drop)) (local.set 1 (local.get 1)) (if (f64.ne (f64.trunc (f64.const 9007199254740993)) (select (select (f64.const 0x1p63) (local.get 3) (local.get 4)) (f64.max (local.get 3) (local.get 3)) (i32.add (global.get $g1) (i32.const 7)))) (then  (global.set $thrower (i32.const 3)) (throw $alias)))) (br 3)) (call $caught (i32.const 3)) (global.set $thrower (i32.const 3)) (throw_ref) (if (i32.lt_s (i32.rem_s (global.get $g1) (i32.or (i32.const 65536) (i32.const 1))) (global.get $g1)) (then (return_call $f2 (local.get 0) (f32.max (f32.const inf) (local.get 2)) (i32.or (local.get 4) (i32.const 1757348413))))) (br_if 2 (i32.trunc_sat_f32_s (f32.convert_i64_u (i64.const 9766630322868407269)))) (table.set (i64.rem_u (i64.trunc_sat_f32_u (local.get 0)) (i64.const 7)) (table.get (i64.rem_u (i64.extend16_s (i64.const 10413159457601180397)) (i64.const 7)))) (br 2)) (call $caught (i32.const 3)) (drop) (local.set 2) (drop) (if (i32.and (i32.shl (global.get $g1) (i32.const 31)) (i32.const -1)) (then  (global.set $thrower (i32.const 3)) (throw $t0))) (br 1)) (call $caught (i32.const 3)) (global.set $kept) (local.set 0 (f32.copysign (f32.demote_f64 (f64.mul (local.get 3) (local.get 3))) (call $plain_f32 (f32.sub (f32.add (f32.const 0x1.fffffep127) (local.get 1)) (local.get 0))))) (local.set 3 (select (f64.max (f64.sub (f64.const -2147483648.9) (local.get 3)) (f64.abs (local.get 3))) (f64.floor (f64.const -0)) (select (i32.trunc_sat_f32_u (local.get 2)) (i32.const 7) (i32.rotl (local.get 4) (global.get $g1))))) (br_if 0 (select (select (local.get 4) (local.get 4) (local.get 4)) (i32.load16_u (i32.add (i32.and (local.get 4) (i32.const 255)) (i32.const -4))) (i32.reinterpret_f32 (call $plain_f32 (local.get 1))))))
    (return_call $f2 (f32.reinterpret_i32 (i32.load16_s $m1 (i32.and (i32.const 0x55555555) (i32.const 1016)))) (f32.min (f32.load $m1 offset=8 (i32.and (local.get 4) (i32.const 255))) (f32.convert_i64_u (global.get $g0))) (select (i32.trunc_sat_f32_u (local.get 2)) (i32.shr_s (local.get 4) (global.get $g1)) (if (result i32) (local.get 4) (then (local.get 4)) (else (i32.const 2))))))
)
;; call 11 exception 2 i64:64 f32:nan i64:0
;; call 12 exception 0
;; call 13 f32:0 i32:0 i64:0 i64:0 f32:0 i64:0 f32:0 f32:0 i64:0 f32:0
;; call 14 exception 0
;; call 11 exception 2 i64:1311768467463790320 f32:nan i64:0
;; call 12 f32:0 i32:0 i64:0 i64:0 f32:0 i64:0 f32:0 f32:0 i64:0 f32:0
;; call 13 exception 0
;; call 14 exception 0
;; call 11 exception 2 i64:32 f32:nan i64:0
;; call 12 exception 0
;; call 13 f32:0 i32:0 i64:0 i64:0 f32:0 i64:0 f32:0 f32:0 i64:0 f32:0
;; call 14 exception 0
;; memory 0 65536 3205224011
;; memory 1 65536 3297701173
;; table 2 6 2
;; global 3 i32:398
;; global 4 i64:2147483648
;; global 5 i32:255
;; global 7 i32:3
;; global 8 i32:3
;; global 9 i32:0
;; global 10 i32:1
;; call 11 exception 2 i64:64 f32:nan i64:0
;; call 12 exception ?
;; call 13 exception ?
;; call 14 exception 0
;; call 11 exception 2 i64:1311768467463790320 f32:nan i64:0
;; call 12 exception ?
;; call 13 exception ?
;; call 14 exception 0
;; call 11 exception 2 i64:32 f32:nan i64:0
;; call 12 exception ?
;; call 13 exception ?
;; call 14 exception 0
;; memory 0 65536 3205224011
;; memory 1 65536 3297701173
;; table 2 6 2
;; global 3 i32:398
;; global 4 i64:2147483648
;; global 5 i32:255
;; global 7 i32:3
;; global 8 i32:3
;; global 9 i32:0
;; global 10 i32:3
;; memory 0 65536 3205224011
;; memory 1 65536 3297701173
;; table 2 6 2
;; global 3 i32:398
;; global 4 i64:2147483648
;; global 5 i32:255
;; global 7 i32:3
;; global 8 i32:3
;; global 9 i32:0
;; global 10 i32:6
