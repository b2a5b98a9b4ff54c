import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Reconciler } from '../../src/kubernetes-control/reconciler.ts';
import type { Judgement } from '../../src/kubernetes-control/verdict.ts';
import { HandTime } from '../rollup/hand-timers.ts';

const FINE: Judgement = {
  generation: 1,
  accepted: { isTrue: true, reason: 'Accepted', message: '' },
  resolved: { isTrue: true, reason: 'ResolvedRefs', message: '' },
  resource: undefined,
  isWritten: true,
};

test('whatever is added at the very moment at which nothing waits any more is looked at too', async () => {
  for (let steps = 0; steps < 30; steps++) {
    const looked: string[] = [];
    const reconciler = new Reconciler({
      timers: new HandTime(0).timers,
      random: () => 0.5,
      mayWrite: () => true,
      look: async (keys) => {
        looked.push(...keys.map(({ name }) => name));
        return keys.map(() => FINE);
      },
      revision: async () => 1,
      onJudged: ({ name }) => void (name === 'first' && addLater(steps)),
      onIdle() {},
      onFault() {},
    });
    const addLater = async (count: number): Promise<void> => {
      for (let step = 0; step < count; step++) await Promise.resolve();
      reconciler.add({ kind: 'Api', namespace: 'shop', name: 'second' });
    };
    reconciler.add({ kind: 'Api', namespace: 'shop', name: 'first' });
    await turn();
    await turn();
    expect([steps, ...looked]).toEqual([steps, 'first', 'second']);
    await reconciler.close();
  }
});
