import { expect, test } from 'vitest';
import { DocumentRelay } from '../../src/serve/document-relay.ts';

function takerOf(heard: number[]) {
  return { enforce: () => Promise.resolve([]), tellHeard: (at: number) => void heard.push(at) };
}

test('a worker is told when a control plane was heard, and nothing before that is known: it would deny what may not be stale', () => {
  const relay = new DocumentRelay();
  relay.serve({ inForce: () => [], sinceInForce: () => [[], []] });
  const [early, late]: [number[], number[]] = [[], []];
  relay.join(takerOf(early));
  expect(early).toEqual([]);
  relay.tellHeard(1_700_000_000_000);
  relay.join(takerOf(late));
  expect([early, late]).toEqual([[1_700_000_000_000], [1_700_000_000_000]]);
});
