import { expect, test } from 'vitest';
import { OwnResources } from '../../src/kubernetes-control/own-resources.ts';
import type { Outcome } from '../../src/kubernetes-control/resources.ts';
import { SecretDocuments } from '../../src/kubernetes-control/secret-documents.ts';

test('a document that could not be removed when nobody read it any more is removed with the next try', async () => {
  const api = { kind: 'Api', namespace: 'shop', name: 'orders' };
  const key = { kind: 'Secret', namespace: 'shop', name: 'partner' };
  const done: Outcome = { kind: 'written', revision: 3, key };
  let isAway = true;
  const removed: string[] = [];
  const documents = new SecretDocuments(
    {
      cluster: undefined,
      readSecret: async () => new Map([['password', 'something']]),
      resources: {
        write: async () => done,
        async remove(_, source) {
          if (isAway) throw new Error('the log is away');
          removed.push(source);
          return done;
        },
      },
    },
    new OwnResources({ own: async () => [] }, undefined),
  );
  const read = new Map([['partner', new Set(['password'])]]);
  await documents.provide(api, { document: {}, faults: [], secrets: new Set(['partner']), read });
  documents.depend(api, new Set());
  await expect(documents.settle(api)).rejects.toThrow('away');
  isAway = false;
  await documents.settle(api);
  expect(removed).toEqual(['cluster/Secret/shop/partner']);
});
