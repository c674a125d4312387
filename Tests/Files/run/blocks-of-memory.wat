;;! stage = "run"

;; Copies and fills of constant length: parts that overlap in both directions, and the edges of the
;; memory, where nothing may be written before the trap.
(module
  (memory (export "memory") 1)
  (func $init (local $i i32)
    (loop $l
      (i32.store8 (local.get $i) (i32.mul (local.get $i) (i32.const 7)))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 512))))
    (memory.fill (i32.const 65024) (i32.const 3) (i32.const 512))
    (i64.store (i32.const 65528) (i64.const 0x99aabbccddeeff00)))
  (func $sum (param $i i32) (param $end i32) (param $s i64) (result i64)
    (loop $l
      (local.set $s (i64.add (i64.mul (local.get $s) (i64.const 31)) (i64.load8_u (local.get $i))))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $end))))
    (local.get $s))
  (func $all (result i64)
    (call $sum (i32.const 65024) (i32.const 65536) (call $sum (i32.const 0) (i32.const 600) (i64.const 0))))
  (func (export "copy1") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 1))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 1))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 1))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 1))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 1))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 1))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 1))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 1))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 1))
    (call $all))
  (func (export "fill1") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 1))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 1))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 1))
    (memory.fill (i32.const 65535) (i32.const 9) (i32.const 1))
    (memory.copy (i32.const 400) (i32.const 65535) (i32.const 1))
    (call $all))
  (func (export "to1") (call $init) (memory.copy (i32.const 65536) (i32.const 0) (i32.const 1)))
  (func (export "from1") (memory.copy (i32.const 0) (i32.const 65536) (i32.const 1)))
  (func (export "over1") (memory.fill (i32.const 65536) (i32.const 9) (i32.const 1)))
  (func (export "far1") (memory.copy (i32.const -1) (i32.const 0) (i32.const 1)))
  (func (export "after1") (result i64) (call $all))
  (func (export "copy2") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 2))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 2))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 2))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 2))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 2))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 2))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 2))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 2))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 2))
    (call $all))
  (func (export "fill2") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 2))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 2))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 2))
    (memory.fill (i32.const 65534) (i32.const 9) (i32.const 2))
    (memory.copy (i32.const 400) (i32.const 65534) (i32.const 2))
    (call $all))
  (func (export "to2") (call $init) (memory.copy (i32.const 65535) (i32.const 0) (i32.const 2)))
  (func (export "from2") (memory.copy (i32.const 0) (i32.const 65535) (i32.const 2)))
  (func (export "over2") (memory.fill (i32.const 65535) (i32.const 9) (i32.const 2)))
  (func (export "far2") (memory.copy (i32.const -1) (i32.const 0) (i32.const 2)))
  (func (export "after2") (result i64) (call $all))
  (func (export "copy3") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 3))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 3))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 3))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 3))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 3))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 3))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 3))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 3))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 3))
    (call $all))
  (func (export "fill3") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 3))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 3))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 3))
    (memory.fill (i32.const 65533) (i32.const 9) (i32.const 3))
    (memory.copy (i32.const 400) (i32.const 65533) (i32.const 3))
    (call $all))
  (func (export "to3") (call $init) (memory.copy (i32.const 65534) (i32.const 0) (i32.const 3)))
  (func (export "from3") (memory.copy (i32.const 0) (i32.const 65534) (i32.const 3)))
  (func (export "over3") (memory.fill (i32.const 65534) (i32.const 9) (i32.const 3)))
  (func (export "far3") (memory.copy (i32.const -1) (i32.const 0) (i32.const 3)))
  (func (export "after3") (result i64) (call $all))
  (func (export "copy5") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 5))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 5))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 5))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 5))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 5))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 5))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 5))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 5))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 5))
    (call $all))
  (func (export "fill5") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 5))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 5))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 5))
    (memory.fill (i32.const 65531) (i32.const 9) (i32.const 5))
    (memory.copy (i32.const 400) (i32.const 65531) (i32.const 5))
    (call $all))
  (func (export "to5") (call $init) (memory.copy (i32.const 65532) (i32.const 0) (i32.const 5)))
  (func (export "from5") (memory.copy (i32.const 0) (i32.const 65532) (i32.const 5)))
  (func (export "over5") (memory.fill (i32.const 65532) (i32.const 9) (i32.const 5)))
  (func (export "far5") (memory.copy (i32.const -1) (i32.const 0) (i32.const 5)))
  (func (export "after5") (result i64) (call $all))
  (func (export "copy8") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 8))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 8))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 8))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 8))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 8))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 8))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 8))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 8))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 8))
    (call $all))
  (func (export "fill8") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 8))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 8))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 8))
    (memory.fill (i32.const 65528) (i32.const 9) (i32.const 8))
    (memory.copy (i32.const 400) (i32.const 65528) (i32.const 8))
    (call $all))
  (func (export "to8") (call $init) (memory.copy (i32.const 65529) (i32.const 0) (i32.const 8)))
  (func (export "from8") (memory.copy (i32.const 0) (i32.const 65529) (i32.const 8)))
  (func (export "over8") (memory.fill (i32.const 65529) (i32.const 9) (i32.const 8)))
  (func (export "far8") (memory.copy (i32.const -1) (i32.const 0) (i32.const 8)))
  (func (export "after8") (result i64) (call $all))
  (func (export "copy13") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 13))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 13))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 13))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 13))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 13))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 13))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 13))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 13))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 13))
    (call $all))
  (func (export "fill13") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 13))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 13))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 13))
    (memory.fill (i32.const 65523) (i32.const 9) (i32.const 13))
    (memory.copy (i32.const 400) (i32.const 65523) (i32.const 13))
    (call $all))
  (func (export "to13") (call $init) (memory.copy (i32.const 65524) (i32.const 0) (i32.const 13)))
  (func (export "from13") (memory.copy (i32.const 0) (i32.const 65524) (i32.const 13)))
  (func (export "over13") (memory.fill (i32.const 65524) (i32.const 9) (i32.const 13)))
  (func (export "far13") (memory.copy (i32.const -1) (i32.const 0) (i32.const 13)))
  (func (export "after13") (result i64) (call $all))
  (func (export "copy16") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 16))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 16))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 16))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 16))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 16))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 16))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 16))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 16))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 16))
    (call $all))
  (func (export "fill16") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 16))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 16))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 16))
    (memory.fill (i32.const 65520) (i32.const 9) (i32.const 16))
    (memory.copy (i32.const 400) (i32.const 65520) (i32.const 16))
    (call $all))
  (func (export "to16") (call $init) (memory.copy (i32.const 65521) (i32.const 0) (i32.const 16)))
  (func (export "from16") (memory.copy (i32.const 0) (i32.const 65521) (i32.const 16)))
  (func (export "over16") (memory.fill (i32.const 65521) (i32.const 9) (i32.const 16)))
  (func (export "far16") (memory.copy (i32.const -1) (i32.const 0) (i32.const 16)))
  (func (export "after16") (result i64) (call $all))
  (func (export "copy17") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 17))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 17))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 17))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 17))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 17))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 17))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 17))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 17))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 17))
    (call $all))
  (func (export "fill17") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 17))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 17))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 17))
    (memory.fill (i32.const 65519) (i32.const 9) (i32.const 17))
    (memory.copy (i32.const 400) (i32.const 65519) (i32.const 17))
    (call $all))
  (func (export "to17") (call $init) (memory.copy (i32.const 65520) (i32.const 0) (i32.const 17)))
  (func (export "from17") (memory.copy (i32.const 0) (i32.const 65520) (i32.const 17)))
  (func (export "over17") (memory.fill (i32.const 65520) (i32.const 9) (i32.const 17)))
  (func (export "far17") (memory.copy (i32.const -1) (i32.const 0) (i32.const 17)))
  (func (export "after17") (result i64) (call $all))
  (func (export "copy31") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 31))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 31))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 31))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 31))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 31))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 31))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 31))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 31))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 31))
    (call $all))
  (func (export "fill31") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 31))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 31))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 31))
    (memory.fill (i32.const 65505) (i32.const 9) (i32.const 31))
    (memory.copy (i32.const 400) (i32.const 65505) (i32.const 31))
    (call $all))
  (func (export "to31") (call $init) (memory.copy (i32.const 65506) (i32.const 0) (i32.const 31)))
  (func (export "from31") (memory.copy (i32.const 0) (i32.const 65506) (i32.const 31)))
  (func (export "over31") (memory.fill (i32.const 65506) (i32.const 9) (i32.const 31)))
  (func (export "far31") (memory.copy (i32.const -1) (i32.const 0) (i32.const 31)))
  (func (export "after31") (result i64) (call $all))
  (func (export "copy32") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 32))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 32))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 32))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 32))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 32))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 32))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 32))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 32))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 32))
    (call $all))
  (func (export "fill32") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 32))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 32))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 32))
    (memory.fill (i32.const 65504) (i32.const 9) (i32.const 32))
    (memory.copy (i32.const 400) (i32.const 65504) (i32.const 32))
    (call $all))
  (func (export "to32") (call $init) (memory.copy (i32.const 65505) (i32.const 0) (i32.const 32)))
  (func (export "from32") (memory.copy (i32.const 0) (i32.const 65505) (i32.const 32)))
  (func (export "over32") (memory.fill (i32.const 65505) (i32.const 9) (i32.const 32)))
  (func (export "far32") (memory.copy (i32.const -1) (i32.const 0) (i32.const 32)))
  (func (export "after32") (result i64) (call $all))
  (func (export "copy33") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 33))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 33))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 33))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 33))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 33))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 33))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 33))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 33))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 33))
    (call $all))
  (func (export "fill33") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 33))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 33))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 33))
    (memory.fill (i32.const 65503) (i32.const 9) (i32.const 33))
    (memory.copy (i32.const 400) (i32.const 65503) (i32.const 33))
    (call $all))
  (func (export "to33") (call $init) (memory.copy (i32.const 65504) (i32.const 0) (i32.const 33)))
  (func (export "from33") (memory.copy (i32.const 0) (i32.const 65504) (i32.const 33)))
  (func (export "over33") (memory.fill (i32.const 65504) (i32.const 9) (i32.const 33)))
  (func (export "far33") (memory.copy (i32.const -1) (i32.const 0) (i32.const 33)))
  (func (export "after33") (result i64) (call $all))
  (func (export "copy63") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 63))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 63))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 63))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 63))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 63))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 63))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 63))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 63))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 63))
    (call $all))
  (func (export "fill63") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 63))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 63))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 63))
    (memory.fill (i32.const 65473) (i32.const 9) (i32.const 63))
    (memory.copy (i32.const 400) (i32.const 65473) (i32.const 63))
    (call $all))
  (func (export "to63") (call $init) (memory.copy (i32.const 65474) (i32.const 0) (i32.const 63)))
  (func (export "from63") (memory.copy (i32.const 0) (i32.const 65474) (i32.const 63)))
  (func (export "over63") (memory.fill (i32.const 65474) (i32.const 9) (i32.const 63)))
  (func (export "far63") (memory.copy (i32.const -1) (i32.const 0) (i32.const 63)))
  (func (export "after63") (result i64) (call $all))
  (func (export "copy64") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 64))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 64))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 64))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 64))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 64))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 64))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 64))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 64))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 64))
    (call $all))
  (func (export "fill64") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 64))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 64))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 64))
    (memory.fill (i32.const 65472) (i32.const 9) (i32.const 64))
    (memory.copy (i32.const 400) (i32.const 65472) (i32.const 64))
    (call $all))
  (func (export "to64") (call $init) (memory.copy (i32.const 65473) (i32.const 0) (i32.const 64)))
  (func (export "from64") (memory.copy (i32.const 0) (i32.const 65473) (i32.const 64)))
  (func (export "over64") (memory.fill (i32.const 65473) (i32.const 9) (i32.const 64)))
  (func (export "far64") (memory.copy (i32.const -1) (i32.const 0) (i32.const 64)))
  (func (export "after64") (result i64) (call $all))
  (func (export "copy65") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 65))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 65))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 65))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 65))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 65))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 65))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 65))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 65))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 65))
    (call $all))
  (func (export "fill65") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 65))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 65))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 65))
    (memory.fill (i32.const 65471) (i32.const 9) (i32.const 65))
    (memory.copy (i32.const 400) (i32.const 65471) (i32.const 65))
    (call $all))
  (func (export "to65") (call $init) (memory.copy (i32.const 65472) (i32.const 0) (i32.const 65)))
  (func (export "from65") (memory.copy (i32.const 0) (i32.const 65472) (i32.const 65)))
  (func (export "over65") (memory.fill (i32.const 65472) (i32.const 9) (i32.const 65)))
  (func (export "far65") (memory.copy (i32.const -1) (i32.const 0) (i32.const 65)))
  (func (export "after65") (result i64) (call $all))
  (func (export "copy100") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 100))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 100))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 100))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 100))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 100))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 100))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 100))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 100))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 100))
    (call $all))
  (func (export "fill100") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 100))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 100))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 100))
    (memory.fill (i32.const 65436) (i32.const 9) (i32.const 100))
    (memory.copy (i32.const 400) (i32.const 65436) (i32.const 100))
    (call $all))
  (func (export "to100") (call $init) (memory.copy (i32.const 65437) (i32.const 0) (i32.const 100)))
  (func (export "from100") (memory.copy (i32.const 0) (i32.const 65437) (i32.const 100)))
  (func (export "over100") (memory.fill (i32.const 65437) (i32.const 9) (i32.const 100)))
  (func (export "far100") (memory.copy (i32.const -1) (i32.const 0) (i32.const 100)))
  (func (export "after100") (result i64) (call $all))
  (func (export "copy128") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 128))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 128))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 128))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 128))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 128))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 128))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 128))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 128))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 128))
    (call $all))
  (func (export "fill128") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 128))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 128))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 128))
    (memory.fill (i32.const 65408) (i32.const 9) (i32.const 128))
    (memory.copy (i32.const 400) (i32.const 65408) (i32.const 128))
    (call $all))
  (func (export "to128") (call $init) (memory.copy (i32.const 65409) (i32.const 0) (i32.const 128)))
  (func (export "from128") (memory.copy (i32.const 0) (i32.const 65409) (i32.const 128)))
  (func (export "over128") (memory.fill (i32.const 65409) (i32.const 9) (i32.const 128)))
  (func (export "far128") (memory.copy (i32.const -1) (i32.const 0) (i32.const 128)))
  (func (export "after128") (result i64) (call $all))
  (func (export "copy129") (result i64) (call $init)
    (memory.copy (i32.const 183) (i32.const 200) (i32.const 129))
    (memory.copy (i32.const 192) (i32.const 200) (i32.const 129))
    (memory.copy (i32.const 199) (i32.const 200) (i32.const 129))
    (memory.copy (i32.const 200) (i32.const 200) (i32.const 129))
    (memory.copy (i32.const 201) (i32.const 200) (i32.const 129))
    (memory.copy (i32.const 203) (i32.const 200) (i32.const 129))
    (memory.copy (i32.const 209) (i32.const 200) (i32.const 129))
    (memory.copy (i32.const 216) (i32.const 200) (i32.const 129))
    (memory.copy (i32.const 240) (i32.const 200) (i32.const 129))
    (call $all))
  (func (export "fill129") (param i32) (result i64) (call $init)
    (memory.fill (i32.const 90) (local.get 0) (i32.const 129))
    (memory.fill (i32.const 3) (i32.const 0) (i32.const 129))
    (memory.fill (i32.const 300) (i32.const 0x1fe) (i32.const 129))
    (memory.fill (i32.const 65407) (i32.const 9) (i32.const 129))
    (memory.copy (i32.const 400) (i32.const 65407) (i32.const 129))
    (call $all))
  (func (export "to129") (call $init) (memory.copy (i32.const 65408) (i32.const 0) (i32.const 129)))
  (func (export "from129") (memory.copy (i32.const 0) (i32.const 65408) (i32.const 129)))
  (func (export "over129") (memory.fill (i32.const 65408) (i32.const 9) (i32.const 129)))
  (func (export "far129") (memory.copy (i32.const -1) (i32.const 0) (i32.const 129)))
  (func (export "after129") (result i64) (call $all)))
;; call 1 i64:11034908259339521471
;; call 2 i64:12935970413114798746
;; call 3 trap out of bounds memory access
;; call 4 trap out of bounds memory access
;; call 5 trap out of bounds memory access
;; call 6 trap out of bounds memory access
;; call 7 i64:15561276209469813324
;; call 8 i64:17073922021884730675
;; call 9 i64:15422568462541003919
;; call 10 trap out of bounds memory access
;; call 11 trap out of bounds memory access
;; call 12 trap out of bounds memory access
;; call 13 trap out of bounds memory access
;; call 14 i64:15561276209469813324
;; call 15 i64:3306375398784242303
;; call 16 i64:5386803331738403800
;; call 17 trap out of bounds memory access
;; call 18 trap out of bounds memory access
;; call 19 trap out of bounds memory access
;; call 20 trap out of bounds memory access
;; call 21 i64:15561276209469813324
;; call 22 i64:12007404417893192998
;; call 23 i64:3136380439704293780
;; call 24 trap out of bounds memory access
;; call 25 trap out of bounds memory access
;; call 26 trap out of bounds memory access
;; call 27 trap out of bounds memory access
;; call 28 i64:15561276209469813324
;; call 29 i64:3146434774574470450
;; call 30 i64:3961391040069108552
;; call 31 trap out of bounds memory access
;; call 32 trap out of bounds memory access
;; call 33 trap out of bounds memory access
;; call 34 trap out of bounds memory access
;; call 35 i64:15561276209469813324
;; call 36 i64:18179027387011961525
;; call 37 i64:11814086168065185561
;; call 38 trap out of bounds memory access
;; call 39 trap out of bounds memory access
;; call 40 trap out of bounds memory access
;; call 41 trap out of bounds memory access
;; call 42 i64:15561276209469813324
;; call 43 i64:14787324227153729869
;; call 44 i64:475429283251393424
;; call 45 trap out of bounds memory access
;; call 46 trap out of bounds memory access
;; call 47 trap out of bounds memory access
;; call 48 trap out of bounds memory access
;; call 49 i64:15561276209469813324
;; call 50 i64:12108526342874401730
;; call 51 i64:2097690737354031204
;; call 52 trap out of bounds memory access
;; call 53 trap out of bounds memory access
;; call 54 trap out of bounds memory access
;; call 55 trap out of bounds memory access
;; call 56 i64:15561276209469813324
;; call 57 i64:3234531899009960155
;; call 58 i64:8381952140164395607
;; call 59 trap out of bounds memory access
;; call 60 trap out of bounds memory access
;; call 61 trap out of bounds memory access
;; call 62 trap out of bounds memory access
;; call 63 i64:15561276209469813324
;; call 64 i64:7583793366610205591
;; call 65 i64:2152979061213750560
;; call 66 trap out of bounds memory access
;; call 67 trap out of bounds memory access
;; call 68 trap out of bounds memory access
;; call 69 trap out of bounds memory access
;; call 70 i64:15561276209469813324
;; call 71 i64:7724092123629568347
;; call 72 i64:9654717648183518884
;; call 73 trap out of bounds memory access
;; call 74 trap out of bounds memory access
;; call 75 trap out of bounds memory access
;; call 76 trap out of bounds memory access
;; call 77 i64:15561276209469813324
;; call 78 i64:12068225125236705147
;; call 79 i64:526072096713676981
;; call 80 trap out of bounds memory access
;; call 81 trap out of bounds memory access
;; call 82 trap out of bounds memory access
;; call 83 trap out of bounds memory access
;; call 84 i64:15561276209469813324
;; call 85 i64:9005722861549443150
;; call 86 i64:10168098363392109120
;; call 87 trap out of bounds memory access
;; call 88 trap out of bounds memory access
;; call 89 trap out of bounds memory access
;; call 90 trap out of bounds memory access
;; call 91 i64:15561276209469813324
;; call 92 i64:13667382549484577051
;; call 93 i64:18064935323317700260
;; call 94 trap out of bounds memory access
;; call 95 trap out of bounds memory access
;; call 96 trap out of bounds memory access
;; call 97 trap out of bounds memory access
;; call 98 i64:15561276209469813324
;; call 99 i64:8230534115412810510
;; call 100 i64:11642017796541488707
;; call 101 trap out of bounds memory access
;; call 102 trap out of bounds memory access
;; call 103 trap out of bounds memory access
;; call 104 trap out of bounds memory access
;; call 105 i64:15561276209469813324
;; call 106 i64:15213212524463924302
;; call 107 i64:9565187379412483223
;; call 108 trap out of bounds memory access
;; call 109 trap out of bounds memory access
;; call 110 trap out of bounds memory access
;; call 111 trap out of bounds memory access
;; call 112 i64:2441508563111418700
;; call 113 i64:12613191769105816859
;; call 114 i64:9519351115821223019
;; call 115 trap out of bounds memory access
;; call 116 trap out of bounds memory access
;; call 117 trap out of bounds memory access
;; call 118 trap out of bounds memory access
;; call 119 i64:10280003762032686883
;; call 1 i64:5753635811902395030
;; call 2 i64:7654697965677672305
;; call 3 trap out of bounds memory access
;; call 4 trap out of bounds memory access
;; call 5 trap out of bounds memory access
;; call 6 trap out of bounds memory access
;; call 7 i64:10280003762032686883
;; call 8 i64:11792649574447604234
;; call 9 i64:18135405163952982310
;; call 10 trap out of bounds memory access
;; call 11 trap out of bounds memory access
;; call 12 trap out of bounds memory access
;; call 13 trap out of bounds memory access
;; call 14 i64:10280003762032686883
;; call 15 i64:16471847025056667478
;; call 16 i64:105530884301277359
;; call 17 trap out of bounds memory access
;; call 18 trap out of bounds memory access
;; call 19 trap out of bounds memory access
;; call 20 trap out of bounds memory access
;; call 21 i64:10280003762032686883
;; call 22 i64:6726131970456066557
;; call 23 i64:9944597676238323212
;; call 24 trap out of bounds memory access
;; call 25 trap out of bounds memory access
;; call 26 trap out of bounds memory access
;; call 27 trap out of bounds memory access
;; call 28 i64:10280003762032686883
;; call 29 i64:16311906400846895625
;; call 30 i64:15260374723380191263
;; call 31 trap out of bounds memory access
;; call 32 trap out of bounds memory access
;; call 33 trap out of bounds memory access
;; call 34 trap out of bounds memory access
;; call 35 i64:10280003762032686883
;; call 36 i64:12897754939574835084
;; call 37 i64:6532813720628059120
;; call 38 trap out of bounds memory access
;; call 39 trap out of bounds memory access
;; call 40 trap out of bounds memory access
;; call 41 trap out of bounds memory access
;; call 42 i64:10280003762032686883
;; call 43 i64:9506051779716603428
;; call 44 i64:18231552054926481511
;; call 45 trap out of bounds memory access
;; call 46 trap out of bounds memory access
;; call 47 trap out of bounds memory access
;; call 48 trap out of bounds memory access
;; call 49 i64:10280003762032686883
;; call 50 i64:6827253895437275289
;; call 51 i64:13244984028444337163
;; call 52 trap out of bounds memory access
;; call 53 trap out of bounds memory access
;; call 54 trap out of bounds memory access
;; call 55 trap out of bounds memory access
;; call 56 i64:10280003762032686883
;; call 57 i64:16400003525282385330
;; call 58 i64:16995541201662827436
;; call 59 trap out of bounds memory access
;; call 60 trap out of bounds memory access
;; call 61 trap out of bounds memory access
;; call 62 trap out of bounds memory access
;; call 63 i64:10280003762032686883
;; call 64 i64:2302520919173079150
;; call 65 i64:8164138419527170551
;; call 66 trap out of bounds memory access
;; call 67 trap out of bounds memory access
;; call 68 trap out of bounds memory access
;; call 69 trap out of bounds memory access
;; call 70 i64:10280003762032686883
;; call 71 i64:2442819676192441906
;; call 72 i64:16013504804207949723
;; call 73 trap out of bounds memory access
;; call 74 trap out of bounds memory access
;; call 75 trap out of bounds memory access
;; call 76 trap out of bounds memory access
;; call 77 i64:10280003762032686883
;; call 78 i64:6786952677799578706
;; call 79 i64:17246309834687888654
;; call 80 trap out of bounds memory access
;; call 81 trap out of bounds memory access
;; call 82 trap out of bounds memory access
;; call 83 trap out of bounds memory access
;; call 84 i64:10280003762032686883
;; call 85 i64:3724450414112316709
;; call 86 i64:11918524091789725463
;; call 87 trap out of bounds memory access
;; call 88 trap out of bounds memory access
;; call 89 trap out of bounds memory access
;; call 90 trap out of bounds memory access
;; call 91 i64:10280003762032686883
;; call 92 i64:8386110102047450610
;; call 93 i64:12783662875880573819
;; call 94 trap out of bounds memory access
;; call 95 trap out of bounds memory access
;; call 96 trap out of bounds memory access
;; call 97 trap out of bounds memory access
;; call 98 i64:10280003762032686883
;; call 99 i64:2949261667975684069
;; call 100 i64:17380724558293039483
;; call 101 trap out of bounds memory access
;; call 102 trap out of bounds memory access
;; call 103 trap out of bounds memory access
;; call 104 trap out of bounds memory access
;; call 105 i64:10280003762032686883
;; call 106 i64:9931940077026797861
;; call 107 i64:18382351889407368526
;; call 108 trap out of bounds memory access
;; call 109 trap out of bounds memory access
;; call 110 trap out of bounds memory access
;; call 111 trap out of bounds memory access
;; call 112 i64:10280003762032686883
;; call 113 i64:2004942894317533426
;; call 114 i64:9519351115821223019
;; call 115 trap out of bounds memory access
;; call 116 trap out of bounds memory access
;; call 117 trap out of bounds memory access
;; call 118 trap out of bounds memory access
;; call 119 i64:10280003762032686883
;; call 1 i64:5753635811902395030
;; call 2 i64:595125825142238930
;; call 3 trap out of bounds memory access
;; call 4 trap out of bounds memory access
;; call 5 trap out of bounds memory access
;; call 6 trap out of bounds memory access
;; call 7 i64:10280003762032686883
;; call 8 i64:11792649574447604234
;; call 9 i64:17621166009890037542
;; call 10 trap out of bounds memory access
;; call 11 trap out of bounds memory access
;; call 12 trap out of bounds memory access
;; call 13 trap out of bounds memory access
;; call 14 i64:10280003762032686883
;; call 15 i64:16471847025056667478
;; call 16 i64:105530884301277359
;; call 17 trap out of bounds memory access
;; call 18 trap out of bounds memory access
;; call 19 trap out of bounds memory access
;; call 20 trap out of bounds memory access
;; call 21 i64:10280003762032686883
;; call 22 i64:6726131970456066557
;; call 23 i64:2361066720259651276
;; call 24 trap out of bounds memory access
;; call 25 trap out of bounds memory access
;; call 26 trap out of bounds memory access
;; call 27 trap out of bounds memory access
;; call 28 i64:10280003762032686883
;; call 29 i64:16311906400846895625
;; call 30 i64:14112270642569132063
;; call 31 trap out of bounds memory access
;; call 32 trap out of bounds memory access
;; call 33 trap out of bounds memory access
;; call 34 trap out of bounds memory access
;; call 35 i64:10280003762032686883
;; call 36 i64:12897754939574835084
;; call 37 i64:13048399907278711470
;; call 38 trap out of bounds memory access
;; call 39 trap out of bounds memory access
;; call 40 trap out of bounds memory access
;; call 41 trap out of bounds memory access
;; call 42 i64:10280003762032686883
;; call 43 i64:9506051779716603428
;; call 44 i64:17264648963121897575
;; call 45 trap out of bounds memory access
;; call 46 trap out of bounds memory access
;; call 47 trap out of bounds memory access
;; call 48 trap out of bounds memory access
;; call 49 i64:10280003762032686883
;; call 50 i64:6827253895437275289
;; call 51 i64:8677554113714114603
;; call 52 trap out of bounds memory access
;; call 53 trap out of bounds memory access
;; call 54 trap out of bounds memory access
;; call 55 trap out of bounds memory access
;; call 56 i64:10280003762032686883
;; call 57 i64:16400003525282385330
;; call 58 i64:3100679692727269166
;; call 59 trap out of bounds memory access
;; call 60 trap out of bounds memory access
;; call 61 trap out of bounds memory access
;; call 62 trap out of bounds memory access
;; call 63 i64:10280003762032686883
;; call 64 i64:2302520919173079150
;; call 65 i64:11230272248652458487
;; call 66 trap out of bounds memory access
;; call 67 trap out of bounds memory access
;; call 68 trap out of bounds memory access
;; call 69 trap out of bounds memory access
;; call 70 i64:10280003762032686883
;; call 71 i64:2442819676192441906
;; call 72 i64:16013504804207949723
;; call 73 trap out of bounds memory access
;; call 74 trap out of bounds memory access
;; call 75 trap out of bounds memory access
;; call 76 trap out of bounds memory access
;; call 77 i64:10280003762032686883
;; call 78 i64:6786952677799578706
;; call 79 i64:314552873874845133
;; call 80 trap out of bounds memory access
;; call 81 trap out of bounds memory access
;; call 82 trap out of bounds memory access
;; call 83 trap out of bounds memory access
;; call 84 i64:10280003762032686883
;; call 85 i64:3724450414112316709
;; call 86 i64:16058560153882152727
;; call 87 trap out of bounds memory access
;; call 88 trap out of bounds memory access
;; call 89 trap out of bounds memory access
;; call 90 trap out of bounds memory access
;; call 91 i64:10280003762032686883
;; call 92 i64:8386110102047450610
;; call 93 i64:12783662875880573819
;; call 94 trap out of bounds memory access
;; call 95 trap out of bounds memory access
;; call 96 trap out of bounds memory access
;; call 97 trap out of bounds memory access
;; call 98 i64:10280003762032686883
;; call 99 i64:2949261667975684069
;; call 100 i64:7817730707021162557
;; call 101 trap out of bounds memory access
;; call 102 trap out of bounds memory access
;; call 103 trap out of bounds memory access
;; call 104 trap out of bounds memory access
;; call 105 i64:10280003762032686883
;; call 106 i64:9931940077026797861
;; call 107 i64:18382351889407368526
;; call 108 trap out of bounds memory access
;; call 109 trap out of bounds memory access
;; call 110 trap out of bounds memory access
;; call 111 trap out of bounds memory access
;; call 112 i64:10280003762032686883
;; call 113 i64:2004942894317533426
;; call 114 i64:9519351115821223019
;; call 115 trap out of bounds memory access
;; call 116 trap out of bounds memory access
;; call 117 trap out of bounds memory access
;; call 118 trap out of bounds memory access
;; call 119 i64:10280003762032686883
;; memory 0 65536 3681633880
