// A line echo server on node:net, a peer of the benches echo and idle.
//
// SPDX-License-Identifier: MIT
'use strict';
const net = require('node:net');

const server = net.createServer({ noDelay: true }, (socket) => {
  let kept = null;
  socket.on('data', (bytes) => {
    const whole = bytes.lastIndexOf(10) + 1;
    if (whole > 0) {
      if (kept) socket.write(kept);
      socket.write(whole === bytes.length ? bytes : bytes.subarray(0, whole));
      kept = null;
    }
    if (whole < bytes.length) {
      const rest = bytes.subarray(whole);
      kept = kept ? Buffer.concat([kept, rest]) : rest;
    }
  });
  socket.on('error', () => socket.destroy());
});
server.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 });
