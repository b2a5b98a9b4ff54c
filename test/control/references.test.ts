import { expect, test } from 'vitest';
import { factsOf, keyFrom, keyOf } from '../../src/control/facts.ts';
import { linksOf } from '../../src/sync/links.ts';
import { keyText as syncKeyText } from '../../src/sync/resource-key.ts';
import { document } from './fixture.ts';

const OTHER = 'bank/x';
const POLICY = { policyRef: { name: 'gate' }, config: { secret: '${secret:bank/x/key}' } };

/** A document of every kind that may name others, each of them in another namespace. */
const NAMING = [
  document('Api', 'a', { policies: [POLICY] }, { specification: OTHER, owner: OTHER }),
  document('PolicyBinding', 'b', { targetRef: { kind: 'Api', name: OTHER }, ...POLICY }),
  document('Contract', 'c', { api: OTHER, clientApplication: OTHER }),
  document('Alert', 'd', { api: OTHER, notify: [OTHER], filter: { client: OTHER } }),
  document('Alert', 'd', { notify: [OTHER], filter: { client: [OTHER] } }),
  document('Webhook', 'e', { url: 'https://example.com', signingSecret: { value: '${secret:bank/x/key}' } }),
];

const namedBy = (namespace: string) =>
  NAMING.flatMap((each) => {
    const named = { ...each, metadata: { ...each.metadata, namespace } };
    const key = keyOf(named);
    if (key === undefined) throw new Error('a document without a name');
    const facts = factsOf(key, named, (text) => text).refers.map(keyFrom);
    const links = linksOf(key, named).refersTo;
    // Both read the same, but for the clients that an alert filters by, which sidecars need not have.
    expect(links.every((link) => facts.some((fact) => syncKeyText(fact) === link))).toBe(true);
    return facts.map((to) => `${key.kind}: ${to.kind} ${to.namespace}/${to.name}`);
  });

test('of all references, that of a contract to its client application alone leads out of a namespace', () => {
  for (const namespace of ['shop', 'default']) {
    const out = namedBy(namespace).filter((each) => !each.includes(` ${namespace}/`));
    expect(out).toEqual(['Contract: ClientApplication bank/x']);
  }
  // The platform's documents may name whatever they like.
  expect(namedBy('platform').filter((each) => each.endsWith(' bank/x'))).toHaveLength(8);
});
