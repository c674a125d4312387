;;! stage = "run"

(module
  (type (;0;) (func))
  (type (;1;) (func (param f32) (result f32)))
  (type (;2;) (func (param f64) (result f64)))
  (type (;3;) (func (param i32 i64 f64 i32) (result i64 f64)))
  (type (;4;) (func (param f64) (result i64 i32)))
  (type (;5;) (func (param f32 i32 i32 i32 f64 f32 f32 f64 f64) (result i64 i32 f32 i64)))
  (type (;6;) (func (param i64 i64 i64 i64 f64 f64 f32 i64 i32)))
  (type (;7;) (func (param f64 f64 i64 i32)))
  (memory (;0;) 1 3)
  (global (;0;) (mut i32) i32.const 0)
  (global (;1;) (mut i64) i64.const 0)
  (global (;2;) (mut f64) f64.const 0x0p+0)
  (export "" (global 2))
  (export "0" (func 3))
  (export "2" (func 6))
  (export "3" (func 8))
  (func (;0;) (type 0)
    global.get 0
    i32.const 1
    i32.sub
    global.set 0
    global.get 0
    i32.const 0
    i32.le_s
    if
      unreachable
    end
  )
  (func (;1;) (type 1) (param f32) (result f32)
    local.get 0
    f32.const nan
    local.get 0
    local.get 0
    f32.eq
    select
  )
  (func (;2;) (type 2) (param f64) (result f64)
    f64.const 0x0p+0
  )
  (func (;3;) (type 3) (param i32 i64 f64 i32) (result i64 f64)
    unreachable
  )
  (func (;4;) (type 4) (param f64) (result i64 i32)
    local.get 0
    call 5
  )
  (func (;5;) (type 4) (param f64) (result i64 i32)
    unreachable
  )
  (func (;6;) (type 6) (param i64 i64 i64 i64 f64 f64 f32 i64 i32)
    unreachable
  )
  (func (;7;) (type 6) (param i64 i64 i64 i64 f64 f64 f32 i64 i32))
  (func (;8;) (type 5) (param f32 i32 i32 i32 f64 f32 f32 f64 f64) (result i64 i32 f32 i64)
    i64.const 0
    i32.const 0
    f32.const 0x0p+0
    i64.const 0
  )
  (func (;9;) (type 5) (param f32 i32 i32 i32 f64 f32 f32 f64 f64) (result i64 i32 f32 i64)
    (local i32 f32 i32 i32 i32)
    call 0
    local.get 9
    if (result f64)
      local.get 7
    else
      local.get 7
    end
    global.get 2
    f64.mul
    i32.trunc_sat_f64_u
    i32.const 255
    i32.and
    f32.load
    local.set 5
    i32.const 65536
    i32.const -2129578239
    i32.shr_u
    local.get 9
    i32.shr_s
    local.get 2
    i32.xor
    if
      local.get 6
      f32.floor
      i64.trunc_sat_f32_s
      local.get 0
      i32.trunc_sat_f32_u
      local.get 0
      f32.const -0x0p+0
      f32.sub
      local.get 3
      i32.const 32767
      i32.and
      f32.load
      f32.sub
      global.get 1
      i64.const 9223372036854775807
      i64.rotl
      global.get 1
      i64.extend16_s
      i64.mul
      return
    end
    f32.const 0x1.p-149
    local.get 6
    i32.const 0
    select
    f32.const 0x1p+31
    local.get 6
    f32.min
    f32.min
    i32.trunc_sat_f32_s
    if
      i32.const 0
      memory.grow
      drop
      i32.const 2
      local.set 11
      block
        loop
          call 0
          block (result f64)
            f64.const 0x1p+64
            local.get 9
            br_if 0 (;@4;)
            drop
            local.get 7
          end
          f64.ceil
          local.set 7
          local.get 11
          i32.const 1
          i32.sub
          local.tee 11
          i32.const 0
          i32.gt_s
          br_if 0 (;@3;)
        end
      end
    end
    i32.const 7
    local.set 12
    block
      loop
        call 0
        i32.const 5
        memory.grow
        drop
        i32.const -1
        i32.const 32767
        i32.and
        i32.load8_u
        i32.const 32
        i32.const 1
        i32.or
        i32.div_u
        local.get 3
        local.get 2
        i32.xor
        local.get 10
        i32.trunc_sat_f32_s
        i32.rotl
        i32.const 10
        select
        local.set 1
        local.get 3
        if
          local.get 1
          if
            local.get 8
            local.get 7
            local.get 3
            select
            local.set 7
            local.get 9
            i32.const 255
            i32.and
            global.get 1
            i64.store32
          else
            f64.const 0x1p+63
            local.get 7
            f64.min
            local.set 4
            local.get 2
            if (result f64)
              local.get 7
            else
              f64.const -0x1.8p+0
            end
            local.set 8
            local.get 8
            call 2
            global.set 2
            f64.const 0x1p+53
            call 2
            global.set 2
          end
          f64.const 0x1p+53
          global.get 2
          f64.ne
          if
            f32.const 0x1p+0
            local.set 10
          else
            local.get 3
            i32.const 32767
            i32.and
            local.get 7
            call 2
            f64.store
            local.get 1
            i32.const 1016
            i32.and
            f32.const 0x1p+63
            call 1
            f32.store
          end
        end
        local.get 12
        i32.const 1
        i32.sub
        local.tee 12
        i32.const 0
        i32.gt_s
        br_if 0 (;@2;)
      end
    end
    f64.const 0x1.p-1074
    i32.trunc_sat_f64_s
    if
      i32.const 20
      local.set 13
      block
        loop
          call 0
          block
            block
              block
                block
                  local.get 9
                  i32.const 32767
                  i32.and
                  i32.load
                  br_table 3 (;@4;) 1 (;@6;) 3 (;@4;) 1 (;@6;) 0 (;@7;) 2 (;@5;)
                end
                global.get 1
                global.set 1
                f32.const -0x0p+0
                local.set 10
                local.get 0
                local.set 0
              end
              f64.const 0x1.fffffffep+30
              call 2
              global.set 2
              global.get 1
              global.set 1
              local.get 2
              local.set 9
            end
            local.get 8
            call 2
            global.set 2
            global.get 1
            global.set 1
          end
          i32.const 1431655765
          i32.const 32767
          i32.and
          i32.const 1000
          i32.store
          local.get 3
          local.set 3
          i32.const 65535
          i32.const 255
          i32.and
          f32.const inf
          call 1
          f32.store offset=100
          i32.const 657195413
          i32.const 32767
          i32.and
          global.get 2
          call 2
          f64.store
          local.get 13
          i32.const 1
          i32.sub
          local.tee 13
          i32.const 0
          i32.gt_s
          br_if 0 (;@3;)
        end
      end
    else
      local.get 9
      if
        f64.const 0x1p+53
        local.get 4
        f64.max
        f64.const 0x1.fffffffffffffp+1023
        global.get 2
        call 2
        f64.copysign
        f64.add
        local.set 8
      else
        local.get 2
        local.get 9
        i32.const 2
        select
        i32.extend8_s
        local.set 1
        local.get 5
        local.set 6
        f64.const -0x1.00000001ccccdp+31
        f64.const 0x1.fffffffffffffp+1023
        f64.add
        local.set 7
        i32.const 65536
        local.get 1
        local.get 3
        select
        br_if 0 (;@2;)
      end
    end
    block (result f64)
      f32.const -0x1.000002p+31
      f64.promote_f32
      i32.const 32
      br_if 0 (;@1;)
      drop
      local.get 7
      global.get 2
      f64.mul
    end
    i64.trunc_sat_f64_s
    global.get 1
    i64.mul
    i32.const 2147483647
    local.get 1
    i32.const 32767
    i32.and
    i32.load16_u offset=1
    if (result f32)
      i32.const 1000
      i32.const 2147483647
      local.get 2
      select
      if (result f32)
        local.get 0
        local.get 0
        f32.min
      else
        local.get 1
        f32.convert_i32_s
      end
      block (result f32)
        local.get 6
        local.get 9
        br_if 0 (;@2;)
        drop
        local.get 10
      end
      f32.floor
      f32.mul
    else
      local.get 6
    end
    global.get 1
  )
  (func (;10;) (type 7) (param f64 f64 i64 i32))
)
;; call 1 trap unreachable
;; call 2 trap unreachable
;; call 3 i64:0 i32:0 f32:0 i64:0
;; call 1 trap unreachable
;; call 2 trap unreachable
;; call 3 i64:0 i32:0 f32:0 i64:0
;; call 1 trap unreachable
;; call 2 trap unreachable
;; call 3 i64:0 i32:0 f32:0 i64:0
;; global 0 f64:0
