import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Link } from '../../chaos/link.ts';

let server: Server;
let link: Link;
let sockets: Socket[];

beforeEach(async () => {
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (piece) => socket.write(`<${piece.toString()}>`));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  link = await Link.open();
  link.leadTo((server.address() as AddressInfo).port);
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await link[Symbol.asyncDispose]();
  await new Promise((resolve) => server.close(resolve));
});

async function client(): Promise<Socket> {
  const socket = connect(link.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket, text: string): Promise<string> {
  const answer = once(socket, 'data');
  socket.write(text);
  const [piece] = (await answer) as [Buffer];
  return piece.toString();
}

test('carries what is said both ways', async () => {
  expect(await ask(await client(), 'hello')).toBe('<hello>');
});

test('stalled downwards, the server hears and its answers wait', async () => {
  const socket = await client();
  await ask(socket, 'first');
  link.weather = { kind: 'stall', directions: ['down'] };
  const heard = once(sockets.find((one) => one.localPort === (server.address() as AddressInfo).port) as Socket, 'data');
  let answer = '';
  socket.on('data', (piece) => {
    answer += piece.toString();
  });
  socket.write('second');
  await heard;
  expect(answer).toBe('');
  const come = once(socket, 'data');
  link.clear();
  await come;
  expect(answer).toBe('<second>');
});

test('what is lost never comes, and the connection ends with the weather', async () => {
  const socket = await client();
  await ask(socket, 'first');
  link.weather = { kind: 'lose', directions: ['down'] };
  let answer = '';
  socket.on('data', (piece) => {
    answer += piece.toString();
  });
  const heard = once(sockets.find((one) => one.localPort === (server.address() as AddressInfo).port) as Socket, 'data');
  socket.write('second');
  await heard;
  const closed = once(socket, 'close');
  link.clear();
  await closed;
  expect(answer).toBe('');
});

test('pieces that are delayed keep their order', async () => {
  const socket = await client();
  link.weather = { kind: 'delay', byMs: 5 };
  let answer = '';
  const come = new Promise<void>((resolve) =>
    socket.on('data', (piece) => {
      answer += piece.toString();
      if (answer.replaceAll(/[<>]/g, '') === 'abc') resolve();
    }),
  );
  for (const text of ['a', 'b']) socket.write(text);
  link.clear();
  socket.write('c');
  await come;
});

test('turns away who connects, ends who is there, and lets in again', async () => {
  const before = await client();
  await ask(before, 'first');
  const ended = once(before, 'close');
  link.weather = { kind: 'refuse' };
  await ended;
  const refused = await client();
  await once(refused, 'close');
  link.clear();
  expect(await ask(await client(), 'again')).toBe('<again>');
});
