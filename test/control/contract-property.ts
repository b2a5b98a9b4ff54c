import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NewPlace } from '../registry/fixture.ts';
import { ContractLife, DAY_MS, NOW_MS, TIERS } from './contract-life.ts';
import { ContractModel, steps } from './contract-model.ts';
import type { Person, SeenContract, Step } from './contract-model.ts';
import { api } from './fixture.ts';

const TOKENS: Readonly<Record<Person, string>> = {
  alice: 'as user:alice@example.com',
  bob: 'as user:bob@example.com',
  carol: 'as user:carol@example.com',
  'token of alice': 'as token:ci/user:alice@example.com',
};
const METHODS = {
  approve: 'Approve',
  changeTier: 'ChangeTier',
  reject: 'Reject',
  revoke: 'Revoke',
  restore: 'Restore',
  withdraw: 'Withdraw',
  setExpiry: 'SetExpiry',
} as const;

/** Any steps by anybody, compared with a model, whatever the database. */
export function livesAsModelled(newPlace: NewPlace, numRuns: number): void {
  const life = new ContractLife(newPlace);
  const seen = async (name: string): Promise<SeenContract | undefined> => {
    const [found] = await life.services.registry.resources([{ kind: 'Contract', namespace: 'zoo', name }]);
    if (found === undefined) return undefined;
    const { spec } = found.document as { spec: Record<string, string> & { record?: { change?: { tier: string } } } };
    const endsAtMs = spec['expiresAt'] === undefined ? undefined : Date.parse(spec['expiresAt']);
    return { status: String(spec['status']), tier: String(spec['tier']), asksFor: spec.record?.change?.tier, endsAtMs };
  };
  const take = (step: Exclude<Step, { do: 'wait' }>, of: string, nowMs: number) => {
    const who = TOKENS[step.who];
    const name = `shop-web-${of}`;
    if (step.do === 'request') {
      return life.ask('Request', { clientApplication: 'shop/web', api: `zoo/${of}`, tier: step.tier }, who);
    }
    const ends = 'endsInDays' in step && step.endsInDays !== undefined ? nowMs + step.endsInDays * DAY_MS : undefined;
    const more = {
      ...('tier' in step && { tier: step.tier }),
      ...(ends !== undefined && { expires: new Date(ends).toISOString() }),
    };
    return life.ask(METHODS[step.do], { namespace: 'zoo', name, ...more }, who);
  };

  test('whatever anybody does with a contract, it becomes what a model of its life says', async () => {
    let run = 0;
    const counts = { done: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const of = `api-${(run += 1)}`;
        life.services.nowMs = NOW_MS;
        await life.services.apply([api(of, { tiers: TIERS }, { namespace: 'zoo' })]);
        const model = new ContractModel(NOW_MS);
        for (const step of all) {
          const { nowMs } = model;
          const isDone = model.take(step);
          life.services.nowMs = model.nowMs;
          if (step.do === 'wait') continue;
          const answer = await take(step, of, nowMs);
          expect({ step, isDone: !('code' in answer), answer }).toEqual({ step, isDone, answer });
          expect({ step, seen: await seen(`shop-web-${of}`) }).toEqual({ step, seen: model.seen });
          counts[isDone ? 'done' : 'refused'] += 1;
        }
      }),
      { numRuns },
    );
    expect(counts.done).toBeGreaterThan(numRuns);
    expect(counts.refused).toBeGreaterThan(numRuns);
  });
}
