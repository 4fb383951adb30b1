// Echo on Node's `ws`, which finds `bufferutil` for masking by itself.

import http from 'node:http';
import https from 'node:https';
import { WebSocketServer } from 'ws';
import { announce, compression, hostname, maxPayload, port, tls } from './arguments.mjs';

const server = tls ? https.createServer(tls) : http.createServer();

const websockets = new WebSocketServer({
  server,
  maxPayload,
  // The suite sends a message in 4,096 fragments; the default is 16,384.
  maxFragments: 1024 * 1024,
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
