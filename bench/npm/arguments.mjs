// The command line that both servers have.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    // Port 0 takes any that is free.
    listen: { type: 'string', default: '127.0.0.1:0' },
    'tls-cert': { type: 'string' },
    'tls-key': { type: 'string' },
    compression: { type: 'boolean', default: false },
  },
});

const colon = values.listen.lastIndexOf(':');

export const hostname = values.listen.slice(0, colon);
export const port = Number(values.listen.slice(colon + 1));
export const compression = values.compression;

// Without a certificate, no TLS.
export const tls = values['tls-cert'] && {
  cert: readFileSync(values['tls-cert']),
  key: readFileSync(values['tls-key']),
};

// Bytes of a message.
export const maxPayload = 64 * 1024 * 1024;

export function announce(address, port) {
  console.log(`listening on ${address}:${port}`);
}
