// Echo on Bun, whose WebSocket engine is uWebSockets. It writes the answers to
// the messages of one read together by itself.

import { announce, compression, hostname, maxPayload, port, tls } from './arguments.mjs';

const server = Bun.serve({
  hostname,
  port,
  tls,
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response(null, { status: 426 });
  },
  websocket: {
    message(websocket, message) {
      websocket.send(message, compression);
    },
    perMessageDeflate: compression,
    maxPayloadLength: maxPayload,
    // Bytes that wait for a peer before it is dropped.
    backpressureLimit: 4 * maxPayload,
  },
});

announce(server.hostname, server.port);
