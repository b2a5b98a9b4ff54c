import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVERYTHING } from '../../src/sync/scope.ts';
import type { Scope } from '../../src/sync/scope.ts';
import { scratchFolder } from '../real/scratch.ts';
import type { TestSidecar } from './fixture.ts';
import { api, doc, MemoryLog, put } from './memory-log.ts';
import { control, sidecar } from './opened.ts';

const PLAIN = 'hunter2-of-the-directory';
const secret = (name: string, opened = PLAIN) =>
  doc('Secret', name, { data: { key: { digest: '0123456789abcdef', opened } } });
const referring = (name: string, to: string) =>
  doc('Api', name, { policies: [{ policyRef: { name: 'gate' }, config: { password: `\${secret:${to}/key}` } }] });
const valueOf = (one: TestSidecar, name = 'used') =>
  Object(one.documents.get(`Secret ${name}`)).data?.key as { opened?: string } | undefined;

describe('a Secret', () => {
  const everything = [
    referring('orders', 'used'),
    api('stock', { tier: 'gold' }),
    secret('used'),
    secret('idle'),
    secret('bound'),
    secret('shop/used'),
    secret('hook'),
    secret('platform/all'),
    doc('PolicyBinding', 'for-gold', {
      targetRef: { kind: 'Selector', selector: { labels: { tier: 'gold' } } },
      policyRef: { name: 'gate' },
      config: { password: '${secret:bound/key}' },
    }),
    doc('PolicyBinding', 'platform/all', {
      targetRef: { kind: 'Selector', selector: {} },
      policyRef: { name: 'gate' },
      config: { password: 'x ${secret:all/key}' },
    }),
    doc('Webhook', 'pager', { url: 'https://a.example.com', signingSecret: { value: '${secret:hook/key}' } }),
    doc('Alert', 'busy', { api: 'stock', metric: 'requests', notify: ['pager'] }),
  ];
  const secretsOf = (one: TestSidecar) => one.names.filter((name) => name.startsWith('Secret '));

  it.each<[string, Scope, string[]]>([
    ['everything, but for what nobody uses', EVERYTHING, ['all', 'bound', 'hook', 'used']],
    ['an API', { ...EVERYTHING, apis: ['orders'] }, ['all', 'used']],
    ['a label', { ...EVERYTHING, labels: { tier: 'gold' } }, ['all', 'bound', 'hook']],
    ['another namespace', { ...EVERYTHING, namespaces: ['shop'] }, []],
  ])('is sent to those alone whose scope has a document that refers to it: %s', async (_what, scope, names) => {
    const log = new MemoryLog();
    await put(log, ...everything);
    const plane = await control(log);
    const one = sidecar(() => plane, { token: await plane.token(scope) });
    await one.opened();
    const received = secretsOf(one).map((name) => name.replace(/^Secret (platform\/)?/, ''));
    expect(received.toSorted()).toEqual(names);
  });

  it('comes and goes with what refers to it', async () => {
    const log = new MemoryLog();
    await put(log, ...everything);
    const plane = await control(log);
    const one = sidecar(() => plane, { token: await plane.token({ ...EVERYTHING, labels: { tier: 'gold' } }) });
    await one.opened();
    const until = async (revision: number): Promise<readonly string[]> => {
      await one.until(() => one.revision >= revision);
      return secretsOf(one);
    };
    expect(await until(await put(log, api('stock', { tier: 'iron' })))).toEqual([]);
    expect(await until(await put(log, api('stock', { tier: 'gold' })))).toHaveLength(3);
    const other = doc('Webhook', 'pager', { url: '${secret:idle/key}' });
    expect(await until(await put(log, other))).toEqual(['Secret bound', 'Secret idle', 'Secret platform/all']);
    await put(log, secret('idle', 'another'));
    await one.until(() => valueOf(one, 'idle')?.opened === 'another');
  });

  it('is on disk only where a key encrypts it, and comes anew with the control plane', async () => {
    const log = new MemoryLog();
    await put(log, ...everything);
    const plane = await control(log);
    for (const key of [undefined, Buffer.alloc(32, 'k')]) {
      const folder = join(scratchFolder('cache'), 'c');
      const options = { folder, ...(key && { key }) };
      const judge = (documents: ReadonlyMap<string, unknown>) =>
        Object(documents.get('Secret used')).data.key.opened === undefined ? 'no value' : undefined;
      const one = sidecar(() => plane, { ...options, token: await plane.token(), judge });
      await one.opened();
      // As a change it is written otherwise.
      const revision = await put(log, secret('used', `${PLAIN}!`));
      await one.until(() => one.revision === revision);
      await one.close();
      const bytes = readFileSync(join(folder, 'documents.cache'), 'latin1');
      expect(bytes).not.toContain(PLAIN);

      const alone = sidecar(() => undefined, { ...options, judge });
      await Promise.race([alone.opened(), alone.until(() => alone.said.length > 0)]);
      expect(valueOf(alone)?.opened).toBe(key && `${PLAIN}!`);
      if (key === undefined) expect(alone.said[0]).toContain('no value');
      await alone.close();

      const again = sidecar(() => plane, { ...options, judge });
      await again.opened();
      expect(valueOf(again)?.opened).toBe(`${PLAIN}!`);
      await again.until(() => again.revision === revision);
      expect(await plane.receipts.of(revision, 10_000)).toMatchObject({ enforced: 1, pending: [] });
      await again.close();
      await plane.store.forget('one');
    }
  });
});
