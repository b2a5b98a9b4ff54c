import { createPublicKey } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuditService } from '../../gen/ostiary/v1/audit_pb.js';
import { ExportCheck } from '../../src/audit/verify-export.ts';
import { streamApi } from '../../src/cli/stream-call.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { api, app, document, openServices, TOKEN } from '../control/fixture.ts';
import type { ControlServices } from '../control/fixture.ts';

type Entry = { readonly change?: { readonly revision: string }; readonly event?: { readonly sequence: string } };

/** Who did what is asked, exported and verified, whatever the database. */
export function auditsBoth(newPlace: NewPlace): void {
  let services: ControlServices;
  beforeEach(async () => {
    services = await openServices(await newPlace());
  });
  afterEach(() => services.close());
  const ask = (method: string, request: object = {}) => services.ask(`AuditService/${method}`, request);
  const list = async (request: object = {}): Promise<string[]> => {
    const { entries = [] } = await ask('ListEntries', request);
    return (entries as Entry[]).map(({ change, event }) => change?.revision ?? `e${event?.sequence}`);
  };
  const read = (name: string, actor = 'user:alice') =>
    services.trail.record({
      action: 'secret.read',
      outcome: 'done',
      caller: { name: actor, credential: 'session:1', address: '192.0.2.9' },
      target: { kind: 'Secret', namespace: 'shop', name },
    });
  async function exported(request: { afterRevision?: bigint; afterSequence?: bigint } = {}): Promise<string> {
    let text = '';
    const address = { api: services.url, token: TOKEN };
    for await (const { lines } of streamApi(AuditService.method.export, request, address))
      text += Buffer.from(lines).toString('utf8');
    return text;
  }
  function checked(text: string, publicKey?: string) {
    const key = publicKey === undefined ? undefined : createPublicKey(publicKey);
    const check = new ExportCheck({ publicKey: key, against: undefined });
    for (const line of text.trimEnd().split('\n')) check.take(line);
    return check.end();
  }

  test('changes and events are told in one order, the latest first, by pages and by what is asked', async () => {
    await services.apply([app('one')]);
    await read('a');
    await read('b', 'user:bob');
    await services.apply([app('two')]);
    await services.apply([app('one', { clientId: 'other' })]);
    services.trail.note({
      action: 'denied',
      outcome: 'denied',
      caller: { name: '', credential: '', address: '198.51.100.1' },
      detail: { method: 'ResourceService/List', why: 'no' },
    });
    await read('c');
    const all = ['e4', 'e3', '3', '2', 'e2', 'e1', '1'];
    expect(await list()).toEqual(all);
    const pages: string[][] = [];
    let pageToken = '';
    do {
      const page = await ask('ListEntries', { pageSize: 2, pageToken });
      pages.push((page['entries'] as Entry[]).map(({ change, event }) => change?.revision ?? `e${event?.sequence}`));
      pageToken = (page['nextPageToken'] as string | undefined) ?? '';
    } while (pageToken !== '');
    expect(pages.flat()).toEqual(all);
    const questions: readonly (readonly [object, readonly string[]])[] = [
      [{ actor: 'user:alice' }, ['e4', 'e1']],
      [{ actor: 'admin' }, ['3', '2', '1']],
      [{ actor: '-' }, ['e3']],
      [{ action: 'denied' }, ['e3']],
      [{ action: 'changed' }, ['3']],
      [{ action: 'created', name: 'two' }, ['2']],
      [{ action: 'deleted' }, []],
      [{ outcome: 'denied' }, ['e3']],
      [{ outcome: 'done', kind: 'Secret' }, ['e4', 'e2', 'e1']],
      [{ address: '198.51.100.1' }, ['e3']],
      [{ credential: 'token:admin' }, ['3', '2', '1']],
      [{ namespace: 'shop', name: 'b' }, ['e2']],
      [{ since: '2020-01-01T00:00:00Z', until: '2021-01-01T00:00:00Z' }, []],
      [{ actor: 'no\u0000body' }, []],
    ];
    for (const [request, found] of questions) expect(await list(request), JSON.stringify(request)).toEqual(found);
    expect(await ask('ListEntries', { outcome: 'maybe' })).toMatchObject({
      message: expect.stringMatching(/outcome is one of done/),
    });
    expect(await ask('ListEntries', { pageToken: '7' })).toMatchObject({
      message: expect.stringMatching(/page_token is none/),
    });
    const { entries } = await ask('ListEntries', { action: 'denied' });
    expect(entries).toMatchObject([
      {
        event: { sequence: '3', outcome: 'denied', address: '198.51.100.1', detail: { why: 'no' }, headRevision: '3' },
      },
    ]);
    const [{ change }] = (await ask('ListEntries', { name: 'two' }))['entries'] as [{ change: object }];
    expect(change).toMatchObject({
      after: app('two'),
      actor: 'admin',
      credential: 'token:admin',
      address: '192.0.2.1',
    });
  });

  test('where a page ends does not tell an auditor of a team how much of others comes next', async () => {
    const members = [{ user: 'alice@example.com', role: 'auditor' }];
    const metadata = { namespace: 'platform' };
    await services.apply([document('Team', 'shop', { namespaces: ['shop'], members }, metadata)]);
    await services.apply([app('one', {}, { namespace: 'shop' })]);
    await services.apply(['a', 'b', 'c', 'd'].map((name) => app(name)));
    await services.apply([app('two', {}, { namespace: 'shop' })]);
    for (const method of ['ListEntries', 'ListChanges']) {
      const kind = 'ClientApplication';
      const answer = await services.ask(`AuditService/${method}`, { kind, pageSize: 1 }, 'user:alice@example.com');
      expect(String(answer['nextPageToken']).split('.')[0], method).toBe('7');
      const next = { kind, pageSize: 1, pageToken: answer['nextPageToken'] };
      const second = await services.ask(`AuditService/${method}`, next, 'user:alice@example.com');
      expect(JSON.stringify(second), method).toContain('"revision":"2"');
    }
  });

  test('an export is verified without a control plane, goes on where it ended, and is itself an event', async () => {
    await services.apply([api('orders'), app('one', { clientSecret: { value: 'a-secret-of-some-length' } })]);
    await read('a');
    const first = await exported();
    const { publicKey } = (await ask('GetHead')) as { publicKey: string };
    expect(checked(first, publicKey)).toMatchObject({
      problems: [],
      changes: 2,
      events: 2,
      heads: 1,
      revision: 2,
      sequence: 2,
    });
    // Whoever has the file can cut it, or compute everything anew: of what no head covers nobody has said anything.
    const bare = first.replace(/^.*"type":"head".*\n/m, '');
    expect(checked(bare, publicKey).problems).toMatchObject([expect.stringMatching(/^no signed head covers line 2 /)]);
    expect(checked(bare).problems).toEqual([]);
    expect(first).toContain('"action":"audit.read"');
    expect(first).not.toContain('a-secret-of-some-length');
    await services.apply([app('two')]);
    const rest = await exported({ afterRevision: 2n, afterSequence: 2n });
    expect(checked(rest, publicKey)).toMatchObject({ problems: [], changes: 1, events: 1, after: 2 });
    // Together, as the command writes it.
    const whole = first + rest.slice(rest.indexOf('\n') + 1);
    expect(checked(whole, publicKey)).toMatchObject({ problems: [], changes: 3, events: 3, heads: 2 });
    await expect(exported({ afterRevision: 9n })).rejects.toThrow(/the trail has no revision 9 and event 0/);
  });

  test('each value of an exported line that is altered is found at that line, or is not of the trail', async () => {
    await services.apply([api('orders')]);
    await read('a');
    const lines = (await exported()).trimEnd().split('\n');
    const { publicKey } = (await ask('GetHead')) as { publicKey: string };
    for (const [at, line] of lines.entries()) {
      const content = JSON.parse(line) as Record<string, unknown>;
      for (const [key, value] of Object.entries(content)) {
        // What says what the rest is said to be.
        if (key === 'type' || key === 'format' || key === 'version') continue;
        // Nothing was before: whose the first history is, only a head can tell.
        if (content['type'] === 'begin' && key === 'history') continue;
        const altered = { ...content, [key]: typeof value === 'number' ? value + 1 : `${JSON.stringify(value)}x` };
        if (key === 'at' || key === 'until') altered[key] = '2001-01-01T00:00:00.000Z';
        const text = lines.with(at, JSON.stringify(altered)).join('\n');
        const { problems } = checked(text, publicKey);
        expect(problems.length, `${at}: ${key}`).toBeGreaterThan(0);
      }
    }
    // A line that is missing, twice or elsewhere.
    for (let at = 1; at < lines.length - 1; at += 1) {
      expect(checked(lines.toSpliced(at, 1).join('\n'), publicKey).problems.length).toBeGreaterThan(0);
      expect(checked(lines.toSpliced(at, 0, lines[at] ?? '').join('\n'), publicKey).problems.length).toBeGreaterThan(0);
    }
    expect(() => checked(lines.slice(1).join('\n'))).toThrow(/this is no export/);
    expect(() => checked(`${lines[0]}\n{"type":"cha`)).toThrow(/line 2 is no JSON/);
  });

  test('a control plane verifies both, and a head of it', async () => {
    await services.apply([app('one')]);
    await read('a');
    const { head } = (await ask('GetHead')) as { head: string };
    await services.apply([app('two')]);
    expect(await ask('Verify', { head })).toMatchObject({
      revision: '2',
      sequence: '1',
      eventHash: expect.stringMatching(/./),
    });
    expect(await ask('Verify', { head })).not.toHaveProperty('problems');
    const forged = JSON.stringify({ ...(JSON.parse(head) as object), hash: 'f'.repeat(64) });
    expect(await ask('Verify', { head: forged })).toMatchObject({
      problems: [
        expect.stringMatching(/^the head is not signed/),
        expect.stringMatching(/^revision 1 has another hash/),
      ],
    });
    expect(await ask('Verify', { head: '{}' })).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/it is no head/),
    });
  });
}
