import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/pipeline.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { document, faultsOf, snapshotOf, warningsOf } from '../document/documents.ts';
import { checkOf, portsOf } from '../policy/fixtures.ts';

const kinds = { policyKinds };

function files(config: object, before: readonly object[] = []) {
  const policies = [...before, { policyRef: { name: 'header-removal' }, config }];
  return { 'api.json': document('Api', 'orders', { policies }) };
}

async function removed(inboundHeaders: readonly string[], sent: readonly string[], before: readonly object[] = []) {
  const snapshot = await snapshotOf(files({ inboundHeaders }, before), kinds);
  const headers = Object.fromEntries(sent.map((name) => [name, 'x']));
  const { remove } = await decide(snapshot, checkOf({ path: '/orders/1', headers }), portsOf(), Infinity);
  return remove.filter((name) => !/^x[-_]ostiary/.test(name));
}

describe('header-removal', () => {
  it('keeps names from the upstream, in every spelling that an upstream may take for them', async () => {
    expect(await removed(['X-Debug'], ['x-debug', 'x_debug', 'x.debug', 'x-debugger'])).toEqual([
      'x-debug',
      'x_debug',
      'x.debug',
    ]);
  });

  it('keeps every name from it that an expression matches as a whole, in any case', async () => {
    const sent = ['x-debug-a', 'x-debug-', 'my-x-debug-a', 'x-other'];
    expect(await removed(['X-Debug-.*'], sent)).toEqual(['x-debug-a', 'x-debug-']);
  });

  it('takes nothing that Envoy or ostiary needs, whatever an expression matches', async () => {
    const sent = [
      ':path',
      ':authority',
      'host',
      'content-length',
      'content-type',
      'te',
      'x-envoy-a',
      'x-request-id',
      'a',
    ];
    expect(await removed(['.*'], sent)).toEqual(['x-request-id', 'a']);
  });

  it('takes nothing that another policy sets', async () => {
    const before = [
      { policyRef: { name: 'header-injection' }, config: { inboundHeaders: [{ key: 'x-a', value: 'b' }] } },
    ];
    expect(await removed(['x-.*', 'x-a'], ['x-a', 'x-b'], before)).not.toContain('x-a');
  });

  it('remembers few of the names that callers choose', async () => {
    const snapshot = await snapshotOf(files({ inboundHeaders: ['x-[0-9]+'] }), kinds);
    for (let i = 0; i < 3000; i++) {
      const check = checkOf({ path: '/orders/1', headers: { [`x-${i}`]: 'a' } });
      expect((await decide(snapshot, check, portsOf(), Infinity)).remove).toContain(`x-${i}`);
    }
  });

  it('empties response headers, and warns that their names stay', async () => {
    const config = { outboundHeaders: ['X-Powered-By'] };
    const snapshot = await snapshotOf(files(config), kinds);
    const { extras } = await decide(snapshot, checkOf({ path: '/orders/1' }), portsOf(), Infinity);
    expect(extras?.emptyResponse).toEqual(['x-powered-by']);
    expect(await warningsOf(files(config), kinds)).toEqual([expect.stringContaining('keep their names')]);
  });

  it.each([
    ['a pseudo-header', { inboundHeaders: [':authority'] }, "it can't be removed"],
    ['the host', { inboundHeaders: ['Host'] }, "it can't be removed"],
    ['a length', { inboundHeaders: ['content_length'] }, "it can't be removed"],
    ['what Envoy owns', { inboundHeaders: ['x-envoy-attempt-count'] }, "it can't be removed"],
    ['what ostiary owns', { inboundHeaders: ['x-ostiary-tier'] }, "it can't be removed"],
    ['the type of a body', { outboundHeaders: ['content-type'] }, "it can't be removed"],
    ['what Envoy writes after it', { outboundHeaders: ['server'] }, 'Envoy writes into every answer'],
    ['an expression for an answer', { outboundHeaders: ['x-.*'] }, 'does not see the headers of an answer'],
    ['an expression that is none', { inboundHeaders: ['x-('] }, 'is not an RE2 expression'],
    ['nothing', {}, 'is empty'],
  ])('refuses %s', async (_, config, fault) => {
    expect((await faultsOf(files(config), kinds)).join('\n')).toContain(fault);
  });
});
