import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createSecureServer } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { parseSyslogPlace, SyslogSender } from '../../src/audit/syslog.ts';
import { framed, syslogMessage } from '../../src/audit/syslog-message.ts';
import { openWorkloadAuthority } from '../real/workload-certificates.ts';
import { scratchFolder } from '../real/scratch.ts';

const ORIGIN = { host: 'cp-1', processId: 17 };
const LINE = {
  type: 'event',
  sequence: 3,
  at: '2027-01-01T00:00:00.123Z',
  action: 'denied',
  outcome: 'denied',
  actor: 'user:zoë',
  credential: '',
  address: '192.0.2.1',
  kind: '',
  namespace: '',
  name: '',
  detail: {},
  count: 1,
  until: '2027-01-01T00:00:00.123Z',
  headRevision: 0,
  headHash: '',
  hash: 'a',
} as const;

test('a message is RFC 5424, with its length in octets before it', () => {
  const message = syslogMessage(LINE, ORIGIN);
  expect(message).toBe(`<108>1 2027-01-01T00:00:00.123Z cp-1 ostiary 17 denied - \ufeff${JSON.stringify(LINE)}`);
  expect(syslogMessage({ ...LINE, outcome: 'done' }, { ...ORIGIN, host: 'größe \n' })).toMatch(
    /^<110>1 \S+ gre ostiary 17 /,
  );
  expect(framed(message).toString('utf8')).toBe(`${Buffer.byteLength(message)} ${message}`);
});

test.each<[string, object]>([
  ['tls://siem.example.com', { kind: 'tls', host: 'siem.example.com', port: 6514 }],
  ['tls://[2001:db8::1]:7000', { kind: 'tls', host: '2001:db8::1', port: 7000 }],
  ['tcp://127.0.0.1:601', { kind: 'tcp', host: '127.0.0.1', port: 601 }],
  ['unix:/run/log.sock', { kind: 'unix', path: '/run/log.sock' }],
  ['unix:///run/log.sock', { kind: 'unix', path: '/run/log.sock' }],
])('%s is a place', (text, place) => {
  expect(parseSyslogPlace('--audit-syslog', text)).toMatchObject(place);
});
test.each(['udp://host:514', 'tcp://host', 'host:514', 'unix:log.sock', 'tls://user:pw@host', 'tls://host/path', ''])(
  '%j is none, and the message says what is expected',
  (text) => {
    expect(() => parseSyslogPlace('--audit-syslog', text)).toThrow(/^--audit-syslog .*expected tls:\/\/host:6514/);
  },
);

describe('a sender', () => {
  let received = '';
  let server: Server;
  let connections: Socket[] = [];
  const take = (socket: Socket): void => {
    connections.push(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => (received += String(data)));
  };
  afterEach(async () => {
    received = '';
    for (const socket of connections) socket.destroy();
    connections = [];
    await new Promise((resolve) => server.close(resolve));
  });
  const listening = async (made: Server, where: object): Promise<AddressInfo> => {
    server = made;
    await new Promise<void>((resolve) => made.listen(where, resolve));
    return made.address() as AddressInfo;
  };
  const until = async (isTrue: () => boolean): Promise<void> => {
    for (let tries = 0; !isTrue() && tries < 500; tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(isTrue()).toBe(true);
  };

  test('writes to a Unix socket, and again after the connection was ended', async () => {
    const path = join(scratchFolder('syslog'), 'log.sock');
    await listening(createServer(take), { path });
    const sender = new SyslogSender({ kind: 'unix', path });
    await sender.send(['one', 'zwö']);
    await until(() => received === '3 one4 zwö');
    connections[0]?.destroy();
    await until(() => !sender.isConnected);
    await sender.send(['two']);
    await until(() => received.endsWith('3 two'));
    sender.close();
  });

  test('writes over TLS to whom the authorities vouch for, and to nobody else', async () => {
    const [authority, other] = [await openWorkloadAuthority(), await openWorkloadAuthority()];
    const { cert, key } = authority.certify('DNS:localhost,IP:127.0.0.1');
    const authorities = readFileSync(authority.caFile, 'utf8');
    const { port } = await listening(createSecureServer({ cert, key }, take), { port: 0, host: '127.0.0.1' });
    const place = { kind: 'tls', host: 'localhost', port } as const;
    const sender = new SyslogSender({ ...place, authorities });
    await sender.send(['one']);
    await until(() => received === '3 one');
    sender.close();
    await expect(new SyslogSender(place).send(['two'])).rejects.toThrow(/self.signed|unable to verify/i);
    const others = readFileSync(other.caFile, 'utf8');
    await expect(new SyslogSender({ ...place, authorities: others }).send(['two'])).rejects.toThrow(/certificate/i);
    expect(received).toBe('3 one');
  });

  test('says so where nobody listens', async () => {
    const { port } = await listening(createServer(take), { port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => server.close(resolve));
    const sender = new SyslogSender({ kind: 'tcp', host: '127.0.0.1', port });
    await expect(sender.send(['one'])).rejects.toThrow(/ECONNREFUSED/);
    expect(sender.isConnected).toBe(false);
    server = createServer();
    await listening(server, { port: 0 });
  });
});
