;; An application without a WebSocket in it, as hostile as its peer says: the
;; first byte of what the peer sends chooses what it does. Anything else is
;; answered with "ok". The first read is its opening handshake, answered with
;; "open", unless it is a command in capitals, which acts at once.
;;
;; Wrapped into a component of the world `plugin` by `harness/app.rs`. The layout
;; of records is that of the canonical ABI.
(module
  (import "[export]sandsock:websocket/endpoint@0.1.0" "[resource-new]endpoint"
    (func $resource-new (param i32) (result i32)))

  (memory (export "memory") 4)

  ;; What the canonical ABI puts in, at the front of the free memory, once more
  ;; for each call.
  (global $free (mut i32) (i32.const 0x1000))

  ;; 0x000: `options`, with the defaults of limits and timeouts, no compression.
  (data (i32.const 0x000)
    "\00\40\00\00\64\00\00\00"                 ;; head-bytes, header-count
    "\00\00\00\01\00\00\00\00"                 ;; frame-bytes
    "\00\00\00\01\00\00\00\00"                 ;; message-bytes
    "\00\00\10\00\00\04\00\00\00\00\04\00"     ;; fragments, pongs, output-bytes
    "\00\00\00\00"                             ;; padding
    "\10\27\00\00\88\13\00\00"                 ;; opening, closing
    "\00\00\00\00\00\00\00\00"                 ;; idle: none
    "\00\00\00\00\00\00\00\00\00\00\00\00"     ;; keepalive: none
    "\00")                                     ;; compression: none

  ;; 0x100: `output`: transmit, deadline (none), next, ready-state.
  ;; 0x180: a result, an option.
  (data (i32.const 0x200) "openok")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (if (global.get $allocates-beyond) (then (return (i32.const 0x7ffffff8))))
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))

  (func $reset (global.set $free (i32.const 0x1000)))

  ;; An output that transmits `len` bytes at `at`.
  (func $output (param $at i32) (param $len i32) (param $next i32) (param $state i32) (result i32)
    (call $reset)
    (i32.store (i32.const 0x100) (local.get $at))
    (i32.store (i32.const 0x104) (local.get $len))
    (i32.store8 (i32.const 0x108) (i32.const 0))
    (i32.store8 (i32.const 0x118) (local.get $next))
    (i32.store8 (i32.const 0x119) (local.get $state))
    (i32.const 0x100))

  (func $recurse (param i64) (result i64)
    (i64.add (call $recurse (i64.add (local.get 0) (i64.const 1))) (local.get 0)))

  ;; An output whose deadline is long past.
  (func $late (result i32)
    (drop (call $output (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1)))
    (i32.store8 (i32.const 0x108) (i32.const 1))
    (i64.store (i32.const 0x110) (i64.const 0))
    (i32.const 0x100))

  ;; Takes some milliseconds.
  (func $dawdle
    (local $turns i32)
    (loop $turn
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $turn (i32.lt_u (local.get $turns) (i32.const 10000000)))))

  (global $asked (mut i64) (i64.const 0))

  (func $keep
    (if (i64.ne (global.get $asked) (i64.const 0)) (then (unreachable)))
    (global.set $asked (i64.const -1))
    ;; Behind the data and the free memory, far from either, at the end.
    (call $keep-at (i32.const 0x206))
    (call $keep-at (i32.const 0x7fff))
    (call $keep-at (i32.const 0x20000))
    (call $keep-at (i32.const 0x3ffff)))

  (func $keep-at (param $at i32)
    (if (i32.load8_u (local.get $at)) (then (unreachable)))
    (i32.store8 (local.get $at) (i32.const 1)))

  (global $fails-behind (mut i32) (i32.const 0))
  (global $allocates-beyond (mut i32) (i32.const 0))
  (global $is-late (mut i32) (i32.const 0))
  (global $waits-on (mut i32) (i32.const 0))

  (func (export "cabi_post_sandsock:websocket/endpoint@0.1.0#[method]endpoint.receive")
    (param i32)
    (if (global.get $fails-behind) (then (unreachable))))

  (func $misbehave (param $command i32) (result i32)
    ;; l: loops forever.
    (if (i32.eq (local.get $command) (i32.const 0x6c)) (then (loop $forever (br $forever))))
    ;; u: does what WebAssembly forbids.
    (if (i32.eq (local.get $command) (i32.const 0x75)) (then (unreachable)))
    ;; m: takes all memory there is.
    (if (i32.eq (local.get $command) (i32.const 0x6d))
      (then (loop $more (drop (memory.grow (i32.const 16))) (br $more))))
    ;; r: recurses forever.
    (if (i32.eq (local.get $command) (i32.const 0x72))
      (then (drop (call $recurse (i64.const 0)))))
    ;; o: returns a list that begins beyond its memory.
    (if (i32.eq (local.get $command) (i32.const 0x6f))
      (then (return (call $output (i32.const 0xfffffff0) (i32.const 4) (i32.const 0) (i32.const 1)))))
    ;; n: returns a list longer than its memory.
    (if (i32.eq (local.get $command) (i32.const 0x6e))
      (then (return (call $output (i32.const 0) (i32.const 0x7fffffff) (i32.const 0) (i32.const 1)))))
    ;; p: returns a pointer to nowhere.
    (if (i32.eq (local.get $command) (i32.const 0x70)) (then (return (i32.const 0xffffff00))))
    ;; i: returns a pointer that is not aligned.
    (if (i32.eq (local.get $command) (i32.const 0x69)) (then (return (i32.const 0x101))))
    ;; a: has room beyond its memory for what comes next.
    (if (i32.eq (local.get $command) (i32.const 0x61))
      (then (global.set $allocates-beyond (i32.const 1))))
    ;; d: returns a case that there is not.
    (if (i32.eq (local.get $command) (i32.const 0x64))
      (then (return (call $output (i32.const 0x204) (i32.const 2) (i32.const 9) (i32.const 1)))))
    ;; t: fails behind its output, which says that the connection is open.
    (if (i32.eq (local.get $command) (i32.const 0x74))
      (then (global.set $fails-behind (i32.const 1))))
    ;; c: the same with one that says that it is closed.
    (if (i32.eq (local.get $command) (i32.const 0x63))
      (then
        (global.set $fails-behind (i32.const 1))
        (return (call $output (i32.const 0x204) (i32.const 2) (i32.const 2) (i32.const 3)))))
    ;; e: waits for more behind the end.
    (if (i32.eq (local.get $command) (i32.const 0x65))
      (then (global.set $waits-on (i32.const 1))))
    ;; w: is always late, and takes its time.
    (if (i32.eq (local.get $command) (i32.const 0x77))
      (then
        (global.set $is-late (i32.const 1))
        (return (call $late))))
    ;; k: keeps in mind that it was asked, wherever it can, and fails where it was before.
    (if (i32.eq (local.get $command) (i32.const 0x6b)) (then (call $keep)))
    ;; s: wants to be called again and again.
    (if (i32.eq (local.get $command) (i32.const 0x73))
      (then (return (call $output (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 1)))))
    (call $output (i32.const 0x204) (i32.const 2) (i32.const 0) (i32.const 1)))

  ;; The representation of an endpoint is 0x300 and more: a byte that tells
  ;; whether it is open, in the order of their beginning.
  (global $next-endpoint (mut i32) (i32.const 0x300))

  (func (export "sandsock:websocket/endpoint@0.1.0#default-options") (result i32)
    (i32.const 0x000))

  (func (export "sandsock:websocket/endpoint@0.1.0#[static]endpoint.start")
    (param i32) (result i32)
    (local $endpoint i32)
    (call $reset)
    (local.set $endpoint (global.get $next-endpoint))
    (global.set $next-endpoint (i32.add (local.get $endpoint) (i32.const 1)))
    (i32.store8 (i32.const 0x180) (i32.const 0))
    (i32.store (i32.const 0x184) (call $resource-new (local.get $endpoint)))
    (i32.const 0x180))

  (func (export "sandsock:websocket/endpoint@0.1.0#[method]endpoint.receive")
    (param $self i32) (param $now i64) (param $bytes i32) (param $len i32) (result i32)
    (local $command i32)
    (local.set $command (i32.load8_u (local.get $bytes)))
    (if (i32.load8_u (local.get $self))
      (then (return (call $misbehave (local.get $command)))))
    ;; A capital: misbehaves before it is open.
    (if (i32.lt_u (local.get $command) (i32.const 0x61))
      (then (return (call $misbehave (i32.or (local.get $command) (i32.const 0x20))))))
    (i32.store8 (local.get $self) (i32.const 1))
    (call $output (i32.const 0x200) (i32.const 4) (i32.const 0) (i32.const 1)))

  ;; Connecting (0) or open (1), and nothing to transmit; after "s", `drain`
  ;; again.
  (func $drain (param $self i32) (result i32)
    (call $output (i32.const 0) (i32.const 0)
      (i32.and
        (i32.eq (i32.load8_u (i32.const 0x118)) (i32.const 1))
        (i32.load8_u (local.get $self)))
      (i32.load8_u (local.get $self))))

  (func (export "sandsock:websocket/endpoint@0.1.0#[method]endpoint.drain")
    (param $self i32) (param i64) (result i32)
    (call $drain (local.get $self)))

  (func (export "sandsock:websocket/endpoint@0.1.0#[method]endpoint.reach-deadline")
    (param $self i32) (param i64) (result i32)
    (if (global.get $is-late)
      (then
        (call $dawdle)
        (return (call $late))))
    (call $drain (local.get $self)))

  ;; Closed (3), with `close` (2); after "e", open (1), with `receive` (0).
  (func (export "sandsock:websocket/endpoint@0.1.0#[method]endpoint.receive-end")
    (param i32 i64) (result i32)
    (if (global.get $waits-on)
      (then (return (call $output (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1)))))
    (call $output (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 3)))

  ;; Refuses to end: `closing`.
  (func (export "sandsock:websocket/endpoint@0.1.0#[method]endpoint.close")
    (param i32 i64 i32 i32 i32) (result i32)
    (call $reset)
    (i32.store8 (i32.const 0x180) (i32.const 1))
    (i32.store8 (i32.const 0x188) (i32.const 1))
    (i32.const 0x180))

  (func (export "sandsock:websocket/endpoint@0.1.0#[method]endpoint.closure")
    (param i32) (result i32)
    (i32.store8 (i32.const 0x180) (i32.const 0))
    (i32.const 0x180))

  (func (export "sandsock:websocket/endpoint@0.1.0#[method]endpoint.round-trip")
    (param i32) (result i32)
    (i32.store8 (i32.const 0x180) (i32.const 0))
    (i32.const 0x180))
)
