import { expect, it } from 'vitest';
import { document, faultsOf, snapshotOf, warningsOf } from './documents.ts';

const IGNORING = { hosts: { port: 'ignore', finalDot: 'ignore' } } as const;
const api = (name: string, spec: object): string => JSON.stringify(document('Api', name, spec));

it('hosts may have ports, and requests are compared with them', async () => {
  const snapshot = await snapshotOf({
    'a.json': api('a', { hosts: ['A.example.com:8080', '*.b:1', '[::1]:80', '10.0.0.1:80'] }),
  });
  expect(snapshot.apiNamed('a')?.hosts).toEqual(['a.example.com:8080', '*.b:1', '[::1]:80', '10.0.0.1:80']);
});

it('a port is a fault where ports are ignored, and a final dot does not count there', async () => {
  const files = { 'a.json': api('a', { hosts: ['a.example.com:8080', 'b.example.com.'] }) };
  expect(await faultsOf(files, IGNORING)).toEqual([
    expect.stringMatching(/spec\.hosts\[0\]: has a port, and --host-port ignore takes no account of ports/),
  ]);
  const dots = { 'a.json': api('a', { hosts: ['b.example.com.'] }), 'b.json': api('b', { hosts: ['b.example.com'] }) };
  expect(await faultsOf(dots)).toEqual([]);
  expect(await faultsOf(dots, IGNORING)).toEqual([expect.stringMatching(/has the same host and base path/)]);
});

it('a final dot and a base path that has to be encoded were decided otherwise in 0.1, which is told', async () => {
  const files = {
    'a.json': api('a', { hosts: ['a.b', 'b.c.'], basePath: '/café' }),
    'b.json': api('b', { basePath: '/b' }),
  };
  expect(await warningsOf(files)).toEqual([
    expect.stringMatching(/spec\.hosts\[1\]: .*`host-final-dot`/),
    expect.stringMatching(/spec\.basePath: requests now have to send it as \/caf%C3%A9.*`base-path-encoded`/),
  ]);
});
