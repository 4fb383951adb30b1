// Echo on Node's `ws`, which finds `bufferutil` for masking by itself.

import http from 'node:http';
import https from 'node:https';
import { WebSocketServer } from 'ws';
import { announce, compression, hostname, maxPayload, port, tls } from './arguments.mjs';

const server = tls ? https.createServer(tls) : http.createServer();

const websockets = new WebSocketServer({
  server,
  maxPayload,
  perMessageDeflate: compression && { threshold: 0 },
});

websockets.on('connection', (websocket) => {
  websocket.on('message', (data, isBinary) => websocket.send(data, { binary: isBinary }));
  // The load generator reports connections that fail.
  websocket.on('error', () => {});
});

server.listen(port, hostname, () => {
  const { address, port } = server.address();
  announce(address, port);
});
