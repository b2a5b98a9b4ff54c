import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WatchRequestSchema, WatchResponseSchema } from '../../gen/ostiary/v1/resources_pb.js';
import { watchMethod } from '../../src/control/watching.ts';
import type { Call } from '../../src/grpc/rpc.ts';
import { policyKinds } from '../../src/policies/index.ts';
import type { Registry } from '../../src/registry/registry.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { ADMINISTRATOR } from './administrator.ts';
import { api, document, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

const OWNER = 'user:owner@example.com';
const CALLER = 'user:caller@example.com';
const IN_CATALOG = { lifecycle: 'published', visibility: 'public' };

/** What one team may not learn of another by a way around, whatever the database. */
export function hidesFromTeams(newPlace: NewPlace): void {
  let services: ControlServices;

  const team = (name: string, namespaces: readonly string[], ...members: object[]) =>
    document('Team', name, { namespaces, members }, { namespace: 'platform' });

  beforeEach(async () => {
    services = await openServices(await newPlace());
    const told = await services.apply([
      team('guild', [], { user: 'owner@example.com', role: 'owner' }),
      team('shop', ['shop'], { user: 'caller@example.com', role: 'developer' }),
    ]);
    expect(told).not.toHaveProperty('faults');
  });
  afterEach(() => services.close());

  const applyAs = (who: string, documents: readonly object[]) =>
    services.ask('ResourceService/Apply', { documents: documents.map((each) => ({ document: each })) }, who);

  test('an API that names a specification of another team shows it to nobody', async () => {
    const plan = document('Specification', 'plan', { format: 'other', text: 'of the platform alone' });
    await services.apply([plan]);
    const mine = api('mine', {}, { owner: 'guild', specification: 'plan', ...IN_CATALOG });
    expect(await applyAs(OWNER, [mine])).toMatchObject({ results: [{ effect: 'EFFECT_CREATED' }] });
    const key = { kind: 'Specification', namespace: 'default', name: 'plan' };
    for (const who of [OWNER, CALLER]) {
      expect(await services.ask('ResourceService/Get', key, who)).toMatchObject({ status: 404 });
      expect(await services.ask('ResourceService/List', { kinds: ['Specification'] }, who)).not.toHaveProperty('total');
    }
    // Of an API of the same team it is shown with it.
    await services.apply([api('theirs', {}, { specification: 'plan', ...IN_CATALOG })]);
    expect(await services.ask('ResourceService/Get', key, CALLER)).toMatchObject({ resource: { name: 'plan' } });
  });

  test('the set of an API of the catalog is not found by asking for it', async () => {
    await services.apply([api('pets', {}, IN_CATALOG)], { set: 'inner' });
    const asked = { kinds: ['Api'], set: 'inner' };
    expect(await services.ask('ResourceService/List', asked)).toMatchObject({ total: 1 });
    expect(await services.ask('ResourceService/List', { kinds: ['Api'] }, CALLER)).toMatchObject({ total: 1 });
    for (const keysOnly of [false, true])
      expect(await services.ask('ResourceService/List', { ...asked, keysOnly }, CALLER)).not.toHaveProperty('total');
  });

  test('a kind that is called as something of each object is refused as any other', async () => {
    for (const kind of ['constructor', '__proto__', 'toString', 'Nothing']) {
      expect(await applyAs(CALLER, [document(kind, 'x', {}, { namespace: 'shop' })])).toMatchObject({ status: 403 });
      expect(await services.ask('ResourceService/Get', { kind, name: 'x' }, CALLER)).toMatchObject({ status: 404 });
    }
  });

  test('whoever loses a role hears nothing of what comes behind that, though both are read at once', async () => {
    const { registry, index } = services;
    await services.apply([team('zoo', ['zoo'], { user: 'caller@example.com', role: 'owner' })]);
    let isToLose = true;
    const losing = {
      head: () => registry.head(),
      onChange: (listener: (revision: number) => void) => registry.onChange(listener),
      changesAfter: async (revision: number, most: number) => {
        if (isToLose) {
          isToLose = false;
          await services.apply([team('zoo', ['zoo'])]);
          await services.apply([api('pets', {}, { namespace: 'zoo', description: 'told to nobody' })]);
        }
        return registry.changesAfter(revision, most);
      },
    } as unknown as Registry;
    const access = async () => ({ ...ADMINISTRATOR, name: CALLER, isBootstrap: false, grants: [] });
    const method = watchMethod('ostiary.v1.ResourceService', { registry: losing, index, access, policyKinds });
    if (method.kind !== 'server_streaming') throw new Error('no stream');
    const ended = new AbortController();
    const answers = method.handle(toBinary(WatchRequestSchema, create(WatchRequestSchema, {})), {
      signal: ended.signal,
    } as unknown as Call);
    const changes: string[] = [];
    let first: bigint | undefined;
    for await (const bytes of answers) {
      const { change, revision } = fromBinary(WatchResponseSchema, bytes);
      first ??= revision;
      if (change !== undefined) changes.push(change.resource?.kind ?? '');
      if (revision >= first + 2n) break;
    }
    ended.abort();
    expect(changes).not.toContain('Api');
  });
}
